"""What the board page shows: the numbers chosen for it, and the sentence said about a period."""

import datetime
from collections.abc import Sequence

import pghistory
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from metrics.kpi import Definition
from metrics.kpis import KPI

__all__ = ["BoardNumber", "BoardRemark"]

FEWEST, MOST = 6, 8
USUAL = (
    "account_revenue",
    "nrr",
    "revenue_growth_gap",
    "at_risk_revenue",
    "nps",
    "penetration",
    "expansion_pipeline",
    "employee_satisfaction",
    "grr",
    "win_rate",
    "retention_logo",
    "renewal_rate_count",
    "upsell_rate_accounts",
    "revenue_churn",
    "open_pipeline",
)
"""Shown until a head chooses: the first eight of these that this installation knows."""


@pghistory.track()
class BoardNumber(models.Model):
    """One number of the board page and its place on it."""

    kpi = models.CharField("number", max_length=50, unique=True)
    position = models.PositiveSmallIntegerField(unique=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(condition=Q(position__range=(1, MOST)), name="board_number_position")
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.kpi}"


class BoardRemark(models.Model):
    """What a head says about a period; a newer sentence stands before an older one, none is changed."""

    text = models.CharField(max_length=400)
    ends = models.DateField(help_text="Last day of the period it speaks of.")
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    written_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-written_at", "-pk"]
        indexes = [models.Index(fields=["ends", "-written_at"], name="board_remark_ends")]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="board_remark_says_something")]

    def __str__(self) -> str:
        return self.text


def chosen_numbers() -> tuple[Definition, ...]:
    """The chosen ones that still exist, in their order; the usual ones while nobody chose."""
    rows = BoardNumber.objects.values_list("kpi", flat=True)
    chosen = tuple(KPI[name] for name in rows if name in KPI)
    return chosen or usual_numbers()


def usual_numbers() -> tuple[Definition, ...]:
    return tuple(KPI[name] for name in USUAL if name in KPI)[:MOST]


@transaction.atomic
def choose(kpis: Sequence[str]) -> None:
    """These numbers, in this order, from now on."""
    BoardNumber.objects.all().delete()
    BoardNumber.objects.bulk_create(
        [BoardNumber(kpi=kpi, position=position) for position, kpi in enumerate(kpis, 1)]
    )


def remark_on(ends: datetime.date) -> BoardRemark | None:
    return BoardRemark.objects.filter(ends=ends).select_related("author").first()
