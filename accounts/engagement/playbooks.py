"""What is done when a warning of a kind appears: a list of tasks, begun once for a cause."""

import datetime
from typing import Any, Self

import pghistory
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from accounts.engagement.models import Action
from accounts.people.models import Role, User
from accounts.portfolio.content import ContentQuerySet
from accounts.portfolio.models import Account

__all__ = ["Play", "PlayTask", "Playbook", "PlaybookStep", "WarningKind"]


class WarningKind(models.TextChoices):
    """What an account can be warned of."""

    DETRACTOR = "detractor", "somebody would not recommend us"
    NPS_DROP = "nps_drop", "fewer recommend us"
    LOW_SATISFACTION = "low_satisfaction", "somebody is dissatisfied"
    HEALTH_FALL = "health_fall", "health fell"
    GAP = "interaction_gap", "no talk for too long"
    ENGAGEMENT_HALVED = "engagement_halved", "engagement halved"
    REVENUE_DOWN = "revenue_down", "revenue fell"
    CHAMPION_LEFT = "champion_left", "a champion left"
    NOTICE_NEAR = "notice_near", "notice is near, renewal not opened"
    OVERDUE_REQUEST = "overdue_request", "a request is overdue"
    WITHOUT_RESULT = "without_result", "activity without result"
    WARMER = "warmer", "engagement rose to a higher band"


NEWS = (WarningKind.WARMER,)
"""Good news: shown where warnings are, but nothing that puts an account at risk, and in no number of warnings."""


class PlaybookQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User, today: datetime.date | None = None) -> Self:
        """Everybody who works with accounts may read what would be done."""
        return self.all() if user.is_active and user.role != Role.MARKETING else self.none()

    def active(self) -> Self:
        return self.filter(is_active=True)


@pghistory.track()
class Playbook(models.Model):
    """The tasks that a kind of warning begins."""

    kind = models.CharField("begins when", max_length=20, choices=WarningKind, unique=True)
    name = models.CharField(max_length=100)
    is_active = models.BooleanField("in use", default=True)

    objects = PlaybookQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class PlaybookStep(models.Model):
    """One task of a list: what, who, and within how many days of the warning."""

    class Who(models.TextChoices):
        OWNER = "owner", "who owns the account"
        DEPUTY = "deputy", "the deputy, else the owner"
        LEAD = "lead", "the owner's lead, else the owner"

    playbook = models.ForeignKey(Playbook, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField(default=99, editable=False)
    text = models.CharField("what", max_length=300)
    who = models.CharField(max_length=6, choices=Who, default=Who.OWNER)
    due_days = models.PositiveSmallIntegerField(
        "days until due", default=3, validators=[MaxValueValidator(365)]
    )

    class Meta:
        ordering = ["playbook", "position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(text=""),
                name="playbook_step_says_something",
                violation_error_message="Say what is to be done.",
            )
        ]

    def __str__(self) -> str:
        return self.text


class PlayQuerySet(ContentQuerySet):
    def with_progress(self) -> Self:
        """`tasks` and how many of them are `closed`."""
        closed = ~Q(tasks__action__status=Action.Status.OPEN)
        return self.annotate(
            number=models.Count("tasks"), closed=models.Count("tasks", filter=closed & Q(tasks__isnull=False))
        )


class Play(models.Model):
    """A playbook begun at an account, once for one cause."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="plays")
    playbook = models.ForeignKey(Playbook, models.PROTECT, related_name="plays")
    cause = models.CharField(max_length=60, help_text="What the warning is about, as contract:12.")
    begun_on = models.DateField()

    objects = PlayQuerySet.as_manager()

    class Meta:
        ordering = ["-begun_on", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["account", "playbook", "cause"], name="play_once_a_cause"),
        ]

    def __str__(self) -> str:
        return f"{self.playbook}, {self.account}"


class PlayTask(models.Model):
    """The action that a step became."""

    play = models.ForeignKey(Play, models.CASCADE, related_name="tasks")
    position = models.PositiveSmallIntegerField()
    action = models.OneToOneField(Action, models.CASCADE, related_name="play_task")

    class Meta:
        ordering = ["play", "position"]
        constraints = [
            models.UniqueConstraint(fields=["play", "position"], name="play_task_position"),
        ]

    def __str__(self) -> str:
        return str(self.action)
