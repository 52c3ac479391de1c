"""A made-up portfolio of any size, written by the database itself: the same numbers give the same rows.

Per account: 36 months, 50 order lines in 17 orders, 10 deals, one contract in two, 5 contacts, 100 touches,
500 signals; one manager for 100 accounts. What the other numbers are made of stands in `bench.field`.
"""

from django.db import connection

from bench import field

TABLES = (
    "accounts_orderline, accounts_order, accounts_opportunityphase, accounts_opportunitysplit, accounts_opportunity, "
    "accounts_contract, accounts_assignment, accounts_classification, accounts_account, accounts_membership, "
    "accounts_team, accounts_quota, accounts_user, accounts_product, accounts_productcategory, "
    "accounts_opportunitystage, accounts_tier, accounts_industry, accounts_region, accounts_exchangerate, "
    "metrics_run, metrics_runattempt, metrics_queuedaccount, metrics_accountmonth, metrics_accountmonthpast, "
    "metrics_scopefigures, metrics_dailyrate"
)

STEPS = """
INSERT INTO accounts_organisation (id, name, time_zone, reporting_currency, fiscal_year_start, grace_days,
                                   returned_days, run_hour, answer_hours, made_up)
VALUES (1, 'Bench', 'UTC', 'EUR', 1, 0, 90, 2, 8, TRUE)
ON CONFLICT (id) DO UPDATE SET reporting_currency = 'EUR', fiscal_year_start = 1;
INSERT INTO accounts_tier (id, name, position, source, external_id) SELECT n, 'Tier ' || n, n, '', '' FROM generate_series(1, 3) n;
INSERT INTO accounts_industry (id, name, position, source, external_id) SELECT n, 'Industry ' || n, n, '', '' FROM generate_series(1, 8) n;
INSERT INTO accounts_region (id, name, position, source, external_id) SELECT n, 'Region ' || n, n, '', '' FROM generate_series(1, 6) n;
INSERT INTO accounts_user (id, password, email, name, role, is_active, date_joined, source, external_id)
SELECT n, '!', 'm' || n || '@bench.example', 'Manager ' || n, 'manager', TRUE, now(), '', ''
  FROM generate_series(1, GREATEST(%(accounts)s / 100, 4)) n;
INSERT INTO accounts_user (id, password, email, name, role, is_active, date_joined, source, external_id)
SELECT 900000 + n, '!', r || '@bench.example', initcap(r), r, TRUE, now(), '', ''
  FROM unnest(ARRAY['lead', 'head']) WITH ORDINALITY u(r, n);
INSERT INTO accounts_team (id, name, source, external_id, lead_id)
SELECT n, 'Team ' || n, '', '', CASE WHEN n = 1 THEN 900001 END
  FROM generate_series(1, GREATEST(%(accounts)s / 1000, 2)) n;
INSERT INTO accounts_membership (user_id, team_id, during)
SELECT id, 1 + id %% GREATEST(%(accounts)s / 1000, 2), '[2020-01-01,)' FROM accounts_user WHERE role = 'manager';
INSERT INTO accounts_exchangerate (currency, quote, date, rate)
SELECT c, 'EUR', d::date, CASE c WHEN 'USD' THEN 0.9 ELSE 1.15 END
  FROM unnest(ARRAY['USD', 'GBP']) c, generate_series(%(start)s::date - 40, %(start)s::date + 1100, '7 days') d;
INSERT INTO accounts_account (id, name, currency, city, country, website, description, source, external_id)
SELECT n, 'Account ' || n, (ARRAY['EUR', 'EUR', 'EUR', 'USD', 'GBP'])[1 + n %% 5], 'City ' || n %% 97, 'Country', '', '', '', ''
  FROM generate_series(1, %(accounts)s) n;
INSERT INTO accounts_assignment (account_id, user_id, role, during)
SELECT id, 1 + id %% m.c, 'owner', daterange(%(start)s::date, CASE WHEN id %% 10 = 0 THEN %(start)s::date + 500 END)
  FROM accounts_account, (SELECT count(*) AS c FROM accounts_user WHERE role = 'manager') m;
INSERT INTO accounts_assignment (account_id, user_id, role, during)
SELECT id, 1 + (id + 1) %% m.c, 'owner', daterange(%(start)s::date + 500, NULL)
  FROM accounts_account, (SELECT count(*) AS c FROM accounts_user WHERE role = 'manager') m WHERE id %% 10 = 0;
INSERT INTO accounts_classification (account_id, tier_id, industry_id, region_id, is_target, during)
SELECT id, 1 + id %% 3, 1 + id %% 8, 1 + id %% 6, id %% 2 = 0, daterange(%(start)s::date, NULL) FROM accounts_account;
INSERT INTO accounts_productcategory (id, name, source, external_id) SELECT n, 'Category ' || n, '', '' FROM generate_series(1, 8) n;
INSERT INTO accounts_product (id, name, code, category_id, source, external_id)
SELECT n, 'Product ' || n, 'P' || n, 1 + n %% 8, '', '' FROM generate_series(1, 200) n;
INSERT INTO accounts_order (id, account_id, number, date, kind, currency, seller_id, source, external_id)
SELECT (a.id - 1) * 17 + n, a.id, 'O' || a.id || '-' || n, %(start)s::date + ((a.id * 37 + n * 61) %% 1085)::int,
       CASE WHEN (a.id + n) %% 50 = 0 THEN 'credit_note' ELSE 'order' END, a.currency,
       CASE WHEN (a.id + n) %% 20 = 0 THEN 1 + (a.id + 2) %% m.c END, '', ''
  FROM accounts_account a, generate_series(1, 17) n, (SELECT count(*) AS c FROM accounts_user WHERE role = 'manager') m;
INSERT INTO accounts_orderline (order_id, product_id, quantity, amount, source, external_id)
SELECT o.id, 1 + (o.id * 7 + n * 13) %% 200, 1 + n,
       CASE WHEN o.kind = 'credit_note' THEN -100 ELSE 100 + (o.id * 31 + n * 17) %% 1900 END, '', ''
  FROM accounts_order o, generate_series(1, 3) n WHERE n <= 2 OR o.id %% 17 <> 0;
INSERT INTO accounts_opportunitystage (id, name, position, qualified, probability, source, external_id)
SELECT n, 'Stage ' || n, n, n > 1, n * 0.2, '', '' FROM generate_series(1, 4) n;
INSERT INTO accounts_opportunity (id, account_id, name, kind, origin, amount, currency, opened_on, first_contact_on,
                                  closed_on, outcome, loss_reason, source, external_id)
SELECT (a.id - 1) * 10 + n, a.id, 'Deal ' || n, (ARRAY['new', 'upsell', 'cross_sell', 'renewal'])[1 + (a.id + n) %% 4],
       (ARRAY['', 'referral', 'inbound', 'outbound'])[1 + (a.id * 3 + n) %% 4], 1000 + (a.id * 91 + n * 71) %% 50000,
       a.currency, d.opened, d.opened - ((a.id + n) %% 40)::int,
       CASE WHEN d.closed < %(start)s::date + 1090 THEN d.closed END,
       CASE WHEN d.closed >= %(start)s::date + 1090 THEN 'open' WHEN (a.id + n) %% 5 < 2 THEN 'won' ELSE 'lost' END, '', '', ''
  FROM accounts_account a, generate_series(1, 10) n,
       LATERAL (SELECT %(start)s::date + ((a.id * 53 + n * 101) %% 1050)::int AS opened) o1,
       LATERAL (SELECT o1.opened, o1.opened + (20 + (a.id * 7 + n * 11) %% 150)::int AS closed) d;
INSERT INTO accounts_opportunityphase (opportunity_id, stage_id, during)
SELECT id, 1, daterange(opened_on, opened_on + 15) FROM accounts_opportunity
 UNION ALL
SELECT id, 2 + id %% 3, daterange(opened_on + 15, closed_on) FROM accounts_opportunity
 WHERE closed_on IS NULL OR closed_on > opened_on + 15;
INSERT INTO accounts_contract (account_id, number, name, annual_value, currency, during, outcome, renewed_value, source, external_id)
SELECT id, 'C' || id || '-' || y, '', 10000 + (id * 131) %% 90000, currency,
       daterange(%(start)s::date + (id %% 200)::int + y * 365, %(start)s::date + (id %% 200)::int + (y + 1) * 365),
       CASE WHEN y = 2 THEN 'open' WHEN id %% 14 = 0 AND y = 1 THEN 'lost' ELSE 'renewed' END,
       CASE WHEN y = 2 OR id %% 14 = 0 AND y = 1 THEN NULL ELSE 10000 + (id * 131) %% 95000 END, '', ''
  FROM accounts_account, generate_series(0, 2) y WHERE id %% 2 = 0 AND NOT (id %% 14 = 0 AND y = 2);
INSERT INTO accounts_quota (user_id, starts_on, amount, currency, source, external_id)
SELECT id, (%(start)s::date + q * INTERVAL '3 months')::date, 200000, 'EUR', '', ''
  FROM accounts_user, generate_series(0, 11) q WHERE role = 'manager';
"""

