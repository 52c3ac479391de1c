"""A real sales organisation: its data through the product's own import, its figures from independent loops."""

import csv
import datetime
import gzip
import importlib.util
import io
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from accounts.models import Assignment, User
from accounts.periods import Period, year
from metrics.models import QueuedAccount, Run, Scope, View
from tests.metrics.engine import all_keys, by_key, result, run
from tests.metrics.test_golden import CASES, is_real_data

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sales")]

Day = datetime.date
ROOT = Path(__file__).resolve().parents[2]
AS_OF = Day(2014, 1, 15)
Y2011, Y2012, Y2013 = (year(Day(number, 1, 1)) for number in (2011, 2012, 2013))


def folder() -> Path:
    found = os.environ.get("KAMPLAN_SAMPLE_DATA")
    if not found:
        pytest.skip("KAMPLAN_SAMPLE_DATA names no folder with the AdventureWorks data")
    path = Path(found)
    return path if (path / "order_lines.csv.gz").exists() else path / "adventureworks"


def loader() -> ModuleType:
    spec = importlib.util.spec_from_file_location("load", ROOT / "examples" / "adventureworks" / "load.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def sales(django_db_setup: None, django_db_blocker: Any) -> Iterator[Run]:
    """Everything imported and one run, kept for this file and rolled back after it."""
    data = folder()
    with django_db_blocker.unblock(), transaction.atomic():
        loader().load(data)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        yield run(AS_OF)
        transaction.set_rollback(True)


# ------------------------------------------------------------------- the same, from the files alone


@dataclass(frozen=True)
class Line:
    order: str
    date: Day
    account: str
    seller: str
    category: str
    amount: Decimal


@dataclass(frozen=True)
class Files:
    lines: list[Line]
    quotas: list[tuple[str, Day, Decimal]]


def rows(path: Path) -> list[dict[str, str]]:
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(io.StringIO(text.decode())))


@pytest.fixture(scope="module")
def files() -> Files:
    data = folder()
    category = {row["ProductKey"]: row["Category"] for row in rows(data / "products.csv")}
    return Files(
        [
            Line(
                row["SalesOrderNumber"],
                Day.fromisoformat(row["OrderDate"]),
                row["ResellerKey"],
                row["EmployeeKey"],
                category[row["ProductKey"]],
                Decimal(row["SalesAmount"]),
            )
            for row in rows(data / "order_lines.csv.gz")
        ],
        [
            (row["EmployeeKey"], Day.fromisoformat(row["QuotaDate"]), Decimal(row["SalesAmountQuota"]))
            for row in rows(data / "quotas.csv")
        ],
    )


@dataclass(frozen=True)
class Book:
    """One account: its owner at a day, and its orders."""

    owner_since: list[tuple[Day, str]]
    orders: dict[str, tuple[Day, Decimal]]
    first_of_category: dict[str, Day]

    def owner_for(self, period: Period) -> str:
        """At the period's start; of an account that began later, the first one."""
        held = [owner for since, owner in self.owner_since if since <= period.start]
        return held[-1] if held else self.owner_since[0][1]

    def ordered(self, period: Period) -> list[Decimal]:
        return [amount for date, amount in self.orders.values() if period.start <= date < period.end]

    def revenue(self, period: Period) -> Decimal:
        return sum(self.ordered(period), Decimal(0))


def books(files: Files) -> dict[str, Book]:
    made: dict[str, Book] = {}
    by_account: dict[str, list[Line]] = defaultdict(list)
    for line in files.lines:
        by_account[line.account].append(line)
    for account, lines in by_account.items():
        orders: dict[str, tuple[Day, Decimal]] = {}
        seller_on: dict[Day, tuple[str, str]] = {}
        first: dict[str, Day] = {}
        for line in lines:
            orders[line.order] = (line.date, orders.get(line.order, (line.date, Decimal(0)))[1] + line.amount)
            seller_on[line.date] = max(seller_on.get(line.date, ("", "")), (line.order, line.seller))
            if line.category:
                first[line.category] = min(first.get(line.category, line.date), line.date)
        since: list[tuple[Day, str]] = []
        for date in sorted(seller_on):
            seller = seller_on[date][1]
            if not since or since[-1][1] != seller:
                since.append((date, seller))
        made[account] = Book(since, orders, first)
    return made


