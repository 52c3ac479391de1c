"""Plans from files: places, goals of the same plan, first due days, and what people wrote by hand."""

import datetime

import pytest

from accounts.models import Account, Action, Goal, Objective, Plan
from tests.exchange.helpers import counts, imported, reasons
from tests.factories import make_account, make_goal, make_objective, make_plan

pytestmark = pytest.mark.django_db
HEAD = "external_id,plan,title,due,goal\n"


@pytest.fixture
def plan(db: None) -> Plan:
    account = make_account("Alfa", source="crm", external_id="A-1")
    return make_plan(account, "2026-01-01", "2027-01-01", name="Plan 2026", external_id="PL-1")


def lines(*titles: str) -> str:
    return HEAD + "".join(f"O-{title},PL-1,{title},2026-12-31,\n" for title in titles)


def test_new_objectives_take_the_free_places_and_a_sixth_is_refused(plan: Plan) -> None:
    make_objective(plan, "By hand", position=2)
    assert imported("objectives", lines("a", "b", "c")).written
    places = dict(Objective.objects.values_list("title", "position"))
    assert places == {"By hand": 2, "a": 1, "b": 3, "c": 4}
    outcome = imported("objectives", lines("c", "d", "e"))
    assert [(row, words) for row, _, words in reasons(outcome)] == [(4, "A plan has at most 5 objectives.")]
    assert Objective.objects.count() == 4


def test_an_objective_serves_a_goal_of_its_own_plan(plan: Plan) -> None:
    other = make_plan(make_account("Beta"), "2026-01-01", "2027-01-01")
    make_goal(plan, "Fewer stops", external_id="G-1")
    make_goal(other, "Less paper", external_id="G-2")
    refused = imported("objectives", f"{HEAD}1,PL-1,Grow,2026-12-31,G-2\n")
    assert reasons(refused) == [(2, "goal", "It belongs to another plan.")]
    assert imported("objectives", f"{HEAD}1,PL-1,Grow,2026-12-31,G-1\n").written
    assert Objective.objects.get().goal == Goal.objects.get(title="Fewer stops")


def test_a_line_written_by_hand_is_known_again_by_its_words(plan: Plan) -> None:
    make_goal(plan, "Fewer stops")
    outcome = imported("goals", "plan,title\nPL-1,Fewer stops\nPL-1,A second yard\n")
    assert counts(outcome, "goals") == (1, 1, 0)
    assert Goal.objects.filter(plan=plan).count() == 2
    assert imported("goals", "plan,title\nPL-1,Fewer stops\nPL-1,A second yard\n").changes == 0


def test_an_action_that_gets_a_due_day_later_keeps_the_first_one(plan: Plan) -> None:
    file = "external_id,account,text,due\n1,A-1,Call them,{}\n"
    for due, first in (("", None), ("2026-03-01", "2026-03-01"), ("2026-05-01", "2026-03-01")):
        assert imported("actions", file.format(due)).written
        action = Action.objects.get()
        assert str(action.first_due_on) == str(first)
    assert action.due_on == datetime.date(2026, 5, 1)


def test_an_objective_is_bound_by_the_kpis_name_and_an_unknown_one_is_refused(plan: Plan) -> None:
    head = "external_id,plan,title,due,kpi,target\n"
    assert imported("objectives", f"{head}1,PL-1,Keep them,2026-12-31,Net revenue retention,1.05\n").written
    assert Objective.objects.get().kpi == "nrr"
    unknown = imported("objectives", f"{head}1,PL-1,Keep them,2026-12-31,Happiness,5\n")
    assert reasons(unknown)[0][:2] == (2, "kpi")


def test_any_days_of_the_first_and_last_month_make_whole_months(plan: Plan) -> None:
    assert imported("plans", "account,name,from,to\nA-1,Plan 2027,2027-02-14,2027-11-02\n").written
    during = Plan.objects.get(name="Plan 2027").during
    assert (during.lower, during.upper) == (datetime.date(2027, 2, 1), datetime.date(2027, 12, 1))
    backward = imported("plans", "account,name,from,to\nA-1,Plan 2028,2028-11-02,2028-02-14\n")
    assert "It must begin before it ends." in [words for _, _, words in reasons(backward)]
    assert Account.objects.get().plans.count() == 2
