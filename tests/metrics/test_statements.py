"""The number of SQL statements depends on sources and months, never on accounts."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, Assignment, Opportunity, Order, OrderLine
from accounts.periods import Period
from metrics.kpis import KPIS
from metrics.models import Run, Scope, View
from metrics.recompute.run import Order as Request
from metrics.recompute.run import recompute
from metrics.results import every_key, results
from tests.factories import (
    make_membership,
    make_team,
    make_user,
    span,
)
from tests.metrics.engine import day, drop_temporary_tables, period

pytestmark = pytest.mark.django_db

AS_OF = day("2025-06-17")
STORED, CUSTOM = period("2025-01-01", "2025-02-01"), period("2024-11-01", "2025-04-01")


def statements(action: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        action()
    return len(captured)


def add_accounts(number: int) -> None:
    """In few statements: each with an owner, an order before and within, and a deal."""
    user = make_user()
    make_membership(user, make_team(), "2024-01-01")
    accounts = Account.objects.bulk_create([Account(name=f"Many {index}") for index in range(number)])
    Assignment.objects.bulk_create(
        [Assignment(account=each, user=user, during=span("2024-10-01", None)) for each in accounts]
    )
    orders = Order.objects.bulk_create(
        [
            Order(account=each, number="1", date=date)
            for each in accounts
            for date in (day("2024-10-05"), day("2025-03-05"))
        ]
    )
    OrderLine.objects.bulk_create([OrderLine(order=order, amount=10) for order in orders])
    Opportunity.objects.bulk_create(
        [Opportunity(account=each, name="Deal", amount=5, opened_on=day("2025-01-05")) for each in accounts]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def night(cause: str) -> Callable[[], Run]:
    return lambda: recompute(Request(cause, AS_OF))


def touch(number: int) -> None:
    """The orders of so many accounts."""
    newest = list(Account.objects.order_by("-pk").values_list("pk", flat=True)[:number])
    orders = list(Order.objects.filter(account__in=newest).values_list("pk", flat=True))
    OrderLine.objects.filter(order__in=orders).update(amount=F("amount") + 1)


def counts() -> dict[str, int]:
    touch(5)
    found = {"full": statements(night(Run.Cause.FULL))}
    drop_temporary_tables()
    found["quiet night"] = statements(night(Run.Cause.MANUAL))
    drop_temporary_tables()
    touch(Account.objects.count() // 10)
    found["night"] = statements(night(Run.Cause.MANUAL))
    drop_temporary_tables()
    for name, when in (("stored", STORED), ("live", CUSTOM)):
        for scope in Scope.values:
            found[f"{name} {scope}"] = statements(lambda scope=scope, when=when: every_key(KPIS, when, scope))
        found[f"{name} book"] = statements(
            lambda when=when: every_key(KPIS, when, Scope.OWNER, View.CURRENT_BOOK)
        )
    found["portfolio"] = statements(portfolio)
    return found


def portfolio() -> None:
    keys = list(Account.objects.values_list("pk", flat=True))
    results(KPIS, [STORED, Period(STORED.start.replace(year=2024), STORED.end)], Scope.ACCOUNT, keys)


def test_ten_times_the_accounts_need_the_same_statements() -> None:
    add_accounts(50)
    night(Run.Cause.FULL)()
    drop_temporary_tables()
    at_50 = counts()
    add_accounts(450)
    at_500 = counts()

    assert at_500 == at_50


def expected_rows(table: str, condition: str) -> int:
    """How many rows the planner reckons with."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) SELECT * FROM {table} WHERE {condition}")
        found: int = cursor.fetchone()[0][0]["Plan"]["Plan Rows"]
    return found


def test_a_night_tells_the_planner_of_a_month_that_nobody_had_heard_of() -> None:
    add_accounts(40)
    recompute(Request(Run.Cause.FULL, day("2027-05-31")))
    drop_temporary_tables()
    recompute(Request(Run.Cause.MANUAL, day("2027-06-01")))
    drop_temporary_tables()
    assert expected_rows("metrics_accountmonth", "month = '2027-06-01'") > 20
    assert expected_rows("metrics_scopefigures", "ends = '2027-07-01' AND valid_to IS NULL") > 20
