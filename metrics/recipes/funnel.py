"""Cohorts of leads, the stages of accounts and deals, forecasts against what came, and how new ones fit.

What became of a lead counts where it came within 90 days, and only of those that had them: a share of leads of
last week would say how young they are.
"""

from accounts.revenue.marketing import LeadChannel
from metrics.intervals import Z
from metrics.recipes.recipe import (
    CREDITED,
    EVERYWHERE,
    NO_RATE,
    ROW_SCOPES,
    SCOPE_NAME,
    SHARE,
    STAMP,
    Behind,
    Beside,
    Recipe,
    Split,
)
from metrics.sources.deals import CLOSED_DEALS
from metrics.sources.funnel import LEADS, MARKETING_QUALIFIED, SALES_QUALIFIED
from metrics.sources.orders import JOINED, ORDER_LINES

AS_CAMPAIGN = "r.is_target IS NOT DISTINCT FROM {flag}"
DAYS = 90
"""How long a lead has for the next step."""
OLD_ENOUGH = 0.8
GOOD_FIT = 70

CHANNELS = Split("channel", (*((value, label) for value, label in LeadChannel.choices),))
NEW_CUSTOMERS = "new customers"


def wilson(share: str, n: str) -> str:
    """Two columns, low and high: as metrics.intervals computes them, for a share of n."""
    z, n = repr(Z), f"NULLIF({n}, 0)"
    centre = f"({share} + {z} * {z} / (2 * {n}))"
    spread = f"({z} * SQRT({share} * (1 - {share}) / {n} + {z} * {z} / (4 * {n} * {n})))"
    scale = f"(1 + {z} * {z} / {n})"
    return f"""
           CASE WHEN {share} <= 0 THEN 0 ELSE ({centre} - {spread}) / {scale} END AS low,
           CASE WHEN {share} >= 1 THEN 1 ELSE ({centre} + {spread}) / {scale} END AS high"""


RELATIONS = {
    "lead": """
        SELECT l.id, l.owner_id AS person_id, l.channel, g.is_target::int AS target,
               l.created_on, l.mql_on, l.sql_on, l.customer_on
          FROM accounts_lead l LEFT JOIN accounts_campaign g ON g.id = l.campaign_id""",
    "joined_account": f"SELECT account_id, date FROM ({JOINED.select()}) r",
    # What was won and invoiced, each once for its person and once for the company (key 0).
    "reached": f"""
        SELECT k.key, d.measure, d.date, SUM(d.amount) AS amount, SUM(d.gaps) AS gaps
          FROM (SELECT r.measure, r.person_id, r.date, SUM(r.amount) AS amount,
                       COUNT(*) FILTER (WHERE {NO_RATE}) AS gaps
                  FROM (SELECT 'won' AS measure, COALESCE(r.person_id, owner.user_id) AS person_id, r.date,
                               r.booked, r.amount
                          FROM ({CLOSED_DEALS.select()}) r {CREDITED}
                         WHERE r.is_won AND r.date >= %(since)s
                         UNION ALL
                        SELECT 'revenue', COALESCE(r.person_id, owner.user_id), r.date, r.booked, r.amount
                          FROM ({ORDER_LINES.select()}) r {CREDITED}
                         WHERE r.date >= (SELECT MIN(starts_on) FROM accounts_forecast WHERE measure = 'revenue')
                           AND r.date >= %(since)s) r
                 GROUP BY 1, 2, 3) d
         CROSS JOIN LATERAL (VALUES (0::bigint), (d.person_id)) k(key)
         GROUP BY 1, 2, 3""",
}

# ---------------------------------------------------------------------------------------- cohorts

