"""Reading published figures: one transaction a page, so that no page mixes two runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import Subquery
from psycopg import IsolationLevel

from metrics.evaluate import Facts
from metrics.models import Run, RunAttempt


@contextmanager
def reading() -> Iterator[None]:
    """One REPEATABLE READ, READ ONLY transaction; inside an outer one it opens none."""
    if connection.in_atomic_block:
        yield
        return
    connection.ensure_connection()
    session = connection.connection
    before = session.isolation_level, session.read_only
    # Said with BEGIN itself, which takes no statement of its own.
    session.isolation_level, session.read_only = IsolationLevel.REPEATABLE_READ, True
    try:
        with transaction.atomic():
            yield
    finally:
        if not session.closed:
            session.isolation_level, session.read_only = before


FIRST_NIGHT = "LEAST((SELECT MIN(opened_on) FROM metrics_alert), (SELECT MIN(as_of) FROM metrics_run))"
"""The day on which warnings were looked for first."""


def newest_run() -> Run | None:
    """With what became of the last try since, for the line that every page shows if it failed."""
    tries = RunAttempt.objects.exclude(state=RunAttempt.State.SKIPPED).order_by("-pk")
    tried = {
        "last_try": Subquery(tries.values("state")[:1]),
        "tried_until": Subquery(tries.values("ended_at")[:1]),
    }
    return Run.objects.annotate(**tried).order_by("-pk").first()


def facts_of(run: Run, newest: Run | None) -> Facts:
    """The facts as this run published them; of the newest run they stand in one table."""
    book_month = run.as_of.replace(day=1)
    if newest is None or run.pk == newest.pk:
        return Facts(book_month=book_month)
    return Facts.as_of_run(run.pk, book_month)
