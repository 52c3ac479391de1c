"""Where names stand in the drawing of impact against effort: beside their bubble, and over nothing else."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

LETTER, LINE = 6.6, 14.0
"""Of text of 12 pixels: a letter's usual width, and a line's height."""
GAP = 4.0
LONGEST = 24


class Disc(NamedTuple):
    """A bubble as it stands in the drawing."""

    x: float
    y: float
    r: float


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def covers(self, disc: Disc) -> bool:
        """Whether any of the bubble lies under it."""
        across = max(self.left - disc.x, 0, disc.x - self.right)
        down = max(self.top - disc.y, 0, disc.y - self.bottom)
        return across**2 + down**2 < disc.r**2


class Label(NamedTuple):
    text: str
    x: float
    y: float
    anchor: str


def shortened(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def placed(wanted: Sequence[tuple[int, str]], discs: Sequence[Disc], within: Box) -> dict[int, Label]:
    """The names that find a place, the first ones first; `wanted` says whose disc by its place in the list."""
    found: dict[int, Label] = {}
    taken: list[Box] = []
    for place, name in wanted:
        text = shortened(name)
        for label, box in beside(text, discs[place]):
            inside = (
                box.left >= within.left
                and box.right <= within.right
                and box.top >= within.top
                and box.bottom <= within.bottom
            )
            if inside and not any(map(box.meets, taken)) and not any(map(box.covers, discs)):
                found[place] = label
                taken.append(box)
                break
    return found


def beside(text: str, disc: Disc) -> Iterator[tuple[Label, Box]]:
    """The places around a bubble: right and left of it, under and over it, and at its corners."""
    width, slant = LETTER * len(text), disc.r * 0.7
    out = disc.r + GAP
    for x, y, anchor in (
        (disc.x + out, disc.y, "start"),
        (disc.x - out, disc.y, "end"),
        (disc.x, disc.y - out - LINE / 2, "middle"),
        (disc.x, disc.y + out + LINE / 2, "middle"),
        (disc.x + slant + GAP, disc.y - slant - LINE / 2, "start"),
        (disc.x + slant + GAP, disc.y + slant + LINE / 2, "start"),
        (disc.x - slant - GAP, disc.y - slant - LINE / 2, "end"),
        (disc.x - slant - GAP, disc.y + slant + LINE / 2, "end"),
    ):
        left = {"start": x, "end": x - width, "middle": x - width / 2}[anchor]
        box = Box(left, y - LINE / 2, left + width, y + LINE / 2)
        yield Label(text, round(x, 2), round(y + 4, 2), anchor), box
