"""Statement-level triggers that append every account whose facts change to the queue of the recompute.

Each watched table names the columns that matter and a SELECT that turns changed rows (`changed`) into
`(account_id, since, everything)`. An update that leaves those columns alone queues nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass

BEGINNING = "DATE '0001-01-01'"


@dataclass(frozen=True)
class Watch:
    table: str
    columns: str
    queue: str


def of_account(since: str) -> str:
    return f"SELECT account_id, {since} AS since, FALSE AS everything FROM changed"


def of_everyone(since: str) -> str:
    return f"SELECT NULL::bigint AS account_id, {since} AS since, TRUE AS everything FROM changed"


def by_opportunity(since: str) -> str:
    return (
        f"SELECT o.account_id, {since} AS since, FALSE AS everything FROM changed"
        " JOIN accounts_opportunity o ON o.id = changed.opportunity_id"
    )


def of_nobody(since: str) -> str:
    """Rows that belong to no account; the row without an account carries their day to the figures."""
    return f"SELECT NULL::bigint AS account_id, {since} AS since, FALSE AS everything FROM changed"


def the_day(moment: str) -> str:
    """The day of a moment, or the one before: no time zone is more than a day away."""
    return f"({moment} - INTERVAL '1 day')::date"


def by_goal(since: str) -> str:
    return (
        f"SELECT p.account_id, {since} AS since, FALSE AS everything FROM changed"
        " JOIN accounts_goal g ON g.id = changed.goal_id JOIN accounts_plan p ON p.id = g.plan_id"
    )


WATCHED: tuple[Watch, ...] = (
    Watch("accounts_order", "id, account_id, date, kind, currency, seller_id", of_account("date")),
    Watch(
        "accounts_orderline",
        "id, order_id, product_id, amount, cost",
        "SELECT o.account_id, o.date AS since, FALSE AS everything FROM changed"
        " JOIN accounts_order o ON o.id = changed.order_id",
    ),
    Watch(
        "accounts_opportunity",
        "id, account_id, kind, origin, amount, currency, opened_on, first_contact_on, closed_on, outcome",
        of_account("opened_on"),
    ),
    Watch(
        "accounts_opportunityphase",
        "id, opportunity_id, stage_id, during",
        by_opportunity("LOWER(changed.during)"),
    ),
    Watch("accounts_opportunitysplit", "id, opportunity_id, user_id, share", by_opportunity("o.opened_on")),
    Watch(
        "accounts_contract",
        "id, account_id, annual_value, currency, outcome, renewed_value, during",
        of_account("LOWER(during)"),
    ),
    Watch("accounts_assignment", "id, account_id, user_id, role, during", of_account("LOWER(during)")),
    Watch(
        "accounts_classification",
        "id, account_id, tier_id, is_target, industry_id, region_id, during",
        of_account("LOWER(during)"),
    ),
    Watch(
        "accounts_account",
        "id, currency",
        f"SELECT id AS account_id, {BEGINNING} AS since, FALSE AS everything FROM changed",
    ),
    Watch("accounts_membership", "id, user_id, team_id, during", of_everyone("LOWER(during)")),
    Watch("accounts_team", "id, parent_id", of_everyone(BEGINNING)),
    Watch("accounts_product", "id, category_id", of_everyone(BEGINNING)),
    # Numbers that are split keep the names and the order of their parts.
    Watch("accounts_opportunitystage", "id, name, position, qualified, probability", of_everyone(BEGINNING)),
    Watch("accounts_exchangerate", "currency, quote, date, rate", of_everyone("date")),
    # A quota belongs to no account; the row without an account carries its day to the figures.
    Watch(
        "accounts_quota",
        "id, user_id, starts_on, amount, currency",
        "SELECT NULL::bigint AS account_id, starts_on AS since, FALSE AS everything FROM changed",
    ),
    # Funnel, cost, value, fit.
    Watch(
        "accounts_lead",
        "id, created_on, channel, campaign_id, heard_through, owner_id, budget, authority, need, timeline, mql_on,"
        " sql_on, account_id, converted_on, customer_on",
        "SELECT NULL::bigint AS account_id, created_on AS since, FALSE AS everything FROM changed",
    ),
    Watch(
        "accounts_spend", "id, account_id, campaign_id, date, amount, currency, is_target", of_account("date")
    ),
    Watch(
        "accounts_campaign",
        "id, name, is_target",
        "SELECT s.account_id, s.date AS since, FALSE AS everything FROM changed"
        " JOIN accounts_spend s ON s.campaign_id = changed.id"
        " UNION ALL SELECT NULL::bigint, l.created_on, FALSE FROM changed"
        " JOIN accounts_lead l ON l.campaign_id = changed.id"
        # Deals won since its first touch count for it, also long before anything was spent on it.
        " UNION ALL SELECT NULL::bigint, t.first, FALSE FROM changed"
        ' JOIN (SELECT campaign_id, MIN("on") AS first FROM accounts_campaigntouch GROUP BY 1) t'
        " ON t.campaign_id = changed.id",
    ),
    Watch("accounts_campaigntouch", 'id, campaign_id, account_id, "on"', of_account('"on"')),
    Watch("accounts_costtoserve", "id, account_id, date, amount, currency", of_account("date")),
    Watch(
        "accounts_forecast",
        "id, user_id, measure, starts_on, ends_on, frozen_on, amount, currency, source",
        "SELECT NULL::bigint AS account_id, starts_on AS since, FALSE AS everything FROM changed",
    ),
    Watch("accounts_funnelphase", "id, account_id, stage_id, during", of_account("LOWER(during)")),
    Watch("accounts_funnelstage", "id, name, position", of_everyone(BEGINNING)),
    Watch("accounts_fit", "id, account_id, lead_id, criterion_id, match, noted_on", of_account("noted_on")),
    Watch("accounts_icpweight", "id, criterion_id, weight, during", of_everyone("LOWER(during)")),
    Watch(
        "accounts_whitespacecell",
        "id, account_id, category_id, yearly_spend, currency, noted_on",
        of_account("noted_on"),
    ),
    Watch("metrics_assumption", "id, name, value, during", of_everyone("LOWER(during)")),
    # Touches, signals, requests, and whom of a customer one has to know.
    Watch(
        "accounts_touch",
        "id, account_id, actor_id, opportunity_id, channel, direction, at, minutes, thread",
        of_account(the_day("at")),
    ),
    Watch(
        "accounts_touch_contacts",
        "id, touch_id, contact_id",
        f"SELECT t.account_id, {the_day('t.at')} AS since, FALSE AS everything FROM changed"
        " JOIN accounts_touch t ON t.id = changed.touch_id",
    ),
    # What is opened, answered or delivered alters the day on which the mail before it was delivered, too.
    Watch(
        "accounts_signal",
        "id, account_id, contact_id, kind_id, at, subject, message",
        f"""{of_account(the_day("at"))}
             UNION ALL
            SELECT c.account_id, MAX({the_day("d.at")}), FALSE
              FROM (SELECT account_id, contact_id, message, subject, MIN(at) AS at FROM changed
                     WHERE kind_id IN (SELECT id FROM accounts_signalkind
                                        WHERE code IN ('email_delivered', 'email_open', 'email_reply'))
                     GROUP BY account_id, contact_id, message, subject) c
              JOIN accounts_signal d ON d.contact_id = c.contact_id AND d.account_id = c.account_id
               AND d.at < c.at AND d.message = c.message AND (c.message <> '' OR d.subject = c.subject)
              JOIN accounts_signalkind s ON s.id = d.kind_id AND s.code = 'email_delivered'
             GROUP BY c.account_id, c.contact_id, c.message, c.subject""",
    ),
    Watch("accounts_signalkind", "id, code, daily_cap", of_everyone(BEGINNING)),
    Watch("accounts_signalweight", "id, kind_id, weight, during", of_everyone("LOWER(during)")),
    Watch(
        "accounts_contact",
        "id, account_id, name, is_placeholder, title, department, email, phone, key_during, since, left_on",
        of_account("since"),
    ),
    Watch(
        "accounts_request",
        "id, account_id, owner_id, opened_at, first_answer_at, first_answer_by_id, due_on, answer_due_at,"
        " resolved_at",
        of_account(the_day("opened_at")),
    ),
    Watch(
        "accounts_internalrequest",
        "id, account_id, asked_by_id, asked_on, due_on, done_on",
        of_account("asked_on"),
    ),
    Watch("metrics_threshold", "id, name, tier_id, value, during", of_everyone("LOWER(during)")),
    # What customers say, where they want to go, how they are, and the warnings about them.
    Watch(
        "accounts_answer",
        "id, account_id, contact_id, survey_id, answered_at",
        of_account(the_day("answered_at")),
    ),
    Watch(
        "accounts_answeritem",
        "id, answer_id, kind, score, satisfied",
        f"SELECT a.account_id, {the_day('a.answered_at')} AS since, FALSE AS everything FROM changed"
        " JOIN accounts_answer a ON a.id = changed.answer_id",
    ),
    Watch(
        "accounts_surveyinvitation",
        "id, account_id, invited_at, delivered_at, bounced_at, answered_at",
        of_account(the_day("invited_at")),
    ),
    Watch("accounts_referenceconsent", "id, account_id, during, revoked_on", of_account("LOWER(during)")),
    Watch("accounts_advocacyaction", 'id, account_id, "on", kind, is_positive', of_account('"on"')),
    Watch(
        "accounts_lossinterview", "id, account_id, lost_on, interviewed_on, reason_id", of_account("lost_on")
    ),
    Watch(
        "accounts_lossreason",
        "id, name",
        "SELECT i.account_id, i.lost_on AS since, FALSE AS everything FROM changed"
        " JOIN accounts_lossinterview i ON i.reason_id = changed.id",
    ),
    Watch("accounts_plan", "id, account_id, during", of_account("LOWER(during)")),
    Watch("accounts_milestone", "id, goal_id, due_on, reached_on", by_goal("LOWER(p.during)")),
    Watch(
        "accounts_milestonecheck",
        'id, milestone_id, "on", on_track',
        """SELECT p.account_id, changed."on" AS since, FALSE AS everything FROM changed
             JOIN accounts_milestone s ON s.id = changed.milestone_id
             JOIN accounts_goal g ON g.id = s.goal_id JOIN accounts_plan p ON p.id = g.plan_id""",
    ),
    Watch(
        "accounts_outcome",
        "id, goal_id, due_on, first_due_on, met, measured_on",
        by_goal("changed.due_on"),
    ),
    Watch("accounts_accountstate", "id, account_id, date, kind, value, level", of_account("date")),
    Watch("accounts_healthweight", "id, part, weight, during", of_everyone("LOWER(during)")),
    Watch(
        "accounts_softfact",
        "id, contact_id, kind, value, noted_on",
        "SELECT c.account_id, changed.noted_on AS since, FALSE AS everything FROM changed"
        " JOIN accounts_contact c ON c.id = changed.contact_id",
    ),
    Watch("accounts_headcount", 'id, team_id, "on", number', of_nobody('"on"')),
    Watch("accounts_leaver", "id, team_id, left_on, reason", of_nobody("left_on")),
    # Released once, all rows of a wave together; a page reads them by the day on which the wave was closed.
    Watch(
        "accounts_employeeresult",
        "id, wave_id",
        "SELECT NULL::bigint AS account_id, COALESCE(w.closed_on, w.closes_on) AS since, FALSE AS everything"
        " FROM changed JOIN accounts_employeewave w ON w.id = changed.wave_id",
    ),
    # A run that opens a warning counts it itself; what people do about it may lie in a later month.
    Watch(
        "metrics_alert",
        "id, account_id, opened_on, acted_on",
        f"{of_account('opened_on')} WHERE acted_on IS NOT NULL",
    ),
)

CHANGED = {
    "insert": "SELECT {columns} FROM new_rows",
    "delete": "SELECT {columns} FROM old_rows",
    "update": "(SELECT {columns} FROM old_rows EXCEPT SELECT {columns} FROM new_rows)"
    " UNION ALL (SELECT {columns} FROM new_rows EXCEPT SELECT {columns} FROM old_rows)",
}
REFERENCING = {
    "insert": "NEW TABLE AS new_rows",
    "delete": "OLD TABLE AS old_rows",
    "update": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
}

TRIGGER = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  INSERT INTO metrics_queuedaccount (account_id, since, everything, reason, queued_at)
  SELECT account_id, MIN(since), everything, '{reason}', now()
    FROM (WITH changed AS ({changed}) {queue}) found
   GROUP BY account_id, everything;
  RETURN NULL;
END $body$;
CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {table}
  REFERENCING {referencing} FOR EACH STATEMENT EXECUTE FUNCTION {name}();
"""


