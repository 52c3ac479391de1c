"""The library of numbers: generated from the definitions, with the company's own newest figures as example."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.models import Account, Organisation, Role, User
from kamplan.components import Choice as Link
from kamplan.components import Formula
from kamplan.permissions import signed_in
from metrics.access import may_see, own_place, visible_kpis
from metrics.kpi import Definition, Derived, Direction, Interval, Kpi, RowKpi, Timing
from metrics.kpis import KPI, KPIS
from metrics.models import AccountMonth, Run, Scope, View
from metrics.needs import is_defined
from metrics.pages import words
from metrics.pages.choice import Choice, period_words, read_choice
from metrics.pages.comparison_channels import has_channels
from metrics.pages.comparison_figures import groups_words
from metrics.pages.explain_words import credit_words
from metrics.pages.explanation import beside_of, parts_by, url_of_input
from metrics.pages.figures import PageComputer
from metrics.pages.making import capital, formula_of
from metrics.pages.places import COMPANY, Place, find_place
from metrics.pages.rows import row_sets
from metrics.pages.scorecards import GROUPS
from metrics.reading import reading
from metrics.recipes import RECIPES
from metrics.result import Result
from metrics.status import is_sure
from metrics.urls_for import explain_url

DIRECTIONS = {
    Direction.UP: "higher is better",
    Direction.DOWN: "lower is better",
    Direction.NONE: "no direction",
}
RANGES = {
    Interval.WILSON: "Wilson, 95 %",
    Interval.LINEARISED: "linearised with accounts as clusters, 95 %",
    Interval.NPS: "adjusted Wald for the difference of two shares, 95 %",
}
EXACT, UNKNOWN_RANGE = (
    "none: a sum, or a share of a whole",
    "not known; a target is held against the value alone",
)
EARLIER = (0, 3, 6, 12)
"""So many months back the example looks for a period that has a value: some outcomes take half a year."""
TIMINGS = {Timing.LEADING: "leading: moves before the result", Timing.LAGGING: "lagging: shows the result"}
UNITS = {
    "money": "money",
    "share": "per cent",
    "points": "points",
    "share_points": "percentage points",
    "count": "count",
    "days": "days",
    "ratio": "ratio",
    "per_year": "a year",
    "hours": "hours",
    "months": "months",
    "score": "points of a score",
    "years": "years",
    "money_per_day": "money a day",
}


@dataclass(frozen=True)
class Entry:
    kpi: Definition
    url: str
    direction: str
    timing: str
    unit: str
    now: str = ""
    """The newest value, where the reader has one to see."""
    now_url: str = ""


def entry(kpi: Definition, now: Result | None = None) -> Entry:
    return Entry(
        kpi,
        reverse("metrics:kpi", args=[kpi.id]),
        DIRECTIONS[kpi.direction],
        kpi.timing.value,
        UNITS.get(kpi.unit.value, kpi.unit.value),
        words.value_text(now) if now else "",
        explain_url(kpi.id, now.scope, now.key, now.period) if now else "",
    )


@require_GET
def kpi_list(request: HttpRequest) -> HttpResponse:
    """Every number, by group; with a text to look for in names and formulas."""
    user = signed_in(request)
    asked = request.GET.get("q", "").strip()
    found = [kpi for kpi in KPIS if asked.casefold() in f"{kpi.name} {kpi.words} {kpi.id}".casefold()]
    with reading():
        place = example_place(user)
        now = newest_values(user, place) if place else {}
    groups = [
        (title, sub, [entry(kpi, now.get(kpi.id)) for kpi in found if kpi.group == group])
        for group, (title, sub) in GROUPS.items()
        if any(kpi.group == group for kpi in found)
    ]
    context = {
        "groups": groups,
        "asked": asked,
        "count": len(found),
        "all": len(KPIS),
        "place": place,
        "has_values": bool(now),
    }
    return render(request, "metrics/kpi_list.html", context)


def example_place(user: User) -> Place | None:
    """Whose figures make the examples: the company's for whoever may see them, else one's own."""
    if user.role == Role.ADMINISTRATOR and not user.is_elevated:
        return None
    if may_see(user, Scope.COMPANY, None):
        return COMPANY
    own = own_place(user)
    return find_place(own.scope, own.key, Organisation.current().today()) if own else None


def newest_values(user: User, place: Place) -> dict[str, Result]:
    """Every number over the period for which it is usually read: one look a kind of period."""
    organisation = Organisation.current()
    found: dict[str, Result] = {}
    shown = visible_kpis(user)
    for kind in dict.fromkeys(kpi.usual for kpi in shown):
        choice = read_choice({"period": kind.value}, organisation, user)
        if choice is None:
            return {}
        computer = PageComputer(
            choice.run, choice.newest, place.scope, [place.key], choice.view, organisation, user
        )
        some = [kpi for kpi in shown if kpi.usual == kind]
        made = computer.all(some, [choice.period])
        found.update({kpi.id: made[kpi.id, choice.period, place.key] for kpi in some})
    return {name: result for name, result in found.items() if result.reason != "not_defined"}


@dataclass(frozen=True)
class Version:
    number: int
    run: Run
    fingerprint: str


def versions_of(kpi: Definition) -> list[Version]:
    """The runs in which the definition changed, newest first."""
    firsts = (
        Run.objects.order_by("fingerprint", "pk").distinct("fingerprint").only("pk", "as_of", "definitions")
    )
    found: list[Version] = []
    for run in sorted(firsts, key=lambda run: run.pk):
        version = run.definitions.get(kpi.id)
        if version and (not found or found[-1].fingerprint != version):
            found.append(Version(len(found) + 1, run, version))
    return found[::-1]


@require_GET
def kpi(request: HttpRequest, id: str) -> HttpResponse:
    user = signed_in(request)
    found = KPI.get(id)
    if found is None:
        raise Http404
    with reading():
        choice = read_choice({"period": found.usual.value}, Organisation.current(), user)
        return render(request, "metrics/kpi.html", detail(user, found, choice))


def detail(user: User, kpi: Definition, choice: Choice | None) -> dict[str, Any]:
    used_by = [
        each for each in KPIS if isinstance(each, Derived) and any(i.kpi.id == kpi.id for i in each.of)
    ]
    context: dict[str, Any] = {
        "kpi": kpi,
        "crumbs": [Link("Definitions", reverse("metrics:kpi_list")), Link(GROUPS[kpi.group][0], "")],
        "facts": facts_of_definition(kpi),
        "inputs": [entry(each.kpi) for each in kpi.of] if isinstance(kpi, Derived) else [],
        "used_by": [entry(each) for each in used_by],
        "parts": parts_of(kpi),
        "sources": list(dict.fromkeys(each.words for each in row_sets(kpi))),
        "versions": versions_of(kpi),
        "own_url": own_url(user, kpi),
        "choice": choice,
    }
    place = example_place(user) if choice is not None and kpi in visible_kpis(user) else None
    if choice is not None and place is not None:
        context.update(example(user, kpi, choice, place))
    return context


def facts_of_definition(kpi: Definition) -> list[tuple[str, str]]:
    found = [
        ("Formula", capital(kpi.words)),
        ("Unit", UNITS.get(kpi.unit.value, kpi.unit.value)),
        ("Direction", DIRECTIONS[kpi.direction]),
        ("Kind", TIMINGS[kpi.timing]),
        ("Credit", whose(kpi)),
        ("Groups", capital(groups_words(kpi, has_channels(kpi)))),
        ("Usually over", "12 months" if kpi.usual.value == "t12" else kpi.usual.value),
        ("Range", range_words(kpi)),
        ("Source", kpi.source),
        ("Name for commands", kpi.id),
    ]
    return [(name, text) for name, text in found if text]


def whose(kpi: Definition) -> str:
    """Who gets what of it; some numbers exist for single accounts or for the company only."""
    if isinstance(kpi, RowKpi) and not kpi.of_groups:
        return "a number of single accounts"
    if kpi.company_only:
        return "a number of the company"
    return credit_words(kpi, Scope.OWNER, View.AS_WAS)


def range_words(kpi: Definition) -> str:
    if isinstance(kpi, Kpi) and kpi.interval != Interval.NONE:
        return RANGES[kpi.interval]
    if isinstance(kpi, RowKpi) and RECIPES[kpi.recipe_name].interval:
        return RECIPES[kpi.recipe_name].interval
    return EXACT if is_sure(kpi) else UNKNOWN_RANGE


def parts_of(kpi: Definition) -> Sequence[tuple[str, str]]:
    """Which parts stand above and below the line."""
    if not isinstance(kpi, Kpi):
        return []
    above = [
        ("above the line" if term.sign > 0 else "above the line, subtracted", term.part.label)
        for term in kpi.numerator
    ]
    return [*above, *(("below the line", term.part.label) for term in kpi.denominator)]


def own_url(user: User, kpi: Definition) -> str:
    """The explanation of this number where the person's own scorecard is."""
    place = own_place(user)
    if place is None or kpi not in visible_kpis(user) or not is_defined(kpi, place.scope, View.AS_WAS):
        return ""
    return explain_url(kpi.id, place.scope, place.key)


