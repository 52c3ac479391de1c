"""Digital signals: what they are worth by the weights of their days, and the bands that accounts fall into.

Of each kind and day so many count as its cap allows, so that programs that open mails do not pass for people.
"""

import re

from metrics.expressions import Measure
from metrics.sources.source import Beginning, Source

ON = "(o.at AT TIME ZONE org.time_zone)::date"

# One row an account, kind and day, with the points it is worth: none where its kind had no weight yet. A run makes
# them once for all who read them; there `at` is the day itself.
BY_DAY = f"""
    SELECT g.account_id, g.kind_id, g.date, g.id, g.number, k.code, k.name, k.counted, k.counted * w.weight AS points
      FROM (SELECT o.account_id, o.kind_id, {ON} AS date, COUNT(*) AS number, MIN(o.id) AS id
              FROM accounts_signal o CROSS JOIN accounts_organisation org WHERE"""
WEIGHED = """
     CROSS JOIN LATERAL (
            SELECT one.code, one.name, LEAST(g.number, COALESCE(one.daily_cap, g.number)) AS counted
              FROM accounts_signalkind one WHERE one.id = g.kind_id) k
      LEFT JOIN (SELECT kind_id, weight, COALESCE(LOWER(during), '-infinity') AS since,
                        COALESCE(UPPER(during), 'infinity') AS until FROM accounts_signalweight OFFSET 0) w
             ON w.kind_id = g.kind_id AND w.since <= g.date AND g.date < w.until"""
EACH_DAY = f"GROUP BY o.account_id, o.kind_id, {ON}) g{WEIGHED}"
# What they add up to: only of kinds of which so many a day count at most it matters whose they are.
ADDED_UP = f"""
    SELECT g.date, g.number, k.code, k.counted * w.weight AS points
      FROM (SELECT o.kind_id, {ON} AS date, COUNT(*) AS number
              FROM accounts_signal o
             CROSS JOIN accounts_organisation org
              JOIN accounts_signalkind kind ON kind.id = o.kind_id
             GROUP BY o.kind_id, {ON}, CASE WHEN kind.daily_cap IS NOT NULL THEN o.account_id END) g{WEIGHED}"""
BY_DAY_IN_RUN = """
    SELECT o.account_id, o.kind_id, o.at AS date, o.id, o.number, k.code, k.name, o.counted, o.points
      FROM run_signal_day o LEFT JOIN accounts_signalkind k ON k.id = o.kind_id WHERE"""
TRACED = "SELECT DISTINCT o.account_id FROM accounts_signal o WHERE"
FIRST_DAY = f"SELECT MIN({ON}) FROM accounts_signal o CROSS JOIN accounts_organisation org"
# The same in a run: of each account the day of its first signal, looked up in the index.
FIRST_DAYS = f"""
    SELECT a.id AS account_id, {ON} AS at
      FROM accounts_account a
     CROSS JOIN accounts_organisation org
     CROSS JOIN LATERAL (SELECT s.at FROM accounts_signal s WHERE s.account_id = a.id ORDER BY s.at LIMIT 1) o"""

# Powers of exact numbers are slow; there are few of them, made once a statement.
POWERS = "SELECT array_agg(ROUND(2::numeric ^ (n / 30.0), 12) ORDER BY n) FROM generate_series(0, 330) n"


def doubled(days: str) -> str:
    """What a point grows to in so many days, if it doubles in 30."""
    return f"({POWERS})[{days} + 1]"


# The points of an account by month, and what they had grown to if brought to its first day. A run makes these once,
# too; there `at` is the month.
BY_MONTH = f"""
    SELECT d.account_id, date_trunc('month', d.date::timestamp)::date AS month, SUM(d.points) AS points,
           SUM(d.points * {doubled("date_part('day', d.date::timestamp)::int - 1")}) AS grown
      FROM ({BY_DAY}"""
