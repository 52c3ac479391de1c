"""The bands of engagement and their limits on a day: those of a tier where it has some of its own, else everyone's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from accounts.models import Classification
from accounts.periods import Day
from metrics.models import Threshold

COLD = "cold"
BAND_NAMES = {
    Threshold.Name.WARM.value: "warm",
    Threshold.Name.HOT.value: "hot",
    Threshold.Name.RED_HOT.value: "red-hot",
}
ORDER = [COLD, *BAND_NAMES.values()]
USUAL = {
    Threshold.Name.WARM.value: Decimal(10),
    Threshold.Name.HOT.value: Decimal(25),
    Threshold.Name.RED_HOT.value: Decimal(50),
    Threshold.Name.STAY.value: Decimal(20),
}
"""Proposed limits, used until somebody sets others; the last is in per cent of a band's limit."""


@dataclass(frozen=True)
class Limits:
    """What somebody set, by tier; `None` are those of everyone."""

    own: Mapping[int | None, Mapping[str, Decimal]] = field(default_factory=dict)

    def of(self, tier: int | None) -> dict[str, Decimal]:
        return {**USUAL, **self.own.get(None, {}), **self.own.get(tier, {})}

    def has_own(self, tier: int | None) -> bool:
        return tier is not None and bool(self.own.get(tier))

    def changed(self, tier: int | None, name: str, value: Decimal | None) -> "Limits":
        """The same with another value; without one a tier follows everyone again."""
        others = {each: held for each, held in self.own.get(tier, {}).items() if each != name}
        return Limits({**self.own, tier: others if value is None else {**others, name: value}})

    def each(self) -> list[dict[str, Decimal]]:
        """Those of everyone, and of each tier that has some of its own."""
        return [self.of(tier) for tier in (None, *(each for each in self.own if each is not None))]


def limits_on(day: Day) -> Limits:
    own: dict[int | None, dict[str, Decimal]] = {}
    for tier, name, value in Threshold.objects.on(day).values_list("tier", "name", "value"):
        own.setdefault(tier, {})[name] = value
    return Limits(own)


def tiers_on(day: Day, accounts: Iterable[int]) -> dict[int, int | None]:
    held = Classification.objects.on(day).filter(account__in=accounts)
    return dict(held.values_list("account", "tier"))


def band(value: Decimal, limits: Mapping[str, Decimal], stood: str = COLD) -> str:
    """The highest band whose limit is reached; who stood higher stays until well below that limit."""
    reached = [name for key, name in BAND_NAMES.items() if value >= limits[key]]
    slack = 1 - limits[Threshold.Name.STAY] / 100
    kept = [
        name
        for key, name in BAND_NAMES.items()
        if ORDER.index(name) <= ORDER.index(stood) and value >= limits[key] * slack
    ]
    return max([COLD, *reached, *kept], key=ORDER.index)