# No account has them yet; for target accounts or for others they came as their campaign was made.
COHORT = f"""
    , {STAMP},
    credited AS (
        SELECT p.starts, p.ends, NULL::bigint AS account_id, r.person_id, r.id, TRUE AS is_first,
               date_trunc('month', r.{{since}})::date AS month, r.channel, r.target,
               r.{{since}} + {DAYS} <= %(as_of)s::date AS is_old,
               COALESCE(r.{{until}} <= r.{{since}} + {DAYS} AND r.{{until}} <= %(as_of)s::date, FALSE)::int AS x
          FROM period p
          JOIN lead r ON r.{{since}} >= p.starts AND r.{{since}} <= p.day),
    {ROW_SCOPES.replace("stamp.target", "credited.target")},
    channels AS (
        SELECT s.starts, s.ends, s.scope, s.key, c.channel, COUNT(*) AS everyone,
               COUNT(*) FILTER (WHERE c.is_old) AS n, COALESCE(SUM(c.x) FILTER (WHERE c.is_old), 0) AS hits
          FROM scoped s JOIN credited c USING (starts, ends, id)
         GROUP BY 1, 2, 3, 4, 5),
    whole AS (
        SELECT starts, ends, scope, key, SUM(everyone) AS everyone, SUM(n) AS n, SUM(hits) AS hits,
               SUM(n) / SUM(everyone) AS mature,
               jsonb_agg(jsonb_build_object('name', channel, 'n', n, 'numerator', hits,
                                            'value', CASE WHEN n > 0 AND n >= {OLD_ENOUGH} * everyone
                                                          THEN ROUND(hits::numeric / n, 8) END)
                         ORDER BY everyone DESC, channel) AS slices
          FROM channels GROUP BY 1, 2, 3, 4)"""

CONVERTED = f"""
    {COHORT},
    judged AS (SELECT *, CASE WHEN n > 0 AND mature >= {OLD_ENOUGH} THEN hits / n END AS share FROM whole)
    -- figures
    SELECT starts, ends, {SCOPE_NAME} AS scope, key, share AS value, hits AS numerator, n AS denominator,
           everyone AS n, mature, slices, {wilson("share", "n")}
      FROM judged"""

MATURITY = f"""
    {COHORT}
    -- figures
    SELECT starts, ends, {SCOPE_NAME} AS scope, key, mature AS value, n AS numerator, everyone AS denominator,
           everyone AS n, NULL AS low, NULL AS high
      FROM whole"""

LEAD_TABLES = EVERYWHERE | {"lead", "campaign", "assignment", "classification"}
OLD = Beside("mature", "Of them old enough", is_share=True)


def within(until: str, since: str) -> str:
    return f"COUNT(*) FILTER (WHERE {until} <= {since} + {DAYS})"


# ----------------------------------------------------------------------------------------- stages

BY_STAMP = """(VALUES ('company', NULL::bigint), ('tier', stamp.tier_id), ('industry', stamp.industry_id),
                       ('region', stamp.region_id), ('target', stamp.target::bigint){more}) g(scope, key)"""

# In the last stage there is nothing left to reach.
PROGRESSION = f"""
    , {STAMP},
    standing AS (
        SELECT p.starts, p.ends, ph.account_id, s.name AS stage, s.position,
               EXISTS (SELECT 1 FROM accounts_funnelphase later
                         JOIN accounts_funnelstage ahead ON ahead.id = later.stage_id
                        WHERE later.account_id = ph.account_id AND ahead.position > s.position
                          AND LOWER(later.during) >= p.starts AND LOWER(later.during) <= p.day)::int AS x
          FROM period p
          JOIN accounts_funnelphase ph ON ph.during @> (p.starts - 1)
          JOIN accounts_funnelstage s ON s.id = ph.stage_id
         WHERE s.position < (SELECT MAX(position) FROM accounts_funnelstage)),
    scoped AS (
        SELECT t.starts, t.ends, g.scope, g.key, t.stage, t.position, t.x
          FROM standing t LEFT JOIN stamp USING (starts, ends, account_id)
         CROSS JOIN LATERAL {BY_STAMP.format(more=", ('owner', stamp.owner_id), ('account', t.account_id)")}
         UNION ALL
        SELECT t.starts, t.ends, 'team', c.above_id, t.stage, t.position, t.x
          FROM standing t LEFT JOIN stamp USING (starts, ends, account_id)
          LEFT JOIN team_closure c ON c.id = stamp.team_id),
    stages AS (
        SELECT starts, ends, scope, key, position, stage, COUNT(*) AS n, SUM(x) AS hits
          FROM scoped GROUP BY 1, 2, 3, 4, 5, 6),
    whole AS (
        SELECT starts, ends, scope, key, SUM(n) AS n, SUM(hits) AS hits, SUM(hits) / SUM(n) AS share,
               jsonb_agg(jsonb_build_object('name', stage, 'n', n, 'numerator', hits,
                                            'value', ROUND(hits::numeric / n, 8))
                         ORDER BY position, stage) AS slices
          FROM stages GROUP BY 1, 2, 3, 4)
    -- figures
    SELECT starts, ends, scope, key, share AS value, hits AS numerator, n AS denominator, n, slices,
           {wilson("share", "n")}
      FROM whole"""