def example(user: User, kpi: Definition, choice: Choice, place: Place) -> dict[str, Any]:
    """The formula filled with the newest figures of the company, or of whoever reads it."""
    if not is_defined(kpi, place.scope, View.AS_WAS):
        if not is_defined(kpi, Scope.ACCOUNT, View.AS_WAS):
            return {}
        place = largest_account(user, choice) or place
    computer = PageComputer(
        choice.run, choice.newest, place.scope, [place.key], choice.view, choice.organisation, user
    )
    periods = [choice.period.moved(-months) for months in EARLIER]
    made = computer.all([kpi], periods)
    results = [made[kpi.id, period, place.key] for period in periods]
    result = next((each for each in results if each.value is not None), results[0])
    formula: Formula | None = formula_of(result, choice.organisation.reporting_currency)
    return {
        "result": result,
        "formula": formula,
        "example_of": "the company" if place.scope == Scope.COMPANY else place.name,
        "example_period": period_words(result.period),
        "value_text": words.value_text(result),
        "range_text": words.range_text(result),
        "counted": words.sub_line(result, choice.organisation.reporting_currency),
        "reason": words.reason_words(result) if result.value is None else "",
        "beside": beside_of(result, choice.organisation.reporting_currency),
        "splits": parts_by(result),
        "example_inputs": [
            (
                each.kpi.name + ("" if each.scope == place.scope else ", company"),
                words.value_text(each),
                url_of_input(each, place, user),
            )
            for each in result.inputs
        ],
        "example_url": explain_url(kpi.id, place.scope, place.key, result.period),
    }


def largest_account(user: User, choice: Choice) -> Place | None:
    """For what only single accounts have: the one with the most revenue of those the reader may see."""
    today = choice.organisation.today()
    seen = Account.objects.visible_to(user, today).order_by().values("pk")
    months = AccountMonth.objects.filter(
        account_id__in=seen, month__gte=choice.period.start, month__lt=choice.period.end
    )
    found = months.values_list("account_id").annotate(amount=Sum("revenue")).order_by("-amount").first()
    return find_place(Scope.ACCOUNT, found[0], today) if found else None
