"""Where things stand in the drawings: plain values in, positions out, no markup."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from kamplan.formats import Good, Number

Point = Number | None


@dataclass(frozen=True)
class Scale:
    """A range of values stretched over `start` to `end`."""

    low: float
    high: float
    start: float = 0.0
    end: float = 100.0

    def at(self, value: Number) -> float:
        span = self.high - self.low
        part = 0.5 if span == 0 else (float(value) - self.low) / span
        return round(self.start + part * (self.end - self.start), 2)

    def clipped(self, value: Number) -> float:
        least, most = (self.start, self.end) if self.start <= self.end else (self.end, self.start)
        return min(max(self.at(value), least), most)

    def holds(self, value: Number) -> bool:
        return self.low <= float(value) <= self.high


def scale_around(values: Iterable[Point], start: float = 0.0, end: float = 100.0) -> Scale:
    """A scale for what has none of its own: all values with a tenth of their span on both sides."""
    known = [float(v) for v in values if v is not None] or [0.0]
    low, high = min(known), max(known)
    margin = (high - low) / 10 or abs(high) / 10 or 1.0
    return Scale(low - margin, high + margin, start, end)


def nice_step(span: float, wanted: int = 5) -> float:
    """1, 2, 2.5 or 5 times a power of ten, giving about the wanted number of steps."""
    raw = span / wanted if span > 0 else 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    return next(m * power for m in (1, 2, 2.5, 5, 10) if raw <= m * power * (1 + 1e-9))


def nice_ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round numbers that enclose both ends."""
    step = nice_step(high - low, wanted)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if first == last:
        last += 1
    return [round(n * step, 10) for n in range(first, last + 1)]


@dataclass(frozen=True)
class RangeBar:
    """Positions in percent of the width; None is not drawn."""

    value: float | None
    low: float | None
    high: float | None
    target: float | None
    field_x: float | None
    field_width: float | None
    low_cut: bool = False
    high_cut: bool = False

    @property
    def empty(self) -> bool:
        return self.value is None

    @property
    def band_width(self) -> float:
        return round((self.high or 0) - (self.low or 0), 2)


def range_bar(
    value: Point,
    low: Point,
    high: Point,
    target: Point,
    good: Good,
    scale_min: Point = None,
    scale_max: Point = None,
) -> RangeBar:
    """The value with its likely range against the target; neither range nor target gives an empty drawing."""
    if value is None or (target is None and (low is None or high is None)):
        return RangeBar(None, None, None, None, None, None)
    if scale_min is None or scale_max is None:
        scale = scale_around([value, low, high, target])
    else:
        scale = Scale(float(scale_min), float(scale_max))
    has_range = low is not None and high is not None
    at_target = None if target is None else scale.clipped(target)
    field_x = field_width = None
    if at_target is not None and good is not None:
        field_x, field_width = (at_target, round(100 - at_target, 2)) if good == "up" else (0.0, at_target)
    return RangeBar(
        value=scale.clipped(value),
        low=scale.clipped(low) if has_range and low is not None else None,
        high=scale.clipped(high) if has_range and high is not None else None,
        target=at_target,
        field_x=field_x,
        field_width=field_width,
        low_cut=has_range and low is not None and float(low) < scale.low,
        high_cut=has_range and high is not None and float(high) > scale.high,
    )


@dataclass(frozen=True)
class EdgeLabel:
    """A text under a position, turned inwards where it would leave the drawing or meet its neighbour."""

    x: float
    text: str
    anchor: str


def edge_label(x: float | None, text: str) -> EdgeLabel | None:
    if x is None or not text:
        return None
    return EdgeLabel(x, text, inwards(x, text))


def inwards(x: float, text: str) -> str:
    """Where a text is held at its position: it stays within the drawing, also within the 288 pixels of a phone."""
    half = max(8.0, len(text) * 1.2)
    return "start" if x < half else "end" if x > 100 - half else "middle"


def range_labels(bar: RangeBar, value_text: str, low_text: str, high_text: str) -> list[EdgeLabel]:
    """The figures under the large range bar; where they would meet, those of the range give way."""
    if bar.value is None:
        return []
    labels = [EdgeLabel(bar.value, value_text, inwards(bar.value, value_text))]
    if bar.low is not None and bar.value - bar.low > 9:
        labels.append(EdgeLabel(bar.low, low_text, "start" if bar.low < 5 else "middle"))
    if bar.high is not None and bar.high - bar.value > 9:
        labels.append(EdgeLabel(bar.high, high_text, "end" if bar.high > 95 else "middle"))
    return labels


class Dot(NamedTuple):
    x: float
    y: float


@dataclass(frozen=True)
class Line:
    """A series with gaps: paths for runs of points, dots for lone ones, the last point apart."""

    paths: list[str]
    dots: list[Dot]
    last: Dot | None
    target_y: float | None
    marks: list[float]
    ribbon: list[str] = field(default_factory=list)


