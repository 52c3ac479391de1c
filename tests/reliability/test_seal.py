"""Closed months of signals are left unread as long as they are sealed; an unannounced change breaks the seal."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.engagement.reference import add_signal_kinds
from accounts.models import Account, Organisation, Signal, SignalKind, SignalWeight
from metrics.models import AccountMonth, Run
from metrics.sources.signals import ADDED_UP
from tests.factories import make_account, make_contact, make_signal
from tests.metrics.engine import day, facts, run

pytestmark = pytest.mark.django_db
MAY, JUNE = day("2026-05-01"), day("2026-06-01")


@pytest.fixture
def account() -> Account:
    """Two site visits (1 point each) and a demonstration asked for (10) in May, an answered mail in April."""
    Organisation.objects.create(pk=1)
    if not SignalWeight.objects.exists():
        SignalKind.objects.all().delete()
        add_signal_kinds(SignalKind, SignalWeight)
    made = make_account("A")
    for kind, at in (
        ("site_visit", "2026-05-05"),
        ("site_visit", "2026-05-06"),
        ("demo_request", "2026-05-07"),
    ):
        make_signal(made, kind, at=f"{at}T12:00:00Z")
    contact = make_contact(made, "Ingrid")
    for kind, at in (("email_delivered", "2026-04-10"), ("email_reply", "2026-04-11")):
        make_signal(made, kind, at=f"{at}T12:00:00Z", contact=contact, subject="Offer")
    run("2026-06-10")
    return made


@contextmanager
def behind_the_triggers() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield
        cursor.execute("RESET session_replication_role")


def points(month: datetime.date) -> float:
    return sum(float(fact.points) for fact in AccountMonth.objects.filter(month=month))


def read_all(as_of: str) -> bool:
    """Whether the run of this day adds up every single signal."""
    with CaptureQueriesContext(connection) as captured:
        run(as_of)
    return any(ADDED_UP[:200] in query["sql"] for query in captured.captured_queries)


def test_signals_of_closed_months_are_added_up_again_only_where_one_of_them_changed(account: Account) -> None:
    make_signal(account, at="2026-06-11T12:00:00Z")
    assert not read_all("2026-06-12")
    assert not read_all("2026-07-02")
    assert Run.objects.latest().seal["until"] == "2026-07-01"
    assert (points(MAY), points(JUNE)) == (12, 1)
    make_signal(account, "download", at="2026-05-20T12:00:00Z")
    assert read_all("2026-07-03")
    assert not Run.objects.latest().is_full
    assert points(MAY) == 15
    assert not read_all("2026-07-04")


def forget_a_signal() -> None:
    Signal.objects.filter(kind__code="download").delete()


def change_a_kind() -> None:
    Signal.objects.filter(kind__code="demo_request").update(kind=SignalKind.objects.get(code="download"))


def change_a_weight() -> None:
    SignalWeight.objects.filter(kind__code="demo_request").update(weight=20)


def change_a_fact() -> None:
    AccountMonth.objects.filter(month=MAY).update(points=99)


def lose_the_answer_of_a_mail() -> None:
    Signal.objects.filter(kind__code="email_reply").update(subject="Another")


def test_what_changed_unannounced_in_a_closed_month_makes_the_run_rebuild_everything(
    account: Account,
) -> None:
    as_of = day("2026-06-11")
    for change, after in (
        (change_a_fact, 12),
        (change_a_weight, 22),
        (change_a_kind, 5),
        (lose_the_answer_of_a_mail, 5),
        (forget_a_signal, 2),
    ):
        with behind_the_triggers():
            change()
        assert run(as_of).is_full, change.__name__
        assert points(MAY) == after, change.__name__
        as_of += datetime.timedelta(days=1)
    assert sum(fact.mails_answered for fact in AccountMonth.objects.all()) == 0


def test_months_before_those_that_are_weighed_again_count_as_in_a_rebuild(account: Account) -> None:
    """Two and a half years of signals: nights read what was published of the oldest, a rebuild reads them all."""
    other = make_account("B")
    forgotten = make_account("C")
    for number in range(0, 900, 9):
        at = datetime.datetime(2024, 1, 3, 12, tzinfo=datetime.UTC) + datetime.timedelta(days=number)
        make_signal(account, "demo_request" if number % 4 else "download", at=at)
        make_signal(other, "site_visit" if number < 500 else "email_open", at=at + datetime.timedelta(days=1))
    make_signal(forgotten, "demo_request", at="2023-03-03T12:00:00Z")
    run("2026-06-20")
    make_signal(other, "demo_request", at="2026-06-21T12:00:00Z")
    make_signal(forgotten, "demo_request", at="2026-06-21T12:00:00Z")
    run("2026-06-21")
    make_signal(account, "demo_request", at="2024-11-30T12:00:00Z")
    run("2026-07-02")
    published = facts()
    assert len([row for row in published if row[1] < day("2025-07-01")]) > 50
    run("2026-07-02", Run.Cause.FULL)
    assert facts() == published
