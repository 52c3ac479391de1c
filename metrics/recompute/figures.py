"""Stores the parts of every KPI for the usual periods: sums that later pages only read.

A run that changed some accounts does not sum everything again: it takes the stored sums, subtracts what these
accounts contributed before and adds what they contribute now. Sums are exact decimals, so this gives the same
numbers as summing everything. Periods that were never stored are summed over all accounts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from accounts.periods import Day, Period, PeriodKind, add_months, latest_complete, trailing_year
from metrics import rowkpis
from metrics.evaluate import (
    AS_PARTS,
    KEYS_OF_ACCOUNT,
    LEVELS,
    STAMPS,
    TEAM_CLOSURE,
    Facts,
    LeafColumn,
    Level,
    definitions_for,
    leaf_columns,
    parted,
    period_rows,
    regrouped,
    row_leaves,
    summed,
)
from metrics.expressions import Window
from metrics.kpi import RowKpi
from metrics.kpis import KPIS
from metrics.models import Run, ScopeFigures, View
from metrics.recipes import RECIPES, Recipe
from metrics.recompute.stage import Progress, execute
from metrics.sources import SOURCES, columns_of

ACCOUNT_PERIODS_AT_ONCE = 200_000
"""Accounts times periods that one statement sums: bounds its memory (20 periods of 10,000 accounts: 250 MB)."""

Kind = ScopeFigures.Kind
STOCKS = frozenset(column.name for source in SOURCES if source.is_stock for column in columns_of(source))

# Running totals at the ends of a window give its sum by one subtraction; a stock is read at one month.
WINDOW_SQL = {
    Window.NOW: "(e.{c} - COALESCE(s.{c}, 0))",
    Window.LAST_YEAR: "(COALESCE(le.{c}, 0) - COALESCE(ls.{c}, 0))",
    Window.T12: "(e.{c} - COALESCE(le.{c}, 0))",
    Window.T12_BEFORE: "(COALESCE(s.{c}, 0) - COALESCE(ls.{c}, 0))",
    Window.AT_START: "COALESCE(s.{c}, 0)",
    Window.AT_END: "e.{c}",
}


@dataclass(frozen=True)
class Changes:
    """What a run has to bring up to date: the periods concerned, and since when rows of each table changed."""

    periods: Sequence[Period]
    is_full: bool
    everyone_since: Day
    since: dict[str, Day]

    def periods_for(self, recipe: Recipe) -> list[Period]:
        """The concerned periods that its rows' changes can alter; the newest ones change with the day."""
        days = [day for table, day in self.since.items() if table in recipe.tables]
        earliest = min([*days, self.everyone_since])
        running = open_quota_starts(earliest) if recipe.has_windows else []
        return [
            period
            for period in self.periods
            if self.is_full or period.end > earliest or any(day in period for day in running)
        ]


def store_figures(run: Run, last: Run | None, changes: Changes, progress: Progress) -> int:
    """Bring the stored figures of these periods, and of the accounts' trailing years, up to the new facts."""
    periods, is_full = changes.periods, changes.is_full
    make_tables()
    new = Facts(book_month=run.as_of.replace(day=1))
    known = set() if is_full or last is None else stored_spans()
    fresh = [period for period in periods if (period.start, period.end) not in known]
    moved = [period for period in periods if (period.start, period.end) in known]
    if fresh:
        make_running_totals(new, "TRUE")
        for some in batches(fresh, accounts_in_totals()):
            progress(f"Figures up to {some[-1].last_day}")
            collect(some, new, run.as_of, sign=1, changed_only=False)
    if last is not None and not is_full:
        make_changed(run, last)
    if moved and last is not None:
        progress("Figures that changed")
        collect_moved(moved, last, new, run.as_of)
    add_to_stored(moved)
    single = collect_row_figures(changes, new, run.as_of, progress)
    progress("Figures of accounts")
    collect_accounts(new, run.as_of, changed_only=last is not None and not is_full)
    return keep_changed(run, single, is_full)


def make_tables() -> None:
    columns = "view text, starts date, ends date, scope text, key bigint, kind text, figures jsonb"
    execute(f"CREATE TEMP TABLE run_raw ({columns}, sign int) ON COMMIT DROP")
    execute(f"CREATE TEMP TABLE run_figures ({columns}) ON COMMIT DROP")
    execute("CREATE TEMP TABLE run_changed (account_key bigint, month date) ON COMMIT DROP")


