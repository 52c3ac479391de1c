"""Numbers, money and dates as people read them; the only place that decides signs and separators."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, NamedTuple

from django.utils import timezone
from django.utils.translation import get_language

Number = Decimal | int | float
Language = Literal["en", "de"]
Good = Literal["up", "down"] | None

NBSP = "\u00a0"
MINUS = "\u2212"
EN_DASH = "\u2013"
UNKNOWN = EN_DASH
POINTS = frozenset({"points", "share_points"})
MILLION = Decimal(1_000_000)
BILLION = Decimal(1_000_000_000)

SYMBOLS = {
    "EUR": "€",
    "USD": "$",
    "GBP": "£",
    "JPY": "¥",
    "INR": "₹",
    "KRW": "₩",
    "AUD": "A$",
    "CAD": "C$",
    "NZD": "NZ$",
}


@dataclass(frozen=True)
class Signs:
    """What differs between the languages that are supported."""

    decimal: str
    group: str
    million: str
    billion: str
    money_first: bool
    months: tuple[str, ...]
    day: str
    units: dict[str, tuple[str, str]]


SIGNS: dict[str, Signs] = {
    "en": Signs(
        decimal=".",
        group=",",
        million="M",
        billion="bn",
        money_first=True,
        months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        day="{day} {month}",
        units={
            "points": ("point", "points"),
            "share_points": ("point", "points"),
            "days": ("day", "days"),
            "hours": ("hour", "hours"),
            "minutes": ("minute", "minutes"),
            "months": ("month", "months"),
            "years": ("year", "years"),
            "score": ("point", "points"),
            "per_year": ("a year", "a year"),
            "money_per_day": ("a day", "a day"),
        },
    ),
    "de": Signs(
        decimal=",",
        group=".",
        million="Mio.",
        billion="Mrd.",
        money_first=False,
        months=(
            "Jan.",
            "Feb.",
            "März",
            "Apr.",
            "Mai",
            "Juni",
            "Juli",
            "Aug.",
            "Sept.",
            "Okt.",
            "Nov.",
            "Dez.",
        ),
        day="{day}. {month}",
        units={
            "points": ("Punkt", "Punkte"),
            "share_points": ("Punkt", "Punkte"),
            "days": ("Tag", "Tage"),
            "hours": ("Stunde", "Stunden"),
            "minutes": ("Minute", "Minuten"),
            "months": ("Monat", "Monate"),
            "years": ("Jahr", "Jahre"),
            "score": ("Punkt", "Punkte"),
            "per_year": ("im Jahr", "im Jahr"),
            "money_per_day": ("am Tag", "am Tag"),
        },
    ),
}


class ValueParts(NamedTuple):
    """A value and the small muted word that stands behind or under it."""

    text: str
    unit: str = ""


def spoken(language: str | None = None) -> str:
    """The language asked for, else the reader's; looked up once a text, for a page has hundreds of them."""
    return (language or get_language() or "en")[:2]


def signs(language: str | None = None) -> Signs:
    return SIGNS.get(spoken(language), SIGNS["en"])