EACH_MONTH = f"{EACH_DAY}) d WHERE d.points IS NOT NULL GROUP BY 1, 2"
BY_MONTH_IN_RUN = "SELECT o.account_id, o.at AS month, o.points, o.grown FROM run_signal_month o WHERE"
THEIR_MONTHS = re.compile(f"{re.escape(BY_MONTH)}(.*?){re.escape(EACH_MONTH)}", re.DOTALL)


def of_days(sql: str) -> str:
    """The statement reading the days of signals that the run has made."""
    return (
        sql.replace(BY_DAY, BY_DAY_IN_RUN)
        .replace(EACH_DAY, "")
        .replace(TRACED, TRACED.replace("accounts_signal", "run_signal_first"))
        .replace(FIRST_DAY, "SELECT MIN(at) FROM run_signal_first")
    )


def of_run(sql: str) -> str:
    """The statement reading the signals that the run has made ready, by day and by month."""
    return of_days(
        THEIR_MONTHS.sub(lambda found: BY_MONTH_IN_RUN + found[1].replace(ON, "o.at"), sql),
    )


def of_recent(sql: str) -> str:
    """The statement on recent signals reading those that the run has made ready, instead of looking among all."""
    return sql.replace("FROM accounts_signal o", "FROM run_signal_recent o")


def signal_months(months: int) -> str:
    """The points by account and month, of so many months before the first of the days, up to the last."""
    since = f"(SELECT MIN(day) FROM {{days}} d) - INTERVAL '{months} months'"
    return (
        f"{BY_MONTH} {{among}} AND o.at >= {since} AND {ON} <= (SELECT MAX(day) FROM {{days}} d) {EACH_MONTH}"
    )


DECAYED_MONTHS = 10
"""After so many months less than a thousandth is left of points that halve every 30 days."""

points = Measure("points", "COALESCE(SUM(points), 0)", label="points of signals")
site_visits = Measure(
    "site_visits", "COALESCE(SUM(number) FILTER (WHERE code = 'site_visit'), 0)", label="visits of our site"
)
socials = Measure(
    "socials", "COALESCE(SUM(number) FILTER (WHERE code = 'social'), 0)", label="social interactions"
)

SIGNALS = Source(
    "signals",
    "Signals by kind and day",
    "o.account_id",
    f"""
    SELECT s.account_id, s.date, NULL::bigint AS person_id, s.id, s.name AS label,
           s.number || CASE WHEN s.number = 1 THEN ' signal' ELSE ' signals' END AS detail,
           NULL::numeric AS booked, '' AS currency, s.code, s.number, s.points
      FROM ({BY_DAY} {{among}} {EACH_DAY}) s""",
    (points, site_visits, socials),
    began=(Beginning("accounts_signal", "at", is_moment=True),),
    may_be_planned=True,
    moment="o.at",
    added_up=ADDED_UP,
)

mails_delivered = Measure(
    "mails_delivered", "COUNT(*) FILTER (WHERE is_known)", label="e-mails delivered to people we know"
)
mails_opened = Measure(
    "mails_opened", "COUNT(*) FILTER (WHERE is_known AND opened)", label="of these e-mails opened"
)
mails_answered = Measure(
    "mails_answered", "COUNT(*) FILTER (WHERE is_known AND answered)", label="of these e-mails answered"
)
mails_to_unknown = Measure(
    "mails_to_unknown", "COUNT(*) FILTER (WHERE NOT is_known)", label="e-mails delivered to nobody we know"
)

