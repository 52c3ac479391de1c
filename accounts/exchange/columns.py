"""The shape in which a kind of import is declared; everything else derives from it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db import models

from accounts.exchange import values
from accounts.fields import CurrencyField


@dataclass(frozen=True)
class Column:
    """One column of the file; `field` is the model's field that it feeds, by default the one of its name."""

    name: str
    help: str = ""
    field: str = ""
    required: bool = False
    aliases: tuple[str, ...] = ()
    holds: values.Type | None = None
    to: type[models.Model] | None = None
    # A day, or a moment, on which something was seen: one that is still to come cannot have been.
    observed: bool = False


@dataclass(frozen=True)
class Part:
    """The rows of one model that the lines of a file describe.

    `match` lists, best first, the fields by which a row is known again; `during:from` means the first day.
    `computed` gives fields as SQL over the staged line `r`; `always` names those that need no column.
    """

    model: type[models.Model]
    columns: tuple[Column, ...]
    match: tuple[tuple[str, ...], ...]
    computed: Mapping[str, str] = field(default_factory=dict)
    always: tuple[str, ...] = ()
    parent: str = ""
    rows: str = "import_resolved r"
    only: str = "TRUE"
    replaces: bool = False
    # A field in which a row and the row of the same model above it must agree.
    within: str = ""
    # For a column that names another row: where it and this row must lead to the same, as (its path, ours).
    agrees: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    # Fields that take another one's value when nothing is known of them, and then keep it.
    begins_as: Mapping[str, str] = field(default_factory=dict)
    # New rows take the next free places among those that share this field.
    placed_in: str = ""

    @property
    def label(self) -> str:
        return str(self.model._meta.verbose_name_plural)


@dataclass(frozen=True)
class Kind:
    """A kind of file: its last part is what a line is; an earlier one is a header that lines repeat."""

    id: str
    help: str
    parts: tuple[Part, ...]
    # What makes lines belong to one header, as SQL over the staged line `r`.
    header: str = ""
    notes: tuple[str, ...] = ()
    example: str = ""

    @property
    def label(self) -> str:
        return self.id.replace("_", " ").capitalize()

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        return tuple(column for part in self.parts for column in part.columns)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @cached_property
    def types(self) -> dict[str, values.Type]:
        return {column.name: type_of(part, column) for part in self.parts for column in part.columns}

    @cached_property
    def lookups(self) -> dict[str, type[models.Model]]:
        """Which columns name a row of another table."""
        found = {}
        for part in self.parts:
            for column in part.columns:
                target = column.to or (None if is_computed(part, column) else related(part, column))
                if target is not None:
                    found[column.name] = target
        return found

    def guess(self, header: list[str]) -> dict[str, str]:
        """For each of our columns the column of the file that seems to be meant."""
        theirs = {plain(name): name for name in reversed(header) if name}
        guessed: dict[str, str] = {}
        for column in self.columns:
            for word in (column.name, *column.aliases):
                name = theirs.get(plain(word))
                if name is not None and name not in guessed.values():
                    guessed[column.name] = name
                    break
        return guessed


def plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())


def model_field(part: Part, column: Column) -> "models.Field[Any, Any] | None":
    name = column.field or column.name
    found = next((f for f in part.model._meta.concrete_fields if f.name == name), None)
    return found


def is_computed(part: Part, column: Column) -> bool:
    """The part finds the row by itself, from more than this column, and does not ask for what this one names."""
    asked = f'"{column.name}__id"' in " ".join((part.rows, *part.computed.values()))
    return (column.field or column.name) in part.computed and not asked


def related(part: Part, column: Column) -> type[models.Model] | None:
    found = model_field(part, column)
    return found.related_model if isinstance(found, models.ForeignKey) else None


def type_of(part: Part, column: Column) -> values.Type:
    if column.holds:
        return column.holds
    found = model_field(part, column)
    if found is None or isinstance(found, models.ForeignKey):
        return values.Text(200)
    return type_of_field(found)


def type_of_field(found: "models.Field[Any, Any]") -> values.Type:
    if isinstance(found, CurrencyField):
        return values.Currency()
    if isinstance(found, models.DecimalField):
        return values.Number(found.max_digits, found.decimal_places)
    if found.choices:
        return values.Choice({str(value): str(label) for value, label in found.flatchoices})
    simple: dict[type[models.Field[Any, Any]], values.Type] = {
        models.BooleanField: values.YesNo(),
        models.DateField: values.Date(),
        models.DateTimeField: values.Moment(),
        models.PositiveSmallIntegerField: values.Whole(),
        models.EmailField: values.Email(),
        models.URLField: values.Url(found.max_length or 200),
    }
    return simple.get(type(found), values.Text(found.max_length))