# The owner of a table cannot take TRUNCATE from himself, and it fires no trigger that could queue what it removed.
REFUSE_TRUNCATE = """
CREATE OR REPLACE FUNCTION refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF COALESCE(current_setting('kamplan.allow_truncate', true), '') <> 'on' THEN
    RAISE EXCEPTION 'TRUNCATE of % is refused: the figures would not notice', TG_TABLE_NAME
      USING ERRCODE = 'insufficient_privilege',
            HINT = 'Use DELETE, or SET kamplan.allow_truncate = on and order a full rebuild.';
  END IF;
  RETURN NULL;
END $body$;
"""
REFUSING = """
CREATE OR REPLACE TRIGGER refuse_truncate BEFORE TRUNCATE ON {table}
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
"""


def refuse_truncate_sql(tables: Iterable[str]) -> str:
    """The SQL that makes these tables refuse TRUNCATE."""
    return REFUSE_TRUNCATE + "".join(REFUSING.format(table=table) for table in tables)


def short(watch: Watch) -> str:
    """The table as the queue and the recipes name it."""
    return watch.table.removeprefix("accounts_")


def trigger_name(watch: Watch, event: str) -> str:
    return f"queue_{short(watch)}_{event}"


def install_sql(tables: Iterable[str]) -> str:
    """The SQL that creates or replaces the triggers of these tables."""
    wanted = set(tables)
    return "".join(
        TRIGGER.format(
            name=trigger_name(watch, event),
            reason=short(watch),
            changed=CHANGED[event].format(columns=watch.columns),
            queue=watch.queue,
            event=event.upper(),
            table=watch.table,
            referencing=REFERENCING[event],
        )
        for watch in WATCHED
        for event in CHANGED
        if watch.table in wanted
    )


def remove_sql(tables: Iterable[str]) -> str:
    """The SQL that drops them, and the guards against TRUNCATE, for going back."""
    wanted = list(tables)
    queues = (
        f"DROP FUNCTION IF EXISTS {trigger_name(watch, event)}() CASCADE;"
        for watch in WATCHED
        for event in CHANGED
        if watch.table in wanted
    )
    guards = (f"DROP TRIGGER IF EXISTS refuse_truncate ON {table};" for table in wanted)
    return "".join([*queues, *guards])
