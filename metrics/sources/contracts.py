"""Contracts: live, and by their last day."""

from metrics.expressions import Measure
from metrics.sources.source import Beginning, Source, money, rates

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
    began=(Beginning("accounts_contract", "LOWER(during)"),),
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

SOURCES = (
    LIVE_CONTRACTS,
    DUE_CONTRACTS,
)
