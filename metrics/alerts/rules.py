"""What an account is warned of: one SELECT a rule, over the facts as of a day.

Each row is one cause: `account_id, cause, is_red, facts, evidence`. `facts` fill the rule's sentence, `evidence` lists
the rows it rests on. A rule whose figures are unknown, or rest on fewer than five, yields nothing.
"""

from dataclasses import dataclass

from accounts.engagement.health import HealthWeight
from accounts.engagement.playbooks import WarningKind as Kind
from metrics.sources.health import HEALTH, PARTS
from metrics.sources.orders import ORDER_LINES
from metrics.sources.outcomes import IS_MET, IS_OPEN, ON_TRACK
from metrics.sources.signals import (
    BAND_OF_LEVEL,
    BAND_ROWS,
    BY_DAY,
    EACH_DAY,
    FIRST_DAY,
    IN_TIER,
    LIMIT_OF_LEVEL,
)

FRESH_DAYS, LEFT_DAYS, NEAR_DAYS, FALL, DROP, LEAST = 90, 120, 90, 15, 20, 5
WARM, MOST_PARTS, MOST_DEEDS = 10, 3, 3
TOLD_DAYS = 38
"""A rise is told up to a week after its month, so that a missed night loses none; later it is no news."""
SURE = 1.96
"""So many standard errors a change is more than chance, 19 times of 20."""
MANY = 30
"""From so many on either side a fall is worth a look even where chance may explain it; of fewer it is silent."""


@dataclass(frozen=True)
class Rule:
    """A kind of warning: how it is found, said, and what to do next."""

    kind: Kind
    sentence: str
    next_step: str
    sql: str
    words: str
    """When it warns, for the page that lists the rules."""
    page: str = "portfolio:account"
    """Where the next step is done; its key is the number in the cause, else the account."""
    foretells: bool = False
    """It foretells a loss: of an account that is lost already it says nothing new."""


ZONED = "(o.answered_at AT TIME ZONE org.time_zone)::date"
NEWEST_MARKS = f"""
    SELECT DISTINCT ON (COALESCE(o.contact_id, -o.id), i.kind)
           o.id, o.account_id, o.contact_id, i.kind, i.score, {ZONED} AS answered_on,
           COALESCE(p.name, 'somebody') AS who, COALESCE(s.name, 'survey') AS survey
      FROM accounts_answeritem i
      JOIN accounts_answer o ON o.id = i.answer_id
     CROSS JOIN accounts_organisation org
      LEFT JOIN accounts_contact p ON p.id = o.contact_id
      LEFT JOIN accounts_survey s ON s.id = o.survey_id
     WHERE i.kind IN ('nps', 'csat5', 'csat10') AND {ZONED} <= %(day)s
     ORDER BY COALESCE(o.contact_id, -o.id), i.kind, o.answered_at DESC, i.id DESC"""
UNSETTLED = (
    "NOT EXISTS (SELECT 1 FROM accounts_action t WHERE t.answer_id = m.id AND t.status <> 'open'"
    " AND COALESCE(t.closed_on, %(day)s) <= %(day)s)"
)


def of_mark(condition: str) -> str:
    """An answer of the last 90 days about which nothing was settled yet."""
    return f"""
    SELECT m.account_id, 'answer:' || m.id AS cause, TRUE AS is_red,
           jsonb_build_object('who', m.who, 'score', m.score) AS facts,
           jsonb_build_array(jsonb_build_object('what', m.survey || ', ' || m.who, 'when', m.answered_on,
                                                'value', m.score)) AS evidence
      FROM ({NEWEST_MARKS}) m
     WHERE {condition} AND m.answered_on > %(day)s::date - {FRESH_DAYS} AND {UNSETTLED}"""


IS_LOW = "((m.kind = 'csat5' AND m.score <= 2) OR (m.kind = 'csat10' AND m.score <= 4))"

