"""How somebody wants their digests, which they got, and who looked at them beforehand."""

import datetime
from zoneinfo import ZoneInfo

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Message, Organisation, Role, User
from accounts.people.models import known_time_zone

__all__ = ["Digest", "DigestKind", "DigestSettings", "DigestTrial"]

GETS_DIGESTS = frozenset({Role.MANAGER, Role.LEAD, Role.HEAD})
"""Who works with accounts; the others have nothing here that changes overnight."""


class DigestKind(models.TextChoices):
    """What a digest can speak of; each can be left out."""

    DATES = "dates", "Notice dates coming near"
    ACTIONS = "actions", "Overdue actions"
    VOICE = "voice", "Low marks from customers"
    PEOPLE = "people", "People gone cold or gone"
    WARNINGS = "warnings", "Warnings opened and resolved"
    WARMER = "warmer", "Customers whose engagement rose"
    FIGURES = "figures", "Figures that moved beyond noise"
    TEAM = "team", "Released employee surveys"


class Rhythm(models.TextChoices):
    DAILY = "daily", "every morning"
    WEEKLY = "weekly", "once a week"
    OFF = "off", "never"


class Weekday(models.IntegerChoices):
    MONDAY = 1, "Monday"
    TUESDAY = 2, "Tuesday"
    WEDNESDAY = 3, "Wednesday"
    THURSDAY = 4, "Thursday"
    FRIDAY = 5, "Friday"
    SATURDAY = 6, "Saturday"
    SUNDAY = 7, "Sunday"


@pghistory.track(exclude=["asked_at"])
class DigestSettings(models.Model):
    """One row a person; whoever never chose gets a digest on Mondays."""

    user = models.OneToOneField(User, models.CASCADE, related_name="digest_settings")
    rhythm = models.CharField(max_length=6, choices=Rhythm, default=Rhythm.WEEKLY)
    weekday = models.PositiveSmallIntegerField(choices=Weekday, default=Weekday.MONDAY)
    left_out = ArrayField(models.CharField(max_length=8, choices=DigestKind), default=list, blank=True)
    time_zone = models.CharField(
        max_length=50,
        blank=True,
        default="",
        validators=[known_time_zone],
        help_text="Empty: the organisation's.",
    )
    asked_at = models.DateTimeField(
        default=timezone.now,
        editable=False,
        help_text="When it was last looked whether a digest is due; mornings before it are past.",
    )

    class Meta:
        verbose_name_plural = "digest settings"
        constraints = [
            models.CheckConstraint(condition=Q(weekday__range=(1, 7)), name="digest_weekday"),
            models.CheckConstraint(
                condition=Q(rhythm__in=["daily", "weekly", "off"]), name="digest_rhythm_is_one"
            ),
        ]

    def __str__(self) -> str:
        return f"digests of {self.user}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone) if self.time_zone else Organisation.current().zone

    @property
    def kinds(self) -> list[DigestKind]:
        return [kind for kind in DigestKind if kind.value not in self.left_out]

    @classmethod
    def of(cls, user: User) -> "DigestSettings":
        """A person's own, or how they stand for whoever never chose; nothing is written."""
        return cls.objects.filter(user=user).first() or cls(user=user)


class DigestQuerySet(models.QuerySet["Digest"]):
    def visible_to(self, user: User) -> "DigestQuerySet":
        """One's own: what it spoke of is account content."""
        return self.filter(user=user)

    def reached(self) -> "DigestQuerySet":
        """All but those that certainly never left."""
        return self.exclude(message__state__in=[Message.State.NEW, Message.State.FAILED])


class Digest(models.Model):
    """The record of one digest: for whom, over which time, from which run, and what it spoke of.

    Kept are the keys of its lines, as `warning:12:opened`, and the figures it named: never a text or a name, so that
    an erased person needs no second erasure here."""

    user = models.ForeignKey(User, models.CASCADE, related_name="digests")
    period = models.CharField(max_length=10, help_text="The day, as 2026-11-30, or the week, as 2026-W49.")
    since = models.DateTimeField()
    until = models.DateTimeField()
    run = models.BigIntegerField(null=True, help_text="The run whose figures it shows.")
    lines = models.JSONField(default=list)
    message = models.OneToOneField(Message, models.SET_NULL, null=True, related_name="digest")

    objects = DigestQuerySet.as_manager()

    class Meta:
        ordering = ["-until", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "period"], name="digest_one_a_period"),
            models.CheckConstraint(condition=Q(since__lt=models.F("until")), name="digest_covers_some_time"),
        ]

    def __str__(self) -> str:
        return f"digest of {self.user}, {self.period}"

    @property
    def counts(self) -> list[tuple[str, int]]:
        """How many lines of which kind."""
        kinds = [str(key).partition("|")[0] for key in self.lines]
        return [(str(kind.label), kinds.count(kind.value)) for kind in DigestKind if kind.value in kinds]


class DigestTrial(models.Model):
    """An administrator looked at somebody's next digest, or had it sent to them as a test."""

    class What(models.TextChoices):
        PREVIEW = "preview", "looked at"
        MAIL = "mail", "sent as a test"

    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    whom = models.ForeignKey(User, models.CASCADE, related_name="+")
    what = models.CharField(max_length=7, choices=What)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.by}: digest of {self.whom}, {self.what}"


def wants(user: User) -> bool:
    return user.is_active and user.role in GETS_DIGESTS


def settings_for_all(now: datetime.datetime) -> None:
    """A row for everybody who may get digests and has none yet; in one statement, however many they are."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO metrics_digestsettings (user_id, rhythm, weekday, left_out, time_zone, asked_at)
            SELECT u.id, 'weekly', 1, '{}', '', %s FROM accounts_user u
             WHERE u.is_active AND u.role = ANY(%s)
               AND NOT EXISTS (SELECT 1 FROM metrics_digestsettings s WHERE s.user_id = u.id)
            ON CONFLICT (user_id) DO NOTHING
            """,
            [now, sorted(GETS_DIGESTS)],
        )
