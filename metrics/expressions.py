"""What KPIs are made of: measures summed over windows of whole months, and arithmetic on them per account.

An expression is evaluated once per account (or once per account and credited person) and period; a part of a
KPI is the sum of an expression over a scope. Its SQL text is built here and nowhere else.
"""

import operator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Union

from accounts.periods import Day, Period, add_months

Operand = Union["Expression", int, Decimal]


class Window(StrEnum):
    """Whole months relative to the period `[start, end)`; bounds are columns of the relation `period`."""

    NOW = "now"
    LAST_YEAR = "last_year"
    T12 = "t12"
    T12_BEFORE = "t12_before"
    T3 = "t3"
    T3_BEFORE = "t3_before"
    T6 = "t6"
    AT_START = "at_start"
    AT_END = "at_end"

    @property
    def condition(self) -> str:
        return {
            Window.NOW: "f.month >= p.starts AND f.month < p.ends",
            Window.LAST_YEAR: "f.month >= p.last_year_starts AND f.month < p.last_year_ends",
            Window.T12: "f.month >= p.t12_starts AND f.month < p.ends",
            Window.T12_BEFORE: "f.month >= p.last_year_starts AND f.month < p.starts",
            Window.T3: "f.month >= p.t3_starts AND f.month < p.ends",
            Window.T3_BEFORE: "f.month >= p.t6_starts AND f.month < p.t3_starts",
            Window.T6: "f.month >= p.t6_starts AND f.month < p.ends",
            Window.AT_START: "f.month = p.start_month",
            Window.AT_END: "f.month = p.end_month",
        }[self]

    @property
    def begins(self) -> str:
        """The column of `period` with the first month that is read."""
        return {
            Window.NOW: "starts",
            Window.LAST_YEAR: "last_year_starts",
            Window.T12: "t12_starts",
            Window.T12_BEFORE: "last_year_starts",
            Window.T3: "t3_starts",
            Window.T3_BEFORE: "t6_starts",
            Window.T6: "t6_starts",
            Window.AT_START: "start_month",
            Window.AT_END: "starts",
        }[self]

    @property
    def words(self) -> str:
        return {
            Window.NOW: "in the period",
            Window.LAST_YEAR: "in the same months a year before",
            Window.T12: "in the 12 months to the end",
            Window.T12_BEFORE: "in the 12 months before the start",
            Window.T3: "in the 3 months to the end",
            Window.T3_BEFORE: "in the 3 months before those",
            Window.T6: "in the 6 months to the end",
            Window.AT_START: "on the day before the start",
            Window.AT_END: "on the last day",
        }[self]


def window_of(window: Window, period: Period) -> tuple[Day, Day]:
    """First day and first day after it."""
    start, end = period.start, period.end
    before = add_months(start, -12)
    return {
        Window.NOW: (start, end),
        Window.LAST_YEAR: (before, add_months(end, -12)),
        Window.T12: (add_months(end, -12), end),
        Window.T12_BEFORE: (before, start),
        Window.T3: (add_months(end, -3), end),
        Window.T3_BEFORE: (add_months(end, -6), add_months(end, -3)),
        Window.T6: (add_months(end, -6), end),
        Window.AT_START: (add_months(start, -1), start),
        Window.AT_END: (add_months(end, -1), end),
    }[window]


class Expression:
    """A number per account; linear ones may be credited row by row."""

    def __add__(self, other: Operand) -> "Expression":
        return Arithmetic("+", self, wrap(other))

    def __sub__(self, other: Operand) -> "Expression":
        return Arithmetic("-", self, wrap(other))

    def __mul__(self, other: Operand) -> "Expression":
        return Arithmetic("*", self, wrap(other))

    def __gt__(self, other: Operand) -> "Expression":
        return Comparison(">", self, wrap(other))

    def __ge__(self, other: Operand) -> "Expression":
        return Comparison(">=", self, wrap(other))

    def __le__(self, other: Operand) -> "Expression":
        return Comparison("<=", self, wrap(other))

    def sql(self) -> str:
        raise NotImplementedError

    def leaves(self) -> frozenset["Windowed"]:
        raise NotImplementedError

    def is_linear(self) -> bool:
        raise NotImplementedError

    def at_zero(self) -> Decimal:
        """What it is for an account of which nothing is known, with every property."""
        raise NotImplementedError

    def flags(self) -> frozenset["Flag"]:
        return frozenset()

    def windows(self) -> frozenset[Window]:
        return frozenset(leaf.window for leaf in self.leaves())


@dataclass(frozen=True, eq=True)
class Constant(Expression):
    value: int | Decimal

    def sql(self) -> str:
        return str(self.value)

    def at_zero(self) -> Decimal:
        return Decimal(self.value)

    def leaves(self) -> frozenset["Windowed"]:
        return frozenset()

    def is_linear(self) -> bool:
        return True


