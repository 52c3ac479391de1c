"""Every definition of the registry against plain loops over the rows, written from kpis.md and nothing else."""

import datetime
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil, isclose
from typing import Any

import pytest

from accounts.models import (
    Account,
    Assignment,
    Classification,
    Contract,
    ExchangeRate,
    Membership,
    Opportunity,
    Order,
    Organisation,
    Quota,
    Team,
)
from accounts.periods import Period, add_months, month, quarter, trailing_year, year
from metrics.kpis import KPIS, growth, pipeline, retention
from metrics.models import Scope, View
from tests.metrics.engine import all_keys, day, run
from tests.metrics.portfolio import make_portfolio

pytestmark = pytest.mark.django_db

# Revenue, retention and pipeline; each other family of numbers has loops of its own beside this file.
FOUNDATION = [
    kpi.id for kpi in KPIS if any(kpi in vars(each).values() for each in (growth, retention, pipeline))
]
Day = datetime.date
Key = int | None
ONE_DAY = datetime.timedelta(days=1)
FOREVER = Day.max


@dataclass(frozen=True)
class Row:
    """One fact: whose it is, when, by whom, and what it counts; money in reporting and in own currency."""

    name: str
    account: Key
    date: Day
    person: Key
    value: float
    own: float = 0.0
    opened: Day | None = None
    """When the deal that it tells of was opened."""


@dataclass
class World:
    """All rows in memory, with the questions that definitions ask."""

    as_of: Day
    reporting: str = ""
    rates: dict[str, list[tuple[Day, float]]] = field(default_factory=dict)
    currency: dict[Key, str] = field(default_factory=dict)
    owners: dict[Key, list[tuple[Day, Day, int]]] = field(default_factory=dict)
    kinds: dict[Key, list[Any]] = field(default_factory=dict)
    teams: dict[int, list[tuple[Day, Day, int]]] = field(default_factory=dict)
    above: dict[int, list[int]] = field(default_factory=dict)
    began: dict[Key, Day] = field(default_factory=dict)
    flows: list[Row] = field(default_factory=list)
    deals: list[Opportunity] = field(default_factory=list)
    contracts: list[Contract] = field(default_factory=list)
    quotas: list[Quota] = field(default_factory=list)
    splits: dict[int, list[tuple[int, float]]] = field(default_factory=dict)
    grace: int = 0
    returned: int = 90

    # ---- money

    def rate(self, currency: str, on: Day) -> float:
        if currency == self.reporting:
            return 1.0
        return [rate for since, rate in self.rates[currency] if since <= on][-1]

    def money(
        self, amount: Decimal | float | None, currency: str, account: Key, on: Day
    ) -> tuple[float, float]:
        own = self.currency[account]
        value = float(amount or 0)
        reported = value * self.rate(currency, on)
        return reported, value if currency == own else reported / self.rate(own, on)

    # ---- people

    def owner(self, account: Key, on: Day) -> Key:
        return next((who for first, until, who in self.owners.get(account, []) if first <= on < until), None)

    def start_day(self, account: Key, period: Period) -> Day:
        """The day whose owner and segments count: the first, or for an account begun later its month."""
        return max(period.start, self.began[account])

    def at_start(self, account: Key, period: Period) -> tuple[Key, Day]:
        """Its owner at the start, or the first one in the month in which it began; and the day that was."""
        if account is None:
            return None, period.start
        when = self.start_day(account, period)
        if when != self.began[account]:
            return self.owner(account, when), when
        last = min(add_months(when, 1) - ONE_DAY, self.as_of)
        held = sorted(each for each in self.owners.get(account, []) if each[0] <= last and each[1] > when)
        return (held[0][2], max(held[0][0], when)) if held else (None, when)

    def segment(self, account: Key, period: Period, name: str) -> Key:
        if account is None:
            return None
        when = self.start_day(account, period)
        last = min(add_months(when, 1) - ONE_DAY, self.as_of) if when == self.began[account] else when
        held = sorted(
            (each for each in self.kinds.get(account, []) if lower(each) <= last and upper(each) > when),
            key=lower,
        )
        if not held:
            return None
        found = getattr(held[0], name)
        return found if found is None or name != "is_target" else int(found)

    def class_on(self, account: Key, on: Day, name: str) -> Key:
        """What it was on this very day."""
        held = next((each for each in self.kinds.get(account, []) if lower(each) <= on < upper(each)), None)
        found = getattr(held, name, None)
        return found if found is None or name != "is_target" else int(found)

    def team_on(self, person: Key, on: Day) -> Key:
        return next(
            (team for first, until, team in self.teams.get(person or 0, []) if first <= on < until), None
        )

    def team_of_month(self, person: Key, on: Day) -> Key:
        """The team of the month's first day; a first team from the month on in which it was joined."""
        first_day = on.replace(day=1)
        joined = min((first for first, _, _ in self.teams.get(person or 0, [])), default=None)
        if joined is not None and joined.replace(day=1) == first_day:
            return self.team_on(person, joined)
        return self.team_on(person, first_day)

    def with_above(self, team: Key) -> list[Key]:
        return [None] if team is None else list(self.above[team])

    # ---- stocks

    def customer_days(self, account: Key) -> list[Day]:
        """The days of its orders, and those on which its contracts and its deals made it a customer."""
        return [
            *(row.date for row in self.flows if row.name == "orders" and row.account == account),
            *(lower(contract) for contract in self.contracts if contract.account_id == account),
            *(
                d.closed_on
                for d in self.deals
                if d.account_id == account and d.outcome == "won" and d.closed_on
            ),
        ]

    def live(self, account: Key, on: Day) -> list[Contract]:
        return [
            contract
            for contract in self.contracts
            if contract.account_id == account
            and lower(contract) <= on
            and on < after_grace(contract, self.grace)
        ]

    def stock_day(self, period: Period) -> Day:
        return min(period.last_day, self.as_of)

    def open_deals(self, on: Day) -> list[Opportunity]:
        return [
            deal
            for deal in self.deals
            if deal.opened_on <= on and (deal.closed_on is None or deal.closed_on > on)
        ]

    def stage(self, deal: Opportunity, on: Day) -> Any:
        return next((each.stage for each in deal.phases.all() if lower(each) <= on < upper(each)), None)


