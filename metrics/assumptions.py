"""What nobody can count and somebody has to assume: margin, interest, how far ahead a customer's worth is summed."""

from decimal import Decimal

import pghistory
from django.db import models
from django.db.models import Q

from accounts.fields import Dated, DatedQuerySet, begins_before_it_ends, never_overlapping
from accounts.periods import Day

__all__ = ["Assumption"]


@pghistory.track()
class Assumption(Dated):
    """One assumption and the days on which it held; a new value begins where the old one ends.

    Dated, so that the margin of last year's orders stays what it was when somebody assumes another for this year's.
    """

    class Name(models.TextChoices):
        MARGIN = "margin", "contribution margin of goods without a known cost, in per cent"
        DISCOUNT = "discount", "discount rate a year, in per cent"
        HORIZON = "horizon", "years ahead that a customer's worth is summed; 0 is without end"

    name = models.CharField(max_length=10, choices=Name)
    value = models.DecimalField(max_digits=7, decimal_places=2)
    reason = models.CharField(max_length=200, blank=True, default="", help_text="Why this value.")

    objects = DatedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "during"]
        constraints = [
            begins_before_it_ends("assumption"),
            never_overlapping(
                "assumption", "name", message="Something else is assumed on some of these days."
            ),
            models.CheckConstraint(
                condition=~Q(name="margin") | Q(value__lte=100),
                name="assumption_margin_at_most_all",
                violation_error_message="A margin is at most 100 per cent.",
            ),
            models.CheckConstraint(
                condition=Q(name="margin") | Q(value__gte=0),
                name="assumption_not_negative",
                violation_error_message="It is not negative.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_name_display()}: {self.value}"


# Used until somebody assumes otherwise. A margin has no such value: a guess would pass for knowledge.
USUAL: dict[str, Decimal] = {Assumption.Name.DISCOUNT: Decimal(10), Assumption.Name.HORIZON: Decimal(5)}


def assumed_on(day: Day) -> dict[str, Decimal]:
    """What is assumed of interest and horizon on this day; the margin is looked up on each order's own day."""
    held = dict(Assumption.objects.on(day).exclude(name=Assumption.Name.MARGIN).values_list("name", "value"))
    return {str(name): held.get(name, usual) for name, usual in USUAL.items()}
