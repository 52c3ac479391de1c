"""Which files can be read, and how hostile or unreadable ones are refused."""

import datetime
import gzip
import html
import io
import time
import zipfile
from decimal import Decimal

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.exchange import csvs, files, mapping
from accounts.exchange.values import (
    Reading,
    Refused,
    decimal_mark,
    parse_date,
    parse_moment,
    parse_shares,
    to_decimal,
)
from accounts.models import Account, ExchangeRate, Import, ImportFile, Order, User
from tests.clients import as_
from tests.exchange.helpers import imported, reasons

TEXT = "external_id,name,city\n1,Müller & Söhne,Zürich\n2,Ångström,Malmö\n"
NAMES = {"Müller & Söhne", "Ångström"}


def as_workbook(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.encode("latin-1"),
        TEXT.replace(",", ";").encode(),
        TEXT.replace(",", "\t").encode("latin-1"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", " \n\n").replace(",", " , ").encode(),
        gzip.compress(TEXT.encode()),
        as_workbook([[*line.split(",")] for line in TEXT.splitlines()]),
    ],
    ids=["utf-8", "bom", "latin-1", "semicolon", "tab", "crlf", "blanks", "gzip", "xlsx"],
)
def test_a_file_is_read_in_every_usual_form(content: bytes) -> None:
    outcome = imported("accounts", content)
    assert reasons(outcome) == []
    assert set(Account.objects.values_list("name", flat=True)) == NAMES
    assert set(Account.objects.values_list("city", flat=True)) == {"Zürich", "Malmö"}


@pytest.mark.django_db
def test_typed_cells_of_a_workbook_keep_their_values() -> None:
    rows: list[list[object]] = [
        ["number", "line", "date", "amount"],
        [4711, 1, datetime.datetime(2026, 3, 1), 1234.5],
        [4711, 2, datetime.date(2026, 3, 1), -7],
    ]
    assert reasons(imported("orders", as_workbook(rows))) == []
    order = Order.objects.get()
    assert (order.number, order.date) == ("4711", datetime.date(2026, 3, 1))
    assert sorted(order.lines.values_list("amount", flat=True)) == [Decimal(-7), Decimal("1234.5")]


@pytest.mark.django_db
def test_german_numbers_and_dates_are_understood() -> None:
    text = "currency;quote;date;rate\nUSD;EUR;31.12.2025;0,9214\nSEK;EUR;01.01.2026;0,0917\n"
    assert reasons(imported("exchange_rates", text)) == []
    assert ExchangeRate.objects.get(currency="USD").rate == Decimal("0.9214")
    assert ExchangeRate.objects.get(currency="USD").date == datetime.date(2025, 12, 31)


def test_a_file_is_refused_in_one_sentence_when_it_cannot_be_read() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (30 << 20))
    wide = ",".join(f"c{n}" for n in range(1_000_000)).encode() + b"\n"
    cases = {
        b"": "empty",
        TEXT.encode("utf-16"): "UTF-16",
        b"a,b\n1,\x00\n": "UTF-16 or not a text",
        b"a,a\n1,2\n": "same name",
        b"\n1,2\n": "names of the columns",
        b"PK\x03\x04 no workbook": "not an Excel workbook",
        b"\xd0\xcf\x11\xe0" + "Workbook".encode("utf-16-le"): "old Excel file",
        gzip.compress(TEXT.encode())[:-10]: "damaged or cut off",
        gzip.compress(b"a,b\n" + b"1,2\n" * (8 << 20)): "larger than allowed",
        bomb.getvalue(): "larger than allowed",
        wide: "more text than a row may have",
        wide[:4000]: "columns, 300 are allowed",
        b"x" * (10 << 20): "more text than a row may have",
    }
    for content, words in cases.items():
        started = time.process_time()
        with pytest.raises(Refused, match=words):
            files.inspect(files.Source("hostile", content))
        assert time.process_time() - started < 3


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(17)


def stream_of_ole(name: str) -> bytes:
    """As old Office files, and new ones behind a password, name what they hold."""
    return OLE + name.encode("utf-16-le") + bytes(100)


