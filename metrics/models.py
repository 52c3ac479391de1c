"""The read side. `AccountMonth` and what is made of it can be rebuilt from accounts/; runs, past versions and
targets are records."""

import datetime
import json
from decimal import Decimal
from typing import Any, Self

import pghistory
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from accounts.fields import (
    CurrencyField,
    Dated,
    DatedQuerySet,
    MoneyField,
    begins_before_it_ends,
    never_overlapping,
)
from accounts.models import Tier, User
from metrics.sources import COLUMNS


class ExactDecoder(json.JSONDecoder):
    """Reads every fraction as a decimal, so that stored sums stay exact."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "parse_float": Decimal})


class RunQuerySet(models.QuerySet["Run"]):
    def told_apart(self) -> Self:
        """Each knows whether another run that can still be read looked at the same last day."""
        days = Run.objects.filter(is_kept=True).values("as_of").annotate(runs=models.Count("pk"))
        return self.annotate(shares_its_day=Q(as_of__in=days.filter(runs__gt=1).values("as_of")))


class Run(models.Model):
    """One published recompute; its number is what "as of run N" means."""

    class Cause(models.TextChoices):
        SCHEDULED = "scheduled", "nightly"
        MANUAL = "manual", "asked for"
        FULL = "full", "full rebuild"

    cause = models.CharField(max_length=10, choices=Cause)
    due = models.DateField(
        null=True, blank=True, help_text="The night it was due; only nightly runs have one."
    )
    as_of = models.DateField(help_text="The last day it looked at, in the organisation's time zone.")
    first_month = models.DateField(null=True, blank=True)
    published_at = models.DateTimeField()
    is_full = models.BooleanField(default=False)
    is_kept = models.BooleanField(
        default=True, help_text="Its figures can still be read as of it; old runs within a month give way."
    )
    seconds = models.FloatField(default=0)
    accounts = models.PositiveIntegerField(
        default=0, help_text="Accounts recomputed back into closed months."
    )
    rows_inserted = models.PositiveIntegerField(default=0)
    rows_replaced = models.PositiveIntegerField(default=0)
    restated = models.PositiveIntegerField(default=0, help_text="Replaced rows of months closed before.")
    figures = models.PositiveIntegerField(default=0, help_text="Stored sums that changed.")
    fingerprint = models.CharField(max_length=64, help_text="Of everything that decides what the facts are.")
    definitions = models.JSONField(default=dict, help_text="KPI id to the version of its definition.")
    settings = models.JSONField(default=dict, help_text="The organisation's settings it was made with.")
    seal = models.JSONField(
        default=dict,
        help_text="By what the next run tells whether signals of closed months are still the same.",
    )
    errors = models.JSONField(default=list, help_text="Rows that could not be counted, and why.")
    # What became of the last try, known of what `newest_run` found alone.
    last_try: str | None
    tried_until: datetime.datetime | None
    # Known of what is read by `told_apart`.
    shares_its_day = False

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        get_latest_by = "pk"
        constraints = [
            models.UniqueConstraint(fields=["due"], name="run_one_a_night"),
            models.CheckConstraint(
                condition=Q(due__isnull=True) | Q(cause="scheduled"), name="run_due_when_scheduled"
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} of {self.published_at:%Y-%m-%d %H:%M}"

    @property
    def began_at(self) -> datetime.datetime:
        """What was written later it has not seen."""
        return self.published_at - datetime.timedelta(seconds=self.seconds)


class RunAttempt(models.Model):
    """One try at a run; written over a connection of its own, so that a crash leaves its trace."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting for a worker"
        RUNNING = "running", "running"
        PUBLISHED = "published", "published"
        CRASHED = "crashed", "crashed"
        FAILED = "failed", "failed"
        SKIPPED = "skipped", "skipped"

    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    cause = models.CharField(max_length=10, choices=Run.Cause)
    due = models.DateField(null=True, blank=True)
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    step = models.CharField(max_length=100, blank=True, default="")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    backend_pid = models.IntegerField(null=True, blank=True)
    error = models.TextField(blank=True, default="")
    run = models.ForeignKey(Run, models.SET_NULL, null=True, blank=True, related_name="attempts")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["due"], condition=Q(due__isnull=False), name="run_attempt_one_a_night"
            ),
            models.UniqueConstraint(
                fields=["cause"],
                condition=Q(state="waiting", due__isnull=True),
                name="run_attempt_one_waiting",
                violation_error_message="Such a run is waiting already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_cause_display()}: {self.get_state_display()}"

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0


class QueuedAccount(models.Model):
    """An account whose facts changed, since the earliest day concerned; filled by triggers, emptied by a run.

    No unique key, so that writers never wait for each other. `everything` asks for a full rebuild.
    """

    account_id = models.BigIntegerField(null=True)
    since = models.DateField(null=True)
    everything = models.BooleanField(default=False)
    reason = models.CharField(max_length=50, blank=True, default="")
    queued_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"account {self.account_id} since {self.since}"


class DailyRate(models.Model):
    """What one unit of a currency is worth in the reporting currency, on every day; made by the run."""

    currency = CurrencyField()
    day = models.DateField()
    rate = models.DecimalField(max_digits=20, decimal_places=10)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["currency", "day"], name="daily_rate_one_a_day")]

    def __str__(self) -> str:
        return f"{self.currency} {self.day}: {self.rate}"


