"""KPIs evaluated from single rows: medians, distributions, and quotas in their own windows.

A recipe is SQL over the relations `period` (with the bounds of every window and `day`, the as-of day within the
period), `facts` and `team_closure`. It yields `starts, ends, scope, key, value, numerator, denominator, n, low,
high` for every scope it is defined for; shares between 0 and 1.
"""

from dataclasses import dataclass

from metrics.sources.deals import CLOSED_DEALS, OPEN_DEALS
from metrics.sources.orders import ORDER_LINES


@dataclass(frozen=True)
class Recipe:
    text: str
    label: str
    tables: frozenset[str]
    """The watched tables (as the queue names them) whose changes can alter it; others leave it alone."""
    has_windows: bool = False
    """Later rows alter it too, as long as the window of a quota that began in the period is open."""
    reads_rows: bool = True
    """Made of rows as they are today; only facts keep what they were."""


EVERYWHERE = {"account", "membership", "team", "exchangerate"}
DEALS = frozenset({"opportunity", "opportunitysplit", "assignment", "classification", *EVERYWHERE})
ORDERS = frozenset({"order", "orderline", "classification", *EVERYWHERE})
QUOTAS = frozenset({"order", "orderline", "quota", "assignment", *EVERYWHERE})
PIPELINE = QUOTAS | {"opportunity", "opportunityphase", "opportunitystage"}


# The owner, team and segment of an account at the period's start, or when it began if that was later.
STAMP = """stamp AS (
    SELECT p.starts, p.ends, f.account_id, f.owner_id, f.team_id, f.tier_id, f.industry_id, f.region_id,
           f.is_target::int AS target
      FROM period p JOIN facts f ON f.month = p.starts
     UNION
    SELECT p.starts, p.ends, f.account_id, f.owner_id, f.team_id, f.tier_id, f.industry_id, f.region_id,
           f.is_target::int
      FROM period p JOIN facts f ON f.month = f.began AND f.began > p.starts AND f.began < p.ends)"""

CREDITED = """LEFT JOIN accounts_assignment owner ON owner.account_id = r.account_id
                AND owner.role = 'owner' AND owner.during @> r.date"""

# A person's first team counts from the first day of its month on, as in the facts. A deal with several persons is
# one deal of the company and of a team.
ROW_SCOPES = """scoped AS (
    SELECT starts, ends, 'company' AS scope, NULL::bigint AS key, id, x FROM credited WHERE is_first
     UNION ALL
    SELECT starts, ends, 'owner', person_id, id, x FROM credited
     UNION ALL
    SELECT DISTINCT starts, ends, 'team', c.above_id, credited.id, x FROM credited
      LEFT JOIN (SELECT user_id, MIN(LOWER(during)) AS day FROM accounts_membership GROUP BY 1) first
             ON first.user_id = person_id AND date_trunc('month', first.day) = credited.month
      LEFT JOIN accounts_membership m
             ON m.user_id = person_id AND m.during @> COALESCE(first.day, credited.month)
      LEFT JOIN team_closure c ON c.id = m.team_id
     UNION ALL
    SELECT starts, ends, s.scope, s.key, credited.id, x FROM credited
      LEFT JOIN stamp USING (starts, ends, account_id)
     CROSS JOIN LATERAL (VALUES ('tier', stamp.tier_id), ('industry', stamp.industry_id),
                                ('region', stamp.region_id), ('target', stamp.target)) s(scope, key)
     WHERE is_first)"""

# The bounds are order statistics at the ranks n/2 -+ 0.98 sqrt(n): free of any distribution of the values, with the
# binomial of the ranks approximated by a normal one, so rough where n is small (none are given below 6).
MEDIAN = f"""
    , {STAMP},
    credited AS (
        SELECT p.starts, p.ends, r.account_id, r.person_id, r.id, r.is_first,
               date_trunc('month', r.date)::date AS month, {{x}} AS x
          FROM period p
          JOIN deal r ON r.date >= p.starts AND r.date < p.ends
         WHERE {{x}} IS NOT NULL AND {{condition}}),
    {ROW_SCOPES},
    sorted AS (
        SELECT starts, ends, scope, key, COUNT(*)::int AS n, array_agg(x ORDER BY x) AS xs
          FROM scoped GROUP BY 1, 2, 3, 4)
    -- figures
    SELECT starts, ends, scope, key, (xs[(n + 1) / 2] + xs[n / 2 + 1]) / 2.0 AS value,
           NULL AS numerator, NULL AS denominator, n,
           CASE WHEN n >= 6 THEN xs[GREATEST(1, FLOOR(n / 2.0 - 0.98 * SQRT(n)))::int] END AS low,
           CASE WHEN n >= 6 THEN xs[LEAST(n, CEIL(n / 2.0 + 1 + 0.98 * SQRT(n)))::int] END AS high
      FROM sorted"""

