"""Compares the staged facts with the published ones, keeps what they replace and inserts what is new."""

from dataclasses import dataclass

from metrics.models import KEY, STAMPS
from metrics.recompute.stage import (
    FACT_COLUMNS,
    Scope,
    accounts_of,
    execute,
    in_scope,
    renew_statistics,
    same_key,
)
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
NEWS = ("month", "valid_from")


def apply(run: int, scope: Scope) -> Applied:
    """Move replaced and vanished rows to the past, insert new ones; rows that did not change stay as they are."""
    params = {"run": run, "since": scope.everyone_since, "current": scope.current_month}
    compared = f"""
        SELECT f.id, n.ctid AS place, n.month IS NULL OR {row("n")} IS DISTINCT FROM {row("f")} AS is_gone
          FROM metrics_accountmonth f LEFT JOIN run_fact n ON {JOIN}"""
    # In two halves, so that the months of everyone are looked up and not looked for among all.
    parts = [f"{compared} WHERE f.month >= %(since)s"]
    if scope.looks_back:
        among = (
            "TRUE"
            if scope.is_full
            else f"f.account_id IN ({accounts_of('run_queue')}) OR f.account_id IS NULL"
        )
        older = in_scope("f.account_id", "f.month", scope)
        parts.append(f"{compared} WHERE f.month < %(since)s AND {older} AND ({among})")
    execute(f"CREATE TEMP TABLE run_compared ON COMMIT DROP AS {' UNION ALL '.join(parts)}", params)
    execute("ANALYZE run_compared")
    names = ", ".join(FACT_COLUMNS)
    gone = "SELECT id FROM run_compared WHERE is_gone"
    replaced = execute(
        f"""
        INSERT INTO metrics_accountmonthpast ({names}, valid_from, valid_to)
        SELECT {names}, valid_from, %(run)s FROM metrics_accountmonth WHERE id IN ({gone})
        """,
        params,
    )
    execute(f"DELETE FROM metrics_accountmonth WHERE id IN ({gone})")
    inserted = execute(
        f"""
        INSERT INTO metrics_accountmonth ({names}, valid_from)
        SELECT {", ".join("n." + name for name in FACT_COLUMNS)}, %(run)s
          FROM run_fact n
         WHERE NOT EXISTS (SELECT 1 FROM run_compared c WHERE c.place = n.ctid AND NOT c.is_gone)
        """,
        params,
    )
    renew_statistics("metrics_accountmonth", inserted, (*KEY, *STAMPS, "valid_from"), NEWS)
    return Applied(inserted, replaced, count_restated(run, scope))


def count_restated(run: int, scope: Scope) -> int:
    """How many replaced rows were of months that were closed when the run before looked at them."""
    return execute(
        "SELECT 1 FROM metrics_accountmonthpast WHERE valid_to = %(run)s AND month < %(since)s",
        {"run": run, "since": scope.everyone_since},
    )
