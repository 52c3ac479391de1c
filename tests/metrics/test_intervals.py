"""Ranges of 95 %: Wilson against published values, linearised against a bootstrap of its own."""

import json
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from metrics.intervals import linearised, wilson
from metrics.models import Scope
from tests.factories import make_account, make_opportunity, make_order
from tests.metrics.engine import period, result, run

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())
YEAR = period("2025-01-01", "2026-01-01")


@pytest.mark.parametrize(
    "case", [case for case in GOLDEN if case["kpi"] == "win_rate_interval"], ids=lambda case: case["case"]
)
def test_wilson_gives_the_published_bounds(case: dict[str, dict[str, int]]) -> None:
    bounds = wilson(case["inputs"]["k"], case["inputs"]["n"])

    assert bounds is not None
    assert [round(100 * bound, 5) for bound in bounds] == pytest.approx(case["expected"], abs=5e-6)


def test_wilson_has_no_bounds_without_trials_and_stays_between_0_and_1() -> None:
    assert wilson(0, 0) is None
    for trials in (1, 5, 40):
        for successes in range(trials + 1):
            low, high = wilson(successes, trials) or (0, 0)
            assert 0 <= low <= successes / trials <= high <= 1


def moments(pairs: list[tuple[float, float]]) -> tuple[Decimal, ...]:
    y, x = (sum(Decimal(str(pair[side])) for pair in pairs) for side in (0, 1))
    products = [
        sum((Decimal(str(a[i])) * Decimal(str(a[j])) for a in pairs), Decimal(0))
        for i, j in ((0, 0), (1, 0), (1, 1))
    ]
    return y, x, *products


def bootstrap(pairs: list[tuple[float, float]], draws: int = 2000) -> float:
    """The standard error of sum y / sum x when accounts are drawn again with replacement."""
    random = Random(3)
    ratios = []
    for _ in range(draws):
        drawn = random.choices(pairs, k=len(pairs))
        ratios.append(sum(y for y, _ in drawn) / sum(x for _, x in drawn))
    mean = sum(ratios) / draws
    return (sum((ratio - mean) ** 2 for ratio in ratios) / (draws - 1)) ** 0.5


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_linearised_range_is_that_of_a_bootstrap_over_accounts(seed: int) -> None:
    random = Random(seed)
    pairs = []
    for _ in range(300):
        x = round(random.lognormvariate(6, 0.6), 2)
        pairs.append((round(x * random.uniform(0.4, 1.5), 2), x))
    bounds = linearised(*moments(pairs), clusters=len(pairs))

    assert bounds is not None
    middle = sum(y for y, _ in pairs) / sum(x for _, x in pairs)
    assert sum(bounds) / 2 == pytest.approx(middle)
    assert (bounds[1] - bounds[0]) / 2 == pytest.approx(1.96 * bootstrap(pairs), rel=0.06)


def test_there_is_no_range_from_one_account_or_without_a_base() -> None:
    one = [(3.0, 4.0)]
    assert linearised(*moments(one), clusters=1) is None
    assert linearised(*moments([(1, 0), (2, 0)]), clusters=2) is None


@pytest.mark.django_db
def test_the_engine_uses_accounts_as_clusters() -> None:
    random, pairs = Random(9), []
    for _ in range(40):
        account = make_account()
        before, after = (round(random.lognormvariate(6, 0.8), 2) for _ in range(2))
        pairs.append((after, before))
        make_order(account, "2024-06-01", str(before))
        # Two orders of one account are one cluster.
        for part in (after / 4, 3 * after / 4):
            make_order(account, "2025-06-01", f"{part:.4f}")
    run("2025-12-31")

    found = result("nrr", YEAR)
    assert found.low is not None and found.high is not None
    assert float(found.high - found.low) / 200 == pytest.approx(1.96 * bootstrap(pairs), rel=0.1)
    assert found.n == 40


@pytest.mark.django_db
def test_a_value_of_few_is_marked_and_a_sum_never_is() -> None:
    for outcome in ("won", "lost", "won"):
        make_opportunity(make_account(), "2025-03-01", 10, outcome=outcome, closed_on="2025-04-01")
    make_order(make_account(), "2025-03-01")
    run("2025-12-31")

    assert result("win_rate", YEAR).is_too_few
    assert not result("account_revenue", YEAR).is_too_few


@pytest.mark.django_db
def test_a_figure_without_a_base_or_a_rate_says_why() -> None:
    make_order(make_account(currency="CHF"), "2025-03-01", 10)
    run("2025-12-31")
    quiet, ahead = period("2025-06-01", "2025-07-01"), period("2030-01-01", "2031-01-01")

    assert (result("account_revenue", YEAR).value, result("account_revenue", YEAR).reason) == (
        None,
        "no_rate",
    )
    assert (result("win_rate", YEAR).value, result("win_rate", YEAR).reason) == (None, "no_base")
    assert result("quota_attainment", YEAR).reason == "no_quota"
    assert result("account_revenue", quiet).value == 0
    assert (result("account_revenue", ahead).value, result("account_revenue", ahead).reason) == (
        None,
        "not_begun",
    )
    assert result("nrr", YEAR, Scope.ACCOUNT, 1).reason == "no_base"


@pytest.mark.django_db
def test_the_range_of_a_part_of_a_whole_stays_between_0_and_100() -> None:
    """Two accounts kept 90 and 100 of 100: the plain range of the gross retention would end above 100."""
    for name, now in (("A", 90), ("B", 100)):
        account = make_account(name)
        make_order(account, "2024-05-01", 100)
        make_order(account, "2025-05-01", now)
    run("2026-01-10")
    found = result("grr", YEAR)
    assert found.value == 95
    assert found.low is not None and found.high == 100
    assert 0 <= found.low < 95
