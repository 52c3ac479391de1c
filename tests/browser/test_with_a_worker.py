"""What a page shows while a worker process is at it: a bar that moves and ends, without anybody reloading."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from accounts.models import Account, Import, Role
from bench import synthetic
from kamplan.celery import app
from metrics.models import Run
from tests.browser.test_number_pages import open_page
from tests.factories import make_user
from tests.reliability.conftest import database_url

pytestmark = pytest.mark.django_db(transaction=True)

# On every page from its beginning: the one that a click leads to may be there sooner than the test.
WATCH = """
window.seen = [];
const look = () => {
  const bar = document.querySelector("progress");
  if (bar && bar.hasAttribute("value") && bar.value !== window.seen.at(-1)) window.seen.push(bar.value);
};
new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
"""


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """The worker of imports and numbers, as production starts it, on the database of this test."""
    with app.connection_for_write() as link:
        # Other tests wake a worker that nobody runs.
        queue = link.SimpleQueue("numbers")
        queue.clear()
        queue.close()
    argv = [sys.executable, "-m", "celery", "-A", "kamplan", "worker", "--queues=numbers", "--pool=solo"]
    process = subprocess.Popen(
        [*argv, "--without-gossip", "--without-mingle", "--loglevel=WARNING"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": database_url(), "REDIS_URL": settings.CELERY_BROKER_URL},
    )
    yield
    process.kill()
    process.wait()


def seen(page: Page) -> list[float]:
    values: list[float] = page.evaluate("window.seen")
    return values


def test_a_bar_moves_while_a_worker_tries_a_file_and_computes_the_numbers(
    worker: None, browser: Any, live_server: Any
) -> None:
    synthetic.fill(200, "2023-01-01")
    # Beyond the keys that the portfolio was written with.
    adam = make_user("Adam Aydin", Role.ADMINISTRATOR, pk=999_999)
    page, faults = open_page(browser, live_server.url, adam, "light", 1280)
    page.add_init_script(WATCH)

    page.goto("/exchange/new/?kind=accounts")
    rows = "".join(f"N{n},Company {n}\n" for n in range(150_000))
    file = {"name": "many.csv", "mimeType": "text/csv", "buffer": f"external id,name\n{rows}".encode()}
    page.set_input_files("[name=file]", file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Upload and choose the columns").click()
    page.wait_for_url("**/columns/")
    page.get_by_role("button", name="Dry run").click()
    expect(page.get_by_text("This is what would happen.")).to_be_visible(timeout=60_000)
    assert any(0 < value < 100 for value in seen(page)), seen(page)
    assert seen(page) == sorted(seen(page))
    assert Import.objects.get().state == "checked"
    assert not Account.objects.filter(name="Company 7").exists()

    page.goto("/runs/")
    page.get_by_role("button", name="Full rebuild").click()
    expect(page.locator("#run-progress").get_by_role("link", name="run")).to_be_visible(timeout=120_000)
    assert len(set(seen(page))) >= 2, seen(page)
    assert seen(page) == sorted(seen(page))
    expect(page.locator("#run-progress progress")).to_have_count(0)
    expect(page.locator("#run-progress")).not_to_have_attribute("hx-get", "**")
    assert Run.objects.count() == 1
    assert faults == []
    page.context.close()
