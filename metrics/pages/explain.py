"""One page for every number: how it is made, how sure it is, what moved it, which accounts and rows it came from."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import Account, Organisation, User
from accounts.periods import PeriodKind
from kamplan import formats
from kamplan.components import Choice as Link
from kamplan.permissions import Secret, may_see, signed_in
from metrics import rowkpis
from metrics.access import may_see_kpi, seen_or_refused, sees_everything
from metrics.kpi import Credit, Definition, Derived, Direction, Kpi, RowKpi
from metrics.kpis import KPI
from metrics.models import Run, Scope, Target, View
from metrics.pages import making, words
from metrics.pages.accounts import Parts, per_account, sums_statement
from metrics.pages.choice import KIND_WORDS, Choice, period_words, read_choice
from metrics.pages.figures import PageComputer, Versions, elsewhere
from metrics.pages.places import Place, crumbs, find_place, read_key
from metrics.pages.rows import PAGE, Found, RowSet, find_rows, history_since, measured, row_sets
from metrics.pages.scorecards import (
    GROUPS,
    changed_days,
    definition_changes,
    safe,
    shown_change,
    trend_marks,
)
from metrics.reading import facts_of, reading
from metrics.recipes import RECIPES
from metrics.results import wants_company, wants_trailing
from metrics.sources import DUE_CONTRACTS, LIVE_CONTRACTS
from metrics.status import is_exact, is_too_few, status_of
from metrics.targets import TargetForm, Targets, may_set
from metrics.urls_for import explain_url


@require_http_methods(["GET", "POST"])
def explain(request: HttpRequest, scope: str, key: str, kpi: str) -> HttpResponse:
    user = signed_in(request)
    definition = KPI.get(kpi)
    if definition is None:
        raise Http404
    with reading():
        organisation = Organisation.current()
        today = organisation.today()
        found = read_key(scope, key)
        seen_or_refused(user, scope, found, today)
        if not may_see_kpi(user, definition):
            raise PermissionDenied("Amounts of contracts are not shown to this role.")
        if request.method == "GET":
            place = find_place(scope, found, today)
            choice = read_choice(request.GET.dict(), organisation)
            if choice is None:
                return render(
                    request, "metrics/no_run.html", {"place": place, "crumbs": crumbs(user, place, {})}
                )
            return answer(request, user, Explanation(user, definition, place, choice))
        place = find_place(scope, found, today)
        choice = read_choice(request.GET.dict(), organisation)
    if choice is None or not may_set(user, scope, found, today):
        raise PermissionDenied
    return set_target(request, user, Explanation(user, definition, place, choice))


def answer(request: HttpRequest, user: User, explanation: "Explanation") -> HttpResponse:
    part = request.GET.get("part", "")
    if part == "csv":
        return explanation.csv()
    page = request.GET.get("page", "1")
    if part == "rows":
        return render(request, "metrics/_rows.html", explanation.rows_context(page))
    if part == "accounts":
        return render(request, "metrics/_moved.html", explanation.moved_context())
    context = explanation.context()
    if request.GET.get("rows") or request.GET.get("page"):
        context.update(explanation.rows_context(page))
    return render(request, "metrics/explain.html", context)


def set_target(request: HttpRequest, user: User, explanation: "Explanation") -> HttpResponse:
    form = explanation.target_form(request.POST)
    if form.is_valid():
        with transaction.atomic():
            form.save()
        messages.success(request, "The target is set.")
        return redirect(request.get_full_path())
    with reading():
        context = explanation.context()
        context["target_form"] = form
        return render(request, "metrics/explain.html", context, status=422)


@dataclass(frozen=True)
class Elsewhere:
    name: str
    value: str
    n: str
    url: str
    status: str = ""


@dataclass(frozen=True)
class Earlier:
    """What an earlier run published for this very period."""

    run: Run
    value: str
    url: str


class Explanation:
    """Everything the page says about one number of one place."""

    def __init__(self, user: User, kpi: Definition, place: Place, choice: Choice) -> None:
        self.user = user
        self.kpi = kpi
        self.place = place
        self.choice = choice
        self.currency = choice.organisation.reporting_currency
        self.names: dict[int, str] = {}

    # ------------------------------------------------------------------------------------------ figures

    def load(self) -> None:
        choice, compared = self.choice, self.choice.compared
        periods = [*choice.trend, choice.period]
        if not compared.by_run:
            periods.append(compared.period)
        mine = self.computer(choice.run, self.place)
        self.series = mine.all([self.kpi], list(dict.fromkeys(periods)))
        self.now = self.series[self.kpi.id, choice.period, self.place.key]
        if compared.by_run:
            before = self.computer(compared.run, self.place).all([self.kpi], [compared.period])
            self.before = before[self.kpi.id, compared.period, self.place.key]
        else:
            self.before = self.series[self.kpi.id, compared.period, self.place.key]

    def computer(self, run: Run, place: Place) -> PageComputer:
        choice = self.choice
        return PageComputer(run, choice.newest, place.scope, [place.key], choice.view, choice.organisation)

    def load_accounts(self) -> None:
        """What each account gave, now and in the comparison; names only of those that may be seen."""
        self.now_by: dict[int | None, Parts] = {}
        self.then_by: dict[int | None, Parts] = {}
        if not isinstance(self.kpi, Kpi):
            return
        choice, compared = self.choice, self.choice.compared
        load = partial(per_account, self.kpi, self.place, choice.view, newest=choice.newest)
        self.now_by, self.then_by = load(
            wanted=[(choice.period, choice.run), (compared.period, compared.run)]
        )
        seen = Account.objects.visible_to(self.user, choice.organisation.today())
        wanted = {account for account in (*self.now_by, *self.then_by) if account is not None}
        self.names = dict(seen.filter(pk__in=wanted).values_list("pk", "name"))

    def name_of(self, account: int | None) -> str:
        if account is None:
            return "Rows without an account" if sees_everything(self.user) else ""
        return self.names.get(account, "")

    # ------------------------------------------------------------------------------------------ context

    @property
    def is_wide(self) -> bool:
        """A team, a segment or the company may hold thousands of accounts: they come after the page."""
        narrow = self.place.scope in {Scope.OWNER, Scope.ACCOUNT}
        return isinstance(self.kpi, Kpi) and not narrow and not self.choice.asked.get("full")

    def moved_context(self) -> dict[str, Any]:
        """What moved, part by part, and what each account gave."""
        if not hasattr(self, "now"):
            self.load()
        self.load_accounts()
        change = shown_change(self.before, self.now)
        made = making.moves(self.before, self.now, self.then_by, self.now_by, self.name_of)
        return {
            "choice": self.choice,
            "result": self.now,
            "change": change,
            "change_words": self.change_words(change),
            "waterfall": making.waterfall_rows(self.before, self.now, made, self.compared_label()),
            "accounts": making.contributions(self.now, self.now_by, self.name_of, self.currency),
            "unit_name": self.kpi.unit.value,
        }

    def context(self) -> dict[str, Any]:
        self.load()
        choice, result = self.choice, self.now
        self.targets = Targets.of([(self.place.scope, self.place.key)], [self.kpi.id])
        target_row = self.targets.row(self.kpi, self.place.scope, self.place.key, choice.period)
        target = target_row.value if target_row and self.kpi.direction != Direction.NONE else None
        firsts = definition_changes(choice)
        sets = self.allowed_sets()
        moved = {"lazy_url": choice_url(self, part="accounts")} if self.is_wide else self.moved_context()
        low, high = result.interval or (None, None)
        scale_min, scale_max = words.scale(result)
        text, unit = formats.value_parts(result.value, self.kpi.unit, result.currency or self.currency)
        page_state = {"period": choice.period, "view": choice.view}
        return {
            "kpi": self.kpi,
            "place": self.place,
            "choice": choice,
            "result": result,
            "crumbs": [
                *crumbs(self.user, self.place, page_state, with_self=True),
                Link(GROUPS[self.kpi.group][0], ""),
            ],
            "value_text": text,
            "value_unit": unit,
            "status": status_of(result, target),
            "status_words": self.status_words(target),
            "too_few": is_too_few(result),
            "low": low,
            "high": high,
            "target": target,
            "good": {Direction.UP: "up", Direction.DOWN: "down"}.get(self.kpi.direction),
            "scale_min": scale_min,
            "scale_max": scale_max,
            "bar_texts": self.bar_texts(target),
            "reason": "" if result.value is not None else words.reason_words(result),
            "certainty": self.certainty(target),
            "earlier": self.earlier_versions(),
            "formula": making.formula_of(result, self.currency),
            "formula_note": self.formula_note(),
            "inputs": self.inputs(),
            "beside": self.beside(),
            "compared": choice.compared,
            **moved,
            "trend": self.trend(target, trend_marks(choice, changed_days(self.kpi, firsts))),
            "sets": self.set_links(sets, 0),
            "has_rows": bool(sets),
            "rows_url": choice_url(self, part="rows"),
            "sql": self.sql(),
            "words": self.definition_words(firsts),
            "elsewhere": self.elsewhere(),
            "may_set": self.shows_form(),
            "target_form": self.target_form(),
            "target_row": target_row,
            "target_rows": self.target_rows(target_row),
            "has_views": self.place.scope in {Scope.OWNER, Scope.TEAM},
            "print_words": f"compared with {choice.compared.words}",
        }

    def status_words(self, target: Decimal | None) -> str:
        name = status_of(self.now, target)
        shown = words.target_words(self.now, target)
        usual = {
            "on_target": f"on {shown}",
            "within_limit": f"within {shown}",
            "short": f"short of {shown}",
            "over": f"over the {shown}",
            "too_close": f"too close to call, {shown}",
        }
        return usual.get(name, "")

    def bar_texts(self, target: Decimal | None) -> dict[str, str]:
        result = self.now

        def bare(value: Decimal | None) -> str:
            if value is None:
                return ""
            return words.number_text(value, result).removesuffix(f"{words.NBSP}%")

        low, high = result.interval or (None, None)
        shown = words.target_words(result, target).removesuffix(f"{words.NBSP}%")
        return {"value": bare(result.value), "low": bare(low), "high": bare(high), "target": shown}

    def certainty(self, target: Decimal | None) -> str:
        """One paragraph on how far the number can be trusted."""
        result = self.now
        if result.value is None:
            return ""
        n = formats.at_most_one_decimal(result.n) if result.n is not None else ""
        what = self.counted_words()
        if is_exact(result):
            kind = "a sum" if isinstance(self.kpi, Kpi) and not self.kpi.denominator else "a share of a whole"
            return (
                f"This is {kind}, not an estimate: it is exactly what its rows add up to. "
                "It has no range, and a difference of two such numbers is a fact, not chance."
            )
        if is_too_few(result):
            return (
                f"It rests on {n} {what} only. That is too few to judge: one more or one less would move it far, "
                "so it is neither compared nor measured against the target."
            )
        if result.interval is None:
            return (
                f"It rests on {n} {what}. No likely range is computed for numbers of this kind; "
                "take small differences for chance."
            )
        opening = (
            f"With {n} {what}, one or two large ones decide this number. "
            if (result.n or 0) < 30
            else (f"It rests on {n} {what}. ")
        )
        low, high = (words.number_text(bound, result) for bound in result.interval)
        between = f"What lies behind it is likely between {low} and {high}; "
        between += "a range made this way is right 95 times in 100."
        return f"{opening}{between}{self.against(target)}"

    def against(self, target: Decimal | None) -> str:
        if target is None or self.now.interval is None:
            return ""
        shown = words.plain_value(target, self.now)
        name = "limit" if self.kpi.direction == Direction.DOWN else "target"
        low, high = self.now.interval
        if low < target <= high or (low <= target < high):
            return f" The {name} of {shown} lies inside, so these figures do not say whether it is reached or missed."
        good = status_of(self.now, target) in {"on_target", "within_limit"}
        return f" The {name} of {shown} lies outside, so the {'success' if good else 'shortfall'} is more than chance."

    def counted_words(self) -> str:
        if isinstance(self.kpi, Kpi) and self.kpi.n:
            return self.kpi.n.label
        if isinstance(self.kpi, RowKpi):
            return RECIPES[self.kpi.recipe_name].label
        return "cases"

    def compared_label(self) -> str:
        compared = self.choice.compared
        if not compared.by_run:
            return period_words(compared.period)
        if compared.period != self.choice.period:
            return f"Run of {formats.day(compared.run.as_of)}: {period_words(compared.period)}"
        return f"Run of {formats.day(compared.run.as_of)}"

    def change_words(self, change: Any) -> str:
        if change.amount is None:
            return "not compared: one of the two has no value"
        difference = formats.format_difference(change.amount, self.kpi.unit, self.currency)
        if change.state == "not_compared":
            return f"{difference}; too few to compare"
        if change.state == "none":
            return "no change"
        if change.noise is None:
            return difference
        noise = (
            formats.number(change.noise, 1)
            if self.kpi.unit.value in {"share", "points"}
            else (words.number_text(change.noise, self.now))
        )
        verdict = "more than noise" if change.state == "named" else "within noise"
        return f"{difference}, {verdict} (±{noise})"

    # ------------------------------------------------------------------------------------------- pieces

    def earlier_versions(self) -> list[Earlier]:
        """What earlier runs published for this period after it was complete, where it read otherwise."""
        choice, place = self.choice, self.place
        if place.scope == Scope.ACCOUNT or self.now.value is None and not self.now.reason:
            return []
        if wants_company(self.kpi) or wants_trailing(self.kpi):
            # Made of other scopes or periods: their own pages say what was restated.
            return []
        versions = Versions(place.scope, place.key, choice.view, choice.period, choice.organisation)
        found, last = [], words.value_text(self.now)
        for end in versions.ends[:5]:
            run = next((run for run in choice.runs if run.pk < end), None)
            if run is None or run.pk >= choice.run.pk or choice.period.is_partial(run.as_of):
                continue
            text = words.value_text(versions.result(self.kpi, run, choice.newest))
            if text != last:
                found.append(Earlier(run, text, self.url(run=run.pk)))
                last = text
        return found

    def url(self, **more: object) -> str:
        return explain_url(
            self.kpi.id, self.place.scope, self.place.key, self.choice.period, self.choice.view, **more
        )

    def formula_note(self) -> str:
        if isinstance(self.kpi, Kpi) and self.kpi.uses_money:
            return f"Amounts in {self.currency}."
        return "" if isinstance(self.kpi, Kpi) else self.kpi.words

    def inputs(self) -> list[making.InputLine]:
        return [
            making.InputLine(
                each.kpi.name,
                explain_url(each.kpi.id, each.scope, each.key, each.period, each.view)
                if each.scope == self.place.scope or sees_everything(self.user)
                else "",
                words.value_text(each),
                formats.at_most_one_decimal(each.n) if each.n is not None else "",
                period_words(each.period) + ("" if each.scope == self.place.scope else ", company"),
            )
            for each in self.now.inputs
        ]

    def beside(self) -> list[tuple[str, str]]:
        """Figures shown with the number that do not enter it."""
        if isinstance(self.kpi, Kpi):
            return [
                (
                    making.capital(part.label),
                    words.part_text(part, self.now.beside.get(part.name), self.currency),
                )
                for part in self.kpi.beside
            ]
        names = {"top1": "Share of the largest account", "hhi": "Sum of squared shares (HHI)"}
        return [
            (names[name], formats.share(value * 100) if name == "top1" else formats.number(value, 3))
            for name, value in self.now.beside.items()
        ]

    def trend(self, target: Decimal | None, marks: Sequence[int]) -> dict[str, Any]:
        results = [self.series[self.kpi.id, period, self.place.key] for period in self.choice.trend]
        known = [
            value for each in results for value in (each.value, each.low, each.high) if value is not None
        ]
        if not known:
            return {}
        if target is not None:
            known.append(target)
        return {
            "points": [each.value for each in results],
            "low": [each.low for each in results],
            "high": [each.high for each in results],
            "marks": marks,
            "first": period_words(self.choice.trend[0]),
            "last": period_words(self.choice.trend[-1]),
            "middle": "line: the definition changed" if marks else "",
            "top": words.number_text(max(known), self.now),
            "bottom": words.number_text(min(known), self.now),
            "rows": [
                (period_words(each.period), words.value_text(each), words.range_text(each), each.n)
                for each in reversed(results)
            ],
            "has_range": any(each.low is not None for each in results),
        }

    def elsewhere(self) -> list[Elsewhere]:
        """The same number of the team and the company, for whoever may see this one."""
        if self.kpi.id == "growth_contribution":
            return []
        choice, places = self.choice, self.place.wider
        keys = [(place.scope, place.key) for place in places]
        results = elsewhere(
            self.kpi, choice.period, keys, choice.view, choice.run, choice.newest, choice.organisation
        )
        found = []
        for place, result in zip(places, results, strict=True):
            opens = sees_everything(self.user) or (self.user.role == "lead" and place.scope == Scope.TEAM)
            url = explain_url(self.kpi.id, place.scope, place.key, self.choice.period, self.choice.view)
            n = formats.at_most_one_decimal(result.n) if result.n is not None else ""
            found.append(Elsewhere(place.name, words.value_text(result), n, url if opens else ""))
        return found

    def shows_form(self) -> bool:
        """Whoever may open the card of a team or of somebody else as its lead may set its targets."""
        if self.kpi.direction == Direction.NONE:
            return False
        place, user = self.place, self.user
        if user.role == "lead" and (place.scope, place.key) != (Scope.OWNER, user.pk):
            return place.scope in {Scope.OWNER, Scope.TEAM}
        return may_set(user, place.scope, place.key, self.choice.organisation.today())

    def target_rows(self, held: Target | None) -> list[tuple[Target, str]]:
        """The targets for this kind of period, or those that stand in for them; newest first."""
        kind = held.period_kind if held else self.choice.period.kind.value
        return [
            (row, KIND_WORDS[PeriodKind(row.period_kind)].lower())
            for row in self.targets.rows
            if row.period_kind == kind
        ][:8]

    def target_form(self, data: Any = None) -> TargetForm:
        choice = self.choice
        kind = choice.period.kind.value if choice.period.kind.value != "custom" else "t12"
        instance = Target(
            kpi=self.kpi.id, scope=self.place.scope, key=self.place.key, period_kind=kind, set_by=self.user
        )
        unit = {"share": "In per cent.", "money": f"In {self.currency}.", "days": "In days."}
        initial = {"starts": choice.period.start}
        return TargetForm(data, instance=instance, initial=initial, words=unit.get(self.kpi.unit.value, ""))

    # ------------------------------------------------------------------------------------------- words

    def definition_words(self, firsts: Sequence[tuple[Run, dict[str, str]]]) -> list[tuple[str, str]]:
        kpi = self.kpi
        direction = {Direction.UP: "higher is better", Direction.DOWN: "lower is better"}
        versions = changed_days(kpi, firsts)
        first = versions[-1] if versions else firsts[0][0] if firsts else self.choice.run
        found = [
            ("In words", making.capital(kpi.words)),
            ("Direction", direction.get(kpi.direction, "neither high nor low is good by itself")),
            ("Window", self.window_words()),
        ]
        if self.currency_words():
            found.append(("Currency", self.currency_words()))
        found.append(("Credit", credit_words(kpi, self.place.scope, self.choice.view)))
        found.append(("Version", f"{len(versions) + 1}, since {formats.day(first.as_of, year=True)}"))
        run = self.choice.run
        found.append(("Run", f"{formats.moment(run.published_at)}, {formats.number(run.seconds, 1)} s"))
        return found

    def window_words(self) -> str:
        whole = f"{period_words(self.choice.period)}, whole months"
        return (
            f"{whole}, so far up to {formats.day(self.choice.run.as_of)}" if self.choice.is_partial else whole
        )

    def currency_words(self) -> str:
        kpi = self.kpi
        if isinstance(kpi, Kpi) and any(
            leaf.at_start_rate for part in kpi.parts() for leaf in part.expression.leaves()
        ):
            day = formats.day(self.choice.period.start, year=True)
            return f"{self.currency}, rates of {day} for both ends"
        money = kpi.uses_money if isinstance(kpi, Kpi) else kpi.unit.value.startswith("money")
        return f"{self.currency}, each amount at the rate of its own day" if money else ""

    # -------------------------------------------------------------------------------------------- rows

    def allowed_sets(self) -> list[RowSet]:
        """Kinds of rows this person may list: no amounts of contracts for those who may not see them."""
        sets = row_sets(self.kpi)
        if may_see(self.user, Secret.CONTRACT_VALUE):
            return sets
        return [each for each in sets if each.source not in (LIVE_CONTRACTS, DUE_CONTRACTS)]

    def set_links(self, sets: Sequence[RowSet], chosen: int) -> list[Link]:
        return [
            Link(making.capital(each.words), choice_url(self, rows=1, set=place) + "#rows", place == chosen)
            for place, each in enumerate(sets)
        ]

    def chosen_set(self, sets: Sequence[RowSet]) -> int:
        asked = self.choice.asked.get("set", "0")
        return int(asked) if asked.isdecimal() and int(asked) < len(sets) else 0

    def rows_context(self, page: str) -> dict[str, Any]:
        sets = self.allowed_sets()
        if not sets:
            return {"found": None}
        chosen = self.chosen_set(sets)
        row_set = sets[chosen]
        number = int(page) if page.isdecimal() and 0 < int(page) < 1_000_000 else 1
        found = find_rows(self.user, row_set, self.place, self.choice, number)
        pages = Paginator(range(max(found.shown_count, 0)), PAGE)
        shown: Page[int] = pages.get_page(number)
        if shown.number != number:
            found = find_rows(self.user, row_set, self.place, self.choice, shown.number)
        money = row_set.is_money
        return {
            "found": found,
            "row_set": row_set,
            "sets": self.set_links(sets, chosen),
            "page": shown,
            "counted_head": f"Counted, {self.currency}" if money else "Counted",
            "total_text": amount_text(found.total, money),
            "hidden_text": amount_text(found.hidden_total, money),
            "row_lines": [
                (
                    row,
                    formats.money(row.booked, row.currency, full=True) if row.currency else "",
                    amount_text(row.counted, money),
                )
                for row in found.rows
            ],
            "csv_url": choice_url(self, part="csv", set=chosen),
            "difference": self.difference(row_set, found),
            "account_urls": {row.account_id for row in found.rows},
            "choice": self.choice,
            "previous_url": choice_url(self, rows=1, set=chosen, page=shown.number - 1) + "#rows",
            "next_url": choice_url(self, rows=1, set=chosen, page=shown.number + 1) + "#rows",
        }

    def difference(self, row_set: RowSet, found: Found) -> dict[str, Any]:
        """Figure of the shown run against today's rows, and what the audit history says happened since."""
        if not self.choice.is_past_run:
            return {}
        then = measured(row_set, self.place, self.choice)
        if then is None or abs(then - found.total) < Decimal("0.005"):
            return {}
        return {
            "then": amount_text(then, row_set.is_money),
            "now": amount_text(found.total, row_set.is_money),
            "difference": amount_text(found.total - then, row_set.is_money, signed=True),
            "history": history_since(row_set, self.choice.run.published_at),
        }

    def csv(self) -> HttpResponse:
        sets = self.allowed_sets()
        if not sets:
            raise Http404
        row_set = sets[self.chosen_set(sets)]
        found = find_rows(self.user, row_set, self.place, self.choice, 1, None)
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(
            ["date", "account", "row", "detail", "amount", "currency", "counted", "counted_currency"]
        )
        counted_in = self.currency if row_set.is_money else ""
        for row in found.rows:
            writer.writerow(
                [
                    row.date.isoformat(), safe(row.account), safe(row.label), safe(row.detail),
                    "" if row.booked is None else row.booked, row.currency, row.counted, counted_in,
                ]
            )  # fmt: skip
        if found.hidden_count:
            note = f"{found.hidden_count} rows in accounts you may not see"
            writer.writerow(["", note, "", "", "", "", found.hidden_total, counted_in])
        response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{self.kpi.id}-rows.csv"'
        return response

    def sql(self) -> str:
        """A statement that anyone with a read-only login can run; made of the same pieces as the number."""
        choice, place = self.choice, self.place
        if not sees_everything(self.user) and place.scope not in {Scope.OWNER, Scope.TEAM, Scope.COMPANY}:
            return ""
        if isinstance(self.kpi, Kpi):
            text, params = sums_statement(
                self.kpi, place, choice.view, choice.period, choice.run, choice.newest
            )
        elif isinstance(self.kpi, RowKpi) and choice.view == View.AS_WAS:
            recipe = RECIPES[self.kpi.recipe_name]
            facts = facts_of(choice.run, choice.newest)
            inner, params = rowkpis.statement(recipe, [choice.period], facts, choice.run.as_of)
            text = f"""SELECT figures FROM ({inner}) made
     WHERE scope = %(scope)s AND key IS NOT DISTINCT FROM %(key)s::bigint"""
            params = {**params, "scope": str(place.scope), "key": place.key}
        else:
            return ""
        composed: str = connection.ops.compose_sql(text, params)  # type: ignore[attr-defined]
        return "\n".join(line for line in composed.splitlines() if line.strip())


