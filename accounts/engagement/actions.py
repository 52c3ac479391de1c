"""Writes that span a touch and its actions, or that others must be able to take back."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils import timezone

from accounts.engagement import undo
from accounts.engagement.models import Action, Request, Touch
from accounts.people.models import User
from accounts.portfolio.models import Account
from accounts.stakeholders.models import Contact

BOX = "log"
"""The source of touches logged by hand: with the form's own number as external id, a double click makes one."""


@dataclass(frozen=True)
class Promise:
    """A part of a note that became an action."""

    text: str
    due_on: datetime.date | None


def log_touch(
    user: User, touch: Touch, contacts: Sequence[Contact], promises: Sequence[Promise], once: str
) -> tuple[Touch, list[Action], bool]:
    """The touch with what was promised in it; sent twice, it is there once. The last says whether it is new."""
    touch.actor = touch.logged_by = user
    if once:
        touch.source, touch.external_id = BOX, once
    try:
        with transaction.atomic():
            touch.save(force_insert=True)
            touch.contacts.set(contacts)
            made = [_promised(user, touch, contacts, each) for each in promises]
            return touch, Action.objects.bulk_create(made), True
    except IntegrityError:
        first = Touch.objects.filter(source=BOX, external_id=once, logged_by=user).first() if once else None
        if first is None:
            raise
        return first, list(first.actions.all()), False


def _promised(user: User, touch: Touch, contacts: Sequence[Contact], promise: Promise) -> Action:
    return Action(
        account=touch.account,
        text=promise.text,
        due_on=promise.due_on,
        first_due_on=promise.due_on,
        owner=user,
        contact=contacts[0] if contacts else None,
        touch=touch,
        created_by=user,
    )


@transaction.atomic
def delete_touch(user: User, touch: Touch) -> str:
    """Gone, with an address to bring it back."""
    contacts = list(touch.contacts.values_list("pk", flat=True))
    made = list(touch.actions.values_list("pk", flat=True))
    source = [touch.source, touch.thread]
    back = undo.address(user, "touch_deleted", touch.pk, touch.account_id, source, contacts, made)
    touch.delete()
    return back


@transaction.atomic
def change(user: User, row: Any, **values: Any) -> str:
    """Write these fields of a locked row; returns the address that puts them back."""
    columns = [row._meta.get_field(name).attname for name in values]
    before = {column: getattr(row, column) for column in columns}
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    row.save(update_fields=[*values, "version"])
    return undo.way_back(user, row, before)


def close_action(user: User, action: Action, status: str, today: datetime.date) -> str:
    """Done, dropped or open again."""
    is_open = status == Action.Status.OPEN
    return change(
        user,
        action,
        status=status,
        closed_on=None if is_open else today,
        closed_by=None if is_open else user,
    )


def move_action(user: User, action: Action, due_on: datetime.date | None) -> str:
    """Another due day; the first one stays, for who wants to know how often it was moved."""
    first = action.first_due_on or due_on
    return change(user, action, due_on=due_on, first_due_on=first)


def answer_request(user: User, request: Request, at: datetime.datetime | None = None) -> str:
    """The first answer went out; later ones do not count."""
    return change(user, request, first_answer_at=at or timezone.now(), first_answer_by=user)


def resolve_request(user: User, request: Request, resolution: str) -> str:
    return change(user, request, resolved_at=timezone.now(), resolution=resolution)


def reopen_request(user: User, request: Request) -> str:
    """It was not solved after all: its clock goes on since it was asked."""
    return change(user, request, resolved_at=None, reopened=request.reopened + 1)


def colleagues_of(account: Account, today: datetime.date) -> "models.QuerySet[User]":
    """Who may be handed something of this account: whoever sees it and works on it."""
    from accounts.people.models import Membership, Role, Team
    from accounts.portfolio.models import Assignment

    held = Assignment.objects.on(today).filter(account=account)
    owners = held.filter(role=Assignment.AccountRole.OWNER).values("user")
    above = _teams_above(
        list(
            Membership.objects.filter(user__in=owners, during__contains=today).values_list("team", flat=True)
        ),
        dict(Team.objects.values_list("pk", "parent_id")),
    )
    leads = Team.objects.filter(pk__in=above).values("lead")
    working = User.objects.filter(is_active=True, role__in=[Role.MANAGER, Role.LEAD, Role.HEAD])
    works_on_it = models.Q(pk__in=held.values("user")) | models.Q(pk__in=leads) | models.Q(role=Role.HEAD)
    found: models.QuerySet[User] = working.filter(works_on_it).order_by("name")
    return found


def _teams_above(teams: list[int], parents: dict[int, int | None]) -> set[int]:
    found: set[int] = set()
    waiting: list[int | None] = list(teams)
    while waiting:
        team = waiting.pop()
        if team is not None and team not in found:
            found.add(team)
            waiting.append(parents.get(team))
    return found
