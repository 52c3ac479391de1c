"""Scorecards, explanations, the library and the runs in a real browser, as each role sees them."""

import datetime
from typing import Any, Literal

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from accounts.models import Account, Organisation, User
from metrics.models import Run
from metrics.recompute.run import Order, recompute
from tests.browser.axe import faults_of
from tests.clients import as_
from tests.factories import make_account, make_classification, make_contract, make_opportunity, make_order

Theme = Literal["light", "dark"]
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
T12 = "?period=t12&end=2025-12"


@pytest.fixture
def figures(db: None, maya: User, omar: User, lena: User, hana: User, adam: User) -> Run:
    """Two accounts with three years of orders, deals and contracts, and a long name."""
    Organisation.objects.update_or_create(pk=1, defaults={"reporting_currency": "EUR"})
    for owner, name in (
        (maya, "Kantonale Verkehrsbetriebe Basel-Landschaft und Umgebung AG"),
        (maya, "Aurora Foods"),
        (omar, "Borealis Steel"),
    ):
        fill(make_account(name, owner=owner, since="2023-01-01"))
    return recompute(Order(Run.Cause.MANUAL, datetime.date(2026, 1, 10)))


def fill(account: Account) -> None:
    make_classification(account, "2023-01-01", tier="A", region="North", industry="Food", is_target=True)
    for year in (2023, 2024, 2025):
        for month in (2, 5, 9):
            make_order(account, f"{year}-{month:02}-10", 1000 * month + 13 * (year - 2020))
        make_opportunity(account, f"{year}-01-15", 4000, outcome="won", closed_on=f"{year}-06-15")
        make_opportunity(account, f"{year}-02-15", 4000, outcome="lost", closed_on=f"{year}-07-15")
    make_contract(account, "2024-01-01", "2025-07-01", 5000, outcome="renewed", renewed_value=6000)
    make_contract(account, "2025-07-01", "2026-07-01", 6000)


def open_page(browser: Browser, base: str, user: User, theme: Theme, width: int) -> tuple[Page, list[str]]:
    client = as_(user)
    context = browser.new_context(
        base_url=base, color_scheme=theme, viewport={"width": width, "height": 900}, reduced_motion="reduce"
    )
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": base}])
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    return page, faults


def expect_clean(page: Page, path: str) -> None:
    answer = page.goto(path)
    assert answer is not None and answer.status == 200, path
    if page.locator("#moved-parts").count():
        page.wait_for_selector("#moved-parts[hx-get]", state="detached")
    rows = page.locator("#rows-found")
    if rows.count():
        rows.scroll_into_view_if_needed()
        page.wait_for_selector("#rows-found[hx-get]", state="detached")
    assert faults_of(page) == [], path
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} scrolls sideways"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [1280, 320])
def test_what_moved_has_its_room_at_every_width(
    browser: Browser, live_server: Any, maya: User, width: int
) -> None:
    Organisation.objects.update_or_create(pk=1, defaults={"reporting_currency": "EUR"})
    account = make_account("Aurora Foods", owner=maya, since="2023-01-01")
    make_opportunity(account, "2023-01-15", 429499)
    make_opportunity(account, "2023-01-15", 104000, outcome="lost", closed_on="2025-07-15")
    make_opportunity(account, "2025-01-05", 240600, outcome="won", closed_on="2025-03-15")
    for day in (datetime.date(2025, 12, 10), datetime.date(2026, 1, 10)):
        recompute(Order(Run.Cause.MANUAL, day))
    page, faults = open_page(browser, live_server.url, maya, "light", width)
    own = f"/scorecards/owner/{maya.pk}/"
    for kpi in ("median_deal_size", "pipeline_velocity"):
        expect_clean(page, f"{own}{kpi}/moved/{T12}")
        expect(page.locator("thead")).to_contain_text("Run of 10 Dec")
    expect_clean(page, f"{own}open_pipeline/{T12}&compare=before")
    amounts = page.locator(".km-fall tbody td:last-child")
    expect(amounts).to_have_text(["€533,499", "−€104,000", "€429,499"])
    assert amounts.evaluate_all("all => all.every((each) => each.scrollWidth <= each.clientWidth)")
    assert faults == []
    page.context.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 320)])
