"""Where the measures come from: one declaration a kind of fact.

A source is a SELECT that yields one row per fact: account, date, the person the row itself names (if any), the
columns its measures aggregate, and what a person reads in the drill-down (`label`, `detail`, `amount`,
`currency`). The recompute groups it by account, month and credited person; the explain page lists the very same
rows. Placeholders: `{among}` narrows the accounts, `{days}` is a relation of days (stocks only).
"""

from dataclasses import dataclass

from metrics.expressions import Measure


@dataclass(frozen=True)
class Source:
    """Rows of one kind and the measures made of them."""

    name: str
    label: str
    account: str
    rows: str
    measures: tuple[Measure, ...]
    is_stock: bool = False
    lacks_account: bool = False
    """Some of its rows belong to no account."""

    def select(self, among: str = "TRUE", days: str = "") -> str:
        """The rows as SQL, narrowed to some accounts; a stock needs its relation of days."""
        return self.rows.format(among=among, days=days)

    @property
    def has_money(self) -> bool:
        return any(measure.is_money for measure in self.measures)

    @property
    def no_rate(self) -> str:
        """The measure that counts rows without a rate into the reporting currency."""
        return f"{self.name}_no_rate"

    @property
    def own_no_rate(self) -> str:
        """The measure that counts rows without a rate into the account's own currency."""
        return f"{self.name}_own_no_rate"


def money(name: str, amount: str, currency: str) -> str:
    """Two columns: the amount in the reporting currency, and in the account's own, at the day's rate."""
    into_reporting = f"CASE WHEN {currency} = org.reporting_currency THEN 1 ELSE r.rate END"
    own_currency = "COALESCE(a.currency, org.reporting_currency)"
    own_into_reporting = f"CASE WHEN {own_currency} = org.reporting_currency THEN 1 ELSE own.rate END"
    return f"""
    ROUND(({amount}) * {into_reporting}, 6) AS {name},
    CASE WHEN {currency} = {own_currency} THEN ({amount})::numeric
         ELSE ROUND(({amount}) * {into_reporting} / {own_into_reporting}, 6) END AS {name}_own"""


def rates(account: str, currency: str, day: str) -> str:
    return f"""
    CROSS JOIN accounts_organisation org
    LEFT JOIN accounts_account a ON a.id = {account}
    LEFT JOIN metrics_dailyrate r ON r.currency = {currency} AND r.day = {day}
    LEFT JOIN metrics_dailyrate own
           ON own.currency = COALESCE(a.currency, org.reporting_currency) AND own.day = {day}"""


# ------------------------------------------------------------------------------------------------ orders

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
)

