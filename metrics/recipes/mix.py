"""What stands above a scope's numbers: its accounts by tier at the period's start, and who came and went.

No number is made of it; a run stores it with those that are made of rows.
"""

from metrics.recipes.recipe import EVERYWHERE, STAMP, Recipe

MIX = "mix"
"""Its name among the stored figures."""

# What an account bought in the year before is the difference of two of its running totals; its place among those of
# all years is one number, by which the largest of a scope is found again. Accounts that are alike in everything that
# is asked for are counted once; a team's accounts are those of the teams below it, too, and nobody's have a place of
# their own in the closure.
TEXT = f"""
    , {STAMP},
    bought AS MATERIALIZED (
        SELECT p.starts, e.account_id, e.x - COALESCE(before.x, 0) AS x,
               ROW_NUMBER() OVER (ORDER BY e.x - COALESCE(before.x, 0) DESC, e.account_id, p.starts) AS place
          FROM (SELECT DISTINCT starts, start_month, last_year_start_month FROM period) p
          JOIN revenue e ON e.month = p.start_month
          LEFT JOIN revenue before ON before.account_id = e.account_id AND before.month = p.last_year_start_month),
    later AS MATERIALIZED (
        SELECT DISTINCT month, account_id, holder_id, holder_team_id
          FROM facts WHERE month IN (SELECT end_month FROM period) AND account_id IS NOT NULL),
    alike AS MATERIALIZED (
        SELECT s.starts, s.ends, s.owner_id, s.team_id, s.tier_id, s.industry_id, s.region_id, s.target,
               l.holder_id, l.holder_team_id, COUNT(*) AS n, COALESCE(SUM(b.x), 0) AS x, MIN(b.place) AS place
          FROM stamp s
          JOIN period p ON p.starts = s.starts AND p.ends = s.ends
          LEFT JOIN bought b ON b.starts = s.starts AND b.account_id = s.account_id
          LEFT JOIN later l ON l.month = p.end_month AND l.account_id = s.account_id
         WHERE s.account_id IS NOT NULL
         GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
    above AS (SELECT above_id, id FROM team_closure UNION ALL SELECT NULL, 0),
    tiers AS (
        SELECT starts, ends, scope, key, tier_id, SUM(n) AS n, SUM(x) AS x, MIN(place) AS place
          FROM (SELECT starts, ends, s.scope, s.key, tier_id, n, x, place
                  FROM alike
                 CROSS JOIN LATERAL (VALUES ('company', NULL::bigint), ('owner', owner_id), ('tier', tier_id),
                                            ('industry', industry_id), ('region', region_id),
                                            ('target', target::bigint)) s(scope, key)
                 UNION ALL
                SELECT starts, ends, 'team', c.above_id, tier_id, n, x, place
                  FROM alike JOIN above c ON c.id = COALESCE(team_id, 0)) counted
         GROUP BY 1, 2, 3, 4, 5),
    moved AS (
        SELECT starts, ends, scope, COALESCE(key, -1) AS key, SUM(taken) AS taken, SUM(handed) AS handed
          FROM (SELECT starts, ends, 'owner' AS scope, s.key, s.taken * n AS taken, s.handed * n AS handed
                  FROM alike
                 CROSS JOIN LATERAL (VALUES (holder_id, 1, 0), (owner_id, 0, 1)) s(key, taken, handed)
                 WHERE holder_id IS DISTINCT FROM owner_id
                 UNION ALL
                SELECT starts, ends, 'team', c.above_id, s.taken * n, s.handed * n
                  FROM alike
                 CROSS JOIN LATERAL (VALUES (holder_team_id, team_id, 1, 0),
                                            (team_id, holder_team_id, 0, 1)) s(team, other, taken, handed)
                  JOIN above c ON c.id = COALESCE(s.team, 0)
                 WHERE holder_team_id IS DISTINCT FROM team_id
                   AND NOT EXISTS (SELECT 1 FROM above o WHERE o.id = COALESCE(s.other, 0)
                                                           AND o.above_id IS NOT DISTINCT FROM c.above_id)) went
         GROUP BY 1, 2, 3, 4)
    -- figures
    SELECT t.starts, t.ends, t.scope, t.key, t.tiers, b.account_id AS largest, b.x AS most, m.taken, m.handed
      FROM (SELECT starts, ends, scope, key, MIN(place) AS place,
                   jsonb_agg(jsonb_build_array(tier_id, n, x) ORDER BY tier_id) AS tiers
              FROM tiers GROUP BY 1, 2, 3, 4) t
      LEFT JOIN bought b ON b.place = t.place
      LEFT JOIN moved m ON m.starts = t.starts AND m.ends = t.ends AND m.scope = t.scope
                       AND m.key = COALESCE(t.key, -1)"""

RECIPES = {
    MIX: Recipe(
        TEXT,
        "accounts",
        EVERYWHERE | {"order", "orderline", "classification"},
        relations=("revenue",),
        columns=("revenue",),
        months=(12, 0),
        # A year and a month before the start of a period that is a year long.
        reaches_back=25,
    ),
}
