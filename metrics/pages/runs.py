"""The runs: what was computed when, what it changed, and asking for another."""

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Account, Opportunity, Order, User
from accounts.periods import Day
from kamplan import formats
from kamplan.components import Choice as Link
from kamplan.permissions import CONFIGURES, READS_RUNS, allowed, signed_in
from metrics.kpis import KPI
from metrics.models import Run, RunAttempt
from metrics.reading import reading
from metrics.recompute.due import request_run

PAGE = 30
SHOWN_RESTATEMENTS = 100
BUSY = (RunAttempt.State.WAITING, RunAttempt.State.RUNNING, RunAttempt.State.CRASHED)
STATES = {
    RunAttempt.State.WAITING: "waiting",
    RunAttempt.State.RUNNING: "running",
    RunAttempt.State.PUBLISHED: "done",
    RunAttempt.State.CRASHED: "watch",
    RunAttempt.State.FAILED: "failed",
    RunAttempt.State.SKIPPED: "no_target",
}
WHYS = {
    "no_rate": "no exchange rate into the reporting currency",
    "before_contact": "won before its first contact",
}
KINDS = {"opportunity": "deal"}
MEASURES = {
    "revenue": "Revenue",
    "orders": "Orders",
    "won_amount": "Amount won",
    "open_amount": "Open pipeline",
    "recurring": "Recurring revenue a year",
    "contracts": "Contracts",
    "due_value": "Value due",
    "renewed_value": "Value renewed",
}


@dataclass(frozen=True)
class Attempt:
    """A try at a run as the page shows it."""

    row: RunAttempt
    state: str
    words: str

    @property
    def is_busy(self) -> bool:
        return self.row.state in BUSY


def newest_attempts(count: int = 5) -> list[Attempt]:
    rows = RunAttempt.objects.select_related("asked_by", "run").order_by("-pk")[:count]
    return [Attempt(row, STATES[RunAttempt.State(row.state)], row.get_state_display()) for row in rows]