def percent(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    return Decimal(100) * part / whole if whole else None


def grown(own: list[Book], now: Period) -> Decimal | None:
    before = sum((book.revenue(now.moved(-12)) for book in own), Decimal(0))
    after = sum((book.revenue(now) for book in own), Decimal(0))
    return percent(after - before, before) if before > 0 else None


def retained(own: list[Book], now: Period, most: Callable[[Decimal, Decimal], Decimal]) -> Decimal | None:
    pairs = [(book.revenue(now.moved(-12)), book.revenue(now)) for book in own]
    base = [(start, end) for start, end in pairs if start > 0]
    return percent(sum((most(*pair) for pair in base), Decimal(0)), sum((s for s, _ in base), Decimal(0)))


def kept(own: list[Book], now: Period) -> Decimal | None:
    base = [book for book in own if book.ordered(now.moved(-12))]
    return percent(sum(bool(book.ordered(now)) for book in base), len(base))


def again(own: list[Book], now: Period) -> Decimal | None:
    numbers = [len(book.ordered(now)) for book in own]
    return percent(sum(number >= 2 for number in numbers), sum(number >= 1 for number in numbers))


def crossed(own: list[Book], now: Period) -> Decimal | None:
    base = [book for book in own if book.ordered(now.moved(-12))]
    return percent(
        sum(any(day in now for day in book.first_of_category.values()) for book in base), len(base)
    )


BY_ACCOUNT: dict[str, Callable[[list[Book], Period], Decimal | None]] = {
    "revenue_growth": grown,
    "nrr": lambda own, now: retained(own, now, lambda start, end: end),
    "grr": lambda own, now: retained(own, now, min),
    "retention_logo": kept,
    "repeat_customer_rate": again,
    "cross_sell_rate": crossed,
}


def sold(files: Files, now: Period) -> dict[str, tuple[Decimal, int]]:
    """Per seller what the seller's orders brought, and how many they were."""
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    orders: dict[str, set[str]] = defaultdict(set)
    for line in files.lines:
        if line.date in now:
            amounts[line.seller] += line.amount
            orders[line.seller].add(line.order)
    return {seller: (amount, len(orders[seller])) for seller, amount in amounts.items()}


def attained(files: Files, now: Period) -> dict[str, Decimal]:
    starts: dict[str, list[tuple[Day, Decimal]]] = defaultdict(list)
    for seller, day, amount in files.quotas:
        starts[seller].append((day, amount))
    found = {}
    for seller, quotas in starts.items():
        quotas.sort()
        ends = [day for day, _ in quotas[1:]] + [Day.max]
        windows = [(s, e, a) for (s, a), e in zip(quotas, ends, strict=True) if s in now]
        if windows:
            booked = sum(
                (
                    line.amount
                    for line in files.lines
                    if line.seller == seller and any(s <= line.date < e for s, e, _ in windows)
                ),
                Decimal(0),
            )
            found[seller] = Decimal(100) * booked / sum(a for _, _, a in windows)
    return found


def people() -> dict[int, str]:
    return dict(User.objects.exclude(external_id="").values_list("pk", "external_id"))


def by_seller(kpi: str, now: Period, view: str = View.AS_WAS) -> dict[str, Decimal]:
    names = people()
    found = by_key(kpi, now, Scope.OWNER, view)
    return {
        names[key]: each.value for key, each in found.items() if key is not None and each.value is not None
    }


def same(found: dict[str, Decimal], expected: dict[str, Decimal | None]) -> None:
    wanted = {key: float(value) for key, value in expected.items() if value is not None}
    assert {key: float(value) for key, value in found.items()} == pytest.approx(wanted, rel=1e-9)


# ------------------------------------------------------------------------------------------ tests


def printed(kpi: str, now: Period, *options: str) -> list[dict[str, Any]]:
    out = io.StringIO()
    call_command("kpi", kpi, *options, "--from", str(now.start), "--to", str(now.end), "--json", stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def company(kpi: str, now: Period) -> dict[str, Any]:
    (line,) = printed(kpi, now)
    return line


WHOLE = Period(Day(2010, 12, 1), Day(2013, 12, 1))


@pytest.mark.parametrize(
    ("kpi", "now", "part", "expected"),
    [
        ("account_revenue", WHOLE, "value", "80450596.98"),
        ("account_revenue", WHOLE, "n", "635"),
        ("avg_order_value", WHOLE, "denominator", "3796"),
        ("account_revenue", Y2011, "value", "18192802.71"),
        ("account_revenue", Y2012, "value", "28193631.53"),
        ("account_revenue", Y2013, "value", "33574834.16"),
        ("account_revenue", Y2011, "n", "251"),
        ("account_revenue", Y2012, "n", "401"),
        ("account_revenue", Y2013, "n", "489"),
        ("avg_order_value", Y2011, "denominator", "773"),
        ("avg_order_value", Y2012, "denominator", "1277"),
        ("avg_order_value", Y2013, "denominator", "1708"),
        ("avg_order_value", Y2012, "value", "22078.02"),
        ("avg_order_value", Y2013, "value", "19657.40"),
        ("nrr", Y2013, "value", "77.0077"),
        ("nrr", Y2013, "n", "401"),
        ("grr", Y2013, "value", "60.0719"),
        ("retention_logo", Y2013, "value", "77.5561"),
        ("retention_logo", Y2013, "numerator", "311"),
        ("retention_logo", Y2013, "denominator", "401"),
        ("repeat_customer_rate", WHOLE, "numerator", "605"),
        ("repeat_customer_rate", WHOLE, "denominator", "635"),
    ],
)
def test_the_command_prints_the_known_values(kpi: str, now: Period, part: str, expected: str) -> None:
    digits = Decimal(expected).as_tuple().exponent

    assert round(Decimal(str(company(kpi, now)[part])), -int(digits)) == Decimal(expected)


def test_who_came_back_stands_beside_the_retention() -> None:
    beside = company("retention_logo", Y2013)["beside"]

    assert (beside["new"], beside["reactivated"] + beside["returned"], beside["active_end"]) == (172, 6, 489)


@pytest.mark.parametrize("case", [case for case in CASES if is_real_data(case)], ids=lambda case: case["kpi"])
def test_the_worked_examples_of_the_real_data(case: dict[str, Any]) -> None:
    found = result(case["kpi"], Y2013).value

    assert found is not None
    assert round(float(found), 4) == case["expected"]


def test_the_derived_owners_are_those_of_the_rule(files: Files) -> None:
    made = books(files)

    assert Assignment.objects.count() == sum(len(book.owner_since) for book in made.values()) == 916
    assert sum(len(book.owner_since) - 1 for book in made.values()) == 281


@pytest.mark.parametrize("now", [Y2012, Y2013], ids=["2012", "2013"])
def test_what_a_person_sold_is_the_sum_of_that_persons_rows(files: Files, now: Period) -> None:
    expected = sold(files, now)

    revenue = {key: value for key, value in by_seller("account_revenue", now).items() if value}
    same(revenue, {key: amount for key, (amount, _) in expected.items()})
    same(by_seller("avg_order_value", now), {key: amount / n for key, (amount, n) in expected.items()})


@pytest.mark.parametrize("kpi", BY_ACCOUNT)
@pytest.mark.parametrize("now", [Y2012, Y2013], ids=["2012", "2013"])
def test_a_persons_figure_is_made_of_that_persons_accounts(files: Files, kpi: str, now: Period) -> None:
    own: dict[str, list[Book]] = defaultdict(list)
    for book in books(files).values():
        if min(date for date, _ in book.orders.values()) < now.end:
            own[book.owner_for(now)].append(book)

    same(by_seller(kpi, now), {seller: BY_ACCOUNT[kpi](mine, now) for seller, mine in own.items()})


@pytest.mark.parametrize("kpi", ["nrr", "retention_logo", "revenue_growth"])
def test_the_current_book_is_made_of_todays_accounts(files: Files, kpi: str) -> None:
    own: dict[str, list[Book]] = defaultdict(list)
    for book in books(files).values():
        own[book.owner_since[-1][1]].append(book)

    same(
        by_seller(kpi, Y2013, View.CURRENT_BOOK),
        {seller: BY_ACCOUNT[kpi](mine, Y2013) for seller, mine in own.items()},
    )


@pytest.mark.parametrize("now", [Y2011, Y2012, Y2013], ids=["2011", "2012", "2013"])
def test_quotas_are_reached_in_their_own_windows(files: Files, now: Period) -> None:
    same(by_seller("quota_attainment", now), dict(attained(files, now)))


def test_the_sum_over_persons_is_the_company() -> None:
    additive = ("account_revenue", "nrr", "grr", "retention_logo", "repeat_customer_rate", "cross_sell_rate")
    for now in (Y2012, Y2013):
        for kpi in additive:
            whole = result(kpi, now)
            parts = by_key(kpi, now, Scope.OWNER).values()
            assert sum(part.numerator or 0 for part in parts) == whole.numerator, kpi
            assert sum(part.denominator or 0 for part in parts) == (whole.denominator or 0), kpi


def test_the_command_names_persons_by_their_external_id(files: Files) -> None:
    lines = printed("account_revenue", Y2012, "--by", "owner")

    amounts = {line["key"]: Decimal(line["value"]) for line in lines if Decimal(line["value"])}
    assert amounts == {key: amount for key, (amount, _) in sold(files, Y2012).items()}


def test_importing_again_and_rebuilding_change_nothing() -> None:
    before = tables()
    assert not QueuedAccount.objects.exists()

    loader().load(folder())

    assert not QueuedAccount.objects.exists()
    assert tables() == before
    again = run(AS_OF, Run.Cause.FULL)
    assert again.is_full
    assert (again.rows_inserted, again.rows_replaced, again.figures) == (0, 0, 0)
    assert all_keys(["nrr"], Y2013, Scope.COMPANY)["nrr", None].run == again


def tables() -> dict[str, str]:
    """A digest of every row of the tables that the import writes."""
    names = (
        "account",
        "assignment",
        "classification",
        "product",
        "order",
        "orderline",
        "quota",
        "exchangerate",
        "user",
    )
    found = {}
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(
                f"SELECT COUNT(*), md5(string_agg(md5(t::text), '' ORDER BY t.id)) FROM accounts_{name} t"
            )
            found[name] = str(cursor.fetchone())
    return found
