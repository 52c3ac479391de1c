"""How a customer stands, as other systems tell: how much they use, how they pay, how support goes."""

import datetime
from decimal import Decimal
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, F, Q, When

from accounts.fields import Sourced, unique_in_source
from accounts.portfolio.content import ContentQuerySet
from accounts.portfolio.models import Account

__all__ = ["AccountState"]


class AccountStateQuerySet(ContentQuerySet):
    def known_on(self, day: datetime.date) -> Self:
        """Of each account and kind the newest word up to this day."""
        return (
            self.filter(date__lte=day)
            .order_by("account_id", "kind", "-date", "-pk")
            .distinct("account_id", "kind")
        )

    def with_points(self) -> Self:
        """`points`: 0 to 100, whether the source gives a number or a level."""
        levels = [When(level=level, then=points) for level, points in AccountState.POINTS.items()]
        return self.annotate(
            points=Case(*levels, default=F("value"), output_field=models.DecimalField(max_digits=6))
        )


class AccountState(Sourced):
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

    POINTS = {"good": Decimal(100), "fair": Decimal(50), "poor": Decimal(0)}

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

    def __str__(self) -> str:
        known = self.get_level_display() if self.level else self.value
        return f"{self.account}, {self.get_kind_display()}: {known}"
