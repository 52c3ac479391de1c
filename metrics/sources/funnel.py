"""Leads, by the days on which they came in and reached a status for the first time.

A lead belongs to nobody's account, not even once it became one: only those that were won have a tier, and a
tier would convert all of its leads. So its rows count for the person who looks after it and for the company.
"""

from metrics.expressions import Measure
from metrics.sources.source import Beginning, Source

leads = Measure("leads", "COUNT(*)", label="leads")
leads_answered = Measure(
    "leads_answered", "COUNT(*) FILTER (WHERE heard <> '')", label="leads who said how they heard about us"
)
leads_referred = Measure(
    "leads_referred", "COUNT(*) FILTER (WHERE heard = 'referral')", label="leads to whom we were recommended"
)
mqls = Measure("mqls", "COUNT(*)", label="marketing-qualified leads")
sqls = Measure("sqls", "COUNT(*)", label="sales-qualified leads")

NOBODYS = "NULL::bigint"


def by_day(name: str) -> str:
    """Leads by one of their days; their companies are named, nobody in them."""
    return f"""
    SELECT o.account_id, o.date, o.owner_id AS person_id, o.id, o.company AS label,
           CONCAT_WS(', ', COALESCE(NULLIF(o.channel, ''), 'unknown channel'),
                     (o.budget IS NOT NULL)::int + (o.authority IS NOT NULL)::int
                     + (o.need IS NOT NULL)::int + (o.timeline IS NOT NULL)::int || ' of 4 known') AS detail,
           NULL::numeric AS booked, '' AS currency,
           o.channel, o.heard, o.is_target, o.created_on, o.mql_on, o.sql_on, o.customer_on
      FROM (SELECT l.id, {NOBODYS} AS account_id, l.{name} AS date, l.owner_id, l.company, l.channel,
                   l.heard_through AS heard, l.budget, l.authority, l.need, l.timeline,
                   l.created_on, l.mql_on, l.sql_on, l.customer_on, g.is_target
              FROM accounts_lead l
              LEFT JOIN accounts_campaign g ON g.id = l.campaign_id) o
     WHERE o.date IS NOT NULL AND {{among}}"""


LEADS = Source(
    "leads",
    "Leads that came in",
    NOBODYS,
    by_day("created_on"),
    (leads, leads_answered, leads_referred),
    lacks_account=True,
    began=(
        Beginning(
            f"(SELECT {NOBODYS} AS account_id, created_on FROM accounts_lead) lead",
            "created_on",
            lacks_account=True,
        ),
    ),
)
MARKETING_QUALIFIED = Source(
    "mqls",
    "Leads marketing-qualified for the first time",
    NOBODYS,
    by_day("mql_on"),
    (mqls,),
    lacks_account=True,
)
SALES_QUALIFIED = Source(
    "sqls",
    "Leads sales-qualified for the first time",
    NOBODYS,
    by_day("sql_on"),
    (sqls,),
    lacks_account=True,
)

SOURCES = (LEADS, MARKETING_QUALIFIED, SALES_QUALIFIED)
