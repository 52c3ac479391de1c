"""The sums over single rows, credited to the persons they name and to those persons' teams, or by the class that their
accounts had when they were opened.

What is linear is summed by person (or class) and month once, whatever accounts the rows belong to, and any period is a
sum of a few of these. Only what intervals are made of has to know the accounts: the rows of one account to one person
(or team, or class) are one cluster.
"""

from collections.abc import Sequence

from accounts.periods import Day, Period
from metrics.evaluate import Reach, as_object, filled, parted, period_rows, reaches, window_bounds
from metrics.leaves import LeafColumn, clustered_names, leaf_columns, linear_names, over_scope, per_account
from metrics.levels import EACH_CLASS, LEVELS, OPENED, TEAM_CLOSURE, Level
from metrics.models import ScopeFigures
from metrics.recompute.stage import execute, exists
from metrics.recompute.summed import Summed
from metrics.recompute.version import Version, number

Kind = ScopeFigures.Kind
CLASSES = LEVELS["row classes"]


def first_row(periods: Sequence[Period], as_of: Day, summed: Summed) -> Day:
    """The first month whose rows these periods credit to persons."""
    bounds = [window_bounds(period, as_of.replace(day=1)) for period in periods]
    made = reaches(summed.rows_of(LEVELS["row owners"]))
    return min((each[reach.begins] for each in bounds for reach in made), default=as_of)


def make_rows(version: Version) -> None:
    """The facts that rows are credited from, without the months in which nothing happened, and their sums by person."""
    if exists(version.rows):
        return
    names = sorted({column.measure for column in leaf_columns(version.summed.rows_of(LEVELS["row owners"]))})
    values = ", ".join(f"NULLIF({number(name)}, 0) AS {name}" for name in names)
    something = " OR ".join(f"f.{name} <> 0" for name in names)
    execute(
        f"""
        CREATE TEMP TABLE {version.rows} ON COMMIT DROP AS
        SELECT COALESCE(f.account_id, 0) AS account_key, f.account_id, f.person_id, f.person_team_id, f.month,
               f.currency, {", ".join(f"{sql} AS {name}" for name, sql in OPENED.items())}, {values}
          FROM {version.facts.relation} f WHERE {version.since(version.rows_since)} AND ({something})
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
    # Of the few rows of deals, each once for every class that it belongs to.
    opened = sorted({column.measure for column in leaf_columns(version.summed.rows_of(CLASSES))})
    something = " OR ".join(f"f.{name} IS NOT NULL" for name in opened) or "FALSE"
    values = "".join(f", f.{name}" for name in opened)
    sums = "".join(f", SUM({name}) AS {name}" for name in opened)
    execute(
        f"""
        CREATE TEMP TABLE {version.opened} ON COMMIT DROP AS
        SELECT f.account_key, f.account_id, f.month, f.currency, s.scope, s.key{values}
          FROM {version.rows} f {EACH_CLASS.format("f")} WHERE {something}
        """
    )
    execute(f"ANALYZE {version.opened} (account_key, account_id, month, scope, key)")
    execute(
        f"""
        CREATE TEMP TABLE {version.classes} ON COMMIT DROP AS
        SELECT scope, key, month{sums} FROM {version.opened} GROUP BY 1, 2, 3
        """
    )
    execute(f"ANALYZE {version.classes} (scope, key, month)")


def collect_rows_of_people(periods: Sequence[Period], versions: Sequence[Version]) -> None:
    """Single rows to the persons they name and to those persons' teams, or to their classes."""
    for level in LEVELS.values():
        definitions = versions[0].summed.rows_of(level)
        if not level.is_row_credit or not definitions:
            continue
        names = list(over_scope(definitions))
        selects = []
        for version in versions:
            for place, reach in enumerate(reaches(definitions)):
                for made in (linear_sums, cluster_sums):
                    sql = made(version, level, reach, names, periods, place == 0)
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


def team_join(level: Level) -> str:
    """What has to be joined to rows for whom they are credited to."""
    return "LEFT JOIN team_closure c ON c.id = f.person_team_id" if "team_closure" in level.join else ""


def linear_sums(
    version: Version, level: Level, reach: Reach, row_names: list[str], periods: Sequence[Period], _: bool
) -> str:
    """SELECT the linear sums of one version by person, team or class."""
    values = period_rows(periods, version.as_of.replace(day=1))
    names = linear_names(reach.definitions)
    table = version.classes if level.by_opening else version.people
    leaves = "".join(f", {summed_leaf(leaf, reach)}" for leaf in leaf_columns(reach.definitions, names))
    expressions = per_account(reach.definitions)
    sums = {name: f"{version.sign}({expressions[name]})" for name in names}
    return f"""(WITH {values}, {TEAM_CLOSURE}
        {level.outer}, {filled(row_names, sums, True)}
          FROM (SELECT p.starts, p.ends, {level.regroup}{leaves}
                  FROM period p
                  JOIN {table} f ON f.month >= p.{reach.begins} AND f.month < p.ends {team_join(level)}
                 GROUP BY p.starts, p.ends, {level.regroup} OFFSET 0) leaf)"""


def cluster_sums(
    version: Version,
    level: Level,
    reach: Reach,
    row_names: list[str],
    periods: Sequence[Period],
    is_first: bool,
) -> str:
    """SELECT the other sums of one version by person, team or class; empty where there is none to make."""
    names = clustered_names(reach.definitions)
    if names == {"accounts"} and not is_first:
        return ""
    values = period_rows(periods, version.as_of.replace(day=1))
    table = version.opened if level.by_opening else version.rows
    changed = (
        "JOIN run_moved ch ON ch.account_key = f.account_key AND ch.month < p.ends"
        if version.changed_only
        else ""
    )
    leaves = "".join(f", {summed_leaf(leaf, reach)}" for leaf in leaf_columns(reach.definitions, names))
    # Period by period, for few rows are grouped faster than many.
    clusters = f"""(
        SELECT p.starts, p.ends, made.*
          FROM period p
         CROSS JOIN LATERAL (
               SELECT f.account_id, {level.regroup}, MAX(f.currency) AS currency{leaves}
                 FROM {table} f {changed} {team_join(level)}
                WHERE f.month >= p.{reach.begins} AND f.month < p.ends
                GROUP BY f.account_id, {level.regroup} OFFSET 0) made)"""
    linear = linear_names(reach.definitions)
    sums = {
        name: f"{version.sign}SUM({sql})"
        for name, sql in over_scope(reach.definitions).items()
        if name not in linear
    }
    return f"""(WITH {values}, {TEAM_CLOSURE}
        {level.outer}, {filled(row_names, sums, is_first)}
          FROM ({parted(reach.definitions, clusters, [level.regroup], names)}) leaf {level.grouping})"""
