"""What campaigns brought, which categories customers lack, and how accounts compare with each other."""

from metrics.expressions import Window
from metrics.recipes.recipe import (
    EACH_SEGMENT,
    EVERYWHERE,
    SEGMENTS,
    STAMP,
    Behind,
    Beside,
    Recipe,
    Split,
)
from metrics.sources.deals import CLOSED_DEALS
from metrics.sources.orders import NEW_CATEGORIES, ORDER_LINES, ORDERS
from metrics.sources.source import Source
from metrics.sources.value import SPEND

ATTRIBUTION_DAYS = 180
"""A deal won so many days after a campaign first touched its account counts for the campaign."""
LISTED = 15

RELATIONS = {
    "touched_win": f"""
        SELECT DISTINCT t.campaign_id, r.id, r.date, r.amount
          FROM (SELECT campaign_id, account_id, MIN("on") AS first FROM accounts_campaigntouch
                 WHERE account_id IS NOT NULL GROUP BY 1, 2) t
          JOIN (SELECT r.id, r.account_id, r.date, SUM(r.amount) AS amount
                  FROM ({CLOSED_DEALS.select()}) r WHERE r.is_won GROUP BY 1, 2, 3) r
            ON r.account_id = t.account_id AND r.date >= t.first AND r.date <= t.first + {ATTRIBUTION_DAYS}""",
    "owned_category": f"SELECT account_id, id AS category_id, date FROM ({NEW_CATEGORIES.select()}) r",
}

# The deals behind it, each once, with the campaigns that touched their account.
TOUCHED_WINS = Source(
    "touched_wins",
    "Deals won after a campaign's touch",
    "o.account_id",
    f"""
    SELECT o.account_id, o.date, NULL::bigint AS person_id, o.id, o.label, o.detail, o.booked, o.currency, o.amount,
           o.by_target, o.by_other, o.by_unknown
      FROM (SELECT d.account_id, w.date, w.id, d.name AS label, string_agg(DISTINCT g.name, ', ') AS detail,
                   d.amount AS booked, d.currency, w.amount, bool_or(g.is_target) AS by_target,
                   bool_or(NOT g.is_target) AS by_other, bool_or(g.is_target IS NULL) AS by_unknown
              FROM ({RELATIONS["touched_win"].replace("{", "{{").replace("}", "}}")}) w
              JOIN accounts_campaign g ON g.id = w.campaign_id
              JOIN accounts_opportunity d ON d.id = w.id
             GROUP BY d.account_id, w.date, w.id, d.name, d.amount, d.currency, w.amount) o
     WHERE {{among}}""",
    (),
)
BY_THEM = (
    "COALESCE(CASE WHEN {flag} THEN r.by_target WHEN NOT {flag} THEN r.by_other ELSE r.by_unknown END, FALSE)"
)
WHOSE_CAMPAIGNS = (
    "(VALUES ('company', NULL::bigint), ('target', {campaign}.is_target::int::bigint)) g(scope, key)"
)

