"""Waves open, remind and close by the clock: the database says what is due, a tick only looks."""

import datetime

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from accounts import outbox
from accounts.people.bounces import came_back
from accounts.people.models import Message, Organisation
from accounts.stakeholders.models import Contact
from accounts.surveys.answering import FRESH, close_the_loop, is_low
from accounts.surveys.audience import audience_of
from accounts.surveys.models import Answer, SurveyInvitation, SurveyText, Wave

INVITATION = "survey"


def tick(now: datetime.datetime | None = None) -> None:
    """Do all that is due; twice is the same as once."""
    now = now or timezone.now()
    close_due(now)
    open_due(now)
    remind_due(now)
    close_loops(now)


def open_due(now: datetime.datetime) -> None:
    due = Wave.objects.filter(state=Wave.State.SCHEDULED, opens_at__lte=now)
    for pk in list(due.values_list("pk", flat=True)):
        open_wave(pk, now)


@transaction.atomic
def open_wave(pk: int, now: datetime.datetime) -> int:
    """Invite everybody whom the wave's rules name today; returns how many."""
    held = Wave.objects.select_for_update(of=("self",), skip_locked=True).select_related("created_by")
    wave = held.filter(pk=pk, state=Wave.State.SCHEDULED).first()
    if wave is None:
        return 0
    wave.state = Wave.State.OPEN
    wave.version += 1
    wave.save(update_fields=["state", "version"])
    known = languages_of(wave)
    today = timezone.localdate(now, Organisation.current().zone)
    invitations = [
        SurveyInvitation(
            wave=wave,
            account_id=each.contact.account_id,
            contact=each.contact,
            language=language_for(each.contact, known, wave),
            invited_at=now,
        )
        for each in audience_of(wave, today).asked
    ]
    SurveyInvitation.objects.bulk_create(invitations, batch_size=1000)
    put_mails(invitations, 0)
    return len(invitations)


def languages_of(wave: Wave) -> set[str]:
    return set(SurveyText.objects.filter(survey=wave.survey_id).values_list("language", flat=True))


def language_for(contact: Contact, known: set[str], wave: Wave) -> str:
    """Their own if the survey speaks it (de-CH is German), else the survey's."""
    own = contact.language.lower()[:2]
    return own if own in known else wave.survey.language


def put_mails(invitations: list[SurveyInvitation], number: int) -> None:
    """The invitation itself is mail 0, reminders count from 1; each goes out once, whoever asks how often."""
    outbox.put_all(
        [
            Message(
                kind=INVITATION,
                contact_id=each.contact_id,
                dedup_key=f"survey:{each.pk}:{number}",
                payload={"invitation": each.pk, "reminder": number},
            )
            for each in invitations
        ]
    )


def remind_due(now: datetime.datetime) -> None:
    for wave in Wave.objects.sending().exclude(remind_after=[]):
        days = sorted(wave.remind_after)
        # The latest first: after some days without a worker nobody gets two mails at once.
        for number in range(len(days), 0, -1):
            remind(wave, number, now - datetime.timedelta(days=days[number - 1]))


@transaction.atomic
def remind(wave: Wave, number: int, invited_until: datetime.datetime) -> None:
    """Who was invited by then, got the mail, has not answered, and may still be asked."""
    may = Contact.objects.filter(pk=OuterRef("contact"), no_surveys_since__isnull=True).exclude(email="")
    may = may.exclude(came_back())
    due = (
        SurveyInvitation.objects.select_for_update(of=("self",), skip_locked=True)
        .delivered()
        .waiting()
        .filter(Exists(may), wave=wave, reminders__lt=number, invited_at__lte=invited_until)
    )
    found = list(due)
    SurveyInvitation.objects.filter(pk__in=[each.pk for each in found]).update(reminders=number)
    if found:
        put_mails(found, number)


def close_due(now: datetime.datetime) -> None:
    over = Wave.objects.filter(state=Wave.State.OPEN, closes_at__lte=now)
    over.update(state=Wave.State.CLOSED, closed_at=now, version=F("version") + 1)


@transaction.atomic
def close_loops(now: datetime.datetime) -> None:
    """Answers that a file brought open their talks here; those by our links did when they came."""
    with connection.cursor() as cursor:
        # Two ticks at once would each miss the other's actions.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('accounts.surveys.close_loops'))")
    fresh = Answer.objects.exclude(source="").filter(answered_at__gt=now - FRESH, actions=None)
    for answer in fresh.select_related("account", "contact").prefetch_related("items"):
        if is_low(answer.items.all()):
            close_the_loop(answer)
