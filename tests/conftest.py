"""Fixtures of the whole suite."""

import os
import shutil
from typing import Any

import pytest

from tests.cast import *  # noqa: F403

# The browser's driver runs a loop in the thread in which the tests read the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

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