# An e-mail counts in the month in which it was delivered, with what became of it whenever that was: once a person and
# month, however often it is opened. What is opened or answered belongs to the e-mail that it names; where it names
# none, to the last one with its subject that had reached the person by then. Of nobody we know only what was delivered
# counts, each by itself.
MAILS = Source(
    "mails",
    "E-mails delivered, each person once a month",
    "o.account_id",
    f"""
    SELECT g.account_id, g.date, NULL::bigint AS person_id, g.id, 'E-mail delivered' AS label,
           CONCAT_WS(', ', NULLIF(g.subject, ''), CASE WHEN g.opened THEN 'opened' END,
                     CASE WHEN g.answered THEN 'answered' END,
                     CASE WHEN NOT g.is_known THEN 'to nobody we know' END) AS detail,
           NULL::numeric AS booked, '' AS currency, g.is_known, g.opened, g.answered
      FROM (SELECT s.account_id, TRUE AS is_known, MIN(s.subject) AS subject,
                   MIN(s.date) FILTER (WHERE s.code = 'email_delivered') AS date,
                   MIN(s.id) FILTER (WHERE s.code = 'email_delivered') AS id,
                   BOOL_OR(s.code = 'email_open') AS opened, BOOL_OR(s.code = 'email_reply') AS answered
              FROM (SELECT m.*, MAX(CASE WHEN m.code = 'email_delivered' THEN date_trunc('month', m.date) END) OVER (
                             PARTITION BY m.account_id, m.who, m.mail
                             ORDER BY m.date, m.code <> 'email_delivered', m.id) AS sent
                      FROM (SELECT o.account_id, o.id, k.code, o.subject, {ON} AS date, o.contact_id AS who,
                                   CASE WHEN o.message <> '' THEN 'm' || o.message ELSE 's' || o.subject END AS mail
                              FROM accounts_signal o
                             CROSS JOIN accounts_organisation org
                              JOIN accounts_signalkind k ON k.id = o.kind_id
                               AND k.code IN ('email_delivered', 'email_open', 'email_reply')
                             WHERE o.contact_id IS NOT NULL AND {{among}}) m) s
             WHERE s.sent IS NOT NULL
             GROUP BY s.account_id, s.who, s.mail, s.sent
             UNION ALL
            SELECT o.account_id, FALSE, o.subject, {ON}, o.id, FALSE, FALSE
              FROM accounts_signal o
             CROSS JOIN accounts_organisation org
              JOIN accounts_signalkind k ON k.id = o.kind_id AND k.code = 'email_delivered'
             WHERE o.contact_id IS NULL AND {{among}}) g""",
    (mails_delivered, mails_opened, mails_answered, mails_to_unknown),
    may_be_planned=True,
    moment="o.at",
)

invited = Measure("invited", "COUNT(*) FILTER (WHERE code = 'event_invited')", label="invited to events")
attended = Measure("attended", "COUNT(*) FILTER (WHERE code = 'event_attended')", label="attended events")

OF_EVENTS = "SELECT id FROM accounts_signalkind WHERE code IN ('event_invited', 'event_attended')"

# A person counts once a month for one event, however often they are noted for it; the unknown count singly.
EVENTS = Source(
    "events",
    "Invitations and events, each person once a month",
    "o.account_id",
    f"""
    SELECT g.account_id, g.date, NULL::bigint AS person_id, g.id, k.name AS label, g.subject AS detail,
           NULL::numeric AS booked, '' AS currency, k.code
      FROM (SELECT o.account_id, o.kind_id, o.subject, MIN({ON}) AS date, MIN(o.id) AS id
              FROM accounts_signal o CROSS JOIN accounts_organisation org
             WHERE o.kind_id IN ({OF_EVENTS}) AND o.contact_id IS NOT NULL AND {{among}}
             GROUP BY o.account_id, o.kind_id, o.subject, o.contact_id,
                      date_trunc('month', o.at AT TIME ZONE org.time_zone)
             UNION ALL
            SELECT o.account_id, o.kind_id, o.subject, {ON}, o.id
              FROM accounts_signal o CROSS JOIN accounts_organisation org
             WHERE o.kind_id IN ({OF_EVENTS}) AND o.contact_id IS NULL AND {{among}}) g
      JOIN accounts_signalkind k ON k.id = g.kind_id""",
    (invited, attended),
    may_be_planned=True,
    moment="o.at",
)

decayed = Measure("decayed", "SUM(points)", label="points, halved every 30 days")

