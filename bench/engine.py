"""Full rebuild and nightly runs, each as a ratio to a bare grouping of the same tables in the same run."""

import datetime
import resource
import time

from django.db import connection

from bench.meter import Meter, backend_peak, backend_seconds
from bench.synthetic import BARE, fill
from metrics.recompute.run import Order, recompute

START = "2023-01-01"
NIGHT = datetime.date(2025, 12, 20)


def bare_grouping() -> float:
    """Processor seconds of the database for the bare groupings, the best of three."""
    best = float("inf")
    for _ in range(3):
        begun, clock = backend_seconds(), time.monotonic()
        for sql in BARE.split(";\n"):
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT sum(n), sum(amount) FROM ({sql}) grouped (account, month, n, amount)")
        best = min(best, backend_seconds() - begun or time.monotonic() - clock)
    return best


def change(share: int) -> int:
    """Alter one account in `share`: the newest order of each."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_orderline SET amount = amount + 1 WHERE order_id IN"
            " (SELECT MAX(id) FROM accounts_order WHERE account_id %% %s = 1 GROUP BY account_id)",
            [share],
        )
        cursor.execute("SELECT COUNT(DISTINCT account_id) FROM metrics_queuedaccount")
        changed: int = cursor.fetchone()[0]
    return changed


def run(words: str, order: Order, bare: float, against: float = 0) -> float:
    """One run with what it cost the database; in seconds by the clock where that cannot be read."""
    meter = Meter()
    with connection.execute_wrapper(meter):
        published = recompute(order)
    cost = meter.cost or published.seconds or 0.0
    share = f" = {cost / against:.0%} of the rebuild" if against else ""
    print(
        f"  {words}: processor {cost:.1f} s = {cost / bare:.1f} x bare{share}; clock {published.seconds:.1f} s;"
        f" {meter.statements} statements, {published.rows_inserted} facts, {published.figures} figures written"
    )
    meter.print()
    return cost


def measure(accounts: int) -> dict[str, float]:
    fill(accounts, START)
    with connection.cursor() as cursor:
        # Workers' time would stand nowhere; a run does not use any.
        cursor.execute("SET max_parallel_workers_per_gather = 0")
    bare = bare_grouping()
    print(f"\n{accounts} accounts: bare grouping, processor {bare:.2f} s", flush=True)
    full = run("full rebuild", Order("full", NIGHT), bare)
    following = Order("manual", NIGHT + datetime.timedelta(days=1))
    changed = change(100)
    nightly = run(f"night, {changed} accounts changed", following, bare, full)
    quiet = run("same day again, nothing changed", following, bare, full)
    run("new day, nothing changed", Order("manual", NIGHT + datetime.timedelta(days=2)), bare, full)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"  peak memory: application {peak:.0f} MB, database {backend_peak()} MB with its shared buffers",
        flush=True,
    )
    return {"bare": bare, "full": full, "nightly": nightly, "quiet": quiet}
