"""Where each card of the map stands and how the lines between them run: plain numbers, no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import hypot

CARD_W, CARD_H = 162, 72
COLUMN, LEVEL = 178, 124
GAP = LEVEL - CARD_H
GUTTER = COLUMN - CARD_W
"""Between two cards of a row; the line to a wrapped row runs down in it."""
LANE = 20
BEND = 8
MARGIN = 4
BELOW = 14
"""How far under a card the line of a conflict runs."""
STEP = 5
LIMITS = (4, 5, 8)
"""How many columns a level may have before it is wrapped: the one that fits a page best is taken."""
PAGE_W, PAGE_H = 1260, 1000
"""What a screen shows of a map that is drawn at four fifths of its size."""
CARD_EDGES = [(0.0, float(CARD_W))]


@dataclass
class Card:
    key: int
    x: float
    y: float

    @property
    def right(self) -> float:
        return self.x + CARD_W

    @property
    def middle(self) -> float:
        return self.x + CARD_W / 2

    @property
    def bottom(self) -> float:
        return self.y + CARD_H

    @property
    def half(self) -> float:
        return self.y + CARD_H / 2


@dataclass(frozen=True)
class Line:
    """A line as the `d` of a path; a conflict has its cross at `x`, `y`."""

    above: int
    below: int
    path: str
    x: float = 0
    y: float = 0


@dataclass
class Drawing:
    cards: dict[int, Card]
    reports: list[Line]
    width: float
    height: float


@dataclass
class Block:
    """A person with everybody below; `parts` are placed relative to its own corner."""

    width: float
    height: float
    key: int | None = None
    top: float = 0
    """Where the card of `key` begins."""
    parts: list[tuple["Block", float, float]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    """In which row each part stands."""
    edges: list[tuple[float, float]] = field(default_factory=list)
    """How far it reaches to the left and right on each level: a neighbour may stand above its branches."""

    @property
    def is_card(self) -> bool:
        return self.key is not None and not self.parts

    @property
    def wraps(self) -> bool:
        return bool(self.rows) and self.rows[-1] > 0

    @property
    def cost(self) -> float:
        """How badly it suits a page: a wide one must shrink, a tall one is scrolled."""
        tall: float = max(1.0, self.height / PAGE_H) ** 0.9
        return max(1.0, self.width / PAGE_W) * tall


def draw(parents: Mapping[int, int | None]) -> Drawing:
    """Place everybody: `parents` gives for each key whom it stands under, in the order to draw them."""
    if not parents:
        return Drawing({}, [], CARD_W, CARD_H)
    children: dict[int | None, list[int]] = {}
    for key, above in parents.items():
        children.setdefault(above if above in parents else None, []).append(key)
    order = _lowest_first(children)
    ends = sum(key not in children for key in parents)
    limits = [limit for limit in LIMITS if limit < ends] + [min(ends, LIMITS[-1])]
    tried = [_placed(children, order, limit) for limit in limits]
    # Of equally good ones the widest: fewer wrapped rows read better.
    return _spread(min(reversed(tried), key=lambda block: round(block.cost, 2)))


def _lowest_first(children: Mapping[int | None, Sequence[int]]) -> list[int]:
    """Everybody before whom they report to, without recursion."""
    found: list[int] = []
    waiting = list(children[None])
    while waiting:
        key = waiting.pop()
        found.append(key)
        waiting += children.get(key, ())
    return found[::-1]


def _placed(children: Mapping[int | None, Sequence[int]], order: Sequence[int], limit: int) -> Block:
    done: dict[int, Block] = {}
    for key in order:
        done[key] = _over(key, [done.pop(each) for each in children.get(key, ())], limit)
    roots = [done[key] for key in children[None]]
    # People without any line stand together at the end instead of each in a row of a tall tree.
    trees = [block for block in roots if not block.is_card]
    alone = [block for block in roots if block.is_card]
    if trees and len(alone) > 1:
        alone = [_shelves(alone, limit)]
    return _shelves([*trees, *alone], limit)


def _shelves(blocks: Sequence[Block], limit: int) -> Block:
    """Blocks side by side, in a new row where the columns are used up."""
    widest = max(limit * COLUMN - GUTTER, *(block.width for block in blocks))
    whole = Block(0, 0)
    edges: list[tuple[float, float]] = []
    row = 0
    for block in blocks:
        x = _beside(edges, block)
        if edges and x + block.width > widest + 1:
            whole.edges += edges
            edges, x, row = [], 0.0, row + 1
        whole.parts.append((block, x, len(whole.edges) * LEVEL))
        whole.rows.append(row)
        whole.width = max(whole.width, x + block.width)
        edges = _joined(edges, block, x)
    whole.edges += edges
    whole.height = len(whole.edges) * LEVEL
    return whole


def _beside(edges: Sequence[tuple[float, float]], block: Block) -> float:
    """How far to the right a block must stand so that it meets no card of the row, on any level."""
    shared = zip(edges, block.edges, strict=False)
    return max((right + GUTTER - left for (_, right), (left, _) in shared), default=0.0) if edges else 0.0


def _joined(edges: Sequence[tuple[float, float]], block: Block, x: float) -> list[tuple[float, float]]:
    """The edges of a row after a block was set to its right: level by level the block's own right one."""
    added = [(left + x, right + x) for left, right in block.edges]
    joined = [(mine[0], other[1]) for mine, other in zip(edges, added, strict=False)]
    return joined + added[len(edges) :] + list(edges[len(added) :])


