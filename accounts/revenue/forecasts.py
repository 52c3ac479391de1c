"""What was expected of a period while it was still ahead, frozen on a day and never made better afterwards."""

import datetime
from collections import defaultdict
from decimal import Decimal
from typing import Any, NamedTuple, Self

import pghistory
from django.db import models, transaction
from django.db.models import Case, DecimalField, F, FilteredRelation, Q, Subquery, When

from accounts.fields import CurrencyField, MoneyField, Sourced, known_currency, unique_in_source
from accounts.people.models import Organisation, Role, Team, User
from accounts.periods import PeriodKind, period_of
from accounts.revenue.marketing import in_reporting_currency
from accounts.revenue.models import ExchangeRate, Opportunity

__all__ = ["Forecast"]

FROZEN = "kamplan"
"""The source of the rows that we freeze ourselves."""
WEEK = datetime.timedelta(days=7)
"""How long after a period's start, or its middle, a forecast is still one of that day."""


class ForecastQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User, today: datetime.date | None = None) -> Self:
        """One's own, those of one's teams, and the company's for whoever answers for figures."""
        if not user.is_active or user.role in {Role.MARKETING, Role.VIEWER}:
            return self.none()
        if user.role == Role.ADMINISTRATOR:
            return self.all() if getattr(user, "is_elevated", False) else self.none()
        if user.role == Role.HEAD:
            return self.all()
        own = Q(user=user)
        if user.role == Role.LEAD:
            today = today or Organisation.current().today()
            led = Team.objects.led_by(user)
            members = User.objects.filter(memberships__team__in=led, memberships__during__contains=today)
            own |= Q(user__in=members)
        return self.filter(own)

    def frozen_by(self, day: datetime.date) -> Self:
        """Of each person, period and measure the first snapshot, if it was made by this day."""
        return (
            self.filter(frozen_on__lte=day)
            .order_by("user_id", "starts_on", "ends_on", "measure", "frozen_on", "pk")
            .distinct("user_id", "starts_on", "ends_on", "measure")
        )


@pghistory.track(exclude=["source"])
class Forecast(Sourced):
    """What one person, or the company, was expected to reach in the days `[starts_on, ends_on)`."""

    class Measure(models.TextChoices):
        WON = "won", "deals won"
        REVENUE = "revenue", "orders invoiced"

    user = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="forecasts",
        verbose_name="of whom",
        help_text="Empty: of the whole company.",
    )
    measure = models.CharField("of what", max_length=7, choices=Measure, default=Measure.WON)
    starts_on = models.DateField("first day")
    ends_on = models.DateField("day after the last")
    frozen_on = models.DateField(help_text="The day on which it was expected.")
    amount = MoneyField()
    currency = CurrencyField(default="EUR")
    left_out = models.PositiveIntegerField(
        "deals left out", default=0, help_text="Their amount, stage or exchange rate was not known."
    )

    objects = ForecastQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_on", "user", "-frozen_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("starts_on")),
                name="forecast_begins_before_it_ends",
                violation_error_message="It must begin before it ends.",
            ),
            models.CheckConstraint(
                condition=Q(starts_on__day=1) & Q(ends_on__day=1),
                name="forecast_whole_months",
                violation_error_message="A forecast is of whole months: both days are the first of a month.",
            ),
            models.CheckConstraint(
                condition=Q(frozen_on__lt=F("ends_on")),
                name="forecast_before_the_end",
                violation_error_message="What is written after the end is no forecast.",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0),
                name="forecast_not_negative",
                violation_error_message="A forecast is not negative.",
            ),
            known_currency("forecast"),
            models.UniqueConstraint(
                fields=["user", "starts_on", "ends_on", "measure", "frozen_on", "source"],
                nulls_distinct=False,
                name="forecast_one_a_day",
                violation_error_message="This forecast was frozen on this day already.",
            ),
            unique_in_source("forecast"),
        ]

    def __str__(self) -> str:
        return f"{self.user or 'company'}, {self.starts_on}: {self.amount} {self.currency}"


class Share(NamedTuple):
    """One person's part of a deal; `amount` is None where it is not known in the reporting currency."""

    person: int | None
    deal: int
    amount: Decimal | None


