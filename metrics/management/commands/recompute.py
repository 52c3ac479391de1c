import datetime
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Organisation
from kamplan.waking import wake
from metrics.models import Run, RunAttempt
from metrics.recompute.due import TASK, request_run
from metrics.recompute.run import AnotherRun, Order, recompute

PATIENCE = 3600


class Command(BaseCommand):
    help = "Recompute the numbers now: in this process, or through the worker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--full", action="store_true", help="rebuild everything since the beginning")
        parser.add_argument("--day", type=datetime.date.fromisoformat, help="as of this day, default today")
        parser.add_argument("--via-worker", action="store_true", help="ask the worker, and wait for it")

    def handle(self, *args: Any, **options: Any) -> None:
        cause = Run.Cause.FULL if options["full"] else Run.Cause.MANUAL
        run = self.wait_for(cause) if options["via_worker"] else self.run_here(cause, options["day"])
        self.stdout.write(
            f"Run {run.pk} published in {run.seconds:.1f} s: {run.rows_inserted} rows new, "
            f"{run.rows_replaced} replaced, {run.figures} figures stored."
        )

    def run_here(self, cause: str, day: datetime.date | None) -> Run:
        as_of = day or Organisation.current().today()
        try:
            return recompute(Order(cause, as_of), progress=self.note)
        except AnotherRun:
            raise CommandError("Another run is under way; try again when it has ended.") from None

    def note(self, step: str, then: int | None = None) -> None:
        self.stdout.write(f"  {step}")

    def wait_for(self, cause: str) -> Run:
        attempt = request_run(cause)
        asked = time.monotonic()
        while time.monotonic() < asked + PATIENCE:
            attempt.refresh_from_db()
            if attempt.state == RunAttempt.State.PUBLISHED and attempt.run:
                return attempt.run
            if attempt.state == RunAttempt.State.FAILED:
                raise CommandError(f"The run failed: {attempt.error}")
            if attempt.state == RunAttempt.State.WAITING:
                wake(TASK)
            time.sleep(1)
        raise CommandError("The worker did not finish within an hour.")
