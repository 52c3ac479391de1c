import datetime
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.models import Organisation
from metrics.models import Run
from metrics.recompute.run import Order, recompute


class Command(BaseCommand):
    help = "Recompute the numbers now, in this process or through the worker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--full", action="store_true", help="rebuild everything since the beginning")
        parser.add_argument("--day", type=datetime.date.fromisoformat, help="as of this day, default today")

    def handle(self, *args: Any, **options: Any) -> None:
        cause = Run.Cause.FULL if options["full"] else Run.Cause.MANUAL
        as_of = options["day"] or Organisation.current().today()
        run = recompute(Order(cause, as_of), progress=lambda step: self.stdout.write(f"  {step}"))
        self.stdout.write(
            f"Run {run.pk} published in {run.seconds:.1f} s: {run.rows_inserted} rows new, "
            f"{run.rows_replaced} replaced, {run.figures} figures stored."
        )
