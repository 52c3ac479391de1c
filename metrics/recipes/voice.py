"""Reasons of losses, activity against result, and what is released about our own people."""

from metrics.recipes.recipe import (
    EVERYWHERE,
    ROW_SCOPES,
    SCOPE_NAME,
    SHARE,
    STAMP,
    Behind,
    Beside,
    Recipe,
    Split,
)
from metrics.sources.outcomes import IS_MET, IS_OPEN, ON_TRACK, OUTCOMES
from metrics.sources.voice import LOSSES

RELATIONS: dict[str, str] = {}

CHURN_REASONS = f"""
    , {STAMP},
    credited AS (
        SELECT p.starts, p.ends, r.account_id, owner.user_id AS person_id, r.id, TRUE AS is_first,
               date_trunc('month', r.lost_on)::date AS month, COALESCE(x.name, 'unknown') AS x
          FROM period p
          JOIN accounts_lossinterview r ON r.lost_on >= p.starts AND r.lost_on < p.ends
          LEFT JOIN accounts_lossreason x ON x.id = r.reason_id
          LEFT JOIN accounts_assignment owner ON owner.account_id = r.account_id
                AND owner.role = 'owner' AND owner.during @> r.lost_on),
    {ROW_SCOPES},
    counted AS (SELECT starts, ends, scope, key, x, COUNT(*) AS number FROM scoped GROUP BY 1, 2, 3, 4, 5),
    whole AS (SELECT c.*, SUM(number) OVER (PARTITION BY starts, ends, scope, key) AS total FROM counted c)
    -- figures
    SELECT starts, ends, {SCOPE_NAME} AS scope, key, MAX(number) / MAX(total) AS value, MAX(number) AS numerator,
           MAX(total) AS denominator, MAX(total) AS n, NULL AS low, NULL AS high,
           jsonb_agg(jsonb_build_object('name', x, 'value', number / total, 'numerator', number, 'n', total)
                     ORDER BY number DESC, x) AS slices
      FROM whole GROUP BY 1, 2, 3, 4"""

# The same goals on both sides: those with a result that was due in the period and judged. Whole goals belong to the
# account's owner at the period's start.
DISCREPANCY = f"""
    , {STAMP},
    cohort AS (
        SELECT p.starts, p.ends, o.account_id, r.goal_id, {IS_MET} AS is_met
          FROM period p
          JOIN accounts_outcome r ON r.due_on >= p.starts AND r.due_on < p.ends AND r.met IS NOT NULL
          JOIN accounts_goal g ON g.id = r.goal_id
          JOIN accounts_plan o ON o.id = g.plan_id),
    fact AS (
        SELECT starts, ends, account_id, NULL::int AS lead, is_met::int AS lag FROM cohort
         UNION ALL
        SELECT c.starts, c.ends, c.account_id, {ON_TRACK.format(day="(c.starts - 1)")}::int, NULL
          FROM (SELECT DISTINCT starts, ends, account_id, goal_id FROM cohort) c
          JOIN accounts_milestone s ON s.goal_id = c.goal_id AND {IS_OPEN.format(day="(c.starts - 1)")}),
    placed AS (
        SELECT fact.*, stamp.owner_id, stamp.team_id, stamp.tier_id, stamp.industry_id, stamp.region_id, stamp.target
          FROM fact LEFT JOIN stamp USING (starts, ends, account_id)),
    scoped AS (
        SELECT starts, ends, s.scope, s.key, lead, lag FROM placed
         CROSS JOIN LATERAL (VALUES ('company', NULL::bigint), ('owner', owner_id), ('tier', tier_id),
                                    ('industry', industry_id), ('region', region_id), ('target', target::bigint),
                                    ('account', account_id)) s(scope, key)
         UNION ALL
        SELECT starts, ends, 'team', c.above_id, lead, lag FROM placed
          LEFT JOIN team_closure c ON c.id = placed.team_id)
    -- figures
    SELECT starts, ends, scope, key, AVG(lead) - AVG(lag) AS value, NULL AS numerator, NULL AS denominator,
           COUNT(lag) AS n, NULL AS low, NULL AS high, AVG(lead) AS leading, AVG(lag) AS achieved,
           COUNT(lead) AS steps
      FROM scoped GROUP BY 1, 2, 3, 4"""

# Only what was released is read. The newest wave of a period that has a row for the group speaks for it; a hidden row
# yields no value.
RELEASED = """
    , released AS (
        SELECT DISTINCT ON (p.starts, p.ends, scope, key) p.starts, p.ends,
               r.dimension AS scope, r.team_key AS key, r.n, r.favourable, r.unfavourable, r.total
          FROM period p
          JOIN accounts_employeewave w ON COALESCE(w.closed_on, w.closes_on) >= p.starts
           AND COALESCE(w.closed_on, w.closes_on) < p.ends AND w.state = 'released'
          JOIN accounts_employeeresult r ON r.wave_id = w.id AND r.item = '{item}'
           AND (r.dimension = 'company' OR (r.dimension = 'team' AND r.team_key IS NOT NULL))
         ORDER BY p.starts, p.ends, scope, key, COALESCE(w.closed_on, w.closes_on) DESC, w.id DESC)
    -- figures
    SELECT starts, ends, scope, key, {value} AS value, {numerator} AS numerator,
           n AS denominator, n, {low} AS low, {high} AS high{mean}
      FROM released WHERE n IS NOT NULL"""

