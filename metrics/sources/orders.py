"""Orders and their lines: what was bought, and what that says of a customer."""

from metrics.expressions import Measure
from metrics.sources.source import Beginning, Source, money, rates

revenue = Measure("revenue", "SUM(amount)", is_money=True, label="revenue")
orders = Measure("orders", "COUNT(*)", label="orders")
joined = Measure("joined", "COUNT(*)", label="became a customer")
returned = Measure("returned", "COUNT(*)", label="came back soon after a loss")
new_categories = Measure("new_categories", "COUNT(*)", label="categories bought for the first time")

ORDER_LINES = Source(
    "lines",
    "Order lines",
    "o.account_id",
    f"""
    SELECT o.account_id, o.date, o.seller_id AS person_id, l.id,
           o.number AS label, CONCAT_WS(', ', p.name, NULLIF(o.kind, 'order')) AS detail,
           l.amount AS booked, o.currency,
           {money("amount", "l.amount", "o.currency")}
      FROM accounts_orderline l
      JOIN accounts_order o ON o.id = l.order_id
      LEFT JOIN accounts_product p ON p.id = l.product_id
      {rates("o.account_id", "o.currency", "o.date")}
     WHERE {{among}}""",
    (revenue,),
    lacks_account=True,
)

ORDERS = Source(
    "orders",
    "Orders",
    "o.account_id",
    """
    SELECT o.account_id, o.date, o.seller_id AS person_id, o.id,
           o.number AS label, 'order' AS detail, NULL::numeric AS booked, o.currency
      FROM accounts_order o
     WHERE o.kind = 'order' AND {among}""",
    (orders,),
    lacks_account=True,
    began=(Beginning("accounts_order", "date", lacks_account=True),),
)

JOINED = Source(
    "joined",
    "First order or contract of a customer",
    "o.account_id",
    """
    SELECT f.account_id, MIN(f.date) AS date, NULL::bigint AS person_id, f.account_id AS id,
           'first order or contract' AS label, '' AS detail, NULL::numeric AS booked, '' AS currency
      FROM (SELECT o.account_id, o.date FROM accounts_order o WHERE o.kind = 'order' AND {among}
             UNION ALL
            SELECT o.account_id, LOWER(o.during) FROM accounts_contract o WHERE {among}) f
     WHERE f.account_id IS NOT NULL
     GROUP BY f.account_id""",
    (joined,),
    may_be_planned=True,
)

# Lost is who neither ordered for 12 months nor has a contract any more, its days of grace included; back is who orders
# or begins a contract after that.
RETURNED = Source(
    "returned",
    "Customers back within the days of return",
    "o.account_id",
    """
    SELECT g.account_id, g.date, NULL::bigint AS person_id, g.id,
           g.number AS label, 'no customer since ' || g.until AS detail, NULL::numeric AS booked, '' AS currency
      FROM (SELECT h.account_id, h.date, h.id, h.number,
                   MAX(h.until) OVER (PARTITION BY h.account_id ORDER BY h.date, h.source, h.id
                                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until
              FROM (SELECT 'order' AS source, o.account_id, o.date, o.id, o.number,
                           (o.date + INTERVAL '12 months')::date AS until
                      FROM accounts_order o
                     WHERE o.kind = 'order' AND o.account_id IS NOT NULL AND {among}
                     UNION ALL
                    SELECT 'contract', o.account_id, LOWER(o.during), o.id, o.number,
                           COALESCE(UPPER(o.during), 'infinity'::date)
                           + CASE WHEN o.outcome IN ('open', 'lapsed') THEN org.grace_days ELSE 0 END
                      FROM accounts_contract o CROSS JOIN accounts_organisation org
                     WHERE {among}) h) g
     CROSS JOIN accounts_organisation org
     WHERE g.date > g.until AND g.date <= g.until + org.returned_days""",
    (returned,),
    may_be_planned=True,
)

NEW_CATEGORIES = Source(
    "categories",
    "First order of a category",
    "o.account_id",
    """
    SELECT o.account_id, MIN(o.date) AS date, NULL::bigint AS person_id, p.category_id AS id,
           MIN(c.name) AS label, 'first order of this category' AS detail,
           NULL::numeric AS booked, '' AS currency
      FROM accounts_orderline l
      JOIN accounts_order o ON o.id = l.order_id
      JOIN accounts_product p ON p.id = l.product_id
      JOIN accounts_productcategory c ON c.id = p.category_id
     WHERE o.kind = 'order' AND o.account_id IS NOT NULL AND {among}
     GROUP BY o.account_id, p.category_id""",
    (new_categories,),
)

SOURCES = (
    ORDER_LINES,
    ORDERS,
    JOINED,
    RETURNED,
    NEW_CATEGORIES,
)
