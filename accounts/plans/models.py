"""Where an account is going: plans, what the customer wants, whitespace, renewals, reviews, hand-overs."""

import datetime
from typing import Any, ClassVar, Self

import pghistory
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.fields import (
    CurrencyField,
    Dated,
    MoneyField,
    Noted,
    Sourced,
    Versioned,
    begins_before_it_ends,
    known_currency,
    never_overlapping,
    unique_in_source,
)
from accounts.people.models import User
from accounts.portfolio.content import ContentQuerySet, DatedContentQuerySet
from accounts.portfolio.models import Account
from accounts.revenue.models import Contract, ProductCategory
from accounts.stakeholders.models import Contact

__all__ = [
    "Goal",
    "HandOver",
    "Milestone",
    "MilestoneCheck",
    "Objective",
    "OneOnOne",
    "Outcome",
    "Plan",
    "PlanComment",
    "PlanTemplate",
    "PlanTemplateItem",
    "PlanVersion",
    "RenewalCall",
    "Review",
    "Risk",
    "SwotEntry",
    "WhitespaceCell",
]


class PlanQuerySet(DatedContentQuerySet):
    def current(self, today: datetime.date) -> Self:
        """The plan of today's period, unless it is closed."""
        return self.on(today).exclude(status=Plan.Status.CLOSED)


@pghistory.track(exclude=["source"])
class Plan(Dated, Sourced, Versioned):
    """What we and a customer want to reach in a period."""

    class Status(models.TextChoices):
        DRAFT = "draft", "draft"
        SUBMITTED = "submitted", "submitted"
        APPROVED = "approved", "approved"
        CLOSED = "closed", "closed"

    class Situation(models.TextChoices):
        NONE = "", "not said"
        LAUNCH = "launch", "launch"
        EXPAND = "expand", "expand"
        RETAIN = "retain", "retain"
        RECOVER = "recover", "recover"

    account = models.ForeignKey(Account, models.PROTECT, related_name="plans")
    name = models.CharField(max_length=100)
    situation = models.CharField(max_length=8, choices=Situation, blank=True, default=Situation.NONE)
    summary = models.TextField(
        "where we stand", blank=True, default="", help_text="In two or three sentences."
    )
    status = models.CharField(max_length=9, choices=Status, default=Status.DRAFT, editable=False)
    carried_from = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, editable=False, related_name="carried_to"
    )
    created_by = models.ForeignKey(User, models.PROTECT, null=True, editable=False, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ["account", "-during"]
        constraints = [
            begins_before_it_ends("plan"),
            models.CheckConstraint(
                condition=Q(during__endswith__isnull=False),
                name="plan_ends",
                violation_error_message="A plan has a last day.",
            ),
            never_overlapping(
                "plan", "account", message="This account has another plan for some of these days."
            ),
            unique_in_source("plan"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.account}"

    @property
    def is_open(self) -> bool:
        return self.status in {Plan.Status.DRAFT, Plan.Status.SUBMITTED, Plan.Status.APPROVED}


class OfPlanQuerySet(ContentQuerySet):
    account_path = "plan__account"


class PlanComment(models.Model):
    """A word to a plan, or a step on its way: submitted, approved, returned, closed."""

    class Step(models.TextChoices):
        COMMENT = "comment", "said"
        SUBMITTED = "submitted", "submitted it"
        APPROVED = "approved", "approved it"
        RETURNED = "returned", "gave it back"
        CLOSED = "closed", "closed it"
        REOPENED = "reopened", "opened it again"
        CARRIED = "carried", "carried it over"

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="comments")
    step = models.CharField(max_length=9, choices=Step, default=Step.COMMENT)
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    text = models.TextField(blank=True, default="")

    objects = OfPlanQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(step__in=["comment", "returned"]) | ~Q(text=""),
                name="plan_comment_says_something",
                violation_error_message="Say what should be different.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.author} {self.get_step_display()}"


class PlanVersion(models.Model):
    """A plan as it stood when it was submitted, approved, closed or carried over: never changed again."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField()
    cause = models.CharField(max_length=9, choices=PlanComment.Step)
    content = models.JSONField(
        help_text="The items of the plan by kind, each with its number and its fields."
    )
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    objects = OfPlanQuerySet.as_manager()

    class Meta:
        ordering = ["plan", "-number"]
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="plan_version_number")]

    def __str__(self) -> str:
        return f"{self.plan}, version {self.number}"


class PlanItem(Sourced, Versioned):
    """One line of a plan; `verified_on` is the day on which somebody last said that it still holds."""

    MOST: ClassVar[int] = 99

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="%(class)s_set", editable=False)
    position = models.PositiveSmallIntegerField(default=1, editable=False)
    verified_on = models.DateField(null=True, blank=True, editable=False)
    verified_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    carried_from = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, editable=False, related_name="carried_to"
    )

    objects = OfPlanQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["plan", "position", "pk"]


@pghistory.track(exclude=["source"])
class Goal(PlanItem):
    """What the customer wants to reach, in the customer's own words."""

    title = models.CharField("what the customer wants", max_length=300)
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="goals", verbose_name="who cares"
    )

    class Meta(PlanItem.Meta):
        constraints = [unique_in_source("goal")]

    def __str__(self) -> str:
        return self.title


