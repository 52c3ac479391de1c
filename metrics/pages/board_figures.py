"""The figures of the board page: what the page, its document and its workbook are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from accounts.models import Organisation, User
from accounts.periods import add_months
from kamplan import formats
from metrics.access import visible_kpis
from metrics.board import BoardRemark, chosen_numbers, remark_on
from metrics.kpi import Definition, Direction
from metrics.models import Scope
from metrics.pages import words
from metrics.pages.choice import BEFORE, Choice, read_choice
from metrics.pages.places import COMPANY
from metrics.pages.scorecards import Card, changed_days, trend_marks
from metrics.result import Result
from metrics.status import is_by_value, is_exact, is_too_few, status_of
from metrics.targets import Targets
from metrics.urls_for import explain_url

MONTHS_APART = 3
"""A board compares with what it was told a quarter ago."""


@dataclass(frozen=True)
class Item:
    """One number of the sheet, all texts made."""

    kpi: Definition
    result: Result
    url: str
    value_text: str
    value_unit: str
    status: str
    target: Decimal | None
    target_text: str
    notes: Sequence[str]
    change_direction: str
    change_text: str
    points: Sequence[Decimal | None]
    low: Sequence[Decimal | None]
    high: Sequence[Decimal | None]
    marks: Sequence[int]
    reason: str = ""

    @property
    def drawing_label(self) -> str:
        known = sum(point is not None for point in self.points)
        return f"Trend of {self.kpi.name}, {known} of {len(self.points)} periods known"

    @property
    def muted(self) -> bool:
        return self.status == "too_few"


@dataclass(frozen=True)
class Sheet:
    """Everything on the page; the document and the workbook are made of the same."""

    choice: Choice
    items: Sequence[Item]
    card: Card
    remark: BoardRemark | None
    hidden: int
    """Chosen numbers that this reader may not see."""


def board_choice(asked: Mapping[str, str], organisation: Organisation, reader: User) -> Choice | None:
    """Compared, unless asked otherwise, with the newest run of at least a quarter ago, or else a year before."""
    choice = read_choice(asked, organisation, reader)
    if choice is None or asked.get("compare"):
        return choice
    limit = add_months(choice.run.as_of.replace(day=1), -MONTHS_APART)
    older = next((run for run in choice.earlier_runs if run.as_of.replace(day=1) <= limit), None)
    return replace(choice, asked={**asked, "compare": str(older.pk) if older else BEFORE})


def sheet_of(user: User, choice: Choice) -> Sheet:
    chosen = chosen_numbers()
    allowed_ones = visible_kpis(user)
    kpis = [kpi for kpi in chosen if kpi in allowed_ones]
    card = Card(COMPANY, choice, kpis)
    card.load(restatements=False, ranged=True)
    targets = Targets.of([(Scope.COMPANY, None)], [kpi.id for kpi in kpis])
    firsts = choice.definitions
    items = [item_of(card, kpi, targets, trend_marks(choice, changed_days(kpi, firsts))) for kpi in kpis]
    return Sheet(choice, items, card, remark_on(choice.period.last_day), len(chosen) - len(kpis))


def item_of(card: Card, kpi: Definition, targets: Targets, marks: Sequence[int]) -> Item:
    choice, result = card.choice, card.result(kpi)
    held = targets.value(kpi, Scope.COMPANY, None, choice.period)
    target = held if kpi.direction != Direction.NONE else None
    change, amount, note = card.change(kpi)
    text, unit = formats.value_parts(result.value, kpi.unit, result.currency or "EUR")
    trend = [card.now[kpi.id, period, None] for period in choice.trend]
    return Item(
        kpi=kpi,
        result=result,
        url=explain_url(kpi.id, Scope.COMPANY, None, choice.period, run=choice.asked.get("run", "")),
        value_text=text,
        value_unit=unit,
        status=status_of(result, target),
        target=target,
        target_text="" if is_too_few(result) else words.target_words(result, target),
        notes=notes_on(result, target, choice),
        change_direction=change.direction,
        change_text=f"{amount} {note}".strip(),
        points=[each.value for each in trend],
        low=[each.low for each in trend],
        high=[each.high for each in trend],
        marks=marks,
        reason="" if result.value is not None else f"No data, because {words.reason_words(result)}.",
    )


def notes_on(result: Result, target: Decimal | None, choice: Choice) -> list[str]:
    """The range, and what was counted."""
    if result.value is None:
        return []
    if result.interval:
        found = [f"likely {words.range_text(result)}"]
    else:
        by_value = target is not None and is_by_value(result)
        found = ["exact, no range" if is_exact(result) else "no range" + ", judged by value alone" * by_value]
    counted = words.sub_line(result, choice.organisation.reporting_currency)
    if counted:
        found.append(counted)
    n = "" if result.n is None else formats.at_most_one_decimal(result.n)
    if n and n not in counted.split():
        found.append(f"n {n}")
    return found
