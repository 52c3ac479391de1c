"""A plan's way: begun from a template, submitted, approved or given back, closed, carried over line by line."""

import datetime
import html
import re
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import (
    Account,
    Action,
    Goal,
    Milestone,
    Objective,
    Organisation,
    Outcome,
    Plan,
    PlanComment,
    PlanTemplate,
    PlanTemplateItem,
    PlanVersion,
    Risk,
    SwotEntry,
    Team,
    User,
)
from accounts.plans.reference import add_templates
from metrics.kpis import KPI
from tests.clients import as_
from tests.factories import (
    make_action,
    make_assignment,
    make_goal,
    make_objective,
    make_plan,
)

TODAY = datetime.date(2026, 11, 2)
END = datetime.date(2026, 12, 31)


@pytest.fixture(autouse=True)
def november(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setattr(Organisation, "today", lambda self: TODAY)


@pytest.fixture
def plan(maya: User, maya_account: Account) -> Plan:
    return make_plan(maya_account, created_by=maya)


def url(name: str, plan: Plan) -> str:
    return reverse(f"plans:{name}", kwargs={"pk": plan.pk})


def step(user: User, plan: Plan, name: str, text: str = "") -> str:
    """Take a step; what the plan's state is afterwards."""
    assert as_(user).post(url("plan_step", plan), {"step": name, "text": text}).status_code == 302
    plan.refresh_from_db()
    return plan.status


def text_of(response: Any) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


# --- approval


def test_a_manager_submits_and_the_lead_of_the_owner_approves(maya: User, lena: User, plan: Plan) -> None:
    assert step(maya, plan, "approved") == "draft"
    assert step(maya, plan, "submitted") == "submitted"
    assert step(maya, plan, "approved") == "submitted", "nobody approves their own plan"
    assert step(lena, plan, "approved") == "approved"
    said = [(each.author, each.step) for each in plan.comments.all()]
    assert said == [(maya, "submitted"), (lena, "approved")]
    assert [each.cause for each in plan.versions.order_by("number")] == ["submitted", "approved"]


def test_a_lead_of_another_team_who_sees_the_account_does_not_approve(
    maya: User, omar: User, hana: User, plan: Plan, south: Team
) -> None:
    User.objects.filter(pk=omar.pk).update(role="lead")
    omar.refresh_from_db()
    Team.objects.filter(pk=south.pk).update(lead=omar)
    make_assignment(plan.account, omar, role="sponsor")
    step(maya, plan, "submitted")
    assert step(omar, plan, "approved") == "submitted"
    assert step(hana, plan, "approved") == "approved", "a head approves everything"


def test_a_lead_who_owns_the_account_needs_a_head(lena: User, maya: User, north: Team) -> None:
    from tests.factories import make_account

    plan = make_plan(make_account("Own one", owner=lena))
    step(lena, plan, "submitted")
    assert step(lena, plan, "approved") == "submitted"


def test_a_plan_is_given_back_with_a_word_and_not_without(maya: User, lena: User, plan: Plan) -> None:
    step(maya, plan, "submitted")
    assert step(lena, plan, "returned") == "submitted"
    assert step(lena, plan, "returned", "Whose goal is this?") == "draft"
    page = text_of(as_(maya).get(url("plan", plan)))
    assert "Lena Lindqvist gave it back" in page and "Whose goal is this?" in page
    assert "Submit for approval" in page


def test_a_closed_plan_is_read_only_until_it_is_opened_again(maya: User, lena: User, plan: Plan) -> None:
    assert step(maya, plan, "closed") == "closed"
    assert step(maya, plan, "submitted") == "closed"
    assert as_(maya).get(url("plan_edit", plan)).status_code == 404
    assert step(maya, plan, "reopened") == "closed"
    assert step(lena, plan, "reopened") == "draft"


def test_a_word_says_something(maya: User, plan: Plan) -> None:
    step(maya, plan, "comment")
    assert not plan.comments.exists()
    step(maya, plan, "comment", "Ask Anna.")
    assert plan.comments.get().text == "Ask Anna."
    assert not plan.versions.exists()


def test_the_first_thing_on_a_submitted_plan_is_the_approval_for_who_may_give_it(
    maya: User, lena: User, plan: Plan
) -> None:
    step(maya, plan, "submitted")
    approve = '<button class="km-btn km-btn--primary" type="submit" name="step" value="approved">'
    assert approve in as_(lena).get(url("plan", plan)).content.decode()
    assert approve not in as_(maya).get(url("plan", plan)).content.decode()


# --- versions


def test_what_changed_since_a_version_is_told_by_line_and_field(maya: User, plan: Plan) -> None:
    goal = make_goal(plan, "Fewer stops")
    make_objective(plan, "Grow", "account_revenue", target=100)
    risk = Risk.objects.create(plan=plan, text="Budget", severity=2)
    step(maya, plan, "submitted")
    Objective.objects.update(target=120, due_on=datetime.date(2026, 10, 31))
    Goal.objects.filter(pk=goal.pk).delete()
    SwotEntry.objects.create(plan=plan, quadrant="threat", text="Hexatron")
    make_action(plan.account, "Ask them", risk=risk)
    changes = as_(maya).get(url("plan_versions", plan)).context["changes"]
    told = {(c.noun, c.title, c.what): [(f.label, f.before, f.after) for f in c.fields] for c in changes}
    assert {
        key: [(a, b.replace("\xa0", " "), c.replace("\xa0", " ")) for a, b, c in value]
        for key, value in told.items()
    } == {
        ("goal", "Fewer stops", "removed"): [],
        ("objective", "Grow", "changed"): [("target", "100", "120"), ("due", "31 Dec 2026", "31 Oct 2026")],
        ("SWOT entry", "Hexatron", "added"): [],
        ("action", "Ask them", "added"): [],
    }


def test_two_versions_are_compared_and_people_are_named_by_who_they_are_now(
    maya: User, lena: User, omar: User, plan: Plan
) -> None:
    risk = Risk.objects.create(plan=plan, text="Budget", owner=maya)
    step(maya, plan, "submitted")
    Risk.objects.filter(pk=risk.pk).update(owner=omar)
    step(lena, plan, "approved")
    Risk.objects.filter(pk=risk.pk).update(text="Later")
    User.objects.filter(pk=omar.pk).update(name="Omar Renamed")
    page = as_(maya).get(url("plan_versions", plan) + "?from=1&to=2")
    (change,) = page.context["changes"]
    assert [(f.before, f.after) for f in change.fields] == [("Maya Marin", "Omar Renamed")]
    assert page.context["versions"][0].number == 2


def test_amounts_that_are_equal_are_no_change(maya: User, plan: Plan) -> None:
    make_objective(plan, "Grow", "account_revenue", target="100")
    step(maya, plan, "submitted")
    Objective.objects.update(target="100.000000")
    assert as_(maya).get(url("plan_versions", plan)).context["changes"] == []


# --- templates


def test_the_shipped_templates_fit_the_four_situations_and_bind_to_known_kpis() -> None:
    PlanTemplate.objects.all().delete()
    add_templates(PlanTemplate, PlanTemplateItem)
    found = PlanTemplate.objects.order_by("pk")
    assert [each.situation for each in found] == ["launch", "expand", "retain", "recover"]
    for template in found:
        kinds = template.items.values_list("kind", flat=True)
        assert set(kinds) == {
            "goal",
            "objective",
            "action",
            "strength",
            "weakness",
            "opportunity",
            "threat",
            "risk",
        }
        assert list(kinds).count("objective") <= Objective.MOST
        assert all(kpi in KPI for kpi in template.items.exclude(kpi="").values_list("kpi", flat=True))
        template.full_clean()
        for item in template.items.all():
            item.full_clean()


def test_a_new_plan_begins_with_the_lines_of_its_template(maya: User, maya_account: Account) -> None:
    template = PlanTemplate.objects.create(name="Small", situation="retain")
    for kind, text, kpi, due in (
        ("goal", "What must be better?", "", None),
        ("objective", "Renew", "grr", 30),
        ("objective", "Much later", "", 900),
        ("action", "Ask the sponsor", "", 45),
        ("weakness", "Complaints", "", None),
        ("risk", "Silence", "", None),
    ):
        template.items.create(kind=kind, text=text, kpi=kpi, due_after_days=due)
    new = reverse("plans:plan_new", kwargs={"account": maya_account.pk})
    client = as_(maya)
    form = client.get(new).context["form"]
    assert (form["name"].value(), f"{form['first_month'].value()}") == ("Plan 2026", "2026-01")
    data = {"template": template.pk, "name": "Plan 2026", "first_month": "2026-01", "last_month": "2026-12"}
    assert client.post(new, data).status_code == 302
    plan = Plan.objects.get()
    assert (plan.first_day, plan.last_day, plan.status) == (datetime.date(2026, 1, 1), END, "draft")
    assert (plan.situation, plan.created_by) == ("retain", maya)
    dues = dict(Objective.objects.values_list("title", "due_on"))
    assert dues == {"Renew": datetime.date(2026, 1, 31), "Much later": END}
    action = Action.objects.get()
    assert (action.owner, action.due_on) == (maya, datetime.date(2026, 2, 15))
    assert not Goal.objects.get().verified_on, "nobody said yet that it holds"
    again = client.post(new, data)
    assert again.status_code == 422 and "another plan for some of these days" in text_of(again)


def test_a_plan_ends_after_it_begins(maya: User, maya_account: Account) -> None:
    new = reverse("plans:plan_new", kwargs={"account": maya_account.pk})
    data = {"name": "Plan", "first_month": "2026-12", "last_month": "2026-01"}
    assert "A plan must begin before it ends." in text_of(as_(maya).post(new, data))
    assert not Plan.objects.exists()


# --- carrying over


@pytest.fixture
def old(maya: User, plan: Plan) -> Plan:
    goal = make_goal(plan, "Fewer stops", verified_on=TODAY, verified_by=maya)
    Milestone.objects.create(goal=goal, title="Open step", due_on=END, first_due_on="2026-06-30")
    Milestone.objects.create(
        goal=goal, title="Reached step", due_on=END, first_due_on=END, reached_on="2026-05-01"
    )
    Outcome.objects.create(goal=goal, title="Availability", target=92, due_on=END, first_due_on=END)
    aim = make_objective(plan, "Grow", "account_revenue", baseline=80, target=100, goal=goal)
    make_objective(plan, "Done one", status="reached")
    entry = SwotEntry.objects.create(plan=plan, quadrant="threat", text="Hexatron")
    Risk.objects.create(plan=plan, text="Budget")
    Risk.objects.create(plan=plan, text="Over", closed_on="2026-05-01", position=2)
    make_action(plan.account, "Send the offer", objective=aim, due_on="2026-12-01")
    make_action(plan.account, "Price list", swot_entry=entry, due_on="2026-12-01")
    return plan


def decisions(page: Any, **chosen: str) -> dict[str, str]:
    """What is posted: a decision for each open line, by its text; `leave` where nothing is said."""
    data = {"name": "Plan 2027", "first_month": "2027-01", "last_month": "2027-12"}
    for section in page.context["sections"]:
        for each in section.lines:
            said = chosen.get(each.text.lower().replace(" ", "_"), "leave")
            decision, _, words = said.partition(":")
            data[each.key] = decision
            data[f"{each.key}-text"] = words or each.text
    return data


def test_only_open_lines_are_offered_and_none_is_decided_beforehand(maya: User, old: Plan) -> None:
    page = as_(maya).get(url("plan_carry_over", old))
    texts = [each.text for section in page.context["sections"] for each in section.lines]
    assert texts == [
        "Fewer stops",
        "Open step",
        "Availability",
        "Grow",
        "Hexatron",
        "Budget",
        "Send the offer",
        "Price list",
    ]
    assert not re.search(r"value=.(take|leave|reword). checked", page.content.decode())


def test_an_undecided_line_stops_it_and_what_was_decided_is_kept(maya: User, old: Plan) -> None:
    client = as_(maya)
    data = decisions(client.get(url("plan_carry_over", old)), budget="take")
    missing = next(key for key in data if key.startswith("swot") and not key.endswith("text"))
    response = client.post(url("plan_carry_over", old), {k: v for k, v in data.items() if k != missing})
    assert response.status_code == 422 and "Decide about this line." in text_of(response)
    assert 'value="take" checked' in response.content.decode()
    assert Plan.objects.count() == 1


def test_lines_are_carried_over_as_decided(maya: User, old: Plan) -> None:
    client = as_(maya)
    data = decisions(
        client.get(url("plan_carry_over", old)),
        fewer_stops="take",
        open_step="take",
        grow="reword:Grow with the second line",
        send_the_offer="take",
    )
    response = client.post(url("plan_carry_over", old), data)
    new = Plan.objects.get(carried_from=old)
    assert response["Location"] == url("plan", new)
    assert (new.name, new.first_day, new.status) == ("Plan 2027", datetime.date(2027, 1, 1), "draft")
    goal = Goal.objects.get(plan=new)
    assert goal.carried_from == Goal.objects.get(plan=old) and goal.verified_on is None
    step_ = Milestone.objects.get(goal=goal)
    assert (step_.title, step_.first_due_on) == ("Open step", datetime.date(2026, 6, 30))
    aim = Objective.objects.get(plan=new)
    assert (aim.title, aim.kpi, aim.target, aim.goal) == (
        "Grow with the second line",
        "account_revenue",
        100,
        goal,
    )
    assert not SwotEntry.objects.filter(plan=new).exists() and not Risk.objects.filter(plan=new).exists()
    assert Action.objects.get(text="Send the offer").objective == aim, "one promise, not two"
    assert Action.objects.get(text="Price list").swot_entry.plan == old
    version = PlanVersion.objects.get(plan=old)
    assert version.cause == "carried" and len(version.content["action"]) == 2
    assert "carried it over" in text_of(client.get(url("plan", old)))


def test_what_belongs_to_a_left_line_is_not_taken_alone(maya: User, old: Plan) -> None:
    client = as_(maya)
    data = decisions(client.get(url("plan_carry_over", old)), open_step="take")
    response = client.post(url("plan_carry_over", old), data)
    assert response.status_code == 422 and "What it belongs to is not taken over" in text_of(response)
    assert Plan.objects.count() == 1


def test_a_plan_of_the_next_period_that_is_there_gets_the_lines(maya: User, old: Plan) -> None:
    new = make_plan(old.account, "2027-01-01", "2028-01-01")
    for number in range(5):
        make_objective(new, f"Objective {number}")
    client = as_(maya)
    page = client.get(url("plan_carry_over", old))
    assert page.context["target"] == new
    refused = client.post(url("plan_carry_over", old), decisions(page, grow="take"))
    assert refused.status_code == 422 and "at most 5 objectives" in text_of(refused)
    assert not PlanVersion.objects.exists()
    assert client.post(url("plan_carry_over", old), decisions(page, budget="take")).status_code == 302
    assert Risk.objects.get(plan=new).text == "Budget"


# ------------------------------------------------------------------------------------------- thrown away


def test_a_draft_is_deleted_once_its_name_is_typed_and_its_actions_stay(
    maya: User, maya_account: Account
) -> None:
    plan = make_plan(maya_account)
    goal = make_goal(plan)
    action = make_action(maya_account, objective=make_objective(plan, goal=goal))
    url, client = reverse("plans:plan_delete", kwargs={"pk": plan.pk}), as_(maya)
    assert "Delete this draft" in client.get(reverse("plans:plan", kwargs={"pk": plan.pk})).content.decode()
    wrong = client.post(url, {"name": "Something"})
    assert wrong.status_code == 422 and "That is not the name of this plan." in wrong.content.decode()
    assert client.post(url, {"name": f" {plan.name} "}).status_code == 302
    action.refresh_from_db()
    assert not Plan.objects.filter(pk=plan.pk).exists() and action.objective is None


def test_a_plan_that_was_approved_once_is_not_deleted(maya: User, lena: User, maya_account: Account) -> None:
    plan = make_plan(maya_account)
    PlanComment.objects.create(plan=plan, step=PlanComment.Step.APPROVED, author=lena)
    url = reverse("plans:plan_delete", kwargs={"pk": plan.pk})
    assert as_(maya).post(url, {"name": plan.name}).status_code == 404
    text = as_(maya).get(reverse("plans:plan", kwargs={"pk": plan.pk})).content.decode()
    assert "Delete this draft" not in text
    assert Plan.objects.filter(pk=plan.pk).exists()