def choice_url(explanation: Explanation, **changes: object) -> str:
    """This page's own address with its whole state."""
    choice = explanation.choice
    kept = {name: choice.asked.get(name, "") for name in ("compare", "run")}
    return explanation.url(**{**kept, **changes})


def amount_text(amount: Decimal, money: bool, signed: bool = False) -> str:
    if money:
        return formats.number(amount, signed=signed)
    return formats.at_most_one_decimal(amount, signed=signed)


def credit_words(kpi: Definition, scope: str, view: str) -> str:
    """Who gets what, as the engine derives it from the formula."""
    if isinstance(kpi, Derived):
        return "as in the numbers it is made of"
    if view == View.CURRENT_BOOK and scope in {Scope.OWNER, Scope.TEAM}:
        return "every account whole, to its owner of today"
    if scope == Scope.COMPANY:
        return "everything counts"
    if scope == Scope.ACCOUNT:
        return "everything of this account, whoever looked after it"
    if scope in {Scope.OWNER, Scope.TEAM}:
        by_row = isinstance(kpi, RowKpi) or (isinstance(kpi, Kpi) and kpi.credit == Credit.ROW)
        if by_row:
            return "each row to the person it names, else to the account's owner on its day; a handover moves nothing"
        return "every account counts once, whole, for its owner on the period's first day"
    return "every account as it was classified on the period's first day"
