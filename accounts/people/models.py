import datetime
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self

import pghistory
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.fields import (
    CurrencyField,
    Dated,
    Sourced,
    begins_before_it_ends,
    known_currency,
    never_above_itself,
    never_overlapping,
    unique_in_source,
)

__all__ = [
    "Elevation",
    "Grant",
    "Invitation",
    "Membership",
    "Message",
    "Organisation",
    "Role",
    "Session",
    "Team",
    "User",
    "ViewAs",
    "ViewedPage",
]


_of_request: ContextVar["list[Organisation] | None"] = ContextVar("organisation", default=None)


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
        help_text="Years a customer stays, used only where no loss was seen. Empty: then there is no value.",
    )
    answer_hours = models.PositiveSmallIntegerField(
        "hours until a first answer",
        default=8,
        validators=[MinValueValidator(1)],
        help_text="A new request is to be answered within so many hours; a tier may have a limit of its own.",
    )
    run_hour = models.PositiveSmallIntegerField(
        default=2,
        validators=[MaxValueValidator(23)],
        help_text="Hour of the nightly run, in the time zone above.",
    )
    keep_history_months = models.PositiveSmallIntegerField(
        "months of audit history",
        null=True,
        blank=True,
        default=60,
        validators=[MinValueValidator(3)],
        help_text="Who changed what is deleted after so many months. Empty: kept for good.",
    )
    keep_access_months = models.PositiveSmallIntegerField(
        "months of access log",
        null=True,
        blank=True,
        default=24,
        validators=[MinValueValidator(3)],
        help_text="Elevations, and pages viewed as somebody else. Empty: kept for good.",
    )
    keep_mail_days = models.PositiveSmallIntegerField(
        "days of sent mails",
        null=True,
        blank=True,
        default=400,
        validators=[MinValueValidator(200)],
        help_text="That a mail was sent to whom; its text is never kept. Empty: kept for good.",
    )
    keep_import_months = models.PositiveSmallIntegerField(
        "months of imported rows",
        null=True,
        blank=True,
        default=12,
        validators=[MinValueValidator(1)],
        help_text="Old and new values that an import's dry run showed. Empty: kept for good.",
    )
    made_up = models.BooleanField(
        default=False, editable=False, help_text="Demonstration data: every name and figure is made up."
    )

    class Meta:
        verbose_name_plural = "organisation"
        constraints = [
            models.CheckConstraint(
                condition=Q(pk=1),
                name="organisation_only_one",
                violation_error_message="There is one organisation.",
            ),
            known_currency("organisation", "reporting_currency"),
            models.CheckConstraint(
                condition=Q(fiscal_year_start__range=(1, 12)), name="organisation_fiscal_month_exists"
            ),
            models.CheckConstraint(
                condition=(Q(keep_history_months__isnull=True) | Q(keep_history_months__gte=3))
                & (Q(keep_access_months__isnull=True) | Q(keep_access_months__gte=3))
                & (Q(keep_mail_days__isnull=True) | Q(keep_mail_days__gte=200))
                & (Q(keep_import_months__isnull=True) | Q(keep_import_months__gte=1)),
                name="organisation_keeps_long_enough",
                violation_error_message="Mails are kept for 200 days at least, histories for 3 months.",
            ),
            models.CheckConstraint(
                condition=Q(answer_hours__gte=1),
                name="organisation_answer_takes_time",
                violation_error_message="An answer takes an hour at least.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> "Organisation":
        """The settings; within a request they are read once."""
        kept = _of_request.get()
        if kept is None:
            return cls.objects.filter(pk=1).first() or cls(pk=1)
        if not kept:
            kept.append(cls.objects.filter(pk=1).first() or cls(pk=1))
        return kept[0]

    @classmethod
    @contextmanager
    def kept(cls) -> Iterator[None]:
        """Read the settings at most once inside the block."""
        token = _of_request.set([])
        try:
            yield
        finally:
            _of_request.reset(token)

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


class UserQuerySet(models.QuerySet["User"]):
    def with_team(self, today: datetime.date) -> Self:
        """`team_name`: the team of this day, or nothing."""
        current = Membership.objects.filter(user=OuterRef("pk"), during__contains=today)
        return self.annotate(team_name=Subquery(current.values("team__name")[:1]))

    def with_invitation(self) -> Self:
        """`invited_until`: until when the newest invitation works; nothing once it was used."""
        newest = Invitation.objects.filter(user=OuterRef("pk"), used_at__isnull=True)
        return self.annotate(invited_until=Subquery(newest.order_by("-invited_at").values("expires_at")[:1]))


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user: User = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **{"role": Role.ADMINISTRATOR, **fields})

    def get_by_natural_key(self, username: str | None) -> "User":
        user: User = self.get(email__iexact=username)
        return user


@pghistory.track(fields=["email", "name", "role", "is_active"], model_name="UserEvent")
class User(AbstractBaseUser, Sourced):
    """A person who logs in with an e-mail address and has one role."""

    email = models.EmailField("e-mail", max_length=254, unique=True)
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=20, choices=Role, default=Role.MANAGER)
    is_active = models.BooleanField("may log in", default=True)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)
    erased_on = models.DateField(
        null=True, blank=True, editable=False, help_text="Since then nobody knows who it was."
    )

    objects = UserManager()

    # Set by middleware for the length of one request.
    is_elevated = False

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique",
                violation_error_message="Someone has this e-mail already.",
            ),
            models.CheckConstraint(
                condition=Q(erased_on__isnull=True)
                | Q(name__startswith="Former colleague ", is_active=False, external_id=""),
                name="user_erased_stays_so",
                violation_error_message="This person was erased at their wish. Invite a new one instead.",
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


class SessionQuerySet(models.QuerySet["Session"]):
    def of(self, user: User) -> Self:
        """Those in which a person is logged in."""
        return self.filter(user=user, expire_date__gt=timezone.now())


class Session(AbstractBaseSession):
    """A browser's session; Django's own does not know whose it is."""

    user = models.ForeignKey(User, models.CASCADE, related_name="sessions", null=True, editable=False)

    objects = BaseSessionManager.from_queryset(SessionQuerySet)()  # type: ignore[misc]

    class Meta(AbstractBaseSession.Meta):
        pass

    @classmethod
    def get_session_store_class(cls) -> Any:
        from accounts.people.sessions import SessionStore

        return SessionStore


BELOW = """WITH RECURSIVE below AS (
    SELECT id FROM accounts_team WHERE lead_id = %s
     UNION
    SELECT t.id FROM accounts_team t JOIN below ON t.parent_id = below.id)
SELECT id FROM below"""


class TeamQuerySet(models.QuerySet["Team"]):
    def with_sub_teams(self) -> Self:
        """These teams and every team below them."""
        children: dict[int | None, list[int]] = {}
        waiting = []
        begins = Exists(self.filter(pk=OuterRef("pk")))
        for pk, parent, is_one in Team.objects.annotate(is_one=begins).values_list(
            "pk", "parent_id", "is_one"
        ):
            children.setdefault(parent, []).append(pk)
            if is_one:
                waiting.append(pk)
        found: set[int] = set()
        while waiting:
            pk = waiting.pop()
            if pk not in found:
                found.add(pk)
                waiting.extend(children.get(pk, []))
        return self.model._default_manager.filter(pk__in=found)  # type: ignore[return-value]

    def led_by(self, user: User) -> Self:
        """The teams that this person leads and every team below them; asks nothing by itself."""
        return self.filter(pk__in=RawSQL(BELOW, [user.pk]))

    def visible_to(self, user: User) -> Self:
        """The teams whose members this person may see: a lead those below, head and administrator all."""
        if user.role in {Role.HEAD, Role.ADMINISTRATOR}:
            return self
        if user.role == Role.LEAD:
            return self.filter(pk__in=Team.objects.led_by(user))
        return self.none()


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
        triggers = [
            never_above_itself("accounts_team", "A team cannot be part of itself, by way of another.")
        ]

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


@pghistory.track()
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


SEEN_ALREADY = "This viewer may see it already."


class GrantQuerySet(models.QuerySet["Grant"]):
    def visible_to(self, user: User) -> Self:
        """All of them; an administrator sees those that name an account only while elevated."""
        return self if user.role == Role.HEAD or user.is_elevated else self.filter(account__isnull=True)


@pghistory.track()
class Grant(models.Model):
    """What a head lets a viewer see: one account, one team's accounts, or the whole company."""

    viewer = models.ForeignKey(
        User, models.CASCADE, related_name="grants", limit_choices_to={"role": Role.VIEWER}
    )
    account = models.ForeignKey(
        "accounts.Account", models.CASCADE, null=True, blank=True, related_name="grants"
    )
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="grants")
    whole_company = models.BooleanField(default=False)
    granted_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    granted_at = models.DateTimeField(auto_now_add=True)

    objects = GrantQuerySet.as_manager()

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
            ),
            # Whoever takes a grant away is told that nothing is seen any more: there must be no second one.
            models.UniqueConstraint(
                fields=["viewer", "account"],
                name="grant_of_account_once",
                violation_error_message=SEEN_ALREADY,
            ),
            models.UniqueConstraint(
                fields=["viewer", "team"], name="grant_of_team_once", violation_error_message=SEEN_ALREADY
            ),
            models.UniqueConstraint(
                fields=["viewer"],
                condition=Q(whole_company=True),
                name="grant_of_company_once",
                violation_error_message=SEEN_ALREADY,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.viewer}: {self.account or self.team or 'the company'}"