DETRACTOR = Rule(
    Kind.DETRACTOR,
    "{who} gave us {score} of 10: would not recommend us.",
    "Call {who} and close the loop",
    of_mark("m.kind = 'nps' AND m.score <= 6"),
    f"The newest answer of a person in the last {FRESH_DAYS} days is 0 to 6, and its task is not closed.",
)
LOW_SATISFACTION = Rule(
    Kind.LOW_SATISFACTION,
    "{who} is dissatisfied: mark {score}.",
    "Call {who} and close the loop",
    of_mark(
        f"{IS_LOW} AND NOT EXISTS (SELECT 1 FROM accounts_answeritem n"
        " WHERE n.answer_id = m.id AND n.kind = 'nps' AND n.score <= 6)"
    ),
    f"The newest answer of a person in the last {FRESH_DAYS} days is 1 or 2 of 5 (1 to 4 of 10).",
)


def spread(when: str) -> str:
    """Variance of a mean recommendation by the adjusted Wald method, as in its interval (`metrics.intervals`)."""
    n, up, down = f"(h.n_{when} + 3.0)", f"(h.up_{when} + 0.75)", f"(h.down_{when} + 0.75)"
    return f"(({up} + {down}) / {n} - (({up} - {down}) / {n}) ^ 2) / {n}"


def adjusted(when: str) -> str:
    return f"(h.up_{when} - h.down_{when}) / (h.n_{when} + 3.0)"


NPS_IS_SURE = (
    f"({adjusted('before')} - {adjusted('now')}) > {SURE} * sqrt({spread('before')} + {spread('now')})"
)

NPS_DROP = Rule(
    Kind.NPS_DROP,
    "NPS fell from {before} to {now} within half a year.",
    "Ask those who changed their mind",
    f"""
    SELECT h.account_id, 'nps' AS cause, {NPS_IS_SURE} AS is_red,
           jsonb_build_object('before', ROUND(100.0 * (h.up_before - h.down_before) / h.n_before),
                              'now', ROUND(100.0 * (h.up_now - h.down_now) / h.n_now)) AS facts,
           jsonb_build_array(
               jsonb_build_object('what', 'NPS of the 6 months before, ' || h.n_before || ' people',
                                  'value', ROUND(100.0 * (h.up_before - h.down_before) / h.n_before), 'unit', 'points'),
               jsonb_build_object('what', 'NPS of the last 6 months, ' || h.n_now || ' people',
                                  'value', ROUND(100.0 * (h.up_now - h.down_now) / h.n_now), 'unit', 'points'))
           || CASE WHEN {NPS_IS_SURE} THEN '[]'::jsonb
                   ELSE '[{{"what": "may be chance"}}]'::jsonb END AS evidence
      FROM (SELECT m.account_id,
                   COUNT(*) FILTER (WHERE m.is_new) AS n_now, COUNT(*) FILTER (WHERE NOT m.is_new) AS n_before,
                   COUNT(*) FILTER (WHERE m.is_new AND m.score >= 9) AS up_now,
                   COUNT(*) FILTER (WHERE m.is_new AND m.score <= 6) AS down_now,
                   COUNT(*) FILTER (WHERE NOT m.is_new AND m.score >= 9) AS up_before,
                   COUNT(*) FILTER (WHERE NOT m.is_new AND m.score <= 6) AS down_before
              FROM (SELECT DISTINCT ON (COALESCE(o.contact_id, -o.id), {ZONED} > %(day)s::date - 183)
                           o.account_id, {ZONED} > %(day)s::date - 183 AS is_new, i.score
                      FROM accounts_answeritem i
                      JOIN accounts_answer o ON o.id = i.answer_id
                     CROSS JOIN accounts_organisation org
                     WHERE i.kind = 'nps' AND {ZONED} <= %(day)s AND {ZONED} > %(day)s::date - 366
                     ORDER BY COALESCE(o.contact_id, -o.id), {ZONED} > %(day)s::date - 183,
                              o.answered_at DESC, i.id DESC) m
             GROUP BY m.account_id) h
     WHERE h.n_now >= {LEAST} AND h.n_before >= {LEAST}
       AND ({NPS_IS_SURE} OR LEAST(h.n_now, h.n_before) >= {MANY})
       AND 100.0 * (h.up_now - h.down_now) / h.n_now
           <= 100.0 * (h.up_before - h.down_before) / h.n_before - {DROP}""",
    f"NPS of the last 6 months is {DROP} points or more under that of the 6 before, {LEAST} people each or more, and"
    f" the fall is larger than chance explains. From {MANY} people each on it is said in any case, then not in red.",
    foretells=True,
)

