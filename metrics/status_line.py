"""What every page says when the figures are not what they should be: failed, or older than last night."""

import datetime

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from kamplan import formats
from metrics.models import Run, RunAttempt
from metrics.reading import newest_run

LATE = datetime.timedelta(hours=36)
"""A nightly run that is missing for so long is worth a word."""


def message(run: Run | None) -> str:
    """One sentence about the newest run, or nothing while all is well."""
    if run is None:
        return ""
    seen = f"You are reading the figures of {formats.moment(run.published_at)}."
    if run.last_try == RunAttempt.State.FAILED and (
        not run.tried_until or run.tried_until > run.published_at
    ):
        return f"The last recompute failed three times. {seen} The administrators have been told."
    if timezone.now() - run.published_at > LATE:
        return f"The figures are older than last night. {seen}"
    return ""


def status_line(request: HttpRequest) -> dict[str, object]:
    """The context processor; asked only by pages that show the line, and do not say themselves what it is."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {}
    return {"figures_message": SimpleLazyObject(lambda: message(newest_run()))}
