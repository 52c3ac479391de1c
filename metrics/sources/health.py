"""How well we know an account, and how well it is: two numbers that have nothing to do with each other.

Both read dated facts only, so that an old month can be told again. Health of an account on a day is the weighted
mean of the parts that are known, each from 0 to 100; unknown parts leave it, and below 60 % of the weight there is
none.
"""

from accounts.engagement.health import HealthWeight
from accounts.engagement.states import STATE_DAYS
from metrics.expressions import Measure
from metrics.sources.signals import signal_months
from metrics.sources.source import Beginning, Source

REQUIRED = (
    ("owner", "EXISTS (SELECT 1 FROM accounts_assignment s WHERE s.account_id = o.account_id"
     " AND s.role = 'owner' AND s.during @> m.day)"),
    ("tier", "c.tier_id IS NOT NULL"),
    ("industry", "c.industry_id IS NOT NULL"),
    ("region", "c.region_id IS NOT NULL"),
    ("target or not", "c.is_target IS NOT NULL"),
    ("key person", "COALESCE(p.key_persons, 0) > 0"),
    ("sponsor", "COALESCE(p.sponsors, 0) > 0"),
    ("decision maker", "COALESCE(p.deciders, 0) > 0"),
    ("champion", "COALESCE(p.champions, 0) > 0"),
    ("somebody's influence", "COALESCE(p.influences, 0) > 0"),
    ("somebody's attitude, not older than 180 days", "COALESCE(p.fresh_attitudes, 0) > 0"),
    ("account plan", "EXISTS (SELECT 1 FROM accounts_plan g WHERE g.account_id = o.account_id"
     " AND g.during @> m.day)"),
)  # fmt: skip
FILLED = " + ".join(f"CASE WHEN {condition} THEN 1 ELSE 0 END" for _, condition in REQUIRED)
MISSING = "CONCAT_WS(', ', {})".format(
    ", ".join(
        f"CASE WHEN {condition} THEN NULL ELSE '{name.replace(chr(39), chr(39) * 2)}' END"
        for name, condition in REQUIRED
    )
)

fields_filled = Measure("fields_filled", "COALESCE(SUM(filled), 0)", label="required facts known")
fields_required = Measure("fields_required", "COALESCE(SUM(required), 0)", label="required facts")
facts_noted = Measure("facts_noted", "COALESCE(SUM(noted), 0)", label="things noted about people")
facts_stale = Measure("facts_stale", "COALESCE(SUM(stale), 0)", label="of them older than 180 days")

# What was noted of people who were there on the day: of each person and kind the newest word, which holds until the
# next one.
NOTED = """
    SELECT f.account_id, f.day,
           COUNT(*) FILTER (WHERE f.kind = 'role' AND f.value = 'sponsor') AS sponsors,
           COUNT(*) FILTER (WHERE f.kind = 'role' AND f.value = 'decision_maker') AS deciders,
           COUNT(*) FILTER (WHERE f.kind = 'role' AND f.value = 'champion') AS champions,
           COUNT(*) FILTER (WHERE f.kind = 'influence' AND f.value <> '') AS influences,
           COUNT(*) FILTER (WHERE f.kind = 'support' AND f.value <> '' AND f.noted_on > f.day - 180)
               AS fresh_attitudes,
           COUNT(*) FILTER (WHERE f.kind <> 'key' AND f.value <> '') AS noted,
           COUNT(*) FILTER (WHERE f.kind <> 'key' AND f.value <> '' AND f.noted_on <= f.day - 180) AS stale,
           COUNT(*) FILTER (WHERE f.kind = 'key') AS key_persons
      FROM (SELECT word.account_id, m.day, word.kind, word.value, word.noted_on
              FROM {days} m
              JOIN (SELECT o.account_id, s.kind, s.value, s.noted_on, GREATEST(o.since, s.noted_on) AS since,
                           COALESCE(LEAST(LEAD(s.noted_on) OVER (PARTITION BY s.contact_id, s.kind
                                                                 ORDER BY s.noted_on, s.id), o.left_on),
                                    'infinity') AS until
                      FROM accounts_softfact s
                      JOIN accounts_contact o ON o.id = s.contact_id
                     WHERE s.kind IN ('role', 'influence', 'support') AND {among}) word
                ON m.day >= word.since AND m.day < word.until
             UNION ALL
            SELECT o.account_id, m.day, 'key', '', m.day
              FROM {days} m
              JOIN accounts_contact o ON o.key_during @> m.day AND (o.left_on IS NULL OR o.left_on > m.day)
             WHERE {among}) f
     GROUP BY f.account_id, f.day"""