# A deal that several campaigns touched counts for each of them, and once in the whole.
ROI = f"""
    , costs AS (
        SELECT p.starts, p.ends, s.campaign_id, g.name, g.is_target, SUM(s.amount) AS cost,
               COUNT(*) FILTER (WHERE s.booked <> 0 AND s.amount IS NULL) AS gaps
          FROM period p
          JOIN (SELECT o.campaign_id, r.date, r.booked, r.amount
                  FROM ({SPEND.select()}) r JOIN accounts_spend o ON o.id = r.id
                 WHERE o.campaign_id IS NOT NULL) s ON s.date >= p.starts AND s.date <= p.day
          JOIN accounts_campaign g ON g.id = s.campaign_id
         GROUP BY 1, 2, 3, 4, 5),
    wins AS (
        SELECT p.starts, p.ends, w.campaign_id, g.is_target, w.id, w.amount
          FROM period p
          JOIN touched_win w ON w.date >= p.starts AND w.date <= p.day
          JOIN accounts_campaign g ON g.id = w.campaign_id),
    gains AS (
        SELECT starts, ends, scope, key, SUM(amount) AS gain, COUNT(*) AS deals, COUNT(*) - COUNT(amount) AS gaps
          FROM (SELECT DISTINCT w.starts, w.ends, g.scope, g.key, w.id, w.amount
                  FROM wins w CROSS JOIN LATERAL {WHOSE_CAMPAIGNS.format(campaign="w")}) once
         GROUP BY 1, 2, 3, 4),
    each AS (
        SELECT c.starts, c.ends, c.name, c.is_target, c.cost, c.gaps, COUNT(w.id) AS deals,
               COALESCE(SUM(w.amount), 0) AS gain, COUNT(w.id) - COUNT(w.amount) AS won_gaps,
               ROW_NUMBER() OVER (PARTITION BY c.starts, c.ends ORDER BY c.cost DESC, c.name) AS place
          FROM costs c LEFT JOIN wins w USING (starts, ends, campaign_id)
         GROUP BY c.starts, c.ends, c.campaign_id, c.name, c.is_target, c.cost, c.gaps),
    whole AS (
        SELECT e.starts, e.ends, g.scope, g.key, SUM(e.cost) AS cost, COUNT(*) AS n, SUM(e.gaps) AS gaps,
               jsonb_agg(jsonb_build_object('name', e.name, 'n', e.deals, 'value',
                                            CASE WHEN e.cost > 0 AND e.gaps + e.won_gaps = 0
                                                 THEN ROUND((e.gain - e.cost) / e.cost, 6) END)
                         ORDER BY e.place) FILTER (WHERE e.place <= {LISTED}) AS slices
          FROM each e CROSS JOIN LATERAL {WHOSE_CAMPAIGNS.format(campaign="e")}
         GROUP BY 1, 2, 3, 4)
    -- figures
    SELECT w.starts, w.ends, w.scope, w.key,
           CASE WHEN w.cost > 0 THEN (COALESCE(g.gain, 0) - w.cost) / w.cost END AS value,
           COALESCE(g.gain, 0) - w.cost AS numerator, w.cost AS denominator, w.n, NULL AS low, NULL AS high,
           NULLIF(w.gaps + COALESCE(g.gaps, 0), 0) AS no_rate, COALESCE(g.deals, 0) AS deals, w.slices
      FROM whole w
      LEFT JOIN gains g ON g.starts = w.starts AND g.ends = w.ends AND g.scope = w.scope
                       AND g.key IS NOT DISTINCT FROM w.key"""

LACKING_OF_ACCOUNTS = """
         UNION ALL
        SELECT starts, ends, 'account', account_id, sold - held, sold, 1
          FROM held JOIN sold USING (starts, ends, industry)"""
LACKED = "SUM(n * sold - held) AS lacking, SUM(n * sold) AS sold, SUM(n) AS n"

# Sold to accounts like it: to any account of its industry, up to the last day. Accounts are added up once, by what
# they are in every respect, before scopes are made of them.
WHITESPACE = f"""
    , {STAMP},
    -- How many categories an account has from a day on, until its next new one.
    holding AS MATERIALIZED (
        SELECT account_id, date, (SUM(COUNT(*)) OVER w)::int AS categories, LEAD(date) OVER w AS until
          FROM owned_category GROUP BY account_id, date
        WINDOW w AS (PARTITION BY account_id ORDER BY date)),
    held AS (
        SELECT stamp.*, COALESCE(stamp.industry_id, 0) AS industry, h.categories AS held
          FROM stamp
          JOIN holding h ON h.account_id = stamp.account_id AND h.date <= LEAST(stamp.ends - 1, %(as_of)s::date)
           AND (h.until > LEAST(stamp.ends - 1, %(as_of)s::date) OR h.until IS NULL)
         WHERE (stamp.starts, stamp.ends) IN (SELECT starts, ends FROM period)),
    fine AS MATERIALIZED (
        SELECT starts, ends, industry, owner_id, team_id, tier_id, industry_id, region_id, target,
               SUM(held) AS held, COUNT(*) AS n
          FROM held GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9),
    -- From which day on an industry buys a category: of all periods that start together, for who began behind the
    -- end of one bought nothing in it either. Accounts that were in an industry at the same starts are looked at once.
    placed AS (
        SELECT s.account_id, COALESCE(s.industry_id, 0) AS industry, array_agg(s.starts) AS starts
          FROM (SELECT starts, MAX(ends) AS ends FROM period GROUP BY starts) longest
          JOIN stamp s ON s.starts = longest.starts AND s.ends = longest.ends
         GROUP BY 1, 2),
    alike AS (
        SELECT p.industry, p.starts, c.category_id, MIN(c.date) AS date
          FROM placed p JOIN owned_category c USING (account_id) GROUP BY 1, 2, 3),
    owned AS (
        SELECT s.starts, a.industry, a.category_id, MIN(a.date) AS date
          FROM alike a CROSS JOIN LATERAL unnest(a.starts) s(starts) GROUP BY 1, 2, 3),
    sold AS MATERIALIZED (
        SELECT p.starts, p.ends, o.industry, COUNT(*) AS sold
          FROM period p JOIN owned o ON o.starts = p.starts AND o.date <= p.day
         GROUP BY 1, 2, 3),
    lacking AS (SELECT * FROM fine JOIN sold USING (starts, ends, industry)),
    scoped AS (
        SELECT starts, ends, {SEGMENTS}, {LACKED} FROM lacking {EACH_SEGMENT}
         UNION ALL
        SELECT starts, ends, 'team', c.above_id, {LACKED}
          FROM lacking l LEFT JOIN team_closure c ON c.id = l.team_id
         GROUP BY starts, ends, c.above_id{LACKING_OF_ACCOUNTS})
    -- figures
    SELECT starts, ends, scope, key, lacking / sold AS value, lacking AS numerator, sold AS denominator, n,
           NULL AS low, NULL AS high
      FROM scoped"""

