"""Figures for pages: what the run stored is read at once, and nothing is asked twice."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Q

from accounts.models import Organisation
from accounts.periods import Day, Period, first_of_month, usual_periods
from metrics import evaluate, rowkpis
from metrics.kpi import Definition, Derived, RowKpi
from metrics.models import Run, Scope, ScopeFigures, View
from metrics.reading import facts_of
from metrics.recipes import RECIPES
from metrics.results import (
    Computer,
    Figures,
    Key,
    Result,
    exact,
    is_defined,
    levels_of,
    narrow,
    only_accounts,
    wants_company,
    wants_trailing,
)

Span = tuple[Any, Any]


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
    ) -> None:
        super().__init__(run, newest, scope, keys, view, organisation)
        self.loaded: set[tuple[str, Span]] = set()
        self.row_kpis: list[RowKpi] = []

    def load(self, scope: str, keys: list[Key] | None, periods: list[Period], view: str) -> None:
        """Each span once, however often it is asked for."""
        wanted = [each for each in periods if (scope, (each.start, each.end)) not in self.loaded]
        if wanted:
            self.loaded |= {(scope, (each.start, each.end)) for each in wanted}
            super().load(scope, keys, wanted, view)

    def all(
        self, kpis: Sequence[Definition], periods: Sequence[Period]
    ) -> dict[tuple[str, Period, Key], Result]:
        self.row_kpis = row_kpis_of(kpis)
        return super().all(kpis, periods)

    def prepare(self, kpis: Sequence[Definition], periods: Sequence[Period]) -> None:
        """Load what these numbers need of several periods at once, before some of them are asked for."""
        self.row_kpis = row_kpis_of(kpis)
        self.load(self.scope, self.keys, list(dict.fromkeys(periods)), self.view)

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
            add(kind, "", "parts", *evaluate.statement(level, periods, narrowed, month))
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
        if self.run.first_month is None:
            return {(period.start, period.end) for period in periods}
        fiscal = int((self.run.settings or {}).get("fiscal_year_start") or 1)
        usual = usual_spans(self.run.first_month, self.run.as_of, fiscal)
        wanted = {(period.start, period.end) for period in periods}
        return wanted & usual


def elsewhere(
    kpi: Definition,
    period: Period,
    places: Sequence[tuple[str, Key]],
    view: str,
    run: Run,
    newest: Run,
    organisation: Organisation,
) -> list[Result]:
    """One number in several scopes; what the run stored comes from one statement."""
    computers = [PageComputer(run, newest, scope, [key], view, organisation) for scope, key in places]
    span = (period.start, period.end)
    stored = bool(computers) and span in computers[0].stored_spans([period])
    if stored and not wants_company(kpi) and not wants_trailing(kpi):
        wanted = Q(pk__in=[])
        for computer, (scope, key) in zip(computers, places, strict=True):
            wanted |= Q(scope=scope, key=key, view=computer.view)
            computer.loaded.add((scope, span))
        rows = ScopeFigures.objects.filter(computers[0].valid(), wanted, starts=period.start, ends=period.end)
        for row in rows:
            for computer, (scope, key) in zip(computers, places, strict=True):
                if (row.scope, row.key) == (scope, key):
                    found = computer.figures.setdefault((scope, span, key), Figures())
                    found.add(row.kind, row.figures)
    return [
        computer.all([kpi], [period])[kpi.id, period, key]
        for computer, (_, key) in zip(computers, places, strict=True)
    ]


class Versions:
    """Everything that any run published for one scope and period, read by one statement."""

    def __init__(self, scope: str, key: Key, view: str, period: Period, organisation: Organisation) -> None:
        self.scope, self.key, self.period, self.organisation = scope, key, period, organisation
        self.view = view if scope in {Scope.OWNER, Scope.TEAM} else View.AS_WAS.value
        self.rows = list(
            ScopeFigures.objects.filter(
                scope=scope, key=key, view=self.view, starts=period.start, ends=period.end
            )
        )

    @property
    def ends(self) -> list[int]:
        """The runs that replaced something, newest first."""
        return sorted({row.valid_to for row in self.rows if row.valid_to is not None}, reverse=True)

    def result(self, kpi: Definition, run: Run, newest: Run) -> Result:
        """The number as that run published it."""
        computer = PageComputer(run, newest, self.scope, [self.key], self.view, self.organisation)
        span = (self.period.start, self.period.end)
        computer.loaded.add((self.scope, span))
        figures = computer.figures.setdefault((self.scope, span, self.key), Figures())
        for row in self.rows:
            if row.valid_from <= run.pk and (row.valid_to is None or row.valid_to > run.pk):
                figures.add(row.kind, row.figures)
        return computer.all([kpi], [self.period])[kpi.id, self.period, self.key]
