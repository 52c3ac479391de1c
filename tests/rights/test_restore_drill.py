"""The drill of docs/backup.md on a real server: base backup, a bad DELETE, and back to the moment before it."""

import io
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection

from accounts import outbox
from accounts.models import Contact, Message, Order, Organisation, Session, User
from accounts.rights.erase import erase
from accounts.rights.persons import Person
from accounts.rights.replay import stock
from kamplan import services
from kamplan.services import Instance, Postgres, postgres_programs
from kamplan.supervisor import Supervisor
from metrics.recompute import run
from tests.factories import make_account, make_classification, make_contact, make_order, make_user
from tests.reliability.conftest import database_url

NAME = "Ingrid Zyxwvut"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Where the server puts its log of writes, and the base backup lies."""
    return (
        Instance("test-drill").data.parent / f"drill-{tmp_path.name}" if services.service_user() else tmp_path
    )


@pytest.fixture
def server(tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Postgres]:
    """A server of this test alone that archives as production does."""
    monkeypatch.setattr(services, "BASE_DIR", tmp_path)
    monkeypatch.delenv("KAMPLAN_POSTGRES_BIN", raising=False)
    settings = {
        "archive_mode": "on",
        "archive_command": f'cp "%p" "{archive}/wal/%f"',
        "restore_command": f'cp "{archive}/wal/%f" "%p"',
    }
    monkeypatch.setattr(services, "POSTGRES_SETTINGS", services.POSTGRES_SETTINGS | settings)
    instance = Instance("test-drill")
    instance.logs.mkdir(parents=True)
    supervisor = Supervisor(say=lambda text: None)
    found = Postgres(instance, supervisor)
    services.owned_folder(archive / "wal", found.user)
    start(found)
    yield found
    supervisor.stop_all()
    shutil.rmtree(archive)
    if instance.data != instance.folder:
        shutil.rmtree(instance.data.parent)


def start(server: Postgres) -> None:
    server.start()
    server.supervisor.wait_until(server.ready, "PostgreSQL", 60)


@contextmanager
def connected_to(server: Postgres) -> Iterator[None]:
    """This process works on that server; what pytest-django set up is put back."""
    before = dict(connection.settings_dict)
    connection.close()
    there = {"HOST": services.LOOPBACK, "PORT": str(server.port), "NAME": "kamplan", "USER": "kamplan"}
    connection.settings_dict.update(there, PASSWORD=server.password)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


def copy_of_the_schema(server: Postgres) -> None:
    """The tables as the migrations made them, in a tenth of their time."""
    programs = postgres_programs()
    dump = subprocess.run(
        [programs / "pg_dump", "--no-owner", database_url()], capture_output=True, check=True
    )
    loading = [programs / "psql", "--quiet", "--single-transaction", "-v", "ON_ERROR_STOP=1", server.url]
    subprocess.run(loading, input=dump.stdout, stdout=subprocess.DEVNULL, check=True)


def base_backup(server: Postgres, archive: Path) -> None:
    subprocess.run(
        [postgres_programs() / "pg_basebackup", "-d", server.url_of("postgres"), "-D", archive / "base"]
        # Durable it need not be: the test ends with this machine.
        + ["--checkpoint=fast", "--wal-method=none", "--no-sync"],
        check=True,
        capture_output=True,
    )


def restore(server: Postgres, archive: Path, moment: str) -> None:
    """Put the base backup in the place of the data, and let the server write again until the moment."""
    with psycopg.connect(server.url_of("postgres"), autocommit=True) as link:
        (segment,) = link.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()  # type: ignore[misc]
    deadline = time.monotonic() + 120
    while not (archive / "wal" / segment).exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    server.supervisor.stop_all()
    shutil.rmtree(server.folder)
    shutil.move(archive / "base", server.folder)
    with open(server.folder / "postgresql.auto.conf", "a") as settings:
        settings.write(f"recovery_target_time = '{moment}'\nrecovery_target_action = 'promote'\n")
    (server.folder / "recovery.signal").touch()
    if server.user:
        subprocess.run(["chown", "-R", server.user, server.folder], check=True)
    server.folder.chmod(0o700)
    start(server)
    with psycopg.connect(server.url, autocommit=True) as link:
        while link.execute("SELECT pg_is_in_recovery()").fetchone() == (True,):
            assert time.monotonic() < deadline + 120
            time.sleep(0.05)


def company(manager: User) -> Contact:
    Organisation.objects.get_or_create(pk=1)
    for number in range(3):
        account = make_account(f"Account {number}", owner=manager, since="2025-10-01")
        make_classification(account, "2025-10-01", tier="A")
        make_order(account, "2026-01-10", 100 + number)
    return make_contact(account, NAME, email="ingrid@customer.example", since="2025-10-01")


def a_message(to: Contact, state: str) -> None:
    Message.objects.create(kind="survey", contact=to, dedup_key=state, state=state, payload={"invitation": 0})


# Without the mark no database of the tests is set up where this is the only test.
@pytest.mark.django_db(transaction=True)
def test_a_restore_to_the_second_before_a_bad_delete_loses_and_resends_nothing(
    server: Postgres, archive: Path, tmp_path: Path, settings: Any
) -> None:
    settings.ERASURE_LOG = str(tmp_path / "erasures.jsonl")
    copy_of_the_schema(server)
    with connected_to(server):
        manager = make_user("Maya Marin")
        ingrid = company(manager)
        base_backup(server, archive)
        # Work goes on after the backup, and all of it counts.
        make_order(ingrid.account, "2026-01-20", 5000)
        run.recompute(run.Order("full", Organisation.current().today()))
        for state in ("sending", "new", "sent"):
            a_message(ingrid, state)
        before = stock()
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()::text")
            (moment,) = cursor.fetchone()
        # The accident, and what happens until somebody notices.
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM accounts_orderline")
            cursor.execute("DELETE FROM accounts_order")
        Message.objects.filter(state="new").update(state="sent")
        erase(Person("contacts", ingrid), None)
        make_account("Written into the void")
        connection.close()
        restore(server, archive, moment)
        check(before, ingrid)


def check(before: Any, ingrid: Contact) -> None:
    assert stock() == before and Order.objects.count() == 4
    assert before.rows["metrics_scopefigures"] > 50
    assert Contact.objects.get(pk=ingrid.pk).name == NAME
    told = io.StringIO()
    call_command("after_restore", stdout=told)
    assert "Mails held back as perhaps sent: 2" in told.getvalue()
    assert "Erasures: 1 done once more" in told.getvalue()
    assert before.figures in told.getvalue()
    # Erased once more, the figures are those of before, and the sender finds nothing to send.
    left = Contact.objects.get(pk=ingrid.pk)
    assert (left.name, left.email) == (f"Erased person {ingrid.pk}", "")
    assert stock().figures == before.figures
    mail.outbox.clear()
    assert outbox.send_waiting() == 0 and mail.outbox == []
    assert sorted(Message.objects.values_list("state", flat=True)) == ["sent", "unknown", "unknown"]
    assert not Session.objects.exists()
    # Looking changes nothing, and a second time is the same as once.
    again = io.StringIO()
    call_command("after_restore", stdout=again)
    assert "Erasures: 0 done once more, 1 held" in again.getvalue()
