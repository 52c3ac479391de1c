"""How long answers take, whom a first contact wins, how many touches pay, and whether engagement foretells anything."""

from metrics.recipes.recipe import (
    CREDITED,
    EVERYWHERE,
    MEDIAN,
    OPENED,
    OPENED_AS,
    ORDERED,
    ROW_SCOPES,
    ROW_SCOPES_BY_OPENING,
    SCOPE_NAME,
    SHARE,
    STAMP,
    Behind,
    Beside,
    Recipe,
    Split,
)
from metrics.sources.requests import INTERNAL_REQUESTS, REQUESTS, SOLUTIONS
from metrics.sources.touches import COUNTED, DEAL_TOUCHES, TOUCHES

ASKED = EVERYWHERE | {"request", "assignment", "classification"}
ASKED_INSIDE = EVERYWHERE | {"internalrequest", "assignment", "classification"}
TOUCHED = EVERYWHERE | {"touch", "opportunity", "opportunitysplit", "assignment", "classification"}
FIRST = TOUCHED | {"order", "contract"}
STANDING = FIRST | {"orderline", "product", "signal", "signalkind", "signalweight", "metrics_threshold"}

DAYS_TO_WIN = 180
FEWEST_REACHED = 20
FEWEST_IN_A_BAND = 30
HALF_YEARS = 4
EVER = 1200
"""Months: the first band that anybody reached decides from when on all are compared."""

RELATIONS = {
    "asked": f"""
        SELECT r.id, r.account_id, r.date, COALESCE(r.person_id, owner.user_id) AS person_id, TRUE AS is_first,
               r.to_answer
          FROM ({REQUESTS.select()}) r {CREDITED}
         WHERE r.date >= %(since)s""",
    "solved": f"""
        SELECT r.id, r.account_id, r.date, COALESCE(r.person_id, owner.user_id) AS person_id, TRUE AS is_first,
               r.to_resolve
          FROM ({SOLUTIONS.select()}) r {CREDITED}
         WHERE r.date >= %(since)s""",
    "inside": f"""
        SELECT r.id, r.account_id, r.date, COALESCE(r.person_id, owner.user_id) AS person_id, TRUE AS is_first,
               r.to_do, r.due_on, r.done_on
          FROM ({INTERNAL_REQUESTS.select()}) r {CREDITED}
         WHERE r.date >= %(since)s""",
    # One row a deal and credited person; a deal that nobody touched was closed without us.
    "tried": f"""
        SELECT r.id, r.account_id, r.date, COALESCE(r.person_id, owner.user_id) AS person_id, r.is_won, r.number,
               r.first_on, SPLIT_PART(r.first_touch, ' ', 2) AS channel,
               ROW_NUMBER() OVER (PARTITION BY r.id) = 1 AS is_first, {OPENED_AS}
          FROM ({DEAL_TOUCHES.select()}) r {CREDITED} {OPENED.format(day=DEAL_TOUCHES.classed_on)}
         WHERE r.date >= %(since)s""",
    # The first touch from us, of accounts that were no customers before, and the day on which a deal was won.
    "contacted": f"""
        SELECT r.account_id AS id, r.account_id, r.date, COALESCE(r.person_id, owner.user_id) AS person_id,
               TRUE AS is_first, r.channel,
               (SELECT MIN(d.closed_on) FROM accounts_opportunity d WHERE d.account_id = r.account_id
                   AND d.outcome = 'won' AND d.closed_on >= r.date) AS won_on
          FROM (SELECT DISTINCT ON (t.account_id) t.account_id, t.date, t.person_id, t.channel
                  FROM {COUNTED.format(among="TRUE")} t WHERE t.direction <> 'inbound'
                 ORDER BY t.account_id, t.date, t.id) r {CREDITED}
         WHERE r.date >= %(since)s
           AND NOT EXISTS (SELECT 1 FROM accounts_order x WHERE x.account_id = r.account_id AND x.kind = 'order'
                              AND x.date < r.date)
           AND NOT EXISTS (SELECT 1 FROM accounts_contract x
                            WHERE x.account_id = r.account_id AND LOWER(x.during) < r.date)
           AND NOT EXISTS (SELECT 1 FROM accounts_opportunity x WHERE x.account_id = r.account_id
                              AND x.outcome = 'won' AND x.closed_on < r.date)""",
    # Each account's stocks on a month's last day, its running totals up to it, and its segments on the first.
    "standing": """
        SELECT DISTINCT ON (account_id, month)
               account_id, month, SUM(band_level) OVER one AS level, SUM(contracts) OVER one AS contracts,
               SUM(orders) OVER w AS orders, SUM(won) OVER w AS won, SUM(upsells) OVER w AS upsells,
               SUM(new_categories) OVER w AS categories, tier_id, industry_id, region_id, is_target::int AS target
          FROM facts WHERE account_id IS NOT NULL
        WINDOW w AS (PARTITION BY account_id ORDER BY month), one AS (PARTITION BY account_id, month)""",
}

