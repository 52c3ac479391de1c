"""The background work of imports; the message only wakes, what is to be done stands in the database."""

from celery import shared_task

from accounts.exchange import actions


@shared_task(name=actions.TASK)
def apply_import() -> None:
    actions.work()
