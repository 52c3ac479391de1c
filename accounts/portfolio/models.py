import datetime
from typing import Self

import pghistory
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from accounts.fields import (
    CurrencyField,
    Dated,
    DatedQuerySet,
    Sourced,
    begins_before_it_ends,
    known_currency,
    never_above_itself,
    never_overlapping,
    unique_in_source,
)
from accounts.people.models import Organisation, Role, Team, User

__all__ = [
    "Account",
    "Assignment",
    "Classification",
    "FunnelPhase",
    "FunnelStage",
    "Industry",
    "Region",
    "SavedFilter",
    "Tier",
]


class Named(Sourced):
    """Reference data: a short list of names that an administrator keeps."""

    name = models.CharField(max_length=100, unique=True)
    position = models.PositiveSmallIntegerField(
        default=0, help_text="Place in lists; the smallest comes first."
    )

    class Meta:
        abstract = True
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Tier(Named):
    cadence_days = models.PositiveSmallIntegerField(
        "rhythm", null=True, blank=True, help_text="Days that may pass without a two-way contact."
    )
    answer_hours = models.PositiveSmallIntegerField(
        "hours until a first answer",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Empty: as the organisation says.",
    )

    class Meta(Named.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(answer_hours__isnull=True) | Q(answer_hours__gte=1),
                name="tier_answer_takes_time",
                violation_error_message="An answer takes an hour at least.",
            )
        ]


class Industry(Named):
    class Meta(Named.Meta):
        verbose_name_plural = "industries"


class Region(Named):
    pass


class FunnelStage(Named):
    """Where an account stands on its way to becoming a customer, in order of `position`."""


class AccountQuerySet(models.QuerySet["Account"]):
    def visible_to(self, user: User, today: datetime.date | None = None) -> Self:
        """The accounts whose content this person may see today (design: who may see and do what)."""
        if not user.is_active:
            return self.none()
        if user.role in {Role.HEAD, Role.MARKETING}:
            return self
        if user.role == Role.ADMINISTRATOR:
            return self if getattr(user, "is_elevated", False) else self.none()
        today = today or Organisation.current().today()
        if user.role == Role.VIEWER:
            return self._granted_to(user, today)
        own = Q(pk__in=Assignment.objects.on(today).filter(user=user).values("account"))
        if user.role == Role.LEAD:
            own |= Q(
                pk__in=Assignment.objects.owned_by_teams(Team.objects.led_by(user), today).values("account")
            )
        return self.filter(own)

    def _granted_to(self, user: User, today: datetime.date) -> Self:
        grants = user.grants
        if grants.filter(whole_company=True).exists():
            return self
        teams = Team.objects.filter(grants__viewer=user).with_sub_teams()
        return self.filter(
            Q(pk__in=grants.filter(account__isnull=False).values("account"))
            | Q(pk__in=Assignment.objects.owned_by_teams(teams, today).values("account"))
        )

    def active(self) -> Self:
        return self.filter(archived_at__isnull=True)

    def named_like(self, text: str) -> Self:
        return self.filter(name__icontains=text)


@pghistory.track(exclude=["source"])
class Account(Sourced):
    """A key account: a company that we sell to, perhaps part of a group of companies."""

    name = models.CharField(max_length=200)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="part of"
    )
    currency = CurrencyField(default="EUR", help_text="In which this customer pays.")
    city = models.CharField(max_length=100, blank=True, default="")
    country = models.CharField(max_length=100, blank=True, default="")
    website = models.URLField(blank=True, default="")
    description = models.TextField(blank=True, default="")
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(parent=F("pk")),
                name="account_not_its_own_parent",
                violation_error_message="A company cannot be part of itself.",
            ),
            known_currency("account"),
            unique_in_source("account"),
        ]
        triggers = [
            never_above_itself("accounts_account", "A company cannot be part of itself, by way of another.")
        ]
        indexes = [models.Index(Upper("name"), name="account_name_upper")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        above, seen = self.parent, {self.pk}
        while above is not None:
            if above.pk in seen:
                raise ValidationError(
                    {"parent": f"{self.name} would be part of itself, by way of {above.name}."}
                )
            seen.add(above.pk)
            above = above.parent


class AssignmentQuerySet(DatedQuerySet):
    def owners(self) -> Self:
        return self.filter(role=Assignment.AccountRole.OWNER)

    def owned_by_teams(self, teams: models.QuerySet[Team], today: datetime.date) -> Self:
        """Assignments of the owners who belong to one of these teams today."""
        members = User.objects.filter(memberships__team__in=teams, memberships__during__contains=today)
        return self.owners().on(today).filter(user__in=members)


@pghistory.track()
class Assignment(Dated):
    """Who looks after an account, in which part, on which days; one owner a day."""

    class AccountRole(models.TextChoices):
        OWNER = "owner", "owner"
        DEPUTY = "deputy", "deputy"
        SPONSOR = "sponsor", "executive sponsor"

    account = models.ForeignKey(Account, models.CASCADE, related_name="assignments")
    user = models.ForeignKey(User, models.PROTECT, related_name="assignments")
    role = models.CharField(max_length=10, choices=AccountRole, default=AccountRole.OWNER)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        ordering = ["account", "during"]
        constraints = [
            begins_before_it_ends("assignment"),
            never_overlapping(
                "assignment_owner",
                "account",
                message="This account has another owner on some of these days.",
                condition=Q(role="owner"),
            ),
            never_overlapping(
                "assignment_person",
                "account",
                "user",
                "role",
                message="This person already has this part on some of these days.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()} of {self.account}"


class Classification(Dated):
    """What kind of account this is, by day: tier, target or not, industry, region; unknown is legal."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="classifications")
    tier = models.ForeignKey(Tier, models.PROTECT, null=True, blank=True)
    is_target = models.BooleanField(
        "target account", null=True, help_text="Chosen for account-based marketing. Empty: unknown."
    )
    industry = models.ForeignKey(Industry, models.PROTECT, null=True, blank=True)
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        ordering = ["account", "during"]
        constraints = [
            begins_before_it_ends("classification"),
            never_overlapping(
                "classification",
                "account",
                message="This account is classified otherwise on some of these days.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.tier or 'no tier'}"


class FunnelPhase(Dated):
    """The days that an account spent in one stage of the funnel."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="funnel_phases")
    stage = models.ForeignKey(FunnelStage, models.PROTECT)

    objects = DatedQuerySet.as_manager()

    class Meta:
        ordering = ["account", "during"]
        constraints = [
            begins_before_it_ends("funnel_phase"),
            never_overlapping(
                "funnel_phase",
                "account",
                message="This account stands in another stage on some of these days.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.stage}"


class SavedFilter(models.Model):
    """A person's own name for a view of the portfolio: the query string of its URL."""

    user = models.ForeignKey(User, models.CASCADE, related_name="saved_filters")
    name = models.CharField(max_length=100)
    query = models.CharField(max_length=1000)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"],
                name="saved_filter_name_unique",
                violation_error_message="You already have a filter of this name.",
            )
        ]

    def __str__(self) -> str:
        return self.name
