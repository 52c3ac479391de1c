"""Mails that came back, and the addresses that cannot be reached."""

from typing import Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.people.models import Message, User

__all__ = ["Bounce"]


class BounceQuerySet(models.QuerySet["Bounce"]):
    def current(self) -> Self:
        """Returned for good, and nobody said since that the address works."""
        return self.filter(is_final=True, cleared_at__isnull=True)

    def of(self, address: str) -> Self:
        return self.filter(address=address.lower())


class Bounce(models.Model):
    """One mail that came back. It belongs to the address, so a corrected address begins anew."""

    message = models.OneToOneField(Message, models.CASCADE, related_name="bounce")
    address = models.EmailField(max_length=254, help_text="Where the mail went, in small letters.")
    status = models.CharField(max_length=20, help_text="The mail server's code, as 5.1.1.")
    is_final = models.BooleanField(help_text="The address does not exist, or takes no mail from us.")
    at = models.DateTimeField(default=timezone.now)
    cleared_at = models.DateTimeField(null=True, blank=True)
    cleared_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = BounceQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(address=Lower("address")), name="bounce_address_in_small_letters"
            )
        ]
        indexes = [
            models.Index(
                fields=["address"], name="bounce_current", condition=Q(is_final=True, cleared_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.message.kind} came back ({self.status})"

    @classmethod
    def note(cls, message: Message, status: str, *, is_final: bool) -> bool:
        """Write it down; whether it was news. Whom an employee survey reaches is for nobody: that leaves no trace."""
        if message.employee_id is not None:
            return False
        _, is_new = cls.objects.get_or_create(
            message=message,
            defaults={"address": message.address.lower(), "status": status[:20], "is_final": is_final},
        )
        return is_new


def came_back(email: str = "email") -> Exists:
    """A condition on rows with an address: mails to it come back."""
    return Exists(Bounce.objects.current().filter(address=Lower(OuterRef(email))))


def newest_of(address: str) -> Any:
    """The newest report about an address that still holds, or nothing."""
    return Bounce.objects.current().of(address).first() if address else None
