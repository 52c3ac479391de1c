"""How much of the revenue stands in few accounts."""

from metrics.expressions import Window
from metrics.recipes.recipe import EVERYWHERE, STAMP, Behind, Beside, Recipe
from metrics.sources.orders import ORDER_LINES

ORDERS = EVERYWHERE | {"order", "orderline", "classification"}

# Each account's running total, of which two months give the sum between them.
RELATIONS = {
    "revenue": """
        SELECT DISTINCT ON (account_id, month)
               account_id, month, SUM(revenue) OVER w AS x, SUM(lines_no_rate) OVER w AS gaps
          FROM facts WHERE account_id IS NOT NULL AND month >= %(since)s
        WINDOW w AS (PARTITION BY account_id ORDER BY month)""",
}

SEGMENTS = "tier_id, industry_id, region_id, target"
SCOPE = f"""span, GROUPING({SEGMENTS}) AS scope,
               COALESCE(CASE GROUPING({SEGMENTS}) WHEN 7 THEN tier_id WHEN 11 THEN industry_id WHEN 13 THEN region_id
                                                  WHEN 14 THEN target END, -1) AS key"""
EACH = "GROUP BY span, GROUPING SETS ((), (tier_id), (industry_id), (region_id), (target))"

# Of the company and its segments: what a single person's few accounts add up to says little.
CONCENTRATION = f"""
    , {STAMP},
    bought AS MATERIALIZED (
        SELECT p.ends, e.account_id, e.x - COALESCE(before.x, 0) AS x,
               e.gaps - COALESCE(before.gaps, 0) AS gaps
          FROM (SELECT DISTINCT ends, end_month, last_year_end_month FROM period) p
          JOIN revenue e ON e.month = p.end_month
          LEFT JOIN revenue before ON before.account_id = e.account_id AND before.month = p.last_year_end_month
         WHERE e.x > COALESCE(before.x, 0) OR e.gaps > COALESCE(before.gaps, 0)),
    -- Each amount by its place among all of them, so that whole numbers are compared instead of decimals.
    placed AS MATERIALIZED (
        SELECT *, x * x AS square, (ROW_NUMBER() OVER (ORDER BY x DESC))::int AS place FROM bought),
    span AS (SELECT starts, ends, (ROW_NUMBER() OVER ())::int AS span FROM period),
    member AS MATERIALIZED (
        SELECT span.span, b.place, b.x, b.square, b.gaps, stamp.tier_id, stamp.industry_id, stamp.region_id,
               stamp.target::bigint AS target
          FROM span JOIN stamp USING (starts, ends) JOIN placed b USING (ends, account_id)),
    -- Amounts are added up once, by what their accounts are in every respect; each scope only lists them.
    fine AS (
        SELECT span, tier_id, industry_id, region_id, target, COUNT(*) AS n, SUM(x) AS total, SUM(square) AS squares,
               SUM(gaps) AS gaps, MAX(x) AS largest
          FROM member GROUP BY 1, 2, 3, 4, 5),
    whole AS (
        SELECT {SCOPE}, SUM(n) AS n, SUM(total) AS total, SUM(squares) AS squares, SUM(gaps) AS gaps,
               MAX(largest) AS largest
          FROM fine {EACH}),
    listed AS (SELECT {SCOPE}, array_agg(place) AS places FROM member {EACH}),
    top AS (
        SELECT span, scope, key, SUM(x) AS tenth
          FROM whole JOIN listed USING (span, scope, key)
         CROSS JOIN LATERAL (SELECT place FROM unnest(places) place ORDER BY place LIMIT CEIL(n / 10.0)) first
          JOIN placed USING (place)
         GROUP BY 1, 2, 3)
    -- figures
    SELECT span.starts, span.ends,
           CASE scope WHEN 15 THEN 'company' WHEN 7 THEN 'tier' WHEN 11 THEN 'industry' WHEN 13 THEN 'region'
                      ELSE 'target' END AS scope,
           NULLIF(key, -1) AS key, tenth / NULLIF(total, 0) AS value, tenth AS numerator, total AS denominator, n,
           NULL AS low, NULL AS high, NULLIF(gaps, 0) AS no_rate, largest / NULLIF(total, 0) AS top1,
           squares / NULLIF(total * total, 0) AS hhi
      FROM whole JOIN top USING (span, scope, key) JOIN span USING (span)"""

RECIPES = {
    "concentration": Recipe(
        CONCENTRATION,
        "accounts",
        ORDERS,
        (Behind("revenue", ORDER_LINES, "SUM(amount)", Window.T12, by_row=False, is_money=True),),
        ("revenue",),
        columns=("revenue", "lines_no_rate"),
        months=(12, 0),
        reaches_back=13,
        beside=(
            Beside("top1", "Share of the largest account", is_share=True),
            Beside("hhi", "Sum of squared shares (HHI)", decimals=3),
        ),
        terms=("revenue of the largest tenth of the accounts", "revenue of all accounts"),
    ),
}
