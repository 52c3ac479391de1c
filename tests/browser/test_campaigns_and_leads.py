"""Marketing's pages in a browser: a lead qualified by keyboard and taken back, readable at every width."""

from typing import Any

import pytest
from playwright.sync_api import expect

from accounts.models import Lead, Organisation, User
from tests.factories import make_account, make_campaign, make_lead, make_spend

pytestmark = pytest.mark.django_db(transaction=True)


def test_marketing_qualifies_a_lead_by_keyboard_and_takes_it_back(open_as: Any, mira: User) -> None:
    Organisation.objects.get_or_create(pk=1)
    fair = make_campaign("Harbour Technology Days", channel="event", budget=30000)
    make_spend(fair, description="stand and rooms")
    make_account("Nordhafen Logistik AG")
    lead = make_lead(
        "Nordhafen Logistik und Verkehrsbetriebe Gesellschaft mbH",
        campaign=fair,
        budget=True,
        authority=True,
        need=True,
        email="a.very.long.name.of.somebody@nordhafen-logistik-verkehrsbetriebe.example",
    )
    wide, phone = open_as(mira), open_as(mira, "dark", 320)
    for path in (
        "/revenue/campaigns/",
        f"/revenue/campaigns/{fair.pk}/",
        "/revenue/leads/",
        "/revenue/leads/add",
    ):
        wide.expect_clean(path)
    for path in ("/revenue/leads/", f"/revenue/leads/{lead.pk}/", f"/revenue/campaigns/{fair.pk}/"):
        phone.expect_clean(path)

    wide.expect_clean(f"/revenue/leads/{lead.pk}/")
    wide.page.locator("#timeline-yes").focus()
    wide.page.keyboard.press("Enter")
    expect(wide.page.locator(".km-way__step--done")).to_have_count(3)
    expect(wide.page.locator("#timeline-yes")).to_be_focused()
    assert Lead.objects.get().sql_on == Organisation.current().today()
    wide.page.get_by_role("button", name="Undo").press("Enter")
    expect(wide.page.locator(".km-way__step--done")).to_have_count(1)
    assert (Lead.objects.get().sql_on, Lead.objects.get().timeline) == (None, None)
    assert wide.faults == []