class OfGoalQuerySet(ContentQuerySet):
    account_path = "goal__plan__account"


class Due(models.Model):
    """A date that may move; the first one stays."""

    due_on = models.DateField("due")
    first_due_on = models.DateField(editable=False)

    class Meta:
        abstract = True


@pghistory.track(exclude=["source"])
class Milestone(Due, Sourced, Versioned):
    """A step towards a customer's goal: it tells early whether the goal will be met."""

    goal = models.ForeignKey(Goal, models.CASCADE, related_name="milestones", editable=False)
    title = models.CharField("step", max_length=200)
    reached_on = models.DateField(null=True, blank=True)

    objects = OfGoalQuerySet.as_manager()

    class Meta:
        ordering = ["goal", "due_on", "pk"]
        constraints = [unique_in_source("milestone")]

    def __str__(self) -> str:
        return self.title


class MilestoneCheck(models.Model):
    """What somebody found on a day: is the step on track?"""

    milestone = models.ForeignKey(Milestone, models.CASCADE, related_name="checks")
    on = models.DateField()
    on_track = models.BooleanField()
    note = models.CharField(max_length=300, blank=True, default="")
    author = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["milestone", "-on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["milestone", "on"],
                name="milestone_check_one_a_day",
                violation_error_message="This step was checked on this day already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.milestone}: {'on track' if self.on_track else 'off track'} on {self.on}"


@pghistory.track(exclude=["source"])
class Outcome(Due, Sourced, Versioned):
    """The figure by which the customer will judge a goal, measured when it is due."""

    goal = models.ForeignKey(Goal, models.CASCADE, related_name="outcomes", editable=False)
    title = models.CharField("measured by", max_length=200)
    unit = models.CharField(max_length=30, blank=True, default="", help_text="As hours, %, t.")
    baseline = models.DecimalField("at the beginning", max_digits=18, decimal_places=4, null=True, blank=True)
    target = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    actual = models.DecimalField("measured", max_digits=18, decimal_places=4, null=True, blank=True)
    measured_on = models.DateField(null=True, blank=True)
    met = models.BooleanField("target met", null=True, blank=True, help_text="Empty: not judged yet.")

    objects = OfGoalQuerySet.as_manager()

    class Meta:
        ordering = ["goal", "due_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(met__isnull=True) | Q(measured_on__isnull=False),
                name="outcome_judged_on_a_day",
                violation_error_message="Say on which day it was measured.",
            ),
            unique_in_source("outcome"),
        ]

    def __str__(self) -> str:
        return self.title


