"""What customers say of us: marks in surveys, who answers at all, who speaks for us, why some left.

Rows name the survey and the band of a mark, never a word that somebody wrote.
"""

from metrics.expressions import Measure
from metrics.sources.source import Beginning, Source

ANSWERED_ON = "(o.answered_at AT TIME ZONE org.time_zone)::date"
NOT_MONEY = "NULL::numeric AS booked, '' AS currency"
IN_ZONE = "AT TIME ZONE (SELECT time_zone FROM accounts_organisation LIMIT 1))::date"

promoters = Measure("promoters", "COUNT(*) FILTER (WHERE score >= 9)", label="promoters (9 or 10)")
detractors = Measure("detractors", "COUNT(*) FILTER (WHERE score <= 6)", label="detractors (0 to 6)")
nps_answers = Measure("nps_answers", "COUNT(*)", label="people who answered")
nps_marks = Measure("nps_marks", "COALESCE(SUM(score), 0)", label="their marks, 0 to 10")

# Of each person the newest answer of the 12 months to the day, so that nobody counts twice. It is credited to whoever
# owned the account when it was given.
PROMOTION = Source(
    "promotion",
    "Newest answer of each person, would recommend us",
    "o.account_id",
    f"""
    SELECT v.account_id, v.day AS date, credited.user_id AS person_id, v.id,
           v.label, v.answered_on || CASE WHEN v.score >= 9 THEN ', promoter' WHEN v.score >= 7 THEN ', passive'
                                          ELSE ', detractor' END AS detail,
           {NOT_MONEY}, v.score
      FROM (SELECT DISTINCT ON (m.day, COALESCE(o.contact_id, -o.id))
                   o.account_id, m.day, i.id, i.score, {ANSWERED_ON} AS answered_on,
                   COALESCE(s.name, 'survey') AS label
              FROM {{days}} m
             CROSS JOIN accounts_organisation org
              JOIN accounts_answeritem i ON i.kind = 'nps'
              JOIN accounts_answer o ON o.id = i.answer_id
              LEFT JOIN accounts_survey s ON s.id = o.survey_id
             WHERE {ANSWERED_ON} <= m.day AND {ANSWERED_ON} >= (m.day + 1 - INTERVAL '12 months')::date
               AND {{among}}
             ORDER BY m.day, COALESCE(o.contact_id, -o.id), o.answered_at DESC, i.id DESC) v
      LEFT JOIN accounts_assignment credited ON credited.account_id = v.account_id
                AND credited.role = 'owner' AND credited.during @> v.answered_on""",
    (promoters, detractors, nps_answers, nps_marks),
    is_stock=True,
    began=(Beginning("accounts_answer", f"(answered_at {IN_ZONE}"),),
)

satisfied = Measure("satisfied", "COUNT(*) FILTER (WHERE satisfied)", label="satisfied answers")
csat_answers = Measure("csat_answers", "COUNT(*)", label="answers about satisfaction")
csat_marks = Measure("csat_marks", "COALESCE(SUM(mark), 0)", label="marks, out of 10")

SATISFACTION = Source(
    "satisfaction",
    "Answers about satisfaction",
    "o.account_id",
    f"""
    SELECT o.account_id, {ANSWERED_ON} AS date, NULL::bigint AS person_id, i.id,
           COALESCE(s.name, 'survey') AS label,
           CASE WHEN i.satisfied THEN 'satisfied' ELSE 'not satisfied' END AS detail,
           {NOT_MONEY}, i.satisfied, CASE WHEN i.kind = 'csat5' THEN 2 ELSE 1 END * i.score AS mark
      FROM accounts_answeritem i
      JOIN accounts_answer o ON o.id = i.answer_id
     CROSS JOIN accounts_organisation org
      LEFT JOIN accounts_survey s ON s.id = o.survey_id
     WHERE i.kind IN ('csat5', 'csat10') AND {{among}}""",
    (satisfied, csat_answers, csat_marks),
)

delivered = Measure("delivered", "COUNT(*) FILTER (WHERE arrived)", label="invitations delivered")
responded = Measure("responded", "COUNT(*) FILTER (WHERE arrived AND answered)", label="of them answered")
undelivered = Measure(
    "undelivered", "COUNT(*) FILTER (WHERE NOT arrived)", label="invitations that did not arrive"
)

