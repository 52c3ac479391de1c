"""Figures for pages: what the run stored is read at once, and nothing is asked twice."""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db import connection

from accounts.models import Organisation, User
from accounts.periods import Day, Period, first_of_month, usual_periods
from kamplan.formats import format_value
from metrics import evaluate, rowkpis
from metrics.kpi import Definition, Derived, Kpi, RowKpi
from metrics.loading import Figures, Span, Where, exact, levels_of, narrow, only_accounts
from metrics.models import Run, Scope, ScopeFigures, View
from metrics.needs import is_defined, periods_for, with_inputs
from metrics.pages.stored import Stored, in_run, in_spans, of_place, stored
from metrics.reading import facts_of
from metrics.recipes import RECIPES
from metrics.result import Key, Result
from metrics.results import Computer


def row_kpis_of(kpis: Sequence[Definition]) -> list[RowKpi]:
    """Those made of single rows, also inside derived numbers."""
    found = [kpi for kpi in kpis if isinstance(kpi, RowKpi)]
    for kpi in kpis:
        if isinstance(kpi, Derived):
            found += row_kpis_of([each.kpi for each in kpi.of])
    return list(dict.fromkeys(found))


@lru_cache(maxsize=64)
def usual_spans(first: Day, as_of: Day, fiscal_start: int) -> frozenset[Span]:
    return frozenset((period.start, period.end) for period in usual_periods(first, as_of, fiscal_start))


def usual_of(run: Run) -> frozenset[Span]:
    """The periods whose figures this run stored."""
    if run.first_month is None:
        return frozenset()
    fiscal = int((run.settings or {}).get("fiscal_year_start") or 1)
    return usual_spans(run.first_month, run.as_of, fiscal)


class PageComputer(Computer):
    """Knows from the run which periods are stored, without asking the database for each set of figures."""

    def __init__(
        self,
        run: Run,
        newest: Run,
        scope: str,
        keys: list[Key] | None,
        view: str,
        organisation: Organisation,
        reader: User | None,
        only: Sequence[Definition] = (),
        drawn: Sequence[Period] = (),
    ) -> None:
        """`only`: the numbers that will be asked for, where that is known; nothing else is read or summed then.
        `drawn`: periods of which only the values will be."""
        super().__init__(run, newest, scope, keys, view, organisation, reader)
        self.only = only
        self.drawn = {(period.start, period.end) for period in drawn}
        self.loaded: set[tuple[str, Span]] = set()
        self.row_kpis: list[RowKpi] = []

    def prepare(self, kpis: Sequence[Definition], periods: Sequence[Period]) -> None:
        self.row_kpis = row_kpis_of(kpis)
        super().prepare(kpis, periods)

    def text(self, kpi: Definition, value: Decimal | None) -> str:
        return format_value(value, kpi.unit, self.currency)

    def load_all(self, places: list[Where], periods: list[Period]) -> None:
        read_stored([self], places, periods)
        super().load_all(places, periods)

    def take(self, row: Stored) -> None:
        """Figures that were read, if they hold in this run."""
        if row.holds_in(self.run):
            self.figures.setdefault((row.scope, row.span, row.key), Figures()).add(row.kind, row.figures)

    def load(self, scope: str, keys: list[Key] | None, periods: list[Period], view: str) -> None:
        """Each span once, however often it is asked for; what the run stored has been read."""
        missing = [each for each in periods if (scope, (each.start, each.end)) not in self.loaded]
        if missing:
            spans = {(scope, (each.start, each.end)) for each in missing}
            self.loaded |= spans
            self.live |= spans
            self.load_live(scope, keys, missing, view)

    def load_live(self, scope: str, keys: list[Key] | None, periods: list[Period], view: str) -> None:
        """Periods that no run stores, summed from the facts: everything that is asked for in one statement."""
        facts = facts_of(self.run, self.newest)
        month = first_of_month(self.run.as_of)
        selects: list[str] = []
        params: dict[str, Any] = {}

        def add(kind: str, kpi: str, column: str, sql: str, own: dict[str, Any]) -> None:
            prefix = f"of_{len(selects)}_"
            text = (
                f"SELECT '{kind}' AS kind, '{kpi}' AS kpi, starts, ends, key, {column} AS figures"
                f" FROM ({sql}) made WHERE scope = '{scope}'"
            )
            selects.append(text.replace("%(", f"%({prefix}"))
            params.update({f"{prefix}{name}": value for name, value in own.items()})

        for level in levels_of(scope, view):
            kind = ScopeFigures.Kind.ROWS if level.is_row_credit else ScopeFigures.Kind.ACCOUNTS
            narrowed = narrow(facts, level, scope, keys)
            only = [] if level.is_row_credit else [k for k in with_inputs(self.only) if isinstance(k, Kpi)]
            add(kind, "", "parts", *evaluate.statement(level, periods, narrowed, month, only))
        if view == View.AS_WAS:
            for kpi in self.row_kpis:
                if not is_defined(kpi, scope, view):
                    continue
                recipe = RECIPES[kpi.recipe_name]
                sql, own = rowkpis.statement(recipe, periods, facts, self.run.as_of)
                among, few = only_accounts(scope, keys)
                sql = f"SELECT * FROM ({sql}) made WHERE scope = '{scope}'{among}"
                add(ScopeFigures.Kind.SINGLE, kpi.id, "figures", sql, {**own, **few})
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(selects), params)
            for kind, kpi_id, starts, ends, key, figures in cursor.fetchall():
                found = exact(figures)
                self.keep(scope, (starts, ends), key, keys, kind, {kpi_id: found} if kpi_id else found)

    def stored_spans(self, periods: list[Period]) -> set[Span]:
        wanted = {(period.start, period.end) for period in periods}
        return wanted if self.run.first_month is None else wanted & usual_of(self.run)


