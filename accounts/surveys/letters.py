"""The mails of surveys: the invitation, its reminders, and a copy to look at for who writes it."""

from typing import Any

from django.db.models import Prefetch
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import formats, timezone, translation

from accounts import outbox
from accounts.outbox import Letter, Outdated
from accounts.people.bounces import newest_of
from accounts.people.letters import absolute
from accounts.people.models import Message, Organisation, User
from accounts.surveys.answering import may_answer, token_to_send
from accounts.surveys.models import SurveyInvitation, Wave
from accounts.surveys.questions import SCORES, Question, QuestionText, Survey, SurveyText
from accounts.surveys.sending import INVITATION
from accounts.surveys.words import phrases

TEST = "survey_test"


def settled(message: Message) -> None:
    """Whether a mail server took the mail; a refusal for good counts as a mail that came back."""
    found = SurveyInvitation.objects.filter(pk=message.payload["invitation"])
    if message.state == Message.State.SENT:
        found.filter(delivered_at__isnull=True).update(delivered_at=message.sent_at)
    elif message.attempts:
        found.filter(bounced_at__isnull=True, delivered_at__isnull=True).update(bounced_at=timezone.now())


def came_back(message: Message) -> None:
    """Taken, and returned later: it was not delivered after all, unless they answered by an earlier mail."""
    found = SurveyInvitation.objects.filter(pk=message.payload["invitation"])
    found.filter(bounced_at__isnull=True, answered_at__isnull=True).update(bounced_at=timezone.now())


@outbox.kind(INVITATION, resend=True, settled=settled, came_back=came_back)
def invitation(message: Message) -> Letter:
    found = (
        SurveyInvitation.objects.select_related("wave__survey", "wave__created_by", "contact")
        .filter(pk=message.payload["invitation"])
        .first()
    )
    contact = found.contact if found is not None else None
    if found is None or contact is None or not may_answer(found):
        raise Outdated("answered already, closed or erased")
    if contact.no_surveys_since is not None:
        raise Outdated("asked for no surveys")
    if newest_of(contact.email) is not None:
        came_back(message)
        raise Outdated("mails to this address came back")
    token = token_to_send(found)
    return letter(
        found.wave,
        found.language,
        contact.name,
        absolute(reverse("answer", args=[token])),
        absolute(reverse("answer_stop", args=[token])),
        is_reminder=message.payload["reminder"] > 0,
    )


@outbox.kind(TEST)
def test(message: Message) -> Letter:
    """To whoever writes the survey: as customers get it, with a link to the preview instead of an answer."""
    wave = Wave.objects.select_related("survey", "created_by").filter(pk=message.payload["wave"]).first()
    if wave is None:
        raise Outdated("the wave was deleted")
    language = message.payload["language"]
    preview = absolute(reverse("surveys:preview", args=[wave.survey_id])) + f"?language={language}"
    return letter(wave, language, message.user.name, preview, preview, is_reminder=False)


def put_test(user: User, wave: Wave, language: str) -> None:
    """One copy a minute, however often it is asked for."""
    minute = int(timezone.now().timestamp()) // 60
    key = f"survey_test:{wave.pk}:{user.pk}:{language}:{minute}"
    outbox.put(TEST, user, key, wave=wave.pk, language=language)


def letter(wave: Wave, language: str, name: str, link: str, stop: str, *, is_reminder: bool) -> Letter:
    text = text_in(wave.survey, language)
    words = phrases(text.language)
    context: dict[str, Any] = {
        "subject": text.mail_subject,
        "language": text.language,
        "words": words,
        "text": text,
        "name": name,
        "sender": wave.created_by,
        "organisation": Organisation.current(),
        "link": link,
        "stop": stop,
        "is_reminder": is_reminder,
        "until": until(wave, text.language),
        "first": first_marks(wave.survey, text.language),
    }
    return Letter(
        subject=text.mail_subject,
        text=render_to_string("emails/survey.txt", context),
        html=render_to_string("emails/survey.html", context),
        reply_to=wave.created_by.email,
        headers={"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )


def text_in(survey: Survey, language: str) -> SurveyText:
    """In this language, or in the survey's own."""
    texts = {each.language: each for each in survey.texts.filter(language__in={language, survey.language})}
    return texts.get(language) or texts[survey.language]


def until(wave: Wave, language: str) -> str:
    """The last day on which the link works, as people there write it."""
    if wave.closes_at is None:
        return ""
    with translation.override(language):
        return formats.date_format(wave.closes_at.astimezone(Organisation.current().zone), "DATE_FORMAT")


def questions_in(survey: Survey, language: str) -> list[Question]:
    """In order, each with `words` in this language."""
    in_order = Prefetch("texts", QuestionText.objects.order_by("pk"))
    found = list(survey.questions.order_by("position").prefetch_related(in_order))
    for question in found:
        texts = {text.language: text for text in question.texts.all()}
        question.words = texts.get(language) or texts[survey.language]  # type: ignore[attr-defined]
    return found


def first_marks(survey: Survey, language: str) -> dict[str, Any] | None:
    """The first question, where one mark answers it: the mail offers the marks themselves."""
    found = questions_in(survey, language)[:1]
    if not found or found[0].kind not in SCORES:
        return None
    return {"words": found[0].words, "marks": SCORES[found[0].kind]}  # type: ignore[attr-defined]
