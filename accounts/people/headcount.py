"""How many people work in a team, and how many left; no names: it is about the team, never about a person."""

import datetime
from typing import Any, Self

import pghistory
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from accounts.fields import Sourced, unique_in_source
from accounts.people.models import Role, Team, User

__all__ = ["Headcount", "Leaver"]


class StaffingQuerySet(models.QuerySet[Any]):
    """For the head and administrators: in a small team a reason for leaving names a person."""

    def visible_to(self, user: User, today: datetime.date | None = None) -> Self:
        may = user.is_active and user.role in {Role.HEAD, Role.ADMINISTRATOR}
        return self.all() if may else self.none()


@pghistory.track(exclude=["source"])
class Headcount(Sourced):
    """How many people a team had from this day until the next number; sub-teams count for themselves."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="headcounts")
    on = models.DateField()
    number = models.DecimalField(
        "people",
        max_digits=7,
        decimal_places=2,
        validators=[MinValueValidator(0)],
        help_text="Half a position is 0.5.",
    )

    objects = StaffingQuerySet.as_manager()

    class Meta:
        ordering = ["team", "-on"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "on"],
                name="headcount_one_a_day",
                violation_error_message="This team has a number on this day already.",
            ),
            models.CheckConstraint(
                condition=Q(number__gte=0),
                name="headcount_not_negative",
                violation_error_message="A number of people is not negative.",
            ),
            unique_in_source("headcount"),
        ]

    def __str__(self) -> str:
        return f"{self.team}: {self.number} on {self.on}"


@pghistory.track(exclude=["source"])
class Leaver(Sourced):
    """One person who left the company, without a name."""

    class Reason(models.TextChoices):
        UNKNOWN = "", "unknown"
        RESIGNED = "resigned", "resigned"
        DISMISSED = "dismissed", "was dismissed"
        ENDED = "ended", "contract ended"
        RETIRED = "retired", "retired"
        MOVED = "moved", "moved within the company"
        OTHER = "other", "other"

    team = models.ForeignKey(Team, models.PROTECT, related_name="leavers")
    left_on = models.DateField(help_text="First day on which the person no longer belongs to us.")
    reason = models.CharField(max_length=9, choices=Reason, blank=True, default=Reason.UNKNOWN)

    objects = StaffingQuerySet.as_manager()

    class Meta:
        ordering = ["-left_on", "-pk"]
        constraints = [unique_in_source("leaver")]

    def __str__(self) -> str:
        return f"{self.team}, {self.left_on}"
