"""Builds the facts of the concerned accounts and months in temporary tables, by sets and never by account."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import connection

from accounts.periods import Day, add_months
from metrics.models import CLASSES, KEY, STAMPS
from metrics.sources import BEGINNINGS, COLUMNS, SOURCES
from metrics.sources.prepared import in_run, recent_in_run
from metrics.sources.source import Column, Source, columns_of


class Progress(Protocol):
    """Notes a step that begins; `then` is how many more follow it, where that is known."""

    def __call__(self, step: str, then: int | None = None) -> None: ...


# Of bounded length, so that none of forty tables gets another one beside it for long values.
KEY_COLUMNS = "account_id bigint, month date, person_id bigint, opened_as varchar(70) NOT NULL DEFAULT ''"

# The month of the first row that belongs to no account.
NOBODY_BEGAN = "SELECT date_trunc('month', LEAST({}))::date".format(
    ", ".join(
        f"(SELECT {each.first} FROM {each.table} WHERE account_id IS NULL)"
        for each in BEGINNINGS
        if each.lacks_account
    )
)


@dataclass(frozen=True)
class Scope:
    """What a run recomputes: everyone since `everyone_since`, and the queued accounts since their own day."""

    as_of: Day
    everyone_since: Day
    is_full: bool
    has_queue: bool
    reasons: frozenset[str] = frozenset()
    """The tables whose rows changed."""

    @property
    def looked_at_since(self) -> Day | None:
        """Of months before it only queued accounts are looked at; None: all months of all."""
        return None if self.is_full else self.everyone_since

    @property
    def looks_back(self) -> bool:
        """Some accounts' older months are looked at, too."""
        return self.is_full or self.has_queue

    @property
    def current_month(self) -> Day:
        return self.as_of.replace(day=1)


def execute(sql: str, params: dict[str, Any] | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


# A fifth of the usual sample tells the planner enough of tables that live as long as a run.
SMALL_SAMPLE = "SET LOCAL default_statistics_target = 20"


MANY = 2
"""Less than one in so many rows is little."""


def renew_statistics(table: str, inserted: int, columns: Sequence[str], news: Sequence[str]) -> None:
    """Tell the planner of rows that were inserted into a table that lives on.

    Most rows of a first run are new: without fresh statistics what reads them would join them one by one. Of the few
    new ones of a night only some columns are news, if any: it would take a month of which it never heard for empty.
    """
    if execute(
        f"SELECT 1 FROM pg_class WHERE oid = '{table}'::regclass AND reltuples > %(many)s",
        {"many": MANY * inserted},
    ):
        if news:
            execute(f"ANALYZE {table} ({', '.join(news)})")
    else:
        # Pages read these tables, too: of them the usual sample is looked at.
        execute(
            f"SET LOCAL default_statistics_target TO DEFAULT; ANALYZE {table} ({', '.join(columns)}); {SMALL_SAMPLE}"
        )


def exists(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f"pg_temp.{table}"])
        found: bool = cursor.fetchone()[0]
    return found


def make_scope(scope: Scope) -> None:
    """Temporary tables: the months, and when each concerned account began."""
    execute(
        """
        CREATE TEMP TABLE run_month ON COMMIT DROP AS
        SELECT m::date AS month, LEAST((m + INTERVAL '1 month')::date - 1, %(as_of)s) AS day
          FROM generate_series(%(first)s::date, %(last)s, '1 month') m
        """,
        {"as_of": scope.as_of, "first": first_month(scope), "last": scope.current_month},
    )
    # Stocks of everyone look at these alone: some read a year back from the earliest of their days.
    execute(
        "CREATE TEMP TABLE run_recent ON COMMIT DROP AS SELECT * FROM run_month WHERE month >= %(since)s",
        {"since": scope.everyone_since},
    )
    among = "TRUE" if scope.is_full else "account_id IN (SELECT account_id FROM run_queue)"
    firsts = " UNION ALL ".join(
        f"SELECT account_id, {each.first} AS day FROM {each.table} WHERE {among} GROUP BY 1"
        for each in BEGINNINGS
    )
    execute(
        f"""
        CREATE TEMP TABLE run_began ON COMMIT DROP AS
        SELECT account_id, date_trunc('month', MIN(day))::date AS month FROM ({firsts}) f
         WHERE account_id IS NOT NULL GROUP BY account_id
        """
    )
    if not scope.is_full:
        execute(
            """
            INSERT INTO run_began
            SELECT account_id, MIN(began) FROM metrics_accountmonth
             WHERE account_id IS NOT NULL AND month >= %(recent)s
               AND account_id NOT IN (SELECT account_id FROM run_queue WHERE account_id IS NOT NULL)
             GROUP BY account_id
            """,
            {"recent": add_months(scope.everyone_since, -1)},
        )
    execute(
        "CREATE UNIQUE INDEX ON run_began (account_id); ANALYZE run_began; ANALYZE run_month; ANALYZE run_recent"
    )


