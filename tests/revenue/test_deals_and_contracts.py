"""Deals and contracts of an account: added, edited, moved, decided, and taken back."""

import datetime
import json
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Assignment, Contract, Opportunity, Organisation, User
from tests.clients import HTMX, as_
from tests.factories import make_contract, make_opportunity, make_stage


@pytest.fixture
def today(db: None) -> datetime.date:
    return Organisation.current().today()


def ago(today: datetime.date, days: int) -> datetime.date:
    return today - datetime.timedelta(days=days)


def form_of(client: Client, url: str) -> dict[str, Any]:
    """What a browser would send back from this page's form without a change."""
    form = client.get(url).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else value for name, value in values.items()}


def stages_of(deal: Opportunity) -> list[tuple[str, datetime.date, datetime.date | None]]:
    return [(p.stage.name, p.during.lower, p.during.upper) for p in deal.phases.order_by("during")]


@pytest.fixture
def deal(maya_account: Account, today: datetime.date) -> Opportunity:
    since = ago(today, 40)
    offer = make_stage("Offer", probability="0.4", position=1)
    make_stage("Negotiation", probability="0.8", position=2)
    return make_opportunity(maya_account, since, 5000, name="Pumps", phases=[(offer, since, None)])


def url(name: str, **arguments: Any) -> str:
    return reverse(f"revenue:{name}", kwargs=arguments)


# ----------------------------------------------------------------------------------------------- adding


def test_a_new_deal_stands_in_its_stage_since_the_day_it_was_opened(
    maya: User, maya_account: Account, today: datetime.date
) -> None:
    stage = make_stage("Offer")
    client = as_(maya)
    address = url("opportunity_add", account=maya_account.pk)
    assert form_of(client, address)["opened_on"] == today
    sent = {**form_of(client, address), "name": "Valves", "amount": "1234.5", "opened_on": str(ago(today, 9))}
    response = client.post(address, {**sent, "currency": "eur", "stage": stage.pk})
    assert response.status_code == 302
    found = Opportunity.objects.get(account=maya_account)
    assert (found.name, found.amount, found.currency) == ("Valves", Decimal("1234.5"), "EUR")
    assert stages_of(found) == [("Offer", ago(today, 9), None)]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "This field is required."),
        ("amount", "-1", "An amount is not negative."),
        ("amount", "many", "Enter a number."),
        ("currency", "E1", "A currency is three capital letters, as EUR."),
        ("opened_on", "2999-01-01", "A deal is not opened in the future."),
        ("opened_on", "", "This field is required."),
        # What a browser sends for a year typed as 26, and amounts too long to be shown with two places.
        ("opened_on", "0026-01-01", "Write all four digits of the year, 1900 or later."),
        ("amount", "9" * 30, "no more than 18 digits"),
        ("amount", "Infinity", "Enter a number."),
    ],
)
def test_a_deal_that_cannot_be_says_why_and_keeps_what_was_typed(
    maya: User, maya_account: Account, field: str, value: str, message: str
) -> None:
    client = as_(maya)
    address = url("opportunity_add", account=maya_account.pk)
    sent = {**form_of(client, address), "name": "Kept as typed", "amount": "5", field: value}
    response = client.post(address, sent)
    assert response.status_code == 422
    text = response.content.decode()
    assert message in text
    assert field == "name" or "Kept as typed" in text
    assert not Opportunity.objects.exists()


# ----------------------------------------------------------------------------------------------- stages


def test_a_move_ends_the_old_stage_and_begins_the_new_one_today(
    maya: User, deal: Opportunity, today: datetime.date
) -> None:
    negotiation = make_stage("Negotiation")
    response = as_(maya).post(url("opportunity_move", pk=deal.pk), {"stage": negotiation.pk}, headers=HTMX)
    assert "Negotiation from today on" in response["HX-Trigger"]
    assert stages_of(deal) == [("Offer", ago(today, 40), today), ("Negotiation", today, None)]


def test_a_second_move_on_one_day_corrects_the_first(
    maya: User, deal: Opportunity, today: datetime.date
) -> None:
    client = as_(maya)
    for name in ("Negotiation", "Contract", "Contract"):
        client.post(url("opportunity_move", pk=deal.pk), {"stage": make_stage(name).pk})
    assert stages_of(deal) == [("Offer", ago(today, 40), today), ("Contract", today, None)]


