"""How the made-up customers stand and what they cost, who speaks for us, who left, and what was forecast."""

import datetime
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from django.db import models

from accounts.demo import cast, plot
from accounts.demo.calendar import Calendar, dice
from accounts.demo.cast import Firm
from accounts.demo.deals import Deals
from accounts.demo.marketing import Marketing
from accounts.demo.money import Rates
from accounts.demo.people import People
from accounts.demo.portfolio import Portfolio, began, buys
from accounts.engagement.advocacy import AdvocacyAction, LossInterview, LossReason, ReferenceConsent
from accounts.engagement.states import AccountState
from accounts.fields import SoftBasis, days
from accounts.people.headcount import Headcount, Leaver
from accounts.people.models import Role
from accounts.periods import add_months
from accounts.portfolio.fit import Fit, IcpCriterion, IcpWeight
from accounts.revenue.costs import CostToServe
from accounts.revenue.forecasts import FROZEN, Forecast, middle_of
from accounts.revenue.models import Opportunity

Day = datetime.date
Cost = CostToServe.Kind
State = AccountState.Kind
Level = AccountState.Level
Said = AdvocacyAction.Kind
MONTHS = 24
COSTLY = {"Aalto Instruments Oy": 3.4, "Bergbahnen Silvretta-Nord AG": 2.6, "Brynmor Castings Ltd": 2.8}
USES_LESS = {"Aalto Instruments Oy": 34, "Tessellate Robotics Ltd": 48, "Meridian Bank plc": 40}
USES_LESS |= {"Donauland Mühlen GmbH": 26, "Prairie Gate Rail Inc.": 38, "Brynmor Castings Ltd": 45}
PAYS_LATE = {"Brynmor Group plc": 30, "Officine Bertolani SpA": 22, "Prairie Gate Rail Inc.": 35}
CRITERIA = {
    "Size": (25, "Does it spend more than 200,000 a year on what we sell?"),
    "Industry": (25, "Is it in one of our five industries?"),
    "Region": (10, "Do we have service within four hours?"),
    "Need": (25, "Does a standstill cost it more than our price?"),
    "Product fit": (15, "Do our products work in its machines without changes?"),
}
OUR_INDUSTRIES = {cast.SHIPS, cast.MACHINES, cast.FOOD, cast.ENERGY, cast.TRANSPORT}
NEAR = {"DACH", "Nordics", "Western Europe"}
LOSS_REASONS = ("Price", "Product", "Service", "Change at the customer", "Own staff")
WHY = {
    "Meridian Bank plc": (
        "Change at the customer",
        "The data centre moved to a provider with its own cooling.",
    ),
    "Tessellate Robotics Ltd": ("Price", "Hexatron was a fifth cheaper, and nobody had asked us to compare."),
    "Prairie Gate Rail Inc.": ("Service", "Three weeks without an answer in spring."),
    "Brynmor Castings Ltd": ("Change at the customer", "The foundry was sold."),
    "Vandermeer Cold Chain BV": ("Product", "They needed a system for all of their depots."),
}
WORDS = {
    Said.CASE_STUDY: ("Retrofit paid back in 14 months", "A third fewer standstills"),
    Said.TESTIMONIAL: ("“They called before we noticed”", "“The line has not stopped since May”"),
    Said.REFERRAL: ("Named us to a sister plant", "Introduced us to the group’s energy board"),
    Said.REFERENCE: ("Took a call of a prospect", "Showed the plant to a prospect"),
    Said.REVIEW: ("Review in a trade magazine", "Review on a supplier portal"),
    Said.MENTION: ("Post about the new drives", "Post about the maintenance day"),
    Said.TALK: ("Talk at the Harbour Technology Days",),
}
BAD_WORDS = ("Post: a spare part took six weeks", "Review: two engineers, two opinions")