@transaction.atomic
def freeze(starts_on: datetime.date, ends_on: datetime.date, on: datetime.date) -> int:
    """Keep what the deals promise for a period: won in it so far, plus the open ones by their likelihood.

    One snapshot a period, day, person and the company; asked twice on a day it writes nothing more. A deal
    has no expected day of closing, so that every deal open on the day counts for the period.
    """
    shares = shares_of(won_in(starts_on, on), F("closed_on")) + shares_of(open_on(on), on, weighted=True)
    amounts: dict[int | None, Decimal] = defaultdict(Decimal)
    left_out: dict[int | None, set[int]] = defaultdict(set)
    for share in shares:
        for scope in {share.person, None}:
            amounts[scope] += share.amount or Decimal(0)
            if share.amount is None:
                left_out[scope].add(share.deal)
    amounts[None] += 0  # a company without deals expects nothing, and that is a forecast, too
    currency = Organisation.current().reporting_currency
    rows = [
        Forecast(
            user_id=person,
            starts_on=starts_on,
            ends_on=ends_on,
            frozen_on=on,
            amount=amount,
            currency=currency,
            left_out=len(left_out[person]),
            source=FROZEN,
        )
        for person, amount in amounts.items()
    ]
    before = Forecast.objects.count()
    Forecast.objects.bulk_create(rows, ignore_conflicts=True)
    return Forecast.objects.count() - before


def freeze_due(today: datetime.date) -> int:
    """Freeze the current month, quarter, year and fiscal year, once each at their start and once in their middle.

    Asked every day it mostly does nothing.
    """
    fiscal_start = Organisation.current().fiscal_year_start
    made = 0
    for kind in (PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR, PeriodKind.FISCAL_YEAR):
        period = period_of(kind, today, fiscal_start)
        frozen = Forecast.objects.filter(source=FROZEN, user=None, starts_on=period.start, ends_on=period.end)
        middle = middle_of(period.start, period.end)
        if middle <= today < middle + WEEK:
            frozen = frozen.filter(frozen_on__gte=middle)
        if not frozen.exists():
            made += freeze(period.start, period.end, today)
    return made


def middle_of(starts_on: datetime.date, ends_on: datetime.date) -> datetime.date:
    return starts_on + (ends_on - starts_on) // 2


def won_in(first: datetime.date, until: datetime.date) -> models.QuerySet[Opportunity]:
    """Deals won in `[first, until)`, at the rate of their day."""
    won = Opportunity.objects.filter(
        outcome=Opportunity.Outcome.WON, closed_on__gte=first, closed_on__lt=until
    )
    return won.annotate(worth=in_reporting_currency("amount", "currency", "closed_on"))


def open_on(day: datetime.date) -> models.QuerySet[Opportunity]:
    """Deals open at the beginning of a day, in the stage of that day."""
    opened = Opportunity.objects.filter(opened_on__lte=day).filter(
        Q(closed_on__isnull=True) | Q(closed_on__gte=day)
    )
    standing = FilteredRelation("phases", condition=Q(phases__during__contains=day))
    return opened.annotate(standing=standing).annotate(
        likely=F("standing__stage__probability"), worth=rate_of(day)
    )


def rate_of(day: datetime.date) -> Case:
    """The amount at the rate of one day: nothing is known of the day on which an open deal will close."""
    reporting = Organisation.current().reporting_currency
    rates = ExchangeRate.objects.filter(
        currency=models.OuterRef("currency"), quote=reporting, date__lte=day
    ).order_by("-date")
    return Case(
        When(currency=reporting, then=F("amount")),
        default=F("amount") * Subquery(rates.values("rate")[:1]),
        output_field=DecimalField(max_digits=28, decimal_places=4),
    )


def shares_of(deals: models.QuerySet[Opportunity], day: Any, *, weighted: bool = False) -> list[Share]:
    """Deals by whom they are credited to: those who share them, else the owner of the day, else nobody."""
    owner = FilteredRelation(
        "account__assignments",
        condition=Q(account__assignments__during__contains=day, account__assignments__role="owner"),
    )
    likely = F("likely") if weighted else models.Value(Decimal(1))
    rows = deals.annotate(owned=owner).values_list(
        "pk", "worth", "owned__user", "splits__user", "splits__share", likely
    )
    found = []
    for pk, worth, owned_by, sharer, share, likelihood in rows.order_by("pk", "splits__pk"):
        known = worth is not None and likelihood is not None
        amount = worth * likelihood * (share if share is not None else 1) if known else None
        found.append(Share(sharer or owned_by, pk, amount))
    return found