@pytest.mark.parametrize("stage", ["", "x", "999999"])
def test_a_move_to_no_stage_changes_nothing(
    maya: User, deal: Opportunity, stage: str, today: datetime.date
) -> None:
    response = as_(maya).post(url("opportunity_move", pk=deal.pk), {"stage": stage}, headers=HTMX)
    assert response.status_code == 422
    assert stages_of(deal) == [("Offer", ago(today, 40), None)]


# ----------------------------------------------------------------------------------------------- closing


def undo_of(response: Any) -> str:
    undo: str = json.loads(response["HX-Trigger"])["km:toast"]["undo"]
    return undo


def test_a_won_deal_ends_its_stage_and_can_be_taken_back(
    maya: User, deal: Opportunity, today: datetime.date
) -> None:
    client = as_(maya)
    response = client.post(url("opportunity_close", pk=deal.pk), {"outcome": "won"}, headers=HTMX)
    deal.refresh_from_db()
    assert (deal.outcome, deal.closed_on) == ("won", today)
    assert stages_of(deal) == [("Offer", ago(today, 40), today)]
    assert "Pumps" not in response.content.decode()
    back = client.post(undo_of(response), headers=HTMX)
    assert (back.status_code, back["HX-Refresh"]) == (204, "true")
    deal.refresh_from_db()
    assert (deal.outcome, deal.closed_on) == ("open", None)
    assert stages_of(deal) == [("Offer", ago(today, 40), None)]


def test_a_lost_deal_keeps_its_reason(maya: User, deal: Opportunity) -> None:
    sent = {"outcome": "lost", "loss_reason": "price"}
    as_(maya).post(url("opportunity_close", pk=deal.pk), sent)
    deal.refresh_from_db()
    assert (deal.outcome, deal.loss_reason) == ("lost", "price")


def test_a_deal_opened_and_won_on_one_day_leaves_a_stage_of_one_day(
    maya: User, maya_account: Account, today: datetime.date
) -> None:
    quick = make_opportunity(maya_account, today, 10, phases=[("Offer", today, None)])
    as_(maya).post(url("opportunity_close", pk=quick.pk), {"outcome": "won"})
    quick.refresh_from_db()
    assert quick.outcome == "won"
    assert stages_of(quick) == [("Offer", today, today + datetime.timedelta(days=1))]


def test_a_deal_without_an_amount_is_not_won(maya: User, deal: Opportunity) -> None:
    Opportunity.objects.filter(pk=deal.pk).update(amount=None)
    response = as_(maya).post(url("opportunity_close", pk=deal.pk), {"outcome": "won"}, headers=HTMX)
    assert response.status_code == 422
    assert "A won deal has an amount." in response["HX-Trigger"]
    deal.refresh_from_db()
    assert deal.outcome == "open"


def test_closing_twice_counts_once(maya: User, deal: Opportunity) -> None:
    client = as_(maya)
    client.post(url("opportunity_close", pk=deal.pk), {"outcome": "won"})
    second = client.post(url("opportunity_close", pk=deal.pk), {"outcome": "lost"}, headers=HTMX)
    assert "decided already" in second["HX-Trigger"]
    deal.refresh_from_db()
    assert deal.outcome == "won"


def test_nobody_takes_a_closing_back_that_was_changed_or_is_not_theirs(
    maya: User, omar: User, deal: Opportunity
) -> None:
    response = as_(maya).post(url("opportunity_close", pk=deal.pk), {"outcome": "lost"}, headers=HTMX)
    undo = undo_of(response)
    assert as_(omar).post(undo, headers=HTMX).status_code == 404
    Opportunity.objects.filter(pk=deal.pk).update(loss_reason="corrected meanwhile")
    assert "too late" in as_(maya).post(undo, headers=HTMX)["HX-Trigger"]
    deal.refresh_from_db()
    assert deal.outcome == "lost"


