"""How much each part of an account's health counts, and from which day on."""

from decimal import Decimal
from typing import ClassVar

import pghistory
from django.db import models
from django.db.models import Q

from accounts.fields import Dated, DatedQuerySet, begins_before_it_ends, never_overlapping

__all__ = ["HealthWeight"]


@pghistory.track()
class HealthWeight(Dated):
    """What a part counted on these days; before the first row, and between rows, its usual weight holds."""

    class Part(models.TextChoices):
        USAGE = "usage", "usage"
        SATISFACTION = "satisfaction", "satisfaction (surveys)"
        SUPPORT = "support", "support"
        INTERACTION = "interaction", "talks with us"
        PAYMENT = "payment", "payment"
        ENGAGEMENT = "engagement", "digital engagement"

    USUAL: ClassVar[dict[str, int]] = {
        "usage": 25,
        "satisfaction": 20,
        "support": 15,
        "interaction": 20,
        "payment": 10,
        "engagement": 10,
    }

    part = models.CharField(max_length=12, choices=Part)
    weight = models.DecimalField(max_digits=6, decimal_places=2, default=Decimal(10))
    reason = models.CharField(max_length=200, blank=True, default="", help_text="Why it was changed.")

    objects = DatedQuerySet.as_manager()

    class Meta:
        ordering = ["part", "during"]
        verbose_name = "weight of a part of health"
        verbose_name_plural = "weights of the parts of health"
        constraints = [
            begins_before_it_ends("health_weight"),
            never_overlapping(
                "health_weight", "part", message="This part has another weight on some of these days."
            ),
            models.CheckConstraint(
                condition=Q(weight__gte=0),
                name="health_weight_not_negative",
                violation_error_message="A weight is not negative.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_part_display()}: {self.weight}"
