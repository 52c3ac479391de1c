"""Target accounts against the others, and tiers, industries, regions side by side: is one really ahead?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.models import Organisation, User
from kamplan import formats
from kamplan.charts import Scale, nice_ticks
from kamplan.components import Choice as Link
from kamplan.permissions import signed_in
from metrics.access import may_see_kpi, seen_or_refused, visible_kpis
from metrics.kpi import Definition, Unit
from metrics.kpis import KPI
from metrics.models import Scope, View
from metrics.pages import words
from metrics.pages.choice import Choice, read_choice
from metrics.pages.comparison_channels import CHANNEL, channels, has_channels
from metrics.pages.comparison_figures import (
    REST,
    SPLITS,
    Difference,
    Groups,
    difference,
    is_sum,
    splits_of,
    text_of,
)
from metrics.pages.explain_words import classified_words
from metrics.pages.figures import PageComputer
from metrics.pages.places import COMPANY, SCOPE_WORDS, SIDE_WORDS, titled
from metrics.pages.scorecards import GROUPS
from metrics.reading import reading
from metrics.result import Key, Result
from metrics.status import ENOUGH, is_too_few
from metrics.urls_for import explain_url, scorecard_url

REST_WORDS = "all others"
MOST_TICKS = 5
"""Of more, amounts of money would run into each other."""
AT_THE_EDGE = 95
BY_WORDS = {Scope.TARGET: "of target accounts and others"}


@require_GET
def comparison(request: HttpRequest) -> HttpResponse:
    """One group against another in every number of the scorecard."""
    user = signed_in(request)
    with reading():
        choice = choice_of(request, user)
        if choice is None:
            return nothing_yet(request)
        return render(request, "metrics/comparison.html", all_numbers(user, choice))


@require_GET
def comparison_of(request: HttpRequest, kpi: str) -> HttpResponse:
    """One number in every group."""
    user = signed_in(request)
    definition = KPI.get(kpi)
    if definition is None or not (splits_of(definition) or has_channels(definition)):
        raise Http404
    with reading():
        choice = choice_of(request, user)
        if not may_see_kpi(user, definition):
            raise PermissionDenied("This number is not shown to this role.")
        if choice is None:
            return nothing_yet(request)
        return render(request, "metrics/comparison_of.html", one_number(user, choice, definition))


def choice_of(request: HttpRequest, user: User) -> Choice | None:
    """Groups of accounts are those of the company: who may see it may compare them."""
    organisation = Organisation.current()
    seen_or_refused(user, Scope.COMPANY, None, organisation.today())
    return read_choice(request.GET.dict(), organisation, user)


def nothing_yet(request: HttpRequest) -> HttpResponse:
    return render(request, "metrics/no_run.html", {"place": COMPANY, "crumbs": crumbs(None)})


def crumbs(choice: Choice | None) -> list[Link]:
    company = scorecard_url(Scope.COMPANY, None, choice.period if choice else None)
    return [Link("Scorecards", reverse("metrics:scorecard")), Link("Company", company)]


def grouping(choice: Choice, allowed: Sequence[Scope]) -> Scope:
    return next((scope for scope in allowed if scope == choice.asked.get("by")), allowed[0])


# ------------------------------------------------------------------------------------------- one number


@dataclass(frozen=True)
class Drawn:
    """Positions of one row in percent of the width; all rows share one scale."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    base: float | None = None

    @property
    def width(self) -> float:
        return round((self.high or 0) - (self.low or 0), 2)


@dataclass(frozen=True)
class Row:
    name: str
    url: str
    value: str
    likely: str
    n: str
    note: str
    muted: bool
    drawn: Drawn
    label: str
    gap: str
    gap_note: str
    direction: str
    points: Sequence[Decimal | None]
    is_base: bool = False

    @property
    def trend_label(self) -> str:
        return f"{self.name}, trend"


