"""What a cell may hold: each type turns a text of the file into a value, or says why it cannot."""

import datetime
import json
import re
import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email

from accounts.fields import CURRENCY_PATTERN
from accounts.periods import FIRST_YEAR
from accounts.plans.kpis import BINDABLE

# A cell of a spreadsheet may come typed; of a text file it never does.
Cell = str | Decimal | datetime.date
Parser = Callable[[Cell], Any]

DATE_ORDERS = ("iso", "day_first", "month_first")
PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
# No part of these fits a text in two ways, so that a long one is refused as quickly as it is read.
GROUPED = {
    "point": (re.compile(r"[+-]?([1-9]\d{0,2}(,\d{3})+(\.\d+)?|\d+(\.\d+)?|\.\d+)"), ",", "."),
    "comma": (re.compile(r"[+-]?([1-9]\d{0,2}(\.\d{3})+(,\d+)?|\d+(,\d+)?|,\d+)"), ".", ","),
}
# Both readings are possible: 1.234 and 1,234 may be a thousand and some, or one and some.
EITHER = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
SEPARATED_DATE = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})")
SPACES = re.compile(r"[\s\u00a0\u202f']")
LINE_ENDS = re.compile(r"[\r\n\t]+")
# The day after must exist too, and nobody plans further; 9999-12-31 is how other systems write an open end.
LAST_YEAR = 2199
YES = {"yes", "y", "true", "t", "1", "x", "on", "ja", "j", "oui"}
NO = {"no", "n", "false", "f", "0", "off", "nein", "non"}


class Refused(Exception):
    """A value, or a whole file, that cannot be imported; the text says what to do."""


@dataclass(frozen=True)
class Reading:
    """How the texts of one file are to be read."""

    decimal: str = "point"
    dates: str = "iso"
    zone: zoneinfo.ZoneInfo = field(default_factory=lambda: zoneinfo.ZoneInfo("UTC"))


@dataclass(frozen=True)
class Type:
    """`sql` is the staging column's type."""

    sql = "text"

    @property
    def words(self) -> str:
        """How the documentation names it."""
        return "text"

    def parser(self, reading: Reading) -> Parser:
        return str


@dataclass(frozen=True)
class Text(Type):
    max_length: int | None = None

    @property
    def words(self) -> str:
        return f"text, at most {self.max_length} characters" if self.max_length else "text"

    def parser(self, reading: Reading) -> Parser:
        limit = self.max_length

        def parse(cell: Cell) -> str:
            text = str(cell)
            if limit:
                text = LINE_ENDS.sub(" ", text)
            if limit and len(text) > limit:
                raise Refused(f"is {len(text)} characters long, {limit} are allowed")
            return text

        return parse


@dataclass(frozen=True)
class Email(Type):
    @property
    def words(self) -> str:
        return "e-mail address"

    def parser(self, reading: Reading) -> Parser:
        def parse(cell: Cell) -> str:
            text = str(cell).lower()
            try:
                validate_email(text)
            except ValidationError:
                raise Refused("is not an e-mail address") from None
            return text

        return parse


@dataclass(frozen=True)
class Url(Type):
    max_length: int = 200

    @property
    def words(self) -> str:
        return "web address that begins with http:// or https://"

    def parser(self, reading: Reading) -> Parser:
        valid = URLValidator(schemes=["http", "https"])

        def parse(cell: Cell) -> str:
            text = str(cell)
            try:
                valid(text)
            except ValidationError:
                raise Refused("is not a web address; it begins with http:// or https://") from None
            if len(text) > self.max_length:
                raise Refused(f"is {len(text)} characters long, {self.max_length} are allowed")
            return text

        return parse


@dataclass(frozen=True)
class Currency(Type):
    @property
    def words(self) -> str:
        return "currency: three letters, as EUR"

    def parser(self, reading: Reading) -> Parser:
        known = re.compile(CURRENCY_PATTERN)

        def parse(cell: Cell) -> str:
            text = str(cell).upper()
            if not known.match(text):
                raise Refused("is not a currency; write three letters, as EUR")
            return text

        return parse


@dataclass(frozen=True)
class Date(Type):
    sql = "date"

    @property
    def words(self) -> str:
        return "date: 2026-12-31, or 31.12.2026"

    def parser(self, reading: Reading) -> Parser:
        return lambda cell: parse_date(cell, reading)