def exact(value: Number) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def rounded(value: Number, places: int) -> Decimal:
    return exact(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def number(
    value: Number | None, places: int = 0, *, signed: bool = False, language: str | None = None
) -> str:
    """A number with a true minus; `signed` writes the plus as well."""
    if value is None:
        return UNKNOWN
    amount = rounded(value, places)
    s = signs(language)
    digits = f"{abs(amount):,.{places}f}".replace(",", "\0").replace(".", s.decimal).replace("\0", s.group)
    return sign_of(amount, signed=signed) + digits


def plural(count: Number, noun: str, many: str = "") -> str:
    """How many of them, in the number that fits."""
    return f"{number(count)} {noun if count == 1 else many or f'{noun}s'}"


def sign_of(amount: Decimal, *, signed: bool) -> str:
    if amount < 0:
        return MINUS
    return "+" if signed and amount > 0 else ""


def money(
    amount: Number | None,
    currency: str = "EUR",
    *,
    places: int = 0,
    signed: bool = False,
    full: bool = False,
    language: str | None = None,
) -> str:
    """An amount: whole up to 999,999, from a million with three digits that count; `full` never shortens."""
    if amount is None:
        return UNKNOWN
    language = spoken(language)
    s = signs(language)
    whole = rounded(amount, places)
    if full or abs(whole) < MILLION:
        digits, scale = number(abs(whole), places, language=language), ""
    else:
        digits, scale = shortened(abs(exact(amount)), language)
    shown_sign = sign_of(whole, signed=signed)
    scale = f"{NBSP}{scale}" if scale else ""
    symbol = SYMBOLS.get(currency)
    if s.money_first:
        return f"{shown_sign}{symbol or currency + NBSP}{digits}{scale}"
    return f"{shown_sign}{digits}{scale}{NBSP}{symbol or currency}"


def shortened(amount: Decimal, language: str | None = None) -> tuple[str, str]:
    """Three digits that count, and the word for the million or the billion."""
    s = signs(language)
    for unit, word in ((MILLION, s.million), (BILLION, s.billion)):
        part = amount / unit
        places = next((p for p, limit in ((2, 10), (1, 100), (0, 1000)) if rounded(part, p) < limit), None)
        if places is not None:
            return number(part, places, language=language), word
    return number(amount / BILLION, language=language), s.billion


def share(percent: Number | None, *, signed: bool = False, language: str | None = None) -> str:
    """A share that is given in percent: 77.0 reads `77.0 %`."""
    if percent is None:
        return UNKNOWN
    return f"{number(percent, 1, signed=signed, language=language)}{NBSP}%"


def at_most_one_decimal(value: Number, *, signed: bool = False, language: str | None = None) -> str:
    amount = rounded(value, 1)
    places = 0 if amount == amount.to_integral_value() else 1
    return number(amount, places, signed=signed, language=language)


def ratio(value: Number, *, signed: bool = False, language: str | None = None) -> str:
    """One decimal; under 1 two, for there half of it and a tenth of it lie close together."""
    return number(value, 2 if abs(exact(value)) < 1 else 1, signed=signed, language=language)


def ratio_tick(value: Number, language: str | None = None) -> str:
    amount = rounded(value, 2)
    places = next(places for places in range(3) if amount == rounded(amount, places))
    return number(amount, places, language=language)


def value_parts(
    value: Number | None,
    unit: str,
    currency: str = "EUR",
    *,
    signed: bool = False,
    language: str | None = None,
) -> ValueParts:
    """The value as text and its unit apart, for places where the unit stands small under it."""
    if value is None:
        return ValueParts(UNKNOWN)
    language = spoken(language)
    words = signs(language).units.get(unit, ("", ""))
    match unit:
        case "money":
            return ValueParts(money(value, currency, signed=signed, language=language))
        case "money_per_day":
            return ValueParts(money(value, currency, signed=signed, language=language), words[0])
        case "share":
            return ValueParts(share(value, signed=signed, language=language))
        case "ratio":
            return ValueParts(f"{ratio(value, signed=signed, language=language)}{NBSP}×")
        case "points":
            text = number(value, 0, signed=True, language=language)
        case "share_points":
            text = number(value, 1, signed=True, language=language)
        case "years" | "months" | "per_year":
            text = number(value, 1, signed=signed, language=language)
        case "count" | "days" | "hours" | "minutes" | "score":
            text = at_most_one_decimal(value, signed=signed, language=language)
        case _:
            raise ValueError(f"“{unit}” is not a unit of measure")
    return ValueParts(text, words[0] if text.lstrip("+" + MINUS) == "1" else words[1])


def format_value(
    value: Number | None,
    unit: str,
    currency: str = "EUR",
    *,
    signed: bool = False,
    language: str | None = None,
) -> str:
    """The value with its unit in one string."""
    text, word = value_parts(value, unit, currency, signed=signed, language=language)
    return f"{text}{NBSP}{word}" if word else text


def format_difference(
    change: Number | None,
    unit: str,
    currency: str = "EUR",
    *,
    signed: bool = True,
    language: str | None = None,
) -> str:
    """A difference of two values; shares differ by points, not by per cent."""
    if change is None:
        return UNKNOWN
    if unit in {"share", "points", "share_points"}:
        text = number(change, 0 if unit == "points" else 1, signed=signed, language=language)
        words = signs(language).units["points"]
        return f"{text}{NBSP}{words[0] if rounded(abs(exact(change)), 1) == 1 else words[1]}"
    return format_value(change, unit, currency, signed=signed, language=language)


def format_range(
    low: Number | None,
    high: Number | None,
    unit: str,
    currency: str = "EUR",
    *,
    language: str | None = None,
) -> str:
    """`63.8 – 90.4 %`; with signs a word stands between, since a dash beside a minus is misread."""
    if low is None or high is None:
        return UNKNOWN
    language = spoken(language)
    first = value_parts(low, unit, currency, language=language)
    last = format_value(high, unit, currency, language=language)
    if unit in POINTS or low < 0 or high < 0:
        word = "bis" if signs(language).decimal == "," else "to"
        start = value_parts(low, unit, currency, language=language).text
        end = value_parts(high, unit, currency, language=language).text if unit in POINTS else last
        return f"{start} {word} {end}"
    start = first.text.removesuffix(f"{NBSP}%").removesuffix(f"{NBSP}×")
    return f"{start}{NBSP}{EN_DASH} {last}"


def tick(
    value: Number, unit: str, currency: str = "EUR", *, last: bool = False, language: str | None = None
) -> str:
    """A figure at an axis: shares and days say their unit at the last one only."""
    if unit in {"money", "money_per_day"}:
        return money(value, currency, language=language)
    text = ratio_tick(value, language) if unit == "ratio" else at_most_one_decimal(value, language=language)
    if not last:
        return text
    ends = {"share": f"{NBSP}%", "ratio": f"{NBSP}×"}
    return text + ends.get(unit, "")


def ticks(
    values: Sequence[Number], unit: str, currency: str = "EUR", *, language: str | None = None
) -> list[str]:
    """All figures of an axis; millions get as many digits as tell them apart."""
    texts = [tick(each, unit, currency, last=each == values[-1], language=language) for each in values]
    if unit not in {"money", "money_per_day"} or len(set(texts)) == len(texts):
        return texts
    s = signs(language)
    for places in (3, 4):
        texts = [number(exact(each) / MILLION, places, language=language) for each in values]
        if len(set(texts)) == len(texts):
            break
    symbol = SYMBOLS.get(currency, currency + NBSP)
    words = f"{NBSP}{s.million}"
    return [f"{symbol}{each}{words}" if s.money_first else f"{each}{words}{NBSP}{symbol}" for each in texts]


def month(value: datetime.date, *, language: str | None = None) -> str:
    return f"{signs(language).months[value.month - 1]}{NBSP}{value.year}"


def day(
    value: datetime.date | None,
    *,
    today: datetime.date | None = None,
    year: bool | None = None,
    language: str | None = None,
) -> str:
    """`16 Nov`, with the year when it is not the current one or when asked for."""
    if value is None:
        return UNKNOWN
    if isinstance(value, datetime.datetime):
        value = (timezone.localtime(value) if timezone.is_aware(value) else value).date()
    s = signs(language)
    text = s.day.format(day=value.day, month=s.months[value.month - 1]).replace(" ", NBSP)
    current = (today or timezone.localdate()).year
    with_year = value.year != current if year is None else year
    return f"{text}{NBSP}{value.year}" if with_year else text


def moment(value: datetime.datetime | None, *, language: str | None = None) -> str:
    """`23 Nov 2026, 02:10` on the reader's clock."""
    if value is None:
        return UNKNOWN
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return f"{day(local.date(), year=True, language=language)}, {local:%H:%M}"


def month_range(first: datetime.date, last: datetime.date, *, language: str | None = None) -> str:
    """`Nov 2025 – Oct 2026`, from the days that begin and end the period; one month stands alone."""
    if (first.year, first.month) == (last.year, last.month):
        return month(last, language=language)
    return f"{month(first, language=language)} {EN_DASH} {month(last, language=language)}"
