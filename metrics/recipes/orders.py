"""How much of the revenue stands in few accounts."""

from metrics.expressions import Window
from metrics.recipes.recipe import EVERYWHERE, STAMP, Behind, Beside, Recipe
from metrics.sources.orders import ORDER_LINES

ORDERS = EVERYWHERE | {"order", "orderline", "classification"}

# Each account's running total, of which two months give the sum between them.
RELATIONS = {
    "revenue": """
        SELECT DISTINCT account_id, month, SUM(revenue) OVER w AS x, SUM(lines_no_rate) OVER w AS gaps
          FROM facts WHERE account_id IS NOT NULL
        WINDOW w AS (PARTITION BY account_id ORDER BY month)""",
}

# Of the company and its segments: what a single person's few accounts add up to says little.
CONCENTRATION = f"""
    , {STAMP},
    bought AS (
        SELECT p.ends, e.account_id, e.x - COALESCE(before.x, 0) AS x,
               e.gaps - COALESCE(before.gaps, 0) AS gaps
          FROM (SELECT DISTINCT ends, end_month, last_year_end_month FROM period) p
          JOIN revenue e ON e.month = p.end_month
          LEFT JOIN revenue before ON before.account_id = e.account_id AND before.month = p.last_year_end_month
         WHERE e.x > COALESCE(before.x, 0) OR e.gaps > COALESCE(before.gaps, 0)),
    scoped AS (
        SELECT p.starts, p.ends, s.scope, s.key, b.x, b.gaps
          FROM period p
          JOIN bought b USING (ends)
          LEFT JOIN stamp USING (starts, ends, account_id)
         CROSS JOIN LATERAL (VALUES ('company', NULL::bigint), ('tier', stamp.tier_id),
                                    ('industry', stamp.industry_id), ('region', stamp.region_id),
                                    ('target', stamp.target::bigint)) s(scope, key)),
    sorted AS (
        SELECT starts, ends, scope, key, COUNT(*) AS n, SUM(x) AS total, SUM(x * x) AS squares, SUM(gaps) AS gaps,
               array_agg(x ORDER BY x DESC) AS xs
          FROM scoped GROUP BY 1, 2, 3, 4),
    top AS (SELECT *, (SELECT SUM(x) FROM unnest(xs[1:CEIL(n / 10.0)::int]) x) AS tenth FROM sorted)
    -- figures
    SELECT starts, ends, scope, key, tenth / NULLIF(total, 0) AS value, tenth AS numerator, total AS denominator, n,
           NULL AS low, NULL AS high, NULLIF(gaps, 0) AS no_rate, xs[1] / NULLIF(total, 0) AS top1,
           squares / NULLIF(total * total, 0) AS hhi
      FROM top"""

RECIPES = {
    "concentration": Recipe(
        CONCENTRATION,
        "accounts",
        ORDERS,
        (Behind("revenue", ORDER_LINES, "SUM(amount)", Window.T12, by_row=False, is_money=True),),
        ("revenue",),
        reads_rows=False,
        beside=(
            Beside("top1", "Share of the largest account", is_share=True),
            Beside("hhi", "Sum of squared shares (HHI)", decimals=3),
        ),
        terms=("revenue of the largest tenth of the accounts", "revenue of all accounts"),
    ),
}