def parse_date(cell: Cell, reading: Reading) -> datetime.date:
    day = _date(cell, reading)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Refused(f"lies outside the years {FIRST_YEAR} to {LAST_YEAR}; an open end is an empty cell")
    return day


def _date(cell: Cell, reading: Reading) -> datetime.date:
    if isinstance(cell, datetime.datetime):
        return _day_of(cell, reading.zone)
    if isinstance(cell, datetime.date):
        return cell
    text = str(cell)
    try:
        if len(text) == 10 and text[4] == "-":
            return datetime.date.fromisoformat(text)
        if match := SEPARATED_DATE.fullmatch(text):
            return _separated(match, reading.dates)
        if len(text) > 10:
            return _day_of(datetime.datetime.fromisoformat(text), reading.zone)
    except ValueError:
        raise Refused("is not a day of the calendar") from None
    raise Refused("is not a date; write it as 2026-12-31")


def _separated(match: re.Match[str], order: str) -> datetime.date:
    first, mark, second, year = int(match[1]), match[2], int(match[3]), int(match[4])
    if mark == "." or order == "day_first":
        return datetime.date(year, second, first)
    if order == "month_first":
        return datetime.date(year, first, second)
    raise Refused("may be day first or month first: set the date order of the file")


def _day_of(moment: datetime.datetime, zone: zoneinfo.ZoneInfo) -> datetime.date:
    return moment.astimezone(zone).date() if moment.tzinfo else moment.date()


NOON = datetime.time(12)
DAY_AND_TIME = re.compile(r"(\S*[^T\s])[T ]+(\d{1,2}:\d{2}(?::\d{2})?)")


@dataclass(frozen=True)
class Moment(Type):
    """Day and time; without a zone it is read on the organisation's clock."""

    sql = "timestamptz"

    @property
    def words(self) -> str:
        return "moment: 2026-12-31 14:30, or 31.12.2026 14:30; a day alone is its noon"

    def parser(self, reading: Reading) -> Parser:
        return lambda cell: parse_moment(cell, reading)


def parse_moment(cell: Cell, reading: Reading) -> datetime.datetime:
    moment = _moment(cell, reading)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise Refused(f"lies outside the years {FIRST_YEAR} to {LAST_YEAR}")
    return moment if moment.tzinfo else moment.replace(tzinfo=reading.zone)


def _moment(cell: Cell, reading: Reading) -> datetime.datetime:
    if isinstance(cell, datetime.datetime):
        return cell
    if isinstance(cell, str) and len(cell) > 10:
        try:
            if cell[4:5] == "-":
                return datetime.datetime.fromisoformat(cell)
            if match := DAY_AND_TIME.fullmatch(cell):
                time = datetime.time.fromisoformat(match[2].zfill(5))
                return datetime.datetime.combine(_date(match[1], reading), time)
        except ValueError:
            pass
        raise Refused("is not a day with a time; write it as 2026-12-31 14:30")
    return datetime.datetime.combine(_date(cell, reading), NOON)


@dataclass(frozen=True)
class Whole(Type):
    """A whole number that is not negative."""

    limit: int = 32767
    sql = "integer"

    @property
    def words(self) -> str:
        return "whole number"

    def parser(self, reading: Reading) -> Parser:
        def parse(cell: Cell) -> int:
            number = cell if isinstance(cell, Decimal) else to_decimal(str(cell), "point")
            if number != int(number) or not 0 <= number <= self.limit:
                raise Refused(f"is not a whole number between 0 and {self.limit}")
            return int(number)

        return parse


@dataclass(frozen=True)
class Number(Type):
    max_digits: int = 18
    decimal_places: int = 4
    sql = "numeric"

    @property
    def words(self) -> str:
        return f"number, rounded to {self.decimal_places} decimals"

    def parser(self, reading: Reading) -> Parser:
        limit = Decimal(10) ** (self.max_digits - self.decimal_places)

        def parse(cell: Cell) -> Decimal:
            number = cell if isinstance(cell, Decimal) else to_decimal(str(cell), reading.decimal)
            if abs(number) >= limit:
                raise Refused(f"is too large; it must stay below {limit:,}")
            return number

        return parse


