"""Running totals of each account: read at both ends of a window they give its sum by one subtraction."""

from collections.abc import Sequence

from accounts.periods import Day, Period
from metrics.evaluate import window_bounds
from metrics.expressions import Window
from metrics.kpis import KPIS
from metrics.leaves import LeafColumn, leaf_columns
from metrics.levels import STAMPS
from metrics.recompute.stage import execute, exists
from metrics.recompute.summed import COUNTS, STOCKS
from metrics.recompute.version import Version, number

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

STOCK_MONTHS = {Window.AT_START: "start_month", Window.AT_END: "end_month"}

# The months whose totals the windows of a quarter and of half a year need, where a definition uses such a window.
LOOKUPS = {
    "s": "start_month",
    "le": "last_year_end_month",
    "ls": "last_year_start_month",
} | {
    alias: month
    for alias, month, windows in (
        ("t3", "t3_start_month", {Window.T3, Window.T3_BEFORE}),
        ("t6", "t6_start_month", {Window.T3_BEFORE, Window.T6}),
    )
    if windows & {column.window for column in leaf_columns(KPIS)}
}


def looked_up(periods: Sequence[Period], as_of: Day) -> frozenset[Day]:
    """The months whose totals the windows of these periods are made of, in which they start, and that of the book."""
    current = as_of.replace(day=1)
    found = {current}
    for period in periods:
        bounds = window_bounds(period, current)
        found |= {bounds[name] for name in ("starts", "end_month", *LOOKUPS.values())}
    return frozenset(found)


def read_months(version: Version) -> dict[str, str]:
    """Of measures that are not read in every month that is looked up: the condition on those in which they are.

    Sums of a window need no month before its first; stocks are read where periods begin and end.
    """
    bounds = [window_bounds(period, version.as_of.replace(day=1)) for period in version.periods]
    windows: dict[str, set[Window]] = {}
    for column in version.summed.columns:
        windows.setdefault(column.measure, set()).add(column.window)
    found = {}
    for name, read in windows.items():
        first = min(
            (min(each[window.begins], each["end_month"]) for each in bounds for window in read),
            default=Day.min,
        )
        if name not in STOCKS and first > min(version.months):
            found[name] = f"f.month >= DATE '{first}'"
        if name in STOCKS and read <= set(STOCK_MONTHS):
            months = sorted({each[STOCK_MONTHS[window]] for each in bounds for window in read})
            if months and len(months) < len(version.months):
                listed = ", ".join(f"DATE '{month}'" for month in months)
                found[name] = f"f.month IN ({listed})"
    return found


def make_running_totals(version: Version) -> None:
    """Per account the running total of every flow, the stocks, and the stamps in each month that is looked up.

    As a temporary table, with the month in which the account began beside them, for whose it was then. A window's
    sums keep the state of one account at a time, where a grouping would keep those of all.
    """
    if exists(version.total):
        return
    names = sorted({column.measure for column in version.summed.columns})
    flows = [name for name in names if name not in STOCKS]
    conditions = read_months(version)

    def read(name: str) -> str:
        return f"CASE WHEN {conditions[name]} THEN {number(name)} END" if name in conditions else number(name)

    running = ", ".join(f"SUM({read(name)}) OVER w AS {name}" for name in flows)
    totals = ", ".join(
        (f"(SUM({read(name)}) OVER one)" if name in STOCKS else f"f.{name}")
        + f"{'::int' if name in COUNTS else ''} AS {name}"
        for name in names
    )
    stamps = ", ".join(f"f.{name}" for name in (*STAMPS, "holder_id", "holder_team_id", "is_target"))
    kept = ", ".join(f"f.{name}" for name in names if name in STOCKS)
    execute(
        f"""
        CREATE TEMP TABLE {version.total} ON COMMIT DROP AS
        SELECT DISTINCT ON (f.account_id, f.month)
               COALESCE(f.account_id, 0) AS account_key, f.account_id, f.month, f.began, f.currency, {stamps}, {totals}
          FROM (SELECT f.account_id, f.month, f.began, f.currency, {stamps}, {kept}, {running}
                  FROM {version.facts.relation} f WHERE {version.since(min(version.months))}
                WINDOW w AS (PARTITION BY f.account_id ORDER BY f.month) OFFSET 0) f
         WHERE f.month = f.began OR f.month = ANY(%(months)s)
        WINDOW one AS (PARTITION BY f.account_id, f.month)
        """,
        {**version.facts.params, "months": sorted(version.months)},
    )
    execute(f"CREATE INDEX ON {version.total} (month, account_key)")
    execute(f"ANALYZE {version.total} (account_key, account_id, month, began)")


def leaves_from_totals(version: Version, names: frozenset[str] | None = None, groups: str = "") -> str:
    """SELECT the leaves of every period and account from the running totals; needs the relation `period`.

    All leaves, or those behind the names; with the columns of the table of groups, where one is given.
    """
    columns = ",\n        ".join(
        leaf_from_totals(column) for column in leaf_columns(version.summed.definitions, names)
    )
    changed = (
        "JOIN run_moved ch ON ch.account_key = e.account_key AND ch.month < p.ends"
        if version.changed_only
        else ""
    )
    of_group = f"JOIN {groups} g ON g.account_key = e.account_key" if groups else ""
    return f"""(
      SELECT p.starts, p.ends, e.account_id, e.currency, x.is_target{", g.*" if groups else ""},
        {columns}
        FROM period p
        JOIN (SELECT * FROM {version.total} WHERE month = ANY (ARRAY(SELECT end_month FROM period))) e
          ON e.month = p.end_month
        {changed} {lookups(version.total, ("account_key",))} {of_group}
        LEFT JOIN {version.total} x ON x.account_key = e.account_key AND x.month = GREATEST(p.starts, e.began))"""


def lookups(table: str, keys: Sequence[str]) -> str:
    """The totals of a row `e` at the other months that windows need.

    The months in question are named twice, so that only they are read; as an array, or each row would look for them.
    """
    return " ".join(
        f"LEFT JOIN (SELECT * FROM {table} WHERE month = ANY (ARRAY(SELECT {month} FROM period))) {alias}"
        f" ON {' AND '.join(f'{alias}.{key} = e.{key}' for key in keys)} AND {alias}.month = p.{month}"
        for alias, month in LOOKUPS.items()
    )


def leaf_from_totals(column: LeafColumn) -> str:
    return f"{WINDOW_SQL[column.window].format(c=column.measure)} AS {column.name}"
