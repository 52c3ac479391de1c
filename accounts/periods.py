"""Periods of whole months, half-open `[start, end)`: the only date arithmetic of the product."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

Day = datetime.date
# What is older is a slip of the pen: browsers take a year of two digits for one of the first century.
FIRST_YEAR = 1900


class BadPeriod(ValueError):
    """The text or the days given are not a period that figures can be made for."""


class PeriodKind(StrEnum):
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    YEAR_TO_DATE = "ytd"
    T12 = "t12"
    FISCAL_YEAR = "fiscal"
    CUSTOM = "custom"


def first_of_month(day: Day) -> Day:
    return day.replace(day=1)


def add_months(day: Day, months: int) -> Day:
    """The first of the month that lies so many months after the month of `day`."""
    index = day.year * 12 + day.month - 1 + months
    return Day(index // 12, index % 12 + 1, 1)


def months_between(first: Day, end: Day) -> Iterator[Day]:
    """The first days of the months of `[first, end)`."""
    month = first_of_month(first)
    while month < end:
        yield month
        month = add_months(month, 1)


def last_day_of_month(month: Day) -> Day:
    return add_months(month, 1) - datetime.timedelta(days=1)


@dataclass(frozen=True, order=True)
class Period:
    """Whole months from `start` up to and without `end`."""

    start: Day
    end: Day
    kind: PeriodKind = PeriodKind.CUSTOM

    def __post_init__(self) -> None:
        if self.start.day != 1 or self.end.day != 1:
            raise BadPeriod("A period begins and ends on the first of a month.")
        if self.start >= self.end:
            raise BadPeriod("A period must begin before it ends.")

    @property
    def months(self) -> int:
        return (self.end.year - self.start.year) * 12 + self.end.month - self.start.month

    @property
    def span(self) -> tuple[Day, Day]:
        return self.start, self.end

    @property
    def last_day(self) -> Day:
        return self.end - datetime.timedelta(days=1)

    def moved(self, months: int) -> "Period":
        return Period(add_months(self.start, months), add_months(self.end, months), self.kind)

    def step(self) -> int:
        """How many months lie between two neighbouring periods of this kind in a trend."""
        return {PeriodKind.QUARTER: 3, PeriodKind.YEAR: 12, PeriodKind.FISCAL_YEAR: 12}.get(
            self.kind, 12 if self.kind == PeriodKind.YEAR_TO_DATE else self.months if self.is_custom else 1
        )

    @property
    def is_custom(self) -> bool:
        return self.kind == PeriodKind.CUSTOM

    def is_partial(self, as_of: Day) -> bool:
        """Days of this period were still to come on the as-of day."""
        return as_of < self.last_day

    def __contains__(self, day: Day) -> bool:
        return self.start <= day < self.end

    def __str__(self) -> str:
        return f"[{self.start}, {self.end})"


def month(day: Day) -> Period:
    first = first_of_month(day)
    return Period(first, add_months(first, 1), PeriodKind.MONTH)


def quarter(day: Day) -> Period:
    first = Day(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    return Period(first, add_months(first, 3), PeriodKind.QUARTER)


def year(day: Day) -> Period:
    return Period(Day(day.year, 1, 1), Day(day.year + 1, 1, 1), PeriodKind.YEAR)


def fiscal_year(day: Day, first_month: int) -> Period:
    start = Day(day.year - (day.month < first_month), first_month, 1)
    return Period(start, add_months(start, 12), PeriodKind.FISCAL_YEAR)


def trailing_year(last: Day) -> Period:
    """The 12 whole months that end with the month of `last`."""
    end = add_months(last, 1)
    return Period(add_months(end, -12), end, PeriodKind.T12)


def year_to_date(last: Day) -> Period:
    """From January up to the end of the month of `last`."""
    return Period(Day(last.year, 1, 1), add_months(last, 1), PeriodKind.YEAR_TO_DATE)


def period_of(kind: PeriodKind, day: Day, fiscal_start: int = 1) -> Period:
    """The period of this kind that holds `day` (for trailing and to-date kinds: that ends with its month)."""
    if kind == PeriodKind.FISCAL_YEAR:
        return fiscal_year(day, fiscal_start)
    makers = {
        PeriodKind.MONTH: month,
        PeriodKind.QUARTER: quarter,
        PeriodKind.YEAR: year,
        PeriodKind.T12: trailing_year,
        PeriodKind.YEAR_TO_DATE: year_to_date,
    }
    return makers[kind](day)


def latest_complete(kind: PeriodKind, as_of: Day, fiscal_start: int = 1) -> Period:
    """The newest period of this kind of which every day had come on `as_of`."""
    last_month = as_of if last_day_of_month(as_of) == as_of else add_months(as_of, -1)
    found = period_of(kind, last_month, fiscal_start)
    return found if found.end <= add_months(last_month, 1) else found.moved(-found.step())


def usual_periods(first: Day, as_of: Day, fiscal_start: int = 1) -> list[Period]:
    """Every month, quarter, year, fiscal year and trailing year that has begun between these days, each span once."""
    found: dict[tuple[Day, Day], Period] = {}
    for each in months_between(first, add_months(as_of, 1)):
        kinds = [PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR, PeriodKind.T12]
        if fiscal_start != 1:
            kinds.append(PeriodKind.FISCAL_YEAR)
        for kind in kinds:
            period = period_of(kind, each, fiscal_start)
            found.setdefault((period.start, period.end), period)
    return [found[span] for span in sorted(found)]
