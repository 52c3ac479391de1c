"""The page of an account's people: which of its three views, which people, which person beside it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.http import HttpRequest
from django.urls import reverse

from accounts.people.bounces import newest_of
from accounts.people.models import Role, User
from accounts.portfolio.frame import account_frame
from accounts.stakeholders.coverage import coverage
from accounts.stakeholders.drawing import drawn
from accounts.stakeholders.forms import FACT_LABELS, TieForm
from accounts.stakeholders.models import Contact, Relationship, SoftFact
from accounts.stakeholders.people import (
    OPINIONS,
    SHOWS,
    Circle,
    Colleague,
    Person,
    circle_of,
    colleagues,
)
from kamplan.components import Choice
from kamplan.permissions import READS_WORK

VIEWS = {"tree": "Tree", "matrix": "Matrix", "table": "Table"}
LAST_TOUCHES = 3
OURS = (Role.MANAGER, Role.LEAD, Role.HEAD)
"""Who of us may know a customer."""
SORTS: dict[str, Callable[[Person], Any]] = {
    "name": lambda person: person.contact.name.lower(),
    "role": lambda person: person.role_words or None,
    "influence": lambda person: -person.influence or None,
    "support": lambda person: -int(person.support) if person.support else None,
    "talk": lambda person: person.last_talk and -person.last_talk.toordinal(),
}
"""By what the table is sorted; who has nothing of it stands at the end in both directions."""


def number_of(text: object) -> int | None:
    digits = str(text)
    return int(digits) if digits.isdecimal() and len(digits) < 10 else None


@dataclass(frozen=True)
class View:
    """The state of the page as its address tells it."""

    account: int
    view: str = ""
    show: str = ""
    sort: str = ""
    contact: int | None = None
    colleague: int | None = None
    """Somebody of us who gets a column of the matrix although nothing is noted yet."""

    @classmethod
    def of(cls, account: int, query: Mapping[str, Any]) -> "View":
        view, show, sort = (str(query.get(name, "")) for name in ("view", "show", "sort"))
        contact, colleague = (number_of(query.get(name, "")) for name in ("contact", "colleague"))
        return cls(
            account,
            view if view in VIEWS else "",
            show if show in dict(SHOWS) else "",
            sort if sort.removeprefix("-") in SORTS else "",
            contact,
            colleague,
        )

    @classmethod
    def behind(cls, request: HttpRequest, account: int) -> "View":
        """The page that a fragment is asked for from."""
        current = request.htmx.current_url or ""  # type: ignore[attr-defined]
        query = {name: values[-1] for name, values in parse_qs(urlsplit(current).query).items()}
        return cls.of(account, query or request.GET.dict())

    def without_opinions(self) -> "View":
        """The same for those who may not see what we think of people."""
        return replace(
            self,
            view="table" if self.view == "matrix" else self.view,
            show="" if self.show in OPINIONS else self.show,
        )

    @property
    def shown(self) -> str:
        """Without a choice the tree; narrow screens then show the table instead."""
        return self.view or "tree"

    def url(self, **changes: Any) -> str:
        state = {
            "view": self.view,
            "show": self.show,
            "sort": self.sort,
            "contact": self.contact or "",
            "colleague": self.colleague or "",
            **changes,
        }
        query = urlencode({name: value for name, value in state.items() if value})
        address = reverse("stakeholders:map", kwargs={"account": self.account})
        return f"{address}?{query}" if query else address

    @property
    def here(self) -> str:
        """The address to which a person's number is appended."""
        address = self.url(contact="")
        return f"{address}{'&' if '?' in address else '?'}contact="

    @property
    def without_person(self) -> str:
        return self.url(contact="")

    @property
    def without_filter(self) -> str:
        return self.url(show="")


def page_context(user: User, account: int, view: View) -> dict[str, Any]:
    """Everything that the page shows; 404 for an account that the person may not see."""
    frame = account_frame(user, account, "people")
    circle = frame_circle(user, frame, everybody=view.show == "left")
    return {**frame, **people_context(user, circle, view, frame["may_edit"])}


