"""After a restore: erasures are done once more, mails are not sent twice, and the figures say what they are."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from accounts.people.models import Elevation, Message, Session, User, ViewAs
from accounts.rights import log
from accounts.rights.erase import erase_contact, erase_user, forget_undo, keys_of
from accounts.rights.models import PersonAct
from accounts.rights.notes import find, redact
from accounts.rights.persons import CONTACT, USER, Person
from accounts.rights.words import hashed, judge_of, judge_of_hashes
from accounts.stakeholders.models import Contact
from accounts.surveys.models import Wave

Place = tuple[str, int, str]


@dataclass(frozen=True)
class Replayed:
    """What a replay did: deeds done once more, those that had survived, and rows that are somebody else now."""

    done: list[PersonAct]
    held: list[PersonAct]
    others: list[PersonAct]


def replay(source: Path) -> Replayed:
    """Every erasure of the file, oldest first; each in a transaction of its own, twice is the same as once."""
    found = Replayed([], [], [])
    for act in log.read(source):
        with transaction.atomic():
            if act.act == PersonAct.Act.REDACT:
                changed = _redact(act) > 0
            else:
                person = _person(act)
                if person is not None and not _is_the_same(person, act):
                    found.others.append(act)
                    continue
                changed = person is not None
                if person is not None:
                    _erase(person, act)
            remember(act)
        (found.done if changed else found.held).append(act)
    return found


def _person(act: PersonAct) -> Person | None:
    """The row again, if it is there and knows who it is."""
    model: Any = {CONTACT: Contact, USER: User}[PersonAct.Kind(act.kind)]
    row = model.objects.filter(pk=act.number, erased_on=None).first()
    return Person(act.kind, row) if row is not None else None


def _is_the_same(person: Person, act: PersonAct) -> bool:
    """After a restore a new row may get the number of one that was erased: names and keys decide."""
    words = {code for _, code in act.words}
    known = any(hashed(act.salt, each) in words for each in person.spellings)
    return known or bool(set(keys_of(person)) & set(act.keys))


def _erase(person: Person, act: PersonAct) -> None:
    spellings = person.spellings
    copies = [(hit.label, hit.pk, hit.field) for hit in find(spellings) if hit.is_copy]
    if person.is_contact:
        erase_contact(person.row)
    else:
        erase_user(person.row)
    redact(copies, *judge_of(spellings))
    _redact(act)
    forget_undo()


def _redact(act: PersonAct) -> int:
    judge, lengths = judge_of_hashes(act.salt, [(number, code) for number, code in act.words])
    return redact(_places(act.notes), judge, lengths)


def _places(notes: Iterable[Any]) -> list[Place]:
    """A later version may have renamed a field: what is no longer there is left out."""
    known = {m._meta.label: {f.name for f in m._meta.get_fields()} for m in apps.get_models()}
    return [(label, pk, name) for label, pk, name in notes if name in known.get(label, ())]


def remember(act: PersonAct) -> None:
    if not PersonAct.objects.filter(act=act.act, kind=act.kind, number=act.number, at=act.at).exists():
        act.save(force_insert=True)


# --- what would go out a second time


@transaction.atomic
def hold_mails() -> int:
    """Mails that were waiting or being sent at the moment restored to were perhaps sent since: none goes out."""
    waiting = Message.objects.filter(
        state__in=[Message.State.NEW, Message.State.SENDING, Message.State.UNKNOWN]
    )
    return waiting.filter(resent=False).update(state=Message.State.UNKNOWN, resent=True) + waiting.exclude(
        state=Message.State.UNKNOWN
    ).update(state=Message.State.UNKNOWN)


def hold_waves(now: datetime.datetime) -> int:
    """Surveys that were to open since are drafts again: perhaps they went out, and somebody has to decide."""
    due = Wave.objects.filter(state=Wave.State.SCHEDULED, opens_at__lte=now)
    return due.update(state=Wave.State.DRAFT, opens_at=None, closes_at=None, version=F("version") + 1)


def end_logins() -> int:
    """Logins that were ended since would be open again, elevations too."""
    now = timezone.now()
    Elevation.objects.filter(ended_at=None, until__gt=now).update(ended_at=now)
    ViewAs.objects.filter(ended_at=None, until__gt=now).update(ended_at=now)
    return int(Session.objects.all().delete()[0])


# --- what is there

FIGURES = """
    SELECT encode(sha256(convert_to(COALESCE(string_agg(line, E'\\n' ORDER BY line), ''), 'UTF8')), 'hex')
      FROM (SELECT md5((to_jsonb(f) - 'id')::text) AS line FROM metrics_accountmonth f
             UNION ALL
            SELECT md5((to_jsonb(s) - 'id')::text) FROM metrics_scopefigures s WHERE s.valid_to IS NULL) lines"""
NEWEST = (
    "SELECT id, as_of, published_at FROM metrics_run WHERE published_at IS NOT NULL ORDER BY id DESC LIMIT 1"
)


@dataclass(frozen=True)
class Stock:
    """To compare before and after: rows of each table, the newest run, a checksum of the published figures."""

    rows: dict[str, int]
    run: tuple[int, datetime.date, datetime.datetime] | None
    figures: str

    def lines(self) -> list[str]:
        told = (
            f"{self.run[0]}, as of {self.run[1]}, published {self.run[2]:%Y-%m-%d %H:%M} UTC"
            if self.run
            else "none"
        )
        counts = [f"{number:>12,}  {table}" for table, number in sorted(self.rows.items()) if number]
        return ["Rows:", *counts, f"Newest run: {told}", f"Published figures: {self.figures}"]


def stock() -> Stock:
    tables = sorted({m._meta.db_table for m in apps.get_models(include_auto_created=True) if m._meta.managed})
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
        counts = [f"SELECT '{each}', COUNT(*) FROM \"{each}\"" for each in tables if each in there]
        cursor.execute(" UNION ALL ".join(counts))
        rows = dict(cursor.fetchall())
        cursor.execute(NEWEST)
        run = cursor.fetchone()
        cursor.execute(FIGURES)
        return Stock(rows, run, cursor.fetchone()[0])