def lower(row: Any) -> Day:
    return row.during.lower  # type: ignore[no-any-return]


def upper(row: Any) -> Day:
    return row.during.upper or FOREVER


def after_grace(contract: Contract, grace: int) -> Day:
    if contract.during.upper is None:
        return FOREVER
    late = grace if contract.outcome in ("open", "lapsed") else 0
    return contract.during.upper + datetime.timedelta(days=late)  # type: ignore[no-any-return]


def read_world(as_of: Day) -> World:
    organisation = Organisation.current()
    world = World(as_of, organisation.reporting_currency)
    world.grace, world.returned = organisation.grace_days, organisation.returned_days
    for rate in ExchangeRate.objects.order_by("date"):
        world.rates.setdefault(rate.currency, []).append((rate.date, float(rate.rate)))
    world.currency = dict(Account.objects.values_list("pk", "currency"))
    world.currency[None] = organisation.reporting_currency
    for each in Assignment.objects.filter(role="owner"):
        world.owners.setdefault(each.account_id, []).append((lower(each), upper(each), each.user_id))
    for each in Classification.objects.all():
        world.kinds.setdefault(each.account_id, []).append(each)
    for each in Membership.objects.all():
        world.teams.setdefault(each.user_id, []).append((lower(each), upper(each), each.team_id))
    parents = dict(Team.objects.values_list("pk", "parent_id"))
    for team in parents:
        chain, at = [], team
        while at is not None:
            chain.append(at)
            at = parents[at]
        world.above[team] = chain
    world.deals = list(Opportunity.objects.prefetch_related("phases__stage", "splits"))
    world.splits = {d.pk: [(s.user_id, float(s.share)) for s in d.splits.all()] for d in world.deals}
    world.contracts = list(Contract.objects.all())
    world.quotas = list(Quota.objects.order_by("user_id", "starts_on"))
    orders = list(Order.objects.prefetch_related("lines__product"))
    read_beginnings(world, orders)
    read_orders(world, orders)
    read_deals(world)
    read_contracts(world)
    return world


