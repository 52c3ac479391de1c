"""How well an account or a lead fits the customer we look for: criteria, their weights by day, what was noted."""

import datetime
from decimal import Decimal
from typing import Any, Self

import pghistory
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from accounts.fields import (
    Dated,
    DatedQuerySet,
    Noted,
    Sourced,
    begins_before_it_ends,
    never_overlapping,
    unique_in_source,
)
from accounts.people.models import User
from accounts.portfolio.models import Account, Named

__all__ = ["Fit", "IcpCriterion", "IcpWeight"]


class IcpCriterion(Named):
    """One thing that makes an ideal customer: size, industry, region, need, product fit."""

    question = models.CharField(
        max_length=200, blank=True, default="", help_text="What to ask, as: is it in one of our industries?"
    )

    class Meta(Named.Meta):
        verbose_name = "criterion of the ideal customer"
        verbose_name_plural = "criteria of the ideal customer"


@pghistory.track()
class IcpWeight(Dated):
    """What a criterion counted on these days; a new weight begins where the old one ends."""

    criterion = models.ForeignKey(IcpCriterion, models.PROTECT, related_name="weights")
    weight = models.DecimalField(max_digits=6, decimal_places=2, default=Decimal(10))
    reason = models.CharField(max_length=200, blank=True, default="", help_text="Why it was changed.")

    objects = DatedQuerySet.as_manager()

    class Meta:
        ordering = ["criterion", "during"]
        verbose_name = "weight of a criterion"
        verbose_name_plural = "weights of criteria"
        constraints = [
            begins_before_it_ends("icp_weight"),
            never_overlapping(
                "icp_weight",
                "criterion",
                message="This criterion has another weight on some of these days.",
            ),
            models.CheckConstraint(
                condition=Q(weight__gte=0),
                name="icp_weight_not_negative",
                violation_error_message="A weight is not negative.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.weight}"


class FitQuerySet(models.QuerySet[Any]):
    """Marketing chooses target accounts by it, so it sees it; a lead's fit goes with the lead."""

    def visible_to(self, user: User, today: datetime.date | None = None) -> Self:
        from accounts.revenue.marketing import Lead

        accounts = Account.objects.visible_to(user, today).order_by().values("pk")
        leads = Lead.objects.visible_to(user, today).order_by().values("pk")
        return self.filter(Q(account__in=accounts) | Q(lead__in=leads))


class Fit(Noted, Sourced):
    """How far somebody thinks that a criterion is met; a newer word replaces it, none is lost."""

    account = models.ForeignKey(Account, models.CASCADE, null=True, blank=True, related_name="fits")
    lead = models.ForeignKey("accounts.Lead", models.CASCADE, null=True, blank=True, related_name="fits")
    criterion = models.ForeignKey(IcpCriterion, models.PROTECT, related_name="fits")
    match = models.DecimalField(
        max_digits=4,
        decimal_places=3,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="Between 0 (not at all) and 1 (fully). Empty: nobody knows.",
    )

    objects = FitQuerySet.as_manager()

    class Meta:
        ordering = ["account", "lead", "criterion", "-noted_on", "-pk"]
        verbose_name = "fit with the ideal customer"
        verbose_name_plural = "fits with the ideal customer"
        constraints = [
            models.CheckConstraint(
                condition=Q(account__isnull=False, lead__isnull=True)
                | Q(account__isnull=True, lead__isnull=False),
                name="fit_of_one",
                violation_error_message="A fit is that of an account or of a lead, not of both.",
            ),
            models.CheckConstraint(
                condition=Q(match__isnull=True) | Q(match__range=(0, 1)),
                name="fit_match",
                violation_error_message="A match lies between 0 and 1.",
            ),
            models.UniqueConstraint(
                fields=["account", "lead", "criterion", "noted_on"],
                nulls_distinct=False,
                name="fit_one_a_day",
                violation_error_message="This criterion was noted on this day already.",
            ),
            unique_in_source("fit"),
        ]

    def __str__(self) -> str:
        return f"{self.account or self.lead}, {self.criterion}: {'unknown' if self.match is None else self.match}"
