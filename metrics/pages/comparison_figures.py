"""Groups of accounts held against each other: the figures, their differences, and how sure these are."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from accounts.periods import Period
from metrics.access import SEGMENTS
from metrics.intervals import of_difference
from metrics.kpi import Definition, Derived, Direction, Kpi
from metrics.loading import Figures, Span
from metrics.models import Scope, View
from metrics.needs import is_defined
from metrics.pages.choice import Choice
from metrics.pages.figures import PageComputer
from metrics.pages.places import SIDE_WORDS, labels_of
from metrics.result import Key, Result
from metrics.results import ZERO
from metrics.status import ENOUGH, is_exact, is_too_few

SPLITS: tuple[Scope, ...] = tuple(
    sorted((scope for scope in SIDE_WORDS if scope in SEGMENTS), key=lambda scope: scope != Scope.TARGET)
)
"""By what accounts can be grouped; target accounts against the others come first."""
REST = "rest"
OUTSIDE = -1
"""The key of all accounts outside a group; no id is negative."""


def splits_of(kpi: Definition) -> list[Scope]:
    """The groupings in which this number exists."""
    return [
        scope
        for scope in SPLITS
        if is_defined(kpi, scope, View.AS_WAS) and not (kpi.is_about_targets and scope == Scope.TARGET)
    ]


def groups_words(kpi: Definition, channels: bool) -> str:
    """By what it can be grouped, and why by nothing else."""
    names = [SIDE_WORDS[scope].lower() for scope in splits_of(kpi)]
    said = ", ".join([*names, *(["channels"] if channels else [])]) or "none"
    return f"{said}. {kpi.why_ungrouped}" if kpi.why_ungrouped else said


def is_sum(kpi: Definition) -> bool:
    """Of a sum a group has a part; a difference to the rest would only say which one is larger."""
    return isinstance(kpi, Kpi) and (not kpi.denominator or kpi.company_denominator)


def has_rest(kpi: Definition, by: Scope) -> bool:
    """Whether all accounts but those of a group have a value: the parts of the company less those of the group."""
    if isinstance(kpi, Derived):
        return all(adds_up(each.kpi, by) or has_rest(each.kpi, by) for each in kpi.of)
    return adds_up(kpi, by) and not is_sum(kpi)


def adds_up(kpi: Definition, by: Scope) -> bool:
    """Whether its groups are made of the company's own parts; what is for target accounts has parts of its own."""
    return isinstance(kpi, Kpi) and (kpi.of_target is None or by != Scope.TARGET)


@dataclass(frozen=True)
class Difference:
    """What lies between two groups; `state` is named, noise, overlap (of few), unsure (no range), few or none."""

    state: str
    amount: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    is_better: bool | None = None

    @property
    def direction(self) -> str:
        """An arrow only where the difference is more than noise."""
        if self.state != "named" or self.amount is None:
            return ""
        return "up" if self.amount > 0 else "down"


def difference(result: Result, base: Result | None) -> Difference:
    if base is None or result.value is None or base.value is None:
        return Difference("none")
    amount = result.value - base.value
    if is_too_few(result) or is_too_few(base):
        return Difference("few", amount)
    better = None
    if result.kpi.direction != Direction.NONE and amount:
        better = (amount > 0) == (result.kpi.direction == Direction.UP)
    if is_exact(result):
        return Difference("named" if amount else "noise", amount, is_better=better)
    if result.interval is None or base.interval is None:
        return Difference("unsure", amount)
    low, high = (
        Decimal(repr(bound))
        for bound in of_difference(
            float(result.value), floats(result.interval), float(base.value), floats(base.interval)
        )
    )
    apart = result.interval[0] > base.interval[1] or base.interval[0] > result.interval[1]
    if low <= 0 <= high:
        state = "noise"
    elif min(result.n or 0, base.n or 0) < ENOUGH and not apart:
        state = "overlap"
    else:
        state = "named"
    return Difference(state, amount, low, high, better)


def floats(bounds: tuple[Decimal, Decimal]) -> tuple[float, float]:
    return float(bounds[0]), float(bounds[1])