def read_beginnings(world: World, orders: list[Order]) -> None:
    days: dict[Key, list[Day]] = defaultdict(list)
    for order in orders:
        days[order.account_id].append(order.date)
    for deal in world.deals:
        days[deal.account_id].append(deal.opened_on)
    for contract in world.contracts:
        days[contract.account_id].append(lower(contract))
    for account, owners in world.owners.items():
        days[account] += [first for first, _, _ in owners]
    for account, kinds in world.kinds.items():
        days[account] += [lower(each) for each in kinds]
    world.began = {account: min(found).replace(day=1) for account, found in days.items()}


def read_orders(world: World, orders: list[Order]) -> None:
    dates: dict[int, list[Day]] = defaultdict(list)
    firsts: dict[tuple[int, int], Day] = {}
    for order in orders:
        account = order.account_id
        person = order.seller_id or world.owner(account, order.date)
        for line in order.lines.all():
            amount = world.money(line.amount, order.currency, account, order.date)
            world.flows.append(Row("revenue", account, order.date, person, *amount))
            category = line.product.category_id if line.product else None
            if order.kind == "order" and account and category:
                firsts[account, category] = min(firsts.get((account, category), FOREVER), order.date)
        if order.kind == "order":
            world.flows.append(Row("orders", account, order.date, person, 1))
            if account:
                dates[account].append(order.date)
    for (account, _), first in firsts.items():
        world.flows.append(Row("new_categories", account, first, None, 1))
    starts = {c.account_id: lower(c) for c in sorted(world.contracts, key=lower, reverse=True)}
    for account in {*dates, *starts}:
        joined = min([*dates.get(account, []), starts.get(account, FOREVER)])
        world.flows.append(Row("joined", account, joined, None, 1))
    for account in {*dates, *starts}:
        # What makes somebody a customer, and the first day on which it does not any more.
        held = [(on, same_day_next_year(on)) for on in dates.get(account, [])]
        held += [(lower(c), after_grace(c, world.grace)) for c in world.contracts if c.account_id == account]
        over = FOREVER
        for number, (on, until) in enumerate(sorted(held)):
            if number and over < on <= over + datetime.timedelta(days=world.returned):
                world.flows.append(Row("returned", account, on, None, 1))
            over = max(over, until) if number else until


def same_day_next_year(on: Day) -> Day:
    try:
        return on.replace(year=on.year + 1)
    except ValueError:
        return on.replace(year=on.year + 1, day=28)


def read_deals(world: World) -> None:
    for deal in world.deals:
        target = next(
            (
                each.is_target
                for each in world.kinds.get(deal.account_id, [])
                if lower(each) <= deal.opened_on < upper(each)
            ),
            None,
        )
        for person, share in world.splits[deal.pk] or [(None, 1.0)]:
            opened_by = person or world.owner(deal.account_id, deal.opened_on)
            amount = share * world.money(deal.amount, deal.currency, deal.account_id, deal.opened_on)[0]
            add = world.flows.append
            add(Row("created", deal.account_id, deal.opened_on, opened_by, amount))
            add(Row("opened", deal.account_id, deal.opened_on, opened_by, share))
            if target:
                add(Row("created_target", deal.account_id, deal.opened_on, opened_by, amount))
            if deal.closed_on is None:
                continue
            closed_by = person or world.owner(deal.account_id, deal.closed_on)

            def tell(name: str, value: float, deal: Any = deal, closed_by: Key = closed_by) -> None:
                world.flows.append(
                    Row(name, deal.account_id, deal.closed_on, closed_by, value, opened=deal.opened_on)
                )

            tell("decided", share)
            if deal.outcome != "won":
                continue
            amount = share * world.money(deal.amount, deal.currency, deal.account_id, deal.closed_on)[0]
            tell("won", share)
            tell("won_amount", amount)
            for name, is_so in (("target", target is True), ("other", target is False)):
                if is_so:
                    tell(f"won_{name}", share)
                    tell(f"won_amount_{name}", amount)
            if deal.kind == "upsell":
                tell("upsells", 1)
                tell("upsell_amount", amount)
            if deal.origin == "referral":
                tell("referral_amount", amount)
            length = cycle(deal)
            if length >= 0:
                tell("cycle_days", share * length)
                tell("cycle_deals", share)


def cycle(deal: Opportunity) -> int:
    assert deal.closed_on
    return (deal.closed_on - (deal.first_contact_on or deal.opened_on)).days