class Stamped(models.Model):
    """One row per account, month, credited person and class; stamps are those of the month's first day.

    Rows of deals go by what the account was when each was opened. Where that is not what the stamps say, they stand
    in a row of their own, and `opened_as` says it: tier, industry, region and target flag, between commas.

    `began` is the account's first month. `holder` is its owner on the month's last day (or the as-of day).
    Ids instead of foreign keys where a past version must outlive what it names.
    """

    account_id = models.BigIntegerField(null=True)
    month = models.DateField()
    person_id = models.BigIntegerField(null=True)
    opened_as = models.CharField(max_length=70, blank=True, default="")
    person_team_id = models.BigIntegerField(null=True)
    began = models.DateField()
    currency = models.CharField(max_length=3)
    owner_id = models.BigIntegerField(null=True)
    team_id = models.BigIntegerField(null=True)
    tier_id = models.BigIntegerField(null=True)
    industry_id = models.BigIntegerField(null=True)
    region_id = models.BigIntegerField(null=True)
    is_target = models.BooleanField(null=True)
    holder_id = models.BigIntegerField(null=True)
    holder_team_id = models.BigIntegerField(null=True)
    valid_from = models.BigIntegerField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"account {self.account_id}, {self.month:%Y-%m}"


STAMPS = (
    "person_team_id",
    "began",
    "currency",
    "owner_id",
    "team_id",
    "tier_id",
    "industry_id",
    "region_id",
    "is_target",
    "holder_id",
    "holder_team_id",
)
KEY = ("account_id", "month", "person_id", "opened_as")
CLASSES = ("tier_id", "industry_id", "region_id", "is_target")
"""What `opened_as` names, in this order."""


def measure_field(is_money: bool) -> "models.DecimalField[Any, Any]":
    """Money and shares of deals are exact decimals; everything else fits them too."""
    return models.DecimalField(max_digits=24, decimal_places=6 if is_money else 4, default=0)


for _column in COLUMNS:
    Stamped.add_to_class(_column.name, measure_field(_column.is_money))


WHOSE = (
    "owner_id",
    "team_id",
    "tier_id",
    "industry_id",
    "region_id",
    "is_target",
    "holder_id",
    "holder_team_id",
)


class AccountMonth(Stamped):
    """The facts as of the newest run."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account_id", "month", "person_id", "opened_as"],
                name="account_month_key",
                nulls_distinct=False,
            )
        ]
        indexes = [
            # With what a page sums over a year of everyone, so that it need not read the wide rows.
            models.Index(fields=["month", "account_id"], include=["revenue"], name="account_month_month"),
            models.Index("owner_id", "month", name="account_month_owner"),
            models.Index("holder_id", "month", name="account_month_holder"),
            # Who had which accounts in a month, of a whole team or the company, without the wide rows either.
            models.Index(
                fields=["month"],
                include=["account_id", "began", *WHOSE],
                name="account_month_whose",
            ),
            models.Index("month", condition=Q(month=F("began")), name="account_month_first"),
            models.Index("valid_from", name="account_month_valid_from"),
        ]


class AccountMonthPast(Stamped):
    """Rows that a later run replaced: valid in the runs `[valid_from, valid_to)`."""

    valid_to = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index("account_id", "month", name="account_month_past_account"),
            models.Index("valid_to", "valid_from", name="account_month_past_valid"),
        ]


class Scope(models.TextChoices):
    COMPANY = "company", "company"
    OWNER = "owner", "person"
    TEAM = "team", "team"
    TIER = "tier", "tier"
    INDUSTRY = "industry", "industry"
    REGION = "region", "region"
    TARGET = "target", "target accounts"
    ACCOUNT = "account", "account"


class View(models.TextChoices):
    AS_WAS = "as-was", "credit as it was"
    CURRENT_BOOK = "current-book", "current book"


class ExactNumber(models.DecimalField):  # type: ignore[type-arg]
    """A sum with as many digits as it has."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 1000, "decimal_places": 500, **kwargs})

    def db_type(self, connection: Any) -> str:
        return "numeric"