# Kaplan-Meier: a deal still in its stage has been there at least so long. Where exactly half have left, the median
# lies in the middle between that day and the next on which one left, as with complete values. Period by period, as
# with medians.
SPLIT = "tier_id, industry_id, region_id, target, owner_id, team_id"
VELOCITY_OF_ACCOUNTS = """
                 UNION ALL
                SELECT 1, account_id, stage_id, days, (COUNT(*) FILTER (WHERE is_over))::int, COUNT(*)::int
                  FROM spells GROUP BY account_id, stage_id, days"""
VELOCITY = f"""
    , {STAMP},
    phase AS MATERIALIZED (
        SELECT o.account_id, ph.stage_id, LOWER(ph.during) AS since, COALESCE(UPPER(ph.during), 'infinity') AS until
          FROM accounts_opportunityphase ph JOIN accounts_opportunity o ON o.id = ph.opportunity_id)
    -- figures
    SELECT p.starts, p.ends,
           CASE w.scope WHEN 63 THEN 'company' WHEN 31 THEN 'tier' WHEN 47 THEN 'industry' WHEN 55 THEN 'region'
                        WHEN 59 THEN 'target' WHEN 61 THEN 'owner' WHEN 62 THEN 'team' ELSE 'account' END AS scope,
           NULLIF(w.key, -1) AS key, w.value, NULL AS numerator, NULL AS denominator, w.n,
           NULL AS low, NULL AS high, w.waiting, w.slices
      FROM period p
     CROSS JOIN LATERAL (
        WITH spells AS MATERIALIZED (
            SELECT ph.account_id, ph.stage_id, ph.until <= p.day AS is_over, LEAST(ph.until, p.day) - ph.since AS days,
                   stamp.tier_id, stamp.industry_id, stamp.region_id, stamp.target, stamp.owner_id, stamp.team_id
              FROM phase ph
              LEFT JOIN stamp ON stamp.starts = p.starts AND stamp.ends = p.ends AND stamp.account_id = ph.account_id
             WHERE ph.since <= p.day AND ph.until >= p.starts),
        -- All scopes of one reading, their names as numbers: a row for each of them would be seven times as many.
        lengths AS (
            SELECT GROUPING({SPLIT}) AS scope, COALESCE({SPLIT}) AS key, stage_id, days,
                   (COUNT(*) FILTER (WHERE is_over))::int AS gone, COUNT(*)::int AS here
              FROM spells
             GROUP BY stage_id, days,
                      GROUPING SETS ((), (tier_id), (industry_id), (region_id), (target), (owner_id),
                                     (team_id)){VELOCITY_OF_ACCOUNTS}),
        -- A team has what the teams below it have. Without a stage: all of them.
        times AS (
            SELECT scope, COALESCE(CASE WHEN scope = 62 THEN above_id ELSE key END, -1) AS key,
                   COALESCE(stage_id, -1) AS stage_id, days, SUM(gone)::int AS gone, SUM(here)::int AS here
              FROM lengths LEFT JOIN team_closure c ON c.id = key AND scope = 62
             GROUP BY GROUPING SETS ((1, 2, stage_id, days), (1, 2, days))),
        at_risk AS (
            SELECT scope, key, stage_id, days, gone,
                   SUM(here) OVER (PARTITION BY scope, key, stage_id ORDER BY days
                                    ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS risk
              FROM times),
        steps AS (
            SELECT scope, key, stage_id, days, gone, risk,
                   EXP(SUM(CASE WHEN gone = risk THEN -500
                                WHEN gone > 0 THEN LN(1 - gone::double precision / risk) END)
                       OVER (PARTITION BY scope, key, stage_id ORDER BY days)) AS stay
              FROM at_risk),
        halves AS (
            SELECT scope, key, stage_id, SUM(gone) AS gone, MAX(risk) AS n,
                   MIN(days) FILTER (WHERE stay < 0.5 + 1e-9) AS half,
                   MIN(days) FILTER (WHERE stay < 0.5 - 1e-9) AS less
              FROM steps GROUP BY 1, 2, 3),
        told AS (
            SELECT scope, key, stage_id, gone, n, s.position, s.name AS stage,
                   CASE WHEN less > half THEN (half + less) / 2.0 ELSE half END AS x
              FROM halves LEFT JOIN accounts_opportunitystage s ON s.id = stage_id)
        SELECT scope, key, MAX(x) FILTER (WHERE stage_id = -1) AS value, MAX(n) FILTER (WHERE stage_id = -1) AS n,
               MAX(n - gone) FILTER (WHERE stage_id = -1) AS waiting,
               jsonb_agg(jsonb_build_object('name', stage, 'n', n, 'value', x) ORDER BY position, stage)
                   FILTER (WHERE stage_id <> -1) AS slices
          FROM told GROUP BY 1, 2) w"""

