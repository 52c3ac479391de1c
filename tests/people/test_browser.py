"""The pages about people in a real browser: no fault of access, policy or width, in both themes."""

from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from accounts.models import Account, User
from tests.browser.axe import faults_of
from tests.factories import PASSWORD

Theme = Literal["light", "dark"]
PAGES = {
    "adam": [
        "/people/",
        "/people/?q=zzz",
        "/people/me/",
        "/people/teams/",
        "/people/audit/",
        "/people/elevation/",
    ],
    "hana": ["/people/grants/"],
    "lena": ["/people/me/", "/people/teams/", "/2fa/", "/password/change/", "/reauthenticate/"],
}
PUBLIC = ["/login/", "/password/reset/", "/password/reset/done/", "/people/invitation/nothing/"]


def open_page(browser: Browser, base: str, theme: Theme, width: int) -> tuple[Page, list[str]]:
    context = browser.new_context(
        base_url=base, color_scheme=theme, viewport={"width": width, "height": 800}, reduced_motion="reduce"
    )
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    return page, faults


def expect_clean(page: Page, path: str) -> None:
    page.goto(path)
    assert faults_of(page) == [], path
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} scrolls sideways"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 320)])
def test_people_pages_are_clean_for_each_role(
    browser: Browser,
    live_server: Any,
    adam: User,
    lena: User,
    hana: User,
    maya_account: Account,
    theme: Theme,
    width: int,
) -> None:
    for person, paths in PAGES.items():
        page, faults = open_page(browser, live_server.url, theme, width)
        page.goto("/login/?next=/people/me/")
        page.fill("[name=login]", f"{person}@kamplan.example")
        page.fill("[name=password]", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_url("**/people/me/")
        for path in paths:
            expect_clean(page, path)
        # A page that is not there and a refusal are pages too; the browser notes their status.
        assert [fault for fault in faults if "status of 4" not in fault] == []
        page.context.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 320)])
def test_public_pages_are_clean(
    browser: Browser, live_server: Any, theme: Theme, width: int, db: None
) -> None:
    page, faults = open_page(browser, live_server.url, theme, width)
    for path in PUBLIC:
        expect_clean(page, path)
    assert [fault for fault in faults if "status of 4" not in fault] == []
    page.context.close()
