"""Processor time of the database, statement by statement."""

import os
import re
import time
from pathlib import Path
from typing import Any

from django.db import connection

TICKS = os.sysconf("SC_CLK_TCK")

# What a statement of a run is for, by how it begins: the name of the phase, and of which source or recipe.
PHASES = (
    (r"INSERT INTO run_of_(\w+)", "stage"),
    (r"CREATE TEMP TABLE run_(signal_\w+|touch)\b", "stage"),
    (r"CREATE TEMP TABLE run_(?:of_\w+|empty|month|recent|newcomer|began|queue|taken|former_rate)", "stage"),
    (r"INSERT INTO (?:run_empty|run_began|run_queue|metrics_dailyrate)", "stage"),
    (r"ANALYZE run_(?:of_|empty|signal_|touch)", "stage"),
    (r".*run_warning|.*metrics_alert", "warnings"),
    (
        r"CREATE TEMP TABLE run_(?:key|stamp|fact|compared)\b|ANALYZE run_(?:key|stamp|fact|compared)",
        "compare",
    ),
    (
        r"INSERT INTO metrics_accountmonth|DELETE FROM metrics_accountmonth|.*ANALYZE metrics_accountmonth",
        "compare",
    ),
    (r"CREATE INDEX ON run_fact", "compare"),
    (r"SELECT COALESCE\(|SELECT COUNT\(\*\) FILTER \(WHERE o\.at", "balance"),
    (
        r"CREATE TEMP TABLE run_(?:total|group|grouped|fine)|CREATE INDEX ON run_(?:total|group)",
        "sums of accounts",
    ),
    (r"INSERT INTO run_raw .*?'accounts'", "sums of accounts"),
    (r"CREATE TEMP TABLE run_(?:row|people)|CREATE INDEX ON run_row|INSERT INTO run_raw", "sums of rows"),
    (r"INSERT INTO run_single SELECT starts, ends, scope, key, '(\w+)', figures FROM", "recipes"),
    (r"INSERT INTO run_figures SELECT 'as-was', starts, ends, scope, key, 'single'", "recipes"),
    (r"INSERT INTO run_single|CREATE TEMP TABLE run_|CREATE INDEX ON run_|ANALYZE run_", "recipes"),
    (r"INSERT INTO run_figures WITH period", "figures of accounts"),
    (r".*metrics_scopefigures|.*run_figures", "write"),
)


def backend_file(name: str) -> str:
    """What the kernel says about the database's process of this connection; empty where it runs elsewhere."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    return read(pid, name)


def read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        return ""


def spent(pid: int) -> float:
    """Processor seconds of a process, in nanoseconds where the kernel counts them."""
    exact = read(pid, "schedstat")
    if exact:
        return int(exact.split()[0]) / 1e9
    fields = read(pid, "stat").rsplit(")", 1)[-1].split() or ["0"] * 13
    return (int(fields[11]) + int(fields[12])) / TICKS


def backend_pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid: int = cursor.fetchone()[0]
    return pid


def backend_seconds() -> float:
    """Processor time that the database has spent for this connection; 0 where it runs elsewhere."""
    return spent(backend_pid())


def backend_peak() -> int:
    """The most memory that process ever had, shared buffers included, in MB."""
    lines = [line for line in backend_file("status").splitlines() if line.startswith("VmHWM")]
    return int(lines[0].split()[1]) // 1024 if lines else 0


def phase_of(sql: str) -> tuple[str, str]:
    """The phase of a statement, and the source or recipe it is for."""
    text = " ".join(sql.split())
    for pattern, phase in PHASES:
        if found := re.match(pattern, text):
            return phase, found.group(1) if found.groups() else ""
    return "other", ""


class Meter:
    """Notes what every statement costs the database."""

    def __init__(self) -> None:
        self.pid = backend_pid()
        self.phases: dict[str, float] = {}
        self.single: dict[tuple[str, str], float] = {}
        self.statements = 0
        self.begun = spent(self.pid)
        self.clock = time.monotonic()

    def __call__(self, execute: Any, sql: str, *arguments: Any) -> Any:
        before = spent(self.pid)
        try:
            return execute(sql, *arguments)
        finally:
            cost = spent(self.pid) - before
            phase, of = phase_of(sql)
            self.statements += 1
            self.phases[phase] = self.phases.get(phase, 0.0) + cost
            if of:
                self.single[phase, of] = self.single.get((phase, of), 0.0) + cost

    @property
    def cost(self) -> float:
        return spent(self.pid) - self.begun

    def slowest(self, phase: str, number: int = 10) -> list[tuple[str, float]]:
        found = [(name, cost) for (of, name), cost in self.single.items() if of == phase]
        return sorted(found, key=lambda each: -each[1])[:number]

    def print(self) -> None:
        for name, cost in sorted(self.phases.items(), key=lambda item: -item[1]):
            print(f"      {cost:7.2f} s  {name}")
        for phase, words in (("stage", "sources"), ("recipes", "recipes")):
            listed = ", ".join(f"{name} {cost:.2f}" for name, cost in self.slowest(phase))
            print(f"      slowest {words}: {listed or 'none'}")
