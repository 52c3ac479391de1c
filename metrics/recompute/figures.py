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

from accounts.periods import Day, Period, PeriodKind, latest_complete, trailing_year
from metrics import rowkpis
from metrics.evaluate import (
    KEYS_OF_ACCOUNT,
    LEVELS,
    STAMPS,
    TEAM_CLOSURE,
    Facts,
    LeafColumn,
    Level,
    Reach,
    as_object,
    definitions_for,
    filled,
    leaf_columns,
    over_scope,
    parted,
    per_account,
    period_rows,
    reaches,
)
from metrics.expressions import Window
from metrics.kpi import RowKpi
from metrics.kpis import KPIS
from metrics.models import Run, ScopeFigures, View
from metrics.recipes import RECIPES
from metrics.recipes.recipe import Recipe
from metrics.recompute.stage import Progress, execute
from metrics.sources import COLUMNS, SOURCES
from metrics.sources.source import columns_of

PERIODS_AT_ONCE = 12
"""How many periods one statement sums: bounds its memory, whatever the number of accounts."""

Kind = ScopeFigures.Kind
STOCKS = frozenset(column.name for source in SOURCES if source.is_stock for column in columns_of(source))
COUNTS = frozenset(column.name for column in COLUMNS if column.aggregate.startswith("COUNT("))

# Running totals at the ends of a window give its sum by one subtraction; a stock is read at one month.
WINDOW_SQL = {
    Window.NOW: "(e.{c} - COALESCE(s.{c}, 0))",
    Window.LAST_YEAR: "(COALESCE(le.{c}, 0) - COALESCE(ls.{c}, 0))",
    Window.T12: "(e.{c} - COALESCE(le.{c}, 0))",
    Window.T12_BEFORE: "(COALESCE(s.{c}, 0) - COALESCE(ls.{c}, 0))",
    Window.T3: "(e.{c} - COALESCE(t3.{c}, 0))",
    Window.T3_BEFORE: "(COALESCE(t3.{c}, 0) - COALESCE(t6.{c}, 0))",
    Window.T6: "(e.{c} - COALESCE(t6.{c}, 0))",
    Window.AT_START: "COALESCE(s.{c}, 0)",
    Window.AT_END: "e.{c}",
}

# The months whose totals the windows of a quarter and of half a year need, where a definition uses such a window.
SHORT_LOOKUPS = {
    alias: month
    for alias, month, windows in (
        ("t3", "t3_start_month", {Window.T3, Window.T3_BEFORE}),
        ("t6", "t6_start_month", {Window.T3_BEFORE, Window.T6}),
    )
    if windows & {column.window for column in leaf_columns(KPIS)}
}

# Accounts are summed over few sets of keys first, and scopes are made of these sums: no account is read again for
# each kind of scope. GROUPING says which set a row belongs to.
FINE_KEYS = (
    "owner_id",
    "team_id",
    "holder_id",
    "holder_team_id",
    "tier_id",
    "region_id",
    "target",
    "industry_id",
)
FINE_SETS = (
    "(starts, ends, owner_id, team_id)",
    "(starts, ends, holder_id, holder_team_id)",
    "(starts, ends, tier_id, region_id, target)",
    "(starts, ends, industry_id)",
)
MADE_BY = "GROUPING(owner_id, holder_id, tier_id, industry_id)"
OWNERS, HOLDERS, CLASSES, INDUSTRIES = 7, 11, 13, 14
SCOPES_OF_FINE = f"""
    SELECT '{View.AS_WAS}' AS view, 'owner' AS scope, owner_id AS key, f.* FROM run_fine f WHERE made_by = {OWNERS}
     UNION ALL
    SELECT '{View.AS_WAS}', 'team', c.above_id, f.* FROM run_fine f LEFT JOIN team_closure c ON c.id = f.team_id
     WHERE made_by = {OWNERS}
     UNION ALL
    SELECT '{View.CURRENT_BOOK}', 'owner', holder_id, f.* FROM run_fine f WHERE made_by = {HOLDERS}
     UNION ALL
    SELECT '{View.CURRENT_BOOK}', 'team', c.above_id, f.*
      FROM run_fine f LEFT JOIN team_closure c ON c.id = f.holder_team_id WHERE made_by = {HOLDERS}
     UNION ALL
    SELECT '{View.AS_WAS}', 'tier', tier_id, f.* FROM run_fine f WHERE made_by = {CLASSES}
     UNION ALL
    SELECT '{View.AS_WAS}', 'region', region_id, f.* FROM run_fine f WHERE made_by = {CLASSES}
     UNION ALL
    SELECT '{View.AS_WAS}', 'target', target, f.* FROM run_fine f WHERE made_by = {CLASSES}
     UNION ALL
    SELECT '{View.AS_WAS}', 'industry', industry_id, f.* FROM run_fine f WHERE made_by = {INDUSTRIES}
     UNION ALL
    SELECT '{View.AS_WAS}', 'company', NULL, f.* FROM run_fine f WHERE made_by = {INDUSTRIES}"""


