"""What a page about numbers shows: period, view, run and comparison, all read from the query string."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qsl

from django.db.models.expressions import RawSQL

from accounts.models import Organisation, User
from accounts.periods import BadPeriod, Day, Period, PeriodKind, add_months, latest_complete, period_of
from kamplan import formats
from kamplan.components import Choice as Link
from metrics.kpi import Definition, RowKpi
from metrics.models import Run, View
from metrics.names import run_words, since_run, the_run
from metrics.reading import FIRST_NIGHT
from metrics.recipes import RECIPES
from metrics.result import Result
from metrics.urls_for import state

POINTS = 18
"""So many periods a trend steps back."""
NEWEST_RUNS, MOST_RUNS = 3, 30
"""So many runs of the last days, and so many in all, are offered to compare with."""

STORED_KINDS = frozenset(
    {PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR, PeriodKind.T12, PeriodKind.FISCAL_YEAR}
)
KIND_WORDS = {
    PeriodKind.MONTH: "Month",
    PeriodKind.QUARTER: "Quarter",
    PeriodKind.YEAR: "Year",
    PeriodKind.YEAR_TO_DATE: "Year to date",
    PeriodKind.T12: "12 months",
    PeriodKind.FISCAL_YEAR: "Fiscal year",
    PeriodKind.CUSTOM: "From – to",
}
MAIN_KINDS = (PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR, PeriodKind.T12)
POINT_WORDS = {
    PeriodKind.QUARTER: "18 quarters",
    PeriodKind.YEAR: "18 years",
    PeriodKind.FISCAL_YEAR: "18 years",
}
BEFORE = "before"


@dataclass(frozen=True)
class Comparison:
    """What a value is compared with: an earlier run, or this run's own figure of an earlier period."""

    run: Run
    period: Period
    by_run: bool

    @property
    def words(self) -> str:
        if self.by_run:
            return run_words(self.run)
        return period_words(self.period)

    @property
    def the_words(self) -> str:
        return the_run(self.run) if self.by_run else self.words

    @property
    def since(self) -> str:
        """As in `better since 31 Aug`."""
        return since_run(self.run) if self.by_run else f"than {period_words(self.period)}"

    @property
    def value(self) -> str:
        return str(self.run.pk) if self.by_run else BEFORE


