"""What the shared templates are given: plain objects, filled by the pages."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from kamplan.formats import Good, Number

UNDO = "undo:"
"""How the tags of a message begin that carries the address of its way back."""


@dataclass(frozen=True)
class KpiRow:
    """One number of a scorecard, all texts already formatted."""

    name: str
    sub: str = ""
    url: str = ""
    value_text: str = ""
    value_unit: str = ""
    value: Number | None = None
    low: Number | None = None
    high: Number | None = None
    target: Number | None = None
    good: Good = None
    scale_min: Number | None = None
    scale_max: Number | None = None
    range_text: str = ""
    status: str = "no_target"
    target_text: str = ""
    points: Sequence[Number | None] = ()
    marks: Sequence[int] = ()
    change_text: str = ""
    change_direction: str = ""
    change_note: str = ""
    n: str = ""
    reason: str = ""
    reason_url: str = ""
    reason_link: str = ""
    hidden: bool = False
    comments: int = 0

    @property
    def muted(self) -> bool:
        return self.status == "too_few"

    @property
    def drawing_label(self) -> str:
        """What the range bar shows, in words."""
        likely = f"likely {self.range_text}" if self.range_text else "no range"
        value = f"{self.value_text} {self.value_unit}".strip()
        return ", ".join(part for part in (value, likely, self.target_text or "no target") if part)

    @property
    def trend_label(self) -> str:
        known = sum(point is not None for point in self.points)
        return f"Trend of {self.name}, {known} of {len(self.points)} months known"


@dataclass(frozen=True)
class KpiGroup:
    """Rows under one title; `sub` names their window."""

    title: str
    rows: Sequence[KpiRow]
    sub: str = ""


@dataclass(frozen=True)
class Tally:
    """How many rows have one state; the words say it with the number."""

    state: str
    words: str


@dataclass(frozen=True)
class Figure:
    """One of the four figures above an account."""

    label: str
    value_text: str
    value_note: str = ""
    url: str = ""
    points: Sequence[Number | None] = ()
    target: Number | None = None
    status: str = ""
    note: str = ""


@dataclass(frozen=True)
class Term:
    """A figure of a formula with its name; `sign` stands before it."""

    text: str
    name: str
    sign: str = ""


@dataclass(frozen=True)
class Formula:
    """A fraction with its result; without terms below the line it is a sum."""

    above: Sequence[Term]
    result: str
    below: Sequence[Term] = field(default_factory=tuple)


@dataclass(frozen=True)
class Choice:
    """A link of a segmented control, of tabs, of chips or of a menu."""

    label: str
    url: str
    active: bool = False
    count: str = ""
