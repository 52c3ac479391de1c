"""Touches: how often and how long people of ours and of a customer were in contact, and how long they were not.

Mails of one thread and day are one touch: both ways, if both sides wrote. Planned touches count from their day on.
"""

import re

from metrics.expressions import Measure
from metrics.sources.source import Beginning, Source

ON = "(o.at AT TIME ZONE org.time_zone)::date"
TALKS = "('call', 'meeting', 'video')"

# What a touch takes where nobody noted it.
USUAL_MINUTES = "CASE channel WHEN 'meeting' THEN 60 WHEN 'video' THEN 60 WHEN 'call' THEN 20 ELSE 10 END"

# Most touches have no thread; only the others have to be grouped. Of the same types, so that what is asked of both is
# asked of each before they are laid on each other.
ONE_BY_ONE = f"""
    SELECT o.account_id, {ON} AS date, o.actor_id AS person_id, o.id, o.channel::text, o.direction::text, o.minutes,
           o.opportunity_id
      FROM accounts_touch o CROSS JOIN accounts_organisation org
     WHERE o.thread = '' AND {{among}}"""
BY_THREAD = f"""
    SELECT o.account_id, {ON} AS date,
           (array_agg(o.actor_id ORDER BY o.at, o.id) FILTER (WHERE o.actor_id IS NOT NULL))[1] AS person_id,
           MIN(o.id) AS id, MIN(o.channel) AS channel,
           CASE WHEN COUNT(DISTINCT o.direction) = 1 THEN MIN(o.direction) ELSE 'two_way' END AS direction,
           SUM(o.minutes)::int AS minutes, MAX(o.opportunity_id) AS opportunity_id
      FROM accounts_touch o CROSS JOIN accounts_organisation org
     WHERE o.thread <> '' AND {{among}}
     GROUP BY o.account_id, {ON}, o.thread"""
COUNTED = f"({ONE_BY_ONE} UNION ALL {BY_THREAD})"
"""The touches that count, as a relation; nothing of what they were about."""
SOMEBODYS = re.compile("(.*?)".join(re.escape(piece) for piece in COUNTED.split("{among}")), re.DOTALL)


def of_run(sql: str) -> str:
    """The statement reading the touches that the run has made ready."""
    return SOMEBODYS.sub(lambda found: f"(SELECT * FROM run_touch o WHERE {found[1]})", sql)


WORDS = """CASE t.channel WHEN 'mail' THEN 'mail' WHEN 'call' THEN 'call' WHEN 'video' THEN 'video call'
                WHEN 'meeting' THEN 'meeting' ELSE 'message' END AS label,
           CONCAT_WS(', ', CASE t.direction WHEN 'inbound' THEN 'from them' WHEN 'outbound' THEN 'from us'
                                            ELSE 'both ways' END, t.minutes || ' minutes') AS detail"""

touches = Measure("touches", "COUNT(*)", label="touches")
touches_in = Measure("touches_in", "COUNT(*) FILTER (WHERE direction = 'inbound')", label="touches from them")
touches_out = Measure(
    "touches_out", "COUNT(*) FILTER (WHERE direction = 'outbound')", label="touches from us"
)
touches_both = Measure(
    "touches_both", "COUNT(*) FILTER (WHERE direction = 'two_way')", label="touches both ways"
)
talk_hours = Measure(
    "talk_hours",
    f"COALESCE(SUM(ROUND(minutes / 60.0, 4)) FILTER (WHERE channel IN {TALKS}), 0)",
    label="hours of meetings and calls",
)
talks = Measure("talks", f"COUNT(*) FILTER (WHERE channel IN {TALKS})", label="meetings and calls")
talks_unmeasured = Measure(
    "talks_unmeasured",
    f"COUNT(*) FILTER (WHERE channel IN {TALKS} AND minutes IS NULL)",
    label="meetings and calls of unknown length",
)
effort_minutes = Measure(
    "effort_minutes", f"SUM(COALESCE(minutes, {USUAL_MINUTES}))", label="minutes of work"
)

TOUCHES = Source(
    "touches",
    "Touches",
    "o.account_id",
    f"""
    SELECT t.account_id, t.date, t.person_id, t.id, {WORDS}, NULL::numeric AS booked, '' AS currency,
           t.channel, t.direction, t.minutes
      FROM {COUNTED} t""",
    (touches, touches_in, touches_out, touches_both, talk_hours, talks, talks_unmeasured, effort_minutes),
    began=(Beginning("accounts_touch", "at", is_moment=True),),
    may_be_planned=True,
)

gap_accounts = Measure("gap_accounts", "COUNT(*)", label="accounts that were talked with")
gap_days = Measure("gap_days", "SUM(gap)", label="days since the last touch both ways")
gap_longest = Measure("gap_longest", "SUM(longest)", label="longest gap between touches both ways")

