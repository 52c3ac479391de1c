"""Stores the parts of every KPI for the usual periods: sums that later pages only read.

A run that changed some accounts does not sum everything again: it takes the stored sums, subtracts what these
accounts contributed before and adds what they contribute now. Sums are exact decimals, so this gives the same
numbers as summing everything. Periods that were never stored are summed over all accounts.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from accounts.periods import Day, Period, PeriodKind, add_months, latest_complete, trailing_year
from metrics import rowkpis
from metrics.evaluate import (
    Facts,
    as_object,
    parted,
    per_account,
    period_rows,
)
from metrics.kpi import RowKpi
from metrics.kpis import KPIS
from metrics.models import Run, ScopeFigures, View
from metrics.recipes import RECIPES
from metrics.recipes.recipe import Recipe
from metrics.recompute.people import collect_rows_of_people, make_rows
from metrics.recompute.scopes import collect_accounts_of_scopes, make_groups
from metrics.recompute.stage import Progress, execute
from metrics.recompute.totals import leaves_from_totals, make_running_totals
from metrics.recompute.version import Version

NO_SPAN = f"(DATE '{Day.min}', DATE '{Day.min}')"
PERIODS_AT_ONCE = 12
"""How many periods one statement sums: bounds its memory, whatever the number of accounts."""

Kind = ScopeFigures.Kind


@dataclass(frozen=True)
class Changes:
    """What a run has to bring up to date: the periods concerned, and since when rows of each table changed."""

    periods: Sequence[Period]
    is_full: bool
    everyone_since: Day
    since: dict[str, Day]

    def is_anew(self, period: Period) -> bool:
        """Every account was looked at again in a month of this period."""
        return period.end > self.everyone_since

    def periods_for(self, recipe: Recipe) -> list[Period]:
        """The concerned periods that its rows' changes can alter; the newest ones change with the day."""
        days = [day for table, day in self.since.items() if table in recipe.tables]
        earliest = min([*days, self.everyone_since])
        running = open_quota_starts(earliest) if recipe.has_windows else []
        return [
            period
            for period in self.periods
            if self.is_full
            or period.end + datetime.timedelta(days=recipe.matures_days) > earliest
            or any(day in period for day in running)
        ]


def store_figures(run: Run, last: Run | None, changes: Changes, progress: Progress) -> int:
    """Bring the stored figures of these periods, and of the accounts' trailing years, up to the new facts.

    Periods that reach into the months in which everyone was looked at again are summed anew: nearly every account
    differs there. To the older ones the differences of the few accounts that changed are added.
    """
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
        since=min((add_months(each.start, -13) for each in (*fresh, *new_accounts)), default=run.as_of),
    )
    few = Version("new", everyone.facts, run.as_of, changed_only=True)
    if fresh:
        collect(fresh, [everyone], progress)
    if moved and last is not None:
        old = Facts.as_of_run(last.pk, last.as_of.replace(day=1))
        collect(moved, [Version("old", old, last.as_of, "-", changed_only=True), few], progress)
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


def stored_spans() -> set[tuple[Day, Day]]:
    company = ScopeFigures.objects.filter(valid_to__isnull=True, scope="company", kind=Kind.ACCOUNTS)
    return set(company.values_list("starts", "ends"))


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


# Accounts that another person (or the same in another team) holds now, with the month in which they began. The rows of
# the run before are those that stayed and those that this run replaced: in a month that goes on, nearly all.
BOOK_CHANGED = """
    SELECT n.account_id, n.began AS month FROM metrics_accountmonth n
     WHERE n.month = %(new_book)s AND n.account_id IS NOT NULL AND NOT EXISTS (
           SELECT 1
             FROM (SELECT account_id, holder_id, holder_team_id FROM metrics_accountmonth
                    WHERE month = %(old_book)s AND valid_from < %(run)s
                    UNION ALL
                   SELECT account_id, holder_id, holder_team_id FROM metrics_accountmonthpast
                    WHERE month = %(old_book)s AND valid_to = %(run)s) o
            WHERE o.account_id = n.account_id
              AND (o.holder_id, o.holder_team_id) IS NOT DISTINCT FROM (n.holder_id, n.holder_team_id))"""