INVITATIONS = Source(
    "invitations",
    "Invitations to surveys",
    "o.account_id",
    f"""
    SELECT o.account_id, (o.invited_at AT TIME ZONE org.time_zone)::date AS date, NULL::bigint AS person_id, o.id,
           w.name AS label, CASE WHEN o.bounced_at IS NOT NULL THEN 'came back' WHEN o.delivered_at IS NULL
                                 THEN 'not delivered' ELSE 'delivered' END AS detail,
           {NOT_MONEY}, o.answered_at IS NOT NULL AS answered,
           (o.delivered_at IS NOT NULL AND o.bounced_at IS NULL) OR o.answered_at IS NOT NULL AS arrived
      FROM accounts_surveyinvitation o
      JOIN accounts_wave w ON w.id = o.wave_id
     CROSS JOIN accounts_organisation org
     WHERE {{among}}""",
    (delivered, responded, undelivered),
    began=(Beginning("accounts_surveyinvitation", f"(invited_at {IN_ZONE}"),),
)

consents = Measure("consents", "COUNT(*)", label="valid consents")

CONSENTS = Source(
    "consents",
    "Agreed to be a reference, valid on the day",
    "o.account_id",
    f"""
    SELECT o.account_id, m.day AS date, NULL::bigint AS person_id, o.id,
           COALESCE(NULLIF(o.evidence, ''), 'consent') AS label,
           'until ' || COALESCE((UPPER(o.during) - 1)::text, 'further notice') AS detail, {NOT_MONEY}
      FROM {{days}} m
      JOIN accounts_referenceconsent o ON o.during @> m.day AND (o.revoked_on IS NULL OR o.revoked_on > m.day)
     WHERE {{among}}""",
    (consents,),
    is_stock=True,
    began=(Beginning("accounts_referenceconsent", "LOWER(during)"),),
)

advocacy = Measure(
    "advocacy",
    "COALESCE(SUM(CASE WHEN is_positive THEN 1 ELSE -1 END), 0)",
    label="spoke for us, less against us",
)
references_given = Measure(
    "references_given", "COUNT(*) FILTER (WHERE kind = 'reference')", label="references given"
)
spoke_against = Measure("spoke_against", "COUNT(*) FILTER (WHERE NOT is_positive)", label="spoke against us")

ADVOCACY = Source(
    "advocacy",
    "What customers said of us in public",
    "o.account_id",
    f"""
    SELECT o.account_id, o."on" AS date, NULL::bigint AS person_id, o.id,
           COALESCE(NULLIF(o.subject, ''), replace(o.kind, '_', ' ')) AS label,
           replace(o.kind, '_', ' ') || CASE WHEN o.is_positive THEN '' ELSE ', against us' END AS detail,
           {NOT_MONEY}, o.kind, o.is_positive
      FROM accounts_advocacyaction o
     WHERE {{among}}""",
    (advocacy, references_given, spoke_against),
    began=(Beginning("accounts_advocacyaction", '"on"'),),
)

losses_noted = Measure("losses_noted", "COUNT(*)", label="losses noted")
exit_interviews = Measure("exit_interviews", "COUNT(*) FILTER (WHERE is_held)", label="asked why they left")

LOSSES = Source(
    "losses",
    "Losses noted",
    "o.account_id",
    f"""
    SELECT o.account_id, o.lost_on AS date, NULL::bigint AS person_id, o.id,
           COALESCE(x.name, 'reason unknown') AS label,
           COALESCE('asked on ' || o.interviewed_on, 'nobody asked') AS detail,
           {NOT_MONEY}, o.interviewed_on IS NOT NULL AS is_held
      FROM accounts_lossinterview o
      LEFT JOIN accounts_lossreason x ON x.id = o.reason_id
     WHERE {{among}}""",
    (losses_noted, exit_interviews),
    began=(Beginning("accounts_lossinterview", "lost_on"),),
)

SOURCES = (PROMOTION, SATISFACTION, INVITATIONS, CONSENTS, ADVOCACY, LOSSES)
OPINIONS = (PROMOTION, SATISFACTION)
"""What people at customers think: not for those from whom opinions are hidden."""
