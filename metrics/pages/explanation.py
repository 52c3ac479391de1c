"""The figures behind an explanation: one number of one place, now and in the comparison, and what belongs to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property, partial
from typing import Any

from django.db import connection

from accounts.models import Account, User
from accounts.periods import PeriodKind
from kamplan import formats
from metrics.access import may_see_kpi, sees_every_account, sees_everything, tells_to
from metrics.kpi import Definition, Direction, Kpi, RowKpi
from metrics.models import Run, Scope, Target, WeightChange
from metrics.names import the_run
from metrics.pages import making, words
from metrics.pages.accounts import Parts, per_account
from metrics.pages.choice import KIND_WORDS, Choice, period_words
from metrics.pages.figures import PageComputer, read_together, result_from
from metrics.pages.places import Place
from metrics.pages.portfolio_rows import visible_sql
from metrics.pages.stored import Stored, published
from metrics.recipes import RECIPES
from metrics.recipes.recipe import Beside
from metrics.result import Result
from metrics.targets import TargetForm, Targets, may_set
from metrics.urls_for import explain_url
from metrics.weights import Mark, Side, between, changes_of, mark_of

NAMES = "SELECT id, name FROM accounts_account WHERE id = ANY(%(wanted)s) AND id IN ({seen})"


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
    is_otherwise: bool = False
    """That run counted this number otherwise."""

    @property
    def run_words(self) -> str:
        return the_run(self.run)


def beside_text(column: Beside, value: Decimal, result: Result, currency: str) -> str:
    if column.is_share:
        return formats.share(value * 100)
    if column.unit:
        return formats.format_value(value, result.unit if column.unit == "own" else column.unit, currency)
    return formats.number(value, column.decimals)


def beside_of(result: Result, currency: str) -> list[tuple[str, str]]:
    """Figures shown with the number that do not enter it."""
    kpi = result.kpi
    if isinstance(kpi, Kpi):
        mean = words.mean_text(result)
        return [("Mean mark", f"{mean} of 10")] * bool(mean) + [
            (making.capital(part.label), words.part_text(part, result.beside.get(part.name), currency))
            for part in kpi.beside
        ]
    if not isinstance(kpi, RowKpi):
        return []
    return [
        (each.label, beside_text(each, result.beside[each.name], result, currency))
        for each in RECIPES[kpi.recipe_name].beside
        if each.name in result.beside
    ]


def url_of_input(each: Result, place: Place, user: User) -> str:
    """Where what a number is made of is explained; what is the company's alone is not for everyone to open."""
    if each.scope == place.scope or sees_everything(user):
        return explain_url(each.kpi.id, each.scope, each.key, each.period, each.view)
    return ""


def parts_by(result: Result) -> list[tuple[str, list[tuple[str, str]]]]:
    """By what the number is split, and each part with its own value."""
    if not isinstance(result.kpi, RowKpi):
        return []
    recipe = RECIPES[result.kpi.recipe_name]
    return [
        (split.label, [(each.name, words.slice_text(each, result)) for each in slices])
        for split, slices in ((recipe.split, result.slices), (recipe.channels, result.channels))
        if split and slices
    ]


