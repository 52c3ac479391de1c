"""Runs that are killed, doubled or frozen: the published figures are always those of one whole run."""

import datetime
import os
import random
import signal
import threading
import time

import psycopg
import pytest
from django.db import connection, connections

from accounts.models import Account, OrderLine
from metrics.models import AccountMonth, QueuedAccount, Run, RunAttempt, ScopeFigures
from metrics.reading import newest_run, reading
from metrics.recompute.run import AnotherRun, Order, one_at_a_time, recompute
from tests.forks import Forks
from tests.reliability.conftest import database_url, published

NIGHT = "2025-12-15"
AS_OF = datetime.date.fromisoformat(NIGHT)
# A run that is killed as a step begins, or a moment later in the midst of it.
KILLED = """
import datetime, os, signal, threading
from metrics.recompute.run import Order, recompute
left = {steps}

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def progress(step):
    global left
    left -= 1
    if left == 0:
        threading.Timer({later}, die).start() if {later} else die()

recompute(Order("manual", datetime.date.fromisoformat("{night}")), progress)
"""


def rebuilt_from_nothing() -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE metrics_accountmonth, metrics_accountmonthpast, metrics_scopefigures, metrics_run CASCADE"
        )
    recompute(Order(Run.Cause.FULL, AS_OF))
    return published()


def test_runs_killed_at_random_points_leave_figures_equal_to_a_clean_run(
    portfolio: list[Account], children: Forks
) -> None:
    chance = random.Random(7)
    ends = []
    for number in range(10):
        OrderLine.objects.filter(order__account=chance.choice(portfolio)).update(
            amount=chance.randint(50, 900)
        )
        wait_for_lock()
        later = chance.uniform(0.01, 0.3) if number % 2 else 0
        children.start(KILLED.format(steps=chance.randint(1, 9), later=later, night=NIGHT))
        ends.append(children.ended())
    # Those a moment later may be just too late.
    assert ends[::2] == [-signal.SIGKILL] * 5
    assert set(ends) <= {-signal.SIGKILL, 0}
    wait_for_lock()
    recompute(Order(Run.Cause.MANUAL, AS_OF))
    assert not QueuedAccount.objects.exists()
    after_chaos = published()
    assert after_chaos == rebuilt_from_nothing()


def wait_for_lock(seconds: float = 120) -> None:
    """The server notices a killed client only when it next writes to it."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with one_at_a_time():
                return
        except AnotherRun:
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_a_crashed_run_gives_the_queue_back(portfolio: list[Account]) -> None:
    recompute(Order(Run.Cause.MANUAL, AS_OF))
    OrderLine.objects.filter(order__account=portfolio[0]).update(amount=5)
    queued = QueuedAccount.objects.count()
    assert queued

    def explode(step: str, then: int | None = None) -> None:
        if step.startswith("Figures"):
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        recompute(Order(Run.Cause.MANUAL, AS_OF), explode)
    assert QueuedAccount.objects.count() == queued
    assert Run.objects.count() == 1


def test_a_second_run_does_not_wait_for_the_first(portfolio: list[Account]) -> None:
    outcome: list[str] = []

    def second() -> None:
        try:
            recompute(Order(Run.Cause.MANUAL, AS_OF))
        except AnotherRun:
            outcome.append("refused")
        finally:
            connections.close_all()

    # Whoever waited would wait for ever: the lock is held until the second one has given up.
    with one_at_a_time():
        thread = threading.Thread(target=second, daemon=True)
        thread.start()
        thread.join(timeout=120)
        assert outcome == ["refused"]


def test_a_thousand_pages_read_while_runs_are_published_never_mix_two_runs(portfolio: list[Account]) -> None:
    recompute(Order(Run.Cause.FULL, AS_OF))
    stop = threading.Event()
    pages: list[bool] = []

    def read() -> None:
        try:
            while not stop.is_set():
                pages.append(page_is_whole())
        finally:
            connections.close_all()

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    chance = random.Random(11)
    runs = 0
    while len(pages) < 1000 or runs < 5:
        OrderLine.objects.filter(order__account=chance.choice(portfolio)).update(
            amount=chance.randint(50, 900)
        )
        recompute(Order(Run.Cause.MANUAL, AS_OF))
        runs += 1
    stop.set()
    for reader in readers:
        reader.join()
    assert len(pages) >= 1000
    assert all(pages)


def page_is_whole() -> bool:
    """Several statements that must tell of the same run: its number, its facts, its figures."""
    from django.db.models import Sum

    with reading():
        run = newest_run()
        assert run is not None
        facts = AccountMonth.objects.filter(month__year=2024).aggregate(total=Sum("revenue"))["total"]
        stored = ScopeFigures.objects.get(
            scope="company", starts="2024-01-01", ends="2025-01-01", kind="accounts", valid_to=None
        )
        newest_fact = (
            AccountMonth.objects.order_by("-valid_from").values_list("valid_from", flat=True).first()
        )
    return facts == stored.figures["revenue_now"] and (newest_fact or 0) <= run.pk


def test_an_attempt_whose_worker_was_killed_is_tried_again_and_published(
    portfolio: list[Account], children: Forks
) -> None:
    from django.utils import timezone

    from metrics.recompute import due

    attempt = due.request_run(Run.Cause.MANUAL)
    # It cannot get to its end before it is killed: what it wants to write is held.
    with psycopg.connect(database_url()) as link:
        link.execute("LOCK TABLE metrics_scopefigures")
        number = children.start("from metrics.recompute import due; due.work()")
        deadline = time.monotonic() + 120
        while RunAttempt.objects.get(pk=attempt.pk).state != RunAttempt.State.RUNNING:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(number, signal.SIGKILL)
        assert children.ended() == -signal.SIGKILL
    due.sweep(timezone.now() + datetime.timedelta(minutes=2))
    assert RunAttempt.objects.get(pk=attempt.pk).state == RunAttempt.State.WAITING
    wait_for_lock()
    due.work()
    attempt.refresh_from_db()
    assert (attempt.state, attempt.tries) == (RunAttempt.State.PUBLISHED, 2)
    assert attempt.run is not None
