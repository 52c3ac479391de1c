"""What an import would do, row by row: the first rows of each kind of change, with old and new values.

However large the file, a fixed number of rows is read for each part and state, in a fixed number of statements.
"""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import DateRangeField
from django.db import models

from accounts.exchange.images import Field, Image, column_of
from accounts.exchange.staging import fetch
from kamplan.formats import UNKNOWN, day

SHOWN = 500
LONGEST = 120
STATES = {"changed": "changed", "new": "created", "same": "unchanged"}
Names = dict[type[models.Model], dict[int, str]]


@dataclass(frozen=True)
class Value:
    """A field of a row: what is there, and what the file says."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Change:
    part: str
    state: str
    row: int | None
    name: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True)
class _Row:
    state: str
    row: int | None
    old: dict[Field, Any]
    new: dict[Field, Any]


def listed(images: Iterable[Image]) -> list[Change]:
    """The first rows that would be changed, created, removed and left alone, in the order of the file."""
    return [change for image in images for change in _of(image)]


def _of(image: Image) -> Iterator[Change]:
    rows = [row for state in STATES for row in _rows(image, state)] + _removed(image)
    names = _names(row for row in rows)
    for row in rows:
        yield Change(image.part.label, row.state, row.row, _name(image, row, names), _values(row, names))


def _fields(image: Image) -> list[Field]:
    hidden = {"source", image.part.parent}
    return [found for found in image.fed if found.name not in hidden]


def _rows(image: Image, state: str) -> list[_Row]:
    fields = _fields(image)
    columns = "".join(f", m.{column_of(f)}, i.{column_of(f)}" for f in fields)
    found = fetch(
        f"SELECT i.file_row{columns} FROM {image.image} i LEFT JOIN {image.table} m ON m.id = i.id "
        "WHERE i.state = %s AND NOT EXISTS (SELECT FROM import_refused r WHERE r.file_row = i.file_row) "
        f"ORDER BY i.file_row LIMIT {SHOWN}",
        state,
    )
    return [
        _Row(
            STATES[state],
            row,
            dict(zip(fields, cells[::2], strict=True)),
            dict(zip(fields, cells[1::2], strict=True)),
        )
        for row, *cells in found
    ]


def _removed(image: Image) -> list[_Row]:
    if not image.part.replaces:
        return []
    fields = _fields(image)
    columns = ", ".join(f"m.{column_of(found)}" for found in fields)
    found = fetch(f"SELECT {columns} FROM {image.table} m WHERE {image.removed} ORDER BY m.id LIMIT {SHOWN}")
    return [_Row("removed", None, dict(zip(fields, cells, strict=True)), {}) for cells in found]


def _names(rows: Iterable[_Row]) -> Names:
    """What the rows that are pointed at are called: one statement for each model."""
    wanted: dict[type[models.Model], set[int]] = {}
    for row in rows:
        for cells in (row.old, row.new):
            for found, value in cells.items():
                if isinstance(found, models.ForeignKey) and value is not None:
                    wanted.setdefault(found.related_model, set()).add(value)
    return {
        model: {one.pk: str(one) for one in model._default_manager.filter(pk__in=keys)}
        for model, keys in wanted.items()
    }


def _name(image: Image, row: _Row, names: Names) -> str:
    """How a person knows the row: its key in the other system and what else tells it apart."""
    keys = ["external_id", "name", "number", *(name.partition(":")[0] for name in image.part.match[-1])]
    cells = row.new or row.old
    by_name = {found.name: shown(found, value, names) for found, value in cells.items()}
    parts = [by_name[key] for key in dict.fromkeys(keys) if by_name.get(key, UNKNOWN) != UNKNOWN]
    return " · ".join(dict.fromkeys(parts))[:LONGEST]


def _values(row: _Row, names: Names) -> tuple[Value, ...]:
    """Of a changed row what changes, of a new one what it says, of the others nothing."""
    if row.state not in {"changed", "created"}:
        return ()
    return tuple(
        Value(
            str(found.verbose_name),
            shown(found, row.old[found], names) if row.state == "changed" else "",
            shown(found, new, names),
        )
        for found, new in row.new.items()
        if (new != row.old[found] if row.state == "changed" else new not in (None, ""))
    )


def shown(found: Field, value: Any, names: Names) -> str:
    """A value as a person writes it."""
    if value is None or value == "":
        return UNKNOWN
    if isinstance(found, models.ForeignKey):
        return names.get(found.related_model, {}).get(value, "another row of this file")
    if isinstance(found, DateRangeField):
        return _span(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value.normalize():,f}"
    if isinstance(value, datetime.date):
        return day(value, year=True)
    text = str(dict(found.flatchoices).get(value, value))
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _span(value: Any) -> str:
    since = day(value.lower, year=True) if value.lower else "ever"
    return f"{since} until {day(value.upper, year=True)}" if value.upper else f"from {since}"
