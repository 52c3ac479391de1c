"""Writes to how an account stands; each gives the address that takes it back for a minute."""

from typing import Any

from django.core import serializers
from django.db import IntegrityError, models, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import way_back
from accounts.engagement.states import AccountState
from accounts.fields import digest
from accounts.people.models import User
from accounts.portfolio.models import Account
from accounts.revenue.costs import CostToServe

Row = AccountState | CostToServe
AREA = "standing"
MODELS: dict[str, type[models.Model]] = {"state": AccountState, "cost": CostToServe}


def note(user: User, row: Row) -> str:
    row.noted_by, row.noted_at = user, timezone.now()
    row.save()
    row.refresh_from_db()
    return _address(user, "noted", name=_name(row), pk=row.pk, seen=_seen(row))


@transaction.atomic
def remove(user: User, row: Row) -> str:
    row.refuse_if_imported()
    kept = serializers.serialize("python", [row])
    account = row.account_id
    row.delete()
    return _address(user, "removed", account=account, kept=kept)


def _address(user: User, deed: str, **what: Any) -> str:
    return reverse("engagement:standing_undo", kwargs={"token": way_back.keep(user, AREA, deed=deed, **what)})


def take_back(user: User, token: str) -> int | None:
    """Of which account something was taken back, if it was; a second time there is nothing left to take back."""
    kept = way_back.take(user, AREA, token)
    if kept is None:
        return None
    try:
        with transaction.atomic():
            found: int | None = DEEDS[kept.pop("deed")](user, **kept)
            return found
    # Meanwhile somebody noted another state of this kind and day.
    except IntegrityError:
        return None


def _forget(user: User, name: str, pk: int, seen: str) -> int | None:
    """Undo of something new: it goes again, unless somebody wrote to it since."""
    visible = MODELS[name]._default_manager.visible_to(user)  # type: ignore[attr-defined]
    row = visible.select_for_update(of=("self",)).filter(pk=pk).first()
    if row is None or _seen(row) != seen:
        return None
    row.delete()
    account: int = row.account_id
    return account


def _restore(user: User, account: int, kept: list[dict[str, Any]]) -> int | None:
    if not Account.objects.visible_to(user).filter(pk=account).exists():
        return None
    way_back.restore(kept)
    return account


DEEDS: dict[str, Any] = {"noted": _forget, "removed": _restore}


def _name(row: Row) -> str:
    return next(name for name, model in MODELS.items() if isinstance(row, model))


def _seen(row: models.Model) -> str:
    return digest(row, [field.attname for field in row._meta.concrete_fields])
