import datetime
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.demo import cast
from accounts.demo.organisation import PASSWORD, organisation
from accounts.demo.write import HoldsRealData, clear, is_demonstration, write

REFUSAL = "This database holds rows that are not a demonstration. Nothing was changed."


class Command(BaseCommand):
    help = "Fills an empty database with a made-up company; does nothing where it stands already."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--logins", action="store_true", help="print who can log in, and what to look at")
        parser.add_argument("--reset", action="store_true", help="delete the demonstration first, all of it")
        parser.add_argument(
            "--today", type=datetime.date.fromisoformat, help="the day it is dated relative to (for tests)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["reset"] and is_demonstration():
                clear()
            if is_demonstration():
                self.stdout.write("The demonstration company is there already; nothing was changed.")
            else:
                self.fill(options["today"] or organisation().today())
        except HoldsRealData:
            raise CommandError(REFUSAL) from None
        if options["logins"]:
            self.stdout.write(logins())

    def fill(self, today: datetime.date) -> None:
        company = write(today)
        self.stdout.write(
            f"{cast.ORGANISATION} (made up, as of {today}): {len(company.portfolio.accounts)} accounts, "
            f"{len(company.orders.orders)} orders, {len(company.deals.opportunities)} deals, "
            f"{len(company.contracts)} contract terms."
        )


def logins() -> str:
    people = [person for person in cast.PEOPLE if person.name != cast.LEAVER]
    rows = [("Role", "Name", "E-mail", "Look at")]
    rows += [(str(person.role.label), person.name, person.email, person.look_at) for person in people]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        "  ".join([*(text.ljust(w) for text, w in zip(row[:3], widths, strict=True)), row[3]]) for row in rows
    ]
    return "\n".join(
        [
            "",
            *lines,
            "",
            f"Everybody's password: {PASSWORD} (known to everybody: do not put real data beside it)",
            "Administrator: set up two-step login (TOTP) on the profile page before opening the admin panel.",
            "",
        ]
    )
