"""Plain loops for the numbers of single rows: stays in stages, campaigns, wallets, recency, categories."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from accounts.fields import days
from accounts.models import (
    Campaign,
    CampaignTouch,
    Forecast,
    Order,
    OrderLine,
    Spend,
    WhitespaceCell,
)
from accounts.periods import Period, add_months
from metrics.models import Scope, View
from tests.metrics.engine import day
from tests.metrics.portfolio import Portfolio
from tests.metrics.test_oracle import Key, Oracle, Row, World, lower, upper

Day = datetime.date
Found = dict[tuple[str, Key], float | None]
ONE_DAY = datetime.timedelta(days=1)


def add_more(made: Portfolio) -> None:
    """Campaigns that touched accounts, estimates of wallets, and forecasts of which some came too late."""
    random = made.random
    for number in range(4):
        campaign = Campaign.objects.create(
            name=f"Campaign {number}",
            during=days(day("2023-06-01"), None),
            is_target=(True, False, None, True)[number],
        )
        for account in random.sample(made.accounts, 6):
            for _ in range(2):
                CampaignTouch.objects.create(campaign=campaign, account=account, on=made.some_day())
        for _ in range(number * 2):
            Spend.objects.create(
                campaign=campaign,
                date=made.some_day(),
                amount=made.amount(900),
                currency=random.choice(("EUR", "USD")),
            )
    categories = [product.category for product in made.products if product.category]
    for account in made.accounts:
        for category in random.sample(categories, random.randint(0, 3)):
            WhitespaceCell.objects.create(
                account=account,
                category=category,
                yearly_spend=random.choice((None, 0, made.amount(20_000))),
                currency=random.choice(("EUR", "GBP")),
                noted_on=made.some_day(),
            )
    first, until = day("2024-04-01"), day("2024-07-01")
    for user, late, amount in ((made.users[0], 3, 9_999), (made.users[3], 10, 7_777)):
        Forecast.objects.create(
            user=user, starts_on=first, ends_on=until, frozen_on=first + late * ONE_DAY, amount=amount
        )
    for user in (None, made.users[0], made.users[1]):
        Forecast.objects.create(
            user=user, measure="revenue", starts_on=first, ends_on=until, frozen_on=first, amount=5_000,
            currency="USD",
        )  # fmt: skip


class RowLoops:
    """The answers for one period and scope."""

    def __init__(self, world: World, when: Period, scope: str) -> None:
        self.world, self.when, self.scope = world, when, scope
        self.oracle = Oracle(world, when)
        self.last = world.stock_day(when)

    def at_start(self, account: Key) -> Iterable[Key]:
        return self.oracle.keys_of_account(self.scope, account, View.AS_WAS)

    def everything(self) -> Found:
        found = {**self.stays(), **self.forecasts(), **self.wallet(), **self.whitespace()}
        if self.scope == Scope.COMPANY:
            found |= self.returns(None, [True, False, None])
        if self.scope == Scope.TARGET:
            for flag in (True, False, None):
                found |= self.returns(None if flag is None else int(flag), [flag])
        return found | self.recent() if self.scope == Scope.ACCOUNT else found

    # ---- stages

    def stays(self) -> Found:
        """Kaplan and Meier's median of the days in a stage; who is still in it has been there at least so long."""
        told: dict[Key, list[tuple[int, bool]]] = defaultdict(list)
        for deal in self.world.deals:
            for phase in deal.phases.all():
                if lower(phase) > self.last or upper(phase) < self.when.start:
                    continue
                is_over = upper(phase) <= self.last
                length = (min(upper(phase), self.last) - lower(phase)).days
                for key in self.at_start(deal.account_id):
                    told[key].append((length, is_over))
        return {("deal_velocity", key): survival_median(some) for key, some in told.items()}

    # ---- forecasts

    def forecasts(self) -> Found:
        """What was first expected within a week, quarter by quarter, against what came."""
        if self.scope not in (Scope.COMPANY, Scope.OWNER, Scope.TEAM):
            return {}
        sums: dict[tuple[Key, Day, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
        for each in self.first_said():
            window = Period(each.starts_on, each.ends_on)
            name = "won_amount" if each.measure == "won" else "revenue"
            actual = sum(
                row.value
                for row in self.world.flows
                if row.name == name and row.date in window and each.user_id in (None, row.person)
            )
            expected = float(each.amount) * self.world.rate(each.currency, each.frozen_on)
            for key in self.keys_of_forecast(each):
                sums[key, each.starts_on, each.measure][0] += expected
                sums[key, each.starts_on, each.measure][1] += actual
        keys = {key for key, _, _ in sums}
        found: Found = {}
        for key in keys:
            pairs = [pair for (whose, _, _), pair in sums.items() if whose == key]
            actual = sum(came for _, came in pairs)
            wape, bias = sum(abs(f - a) for f, a in pairs), sum(f - a for f, a in pairs)
            found["forecast_wape", key] = 100 * wape / actual if actual > 0 else None
            found["forecast_bias", key] = 100 * bias / actual if actual > 0 else None
        return found

    def first_said(self) -> Iterator[Forecast]:
        said: set[Any] = set()
        for each in Forecast.objects.order_by("frozen_on", "pk"):
            window = (each.user_id, each.starts_on, each.ends_on, each.measure)
            in_time = (each.frozen_on - each.starts_on).days < 7
            inside = self.when.start <= each.starts_on and each.ends_on <= self.when.end
            if in_time and inside and window not in said:
                said.add(window)
                yield each

    def keys_of_forecast(self, each: Forecast) -> list[Key]:
        if (each.user_id is None) != (self.scope == Scope.COMPANY):
            return []
        if self.scope == Scope.TEAM:
            return self.world.with_above(self.world.team_on(each.user_id, each.starts_on))
        return [each.user_id]

    # ---- campaigns

    def returns(self, group: Key, made_for: list[bool | None]) -> Found:
        """Amounts won within 180 days of a campaign's first touch of the account, each deal once, against its cost."""
        firsts: dict[tuple[int, int], Day] = {}
        campaigns = [each.pk for each in Campaign.objects.all() if each.is_target in made_for]
        for touch in CampaignTouch.objects.exclude(account=None).filter(campaign__in=campaigns):
            key = touch.campaign_id, touch.account_id
            firsts[key] = min(firsts.get(key, Day.max), touch.on)
        gain = sum(
            self.world.money(deal.amount, deal.currency, deal.account_id, deal.closed_on)[0]
            for deal in self.world.deals
            if deal.outcome == "won" and deal.closed_on and deal.closed_on in self.when
            and any(
                account == deal.account_id and first <= deal.closed_on <= first + 180 * ONE_DAY
                for (_, account), first in firsts.items()
            )
        )  # fmt: skip
        cost = sum(
            self.world.money(spend.amount, spend.currency, spend.account_id, spend.date)[0]
            for spend in Spend.objects.filter(campaign__in=campaigns)
            if spend.date in self.when
        )
        if not cost:
            return {("roi", group): None, ("roi_margin", group): None}
        kept, base = self.margin(group)
        return {
            ("roi", group): 100 * (gain - cost) / cost,
            ("roi_margin", group): 100 * (gain * kept / base - cost) / cost if base else None,
        }

    def margin(self, group: Key) -> tuple[float, float]:
        """Of the company's orders, or of those of the accounts of one group."""
        kept = base = 0.0
        for line in OrderLine.objects.select_related("order").exclude(cost=None):
            order = line.order
            of_group = self.scope == Scope.COMPANY or group in self.at_start(order.account_id)
            if order.date in self.when and of_group:
                rate = self.world.money(1, order.currency, order.account_id, order.date)[0]
                kept += float(line.amount - line.cost) * rate
                base += float(line.amount) * rate
        return kept, base

    # ---- wallets and categories

    def wallet(self) -> Found:
        """Of the estimates noted by the last day: our revenue of 12 whole months against the spend."""
        ours: dict[Key, float] = defaultdict(float)
        spend: dict[Key, float] = defaultdict(float)
        since = add_months(self.last.replace(day=1), -11)
        for cell in WhitespaceCell.objects.filter(noted_on__lte=self.last, yearly_spend__gt=0):
            account = cell.account_id
            bought = sum(
                self.world.money(line.amount, line.order.currency, account, line.order.date)[0]
                for line in OrderLine.objects.filter(
                    order__account=account, product__category=cell.category_id
                ).select_related("order")
                if since <= line.order.date <= self.last
            )
            person = self.world.owner(account, self.last)
            row = Row("", account, self.last, person, 0)
            of_people = self.scope in (Scope.OWNER, Scope.TEAM)
            for key in self.oracle.keys_of_row(self.scope, row) if of_people else self.at_start(account):
                ours[key] += bought
                spend[key] += self.world.money(cell.yearly_spend, cell.currency, account, self.last)[0]
        return {("share_of_wallet", key): 100 * ours[key] / each for key, each in spend.items()}

    def whitespace(self) -> Found:
        """Categories that accounts lack, of those that anybody of their industry ever bought."""
        owned: dict[int, set[int]] = defaultdict(set)
        for line in OrderLine.objects.select_related("order", "product").exclude(product__category=None):
            order = line.order
            if order.kind == "order" and order.account_id and line.product and order.date <= self.last:
                owned[order.account_id].add(line.product.category_id)
        sold: dict[Key, set[int]] = defaultdict(set)
        for account, some in owned.items():
            sold[self.world.segment(account, self.when, "industry_id")] |= some
        lacks: dict[Key, list[int]] = defaultdict(lambda: [0, 0])
        for account, some in owned.items():
            could = sold[self.world.segment(account, self.when, "industry_id")]
            for key in self.at_start(account):
                lacks[key][0] += len(could - some)
                lacks[key][1] += len(could)
        return {("whitespace_share", key): 100 * no / every for key, (no, every) in lacks.items()}

    # ---- recency, frequency, revenue

    def recent(self) -> Found:
        since = add_months(self.when.end, -12)
        dates: dict[int, list[Day]] = defaultdict(list)
        for order in Order.objects.exclude(account=None).filter(kind="order"):
            if since <= order.date < self.when.end and order.date <= self.world.as_of:
                dates[order.account_id].append(order.date)  # type: ignore[index]
        if len(dates) < 5:
            return {("rfm", account): None for account in dates}
        amount = {
            account: sum(
                row.value
                for row in self.world.flows
                if row.name == "revenue" and row.account == account and since <= row.date < self.when.end
            )
            for account in dates
        }
        each = [
            {account: -(self.last - max(some)).days for account, some in dates.items()},
            {account: len(some) for account, some in dates.items()},
            amount,
        ]
        return {("rfm", account): sum(score(account, by) for by in each) / 3 for account in dates}


def score(account: int, by: dict[int, Any]) -> int:
    """1 and the fifths of accounts strictly below."""
    below = sum(value < by[account] for value in by.values())
    return 1 + 5 * below // len(by)


def survival_median(some: list[tuple[int, bool]]) -> float | None:
    left = 1.0
    ends = sorted({length for length, is_over in some if is_over})
    for place, length in enumerate(ends):
        at_risk = sum(other >= length for other, _ in some)
        left *= 1 - sum(is_over for other, is_over in some if other == length) / at_risk
        if abs(left - 0.5) < 1e-9:
            after = ends[place + 1] if place + 1 < len(ends) else length
            return (length + after) / 2
        if left < 0.5:
            return float(length)
    return None
