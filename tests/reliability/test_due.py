"""What is due is decided by the database: by the organisation's clock, once a night, however often it is asked."""

import datetime
import threading
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.utils import timezone

from accounts.models import Contract, Organisation, User
from accounts.people.models import Message
from metrics.models import Run, RunAttempt
from metrics.recompute import due
from tests.broker import is_still_waking
from tests.factories import make_account, make_contract, make_order

BERLIN = ZoneInfo("Europe/Berlin")
State = RunAttempt.State


def berlin(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.fixture
def organisation(db: None) -> Organisation:
    return Organisation.objects.create(pk=1, time_zone="Europe/Berlin", run_hour=2)


@pytest.mark.parametrize(
    ("now", "night"),
    [
        ("2026-06-10T01:59", "2026-06-09"),
        ("2026-06-10T02:00", "2026-06-10"),
        ("2026-06-10T23:30", "2026-06-10"),
        # In the night of 29 March the hour from 2 to 3 does not exist; in that of 25 October it comes twice.
        ("2026-03-29T01:59", "2026-03-28"),
        ("2026-03-29T03:00", "2026-03-29"),
        ("2026-10-25T01:59", "2026-10-24"),
        ("2026-10-25T02:30", "2026-10-25"),
    ],
)
def test_a_night_is_due_once_its_hour_has_come(organisation: Organisation, now: str, night: str) -> None:
    assert due.due_night(berlin(now), organisation) == datetime.date.fromisoformat(night)


def test_the_hour_that_comes_twice_makes_one_run(organisation: Organisation) -> None:
    for fold in (0, 1):
        due.ensure_due(berlin("2026-10-25T02:30").replace(fold=fold))
    assert RunAttempt.objects.filter(due="2026-10-25").count() == 1


def test_after_missed_nights_only_the_newest_runs_and_the_others_are_noted(
    organisation: Organisation,
) -> None:
    due.ensure_due(berlin("2026-06-01T03:00"))
    make_order(make_account("A"), "2026-05-05", 10)
    due.work()
    due.ensure_due(berlin("2026-06-05T03:00"))
    states = dict(RunAttempt.objects.values_list("due", "state"))
    assert states == {
        datetime.date(2026, 6, 1): State.PUBLISHED,
        datetime.date(2026, 6, 2): State.SKIPPED,
        datetime.date(2026, 6, 3): State.SKIPPED,
        datetime.date(2026, 6, 4): State.SKIPPED,
        datetime.date(2026, 6, 5): State.WAITING,
    }


@pytest.mark.django_db(transaction=True)
def test_two_clocks_ticking_at_once_make_one_attempt() -> None:
    Organisation.objects.create(pk=1, time_zone="Europe/Berlin")
    now = timezone.now()
    gate = threading.Barrier(4)

    def clock() -> None:
        gate.wait()
        due.ensure_due(now)
        connections.close_all()

    clocks = [threading.Thread(target=clock) for _ in range(4)]
    for each in clocks:
        each.start()
    for each in clocks:
        each.join()
    assert RunAttempt.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_asking_for_a_run_does_not_wait_for_a_broker_that_is_gone(deaf_broker: None) -> None:
    Organisation.objects.create(pk=1)
    due.request_run(Run.Cause.MANUAL)
    assert is_still_waking(due.TASK)
    assert RunAttempt.objects.filter(state=State.WAITING, cause=Run.Cause.MANUAL).count() == 1


def test_asking_twice_leaves_one_run_waiting(organisation: Organisation) -> None:
    assert due.request_run(Run.Cause.FULL).pk == due.request_run(Run.Cause.FULL).pk


def test_three_tries_that_died_fail_for_good_and_tell_the_administrators(
    organisation: Organisation, adam: User, maya: User
) -> None:
    due.request_run(Run.Cause.MANUAL)
    for _ in range(3):
        assert due.claim() is not None
        due.sweep(timezone.now() + datetime.timedelta(minutes=2))
    attempt = RunAttempt.objects.get()
    assert (attempt.state, attempt.tries) == (State.FAILED, 3)
    assert list(Message.objects.values_list("kind", "recipient__name")) == [("run_failed", adam.name)]
    assert due.claim() is None


def test_an_attempt_with_a_heartbeat_is_left_alone(organisation: Organisation) -> None:
    due.request_run(Run.Cause.MANUAL)
    due.claim()
    due.sweep(timezone.now())
    assert RunAttempt.objects.get().state == State.RUNNING


def test_undecided_contracts_lapse_after_their_days_of_grace(organisation: Organisation) -> None:
    organisation.grace_days = 10
    organisation.save()
    account = make_account("A")
    make_contract(account, "2025-01-01", "2026-01-01", 100)
    due.lapse_contracts(berlin("2026-01-10T12:00"))
    assert Contract.objects.get().outcome == Contract.Outcome.OPEN
    due.lapse_contracts(berlin("2026-01-11T12:00"))
    assert Contract.objects.get().outcome == Contract.Outcome.LAPSED
