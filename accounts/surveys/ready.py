"""Questionnaires that are ready to send, in English and German; everything in them can be changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts.people.models import User
from accounts.surveys.questions import Question, QuestionKind, QuestionText, Survey, SurveyText

K = QuestionKind
S = Survey.Kind


@dataclass(frozen=True)
class Words:
    """A question in one language."""

    text: str
    low: str = ""
    high: str = ""
    options: Sequence[str] = ()


@dataclass(frozen=True)
class Ask:
    kind: str
    words: dict[str, Words]
    required: bool = False


@dataclass(frozen=True)
class Around:
    """Title, introduction, thanks, subject and text of the mail."""

    title: str
    subject: str
    mail: str
    introduction: str = ""
    thanks: str = ""


@dataclass(frozen=True)
class Ready:
    """What a new survey of this kind begins with."""

    around: dict[str, Around]
    asks: tuple[Ask, ...]
    satisfied_from: int = 9


RECOMMEND = Ask(
    K.NPS,
    {
        "en": Words(
            "How likely are you to recommend us to a colleague or business partner?",
            "Not at all likely",
            "Extremely likely",
        ),
        "de": Words(
            "Wie wahrscheinlich ist es, dass Sie uns Kollegen oder Geschäftspartnern empfehlen?",
            "Sehr unwahrscheinlich",
            "Sehr wahrscheinlich",
        ),
    },
    required=True,
)
WHY = Ask(
    K.TEXT,
    {
        "en": Words("What is the most important reason for your answer?"),
        "de": Words("Was ist der wichtigste Grund für Ihre Antwort?"),
    },
)
SATISFIED_5 = Ask(
    K.CSAT5,
    {
        "en": Words("How satisfied are you with our work?", "Very dissatisfied", "Very satisfied"),
        "de": Words("Wie zufrieden sind Sie mit unserer Arbeit?", "Sehr unzufrieden", "Sehr zufrieden"),
    },
    required=True,
)
SATISFIED_10 = Ask(K.CSAT10, SATISFIED_5.words, required=True)
BETTER = Ask(
    K.TEXT,
    {
        "en": Words("What should we do better?"),
        "de": Words("Was sollten wir besser machen?"),
    },
)


def agrees(english: str, german: str) -> Ask:
    """A statement to agree with, from 1 to 5."""
    return Ask(
        K.SCALE,
        {
            "en": Words(english, "Strongly disagree", "Strongly agree"),
            "de": Words(german, "Stimme gar nicht zu", "Stimme voll zu"),
        },
    )


THANKS = {
    "en": "Thank you. Your answer goes to the people who look after you, not to a machine.",
    "de": "Vielen Dank. Ihre Antwort geht an die Menschen, die Sie betreuen, nicht an eine Maschine.",
}


def around(english: Around, german: Around) -> dict[str, Around]:
    return {"en": english, "de": german}


OPINION = around(
    Around(
        "Your opinion of us",
        "How are we doing?",
        "We would like to know how you find working with us. It takes about a minute.",
        "It takes about a minute. Your account team reads every answer.",
        THANKS["en"],
    ),
    Around(
        "Ihre Meinung über uns",
        "Wie machen wir unsere Arbeit?",
        "Wir möchten wissen, wie Sie die Zusammenarbeit mit uns finden. Es dauert etwa eine Minute.",
        "Es dauert etwa eine Minute. Ihr Betreuungsteam liest jede Antwort.",
        THANKS["de"],
    ),
)

READY: dict[str, Ready] = {
    S.NPS: Ready(OPINION, (RECOMMEND, WHY)),
    S.CSAT5: Ready(OPINION, (SATISFIED_5, BETTER)),
    S.CSAT10: Ready(OPINION, (SATISFIED_10, BETTER)),
    S.RELATIONSHIP: Ready(
        OPINION,
        (
            RECOMMEND,
            agrees("Your contact with us knows our business.", "Unser Ansprechpartner kennt unser Geschäft."),
            agrees("You keep what you promise.", "Sie halten, was Sie versprechen."),
            agrees(
                "When something goes wrong, you take care of it quickly.",
                "Wenn etwas schiefgeht, kümmern Sie sich schnell darum.",
            ),
            agrees(
                "You bring ideas that help us reach our goals.",
                "Sie bringen Ideen, die uns unseren Zielen näher bringen.",
            ),
            BETTER,
        ),
    ),
    S.EXIT: Ready(
        around(
            Around(
                "Why you left us",
                "One last question",
                "You decided against going on with us. We would like to understand why.",
                "You decided against going on with us. We would like to understand why, and to learn from it.",
                "Thank you for your frankness. We wish you all the best.",
            ),
            Around(
                "Warum Sie uns verlassen haben",
                "Eine letzte Frage",
                "Sie haben sich gegen eine weitere Zusammenarbeit entschieden. Wir möchten verstehen, warum.",
                "Wir möchten verstehen, warum Sie gegangen sind, und daraus lernen.",
                "Danke für Ihre Offenheit. Wir wünschen Ihnen alles Gute.",
            ),
        ),
        (
            Ask(
                K.CHOICE,
                {
                    "en": Words(
                        "What was the main reason?",
                        options=(
                            "Price",
                            "Product",
                            "Service",
                            "A change on our side",
                            "Another supplier",
                            "Other",
                        ),
                    ),
                    "de": Words(
                        "Was war der wichtigste Grund?",
                        options=(
                            "Preis",
                            "Produkt",
                            "Service",
                            "Eine Veränderung bei uns",
                            "Ein anderer Anbieter",
                            "Anderes",
                        ),
                    ),
                },
                required=True,
            ),
            Ask(
                K.TEXT,
                {
                    "en": Words("What could have kept you?"),
                    "de": Words("Was hätte Sie gehalten?"),
                },
            ),
            Ask(
                K.CHOICE,
                {
                    "en": Words("Would you work with us again?", options=("Yes", "Perhaps", "No")),
                    "de": Words("Würden Sie wieder mit uns arbeiten?", options=("Ja", "Vielleicht", "Nein")),
                },
            ),
        ),
    ),
    S.REFERENCE: Ready(
        around(
            Around(
                "Would you speak for us?",
                "May we name you as a reference?",
                "Others learn most from those who know us. Would you be willing to speak about our work?",
                "Nothing happens without asking you again first, and you can take it back at any time.",
                "Thank you. We will ask you again before we name you anywhere.",
            ),
            Around(
                "Würden Sie für uns sprechen?",
                "Dürfen wir Sie als Referenz nennen?",
                "Andere lernen am meisten von denen, die uns kennen. Würden Sie über unsere Arbeit sprechen?",
                "Nichts geschieht, ohne Sie vorher noch einmal zu fragen, und Sie können es jederzeit zurücknehmen.",
                "Vielen Dank. Wir fragen Sie noch einmal, bevor wir Sie irgendwo nennen.",
            ),
        ),
        (
            Ask(
                K.CHOICE,
                {
                    "en": Words(
                        "Would you be willing to be a reference for us?", options=("Yes", "Perhaps", "No")
                    ),
                    "de": Words("Würden Sie uns als Referenz dienen?", options=("Ja", "Vielleicht", "Nein")),
                },
                required=True,
            ),
            Ask(
                K.TEXT,
                {
                    "en": Words("What could you tell others about?"),
                    "de": Words("Wovon könnten Sie anderen erzählen?"),
                },
            ),
        ),
    ),
    S.HEARD_ABOUT: Ready(
        around(
            Around(
                "How you found us",
                "How did you hear about us?",
                "One short question: how did you hear about us?",
                thanks=THANKS["en"],
            ),
            Around(
                "Wie Sie uns gefunden haben",
                "Wie haben Sie von uns gehört?",
                "Eine kurze Frage: Wie haben Sie von uns gehört?",
                thanks=THANKS["de"],
            ),
        ),
        (
            Ask(
                K.CHOICE,
                {
                    "en": Words(
                        "How did you hear about us?",
                        options=(
                            "Recommendation",
                            "Search",
                            "Event",
                            "Social media",
                            "Press",
                            "Knew you already",
                            "Other",
                        ),
                    ),
                    "de": Words(
                        "Wie haben Sie von uns gehört?",
                        options=(
                            "Empfehlung",
                            "Suche",
                            "Veranstaltung",
                            "Soziale Medien",
                            "Presse",
                            "Kannte Sie schon",
                            "Anderes",
                        ),
                    ),
                },
                required=True,
            ),
        ),
    ),
    S.CUSTOM: Ready(
        around(
            Around("A few questions", "A few questions", "We have a few questions.", thanks=THANKS["en"]),
            Around("Ein paar Fragen", "Ein paar Fragen", "Wir haben ein paar Fragen.", thanks=THANKS["de"]),
        ),
        (BETTER,),
    ),
}


@transaction.atomic
def start_survey(user: User | None, kind: str, name: str, language: str = "en") -> Survey:
    """A new questionnaire with the questions of its kind; languages without words of ours begin in English."""
    ready = READY[kind]
    survey: Survey = Survey.objects.create(
        name=name, kind=kind, language=language, satisfied_from=ready.satisfied_from, created_by=user
    )
    spoken = {*ready.around, language}
    for each in sorted(spoken):
        SurveyText.objects.create(
            survey=survey, language=each, **text_of(ready.around.get(each) or ready.around["en"])
        )
    for position, ask in enumerate(ready.asks, start=1):
        add_question(survey, ask, position, spoken)
    return survey


def text_of(words: Around) -> dict[str, Any]:
    return {
        "title": words.title,
        "introduction": words.introduction,
        "thanks": words.thanks,
        "mail_subject": words.subject,
        "mail_text": words.mail,
    }


def add_question(survey: Survey, ask: Ask, position: int, languages: set[str]) -> Question:
    question: Question = Question.objects.create(
        survey=survey, position=position, kind=ask.kind, required=ask.required
    )
    QuestionText.objects.bulk_create(
        [question_text(question, each, ask.words.get(each) or ask.words["en"]) for each in sorted(languages)]
    )
    return question


def question_text(question: Question, language: str, words: Words) -> QuestionText:
    return QuestionText(
        question=question,
        language=language,
        text=words.text,
        low=words.low,
        high=words.high,
        options=list(words.options),
    )
