"""Campaigns with their bookings: listed, filtered, added, edited, taken back."""

import json

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Campaign, Organisation, Spend, User
from tests.clients import as_
from tests.factories import make_campaign, make_lead, make_rate, make_spend

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def marketer(mira: User, client: Client) -> Client:
    Organisation.objects.get_or_create(pk=1)
    client.force_login(mira, backend=BACKEND)
    return client


def undo_of(response: object) -> str:
    found: str = json.loads(response["HX-Trigger"])["km:toast"]["undo"]  # type: ignore[index]
    return found


def test_spend_and_leads_are_summed_apart_so_that_neither_multiplies_the_other(marketer: Client) -> None:
    make_rate("CHF", "1.1", "2026-01-01")
    fair = make_campaign("Harbour fair", budget=5000)
    make_spend(fair, amount=1000)
    make_spend(fair, amount=100, currency="CHF")
    make_spend(fair, amount=100, currency="SEK")
    for _ in range(3):
        make_lead(campaign=fair)
    row = marketer.get(reverse("revenue:campaign_list")).context["rows"][0]
    assert (row.spent, row.unconverted, row.leads, row.qualified, row.customers) == (1110, 1, 3, 0, 0)


def test_what_stands_in_the_address_is_what_is_shown(marketer: Client) -> None:
    make_campaign("Fair", "2020-01-01", "2020-01-03", channel="event", is_target=True)
    make_campaign("Mails", "2020-01-01", channel="mail", is_target=False)
    make_campaign("Next year", "2099-01-01")

    def named(query: str) -> set[str]:
        return {row.campaign.name for row in marketer.get(f"/revenue/campaigns/?{query}").context["rows"]}

    assert named("state=ended") == named("channel=event") == named("target=yes") == named("q=fai") == {"Fair"}
    assert named("state=running") == named("target=no") == {"Mails"}
    assert named("state=planned") == named("channel=none") == {"Next year"}
    nothing = marketer.get("/revenue/campaigns/?q=nothing", headers=HTMX)
    assert b"Clear filters" in nothing.content and b"<html" not in nothing.content


def test_the_number_of_statements_does_not_grow_with_campaigns(marketer: Client) -> None:
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert marketer.get(reverse("revenue:campaign_list")).status_code == 200
        return len(found)

    def more(count: int) -> None:
        for _ in range(count):
            campaign = make_campaign()
            make_spend(campaign)
            make_lead(campaign=campaign)

    more(2)
    statements()  # the first page of a login reads more
    few = statements()
    more(20)
    assert statements() == few


def test_a_campaign_is_added_with_its_last_day(marketer: Client) -> None:
    sent = {"name": "Fair", "channel": "event", "first_day": "2026-05-04", "last_day": "2026-05-06"}
    sent |= {"currency": "eur", "budget": "30000", "is_target": "true", "description": ""}
    response = marketer.post(reverse("revenue:campaign_add"), sent)
    fair = Campaign.objects.get()
    assert response["Location"] == reverse("revenue:campaign", kwargs={"pk": fair.pk})
    assert (str(fair.last_day), fair.currency, fair.is_target) == ("2026-05-06", "EUR", True)
    wrong = marketer.post(reverse("revenue:campaign_add"), {**sent, "last_day": "2026-05-01"})
    assert wrong.status_code == 422 and b"It must begin before it ends." in wrong.content


def test_whoever_saves_second_is_shown_both_versions(marketer: Client) -> None:
    fair = make_campaign("Fair")
    address = reverse("revenue:campaign_edit", kwargs={"pk": fair.pk})
    form = marketer.get(address).context["form"]
    sent = {"name": "Mine", "first_day": "2026-01-01", "currency": "EUR", "seen": form["seen"].value()}
    Campaign.objects.filter(pk=fair.pk).update(name="Theirs")
    conflict = marketer.post(address, sent)
    assert conflict.status_code == 409
    assert b"Theirs" in conflict.content and b"Mine" in conflict.content
    again = {**sent, "seen": conflict.context["form"]["seen"].value()}
    assert marketer.post(address, again).status_code == 302
    fair.refresh_from_db()
    assert (fair.name, fair.version) == ("Mine", 2)


def test_a_booking_is_added_and_taken_back(marketer: Client) -> None:
    fair = make_campaign("Fair")
    address = reverse("revenue:spend_add", kwargs={"pk": fair.pk})
    sent = {"date": "2026-01-05", "amount": "120.50", "currency": "chf", "kind": "marketing"}
    response = marketer.post(address, sent, headers=HTMX)
    booked = Spend.objects.get()
    assert (booked.campaign, booked.amount, booked.currency) == (fair, 120.5, "CHF")
    assert marketer.post(undo_of(response), headers=HTMX)["HX-Refresh"] == "true"
    assert not Spend.objects.exists()
    refused = marketer.post(address, {**sent, "amount": "much"}, headers=HTMX)
    assert refused.status_code == 422 and b"Enter a number" in refused.content
    ahead = marketer.post(address, {**sent, "date": "2199-01-01"}, headers=HTMX)
    assert ahead.status_code == 422 and b"This day is still to come" in ahead.content


def test_a_removed_booking_comes_back_as_it_was_once_and_only_for_whoever_removed_it(
    marketer: Client, hana: User
) -> None:
    booked = make_spend(make_campaign(), amount=7, description="Stand")
    response = marketer.post(reverse("revenue:spend_delete", kwargs={"pk": booked.pk}), headers=HTMX)
    assert not Spend.objects.exists()
    head = as_(hana)
    assert "too late" in head.post(undo_of(response), headers=HTMX)["HX-Trigger"]
    assert marketer.post(undo_of(response), headers=HTMX)["HX-Refresh"] == "true"
    assert Spend.objects.filter(pk=booked.pk, description="Stand").exists()
    assert "too late" in marketer.post(undo_of(response), headers=HTMX)["HX-Trigger"]


def test_a_booking_that_an_import_brought_is_removed_where_it_came_from(marketer: Client) -> None:
    booked = make_spend(make_campaign(), source="erp", external_id="B-1")
    address = reverse("revenue:spend_delete", kwargs={"pk": booked.pk})
    page = marketer.get(reverse("revenue:campaign", kwargs={"pk": booked.campaign_id})).content.decode()
    assert "from erp" in page and address not in page
    refused = marketer.post(address, headers=HTMX)
    assert refused.status_code == 403 and "An import from “erp” brought this" in refused.content.decode()
    assert Spend.objects.filter(pk=booked.pk).exists()


def test_an_administrator_sees_campaigns_only_while_elevated(adam: User, client: Client) -> None:
    make_campaign("Fair")
    client.force_login(adam, backend=BACKEND)
    page = client.get(reverse("revenue:campaign_list"))
    assert b"elevation of 30 minutes" in page.content and b"Fair" not in page.content
    assert client.post(reverse("revenue:campaign_add"), {"name": "Mine"}).status_code == 403
    assert get_user_model().objects.filter(pk=adam.pk, role="administrator").exists()