def test_number_pages_are_clean_for_each_role(
    browser: Browser,
    live_server: Any,
    figures: Run,
    maya: User,
    lena: User,
    hana: User,
    adam: User,
    north: Any,
    theme: Theme,
    width: int,
) -> None:
    own = f"/scorecards/owner/{maya.pk}/"
    pages = {
        maya: [f"{own}{T12}", f"{own}nrr/{T12}", f"{own}account_revenue/{T12}&compare=before"],
        lena: [f"/scorecards/team/{north.pk}/{T12}", f"/scorecards/team/{north.pk}/{T12}&by=owner"],
        hana: [
            f"/scorecards/company/all/{T12}&all=1",
            f"/scorecards/company/all/{T12}&by=tier",
            f"/scorecards/company/all/win_rate/{T12}",
            f"/scorecards/company/all/pipeline_velocity/{T12}",
            "/kpis/",
            "/kpis/nrr/",
            f"/runs/{figures.pk}/",
        ],
        adam: ["/runs/"],
    }
    for user, paths in pages.items():
        page, faults = open_page(browser, live_server.url, user, theme, width)
        for path in paths:
            expect_clean(page, path)
        assert faults == []
        page.context.close()


@pytest.mark.django_db(transaction=True)
def test_the_address_is_the_state(browser: Browser, live_server: Any, figures: Run, maya: User) -> None:
    page, faults = open_page(browser, live_server.url, maya, "light", 1280)
    page.goto(f"/scorecards/owner/{maya.pk}/{T12}")
    page.get_by_role("link", name="Quarter", exact=True).click()
    page.wait_for_url("**period=quarter**")
    page.get_by_role("link", name="Earlier").click()
    page.get_by_text("Q3 2025", exact=True).wait_for()
    page.get_by_label("Compared with").select_option("before")
    page.wait_for_url("**compare=before**")
    page.reload()
    assert page.get_by_text("Q3 2025", exact=True).is_visible()
    page.go_back()
    page.get_by_text("Q3 2025", exact=True).wait_for()
    assert "compare=before" not in page.url
    assert faults == []


@pytest.mark.django_db(transaction=True)
def test_why_did_my_number_fall_from_the_number_to_what_moved_to_accounts_to_rows(
    browser: Browser, live_server: Any, figures: Run, maya: User, omar: User
) -> None:
    """Moment 7, by keyboard: a credit note came between two runs; whose it was, then the row itself."""
    make_order(
        Account.objects.get(name="Aurora Foods"), "2025-09-11", -700, number="CN-7", kind="credit_note"
    )
    recompute(Order(Run.Cause.MANUAL, datetime.date(2026, 1, 11)))
    page, faults = open_page(browser, live_server.url, maya, "light", 1280)
    page.goto(f"/scorecards/owner/{maya.pk}/{T12}")
    page.get_by_role("link", name="Revenue", exact=True).press("Enter")
    page.wait_for_url("**/account_revenue/**")
    expect(page.locator(".km-hero")).to_contain_text("€31,690")
    page.get_by_text("SQL", exact=True).press("Enter")
    expect(page.locator("pre")).to_be_visible()
    page.get_by_role("link", name="What moved", exact=True).press("Enter")
    page.wait_for_url("**/account_revenue/moved/**")
    # An earlier period is one key away, and so is an earlier run.
    since = page.get_by_label("From")
    oldest = since.locator("option").last.get_attribute("value")
    since.press("End")
    page.wait_for_url(f"**compare={oldest}**")
    since.press("Home")
    page.wait_for_url(f"**compare={figures.pk}**")
    expect(page.locator(".km-moves__head")).to_contain_text("−€700")
    mover = page.get_by_role("region", name="What each account moved").get_by_role("row", name="Aurora Foods")
    expect(mover).to_contain_text("−€700")
    moved = page.url
    mover.get_by_role("link", name="now").press("Enter")
    page.wait_for_url("**account=*")
    credit = page.locator("#rows").get_by_role("row", name="CN-7")
    expect(credit).to_contain_text("11 Sep 2025")
    expect(credit).to_contain_text("−€700")
    page.go_back()
    expect(mover).to_contain_text("−€700")
    assert faults == []
    stranger, _ = open_page(browser, live_server.url, omar, "light", 1280)
    for address in (moved, moved.replace("moved/", "")):
        answer = stranger.goto(address)
        assert answer is not None and answer.status == 404


@pytest.mark.django_db(transaction=True)
def test_months_can_be_chosen_by_hand(browser: Browser, live_server: Any, figures: Run, maya: User) -> None:
    page, _ = open_page(browser, live_server.url, maya, "light", 390)
    page.goto(f"/scorecards/owner/{maya.pk}/{T12}")
    page.get_by_role("button", name="More", exact=True).first.click()
    page.get_by_label("First month").fill("2025-02")
    page.get_by_label("Last month").fill("2025-05")
    page.get_by_role("button", name="Show these months").click()
    page.wait_for_url("**from=2025-02**")
    assert "4 months to 31 May 2025" in page.inner_text("main").replace("\xa0", " ")