# Of the company and its segments: what a single person's few accounts add up to says little.
CONCENTRATION = f"""
    , {STAMP},
    bought AS (
        SELECT p.ends, e.account_id, e.x - COALESCE(before.x, 0) AS x
          FROM (SELECT DISTINCT ends, end_month, last_year_end_month FROM period) p
          JOIN revenue e ON e.month = p.end_month
          LEFT JOIN revenue before ON before.account_id = e.account_id AND before.month = p.last_year_end_month
         WHERE e.x > COALESCE(before.x, 0)),
    scoped AS (
        SELECT p.starts, p.ends, s.scope, s.key, b.x
          FROM period p
          JOIN bought b USING (ends)
          LEFT JOIN stamp USING (starts, ends, account_id)
         CROSS JOIN LATERAL (VALUES ('company', NULL::bigint), ('tier', stamp.tier_id),
                                    ('industry', stamp.industry_id), ('region', stamp.region_id),
                                    ('target', stamp.target::bigint)) s(scope, key)),
    sorted AS (
        SELECT starts, ends, scope, key, COUNT(*) AS n, SUM(x) AS total, SUM(x * x) AS squares,
               array_agg(x ORDER BY x DESC) AS xs
          FROM scoped GROUP BY 1, 2, 3, 4),
    top AS (SELECT *, (SELECT SUM(x) FROM unnest(xs[1:CEIL(n / 10.0)::int]) x) AS tenth FROM sorted)
    -- figures
    SELECT starts, ends, scope, key, tenth / total AS value, tenth AS numerator, total AS denominator, n,
           NULL AS low, NULL AS high, xs[1] / total AS top1, squares / (total * total) AS hhi
      FROM top"""

QUOTA_WINDOWS = """quota AS (
    SELECT q.user_id, q.starts_on, LEAD(q.starts_on) OVER (PARTITION BY q.user_id ORDER BY q.starts_on) AS ends_on,
           q.amount * CASE WHEN q.currency = org.reporting_currency THEN 1 ELSE r.rate END AS amount
      FROM accounts_quota q CROSS JOIN accounts_organisation org
      LEFT JOIN metrics_dailyrate r ON r.currency = q.currency AND r.day = q.starts_on)"""

# What recipes read besides the facts' rows: a run makes these once, a page inside its statement. A deal whose credit
# is split has one row a person, each with the amount of the whole deal; revenue is each account's running total, of
# which two months give the sum between them.
RELATIONS = {
    "revenue": """
        SELECT DISTINCT account_id, month, SUM(revenue) OVER (PARTITION BY account_id ORDER BY month) AS x
          FROM facts WHERE account_id IS NOT NULL""",
    "deal": f"""
        SELECT r.id, r.account_id, r.date, COALESCE(r.person_id, owner.user_id) AS person_id,
               SUM(r.amount) OVER (PARTITION BY r.id) AS amount, r.days,
               ROW_NUMBER() OVER (PARTITION BY r.id) = 1 AS is_first
          FROM ({CLOSED_DEALS.select()}) r {CREDITED} WHERE r.is_won""",
    "booked": f"""
        SELECT COALESCE(r.person_id, owner.user_id) AS person_id, r.date, SUM(r.amount) AS amount
          FROM ({ORDER_LINES.select()}) r {CREDITED}
         WHERE r.date >= (SELECT MIN(starts_on) FROM accounts_quota)
         GROUP BY 1, 2""",
}