# -------------------------------------------------------------------------------------- forecasts

# What was first expected within the first week, and within the first week of the second half, over windows that are
# complete: months of a month, else quarters.
FORECASTS = """
    , frozen AS (
        SELECT DISTINCT ON (f.user_id, f.starts_on, f.ends_on, f.measure, f.is_mid)
               f.user_id, f.starts_on, f.ends_on, f.measure, f.is_mid,
               f.amount * CASE WHEN f.currency = org.reporting_currency THEN 1 ELSE r.rate END AS expected
          FROM (SELECT *, CASE WHEN frozen_on < starts_on + 7 THEN FALSE
                               WHEN frozen_on >= starts_on + (ends_on - starts_on) / 2
                                AND frozen_on < starts_on + (ends_on - starts_on) / 2 + 7 THEN TRUE END AS is_mid
                  FROM accounts_forecast) f
         CROSS JOIN accounts_organisation org
          LEFT JOIN metrics_dailyrate r ON r.currency = f.currency AND r.day = f.frozen_on
         WHERE f.is_mid IS NOT NULL AND f.ends_on <= %(as_of)s::date + 1
         ORDER BY f.user_id, f.starts_on, f.ends_on, f.measure, f.is_mid, f.frozen_on, f.id),
    compared AS (
        SELECT f.user_id, f.starts_on, f.ends_on, f.measure, f.is_mid, f.expected,
               COALESCE(SUM(b.amount), 0) AS actual,
               COALESCE(SUM(b.gaps), 0) + (f.expected IS NULL)::int AS gaps
          FROM frozen f
          LEFT JOIN reached b ON b.key = COALESCE(f.user_id, 0) AND b.measure = f.measure
                             AND b.date >= f.starts_on AND b.date < f.ends_on
         GROUP BY 1, 2, 3, 4, 5, 6),
    windows AS (
        SELECT p.starts, p.ends, c.*
          FROM period p
          JOIN compared c ON c.starts_on >= p.starts AND c.ends_on <= p.ends
           AND c.ends_on = (c.starts_on + CASE WHEN p.ends - p.starts > 80 THEN INTERVAL '3 months'
                                               ELSE INTERVAL '1 month' END)::date),
    scoped AS (
        SELECT starts, ends, 'company' AS scope, NULL::bigint AS key, is_mid, expected, actual, gaps
          FROM windows WHERE user_id IS NULL
         UNION ALL
        SELECT starts, ends, 'owner', user_id, is_mid, expected, actual, gaps
          FROM windows WHERE user_id IS NOT NULL
         UNION ALL
        SELECT starts, ends, 'team', c.above_id, is_mid, SUM(expected), SUM(actual), SUM(gaps)
          FROM windows w
          LEFT JOIN accounts_membership m ON m.user_id = w.user_id AND m.during @> w.starts_on
          LEFT JOIN team_closure c ON c.id = m.team_id
         WHERE w.user_id IS NOT NULL
         GROUP BY 1, 2, 4, w.starts_on, w.measure, is_mid),
    whole AS (
        SELECT starts, ends, scope, key, is_mid, COUNT(*) AS n, SUM(ABS(expected - actual)) AS missed,
               SUM(expected) - SUM(actual) AS above, SUM(actual) AS actual, SUM(gaps) AS gaps
          FROM scoped GROUP BY 1, 2, 3, 4, 5),
    judged AS (
        SELECT starts, ends, scope, key, is_mid, n, {top} AS apart, actual, NULLIF(gaps, 0) AS gaps,
               CASE WHEN actual > 0 THEN {top} / actual END AS value
          FROM whole)
    -- figures
    SELECT starts, ends, scope, key, MAX(value) FILTER (WHERE NOT is_mid) AS value,
           MAX(apart) FILTER (WHERE NOT is_mid) AS numerator, MAX(actual) FILTER (WHERE NOT is_mid) AS denominator,
           COALESCE(MAX(n) FILTER (WHERE NOT is_mid), 0) AS n, NULL AS low, NULL AS high,
           MAX(gaps) FILTER (WHERE NOT is_mid) AS no_rate,
           MAX(value) FILTER (WHERE is_mid AND gaps IS NULL) AS mid, MAX(n) FILTER (WHERE is_mid) AS mid_n
      FROM judged GROUP BY 1, 2, 3, 4"""
