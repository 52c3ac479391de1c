"""Health against losses: on rows made by hand, whose answer can be counted on fingers."""

import datetime

import pytest

from accounts.periods import add_months
from metrics.alerts.backtest import backtest
from metrics.models import AccountMonth

pytestmark = pytest.mark.django_db

AS_OF, FIRST = datetime.date(2026, 6, 20), datetime.date(2025, 1, 1)
TAKEN = datetime.date(2025, 11, 1)


def stood(account: int, health: int, is_lost: bool) -> None:
    """Under contract at the end of November; half a year later, or not."""
    common = {"account_id": account, "began": FIRST, "currency": "EUR", "valid_from": 1}
    AccountMonth.objects.create(month=TAKEN, contracts=1, health_points=health, health_accounts=1, **common)
    AccountMonth.objects.create(month=add_months(TAKEN, 6), contracts=0 if is_lost else 1, **common)


def test_few_losses_give_no_answer() -> None:
    stood(1, 10, True)
    stood(2, 90, False)
    found = backtest(AS_OF, FIRST)

    assert (found.followed, found.lost, found.area) == (2, 1, None)


def test_the_share_of_pairs_in_which_the_lost_one_was_less_healthy() -> None:
    """Lost 0 to 9, kept 5 to 14: of 100 pairs 5 x 10 + (9 + 8 + 7 + 6 + 5) are right, and 5 are equal."""
    for number in range(10):
        stood(number + 1, number, True)
        stood(number + 101, number + 5, False)
    found = backtest(AS_OF, FIRST)

    assert found.area == pytest.approx((50 + 35 + 2.5) / 100)
    assert found.low is not None and found.high is not None
    assert 0.5 < found.low < found.area < found.high <= 1
    assert (found.worst, found.worst_lost) == (4, 4)
