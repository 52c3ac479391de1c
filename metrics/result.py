"""A result: a value, or the reason why there is none, with everything needed to judge it."""

from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal

from accounts.periods import Period
from metrics.kpi import Definition, Kpi, Unit
from metrics.models import Run

Key = int | None

FEW = 5
"""An estimate from fewer units than this is shown muted and never judged."""

WITHHELD = "few_answers"

REASONS = {
    WITHHELD: "there are too few answers to show to this role: what single people think could be worked out",
    "no_base": "there is nothing to divide by in this period",
    "no_rate": "an exchange rate is missing for some of its rows",
    "no_run": "no figures have been computed yet",
    "no_input": "a figure it is made of has no value",
    "no_loss": "no customer was lost and no lifespan is assumed in the settings",
    "met": "the quota is met already: there is no gap left to cover",
    "no_quota": "no quota is set for this period",
    "immature": "fewer than 80 % of them are old enough for their outcome to be known",
    "never": "nobody ever talked with them",
    "no_map": "no key contact is on the map",
    "few": "it compares two bands, and fewer than 30 different customers were in one of them",
    "not_looked": "nobody looked for warnings yet",
    "not_defined": "it is not defined for this scope",
    "not_begun": "no run has come to this period yet",
    "not_said": "nobody said whether it was for target accounts",
    "not_known": "that run did not know this number yet",
    "otherwise": "that run counted it otherwise",
}


@dataclass(frozen=True)
class Slice:
    """One part of a figure that is split: a channel, a stage."""

    name: str
    value: Decimal | None
    numerator: Decimal | None
    n: Decimal


@dataclass(frozen=True)
class Result:
    """A value or the reason why there is none; shares in %, money in the reporting currency."""

    kpi: Definition
    scope: str
    key: Key
    period: Period
    view: str
    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    n: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    reason: str = ""
    notice: str = ""
    """What has to be known about the value beside its certainty."""
    parts: dict[str, Decimal] = field(default_factory=dict)
    whole: dict[str, Decimal] = field(default_factory=dict)
    """What stands below the line where that is of the company or of a whole book; else nothing."""
    beside: dict[str, Decimal] = field(default_factory=dict)
    inputs: tuple["Result", ...] = ()
    slices: tuple[Slice, ...] = ()
    channels: tuple[Slice, ...] = ()
    run: Run | None = None
    currency: str = ""

    @property
    def unit(self) -> Unit:
        return self.kpi.unit

    @property
    def below(self) -> dict[str, Decimal]:
        """The parts below the line; one may be called as one above it and yet be of the whole."""
        return {**self.parts, **self.whole}

    @property
    def interval(self) -> tuple[Decimal, Decimal] | None:
        return (self.low, self.high) if self.low is not None and self.high is not None else None

    @property
    def is_estimate(self) -> bool:
        """Counts and sums are exact; everything with a denominator estimates something."""
        return not (isinstance(self.kpi, Kpi) and not self.kpi.denominator)

    @property
    def is_too_few(self) -> bool:
        return self.value is not None and self.is_estimate and self.n is not None and self.n < FEW

    @property
    def is_withheld(self) -> bool:
        """There is a value, and whoever reads this may not see it."""
        return self.reason == WITHHELD

    def withheld(self) -> "Result":
        """How many it is made of, and nothing from which the value could be worked out."""
        return replace(
            self,
            value=None,
            numerator=None,
            denominator=None,
            low=None,
            high=None,
            reason=WITHHELD,
            parts={self.kpi.n.name: self.n} if isinstance(self.kpi, Kpi) and self.kpi.n and self.n else {},
            beside={},
        )

    @property
    def is_partial(self) -> bool:
        return self.run is not None and self.period.is_partial(self.run.as_of)

    @property
    def reason_text(self) -> str:
        return REASONS.get(self.reason, self.reason)


def rounded(value: Decimal, places: int) -> Decimal:
    """Half up, as people expect; only for display."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
