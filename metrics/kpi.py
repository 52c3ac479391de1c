"""What a KPI is: a short frozen declaration, from which SQL, pages, documentation and tests derive."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any

from accounts.periods import PeriodKind
from metrics.editions import SAME_AS
from metrics.expressions import Expression, Part, Window
from metrics.recipes import RECIPES, RELATIONS
from metrics.sources import SOURCE_OF


class Unit(StrEnum):
    MONEY = "money"
    SHARE = "share"
    POINTS = "points"
    SHARE_POINTS = "share_points"
    """What lies between two shares; points of a hundred, too, but not whole ones."""
    COUNT = "count"
    DAYS = "days"
    RATIO = "ratio"
    PER_YEAR = "per_year"
    HOURS = "hours"
    MINUTES = "minutes"
    MONTHS = "months"
    SCORE = "score"
    YEARS = "years"
    MONEY_PER_DAY = "money_per_day"


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"
    NONE = "none"


class Timing(StrEnum):
    LEADING = "leading"
    LAGGING = "lagging"


class Group(StrEnum):
    """Where it stands on a scorecard; growth and retention are never mixed."""

    GROWTH = "growth"
    RETENTION = "retention"
    PIPELINE = "pipeline"
    CUSTOMERS = "customers"
    RELATIONSHIP = "relationship"
    ACTIVITY = "activity"
    MARKETING = "marketing"
    VALUE = "value"
    FOCUS = "focus"
    PEOPLE = "people"


class Interval(StrEnum):
    NONE = "none"
    WILSON = "wilson"
    LINEARISED = "linearised"
    NPS = "nps"


class Credit(StrEnum):
    ROW = "row"
    ACCOUNT = "account"


GAP = "gap:"
"""Before the name of a column of money: how many of its rows have no rate."""


@dataclass(frozen=True)
class Term:
    """A part with its sign in a numerator or denominator."""

    part: Part
    sign: int = 1


ABOUT_TARGETS = "It tells target accounts from others itself."


@dataclass(frozen=True)
class Definition:
    """What every kind of KPI says about itself."""

    id: str
    name: str
    words: str
    """The formula in words."""
    unit: Unit
    direction: Direction
    timing: Timing
    group: Group
    sub: str = ""
    """What was counted, as a template over the names of parts."""
    usual: PeriodKind = PeriodKind.T12
    """The kind of period it is usually read for."""
    source: str = ""
    caveats: str = ""
    how_to_move: str = ""
    on_scorecard: bool = True
    company_only: bool = False
    """Made of what belongs to no single account, person or segment."""
    lacks_account: bool = False
    """Made of what belongs to people and to no account: neither one nor a segment has a value."""
    of_targets: bool = False
    """Its rows say themselves whether they were for target accounts: this one grouping it has all the same."""
    is_about_targets: bool = False
    """It tells target accounts from others already: grouped by them it would say nothing."""
    ungrouped: str = ""
    """Why accounts cannot be grouped in it, for whoever looks for a tier or an industry."""

    @property
    def why_ungrouped(self) -> str:
        """Why it lacks a grouping that others have."""
        return self.ungrouped or (ABOUT_TARGETS if self.is_about_targets else "")

    def parts(self) -> tuple[Part, ...]:
        return ()

    def recipe(self) -> str:
        raise NotImplementedError

    @property
    def digest(self) -> str:
        """Of the text that it is made by."""
        return hashlib.sha256(self.recipe().encode()).hexdigest()[:12]

    @property
    def version(self) -> str:
        """Changes exactly when the same rows would give another value."""
        return SAME_AS.get(self.digest, self.digest)


@dataclass(frozen=True)
class Kpi(Definition):
    """Numerator over denominator of sums over accounts; without a denominator it is a sum."""

    numerator: tuple[Term, ...] = ()
    denominator: tuple[Term, ...] = ()
    n: Part | None = None
    interval: Interval = Interval.NONE
    beside: tuple[Part, ...] = ()
    """Figures shown with it that do not enter its value."""
    mean: tuple[Part, Part] | None = None
    """A sum and what it is divided by: a mean that is said with the number as its second figure."""
    company_denominator: bool = False
    """The denominator is the company's, so that the values of accounts add up."""
    of_book: bool = False
    """Of a single account it is that of the whole book of whoever looks after it on the day of the run."""
    is_part_of_whole: bool = False
    """It lies between 0 and 100 % by what it is, and so does its interval."""
    positive_base: bool = False
    """A denominator at or below zero gives no value."""
    none_reason: str = "no_base"
    """Why there is no value where the denominator is 0."""
    needs: Part | None = None
    """Where this part is 0, nothing is known and the sum has no value."""
    is_looked_for: bool = False
    """Counts what the nights look for: before the first night 0 would say that all was well."""
    of_target: "Kpi | None" = None
    """The number of the company that counts only what was for target accounts,"""
    of_others: "Kpi | None" = None
    """and the one that counts what was not."""

    def parts(self) -> tuple[Part, ...]:
        return self.distinct_parts

    # A page asks hundreds of results for these; a definition never changes.
    @cached_property
    def distinct_parts(self) -> tuple[Part, ...]:
        found = [
            *self.terms_of,
            *(each for each in (self.n, self.needs) if each),
            *self.beside,
            *(self.mean or ()),
        ]
        return tuple(dict.fromkeys(found))

    @property
    def terms_of(self) -> tuple[Part, ...]:
        """The parts above and below the line."""
        return tuple(term.part for term in (*self.numerator, *self.denominator))

    @cached_property
    def money_columns(self) -> tuple[str, ...]:
        """The columns of money that decide its value."""
        leaves = {leaf for expression in self.deciding for leaf in expression.leaves()}
        return tuple(sorted(leaf.column for leaf in leaves if leaf.measure.is_money))

    @cached_property
    def gap_columns(self) -> tuple[str, ...]:
        """What counts the rows without an exchange rate: where one is there, there is no value."""
        return tuple(f"{GAP}{column}" for column in self.money_columns)

    @cached_property
    def deciding(self) -> tuple[Expression, ...]:
        """What its value is made of, without what is only shown beside it."""
        return tuple(term.part.expression for term in (*self.numerator, *self.denominator))

    @cached_property
    def windows(self) -> frozenset[Window]:
        return frozenset().union(*(expression.windows() for expression in self.deciding))

    @cached_property
    def credit(self) -> Credit:
        """Row credit where every part is linear in measures of one window; the engine derives it, nobody says it."""
        linear = all(expression.is_linear() for expression in self.deciding)
        return Credit.ROW if linear and len(self.windows) == 1 else Credit.ACCOUNT

    @cached_property
    def goes_by_opening(self) -> bool:
        """Made of rows alone that go by what their account was when they were opened; the engine derives that, too.

        What holds such rows against others of the account keeps both to one class: that of the period's start.
        """
        leaves = {leaf for part in self.parts() for leaf in part.expression.leaves()}
        return self.credit == Credit.ROW and all(SOURCE_OF[leaf.measure.name].classed_on for leaf in leaves)

    @property
    def uses_money(self) -> bool:
        return any(leaf.measure.is_money for part in self.parts() for leaf in part.expression.leaves())

    def recipe(self) -> str:
        def side(terms: tuple[Term, ...]) -> str:
            return " ".join(f"{term.sign:+d} {term.part.expression.sql()}" for term in terms)

        parts = [part for part in self.parts() if part not in (self.mean or ()) or part in self.terms_of]
        leaves = sorted({leaf.measure.name for part in parts for leaf in part.expression.leaves()})
        rows = "".join(SOURCE_OF[name].rows for name in leaves)
        aggregates = "".join(leaf.measure.aggregate for part in parts for leaf in sorted_leaves(part))
        return f"{side(self.numerator)} / {side(self.denominator)} | {rows} | {aggregates} | {self.positive_base}"


