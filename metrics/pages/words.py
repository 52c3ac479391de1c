"""How results read: values, parts, reasons and changes in words."""

import re
from collections import defaultdict
from decimal import Decimal

from accounts.periods import PeriodKind
from kamplan import formats
from metrics.expressions import Arithmetic, Expression, Least, Part, Windowed
from metrics.kpi import Kpi, RowKpi, Unit
from metrics.models import Rule, Scope
from metrics.pages.choice import Comparison
from metrics.recipes import RECIPES
from metrics.result import Result, Slice
from metrics.status import Aim, Change, is_by_value, is_too_few, rule_of

NBSP = formats.NBSP

SCALES: dict[str, tuple[int, int]] = {
    "nrr": (50, 130),
    "grr": (50, 105),
    "revenue_churn": (0, 50),
    "revenue_growth": (-50, 50),
    "revenue_growth_target": (-50, 50),
    "revenue_growth_other": (-50, 50),
    "upsell_rate_revenue": (0, 50),
    "quota_attainment": (0, 200),
}
"""Ends of the range bar, the same on every page; other shares run from 0 to 100."""


def is_money_expression(expression: Expression) -> bool:
    """Whether the sum of this over accounts is an amount of money; comparisons and flags count accounts."""
    if isinstance(expression, Windowed):
        return expression.measure.is_money
    if isinstance(expression, Arithmetic | Least):
        return is_money_expression(expression.left) or is_money_expression(expression.right)
    return False


def part_text(part: Part, value: Decimal | None, currency: str, *, full: bool = False) -> str:
    if value is None:
        return formats.UNKNOWN
    if is_money_expression(part.expression):
        return formats.money(value, currency, full=full)
    return formats.at_most_one_decimal(value)


def value_text(result: Result) -> str:
    return formats.format_value(result.value, result.unit, result.currency or "EUR")


def number_text(value: Decimal | None, result: Result) -> str:
    return formats.format_value(value, result.unit, result.currency or "EUR")


def range_text(result: Result) -> str:
    if result.interval is None:
        return ""
    return formats.format_range(*result.interval, result.unit, result.currency or "EUR")


def sub_line(result: Result, reporting_currency: str) -> str:
    """What was counted, under the number's name."""
    kpi = result.kpi
    if isinstance(kpi, Kpi):
        texts: dict[str, str] = defaultdict(lambda: formats.UNKNOWN)
        for part in kpi.parts():
            texts[part.name] = part_text(part, result.parts.get(part.name), reporting_currency)
        if kpi.sub and not result.is_withheld:
            mean = mean_text(result)
            return of_one(kpi.sub.format_map(texts)) + (f", mean {mean}" if mean else "")
        return of_one(f"{texts[kpi.n.name]} {kpi.n.label}") if kpi.n else ""
    if isinstance(kpi, RowKpi) and result.n is not None:
        label = RECIPES[kpi.recipe_name].label
        count = formats.at_most_one_decimal(result.n)
        return f"{count} {label.removesuffix('s') if result.n == 1 else label}{of_today(result)}"
    return f"{kpi.sub}{of_today(result)}".removeprefix(", ")


def mean_text(result: Result) -> str:
    """The second figure of a share, to one decimal."""
    kpi = result.kpi
    if not isinstance(kpi, Kpi) or kpi.mean is None:
        return ""
    top, bottom = (result.parts.get(part.name) for part in kpi.mean)
    return formats.number(top / bottom, 1) if top is not None and bottom else ""


def of_one(text: str) -> str:
    """One account instead of "1 accounts"."""
    return re.sub(r"(?<![\d.,])1 ((?:new |open |hot )?\w+)s\b", r"1 \1", text)


def of_today(result: Result) -> str:
    """As of an earlier run: some rows are only known as they are today."""
    return ", from today's rows" if result.notice else ""


def slice_text(part: Slice, result: Result) -> str:
    """A channel's or stage's own value, and of how many it is made."""
    count = formats.at_most_one_decimal(part.n)
    if part.value is None:
        return f"{formats.UNKNOWN} ({count})"
    of = f"{formats.at_most_one_decimal(part.numerator)} of {count}" if part.numerator is not None else count
    return f"{plain_value(part.value, result)} ({of})"