def _over(key: int, below: list[Block], limit: int) -> Block:
    """A person above everybody who reports to them."""
    if not below:
        return Block(CARD_W, LEVEL, key, edges=CARD_EDGES)
    # Whole branches first: single cards then fill rows of their own.
    rest = _shelves(sorted(below, key=lambda block: block.is_card), limit)
    shift = LANE if rest.wraps else 0
    parts = [(block, x + shift, y + LEVEL) for block, x, y in rest.parts]
    first = [x + block.top for (block, x, _), row in zip(parts, rest.rows, strict=True) if row == 0]
    top = (first[0] + first[-1]) / 2
    # Where a row is wrapped its lane runs down at the left of all levels.
    edges = [(0.0 if shift else left, right + shift) for left, right in rest.edges]
    return Block(
        rest.width + shift,
        rest.height + LEVEL,
        key,
        top,
        parts,
        rest.rows,
        [(top, top + CARD_W), *edges],
    )


def _spread(whole: Block) -> Drawing:
    """From places within places to places on the page, and the lines between them."""
    cards: dict[int, Card] = {}
    reports: list[Line] = []
    waiting: list[tuple[Block, float, float]] = [(whole, MARGIN, MARGIN)]
    while waiting:
        block, x, y = waiting.pop()
        if block.key is not None:
            cards[block.key] = Card(block.key, x + block.top, y)
        for (part, dx, dy), row in zip(block.parts, block.rows, strict=True):
            waiting.append((part, x + dx, y + dy))
            if block.key is not None and part.key is not None:
                below = Card(part.key, x + dx + part.top, y + dy)
                reports.append(_report(cards[block.key], below, x + LANE / 2 if row else None))
    width = max(card.right for card in cards.values()) + MARGIN
    height = max(card.bottom for card in cards.values()) + MARGIN
    return Drawing(cards, reports, width, height)


def _report(above: Card, below: Card, lane: float | None) -> Line:
    """With round corners, straight down, or by the lane at the left to a wrapped row."""
    bus = above.bottom + GAP / 2
    points = [(above.middle, above.bottom), (above.middle, bus)]
    under = bus
    if lane is not None:
        under = below.y - GAP / 2
        points += [(lane, bus), (lane, under)]
    points += [(below.middle, under), (below.middle, below.y)]
    return Line(above.key, below.key, rounded(points))


# --- lines between people


def influence(a: Card, b: Card, cards: Mapping[int, Card]) -> Line:
    """From the one who influences to the other, ending where the arrow head points."""
    rightwards = a.middle <= b.middle
    side = a.right if rightwards else a.x
    if a.y == b.y:
        near = b.x if rightwards else b.right
        if abs(near - side) <= GUTTER + 1:
            path = f"M{num(side)} {num(a.half)}L{num(near)} {num(b.half)}"
        elif _is_free(a, b, cards):
            bow = min(24.0, abs(near - side) / 4)
            third = (near - side) / 3
            path = (
                f"M{num(side)} {num(a.half - 8)}C{num(side + third)} {num(a.half - 8 - bow)} "
                f"{num(near - third)} {num(b.half - 8 - bow)} {num(near)} {num(b.half - 8)}"
            )
        else:
            path = _arc(a.middle + 30, b.middle - 30 if rightwards else b.middle + 30, a.y, -GAP * 0.75)
        return Line(a.key, b.key, path)
    if abs(a.middle - b.middle) < CARD_W:
        # The same column: out at the side, and in again at the side.
        out = a.right + GUTTER * 2
        path = (
            f"M{num(a.right)} {num(a.half)}C{num(out)} {num(a.half)} {num(out)} {num(b.half)} "
            f"{num(b.right)} {num(b.half)}"
        )
        return Line(a.key, b.key, path)
    end = b.bottom if a.y > b.y else b.y
    into = b.middle + (-24 if rightwards else 24) * (a.y < b.y)
    path = f"M{num(side)} {num(a.half)}C{num(into)} {num(a.half)} {num(into)} {num(a.half)} {num(into)} {num(end)}"
    return Line(a.key, b.key, path)


