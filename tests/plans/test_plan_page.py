"""The plan of an account on one page: what stands there, whose figures they are, who reads it."""

import datetime
import html
import io
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import (
    Account,
    Assignment,
    Milestone,
    MilestoneCheck,
    Organisation,
    Outcome,
    Plan,
    Risk,
    SwotEntry,
    User,
)
from tests.clients import as_
from tests.factories import (
    LONG_AGO,
    make_account,
    make_action,
    make_assignment,
    make_contact,
    make_goal,
    make_objective,
    make_opportunity,
    make_order,
    make_plan,
    span,
)
from tests.metrics import engine

TODAY = datetime.date(2026, 7, 2)


@pytest.fixture(autouse=True)
def july(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    """The 2nd of July: 183 of the 365 days of 2026 have passed."""
    monkeypatch.setattr(Organisation, "today", lambda self: TODAY)
    engine.report_in("EUR")


def page(user: User, plan: Plan, query: str = "") -> Any:
    return as_(user).get(reverse("plans:plan", kwargs={"pk": plan.pk}) + query)


def text_of(response: Any) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def printed(kpi: str, *options: str) -> dict[str, Any]:
    """What the command prints for the one account that there is, over the year 2026."""
    out = io.StringIO()
    when = ("--from", "2026-01-01", "--to", "2027-01-01")
    call_command("kpi", kpi, "--by", "account", *when, "--json", *options, stdout=out)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    return next(line for line in lines if line["key"] == "Aurora Foods")


@pytest.fixture
def plan(maya: User, maya_account: Account) -> Plan:
    """A plan with something of every kind."""
    plan = make_plan(maya_account, created_by=maya)
    anna = make_contact(maya_account, "Anna Berg")
    goal = make_goal(plan, "Fewer stops of line 2", contact=anna)
    step = Milestone.objects.create(
        goal=goal, title="Drives replaced", due_on="2026-08-31", first_due_on="2026-06-30"
    )
    MilestoneCheck.objects.create(milestone=step, on="2026-06-01", on_track=False, author=maya)
    MilestoneCheck.objects.create(
        milestone=step, on="2026-06-20", on_track=True, note="crane booked", author=maya
    )
    Outcome.objects.create(
        goal=goal,
        title="Availability",
        unit="%",
        baseline=84,
        target=92,
        due_on="2026-12-31",
        first_due_on="2026-12-31",
    )
    objective = make_objective(
        plan, "Grow with them", "account_revenue", baseline=900, target=1000, goal=goal
    )
    make_objective(
        plan, "Become the reference", judgement="Draft agreed", judged_on="2026-06-03", judged_by=maya
    )
    entry = SwotEntry.objects.create(plan=plan, quadrant="weakness", text="Offers take two weeks")
    SwotEntry.objects.create(plan=plan, quadrant="threat", text="Hexatron is on site", position=2)
    Risk.objects.create(plan=plan, text="The budget is cut", severity=2)
    Risk.objects.create(plan=plan, text="The sponsor leaves", severity=4, position=2)
    make_action(maya_account, "Send the offer", due_on="2026-06-30", owner=maya, objective=objective)
    make_action(maya_account, "Price list", due_on="2026-07-30", owner=maya, swot_entry=entry)
    make_action(maya_account, "Not of the plan")
    return plan


def test_the_customers_goal_stands_on_top_with_who_cares_and_how_it_goes(maya: User, plan: Plan) -> None:
    text = text_of(page(maya, plan))
    assert text.index("What the customer wants") < text.index("Objectives")
    assert "Anna Berg cares · served by Grow with them" in text
    assert (
        "on track Drives replaced due 31 Aug 30 Jun · on track on 20 Jun , Maya Marin: crane booked" in text
    )
    assert "from 84 to 92 % · due 31 Dec" in text


def test_an_entry_without_an_action_leads_to_nothing_yet(maya: User, plan: Plan) -> None:
    text = text_of(page(maya, plan))
    assert "Offers take two weeks 0 of 1 action done" in text
    assert "Hexatron is on site leads to nothing yet" in text
    assert text.count("leads to nothing yet") == 1


def test_actions_are_those_of_the_plan_and_late_ones_say_so(maya: User, plan: Plan) -> None:
    text = text_of(page(maya, plan))
    assert "Send the offer overdue, due 30 Jun · Maya Marin · for Grow with them" in text
    assert "2 open" in text and "Not of the plan" not in text


def test_the_gravest_risk_stands_first(maya: User, plan: Plan) -> None:
    text = text_of(page(maya, plan))
    assert text.index("The sponsor leaves") < text.index("The budget is cut")


def test_a_qualitative_objective_is_quoted_and_has_no_number(maya: User, plan: Plan) -> None:
    text = text_of(page(maya, plan))
    assert "qualitative, judged by Maya Marin on 3 Jun" in text
    assert "“Draft agreed” no number" in text


def test_an_objective_whose_person_left_says_so(maya: User, plan: Plan) -> None:
    gone = make_contact(plan.account, "Sofie Dahl", left_on="2026-05-01")
    plan.objective_set.filter(position=1).update(contact=gone)  # type: ignore[attr-defined]
    assert "the person it hangs on has left" in text_of(page(maya, plan))


# --- figures


def test_an_objective_shows_what_the_command_prints_now_and_as_of_the_run_before(
    maya: User, plan: Plan
) -> None:
    make_order(plan.account, "2026-03-10", 600)
    first = engine.run(TODAY)
    stand = page(maya, plan).context["lines"].objectives[0].stand
    assert stand.result.value == Decimal(printed("account_revenue")["value"]) == 600
    assert stand.value_text == "€600"
    make_order(plan.account, "2026-05-10", 50)
    engine.run(TODAY)
    now = page(maya, plan).context["lines"].objectives[0].stand.result
    then = page(maya, plan, f"?run={first.pk}").context["lines"].objectives[0].stand.result
    assert now.value == Decimal(printed("account_revenue")["value"]) == 650
    assert then.value == Decimal(printed("account_revenue", "--as-of", str(first.pk))["value"]) == 600


def test_every_kind_of_number_is_the_one_of_the_command(maya: User, maya_account: Account) -> None:
    make_order(maya_account, "2025-03-10", 500)
    make_order(maya_account, "2026-03-10", 600)
    make_opportunity(maya_account, "2026-02-01", 300, outcome="won", closed_on="2026-04-01")
    make_opportunity(maya_account, "2026-02-01", 200)
    make_account("Another", owner=maya)
    plan = make_plan(maya_account)
    for kpi in ("grr", "win_rate", "avg_order_value", "open_pipeline", "renewal_rate_value"):
        make_objective(plan, kpi=kpi, target=100)
    engine.run(TODAY)
    for objective in page(maya, plan).context["lines"].objectives:
        result, line = objective.stand.result, printed(objective.kpi)
        assert (result.value is None) == (line["value"] is None)
        if line["value"] is not None:
            assert float(result.value) == pytest.approx(float(line["value"]), rel=1e-12)
        assert (result.reason or None) == line["reason"] and result.run.pk == line["run"]


def test_a_sum_of_the_year_is_held_against_the_part_of_the_year_that_has_passed(maya: User) -> None:
    """183 of 365 days: 501.4 of 1,000 should be sold."""
    plans = {}
    for sold in (502, 501, 1200):
        plans[sold] = make_plan(make_account(owner=maya))
        make_objective(plans[sold], kpi="account_revenue", target=1000)
        make_order(plans[sold].account, "2026-03-10", sold)
    engine.run(TODAY)
    found = {sold: page(maya, plan).context["lines"].objectives[0].stand for sold, plan in plans.items()}
    assert {sold: (s.state, s.share, s.expected) for sold, s in found.items()} == {
        502: ("ahead", 50.2, 50.1),
        501: ("behind", 50.1, 50.1),
        1200: ("ahead", 100.0, 50.1),
    }


def test_a_level_goes_from_its_baseline_to_its_target(maya: User, maya_account: Account) -> None:
    """Average order value 120 on the way from 100 to 140: half of the way, half of the time."""
    plan = make_plan(maya_account)
    make_objective(plan, kpi="avg_order_value", baseline=100, target=140)
    for _ in range(6):
        make_order(maya_account, "2026-03-10", 121)
    engine.run(TODAY)
    stand = page(maya, plan).context["lines"].objectives[0].stand
    assert stand.share == 52.5
    assert stand.expected == 50.1


def test_a_target_behind_the_baseline_is_a_limit_to_hold(maya: User, maya_account: Account) -> None:
    plan = make_plan(maya_account)
    make_objective(plan, kpi="grr", baseline=100, target=90)
    make_order(maya_account, "2025-03-10", 100)
    make_order(maya_account, "2026-03-10", 95)
    engine.run(TODAY)
    stand = page(maya, plan).context["lines"].objectives[0].stand
    assert stand.share is None and stand.state == "on_target"


def test_a_period_of_no_whole_months_has_no_figures_and_says_why(maya: User, maya_account: Account) -> None:
    plan = make_plan(maya_account, "2026-01-15", "2026-12-15")
    make_objective(plan, kpi="account_revenue", target=5)
    engine.run(TODAY)
    assert "No data, because the plan's period is no whole months." in text_of(page(maya, plan))


def test_without_a_run_the_page_says_that_there_are_no_figures(maya: User, plan: Plan) -> None:
    assert "No data, because no figures have been computed yet." in text_of(page(maya, plan))


# --- whose plan


def test_todays_plan_is_found_from_the_account_and_without_one_a_new_one_is_offered(
    maya: User, omar: User, plan: Plan
) -> None:
    make_plan(plan.account, "2025-01-01", "2026-01-01", status="closed")
    url = reverse("plans:plan_of", kwargs={"account": plan.account.pk})
    assert as_(maya).get(url).context["plan"] == plan
    assert as_(omar).get(url).status_code == 404
    empty = make_account("New one", owner=maya)
    response = as_(maya).get(reverse("plans:plan_of", kwargs={"account": empty.pk}))
    assert "This account has no plan yet" in text_of(response)
    assert reverse("plans:plan_new", kwargs={"account": empty.pk}) in response.content.decode()


def test_a_plan_keeps_its_history_when_the_account_changes_its_owner(
    maya: User, omar: User, plan: Plan
) -> None:
    step = {"step": "submitted"}
    assert as_(maya).post(reverse("plans:plan_step", kwargs={"pk": plan.pk}), step).status_code == 302
    Assignment.objects.filter(account=plan.account).update(during=span(LONG_AGO, "2026-07-01"))
    make_assignment(plan.account, omar, "2026-07-01")
    assert page(maya, plan).status_code == 404
    response = page(omar, plan)
    assert "Maya Marin submitted it" in text_of(response)
    assert response.context["version"].number == 1
    assert "on track on 20 Jun , Maya Marin" in text_of(response)
    versions = as_(omar).get(reverse("plans:plan_versions", kwargs={"pk": plan.pk}))
    assert "Nothing: the plan reads the same." in text_of(versions)


def test_the_page_takes_no_more_statements_for_more_lines(maya: User, plan: Plan) -> None:
    make_order(plan.account, "2026-03-10", 600)
    engine.run(TODAY)

    def count() -> int:
        client = as_(maya)
        client.get(reverse("plans:plan", kwargs={"pk": plan.pk}))
        with CaptureQueriesContext(connection) as caught:
            client.get(reverse("plans:plan", kwargs={"pk": plan.pk}))
        return len(caught)

    few = count()
    for number in range(8):
        goal = make_goal(plan, f"Goal {number}")
        for n in range(4):
            due = {"due_on": "2026-09-01", "first_due_on": "2026-09-01"}
            step = Milestone.objects.create(goal=goal, title=f"Step {n}", **due)
            MilestoneCheck.objects.create(milestone=step, on="2026-06-01", on_track=True, author=maya)
        SwotEntry.objects.create(plan=plan, quadrant="threat", text=f"Threat {number}", position=9)
        risk = Risk.objects.create(plan=plan, text=f"Risk {number}", position=9)
        make_action(plan.account, f"Action {number}", risk=risk)
    for kpi in ("grr", "win_rate", "open_pipeline"):
        make_objective(plan, kpi=kpi, target=1)
    assert count() == few


def test_the_overview_of_the_account_shows_the_plan_to_who_reads_plans(
    maya: User, mira: User, plan: Plan
) -> None:
    url = reverse("portfolio:account", kwargs={"pk": plan.account.pk})
    text = text_of(as_(maya).get(url))
    assert "Plan 2026 2 of at most 5 objectives, draft" in text
    assert "Customer's goal: “Fewer stops of line 2”" in text
    other = as_(mira).get(url)
    assert other.status_code == 200 and "Fewer stops" not in text_of(other)
