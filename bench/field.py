"""The rest of what the numbers are made of: marketing, costs, opinions, surveys, plans, people of our own.

Per account: a half-year survey of three people of whom four in ten answer, 2 leads, 2 touches of campaigns, 12 costs
to serve, 3 estimates of a category, 5 words of fit, 6 requests, 2 requests inside, 15 words about people, 18 states;
every second one has a plan a year with 2 goals, 4 steps and 2 results.
"""

TABLES = (
    "accounts_campaign, accounts_spend, accounts_lead, accounts_campaigntouch, accounts_costtoserve, "
    "accounts_whitespacecell, accounts_fit, accounts_icpcriterion, accounts_icpweight, accounts_forecast, "
    "accounts_request, accounts_internalrequest, accounts_department, accounts_advocacyaction, "
    "accounts_referenceconsent, accounts_lossinterview, accounts_lossreason, accounts_survey, accounts_question, "
    "accounts_wave, accounts_surveyinvitation, accounts_answer, accounts_answeritem, accounts_employeewave, "
    "accounts_employeeresult, accounts_plan, accounts_goal, accounts_milestone, accounts_milestonecheck, "
    "accounts_outcome, accounts_softfact, accounts_accountstate, accounts_headcount, accounts_leaver, "
    "accounts_funnelphase, accounts_funnelstage"
)

