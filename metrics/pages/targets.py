"""Targets: what is to be reached by whom, how it stands, and how it stood before."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Organisation, Role, User
from accounts.periods import PeriodKind
from kamplan import formats
from kamplan.components import Choice as Link
from kamplan.form_page import form_page, may_save
from kamplan.permissions import SETS_TARGETS, allowed, signed_in
from metrics import target_actions
from metrics.access import may_see_kpi, sees_everything
from metrics.kpi import Definition
from metrics.kpis import KPI, KPIS
from metrics.models import Rule, Scope, Target
from metrics.pages import words
from metrics.pages.choice import KIND_WORDS, period_words
from metrics.pages.places import SCOPE_WORDS, place_or_what_was
from metrics.pages.scorecards import GROUPS
from metrics.pages.targets_attainment import (
    Attainment,
    Drawing,
    Point,
    attained,
    drawing,
    is_judged_by,
    state_of,
)
from metrics.pages.targets_form import (
    TargetRowForm,
    numbers_for,
    of_options,
    place_text,
    places_for,
    read_place,
    usual_rule,
    with_own,
)
from metrics.reading import newest_run, reading
from metrics.status import is_by_value
from metrics.targets import may_set
from metrics.urls_for import explain_url

USUAL_KIND = PeriodKind.T12
NOT_YET = "waiting"
"""The state of a target that did not hold at the end of the last complete period."""
TOO_LATE = "It is too late to take this back, or another target stands in its place."


def refuse_strangers(user: User) -> None:
    """An administrator reads account content only while elevated."""
    if user.role == Role.ADMINISTRATOR and not sees_everything(user):
        raise PermissionDenied("Account content is read only during an elevation.")


@dataclass(frozen=True)
class Line:
    """One target in the list."""

    target: Target
    kpi: Definition
    wanted: str
    days: str
    value: str
    status: str
    url: str
    explain: str
    attained: str
    points: Sequence[Decimal | None]
    trend_label: str
    is_by_value: bool


@require_GET
@allowed(*SETS_TARGETS)
def target_list(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    refuse_strangers(user)
    with reading():
        context = list_context(request, user)
    token = request.GET.get("undo", "")
    waits = target_actions.is_waiting(user, token)
    context["undo_url"] = reverse("metrics:target_undo", args=[token]) if waits else ""
    return render(request, "metrics/targets.html", context)


def list_context(request: HttpRequest, user: User) -> dict[str, Any]:
    organisation = Organisation.current()
    today = organisation.today()
    places = places_for(user, today)
    first = next((value for _, some in places for value, _ in some), "")
    whose = request.GET.get("whose", first)
    place = read_place(whose, places)
    if place is None and first:
        whose, place = first, read_place(first, places)
    kind = next((each for each in PeriodKind if each.value == request.GET.get("kind")), USUAL_KIND)
    run = newest_run()
    context: dict[str, Any] = {
        "places": places,
        "whose": whose,
        "name": of_options(places, whose),
        "kind": kind.value,
        "kinds": kind_links(whose, kind, organisation),
        "add_url": f"{reverse('metrics:target_add')}?whose={whose}&kind={kind.value}",
        "run": run,
    }
    if place is None or run is None:
        return context
    attainment = Attainment(user, run, organisation, *place, kind)
    rows = [
        row
        for row in attainment.targets.rows
        if row.period_kind == kind and row.kpi in KPI and may_see_kpi(user, KPI[row.kpi])
    ]
    held = newest_of_each(rows, today)
    later = [row for row in rows if state_of(row, today) == "later"]
    points = attainment.of([KPI[row.kpi] for row in held])
    lines = {row.kpi: line_of(row, points[row.kpi], organisation) for row in held}
    return {
        **context,
        "sections": [
            (title, [lines[kpi.id] for kpi in KPIS if kpi.group == group and kpi.id in lines])
            for group, (title, _) in GROUPS.items()
            if any(kpi.group == group and kpi.id in lines for kpi in KPIS)
        ],
        "later": [
            (row, KPI[row.kpi].name, wanted_text(row, organisation.reporting_currency), days_text(row))
            for row in sorted(later, key=lambda row: (row.starts, row.kpi))
        ],
        "tallies": tally([line.status for line in lines.values()]),
        "period": period_words(attainment.periods[-1]),
    }


def kind_links(whose: str, kind: PeriodKind, organisation: Organisation) -> list[Link]:
    kinds = [PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR, PeriodKind.T12]
    if organisation.fiscal_year_start != 1:
        kinds.append(PeriodKind.FISCAL_YEAR)
    return [Link(KIND_WORDS[each], f"?whose={whose}&kind={each.value}", each == kind) for each in kinds]


def newest_of_each(rows: Sequence[Target], today: Any) -> list[Target]:
    """The target that holds today, one a number; rows come the newest first."""
    found: dict[str, Target] = {}
    for row in rows:
        if state_of(row, today) == "held":
            found.setdefault(row.kpi, row)
    return list(found.values())


def tally(states: Sequence[str]) -> list[tuple[str, str]]:
    kinds = (
        (("on_target", "within_limit"), "on_target", "met"),
        (("short", "over"), "short", "missed"),
        (("too_close",), "too_close", "too close to call"),
        (("too_few", "no_data"), "no_data", "too few or no data"),
        ((NOT_YET,), NOT_YET, "not judged yet"),
    )
    counted = [(state, sum(states.count(name) for name in names), text) for names, state, text in kinds]
    return [(state, f"{count} {text}") for state, count, text in counted if count]


def line_of(row: Target, points: Sequence[Point], organisation: Organisation) -> Line:
    kpi, last = KPI[row.kpi], points[-1]
    return Line(
        row,
        kpi,
        wanted_text(row, organisation.reporting_currency),
        days_text(row),
        words.value_text(last.result),
        last.status if is_judged_by(last, row) else NOT_YET,
        reverse("metrics:target", args=[row.pk]),
        explain_url(kpi.id, row.scope, row.key, last.period),
        attained(points),
        [each.result.value for each in points],
        f"{kpi.name}, {len(points)} periods",
        is_by_value(last.result) and is_judged_by(last, row),
    )


def wanted_text(row: Target, currency: str) -> str:
    """As in `at least 95 %` or `between 20 % and 30 %`."""
    kpi = KPI[row.kpi]
    rule = row.rule or usual_rule(kpi)
    if row.upper is not None:
        return f"between {value_of(row.value, kpi, currency)} and {value_of(row.upper, kpi, currency)}"
    return f"{Rule(rule).label} {value_of(row.value, kpi, currency)}"


def value_of(value: Decimal, kpi: Definition, currency: str) -> str:
    if kpi.unit == "share" and value == value.to_integral_value():
        return f"{formats.number(value)}{formats.NBSP}%"
    return formats.format_value(value, kpi.unit, currency)


def days_text(row: Target) -> str:
    until = f" to {formats.day(row.until, year=True)}" if row.until else ""
    return f"from {formats.day(row.starts, year=True)}{until}"


# ---------------------------------------------------------------------------------------------- one target


def find_target(user: User, pk: int, among: Any = Target.objects) -> Target:
    """One that this person may set; nobody else learns that it exists."""
    target: Target | None = among.select_related("set_by").filter(pk=pk).first()
    if target is None or target.kpi not in KPI or not may_set(user, target.scope, target.key):
        raise Http404
    if not may_see_kpi(user, KPI[target.kpi]):
        raise PermissionDenied("This number is not shown to this role.")
    return target


@require_GET
@allowed(*SETS_TARGETS)
def target(request: HttpRequest, pk: int) -> HttpResponse:
    """How the number stood against its targets, and every word that was said about them."""
    user = signed_in(request)
    refuse_strangers(user)
    with reading():
        context = one_target(user, find_target(user, pk))
    token = request.GET.get("undo", "")
    waits = target_actions.is_waiting(user, token)
    context["undo_url"] = reverse("metrics:target_undo", args=[token]) if waits else ""
    return render(request, "metrics/target.html", context)


def one_target(user: User, row: Target) -> dict[str, Any]:
    organisation, run = Organisation.current(), newest_run()
    kpi, kind = KPI[row.kpi], PeriodKind(row.period_kind)
    place = place_or_what_was(row.scope, row.key, organisation.today())
    whose = place_text(row.scope, row.key)
    currency = organisation.reporting_currency
    points = []
    if run and not place.is_gone:
        points = Attainment(user, run, organisation, row.scope, row.key, kind).of([kpi])[kpi.id]
    made = drawing(points)
    return {
        "row": row,
        "kpi": kpi,
        "place": place,
        "kind": KIND_WORDS[kind].lower(),
        "wanted": wanted_text(row, currency),
        "days": days_text(row),
        "state": state_of(row, organisation.today()),
        "last": points[-1] if points else None,
        "is_judged": bool(points) and is_judged_by(points[-1], row),
        "last_value": words.value_text(points[-1].result) if points else "",
        "attained": attained(points),
        "drawing": made,
        "drawn_rows": [point_row(each) for each in reversed(points)],
        "ends": ends_of(made, points),
        "rows": [
            (each, wanted_text(each, currency), days_text(each))
            for each in Target.objects.filter(
                kpi=row.kpi, scope=row.scope, key=row.key, period_kind=row.period_kind
            ).select_related("set_by")
        ],
        "history": history(row, currency),
        "crumbs": [
            Link("Targets", reverse("metrics:target_list")),
            Link(
                place.name,
                "" if place.is_gone else f"{reverse('metrics:target_list')}?whose={whose}&kind={kind.value}",
            ),
        ],
        "explain": explain_url(kpi.id, row.scope, row.key, points[-1].period if points else None),
    }


def ends_of(made: Drawing | None, points: Sequence[Point]) -> tuple[str, str, str, str]:
    """What stands at the drawing's edges: top, bottom, first and last period."""
    if made is None:
        return "", "", "", ""
    result = points[-1].result
    return (
        words.number_text(Decimal(repr(made.top)), result),
        words.number_text(Decimal(repr(made.bottom)), result),
        period_words(points[0].period),
        period_words(points[-1].period),
    )


