from typing import Self

from django.db import models
from django.db.models import Q

from accounts.people.models import User

__all__ = ["CalendarFeed", "Import", "ImportChange", "ImportFile", "ImportRefusal", "RememberedMapping"]


class State(models.TextChoices):
    UPLOADED = "uploaded", "columns to choose"
    CHECK_WAITING = "check_waiting", "waiting for the dry run"
    CHECKING = "checking", "dry run"
    CHECKED = "checked", "ready to apply"
    REFUSED = "refused", "refused"
    APPLY_WAITING = "apply_waiting", "waiting to be applied"
    APPLYING = "applying", "being applied"
    APPLIED = "applied", "applied"
    FAILED = "failed", "failed"
    DISCARDED = "discarded", "discarded"


class ChangeState(models.TextChoices):
    CHANGED = "changed", "changed"
    CREATED = "created", "created"
    REMOVED = "removed", "removed"
    UNCHANGED = "unchanged", "left alone"


WAITING = {State.CHECK_WAITING: State.CHECKING, State.APPLY_WAITING: State.APPLYING}
RUNNING = {running: waiting for waiting, running in WAITING.items()}
IN_HAND = (State.UPLOADED, State.CHECKED, State.REFUSED, State.FAILED)
OVER = (State.APPLIED, State.DISCARDED)


class ImportQuerySet(models.QuerySet["Import"]):
    def visible_to(self, user: User) -> Self:
        """That a file was imported, every administrator may know."""
        return self if user.is_active and user.is_staff else self.none()

    def content_visible_to(self, user: User) -> Self:
        """What stands in a file: who uploaded it, and whoever may read account content now."""
        visible = self.visible_to(user)
        return visible if getattr(user, "is_elevated", False) else visible.filter(uploaded_by=user)

    def move(self, pk: int, old: "State | tuple[State, ...]", new: State, **values: object) -> bool:
        """The step from one state to the next; of two that try at once only one succeeds."""
        states = (old,) if isinstance(old, State) else old
        return bool(self.filter(pk=pk, state__in=states).update(state=new, **values))


class Import(models.Model):
    """One uploaded file on its way into the database."""

    State = State

    kind = models.CharField(max_length=20)
    source = models.CharField(max_length=50)
    file_name = models.CharField(max_length=200)
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="imports")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=15, choices=State, default=State.UPLOADED)
    layout = models.CharField(max_length=200, blank=True, default="")
    header = models.JSONField(default=list)
    samples = models.JSONField(default=dict)
    mapping = models.JSONField(default=dict)
    create_missing = models.BooleanField("create missing reference data", default=False)
    rows = models.PositiveIntegerField(null=True, blank=True)
    refused = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=list)
    message = models.TextField(blank=True, default="")
    step = models.CharField(max_length=50, blank=True, default="")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [models.CheckConstraint(condition=Q(state__in=State.values), name="import_state_known")]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.kind})"

    @property
    def is_busy(self) -> bool:
        return self.state in WAITING or self.state in RUNNING

    @property
    def is_in_hand(self) -> bool:
        return self.state in IN_HAND


class ImportFile(models.Model):
    """The bytes of an upload, kept until it is applied or discarded."""

    of = models.OneToOneField(Import, models.CASCADE, primary_key=True, related_name="file")
    content = models.BinaryField()

    def __str__(self) -> str:
        return str(self.of)


class ImportRefusal(models.Model):
    """Why a row of the last dry run cannot be imported."""

    of = models.ForeignKey(Import, models.CASCADE, related_name="refusals")
    row = models.PositiveIntegerField(null=True, blank=True)
    column = models.CharField(max_length=200, blank=True, default="")
    value = models.CharField(max_length=200, blank=True, default="")
    reason = models.TextField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.row}: {self.reason}"


class ImportChange(models.Model):
    """One of the first rows that the last dry run would create, change, remove or leave alone."""

    State = ChangeState

    of = models.ForeignKey(Import, models.CASCADE, related_name="changes")
    part = models.CharField(max_length=100)
    state = models.CharField(max_length=10, choices=ChangeState)
    row = models.PositiveIntegerField(null=True, blank=True)
    name = models.CharField(max_length=200, blank=True, default="")
    values = models.JSONField(default=list)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ChangeState.values), name="import_change_state_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.row}: {self.state}"


class RememberedMapping(models.Model):
    """The columns chosen last time for files of this kind, source and header."""

    kind = models.CharField(max_length=20)
    source = models.CharField(max_length=50)
    header = models.JSONField()
    mapping = models.JSONField()
    create_missing = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "source", "header"], name="remembered_mapping_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.source}"


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(user=user)

    def working(self) -> Self:
        return self.filter(revoked_at__isnull=True, user__is_active=True)


class CalendarFeed(models.Model):
    """An address by which a calendar program reads somebody's notice dates; only its token's hash is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="calendar_feeds")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField("last read", null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(revoked_at__isnull=True),
                name="calendar_feed_one_a_person",
                violation_error_message="There is a working address already.",
            )
        ]

    def __str__(self) -> str:
        return f"Calendar of {self.user}"
