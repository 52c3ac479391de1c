"""The lines of a file as a typed temporary table, with a table of refusals beside it.

The SQL of this package is put together from names of the declarations and the models only; every value
that a file or a person gives is a parameter.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

from accounts.exchange import files
from accounts.exchange.columns import Kind
from accounts.exchange.mapping import Mapping
from accounts.exchange.values import Cell, Number, Parser, Reading, Refused, decimal_mark
from accounts.people.models import Organisation
from kamplan.formats import plural

Progress = Callable[[str, int, int], None]
SAMPLE = 5_000
# A file in which everything is wrong is not worth reading to its end.
MAX_REFUSALS = 10_000
TABLES = ("import_rows", "import_resolved", "import_refused")


def quote(name: str) -> str:
    return connection.ops.quote_name(name)


def execute(sql: str, *params: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)
        return int(cursor.rowcount)


def fetch(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)
        return list(cursor.fetchall())


@dataclass(frozen=True)
class Refusal:
    row: int | None
    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class Feed:
    """Where the value of one of our columns comes from: a place in the row, or a constant."""

    name: str
    place: int | None
    constant: str
    required: bool
    parse: Parser

    def cell(self, cells: list[Cell]) -> Cell:
        return self.constant if self.place is None else cells[self.place]


def create(kind: Kind) -> None:
    drop(kind)
    columns = ", ".join(f"{quote(name)} {kind.types[name].sql}" for name in kind.types)
    execute(f"CREATE TEMP TABLE import_rows (file_row integer NOT NULL, {columns}) ON COMMIT DROP")
    execute(
        "CREATE TEMP TABLE import_refused (file_row integer, file_column text, value text, reason text) "
        "ON COMMIT DROP"
    )


def drop(kind: Kind) -> None:
    names = [
        *TABLES,
        *(f"import_{n}" for n in range(len(kind.parts))),
        *(f"import_wide_{n}" for n in range(3)),
    ]
    names += [f"import_lookup_{name}" for name in kind.lookups]
    execute(f"DROP TABLE IF EXISTS {', '.join(f'pg_temp.{name}' for name in names)}")


def stage(
    kind: Kind, source: files.Source, layout: files.Layout, mapping: Mapping, progress: Progress
) -> int:
    """Read the whole file into `import_rows`; what cannot be read goes to `import_refused`."""
    rows = files.read(source, layout)
    sample = list(itertools.islice(rows, SAMPLE))
    feeds = _feeds(kind, layout.header, mapping, _reading(kind, layout.header, mapping, sample))
    refused: list[Refusal] = []
    counted = _Counted(itertools.chain(sample, rows), layout.lines, progress)
    columns = ", ".join(["file_row", *(quote(feed.name) for feed in feeds)])
    with connection.cursor() as cursor, cursor.copy(f"COPY import_rows ({columns}) FROM STDIN") as copy:
        for number, cells in counted:
            values = _parsed(number, cells, feeds, len(layout.header), refused)
            if values is not None:
                copy.write_row([number, *values])
            elif len(refused) >= MAX_REFUSALS:
                break
    refuse(refused)
    execute("ANALYZE import_rows")
    return counted.count


class _Counted:
    """Counts the rows that pass and tells how far it is, now and then."""

    def __init__(self, rows: Iterable[files.Row], total: int, progress: Progress) -> None:
        self.rows, self.total, self.progress, self.count = rows, total, progress, 0

    def __iter__(self) -> Iterator[files.Row]:
        for row in self.rows:
            self.count += 1
            if self.count % 2_000 == 0:
                self.progress("Reading rows", row[0], max(self.total, row[0]))
            yield row


def _feeds(kind: Kind, header: list[str], mapping: Mapping, reading: Reading) -> list[Feed]:
    places = {name: place for place, name in enumerate(header)}
    return [
        Feed(
            column.name,
            places[mapping.columns[column.name]] if column.name in mapping.columns else None,
            mapping.constants.get(column.name, "").strip(),
            column.required,
            kind.types[column.name].parser(reading),
        )
        for column in kind.columns
        if column.name in mapping.given
    ]


def _reading(kind: Kind, header: list[str], mapping: Mapping, sample: list[files.Row]) -> Reading:
    reading = Reading(
        decimal=mapping.options.get("decimal", "auto"),
        dates=mapping.options.get("dates", "iso"),
        zone=Organisation.current().zone,
    )
    if reading.decimal != "auto":
        return reading
    numbers = [
        name for name, type_ in kind.types.items() if isinstance(type_, Number) and name in mapping.columns
    ]
    places = [header.index(mapping.columns[name]) for name in numbers]
    texts = (cells[place] for _, cells in sample for place in places if place < len(cells))
    return replace(reading, decimal=decimal_mark(text for text in texts if isinstance(text, str) and text))


def _parsed(
    number: int, cells: list[Cell], feeds: list[Feed], width: int, refused: list[Refusal]
) -> list[object] | None:
    """The values of a row, or None when anything in it is refused."""
    if len(cells) != width and any(cell != "" for cell in cells[width:]) or len(cells) < width:
        refused.append(
            Refusal(number, "", "", f"The row has {plural(len(cells), 'field')}, the header has {width}.")
        )
        return None
    values: list[object] = []
    good = True
    for feed in feeds:
        cell = feed.cell(cells)
        if cell == "":
            if feed.required:
                refused.append(Refusal(number, feed.name, "", "It must not be empty."))
                good = False
            values.append(None)
            continue
        try:
            if isinstance(cell, str) and len(cell) > files.MAX_CELL:
                raise Refused(f"is longer than {files.MAX_CELL} characters")
            values.append(feed.parse(cell))
        except Refused as problem:
            refused.append(Refusal(number, feed.name, shown(cell), f"“{shown(cell)}” {problem}."))
            good = False
    return values if good else None


def shown(cell: object) -> str:
    text = str(cell)
    return text if len(text) <= 80 else text[:79] + "…"


def refuse(refusals: list[Refusal]) -> None:
    if not refusals:
        return
    with connection.cursor() as cursor, cursor.copy("COPY import_refused FROM STDIN") as copy:
        for refusal in refusals:
            copy.write_row([refusal.row, refusal.column, refusal.value, refusal.reason])
