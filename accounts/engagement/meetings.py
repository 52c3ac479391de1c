"""Meetings of a calendar as touches: whom they were with, what is new, and the writing."""

import datetime
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Lower

from accounts.engagement.calendar_file import Meeting
from accounts.engagement.models import Channel, Direction, Touch
from accounts.people.models import User
from accounts.portfolio.models import Account
from accounts.stakeholders.models import Contact

SOURCE = "calendar"
SALT = "kamplan.calendar"
VALID = 3600


@dataclass(frozen=True)
class Found:
    """A meeting with people of one account; one with people of two accounts is a touch of each."""

    external_id: str
    account: Account
    contacts: list[Contact]
    actor: User
    meeting: Meeting
    state: str
    """`new`, `changed` or `same`."""


def match(user: User, meetings: list[Meeting]) -> list[Found]:
    """Only meetings with known people of accounts that the person may see; nothing else leaves the file."""
    addresses = {address for each in meetings for address in each.people}
    known: dict[str, list[Contact]] = {}
    contacts = Contact.objects.visible_to(user).select_related("account").annotate(address=Lower("email"))
    for contact in contacts.filter(address__in=addresses - {""}):
        known.setdefault(contact.address, []).append(contact)
    ours = {each.email.lower(): each for each in User.objects.filter(is_active=True)}
    found = [part for each in meetings for part in _parts(user, each, known, ours)]
    there = Touch.objects.visible_to(user).filter(source=SOURCE, external_id__in=[each[0] for each in found])
    stored = {touch.external_id: touch for touch in there}
    return [
        Found(key, account, met, actor, meeting, _state(stored.get(key), meeting))
        for key, account, met, actor, meeting in found
    ]


def _parts(
    user: User, meeting: Meeting, known: dict[str, list[Contact]], ours: dict[str, User]
) -> Iterable[tuple[str, Account, list[Contact], User, Meeting]]:
    by_account: dict[Account, list[Contact]] = {}
    for address in sorted(meeting.people):
        for contact in known.get(address, []):
            by_account.setdefault(contact.account, []).append(contact)
    colleagues = [ours[each] for each in sorted(meeting.people) if each in ours]
    actor = ours.get(meeting.organizer) or (user if user in colleagues or not colleagues else colleagues[0])
    for account, contacts in by_account.items():
        key = hashlib.sha256(f"{meeting.key}|{account.pk}".encode()).hexdigest()[:40]
        yield key, account, contacts, actor, meeting


def _state(stored: Touch | None, meeting: Meeting) -> str:
    if stored is None:
        return "new"
    now = (meeting.at, meeting.minutes, meeting.subject)
    return "same" if (stored.at, stored.minutes, stored.subject) == now else "changed"


def sealed(user: User, found: list[Found]) -> str:
    """What the preview showed, for the browser to send back: the file itself is kept nowhere."""
    rows = [
        [
            each.external_id,
            each.account.pk,
            [contact.pk for contact in each.contacts],
            each.actor.pk,
            each.meeting.at.astimezone(datetime.UTC).isoformat(),
            each.meeting.minutes,
            each.meeting.subject,
            each.meeting.is_online,
        ]
        for each in found
    ]
    return signing.dumps([user.pk, rows], salt=SALT, compress=True)


def opened(user: User, seal: str) -> list[list[Any]]:
    pk, rows = signing.loads(seal, salt=SALT, max_age=VALID)
    if pk != user.pk:
        raise signing.BadSignature
    return list(rows)


@dataclass(frozen=True)
class Batch:
    """What one import wrote: the new touches, and of each changed one its version and what it held before."""

    new: list[int]
    changed: list[list[Any]]


@transaction.atomic
def write(user: User, rows: list[list[Any]]) -> Batch:
    """What was noted by hand stays."""
    accounts = set(
        Account.objects.visible_to(user).filter(pk__in={row[1] for row in rows}).values_list("pk", flat=True)
    )
    rows = [row for row in rows if row[1] in accounts]
    stored = Touch.objects.select_for_update().filter(source=SOURCE, external_id__in=[row[0] for row in rows])
    there = {touch.external_id: touch for touch in stored}
    fresh, links, changed = [], [], []
    for key, account, contacts, actor, at, minutes, subject, is_online in rows:
        moment = datetime.datetime.fromisoformat(at)
        touch = there.get(key)
        if touch is None:
            touch = Touch(
                account_id=account,
                actor_id=actor,
                logged_by=user,
                channel=Channel.VIDEO if is_online else Channel.MEETING,
                direction=Direction.TWO_WAY,
                at=moment,
                minutes=minutes,
                subject=subject,
                source=SOURCE,
                external_id=key,
            )
            fresh.append(touch)
            links += [Touch.contacts.through(touch=touch, contact_id=contact) for contact in contacts]
        elif (touch.at, touch.minutes, touch.subject) != (moment, minutes, subject):
            changed.append([touch.pk, touch.version + 1, touch.at.isoformat(), touch.minutes, touch.subject])
            moved(touch.pk, touch.version, at=moment, minutes=minutes, subject=subject)
    Touch.objects.bulk_create(fresh)
    Touch.contacts.through.objects.bulk_create(links)
    return Batch([touch.pk for touch in fresh], changed)


def moved(pk: int, version: int, **values: Any) -> int:
    """Write to a touch that nobody has changed since; how many that were."""
    return Touch.objects.filter(pk=pk, version=version).update(**values, version=F("version") + 1)


@transaction.atomic
def take_back(user: User, batch: Batch) -> tuple[int, int]:
    """Everything of one import that nobody has written to since; how many went back, and how many stay."""
    visible = Touch.objects.visible_to(user).filter(source=SOURCE)
    untouched = visible.filter(pk__in=batch.new, version=1, logged_by=user)
    gone = len(list(untouched.select_for_update(of=("self",)).values_list("pk", flat=True)))
    untouched.delete()
    seen = set(visible.filter(pk__in=[row[0] for row in batch.changed]).values_list("pk", flat=True))
    for pk, version, at, minutes, subject in batch.changed:
        before = datetime.datetime.fromisoformat(at)
        gone += moved(pk, version, at=before, minutes=minutes, subject=subject) if pk in seen else 0
    return gone, len(batch.new) + len(batch.changed) - gone
