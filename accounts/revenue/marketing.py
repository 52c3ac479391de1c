"""What marketing does and what comes of it: campaigns, what they cost, whom they reached, leads."""

import datetime
from typing import Any, Self

import pghistory
from django.db import models
from django.db.models import Case, CharField, F, OuterRef, Q, Subquery, Value, When

from accounts.fields import (
    CurrencyField,
    Dated,
    MoneyField,
    Sourced,
    Versioned,
    begins_before_it_ends,
    known_currency,
    unique_in_source,
)
from accounts.people.models import Organisation, Role, User
from accounts.portfolio.models import Account
from accounts.revenue.models import ExchangeRate
from accounts.stakeholders.models import Contact

__all__ = ["Campaign", "CampaignTouch", "HeardThrough", "Lead", "LeadChannel", "Spend"]


class LeadChannel(models.TextChoices):
    """Through what somebody came to us, or a campaign reaches people; unknown is a channel of its own."""

    UNKNOWN = "", "unknown"
    WEBSITE = "website", "website"
    SEARCH = "search", "search advertising"
    SOCIAL = "social", "social media"
    MAIL = "mail", "e-mail"
    EVENT = "event", "event or fair"
    WEBINAR = "webinar", "webinar"
    CONTENT = "content", "content download"
    CALL = "call", "telephone"
    PARTNER = "partner", "partner"
    REFERRAL = "referral", "referral"
    OTHER = "other", "other"


class HeardThrough(models.TextChoices):
    """What people answer to “How did you hear about us?”; no answer is no reason."""

    UNANSWERED = "", "not answered"
    REFERRAL = "referral", "somebody recommended us"
    SEARCH = "search", "searched for it"
    EVENT = "event", "event or fair"
    PRESS = "press", "press"
    SOCIAL = "social", "social media"
    ADVERTISING = "advertising", "advertising"
    KNOWN = "known", "knew us before"
    OTHER = "other", "otherwise"


class MarketingQuerySet(models.QuerySet[Any]):
    """Marketing and the head see all of it; an administrator while elevated; the others nothing."""

    def visible_to(self, user: User, today: datetime.date | None = None) -> Self:
        if not user.is_active:
            return self.none()
        if user.role == Role.ADMINISTRATOR:
            return self.all() if getattr(user, "is_elevated", False) else self.none()
        return self.all() if user.role in {Role.HEAD, Role.MARKETING} else self.none()


class CampaignQuerySet(MarketingQuerySet):
    def with_state(self, today: datetime.date) -> Self:
        """`state`: planned, running or ended on this day."""
        return self.annotate(
            state=Case(
                When(during__startswith__gt=today, then=Value("planned")),
                When(during__endswith__lte=today, then=Value("ended")),
                default=Value("running"),
                output_field=CharField(),
            )
        )


@pghistory.track(exclude=["source"])
class Campaign(Dated, Sourced, Versioned):
    """Something that marketing does for some days, to be noticed by somebody."""

    name = models.CharField(max_length=200)
    channel = models.CharField(max_length=10, choices=LeadChannel, blank=True, default=LeadChannel.UNKNOWN)
    is_target = models.BooleanField(
        "for target accounts",
        null=True,
        blank=True,
        help_text="Made for the accounts chosen as targets. Empty: unknown.",
    )
    budget = MoneyField(null=True, blank=True, help_text="What it may cost. Empty: not planned.")
    currency = CurrencyField("currency of the budget", default="EUR")
    description = models.TextField(blank=True, default="")

    objects = CampaignQuerySet.as_manager()

    class Meta:
        ordering = ["-during", "name"]
        constraints = [
            begins_before_it_ends("campaign"),
            models.CheckConstraint(
                condition=Q(budget__isnull=True) | Q(budget__gte=0),
                name="campaign_budget_not_negative",
                violation_error_message="A budget is not negative.",
            ),
            known_currency("campaign"),
            unique_in_source("campaign"),
        ]

    def __str__(self) -> str:
        return self.name


class SpendQuerySet(MarketingQuerySet):
    def converted(self) -> Self:
        """`reported`: the amount in the reporting currency at the day's rate, or nothing without a rate."""
        return self.annotate(reported=in_reporting_currency("amount", "currency", "date"))


def in_reporting_currency(amount: str, currency: str, day: str) -> Case:
    """An amount at the rate of its day; without a rate nothing, for currencies are never added unconverted."""
    reporting = Organisation.current().reporting_currency
    rates = ExchangeRate.objects.filter(
        currency=OuterRef(currency), quote=reporting, date__lte=OuterRef(day)
    ).order_by("-date")
    return Case(
        When(Q(**{currency: reporting}), then=F(amount)),
        default=F(amount) * Subquery(rates.values("rate")[:1]),
        output_field=models.DecimalField(max_digits=28, decimal_places=4),
    )


