"""How an account stands: states and costs to serve, noted on one page, removed and taken back."""

import datetime
import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, AccountState, CostToServe, Organisation, User
from accounts.periods import add_months
from tests.clients import HTMX, as_
from tests.factories import make_cost, make_grant, make_rate, make_state
from tests.metrics import engine


@pytest.fixture
def today(db: None) -> datetime.date:
    Organisation.objects.get_or_create(pk=1)
    return Organisation.current().today()


def ago(today: datetime.date, days: int) -> datetime.date:
    return today - datetime.timedelta(days=days)


def address(account: Account, name: str = "standing") -> str:
    return reverse(f"engagement:{name}", kwargs={"account": account.pk})


def removal(row: AccountState | CostToServe) -> str:
    name = "state_remove" if isinstance(row, AccountState) else "cost_remove"
    return reverse(f"engagement:{name}", kwargs={"pk": row.pk})


def undo_of(response: Any) -> str:
    found: str = json.loads(response["HX-Trigger"])["km:toast"]["undo"]
    return found


def test_the_newest_word_of_each_kind_stands_first_and_says_when_it_is_too_old(
    maya: User, maya_account: Account, omar_account: Account, today: datetime.date
) -> None:
    make_state(maya_account, ago(today, 40), "usage", value=Decimal("40.5"))
    newest = make_state(maya_account, ago(today, 10), "usage", value=Decimal("62.5"), source="telemetry")
    old = make_state(maya_account, ago(today, 180), "payment", level="poor")
    make_state(omar_account, today, "support", level="good")
    page = as_(maya).get(address(maya_account))
    assert [(word.state, word.is_old) for word in page.context["words"]] == [
        (newest, False),
        (old, True),
        (None, False),
    ]
    text = page.content.decode()
    assert "62.5" in text and "telemetry" in text and "too old to count" in text and "not known" in text


def test_twelve_months_of_costs_are_summed_where_a_rate_exists_and_the_rest_is_told(
    maya: User, maya_account: Account, today: datetime.date
) -> None:
    make_rate("CHF", "1.1", "2020-01-01")
    make_cost(maya_account, today, 1000, kind="support")
    make_cost(maya_account, ago(today, 30), 100, kind="travel", currency="CHF")
    make_cost(maya_account, ago(today, 30), -50, kind="travel")
    make_cost(maya_account, today, 70, kind="other", currency="SEK")
    eleven_months_back = add_months(today, -11)
    make_cost(maya_account, eleven_months_back, 500, kind="delivery")
    make_cost(maya_account, ago(eleven_months_back, 1), 9000)
    page = as_(maya).get(address(maya_account))
    sums = page.context["year"]
    assert (sums.total, sums.bookings, sums.unconverted) == (1560, 5, 1)
    assert sums.by_kind == [("support", 1000), ("delivery", 500), ("visits and travel", 60)]
    assert "1 booking without a rate to EUR left out" in page.content.decode()


def test_what_is_noted_is_taken_back_unless_somebody_wrote_to_it_since(
    maya: User, maya_account: Account, today: datetime.date
) -> None:
    client = as_(maya)
    sent = {"kind": "usage", "date": today.isoformat(), "value": "82.5", "level": ""}
    noted = client.post(address(maya_account, "state_note"), sent, headers=HTMX)
    assert AccountState.objects.get().value == Decimal("82.5") and b"<html" not in noted.content
    assert client.post(undo_of(noted), headers=HTMX)["HX-Refresh"] == "true"
    assert not AccountState.objects.exists()
    noted = client.post(address(maya_account, "state_note"), sent, headers=HTMX)
    AccountState.objects.update(source="telemetry")
    assert "too late" in client.post(undo_of(noted), headers=HTMX)["HX-Trigger"]
    cost = {"kind": "travel", "date": today.isoformat(), "amount": "120.50", "currency": "chf"}
    without_scripts = client.post(address(maya_account, "cost_book"), cost)
    assert without_scripts["Location"] == address(maya_account)
    booked = CostToServe.objects.get()
    assert (booked.account, booked.amount, booked.currency) == (maya_account, Decimal("120.50"), "CHF")
    assert AccountState.objects.count() == 1


def test_what_is_noted_says_by_whom_and_when_and_keeps_its_history(
    maya: User, maya_account: Account, today: datetime.date
) -> None:
    client = as_(maya)
    day = today.isoformat()
    client.post(
        address(maya_account, "state_note"), {"kind": "usage", "date": day, "value": "82.5", "level": ""}
    )
    client.post(
        address(maya_account, "cost_book"), {"kind": "other", "date": day, "amount": "5", "currency": "EUR"}
    )
    state = AccountState.objects.get()
    make_state(maya_account, kind="payment", source="erp", external_id="P-1")
    for row in (state, CostToServe.objects.get()):
        assert row.noted_by == maya and row.noted_at is not None
    page = client.get(address(maya_account))
    told = [(row.noted_by, row.source) for row in page.context["states"]]
    assert sorted(told, key=str) == sorted([(maya, ""), (None, "erp")], key=str)
    text = page.content.decode()
    assert ", Maya Marin</span>" in text and "noted by hand" not in text
    assert all(f'data-label="{column}">Maya Marin ' in text for column in ("Said by", "From"))
    AccountState.objects.filter(pk=state.pk).update(value=Decimal("80"))
    events = AccountState.pgh_event_model.objects.filter(pgh_obj_id=state.pk)  # type: ignore[attr-defined]
    assert list(events.order_by("pgh_id").values_list("pgh_label", "value", "noted_by")) == [
        ("insert", Decimal("82.5"), maya.pk),
        ("update", Decimal("80"), maya.pk),
    ]