def frame_circle(user: User, frame: Mapping[str, Any], *, everybody: bool = False) -> Circle:
    return circle_of(user, frame["account"], frame["today"], cadence_of(frame), everybody=everybody)


def cadence_of(frame: Mapping[str, Any]) -> int | None:
    kind = frame["kind"]
    return kind.tier.cadence_days if kind and kind.tier else None


def people_context(user: User, circle: Circle, view: View, may_edit: bool) -> dict[str, Any]:
    if not circle.sees_opinions:
        view = view.without_opinions()
    shown = circle.shown(view.show)
    covers = coverage(circle)
    context: dict[str, Any] = {
        "circle": circle,
        "view": view,
        "shown": shown,
        "covers": covers,
        "missing": [cover for cover in covers if cover.is_missing],
        "views": views(circle, view),
        "filters": filters(user, circle, view),
        "is_sorted": bool(view.sort),
        "sees_touches": user.role in READS_WORK,
        "left": sum(person.has_left for person in circle.persons),
        "places": sum(person.is_placeholder for person in circle.persons),
    }
    if view.shown == "tree":
        context["map"] = drawn(circle, shown, view.contact, asks=may_edit)
    if view.shown == "matrix" and circle.sees_opinions:
        context |= matrix(circle, shown, view.colleague)
    if view.view in {"", "table"}:
        context["table"] = in_order(shown, view.sort)
        context["columns"] = columns(circle, view)
    person = circle.by_id.get(view.contact or 0)
    if person:
        context |= panel_context(user, circle, person, may_edit)
    return context


def views(circle: Circle, view: View) -> list[Choice]:
    return [
        Choice(words, view.url(view=key, sort=view.sort if key == "table" else ""), view.shown == key)
        for key, words in VIEWS.items()
        if key != "matrix" or circle.sees_opinions
    ]


def filters(user: User, circle: Circle, view: View) -> list[Choice]:
    counts = circle.counts()
    made = []
    for key, words in SHOWS:
        hidden = key in OPINIONS and not circle.sees_opinions
        if hidden or (key == "cold" and user.role not in READS_WORK):
            continue
        active = view.show == key
        made.append(Choice(words, view.url(show="" if active else key), active, str(counts[key] or "")))
    return made


def in_order(shown: list[Person], sort: str) -> list[Person]:
    if not sort:
        return shown
    value = SORTS[sort.removeprefix("-")]
    by_name = sorted(shown, key=lambda person: person.contact.name.lower())
    known = [person for person in by_name if value(person) is not None]
    unknown = [person for person in by_name if value(person) is None]
    return sorted(known, key=value, reverse=sort.startswith("-")) + unknown


@dataclass(frozen=True)
class Head:
    """One head of the table, with the address that sorts by it."""

    words: str
    url: str = ""
    order: str = ""


def columns(circle: Circle, view: View) -> list[Head]:
    found = [("name", "Person")]
    if circle.sees_opinions:
        found += [("role", "Role"), ("influence", "Influence"), ("support", "Support")]
    found.append(("talk", "Last talk"))
    heads = []
    for key, words in found:
        is_up, is_down = view.sort == key, view.sort == f"-{key}"
        wanted = f"-{key}" if is_up else "" if is_down else key
        heads.append(
            Head(words, view.url(sort=wanted), "ascending" if is_up else "descending" if is_down else "")
        )
    return heads


# --- matrix