def read_stored(
    computers: Sequence[PageComputer], places: Sequence[Where], periods: Sequence[Period]
) -> None:
    """What one or several runs stored of some places, by one statement: what holds in two of them comes once."""
    # Of single accounts pages read more than runs store.
    places = [place for place in places if place[0] != Scope.ACCOUNT]
    wanted: set[Span] = set()
    for each in computers:
        spans = each.stored_spans(list(periods))
        fresh = {(scope, span) for scope, _, _ in places for span in spans} - each.loaded
        each.loaded |= fresh
        wanted |= {span for _, span in fresh}
    if not wanted:
        return
    params: dict[str, Any] = {}
    of_places = " OR ".join(of_place(number, place, params) for number, place in enumerate(places))
    in_runs = " OR ".join(in_run(each.run) for each in computers)
    condition = f"({of_places}) AND ({in_runs}) AND {in_spans(wanted)}"
    first = computers[0]
    for row in stored(condition, params, first.only, in_spans(wanted - first.drawn)):
        for each in computers:
            each.take(row)


def read_together(
    computers: Sequence[PageComputer], kpis: Sequence[Definition], periods: Sequence[Period]
) -> None:
    """What several runs stored of one place, before each of them is asked for its own periods."""
    # Whose book an account is in may differ from run to run.
    if computers[0].scope != Scope.ACCOUNT:
        read_stored(computers, computers[0].places_for(kpis), periods_for(kpis, periods))


def result_from(
    rows: Sequence[Stored] | None,
    kpi: Definition,
    period: Period,
    place: tuple[str, Key],
    view: str,
    run: Run,
    newest: Run,
    organisation: Organisation,
    reader: User | None,
) -> Result:
    """The number as that run published it, from rows that were read for several of them; else read for itself."""
    scope, key = place
    computer = PageComputer(run, newest, scope, [key], view, organisation, reader, [kpi])
    if rows is not None:
        mine = [row for row in rows if (row.scope, row.key) == place]
        if mine or period.span in computer.stored_spans([period]):
            computer.loaded.add((scope, period.span))
        for row in mine:
            computer.take(row)
    return computer.all([kpi], [period])[kpi.id, period, key]
