"""CSV that a spreadsheet opens as text: no cell of it is run as a formula."""

import re
from collections.abc import Iterable, Iterator

from kamplan import sheets

NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


def safe(value: object) -> str:
    """As everywhere, but amounts stay the text that they were in the file."""
    text = "" if value is None else str(value)
    return text if NUMBER.fullmatch(text) else sheets.safe(text)


def lines(header: list[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    return sheets.lines(header, rows, safe)
