"""Results: values with everything needed to judge them, made from stored or freshly summed parts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q

from accounts.models import Organisation
from accounts.periods import Day, Period, PeriodKind, trailing_year
from metrics import evaluate, rowkpis
from metrics.assumptions import USUAL as ASSUMED
from metrics.evaluate import Facts
from metrics.intervals import linearised, net_share, wilson
from metrics.kpi import Credit, Definition, Derived, Interval, Kpi, RowKpi, Term, Unit
from metrics.kpis import KPIS
from metrics.levels import BY_OPENING, LEVELS, Level
from metrics.models import ExactDecoder, Run, Scope, ScopeFigures, View
from metrics.reading import FIRST_NIGHT, facts_of, newest_run
from metrics.recipes import RECIPES
from metrics.recipes.recipe import Split

ZERO = Decimal(0)
CLASSES = frozenset({Scope.TIER, Scope.INDUSTRY, Scope.REGION, Scope.TARGET})
"""By what accounts are classified."""
FEW = 5
"""An estimate from fewer units than this is shown muted and never judged."""

REASONS = {
    "no_base": "there is nothing to divide by in this period",
    "no_rate": "an exchange rate is missing for some of its rows",
    "no_run": "no figures have been computed yet",
    "no_input": "a figure it is made of has no value",
    "no_loss": "no customer was lost and no lifespan is assumed in the settings",
    "met": "the quota is met already: there is no gap left to cover",
    "no_quota": "no quota is set for this period",
    "immature": "fewer than 80 % of them are old enough for their outcome to be known",
    "never": "nobody ever talked with them",
    "no_map": "no key contact is on the map",
    "few": "it compares two bands, and fewer than 30 different customers were in one of them",
    "not_looked": "nobody looked for warnings yet",
    "not_defined": "it is not defined for this scope",
    "not_said": "nobody said whether it was for target accounts",
    "not_known": "that run did not know this number yet",
    "otherwise": "that run counted it otherwise",
}

TODAYS_ROWS = (
    "made of today's rows: the earlier run did not store this figure, and single rows keep no versions"
)

SLICES, CHANNELS = "slices", "channels"
"""The names in the figures of single rows that hold no number."""

Key = int | None
Span = tuple[Any, Any]
Outcome = tuple[Decimal | None, str]
"""A value, or none and the reason for it."""
Where = tuple[str, list[Key] | None, str]
"""A scope, some of its keys or all of them, and a view."""


@dataclass
class Figures:
    """The figures of one scope and period: sums over whole accounts, over credited rows, and of single rows."""

    accounts: dict[str, Decimal] = field(default_factory=dict)
    rows: dict[str, Decimal] = field(default_factory=dict)
    single: dict[str, dict[str, Decimal]] = field(default_factory=dict)

    def add(self, kind: str, figures: dict[str, Any]) -> None:
        getattr(self, kind).update(figures)


class Ratio(NamedTuple):
    """A value with the sums it is made of, or the reason why there is none."""

    sums: dict[str, Decimal]
    base: dict[str, Decimal]
    """The sums that the denominator is taken from; of some numbers the company's or a book's."""
    numerator: Decimal
    denominator: Decimal | None
    value: Decimal | None
    reason: str


NOTHING = Figures()
"""Of a scope and period of which nothing is known; nobody adds to it."""


@dataclass(frozen=True)
class Slice:
    """One part of a figure that is split: a channel, a stage."""

    name: str
    value: Decimal | None
    numerator: Decimal | None
    n: Decimal


@dataclass(frozen=True)
class Result:
    """A value or the reason why there is none; shares in %, money in the reporting currency."""

    kpi: Definition
    scope: str
    key: Key
    period: Period
    view: str
    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    n: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    reason: str = ""
    notice: str = ""
    """What has to be known about the value beside its certainty."""
    parts: dict[str, Decimal] = field(default_factory=dict)
    whole: dict[str, Decimal] = field(default_factory=dict)
    """What stands below the line where that is of the company or of a whole book; else nothing."""
    beside: dict[str, Decimal] = field(default_factory=dict)
    inputs: tuple["Result", ...] = ()
    slices: tuple[Slice, ...] = ()
    channels: tuple[Slice, ...] = ()
    run: Run | None = None
    currency: str = ""

    @property
    def unit(self) -> Unit:
        return self.kpi.unit

    @property
    def below(self) -> dict[str, Decimal]:
        """The parts below the line; one may be called as one above it and yet be of the whole."""
        return {**self.parts, **self.whole}

    @property
    def interval(self) -> tuple[Decimal, Decimal] | None:
        return (self.low, self.high) if self.low is not None and self.high is not None else None

    @property
    def is_estimate(self) -> bool:
        """Counts and sums are exact; everything with a denominator estimates something."""
        return not (isinstance(self.kpi, Kpi) and not self.kpi.denominator)

    @property
    def is_too_few(self) -> bool:
        return self.value is not None and self.is_estimate and self.n is not None and self.n < FEW

    @property
    def is_partial(self) -> bool:
        return self.run is not None and self.period.is_partial(self.run.as_of)

    @property
    def reason_text(self) -> str:
        return REASONS.get(self.reason, self.reason)


def results(
    kpis: Sequence[Definition],
    periods: Sequence[Period],
    scope: str = Scope.COMPANY,
    keys: Iterable[Key] = (None,),
    view: str = View.AS_WAS,
    run: Run | None = None,
    newest: Run | None = None,
) -> dict[tuple[str, Period, Key], Result]:
    """Every KPI for every period and key of one scope, in a constant number of statements.

    `newest`: the newest run, by who has read it before."""
    keys = list(keys)
    newest = newest or newest_run()
    run = run or newest
    if run is None:
        return {
            (kpi.id, period, key): Result(kpi, scope, key, period, view, reason="no_run")
            for kpi in kpis
            for period in periods
            for key in keys
        }
    return Computer(run, newest, scope, keys, view, Organisation.current()).all(kpis, periods)


def every_key(
    kpis: Sequence[Definition],
    period: Period,
    scope: str,
    view: str = View.AS_WAS,
    run: Run | None = None,
) -> dict[tuple[str, Period, Key], Result]:
    """Every KPI for every key that the scope has in this period, the unassigned one included.

    There is always a company, even before it has an account.
    """
    newest = newest_run()
    run = run or newest
    if run is None:
        return {}
    keys: list[Key] | None = [None] if scope == Scope.COMPANY else None
    return Computer(run, newest, scope, keys, view, Organisation.current()).all(kpis, [period])


class Computer:
    """Loads the figures a set of results needs, once, and makes the results."""

    def __init__(
        self,
        run: Run,
        newest: Run | None,
        scope: str,
        keys: list[Key] | None,
        view: str,
        organisation: Organisation,
    ) -> None:
        self.run = run
        self.newest = newest
        self.scope = scope
        self.keys = keys
        self.view = view if scope in {Scope.OWNER, Scope.TEAM} else View.AS_WAS
        self.currency: str = run.settings.get("reporting_currency") or organisation.reporting_currency
        self.figures: dict[tuple[str, Span, Key], Figures] = {}
        self.live: set[tuple[str, Span]] = set()
        self.books: dict[int, Key] = {}
        self.asked: Sequence[Definition] = KPIS

    def all(
        self, kpis: Sequence[Definition], periods: Sequence[Period]
    ) -> dict[tuple[str, Period, Key], Result]:
        self.prepare(kpis, periods)
        keys = self.keys if self.keys is not None else self.found_keys()
        return {
            (kpi.id, period, key): self.result(kpi, period, key)
            for kpi in kpis
            for period in periods
            for key in keys
        }

    def prepare(self, kpis: Sequence[Definition], periods: Sequence[Period]) -> None:
        """Load what these numbers need of these periods."""
        self.asked = with_inputs(kpis)
        self.load_all(self.places_for(kpis), periods_for(kpis, periods))

    def places_for(self, kpis: Sequence[Definition]) -> list[Where]:
        """Whose figures these numbers are made of: the own ones, where they ask for it the company's or a book's."""
        found: list[Where] = [(self.scope, self.keys, self.view)]
        if self.scope != Scope.COMPANY and any(wants_company(kpi, self.scope) for kpi in kpis):
            found.append((Scope.COMPANY, [None], View.AS_WAS))
        if self.scope == Scope.ACCOUNT and any(wants_book(kpi) for kpi in kpis):
            self.books = books_of(self.run, self.newest, self.keys)
            found.append((Scope.OWNER, list(dict.fromkeys(self.books.values())), View.CURRENT_BOOK))
        return found

    def found_keys(self) -> list[Key]:
        return list(dict.fromkeys(key for scope, _, key in self.figures if scope == self.scope))

    # ---------------------------------------------------------------------------------------- loading

    def load_all(self, places: list[Where], periods: list[Period]) -> None:
        for scope, keys, view in places:
            self.load(scope, keys, periods, view)

    def load(self, scope: str, keys: list[Key] | None, periods: list[Period], view: str) -> None:
        missing = periods
        if scope != Scope.ACCOUNT:
            self.load_stored(scope, keys, periods, view)
            stored = self.stored_spans(periods)
            missing = [period for period in periods if (period.start, period.end) not in stored]
        if missing:
            self.live |= {(scope, (period.start, period.end)) for period in missing}
            self.load_live(scope, keys, missing, view)

    def valid(self) -> Q:
        """Figures valid in the chosen run."""
        return Q(valid_from__lte=self.run.pk) & (Q(valid_to__isnull=True) | Q(valid_to__gt=self.run.pk))

    def load_stored(self, scope: str, keys: list[Key] | None, periods: list[Period], view: str) -> None:
        rows = ScopeFigures.objects.filter(
            self.valid(),
            scope=scope,
            view=view,
            starts__in={period.start for period in periods},
            ends__in={period.end for period in periods},
        )
        if keys is not None:
            named = [key for key in keys if key is not None]
            rows = rows.filter(Q(key__in=named) | (Q(key__isnull=True) if None in keys else Q(pk__in=[])))
        for row in rows.only("starts", "ends", "key", "kind", "figures"):
            found = self.figures.setdefault((scope, (row.starts, row.ends), row.key), Figures())
            found.add(row.kind, row.figures)

    def stored_spans(self, periods: list[Period]) -> set[Span]:
        """Spans whose figures the run stored: those for which the company has a row."""
        loaded = {span for scope, span, key in self.figures if scope == Scope.COMPANY}
        wanted = {(period.start, period.end) for period in periods}
        if wanted <= loaded:
            return wanted
        return set(
            ScopeFigures.objects.filter(
                self.valid(),
                scope=Scope.COMPANY,
                starts__in={start for start, _ in wanted},
                ends__in={end for _, end in wanted},
            ).values_list("starts", "ends")
        )

    def load_live(self, scope: str, keys: list[Key] | None, periods: list[Period], view: str) -> None:
        """Sum the parts of any other period from the facts of the run."""
        facts = facts_of(self.run, self.newest)
        for level in levels_of(scope, view):
            kind = ScopeFigures.Kind.ROWS if level.is_row_credit else ScopeFigures.Kind.ACCOUNTS
            for span, key, parts in self.sum_parts(level, scope, keys, periods, facts):
                self.keep(scope, span, key, keys, kind, parts)
        if view == View.AS_WAS:
            for kpi in self.asked:
                if isinstance(kpi, RowKpi) and is_defined(kpi, scope, view):
                    for span, key, figure in self.row_figures(kpi, scope, keys, periods, facts):
                        self.keep(scope, span, key, keys, ScopeFigures.Kind.SINGLE, {kpi.id: figure})

    def keep(
        self, scope: str, span: Span, key: Key, keys: list[Key] | None, kind: str, figures: dict[str, Any]
    ) -> None:
        if keys is None or key in keys:
            self.figures.setdefault((scope, span, key), Figures()).add(kind, figures)

    def sum_parts(
        self, level: Level, scope: str, keys: list[Key] | None, periods: list[Period], facts: Facts
    ) -> list[tuple[Span, Key, dict[str, Decimal]]]:
        narrowed = narrow(facts, level, scope, keys)
        # An account's own sums make a few numbers at a time.
        asked = [kpi for kpi in self.asked if isinstance(kpi, Kpi)] if scope == Scope.ACCOUNT else []
        sql, params = evaluate.statement(level, periods, narrowed, self.run.as_of.replace(day=1), asked)
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return [
                ((starts, ends), key, exact(parts))
                for starts, ends, found, key, parts in cursor.fetchall()
                if found == scope
            ]

    def row_figures(
        self, kpi: RowKpi, scope: str, keys: list[Key] | None, periods: list[Period], facts: Facts
    ) -> list[tuple[Span, Key, dict[str, Decimal]]]:
        sql, params = rowkpis.statement(RECIPES[kpi.recipe_name], periods, facts, self.run.as_of)
        among, own = only_accounts(scope, keys)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT * FROM ({sql}) made WHERE scope = %(scope)s{among}",
                {**params, **own, "scope": scope},
            )
            return [
                ((starts, ends), key, exact(figure)) for starts, ends, _, key, figure in cursor.fetchall()
            ]

    # ---------------------------------------------------------------------------------------- making

    def result(self, kpi: Definition, period: Period, key: Key) -> Result:
        made = self.make(kpi, period, self.scope, key)
        return as_group(kpi, made, self.scope, key)

    def make(self, kpi: Definition, period: Period, scope: str, key: Key) -> Result:
        if not is_of(kpi, scope):
            return self.blank(kpi, period, scope, key, reason="not_defined")
        if isinstance(kpi, Kpi):
            stands_in = of_group(kpi, scope, key)
            if stands_in is not None:
                return self.make_ratio(stands_in, period, Scope.COMPANY, None)
            if kpi.of_targets and scope == Scope.TARGET:
                return self.blank(kpi, period, scope, key, reason="not_said")
            return self.make_ratio(kpi, period, scope, key)
        if isinstance(kpi, Derived):
            return self.make_derived(kpi, period, scope, key)
        assert isinstance(kpi, RowKpi)
        return self.make_from_rows(kpi, period, scope, key)

    def blank(self, kpi: Definition, period: Period, scope: str, key: Key, **values: Any) -> Result:
        return Result(
            kpi,
            scope,
            key,
            period,
            self.view,
            run=self.run,
            currency=self.currency if is_money(kpi.unit) else "",
            **values,
        )

    def figures_for(self, period: Period, scope: str, key: Key) -> Figures:
        return self.figures.get((scope, (period.start, period.end), key), NOTHING)

    def sums_for(self, kpi: Kpi, period: Period, scope: str, key: Key) -> dict[str, Decimal]:
        figures = self.figures_for(period, scope, key)
        return figures.rows if is_by_row(kpi, scope, self.view, self.run) else figures.accounts

    def value(self, kpi: Definition, period: Period, key: Key) -> Decimal | None:
        """The value alone: of what a trend draws nothing else is seen, and a page has hundreds of points."""
        if self.scope == Scope.TARGET:
            return self.result(kpi, period, key).value
        return self.outcome(kpi, period, self.scope, key)[0]

    def outcome(self, kpi: Definition, period: Period, scope: str, key: Key) -> Outcome:
        """The value, or the reason why there is none."""
        if not is_of(kpi, scope):
            return None, "not_defined"
        if isinstance(kpi, Kpi):
            made = self.ratio(kpi, period, scope, key)
            return made.value, made.reason
        if isinstance(kpi, Derived):
            return self.formed(kpi, [self.outcome(*each) for each in self.inputs_of(kpi, period, scope, key)])
        assert isinstance(kpi, RowKpi)
        if not is_defined(kpi, scope, self.view):
            return None, "not_defined"
        return outcome_of_rows(kpi, self.figures_for(period, scope, key).single.get(kpi.id, {}))

    def ratio(self, kpi: Kpi, period: Period, scope: str, key: Key) -> Ratio:
        sums = base = self.sums_for(kpi, period, scope, key)
        if kpi.of_book and scope == Scope.ACCOUNT:
            base = self.figures_for(period, Scope.OWNER, self.books.get(key or 0)).accounts
        elif kpi.company_denominator and scope != Scope.COMPANY:
            base = self.sums_for(kpi, period, Scope.COMPANY, None)
        numerator = total(kpi.numerator, sums)
        denominator = total(kpi.denominator, base) if kpi.denominator else None
        reason, value = self.why_none(kpi, period, sums, denominator), None
        if not reason:
            value = numerator if denominator is None else numerator * scale_of(kpi.unit) / denominator
        return Ratio(sums, base, numerator, denominator, value, reason)

    def why_none(
        self, kpi: Kpi, period: Period, sums: dict[str, Decimal], denominator: Decimal | None
    ) -> str:
        """The reason for which the sums make no value; empty where they do."""
        if kpi.needs is not None and not sums.get(kpi.needs.name):
            return "no_base"
        if kpi.is_looked_for and not self.was_looked(period):
            return "not_looked"
        if has_gap(kpi, sums):
            return "no_rate"
        if denominator is not None and (denominator == 0 or (kpi.positive_base and denominator < 0)):
            return kpi.none_reason
        return ""

    def make_ratio(self, kpi: Kpi, period: Period, scope: str, key: Key) -> Result:
        made = self.ratio(kpi, period, scope, key)
        parts = {part.name: Decimal(made.sums.get(part.name, ZERO)) for part in kpi.parts()}
        whole: dict[str, Decimal] = {}
        if made.base is not made.sums:
            whole = {term.part.name: Decimal(made.base.get(term.part.name, ZERO)) for term in kpi.denominator}
        low, high = None, None
        if made.value is not None and made.denominator is not None:
            low, high = bounds(kpi, made.sums, made.numerator, made.denominator, scale_of(kpi.unit))
        return self.blank(
            kpi,
            period,
            scope,
            key,
            value=made.value,
            numerator=made.numerator,
            denominator=made.denominator,
            n=Decimal(made.sums.get(kpi.n.name, ZERO)) if kpi.n else None,
            low=low,
            high=high,
            reason=made.reason,
            parts=parts,
            whole=whole,
            beside={part.name: parts[part.name] for part in kpi.beside},
        )

    def was_looked(self, period: Period) -> bool:
        """Whether a night had looked for warnings by the period's last day."""
        return self.first_night is not None and self.first_night <= min(period.last_day, self.run.as_of)

    @cached_property
    def first_night(self) -> Day | None:
        """A page reads it with its runs."""
        if hasattr(self.run, "first_night"):
            return self.run.first_night  # type: ignore[no-any-return]
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {FIRST_NIGHT}")
            (found,) = cursor.fetchone()
        return found  # type: ignore[no-any-return]

    def make_derived(self, kpi: Derived, period: Period, scope: str, key: Key) -> Result:
        inputs = tuple(self.make(*each) for each in self.inputs_of(kpi, period, scope, key))
        known = all(each.value is not None for each in inputs)
        value, reason = self.formed(kpi, [(each.value, each.reason) for each in inputs])
        return self.blank(
            kpi,
            period,
            scope,
            key,
            value=value,
            n=inputs[kpi.n_from if known and value is not None else 0].n,
            inputs=inputs,
            reason=reason,
            notice=next((each.notice for each in inputs if each.notice), "") if known else "",
        )

    def inputs_of(
        self, kpi: Derived, period: Period, scope: str, key: Key
    ) -> list[tuple[Definition, Period, str, Key]]:
        """Which numbers of which periods and scopes it is made of."""
        found: list[tuple[Definition, Period, str, Key]] = []
        for each in kpi.of:
            over = trailing_year(period.last_day) if each.over == PeriodKind.T12 else period
            of_company = each.company and scope in {Scope.ACCOUNT, Scope.OWNER}
            found.append((each.kpi, over, *((Scope.COMPANY, None) if of_company else (scope, key))))
        return found

    def formed(self, kpi: Derived, inputs: Sequence[Outcome]) -> Outcome:
        """What the formula makes of its inputs; where there is no loss to go by, the setting that stands in."""
        missing = next((reason for value, reason in inputs if value is None), None)
        if missing is None:
            value = kpi.formula(*(value for value, _ in inputs), *assumed_in(self.run, kpi))
            if value is not None:
                return value, ""
        reason = missing if missing is not None else "no_loss" if kpi.fallback_setting else "no_base"
        assumed = (self.run.settings or {}).get(kpi.fallback_setting) if reason == "no_loss" else None
        return (Decimal(assumed), "") if assumed else (None, reason)

    def make_from_rows(self, kpi: RowKpi, period: Period, scope: str, key: Key) -> Result:
        if not is_defined(kpi, scope, self.view):
            return self.blank(kpi, period, scope, key, reason="not_defined")
        stored = self.figures_for(period, scope, key).single.get(kpi.id, {})
        figure = {name: Decimal(value) for name, value in stored.items() if name not in {SLICES, CHANNELS}}
        scale = scale_of(kpi.unit)
        n = figure.get("n", ZERO)
        common: dict[str, Any] = {
            "n": n,
            "numerator": figure.get("numerator"),
            "denominator": figure.get("denominator"),
        }
        recipe = RECIPES[kpi.recipe_name]
        common["slices"] = slices_of(recipe.split, stored.get(SLICES, ()), scale)  # type: ignore[arg-type]
        common["channels"] = slices_of(recipe.channels, stored.get(CHANNELS, ()), scale)  # type: ignore[arg-type]
        common["notice"] = self.notice_of(kpi, period, scope)
        names = [each.name for each in RECIPES[kpi.recipe_name].beside]
        beside = {name: figure[name] for name in names if name in figure}
        value, reason = outcome_of_rows(kpi, stored)
        if reason == "no_rate":
            return self.blank(kpi, period, scope, key, reason=reason, **common)
        known = figure if value is not None else {}
        low, high = (known[name] * scale if name in known else None for name in ("low", "high"))
        return self.blank(
            kpi, period, scope, key, value=value, low=low, high=high, reason=reason, beside=beside, **common
        )

    def notice_of(self, kpi: Definition, period: Period, scope: str) -> str:
        """As of an earlier run a period that it did not store can only be made of what the rows are today."""
        is_past = self.newest is not None and self.run.pk != self.newest.pk
        # What single rows say of one account is never stored.
        is_live = scope == Scope.ACCOUNT or (scope, (period.start, period.end)) in self.live
        of_rows = isinstance(kpi, RowKpi) and RECIPES[kpi.recipe_name].reads_rows
        return TODAYS_ROWS if is_past and is_live and of_rows else ""


