"""How a number is made: its formula filled in, what moved it, and what each account gave."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from kamplan import formats
from kamplan.charts import WaterfallRow, split_to_total, steps
from kamplan.components import Formula
from kamplan.components import Term as Figure
from metrics.kpi import Derived, Kpi, RowKpi, Term, Unit
from metrics.models import Scope
from metrics.needs import scale_of
from metrics.pages import words
from metrics.result import Result
from metrics.results import ZERO, assumed_in

Parts = Mapping[str, Decimal]
SHOWN_ACCOUNTS = 20
MOVERS = 5

# ------------------------------------------------------------------------------------------------ formula


def formula_of(result: Result, currency: str) -> Formula | None:
    """The fraction with its figures; none where a number is no fraction or has no value."""
    kpi = result.kpi
    if isinstance(kpi, Kpi):
        if kpi.denominator and result.value is None:
            return None
        above = figures(kpi.numerator, result.parts, currency)
        below = figures(kpi.denominator, result.below, currency, whole_words(result))
        return Formula(above, words.value_text(result), below)
    if isinstance(kpi, RowKpi) and kpi.parts_words[0] and result.value is not None:
        top, bottom = kpi.parts_words
        return Formula(
            [Figure(side_text(kpi, result.numerator, currency), top)],
            words.value_text(result),
            [Figure(side_text(kpi, result.denominator, currency), bottom)],
        )
    return None


def side_text(kpi: RowKpi, amount: Decimal | None, currency: str) -> str:
    if amount is None:
        return ""
    if kpi.uses_money:
        return formats.money(amount, currency, full=True)
    return formats.at_most_one_decimal(amount)


def whole_words(result: Result) -> str:
    """Whose figures stand below the line, where they are not those of the place itself."""
    if not result.whole:
        return ""
    return ", of the whole book" if is_of_book(result) else ", of the whole company"


def is_of_book(result: Result) -> bool:
    return isinstance(result.kpi, Kpi) and result.kpi.of_book and result.scope == Scope.ACCOUNT


def figures(terms: Sequence[Term], parts: Parts, currency: str, more: str = "") -> list[Figure]:
    found = []
    for place, term in enumerate(terms):
        sign = formats.MINUS if term.sign < 0 else "+" if place else ""
        text = words.part_text(term.part, parts.get(term.part.name, ZERO), currency, full=True)
        found.append(Figure(text, f"{term.part.label}{more}", sign))
    return found


@dataclass(frozen=True)
class InputLine:
    """One of the numbers that a derived number is made of."""

    name: str
    url: str
    value: str
    n: str
    period: str


# ---------------------------------------------------------------------------------------------- waterfall


@dataclass(frozen=True)
class Step:
    label: str
    amount: Decimal
    cause: str = ""


def side_of(terms: Sequence[Term], parts: Parts) -> Decimal:
    found = ZERO
    for term in terms:
        found += term.sign * parts.get(term.part.name, ZERO)
    return found


def moves(
    before: Result, now: Result, then_by: Mapping[int | None, Parts], now_by: Mapping[int | None, Parts],
    name_of: Callable[[int | None], str],
) -> list[Step]:  # fmt: skip
    """The difference of two values, part by part; the steps add up to it exactly."""
    kpi = now.kpi
    if before.value is None or now.value is None:
        return []
    if isinstance(kpi, Kpi):
        if not kpi.denominator:
            return by_account(kpi, then_by, now_by, name_of)
        return by_part(kpi, before, now, then_by, now_by, name_of)
    if isinstance(kpi, Derived):
        return by_input(kpi, before, now)
    return by_fraction(before, now)


def by_part(
    kpi: Kpi, before: Result, now: Result, then_by: Mapping[int | None, Parts], now_by: Mapping[int | None, Parts],
    name_of: Callable[[int | None], str],
) -> list[Step]:  # fmt: skip
    """Each term of the numerator as a share of the base; what a changed base does is a step of its own."""
    scale = scale_of(kpi.unit)
    base_then, base_now = before.denominator, now.denominator
    assert base_then and base_now and before.value is not None and now.value is not None
    below = {term.part.name for term in kpi.denominator}
    found = []
    if len(kpi.numerator) > 1 and any(term.part.name in below for term in kpi.numerator):
        # The base stands above the line too, as 100 %: every other term as a share of its own base.
        for term in kpi.numerator:
            if term.part.name not in below:
                name = term.part.name
                share = before.parts.get(name, ZERO) / base_then
                amount = term.sign * scale * (now.parts.get(name, ZERO) / base_now - share)
                found.append(Step(capital(term.part.label), amount, cause(name, then_by, now_by, name_of)))
    else:
        for term in kpi.numerator:
            name = term.part.name
            difference = now.parts.get(name, ZERO) - before.parts.get(name, ZERO)
            amount = term.sign * scale * difference / base_then
            found.append(Step(capital(term.part.label), amount, cause(name, then_by, now_by, name_of)))
    rest = now.value - before.value - sum((step.amount for step in found), ZERO)
    label = capital(" and ".join(dict.fromkeys(term.part.label for term in kpi.denominator)))
    if abs(rest) > Decimal("0.0000001"):
        first = kpi.denominator[0].part.name
        of = whole_words(now)
        # What the company or a book did was not done by the accounts of this place.
        who = "" if of else cause(first, then_by, now_by, name_of)
        found.append(Step(f"{label}{of} (the base)", rest, who))
    return found


def by_account(
    kpi: Kpi, then_by: Mapping[int | None, Parts], now_by: Mapping[int | None, Parts],
    name_of: Callable[[int | None], str],
) -> list[Step]:  # fmt: skip
    """A sum moves by its accounts: the largest movers, and all others in one step."""
    changes = {
        key: side_of(kpi.numerator, now_by.get(key, {})) - side_of(kpi.numerator, then_by.get(key, {}))
        for key in {*then_by, *now_by}
    }
    order = sorted(changes, key=lambda key: -abs(changes[key]))
    named = [key for key in order if changes[key] and name_of(key)][:MOVERS]
    found = [Step(name_of(key), changes[key]) for key in named]
    rest = [key for key in order if key not in named and changes[key]]
    if rest:
        found.append(Step(f"{len(rest)} other accounts", sum((changes[key] for key in rest), ZERO)))
    return found


def by_input(kpi: Derived, before: Result, now: Result) -> list[Step]:
    """One input after the other takes its new value, then what is assumed."""
    old = [each.value for each in before.inputs]
    new = [each.value for each in now.inputs]
    if None in old or None in new or before.value is None:
        return []
    found, last = [], before.value
    assumed = assumed_in(before.run, kpi)
    for place, each in enumerate(now.inputs):
        value = kpi.formula(*[*new[: place + 1], *old[place + 1 :]], *assumed)
        if value is None:
            return []
        found.append(Step(each.kpi.name, value - last))
        last = value
    if kpi.assumed and now.value is not None and assumed != assumed_in(now.run, kpi):
        found.append(Step("What is assumed", now.value - last))
    return found


def by_fraction(before: Result, now: Result) -> list[Step]:
    assert before.value is not None and now.value is not None
    if not (before.denominator and now.denominator) or before.numerator is None or now.numerator is None:
        return []
    top, bottom = now.kpi.parts_words if isinstance(now.kpi, RowKpi) else ("", "")
    top, bottom = top or "above the line", bottom or "below the line"
    first = (now.numerator - before.numerator) / before.denominator * scale_of(now.unit)
    return [Step(capital(top), first), Step(capital(bottom), now.value - before.value - first)]


def cause(
    part: str, then_by: Mapping[int | None, Parts], now_by: Mapping[int | None, Parts],
    name_of: Callable[[int | None], str],
) -> str:  # fmt: skip
    """The account in which this part changed most, if one stands out and may be named."""
    changes = {
        key: now_by.get(key, {}).get(part, ZERO) - then_by.get(key, {}).get(part, ZERO)
        for key in {*then_by, *now_by}
    }
    whole = sum((abs(change) for change in changes.values()), ZERO)
    if not whole:
        return ""
    key = max(changes, key=lambda each: abs(changes[each]))
    return name_of(key) if abs(changes[key]) * 4 >= whole else ""


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


PLACES = {
    Unit.SHARE: 1,
    Unit.POINTS: 1,
    Unit.SHARE_POINTS: 1,
    Unit.RATIO: 2,
    Unit.YEARS: 1,
    Unit.MONTHS: 1,
    Unit.PER_YEAR: 1,
}
IN_MONEY = {Unit.MONEY, Unit.MONEY_PER_DAY}


def places_of(unit: Unit, *values: Decimal | None) -> int:
    """So many decimals have parts of such values; counts and hours have one where a value has."""
    if unit in PLACES or unit in IN_MONEY:
        return PLACES.get(unit, 0)
    shown = [formats.rounded(value, 1) for value in values if value is not None]
    return int(any(value != value.to_integral_value() for value in shown))


def places_between(before: Result, now: Result) -> int:
    """The least with which then, the change and now agree as they are read: 91.46, 0.64 less, 90.82; not 91.5, 0.6
    less, 90.8."""
    assert before.value is not None and now.value is not None
    usual = places_of(now.unit, before.value, now.value)
    more = (2,) if now.unit in IN_MONEY else (usual + 1, usual + 2)
    change = now.value - before.value
    fitting = (
        places
        for places in (usual, *more)
        if read_change(before, now, places) == formats.rounded(change, places)
    )
    return next(fitting, more[-1])


def places_of_steps(before: Result, now: Result, amounts: Sequence[Decimal]) -> int:
    """As many more as it takes until none of the steps reads 0."""
    places = places_between(before, now)
    more = (2,) if now.unit in IN_MONEY else (places + 1, places + 2)
    fitting = (each for each in (places, *more) if all(formats.rounded(one, each) for one in amounts if one))
    return next(fitting, more[-1])


def read_change(before: Result, now: Result, places: int) -> Decimal:
    """The difference of the two values as they are shown."""
    assert before.value is not None and now.value is not None
    return formats.rounded(now.value, places) - formats.rounded(before.value, places)


def waterfall_rows(
    before: Result, now: Result, made: Sequence[Step], before_words: str
) -> list[WaterfallRow]:
    made = [step for step in made if step.amount]
    if not made or before.value is None or now.value is None:
        return []
    places = places_between(before, now)
    shown = split_to_total([step.amount for step in made], read_change(before, now, places), places)
    ends = steps(before.value, [step.amount for step in made])
    rows = [total_row(before_words, before, places)]
    for step, amount, (start, end) in zip(made, shown, ends, strict=True):
        rows.append(WaterfallRow(step.label, step.cause, "step", start, end, signed(amount, now, places)))
    return [*rows, total_row("Now", now, places)]


def total_row(label: str, result: Result, places: int) -> WaterfallRow:
    """In full and with the decimals of the steps: whoever adds them up arrives at the sum."""
    value, sign = result.value or ZERO, {Unit.SHARE: "%", Unit.RATIO: "×"}.get(result.unit, "")
    if result.unit in IN_MONEY:
        text = formats.money(value, result.currency or "EUR", places=places, full=True)
    else:
        text = formats.number(value, places, signed=result.unit in {Unit.POINTS, Unit.SHARE_POINTS})
    return WaterfallRow(label, "", "total", value, value, f"{text}{words.NBSP}{sign}" if sign else text)


def signed(amount: Decimal, result: Result, places: int) -> str:
    if result.unit in IN_MONEY:
        return formats.money(amount, result.currency or "EUR", places=places, signed=True, full=True)
    return formats.number(amount, places, signed=True)


# ------------------------------------------------------------------------------------------ contributions


@dataclass(frozen=True)
class Contribution:
    """One line of the table of accounts."""

    name: str
    cells: list[str]
    points: Decimal
    points_text: str
    account: int | None = None
    muted: bool = False


@dataclass(frozen=True)
class Contributions:
    heads: list[str]
    lines: list[Contribution]
    foot: Contribution
    largest: Decimal
    note: str
    points_head: str


@dataclass(frozen=True)
class Shape:
    """What the columns of one account are, and what it adds to the value."""

    heads: list[str]
    cells: Callable[[Parts], list[Decimal]]
    money: list[bool]
    points: Callable[[Parts], Decimal]
    total: Decimal
    note: str
    points_head: str


def shape_of(kpi: Kpi, result: Result) -> Shape | None:
    """Change against a base, share of a base, or plain sum."""
    if not kpi.denominator:
        is_money = any(words.is_money_expression(term.part.expression) for term in kpi.numerator)
        label = capital(kpi.numerator[0].part.label) if len(kpi.numerator) == 1 else "Amount"
        whole = result.value or ZERO

        def share(parts: Parts) -> Decimal:
            return side_of(kpi.numerator, parts) * 100 / whole if whole else ZERO

        return Shape(
            [label], lambda parts: [side_of(kpi.numerator, parts)], [is_money], share,
            Decimal(100) if whole else ZERO, "per cent of the whole", "Per cent",
        )  # fmt: skip
    base = result.denominator
    if result.value is None or not base:
        return None
    scale = scale_of(kpi.unit)
    below = {term.part.name for term in kpi.denominator}
    in_money = [
        any(words.is_money_expression(t.part.expression) for t in side)
        for side in (kpi.denominator, kpi.numerator)
    ]
    relative = len(kpi.numerator) > 1 and any(t.part.name in below and t.sign > 0 for t in kpi.numerator)
    growth = len(kpi.numerator) == 2 and any(t.part.name in below and t.sign < 0 for t in kpi.numerator)
    unit = "points" if scale == 100 else "part of the value"
    if relative:

        def gained(parts: Parts) -> Decimal:
            return side_of(kpi.numerator, parts) - side_of(kpi.denominator, parts)

        missing = result.value - 100
        text = formats.number(abs(missing), 1)
        note = f"points of the {text} {'missing to' if missing < 0 else 'above'} 100{words.NBSP}%"
        return Shape(
            ["At the start", "At the end", "Change"],
            lambda parts: [side_of(kpi.denominator, parts), side_of(kpi.numerator, parts), gained(parts)],
            [in_money[0], in_money[1], in_money[1]],
            lambda parts: gained(parts) * scale / base, missing, note, "Points",
        )  # fmt: skip
    if growth:
        after = next(term for term in kpi.numerator if term.part.name not in below)
        return Shape(
            ["A year before", "Now", "Change"],
            lambda parts: [
                side_of(kpi.denominator, parts), parts.get(after.part.name, ZERO), side_of(kpi.numerator, parts)
            ],
            [in_money[0], in_money[1], in_money[1]], lambda parts: side_of(kpi.numerator, parts) * scale / base,
            result.value, "points of the growth", "Points",
        )  # fmt: skip
    heads = [capital(kpi.denominator[0].part.label), capital(kpi.numerator[0].part.label)]
    return Shape(
        heads, lambda parts: [side_of(kpi.denominator, parts), side_of(kpi.numerator, parts)], in_money,
        lambda parts: side_of(kpi.numerator, parts) * scale / base, result.value,
        f"{unit}: the account's part of “{heads[1].lower()}” against the whole base",
        "Points" if scale == 100 else "Part",
    )  # fmt: skip


def contributions(
    result: Result,
    by_account: Mapping[int | None, Parts],
    name_of: Callable[[int | None], str],
    currency: str,
    unnamed: str,
) -> Contributions | None:
    """The accounts with the largest part, the rest in one line, those without a name (and why they have none) in one,
    and the page's number as foot."""
    kpi = result.kpi
    if not isinstance(kpi, Kpi):
        return None
    shape = shape_of(kpi, result)
    if shape is None or kpi.company_denominator:
        return None
    points = {key: shape.points(parts) for key, parts in by_account.items()}
    cells = {key: shape.cells(parts) for key, parts in by_account.items()}
    still = {key for key, amount in points.items() if not amount}
    moved = sorted((key for key in points if key not in still), key=lambda key: -abs(points[key]))
    named = [key for key in moved if name_of(key)][:SHOWN_ACCOUNTS]
    hidden = [key for key in moved if not name_of(key)]
    among = set(named)
    others = [key for key in moved if key not in among and name_of(key)]
    groups: list[tuple[str, list[int | None], bool]] = [(name_of(key), [key], False) for key in named]
    if others:
        groups.append((f"{len(others)} more account{'s' * (len(others) != 1)}", others, True))
    if hidden:
        groups.append((f"{len(hidden)} account{'s' * (len(hidden) != 1)} {unnamed}", hidden, True))
    if still:
        adds = "adds" if len(still) == 1 else "add"
        what = "without a change" if len(shape.heads) == 3 else f"that {adds} nothing"
        groups.append((f"{len(still)} account{'s' * (len(still) != 1)} {what}", list(still), True))
    places = places_of(kpi.unit, result.value) if kpi.denominator and scale_of(kpi.unit) != 100 else 1
    amounts = [sum((points[key] for key in keys), ZERO) for _, keys, _ in groups]
    shown = split_to_total(amounts, shape.total, places)
    lines = []
    for (name, keys, muted), amount, text in zip(groups, amounts, shown, strict=True):
        lines.append(
            Contribution(
                name,
                cell_texts(shape, summed(shape, [cells[key] for key in keys]), currency),
                amount,
                points_text(text, kpi, places, currency),
                keys[0] if len(keys) == 1 and not muted else None,
                muted,
            )
        )
    foot_cells = cell_texts(shape, summed(shape, list(cells.values())), currency)
    count = f"{len(by_account)} account{'s' * (len(by_account) != 1)}"
    foot = Contribution(count, foot_cells, shape.total, points_text(shape.total, kpi, places, currency))
    largest = max((abs(points[key]) for key in named), default=ZERO)
    return Contributions(shape.heads, lines, foot, largest, shape.note, shape.points_head)


def points_text(amount: Decimal, kpi: Kpi, places: int, currency: str) -> str:
    if kpi.denominator and kpi.unit == Unit.MONEY:
        return formats.money(amount, currency, signed=False)
    return formats.number(amount, places, signed=len(kpi.numerator) > 1)


def summed(shape: Shape, rows: Sequence[Sequence[Decimal]]) -> list[Decimal]:
    return [sum((cells[place] for cells in rows), ZERO) for place in range(len(shape.heads))]


def cell_texts(shape: Shape, cells: Sequence[Decimal], currency: str) -> list[str]:
    return [
        formats.number(cell) if money else formats.at_most_one_decimal(cell)
        for cell, money in zip(cells, shape.money, strict=True)
    ]