def to_decimal(text: str, mark: str) -> Decimal:
    if mark == "unclear":
        if EITHER.fullmatch(text):
            raise Refused("may be thousands or decimals: set the decimal mark of the file")
        mark = "comma" if "," in text else "point"
    if mark == "point" and PLAIN_NUMBER.fullmatch(text):
        return Decimal(text)
    shape, thousands, decimal = GROUPED[mark]
    bare = SPACES.sub("", text)
    if not shape.fullmatch(bare):
        raise Refused(f"is not a number with a decimal {mark}")
    try:
        return Decimal(bare.replace(thousands, "").replace(decimal, "."))
    except InvalidOperation:
        raise Refused("is not a number") from None


def decimal_mark(texts: Iterable[str]) -> str:
    """The decimal mark that these numbers show, or `unclear` where only both-ways numbers are seen."""
    unclear = False
    for text in texts:
        bare = SPACES.sub("", text)
        if EITHER.fullmatch(bare):
            unclear = True
            continue
        point = bool(GROUPED["point"][0].fullmatch(bare))
        comma = bool(GROUPED["comma"][0].fullmatch(bare))
        if point != comma:
            return "point" if point else "comma"
    return "unclear" if unclear else "point"


@dataclass(frozen=True)
class YesNo(Type):
    sql = "boolean"

    @property
    def words(self) -> str:
        return "yes or no"

    def parser(self, reading: Reading) -> Parser:
        def parse(cell: Cell) -> bool:
            text = str(cell).lower()
            if text in YES:
                return True
            if text in NO:
                return False
            raise Refused("is neither yes nor no")

        return parse


@dataclass(frozen=True)
class Choice(Type):
    choices: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        return "one of " + ", ".join(f"`{value}`" for value in self.choices if value)

    def parser(self, reading: Reading) -> Parser:
        known = {word.lower(): value for value, label in self.choices.items() for word in (value, str(label))}
        allowed = ", ".join(value for value in self.choices if value)

        def parse(cell: Cell) -> str:
            try:
                return known[str(cell).lower()]
            except KeyError:
                raise Refused(f"is not one of {allowed}") from None

        return parse


@dataclass(frozen=True)
class BoundKpi(Type):
    """A KPI of one account, by its id or its name."""

    @property
    def words(self) -> str:
        return "id or name of a KPI that an account has"

    def parser(self, reading: Reading) -> Parser:
        known = {word.lower(): key for key, name in BINDABLE.items() for word in (key, name)}

        def parse(cell: Cell) -> str:
            try:
                return known[str(cell).lower()]
            except KeyError:
                raise Refused("is not a KPI that an account has; the page of KPIs lists their ids") from None

        return parse


@dataclass(frozen=True)
class Shares(Type):
    """Several people with their shares, as `a@example.org:0.5; b@example.org:0.5`."""

    sql = "jsonb"

    @property
    def words(self) -> str:
        return "people and shares: `jana@example.org:0.6; tom@example.org:0.4`"

    def parser(self, reading: Reading) -> Parser:
        return parse_shares


def parse_shares(cell: Cell) -> str:
    shares: dict[str, Decimal] = {}
    for part in filter(None, (part.strip() for part in str(cell).split(";"))):
        person, colon, text = part.rpartition(":")
        person = person.strip()
        if not colon or not person:
            raise Refused("needs people and shares, as jana@example.org:0.6; tom@example.org:0.4")
        if person.lower() in (known.lower() for known in shares):
            raise Refused(f"names {person} twice")
        share = _share(text.strip())
        if not 0 < share <= 1:
            raise Refused(f"gives {person} a share outside 0 to 1")
        shares[person] = share
    if sum(shares.values()) != 1:
        raise Refused(f"has shares that add up to {sum(shares.values())}, not to 1")
    return json.dumps([{"person": person, "share": str(share)} for person, share in shares.items()])


@dataclass(frozen=True)
class People(Shares):
    """Several people, as `a@example.org; b@example.org`; looked up as those who share are."""

    @property
    def words(self) -> str:
        return "people: `ingrid@nordwind.example; Kristian Aune`"

    def parser(self, reading: Reading) -> Parser:
        def parse(cell: Cell) -> str:
            named = [" ".join(part.split()) for part in str(cell).split(";")]
            once = {name.lower(): name for name in named if name}
            return json.dumps([{"person": name, "share": "1"} for name in once.values()])

        return parse


def _share(text: str) -> Decimal:
    number = to_decimal(text.removesuffix("%").strip().replace(",", "."), "point")
    share = number / 100 if text.endswith("%") else number
    if share != round(share, 4):
        raise Refused("has a share with more than four decimals")
    return share