# What is read once is materialised: after an import nobody has counted the rows yet, and the planner would read it
# again for every account.
COMPLETENESS = Source(
    "completeness",
    "What we have to know of an account, on the day",
    "o.account_id",
    f"""
    SELECT k.account_id, k.day AS date, NULL::bigint AS person_id, k.account_id AS id, k.name AS label,
           COALESCE('missing: ' || NULLIF(k.missing, ''), 'nothing is missing') AS detail,
           NULL::numeric AS booked, '' AS currency, k.filled, {len(REQUIRED)} AS required, k.noted, k.stale
      FROM (WITH p AS MATERIALIZED ({NOTED}),
            firsts AS MATERIALIZED (
                SELECT account_id, MIN(LOWER(during)) AS since
                  FROM (SELECT account_id, during FROM accounts_assignment
                         UNION ALL SELECT account_id, during FROM accounts_classification) d
                 GROUP BY account_id)
            SELECT o.account_id, m.day, o.name, {FILLED} AS filled, {MISSING} AS missing,
                   COALESCE(p.noted, 0) AS noted, COALESCE(p.stale, 0) AS stale
              FROM (SELECT a.id AS account_id, a.name, f.since,
                           (a.archived_at AT TIME ZONE org.time_zone)::date AS archived_on
                      FROM accounts_account a CROSS JOIN accounts_organisation org
                      JOIN firsts f ON f.account_id = a.id) o
              JOIN {{days}} m ON o.since <= m.day AND (o.archived_on IS NULL OR o.archived_on > m.day)
              LEFT JOIN accounts_classification c ON c.account_id = o.account_id AND c.during @> m.day
              LEFT JOIN p ON p.account_id = o.account_id AND p.day = m.day
             WHERE {{among}}) k""",
    (fields_filled, fields_required, facts_noted, facts_stale),
    is_stock=True,
)

WEIGHTS = ", ".join(f"('{part}', {weight})" for part, weight in HealthWeight.USUAL.items())
LEAST_KNOWN = "0.6"
TALK_DAYS, SATISFIED_MONTHS, RED_HOT = 60, 12, 50
"""A tier without a rhythm talks every 60 days; what makes an account red-hot."""

health_points = Measure("health_points", "COALESCE(SUM(health), 0)", label="health, added")
health_accounts = Measure("health_accounts", "COUNT(*)", label="accounts with a health")

# Every part: account, day, part, points from 0 to 100.
STATES = f"""
    SELECT s.account_id, m.day, s.kind AS part, s.points
      FROM (SELECT o.account_id, o.kind, o.date,
                   CASE o.level WHEN 'good' THEN 100 WHEN 'fair' THEN 50 WHEN 'poor' THEN 0 ELSE o.value END AS points,
                   LEAST(LEAD(o.date) OVER (PARTITION BY o.account_id, o.kind ORDER BY o.date),
                         o.date + {STATE_DAYS}) AS until
              FROM accounts_accountstate o WHERE {{among}}) s
      JOIN {{days}} m ON m.day >= s.date AND m.day < s.until"""
ANSWERED_ON = "(o.answered_at AT TIME ZONE org.time_zone)::date"
SATISFIED = f"""
    SELECT v.account_id, m.day, 'satisfaction', AVG(v.points)
      FROM {{days}} m
      JOIN (SELECT o.account_id, {ANSWERED_ON} AS answered_on,
                   CASE i.kind WHEN 'nps' THEN i.score * 10.0 WHEN 'csat5' THEN (i.score - 1) * 25.0
                               ELSE (i.score - 1) * 100 / 9.0 END AS points,
                   COALESCE(LEAD({ANSWERED_ON}) OVER (PARTITION BY COALESCE(o.contact_id, -o.id), i.kind
                                                      ORDER BY o.answered_at, i.id), 'infinity') AS until
              FROM accounts_answeritem i
              JOIN accounts_answer o ON o.id = i.answer_id
             CROSS JOIN accounts_organisation org
             WHERE i.kind IN ('nps', 'csat5', 'csat10') AND {{among}}) v
        ON m.day >= v.answered_on AND m.day < v.until
       AND v.answered_on >= (m.day + 1 - INTERVAL '{SATISFIED_MONTHS} months')::date
     GROUP BY v.account_id, m.day"""
