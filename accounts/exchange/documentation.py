"""docs/import.md, derived from the declarations."""

from django.db import models

from accounts.exchange import files
from accounts.exchange.columns import Column, Kind, model_field
from accounts.exchange.kinds import KINDS
from accounts.exchange.lookups import MAY_BE_CREATED

INTRODUCTION = f"""# Importing files

Written by `manage.py import_docs` from the declarations in `accounts/exchange/kinds.py`: change them,
not this file.

    manage.py import_data KIND FILE [--mapping FILE] [--dry-run] [--source NAME] [--create-missing]

Administrators find the same under *Imports* in the browser: upload, columns, dry run, apply. A dry run lists
row by row what would be changed (old and new values), created, removed, left alone and refused.

## What holds for every kind

- **All or nothing.** If any row is refused, nothing is written; the report names row, column, value and
  reason. Row 1 holds the names of the columns. A killed import leaves no row.
- **The same file twice changes nothing.** A row is known again by `--source` and its external id (or by
  what the kind names below), so that a later file corrects it and overlapping files do not double. Rows
  that a later file lacks are kept.
- **Only what the file says.** A column that the file lacks, or that is mapped to nothing, is left alone.
  An empty cell means unknown, never 0; where something cannot be unknown, an empty cell keeps what is
  there, or takes the default.
- **Formats.** CSV in UTF-8 (with or without BOM) or Latin-1/Windows-1252, separated by comma, semicolon
  or tab, also packed with gzip; or the first sheet of an XLSX workbook. At most {files.MAX_UPLOAD >> 20}
  MB, {files.MAX_UNPACKED >> 20} MB unpacked, {files.MAX_COLUMNS} columns and {files.MAX_ROWS:,} rows.
  An old workbook (.xls), one behind a password and what is none are refused, each with its reason.
- **Dates** are written 2026-12-31 or 31.12.2026; dates with slashes need the option
  `dates`. Years 1900 to 2199; an open end is an empty cell. A moment
  with a time zone becomes a day in the organisation's time zone.
- **Numbers** have a decimal point or comma; which one is found out from the file, unless the option
  `decimal` says it. A number that can be read both ways is refused.
- **Names of other rows** are looked up by external id of the same source, then by external id of any
  source, then by e-mail, code or name without regard to case. An unknown one is refused with the nearest
  one that exists; one that fits several is refused too.
- **`--create-missing`** creates {
    ", ".join(str(model._meta.verbose_name_plural) for model in MAY_BE_CREATED)
} by name instead of refusing them.

## Mapping file

Without a mapping the columns are guessed from their names: each name below, and the other names given
for it, without regard to case, blanks and signs.

```json
{{
  "columns": {{"external_id": "Customer no.", "name": "Company"}},
  "constants": {{"currency": "USD"}},
  "options": {{"decimal": "comma", "dates": "day_first"}}
}}
```

`columns` is ours to theirs, `constants` stands for a column that the file lacks. Options: `decimal` is
`auto`, `point` or `comma`; `dates` is `iso`, `day_first` or `month_first`.
"""


def document() -> str:
    return "\n".join([INTRODUCTION, *(kind_text(kind) for kind in KINDS.values())])


def kind_text(kind: Kind) -> str:
    lines = [f"## {kind.label}", "", kind.help, "", f"    manage.py import_data {kind.id} FILE", ""]
    lines += ["| column | needed | holds | other names |", "|---|---|---|---|"]
    lines += [column_line(kind, column) for column in kind.columns]
    lines += ["", f"A row is known again by {known_by(kind)}.", ""]
    lines += [f"{note}\n" for note in kind.notes]
    lines += ["```csv", kind.example, "```", ""]
    return "\n".join(lines)


def column_line(kind: Kind, column: Column) -> str:
    needed = "yes" if column.required else ""
    what = holds(kind, column)
    what += "; not after today" if column.observed else ""
    words = ". ".join(filter(None, (column.help.rstrip("."), what[:1].upper() + what[1:])))
    return f"| `{column.name}` | {needed} | {words} | {', '.join(dict.fromkeys(column.aliases))} |"


def holds(kind: Kind, column: Column) -> str:
    target = kind.lookups.get(column.name)
    part = next(part for part in kind.parts if column in part.columns)
    found = model_field(part, column)
    if target is not None and isinstance(found, models.ForeignKey):
        return ""
    return kind.types[column.name].words


def known_by(kind: Kind) -> str:
    names = {"source": "source", "external_id": "external id", "user": "person", "starts_on": "first day"}
    ways = [
        " and ".join(
            "first day" if name.endswith(":from") else names.get(name, name.replace("_", " ")) for name in way
        )
        for way in kind.parts[-1].match[:1] + kind.parts[0].match
    ]
    return ", else by ".join(dict.fromkeys(ways[1:] if len(kind.parts) > 1 else ways))
