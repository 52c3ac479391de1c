"""Logging a touch straight after the call, and looking before the next one: by keyboard, on the phone."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, Response, expect

from accounts.models import Account, Action, Organisation, Session, Touch, User
from tests.browser.axe import faults_of
from tests.browser.test_how_it_feels import SHIFTS
from tests.clients import as_
from tests.factories import (
    make_action,
    make_contact,
    make_touch,
    moment,
)

pytestmark = pytest.mark.django_db(transaction=True)
SAID = "Wants the price before Christmas. Send the figures by Tuesday."


@pytest.fixture
def customer(maya_account: Account, maya: User) -> Account:
    Organisation.objects.get_or_create(pk=1)
    ingrid = make_contact(maya_account, "Ingrid Haugen", title="COO")
    make_contact(maya_account, "Kristian Aune")
    today = Organisation.current().today()
    for days, note in enumerate(("Oldest", "Asked for a date", "Budget talk", "Newest"), 1):
        at = moment(9 * days - 40)
        make_touch(maya_account, maya, at, contacts=[ingrid], note=note, mood=2)
    make_action(maya_account, "Send the dry-dock figures", owner=maya, due_on=today, contact=ingrid)
    make_action(maya_account, "List of yards", side="them", owner=maya, contact=ingrid)
    return maya_account


@contextmanager
def slow_line(page: Page) -> Iterator[None]:
    """The page comes in pieces, as on the way to a customer."""
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    speed = {"offline": False, "latency": 20, "downloadThroughput": 30_000, "uploadThroughput": 30_000}
    line.send("Network.emulateNetworkConditions", speed)
    yield
    line.send("Network.emulateNetworkConditions", {**speed, "downloadThroughput": -1, "uploadThroughput": -1})
    line.detach()


def chosen_words(page: Page, count: int) -> None:
    """Select the last words of the note as a writer does."""
    for _ in range(count):
        page.keyboard.press("Control+Shift+ArrowLeft")


def test_straight_after_the_call_one_box_by_keyboard(open_as: Any, maya: User, customer: Account) -> None:
    reader = open_as(maya)
    page: Page = reader.page
    page.goto(f"/engagement/accounts/{customer.pk}/")
    writes: list[str] = []
    page.on("request", lambda sent: writes.append(sent.url) if sent.method == "POST" else None)
    began = time.monotonic()
    page.keyboard.press("n")
    expect(page.get_by_label("What", exact=True)).to_be_focused()
    page.keyboard.type(SAID)
    chosen_words(page, 6)
    button = page.get_by_role("button", name="Make it an action, due Tue")
    expect(button).to_be_visible()
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#km-log-actions li")).to_contain_text("Send the figures by Tuesday")
    page.get_by_label("With whom").focus()
    page.keyboard.type("ing")
    expect(page.locator("#km-log-found [aria-selected=true]")).to_contain_text("Ingrid Haugen")
    page.keyboard.press("Enter")
    expect(page.locator("#km-log-chips")).to_contain_text("Ingrid Haugen")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#km-status")).to_contain_text("logged with 1 action")
    expect(page.locator("#km-log")).to_be_hidden()
    expect(page.locator("#timeline")).to_contain_text("Wants the price before Christmas")
    expect(page.locator("#next-list")).to_contain_text("Send the figures by Tuesday")
    assert time.monotonic() - began < 20
    assert len(writes) == 1 and page.url.endswith(f"/engagement/accounts/{customer.pk}/")
    touch = Touch.objects.get(note=SAID)
    assert [each.name for each in touch.contacts.all()] == ["Ingrid Haugen"]
    assert Action.objects.get(touch=touch).due_on.weekday() == 1
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#timeline")).not_to_contain_text("Wants the price")
    expect(page.locator("#next-list")).not_to_contain_text("Send the figures by Tuesday")
    assert reader.faults == []


def test_what_was_typed_outlives_a_reload_and_a_lapsed_login(
    open_as: Any, maya: User, customer: Account
) -> None:
    reader = open_as(maya)
    page: Page = reader.page
    page.goto(f"/engagement/accounts/{customer.pk}/")
    page.keyboard.press("n")
    page.keyboard.type(SAID)
    chosen_words(page, 6)
    page.get_by_role("button", name="Make it an action").click()
    page.reload()
    note = page.get_by_label("What", exact=True)
    expect(note).to_have_value(SAID)
    assert faults_of(page) == []
    Session.objects.all().delete()
    note.press("Control+Enter")
    page.wait_for_url("**/login/**")
    client = as_(maya)
    name = settings.SESSION_COOKIE_NAME
    reader.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": page.url}])
    page.goto(f"/engagement/accounts/{customer.pk}/")
    expect(note).to_have_value(SAID)
    expect(page.locator("#km-log-actions li")).to_have_count(1)
    page.get_by_role("button", name="Save").dblclick()
    expect(page.locator("#km-log")).to_be_hidden()
    assert Touch.objects.filter(note=SAID).count() == 1
    page.get_by_role("link", name="Log a touch").last.click()
    expect(page.locator("#km-log-note")).to_have_value("")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Log a touch").last).to_be_focused()
    # An empty box does not follow to the next page.
    page.keyboard.press("n")
    expect(page.locator("#km-log")).to_be_visible()
    page.goto("/engagement/requests/")
    expect(page.locator("#km-log")).to_be_hidden()


def test_a_promise_is_ticked_off_at_once_and_put_back_where_the_server_fails(
    open_as: Any, maya: User, customer: Account
) -> None:
    page: Page = open_as(maya).page
    page.goto(f"/engagement/accounts/{customer.pk}/")
    box = page.get_by_role("checkbox", name="Done: Send the dry-dock figures")
    page.route("**/done", lambda route: route.fulfill(status=500))
    box.click()
    expect(page.locator("#km-status")).to_contain_text("Nothing was saved")
    expect(box).not_to_be_checked()
    page.unroute("**/done")
    box.focus()
    page.keyboard.press("Space")
    expect(page.locator("#km-status")).to_contain_text("Done")
    expect(box).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(box).to_be_visible()


def test_two_minutes_before_a_call_on_the_phone(open_as: Any, maya: User, customer: Account) -> None:
    reader = open_as(maya, theme="dark", width=390)
    page: Page = reader.page
    page.add_init_script(SHIFTS)
    reader.expect_clean(f"/portfolio/{customer.pk}/")
    with slow_line(page):
        page.reload()
    assert page.evaluate("window.shift") < 0.02, "what comes late moves nothing"
    promises, touches = page.locator("#next-list"), page.locator("#timeline .km-timeline > li")
    expect(promises).to_contain_text("Send the dry-dock figures")
    expect(promises).to_contain_text("They owe us: List of yards")
    expect(touches.first).to_contain_text("Newest")
    visible = [each.inner_text() for each in touches.all() if each.is_visible()]
    assert len(visible) == 3 and "Newest" in visible[0] and "Mood: cool" in visible[0]
    ingrid = customer.contacts.get(name="Ingrid Haugen")
    page.goto(f"/stakeholders/accounts/{customer.pk}/?contact={ingrid.pk}")
    card = page.locator("#panel")
    for words in ("We: Send the dry-dock figures", "They: List of yards", "Newest", "Budget talk", "cool"):
        expect(card).to_contain_text(words)
    expect(card).not_to_contain_text("Oldest")
    page.go_back()
    figures = page.locator("section[aria-label=Figures]").bounding_box()
    assert figures and promises.bounding_box()["y"] < figures["y"]  # type: ignore[index]
    page.get_by_role("navigation", name="Main, short").get_by_role("link", name="Log").click()
    expect(page.locator("#km-log-name")).to_have_text("Aurora Foods")
    page.keyboard.type("Short call")
    with page.expect_response("**/engagement/log") as answer:
        page.get_by_role("button", name="Save").click()
    sent: Response = answer.value
    assert sent.status == 200
    expect(page.locator("#timeline")).to_contain_text("Short call")


def test_the_wrong_people_get_neither_box_nor_touches(
    open_as: Any, omar: User, mira: User, customer: Account
) -> None:
    page: Page = open_as(mira).page
    page.goto(f"/portfolio/{customer.pk}/")
    page.keyboard.press("n")
    expect(page.locator("#km-log")).to_have_count(0)
    expect(page.get_by_text("Budget talk")).to_have_count(0)
    answer = open_as(omar).page.goto(f"/engagement/accounts/{customer.pk}/")
    assert answer is not None and answer.status == 404


def test_a_request_is_added_from_the_list_with_its_account_and_answered(
    open_as: Any, maya: User, lena: User, vic: User, customer: Account
) -> None:
    reader = open_as(maya)
    page: Page = reader.page
    page.goto("/engagement/requests/")
    page.get_by_role("link", name="Add a request").press("Enter")
    asks, answers = page.get_by_label("Who asked"), page.get_by_label("Who answers")
    expect(asks.get_by_role("option")).to_have_count(1)
    page.get_by_label("Subject").fill("Certificate of the pumps")
    page.get_by_label("Account", exact=True).select_option("Aurora Foods")
    expect(asks.get_by_role("option", name="Ingrid Haugen")).to_have_count(1)
    expect(page.get_by_label("Subject")).to_have_value("Certificate of the pumps")
    expect(answers.get_by_role("option", name=lena.name)).to_have_count(1)
    expect(page.get_by_label("Answer due")).not_to_have_value("")
    page.reload()
    expect(page.get_by_label("Subject")).to_have_value("Certificate of the pumps")
    asks.select_option("Ingrid Haugen")
    page.get_by_label("Channel").select_option("mail")
    open_as(maya, "dark", 320).expect_clean(page.url)
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Certificate of the pumps")
    page.get_by_role("button", name="Answered just now").press("Enter")
    expect(page.locator("#request")).to_contain_text("answered after")
    page.get_by_label("How it was resolved").fill("Sent by mail")
    page.get_by_role("button", name="Resolved").press("Enter")
    expect(page.locator("#request")).to_contain_text("resolved after")
    asked = customer.requests.get()
    assert (asked.contact.name, asked.owner, asked.resolution) == ("Ingrid Haugen", maya, "Sent by mail")
    page.goto("/engagement/requests/add")
    expect(page.get_by_label("Subject")).to_have_value("")
    assert reader.faults == []
    viewer = open_as(vic).page
    viewer.goto("/engagement/requests/")
    expect(viewer.get_by_role("link", name="Add a request")).to_have_count(0)
    answer = viewer.goto("/engagement/requests/add")
    assert answer is not None and answer.status == 403
