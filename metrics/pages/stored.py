"""What runs stored, as pages read it: of everything that is stored, no more than a page's numbers are made of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from accounts.periods import Period
from metrics.kpi import Definition, Kpi, RowKpi
from metrics.loading import Span, Where, exact
from metrics.models import Run, Scope, View
from metrics.needs import wants_company, wants_trailing, with_inputs
from metrics.result import Key
from metrics.results import interval_names

STORED = """
    SELECT scope, starts, ends, key, kind, valid_from, valid_to, {columns}
      FROM metrics_scopefigures {opened} WHERE {condition}"""


@dataclass(frozen=True)
class Stored:
    """Some figures of one scope and period, and the runs in which they hold."""

    scope: str
    span: Span
    key: Key
    kind: str
    valid_from: int
    valid_to: int | None
    figures: dict[str, Any]

    def holds_in(self, run: Run) -> bool:
        return self.valid_from <= run.pk and (self.valid_to is None or self.valid_to > run.pk)


@dataclass(frozen=True)
class Opened:
    """Some of the figures that are stored as one text, each in a column of its own.

    A run stores several times as many as a page shows, and to read the text of them all takes longer than the rest."""

    name: str
    type: str
    condition: str
    columns: tuple[str, ...]

    @property
    def sql(self) -> str:
        columns = ", ".join(f'"{column}" {self.type}' for column in self.columns)
        return f", LATERAL jsonb_to_record(CASE WHEN {self.condition} THEN figures END) AS {self.name}({columns})"


def opened(kpis: Sequence[Definition], ranged: str) -> list[Opened]:
    """What these numbers are made of; `ranged`: SQL condition, where their intervals are wanted too."""
    asked = with_inputs(kpis)
    # What stands in for a number in a group is made of parts of its own.
    sums = [
        each
        for kpi in asked
        if isinstance(kpi, Kpi)
        for each in (kpi, kpi.of_target, kpi.of_others)
        if each is not None
    ]
    names = {name for kpi in sums for name in (*(part.name for part in kpi.parts()), *kpi.gap_columns)}
    ranges = {name for kpi in sums for name in interval_names(kpi)}
    single = {kpi.id for kpi in asked if isinstance(kpi, RowKpi)}
    found = [
        Opened("sums", "numeric", "kind <> 'single'", tuple(sorted(names))),
        Opened("ranges", "numeric", f"kind <> 'single' AND {ranged}", tuple(sorted(ranges))),
        Opened("single", "jsonb", "kind = 'single'", tuple(sorted(single))),
    ]
    return [each for each in found if each.columns]


def stored(
    condition: str, params: dict[str, Any], only: Sequence[Definition], ranged: str = "TRUE"
) -> list[Stored]:
    """The rows of a condition: everything in them, or what some numbers are made of."""
    records = opened(only, ranged)
    names = [column for record in records for column in record.columns]
    sql = STORED.format(
        columns=", ".join(f"{record.name}.*" for record in records) or "figures",
        opened="".join(record.sql for record in records),
        condition=condition,
    )

    def figures_of(values: Sequence[Any]) -> dict[str, Any]:
        if not records:
            return exact(values[0])
        pairs = zip(names, values, strict=True)
        return {
            name: exact(value) if isinstance(value, str) else value
            for name, value in pairs
            if value is not None
        }

    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [
            Stored(scope, (starts, ends), key, kind, first, last, figures_of(values))
            for scope, starts, ends, key, kind, first, last, *values in cursor.fetchall()
        ]


# The day on which a period ends leads to its rows by the index; both days keep those of other periods out.
def in_spans(spans: Iterable[Span]) -> str:
    listed = ", ".join(f"(DATE '{starts}', DATE '{ends}')" for starts, ends in sorted(spans))
    days = ", ".join(sorted({f"DATE '{ends}'" for _, ends in spans}))
    return f"ends IN ({days}) AND (starts, ends) IN ({listed})" if listed else "FALSE"


def in_run(run: Run) -> str:
    return f"valid_from <= {run.pk} AND (valid_to IS NULL OR valid_to > {run.pk})"


def of_place(number: int, place: Where, params: dict[str, Any]) -> str:
    """SQL condition: these figures belong to the place; its parameters are added to the others."""
    scope, keys, view = place
    params |= {f"scope_{number}": scope, f"view_{number}": view}
    condition = f"scope = %(scope_{number})s AND view = %(view_{number})s"
    if keys is None:
        return condition
    of_keys = ["key IS NULL"] if None in keys else []
    if named := [key for key in keys if key is not None]:
        params[f"keys_{number}"] = named
        of_keys.append(f"key = ANY(%(keys_{number})s)")
    return f"{condition} AND ({' OR '.join(of_keys) or 'FALSE'})"


def in_view(scope: str, key: Key, view: str) -> Where:
    """Only people and teams have a current book."""
    return scope, [key], view if scope in {Scope.OWNER, Scope.TEAM} else View.AS_WAS


def published(
    kpi: Definition,
    period: Period,
    view: str,
    run: Run,
    place: tuple[str, Key],
    wider: Sequence[tuple[str, Key]],
) -> list[Stored] | None:
    """All that any run published of one place and period, and of wider places what holds in this run.

    Not of a number made of other scopes or periods: their own pages say what was restated."""
    if wants_company(kpi) or wants_trailing(kpi):
        return None
    params: dict[str, Any] = {}
    conditions = [
        f"{of_place(number, in_view(*each, view), params)} AND {in_run(run) if number else 'TRUE'}"
        for number, each in enumerate([place, *wider])
        # Of single accounts pages read more than runs store.
        if each[0] != Scope.ACCOUNT
    ]
    return stored(f"({' OR '.join(conditions)}) AND {in_spans([period.span])}", params, [kpi])
