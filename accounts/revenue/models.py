import datetime
from decimal import Decimal
from typing import Self

import pghistory
import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from accounts.fields import (
    CurrencyField,
    Dated,
    DatedQuerySet,
    MoneyField,
    Sourced,
    begins_before_it_ends,
    known_currency,
    never_overlapping,
    unique_in_source,
)
from accounts.people.models import User
from accounts.portfolio.models import Account

__all__ = [
    "Contract",
    "ExchangeRate",
    "Opportunity",
    "OpportunityPhase",
    "OpportunitySplit",
    "OpportunityStage",
    "Order",
    "OrderLine",
    "Product",
    "ProductCategory",
    "Quota",
]


class ExchangeRate(models.Model):
    """One unit of `currency` was worth `rate` units of `quote` on this date and until the next rate."""

    currency = CurrencyField()
    quote = CurrencyField()
    date = models.DateField()
    rate = models.DecimalField(max_digits=20, decimal_places=10)

    class Meta:
        ordering = ["currency", "quote", "-date"]
        constraints = [
            models.UniqueConstraint(
                fields=["currency", "quote", "date"],
                name="exchange_rate_one_a_day",
                violation_error_message="There is a rate for these currencies on this day already.",
            ),
            models.CheckConstraint(
                condition=Q(rate__gt=0),
                name="exchange_rate_positive",
                violation_error_message="A rate is greater than 0.",
            ),
            models.CheckConstraint(
                condition=~Q(currency=F("quote")),
                name="exchange_rate_two_currencies",
                violation_error_message="A rate needs two different currencies.",
            ),
            known_currency("exchange_rate"),
            known_currency("exchange_rate", "quote"),
        ]

    def __str__(self) -> str:
        return f"1 {self.currency} = {self.rate} {self.quote} on {self.date}"


class ProductCategory(Sourced):
    name = models.CharField(max_length=100, unique=True)
    whitespace_position = models.PositiveSmallIntegerField(
        "column in whitespace",
        null=True,
        blank=True,
        unique=True,
        validators=[MinValueValidator(1), MaxValueValidator(10)],
        help_text="1 to 10; empty: not shown there.",
    )

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "product categories"
        constraints = [
            models.CheckConstraint(
                condition=Q(whitespace_position__isnull=True) | Q(whitespace_position__range=(1, 10)),
                name="product_category_whitespace_columns",
                violation_error_message="Whitespace has at most 10 columns.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Product(Sourced):
    name = models.CharField(max_length=200)
    code = models.CharField(max_length=50, blank=True, default="")
    category = models.ForeignKey(
        ProductCategory, models.PROTECT, null=True, blank=True, related_name="products"
    )

    class Meta:
        ordering = ["name"]
        constraints = [unique_in_source("product")]

    def __str__(self) -> str:
        return self.name


class Order(Sourced):
    """An invoiced order, or a credit note, whose lines are then negative; its date decides the period."""

    class Kind(models.TextChoices):
        ORDER = "order", "order"
        CREDIT_NOTE = "credit_note", "credit note"

    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="orders")
    number = models.CharField(max_length=50)
    date = models.DateField()
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.ORDER)
    currency = CurrencyField(default="EUR")
    seller = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="orders_sold",
        help_text="Gets the credit; empty: the account's owner on the date.",
    )

    class Meta:
        ordering = ["-date", "number"]
        constraints = [known_currency("order"), unique_in_source("order")]
        indexes = [models.Index("account", "date", name="order_account_date")]

    def __str__(self) -> str:
        return self.number


class OrderLine(Sourced):
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="order_lines")
    quantity = models.DecimalField(max_digits=14, decimal_places=3, default=Decimal(1))
    amount = MoneyField(help_text="Net, in the order's currency; negative on a credit note.")
    cost = MoneyField(null=True, blank=True, help_text="What the goods cost us; empty: unknown.")

    class Meta:
        ordering = ["order", "pk"]
        constraints = [unique_in_source("order_line")]

    def __str__(self) -> str:
        return f"{self.order}: {self.amount} {self.order.currency}"