# Like a median, but rows without a value are known to be open and counted beside it.
TIMES = f"""
    , {STAMP}
    -- figures
    SELECT p.starts, p.ends, m.*
      FROM period p
     CROSS JOIN LATERAL (
        WITH credited AS (
            SELECT p.starts, p.ends, r.account_id, r.person_id, r.id, r.is_first,
                   date_trunc('month', r.date)::date AS month, {{x}} AS x
              FROM {{relation}} r
             WHERE r.date >= p.starts AND r.date < p.ends AND r.date <= p.day),
        {ROW_SCOPES},
        sorted AS (
            SELECT scope, key, COUNT(x)::int AS n, COUNT(*) - COUNT(x) AS waiting,
                   array_agg(x ORDER BY x) FILTER (WHERE x IS NOT NULL) AS xs{{late}}
              FROM scoped {{join}} GROUP BY 1, 2)
        SELECT {SCOPE_NAME} AS scope, key, (xs[(n + 1) / 2] + xs[n / 2 + 1]) / 2.0 AS value,
               NULL AS numerator, NULL AS denominator, n,
               CASE WHEN n >= 6 THEN xs[GREATEST(1, FLOOR(n / 2.0 - 0.98 * SQRT(n)))::int] END AS low,
               CASE WHEN n >= 6 THEN xs[LEAST(n, CEIL(n / 2.0 + 1 + 0.98 * SQRT(n)))::int] END AS high,
               xs[CEIL(0.9 * n)::int] AS p90, waiting{{column}}
          FROM sorted) m"""

# Late is what was done after its day or is still open then; what has no day cannot be late.
LATE = """,
               COUNT(*) FILTER (WHERE inside.due_on < LEAST(COALESCE(inside.done_on, 'infinity'), p.day))::numeric
               / NULLIF(COUNT(inside.due_on), 0) AS overdue"""


def wilson(x: str, n: str) -> str:
    """Both bounds of a share at 95 %, as columns; the same as metrics.intervals makes."""
    z = "1.959963984540054"
    middle = f"({x} + {z} * {z} / 2) / ({n} + {z} * {z})"
    half = f"{z} * SQRT({x} * ({n} - {x}) / {n}::numeric + {z} * {z} / 4) / ({n} + {z} * {z})"
    return f"{middle} - {half} AS low, {middle} + {half} AS high"


ACQUIRED = f"""
    , {STAMP},
    credited AS (
        SELECT p.starts, p.ends, r.account_id, r.person_id, r.id, r.is_first,
               date_trunc('month', r.date)::date AS month, 0 AS x
          FROM period p
          JOIN contacted r ON r.date >= p.starts AND r.date < p.ends AND r.date <= p.day),
    {ROW_SCOPES},
    known AS (
        SELECT scoped.starts, scoped.ends, scoped.scope, scoped.key, contacted.channel,
               COUNT(*) AS started,
               COUNT(*) FILTER (WHERE contacted.date + {DAYS_TO_WIN} <= %(as_of)s::date) AS mature,
               COUNT(*) FILTER (WHERE contacted.date + {DAYS_TO_WIN} <= %(as_of)s::date
                                  AND contacted.won_on <= contacted.date + {DAYS_TO_WIN}) AS won
          FROM scoped JOIN contacted ON contacted.id = scoped.id GROUP BY 1, 2, 3, 4, 5),
    whole AS (
        SELECT starts, ends, scope, key, SUM(started) AS started, SUM(mature) AS mature, SUM(won) AS won,
               SUM(mature) >= 0.8 * SUM(started) AS is_known,
               jsonb_agg(jsonb_build_object('name', channel, 'value', won / NULLIF(mature, 0)::numeric,
                                            'numerator', won, 'n', mature) ORDER BY mature DESC, channel) AS slices
          FROM known GROUP BY 1, 2, 3, 4)
    -- figures
    SELECT starts, ends, {SCOPE_NAME} AS scope, key, CASE WHEN is_known THEN won / mature END AS value,
           won AS numerator, mature AS denominator, CASE WHEN is_known THEN mature ELSE started END AS n,
           CASE WHEN is_known THEN low END AS low, CASE WHEN is_known THEN high END AS high,
           mature / started AS mature, CASE WHEN is_known THEN slices END AS slices
      FROM (SELECT whole.*, {wilson("won", "NULLIF(mature, 0)")} FROM whole) bounded"""

