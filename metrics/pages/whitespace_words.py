"""What stands in the cells of the whitespace board: symbol, amount, and the lines below."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import WhitespaceCell
from kamplan.formats import SYMBOLS, number
from metrics.pages.whitespace_rows import FRESH_DAYS, Cell, Sum

Holder = WhitespaceCell.Holder
SYMBOL = {
    Holder.US: "disc",
    Holder.COMPETITOR: "diamond",
    Holder.IN_HOUSE: "square",
    Holder.NOT_NEEDED: "dash",
    Holder.UNKNOWN: "unknown",
}
LEGEND = tuple((SYMBOL[holder], Holder(holder).label) for holder in (
    Holder.US, Holder.COMPETITOR, Holder.IN_HOUSE, Holder.NOT_NEEDED, Holder.UNKNOWN
))  # fmt: skip
NAMELESS = {
    Holder.US: "no order",
    Holder.COMPETITOR: "a competitor",
    Holder.IN_HOUSE: "own staff",
    Holder.NOT_NEEDED: "–",
    Holder.UNKNOWN: "?",
}
THOUSAND = Decimal(1000)
DAYS_OF_MONTH = Decimal("30.4375")


def thousands(amount: Decimal) -> str:
    """`604 k`; below ten thousand with one decimal, so that little does not read as nothing."""
    part = amount / THOUSAND
    return f"{number(part, 0 if abs(part) >= 10 or part == 0 else 1)}\u00a0k"


def bare(amount: Decimal) -> str:
    """The same without its letter, for the small lines."""
    return thousands(amount).removesuffix("\u00a0k")


def money_thousands(amount: Decimal, currency: str) -> str:
    return f"{SYMBOLS.get(currency, currency + chr(0xA0))}{thousands(amount)}"


def months(days: int) -> str:
    return f"{int(days / DAYS_OF_MONTH)}\u00a0mo"


@dataclass(frozen=True)
class Shown:
    """One cell as it is drawn."""

    symbol: str
    words: str
    """Who has it, for those who do not see the symbol."""
    main: str
    is_amount: bool
    lines: Sequence[str]
    hint: str = ""
    faded: bool = False
    cell: Cell | None = None


def shown(cell: Cell, *, faded: bool = False) -> Shown:
    lines = []
    if cell.won and cell.unit.currency != cell.currency:
        lines.append(money_thousands(cell.won_own, cell.unit.currency))
    lines += sub_lines(cell, cell.age if cell.age and cell.age > FRESH_DAYS else None)
    if cell.won and cell.is_held_by_others:
        lines.append(f"{cell.holder_name or NAMELESS[Holder(cell.holder)]} too")
    hint = f"{cell.alike.words}" if cell.is_suggested and cell.alike else ""
    return Shown(
        SYMBOL[Holder(cell.holder)],
        Holder(cell.holder).label,
        main_text(cell),
        bool(cell.won),
        lines,
        hint,
        faded,
        cell,
    )


def shown_sum(total: Sum) -> Shown:
    holder = Holder(total.holder)
    return Shown(
        SYMBOL[holder], holder.label, main_text(total), bool(total.won), sub_lines(total), faded=False
    )


def main_text(part: Cell | Sum) -> str:
    holder = Holder(part.holder)
    if part.won or holder == Holder.US:
        return thousands(part.won) if part.won else NAMELESS[holder]
    named = holder in {Holder.COMPETITOR, Holder.IN_HOUSE}
    return part.holder_name if named and part.holder_name else NAMELESS[holder]


def sub_lines(part: Cell | Sum, age: int | None = None) -> list[str]:
    """What is in the pipeline, and what somebody thinks is there besides."""
    found = []
    if part.open:
        found.append(f"+ {bare(part.open)} open")
    elif isinstance(part, Cell) and part.deals:
        found.append(f"+ {part.deals} deal{'' if part.deals == 1 else 's'}")
    if part.potential:
        tail = f" · {months(age)}" if age is not None else " more" if part.won else ""
        found.append(f"~ {bare(part.potential)}{tail}")
    return found
