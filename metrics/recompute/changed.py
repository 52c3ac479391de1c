"""What a run has to bring up to date: which periods, which accounts, and since when."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection

from accounts.periods import Day, Period, add_months
from metrics.models import STAMPS, Run
from metrics.recipes import RECIPES
from metrics.recipes.recipe import Recipe
from metrics.recompute.stage import execute, same_key

LONGEST = max((recipe.matures_days for recipe in RECIPES.values()), default=0)
"""The days after its end in which the figures of some period may still change without any change of rows."""


@dataclass(frozen=True)
class Changes:
    """What a run has to bring up to date: the periods concerned, and since when rows of each table changed."""

    periods: Sequence[Period]
    is_full: bool
    everyone_since: Day
    since: dict[str, Day]
    run: int

    def is_nothing(self, run: Run, last: Run) -> bool:
        """On the same day as the run before no row and no fact changed: nor did any figure."""
        is_same = not run.rows_inserted and not run.rows_replaced and run.as_of == last.as_of
        return is_same and not self.is_full and not self.since

    def is_anew(self, period: Period) -> bool:
        """Every account was looked at again in a month of this period."""
        return period.end > self.everyone_since

    @cached_property
    def stamped_anew(self) -> list[Day]:
        """The months in which an account is another's or in another segment now, or in which it had not begun."""
        return changed_months(self.run, ())

    def periods_for(self, recipe: Recipe) -> list[Period]:
        """The concerned periods that its rows' changes can alter; the newest ones change with the day."""
        if self.is_full:
            return list(self.periods)
        days = [day for table, day in self.since.items() if table in recipe.tables and recipe.reads_rows]
        earliest = min([*days, self.everyone_since])
        running = open_quota_starts(earliest) if recipe.has_windows else []
        if recipe.reads_rows:
            months = self.stamped_anew if recipe.is_stamped else []
        else:
            months = changed_months(self.run, recipe.columns)
        before, behind = recipe.months
        return [
            period
            for period in self.periods
            if period.end + datetime.timedelta(days=recipe.matures_days) > earliest
            or any(day in period for day in running)
            or any(
                add_months(period.start, -before) <= month < add_months(period.end, behind)
                for month in months
            )
        ]


def changed_months(run: int, columns: Sequence[str]) -> list[Day]:
    """The months in which this run changed one of these facts of an account, or whose the account is."""
    n, o = (f"ROW({', '.join(f'{row}.{name}' for name in (*STAMPS, *columns))})" for row in ("n", "o"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT DISTINCT COALESCE(n.month, o.month)
              FROM (SELECT * FROM metrics_accountmonth WHERE valid_from = %(run)s) n
              FULL JOIN (SELECT * FROM metrics_accountmonthpast WHERE valid_to = %(run)s) o ON {same_key("n", "o")}
             WHERE {n} IS DISTINCT FROM {o}
            """,
            {"run": run},
        )
        return [month for (month,) in cursor.fetchall()]


def open_quota_starts(since: Day) -> list[Day]:
    """The first days of the quotas that were still running on this day, whose attainment later rows decide."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT starts_on
              FROM (SELECT starts_on, LEAD(starts_on) OVER (PARTITION BY user_id ORDER BY starts_on) AS ends_on
                      FROM accounts_quota) quota
             WHERE starts_on < %(since)s AND COALESCE(ends_on, 'infinity'::date) >= %(since)s
            """,
            {"since": since},
        )
        return [day for (day,) in cursor.fetchall()]


# Accounts that another person (or the same in another team) holds now, with the month in which they began. The rows of
# the run before are those that stayed and those that this run replaced: in a month that goes on, nearly all.
BOOK_CHANGED = """
    SELECT n.account_id, n.began AS month FROM metrics_accountmonth n
     WHERE n.month = %(new_book)s AND n.account_id IS NOT NULL AND NOT EXISTS (
           SELECT 1
             FROM (SELECT account_id, holder_id, holder_team_id FROM metrics_accountmonth
                    WHERE month = %(old_book)s AND valid_from < %(run)s
                    UNION ALL
                   SELECT account_id, holder_id, holder_team_id FROM metrics_accountmonthpast
                    WHERE month = %(old_book)s AND valid_to = %(run)s) o
            WHERE o.account_id = n.account_id
              AND (o.holder_id, o.holder_team_id) IS NOT DISTINCT FROM (n.holder_id, n.holder_team_id))"""


def book_params(run: Run, last: Run) -> dict[str, Any]:
    return {"run": run.pk, "new_book": run.as_of.replace(day=1), "old_book": last.as_of.replace(day=1)}


def make_changed(run: Run, last: Run, everyone_since: Day) -> None:
    """`run_changed`: the accounts whose contributions may differ, since the first month concerned.

    An account that another person holds now counts in the current book of every period. `run_moved` are those of
    them that differ in months before everyone was looked at again.
    """
    execute(
        f"""
        INSERT INTO run_changed
        SELECT account_key, MIN(month) FROM (
            SELECT COALESCE(account_id, 0) AS account_key, month FROM metrics_accountmonth WHERE valid_from = %(run)s
             UNION ALL
            SELECT COALESCE(account_id, 0), month FROM metrics_accountmonthpast WHERE valid_to = %(run)s
             UNION ALL
            {BOOK_CHANGED}
        ) found GROUP BY account_key
        """,
        book_params(run, last),
    )
    execute("CREATE INDEX ON run_changed (account_key); ANALYZE run_changed")
    execute(
        "INSERT INTO run_moved SELECT * FROM run_changed WHERE month < %(since)s", {"since": everyone_since}
    )
    execute("CREATE INDEX ON run_moved (account_key); ANALYZE run_moved")


def share_moved(run: Run) -> float:
    """The accounts that differ in older months, as a share of all."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (SELECT COUNT(*) FROM run_moved)::float / GREATEST(COUNT(*), 1) FROM metrics_accountmonth
             WHERE month = %(month)s AND account_id IS NOT NULL
            """,
            {"month": run.as_of.replace(day=1)},
        )
        found: float = cursor.fetchone()[0]
    return found


def earliest_change(run: Run, last: Run) -> Day | None:
    """The first month in which this run changed a fact, or the beginning of an account in another book now."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT LEAST((SELECT MIN(month) FROM metrics_accountmonth WHERE valid_from = %(run)s),
                         (SELECT MIN(month) FROM metrics_accountmonthpast WHERE valid_to = %(run)s),
                         (SELECT MIN(month) FROM ({BOOK_CHANGED}) book))
            """,
            book_params(run, last),
        )
        found: Day | None = cursor.fetchone()[0]
    return found