def point_row(point: Point) -> tuple[str, str, str, str, str, str]:
    """Period, address, value, likely range, target, state."""
    result = point.result
    return (
        period_words(point.period),
        explain_url(result.kpi.id, result.scope, result.key, point.period),
        words.value_text(result),
        words.range_text(result),
        words.judged_against(result, point.aim),
        point.status,
    )


@dataclass(frozen=True)
class Event:
    at: Any
    what: str
    text: str
    who: str
    reason: str


def history(row: Target, currency: str) -> list[Event]:
    """Everything that was set, changed and removed for this number, place and kind of period."""
    events = Target.pgh_event_model.objects  # type: ignore[attr-defined]
    same = events.filter(kpi=row.kpi, scope=row.scope, key=row.key, period_kind=row.period_kind)
    what = {"insert": "set", "update": "changed to", "delete": "removed"}
    return [
        Event(
            each.pgh_created_at,
            what.get(each.pgh_label, each.pgh_label),
            f"{wanted_text(each, currency)}, {days_text(each)}",
            each.set_by.name if each.set_by else "",
            each.reason,
        )
        for each in same.select_related("set_by").order_by("-pgh_created_at", "-pk")[:50]
    ]


# ------------------------------------------------------------------------------------------------- writing


@require_http_methods(["GET", "POST"])
@allowed(*SETS_TARGETS)
def target_add(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    refuse_strangers(user)
    return edit(request, user, Target(), "Set a target")


@require_http_methods(["GET", "POST"])
@allowed(*SETS_TARGETS)
def target_edit(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    refuse_strangers(user)
    with transaction.atomic():
        # Held against other writers while this one decides.
        found = Target.objects.select_for_update(of=("self",)) if request.method == "POST" else Target.objects
        row = find_target(user, pk, found)
        if place_or_what_was(row.scope, row.key, Organisation.current().today()).is_gone:
            what = SCOPE_WORDS[Scope(row.scope)].lower()
            messages.warning(
                request, f"The {what} of this target was deleted: it can be removed, not edited."
            )
            return redirect("metrics:target", row.pk)
        return edit(request, user, row, "Edit the target")


def edit(request: HttpRequest, user: User, row: Target, title: str) -> HttpResponse:
    before = target_actions.fields_of(row) if row.pk else None
    form = form_for(request, user, row)
    kept = f"target-{row.pk or 'new'}"
    if may_save(request, form):
        token = target_actions.save(form.instance, user, before)
        messages.success(request, "The target is set." if before is None else "The target is changed.", kept)
        return redirect(f"{reverse('metrics:target', args=[form.instance.pk])}?undo={token}")
    back = reverse("metrics:target", args=[row.pk]) if before else reverse("metrics:target_list")
    crumbs = [Link("Targets", reverse("metrics:target_list"))]
    return form_page(
        request, form, title, back, crumbs=crumbs, kept=kept, template="metrics/target_form.html"
    )


def form_for(request: HttpRequest, user: User, row: Target) -> TargetRowForm:
    organisation = Organisation.current()
    today = organisation.today()
    asked = request.GET
    initial = {
        "kpi": asked.get("kpi", row.kpi),
        "place": asked.get("whose", ""),
        "period_kind": asked.get("kind", row.period_kind or USUAL_KIND.value),
    }
    if not row.pk:
        initial["rule"] = usual_rule(KPI.get(initial["kpi"]))
    return TargetRowForm(
        request.POST if request.method == "POST" else None,
        instance=row,
        initial={} if row.pk else initial,
        places=with_own(places_for(user, today), row, today),
        numbers=numbers_for(user),
        today=today,
        currency=organisation.reporting_currency,
    )


@require_POST
@allowed(*SETS_TARGETS)
def target_remove(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    refuse_strangers(user)
    row = find_target(user, pk)
    token = target_actions.remove(row, user)
    messages.success(request, "The target is removed; its history stays.")
    return redirect(f"{list_url(row)}&undo={token}")


@require_POST
@allowed(*SETS_TARGETS)
def target_undo(request: HttpRequest, token: str) -> HttpResponse:
    user = signed_in(request)
    refuse_strangers(user)
    row = target_actions.take_back(user, token)
    if row is None:
        messages.warning(request, TOO_LATE)
        return redirect("metrics:target_list")
    messages.success(request, "Taken back.")
    return redirect(list_url(row))


def list_url(row: Target) -> str:
    """Where a target stands among those of its place."""
    whose = place_text(row.scope, row.key)
    return f"{reverse('metrics:target_list')}?whose={whose}&kind={row.period_kind}"
