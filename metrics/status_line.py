"""What every page says when the figures are not what they should be: failed, or older than last night."""

import datetime

from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from kamplan import formats
from metrics.models import RunAttempt

LATE = datetime.timedelta(hours=36)
"""A nightly run that is missing for so long is worth a word."""


NEWEST = """
    SELECT run.published_at, attempt.state, attempt.ended_at
      FROM (SELECT published_at FROM metrics_run ORDER BY id DESC LIMIT 1) run
      LEFT JOIN (SELECT state, ended_at FROM metrics_runattempt WHERE state <> 'skipped'
                  ORDER BY id DESC LIMIT 1) attempt ON TRUE"""


def message() -> str:
    """One sentence, or nothing while all is well; in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST)
        row = cursor.fetchone()
    if row is None:
        return ""
    published_at, state, ended_at = row
    seen = f"You are reading the figures of {formats.moment(published_at)}."
    if state == RunAttempt.State.FAILED and (ended_at is None or ended_at > published_at):
        return f"The last recompute failed three times. {seen} The administrators have been told."
    if timezone.now() - published_at > LATE:
        return f"The figures are older than last night. {seen}"
    return ""


def status_line(request: HttpRequest) -> dict[str, object]:
    """The context processor; asked only by pages that show the line."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {}
    return {"figures_message": SimpleLazyObject(message)}