def outcome_of_rows(kpi: RowKpi, stored: dict[str, Any]) -> Outcome:
    """The value that a run made of single rows, or the reason why there is none."""
    if Decimal(stored.get("no_rate", ZERO)):
        return None, "no_rate"
    value = stored.get("value")
    if value is not None:
        return Decimal(value) * scale_of(kpi.unit), ""
    if stored.get("few"):
        return None, "few"
    if stored.get("denominator") is not None and kpi.id == "pipeline_coverage":
        return None, "met"
    if kpi.id in {"quota_attainment", "pipeline_coverage"}:
        return None, "no_quota"
    return None, "immature" if stored.get("n") and "mature" in stored else "no_base"


def is_by_row(kpi: Definition, scope: str, view: str, run: Run) -> bool:
    """Whether single rows count here: for the person they name, or for what their account was at their opening.

    Runs made before rows knew the latter keep the figures that they published.
    """
    if not isinstance(kpi, Kpi):
        return False
    if scope in CLASSES:
        return kpi.goes_by_opening and bool(run.settings.get(BY_OPENING))
    return kpi.credit == Credit.ROW and scope in {Scope.OWNER, Scope.TEAM} and view == View.AS_WAS


def assumed_in(run: Run | None, kpi: Derived) -> list[Decimal]:
    """What this run assumed of what the formula takes behind its inputs."""
    settings = (run.settings if run else None) or {}
    return [Decimal(settings.get(name) or ASSUMED[name]) for name in kpi.assumed]