class Invitation(models.Model):
    """A letter that lets a new person choose a password: once, within a few days.

    Only the hash of its token is kept; the token itself exists in the mail and nowhere else."""

    LIFE = datetime.timedelta(days=3)

    user = models.ForeignKey(User, models.CASCADE, related_name="invitations")
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    invited_at = models.DateTimeField(default=timezone.now)
    token_hash = models.CharField(max_length=64, blank=True, default="", editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-invited_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["token_hash"], condition=~Q(token_hash=""), name="invitation_token_unique"
            )
        ]

    def __str__(self) -> str:
        return f"invitation of {self.user}"


class ElevationQuerySet(models.QuerySet["Elevation"]):
    def current(self) -> Self:
        return self.filter(ended_at__isnull=True, until__gt=timezone.now())


class Elevation(models.Model):
    """The minutes in which an administrator may read account content, and why."""

    LENGTH = datetime.timedelta(minutes=30)

    user = models.ForeignKey(User, models.PROTECT, related_name="elevations")
    reason = models.CharField(max_length=300)
    since = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ElevationQuerySet.as_manager()

    class Meta:
        ordering = ["-since"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="elevation_has_a_reason"),
            models.CheckConstraint(
                condition=Q(until__lte=F("since") + datetime.timedelta(minutes=30)), name="elevation_is_short"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.reason}"