def first_month(scope: Scope) -> Day:
    """The earliest month that any concerned account needs."""
    with connection.cursor() as cursor:
        if scope.is_full:
            firsts = ", ".join(f"(SELECT {each.first} FROM {each.table})" for each in BEGINNINGS)
            cursor.execute(f"SELECT date_trunc('month', LEAST({firsts}))::date")
        else:
            cursor.execute(
                """
                SELECT GREATEST(MIN(q.since), (SELECT MIN(f.month) FROM metrics_accountmonth f),
                                DATE '1900-01-01')
                  FROM run_queue q
                """
            )
        (found,) = cursor.fetchone()
    # Facts entered for the first time before everything known so far are older than any stored month.
    earliest = found or scope.current_month
    if not scope.is_full and scope.has_queue:
        earliest = min(earliest, oldest_queued_fact() or earliest)
    # A rebuild begins with the first fact, however long ago what concerns everyone is said to have changed.
    if scope.is_full:
        return min(earliest, scope.current_month)
    return min(earliest, scope.everyone_since, scope.current_month)


def oldest_queued_fact() -> Day | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT MIN(since) FROM run_taken WHERE since > DATE '1900-01-01'")
        found: Day | None = cursor.fetchone()[0]
    return found


def staged(source: Source) -> str:
    """The temporary table of a source's sums: at most one row an account, month and credited person."""
    return f"run_of_{source.name}"


def type_of(column: Column) -> str:
    return f"numeric(24, {6 if column.is_money else 4})"


def stage_facts(scope: Scope, progress: Progress) -> None:
    """Every source grouped by account, month and credited person, one statement each (two with a queue)."""
    newcomers = scope.has_queue and make_newcomers() > 0
    queued = accounts_of("run_queue") if scope.has_queue else ""
    for source in SOURCES:
        progress(source.label)
        names = ", ".join(f"{column.name} {type_of(column)}" for column in columns_of(source))
        execute(f"CREATE TEMP TABLE {staged(source)} ({KEY_COLUMNS}, {names}) ON COMMIT DROP")
        stage_source(source, scope, queued, newcomers)
    execute(f"CREATE TEMP TABLE run_empty ({KEY_COLUMNS}) ON COMMIT DROP")
    add_empty_months(scope)
    # Without statistics the sums of thousands of accounts would be joined row by row.
    execute("".join(f"ANALYZE {staged(source)} (account_id, month, person_id);" for source in SOURCES))


def stage_source(source: Source, scope: Scope, queued: str, newcomers: bool) -> None:
    bounds = {"since": scope.everyone_since, "until": source.until(scope.as_of)}
    if scope.is_full:
        execute(grouped(source, all_months(source, "TRUE"), "r.date <= %(until)s"), bounds)
        return
    recent = "r.date >= %(since)s AND r.date <= %(until)s"
    execute(grouped(source, recent_in_run(source, days="run_recent"), recent), bounds)
    if not scope.has_queue:
        return
    older = "q.since <= r.date AND r.date < %(since)s"
    if is_known(source, scope):
        execute(known(source), bounds)
        if not newcomers:
            return
        queued = accounts_of("run_newcomer")
    rows = all_months(source, f"{source.account} IN ({queued})")
    execute(grouped(source, rows, older, "JOIN run_queue q ON q.account_id = r.account_id"), bounds)
    if source.lacks_account:
        nobody = "JOIN run_queue q ON q.account_id IS NULL"
        execute(grouped(source, all_months(source, f"{source.account} IS NULL"), older, nobody), bounds)


FEW = 1_000


def accounts_of(table: str) -> str:
    """What an account is compared with to be among these: if they are few, as numbers.

    The planner then knows how few, and begins with them instead of with all accounts' rows of all months.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT account_id FROM {table} WHERE account_id IS NOT NULL ORDER BY 1 LIMIT {FEW + 1}"
        )
        found = [account for (account,) in cursor.fetchall()]
    if len(found) > FEW:
        return f"SELECT account_id FROM {table}"
    return ", ".join(map(str, found)) or "NULL"


def make_newcomers() -> int:
    """`run_newcomer`: accounts that have begun, of which nothing was published yet."""
    return execute(
        """
        CREATE TEMP TABLE run_newcomer ON COMMIT DROP AS
        SELECT account_id FROM run_began b
         WHERE NOT EXISTS (SELECT 1 FROM metrics_accountmonth f WHERE f.account_id = b.account_id)
        """
    )


def is_known(source: Source, scope: Scope) -> bool:
    """Nothing that it is made of changed, so what was published of closed months still holds.

    A stock of the owner stands in a row that the account has in any case; other rows might only be there for what
    is no more. Of warnings the queue is told a part alone.
    """
    touched = scope.reasons & (source.tables | {"assignment"})
    return (
        source.is_owners and not source.lacks_account and not touched and "metrics_alert" not in source.tables
    )


def known(source: Source) -> str:
    """INSERT what was published of the queued accounts' months."""
    names = [column.name for column in columns_of(source)]
    return f"""
        INSERT INTO {staged(source)} (account_id, month, person_id, {", ".join(names)})
        SELECT f.account_id, f.month, f.person_id, {", ".join(f"f.{name}" for name in names)}
          FROM metrics_accountmonth f JOIN run_queue q ON q.account_id = f.account_id AND q.since <= f.month
         WHERE f.month < %(since)s AND ({" OR ".join(f"f.{name} <> 0" for name in names)})
    """


