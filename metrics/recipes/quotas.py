"""Quotas in their own windows, and the pipeline that is to fill what is missing."""

from metrics.expressions import Window
from metrics.recipes.recipe import CREDITED, EVERYWHERE, NO_RATE, Behind, Recipe
from metrics.sources.deals import OPEN_DEALS
from metrics.sources.orders import ORDER_LINES

QUOTAS = EVERYWHERE | {"order", "orderline", "quota", "assignment"}
PIPELINE = QUOTAS | {"opportunity", "opportunityphase", "opportunitystage"}

QUOTA_WINDOWS = """quota AS (
    SELECT q.user_id, q.starts_on, LEAD(q.starts_on) OVER (PARTITION BY q.user_id ORDER BY q.starts_on) AS ends_on,
           q.amount * CASE WHEN q.currency = org.reporting_currency THEN 1 ELSE r.rate END AS amount
      FROM accounts_quota q CROSS JOIN accounts_organisation org
      LEFT JOIN metrics_dailyrate r ON r.currency = q.currency AND r.day = q.starts_on)"""

QUOTAS_HELD = """(
    SELECT user_id, starts_on, LEAD(starts_on) OVER (PARTITION BY user_id ORDER BY starts_on) AS ends_on
      FROM accounts_quota)"""

RELATIONS = {
    "booked": f"""
        SELECT COALESCE(r.person_id, owner.user_id) AS person_id, r.date, SUM(r.amount) AS amount,
               COUNT(*) FILTER (WHERE {NO_RATE}) AS gaps
          FROM ({ORDER_LINES.select()}) r {CREDITED}
         WHERE r.date >= (SELECT MIN(starts_on) FROM {QUOTAS_HELD} q WHERE COALESCE(ends_on, 'infinity') > %(since)s)
         GROUP BY 1, 2""",
}

QUOTA_SCOPES = """
    SELECT {over}, 'company' AS scope, NULL::bigint AS key, booked, quota, gaps FROM held
     UNION ALL SELECT {over}, 'owner', user_id, booked, quota, gaps FROM held
     UNION ALL
    SELECT {over}, 'team', c.above_id, booked, quota, gaps FROM held
      LEFT JOIN accounts_membership m ON m.user_id = held.user_id AND m.during @> held.starts_on
      LEFT JOIN team_closure c ON c.id = m.team_id"""

QUOTA_ATTAINMENT = f"""
    , {QUOTA_WINDOWS},
    held AS (
        SELECT p.starts, p.ends, q.user_id, q.starts_on, q.amount AS quota,
               COALESCE(SUM(b.amount), 0) AS booked, COALESCE(SUM(b.gaps), 0) + (q.amount IS NULL)::int AS gaps
          FROM period p
          JOIN quota q ON q.starts_on >= p.starts AND q.starts_on < p.ends
          LEFT JOIN booked b ON b.person_id = q.user_id AND b.date >= q.starts_on
                            AND b.date < COALESCE(q.ends_on, 'infinity'::date)
         GROUP BY 1, 2, 3, 4, 5),
    scoped AS ({QUOTA_SCOPES.format(over="starts, ends")})
    -- figures
    SELECT starts, ends, scope, key, CASE WHEN SUM(quota) > 0 THEN SUM(booked) / SUM(quota) END AS value,
           SUM(booked) AS numerator, SUM(quota) AS denominator, COUNT(*) AS n, NULL AS low, NULL AS high,
           NULLIF(SUM(gaps), 0) AS no_rate
      FROM scoped GROUP BY 1, 2, 3, 4"""

# All of it by the last day, on which several periods end.
PIPELINE_COVERAGE = f"""
    , {QUOTA_WINDOWS},
    until AS (SELECT DISTINCT day FROM period),
    held AS (
        SELECT p.day, q.user_id, q.starts_on, q.amount AS quota,
               COALESCE(SUM(b.amount), 0) AS booked, COALESCE(SUM(b.gaps), 0) + (q.amount IS NULL)::int AS gaps
          FROM until p
          JOIN quota q ON q.starts_on <= p.day AND COALESCE(q.ends_on, 'infinity'::date) > p.day
          -- Before the quota's end goes without saying; said, nothing behind it is read.
          LEFT JOIN booked b ON b.person_id = q.user_id AND b.date >= q.starts_on AND b.date <= p.day
                            AND b.date < COALESCE(q.ends_on, 'infinity'::date)
         GROUP BY 1, 2, 3, 4),
    scoped AS ({QUOTA_SCOPES.format(over="day")}),
    gap AS (SELECT day, scope, key, SUM(quota) - SUM(booked) AS gap, COUNT(*) AS n, SUM(gaps) AS gaps
              FROM scoped GROUP BY 1, 2, 3),
    -- By person first, then for whom they stand.
    pipeline AS MATERIALIZED (
        SELECT r.date AS day, owner.user_id, SUM(r.weighted) AS x, COUNT(*) FILTER (WHERE {NO_RATE}) AS gaps
          FROM ({OPEN_DEALS.select(days="(SELECT day FROM until)")}) r {CREDITED}
         GROUP BY 1, 2),
    waiting AS (
        SELECT w.day, s.scope, s.key, SUM(w.x) AS x, SUM(w.gaps) AS gaps
          FROM pipeline w
         CROSS JOIN LATERAL (VALUES ('company', NULL::bigint), ('owner', w.user_id)) s(scope, key)
         GROUP BY 1, 2, 3
         UNION ALL
        SELECT w.day, 'team', c.above_id, SUM(w.x), SUM(w.gaps)
          FROM pipeline w
          LEFT JOIN accounts_membership m ON m.user_id = w.user_id AND m.during @> w.day
          LEFT JOIN team_closure c ON c.id = m.team_id GROUP BY 1, 3)
    -- figures
    SELECT p.starts, p.ends, g.scope, g.key, CASE WHEN g.gap > 0 THEN COALESCE(w.x, 0) / g.gap END AS value,
           COALESCE(w.x, 0) AS numerator, g.gap AS denominator, g.n, NULL AS low, NULL AS high,
           NULLIF(g.gaps + COALESCE(w.gaps, 0), 0) AS no_rate
      FROM gap g
      JOIN period p USING (day)
      LEFT JOIN waiting w ON w.day = g.day AND w.scope = g.scope AND COALESCE(w.key, -1) = COALESCE(g.key, -1)"""

RECIPES = {
    "quota_attainment": Recipe(
        QUOTA_ATTAINMENT,
        "quotas",
        QUOTAS,
        (Behind("booked", ORDER_LINES, "SUM(amount)", is_money=True, in_quota=True),),
        ("booked",),
        has_windows=True,
        terms=("booked", "quota"),
        made_of="quota",
    ),
    "pipeline_coverage": Recipe(
        PIPELINE_COVERAGE,
        "quotas",
        PIPELINE,
        (Behind("open pipeline, weighted", OPEN_DEALS, "SUM(weighted)", Window.AT_END, is_money=True),),
        ("booked",),
        terms=("open pipeline, weighted", "quota not booked yet"),
        made_of="quota",
    ),
}