CHANNELS = Split(
    "channel of the first contact",
    (
        ("call", "call"),
        ("mail", "mail"),
        ("meeting", "meeting"),
        ("video", "video call"),
        ("message", "message"),
    ),
)
CHANNEL_NAMES = f"(ARRAY[{', '.join(repr(name) for name, _ in CHANNELS.names)}])"


def begun_before(end: str, day: str) -> str:
    """Of deals: first touched in the 24 months to the end, and decided by the day."""
    return f"r.first_on >= {end} - INTERVAL '24 months' AND r.first_on < {end} AND r.date <= {day}"


# The hazard of touch k: deals won at it, of those that came so far. Its last worthwhile one lies before the first
# whose hazard is under half of the first touch's; where fewer than 20 came so far, nothing is said any more. The same
# for the deals that began through one channel, whose number stands before that of the touches.
IDEAL = f"""
    -- figures
    SELECT p.starts, p.ends, m.*
      FROM period p
     CROSS JOIN LATERAL (
        WITH credited AS (
            SELECT p.starts, p.ends, r.account_id, r.person_id, r.id, r.is_first,
                   r.tier_id, r.industry_id, r.region_id, r.target,
                   date_trunc('month', r.date)::date AS month,
                   COALESCE(array_position({CHANNEL_NAMES}, r.channel::text), 0) * 1000
                   + LEAST(r.number, 499) * 2 + r.is_won::int AS x
              FROM tried r WHERE {begun_before("p.ends", "p.day")}),
        {ROW_SCOPES_BY_OPENING},
        weighed AS (
            SELECT scope, key, (x / 1000)::int AS channel, MOD(x, 1000) AS x, COUNT(*) AS deals
              FROM scoped GROUP BY 1, 2, 3, 4),
        hazards AS (
            SELECT scope, key, channel, k, SUM(deals) AS reached,
                   COALESCE(SUM(deals) FILTER (WHERE x = k * 2 + 1), 0) AS won,
                   COALESCE(SUM(deals) FILTER (WHERE x = k * 2 + 1), 0) / SUM(deals) AS hazard
              FROM weighed CROSS JOIN LATERAL generate_series(1, LEAST(30, x / 2)) k
             GROUP BY GROUPING SETS ((scope, key, k), (scope, key, channel, k))
            HAVING SUM(deals) >= {FEWEST_REACHED}),
        curve AS (
            SELECT h.*, first_value(hazard) OVER (PARTITION BY scope, key, channel ORDER BY k) AS at_first
              FROM hazards h),
        told AS (
            SELECT scope, COALESCE(key, -1) AS key, channel,
                   CASE WHEN MAX(at_first) > 0
                        THEN COALESCE(MIN(k) FILTER (WHERE hazard < at_first / 2) - 1, MAX(k)) END AS ideal,
                   MAX(reached) AS n,
                   jsonb_agg(jsonb_build_object('name', 'touch ' || k, 'value', ROUND(100 * hazard, 1),
                                                'numerator', won, 'n', reached) ORDER BY k) AS hazards
              FROM curve GROUP BY 1, 2, 3),
        begun AS (
            SELECT scope, key,
                   jsonb_agg(jsonb_build_object('name', {CHANNEL_NAMES}[channel], 'value', ideal, 'n', n)
                             ORDER BY n DESC, channel) AS channels
              FROM told WHERE channel IS NOT NULL GROUP BY 1, 2)
        SELECT {SCOPE_NAME} AS scope, NULLIF(key, -1) AS key, w.ideal AS value, NULL AS numerator, NULL AS denominator,
               w.n, NULL AS low, NULL AS high, w.hazards AS slices, b.channels
          FROM told w LEFT JOIN begun b USING (scope, key)
         WHERE w.channel IS NULL) m"""


def lift(base: str, event: str) -> str:
    """How much more often it befell hot accounts than cold ones, where either band had enough different ones."""
    group = {"hot": "level >= 2", "cold": "level = 0"}
    were = {band: f"SUM(times) FILTER (WHERE {base} AND {is_in})" for band, is_in in group.items()}
    befell = {
        band: f"SUM(times) FILTER (WHERE {base} AND {event} AND {is_in})" for band, is_in in group.items()
    }
    enough = " AND ".join(
        f"COUNT(DISTINCT account_id) FILTER (WHERE {base} AND {is_in}) >= {FEWEST_IN_A_BAND}"
        for is_in in group.values()
    )
    return (
        f"CASE WHEN {enough} THEN COALESCE({befell['hot']}, 0) * {were['cold']}"
        f" / NULLIF({befell['cold']} * {were['hot']}, 0) END"
    )


