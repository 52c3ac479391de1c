"""Writes to waves: scheduled, called back, closed, thrown away and brought back."""

import datetime

from django.core import signing
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.people.models import User
from accounts.stakeholders.models import Contact
from accounts.surveys.models import SurveyInvitation, Wave
from accounts.way_back import UNDO_SECONDS

SALT = "kamplan.surveys.waves"
KEPT = ("survey_id", "name", "roles", "key_only", "rest_days", "days_open", "remind_after")


def schedule(wave: Wave, opens_at: datetime.datetime) -> bool:
    """From now on the clock sends it; whether it was a draft still."""
    closes_at = opens_at + datetime.timedelta(days=wave.days_open)
    return bool(
        Wave.objects.filter(pk=wave.pk, state=Wave.State.DRAFT).update(
            state=Wave.State.SCHEDULED, opens_at=opens_at, closes_at=closes_at, version=F("version") + 1
        )
    )


def call_back(wave: Wave) -> bool:
    """A draft again, unless it went out already."""
    return bool(
        Wave.objects.filter(pk=wave.pk, state=Wave.State.SCHEDULED).update(
            state=Wave.State.DRAFT, opens_at=None, closes_at=None, version=F("version") + 1
        )
    )


def close(wave: Wave) -> bool:
    """No answers from now on."""
    return bool(
        Wave.objects.filter(pk=wave.pk, state=Wave.State.OPEN).update(
            state=Wave.State.CLOSED, closed_at=timezone.now(), version=F("version") + 1
        )
    )


def open_again(wave: Wave) -> bool:
    """Undo of closing before its day."""
    found = Wave.objects.filter(pk=wave.pk, state=Wave.State.CLOSED, closes_at__gt=timezone.now())
    return bool(found.update(state=Wave.State.OPEN, closed_at=None, version=F("version") + 1))


@transaction.atomic
def discard(user: User, wave: Wave) -> str:
    """A draft goes, with a token that brings it back."""
    kept = {name: getattr(wave, name) for name in KEPT}
    chosen = [list(each.values_list("pk", flat=True)) for each in (wave.accounts, wave.tiers)]
    token = signing.dumps([user.pk, kept, *chosen], salt=SALT, compress=True)
    wave.delete()
    return token


@transaction.atomic
def restore(user: User, token: str) -> Wave | None:
    """The draft again; `None` when it is too late."""
    try:
        pk, kept, accounts, tiers = signing.loads(token, salt=SALT, max_age=UNDO_SECONDS)
    except signing.BadSignature:
        return None
    if pk != user.pk:
        return None
    wave: Wave = Wave.objects.create(created_by=user, **kept)
    wave.accounts.set(accounts)
    wave.tiers.set(tiers)
    return wave


def mark_bounced(invitation: SurveyInvitation) -> bool:
    """A mail came back, or did not after all; which of the two it is now."""
    came_back = invitation.bounced_at is None
    SurveyInvitation.objects.filter(pk=invitation.pk, answered_at__isnull=True).update(
        bounced_at=timezone.now() if came_back else None
    )
    return came_back


def leave_in_peace(contact: Contact, today: datetime.date) -> bool:
    """No surveys from now on, or again; which of the two holds now."""
    peace = contact.no_surveys_since is None
    Contact.objects.filter(pk=contact.pk).update(
        no_surveys_since=today if peace else None, version=F("version") + 1
    )
    return peace