MARKETING = """
INSERT INTO accounts_campaign (id, during, source, external_id, version, name, channel, is_target, budget, currency, description)
SELECT n, daterange(%(start)s::date + n * 40, %(start)s::date + n * 40 + 120), '', '', 1, 'Campaign ' || n,
       (ARRAY['event', 'mail', 'webinar', 'social'])[1 + n %% 4], n %% 3 = 0, 20000, 'EUR', '' FROM generate_series(1, 24) n;
INSERT INTO accounts_spend (source, external_id, date, kind, amount, currency, campaign_id, account_id, is_target, description)
SELECT '', '', %(start)s::date + n * 30, CASE WHEN n %% 2 = 0 THEN 'sales' ELSE 'marketing' END, 3000 + n * 17, 'EUR',
       CASE WHEN n %% 3 > 0 THEN c END, NULL::bigint, NULL::boolean, '' FROM generate_series(1, 35) n, generate_series(1, 24, 3) c
 UNION ALL
SELECT '', '', %(start)s::date + (id %% 1080)::int, 'sales', 150 + id %% 700, currency, NULL, id, NULL, '' FROM accounts_account;
INSERT INTO accounts_lead (source, external_id, version, created_on, channel, campaign_id, company, person, job_title, email,
                           phone, country, heard_through, owner_id, budget, authority, need, timeline, mql_on, sql_on,
                           account_id, converted_on, customer_on, drop_reason, note)
SELECT '', '', 1, d.made, (ARRAY['website', 'event', 'mail', 'search', ''])[1 + n %% 5], CASE WHEN n %% 3 = 0 THEN 1 + n %% 24 END,
       'Company ' || n, '', '', '', '', '', (ARRAY['referral', 'search', ''])[1 + n %% 3], 1 + n %% m.c,
       q.b, q.b, q.b, q.b, CASE WHEN n %% 2 = 0 THEN d.made + 10 END, CASE WHEN n %% 4 = 0 THEN d.made + 25 END,
       CASE WHEN n %% 8 = 0 THEN n / 8 END, CASE WHEN n %% 8 = 0 THEN d.made + 30 END,
       CASE WHEN n %% 16 = 0 THEN d.made + 60 END, '', ''
  FROM generate_series(1, %(accounts)s * 2) n, (SELECT count(*) AS c FROM accounts_user WHERE role = 'manager') m,
       LATERAL (SELECT %(start)s::date + ((n * 37) %% 1080)::int AS made) d,
       LATERAL (SELECT CASE WHEN n %% 4 = 0 THEN TRUE END AS b) q;
INSERT INTO accounts_campaigntouch (source, external_id, campaign_id, account_id, "on", kind)
SELECT '', '', 1 + (id + n * 7) %% 24, id, %(start)s::date + ((id * 13 + n * 331) %% 1080)::int,
       CASE WHEN n = 1 THEN 'responded' ELSE 'shown' END FROM accounts_account, generate_series(1, 2) n;
INSERT INTO accounts_costtoserve (source, external_id, account_id, date, kind, amount, currency, description)
SELECT '', '', id, %(start)s::date + (n * 90 + id %% 20)::int, (ARRAY['support', 'service', 'delivery'])[1 + (id + n) %% 3],
       50 + (id * 7 + n) %% 900, currency, '' FROM accounts_account, generate_series(0, 11) n;
INSERT INTO accounts_whitespacecell (version, basis, noted_on, holder, holder_name, yearly_spend, currency, next_step, account_id, category_id)
SELECT 1, 'assumed', %(start)s::date + ((id * 11 + n * 90) %% 700)::int, 'competitor', '', 5000 + (id * 97 + n) %% 40000,
       currency, '', id, 1 + (id + n * 3) %% 8 FROM accounts_account, generate_series(0, 2) n;
INSERT INTO accounts_icpcriterion (id, source, external_id, name, position, question)
SELECT n, '', '', 'Criterion ' || n, n, '' FROM generate_series(1, 5) n;
INSERT INTO accounts_icpweight (during, criterion_id, weight, reason) SELECT '[2020-01-01,)', n, n, 'bench' FROM generate_series(1, 5) n;
INSERT INTO accounts_fit (source, external_id, basis, noted_on, account_id, lead_id, criterion_id, match)
SELECT '', '', 'assumed', %(start)s::date + ((a.id * 3) %% 400)::int, a.id, NULL, n, ((a.id + n) %% 5) / 4.0
  FROM accounts_account a, generate_series(1, 5) n
 UNION ALL
SELECT '', '', 'assumed', created_on, NULL, id, n, ((id + n) %% 5) / 4.0 FROM accounts_lead, generate_series(1, 5) n WHERE id %% 4 = 0;
INSERT INTO accounts_forecast (source, external_id, user_id, measure, starts_on, ends_on, frozen_on, amount, currency, left_out)
SELECT '', '', id, x, m::date, (m + INTERVAL '1 month')::date, m::date, 40000 + id * 100, 'EUR', 0
  FROM accounts_user, unnest(ARRAY['won', 'revenue']) x, generate_series(%(start)s::date, %(start)s::date + 1060, '1 month') m
 WHERE role = 'manager'
 UNION ALL
SELECT '', '', NULL, x, m::date, (m + INTERVAL '1 month')::date, m::date, 400 * %(accounts)s, 'EUR', 0
  FROM unnest(ARRAY['won', 'revenue']) x, generate_series(%(start)s::date, %(start)s::date + 1060, '1 month') m;
INSERT INTO accounts_funnelstage (id, source, external_id, name, position) SELECT n, '', '', 'Phase ' || n, n FROM generate_series(1, 5) n;
INSERT INTO accounts_funnelphase (during, account_id, stage_id)
SELECT daterange(%(start)s::date + n * 300 + (id %% 100)::int, CASE WHEN n < 2 THEN %(start)s::date + (n + 1) * 300 + (id %% 100)::int END),
       id, 1 + (id %% 3)::int + n FROM accounts_account, generate_series(0, 2) n;
INSERT INTO accounts_opportunitysplit (share, opportunity_id, user_id)
SELECT 0.5, o.id, 1 + (o.id + n) %% m.c FROM accounts_opportunity o, generate_series(0, 1) n,
       (SELECT count(*) AS c FROM accounts_user WHERE role = 'manager') m WHERE o.id %% 20 = 0;
UPDATE accounts_orderline SET cost = amount * 0.6 WHERE (order_id + quantity) %% 4 > 0
"""

