"""A number by channel: the channels stand in the figure itself, each against all others together."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from metrics.intervals import wilson
from metrics.kpi import Definition, RowKpi, Unit
from metrics.recipes import RECIPES
from metrics.result import Result, Slice
from metrics.results import ZERO

CHANNEL = "channel"


def has_channels(kpi: Definition) -> bool:
    if not isinstance(kpi, RowKpi):
        return False
    recipe = RECIPES[kpi.recipe_name]
    return recipe.channels is not None or (
        recipe.split is not None and recipe.split.label.startswith(CHANNEL)
    )


def by_channels(whole: Result) -> tuple[Slice, ...]:
    return whole.channels or whole.slices


def channels(whole: Result) -> list[tuple[Slice, Result, Result | None]]:
    """Each channel as a result of its own, and all other channels together."""
    return [(each, of_slices(whole, [each]), rest(whole, each)) for each in by_channels(whole)]


def rest(whole: Result, part: Slice) -> Result | None:
    """Shares of the others add up by what they count; other values have no rest."""
    others = [each for each in by_channels(whole) if each is not part]
    return of_slices(whole, others) if others and is_share(whole) and whole.value is not None else None


def is_share(whole: Result) -> bool:
    return whole.unit == Unit.SHARE and all(each.numerator is not None for each in by_channels(whole))


def of_slices(whole: Result, slices: Sequence[Slice]) -> Result:
    n = sum((each.n for each in slices), ZERO)
    plain = replace(whole, n=n, low=None, high=None, slices=(), inputs=())
    if not is_share(whole):
        return replace(plain, value=slices[0].value)
    if [each.value for each in slices] == [None]:
        return replace(plain, value=None, reason="immature" if n else "no_base")
    hits = sum((each.numerator or ZERO for each in slices), ZERO)
    bounds = wilson(float(hits), float(n))
    if bounds is None:
        return replace(plain, value=None, reason="no_base")
    low, high = (Decimal(repr(bound)) * 100 for bound in bounds)
    return replace(plain, value=hits * 100 / n, numerator=hits, low=low, high=high)