def with_inputs(kpis: Iterable[Definition]) -> list[Definition]:
    """These numbers and those they are made of."""
    found: list[Definition] = []
    for kpi in kpis:
        found.append(kpi)
        if isinstance(kpi, Derived):
            found += with_inputs(each.kpi for each in kpi.of)
    return list(dict.fromkeys(found))


def periods_for(kpis: Sequence[Definition], periods: Iterable[Period]) -> list[Period]:
    """These periods and, where a number is made of it, the year that ends with each of them."""
    spans = {(period.start, period.end): period for period in periods}
    if any(wants_trailing(kpi) for kpi in kpis):
        for period in list(spans.values()):
            trailing = trailing_year(period.last_day)
            spans.setdefault((trailing.start, trailing.end), trailing)
    return list(spans.values())


def is_of(kpi: Definition, scope: str) -> bool:
    """Whether what it is made of belongs to this scope at all."""
    if scope == Scope.COMPANY or (scope == Scope.TARGET and kpi.of_targets):
        return True
    return not kpi.company_only and not (kpi.lacks_account and scope not in {Scope.OWNER, Scope.TEAM})


def of_group(kpi: Definition, scope: str, key: Key) -> Kpi | None:
    """The number of the company that says it for target accounts or for the others, where there is one of each."""
    if not isinstance(kpi, Kpi) or scope != Scope.TARGET or key is None:
        return None
    return kpi.of_target if key else kpi.of_others