RETURNED = Source(
    "returned",
    "Customers back within the days of return",
    "o.account_id",
    """
    SELECT g.account_id, g.date, NULL::bigint AS person_id, g.id,
           g.number AS label, 'last order ' || g.previous AS detail, NULL::numeric AS booked, '' AS currency
      FROM (SELECT o.account_id, o.date, o.id, o.number,
                   LAG(o.date) OVER (PARTITION BY o.account_id ORDER BY o.date, o.id) AS previous
              FROM accounts_order o
             WHERE o.kind = 'order' AND o.account_id IS NOT NULL AND {among}) g
     CROSS JOIN accounts_organisation org
     WHERE g.date > g.previous + INTERVAL '12 months'
       AND g.date <= g.previous + INTERVAL '12 months' + org.returned_days * INTERVAL '1 day'""",
    (returned,),
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

# ------------------------------------------------------------------------------------------------- deals

deals = Measure("deals", "COUNT(*)", label="deals decided")
won = Measure("won", "COALESCE(SUM(share) FILTER (WHERE is_won), 0)", label="deals won")
decided = Measure("decided", "SUM(share)", label="deals decided, by share")
won_amount = Measure(
    "won_amount", "SUM(amount) FILTER (WHERE is_won)", is_money=True, label="amount of deals won"
)
won_target = Measure(
    "won_target",
    "COALESCE(SUM(share) FILTER (WHERE is_won AND is_target), 0)",
    label="deals won with target accounts",
)
won_amount_target = Measure(
    "won_amount_target",
    "SUM(amount) FILTER (WHERE is_won AND is_target)",
    is_money=True,
    label="amount won with target accounts",
)
won_other = Measure(
    "won_other",
    "COALESCE(SUM(share) FILTER (WHERE is_won AND NOT is_target), 0)",
    label="deals won with other accounts",
)
won_amount_other = Measure(
    "won_amount_other",
    "SUM(amount) FILTER (WHERE is_won AND NOT is_target)",
    is_money=True,
    label="amount won with other accounts",
)
upsells = Measure("upsells", "COUNT(*) FILTER (WHERE is_won AND kind = 'upsell')", label="upsells won")
upsell_amount = Measure(
    "upsell_amount",
    "SUM(amount) FILTER (WHERE is_won AND kind = 'upsell')",
    is_money=True,
    label="amount of upsells won",
)
referral_amount = Measure(
    "referral_amount",
    "SUM(amount) FILTER (WHERE is_won AND origin = 'referral')",
    is_money=True,
    label="amount won by referral",
)
unknown_origin_amount = Measure(
    "unknown_origin_amount",
    "SUM(amount) FILTER (WHERE is_won AND origin = '')",
    is_money=True,
    label="amount won of unknown origin",
)
cycle_days = Measure(
    "cycle_days", "COALESCE(SUM(days * share) FILTER (WHERE is_won AND days >= 0), 0)", label="days to win"
)
cycle_deals = Measure(
    "cycle_deals",
    "COALESCE(SUM(share) FILTER (WHERE is_won AND days >= 0), 0)",
    label="deals won with a known length",
)
cycle_errors = Measure(
    "cycle_errors",
    "COALESCE(SUM(share) FILTER (WHERE is_won AND days < 0), 0)",
    label="deals won before their first contact",
)

CLOSED_DEALS = Source(
    "closed",
    "Deals decided",
    "o.account_id",
    f"""
    SELECT o.account_id, o.closed_on AS date, s.user_id AS person_id, o.id,
           o.name AS label, CONCAT_WS(', ', o.outcome, o.kind, NULLIF(o.loss_reason, '')) AS detail,
           o.amount AS booked, o.currency, o.kind, o.origin,
           COALESCE(s.share, 1) AS share, o.outcome = 'won' AS is_won, c.is_target,
           o.closed_on - COALESCE(o.first_contact_on, o.opened_on) AS days,
           {money("amount", "o.amount * COALESCE(s.share, 1)", "o.currency")}
      FROM accounts_opportunity o
      LEFT JOIN accounts_opportunitysplit s ON s.opportunity_id = o.id
      LEFT JOIN accounts_classification c ON c.account_id = o.account_id AND c.during @> o.opened_on
      {rates("o.account_id", "o.currency", "o.closed_on")}
     WHERE o.closed_on IS NOT NULL AND {{among}}""",
    (
        deals,
        won,
        decided,
        won_amount,
        won_target,
        won_amount_target,
        won_other,
        won_amount_other,
        upsells,
        upsell_amount,
        referral_amount,
        unknown_origin_amount,
        cycle_days,
        cycle_deals,
        cycle_errors,
    ),
    lacks_account=True,
)

pipeline_created = Measure("pipeline_created", "SUM(amount)", is_money=True, label="pipeline opened")
pipeline_created_target = Measure(
    "pipeline_created_target",
    "SUM(amount) FILTER (WHERE is_target)",
    is_money=True,
    label="pipeline opened with target accounts",
)
deals_opened = Measure("deals_opened", "SUM(share)", label="deals opened")

OPENED_DEALS = Source(
    "opened",
    "Deals opened",
    "o.account_id",
    f"""
    SELECT o.account_id, o.opened_on AS date, s.user_id AS person_id, o.id,
           o.name AS label, o.kind AS detail, o.amount AS booked, o.currency, c.is_target,
           COALESCE(s.share, 1) AS share,
           {money("amount", "COALESCE(o.amount, 0) * COALESCE(s.share, 1)", "o.currency")}
      FROM accounts_opportunity o
      LEFT JOIN accounts_opportunitysplit s ON s.opportunity_id = o.id
      LEFT JOIN accounts_classification c ON c.account_id = o.account_id AND c.during @> o.opened_on
      {rates("o.account_id", "o.currency", "o.opened_on")}
     WHERE {{among}}""",
    (pipeline_created, pipeline_created_target, deals_opened),
    lacks_account=True,
)

open_deals = Measure("open_deals", "COUNT(*)", label="open deals")
open_qualified = Measure("open_qualified", "COUNT(*) FILTER (WHERE qualified)", label="open qualified deals")
open_amount = Measure("open_amount", "SUM(amount)", is_money=True, label="open pipeline")
open_weighted = Measure("open_weighted", "SUM(weighted)", is_money=True, label="open pipeline, weighted")

OPEN_DEALS = Source(
    "open",
    "Deals open on the day",
    "o.account_id",
    f"""
    SELECT o.account_id, m.day AS date, NULL::bigint AS person_id, o.id,
           o.name AS label, COALESCE(st.name, 'no stage') AS detail, o.amount AS booked, o.currency,
           COALESCE(st.qualified, FALSE) AS qualified,
           {money("amount", "COALESCE(o.amount, 0)", "o.currency")},
           {money("weighted", "COALESCE(o.amount, 0) * COALESCE(st.probability, 0)", "o.currency")}
      FROM {{days}} m
      JOIN accounts_opportunity o
        ON o.opened_on <= m.day AND COALESCE(o.closed_on, 'infinity'::date) > m.day
      LEFT JOIN accounts_opportunityphase ph ON ph.opportunity_id = o.id AND ph.during @> m.day
      LEFT JOIN accounts_opportunitystage st ON st.id = ph.stage_id
      {rates("o.account_id", "o.currency", "m.day")}
     WHERE {{among}}""",
    (open_deals, open_qualified, open_amount, open_weighted),
    is_stock=True,
    lacks_account=True,
)

# --------------------------------------------------------------------------------------------- contracts

recurring = Measure("recurring", "SUM(amount)", is_money=True, label="recurring revenue a year")
contracts = Measure("contracts", "COUNT(*)", label="live contracts")

# A contract that nobody decided stays live through the days of grace.
LIVE_CONTRACTS = Source(
    "live",
    "Contracts live on the day",
    "o.account_id",
    f"""
    SELECT o.account_id, m.day AS date, NULL::bigint AS person_id, o.id,
           o.number AS label, 'until ' || COALESCE((UPPER(o.during) - 1)::text, 'further notice') AS detail,
           o.annual_value AS booked, o.currency,
           {money("amount", "o.annual_value", "o.currency")}
      FROM {{days}} m
      JOIN accounts_contract o ON LOWER(o.during) <= m.day
      {rates("o.account_id", "o.currency", "m.day")}
     WHERE m.day < COALESCE(UPPER(o.during), 'infinity'::date)
                   + CASE WHEN o.outcome IN ('open', 'lapsed') THEN org.grace_days ELSE 0 END
       AND {{among}}""",
    (recurring, contracts),
    is_stock=True,
)

due = Measure("due", "COUNT(*) FILTER (WHERE outcome <> 'open')", label="contracts due and decided")
renewed = Measure("renewed", "COUNT(*) FILTER (WHERE outcome = 'renewed')", label="contracts renewed")
pending = Measure("pending", "COUNT(*) FILTER (WHERE outcome = 'open')", label="contracts due, not decided")
due_value = Measure(
    "due_value", "SUM(amount) FILTER (WHERE outcome <> 'open')", is_money=True, label="value due"
)
renewed_value = Measure(
    "renewed_value",
    "SUM(kept) FILTER (WHERE outcome = 'renewed')",
    is_money=True,
    label="value renewed, at most the value due",
)

DUE_CONTRACTS = Source(
    "due",
    "Contracts by their last day",
    "o.account_id",
    f"""
    SELECT o.account_id, UPPER(o.during) - 1 AS date, NULL::bigint AS person_id, o.id,
           o.number AS label, o.outcome AS detail, o.annual_value AS booked, o.currency, o.outcome,
           {money("amount", "o.annual_value", "o.currency")},
           {money("kept", "LEAST(o.annual_value, COALESCE(o.renewed_value, 0))", "o.currency")}
      FROM accounts_contract o
      {rates("o.account_id", "o.currency", "(UPPER(o.during) - 1)")}
     WHERE UPPER(o.during) IS NOT NULL AND {{among}}""",
    (due, renewed, pending, due_value, renewed_value),
)

SOURCES: tuple[Source, ...] = (
    ORDER_LINES,
    ORDERS,
    JOINED,
    RETURNED,
    NEW_CATEGORIES,
    CLOSED_DEALS,
    OPENED_DEALS,
    OPEN_DEALS,
    LIVE_CONTRACTS,
    DUE_CONTRACTS,
)


@dataclass(frozen=True)
class Column:
    """One column of the facts: a measure, its value in the account's own currency, or a count of gaps."""

    name: str
    aggregate: str
    is_money: bool


def columns_of(source: Source) -> list[Column]:
    """The columns that a source fills, money twice, and the counts of rows without a rate."""
    found = []
    for measure in source.measures:
        aggregate = f"COALESCE({measure.aggregate}, 0)" if measure.is_money else measure.aggregate
        found.append(Column(measure.name, aggregate, measure.is_money))
        if measure.is_money:
            own = aggregate
            for name in ("amount", "weighted", "kept"):
                own = own.replace(f"SUM({name})", f"SUM({name}_own)")
            found.append(Column(f"{measure.name}_own", own, True))
    if source.has_money:
        found.append(Column(source.no_rate, "COUNT(*) FILTER (WHERE booked <> 0 AND amount IS NULL)", False))
        found.append(
            Column(source.own_no_rate, "COUNT(*) FILTER (WHERE booked <> 0 AND amount_own IS NULL)", False)
        )
    return found


COLUMNS: tuple[Column, ...] = tuple(column for source in SOURCES for column in columns_of(source))
SOURCE_OF: dict[str, Source] = {measure.name: source for source in SOURCES for measure in source.measures}
