"""BI tools: a login that reads figures and names of accounts, and nothing that people said or thought."""

import os
from collections.abc import Iterator
from unittest import mock

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from metrics.bi import TABLES, VIEWS, document, may_make_roles
from tests.factories import make_account, make_contact

PASSWORD = "a long and boring password"


def test_the_documentation_is_made_of_the_declarations() -> None:
    written = (settings.BASE_DIR / "docs" / "bi.md").read_text(encoding="utf-8")
    assert written == document(), "call manage.py bi_docs"


@pytest.mark.django_db
def test_a_short_password_makes_no_role() -> None:
    with mock.patch.dict(os.environ, BI_PASSWORD="short"), pytest.raises(CommandError):
        call_command("bi_role", "kamplan_bi")


@pytest.fixture
def role(transactional_db: None) -> Iterator[str]:
    if not may_make_roles():
        pytest.skip("this database user may not make roles")
    name = f"bi_of_{connection.settings_dict['NAME']}".replace("-", "_")[:60]
    with mock.patch.dict(os.environ, BI_PASSWORD=PASSWORD):
        call_command("bi_role", name)
        call_command("bi_role", name)
    yield name
    with connection.cursor() as cursor:
        cursor.execute(f'DROP OWNED BY "{name}"')
        cursor.execute(f'DROP ROLE "{name}"')
        cursor.execute("DROP SCHEMA bi CASCADE")


def test_the_role_logs_in_and_reads_exactly_the_figures_and_their_names(role: str) -> None:
    account = make_account("Aurora Foods")
    make_contact(account, "Carla Costa")
    given = connection.get_connection_params()
    asked = {key: given[key] for key in ("host", "port", "dbname") if given.get(key)}
    with psycopg.connect(**asked, user=role, password=PASSWORD, autocommit=True) as bi:
        assert bi.execute("SELECT name FROM bi.account").fetchall() == [("Aurora Foods",)]
        for view in VIEWS:
            bi.execute(f"SELECT * FROM bi.{view.name}")
        for model in TABLES:
            bi.execute(f"SELECT COUNT(*) FROM {model._meta.db_table}")
        readable = bi.execute(
            """SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'public' AND c.relkind IN ('r', 'v', 'm', 'p')
                  AND (has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT'))"""
        ).fetchall()
        assert {name for (name,) in readable} == {model._meta.db_table for model in TABLES}
        for refused in ("SELECT * FROM accounts_contact", "SELECT password FROM accounts_user"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                bi.execute(refused)
        # A session may end its own read-only mode; what it may not write stays.
        bi.execute("SET default_transaction_read_only = off")
        for refused in (
            "DELETE FROM metrics_scopefigures",
            "CREATE TABLE own (a int)",
            "CREATE SCHEMA own",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                bi.execute(refused)
    with mock.patch.dict(os.environ, BI_PASSWORD=PASSWORD), pytest.raises(CommandError, match="other things"):
        # Kamplan's own role would lose what it lives on.
        call_command("bi_role", given["user"])
