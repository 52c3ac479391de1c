"""Writes of the week: an item is put off, done or handed to a colleague, and each of these can be taken back.

An item is named by its kind and the number of what it is about, as `action:12`."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts.engagement.actions import change, close_action
from accounts.engagement.models import Action, Request, Snooze
from accounts.engagement.undo import undo as undo_engagement
from accounts.people.models import User
from accounts.plans.models import Review
from accounts.portfolio.models import Account
from accounts.revenue.models import Contract
from accounts.stakeholders.models import Contact
from accounts.way_back import UNDO_SECONDS

SALT = "kamplan.week"
REST_DAYS = 7
"""What is done without leaving a trace comes back after a week, if its cause is still there."""
DONE = "Done"

MODELS: dict[str, Any] = {
    "action": Action,
    "cold": Contact,
    "left": Contact,
    "fell": Account,
    "warned": Account,
    "warmer": Account,
    "request": Request,
    "review": Review,
}


@dataclass(frozen=True)
class Subject:
    """What an item of the week is about."""

    kind: str
    row: Any

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.row.pk}"

    @property
    def words(self) -> str:
        """What it is about, in a few words."""
        texts = {
            "cold": f"Talk to {self.row}",
            "left": f"A successor for {self.row}",
            "fell": "Fallen figures",
            "warned": "Warnings",
            "warmer": "Risen engagement",
            "notice": f"The renewal of contract {self.row}",
        }
        return texts.get(self.kind, str(self.row))

    @property
    def account(self) -> Account:
        found: Account = self.row if isinstance(self.row, Account) else self.row.account
        return found


def subject(user: User, item: str) -> Subject:
    """404 for what this person may not see, or what no rule names."""
    kind, _, number = item.partition(":")
    if not number.isdecimal() or len(number) > 18:
        raise Http404
    found = subjects(user, kind, [int(number)])
    if not found:
        raise Http404
    return found[0]


def put_off(user: User, what: Subject, until: datetime.date, reason: str) -> str:
    """Out of sight until a day; the address takes it back."""
    before = Snooze.objects.visible_to(user).filter(item=what.key).first()
    Snooze.objects.update_or_create(user=user, item=what.key, defaults={"until": until, "reason": reason})
    return way_back(user, "woken", what.key, [before.until.isoformat(), before.reason] if before else None)


def open_action(user: User, what: Subject) -> Action:
    """The promise, held against other writers; 404 where somebody closed it meanwhile."""
    rows = Action.objects.visible_to(user).open().select_for_update(of=("self",))
    found: Action = get_object_or_404(rows, pk=what.row.pk)
    return found


@transaction.atomic
def done(user: User, what: Subject, today: datetime.date) -> str:
    """An action is closed; anything else rests for a week."""
    if what.kind == "action":
        row = open_action(user, what)
        return way_back(user, "reopened", close_action(user, row, Action.Status.DONE, today), None)
    return put_off(user, what, today + datetime.timedelta(days=REST_DAYS), DONE)


@transaction.atomic
def hand_on(
    user: User, what: Subject, to: User, text: str, due_on: datetime.date, today: datetime.date
) -> str:
    """A colleague gets it as an action; an action of one's own changes its owner."""
    if what.kind == "action":
        row = open_action(user, what)
        return way_back(user, "reopened", change(user, row, owner=to), None)
    made = Action.objects.create(
        account=what.account,
        text=text,
        owner=to,
        due_on=due_on,
        first_due_on=due_on,
        created_by=user,
        review=what.row if what.kind == "review" else None,
        contact=what.row if what.kind in {"cold", "left"} else None,
    )
    until = max(due_on, today + datetime.timedelta(days=1))
    put_off(user, what, until, f"Handed on to {to}")
    return way_back(user, "withdrawn", what.key, made.pk)


@dataclass(frozen=True)
class PutOff:
    """A snooze with what it is about."""

    snooze: Snooze
    what: Subject


def snoozed(user: User, today: datetime.date) -> list[PutOff]:
    """What is put off beyond today, as far as the person still sees it; one statement for each kind."""
    rows = list(Snooze.objects.visible_to(user).filter(until__gt=today))
    wanted: dict[str, list[int]] = {}
    for each in rows:
        kind, _, number = each.item.partition(":")
        wanted.setdefault(kind, []).append(int(number))
    found = {what.key: what for kind, numbers in wanted.items() for what in subjects(user, kind, numbers)}
    return [PutOff(each, found[each.item]) for each in rows if each.item in found]


def subjects(user: User, kind: str, numbers: list[int]) -> list[Subject]:
    if kind == "notice":
        rows = Contract.objects.filter(account__in=Account.objects.visible_to(user))
    elif kind in MODELS:
        rows = MODELS[kind].objects.visible_to(user)
    else:
        return []
    related = rows if MODELS.get(kind) is Account else rows.select_related("account")
    return [Subject(kind, row) for row in related.filter(pk__in=numbers)]


def way_back(user: User, deed: str, *what: Any) -> str:
    token = signing.dumps([user.pk, deed, *what], salt=SALT, compress=True)
    return reverse("plans:week_undo", kwargs={"token": token})


def take_back(user: User, token: str) -> bool:
    """Whether it was taken back."""
    try:
        pk, deed, *what = signing.loads(token, salt=SALT, max_age=UNDO_SECONDS)
    except signing.BadSignature:
        return False
    return pk == user.pk and DEEDS[deed](user, *what)


def _woken(user: User, item: str, before: list[str] | None) -> bool:
    rows = Snooze.objects.visible_to(user).filter(item=item)
    if before is None:
        return bool(rows.delete()[0])
    return bool(rows.update(until=datetime.date.fromisoformat(before[0]), reason=before[1]))


def _reopened(user: User, address: str, _: None) -> bool:
    return undo_engagement(user, address.rstrip("/").rsplit("/", 1)[-1])


@transaction.atomic
def _withdrawn(user: User, item: str, action: int) -> bool:
    """The colleague has not touched it: then it was never asked."""
    gone = Action.objects.filter(pk=action, created_by=user, version=1, status=Action.Status.OPEN).delete()[0]
    if gone:
        Snooze.objects.visible_to(user).filter(item=item).delete()
    return bool(gone)


DEEDS: dict[str, Callable[..., bool]] = {"woken": _woken, "reopened": _reopened, "withdrawn": _withdrawn}
