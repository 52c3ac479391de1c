import datetime
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Organisation
from metrics.demo_board import add_board
from metrics.demo_targets import add_targets, is_demonstration


class Command(BaseCommand):
    help = "Adds targets to the demonstration company; does nothing where there are some already."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--today", type=datetime.date.fromisoformat, help="the day they are dated relative to (for tests)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_demonstration():
            raise CommandError("Targets are made up for the demonstration company only: run seed_demo first.")
        today = options["today"] or Organisation.current().today()
        count = add_targets(today)
        add_board(today)
        self.stdout.write(
            f"{count} targets added." if count else "There are targets already; nothing was changed."
        )