BOTH = "(SELECT %(day)s::date AS day UNION ALL SELECT %(day)s::date - 30)"

PART_LABELS = ", ".join(f"('{part.value}', '{part.label}')" for part in HealthWeight.Part)
# Of the few accounts whose health fell, the parts that moved: the heaviest first.
MOVED_PARTS = f"""
    SELECT COALESCE(jsonb_agg(jsonb_build_object('what', q.said) ORDER BY q.effect DESC, q.said), '[]') AS evidence
      FROM (SELECT l.label || CASE WHEN p.now IS NULL THEN ' ' || ROUND(p.before) || ', not known any more'
                                   WHEN p.before IS NULL THEN ' ' || ROUND(p.now) || ', not known before'
                                   ELSE ' ' || ROUND(p.before) || ' → ' || ROUND(p.now) END AS said,
                   p.weight * COALESCE(ABS(p.before - p.now), 0) AS effect
              FROM (SELECT m.part, MAX(m.weight) AS weight,
                           MAX(m.points) FILTER (WHERE m.day = %(day)s) AS now,
                           MAX(m.points) FILTER (WHERE m.day < %(day)s) AS before
                      FROM ({PARTS.format(days=BOTH, among="o.account_id = fallen.account_id")}) m
                     GROUP BY m.part) p
              JOIN (VALUES {PART_LABELS}) l (part, label) ON l.part = p.part
             WHERE p.now IS NULL OR p.before IS NULL OR ABS(p.before - p.now) >= 1
             ORDER BY 2 DESC, 1 LIMIT {MOST_PARTS}) q"""

HEALTH_FALL = Rule(
    Kind.HEALTH_FALL,
    "Health fell from {before} to {now} in 30 days.",
    "Look at the part that fell most",
    f"""
    SELECT fallen.account_id, 'health' AS cause, fallen.health < 50 AS is_red,
           jsonb_build_object('before', ROUND(fallen.before), 'now', ROUND(fallen.health)) AS facts, why.evidence
      FROM (SELECT h.account_id, MAX(h.health) FILTER (WHERE h.date = %(day)s::date) AS health,
                   MAX(h.health) FILTER (WHERE h.date < %(day)s::date) AS before
              FROM ({HEALTH.select(days=BOTH)}) h
             GROUP BY h.account_id) fallen
     CROSS JOIN LATERAL ({MOVED_PARTS}) why
     WHERE fallen.health <= fallen.before - {FALL}""",
    f"Health is {FALL} points or more under that of 30 days ago.",
    foretells=True,
)

GAP = Rule(
    Kind.GAP,
    "No talk for {span}; the rhythm is {rhythm}.",
    "Arrange a talk",
    """
    SELECT g.account_id, 'talk' AS cause, FALSE AS is_red,
           jsonb_build_object('days', %(day)s::date - g.on_day, 'rhythm', g.rhythm) AS facts,
           jsonb_build_array(jsonb_build_object('what', 'last ' || CASE g.channel WHEN 'video' THEN 'video call'
                                                                             ELSE g.channel END
                                                        || ' in which they took part',
                                                'when', g.on_day, 'value', %(day)s::date - g.on_day,
                                                'unit', 'days')) AS evidence
      FROM (SELECT c.account_id, tier.cadence_days AS rhythm, talk.on_day, talk.channel
              FROM accounts_classification c
              JOIN accounts_tier tier ON tier.id = c.tier_id AND tier.cadence_days > 0
             CROSS JOIN accounts_organisation org
             CROSS JOIN LATERAL (
                    SELECT (t.at AT TIME ZONE org.time_zone)::date AS on_day, t.channel FROM accounts_touch t
                     WHERE t.account_id = c.account_id AND t.direction IN ('inbound', 'two_way')
                       AND t.at < ((%(day)s::date + 1)::timestamp AT TIME ZONE org.time_zone)
                     ORDER BY t.at DESC LIMIT 1) talk
             WHERE c.during @> %(day)s::date) g
     WHERE %(day)s::date - g.on_day > g.rhythm""",
    "The last contact in which the customer took part is older than the rhythm of its tier.",
    "engagement:activity",
    foretells=True,
)

