"""The signals as a run reads them: weighed once by account, kind and day, and these days summed by month."""

from accounts.periods import Day, add_months
from metrics.recompute.stage import accounts_of, execute, exists
from metrics.sources.signals import (
    BY_DAY,
    BY_MONTH,
    DECAYED_MONTHS,
    EACH_DAY,
    EACH_MONTH,
    FIRST_DAYS,
    MONTHS_READ,
    of_days,
)

# What closed months came to was published, and the check that facts and rows balance holds it to the rows.
PUBLISHED = """
    SELECT f.account_id, f.month, SUM(f.points), NULL FROM metrics_accountmonth f
     WHERE f.month >= %(oldest)s AND f.month < %(first)s AND f.points <> 0
       AND NOT EXISTS (SELECT 1 FROM run_queue q WHERE q.account_id = f.account_id)
     GROUP BY 1, 2"""


def queued() -> str:
    """The condition on the signals of queued accounts."""
    return f"o.account_id IN ({accounts_of('run_queue')})"


def first_weighed(since: Day) -> Day:
    """The first day whose signals are weighed again where everyone is looked at since that month.

    Nothing reads single days or what they have grown to further back: half a year of days is compared.
    """
    return add_months(since, -DECAYED_MONTHS)


def make_signal_days(since: Day | None = None) -> None:
    """`run_signal_day`: the signals by account, kind and day, made once for the sources and warnings that read them.

    Where everyone is looked at since a month, older ones than it needs are those of queued accounts alone, and
    `run_signal_recent` are the single signals since then. `run_signal_first`: the day of each account's first one.
    """
    if exists("run_signal_day"):
        return
    if since:
        execute(
            "CREATE TEMP TABLE run_signal_recent ON COMMIT DROP AS"
            " SELECT * FROM accounts_signal WHERE at >= %(since)s::date - 1",
            {"since": since},
        )
        execute("ANALYZE run_signal_recent (account_id, kind_id)")
    # A day more for the time zones; of that day nothing is read.
    read = f"(o.at >= %(first)s::date - 1 OR {queued()})" if since else "TRUE"
    execute(
        f"CREATE TEMP TABLE run_signal_day ON COMMIT DROP AS"
        f" SELECT account_id, kind_id, date AS at, id, number, counted, points"
        f" FROM ({BY_DAY} {read} {EACH_DAY}) d",
        {"first": since and first_weighed(since)},
    )
    execute(f"CREATE TEMP TABLE run_signal_first ON COMMIT DROP AS {FIRST_DAYS}")
    # Read whole a few times: an index would cost more than it spares.
    execute("ANALYZE run_signal_day (account_id, kind_id, at); ANALYZE run_signal_first")


def make_signal_months(day: Day, since: Day | None = None) -> None:
    """`run_signal_month`: their points by account and month, up to the day; of older months what was published."""
    if exists("run_signal_month"):
        return
    read = f"(o.at >= %(first)s::date OR {queued()})" if since else "TRUE"
    months = of_days(f"{BY_MONTH} o.at <= %(day)s AND {read} {EACH_MONTH}")
    execute(
        f"CREATE TEMP TABLE run_signal_month ON COMMIT DROP AS"
        f" SELECT account_id, month AS at, points, grown FROM ({months} {f'UNION ALL {PUBLISHED}' if since else ''}) m",
        {
            "day": day,
            "first": since and first_weighed(since),
            # Warnings compare with the two months before.
            "oldest": since and add_months(since, -MONTHS_READ - 2),
        },
    )
    execute("ANALYZE run_signal_month (account_id, at)")
