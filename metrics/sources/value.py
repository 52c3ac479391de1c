"""What customers cost to win and to serve, what their orders leave over, what they could still spend.

Costs and margins are secret: who may not see contract values sees none of the numbers made of them.
"""

from metrics.expressions import Measure
from metrics.sources.source import Beginning, Source, money, rates


def in_reporting(amount: str) -> str:
    """An order's amount in the reporting currency, where the rates are joined."""
    return money("x", amount, "o.currency").split(" AS x,")[0]


def in_own(amount: str) -> str:
    """The same in the account's own currency."""
    return money("x", amount, "o.currency").split(" AS x,")[1].removesuffix(" AS x_own")


acquisition_cost = Measure(
    "acquisition_cost", "SUM(amount)", is_money=True, label="cost of sales and marketing"
)
acquisition_cost_target = Measure(
    "acquisition_cost_target",
    "SUM(amount) FILTER (WHERE is_target)",
    is_money=True,
    label="cost of sales and marketing for target accounts",
)
acquisition_cost_other = Measure(
    "acquisition_cost_other",
    "SUM(amount) FILTER (WHERE NOT is_target)",
    is_money=True,
    label="cost of sales and marketing for others",
)

# For target accounts or not: what the booking says, else its campaign, else the account on that day.
SPEND = Source(
    "spend",
    "Spend of sales and marketing",
    "o.account_id",
    f"""
    SELECT o.account_id, o.date, NULL::bigint AS person_id, o.id,
           COALESCE(NULLIF(o.description, ''), o.kind) AS label, CONCAT_WS(', ', o.kind, g.name) AS detail,
           o.amount AS booked, o.currency, COALESCE(o.is_target, g.is_target, c.is_target) AS is_target,
           o.campaign_id, g.is_target AS made_for_targets,
           {money("amount", "o.amount", "o.currency")}
      FROM accounts_spend o
      LEFT JOIN accounts_campaign g ON g.id = o.campaign_id
      LEFT JOIN accounts_classification c ON c.account_id = o.account_id AND c.during @> o.date
      {rates("o.account_id", "o.currency", "o.date")}
     WHERE {{among}}""",
    (acquisition_cost, acquisition_cost_target, acquisition_cost_other),
    lacks_account=True,
    began=(Beginning("accounts_spend", "date", lacks_account=True),),
)

contribution = Measure("contribution", "SUM(amount)", is_money=True, label="contribution margin")
contribution_base = Measure(
    "contribution_base", "SUM(kept)", is_money=True, label="revenue whose margin is known"
)

# A line without its cost takes the margin assumed on its day; without an assumption its margin is unknown.
MARGINS = Source(
    "margins",
    "Order lines whose margin is known",
    "o.account_id",
    f"""
    SELECT o.account_id, o.date, o.seller_id AS person_id, l.id, o.number AS label,
           CONCAT_WS(', ', p.name, CASE WHEN l.cost IS NULL THEN 'margin assumed' ELSE 'cost known' END) AS detail,
           l.amount AS booked, o.currency,
           {money("amount", "COALESCE(l.amount - l.cost, l.amount * m.value / 100)", "o.currency")},
           {money("kept", "l.amount", "o.currency")}
      FROM accounts_orderline l
      JOIN accounts_order o ON o.id = l.order_id
      LEFT JOIN accounts_product p ON p.id = l.product_id
      LEFT JOIN metrics_assumption m ON m.name = 'margin' AND m.during @> o.date
      {rates("o.account_id", "o.currency", "o.date")}
     WHERE (l.cost IS NOT NULL OR m.value IS NOT NULL) AND {{among}}""",
    (contribution, contribution_base),
    lacks_account=True,
)

cost_to_serve = Measure("cost_to_serve", "SUM(amount)", is_money=True, label="cost to serve")

SERVING = Source(
    "serving",
    "Costs to serve",
    "o.account_id",
    f"""
    SELECT o.account_id, o.date, NULL::bigint AS person_id, o.id,
           o.kind AS label, o.description AS detail, o.amount AS booked, o.currency,
           {money("amount", "o.amount", "o.currency")}
      FROM accounts_costtoserve o
      {rates("o.account_id", "o.currency", "o.date")}
     WHERE {{among}}""",
    (cost_to_serve,),
    began=(Beginning("accounts_costtoserve", "date"),),
)

expansion_deals = Measure("expansion_deals", "COUNT(*)", label="open upsells and cross-sells")
expansion_amount = Measure(
    "expansion_amount", "SUM(amount)", is_money=True, label="open upsells and cross-sells, amount"
)

EXPANSION = Source(
    "expansion",
    "Upsells and cross-sells open on the day",
    "o.account_id",
    f"""
    SELECT o.account_id, m.day AS date, NULL::bigint AS person_id, o.id,
           o.name AS label, o.kind AS detail, o.amount AS booked, o.currency,
           {money("amount", "COALESCE(o.amount, 0)", "o.currency")}
      FROM {{days}} m
      JOIN accounts_opportunity o
        ON o.opened_on <= m.day AND COALESCE(o.closed_on, 'infinity'::date) > m.day
       AND o.kind IN ('upsell', 'cross_sell')
      {rates("o.account_id", "o.currency", "m.day")}
     WHERE {{among}}""",
    (expansion_deals, expansion_amount),
    is_stock=True,
    lacks_account=True,
)