def of_account(part: str) -> models.GeneratedField:
    """A part of an account's figures in a column of its own: who sorts all accounts by it opens no JSON."""
    taken = Cast(KeyTextTransform(part, "figures"), ExactNumber())
    is_one = Q(scope=Scope.ACCOUNT, kind="accounts")
    return models.GeneratedField(
        expression=Case(When(is_one, then=taken)), output_field=ExactNumber(null=True), db_persist=True
    )


class ScopeFigures(models.Model):
    """The stored parts of every KPI for one scope and period: sums that results are made of, never results.

    `key` is the id of the person, team, tier ... (1 and 0 for target accounts); empty: unassigned or unknown.
    Valid in the runs `[valid_from, valid_to)`, the newest has no end.
    """

    class Kind(models.TextChoices):
        ACCOUNTS = "accounts", "sums over whole accounts"
        ROWS = "rows", "sums over the rows of a person or team, or of a class when they were opened"
        SINGLE = "single", "figures made of single rows"

    view = models.CharField(max_length=12, choices=View)
    starts = models.DateField()
    ends = models.DateField()
    scope = models.CharField(max_length=10, choices=Scope)
    key = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=8, choices=Kind)
    figures = models.JSONField(decoder=ExactDecoder)
    valid_from = models.BigIntegerField()
    valid_to = models.BigIntegerField(null=True)
    # What the portfolio sorts by.
    revenue_now = of_account("revenue_now")
    delta = of_account("delta")
    start_value = of_account("start_value")
    expansion = of_account("expansion")
    contraction = of_account("contraction")
    lost_value = of_account("lost_value")
    health_sum = of_account("health_sum")
    healthy_accounts = of_account("healthy_accounts")
    pipeline_amount = of_account("pipeline_amount")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                F("view"),
                F("starts"),
                F("ends"),
                F("scope"),
                Coalesce("key", -1),
                F("kind"),
                condition=Q(valid_to__isnull=True),
                name="scope_figures_one_valid",
            )
        ]
        indexes = [
            models.Index("scope", "key", "ends", "starts", "view", name="scope_figures_lookup"),
            models.Index("starts", "ends", "valid_to", name="scope_figures_period"),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.key} [{self.starts}, {self.ends})"


class Rule(models.TextChoices):
    """When a target is met."""

    AT_LEAST = "at_least", "at least"
    AT_MOST = "at_most", "at most"
    BAND = "band", "between"