class Groups:
    """Every group of one grouping for some numbers, and for each all accounts outside it."""

    def __init__(
        self, choice: Choice, by: Scope, kpis: Sequence[Definition], periods: Sequence[Period]
    ) -> None:
        self.choice, self.by, self.kpis = choice, by, list(kpis)
        self.computer = PageComputer(
            choice.run, choice.newest, by, None, View.AS_WAS, choice.organisation, choice.reader
        )
        self.found = self.computer.all(self.kpis, list(dict.fromkeys([*periods, choice.period])))
        whole = PageComputer(
            choice.run,
            choice.newest,
            Scope.COMPANY,
            [None],
            View.AS_WAS,
            choice.organisation,
            choice.reader,
        )
        self.whole = whole.all(self.kpis, [choice.period])
        self.of_whole = {span: figures for (_, span, _), figures in whole.figures.items()}
        self.names = labels_of(by, {key for _, _, key in self.found})

    def keys(self) -> list[Key]:
        """Groups with something in them: target accounts first, others by name, the unknown last."""
        counted = [
            key for key in self.names if any(has_something(self.result(kpi, key)) for kpi in self.kpis)
        ]
        backwards = self.by == Scope.TARGET
        return sorted(
            counted,
            key=lambda key: (key is None, -(key or 0) if backwards else 0, self.names[key].casefold()),
        )

    def result(self, kpi: Definition, key: Key) -> Result:
        """A group that nobody is in has no figures; its numbers have no value and say why."""
        period = self.choice.period
        return self.found.get((kpi.id, period, key)) or self.computer.make(kpi, period, self.by, key)

    def company(self, kpi: Definition) -> Result:
        return self.whole[kpi.id, self.choice.period, None]

    def points(self, kpi: Definition, key: Key) -> list[Decimal | None]:
        found = [self.found.get((kpi.id, period, key)) for period in self.choice.trend]
        return [each.value if each else None for each in found]

    def rest(self, kpi: Definition, key: Key) -> Result | None:
        """The number of all accounts outside the group, made of the same sums as the group's own."""
        if not has_rest(kpi, self.by):
            return None
        computer = self.computer
        for span, figures in self.of_whole.items():
            of_group = computer.figures.get((self.by, span, key), Figures())
            computer.figures[self.by, span, OUTSIDE] = Figures(
                less(figures.accounts, of_group.accounts), self.rows_outside(span, key)
            )
        found = computer.make(kpi, self.choice.period, self.by, OUTSIDE)
        # The company's number less that of all others would be the group's own.
        return found.withheld() if self.result(kpi, key).is_withheld else found

    def rows_outside(self, span: Span, key: Key) -> dict[str, Decimal]:
        """An account may have deals of two groups: those of the others are added up, with their squares."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        for (scope, when, other), figures in self.computer.figures.items():
            if scope == self.by and when == span and other not in (key, OUTSIDE):
                for name, value in figures.rows.items():
                    found[name] += Decimal(value)
        return found

    def base(self, kpi: Definition, key: Key, chosen: str) -> Result | None:
        """What a group is held against: the chosen group, else everything outside it."""
        if chosen == REST or chosen == text_of(key):
            return self.rest(kpi, key) if chosen == REST else None
        found = next((each for each in self.names if text_of(each) == chosen), key)
        return self.result(kpi, found) if found != key else None

    def usual_base(self, kpi: Definition) -> str:
        """Target accounts are held against the others; otherwise against the rest, or the largest group."""
        if self.by == Scope.TARGET and 0 in self.names:
            return "0"
        if has_rest(kpi, self.by):
            return REST
        return text_of(max(self.keys(), key=lambda key: self.result(kpi, key).n or ZERO, default=None))


def less(whole: dict[str, Decimal], part: dict[str, Decimal]) -> dict[str, Decimal]:
    """Sums add up, those of squares behind a range too; nothing is stored for what is 0."""
    return {name: Decimal(value) - Decimal(part.get(name, ZERO)) for name, value in whole.items()}


def text_of(key: Key) -> str:
    return "none" if key is None else str(key)


def has_something(result: Result) -> bool:
    """Whether anything was counted; a group that is too young or too small to judge is one all the same."""
    return bool(result.n or result.value)