def one_number(user: User, choice: Choice, kpi: Definition) -> dict[str, Any]:
    if has_channels(kpi) and (choice.asked.get("by") == CHANNEL or not splits_of(kpi)):
        return by_channel(user, choice, kpi)
    by = grouping(choice, splits_of(kpi))
    groups = Groups(choice, by, [kpi], choice.trend)
    keys = groups.keys()
    base = chosen_base(groups, kpi, choice.asked.get("group", ""))
    scale, ticks = scale_of([groups.result(kpi, key) for key in keys], groups.company(kpi))
    rows = [group_row(groups, kpi, key, base, scale) for key in keys]
    whole = whole_row(groups, kpi, scale)
    return {
        "kpi": kpi,
        "choice": choice,
        "crumbs": crumbs(choice),
        "by": by,
        "by_words": BY_WORDS.get(by, f"by {SCOPE_WORDS[by].lower()}"),
        "classified": classified_words(kpi, by),
        "splits": split_links(choice, kpi, by),
        "rows": rows,
        "whole": whole,
        "ticks": tick_texts(scale, ticks, groups.company(kpi)),
        "is_sum": is_sum(kpi),
        "base": base_words(groups, base),
        "bases": bases(groups, kpi, keys, base),
        "grown_up": first_grown_up(choice, [groups.result(kpi, key) for key in keys]),
        "numbers": numbers(user, choice, by, kpi),
        "findings": "" if is_sum(kpi) else findings(rows, base_words(groups, base)),
        "has_ranges": any(row.likely for row in rows),
        "print_words": "",
        "all_url": reverse("metrics:comparison") + choice.query(group="", by=by.value),
    }


def first_grown_up(choice: Choice, results: Iterable[Result]) -> Link | None:
    """Where something is too young to judge, the nearest period in which it was not."""
    return next(filter(None, map(choice.grown_up, results)), None)


def split_links(choice: Choice, kpi: Definition, by: str) -> list[Link]:
    """By what this number can be grouped."""
    links = [
        Link(SIDE_WORDS[scope], choice.query(by=scope.value, group=""), scope == by)
        for scope in splits_of(kpi)
    ]
    if has_channels(kpi):
        links.append(Link("Channels", choice.query(by=CHANNEL, group=""), by == CHANNEL))
    return links


def by_channel(user: User, choice: Choice, kpi: Definition) -> dict[str, Any]:
    """The channels that the figure itself holds, each against all others."""
    computer = PageComputer(
        choice.run, choice.newest, Scope.COMPANY, [None], View.AS_WAS, choice.organisation, user
    )
    whole = computer.all([kpi], [choice.period])[kpi.id, choice.period, None]
    found = channels(whole)
    scale, ticks = scale_of([result for _, result, _ in found], whole)
    rows = [channel_row(choice, kpi, part.name, result, rest, whole, scale) for part, result, rest in found]
    return {
        "kpi": kpi,
        "choice": choice,
        "crumbs": crumbs(choice),
        "by": CHANNEL,
        "by_words": "by channel",
        "splits": split_links(choice, kpi, CHANNEL),
        "rows": rows,
        "whole": total_row(choice, whole, scale, ""),
        "ticks": tick_texts(scale, ticks, whole),
        "base": REST_WORDS,
        "grown_up": first_grown_up(choice, [result for _, result, _ in found]),
        "numbers": numbers(user, choice, CHANNEL, kpi),
        "findings": findings(rows, REST_WORDS),
        "has_ranges": any(row.likely for row in rows),
        "print_words": "",
        "all_url": reverse("metrics:comparison") + choice.query(group="", by=""),
    }


def channel_row(
    choice: Choice,
    kpi: Definition,
    name: str,
    result: Result,
    rest: Result | None,
    whole: Result,
    scale: Scale,
) -> Row:
    gap = difference(result, rest)
    text, note = gap_texts(gap, result)
    return Row(
        name=name[:1].upper() + name[1:],
        url=explain_url(kpi.id, Scope.COMPANY, None, choice.period, run=choice.asked.get("run", "")),
        value=words.value_text(result),
        likely=words.range_text(result),
        n=formats.at_most_one_decimal(result.n) if result.n is not None else "",
        note=note_of(result),
        muted=is_too_few(result) or result.value is None,
        drawn=drawn(result, whole, scale),
        label=f"{name}: {words.value_text(result)}, likely {words.range_text(result) or 'not known'}",
        gap=text,
        gap_note=note,
        direction=gap.direction,
        points=(),
    )


