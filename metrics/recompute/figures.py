"""Stores the parts of every KPI for the usual periods: sums that later pages only read.

A run that changed some accounts does not sum everything again: it takes the stored sums, subtracts what these
accounts contributed before and adds what they contribute now. Sums are exact decimals, so this gives the same
numbers as summing everything. Periods that were never stored are summed over all accounts.
"""

from collections.abc import Sequence
from dataclasses import replace

from django.db import connection

from accounts.periods import Day, Period
from metrics import rowkpis
from metrics.evaluate import Facts, as_object, parted, period_rows
from metrics.kpi import RowKpi
from metrics.kpis import KPIS
from metrics.leaves import per_account
from metrics.models import Run, ScopeFigures, View
from metrics.recipes import RECIPES
from metrics.recipes.mix import MIX
from metrics.recipes.recipe import Recipe
from metrics.recompute.changed import Changes, make_changed, share_moved
from metrics.recompute.people import collect_rows_of_people, first_row, make_rows
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
from metrics.recompute.totals import leaves_from_totals, looked_up, make_running_totals
from metrics.recompute.version import Version

PERIODS_AT_ONCE = 12
"""How many periods one statement sums over all accounts, which bounds its memory; over few accounts, more of them."""

TOO_MANY_MOVED = 1 / 3
"""Adding differences reads old and new facts: beyond such a share of the accounts it is cheaper to sum anew."""

STEPS_AFTERWARDS = 4
"""Figures of rows and of accounts, looking ahead, publishing."""

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
    share = share_moved(run)
    is_anew = changes.is_full or last is None or share > TOO_MANY_MOVED
    accounts = account_periods(run.as_of)
    new_accounts = accounts if is_anew else new_account_periods(accounts, changes)
    fresh = [each for each in changes.periods if is_anew or changes.is_anew(each) or each.span not in known]
    moved = [each for each in changes.periods if each not in fresh]
    book = Facts(book_month=run.as_of.replace(day=1))
    everyone = version_of(Version("all", book, run.as_of, summed=summed), fresh, new_accounts)
    few = version_of(Version("new", book, run.as_of, changed_only=True, summed=summed), moved, accounts)
    anew = batches(fresh, PERIODS_AT_ONCE)
    differing = batches(moved, int(PERIODS_AT_ONCE / max(share, 0.01)))
    if anew:
        collect(anew, [everyone], progress, len(differing) + STEPS_AFTERWARDS)
    if differing and last is not None:
        former = Facts.as_of_run(last.pk, last.as_of.replace(day=1))
        old = Version("old", former, last.as_of, "-", changed_only=True, summed=summed)
        collect(differing, [version_of(old, moved), few], progress, STEPS_AFTERWARDS)
    add_to_stored(moved)
    single = collect_row_figures(changes, everyone.facts, run.as_of, progress)
    progress("Figures of accounts", then=2)
    collect_accounts(everyone, new_accounts)
    collect_accounts(few, [each for each in accounts if each not in new_accounts])
    has_new_spans = not {each.span for each in (*fresh, *accounts)} <= known
    return keep_changed(run, single, fresh, changes.is_full, has_new_spans)


def version_of(version: Version, periods: Sequence[Period], of_accounts: Sequence[Period] = ()) -> Version:
    """Only with the months that these periods read, of scopes and of single accounts."""
    every = (*periods, *of_accounts)
    return replace(
        version,
        periods=every,
        months=looked_up(every, version.as_of),
        rows_since=first_row(periods, version.as_of, version.summed),
    )


def make_tables() -> None:
    # Nothing of these is kept, so nothing is compressed. What has a difference added to it differs from what is stored.
    columns = "view text, starts date, ends date, scope text, key bigint, kind text, figures jsonb"
    for name, more in (("run_raw", ""), ("run_figures", ", differs boolean NOT NULL DEFAULT FALSE")):
        execute(f"CREATE TEMP TABLE {name} ({columns}{more}) ON COMMIT DROP")
        execute(f"ALTER TABLE {name} ALTER figures SET STORAGE EXTERNAL")
    execute("CREATE TEMP TABLE run_changed (account_key bigint, month date) ON COMMIT DROP")
    execute("CREATE TEMP TABLE run_moved (account_key bigint, month date) ON COMMIT DROP")


def batches(periods: Sequence[Period], at_once: int) -> list[Sequence[Period]]:
    """Periods that end together stand together: they read the same months."""
    ordered = sorted(periods, key=lambda period: (period.end, period.start))
    return [ordered[first : first + at_once] for first in range(0, len(ordered), at_once)]


