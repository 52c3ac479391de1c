"""The figures that results are made of: stored by the run, or freshly summed from its facts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q

from accounts.models import Organisation, User
from accounts.periods import Period
from metrics import evaluate, rowkpis
from metrics.evaluate import Facts
from metrics.kpi import Definition, Kpi, RowKpi
from metrics.kpis import KPIS
from metrics.levels import LEVELS, Level
from metrics.models import ExactDecoder, Run, Scope, ScopeFigures, View
from metrics.needs import CLASSES, is_defined, periods_for, wants_book, wants_company, with_inputs
from metrics.reading import facts_of
from metrics.recipes import RECIPES
from metrics.result import Key

Span = tuple[Any, Any]
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


NOTHING = Figures()
"""Of a scope and period of which nothing is known; nobody adds to it."""


class Loader:
    """Loads the figures that a set of results needs, once."""

    def __init__(
        self,
        run: Run,
        newest: Run | None,
        scope: str,
        keys: list[Key] | None,
        view: str,
        organisation: Organisation,
        reader: User | None = None,
    ) -> None:
        """`reader`: for whom, where the results are shown to somebody."""
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
        self.reader = reader

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

    def figures_for(self, period: Period, scope: str, key: Key) -> Figures:
        return self.figures.get((scope, (period.start, period.end), key), NOTHING)


def only_accounts(scope: str, keys: list[Key] | None) -> tuple[str, dict[str, Any]]:
    """A condition that lets the planner read the rows of a few accounts only."""
    if scope != Scope.ACCOUNT or keys is None:
        return "", {}
    return " AND key = ANY(%(only)s)", {"only": keys}


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


DECODER = ExactDecoder()


def exact(parts: Any) -> dict[str, Any]:
    """psycopg reads JSON fractions as floats; sums must stay exact."""
    found: dict[str, Any] = DECODER.decode(parts) if isinstance(parts, str) else (parts or {})
    return found
