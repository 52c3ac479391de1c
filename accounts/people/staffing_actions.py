"""Writes to headcounts and leavers; each gives the address that takes it back for a minute."""

import secrets
from typing import Any

from django.core import serializers
from django.core.cache import cache
from django.core.serializers.base import DeserializationError
from django.db import IntegrityError, models, transaction
from django.urls import reverse

from accounts.people.headcount import Headcount, Leaver
from accounts.people.models import User

UNDO_SECONDS = 60
"""A little longer than the page offers it, for slow connections."""
TOO_LATE = "It is too late to take this back, or somebody changed it meanwhile."
MODELS: dict[str, type[Headcount] | type[Leaver]] = {"headcount": Headcount, "leaver": Leaver}
"""The two kinds of rows, as addresses name them."""
WRITTEN = ("team_id", "on", "number", "left_on", "reason")


def fields_of(row: Headcount | Leaver) -> dict[str, Any]:
    """What a person typed, by column."""
    return {name: getattr(row, name) for name in WRITTEN if hasattr(row, name)}


def save(user: User, row: Headcount | Leaver, before: dict[str, Any] | None = None) -> str:
    """Note a row, or change one; `before` holds the columns it had."""
    with transaction.atomic():
        row.save()
    return keep(user, kind=kind_of(row), pk=row.pk, before=before, after=fields_of(row))


def remove(user: User, row: Headcount | Leaver) -> str:
    data = serializers.serialize("python", [row])
    row.delete()
    return keep(user, rows=data)


def keep(user: User, **what: Any) -> str:
    token = secrets.token_urlsafe(16)
    cache.set(_key(token), {"user": user.pk, **what}, UNDO_SECONDS)
    return reverse("people:staffing_undo", kwargs={"token": token})


def kind_of(row: Headcount | Leaver) -> str:
    return "headcount" if isinstance(row, Headcount) else "leaver"


def take_back(user: User, token: str) -> bool:
    """Whether it was taken back; a second time there is nothing to take back any more."""
    kept = cache.get(_key(token))
    if kept is None or kept.pop("user") != user.pk:
        return False
    cache.delete(_key(token))
    try:
        with transaction.atomic():
            return _restore(kept["rows"]) if "rows" in kept else _put_back(user, **kept)
    # Another number stands on its day meanwhile, or its team has gone.
    except (IntegrityError, DeserializationError):
        return False


def _put_back(user: User, kind: str, pk: int, before: dict[str, Any] | None, after: dict[str, Any]) -> bool:
    """As long as the row is still what was written."""
    found: models.QuerySet[Any] = MODELS[kind].objects.visible_to(user).filter(pk=pk, **after)
    return bool(found.delete()[0] if before is None else found.update(**before))


def _restore(rows: list[dict[str, Any]]) -> bool:
    for found in serializers.deserialize("python", rows):
        row: Any = found.object
        row.save(force_insert=True)
    return True


def _key(token: str) -> str:
    return f"staffing-undo:{token}"