def book_params(run: Run, last: Run) -> dict[str, Any]:
    return {"run": run.pk, "new_book": run.as_of.replace(day=1), "old_book": last.as_of.replace(day=1)}


def make_changed(run: Run, last: Run, everyone_since: Day) -> None:
    """`run_changed`: the accounts whose contributions may differ, since the first month concerned.

    An account that another person holds now counts in the current book of every period. `run_moved` are those of
    them that differ in months before everyone was looked at again.
    """
    execute(
        f"""
        INSERT INTO run_changed
        SELECT account_key, MIN(month) FROM (
            SELECT COALESCE(account_id, 0) AS account_key, month FROM metrics_accountmonth WHERE valid_from = %(run)s
             UNION ALL
            SELECT COALESCE(account_id, 0), month FROM metrics_accountmonthpast WHERE valid_to = %(run)s
             UNION ALL
            {BOOK_CHANGED}
        ) found GROUP BY account_key
        """,
        book_params(run, last),
    )
    execute("CREATE INDEX ON run_changed (account_key); ANALYZE run_changed")
    execute(
        "INSERT INTO run_moved SELECT * FROM run_changed WHERE month < %(since)s", {"since": everyone_since}
    )
    execute("CREATE INDEX ON run_moved (account_key); ANALYZE run_moved")


def too_many_moved(run: Run) -> bool:
    """Adding differences reads old and new facts: beyond a third of the accounts it is cheaper to sum anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT 3 * (SELECT COUNT(*) FROM run_moved) > COUNT(*) FROM metrics_accountmonth
             WHERE month = %(month)s AND account_id IS NOT NULL
            """,
            {"month": run.as_of.replace(day=1)},
        )
        found: bool = cursor.fetchone()[0]
    return found


def add_to_stored(moved: Sequence[Period]) -> None:
    """`run_figures`: fresh sums as they are; for moved periods the stored sums with the differences added."""
    spans, params = span_rows(moved)
    execute(
        f"""
        INSERT INTO run_figures
        WITH moved (starts, ends) AS (VALUES {spans}),
        -- An empty object added once unpacks what is stored, before it is asked for one name after the other.
        touched AS MATERIALIZED (
            SELECT r.*, f.figures || '{{}}' AS stored
              FROM (SELECT * FROM run_raw JOIN moved USING (starts, ends) WHERE figures <> '{{}}') r
              LEFT JOIN metrics_scopefigures f
                ON f.valid_to IS NULL AND f.view = r.view AND f.starts = r.starts AND f.ends = r.ends
               AND f.scope = r.scope AND COALESCE(f.key, -1) = COALESCE(r.key, -1) AND f.kind = r.kind)
        SELECT view, starts, ends, scope, key, kind,
               COALESCE(stored, '{{}}') - added.gone || added.figures
          FROM touched, LATERAL (
               SELECT COALESCE(array_agg(name) FILTER (WHERE x = 0), '{{}}') AS gone,
                      COALESCE(jsonb_object_agg(name, x) FILTER (WHERE x <> 0), '{{}}') AS figures
                 FROM (SELECT t.key AS name,
                              t.value::numeric + COALESCE((touched.stored ->> t.key)::numeric, 0) AS x
                         FROM jsonb_each_text(touched.figures) t) each) added
         UNION ALL
        SELECT r.view, r.starts, r.ends, r.scope, r.key, r.kind, r.figures
          FROM run_raw r LEFT JOIN moved m ON m.starts = r.starts AND m.ends = r.ends
         WHERE m.starts IS NULL AND r.figures <> '{{}}'
        """,
        params,
    )


