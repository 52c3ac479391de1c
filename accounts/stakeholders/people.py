"""The people of one account as a reader may see them: the one set of rows behind map, matrix and table."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import Max

from accounts.fields import SoftBasis
from accounts.people.models import Organisation, User
from accounts.portfolio.models import Account, Assignment
from accounts.stakeholders.models import ROLE_WORDS, Contact, DecisionRole, Relationship, SoftFact, Tie
from kamplan.permissions import READS_WORK, Secret, may_see

LEFT_SHOWN = datetime.timedelta(days=365)
"""People who left stay on the map for a year, as long as their reports and promises may hang on them."""
TALKS = 2
"""From this level on somebody of us talks with a person regularly."""

SHOWS = (
    ("gaps", "Gaps in coverage"),
    ("cold", "Gone cold"),
    ("assumed", "Assumed"),
    ("decides", "Decides"),
    ("left", "Left"),
)
OPINIONS = frozenset({"gaps", "assumed", "decides"})
"""Filters that would tell what we think of people."""
ROLE, INFLUENCE, SUPPORT = "role", "influence", "support"
"""The kinds of soft facts that a card shows."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """The newest word of its kind on a person; the panel knows who said it."""

    value: str
    is_assumed: bool


@dataclass
class Person:
    """One contact with what is thought of them and when they last talked with us."""

    contact: Contact
    facts: dict[str, Opinion]
    relations: dict[int, Relationship]
    last_talk: datetime.date | None
    today: datetime.date
    cadence: int | None
    reads_touches: bool = True
    depth: int = 0

    @property
    def pk(self) -> int:
        return self.contact.pk

    @property
    def is_placeholder(self) -> bool:
        return self.contact.is_placeholder

    @property
    def has_left(self) -> bool:
        return self.contact.left_on is not None and self.contact.left_on <= self.today

    @property
    def is_key(self) -> bool:
        during = self.contact.key_during
        return bool(during and self.today in during)

    def value(self, kind: str) -> str:
        fact = self.facts.get(kind)
        return fact.value if fact else ""

    @property
    def role(self) -> str:
        return self.value(ROLE)

    @property
    def role_words(self) -> str:
        return ROLE_WORDS.get(self.role, "")

    @property
    def role_is_assumed(self) -> bool:
        fact = self.facts.get(ROLE)
        return bool(fact and fact.value and fact.is_assumed)

    @property
    def influence(self) -> int:
        """0: unknown."""
        return int(self.value(INFLUENCE) or 0)

    @property
    def support(self) -> str:
        return self.value(SUPPORT)

    @property
    def support_words(self) -> str:
        return SoftFact.SUPPORT_WORDS.get(self.support, "support unknown")

    @property
    def is_assumed(self) -> bool:
        """Something that the card shows is only assumed."""
        return any(fact.value and fact.is_assumed for fact in self.facts.values())

    @property
    def days(self) -> int | None:
        """Since the last touch in which they took part."""
        return (self.today - self.last_talk).days if self.last_talk else None

    @property
    def is_silent(self) -> bool:
        return self.is_placeholder or self.has_left or not self.reads_touches

    @property
    def is_cold(self) -> bool:
        """Silent for longer than the rhythm of the account's tier; without a rhythm nobody is."""
        if self.is_silent or self.cadence is None:
            return False
        since = self.last_talk or self.contact.since
        return (self.today - since).days > self.cadence

    @property
    def age(self) -> str:
        """The age of the last talk, as short as the card needs it."""
        if self.is_silent:
            return ""
        if self.days is None:
            return "never"
        return f"{self.days} d" if self.days < 180 else f"{self.days // 30} mo"

    @property
    def age_words(self) -> str:
        if self.is_silent:
            return ""
        if self.days is None:
            return "never talked with us"
        return "talked with us today" if self.days == 0 else f"last talk {self.days} days ago"

    @property
    def best_level(self) -> int:
        return max((each.level for each in self.relations.values()), default=0)

    @property
    def known_by(self) -> list[Relationship]:
        """Who of us knows them, the closest first."""
        known = [each for each in self.relations.values() if each.level]
        return sorted(known, key=lambda each: (-each.level, each.colleague.name))

    @property
    def is_gap(self) -> bool:
        """Nobody knows who it is; or they left without a successor; or nobody of us talks with them as wanted."""
        if self.is_placeholder:
            return True
        if self.has_left:
            return bool(self.role) and self.contact.successor_id is None
        wanted = max((each.desired for each in self.relations.values()), default=0)
        return wanted >= TALKS and self.best_level < TALKS

    def answers(self, show: str) -> bool:
        """Whether the filter of this name means them."""
        if show == "gaps":
            return self.is_gap
        if show == "cold":
            return self.is_cold
        if show == "assumed":
            return self.is_assumed and not self.has_left
        if show == "decides":
            return self.role == DecisionRole.DECISION_MAKER and not self.has_left
        return self.has_left if show == "left" else True

    @cached_property
    def words(self) -> str:
        """The card as a sentence, for those who do not see it."""
        contact = self.contact
        parts = [contact.name, contact.title]
        if self.is_placeholder:
            parts.append("not known yet")
        if self.has_left:
            parts.append(f"left on {contact.left_on:%d %b %Y}")
        if self.role_words:
            parts.append(f"{self.role_words}{', assumed' if self.role_is_assumed else ''}")
        if self.influence and not self.has_left:
            parts.append(f"influence {self.influence} of 3")
        if self.support and not self.has_left:
            parts.append(self.support_words)
        if self.age_words:
            parts.append(self.age_words)
        return ", ".join(part for part in parts if part)


