"""The way back from a write, as a signed address that holds for a minute and for one person."""

import json
from collections.abc import Callable
from typing import Any

from django.core import signing
from django.db import models, transaction
from django.db.models import F
from django.urls import reverse

from accounts.engagement.models import Action, InternalRequest, Request, Touch
from accounts.people.models import User
from accounts.way_back import UNDO_SECONDS

SALT = "kamplan.engagement"
MODELS: dict[str, type[models.Model]] = {
    "action": Action,
    "request": Request,
    "internal": InternalRequest,
    "touch": Touch,
}


class Json(signing.JSONSerializer):
    """Days and moments travel as text; the fields read them again."""

    def dumps(self, obj: Any) -> bytes:
        return json.dumps(obj, separators=(",", ":"), default=str).encode()


def address(user: User, deed: str, *what: Any) -> str:
    token = signing.dumps([user.pk, deed, *what], salt=SALT, serializer=Json, compress=True)
    return reverse("engagement:undo", kwargs={"token": token})


def way_back(user: User, row: models.Model, before: dict[str, Any]) -> str:
    """Undo of a change: the row is put back as it was, unless somebody wrote to it since."""
    return address(user, "changed", _name(row), row.pk, row.version, before)  # type: ignore[attr-defined]


def undo(user: User, token: str) -> bool:
    """Whether it was taken back."""
    try:
        pk, deed, *what = signing.loads(token, salt=SALT, serializer=Json, max_age=UNDO_SECONDS)
    except signing.BadSignature:
        return False
    return bool(pk == user.pk) and DEEDS[deed](user, *what)


@transaction.atomic
def _put_back(user: User, name: str, pk: int, version: int, before: dict[str, Any]) -> bool:
    model = MODELS[name]
    visible = model._default_manager.visible_to(user)  # type: ignore[attr-defined]
    found = visible.filter(pk=pk, version=version).values_list("pk", flat=True)
    return bool(model._default_manager.filter(pk__in=list(found)).update(**before, version=F("version") + 1))


@transaction.atomic
def _remove_created(user: User, rows: list[tuple[str, int]]) -> bool:
    """Undo of something new: it goes again, with all that came with it; all or nothing."""
    found = []
    for name, pk in rows:
        visible = MODELS[name]._default_manager.visible_to(user)  # type: ignore[attr-defined]
        found.append(visible.filter(pk=pk, version=1).first())
    if None in found:
        return False
    for row in found:
        row.delete()
    return True


@transaction.atomic
def _restore_touch(
    user: User, pk: int, account: int, source: list[str], contacts: list[int], actions: list[int]
) -> bool:
    """A deleted touch comes back from its history: the token would be too long for its text."""
    from accounts.models import Account

    history = Touch.pgh_event_model.objects  # type: ignore[attr-defined]
    last = history.filter(pgh_obj_id=pk, account=account).order_by("-pgh_id").first()
    if last is None or Touch.objects.filter(pk=pk).exists():
        return False
    if not Account.objects.visible_to(user).filter(pk=account).exists():
        return False
    kept = {f.attname for f in Touch._meta.concrete_fields} & {f.attname for f in last._meta.concrete_fields}
    touch = Touch(
        **{name: getattr(last, name) for name in kept - {"id"}}, pk=pk, source=source[0], thread=source[1]
    )
    touch.save(force_insert=True)
    touch.contacts.set(contacts)
    Action.objects.filter(pk__in=actions, touch__isnull=True).update(touch=touch)
    return True


DEEDS: dict[str, Callable[..., bool]] = {
    "changed": _put_back,
    "created": _remove_created,
    "touch_deleted": _restore_touch,
}


def _name(row: models.Model) -> str:
    return next(name for name, model in MODELS.items() if isinstance(row, model))