@pghistory.track(exclude=["source"])
class Spend(Sourced):
    """What selling or marketing cost, by booking date; a correction is a negative amount."""

    class Kind(models.TextChoices):
        SALES = "sales", "sales"
        MARKETING = "marketing", "marketing"

    date = models.DateField("booked on", help_text="Decides the period that the cost belongs to.")
    kind = models.CharField(max_length=9, choices=Kind, default=Kind.MARKETING)
    amount = MoneyField(help_text="Without tax; a correction is negative.")
    currency = CurrencyField(default="EUR")
    campaign = models.ForeignKey(Campaign, models.PROTECT, null=True, blank=True, related_name="spend")
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="spend")
    is_target = models.BooleanField(
        "for target accounts",
        null=True,
        blank=True,
        help_text="Empty: as the campaign or the account says, else unknown.",
    )
    description = models.CharField(max_length=200, blank=True, default="")

    objects = SpendQuerySet.as_manager()

    class Meta:
        ordering = ["-date", "-pk"]
        verbose_name_plural = "spend"
        constraints = [known_currency("spend"), unique_in_source("spend")]
        indexes = [
            models.Index("campaign", "date", name="spend_campaign_date"),
            models.Index("date", name="spend_date"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} on {self.date}"


_OPEN = Q(customer_on__isnull=True, dropped_on__isnull=True)
IN_STATE = {
    "open": _OPEN,
    "new": _OPEN & Q(mql_on__isnull=True),
    "mql": _OPEN & Q(mql_on__isnull=False, sql_on__isnull=True),
    "sql": _OPEN & Q(sql_on__isnull=False),
    "customer": Q(customer_on__isnull=False),
    "dropped": Q(dropped_on__isnull=False),
}
"""How far a lead is; an open one is new, marketing-qualified or sales-qualified."""


class LeadQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User, today: datetime.date | None = None) -> Self:
        """All of them for marketing and the head; else one's own, and those of accounts that one sees."""
        if not user.is_active or (
            user.role == Role.ADMINISTRATOR and not getattr(user, "is_elevated", False)
        ):
            return self.none()
        if user.role in {Role.HEAD, Role.MARKETING, Role.ADMINISTRATOR}:
            return self.all()
        accounts = Account.objects.visible_to(user, today)
        return self.filter(Q(owner=user) | Q(account__in=accounts.order_by().values("pk")))

    def in_state(self, state: str) -> Self:
        return self.filter(IN_STATE[state])


def not_before(model: str, later: str, earlier: str, message: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(**{f"{later}__isnull": True})
        | Q(**{f"{earlier}__isnull": True})
        | Q(**{f"{later}__gte": F(earlier)}),
        name=f"{model}_{later}_after_{earlier}",
        violation_error_message=message,
    )


BANT = ("budget", "authority", "need", "timeline")