@dataclass
class Circle:
    """The people of an account, in the order of the tree, and the lines between them."""

    account: Account
    today: datetime.date
    cadence: int | None
    sees_opinions: bool
    persons: list[Person]
    ties: list[Tie] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.by_id = {person.pk: person for person in self.persons}
        self.persons = in_tree_order(self.persons)

    def shown(self, show: str) -> list[Person]:
        return [person for person in self.persons if person.answers(show)]

    def counts(self) -> dict[str, int]:
        return {show: sum(person.answers(show) for person in self.persons) for show, _ in SHOWS}

    @property
    def present(self) -> list[Person]:
        return [person for person in self.persons if not person.has_left]

    @property
    def known(self) -> list[Person]:
        return [person for person in self.present if not person.is_placeholder]

    @property
    def short(self) -> tuple[int, int]:
        """How many wanted relations are short, of how many."""
        wanted = [r for person in self.present for r in person.relations.values() if r.desired]
        return sum(each.desired > each.level for each in wanted), len(wanted)


def in_tree_order(persons: Sequence[Person]) -> list[Person]:
    """Everybody after whom they report to, with how deep they stand; the order of names within."""
    ids = {person.pk for person in persons}
    below: dict[int | None, list[Person]] = {}
    for person in persons:
        above = person.contact.reports_to_id
        below.setdefault(above if above in ids else None, []).append(person)
    # Those who lead somebody come first; people without any line stand at the end.
    roots = sorted(below.get(None, []), key=lambda person: person.pk not in below)
    ordered: list[Person] = []
    waiting = [(person, 0) for person in reversed(roots)]
    while waiting:
        person, person.depth = waiting.pop()
        ordered.append(person)
        waiting += [(each, person.depth + 1) for each in reversed(below.get(person.pk, []))]
    return ordered


def circle_of(
    user: User,
    account: Account,
    today: datetime.date,
    cadence: int | None,
    *,
    everybody: bool = False,
    opinions: bool = True,
) -> Circle:
    """The account has been found by `visible_to` before; six statements, however many people there are."""
    contacts = list(on_the_map(account, user, today, everybody))
    opinions = opinions and may_see(user, Secret.OPINION)
    facts = newest_facts(user, account) if opinions else {}
    talks = last_talks(user, account)
    relations = relations_of(user, account, today) if opinions else {}
    ties = ties_between(user, account, today, contacts) if opinions else []
    reads = user.role in READS_WORK
    persons = [
        Person(
            each,
            facts.get(each.pk, {}),
            relations.get(each.pk, {}),
            talks.get(each.pk),
            today,
            cadence,
            reads,
        )
        for each in contacts
    ]
    return Circle(account, today, cadence, opinions, persons, ties)


