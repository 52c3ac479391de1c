"""The example imports real sales through the product's own import.

Expected values are those of the issue and of the data's own README.
"""

import datetime
import os
from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import Count, Sum

from accounts.models import (
    Account,
    Assignment,
    Classification,
    ExchangeRate,
    Order,
    OrderLine,
    Organisation,
    Quota,
)
from examples.adventureworks import load

DATA = Path(os.environ.get("KAMPLAN_SAMPLE_DATA", "")) / "adventureworks"
needs_data = pytest.mark.skipif(
    not os.environ.get("KAMPLAN_SAMPLE_DATA") or not DATA.is_dir(),
    reason="KAMPLAN_SAMPLE_DATA does not name a folder with adventureworks/ in it",
)


def test_the_seller_of_a_day_s_last_order_owns_the_account_until_the_next_seller() -> None:
    def line(number: str, day: str, seller: str, account: str = "7") -> dict[str, str]:
        return {"ResellerKey": account, "SalesOrderNumber": number, "OrderDate": day, "EmployeeKey": seller}

    lines = [
        line("S4", "2012-03-01", "b"),
        line("S1", "2012-01-01", "a"),
        line("S2", "2012-01-01", "b"),
        line("S3", "2012-02-01", "b"),
        line("S5", "2012-04-01", "a"),
        line("S5", "2012-04-01", "a"),
        line("S6", "2012-05-01", "c", account="8"),
    ]
    assert load.by_last_order(lines, "EmployeeKey") == [
        ("7", "b", "2012-01-01", "2012-04-01"),
        ("7", "a", "2012-04-01", ""),
        ("8", "c", "2012-05-01", ""),
    ]
    assert load.days_with_two_sellers(lines) == 1


@needs_data
def test_the_derivation_gives_the_assignments_of_the_issue() -> None:
    lines = list(load.rows(DATA / "order_lines.csv.gz"))
    owners = load.by_last_order(lines, "EmployeeKey")
    assert len(owners) == 916
    assert sum(end != "" for *_, end in owners) == 281
    sellers: dict[str, set[str]] = {}
    for line in lines:
        sellers.setdefault(line["ResellerKey"], set()).add(line["EmployeeKey"])
    assert sum(len(people) > 1 for people in sellers.values()) == 210
    assert load.days_with_two_sellers(lines) == 3


@needs_data
@pytest.mark.django_db
def test_the_data_are_loaded_and_a_second_time_changes_no_row(capsys: pytest.CaptureFixture[str]) -> None:
    load.load(DATA)
    capsys.readouterr()
    assert Organisation.current().reporting_currency == "USD"
    assert Account.objects.count() == 701
    assert Assignment.objects.count() == 916
    assert Assignment.objects.filter(during__endswith__isnull=False).count() == 281
    assert Classification.objects.filter(region__isnull=False).values("account").distinct().count() == 635
    assert Order.objects.count() == 3_796
    assert OrderLine.objects.count() == 60_855
    assert Quota.objects.count() == 163
    assert ExchangeRate.objects.count() == 5_790 - 1_158
    sums = OrderLine.objects.aggregate(sales=Sum("amount"), cost=Sum("cost"))
    assert {name: round(value, 2) for name, value in sums.items()} == {
        "sales": Decimal("80450596.98"),
        "cost": Decimal("79980114.38"),
    }
    years = Order.objects.filter(date__year__gte=2011).values("date__year").order_by("date__year")
    assert [
        (row["date__year"], row["orders"], row["resellers"])
        for row in years.annotate(orders=Count("pk"), resellers=Count("account", distinct=True))
    ] == [(2011, 773, 251), (2012, 1_277, 401), (2013, 1_708, 489)]
    dates = Order.objects.order_by("date").values_list("date", flat=True)
    assert (dates.first(), dates.last()) == (datetime.date(2010, 12, 29), datetime.date(2013, 11, 29))
    load.load(DATA)
    written = [line for line in capsys.readouterr().out.splitlines() if "created" in line]
    assert len(written) == 9
    assert all("0 created, 0 changed" in line for line in written)
