"""The customers of the demonstration company: groups, owners, classifications, places in the funnel."""

import datetime
import unicodedata
from dataclasses import dataclass, field

from accounts.demo import cast, plot
from accounts.demo.calendar import Calendar, dice
from accounts.demo.cast import Firm
from accounts.demo.organisation import Staff
from accounts.fields import days
from accounts.people.models import User
from accounts.portfolio.models import (
    Account,
    Assignment,
    Classification,
    FunnelPhase,
    FunnelStage,
    Industry,
    Region,
    Tier,
)

MONTHS_KNOWN_BEFORE = 8
OWNER, DEPUTY, SPONSOR = (
    Assignment.AccountRole.OWNER,
    Assignment.AccountRole.DEPUTY,
    Assignment.AccountRole.SPONSOR,
)


def began(firm: Firm, calendar: Calendar) -> datetime.date:
    """The day from which somebody looked after the account; new ones were worked on before they bought."""
    if firm.name in plot.PROSPECTS:
        return calendar.month(-MONTHS_KNOWN_BEFORE)
    if firm.name in plot.NEW:
        return calendar.month(plot.NEW[firm.name] - MONTHS_KNOWN_BEFORE)
    return calendar.start


def buys(firm: Firm, offset: int) -> bool:
    """Whether the customer bought in that month."""
    last, first_again = plot.BREAKS.get(firm.name, (1, 1))
    return (
        firm.name not in plot.PROSPECTS
        and plot.NEW.get(firm.name, offset) <= offset <= plot.LOST.get(firm.name, offset)
        and not last < offset < first_again
    )


@dataclass
class Portfolio:
    calendar: Calendar
    staff: Staff
    accounts: dict[str, Account] = field(default_factory=dict)
    assignments: list[Assignment] = field(default_factory=list)
    owners: dict[str, list[tuple[datetime.date, datetime.date | None, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for firm in sorted(cast.FIRMS, key=lambda firm: bool(firm.group)):
            self.accounts[firm.name] = self._account(firm)
        for firm in cast.FIRMS:
            self.owners[firm.name] = self._owners(firm)
            self.assignments += self._assignments(firm)
        self.tiers = {
            name: Tier(name=name, position=place, cadence_days=cadence)
            for place, (name, cadence) in enumerate(cast.TIERS.items(), 1)
        }
        self.industries = {name: Industry(name=name, position=n) for n, name in enumerate(cast.INDUSTRIES, 1)}
        self.regions = {name: Region(name=name, position=n) for n, name in enumerate(cast.REGIONS, 1)}
        self.stages = [FunnelStage(name=name, position=n) for n, name in enumerate(plot.FUNNEL, 1)]

    def _account(self, firm: Firm) -> Account:
        return Account(
            name=firm.name,
            parent=self.accounts.get(firm.group),
            currency=firm.currency,
            city=firm.city,
            country=firm.country,
            website=f"https://{slug(firm.name)}.example",
            description=f"{firm.industry}, {firm.city}. Made up.",
        )

    def _owners(self, firm: Firm) -> list[tuple[datetime.date, datetime.date | None, str]]:
        first = began(firm, self.calendar)
        for handover in plot.HANDOVERS:
            if handover.account == firm.name:
                day = self.calendar.month(handover.month)
                resumed = day + datetime.timedelta(days=handover.days_without_owner)
                return [(first, day, handover.before), (resumed, None, firm.owner)]
        return [(first, None, firm.owner)]

    def _assignments(self, firm: Firm) -> list[Assignment]:
        others = {
            SPONSOR: self._sponsor(firm),
            DEPUTY: self.staff.users.get(plot.DEPUTIES.get(firm.name, "")),
        }
        since = self.calendar.month(-dice("others", firm.name).randint(3, 30))
        account = self.accounts[firm.name]
        return [
            Assignment(account=account, user=self.staff.users[name], role=OWNER, during=days(first, until))
            for first, until, name in self.owners[firm.name]
        ] + [
            Assignment(
                account=account, user=user, role=role, during=days(max(since, began(firm, self.calendar)))
            )
            for role, user in others.items()
            if user
        ]

    def _sponsor(self, firm: Firm) -> User | None:
        if firm.name in plot.HEAD_SPONSORS:
            return self.staff.users[cast.HEAD]
        if firm.name not in plot.LEAD_SPONSORS:
            return None
        team = self.staff.teams[self.staff.team_of(firm.owner, self.calendar.today)]
        return team.lead or (team.parent.lead if team.parent else None)

    def owner_on(self, firm: Firm, day: datetime.date) -> str:
        for first, until, name in self.owners[firm.name]:
            if first <= day and (until is None or day < until):
                return name
        return ""

    def deputy_of(self, firm: Firm) -> User | None:
        return self.staff.users.get(plot.DEPUTIES.get(firm.name, ""))

    def classifications(self) -> list[Classification]:
        return [row for firm in cast.FIRMS for row in self._classifications(firm)]

    def _classifications(self, firm: Firm) -> list[Classification]:
        first = began(firm, self.calendar)
        tier_before, tier_month = plot.TIER_CHANGES.get(firm.name, (firm.tier, 0))
        changes = {first}
        tier_day = self.calendar.month(tier_month) if firm.name in plot.TIER_CHANGES else first
        target_day = (
            self.calendar.month(plot.TARGET_SINCE[firm.name]) if firm.name in plot.TARGET_SINCE else first
        )
        every = sorted(changes | {max(first, tier_day), max(first, target_day)})
        return [
            Classification(
                account=self.accounts[firm.name],
                tier=self.tiers[firm.tier if day >= tier_day else tier_before],
                is_target=firm.target if day >= target_day else False,
                industry=self.industries[firm.industry] if firm.target is not None else None,
                region=self.regions[firm.region],
                during=days(day, until),
            )
            for day, until in zip(every, [*every[1:], None], strict=True)
        ]

    def funnel_phases(self) -> list[FunnelPhase]:
        return [row for firm in cast.FIRMS for row in self._funnel(firm)]

    def _funnel(self, firm: Firm) -> list[FunnelPhase]:
        first, stages = began(firm, self.calendar), self.stages
        if firm.name in plot.PROSPECTS:
            steps = [
                (first, stages[0]),
                (self.calendar.month(-5), stages[1]),
                (self.calendar.month(-1), stages[2]),
            ]
        elif firm.name in plot.NEW:
            bought = plot.NEW[firm.name]
            steps = [
                (first, stages[0]),
                (self.calendar.month(bought - 6), stages[1]),
                (self.calendar.month(bought - 3), stages[2]),
                (self.calendar.month(bought), stages[3]),
            ]
        else:
            steps = [(first, stages[3])]
            if firm.growth > 0.07 and firm.name not in plot.LOST:
                expanding = self.calendar.month(-dice("funnel", firm.name).randint(4, 26))
                steps.append((expanding, stages[4]))
        end = self.calendar.month(plot.LOST[firm.name] + 1) if firm.name in plot.LOST else None
        untils = [*(day for day, _ in steps[1:]), end]
        return [
            FunnelPhase(account=self.accounts[firm.name], stage=stage, during=days(day, until))
            for (day, stage), until in zip(steps, untils, strict=True)
        ]


def slug(name: str) -> str:
    plain = (
        unicodedata.normalize("NFKD", name.replace("ø", "o").replace("ł", "l"))
        .encode("ascii", "ignore")
        .decode()
    )
    words = "".join(letter if letter.isalnum() else " " for letter in plain.lower()).split()
    return "-".join(words[:3])
