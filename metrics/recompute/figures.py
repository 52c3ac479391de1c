"""Stores the parts of every KPI for the usual periods: sums that later pages only read.

A run that changed some accounts does not sum everything again: it takes the stored sums, subtracts what these
accounts contributed before and adds what they contribute now. Sums are exact decimals, so this gives the same
numbers as summing everything. Periods that were never stored are summed over all accounts.
"""

from collections.abc import Sequence

from django.db import connection

from accounts.periods import Day, Period, add_months
from metrics import rowkpis
from metrics.evaluate import Facts, as_object, parted, period_rows
from metrics.kpi import RowKpi
from metrics.kpis import KPIS
from metrics.leaves import per_account
from metrics.models import Run, ScopeFigures, View
from metrics.recipes import RECIPES
from metrics.recompute.changed import Changes, make_changed, too_many_moved
from metrics.recompute.people import collect_rows_of_people, make_rows
from metrics.recompute.scopes import collect_accounts_of_scopes, make_groups
from metrics.recompute.stage import Progress, execute
from metrics.recompute.stored import (
    account_periods,
    add_to_stored,
    keep_changed,
    new_account_periods,
    stored_spans,
)
from metrics.recompute.summed import Summed
from metrics.recompute.totals import leaves_from_totals, make_running_totals
from metrics.recompute.version import Version

PERIODS_AT_ONCE = 12
"""How many periods one statement sums: bounds its memory, whatever the number of accounts."""

Kind = ScopeFigures.Kind


def store_figures(run: Run, last: Run | None, changes: Changes, summed: Summed, progress: Progress) -> int:
    """Bring the stored figures of these periods, and of the accounts' trailing years, up to the new facts.

    Periods that reach into the months in which everyone was looked at again are summed anew: nearly every account
    differs there. To the older ones the differences of the few accounts that changed are added.
    """
    if last is not None and changes.is_nothing(run, last):
        return 0
    make_tables()
    known = set() if changes.is_full or last is None else stored_spans()
    if last is not None and not changes.is_full:
        make_changed(run, last, changes.everyone_since)
    is_anew = changes.is_full or last is None or too_many_moved(run)
    accounts = account_periods(run.as_of)
    new_accounts = accounts if is_anew else new_account_periods(accounts, changes)
    fresh = [each for each in changes.periods if is_anew or changes.is_anew(each) or each.span not in known]
    moved = [each for each in changes.periods if each not in fresh]
    everyone = Version(
        "all",
        Facts(book_month=run.as_of.replace(day=1)),
        run.as_of,
        summed=summed,
        since=min((add_months(each.start, -13) for each in (*fresh, *new_accounts)), default=run.as_of),
    )
    few = Version("new", everyone.facts, run.as_of, changed_only=True, summed=summed)
    if fresh:
        collect(fresh, [everyone], progress)
    if moved and last is not None:
        old = Facts.as_of_run(last.pk, last.as_of.replace(day=1))
        before = Version("old", old, last.as_of, "-", changed_only=True, summed=summed)
        collect(moved, [before, few], progress)
    add_to_stored(moved)
    single = collect_row_figures(changes, everyone.facts, run.as_of, progress)
    progress("Figures of accounts")
    collect_accounts(everyone, new_accounts)
    collect_accounts(few, [each for each in accounts if each not in new_accounts])
    return keep_changed(run, single, fresh, changes.is_full)


def make_tables() -> None:
    columns = "view text, starts date, ends date, scope text, key bigint, kind text, figures jsonb"
    execute(f"CREATE TEMP TABLE run_raw ({columns}) ON COMMIT DROP")
    execute(f"CREATE TEMP TABLE run_figures ({columns}) ON COMMIT DROP")
    execute("CREATE TEMP TABLE run_changed (account_key bigint, month date) ON COMMIT DROP")
    execute("CREATE TEMP TABLE run_moved (account_key bigint, month date) ON COMMIT DROP")


def batches(periods: Sequence[Period], at_once: int) -> list[Sequence[Period]]:
    """Periods that end together stand together: they read the same months."""
    ordered = sorted(periods, key=lambda period: (period.end, period.start))
    return [ordered[first : first + at_once] for first in range(0, len(ordered), at_once)]


