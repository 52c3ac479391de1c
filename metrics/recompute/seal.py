"""Closed months of signals as the run before saw them: as long as they are the same, they add up to the same.

Signals are most of all rows, and adding them up costs more than looking whether one changed. So a run notes a digest
of those before its running month, and what the facts made of them come to. The next run adds up single signals of
closed months only where either is another.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.periods import Day, first_of_month
from metrics.models import Run
from metrics.recompute.stage import Scope
from metrics.sources.signals import EVENTS, MAILS, SIGNALS
from metrics.sources.source import columns_of

SEALED = (SIGNALS, MAILS, EVENTS)
SEALED_NAMES = [column.name for source in SEALED for column in columns_of(source)]

# Of each row where it lies and which transaction wrote it: whatever is written to a row leaves it in another place.
# Once a dump is read back every row lies elsewhere, and everything is added up once. A day more, whatever the zone.
DIGEST = "COUNT(*){among} || ' ' || COALESCE(BIT_XOR(o.hash){among}, 0)"
HASHED = """
    SELECT at, hash_record_extended(ROW(ctid, xmin), 0) AS hash FROM accounts_signal WHERE at < DATE '{day}' + 1"""
# What decides what a signal counts.
WEIGHED = """
    SELECT CONCAT_WS(' ', (SELECT md5(string_agg(k::text, ',' ORDER BY k.id)) FROM accounts_signalkind k),
                          (SELECT md5(string_agg(w::text, ',' ORDER BY w.id)) FROM accounts_signalweight w))"""


Sums = dict[str, Decimal]


def comparable(last: Run | None, scope: Scope) -> dict[str, Any]:
    """What the run before sealed, if it is of the months before everyone is looked at again; else nothing."""
    before: dict[str, Any] = last.seal if last else {}
    fits = not scope.is_full and before.get("until") == scope.everyone_since.isoformat()
    return before if fits else {}


def sealed_until(run: Run, last: Run | None, scope: Scope) -> list[Day]:
    """The days before which signals are looked at: this run's, and where the two can be compared the last one's."""
    days = {first_of_month(run.as_of)}
    return sorted(days | {scope.everyone_since} if comparable(last, scope) else days)


def seal(run: Run, last: Run | None, scope: Scope, closed: dict[Day, Sums]) -> Sums:
    """Seal this run's closed months; returns what facts of them come to where all is as the run before sealed it."""
    rows = digests(list(closed))
    until = first_of_month(run.as_of)
    facts = {name: str(value) for name, value in closed[until].items()}
    run.seal = {"until": until.isoformat(), "rows": rows[until], "facts": facts}
    before = comparable(last, scope)
    if not before or before["rows"] != rows[scope.everyone_since]:
        return {}
    now = closed[scope.everyone_since]
    return {
        column.name: now[column.name]
        for source in SEALED
        if all(str(now[each.name]) == before["facts"][each.name] for each in columns_of(source))
        for column in columns_of(source)
    }


def digests(days: Sequence[Day]) -> dict[Day, str]:
    """A digest of all signals before each of these days."""
    # The rows that are read are those of the last day: they need not be looked through for it.
    columns = ", ".join(
        DIGEST.format(among="" if day == max(days) else f" FILTER (WHERE o.at < DATE '{day}' + 1)")
        for day in days
    )
    with connection.cursor() as cursor:
        cursor.execute(WEIGHED)
        (weighed,) = cursor.fetchone()
        cursor.execute(f"SELECT {columns} FROM ({HASHED.format(day=max(days))}) o")
        return {day: f"{weighed} {digest}" for day, digest in zip(days, cursor.fetchone(), strict=True)}