def test_a_closing_is_not_taken_back_after_its_time(
    maya: User, deal: Opportunity, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = as_(maya)
    undo = undo_of(client.post(url("opportunity_close", pk=deal.pk), {"outcome": "won"}, headers=HTMX))
    monkeypatch.setattr("accounts.revenue.actions.UNDO_SECONDS", -1)
    assert "too late" in client.post(undo, headers=HTMX)["HX-Trigger"]


# ----------------------------------------------------------------------------------------------- editing


def test_an_edit_saves_and_shows_amounts_without_needless_zeros(maya: User, deal: Opportunity) -> None:
    client = as_(maya)
    address = url("opportunity_edit", pk=deal.pk)
    assert 'value="5000"' in client.get(address).content.decode()
    sent = {**form_of(client, address), "amount": "6000"}
    assert client.post(address, sent).status_code == 302
    deal.refresh_from_db()
    assert deal.amount == 6000


def test_of_two_edits_the_second_sees_both_versions_before_anything_is_written(
    maya: User, lena: User, deal: Opportunity
) -> None:
    address = url("opportunity_edit", pk=deal.pk)
    first, second = as_(maya), as_(lena)
    mine, theirs = form_of(first, address), form_of(second, address)
    second.post(address, {**theirs, "amount": "7000"})
    conflict = first.post(address, {**mine, "amount": "8000", "name": "Pumps and valves"})
    assert conflict.status_code == 409
    text = conflict.content.decode()
    assert "7000" in text and "8000" in text and "Pumps and valves" in text
    deal.refresh_from_db()
    assert deal.amount == 7000
    again = {**mine, "amount": "8000", "seen": conflict.context["form"]["seen"].value()}
    assert first.post(address, again).status_code == 302
    deal.refresh_from_db()
    assert deal.amount == 8000


def test_an_edit_without_its_digest_is_a_conflict(maya: User, deal: Opportunity) -> None:
    client = as_(maya)
    address = url("opportunity_edit", pk=deal.pk)
    assert client.post(address, {**form_of(client, address), "seen": ""}).status_code == 409


def test_a_deal_is_not_edited_to_open_after_it_was_closed(
    maya: User, maya_account: Account, today: datetime.date
) -> None:
    closed = make_opportunity(maya_account, ago(today, 50), outcome="won", closed_on=ago(today, 20))
    client = as_(maya)
    address = url("opportunity_edit", pk=closed.pk)
    response = client.post(address, {**form_of(client, address), "opened_on": str(ago(today, 3))})
    assert response.status_code == 422
    assert "A deal is not closed before it is opened." in response.content.decode()


# ----------------------------------------------------------------------------------------------- contracts


def test_a_contract_is_added_with_its_last_day(maya: User, maya_account: Account) -> None:
    client = as_(maya)
    address = url("contract_add", account=maya_account.pk)
    sent = {"number": "K-1", "annual_value": "1200", "currency": "EUR", "first_day": "2026-01-01"}
    response = client.post(address, {**sent, "last_day": "2026-12-31", "notice_date": "2026-09-30"})
    assert response.status_code == 302
    found = Contract.objects.get(account=maya_account)
    assert (found.during.lower, found.during.upper) == (datetime.date(2026, 1, 1), datetime.date(2027, 1, 1))
    assert found.last_day == datetime.date(2026, 12, 31)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"last_day": "2025-12-31"}, "It must begin before it ends."),
        ({"notice_date": "2027-01-01"}, "The notice date is not after the contract"),
        ({"annual_value": "-5"}, "A value is not negative."),
        ({"number": "C-1"}, "Another term of this contract number holds on some of these days."),
        ({"first_day": ""}, "This field is required."),
    ],
)
def test_a_contract_that_cannot_be_says_why(
    maya: User, maya_account: Account, change: dict[str, str], message: str
) -> None:
    make_contract(maya_account, "2026-06-01", "2027-06-01", number="C-1")
    sent = {"number": "K-1", "annual_value": "1200", "currency": "EUR", "first_day": "2026-01-01"}
    sent |= {"last_day": "2026-12-31", **change}
    response = as_(maya).post(url("contract_add", account=maya_account.pk), sent)
    assert response.status_code == 422
    assert message in response.content.decode().replace("&#x27;", "'")
    assert Contract.objects.count() == 1


def decision(client: Client, contract: Contract, **sent: str) -> Any:
    address = url("contract_decide", pk=contract.pk)
    seen = client.get(address).context["form"]["seen"].value()
    return client.post(address, {"seen": seen, **sent})


