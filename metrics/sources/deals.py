"""Deals: decided, opened, open."""

from metrics.expressions import Measure
from metrics.sources.source import Beginning, Source, money, rates

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
           o.amount AS booked, o.currency, o.kind, o.origin, o.opened_on,
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
    classed_on="opened_on",
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
    began=(Beginning("accounts_opportunity", "opened_on", lacks_account=True),),
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

SOURCES = (
    CLOSED_DEALS,
    OPENED_DEALS,
    OPEN_DEALS,
)
