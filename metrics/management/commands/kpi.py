import datetime
import json
import os
import sys
from argparse import ArgumentParser
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.periods import BadPeriod, Period
from metrics.kpis import KPI, KPIS
from metrics.models import Run, Scope, View
from metrics.names import key_names
from metrics.needs import is_money
from metrics.reading import reading
from metrics.result import Result
from metrics.results import every_key


class Command(BaseCommand):
    help = "Print a KPI's results: for scripts, checks and administrators."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", nargs="?", help="the KPI, as account_revenue")
        parser.add_argument("--list", action="store_true", help="name every KPI")
        parser.add_argument("--by", choices=[scope.value for scope in Scope], default=Scope.COMPANY)
        parser.add_argument("--from", dest="start", type=datetime.date.fromisoformat, help="first day")
        parser.add_argument("--to", dest="end", type=datetime.date.fromisoformat, help="first day after it")
        parser.add_argument("--view", choices=[view.value for view in View], default=View.AS_WAS)
        parser.add_argument("--as-of", type=int, help="number of an earlier run")
        parser.add_argument("--json", action="store_true", help="one object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            for kpi in KPIS:
                self.stdout.write(f"{kpi.id:26} {kpi.name}: {kpi.words}")
            return
        if options["id"] not in KPI:
            raise CommandError(f"There is no KPI “{options['id']}”; --list names them all.")
        if not options["start"] or not options["end"]:
            raise CommandError("Name the period by --from and --to (the first day after it).")
        try:
            with reading():
                self.print_results(options)
            self.stdout.flush()
        except BrokenPipeError:
            # `| head` has read enough; nothing is left to be said at the end of the process either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def print_results(self, options: dict[str, Any]) -> None:
        try:
            period = Period(options["start"], options["end"])
        except BadPeriod as error:
            raise CommandError(str(error)) from error
        run = None
        if options["as_of"]:
            run = Run.objects.filter(pk=options["as_of"]).first()
            if run is None:
                raise CommandError(f"There is no run {options['as_of']}.")
            if not run.is_kept:
                raise CommandError(f"Run {run.pk} is too old: of its month only the last run is kept.")
        elif not Run.objects.exists():
            raise CommandError("No figures have been computed yet: run manage.py recompute.")
        found = every_key([KPI[options["id"]]], period, options["by"], options["view"], run)
        names = key_names(options["by"], [key for _, _, key in found])
        for result in sorted(found.values(), key=lambda result: names[result.key] or "￿"):
            line = as_line(result, names[result.key])
            self.stdout.write(json.dumps(line) if options["json"] else as_text(line))


def number(value: Decimal | int | None, as_text: bool) -> str | float | int | None:
    if value is None:
        return None
    value = Decimal(value)
    if as_text:
        return str(value)
    return int(value) if value == value.to_integral_value() else float(value)


def as_line(result: Result, name: str | None) -> dict[str, Any]:
    """One result as the fields of the contract; money as decimal text with its currency."""
    money = is_money(result.unit)
    sums_are_money = money or bool(getattr(result.kpi, "uses_money", False))
    line: dict[str, Any] = {
        "kpi": result.kpi.id,
        "scope": result.scope,
        "key": name,
        "from": result.period.start.isoformat(),
        "to": result.period.end.isoformat(),
        "view": result.view,
        "value": number(result.value, money),
        "numerator": number(result.numerator, sums_are_money),
        "denominator": number(result.denominator, sums_are_money and not money),
        "n": number(result.n, False),
        "interval": [number(bound, money) for bound in result.interval] if result.interval else None,
        "unit": result.unit.value,
        "reason": result.reason or None,
        "run": result.run.pk if result.run else None,
    }
    if money or sums_are_money:
        line["currency"] = result.currency or (
            result.run.settings.get("reporting_currency") if result.run else None
        )
    if result.run is not None and result.is_partial:
        # Days of the period are still to come; these are the figures up to this one.
        line |= {"partial": True, "as_of": result.run.as_of.isoformat()}
    if result.notice:
        line["notice"] = result.notice
    if result.beside:
        line["beside"] = {key: number(value, False) for key, value in result.beside.items()}
    return line


def as_text(line: dict[str, Any]) -> str:
    value = line["value"] if line["value"] is not None else f"– ({line['reason']})"
    interval = " to ".join(str(bound) for bound in line["interval"]) if line["interval"] else ""
    text = f"{line['key'] or '':30} {value!s:>24} {line['unit']:8} n {line['n']}  {interval}"
    so_far = "not begun on" if "partial" in line and line["from"] > line["as_of"] else "so far up to"
    said = [f"{so_far} {line['as_of']}"] if "partial" in line else []
    said += [line["notice"]] if "notice" in line else []
    return f"{text} ({'; '.join(said)})" if said else text
