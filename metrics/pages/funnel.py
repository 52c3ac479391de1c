"""The way from a first sign of interest to a customer: step by step, by channel, and by whom it was meant for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.models import User
from kamplan import formats
from kamplan.permissions import signed_in
from metrics.access import visible_kpis
from metrics.kpi import Definition
from metrics.kpis import KPI
from metrics.models import Scope, View
from metrics.pages import words
from metrics.pages.choice import Choice
from metrics.pages.comparison import Line, choice_of, line_of, nothing_yet
from metrics.pages.comparison_channels import CHANNEL, channels
from metrics.pages.comparison_figures import Groups, has_something
from metrics.pages.figures import PageComputer
from metrics.reading import reading
from metrics.result import Result
from metrics.status import is_too_few
from metrics.urls_for import comparison_url, explain_url

STEPS = (
    ("leads_created", "lead_conversion", "became customers"),
    ("mql_count", "mql_to_sql", "became sales-qualified"),
    ("sql_count", "sql_to_won", "became customers"),
)
"""A count of the period, what became of its cohort within 90 days, and that in words."""
ONWARD = tuple(onward for _, onward, _ in STEPS)
OF_GROUPS = (*ONWARD, "cac", "clv_to_cac", "cac_payback", "roi", "roi_margin")
"""What marketing does for target accounts is held against what it does for others in these."""


@dataclass(frozen=True)
class Share:
    """What became of some leads: the value, how sure it is, and its page."""

    value: str
    note: str
    url: str
    muted: bool = False


@dataclass(frozen=True)
class Step:
    name: str
    count: str
    url: str
    width: float
    """Of the drawing, in per cent of the widest."""
    onward: Share
    words: str


@dataclass(frozen=True)
class Channel:
    name: str
    shares: Sequence[Share]


@dataclass(frozen=True)
class Campaign:
    name: str
    deals: str
    value: str


@require_GET
def funnel(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    with reading():
        choice = choice_of(request, user)
        if choice is None:
            return nothing_yet(request)
        return render(request, "metrics/funnel.html", page(user, choice))


def page(user: User, choice: Choice) -> dict[str, Any]:
    seen = {kpi.id: kpi for kpi in visible_kpis(user)}
    wanted = [KPI[name] for step in STEPS for name in step[:2]] + [KPI["roi"]]
    computer = PageComputer(
        choice.run, choice.newest, Scope.COMPANY, [None], View.AS_WAS, choice.organisation, user
    )
    found = {name: result for (name, _, _), result in computer.all(wanted, [choice.period]).items()}
    lines = against_others(choice, [seen[name] for name in OF_GROUPS if name in seen])
    return {
        "choice": choice,
        "steps": steps(choice, found),
        "channels": by_channel(choice, [found[name] for name in ONWARD]),
        "heads": [(KPI[name].name, comparison_url(name, choice.period, by=CHANNEL)) for name in ONWARD],
        "lines": lines,
        "name": "Target accounts",
        "against": "other accounts",
        "campaigns": campaigns(found["roi"]),
        "roi_url": explain_url("roi", Scope.COMPANY, None, choice.period),
        "older": next(filter(None, (choice.grown_up(found[name]) for name in ONWARD)), None),
        "has_leads": bool(found["leads_created"].value),
        "compare_url": reverse("metrics:comparison") + choice.query(by=Scope.TARGET.value),
        "print_words": "",
    }


def steps(choice: Choice, found: Mapping[str, Result]) -> list[Step]:
    widest = max((found[name].value or 0 for name, _, _ in STEPS), default=0)
    return [
        Step(
            name=KPI[name].name,
            count=words.value_text(found[name]),
            url=explain_url(name, Scope.COMPANY, None, choice.period),
            width=round(float((found[name].value or 0) * 100 / widest), 2) if widest else 0.0,
            onward=share_of(choice, found[onward], found[onward].denominator),
            words=said,
        )
        for name, onward, said in STEPS
    ]


def share_of(choice: Choice, result: Result, base: Decimal | None) -> Share:
    url = explain_url(result.kpi.id, Scope.COMPANY, None, choice.period)
    if result.value is None:
        reason = "too young to judge" if result.reason == "immature" else words.reason_words(result)
        return Share(formats.UNKNOWN, reason, url, muted=True)
    counted = [formats.at_most_one_decimal(each or 0) for each in (result.numerator, base)]
    of = " of ".join(counted)
    if is_too_few(result):
        return Share(words.value_text(result), f"{of}, too few to judge", url, muted=True)
    return Share(words.value_text(result), f"{of}, likely {words.range_text(result)}", url)


def by_channel(choice: Choice, cohorts: Sequence[Result]) -> list[Channel]:
    """Every channel with what became of those who came through it, the busiest first."""
    found: dict[str, dict[str, Share]] = {}
    for whole in cohorts:
        for part, result, _ in channels(whole):
            found.setdefault(part.name, {})[whole.kpi.id] = share_of(choice, result, result.n)
    nothing = Share(formats.UNKNOWN, "", "", muted=True)
    return [
        Channel(name[:1].upper() + name[1:], [shares.get(each.kpi.id, nothing) for each in cohorts])
        for name, shares in found.items()
    ]


def against_others(choice: Choice, kpis: Sequence[Definition]) -> list[Line]:
    """Target accounts against the others, in what both kinds have a value of."""
    groups = Groups(choice, Scope.TARGET, kpis, [])
    shown = [kpi for kpi in kpis if any(has_something(groups.result(kpi, key)) for key in (1, 0))]
    return [line_of(groups, kpi, 1) for kpi in shown] if groups.keys() else []


def campaigns(whole: Result) -> list[Campaign]:
    return [
        Campaign(
            each.name,
            formats.at_most_one_decimal(each.n),
            formats.UNKNOWN if each.value is None else words.plain_value(each.value, whole),
        )
        for each in whole.slices
    ]
