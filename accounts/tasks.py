"""The background work of the write side: each task calls one function; running twice equals once."""

from celery import shared_task

from accounts import outbox
from accounts.exchange import tasks as exchange_tasks  # noqa: F401  (declares apply_import)
from accounts.surveys import sending


@shared_task(name="accounts.tasks.send_outbox")
def send_outbox() -> None:
    outbox.send_waiting()


@shared_task(name="accounts.tasks.survey_waves")
def survey_waves() -> None:
    """Opens, reminds and closes what is due."""
    sending.tick()
