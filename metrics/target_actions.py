"""Writing targets, and the way back."""

from typing import Any

from django.db import IntegrityError, transaction

from accounts import way_back
from accounts.models import User
from metrics.models import Target
from metrics.targets import may_set

AREA = "target"
FIELDS = ("kpi", "scope", "key", "period_kind", "starts", "until", "rule", "value", "upper", "reason")


def save(target: Target, by: User, before: dict[str, Any] | None = None) -> str:
    """Set or change a target; `before` holds the fields it had. Returns the token of the way back."""
    target.set_by = by
    with transaction.atomic():
        target.save()
    return way_back.keep(by, AREA, pk=target.pk, before=before)


def remove(target: Target, by: User) -> str:
    """Its history stays."""
    token = way_back.keep(by, AREA, pk=None, before=fields_of(target))
    with transaction.atomic():
        target.delete()
    return token


def fields_of(target: Target) -> dict[str, Any]:
    return {name: getattr(target, name) for name in FIELDS}


def is_waiting(user: User, token: str) -> bool:
    return way_back.waiting(user, AREA, token) is not None


def take_back(user: User, token: str) -> Target | None:
    """The target that was set, changed or removed; a second time there is nothing to take back any more."""
    kept = way_back.take(user, AREA, token)
    if kept is None:
        return None
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