def read_contracts(world: World) -> None:
    for contract in world.contracts:
        if contract.during.upper is None or contract.outcome == "open":
            continue
        last = contract.during.upper - ONE_DAY
        person = world.owner(contract.account_id, last)
        own = (contract.currency, contract.account_id, last)
        world.flows.append(Row("due", contract.account_id, last, person, 1))
        world.flows.append(
            Row("due_value", contract.account_id, last, person, *world.money(contract.annual_value, *own))
        )
        if contract.outcome == "renewed":
            kept = min(contract.annual_value, contract.renewed_value or Decimal(0))
            world.flows.append(Row("renewed", contract.account_id, last, person, 1))
            world.flows.append(
                Row("renewed_value", contract.account_id, last, person, *world.money(kept, *own))
            )


# ------------------------------------------------------------------------------------ definitions


@dataclass
class Book:
    """The rows of one scope by account, and sums over windows of them."""

    world: World
    period: Period
    rows: dict[Key, list[Row]]

    def sum(self, account: Key, name: str, first: Day, until: Day, constant: bool = False) -> float:
        found = [row for row in self.rows.get(account, []) if row.name == name and first <= row.date < until]
        if constant:
            rate = self.world.rate(self.world.currency[account], self.period.start)
            return sum(row.own for row in found) * rate
        return sum(row.value for row in found)

    def now(self, account: Key, name: str, constant: bool = False) -> float:
        return self.sum(account, name, self.period.start, self.period.end, constant)

    def last_year(self, account: Key, name: str) -> float:
        return self.sum(
            account, name, add_months(self.period.start, -12), add_months(self.period.end, -12), True
        )

    def t12(self, account: Key, name: str, constant: bool = False) -> float:
        return self.sum(account, name, add_months(self.period.end, -12), self.period.end, constant)

    def before(self, account: Key, name: str, constant: bool = False) -> float:
        return self.sum(account, name, add_months(self.period.start, -12), self.period.start, constant)

    def total(self, each: Callable[[Key], float]) -> float:
        return sum(each(account) for account in self.rows)

    def count(self, each: Callable[[Key], bool]) -> float:
        return sum(bool(account is not None and each(account)) for account in self.rows)

    # ---- whole accounts

    def contracts(self, account: Key, at_end: bool) -> list[Contract]:
        on = self.world.stock_day(self.period) if at_end else self.period.start - ONE_DAY
        return self.world.live(account, on)

    def recurring(self, account: Key, at_end: bool) -> float:
        on = self.world.stock_day(self.period) if at_end else self.period.start - ONE_DAY
        own = sum(
            self.world.money(each.annual_value, each.currency, account, on)[1]
            for each in self.contracts(account, at_end)
        )
        return own * self.world.rate(self.world.currency[account], self.period.start)

    def in_base(self, account: Key) -> bool:
        return bool(self.contracts(account, False)) or self.before(account, "orders") > 0

    def lost(self, account: Key) -> bool:
        if self.contracts(account, False):
            return not self.contracts(account, True)
        return self.before(account, "orders") > 0 and self.t12(account, "orders") <= 0

    def worth(self, account: Key) -> tuple[float, float]:
        """At the start and at the end; (0, 0) where it was worth nothing at the start."""
        if account is None:
            return 0, 0
        if self.contracts(account, False):
            return self.recurring(account, False), self.recurring(account, True)
        start = self.before(account, "revenue", True)
        return (start, self.t12(account, "revenue", True)) if start > 1e-9 else (0, 0)


Pair = tuple[float, float | None]


def left_over(start: float, end: float) -> float:
    return min(start, end)


