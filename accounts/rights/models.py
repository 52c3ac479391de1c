"""What was done at the wish of a person whose data we keep."""

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.people.models import User

__all__ = ["PersonAct"]


class PersonActQuerySet(models.QuerySet[Any]):
    def erasures(self) -> Self:
        """What has to be done once more after a restore."""
        return self.exclude(act=PersonAct.Act.EXPORT)


class PersonAct(models.Model):
    """An export, an erasure, or names taken out of notes. It holds numbers and hashes: no name, no address."""

    class Act(models.TextChoices):
        EXPORT = "export", "exported"
        ERASE = "erase", "erased"
        REDACT = "redact", "names taken out of notes"

    class Kind(models.TextChoices):
        CONTACT = "contacts", "person at a customer"
        USER = "users", "person of ours"
        NOTES = "notes", "notes"

    act = models.CharField(max_length=6, choices=Act)
    kind = models.CharField(max_length=8, choices=Kind)
    number = models.PositiveBigIntegerField(null=True, help_text="Of the person's row.")
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    counts = models.JSONField(default=dict, help_text="How many rows of which kind.")
    keys = models.JSONField(
        default=list,
        help_text="Hashes of the keys in other systems, so that no import brings the person back.",
    )
    salt = models.CharField(max_length=32, blank=True, default="")
    words = models.JSONField(default=list, help_text="Hashes of the words taken out, with their number.")
    notes = models.JSONField(default=list, help_text="Where: model, number, field.")

    objects = PersonActQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = "act at a person's wish"
        verbose_name_plural = "acts at persons' wishes"
        constraints = [
            models.CheckConstraint(
                condition=Q(act="redact", kind="notes") | (~Q(act="redact") & Q(number__isnull=False)),
                name="person_act_of_somebody",
            )
        ]
        indexes = [models.Index(fields=["kind", "number"], name="person_act_of")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number or ''}: {self.get_act_display()}"