# Customers by their band on the day before a half-year, and what befell them in it: the four half-years up to the
# period's end, or to the last whole month of one that still runs. Before anybody was above cold nobody looked. An
# account counts in the segment it was in when the half-year began: its growth may have moved it since.
LIFT = f"""
    , half AS MATERIALIZED (
        SELECT h.since, s.account_id, s.level, s.contracts > 0 OR s.orders > COALESCE(b.orders, 0) AS is_customer,
               COALESCE(e.won > s.won, FALSE) AS has_won,
               COALESCE(e.upsells > s.upsells OR e.categories > s.categories, FALSE) AS expanded,
               CASE WHEN s.contracts > 0 THEN e.contracts = 0 ELSE e.orders = COALESCE(y.orders, 0) END AS is_gone,
               n.tier_id, n.industry_id, n.region_id, n.target
          FROM (SELECT DISTINCT (LEAST(p.ends, date_trunc('month', %(as_of)s::date + 1))
                                 - k * INTERVAL '6 months')::date AS since
                  FROM period p CROSS JOIN generate_series(1, {HALF_YEARS}) k) h
          JOIN standing s ON s.month = (h.since - INTERVAL '1 month')::date AND s.level <> 1
          LEFT JOIN standing n ON n.account_id = s.account_id AND n.month = h.since
          LEFT JOIN standing e ON e.account_id = s.account_id AND e.month = (h.since + INTERVAL '5 months')::date
          LEFT JOIN standing b ON b.account_id = s.account_id AND b.month = (h.since - INTERVAL '13 months')::date
          LEFT JOIN standing y ON y.account_id = s.account_id AND y.month = (h.since - INTERVAL '7 months')::date
         WHERE s.month >= (SELECT MIN(month) FROM standing WHERE level > 0)),
    scoped AS (
        SELECT last.ends, s.scope, s.key, h.account_id, h.level, h.is_customer, h.has_won, h.expanded, h.is_gone,
               COUNT(*) AS times
          FROM (SELECT ends, LEAST(ends, date_trunc('month', %(as_of)s::date + 1)) AS day
                  FROM period GROUP BY ends) last
         CROSS JOIN generate_series(1, {HALF_YEARS}) k
          JOIN half h ON h.since = (last.day - k * INTERVAL '6 months')::date
         CROSS JOIN LATERAL (VALUES ('company', NULL::bigint), ('tier', h.tier_id), ('industry', h.industry_id),
                                    ('region', h.region_id), ('target', h.target::bigint)) s(scope, key)
         GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9),
    compared AS (
        SELECT ends, scope, key,
               COUNT(DISTINCT account_id) FILTER (WHERE is_customer AND level >= 2) AS hot_accounts,
               COUNT(DISTINCT account_id) FILTER (WHERE is_customer AND level = 0) AS cold_accounts,
               COALESCE(SUM(times) FILTER (WHERE is_customer AND level >= 2), 0) AS hot,
               COALESCE(SUM(times) FILTER (WHERE is_customer AND level = 0), 0) AS cold,
               COALESCE(SUM(times) FILTER (WHERE is_customer AND level >= 2 AND expanded), 0) AS hot_expanded,
               COALESCE(SUM(times) FILTER (WHERE is_customer AND level = 0 AND expanded), 0) AS cold_expanded,
               {lift("is_customer", "expanded")} AS value, {lift("TRUE", "has_won")} AS lift_won,
               {lift("is_customer", "is_gone")} AS lift_lost
          FROM scoped GROUP BY 1, 2, 3),
    -- The interval of a ratio of two shares, on the logarithm (Katz and others, 1978), with accounts as clusters:
    -- each adds what it has beyond its share of the hot less the same of the cold. Where every account counts once it
    -- is Katz's own.
    beyond AS (
        SELECT c.ends, c.scope, c.key, s.account_id,
               SUM(s.times * CASE WHEN s.level >= 2
                                  THEN s.expanded::int / NULLIF(c.hot_expanded, 0) - 1 / NULLIF(c.hot, 0)
                                  ELSE 1 / NULLIF(c.cold, 0) - s.expanded::int / NULLIF(c.cold_expanded, 0)
                                  END) AS own
          FROM compared c
          JOIN scoped s ON s.ends = c.ends AND s.scope = c.scope AND s.key IS NOT DISTINCT FROM c.key
         WHERE s.is_customer AND c.value > 0 GROUP BY 1, 2, 3, 4),
    spread AS (SELECT ends, scope, key, SQRT(SUM(own * own)) AS spread FROM beyond GROUP BY 1, 2, 3)
    -- figures
    SELECT p.starts, p.ends, c.scope, c.key, c.value, 100 * hot_expanded / NULLIF(hot, 0) AS numerator,
           100 * cold_expanded / NULLIF(cold, 0) AS denominator, hot + cold AS n,
           c.value * EXP(-1.96 * d.spread) AS low, c.value * EXP(1.96 * d.spread) AS high,
           CASE WHEN LEAST(hot_accounts, cold_accounts) < {FEWEST_IN_A_BAND} THEN 1 END AS few,
           lift_won, lift_lost, hot_accounts, cold_accounts, hot, cold
      FROM compared c
      JOIN period p ON p.ends = c.ends
      LEFT JOIN spread d ON d.ends = c.ends AND d.scope = c.scope AND d.key IS NOT DISTINCT FROM c.key
     WHERE hot + cold > 0"""