def as_group(kpi: Definition, made: Result, scope: str, key: Key) -> Result:
    """What stands in for a group, under the names of the number that was asked for."""
    if made.kpi is kpi:
        return made
    names = zip(kpi.parts(), made.kpi.parts(), strict=True)
    parts = {own.name: made.parts[other.name] for own, other in names}
    return replace(made, kpi=kpi, scope=scope, key=key, parts=parts)


def is_defined(kpi: Definition, scope: str, view: str) -> bool:
    """Figures made of single rows have no value in the current book, and few have one for a single account."""
    if not is_of(kpi, scope):
        return False
    if not isinstance(kpi, RowKpi):
        return True
    if scope == Scope.ACCOUNT:
        return kpi.of_accounts
    if scope == Scope.OWNER and not kpi.of_persons:
        return False
    of_people = kpi.of_people or scope not in {Scope.OWNER, Scope.TEAM}
    return kpi.of_groups and view == View.AS_WAS and of_people


def only_accounts(scope: str, keys: list[Key] | None) -> tuple[str, dict[str, Any]]:
    """A condition that lets the planner read the rows of a few accounts only."""
    if scope != Scope.ACCOUNT or keys is None:
        return "", {}
    return " AND key = ANY(%(only)s)", {"only": keys}


def slices_of(split: Split | None, slices: Iterable[dict[str, Any]], scale: int) -> tuple[Slice, ...]:
    """The parts of a figure by channel or stage, with the names that people know."""
    names = dict(split.names) if split else {}

    def number(value: Any, times: int = 1) -> Decimal | None:
        return None if value is None else Decimal(value) * times

    return tuple(
        Slice(
            names.get(each["name"], each["name"]),
            number(each.get("value"), scale),
            number(each.get("numerator")),
            Decimal(each["n"]),
        )
        for each in slices
    )


