"""Writes to headcounts and leavers; each gives the address that takes it back for a minute."""

from typing import Any

from django.core import serializers
from django.core.serializers.base import DeserializationError
from django.db import IntegrityError, models, transaction
from django.urls import reverse

from accounts import way_back
from accounts.people.headcount import Headcount, Leaver
from accounts.people.models import User

AREA = "staffing"
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
    row.refuse_if_imported()
    data = serializers.serialize("python", [row])
    row.delete()
    return keep(user, rows=data)


def keep(user: User, **what: Any) -> str:
    return reverse("people:staffing_undo", kwargs={"token": way_back.keep(user, AREA, **what)})


def kind_of(row: Headcount | Leaver) -> str:
    return "headcount" if isinstance(row, Headcount) else "leaver"


def take_back(user: User, token: str) -> bool:
    """Whether it was taken back; a second time there is nothing to take back any more."""
    kept = way_back.take(user, AREA, token)
    if kept is None:
        return False
    try:
        with transaction.atomic():
            if "rows" not in kept:
                return _put_back(user, **kept)
            way_back.restore(kept["rows"])
            return True
    # Another number stands on its day meanwhile, or its team has gone.
    except (IntegrityError, DeserializationError):
        return False


def _put_back(user: User, kind: str, pk: int, before: dict[str, Any] | None, after: dict[str, Any]) -> bool:
    """As long as the row is still what was written."""
    found: models.QuerySet[Any] = MODELS[kind].objects.visible_to(user).filter(pk=pk, **after)
    return bool(found.delete()[0] if before is None else found.update(**before))
