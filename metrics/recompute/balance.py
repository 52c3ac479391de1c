"""The check before publishing: what the facts add up to is what the rows add up to, in the same snapshot.

Triggers tell a run what changed. Should they ever have been silent (a restore, a disabled trigger), the sums
differ, and the run starts again from nothing instead of publishing what it was not told.
"""

from django.db import connection

from metrics.recompute.stage import Scope
from metrics.sources import SOURCES
from metrics.sources.source import Source, columns_of


class Unbalanced(Exception):
    """Facts and rows do not add up to the same; the message names the measures."""


def check_balance(scope: Scope) -> None:
    """Raises Unbalanced where a flow's facts differ from its rows."""
    flows = [source for source in SOURCES if not source.is_stock]
    differences = [difference for source in flows for difference in differences_of(source, scope)]
    if differences:
        raise Unbalanced("; ".join(differences))


def differences_of(source: Source, scope: Scope) -> list[str]:
    names = [column.name for column in columns_of(source)]
    facts = ", ".join(f"COALESCE(SUM({name}), 0)" for name in names)
    rows = ", ".join(f"COALESCE({column.aggregate}, 0)" for column in columns_of(source))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {facts} FROM metrics_accountmonth")
        published = cursor.fetchone()
        cursor.execute(
            f"SELECT {rows} FROM ({source.select()}) r WHERE r.date <= %s",
            [source.until(scope.as_of)],
        )
        counted = cursor.fetchone()
    return [
        f"{name}: {left} in the facts, {right} in the rows"
        for name, left, right in zip(names, published, counted, strict=True)
        if left != right
    ]
