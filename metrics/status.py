"""What a number says against its target, and whether a change is more than noise."""

from dataclasses import dataclass
from decimal import Decimal
from math import sqrt

from metrics.kpi import Definition, Direction, Interval, Kpi, RowKpi
from metrics.models import Rule
from metrics.result import Result

ENOUGH = 30
"""From so many units on a change is named when it is larger than its range; below, only when ranges part."""

# Shares of a plan or of a whole: known exactly, whatever the number of rows.
EXACT_ROWS = frozenset({"quota_attainment", "pipeline_coverage", "concentration"})


def is_exact(result: Result) -> bool:
    return is_sure(result.kpi)


def is_sure(kpi: Definition) -> bool:
    """Sums, counts and shares of a whole are not estimates of something else; a cost of each of a few is one."""
    if isinstance(kpi, RowKpi):
        return kpi.recipe_name in EXACT_ROWS
    if not isinstance(kpi, Kpi):
        return False
    of_whole = kpi.company_denominator or kpi.is_part_of_whole
    return not kpi.denominator or (kpi.interval == Interval.NONE and of_whole)


def is_too_few(result: Result) -> bool:
    return result.is_too_few and not is_exact(result)


def is_by_value(result: Result) -> bool:
    """An estimate of which no range is known: it is judged by its value alone, and every page says so."""
    return result.value is not None and result.interval is None and not is_exact(result)


class Aim(Decimal):
    """A target's value with its rule, so that every page that holds a number against it judges alike."""

    rule: str
    upper: Decimal | None

    def __new__(cls, value: Decimal, rule: str = "", upper: Decimal | None = None) -> "Aim":
        made = super().__new__(cls, value)
        made.rule, made.upper = rule, upper
        return made


def rule_of(result: Result, target: Decimal) -> str:
    """The target's own rule, else what is better for this number; empty where neither says."""
    stated = target.rule if isinstance(target, Aim) else ""
    usual = {Direction.UP: Rule.AT_LEAST.value, Direction.DOWN: Rule.AT_MOST.value}
    return stated or usual.get(result.kpi.direction, "")


def status_of(result: Result, target: Decimal | None) -> str:
    """The state's name as the status mark knows it: the whole likely range on one side decides.

    A number without one (a sum, which is exact, or an estimate of which no range is known) is judged by its value.
    """
    if result.value is None:
        return "no_data"
    if is_too_few(result):
        return "too_few"
    rule = rule_of(result, target) if target is not None else ""
    if target is None or not rule:
        return "no_target"
    low, high = result.interval or (result.value, result.value)
    if rule == Rule.AT_MOST:
        return "within_limit" if high <= target else "over" if low > target else "too_close"
    upper = target.upper if isinstance(target, Aim) and target.upper is not None else high
    if low >= target and high <= upper:
        return "on_target"
    return "short" if high < target else "over" if low > upper else "too_close"


@dataclass(frozen=True)
class Change:
    """A difference of two results of the same number.

    `state` is named, noise, unsure (no range is known), none or not_compared.
    """

    state: str
    amount: Decimal | None = None
    noise: Decimal | None = None
    is_better: bool | None = None

    @property
    def direction(self) -> str:
        if self.state != "named" or self.amount is None:
            return ""
        return "up" if self.amount > 0 else "down"


def change_between(before: Result | None, now: Result) -> Change:
    """The change, if it is more than noise (kpis.md, small samples)."""
    if before is None or before.value is None or now.value is None:
        return Change("not_compared")
    amount = now.value - before.value
    if is_too_few(before) or is_too_few(now):
        return Change("not_compared", amount)
    better = None
    if now.kpi.direction != Direction.NONE and amount:
        better = (amount > 0) == (now.kpi.direction == Direction.UP)
    if amount == 0:
        return Change("none", amount)
    if is_exact(now):
        return Change("named", amount, is_better=better)
    if before.interval is None or now.interval is None:
        return Change("unsure", amount)
    noise = _noise(before, now)
    apart = before.interval[1] < now.interval[0] or now.interval[1] < before.interval[0]
    few = min(before.n or 0, now.n or 0) < ENOUGH
    beyond = apart if few else abs(amount) > noise
    return Change("named" if beyond else "noise", amount, noise, better)


def _noise(before: Result, now: Result) -> Decimal:
    """Half of the 95 % range of the difference of two independent values."""
    halves = [float(high - low) / 2 for low, high in (before.interval, now.interval)]  # type: ignore[misc]
    return Decimal(repr(sqrt(sum(half * half for half in halves))))