class OpportunityStage(Sourced):
    """A step of the sales process; `probability` weighs the open pipeline."""

    name = models.CharField(max_length=100, unique=True)
    position = models.PositiveSmallIntegerField(
        default=0, help_text="Place in lists; the smallest comes first."
    )
    qualified = models.BooleanField(default=False, help_text="Deals from this stage on count as qualified.")
    probability = models.DecimalField(
        max_digits=5,
        decimal_places=4,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="Between 0 and 1.",
    )

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(probability__range=(0, 1)),
                name="opportunity_stage_probability",
                violation_error_message="A probability lies between 0 and 1.",
            )
        ]

    def __str__(self) -> str:
        return self.name


@pghistory.track(exclude=["source"])
class Opportunity(Sourced):
    """A deal that may be won: opened, perhaps in contact before, closed as won or lost."""

    class Kind(models.TextChoices):
        NEW = "new", "new business"
        UPSELL = "upsell", "upsell"
        CROSS_SELL = "cross_sell", "cross-sell"
        RENEWAL = "renewal", "renewal"

    class Outcome(models.TextChoices):
        OPEN = "open", "open"
        WON = "won", "won"
        LOST = "lost", "lost"

    class Origin(models.TextChoices):
        UNKNOWN = "", "unknown"
        REFERRAL = "referral", "referral"
        OUTBOUND = "outbound", "outbound"
        INBOUND = "inbound", "inbound"
        EVENT = "event", "event"
        PARTNER = "partner", "partner"
        CAMPAIGN = "campaign", "campaign"
        EXISTING = "existing", "existing relationship"

    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="opportunities")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.NEW)
    origin = models.CharField(
        "source of the deal", max_length=12, choices=Origin, blank=True, default=Origin.UNKNOWN
    )
    category = models.ForeignKey(
        ProductCategory,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="opportunities",
        verbose_name="product category",
        help_text="Empty: several, or not known yet.",
    )
    amount = MoneyField(null=True, blank=True, help_text="Empty: not estimated yet.")
    currency = CurrencyField(default="EUR")
    opened_on = models.DateField()
    first_contact_on = models.DateField(
        null=True, blank=True, help_text="First contact about it; empty: the day it was opened counts."
    )
    closed_on = models.DateField(null=True, blank=True)
    outcome = models.CharField(max_length=4, choices=Outcome, default=Outcome.OPEN)
    loss_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ["-opened_on", "name"]
        verbose_name_plural = "opportunities"
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="open", closed_on__isnull=True)
                | (~Q(outcome="open") & Q(closed_on__isnull=False)),
                name="opportunity_closed_when_decided",
                violation_error_message="A won or lost deal has the day it was closed; an open one has none.",
            ),
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True) | Q(closed_on__gte=F("opened_on")),
                name="opportunity_opened_before_closed",
                violation_error_message="A deal is not closed before it is opened.",
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0),
                name="opportunity_amount_not_negative",
                violation_error_message="An amount is not negative.",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="won") | Q(amount__isnull=False),
                name="opportunity_won_has_amount",
                violation_error_message="A won deal has an amount.",
            ),
            known_currency("opportunity"),
            unique_in_source("opportunity"),
        ]
        indexes = [models.Index("account", "opened_on", name="opportunity_account_opened")]

    def __str__(self) -> str:
        return self.name