# Counted as the score counts them, both halves with the weights of the day: a new weight is no change of theirs.
# `spread` is the variance of both sums if signals came by chance.
POINTS = f"""
    SELECT b.account_id, SUM(b.counted * w.weight) FILTER (WHERE NOT b.is_new) AS before,
           SUM(b.counted) FILTER (WHERE NOT b.is_new) AS number_before,
           COALESCE(SUM(b.counted * w.weight) FILTER (WHERE b.is_new), 0) AS now,
           COALESCE(SUM(b.counted) FILTER (WHERE b.is_new), 0) AS number_now,
           SUM(b.counted * w.weight * w.weight) AS spread
      FROM (SELECT d.account_id, d.kind_id, d.date > %(day)s::date - 90 AS is_new, SUM(d.counted) AS counted
              FROM ({BY_DAY} o.at >= %(day)s::date - 181 {EACH_DAY}) d
             WHERE d.date >= %(day)s::date - 179 AND d.date <= %(day)s::date
             GROUP BY 1, 2, 3) b
      JOIN accounts_signalweight w ON w.kind_id = b.kind_id AND w.during @> %(day)s::date AND w.weight > 0
     GROUP BY b.account_id"""

ENGAGEMENT_HALVED = Rule(
    Kind.ENGAGEMENT_HALVED,
    "Digital engagement fell from {before} to {now} points.",
    "Ask what changed, and whom we lost sight of",
    f"""
    SELECT b.account_id, 'engagement' AS cause, FALSE AS is_red,
           jsonb_build_object('before', ROUND(b.before), 'now', ROUND(b.now)) AS facts,
           jsonb_build_array(
               jsonb_build_object('what', b.number_before || ' signals in the 90 days before',
                                  'value', ROUND(b.before)),
               jsonb_build_object('what', b.number_now || ' signals in the last 90 days',
                                  'value', ROUND(b.now))) AS evidence
      FROM ({POINTS}) b
     WHERE b.number_before >= {LEAST} AND b.before >= {WARM} AND b.now <= b.before / 2
       AND b.before - b.now > {SURE} * sqrt(b.spread)""",
    f"Points of the last 90 days are at most half of those of the 90 days before, which were at least {WARM}, and the"
    " fall is larger than chance explains.",
    foretells=True,
)

# As if orders came by chance: the variance of their sum is the sum of their squares.
REVENUE_IS_SURE = f"x.before - x.now > {SURE} * sqrt(x.spread)"

