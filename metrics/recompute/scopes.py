"""The sums over whole accounts, for every scope that an account belongs to.

Accounts that always had the same owners (the same tiers, the same industry) are one group: their sums belong to the
same scopes in whichever period. What is linear is summed by group and month once; only the rest is evaluated for
every account and period. Scopes are then made of the few sums of groups.
"""

from collections.abc import Sequence

from accounts.periods import Period
from metrics.evaluate import as_object, parted, period_rows
from metrics.leaves import over_scope, per_account
from metrics.levels import TEAM_CLOSURE
from metrics.models import ScopeFigures, View
from metrics.recompute.stage import execute, exists
from metrics.recompute.totals import leaf_from_totals, leaves_from_totals, lookups
from metrics.recompute.version import Version

Kind = ScopeFigures.Kind
# What is grouped by, and the stamps that it stands for.
GROUPS = {
    "book": ("owner_id", "team_id"),
    "class": ("tier_id", "region_id", "is_target"),
    "industry": ("industry_id",),
}

# Each sum of a group, named by its place, once for every scope it is part of.
SCOPES = f"""
    SELECT f.ctid AS place, s.view, s.scope, s.key
      FROM run_fine f
     CROSS JOIN LATERAL (VALUES ('{View.AS_WAS}', 'owner', f.owner_id),
                                ('{View.CURRENT_BOOK}', 'owner', f.holder_id)) s(view, scope, key)
     WHERE f.kind = 'book'
     UNION ALL
    SELECT f.ctid, '{View.AS_WAS}', 'team', c.above_id
      FROM run_fine f LEFT JOIN team_closure c ON c.id = f.team_id WHERE f.kind = 'book'
     UNION ALL
    SELECT f.ctid, '{View.CURRENT_BOOK}', 'team', c.above_id
      FROM run_fine f LEFT JOIN team_closure c ON c.id = f.holder_team_id WHERE f.kind = 'book'
     UNION ALL
    SELECT f.ctid, '{View.AS_WAS}', s.scope, s.key
      FROM run_fine f
     CROSS JOIN LATERAL (VALUES ('tier', f.tier_id), ('region', f.region_id),
                                ('target', f.target::bigint)) s(scope, key)
     WHERE f.kind = 'class'
     UNION ALL
    SELECT f.ctid, '{View.AS_WAS}', s.scope, s.key
      FROM run_fine f
     CROSS JOIN LATERAL (VALUES ('industry', f.industry_id), ('company', NULL)) s(scope, key)
     WHERE f.kind = 'industry'"""


def make_groups(version: Version) -> None:
    """Which accounts always belonged together, and the totals of each such group, as temporary tables.

    An account that began later counts for the months before as it was at first, as everywhere.
    """
    if exists(version.groups):
        return
    stamped = ", ".join(f"ROW({', '.join(columns)})::text AS {kind}" for kind, columns in GROUPS.items())
    before = ", ".join(f"LAG({kind}) OVER w AS {kind}_before" for kind in GROUPS)
    histories = ", ".join(
        f"string_agg(CASE WHEN n > 1 THEN month::text ELSE '' END || {kind}, ';' ORDER BY month)"
        f" FILTER (WHERE n = 1 OR {kind} <> {kind}_before) AS {kind}"
        for kind in GROUPS
    )
    execute(
        f"""
        CREATE TEMP TABLE {version.groups} ON COMMIT DROP AS
        WITH stamped AS (SELECT account_key, month, {stamped} FROM {version.total}),
        followed AS (
            SELECT *, row_number() OVER w AS n, {before} FROM stamped
            WINDOW w AS (PARTITION BY account_key ORDER BY month)),
        known AS (SELECT account_key, {histories} FROM followed GROUP BY account_key)
        SELECT known.account_key, b.holder_id, b.holder_team_id,
               dense_rank() OVER (ORDER BY known.book, b.holder_id, b.holder_team_id) AS book,
               dense_rank() OVER (ORDER BY known.class) AS class,
               dense_rank() OVER (ORDER BY known.industry) AS industry
          FROM known
          LEFT JOIN {version.total} b ON b.account_key = known.account_key AND b.month = %(book_month)s
        """,
        {"book_month": version.facts.book_month},
    )
    execute(f"CREATE INDEX ON {version.groups} (account_key); ANALYZE {version.groups}")
    measures = ", ".join(
        f"SUM(t.{name}) AS {name}"
        for name in sorted({each.measure for each in version.summed.linear_columns})
    )
    execute(
        f"""
        CREATE TEMP TABLE {version.grouped} ON COMMIT DROP AS
        SELECT s.kind, s.place, t.month, MIN(MIN(t.began)) OVER (PARTITION BY s.kind, s.place) AS began,
               MAX(t.owner_id) AS owner_id, MAX(t.team_id) AS team_id, MAX(t.tier_id) AS tier_id,
               MAX(t.region_id) AS region_id, BOOL_OR(t.is_target)::int AS target,
               MAX(t.industry_id) AS industry_id, MAX(g.holder_id) AS holder_id,
               MAX(g.holder_team_id) AS holder_team_id, {measures}
          FROM {version.total} t
          JOIN {version.groups} g ON g.account_key = t.account_key
         CROSS JOIN LATERAL (VALUES ('book', g.book), ('class', g.class), ('industry', g.industry)) s(kind, place)
         GROUP BY s.kind, s.place, t.month
        """
    )
    execute(f"CREATE INDEX ON {version.grouped} (month, kind, place)")
    execute(f"ANALYZE {version.grouped} (kind, place, month, began)")