class OpportunityPhase(Dated):
    """The days that a deal spent in one stage; an open deal has one phase without an end."""

    opportunity = models.ForeignKey(Opportunity, models.CASCADE, related_name="phases")
    stage = models.ForeignKey(OpportunityStage, models.PROTECT, related_name="phases")

    objects = DatedQuerySet.as_manager()

    class Meta:
        ordering = ["opportunity", "during"]
        constraints = [
            begins_before_it_ends("opportunity_phase"),
            never_overlapping(
                "opportunity_phase",
                "opportunity",
                message="This deal stands in another stage on some of these days.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.opportunity}: {self.stage}"


class OpportunitySplit(models.Model):
    """Who shares the credit of a deal; the shares of a deal add up to 1 (a deferred trigger sees to it)."""

    opportunity = models.ForeignKey(Opportunity, models.CASCADE, related_name="splits")
    user = models.ForeignKey(User, models.PROTECT, related_name="splits")
    share = models.DecimalField(max_digits=5, decimal_places=4, help_text="Above 0, at most 1.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["opportunity", "user"],
                name="opportunity_split_one_a_person",
                violation_error_message="This person has a share of this deal already.",
            ),
            models.CheckConstraint(
                condition=Q(share__gt=0) & Q(share__lte=1),
                name="opportunity_split_share",
                violation_error_message="A share lies above 0 and is at most 1.",
            ),
        ]
        # Deferred: the shares of a deal are written one by one and must add up when all are there.
        triggers = [
            pgtrigger.Trigger(
                name="shares_add_up",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func="""
                    IF EXISTS (
                        SELECT 1 FROM accounts_opportunitysplit
                        WHERE opportunity_id IN (NEW.opportunity_id, OLD.opportunity_id)
                        GROUP BY opportunity_id
                        HAVING sum(share) <> 1
                    ) THEN
                        RAISE EXCEPTION 'The shares of a deal must add up to 1.'
                        USING ERRCODE = 'check_violation',
                              CONSTRAINT = 'opportunity_split_shares_add_up',
                              TABLE = 'accounts_opportunitysplit';
                    END IF;
                    RETURN NULL;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.share} of {self.opportunity}"


class ContractQuerySet(DatedQuerySet):
    def past_grace(self, today: datetime.date, grace_days: int) -> Self:
        """Undecided contracts whose last day and days of grace have passed."""
        last = today - datetime.timedelta(days=grace_days)
        return self.filter(outcome=Contract.Outcome.OPEN, during__endswith__lte=last)


@pghistory.track(exclude=["source"])
class Contract(Dated, Sourced):
    """A recurring agreement: what it is worth a year, until when, and what became of it."""

    class Outcome(models.TextChoices):
        OPEN = "open", "not decided"
        RENEWED = "renewed", "renewed"
        LOST = "lost", "ended by the customer"
        LAPSED = "lapsed", "lapsed without a decision"

    account = models.ForeignKey(Account, models.PROTECT, related_name="contracts")
    number = models.CharField(max_length=50)
    name = models.CharField(max_length=200, blank=True, default="")
    annual_value = MoneyField()
    currency = CurrencyField(default="EUR")
    notice_date = models.DateField(
        null=True, blank=True, help_text="Last day on which the customer may give notice."
    )
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.OPEN)
    renewed_value = MoneyField(
        null=True, blank=True, help_text="What it is worth a year after the renewal, same currency."
    )

    objects = ContractQuerySet.as_manager()

    class Meta:
        ordering = ["account", "number", "during"]
        constraints = [
            begins_before_it_ends("contract"),
            never_overlapping(
                "contract",
                "account",
                "number",
                message="Another term of this contract number holds on some of these days.",
            ),
            models.CheckConstraint(
                condition=Q(annual_value__gte=0),
                name="contract_value_not_negative",
                violation_error_message="A value is not negative.",
            ),
            models.CheckConstraint(
                condition=Q(outcome="renewed", renewed_value__gte=0)
                | (~Q(outcome="renewed") & Q(renewed_value__isnull=True)),
                name="contract_renewed_has_value",
                violation_error_message="A renewed contract, and only it, says what it is worth now.",
            ),
            models.CheckConstraint(
                condition=Q(notice_date__isnull=True)
                | Q(during__endswith__isnull=True)
                | Q(notice_date__lt=F("during__endswith")),
                name="contract_notice_before_end",
                violation_error_message="The notice date is not after the contract's last day.",
            ),
            known_currency("contract"),
            unique_in_source("contract"),
        ]

    def __str__(self) -> str:
        return self.number


class Quota(Sourced):
    """What a person is to sell, from this date until the person's next quota begins."""

    user = models.ForeignKey(User, models.CASCADE, related_name="quotas")
    starts_on = models.DateField()
    amount = MoneyField()
    currency = CurrencyField(default="EUR")

    class Meta:
        ordering = ["user", "starts_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "starts_on"],
                name="quota_one_a_start",
                violation_error_message="This person has a quota from this date already.",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0),
                name="quota_not_negative",
                violation_error_message="A quota is not negative.",
            ),
            known_currency("quota"),
            unique_in_source("quota"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.amount} {self.currency} from {self.starts_on}"