def ties_between(
    user: User, account: Account, today: datetime.date, contacts: Iterable[Contact]
) -> list[Tie]:
    people = {contact.pk: contact for contact in contacts}
    rows = Tie.objects.visible_to(user, today).filter(contact__account=account).holding(today)
    ties = [tie for tie in rows if tie.contact_id in people and tie.other_id in people]
    for tie in ties:
        tie.contact, tie.other = people[tie.contact_id], people[tie.other_id]
    return sorted(ties, key=lambda tie: (tie.contact.name, tie.kind, tie.pk))


def on_the_map(account: Account, user: User, today: datetime.date, everybody: bool) -> Iterable[Contact]:
    found = Contact.objects.of_account(user, account.pk)
    if not everybody:
        found = found.present(today) | found.filter(left_on__gt=today - LEFT_SHOWN)
    return found


def newest_facts(user: User, account: Account) -> dict[int, dict[str, Opinion]]:
    found: dict[int, dict[str, Opinion]] = {}
    rows = SoftFact.objects.visible_to(user).filter(
        contact__account=account, kind__in=(ROLE, INFLUENCE, SUPPORT)
    )
    for contact, kind, value, basis in rows.newest().values_list("contact", "kind", "value", "basis"):
        found.setdefault(contact, {})[kind] = Opinion(value, basis == SoftBasis.ASSUMED)
    return found


def relations_of(user: User, account: Account, today: datetime.date) -> dict[int, dict[int, Relationship]]:
    """By contact and colleague; a colleague is read once, not with every row."""
    ours = Relationship.objects.visible_to(user, today).filter(contact__account=account)
    rows = list(ours)
    people = User.objects.in_bulk({row.colleague_id for row in rows})
    found: dict[int, dict[int, Relationship]] = {}
    for row in rows:
        row.colleague = people[row.colleague_id]
        found.setdefault(row.contact_id, {})[row.colleague_id] = row
    return found


def last_talks(user: User, account: Account) -> dict[int, datetime.date]:
    """The day of the last touch in which each person took part: what they began, and talks."""
    touches: Any = account.touches
    rows = (
        touches.visible_to(user)
        .past()
        .answered()
        .filter(contacts__isnull=False)
        .order_by()
        .values_list("contacts")
        .annotate(last=Max("at"))
    )
    here = zone()
    return {pk: last.astimezone(here).date() for pk, last in rows}


def zone() -> datetime.tzinfo:
    return Organisation.current().zone


@dataclass(frozen=True)
class Colleague:
    """One of us, as a column of the matrix."""

    user: User
    words: str


def colleagues(circle: Circle, added: User | None = None) -> list[Colleague]:
    """Who looks after the account today, then everybody else whose relation to somebody is noted, or asked for."""
    order = {role: place for place, role in enumerate(Assignment.AccountRole.values)}
    held = Assignment.objects.on(circle.today).filter(account=circle.account).select_related("user")
    found: dict[int, Colleague] = {}
    for row in sorted(held, key=lambda row: (order[row.role], row.user.name)):
        found.setdefault(row.user_id, Colleague(row.user, OUR_WORDS.get(row.role, row.get_role_display())))
    rest = {row.colleague_id: row.colleague for person in circle.persons for row in person.relations.values()}
    if added:
        rest[added.pk] = added
    for pk, user in sorted(rest.items(), key=lambda item: item[1].name):
        found.setdefault(pk, Colleague(user, str(user.get_role_display())))
    return list(found.values())


OUR_WORDS = {
    Assignment.AccountRole.OWNER: "account manager",
    Assignment.AccountRole.DEPUTY: "deputy",
    Assignment.AccountRole.SPONSOR: "executive sponsor",
}