PEOPLE = """
INSERT INTO accounts_contact (id, account_id, name, is_placeholder, title, department, city, email, phone, language,
                              key_during, since, source, external_id, version)
SELECT (a.id - 1) * 5 + n, a.id, 'Contact ' || n, FALSE, '', '', '', '', '', '',
       CASE WHEN n <= 2 THEN daterange(%(start)s::date, NULL) END, %(start)s::date, '', '', 1
  FROM accounts_account a, generate_series(1, 5) n
"""

# In ten parts, so that no statement holds millions of rows for the triggers.
PARTS = 10
TOUCHED = """
INSERT INTO accounts_touch (id, account_id, actor_id, opportunity_id, channel, direction, at, minutes, subject, note,
                            thread, logged_at, source, external_id, version)
SELECT (a.id - 1) * 100 + n, a.id, 1 + a.id %% m.c, CASE WHEN n %% 3 = 0 THEN (a.id - 1) * 10 + 1 + n %% 10 END,
       (ARRAY['call', 'mail', 'mail', 'meeting', 'video'])[1 + n %% 5],
       (ARRAY['outbound', 'two_way', 'inbound'])[1 + (a.id + n) %% 3],
       %(start)s::date + ((a.id * 41 + n * 67) %% 1085) * INTERVAL '1 day' + INTERVAL '10 hours',
       CASE WHEN n %% 4 > 0 THEN 15 + n %% 60 END, '', '', CASE WHEN n %% 7 = 0 THEN 'T' || n / 2 ELSE '' END, now(), '', '', 1
  FROM accounts_account a, generate_series(%(first)s * 10 + 1, %(first)s * 10 + 10) n,
       (SELECT count(*) AS c FROM accounts_user WHERE role = 'manager') m;
INSERT INTO accounts_touch_contacts (touch_id, contact_id)
SELECT t.id, (t.account_id - 1) * 5 + 1 + t.id %% 5 FROM accounts_touch t
 WHERE (t.id - 1) %% 100 BETWEEN %(first)s * 10 AND %(first)s * 10 + 9;
INSERT INTO accounts_signal (account_id, contact_id, kind_id, at, subject, message, source, external_id)
SELECT a.id, CASE WHEN n %% 3 > 0 THEN (a.id - 1) * 5 + 1 + n %% 5 END, k.ids[1 + n %% array_length(k.ids, 1)],
       %(start)s::date + ((a.id * 29 + n * 53) %% 1085) * INTERVAL '1 day' + INTERVAL '11 hours', 'Mail ' || n %% 50, '',
       '', ''
  FROM accounts_account a, generate_series(%(first)s * 50 + 1, %(first)s * 50 + 50) n,
       (SELECT array_agg(id ORDER BY code) AS ids FROM accounts_signalkind) k
 WHERE k.ids IS NOT NULL
"""


