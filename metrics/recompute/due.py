"""What is due, and who does it: the database decides, messages only wake.

An attempt is a row before it is work. A lost or doubled message, two clocks or a killed worker change nothing:
the next tick finds the row and goes on. Three tries that crashed make it `failed`.
"""

import datetime
import logging

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import outbox
from accounts.models import Contract, Organisation, Role, User
from accounts.outbox import Letter, Outdated
from accounts.people.letters import render
from accounts.people.models import Message
from accounts.periods import Day
from accounts.revenue.forecasts import freeze_due
from kamplan.waking import wake
from metrics.models import Run, RunAttempt
from metrics.recompute.run import AnotherRun, Order, recompute
from metrics.recompute.trace import traced
from metrics.sources import SOURCES

TASK = "metrics.tasks.recompute"
TRIES = 3
SILENT_AFTER = datetime.timedelta(seconds=60)
"""An attempt without a heartbeat for so long is taken for dead."""
NIGHTS_TO_NOTE = 7

State = RunAttempt.State
log = logging.getLogger(__name__)


def tick(now: datetime.datetime | None = None) -> None:
    """What the clock does every five minutes, however often it is called."""
    now = now or timezone.now()
    ensure_due(now)
    sweep(now)
    lapse_contracts(now)
    freeze_due(now.astimezone(Organisation.current().zone).date())
    if RunAttempt.objects.filter(state=State.WAITING).exists():
        wake(TASK)


def due_night(now: datetime.datetime, organisation: Organisation) -> Day:
    """The newest date whose run is due: today's once its hour has come, else yesterday's."""
    local = now.astimezone(organisation.zone)
    return local.date() if local.hour >= organisation.run_hour else local.date() - datetime.timedelta(days=1)


def ensure_due(now: datetime.datetime) -> RunAttempt | None:
    """Make sure that the newest due night has an attempt; nights missed before it are noted as skipped."""
    due = due_night(now, Organisation.current())
    if Run.objects.filter(due__gte=due).exists():
        return None
    last = Run.objects.filter(due__isnull=False).order_by("-due").values_list("due", flat=True).first()
    missed = missed_nights(last, due) if last else []
    with transaction.atomic():
        RunAttempt.objects.filter(due__lt=due, state=State.WAITING).update(state=State.SKIPPED, ended_at=now)
        RunAttempt.objects.bulk_create(
            [
                RunAttempt(due=night, cause=Run.Cause.SCHEDULED, state=State.SKIPPED, ended_at=now)
                for night in missed
            ]
            + [RunAttempt(due=due, cause=Run.Cause.SCHEDULED)],
            ignore_conflicts=True,
        )
    return RunAttempt.objects.filter(due=due).first()


def missed_nights(last: Day, due: Day) -> list[Day]:
    first = max(last + datetime.timedelta(days=1), due - datetime.timedelta(days=NIGHTS_TO_NOTE))
    return [first + datetime.timedelta(days=day) for day in range((due - first).days)]


def request_run(cause: str, user: User | None = None) -> RunAttempt:
    """Ask for a run now; one that waits already will do."""
    RunAttempt.objects.bulk_create([RunAttempt(cause=cause, asked_by=user)], ignore_conflicts=True)
    transaction.on_commit(lambda: wake(TASK))
    return RunAttempt.objects.filter(cause=cause, due__isnull=True).latest("pk")


def sweep(now: datetime.datetime) -> None:
    """Give attempts of dead workers back, or up after three tries."""
    dead = RunAttempt.objects.filter(state=State.RUNNING).filter(
        Q(heartbeat_at__lt=now - SILENT_AFTER)
        | Q(heartbeat_at__isnull=True, started_at__lt=now - SILENT_AFTER)
    )
    for attempt in dead:
        give_back(attempt, "The worker stopped without a word.")


def give_back(attempt: RunAttempt, error: str) -> None:
    """After a crash: wait for another try, or fail for good and tell the administrators."""
    state = State.FAILED if attempt.tries >= TRIES else State.WAITING
    with transaction.atomic():
        moved = RunAttempt.objects.filter(pk=attempt.pk, state=State.RUNNING, tries=attempt.tries).update(
            state=state, error=error[:2000], ended_at=timezone.now() if state == State.FAILED else None
        )
        if moved and state == State.FAILED:
            tell_administrators(attempt)


def tell_administrators(attempt: RunAttempt) -> None:
    for user in User.objects.filter(role=Role.ADMINISTRATOR, is_active=True):
        outbox.put("run_failed", user, f"run_failed:{attempt.pk}:{user.pk}", attempt=attempt.pk)


@outbox.kind("run_failed", resend=True)
def run_failed_letter(message: Message) -> Letter:
    attempt = RunAttempt.objects.filter(pk=message.payload["attempt"], state=State.FAILED).first()
    if attempt is None:
        raise Outdated("the run was asked for again")
    return render("run_failed", "The figures could not be recomputed", message, attempt=attempt)


def claim() -> RunAttempt | None:
    """Take the oldest waiting attempt; nobody else gets it."""
    with transaction.atomic():
        waiting = RunAttempt.objects.filter(state=State.WAITING).order_by("pk")
        attempt = waiting.select_for_update(skip_locked=True).first()
        if attempt is None:
            return None
        attempt.state = State.RUNNING
        attempt.tries += 1
        attempt.started_at = attempt.heartbeat_at = timezone.now()
        attempt.step, attempt.done, attempt.total, attempt.error = "Starting", 0, 0, ""
        attempt.save()
    return attempt


def work() -> None:
    """Do every attempt that waits, one after the other; what fails goes back once a tick."""
    while (attempt := claim()) is not None:
        if not run_attempt(attempt):
            return


def run_attempt(attempt: RunAttempt) -> bool:
    """One try; true if it ended and the next may begin."""
    try:
        run = publish(attempt)
    except AnotherRun:
        # It reads what that run has not seen yet, so it waits; this was no try.
        RunAttempt.objects.filter(pk=attempt.pk, state=State.RUNNING).update(
            state=State.WAITING, tries=attempt.tries - 1
        )
        return False
    except Exception as error:
        log.exception("A run failed")
        give_back(attempt, f"{type(error).__name__}: {error}")
        return False
    RunAttempt.objects.filter(pk=attempt.pk).update(
        state=State.PUBLISHED, run=run, ended_at=timezone.now(), step="Published"
    )
    return True


def publish(attempt: RunAttempt) -> Run:
    """The run of an attempt; a night published meanwhile is not run again."""
    if attempt.due and (run := Run.objects.filter(due=attempt.due).first()):
        return run
    as_of = attempt.due or Organisation.current().today()
    last = Run.objects.order_by("-pk").first()
    if last and attempt.due and last.as_of > attempt.due:
        as_of = last.as_of
    steps = steps_of_last(attempt.cause)
    with traced(attempt.pk, steps) as trace:
        return recompute(Order(attempt.cause, as_of, attempt.due), trace.step)


def steps_of_last(cause: str) -> int:
    """As many steps as the last run of this kind that made figures had: a fair guess for the progress bar."""
    made = RunAttempt.objects.filter(state=State.PUBLISHED, cause=cause, run__figures__gt=0)
    return made.values_list("done", flat=True).first() or 2 * len(SOURCES)


def lapse_contracts(now: datetime.datetime) -> int:
    """Undecided contracts whose days of grace are over count as lapsed from now on; the audit history keeps it."""
    organisation = Organisation.current()
    today = now.astimezone(organisation.zone).date()
    return Contract.objects.past_grace(today, organisation.grace_days).update(outcome=Contract.Outcome.LAPSED)
