"""Which column of the file feeds which of ours, and how the file is to be read."""

import json
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accounts.exchange.columns import Kind
from accounts.exchange.values import DATE_ORDERS, Refused

OPTIONS = {"decimal": ("auto", "point", "comma"), "dates": DATE_ORDERS}


@dataclass(frozen=True)
class Mapping:
    """`columns` is ours to theirs; a constant stands for a column that the file lacks."""

    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)

    @property
    def given(self) -> set[str]:
        return {*self.columns, *self.constants}

    def as_dict(self) -> dict[str, dict[str, str]]:
        return {"columns": self.columns, "constants": self.constants, "options": self.options}


def guess(kind: Kind, header: list[str]) -> Mapping:
    return Mapping(columns=kind.guess(header))


def from_dict(data: object) -> Mapping:
    if not isinstance(data, AnyMapping) or set(data) - {"columns", "constants", "options"}:
        raise Refused("A mapping is an object with “columns”, “constants” and “options”.")
    parts: dict[str, dict[str, str]] = {}
    for name in ("columns", "constants", "options"):
        part: Any = data.get(name, {})
        if not isinstance(part, AnyMapping) or not all(isinstance(value, str) for value in part.values()):
            raise Refused(f"“{name}” of the mapping must be an object of texts.")
        parts[name] = {str(key): str(value) for key, value in part.items()}
    return Mapping(**parts)


def from_file(path: Path) -> Mapping:
    try:
        return from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Refused(f"The mapping cannot be read: {error}") from None


def check(kind: Kind, mapping: Mapping, header: list[str]) -> None:
    """Refuse a mapping that does not fit the kind or the file."""
    known = {column.name for column in kind.columns}
    if strange := sorted(mapping.given - known):
        raise Refused(f"{kind.label} have no column {', '.join(strange)}.")
    if missing := sorted(set(mapping.columns.values()) - set(header)):
        raise Refused(f"The file has no column {', '.join(missing)}.")
    if double := sorted(set(mapping.columns) & set(mapping.constants)):
        raise Refused(f"Mapped to a column and to a constant: {', '.join(double)}.")
    for name, value in mapping.options.items():
        if value not in OPTIONS.get(name, ()):
            raise Refused(f"The option {name} cannot be “{value}”.")
    if absent := [
        column.name for column in kind.columns if column.required and column.name not in mapping.given
    ]:
        columns = ", ".join(f"“{name}”" for name in header if name)
        raise Refused(f"No column is chosen for {', '.join(absent)}. The file has {columns}.")
