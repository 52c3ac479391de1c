"""The signals as a run reads them: weighed once by account, kind and day, and these days summed by month."""

from accounts.periods import Day, add_months
from metrics.recompute.stage import execute, exists
from metrics.sources.signals import BY_DAY, BY_MONTH, EACH_DAY, EACH_MONTH, MONTHS_READ, of_days


def make_signal_days() -> None:
    """`run_signal_day`: the signals by account, kind and day, made once for the sources and warnings that read them."""
    if exists("run_signal_day"):
        return
    execute(
        f"CREATE TEMP TABLE run_signal_day ON COMMIT DROP AS"
        f" SELECT account_id, kind_id, date AS at, id, number, counted, points"
        f" FROM ({BY_DAY} TRUE {EACH_DAY}) d"
    )
    # Read whole a few times: an index would cost more than it spares.
    execute("ANALYZE run_signal_day (account_id, kind_id, at)")


def make_signal_months(day: Day, since: Day | None = None) -> None:
    """`run_signal_month`: their points by account and month, up to the day; before `since` of queued accounts alone."""
    if exists("run_signal_month"):
        return
    earlier = (
        "o.at >= %(first)s::date OR o.account_id IN (SELECT account_id FROM run_queue)" if since else "TRUE"
    )
    months = of_days(f"{BY_MONTH} o.at <= %(day)s AND ({earlier}) {EACH_MONTH}")
    execute(
        f"CREATE TEMP TABLE run_signal_month ON COMMIT DROP AS"
        f" SELECT account_id, month AS at, points, grown FROM ({months}) m",
        # Warnings compare with the two months before.
        {"day": day, "first": since and add_months(since, -MONTHS_READ - 2)},
    )
    execute("ANALYZE run_signal_month (account_id, at)")