def collect_accounts_of_scopes(periods: Sequence[Period], versions: Sequence[Version]) -> None:
    """Whole accounts to the scopes they belong to, by way of the sums of groups."""
    selects = [sums_of_groups(version, periods) for version in versions]
    execute("DROP TABLE IF EXISTS run_fine")
    execute(f"CREATE TEMP TABLE run_fine ON COMMIT DROP AS {' UNION ALL '.join(selects)}")
    names = versions[0].summed.names
    sums = ", ".join(f'NULLIF(SUM("{name}"), 0) AS "{name}"' for name in names)
    execute(
        f"""
        INSERT INTO run_raw (view, starts, ends, scope, key, kind, figures)
        WITH {TEAM_CLOSURE}, scoped AS ({SCOPES})
        SELECT view, starts, ends, scope, key, '{Kind.ACCOUNTS}', {as_object(names)}
          FROM (SELECT view, starts, ends, scope, key, {sums}
                  FROM scoped JOIN run_fine f ON f.ctid = scoped.place
                 GROUP BY 1, 2, 3, 4, 5 OFFSET 0) summed
        """
    )


def sums_of_groups(version: Version, periods: Sequence[Period]) -> str:
    """SELECT the sums of one version by period and group, with what the group was at the period's start."""
    values = period_rows(periods, version.as_of.replace(day=1))
    summed = version.summed
    expressions = per_account(summed.definitions)
    leaves = ",\n        ".join(leaf_from_totals(column) for column in summed.linear_columns)
    linear = ", ".join(
        f'{version.sign}({expressions[name]}) AS "{name}"'
        if name in summed.linear
        else f'NULL::numeric AS "{name}"'
        for name in summed.names
    )
    accounts = leaves_from_totals(version, summed.clustered, version.groups)
    parts = parted(summed.definitions, accounts, tuple(GROUPS), summed.clustered)
    clustered = ", ".join(
        f'NULL::numeric AS "{name}"' if name in summed.linear else f'{version.sign}SUM({sql}) AS "{name}"'
        for name, sql in over_scope(summed.definitions).items()
    )
    return f"""(WITH {values}, sums AS (
        SELECT starts, ends, kind, place, {linear}
          FROM (SELECT p.starts, p.ends, e.kind, e.place, {leaves}
                  FROM period p JOIN {version.grouped} e ON e.month = p.end_month
                  {lookups(version.grouped, ("kind", "place"))} OFFSET 0) leaf
         UNION ALL
        SELECT starts, ends,
               CASE GROUPING(book, class, industry) WHEN 3 THEN 'book' WHEN 5 THEN 'class' ELSE 'industry' END,
               COALESCE(book, class, industry), {clustered}
          FROM ({parts}) parts
         GROUP BY GROUPING SETS ((starts, ends, book), (starts, ends, class), (starts, ends, industry)))
        SELECT x.owner_id, x.team_id, x.holder_id, x.holder_team_id, x.tier_id, x.region_id, x.target,
               x.industry_id, sums.*
          FROM sums
          JOIN {version.grouped} x ON x.kind = sums.kind AND x.place = sums.place
                                  AND x.month = GREATEST(sums.starts, x.began))"""
