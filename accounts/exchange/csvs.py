"""CSV that a spreadsheet opens as text: no cell of it is run as a formula."""

import csv
import re
from collections.abc import Iterable, Iterator

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


def safe(value: object) -> str:
    text = "" if value is None else str(value)
    if text.lstrip(" ").startswith(DANGEROUS) and not NUMBER.fullmatch(text):
        return "'" + text
    return text


class Line:
    """A file that only hands on what is written to it."""

    def write(self, text: str) -> str:
        return text


def lines(header: list[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    writer = csv.writer(Line())
    yield "\ufeff" + writer.writerow(header)
    for row in rows:
        yield writer.writerow([safe(value) for value in row])
