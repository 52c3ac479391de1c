from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.rights import log
from accounts.rights.replay import end_logins, hold_mails, hold_waves, replay, stock


class Command(BaseCommand):
    help = (
        "Once after a restore, before web and workers start: no mail goes out twice, erased people are erased again, "
        "logins end. Prints what is there. With --look it only prints, to compare."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--look", action="store_true", help="change nothing, only print what is there")
        parser.add_argument("--erasures", type=Path, help="the file of erasures; otherwise ERASURE_LOG")
        parser.add_argument("--keep-logins", action="store_true", help="whoever was logged in then stays so")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["look"]:
            self.settle(options["erasures"] or log.path(), ends=not options["keep_logins"])
        for line in stock().lines():
            self.stdout.write(line)

    def settle(self, source: Path, *, ends: bool) -> None:
        # First of all: whatever fails below, nothing may be mailed twice.
        self.stdout.write(f"Mails held back as perhaps sent: {hold_mails()}")
        self.stdout.write(f"Surveys made drafts again: {hold_waves(timezone.now())}")
        if ends:
            self.stdout.write(f"Logins ended: {end_logins()}")
        if not source.exists():
            raise CommandError(
                f"There is no {source}: erased people may be back. Name the file with --erasures; "
                "if nobody was ever erased, make an empty one."
            )
        try:
            found = replay(source)
        except ValueError as fault:
            raise CommandError(str(fault)) from fault
        self.stdout.write(
            f"Erasures: {len(found.done)} done once more, {len(found.held)} held or of later rows"
        )
        for act in found.others:
            self.stderr.write(
                f"Not erased: {act.get_kind_display()} {act.number} has another name now. Look who it is."
            )