def collect(
    parted: Sequence[Sequence[Period]], versions: Sequence[Version], progress: Progress, afterwards: int
) -> None:
    """Sum the parts of these periods over every scope into `run_raw`, over all versions with their signs."""
    for version in versions:
        make_running_totals(version)
        make_groups(version)
        make_rows(version)
    for position, some in enumerate(parted, start=1):
        progress(f"Figures up to {some[-1].last_day}", len(parted) - position + afterwards)
        collect_accounts_of_scopes(some, versions)
        collect_rows_of_people(some, versions)


def collect_row_figures(changes: Changes, facts: Facts, as_of: Day, progress: Progress) -> Sequence[Period]:
    """Medians, quotas and distributions do not add up: they are made again where their rows may have changed.

    The others are carried over. Returns the periods of which all such figures are complete now.
    """
    if not changes.periods:
        return []
    progress("Figures made of single rows", then=3)
    execute(
        "CREATE TEMP TABLE run_single (starts date, ends date, scope text, key bigint, kpi text, figure jsonb)"
        " ON COMMIT DROP"
    )
    stored = made_of_rows()
    made = {name: changes.periods_for(recipe) for name, recipe in stored.items()}
    concerned = {stored[name]: periods for name, periods in made.items() if periods}
    if concerned:
        rowkpis.make_run_relations(concerned, facts, as_of)
    for name, periods in made.items():
        if periods:
            sql, params = rowkpis.statement(stored[name], periods, facts, as_of, in_run=True)
            execute(
                f"INSERT INTO run_single SELECT starts, ends, scope, key, '{name}', figures FROM ({sql}) made"
                " WHERE scope <> 'account'",
                params,
            )
    collect_single(changes.periods, made)
    return changes.periods


def made_of_rows() -> dict[str, Recipe]:
    """What is stored and may have a value at all, for the rows that it is made of are there: numbers, and the mix."""
    recipes = {kpi.id: RECIPES[kpi.recipe_name] for kpi in KPIS if isinstance(kpi, RowKpi) and kpi.of_groups}
    recipes[MIX] = RECIPES[MIX]
    tables = sorted({recipe.made_of for recipe in recipes.values() if recipe.made_of})
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(f'EXISTS (SELECT 1 FROM accounts_{table})' for table in tables)}")
        there = {table for table, is_there in zip(tables, cursor.fetchone(), strict=True) if is_there}
    return {name: recipe for name, recipe in recipes.items() if recipe.made_of in there | {""}}


def collect_single(periods: Sequence[Period], made: dict[str, list[Period]]) -> None:
    """What was made of each scope, laid over what is stored of what was not made again in the period."""
    again = {name: set(some) for name, some in made.items()}
    everything = [kpi.id for kpi in KPIS if isinstance(kpi, RowKpi)] + [MIX]
    gone = {
        each.span: [name for name in everything if name not in again or each in again[name]]
        for each in periods
    }
    rows = ", ".join(
        f"(DATE '{start}', DATE '{end}', ARRAY[{', '.join(map(repr, names))}]::text[])"
        for (start, end), names in gone.items()
    )
    execute(
        f"""
        INSERT INTO run_figures
        WITH fresh AS (
            SELECT starts, ends, scope, key, jsonb_object_agg(kpi, figure) AS figures
              FROM run_single GROUP BY starts, ends, scope, key),
        kept AS (
            SELECT f.starts, f.ends, f.scope, f.key, f.figures - gone.names AS figures
              FROM (VALUES {rows}) gone (starts, ends, names)
              JOIN metrics_scopefigures f ON f.starts = gone.starts AND f.ends = gone.ends
             WHERE f.valid_to IS NULL AND f.kind = '{Kind.SINGLE}')
        SELECT '{View.AS_WAS}', COALESCE(fresh.starts, kept.starts), COALESCE(fresh.ends, kept.ends),
               COALESCE(fresh.scope, kept.scope), COALESCE(fresh.key, kept.key), '{Kind.SINGLE}',
               COALESCE(kept.figures, '{{}}') || COALESCE(fresh.figures, '{{}}')
          FROM fresh FULL JOIN kept
            ON kept.starts = fresh.starts AND kept.ends = fresh.ends AND kept.scope = fresh.scope
           AND COALESCE(kept.key, -1) = COALESCE(fresh.key, -1)
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
