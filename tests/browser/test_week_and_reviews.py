"""The week, a review, a talk, a reassignment: each as the person whose moment it is, and refused to others."""

import datetime
import io
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pptx import Presentation
from pypdf import PdfReader

from accounts.models import (
    Account,
    Action,
    Assignment,
    HandOver,
    OneOnOne,
    Organisation,
    Review,
    Snooze,
    User,
)
from metrics.recompute.run import Order, recompute
from tests.clients import as_
from tests.factories import (
    make_account,
    make_action,
    make_contact,
    make_contract,
    make_membership,
    make_order,
    make_review,
    make_touch,
    make_user,
    moment,
)

pytestmark = pytest.mark.django_db(transaction=True)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def today(db: None) -> datetime.date:
    Organisation.objects.get_or_create(pk=1)
    return Organisation.current().today()


@pytest.fixture
def customer(maya: User, lena: User, maya_account: Account, today: datetime.date) -> Account:
    """Something of each kind for the week, and revenue for the review."""
    person = make_contact(maya_account, "Ingrid Haugen", title="COO")
    make_touch(maya_account, maya, moment(1), contacts=[person], channel="meeting", subject="Budget")
    make_action(maya_account, "Send the price list", owner=maya, due_on=today - DAY)
    make_contract(
        maya_account, "2020-01-01", today + 90 * DAY, 12000, number="K-1", notice_date=today + 20 * DAY
    )
    make_order(maya_account, "2026-08-10", 4800)
    return maya_account


def status_of(user: User, path: str) -> int:
    return as_(user).get(path).status_code


def test_monday_at_eight_the_week_says_what_first(
    open_as: Any, maya: User, omar: User, customer: Account, today: datetime.date
) -> None:
    """Moment 1, by keyboard: a promise is done, taken back and handed on; another thing can wait."""
    reader = open_as(maya)
    page: Page = reader.page
    reader.expect_clean("/")
    items = page.locator(".km-week__item")
    expect(items).to_have_count(2)
    expect(items.nth(0)).to_contain_text("no call is made yet")
    promise = items.filter(has_text="Send the price list")
    done = promise.get_by_role("button", name=re.compile("^Done"))
    done.focus()
    page.keyboard.press("Enter")
    undo = promise.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    expect(page.locator("#km-status")).to_contain_text("Done.")
    assert Action.objects.get().status == "done"
    page.keyboard.press("Enter")
    expect(promise.get_by_role("button", name=re.compile("^Done"))).to_be_visible()
    assert Action.objects.get().status == "open"
    page.get_by_role("button", name="Put off: Notice by").press("Enter")
    expect(page.get_by_label("Until")).to_be_focused()
    page.get_by_label("Until").fill((today + 3 * DAY).isoformat())
    page.get_by_label("Why it can wait").fill("Waiting for their answer")
    page.keyboard.press("Enter")
    expect(items.nth(0)).to_contain_text("Put off until")
    assert Snooze.objects.get().reason == "Waiting for their answer"
    expect(page.locator("#meetings")).to_contain_text("Ingrid Haugen, Aurora Foods")
    phone = open_as(maya, "dark", 320)
    phone.expect_clean("/")
    phone.expect_clean("/plans/week/snoozed/", with_axe=False)
    assert reader.faults == []
    stranger = open_as(omar)
    stranger.page.goto("/")
    expect(stranger.page.get_by_text("Aurora Foods")).to_have_count(0)
    assert status_of(omar, f"/plans/week/action:{Action.objects.get().pk}/snooze") == 404