def levels_of(scope: str, view: str) -> list[Level]:
    """The levels whose rows make up a scope in a view."""
    if scope == Scope.ACCOUNT:
        return [LEVELS["accounts"]]
    if scope == Scope.OWNER:
        names = ["book owners"] if view == View.CURRENT_BOOK else ["segments", "row owners"]
    elif scope == Scope.TEAM:
        names = ["book teams"] if view == View.CURRENT_BOOK else ["teams", "row teams"]
    elif scope in CLASSES:
        names = ["segments", "row classes"]
    else:
        names = ["segments"]
    return [LEVELS[name] for name in names]


def narrow(facts: Facts, level: Level, scope: str, keys: list[Key] | None) -> Facts:
    """Read only the accounts that a few keys can concern, where that is known beforehand."""
    if keys is None or None in keys:
        return facts
    if scope == Scope.ACCOUNT:
        return facts.of("f.account_id = ANY(%(keys)s)", keys=list(keys))
    if scope == Scope.OWNER and level.is_row_credit:
        return facts.of("f.person_id = ANY(%(keys)s)", keys=list(keys))
    if scope == Scope.OWNER:
        held = evaluate.held_at_start(facts.relation, "o.owner_id = ANY(%(keys)s)")
        if level.view == View.CURRENT_BOOK:
            book = "o.holder_id = ANY(%(keys)s) AND o.month = %(book_month)s"
            held = f"SELECT o.account_id FROM {facts.relation} o WHERE {book}"
        among = f"f.account_id IN ({held})"
        return facts.of(among, keys=list(keys))
    return facts


