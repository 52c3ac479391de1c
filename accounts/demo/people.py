"""The customers' people: who they are, what is thought of them, who of us knows them. All made up."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from accounts.demo import cast, plot
from accounts.demo.calendar import Calendar, dice
from accounts.demo.cast import Firm
from accounts.demo.organisation import holds_on
from accounts.demo.portfolio import Portfolio, began, slug
from accounts.fields import SoftBasis, days
from accounts.people.models import User
from accounts.portfolio.models import Assignment
from accounts.stakeholders.models import Contact, DecisionRole, Relationship, SoftFact, Tie

Roles = DecisionRole
Kind = SoftFact.Kind
CONFIRMED, ASSUMED = SoftBasis.CONFIRMED, SoftBasis.ASSUMED
SPONSOR, DECIDES, CHAMPION = Roles.SPONSOR, Roles.DECISION_MAKER, Roles.CHAMPION
ADVISES, BUYS, USES, BLOCKS = Roles.ADVISER, Roles.PROCUREMENT, Roles.USER, Roles.BLOCKER
RICH = {cast.JANA, cast.TOMASZ, cast.RETO, cast.MIKAEL, cast.CLAIRE}
SIZES = {"A": 12, "B": 9, "C": 6}

FIRST = {
    "north": "Ingrid Kristian Marte Anette Henrik Sofie Lars Astrid Magnus Signe Erik Karin Jonas Maja Elin Nils "
    "Tuva Aksel Freja Oskar",
    "finland": "Aino Mikko Sanna Eero Helmi Juha Outi Petri Kaisa Ville Laura Timo",
    "german": "Katrin Stefan Annika Jürgen Sabine Markus Heike Thomas Birgit Florian Ulrike Matthias Nora Dieter "
    "Lena Christoph Petra Andreas Miriam Georg",
    "english": "Alice Graham Helen Owen Priya Martin Fiona Declan Ruth Colin Aisha Edward Grace Liam Margaret Tom",
    "american": "Dana Kevin Maria Russell Keisha Brian Linda Marcus Susan Tyler Angela Walter Joan Derek",
    "french": "Claire Laurent Sophie Étienne Nathalie Julien Amélie Pascal Camille Vincent Élodie Thierry",
    "dutch": "Marieke Jeroen Femke Bart Saskia Wouter Els Pieter Lotte Koen",
    "italian": "Giulia Marco Elena Paolo Chiara Davide Francesca Luca Silvia Andrea",
    "spanish": "Lucía Javier Carmen Álvaro Marta Diego Pilar Sergio Elena Raúl",
    "slavic": "Agnieszka Marek Katarzyna Tomáš Zuzana Piotr Monika Jakub Ewa Martin Jana Paweł",
}
LAST = {
    "north": "Haugen Aune Rønning Bakke Moe Dahl Nygård Lindgren Sandvik Holm Ekström Berg Solheim Nordin Vik "
    "Kristoffersen Ström Hellberg",
    "finland": "Virtanen Koskinen Lehtonen Salmi Heikkilä Rantala Niemi Laakso",
    "german": "Vogel Lindner Kraus Seidel Brunner Hartmann Wenzel Oberhofer Pfister Reuter Engel Kuhn Baumgartner "
    "Siebert Falk Zeller",
    "english": "Whitfield Morgan Bowen Clarke Sharma Doyle Kerr Thornton Price Gallacher Hughes Sutton",
    "american": "Mitchell Kowalski Ramirez Dalton Brooks Hendricks Nguyen Osborne Carver Whitaker",
    "french": "Moreau Lefèvre Garnier Perrin Rousseau Blanchard Marchal Chevalier",
    "dutch": "van Dijk Claes de Smet Willems Bakker Janssens Peeters Visser",
    "italian": "Ferri Colombo Galli Moretti Bassi Rinaldi Conti Barbieri",
    "spanish": "Navarro Iglesias Prieto Vidal Campos Molina Herrero Soler",
    "slavic": "Nowak Kováč Wójcik Horváth Zając Baran Kučera Lis Mazur Šimko",
}
SPEECH = {
    "Norway": "north",
    "Sweden": "north",
    "Denmark": "north",
    "Finland": "finland",
    "Germany": "german",
    "Austria": "german",
    "Switzerland": "german",
    "United Kingdom": "english",
    "Ireland": "english",
    "United States": "american",
    "France": "french",
    "Belgium": "dutch",
    "Netherlands": "dutch",
    "Italy": "italian",
    "Spain": "spanish",
    "Poland": "slavic",
    "Slovakia": "slavic",
}
TONGUES = {"german": "de", "french": "fr", "dutch": "nl", "italian": "it", "spanish": "es"}


class Post(NamedTuple):
    """A place in a company: below which other place, and what its holder mostly is to us."""

    title: str
    above: int | None
    role: str
    influence: int
    cares: str = ""


POSTS = (
    Post("Chief executive", None, DECIDES, 3, "A quiet supervisory board and a plan that holds."),
    Post(
        "Chief operating officer", 0, SPONSOR, 3, "Fewer unplanned stops; no surprises in front of the board."
    ),
    Post("Finance director", 0, DECIDES, 3, "Cash, and costs that can be planned for three years."),
    Post("Head of maintenance", 1, CHAMPION, 2, "That the night shift can do it without calling anybody."),
    Post("Head of procurement", 2, BUYS, 2, "Two offers for everything, and payment in 60 days."),
    Post("Plant manager", 1, USES, 2, "Availability of the old line until it is replaced."),
    Post("Head of IT", 0, "", 0),
    Post("Reliability engineer", 3, USES, 1, "Raw data, not a dashboard."),
    Post("Category buyer", 4, BLOCKS, 2, "A lower price than last year."),
    Post("Legal counsel", 2, ADVISES, 1, "Liability capped at the value of the contract."),
    Post("Quality manager", 5, USES, 1, "Certificates on the day of delivery."),
    Post("Energy manager", 1, ADVISES, 2, "Megawatt hours that the auditor accepts."),
)
TITLES = {
    cast.SHIPS: {"Plant manager": "Yard manager", "Head of maintenance": "Fleet performance"},
    cast.TRANSPORT: {"Plant manager": "Depot manager", "Reliability engineer": "Rolling stock engineer"},
    cast.FINANCE: {"Plant manager": "Head of facilities", "Head of maintenance": "Building services"},
    cast.LOGISTICS: {"Plant manager": "Terminal manager", "Quality manager": "Safety manager"},
    cast.ENERGY: {"Plant manager": "Station manager"},
}


class Said(NamedTuple):
    """What the map of the account in the documentation says of one person."""

    name: str
    title: str
    above: str
    role: str
    influence: int
    support: str
    assumed: bool = False
    city: str = ""
    cares: str = ""


NORDLYS_PEOPLE = (
    Said("Kristian Aune", "Chief executive", "", DECIDES, 3, "0", True, "Oslo"),
    Said(
        "Ingrid Haugen",
        "Chief operating officer",
        "Kristian Aune",
        SPONSOR,
        3,
        "1",
        city="Ålesund",
        cares="Dry-dock days per vessel; no surprises in front of the board.",
    ),
    Said(
        "Marte Nygård-Solheim",
        "Finance director",
        "Kristian Aune",
        DECIDES,
        3,
        "-1",
        city="Oslo",
        cares="The 2027 budget: nothing that cannot be cancelled within the year.",
    ),
    Said("Per-Olav Rønning", "Yard manager Ålesund", "Ingrid Haugen", USES, 1, "2", city="Ålesund"),
    Said(
        "Anette Bakke",
        "Fleet performance",
        "Ingrid Haugen",
        USES,
        2,
        "2",
        True,
        "Ålesund",
        "Proof that monitoring pays: fuel per mile before and after.",
    ),
    Said(
        "Bjørn-Erik Kristoffersen-Lund", "Procurement", "Marte Nygård-Solheim", DECIDES, 2, "0", city="Oslo"
    ),
    Said("J. Li", "Legal", "Marte Nygård-Solheim", ADVISES, 1, "", True, "Oslo"),
    Said("Henrik Moe", "Category buyer", "Bjørn-Erik Kristoffersen-Lund", BLOCKS, 2, "-2", city="Ålesund"),
)
NORDLYS_TIES = (
    ("Ingrid Haugen", "Marte Nygård-Solheim", Tie.Kind.INFLUENCES, "", ASSUMED),
    ("Ingrid Haugen", "Marte Nygård-Solheim", Tie.Kind.CONFLICTS, "the 2027 budget", CONFIRMED),
    ("Anette Bakke", "Bjørn-Erik Kristoffersen-Lund", Tie.Kind.INFLUENCES, "", CONFIRMED),
    ("Henrik Moe", "J. Li", Tie.Kind.INFLUENCES, "terms of liability", CONFIRMED),
    ("Per-Olav Rønning", "Henrik Moe", Tie.Kind.CONFLICTS, "spare parts from others", CONFIRMED),
)
NORDLYS_LEVELS = {
    # now and wanted: account manager, deputy, sponsor
    "Kristian Aune": ((0, 1), None, (1, 2)),
    "Ingrid Haugen": ((2, 3), None, (1, 2)),
    "Marte Nygård-Solheim": ((2, 2), None, (0, 1)),
    "Bjørn-Erik Kristoffersen-Lund": ((3, 3), None, None),
    "Anette Bakke": ((2, 2), (3, 3), None),
    "Per-Olav Rønning": ((1, 1), (2, 3), None),
    "Head of IT": ((0, 1), (0, 2), None),
    "Henrik Moe": ((1, 2), None, None),
}
FEATURED = "Nordlys Marine Systems AS"
CONFLICTS_OVER = (
    "the budget of next year",
    "who owns the maintenance data",
    "a supplier of many years",
    "terms of payment",
)


@dataclass
class People:
    calendar: Calendar
    portfolio: Portfolio
    contacts: list[Contact] = field(default_factory=list)
    facts: list[SoftFact] = field(default_factory=list)
    ties: list[Tie] = field(default_factory=list)
    relationships: list[Relationship] = field(default_factory=list)
    of: dict[str, list[Contact]] = field(default_factory=dict)
    """Those who are there today, by the account's name; places that nobody is known for left out."""

    def __post_init__(self) -> None:
        for firm in cast.FIRMS:
            before = len(self.contacts)
            if firm.name == FEATURED:
                self._featured(firm)
            else:
                self._firm(firm)
            made = self.contacts[before:]
            self.of[firm.name] = [c for c in made if not c.is_placeholder and c.left_on is None]

    def levels(self) -> Iterator[list[Contact]]:
        """Contacts in the order in which they can be written: nobody before whom they point to."""
        done: set[int] = set()
        waiting = self.contacts
        while waiting:
            ready = [c for c in waiting if all(id(to) in done for to in (c.reports_to, c.successor) if to)]
            done |= {id(contact) for contact in ready}
            waiting = [contact for contact in waiting if id(contact) not in done]
            yield ready

    # --- an account like many

    def _firm(self, firm: Firm) -> None:
        random = dice("people", firm.name)
        size = SIZES[firm.tier] if firm.owner in RICH else SIZES[firm.tier] // 2 + 1
        if firm.name in plot.PROSPECTS:
            size = 4
        names = self._names(firm, random)
        holders: list[Contact] = []
        for place, post in enumerate(POSTS[:size]):
            title = TITLES.get(firm.industry, {}).get(post.title, post.title)
            above = holders[post.above] if post.above is not None else None
            # In a smaller company somebody in between is missing on the map.
            line = above if random.random() > 0.06 or place < 3 else None
            if not post.role:
                holders.append(self._contact(firm, title, "", line, random, is_placeholder=True))
                continue
            contact = self._contact(firm, next(names), title, line, random)
            holders.append(contact)
            self._opinions(firm, contact, post, random)
        self._levels(firm, holders, random)
        self._lines(firm, holders, random)
        if random.random() < 0.4 and len(holders) > 5:
            self._gone(firm, next(names), holders, random)

    def _names(self, firm: Firm, random: Random) -> Iterator[str]:
        speech = SPEECH[firm.country]
        firsts = random.sample(FIRST[speech].split(), 10)
        lasts = LAST[speech].replace("van Dijk", "van_Dijk").replace("de Smet", "de_Smet").split()
        random.shuffle(lasts)
        place = 0
        while True:
            last = lasts[place % len(lasts)].replace("_", " ")
            yield f"{firsts[place % len(firsts)]} {last}"
            place += 1

    def _contact(
        self,
        firm: Firm,
        name: str,
        title: str,
        above: Contact | None,
        random: Random,
        *,
        is_placeholder: bool = False,
        city: str = "",
    ) -> Contact:
        speech = SPEECH[firm.country]
        first = began(firm, self.calendar)
        since = min(first + datetime.timedelta(days=random.randint(10, 700)), self.calendar.in_days(-45))
        mail = f"{slug(name).replace('-', '.')}@{slug(firm.name)}.example"
        contact = Contact(
            account=self.portfolio.accounts[firm.name],
            name=name,
            is_placeholder=is_placeholder,
            title=title,
            city=city or firm.city,
            email="" if is_placeholder else mail,
            phone="" if is_placeholder else f"+00 555 {random.randint(1000, 9999)}",
            language="" if is_placeholder else TONGUES.get(speech, "en"),
            reports_to=above,
            since=max(since, first),
        )
        self.contacts.append(contact)
        return contact

    def _opinions(self, firm: Firm, contact: Contact, post: Post, random: Random) -> None:
        role = post.role
        if role == BLOCKS and random.random() < 0.6:
            role = BUYS
        if role == CHAMPION and random.random() < 0.25:
            role = USES
        if role in {SPONSOR, DECIDES} and random.random() < 0.12:
            role = ADVISES
        sure = CONFIRMED if random.random() < 0.72 else ASSUMED
        self._say(firm, contact, Kind.ROLE, role, sure, random)
        if random.random() < 0.9:
            self._say(firm, contact, Kind.INFLUENCE, str(post.influence), CONFIRMED, random)
        if random.random() < 0.85:
            support = self._support(role, random)
            if random.random() < 0.3:
                before = str(max(-2, min(2, int(support) + random.choice((-1, 1)))))
                self._say(
                    firm, contact, Kind.SUPPORT, before, ASSUMED, random, days_ago=random.randint(200, 420)
                )
            self._say(firm, contact, Kind.SUPPORT, support, sure, random)
        if post.cares and random.random() < 0.8:
            self._say(firm, contact, Kind.CARES_ABOUT, post.cares, CONFIRMED, random)
        if role in {SPONSOR, DECIDES, CHAMPION}:
            contact.key_during = days(contact.since)

    def _support(self, role: str, random: Random) -> str:
        if role == BLOCKS:
            return random.choice(("-2", "-1"))
        if role in {CHAMPION, SPONSOR}:
            return random.choice(("1", "1", "2"))
        return random.choice(("-1", "0", "0", "1", "1", "2"))

    def _say(
        self,
        firm: Firm,
        contact: Contact,
        kind: str,
        value: str,
        basis: str,
        random: Random,
        days_ago: int | None = None,
    ) -> None:
        day = self.calendar.in_days(-(days_ago if days_ago is not None else random.randint(6, 190)))
        day = max(day, contact.since)
        author = self.portfolio.owner_on(firm, day) or firm.owner
        self.facts.append(
            SoftFact(
                contact=contact,
                kind=kind,
                value=value,
                basis=basis,
                author=self._user(author),
                noted_on=day,
            )
        )

    def _user(self, name: str) -> User:
        return self.portfolio.staff.users[name]

    def _ours(self, firm: Firm) -> dict[str, User]:
        account = self.portfolio.accounts[firm.name]
        rows = [
            row
            for row in self.portfolio.assignments
            if row.account is account and holds_on(row, self.calendar.today)
        ]
        return {row.role: row.user for row in rows}

    def _levels(self, firm: Firm, holders: list[Contact], random: Random) -> None:
        ours = self._ours(firm)
        roles = Assignment.AccountRole
        for place, contact in enumerate(holders):
            owner = ours.get(roles.OWNER)
            if owner and random.random() < 0.85:
                wanted = 3 if place in {1, 3} else 2 if place < 6 else 1
                now = 0 if contact.is_placeholder else max(0, wanted - random.choice((0, 0, 1, 1, 2)))
                self._relate(contact, owner, now, wanted, random)
            sponsor = ours.get(roles.SPONSOR)
            if sponsor and sponsor is not owner and place < 3:
                self._relate(contact, sponsor, random.choice((0, 1, 2)), 2, random)
            deputy = ours.get(roles.DEPUTY)
            if deputy and place in {3, 5, 6, 7}:
                self._relate(
                    contact, deputy, 0 if contact.is_placeholder else random.choice((1, 2, 3)), 2, random
                )

    def _relate(self, contact: Contact, user: User, level: int, desired: int, random: Random) -> None:
        day = max(self.calendar.in_days(-random.randint(10, 150)), contact.since)
        self.relationships.append(
            Relationship(
                contact=contact,
                colleague=user,
                level=level,
                desired=desired,
                basis=CONFIRMED,
                author=user,
                noted_on=day,
            )
        )

    def _lines(self, firm: Firm, holders: list[Contact], random: Random) -> None:
        pairs = [(1, 2), (3, 4), (7, 8), (5, 4)]
        for a, b in pairs:
            if max(a, b) < len(holders) and not holders[a].is_placeholder and random.random() < 0.6:
                basis = CONFIRMED if random.random() < 0.5 else ASSUMED
                self._tie(firm, holders[a], holders[b], Tie.Kind.INFLUENCES, "", basis, random)
        if len(holders) > 5 and random.random() < 0.5:
            over = random.choice(CONFLICTS_OVER)
            self._tie(firm, holders[3], holders[2], Tie.Kind.CONFLICTS, over, ASSUMED, random)

    def _tie(
        self, firm: Firm, a: Contact, b: Contact, kind: str, about: str, basis: str, random: Random
    ) -> None:
        day = max(self.calendar.in_days(-random.randint(20, 200)), a.since, b.since)
        author = self._user(firm.owner)
        self.ties.append(
            Tie(contact=a, other=b, kind=kind, about=about, basis=basis, author=author, noted_on=day)
        )

    def _gone(self, firm: Firm, name: str, holders: list[Contact], random: Random) -> None:
        """Somebody who left, with or without a successor."""
        contact = self._contact(firm, name, holders[3].title, holders[1], random)
        contact.left_on = self.calendar.in_days(-random.randint(12, 200))
        contact.since = min(contact.since, contact.left_on - datetime.timedelta(days=120))
        if random.random() < 0.7 and not holders[3].is_placeholder:
            contact.successor = holders[3]
        role = random.choice((CHAMPION, USES, ADVISES))
        far = (self.calendar.today - contact.left_on).days + random.randint(20, 90)
        self._say(firm, contact, Kind.ROLE, role, CONFIRMED, random, days_ago=far)

    # --- the account of the documentation's pictures

    def _featured(self, firm: Firm) -> None:
        random = dice("people", firm.name)
        found: dict[str, Contact] = {}
        for said in NORDLYS_PEOPLE:
            contact = self._contact(
                firm, said.name, said.title, found.get(said.above), random, city=said.city
            )
            found[said.name] = contact
            basis = ASSUMED if said.assumed else CONFIRMED
            self._say(firm, contact, Kind.ROLE, said.role, basis, random, days_ago=171)
            if said.influence:
                self._say(firm, contact, Kind.INFLUENCE, str(said.influence), CONFIRMED, random, days_ago=171)
            if said.support:
                if said.name == "Ingrid Haugen":
                    self._say(firm, contact, Kind.SUPPORT, "0", ASSUMED, random, days_ago=330)
                self._say(firm, contact, Kind.SUPPORT, said.support, basis, random, days_ago=163)
            if said.cares:
                self._say(firm, contact, Kind.CARES_ABOUT, said.cares, CONFIRMED, random, days_ago=81)
            if said.role in {SPONSOR, DECIDES}:
                contact.key_during = days(contact.since)
        found["Head of IT"] = self._contact(
            firm, "Head of IT", "", found["Kristian Aune"], random, is_placeholder=True
        )
        gone = self._contact(
            firm, "Sofie Dahl", "Energy manager", found["Anette Bakke"], random, city="Ålesund"
        )
        gone.left_on = self.calendar.in_days(-20)
        self._say(firm, gone, Kind.ROLE, CHAMPION, CONFIRMED, random, days_ago=190)
        for a, b, kind, about, basis in NORDLYS_TIES:
            self._tie(firm, found[a], found[b], kind, about, basis, random)
        ours = self._ours(firm)
        roles = Assignment.AccountRole
        for name, levels in NORDLYS_LEVELS.items():
            for role, pair in zip((roles.OWNER, roles.DEPUTY, roles.SPONSOR), levels, strict=True):
                if pair and role in ours:
                    self._relate(found[name], ours[role], *pair, random)
