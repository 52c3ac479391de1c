"""What leaves a page as a file: its scorecard, its accounts, the rows behind its number; typed, for who sees it."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from django.db import connection
from django.http import HttpResponseBase

from accounts.models import User
from kamplan.formats import plural
from kamplan.sheets import Cell, Table, csv_answer, xlsx_answer
from metrics.kpi import Unit
from metrics.models import Run
from metrics.pages import words
from metrics.pages.choice import Choice
from metrics.pages.places import Place
from metrics.pages.portfolio_rows import Row
from metrics.pages.rows import RowSet, statement, unlisted_words, visible_rows
from metrics.reading import reading
from metrics.result import Result
from metrics.status import status_of
from metrics.targets import Targets

FORMATS = ("csv", "xlsx")
AT_A_TIME = 2000


def as_file(kind: str, table: Table, name: str) -> HttpResponseBase:
    return xlsx_answer([table], name) if kind == "xlsx" else csv_answer(table, name)


# ------------------------------------------------------------------------------------------ a scorecard

SCORECARD = (
    "number",
    "name",
    "scope",
    "key",
    "from",
    "to",
    "view",
    "value",
    "unit",
    "currency",
    "low",
    "high",
    "n",
    "target",
    "status",
    "reason",
    "run",
    "so far up to",
)


def scorecard_table(results: Iterable[Result], place: Place, choice: Choice, targets: Targets) -> Table:
    """One number a row; the first day after the period ends it, as in the commands."""
    rows = [result_row(each, place, choice, targets) for each in results]
    return Table("Scorecard", SCORECARD, rows)


def result_row(each: Result, place: Place, choice: Choice, targets: Targets) -> list[Cell]:
    target = targets.value(each.kpi, place.scope, place.key, each.period)
    low, high = each.interval or (None, None)
    return [
        each.kpi.id, each.kpi.name, place.scope, place.name, each.period.start, each.period.end, each.view,
        each.value, unit_text(each.unit), each.currency, low, high, each.n, target, status_of(each, target),
        words.reason_words(each) if each.reason else each.notice, choice.run.pk,
        choice.run.as_of if each.is_partial else None,
    ]  # fmt: skip


def unit_text(unit: Unit) -> str:
    return {Unit.SHARE: "%", Unit.SHARE_POINTS: "points"}.get(unit, unit.value)


# ---------------------------------------------------------------------------------------- the portfolio

PORTFOLIO = (
    "account",
    "part of",
    "city",
    "country",
    "tier",
    "target",
    "owner",
    "revenue, 12 months",
    "change",
)
PORTFOLIO_SECRET = ("net retention, %",)
PORTFOLIO_END = ("notice date", "last day", "open pipeline", "currency", "run")


def portfolio_table(rows: Sequence[Row], run: Run | None, currency: str, sees_values: bool) -> Table:
    """Every account of the filter; what the reader may not see has no column."""
    heads = (*PORTFOLIO, *(PORTFOLIO_SECRET if sees_values else ()), *PORTFOLIO_END)
    return Table("Portfolio", heads, (portfolio_row(row, run, currency, sees_values) for row in rows))


def portfolio_row(row: Row, run: Run | None, currency: str, sees_values: bool) -> list[Cell]:
    return [
        row.name, row.parent, row.city, row.country, row.tier, "yes" if row.is_target else "no", row.owner,
        row.revenue, row.change, *([row.nrr] if sees_values else []), row.notice, row.last_day, row.pipeline,
        currency, run.pk if run else None,
    ]  # fmt: skip


# ------------------------------------------------------------------------------ the rows behind a number

ROWS = ("date", "account", "row", "detail", "amount", "currency", "counted", "counted_currency")


def rows_table(user: User, row_set: RowSet, place: Place, choice: Choice, currency: str) -> Table:
    counted_in = currency if row_set.is_money else ""
    return Table("Rows", ROWS, every_row(user, row_set, place, choice, counted_in))


def every_row(
    user: User, row_set: RowSet, place: Place, choice: Choice, counted_in: str
) -> Iterator[list[Cell]]:
    """All rows that the reader may see, fetched as they are written; the others as one line with their sum."""
    sql, params = statement(row_set, place, choice)
    visible, seen = visible_rows(user, row_set, choice)
    params.update(seen)
    with reading():
        with connection.cursor() as cursor:
            cursor.execute(
                f"""SELECT COUNT(*), COALESCE(SUM(counted), 0) FROM ({sql}) x
                     WHERE NOT COALESCE({visible}, FALSE)""",
                params,
            )
            hidden, hidden_total = cursor.fetchone()
        with connection.chunked_cursor() as cursor:
            cursor.execute(
                f"""SELECT x.date, COALESCE(a.name, ''), x.label, x.detail, x.booked, x.currency, x.counted
                      FROM ({sql}) x LEFT JOIN accounts_account a ON a.id = x.account_id
                     WHERE {visible} ORDER BY x.date DESC, x.id DESC, x.counted DESC""",
                params,
            )
            while found := cursor.fetchmany(AT_A_TIME):
                yield from ([*row, counted_in] for row in found)
    if hidden:
        note = f"{plural(hidden, 'row')} {unlisted_words(user, row_set)}"
        yield [None, note, "", "", None, "", Decimal(hidden_total), counted_in]
