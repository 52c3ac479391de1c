"""A plan's way from draft to closed: who may take which step, and what is written down on it."""

import datetime
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.people.models import Membership, Role, Team, User
from accounts.plans.models import Plan, PlanComment
from accounts.plans.versions import keep_version
from accounts.portfolio.models import Account, Assignment
from kamplan.permissions import APPROVES_PLANS, EDITS_ACCOUNTS

Step = PlanComment.Step
Status = Plan.Status


@dataclass(frozen=True)
class Way:
    """One step: from which states, to which one (None: it stays), and its words on a button."""

    step: str
    sources: frozenset[str]
    target: str | None
    words: str
    said: str
    approver: bool = False
    needs_text: bool = False
    keeps_version: bool = True


WAYS = {
    way.step: way
    for way in (
        Way(
            Step.SUBMITTED, frozenset({Status.DRAFT}), Status.SUBMITTED, "Submit for approval", "is submitted"
        ),
        Way(Step.APPROVED, frozenset({Status.SUBMITTED}), Status.APPROVED, "Approve", "is approved", True),
        Way(
            Step.RETURNED,
            frozenset({Status.SUBMITTED, Status.APPROVED}),
            Status.DRAFT,
            "Give back",
            "is given back",
            True,
            True,
        ),
        Way(
            Step.CLOSED,
            frozenset({Status.DRAFT, Status.SUBMITTED, Status.APPROVED}),
            Status.CLOSED,
            "Close the plan",
            "is closed",
        ),
        Way(
            Step.REOPENED,
            frozenset({Status.CLOSED}),
            Status.DRAFT,
            "Open it again",
            "is open again",
            True,
            keeps_version=False,
        ),
        Way(
            Step.COMMENT,
            frozenset(Status),
            None,
            "Say it",
            "has a new comment",
            needs_text=True,
            keeps_version=False,
        ),
    )
}


def leads_owner(user: User, account: Account, today: datetime.date) -> bool:
    """Whether the account's owner of today is in a team below this person."""
    owners = Assignment.objects.on(today).filter(account=account, role=Assignment.AccountRole.OWNER)
    below = Team.objects.filter(lead=user).with_sub_teams()
    members = Membership.objects.filter(team__in=below, during__contains=today)
    return owners.filter(user__in=members.values("user")).exists()


def may_approve(user: User, plan: Plan, today: datetime.date) -> bool:
    """A head; a lead for the accounts of the people below, but never for the lead's own."""
    if user.role not in APPROVES_PLANS:
        return False
    if user.role == Role.HEAD:
        return True
    own = Assignment.objects.on(today).filter(
        account=plan.account_id, user=user, role=Assignment.AccountRole.OWNER
    )
    return leads_owner(user, plan.account, today) and not own.exists()


def steps_for(user: User, plan: Plan, today: datetime.date) -> list[Way]:
    """The steps that this person may take now; a comment is always the last."""
    if user.role not in EDITS_ACCOUNTS:
        return []
    approves = may_approve(user, plan, today)
    return [way for way in WAYS.values() if plan.status in way.sources and (approves or not way.approver)]


@transaction.atomic
def take_step(plan: Plan, way: Way, user: User, text: str) -> None:
    """Take the step, say who and when, keep the plan as it stands; the caller has locked the plan."""
    if plan.status not in way.sources:
        raise ValidationError(f"This plan is {plan.get_status_display()} already.")
    if way.needs_text and not text:
        raise ValidationError(
            "Say what should be different." if way.step == Step.RETURNED else "Say something."
        )
    if way.target is not None:
        plan.status = way.target
        plan.version += 1
        plan.save(update_fields=["status", "version"])
    PlanComment.objects.create(plan=plan, step=way.step, author=user, text=text)
    if way.keeps_version:
        keep_version(plan, user, way.step)