# Of each account and month the last day of a talk, and the longest gap that a talk of the month ended; made once,
# whichever way the planner goes on from there.
GAPS = Source(
    "gap",
    "Last touch both ways, up to the day",
    "o.account_id",
    f"""
    WITH ended AS MATERIALIZED (
        SELECT account_id, MAX(date) AS last, MAX(gap) AS gap
          FROM (SELECT account_id, date,
                       date - LAG(date) OVER (PARTITION BY account_id ORDER BY date) AS gap
                  FROM {COUNTED} t
                 WHERE t.direction = 'two_way' AND t.date <= (SELECT MAX(day) FROM {{days}} d)) one
         GROUP BY account_id, date_trunc('month', date))
    SELECT g.account_id, g.date, NULL::bigint AS person_id, g.account_id AS id,
           'last touch both ways' AS label, g.last::text AS detail, NULL::numeric AS booked, '' AS currency,
           g.date - g.last AS gap, GREATEST(g.longest, g.date - g.last) AS longest
      FROM (SELECT ended.account_id, m.day AS date, MAX(ended.last) AS last,
                   MAX(ended.gap) FILTER (WHERE ended.last > m.day - 365) AS longest
              FROM {{days}} m JOIN ended ON ended.last <= m.day
             GROUP BY ended.account_id, m.day) g""",
    (gap_accounts, gap_days, gap_longest),
    is_stock=True,
)

key_contacts = Measure("key_contacts", "COUNT(*)", label="key contacts")
key_engaged = Measure("key_engaged", "COUNT(*) FILTER (WHERE engaged)", label="key contacts engaged")

# Somebody is engaged who turned to us or was talked with in the three whole months up to the day's. Both lists are
# laid on each other and grouped instead of joined: without statistics a join reads one of them again and again.
KEY_CONTACTS = Source(
    "key",
    "Key contacts on the day",
    "o.account_id",
    f"""
    SELECT k.account_id, k.day AS date, NULL::bigint AS person_id, k.id, MAX(k.name) AS label,
           CASE WHEN BOOL_OR(k.engaged) THEN 'engaged' ELSE 'not engaged' END AS detail,
           NULL::numeric AS booked, '' AS currency, BOOL_OR(k.engaged) AS engaged
      FROM (SELECT o.account_id, m.day, o.id, o.name, FALSE AS engaged
              FROM {{days}} m
              JOIN accounts_contact o
                ON o.key_during @> m.day AND o.since <= m.day AND (o.left_on IS NULL OR o.left_on > m.day)
               AND NOT o.is_placeholder AND {{among}}
             UNION ALL
            SELECT t.account_id, m.day, t.contact_id, NULL, TRUE
              FROM (SELECT DISTINCT c.account_id, l.contact_id, date_trunc('month', {ON}) AS month
                      FROM accounts_touch_contacts l
                      JOIN accounts_contact c ON c.id = l.contact_id
                      JOIN accounts_touch o ON o.id = l.touch_id
                     CROSS JOIN accounts_organisation org
                     WHERE o.direction IN ('inbound', 'two_way') AND {{among}}
                       AND o.at >= (SELECT MIN(day) FROM {{days}} d) - INTERVAL '4 months'
                       AND {ON} <= (SELECT MAX(day) FROM {{days}} d)) t
             CROSS JOIN generate_series(0, 2) later
              JOIN {{days}} m ON date_trunc('month', m.day) = t.month + later * INTERVAL '1 month') k
     GROUP BY k.account_id, k.day, k.id
    HAVING COUNT(k.name) > 0""",
    (key_contacts, key_engaged),
    is_stock=True,
    began=(
        Beginning(
            "accounts_contact",
            "CASE WHEN key_during IS NOT NULL AND NOT is_placeholder THEN GREATEST(LOWER(key_during), since) END",
        ),
    ),
)

closings = Measure(
    "closings", "COALESCE(SUM(share) FILTER (WHERE is_won), 0)", label="deals won, by their touches"
)
closing_touches = Measure(
    "closing_touches", "COALESCE(SUM(number * share) FILTER (WHERE is_won), 0)", label="touches of deals won"
)
deal_touches = Measure("deal_touches", "SUM(number * share)", label="touches of deals won and lost")

# The first one is that of the smallest text, which is found faster than by sorting.
FIRST = "CONCAT(TO_CHAR(t.date, 'YYYYMMDD'), LPAD(t.id::text, 20, '0'), ' ', t.channel)"

# Touches that name the deal, from the day it was opened to the day it was closed; grouped once, whichever way the
# planner goes on from there: without statistics it would group all of them anew for each deal.
DEAL_TOUCHES = Source(
    "effort",
    "Deals decided, with their touches",
    "o.account_id",
    f"""
    WITH touched AS MATERIALIZED (
        SELECT d.id, COUNT(*) AS number, MIN(t.date) AS first_on, MIN({FIRST}) AS first_touch
          FROM {COUNTED} t
          JOIN accounts_opportunity d ON d.id = t.opportunity_id AND d.account_id = t.account_id
           AND t.date >= d.opened_on AND t.date <= d.closed_on
         WHERE t.opportunity_id IS NOT NULL
         GROUP BY d.id)
    SELECT o.account_id, o.closed_on AS date, s.user_id AS person_id, o.id, o.name AS label,
           CONCAT_WS(', ', o.outcome, COALESCE(n.number, 0) || ' touches') AS detail,
           NULL::numeric AS booked, '' AS currency, o.outcome = 'won' AS is_won, o.opened_on,
           COALESCE(n.number, 0) AS number, n.first_on, n.first_touch, COALESCE(s.share, 1) AS share
      FROM accounts_opportunity o
      LEFT JOIN accounts_opportunitysplit s ON s.opportunity_id = o.id
      LEFT JOIN touched n ON n.id = o.id
     WHERE o.closed_on IS NOT NULL AND o.account_id IS NOT NULL AND {{among}}""",
    (closings, closing_touches, deal_touches),
    classed_on="opened_on",
)

SOURCES = (
    TOUCHES,
    GAPS,
    KEY_CONTACTS,
    DEAL_TOUCHES,
)
