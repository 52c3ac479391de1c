"""Where a name stands in texts: found in one statement over every declared text, and taken out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pghistory
from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import F

from accounts.rights.declared import DECLARED
from accounts.rights.words import Judge, pattern, taken_out

Model = type[models.Model]
UNSEEN = {"accounts.OneOnOne"}
"""Read by their author only: found and redacted, but not shown."""
ALL = 100_000


@dataclass(frozen=True)
class Hit:
    """One text in which a name stands; `is_copy` where it was made of other rows."""

    label: str
    pk: int
    field: str
    text: str
    is_copy: bool

    @property
    def key(self) -> str:
        return f"{self.label}:{self.pk}:{self.field}"

    @property
    def place(self) -> str:
        model = apps.get_model(self.label)
        field = model._meta.get_field(self.field)
        return f"{model._meta.verbose_name}, {field.verbose_name}"

    @property
    def unseen(self) -> bool:
        return self.label in UNSEEN


def events_of() -> dict[str, Model]:
    """The history table of each model that has one."""
    return {e.pgh_tracked_model._meta.label: e for e in pghistory.core.event_models()}  # type: ignore[attr-defined]


def find(spellings: Sequence[str], limit: int = ALL) -> list[Hit]:
    """Every text that names the person, also of rows that only their history still has."""
    if not spellings:
        return []
    parts = [part for label, data in DECLARED.items() for part in _parts(label, data.free, data.copies)]
    # A setting of one transaction: reading years of notes takes longer than a page may.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', '60s', true)")
        cursor.execute(f"{' UNION ALL '.join(parts)} LIMIT {limit}", {"pattern": pattern(spellings)})
        return [Hit(*row) for row in cursor.fetchall()]


def _parts(label: str, free: Iterable[str], copies: Iterable[str]) -> list[str]:
    model = apps.get_model(label)
    found = [_part(label, model, name, False) for name in free]
    found += [_part(label, model, name, True) for name in copies]
    event = events_of().get(label)
    if event is not None:
        kept = {one.name for one in event._meta.concrete_fields}
        gone = f'AND NOT EXISTS (SELECT FROM "{model._meta.db_table}" o WHERE o.id = t.pgh_obj_id)'
        found += [_part(event._meta.label, event, name, False, gone) for name in free if name in kept]
    return found


def _part(label: str, model: Model, name: str, is_copy: bool, more: str = "") -> str:
    key, table = model._meta.pk.column, model._meta.db_table
    column = f't."{model._meta.get_field(name).column}"::text'  # type: ignore[union-attr]
    return (
        f"SELECT '{label}', t.{key}, '{name}', {column}, {is_copy} FROM \"{table}\" t"
        f" WHERE {column} ~* %(pattern)s {more}"
    )


def redact(places: Iterable[tuple[str, int, str]], judge: Judge, lengths: set[int]) -> int:
    """Take the names out of these texts and out of their history; how many texts changed."""
    wanted: dict[tuple[str, str], set[int]] = {}
    for label, pk, name in places:
        wanted.setdefault((label, name), set()).add(pk)
    events = events_of()
    changed = 0
    for (label, name), pks in wanted.items():
        model = apps.get_model(label)
        changed += _redact_rows(model, name, {"pk__in": pks}, judge, lengths)
        event = events.get(label)
        if event is not None and name in {one.name for one in event._meta.concrete_fields}:
            _redact_rows(event, name, {"pgh_obj_id__in": pks}, judge, lengths)
    return changed


def _redact_rows(model: Model, name: str, which: dict[str, Any], judge: Judge, lengths: set[int]) -> int:
    rows: Any = model._default_manager
    field: Any = model._meta.get_field(name)
    own = {one.name for one in model._meta.concrete_fields}
    # Whoever has the row open for editing is told, and does not write the name back. History has no such number.
    more = {"version": F("version") + 1} if "version" in own and "pgh_id" not in own else {}
    changed = 0
    for pk, before in rows.filter(**which).values_list("pk", name):
        after = taken_out(before, judge, lengths)
        if after != before:
            if isinstance(field, models.EmailField):
                # A form refuses what is no address.
                after = ""
            elif isinstance(after, str) and field.max_length:
                after = after[: field.max_length]
            changed += rows.filter(pk=pk).update(**{name: after}, **more)
    return changed