SERVICE = """
INSERT INTO accounts_department (id, source, external_id, name, position) SELECT n, '', '', 'Department ' || n, n FROM generate_series(1, 4) n;
INSERT INTO accounts_request (source, external_id, version, number, subject, text, channel, opened_at, first_answer_at, resolved_at,
                              resolution, reopened, account_id, owner_id)
SELECT '', '', 1, '', '', '', 'mail', d.at, CASE WHEN (a.id + n) %% 11 > 0 THEN d.at + ((a.id * n) %% 50) * INTERVAL '1 hour' END,
       CASE WHEN (a.id + n) %% 7 > 0 THEN d.at + (60 + (a.id * n) %% 200) * INTERVAL '1 hour' END, '', 0, a.id, 1 + a.id %% m.c
  FROM accounts_account a, generate_series(1, 6) n, (SELECT count(*) AS c FROM accounts_user WHERE role = 'manager') m,
       LATERAL (SELECT %(start)s::date + ((a.id * 17 + n * 171) %% 1070) * INTERVAL '1 day' + INTERVAL '9 hours' AS at) d;
INSERT INTO accounts_internalrequest (source, external_id, version, subject, asked_on, due_on, done_on, account_id, asked_by_id, department_id)
SELECT '', '', 1, '', d.asked, d.asked + 14, CASE WHEN a.id %% 9 > 0 THEN d.asked + ((a.id + n) %% 30)::int END, a.id, 1 + a.id %% m.c, 1 + a.id %% 4
  FROM accounts_account a, generate_series(1, 2) n, (SELECT count(*) AS c FROM accounts_user WHERE role = 'manager') m,
       LATERAL (SELECT %(start)s::date + ((a.id * 7 + n * 411) %% 1050)::int AS asked) d;
INSERT INTO accounts_accountstate (source, external_id, account_id, date, kind, value, level)
SELECT '', '', id, %(start)s::date + (n * 170 + id %% 60)::int, k, (id * 13 + n * 29) %% 101, ''
  FROM accounts_account, generate_series(0, 5) n, unnest(ARRAY['usage', 'payment', 'support']) k;
INSERT INTO accounts_softfact (basis, noted_on, kind, value, contact_id)
SELECT 'assumed', %(start)s::date + ((c.id * 7 + length(k) * 120) %% 1000)::int, k,
       CASE k WHEN 'role' THEN (ARRAY['sponsor', 'decision_maker', 'champion', 'adviser'])[1 + c.id %% 4] ELSE (1 + c.id %% 2)::text END, c.id
  FROM accounts_contact c, unnest(ARRAY['role', 'influence', 'support']) k;
INSERT INTO accounts_headcount (source, external_id, team_id, "on", number)
SELECT '', '', id, m::date, 10 + id FROM accounts_team, generate_series(%(start)s::date, %(start)s::date + 1060, '1 month') m;
INSERT INTO accounts_leaver (source, external_id, team_id, left_on, reason)
SELECT '', '', id, %(start)s::date + n * 150, 'resigned' FROM accounts_team, generate_series(1, 6) n;
INSERT INTO accounts_plan (id, during, version, name, situation, summary, status, created_at, account_id, source,
                           external_id)
SELECT (a.id - 1) * 3 + y, daterange(%(start)s::date + y * 365 - 365, %(start)s::date + y * 365), 1, 'Plan', '', '', 'active', now(), a.id, '', ''
  FROM accounts_account a, generate_series(1, 3) y WHERE a.id %% 2 = 0;
INSERT INTO accounts_goal (id, version, position, title, plan_id, source, external_id)
SELECT p.id * 2 + n, 1, n, 'Goal', p.id, '', '' FROM accounts_plan p, generate_series(0, 1) n;
INSERT INTO accounts_milestone (id, version, due_on, first_due_on, title, reached_on, goal_id, source, external_id)
SELECT g.id * 2 + n, 1, d.due, d.due, 'Step', CASE WHEN (g.id + n) %% 3 > 0 THEN d.due - 10 END, g.id, '', ''
  FROM accounts_goal g JOIN accounts_plan p ON p.id = g.plan_id, generate_series(0, 1) n,
       LATERAL (SELECT LOWER(p.during) + (90 + n * 120 + g.id %% 60)::int AS due) d;
INSERT INTO accounts_milestonecheck ("on", on_track, note, milestone_id)
SELECT s.due_on - 40 - n * 40, (s.id + n) %% 4 > 0, '', s.id FROM accounts_milestone s, generate_series(0, 1) n;
INSERT INTO accounts_outcome (version, due_on, first_due_on, title, unit, met, measured_on, goal_id, source,
                              external_id)
SELECT 1, UPPER(p.during) - 20, UPPER(p.during) - 20, 'Result', '', CASE WHEN g.id %% 8 > 0 THEN g.id %% 3 > 0 END,
       CASE WHEN g.id %% 8 > 0 THEN UPPER(p.during) - 25 END, g.id, '', ''
  FROM accounts_goal g JOIN accounts_plan p ON p.id = g.plan_id
"""

