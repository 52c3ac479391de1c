"""Who must not be missing at a customer: a sponsor, somebody who decides, a champion."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Subquery

from accounts.fields import SoftBasis
from accounts.people.models import User
from accounts.portfolio.models import Account
from accounts.stakeholders.models import DecisionRole, SoftFact
from accounts.stakeholders.people import ROLE, Circle, Opinion, Person, on_the_map, zone
from kamplan.permissions import READS_WORK, Secret, may_see

NEEDED = (
    (DecisionRole.SPONSOR, "Sponsor"),
    (DecisionRole.DECISION_MAKER, "Decision maker"),
    (DecisionRole.CHAMPION, "Champion"),
)


@dataclass(frozen=True)
class Cover:
    """One needed role: who holds it, and whether we can rely on that."""

    role: str
    label: str
    people: list[Person]
    """The surest first."""
    left: list[Person]

    @property
    def person(self) -> Person | None:
        return self.people[0] if self.people else None

    @property
    def short(self) -> str:
        """The role as a line of words names it: `champion`, `decision makers 3`."""
        count = len(self.people)
        return f"{self.label.lower()}s {count}" if count > 1 else self.label.lower() + f" {count}" * count

    @property
    def more(self) -> int:
        return max(0, len(self.people) - 1)

    @property
    def is_missing(self) -> bool:
        return not self.people

    @property
    def state(self) -> str:
        if self.person is None:
            return "short"
        return "watch" if self.person.role_is_assumed or self.person.is_cold else "done"

    @property
    def missing_words(self) -> str:
        return f"{self.label}, missing"

    @property
    def words(self) -> str:
        if self.person is None:
            gone = self.left[0].contact if self.left else None
            return f"{gone.name} left, nobody yet" if gone else "missing"
        if self.person.is_cold:
            return "gone cold"
        return "assumed" if self.person.role_is_assumed else "confirmed"


def coverage(circle: Circle) -> list[Cover]:
    """The rule of each account; nothing to say to those who may not see opinions."""
    if not circle.sees_opinions:
        return []
    made = []
    for role, label in NEEDED:
        held = [person for person in circle.persons if person.role == role and not person.is_placeholder]
        here = sorted(
            (person for person in held if not person.has_left),
            key=lambda person: (
                person.role_is_assumed,
                person.is_cold,
                -person.influence,
                person.contact.name,
            ),
        )
        left = [person for person in held if person.has_left]
        made.append(Cover(role, label, here, left))
    return made


def coverage_of(user: User, account: Account, today: datetime.date, cadence: int | None) -> list[Cover]:
    """For other pages, in one statement; the account has been found by `visible_to` before."""
    if not may_see(user, Secret.OPINION):
        return []
    roles = SoftFact.objects.filter(contact=OuterRef("pk"), kind=ROLE)
    newest = roles.order_by("-noted_on", "-pk")
    touches: Any = account.touches
    talks = touches.past().answered().filter(contacts=OuterRef("pk")).order_by("-at")
    contacts: Any = on_the_map(account, user, today, everybody=False)
    rows = contacts.annotate(
        role=Subquery(newest.values("value")[:1]),
        role_basis=Subquery(newest.values("basis")[:1]),
        last_talk=Subquery(talks.values("at")[:1]),
    ).filter(role__in=[role for role, _ in NEEDED])
    persons = [person_of(each, today, cadence, user.role in READS_WORK) for each in rows]
    return coverage(Circle(account, today, cadence, True, persons))


def person_of(row: Any, today: datetime.date, cadence: int | None, reads_touches: bool) -> Person:
    opinion = Opinion(row.role, row.role_basis == SoftBasis.ASSUMED)
    talk = row.last_talk.astimezone(zone()).date() if row.last_talk else None
    return Person(row, {ROLE: opinion}, {}, talk, today, cadence, reads_touches)