ACCOUNT_CREDIT: dict[str, Callable[[Book], Pair]] = {
    "revenue_growth": lambda b: (
        b.total(lambda a: b.now(a, "revenue", True) - b.last_year(a, "revenue")),
        b.total(lambda a: b.last_year(a, "revenue")),
    ),
    "growth_contribution": lambda b: (
        b.total(lambda a: b.now(a, "revenue", True) - b.last_year(a, "revenue")),
        None,
    ),
    "purchase_frequency": lambda b: (
        b.total(lambda a: b.t12(a, "orders")),
        b.count(lambda a: b.t12(a, "orders") > 0),
    ),
    "repeat_customer_rate": lambda b: (
        b.count(lambda a: b.now(a, "orders") >= 2),
        b.count(lambda a: b.now(a, "orders") > 0),
    ),
    "new_to_repeat_ratio": lambda b: (
        b.total(lambda a: b.now(a, "revenue") if a and b.now(a, "joined") else 0),
        b.total(lambda a: b.now(a, "revenue") if a and not b.now(a, "joined") else 0),
    ),
    "upsell_rate_accounts": lambda b: (
        b.count(lambda a: b.in_base(a) and b.now(a, "upsells") > 0),
        b.count(b.in_base),
    ),
    "cross_sell_rate": lambda b: (
        b.count(lambda a: b.in_base(a) and b.now(a, "new_categories") > 0),
        b.count(b.in_base),
    ),
    "churn_logo": lambda b: (b.count(b.lost), b.count(b.in_base)),
    "retention_logo": lambda b: (b.count(lambda a: b.in_base(a) and not b.lost(a)), b.count(b.in_base)),
    "nrr": lambda b: (b.total(lambda a: b.worth(a)[1]), b.total(lambda a: b.worth(a)[0])),
    "grr": lambda b: (b.total(lambda a: min(b.worth(a))), b.total(lambda a: b.worth(a)[0])),
    "revenue_churn": lambda b: (
        b.total(lambda a: b.worth(a)[0] - min(b.worth(a))),
        b.total(lambda a: b.worth(a)[0]),
    ),
}


def of_flagged(flag: int) -> Callable[[Book], Pair]:
    def growth(b: Book) -> Pair:
        accounts = [a for a in b.rows if a and b.world.segment(a, b.period, "is_target") == flag]
        before = sum(b.last_year(a, "revenue") for a in accounts)
        return sum(b.now(a, "revenue", True) for a in accounts) - before, before

    return growth


ACCOUNT_CREDIT["revenue_growth_target"] = of_flagged(1)
ACCOUNT_CREDIT["revenue_growth_other"] = of_flagged(0)


def ratio(top: str, bottom: str | None, constant: bool = False) -> Callable[[Book], Pair]:
    return lambda b: (
        b.total(lambda a: b.now(a, top, constant)),
        b.total(lambda a: b.now(a, bottom, constant)) if bottom else None,
    )


ROW_CREDIT: dict[str, Callable[[Book], Pair]] = {
    "account_revenue": ratio("revenue", None),
    "avg_order_value": ratio("revenue", "orders"),
    "upsell_rate_revenue": ratio("upsell_amount", "revenue"),
    "avg_deal_size": ratio("won_amount", "won"),
    "avg_deal_size_target": ratio("won_amount_target", "won_target"),
    "avg_deal_size_other": ratio("won_amount_other", "won_other"),
    "win_rate": ratio("won", "decided"),
    "sales_cycle_length": ratio("cycle_days", "cycle_deals"),
    "pipeline_contribution": ratio("created_target", "created"),
    "sales_via_references": ratio("referral_amount", "won_amount"),
    "renewal_rate_count": ratio("renewed", "due"),
    "renewal_rate_value": ratio("renewed_value", "due_value", True),
    "open_pipeline": ratio("open_amount", None),
    "open_qualified_deals": ratio("open_qualified", None),
}
# Won deals, and lost ones beside them: by what the account was when each was opened.
BY_OPENING = {
    "avg_deal_size",
    "avg_deal_size_target",
    "avg_deal_size_other",
    "win_rate",
    "sales_cycle_length",
    "sales_via_references",
    "touches_to_closure",
    "touches_per_win",
}
PER_CENT = {
    "revenue_growth",
    "revenue_growth_target",
    "revenue_growth_other",
    "growth_contribution",
    "repeat_customer_rate",
    "upsell_rate_accounts",
    "cross_sell_rate",
    "churn_logo",
    "retention_logo",
    "nrr",
    "grr",
    "revenue_churn",
    "upsell_rate_revenue",
    "win_rate",
    "pipeline_contribution",
    "sales_via_references",
    "renewal_rate_count",
    "renewal_rate_value",
}
ABOVE_ZERO = {
    "revenue_growth",
    "revenue_growth_target",
    "revenue_growth_other",
    "growth_contribution",
    "upsell_rate_revenue",
}
SEGMENTS = {
    Scope.TIER: "tier_id",
    Scope.INDUSTRY: "industry_id",
    Scope.REGION: "region_id",
    Scope.TARGET: "is_target",
}


