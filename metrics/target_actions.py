"""Writing targets, and the way back: what was before waits a minute, for one person, under a name nobody guesses."""

import secrets
from typing import Any

from django.core.cache import cache
from django.db import IntegrityError, transaction

from accounts.models import User
from metrics.models import Target
from metrics.targets import may_set

UNDO_SECONDS = 60
FIELDS = ("kpi", "scope", "key", "period_kind", "starts", "until", "rule", "value", "upper", "reason")


def save(target: Target, by: User, before: dict[str, Any] | None = None) -> str:
    """Set or change a target; `before` holds the fields it had. Returns the token of the way back."""
    target.set_by = by
    with transaction.atomic():
        target.save()
    return keep(by, pk=target.pk, before=before)


def remove(target: Target, by: User) -> str:
    """Its history stays."""
    token = keep(by, pk=None, before=fields_of(target))
    with transaction.atomic():
        target.delete()
    return token


def fields_of(target: Target) -> dict[str, Any]:
    return {name: getattr(target, name) for name in FIELDS}


def keep(user: User, **what: Any) -> str:
    token = secrets.token_urlsafe(16)
    cache.set(_key(token), {"user": user.pk, **what}, UNDO_SECONDS)
    return token


def is_waiting(user: User, token: str) -> bool:
    kept = cache.get(_key(token)) if token else None
    return bool(kept and kept["user"] == user.pk)


def take_back(user: User, token: str) -> Target | None:
    """The target that was set, changed or removed; a second time there is nothing to take back any more."""
    kept = cache.get(_key(token))
    if kept is None or kept["user"] != user.pk:
        return None
    cache.delete(_key(token))
    try:
        with transaction.atomic():
            return _restore(user, kept["pk"], kept["before"])
    # Another target stands in its place meanwhile.
    except IntegrityError:
        return None


def _restore(user: User, pk: int | None, before: dict[str, Any] | None) -> Target | None:
    found = Target.objects.select_for_update().filter(pk=pk).first() if pk is not None else None
    if pk is not None and found is None:
        return None
    there = found or Target(**(before or {}))
    if not may_set(user, there.scope, there.key):
        return None
    if before is None:
        there.delete()
    elif found is None:
        Target.objects.create(**before, set_by=user)
    else:
        Target.objects.filter(pk=found.pk).update(**before, set_by=user)
    return Target(**before) if before else there


def _key(token: str) -> str:
    return f"target-undo:{token}"