# Rows above came with numbers of their own: what is written later begins after them.
MOVE_ON = """
DO $$ DECLARE one record; BEGIN
  FOR one IN SELECT c.oid::regclass AS name, pg_get_serial_sequence(c.oid::regclass::text, a.attname) AS numbers, a.attname
               FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
              WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attidentity <> '' LOOP
    EXECUTE format('SELECT setval(%L, max(%I)) FROM %s HAVING max(%I) > 0', one.numbers, one.attname, one.name, one.attname);
  END LOOP;
END $$
"""


def fill(accounts: int, start: str) -> None:
    """Empty every table and write a portfolio of this many accounts whose 36 months begin on `start`."""
    with connection.cursor() as cursor:
        cursor.execute("SET kamplan.allow_truncate = on")
        # Without triggers and looking up keys: the history of millions of made-up rows would take most of the time.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"TRUNCATE {TABLES}, {field.TABLES} CASCADE")
        for step in STEPS.split(";\n"):
            if step.strip():
                cursor.execute(step, {"accounts": accounts, "start": start})
        cursor.execute(PEOPLE, {"start": start})
        for first in range(PARTS):
            for step in TOUCHED.split(";\n"):
                cursor.execute(step, {"start": start, "first": first})
        for group in field.GROUPS:
            for step in group.split(";\n"):
                cursor.execute(step, {"accounts": accounts, "start": start})
        cursor.execute("TRUNCATE metrics_queuedaccount")
        cursor.execute(MOVE_ON)
        cursor.execute("RESET session_replication_role")
    connection.set_autocommit(True)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


