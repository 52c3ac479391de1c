"""What each table would hold after the import, as a temporary table beside it: new, changed and same rows."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from django.contrib.postgres.fields import DateRangeField
from django.db import connection, models

from accounts.exchange.columns import Column, Kind, Part
from accounts.exchange.staging import MAX_REFUSALS, Refusal, execute, fetch, quote, refuse
from accounts.fields import CurrencyField, Sourced, Versioned
from accounts.people.models import Organisation

Field: TypeAlias = "models.Field[Any, Any]"
STAGED = re.compile(r'r\."(\w+)"')
"""A column of the file, in the SQL that puts a field together."""


@dataclass(frozen=True)
class Image:
    """One part of a kind, for one file: `import_<n>` has every column of the model, and a state."""

    kind: Kind
    number: int
    given: frozenset[str]
    source: str

    @cached_property
    def part(self) -> Part:
        return self.kind.parts[self.number]

    @property
    def model(self) -> type[models.Model]:
        return self.part.model

    @property
    def table(self) -> str:
        return quote(self.model._meta.db_table)

    @property
    def image(self) -> str:
        return f"import_{self.number}"

    @property
    def wide(self) -> str:
        return f"import_wide_{self.number}"

    @property
    def is_header(self) -> bool:
        return self.number == 0 and bool(self.kind.header)

    @cached_property
    def is_used(self) -> bool:
        return self.number == 0 or any(column.name in self.given for column in self.part.columns)

    @cached_property
    def fields(self) -> list[Field]:
        return [found for found in self.model._meta.concrete_fields if not found.primary_key]

    @cached_property
    def fed(self) -> list[Field]:
        """The fields that this file says something about."""
        names = {column.field or column.name for column in self.part.columns if column.name in self.given}
        names |= {*self.part.always, *([self.part.parent] if self.part.parent else [])}
        names |= {"source"} if "external_id" in names and issubclass(self.model, Sourced) else set()
        return [found for found in self.fields if found.name in names]

    def feeding(self, names: Iterable[str]) -> str:
        """The file's column to name where one of these fields is at fault."""
        for name in names:
            for column in self.part.columns:
                if (column.field or column.name) == name and column.name in self.given:
                    return column.name
            if made_of := self.made_of(name):
                return made_of[0]
        return ""

    def made_of(self, name: str) -> list[str]:
        """The file's columns that a field is put together from, where the file lacks the field itself."""
        if name in self.given:
            return []
        return [each for each in STAGED.findall(self.part.computed.get(name, "")) if each in self.given]

    def own_parent(self) -> Column | None:
        """A column that names another row of the same model, perhaps of the same file."""
        for column in self.part.columns:
            if self.kind.lookups.get(column.name) is self.model and column.name in self.given:
                return column
        return None

    def column_named(self, name: str) -> str:
        return column_of(next(found for found in self.fields if found.name == name))

    # -- making it

    def build(self) -> None:
        self._widen()
        if self.is_header:
            self._refuse_contradictions()
        self._recognise()
        self._complete()
        if self.own_parent():
            self._point_within_file()
        if self.part.placed_in:
            self._take_places()
        self._compare()
        self._refuse_twice()

    def _value(self, found: Field) -> str:
        """The SQL of what the file says about a field."""
        if found.name in self.part.computed:
            return self.part.computed[found.name]
        if found.name == self.part.parent:
            return "h.id"
        if found.name == "source":
            return "%s"
        column = next(c for c in self.part.columns if (c.field or c.name) == found.name)
        return f"r.{quote(column.name + '__id' if isinstance(found, models.ForeignKey) else column.name)}"

    def _widen(self) -> None:
        """One row for each line, or each header, with the fields that the file feeds, typed as the model."""
        values = ", ".join(f"({self._value(f)})::{sql_type(f)} AS {column_of(f)}" for f in self.fed)
        params = [self.source for f in self.fed if f.name == "source"]
        key = self.kind.header or "r.file_row::text"
        own_rows = self.part.rows != "import_resolved r"
        keys = "NULL::text" if own_rows else key
        joined = f" JOIN import_0 h ON h.file_key = {key}" if self.part.parent else ""
        parent = self.own_parent()
        named = f", r.{quote(parent.name)} AS named_parent" if parent else ""
        execute(
            f"CREATE TEMP TABLE {self.wide} ON COMMIT DROP AS "
            f"SELECT r.file_row, {keys} AS file_key, {values}{named} "
            f"FROM {self.part.rows}{joined} WHERE {self.part.only}",
            *params,
        )

    def _refuse_contradictions(self) -> None:
        """Lines of one header must agree on it."""
        for found in self.fed:
            column = self.feeding([found.name])
            if not column:
                continue
            name = column_of(found)
            rows = fetch(
                f"WITH first AS "
                f"(SELECT DISTINCT ON (file_key) * FROM {self.wide} ORDER BY file_key, file_row) "
                f"SELECT w.file_row, w.file_key, f.file_row FROM {self.wide} w JOIN first f USING (file_key) "
                f"WHERE w.{name} IS DISTINCT FROM f.{name} ORDER BY w.file_row LIMIT {MAX_REFUSALS}"
            )
            refuse(
                [
                    Refusal(
                        row, column, "", f"“{key}” has another {column.replace('_', ' ')} in row {first}."
                    )
                    for row, key, first in rows
                ]
            )

    def _recognise(self) -> None:
        """Find the row that is there already, by the best of the ways to know it again."""
        execute(f"ALTER TABLE {self.wide} ADD COLUMN id bigint")
        if self.is_header:
            execute(
                f"DELETE FROM {self.wide} WHERE file_row NOT IN "
                f"(SELECT min(file_row) FROM {self.wide} GROUP BY file_key)"
            )
        execute(f"ANALYZE {self.wide}")
        for way in self.part.match:
            same = [self._same(name) for name in way]
            if all(same):
                execute(
                    f"UPDATE {self.wide} w SET id = m.id FROM {self.table} m "
                    f"WHERE w.id IS NULL AND {' AND '.join(same)}"
                )

    def _same(self, name: str) -> str:
        """When a row `m` agrees with a line `w` in a field, as SQL; nothing if the file cannot say."""
        name, _, of = name.partition(":")
        found = next(found for found in self.fields if found.name == name)
        column = column_of(found)
        default = "" if name in {"source", "external_id"} else self._default(found)
        if found not in self.fed:
            return f"m.{column} = {default}" if default else ""
        if of == "from":
            return f"lower(m.{column}) = lower(w.{column})"
        if isinstance(found, models.EmailField) or name == "name":
            return f"lower(m.{column}) = lower(w.{column})"
        return f"m.{column} = COALESCE(w.{column}, {default})" if default else f"m.{column} = w.{column}"

    def _default(self, found: Field) -> str:
        """The literal that a new row gets where the file says nothing; none if it must say something."""
        value = found.get_default()
        if isinstance(found, CurrencyField):
            value = Organisation.current().reporting_currency
        computed = self.part.computed.get(found.name, "")
        # What is made of columns that the file lacks is not made at all.
        if computed and "r." not in computed and found.name not in {f.name for f in self.fed}:
            return computed
        if value is None:
            return ""
        connection.ensure_connection()
        literal = connection.ops.compose_sql("%s", [found.get_db_prep_save(value, connection)])  # type: ignore[attr-defined]
        return f"{literal}::{sql_type(found)}"

    def _complete(self) -> None:
        """Every column of the model: what the file says, else what is there, else the default."""
        id_sequence = f"nextval(pg_get_serial_sequence('{self.table}', 'id'))"
        columns = ", ".join(f"{self._whole(found)} AS {column_of(found)}" for found in self.fields)
        named = ", w.named_parent" if self.own_parent() else ""
        execute(
            f"CREATE TEMP TABLE {self.image} ON COMMIT DROP AS "
            f"SELECT w.file_row, w.file_key, COALESCE(m.id, {id_sequence}) AS id, "
            f"CASE WHEN m.id IS NULL THEN 'new' ELSE 'same' END AS state, {columns}{named} "
            f"FROM {self.wide} w LEFT JOIN {self.table} m ON m.id = w.id"
        )
        execute(f"ANALYZE {self.image}")

    def _whole(self, found: Field) -> str:
        column = column_of(found)
        default = self._default(found) or f"NULL::{sql_type(found)}"
        if found.name in self.part.begins_as:
            return f"COALESCE({self._said(found.name)}, m.{column}, {self._said(self.part.begins_as[found.name])})"
        if found not in self.fed:
            return f"CASE WHEN m.id IS NULL THEN {default} ELSE m.{column} END"
        if found.name in {"source", "external_id"}:
            # A row entered by hand, or known from elsewhere by another key, keeps what it is known by.
            return f"CASE WHEN m.id IS NULL OR m.external_id = '' THEN w.{column} ELSE m.{column} END"
        if found.null:
            return f"w.{column}"
        if found.name in self.text_fields and found.blank:
            return f"COALESCE(w.{column}, {default})"
        return f"COALESCE(w.{column}, m.{column}, {default})"

    def _said(self, name: str) -> str:
        """What the line says about a field, as SQL; nothing where the file lacks it."""
        found = next(found for found in self.fields if found.name == name)
        return f"w.{column_of(found)}" if found in self.fed else f"NULL::{sql_type(found)}"

    @cached_property
    def text_fields(self) -> set[str]:
        return {
            found.name
            for found in self.fields
            if isinstance(found, models.CharField | models.TextField) and not isinstance(found, CurrencyField)
        }

    def _point_within_file(self) -> None:
        column = self.own_parent()
        assert column is not None
        target = self.column_named(column.field or column.name)
        within = self.column_named(self.part.within) if self.part.within else ""
        same = f" AND o.{within} = i.{within}" if within else ""
        execute(
            f"UPDATE {self.image} i SET {target} = o.id FROM {self.image} o WHERE i.{target} IS NULL "
            f"AND (i.named_parent = o.external_id OR lower(i.named_parent) = lower(o.name)){same}"
        )

    def _take_places(self) -> None:
        """Give each new row a place of its own, in the file's order, in the gaps first."""
        of = self.column_named(self.part.placed_in)
        execute(
            f"WITH fresh AS (SELECT id, {of} AS whole, "
            f"row_number() OVER (PARTITION BY {of} ORDER BY file_row) AS n "
            f"FROM {self.image} WHERE state = 'new'), "
            f"free AS (SELECT h.whole, g.place, row_number() OVER (PARTITION BY h.whole ORDER BY g.place) AS n "
            f"FROM (SELECT whole, count(*) AS many FROM fresh GROUP BY whole) h CROSS JOIN LATERAL "
            f"generate_series(1, h.many + (SELECT count(*) FROM {self.table} t WHERE t.{of} = h.whole)) "
            f"AS g(place) WHERE NOT EXISTS "
            f"(SELECT FROM {self.table} t WHERE t.{of} = h.whole AND t.position = g.place)) "
            f"UPDATE {self.image} i SET position = free.place FROM fresh JOIN free USING (whole, n) "
            f"WHERE fresh.id = i.id"
        )

    def _compare(self) -> None:
        ours = ", ".join(f"i.{column_of(found)}" for found in self.fed)
        theirs = ", ".join(f"m.{column_of(found)}" for found in self.fed)
        execute(
            f"UPDATE {self.image} i SET state = 'changed' FROM {self.table} m "
            f"WHERE m.id = i.id AND i.state = 'same' AND ROW({ours}) IS DISTINCT FROM ROW({theirs})"
        )

    def _refuse_twice(self) -> None:
        rows = fetch(
            f"SELECT i.file_row, min(o.file_row) FROM {self.image} i JOIN {self.image} o "
            f"ON o.id = i.id AND o.file_row < i.file_row "
            f"GROUP BY i.file_row ORDER BY i.file_row LIMIT {MAX_REFUSALS}"
        )
        column = self.feeding(["external_id", *(name.partition(":")[0] for name in self.part.match[-1])])
        refuse([Refusal(row, column, "", f"The row means the same as row {first}.") for row, first in rows])

    # -- applying it

    @property
    def removed(self) -> str:
        """The rows that the file replaces by others, as SQL over `m`."""
        if not self.part.replaces:
            return "FALSE"
        parent = self.column_named(self.part.always[0])
        return (
            f"m.{parent} IN (SELECT {parent} FROM {self.image}) AND m.id NOT IN (SELECT id FROM {self.image})"
        )

    def counts(self) -> dict[str, int | str]:
        found = dict(
            fetch(
                f"SELECT state, count(*) FROM {self.image} WHERE file_row NOT IN "
                f"(SELECT file_row FROM import_refused WHERE file_row IS NOT NULL) GROUP BY state"
            )
        )
        removed = (
            fetch(f"SELECT count(*) FROM {self.table} m WHERE {self.removed}")[0][0]
            if self.part.replaces
            else 0
        )
        return {
            "label": self.part.label,
            "created": found.get("new", 0),
            "changed": found.get("changed", 0),
            "unchanged": found.get("same", 0),
            "removed": removed,
        }

    def apply(self) -> None:
        if self.part.replaces:
            execute(f"DELETE FROM {self.table} m WHERE {self.removed}")
        begun = [
            found for found in self.fields if found.name in self.part.begins_as and found not in self.fed
        ]
        sets = ", ".join(f"{column_of(found)} = i.{column_of(found)}" for found in [*self.fed, *begun])
        changed = f"FROM {self.image} i WHERE m.id = i.id AND i.state = 'changed'"
        ranges = [found for found in self.fed if isinstance(found, DateRangeField)]
        for found in ranges:
            # Ranges are never to overlap, not even for a moment: first all give up days, then all take days.
            name = column_of(found)
            execute(
                f"UPDATE {self.table} m SET {name} = m.{name} * i.{name} {changed} "
                f"AND NOT isempty(m.{name} * i.{name}) AND m.{name} * i.{name} <> m.{name}"
            )
        if issubclass(self.model, Versioned):
            # Whoever has the row open in a form is told, as after every other write.
            sets = f"{sets}, version = m.version + 1"
        execute(f"UPDATE {self.table} m SET {sets} {changed}")
        columns = ", ".join(["id", *(column_of(found) for found in self.fields)])
        execute(
            f"INSERT INTO {self.table} ({columns}) SELECT {columns} FROM {self.image} "
            f"WHERE state = 'new' ORDER BY file_row"
        )


def column_of(found: Field) -> str:
    return quote(found.column or found.name)


def sql_type(found: Field) -> str:
    if isinstance(found, models.ForeignKey):
        return sql_type(found.target_field)
    if isinstance(found, models.CharField | models.TextField):
        # Casting to varchar(n) would cut silently; lengths are checked where the file is read.
        return "text"
    if found.primary_key:
        return "bigint"
    return str(found.db_type(connection))
