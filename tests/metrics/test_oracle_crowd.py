"""Numbers that need many accounts or deals, against plain loops: what engagement foretells, and which touch wins."""

import datetime
import math
from collections import defaultdict
from typing import Any

import pytest

from accounts.engagement.reference import add_signal_kinds
from accounts.models import Opportunity, Signal, SignalKind, SignalWeight, Touch
from accounts.periods import Period, add_months, quarter, trailing_year
from metrics.models import Scope, View
from tests.metrics.engine import all_keys, day, run
from tests.metrics.portfolio import Portfolio, make_portfolio
from tests.metrics.test_oracle import ONE_DAY, Book, World, read_world, same
from tests.metrics.test_oracle_engagement import Engagement, near, one_a_day, read_signals

pytestmark = pytest.mark.django_db

Day = datetime.date
KPIS = ("meaningful_engagement", "ideal_touches", "acquisition_rate")
MOST_TOUCHES = 30
Foretold = tuple[float | None, float | None, float | None]


def add_crowd(made: Portfolio) -> None:
    """Of every second account many signals; of every deal some touches, a few of them before it was opened."""
    random = made.random
    if not SignalWeight.objects.exists():
        SignalKind.objects.all().delete()
        add_signal_kinds(SignalKind, SignalWeight)
    demo = SignalKind.objects.get(code="demo_request")
    signals, touches = [], []
    for account in made.accounts:
        if random.random() < 0.55:
            signals += [Signal(account=account, kind=demo, at=noon(made.some_day())) for _ in range(25)]
        if random.random() < 0.3:
            touches.append(Touch(account=account, at=noon(made.some_day()), channel="call"))
    for deal in Opportunity.objects.exclude(account=None):
        last = deal.closed_on or made.as_of
        for number in range(random.choice((0, 1, 1, 2, 2, 3, 4, 6))):
            first = deal.opened_on - 30 * ONE_DAY if random.random() < 0.1 else deal.opened_on
            touches.append(
                Touch(
                    account=deal.account,
                    actor=random.choice((None, *made.users)),
                    at=noon(made.some_day(first, last)),
                    channel=random.choice(("call", "mail")),
                    direction=random.choice(("inbound", "outbound", "two_way")),
                    thread=f"T{deal.pk}" if number > 3 else "",
                    opportunity=deal,
                )
            )
    Signal.objects.bulk_create(signals)
    Touch.objects.bulk_create(touches)


def noon(on: Day) -> datetime.datetime:
    return datetime.datetime.combine(on, datetime.time(12), datetime.UTC)


class Crowd(Engagement):
    bands = {"warm": 10, "hot": 25, "red_hot": 50}  # noqa: RUF012
    of_first_tier = {}  # noqa: RUF012

    def share_with(self, first_seen: list[Day], half_years: dict[Day, list[tuple[int, bool, bool]]]) -> None:
        """What no period alters is looked for once."""
        self.first_seen, self.half_years = first_seen, half_years

    def ideal(self, scope: str) -> dict[tuple[str, Any], float | None]:
        """The last touch before the share won at it falls under half of the first one's; only of 20 and more."""
        decided: dict[Any, list[tuple[int, bool]]] = defaultdict(list)
        self.began: dict[Any, list[tuple[int, bool]]] = defaultdict(list)
        for deal in self.world.deals:
            if deal.closed_on is None or deal.account_id is None:
                continue
            of_deal = [
                each
                for each in self.touches
                if each["deal"] == deal.pk and deal.opened_on <= each["on"] <= deal.closed_on
            ]
            days = [each["on"] for each in of_deal]
            since = add_months(self.period.end, -24)
            if not days or not since <= min(days) < self.period.end:
                continue
            if deal.closed_on <= self.world.stock_day(self.period):
                for key in set(self.keys_of_deal(scope, deal)):
                    decided[key].append((len(days), deal.outcome == "won"))
                    channel = min(of_deal, key=lambda each: (each["on"], each["id"]))["channel"]
                    self.began[key, channel].append((len(days), deal.outcome == "won"))
        return {("ideal_touches", key): ideal_of(some) for key, some in decided.items()}

    def foretold(self, scope: str) -> dict[tuple[str, Any], Foretold]:
        """How much more often customers that were hot before a half-year expanded in it than cold ones, with range."""
        last = min(self.period.end, (self.world.as_of + ONE_DAY).replace(day=1))
        times: dict[Any, list[tuple[int, bool, bool]]] = defaultdict(list)
        for start in [add_months(last, -6 * half) for half in (1, 2, 3, 4)]:
            of_half = Crowd(self.world, Period(start, add_months(start, 6)))
            for account, is_hot, grew in self.customers(start):
                for key in of_half.keys_of_account(scope, account, View.AS_WAS):
                    times[key].append((account, is_hot, grew))
        return {("meaningful_engagement", key): lift_of(some) for key, some in times.items()}

    def customers(self, start: Day) -> list[tuple[int, bool, bool]]:
        """Those that were hot or cold before the half-year, and whether they expanded in it; the same in all scopes."""
        if start not in self.half_years:
            after = Book(self.world, Period(start, add_months(start, 6)), {})
            found = self.half_years.setdefault(start, [])
            for account, began in self.world.began.items():
                if account is None or began >= start or start <= self.first_looked_at():
                    continue
                rows = [row for row in self.world.flows if row.account == account]
                after.rows[account] = rows
                is_customer = bool(self.world.live(account, start - ONE_DAY)) or any(
                    row.name == "orders" and add_months(start, -12) <= row.date < start for row in rows
                )
                level = self.level(account, start - ONE_DAY)
                if is_customer and level != 1:
                    grew = after.now(account, "upsells") > 0 or after.now(account, "new_categories") > 0
                    found.append((account, level >= 2, grew))
        return self.half_years[start]

    def first_looked_at(self) -> Day:
        """The last day of the first month at whose end anybody was above cold."""
        if not self.first_seen:
            month = min(self.world.began.values())
            while not any(self.level(each, last_day(month)) for each in self.world.began if each is not None):
                month = add_months(month, 1)
            self.first_seen.append(last_day(month))
        return self.first_seen[0]


