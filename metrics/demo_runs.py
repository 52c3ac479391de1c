"""What a demonstration that has been there for a week would have: earlier figures, and a digest last Monday."""

import datetime

from accounts.models import Organisation
from metrics.digests.due import put_due
from metrics.digests.models import settings_for_all
from metrics.models import Run
from metrics.recompute.run import Order, recompute

AGO = datetime.timedelta(days=9)
NIGHT = datetime.time(2)


def add_earlier_run(today: datetime.date) -> Run | None:
    """The figures as of nine days ago, which the first digest compares with; none where there are figures already."""
    if Run.objects.exists():
        return None
    day = today - AGO
    run = recompute(Order(Run.Cause.FULL, day))
    after = datetime.datetime.combine(day + datetime.timedelta(days=1), NIGHT, Organisation.current().zone)
    Run.objects.filter(pk=run.pk).update(published_at=after)
    return run


def ask_for_digests(now: datetime.datetime) -> int:
    """As if everybody had joined a week ago: the digest of last Monday is due, and the worker sends it."""
    settings_for_all(now - datetime.timedelta(days=7))
    return len(put_due(now))