def test_what_is_no_state_and_no_cost_is_refused_with_words(
    maya: User, maya_account: Account, today: datetime.date
) -> None:
    client = as_(maya)
    make_state(maya_account, today, "support")

    def refusal(name: str, **sent: str) -> str:
        response = client.post(address(maya_account, name), sent, headers=HTMX)
        assert response.status_code == 422
        return response.content.decode()

    day, later = today.isoformat(), (today + datetime.timedelta(days=1)).isoformat()
    assert "one of the two" in refusal("state_note", kind="usage", date=day, value="5", level="good")
    assert "one of the two" in refusal("state_note", kind="usage", date=day, value="", level="")
    assert "less than or equal to 100" in refusal("state_note", kind="usage", date=day, value="101")
    assert "still to come" in refusal("state_note", kind="usage", date=later, value="5")
    assert "on this day already" in refusal("state_note", kind="support", date=day, value="5")
    cost = {"kind": "other", "date": day, "amount": "5", "currency": "EUR"}
    assert "A cost of 0 is no cost" in refusal("cost_book", **{**cost, "amount": "0"})
    assert "three capital letters" in refusal("cost_book", **{**cost, "currency": "E"})
    assert "still to come" in refusal("cost_book", **{**cost, "date": later})
    assert (AccountState.objects.count(), CostToServe.objects.count()) == (1, 0)


def test_what_was_removed_comes_back_once_and_what_an_import_owns_stays(
    maya: User, hana: User, maya_account: Account
) -> None:
    client = as_(maya)
    cost = make_cost(maya_account, amount=7, description="Night shift")
    gone = client.post(removal(cost), headers=HTMX)
    assert not CostToServe.objects.exists()
    assert "too late" in as_(hana).post(undo_of(gone), headers=HTMX)["HX-Trigger"]
    assert client.post(undo_of(gone), headers=HTMX)["HX-Refresh"] == "true"
    assert CostToServe.objects.get(pk=cost.pk).description == "Night shift"
    assert "too late" in client.post(undo_of(gone), headers=HTMX)["HX-Trigger"]

    state = make_state(maya_account)
    gone = client.post(removal(state), headers=HTMX)
    other = make_state(maya_account, level="good")
    assert "too late" in client.post(undo_of(gone), headers=HTMX)["HX-Trigger"]
    assert AccountState.objects.get() == other

    owned = make_state(maya_account, kind="payment", source="erp", external_id="P-1")
    assert removal(owned) not in client.get(address(maya_account)).content.decode()
    refused = client.post(removal(owned), headers=HTMX)
    assert refused.status_code == 403 and "An import from “erp” brought this" in refused.content.decode()
    assert AccountState.objects.filter(pk=owned.pk).exists()


def test_a_viewer_reads_what_is_granted_and_finds_nothing_to_change(
    vic: User, maya_account: Account, today: datetime.date
) -> None:
    make_grant(vic, account=maya_account)
    empty = as_(vic).get(address(maya_account)).content.decode()
    assert "an import of account states brings it" in empty and "Note the state" not in empty
    state = make_state(maya_account)
    assert removal(state) not in as_(vic).get(address(maya_account)).content.decode()


def test_a_long_history_has_pages_of_its_own_and_the_number_of_statements_stays(
    maya: User, maya_account: Account, today: datetime.date
) -> None:
    client = as_(maya)

    def statements() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(address(maya_account)).status_code == 200
        return len(found)

    def more(first: int, last: int) -> None:
        for days in range(first, last):
            make_state(maya_account, ago(today, days))
            make_cost(maya_account, ago(today, days))

    more(0, 2)
    statements()  # the first page of a login reads more
    few = statements()
    more(2, 45)
    assert statements() == few
    page = client.get(address(maya_account) + "?states=2&costs=3")
    assert [page.context[name].number for name in ("states", "costs")] == [2, 3]
    text = page.content.decode()
    assert "?states=3&amp;costs=3#states" in text and "?states=2&amp;costs=2#costs" in text


def test_the_explanations_made_of_states_and_costs_lead_to_the_page(
    maya: User, mira: User, maya_account: Account, today: datetime.date
) -> None:
    engine.run(today, "full")
    for kpi, part in (("health_score", "states"), ("account_profitability", "costs")):
        explained = reverse(
            "metrics:explain", kwargs={"scope": "account", "key": maya_account.pk, "kpi": kpi}
        )
        assert f'href="{address(maya_account)}#{part}"' in as_(maya).get(explained).content.decode()
    assert (
        address(maya_account)
        in as_(maya).get(reverse("portfolio:account", kwargs={"pk": maya_account.pk})).content.decode()
    )
    assert (
        address(maya_account)
        not in as_(mira).get(reverse("portfolio:account", kwargs={"pk": maya_account.pk})).content.decode()
    )
