"""The check before publishing: what the facts add up to is what the rows add up to, in the same snapshot.

Triggers tell a run what changed. Should they ever have been silent (a restore, a disabled trigger), the sums
differ, and the run starts again from nothing instead of publishing what it was not told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from accounts.periods import Day
from metrics.recompute.seal import SEALED_NAMES
from metrics.recompute.stage import Scope
from metrics.sources import SOURCES
from metrics.sources.prepared import in_run, recent_in_run
from metrics.sources.source import Source, columns_of


class Unbalanced(Exception):
    """Facts and rows do not add up to the same; the message names the measures."""


def check_balance(scope: Scope, published: dict[str, Decimal], sealed: dict[str, Decimal]) -> None:
    """Raises Unbalanced where a flow's facts differ from its rows; closed months that are sealed are left unread."""
    flows = [source for source in SOURCES if not source.is_stock and columns_of(source)]
    differences = [found for source in flows for found in differences_of(source, scope, published, sealed)]
    if differences:
        raise Unbalanced("; ".join(differences))


@dataclass(frozen=True)
class Sums:
    """What the facts add up to; of what is sealed also the months before a day."""

    published: dict[str, Decimal]
    closed: dict[Day, dict[str, Decimal]]


def sums_of_facts(current: Day, until: Sequence[Day]) -> Sums:
    """All flows in one reading of the wide rows; stocks of the running month alone."""
    flows = [column.name for source in SOURCES if not source.is_stock for column in columns_of(source)]
    stocks = [column.name for source in SOURCES if source.is_stock for column in columns_of(source)]
    before = [f"SUM({name}) FILTER (WHERE month < '{day}')" for day in until for name in SEALED_NAMES]
    of_flows = added_up([*(f"SUM({name})" for name in flows), *before], "TRUE")
    of_stocks = added_up([f"SUM({name})" for name in stocks], f"month = '{current}'")
    closed = of_flows[len(flows) :]
    size = len(SEALED_NAMES)
    return Sums(
        dict(zip([*flows, *stocks], [*of_flows[: len(flows)], *of_stocks], strict=True)),
        {
            day: dict(zip(SEALED_NAMES, closed[place * size : (place + 1) * size], strict=True))
            for place, day in enumerate(until)
        },
    )


def added_up(sums: list[str], condition: str) -> tuple[Decimal, ...]:
    found = ", ".join(f"COALESCE({each}, 0)" for each in sums)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {found} FROM metrics_accountmonth WHERE {condition}")
        values: tuple[Decimal, ...] = cursor.fetchone()
    return values


def differences_of(
    source: Source, scope: Scope, published: dict[str, Decimal], sealed: dict[str, Decimal]
) -> list[str]:
    names = [column.name for column in columns_of(source)]
    rows = ", ".join(f"COALESCE({column.aggregate}, 0)" for column in columns_of(source))
    if names[0] in sealed:
        read, since = recent_in_run(source), scope.everyone_since
        published = {name: published[name] - sealed[name] for name in names}
    else:
        read, since = source.added_up or in_run(source.select()), Day.min
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {rows} FROM ({read}) r WHERE r.date >= %(since)s AND r.date <= %(until)s",
            {"since": since, "until": source.until(scope.as_of)},
        )
        counted = cursor.fetchone()
    return [
        f"{name}: {published[name]} in the facts, {right} in the rows"
        for name, right in zip(names, counted, strict=True)
        if published[name] != right
    ]
