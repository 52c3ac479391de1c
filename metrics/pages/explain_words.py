"""What an explanation says in words: how sure a number is, how it changed, how it is defined, who is credited."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from kamplan import formats
from metrics.kpi import Credit, Definition, Derived, Direction, Kpi, RowKpi
from metrics.models import Run, Scope, View
from metrics.needs import with_inputs
from metrics.pages import making, words
from metrics.pages.choice import period_words, so_far
from metrics.pages.comparison_channels import has_channels
from metrics.pages.comparison_figures import groups_words
from metrics.pages.explanation import Explanation
from metrics.pages.scorecards import (
    changed_days,
)
from metrics.recipes import RECIPES
from metrics.result import REASONS
from metrics.status import is_exact, is_too_few, status_of


def status_words(explained: Explanation, target: Decimal | None) -> str:
    name = status_of(explained.now, target)
    shown = words.judged_against(explained.now, target)
    usual = {
        "on_target": f"on {shown}",
        "within_limit": f"within {shown}",
        "short": f"short of {shown}",
        "over": f"over the {shown}",
        "too_close": f"too close to call, {shown}",
    }
    return usual.get(name, "")


def bar_texts(explained: Explanation, target: Decimal | None) -> dict[str, str]:
    result = explained.now

    def bare(value: Decimal | None) -> str:
        if value is None:
            return ""
        return words.number_text(value, result).removesuffix(f"{words.NBSP}%")

    low, high = result.interval or (None, None)
    shown = words.target_words(result, target).removesuffix(f"{words.NBSP}%")
    return {"value": bare(result.value), "low": bare(low), "high": bare(high), "target": shown}


def certainty(explained: Explanation, target: Decimal | None) -> str:
    """One paragraph on how far the number can be trusted."""
    notice = explained.now.notice
    said = certainty_of_value(explained, target)
    return f"It is {notice}. {said}".strip() if notice else said


def certainty_of_value(explained: Explanation, target: Decimal | None) -> str:
    result = explained.now
    if result.value is None:
        return ""
    n = formats.at_most_one_decimal(result.n) if result.n is not None else ""
    what = counted_words(explained.kpi)
    counted = f"a single one ({what})" if result.n == 1 else f"{n} {what}"
    if is_exact(result):
        kind = (
            "a sum"
            if isinstance(explained.kpi, Kpi) and not explained.kpi.denominator
            else "a share of a whole"
        )
        return (
            f"This is {kind}, not an estimate: it is exactly what its rows add up to. "
            "It has no range, and a difference of two such numbers is a fact, not chance."
        )
    if is_too_few(result):
        return (
            f"It rests on {counted} only. That is too few to judge: one more or one less would move it far, "
            "so it is neither compared nor measured against the target."
        )
    if result.interval is None:
        return (
            f"{f'It rests on {counted}. ' if n else ''}No likely range is computed for numbers of this kind; "
            f"take small differences for chance.{by_value_words(explained, target)}"
        )
    opening = (
        f"With {counted}, one or two large ones decide this number. "
        if (result.n or 0) < 30
        else (f"It rests on {counted}. ")
    )
    low, high = (words.number_text(bound, result) for bound in result.interval)
    between = f"What lies behind it is likely between {low} and {high}; "
    between += "a range made this way is right 95 times in 100."
    return f"{opening}{between}{against(explained, target)}"


def by_value_words(explained: Explanation, target: Decimal | None) -> str:
    """Whoever set a target wants to know on which side of it the number lies, however sure that is."""
    shown = words.target_words(explained.now, target)
    return f" Its value alone says on which side of the {shown} it lies." if shown else ""


def against(explained: Explanation, target: Decimal | None) -> str:
    if target is None or explained.now.interval is None:
        return ""
    shown = words.plain_value(target, explained.now)
    name = "limit" if explained.kpi.direction == Direction.DOWN else "target"
    low, high = explained.now.interval
    if low < target <= high or (low <= target < high):
        return f" The {name} of {shown} lies inside, so these figures do not say whether it is reached or missed."
    good = status_of(explained.now, target) in {"on_target", "within_limit"}
    return f" The {name} of {shown} lies outside, so the {'success' if good else 'shortfall'} is more than chance."


def counted_words(kpi: Definition) -> str:
    if isinstance(kpi, Kpi) and kpi.n:
        return kpi.n.label
    if isinstance(kpi, RowKpi):
        return RECIPES[kpi.recipe_name].label
    return counted_words(kpi.of[kpi.n_from].kpi) if isinstance(kpi, Derived) else "cases"


def compared_label(explained: Explanation) -> str:
    compared = explained.choice.compared
    if not compared.by_run:
        return period_words(compared.period)
    if compared.period != explained.choice.period:
        return f"{making.capital(compared.words)}: {period_words(compared.period)}"
    return making.capital(compared.words)


def change_words(explained: Explanation, change: Any) -> str:
    if change.amount is None:
        why = explained.choice.why_apart(explained.kpi, explained.choice.compared.run)
        return f"not compared: {REASONS[why] if why else 'one of the two has no value'}"
    difference = formats.format_difference(change.amount, explained.kpi.unit, explained.currency)
    if change.state == "not_compared":
        return f"{difference}; too few to compare"
    if change.state == "none":
        return "no change"
    if change.state == "unsure":
        return f"{difference}; no range is known for it"
    if change.noise is None:
        return difference
    noise = (
        formats.number(change.noise, 1)
        if explained.kpi.unit.value in {"share", "points", "share_points"}
        else (words.number_text(change.noise, explained.now))
    )
    verdict = "more than noise" if change.state == "named" else "within noise"
    return f"{difference}, {verdict} (±{noise})"


def formula_note(explained: Explanation) -> str:
    if isinstance(explained.kpi, Kpi) and explained.kpi.uses_money:
        return f"Amounts in {explained.currency}."
    return "" if isinstance(explained.kpi, Kpi) else explained.kpi.words


def definition_words(
    explained: Explanation, firsts: Sequence[tuple[Run, dict[str, str]]]
) -> list[tuple[str, str]]:
    kpi = explained.kpi
    direction = {Direction.UP: "higher is better", Direction.DOWN: "lower is better"}
    versions = changed_days(kpi, firsts)
    first = versions[-1] if versions else firsts[0][0] if firsts else explained.choice.run
    found = [
        ("In words", making.capital(kpi.words)),
        ("Direction", direction.get(kpi.direction, "neither high nor low is good by itself")),
        ("Window", window_words(explained)),
    ]
    if currency_words(explained):
        found.append(("Currency", currency_words(explained)))
    choice = explained.choice
    book_of = formats.day(choice.run.as_of) if choice.is_past_run else "today"
    found.append(("Credit", credit_words(kpi, explained.place.scope, choice.view, book_of)))
    if scope_has_groups(explained):
        found.append(("Groups", making.capital(groups_words(kpi, has_channels(kpi)))))
    found.append(("Version", f"{len(versions) + 1}, since {formats.day(first.as_of, year=True)}"))
    run = choice.run
    found.append(("Run", f"{formats.moment(run.published_at)}, {formats.number(run.seconds, 1)} s"))
    return found


def scope_has_groups(explained: Explanation) -> bool:
    """Groups of accounts are those of the company; a number that lacks them says so there."""
    return explained.place.scope == Scope.COMPANY and bool(explained.kpi.why_ungrouped)


def window_words(explained: Explanation) -> str:
    choice = explained.choice
    whole = f"{period_words(choice.period)}, whole months"
    return f"{whole}, {so_far(choice.period, choice.run)}" if choice.is_partial else whole


def currency_words(explained: Explanation) -> str:
    kpi = explained.kpi
    if isinstance(kpi, Kpi) and any(
        leaf.at_start_rate for part in kpi.parts() for leaf in part.expression.leaves()
    ):
        day = formats.day(explained.choice.period.start, year=True)
        return f"{explained.currency}, rates of {day} for both ends"
    money = kpi.uses_money if isinstance(kpi, Kpi) else kpi.unit.value.startswith("money")
    return f"{explained.currency}, each amount at the rate of its own day" if money else ""


def credit_words(kpi: Definition, scope: str, view: str, book_of: str = "today") -> str:
    """Who gets what, as the engine derives it from the formula; a book is that of the run's day."""
    if isinstance(kpi, Derived):
        return "as in the numbers it is made of"
    if view == View.CURRENT_BOOK and scope in {Scope.OWNER, Scope.TEAM}:
        return f"every account whole, to its owner of {book_of}"
    if scope == Scope.COMPANY:
        return "everything counts"
    if scope == Scope.ACCOUNT:
        return "everything of this account, whoever looked after it"
    if scope in {Scope.OWNER, Scope.TEAM}:
        if isinstance(kpi, RowKpi) and not kpi.of_people:
            return "nobody's: it is of the company and its groups alone"
        by_row = not kpi.counts_accounts if isinstance(kpi, RowKpi) else is_by_row(kpi)
        if by_row:
            return "each row to the person it names, else to the account's owner on its day; a handover moves nothing"
        return "every account counts once, whole, for its owner on the period's first day"
    return classified_words(kpi, scope)


def is_by_row(kpi: Definition) -> bool:
    return isinstance(kpi, Kpi) and kpi.credit == Credit.ROW


def classified_words(kpi: Definition, by: str) -> str:
    """By what accounts, or the rows themselves, are in a group."""
    if by == Scope.TARGET and kpi.of_targets:
        return "for target accounts or for others as each row itself says"
    by_opening = {goes_by_opening(each) for each in with_inputs([kpi]) if not isinstance(each, Derived)}
    if by_opening == {True}:
        return "every deal as its account was classified on the day the deal was opened"
    if True in by_opening:
        return (
            "deals that ended as their account was classified on the day each was opened, everything else as on the "
            "period’s first day"
        )
    return "every account as it was classified on the period’s first day"


def goes_by_opening(kpi: Definition) -> bool:
    if isinstance(kpi, RowKpi):
        return RECIPES[kpi.recipe_name].goes_by_opening
    return isinstance(kpi, Kpi) and kpi.goes_by_opening