@require_GET
@allowed(*READS_RUNS)
def run_list(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    attempts = newest_attempts()
    if request.GET.get("part") == "progress":
        return render(request, "metrics/_progress.html", progress_context(user, attempts))
    rows = Run.objects.defer("definitions", "settings", "seal").prefetch_related(
        Prefetch("attempts", RunAttempt.objects.select_related("asked_by"))
    )
    page = Paginator(rows, PAGE).get_page(request.GET.get("page", "1"))
    return render(request, "metrics/run_list.html", {"page": page, **progress_context(user, attempts)})


def progress_context(user: User, attempts: Sequence[Attempt]) -> dict[str, Any]:
    return {
        "attempts": attempts,
        "is_busy": any(attempt.is_busy for attempt in attempts),
        "may_start": user.role in CONFIGURES,
        "progress_url": f"{reverse('metrics:run_list')}?part=progress",
    }


@require_POST
@allowed(*CONFIGURES)
def run_start(request: HttpRequest) -> HttpResponse:
    """Asks for a run; the worker takes it, the page only watches."""
    user = signed_in(request)
    full = request.POST.get("cause") == Run.Cause.FULL
    request_run(Run.Cause.FULL if full else Run.Cause.MANUAL, user)
    messages.success(request, "A full rebuild is asked for." if full else "A recompute is asked for.")
    return redirect("metrics:run_list")


@dataclass(frozen=True)
class Restatement:
    """One figure of a closed month that a run replaced."""

    account: str
    month: Day
    measure: str
    old: str
    new: str


@dataclass(frozen=True)
class FoundRestatements:
    rows: list[Restatement]
    hidden: int
    shown_of: int


@require_GET
@allowed(*READS_RUNS)
def run(request: HttpRequest, id: int) -> HttpResponse:
    user = signed_in(request)
    with reading():
        found = get_object_or_404(Run, pk=id)
        before = Run.objects.filter(pk__lt=found.pk).order_by("-pk").first()
        context = {
            "run": found,
            "before": before,
            "crumbs": [Link("Runs", reverse("metrics:run_list"))],
            "facts": run_facts(found),
            "errors": errors_of(user, found),
            "restated": restatements(user, found),
            "definitions": changed_definitions(before, found),
            "attempts": found.attempts.select_related("asked_by"),
        }
        return render(request, "metrics/run.html", context)


def run_facts(run: Run) -> list[tuple[str, str]]:
    number = formats.number
    return [
        ("Cause", run.get_cause_display()),
        ("As of", formats.day(run.as_of, year=True)),
        ("Published", formats.moment(run.published_at)),
        ("Took", f"{number(run.seconds, 1)} s"),
        ("Accounts looked at again", number(run.accounts)),
        ("Rows new", number(run.rows_inserted)),
        ("Rows replaced", number(run.rows_replaced)),
        ("Of closed months", number(run.restated)),
        ("Stored sums changed", number(run.figures)),
    ]


def errors_of(user: User, run: Run) -> list[dict[str, str]]:
    """The rows that were left out; those of accounts the reader may not see stay without a name."""
    kinds: dict[str, Any] = {"order": Order, "opportunity": Opportunity}
    seen: dict[str, set[int]] = {}
    visible = Account.objects.visible_to(user)
    for kind, model in kinds.items():
        wanted = [each["id"] for each in run.errors if each["kind"] == kind]
        if wanted:
            rows = model._default_manager.filter(pk__in=wanted, account__in=visible)
            seen[kind] = set(rows.values_list("pk", flat=True))
    return [
        {
            "why": WHYS.get(each["why"], each["why"]),
            "kind": KINDS.get(each["kind"], each["kind"]),
            "name": each["name"]
            if each["id"] in seen.get(each["kind"], set())
            else "in an account you may not see",
            "detail": with_days(each["detail"]) if each["id"] in seen.get(each["kind"], set()) else "",
        }
        for each in run.errors
    ]


def restatements(user: User, run: Run) -> FoundRestatements:
    """Figures of closed months that this run replaced: account, month, old and new, in two statements."""
    if not run.restated:
        return FoundRestatements([], 0, 0)
    columns = ", ".join(f"('{name}', o.{name}, n.{name})" for name in MEASURES)
    sums = ", ".join(f"SUM({name}) AS {name}" for name in MEASURES)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH o AS (SELECT account_id, month, {sums} FROM (
                         SELECT account_id, month, {", ".join(MEASURES)} FROM metrics_accountmonthpast
                          WHERE valid_to > %(run)s - 1 AND valid_from < %(run)s AND valid_to >= %(run)s
                         UNION ALL
                         SELECT account_id, month, {", ".join(MEASURES)} FROM metrics_accountmonth
                          WHERE valid_from < %(run)s) x
                        WHERE (account_id, month) IN (SELECT account_id, month FROM metrics_accountmonthpast
                                                       WHERE valid_to = %(run)s)
                        GROUP BY 1, 2),
                 n AS (SELECT account_id, month, {sums} FROM (
                         SELECT account_id, month, {", ".join(MEASURES)} FROM metrics_accountmonthpast
                          WHERE valid_from <= %(run)s AND valid_to > %(run)s
                         UNION ALL
                         SELECT account_id, month, {", ".join(MEASURES)} FROM metrics_accountmonth
                          WHERE valid_from <= %(run)s) x
                        WHERE (account_id, month) IN (SELECT account_id, month FROM o)
                        GROUP BY 1, 2)
            SELECT o.account_id, o.month, v.measure, v.old, COALESCE(v.new, 0)
              FROM o LEFT JOIN n ON n.account_id = o.account_id AND n.month = o.month
             CROSS JOIN LATERAL (VALUES {columns}) v(measure, old, new)
             WHERE o.month < %(current)s AND v.old IS DISTINCT FROM COALESCE(v.new, 0)
             ORDER BY ABS(COALESCE(v.new, 0) - v.old) DESC, o.account_id, o.month, v.measure
            """,
            {"run": run.pk, "current": run.as_of.replace(day=1)},
        )
        rows = cursor.fetchall()
    accounts = {row[0] for row in rows if row[0] is not None}
    names = dict(Account.objects.visible_to(user).filter(pk__in=accounts).values_list("pk", "name"))
    shown = [row for row in rows if row[0] in names]
    return FoundRestatements(
        [
            Restatement(names[account], month, MEASURES[measure], amount(old), amount(new))
            for account, month, measure, old, new in shown[:SHOWN_RESTATEMENTS]
        ],
        len(rows) - len(shown),
        len(shown),
    )


def amount(value: Decimal) -> str:
    return formats.at_most_one_decimal(value)


def changed_definitions(before: Run | None, run: Run) -> list[str]:
    """The numbers whose definition is another than in the run before."""
    if before is None:
        return []
    return [
        KPI[name].name if name in KPI else name
        for name in sorted({*before.definitions, *run.definitions})
        if before.definitions.get(name) != run.definitions.get(name)
    ]


def with_days(text: str) -> str:
    """Days as everywhere else: a run keeps them as the database writes them."""
    return re.sub(
        r"\b\d{4}-\d\d-\d\d\b", lambda found: formats.day(datetime.date.fromisoformat(found[0])), text
    )