DECODER = ExactDecoder()


def exact(parts: Any) -> dict[str, Any]:
    """psycopg reads JSON fractions as floats; sums must stay exact."""
    found: dict[str, Any] = DECODER.decode(parts) if isinstance(parts, str) else (parts or {})
    return found


def total(terms: tuple[Term, ...], sums: dict[str, Decimal]) -> Decimal:
    found = ZERO
    for term in terms:
        found += term.sign * sums.get(term.part.name, ZERO)
    return found


NEVER_BELOW_ZERO = frozenset({Unit.COUNT, Unit.DAYS, Unit.HOURS, Unit.MINUTES, Unit.PER_YEAR, Unit.SCORE})
"""What is counted or lasts; a range that a few wide values pull below 0 ends there."""


def scale_of(unit: Unit) -> int:
    """Stored ratios become per cent or points for display and output."""
    return 100 if unit in {Unit.SHARE, Unit.POINTS, Unit.SHARE_POINTS} else 1


def is_money(unit: Unit) -> bool:
    return unit in {Unit.MONEY, Unit.MONEY_PER_DAY}


def has_gap(kpi: Kpi, sums: dict[str, Decimal]) -> bool:
    return any(sums.get(gap) for gap in kpi.gap_columns)


def interval_names(kpi: Kpi) -> list[str]:
    """The stored sums that its interval is made of, besides its parts."""
    names = ("yy", "xy", "xx", "m") if kpi.interval == Interval.LINEARISED else ()
    return [f"{kpi.id}:{name}" for name in names]


