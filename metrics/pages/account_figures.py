"""Figures of single accounts: as SQL over what the newest run stored, and as results for one."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from accounts.periods import Period, PeriodKind, latest_complete, trailing_year
from metrics.kpi import Kpi, Term
from metrics.kpis import growth, pipeline, retention
from metrics.leaves import gap_name
from metrics.models import Run

REVENUE, CHANGE, RETENTION, PIPELINE = (
    growth.account_revenue,
    growth.growth_contribution,
    retention.nrr,
    pipeline.open_pipeline,
)
TREND_MONTHS = 18


def last_year(run: Run) -> Period:
    """The 12 whole months that a portfolio shows."""
    return latest_complete(PeriodKind.T12, run.as_of)


def this_month(run: Run) -> Period:
    """The 12 months that end with the current one; stocks in it are those of the run's day."""
    return trailing_year(run.as_of)


def gaps(kpi: Kpi) -> list[str]:
    """Names of the counts of rows without an exchange rate; where one is there, there is no value."""
    terms = (*kpi.numerator, *kpi.denominator)
    leaves = {leaf for term in terms for leaf in term.part.expression.leaves() if leaf.measure.is_money}
    return sorted(gap_name(leaf) for leaf in leaves)


def summed(terms: Sequence[Term], table: str) -> str:
    """The sum of terms over columns that hold parts."""
    signed = (f"{'+' if t.sign > 0 else '-'} COALESCE({table}.{t.part.name}, 0)" for t in terms)
    return " ".join(signed).lstrip("+ ")


def record(table: str, column: str, kpis: Sequence[Kpi]) -> str:
    """`column` (stored parts) opened once into one typed column per part and per gap."""
    parts = {t.part.name for kpi in kpis for t in (*kpi.numerator, *kpi.denominator)}
    missing = {f'"{gap}"' for kpi in kpis for gap in gaps(kpi)}
    columns = ", ".join(f"{name} numeric" for name in [*sorted(parts), *sorted(missing)])
    return f"LATERAL jsonb_to_record({column}) AS {table}({columns})"


def complete(kpi: Kpi, table: str, expression: str) -> str:
    """The expression, or nothing where a rate is missing."""
    missing = " AND ".join(f'{table}."{gap}" IS NULL' for gap in gaps(kpi)) or "TRUE"
    return f"CASE WHEN {missing} THEN {expression} END"


def change_share(revenue: Decimal | None, change: Decimal | None) -> Decimal | None:
    """The change in % of what was there before; nothing where there was nothing."""
    if revenue is None or change is None or revenue - change <= 0:
        return None
    return change * 100 / (revenue - change)


def dictionaries(cursor: Any) -> list[dict[str, Any]]:
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def days_until(day: datetime.date | None, today: datetime.date) -> int | None:
    return None if day is None else (day - today).days