@pghistory.track(exclude=["source"])
class Objective(Due, PlanItem):
    """What we want to reach: bound to a KPI of the account, or marked as judged by a person."""

    MOST = 5

    class Status(models.TextChoices):
        OPEN = "open", "open"
        REACHED = "reached", "reached"
        MISSED = "missed", "missed"
        DROPPED = "dropped", "dropped"

    title = models.CharField("objective", max_length=200)
    goal = models.ForeignKey(
        Goal,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="objectives",
        verbose_name="serves the customer's goal",
    )
    contact = models.ForeignKey(
        Contact,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="objectives",
        verbose_name="hangs on",
        help_text="The person without whom it will not happen.",
    )
    kpi = models.SlugField(
        "KPI",
        max_length=50,
        blank=True,
        default="",
        help_text="Empty: qualitative, judged by a person in words.",
    )
    baseline = models.DecimalField("at the beginning", max_digits=24, decimal_places=6, null=True, blank=True)
    target = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    judgement = models.CharField("how it stands", max_length=300, blank=True, default="")
    judged_on = models.DateField(null=True, blank=True, editable=False)
    judged_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    status = models.CharField(max_length=7, choices=Status, default=Status.OPEN)

    class Meta(PlanItem.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(position__range=(1, 5)),
                name="objective_at_most_five",
                violation_error_message="A plan has at most 5 objectives.",
            ),
            models.UniqueConstraint(
                fields=["plan", "position"],
                name="objective_position",
                deferrable=models.Deferrable.DEFERRED,
                violation_error_message="Another objective stands at this place.",
            ),
            models.CheckConstraint(
                condition=~Q(kpi="") | Q(baseline__isnull=True, target__isnull=True),
                name="objective_figures_need_kpi",
                violation_error_message="A qualitative objective has words, not figures.",
            ),
            unique_in_source("objective"),
        ]

    def __str__(self) -> str:
        return self.title


@pghistory.track(exclude=["source"])
class SwotEntry(PlanItem):
    """A strength, weakness, opportunity or threat; it counts once an action follows from it."""

    class Quadrant(models.TextChoices):
        STRENGTH = "strength", "strength"
        WEAKNESS = "weakness", "weakness"
        OPPORTUNITY = "opportunity", "opportunity"
        THREAT = "threat", "threat"

    quadrant = models.CharField(max_length=11, choices=Quadrant)
    text = models.CharField(max_length=300)

    class Meta(PlanItem.Meta):
        constraints = [unique_in_source("swot_entry")]
        verbose_name = "SWOT entry"
        verbose_name_plural = "SWOT entries"

    def __str__(self) -> str:
        return self.text


@pghistory.track(exclude=["source"])
class Risk(PlanItem):
    class Severity(models.IntegerChoices):
        LOW = 1, "low"
        MEDIUM = 2, "medium"
        HIGH = 3, "high"
        CRITICAL = 4, "critical"

    text = models.CharField("what may happen", max_length=300)
    severity = models.PositiveSmallIntegerField(choices=Severity, default=Severity.MEDIUM)
    answer = models.CharField("what we do about it", max_length=300, blank=True, default="")
    owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="risks")
    closed_on = models.DateField(null=True, blank=True)

    class Meta(PlanItem.Meta):
        ordering = ["plan", "-severity", "position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(severity__range=(1, 4)),
                name="risk_severity",
                violation_error_message="A severity lies between 1 and 4.",
            ),
            unique_in_source("risk"),
        ]

    def __str__(self) -> str:
        return self.text


class PlanTemplate(models.Model):
    """Lines to begin a plan with, for one situation."""

    name = models.CharField(max_length=100, unique=True)
    situation = models.CharField(max_length=8, choices=Plan.Situation, blank=True, default="")
    description = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PlanTemplateItem(models.Model):
    class Kind(models.TextChoices):
        GOAL = "goal", "customer's goal"
        OBJECTIVE = "objective", "objective"
        ACTION = "action", "action"
        STRENGTH = "strength", "strength"
        WEAKNESS = "weakness", "weakness"
        OPPORTUNITY = "opportunity", "opportunity"
        THREAT = "threat", "threat"
        RISK = "risk", "risk"

    template = models.ForeignKey(PlanTemplate, models.CASCADE, related_name="items")
    kind = models.CharField(max_length=11, choices=Kind)
    text = models.CharField(max_length=300)
    kpi = models.SlugField("KPI", max_length=50, blank=True, default="", help_text="Only for an objective.")
    due_after_days = models.PositiveSmallIntegerField(
        "due after days", null=True, blank=True, help_text="Counted from the plan's first day."
    )
    position = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["template", "kind", "position", "pk"]

    def __str__(self) -> str:
        return self.text


