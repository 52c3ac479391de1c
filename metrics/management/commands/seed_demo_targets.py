import datetime
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Organisation
from metrics.demo_board import add_board
from metrics.demo_targets import add_targets, is_demonstration
from metrics.demo_warnings import add_warnings


class Command(BaseCommand):
    help = (
        "Adds targets and last year's warnings to the demonstration company; nothing where they are already."
    )

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
        warnings = add_warnings(today)
        self.stdout.write(
            f"{count} targets and {warnings} warnings of the last year added."
            if count
            else "There are targets already; nothing was changed."
        )
