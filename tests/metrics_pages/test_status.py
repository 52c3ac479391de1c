"""What a number says against its target, and which changes are named (visual reference, part 4)."""

from decimal import Decimal

import pytest

from accounts.periods import PeriodKind, latest_complete
from metrics.kpis import KPI
from metrics.pages.runs import with_days
from metrics.pages.words import judged_against, of_one
from metrics.result import Result
from metrics.status import change_between, status_of
from tests.factories import day


def result(
    kpi: str, value: float | None, low: float | None = None, high: float | None = None, n: int = 40
) -> Result:
    when = latest_complete(PeriodKind.T12, day("2026-01-31"))
    numbers = [None if each is None else Decimal(str(each)) for each in (value, low, high)]
    return Result(
        KPI[kpi], "company", None, when, "as-was", numbers[0], low=numbers[1], high=numbers[2], n=Decimal(n)
    )


@pytest.mark.parametrize(
    ("kpi", "value", "low", "high", "n", "target", "state"),
    [
        ("win_rate", 60, 55, 65, 40, 50, "on_target"),
        ("win_rate", 60, 50, 65, 40, 50, "on_target"),
        ("win_rate", 40, 35, 45, 40, 50, "short"),
        ("win_rate", 60, 45, 65, 40, 50, "too_close"),
        ("win_rate", 100, 40, 100, 4, 50, "too_few"),
        ("win_rate", 60, 55, 65, 40, None, "no_target"),
        ("win_rate", None, None, None, 0, 50, "no_data"),
        ("sales_cycle_length", 80, 70, 90, 40, 100, "within_limit"),
        ("sales_cycle_length", 120, 110, 130, 40, 100, "over"),
        ("sales_cycle_length", 99, 90, 108, 40, 100, "too_close"),
        # A sum is known exactly, from however few accounts.
        ("account_revenue", 900, None, None, 1, 800, "on_target"),
        ("account_revenue", 700, None, None, 1, 800, "short"),
        ("quota_attainment", 91, None, None, 1, 100, "short"),
        # Neither high nor low is good by itself.
        ("revenue_concentration", 30, None, None, 40, 20, "no_target"),
    ],
)
def test_the_state_follows_the_whole_range(
    kpi: str,
    value: float | None,
    low: float | None,
    high: float | None,
    n: int,
    target: float | None,
    state: str,
) -> None:
    wanted = None if target is None else Decimal(str(target))
    assert status_of(result(kpi, value, low, high, n), wanted) == state


def test_a_number_without_a_known_range_is_judged_by_its_value_and_says_so() -> None:
    velocity, revenue = result("pipeline_velocity", 900), result("account_revenue", 900)

    assert status_of(velocity, Decimal(800)) == status_of(revenue, Decimal(800)) == "on_target"
    assert judged_against(velocity, Decimal(800)) == "target €800\u00a0a day, by its value alone"
    # A sum is exact, and a share has its range: both need no such word. Of too few nothing is said.
    assert judged_against(revenue, Decimal(800)) == "target €800"
    assert judged_against(result("win_rate", 60, 55, 65), Decimal(50)) == "target 50\u00a0%"
    assert judged_against(result("pipeline_velocity", 900, n=4), Decimal(800)) == ""
    # It never gets an arrow, however large the change.
    change = change_between(result("pipeline_velocity", 100), velocity)
    assert (change.state, change.direction) == ("unsure", "")


@pytest.mark.parametrize(
    ("before", "now", "state", "better"),
    [
        # Thirty or more: beyond half of the range of the difference, here the root of 5² + 5².
        (result("win_rate", 50, 45, 55), result("win_rate", 58, 53, 63), "named", True),
        (result("win_rate", 50, 45, 55), result("win_rate", 57, 52, 62), "noise", True),
        # Fewer: only when the ranges part.
        (result("win_rate", 50, 45, 55, 20), result("win_rate", 58, 53, 63, 20), "noise", True),
        (result("win_rate", 50, 45, 55, 20), result("win_rate", 62, 57, 67, 20), "named", True),
        (result("win_rate", 50, 20, 80, 4), result("win_rate", 90, 60, 98, 40), "not_compared", None),
        (
            result("sales_cycle_length", 90, 85, 95),
            result("sales_cycle_length", 120, 115, 125),
            "named",
            False,
        ),
        (result("account_revenue", 900), result("account_revenue", 901), "named", True),
        (result("account_revenue", 900), result("account_revenue", 900), "none", None),
        (result("account_revenue", None), result("account_revenue", 900), "not_compared", None),
        # Made of two estimates, and nobody knows how sure it is.
        (result("lifespan", 9), result("lifespan", 11), "unsure", None),
        (result("revenue_concentration", 30), result("revenue_concentration", 40), "named", None),
    ],
)
def test_a_change_is_named_only_beyond_noise(
    before: Result, now: Result, state: str, better: bool | None
) -> None:
    change = change_between(before, now)
    assert (change.state, change.is_better) == (state, better)


@pytest.mark.parametrize(
    ("many", "said"),
    [
        ("1 accounts ordered", "1 account ordered"),
        ("1 orders of 1 accounts", "1 order of 1 account"),
        ("2,001 accounts", "2,001 accounts"),
        ("31 answers", "31 answers"),
    ],
)
def test_one_is_not_many(many: str, said: str) -> None:
    assert of_one(many) == said


def test_a_row_left_out_is_told_with_days_as_everywhere_else() -> None:
    told = with_days("closed 2019-11-25, first contact 2019-11-30").replace("\N{NO-BREAK SPACE}", " ")
    assert told == "closed 25 Nov 2019, first contact 30 Nov 2019"
    assert with_days("USD on 12-34") == "USD on 12-34"
