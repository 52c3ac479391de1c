"""What the tests of whitespace and renewals share."""

import datetime
from typing import Any

from accounts.periods import add_months, first_of_month
from metrics.recompute.rates import refresh_daily_rates
from tests.factories import make_run


def months_ago(today: datetime.date, back: int) -> datetime.date:
    """The 10th of an earlier month, counted from the one that is not over; on a month's last day that is the next."""
    running = first_of_month(today + datetime.timedelta(days=1))
    return add_months(running, -back) + datetime.timedelta(days=9)


def published(today: datetime.date) -> Any:
    """A run of today, with the rates that hold until then."""
    refresh_daily_rates(None, today)
    return make_run(today)
