"""One run: a single REPEATABLE READ transaction that takes the queue, stages, compares, stores and publishes.

A crash rolls everything back, the queue included. Progress is written over a second connection, because the
run's own transaction shows nothing until it is published.
"""

import datetime
import hashlib
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from accounts.models import Organisation
from accounts.periods import Day, first_of_month, last_day_of_month, usual_periods
from metrics.alerts.find import look_for_warnings
from metrics.assumptions import assumed_on
from metrics.editions import MENDED
from metrics.kpis import KPIS
from metrics.levels import BY_OPENING
from metrics.models import Run
from metrics.prediction.predict import predict
from metrics.recipes import RECIPES
from metrics.recipes.mix import MIX
from metrics.recompute.apply import Applied, apply
from metrics.recompute.balance import Unbalanced, check_balance, sums_of_facts
from metrics.recompute.changed import LONGEST, Changes, earliest_change, open_quota_starts
from metrics.recompute.figures import store_figures
from metrics.recompute.merge import make_facts, make_keys, make_stamps, tell_classes_apart
from metrics.recompute.rates import monthly_rates_changed, refresh_daily_rates
from metrics.recompute.seal import seal, sealed_until
from metrics.recompute.signals import make_signal_days, make_signal_months
from metrics.recompute.stage import SMALL_SAMPLE, Progress, Scope, execute, make_scope, stage_facts
from metrics.recompute.summed import summed_by
from metrics.recompute.touches import make_touches
from metrics.sources import COLUMNS, SOURCES

log = logging.getLogger(__name__)


class AnotherRun(Exception):
    """Another run holds the lock; its result will serve."""


@dataclass(frozen=True)
class Order:
    """What is asked of a run."""

    cause: str
    as_of: Day
    due: Day | None = None

    @property
    def is_full(self) -> bool:
        return self.cause == Run.Cause.FULL


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """The run's transaction; its first statement locks, so that its snapshot is younger than the lock."""
    with transaction.atomic(durable=not connection.in_atomic_block):
        with connection.cursor() as cursor:
            if not connection.savepoint_ids:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            # A vacuum in the background gives way to who waits for it for a second; another run does not.
            cursor.execute("SET LOCAL lock_timeout = '3s'")
            try:
                cursor.execute("LOCK TABLE metrics_run IN SHARE ROW EXCLUSIVE MODE")
            except OperationalError as error:
                if isinstance(error.__cause__, LockNotAvailable):
                    raise AnotherRun from error
                raise
            cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL jit = off")
            cursor.execute(f"SET LOCAL work_mem = '128MB'; {SMALL_SAMPLE}")
        yield


def silent(step: str, then: int | None = None) -> None:
    """Progress that nobody watches."""


def recompute(order: Order, progress: Progress = silent) -> Run:
    """Publish a new run, or leave everything as it was. Raises AnotherRun if one is under way.

    Facts that do not add up to their rows are never published: the run begins again as a full rebuild, and
    Unbalanced is raised if that does not help.
    """
    try:
        return run_once(order, order.is_full, progress)
    except Unbalanced as found:
        if order.is_full:
            raise
        log.error("Rebuilding everything: %s", found)
        progress("Rebuilding everything, because rows changed unnoticed")
        return run_once(order, True, progress)


