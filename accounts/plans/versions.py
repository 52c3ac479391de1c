"""A plan as it stood: what a version keeps, and what changed between two of them."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Max, Model

from accounts.people.models import User
from accounts.plans.items import KINDS, Kind, rows_of
from accounts.plans.models import Goal, Objective, Plan, PlanVersion, Risk, SwotEntry
from accounts.stakeholders.models import Contact
from kamplan.formats import day

PLAN_FIELDS = ("name", "situation", "summary", "first_day", "last_day")
PLAN_LABELS = {"first_day": "first day", "last_day": "last day"}
POINTED_AT: dict[str, type[Model]] = {
    "contact": Contact,
    "owner": User,
    "goal": Goal,
    "objective": Objective,
    "swot_entry": SwotEntry,
    "risk": Risk,
}
Content = dict[str, Any]


@dataclass(frozen=True)
class FieldChange:
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class ItemChange:
    """What happened to one line: it was added, removed, or some of its fields changed."""

    noun: str
    title: str
    what: str
    fields: tuple[FieldChange, ...] = ()


def plain(value: Any) -> Any:
    """A value as JSON keeps it, the same for the same amount however many zeros follow it."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value


def content_of(plan: Plan) -> Content:
    """Every line of the plan by kind, people by their number: erasing a person erases them here, too."""
    return content_from(plan, {kind.word: rows_of(kind, plan).order_by("pk") for kind in KINDS.values()})


def content_from(plan: Plan, rows: Mapping[str, Iterable[Any]]) -> Content:
    content: Content = {"plan": {name: plain(getattr(plan, name)) for name in PLAN_FIELDS}}
    for kind in KINDS.values():
        columns = {name: kind.model._meta.get_field(name).attname for name in kind.compared}
        content[kind.word] = [
            {"id": row.pk, **{name: plain(getattr(row, column)) for name, column in columns.items()}}
            for row in rows.get(kind.word, ())
        ]
    return content


def keep_version(plan: Plan, user: User, cause: str) -> PlanVersion:
    """Write down how the plan stands now; the caller holds the plan's lock."""
    newest = plan.versions.aggregate(newest=Max("number"))["newest"] or 0
    version: PlanVersion = PlanVersion.objects.create(
        plan=plan, number=newest + 1, cause=cause, content=content_of(plan), made_by=user
    )
    return version


def changes_between(before: Content, after: Content) -> list[ItemChange]:
    """Line by line and field by field, in the order of the page."""
    names = names_for([before, after])
    found = []
    told = fields_changed(before["plan"], after["plan"], PLAN_FIELDS, plan_label, names)
    if told:
        found.append(ItemChange("plan", after["plan"]["name"], "changed", told))
    for kind in KINDS.values():
        found += kind_changes(kind, before.get(kind.word, []), after.get(kind.word, []), names)
    return found


def kind_changes(
    kind: Kind, before: list[Content], after: list[Content], names: Mapping[tuple[str, int], str]
) -> list[ItemChange]:
    old, new = ({row["id"]: row for row in rows} for rows in (before, after))
    title = kind.compared[0] if kind.word != "swot" else "text"
    found = [ItemChange(kind.noun, row[title], "added") for pk, row in new.items() if pk not in old]
    found += [ItemChange(kind.noun, row[title], "removed") for pk, row in old.items() if pk not in new]
    for pk, row in new.items():
        if pk in old:
            told = fields_changed(old[pk], row, kind.compared, field_label(kind), names)
            if told:
                found.append(ItemChange(kind.noun, row[title], "changed", told))
    return found


def fields_changed(
    before: Content, after: Content, fields: Iterable[str], label: Any, names: Mapping[tuple[str, int], str]
) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(label(name)[0], *(text_of(name, row.get(name), label, names) for row in (before, after)))
        for name in fields
        if before.get(name) != after.get(name)
    )


def plan_label(name: str) -> tuple[str, Any]:
    if name in PLAN_LABELS:
        return PLAN_LABELS[name], None
    field = Plan._meta.get_field(name)
    return str(field.verbose_name), field  # type: ignore[union-attr]


def field_label(kind: Kind) -> Any:
    def label(name: str) -> tuple[str, Any]:
        field = kind.model._meta.get_field(name)
        return str(field.verbose_name), field

    return label


def text_of(name: str, value: Any, label: Any, names: Mapping[tuple[str, int], str]) -> str:
    """A kept value as the page shows it."""
    if value in (None, ""):
        return "empty"
    if name in POINTED_AT:
        return names.get((name, value), "somebody or something that is gone")
    field = label(name)[1]
    choices = dict(field.flatchoices) if field is not None else {}
    if value in choices:
        return str(choices[value])
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name.endswith(("_on", "_day")):
        return day(datetime.date.fromisoformat(value), year=True)
    return str(value)


def names_for(contents: Iterable[Content]) -> dict[tuple[str, int], str]:
    """The names of everybody and everything that these versions point to, one statement for each table."""
    wanted: dict[str, set[int]] = {name: set() for name in POINTED_AT}
    for content in contents:
        for kind in KINDS.values():
            for row in content.get(kind.word, []):
                for name in POINTED_AT:
                    if row.get(name):
                        wanted[name].add(row[name])
    found = {}
    for name, numbers in wanted.items():
        if numbers:
            for row in POINTED_AT[name]._default_manager.filter(pk__in=numbers):
                found[name, row.pk] = str(row)
    return found