def tick_texts(scale: Scale, ticks: Sequence[float], whole: Result) -> list[tuple[float, str, str]]:
    """Where each stands, how it turns at the edges, and what it says."""
    if len(ticks) > MOST_TICKS:
        ticks = ticks[::2]
    anchors = {0: "start", len(ticks) - 1: "end" if scale.at(ticks[-1]) > AT_THE_EDGE else "middle"}
    return [
        (
            scale.at(tick),
            anchors.get(place, "middle"),
            formats.tick(tick, whole.unit, whole.currency or "EUR", last=place == len(ticks) - 1),
        )
        for place, tick in enumerate(ticks)
    ]


def chosen_base(groups: Groups, kpi: Definition, asked: str) -> str:
    if is_sum(kpi):
        return ""
    known = {text_of(key) for key in groups.names}
    if asked in known or (asked == REST and groups.usual_base(kpi) != text_of(None)):
        return asked
    return groups.usual_base(kpi)


def base_words(groups: Groups, base: str) -> str:
    if base == REST:
        return REST_WORDS
    return next((name for key, name in groups.names.items() if text_of(key) == base), "")


def bases(groups: Groups, kpi: Definition, keys: Sequence[Key], base: str) -> list[tuple[str, str, bool]]:
    """Options of the select: value, words, whether it is in use."""
    if is_sum(kpi):
        return []
    rest = [(REST, REST_WORDS, base == REST)] if any(groups.rest(kpi, key) for key in keys[:1]) else []
    return [*rest, *((text_of(key), groups.names[key], text_of(key) == base) for key in keys)]


def scale_of(results: Sequence[Result], whole: Result) -> tuple[Scale, list[float]]:
    """One scale for all rows, round numbers at its ends; the wide ranges of few do not stretch it."""
    if is_sum(whole.kpi):
        ends = [0.0, *(float(each.value) for each in results if each.value is not None)]
        ticks = nice_ticks(min(ends), max(ends) or 1.0, 4)
        return Scale(ticks[0], ticks[-1]), ticks
    judged = [each for each in results if not is_too_few(each)] or list(results)
    bounds = [bound for each in [*judged, whole] for bound in (each.low, each.high)]
    values = [each.value for each in [*results, whole]]
    known = [float(each) for each in (*bounds, *values) if each is not None]
    ticks = nice_ticks(min(known, default=0.0), max(known, default=1.0), 4)
    return Scale(ticks[0], ticks[-1]), ticks


def drawn(result: Result, whole: Result, scale: Scale) -> Drawn:
    if result.value is None:
        return Drawn()
    if is_sum(result.kpi):
        ends = sorted((scale.at(0), scale.at(result.value)))
        return Drawn(scale.at(result.value), *ends)
    low, high = result.interval or (None, None)
    return Drawn(
        scale.clipped(result.value),
        None if low is None else scale.clipped(low),
        None if high is None else scale.clipped(high),
        None if whole.value is None else scale.clipped(whole.value),
    )


def group_row(groups: Groups, kpi: Definition, key: Key, base: str, scale: Scale) -> Row:
    choice, result, whole = groups.choice, groups.result(kpi, key), groups.company(kpi)
    muted = is_too_few(result) or result.value is None
    gap = difference(result, groups.base(kpi, key, base)) if base else Difference("none")
    text, note = part_texts(result, whole) if is_sum(kpi) else gap_texts(gap, result)
    is_base = text_of(key) == base
    return Row(
        name=groups.names[key],
        url=explain_url(kpi.id, groups.by, key, choice.period, run=choice.asked.get("run", "")),
        value=words.value_text(result),
        likely=words.range_text(result),
        n=formats.at_most_one_decimal(result.n) if result.n is not None else "",
        note=note_of(result),
        muted=muted,
        drawn=drawn(result, whole, scale),
        label=f"{groups.names[key]}: {words.value_text(result)}, likely {words.range_text(result) or 'not known'}",
        gap="" if is_base else text,
        gap_note="the others are held against it" if is_base else note,
        direction="" if is_base else gap.direction,
        points=groups.points(kpi, key),
        is_base=is_base,
    )