@dataclass(frozen=True)
class Measure:
    """A named aggregate of the rows of one source; money is stored in two currencies."""

    name: str
    aggregate: str
    is_money: bool = False
    label: str = ""

    def _in(self, window: Window) -> "Windowed":
        return Windowed(self, window)

    @property
    def now(self) -> "Windowed":
        return self._in(Window.NOW)

    @property
    def last_year(self) -> "Windowed":
        return self._in(Window.LAST_YEAR)

    @property
    def t12(self) -> "Windowed":
        return self._in(Window.T12)

    @property
    def t12_before(self) -> "Windowed":
        return self._in(Window.T12_BEFORE)

    @property
    def t3(self) -> "Windowed":
        return self._in(Window.T3)

    @property
    def t3_before(self) -> "Windowed":
        return self._in(Window.T3_BEFORE)

    @property
    def t6(self) -> "Windowed":
        return self._in(Window.T6)

    @property
    def at_start(self) -> "Windowed":
        return self._in(Window.AT_START)

    @property
    def at_end(self) -> "Windowed":
        return self._in(Window.AT_END)


@dataclass(frozen=True)
class Windowed(Expression):
    """A measure summed over a window; `constant` values it at the rate of the period's start."""

    measure: Measure
    window: Window
    at_start_rate: bool = False

    @property
    def constant(self) -> "Windowed":
        return Windowed(self.measure, self.window, at_start_rate=True)

    @property
    def column(self) -> str:
        own = "_own" if self.at_start_rate else ""
        return f"{self.measure.name}{own}__{self.window.value}"

    @property
    def valued(self) -> str:
        """The column that holds it in the reporting currency, once for all parts that need it."""
        return f"{self.column}_valued"

    def sql(self) -> str:
        return self.valued if self.at_start_rate else self.column

    def at_zero(self) -> Decimal:
        return Decimal(0)

    def leaves(self) -> frozenset["Windowed"]:
        return frozenset([self])

    def is_linear(self) -> bool:
        return True


@dataclass(frozen=True)
class Flag(Expression):
    """1 for accounts that had this property on the first day of the period, else 0."""

    column: str

    def sql(self) -> str:
        return f"(CASE WHEN {self.column} THEN 1 ELSE 0 END)"

    def at_zero(self) -> Decimal:
        return Decimal(1)

    def leaves(self) -> frozenset[Windowed]:
        return frozenset()

    def is_linear(self) -> bool:
        return False

    def flags(self) -> frozenset["Flag"]:
        return frozenset([self])


@dataclass(frozen=True)
class Arithmetic(Expression):
    operator: str
    left: Expression
    right: Expression

    def sql(self) -> str:
        return f"({self.left.sql()} {self.operator} {self.right.sql()})"

    def at_zero(self) -> Decimal:
        made = {"+": operator.add, "-": operator.sub, "*": operator.mul}[self.operator]
        return Decimal(made(self.left.at_zero(), self.right.at_zero()))

    def leaves(self) -> frozenset[Windowed]:
        return self.left.leaves() | self.right.leaves()

    def flags(self) -> frozenset[Flag]:
        return self.left.flags() | self.right.flags()

    def is_linear(self) -> bool:
        both = self.left.is_linear() and self.right.is_linear()
        if self.operator == "*":
            return both and (not self.left.leaves() or not self.right.leaves())
        # Adding a constant would count accounts, which is not a sum over rows.
        return both and all(side.leaves() for side in (self.left, self.right))


@dataclass(frozen=True)
class Comparison(Expression):
    """1 where it holds, else 0; rows that belong to no account are never counted as an account."""

    operator: str
    left: Expression
    right: Expression

    def sql(self) -> str:
        test = f"{self.left.sql()} {self.operator} {self.right.sql()}"
        return f"(CASE WHEN account_id IS NOT NULL AND {test} THEN 1 ELSE 0 END)"

    def at_zero(self) -> Decimal:
        holds = {">": operator.gt, ">=": operator.ge, "<=": operator.le, "=": operator.eq}[self.operator]
        return Decimal(holds(self.left.at_zero(), self.right.at_zero()))

    def leaves(self) -> frozenset[Windowed]:
        return self.left.leaves() | self.right.leaves()

    def flags(self) -> frozenset[Flag]:
        return self.left.flags() | self.right.flags()

    def is_linear(self) -> bool:
        return False


@dataclass(frozen=True)
class Least(Expression):
    left: Expression
    right: Expression

    def sql(self) -> str:
        return f"LEAST({self.left.sql()}, {self.right.sql()})"

    def at_zero(self) -> Decimal:
        return min(self.left.at_zero(), self.right.at_zero())

    def leaves(self) -> frozenset[Windowed]:
        return self.left.leaves() | self.right.leaves()

    def flags(self) -> frozenset[Flag]:
        return self.left.flags() | self.right.flags()

    def is_linear(self) -> bool:
        return False


def wrap(operand: Operand) -> Expression:
    return operand if isinstance(operand, Expression) else Constant(operand)


def is_zero(expression: Expression) -> Expression:
    return Comparison("=", expression, Constant(0))


def least(left: Expression, right: Expression) -> Expression:
    return Least(left, right)


@dataclass(frozen=True)
class Part:
    """A named sum over the accounts of a scope; the same part may serve several KPIs."""

    name: str
    label: str
    expression: Expression = field(compare=False)
