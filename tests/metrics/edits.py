"""Edits of any row of any table that numbers are made of: the same random numbers make the same edits."""

from dataclasses import dataclass
from random import Random
from typing import Any

from django.db import Error, connection, transaction

from metrics.triggers import WATCHED

# Warnings are opened by runs themselves.
TABLES = {
    watch.table: [name.strip(' "') for name in watch.columns.split(",") if name.strip() != "id"]
    for watch in WATCHED
    if watch.table != "metrics_alert"
}
# Where a person is named, too, no other account is put beside: no page and no import could.
SAYS_WHO = {"accounts_contact", "accounts_touch", "accounts_answer"}
DAYS = (-400, -90, -31, -3, 3, 40)


@dataclass
class Edits:
    random: Random

    def __post_init__(self) -> None:
        self.types: dict[str, dict[str, str]] = {table: {} for table in TABLES}
        for table, name, kind in asked(
            "SELECT table_name, column_name, udt_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND is_generated = 'NEVER' ORDER BY ordinal_position"
        ):
            if table in TABLES:
                self.types[table][name] = kind

    def make(self) -> str:
        """One edit, in words; none where there is no row, or where the database refuses it."""
        table = self.random.choice(sorted(TABLES))
        rows = asked(f"SELECT id FROM {table} ORDER BY id")
        if not rows:
            return ""
        (row,) = self.random.choice(rows)
        edit = self.random.choices((self.delete, self.copy, self.change), (2, 1, 5))[0]
        sql, words = edit(table)
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql, {"row": row})
                # What keys refuse, they refuse here and not at the end of the test.
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                return f"{words} {table} {row}"
        except Error:
            return ""

    def delete(self, table: str) -> tuple[str, str]:
        return f"DELETE FROM {table} WHERE id = %(row)s", "deleted"

    def copy(self, table: str) -> tuple[str, str]:
        """The same once more, on other days."""
        days = self.random.choice(DAYS)
        types = {name: kind for name, kind in self.types[table].items() if name != "id"}
        values = ", ".join(moved(name, kind, days) or f'"{name}"' for name, kind in types.items())
        names = ", ".join(f'"{name}"' for name in types)
        return f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE id = %(row)s", "copied"

    def change(self, table: str) -> tuple[str, str]:
        name = self.random.choice(TABLES[table])
        value = self.another(table, name)
        return f'UPDATE {table} SET "{name}" = {value} WHERE id = %(row)s', f"changed {name} of"

    def another(self, table: str, name: str) -> str:
        kind = self.types[table][name]
        says_who = "contact_id" in self.types[table] or table in SAYS_WHO
        if name == "contact_id" or (name == "account_id" and says_who):
            return f'"{name}"'
        if day := moved(name, kind, self.random.choice(DAYS)):
            return day
        if kind == "numeric":
            return f'ROUND("{name}" * {self.random.choice((0, 0.5, 1.1, 2))}, 2)'
        if kind == "bool":
            return f'NOT "{name}"'
        if kind.startswith("int") and not name.endswith("_id"):
            return f'"{name}" + {self.random.choice((-1, 1))}'
        some = asked(f'SELECT DISTINCT "{name}" FROM {table} WHERE "{name}" IS NOT NULL ORDER BY 1')
        found = self.random.choice([value for (value,) in some] or [None])
        if found is None or (name.endswith("_id") and self.random.random() < 0.2):
            return "NULL"
        return f"'{found}'"


def moved(name: str, kind: str, days: int) -> str:
    """A day, a moment or the beginning of a span so many days later."""
    return {
        "date": f'"{name}" + {days}',
        "timestamptz": f"\"{name}\" + INTERVAL '{days} days'",
        "daterange": f'daterange(LOWER("{name}") + {days}, UPPER("{name}"))',
    }.get(kind, "")


def asked(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
