"""What was done with a customer and what was promised: touches, actions, requests, digital signals."""

import datetime
from decimal import Decimal
from typing import Any, Self

import pghistory
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.fields import (
    Dated,
    DatedQuerySet,
    Sourced,
    Versioned,
    begins_before_it_ends,
    never_overlapping,
    unique_in_source,
)
from accounts.people.models import User
from accounts.portfolio.content import ContentQuerySet
from accounts.portfolio.models import Account, Named
from accounts.revenue.models import Opportunity
from accounts.stakeholders.models import Contact

__all__ = [
    "Action",
    "Channel",
    "Department",
    "Direction",
    "InternalRequest",
    "Mood",
    "Request",
    "Signal",
    "SignalKind",
    "SignalWeight",
    "Snooze",
    "Touch",
]


class Channel(models.TextChoices):
    CALL = "call", "call"
    MEETING = "meeting", "meeting"
    VIDEO = "video", "video call"
    MAIL = "mail", "mail"
    MESSAGE = "message", "message"


class Direction(models.TextChoices):
    """Who turned to whom; a talk goes both ways."""

    OUTBOUND = "outbound", "from us"
    INBOUND = "inbound", "from them"
    TWO_WAY = "two_way", "both ways"


class Mood(models.IntegerChoices):
    COLD = 1, "cold"
    COOL = 2, "cool"
    NEUTRAL = 3, "neutral"
    WARM = 4, "warm"
    KEEN = 5, "keen"


class TouchQuerySet(ContentQuerySet):
    def past(self, now: datetime.datetime | None = None) -> Self:
        """Those that happened; a meeting of next week is planned, not a touch yet."""
        return self.filter(at__lte=now or timezone.now())

    def answered(self) -> Self:
        """Those in which the customer took part: what they began, and talks."""
        return self.filter(direction__in=[Direction.INBOUND, Direction.TWO_WAY])