# Scores 1 to 5 by the share of accounts strictly below; the fewer days ago, the better.
RFM = """
    , bought AS (
        SELECT p.starts, p.ends, f.account_id, SUM(f.orders) AS frequency, SUM(f.revenue) AS monetary,
               NULLIF(SUM(f.lines_no_rate), 0) AS no_rate
          FROM period p JOIN facts f ON f.month >= p.t12_starts AND f.month < p.ends
         WHERE f.account_id IS NOT NULL
         GROUP BY 1, 2, 3 HAVING SUM(f.orders) > 0),
    newest AS (
        SELECT p.starts, p.ends, o.account_id, MAX(p.day) - MAX(o.date) AS recency
          FROM period p
          JOIN accounts_order o ON o.kind = 'order' AND o.date >= p.t12_starts AND o.date <= p.day
         WHERE o.account_id IS NOT NULL GROUP BY 1, 2, 3),
    scored AS (
        SELECT starts, ends, account_id, frequency, monetary, recency, no_rate, COUNT(*) OVER every AS n,
               1 + 5 * (RANK() OVER (every ORDER BY recency DESC) - 1) / COUNT(*) OVER every AS recency_score,
               1 + 5 * (RANK() OVER (every ORDER BY frequency) - 1) / COUNT(*) OVER every AS frequency_score,
               1 + 5 * (RANK() OVER (every ORDER BY monetary) - 1) / COUNT(*) OVER every AS monetary_score
          FROM bought JOIN newest USING (starts, ends, account_id)
        WINDOW every AS (PARTITION BY starts, ends))
    -- figures
    SELECT starts, ends, 'account' AS scope, account_id AS key,
           (recency_score + frequency_score + monetary_score) / 3.0 AS value, NULL AS numerator,
           NULL AS denominator, n, NULL AS low, NULL AS high, no_rate,
           recency_score, frequency_score, monetary_score, recency, frequency, monetary
      FROM scored WHERE n >= 5"""

RECIPES = {
    "roi": Recipe(
        ROI,
        "campaigns",
        EVERYWHERE
        | {"spend", "campaign", "campaigntouch", "opportunity", "opportunitysplit", "classification"},
        (
            Behind(
                "cost of campaigns",
                SPEND,
                "SUM(amount) FILTER (WHERE campaign_id IS NOT NULL)",
                is_money=True,
                for_targets="r.made_for_targets IS NOT DISTINCT FROM {flag}",
            ),
            Behind(
                "deals won after a touch", TOUCHED_WINS, "SUM(amount)", is_money=True, for_targets=BY_THEM
            ),
        ),
        ("touched_win",),
        terms=("amount won less cost", "cost of campaigns"),
        beside=(Beside("deals", "Deals won within 180 days of a first touch"),),
        split=Split("campaign"),
        made_of="campaign",
    ),
    "whitespace_share": Recipe(
        WHITESPACE,
        "accounts that ever ordered",
        EVERYWHERE | {"order", "orderline", "product", "assignment", "classification"},
        (Behind("categories bought", NEW_CATEGORIES, "COUNT(*)"),),
        ("owned_category",),
        terms=("categories they never bought", "categories sold in their industry"),
        of_accounts=LACKING_OF_ACCOUNTS,
        made_of="orderline",
    ),
    "rfm": Recipe(
        RFM,
        "accounts compared",
        EVERYWHERE | {"order", "orderline"},
        (
            Behind("orders", ORDERS, "COUNT(*)", Window.T12, by_row=False),
            Behind("revenue", ORDER_LINES, "SUM(amount)", Window.T12, by_row=False),
        ),
        beside=(
            Beside("recency_score", "Recency, 1 to 5"),
            Beside("frequency_score", "Frequency, 1 to 5"),
            Beside("monetary_score", "Revenue, 1 to 5"),
            Beside("recency", "Days since the last order"),
            Beside("frequency", "Orders in 12 months"),
            Beside("monetary", "Revenue in 12 months", unit="money"),
        ),
    ),
}
