"""Invitations: a person gets a link by mail and chooses a password with it, once."""

import hashlib
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts import outbox
from accounts.people.models import Invitation, User


def now() -> datetime:
    return timezone.now()


@transaction.atomic
def invite(user: User, by: User | None) -> Invitation:
    """Invite a person who has no password yet; an earlier invitation stops working."""
    if not user.is_active or user.has_usable_password():
        raise ValidationError(f"{user} cannot be invited: only active people without a password can.")
    user.invitations.filter(used_at__isnull=True).update(expires_at=now())
    invitation = Invitation.objects.create(user=user, invited_by=by, expires_at=now() + Invitation.LIFE)
    outbox.put("invitation", user, f"invitation:{invitation.pk}", invitation=invitation.pk)
    return invitation


def is_open(invitation: Invitation) -> bool:
    return invitation.used_at is None and invitation.expires_at > now() and invitation.user.is_active


def token_to_send(invitation: Invitation) -> str:
    """The token, made when the mail is; derived, so that a second copy of the mail holds the same link."""
    token = salted_hmac(
        "accounts.people.invitations",
        f"{invitation.pk}:{invitation.invited_at.isoformat()}",
        algorithm="sha256",
    ).hexdigest()
    Invitation.objects.filter(pk=invitation.pk).update(token_hash=hashed(token))
    return token


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def open_invitation(token: str) -> Invitation | None:
    found = Invitation.objects.select_related("user").filter(token_hash=hashed(token)).first()
    return found if found is not None and is_open(found) else None


@transaction.atomic
def accept(token: str, password: str) -> User | None:
    """Use the invitation up and set the password; `None` when it is not open (any more)."""
    waiting = Invitation.objects.select_for_update(of=("self",)).select_related("user")
    found = waiting.filter(token_hash=hashed(token)).first()
    if found is None or not is_open(found):
        return None
    validate_password(password, found.user)
    found.used_at = now()
    found.save(update_fields=["used_at"])
    found.user.set_password(password)
    found.user.save(update_fields=["password"])
    return found.user
