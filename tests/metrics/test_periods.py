"""Whole months, half-open; the expected days are written by hand from a calendar."""

import datetime

import pytest

from accounts.periods import (
    BadPeriod,
    Period,
    PeriodKind,
    add_months,
    fiscal_year,
    last_day_of_month,
    latest_complete,
    month,
    months_between,
    period_of,
    quarter,
    trailing_year,
    usual_periods,
    year,
    year_to_date,
)

Day = datetime.date


def span(first: str, until: str) -> tuple[Day, Day]:
    return Day.fromisoformat(first), Day.fromisoformat(until)


def days(period: Period) -> tuple[Day, Day]:
    return period.start, period.end


@pytest.mark.parametrize(
    ("period", "first", "until"),
    [
        (month(Day(2024, 2, 29)), "2024-02-01", "2024-03-01"),
        (month(Day(2024, 12, 31)), "2024-12-01", "2025-01-01"),
        (quarter(Day(2025, 3, 31)), "2025-01-01", "2025-04-01"),
        (quarter(Day(2025, 4, 1)), "2025-04-01", "2025-07-01"),
        (quarter(Day(2025, 12, 1)), "2025-10-01", "2026-01-01"),
        (year(Day(2025, 7, 1)), "2025-01-01", "2026-01-01"),
        (fiscal_year(Day(2025, 3, 31), 4), "2024-04-01", "2025-04-01"),
        (fiscal_year(Day(2025, 4, 1), 4), "2025-04-01", "2026-04-01"),
        (fiscal_year(Day(2025, 4, 1), 1), "2025-01-01", "2026-01-01"),
        (trailing_year(Day(2025, 6, 17)), "2024-07-01", "2025-07-01"),
        (trailing_year(Day(2025, 1, 31)), "2024-02-01", "2025-02-01"),
        (year_to_date(Day(2025, 6, 17)), "2025-01-01", "2025-07-01"),
    ],
)
def test_a_period_holds_the_months_of_the_calendar(period: Period, first: str, until: str) -> None:
    assert days(period) == span(first, until)


@pytest.mark.parametrize(
    ("kind", "as_of", "first", "until"),
    [
        (PeriodKind.MONTH, "2025-06-17", "2025-05-01", "2025-06-01"),
        (PeriodKind.MONTH, "2025-06-30", "2025-06-01", "2025-07-01"),
        (PeriodKind.QUARTER, "2025-06-29", "2025-01-01", "2025-04-01"),
        (PeriodKind.QUARTER, "2025-06-30", "2025-04-01", "2025-07-01"),
        (PeriodKind.YEAR, "2025-12-30", "2024-01-01", "2025-01-01"),
        (PeriodKind.YEAR, "2025-12-31", "2025-01-01", "2026-01-01"),
        (PeriodKind.T12, "2025-06-17", "2024-06-01", "2025-06-01"),
        (PeriodKind.T12, "2025-06-30", "2024-07-01", "2025-07-01"),
    ],
)
def test_the_latest_complete_period_has_no_day_to_come(
    kind: PeriodKind, as_of: str, first: str, until: str
) -> None:
    found = latest_complete(kind, Day.fromisoformat(as_of))

    assert days(found) == span(first, until)
    assert not found.is_partial(Day.fromisoformat(as_of))


def test_a_fiscal_year_is_complete_on_its_last_day() -> None:
    assert days(latest_complete(PeriodKind.FISCAL_YEAR, Day(2025, 3, 31), 4)) == span(
        "2024-04-01", "2025-04-01"
    )
    assert days(latest_complete(PeriodKind.FISCAL_YEAR, Day(2025, 3, 30), 4)) == span(
        "2023-04-01", "2024-04-01"
    )


def test_a_period_that_lacks_days_is_partial() -> None:
    june = month(Day(2025, 6, 1))

    assert june.is_partial(Day(2025, 6, 29))
    assert not june.is_partial(Day(2025, 6, 30))
    assert june.last_day == Day(2025, 6, 30)


def test_the_end_is_not_in_the_period() -> None:
    first_quarter = quarter(Day(2025, 1, 1))

    assert Day(2025, 1, 1) in first_quarter
    assert Day(2025, 3, 31) in first_quarter
    assert Day(2025, 4, 1) not in first_quarter
    assert Day(2024, 12, 31) not in first_quarter


@pytest.mark.parametrize(
    ("first", "until"),
    [("2025-01-02", "2025-02-01"), ("2025-01-01", "2025-01-31"), ("2025-01-01", "2025-01-01")],
)
def test_a_period_begins_and_ends_on_the_first_of_a_month(first: str, until: str) -> None:
    with pytest.raises(BadPeriod, match="period"):
        Period(*span(first, until))


def test_periods_move_by_whole_months_across_years() -> None:
    moved = quarter(Day(2025, 1, 1)).moved(-12)

    assert days(moved) == span("2024-01-01", "2024-04-01")
    assert add_months(Day(2025, 1, 31), -1) == Day(2024, 12, 1)
    assert add_months(Day(2025, 11, 1), 14) == Day(2027, 1, 1)
    assert last_day_of_month(Day(2024, 2, 1)) == Day(2024, 2, 29)
    assert list(months_between(Day(2024, 11, 15), Day(2025, 2, 1))) == [
        Day(2024, 11, 1),
        Day(2024, 12, 1),
        Day(2025, 1, 1),
    ]


@pytest.mark.parametrize(
    ("kind", "step"),
    [
        (PeriodKind.MONTH, 1),
        (PeriodKind.QUARTER, 3),
        (PeriodKind.YEAR, 12),
        (PeriodKind.FISCAL_YEAR, 12),
        (PeriodKind.T12, 1),
        (PeriodKind.YEAR_TO_DATE, 12),
    ],
)
def test_neighbours_in_a_trend_follow_each_other(kind: PeriodKind, step: int) -> None:
    assert period_of(kind, Day(2025, 6, 17), 4).step() == step


def test_every_usual_period_is_there_once() -> None:
    found = usual_periods(Day(2024, 11, 20), Day(2025, 2, 3), fiscal_start=4)
    spans = [days(each) for each in found]

    assert len(spans) == len(set(spans))
    expected = {
        span("2024-11-01", "2024-12-01"),
        span("2024-12-01", "2025-01-01"),
        span("2025-01-01", "2025-02-01"),
        span("2025-02-01", "2025-03-01"),
        span("2024-10-01", "2025-01-01"),
        span("2025-01-01", "2025-04-01"),
        span("2024-01-01", "2025-01-01"),
        span("2025-01-01", "2026-01-01"),
        span("2024-04-01", "2025-04-01"),
        span("2023-12-01", "2024-12-01"),
        span("2024-02-01", "2025-02-01"),
        span("2024-03-01", "2025-03-01"),
    }
    assert set(spans) == expected
