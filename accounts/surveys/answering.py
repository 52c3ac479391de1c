"""An answer comes in: by a link, once; what is low opens a talk at once."""

import base64
import datetime
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.engagement.advocacy import LossInterview, LossReason
from accounts.engagement.models import Action
from accounts.people.models import Organisation, User
from accounts.portfolio.models import Account, Assignment
from accounts.stakeholders.models import Contact
from accounts.surveys.models import Answer, AnswerItem, SurveyInvitation, Wave
from accounts.surveys.questions import LOW_UP_TO, Question, QuestionKind, Survey, is_satisfied

DAYS_TO_TALK = 2
# What an imported file says of long ago calls nobody to the telephone.
FRESH = datetime.timedelta(days=14)
OF_TEN = 9


def token_to_send(invitation: SurveyInvitation) -> str:
    """The link's secret of 256 bits; derived, so that a reminder holds the same link and nobody stores it."""
    digest = salted_hmac(
        "accounts.surveys",
        f"{invitation.pk}:{invitation.invited_at.isoformat()}",
        algorithm="sha256",
    ).digest()
    token = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    if invitation.token_hash != hashed(token):
        SurveyInvitation.objects.filter(pk=invitation.pk).update(token_hash=hashed(token))
    return token


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


# What a page and an answer need; offices of hundreds answer within minutes of a mail.
READ = (
    *("account", "contact", "language", "answered_at", "wave__state", "wave__closes_at"),
    *("wave__survey__kind", "wave__survey__language", "wave__survey__satisfied_from"),
)


def open_invitation(token: str) -> SurveyInvitation | None:
    """The invitation that may still be answered by this link."""
    found = SurveyInvitation.objects.filter(token_hash=hashed(token)).select_related("wave__survey")
    invitation = found.only(*READ).order_by("pk").first()
    return invitation if invitation is not None and may_answer(invitation) else None


def may_answer(invitation: SurveyInvitation) -> bool:
    wave = invitation.wave
    in_time = wave.closes_at is not None and timezone.now() < wave.closes_at
    return invitation.answered_at is None and wave.state == Wave.State.OPEN and in_time


@transaction.atomic
def submit(invitation: SurveyInvitation, given: Mapping[Question, Any]) -> Answer | None:
    """Use the link up and write the answer; `None` where it may not be answered (any more)."""
    now = timezone.now()
    running = Wave.objects.filter(state=Wave.State.OPEN, closes_at__gt=now)
    waiting = SurveyInvitation.objects.filter(pk=invitation.pk, answered_at__isnull=True, wave__in=running)
    if not waiting.update(answered_at=now):
        return None
    survey = invitation.wave.survey
    answer = Answer.objects.create(
        account_id=invitation.account_id,
        contact_id=invitation.contact_id,
        survey=survey,
        wave_id=invitation.wave_id,
        invitation_id=invitation.pk,
        answered_at=now,
    )
    write_items(answer, [item_of(question, value, survey) for question, value in given.items()])
    return answer


def item_of(question: Question, value: Any, survey: Survey) -> AnswerItem:
    """`value` is a mark, the number of an option, or words."""
    item = AnswerItem(question=question, kind=question.kind)
    if question.kind == QuestionKind.TEXT:
        item.text = value
    elif question.kind == QuestionKind.CHOICE:
        item.choice = options_of(question, survey.language)[int(value)]
    else:
        item.score = int(value)
        item.satisfied = survey.satisfied(question.kind, item.score)
    return item


def options_of(question: Question, language: str) -> list[str]:
    texts = {text.language: text.options for text in question.texts.all()}
    return texts.get(language) or next(iter(texts.values()))


@transaction.atomic
def note_answer(
    account: Account,
    contact: Contact | None,
    *,
    answered_at: datetime.datetime,
    survey: Survey | None = None,
    nps: int | None = None,
    csat5: int | None = None,
    csat10: int | None = None,
    comment: str = "",
) -> Answer:
    """What a customer said elsewhere, as on the telephone."""
    answer = Answer.objects.create(account=account, contact=contact, survey=survey, answered_at=answered_at)
    of_ten = survey.satisfied_from if survey else OF_TEN
    marks = {QuestionKind.NPS: nps, QuestionKind.CSAT5: csat5, QuestionKind.CSAT10: csat10}
    items = [
        AnswerItem(kind=kind, score=score, satisfied=is_satisfied(kind, score, of_ten))
        for kind, score in marks.items()
        if score is not None
    ]
    if comment:
        items.append(AnswerItem(kind=QuestionKind.TEXT, text=comment))
    write_items(answer, items)
    return answer


def write_items(answer: Answer, items: list[AnswerItem]) -> None:
    """What was said, and what follows from it."""
    for item in items:
        item.answer = answer
    AnswerItem.objects.bulk_create(items)
    if is_low(items) and answer.answered_at > timezone.now() - FRESH:
        close_the_loop(answer)
    if answer.survey is not None and answer.survey.kind == Survey.Kind.EXIT:
        note_exit(answer, items)


def is_low(items: Iterable[AnswerItem]) -> bool:
    """A detractor, or plainly not satisfied."""
    return any(item.score is not None and item.score <= LOW_UP_TO.get(item.kind, -1) for item in items)


def close_the_loop(answer: Answer) -> Action:
    """Somebody talks with them within two days. The action does not repeat what they said: more people read it."""
    today = Organisation.current().today()
    due = today + datetime.timedelta(days=DAYS_TO_TALK)
    whom = answer.contact.name if answer.contact else answer.account.name
    action: Action = Action.objects.create(
        account=answer.account,
        contact=answer.contact,
        text=f"Talk with {whom} about their survey answer",
        owner=owner_of(answer.account, today),
        due_on=due,
        first_due_on=due,
        answer=answer,
    )
    return action


def owner_of(account: Account, today: datetime.date) -> User | None:
    held = Assignment.objects.on(today).owners().filter(account=account, user__is_active=True)
    found = held.select_related("user").first()
    return found.user if found else None


def note_exit(answer: Answer, items: Iterable[AnswerItem]) -> None:
    """An exit interview was held: the loss that nobody had asked about yet has its day, reason and words."""
    lost = LossInterview.objects.filter(account=answer.account, interviewed_on__isnull=True)
    loss = lost.select_for_update().order_by("-lost_on").first()
    if loss is None:
        return
    loss.interviewed_on = timezone.localdate(answer.answered_at, Organisation.current().zone)
    named = [item.choice for item in items if item.choice]
    loss.reason = loss.reason or LossReason.objects.filter(name__in=named).first()
    loss.note = "\n".join(filter(None, [loss.note, *(item.text for item in items)]))
    loss.save(update_fields=["interviewed_on", "reason", "note"])


@transaction.atomic
def stop_asking(token: str) -> None:
    """This person is not asked any more; says nothing, whether the link is known or not."""
    found = SurveyInvitation.objects.filter(token_hash=hashed(token)).values("contact")
    today = Organisation.current().today()
    Contact.objects.filter(pk__in=found, no_surveys_since__isnull=True).update(
        no_surveys_since=today, version=F("version") + 1
    )
