"""What the environment decides, seen by fresh processes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError, connection

from kamplan.env import BadEnvironment, database_settings, email_settings, env_bool, env_int, env_list

CHECKOUT = Path(__file__).resolve().parent.parent
PRODUCTION = {
    "SECRET_KEY": "9f3c1e7a5b8d2046c1e7a5b8d2046f3c1e7a5b8d2046f3c1e7a5b8d2046",
    "DATABASE_URL": "postgres://kamplan:secret@db.example/kamplan",
    "REDIS_URL": "redis://:secret@broker.example:6379/0",
    "ALLOWED_HOSTS": "kamplan.example,localhost",
    "SITE_URL": "https://kamplan.example",
    "BEHIND_TLS": "true",
    "EMAIL_URL": "smtp+tls://me:secret@mail.example:587",
    "DEFAULT_FROM_EMAIL": "kamplan <kamplan@kamplan.example>",
}


def fresh(environment: dict[str, str], *argv: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, *argv], env={**kept, **environment}, cwd=CHECKOUT, capture_output=True, text=True
    )


def test_the_deployment_check_is_clean_with_a_production_environment() -> None:
    for process in ("", "web"):
        environment = {**PRODUCTION, "KAMPLAN_PROCESS": process}
        found = fresh(environment, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
        assert found.returncode == 0, found.stderr


def test_the_deployment_check_says_that_mails_would_reach_nobody() -> None:
    environment = {**PRODUCTION, "EMAIL_URL": ""}
    found = fresh(environment, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert found.returncode == 1
    assert "kamplan.W001" in found.stderr


def test_a_production_process_without_a_key_refuses_to_start() -> None:
    found = fresh({**PRODUCTION, "SECRET_KEY": "", "KAMPLAN_PROCESS": "web"}, "manage.py", "check")
    assert found.returncode != 0
    assert "SECRET_KEY must be set" in found.stderr


def test_without_a_database_the_error_says_what_is_missing() -> None:
    found = fresh({"KAMPLAN_INSTANCE": "nowhere"}, "manage.py", "migrate")
    assert "no-database-url-and-make-demo-is-not-running" in found.stderr


@pytest.mark.parametrize(
    ("process", "expected"),
    [
        ("web", ("10s", "2s", "10s")),
        ("worker", ("2min", "10s", "1min")),
        ("beat", ("2min", "10s", "1min")),
        ("numbers", ("0", "0", "0")),
        ("", ("0", "0", "0")),
    ],
)
@pytest.mark.django_db
def test_each_process_gets_the_time_limits_of_its_kind(process: str, expected: tuple[str, ...]) -> None:
    target = connection.settings_dict
    url = (
        f"postgres://{target['USER']}:{target['PASSWORD']}@{target['HOST']}:{target['PORT']}/{target['NAME']}"
    )
    script = (
        "import django; django.setup()\n"
        "from django.db import connection as c\n"
        "names = 'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'\n"
        "with c.cursor() as cursor:\n"
        "    for name in names: cursor.execute(f'show {name}'); print(cursor.fetchone()[0])\n"
    )
    environment = {
        **PRODUCTION,
        "DATABASE_URL": url,
        "KAMPLAN_PROCESS": process,
        "DJANGO_SETTINGS_MODULE": "kamplan.settings",
    }
    found = fresh(environment, "-c", script)
    assert tuple(found.stdout.split()) == expected, found.stderr


@pytest.mark.django_db
def test_a_statement_over_its_limit_is_stopped_by_the_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '100ms'")
        with pytest.raises(OperationalError, match="statement timeout"):
            cursor.execute("SELECT pg_sleep(5)")


def test_only_the_web_process_keeps_a_pool() -> None:
    url = "postgres://u@h/n"
    pooled = [kind for kind in ("", "web", "worker", "numbers", "beat") if "pool" in options(url, kind)]
    assert pooled == ["web"]


def options(url: str, process: str) -> dict[str, object]:
    found = database_settings(url, process)["OPTIONS"]
    assert isinstance(found, dict)
    return found


def test_a_database_address_is_taken_apart() -> None:
    found = database_settings("postgresql://ka%40m:p%2Fw@db.example:6543/numbers?sslmode=require", "")
    picked = {name: found[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")}
    assert picked == {
        "USER": "ka@m",
        "PASSWORD": "p/w",
        "HOST": "db.example",
        "PORT": 6543,
        "NAME": "numbers",
    }
    assert options("postgres://h/n?sslmode=require", "")["sslmode"] == "require"


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(BadEnvironment, match="PostgreSQL is the only database"):
        database_settings("sqlite:///numbers.db", "")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", ("mail.example", 25, "", False, False)),
        ("smtp+tls://me%40x:pw@mail.example", ("mail.example", 587, "me@x", True, False)),
        ("smtps://me:pw@mail.example:2465", ("mail.example", 2465, "me", False, True)),
    ],
)
def test_a_mail_address_is_taken_apart(url: str, expected: tuple[object, ...]) -> None:
    names = ("EMAIL_HOST", "EMAIL_PORT", "EMAIL_HOST_USER", "EMAIL_USE_TLS", "EMAIL_USE_SSL")
    found = email_settings(url)
    assert tuple(found[name] for name in names) == expected


def test_a_mail_address_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(BadEnvironment, match="EMAIL_URL"):
        email_settings("mail.example:587")


def test_switches_numbers_and_lists_are_read_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAMPLAN_TRIED", "Yes")
    assert env_bool("KAMPLAN_TRIED") is True
    monkeypatch.setenv("KAMPLAN_TRIED", "maybe")
    with pytest.raises(BadEnvironment, match="must be true or false"):
        env_bool("KAMPLAN_TRIED")
    with pytest.raises(BadEnvironment, match="must be a whole number"):
        env_int("KAMPLAN_TRIED", 1)
    monkeypatch.setenv("KAMPLAN_TRIED", " a, ,b ")
    assert env_list("KAMPLAN_TRIED") == ["a", "b"]


@pytest.mark.django_db
def test_the_cache_lives_in_postgresql() -> None:
    # The cache is no model's table: what other tests committed there outlives them.
    cache.clear()
    cache.set("attempts", 3)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kamplan_cache")
        assert cursor.fetchone() == (1,)
    assert cache.get("attempts") == 3


def test_the_broker_waits_longer_than_any_task_of_its_default_queue() -> None:
    longest = settings.CELERY_TASK_TIME_LIMIT
    assert settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] >= 2 * longest


def test_every_variable_that_the_code_reads_is_explained_and_no_other() -> None:
    reader = re.compile(r"""(?:env_\w+|environ(?:\.get)?)[(\[]\s*"([A-Z][A-Z_]+)\"""")
    code = [path for area in ("kamplan", "accounts", "metrics") for path in (CHECKOUT / area).rglob("*.py")]
    read = {name for path in code for name in reader.findall(path.read_text())}
    explained = set(re.findall(r"^([A-Z_]+)=", (CHECKOUT / ".env.example").read_text(), re.MULTILINE))
    for_others = {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "KAMPLAN_SAMPLE_DATA"}
    assert explained - for_others == read
