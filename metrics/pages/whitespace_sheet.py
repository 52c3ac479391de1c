"""The whitespace board as a workbook: the matrix, and every cell as a row."""

from io import BytesIO
from typing import Any

import xlsxwriter

from accounts.models import WhitespaceCell
from kamplan.formats import day
from metrics.pages.whitespace_rows import Board, Cell, Line
from metrics.pages.whitespace_words import main_text

Holder = WhitespaceCell.Holder
HEAD = (
    "Unit",
    "Product",
    "Who has it",
    "Name",
    "Until about",
    "Won, 12 months",
    "Won, own currency",
    "Own currency",
    "Open deals",
    "Open amount",
    "Estimated spend a year",
    "Potential",
    "Basis",
    "Noted on",
    "Noted by",
    "Next step",
)


def sheet(board: Board) -> bytes:
    """Texts are never read as formulas: they come from people and imports."""
    out = BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    bold = book.add_format({"bold": True})
    amount = book.add_format({"num_format": "#,##0"})
    date = book.add_format({"num_format": "yyyy-mm-dd"})
    matrix(book.add_worksheet("Matrix"), board, bold, amount)
    rows(book.add_worksheet("Cells"), board, bold, amount, date)
    book.close()
    return out.getvalue()


def matrix(page: Any, board: Board, bold: Any, amount: Any) -> None:
    page.write_row(
        0, 0, [f"Won, {board.currency}, 12 months to {day(board.period.last_day, year=True)}"], bold
    )
    heads = [
        "Unit",
        *(column.name for column in board.columns),
        "Total",
        "Open",
        "Potential",
        "Share of wallet %",
    ]
    page.write_row(2, 0, heads, bold)
    for index, line in enumerate(board.lines, 3):
        page.write_string(index, 0, "   " * line.depth + line.name, bold if line.is_sum else None)
        for column, value in enumerate(values_of(line), 1):
            if isinstance(value, str):
                page.write_string(index, column, value)
            elif value is not None:
                page.write_number(index, column, value, amount)
    page.freeze_panes(3, 1)
    page.set_column(0, 0, 36)
    page.set_column(1, len(heads) - 1, 16)


def values_of(line: Line) -> list[float | str | None]:
    """Amounts where we sold something, otherwise who has it."""
    found: list[float | str | None] = [float(part.won) if part.won else main_text(part) for part in line.sums]
    total = line.total
    wallet = None if total.wallet is None else round(float(total.wallet), 1)
    return [*found, float(total.won), float(total.open), float(total.potential), wallet]


def rows(page: Any, board: Board, bold: Any, amount: Any, date: Any) -> None:
    page.write_row(0, 0, HEAD, bold)
    for index, cell in enumerate(board.cells, 1):
        for column, value in enumerate(facts_of(cell)):
            if value is None or value == "":
                continue
            if isinstance(value, str):
                page.write_string(index, column, value)
            elif hasattr(value, "year"):
                page.write_datetime(index, column, value, date)
            else:
                page.write_number(index, column, float(value), amount)
    page.freeze_panes(1, 2)
    page.autofilter(0, 0, len(board.cells), len(HEAD) - 1)
    page.set_column(0, 1, 28)
    page.set_column(2, len(HEAD) - 1, 16)


def facts_of(cell: Cell) -> list[Any]:
    row = cell.row
    return [
        cell.unit.name,
        cell.column.name,
        str(Holder(cell.holder).label),
        cell.holder_name,
        row.held_until if row else None,
        cell.won,
        cell.won_own,
        cell.unit.currency,
        cell.deals,
        cell.open,
        cell.spend,
        cell.potential,
        row.basis if row else "",
        row.noted_on if row else None,
        str(row.author) if row and row.author else "",
        row.next_step if row else "",
    ]