def packed(**entries: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for name, text in entries.items():
            made.writestr(name, text)
    return stream.getvalue()


def marked(content: bytes, local: int, central: int, value: int) -> bytes:
    """A packed file with one byte changed in the head of each of its entries and in their list."""
    made = bytearray(content)
    for mark, place in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        found = content.find(mark)
        while found >= 0:
            made[found + place] = value
            found = content.find(mark, found + 4)
    return bytes(made)


WORKBOOK = as_workbook([["external_id", "name"], [1, "Alfa"]])
NO_WORKBOOK = {
    "a picture": ("logo.xlsx", PNG, "This is not an Excel workbook: save it as"),
    "a web page": ("export.xls", b"<html><table>", "This is not an Excel workbook: save it as"),
    "a picture in a csv": ("logo.csv", PNG, "UTF-16 or not a text"),
    "nothing": ("accounts.xlsx", b"", "The file is empty."),
    "an old workbook": ("accounts.xls", stream_of_ole("Workbook"), "an old Excel file (.xls)"),
    "an older workbook": ("accounts.xls", stream_of_ole("Book"), "an old Excel file (.xls)"),
    "an old letter": (
        "letter.xlsx",
        stream_of_ole("WordDocument"),
        "This is not an Excel workbook: save it as",
    ),
    "behind a password": ("accounts.xlsx", stream_of_ole("EncryptedPackage"), "protected by a password"),
    "packed behind a password": ("accounts.xlsx", marked(WORKBOOK, 6, 8, 1), "protected by a password"),
    "packed in a rare way": (
        "accounts.xlsx",
        marked(WORKBOOK, 8, 10, 9),
        "not an Excel workbook that can be read",
    ),
    "another packed file": ("texts.xlsx", packed(readme="Hello"), "not an Excel workbook that can be read"),
    "nothing packed": ("texts.xlsx", packed(), "not an Excel workbook that can be read"),
    "half of a workbook": ("accounts.xlsx", WORKBOOK[:2000], "not an Excel workbook that can be read"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("case", NO_WORKBOOK)
def test_what_is_no_workbook_is_said_to_be_none_and_nothing_of_it_is_kept(adam: User, case: str) -> None:
    name, content, words = NO_WORKBOOK[case]
    file = SimpleUploadedFile(name, content)
    answer = as_(adam).post("/exchange/new/", {"kind": "accounts", "source": "CRM", "file": file})
    page = html.unescape(answer.content.decode())
    # Of an empty file the form itself says so.
    assert answer.status_code == 422 and (words in page or not content and "empty" in page)
    assert not Import.objects.exists() and not ImportFile.objects.exists()


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "'
    + "ha" * 1000
    + '">'
    + "".join(f'<!ENTITY {new} "{f"&{old};" * 100}">' for old, new in ("ab", "bc", "cd", "de"))
    + ']><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row>'
    '<c t="inlineStr"><is><t>&e;</t></is></c></row></sheetData></worksheet>'
)


SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
NO_SUCH_TEXT = (
    f'<worksheet xmlns="{SPREADSHEET}"><sheetData><row r="1">'
    '<c r="A1" t="s"><v>99</v></c></row></sheetData></worksheet>'
)


@pytest.mark.parametrize(
    "sheet",
    [LAUGHS, "<worksheet><sheetData><row>", "", NO_SUCH_TEXT],
    ids=["bomb", "cut", "empty", "text that is not there"],
)
def test_a_workbook_with_a_broken_sheet_is_refused(sheet: str) -> None:
    good, bad = io.BytesIO(as_workbook([["external_id", "name"], [1, "Alfa"]])), io.BytesIO()
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(bad, "w") as new:
        for entry in old.infolist():
            broken = entry.filename.endswith("sheet1.xml")
            new.writestr(entry.filename, sheet if broken else old.read(entry))
    with pytest.raises(Refused, match="not an Excel workbook that can be read"):
        source = files.Source("bad.xlsx", bad.getvalue())
        list(files.read(source, files.inspect(source)))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1", "The row has 1 field, the header has 3."),
        ("1,a,b,c", "The row has 4 fields, the header has 3."),
        (f"1,{'a' * 201},b", "is 201 characters long, 200 are allowed"),
    ],
)
def test_a_row_of_the_wrong_shape_is_refused_by_its_number(line: str, words: str) -> None:
    outcome = imported("accounts", TEXT + line + "\n")
    assert [row for row, _, _ in reasons(outcome)] == [4]
    assert words in outcome.refusals[0].reason
    assert Account.objects.count() == 0