# Nobody's name, address or number outlives the lead in a history that nothing erases.
@pghistory.track(exclude=["source", "person", "email", "phone", "note"])
class Lead(Sourced, Versioned):
    """A company that showed interest. Its days are those on which it reached a status for the first time."""

    created_on = models.DateField("came in on")
    channel = models.CharField(max_length=10, choices=LeadChannel, blank=True, default=LeadChannel.UNKNOWN)
    campaign = models.ForeignKey(Campaign, models.PROTECT, null=True, blank=True, related_name="leads")
    company = models.CharField(max_length=200)
    person = models.CharField("contact", max_length=200, blank=True, default="")
    job_title = models.CharField(max_length=100, blank=True, default="")
    email = models.EmailField("e-mail", blank=True, default="")
    phone = models.CharField(max_length=50, blank=True, default="")
    country = models.CharField(max_length=100, blank=True, default="")
    heard_through = models.CharField(
        "how they heard about us",
        max_length=11,
        choices=HeardThrough,
        blank=True,
        default=HeardThrough.UNANSWERED,
    )
    owner = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="leads",
        help_text="Who of us looks after it; empty: nobody yet.",
    )
    budget = models.BooleanField(null=True, blank=True, help_text="There is money for it.")
    authority = models.BooleanField(null=True, blank=True, help_text="We talk to somebody who decides.")
    need = models.BooleanField(null=True, blank=True, help_text="It solves a problem that they have.")
    timeline = models.BooleanField(null=True, blank=True, help_text="They know by when.")
    mql_on = models.DateField("marketing-qualified on", null=True, blank=True)
    sql_on = models.DateField("sales-qualified on", null=True, blank=True)
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="leads")
    converted_on = models.DateField("became an account on", null=True, blank=True)
    customer_on = models.DateField("became a customer on", null=True, blank=True)
    dropped_on = models.DateField("given up on", null=True, blank=True)
    drop_reason = models.CharField("why it was given up", max_length=200, blank=True, default="")
    note = models.TextField(blank=True, default="")

    objects = LeadQuerySet.as_manager()

    class Meta:
        ordering = ["-created_on", "-pk"]
        constraints = [
            not_before(
                "lead", "mql_on", "created_on", "A lead is not marketing-qualified before it came in."
            ),
            not_before("lead", "sql_on", "created_on", "A lead is not sales-qualified before it came in."),
            not_before(
                "lead", "sql_on", "mql_on", "A lead is not sales-qualified before it is marketing-qualified."
            ),
            not_before("lead", "converted_on", "created_on", "A lead becomes no account before it came in."),
            not_before("lead", "customer_on", "created_on", "A lead becomes no customer before it came in."),
            not_before(
                "lead", "customer_on", "sql_on", "A lead becomes no customer before it is sales-qualified."
            ),
            not_before("lead", "dropped_on", "created_on", "A lead is not given up before it came in."),
            models.CheckConstraint(
                condition=Q(sql_on__isnull=True) | Q(mql_on__isnull=False),
                name="lead_sql_was_mql",
                violation_error_message="A sales-qualified lead was marketing-qualified, at the latest that day.",
            ),
            # Later an answer may turn to no: the day on which all four were yes stays.
            models.CheckConstraint(
                condition=Q(sql_on__isnull=True) | Q(**{f"{item}__isnull": False for item in BANT}),
                name="lead_sql_knows_all_four",
                violation_error_message="A sales-qualified lead has an answer about budget, authority, need and "
                "timeline.",
            ),
            models.CheckConstraint(
                condition=Q(account__isnull=True, converted_on__isnull=True)
                | Q(account__isnull=False, converted_on__isnull=False),
                name="lead_account_has_a_day",
                violation_error_message="A lead that became an account has the day on which it did.",
            ),
            models.CheckConstraint(
                condition=Q(customer_on__isnull=True) | Q(account__isnull=False),
                name="lead_customer_is_an_account",
                violation_error_message="Say which account the customer is.",
            ),
            models.CheckConstraint(
                condition=Q(dropped_on__isnull=True) | Q(customer_on__isnull=True),
                name="lead_customer_is_not_dropped",
                violation_error_message="A customer is no lead that was given up.",
            ),
            models.CheckConstraint(
                condition=Q(drop_reason="") | Q(dropped_on__isnull=False),
                name="lead_reason_of_dropped",
                violation_error_message="Only a lead that was given up has a reason for it.",
            ),
            unique_in_source("lead"),
        ]
        indexes = [
            models.Index("created_on", name="lead_created"),
            models.Index("account", "created_on", name="lead_account_created"),
        ]

    def __str__(self) -> str:
        return self.company

    @property
    def bant_known(self) -> int:
        return sum(getattr(self, item) is not None for item in BANT)

    @property
    def is_sales_ready(self) -> bool:
        """All four answers are yes; what nobody knows is no yes."""
        return all(getattr(self, item) is True for item in BANT)


class CampaignTouch(Sourced):
    """That a campaign reached an account or a lead: a mail delivered, an invitation, a visit of the stand."""

    class Kind(models.TextChoices):
        DELIVERED = "delivered", "delivered"
        OPENED = "opened", "opened"
        REPLIED = "replied", "replied"
        INVITED = "invited", "invited"
        ATTENDED = "attended", "attended"
        SHOWN = "shown", "seen"
        RESPONDED = "responded", "responded"

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="touches")
    account = models.ForeignKey(
        Account, models.PROTECT, null=True, blank=True, related_name="campaign_touches"
    )
    lead = models.ForeignKey(Lead, models.CASCADE, null=True, blank=True, related_name="campaign_touches")
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="campaign_touches"
    )
    on = models.DateField()
    kind = models.CharField(max_length=9, choices=Kind, default=Kind.SHOWN)

    objects = MarketingQuerySet.as_manager()

    class Meta:
        ordering = ["-on", "-pk"]
        verbose_name_plural = "campaign touches"
        constraints = [
            models.CheckConstraint(
                condition=Q(account__isnull=False) | Q(lead__isnull=False),
                name="campaign_touch_reaches_somebody",
                violation_error_message="A campaign reaches an account or a lead.",
            ),
            unique_in_source("campaign_touch"),
        ]
        indexes = [
            models.Index("account", "on", name="campaign_touch_account_on"),
            models.Index("campaign", "on", name="campaign_touch_campaign_on"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.account or self.lead}, {self.get_kind_display()}"