@dataclass(frozen=True)
class Version:
    """The facts of one run, which accounts of them, and whether their figures are added or taken away."""

    name: str
    facts: Facts
    as_of: Day
    sign: str = ""
    changed_only: bool = False

    @property
    def total(self) -> str:
        """The temporary table of its running totals."""
        return f"run_total_{self.name}"

    @property
    def rows(self) -> str:
        """The temporary table of its facts that rows are credited from."""
        return f"run_row_{self.name}"

    @property
    def where(self) -> str:
        return (
            "COALESCE(f.account_id, 0) IN (SELECT account_key FROM run_changed)"
            if self.changed_only
            else "TRUE"
        )

    def bound(self, sql: str, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The statement with parameters of its own name, so that two versions can stand in one."""
        return sql.replace("%(", f"%({self.name}_"), {
            f"{self.name}_{key}": each for key, each in params.items()
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
            if self.is_full
            or period.end + datetime.timedelta(days=recipe.matures_days) > earliest
            or any(day in period for day in running)
        ]


def store_figures(run: Run, last: Run | None, changes: Changes, progress: Progress) -> int:
    """Bring the stored figures of these periods, and of the accounts' trailing years, up to the new facts."""
    periods, is_full = changes.periods, changes.is_full
    make_tables()
    everyone = Version("all", Facts(book_month=run.as_of.replace(day=1)), run.as_of)
    known = set() if is_full or last is None else stored_spans()
    fresh = [period for period in periods if (period.start, period.end) not in known]
    moved = [period for period in periods if (period.start, period.end) in known]
    accounts_of = everyone
    if fresh:
        collect(fresh, [everyone], progress)
    if last is not None and not is_full:
        make_changed(run, last)
        accounts_of = Version("new", everyone.facts, run.as_of, changed_only=True)
    if moved and last is not None:
        old = Facts.as_of_run(last.pk, last.as_of.replace(day=1))
        collect(moved, [Version("old", old, last.as_of, "-", changed_only=True), accounts_of], progress)
    add_to_stored(moved)
    single = collect_row_figures(changes, everyone.facts, run.as_of, progress)
    progress("Figures of accounts")
    collect_accounts(everyone, accounts_of)
    return keep_changed(run, single, is_full)


def make_tables() -> None:
    columns = "view text, starts date, ends date, scope text, key bigint, kind text, figures jsonb"
    execute(f"CREATE TEMP TABLE run_raw ({columns}) ON COMMIT DROP")
    execute(f"CREATE TEMP TABLE run_figures ({columns}) ON COMMIT DROP")
    execute("CREATE TEMP TABLE run_changed (account_key bigint, month date) ON COMMIT DROP")


def batches(periods: Sequence[Period]) -> list[Sequence[Period]]:
    """Periods that end together stand together: they read the same months."""
    ordered = sorted(periods, key=lambda period: (period.end, period.start))
    return [ordered[first : first + PERIODS_AT_ONCE] for first in range(0, len(ordered), PERIODS_AT_ONCE)]


def stored_spans() -> set[tuple[Day, Day]]:
    company = ScopeFigures.objects.filter(valid_to__isnull=True, scope="company", kind=Kind.ACCOUNTS)
    return set(company.values_list("starts", "ends"))


def exists(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f"pg_temp.{table}"])
        found: bool = cursor.fetchone()[0]
    return found


def make_running_totals(version: Version) -> None:
    """Per account and month the running total of every flow, the stocks, and the stamps, as a temporary table.

    A window's sums keep the state of one account at a time, where a grouping would keep those of all.
    """
    if exists(version.total):
        return
    names = sorted({column.measure for column in leaf_columns(KPIS)})
    totals = ", ".join(
        f"(SUM({number(name)}) OVER {'one' if name in STOCKS else 'w'}){'::int' if name in COUNTS else ''} AS {name}"
        for name in names
    )
    stamps = ", ".join(f"f.{name}" for name in (*STAMPS, "holder_id", "holder_team_id", "is_target"))
    execute(
        f"""
        CREATE TEMP TABLE {version.total} ON COMMIT DROP AS
        SELECT DISTINCT ON (f.account_id, f.month)
               COALESCE(f.account_id, 0) AS account_key, f.account_id, f.month, f.began, f.currency, {stamps}, {totals}
          FROM {version.facts.relation} f WHERE {version.where}
        WINDOW w AS (PARTITION BY f.account_id ORDER BY f.month), one AS (PARTITION BY f.account_id, f.month)
        """,
        version.facts.params,
    )
    execute(f"CREATE INDEX ON {version.total} (month, account_key)")
    execute(f"ANALYZE {version.total} (account_key, account_id, month, began)")


