"""The way back from a write of marketing: it is kept for a minute, for one person, under a name nobody guesses.

What a deleted row held would stand in logs if it travelled in an address, so it waits in the cache instead.
"""

import secrets
from collections.abc import Sequence
from typing import Any

from django.core import serializers
from django.core.cache import cache
from django.core.serializers.base import DeserializationError
from django.db import IntegrityError, models, transaction
from django.db.models import F, ProtectedError
from django.urls import reverse

from accounts.people.models import User
from accounts.portfolio.models import Account, Assignment
from accounts.revenue.marketing import Campaign, Lead, Spend

UNDO_SECONDS = 60
"""A little longer than the page offers it, for slow connections."""
TOO_LATE = "It is too late to take this back, or somebody changed it meanwhile."
MODELS: dict[str, type[models.Model]] = {"campaign": Campaign, "lead": Lead, "spend": Spend}


def address(user: User, deed: str, **what: Any) -> str:
    token = secrets.token_urlsafe(16)
    cache.set(_key(token), {"user": user.pk, "deed": deed, **what}, UNDO_SECONDS)
    return reverse("revenue:marketing_undo", kwargs={"token": token})


def _key(token: str) -> str:
    return f"marketing-undo:{token}"


def token_of(address: str) -> str:
    return address.rstrip("/").rpartition("/")[2]


def waiting(user: User, token: str) -> str:
    """The address that takes a deletion back, as long as it does."""
    kept = cache.get(_key(token)) if token else None
    if kept is None or kept["user"] != user.pk:
        return ""
    return reverse("revenue:marketing_undo", kwargs={"token": token})


def take_back(user: User, token: str) -> bool:
    """Whether it was taken back; a second time there is nothing to take back any more."""
    kept = cache.get(_key(token))
    if kept is None or kept.pop("user") != user.pk:
        return False
    cache.delete(_key(token))
    try:
        with transaction.atomic():
            return bool(DEEDS[kept.pop("deed")](user, **kept))
    # Something was hung on the row meanwhile, or what it hung on has gone.
    except (IntegrityError, ProtectedError, DeserializationError):
        return False


def _visible(user: User, name: str, pk: int) -> "models.QuerySet[Any]":
    found: models.QuerySet[Any] = MODELS[name]._default_manager.visible_to(user).filter(pk=pk)  # type: ignore[attr-defined]
    return found


def _put_back(user: User, name: str, pk: int, version: int, before: dict[str, Any]) -> bool:
    found = _visible(user, name, pk).filter(version=version)
    return bool(found.update(**before, version=F("version") + 1))


def _remove(user: User, name: str, pk: int) -> bool:
    return bool(_visible(user, name, pk).delete()[0])


def _restore(user: User, rows: Sequence[dict[str, Any]]) -> bool:
    for found in serializers.deserialize("python", rows):
        row: Any = found.object
        row.save(force_insert=True)
    return True


def _unconvert(user: User, pk: int, version: int, before: dict[str, Any], account: int) -> bool:
    """The lead is no account any more; the account goes too, unless somebody looks after it by now."""
    if Assignment.objects.filter(account=account).exists():
        return False
    put_back = _put_back(user, "lead", pk, version, before)
    if put_back:
        Account.objects.filter(pk=account).delete()
    return put_back


DEEDS: dict[str, Any] = {
    "changed": _put_back,
    "created": _remove,
    "deleted": _restore,
    "converted": _unconvert,
}