@pghistory.track()
class WhitespaceCell(Noted, Versioned):
    """Who serves one unit of a customer with one product category, and what they spend there."""

    class Holder(models.TextChoices):
        UNKNOWN = "unknown", "unknown"
        US = "us", "we have it"
        COMPETITOR = "competitor", "a competitor"
        IN_HOUSE = "in_house", "in-house"
        NOT_NEEDED = "not_needed", "does not need it"

    account = models.ForeignKey(Account, models.CASCADE, related_name="whitespace")
    category = models.ForeignKey(ProductCategory, models.CASCADE, related_name="whitespace")
    holder = models.CharField("who has it", max_length=10, choices=Holder, default=Holder.UNKNOWN)
    holder_name = models.CharField(
        "name", max_length=100, blank=True, default="", help_text="The competitor, or who does it in-house."
    )
    held_until = models.DateField("until about", null=True, blank=True)
    yearly_spend = MoneyField(
        "estimated spend a year",
        null=True,
        blank=True,
        help_text="On this category, with everybody, us included. Empty: unknown.",
    )
    currency = CurrencyField(default="EUR")
    next_step = models.CharField(max_length=200, blank=True, default="")

    objects = ContentQuerySet.as_manager()

    class Meta:
        ordering = ["account", "category"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "category"],
                name="whitespace_cell_one",
                violation_error_message="This cell is filled in already.",
            ),
            models.CheckConstraint(
                condition=Q(yearly_spend__isnull=True) | Q(yearly_spend__gte=0),
                name="whitespace_cell_spend_not_negative",
                violation_error_message="A spend is not negative.",
            ),
            models.CheckConstraint(
                condition=~Q(holder="not_needed") | Q(yearly_spend__isnull=True) | Q(yearly_spend=0),
                name="whitespace_cell_no_need_no_spend",
                violation_error_message="What is not needed costs nothing.",
            ),
            known_currency("whitespace_cell"),
        ]

    def __str__(self) -> str:
        return f"{self.category} at {self.account}"


class RenewalCallQuerySet(ContentQuerySet):
    account_path = "contract__account"

    def newest(self) -> Any:
        return self.order_by("contract", "-made_on", "-pk").distinct("contract")


