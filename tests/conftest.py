"""Fixtures of the whole suite."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection, transaction
from django.test import TransactionTestCase
from playwright.sync_api import expect

from tests.broker import *  # noqa: F403
from tests.cast import *  # noqa: F403

# The browser's driver runs a loop in the thread in which the tests read the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
# What a busy machine does late is still done; what is never done fails as well half a minute later.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Tests empty tables behind them, which the product's triggers refuse everybody else."""
    options = connection.settings_dict["OPTIONS"]
    options["options"] = f"{options.get('options', '')} -c kamplan.allow_truncate=on"


# Long files that begin last would leave the other workers waiting at the end.
LONG_FILES = ("test_make_demo", "metrics/test_", "browser/test_", "reliability/test_", "test_services")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next((n for n, name in enumerate(LONG_FILES) if name in item.nodeid), 99))


# What migrations wrote, and Django would write again after each emptying.
KEPT = ("django_migrations", "django_content_type", "auth_permission")


# More is quicker to cut off than to delete row by row.
LARGE = 10_000_000


def empty_tables(test_case: TransactionTestCase) -> None:
    """Only tables that hold a row are emptied, and without a look at their triggers: Django's own way takes half a
    second for each test, TRUNCATE of a few tables with all that refers to them still most of that."""
    with transaction.atomic(), connection.cursor() as cursor:
        names = [name for name in connection.introspection.table_names(cursor) if name not in KEPT]
        cursor.execute(
            " UNION ALL ".join(
                f"(SELECT '{name}', pg_table_size('{name}') FROM \"{name}\" LIMIT 1)" for name in names
            )
        )
        filled = dict(cursor.fetchall())
        cursor.execute("SELECT current_setting('is_superuser') = 'on'")
        (may_skip_triggers,) = cursor.fetchone()
        large = [name for name, size in filled.items() if size > LARGE or not may_skip_triggers]
        if large:
            cursor.execute(f"TRUNCATE {', '.join(large)} CASCADE")
        if small := filled.keys() - large:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(";".join(f'DELETE FROM "{name}"' for name in small))


@pytest.fixture(scope="session", autouse=True)
def quickly() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_tables)
        # A folder that an earlier `collectstatic` filled would be read anew by every test client.
        patch.setattr(settings, "STATIC_ROOT", settings.BASE_DIR / "var" / "nothing-collected")
        # The same hash, a thousand times sooner: a login costs a test what a page costs, not a third of a second.
        patch.setattr(PBKDF2PasswordHasher, "iterations", 1_000)
        # A code shown at the very end of its half minute still holds, so that no test waits for the next one.
        patch.setattr(settings, "MFA_TOTP_TOLERANCE", 1, raising=False)
        yield


CHROMIUM_SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium: nothing is downloaded."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.fail("There is no Chromium; on Debian: sudo apt-get install chromium")
    return {**browser_type_launch_args, "executable_path": program, "args": CHROMIUM_SWITCHES}
