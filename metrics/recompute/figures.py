"""Stores the parts of every KPI for the usual periods: sums that later pages only read.

A run that changed some accounts does not sum everything again: it takes the stored sums, subtracts what these
accounts contributed before and adds what they contribute now. Sums are exact decimals, so this gives the same
numbers as summing everything.
"""

from collections.abc import Sequence

from django.db import connection

from accounts.periods import Day, Period, PeriodKind, latest_complete, trailing_year
from metrics import evaluate, rowkpis
from metrics.evaluate import LEVELS, Facts, Level
from metrics.kpi import RowKpi
from metrics.kpis import KPIS
from metrics.models import View
from metrics.recompute.stage import Progress, execute

ACCOUNT_PERIODS_AT_ONCE = 80_000
"""Accounts times periods that one statement sums: bounds its memory; 8 periods of 10,000 accounts stay below 200 MB."""


def store_figures(run: int, periods: Sequence[Period], as_of: Day, progress: Progress) -> int:
    """Sum the parts of these periods over every scope, and keep those that differ from the stored ones."""
    execute(
        """
        CREATE TEMP TABLE run_raw (view text, starts date, ends date, scope text, key bigint,
                                   parts jsonb, row_parts jsonb, kpi text, figure jsonb) ON COMMIT DROP
        """
    )
    facts = Facts(book_month=as_of.replace(day=1))
    at_once = max(4, min(64, ACCOUNT_PERIODS_AT_ONCE // max(count_accounts(), 1)))
    for first in range(0, len(periods), at_once):
        some = periods[first : first + at_once]
        progress(f"Figures up to {some[-1].last_day}")
        for level in LEVELS.values():
            if level.name != "accounts":
                collect_parts(level, some, facts, as_of)
        for kpi in KPIS:
            if isinstance(kpi, RowKpi):
                collect_row_figures(kpi, some, facts, as_of)
    progress("Figures of accounts")
    collect_parts(LEVELS["accounts"], account_periods(as_of), facts, as_of)
    return keep_changed(run)


def count_accounts() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(DISTINCT account_id) FROM metrics_accountmonth")
        number: int = cursor.fetchone()[0]
    return number


def account_periods(as_of: Day) -> list[Period]:
    """Accounts keep stored figures only for the trailing years that a portfolio is sorted by."""
    return sorted({latest_complete(PeriodKind.T12, as_of), trailing_year(as_of)})


def collect_parts(level: Level, periods: Sequence[Period], facts: Facts, as_of: Day) -> None:
    sql, params = evaluate.statement(level, KPIS, periods, facts, as_of.replace(day=1))
    column = "row_parts" if level.is_row_credit else "parts"
    condition = "WHERE made.key IS NOT NULL" if level.name == "accounts" else ""
    execute(
        f"""
        INSERT INTO run_raw (view, starts, ends, scope, key, {column})
        SELECT '{level.view}', starts, ends, scope, key, parts FROM ({sql}) made {condition}
        """,
        params,
    )


def collect_row_figures(kpi: RowKpi, periods: Sequence[Period], facts: Facts, as_of: Day) -> None:
    sql, params = rowkpis.statement(rowkpis.RECIPES[kpi.recipe_name], periods, facts, as_of)
    execute(
        f"""
        INSERT INTO run_raw (view, starts, ends, scope, key, kpi, figure)
        SELECT '{View.AS_WAS}', starts, ends, scope, key, '{kpi.id}', figures FROM ({sql}) made
        """,
        params,
    )


def keep_changed(run: int) -> int:
    """End the validity of stored rows that differ or vanished, and insert the new ones."""
    execute(
        """
        CREATE TEMP TABLE run_figures ON COMMIT DROP AS
        SELECT view, starts, ends, scope, key,
               (array_agg(parts) FILTER (WHERE parts IS NOT NULL))[1] AS parts,
               (array_agg(row_parts) FILTER (WHERE row_parts IS NOT NULL))[1] AS row_parts,
               jsonb_object_agg(kpi, figure) FILTER (WHERE kpi IS NOT NULL) AS row_figures
          FROM run_raw GROUP BY 1, 2, 3, 4, 5
        """
    )
    # Analysing keeps the planner from joining thousands of rows one by one.
    execute("ANALYZE run_figures; ANALYZE metrics_scopefigures")
    same = """n.view = f.view AND n.starts = f.starts AND n.ends = f.ends AND n.scope = f.scope
              AND COALESCE(n.key, -1) = COALESCE(f.key, -1)"""
    equal = "(n.parts, n.row_parts, n.row_figures) IS NOT DISTINCT FROM (f.parts, f.row_parts, f.row_figures)"
    execute(
        f"""
        UPDATE metrics_scopefigures f SET valid_to = %(run)s
         WHERE valid_to IS NULL
           AND (EXISTS (SELECT 1 FROM run_figures p WHERE p.starts = f.starts AND p.ends = f.ends
                           AND (f.scope = 'account') = (p.scope = 'account'))
                OR f.scope = 'account')
           AND NOT EXISTS (SELECT 1 FROM run_figures n WHERE {same} AND {equal})
        """,
        {"run": run},
    )
    return execute(
        f"""
        INSERT INTO metrics_scopefigures (view, starts, ends, scope, key, parts, row_parts, row_figures, valid_from)
        SELECT n.view, n.starts, n.ends, n.scope, n.key, n.parts, n.row_parts, n.row_figures, %(run)s
          FROM run_figures n
          LEFT JOIN metrics_scopefigures f ON f.valid_to IS NULL AND {same}
         WHERE f.id IS NULL
        """,
        {"run": run},
    )


def earliest_change(run: int) -> Day | None:
    """The first month in which this run changed a fact."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT LEAST((SELECT MIN(month) FROM metrics_accountmonth WHERE valid_from = %(run)s),
                         (SELECT MIN(month) FROM metrics_accountmonthpast WHERE valid_to = %(run)s))
            """,
            {"run": run},
        )
        found: Day | None = cursor.fetchone()[0]
    return found
