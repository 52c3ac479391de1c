"""The quadrant: impact against effort, with the accounts that get too little, too much, or nothing at all."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.models import Account, Organisation
from accounts.portfolio.filters import PortfolioFilter
from kamplan import formats
from kamplan.charts import nice_step
from kamplan.permissions import signed_in
from kamplan.sheets import Table
from metrics.access import may_see_kpi
from metrics.kpis.engagement import impact_effort_index
from metrics.models import Run, Scope
from metrics.pages.documents import file_name
from metrics.pages.exports import FORMATS, as_file
from metrics.pages.portfolio import selects
from metrics.pages.portfolio_rows import filter_choices
from metrics.pages.quadrant_labels import Box, Disc, Label, placed
from metrics.pages.quadrant_rows import OVERSERVED, UNDERSERVED, Point, period_of, quadrant_points
from metrics.reading import newest_run, reading
from metrics.urls_for import explain_url

WIDTH, HEIGHT = 960, 520
EDGE_LEFT, EDGE_BOTTOM, EDGE = 72, 28, 24
LABELLED, FEW_LABELLED = 60, 16
"""So many accounts are to have their names in the drawing, fewer among many; all have them in the table."""
LARGEST = 8
"""So many of the largest look for a place first, then those out of balance."""
ARROWS, FEW_ARROWS = 60, 15
"""So many of the largest show where they come from; fewer among many, whose lines would cross."""
MANY = 100
MOST_PLACES = 6
STATES = {
    "underserved": ("underserved", "its share of the potential is more than twice its share of the time"),
    "overserved": ("overserved", "its share of the time is more than twice its share of the potential"),
    "neglected": ("neglected", "no touch in three months"),
}


@dataclass(frozen=True)
class Bubble:
    """Where an account stands; `from_x` and `from_y` where it stood a quarter ago."""

    point: Point
    x: float
    y: float
    r: float
    from_x: float | None = None
    from_y: float | None = None
    label: Label | None = None

    @property
    def tone(self) -> str:
        return "km-quad__off" if self.point.state else "km-quad__in"


@dataclass(frozen=True)
class Mark:
    at: float
    text: str


@dataclass(frozen=True)
class Drawing:
    bubbles: Sequence[Bubble]
    x_marks: Sequence[Mark]
    y_marks: Sequence[Mark]
    middle_x: float
    middle_y: float
    width: int = WIDTH
    height: int = HEIGHT
    left: int = EDGE_LEFT
    floor: int = HEIGHT - EDGE_BOTTOM


@dataclass(frozen=True)
class Root:
    """A scale of square roots from 0: a few large accounts do not press all others into a corner."""

    top: float
    start: float
    end: float

    def at(self, value: Decimal | float) -> float:
        part = math.sqrt(max(float(value), 0) / self.top) if self.top else 0.0
        return round(self.start + min(part, 1) * (self.end - self.start), 2)

    def marks(self, text_of: Any) -> list[Mark]:
        step = nice_step(self.top, 4)
        found = [step * number for number in (0.25, 1, 2, 3, 4) if step * number <= self.top]
        return [Mark(self.at(value), text_of(value)) for value in found]


@require_GET
def quadrant(request: HttpRequest) -> HttpResponseBase:
    user = signed_in(request)
    if not may_see_kpi(user, impact_effort_index):
        raise PermissionDenied
    organisation = Organisation.current()
    today = organisation.today()
    view = PortfolioFilter.from_query(request.GET)
    visible = Account.objects.visible_to(user, today)
    with reading():
        run = newest_run()
        points = quadrant_points(view.narrow(visible, today), run, run, today) if run else []
        choices = filter_choices(visible, today)
    currency = organisation.reporting_currency
    if request.GET.get("export") in FORMATS and run is not None:
        return as_file(request.GET["export"], table_of(points, currency), file_name("quadrant", f"{today}"))
    shown = [each for each in points if each.now.impact or each.now.minutes]
    context = {
        "run": run,
        "view": view,
        "drawing": drawn(shown, currency),
        "lines": [line_of(each, currency, run) for each in by_index(shown)] if run else [],
        "mismatches": mismatches(shown, currency, run) if run else [],
        "unknown": sum(each.now.potential is None for each in shown),
        "count": len(shown),
        "selects": [each for each in selects(view, choices) if each.name != "archived"],
        "currency": currency,
        "portfolio_url": reverse("portfolio:list"),
    }
    return render(request, "metrics/quadrant.html", context)


# ---------------------------------------------------------------------------------------------- drawing


def drawn(points: Sequence[Point], currency: str) -> Drawing:
    stands = [stand for each in points for stand in (each.now, each.before)]
    x_scale = Root(
        float(max((each.hours for each in stands), default=0)) or 1.0, EDGE_LEFT + 24, WIDTH - EDGE
    )
    y_scale = Root(float(max((each.impact for each in stands), default=0)) or 1.0, HEIGHT - EDGE_BOTTOM, EDGE)
    count = max(len(points), 1)
    return Drawing(
        bubbles=labelled(bubbles_of(points, x_scale, y_scale)),
        x_marks=x_scale.marks(lambda value: f"{formats.at_most_one_decimal(Decimal(repr(value)))} h"),
        y_marks=y_scale.marks(lambda value: formats.money(Decimal(repr(value)), currency)),
        middle_x=x_scale.at(sum((each.now.hours for each in points), Decimal(0)) / count),
        middle_y=y_scale.at(sum((each.now.impact for each in points), Decimal(0)) / count),
    )


def bubbles_of(points: Sequence[Point], x_scale: Root, y_scale: Root) -> list[Bubble]:
    """The largest first, so that small ones lie on top; smaller the more there are."""
    largest = max((float(each.now.revenue) for each in points), default=0.0)
    most, arrows = (22, ARROWS) if len(points) <= MANY else (12, FEW_ARROWS)
    found = []
    for place, each in enumerate(sorted(points, key=lambda point: -point.now.revenue)):
        share = math.sqrt(max(float(each.now.revenue), 0) / largest) if largest else 0.0
        bubble = Bubble(
            each, x_scale.at(each.now.hours), y_scale.at(each.now.impact), round(3 + (most - 3) * share, 2)
        )
        old_x, old_y = x_scale.at(each.before.hours), y_scale.at(each.before.impact)
        far = math.hypot(old_x - bubble.x, old_y - bubble.y) > bubble.r + 8
        if far and place < arrows and (each.before.minutes or each.before.impact):
            # The line ends at the rim, where its head stands.
            bubble = replace(bubble, from_x=old_x, from_y=old_y)
        found.append(bubble)
    return found


def labelled(bubbles: Sequence[Bubble]) -> list[Bubble]:
    """Names for the largest, then for those out of balance, then for others: as many as find a place."""
    places = sorted(range(len(bubbles)), key=lambda place: -bubbles[place].point.now.impact)
    order = [*places[:LARGEST], *sorted(places[LARGEST:], key=lambda place: not bubbles[place].point.state)]
    names = LABELLED if len(bubbles) <= MANY else FEW_LABELLED
    labels = placed(
        [(place, bubbles[place].point.name) for place in order[:names]],
        [Disc(each.x, each.y, each.r) for each in bubbles],
        Box(EDGE_LEFT, 0, WIDTH, HEIGHT - EDGE_BOTTOM),
    )
    return [replace(each, label=labels.get(place)) for place, each in enumerate(bubbles)]


# ------------------------------------------------------------------------------------------------ words


@dataclass(frozen=True)
class Line:
    """An account in words, for the table and the lists."""

    point: Point
    url: str
    revenue: str
    potential: str
    hours: str
    index: str
    words: str
    index_url: str = ""


def line_of(point: Point, currency: str, run: Run) -> Line:
    hours = formats.at_most_one_decimal(point.now.hours)
    words = STATES[point.state][0] if point.state else ""
    return Line(
        point=point,
        url=reverse("portfolio:account", args=[point.id]),
        revenue=formats.money(point.now.revenue, currency),
        potential="unknown" if point.now.potential is None else formats.money(point.now.potential, currency),
        hours=f"{hours}{formats.NBSP}h",
        index=index_text(point),
        words=words,
        index_url=explain_url(impact_effort_index.id, Scope.ACCOUNT, point.id, period_of(run)),
    )


def index_text(point: Point) -> str:
    """With as many decimals as it takes to lie where its state says: 2.03, more than twice; not 2.0."""
    if point.index is None:
        return ""
    limit = {"underserved": UNDERSERVED, "overserved": OVERSERVED}.get(point.state)
    places = next(
        (each for each in range(1, MOST_PLACES) if formats.rounded(point.index, each) != limit), MOST_PLACES
    )
    usual = 1 if point.index >= 1 else 2
    if limit is None or places <= usual:
        return formats.format_value(point.index, "ratio")
    return f"{formats.number(point.index, places)}{formats.NBSP}×"


def by_index(points: Sequence[Point]) -> list[Point]:
    """Those without any time first, then by how much more they should get."""
    return sorted(points, key=lambda each: (each.index is not None, -(each.index or 0), -each.now.impact))


@dataclass(frozen=True)
class Mismatch:
    state: str
    words: str
    lines: Sequence[Line]
    count: int


def mismatches(points: Sequence[Point], currency: str, run: Run) -> list[Mismatch]:
    found = []
    for state, (_, words) in STATES.items():
        some = sorted((each for each in points if each.state == state), key=lambda each: -each.now.impact)
        found.append(
            Mismatch(
                state.capitalize(), words, [line_of(each, currency, run) for each in some[:12]], len(some)
            )
        )
    return found


HEADS = (
    "account",
    "owner",
    "revenue, 12 months",
    "potential",
    "impact",
    "hours a month",
    "index",
    "state",
    "currency",
)


def table_of(points: Sequence[Point], currency: str) -> Table:
    rows = (
        [
            each.name, each.owner, each.now.revenue, each.now.potential, each.now.impact,
            each.now.hours, each.index, each.state, currency,
        ]
        for each in by_index(points)
    )  # fmt: skip
    return Table("Quadrant", HEADS, rows)
