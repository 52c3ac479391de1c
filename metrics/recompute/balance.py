"""The check before publishing: what the facts add up to is what the rows add up to, in the same snapshot.

Triggers tell a run what changed. Should they ever have been silent (a restore, a disabled trigger), the sums
differ, and the run starts again from nothing instead of publishing what it was not told.
"""

from decimal import Decimal

from django.db import connection

from metrics.recompute.stage import Scope
from metrics.sources import COLUMNS, SOURCES
from metrics.sources.source import Source, columns_of


class Unbalanced(Exception):
    """Facts and rows do not add up to the same; the message names the measures."""


def check_balance(scope: Scope, published: dict[str, Decimal]) -> None:
    """Raises Unbalanced where a flow's facts differ from its rows."""
    flows = [source for source in SOURCES if not source.is_stock and columns_of(source)]
    differences = [found for source in flows for found in differences_of(source, scope, published)]
    if differences:
        raise Unbalanced("; ".join(differences))


def sums_of_facts() -> dict[str, Decimal]:
    """What the facts add up to, all sources in one reading of the wide rows."""
    names = [column.name for column in COLUMNS]
    sums = ", ".join(f"COALESCE(SUM({name}), 0)" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sums} FROM metrics_accountmonth")
        return dict(zip(names, cursor.fetchone(), strict=True))


def differences_of(source: Source, scope: Scope, published: dict[str, Decimal]) -> list[str]:
    names = [column.name for column in columns_of(source)]
    rows = ", ".join(f"COALESCE({column.aggregate}, 0)" for column in columns_of(source))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {rows} FROM ({source.added_up or source.select()}) r WHERE r.date <= %s",
            [source.until(scope.as_of)],
        )
        counted = cursor.fetchone()
    return [
        f"{name}: {published[name]} in the facts, {right} in the rows"
        for name, right in zip(names, counted, strict=True)
        if published[name] != right
    ]