def runs(points: Sequence[Point]) -> list[list[int]]:
    """Indexes of neighbouring known points."""
    groups: list[list[int]] = []
    for index, value in enumerate(points):
        if value is None:
            continue
        if groups and groups[-1][-1] == index - 1:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def polyline(dots: Iterable[Dot]) -> str:
    return "M" + "L".join(f"{plain(dot.x)} {plain(dot.y)}" for dot in dots)


def plain(value: float) -> str:
    """Shortest text of a coordinate: two decimals at most, no trailing zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def line(
    points: Sequence[Point],
    target: Point = None,
    marks: Sequence[int] = (),
    *,
    width: float = 104,
    height: float = 28,
    margin: float = 3,
    side: float | None = None,
    low: Sequence[Point] = (),
    high: Sequence[Point] = (),
    ends: tuple[float, float] | None = None,
) -> Line:
    """A sparkline or trend in a box of `width` x `height`; `ends` fixes the scale, else the values do."""
    known = [float(v) for v in (*points, target, *low, *high) if v is not None]
    bottom, top = ends or ((min(known), max(known)) if known else (0.0, 1.0))
    y_scale = Scale(bottom, top, height - margin, margin)
    side = margin if side is None else side
    x_scale = Scale(0, max(len(points) - 1, 1), side, width - side)
    place = [None if v is None else Dot(x_scale.at(i), y_scale.clipped(v)) for i, v in enumerate(points)]
    groups = runs(points)
    last_index = groups[-1][-1] if groups else None
    lone = {group[0] for group in groups if len(group) == 1}
    return Line(
        paths=[polyline(d for i in g if (d := place[i])) for g in groups if len(g) > 1],
        dots=[d for i, d in enumerate(place) if d and i in lone and i != last_index],
        last=place[last_index] if last_index is not None else None,
        target_y=None if target is None else y_scale.clipped(target),
        marks=[x_scale.at(mark) for mark in marks],
        ribbon=ribbons(low, high, x_scale, y_scale),
    )


def ribbons(low: Sequence[Point], high: Sequence[Point], x_scale: Scale, y_scale: Scale) -> list[str]:
    both = [v if v is not None and w is not None else None for v, w in zip(low, high, strict=False)]
    shapes = []
    for group in runs(both):
        if len(group) < 2:
            continue
        above = [Dot(x_scale.at(i), y_scale.clipped(v)) for i in group if (v := high[i]) is not None]
        below = [Dot(x_scale.at(i), y_scale.clipped(v)) for i in reversed(group) if (v := low[i]) is not None]
        shapes.append(polyline([*above, *below]) + "Z")
    return shapes


@dataclass(frozen=True)
class WaterfallRow:
    """One part of a change: a `total` has a disc at `end`, a `step` a bar from `start` to `end`."""

    label: str
    cause: str
    kind: str
    start: Number
    end: Number
    amount: str


@dataclass(frozen=True)
class WaterfallBar:
    row: WaterfallRow
    x: float
    width: float
    end: float
    sign: str
    joined_above: float | None
    joined_below: float | None


@dataclass(frozen=True)
class Tick:
    x: float
    value: float


@dataclass(frozen=True)
class Waterfall:
    bars: list[WaterfallBar]
    ticks: list[Tick]


def waterfall(rows: Sequence[WaterfallRow]) -> Waterfall:
    """Bars on a scale of round numbers that need not begin at 0."""
    if not rows:
        return Waterfall([], [])
    ends = [float(v) for row in rows for v in ((row.end,) if row.kind == "total" else (row.start, row.end))]
    values = nice_ticks(min(ends), max(ends), 4)
    scale = Scale(values[0], values[-1])
    drawn = [scale.at(row.end) for row in rows]
    bars = []
    for index, row in enumerate(rows):
        start, end = (
            (drawn[index], drawn[index]) if row.kind == "total" else (scale.at(row.start), drawn[index])
        )
        bars.append(
            WaterfallBar(
                row=row,
                x=min(start, end),
                width=round(abs(end - start), 2),
                end=end,
                sign="total" if row.kind == "total" else "pos" if end >= start else "neg",
                joined_above=drawn[index - 1] if index else None,
                joined_below=end if index < len(rows) - 1 else None,
            )
        )
    return Waterfall(bars, [Tick(scale.at(value), value) for value in values])


@dataclass(frozen=True)
class Bar:
    x: float
    width: float
    sign: str


def contribution(amount: Number, largest: Number) -> Bar:
    """A bar that leaves the centre line to the side of its sign."""
    part = 0.0 if not largest else min(abs(float(amount)) / abs(float(largest)), 1.0)
    width = round(part * 50, 2)
    return Bar(
        x=round(50 - width, 2) if amount < 0 else 50.0, width=width, sign="neg" if amount < 0 else "pos"
    )


@dataclass(frozen=True)
class MixPart:
    label: str
    share: Number
    tone: int = 1


@dataclass(frozen=True)
class MixBar:
    part: MixPart
    x: float
    width: float


def mix(parts: Sequence[MixPart]) -> list[MixBar]:
    """Parts side by side over the whole width, in their order."""
    total = sum(float(part.share) for part in parts)
    bars, x = [], 0.0
    for part in parts:
        width = float(part.share) / total * 100 if total else 0.0
        bars.append(MixBar(part, round(x, 2), round(width, 2)))
        x += width
    return bars


@dataclass(frozen=True)
class QuadrantPoint:
    """One account on the map: `size` is what the bubble's area stands for."""

    label: str
    x: Number
    y: Number
    size: Number = 1
    url: str = ""
    x_text: str = ""
    y_text: str = ""
    size_text: str = ""