TALKS = f"""
    SELECT o.account_id, m.day, 'interaction',
           GREATEST(0, LEAST(100, 100 - 50.0 * (m.day - talk.on_day - rhythm.days) / rhythm.days))
      FROM {{days}} m
     CROSS JOIN accounts_organisation org
     CROSS JOIN (SELECT id AS account_id FROM accounts_account) o
     CROSS JOIN LATERAL (
            SELECT (t.at AT TIME ZONE org.time_zone)::date AS on_day FROM accounts_touch t
             WHERE t.account_id = o.account_id AND t.direction IN ('inbound', 'two_way')
               AND t.at < ((m.day + 1)::timestamp AT TIME ZONE org.time_zone)
             ORDER BY t.at DESC LIMIT 1) talk
      LEFT JOIN accounts_classification c ON c.account_id = o.account_id AND c.during @> m.day
      LEFT JOIN accounts_tier tier ON tier.id = c.tier_id
     CROSS JOIN LATERAL (SELECT COALESCE(NULLIF(tier.cadence_days, 0), {TALK_DAYS}) AS days) rhythm
     WHERE {{among}}"""
SIGNALS = f"""
    SELECT s.account_id, m.day, 'engagement',
           LEAST(100, COALESCE(SUM(s.points) FILTER (WHERE s.month > m.quarter), 0) * 100.0 / {RED_HOT})
      FROM (SELECT day, (date_trunc('month', day) - INTERVAL '3 months')::date AS quarter,
                   (date_trunc('month', day) - INTERVAL '6 months')::date AS half FROM {{days}} one OFFSET 0) m
      JOIN ({signal_months(7)}) s ON s.month <= m.day AND s.month > m.half
     GROUP BY s.account_id, m.day"""

PARTS = f"""
    SELECT k.account_id, k.day, k.part, COALESCE(w.weight, u.weight) AS weight,
           GREATEST(0, LEAST(100, k.points)) AS points
      FROM ({STATES} UNION ALL {SATISFIED} UNION ALL {TALKS} UNION ALL {SIGNALS}) k (account_id, day, part, points)
      JOIN (VALUES {WEIGHTS}) u (part, weight) ON u.part = k.part
      LEFT JOIN accounts_healthweight w ON w.part = k.part AND w.during @> k.day"""
"""The known parts of every account and day, with what they count."""

WHOLE = f"""
    SELECT m.day, SUM(COALESCE(w.weight, u.weight)) AS weight
      FROM {{days}} m
     CROSS JOIN (VALUES {WEIGHTS}) u (part, weight)
      LEFT JOIN accounts_healthweight w ON w.part = u.part AND w.during @> m.day
     GROUP BY m.day"""
"""What all parts count together on every day."""

HEALTH = Source(
    "health",
    "Health of each account on the day, with its known parts",
    "o.account_id",
    f"""
    SELECT x.account_id, x.day AS date, NULL::bigint AS person_id, x.account_id AS id,
           'known parts' AS label, x.detail, NULL::numeric AS booked, '' AS currency, x.health
      FROM (SELECT p.account_id, p.day, ROUND(SUM(p.weight * p.points) / NULLIF(SUM(p.weight), 0), 4) AS health,
                   SUM(p.weight) AS known,
                   string_agg(p.part || ' ' || ROUND(p.points) || ' (weight ' || p.weight::float || ')', ', '
                              ORDER BY p.weight DESC, p.part) AS detail
              FROM ({PARTS}) p
             GROUP BY p.account_id, p.day) x
      JOIN ({WHOLE}) whole ON whole.day = x.day
     WHERE x.health IS NOT NULL AND x.known >= {LEAST_KNOWN} * whole.weight""",
    (health_points, health_accounts),
    is_stock=True,
    began=(
        Beginning("accounts_accountstate", "date"),
    ),
)  # fmt: skip

SOURCES = (COMPLETENESS, HEALTH)
