"""Writes of reviews: prepared, held, and what follows from one."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db import transaction
from django.db.models import F
from django.urls import reverse

from accounts.engagement.models import Action
from accounts.people.models import User
from accounts.periods import add_months
from accounts.plans.models import Review
from accounts.stakeholders.models import Contact
from accounts.way_back import UNDO_SECONDS

TEXTS = ("summary", "wins", "troubles", "next_steps")
SALT = "kamplan.review"


@dataclass(frozen=True)
class Step:
    """A line of the notes that becomes an action."""

    text: str
    owner: User | None
    due_on: datetime.date | None


def visible_review(user: User, pk: int) -> Any:
    return Review.objects.visible_to(user).select_related("account").filter(pk=pk).first()


def write_texts(user: User, review: Review, seen: int, texts: dict[str, Any]) -> bool:
    """Nothing is written where somebody else wrote since `seen` was shown."""
    rows = Review.objects.visible_to(user).filter(pk=review.pk, version=seen)
    return bool(rows.update(**texts, version=F("version") + 1))


@transaction.atomic
def hold(
    user: User,
    review: Review,
    seen: int,
    said: dict[str, Any],
    contacts: Sequence[Contact],
    colleagues: Sequence[User],
    figures: dict[str, Any],
) -> bool:
    """It took place: what was shown is kept with the run it came from; the next one is planned."""
    rows = Review.objects.visible_to(user).filter(pk=review.pk, version=seen)
    frozen: dict[str, Any] = {}
    if review.status == Review.Status.PLANNED:
        frozen = {"figures": figures, "run": figures.get("run")}
    if not rows.update(**said, **frozen, status=Review.Status.HELD, version=F("version") + 1):
        return False
    review.contacts.set(contacts)
    review.colleagues.set(colleagues)
    if said.get("next_on"):
        plan_next(user, review, said["next_on"])
    return True


def plan_next(user: User, review: Review, on: datetime.date) -> Review:
    """The review that follows; planned twice for one day it is there once."""
    months = (review.period_end.year - review.period_start.year) * 12
    months += review.period_end.month - review.period_start.month
    found, _ = Review.objects.get_or_create(
        account=review.account,
        on=on,
        status=Review.Status.PLANNED,
        defaults={
            "title": review.title,
            "period_start": review.period_end,
            "period_end": add_months(review.period_end, months),
            "created_by": user,
        },
    )
    return found


def lines(notes: str) -> list[str]:
    """What can become an action: each line, without its bullet."""
    found = (line.strip().lstrip("-•*–").strip() for line in notes.splitlines())
    return list(dict.fromkeys(line[:300] for line in found if line))


@transaction.atomic
def make_actions(user: User, review: Review, steps: Sequence[Step]) -> list[Action]:
    """Lines that are an action of this review already are not made twice."""
    Review.objects.visible_to(user).select_for_update(of=("self",)).get(pk=review.pk)
    there = set(Action.objects.filter(review=review).values_list("text", flat=True))
    made = [
        Action(
            account=review.account,
            review=review,
            text=each.text,
            owner=each.owner,
            due_on=each.due_on,
            first_due_on=each.due_on,
            created_by=user,
        )
        for each in steps
        if each.text not in there
    ]
    return Action.objects.bulk_create(made)


def cancel(user: User, review: Review) -> str | None:
    """A planned review does not take place; the address brings it back."""
    rows = Review.objects.visible_to(user).planned().filter(pk=review.pk, version=review.version)
    if not rows.update(status=Review.Status.CANCELLED, version=F("version") + 1):
        return None
    token = signing.dumps([user.pk, review.pk, review.version + 1], salt=SALT)
    return reverse("plans:review_restore", kwargs={"token": token})


def restore(user: User, token: str) -> Review | None:
    try:
        who, pk, version = signing.loads(token, salt=SALT, max_age=UNDO_SECONDS)
    except signing.BadSignature:
        return None
    rows = Review.objects.visible_to(user).filter(pk=pk, version=version, status=Review.Status.CANCELLED)
    found = who == user.pk and rows.update(status=Review.Status.PLANNED, version=F("version") + 1)
    return visible_review(user, pk) if found else None