Z2 = "3.8414588"
WILSON = (
    f"((favourable + {Z2} / 2) {{sign}} 1.959964 * SQRT(favourable * (n - favourable) / n::numeric + {Z2} / 4))"
    f" / (n + {Z2})"
)
ADJUSTED = (
    "((favourable - unfavourable) / (n + 3.0) {sign} 1.959964 * SQRT(GREATEST((favourable + unfavourable + 1.5)"
    " / (n + 3.0) - POWER((favourable - unfavourable) / (n + 3.0), 2), 0) / (n + 3.0)))"
)

# Of every month of the period its last day, or the day of the run; of every team the newest number up to that day.
ATTRITION = """
    , days AS (
        SELECT p.starts, p.ends, LEAST((m + INTERVAL '1 month')::date - 1, p.day) AS day
          FROM period p CROSS JOIN LATERAL generate_series(p.starts, LEAST(p.ends - 1, p.day), '1 month') m),
    heads AS (
        SELECT starts, ends, AVG(people) AS people
          FROM (SELECT d.starts, d.ends, d.day, SUM(h.number) AS people
                  FROM days d
                  CROSS JOIN LATERAL (
                        SELECT DISTINCT ON (h.team_id) h.number FROM accounts_headcount h
                         WHERE h."on" <= d.day ORDER BY h.team_id, h."on" DESC) h
                 GROUP BY 1, 2, 3) monthly
         GROUP BY 1, 2),
    gone AS (
        SELECT p.starts, p.ends, COUNT(*) AS number
          FROM period p
          JOIN accounts_leaver l ON l.left_on >= p.starts AND l.left_on <= p.day AND l.reason <> 'moved'
         GROUP BY 1, 2)
    -- figures
    SELECT h.starts, h.ends, 'company' AS scope, NULL::bigint AS key,
           COALESCE(g.number, 0) / NULLIF(h.people, 0) AS value, COALESCE(g.number, 0) AS numerator,
           ROUND(h.people, 1) AS denominator, ROUND(h.people) AS n, NULL AS low, NULL AS high
      FROM heads h LEFT JOIN gone g ON g.starts = h.starts AND g.ends = h.ends"""

RECIPES = {
    "churn_reasons": Recipe(
        CHURN_REASONS,
        "losses",
        EVERYWHERE | {"lossinterview", "lossreason", "assignment", "classification"},
        (Behind("losses noted", LOSSES, "COUNT(*)"),),
        terms=("losses with the most frequent reason", "losses noted"),
        split=Split("reason"),
        made_of="lossinterview",
    ),
    "discrepancy": Recipe(
        DISCREPANCY,
        "results",
        EVERYWHERE | {"plan", "milestone", "milestonecheck", "outcome", "assignment", "classification"},
        (Behind("results due", OUTCOMES, "COUNT(*) FILTER (WHERE is_met IS NOT NULL)", by_row=False),),
        beside=(
            Beside("leading", "Steps on track before", is_share=True),
            Beside("achieved", "Results met", is_share=True),
            Beside("steps", "Steps open before"),
        ),
        made_of="outcome",
    ),
    "employee_satisfaction": Recipe(
        RELEASED.format(
            item="satisfaction",
            value="favourable / n::numeric",
            numerator="favourable",
            low=WILSON.format(sign="-"),
            high=WILSON.format(sign="+"),
            mean=", total / n::numeric AS mean",
        ),
        "answers",
        frozenset({"employeeresult"}),
        beside=(Beside("mean", "Mean of 5", decimals=1),),
        terms=("favourable answers", "answers"),
        interval=SHARE,
        made_of="employeeresult",
    ),
    "enps": Recipe(
        RELEASED.format(
            item="enps",
            value="(favourable - unfavourable) / n::numeric",
            numerator="favourable - unfavourable",
            low=f"GREATEST(-1, {ADJUSTED.format(sign='-')})",
            high=f"LEAST(1, {ADJUSTED.format(sign='+')})",
            mean="",
        ),
        "answers",
        frozenset({"employeeresult"}),
        terms=("promoters less detractors", "answers"),
        interval="adjusted Wald for the difference of two shares, 95 %",
        made_of="employeeresult",
    ),
    "attrition": Recipe(
        ATTRITION,
        "people",
        frozenset({"headcount", "leaver"}),
        terms=("people who left", "people on average"),
        made_of="headcount",
    ),
}
