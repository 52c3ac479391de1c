import datetime
import zoneinfo
from typing import Any, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.fields import (
    CurrencyField,
    Dated,
    Sourced,
    begins_before_it_ends,
    known_currency,
    never_overlapping,
    unique_in_source,
)

__all__ = ["Grant", "Membership", "Organisation", "Role", "Team", "User"]


def known_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"“{name}” is not a time zone; write it as Europe/Berlin.")


class Organisation(models.Model):
    """The settings of the one organisation that this installation serves."""

    name = models.CharField(max_length=200, default="My organisation")
    time_zone = models.CharField(
        max_length=50,
        default="Europe/Berlin",
        validators=[known_time_zone],
        help_text="Decides on which day something happened.",
    )
    reporting_currency = CurrencyField(default="EUR", help_text="Sums over accounts are shown in it.")
    fiscal_year_start = models.PositiveSmallIntegerField(
        "fiscal year starts in month",
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
        help_text="1 to 12; the fiscal year begins on the first day of this month.",
    )
    grace_days = models.PositiveSmallIntegerField(
        default=0, help_text="Days after a contract's last day in which a late renewal still counts."
    )
    returned_days = models.PositiveSmallIntegerField(
        default=90, help_text="An account back within so many days is returned, not new."
    )
    lifespan_years = models.DecimalField(
        "assumed lifespan",
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="Years that a customer stays, used only where no loss was seen. Empty: then there is no value.",
    )
    run_hour = models.PositiveSmallIntegerField(
        default=2, validators=[MaxValueValidator(23)], help_text="Hour of the nightly run, in the time zone above."
    )
    made_up = models.BooleanField(
        default=False, editable=False, help_text="Demonstration data: every name and figure is made up."
    )

    class Meta:
        verbose_name_plural = "organisation"
        constraints = [
            models.CheckConstraint(
                condition=Q(pk=1), name="organisation_only_one", violation_error_message="There is one organisation."
            ),
            known_currency("organisation", "reporting_currency"),
            models.CheckConstraint(
                condition=Q(fiscal_year_start__range=(1, 12)), name="organisation_fiscal_month_exists"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> "Organisation":
        return cls.objects.filter(pk=1).first() or cls(pk=1)

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    def today(self) -> datetime.date:
        return timezone.now().astimezone(self.zone).date()


class Role(models.TextChoices):
    MANAGER = "manager", "account manager"
    LEAD = "lead", "team lead"
    HEAD = "head", "head of key accounts"
    MARKETING = "marketing", "marketing"
    VIEWER = "viewer", "viewer"
    ADMINISTRATOR = "administrator", "administrator"


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **{"role": Role.ADMINISTRATOR, **fields})

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, Sourced):
    """A person who logs in with an e-mail address and has one role."""

    email = models.EmailField("e-mail", max_length=254, unique=True)
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=20, choices=Role, default=Role.MANAGER)
    is_active = models.BooleanField("may log in", default=True)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"), name="user_email_unique", violation_error_message="Someone has this e-mail already."
            ),
            unique_in_source("user"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_staff(self) -> bool:
        return self.role == Role.ADMINISTRATOR

    @property
    def is_superuser(self) -> bool:
        return self.is_staff

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_active and self.is_staff

    def has_perms(self, perms: list[str], obj: object = None) -> bool:
        return self.has_perm("", obj)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_staff

    def get_full_name(self) -> str:
        return self.name


class TeamQuerySet(models.QuerySet["Team"]):
    def with_sub_teams(self) -> Self:
        """These teams and every team below them."""
        children: dict[int | None, list[int]] = {}
        for pk, parent in Team.objects.values_list("pk", "parent_id"):
            children.setdefault(parent, []).append(pk)
        found: set[int] = set()
        waiting = list(self.values_list("pk", flat=True))
        while waiting:
            pk = waiting.pop()
            if pk not in found:
                found.add(pk)
                waiting.extend(children.get(pk, []))
        return self.model._default_manager.filter(pk__in=found)  # type: ignore[return-value]

    def led_by(self, user: User) -> Self:
        return self.filter(lead=user).with_sub_teams()


class Team(Sourced):
    name = models.CharField(max_length=100, unique=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="sub_teams")
    lead = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="teams_led")

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(parent=F("pk")),
                name="team_not_its_own_parent",
                violation_error_message="A team cannot be part of itself.",
            ),
            unique_in_source("team"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        above, seen = self.parent, {self.pk}
        while above is not None:
            if above.pk in seen:
                raise ValidationError({"parent": f"{self.name} would be part of itself, by way of {above.name}."})
            seen.add(above.pk)
            above = above.parent


class Membership(Dated):
    """Which team a person belongs to, by day; at most one at a time."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, models.PROTECT, related_name="memberships")

    class Meta:
        ordering = ["user", "during"]
        constraints = [
            begins_before_it_ends("membership"),
            never_overlapping(
                "membership", "user", message="This person belongs to another team on some of these days."
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"


class Grant(models.Model):
    """What a head lets a viewer see: one account, one team's accounts, or the whole company."""

    viewer = models.ForeignKey(User, models.CASCADE, related_name="grants", limit_choices_to={"role": Role.VIEWER})
    account = models.ForeignKey("accounts.Account", models.CASCADE, null=True, blank=True, related_name="grants")
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="grants")
    whole_company = models.BooleanField(default=False)
    granted_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    granted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(account__isnull=False, team__isnull=True, whole_company=False)
                    | Q(account__isnull=True, team__isnull=False, whole_company=False)
                    | Q(account__isnull=True, team__isnull=True, whole_company=True)
                ),
                name="grant_names_one_thing",
                violation_error_message="Name an account, a team, or the whole company: exactly one of them.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.viewer}: {self.account or self.team or 'the company'}"
