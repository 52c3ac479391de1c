"""Compares the staged facts with the published ones, keeps what they replace and inserts what is new."""

from dataclasses import dataclass

from metrics.models import KEY, STAMPS
from metrics.recompute.stage import FACT_COLUMNS, Scope, analyze_lasting, execute, in_scope, same_key
from metrics.sources import COLUMNS

VALUES = (*STAMPS, *(column.name for column in COLUMNS))


@dataclass(frozen=True)
class Applied:
    inserted: int
    replaced: int
    restated: int


def row(alias: str) -> str:
    return "ROW(" + ", ".join(f"{alias}.{name}" for name in VALUES) + ")"


JOIN = same_key("n", "f")


def apply(run: int, scope: Scope) -> Applied:
    """Move replaced and vanished rows to the past, insert new ones; rows that did not change stay as they are."""
    params = {"run": run, "since": scope.everyone_since, "current": scope.current_month}
    execute(
        f"""
        CREATE TEMP TABLE run_gone ON COMMIT DROP AS
        SELECT f.id FROM metrics_accountmonth f LEFT JOIN run_fact n ON {JOIN}
         WHERE {in_scope("f.account_id", "f.month", scope)}
           AND (n.month IS NULL OR {row("n")} IS DISTINCT FROM {row("f")})
        """,
        params,
    )
    execute("ANALYZE run_gone")
    names = ", ".join(FACT_COLUMNS)
    replaced = execute(
        f"""
        INSERT INTO metrics_accountmonthpast ({names}, valid_from, valid_to)
        SELECT {names}, valid_from, %(run)s FROM metrics_accountmonth WHERE id IN (SELECT id FROM run_gone)
        """,
        params,
    )
    execute("DELETE FROM metrics_accountmonth WHERE id IN (SELECT id FROM run_gone)")
    # What is known is read before anything is inserted: in an empty table the planner would scan it once a row,
    # and with it all that this statement has inserted already.
    inserted = execute(
        f"""
        INSERT INTO metrics_accountmonth ({names}, valid_from)
        WITH f AS MATERIALIZED (SELECT {", ".join(KEY)} FROM metrics_accountmonth)
        SELECT {", ".join("n." + name for name in FACT_COLUMNS)}, %(run)s
          FROM run_fact n
         WHERE NOT EXISTS (SELECT 1 FROM f WHERE {JOIN})
        """,
        params,
    )
    # Most of a first run's rows are new: without fresh statistics the figures are joined row by row.
    analyze_lasting(f"metrics_accountmonth ({', '.join((*KEY, *STAMPS, 'valid_from'))})")
    return Applied(inserted, replaced, count_restated(run, scope))


def count_restated(run: int, scope: Scope) -> int:
    """How many replaced rows were of months that were closed when the run before looked at them."""
    return execute(
        "SELECT 1 FROM metrics_accountmonthpast WHERE valid_to = %(run)s AND month < %(since)s",
        {"run": run, "since": scope.everyone_since},
    )
