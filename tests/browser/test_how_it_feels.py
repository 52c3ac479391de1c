"""How it must feel: checks that belong to no page alone; docs/design-system.md says which test proves which."""

import re
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, Page, Route, expect

from accounts.models import Account, Opportunity, User
from metrics.models import Run
from tests.browser.test_number_pages import T12, figures, open_page  # noqa: F401
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)

# Counted in frames, sixty of which a machine with nothing else to do shows in a second.
BUSY_AFTER = """() => new Promise((done) => {
  let frames = 0;
  const count = () => { frames += 1; requestAnimationFrame(count); };
  document.addEventListener("click", () => {
    count();
    new MutationObserver((_, self) => {
      if (document.querySelector("[aria-busy=true]")) { self.disconnect(); window.busyAfter = frames; }
    }).observe(document.body, { subtree: true, attributes: true });
  }, { capture: true, once: true });
  done();
})"""
SHIFTS = """
window.shift = 0;
new PerformanceObserver((list) => list.getEntries().forEach((one) => {
  if (!one.hadRecentInput) window.shift += one.value;
})).observe({ type: "layout-shift", buffered: true });
"""


class Held:
    """Requests of htmx stay on their way until they are let go."""

    def __init__(self, page: Page) -> None:
        self.waiting: list[Route] = []
        self.holding = True
        page.route("**/*", self.meet)

    def meet(self, route: Route) -> None:
        if self.holding and route.request.headers.get("hx-request"):
            self.waiting.append(route)
        else:
            route.continue_()

    def let_go(self) -> None:
        self.holding = False
        for route in self.waiting:
            route.continue_()


def prints_clean(page: Page, period: str = "") -> None:
    page.emulate_media(media="print")
    for part in (".km-nav", ".km-actions", ".km-tabbar"):
        for one in page.locator(part).all():
            expect(one).not_to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    if period:
        head = page.locator(".km-head")
        expect(head).to_be_visible()
        expect(head).to_contain_text(re.compile(period))
    page.emulate_media(media="screen")


def expect_right_aligned(cells: Locator) -> None:
    styles = cells.evaluate_all(
        "(all) => all.map((one) => getComputedStyle(one))"
        ".map((s) => [s.textAlign, s.fontVariantNumeric.includes('tabular-nums')])"
    )
    assert styles
    assert all(align in {"right", "end"} and tabular for align, tabular in styles), styles


def test_numbers_wait_print_and_are_set_as_numbers(
    browser: Any,
    live_server: Any,
    figures: Run,  # noqa: F811
    maya: User,
    hana: User,
) -> None:
    # 9: nothing moves when a slow part arrives, and until then something stands in its place.
    page, faults = open_page(browser, live_server.url, hana, "light", 1280)
    page.add_init_script(SHIFTS)
    held = Held(page)
    page.goto(f"/scorecards/company/all/nrr/{T12}")
    expect(page.locator("#moved-parts .km-skeleton").first).to_be_visible()
    page.locator("#rows").scroll_into_view_if_needed()
    expect(page.locator("#rows-found .km-skeleton").first).to_be_visible()
    held.let_go()
    expect(page.locator("#moved-parts[hx-get], #rows-found[hx-get]")).to_have_count(0)
    page.wait_for_timeout(300)
    assert page.evaluate("window.shift") < 0.02

    # 14: on paper no navigation, but the period.
    prints_clean(page, r"Dec\s2025")
    titles = {page.title()}

    page, faults = open_page(browser, live_server.url, maya, "light", 1280)
    page.add_init_script(SHIFTS)
    page.goto(f"/scorecards/owner/{maya.pk}/{T12}")
    page.wait_for_timeout(200)
    assert page.evaluate("window.shift") < 0.02
    prints_clean(page, r"Dec\s2025")
    titles.add(page.title())

    # 3: a second browser shows the same page from its address alone.
    page.get_by_role("link", name="Quarter", exact=True).click()
    page.wait_for_url("**period=quarter**")
    other, _ = open_page(browser, live_server.url, maya, "light", 1280)
    other.goto(page.url)
    page.wait_for_load_state()
    assert other.inner_text("main") == page.inner_text("main")
    other.context.close()

    # 11: a drawing has a name, at 200 % nothing needs scrolling sideways.
    drawings = page.locator("main svg[role=img]")
    names = drawings.evaluate_all("(all) => all.map((s) => s.getAttribute('aria-label') || s.textContent)")
    assert names and all(name.strip() for name in names)
    page.set_viewport_size({"width": 640, "height": 450})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 1280, "height": 900})

    # 15: words and numbers.
    page.goto("/portfolio/")
    titles.add(page.title())
    expect_right_aligned(page.locator("td.km-num"))
    page.goto("/runs/")
    titles.add(page.title())
    page.goto("/kpis/")
    titles.add(page.title())
    assert len(titles) == 5
    assert all(title.endswith("kamplan") for title in titles)
    page.goto("/kpis/nrr/")
    assert [fault for fault in faults if "403" not in fault] == []
    answer = page.goto("/portfolio/999999/")
    assert answer is not None and answer.status == 404
    assert page.locator("h1").count() == 1
    assert page.locator("main a").count() >= 1, "an error says where to go on"
    page.context.close()


