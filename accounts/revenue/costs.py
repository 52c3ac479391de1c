"""What it costs to serve a customer, beside what the goods cost (that stands on the order line)."""

from typing import Self

import pghistory
from django.db import models
from django.db.models import Q

from accounts.fields import CurrencyField, MoneyField, Sourced, Typed, known_currency, unique_in_source
from accounts.portfolio.content import ContentQuerySet
from accounts.portfolio.models import Account
from accounts.revenue.marketing import in_reporting_currency

__all__ = ["CostToServe"]


class CostToServeQuerySet(ContentQuerySet):
    """Beside the revenue it tells what a customer is worth to us, so marketing does not see it."""

    def converted(self) -> Self:
        """`reported`: the amount in the reporting currency at the day's rate, or nothing without a rate."""
        return self.annotate(reported=in_reporting_currency("amount", "currency", "date"))


@pghistory.track(exclude=["source"])
class CostToServe(Sourced, Typed):
    """What serving one account cost on a day; a correction is negative."""

    class Kind(models.TextChoices):
        SUPPORT = "support", "support"
        SERVICE = "service", "service on site"
        DELIVERY = "delivery", "delivery"
        TRAINING = "training", "introduction and training"
        TRAVEL = "travel", "visits and travel"
        GOODWILL = "goodwill", "goodwill and rebates"
        OTHER = "other", "other"

    account = models.ForeignKey(Account, models.PROTECT, related_name="costs_to_serve")
    date = models.DateField("booked on", help_text="Decides the period that the cost belongs to.")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.OTHER)
    amount = MoneyField(help_text="Without tax; a correction is negative.")
    currency = CurrencyField(default="EUR")
    description = models.CharField(max_length=200, blank=True, default="")

    objects = CostToServeQuerySet.as_manager()

    class Meta:
        ordering = ["-date", "-pk"]
        verbose_name = "cost to serve"
        verbose_name_plural = "costs to serve"
        constraints = [
            known_currency("cost_to_serve"),
            models.CheckConstraint(
                condition=~Q(amount=0),
                name="cost_to_serve_is_something",
                violation_error_message="A cost of 0 is no cost.",
            ),
            unique_in_source("cost_to_serve"),
        ]
        indexes = [models.Index("account", "date", name="cost_to_serve_account_date")]

    def __str__(self) -> str:
        return f"{self.account}, {self.get_kind_display()}: {self.amount} {self.currency}"
