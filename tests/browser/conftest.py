"""Who opens pages in a real browser, and an account with everything that its page can show."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page

from accounts.models import Account, Organisation, User
from accounts.periods import add_months, first_of_month
from metrics.recompute.run import Order, recompute
from tests.browser.axe import faults_of
from tests.clients import as_
from tests.factories import (
    make_account,
    make_assignment,
    make_classification,
    make_contract,
    make_opportunity,
    make_order,
    make_stage,
)

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
LONG = "Kantonale Verkehrsbetriebe Basel-Landschaft und angrenzende Gemeinden Aktiengesellschaft"


@pytest.fixture
def aurora(maya: User, omar: User, lena: User, hana: User, mira: User) -> Account:
    """An account with everything that its page can show, and a group of three around it."""
    Organisation.objects.get_or_create(pk=1)
    today = Organisation.current().today()
    month = first_of_month(today)
    group = make_account("Aurora Group ASA", owner=maya, city="Oslo")
    found = make_account("Aurora Foods", owner=maya, city="Bergen", country="Norway", parent=group)
    make_account(LONG, owner=maya, parent=group)
    make_assignment(found, omar, role="deputy")
    make_classification(found, tier="A", industry="Food", region="Nordics", is_target=True)
    for back in range(20):
        make_order(found, add_months(month, -back), 1000 + 50 * back)
    opened = today - datetime.timedelta(days=200)
    for name, probability in (("Offer", "0.4"), ("Negotiation", "0.8")):
        make_stage(name, probability=probability, position=int(float(probability) * 10))
    offer = make_stage("Offer")
    make_opportunity(found, opened, 5000, name="Pumps", phases=[(offer, opened, None)])
    make_opportunity(found, opened, 900, name="Seals", outcome="won", closed_on=today)
    make_contract(
        found,
        month - datetime.timedelta(days=300),
        today + datetime.timedelta(days=100),
        12000,
        number="K-1",
        notice_date=today + datetime.timedelta(days=9),
    )
    recompute(Order("full", today))
    return found


class Reader:
    """A page with its faults, opened by somebody who is logged in."""

    def __init__(
        self, browser: Browser, base: str, user: User, theme: str = "light", width: int = 1280
    ) -> None:
        self.context = browser.new_context(
            base_url=base,
            color_scheme=theme,  # type: ignore[arg-type]
            viewport={"width": width, "height": 900},
            reduced_motion="reduce",
        )
        client = as_(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": base}])
        self.page = self.context.new_page()
        self.faults: list[str] = []
        self.page.on("console", lambda line: self.faults.append(line.text) if line.type == "error" else None)
        self.page.on("pageerror", lambda fault: self.faults.append(str(fault)))
        self.page.on("request", lambda sent: self.elsewhere(base, sent.url))

    def elsewhere(self, base: str, url: str) -> None:
        if not url.startswith((base, "data:")):
            self.faults.append(f"asked {url}")

    def expect_clean(self, path: str, with_axe: bool = True) -> None:
        self.page.goto(path)
        assert not with_axe or faults_of(self.page) == [], path
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{path} scrolls sideways by {wide}"
        assert self.page.locator("h1").count() == 1, path
        assert self.faults == [], path


@contextmanager
def sent(page: Page) -> Iterator[None]:
    """What is pressed inside sends a form: afterwards the server has answered, and the next page is there."""
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        yield
    page.wait_for_load_state()


@pytest.fixture
def open_as(browser: Browser, live_server: Any) -> Iterator[Any]:
    opened: list[Reader] = []

    def open_(user: User, theme: str = "light", width: int = 1280) -> Reader:
        opened.append(Reader(browser, live_server.url, user, theme, width))
        return opened[-1]

    yield open_
    for each in opened:
        each.context.close()


@pytest.fixture
def page(open_as: Any, maya: User, aurora: Account) -> Iterator[Page]:
    """maya's browser; at the end it must have logged no fault."""
    reader = open_as(maya)
    yield reader.page
    assert reader.faults == []
