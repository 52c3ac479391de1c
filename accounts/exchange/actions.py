"""An upload's way: columns, dry run, apply.

No step can be skipped or taken twice: every one is a conditional UPDATE.
"""

import itertools
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import pghistory
from django.db import connection, transaction
from django.utils import timezone

from accounts.exchange import files, loading, mapping
from accounts.exchange.kinds import KINDS
from accounts.exchange.loading import Outcome
from accounts.exchange.models import (
    IN_HAND,
    RUNNING,
    WAITING,
    Import,
    ImportChange,
    ImportFile,
    ImportRefusal,
    RememberedMapping,
    State,
)
from accounts.exchange.values import Refused
from accounts.people.models import User
from kamplan.waking import wake

logger = logging.getLogger(__name__)

TASK = "accounts.tasks.apply_import"
SAMPLES = 3
MOST_ATTEMPTS = 3
# First key of the advisory locks that say “somebody is at work on this import”.
AT_WORK = 7_311_002


class NotNow(Exception):
    """The import is in another state by now: somebody else, or another tab, was first."""


def upload(user: User, kind: str, source: str, name: str, content: bytes) -> Import:
    """Keep a file that can be read, with the columns that seem to be meant."""
    source_file = files.Source(name, content)
    layout = files.inspect(source_file)
    chosen, create_missing = remembered(kind, source, layout.header)
    with transaction.atomic():
        made = Import.objects.create(
            kind=kind,
            source=source,
            file_name=name[:200],
            uploaded_by=user,
            layout=layout.words[:200],
            header=layout.header,
            samples=_samples(source_file, layout),
            mapping=chosen.as_dict(),
            create_missing=create_missing,
        )
        ImportFile.objects.create(of=made, content=content)
    return made


def remembered(kind: str, source: str, header: list[str]) -> tuple[mapping.Mapping, bool]:
    found = RememberedMapping.objects.filter(kind=kind, source=source, header=header).first()
    if found:
        return mapping.from_dict(found.mapping), found.create_missing
    return mapping.guess(KINDS[kind], header), False


def _samples(source_file: files.Source, layout: files.Layout) -> dict[str, list[str]]:
    rows = [cells for _, cells in itertools.islice(files.read(source_file, layout), SAMPLES)]
    return {
        name: [str(cells[place])[:40] for cells in rows if place < len(cells)]
        for place, name in enumerate(layout.header)
        if name
    }


def choose_columns(found: Import, chosen: mapping.Mapping, create_missing: bool) -> None:
    """Take these columns, remember them for the next file like this, and ask for a dry run."""
    mapping.check(KINDS[found.kind], chosen, found.header)
    with transaction.atomic():
        _move(
            found,
            IN_HAND,
            State.CHECK_WAITING,
            mapping=chosen.as_dict(),
            create_missing=create_missing,
            attempts=0,
            **_AT_THE_START,
        )
        RememberedMapping.objects.update_or_create(
            kind=found.kind,
            source=found.source,
            header=found.header,
            defaults={"mapping": chosen.as_dict(), "create_missing": create_missing},
        )
        transaction.on_commit(lambda: wake(TASK))


_AT_THE_START: dict[str, Any] = {"step": "", "done": 0, "total": 0, "message": "", "finished_at": None}


def apply(found: Import) -> None:
    """Ask that a checked import is written."""
    with transaction.atomic():
        _move(found, State.CHECKED, State.APPLY_WAITING, attempts=0, **_AT_THE_START)
        transaction.on_commit(lambda: wake(TASK))


def discard(found: Import) -> None:
    with transaction.atomic():
        _move(found, IN_HAND, State.DISCARDED, samples={}, finished_at=timezone.now())
        _forget_content(found.pk)


def _move(found: Import, old: State | tuple[State, ...], new: State, **values: object) -> None:
    if not Import.objects.all().move(found.pk, old, new, **values):
        raise NotNow


def _forget_content(pk: int) -> None:
    ImportFile.objects.filter(of=pk).delete()
    ImportRefusal.objects.filter(of=pk).delete()
    ImportChange.objects.filter(of=pk).delete()


# -- in the worker


