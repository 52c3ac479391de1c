"""What a run leaves out of its sums is 0 everywhere: a stock that nobody has today may have been there before."""

import pytest

from accounts.models import Account, Milestone, MilestoneCheck
from metrics.editions import MENDED
from metrics.models import Run, ScopeFigures
from tests.factories import make_account, make_goal, make_plan
from tests.metrics.engine import day, period, result, run

pytestmark = pytest.mark.django_db

MARCH = period("2025-03-01", "2025-04-01")


def make_open_step(account: Account) -> None:
    """On track from February on, of a plan for the first half of 2025."""
    goal = make_goal(make_plan(account, "2025-01-01", "2025-07-01"))
    due = day("2025-12-31")
    step = Milestone.objects.create(goal=goal, title="Step", due_on=due, first_due_on=due)
    MilestoneCheck.objects.create(milestone=step, on=day("2025-02-10"), on_track=True)


def test_a_stock_that_nobody_has_today_keeps_its_past() -> None:
    make_open_step(make_account())
    run("2025-05-20")
    run("2025-10-15", Run.Cause.FULL)
    assert (result("outcome_leading", MARCH).value, result("outcome_leading", MARCH).n) == (100, 1)


def test_a_past_stock_entered_late_is_summed_in_the_next_night() -> None:
    account = make_account()
    run("2025-10-14", Run.Cause.FULL)
    make_open_step(account)
    run("2025-10-15")
    assert (result("outcome_leading", MARCH).value, result("outcome_leading", MARCH).n) == (100, 1)


def test_where_a_fault_was_mended_the_next_run_makes_everything_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_open_step(make_account())
    run("2025-05-20")
    ScopeFigures.objects.update(figures={})
    assert not run("2025-05-21").is_full
    monkeypatch.setattr("metrics.recompute.run.MENDED", MENDED + 1)
    assert run("2025-05-22").is_full
    assert result("outcome_leading", MARCH).value == 100
