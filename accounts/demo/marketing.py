"""Two years of campaigns, what they cost, whom they reached, and the leads that came."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import NamedTuple

from django.db import models

from accounts.demo import cast, plot
from accounts.demo.calendar import Calendar, dice, weekday
from accounts.demo.cast import Firm
from accounts.demo.money import Rates
from accounts.demo.people import FIRST, LAST, SPEECH, People
from accounts.demo.portfolio import Portfolio, began, buys, slug
from accounts.fields import days
from accounts.people.models import Role, User
from accounts.revenue.marketing import Campaign, CampaignTouch, HeardThrough, Lead, LeadChannel, Spend

Day = datetime.date
Channel = LeadChannel
Did = CampaignTouch.Kind
MONTHS = 24


class Drive(NamedTuple):
    """A campaign: begun so many months ago on a day, for so many days, for target accounts or not."""

    name: str
    channel: Channel
    month: int
    day: int
    lasts: int | None
    is_target: bool | None
    budget: int | None
    pull: int
    currency: str = "EUR"
    about: str = ""


DRIVES = (
    Drive("Fleet analytics: mail series", Channel.MAIL, -23, 9, 60, False, 16, 4),
    Drive("Harbour Technology Days, Hamburg", Channel.EVENT, -20, 14, 3, None, 83, 9),
    Drive("Retrofit study: a third less energy", Channel.CONTENT, -19, 3, 240, False, 32, 6),
    Drive("Webinar: vibration tells before it breaks", Channel.WEBINAR, -17, 11, 1, False, 11, 6),
    Drive("Executive dinner, Stockholm", Channel.EVENT, -16, 20, 1, True, 216, 2, "SEK"),
    Drive("Skarvik group: all sites on one page", Channel.MAIL, -15, 5, 90, True, 120, 1),
    Drive("Swiss maintenance forum, Olten", Channel.EVENT, -13, 7, 2, None, 50, 5, "CHF"),
    Drive("Search advertising, first year", Channel.SEARCH, -24, 1, 365, False, 108, 12),
    Drive("Search advertising, second year", Channel.SEARCH, -12, 1, 365, False, 119, 12),
    Drive(
        "Castellane: five plants, one service",
        Channel.CONTENT,
        -11,
        4,
        120,
        True,
        190,
        1,
        about="With a pilot in each plant.",
    ),
    Drive("Webinar: what a standstill costs", Channel.WEBINAR, -9, 17, 1, False, 11, 7),
    Drive("Harbour Technology Days, Rotterdam", Channel.EVENT, -8, 12, 3, None, 94, 10),
    Drive("Shipyards on LinkedIn", Channel.SOCIAL, -7, 2, 150, True, 40, 4),
    Drive("Dairy and mills: hygiene retrofit", Channel.MAIL, -6, 6, 75, False, 20, 4),
    Drive("Webinar: energy recovery in numbers", Channel.WEBINAR, -4, 9, 1, False, 13, 8),
    Drive("Executive dinner, Lyon", Channel.EVENT, -3, 18, 1, True, 27, 2),
    Drive("Remote diagnostics: twelve weeks free", Channel.MAIL, -2, 3, 120, True, 36, 5),
    Drive("Hydro and wind: partner days", Channel.PARTNER, -1, 5, 45, True, 43, 3, about="With Norvane."),
    Drive("Retrofit week", Channel.EVENT, 2, 8, 5, None, 72, 0),
)

PLAIN = {
    Channel.WEBSITE: 22,
    Channel.REFERRAL: 16,
    Channel.CALL: 12,
    Channel.PARTNER: 8,
    Channel.UNKNOWN: 14,
    Channel.OTHER: 3,
}
HEARD = {
    HeardThrough.UNANSWERED: 38,
    HeardThrough.REFERRAL: 15,
    HeardThrough.SEARCH: 14,
    HeardThrough.EVENT: 13,
    HeardThrough.KNOWN: 9,
    HeardThrough.SOCIAL: 5,
    HeardThrough.PRESS: 4,
    HeardThrough.OTHER: 2,
}
COUNTRIES = {"Germany": 30, "Sweden": 10, "Norway": 8, "France": 11, "Switzerland": 8, "Austria": 7}
COUNTRIES |= {
    "United Kingdom": 9,
    "Netherlands": 7,
    "Poland": 6,
    "Finland": 5,
    "Italy": 5,
    "United States": 4,
}
FORMS = {"Germany": "GmbH", "Austria": "GmbH", "Switzerland": "AG", "Sweden": "AB", "Norway": "AS"}
FORMS |= {"France": "SAS", "United Kingdom": "Ltd", "Netherlands": "BV", "Poland": "Sp. z o.o."}
FORMS |= {"Finland": "Oy", "Italy": "Srl", "United States": "Inc."}
STEMS = "Alvar Brenna Corvin Delmar Esker Falken Grimsel Havelle Isenthal Jorund Kestrel Lindau Morven Nautor"
STEMS += " Orsolya Pellworm Quarnstedt Rosendal Solvang Tindra Ulmen Varberg Westrup Ystad Zellner Arkona"
STEMS += " Belvaux Carrow Drammen Elvra Fjordan Gantria Hollerin Inverna Juvik Kolding Lorvane Merkur Norden"
TRADES = "Hafenbetriebe|Marine|Mühlen|Textil|Papier|Energi|Robotics|Logistics|Foods|Metall|Shipyard|Pumpen"
TRADES += "|Brauerei|Rail|Glas|Chemie|Verpackung|Kraftwerke|Mining|Dairy"
JOBS = (
    "head of maintenance",
    "plant manager",
    "technical director",
    "head of purchasing",
    "project engineer",
    "managing director",
    "energy manager",
    "head of production",
)
REASONS = ("no budget", "no project before next year", "not our market", "student", "chose Hexatron")
MQL, SQL, WON, DROPPED = 0.46, 0.38, 0.34, 0.55


@dataclass
class Marketing:
    calendar: Calendar
    portfolio: Portfolio
    people: People
    rates: Rates
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    spend: list[Spend] = field(default_factory=list)
    leads: list[Lead] = field(default_factory=list)
    touches: list[CampaignTouch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.managers = [
            self.portfolio.staff.users[person.name]
            for person in cast.PEOPLE
            if person.role == Role.MANAGER and person.name != cast.LEAVER
        ]
        for drive in DRIVES:
            self._campaign(drive)
        for offset in range(-MONTHS, 1):
            self._overheads(offset)
            self._month_of_leads(offset)
        for name, bought in plot.NEW.items():
            if bought >= 3 - MONTHS:
                self._lead_of_customer(name, bought)
        for name in plot.PROSPECTS:
            self._prospect(name)

    def batches(self) -> Iterator[Sequence[models.Model]]:
        yield list(self.campaigns.values())
        yield self.spend
        yield self.leads
        yield self.touches

    def _user(self, name: str) -> User:
        return self.portfolio.staff.users[name]

    # --- campaigns

    def _campaign(self, drive: Drive) -> None:
        first = self.calendar.month(drive.month) + datetime.timedelta(days=drive.day - 1)
        until = first + datetime.timedelta(days=drive.lasts) if drive.lasts else None
        campaign = Campaign(
            name=drive.name,
            channel=drive.channel,
            during=days(first, until),
            is_target=drive.is_target,
            budget=Decimal(drive.budget * 1000) if drive.budget else None,
            currency=drive.currency,
            description=drive.about,
        )
        self.campaigns[drive.name] = campaign
        self._bookings(drive, campaign, first, until)
        self._reached(drive, campaign, first, until)

    def _bookings(self, drive: Drive, campaign: Campaign, first: Day, until: Day | None) -> None:
        """Part is paid before, the rest while it runs and after; what is still ahead is not booked."""
        random = dice("spend", drive.name)
        parts = ("agency", "media") if (drive.lasts or 999) > 20 else ("stand and rooms", "travel", "print")
        bookings = max(len(parts), min((drive.lasts or 90) // 30, 12))
        total = (drive.budget or 10) * 1000 * random.uniform(0.82, 1.12)
        for place in range(bookings):
            day = first + datetime.timedelta(days=place * 30 + random.randint(-12, 12))
            if day <= self.calendar.today:
                self.spend.append(
                    Spend(
                        date=day,
                        kind=Spend.Kind.MARKETING,
                        amount=Decimal(round(total / bookings * random.uniform(0.7, 1.3), -1)),
                        currency=drive.currency,
                        campaign=campaign,
                        description=parts[place % len(parts)],
                    )
                )

    def _overheads(self, offset: int) -> None:
        """What belongs to no campaign: the work on new business, and the tools of marketing."""
        random = dice("overheads", self.calendar.months[-1] - offset)
        day = min(self.calendar.month_end(offset), self.calendar.today)
        share = random.uniform(0.52, 0.64)
        sales = 58_000 * (1 + 0.004 * (offset + MONTHS)) * self.calendar.elapsed(offset)
        for kind, amount, target, what in (
            (Spend.Kind.SALES, sales * share, True, "new business, target accounts"),
            (Spend.Kind.SALES, sales * (1 - share), False, "new business, others"),
            (Spend.Kind.MARKETING, 6_200.0 * self.calendar.elapsed(offset), None, "tools and content"),
        ):
            self.spend.append(
                Spend(
                    date=day,
                    kind=kind,
                    amount=Decimal(round(amount * random.uniform(0.95, 1.05))),
                    is_target=target,
                    description=what,
                )
            )

    def _reached(self, drive: Drive, campaign: Campaign, first: Day, until: Day | None) -> None:
        """Accounts that the campaign spoke to, person by person."""
        for firm in cast.FIRMS:
            random = dice("reached", drive.name, firm.name)
            wanted = 0.11 if drive.is_target and firm.target else 0.02 if drive.is_target else 0.04
            if random.random() > wanted or first < began(firm, self.calendar):
                continue
            lasts = min(((until or self.calendar.today) - first).days, 60)
            day = first + datetime.timedelta(days=random.randint(0, max(lasts - 1, 0)))
            if day > self.calendar.today:
                continue
            known = [each for each in self.people.of[firm.name] if each.since <= day]
            for contact in random.sample(known, min(len(known), random.randint(1, 3))):
                for kind in deeds(drive, random):
                    self.touches.append(
                        CampaignTouch(
                            campaign=campaign,
                            account=self.portfolio.accounts[firm.name],
                            contact=contact,
                            on=day,
                            kind=kind,
                        )
                    )

    # --- leads

    def _month_of_leads(self, offset: int) -> None:
        random = dice("leads", offset - self.calendar.today.month, self.calendar.today.year)
        workdays = self.calendar.working_days(offset)
        running = [drive for drive in DRIVES if self._pulls(drive, offset)]
        wanted = round((9 + random.randint(0, 4)) * self.calendar.elapsed(offset))
        sources: list[Drive | None] = [None] * wanted
        for drive in running:
            spread = max(1, (drive.lasts or 30) // 30)
            sources += [drive] * max(0, round(drive.pull / spread + random.uniform(-0.6, 0.6)))
        for source in sources:
            if workdays:
                self._lead(random, random.choice(workdays), source)

    def _pulls(self, drive: Drive, offset: int) -> bool:
        last = drive.month + max(0, (drive.lasts or 30) // 30)
        return drive.month <= offset <= last

    def _lead(self, random: Random, came: Day, drive: Drive | None) -> None:
        campaign = self.campaigns[drive.name] if drive else None
        if campaign is not None and came < campaign.during.lower:
            came = min(campaign.during.lower, self.calendar.today)
        country = random.choices(*columns(COUNTRIES))[0]
        company = f"{random.choice(STEMS.split())} {random.choice(TRADES.split('|'))} {FORMS[country]}"
        lead = Lead(
            created_on=came,
            channel=drive.channel if drive else random.choices(*columns(PLAIN))[0],
            campaign=campaign,
            company=company,
            job_title=random.choice(JOBS),
            country=country,
            heard_through=random.choices(*columns(HEARD))[0],
            **self._person(random, country, company),
        )
        self.leads.append(lead)
        self._life(random, lead, bool(drive and drive.is_target))

    def _person(self, random: Random, country: str, company: str) -> dict[str, str]:
        speech = SPEECH[country]
        first, last = random.choice(FIRST[speech].split()), random.choice(LAST[speech].split()[:8])
        plain = slug(f"{first} {last}").replace("-", ".")
        return {"person": f"{first} {last}", "email": f"{plain}@{slug(company)}.example"}

    def _life(self, random: Random, lead: Lead, for_targets: bool) -> None:
        """What became of it up to today; each step needs some days."""
        better = 1.35 if lead.channel in {Channel.REFERRAL, Channel.EVENT} or for_targets else 1.0
        weaker = 0.6 if lead.channel == Channel.SEARCH else 1.0
        chance = better * weaker
        answers = ("budget", "authority", "need", "timeline")
        mql = lead.created_on + datetime.timedelta(days=random.randint(1, 24))
        if random.random() > MQL * chance or mql > self.calendar.today:
            self._perhaps_drop(random, lead, lead.created_on)
            return
        lead.mql_on, lead.owner = mql, random.choice(self.managers)
        sql = mql + datetime.timedelta(days=random.randint(5, 50))
        if random.random() > SQL * chance or sql > self.calendar.today:
            for item in answers:
                setattr(lead, item, random.choices([True, False, None], [38, 14, 48])[0])
            if lead.is_sales_ready:
                lead.timeline = None
            self._perhaps_drop(random, lead, mql)
            return
        lead.sql_on = sql
        for item in answers:
            setattr(lead, item, True)
        won = sql + datetime.timedelta(days=random.randint(12, 80))
        firms = [f for f in cast.FIRMS if f.country == lead.country and self._may_be(f, won)]
        if firms and won <= self.calendar.today and random.random() < WON * chance:
            self._becomes(lead, random.choice(firms), won)
        else:
            self._perhaps_drop(random, lead, sql)

    def _may_be(self, firm: Firm, day: Day) -> bool:
        known = firm.name not in plot.PROSPECTS and firm.name not in plot.NEW
        return known and day <= self.calendar.today and buys(firm, self.calendar.offset(day))

    def _becomes(self, lead: Lead, firm: Firm, won: Day) -> None:
        """Another site of a customer wrote: the company is known, and buys there for the first time."""
        lead.company = firm.name
        lead.email = f"{lead.email.split('@')[0]}@{slug(firm.name)}.example"
        lead.account, lead.converted_on = self.portfolio.accounts[firm.name], lead.sql_on
        lead.customer_on = won
        lead.owner = self._user(self.portfolio.owner_on(firm, won) or firm.owner)

    def _perhaps_drop(self, random: Random, lead: Lead, since: Day) -> None:
        dropped = since + datetime.timedelta(days=random.randint(20, 120))
        if dropped <= self.calendar.today and random.random() < DROPPED + 0.3:
            lead.dropped_on, lead.drop_reason = dropped, random.choice(REASONS)

    # --- those whom the rest of the story knows

    def _lead_of_customer(self, name: str, bought: int) -> None:
        """A new customer was a lead before: it came in half a year before the first order."""
        firm = next(firm for firm in cast.FIRMS if firm.name == name)
        random = dice("new customer", name)
        first_order = weekday(
            min(self.calendar.month(bought) + datetime.timedelta(days=9), self.calendar.today)
        )
        known_since = began(firm, self.calendar)
        came = known_since + datetime.timedelta(days=random.randint(3, 25))
        steps = sorted(random.sample(range(8, max((first_order - came).days - 5, 12)), 2))
        lead = self._told(firm, random, came)
        lead.mql_on = came + datetime.timedelta(days=steps[0])
        lead.sql_on = came + datetime.timedelta(days=steps[1])
        lead.converted_on, lead.customer_on = lead.sql_on, max(first_order, lead.sql_on)
        for item in ("budget", "authority", "need", "timeline"):
            setattr(lead, item, True)

    def _prospect(self, name: str) -> None:
        firm = next(firm for firm in cast.FIRMS if firm.name == name)
        random = dice("prospect", name)
        came = began(firm, self.calendar) + datetime.timedelta(days=4)
        lead = self._told(firm, random, came)
        lead.mql_on = lead.converted_on = came + datetime.timedelta(days=20)
        lead.need, lead.authority = True, True

    def _told(self, firm: Firm, random: Random, came: Day) -> Lead:
        account = self.portfolio.accounts[firm.name]
        lead = Lead(
            created_on=came,
            channel=random.choice((Channel.EVENT, Channel.REFERRAL, Channel.WEBSITE)),
            company=firm.name,
            job_title=random.choice(JOBS),
            country=firm.country,
            heard_through=random.choice((HeardThrough.REFERRAL, HeardThrough.EVENT)),
            account=account,
            owner=self._user(self.portfolio.owner_on(firm, came) or firm.owner),
            **self._person(random, firm.country, firm.name),
        )
        self.leads.append(lead)
        return lead


def deeds(drive: Drive, random: Random) -> list[Did]:
    """What one person did of it: invited and perhaps there, delivered and perhaps read."""
    if drive.channel in {Channel.EVENT, Channel.WEBINAR, Channel.PARTNER}:
        return [Did.INVITED, *([Did.ATTENDED] if random.random() < 0.42 else [])]
    if drive.channel == Channel.MAIL:
        opened = random.random() < 0.46
        replied = opened and random.random() < 0.16
        return [Did.DELIVERED, *([Did.OPENED] if opened else []), *([Did.REPLIED] if replied else [])]
    return [Did.SHOWN, *([Did.RESPONDED] if random.random() < 0.2 else [])]


def columns(weights: dict[Channel, int] | dict[HeardThrough, int] | dict[str, int]) -> tuple[list, list[int]]:  # type: ignore[type-arg]
    return list(weights), list(weights.values())
