"""How a number stood against its target, period by period, as the target was then."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import Organisation, User
from accounts.periods import Day, Period, PeriodKind, latest_complete
from kamplan import charts
from metrics.kpi import Definition
from metrics.models import Run, Target, View
from metrics.pages.figures import PageComputer
from metrics.result import Result
from metrics.status import Aim, status_of
from metrics.targets import Targets, aim_of

POINTS = {PeriodKind.YEAR: 5, PeriodKind.FISCAL_YEAR: 5, PeriodKind.QUARTER: 8}
MET = frozenset({"on_target", "within_limit"})
MISSED = frozenset({"short", "over"})


@dataclass(frozen=True)
class Point:
    """One past period: the number, the target that held then, and what the one says of the other."""

    period: Period
    result: Result
    aim: Aim | None
    target: Target | None = None

    @property
    def status(self) -> str:
        return status_of(self.result, self.aim)


def past_periods(kind: PeriodKind, run: Run, organisation: Organisation) -> list[Period]:
    """The complete periods of a kind that lie behind a run and have facts, the oldest first."""
    last = latest_complete(kind, run.as_of, organisation.fiscal_year_start)
    count = POINTS.get(kind, 12)
    found = [last.moved(-last.step() * place) for place in range(count - 1, -1, -1)]
    first = run.first_month
    return [each for each in found if first is None or each.start >= first or each == last]


class Attainment:
    """All numbers of one place in the past periods of one kind, in one reading."""

    def __init__(
        self,
        user: User,
        run: Run,
        organisation: Organisation,
        scope: str,
        key: int | None,
        kind: PeriodKind,
    ) -> None:
        self.scope, self.key = scope, key
        self.periods = past_periods(kind, run, organisation)
        self.computer = PageComputer(run, run, scope, [key], View.AS_WAS, organisation, user)
        self.targets = Targets.of([(scope, key)])

    def of(self, kpis: Sequence[Definition]) -> dict[str, list[Point]]:
        found = self.computer.all(list(kpis), self.periods)
        return {
            kpi.id: [self.point(kpi, found[kpi.id, each, self.key]) for each in self.periods] for kpi in kpis
        }

    def point(self, kpi: Definition, result: Result) -> Point:
        row = self.targets.row(kpi, self.scope, self.key, result.period)
        return Point(result.period, result, aim_of(row) if row else None, row)


def is_judged_by(point: Point, row: Target) -> bool:
    """Whether it was this target that held at the period's end; one that begins later is judged later."""
    return point.target is not None and point.target.pk == row.pk


def attained(points: Sequence[Point]) -> str:
    """As in `met in 5 of 8 periods`; what could not be judged is said apart."""
    judged = [each for each in points if each.status in MET | MISSED or each.status == "too_close"]
    if not judged:
        return ""
    met = sum(each.status in MET for each in judged)
    close = sum(each.status == "too_close" for each in judged)
    text = f"met in {met} of {len(judged)} period{'s' * (len(judged) != 1)}"
    return f"{text}, {close} too close to call" if close else text


@dataclass(frozen=True)
class Drawing:
    """The line of the values, its range, and the steps of the targets."""

    line: charts.Line
    targets: list[str]
    uppers: list[str]
    top: float
    bottom: float


def drawing(points: Sequence[Point], height: int = 132) -> Drawing | None:
    """Value, range and target on one scale; a target is a step as wide as its periods."""
    uppers = [each.aim.upper if each.aim is not None else None for each in points]
    values: list[Decimal | None] = [each.result.value for each in points]
    low, high = [each.result.low for each in points], [each.result.high for each in points]
    known = [
        float(v) for v in (*values, *low, *high, *(each.aim for each in points), *uppers) if v is not None
    ]
    if not any(value is not None for value in values):
        return None
    bottom, top = min(known), max(known)
    if bottom == top:
        bottom, top = bottom - 1, top + 1
    made = charts.line(values, width=100, height=height, side=0, low=low, high=high, ends=(bottom, top))
    y_scale = charts.Scale(bottom, top, height - 3, 3)
    return Drawing(made, steps([each.aim for each in points], y_scale), steps(uppers, y_scale), top, bottom)


def steps(values: Sequence[Decimal | None], y_scale: charts.Scale) -> list[str]:
    """A path for each run of known targets, flat within a period and upright between two."""
    count = max(len(values) - 1, 1)
    edges = [max(min((place - 0.5) * 100 / count, 100.0), 0.0) for place in range(len(values) + 1)]
    paths = []
    for group in charts.runs(values):
        dots = []
        for place in group:
            y = y_scale.clipped(values[place] or 0)
            dots += [charts.Dot(edges[place], y), charts.Dot(edges[place + 1], y)]
        paths.append(charts.polyline(dots))
    return paths


def state_of(target: Target, today: Day) -> str:
    """Where its days lie: to come, running, or over."""
    if target.starts > today:
        return "later"
    return "over" if target.until is not None and target.until < today else "held"