def reason_words(result: Result) -> str:
    """Why there is no value, as the end of "No data, because …"."""
    kpi = result.kpi
    if result.reason == "no_base" and isinstance(kpi, Kpi) and kpi.denominator:
        counted = kpi.n or kpi.denominator[0].part
        if not result.below.get(counted.name):
            return f"there were no {counted.label}"
        return f"the base “{kpi.denominator[0].part.label}” is not above 0"
    if result.reason == "no_base" and isinstance(kpi, RowKpi):
        return f"there were no {RECIPES[kpi.recipe_name].label}"
    if result.reason == "no_base" and result.inputs:
        missing = next((each for each in result.inputs if each.value is None), None)
        if missing is not None:
            return f"“{missing.kpi.name}” has no value: {reason_words(missing)}"
    if result.reason == "not_defined" and result.view == "current-book":
        return "it is made of single rows, which have no current book"
    return result.reason_text or "a figure it is made of has no value"


def target_words(result: Result, target: Decimal | None) -> str:
    rule = rule_of(result, target) if target is not None else ""
    if target is None or not rule:
        return ""
    if isinstance(target, Aim) and target.upper is not None:
        return f"target {plain_value(target, result)} to {plain_value(target.upper, result)}"
    return f"{'limit' if rule == Rule.AT_MOST else 'target'} {plain_value(target, result)}"


def judged_against(result: Result, target: Decimal | None) -> str:
    """The target beside a status; where no range says how sure the number is, its value alone was judged."""
    shown = "" if is_too_few(result) else target_words(result, target)
    return f"{shown}, by its value alone" if shown and is_by_value(result) else shown


def plain_value(value: Decimal, result: Result) -> str:
    """A round value without needless decimals: `95 %`, not `95.0 %`."""
    if result.unit == Unit.SHARE and value == value.to_integral_value():
        return f"{formats.number(value)}{NBSP}%"
    return number_text(value, result)


def change_texts(change: Change, result: Result, compared: Comparison) -> tuple[str, str]:
    """The amount and the words under it."""
    if change.state == "noise":
        return "within noise", ""
    if change.state == "none":
        return "no change", ""
    if change.state == "not_compared" or change.amount is None:
        return "not compared", ""
    amount = formats.format_difference(
        abs(change.amount), result.unit, result.currency or "EUR", signed=False
    )
    if result.unit == Unit.POINTS:
        amount = f"{formats.number(abs(change.amount), 1)}{NBSP}points"
    if change.state == "unsure":
        return f"{'+' if change.amount > 0 else '−'}{amount}", "(no range is known)"
    if change.is_better is None:
        return amount, f"{'higher' if change.amount > 0 else 'lower'} {since(compared)}"
    return amount, f"{'better' if change.is_better else 'worse'} {since(compared)}"


def since(compared: Comparison) -> str:
    if compared.by_run:
        return compared.since
    return {
        PeriodKind.MONTH: "than the month before",
        PeriodKind.QUARTER: "than the quarter before",
        PeriodKind.CUSTOM: "than before",
    }.get(compared.period.kind, "than a year before")


def changed_below_display(change: Change, result: Result) -> bool:
    """A difference too small to be shown is no change."""
    if change.amount is None:
        return False
    shown = formats.format_difference(abs(change.amount), result.unit, result.currency or "EUR", signed=False)
    return not any(digit in shown for digit in "123456789")


def scale(result: Result) -> tuple[int, int] | tuple[None, None]:
    """Fixed ends of the range bar; none where the value itself lies beyond them."""
    ends = SCALES.get(result.kpi.id, (0, 100) if result.unit == Unit.SHARE else None)
    if ends is None or result.value is None or not ends[0] <= result.value <= ends[1]:
        return None, None
    return ends


def whose(scope: str) -> str:
    """As in "where she was given to work with", without guessing anybody's gender."""
    return "What there was to work with" if scope == Scope.OWNER else "What this is made of"