def span_rows(periods: Sequence[Period]) -> tuple[str, dict[str, Any]]:
    """A VALUES list of spans; a span that never was stands in for none."""
    spans = [(period.start, period.end) for period in periods] or [(Day.min, Day.min)]
    params: dict[str, Any] = {}
    for index, (start, end) in enumerate(spans):
        params |= {f"start_{index}": start, f"end_{index}": end}
    return ", ".join(f"(%(start_{i})s::date, %(end_{i})s::date)" for i in range(len(spans))), params


def collect_row_figures(changes: Changes, facts: Facts, as_of: Day, progress: Progress) -> Sequence[Period]:
    """Medians, quotas and distributions do not add up: they are made again where their rows may have changed.

    The others are carried over. Returns the periods of which all such figures are complete now.
    """
    if not changes.periods:
        return []
    rowkpis.make_run_relations(changes.periods, facts, as_of)
    progress("Figures made of single rows")
    execute(
        "CREATE TEMP TABLE run_single (starts date, ends date, scope text, key bigint, kpi text, figure jsonb)"
        " ON COMMIT DROP"
    )
    for kpi in KPIS:
        if isinstance(kpi, RowKpi) and kpi.of_groups:
            recipe = RECIPES[kpi.recipe_name]
            periods = changes.periods_for(recipe)
            carry_over(kpi, [period for period in changes.periods if period not in periods])
            if periods:
                sql, params = rowkpis.statement(recipe, periods, facts, as_of, in_run=True)
                execute(
                    f"INSERT INTO run_single SELECT starts, ends, scope, key, '{kpi.id}', figures FROM ({sql}) made"
                    " WHERE scope <> 'account'",
                    params,
                )
    execute(
        f"""
        INSERT INTO run_figures
        SELECT '{View.AS_WAS}', starts, ends, scope, key, '{Kind.SINGLE}', jsonb_object_agg(kpi, figure)
          FROM run_single GROUP BY starts, ends, scope, key
        """
    )
    return changes.periods


def carry_over(kpi: RowKpi, periods: Sequence[Period]) -> None:
    """Take the stored figure of this KPI for these periods as it is."""
    spans, params = span_rows(periods)
    execute(
        f"""
        INSERT INTO run_single
        SELECT starts, ends, scope, key, '{kpi.id}', figures -> '{kpi.id}' FROM metrics_scopefigures
         WHERE valid_to IS NULL AND kind = '{Kind.SINGLE}' AND figures ? '{kpi.id}'
           AND (starts, ends) IN (VALUES {spans})
        """,
        params,
    )


def account_periods(as_of: Day) -> list[Period]:
    """Accounts keep stored figures only for the trailing years that a portfolio is sorted by."""
    return sorted({latest_complete(PeriodKind.T12, as_of), trailing_year(as_of)})


def new_account_periods(periods: Sequence[Period], changes: Changes) -> list[Period]:
    """Those in which every account may differ, or that were not stored before."""
    stored = ScopeFigures.objects.filter(valid_to__isnull=True, scope="account")
    known = set(stored.values_list("starts", "ends").distinct())
    return [each for each in periods if changes.is_anew(each) or each.span not in known]


def collect_accounts(version: Version, periods: Sequence[Period]) -> None:
    """The accounts' own figures in these periods."""
    if not periods:
        return
    make_running_totals(version)
    values, params = period_rows(periods, version.as_of.replace(day=1))
    parts = parted(KPIS, leaves_from_totals(version), ())
    # No moments: a single account has no interval, and a portfolio reads thousands of these objects.
    names = list(per_account(KPIS))
    execute(
        f"""
        INSERT INTO run_figures
        WITH {values}
        SELECT '{View.AS_WAS}', starts, ends, 'account', account_id, '{Kind.ACCOUNTS}', figures
          FROM (SELECT starts, ends, account_id, {as_object(names)} AS figures
                  FROM ({parts}) parts WHERE account_id IS NOT NULL) made
         WHERE figures <> '{{}}'
        """,
        params,
    )