@dataclass
class Oracle:
    """Answers for one period."""

    world: World
    period: Period

    def rows(self) -> list[Row]:
        """Flows, and the deals open on the period's last day."""
        world, on = self.world, self.world.stock_day(self.period)
        stock = []
        for deal in world.open_deals(on):
            account, stage = deal.account_id, world.stage(deal, on)
            amount = world.money(deal.amount, deal.currency, account, on)[0]
            person = world.owner(account, on)
            stock.append(Row("open_amount", account, on, person, amount))
            stock.append(Row("open_qualified", account, on, person, float(bool(stage and stage.qualified))))
        return [*world.flows, *stock]

    def keys_of_account(self, scope: str, account: Key, view: str) -> list[Key]:
        world = self.world
        if scope == Scope.COMPANY:
            return [None]
        if scope == Scope.ACCOUNT:
            return [account]
        if scope in SEGMENTS:
            return [world.segment(account, self.period, SEGMENTS[Scope(scope)])]
        if view == View.CURRENT_BOOK:
            owner, when = (world.owner(account, world.as_of), world.as_of)
        else:
            owner, when = world.at_start(account, self.period)
        return [owner] if scope == Scope.OWNER else world.with_above(world.team_on(owner, when))

    def keys_of_row(self, scope: str, row: Row) -> list[Key]:
        if scope in SEGMENTS:
            return [self.world.class_on(row.account, row.opened or FOREVER, SEGMENTS[Scope(scope)])]
        if scope == Scope.OWNER:
            return [row.person]
        return self.world.with_above(self.world.team_of_month(row.person, row.date))

    def books(self, scope: str, view: str, by_row: bool) -> dict[Key, Book]:
        found: dict[Key, Book] = {}

        def book(key: Key) -> Book:
            return found.setdefault(key, Book(self.world, self.period, defaultdict(list)))

        if not by_row:
            for account in [a for a, began in self.world.began.items() if began < self.period.end]:
                for key in self.keys_of_account(scope, account, view):
                    book(key).rows[account] = []
        for row in self.rows():
            if self.world.began[row.account] >= self.period.end:
                continue
            keys = self.keys_of_row(scope, row) if by_row else self.keys_of_account(scope, row.account, view)
            for key in keys:
                book(key).rows.setdefault(row.account, []).append(row)
        return found

    def ratios(self, scope: str, view: str) -> dict[tuple[str, Key], float | None]:
        by_row = scope in (Scope.OWNER, Scope.TEAM) and view == View.AS_WAS
        found: dict[tuple[str, Key], float | None] = {}
        company = self.books(Scope.COMPANY, View.AS_WAS, False)[None]
        before = company.total(lambda a: company.last_year(a, "revenue"))
        by_opening = {
            kpi: each for kpi, each in ROW_CREDIT.items() if kpi in BY_OPENING and scope in SEGMENTS
        }
        others = {kpi: each for kpi, each in ROW_CREDIT.items() if kpi not in by_opening}
        for definitions, books in (
            (ACCOUNT_CREDIT, self.books(scope, view, False)),
            (others, self.books(scope, view, by_row)),
            (by_opening, self.books(scope, view, True) if by_opening else {}),
        ):
            for kpi, definition in definitions.items():
                for key, book in books.items():
                    top, bottom = definition(book)
                    if kpi == "growth_contribution":
                        bottom = before
                    found[kpi, key] = self.value(kpi, top, bottom)
        return found

    def value(self, kpi: str, top: float, bottom: float | None) -> float | None:
        if bottom is None:
            return top
        if abs(bottom) < 1e-6 or (kpi in ABOVE_ZERO and bottom < 0):
            return None
        return top / bottom * (100 if kpi in PER_CENT else 1)

    # ---- made of single rows

    def medians(self, scope: str) -> dict[tuple[str, Key], float | None]:
        sizes: dict[Key, dict[int, float]] = defaultdict(dict)
        lengths: dict[Key, dict[int, float]] = defaultdict(dict)
        for deal in self.world.deals:
            if deal.outcome != "won" or deal.closed_on is None or deal.closed_on not in self.period:
                continue
            if scope == Scope.ACCOUNT and deal.account_id is None:
                continue
            size = self.world.money(deal.amount, deal.currency, deal.account_id, deal.closed_on)[0]
            for key in self.keys_of_deal(scope, deal):
                sizes[key][deal.pk] = size
                if cycle(deal) >= 0:
                    lengths[key][deal.pk] = cycle(deal)
        found: dict[tuple[str, Key], float | None] = {}
        for kpi, values in (("median_deal_size", sizes), ("sales_cycle_median", lengths)):
            found |= {(kpi, key): statistics.median(each.values()) for key, each in values.items()}
        return found

    def keys_of_deal(self, scope: str, deal: Opportunity) -> Iterable[Key]:
        if scope in SEGMENTS:
            return [self.world.class_on(deal.account_id, deal.opened_on, SEGMENTS[Scope(scope)])]
        if scope not in (Scope.OWNER, Scope.TEAM):
            return self.keys_of_account(scope, deal.account_id, View.AS_WAS)
        assert deal.closed_on
        people = [who for who, _ in self.world.splits[deal.pk]]
        rows = [Row("", None, deal.closed_on, who, 0) for who in people] or [
            Row("", None, deal.closed_on, self.world.owner(deal.account_id, deal.closed_on), 0)
        ]
        return [key for row in rows for key in self.keys_of_row(scope, row)]

    def concentration(self, scope: str) -> dict[tuple[str, Key], float | None]:
        amounts: dict[Key, list[float]] = defaultdict(list)
        book = self.books(Scope.COMPANY, View.AS_WAS, False)[None]
        for account in book.rows:
            amount = book.t12(account, "revenue")
            if account and amount > 1e-9:
                for key in self.keys_of_account(scope, account, View.AS_WAS):
                    amounts[key].append(amount)
        found: dict[tuple[str, Key], float | None] = {}
        for key, each in amounts.items():
            each.sort(reverse=True)
            found["revenue_concentration", key] = 100 * sum(each[: ceil(len(each) / 10)]) / sum(each)
        return found

    def quotas(self, scope: str) -> dict[tuple[str, Key], float | None]:
        world, on = self.world, self.world.stock_day(self.period)
        reached: dict[Key, list[float]] = defaultdict(lambda: [0.0, 0.0])
        gap: dict[Key, float] = defaultdict(float)
        for number, quota in enumerate(world.quotas):
            after = world.quotas[number + 1] if number + 1 < len(world.quotas) else None
            until = after.starts_on if after and after.user_id == quota.user_id else FOREVER
            amount = float(quota.amount) * world.rate(quota.currency, quota.starts_on)
            team = world.team_on(quota.user_id, quota.starts_on)
            keys = {Scope.COMPANY: [None], Scope.OWNER: [quota.user_id]}.get(
                Scope(scope), world.with_above(team)
            )
            if quota.starts_on in self.period:
                for key in keys:
                    reached[key][0] += self.booked(quota.user_id, quota.starts_on, until)
                    reached[key][1] += amount
            if quota.starts_on <= on < until:
                for key in keys:
                    gap[key] += amount - self.booked(quota.user_id, quota.starts_on, on + ONE_DAY)
        waiting: dict[Key, float] = defaultdict(float)
        for deal in world.open_deals(on):
            stage = world.stage(deal, on)
            owner = world.owner(deal.account_id, on)
            weighted = world.money(deal.amount, deal.currency, deal.account_id, on)[0]
            weighted *= float(stage.probability) if stage else 0
            keys = {Scope.COMPANY: [None], Scope.OWNER: [owner]}.get(
                Scope(scope), world.with_above(world.team_on(owner, on))
            )
            for key in keys:
                waiting[key] += weighted
        found: dict[tuple[str, Key], float | None] = {
            ("quota_attainment", key): 100 * booked / quota for key, (booked, quota) in reached.items()
        }
        return found | {
            ("pipeline_coverage", key): waiting[key] / each if each > 0 else None for key, each in gap.items()
        }

    def booked(self, user: int, first: Day, until: Day) -> float:
        return sum(
            row.value
            for row in self.world.flows
            if row.name == "revenue" and row.person == user and first <= row.date < until
        )

    # ---- made of other numbers

    def derived(
        self, scope: str, view: str, own: dict[tuple[str, Key], float | None]
    ) -> dict[tuple[str, Key], float | None]:
        trailing = trailing_year(self.period.last_day)
        year_before = Oracle(self.world, trailing).ratios(scope, view) if trailing != self.period else own
        churn = year_before
        if scope in (Scope.ACCOUNT, Scope.OWNER):
            churn = {
                ("churn_logo", key): Oracle(self.world, trailing).ratios(Scope.COMPANY, View.AS_WAS)[
                    "churn_logo", None
                ]
                for key in {key for _, key in (*own, *year_before)}
            }
        found: dict[tuple[str, Key], float | None] = {}
        for key in {key for _, key in (*own, *year_before)}:

            def t12(kpi: str, key: Key = key) -> float | None:
                return year_before.get((kpi, key))

            lost = churn.get(("churn_logo", key))
            found["lifespan", key] = years = 100 / lost if lost else None
            found["clv_revenue", key] = product(t12("avg_order_value"), t12("purchase_frequency"), years)
            target, everyone = own.get(("revenue_growth_target", key)), own.get(("revenue_growth", key))
            found["revenue_growth_gap", key] = (
                None if target is None or everyone is None else target - everyone
            )
            one, other = own.get(("avg_deal_size_target", key)), own.get(("avg_deal_size_other", key))
            found["avg_deal_size_ratio", key] = one / other if one is not None and other else None
            days = t12("sales_cycle_length")
            speed = product(own.get(("open_qualified_deals", key), 0), t12("avg_deal_size"), t12("win_rate"))
            found["pipeline_velocity", key] = None if speed is None or not days else speed / 100 / days
        return found

    def everything(self, scope: str, view: str) -> dict[tuple[str, Key], float | None]:
        own = self.ratios(scope, view)
        found = {**own, **self.derived(scope, view, own)}
        if view == View.AS_WAS:
            found |= self.medians(scope)
            if scope in (Scope.COMPANY, Scope.OWNER, Scope.TEAM):
                found |= self.quotas(scope)
            if scope not in (Scope.OWNER, Scope.TEAM, Scope.ACCOUNT):
                found |= self.concentration(scope)
        return found