def number(name: str) -> str:
    """A count as integer: adding integers costs a fraction of adding decimals."""
    return f"f.{name}::int" if name in COUNTS else f"f.{name}"


def leaves_from_totals(version: Version) -> str:
    """SELECT the leaves of every period and account from the running totals; needs the relation `period`."""
    columns = ",\n        ".join(leaf_from_totals(column) for column in leaf_columns(KPIS))
    stamps = ", ".join(f"x.{name}" for name in STAMPS)
    changed = (
        "JOIN run_changed ch ON ch.account_key = e.account_key AND ch.month < p.ends"
        if version.changed_only
        else ""
    )
    # The months in question are named twice, so that only they are read.
    lookups = " ".join(
        f"LEFT JOIN (SELECT * FROM {version.total} WHERE month IN (SELECT {month} FROM period)) {alias}"
        f" ON {alias}.account_key = e.account_key AND {alias}.month = p.{month}"
        for alias, month in {
            "s": "start_month",
            "le": "last_year_end_month",
            "ls": "last_year_start_month",
            **SHORT_LOOKUPS,
        }.items()
    )
    return f"""(
      SELECT p.starts, p.ends, e.account_id, e.currency, {stamps}, x.is_target,
        book.holder_id, book.holder_team_id,
        {columns}
        FROM period p
        JOIN (SELECT * FROM {version.total} WHERE month IN (SELECT end_month FROM period)) e
          ON e.month = p.end_month
        {changed} {lookups}
        LEFT JOIN {version.total} x ON x.account_key = e.account_key AND x.month = GREATEST(p.starts, e.began)
        LEFT JOIN {version.total} book ON book.account_key = e.account_key AND book.month = %(book_month)s)"""


def leaf_from_totals(column: LeafColumn) -> str:
    return f"{WINDOW_SQL[column.window].format(c=column.measure)} AS {column.name}"


def make_rows(version: Version) -> None:
    """The facts that rows are credited from, as a temporary table: without the months in which nothing happened."""
    if exists(version.rows):
        return
    names = sorted({column.measure for column in leaf_columns(definitions_for(LEVELS["row owners"]))})
    values = ", ".join(f"NULLIF({number(name)}, 0) AS {name}" for name in names)
    something = " OR ".join(f"f.{name} <> 0" for name in names)
    execute(
        f"""
        CREATE TEMP TABLE {version.rows} ON COMMIT DROP AS
        SELECT COALESCE(f.account_id, 0) AS account_key, f.account_id, f.person_id, f.person_team_id, f.month,
               f.currency, {values}
          FROM {version.facts.relation} f WHERE {version.where} AND ({something})
        """,
        version.facts.params,
    )
    execute(f"CREATE INDEX ON {version.rows} (month)")
    execute(f"ANALYZE {version.rows} (account_key, account_id, person_id, person_team_id, month)")


def collect(periods: Sequence[Period], versions: Sequence[Version], progress: Progress) -> None:
    """Sum the parts of these periods over every scope into `run_raw`, over all versions with their signs."""
    for version in versions:
        make_running_totals(version)
        make_rows(version)
    for some in batches(periods):
        progress(f"Figures up to {some[-1].last_day}")
        collect_accounts_of_scopes(some, versions)
        collect_rows_of_people(some, versions)


def collect_accounts_of_scopes(periods: Sequence[Period], versions: Sequence[Version]) -> None:
    """Whole accounts to the scopes they belong to, by way of the fine sums."""
    selects, params = [], {}
    for version in versions:
        sql, own = fine_sums(version, periods)
        selects.append(sql)
        params.update(own)
    execute("DROP TABLE IF EXISTS run_fine")
    execute(f"CREATE TEMP TABLE run_fine ON COMMIT DROP AS {' UNION ALL '.join(selects)}", params)
    sums = ", ".join(f'NULLIF(SUM("{name}"), 0) AS "{name}"' for name in over_scope(KPIS))
    execute(
        f"""
        INSERT INTO run_raw (view, starts, ends, scope, key, kind, figures)
        WITH {TEAM_CLOSURE}, scoped AS ({SCOPES_OF_FINE})
        SELECT view, starts, ends, scope, key, '{Kind.ACCOUNTS}', {as_object(list(over_scope(KPIS)))}
          FROM (SELECT view, starts, ends, scope, key, {sums} FROM scoped GROUP BY 1, 2, 3, 4, 5 OFFSET 0) summed
        """
    )