def as_text(row: str) -> str:
    """What an account was, as the facts name it."""
    return " || ',' || ".join(
        f"COALESCE({row}.{name}{'::int' if name == 'is_target' else ''}::text, '')" for name in CLASSES
    )


NOTHING_KNOWN = "," * (len(CLASSES) - 1)
"""What an account was of which nobody said anything."""


def class_of_row(source: Source) -> tuple[str, str]:
    """As what a row counts, and what is joined for it."""
    if not source.classed_on:
        return "''", ""
    return (
        f"CASE WHEN r.account_id IS NULL THEN '' ELSE COALESCE(opened.opened_as, '{NOTHING_KNOWN}') END",
        # Under other names: those of the class are names of rows, too.
        f"LEFT JOIN (SELECT account_id, during AS held, {as_text('c')} AS opened_as FROM accounts_classification c)"
        f" opened ON opened.account_id = r.account_id AND opened.held @> r.{source.classed_on}",
    )


def all_months(source: Source, among: str) -> str:
    """The rows of these accounts as a run reads them; of stocks, those of the days of all its months."""
    return in_run(source.select(among, days="run_month"))


def grouped(source: Source, rows: str, condition: str, join: str = "") -> str:
    """INSERT the measures of a source's rows, each row credited to its person or the owner."""
    columns = columns_of(source)
    names = ", ".join(column.name for column in columns)
    aggregates = ", ".join(column.aggregate for column in columns)
    opened_as, classes = class_of_row(source)
    return f"""
        INSERT INTO {staged(source)} (account_id, month, person_id, opened_as, {names})
        SELECT r.account_id, date_trunc('month', r.date::timestamp)::date, COALESCE(r.person_id, owner.user_id),
               {opened_as}, {aggregates}
          FROM ({rows}) r
          {join} {classes}
          LEFT JOIN accounts_assignment owner
                 ON owner.account_id = r.account_id AND owner.role = 'owner' AND owner.during @> r.date
         WHERE {condition}
         GROUP BY 1, 2, 3, 4
    """


def add_empty_months(scope: Scope) -> None:
    """In every month since it began an account has a row for its owner on the month's last day."""
    months = [("", "TRUE" if scope.is_full else "m.month >= %(since)s")]
    if scope.has_queue and not scope.is_full:
        queued = "JOIN run_queue q ON q.account_id = b.account_id"
        months.append((queued, "m.month < %(since)s AND m.month >= q.since"))
    for among, condition in months:
        execute(
            f"""
            INSERT INTO run_empty (account_id, month, person_id)
            SELECT b.account_id, m.month, owner.user_id
              FROM run_began b
              {among}
              JOIN run_month m ON m.month >= b.month AND {condition}
              LEFT JOIN accounts_assignment owner
                     ON owner.account_id = b.account_id AND owner.role = 'owner' AND owner.during @> m.day
            """,
            {"since": scope.everyone_since},
        )
    execute(
        f"""
        INSERT INTO run_empty (account_id, month, person_id)
        SELECT NULL, m.month, NULL FROM run_month m
         WHERE m.month >= ({NOBODY_BEGAN}) AND {in_scope("NULL::bigint", "m.month", scope)}
        """,
        {"since": scope.everyone_since},
    )
    execute("ANALYZE run_empty")


def in_scope(account: str, month: str, scope: Scope) -> str:
    """SQL condition: this account's month is recomputed by the run."""
    if scope.is_full:
        return "TRUE"
    queued = f"""EXISTS (SELECT 1 FROM run_queue q WHERE q.since <= {month}
                          AND (q.account_id = {account} OR q.account_id IS NULL AND {account} IS NULL))"""
    return f"({month} >= %(since)s OR {queued})" if scope.has_queue else f"{month} >= %(since)s"


def same_key(left: str, right: str) -> str:
    """Equality on -1 lets the join be hashed; no id is negative."""
    return (
        f"COALESCE({left}.account_id, -1) = COALESCE({right}.account_id, -1) AND {left}.month = {right}.month"
        f" AND COALESCE({left}.person_id, -1) = COALESCE({right}.person_id, -1)"
        f" AND {left}.opened_as = {right}.opened_as"
    )


FACT_COLUMNS = (*KEY, *STAMPS, *(column.name for column in COLUMNS))
