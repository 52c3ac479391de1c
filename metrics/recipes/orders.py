"""How much of the revenue stands in few accounts."""

from metrics.expressions import Window
from metrics.recipes.recipe import EVERYWHERE, STAMP, Behind, Beside, Recipe
from metrics.sources.orders import ORDER_LINES

ORDERS = EVERYWHERE | {"order", "orderline", "classification"}

# Each account's running total, of which two months give the sum between them.
RELATIONS = {
    "revenue": """
        SELECT DISTINCT account_id, month, SUM(revenue) OVER w AS x, SUM(lines_no_rate) OVER w AS gaps
          FROM facts WHERE account_id IS NOT NULL AND month >= %(since)s
        WINDOW w AS (PARTITION BY account_id ORDER BY month)""",
}

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
    -- Sorted as whole numbers: each amount by its place among those of its year, each period and scope by a number.
    placed AS MATERIALIZED (
        SELECT *, (ROW_NUMBER() OVER (PARTITION BY ends ORDER BY x DESC))::int AS place FROM bought),
    span AS (SELECT starts, ends, (ROW_NUMBER() OVER ())::int * 8 AS span FROM period),
    sorted AS (
        SELECT span + s.scope AS number, s.key, COUNT(*) AS n, SUM(b.x) AS total, SUM(b.x * b.x) AS squares,
               SUM(b.gaps) AS gaps, array_agg(b.x ORDER BY b.place) AS xs
          FROM span p
          JOIN placed b USING (ends)
          LEFT JOIN stamp USING (starts, ends, account_id)
         CROSS JOIN LATERAL (VALUES (0, NULL::bigint), (1, stamp.tier_id), (2, stamp.industry_id),
                                    (3, stamp.region_id), (4, stamp.target::bigint)) s(scope, key)
         GROUP BY 1, 2),
    top AS (
        SELECT span.starts, span.ends,
               (ARRAY['company', 'tier', 'industry', 'region', 'target'])[number - span + 1] AS scope, key, n, total,
               squares, gaps, xs[1] AS largest, (SELECT SUM(x) FROM unnest(xs[1:CEIL(n / 10.0)::int]) x) AS tenth
          FROM sorted JOIN span ON span = number / 8 * 8)
    -- figures
    SELECT starts, ends, scope, key, tenth / NULLIF(total, 0) AS value, tenth AS numerator, total AS denominator, n,
           NULL AS low, NULL AS high, NULLIF(gaps, 0) AS no_rate, largest / NULLIF(total, 0) AS top1,
           squares / NULLIF(total * total, 0) AS hhi
      FROM top"""

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
