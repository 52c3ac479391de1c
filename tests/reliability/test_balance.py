"""Rows that changed behind the triggers' back are found before anything is published."""

import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Organisation
from accounts.periods import month
from metrics.kpis import KPI
from metrics.models import AccountMonthPast, Run, ScopeFigures
from metrics.recompute.prune import prune
from metrics.recompute.run import Order, recompute
from metrics.results import results
from tests.factories import make_account, make_order
from tests.metrics.engine import drop_temporary_tables

pytestmark = pytest.mark.django_db
MAY = month(datetime.date(2026, 5, 1))


def run(day: str) -> Run:
    made = recompute(Order(Run.Cause.MANUAL, datetime.date.fromisoformat(day)))
    drop_temporary_tables()
    return made


def revenue_in_may(as_of: Run | None = None) -> Decimal | None:
    (found,) = results([KPI["account_revenue"]], [MAY], run=as_of).values()
    return found.value


@pytest.mark.django_db(transaction=True)
def test_a_change_that_no_trigger_saw_makes_the_run_rebuild_everything() -> None:
    Organisation.objects.create(pk=1)
    make_order(make_account("A"), "2026-05-05", 100)
    recompute(Order(Run.Cause.MANUAL, datetime.date(2026, 6, 10)))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_orderline DISABLE TRIGGER USER")
        cursor.execute("UPDATE accounts_orderline SET amount = 130")
        cursor.execute("ALTER TABLE accounts_orderline ENABLE TRIGGER USER")
    found = recompute(Order(Run.Cause.MANUAL, datetime.date(2026, 6, 11)))
    assert found.is_full
    assert revenue_in_may() == 130


def test_versions_older_than_13_months_keep_what_the_last_run_of_a_month_saw() -> None:
    Organisation.objects.create(pk=1)
    order = make_order(make_account("A"), "2026-05-05", 100)
    runs = []
    for day, amount in (("2026-06-10", 100), ("2026-06-20", 110), ("2026-06-30", 120), ("2026-07-10", 130)):
        order.lines.update(amount=amount)
        runs.append(run(day))
    first, second, last_of_june, newest = runs
    Run.objects.exclude(pk=newest.pk).update(published_at=timezone.now() - datetime.timedelta(days=500))
    assert prune(timezone.now()) > 0
    assert list(Run.objects.filter(is_kept=False).order_by("pk")) == [first, second]
    assert revenue_in_may(last_of_june) == 120
    assert revenue_in_may() == 130
    for table in (AccountMonthPast, ScopeFigures):
        assert not table.objects.filter(valid_to__lte=second.pk).exists()


def test_younger_versions_are_all_kept() -> None:
    Organisation.objects.create(pk=1)
    order = make_order(make_account("A"), "2026-05-05", 100)
    first = run("2026-06-10")
    order.lines.update(amount=110)
    run("2026-06-20")
    assert prune(timezone.now()) == 0
    assert revenue_in_may(first) == 100