@pghistory.track()
class Target(models.Model):
    """What a KPI is to reach in a scope; the newest one that has begun holds until the next, or until its end."""

    kpi = models.CharField("number", max_length=50)
    scope = models.CharField(max_length=10, choices=Scope, default=Scope.COMPANY)
    key = models.BigIntegerField(
        null=True, blank=True, help_text="Id of the person, team or segment; empty for the company."
    )
    period_kind = models.CharField(
        max_length=10,
        default="t12",
        help_text="For which kind of period it is meant, as month, quarter, year, t12.",
    )
    starts = models.DateField("from", help_text="First day on which it holds.")
    until = models.DateField(
        "up to",
        null=True,
        blank=True,
        help_text="Last day on which it holds; empty: until the next one begins.",
    )
    rule = models.CharField(
        max_length=8, choices=Rule, blank=True, default="", help_text="Empty: what is better for this number."
    )
    value = MoneyField(help_text="In the number's unit; money in the reporting currency.")
    upper = MoneyField(
        "upper end", null=True, blank=True, help_text="Of a target that is met between two values."
    )
    reason = models.CharField(max_length=200, blank=True, default="", help_text="Why this value.")
    set_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    set_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["kpi", "scope", "key", "-starts"]
        constraints = [
            models.UniqueConstraint(
                F("kpi"),
                F("scope"),
                Coalesce("key", -1),
                F("period_kind"),
                F("starts"),
                name="target_one_a_start",
                violation_error_message="There is a target from this day already.",
            ),
            models.CheckConstraint(
                condition=Q(scope="company", key__isnull=True) | ~Q(scope="company"),
                name="target_company_has_no_key",
                violation_error_message="The company has no key.",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("starts")),
                name="target_ends_after_it_starts",
                violation_error_message="It must not end before it begins.",
            ),
            models.CheckConstraint(
                condition=Q(rule="band", upper__isnull=False, upper__gt=F("value"))
                | (~Q(rule="band") & Q(upper__isnull=True)),
                name="target_band_has_two_ends",
                violation_error_message="Two values need an upper end above the lower one; other rules have none.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kpi} {self.scope} {self.key or ''}: {self.value}"


OTHER_LIMIT = "This limit has another value on some of these days."


class Threshold(Dated):
    """A limit that sorts accounts, on the days it held; before the first row its usual value holds.

    One of a tier goes before that of everyone, on the days on which the account is of that tier.
    """

    class Name(models.TextChoices):
        WARM = "band_warm", "Warm from"
        HOT = "band_hot", "Hot from"
        RED_HOT = "band_red_hot", "Red-hot from"
        STAY = "band_stay", "Stays in its band until it fell by"

    name = models.CharField(max_length=30, choices=Name)
    tier = models.ForeignKey(
        Tier, models.PROTECT, null=True, blank=True, related_name="+", help_text="Empty: of everyone."
    )
    value = models.DecimalField(max_digits=8, decimal_places=2)

    objects = DatedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "during"]
        constraints = [
            begins_before_it_ends("threshold"),
            never_overlapping("threshold", "name", message=OTHER_LIMIT, condition=Q(tier__isnull=True)),
            never_overlapping("threshold_of_tier", "name", "tier", message=OTHER_LIMIT),
            models.CheckConstraint(
                condition=Q(value__gte=0),
                name="threshold_not_negative",
                violation_error_message="A limit is not negative.",
            ),
            models.CheckConstraint(
                condition=Q(name="band_stay") | Q(value__gt=0),
                name="threshold_of_a_band_above_nothing",
                violation_error_message="A band must begin above 0 points.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_name_display()}: {self.value}"


class WeightChange(models.Model):
    """That somebody changed a weight or limit: from what to what, from which day on, and why. Never edited."""

    weight = models.CharField(max_length=60, help_text="Which one: its kind and number or name.")
    label = models.CharField(max_length=150)
    before = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    after = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    starts = models.DateField("from")
    reason = models.CharField(max_length=200)
    kpis = models.JSONField(default=list, help_text="The numbers it enters.")
    changed_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-starts", "-pk"]
        indexes = [models.Index(fields=["weight", "-starts"], name="weight_change_weight")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="weight_change_has_a_reason",
                violation_error_message="Say why it is changed.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.label} from {self.starts}"


class FittedModel(models.Model):
    """One model of one run: its rates, or why it was not fitted. Kept with the run."""

    class Name(models.TextChoices):
        ORDERS = "orders", "orders without a contract (BG/NBD and Gamma-Gamma)"
        RENEWALS = "renewals", "contracts (shifted-beta-geometric)"

    run = models.ForeignKey(Run, models.CASCADE, related_name="fitted_models")
    name = models.CharField(max_length=10, choices=Name)
    rates = models.JSONField(default=dict)
    n = models.PositiveIntegerField(help_text="Customers or contracts it was fitted on.")
    log_likelihood = models.FloatField(null=True)
    refused = models.CharField(max_length=200, blank=True, default="", help_text="Why there is none.")
    version = models.CharField(max_length=12)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="fitted_model_one_a_run")]

    def __str__(self) -> str:
        return f"{self.get_name_display()} in run {self.run_id}"


class Prediction(models.Model):
    """What is to be expected of one account; rows of the newest run and of the last one of each month."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="predictions")
    account_id = models.BigIntegerField()
    name = models.CharField(max_length=10, choices=FittedModel.Name)
    chance = models.FloatField(help_text="That they still order, or that the next renewal succeeds.")
    expected = models.FloatField(help_text="Orders in the next 12 months, or renewals still to come.")
    value = models.DecimalField(max_digits=18, decimal_places=2, help_text="In the reporting currency.")
    low = models.DecimalField(max_digits=18, decimal_places=2)
    high = models.DecimalField(max_digits=18, decimal_places=2)
    inputs = models.JSONField(help_text="What the model was told about the account.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "account_id", "name"], name="prediction_one_a_run")
        ]

    def __str__(self) -> str:
        return f"account {self.account_id} in run {self.run_id}"


# What goes out: these areas need the scopes above.
from metrics.alerts.models import Alert  # noqa: E402
from metrics.api.tokens import ApiToken  # noqa: E402
from metrics.assumptions import Assumption  # noqa: E402
from metrics.board import BoardNumber, BoardRemark  # noqa: E402
from metrics.comments import Comment  # noqa: E402
from metrics.digests.models import Digest, DigestSettings, DigestTrial  # noqa: E402

__all__ = [
    "CLASSES",
    "KEY",
    "STAMPS",
    "AccountMonth",
    "AccountMonthPast",
    "Alert",
    "ApiToken",
    "Assumption",
    "BoardNumber",
    "BoardRemark",
    "Comment",
    "DailyRate",
    "Digest",
    "DigestSettings",
    "DigestTrial",
    "ExactDecoder",
    "FittedModel",
    "Prediction",
    "QueuedAccount",
    "Run",
    "RunAttempt",
    "Scope",
    "ScopeFigures",
    "Stamped",
    "Target",
    "View",
    "measure_field",
]