@pghistory.track(exclude=["source", "thread"])
class Touch(Sourced, Versioned):
    """One contact with a customer: a call, a meeting, a mail."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="touches")
    actor = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="touches",
        verbose_name="who of us",
        help_text="Gets the credit; empty: nobody of us, or unknown.",
    )
    contacts = models.ManyToManyField(Contact, related_name="touches", blank=True, verbose_name="with whom")
    opportunity = models.ForeignKey(
        Opportunity, models.SET_NULL, null=True, blank=True, related_name="touches", verbose_name="about deal"
    )
    channel = models.CharField(max_length=8, choices=Channel)
    direction = models.CharField(max_length=8, choices=Direction, default=Direction.TWO_WAY)
    at = models.DateTimeField("when")
    minutes = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: not known.")
    subject = models.CharField(max_length=200, blank=True, default="")
    note = models.TextField("what", blank=True, default="")
    mood = models.PositiveSmallIntegerField("how it felt", null=True, blank=True, choices=Mood)
    thread = models.CharField(
        max_length=200,
        blank=True,
        default="",
        editable=False,
        help_text="Mails of one thread and day count as one touch.",
    )
    logged_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    logged_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = TouchQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name_plural = "touches"
        constraints = [
            models.CheckConstraint(
                condition=Q(mood__isnull=True) | Q(mood__range=(1, 5)),
                name="touch_mood",
                violation_error_message="A mood lies between 1 and 5.",
            ),
            models.CheckConstraint(
                condition=Q(minutes__isnull=True) | Q(minutes__range=(1, 1440)),
                name="touch_minutes",
                violation_error_message="A touch lasts between 1 minute and a day.",
            ),
            unique_in_source("touch"),
        ]
        indexes = [
            models.Index(fields=["account", "-at"], name="touch_account_at"),
            models.Index(fields=["actor", "-at"], name="touch_actor_at"),
        ]

    def __str__(self) -> str:
        return self.subject or f"{self.get_channel_display()} with {self.account}"


class ActionQuerySet(ContentQuerySet):
    def open(self) -> Self:
        return self.filter(status=Action.Status.OPEN)

    def overdue(self, today: datetime.date) -> Self:
        return self.open().filter(due_on__lt=today)


@pghistory.track(exclude=["source"])
class Action(Sourced, Versioned):
    """Something that somebody promised to do: we, or the customer."""

    class Status(models.TextChoices):
        OPEN = "open", "open"
        DONE = "done", "done"
        DROPPED = "dropped", "dropped"

    class Side(models.TextChoices):
        US = "us", "we"
        THEM = "them", "they"

    account = models.ForeignKey(Account, models.PROTECT, related_name="actions")
    text = models.CharField("what", max_length=300)
    side = models.CharField("who owes it", max_length=4, choices=Side, default=Side.US)
    owner = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="actions",
        help_text="Who of us does it, or looks after it that they do.",
    )
    contact = models.ForeignKey(
        Contact,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="actions",
        verbose_name="to or from whom",
    )
    due_on = models.DateField(null=True, blank=True)
    first_due_on = models.DateField(
        null=True, editable=False, help_text="The day that was promised at first; it stays when it is moved."
    )
    status = models.CharField(max_length=7, choices=Status, default=Status.OPEN)
    closed_on = models.DateField(null=True, blank=True, editable=False)
    closed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    touch = models.ForeignKey(
        Touch, models.SET_NULL, null=True, blank=True, editable=False, related_name="actions"
    )
    objective = models.ForeignKey(
        "accounts.Objective", models.SET_NULL, null=True, blank=True, related_name="actions"
    )
    swot_entry = models.ForeignKey(
        "accounts.SwotEntry", models.SET_NULL, null=True, blank=True, related_name="actions"
    )
    risk = models.ForeignKey("accounts.Risk", models.SET_NULL, null=True, blank=True, related_name="actions")
    review = models.ForeignKey(
        "accounts.Review", models.SET_NULL, null=True, blank=True, related_name="actions"
    )
    answer = models.ForeignKey(
        "accounts.Answer", models.SET_NULL, null=True, blank=True, editable=False, related_name="actions"
    )
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ActionQuerySet.as_manager()

    class Meta:
        ordering = [F("due_on").asc(nulls_last=True), "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="open", closed_on__isnull=True)
                | (~Q(status="open") & Q(closed_on__isnull=False)),
                name="action_closed_when_done",
                violation_error_message="An action that is done or dropped has the day on which it was.",
            ),
            models.CheckConstraint(
                condition=Q(due_on__isnull=True) | Q(first_due_on__isnull=False),
                name="action_keeps_first_due",
                violation_error_message="An action that is due keeps the first day on which it was.",
            ),
            unique_in_source("action"),
        ]
        indexes = [
            models.Index(fields=["owner", "due_on"], condition=Q(status="open"), name="action_open_owner"),
            models.Index(fields=["account", "due_on"], name="action_account_due"),
        ]

    def __str__(self) -> str:
        return self.text


class RequestQuerySet(ContentQuerySet):
    def open(self) -> Self:
        return self.filter(resolved_at__isnull=True)

    def unanswered(self) -> Self:
        return self.open().filter(first_answer_at__isnull=True)


@pghistory.track(exclude=["source"])
class Request(Sourced, Versioned):
    """Something a customer asked for; reopened, its clock goes on as if it had never been resolved."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="requests")
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="requests", verbose_name="who asked"
    )
    owner = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="requests", verbose_name="who answers"
    )
    number = models.CharField(max_length=50, blank=True, default="")
    subject = models.CharField(max_length=200)
    text = models.TextField(blank=True, default="")
    channel = models.CharField(max_length=8, choices=Channel, default=Channel.MAIL)
    opened_at = models.DateTimeField("asked")
    answer_due_at = models.DateTimeField("answer due", null=True, blank=True)
    due_on = models.DateField("solution due", null=True, blank=True)
    first_answer_at = models.DateTimeField("first answer", null=True, blank=True)
    first_answer_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="who answered first"
    )
    resolved_at = models.DateTimeField("resolved", null=True, blank=True)
    resolution = models.TextField("how it was resolved", blank=True, default="")
    reopened = models.PositiveSmallIntegerField("times reopened", default=0)

    objects = RequestQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(first_answer_at__isnull=True) | Q(first_answer_at__gte=F("opened_at")),
                name="request_answered_after_asked",
                violation_error_message="An answer does not come before the request.",
            ),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True) | Q(resolved_at__gte=F("opened_at")),
                name="request_resolved_after_asked",
                violation_error_message="Nothing is resolved before it was asked.",
            ),
            unique_in_source("request"),
        ]
        indexes = [
            models.Index(fields=["account", "-opened_at"], name="request_account_opened"),
            models.Index(
                fields=["owner", "opened_at"], condition=Q(resolved_at__isnull=True), name="request_open"
            ),
        ]

    def __str__(self) -> str:
        return self.subject