@dataclass(frozen=True)
class Choice:
    """The state of a page; `runs` are the newest first."""

    period: Period
    view: str
    organisation: Organisation
    runs: Sequence[Run]
    asked: Mapping[str, str] = field(default_factory=dict)
    reader: User | None = None
    """For whom the figures are made: what few people answered is not for everyone."""

    def grown_up(self, result: Result) -> Link | None:
        """Of a number too young to judge, the nearest period of this kind whose rows have all had their time."""
        if result.reason != "immature" or not isinstance(result.kpi, RowKpi):
            return None
        days = datetime.timedelta(days=RECIPES[result.kpi.recipe_name].matures_days)
        found = self.period
        while found.last_day + days > self.run.as_of:
            found = found.moved(-found.step())
        return Link(period_words(found), self.query(period=found))

    @property
    def newest(self) -> Run:
        return self.runs[0]

    @cached_property
    def run(self) -> Run:
        """The run that is shown: the newest, unless an earlier one is asked for."""
        return next((run for run in self.runs if str(run.pk) == self.asked.get("run")), self.newest)

    @property
    def is_past_run(self) -> bool:
        return self.run.pk != self.newest.pk

    @cached_property
    def earlier_runs(self) -> list[Run]:
        return [run for run in self.runs if run.pk < self.run.pk]

    @cached_property
    def compared(self) -> Comparison:
        """The run asked for, else the last one before this period was over, else the period before."""
        asked = self.asked.get("compare", "")
        if asked != BEFORE:
            chosen = next((run for run in self.earlier_runs if str(run.pk) == asked), self.run_before)
            if chosen is not None:
                return Comparison(chosen, self.period_in(chosen), by_run=True)
        return Comparison(self.run, apart_before(self.period), by_run=False)

    @cached_property
    def run_before(self) -> Run | None:
        """Last night's run says the same of a period that is over; what people saw last is the period before it."""
        return next((run for run in self.earlier_runs if run.as_of < self.period.last_day), None)

    @property
    def night_before(self) -> Run | None:
        return next((run for run in self.earlier_runs if run.as_of < self.run.as_of), None)

    @property
    def why_compared(self) -> str:
        """Why this side was taken, as long as nobody chose one."""
        if self.asked.get("compare"):
            return ""
        if self.compared.by_run:
            return "Unless you choose: what was shown before this period was over."
        return "Unless you choose: the period before, for no run is as old as that."

    @property
    def other_sides(self) -> list[Link]:
        """The other usual questions: since last night, and against the period before."""
        night, now = self.night_before, self.compared.value
        nights = [(str(night.pk), night_words(night))] if night else []
        before = (BEFORE, period_words(apart_before(self.period)))
        return [Link(words, self.query(compare=side)) for side, words in (*nights, before) if side != now]

    def period_in(self, run: Run) -> Period:
        """This period if it was complete in that run, else the latest of its kind that was."""
        if not self.period.is_partial(run.as_of):
            return self.period
        if self.period.kind != PeriodKind.CUSTOM:
            return latest_complete(self.period.kind, run.as_of, self.organisation.fiscal_year_start)
        found = self.period
        while found.is_partial(run.as_of):
            found = found.moved(-found.step())
        return found

    @cached_property
    def definitions(self) -> list[tuple[Run, dict[str, str]]]:
        """The first run of every set of definitions, oldest first; asks only if there was more than one."""
        earlier = [run for run in self.runs if run.pk <= self.run.pk]
        if len({run.fingerprint for run in earlier}) == 1:
            return [(earlier[-1], {})]
        firsts = Run.objects.filter(pk__lte=self.run.pk).order_by("fingerprint", "pk").distinct("fingerprint")
        found = sorted(firsts.only("pk", "as_of", "fingerprint", "definitions"), key=lambda run: run.pk)
        return [(run, run.definitions) for run in found]

    def why_apart(self, kpi: Definition, earlier: Run) -> str:
        """The reason why the same number of an earlier run cannot be held against this one's; mostly there is none."""
        if earlier.fingerprint == self.run.fingerprint:
            return ""
        known = {run.fingerprint: versions.get(kpi.id) for run, versions in self.definitions}
        then, now = known[earlier.fingerprint], known[self.run.fingerprint]
        if then == now:
            return ""
        return "otherwise" if then else "not_known"

    @cached_property
    def comparable_runs(self) -> list[Run]:
        """The newest earlier runs, of each month the last one, and whatever this is compared with."""
        found: list[Run] = []
        months = set()
        for place, run in enumerate(self.earlier_runs):
            month = (run.as_of.year, run.as_of.month)
            is_usual = len(found) < MOST_RUNS and (place < NEWEST_RUNS or month not in months)
            if is_usual or (self.compared.by_run and run.pk == self.compared.run.pk):
                found.append(run)
            months.add(month)
        return found

    @cached_property
    def trend(self) -> list[Period]:
        """Up to 18 periods of this kind, oldest first, ending with the one shown; only kinds that are stored."""
        if self.period.kind not in STORED_KINDS or self.run.first_month is None:
            return []
        step = self.period.step()
        back = [self.period.moved(-step * place) for place in range(POINTS - 1, -1, -1)]
        return [each for each in back if each.end > self.run.first_month and each.start <= self.run.as_of]

    @property
    def trend_words(self) -> str:
        return POINT_WORDS.get(self.period.kind, "18 months")

    # ------------------------------------------------------------------------------------------ addresses

    def query(self, **changes: object) -> str:
        """This state with some parts changed."""
        period = changes.pop("period", self.period)
        view = changes.pop("view", self.view)
        kept = {name: self.asked.get(name, "") for name in ("compare", "run", "by", "group", "all")}
        return state(period, str(view), **{**kept, **changes})

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What a form that changes the period must carry along."""
        view = self.view if self.view == View.CURRENT_BOOK else ""
        found = {name: self.asked.get(name, "") for name in ("compare", "run", "by", "group", "all")}
        return [(name, value) for name, value in {**found, "view": view}.items() if value]

    @property
    def kept_with_period(self) -> list[tuple[str, str]]:
        parts = parse_qsl(state(self.period).removeprefix("?"))
        return [*self.kept, *parts]

    @property
    def comparisons(self) -> list[tuple[str, str, bool]]:
        """Options of the select: value, words, whether it is the one in use."""
        now = self.compared.value
        runs = [
            (str(run.pk), f"compared with {run_words(run)}", str(run.pk) == now)
            for run in self.comparable_runs
        ]
        before = f"compared with {period_words(apart_before(self.period))}"
        return [*runs, (BEFORE, before, now == BEFORE)]

    def kinds(self) -> list[Link]:
        """The segmented control of the usual kinds; each keeps the end of what is shown."""
        return [self.kind_link(kind) for kind in MAIN_KINDS]

    def more_kinds(self) -> list[Link]:
        """The kinds that stand in the menu."""
        fiscal = [PeriodKind.FISCAL_YEAR] if self.organisation.fiscal_year_start != 1 else []
        return [self.kind_link(kind) for kind in (PeriodKind.YEAR_TO_DATE, *fiscal)]

    @property
    def more_words(self) -> str:
        return "More" if self.period.kind in MAIN_KINDS else KIND_WORDS[self.period.kind]

    def kind_link(self, kind: PeriodKind) -> Link:
        return Link(KIND_WORDS[kind], self.query(period=self.of_kind(kind)), kind == self.period.kind)

    def of_kind(self, kind: PeriodKind) -> Period:
        """The period of another kind that ends where this one does, or the last complete one before."""
        day = min(self.period.last_day, self.run.as_of)
        fiscal = self.organisation.fiscal_year_start
        found = period_of(kind, day, fiscal)
        complete = latest_complete(kind, self.run.as_of, fiscal)
        return min(found, complete, key=lambda each: each.end) if kind != self.period.kind else self.period

    def views(self) -> list[Link]:
        return [
            Link("Credit as it was", self.query(view=View.AS_WAS), self.view == View.AS_WAS),
            Link("Current book", self.query(view=View.CURRENT_BOOK), self.view == View.CURRENT_BOOK),
        ]

    @property
    def earlier_url(self) -> str:
        found = self.period.moved(-self.period.step())
        first = self.run.first_month
        return self.query(period=found) if first and found.end > first else ""

    @property
    def later_url(self) -> str:
        found = self.period.moved(self.period.step())
        return self.query(period=found) if last_begun(found) <= self.run.as_of else ""

    @property
    def period_label(self) -> str:
        return period_words(self.period)

    @property
    def words(self) -> str:
        """As in `12 months to 31 Oct 2026`."""
        last = formats.day(self.period.last_day, year=True)
        kind = {
            PeriodKind.T12: "12 months to",
            PeriodKind.MONTH: "month to",
            PeriodKind.QUARTER: "quarter to",
            PeriodKind.YEAR: "year to",
            PeriodKind.YEAR_TO_DATE: "year to date, to",
            PeriodKind.FISCAL_YEAR: "fiscal year to",
        }.get(self.period.kind, f"{self.period.months} month{'s' * (self.period.months != 1)} to")
        return f"{kind} {last}"

    @property
    def words_so_far(self) -> str:
        """With the day that was reached, where some of the period are still to come."""
        return f"{self.words}, {so_far(self.period, self.run)}" if self.is_partial else self.words

    @property
    def is_partial(self) -> bool:
        return self.period.is_partial(self.run.as_of)


def last_begun(period: Period) -> Day:
    """The first day of the period's last month: trailing kinds may be shown once that has begun."""
    trailing = period.kind in {PeriodKind.T12, PeriodKind.YEAR_TO_DATE, PeriodKind.CUSTOM}
    return add_months(period.end, -1) if trailing else period.start