def product(*values: float | None) -> float | None:
    made = 1.0
    for value in values:
        if value is None:
            return None
        made *= value
    return made


# ------------------------------------------------------------------------------------------ tests


def same(found: Decimal | None, expected: float | None) -> bool:
    if found is None or expected is None:
        # A sum over nothing is 0 for one and nothing for the other.
        return not found and not expected
    return isclose(float(found), expected, rel_tol=1e-6, abs_tol=1e-4)


def compare(world: World, when: Period, scope: str, view: str) -> list[Any]:
    expected = Oracle(world, when).everything(scope, view)
    found = all_keys(FOUNDATION, when, scope, view)
    wrong = []
    for each in sorted(set(expected) | set(found), key=str):
        value = found[each].value if each in found else None
        if not same(value, expected.get(each)):
            wrong.append((*each, value, expected.get(each)))
    return wrong


@pytest.fixture(params=[5])
def world(request: pytest.FixtureRequest) -> World:
    made = make_portfolio(request.param, accounts=25)
    run(made.as_of)
    return read_world(made.as_of)


def test_every_number_of_every_scope_is_what_plain_loops_give(world: World) -> None:
    as_of = world.as_of
    assert world.began and len(world.flows) > 300
    wrong: list[Any] = []
    for when in (
        month(day("2024-05-01")),
        month(as_of),
        quarter(day("2025-01-01")),
        year(day("2024-01-01")),
        trailing_year(day("2025-05-31")),
        Period(day("2023-11-01"), day("2024-07-01")),
    ):
        for scope in Scope.values:
            for view in View.values if scope in (Scope.OWNER, Scope.TEAM) else [View.AS_WAS]:
                wrong += [(str(when), scope, view, *each) for each in compare(world, when, scope, view)]
    assert wrong == []


def test_the_loops_answer_every_definition(world: World) -> None:
    when = year(day("2024-01-01"))
    answered = {kpi for kpi, _ in Oracle(world, when).everything(Scope.COMPANY, View.AS_WAS)}

    assert set(FOUNDATION) - answered == set()
    assert set(ACCOUNT_CREDIT) & set(ROW_CREDIT) == set()
