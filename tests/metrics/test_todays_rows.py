"""As of an earlier run: what only rows can tell says that it tells of today's rows."""

import pytest

from metrics.results import TODAYS_ROWS
from tests.factories import make_account, make_opportunity, make_order, make_user
from tests.metrics.engine import period, report_in, result, run

pytestmark = pytest.mark.django_db

STORED, CUSTOM = period("2025-01-01", "2025-04-01"), period("2025-01-01", "2025-03-01")


def test_a_median_of_a_period_that_the_earlier_run_did_not_store_says_so() -> None:
    report_in("EUR")
    account = make_account(owner=make_user(), since="2024-01-01")
    make_order(account, "2025-01-10", 50)
    deal = make_opportunity(account, "2025-01-05", 100, outcome="won", closed_on="2025-02-10")
    earlier = run("2025-06-15")
    type(deal).objects.filter(pk=deal.pk).update(amount=300)
    run("2025-06-16")

    kept, made_now = (result("median_deal_size", when, run=earlier) for when in (STORED, CUSTOM))

    assert (kept.value, kept.notice) == (100, "")
    assert (made_now.value, made_now.notice) == (300, TODAYS_ROWS)
    assert result("median_deal_size", CUSTOM).notice == ""
    assert result("revenue_concentration", CUSTOM, run=earlier).notice == ""
