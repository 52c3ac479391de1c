"""Full rebuild and nightly run at two sizes, each as a ratio to a bare grouping of the same tables in the same run."""

import datetime
import os
import resource
import time
from pathlib import Path

from django.db import connection

from bench.synthetic import BARE, fill
from metrics.recompute.run import Order, recompute

START = "2023-01-01"
NIGHT = datetime.date(2025, 12, 20)
TICKS = os.sysconf("SC_CLK_TCK")


def backend_file(name: str) -> str:
    """What the kernel says about the database's process of this connection; empty where it runs elsewhere."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        return ""


def backend_seconds() -> float:
    """Processor time that the database has spent for this connection; 0 where it runs elsewhere."""
    found = backend_file("stat")
    fields = found.rsplit(")", 1)[1].split() if found else ["0"] * 13
    return (int(fields[11]) + int(fields[12])) / TICKS


def backend_peak() -> int:
    """The most memory that process ever had, shared buffers included, in MB."""
    lines = [line for line in backend_file("status").splitlines() if line.startswith("VmHWM")]
    return int(lines[0].split()[1]) // 1024 if lines else 0


def bare_grouping() -> tuple[float, float]:
    """Seconds for the bare groupings and processor seconds of the database, the best of three."""
    best = cost = float("inf")
    for _ in range(3):
        begun, spent = time.monotonic(), backend_seconds()
        for sql in BARE.split(";\n"):
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT sum(n), sum(amount) FROM ({sql}) grouped (account, month, n, amount)")
        best = min(best, time.monotonic() - begun)
        cost = min(cost, backend_seconds() - spent)
    return best, cost


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
    with connection.cursor() as cursor:
        # Workers' time would stand nowhere; a run does not use any.
        cursor.execute("SET max_parallel_workers_per_gather = 0")
    bare, bare_cost = bare_grouping()
    spent, steps = backend_seconds(), Steps()
    full = recompute(Order("full", NIGHT), steps)
    full_cost = backend_seconds() - spent
    steps("end")
    print(f"\n{accounts} accounts: bare grouping {bare:.2f} s, processor {bare_cost:.2f} s")
    print(
        f"  full rebuild   {full.seconds:7.1f} s = {full.seconds / bare:6.1f} x bare; processor {full_cost:.1f} s ="
        f" {full_cost / max(bare_cost, 0.01):.1f} x; {full.rows_inserted} rows, {full.figures} figures"
    )
    for name, seconds in sorted(steps.seconds.items(), key=lambda item: -item[1])[:8]:
        print(f"      {seconds:6.1f} s  {name}")
    changed = change(100)
    spent, steps = backend_seconds(), Steps()
    nightly = recompute(Order("manual", NIGHT + datetime.timedelta(days=1)), steps)
    nightly_cost = backend_seconds() - spent
    steps("end")
    print(
        f"  nightly, {changed} accounts changed {nightly.seconds:5.1f} s = {nightly.seconds / full.seconds:.0%} of a"
        f" full rebuild; processor {nightly_cost:.1f} s = {nightly_cost / max(full_cost, 0.01):.0%};"
        f" {nightly.rows_replaced} rows replaced, {nightly.figures} figures"
    )
    for name, seconds in sorted(steps.seconds.items(), key=lambda item: -item[1])[:5]:
        print(f"      {seconds:6.1f} s  {name}")
    quiet = recompute(Order("manual", NIGHT + datetime.timedelta(days=1)))
    print(f"  nothing changed {quiet.seconds:5.1f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  peak memory: application {peak:.0f} MB, database {backend_peak()} MB with its shared buffers")
    return {"bare": bare, "full": full_cost or full.seconds, "nightly": nightly_cost or nightly.seconds}
