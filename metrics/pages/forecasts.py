"""Forecasts: what was expected at the start and in the middle of each period, and what was reached. Read only."""

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from accounts.models import Forecast, Organisation, Role, User
from accounts.periods import Day, Period, PeriodKind
from kamplan.components import Choice as Link
from kamplan.permissions import READS_FORECASTS, allowed, signed_in
from metrics.access import Place, own_place
from metrics.models import Scope
from metrics.pages.choice import KIND_WORDS, period_words
from metrics.pages.forecast_rows import WHOLE_COMPANY, Line, kind_of, lines_of
from metrics.pages.targets import refuse_strangers
from metrics.reading import newest_run, reading
from metrics.urls_for import explain_url

OF_EVERYBODY, OF_ONE = 4, 24
"""Periods a page: with everybody in each, or with one line each."""
OF_COMPANY = "company"
KINDS = (
    PeriodKind.MONTH,
    PeriodKind.QUARTER,
    PeriodKind.YEAR,
    PeriodKind.FISCAL_YEAR,
    PeriodKind.CUSTOM,
)


@require_GET
@allowed(*READS_FORECASTS)
def forecast_list(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    refuse_strangers(user)
    with reading():
        return render(request, "metrics/forecasts.html", context_of(request, user))


def context_of(request: HttpRequest, user: User) -> dict[str, Any]:
    organisation = Organisation.current()
    today = organisation.today()
    wanted = {name: request.GET.get(name, "")[:40] for name in ("kind", "period", "whose")}
    visible = Forecast.objects.visible_to(user, today)
    people = people_of(visible)
    mine = narrowed(visible, wanted["whose"])
    periods = periods_of(mine, organisation.fiscal_year_start)
    kinds = [kind for kind in KINDS if any(each.kind == kind for each in periods)]
    kind = next((each for each in kinds if each.value == wanted["kind"]), kinds[0] if kinds else None)
    of_kind = [each for each in periods if each.kind == kind]
    chosen = [each for each in of_kind if address_of(each) == wanted["period"]]
    of_one = next((name for pk, name in people if pk == wanted["whose"] or len(people) == 1), "")
    page = Paginator(chosen or of_kind, OF_ONE if of_one else OF_EVERYBODY).get_page(request.GET.get("page"))
    lines = lines_of(mine, list(page), today)
    has_run = newest_run() is not None
    return {
        "page": page,
        "groups": [group_of(user, period, lines[period], today, has_run) for period in page],
        "kinds": [
            Link(KIND_WORDS[each], query(wanted, kind=each.value, period=""), each == kind) for each in kinds
        ],
        "kind": kind.value if kind else "",
        "periods": [(address_of(each), period_words(each)) for each in of_kind],
        "period": address_of(chosen[0]) if chosen else "",
        "people": people,
        "whose": wanted["whose"],
        "is_of_one": bool(of_one),
        "one": of_one,
        "is_narrowed": bool(chosen or wanted["whose"]),
        "currency": organisation.reporting_currency,
        "is_empty": not people,
        "may_import": user.role == Role.ADMINISTRATOR,
    }


def people_of(visible: Any) -> list[tuple[str, str]]:
    """Whose forecasts there are: the company first, then people by name."""
    found = visible.order_by().values_list("user_id", "user__name").distinct()
    rows = sorted(found, key=lambda row: (row[0] is not None, row[1] or "", row[0] or 0))
    return [(str(pk or OF_COMPANY), name or WHOLE_COMPANY) for pk, name in rows]


def narrowed(visible: Any, whose: str) -> Any:
    if whose == OF_COMPANY:
        return visible.filter(user=None)
    return visible.filter(user=int(whose)) if whose.isdecimal() and len(whose) < 18 else visible


def periods_of(forecasts: Any, fiscal_start: int) -> list[Period]:
    """The newest first."""
    spans = forecasts.order_by("-starts_on", "-ends_on").values_list("starts_on", "ends_on").distinct()
    return [Period(first, end, kind_of(first, end, fiscal_start)) for first, end in spans]


def address_of(period: Period) -> str:
    return f"{period.start:%Y-%m}-{period.months}"


def query(wanted: dict[str, str], **changes: str) -> str:
    return "?" + urlencode({name: value for name, value in {**wanted, **changes}.items() if value})


def group_of(user: User, period: Period, lines: Sequence[Line], today: Day, has_run: bool) -> dict[str, Any]:
    """One period with its lines; it is judged, and explained, once it is over and a run has seen that."""
    is_over = period.end <= today
    own = own_place(user)
    for line in lines:
        if is_over and has_run:
            line.explain = explained(of_line(line), period)["error"]
    return {
        "words": period_words(period),
        "is_over": is_over,
        "lines": lines,
        "measures": sorted({line.measure_words for line in lines}),
        **(explained(own, period) if is_over and has_run and own else {}),
    }


def of_line(line: Line) -> Place:
    return Place(Scope.OWNER, line.who.pk) if line.who else Place(Scope.COMPANY, None)


def explained(place: Place, period: Period) -> dict[str, str]:
    return {
        "error": explain_url("forecast_wape", place.scope, place.key, period),
        "bias": explain_url("forecast_bias", place.scope, place.key, period),
    }
