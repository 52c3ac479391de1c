"""Leads: four questions, first days, which account they become, and the way back from each."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, CampaignTouch, Lead, Organisation, User
from tests.factories import day, make_account, make_assignment, make_campaign, make_lead

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
HTMX = {"HX-Request": "true"}
YES = {"budget": True, "authority": True, "need": True, "timeline": True}


@pytest.fixture
def marketer(mira: User, client: Client) -> Client:
    Organisation.objects.get_or_create(pk=1)
    client.force_login(mira, backend=BACKEND)
    return client


def post(client: Client, name: str, lead: Lead, data: dict[str, Any] | None = None, **more: Any) -> Any:
    return client.post(reverse(f"revenue:{name}", kwargs={"pk": lead.pk, **more}), data or {}, headers=HTMX)


def undo_of(response: Any) -> str:
    found: str = json.loads(response["HX-Trigger"])["km:toast"]["undo"]
    return found


def undone(client: Client, response: Any) -> bool:
    return client.post(undo_of(response), headers=HTMX).get("HX-Refresh") == "true"


def fresh(lead: Lead) -> Lead:
    return Lead.objects.get(pk=lead.pk)


def test_the_fourth_yes_qualifies_a_lead_and_undo_takes_both_back(marketer: Client) -> None:
    lead = make_lead(**{**YES, "timeline": None})
    response = post(marketer, "lead_answer", lead, {"said": "yes"}, item="timeline")
    today = Organisation.current().today()
    assert (fresh(lead).mql_on, fresh(lead).sql_on) == (today, today)
    assert undone(marketer, response)
    assert (fresh(lead).mql_on, fresh(lead).sql_on, fresh(lead).timeline) == (None, None, None)


def test_the_first_days_stay_when_an_answer_changes_and_comes_back(marketer: Client) -> None:
    """golden.json, mql_count: twice is counted once, at the first date."""
    lead = make_lead(mql_on="2026-01-12", sql_on="2026-01-20", **YES)
    for said in ("no", "yes"):
        assert post(marketer, "lead_answer", lead, {"said": said}, item="need").status_code == 200
    assert (fresh(lead).mql_on, fresh(lead).sql_on) == (day("2026-01-12"), day("2026-01-20"))


def test_three_yes_and_a_no_are_no_sales_qualified_lead(marketer: Client) -> None:
    """golden.json, sql_count: SQL needs all four."""
    lead = make_lead(**{**YES, "timeline": None})
    post(marketer, "lead_answer", lead, {"said": "no"}, item="timeline")
    assert fresh(lead).sql_on is None


@pytest.mark.parametrize(("item", "said"), [("budget", "perhaps"), ("company", "yes"), ("sql_on", "no")])
def test_other_answers_and_other_fields_are_refused(marketer: Client, item: str, said: str) -> None:
    lead = make_lead("Nordhafen")
    assert post(marketer, "lead_answer", lead, {"said": said}, item=item).status_code == 422
    assert fresh(lead).version == 1


def test_a_sales_qualified_lead_does_not_become_unknown_again(marketer: Client) -> None:
    lead = make_lead(mql_on="2026-01-12", sql_on="2026-01-20", **YES)
    response = post(marketer, "lead_answer", lead, {"said": "unknown"}, item="need")
    assert response.status_code == 422 and "has an answer" in response["HX-Trigger"]
    assert fresh(lead).need is True


def test_a_lead_becomes_a_new_account_that_nobody_looks_after_and_goes_back(marketer: Client) -> None:
    lead = make_lead("Nordhafen GmbH", country="Germany")
    response = post(marketer, "lead_convert", lead, {"fresh": "on"})
    account = Account.objects.get()
    assert (account.name, account.country, account.assignments.count()) == ("Nordhafen GmbH", "Germany", 0)
    assert fresh(lead).account == account and fresh(lead).converted_on == Organisation.current().today()
    assert undone(marketer, response)
    assert fresh(lead).account is None and not Account.objects.exists()


def test_a_lead_becomes_one_account_also_from_two_tabs(marketer: Client) -> None:
    lead, other = make_lead("Nordhafen GmbH"), make_account("Aurora Foods")
    assert post(marketer, "lead_convert", lead, {"fresh": "on"}).status_code == 200
    account = Account.objects.exclude(pk=other.pk).get()
    for data in ({"fresh": "on"}, {"account": "Aurora Foods"}):
        answer = post(marketer, "lead_convert", lead, data)
        assert "is an account already" in json.loads(answer["HX-Trigger"])["km:toast"]["text"]
    assert (fresh(lead).account, Account.objects.count()) == (account, 2)


def test_a_new_account_stays_once_somebody_looks_after_it(marketer: Client, maya: User) -> None:
    lead = make_lead("Nordhafen GmbH")
    response = post(marketer, "lead_convert", lead, {"fresh": "on"})
    make_assignment(Account.objects.get(), maya)
    assert not undone(marketer, response)
    assert fresh(lead).account is not None


def test_a_lead_is_linked_to_the_account_it_resembles_or_that_is_named(marketer: Client) -> None:
    aurora, other = make_account("Aurora Foods"), make_account("Quarz")
    lead = make_lead("Aurora Food GmbH")
    page = marketer.get(reverse("revenue:lead", kwargs={"pk": lead.pk}))
    assert page.context["similar"] == [aurora]
    assert post(marketer, "lead_convert", lead, {"account": "Nowhere"}).status_code == 422
    response = post(marketer, "lead_convert", lead, {"account": "quarz"})
    assert fresh(lead).account == other
    assert undone(marketer, response) and Account.objects.count() == 2
    post(marketer, "lead_convert", lead, {"pk": aurora.pk})
    assert fresh(lead).account == aurora


def test_a_lead_becomes_a_customer_only_as_an_account(marketer: Client) -> None:
    lead = make_lead()
    refused = post(marketer, "lead_won", lead)
    assert refused.status_code == 422 and "Say which account" in refused["HX-Trigger"]
    post(marketer, "lead_convert", lead, {"fresh": "on"})
    post(marketer, "lead_won", lead)
    assert fresh(lead).customer_on == Organisation.current().today()


def test_a_lead_is_given_up_with_a_reason_and_taken_up_again(marketer: Client) -> None:
    lead = make_lead()
    response = post(marketer, "lead_drop", lead, {"reason": "no budget"})
    assert fresh(lead).drop_reason == "no budget" and fresh(lead).dropped_on
    assert undone(marketer, response) and fresh(lead).dropped_on is None
    post(marketer, "lead_drop", lead, {"reason": "no budget"})
    post(marketer, "lead_resume", lead)
    assert (fresh(lead).dropped_on, fresh(lead).drop_reason) == (None, "")


def test_undo_does_not_run_over_what_somebody_wrote_meanwhile(marketer: Client) -> None:
    lead = make_lead()
    response = post(marketer, "lead_qualify", lead)
    post(marketer, "lead_answer", lead, {"said": "yes"}, item="need")
    assert not undone(marketer, response)
    assert fresh(lead).mql_on == Organisation.current().today()


def test_a_deleted_lead_comes_back_with_what_hung_on_it(marketer: Client) -> None:
    lead = make_lead("Mistake", person="Ada Ang", email="ada@mistake.example")
    CampaignTouch.objects.create(campaign=make_campaign(), lead=lead, on=day("2026-01-11"))
    gone = post(marketer, "lead_delete", lead)
    assert not Lead.objects.exists() and not CampaignTouch.objects.exists()
    assert "ada" not in gone["HX-Redirect"].lower()
    page = marketer.get(gone["HX-Redirect"])
    assert marketer.post(page.context["deleted"]).status_code == 302
    assert Lead.objects.get().person == "Ada Ang" and CampaignTouch.objects.count() == 1


def test_a_lead_that_became_an_account_is_not_deleted(marketer: Client) -> None:
    lead = make_lead(account=make_account(), converted_on="2026-01-11")
    assert "stays in the figures" in post(marketer, "lead_delete", lead)["HX-Trigger"]
    assert Lead.objects.exists()


def test_a_lead_that_an_import_brought_is_removed_where_it_came_from(marketer: Client) -> None:
    lead = make_lead("Nordhafen", source="crm", external_id="L-1")
    page = marketer.get(reverse("revenue:lead", kwargs={"pk": lead.pk})).content.decode()
    assert "remove it there" in page and "never was a lead" not in page
    refused = post(marketer, "lead_delete", lead)
    assert refused.status_code == 403 and "An import from “crm” brought this" in refused.content.decode()
    assert Lead.objects.filter(pk=lead.pk).exists()
    # What is found out about it here stays work of ours.
    assert post(marketer, "lead_qualify", lead).status_code == 200


def test_no_lead_qualifies_on_a_day_still_to_come(marketer: Client) -> None:
    lead = make_lead("Nordhafen", created_on="2026-01-05")
    address = reverse("revenue:lead_edit", kwargs={"pk": lead.pk})
    seen = marketer.get(address).context["form"]["seen"].value()
    sent = {"company": "Nordhafen", "created_on": "2026-01-05", "heard_through": "", "mql_on": "2199-01-01"}
    page = marketer.post(address, {**sent, "seen": seen})
    assert page.context["form"].errors["mql_on"] == [
        "This day is still to come: choose today or an earlier one."
    ]


def test_history_keeps_the_days_and_no_names(marketer: Client) -> None:
    lead = make_lead(person="Ada Ang", email="ada@ang.example")
    post(marketer, "lead_qualify", lead)
    history = Lead.pgh_event_model.objects.filter(pgh_obj_id=lead.pk)  # type: ignore[attr-defined]
    assert list(history.order_by("pgh_id").values_list("mql_on", flat=True)) == [
        None,
        Organisation.current().today(),
    ]
    assert not {"person", "email", "phone", "note"} & {f.name for f in Lead.pgh_event_model._meta.fields}  # type: ignore[attr-defined]


def test_the_form_qualifies_too_and_shows_both_versions(marketer: Client) -> None:
    lead = make_lead("Nordhafen")
    address = reverse("revenue:lead_edit", kwargs={"pk": lead.pk})
    form = marketer.get(address).context["form"]
    sent = {"company": "Mine", "created_on": "2026-01-10", "seen": form["seen"].value()}
    sent |= dict.fromkeys(YES, "true")
    Lead.objects.filter(pk=lead.pk).update(company="Theirs")
    conflict = marketer.post(address, sent)
    assert conflict.status_code == 409 and b"Theirs" in conflict.content
    sent["seen"] = conflict.context["form"]["seen"].value()
    assert marketer.post(address, sent).status_code == 302
    assert (fresh(lead).company, fresh(lead).sql_on) == ("Mine", Organisation.current().today())


def test_what_stands_in_the_address_is_what_is_shown(marketer: Client, maya: User) -> None:
    fair = make_campaign("Fair")
    make_lead("Alpha", channel="event", campaign=fair, owner=maya)
    make_lead("Beta", mql_on="2026-01-12", person="Carla Cruz")
    make_lead("Gamma", dropped_on="2026-02-01")

    def named(query: str) -> set[str]:
        found = marketer.get(f"/revenue/leads/?{query}").context["rows"]
        return {lead.company for lead, *_ in found}

    assert named("") == {"Alpha", "Beta"} and named("state=all") == {"Alpha", "Beta", "Gamma"}
    assert named("state=new") == named("channel=event") == named(f"campaign={fair.pk}") == {"Alpha"}
    assert named(f"owner={maya.pk}") == {"Alpha"} and named("owner=none") == {"Beta"}
    assert named("state=mql") == named("q=carla") == {"Beta"} and named("state=dropped") == {"Gamma"}
    states = {each.label: each.count for each in marketer.get("/revenue/leads/").context["states"]}
    assert (states["Open"], states["New"], states["Given up"], states["Customers"]) == ("2", "1", "1", "")


def test_the_number_of_statements_does_not_grow_with_leads(marketer: Client, maya: User) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as found:
            assert marketer.get(reverse("revenue:lead_list")).status_code == 200
        return len(found)

    def more(count: int) -> None:
        for _ in range(count):
            make_lead(owner=maya, campaign=make_campaign(), account=make_account(), converted_on="2026-01-11")

    more(2)
    statements()  # the first page of a login reads more
    few = statements()
    more(20)
    assert statements() == few
