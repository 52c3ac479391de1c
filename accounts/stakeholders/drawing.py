"""The map as its template draws it: cards and lines with the words that fit on them."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.stakeholders import layout
from accounts.stakeholders.layout import Line, num
from accounts.stakeholders.models import DecisionRole, Tie
from accounts.stakeholders.people import Circle, Person

NARROW, WIDE = set("fijlrtI.,:;'|!()[]-/ "), set("mwMWÆŒ@%")
ROOM = 142
"""Between the sides of a card; a font that is wider than was estimated is cut there."""
BOLDER = 1.12
"""Names are set in a heavier weight, which runs wider."""


@dataclass(frozen=True, slots=True)
class DrawnCard:
    """Texts only: with hundreds of cards every look-up and every formatted number of a template counts."""

    pk: str
    version: str
    x: str
    y: str
    classes: str
    words: str
    name: str
    title: str
    role: str
    role_class: str
    influence: str
    support: str
    age: str
    age_class: str
    is_silent: bool
    is_chosen: bool


@dataclass(frozen=True)
class DrawnLine:
    path: str
    is_faded: bool = False
    is_dotted: bool = False
    x: str = ""
    y: str = ""
    words: str = ""


@dataclass(frozen=True)
class Map:
    cards: list[DrawnCard]
    reports: list[DrawnLine]
    influences: list[DrawnLine]
    conflicts: list[DrawnLine]
    width: str
    height: str

    @property
    def view_box(self) -> str:
        return f"0 0 {self.width} {self.height}"


def drawn(circle: Circle, shown: Sequence[Person], chosen: int | None = None, *, asks: bool = True) -> Map:
    """Everybody keeps their place; who is not meant by the filter fades. `asks` who is in an open place."""
    persons = circle.by_id
    # In the order of the tree, so that the same people always stand in the same places.
    places = layout.draw({person.pk: person.contact.reports_to_id for person in circle.persons})
    meant = {person.pk for person in shown}
    cards = [
        card_of(person, places.cards[person.pk], person.pk not in meant, person.pk == chosen, asks)
        for person in circle.persons
    ]
    reports = [
        DrawnLine(
            line.path,
            is_faded=not {line.above, line.below} <= meant,
            is_dotted=persons[line.below].has_left or persons[line.above].has_left,
        )
        for line in places.reports
    ]
    influences, conflicts = [], []
    lowest = 0.0
    for nth, tie in enumerate(tie for tie in circle.ties if {tie.contact_id, tie.other_id} <= persons.keys()):
        ends = places.cards[tie.contact_id], places.cards[tie.other_id]
        faded = not {tie.contact_id, tie.other_id} <= meant
        if tie.kind == Tie.Kind.INFLUENCES:
            influences.append(line_of(layout.influence(*ends, places.cards), tie, faded))
        else:
            line = layout.conflict(*ends, places.cards, nth)
            lowest = max(lowest, line.y + layout.MARGIN)
            conflicts.append(line_of(line, tie, faded))
    height = max(places.height, lowest)
    return Map(cards, reports, influences, conflicts, num(places.width), num(height))


def card_of(
    person: Person, card: layout.Card, is_faded: bool, is_chosen: bool, asks: bool = True
) -> DrawnCard:
    contact = person.contact
    if person.is_placeholder:
        title, role = "not known yet", "Who is it?" if asks else ""
    elif person.has_left:
        title = f"left {contact.left_on:%-d %b %Y}"
        role = f"was {person.role_words}" if person.role_words else ""
    else:
        title = contact.title or contact.department
        role = f"{person.role_words.capitalize()}{'?' if person.role_is_assumed else ''}"
    against = person.role == DecisionRole.BLOCKER and not person.has_left
    return DrawnCard(
        pk=str(person.pk),
        version=str(contact.version),
        x=num(card.x),
        y=num(card.y),
        classes=f"km-card{kind_of(person)}{' km-faded' if is_faded else ''}",
        words=person.words,
        name=fit(contact.name, 13 * BOLDER, ROOM),
        title=fit(title, 12, ROOM),
        role=role,
        role_class="km-card__role km-card__role--neg" if against else "km-card__role",
        influence=str(person.influence),
        support=person.support,
        age=person.age,
        age_class="km-card__age km-card__age--cold" if person.is_cold else "km-card__age",
        is_silent=person.has_left or person.is_placeholder,
        is_chosen=is_chosen,
    )


def kind_of(person: Person) -> str:
    if person.has_left:
        return " km-card--left"
    if person.is_placeholder:
        return " km-card--place"
    return " km-card--assumed" if person.is_assumed else ""


def line_of(line: Line, tie: Tie, is_faded: bool) -> DrawnLine:
    return DrawnLine(line.path, is_faded, x=num(line.x), y=num(line.y), words=tie_words(tie))


def tie_words(tie: Tie) -> str:
    words = "influences" if tie.kind == Tie.Kind.INFLUENCES else "is in conflict with"
    about = f" over {tie.about}" if tie.about else ""
    return f"{tie.contact.name} {words} {tie.other.name}{about}"


def fit(text: str, size: float, room: float) -> str:
    """The text, or as much of it as fits; how wide letters are is estimated on the safe side."""
    widths = [letter_width(letter) * size for letter in text]
    if sum(widths) <= room:
        return text
    kept, used = "", size * 0.9
    for letter, width in zip(text, widths, strict=True):
        used += width
        if used > room:
            break
        kept += letter
    return f"{kept.rstrip()}…"


def letter_width(letter: str) -> float:
    if letter in NARROW:
        return 0.34
    if letter in WIDE:
        return 0.9
    return 0.7 if letter.isupper() else 0.575