@dataclass(frozen=True)
class Bubble:
    point: QuadrantPoint
    x: float
    y: float
    r: float
    label_x: float
    label_y: float
    anchor: str


@dataclass(frozen=True)
class Quadrant:
    bubbles: list[Bubble]
    middle_x: float
    middle_y: float
    width: int
    height: int


def quadrant(
    points: Sequence[QuadrantPoint],
    middle_x: Number | None = None,
    middle_y: Number | None = None,
    *,
    width: int = 640,
    height: int = 400,
) -> Quadrant:
    """Bubbles with labels: those on the right carry theirs on the left, near neighbours are moved apart."""
    x_scale = scale_around([p.x for p in points] + [middle_x], 0, width)
    y_scale = scale_around([p.y for p in points] + [middle_y], height, 0)
    largest = max((float(p.size) for p in points), default=0.0)
    taken: list[tuple[float, float, float]] = []
    bubbles = []
    for p in sorted(points, key=lambda point: -float(point.size)):
        x, y = x_scale.at(p.x), y_scale.at(p.y)
        r = round(4 + 14 * math.sqrt(max(float(p.size), 0) / largest), 2) if largest else 4.0
        anchor = "end" if x > width * 0.75 else "start"
        label_x = round(x - r - 4 if anchor == "end" else x + r + 4, 2)
        length = 6.6 * len(p.label)
        left = label_x - length if anchor == "end" else label_x
        label_y = free_line(y + 4, left, left + length, taken, height)
        taken.append((left, left + length, label_y))
        bubbles.append(Bubble(p, x, y, r, label_x, label_y, anchor))
    return Quadrant(
        bubbles,
        x_scale.at(middle_x) if middle_x is not None else width / 2,
        y_scale.at(middle_y) if middle_y is not None else height / 2,
        width,
        height,
    )


def free_line(
    wanted: float, left: float, right: float, taken: Sequence[tuple[float, float, float]], height: float
) -> float:
    """The nearest height at which the label overlaps no earlier one."""
    for step in (0, 14, -14, 28, -28, 42, -42):
        y = round(min(max(wanted + step, 12), height - 4), 2)
        if all(right < a or left > b or abs(y - other) >= 13 for a, b, other in taken):
            return y
    return round(wanted, 2)


@dataclass(frozen=True)
class RenewalClock:
    today: float
    notice: float
    from_x: float
    stretch: float


def renewal_clock(start: int, today: int, notice: int, end: int) -> RenewalClock:
    """Days as ordinals; the stretch between today and the notice date is what counts."""
    scale = Scale(start, end)
    a, b = scale.clipped(today), scale.clipped(notice)
    return RenewalClock(today=a, notice=b, from_x=min(a, b), stretch=round(abs(b - a), 2))


def split_to_total(parts: Sequence[Decimal], total: Decimal, places: int = 1) -> list[Decimal]:
    """Rounded parts that add up to the rounded total: the rest goes, step by step, where rounding took most."""
    step = Decimal(1).scaleb(-places)
    shown = [part.quantize(step) for part in parts]
    rest = total.quantize(step) - sum(shown, Decimal(0))
    if not rest or not shown:
        return shown
    sign = rest.copy_sign(1) / rest
    order = sorted(range(len(parts)), key=lambda i: (sign * (shown[i] - parts[i]), -abs(parts[i])))
    for place in range(int(abs(rest) / step)):
        shown[order[place % len(order)]] += sign * step
    return shown


def steps(start: Number, amounts: Sequence[Number]) -> list[tuple[float, float]]:
    """Where each step begins and ends, one after the other."""
    edges = [float(start)]
    for amount in amounts:
        edges.append(edges[-1] + float(amount))
    return list(pairwise(edges))
