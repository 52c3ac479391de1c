"""The sums over single rows, credited to the persons they name and to those persons' teams.

What is linear is summed by person and month once, whatever accounts the rows belong to, and any period is a sum of a
few of these. Only what intervals are made of has to know the accounts: the rows of one account to one person (or
team) are one cluster.
"""

from collections.abc import Sequence

from accounts.periods import Period
from metrics.evaluate import Reach, as_object, filled, parted, period_rows
from metrics.leaves import LeafColumn, clustered_names, leaf_columns, linear_names, over_scope, per_account
from metrics.levels import LEVELS, TEAM_CLOSURE, Level
from metrics.models import ScopeFigures
from metrics.recompute.stage import execute, exists
from metrics.recompute.version import Version, number

Kind = ScopeFigures.Kind


def make_rows(version: Version) -> None:
    """The facts that rows are credited from, without the months in which nothing happened, and their sums by person."""
    if exists(version.rows):
        return
    names = sorted({column.measure for column in leaf_columns(version.summed.of_rows)})
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
    sums = ", ".join(f"SUM({name}) AS {name}" for name in names)
    execute(
        f"""
        CREATE TEMP TABLE {version.people} ON COMMIT DROP AS
        SELECT person_id, person_team_id, month, {sums} FROM {version.rows} GROUP BY 1, 2, 3
        """
    )
    execute(f"ANALYZE {version.people} (person_id, person_team_id, month)")


def collect_rows_of_people(periods: Sequence[Period], versions: Sequence[Version]) -> None:
    """Single rows to the persons they name, and to those persons' teams."""
    names = versions[0].summed.row_names
    for level in LEVELS.values():
        if not level.is_row_credit:
            continue
        selects = []
        for version in versions:
            for place, reach in enumerate(version.summed.reaches):
                for made in (linear_sums, cluster_sums):
                    sql = made(version, level, reach, periods, place == 0)
                    if sql:
                        selects.append(sql)
        sums = ", ".join(f'NULLIF(SUM("{name}"), 0) AS "{name}"' for name in names)
        execute(
            f"""
            INSERT INTO run_raw (view, starts, ends, scope, key, kind, figures)
            SELECT '{level.view}', starts, ends, scope, key, '{Kind.ROWS}', {as_object(names)}
              FROM (SELECT starts, ends, scope, key, {sums} FROM ({" UNION ALL ".join(selects)}) signed
                     GROUP BY 1, 2, 3, 4 OFFSET 0) summed
            """
        )


def summed_leaf(leaf: LeafColumn, reach: Reach) -> str:
    """The sum of a measure over the rows of a window; all rows are those of the reach's own."""
    among = "" if leaf.window == reach.whole else f" FILTER (WHERE {leaf.window.condition})"
    return f"COALESCE(SUM(f.{leaf.measure}){among}, 0) AS {leaf.name}"


def team_join(level: Level) -> tuple[str, str]:
    """The column that rows are credited to, and what has to be joined for it."""
    if "team_closure" in level.join:
        return "c.above_id", "LEFT JOIN team_closure c ON c.id = f.person_team_id"
    return "f.person_id", ""


def linear_sums(version: Version, level: Level, reach: Reach, periods: Sequence[Period], _: bool) -> str:
    """SELECT the linear sums of one version by person or team."""
    values = period_rows(periods, version.as_of.replace(day=1))
    names = linear_names(reach.definitions)
    column, join = team_join(level)
    leaves = ", ".join(summed_leaf(leaf, reach) for leaf in leaf_columns(reach.definitions, names))
    expressions = per_account(reach.definitions)
    sums = {name: f"{version.sign}({expressions[name]})" for name in names}
    return f"""(WITH {values}, {TEAM_CLOSURE}
        {level.outer}, {filled(version.summed.row_names, sums, True)}
          FROM (SELECT p.starts, p.ends, {column}, {leaves}
                  FROM period p
                  JOIN {version.people} f ON f.month >= p.{reach.begins} AND f.month < p.ends {join}
                 GROUP BY 1, 2, 3 OFFSET 0) leaf)"""


def cluster_sums(
    version: Version, level: Level, reach: Reach, periods: Sequence[Period], is_first: bool
) -> str:
    """SELECT the other sums of one version by person or team; empty where there is none to make."""
    names = clustered_names(reach.definitions)
    if names == {"accounts"} and not is_first:
        return ""
    values = period_rows(periods, version.as_of.replace(day=1))
    column, join = team_join(level)
    changed = (
        "JOIN run_moved ch ON ch.account_key = f.account_key AND ch.month < p.ends"
        if version.changed_only
        else ""
    )
    leaves = ", ".join(summed_leaf(leaf, reach) for leaf in leaf_columns(reach.definitions, names))
    clusters = f"""(
        SELECT p.starts, p.ends, f.account_id, {column}, MAX(f.currency) AS currency, {leaves}
          FROM period p
          JOIN {version.rows} f ON f.month >= p.{reach.begins} AND f.month < p.ends {changed} {join}
         GROUP BY 1, 2, 3, 4 OFFSET 0)"""
    linear = linear_names(reach.definitions)
    sums = {
        name: f"{version.sign}SUM({sql})"
        for name, sql in over_scope(reach.definitions).items()
        if name not in linear
    }
    return f"""(WITH {values}, {TEAM_CLOSURE}
        {level.outer}, {filled(version.summed.row_names, sums, is_first)}
          FROM ({parted(reach.definitions, clusters, [level.regroup], names)}) leaf {level.grouping})"""
