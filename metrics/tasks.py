"""The background work of the read side: thin, repeatable, woken by messages that carry nothing."""

from celery import shared_task
from django.utils import timezone

from accounts.exchange.actions import pick_up_imports
from metrics.digests.due import put_due
from metrics.recompute import due
from metrics.recompute.prune import prune


@shared_task(name="metrics.tasks.tick")
def tick() -> None:
    due.tick()
    pick_up_imports()


@shared_task(name=due.TASK)
def recompute() -> None:
    due.work()
    prune(timezone.now())


@shared_task(name="metrics.tasks.digests")
def digests() -> None:
    """Whose morning has come gets a digest, if there is anything to say."""
    put_due(timezone.now())