def pick_up_imports() -> int:
    """Give back what a dead worker left and wake a worker if anything waits; returns how many wait."""
    for found in Import.objects.filter(state__in=RUNNING):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [AT_WORK, found.pk])
            if cursor.fetchone()[0]:
                _give_back(found)
    waiting = Import.objects.filter(state__in=WAITING).count()
    if waiting:
        wake(TASK)
    return waiting


def _give_back(found: Import) -> None:
    state = State(found.state)
    if found.attempts >= MOST_ATTEMPTS:
        message = f"The import was stopped {found.attempts} times before it ended. Nothing was written."
        Import.objects.all().move(found.pk, state, State.FAILED, message=message, finished_at=timezone.now())
    else:
        Import.objects.all().move(found.pk, state, RUNNING[state], step="")


def work() -> None:
    """Do every import that waits, oldest first."""
    while (found := Import.objects.filter(state__in=WAITING).order_by("pk").first()) is not None:
        run(found)


def run(found: Import) -> None:
    """Claim one waiting import and do its dry run, or write it; whoever comes second does nothing."""
    state = WAITING[State(found.state)]
    with _at_work(found.pk) as watch:
        if not watch.is_ours:
            return
        if not Import.objects.all().move(found.pk, State(found.state), state, attempts=found.attempts + 1):
            return
        try:
            _run(found.pk, state, watch)
        except Refused as problem:
            _end(found.pk, state, State.FAILED, message=str(problem))
        except Exception:
            logger.exception("import %s failed", found.pk)
            message = (
                "Something went wrong that is not the file's fault; nothing was written. The log says more."
            )
            _end(found.pk, state, State.FAILED, message=message)


def _run(pk: int, state: State, watch: "Watch") -> None:
    found = Import.objects.select_related("file").get(pk=pk)

    def finish(outcome: Outcome) -> None:
        values = {
            "counts": outcome.counts,
            "rows": outcome.rows,
            "samples": {},
            "finished_at": timezone.now(),
        }
        if not Import.objects.all().move(pk, State.APPLYING, State.APPLIED, **values):
            raise NotNow
        _forget_content(pk)

    with pghistory.context(user=found.uploaded_by_id, imported=found.pk):
        outcome = loading.run(
            KINDS[found.kind],
            files.Source(found.file_name, bytes(found.file.content)),
            mapping.from_dict(found.mapping),
            found.source,
            write=state == State.APPLYING,
            create_missing=found.create_missing,
            progress=watch.progress,
            finish=finish,
        )
    if not outcome.written:
        _keep(pk, state, outcome)


def _keep(pk: int, state: State, outcome: Outcome) -> None:
    """The result of a dry run, or of an import that wrote nothing because rows were refused."""
    with transaction.atomic():
        ImportRefusal.objects.filter(of=pk).delete()
        ImportRefusal.objects.bulk_create(
            [
                ImportRefusal(of_id=pk, **{**asdict(refusal), "value": refusal.value[:200]})
                for refusal in outcome.refusals
            ],
            batch_size=2_000,
        )
        ImportChange.objects.filter(of=pk).delete()
        ImportChange.objects.bulk_create(
            [ImportChange(of_id=pk, **asdict(change)) for change in outcome.listed], batch_size=2_000
        )
        new = State.REFUSED if outcome.refused else State.CHECKED
        _end(pk, state, new, counts=outcome.counts, rows=outcome.rows, refused=outcome.refused)


def _end(pk: int, old: State, new: State, **values: object) -> None:
    Import.objects.all().move(pk, old, new, finished_at=timezone.now(), **values)


class Watch:
    """Tells how far an import is over a connection of its own, so that others see it before the end."""

    def __init__(self, pk: int) -> None:
        self.pk = pk
        self.connection = connection.copy(alias="default")
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [AT_WORK, pk])
            self.is_ours = bool(cursor.fetchone()[0])

    def progress(self, step: str, done: int, total: int) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(
                "UPDATE accounts_import SET step = %s, done = %s, total = %s "
                "WHERE id = %s AND state IN (%s, %s)",
                [step, done, total, self.pk, State.CHECKING, State.APPLYING],
            )


@contextmanager
def _at_work(pk: int) -> Iterator[Watch]:
    """Holds a lock that ends with the connection, however this process ends."""
    watch = Watch(pk)
    try:
        yield watch
    finally:
        watch.connection.close()
