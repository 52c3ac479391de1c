"""What moved between two runs or two periods: by part, then by account, then down to the rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.models import Organisation, User
from accounts.periods import Period
from kamplan import formats
from kamplan.charts import WaterfallRow, split_to_total, steps
from kamplan.formats import plural
from kamplan.permissions import signed_in
from metrics.access import may_see_kpi, seen_or_refused, visible_kpis
from metrics.kpi import Definition, Derived, Kpi
from metrics.kpis import KPI
from metrics.models import Run, Scope
from metrics.names import run_words
from metrics.needs import of_group
from metrics.pages import making, words
from metrics.pages.choice import Choice, Comparison, period_words, read_choice
from metrics.pages.explain_words import change_words
from metrics.pages.explanation import Explanation
from metrics.pages.moves_effects import (
    Effect,
    Mover,
    company_base,
    decimal,
    effects,
    movers,
    together,
)
from metrics.pages.moves_rows import row_sides
from metrics.pages.places import Place, crumbs, find_place, read_key
from metrics.pages.scorecards import GROUPS, Card, shown_change
from metrics.reading import reading
from metrics.result import Result
from metrics.urls_for import ALL, explain_url, moved_url, moves_url, scorecard_url
from metrics.weights import Mark, Side, between, changes_of, mark_of

DRAWN = 8
"""So many accounts stand in the drawing, each on its own; the table names more."""
NAMED = 20


@dataclass(frozen=True)
class Sides(Choice):
    """A choice whose other side may be any earlier period as well: `compare` is a run, a last month, or `before`."""

    @cached_property
    def earlier_periods(self) -> list[Period]:
        """Those of the trend, the newest first."""
        return [each for each in reversed(self.trend) if each != self.period]

    @cached_property
    def compared(self) -> Comparison:
        asked = self.asked.get("compare", "")
        period = next((each for each in self.earlier_periods if month_text(each) == asked), None)
        return Comparison(self.run, period, by_run=False) if period else super().compared

    @property
    def runs_to_compare(self) -> list[tuple[str, str, bool]]:
        """Options: value, words, whether it is in use."""
        now = self.compared
        return [
            (str(run.pk), run_words(run), now.by_run and now.run.pk == run.pk) for run in self.comparable_runs
        ]

    @property
    def periods_to_compare(self) -> list[tuple[str, str, bool]]:
        now = self.compared
        return [
            (month_text(each), period_words(each), not now.by_run and now.period == each)
            for each in self.earlier_periods
        ]

    @property
    def runs_to_show(self) -> list[tuple[str, str, bool]]:
        shown = [self.newest, *(run for run in later_of_months(self.runs) if run.pk != self.newest.pk)]
        return [
            (
                "" if run.pk == self.newest.pk else str(run.pk),
                "newest run" if run.pk == self.newest.pk else run_words(run),
                run.pk == self.run.pk,
            )
            for run in shown
        ]


def month_text(period: Period) -> str:
    return f"{period.last_day:%Y-%m}"


def later_of_months(runs: Sequence[Run]) -> list[Run]:
    """The newest five, and the last of every month before."""
    found: list[Run] = []
    months = set()
    for place, run in enumerate(runs):
        month = (run.as_of.year, run.as_of.month)
        if place < 5 or month not in months:
            found.append(run)
        months.add(month)
    return found[:40]


@require_GET
def moves(request: HttpRequest, scope: str, key: str) -> HttpResponse:
    """Every number of a scorecard, then and now."""
    user = signed_in(request)
    with reading():
        place, choice = place_and_choice(request, user, scope, key)
        if choice is None:
            return nothing_yet(request, user, place)
        return render(request, "metrics/moves.html", all_moves(user, place, choice))


@require_GET
def moved(request: HttpRequest, scope: str, key: str, kpi: str) -> HttpResponse:
    """One number: its parts, its accounts."""
    user = signed_in(request)
    definition = KPI.get(kpi)
    if definition is None:
        raise Http404
    stands_in = of_group(definition, scope, read_key(scope, key))
    if stands_in is not None:
        address = reverse("metrics:moved", args=[Scope.COMPANY.value, ALL, stands_in.id])
        return redirect(f"{address}?{request.GET.urlencode()}")
    with reading():
        place, choice = place_and_choice(request, user, scope, key)
        if not may_see_kpi(user, definition, scope):
            raise PermissionDenied("This number is not shown to this role.")
        if choice is None:
            return nothing_yet(request, user, place)
        return render(request, "metrics/moved.html", one_move(Explanation(user, definition, place, choice)))


def place_and_choice(request: HttpRequest, user: User, scope: str, key: str) -> tuple[Place, Sides | None]:
    organisation = Organisation.current()
    today = organisation.today()
    found = read_key(scope, key)
    seen_or_refused(user, scope, found, today)
    place = find_place(scope, found, today)
    choice = read_choice(request.GET.dict(), organisation, user)
    if choice is None:
        return place, None
    return place, Sides(
        choice.period, choice.view, choice.organisation, choice.runs, choice.asked, choice.reader
    )


def nothing_yet(request: HttpRequest, user: User, place: Place) -> HttpResponse:
    return render(request, "metrics/no_run.html", {"place": place, "crumbs": crumbs(user, place, {})})


def common(user: User, place: Place, choice: Sides) -> dict[str, Any]:
    state = {"period": choice.period, "view": choice.view}
    return {
        "place": place,
        "choice": choice,
        "crumbs": crumbs(user, place, state, with_self=True),
        "has_views": place.scope in {Scope.OWNER, Scope.TEAM},
        "then_words": then_words(choice),
        "print_words": f"compared with {choice.compared.words}",
    }


def then_words(choice: Choice) -> str:
    compared = choice.compared
    if not compared.by_run:
        return period_words(compared.period)
    same = compared.period == choice.period
    return run_words(compared.run) + ("" if same else f": {period_words(compared.period)}")


# --------------------------------------------------------------------------------------------- all numbers


@dataclass(frozen=True)
class MovedRow:
    name: str
    url: str
    then: str
    now: str
    change: str
    note: str
    direction: str


def all_moves(user: User, place: Place, choice: Sides) -> dict[str, Any]:
    kpis = [kpi for kpi in visible_kpis(user, place.scope) if choice.asked.get("all") or kpi.on_scorecard]
    card = Card(place, choice, kpis)
    card.load(restatements=False)
    rows = {kpi.id: moved_row(card, kpi) for kpi in kpis if has_sides(card, kpi)}
    shown = [kpi for kpi in kpis if kpi.id in rows]
    return {
        **common(user, place, choice),
        "sections": [
            (title, [rows[kpi.id] for kpi in shown if kpi.group == group])
            for group, (title, _) in GROUPS.items()
            if any(kpi.group == group for kpi in shown)
        ],
        "named": sum(bool(row.direction) for row in rows.values()),
        "count": len(rows),
        "weighed_between": weighed_between(choice, [kpi.id for kpi in shown]),
        "all_url": choice.query(all="" if choice.asked.get("all") else 1),
        "all_words": "Show the main numbers only" if choice.asked.get("all") else "Show all numbers",
        "scorecard_url": scorecard_url(place.scope, place.key, choice.period, choice.view),
    }


def here(choice: Choice, kpi: Definition, scope: str, key: int | None) -> str:
    """The same two sides for another number."""
    kept = {name: choice.asked.get(name, "") for name in ("compare", "run")}
    return moved_url(kpi.id, scope, key, choice.period, choice.view, **kept)


def weighed_between(choice: Sides, kpis: Sequence[str]) -> list[Mark]:
    """What some of these numbers count otherwise by, each change once."""
    then, now = Side(choice.compared.run, choice.compared.period), Side(choice.run, choice.period)
    changes = changes_of(kpis, choice.run)
    named = {each.pk: each for kpi in kpis for each in between(kpi, changes[kpi], then, now)}
    return [mark_of(each) for each in sorted(named.values(), key=lambda each: (each.starts, each.pk))]


def has_sides(card: Card, kpi: Definition) -> bool:
    before = card.before(kpi)
    return card.result(kpi).value is not None or (before is not None and before.value is not None)


def moved_row(card: Card, kpi: Definition) -> MovedRow:
    now, before = card.result(kpi), card.before(kpi)
    change, amount, note = card.change(kpi)
    place = card.place
    return MovedRow(
        kpi.name,
        here(card.choice, kpi, place.scope, place.key),
        words.value_text(before) if before is not None else formats.UNKNOWN,
        words.value_text(now),
        amount,
        note,
        change.direction,
    )


# ---------------------------------------------------------------------------------------------- one number


@dataclass(frozen=True)
class AccountRow:
    """One account of the table, or several in one line."""

    name: str
    then: str
    now: str
    above: str
    below: str
    both: str
    amount: Any
    then_url: str = ""
    now_url: str = ""
    muted: bool = False


def one_move(explained: Explanation) -> dict[str, Any]:
    explained.load()
    choice = explained.choice
    assert isinstance(choice, Sides)
    before, now = explained.before, explained.now
    place = explained.place
    context = {
        **common(explained.user, place, choice),
        "kpi": explained.kpi,
        "before": words.value_text(before),
        "now": words.value_text(now),
        "reasons": [words.reason_words(each) for each in (before, now) if each.value is None],
        "change": shown_change(before, now),
        "change_words": change_words(explained, shown_change(before, now)),
        "unit_name": explained.kpi.unit.value,
        "weighed_between": explained.weighed_between(),
        "currency": now.currency or explained.currency,
        "explain_now": explained.url(run=choice.asked.get("run", "")),
        "explain_then": explained_then(explained),
        "all_url": moves_url(
            place.scope,
            place.key,
            choice.period,
            choice.view,
            compare=choice.asked.get("compare", ""),
            run=choice.asked.get("run", ""),
        ),
    }
    if before.value is None or now.value is None:
        return context
    if isinstance(explained.kpi, Kpi):
        explained.load_accounts()
        return {**context, **by_parts(explained, explained.kpi), **by_accounts(explained, explained.kpi)}
    made = making.moves(before, now, {}, {}, explained.name_of)
    return {
        **context,
        "row_sides": row_sides(explained),
        "waterfall": making.waterfall_rows(before, now, made, making.capital(then_words(choice))),
        "inputs": inputs(explained) if isinstance(explained.kpi, Derived) else [],
    }


def explained_then(explained: Explanation) -> str:
    compared = explained.choice.compared
    run = compared.run.pk if compared.run.pk != explained.choice.newest.pk else ""
    return explain_url(
        explained.kpi.id,
        explained.place.scope,
        explained.place.key,
        compared.period,
        explained.choice.view,
        run=run,
    )


def inputs(explained: Explanation) -> list[tuple[str, str, str, str]]:
    """A derived number moves by its inputs: each with what it was, and its own way down."""
    return [
        (
            now.kpi.name,
            words.value_text(then),
            words.value_text(now),
            here(explained.choice, now.kpi, now.scope, now.key)
            if (now.scope, now.key) == (explained.place.scope, explained.place.key)
            else "",
        )
        for then, now in zip(explained.before.inputs, explained.now.inputs, strict=True)
    ]


def by_parts(explained: Explanation, kpi: Kpi) -> dict[str, Any]:
    """The drawing of the parts, and each with its figures."""
    before, now = explained.before, explained.now
    found = [(each, each.of_place(before, now)) for each in effects(kpi, before, now)]
    made = [making.Step(part_label(each, now), decimal(value)) for each, value in found if value]
    above = [(term.part, "", before.parts, now.parts) for term in kpi.numerator]
    of = making.whole_words(now)
    below = [(term.part, of, before.below, now.below) for term in kpi.denominator]
    sides = {(part.name, of): (part, then, here) for part, of, then, here in [*above, *below]}
    return {
        "waterfall": making.waterfall_rows(before, now, made, making.capital(then_words(explained.choice))),
        "parts": [
            (
                making.capital(part.label) + of,
                words.part_text(part, then.get(part.name), explained.currency, full=True),
                words.part_text(part, here.get(part.name), explained.currency, full=True),
            )
            for (_, of), (part, then, here) in sides.items()
        ],
        "formula": formula_words(kpi),
    }


def part_label(effect: Effect, now: Result) -> str:
    if not effect.is_base:
        return making.capital(effect.label)
    return f"{making.capital(effect.label)}{making.whole_words(now)} (the base)"


def formula_words(kpi: Kpi) -> str:
    """How the change is split, for whoever wants to check it."""
    if not kpi.denominator:
        return "The change of a sum is the sum of the changes of its rows."
    if len(kpi.numerator) > 1 and {t.part.name for t in kpi.numerator} & {
        t.part.name for t in kpi.denominator
    }:
        return (
            "Each part is a share of the base of its time. "
            "By itself: (part now − part then) / base then. "
            "By the base: part now × (1 / base now − 1 / base then). Both add up to the change exactly."
        )
    return (
        "By itself: (above the line now − then) / base then. "
        "By the base: − value now × (base now − base then) / base then. Both add up to the change exactly."
    )


def by_accounts(explained: Explanation, kpi: Kpi) -> dict[str, Any]:
    """The largest movers by name, the others summed, those nobody may name in one line."""
    before, now = explained.before, explained.now
    found = movers(kpi, before, now, explained.then_by, explained.now_by)
    named = [each for each in found if explained.name_of(each.account)]
    hidden = [each for each in found if not explained.name_of(each.account)]
    shows_all = bool(explained.choice.asked.get("all"))
    more = [] if shows_all else named[NAMED:]
    lines = [(explained.name_of(each.account), each) for each in named[: len(named) - len(more)]]
    base = company_base(kpi, before, now)
    extra = [(plural(len(more), "more account"), together(more))] if more else []
    extra += [(f"{plural(len(hidden), 'account')} {explained.unnamed}", together(hidden))] if hidden else []
    extra += [(base_words(now), base)] if base and base.both else []
    everything = [*lines, *extra]
    places = making.places_of_steps(before, now, [decimal(each.both) for _, each in lines[:DRAWN]])
    change = making.read_change(before, now, places)
    shown = split_to_total([decimal(each.both) for _, each in everything], change, places)
    whole = together(each for _, each in everything)
    above, below = split_to_total([decimal(whole.above), decimal(whole.below)], change, places)
    rows = [
        account_row(explained, kpi, name, each, text, places, muted=place >= len(lines))
        for place, ((name, each), text) in enumerate(zip(everything, shown, strict=True))
    ]
    return {
        "accounts": rows,
        "more_url": explained.choice.query(all=1) if more else "",
        "largest": max((abs(row.amount) for row in rows if not row.muted), default=0),
        "account_waterfall": account_waterfall(explained, everything, shown, places),
        "is_ratio": bool(kpi.denominator),
        "foot": AccountRow(
            plural(len(found), "account that moved it", "accounts that moved it"),
            "",
            "",
            making.signed(above, now, places),
            making.signed(below, now, places),
            making.signed(change, now, places),
            change,
        ),
    }


def base_words(now: Result) -> str:
    return "The book’s base" if making.is_of_book(now) else "The company’s base"


def account_row(
    explained: Explanation, kpi: Kpi, name: str, mover: Mover, both: Decimal, places: int, *, muted: bool
) -> AccountRow:
    now = explained.now
    above, below = split_to_total([decimal(mover.above), decimal(mover.below)], both, places)
    key, choice = mover.account, explained.choice
    compared = choice.compared
    then_run = compared.run.pk if compared.run.pk != choice.newest.pk else ""

    def rows_url(period: Period, run: object) -> str:
        if key is None:
            return ""
        # Of the place and the account: what a colleague had in it before a handover did not move this number.
        place = explained.place
        own = "" if place.scope == Scope.ACCOUNT else key
        url = explain_url(kpi.id, place.scope, place.key, period, choice.view, run=run, rows=1, account=own)
        return f"{url}#rows"

    return AccountRow(
        name,
        "" if muted else side_text(explained, kpi, explained.then_by.get(key, {})),
        "" if muted else side_text(explained, kpi, explained.now_by.get(key, {})),
        making.signed(above, now, places),
        making.signed(below, now, places),
        making.signed(both, now, places),
        decimal(mover.both),
        rows_url(compared.period, then_run),
        rows_url(choice.period, choice.asked.get("run", "")),
        muted,
    )


def side_text(explained: Explanation, kpi: Kpi, parts: making.Parts) -> str:
    """What stands above and below the line for one account."""

    def text(terms: Sequence[Any]) -> str:
        whole = making.side_of(terms, parts)
        is_money = any(words.is_money_expression(term.part.expression) for term in terms)
        return formats.money(whole, explained.currency) if is_money else formats.at_most_one_decimal(whole)

    return f"{text(kpi.numerator)} / {text(kpi.denominator)}" if kpi.denominator else text(kpi.numerator)


def account_waterfall(
    explained: Explanation, lines: Sequence[tuple[str, Mover]], amounts: Sequence[Decimal], places: int
) -> list[WaterfallRow]:
    """Then, the largest movers one by one, all others in one step, now; each reads as in the table."""
    before, now = explained.before, explained.now
    if not lines or before.value is None or now.value is None:
        return []
    drawn, shown, others = list(lines[:DRAWN]), list(amounts[:DRAWN]), lines[DRAWN:]
    if others:
        drawn.append(("All others", together(each for _, each in others)))
        shown.append(sum(amounts[DRAWN:], Decimal(0)))
    moved = [decimal(each.both) for _, each in drawn]
    made: list[WaterfallRow] = [
        making.total_row(making.capital(then_words(explained.choice)), before, places)
    ]
    for (name, _), text, (start, end) in zip(drawn, shown, steps(before.value, moved), strict=True):
        made.append(WaterfallRow(name, "", "step", start, end, making.signed(text, now, places)))
    return [*made, making.total_row("Now", now, places)]
