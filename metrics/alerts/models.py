"""A warning about an account: opened by a rule with its evidence, taken up by somebody, resolved with its cause."""

import datetime
from typing import Any, Self

import pghistory
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import JSONObject

from accounts.engagement.playbooks import NEWS, Play, WarningKind
from accounts.models import Account, Role, User

__all__ = ["Alert"]

HIDES = frozenset({Role.MARKETING, Role.VIEWER})
"""Evidence quotes what customers said and what stands in contracts."""


class AlertQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User, today: datetime.date | None = None) -> Self:
        """Those of the accounts that this person sees, for those who work with them."""
        if user.role in HIDES:
            return self.none()
        return self.filter(account__in=Account.objects.visible_to(user, today).order_by().values("pk"))

    def of_account(self, user: User, account: int) -> Self:
        """Those of one account, which `visible_to` has found before."""
        return self.none() if user.role in HIDES else self.filter(account=account)

    def open(self) -> Self:
        return self.filter(resolved_on__isnull=True)

    def waiting(self, today: datetime.date) -> Self:
        """Open, and not put off."""
        return self.open().filter(Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=today))

    def with_play(self) -> Self:
        """With the list of tasks that each began, as `play`: its name, how many tasks, how many are closed."""
        begun = Play.objects.filter(
            account=OuterRef("account"), playbook__kind=OuterRef("kind"), cause=OuterRef("cause")
        ).with_progress()
        told = JSONObject(playbook="playbook__name", number="number", closed="closed")
        return self.annotate(play=Subquery(begun.values(told=told)))

    def news_last(self) -> Self:
        """The red ones first, good news at the end."""
        return self.alias(at_end=Q(kind__in=NEWS)).order_by("at_end", "-is_red", "opened_on", "pk")

    def owned_by(self, user: User, today: datetime.date) -> Self:
        mine = user.assignments.filter(role="owner", during__contains=today).values("account")
        return self.filter(account__in=mine)


@pghistory.track(exclude=["evidence", "facts"])
class Alert(models.Model):
    """One warning; a cause has at most one that is open. Records are kept, whatever the figures become."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="alerts")
    kind = models.CharField(max_length=20, choices=WarningKind)
    cause = models.CharField(
        max_length=60, help_text="What it is about, as answer:12; one open warning each."
    )
    is_red = models.BooleanField(help_text="Puts revenue at risk; others ask for a look.")
    opened_on = models.DateField()
    run = models.BigIntegerField(null=True, help_text="The run that found it.")
    facts = models.JSONField(default=dict, help_text="The values that its sentence is made of.")
    evidence = models.JSONField(default=list, help_text="The rows it rests on: what, when, which value.")
    seen_on = models.DateField(help_text="The last night on which its cause was there.")
    acted_on = models.DateField(null=True, help_text="The day on which somebody first took it up.")
    acknowledged_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    acknowledged_on = models.DateField(null=True)
    snoozed_until = models.DateField(null=True)
    snoozed_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    snooze_reason = models.CharField(max_length=300, blank=True, default="")
    resolved_on = models.DateField(null=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["-is_red", "opened_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "cause"],
                condition=Q(resolved_on__isnull=True),
                name="alert_one_open_a_cause",
            ),
            models.CheckConstraint(
                condition=Q(resolved_on__isnull=True) | Q(resolved_on__gte=F("opened_on")),
                name="alert_resolved_after_opened",
            ),
            models.CheckConstraint(
                condition=Q(snoozed_until__isnull=True) | ~Q(snooze_reason=""),
                name="alert_snoozed_with_reason",
                violation_error_message="Say why it can wait.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["account"], condition=Q(resolved_on__isnull=True), name="alert_open_account"
            ),
            models.Index(fields=["opened_on"], name="alert_opened"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.account}"

    @property
    def is_news(self) -> bool:
        return self.kind in NEWS
