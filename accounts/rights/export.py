"""Everything that is kept about a person, as sections of rows: for the page, the file and the document."""

import datetime
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import Q

from accounts.people import history
from accounts.people.models import Organisation, User
from accounts.rights.declared import DECLARED, Data
from accounts.rights.notes import Hit, events_of, find
from accounts.rights.persons import Person
from accounts.stakeholders.models import SoftFact
from accounts.surveys.questions import Question, QuestionText
from kamplan import formats

Names = dict[type[models.Model], dict[int, str]]
OWN_FIRST = ("accounts.Contact", "accounts.User", "accounts.SoftFact")
TITLES = {
    "accounts.Contact": "Who it is",
    "accounts.User": "Who it is",
    "accounts.SoftFact": "What we think of this person",
    "accounts.Tie": "Influence and conflict",
    "accounts.Relationship": "Who of us knows this person",
    "accounts.Message": "Mails to this person",
    "accounts.AnswerItem": "What was answered",
}
OURS = {"accounts.User": "Who it is", "accounts.SoftFact": "opinions about people at customers"}


@dataclass(frozen=True)
class Span:
    """From a first day to a last one, or on."""

    first: datetime.date | None
    last: datetime.date | None


@dataclass(frozen=True)
class Section:
    """Rows of one table that lead to the person; `heads` names their columns."""

    title: str
    heads: Sequence[str]
    rows: list[list[Any]] = field(default_factory=list)

    @property
    def as_mappings(self) -> list[dict[str, Any]]:
        """For the file: what is empty is left out."""
        return [
            {head: cell for head, cell in zip(self.heads, row, strict=True) if cell not in (None, "")}
            for row in self.rows
        ]


def everything(person: Person) -> list[Section]:
    """Fixed in its number of statements, however much is kept."""
    with Organisation.kept():
        return _sections(person)


def _sections(person: Person) -> list[Section]:
    found = []
    names: Names = {}
    rows = {
        label: _rows(person, label, data) for label, data in DECLARED.items() if _leads(person, label, data)
    }
    _read_names(names, [row for each in rows.values() for row in each])
    for label in sorted(rows, key=lambda label: label not in OWN_FIRST):
        if rows[label]:
            found.append(_section(person, label, rows[label], names))
    if person.is_contact:
        found += [section for section in (_notes(find(person.spellings)), _history(person)) if section.rows]
    return found


def _leads(person: Person, label: str, data: Data) -> bool:
    return label == "accounts.Lead" or bool(data.contacts) if person.is_contact else bool(data.users)


def _rows(person: Person, label: str, data: Data) -> list[Any]:
    if person.is_contact and label == "accounts.Lead":
        return list(person.leads())
    model = apps.get_model(label)
    paths = data.contacts if person.is_contact else data.users
    leading = Q(*(Q(**{path: person.pk}) for path in paths), _connector=Q.OR)
    rows: Any = model._default_manager.filter(leading).order_by("pk").distinct()
    return list(rows)


def _columns(person: Person, label: str) -> list[Any]:
    """What a row shows: no keys and hashes."""
    data, model = DECLARED[label], apps.get_model(label)
    hidden = {*data.secret, "id", "version"}
    shown = [one for one in model._meta.concrete_fields if one.name not in hidden and not one.primary_key]
    return shown if person.is_contact else [one for one in shown if _is_of_us(one, model, data)]


def _is_of_us(one: Any, model: type[models.Model], data: Data) -> bool:
    """Of people of ours an administrator reads without an elevation: that a row of account content is theirs, and
    of which day, but neither whom it is about nor what it says."""
    if history.is_content(model):
        return one.related_model is User or isinstance(one, models.DateField | DateRangeField)
    leads_to_content = one.is_relation and history.is_content(one.related_model)
    return one.name not in {*data.free, *data.copies} and not leads_to_content


def _section(person: Person, label: str, rows: list[Any], names: Names) -> Section:
    columns = _columns(person, label)
    title = TITLES.get(label) if person.is_contact else OURS.get(label)
    title = title or str(apps.get_model(label)._meta.verbose_name_plural)
    cells = [[value_of(one, said(row, one), names) for one in columns] for row in rows]
    own = {*(DECLARED[label].contacts if person.is_contact else ()), "version"}
    used = [
        at
        for at in range(len(columns))
        if any(row[at] is not None for row in cells)
        # Whose rows they are stands above them all.
        and not (columns[at].name in own and all(row[at] == person.name for row in cells))
    ]
    return Section(
        title, [str(columns[at].verbose_name) for at in used], [[row[at] for at in used] for row in cells]
    )


