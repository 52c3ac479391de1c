"""Playbooks at work: a warning begins its tasks, once for a cause."""

import datetime
from collections.abc import Sequence
from typing import NamedTuple

from django.db import transaction

from accounts.engagement.models import Action
from accounts.engagement.playbooks import Play, Playbook, PlaybookStep, PlayTask
from accounts.people.models import Membership
from accounts.portfolio.models import Assignment

Who = PlaybookStep.Who


class Cause(NamedTuple):
    """What an account was warned of."""

    account: int
    kind: str
    cause: str


class Staff:
    """Who looks after each of some accounts on a day: owner, deputy, the owner's lead."""

    def __init__(self, accounts: Sequence[int], day: datetime.date) -> None:
        held = Assignment.objects.filter(account__in=accounts, during__contains=day).order_by("pk")
        self.people: dict[tuple[int, str], int] = {}
        for account, role, user in held.values_list("account_id", "role", "user_id"):
            self.people.setdefault((account, role), user)
        owners = {user for (_, role), user in self.people.items() if role == "owner"}
        members = Membership.objects.filter(user__in=owners, during__contains=day)
        self.leads: dict[int, int | None] = dict(members.values_list("user_id", "team__lead_id"))

    def who(self, account: int, who: str) -> int | None:
        owner = self.people.get((account, "owner"))
        if who == Who.DEPUTY:
            return self.people.get((account, "deputy")) or owner
        if who == Who.LEAD and owner is not None:
            return self.leads.get(owner) or owner
        return owner


@transaction.atomic
def begin_plays(causes: Sequence[Cause], day: datetime.date) -> list[Play]:
    """The tasks of every cause whose kind has a playbook, unless they were begun for it before."""
    books = {book.kind: book for book in Playbook.objects.active().prefetch_related("steps")}
    wanted = [each for each in causes if each.kind in books and books[each.kind].steps.all()]
    if not wanted:
        return []
    begun = set(
        Play.objects.filter(account__in={each.account for each in wanted}).values_list(
            "account_id", "playbook_id", "cause"
        )
    )
    new = [each for each in wanted if (each.account, books[each.kind].pk, each.cause) not in begun]
    plays = Play.objects.bulk_create(
        Play(account_id=each.account, playbook=books[each.kind], cause=each.cause, begun_on=day)
        for each in new
    )
    make_tasks(plays, day)
    return plays


def make_tasks(plays: Sequence[Play], day: datetime.date) -> None:
    """One action a step, with who does it and when it is due."""
    staff = Staff([play.account_id for play in plays], day)
    pairs = [
        (play, number, step) for play in plays for number, step in enumerate(play.playbook.steps.all(), 1)
    ]
    actions = Action.objects.bulk_create(
        Action(
            account_id=play.account_id,
            text=step.text,
            owner_id=staff.who(play.account_id, step.who),
            due_on=day + datetime.timedelta(days=step.due_days),
            first_due_on=day + datetime.timedelta(days=step.due_days),
        )
        for play, _, step in pairs
    )
    PlayTask.objects.bulk_create(
        PlayTask(play=play, position=number, action=action)
        for (play, number, _), action in zip(pairs, actions, strict=True)
    )
