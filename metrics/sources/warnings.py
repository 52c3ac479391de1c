"""Early warnings: open on a day, and by the day on which they were opened."""

from accounts.engagement.playbooks import NEWS
from metrics.expressions import Measure
from metrics.sources.source import Beginning, Source

IS_WARNING = f"o.kind NOT IN ({', '.join(repr(kind.value) for kind in NEWS)})"

warnings_open = Measure("warnings_open", "COUNT(*)", label="open warnings")
warnings_red = Measure("warnings_red", "COUNT(*) FILTER (WHERE is_red)", label="red warnings")

OPEN_WARNINGS = Source(
    "warned",
    "Warnings open on the day",
    "o.account_id",
    f"""
    SELECT o.account_id, m.day AS date, NULL::bigint AS person_id, o.id,
           replace(o.kind, '_', ' ') AS label,
           'since ' || o.opened_on || CASE WHEN o.is_red THEN ', red' ELSE '' END AS detail,
           NULL::numeric AS booked, '' AS currency, o.is_red
      FROM {{days}} m
      JOIN metrics_alert o ON o.opened_on <= m.day AND (o.resolved_on IS NULL OR o.resolved_on > m.day)
     WHERE {{among}} AND {IS_WARNING}""",
    (warnings_open, warnings_red),
    is_stock=True,
)

warnings_opened = Measure("warnings_opened", "COUNT(*)", label="warnings opened")
warnings_acted = Measure(
    "warnings_acted", "COUNT(*) FILTER (WHERE acted_on IS NOT NULL)", label="warnings that somebody took up"
)
days_to_act = Measure("days_to_act", "COALESCE(SUM(acted_on - date), 0)", label="days until then")

WARNINGS = Source(
    "warnings",
    "Warnings by the day they were opened",
    "o.account_id",
    f"""
    SELECT o.account_id, o.opened_on AS date, NULL::bigint AS person_id, o.id,
           replace(o.kind, '_', ' ') AS label,
           COALESCE('taken up on ' || o.acted_on, 'resolved by itself on ' || o.resolved_on, 'not taken up')
               AS detail, NULL::numeric AS booked, '' AS currency, o.acted_on
      FROM metrics_alert o
     WHERE {{among}} AND {IS_WARNING}""",
    (warnings_opened, warnings_acted, days_to_act),
    began=(Beginning("metrics_alert o", f"CASE WHEN {IS_WARNING} THEN opened_on END"),),
)

SOURCES = (OPEN_WARNINGS, WARNINGS)
