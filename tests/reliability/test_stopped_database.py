"""A database that stops at once in the middle of a run: nothing of it is published, nothing of the queue is lost."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from kamplan import services
from kamplan.services import Instance, Postgres, first_number
from kamplan.supervisor import Supervisor

BEGIN = """
from django.core.management import call_command
from bench.synthetic import fill
from metrics.recompute.run import Order, recompute
import datetime
call_command("migrate", interactive=False, verbosity=0)
fill(12, "2024-01-01")
recompute(Order("full", datetime.date(2025, 12, 15)))
"""
RUN = """
import datetime
from metrics.recompute.run import Order, recompute
recompute(Order("manual", datetime.date(2025, 12, 16)))
"""
COMPARE = """
from django.db import connection
from tests.reliability.conftest import published
after = published()
with connection.cursor() as cursor:
    cursor.execute("TRUNCATE metrics_accountmonth, metrics_accountmonthpast, metrics_scopefigures, metrics_run CASCADE")
recompute(Order("full", datetime.date(2025, 12, 16)))
print("the same" if after == published() else "different")
"""


@pytest.fixture
def postgres(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Postgres]:
    """A database server of this test alone, without the waits that only a crash of the machine would need."""
    monkeypatch.setattr(services, "BASE_DIR", tmp_path)
    monkeypatch.delenv("KAMPLAN_POSTGRES_BIN", raising=False)
    instance = Instance("test-stopped")
    instance.logs.mkdir(parents=True)
    supervisor = Supervisor(say=lambda text: None)
    server = Postgres(instance, supervisor)
    started(server)
    yield server
    supervisor.stop_all()
    if instance.data != instance.folder:
        subprocess.run(["rm", "-rf", str(instance.data.parent)], check=True)


def started(server: Postgres) -> None:
    server.start()
    server.supervisor.wait_until(server.ready, "PostgreSQL", 60)


def child(server: Postgres, code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", code],
        env={**os.environ, "DATABASE_URL": server.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def done(server: Postgres, code: str) -> str:
    process = child(server, code)
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return out.strip()


def wait_until_a_run_is_under_way(server: Postgres) -> None:
    with psycopg.connect(server.url, autocommit=True) as link:
        deadline = time.monotonic() + 120
        asked = "SELECT 1 FROM pg_locks WHERE relation = 'metrics_run'::regclass AND mode = 'ShareRowExclusiveLock'"
        while not link.execute(asked).fetchone():
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_figures_after_the_database_stopped_in_a_run_are_those_of_a_clean_one(postgres: Postgres) -> None:
    done(postgres, BEGIN)
    with psycopg.connect(postgres.url, autocommit=True) as link:
        link.execute("UPDATE accounts_orderline SET amount = amount + 7 WHERE id % 5 = 0")
    run = child(postgres, RUN)
    wait_until_a_run_is_under_way(postgres)
    os.kill(first_number(postgres.folder / "postmaster.pid"), signal.SIGQUIT)
    _, errors = run.communicate(timeout=120)
    assert run.returncode != 0 and "OperationalError" in errors

    started(postgres)
    with psycopg.connect(postgres.url) as link:
        assert link.execute("SELECT COUNT(*) FROM metrics_run").fetchone() == (1,)
        assert link.execute("SELECT COUNT(*) > 0 FROM metrics_queuedaccount").fetchone() == (True,)
    assert done(postgres, RUN + COMPARE) == "the same"