IN_MID_PERIOD = (
    Beside("mid", "The same of what was expected in mid-period", is_share=True),
    Beside("mid_n", "Forecasts frozen in mid-period"),
)
FORECAST_TABLES = EVERYWHERE | {
    "forecast",
    "order",
    "orderline",
    "opportunity",
    "opportunitysplit",
    "assignment",
    "classification",
}
WON = Behind("amount won", CLOSED_DEALS, "SUM(amount) FILTER (WHERE is_won)", is_money=True)

# -------------------------------------------------------------------------------------------- fit

# Known on the period's last day. A lead that is an account by then counts as the account, once it buys.
NEW_FIT = f"""
    , newcomers AS (
        SELECT p.starts, p.ends, p.day, NULL::bigint AS account_id, l.id AS lead_id, l.channel
          FROM period p
          JOIN accounts_lead l ON l.created_on >= p.starts AND l.created_on <= p.day
         WHERE l.account_id IS NULL OR l.converted_on > p.day
         UNION ALL
        SELECT p.starts, p.ends, p.day, j.account_id, NULL, '{NEW_CUSTOMERS}'
          FROM period p JOIN joined_account j ON j.date >= p.starts AND j.date <= p.day),
    said AS (
        SELECT n.*, f.criterion_id, f.match, f.noted_on, f.id
          FROM newcomers n JOIN accounts_fit f ON f.lead_id = n.lead_id AND f.noted_on <= n.day
         UNION ALL
        SELECT n.*, f.criterion_id, f.match, f.noted_on, f.id
          FROM newcomers n JOIN accounts_fit f ON f.account_id = n.account_id AND f.noted_on <= n.day),
    words AS (
        SELECT DISTINCT ON (starts, ends, account_id, lead_id, criterion_id) *
          FROM said ORDER BY starts, ends, account_id, lead_id, criterion_id, noted_on DESC, id DESC),
    weights AS (
        SELECT p.starts, p.ends, w.criterion_id, w.weight, SUM(w.weight) OVER (PARTITION BY p.starts, p.ends) AS total
          FROM period p JOIN accounts_icpweight w ON w.during @> p.day),
    scores AS (
        SELECT starts, ends, account_id, lead_id, channel,
               100 * SUM(weight * match) / SUM(weight) FILTER (WHERE match IS NOT NULL) AS score
          FROM words JOIN weights USING (starts, ends, criterion_id)
         GROUP BY 1, 2, 3, 4, 5, total
        HAVING SUM(weight) FILTER (WHERE match IS NOT NULL) >= 0.6 * total
           AND SUM(weight) FILTER (WHERE match IS NOT NULL) > 0),
    channels AS (
        SELECT starts, ends, channel, COUNT(*) AS n, COUNT(*) FILTER (WHERE score >= {GOOD_FIT}) AS hits
          FROM scores GROUP BY 1, 2, 3),
    whole AS (
        SELECT starts, ends, SUM(n) AS n, SUM(hits) AS hits, SUM(hits) / SUM(n) AS share,
               jsonb_agg(jsonb_build_object('name', channel, 'n', n, 'numerator', hits,
                                            'value', ROUND(hits::numeric / n, 8))
                         ORDER BY n DESC, channel) AS slices
          FROM channels GROUP BY 1, 2)
    -- figures
    SELECT starts, ends, 'company' AS scope, NULL::bigint AS key, share AS value, hits AS numerator,
           n AS denominator, n, slices, {wilson("share", "n")}
      FROM whole"""