class Explanation:
    """What the page knows of one number of one place: its figures, its accounts, its targets."""

    def __init__(self, user: User, kpi: Definition, place: Place, choice: Choice) -> None:
        self.user = user
        self.kpi = kpi
        self.place = place
        self.choice = choice
        self.currency = choice.organisation.reporting_currency
        self.names: dict[int, str] = {}

    def load(self) -> None:
        choice, compared = self.choice, self.choice.compared
        periods = [*choice.trend, choice.period]
        if not compared.by_run:
            periods.append(compared.period)
        mine, theirs = self.computer(choice.run), self.computer(compared.run)
        if compared.by_run:
            read_together([mine, theirs], [self.kpi], [*periods, compared.period])
        self.series = mine.all([self.kpi], list(dict.fromkeys(periods)))
        self.now = self.series[self.kpi.id, choice.period, self.place.key]
        before = theirs.all([self.kpi], [compared.period]) if compared.by_run else self.series
        found = before[self.kpi.id, compared.period, self.place.key]
        why = choice.why_apart(self.kpi, compared.run)
        self.before = replace(found, value=None, low=None, high=None, reason=why) if why else found

    def computer(self, run: Run) -> PageComputer:
        choice, place = self.choice, self.place
        return PageComputer(
            run,
            choice.newest,
            place.scope,
            [place.key],
            choice.view,
            choice.organisation,
            self.user,
            [self.kpi],
        )

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
        if not may_see_kpi(self.user, self.kpi, Scope.ACCOUNT):
            # What a single account's page refuses is not told here either.
            return
        wanted = {account for account in (*self.now_by, *self.then_by) if account is not None}
        seen, params = visible_sql(Account.objects.visible_to(self.user, choice.organisation.today()))
        with connection.cursor() as cursor:
            cursor.execute(NAMES.format(seen=seen), {**params, "wanted": list(wanted)})
            self.names = dict(cursor.fetchall())

    def name_of(self, account: int | None) -> str:
        if account is None:
            return "Rows without an account" if sees_every_account(self.user) else ""
        return self.names.get(account, "")

    @property
    def unnamed(self) -> str:
        """Why accounts have no name here: whoever may open them all may still not see this number of each."""
        told = may_see_kpi(self.user, self.kpi, Scope.ACCOUNT)
        return "you may not see" if told else "whose own number is not for this role"

    @cached_property
    def is_withheld(self) -> bool:
        """The number is made of too few answers for this reader; a part of the page asks it alone, too."""
        if tells_to(self.user, self.kpi):
            return False
        if not hasattr(self, "now"):
            choice = self.choice
            found = self.computer(choice.run).all([self.kpi], [choice.period])
            return found[self.kpi.id, choice.period, self.place.key].is_withheld
        return self.now.is_withheld

    @property
    def is_wide(self) -> bool:
        """A team, a segment or the company may hold thousands of accounts: they come after the page."""
        narrow = self.place.scope in {Scope.OWNER, Scope.ACCOUNT}
        return isinstance(self.kpi, Kpi) and not narrow and not self.choice.asked.get("full")

    def earlier_versions(self) -> list[Earlier]:
        """What earlier runs published for this period after it was complete, where it read otherwise."""
        choice, place = self.choice, self.place
        if place.scope == Scope.ACCOUNT or self.now.value is None and not self.now.reason:
            return []
        here = (place.scope, place.key)
        versions = [row for row in self.published or [] if (row.scope, row.key) == here]
        # The runs that replaced something, newest first.
        ends = sorted({row.valid_to for row in versions if row.valid_to is not None}, reverse=True)
        found, last = [], words.value_text(self.now)
        for end in ends[:5]:
            run = next((run for run in choice.runs if run.pk < end), None)
            if run is None or run.pk >= choice.run.pk or choice.period.is_partial(run.as_of):
                continue
            why = choice.why_apart(self.kpi, run)
            if why == "not_known":
                break
            text = words.value_text(self.result_from(versions, here, run))
            if text != last:
                found.append(Earlier(run, text, self.url(run=run.pk), bool(why)))
                last = text
        return found

    @cached_property
    def published(self) -> list[Stored] | None:
        """What the earlier figures of this place and those of wider ones are made of, in one statement."""
        choice, place = self.choice, self.place
        wider = [(each.scope, each.key) for each in place.wider]
        return published(self.kpi, choice.period, choice.view, choice.run, (place.scope, place.key), wider)

    def result_from(self, rows: Sequence[Stored] | None, place: tuple[str, int | None], run: Run) -> Result:
        choice = self.choice
        # Whether it is told depends on other groups, whose rows were not read.
        rows = rows if tells_to(self.user, self.kpi) else None
        return result_from(
            rows,
            self.kpi,
            choice.period,
            place,
            choice.view,
            run,
            choice.newest,
            choice.organisation,
            self.user,
        )

    def url(self, **more: object) -> str:
        return explain_url(
            self.kpi.id, self.place.scope, self.place.key, self.choice.period, self.choice.view, **more
        )

    def inputs(self) -> list[making.InputLine]:
        return [
            making.InputLine(
                each.kpi.name,
                url_of_input(each, self.place, self.user),
                words.value_text(each),
                formats.at_most_one_decimal(each.n) if each.n is not None else "",
                period_words(each.period) + ("" if each.scope == self.place.scope else ", company"),
            )
            for each in self.now.inputs
        ]

    def beside(self) -> list[tuple[str, str]]:
        return beside_of(self.now, self.currency)

    def splits(self) -> list[tuple[str, list[tuple[str, str]]]]:
        return parts_by(self.now)

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
            "middle": "line: counted otherwise from here on" if marks else "",
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
        found = []
        for place in self.place.wider:
            result = self.result_from(self.published, (place.scope, place.key), self.choice.run)
            opens = sees_everything(self.user) or (self.user.role == "lead" and place.scope == Scope.TEAM)
            url = explain_url(self.kpi.id, place.scope, place.key, self.choice.period, self.choice.view)
            n = formats.at_most_one_decimal(result.n) if result.n is not None else ""
            found.append(Elsewhere(place.name, words.value_text(result), n, url if opens else ""))
        return found

    @cached_property
    def weighed(self) -> list[WeightChange]:
        """The changes of weights and limits that the shown run counts by."""
        return changes_of([self.kpi.id], self.choice.run)[self.kpi.id]

    def weighed_between(self) -> list[Mark]:
        choice, compared = self.choice, self.choice.compared
        then, now = Side(compared.run, compared.period), Side(choice.run, choice.period)
        return [mark_of(each) for each in between(self.kpi.id, self.weighed, then, now)]

    @cached_property
    def targets(self) -> Targets:
        return Targets.of([(self.place.scope, self.place.key)], [self.kpi.id])

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


def choice_url(explained: Explanation, **changes: object) -> str:
    """This page's own address with its whole state."""
    choice = explained.choice
    kept = {name: choice.asked.get(name, "") for name in ("compare", "run", "account")}
    return explained.url(**{**kept, **changes})
