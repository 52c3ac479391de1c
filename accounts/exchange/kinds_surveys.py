"""The kind of files that bring what customers answered in another survey tool."""

from accounts.exchange.columns import Column, Kind, Part
from accounts.exchange.shorthand import IN_SOURCE, account
from accounts.stakeholders.models import Contact
from accounts.surveys.answering import OF_TEN
from accounts.surveys.models import Answer, AnswerItem
from accounts.surveys.questions import SATISFIED_FROM_OF_FIVE

SATISFIED = (
    f"""CASE r."kind" WHEN 'csat5' THEN r."score" >= {SATISFIED_FROM_OF_FIVE} """
    f"""WHEN 'csat10' THEN r."score" >= {OF_TEN} END"""
)

SURVEY_ANSWERS = Kind(
    "survey_answers",
    "What customers answered elsewhere: one line of the file is the answer to one question.",
    (
        Part(
            Answer,
            (
                Column(
                    "answer",
                    "The answer's key in the other system; its lines repeat it and the columns of the answer.",
                    field="external_id",
                    required=True,
                    aliases=("answer id", "response", "response id", "external_id", "id"),
                ),
                account(),
                Column(
                    "contact",
                    "E-mail, name or external id of who answered; empty: unknown.",
                    to=Contact,
                    aliases=("e-mail", "email", "respondent", "person"),
                ),
                Column(
                    "answered",
                    "When it was answered.",
                    field="answered_at",
                    required=True,
                    aliases=("answered on", "date", "submitted", "datum", "timestamp"),
                    observed=True,
                ),
                Column("survey", "Name of a survey of ours; empty: none."),
            ),
            match=(IN_SOURCE,),
        ),
        Part(
            AnswerItem,
            (
                Column(
                    "kind",
                    "How the question is answered: nps, csat5, csat10, scale, choice or text; each once an answer.",
                    required=True,
                    aliases=("question", "type", "scale"),
                ),
                Column(
                    "score", "The mark; empty for choices and texts.", aliases=("mark", "value", "rating")
                ),
                Column("choice", "What was chosen."),
                Column("text", "What was said in own words.", aliases=("comment", "verbatim")),
            ),
            match=(("answer", "kind"),),
            computed={"satisfied": SATISFIED},
            always=("satisfied",),
            parent="answer",
        ),
    ),
    header='r."answer"',
    notes=(
        f"Of 10-point satisfaction {OF_TEN} and more count as satisfied, of 5 points {SATISFIED_FROM_OF_FIVE}.",
        "A low mark of the last two weeks opens a talk for the account's owner, as one by our own link does.",
    ),
    example="answer,account,contact,answered,kind,score,text\n"
    "A-71,4711,ingrid@nordwind.example,2026-10-02 14:30,nps,9,\n"
    "A-71,4711,ingrid@nordwind.example,2026-10-02 14:30,text,,You call before there is a problem.",
)

SURVEY_KINDS = (SURVEY_ANSWERS,)
