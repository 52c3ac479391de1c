"""States and costs of an account in a browser: noted, refused, removed and taken back, readable at every width."""

from typing import Any

import pytest
from playwright.sync_api import expect

from accounts.models import Account, AccountState, CostToServe, Organisation, User
from tests.factories import make_cost, make_state

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_manager_notes_a_state_and_takes_a_removed_cost_back(
    open_as: Any, maya: User, maya_account: Account
) -> None:
    Organisation.objects.get_or_create(pk=1)
    path = f"/engagement/accounts/{maya_account.pk}/standing/"
    wide, phone = open_as(maya), open_as(maya, "dark", 320)
    wide.expect_clean(path)
    make_state(maya_account, kind="payment", level="poor", source="enterprise-resource-planning-of-the-north")
    make_cost(maya_account, amount=1234567, description="Donaudampfschifffahrtsgesellschaftskapitänsmütze")
    phone.expect_clean(path)

    page = wide.page
    page.goto(page.url)
    page.get_by_label("Kind").first.select_option("usage")
    page.get_by_label("From 0 to 100").fill("101")
    page.locator("#note-state").press("Enter")
    expect(page.get_by_text("less than or equal to 100")).to_be_visible()
    page.get_by_label("From 0 to 100").fill("82.5")
    page.locator("#note-state").press("Enter")
    expect(page.locator("#states .km-sums")).to_contain_text("82.5")
    expect(page.locator("#note-state")).to_be_focused()
    assert AccountState.objects.count() == 2

    page.get_by_role("button", name="Remove the cost of").click()
    expect(page.locator("#costs")).to_contain_text("No cost of serving this account is booked")
    assert not CostToServe.objects.exists()
    page.get_by_role("button", name="Undo").last.click()
    expect(page.locator("#costs")).to_contain_text("1,234,567")
    assert [fault for fault in wide.faults if "422" not in fault] == []
