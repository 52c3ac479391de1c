"""Shorthands of the engine's tests: run, ask, and the days they run on."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.db import connection

from accounts.models import Organisation
from accounts.periods import Period
from metrics.kpis import KPI
from metrics.models import AccountMonth, Run, Scope, ScopeFigures, View
from metrics.recompute.run import Order, recompute
from metrics.result import Key, Result
from metrics.results import every_key, results
from metrics.sources import SOURCES
from metrics.sources.source import columns_of

Day = datetime.date


def day(text: str) -> Day:
    return Day.fromisoformat(text)


def period(first: str, until: str) -> Period:
    return Period(day(first), day(until))


def run(as_of: str | Day, cause: str = Run.Cause.MANUAL) -> Run:
    """A recompute inside the test's transaction, where the temporary tables would outlive it."""
    made = recompute(Order(cause, day(as_of) if isinstance(as_of, str) else as_of))
    drop_temporary_tables()
    return made


def drop_temporary_tables() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(quote_ident(relname), ', ') FROM pg_class"
            " WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'"
        )
        (names,) = cursor.fetchone()
        if names:
            cursor.execute(f"DROP TABLE {names}")


def result(
    kpi: str,
    when: Period,
    scope: str = Scope.COMPANY,
    key: Key = None,
    view: str = View.AS_WAS,
    run: Run | None = None,
) -> Result:
    (found,) = results([KPI[kpi]], [when], scope, [key], view, run).values()
    return found


def by_key(
    kpi: str, when: Period, scope: str, view: str = View.AS_WAS, run: Run | None = None
) -> dict[Key, Result]:
    return {key: found for (_, _, key), found in every_key([KPI[kpi]], when, scope, view, run).items()}


def all_keys(
    kpis: Iterable[str], when: Period, scope: str, view: str = View.AS_WAS, run: Run | None = None
) -> dict[tuple[str, Key], Result]:
    found = every_key([KPI[kpi] for kpi in kpis], when, scope, view, run)
    return {(kpi, key): result for (kpi, _, key), result in found.items()}


def report_in(currency: str, **settings: Any) -> Organisation:
    made, _ = Organisation.objects.update_or_create(
        pk=1, defaults={"reporting_currency": currency, **settings}
    )
    return made


def facts() -> list[tuple[Any, ...]]:
    """Every fact that the newest run published."""
    names = [column.name for source in SOURCES for column in columns_of(source)]
    rows = AccountMonth.objects.order_by("account_id", "month", "person_id")
    return list(rows.values_list("account_id", "month", "person_id", *names))


def stored() -> dict[Any, Any]:
    """Every figure that the newest run keeps."""
    rows = ScopeFigures.objects.filter(valid_to=None)
    return {(r.view, r.starts, r.ends, r.scope, r.key, r.kind): r.figures for r in rows}