def batches(periods: Sequence[Period], accounts: int) -> list[Sequence[Period]]:
    at_once = max(4, min(64, ACCOUNT_PERIODS_AT_ONCE // max(accounts, 1)))
    return [periods[first : first + at_once] for first in range(0, len(periods), at_once)]


def stored_spans() -> set[tuple[Day, Day]]:
    company = ScopeFigures.objects.filter(valid_to__isnull=True, scope="company", kind=Kind.ACCOUNTS)
    return set(company.values_list("starts", "ends"))


def make_running_totals(facts: Facts, where: str) -> None:
    """`run_total`: per account and month the running total of every flow, the stocks, and the stamps."""
    names = sorted({column.measure for column in leaf_columns(KPIS)})
    totals = ", ".join(
        f"SUM(f.{name}) AS {name}" if name in STOCKS else f"SUM(SUM(f.{name})) OVER w AS {name}"
        for name in names
    )
    stamps = ", ".join(f"MAX(f.{name}) AS {name}" for name in (*STAMPS, "holder_id", "holder_team_id"))
    execute("DROP TABLE IF EXISTS run_total")
    execute(
        f"""
        CREATE TEMP TABLE run_total ON COMMIT DROP AS
        SELECT COALESCE(f.account_id, 0) AS account_key, f.account_id, f.month, MIN(f.began) AS began,
               MAX(f.currency) AS currency, {stamps}, BOOL_OR(f.is_target) AS is_target, {totals}
          FROM {facts.relation} f WHERE {where}
         GROUP BY f.account_id, f.month
        WINDOW w AS (PARTITION BY f.account_id ORDER BY f.month)
        """,
        facts.params,
    )
    execute("CREATE UNIQUE INDEX ON run_total (account_key, month) INCLUDE (began); ANALYZE run_total")


def accounts_in_totals() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(DISTINCT account_key) FROM run_total")
        number: int = cursor.fetchone()[0]
    return number


def leaves_from_totals(changed_only: bool) -> str:
    """SELECT the leaves of every period and account from the running totals; needs the relation `period`."""
    columns = ",\n        ".join(leaf_from_totals(column) for column in leaf_columns(KPIS))
    stamps = ", ".join(f"x.{name}" for name in STAMPS)
    changed = (
        "JOIN run_changed ch ON ch.account_key = e.account_key AND ch.month < p.ends" if changed_only else ""
    )
    lookups = " ".join(
        f"LEFT JOIN run_total {alias} ON {alias}.account_key = e.account_key AND {alias}.month = {month}"
        for alias, month in {
            "s": "p.start_month",
            "le": "p.last_year_end_month",
            "ls": "p.last_year_start_month",
            "x": "GREATEST(p.starts, e.began)",
            "book": "%(book_month)s",
        }.items()
    )
    return f"""
      SELECT p.starts, p.ends, e.account_id, e.currency, {stamps}, x.is_target,
        book.holder_id, book.holder_team_id,
        {columns}
        FROM period p JOIN run_total e ON e.month = p.end_month {changed} {lookups}"""


def leaf_from_totals(column: LeafColumn) -> str:
    return f"{WINDOW_SQL[column.window].format(c=column.measure)} AS {column.name}"


def collect(periods: Sequence[Period], facts: Facts, as_of: Day, sign: int, changed_only: bool) -> None:
    """Sum the parts of these periods over every scope into `run_raw`, counted with this sign."""
    values, params = period_rows(periods, as_of.replace(day=1))
    params = {**params, **facts.params, "book_month": facts.book_month}
    make_parts(values, params, changed_only)
    rows = facts
    if changed_only:
        rows = facts.of(
            "EXISTS (SELECT 1 FROM run_changed ch WHERE ch.account_key = COALESCE(f.account_id, 0)"
            " AND ch.month < p.ends)"
        )
    row_definitions = definitions_for(LEVELS["row owners"])
    execute("DROP TABLE IF EXISTS run_row_leaf")
    execute(
        f"CREATE TEMP TABLE run_row_leaf ON COMMIT DROP AS WITH {values} {row_leaves(row_definitions, rows)}",
        params,
    )
    for level in LEVELS.values():
        if level.name != "accounts":
            collect_level(level, sign)


def make_parts(values: str, params: dict[str, Any], changed_only: bool) -> None:
    """`run_part`: the parts of every account and period, which all levels of account credit sum."""
    execute("DROP TABLE IF EXISTS run_part")
    parts = parted(KPIS, "leaves", KEYS_OF_ACCOUNT)
    execute(
        f"""
        CREATE TEMP TABLE run_part ON COMMIT DROP AS
        WITH {values}, leaves AS ({leaves_from_totals(changed_only)}) {parts}
        """,
        params,
    )


def collect_level(level: Level, sign: int) -> None:
    definitions = definitions_for(level)
    relation, kind, row_parts = "run_part", Kind.ACCOUNTS, ""
    if level.is_row_credit:
        leaves = regrouped(level, definitions, "run_row_leaf")
        relation, kind = "row_part", Kind.ROWS
        row_parts = f"row_part AS ({parted(definitions, leaves, [level.regroup])}),"
    where = "WHERE key IS NOT NULL" if level.name == "accounts" else ""
    execute(
        f"""
        INSERT INTO run_raw (view, starts, ends, scope, key, kind, figures, sign)
        WITH {TEAM_CLOSURE}, {row_parts} {summed(level, definitions, relation)}
        SELECT '{level.view}', starts, ends, scope, key, '{kind}', parts, {sign} FROM ({AS_PARTS}) made {where}
        """
    )


# Accounts that another person (or the same in another team) holds now, with the month in which they began.
BOOK_CHANGED = """
    SELECT n.account_id, n.began AS month FROM metrics_accountmonth n
     WHERE n.month = %(new_book)s AND n.account_id IS NOT NULL AND NOT EXISTS (
           SELECT 1 FROM metrics_accountmonth o
            WHERE o.account_id = n.account_id AND o.month = %(old_book)s AND o.valid_from < %(run)s
              AND (o.holder_id, o.holder_team_id) IS NOT DISTINCT FROM (n.holder_id, n.holder_team_id))"""


def book_params(run: Run, last: Run) -> dict[str, Any]:
    return {"run": run.pk, "new_book": run.as_of.replace(day=1), "old_book": last.as_of.replace(day=1)}


def make_changed(run: Run, last: Run) -> None:
    """`run_changed`: the accounts whose contributions may differ, since the first month concerned.

    An account that another person holds now counts in the current book of every period.
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


def collect_moved(periods: Sequence[Period], last: Run, new: Facts, as_of: Day) -> None:
    """What the changed accounts contribute now, less what they contributed in the last run."""
    only_changed = "COALESCE(f.account_id, 0) IN (SELECT account_key FROM run_changed)"
    old = Facts.as_of_run(last.pk, last.as_of.replace(day=1))
    for facts, day, sign in ((old, last.as_of, -1), (new, as_of, 1)):
        make_running_totals(facts, only_changed)
        for some in batches(periods, accounts_in_totals()):
            collect(some, facts, day, sign, changed_only=True)


def add_to_stored(moved: Sequence[Period]) -> None:
    """`run_figures`: fresh sums as they are; for moved periods the stored sums with the differences added."""
    spans, params = span_rows(moved)
    execute(
        f"""
        INSERT INTO run_figures
        WITH moved (starts, ends) AS (VALUES {spans}),
        touched AS (
            SELECT DISTINCT view, starts, ends, scope, key, kind FROM run_raw JOIN moved USING (starts, ends)),
        terms AS (
            SELECT r.view, r.starts, r.ends, r.scope, r.key, r.kind, t.key AS name, r.sign * t.value::numeric AS x
              FROM run_raw r JOIN moved USING (starts, ends), jsonb_each_text(r.figures) t
             UNION ALL
            SELECT f.view, f.starts, f.ends, f.scope, f.key, f.kind, t.key, t.value::numeric
              FROM touched d
              JOIN metrics_scopefigures f
                ON f.valid_to IS NULL AND f.view = d.view AND f.starts = d.starts AND f.ends = d.ends
               AND f.scope = d.scope AND COALESCE(f.key, -1) = COALESCE(d.key, -1) AND f.kind = d.kind,
                   jsonb_each_text(f.figures) t),
        added AS (
            SELECT view, starts, ends, scope, key, kind, name, SUM(x) AS x
              FROM terms GROUP BY 1, 2, 3, 4, 5, 6, 7)
        SELECT view, starts, ends, scope, key, kind,
               COALESCE(jsonb_object_agg(name, x) FILTER (WHERE x <> 0), '{{}}')
          FROM added GROUP BY 1, 2, 3, 4, 5, 6
         UNION ALL
        SELECT r.view, r.starts, r.ends, r.scope, r.key, r.kind, r.figures
          FROM run_raw r LEFT JOIN moved m ON m.starts = r.starts AND m.ends = r.ends WHERE m.starts IS NULL
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
    rowkpis.make_run_relations()
    progress("Figures made of single rows")
    execute(
        "CREATE TEMP TABLE run_single (starts date, ends date, scope text, key bigint, kpi text, figure jsonb)"
        " ON COMMIT DROP"
    )
    for kpi in KPIS:
        if isinstance(kpi, RowKpi):
            recipe = RECIPES[kpi.recipe_name]
            periods = changes.periods_for(recipe)
            carry_over(kpi, [period for period in changes.periods if period not in periods])
            if periods:
                sql, params = rowkpis.statement(recipe, periods, facts, as_of, in_run=True)
                execute(
                    f"INSERT INTO run_single SELECT starts, ends, scope, key, '{kpi.id}', figures FROM ({sql}) made",
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


def collect_accounts(facts: Facts, as_of: Day, changed_only: bool) -> None:
    """The accounts' own figures: of every account for a new period, else of the changed accounts."""
    periods = account_periods(as_of)
    known = set(
        ScopeFigures.objects.filter(valid_to__isnull=True, scope="account")
        .values_list("starts", "ends")
        .distinct()
    )
    fresh = [period for period in periods if not changed_only or (period.start, period.end) not in known]
    moved = [period for period in periods if period not in fresh]
    first = add_months(periods[0].start, -12)
    for some, where in (
        (fresh, "TRUE"),
        (moved, "COALESCE(f.account_id, 0) IN (SELECT account_key FROM run_changed)"),
    ):
        if some:
            within = f"f.month >= DATE '{first}' AND {where}"
            make_running_totals(facts, within)
            values, params = period_rows(some, as_of.replace(day=1))
            make_parts(values, {**params, **facts.params, "book_month": facts.book_month}, changed_only=False)
            execute("DELETE FROM run_raw")
            collect_level(LEVELS["accounts"], sign=1)
            execute(
                "INSERT INTO run_figures SELECT view, starts, ends, scope, key, kind, figures FROM run_raw"
            )


def keep_changed(run: Run, periods: Sequence[Period], is_full: bool) -> int:
    """End the validity of stored figures that differ or vanished, and insert the new ones.

    Vanished, too, are the figures of periods before the first fact, and those of accounts without any left.
    """
    spans, params = span_rows(periods)
    params |= {"run": run.pk, "first": run.first_month}
    account_spans = ", ".join(f"(DATE '{p.start}', DATE '{p.end}')" for p in account_periods(run.as_of))
    # Analysing keeps the planner from joining thousands of rows one by one.
    execute("CREATE INDEX ON run_figures (starts, ends, scope, key); ANALYZE run_figures")
    execute("ANALYZE metrics_scopefigures")
    same = """n.view = f.view AND n.starts = f.starts AND n.ends = f.ends AND n.scope = f.scope
              AND COALESCE(n.key, -1) = COALESCE(f.key, -1) AND n.kind = f.kind"""
    unnamed = (
        "TRUE"
        if is_full
        else f"""(f.kind = '{Kind.SINGLE}' AND (f.starts, f.ends) IN (VALUES {spans})
                  OR f.scope = 'account' AND (f.starts, f.ends) NOT IN (VALUES {account_spans})
                  OR f.scope = 'account' AND f.key IN (SELECT account_key FROM run_changed)
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
        SELECT n.view, n.starts, n.ends, n.scope, n.key, n.kind, n.figures, %(run)s
          FROM run_figures n LEFT JOIN metrics_scopefigures f ON f.valid_to IS NULL AND {same}
         WHERE f.id IS NULL AND n.figures <> '{{}}'
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