def bounds(
    kpi: Kpi, sums: dict[str, Decimal], numerator: Decimal, denominator: Decimal, scale: int
) -> tuple[Decimal | None, Decimal | None]:
    found = None
    if kpi.interval == Interval.WILSON:
        found = wilson(float(numerator), float(denominator))
    elif kpi.interval == Interval.LINEARISED:
        yy, xy, xx, m = (Decimal(sums.get(name, ZERO)) for name in interval_names(kpi))
        found = linearised(numerator, denominator, yy, xy, xx, int(m))
    elif kpi.interval == Interval.NPS:
        plus, minus = (float(sums.get(term.part.name, ZERO)) for term in kpi.numerator)
        found = net_share(plus, minus, float(denominator))
    if found is None:
        return None, None
    if kpi.is_part_of_whole and 0 <= numerator <= denominator:
        found = max(found[0], 0.0), min(found[1], 1.0)
    if kpi.unit in NEVER_BELOW_ZERO and numerator >= 0:
        found = max(found[0], 0.0), found[1]
    return tuple(Decimal(repr(bound)) * scale for bound in found)  # type: ignore[return-value]


def wants_trailing(kpi: Definition) -> bool:
    return isinstance(kpi, Derived) and any(
        each.over == PeriodKind.T12 or wants_trailing(each.kpi) for each in kpi.of
    )