def collect(periods: Sequence[Period], versions: Sequence[Version], progress: Progress) -> None:
    """Sum the parts of these periods over every scope into `run_raw`, over all versions with their signs."""
    for version in versions:
        make_running_totals(version)
        make_groups(version)
        make_rows(version)
    # Differences are of a third of the accounts at most, in each of two versions.
    share = 3 if versions[0].changed_only else 1
    for some in batches(periods, PERIODS_AT_ONCE * share):
        progress(f"Figures up to {some[-1].last_day}")
        collect_accounts_of_scopes(some, versions)
        collect_rows_of_people(some, versions)


def collect_row_figures(changes: Changes, facts: Facts, as_of: Day, progress: Progress) -> Sequence[Period]:
    """Medians, quotas and distributions do not add up: they are made again where their rows may have changed.

    The others are carried over. Returns the periods of which all such figures are complete now.
    """
    if not changes.periods:
        return []
    progress("Figures made of single rows")
    execute(
        "CREATE TEMP TABLE run_single (starts date, ends date, scope text, key bigint, kpi text, figure jsonb)"
        " ON COMMIT DROP"
    )
    made = {kpi: changes.periods_for(RECIPES[kpi.recipe_name]) for kpi in kpis_with_rows()}
    rowkpis.make_run_relations(changes.periods, facts, as_of, {kpi.recipe_name for kpi in made if made[kpi]})
    for kpi, periods in made.items():
        if periods:
            sql, params = rowkpis.statement(RECIPES[kpi.recipe_name], periods, facts, as_of, in_run=True)
            execute(
                f"INSERT INTO run_single SELECT starts, ends, scope, key, '{kpi.id}', figures FROM ({sql}) made"
                " WHERE scope <> 'account'",
                params,
            )
    collect_single(changes.periods, made)
    return changes.periods


def kpis_with_rows() -> list[RowKpi]:
    """Those that are stored and may have a value at all: the rows that they are made of are there."""
    kpis = [kpi for kpi in KPIS if isinstance(kpi, RowKpi) and kpi.of_groups]
    tables = sorted({table for kpi in kpis if (table := RECIPES[kpi.recipe_name].made_of)})
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(f'EXISTS (SELECT 1 FROM accounts_{table})' for table in tables)}")
        there = {table for table, is_there in zip(tables, cursor.fetchone(), strict=True) if is_there}
    return [kpi for kpi in kpis if RECIPES[kpi.recipe_name].made_of in there | {""}]


def collect_single(periods: Sequence[Period], made: dict[RowKpi, list[Period]]) -> None:
    """What was made of each scope, beside what is stored of the KPIs that were not made again in the period."""
    again = {kpi.id: set(some) for kpi, some in made.items()}
    kept = {each.span: [name for name, some in again.items() if each not in some] for each in periods}
    rows = ", ".join(
        f"(DATE '{start}', DATE '{end}', ARRAY[{', '.join(map(repr, names))}])"
        for (start, end), names in kept.items()
        if names
    )
    stored = f"""
        SELECT f.starts, f.ends, f.scope, f.key, e.key AS kpi, e.value AS figure
          FROM (VALUES {rows}) k (starts, ends, names)
          JOIN metrics_scopefigures f ON f.starts = k.starts AND f.ends = k.ends
         CROSS JOIN LATERAL jsonb_each(f.figures) e
         WHERE f.valid_to IS NULL AND f.kind = '{Kind.SINGLE}' AND e.key = ANY(k.names)"""
    execute(
        f"""
        INSERT INTO run_figures
        SELECT '{View.AS_WAS}', starts, ends, scope, key, '{Kind.SINGLE}', jsonb_object_agg(kpi, figure)
          FROM ({f"{stored} UNION ALL " if rows else ""} SELECT * FROM run_single) each
         GROUP BY starts, ends, scope, key
        """
    )


def collect_accounts(version: Version, periods: Sequence[Period]) -> None:
    """The accounts' own figures in these periods."""
    if not periods:
        return
    make_running_totals(version)
    values = period_rows(periods, version.as_of.replace(day=1))
    parts = parted(version.summed.definitions, leaves_from_totals(version), ())
    # No moments: a single account has no interval, and a portfolio reads thousands of these objects.
    names = list(per_account(version.summed.definitions))
    execute(
        f"""
        INSERT INTO run_figures
        WITH {values}
        SELECT '{View.AS_WAS}', starts, ends, 'account', account_id, '{Kind.ACCOUNTS}', figures
          FROM (SELECT starts, ends, account_id, {as_object(names)} AS figures
                  FROM ({parts}) parts WHERE account_id IS NOT NULL) made
         WHERE figures <> '{{}}'
        """
    )