def conflict(a: Card, b: Card, cards: Mapping[int, Card], nth: int = 0) -> Line:
    """Between two people, with a cross in its middle; several below one row keep apart by `nth`."""
    a, b = sorted((a, b), key=lambda card: (card.x, card.y))
    if a.y == b.y and b.x > a.right and _is_free(a, b, cards):
        y = a.y + 53
        if b.x - a.right <= GUTTER + 1:
            path = f"M{num(a.right)} {num(y)}L{num(b.x)} {num(y)}"
            return Line(a.key, b.key, path, (a.right + b.x) / 2, y)
        third = (b.x - a.right) / 3
        bow = min(18.0, third)
        path = (
            f"M{num(a.right)} {num(y)}C{num(a.right + third)} {num(y + bow)} "
            f"{num(b.x - third)} {num(y + bow)} {num(b.x)} {num(y)}"
        )
        return Line(a.key, b.key, path, (a.right + b.x) / 2, y + bow * 0.75)
    under = max(a.bottom, b.bottom) + BELOW + STEP * (nth % 5)
    ends = [_down(card, other, under, cards) for card, other in ((a, b), (b, a))]
    path = rounded([*ends[0], *reversed(ends[1])])
    return Line(a.key, b.key, path, (ends[0][-1][0] + ends[1][-1][0]) / 2, under)


def _down(card: Card, other: Card, under: float, cards: Mapping[int, Card]) -> list[tuple[float, float]]:
    """From a card to the height `under`: straight if nobody stands below it, else beside the column."""
    inwards = 14 if other.middle > card.middle else -14
    x = card.middle + inwards
    in_the_way = any(
        each.y > card.y and each.y < under and each.x - 2 < x < each.right + 2 for each in cards.values()
    )
    if not in_the_way:
        return [(x, card.bottom), (x, under)]
    edge = card.right if other.middle > card.middle else card.x
    beside = edge + (GUTTER / 2 if other.middle > card.middle else -GUTTER / 2)
    return [(edge, card.half + 18), (beside, card.half + 18), (beside, under)]


def _is_free(a: Card, b: Card, cards: Mapping[int, Card]) -> bool:
    """Whether no card stands between two of one row."""
    left, right = sorted((a.middle, b.middle))
    return not any(each.y == a.y and left < each.middle < right for each in cards.values())


def _arc(x1: float, x2: float, y: float, by: float) -> str:
    return f"M{num(x1)} {num(y)}C{num(x1)} {num(y + by)} {num(x2)} {num(y + by)} {num(x2)} {num(y)}"


def rounded(points: Sequence[tuple[float, float]]) -> str:
    """A path along these points whose corners are bent."""
    kept = [points[0]]
    for point in points[1:]:
        if point != kept[-1]:
            kept.append(point)
    made = [f"M{num(kept[0][0])} {num(kept[0][1])}"]
    for before, at, after in zip(kept, kept[1:], kept[2:], strict=False):
        bend = min(BEND, _far(before, at) / 2, _far(at, after) / 2)
        start, end = _towards(at, before, bend), _towards(at, after, bend)
        made.append(f"L{num(start[0])} {num(start[1])}Q{num(at[0])} {num(at[1])} {num(end[0])} {num(end[1])}")
    made.append(f"L{num(kept[-1][0])} {num(kept[-1][1])}")
    return "".join(made)


def _far(a: tuple[float, float], b: tuple[float, float]) -> float:
    return hypot(a[0] - b[0], a[1] - b[1])


def _towards(at: tuple[float, float], to: tuple[float, float], by: float) -> tuple[float, float]:
    far = _far(at, to) or 1.0
    return at[0] + (to[0] - at[0]) * by / far, at[1] + (to[1] - at[1]) * by / far


def num(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
