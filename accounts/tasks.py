"""The background work of the write side: each task calls one function; running twice equals once."""

import imaplib
import logging
import mailbox

from celery import shared_task

from accounts import outbox
from accounts.bounces import read_mailbox
from accounts.exchange import tasks as exchange_tasks  # noqa: F401  (declares apply_import)
from accounts.people.models import Organisation
from accounts.plans.reassign import hand_on_due_work
from accounts.rights.retention import delete_what_is_over
from accounts.surveys import sending
from accounts.surveys.employees.actions import look_after_waves

logger = logging.getLogger(__name__)


@shared_task(name="accounts.tasks.send_outbox")
def send_outbox() -> None:
    outbox.send_waiting()


@shared_task(name="accounts.tasks.read_bounces")
def read_bounces() -> None:
    """What mail servers returned; a mailbox that cannot be reached is asked again in five minutes."""
    try:
        read_mailbox()
    except (OSError, imaplib.IMAP4.error, mailbox.Error, LookupError) as fault:
        logger.warning("the mailbox for returned mails cannot be read (%s)", type(fault).__name__)


@shared_task(name="accounts.tasks.hand_on_work")
def hand_on_work() -> None:
    """Open work follows its accounts on the day on which they change their owner."""
    hand_on_due_work(Organisation.current().today())


@shared_task(name="accounts.tasks.survey_waves")
def survey_waves() -> None:
    """Opens, reminds and closes what is due."""
    sending.tick()


@shared_task(name="accounts.tasks.employee_waves")
def employee_waves() -> None:
    """Counts, reminds and closes what is due of employee surveys."""
    look_after_waves()


@shared_task(name="accounts.tasks.retention")
def retention() -> None:
    """Deletes what was kept for as long as the organisation says."""
    delete_what_is_over()
