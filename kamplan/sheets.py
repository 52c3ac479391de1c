"""Tables that leave the house as CSV or as a workbook: typed cells, and no text that is run as a formula."""

import csv
import datetime
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.http import FileResponse, StreamingHttpResponse

Cell = str | int | float | Decimal | datetime.date | None
Row = Sequence[Cell]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
ROWS_OF_A_SHEET = 1_000_000
LONGEST_TEXT = 32_000
"""What a cell of a workbook holds."""


@dataclass(frozen=True)
class Table:
    """Rows may come one by one from the database; they are read once."""

    name: str
    heads: Sequence[str]
    rows: Iterable[Row]
    notes: Sequence[Row] = field(default_factory=tuple)
    """Said above the heads of a workbook; CSV has none, so that programs can read it."""


class Shown(str):
    """Text that the product wrote itself, as "+31 points": it stands in a workbook as it stands on its page."""


def safe(value: object) -> str:
    """Text that no spreadsheet takes for a formula; numbers without an exponent, dates as they are."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    text = "" if value is None else str(value)
    if isinstance(value, str) and text.lstrip(" ").startswith(DANGEROUS):
        return f"'{text}"
    return text


class Line:
    """A file that only hands on what is written to it."""

    def write(self, text: str) -> str:
        return text


def lines(
    heads: Sequence[str], rows: Iterable[Iterable[object]], text_of: Callable[[object], str] = safe
) -> Iterator[str]:
    """The mark at the beginning tells spreadsheets that it is UTF-8."""
    writer = csv.writer(Line())
    yield "\ufeff" + writer.writerow([text_of(head) for head in heads])
    for row in rows:
        yield writer.writerow([text_of(value) for value in row])


def csv_answer(table: Table, name: str) -> StreamingHttpResponse:
    """Sent while it is made, however many rows there are."""
    response = StreamingHttpResponse(lines(table.heads, table.rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def xlsx_answer(tables: Sequence[Table], name: str, title: str = "") -> FileResponse:
    """Written row by row into a file that vanishes with the answer."""
    target = tempfile.TemporaryFile()  # noqa: SIM115
    write_workbook(target, tables, title or name)
    target.seek(0)
    return FileResponse(target, as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX)


def write_workbook(target: Any, tables: Sequence[Table], title: str) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(target, options)
    book.set_properties({"title": title})
    formats = Formats(book)
    for table in tables:
        write_sheet(book, formats, table)
    book.close()


class Formats:
    def __init__(self, book: Any) -> None:
        self.bold = book.add_format({"bold": True})
        self.whole = book.add_format({"num_format": "#,##0"})
        self.number = book.add_format({"num_format": "#,##0.00"})
        self.date = book.add_format({"num_format": "yyyy-mm-dd"})

    def of(self, value: Cell) -> Any:
        if isinstance(value, datetime.date):
            return self.date
        return self.whole if value == int(value or 0) else self.number


def write_sheet(book: Any, formats: Formats, table: Table) -> None:
    """A table that is longer than a sheet goes on in another one."""
    page = new_page(book, formats, table, 1)
    start = place = len(table.notes) + bool(table.notes) + 1
    sheets = 1
    for row in table.rows:
        if place - start >= ROWS_OF_A_SHEET:
            sheets += 1
            page, place = new_page(book, formats, table, sheets), start
        for column, value in enumerate(row):
            write_cell(page, formats, place, column, value)
        place += 1


def new_page(book: Any, formats: Formats, table: Table, number: int) -> Any:
    page = book.add_worksheet(sheet_name(table.name, number))
    page.set_column(0, 0, 32)
    page.set_column(1, max(len(table.heads) - 1, 1), 16)
    place = 0
    for note in table.notes:
        for column, value in enumerate(note):
            write_cell(page, formats, place, column, value)
        place += 1
    place += bool(table.notes)
    for column, head in enumerate(table.heads):
        page.write_string(place, column, safe(head), formats.bold)
    page.freeze_panes(place + 1, 1)
    return page


def write_cell(page: Any, formats: Formats, place: int, column: int, value: Cell) -> None:
    if value is None or value == "":
        return
    if isinstance(value, str):
        text = str(value) if isinstance(value, Shown) else safe(value)
        page.write_string(place, column, text[:LONGEST_TEXT])
    elif isinstance(value, datetime.datetime):
        page.write_string(place, column, value.isoformat(" ", "minutes"))
    elif isinstance(value, datetime.date):
        page.write_datetime(place, column, datetime.datetime.combine(value, datetime.time()), formats.date)
    else:
        page.write_number(place, column, float(value), formats.of(value))


def sheet_name(name: str, number: int) -> str:
    """Without what a spreadsheet refuses in the name of a sheet, and no longer than it allows."""
    plain = "".join(" " if sign in "[]:*?/\\'" else sign for sign in name).strip() or "Table"
    return plain[:28] if number == 1 else f"{plain[:26]} {number}"