# The measure of everything: one grouping by account and month of each table that numbers are made of.
FACTS = (
    ("accounts_orderline l JOIN accounts_order o ON o.id = l.order_id", "o.account_id", "o.date", "l.amount"),
    ("accounts_opportunity", "account_id", "opened_on", "amount"),
    ("accounts_opportunity", "account_id", "closed_on", "amount"),
    ("accounts_contract", "account_id", "lower(during)", "annual_value"),
    ("accounts_touch", "account_id", "at", "minutes"),
    ("accounts_signal", "account_id", "at", "kind_id"),
    ("accounts_spend", "account_id", "date", "amount"),
    ("accounts_lead", "account_id", "created_on", "1"),
    ("accounts_campaigntouch", "account_id", '"on"', "1"),
    ("accounts_costtoserve", "account_id", "date", "amount"),
    ("accounts_whitespacecell", "account_id", "noted_on", "yearly_spend"),
    ("accounts_fit", "account_id", "noted_on", "match"),
    ("accounts_request", "account_id", "opened_at", "1"),
    ("accounts_internalrequest", "account_id", "asked_on", "1"),
    ("accounts_accountstate", "account_id", "date", "value"),
    ("accounts_surveyinvitation", "account_id", "invited_at", "1"),
    ("accounts_answeritem i JOIN accounts_answer a ON a.id = i.answer_id", "a.account_id", "a.answered_at", "i.score"),
    ("accounts_milestone s JOIN accounts_goal g ON g.id = s.goal_id JOIN accounts_plan p ON p.id = g.plan_id",
     "p.account_id", "s.due_on", "1"),
    ("accounts_softfact s JOIN accounts_contact c ON c.id = s.contact_id", "c.account_id", "s.noted_on", "1"),
)  # fmt: skip
BARE = ";\n".join(
    f"SELECT {account}, date_trunc('month', {day}), count(*), sum({amount}) FROM {table} GROUP BY 1, 2"
    for table, account, day, amount in FACTS
)