class RenewalCall(models.Model):
    """What an account manager expects of a contract's renewal; a later call replaces it, none is lost."""

    class Call(models.TextChoices):
        RENEWS = "renews", "will renew"
        SMALLER = "smaller", "will renew for less"
        LOST = "lost", "will not renew"
        UNKNOWN = "unknown", "don't know"

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="calls")
    call = models.CharField(max_length=7, choices=Call)
    expected_value = MoneyField(
        "expected a year", null=True, blank=True, help_text="In the contract's currency, where it is less."
    )
    reason = models.CharField("why", max_length=300, blank=True, default="")
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_on = models.DateField()

    objects = RenewalCallQuerySet.as_manager()

    class Meta:
        ordering = ["contract", "-made_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expected_value__isnull=True) | Q(call="smaller", expected_value__gte=0),
                name="renewal_call_value",
                violation_error_message="Only a renewal for less has a value of its own.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.contract}: {self.get_call_display()}"


class ReviewQuerySet(ContentQuerySet):
    def planned(self) -> Self:
        return self.filter(status=Review.Status.PLANNED)

    def held(self) -> Self:
        return self.filter(status=Review.Status.HELD)


@pghistory.track(exclude=["figures"])
class Review(Versioned):
    """A business review with a customer: prepared, held, rated, and what follows from it."""

    class Status(models.TextChoices):
        PLANNED = "planned", "planned"
        HELD = "held", "held"
        CANCELLED = "cancelled", "cancelled"

    account = models.ForeignKey(Account, models.PROTECT, related_name="reviews")
    on = models.DateField("date")
    title = models.CharField(max_length=200)
    status = models.CharField(max_length=9, choices=Status, default=Status.PLANNED, editable=False)
    period_start = models.DateField("figures from")
    period_end = models.DateField("until", help_text="The first day after the period.")
    run = models.PositiveBigIntegerField(
        null=True, editable=False, help_text="The run whose figures were shown; kept when the review is held."
    )
    # The texts of the deck; what is not written here is made of the account's rows.
    summary = models.TextField("in short", blank=True, default="")
    wins = models.TextField("what went well", blank=True, default="")
    troubles = models.TextField("what did not", blank=True, default="")
    next_steps = models.TextField("what comes next", blank=True, default="")
    figures = models.JSONField(null=True, editable=False, help_text="What was shown, as it was shown.")
    contacts = models.ManyToManyField(Contact, related_name="reviews", blank=True, verbose_name="who of them")
    colleagues = models.ManyToManyField(User, related_name="reviews", blank=True, verbose_name="who of us")
    rating = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        choices=[(1, "poor"), (2, "fair"), (3, "good"), (4, "very good"), (5, "excellent")],
    )
    notes = models.TextField(blank=True, default="")
    next_on = models.DateField("next review", null=True, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, editable=False, related_name="+")

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["-on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(period_end__gt=F("period_start")),
                name="review_period_begins_before_it_ends",
                violation_error_message="The period begins before it ends.",
            ),
            models.CheckConstraint(
                condition=Q(rating__isnull=True) | Q(rating__range=(1, 5)),
                name="review_rating",
                violation_error_message="A rating lies between 1 and 5.",
            ),
            models.CheckConstraint(
                condition=Q(next_on__isnull=True) | Q(next_on__gt=F("on")),
                name="review_next_is_later",
                violation_error_message="The next review comes after this one.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, {self.on}"


class HandOverQuerySet(ContentQuerySet):
    def waiting(self, today: datetime.date) -> Self:
        """Its day has come, and the open work has not gone along yet."""
        return self.filter(with_work=True, work_went_on__isnull=True, on__lte=today)


class HandOver(models.Model):
    """An account that went from one owner to another, and what the one told the other."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="hand_overs")
    from_user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    to_user = models.ForeignKey(User, models.PROTECT, related_name="+")
    on = models.DateField()
    note = models.TextField(blank=True, default="")
    with_work = models.BooleanField(
        "open work goes along", default=False, help_text="The old owner's open actions and requests."
    )
    work_went_on = models.DateField(null=True, blank=True, editable=False)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = HandOverQuerySet.as_manager()

    class Meta:
        ordering = ["-on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(from_user__isnull=True) | ~Q(from_user=F("to_user")),
                name="hand_over_to_another",
                violation_error_message="An account is handed over to somebody else.",
            )
        ]
        indexes = [
            models.Index(
                fields=["on"],
                condition=Q(with_work=True, work_went_on__isnull=True),
                name="hand_over_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account} to {self.to_user} on {self.on}"


class OneOnOneQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User) -> Self:
        """A lead's own notes about a talk; nobody else reads them."""
        return self.filter(lead=user)


class OneOnOne(models.Model):
    """A talk of a lead with an account manager: what to come back to next time."""

    lead = models.ForeignKey(User, models.CASCADE, related_name="one_on_ones_held")
    manager = models.ForeignKey(User, models.CASCADE, related_name="one_on_ones")
    held_on = models.DateField()
    note = models.TextField("for next time", blank=True, default="")
    run = models.PositiveBigIntegerField(null=True, editable=False, help_text="The run that was looked at.")

    objects = OneOnOneQuerySet.as_manager()

    class Meta:
        ordering = ["-held_on", "-pk"]
        verbose_name = "1:1"
        constraints = [
            models.CheckConstraint(condition=~Q(lead=F("manager")), name="one_on_one_needs_two"),
            models.UniqueConstraint(
                fields=["lead", "manager", "held_on"],
                name="one_on_one_one_a_day",
                violation_error_message="This talk is noted already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead} and {self.manager}, {self.held_on}"
