"""The way back from a write: it is kept for a minute, for one person, under a name nobody guesses.

What a deleted row held would stand in logs if it travelled in an address, so it waits in the cache instead.
"""

import secrets
from collections.abc import Iterable
from typing import Any

from django.core import serializers
from django.core.cache import cache

from accounts.people.models import User

UNDO_SECONDS = 60
"""A little longer than the page offers it, for slow connections."""
TOO_LATE = "It is too late to take this back, or somebody changed it meanwhile."


def keep(user: User, area: str, **what: Any) -> str:
    """The name under which it waits; an area takes back only what it kept."""
    token = secrets.token_urlsafe(16)
    cache.set(_key(area, token), {"user": user.pk, **what}, UNDO_SECONDS)
    return token


def waiting(user: User, area: str, token: str) -> dict[str, Any] | None:
    """What was kept, as long as it waits for this person."""
    kept: dict[str, Any] | None = cache.get(_key(area, token)) if token else None
    if kept is None or kept.pop("user") != user.pk:
        return None
    return kept


def take(user: User, area: str, token: str) -> dict[str, Any] | None:
    """The same, once: of two who ask at the same moment one gets it."""
    kept = waiting(user, area, token)
    return kept if kept is not None and cache.delete(_key(area, token)) else None


def restore(rows: Iterable[dict[str, Any]]) -> None:
    """Write deleted rows again under the numbers they had."""
    for found in serializers.deserialize("python", rows):
        row: Any = found.object
        row.save(force_insert=True)


def _key(area: str, token: str) -> str:
    return f"{area}-undo:{token}"
