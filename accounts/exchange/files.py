"""From the bytes of an upload to a stream of rows; hostile and unreadable files end in one clear sentence."""

import csv
import datetime
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, cast

from accounts.exchange.values import Cell, Refused

MAX_UPLOAD = 50 * 1024 * 1024
MAX_UNPACKED = 300 * 1024 * 1024
MAX_WORKBOOK = 200 * 1024 * 1024
MAX_TEXTS = 40 * 1024 * 1024
MAX_COLUMNS = 300
MAX_ROWS = 2_000_000
MAX_CELL = 20_000
CHUNK = 1 << 20
ENCRYPTED = 0x1
"""The bit with which a packed entry says that it is."""
# A table of numbers packs well, but hardly a hundredfold; below this size the ratio does not matter.
HARMLESS = 20 * 1024 * 1024
MAX_RATIO = 200
WORKBOOK_NAMES = (".xlsx", ".xlsm", ".xltx", ".xls", ".ods")
OLD_OFFICE = b"\xd0\xcf\x11\xe0"
NO_WORKBOOK = "This is not an Excel workbook: save it as .xlsx or CSV."
UNREADABLE = "This is not an Excel workbook that can be read: save it as .xlsx or CSV."
LOCKED = "The workbook is protected by a password: save it without one, or as CSV."
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}

Row = tuple[int, list[Cell]]


@dataclass(frozen=True)
class Source:
    """A file to import, on the disk or in memory."""

    name: str
    content: bytes | Path

    def open(self) -> BinaryIO:
        return io.BytesIO(self.content) if isinstance(self.content, bytes) else self.content.open("rb")

    @property
    def is_called_workbook(self) -> bool:
        return self.name.lower().endswith(WORKBOOK_NAMES)

    @property
    def size(self) -> int:
        return len(self.content) if isinstance(self.content, bytes) else self.content.stat().st_size


@dataclass(frozen=True)
class Layout:
    """What was found out about a file before its rows are read."""

    format: str
    lines: int
    header: list[str]
    encoding: str = ""
    separator: str = ""
    sheet: str = ""

    @property
    def words(self) -> str:
        if self.format == "xlsx":
            return f"Excel workbook, sheet “{self.sheet}”"
        return f"CSV, {self.encoding.upper()}, separated by {SEPARATORS[self.separator]}"


def inspect(source: Source) -> Layout:
    """Encoding, separator, header and number of lines, with every limit checked on the way."""
    if source.size == 0:
        raise Refused("The file is empty.")
    if source.size > MAX_UPLOAD:
        raise Refused(f"The file is larger than {MAX_UPLOAD >> 20} MB: split it.")
    with source.open() as stream:
        magic = stream.read(4)
    if magic.startswith(b"PK"):
        return _inspect_workbook(source)
    if magic.startswith(OLD_OFFICE):
        raise Refused(_old_office_words(source))
    if source.is_called_workbook and magic.lstrip().startswith(b"<"):
        # Many programs write a web page and call it .xls.
        raise Refused(NO_WORKBOOK)
    return _inspect_text(source)


def read(source: Source, layout: Layout) -> Iterator[Row]:
    """The rows below the header with their numbers as a spreadsheet shows them; blank ones are left out."""
    rows = _workbook_rows(source, layout) if layout.format == "xlsx" else _text_rows(source, layout)
    for number, cells in rows:
        if number > MAX_ROWS:
            raise Refused(f"The file has more than {MAX_ROWS:,} rows: split it.")
        if number > 1 and any(cell != "" for cell in cells):
            yield number, cells


def _old_office_words(source: Source) -> str:
    """What such a file holds stands in it by name; a new workbook behind a password is one, too."""
    with source.open() as stream:
        content = stream.read()
    if "EncryptedPackage".encode("utf-16-le") in content:
        return LOCKED
    if any(name.encode("utf-16-le") in content for name in ("Workbook", "Book")):
        return "This is an old Excel file (.xls): save it as .xlsx or CSV."
    return NO_WORKBOOK


@contextmanager
def _unpacked(source: Source) -> Iterator[BinaryIO]:
    with source.open() as stream:
        if stream.read(2) == b"\x1f\x8b":
            stream.seek(0)
            with gzip.GzipFile(fileobj=stream) as inner:
                yield cast(BinaryIO, inner)
        else:
            stream.seek(0)
            yield stream


def _inspect_text(source: Source) -> Layout:
    encoding, lines = _encoding(source)
    with _unpacked(source) as stream:
        first = stream.readline(CHUNK)
    separator = _separator(first.decode(encoding, "replace"))
    layout = Layout("csv", lines, [], encoding, separator)
    for _, cells in _text_rows(source, layout):
        return Layout("csv", lines, _header(cells), encoding, separator)
    raise Refused("The file is empty.")


def _encoding(source: Source) -> tuple[str, int]:
    """One pass over all bytes: UTF-8 if all of them are, else Latin-1 as Windows writes it."""
    decoder, size, lines, utf8, start = _utf8(), 0, 0, True, b""
    try:
        with _unpacked(source) as stream:
            while chunk := stream.read(CHUNK):
                start = start or chunk[:4]
                size += len(chunk)
                lines += chunk.count(b"\n")
                _check_chunk(chunk, start, size, source)
                if utf8:
                    try:
                        decoder.decode(chunk)
                    except UnicodeDecodeError:
                        utf8 = False
            if utf8:
                try:
                    decoder.decode(b"", True)
                except UnicodeDecodeError:
                    utf8 = False
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise Refused("The packed file is damaged or cut off: pack it again.") from None
    if not size:
        raise Refused("The file is empty.")
    if utf8:
        return ("utf-8-sig" if start.startswith(b"\xef\xbb\xbf") else "utf-8"), lines
    return "cp1252", lines