wallet_spend = Measure(
    "wallet_spend", "SUM(amount)", is_money=True, label="estimated spend a year on the categories"
)
wallet_ours = Measure("wallet_ours", "SUM(kept)", is_money=True, label="our revenue of 12 months in them")
wallet_estimates = Measure("wallet_estimates", "COUNT(*)", label="estimates of a category")

# An estimate holds from the day it was noted. Ours are the orders of the 12 whole months up to the day's month: one
# running sum over purchases and days together, for a look-up of each estimate on each day would take minutes. Where the
# rate of a purchase is missing the estimate has no amount either, so that neither stands without the other.
WALLET = Source(
    "wallet",
    "Estimates of what customers spend on a category",
    "o.account_id",
    f"""
    SELECT o.account_id, o.day AS date, NULL::bigint AS person_id, o.id, k.name AS label,
           CONCAT_WS(', ', 'estimated ' || o.noted_on, 'ours ' || ROUND(o.kept)) AS detail,
           o.yearly_spend AS booked, o.currency,
           {money("amount", "CASE WHEN o.gaps = 0 THEN o.yearly_spend END", "o.currency")}, o.kept, o.kept_own
      FROM (SELECT e.*, SUM(e.bought) OVER w AS kept, SUM(e.bought_own) OVER w AS kept_own,
                   SUM(e.unrated) OVER w AS gaps
              FROM (SELECT o.account_id, o.category_id, m.day, date_trunc('month', m.day) AS month, o.id,
                           o.noted_on, o.yearly_spend, o.currency, 0 AS bought, 0 AS bought_own, 0 AS unrated
                      FROM {{days}} m
                      JOIN accounts_whitespacecell o ON o.noted_on <= m.day AND o.yearly_spend > 0
                     WHERE {{among}}
                     UNION ALL
                    SELECT o.account_id, p.category_id, NULL, date_trunc('month', o.date), NULL, NULL, NULL, NULL,
                           SUM({in_reporting("l.amount")}), SUM({in_own("l.amount")}),
                           COUNT(*) FILTER (WHERE l.amount <> 0 AND {in_reporting("l.amount")} IS NULL)
                      FROM accounts_order o
                      JOIN accounts_orderline l ON l.order_id = o.id
                      JOIN accounts_product p ON p.id = l.product_id
                      JOIN accounts_whitespacecell c
                        ON c.account_id = o.account_id AND c.category_id = p.category_id AND c.yearly_spend > 0
                      {rates("o.account_id", "o.currency", "o.date")}
                     WHERE o.date <= (SELECT MAX(m.day) FROM {{days}} m)
                       AND o.date >= (SELECT date_trunc('month', MIN(m.day)) - INTERVAL '11 months' FROM {{days}} m)
                       AND {{among}}
                     GROUP BY 1, 2, 4) e
            WINDOW w AS (PARTITION BY e.account_id, e.category_id ORDER BY e.month
                         RANGE BETWEEN INTERVAL '11 months' PRECEDING AND CURRENT ROW)) o
      JOIN accounts_productcategory k ON k.id = o.category_id
      {rates("o.account_id", "o.currency", "o.day")}
     WHERE o.day IS NOT NULL""",
    (wallet_spend, wallet_ours, wallet_estimates),
    is_stock=True,
    began=(Beginning("accounts_whitespacecell", "CASE WHEN yearly_spend > 0 THEN noted_on END"),),
)

fit_points = Measure("fit_points", "COALESCE(SUM(points), 0)", label="points of fit")
fit_accounts = Measure("fit_accounts", "COUNT(*)", label="accounts with a score")

# Of each criterion the newest word up to the day, which holds until the next one, weighed as on that day; known weights
# must be 60 % of all.
FIT = Source(
    "fit",
    "Fit with the ideal customer",
    "o.account_id",
    """
    WITH word AS MATERIALIZED (
        SELECT o.account_id, o.criterion_id, o.match, o.noted_on AS since,
               COALESCE(LEAD(o.noted_on) OVER (PARTITION BY o.account_id, o.criterion_id ORDER BY o.noted_on, o.id),
                        'infinity') AS until
          FROM accounts_fit o
         WHERE o.account_id IS NOT NULL AND {among})
    SELECT f.account_id, f.day AS date, NULL::bigint AS person_id, f.account_id AS id,
           'fit with the ideal customer' AS label,
           ROUND(100 * f.known / f.weights) || ' per cent of the weights known' AS detail,
           NULL::numeric AS booked, '' AS currency, ROUND(100 * f.met / f.known, 4) AS points
      FROM (SELECT word.account_id, m.day, SUM(w.weight * word.match) AS met,
                   SUM(w.weight) FILTER (WHERE word.match IS NOT NULL) AS known, m.weights
              FROM (SELECT each.day, SUM(every.weight) AS weights
                      FROM {days} each JOIN accounts_icpweight every ON every.during @> each.day
                     GROUP BY each.day) m
              JOIN word ON m.day >= word.since AND m.day < word.until
              JOIN accounts_icpweight w ON w.criterion_id = word.criterion_id AND w.during @> m.day
             GROUP BY word.account_id, m.day, m.weights) f
     WHERE f.known > 0 AND f.known >= 0.6 * f.weights""",
    (fit_points, fit_accounts),
    is_stock=True,
    began=(Beginning("accounts_fit", "noted_on"),),
)

SOURCES = (SPEND, MARGINS, SERVING, EXPANSION, WALLET, FIT)