@pytest.mark.django_db
def test_a_quotation_mark_left_open_is_refused_by_its_row() -> None:
    with pytest.raises(Refused, match="Row 4 cannot be read: a quotation mark is left open"):
        imported("accounts", TEXT + '3,"open,x\n')


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("1234.5", "point", "1234.5"),
        ("1,234.5", "point", "1234.5"),
        ("-1.234.567,25", "comma", "-1234567.25"),
        ("12,5", "comma", "12.5"),
        ("1 234,5", "comma", "1234.5"),
        ("1'234.50", "point", "1234.5"),
        ("7", "unclear", "7"),
        (".5", "point", "0.5"),
    ],
)
def test_numbers_are_read_with_their_decimal_mark(text: str, mark: str, value: str) -> None:
    assert to_decimal(text, mark) == Decimal(value)


@pytest.mark.parametrize("text", ["1,2,3", "abc", "1e5", "NaN", "Infinity", "1.2.3", "--1", "", "€5"])
def test_what_is_no_number_is_refused(text: str) -> None:
    for mark in ("point", "comma"):
        with pytest.raises(Refused):
            to_decimal(text, mark)


def test_a_long_text_is_refused_in_the_time_it_takes_to_read_it() -> None:
    # Tried anew from each of its signs, one of these would take minutes.
    for mark in ("point", "comma"):
        with pytest.raises(Refused, match="is not a number"):
            to_decimal("1" * 200_000 + "x", mark)
    with pytest.raises(Refused, match="is not a day with a time"):
        parse_moment("T" * 200_000, Reading())


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["1,234", "5"], "unclear"),
        (["1,234", "5,5"], "comma"),
        (["1.234", "5.5"], "point"),
        (["1.234,50"], "comma"),
        (["1,234.50"], "point"),
        (["0.645536"], "point"),
        (["12", "13"], "point"),
        (["1.234"], "unclear"),
        (["1.234.567"], "comma"),
    ],
)
def test_the_decimal_mark_is_found_out_or_left_open(texts: list[str], mark: str) -> None:
    assert decimal_mark(texts) == mark


@pytest.mark.django_db
def test_a_number_that_can_be_read_both_ways_is_refused_until_the_mark_is_set() -> None:
    text = "currency;quote;date;rate\nUSD;EUR;2026-01-01;1,234\n"
    assert "thousands or decimals" in imported("exchange_rates", text).refusals[0].reason
    columns = {name: name for name in ("currency", "quote", "date", "rate")}
    chosen = mapping.Mapping(columns=columns, options={"decimal": "comma"})
    assert imported("exchange_rates", text, chosen=chosen).written
    assert ExchangeRate.objects.get().rate == Decimal("1.234")


def test_a_date_with_slashes_needs_its_order() -> None:
    assert parse_date("31/12/2026", Reading(dates="day_first")) == datetime.date(2026, 12, 31)
    assert parse_date("12/31/2026", Reading(dates="month_first")) == datetime.date(2026, 12, 31)
    assert parse_date("2010-12-29 00:00:00", Reading()) == datetime.date(2010, 12, 29)
    for text in (
        "01/02/2026",
        "2026-02-30",
        "9999-12-31",
        "0001-01-01",
        "31.13.2026",
        "tomorrow",
        "26-01-01",
    ):
        with pytest.raises(Refused):
            parse_date(text, Reading())


@pytest.mark.parametrize(
    "text", ["a@b.example:0.5", "a:0.5;a:0.5", "a", "a:1.2;b:-0.2", "a:0.33333;b:0.66667"]
)
def test_shares_that_do_not_add_up_are_refused(text: str) -> None:
    with pytest.raises(Refused):
        parse_shares(text)


def test_shares_may_be_written_in_percent() -> None:
    assert parse_shares("a@b.example: 60%; c@d.example: 40 %") == (
        '[{"person": "a@b.example", "share": "0.6"}, {"person": "c@d.example", "share": "0.4"}]'
    )


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2+3", "@x", "\t=1", "\r=1", "\0=1", " =1"])
def test_no_cell_of_a_csv_becomes_a_formula(text: str) -> None:
    assert csvs.safe(text).startswith("'")


def test_negative_numbers_of_a_csv_stay_numbers() -> None:
    assert csvs.safe("-12.50") == "-12.50"
