"""Full rebuild and nightly run at two sizes, each as a ratio to a bare grouping of the same tables in the same run."""

import datetime
import resource
import time

from django.db import connection

from bench.synthetic import BARE, fill
from metrics.recompute.run import Order, recompute

START = "2023-01-01"
NIGHT = datetime.date(2025, 12, 20)


def bare_grouping() -> float:
    """Seconds for the bare groupings, the better of three."""
    best = float("inf")
    for _ in range(3):
        begun = time.monotonic()
        for sql in BARE.split(";\n"):
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT sum(n), sum(amount) FROM ({sql}) grouped (account, month, n, amount)")
        best = min(best, time.monotonic() - begun)
    return best


class Steps:
    """Seconds between the progress notes of a run."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.last, self.since = "Taking the queue", time.monotonic()

    def __call__(self, step: str) -> None:
        now = time.monotonic()
        name = "Figures" if self.last.startswith("Figures up") else self.last
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self.since
        self.last, self.since = step, now


def change(share: int) -> int:
    """Alter one account in `share`: an order of this month, an order of last year, a handover."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_orderline SET amount = amount + 1 WHERE order_id IN"
            " (SELECT MAX(id) FROM accounts_order WHERE account_id %% %s = 1 GROUP BY account_id)",
            [share],
        )
        cursor.execute("SELECT COUNT(DISTINCT account_id) FROM metrics_queuedaccount")
        changed: int = cursor.fetchone()[0]
    return changed


def measure(accounts: int) -> dict[str, float]:
    fill(accounts, START)
    bare = bare_grouping()
    steps = Steps()
    full = recompute(Order("full", NIGHT), steps)
    steps("end")
    print(f"\n{accounts} accounts: bare grouping {bare:.2f} s")
    print(
        f"  full rebuild   {full.seconds:7.1f} s = {full.seconds / bare:6.1f} x bare, {full.rows_inserted} rows,"
        f" {full.figures} figures"
    )
    for name, seconds in sorted(steps.seconds.items(), key=lambda item: -item[1])[:8]:
        print(f"      {seconds:6.1f} s  {name}")
    changed = change(100)
    steps = Steps()
    nightly = recompute(Order("manual", NIGHT + datetime.timedelta(days=1)), steps)
    steps("end")
    print(
        f"  nightly, {changed} accounts changed {nightly.seconds:5.1f} s = {nightly.seconds / full.seconds:.0%} of a"
        f" full rebuild, {nightly.rows_replaced} rows replaced, {nightly.figures} figures"
    )
    for name, seconds in sorted(steps.seconds.items(), key=lambda item: -item[1])[:5]:
        print(f"      {seconds:6.1f} s  {name}")
    quiet = recompute(Order("manual", NIGHT + datetime.timedelta(days=1)))
    print(f"  nothing changed {quiet.seconds:5.1f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  peak memory of this process {peak:.0f} MB")
    return {"bare": bare, "full": full.seconds, "nightly": nightly.seconds}


def main() -> None:
    small, large = measure(1_000), measure(10_000)
    print(
        f"\nTen times the accounts: full rebuild {large['full'] / small['full']:.1f} x,"
        f" nightly {large['nightly'] / small['nightly']:.1f} x the time"
    )


if __name__ == "__main__":
    main()