LONG = (Beside("p90", "nine of ten took at most", unit="own"), Beside("waiting", "still waiting"))


def times(relation: str, x: str, late: str = "", column: str = "", join: str = "") -> str:
    return TIMES.format(relation=relation, x=x, late=late, column=column, join=join)


RECIPES = {
    "first_response_time": Recipe(
        times("asked", "r.to_answer"),
        "requests answered",
        ASKED,
        (Behind("hours to the first answer", REQUESTS, "SUM(to_answer)"),),
        ("asked",),
        beside=LONG,
        interval=ORDERED,
        made_of="request",
    ),
    "resolution_time": Recipe(
        times("solved", "r.to_resolve"),
        "requests resolved",
        ASKED,
        (Behind("hours to the solution", SOLUTIONS, "SUM(to_resolve)"),),
        ("solved",),
        beside=LONG,
        interval=ORDERED,
        made_of="request",
    ),
    "internal_request_time": Recipe(
        times("inside", "r.to_do", LATE, ", overdue", "JOIN inside USING (id)"),
        "requests done",
        ASKED_INSIDE,
        (Behind("days to do it", INTERNAL_REQUESTS, "SUM(to_do)"),),
        ("inside",),
        beside=(*LONG, Beside("overdue", "overdue, of those with a day", is_share=True)),
        interval=ORDERED,
        made_of="internalrequest",
    ),
    "touches_to_closure_median": Recipe(
        MEDIAN.format(relation="tried", x="r.number", condition="r.is_won"),
        "deals won",
        TOUCHED,
        (Behind("touches of deals won", DEAL_TOUCHES, "SUM(number) FILTER (WHERE is_won)"),),
        ("tried",),
        interval=ORDERED,
        made_of="opportunity",
        goes_by_opening=True,
    ),
    "acquisition_rate": Recipe(
        ACQUIRED,
        "accounts first contacted",
        FIRST,
        (Behind("touches from us", TOUCHES, "COUNT(*) FILTER (WHERE direction <> 'inbound')"),),
        ("contacted",),
        terms=("won within 180 days", "accounts first contacted"),
        split=CHANNELS,
        matures_days=DAYS_TO_WIN,
        interval=SHARE,
        made_of="touch",
    ),
    "ideal_touches": Recipe(
        IDEAL,
        "deals decided",
        TOUCHED,
        (
            Behind(
                "touches of decided deals",
                DEAL_TOUCHES,
                "SUM(number)",
                dated=begun_before("%(end)s::date", "%(day)s"),
                when="first touched in the 24 months to the end",
            ),
        ),
        ("tried",),
        reaches_back=24,
        split=Split("touch, per cent won at it of those that reached it"),
        channels=CHANNELS,
        made_of="opportunity",
        goes_by_opening=True,
    ),
    "meaningful_engagement": Recipe(
        LIFT,
        "times a customer was hot or cold at a start",
        STANDING,
        (),
        ("standing",),
        columns=("band_level", "contracts", "orders", "won", "upsells", "new_categories"),
        months=(EVER, 0),
        terms=("% of hot customers expanded", "% of cold customers expanded"),
        beside=(
            Beside("lift_won", "the same ratio for a deal won", unit="own"),
            Beside("lift_lost", "the same ratio for a loss", unit="own"),
            Beside("hot", "times a customer was hot or red-hot"),
            Beside("hot_accounts", "different hot customers"),
            Beside("cold", "times one was cold"),
            Beside("cold_accounts", "different cold customers"),
        ),
        interval="of a ratio of two shares, on the logarithm, accounts as clusters, 95 %",
    ),
}
