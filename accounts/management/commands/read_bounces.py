"""Read the mails that came back, now: from the mailbox of the settings, or from a Maildir given here."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.bounces import read_mailbox


class Command(BaseCommand):
    help = (
        "Read what mail servers say about mails that came back (every five minutes a worker does the same)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "mailbox", nargs="?", default="", help="maildir:///folder or imaps://user:password@host/INBOX"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        url = options["mailbox"] or settings.BOUNCE_MAILBOX
        if not url:
            raise CommandError("No mailbox: set BOUNCE_MAILBOX, or name one.")
        found = read_mailbox(url)
        self.stdout.write(f"{found.read} mails read, {found.reports} of them reports, {found.noted} new.")