def keep_changed(run: Run, single: Sequence[Period], fresh: Sequence[Period], is_full: bool) -> int:
    """End the validity of stored figures that differ or vanished, and insert the new ones.

    Vanished, too, are the figures of periods before the first fact, and those of accounts without any left.
    """
    of_single, of_fresh = (
        ", ".join(f"(DATE '{each.start}', DATE '{each.end}')" for each in some) or NO_SPAN
        for some in (single, fresh)
    )
    params = {"run": run.pk, "first": run.first_month}
    account_spans = ", ".join(f"(DATE '{p.start}', DATE '{p.end}')" for p in account_periods(run.as_of))
    # Analysing keeps the planner from joining thousands of rows one by one.
    execute("CREATE INDEX ON run_figures (starts, ends, scope, key); ANALYZE run_figures")
    execute("ANALYZE metrics_scopefigures")
    same = """n.view = f.view AND n.starts = f.starts AND n.ends = f.ends AND n.scope = f.scope
              AND COALESCE(n.key, -1) = COALESCE(f.key, -1) AND n.kind = f.kind"""
    unnamed = (
        "TRUE"
        if is_full
        else f"""(f.kind = '{Kind.SINGLE}' AND (f.starts, f.ends) IN (VALUES {of_single})
                  OR f.kind <> '{Kind.SINGLE}' AND f.scope <> 'account' AND (f.starts, f.ends) IN (VALUES {of_fresh})
                  OR f.scope = 'account' AND (f.starts, f.ends) NOT IN (VALUES {account_spans})
                  OR f.scope = 'account' AND EXISTS (
                     SELECT 1 FROM run_changed ch WHERE ch.account_key = f.key AND ch.month < f.ends)
                  OR f.ends <= COALESCE(%(first)s::date, 'infinity'))"""
    )
    execute(
        f"""
        UPDATE metrics_scopefigures SET valid_to = %(run)s WHERE id IN (
            SELECT f.id FROM metrics_scopefigures f LEFT JOIN run_figures n ON {same}
             WHERE f.valid_to IS NULL AND (n.figures <> f.figures OR n.view IS NULL AND {unnamed}))
        """,
        params,
    )
    return execute(
        f"""
        INSERT INTO metrics_scopefigures (view, starts, ends, scope, key, kind, figures, valid_from)
        WITH f AS MATERIALIZED (
            SELECT view, starts, ends, scope, key, kind FROM metrics_scopefigures WHERE valid_to IS NULL)
        SELECT n.view, n.starts, n.ends, n.scope, n.key, n.kind, n.figures, %(run)s
          FROM run_figures n
         WHERE n.figures <> '{{}}' AND NOT EXISTS (SELECT 1 FROM f WHERE {same})
        """,
        params,
    )


def earliest_change(run: Run, last: Run) -> Day | None:
    """The first month in which this run changed a fact, or the beginning of an account in another book now."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT LEAST((SELECT MIN(month) FROM metrics_accountmonth WHERE valid_from = %(run)s),
                         (SELECT MIN(month) FROM metrics_accountmonthpast WHERE valid_to = %(run)s),
                         (SELECT MIN(month) FROM ({BOOK_CHANGED}) book))
            """,
            book_params(run, last),
        )
        found: Day | None = cursor.fetchone()[0]
    return found


LONGEST = max((recipe.matures_days for recipe in RECIPES.values()), default=0)
"""The days after its end in which the figures of some period may still change without any change of rows."""


def open_quota_starts(since: Day) -> list[Day]:
    """The first days of the quotas that were still running on this day, whose attainment later rows decide."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT starts_on
              FROM (SELECT starts_on, LEAD(starts_on) OVER (PARTITION BY user_id ORDER BY starts_on) AS ends_on
                      FROM accounts_quota) quota
             WHERE starts_on < %(since)s AND COALESCE(ends_on, 'infinity'::date) >= %(since)s
            """,
            {"since": since},
        )
        return [day for (day,) in cursor.fetchall()]