RECIPES = {
    "lead_conversion": Recipe(
        CONVERTED.format(since="created_on", until="customer_on"),
        "leads",
        LEAD_TABLES,
        (
            Behind(
                "became customers in time",
                LEADS,
                within("customer_on", "created_on"),
                for_targets=AS_CAMPAIGN,
            ),
            Behind("leads that came in", LEADS, "COUNT(*)", for_targets=AS_CAMPAIGN),
        ),
        ("lead",),
        terms=("became customers within 90 days", "leads old enough"),
        beside=(OLD,),
        split=CHANNELS,
        matures_days=DAYS,
        interval=SHARE,
        made_of="lead",
    ),
    "mql_to_sql": Recipe(
        CONVERTED.format(since="mql_on", until="sql_on"),
        "marketing-qualified leads",
        LEAD_TABLES,
        (
            Behind(
                "sales-qualified in time",
                MARKETING_QUALIFIED,
                within("sql_on", "mql_on"),
                for_targets=AS_CAMPAIGN,
            ),
            Behind("marketing-qualified", MARKETING_QUALIFIED, "COUNT(*)", for_targets=AS_CAMPAIGN),
        ),
        ("lead",),
        terms=("sales-qualified within 90 days", "marketing-qualified, old enough"),
        beside=(OLD,),
        split=CHANNELS,
        matures_days=DAYS,
        interval=SHARE,
        made_of="lead",
    ),
    "sql_to_won": Recipe(
        CONVERTED.format(since="sql_on", until="customer_on"),
        "sales-qualified leads",
        LEAD_TABLES,
        (
            Behind(
                "became customers in time",
                SALES_QUALIFIED,
                within("customer_on", "sql_on"),
                for_targets=AS_CAMPAIGN,
            ),
            Behind("sales-qualified", SALES_QUALIFIED, "COUNT(*)", for_targets=AS_CAMPAIGN),
        ),
        ("lead",),
        terms=("became customers within 90 days", "sales-qualified, old enough"),
        beside=(OLD,),
        split=CHANNELS,
        matures_days=DAYS,
        interval=SHARE,
        made_of="lead",
    ),
    "cohort_maturity": Recipe(
        MATURITY.format(since="created_on", until="customer_on"),
        "leads",
        LEAD_TABLES,
        (Behind("leads that came in", LEADS, "COUNT(*)", for_targets=AS_CAMPAIGN),),
        ("lead",),
        terms=("had 90 days", "leads"),
        matures_days=DAYS,
        made_of="lead",
    ),
    "progression": Recipe(
        PROGRESSION,
        "accounts in a stage at the start",
        EVERYWHERE | {"funnelphase", "funnelstage", "assignment", "classification"},
        terms=("reached a later stage", "accounts in a stage at the start"),
        split=Split("stage"),
        interval=SHARE,
        made_of="funnelphase",
    ),
    "deal_velocity": Recipe(
        VELOCITY,
        "stays in a stage",
        EVERYWHERE | {"opportunity", "opportunityphase", "opportunitystage", "assignment", "classification"},
        beside=(Beside("waiting", "Of them still in their stage"),),
        split=Split("stage"),
        of_accounts=VELOCITY_OF_ACCOUNTS,
        made_of="opportunityphase",
    ),
    "forecast_wape": Recipe(
        FORECASTS.format(top="missed"),
        "forecasts",
        FORECAST_TABLES,
        (WON,),
        ("reached",),
        terms=("forecast and actual apart", "actual"),
        beside=IN_MID_PERIOD,
        made_of="forecast",
    ),
    "forecast_bias": Recipe(
        FORECASTS.format(top="above"),
        "forecasts",
        FORECAST_TABLES,
        (WON,),
        ("reached",),
        terms=("forecast above actual", "actual"),
        beside=IN_MID_PERIOD,
        made_of="forecast",
    ),
    "new_account_fit": Recipe(
        NEW_FIT,
        "new accounts and leads with a score",
        EVERYWHERE | {"lead", "fit", "icpweight", "order", "contract"},
        (
            Behind("leads that came in", LEADS, "COUNT(*)", for_targets=AS_CAMPAIGN),
            Behind("new customers", JOINED, "COUNT(*)"),
        ),
        ("joined_account",),
        terms=(f"fit of {GOOD_FIT} or more", "with a score"),
        split=Split("channel", (*CHANNELS.names, (NEW_CUSTOMERS, NEW_CUSTOMERS))),
        interval=SHARE,
        made_of="fit",
    ),
}
