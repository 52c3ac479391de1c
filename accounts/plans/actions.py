"""Writes to the lines of a plan: every one under the plan's lock or the line's, and none silently over another."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from accounts.engagement.models import Action
from accounts.people.models import User
from accounts.plans.items import VERIFIED, Kind
from accounts.plans.models import (
    Milestone,
    MilestoneCheck,
    Objective,
    Plan,
    PlanComment,
    PlanItem,
    Risk,
    SwotEntry,
)

MOST_OBJECTIVES = Objective.MOST
FULL = f"A plan has at most {MOST_OBJECTIVES} objectives. Drop one first, or make it an action."


def may_be_deleted(plan: Plan) -> bool:
    """A draft that nobody has ever approved; what was approved is history, and is closed instead."""
    if plan.status != Plan.Status.DRAFT:
        return False
    return not PlanComment.objects.filter(plan=plan, step=PlanComment.Step.APPROVED).exists()


@transaction.atomic
def delete_plan(plan: Plan) -> None:
    """The plan with all its lines; its actions stay, and only lose what they followed from."""
    if not may_be_deleted(locked_plan(plan.pk)):
        raise ValidationError("Only a draft that was never approved is deleted. Close this plan instead.")
    plan.delete()


def locked_plan(pk: int) -> Plan:
    """Lines are added and moved one after the other."""
    plan: Plan = Plan.objects.select_for_update().get(pk=pk)
    return plan


def place_for(kind: Kind, plan: Plan) -> int:
    """The next place among its like; for an objective the first free one of five."""
    if kind.model is Objective:
        taken = set(Objective.objects.filter(plan=plan).values_list("position", flat=True))
        free = sorted(set(range(1, MOST_OBJECTIVES + 1)) - taken)
        if not free:
            raise ValidationError(FULL)
        # After the last one if there is room behind it, else in the gap.
        return next((place for place in free if place > max(taken, default=0)), free[0])
    newest = kind.model.objects.filter(plan=plan).aggregate(newest=Max("position"))["newest"] or 0
    return int(newest) + 1


@transaction.atomic
def add_line(kind: Kind, plan: Plan, row: Any, user: User, today: datetime.date) -> Any:
    """A new line at the end of its like; who writes it down says that it holds."""
    locked_plan(plan.pk)
    if kind.word in VERIFIED:
        row.position = place_for(kind, plan)
        row.verified_on, row.verified_by = today, user
    if isinstance(row, Action):
        row.created_by = user
    row.save(force_insert=True)
    return row


def save_line(row: Any, fields: Iterable[str], user: User, today: datetime.date) -> None:
    """Write the fields of a line that the caller has locked; whoever saw the version before is told."""
    row.version += 1
    written = {*fields, "version"}
    if isinstance(row, PlanItem):
        row.verified_on, row.verified_by = today, user
        written |= {"verified_on", "verified_by"}
    row.save(update_fields=sorted(written))


def verify_line(row: PlanItem, user: User, today: datetime.date) -> None:
    """It still holds. Not a new version: nobody's text is in its way."""
    row.verified_on, row.verified_by = today, user
    row.save(update_fields=["verified_on", "verified_by"])


@transaction.atomic
def move_line(row: Any, up: bool) -> bool:
    """Change places with the neighbour of the same quadrant or severity."""
    locked_plan(row.plan_id)
    row.refresh_from_db(fields=["position"])
    like = type(row).objects.filter(plan=row.plan_id)
    if isinstance(row, SwotEntry):
        like = like.filter(quadrant=row.quadrant)
    if isinstance(row, Risk):
        like = like.filter(severity=row.severity)
    beside = like.filter(position__lt=row.position) if up else like.filter(position__gt=row.position)
    other = beside.order_by("-position" if up else "position").first()
    if other is None:
        return False
    mine, theirs = row.position, other.position
    type(row).objects.filter(pk=other.pk).update(position=mine)
    type(row).objects.filter(pk=row.pk).update(position=theirs)
    return True


@transaction.atomic
def check_milestone(
    milestone: Milestone, on_track: bool, user: User, today: datetime.date, note: str
) -> None:
    """What was found today; a second look on one day replaces the first."""
    MilestoneCheck.objects.update_or_create(
        milestone=milestone,
        on=today,
        defaults={"on_track": on_track, "note": note[:300], "author": user},
    )


def reach_milestone(milestone: Milestone, day: datetime.date | None) -> None:
    milestone.reached_on = day
    milestone.version += 1
    milestone.save(update_fields=["reached_on", "version"])