def last_day(month: Day) -> Day:
    return add_months(month, 1) - ONE_DAY


def lift_of(times: list[tuple[int, bool, bool]]) -> Foretold:
    """The ratio of both shares, and its range: what leaving each account's part aside would move, squared."""
    hot, cold = ([each for each in times if each[1] == is_hot] for is_hot in (True, False))
    grew = [sum(each[2] for each in band) for band in (hot, cold)]
    if min(len({each[0] for each in band}) for band in (hot, cold)) < 30 or not grew[1]:
        return None, None, None
    value = (grew[0] / len(hot)) / (grew[1] / len(cold))
    if not value:
        return value, None, None
    pull: dict[int, float] = defaultdict(float)
    for account, is_hot, expanded in times:
        band, number = (hot, grew[0]) if is_hot else (cold, grew[1])
        share = number / len(band)
        pull[account] += (1 if is_hot else -1) * (expanded - share) / (share * len(band))
    spread = sum(each * each for each in pull.values()) ** 0.5
    return value, value * math.exp(-1.96 * spread), value * math.exp(1.96 * spread)


def ideal_of(some: list[tuple[int, bool]]) -> float | None:
    first: float | None = None
    for k in range(1, MOST_TOUCHES + 1):
        reached = [won for number, won in some if number >= k]
        if len(reached) < 20:
            return float(k - 1) if first else None
        hazard = sum(won for number, won in some if number == k) / len(reached)
        first = hazard if first is None else first
        if first and hazard < first / 2:
            return float(k - 1)
    return float(MOST_TOUCHES) if first else None


def wrong_in(
    world: World, when: Period, zone: Any, touches: list[dict[str, Any]], kept: tuple[Any, Any]
) -> list[Any]:
    oracle = Crowd(world, when)
    oracle.share_with(*kept)
    oracle.zone, oracle.touches = zone, touches
    wrong: list[Any] = []
    for scope in Scope.values:
        expected = oracle.ideal(scope) | oracle.acquired(scope)
        told_before = {} if scope in (Scope.OWNER, Scope.TEAM, Scope.ACCOUNT) else oracle.foretold(scope)
        expected |= {each: lift for each, (lift, _, _) in told_before.items()}
        found = all_keys(KPIS, when, scope)
        for each, (_, *bounds) in told_before.items():
            if not all(map(same, found[each].interval or (None, None), bounds)):
                wrong.append((str(when), scope, *each, found[each].interval, bounds))
        for each in sorted({*expected, *found}, key=str):
            value = found[each].value if each in found else None
            if each[0] == "ideal_touches" and each in found:
                told = {part.name: part.value for part in found[each].channels}
                for channel in ("call", "mail"):
                    ideal = ideal_of(oracle.began[each[1], channel])
                    if not near(each[0], told.get(channel), ideal):
                        wrong.append((str(when), scope, *each, channel, told.get(channel), ideal))
            if not near(each[0], value, expected.get(each)):
                wrong.append((str(when), scope, *each, value, expected.get(each)))
    return wrong


def test_what_many_accounts_tell_is_what_plain_loops_give() -> None:
    made = make_portfolio(4, accounts=110, first="2024-01-01", as_of="2025-06-17")
    add_crowd(made)
    run(made.as_of)
    world, zone = read_world(made.as_of), datetime.UTC
    touches = one_a_day(world, zone)
    read_signals(world, zone)
    for row in world.flows:
        if row.date < world.began.get(row.account, Day.max):
            world.began[row.account] = row.date.replace(day=1)
    for each in touches:
        world.began[each["account"]] = min(world.began[each["account"]], each["on"].replace(day=1))

    wrong: list[Any] = []
    kept: tuple[list[Day], dict[Day, Any]] = ([], {})
    for when in (
        quarter(day("2024-10-01")),
        Period(day("2024-09-01"), day("2025-02-01")),
        trailing_year(made.as_of),
    ):
        wrong += wrong_in(world, when, zone, touches, kept)
    assert wrong == [], "\n".join(map(str, wrong))
