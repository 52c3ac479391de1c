"""The portfolio: the accounts a person may see, with the figures of the newest run."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from accounts.models import Account, Organisation
from accounts.portfolio.filters import PortfolioFilter
from accounts.portfolio.saved import saved_context
from kamplan.formats import day
from kamplan.permissions import READS_WORK, signed_in
from metrics.access import may_see_kpi
from metrics.kpis.engagement import impact_effort_index
from metrics.kpis.voice import health_score
from metrics.pages.account_figures import RETENTION, last_year
from metrics.pages.documents import file_name
from metrics.pages.exports import FORMATS, as_file, portfolio_table
from metrics.pages.portfolio_rows import account_page, filter_choices, group_page
from metrics.reading import newest_run, reading

SELECTS = (
    ("tier", "every tier"),
    ("owner", "every owner"),
    ("team", "every team"),
    ("region", "every region"),
    ("industry", "every industry"),
    ("target", "target or not"),
    ("archived", "not archived"),
)
COLUMNS = (
    ("name", "Account", False),
    ("tier", "Tier", False),
    ("owner", "Owner", False),
    ("revenue", "Revenue", True),
    ("change", "Change", True),
    ("nrr", "Net retention", True),
    ("health", "Health", True),
    ("renewal", "Renewal", False),
    ("pipeline", "Open pipeline", True),
)


@dataclass(frozen=True)
class Column:
    """A head of the table: its link sorts, and says how it is sorted now."""

    name: str
    label: str
    is_number: bool
    query: str
    order: str


@dataclass(frozen=True)
class Select:
    name: str
    label: str
    choices: list[tuple[str, str]]
    chosen: str


@require_GET
def portfolio(request: HttpRequest) -> HttpResponseBase:
    user = signed_in(request)
    organisation = Organisation.current()
    today = organisation.today()
    view = PortfolioFilter.from_query(request.GET)
    sees_values = may_see_kpi(user, RETENTION)
    sees_health = may_see_kpi(user, health_score)
    if (view.column == "nrr" and not sees_values) or (view.column == "health" and not sees_health):
        view = PortfolioFilter.from_query({**request.GET.dict(), "sort": ""})
    visible = Account.objects.visible_to(user, today)
    with reading():
        run = newest_run()
        if request.GET.get("export") in FORMATS:
            rows = account_page(view.narrow(visible, today), view, run, today, 1, size=None)
            table = portfolio_table(list(rows), run, organisation.reporting_currency, sees_values)
            return as_file(request.GET["export"], table, file_name("portfolio", f"{today}"))
        make = group_page if view.by else account_page
        page = make(view.narrow(visible, today), view, run, today, page_number(request))
        choices = filter_choices(visible, today)
    hidden = {name for name, seen in (("nrr", sees_values), ("health", sees_health)) if not seen}
    context = {
        "page": page,
        "view": view,
        "run": run,
        "period_end": day(last_year(run).last_day, year=True) if run else "",
        "columns": columns(view, hidden),
        "selects": selects(view, choices),
        "sees_values": sees_values,
        "sees_effort": may_see_kpi(user, impact_effort_index),
        "sees_health": sees_health,
        "reads_work": user.role in READS_WORK,
        "currency": organisation.reporting_currency,
        "has_accounts": choices.get("any", [("", "0")])[0][1] != "0",
        "must_elevate": user.is_staff and not user.is_elevated,
        "noun": noun(view, page.paginator.count),
        **saved_context(user, view.query),
    }
    if is_fragment(request, "portfolio-rows"):
        response = render(request, "portfolio/list.html#answer", {**context, "is_answer": True})
        response.headers["HX-Push-Url"] = f"?{view.query}" if view.query else request.path
    else:
        response = render(request, "portfolio/list.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def noun(view: PortfolioFilter, count: int) -> str:
    if view.by:
        return "groups and single companies"
    return "account" if count == 1 else "accounts"


def is_fragment(request: HttpRequest, target: str) -> bool:
    htmx: Any = getattr(request, "htmx", None)
    return bool(htmx) and htmx.target == target


def page_number(request: HttpRequest, name: str = "page") -> int:
    asked = request.GET.get(name, "1")
    return int(asked) if asked.isdecimal() and len(asked) < 7 else 1


def columns(view: PortfolioFilter, hidden: Collection[str]) -> list[Column]:
    order = "descending" if view.is_descending else "ascending"
    return [
        Column(name, label, is_number, view.sorted_by(name), order if view.column == name else "")
        for name, label, is_number in COLUMNS
        if name not in hidden
    ]


def selects(view: PortfolioFilter, choices: dict[str, list[tuple[str, str]]]) -> list[Select]:
    """Only filters that can tell accounts apart, and the ones that are set."""
    found = []
    for name, label in SELECTS:
        chosen = getattr(view, name)
        values = choices.get(name, [])
        if chosen and chosen not in dict(values):
            values = [*values, (chosen, "not among yours")]
        if len(values) > 1 or (values and (chosen or name == "archived")):
            found.append(Select(name, label, values, chosen))
    return found