# Points of a month are brought to its first day together.
DECAYED = Source(
    "decayed",
    "Points by month, halved every 30 days up to the day",
    "o.account_id",
    f"""
    WITH monthly AS MATERIALIZED ({signal_months(12)})
    SELECT s.account_id, m.day AS date, NULL::bigint AS person_id, s.account_id AS id,
           to_char(s.month, 'YYYY-MM') AS label, ROUND(s.points) || ' points' AS detail,
           NULL::numeric AS booked, '' AS currency, ROUND(s.grown / {doubled("m.day - s.month")}, 4) AS points
      FROM {{days}} m
      JOIN monthly s ON s.month <= m.day AND s.month > m.day - {30 * DECAYED_MONTHS} AND s.points > 0""",
    (decayed,),
    is_stock=True,
)

# What a limit is before anybody changed it; by how many per cent a score has to fall under it.
USUAL_LIMITS = {"band_warm": 10, "band_hot": 25, "band_red_hot": 50, "band_stay": 20}
LIMIT_NAMES = tuple(name.removeprefix("band_") for name in USUAL_LIMITS)
LEVELS = ("warm", "hot", "red_hot")
LOOK_BACK = 12
MONTHS_READ = LOOK_BACK + 4
"""So many months before its first day a stock of points reads at most."""


def limit(name: str) -> str:
    """That of the tier on the month's last day, else the organisation's, else the usual one."""
    held = f"SELECT l.value FROM metrics_threshold l WHERE l.name = '{name}' AND l.during @> n.last AND l.tier_id"
    return f"COALESCE(({held} = t.tier_id), ({held} IS NULL), {USUAL_LIMITS[name]}) AS {name.removeprefix('band_')}"


def is_in(band: str) -> str:
    """In this band or above: its limit was reached after the score last fell well under it."""
    return f"COALESCE(b.{band}_on > COALESCE(b.{band}_off, '-infinity'), FALSE)"


def marks(band: str) -> str:
    """This month, if a score reached the limit in it, or ended well under it."""
    return (
        f"CASE WHEN s.score >= s.{band} THEN s.month END AS {band}_at,"
        f" CASE WHEN s.is_over AND s.score < s.{band} * (1 - s.stay / 100) THEN s.month END AS {band}_left"
    )


def last_marks(band: str) -> str:
    """The last such months of a year."""
    return f"MAX(x.{band}_at) OVER year AS {band}_on, MAX(x.{band}_left) OVER year AS {band}_off"


band_level = Measure("band_level", "SUM(level)", label="band: 1 warm, 2 hot, 3 red-hot")
band_warm = Measure("band_warm", "COUNT(*) FILTER (WHERE level = 1)", label="warm accounts")
band_hot = Measure("band_hot", "COUNT(*) FILTER (WHERE level = 2)", label="hot accounts")
band_red_hot = Measure("band_red_hot", "COUNT(*) FILTER (WHERE level = 3)", label="red-hot accounts")

# The months looked at, with the limits of each one's last day: those of the organisation, and of every tier that has
# some of its own.
LIMITS = f"""
    SELECT n.month::date, n.last, n.is_over, t.tier_id, {", ".join(map(limit, USUAL_LIMITS))}
      FROM (SELECT month, LEAST((month + INTERVAL '1 month')::date - 1, until) AS last,
                   (month + INTERVAL '1 month')::date - 1 <= until AS is_over
              FROM (SELECT MIN(day) AS first, MAX(day) AS until FROM {{days}} d) ends,
                   generate_series(date_trunc('month', first) - INTERVAL '{LOOK_BACK + 2} months',
                                   date_trunc('month', until), '1 month') month) n
     CROSS JOIN (SELECT NULL::bigint AS tier_id UNION SELECT l.tier_id FROM metrics_threshold l) t"""

