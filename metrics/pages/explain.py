"""One page for every number: how it is made, how sure it is, what moved it, which accounts and rows it came from."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.models import Organisation, User
from kamplan import formats
from kamplan.components import Choice as Link
from kamplan.permissions import KEEPS_STAFFING, READS_FORECASTS, READS_WORK, signed_in
from metrics.access import WHOLE, may_see_kpi, seen_or_refused
from metrics.kpi import Direction
from metrics.kpis import KPI
from metrics.kpis.value import account_profitability
from metrics.kpis.voice import health_score
from metrics.models import Scope
from metrics.needs import of_group
from metrics.pages import making, words
from metrics.pages.choice import read_choice
from metrics.pages.comments import comments_context
from metrics.pages.comparison_channels import has_channels
from metrics.pages.comparison_figures import splits_of
from metrics.pages.explain_rows import allowed_sets, rows_context, rows_file, set_links, statement_text
from metrics.pages.explain_words import (
    bar_texts,
    certainty,
    change_words,
    compared_label,
    definition_words,
    formula_note,
    status_words,
)
from metrics.pages.explanation import Explanation, choice_url
from metrics.pages.exports import FORMATS
from metrics.pages.places import crumbs, find_place, read_key
from metrics.pages.scorecards import (
    GROUPS,
    changed_days,
    shown_change,
    trend_marks,
)
from metrics.reading import reading
from metrics.status import is_too_few, status_of
from metrics.targets import may_set
from metrics.urls_for import comparison_url, explain_url, moved_url
from metrics.weights import marks

NOTED_OF_ACCOUNTS = {health_score.id: "states", account_profitability.id: "costs"}
"""Numbers made of what is noted on one page of the account, and the part of that page."""


@require_http_methods(["GET", "POST"])
def explain(request: HttpRequest, scope: str, key: str, kpi: str) -> HttpResponseBase:
    user = signed_in(request)
    definition = KPI.get(kpi)
    if definition is None:
        raise Http404
    stands_in = of_group(definition, scope, read_key(scope, key))
    if stands_in is not None:
        return redirect(f"{explain_url(stands_in.id, Scope.COMPANY, None)}?{request.GET.urlencode()}")
    with reading():
        organisation = Organisation.current()
        today = organisation.today()
        found = read_key(scope, key)
        seen_or_refused(user, scope, found, today)
        if not may_see_kpi(user, definition, scope):
            raise PermissionDenied("This number is not shown to this role.")
        if request.method == "GET":
            place = find_place(scope, found, today)
            choice = read_choice(request.GET.dict(), organisation, user)
            if choice is None:
                return render(
                    request, "metrics/no_run.html", {"place": place, "crumbs": crumbs(user, place, {})}
                )
            return answer(request, user, Explanation(user, definition, place, choice))
        place = find_place(scope, found, today)
        choice = read_choice(request.GET.dict(), organisation, user)
    if choice is None or not may_set(user, scope, found, today):
        raise PermissionDenied
    return set_target(request, user, Explanation(user, definition, place, choice))


def answer(request: HttpRequest, user: User, explanation: Explanation) -> HttpResponseBase:
    part = request.GET.get("part", "")
    if part in FORMATS:
        return rows_file(explanation, part)
    page = request.GET.get("page", "1")
    if part == "rows":
        return render(request, "metrics/_rows.html", rows_context(explanation, page))
    if part == "accounts":
        return render(request, "metrics/_moved.html", moved_context(explanation))
    context = page_context(explanation)
    if request.GET.get("rows") or request.GET.get("page"):
        context.update(rows_context(explanation, page))
    return render(request, "metrics/explain.html", context)


def set_target(request: HttpRequest, user: User, explanation: Explanation) -> HttpResponse:
    form = explanation.target_form(request.POST)
    if form.is_valid():
        with transaction.atomic():
            form.save()
        messages.success(request, "The target is set.")
        return redirect(request.get_full_path())
    with reading():
        context = page_context(explanation)
        context["target_form"] = form
        return render(request, "metrics/explain.html", context, status=422)


def compare_url(explained: Explanation) -> str:
    """Groups of accounts are compared across the company, for whoever may see it."""
    scope, splits = explained.place.scope, splits_of(explained.kpi)
    if scope not in WHOLE or not (splits or has_channels(explained.kpi)):
        return ""
    by = scope if scope in splits else ""
    return comparison_url(
        explained.kpi.id, explained.choice.period, by=by, run=explained.choice.asked.get("run", "")
    )


def kept_on(explained: Explanation) -> Link | None:
    """The page on which what the number is made of is kept, for who may open it."""
    user, place, kpi = explained.user, explained.place, explained.kpi.id
    if kpi == "attrition" and user.role in KEEPS_STAFFING:
        return Link("Staffing", reverse("people:staffing"))
    if kpi in {"forecast_wape", "forecast_bias"} and user.role in READS_FORECASTS:
        return Link("Forecasts", reverse("metrics:forecast_list"))
    if kpi in NOTED_OF_ACCOUNTS and place.scope == Scope.ACCOUNT and user.role in READS_WORK:
        url = reverse("engagement:standing", kwargs={"account": place.key})
        return Link("States and costs", f"{url}#{NOTED_OF_ACCOUNTS[kpi]}")
    return None


def moved_context(explained: Explanation) -> dict[str, Any]:
    """What moved, part by part, and what each account gave."""
    if not hasattr(explained, "now"):
        explained.load()
    explained.load_accounts()
    change = shown_change(explained.before, explained.now)
    made = making.moves(
        explained.before, explained.now, explained.then_by, explained.now_by, explained.name_of
    )
    return {
        "choice": explained.choice,
        "result": explained.now,
        "change": change,
        "change_words": change_words(explained, change),
        "waterfall": making.waterfall_rows(explained.before, explained.now, made, compared_label(explained)),
        "accounts": making.contributions(
            explained.now, explained.now_by, explained.name_of, explained.currency, explained.unnamed
        ),
        "unit_name": explained.kpi.unit.value,
        "weighed_between": explained.weighed_between(),
    }


def page_context(explained: Explanation) -> dict[str, Any]:
    explained.load()
    choice, result = explained.choice, explained.now
    target_row = explained.targets.row(
        explained.kpi, explained.place.scope, explained.place.key, choice.period
    )
    target = target_row.value if target_row and explained.kpi.direction != Direction.NONE else None
    firsts = choice.definitions
    weighed = marks(explained.weighed, choice.run.as_of)
    sets = allowed_sets(explained)
    moved = (
        {"lazy_url": choice_url(explained, part="accounts")}
        if explained.is_wide
        else moved_context(explained)
    )
    low, high = result.interval or (None, None)
    scale_min, scale_max = words.scale(result)
    text, unit = formats.value_parts(result.value, explained.kpi.unit, result.currency or explained.currency)
    page_state = {"period": choice.period, "view": choice.view}
    return {
        "kpi": explained.kpi,
        "place": explained.place,
        "choice": choice,
        "result": result,
        "crumbs": [
            *crumbs(explained.user, explained.place, page_state, with_self=True),
            Link(GROUPS[explained.kpi.group][0], ""),
        ],
        "value_text": text,
        "value_unit": unit,
        "status": status_of(result, target),
        "status_words": status_words(explained, target),
        "too_few": is_too_few(result),
        "low": low,
        "high": high,
        "target": target,
        "good": {Direction.UP: "up", Direction.DOWN: "down"}.get(explained.kpi.direction),
        "scale_min": scale_min,
        "scale_max": scale_max,
        "bar_texts": bar_texts(explained, target),
        "reason": "" if result.value is not None else words.reason_words(result),
        "grown_up": choice.grown_up(result),
        "certainty": certainty(explained, target),
        "earlier": explained.earlier_versions(),
        "formula": making.formula_of(result, explained.currency),
        "formula_note": formula_note(explained),
        "inputs": explained.inputs(),
        "beside": explained.beside(),
        "splits": explained.splits(),
        "compared": choice.compared,
        **moved,
        "trend": explained.trend(
            target, trend_marks(choice, [*changed_days(explained.kpi, firsts), *weighed])
        ),
        "weighed": [each for each in weighed if trend_marks(choice, [each])],
        "sets": set_links(explained, sets, 0),
        "has_rows": bool(sets),
        "rows_url": choice_url(explained, part="rows"),
        "sql": statement_text(explained),
        "words": definition_words(explained, firsts),
        "elsewhere": explained.elsewhere(),
        "may_set": explained.shows_form(),
        "target_form": explained.target_form(),
        "target_row": target_row,
        "target_rows": explained.target_rows(target_row),
        "moved_url": moved_url(
            explained.kpi.id,
            explained.place.scope,
            explained.place.key,
            choice.period,
            choice.view,
            compare=choice.asked.get("compare", ""),
            run=choice.asked.get("run", ""),
        ),
        "compare_url": compare_url(explained),
        "kept_on": kept_on(explained),
        "has_views": explained.place.scope in {Scope.OWNER, Scope.TEAM},
        **comments_context(explained.user, explained.kpi, explained.place, choice),
        "print_words": f"compared with {choice.compared.words}",
    }