@dataclass
class Standing:
    calendar: Calendar
    portfolio: Portfolio
    people: People
    rates: Rates
    deals: Deals
    marketing: Marketing
    costs: list[CostToServe] = field(default_factory=list)
    states: list[AccountState] = field(default_factory=list)
    consents: list[ReferenceConsent] = field(default_factory=list)
    advocacy: list[AdvocacyAction] = field(default_factory=list)
    losses: list[LossInterview] = field(default_factory=list)
    fits: list[Fit] = field(default_factory=list)
    weights: list[IcpWeight] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reasons = {name: LossReason(name=name, position=n) for n, name in enumerate(LOSS_REASONS, 1)}
        self.criteria = {
            name: IcpCriterion(name=name, position=n, question=question)
            for n, (name, (_, question)) in enumerate(CRITERIA.items(), 1)
        }
        self._weights()
        for firm in cast.FIRMS:
            self._costs(firm)
            self._states(firm)
            self._advocates(firm)
            self._fit_of(firm)
        self._lost()
        self._fit_of_leads()

    def batches(self) -> Iterator[Sequence[models.Model]]:
        yield list(self.reasons.values())
        yield list(self.criteria.values())
        yield self.weights
        yield self.costs
        yield self.states
        yield self.consents
        yield self.advocacy
        yield self.losses
        yield self.fits
        yield self.headcounts()
        yield self.leavers()
        yield self.forecasts()

    # --- what an account costs, and how it stands

    def _costs(self, firm: Firm) -> None:
        """About a fifteenth of what a customer buys; a few cost far more than they seem to."""
        random = dice("costs", firm.name)
        kinds = [Cost.SUPPORT, Cost.SUPPORT, Cost.SERVICE, Cost.DELIVERY, Cost.TRAVEL, Cost.TRAINING]
        for offset in range(1 - MONTHS, 1):
            if not buys(firm, offset):
                continue
            monthly = firm.level * 1000 / 12 * 0.066 * COSTLY.get(firm.name, 1.0)
            for kind in random.sample(kinds, random.choice((1, 1, 2))):
                day = min(self.calendar.month_end(offset), self.calendar.today)
                self.costs.append(
                    CostToServe(
                        account=self.portfolio.accounts[firm.name],
                        date=day,
                        kind=kind,
                        amount=Decimal(max(round(monthly * random.uniform(0.4, 1.1), -1), 40)),
                        currency="EUR",
                    )
                )

    def _states(self, firm: Firm) -> None:
        random = dice("states", firm.name)
        usual, pays = random.uniform(62, 92), random.uniform(84, 100) - PAYS_LATE.get(firm.name, 0)
        for offset in range(1 - MONTHS, 0):
            if not buys(firm, offset):
                continue
            day = self.calendar.month_end(offset)
            # Usage falls in the last year, not all at once.
            gone = USES_LESS.get(firm.name, 0) * max(0.0, min(1.0, (offset + 14) / 12))
            self._state(firm, State.USAGE, day, usual - gone + random.uniform(-4, 4))
            if offset % 3 == 0:
                self._state(firm, State.PAYMENT, day, pays + random.uniform(-5, 3))
                levels = [Level.GOOD, Level.FAIR, Level.POOR]
                poor = 4 if firm.name in USES_LESS else 1
                level = random.choices(levels, [7, 3, poor])[0]
                self._state(firm, State.SUPPORT, day, None, level)

    def _state(
        self, firm: Firm, kind: State, day: Day, value: float | None, level: Level = Level.NUMBER
    ) -> None:
        self.states.append(
            AccountState(
                account=self.portfolio.accounts[firm.name],
                kind=kind,
                date=day,
                value=None if value is None else Decimal(f"{min(max(value, 0), 100):.1f}"),
                level=level,
                source="telemetry" if kind == State.USAGE else "erp" if kind == State.PAYMENT else "helpdesk",
            )
        )

    # --- who speaks for us

    def _advocates(self, firm: Firm) -> None:
        random = dice("advocates", firm.name)
        happy = {"A": 0.6, "B": 0.4, "C": 0.15}[firm.tier]
        if not buys(firm, 0) or random.random() > happy:
            return
        account = self.portfolio.accounts[firm.name]
        given = self.calendar.in_days(-random.randint(40, 900))
        known = [each for each in self.people.of[firm.name] if each.since <= given]
        revoked = given + datetime.timedelta(days=200) if random.random() < 0.1 else None
        self.consents.append(
            ReferenceConsent(
                account=account,
                contact=random.choice(known) if known and random.random() < 0.6 else None,
                during=days(given, given + datetime.timedelta(days=random.choice((365, 730, 730, 1095)))),
                revoked_on=revoked if revoked and revoked <= self.calendar.today else None,
                evidence=f"letter of {given:%d %b %Y}",
                noted_by=self.portfolio.staff.users[self.portfolio.owner_on(firm, given) or firm.owner],
            )
        )
        for _ in range(random.choice((0, 1, 1, 2, 3))):
            self._word(firm, random)

    def _word(self, firm: Firm, random: Random) -> None:
        against = random.random() < 0.12
        kind = random.choice((Said.MENTION, Said.REVIEW)) if against else random.choice(list(WORDS))
        on = self.calendar.in_days(-random.randint(5, 700))
        known = [each for each in self.people.of[firm.name] if each.since <= on]
        self.advocacy.append(
            AdvocacyAction(
                account=self.portfolio.accounts[firm.name],
                contact=random.choice(known) if known else None,
                on=on,
                kind=kind,
                is_positive=not against,
                subject=random.choice(BAD_WORDS if against else WORDS[kind]),
            )
        )

    def _lost(self) -> None:
        """The months in which customers stopped; not all were asked why."""
        stopped = {**plot.LOST, **{name: last for name, (last, _) in plot.BREAKS.items()}}
        firms = {firm.name: firm for firm in cast.FIRMS}
        for name, last in stopped.items():
            random = dice("lost", name)
            lost = self.calendar.month(last + 1)
            asked = lost + datetime.timedelta(days=random.randint(9, 40))
            reason, note = WHY.get(name, ("", ""))
            held = bool(reason) and asked <= self.calendar.today
            owner = self.portfolio.owner_on(firms[name], asked) or cast.HEAD
            self.losses.append(
                LossInterview(
                    account=self.portfolio.accounts[name],
                    lost_on=lost,
                    interviewed_on=asked if held else None,
                    reason=self.reasons[reason] if held else None,
                    interviewer=self.portfolio.staff.users[owner] if held else None,
                    note=note if held else "",
                )
            )

    # --- the ideal customer

    def _weights(self) -> None:
        """A year ago need became more important, and size less."""
        changed = self.calendar.month(-12)
        for name, (weight, _) in CRITERIA.items():
            before = {"Need": 15, "Size": 35}.get(name, weight)
            spans: list[tuple[Day, Day | None, int, str]] = [(self.calendar.start, None, weight, "")]
            if before != weight:
                why = "Large customers without a pressing need took long and paid little."
                spans = [(self.calendar.start, changed, before, ""), (changed, None, weight, why)]
            for first, until, value, reason in spans:
                self.weights.append(
                    IcpWeight(
                        criterion=self.criteria[name],
                        during=days(first, until),
                        weight=Decimal(value),
                        reason=reason,
                    )
                )

    def _fit_of(self, firm: Firm) -> None:
        random = dice("fit", firm.name)
        noted = max(began(firm, self.calendar), self.calendar.in_days(-random.randint(30, 500)))
        known = self._matches(random, firm.industry, firm.region, firm.level)
        author = self.portfolio.staff.users[self.portfolio.owner_on(firm, noted) or firm.owner]
        for name, match in known.items():
            if random.random() < 0.9:
                self.fits.append(
                    Fit(
                        account=self.portfolio.accounts[firm.name],
                        criterion=self.criteria[name],
                        match=match,
                        basis=SoftBasis.CONFIRMED if random.random() < 0.6 else SoftBasis.ASSUMED,
                        author=author,
                        noted_on=noted,
                    )
                )

    def _fit_of_leads(self) -> None:
        """Whoever is marketing-qualified was looked at; nobody knows all of a stranger."""
        for place, lead in enumerate(self.marketing.leads):
            if lead.mql_on is None:
                continue
            random = dice("fit of lead", place)
            region = next((name for name, land in cast.REGIONS.items() if lead.country in land), "")
            level = random.choice((60, 150, 260, 500))
            for name, match in self._matches(random, random.choice(cast.INDUSTRIES), region, level).items():
                if random.random() < 0.78:
                    self.fits.append(
                        Fit(
                            lead=lead,
                            criterion=self.criteria[name],
                            match=match,
                            author=lead.owner,
                            noted_on=lead.mql_on,
                        )
                    )

    def _matches(self, random: Random, industry: str, region: str, level: int) -> dict[str, Decimal | None]:
        unknown = random.random() < 0.12
        return {
            "Size": Decimal(1) if level > 250 else Decimal("0.6") if level > 120 else Decimal("0.2"),
            "Industry": Decimal(1) if industry in OUR_INDUSTRIES else Decimal("0.3"),
            "Region": Decimal(1) if region in NEAR else Decimal("0.5"),
            "Need": None if unknown else Decimal(random.choice(("0.25", "0.5", "0.75", "1", "1"))),
            "Product fit": Decimal(random.choice(("0.4", "0.7", "0.9", "1"))),
        }

    # --- people and forecasts

    def headcounts(self) -> list[Headcount]:
        """The number of people at the beginning of each quarter; who sells is not all of a team."""
        sizes = {cast.SOUTH: 7.5, cast.ALPINE: 4.0, cast.NORTH: 9.0, cast.WEST: 7.0}
        found = []
        for name, size in sizes.items():
            random = dice("headcount", name)
            for offset in range(-33, 1, 3):
                number = size + random.choice((-0.5, 0, 0, 0.5))
                found.append(
                    Headcount(
                        team=self.portfolio.staff.teams[name],
                        on=self.calendar.month(offset),
                        number=Decimal(str(number)),
                    )
                )
        return found

    def leavers(self) -> list[Leaver]:
        told = (
            (cast.SOUTH, cast.STEFAN_LEFT_MONTH, Leaver.Reason.RESIGNED),
            (cast.NORTH, -19, Leaver.Reason.RETIRED),
            (cast.WEST, -11, Leaver.Reason.RESIGNED),
            (cast.WEST, -3, Leaver.Reason.ENDED),
        )
        return [
            Leaver(team=self.portfolio.staff.teams[team], left_on=self.calendar.month(month), reason=reason)
            for team, month, reason in told
        ]

    def forecasts(self) -> list[Forecast]:
        """Each quarter and month of two years, frozen on its first day: near what came, rather too hopeful.

        Frozen once more in the middle, when a part of it is known, it lies nearer.
        """
        won = self._won()
        found = []
        for months, count in ((3, 9), (1, 25)):
            this = self.calendar.month(0)
            start = add_months(this, -((this.month - 1) % months))
            for back in range(count):
                first = add_months(start, -months * back)
                found += self._frozen(won, first, add_months(first, months))
        return found

    def _won(self) -> dict[tuple[str, Day], float]:
        """What each manager won in each month, in the reporting currency."""
        firms = {firm.name: firm for firm in cast.FIRMS}
        found: dict[tuple[str, Day], float] = defaultdict(float)
        for deal in self.deals.opportunities:
            if deal.outcome == Opportunity.Outcome.WON and deal.account and deal.closed_on and deal.amount:
                owner = self.portfolio.owner_on(firms[deal.account.name], deal.closed_on)
                worth = self.rates.in_euros(deal.amount, deal.currency, deal.closed_on)
                found[owner, deal.closed_on.replace(day=1)] += worth
        return found

    def _frozen(self, won: dict[tuple[str, Day], float], first: Day, until: Day) -> list[Forecast]:
        people = [p.name for p in cast.PEOPLE if p.role == Role.MANAGER]
        rows, company, later = [], 0.0, 0.0
        middle = middle_of(first, until)
        has_middle = middle <= self.calendar.today
        for name in people:
            actual = sum(
                amount for (who, month), amount in won.items() if who == name and first <= month < until
            )
            left = name == cast.LEAVER and first >= self.calendar.month(cast.STEFAN_LEFT_MONTH)
            if left:
                continue
            random = dice("forecast", name, first, until)
            still = 1.6 if until > self.calendar.today else 1.0
            expected = (actual * still + 9000) * random.gauss(1.09, 0.22)
            company += expected
            rows.append(self._forecast(name, first, until, first, expected))
            if has_middle:
                nearer = (expected + 2 * actual * still) / 3
                nearer *= dice("forecast in mid-period", name, first, until).gauss(1.03, 0.08)
                later += nearer
                rows.append(self._forecast(name, first, until, middle, nearer))
        rows.append(self._forecast("", first, until, first, company))
        return [*rows, self._forecast("", first, until, middle, later)] if has_middle else rows

    def _forecast(self, name: str, first: Day, until: Day, frozen: Day, amount: float) -> Forecast:
        return Forecast(
            user=self.portfolio.staff.users[name] if name else None,
            starts_on=first,
            ends_on=until,
            frozen_on=frozen,
            amount=Decimal(max(round(amount, -2), 0)),
            currency="EUR",
            source=FROZEN,
        )