REVENUE_DOWN = Rule(
    Kind.REVENUE_DOWN,
    "Revenue of three months fell by {percent} % against the three before.",
    "Find out what they buy elsewhere",
    f"""
    SELECT x.account_id, 'revenue' AS cause, {REVENUE_IS_SURE} AS is_red,
           jsonb_build_object('percent', ROUND(100 - 100 * x.now / x.before)) AS facts,
           jsonb_build_array(
               jsonb_build_object('what', 'revenue of the 3 whole months before (orders: ' || x.n_before || ')',
                                  'value', ROUND(x.before), 'unit', 'money'),
               jsonb_build_object('what', 'revenue of the last 3 whole months (orders: ' || x.n_now || ')',
                                  'value', ROUND(x.now), 'unit', 'money'))
           || CASE WHEN {REVENUE_IS_SURE} THEN '[]'::jsonb
                   ELSE '[{{"what": "may be chance: their orders come unevenly"}}]'::jsonb END AS evidence
      FROM (SELECT r.account_id,
                   COALESCE(SUM(r.amount * r.amount)
                            FILTER (WHERE r.date >= e.ends - INTERVAL '6 months'), 0) AS spread,
                   COALESCE(SUM(r.amount) FILTER (WHERE r.date >= e.ends - INTERVAL '3 months'), 0) AS now,
                   COALESCE(SUM(r.amount) FILTER (WHERE r.date < e.ends - INTERVAL '3 months'
                                                    AND r.date >= e.ends - INTERVAL '6 months'), 0) AS before,
                   SUM(r.amount) FILTER (WHERE r.date < e.ends - INTERVAL '12 months') AS year_ago,
                   COUNT(DISTINCT r.label) FILTER (WHERE r.date >= e.ends - INTERVAL '3 months') AS n_now,
                   COUNT(DISTINCT r.label) FILTER (WHERE r.date < e.ends - INTERVAL '3 months'
                                                    AND r.date >= e.ends - INTERVAL '6 months') AS n_before
              FROM (SELECT date_trunc('month', %(day)s::date + 1)::date AS ends) e
              JOIN (SELECT l.account_id, l.label, l.date, SUM(l.amount) AS amount
                      FROM ({ORDER_LINES.select("o.date >= %(day)s::date - 500 AND o.date <= %(day)s::date")}) l
                     GROUP BY l.account_id, l.label, l.date) r
                ON r.date < e.ends AND r.date >= e.ends - INTERVAL '15 months' AND r.account_id IS NOT NULL
             GROUP BY r.account_id) x
     WHERE x.n_before >= {LEAST} AND x.before > 0 AND x.now <= 0.75 * x.before
       AND ({REVENUE_IS_SURE} OR LEAST(x.n_now, x.n_before) >= {MANY})
       AND (x.year_ago IS NULL OR x.now <= 0.75 * x.year_ago)""",
    f"Revenue of the last 3 whole months is 25 % or more under the 3 before ({LEAST} orders or more) and a year ago,"
    f" and the fall is larger than chance explains. From {MANY} orders each on it is said in any case, not in red.",
    foretells=True,
)

CHAMPION_LEFT = Rule(
    Kind.CHAMPION_LEFT,
    "{who}, our {role}, left.",
    "Find a successor for {who}",
    f"""
    SELECT c.account_id, 'contact:' || c.id AS cause, TRUE AS is_red,
           jsonb_build_object('who', c.name, 'role', r.value) AS facts,
           jsonb_build_array(jsonb_build_object('what', c.name || ', ' || r.value || ', left', 'when', c.left_on))
               AS evidence
      FROM accounts_contact c
     CROSS JOIN LATERAL (
            SELECT s.value FROM accounts_softfact s
             WHERE s.contact_id = c.id AND s.kind = 'role' AND s.noted_on <= c.left_on
             ORDER BY s.noted_on DESC, s.id DESC LIMIT 1) r
     WHERE c.left_on <= %(day)s AND c.left_on > %(day)s::date - {LEFT_DAYS} AND c.successor_id IS NULL
       AND r.value IN ('champion', 'sponsor')""",
    f"A champion or sponsor left in the last {LEFT_DAYS} days and has no successor.",
    "stakeholders:left",
)

NOTICE_NEAR = Rule(
    Kind.NOTICE_NEAR,
    "Contract {number}: notice by {deadline}, and no renewal is opened.",
    "Open the renewal",
    f"""
    SELECT k.account_id, 'contract:' || k.id AS cause, TRUE AS is_red,
           jsonb_build_object('number', k.number, 'deadline', k.deadline) AS facts,
           jsonb_build_array(jsonb_build_object('what', 'contract ' || k.number || ', notice or last day',
                                                'when', k.deadline, 'value', k.deadline - %(day)s::date,
                                                'unit', 'days')) AS evidence
      FROM (SELECT c.*, COALESCE(c.notice_date, UPPER(c.during) - 1) AS deadline FROM accounts_contract c
             WHERE c.outcome = 'open' AND c.during @> %(day)s::date AND UPPER(c.during) IS NOT NULL) k
     WHERE k.deadline <= %(day)s::date + {NEAR_DAYS}
       AND NOT EXISTS (SELECT 1 FROM accounts_opportunity o
                        WHERE o.account_id = k.account_id AND o.kind = 'renewal' AND o.opened_on <= %(day)s
                          AND (o.closed_on IS NULL OR o.closed_on > %(day)s::date - 180))""",
    f"An undecided contract's notice date (or last day) is {NEAR_DAYS} days away or nearer, and no renewal is open.",
    "revenue:contract_decide",
)