def fine_sums(version: Version, periods: Sequence[Period]) -> tuple[str, dict[str, Any]]:
    """SELECT the sums of one version over the sets of keys that scopes are made of."""
    values, params = period_rows(periods, version.as_of.replace(day=1))
    parts = parted(KPIS, leaves_from_totals(version), KEYS_OF_ACCOUNT)
    sums = ",\n ".join(f'{version.sign}SUM({sql}) AS "{name}"' for name, sql in over_scope(KPIS).items())
    sql = f"""(WITH {values}
        SELECT starts, ends, {MADE_BY} AS made_by, {", ".join(FINE_KEYS)}, {sums}
          FROM ({parts}) parts GROUP BY GROUPING SETS ({", ".join(FINE_SETS)}))"""
    return version.bound(sql, {**params, "book_month": version.facts.book_month})


def collect_rows_of_people(periods: Sequence[Period], versions: Sequence[Version]) -> None:
    """Single rows to the persons they name, and to those persons' teams."""
    for level in LEVELS.values():
        if not level.is_row_credit:
            continue
        selects, params = [], {}
        names = list(over_scope(definitions_for(level)))
        for version in versions:
            for place, reach in enumerate(reaches(definitions_for(level))):
                sql, own = row_sums(version, level, reach, periods, place == 0)
                selects.append(sql)
                params.update(own)
        sums = ", ".join(f'NULLIF(SUM("{name}"), 0) AS "{name}"' for name in names)
        execute(
            f"""
            INSERT INTO run_raw (view, starts, ends, scope, key, kind, figures)
            SELECT '{level.view}', starts, ends, scope, key, '{Kind.ROWS}', {as_object(names)}
              FROM (SELECT starts, ends, scope, key, {sums} FROM ({" UNION ALL ".join(selects)}) signed
                     GROUP BY 1, 2, 3, 4 OFFSET 0) summed
            """,
            params,
        )


def row_sums(
    version: Version, level: Level, reach: Reach, periods: Sequence[Period], is_first: bool
) -> tuple[str, dict[str, Any]]:
    """SELECT the sums of one version by person or team; the rows of one account to one of them are one cluster."""
    values, params = period_rows(periods, version.as_of.replace(day=1))
    definitions = reach.definitions
    of_team = "team_closure" in level.join
    column = "c.above_id" if of_team else "f.person_id"
    join = "LEFT JOIN team_closure c ON c.id = f.person_team_id" if of_team else ""
    team = ", c.above_id" if of_team else ""
    changed = (
        "JOIN run_changed ch ON ch.account_key = f.account_key AND ch.month < p.ends"
        if version.changed_only
        else ""
    )
    leaves = ", ".join(
        f"COALESCE(SUM(f.{each.measure})"
        + (
            ""
            if each.window == reach.whole
            else f" FILTER (WHERE {each.window.condition.replace('p.', 'f.')})"
        )
        + f", 0) AS {each.name}"
        for each in leaf_columns(definitions)
    )
    # In order, so that the sums of one cluster at a time are held in memory and not those of all.
    clusters = f"""(
        SELECT f.starts, f.ends, f.account_id, f.{level.regroup}, MAX(f.currency) AS currency, {leaves}
          FROM (SELECT p.*, f.*{team}
                  FROM period p
                  JOIN {version.rows} f ON f.month >= p.{reach.begins} AND f.month < p.ends {changed} {join}
                 ORDER BY p.starts, p.ends, f.account_id, {column} OFFSET 0) f
         GROUP BY f.starts, f.ends, f.account_id, f.{level.regroup} OFFSET 0)"""
    names = list(over_scope(definitions_for(level)))
    sums = {name: f"{version.sign}SUM({sql})" for name, sql in over_scope(definitions).items()}
    sql = f"""(WITH {values}, {TEAM_CLOSURE}
        {level.outer}, {filled(names, sums, is_first)}
          FROM ({parted(definitions, clusters, [level.regroup])}) leaf {level.grouping})"""
    return version.bound(sql, params)


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
    rowkpis.make_run_relations(facts)
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


def collect_accounts(everyone: Version, changed: Version) -> None:
    """The accounts' own figures: of every account for a new period, else of the changed accounts."""
    periods = account_periods(everyone.as_of)
    known = set(
        ScopeFigures.objects.filter(valid_to__isnull=True, scope="account")
        .values_list("starts", "ends")
        .distinct()
    )
    is_full = changed is everyone
    fresh = [period for period in periods if is_full or (period.start, period.end) not in known]
    moved = [period for period in periods if period not in fresh]
    for some, version in ((fresh, everyone), (moved, changed)):
        if some:
            make_running_totals(version)
            # An account that changed at all is made anew, in whichever month that was.
            whole = Version(version.name, version.facts, version.as_of)
            values, params = period_rows(some, version.as_of.replace(day=1))
            parts = parted(KPIS, leaves_from_totals(whole), ())
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
                {**params, "book_month": version.facts.book_month},
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