VOICE = """
INSERT INTO accounts_survey (id, version, name, kind, language, satisfied_from, created_at)
VALUES (1, 1, 'Relationship', 'relationship', 'en', 8, now());
INSERT INTO accounts_question (id, position, kind, required, survey_id) VALUES (1, 1, 'nps', TRUE, 1), (2, 2, 'csat5', TRUE, 1);
INSERT INTO accounts_wave (id, version, name, state, roles, key_only, rest_days, opens_at, days_open, remind_after, closes_at,
                           closed_at, created_at, created_by_id, survey_id)
SELECT n, 1, 'Wave ' || n, 'closed', '{}', FALSE, 0, d.at, 30, '{}', d.at + INTERVAL '30 days', d.at + INTERVAL '30 days', now(), 900002, 1
  FROM generate_series(1, 6) n, LATERAL (SELECT %(start)s::date + n * 170 * INTERVAL '1 day' AS at) d;
INSERT INTO accounts_surveyinvitation (id, language, invited_at, delivered_at, reminders, answered_at, token_hash, account_id, contact_id, wave_id)
SELECT (c.id - 1) * 6 + w.id, 'en', w.opens_at, CASE WHEN c.id %% 30 > 0 THEN w.opens_at END, 0,
       CASE WHEN (c.id + w.id * 3) %% 10 < 4 THEN w.opens_at + ((c.id * 7) %% 28) * INTERVAL '1 day' END,
       md5(c.id || '-' || w.id), c.account_id, c.id, w.id
  FROM accounts_contact c, accounts_wave w WHERE (c.id - 1) %% 5 < 3;
INSERT INTO accounts_answer (id, source, external_id, answered_at, account_id, contact_id, survey_id, invitation_id, wave_id)
SELECT id, '', '', answered_at, account_id, contact_id, 1, id, wave_id FROM accounts_surveyinvitation WHERE answered_at IS NOT NULL;
INSERT INTO accounts_answeritem (kind, score, satisfied, choice, text, answer_id, question_id)
SELECT 'nps', 10 - (id * 7) %% 11, NULL::boolean, '', '', id, 1 FROM accounts_answer
 UNION ALL
SELECT 'csat5', 5 - (id * 3) %% 5, 5 - (id * 3) %% 5 >= 4, '', '', id, 2 FROM accounts_answer;
INSERT INTO accounts_lossreason (id, source, external_id, name, position)
SELECT 9000 + n, '', '', 'Reason ' || n, 90 + n FROM generate_series(1, 5) n;
INSERT INTO accounts_lossinterview (source, external_id, account_id, lost_on, interviewed_on, reason_id, note)
SELECT '', '', account_id, UPPER(during), CASE WHEN account_id %% 3 = 0 THEN UPPER(during) + 20 END, 9001 + account_id %% 5, ''
  FROM accounts_contract WHERE outcome = 'lost';
INSERT INTO accounts_referenceconsent (during, source, external_id, account_id, evidence)
SELECT daterange(%(start)s::date + (id %% 800)::int, NULL), '', '', id, '' FROM accounts_account WHERE id %% 4 = 0;
INSERT INTO accounts_advocacyaction (source, external_id, account_id, "on", kind, is_positive, subject, link)
SELECT '', '', id, %(start)s::date + ((id * 19) %% 1080)::int, (ARRAY['reference', 'review', 'mention'])[1 + id %% 3], id %% 3 = 0 OR id %% 5 > 0, '', ''
  FROM accounts_account WHERE id %% 2 = 0;
INSERT INTO accounts_employeewave (id, name, introduction, state, k, asks_comment, comment_k, by_team, teams_as, by_site, by_tenure,
                                   closes_on, remind_days, opened_on, closed_on, released_on, salt, steps_closed)
SELECT n, 'Employees ' || n, '', 'released', 5, FALSE, 10, TRUE, 'now', FALSE, FALSE, d.day, 3, d.day - 20, d.day, d.day + 5, '', 0
  FROM generate_series(1, 6) n, LATERAL (SELECT %(start)s::date + n * 170 AS day) d;
INSERT INTO accounts_employeeresult (dimension, label, team_key, item, position, hidden, asked, n, favourable, unfavourable, total, wave_id)
SELECT 'company', '', NULL, i, 0, '', 60, 50, 30 + w %% 5, 8, 190, w FROM generate_series(1, 6) w, unnest(ARRAY['satisfaction', 'enps']) i
 UNION ALL
SELECT 'team', t.name, t.id, i, 0, '', 12, 9, 5, 2, 34, w FROM generate_series(1, 6) w, unnest(ARRAY['satisfaction', 'enps']) i, accounts_team t
"""

GROUPS = (MARKETING, SERVICE, VOICE)
