"""What is kept for a while only: deleted by the clock, a piece at a time, as the organisation's settings say."""

import datetime
from dataclasses import dataclass
from typing import Any

import pghistory
from django.db import models
from django.utils import timezone

from accounts.exchange.models import OVER, ImportChange, ImportRefusal
from accounts.people.models import Elevation, Invitation, Message, Organisation, Session, ViewAs, ViewedPage

PIECE = 20_000
"""Rows of one table in one go: an hour later comes the next."""
MONTH = datetime.timedelta(days=30.44)
SETTLED = (Message.State.SENT, Message.State.FAILED, Message.State.UNKNOWN)


@dataclass(frozen=True)
class Kept:
    """Rows of one table that may go once they are older than the limit."""

    rows: models.QuerySet[Any]
    clock: str
    limit: datetime.datetime | None


def kept(now: datetime.datetime) -> list[Kept]:
    settings = Organisation.current()
    history = before(now, settings.keep_history_months)
    access = before(now, settings.keep_access_months)
    mails = settings.keep_mail_days and now - datetime.timedelta(days=settings.keep_mail_days)
    imports = before(now, settings.keep_import_months)
    over = {"of__state__in": [state.value for state in OVER]}
    return [
        *(
            Kept(model._default_manager.all(), "pgh_created_at", history)
            for model in pghistory.core.event_models()
        ),
        # After the rows that point to it.
        Kept(pghistory.models.Context.objects.all(), "created_at", history),
        Kept(ViewedPage.objects.all(), "at", access),
        Kept(ViewAs.objects.filter(pages=None), "until", access),
        Kept(Elevation.objects.all(), "until", access),
        # That an address takes no mail is remembered with the mail that came back.
        Kept(Message.objects.filter(state__in=SETTLED, bounce=None), "created_at", mails or None),
        Kept(ImportChange.objects.filter(**over), "of__finished_at", imports),
        Kept(ImportRefusal.objects.filter(**over), "of__finished_at", imports),
        Kept(Invitation.objects.all(), "expires_at", access),
        Kept(Session.objects.all(), "expire_date", now),
    ]


def before(now: datetime.datetime, months: int | None) -> datetime.datetime | None:
    """The moment so many months ago; nothing where it is kept for good."""
    return None if months is None else now - months * MONTH


def delete_what_is_over(now: datetime.datetime | None = None) -> dict[str, int]:
    """How many rows of which table went; running twice is the same as once."""
    now = now or timezone.now()
    gone = {}
    for each in kept(now):
        if each.limit is not None:
            old = each.rows.filter(**{f"{each.clock}__lt": each.limit}).order_by()
            number = delete_piece(old.values_list("pk", flat=True)[:PIECE], each.rows.model)
            if number:
                gone[str(each.rows.model._meta.verbose_name_plural)] = number
    return gone


def delete_piece(keys: Any, model: type[models.Model]) -> int:
    """With what hangs on them; how many of these rows went."""
    _, gone = model._base_manager.filter(pk__in=list(keys)).delete()
    return gone.get(model._meta.label, 0)