QUOTA_SCOPES = """
    SELECT starts, ends, 'company' AS scope, NULL::bigint AS key, booked, quota, user_id FROM held
     UNION ALL SELECT starts, ends, 'owner', user_id, booked, quota, user_id FROM held
     UNION ALL
    SELECT starts, ends, 'team', c.above_id, booked, quota, held.user_id FROM held
      LEFT JOIN accounts_membership m ON m.user_id = held.user_id AND m.during @> held.starts_on
      LEFT JOIN team_closure c ON c.id = m.team_id"""

QUOTA_ATTAINMENT = f"""
    , {QUOTA_WINDOWS},
    held AS (
        SELECT p.starts, p.ends, q.user_id, q.starts_on, q.amount AS quota,
               COALESCE(SUM(b.amount), 0) AS booked
          FROM period p
          JOIN quota q ON q.starts_on >= p.starts AND q.starts_on < p.ends
          LEFT JOIN booked b ON b.person_id = q.user_id AND b.date >= q.starts_on
                            AND b.date < COALESCE(q.ends_on, 'infinity'::date)
         GROUP BY 1, 2, 3, 4, 5),
    scoped AS ({QUOTA_SCOPES})
    -- figures
    SELECT starts, ends, scope, key, CASE WHEN SUM(quota) > 0 THEN SUM(booked) / SUM(quota) END AS value,
           SUM(booked) AS numerator, SUM(quota) AS denominator, COUNT(*) AS n, NULL AS low, NULL AS high
      FROM scoped GROUP BY 1, 2, 3, 4"""

PIPELINE_COVERAGE = f"""
    , {QUOTA_WINDOWS},
    held AS (
        SELECT p.starts, p.ends, q.user_id, q.starts_on, q.amount AS quota, COALESCE(SUM(b.amount), 0) AS booked
          FROM period p
          JOIN quota q ON q.starts_on <= p.day AND COALESCE(q.ends_on, 'infinity'::date) > p.day
          LEFT JOIN booked b ON b.person_id = q.user_id AND b.date >= q.starts_on AND b.date <= p.day
         GROUP BY 1, 2, 3, 4, 5),
    scoped AS ({QUOTA_SCOPES}),
    gap AS (SELECT starts, ends, scope, key, SUM(quota) - SUM(booked) AS gap, COUNT(*) AS n
              FROM scoped GROUP BY 1, 2, 3, 4),
    pipeline AS (
        SELECT p.starts, p.ends, r.account_id, owner.user_id, r.weighted
          FROM period p
          JOIN ({OPEN_DEALS.select(days="(SELECT DISTINCT day FROM period)")}) r ON r.date = p.day
          {CREDITED}),
    waiting AS (
        SELECT starts, ends, 'company' AS scope, NULL::bigint AS key, SUM(weighted) AS x FROM pipeline GROUP BY 1, 2
         UNION ALL
        SELECT starts, ends, 'owner', user_id, SUM(weighted) FROM pipeline GROUP BY 1, 2, 4
         UNION ALL
        SELECT p.starts, p.ends, 'team', c.above_id, SUM(weighted)
          FROM pipeline p JOIN period USING (starts, ends)
          LEFT JOIN accounts_membership m ON m.user_id = p.user_id AND m.during @> period.day
          LEFT JOIN team_closure c ON c.id = m.team_id GROUP BY 1, 2, 4)
    -- figures
    SELECT g.starts, g.ends, g.scope, g.key, CASE WHEN g.gap > 0 THEN COALESCE(w.x, 0) / g.gap END AS value,
           COALESCE(w.x, 0) AS numerator, g.gap AS denominator, g.n, NULL AS low, NULL AS high
      FROM gap g LEFT JOIN waiting w ON w.starts = g.starts AND w.ends = g.ends AND w.scope = g.scope
                                    AND w.key IS NOT DISTINCT FROM g.key"""

RECIPES: dict[str, Recipe] = {
    "median_deal_size": Recipe(MEDIAN.format(x="r.amount", condition="TRUE"), "deals won", DEALS),
    "sales_cycle_median": Recipe(MEDIAN.format(x="r.days", condition="r.days >= 0"), "deals won", DEALS),
    "concentration": Recipe(CONCENTRATION, "accounts", ORDERS, reads_rows=False),
    "quota_attainment": Recipe(QUOTA_ATTAINMENT, "quotas", QUOTAS, has_windows=True),
    "pipeline_coverage": Recipe(PIPELINE_COVERAGE, "quotas", PIPELINE),
}
