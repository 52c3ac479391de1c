import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from metrics.bi import is_taken, make_role, make_views, may_make_roles

SHORTEST = 16


class Command(BaseCommand):
    help = "Make or renew a database role for BI tools that reads figures and nothing else (see docs/bi.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="of the role, as kamplan_bi")

    def handle(self, *args: Any, **options: Any) -> None:
        password = os.environ.get("BI_PASSWORD", "")
        if len(password) < SHORTEST:
            raise CommandError(f"Set BI_PASSWORD to a password of {SHORTEST} characters or more.")
        if not options["name"].isidentifier():
            raise CommandError("The name is made of letters, digits and underscores.")
        if not may_make_roles():
            raise CommandError("The database user of kamplan may not make roles; let one who may run this.")
        if is_taken(options["name"]):
            raise CommandError(f"{options['name']} is a role that does other things; choose another name.")
        with transaction.atomic():
            make_views()
            make_role(options["name"], password)
        self.stdout.write(
            f"{options['name']} reads the facts, the stored figures, and the names in schema bi."
        )
