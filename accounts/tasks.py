"""The background work of the write side: each task calls one function; running twice equals once."""

from celery import shared_task

from accounts import outbox
from accounts.people import letters  # noqa: F401  (declares the kinds of letters)


@shared_task(name="accounts.tasks.send_outbox")
def send_outbox() -> None:
    outbox.send_waiting()