def whole_row(groups: Groups, kpi: Definition, scale: Scale) -> Row:
    result = groups.company(kpi)
    return total_row(groups.choice, result, scale, formats.share(100) if is_sum(kpi) and result.value else "")


def total_row(choice: Choice, result: Result, scale: Scale, gap: str) -> Row:
    return Row(
        name="Company",
        url=explain_url(result.kpi.id, Scope.COMPANY, None, choice.period, run=choice.asked.get("run", "")),
        value=words.value_text(result),
        likely=words.range_text(result),
        n=formats.at_most_one_decimal(result.n) if result.n is not None else "",
        note=note_of(result),
        muted=result.value is None,
        drawn=drawn(result, result, scale),
        label=f"Company: {words.value_text(result)}",
        gap=gap,
        gap_note="",
        direction="",
        points=(),
    )


def note_of(result: Result) -> str:
    if result.value is None:
        return f"no data, because {words.reason_words(result)}"
    return "too few to judge" if is_too_few(result) else words.of_today(result).removeprefix(", ")


def part_texts(result: Result, whole: Result) -> tuple[str, str]:
    """A group's part of a sum."""
    if result.value is None or not whole.value:
        return "", ""
    return formats.share(result.value * 100 / whole.value), ""


def gap_texts(gap: Difference, result: Result) -> tuple[str, str]:
    """The difference, and how sure it is."""
    if gap.amount is None:
        return "not compared", ""
    amount = formats.format_difference(gap.amount, result.unit, result.currency or "EUR")
    if gap.state == "few":
        return "not compared", "too few on one side"
    if gap.state == "unsure":
        return amount, "no range is known for it"
    likely = range_of(gap, result)
    if gap.state == "noise":
        return "within noise", f"{amount}{likely}"
    if gap.state == "overlap":
        return amount, f"not sure: fewer than {ENOUGH} on one side, and their ranges overlap"
    if gap.is_better is None:
        return amount, likely.removeprefix(", ")
    return amount, f"{'better' if gap.is_better else 'worse'}{likely}"


def range_of(gap: Difference, result: Result) -> str:
    if gap.low is None or gap.high is None:
        return ""
    low, high = (signed_text(bound, result) for bound in (gap.low, gap.high))
    return f", likely {low} to {high}"


def signed_text(value: Decimal, result: Result) -> str:
    """A bound of a difference; points are not named again."""
    if result.unit in {Unit.SHARE, Unit.POINTS, Unit.SHARE_POINTS}:
        return formats.number(value, 1, signed=True)
    return formats.format_difference(value, result.unit, result.currency or "EUR")


def findings(rows: Sequence[Row], base: str) -> str:
    """One sentence above the drawing."""
    if not any(row.gap and row.gap != "not compared" for row in rows):
        return ""
    named = [row.name for row in rows if row.direction]
    if not named:
        return f"No difference to {base} is more than noise."
    return f"More than noise against {base}: {', '.join(named)}."


def numbers(
    user: User, choice: Choice, by: str, kpi: Definition
) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """The select of numbers, in the groups of the scorecard: address, name, whether it is shown."""
    of_channels = by == CHANNEL
    allowed = [
        each for each in visible_kpis(user) if (has_channels(each) if of_channels else by in splits_of(each))
    ]
    query = choice.query(group="", by=str(by))
    found = []
    for group, (title, _) in GROUPS.items():
        options = [
            (reverse("metrics:comparison_of", args=[each.id]) + query, each.name, each.id == kpi.id)
            for each in allowed
            if each.group == group
        ]
        if options:
            found.append((title, options))
    return found


# ------------------------------------------------------------------------------------------ all numbers


