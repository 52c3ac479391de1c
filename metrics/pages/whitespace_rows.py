"""What is sold where in a customer's group, what is open, and what somebody thinks could be sold besides."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from accounts.models import WhitespaceCell
from accounts.periods import Period
from kamplan.formats import SYMBOLS

FRESH_DAYS, YEAR_DAYS = 180, 365
USUAL_SHARE = Decimal("0.5")
ZERO = Decimal(0)
Holder = WhitespaceCell.Holder


@dataclass(frozen=True)
class Column:
    id: int
    name: str


@dataclass(frozen=True)
class Alike:
    """How many accounts of the same industry (and tier) buy a category."""

    owners: int
    accounts: int
    kind: str

    @property
    def share(self) -> Decimal:
        return Decimal(self.owners) / self.accounts

    @property
    def words(self) -> str:
        return f"{self.owners} of {self.accounts} accounts like this own it"


@dataclass
class Cell:
    """One unit and one category: amounts in the reporting currency, `own` ones as the unit pays."""

    unit: "Unit"
    column: Column
    row: WhitespaceCell | None = None
    won: Decimal = ZERO
    won_own: Decimal = ZERO
    ever_bought: bool = False
    open: Decimal = ZERO
    deals: int = 0
    spend: Decimal | None = None
    alike: Alike | None = None
    age: int | None = None
    currency: str = ""
    """The reporting currency."""

    @property
    def holder(self) -> str:
        """Nobody has to note what the orders say."""
        if self.row is not None and self.row.holder != Holder.UNKNOWN:
            return self.row.holder
        return Holder.US if self.won > 0 else Holder.UNKNOWN

    @property
    def holder_name(self) -> str:
        return self.row.holder_name if self.row is not None else ""

    @property
    def potential(self) -> Decimal | None:
        return None if self.spend is None else max(self.spend - self.won, ZERO)

    @property
    def is_unknown(self) -> bool:
        return self.holder == Holder.UNKNOWN

    @property
    def is_held_by_others(self) -> bool:
        return self.holder in {Holder.COMPETITOR, Holder.IN_HOUSE}

    @property
    def is_old(self) -> bool:
        return self.age is not None and self.age > YEAR_DAYS and bool(self.potential)

    @property
    def is_suggested(self) -> bool:
        """Accounts like this one usually buy what nobody here has looked into."""
        free = self.holder not in {Holder.US, Holder.NOT_NEEDED} and not self.deals and self.won <= 0
        return free and self.alike is not None and self.alike.share >= USUAL_SHARE

    @property
    def is_over(self) -> bool:
        """We sell more than the whole spend: the estimate cannot be right."""
        return self.spend is not None and self.won > self.spend

    @property
    def kind(self) -> str:
        return "upsell" if self.ever_bought else "cross_sell"

    @property
    def dom_id(self) -> str:
        return f"cell-{self.unit.id}-{self.column.id}"


@dataclass
class Sum:
    """Cells of one category over several units, or of all categories over one or more."""

    cells: Sequence[Cell]

    @property
    def won(self) -> Decimal:
        return sum((cell.won for cell in self.cells), ZERO)

    @property
    def open(self) -> Decimal:
        return sum((cell.open for cell in self.cells), ZERO)

    @property
    def potential(self) -> Decimal:
        return sum((cell.potential or ZERO for cell in self.cells), ZERO)

    @property
    def old_potential(self) -> Decimal:
        return sum((cell.potential or ZERO for cell in self.cells if cell.is_old), ZERO)

    @property
    def known(self) -> int:
        return sum(cell.spend is not None for cell in self.cells)

    @property
    def spend(self) -> Decimal:
        return sum((cell.spend for cell in self.cells if cell.spend is not None), ZERO)

    @property
    def wallet(self) -> Decimal | None:
        """Our share of the spend in %, over the cells in which the spend is known."""
        won = sum((cell.won for cell in self.cells if cell.spend is not None), ZERO)
        return won * 100 / self.spend if self.spend else None

    @property
    def holder(self) -> str:
        """Of several units the one that says most: ours, then a competitor's, then their own."""
        held = {cell.holder for cell in self.cells}
        order = (Holder.US, Holder.COMPETITOR, Holder.IN_HOUSE, Holder.UNKNOWN)
        return next((one for one in order if one in held), Holder.NOT_NEEDED)

    @property
    def holder_name(self) -> str:
        names = {cell.holder_name for cell in self.cells if cell.holder == self.holder and cell.holder_name}
        return names.pop() if len(names) == 1 else f"{len(names)} of them" if names else ""

    @property
    def unknown(self) -> int:
        return sum(cell.is_unknown for cell in self.cells)


@dataclass
class Unit:
    """One company of the group."""

    id: int
    name: str
    currency: str
    parent_id: int | None
    place: str
    tier_id: int | None
    tier: str
    industry_id: int | None
    industry: str
    cells: list[Cell] = field(default_factory=list)
    other_won: Decimal = ZERO
    loose_deals: int = 0
    """Open deals of no category, or of one that has no column."""

    @property
    def total(self) -> Sum:
        return Sum(self.cells)


@dataclass
class Line:
    """A row of the board: a company, or (`is_sum`) a company with everything below it."""

    unit: Unit | None
    name: str
    depth: int
    units: list[Unit]
    is_sum: bool

    @property
    def sums(self) -> list[Sum]:
        return [Sum(cells) for cells in zip(*(unit.cells for unit in self.units), strict=True)]

    @property
    def total(self) -> Sum:
        return Sum([cell for unit in self.units for cell in unit.cells])


@dataclass
class Board:
    """Everything that the page of an account's group shows."""

    columns: list[Column]
    units: list[Unit]
    lines: list[Line]
    hidden: int
    root_name: str
    period: Period
    rates_on: datetime.date
    currency: str
    missing: int
    """Amounts that no exchange rate is known for; they are in no sum."""

    @property
    def sign(self) -> str:
        return SYMBOLS.get(self.currency, self.currency)

    @property
    def cells(self) -> list[Cell]:
        return [cell for unit in self.units for cell in unit.cells]

    @property
    def total(self) -> Sum:
        return Sum(self.cells)

    @property
    def unknown(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.is_unknown]

    @property
    def suggested(self) -> list[Cell]:
        """The surest first."""
        found = [cell for cell in self.cells if cell.is_suggested]
        return sorted(found, key=lambda cell: (-cell.alike.share, cell.unit.name))  # type: ignore[union-attr]

    @property
    def other_won(self) -> Decimal:
        return sum((unit.other_won for unit in self.units), ZERO)

    @property
    def loose_deals(self) -> int:
        return sum(unit.loose_deals for unit in self.units)

    def cell(self, account: int, category: int) -> Cell | None:
        return next((c for c in self.cells if c.unit.id == account and c.column.id == category), None)