def said(row: Any, one: Any) -> Any:
    """What a column holds; a code that means something beside another column only, in words."""
    is_coded = isinstance(row, SoftFact) and one.name == "value"
    return row.words if is_coded else getattr(row, one.attname)


def _read_names(names: Names, rows: Iterable[Any]) -> None:
    """What the rows that are pointed at are called: one statement for each model."""
    wanted: dict[type[models.Model], set[int]] = {}
    for row in rows:
        for one in row._meta.concrete_fields:
            if one.is_relation and (pk := getattr(row, one.attname)) is not None:
                wanted.setdefault(one.related_model, set()).add(pk)
    for model, keys in wanted.items():
        if model is Question:
            texts = QuestionText.objects.filter(question__in=keys).order_by("-pk")
            names[model] = dict(texts.values_list("question", "text"))
            continue
        # Names are read plainly: `str` of many rows would ask for each row's account.
        own = {one.name for one in model._meta.concrete_fields}
        column = next((name for name in ("name", "title", "subject", "number") if name in own), None)
        found = model._default_manager.filter(pk__in=keys)
        called = dict(found.values_list("pk", column)) if column else {}
        names[model] = {pk: str(called.get(pk) or f"{model._meta.verbose_name} {pk}") for pk in keys}


def value_of(one: Any, value: Any, names: Names) -> Any:
    """A value as a person reads it; days and moments stay what they are until they are written down."""
    if value is None or value == "":
        return None
    if one.is_relation:
        return names.get(one.related_model, {}).get(value, str(value))
    if isinstance(one, DateRangeField):
        last = value.upper and value.upper - datetime.timedelta(days=1)
        return Span(value.lower, last)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime.datetime):
        return value.astimezone(Organisation.current().zone)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime.date):
        return value
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    choices = dict(getattr(one, "flatchoices", ()) or ())
    return str(choices.get(value, value)) if choices or not isinstance(value, int) else value


def as_read(cell: Any) -> str:
    """A cell on a page or on paper, its days as everywhere else."""
    if isinstance(cell, Span):
        return f"{as_read(cell.first)} to {as_read(cell.last) if cell.last else 'open'}"
    if isinstance(cell, datetime.datetime):
        return formats.moment(cell)
    if isinstance(cell, datetime.date):
        return formats.day(cell, year=True)
    return formats.UNKNOWN if cell is None else str(cell)


def in_file(cell: Any) -> str:
    """A cell that JSON has no word for, its days as programs sort them."""
    if isinstance(cell, Span):
        return f"{cell.first} to {cell.last or 'open'}"
    return f"{cell:%Y-%m-%d %H:%M}" if isinstance(cell, datetime.datetime) else str(cell)


def _notes(hits: list[Hit]) -> Section:
    """Texts that name the person wherever they stand; those read by their author only are counted, not shown."""
    rows = [[hit.place, "a private note" if hit.unseen else hit.text] for hit in hits]
    return Section("Texts that name this person", ("Where", "Text"), rows)


def _history(person: Person) -> Section:
    """Who changed what, when: of the person's own row and of those that lead to it."""
    found: list[Any] = []
    for label, event in events_of().items():
        data = DECLARED[label]
        if label == "accounts.Contact":
            rows: Any = event._default_manager.filter(pgh_obj=person.pk)
        else:
            kept = {one.name for one in event._meta.concrete_fields}
            paths = [path for path in data.contacts if path in kept]
            if not paths:
                continue
            rows = event._default_manager.filter(Q(*(Q(**{p: person.pk}) for p in paths), _connector=Q.OR))
        found += rows.select_related("pgh_context")
    found.sort(key=lambda event: (event.pgh_created_at, event.pgh_id), reverse=True)
    zone = Organisation.current().zone
    rows = [
        [
            entry.at.astimezone(zone),
            entry.who,
            f"{entry.model} {entry.name} {entry.what}",
            "; ".join(
                f"{change.field}: {change.old or '–'} → {change.new or '–'}" for change in entry.changes
            ),
        ]
        for entry in history.entries(found, with_content=True)
    ]
    return Section("Audit history", ("When", "Who", "What", "Change"), rows)


def _told(change: history.Change) -> str:
    return f"{change.field}: {change.old or '–'} → {change.new or '–'}"


def as_file(person: Person, sections: list[Section], made_by: User, at: datetime.datetime) -> dict[str, Any]:
    """The file that a person gets."""
    return {
        "about": person.name,
        "made_at": at.isoformat(timespec="minutes"),
        "made_by": made_by.name,
        "organisation": Organisation.current().name,
        "kept": {section.title: section.as_mappings for section in sections},
    }