def run_once(order: Order, rebuild: bool, progress: Progress) -> Run:
    """The run as one transaction."""
    begun = time.monotonic()
    with one_at_a_time():
        last = Run.objects.order_by("-pk").first()
        organisation = Organisation.objects.get_or_create(pk=1)[0]
        progress("Taking the queue")
        since, everyone_since = take_queue()
        print_of = fingerprint(organisation)
        scope = scope_of(order, last, rebuild, since, everyone_since, print_of)
        run = Run(
            pk=next_number(),
            cause=order.cause,
            due=order.due,
            as_of=order.as_of,
            is_full=scope.is_full,
            fingerprint=print_of,
            definitions={kpi.id: kpi.version for kpi in KPIS},
            settings={**settings_of(organisation), **assumptions(order.as_of), BY_OPENING: True},
            accounts=queued_accounts(),
        )
        refresh_daily_rates(rates_since(scope, everyone_since), last_day_of_month(scope.current_month))
        if last is not None and monthly_rates_changed(last.as_of):
            scope = replace(scope, is_full=True)
            run.is_full = True
        progress("Looking for warnings")
        make_signal_days(scope.looked_at_since)
        make_signal_months(order.as_of, scope.looked_at_since)
        make_touches()
        look_for_warnings(run.pk, order.as_of)
        make_scope(scope)
        stage_facts(scope, progress)
        progress("Stamping and comparing")
        make_keys()
        make_stamps()
        tell_classes_apart()
        make_facts()
        record(run, apply(run.pk, scope))
        sums = sums_of_facts(scope.current_month, sealed_until(run, last, scope))
        check_balance(scope, sums.published, seal(run, last, scope, sums.closed))
        run.first_month = first_fact()
        run.errors = find_errors()
        changes = what_changed(run, last, scope, since, organisation)
        run.figures = store_figures(run, last, changes, summed_by(run.pk, sums.published), progress)
        run.published_at = timezone.now()
        run.save(force_insert=True)
        progress("Looking ahead", then=1)
        predict(run)
        run.seconds = round(time.monotonic() - begun, 3)
        run.published_at = timezone.now()
        run.save(update_fields=["seconds", "published_at"])
        progress("Publishing", then=0)
    return run


def take_queue() -> tuple[dict[str, Day], Day | None]:
    """Empty the queue into `run_queue`; the earliest day by table, and the earliest that concerns everyone."""
    execute(
        """
        CREATE TEMP TABLE run_taken ON COMMIT DROP AS
        WITH taken AS (DELETE FROM metrics_queuedaccount RETURNING account_id, since, everything, reason)
        SELECT account_id, date_trunc('month', MIN(since))::date AS since, everything, reason
          FROM taken GROUP BY 1, 3, 4
        """
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT reason, MIN(since) FROM run_taken GROUP BY reason")
        since = dict(cursor.fetchall())
        cursor.execute("SELECT MIN(since) FROM run_taken WHERE everything")
        everyone = cursor.fetchone()[0]
        cursor.execute(
            """
            CREATE TEMP TABLE run_queue ON COMMIT DROP AS
            SELECT account_id, MIN(since) AS since, FALSE AS everything
              FROM run_taken WHERE NOT everything GROUP BY account_id
            """
        )
        # An account that begins later than it was entered has no row yet and waits for its month.
        cursor.execute(
            """
            INSERT INTO run_queue (account_id, since, everything)
            SELECT a.id, DATE '0001-01-01', FALSE FROM accounts_account a
             WHERE NOT EXISTS (SELECT 1 FROM metrics_accountmonth f WHERE f.account_id = a.id)
            """
        )
        cursor.execute(
            """
            DELETE FROM run_queue q USING run_queue o
             WHERE q.account_id = o.account_id AND (o.since, o.ctid) < (q.since, q.ctid)
            """
        )
        cursor.execute("CREATE INDEX ON run_queue (account_id); ANALYZE run_queue")
    return since, everyone


def scope_of(
    order: Order, last: Run | None, rebuild: bool, since: dict[str, Day], everyone: Day | None, print_of: str
) -> Scope:
    """Everyone since the month the last run looked at; further back only who was queued, or everything."""
    recent = first_of_month(last.as_of if last else order.as_of)
    full = (
        rebuild
        or last is None
        or last.fingerprint != print_of
        or (everyone is not None and last.first_month is not None and everyone <= last.first_month)
    )
    if everyone is not None:
        recent = min(recent, first_of_month(everyone))
    return Scope(
        as_of=order.as_of,
        everyone_since=min(recent, first_of_month(order.as_of)),
        is_full=full,
        has_queue=bool(since) or queued_accounts() > 0,
        reasons=frozenset(since),
    )


def rates_since(scope: Scope, everyone: Day | None) -> Day | None:
    """Rates before the earliest changed one are kept."""
    return None if scope.is_full else min(scope.everyone_since, everyone or scope.everyone_since)


def queued_accounts() -> int:
    return execute("SELECT 1 FROM run_queue")


def next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('metrics_run', 'id'))")
        number: int = cursor.fetchone()[0]
    return number


