"""Where the time goes against where the value lies: one point for each account."""

import datetime
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from accounts.models import Assignment
from accounts.periods import Day, Period, PeriodKind, add_months, latest_complete
from accounts.portfolio.models import AccountQuerySet
from metrics.kpi import Kpi
from metrics.kpis import KPI
from metrics.kpis.engagement import impact
from metrics.loading import books_of
from metrics.models import Run, View
from metrics.pages.accounts import per_account
from metrics.pages.places import COMPANY
from metrics.reading import facts_of

QUARTER = 3
UNDERSERVED, OVERSERVED = Decimal(2), Decimal("0.5")
ZERO = Decimal(0)


@dataclass(frozen=True)
class Stand:
    """What an account is worth and what it took, at the end of a quarter."""

    revenue: Decimal = ZERO
    potential: Decimal | None = None
    """None: nobody estimated, or its fit is unknown; that is not 0."""
    minutes: Decimal = ZERO

    @property
    def impact(self) -> Decimal:
        return max(self.revenue, ZERO) + (self.potential or ZERO)

    @property
    def hours(self) -> Decimal:
        """A month."""
        return self.minutes / 60 / QUARTER


@dataclass(frozen=True)
class Point:
    """One account now and a quarter before; `index` is the number of that name, potential against effort."""

    id: int
    name: str
    owner: str
    now: Stand
    before: Stand
    index: Decimal | None = None

    @property
    def state(self) -> str:
        if self.now.minutes == 0:
            return "neglected" if self.now.impact > 0 else ""
        if self.index is None:
            return ""
        if self.index > UNDERSERVED:
            return "underserved"
        return "overserved" if self.index < OVERSERVED else ""


def period_of(run: Run) -> Period:
    return latest_complete(PeriodKind.T12, run.as_of)


def quadrant_points(accounts: AccountQuerySet, run: Run, newest: Run, today: Day) -> list[Point]:
    """Every account of these with its figures, in a fixed number of statements."""
    period = period_of(run)
    earlier = period.moved(-QUARTER)
    now, before = stands_of([period, earlier], run, newest)
    rows = list(accounts.order_by("name", "pk").values_list("pk", "name"))
    owners = owners_of(accounts, today)
    indexes = indexes_of(now, books_of(run, newest))
    return [
        Point(pk, name, owners.get(pk, ""), now.get(pk, Stand()), before.get(pk, Stand()), indexes.get(pk))
        for pk, name in rows
    ]


def owners_of(accounts: AccountQuerySet, today: Day) -> dict[int, str]:
    held = Assignment.objects.owners().on(today).filter(account__in=accounts.order_by().values("pk"))
    return dict(held.values_list("account_id", "user__name"))


def indexes_of(stands: Mapping[int, Stand], books: Mapping[int, int | None]) -> dict[int, Decimal]:
    """The number of each account; its book is whole, whatever the reader filtered or may see of it."""
    potential: dict[int | None, Decimal] = defaultdict(Decimal)
    minutes: dict[int | None, Decimal] = defaultdict(Decimal)
    for account, stand in stands.items():
        potential[books.get(account)] += stand.potential or ZERO
        minutes[books.get(account)] += stand.minutes
    found = {}
    for account, stand in stands.items():
        book = books.get(account)
        if stand.potential is not None and potential[book] > 0 and minutes[book]:
            found[account] = impact(stand.potential / potential[book], stand.minutes / minutes[book])
    return {account: index for account, index in found.items() if index is not None}


def stands_of(periods: list[Period], run: Run, newest: Run) -> list[dict[int, Stand]]:
    """Revenue of 12 months, potential at their end, and the minutes of the last three of them."""
    potential = KPI.get("growth_potential")
    wanted = [(period, run) for period in periods]
    potentials = (
        per_account(potential, COMPANY, View.AS_WAS, wanted, newest)
        if isinstance(potential, Kpi)
        else [{} for _ in periods]
    )
    found = []
    for period, known in zip(periods, potentials, strict=True):
        sums = revenue_and_effort(period, run, newest)
        stands: dict[int, Stand] = {}
        for account, (revenue, minutes) in sums.items():
            parts = known.get(account, {})
            is_known = bool(parts.get("potential_known"))
            stands[account] = Stand(revenue, parts.get("potential", ZERO) if is_known else None, minutes)
        for key, parts in known.items():
            if key is not None and key not in stands and parts.get("potential_known"):
                stands[key] = Stand(potential=parts.get("potential", ZERO))
        found.append(stands)
    return found


def revenue_and_effort(period: Period, run: Run, newest: Run) -> dict[int, tuple[Decimal, Decimal]]:
    """From the facts of the run: 12 months of revenue, and minutes of its last quarter."""
    facts = facts_of(run, newest)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT f.account_id, SUM(f.revenue),
                   COALESCE(SUM(f.effort_minutes) FILTER (WHERE f.month >= %(quarter)s), 0)
              FROM {facts.relation} f
             WHERE f.account_id IS NOT NULL AND f.month >= %(first)s AND f.month < %(end)s
             GROUP BY f.account_id""",
            {
                **facts.params,
                "first": period.start,
                "end": period.end,
                "quarter": quarter_start(period),
            },
        )
        return {account: (revenue, minutes) for account, revenue, minutes in cursor.fetchall()}


def quarter_start(period: Period) -> datetime.date:
    return add_months(period.end, -QUARTER)
