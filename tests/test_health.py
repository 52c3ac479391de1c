import os
import subprocess
import sys

import pytest
from django.db import connection
from django.test import Client

from kamplan import health


def test_liveness_needs_no_database_and_no_login(client: Client) -> None:
    # Without the fixture that opens the database, a query would be refused.
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_readiness_without_a_run_says_so(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"database": True, "migrations": True, "newest_run_age_seconds": None}


@pytest.mark.django_db(transaction=True)
def test_a_missing_migration_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrated", set())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_migrations SET name = name || '?' WHERE app = 'sessions'")
    try:
        answer = client.get("/readyz")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE django_migrations SET name = rtrim(name, '?') WHERE app = 'sessions'")
    assert answer.status_code == 503
    assert answer.json()["migrations"] is False


def without_database(script: str) -> list[str]:
    """What a fresh process prints whose database does not answer."""
    prelude = "import django; django.setup()\nfrom django.test import Client\n"
    environment = {
        **os.environ,
        "DATABASE_URL": "postgres://kamplan@127.0.0.1:1/kamplan",
        "DJANGO_SETTINGS_MODULE": "kamplan.settings",
    }
    argv = [sys.executable, "-c", prelude + script]
    found = subprocess.run(argv, env=environment, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    return found.stdout.split("\n")


def test_a_database_that_does_not_answer_is_not_ready_but_the_process_lives() -> None:
    script = "for path in ('/readyz', '/healthz'): print(Client().get(path).status_code)\n"
    assert without_database(script)[:2] == ["503", "200"]


def test_a_page_whose_database_does_not_answer_says_so() -> None:
    script = (
        "client = Client(raise_request_exception=False)\n"
        "client.cookies['sessionid'] = 'x' * 32\n"
        "answer = client.get('/')\n"
        "print(answer.status_code, answer['Retry-After'])\n"
        "print('did not answer in time' in answer.content.decode())\n"
    )
    assert without_database(script)[:2] == ["503 30", "True"]
