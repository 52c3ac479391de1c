"""Results: values with everything needed to judge them, made from stored or freshly summed parts."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from django.db import connection

from accounts.models import Organisation, User
from accounts.periods import Day, Period, PeriodKind, trailing_year
from metrics.access import SEGMENTS, hidden_groups, tells_to
from metrics.assumptions import USUAL as ASSUMED
from metrics.intervals import linearised, net_share, wilson
from metrics.kpi import Definition, Derived, Interval, Kpi, RowKpi, Term, Unit
from metrics.loading import Loader, Where
from metrics.models import Run, Scope, View
from metrics.needs import is_by_row, is_defined, is_money, is_of, of_group, scale_of
from metrics.reading import FIRST_NIGHT, newest_run
from metrics.recipes import RECIPES
from metrics.recipes.recipe import Split
from metrics.result import FEW, Key, Result, Slice

ZERO = Decimal(0)

TODAYS_ROWS = (
    "made of today's rows: the earlier run did not store this figure, and single rows keep no versions"
)

SLICES, CHANNELS = "slices", "channels"
"""The names in the figures of single rows that hold no number."""

Outcome = tuple[Decimal | None, str]
"""A value, or none and the reason for it."""


class Ratio(NamedTuple):
    """A value with the sums it is made of, or the reason why there is none."""

    sums: dict[str, Decimal]
    base: dict[str, Decimal]
    """The sums that the denominator is taken from; of some numbers the company's or a book's."""
    numerator: Decimal
    denominator: Decimal | None
    value: Decimal | None
    reason: str


def results(
    kpis: Sequence[Definition],
    periods: Sequence[Period],
    scope: str = Scope.COMPANY,
    keys: Iterable[Key] = (None,),
    view: str = View.AS_WAS,
    run: Run | None = None,
    newest: Run | None = None,
    reader: User | None = None,
) -> dict[tuple[str, Period, Key], Result]:
    """Every KPI for every period and key of one scope, in a constant number of statements.

    `newest`: the newest run, by who has read it before. `reader`: for whom, where it is shown to somebody."""
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
    return Computer(run, newest, scope, keys, view, Organisation.current(), reader).all(kpis, periods)


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


class Computer(Loader):
    """Makes results of the figures that it has loaded, for one reader or for nobody in particular.

    Whatever is shown to somebody is made here: what that person may not see is left out here, and nowhere else."""

    @cached_property
    def hidden(self) -> dict[tuple[str, Period], set[Key]]:
        """Of each number and period the groups that the reader is not told, once somebody asked."""
        return {}

    def places_for(self, kpis: Sequence[Definition]) -> list[Where]:
        """Whether one group is told depends on how many answered in the others."""
        found = super().places_for(kpis)
        if self.scope in SEGMENTS and not all(tells_to(self.reader, kpi) for kpi in kpis):
            found[0] = (self.scope, None, self.view)
        return found

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

    def result(self, kpi: Definition, period: Period, key: Key) -> Result:
        made = self.make(kpi, period, self.scope, key)
        return as_group(kpi, made, self.scope, key)

    def make(self, kpi: Definition, period: Period, scope: str, key: Key) -> Result:
        made = self.made(kpi, period, scope, key)
        return made.withheld() if self.hides(made) else made

    def hides(self, made: Result) -> bool:
        """What the people of one account said, or fewer than five of a group, is an opinion, and not for everyone."""
        if made.value is None or tells_to(self.reader, made.kpi):
            return False
        if made.scope == Scope.ACCOUNT or (made.n or 0) < FEW:
            return True
        return made.scope in SEGMENTS and made.key in self.hidden_in(made.kpi, made.period)

    def hidden_in(self, kpi: Definition, period: Period) -> set[Key]:
        assert isinstance(kpi, Kpi) and kpi.n is not None
        if (kpi.id, period) not in self.hidden:
            # What a page has put beside the groups is none of them.
            keys = {key for scope, span, key in self.figures if (scope, span) == (self.scope, period.span)}
            sums = {
                key: self.sums_for(kpi, period, self.scope, key) for key in keys if key is None or key >= 0
            }
            self.hidden[kpi.id, period] = hidden_groups(
                {key: int(found.get(kpi.n.name, 0)) for key, found in sums.items()}
            )
        return self.hidden[kpi.id, period]

    def made(self, kpi: Definition, period: Period, scope: str, key: Key) -> Result:
        if not is_of(kpi, scope):
            return self.blank(kpi, period, scope, key, reason="not_defined")
        if not self.has_begun(period):
            return self.blank(kpi, period, scope, key, reason="not_begun")
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

    def sums_for(self, kpi: Kpi, period: Period, scope: str, key: Key) -> dict[str, Decimal]:
        figures = self.figures_for(period, scope, key)
        return figures.rows if is_by_row(kpi, scope, self.view, self.run) else figures.accounts

    def value(self, kpi: Definition, period: Period, key: Key) -> Decimal | None:
        """The value alone: of what a trend draws nothing else is seen, and a page has hundreds of points."""
        if self.scope == Scope.TARGET or not tells_to(self.reader, kpi):
            return self.result(kpi, period, key).value
        return self.outcome(kpi, period, self.scope, key)[0]

    def outcome(self, kpi: Definition, period: Period, scope: str, key: Key) -> Outcome:
        """The value, or the reason why there is none."""
        if not is_of(kpi, scope):
            return None, "not_defined"
        if not self.has_begun(period):
            return None, "not_begun"
        if isinstance(kpi, Kpi):
            made = self.ratio(kpi, period, scope, key)
            return made.value, made.reason
        if isinstance(kpi, Derived):
            return self.formed(kpi, [self.outcome(*each) for each in self.inputs_of(kpi, period, scope, key)])
        assert isinstance(kpi, RowKpi)
        if not is_defined(kpi, scope, self.view):
            return None, "not_defined"
        return outcome_of_rows(kpi, self.figures_for(period, scope, key).single.get(kpi.id, {}))

    def has_begun(self, period: Period) -> bool:
        """What is still to come has no sum either: 0 would pass for something that was seen."""
        return period.start <= self.run.as_of

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


def assumed_in(run: Run | None, kpi: Derived) -> list[Decimal]:
    """What this run assumed of what the formula takes behind its inputs."""
    settings = (run.settings if run else None) or {}
    return [Decimal(settings.get(name) or ASSUMED[name]) for name in kpi.assumed]


def as_group(kpi: Definition, made: Result, scope: str, key: Key) -> Result:
    """What stands in for a group, under the names of the number that was asked for."""
    if made.kpi is kpi:
        return made
    names = zip(kpi.parts(), made.kpi.parts(), strict=True)
    parts = {own.name: made.parts[other.name] for own, other in names}
    return replace(made, kpi=kpi, scope=scope, key=key, parts=parts)


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


def total(terms: tuple[Term, ...], sums: dict[str, Decimal]) -> Decimal:
    found = ZERO
    for term in terms:
        found += term.sign * sums.get(term.part.name, ZERO)
    return found


NEVER_BELOW_ZERO = frozenset({Unit.COUNT, Unit.DAYS, Unit.HOURS, Unit.MINUTES, Unit.PER_YEAR, Unit.SCORE})
"""What is counted or lasts; a range that a few wide values pull below 0 ends there."""


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