# A row for every month of an account with signals, also for those without any. Laid on each other and grouped
# instead of joined: without statistics a join reads one of them again and again.
SCORES = f"""
    SELECT p.account_id, p.month, p.is_over, p.tier_id, {", ".join(f"p.{name}" for name in LIMIT_NAMES)},
           SUM(p.points) OVER (PARTITION BY p.account_id ORDER BY p.month ROWS 2 PRECEDING) AS score
      FROM (SELECT account_id, month, BOOL_AND(is_over) AS is_over, SUM(points) AS points, MAX(tier_id) AS tier_id,
                   {", ".join(f"COALESCE(MAX(own_{name}), MAX({name})) AS {name}" for name in LIMIT_NAMES)}
              FROM (SELECT e.account_id, n.month, n.is_over, 0 AS points, NULL::bigint AS tier_id,
                           {", ".join(f"n.{name}" for name in LIMIT_NAMES)},
                           {", ".join(f"NULL::numeric AS own_{name}" for name in LIMIT_NAMES)}
                      FROM ({TRACED} {{among}}) e
                      JOIN limits n ON n.tier_id IS NULL
                     UNION ALL
                    SELECT o.account_id, n.month, n.is_over, 0, n.tier_id,
                           {", ".join("NULL" for _ in LIMIT_NAMES)}, {", ".join(f"n.{name}" for name in LIMIT_NAMES)}
                      FROM limits n
                      JOIN accounts_classification o ON o.tier_id = n.tier_id AND o.during @> n.last
                     WHERE {{among}}
                     UNION ALL
                    SELECT d.account_id, d.month, NULL, d.points, NULL,
                           {", ".join("NULL" for _ in LIMIT_NAMES * 2)}
                      FROM ({signal_months(MONTHS_READ)}) d) laid
             GROUP BY account_id, month HAVING MAX(warm) IS NOT NULL) p"""

LIMIT_OF_LEVEL = "CASE b.level WHEN 3 THEN b.red_hot WHEN 2 THEN b.hot ELSE b.warm END"
BAND_OF_LEVEL = "CASE b.level WHEN 3 THEN 'red-hot' WHEN 2 THEN 'hot' ELSE 'warm' END"
IN_TIER = "COALESCE(' in tier ' || t.name, '')"

# A score is that of three whole months, as in the engagement score. An account rises with the score that reaches a
# limit, and falls with a month that ends well under it; between the two it stays, for a year at most. The limits are
# those of its tier on the month's last day, where it has some of its own. Months are marked before the year is looked
# over: there each of them is looked at twelve times.
BAND_ROWS = f"""
    WITH limits AS MATERIALIZED ({LIMITS}),
    marked AS MATERIALIZED (
        SELECT x.account_id, x.month, x.score, x.tier_id, {", ".join(f"x.{name}" for name in LIMIT_NAMES)},
               {", ".join(map(last_marks, LEVELS))}
          FROM (SELECT s.*, {", ".join(map(marks, LEVELS))} FROM ({SCORES}) s OFFSET 0) x
        WINDOW year AS (PARTITION BY x.account_id ORDER BY x.month ROWS {LOOK_BACK - 1} PRECEDING))
    SELECT b.*, m.day, {" + ".join(f"{is_in(band)}::int" for band in LEVELS)} AS level
      FROM {{days}} m JOIN marked b ON b.month = date_trunc('month', m.day)::date"""

BANDS = Source(
    "bands",
    "Accounts above cold on the day",
    "o.account_id",
    f"""
    SELECT b.account_id, b.day AS date, NULL::bigint AS person_id, b.account_id AS id, {BAND_OF_LEVEL} AS label,
           ROUND(b.score) || ' points, ' || {BAND_OF_LEVEL} || ' from ' || trim_scale({LIMIT_OF_LEVEL})
           || {IN_TIER}
           || CASE WHEN b.score < {LIMIT_OF_LEVEL}
                   THEN ', stays down to ' || trim_scale({LIMIT_OF_LEVEL} * (1 - b.stay / 100)) ELSE '' END AS detail,
           NULL::numeric AS booked, '' AS currency, b.level
      FROM ({BAND_ROWS}) b
      LEFT JOIN accounts_tier t ON t.id = b.tier_id
     WHERE b.level > 0""",
    (band_level, band_warm, band_hot, band_red_hot),
    is_stock=True,
)

SOURCES = (
    SIGNALS,
    MAILS,
    EVENTS,
    DECAYED,
    BANDS,
)