def test_keys_are_listed_shown_and_can_be_switched_off(open_as: Any, maya: User, aurora: Account) -> None:
    reader = open_as(maya)
    page = reader.page
    page.goto(f"/portfolio/{aurora.pk}/")
    # 2: the list, and for each key something to click.
    page.keyboard.press("?")
    keys = page.locator("#km-keys")
    expect(keys).to_be_visible()
    for link in keys.locator("[data-km-go]").all():
        expect(link).to_be_visible()
    keys.get_by_label("Keys without Ctrl").uncheck()
    page.keyboard.press("Escape")
    expect(keys).not_to_be_visible()
    for button in page.locator("[data-km-key]").all():
        expect(button).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.keyboard.press("?")
    page.wait_for_timeout(200)
    expect(keys).not_to_be_visible()
    expect(page).to_have_url(re.compile(f"/portfolio/{aurora.pk}/$"))
    page.reload()
    page.keyboard.press("?")
    expect(keys).not_to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.locator("#km-palette")).to_be_visible()
    page.keyboard.press("Escape")

    # 4: an empty list says why, and what to do: one thing.
    page.goto("/portfolio/?q=zzz")
    main = page.locator("main")
    expect(main.get_by_role("link", name="Clear filters")).to_be_visible()
    assert page.locator(".km-empty").count() == 1
    assert page.locator(".km-empty a, .km-empty button").count() == 1

    # 14: the account on paper.
    page.goto(f"/portfolio/{aurora.pk}/")
    prints_clean(page)
    assert reader.faults == []


def test_a_write_shows_at_once_and_goes_back_when_the_server_fails(
    open_as: Any, maya: User, aurora: Account
) -> None:
    reader = open_as(maya)
    page = reader.page
    page.goto(f"/portfolio/{aurora.pk}/revenue/")
    page.evaluate("window.mark = 'the same page'")

    # 7: a choice that the server could not take goes back, and the page says so.
    page.route(re.compile("/stage$|/move"), lambda route: route.fulfill(status=500, body="no"))
    stage = page.get_by_label("Stage of Pumps")
    stage.select_option("Negotiation")
    expect(page.locator("#km-status")).to_contain_text("The server failed. Nothing was saved")
    expect(stage.locator("option:checked")).to_have_text("Offer")
    page.unroute(re.compile("/stage$|/move"))
    page.reload()
    expect(stage.locator("option:checked")).to_have_text("Offer")

    # 5 and 6: a write shows within 100 ms, once, in one region, without loading the page again.
    page.goto(f"/portfolio/{aurora.pk}/")
    page.evaluate("window.mark = 'the same page'")
    held = Held(page)
    page.get_by_text("What to do with Pumps").locator("..").click()
    page.evaluate(BUSY_AFTER)
    won = page.get_by_role("button", name="Won today")
    won.dblclick()
    page.wait_for_function("window.busyAfter !== undefined")
    assert page.evaluate("window.busyAfter") <= 6
    while not held.waiting:
        page.wait_for_timeout(20)
    page.wait_for_timeout(100)
    assert len(held.waiting) == 1
    held.let_go()
    expect(page.locator("#km-status")).to_contain_text("Pumps is won.")
    assert page.locator("[role=status]#km-status").count() == 1
    # 8: undo is offered, long enough and to the keyboard; nobody was asked before.
    expect(page.locator("#km-status")).to_contain_text("Undo is offered for 10 seconds")
    assert page.evaluate("window.mark") == "the same page"
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.locator("#open-deals")).to_contain_text("Pumps")


def test_nothing_typed_is_lost_to_a_lapsed_login_or_to_somebody_else(
    open_as: Any, maya: User, lena: User, aurora: Account
) -> None:
    # 10
    reader, other = open_as(maya), open_as(lena)
    deal = Opportunity.objects.get(name="Pumps")
    address = reverse("revenue:opportunity_edit", kwargs={"pk": deal.pk})
    page, theirs = reader.page, other.page
    page.goto(address)
    page.get_by_label("Name").fill("Pumps and valves")
    cookie = next(one for one in reader.context.cookies() if one["name"] == "sessionid")
    reader.context.clear_cookies(name=cookie["name"])
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/login/**")
    page.fill("[name=login]", maya.email)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(f"**{address}")
    expect(page.get_by_label("Name")).to_have_value("Pumps and valves")

    theirs.goto(address)
    theirs.get_by_label("Name").fill("Pumps, large")
    theirs.get_by_role("button", name="Save").click()
    theirs.wait_for_url("**/portfolio/*/revenue/**")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Somebody saved this after you had opened it.")).to_be_visible()
    row = page.get_by_role("row", name=re.compile("^Name"))
    expect(row).to_contain_text("Pumps, large")
    expect(row).to_contain_text("Pumps and valves")
    deal.refresh_from_db()
    assert deal.name == "Pumps, large"
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/portfolio/*/revenue/**")
    deal.refresh_from_db()
    assert deal.name == "Pumps and valves"