def sorted_leaves(part: Part) -> list[Any]:
    return sorted(part.expression.leaves(), key=lambda leaf: leaf.column)


@dataclass(frozen=True)
class RowKpi(Definition):
    """Evaluated from rows with their own dates by a recipe: medians, quota windows, distributions."""

    recipe_name: str = ""
    of_persons: bool = True
    """Defined for one person; what people answered never is."""
    of_people: bool = True
    """Defined for a person and a team too, not only for the company and its segments."""
    of_accounts: bool = False
    """Defined for a single account too; computed when a page asks, never stored."""
    of_groups: bool = True
    """Defined for more than a single account."""
    counts_accounts: bool = False
    """Its rows are accounts, each whole for its owner at the start."""

    @property
    def parts_words(self) -> tuple[str, str]:
        """What stands above and below the line, where it is a fraction."""
        return RECIPES[self.recipe_name].terms

    @property
    def uses_money(self) -> bool:
        return any(each.is_money for each in RECIPES[self.recipe_name].behind)

    def recipe(self) -> str:
        recipe = RECIPES[self.recipe_name]
        return " | ".join([recipe.text, *(RELATIONS[name] for name in recipe.relations)])


@dataclass(frozen=True)
class Input:
    """Another KPI's value, over the same period or the trailing year that ends with it."""

    kpi: Definition
    over: PeriodKind | None = None
    company: bool = False
    """Taken from the company where the scope has none of its own."""


@dataclass(frozen=True)
class Derived(Definition):
    """A function of other KPIs' values, undefined if any of them is."""

    of: tuple[Input, ...] = ()
    formula: Callable[..., Decimal | None] = field(default=lambda *values: None)
    n_from: int = 0
    fallback_setting: str = ""
    assumed: tuple[str, ...] = ()
    """The names of assumptions of the run that the formula takes behind its inputs."""

    def recipe(self) -> str:
        inputs = " ".join(f"{each.kpi.id}:{each.kpi.version}:{each.over}" for each in self.of)
        return f"{inputs} {self.words}"


def every_part(definitions: Iterator[Definition] | tuple[Definition, ...]) -> tuple[Part, ...]:
    """The distinct parts of these definitions, in a stable order; one name means one expression."""
    found: dict[str, Part] = {}
    for definition in definitions:
        for part in definition.parts():
            if part.name in found and found[part.name].expression.sql() != part.expression.sql():
                raise ValueError(f"Two parts are called {part.name}")
            found.setdefault(part.name, part)
    return tuple(found.values())


def negative(part: Part) -> Term:
    return Term(part, -1)


def terms(*parts: Part | Term) -> tuple[Term, ...]:
    return tuple(part if isinstance(part, Term) else Term(part) for part in parts)


def part(name: str, label: str, expression: Expression) -> Part:
    return Part(name, label, expression)
