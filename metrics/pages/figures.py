"""Figures for pages: what the run stored is read at once, and nothing is asked twice."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Q

from accounts.models import Organisation
from accounts.periods import Day, Period, first_of_month, usual_periods
from metrics import evaluate, rowkpis
from metrics.kpi import Definition, Derived, Kpi, RowKpi
from metrics.models import Run, Scope, ScopeFigures, View
from metrics.reading import facts_of
from metrics.recipes import RECIPES
from metrics.results import (
    Computer,
    Figures,
    Key,
    Result,
    Where,
    exact,
    is_defined,
    levels_of,
    narrow,
    only_accounts,
    periods_for,
    wants_company,
    wants_trailing,
    with_inputs,
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
        only: Sequence[Definition] = (),
    ) -> None:
        """`only`: the numbers that will be asked for, where that is known; nothing else is summed then."""
        super().__init__(run, newest, scope, keys, view, organisation)
        self.only = only
        self.loaded: set[tuple[str, Span]] = set()
        self.row_kpis: list[RowKpi] = []

    def prepare(self, kpis: Sequence[Definition], periods: Sequence[Period]) -> None:
        self.row_kpis = row_kpis_of(kpis)
        super().prepare(kpis, periods)

    def load_all(self, places: list[Where], periods: list[Period]) -> None:
        read_stored([self], places, periods)
        super().load_all(places, periods)

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
        if self.run.first_month is None:
            return {(period.start, period.end) for period in periods}
        fiscal = int((self.run.settings or {}).get("fiscal_year_start") or 1)
        usual = usual_spans(self.run.first_month, self.run.as_of, fiscal)
        wanted = {(period.start, period.end) for period in periods}
        return wanted & usual


# The day on which a period ends leads to its rows by the index; both days keep those of other periods out.
STORED = """
    SELECT scope, starts, ends, key, kind, figures, valid_from, valid_to FROM metrics_scopefigures
     WHERE ({places}) AND ({runs}) AND ends = ANY(%(ends)s) AND (starts, ends) IN ({spans})"""


def read_stored(
    computers: Sequence[PageComputer], places: Sequence[Where], periods: Sequence[Period]
) -> None:
    """What one or several runs stored of some places, by one statement: what holds in two of them comes once."""
    # Of single accounts pages read more than runs store.
    places = [place for place in places if place[0] != Scope.ACCOUNT]
    wanted: set[Span] = set()
    for each in computers:
        spans = each.stored_spans(list(periods))
        stored = {(scope, span) for scope, _, _ in places for span in spans} - each.loaded
        each.loaded |= stored
        wanted |= {span for _, span in stored}
    if not wanted:
        return
    params: dict[str, Any] = {"ends": sorted({ends for _, ends in wanted})}
    runs = (
        f"valid_from <= {pk} AND (valid_to IS NULL OR valid_to > {pk})"
        for pk in (each.run.pk for each in computers)
    )
    sql = STORED.format(
        places=" OR ".join(of_place(number, place, params) for number, place in enumerate(places)),
        runs=" OR ".join(runs),
        spans=", ".join(f"(DATE '{starts}', DATE '{ends}')" for starts, ends in sorted(wanted)),
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        for scope, starts, ends, key, kind, text, first, last in cursor.fetchall():
            figures = exact(text)
            for each in computers:
                if first <= each.run.pk and (last is None or last > each.run.pk):
                    found = each.figures.setdefault((scope, (starts, ends), key), Figures())
                    found.add(kind, figures)


def read_together(
    computers: Sequence[PageComputer], kpis: Sequence[Definition], periods: Sequence[Period]
) -> None:
    """What several runs stored of one place, before each of them is asked for its own periods."""
    # Whose book an account is in may differ from run to run.
    if computers[0].scope != Scope.ACCOUNT:
        read_stored(computers, computers[0].places_for(kpis), periods_for(kpis, periods))


def of_place(number: int, place: Where, params: dict[str, Any]) -> str:
    """SQL condition: these figures belong to the place; its parameters are added to the others."""
    scope, keys, view = place
    params |= {f"scope_{number}": scope, f"view_{number}": view}
    condition = f"scope = %(scope_{number})s AND view = %(view_{number})s"
    if keys is None:
        return condition
    of_keys = ["key IS NULL"] if None in keys else []
    if named := [key for key in keys if key is not None]:
        params[f"keys_{number}"] = named
        of_keys.append(f"key = ANY(%(keys_{number})s)")
    return f"{condition} AND ({' OR '.join(of_keys) or 'FALSE'})"


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