@dataclass(frozen=True)
class Line:
    """One number of two groups; `here` and `there` are value, likely range, n and whether it is muted."""

    name: str
    url: str
    here: tuple[str, str, str, bool]
    there: tuple[str, str, str, bool]
    here_url: str
    there_url: str
    gap: str
    gap_note: str
    direction: str


def all_numbers(user: User, choice: Choice) -> dict[str, Any]:
    by = grouping(choice, SPLITS)
    kpis = [
        kpi for kpi in visible_kpis(user) if kpi.on_scorecard and not is_sum(kpi) and by in splits_of(kpi)
    ]
    without = [
        kpi
        for kpi in visible_kpis(user)
        if kpi.on_scorecard and kpi.why_ungrouped and by not in splits_of(kpi)
    ]
    groups = Groups(choice, by, kpis, [])
    keys = groups.keys()
    chosen = next((key for key in keys if text_of(key) == choice.asked.get("group")), next(iter(keys), None))
    lines = [(kpi, line_of(groups, kpi, chosen)) for kpi in kpis]
    lines = [(kpi, line) for kpi, line in lines if {line.here[0], line.there[0]} != {formats.UNKNOWN}]
    return {
        "choice": choice,
        "crumbs": crumbs(choice),
        "splits": [
            Link(SIDE_WORDS[scope], choice.query(by=scope.value, group=""), scope == by) for scope in SPLITS
        ],
        "members": [
            Link(groups.names[key], choice.query(by=by.value, group=text_of(key)), key == chosen)
            for key in keys
        ],
        "name": titled(by, chosen, groups.names.get(chosen, "")),
        "against": other_words(groups, chosen),
        "sections": [
            (title, [line for kpi, line in lines if kpi.group == group])
            for group, (title, _) in GROUPS.items()
            if any(kpi.group == group for kpi, _ in lines)
        ],
        "left_out": len(kpis) - len(lines),
        "grown_up": first_grown_up(choice, [groups.result(kpi, key) for kpi in kpis for key in keys]),
        "without": without,
        **classified(by, [kpi for kpi, _ in lines]),
        "by_words": SIDE_WORDS[by].lower(),
        "named": sum(bool(line.direction) for _, line in lines),
        "count": len(lines),
        "print_words": "",
    }


def classified(by: Scope, kpis: Sequence[Definition]) -> dict[str, Any]:
    """What most numbers go by in sorting accounts, and the numbers that go by something else, with what that is."""
    names: dict[str, list[str]] = {}
    for kpi in kpis:
        names.setdefault(classified_words(kpi, by), []).append(kpi.name)
    usual = max(names, key=lambda each: len(names[each]), default="")
    return {
        "classified": usual,
        "otherwise": [(some, words) for words, some in names.items() if words != usual],
    }


def other_words(groups: Groups, key: Key) -> str:
    """Who stands on the other side: the other accounts of target accounts, else everything outside the group."""
    if groups.by == Scope.TARGET and key in (0, 1) and 1 - key in groups.names:
        return groups.names[1 - key].lower()
    return REST_WORDS


def line_of(groups: Groups, kpi: Definition, key: Key) -> Line:
    choice, here = groups.choice, groups.result(kpi, key)
    base = text_of(1 - key) if other_words(groups, key) != REST_WORDS and key is not None else REST
    there = groups.base(kpi, key, base)
    gap = difference(here, there)
    text, note = gap_texts(gap, here)
    return Line(
        name=kpi.name,
        url=reverse("metrics:comparison_of", args=[kpi.id]) + choice.query(group=""),
        here=cell(here),
        there=cell(there)
        if there is not None
        else (formats.UNKNOWN, "no value for all others together", "", True),
        here_url=explain_url(kpi.id, groups.by, key, choice.period),
        there_url=""
        if there is None or base == REST
        else explain_url(kpi.id, groups.by, there.key, choice.period),
        gap=text,
        gap_note=note,
        direction=gap.direction,
    )


def cell(result: Result) -> tuple[str, str, str, bool]:
    n = formats.at_most_one_decimal(result.n) if result.n is not None else ""
    muted = is_too_few(result) or result.value is None
    return words.value_text(result), note_of(result) or words.range_text(result), n, muted
