"""What the account page shows besides its figures: group, people, deals, contracts, orders, timeline."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import Sum

from accounts.models import Account, Contract, Order, Organisation
from accounts.periods import add_months, first_of_month
from accounts.portfolio.models import AccountQuerySet
from metrics.models import AccountMonth, Run
from metrics.pages.account_figures import dictionaries
from metrics.pages.portfolio_rows import SHOWN, SOON, URGENT, Row, bounds, group_row, row_of, visible_sql
from metrics.pages.renewal_rows import Renewal, renewals
from metrics.sources.orders import ORDER_LINES

MONTHS_SHOWN = 24
ORDERS_A_PAGE = 25
CLOSED_SHOWN = 10
DEALS_READ = 60


@dataclass(frozen=True)
class Family:
    """The companies of the account's group that the person may see; `whole` holds their sums."""

    root_id: int
    root_name: str
    companies: list[Row]

    @property
    def count(self) -> int:
        return len(self.companies)

    @property
    def has_several(self) -> bool:
        return self.count > 1

    @property
    def whole(self) -> Row:
        return group_row(self.root_id, self.root_name, self.companies)

    @property
    def sees_root(self) -> bool:
        return any(each.id == self.root_id for each in self.companies)


def family_of(account: int, visible: AccountQuerySet, run: Run | None, today: datetime.date) -> Family:
    """The account's group of companies with their figures, the topmost first."""
    seen, params = visible_sql(visible)
    extra = "chosen.root_id, chosen.root_name"
    sql = f"""
        WITH RECURSIVE visible AS ({seen}),
        up AS (SELECT id, parent_id, name FROM accounts_account WHERE id = %(account)s
                UNION ALL
               SELECT a.id, a.parent_id, a.name FROM accounts_account a JOIN up ON a.id = up.parent_id),
        down AS (SELECT id, id AS root_id, name AS root_name FROM up WHERE parent_id IS NULL
                  UNION ALL
                 SELECT a.id, down.root_id, down.root_name
                   FROM accounts_account a JOIN down ON a.parent_id = down.id),
        members AS (SELECT * FROM down WHERE id IN (SELECT id FROM visible))
        {SHOWN.format(chosen="members", extra=extra)}
        ORDER BY a.id <> chosen.root_id, UPPER(a.name), a.id"""
    with connection.cursor() as cursor:
        cursor.execute(sql, {**params, **bounds(run, today), "account": account})
        found = dictionaries(cursor)
    return Family(found[0]["root_id"], found[0]["root_name"], [row_of(each, today) for each in found])


@dataclass(frozen=True)
class NextRenewal:
    """The contract to be decided next, how much time is left, and how many more are open."""

    contract: Renewal
    more: int

    @property
    def state(self) -> str:
        days = self.contract.days
        return "overdue" if days <= URGENT else "watch" if days <= SOON else ""

    @property
    def words(self) -> str:
        days = self.contract.days
        if days < 0:
            return f"the notice date passed {-days} days ago; the customer can no longer leave on time"
        return f"{days} days to decide" if days != 1 else "1 day to decide"


def next_renewal(
    visible: AccountQuerySet, account: int, run: Run | None, organisation: Organisation
) -> NextRenewal | None:
    """Of the open contracts that have an end to come, the one whose notice date comes first."""
    found = renewals(visible.filter(pk=account), run, organisation, until=datetime.date.max)
    waiting = [each for each in found if not each.has_ended]
    return NextRenewal(waiting[0], len(waiting) - 1) if waiting else None


def contracts_of(account: Account) -> list[Contract]:
    return list(Contract.objects.filter(account=account).order_by("-during", "number"))


def orders_page(account: Account, number: int) -> Page[Any]:
    orders = (
        Order.objects.filter(account=account).select_related("seller").annotate(total=Sum("lines__amount"))
    )
    return Paginator(orders.order_by("-date", "-pk"), ORDERS_A_PAGE).get_page(number)


# ------------------------------------------------------------------------------------------------ revenue


@dataclass(frozen=True)
class Month:
    month: datetime.date
    amount: Decimal
    before: Decimal
    """The same month a year earlier."""


@dataclass(frozen=True)
class Recorded:
    """What a run holds of one month of an account."""

    revenue: Decimal
    band_level: int
    points: Decimal


def recorded_months(account: int, run: Run) -> dict[datetime.date, Recorded]:
    """The last 24 months of the run."""
    since = add_months(first_of_month(run.as_of), -(MONTHS_SHOWN - 1))
    months = AccountMonth.objects.filter(account_id=account, month__gte=since)
    sums = months.values("month").annotate(
        of_revenue=Sum("revenue"), of_level=Sum("band_level"), of_points=Sum("points")
    )
    return {
        each["month"]: Recorded(
            each["of_revenue"], int(each["of_level"] or 0), each["of_points"] or Decimal(0)
        )
        for each in sums.order_by("month")
    }


def revenue_by_month(recorded: Mapping[datetime.date, Recorded], run: Run) -> list[Month]:
    """The last 12 months of the run and the 12 before them, the current month included."""
    last = first_of_month(run.as_of)
    months = [add_months(last, -index) for index in range(MONTHS_SHOWN // 2)][::-1]
    amounts = {each: found.revenue for each, found in recorded.items()}
    zero = Decimal(0)
    return [Month(each, amounts.get(each, zero), amounts.get(add_months(each, -12), zero)) for each in months]


@dataclass(frozen=True)
class Category:
    name: str
    now: Decimal | None
    before: Decimal | None

    @property
    def change(self) -> Decimal | None:
        return None if self.now is None or self.before is None else self.now - self.before


def revenue_by_category(account: int, start: datetime.date, end: datetime.date) -> list[Category]:
    """Net amount per product category in a period and in the year before it, at each order's own rate."""
    rows = ORDER_LINES.select("o.account_id = %(account)s")
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT COALESCE(c.name, 'Without a category') AS name,
                   SUM(x.amount) FILTER (WHERE x.date >= %(start)s) AS now,
                   SUM(x.amount) FILTER (WHERE x.date < %(start)s) AS before
              FROM ({rows}) x
              JOIN accounts_orderline l ON l.id = x.id
              LEFT JOIN accounts_product p ON p.id = l.product_id
              LEFT JOIN accounts_productcategory c ON c.id = p.category_id
             WHERE x.date >= %(before)s AND x.date < %(end)s
             GROUP BY 1 ORDER BY 2 DESC NULLS LAST, 1""",
            {"account": account, "start": start, "end": end, "before": add_months(start, -12)},
        )
        zero = Decimal(0)
        return [Category(name, now or zero, before or zero) for name, now, before in cursor.fetchall()]
