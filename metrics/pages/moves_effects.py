"""What each part and each account did to a change; the effects add up to it exactly.

A ratio R = N / D moves because what stands above the line changed, or below it. With 0 for then and 1 for now

    R1 - R0 = (N1 - N0) / D0  -  R1 x (D1 - D0) / D0

holds to the last digit, and both halves are sums over parts and over accounts. Where the base stands above the
line too (as in retention: 100 % plus expansion less what was lost), every other part is a share of the base of
its own time, p1 / D1 - p0 / D0 = (p1 - p0) / D0 + p1 x (1 / D1 - 1 / D0): first the part, then the base.
Fractions instead of decimals, so that "exactly" is a fact and not a rounding.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from metrics.kpi import Kpi, Term
from metrics.needs import scale_of
from metrics.result import Result
from metrics.results import ZERO

Parts = Mapping[str, Decimal]
NOTHING = Fraction(0)


@dataclass(frozen=True)
class Effect:
    """What one term of the number did: by itself, and by the base having changed."""

    label: str
    part: str
    above: Callable[[Parts, Parts], Fraction]
    below: Callable[[Parts, Parts], Fraction]
    is_base: bool = False

    def both(self, then: Parts, now: Parts) -> Fraction:
        return self.above(then, now) + self.below(then, now)

    def of_place(self, before: Result, now: Result) -> Fraction:
        """What it did to the whole number."""
        if self.is_base:
            return self.both(before.below, now.below)
        return self.both(before.parts, now.parts)


def amount(parts: Parts, name: str) -> Fraction:
    return Fraction(parts.get(name, ZERO))


def total(terms: Sequence[Term], parts: Parts) -> Fraction:
    return sum((term.sign * amount(parts, term.part.name) for term in terms), NOTHING)


def nothing(then: Parts, now: Parts) -> Fraction:
    return NOTHING


def exact_value(kpi: Kpi, result: Result) -> Fraction:
    above = total(kpi.numerator, result.parts)
    return above * scale_of(kpi.unit) / total(kpi.denominator, result.below) if kpi.denominator else above


def effects(kpi: Kpi, before: Result, now: Result) -> list[Effect]:
    """One for every term; those of the base last."""
    if not kpi.denominator:
        return [plain(term, Fraction(1)) for term in kpi.numerator]
    then_base, now_base = (total(kpi.denominator, each.below) for each in (before, now))
    scale = Fraction(scale_of(kpi.unit))
    names = {term.part.name for term in kpi.denominator}
    if len(kpi.numerator) > 1 and any(term.part.name in names for term in kpi.numerator):
        return of_shares(kpi, names, then_base, now_base, scale, before, now)
    value = exact_value(kpi, now)
    above = [plain(term, scale / then_base) for term in kpi.numerator]
    return [*above, *(of_base(term, value / then_base) for term in kpi.denominator)]


def plain(term: Term, factor: Fraction) -> Effect:
    """(p1 - p0) / D0"""
    name = term.part.name

    def above(then: Parts, now: Parts) -> Fraction:
        return term.sign * factor * (amount(now, name) - amount(then, name))

    return Effect(term.part.label, name, above, nothing)


def of_base(term: Term, factor: Fraction) -> Effect:
    """- R1 (d1 - d0) / D0"""
    name = term.part.name

    def below(then: Parts, now: Parts) -> Fraction:
        return -term.sign * factor * (amount(now, name) - amount(then, name))

    return Effect(term.part.label, name, nothing, below, is_base=True)


def of_shares(
    kpi: Kpi,
    base: set[str],
    then_base: Fraction,
    now_base: Fraction,
    scale: Fraction,
    before: Result,
    now: Result,
) -> list[Effect]:
    """Every part as a share of the base of its time; the base itself only where it is not all of 100 %."""

    def of_term(term: Term) -> Effect:
        name, sign = term.part.name, term.sign * scale

        def above(then: Parts, now: Parts) -> Fraction:
            return sign * (amount(now, name) - amount(then, name)) / then_base

        def below(then: Parts, now: Parts) -> Fraction:
            return sign * amount(now, name) * (1 / now_base - 1 / then_base)

        return Effect(term.part.label, name, above, below, is_base=name in base)

    own = [of_term(term) for term in kpi.numerator if term.part.name not in base]
    whole = [of_term(term) for term in kpi.numerator if term.part.name in base]
    moved = sum((each.of_place(before, now) for each in whole), NOTHING)
    return [*own, *whole] if moved else own


# ------------------------------------------------------------------------------------------------ accounts


@dataclass(frozen=True)
class Mover:
    """What one account, or several in one line, gave to a change."""

    account: int | None
    above: Fraction
    below: Fraction

    @property
    def both(self) -> Fraction:
        return self.above + self.below


def movers(
    kpi: Kpi,
    before: Result,
    now: Result,
    then_by: Mapping[int | None, Parts],
    now_by: Mapping[int | None, Parts],
) -> list[Mover]:
    """Every account that did something, the largest first."""
    made = [each for each in effects(kpi, before, now) if not (each.is_base and kpi.company_denominator)]
    found = [
        Mover(
            key,
            sum((each.above(then_by.get(key, {}), now_by.get(key, {})) for each in made), NOTHING),
            sum((each.below(then_by.get(key, {}), now_by.get(key, {})) for each in made), NOTHING),
        )
        for key in {*then_by, *now_by}
    ]
    acting = [each for each in found if each.above or each.below]
    return sorted(acting, key=lambda each: (-abs(each.both), each.account or 0))


def together(some: Iterable[Mover]) -> Mover:
    """Several accounts in one line."""
    listed = list(some)
    return Mover(
        None,
        sum((each.above for each in listed), NOTHING),
        sum((each.below for each in listed), NOTHING),
    )


def company_base(kpi: Kpi, before: Result, now: Result) -> Mover | None:
    """A base that is the company's belongs to no account of the scope."""
    if not kpi.company_denominator:
        return None
    bases = [each for each in effects(kpi, before, now) if each.is_base]
    return Mover(None, NOTHING, sum((each.of_place(before, now) for each in bases), NOTHING))


def decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