def record(run: Run, applied: Applied) -> None:
    run.rows_inserted = applied.inserted
    run.rows_replaced = applied.replaced
    run.restated = applied.restated


def first_fact() -> Day | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT MIN(month) FROM metrics_accountmonth")
        found: Day | None = cursor.fetchone()[0]
    return found


def what_changed(
    run: Run, last: Run | None, scope: Scope, since: dict[str, Day], organisation: Organisation
) -> Changes:
    """The usual periods whose figures the changed months can alter, and what of them."""
    if run.first_month is None:
        return Changes([], scope.is_full, scope.everyone_since, since, run.pk)
    periods = usual_periods(run.first_month, run.as_of, organisation.fiscal_year_start)
    if scope.is_full or last is None:
        return Changes(periods, True, scope.everyone_since, since, run.pk)
    earliest = min(earliest_change(run, last) or scope.everyone_since, scope.everyone_since, *since.values())
    running = open_quota_starts(earliest)
    # A new account is queued since the first day there is; nothing lies before it.
    maturing = earliest - min(datetime.timedelta(days=LONGEST), earliest - Day.min)
    concerned = [each for each in periods if each.end > maturing or any(day in each for day in running)]
    return Changes(concerned, False, scope.everyone_since, since, run.pk)


def fingerprint(organisation: Organisation) -> str:
    """Of everything that decides what the facts and figures are; a changed one forces a full rebuild."""
    text = "\n".join(
        [source.rows for source in SOURCES]
        + [f"{column.name} {column.aggregate}" for column in COLUMNS]
        + [f"{kpi.id} {kpi.version}" for kpi in KPIS]
        + [RECIPES[MIX].text, str(MENDED)]
        + [str(settings_of(organisation))]
    )
    return hashlib.sha256(text.encode()).hexdigest()


def settings_of(organisation: Organisation) -> dict[str, str | int | None]:
    return {
        "time_zone": organisation.time_zone,
        "reporting_currency": organisation.reporting_currency,
        "fiscal_year_start": organisation.fiscal_year_start,
        "grace_days": organisation.grace_days,
        "returned_days": organisation.returned_days,
        "lifespan_years": str(organisation.lifespan_years) if organisation.lifespan_years else None,
    }


def assumptions(day: Day) -> dict[str, str]:
    """What derived numbers of this run assume; no fact depends on it."""
    return {name: str(value) for name, value in assumed_on(day).items()}


def find_errors() -> list[dict[str, object]]:
    """Rows that were left out of a figure, and why; at most 100 are named."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT 'no_rate', 'order', o.id, o.number, o.currency || ' on ' || o.date
              FROM accounts_order o, accounts_organisation org
             WHERE o.currency <> org.reporting_currency AND NOT EXISTS
                   (SELECT 1 FROM metrics_dailyrate r WHERE r.currency = o.currency AND r.day = o.date)
             UNION ALL
            SELECT 'before_contact', 'opportunity', id, name,
                   'closed ' || closed_on || ', first contact ' || first_contact_on
              FROM accounts_opportunity WHERE outcome = 'won' AND closed_on < first_contact_on
             LIMIT 100
            """
        )
        return [
            {"why": why, "kind": kind, "id": pk, "name": name, "detail": detail}
            for why, kind, pk, name, detail in cursor.fetchall()
        ]
