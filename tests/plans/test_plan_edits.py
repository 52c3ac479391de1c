"""Lines of a plan edited in their place: one answer each, nothing lost, everything deletable comes back."""

import datetime
import hashlib
import re
import threading
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django import forms
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import (
    Account,
    Action,
    Goal,
    Milestone,
    MilestoneCheck,
    Objective,
    Organisation,
    Outcome,
    Plan,
    Risk,
    SwotEntry,
    User,
)
from tests.clients import HTMX, as_
from tests.factories import make_account, make_action, make_goal, make_objective, make_plan

TODAY = datetime.date(2026, 7, 2)


@pytest.fixture(autouse=True)
def july(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setattr(Organisation, "today", lambda self: TODAY)


@pytest.fixture
def plan(maya: User, maya_account: Account) -> Plan:
    return make_plan(maya_account, created_by=maya)


def line(word: str, row: Any, what: str = "edit") -> str:
    return reverse(f"plans:item_{what}", kwargs={"kind": word, "pk": row.pk})


def add(client: Client, plan: Plan, word: str, query: str = "", **data: Any) -> Any:
    url = reverse("plans:item_add", kwargs={"plan": plan.pk, "kind": word})
    return client.post(url + query, data, headers=HTMX)


def form_of(client: Client, word: str, row: Any) -> dict[str, str]:
    """What a browser would send for the form as it stands, what it had seen included."""
    form = client.get(line(word, row), headers=HTMX).context["form"]
    data = {}
    for bound in form:
        value = bound.value()
        data[bound.html_name] = "" if value is None else str(value)
        if isinstance(bound.field, forms.NullBooleanField):
            data[bound.html_name] = {True: "true", False: "false"}.get(value, "unknown")
        if bound.field.show_hidden_initial:
            data[bound.html_initial_name] = "" if value is None else str(value)
    return data


def test_every_kind_of_line_is_added_and_stands_on_the_page(maya: User, plan: Plan) -> None:
    client = as_(maya)
    assert add(client, plan, "goal", title="Fewer stops").status_code == 200
    goal = Goal.objects.get(plan=plan)
    due = {"due_on": "2026-10-01"}
    add(client, plan, "milestone", f"?of={goal.pk}", title="Drives replaced", **due)
    add(
        client, plan, "outcome", of=goal.pk, title="Availability", unit="%", baseline="84", target="92", **due
    )
    add(client, plan, "objective", title="Grow", kpi="account_revenue", target="1000", status="open", **due)
    add(client, plan, "swot", quadrant="threat", text="Hexatron")
    add(client, plan, "risk", text="Budget", severity="3")
    risk = Risk.objects.get(plan=plan)
    response = add(client, plan, "action", text="Ask them", serves=f"risk:{risk.pk}", side="us", **due)
    assert "The action is added." in response["HX-Trigger"]
    page = client.get(reverse("plans:plan", kwargs={"pk": plan.pk})).content.decode()
    for words in ("Fewer stops", "Drives replaced", "Availability", "Grow", "Hexatron", "Budget", "Ask them"):
        assert words in page
    assert (goal.verified_on, goal.verified_by) == (TODAY, maya), "who writes it down says that it holds"
    action = Action.objects.get()
    assert (action.account, action.risk, action.created_by) == (plan.account, risk, maya)
    assert action.first_due_on == action.due_on == datetime.date(2026, 10, 1)


def test_a_line_that_cannot_be_saved_keeps_what_was_typed_and_says_why(maya: User, plan: Plan) -> None:
    response = add(as_(maya), plan, "objective", title="Grow", target="5", status="open", due_on="")
    text = response.content.decode()
    assert response.status_code == 422 and 'value="Grow"' in text
    assert "This field is required." in text
    assert "Without a KPI there is no figure to hold this against." in text
    assert not Objective.objects.exists()


def test_a_sixth_objective_is_refused_by_the_page_and_by_the_database(maya: User, plan: Plan) -> None:
    for number in range(5):
        make_objective(plan, f"Objective {number}")
    response = add(as_(maya), plan, "objective", title="One more", status="open", due_on="2026-12-31")
    assert response.status_code == 422 and "at most 5 objectives" in response.content.decode()
    with pytest.raises(IntegrityError), transaction.atomic():
        make_objective(plan, position=6)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_objective(plan, position=5)
        connection.check_constraints()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_an_edit_writes_its_fields_and_verifies_the_line(maya: User, plan: Plan) -> None:
    goal = make_goal(plan, "Old words")
    client = as_(maya)
    data = form_of(client, "goal", goal)
    response = client.post(line("goal", goal), {**data, "title": "New words"}, headers=HTMX)
    assert response.status_code == 200 and "New words" in response.content.decode()
    goal.refresh_from_db()
    assert (goal.title, goal.version, goal.verified_on) == ("New words", 2, TODAY)
    again = client.get(line("goal", goal) + "?cancel=1", headers=HTMX).content.decode()
    assert "New words" in again and '<form class="km-fact-form' not in again


def test_a_due_date_that_moves_keeps_the_first_one(maya: User, plan: Plan) -> None:
    goal = make_goal(plan)
    due = datetime.date(2026, 9, 1)
    outcome = Outcome.objects.create(goal=goal, title="Availability", due_on=due, first_due_on=due)
    client = as_(maya)
    data = form_of(client, "outcome", outcome)
    client.post(line("outcome", outcome), {**data, "due_on": "2026-11-01"}, headers=HTMX)
    outcome.refresh_from_db()
    assert (outcome.due_on, outcome.first_due_on) == (datetime.date(2026, 11, 1), due)


def test_an_outcome_is_judged_on_a_day(maya: User, plan: Plan) -> None:
    goal = make_goal(plan)
    due = datetime.date(2026, 6, 1)
    outcome = Outcome.objects.create(goal=goal, title="Availability", due_on=due, first_due_on=due)
    client = as_(maya)
    data = form_of(client, "outcome", outcome)
    refused = client.post(line("outcome", outcome), {**data, "met": "true"}, headers=HTMX)
    assert refused.status_code == 422 and "Say on which day it was measured." in refused.content.decode()
    client.post(
        line("outcome", outcome),
        {**data, "met": "true", "actual": "93", "measured_on": "2026-06-01"},
        headers=HTMX,
    )
    outcome.refresh_from_db()
    assert (outcome.met, outcome.actual) == (True, Decimal(93))


def test_a_step_is_checked_once_a_day_and_reached(maya: User, plan: Plan) -> None:
    step = Milestone.objects.create(
        goal=make_goal(plan), title="Drives", due_on="2026-09-01", first_due_on="2026-09-01"
    )
    client = as_(maya)
    url = reverse("plans:milestone_check", kwargs={"pk": step.pk})
    for said in ("on", "off"):
        assert client.post(url, {"said": said}, headers=HTMX).status_code == 200
    check = MilestoneCheck.objects.get()
    assert (check.on, check.on_track, check.author) == (TODAY, False, maya)
    client.post(url, {"said": "reached"}, headers=HTMX)
    step.refresh_from_db()
    assert step.reached_on == TODAY
    assert client.post(url, {"said": "nonsense"}, headers=HTMX).status_code == 404


def test_a_line_is_verified_without_a_new_version(maya: User, plan: Plan) -> None:
    risk = Risk.objects.create(plan=plan, text="Budget", verified_on="2026-01-05")
    response = as_(maya).post(line("risk", risk, "verify"), headers=HTMX)
    risk.refresh_from_db()
    assert (risk.verified_on, risk.verified_by, risk.version) == (TODAY, maya, 1)
    assert "verified 2 Jul" in response.content.decode().replace("\xa0", " ")


def test_objectives_change_places_and_entries_stay_in_their_quadrant(maya: User, plan: Plan) -> None:
    first, second = make_objective(plan, "First"), make_objective(plan, "Second")
    client = as_(maya)
    client.post(line("objective", second, "move"), {"to": "up"}, headers=HTMX)
    assert [each.title for each in Objective.objects.filter(plan=plan)] == ["Second", "First"]
    last = client.post(line("objective", first, "move"), {"to": "down"}, headers=HTMX)
    assert "It is the last already." in last["HX-Trigger"]
    SwotEntry.objects.create(plan=plan, quadrant="threat", text="T1", position=1)
    entry = SwotEntry.objects.create(plan=plan, quadrant="strength", text="S1", position=2)
    client.post(line("swot", entry, "move"), {"to": "up"}, headers=HTMX)
    entry.refresh_from_db()
    assert entry.position == 2


def undo_of(response: Any) -> str:
    found = re.search(r'"undo": "([^"]+)"', response["HX-Trigger"])
    assert found
    return found.group(1)


def test_a_deleted_goal_comes_back_with_all_that_hung_on_it(maya: User, omar: User, plan: Plan) -> None:
    goal = make_goal(plan, "Fewer stops", verified_on=TODAY, verified_by=maya)
    step = Milestone.objects.create(goal=goal, title="Drives", due_on="2026-09-01", first_due_on="2026-08-01")
    MilestoneCheck.objects.create(milestone=step, on="2026-06-01", on_track=True, author=maya, note="yes")
    Outcome.objects.create(
        goal=goal, title="Availability", target="92.5", due_on="2026-09-01", first_due_on="2026-09-01"
    )
    objective = make_objective(plan, goal=goal)
    client = as_(maya)
    undo = undo_of(client.post(line("goal", goal, "delete"), headers=HTMX))
    objective.refresh_from_db()
    assert objective.goal is None and not Milestone.objects.exists()
    as_(omar).post(undo, headers=HTMX)
    assert not Goal.objects.exists(), "the way back is for who deleted it"
    assert client.post(undo, headers=HTMX).status_code == 204
    objective.refresh_from_db()
    back = Goal.objects.get()
    assert (back.pk, back.title, back.verified_by) == (goal.pk, "Fewer stops", maya)
    assert objective.goal == back
    assert Outcome.objects.get().target == Decimal("92.5")
    assert MilestoneCheck.objects.get().note == "yes"
    assert "too late" in client.post(undo, headers=HTMX)["HX-Trigger"]
    assert Goal.objects.count() == 1


def test_a_goal_too_large_for_an_address_comes_back_too(maya: User, plan: Plan) -> None:
    goal = make_goal(plan)
    due = {"due_on": "2026-09-01", "first_due_on": "2026-08-01"}
    for number in range(40):
        # Digests do not get shorter by compression.
        title = "".join(hashlib.sha256(f"{number}{part}".encode()).hexdigest() for part in range(3))
        Milestone.objects.create(goal=goal, title=title, **due)
    client = as_(maya)
    undo = undo_of(client.post(line("goal", goal, "delete"), headers=HTMX))
    assert len(undo) < 4100 and not Milestone.objects.exists()
    client.post(undo, headers=HTMX)
    assert Milestone.objects.filter(goal=goal).count() == 40


def test_a_deleted_entry_takes_no_action_with_it_and_gets_it_back(maya: User, plan: Plan) -> None:
    entry = SwotEntry.objects.create(plan=plan, quadrant="threat", text="Hexatron")
    action = make_action(plan.account, swot_entry=entry)
    client = as_(maya)
    undo = undo_of(client.post(line("swot", entry, "delete"), headers=HTMX))
    action.refresh_from_db()
    assert action.swot_entry is None
    client.post(undo, headers=HTMX)
    action.refresh_from_db()
    assert action.swot_entry == entry


def test_an_action_is_done_and_taken_back(maya: User, plan: Plan) -> None:
    risk = Risk.objects.create(plan=plan, text="Budget")
    action = make_action(plan.account, risk=risk, due_on="2026-07-01")
    client = as_(maya)
    url = reverse("plans:action_done", kwargs={"pk": action.pk})
    response = client.post(url, headers=HTMX)
    action.refresh_from_db()
    assert (action.status, action.closed_on, action.closed_by) == ("done", TODAY, maya)
    assert "1 of 1 action done" in response.content.decode()
    client.post(undo_of(response), headers=HTMX)
    action.refresh_from_db()
    assert (action.status, action.closed_on) == ("open", None)


def test_a_closed_plan_and_somebody_elses_line_are_not_written(maya: User, omar: User, plan: Plan) -> None:
    goal = make_goal(plan)
    other = make_goal(make_plan(make_account(owner=omar)))
    client = as_(maya)
    assert client.post(line("goal", other, "delete"), headers=HTMX).status_code == 404
    assert add(client, plan, "milestone", of=other.pk, title="x", due_on="2026-09-01").status_code == 404
    Plan.objects.filter(pk=plan.pk).update(status="closed")
    assert client.post(line("goal", goal, "delete"), headers=HTMX).status_code == 404
    assert add(client, plan, "goal", title="x").status_code == 404
    page = client.get(reverse("plans:plan", kwargs={"pk": plan.pk})).content.decode()
    assert "closed, read only" in page and "Add a goal" not in page
    assert Goal.objects.count() == 2


def test_without_scripts_a_line_is_edited_on_a_page_of_its_own(maya: User, plan: Plan) -> None:
    goal = make_goal(plan)
    client = as_(maya)
    assert client.get(line("goal", goal)).content.decode().count("<h1>") == 1
    data = form_of(client, "goal", goal)
    response = client.post(line("goal", goal), {**data, "title": "By hand"})
    assert response.status_code == 302 and response["Location"].endswith(f"#goal-{goal.pk}")
    assert Goal.objects.get().title == "By hand"


# --- two at once


def test_what_only_one_of_two_changed_is_kept_for_both(maya: User, lena: User, plan: Plan) -> None:
    risk = Risk.objects.create(plan=plan, text="Budget", severity=2, answer="Ask")
    mine, hers = as_(maya), as_(lena)
    seen_by_me, seen_by_her = form_of(mine, "risk", risk), form_of(hers, "risk", risk)
    hers.post(line("risk", risk), {**seen_by_her, "severity": "4"}, headers=HTMX)
    response = mine.post(line("risk", risk), {**seen_by_me, "answer": "Ask the sponsor"}, headers=HTMX)
    assert "kept, too" in response["HX-Trigger"]
    risk.refresh_from_db()
    assert (risk.severity, risk.answer, risk.version) == (4, "Ask the sponsor", 3)


def test_choices_and_figures_that_only_one_changed_are_kept_as_well(
    maya: User, lena: User, plan: Plan
) -> None:
    goal = make_goal(plan)
    due = datetime.date(2026, 6, 1)
    outcome = Outcome.objects.create(
        goal=goal, title="Availability", due_on=due, first_due_on=due, baseline="80.5", measured_on=due
    )
    risk = Risk.objects.create(plan=plan, text="Budget", severity=2, owner=maya)
    mine, hers = as_(maya), as_(lena)
    for word, row, theirs, typed in (
        ("outcome", outcome, {"met": "true", "actual": "93.25"}, {"target": "0", "due_on": "2026-08-01"}),
        ("risk", risk, {"owner": "", "answer": "Ask"}, {"severity": "4", "closed_on": "2026-07-01"}),
    ):
        seen_by_me, seen_by_her = form_of(mine, word, row), form_of(hers, word, row)
        assert hers.post(line(word, row), {**seen_by_her, **theirs}, headers=HTMX).status_code == 200
        assert mine.post(line(word, row), {**seen_by_me, **typed}, headers=HTMX).status_code == 200
        row.refresh_from_db()
    assert (outcome.met, outcome.actual, outcome.target) == (True, Decimal("93.25"), Decimal(0))
    assert (outcome.due_on, outcome.baseline) == (datetime.date(2026, 8, 1), Decimal("80.5"))
    assert (risk.owner, risk.answer, risk.severity) == (None, "Ask", 4)
    assert risk.closed_on == datetime.date(2026, 7, 1)


def test_what_both_changed_is_shown_twice_and_nothing_is_written_until_somebody_chose(
    maya: User, lena: User, plan: Plan
) -> None:
    risk = Risk.objects.create(plan=plan, text="Budget", severity=2)
    mine, hers = as_(maya), as_(lena)
    seen_by_me, seen_by_her = form_of(mine, "risk", risk), form_of(hers, "risk", risk)
    hers.post(
        line("risk", risk), {**seen_by_her, "text": "The budget is halved", "severity": "4"}, headers=HTMX
    )
    typed = {**seen_by_me, "text": "The budget comes late"}
    response = mine.post(line("risk", risk), typed, headers=HTMX)
    text = response.content.decode()
    assert response.status_code == 422
    assert "Lena Lindqvist saved this after you had opened it." in text
    (clash,) = response.context["form"].clashes
    assert (clash.theirs, clash.mine) == ("The budget is halved", "The budget comes late")
    assert 'data-km-value="The budget is halved"' in text and 'value="The budget comes late"' in text
    risk.refresh_from_db()
    assert risk.text == "The budget is halved"
    shown = response.context["form"]
    sent = {bound.html_name: str(bound.value() or "") for bound in shown}
    sent |= {
        b.html_initial_name: shown.data[b.html_initial_name] for b in shown if b.field.show_hidden_initial
    }
    assert mine.post(line("risk", risk), sent, headers=HTMX).status_code == 200
    risk.refresh_from_db()
    assert (risk.text, risk.severity) == ("The budget comes late", 4), "her severity was nobody's question"


def test_a_plans_own_words_are_never_written_over_either(maya: User, lena: User, plan: Plan) -> None:
    url = reverse("plans:plan_edit", kwargs={"pk": plan.pk})
    mine, hers = as_(maya), as_(lena)

    def seen(client: Client) -> dict[str, str]:
        form = client.get(url).context["form"]
        data = {bound.html_name: "" if bound.value() is None else str(bound.value()) for bound in form}
        shown = {b.html_initial_name: data[b.html_name] for b in form if b.field.show_hidden_initial}
        return {**data, **shown}

    by_me, by_her = seen(mine), seen(hers)
    assert hers.post(url, {**by_her, "summary": "Hers", "last_month": "2026-11"}).status_code == 302
    response = mine.post(url, {**by_me, "summary": "Mine", "name": "Plan A"})
    assert response.status_code == 409 and "Lena Lindqvist saved this" in response.content.decode()
    plan.refresh_from_db()
    assert (plan.summary, plan.name) == ("Hers", "Plan 2026")
    fresh = seen(mine)
    assert mine.post(url, {**fresh, "name": "Plan A"}).status_code == 302
    plan.refresh_from_db()
    assert (plan.summary, plan.name, plan.last_day) == ("Hers", "Plan A", datetime.date(2026, 11, 30))


@pytest.mark.django_db(transaction=True)
def test_two_people_saving_at_the_same_moment_lose_nothing(maya: User, lena: User, plan: Plan) -> None:
    """Two connections at once, many times: every text is stored, or was shown to the one who came second."""
    goal = make_goal(plan, "Begin")
    people = {"maya": as_(maya), "lena": as_(lena)}
    for turn in range(3):
        seen = {name: form_of(client, "goal", goal) for name, client in people.items()}
        sent = {name: {**seen[name], "title": f"{name} {turn}"} for name in people}
        answers = at_once(
            {
                name: partial(client.post, line("goal", goal), sent[name], headers=HTMX)
                for name, client in people.items()
            }
        )
        goal.refresh_from_db()
        assert sorted(each.status_code for each in answers.values()) == [200, 422]
        second = next(name for name, each in answers.items() if each.status_code == 422)
        first = "lena" if second == "maya" else "maya"
        assert goal.title == f"{first} {turn}"
        (clash,) = answers[second].context["form"].clashes
        assert (clash.theirs, clash.mine) == (f"{first} {turn}", f"{second} {turn}")


@pytest.mark.django_db(transaction=True)
def test_two_people_adding_the_fifth_objective_at_once_make_five(maya: User, lena: User, plan: Plan) -> None:
    for number in range(4):
        make_objective(plan, f"Objective {number}")
    data = {"status": "open", "due_on": "2026-12-31"}
    answers = at_once(
        {
            name: partial(add, client, plan, "objective", title=name, **data)
            for name, client in (("maya", as_(maya)), ("lena", as_(lena)))
        }
    )
    assert sorted(each.status_code for each in answers.values()) == [200, 422]
    assert sorted(Objective.objects.filter(plan=plan).values_list("position", flat=True)) == [1, 2, 3, 4, 5]


def at_once(asks: dict[str, Callable[[], Any]]) -> dict[str, Any]:
    """Each ask in a thread and a connection of its own, let go together."""
    gate = threading.Barrier(len(asks))
    answers: dict[str, Any] = {}

    def run(name: str, ask: Callable[[], Any]) -> None:
        try:
            gate.wait()
            answers[name] = ask()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in asks.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
