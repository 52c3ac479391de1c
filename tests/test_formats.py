import datetime
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from kamplan import formats

# Written with a plain space for the no-break space, a hyphen for the minus: `typed` puts the real signs in.


def typed(text: str) -> str:
    return text.replace("-", "\u2212").replace("_", "\u00a0").replace("~", "\u2013")


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("612400", "EUR", "€612,400"),
        ("999999", "EUR", "€999,999"),
        ("999999.5", "EUR", "€1.00_M"),
        ("4182400", "EUR", "€4.18_M"),
        ("9996000", "EUR", "€10.0_M"),
        ("48200000", "EUR", "€48.2_M"),
        ("482400000", "EUR", "€482_M"),
        ("999600000", "EUR", "€1.00_bn"),
        ("1234567890", "EUR", "€1.23_bn"),
        ("64000", "USD", "$64,000"),
        ("113700", "CHF", "CHF_113,700"),
        ("479100", "GBP", "£479,100"),
        ("1250", "JPY", "¥1,250"),
        ("900", "SEK", "SEK_900"),
        ("-558400", "EUR", "-€558,400"),
        ("-4182400", "EUR", "-€4.18_M"),
        ("0", "EUR", "€0"),
        ("-0.4", "EUR", "€0"),
    ],
)
def test_money_is_whole_to_a_million_and_then_has_three_digits(
    amount: str, currency: str, expected: str
) -> None:
    assert formats.money(Decimal(amount), currency) == typed(expected)


def test_money_may_be_asked_for_in_full_with_cents_and_with_its_sign() -> None:
    assert formats.money(Decimal("4182400"), full=True) == "€4,182,400"
    assert formats.money(Decimal("19.9"), places=2) == "€19.90"
    assert formats.money(Decimal("42000"), signed=True) == "+€42,000"
    assert formats.money(Decimal("0"), signed=True) == "€0"


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("77", "share", "77.0_%"),
        ("-4.1", "share", "-4.1_%"),
        ("85.65", "share", "85.7_%"),
        ("21", "points", "+21_points"),
        ("-1", "points", "-1_point"),
        ("0", "points", "0_points"),
        ("2.13", "share_points", "+2.1_points"),
        ("-0.26", "share_points", "-0.3_points"),
        ("46", "count", "46"),
        ("1906", "count", "1,906"),
        ("3.5", "count", "3.5"),
        ("19", "days", "19_days"),
        ("1", "days", "1_day"),
        ("6.24", "days", "6.2_days"),
        ("5.4", "hours", "5.4_hours"),
        ("2.4", "ratio", "2.4_×"),
        ("3", "ratio", "3.0_×"),
        ("0.64", "ratio", "0.64_×"),
        ("0.027", "ratio", "0.03_×"),
        ("0.999", "ratio", "1.00_×"),
        ("4.25", "years", "4.3_years"),
        ("3.2", "per_year", "3.2_a year"),
        ("1240.4", "money_per_day", "€1,240_a day"),
        ("612400", "money", "€612,400"),
    ],
)
def test_every_unit_is_written_its_way(value: str, unit: str, expected: str) -> None:
    assert formats.format_value(Decimal(value), unit) == typed(expected)


@pytest.mark.parametrize("unit", ["share", "points", "money", "count", "days"])
def test_unknown_is_a_dash_and_never_a_zero(unit: str) -> None:
    assert formats.format_value(None, unit) == "\u2013"


def test_a_unit_nobody_declared_is_refused() -> None:
    with pytest.raises(ValueError, match="furlongs"):
        formats.format_value(1, "furlongs")


def test_value_and_unit_come_apart_where_the_unit_stands_below() -> None:
    assert formats.value_parts(21, "points") == ("+21", "points")
    assert formats.value_parts(Decimal("77"), "share") == ("77.0\u00a0%", "")


@pytest.mark.parametrize(
    ("change", "unit", "expected"),
    [
        ("-9.4", "share", "-9.4_points"),
        ("1.04", "share", "+1.0_point"),
        ("8", "points", "+8_points"),
        ("8", "share_points", "+8.0_points"),
        ("148000", "money", "+€148,000"),
        ("-2", "days", "-2_days"),
    ],
)
def test_shares_differ_by_points(change: str, unit: str, expected: str) -> None:
    assert formats.format_difference(Decimal(change), unit) == typed(expected)


@pytest.mark.parametrize(
    ("low", "high", "unit", "expected"),
    [
        ("63.8", "90.4", "share", "63.8_~ 90.4_%"),
        ("-11", "4", "share", "-11.0_% to 4.0_%"),
        ("-11", "33", "points", "-11 to +33"),
        ("-1.14", "3.3", "share_points", "-1.1 to +3.3"),
        ("25000", "55000", "money", "€25,000_~ €55,000"),
        ("15", "30", "hours", "15_~ 30_hours"),
        ("1.8", "3", "ratio", "1.8_~ 3.0_×"),
    ],
)
def test_ranges_have_a_dash_unless_a_sign_stands_in_them(
    low: str, high: str, unit: str, expected: str
) -> None:
    assert formats.format_range(Decimal(low), Decimal(high), unit) == typed(expected)


@pytest.mark.parametrize(
    ("values", "unit", "expected"),
    [
        ((47_300_000, 47_325_000, 47_350_000), "money", ["€47.300_M", "€47.325_M", "€47.350_M"]),
        ((0, 500_000, 1_000_000), "money", ["€0", "€500,000", "€1.00_M"]),
        ((0, Decimal("0.05"), Decimal("0.1")), "ratio", ["0", "0.05", "0.1_×"]),
        ((0, 20, 40), "share", ["0", "20", "40_%"]),
    ],
)
def test_the_figures_of_an_axis_differ(values: tuple[Decimal, ...], unit: str, expected: list[str]) -> None:
    assert formats.ticks(values, unit) == [typed(each) for each in expected]


def test_dates_show_the_year_when_it_is_another_one() -> None:
    today = datetime.date(2026, 11, 22)
    assert formats.day(datetime.date(2026, 11, 16), today=today) == "16\u00a0Nov"
    assert formats.day(datetime.date(2025, 11, 16), today=today) == "16\u00a0Nov\u00a02025"
    assert formats.day(today, today=today, year=True) == "22\u00a0Nov\u00a02026"
    assert formats.day(None) == "\u2013"


def test_a_moment_is_told_on_the_readers_clock() -> None:
    written = datetime.datetime(2026, 11, 23, 1, 10, tzinfo=datetime.UTC)
    with timezone.override("Europe/Berlin"):
        assert formats.moment(written) == "23\u00a0Nov\u00a02026, 02:10"


def test_a_period_is_named_by_its_months() -> None:
    first, last = datetime.date(2025, 11, 1), datetime.date(2026, 10, 31)
    assert formats.month_range(first, last) == "Nov\u00a02025 \u2013 Oct\u00a02026"
    assert formats.month_range(datetime.date(2026, 10, 1), last) == "Oct\u00a02026"


def test_german_readers_get_their_signs() -> None:
    with translation.override("de"):
        assert formats.money(Decimal("612400")) == "612.400\u00a0€"
        assert formats.money(Decimal("-4182400")) == "\u22124,18\u00a0Mio.\u00a0€"
        assert formats.share(Decimal("77")) == "77,0\u00a0%"
        assert formats.format_value(Decimal("19"), "days") == "19\u00a0Tage"
        assert formats.day(datetime.date(2025, 3, 16), year=True) == "16.\u00a0März\u00a02025"
    assert formats.number(Decimal("1906.5"), 1, language="de") == "1.906,5"