OVERDUE_REQUEST = Rule(
    Kind.OVERDUE_REQUEST,
    "“{subject}” is {span} overdue.",
    "Answer and solve it",
    """
    SELECT q.account_id, 'request:' || q.id AS cause, FALSE AS is_red,
           jsonb_build_object('subject', q.subject, 'days', %(day)s::date - q.due_on) AS facts,
           jsonb_build_array(jsonb_build_object('what', CONCAT_WS(', ', NULLIF(q.number, ''), 'solution was due'),
                                                'when', q.due_on, 'value', %(day)s::date - q.due_on,
                                                'unit', 'days')) AS evidence
      FROM accounts_request q CROSS JOIN accounts_organisation org
     WHERE q.due_on < %(day)s
       AND (q.resolved_at IS NULL OR (q.resolved_at AT TIME ZONE org.time_zone)::date > %(day)s)""",
    "A request is not solved on the day on which its solution was due.",
    "engagement:request",
)

WITHOUT_RESULT = Rule(
    Kind.WITHOUT_RESULT,
    "{lead} % of the steps were on track, but only {lag} % of the results were met.",
    "Diagnose with the customer",
    f"""
    SELECT f.account_id, 'goals' AS cause, FALSE AS is_red,
           jsonb_build_object('lead', ROUND(100 * f.lead), 'lag', ROUND(100 * f.lag)) AS facts,
           jsonb_build_array(
               jsonb_build_object('what', f.steps || ' steps open a year ago, on track',
                                  'value', ROUND(100 * f.lead), 'unit', 'share'),
               jsonb_build_object('what', f.results || ' results due since, met',
                                  'value', ROUND(100 * f.lag), 'unit', 'share')) AS evidence
      FROM (SELECT x.account_id, AVG(x.lead) AS lead, AVG(x.lag) AS lag, COUNT(x.lead) AS steps,
                   COUNT(x.lag) AS results
              FROM (SELECT o.account_id, NULL::int AS lead, {IS_MET}::int AS lag
                      FROM accounts_outcome r JOIN accounts_goal g ON g.id = r.goal_id
                      JOIN accounts_plan o ON o.id = g.plan_id
                     WHERE r.met IS NOT NULL AND r.due_on <= %(day)s AND r.due_on > %(day)s::date - 365
                     UNION ALL
                    SELECT o.account_id, {ON_TRACK.format(day="(%(day)s::date - 365)")}::int, NULL
                      FROM accounts_milestone s JOIN accounts_goal g ON g.id = s.goal_id
                      JOIN accounts_plan o ON o.id = g.plan_id
                     WHERE {IS_OPEN.format(day="(%(day)s::date - 365)")} AND s.due_on > %(day)s::date - 365
                       AND EXISTS (SELECT 1 FROM accounts_outcome r WHERE r.goal_id = g.id AND r.met IS NOT NULL
                                      AND r.due_on <= %(day)s AND r.due_on > %(day)s::date - 365)) x
             GROUP BY x.account_id) f
     WHERE f.lead - f.lag >= {DROP} / 100.0 AND f.steps + f.results >= {LEAST} AND f.steps > 0 AND f.results > 0""",
    f"For goals due in 12 months, steps on track lie {DROP} points or more above results met; {LEAST} or more in all.",
    "portfolio:account",
)

# Today, and the ends of the two months before: bands are looked at month by month.
ENDS = """(SELECT %(day)s::date AS day
           UNION ALL SELECT date_trunc('month', %(day)s::date)::date - 1
           UNION ALL SELECT (date_trunc('month', %(day)s::date) - INTERVAL '1 month')::date - 1)"""
