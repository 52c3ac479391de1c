"""Deals with their stages, first contacts, outcomes and shared credit."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from random import Random
from typing import NamedTuple, TypeAlias

from accounts.demo import cast, plot
from accounts.demo.calendar import Calendar, dice, weekday
from accounts.demo.cast import Firm
from accounts.demo.money import Rates
from accounts.demo.portfolio import Portfolio, began, buys
from accounts.demo.whitespace import COLUMN_OF
from accounts.fields import days
from accounts.people.models import User
from accounts.revenue.models import (
    Opportunity,
    OpportunityPhase,
    OpportunitySplit,
    OpportunityStage,
    ProductCategory,
)

Day = datetime.date
Kind: TypeAlias = Opportunity.Kind
Origin: TypeAlias = Opportunity.Origin
Outcome: TypeAlias = Opportunity.Outcome
A_YEAR_AND_TEAM = 40
NEW_CATEGORY_A_YEAR = 0.3
SKILLS = {person.name: person.skill for person in cast.PEOPLE}
KINDS = {Kind.UPSELL: 48, Kind.CROSS_SELL: 20, Kind.NEW: 12, Kind.RENEWAL: 20}
EASIER = {Kind.UPSELL: -0.04, Kind.CROSS_SELL: -0.16, Kind.NEW: -0.16, Kind.RENEWAL: 0.2}
ORIGINS = {
    Origin.EXISTING: 36,
    Origin.OUTBOUND: 13,
    Origin.INBOUND: 12,
    Origin.REFERRAL: 12,
    Origin.EVENT: 8,
    Origin.UNKNOWN: 8,
    Origin.PARTNER: 7,
    Origin.CAMPAIGN: 4,
}
REASONS = {
    "price": 30,
    "competitor: Hexatron": 22,
    "no budget this year": 18,
    "project stopped": 14,
    "own staff does it": 9,
    "delivery time": 7,
}
SITES = (
    "main plant",
    "hall 2",
    "hall 4",
    "second line",
    "northern depot",
    "test bench",
    "export fleet",
    "filling line",
    "harbour site",
    "new building",
    "three sites",
    "workshop",
)
USUAL_DAYS = 110
OPEN_A_MANAGER = 2
NEWEST_ORDINARY_DAYS = 40
CONTACT_AFTER_CLOSE = 3
WITHOUT_ACCOUNT = 3


# One draw of many: in it nobody wins or loses everything.
luck = partial(dice, draw="37")


class Win(NamedTuple):
    """What a won deal brings to the orders."""

    firm: Firm
    name: str
    closed: Day
    amount: Decimal
    product: str


class Plan(NamedTuple):
    """What is decided about a deal before it is written down."""

    firm: Firm
    opened: Day
    kind: Kind
    owner: str
    closes: Day | None = None  # given where the story needs a win on this day, or an open deal until then
    category: str = ""


def new_categories(firm: Firm, calendar: Calendar) -> dict[str, int]:
    """Month (offset) from which the customer buys a category; the first ones from the beginning."""
    random = dice("categories", firm.name)
    names = sorted(cast.CATALOGUE)
    random.shuffle(names)
    if any(each.account == firm.name for each in plot.AGREEMENTS):
        names.remove("Service")
        names.insert(0, "Service")
    begins = dict.fromkeys(names[: {"A": 3, "B": 2, "C": 1}[firm.tier]], calendar.months[0])
    for year in range(plot_years(calendar)):
        later = [name for name in names if name not in begins]
        offset = -12 * year - random.randint(1, 12)
        if later and random.random() < NEW_CATEGORY_A_YEAR and buys(firm, offset) and buys(firm, offset - 3):
            begins[later[0]] = offset
    return begins


def plot_years(calendar: Calendar) -> int:
    return len(calendar.months) // 12


@dataclass
class Deals:
    calendar: Calendar
    portfolio: Portfolio
    rates: Rates
    categories: dict[str, ProductCategory]
    opportunities: list[Opportunity] = field(default_factory=list)
    phases: list[OpportunityPhase] = field(default_factory=list)
    splits: list[OpportunitySplit] = field(default_factory=list)
    bought: list[Win] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stages = [
            OpportunityStage(name=name, position=n, qualified=qualified, probability=Decimal(probability))
            for n, (name, qualified, probability) in enumerate(plot.STAGES, 1)
        ]
        told = [*self._first_deals(), *self._category_deals(), *self._open_deals()]
        for number, plan in enumerate(sorted([*told, *self._ordinary(told)], key=lambda plan: plan.opened)):
            self._write(number, plan)
        self._contact_after_close()
        self._inquiries_without_account()

    def _first_deals(self) -> Iterator[Plan]:
        """Every new customer began with a won deal."""
        for firm in cast.FIRMS:
            if firm.name in plot.NEW:
                closes = weekday(self.calendar.month(plot.NEW[firm.name]))
                opened = closes - datetime.timedelta(days=luck("first", firm.name).randint(70, 150))
                yield Plan(firm, opened, Kind.NEW, firm.owner, closes)

    def _category_deals(self) -> Iterator[Plan]:
        """A category bought for the first time was a won cross-selling deal."""
        for firm in cast.FIRMS:
            for category, offset in new_categories(firm, self.calendar).items():
                if offset > self.calendar.months[0] + 5:
                    random = dice("category", firm.name, category)
                    closes = weekday(
                        self.calendar.month(offset) + datetime.timedelta(days=random.randint(1, 26))
                    )
                    opened = closes - datetime.timedelta(days=random.randint(40, 150))
                    owner = self.portfolio.owner_on(firm, opened) or firm.owner
                    yield Plan(firm, opened, Kind.CROSS_SELL, owner, closes, category)

    def _open_deals(self) -> Iterator[Plan]:
        """Every manager works on something today."""
        calendar = self.calendar
        for person in cast.PEOPLE:
            held = [firm for firm in cast.FIRMS if firm.owner == person.name and buys(firm, 0)]
            random = dice("open", person.name)
            for firm in random.sample(held, min(OPEN_A_MANAGER, len(held))):
                opened = weekday(calendar.in_days(-random.randint(15, 75)))
                closes = weekday(calendar.in_days(random.randint(20, 120)))
                if closes > calendar.today and buys(firm, calendar.offset(opened)):
                    yield Plan(firm, opened, self._kind(random), person.name, closes)

    def _kind(self, random: Random) -> Kind:
        return Kind(random.choices(list(KINDS), list(KINDS.values()))[0])

    def _ordinary(self, told: list[Plan]) -> Iterator[Plan]:
        staff = self.portfolio.staff
        for team in (cast.SOUTH, cast.NORTH, cast.WEST):
            random = luck("deals", team)
            parts = {team} | {name for name, (_, parent) in cast.TEAMS.items() if parent == team}
            of_team = sum(staff.team_of(plan.owner, plan.opened) in parts for plan in told)
            for _ in range(round(A_YEAR_AND_TEAM * self.calendar.years) - of_team):
                if plan := self._chosen(random, parts):
                    yield plan

    def _chosen(self, random: Random, teams: set[str]) -> Plan | None:
        span = (self.calendar.today - self.calendar.start).days
        opened = weekday(self.calendar.in_days(-random.randint(NEWEST_ORDINARY_DAYS, span - 20)))
        offset = self.calendar.offset(opened)
        candidates = []
        for firm in cast.FIRMS:
            owner = self.portfolio.owner_on(firm, opened)
            prospect = firm.name in plot.PROSPECTS and began(firm, self.calendar) < opened
            if self.portfolio.staff.team_of(owner, opened) in teams and (buys(firm, offset) or prospect):
                candidates.append((firm, owner))
        if not candidates:
            return None
        weights = [max(firm.level, 60) ** 0.45 for firm, _ in candidates]
        firm, owner = random.choices(candidates, weights)[0]
        kind = self._kind(random)
        return Plan(firm, opened, Kind.NEW if firm.name in plot.PROSPECTS else kind, owner)

    def _write(self, number: int, plan: Plan) -> None:
        random = luck("deal", number, plan.firm.name, self.calendar.offset(plan.opened))
        category = plan.category or random.choice(sorted(new_categories(plan.firm, self.calendar)))
        product = random.choice(sorted(cast.CATALOGUE[category]))
        closes = plan.closes or self._closing_day(random, plan)
        outcome = self._outcome(random, plan, closes)
        kind = (
            Kind.UPSELL
            if outcome == Outcome.WON and plan.kind == Kind.CROSS_SELL and not plan.closes
            else plan.kind
        )
        origin = random.choices(list(ORIGINS), list(ORIGINS.values()))[0]
        if plan.kind == Kind.NEW and origin == Origin.EXISTING:
            origin = Origin.OUTBOUND
        known_contact = random.random() < 0.86
        deal = Opportunity(
            account=self.portfolio.accounts[plan.firm.name],
            name=f"{product}, {random.choice(SITES)}"
            if kind != Kind.RENEWAL
            else f"Renewal: {product.lower()}",
            kind=kind,
            origin=origin,
            category=self.categories[COLUMN_OF[product]],
            amount=self._amount(random, plan, outcome, closes),
            currency=plan.firm.currency,
            opened_on=plan.opened,
            first_contact_on=plan.opened - datetime.timedelta(days=random.randint(2, 45))
            if known_contact
            else None,
            closed_on=closes if outcome != Outcome.OPEN else None,
            outcome=outcome,
            loss_reason=random.choices(list(REASONS), list(REASONS.values()))[0]
            if outcome == Outcome.LOST
            else "",
        )
        self.opportunities.append(deal)
        self._phases(random, deal, closes)
        if random.random() < 0.06:
            self._split(random, deal, plan)
        if outcome == Outcome.WON and kind != Kind.RENEWAL:
            assert deal.amount is not None
            self.bought.append(Win(plan.firm, deal.name, closes, deal.amount, product))

    def _closing_day(self, random: Random, plan: Plan) -> Day:
        slower = 0.7 if plan.kind == Kind.RENEWAL else 1.3 if plan.kind == Kind.NEW else 1.0
        length = min(400, max(18, slower * random.lognormvariate(4.5, 0.5)))
        return weekday(plan.opened + datetime.timedelta(days=round(length)))

    def _outcome(self, random: Random, plan: Plan, closes: Day) -> Outcome:
        luck = random.random()
        if closes > self.calendar.today:
            return Outcome.OPEN
        if plan.closes:
            return Outcome.WON
        if not buys(plan.firm, self.calendar.offset(closes)):
            return Outcome.LOST
        return Outcome.WON if luck < SKILLS[plan.owner] + EASIER[plan.kind] else Outcome.LOST

    def _amount(self, random: Random, plan: Plan, outcome: Outcome, closes: Day) -> Decimal | None:
        """Large customers buy more at once, and what takes longer is worth more."""
        slowness = (closes - plan.opened).days / USUAL_DAYS
        size = max(plan.firm.level, 300) ** 0.7 * slowness**0.7 * random.lognormvariate(-0.15, 0.55)
        if outcome != Outcome.WON and random.random() < 0.09:
            return None
        step = "5000" if plan.firm.currency == "SEK" else "500"
        return self.rates.in_currency(max(6, size) * 1000, plan.firm.currency, plan.opened, step)

    def _phases(self, random: Random, deal: Opportunity, closes: Day) -> None:
        """An open deal stands as far on its way as its days suggest; a lost one ended somewhere."""
        length = max(12, (closes - deal.opened_on).days)
        reached = len(self.stages)
        if deal.outcome == Outcome.LOST:
            reached = random.choices(range(1, reached + 1), (10, 22, 22, 30, 16))[0]
        inner = sorted(random.sample(range(1, length), reached - 1))
        steps = [deal.opened_on + datetime.timedelta(days=n) for n in (0, *inner)]
        if deal.outcome == Outcome.OPEN:
            steps = [day for day in steps if day <= self.calendar.today]
        ends = [*steps[1:], deal.closed_on]
        for stage, first, until in zip(self.stages, steps, ends, strict=False):
            self.phases.append(OpportunityPhase(opportunity=deal, stage=stage, during=days(first, until)))

    def _split(self, random: Random, deal: Opportunity, plan: Plan) -> None:
        staff = self.portfolio.staff
        partner: User | None = self.portfolio.deputy_of(plan.firm)
        others = [user for user in staff.colleagues(plan.owner, plan.opened) if user.is_active]
        if partner is None or partner.name == plan.owner:
            partner = random.choice(others) if others else None
        if partner:
            share = Decimal(random.choice(("0.5", "0.6", "0.7", "0.75")))
            self.splits.append(OpportunitySplit(opportunity=deal, user=staff.users[plan.owner], share=share))
            self.splits.append(OpportunitySplit(opportunity=deal, user=partner, share=1 - share))

    def _contact_after_close(self) -> None:
        """Typing errors as real data has them: the first contact lies after the closing."""
        won = [deal for deal in self.opportunities if deal.outcome == Outcome.WON and deal.first_contact_on]
        for deal in luck("typing errors").sample(won[-60:], CONTACT_AFTER_CLOSE):
            assert deal.closed_on
            deal.first_contact_on = min(self.calendar.today, deal.closed_on + datetime.timedelta(days=5))

    def _inquiries_without_account(self) -> None:
        random = luck("inquiries")
        for n in range(WITHOUT_ACCOUNT):
            deal = Opportunity(
                name=f"Inquiry from the trade fair, stand visit {n + 1}",
                kind=Kind.NEW,
                origin=Origin.EVENT,
                amount=None if n else Decimal(40_000),
                currency="EUR",
                opened_on=weekday(self.calendar.in_days(-random.randint(15, 90))),
            )
            self.opportunities.append(deal)
            self.phases.append(
                OpportunityPhase(opportunity=deal, stage=self.stages[0], during=days(deal.opened_on))
            )