class ViewAsQuerySet(models.QuerySet["ViewAs"]):
    def current(self) -> Self:
        return self.filter(ended_at__isnull=True, until__gt=timezone.now())


class ViewAs(models.Model):
    """An administrator looked at the pages as somebody else sees them."""

    LENGTH = datetime.timedelta(hours=1)

    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    whom = models.ForeignKey(User, models.PROTECT, related_name="+")
    since = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ViewAsQuerySet.as_manager()

    class Meta:
        ordering = ["-since"]
        verbose_name = "view as"
        verbose_name_plural = "views as somebody else"
        constraints = [models.CheckConstraint(condition=~Q(by=F("whom")), name="view_as_somebody_else")]

    def __str__(self) -> str:
        return f"{self.by} as {self.whom}"


class ViewedPage(models.Model):
    """One page that was opened while viewing as somebody else."""

    view_as = models.ForeignKey(ViewAs, models.CASCADE, related_name="pages")
    path = models.CharField(max_length=500)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.path


class Message(models.Model):
    """One mail that is to be sent: the outbox. Written in the transaction that wants it."""

    class State(models.TextChoices):
        NEW = "new", "waiting"
        SENDING = "sending", "being sent"
        SENT = "sent", "sent"
        FAILED = "failed", "given up"
        UNKNOWN = "unknown", "perhaps sent"

    kind = models.CharField(max_length=40)
    dedup_key = models.CharField(max_length=200, unique=True)
    recipient = models.ForeignKey(User, models.CASCADE, null=True, related_name="messages")
    contact = models.ForeignKey("accounts.Contact", models.CASCADE, null=True, related_name="+")
    employee = models.ForeignKey("accounts.Employee", models.CASCADE, null=True, related_name="+")
    payload = models.JSONField(default=dict, blank=True, help_text="Ids; the text is made when it is sent.")
    state = models.CharField(max_length=8, choices=State, default=State.NEW)
    attempts = models.PositiveSmallIntegerField(default=0)
    resent = models.BooleanField(default=False, help_text="Sent once more after it had perhaps been sent.")
    message_id = models.CharField(max_length=200, blank=True, default="")
    error = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                "due_at", name="message_waiting", condition=Q(state__in=["new", "sending", "unknown"])
            ),
            models.Index(fields=["message_id"], name="message_by_id", condition=~Q(message_id="")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(recipient__isnull=False, contact__isnull=True, employee__isnull=True)
                | Q(recipient__isnull=True, contact__isnull=False, employee__isnull=True)
                | Q(recipient__isnull=True, contact__isnull=True, employee__isnull=False),
                name="message_to_one",
                violation_error_message="A mail goes to one of us or to one person at a customer.",
            )
        ]

    def __str__(self) -> str:
        # Who it is at a customer, or of those asked, is not for everybody who reads that a mail was sent.
        others = "an employee" if self.contact_id is None else "somebody at a customer"
        return f"{self.kind} to {self.recipient or others}"

    @property
    def address(self) -> str:
        """Where it goes, as the row says now and not as it did when the message was written."""
        whom: Any = self.recipient or self.contact or self.employee
        return str(whom.email)

    @property
    def user(self) -> User:
        """Which of us gets it; a mail to a customer has nobody."""
        if self.recipient is None:
            raise TypeError("This mail goes to a customer.")
        return self.recipient
