"""Early warnings: what there is, on which evidence, what to do next, and what people did about it."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.text import capfirst
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.engagement.playbooks import WarningKind
from accounts.models import Organisation, Role, User
from accounts.periods import Day
from accounts.plans.week_forms import REASONS, SnoozeForm
from accounts.portfolio.views import with_toast
from kamplan.components import Choice
from kamplan.formats import day, format_value, number, plural
from kamplan.permissions import EDITS_ACCOUNTS, allowed, signed_in, visible_or_404
from metrics.access import sees_everything
from metrics.alerts import actions
from metrics.alerts.backtest import Backtest, backtest
from metrics.alerts.models import Alert
from metrics.alerts.rules import RULE_OF, RULES, Rule
from metrics.reading import newest_run

PAGE = 40
STATES = (("waiting", "Open"), ("snoozed", "Put off"), ("resolved", "Resolved"))


class Unknown(dict[str, Any]):
    """A value that an older record of a rule did not keep."""

    def __missing__(self, key: str) -> str:
        return "?"


@dataclass(frozen=True)
class Line:
    """A warning as people read it."""

    alert: Alert
    rule: Rule
    mine: bool = True
    play: dict[str, Any] | None = None

    @property
    def values(self) -> Unknown:
        found = Unknown({name: as_words(value) for name, value in self.alert.facts.items()})
        if "days" in self.alert.facts:
            found["span"] = plural(self.alert.facts["days"], "day")
        return found

    @property
    def sentence(self) -> str:
        return self.rule.sentence.format_map(self.values)

    @property
    def next_step(self) -> str:
        return self.rule.next_step.format_map(self.values)

    @property
    def url(self) -> str:
        """Where the next step is done."""
        _, _, number = self.alert.cause.partition(":")
        target = int(number) if number.isdigit() and self.rule.page != "portfolio:account" else None
        account = self.alert.account_id
        try:
            return reverse(self.rule.page, args=[target or account])
        except NoReverseMatch:
            return reverse("portfolio:account", args=[account])

    @property
    def mark(self) -> str:
        if self.alert.is_news:
            return "higher"
        return "overdue" if self.alert.is_red else "watch"

    @property
    def evidence(self) -> list[dict[str, Any]]:
        return [
            {"what": each["what"], "when": as_words(each.get("when")), "value": with_unit(each)}
            for each in self.alert.evidence
        ]


def as_words(value: Any) -> Any:
    """Days are stored as text, numbers as they are; people read both as they write them."""
    if isinstance(value, int | float):
        return number(value)
    try:
        return day(datetime.date.fromisoformat(value)) if isinstance(value, str) else value
    except ValueError:
        return value


def with_unit(each: dict[str, Any]) -> Any:
    """A figure of the evidence; amounts are in the reporting currency."""
    value, unit = each.get("value"), each.get("unit")
    if unit is None or value is None:
        return as_words(value)
    return format_value(Decimal(str(value)), unit, Organisation.current().reporting_currency)


def lines(alerts: Iterable[Any]) -> list[Line]:
    """Warnings read `with_play`."""
    return [Line(each, RULE_OF[each.kind], play=each.play) for each in alerts]


def line_of(alert: Alert) -> Line:
    """As it stands now."""
    return lines(Alert.objects.filter(pk=alert.pk).with_play().select_related("account", "acknowledged_by"))[
        0
    ]


@require_GET
@allowed(*EDITS_ACCOUNTS)
def warning_list(request: HttpRequest) -> HttpResponse:
    user, today = signed_in(request), Organisation.current().today()
    whose = request.GET.get("whose") or ("mine" if user.role == Role.MANAGER else "all")
    state = request.GET.get("state", "waiting")
    kind = request.GET.get("kind", "")
    rows = Alert.objects.visible_to(user, today)
    rows = rows.owned_by(user, today) if whose == "mine" else rows
    kinds = dict(kinds_of(rows.waiting(today)))
    rows = in_state(rows, state, today)
    rows = rows.filter(kind=kind) if kind in WarningKind.values else rows
    rows = rows.with_play().select_related("account", "acknowledged_by", "snoozed_by")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    chosen = {"whose": whose, "state": state, "kind": kind}
    context = {
        "page": page,
        "lines": lines(page.object_list),
        "whose": [
            link(request, chosen, "whose", value, words)
            for value, words in (("mine", "My accounts"), ("all", "All that I see"))
        ],
        "states": [link(request, chosen, "state", value, words) for value, words in STATES],
        "kinds": [link(request, chosen, "kind", "", "All kinds")]
        + [
            link(request, chosen, "kind", key, capfirst(WarningKind(key).label), str(n))
            for key, n in kinds.items()
        ],
        "is_filtered": bool(kind) or state != "waiting",
        "rules": RULES,
        "backtest": tested(user),
        "must_elevate": user.role == Role.ADMINISTRATOR and not user.is_elevated,
    }
    return render(request, "metrics/warnings.html", context)


def tested(user: User) -> Backtest | None:
    """How well health foretold losses: about all accounts, so for those who see all of them."""
    run = newest_run()
    if run is None or run.first_month is None or not sees_everything(user):
        return None
    return tested_by(run.pk, run.published_at, run.as_of, run.first_month)


@lru_cache(maxsize=4)
def tested_by(run: int, published_at: datetime.datetime, as_of: Day, first: Day) -> Backtest:
    """It reads every month of every account, and says the same until there is another run."""
    return backtest(as_of, first)


def kinds_of(rows: Any) -> list[tuple[str, int]]:
    from django.db.models import Count

    return list(rows.order_by("kind").values_list("kind").annotate(number=Count("pk")))


def in_state(rows: Any, state: str, today: Any) -> Any:
    if state == "resolved":
        return rows.filter(resolved_on__isnull=False).order_by("-resolved_on", "-pk")
    if state == "snoozed":
        return rows.open().filter(snoozed_until__gt=today).news_last()
    return rows.waiting(today).news_last()


def link(
    request: HttpRequest, chosen: dict[str, str], name: str, value: str, words: str, count: str = ""
) -> Choice:
    query = "&".join(f"{key}={each}" for key, each in {**chosen, name: value}.items() if each)
    return Choice(words, f"{request.path}?{query}", chosen[name] == value, count)


def changed(request: HttpRequest, alert: Alert, text: str) -> HttpResponse:
    """The line as it stands now, with the way back; without scripts the list again."""
    undo = reverse("metrics:warning_reopen", args=[alert.pk])
    if not request.htmx:  # type: ignore[attr-defined]
        messages.success(request, text)
        return redirect("metrics:warning_list")
    return with_toast(
        render(request, "metrics/_warning.html", {"line": line_of(alert), "undo": undo}), text, undo
    )


def own_alert(user: User, pk: int) -> Alert:
    return visible_or_404(Alert, user, pk=pk, resolved_on__isnull=True)


@require_POST
@allowed(*EDITS_ACCOUNTS)
def warning_acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    alert = actions.acknowledge(own_alert(user, pk), user, Organisation.current().today())
    return changed(request, alert, "Taken up.")


@require_POST
@allowed(*EDITS_ACCOUNTS)
def warning_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    alert = actions.reopen(own_alert(signed_in(request), pk), Organisation.current().today())
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    messages.success(request, f"It waits again: {alert}.")
    return redirect("metrics:warning_list")


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def warning_snooze(request: HttpRequest, pk: int) -> HttpResponseBase:
    user, today = signed_in(request), Organisation.current().today()
    alert = own_alert(user, pk)
    form = SnoozeForm(request.POST or None, today=today)
    if request.method == "POST" and form.is_valid():
        until = form.cleaned_data["until"]
        actions.snooze(alert, user, until, form.cleaned_data["reason"], today)
        messages.success(request, f"Put off until {day(until)}.")
        return redirect("metrics:warning_list")
    context = {"form": form, "line": line_of(alert), "reasons": REASONS}
    return render(
        request, "metrics/warning_snooze.html", context, status=422 if request.method == "POST" else 200
    )
