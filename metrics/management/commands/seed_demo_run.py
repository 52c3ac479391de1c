from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Organisation
from metrics.demo_runs import add_earlier_run, ask_for_digests
from metrics.demo_targets import is_demonstration


class Command(BaseCommand):
    help = "The demonstration's first figures: as of nine days ago here; today's, and digests, by the worker."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--via-worker", action="store_true", help="today's, and last Monday's digests")

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_demonstration():
            raise CommandError("This is for the demonstration company only: run seed_demo first.")
        if options["via_worker"]:
            call_command("recompute", "--via-worker", stdout=self.stdout)
            self.stdout.write(f"{ask_for_digests(timezone.now())} digests are due.")
        else:
            run = add_earlier_run(Organisation.current().today())
            self.stdout.write(f"Figures as of {run.as_of}." if run else "There are figures already.")