def test_a_renewed_contract_is_followed_by_its_next_term(maya: User, maya_account: Account) -> None:
    old = make_contract(
        maya_account, "2026-01-01", "2027-01-01", 1000, number="K-1", notice_date="2026-09-30"
    )
    guessed = form_of(as_(maya), url("contract_decide", pk=old.pk))
    assert (str(guessed["until"]), str(guessed["notice"])) == ("2027-12-31", "2027-09-30")
    decided = decision(
        as_(maya), old, outcome="renewed", value="1100", until="2027-12-31", notice="2027-09-30"
    )
    assert decided.status_code == 302
    old.refresh_from_db()
    assert (old.outcome, old.renewed_value) == ("renewed", 1100)
    new = Contract.objects.exclude(pk=old.pk).get()
    assert (new.number, new.annual_value, new.outcome) == ("K-1", 1100, "open")
    assert (new.first_day, new.last_day) == (datetime.date(2027, 1, 1), datetime.date(2027, 12, 31))
    assert new.notice_date == datetime.date(2027, 9, 30)


def test_a_next_term_that_is_there_already_is_left_alone(maya: User, maya_account: Account) -> None:
    old = make_contract(maya_account, "2026-01-01", "2027-01-01", 1000, number="K-1")
    make_contract(maya_account, "2027-01-01", "2028-01-01", 1500, number="K-1")
    decision(as_(maya), old, outcome="renewed", value="1500")
    assert Contract.objects.count() == 2


def test_a_contract_ended_by_the_customer_has_no_next_term(maya: User, maya_account: Account) -> None:
    old = make_contract(maya_account)
    decision(as_(maya), old, outcome="lost", value="500")
    old.refresh_from_db()
    assert (old.outcome, old.renewed_value) == ("lost", None)
    assert Contract.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"outcome": "renewed", "value": ""}, "A renewed contract says what it is worth now."),
        ({"outcome": "renewed", "value": "5", "until": "2026-06-01"}, "it must end after that."),
        ({"value": "5"}, "This field is required."),
    ],
)
def test_a_decision_that_cannot_be_says_why(
    maya: User, maya_account: Account, sent: dict[str, str], message: str
) -> None:
    old = make_contract(maya_account, "2026-01-01", "2027-01-01")
    response = decision(as_(maya), old, **sent)
    assert response.status_code == 422
    assert message in response.content.decode()
    old.refresh_from_db()
    assert old.outcome == "open"


def test_of_two_decisions_the_second_is_shown_the_first(
    maya: User, lena: User, maya_account: Account
) -> None:
    old = make_contract(maya_account)
    address = url("contract_decide", pk=old.pk)
    client = as_(maya)
    seen = client.get(address).context["form"]["seen"].value()
    decision(as_(lena), old, outcome="lost")
    response = client.post(address, {"seen": seen, "outcome": "renewed", "value": "5"})
    assert response.status_code == 409
    old.refresh_from_db()
    assert old.outcome == "lost"


# ----------------------------------------------------------------------------------------------- rights


def test_a_former_manager_may_not_write_any_more(
    maya: User, deal: Opportunity, maya_account: Account, today: datetime.date
) -> None:
    from accounts.fields import days

    Assignment.objects.filter(account=maya_account).update(during=days(ago(today, 90), today))
    assert as_(maya).get(url("opportunity_edit", pk=deal.pk)).status_code == 404
    assert as_(maya).post(url("opportunity_close", pk=deal.pk), {"outcome": "won"}).status_code == 404


def test_marketing_sees_contracts_but_not_what_they_are_worth(
    mira: User, maya: User, maya_account: Account, today: datetime.date
) -> None:
    renewed = make_contract(
        maya_account, "2025-01-01", "2026-01-01", 7171, outcome="renewed", renewed_value=8282
    )
    make_contract(
        maya_account, "2026-01-01", today + datetime.timedelta(days=200), 8282, number=renewed.number
    )
    pages = [f"/portfolio/{maya_account.pk}/", f"/portfolio/{maya_account.pk}/revenue/"]
    shown = "".join(as_(mira).get(page).content.decode() for page in pages)
    assert renewed.number in shown
    assert "7,171" not in shown and "8,282" not in shown
    assert "8,282" in as_(maya).get(pages[0]).content.decode()
    assert "/revenue/deals/" not in shown and "/revenue/contracts/" not in shown
