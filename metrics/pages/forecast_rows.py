"""Frozen forecasts beside what was reached, for the page of forecasts: all of it in a few statements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.models import Forecast, User
from accounts.periods import Day, Period, PeriodKind
from accounts.revenue.forecasts import WEEK, middle_of
from accounts.revenue.marketing import in_reporting_currency
from metrics.recipes.funnel import RELATIONS

WHOLE_COMPANY = "Whole company"
COMPANY = 0
"""The key of the company where people have theirs."""
REACHED = f"""
    WITH reached AS ({RELATIONS["reached"]}),
         asked AS (SELECT * FROM unnest(%(keys)s::bigint[], %(measures)s::text[], %(firsts)s::date[],
                                        %(ends)s::date[]) AS a(key, measure, starts_on, ends_on))
    SELECT a.key, a.measure, a.starts_on, a.ends_on, COALESCE(SUM(r.amount), 0), COALESCE(SUM(r.gaps), 0)
      FROM asked a
      LEFT JOIN (SELECT * FROM reached
                  WHERE date >= %(first)s AND date < %(end)s AND date <= %(today)s
                    AND measure = ANY(%(measures)s) AND key = ANY(%(keys)s)) r
             ON r.key = a.key AND r.measure = a.measure AND r.date >= a.starts_on AND r.date < a.ends_on
     GROUP BY 1, 2, 3, 4"""

Window = tuple[int, str, Day, Day]
"""Whose, of what, and the days."""


@dataclass
class Line:
    """What one person, or the company, was expected to reach in a period, and what was."""

    who: User | None
    measure: str
    measure_words: str
    start: Any = None
    middle: Any = None
    late: Any = None
    """The first that was frozen on none of the two days; it is not judged."""
    reached: Decimal = Decimal(0)
    gaps: int = 0
    explain: str = ""

    @property
    def name(self) -> str:
        return self.who.name if self.who else WHOLE_COMPANY

    @property
    def difference(self) -> Decimal | None:
        """What was reached above what was expected at the start; unknown where a rate is missing."""
        if self.start is None or self.start.worth is None or self.gaps:
            return None
        found: Decimal = self.reached - self.start.worth
        return found


def kind_of(first: Day, end: Day, fiscal_start: int) -> PeriodKind:
    months = (end.year - first.year) * 12 + end.month - first.month
    if months == 1:
        return PeriodKind.MONTH
    if months == 3 and first.month % 3 == 1:
        return PeriodKind.QUARTER
    if months == 12 and first.month == 1:
        return PeriodKind.YEAR
    if months == 12 and first.month == fiscal_start:
        return PeriodKind.FISCAL_YEAR
    return PeriodKind.CUSTOM


def lines_of(forecasts: Any, periods: Sequence[Period], today: Day) -> dict[Period, list[Line]]:
    """By period its lines: the company first, then people by name; `forecasts` are those that the reader sees."""
    spans = {period.span: period for period in periods}
    found: dict[Window, Line] = {}
    rows = forecasts.filter(
        starts_on__in={first for first, _ in spans}, ends_on__in={end for _, end in spans}
    )
    rows = rows.annotate(worth=in_reporting_currency("amount", "currency", "frozen_on"))
    for row in rows.select_related("user").order_by("frozen_on", "pk"):
        if (row.starts_on, row.ends_on) in spans:
            window = (row.user_id or COMPANY, row.measure, row.starts_on, row.ends_on)
            line = found.setdefault(window, Line(row.user, row.measure, row.get_measure_display()))
            place(line, row)
    for window, (amount, gaps) in reached(found, today).items():
        found[window].reached, found[window].gaps = amount, gaps
    grouped: dict[Period, list[Line]] = {period: [] for period in periods}
    for (_, _, first, end), line in found.items():
        grouped[spans[first, end]].append(line)
    for lines in grouped.values():
        lines.sort(key=lambda line: (line.who is not None, line.name, line.measure))
    return grouped


def place(line: Line, row: Forecast) -> None:
    """The first of each kind counts; rows come in the order in which they were frozen."""
    middle = middle_of(row.starts_on, row.ends_on)
    if row.frozen_on < row.starts_on + WEEK:
        line.start = line.start or row
    elif middle <= row.frozen_on < middle + WEEK:
        line.middle = line.middle or row
    else:
        line.late = line.late or row


def reached(windows: Iterable[Window], today: Day) -> dict[Window, tuple[Decimal, int]]:
    """What was won or invoiced in each window up to today, and how many amounts of it have no exchange rate."""
    keys, measures, firsts, ends = (
        (list(each) for each in zip(*windows, strict=True)) if windows else ([],) * 4
    )
    if not keys:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            REACHED,
            {
                "keys": keys,
                "measures": measures,
                "firsts": firsts,
                "ends": ends,
                "first": min(firsts),
                "end": max(ends),
                "today": today,
                "since": min(firsts),
            },
        )
        return {
            (key, measure, first, end): (amount, gaps) for key, measure, first, end, amount, gaps in cursor
        }