def wants_book(kpi: Definition) -> bool:
    if isinstance(kpi, Derived):
        return any(wants_book(each.kpi) for each in kpi.of)
    return isinstance(kpi, Kpi) and kpi.of_book


def books_of(run: Run, newest: Run | None, accounts: Iterable[Key] | None = None) -> dict[int, Key]:
    """In whose book each account was on the day of the run."""
    facts, among = facts_of(run, newest), ""
    if accounts is not None:
        facts, among = facts.of("TRUE", accounts=list(accounts)), "AND f.account_id = ANY(%(accounts)s)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT DISTINCT f.account_id, f.holder_id FROM {facts.relation} f
                 WHERE f.month = %(month)s AND f.account_id IS NOT NULL {among}""",
            {**facts.params, "month": run.as_of.replace(day=1)},
        )
        return dict(cursor.fetchall())


def wants_company(kpi: Definition, scope: str = "") -> bool:
    if isinstance(kpi, Derived):
        return any(each.company or wants_company(each.kpi, scope) for each in kpi.of)
    return isinstance(kpi, Kpi) and (
        kpi.company_denominator or (scope == Scope.TARGET and kpi.of_target is not None)
    )


def rounded(value: Decimal, places: int) -> Decimal:
    """Half up, as people expect; only for display."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
