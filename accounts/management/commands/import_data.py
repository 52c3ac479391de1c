import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.exchange import files, loading, mapping
from accounts.exchange.changes import SHOWN as LISTED
from accounts.exchange.changes import Change
from accounts.exchange.kinds import KINDS
from accounts.exchange.loading import Outcome
from accounts.exchange.values import Refused

SHOWN = 50


class Command(BaseCommand):
    help = "Import a CSV or XLSX file, all or nothing (see docs/import.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=list(KINDS))
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--mapping", type=Path, help="JSON file: which column of the file feeds which of ours."
        )
        parser.add_argument("--dry-run", action="store_true", help="Only tell what would happen.")
        parser.add_argument("--source", default="import", help="Name of the system that the file comes from.")
        parser.add_argument(
            "--create-missing",
            action="store_true",
            help="Create tiers, industries, regions and categories by name.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        kind = KINDS[options["kind"]]
        if not options["file"].is_file():
            raise CommandError(f"There is no file {options['file']}.")
        source_file = files.Source(options["file"].name, options["file"])
        started = time.monotonic()
        try:
            header = files.inspect(source_file).header
            chosen = (
                mapping.from_file(options["mapping"]) if options["mapping"] else mapping.guess(kind, header)
            )
            outcome = loading.run(
                kind,
                source_file,
                chosen,
                options["source"],
                write=not options["dry_run"],
                create_missing=options["create_missing"],
            )
        except Refused as problem:
            raise CommandError(str(problem)) from None
        self.report(outcome, chosen, header, time.monotonic() - started, options["verbosity"])
        if outcome.refused:
            raise CommandError(f"{outcome.refused:,} rows refused: nothing was imported.")

    def report(
        self, outcome: Outcome, chosen: mapping.Mapping, header: list[str], seconds: float, verbosity: int
    ) -> None:
        self.stdout.write(f"{outcome.rows:,} rows, {outcome.layout}, {seconds:.1f} s")
        if verbosity > 1:
            for ours, theirs in chosen.columns.items():
                self.stdout.write(f"  {ours} = column “{theirs}”")
        ignored = [name for name in header if name and name not in chosen.columns.values()]
        if ignored:
            self.stdout.write(f"Not used: {', '.join(ignored)}")
        for count in outcome.counts:
            states = ("created", "changed", "unchanged", *(["removed"] if count["removed"] else []))
            self.stdout.write(
                f"{count['label']}: " + ", ".join(f"{count[state]:,} {state}" for state in states)
            )
        self.report_changes(outcome.listed)
        for refusal in outcome.refusals[:SHOWN]:
            place = f"row {refusal.row}" if refusal.row else "file"
            theirs = chosen.columns.get(refusal.column, refusal.column)
            column = f", {theirs}" if theirs else ""
            value = f" “{refusal.value}”" if refusal.value else ""
            self.stderr.write(f"{place}{column}{value}: {refusal.reason}")
        if len(outcome.refusals) > SHOWN:
            self.stderr.write(f"… and {len(outcome.refusals) - SHOWN:,} more")
        if not outcome.refused:
            self.stdout.write(
                self.style.SUCCESS("Imported." if outcome.written else "Nothing written: a dry run.")
            )

    def report_changes(self, listed: list[Change]) -> None:
        """What a dry run would write, row by row; rows that stay as they are stand in the counts."""
        changes = [change for change in listed if change.state != "unchanged"]
        for change in changes[:SHOWN]:
            place = f"row {change.row}, " if change.row else ""
            values = "; ".join(
                f"{value.label} {f'“{value.old}” to ' if change.state == 'changed' else ''}“{value.new}”"
                for value in change.values
            )
            self.stdout.write(f"  {place}{change.part} “{change.name}” {change.state}: {values}".rstrip(": "))
        if len(changes) > SHOWN:
            self.stdout.write(f"  … and more; the browser lists the first {LISTED} of each kind")
