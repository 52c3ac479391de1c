"""How a customer stands, as other systems tell: how much they use, how they pay, how support goes."""

import datetime
from typing import Self

import pghistory
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from accounts.fields import Sourced, Typed, unique_in_source
from accounts.portfolio.content import ContentQuerySet
from accounts.portfolio.models import Account

__all__ = ["AccountState"]

STATE_DAYS = 180
"""For so long a state counts towards the health of its account."""


class AccountStateQuerySet(ContentQuerySet):
    def newest(self) -> Self:
        """Of each account and kind the last word."""
        return self.order_by("account_id", "kind", "-date").distinct("account_id", "kind")


@pghistory.track(exclude=["source"])
class AccountState(Sourced, Typed):
    """What a system says of an account on a day; it holds until the system says something else."""

    class Kind(models.TextChoices):
        USAGE = "usage", "usage"
        PAYMENT = "payment", "payment"
        SUPPORT = "support", "support"

    class Level(models.TextChoices):
        NUMBER = "", "a number"
        GOOD = "good", "good"
        FAIR = "fair", "fair"
        POOR = "poor", "poor"

    account = models.ForeignKey(Account, models.PROTECT, related_name="states")
    date = models.DateField()
    kind = models.CharField(max_length=7, choices=Kind)
    value = models.DecimalField(
        max_digits=6,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text="0 (worst) to 100 (best), as the share of licences in use or of invoices paid in time.",
    )
    level = models.CharField(max_length=4, choices=Level, blank=True, default=Level.NUMBER)

    objects = AccountStateQuerySet.as_manager()

    class Meta:
        ordering = ["account", "kind", "-date"]
        constraints = [
            models.CheckConstraint(
                condition=Q(value__isnull=False, level="") | (Q(value__isnull=True) & ~Q(level="")),
                name="account_state_number_or_level",
                violation_error_message="A state is a number or a level, one of the two.",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=True) | Q(value__range=(0, 100)),
                name="account_state_value",
                violation_error_message="A state lies between 0 and 100.",
            ),
            models.UniqueConstraint(
                fields=["account", "kind", "date"],
                name="account_state_one_a_day",
                violation_error_message="This account has a state of this kind on this day already.",
            ),
            unique_in_source("account_state"),
        ]

    @property
    def counts_until(self) -> datetime.date:
        """The first day on which it is too old to count towards health."""
        return self.date + datetime.timedelta(days=STATE_DAYS)

    def __str__(self) -> str:
        known = self.get_level_display() if self.level else self.value
        return f"{self.account}, {self.get_kind_display()}: {known}"
