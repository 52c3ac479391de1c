"""Which sums a run has to make: a number whose measures are 0 in every fact is 0 in every scope and period."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.db import connection

from metrics.kpi import Definition
from metrics.kpis import KPIS
from metrics.leaves import (
    LeafColumn,
    clustered_names,
    gap_measure,
    leaf_columns,
    leaves_of,
    linear_names,
    over_scope,
)
from metrics.levels import Level, credited_by_row
from metrics.sources import COLUMNS, SOURCES
from metrics.sources.source import columns_of

COUNTS = frozenset(column.name for column in COLUMNS if column.aggregate.startswith("COUNT("))
"""Whole numbers, none of them negative."""
STOCKS = frozenset(column.name for source in SOURCES if source.is_stock for column in columns_of(source))
ALWAYS = frozenset({"revenue"})
"""What every company has, so that no statement is left without any column."""


@dataclass(frozen=True, eq=False)
class Summed:
    """Definitions, and what has to be summed for them."""

    definitions: tuple[Definition, ...] = KPIS

    @cached_property
    def names(self) -> list[str]:
        return list(over_scope(self.definitions))

    @cached_property
    def linear(self) -> frozenset[str]:
        return linear_names(self.definitions)

    @cached_property
    def clustered(self) -> frozenset[str]:
        return clustered_names(self.definitions)

    @cached_property
    def columns(self) -> list[LeafColumn]:
        return leaf_columns(self.definitions)

    @cached_property
    def linear_columns(self) -> list[LeafColumn]:
        return leaf_columns(self.definitions, self.linear)

    def rows_of(self, level: Level) -> tuple[Definition, ...]:
        """Those whose single rows are credited at this level."""
        return credited_by_row(self.definitions, level)


EVERYTHING = Summed()


def summed_by(run: int, sums: dict[str, Decimal]) -> Summed:
    """What is to be summed where the facts add up to these sums, of stocks those of the running month: all but what
    is 0 in every fact, and was before."""
    filled = {name for name, value in sums.items() if value} | not_zero(run, [n for n in sums if not sums[n]])
    kept = tuple(kpi for kpi in KPIS if facts_of(kpi) & (filled | ALWAYS) or not vanishes(kpi))
    return EVERYTHING if len(kept) == len(KPIS) else Summed(kept)


def not_zero(run: int, names: list[str]) -> set[str]:
    """Those of these facts, which add up to 0, that are not 0 in some row, of this run or replaced by it.

    Counts of all months that add up to 0 are 0, every one: only what was replaced is asked for them.
    """
    unsure = [name for name in names if name not in COUNTS or name in STOCKS]
    now = in_any_row("metrics_accountmonth", unsure)
    return now | in_any_row(f"metrics_accountmonthpast WHERE valid_to = {run}", names)


def in_any_row(rows: str, names: list[str]) -> set[str]:
    if not names:
        return set()
    tests = ", ".join(f"COALESCE(BOOL_OR({name} <> 0), FALSE)" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {tests} FROM {rows}")
        return {name for name, is_there in zip(names, cursor.fetchone(), strict=True) if is_there}


def facts_of(kpi: Definition) -> set[str]:
    """The facts that its parts are made of."""
    found = set()
    for leaf in leaves_of((kpi,)):
        found.add(f"{leaf.measure.name}_own" if leaf.at_start_rate else leaf.measure.name)
        if leaf.measure.is_money:
            found.add(gap_measure(leaf))
    return found


def vanishes(kpi: Definition) -> bool:
    """Where nothing is known of an account, all its parts are 0."""
    return all(part.expression.at_zero() == 0 for part in kpi.parts())