def _utf8() -> Any:
    import codecs

    return codecs.getincrementaldecoder("utf-8")()


def _check_chunk(chunk: bytes, start: bytes, size: int, source: Source) -> None:
    is_utf16 = start.startswith((b"\xff\xfe", b"\xfe\xff"))
    if b"\0" in chunk and source.is_called_workbook and not is_utf16:
        raise Refused(NO_WORKBOOK)
    if is_utf16 or b"\0" in chunk:
        raise Refused("The file is UTF-16 or not a text: save it as CSV UTF-8.")
    if size > MAX_UNPACKED or (size > HARMLESS and size > source.size * MAX_RATIO):
        raise Refused("Unpacked, the file is larger than allowed: split it.")


def _separator(line: str) -> str:
    return max(SEPARATORS, key=lambda mark: line.count(mark))


def _text_rows(source: Source, layout: Layout) -> Iterator[Row]:
    number = 0
    with _unpacked(source) as stream:
        text = io.TextIOWrapper(stream, encoding=layout.encoding, errors="replace", newline="")
        reader = csv.reader(_bounded(text), delimiter=layout.separator, strict=True)
        try:
            for number, cells in enumerate(reader, 1):
                yield number, [cell.strip() for cell in cells]
        except csv.Error as error:
            raise Refused(f"Row {number + 1} cannot be read: {_csv_words(str(error))}.") from None


def _bounded(lines: Iterator[str] | io.TextIOWrapper) -> Iterator[str]:
    """The lines, none longer than a row may be: a file without line ends does not fill the memory."""
    longest = MAX_COLUMNS * 1000
    assert isinstance(lines, io.TextIOWrapper)
    while line := lines.readline(longest + 1):
        if len(line) > longest:
            raise csv.Error("field larger than field limit")
        yield line


def _csv_words(error: str) -> str:
    if "larger than field limit" in error:
        return "it has more text than a row may have (perhaps a quotation mark is left open)"
    if "unexpected end of data" in error:
        return "a quotation mark is left open"
    if "expected after" in error:
        return "there is text after a closing quotation mark"
    return error


def _header(cells: list[Cell]) -> list[str]:
    header = [str(cell).strip() for cell in cells]
    while header and not header[-1]:
        header.pop()
    if len(header) > MAX_COLUMNS:
        raise Refused(f"The file has {len(header):,} columns, {MAX_COLUMNS} are allowed.")
    named = [name for name in header if name]
    if not named:
        raise Refused("The first row must hold the names of the columns.")
    double = {name for name in named if named.count(name) > 1}
    if double:
        raise Refused(f"Two columns have the same name: {', '.join(sorted(double))}.")
    if any(len(name) > 200 for name in named):
        raise Refused("The first row must hold the names of the columns, each shorter than 200 characters.")
    return header


def _inspect_workbook(source: Source) -> Layout:
    with _workbook(source) as book:
        sheet = book.worksheets[0] if book.worksheets else None
        if sheet is None:
            raise Refused("The workbook has no sheet.")
        first = next(_sheet_rows(sheet), None)
        if first is None:
            raise Refused("The first sheet is empty.")
        return Layout("xlsx", max(sheet.max_row or 0, 1), _header(first), sheet=str(sheet.title))


# A broken XML document is a SyntaxError, a rare way of packing a RuntimeError, a text that is not there a LookupError;
# in a workbook of drawings alone the reader misses what sheets have.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    LookupError,
    ValueError,
    OSError,
    EOFError,
    SyntaxError,
    RuntimeError,
    AttributeError,
    TypeError,
)


@contextmanager
def _workbook(source: Source) -> Iterator[Any]:
    """The open workbook; whatever is wrong with it, also while its rows are read, ends in one sentence."""
    import openpyxl

    try:
        with source.open() as stream:
            _check_packed(zipfile.ZipFile(stream), source.size)
            stream.seek(0)
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            try:
                yield book
            finally:
                book.close()
    except BROKEN:
        raise Refused(UNREADABLE) from None


def _check_packed(packed: zipfile.ZipFile, size: int) -> None:
    entries = packed.infolist()
    if any(entry.flag_bits & ENCRYPTED for entry in entries):
        raise Refused(LOCKED)
    unpacked = sum(entry.file_size for entry in entries)
    # All different texts of a workbook are kept in memory while its rows are read.
    texts = sum(entry.file_size for entry in entries if entry.filename.endswith("sharedStrings.xml"))
    if unpacked > MAX_WORKBOOK or texts > MAX_TEXTS or (unpacked > HARMLESS and unpacked > size * MAX_RATIO):
        raise Refused("Unpacked, the workbook is larger than allowed: split it, or save it as CSV.")


def _workbook_rows(source: Source, layout: Layout) -> Iterator[Row]:
    with _workbook(source) as book:
        yield from enumerate(_sheet_rows(book[layout.sheet]), 1)


def _sheet_rows(sheet: Any) -> Iterator[list[Cell]]:
    # The dimension that a workbook states may be wrong or absurd: read what is there.
    sheet.reset_dimensions()
    for cells in sheet.iter_rows(values_only=True):
        yield [_cell(value) for value in cells]


def _cell(value: object) -> Cell:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime.datetime):
        # A day is written as its midnight; where a moment is wanted, the time matters.
        return value if value.time() != datetime.time() else value.date()
    if isinstance(value, datetime.date):
        return value
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        whole = Decimal(repr(value)) if value == value and abs(value) < 1e20 else None
        return str(value) if whole is None else Decimal(int(whole)) if whole == int(whole) else whole
    return str(value).replace("\0", "").strip()
