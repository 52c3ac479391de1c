"""What was changed by whom: the rows that the history triggers wrote, newest first."""

import datetime
import functools
from dataclasses import dataclass, field
from typing import Any

import pghistory
from django.db.models import Model, OuterRef, QuerySet, Subquery

from accounts.people.models import Organisation, User
from accounts.portfolio.models import Account

CLOSED = frozenset({"accounts.Campaign", "accounts.Forecast"})
"""What leads to no account, and is still read during an elevation only: plans of marketing, expectations of people."""


@dataclass(frozen=True)
class Change:
    field: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Entry:
    at: datetime.datetime
    who: str
    model: str
    what: str
    name: str
    hidden: bool
    changes: list[Change] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    entries: list[Entry]
    before: str


def event_models() -> list[type[Model]]:
    return sorted(pghistory.core.event_models(), key=lambda model: tracked(model)._meta.verbose_name or "")


def tracked(event_model: type[Model]) -> type[Model]:
    found: type[Model] = event_model.pgh_tracked_model  # type: ignore[attr-defined]
    return found


def tracked_choices() -> list[tuple[str, str]]:
    return [(tracked(m)._meta.model_name or "", str(tracked(m)._meta.verbose_name)) for m in event_models()]


@functools.cache
def is_content(model: type[Model]) -> bool:
    """An account itself, or something that leads to one, as a goal by its plan: read only while elevated."""
    if model is Account or model._meta.label in CLOSED:
        return True
    above = {one.related_model for one in model._meta.concrete_fields if one.many_to_one}
    return any(is_content(each) for each in above - {model, User} if isinstance(each, type))


def newest(
    *,
    model: str = "",
    since: datetime.date | None = None,
    until: datetime.date | None = None,
    before: str = "",
    with_content: bool = False,
    size: int = 50,
) -> Page:
    """`size` entries before the mark of an earlier page; the statements depend on the models only."""
    found: list[Any] = []
    for event_model in event_models():
        if not model or tracked(event_model)._meta.model_name == model:
            rows = _between(event_model._default_manager.all(), since, until, before)
            found += rows.order_by("-pgh_created_at", "-pgh_id")[: size + 1]
    found.sort(key=_mark, reverse=True)
    shown = found[:size]
    return Page(entries(shown, with_content), _text(_mark(shown[-1])) if len(found) > size else "")


def _between(
    rows: QuerySet[Any], since: datetime.date | None, until: datetime.date | None, before: str
) -> QuerySet[Any]:
    zone = Organisation.current().zone
    if since:
        rows = rows.filter(pgh_created_at__gte=datetime.datetime.combine(since, datetime.time(), zone))
    if until:
        end = until + datetime.timedelta(days=1)
        rows = rows.filter(pgh_created_at__lt=datetime.datetime.combine(end, datetime.time(), zone))
    if before:
        at, model, pk = _parse(before)
        own = rows.model._meta.model_name or ""
        # Everything older, and what is equally old but stands later in the order of (model, id).
        older = rows.filter(pgh_created_at__lt=at)
        same = rows.filter(pgh_created_at=at)
        if own < model:
            rows = older | same
        elif own == model:
            rows = older | same.filter(pgh_id__lt=pk)
        else:
            rows = older
    return rows.select_related("pgh_context")


def _mark(event: Any) -> tuple[datetime.datetime, str, int]:
    return event.pgh_created_at, event._meta.model_name, event.pgh_id


def _text(mark: tuple[datetime.datetime, str, int]) -> str:
    return f"{mark[0].isoformat()}~{mark[1]}~{mark[2]}"


def _parse(before: str) -> tuple[datetime.datetime, str, int]:
    """A mark that is not one of ours begins at the newest entry."""
    at, _, rest = before.partition("~")
    model, _, pk = rest.partition("~")
    try:
        return datetime.datetime.fromisoformat(at), model, int(pk)
    except ValueError:
        return datetime.datetime.max.replace(tzinfo=datetime.UTC), "", 0


def entries(events: list[Any], with_content: bool) -> list[Entry]:
    people = _people(events)
    earlier = _earlier(events)
    found = []
    for event in events:
        model = tracked(type(event))
        hidden = is_content(model) and not with_content
        context = event.pgh_context.metadata if event.pgh_context else {}
        user = context.get("user")
        found.append(
            Entry(
                at=event.pgh_created_at,
                who=people.get(user, f"user {user}") if user else "a program",
                model=str(model._meta.verbose_name),
                what=event.what,
                name="" if hidden else name_of(event),
                hidden=hidden,
                changes=[] if hidden else _changes(event, earlier.get((type(event), event.pgh_id)), people),
            )
        )
    return found


def name_of(event: Any) -> str:
    for column in ("name", "number", "title"):
        found = getattr(event, column, "")
        if found and isinstance(found, str):
            return found
    return f"number {event.pgh_obj_id}"


def _earlier(events: list[Any]) -> dict[tuple[type[Model], int], Any]:
    """The row of the same object before each of these rows."""
    found: dict[tuple[type[Model], int], Any] = {}
    for event_model in {type(event) for event in events}:
        rows: QuerySet[Any] = event_model._default_manager.all()
        own = [event.pgh_id for event in events if type(event) is event_model]
        previous = rows.filter(pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__lt=OuterRef("pgh_id"))
        pairs = dict(
            rows.filter(pgh_id__in=own)
            .annotate(previous=Subquery(previous.order_by("-pgh_id").values("pgh_id")[:1]))
            .values_list("pgh_id", "previous")
        )
        by_id = rows.in_bulk([pk for pk in pairs.values() if pk is not None])
        found |= {(event_model, pk): by_id[old] for pk, old in pairs.items() if old in by_id}
    return found


def _changes(event: Any, earlier: Any, people: dict[int, str]) -> list[Change]:
    """The fields that differ from the row before; of a new row those that hold something."""
    changes = []
    for one in event._meta.concrete_fields:
        if one.name.startswith("pgh_") or one.primary_key or one.name == "id":
            continue
        new = _shown(one, getattr(event, one.attname), people)
        old = _shown(one, getattr(earlier, one.attname), people) if earlier is not None else ""
        if event.pgh_label == "delete":
            old, new = new, ""
        if old != new:
            changes.append(Change(str(one.verbose_name), old, new))
    return changes


def _shown(one: Any, value: Any, people: dict[int, str]) -> str:
    if value is None or value == "":
        return ""
    if one.related_model is User:
        return people.get(value, f"user {value}")
    if one.related_model is not None:
        return f"{one.related_model._meta.verbose_name} {value}"
    if hasattr(value, "lower") and hasattr(value, "upper") and not isinstance(value, str):
        return f"{value.lower} to {value.upper or 'open'}"
    if one.choices:
        return str(dict(one.flatchoices).get(value, value))
    return str(value)


def _people(events: list[Any]) -> dict[int, str]:
    wanted: set[int] = set()
    for event in events:
        if event.pgh_context and isinstance(event.pgh_context.metadata.get("user"), int):
            wanted.add(event.pgh_context.metadata["user"])
    # Persons named inside a row, today's and the one before it, are few: the staff.
    if any(one.related_model is User for event in events for one in event._meta.concrete_fields):
        return dict(User.objects.values_list("pk", "name"))
    return dict(User.objects.filter(pk__in=wanted).values_list("pk", "name"))