class Department(Named):
    """Another part of our own company that we ask for help."""


class InternalRequestQuerySet(ContentQuerySet):
    def open(self) -> Self:
        return self.filter(done_on__isnull=True)


@pghistory.track(exclude=["source"])
class InternalRequest(Sourced, Versioned):
    """What we asked another department for, on behalf of a customer."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="internal_requests")
    request = models.ForeignKey(
        Request, models.SET_NULL, null=True, blank=True, related_name="internal_requests"
    )
    department = models.ForeignKey(Department, models.PROTECT, related_name="requests")
    asked_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="internal_requests"
    )
    subject = models.CharField(max_length=200)
    asked_on = models.DateField()
    due_on = models.DateField(null=True, blank=True)
    done_on = models.DateField(null=True, blank=True)

    objects = InternalRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(due_on__isnull=True) | Q(due_on__gte=F("asked_on")),
                name="internal_request_due_after_asked",
                violation_error_message="It is not due before it was asked for.",
            ),
            models.CheckConstraint(
                condition=Q(done_on__isnull=True) | Q(done_on__gte=F("asked_on")),
                name="internal_request_done_after_asked",
                violation_error_message="It is not done before it was asked for.",
            ),
            unique_in_source("internal_request"),
        ]

    def __str__(self) -> str:
        return self.subject


class SignalKind(Named):
    """A kind of digital trace, as an opened mail or a visit of our site."""

    code = models.SlugField(max_length=30, unique=True, help_text="Stable name for imports.")
    daily_cap = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="So many a day and account count at most; empty: all. Programs open mails, too.",
    )


class SignalWeight(Dated):
    """What one signal of a kind was worth on these days."""

    kind = models.ForeignKey(SignalKind, models.PROTECT, related_name="weights")
    weight = models.DecimalField(max_digits=6, decimal_places=2, default=Decimal(1))

    objects = DatedQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "during"]
        constraints = [
            begins_before_it_ends("signal_weight"),
            never_overlapping(
                "signal_weight", "kind", message="This kind has another weight on some of these days."
            ),
            models.CheckConstraint(
                condition=Q(weight__gte=0),
                name="signal_weight_not_negative",
                violation_error_message="A weight is not negative.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.weight}"


class SignalQuerySet(ContentQuerySet):
    # Marketing lives from signals.
    hidden_from = frozenset()


class Signal(Sourced):
    """One digital trace of a customer; there are millions, so nothing else is kept about it."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="signals")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="signals")
    kind = models.ForeignKey(SignalKind, models.PROTECT, related_name="signals")
    at = models.DateTimeField("when")
    subject = models.CharField(max_length=200, blank=True, default="")
    message = models.CharField(max_length=200, blank=True, default="")

    objects = SignalQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [unique_in_source("signal")]
        indexes = [models.Index(fields=["account", "-at"], name="signal_account_at")]

    def __str__(self) -> str:
        return f"{self.kind}, {self.account}"


class SnoozeQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User) -> Self:
        return self.filter(user=user)


class Snooze(models.Model):
    """One item of somebody's week that is put off: until when, and why."""

    user = models.ForeignKey(User, models.CASCADE, related_name="snoozes")
    item = models.CharField(max_length=100, help_text="Kind and number of what it is about, as action:12.")
    until = models.DateField()
    reason = models.CharField(max_length=300)
    snoozed_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SnoozeQuerySet.as_manager()

    class Meta:
        ordering = ["until", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "item"], name="snooze_one_an_item"),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="snooze_has_reason",
                violation_error_message="Say why it can wait.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} until {self.until}"