POINTS_OF = "trim_scale({0}) || CASE WHEN {0} = 1 THEN ' point' ELSE ' points' END"
# What those who rose did in this month and the last: the kinds that brought most points.
DEEDS = f"""
    SELECT k.account_id, k.month, string_agg(k.number || ' × ' || k.name, ', ' ORDER BY k.place) AS said,
           jsonb_agg(jsonb_build_object('when', k.newest, 'what', k.number || ' × ' || k.name || ', '
                                                || {POINTS_OF.format("k.points")}) ORDER BY k.place) AS evidence
      FROM (SELECT d.account_id, date_trunc('month', d.date)::date AS month, SUM(d.counted) AS number,
                   lower(left(d.name, 1)) || substr(d.name, 2) AS name, SUM(d.points) AS points,
                   MAX(d.date) AS newest, ROW_NUMBER() OVER (
                       PARTITION BY d.account_id, date_trunc('month', d.date)
                           ORDER BY SUM(d.points) DESC, d.name) AS place
              FROM ({BY_DAY} o.at >= %(day)s::date - 63 AND o.account_id IN (SELECT account_id FROM risen) {EACH_DAY}) d
             WHERE d.points > 0 AND d.date <= %(day)s::date
             GROUP BY d.account_id, date_trunc('month', d.date), d.name) k
     WHERE k.place <= {MOST_DEEDS}
     GROUP BY k.account_id, k.month"""

# A rise counts where the score grew past the limit that holds now: a lower limit, or another tier, is no deed of a
# customer. Before anybody's signals were recorded nobody was cold; it was unknown. Each rise is told once at most.
WARMER = Rule(
    Kind.WARMER,
    "Engagement rose from {was} to {now}: {why}.",
    "Talk to them while they are interested",
    f"""
    WITH risen AS MATERIALIZED (
        SELECT x.*
          FROM (SELECT b.*, {BAND_OF_LEVEL} AS band, {LIMIT_OF_LEVEL} AS least, {IN_TIER} AS in_tier,
                       'band:' || b.level || ':' || to_char(b.month, 'YYYY-MM') AS cause
                  FROM (SELECT r.*, LAG(r.level) OVER stays AS before, LAG(r.score) OVER stays AS score_before,
                               LEAD(r.level) OVER stays AS after
                          FROM ({BAND_ROWS.format(days=ENDS, among="TRUE")}) r
                        WINDOW stays AS (PARTITION BY r.account_id ORDER BY r.day)) b
                  LEFT JOIN accounts_tier t ON t.id = b.tier_id
                 WHERE b.level > b.before AND COALESCE(b.after, b.level) = b.level) x
          LEFT JOIN metrics_alert told
                 ON told.account_id = x.account_id AND told.kind = %(kind)s AND told.cause = x.cause
         WHERE x.score_before < x.least
           AND CASE WHEN told.id IS NULL THEN x.month > %(day)s::date - {TOLD_DAYS}
                    ELSE told.resolved_on IS NULL AND told.acknowledged_on IS NULL END
           AND ({FIRST_DAY}) < x.month)
    SELECT x.account_id, x.cause, FALSE AS is_red,
           jsonb_build_object('was', (ARRAY['cold', 'warm', 'hot'])[x.before + 1], 'now', x.band,
                              'why', s.said || ' in ' || to_char(x.month, 'FMMonth')) AS facts,
           s.evidence || jsonb_build_array(jsonb_build_object(
               'what', {POINTS_OF.format("x.score")} || ' in three months; ' || x.band || ' from '
                       || trim_scale(x.least) || x.in_tier)) AS evidence
      FROM risen x
      JOIN ({DEEDS}) s ON s.account_id = x.account_id AND s.month = x.month""",
    "Good news, no warning: what a customer did this month lifted its engagement to a higher band. Said once for each"
    " rise; it goes away when somebody takes it up, when the band falls, or after the next month.",
    "engagement:activity",
)

RULES: tuple[Rule, ...] = (
    DETRACTOR,
    NPS_DROP,
    LOW_SATISFACTION,
    HEALTH_FALL,
    GAP,
    ENGAGEMENT_HALVED,
    REVENUE_DOWN,
    CHAMPION_LEFT,
    NOTICE_NEAR,
    OVERDUE_REQUEST,
    WITHOUT_RESULT,
    WARMER,
)
RULE_OF: dict[str, Rule] = {rule.kind.value: rule for rule in RULES}
