"""Kinds of digital signals that every installation begins with, and what one of each is worth."""

import datetime
from decimal import Decimal
from typing import Any

from accounts.fields import days

BEGINNING = datetime.date(2000, 1, 1)
# Code, name, weight, how many a day count at most: programs that look for viruses open mails, too.
SIGNAL_KINDS = (
    ("email_delivered", "E-mail delivered", 0, None),
    ("email_open", "E-mail opened", 1, 3),
    ("email_reply", "E-mail answered", 3, None),
    ("site_visit", "Visit of our site", 1, 5),
    ("download", "Download", 3, None),
    ("demo_request", "Demo request", 10, None),
    ("event_invited", "Invited to an event", 0, None),
    ("event_attended", "Event attended", 5, None),
    ("social", "Social media", 1, 5),
)


def signal_rows(kind: type[Any], weight: type[Any]) -> tuple[list[Any], list[Any]]:
    """The rows, not saved; a migration gives the models as they were then."""
    kinds = [
        kind(code=code, name=name, position=place, daily_cap=cap)
        for place, (code, name, _, cap) in enumerate(SIGNAL_KINDS, 1)
    ]
    weights = [
        weight(kind=row, weight=Decimal(worth), during=days(BEGINNING))
        for row, (_, _, worth, _) in zip(kinds, SIGNAL_KINDS, strict=True)
    ]
    return kinds, weights


def add_signal_kinds(kind: type[Any], weight: type[Any]) -> None:
    kinds, weights = signal_rows(kind, weight)
    kind.objects.bulk_create(kinds)
    weight.objects.bulk_create(weights)