def test_the_quarterly_review_is_prepared_held_and_followed_up(
    open_as: Any, maya: User, omar: User, mira: User, customer: Account, today: datetime.date, tmp_path: Path
) -> None:
    """Moment 5: from the account to the deck, then the notes become actions."""
    recompute(Order("full", today))
    make_review(customer, today + 5 * DAY)
    reader = open_as(maya)
    page: Page = reader.page
    page.goto(f"/portfolio/{customer.pk}/")
    page.get_by_role("link", name="Prepare review").click()
    expect(page).to_have_title("Quarterly review, Aurora Foods · kamplan")
    expect(page.locator("#figures")).to_contain_text("€4,800")
    page.get_by_label("In short").fill("A good quarter.")
    page.get_by_role("button", name="Save the texts").press("Enter")
    expect(page.locator("#km-status")).to_contain_text("Saved.")
    path = page.url
    reader.expect_clean(path)
    page.get_by_text("Export", exact=True).click()
    for words, kind in (("PDF", "pdf"), ("Slides (PPTX)", "pptx")):
        with page.expect_download() as started:
            page.get_by_role("link", name=words).click()
        started.value.save_as(tmp_path / f"review.{kind}")
    text = " ".join(sheet.extract_text() for sheet in PdfReader(tmp_path / "review.pdf").pages)
    assert "€4,800" in text and "A good quarter." in text
    deck = Presentation(io.BytesIO((tmp_path / "review.pptx").read_bytes()))
    shapes = [shape for slide in deck.slides for shape in slide.shapes if shape.has_text_frame]
    assert any("A good quarter." in shape.text_frame.text for shape in shapes)
    page.get_by_role("link", name="Say how it went").click()
    page.get_by_label("Ingrid Haugen").check()
    page.get_by_label("Rating").select_option("4")
    page.get_by_label("Notes").fill("Send the plan\nThey were pleased")
    page.get_by_role("button", name="Save").click()
    page.get_by_label("Send the plan").check()
    page.get_by_role("button", name="Make them actions").click()
    expect(page.locator("#steps")).to_contain_text("Send the plan")
    assert Review.objects.get().status == "held"
    assert Action.objects.get(review__isnull=False).text == "Send the plan"
    open_as(maya, "dark", 390).expect_clean(path)
    assert reader.faults == []
    address = f"/plans/reviews/{Review.objects.get().pk}/"
    assert (status_of(omar, address), status_of(mira, address)) == (404, 403)


def test_a_talk_with_an_account_manager_keeps_a_note_for_next_time(
    open_as: Any, lena: User, maya: User, customer: Account, today: datetime.date
) -> None:
    """Moment 8: from the team to the talk; no rank anywhere; the manager does not read the note."""
    recompute(Order("full", today))
    OneOnOne.objects.create(lead=lena, manager=maya, held_on=today - 21 * DAY, note="Come back to prices")
    reader = open_as(lena)
    page: Page = reader.page
    page.goto("/")
    page.get_by_role("link", name="1:1 with Maya Marin").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1:1 with Maya Marin")
    expect(page.locator("#last")).to_contain_text("Come back to prices")
    expect(page.locator("#overdue")).to_contain_text("Send the price list")
    page.get_by_label("Note for next time").fill("Look at the second line")
    page.reload()
    expect(page.get_by_label("Note for next time")).to_have_value("Look at the second line")
    page.get_by_label("Note for next time").press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#km-toasts")).to_contain_text("Kept for next time.")
    assert OneOnOne.objects.get(held_on=today).note == "Look at the second line"
    reader.expect_clean(page.url)
    open_as(lena, "dark", 320).expect_clean(page.url)
    assert reader.faults == []
    assert status_of(maya, f"/one-on-one/{maya.pk}/") == 403


def test_somebody_leaves_and_the_accounts_go_to_a_colleague(
    open_as: Any, lena: User, maya: User, north: Any, customer: Account, today: datetime.date
) -> None:
    """Moment 10: several accounts at once, dated, with a preview and a pack for each."""
    nina = make_user("Nina Novak")
    make_membership(nina, north)
    make_account("Cygnus Glass", owner=maya)
    reader = open_as(lena)
    page: Page = reader.page
    reader.expect_clean(f"/plans/reassign/?from={maya.pk}")
    page.get_by_label("All accounts shown").press("Space")
    page.get_by_label("New owner", exact=True).select_option(label="Nina Novak")
    page.get_by_label("From", exact=True).fill((today + 7 * DAY).isoformat())
    page.get_by_label("Note for the new owner").fill("Ask Ingrid first")
    page.get_by_role("button", name="Preview").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Preview")
    expect(page.locator("tbody tr")).to_have_count(2)
    assert not HandOver.objects.exists()
    page.get_by_role("button", name="Reassign 2 accounts").press("Enter")
    expect(page.locator("#km-toasts")).to_contain_text("2 accounts of Nina Novak")
    assert Assignment.objects.owners().on(today + 7 * DAY).filter(user=nina).count() == 2
    assert Assignment.objects.owners().on(today).filter(user=maya).count() == 2
    reader.expect_clean(f"/plans/accounts/{customer.pk}/hand-over/")
    expect(page.get_by_text("Maya Marin to Nina Novak")).to_be_visible()
    open_as(lena, "dark", 320).expect_clean(f"/plans/accounts/{customer.pk}/hand-over/", with_axe=False)
    assert reader.faults == []
    assert status_of(maya, "/plans/reassign/") == 403
