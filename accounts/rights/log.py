"""Erasures are written down outside the database, too: whatever is restored, they are done once more."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from accounts.people.models import User
from accounts.rights.models import PersonAct

FIELDS = ("act", "kind", "number", "counts", "keys", "salt", "words", "notes")


def path() -> Path:
    return Path(settings.ERASURE_LOG)


def write(act: PersonAct) -> None:
    """One line a deed, on the disk before the transaction ends."""
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(line_of(act)) + "\n"
    with open(os.open(target, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "a") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def line_of(act: PersonAct) -> dict[str, Any]:
    return {
        "at": act.at.isoformat(),
        "by": act.by_id,
        **{name: getattr(act, name) for name in FIELDS},
    }


def read(source: Path) -> Iterator[PersonAct]:
    """The deeds of a file, oldest first, as rows that are not saved."""
    import datetime

    people = set(User.objects.values_list("pk", flat=True))
    for number, line in enumerate(source.read_text().splitlines(), 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
            act = PersonAct(
                at=datetime.datetime.fromisoformat(found["at"]),
                by_id=found["by"] if found["by"] in people else None,
                **{name: found[name] for name in FIELDS},
            )
        except (ValueError, KeyError, TypeError) as fault:
            raise ValueError(f"Line {number} of {source} is no erasure: {fault!r}") from fault
        yield act