def period_words(period: Period) -> str:
    if period.kind == PeriodKind.QUARTER:
        return f"Q{(period.start.month + 2) // 3} {period.start.year}"
    if period.kind == PeriodKind.YEAR:
        return str(period.start.year)
    return formats.month_range(period.start, period.last_day)


def apart_before(period: Period) -> Period:
    """The nearest earlier period that shares no day with this one."""
    if period.kind in {PeriodKind.T12, PeriodKind.YEAR_TO_DATE}:
        return period.moved(-12)
    return period.moved(-period.step())


def so_far(period: Period, run: Run) -> str:
    """How far the run came in a period that was not over."""
    return f"{'so far up to' if run.as_of >= period.start else 'not begun on'} {formats.day(run.as_of)}"


def night_words(run: Run) -> str:
    return run_words(run) if run.shares_its_day else f"the night of {formats.day(run.as_of)}"


def month_of(text: str) -> Day | None:
    try:
        return datetime.datetime.strptime(text, "%Y-%m").date()
    except ValueError:
        return None


def read_period(asked: Mapping[str, str], as_of: Day, fiscal_start: int) -> Period:
    """The period asked for; whatever is no period falls back to the last 12 complete months."""
    usual = latest_complete(PeriodKind.T12, as_of, fiscal_start)
    try:
        kind = PeriodKind(asked.get("period", PeriodKind.T12.value))
    except ValueError:
        return usual
    if kind == PeriodKind.CUSTOM:
        first, last = month_of(asked.get("from", "")), month_of(asked.get("to", ""))
        try:
            return Period(first, add_months(last, 1), PeriodKind.CUSTOM) if first and last else usual
        except BadPeriod:
            return usual
    end = month_of(asked.get("end", ""))
    if end is None or not 1990 <= end.year <= 2200:
        return latest_complete(kind, as_of, fiscal_start)
    return period_of(kind, end, fiscal_start)


def load_runs() -> list[Run]:
    """Every run, newest first, without what only the page about runs shows."""
    found = (
        Run.objects.told_apart().filter(is_kept=True).defer("definitions", "errors").order_by("-pk")[:1000]
    )
    return list(found.annotate(first_night=RawSQL(FIRST_NIGHT, [])))


def read_choice(asked: Mapping[str, str], organisation: Organisation, reader: User | None) -> Choice | None:
    """None while nothing has been computed."""
    runs = load_runs()
    if not runs:
        return None
    shown = next((run for run in runs if str(run.pk) == asked.get("run")), runs[0])
    period = read_period(asked, shown.as_of, organisation.fiscal_year_start)
    view = View.CURRENT_BOOK if asked.get("view") == View.CURRENT_BOOK else View.AS_WAS
    return Choice(period, view, organisation, runs, asked, reader)
