"""The whole way of a file by mouse, in both themes and at both widths: no fault of access, policy or width."""

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from accounts.exchange import actions
from accounts.models import Account, User
from tests.browser.conftest import sent
from tests.factories import PASSWORD, make_account
from tests.people.test_browser import Theme, expect_clean, open_page

FILE = {"name": "customers.csv", "mimeType": "text/csv", "buffer": b"Customer no.,Company\n1,Alfa\n2,Beta\n"}
WRONG = {**FILE, "buffer": b"Customer no.,Company\n1,Alfa\n1,Beta\n2,\n"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 320)])
def test_a_file_goes_its_way_by_mouse(
    browser: Browser, live_server: Any, adam: User, theme: Theme, width: int
) -> None:
    page, faults = open_page(browser, live_server.url, theme, width)
    page.goto("/login/?next=/exchange/")
    page.fill("[name=login]", adam.email)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/exchange/")
    expect_clean(page, "/exchange/")
    make_account("Alpha", source="import", external_id="1")
    refused = [(WRONG, "It must not be empty.")] if theme == "light" else []
    for file, end in (*refused, (FILE, "Apply")):
        expect_clean(page, "/exchange/new/?kind=accounts")
        page.set_input_files("[name=file]", file)  # type: ignore[arg-type]
        page.get_by_role("button", name="Upload and choose the columns").click()
        page.wait_for_url("**/columns/")
        expect_clean(page, page.url)
        page.get_by_label("Column of the file for external id").select_option("Customer no.")
        page.get_by_label("Column of the file for name").select_option("Company")
        expect(page.locator("#sample-name")).to_contain_text("Alfa")
        with sent(page):
            page.get_by_role("button", name="Dry run").click()
        expect(page.get_by_text("It begins as soon as a worker is free.")).to_be_visible()
        actions.work()
        expect(page.get_by_text(end, exact=True)).to_be_visible()
        expect_clean(page, page.url)
    expect(page.get_by_text("hidden", exact=True)).to_be_visible()
    page.get_by_role("link", name="Created").click()
    expect(page.get_by_text("2 · Beta")).to_be_visible()
    expect_clean(page, page.url)
    with sent(page):
        page.get_by_role("button", name="Apply").click()
    actions.work()
    expect(page.get_by_text("Applied.")).to_be_visible()
    assert Account.objects.count() == 2
    expect_clean(page, page.url)
    expect_clean(page, "/exchange/")
    assert faults == []
    page.context.close()
