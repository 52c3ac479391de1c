"""The way back from a write of marketing."""

from collections.abc import Sequence
from typing import Any

from django.core.serializers.base import DeserializationError
from django.db import IntegrityError, models, transaction
from django.db.models import F, ProtectedError
from django.urls import reverse

from accounts import way_back
from accounts.people.models import User
from accounts.portfolio.models import Account, Assignment
from accounts.revenue.marketing import Campaign, Lead, Spend

AREA = "marketing"
MODELS: dict[str, type[models.Model]] = {"campaign": Campaign, "lead": Lead, "spend": Spend}


def address(user: User, deed: str, **what: Any) -> str:
    return reverse("revenue:marketing_undo", kwargs={"token": way_back.keep(user, AREA, deed=deed, **what)})


def token_of(address: str) -> str:
    return address.rstrip("/").rpartition("/")[2]


def waiting(user: User, token: str) -> str:
    """The address that takes a deletion back, as long as it does."""
    if way_back.waiting(user, AREA, token) is None:
        return ""
    return reverse("revenue:marketing_undo", kwargs={"token": token})


def take_back(user: User, token: str) -> bool:
    """Whether it was taken back; a second time there is nothing to take back any more."""
    kept = way_back.take(user, AREA, token)
    if kept is None:
        return False
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
    way_back.restore(rows)
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