@dataclass(frozen=True)
class Cell:
    person: Person
    colleague: Colleague
    relation: Relationship | None

    @property
    def squares(self) -> list[tuple[str, int]]:
        """Reached, wanted and missing, or neither; and where the square stands."""
        level = self.relation.level if self.relation else 0
        desired = self.relation.desired if self.relation else 0
        states = ["has" if place <= level else "wants" if place <= desired else "none" for place in (1, 2, 3)]
        return list(zip(states, (0, 16, 32), strict=True))

    @property
    def is_wanted(self) -> bool:
        return bool(self.relation and (self.relation.desired or self.relation.level))

    @property
    def missing(self) -> int:
        return max(0, self.relation.desired - self.relation.level) if self.relation else 0

    @property
    def words(self) -> str:
        if not self.is_wanted:
            return "not wanted"
        return f"{self.missing} short" if self.missing else "as wanted"


def matrix(circle: Circle, shown: list[Person], colleague: int | None) -> dict[str, Any]:
    staff = list(User.objects.filter(is_active=True, role__in=OURS).order_by("name"))
    ours = colleagues(circle, next((user for user in staff if user.pk == colleague), None))
    columns = {each.user.pk for each in ours}
    rows = [
        (person, [Cell(person, each, person.relations.get(each.user.pk)) for each in ours])
        # Nobody of us is to know better somebody who is gone: they stand below, without cells.
        for person in sorted(shown, key=lambda person: person.has_left)
    ]
    return {"ours": ours, "rows": rows, "staff": [user for user in staff if user.pk not in columns]}


# --- the person beside the map


@dataclass(frozen=True)
class Fact:
    """One kind of soft fact in the panel: the newest word, and what was said before."""

    kind: str
    label: str
    now: SoftFact | None
    before: list[SoftFact]

    @property
    def is_said(self) -> bool:
        return bool(self.now and self.now.value)

    @property
    def words(self) -> str:
        if self.now is None or not self.now.value:
            return ""
        if self.kind == "influence":
            return f"{self.now.value} of 3, {self.now.words}"
        return self.now.words.capitalize() if self.kind == "role" else self.now.words


def panel_context(user: User, circle: Circle, person: Person, may_edit: bool) -> dict[str, Any]:
    contact = person.contact
    # Of somebody erased only codes are left, for figures of days that were: nobody reads them.
    facts = fact_list(user, contact) if circle.sees_opinions and contact.erased_on is None else []
    context: dict[str, Any] = {
        "person": person,
        "contact": contact,
        "facts": [fact for fact in facts if fact.kind != "cares_about"],
        "cares": next((fact for fact in facts if fact.kind == "cares_about"), None),
        "ties": [tie for tie in circle.ties if contact.pk in {tie.contact_id, tie.other_id}],
        "above": circle.by_id.get(contact.reports_to_id or 0),
        "below": [each for each in circle.persons if each.contact.reports_to_id == contact.pk],
        "others": [each for each in circle.present if each.pk != contact.pk],
        "sees_touches": user.role in READS_WORK,
        "returned": newest_of(contact.email),
    }
    if circle.sees_opinions and may_edit:
        context["tie_form"] = TieForm(circle=circle, of=contact)
    if user.role in READS_WORK:
        context |= work_of(user, contact)
    return context


def fact_list(user: User, contact: Contact) -> list[Fact]:
    said: dict[str, list[SoftFact]] = {}
    rows = SoftFact.objects.visible_to(user).filter(contact=contact)
    for row in rows.select_related("author").order_by("-noted_on", "-pk"):
        said.setdefault(row.kind, []).append(row)
    made = []
    for kind, label in FACT_LABELS.items():
        found = said.get(kind, [])
        made.append(Fact(kind, label, found[0] if found else None, found[1:]))
    return made


def work_of(user: User, contact: Contact) -> dict[str, Any]:
    """What was promised and done with the person, and what of our plan hangs on them."""
    of: Any = contact
    return {
        "promises": list(of.actions.visible_to(user).open().select_related("owner")),
        "touches": list(of.touches.visible_to(user).past().select_related("actor")[:LAST_TOUCHES]),
        "objectives": list(of.objectives.visible_to(user).filter(status="open").select_related("plan")),
        "goals": list(of.goals.visible_to(user).exclude(plan__status="closed")),
    }
