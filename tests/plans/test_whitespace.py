"""Whitespace: what is sold, open and still to be sold, by hand-computed figures; and what is written there."""

import datetime
import io
import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, Opportunity, Organisation, ProductCategory, User, WhitespaceCell
from tests.clients import HTMX, as_
from tests.factories import (
    make_account,
    make_classification,
    make_grant,
    make_opportunity,
    make_order,
    make_product,
    make_rate,
    make_stage,
    make_touch,
)
from tests.plans.helpers import months_ago, published

ALREADY = {"holder": "competitor", "holder_name": "Hexatron", "basis": "assumed", "currency": "EUR"}


@pytest.fixture
def today(db: None) -> datetime.date:
    Organisation.objects.get_or_create(pk=1)
    return Organisation.current().today()


def category(name: str, place: int | None) -> ProductCategory:
    return ProductCategory.objects.create(name=name, whitespace_position=place)


def cell(account: Account, of: ProductCategory, days_old: int = 1, **fields: Any) -> WhitespaceCell:
    noted_on = Organisation.current().today() - datetime.timedelta(days=days_old)
    fields.setdefault("currency", account.currency)
    return WhitespaceCell.objects.create(account=account, category=of, noted_on=noted_on, **fields)


@pytest.fixture
def group(maya: User, omar: User, today: datetime.date) -> SimpleNamespace:
    """Four companies, one of which only omar sees; a dollar is worth half a euro."""
    top = make_account("Aurora Group", owner=maya)
    foods = make_account("Aurora Foods", owner=maya, parent=top)
    inc = make_account("Aurora Inc", owner=maya, parent=top, currency="USD")
    make_account("Aurora Hidden", owner=omar, parent=top)
    make_rate("USD", "0.5")
    pumps, valves = category("Pumps", 1), category("Valves", 2)
    pump, valve = make_product("Pump", "Pumps"), make_product("Valve", "Valves")
    make_order(foods, months_ago(today, 1), lines=[{"amount": 1100, "product": pump}])
    make_order(foods, months_ago(today, 2), lines=[{"amount": -100, "product": pump}], kind="credit_note")
    make_order(foods, months_ago(today, 13), lines=[{"amount": 77, "product": pump}])
    make_order(foods, months_ago(today, 20), lines=[{"amount": 900, "product": valve}])
    make_order(inc, months_ago(today, 12), lines=[{"amount": 400, "product": pump}])
    # In the month that is not over, whatever day it is.
    make_order(inc, today + datetime.timedelta(days=1), lines=[{"amount": 5000, "product": pump}])
    make_opportunity(inc, months_ago(today, 1), 100, category=pumps, name="Two pumps")
    make_opportunity(inc, months_ago(today, 1), 100, name="Something")
    cell(foods, pumps, holder="us", yearly_spend=4000)
    cell(foods, valves, 200, holder="competitor", holder_name="Hexatron", yearly_spend=2000)
    cell(inc, pumps, 400, holder="us", yearly_spend=1000)
    cell(top, pumps, holder="in_house", holder_name="own staff")
    cell(top, valves, holder="not_needed")
    published(today)
    return SimpleNamespace(top=top, foods=foods, inc=inc, pumps=pumps, valves=valves)


def page(user: User, account: Account, query: str = "", **headers: Any) -> Any:
    return as_(user).get(reverse("plans:whitespace", kwargs={"account": account.pk}) + query, **headers)


def url(name: str, unit: Account, of: ProductCategory) -> str:
    return reverse(f"plans:whitespace_{name}", kwargs={"account": unit.pk, "category": of.pk})


# ----------------------------------------------------------------------------------------------- the board


def test_a_cell_holds_what_was_won_in_12_whole_months_what_is_open_and_the_rest_of_the_spend(
    maya: User, group: SimpleNamespace
) -> None:
    board = page(maya, group.foods).context["board"]

    pumps = board.cell(group.foods.pk, group.pumps.pk)
    assert (pumps.won, pumps.potential, pumps.open, pumps.holder) == (1000, 3000, 0, "us")
    dollars = board.cell(group.inc.pk, group.pumps.pk)
    assert (dollars.won, dollars.won_own) == (200, 400), "400 dollars are 200 euros"
    assert (dollars.open, dollars.deals, dollars.potential, dollars.is_old) == (50, 1, 300, True)
    valves = board.cell(group.foods.pk, group.valves.pk)
    assert (valves.won, valves.potential, valves.ever_bought, valves.kind) == (0, 2000, True, "upsell")
    assert (valves.age, valves.is_old) == (200, False)
    assert board.cell(group.inc.pk, group.valves.pk).kind == "cross_sell"


def test_the_group_adds_up_and_says_which_share_of_the_wallet_is_ours(
    maya: User, group: SimpleNamespace
) -> None:
    response = page(maya, group.foods)
    board = response.context["board"]
    total = board.total

    assert (total.won, total.open, total.potential, total.old_potential) == (1200, 50, 5300, 300)
    assert (total.known, len(board.cells), total.spend) == (4, 6, 6500)
    assert round(total.wallet, 2) == Decimal("18.46"), "1,200 of 6,500"
    text = " ".join(response.content.decode().split())
    assert "share of wallet <b>18.5 %</b> in the 4 of 6 cells with an estimate" in text
    assert [(row.line.name, row.line.is_sum) for row in response.context["rows"]] == [
        ("Aurora Group", True),
        ("Aurora Group itself", False),
        ("Aurora Foods", False),
        ("Aurora Inc", False),
    ]
    assert [each.main for each in response.context["rows"][0].cells] == ["1.2\u00a0k", "Hexatron"]


def test_companies_that_may_not_be_seen_are_only_counted(
    maya: User, hana: User, group: SimpleNamespace
) -> None:
    text = page(maya, group.foods).content.decode()
    assert "1 more company of this group is not among what you may see" in text
    assert "Aurora Hidden" not in text
    assert "Aurora Hidden" in page(hana, group.foods).content.decode()


def test_a_viewer_reads_what_is_granted_and_writes_nothing(vic: User, group: SimpleNamespace) -> None:
    make_grant(vic, account=group.foods)
    response = page(vic, group.foods)
    assert [unit.name for unit in response.context["board"].units] == ["Aurora Foods"]
    assert "Fill" not in response.content.decode()
    assert as_(vic).post(url("open", group.foods, group.pumps)).status_code == 403


def test_what_is_sold_above_the_estimate_is_marked(maya: User, group: SimpleNamespace) -> None:
    WhitespaceCell.objects.filter(account=group.foods, category=group.pumps).update(yearly_spend=600)
    WhitespaceCell.objects.exclude(account=group.foods, category=group.pumps).delete()
    response = page(maya, group.foods)
    over = response.context["board"].cell(group.foods.pk, group.pumps.pk)
    assert (over.is_over, over.potential) == (True, 0)
    assert round(response.context["board"].total.wallet, 1) == Decimal("166.7")
    assert "We sell more than the estimated spend." in response.content.decode()


@pytest.mark.parametrize(
    ("show", "units"),
    [
        ("others", ["Aurora Group itself", "Aurora Foods"]),
        ("unknown", ["Aurora Inc"]),
        ("old", ["Aurora Inc"]),
        ("suggested", []),
    ],
)
def test_a_filter_lives_in_the_address_and_keeps_the_companies_with_such_a_cell(
    maya: User, group: SimpleNamespace, show: str, units: list[str]
) -> None:
    response = page(maya, group.foods, f"?show={show}")
    assert [row.line.name for row in response.context["rows"]] == units
    assert units or "Clear filters" in response.content.decode()


def test_without_chosen_columns_the_best_selling_categories_stand_there(
    maya: User, group: SimpleNamespace
) -> None:
    ProductCategory.objects.update(whitespace_position=None)
    category("Never sold", None)
    board = page(maya, group.foods).context["board"]
    assert [column.name for column in board.columns] == ["Pumps", "Never sold", "Valves"]


def test_what_has_no_rate_or_no_column_is_said_and_not_added(maya: User, group: SimpleNamespace) -> None:
    text = " ".join(page(maya, group.foods).content.decode().split())
    assert "1 open deal names no product category" in text
    make_order(group.foods, months_ago(Organisation.current().today(), 1), 70, currency="CHF")
    make_order(group.foods, months_ago(Organisation.current().today(), 1), 80)
    board = page(maya, group.foods).context["board"]
    assert (board.missing, board.other_won, board.total.won) == (1, 80, 1200)


# ------------------------------------------------------------------------------------------- what is usual


def alike(today: datetime.date, account: Account, accounts: int, owners: int, tier: str = "A") -> None:
    """So many accounts of the same industry, of which some buy valves."""
    make_classification(account, tier="A", industry="Food")
    valve = make_product("Another valve", "Valves")
    for number in range(accounts):
        other = make_account(f"Secret {number}")
        make_classification(other, tier=tier, industry="Food")
        if number < owners:
            make_order(other, months_ago(today, 2), lines=[{"amount": 10, "product": valve}])


def test_what_most_accounts_of_the_same_kind_buy_is_suggested_without_a_name(
    maya: User, group: SimpleNamespace, today: datetime.date
) -> None:
    WhitespaceCell.objects.filter(category=group.valves).delete()
    alike(today, group.foods, 6, 4)
    response = page(maya, group.foods)
    found = response.context["board"].cell(group.foods.pk, group.valves.pk)
    assert found.alike.words == "4 of 6 accounts like this own it"
    assert found.alike.kind == "tier A in Food"
    assert found.is_suggested
    assert "Secret" not in response.content.decode()
    # The account itself is not among those it is like.
    assert response.context["board"].cell(group.foods.pk, group.pumps.pk).alike.words.startswith("0 of 6")


@pytest.mark.parametrize(
    ("accounts", "owners", "tier", "said", "suggested"),
    [
        (4, 4, "A", None, False),
        (5, 2, "A", "2 of 5", False),
        (5, 3, "A", "3 of 5", True),
        (5, 5, "B", "5 of 5", True),
    ],
)
def test_fewer_than_five_accounts_say_nothing_and_fewer_than_half_suggest_nothing(
    maya: User,
    group: SimpleNamespace,
    today: datetime.date,
    accounts: int,
    owners: int,
    tier: str,
    said: str | None,
    suggested: bool,
) -> None:
    WhitespaceCell.objects.filter(category=group.valves).delete()
    alike(today, group.foods, accounts, owners, tier)
    found = page(maya, group.foods).context["board"].cell(group.foods.pk, group.valves.pk)
    assert (found.alike.words[:6] if found.alike else None) == said
    assert found.is_suggested == suggested
    assert tier == "A" or found.alike.kind == "Food", "too few of the tier: the whole industry"


# ---------------------------------------------------------------------------------------------- the writes


def test_one_click_makes_a_deal_over_the_potential_in_the_currency_of_the_company(
    maya: User, group: SimpleNamespace, today: datetime.date
) -> None:
    make_stage("Second", position=2)
    make_stage("First", position=1)
    response = as_(maya).post(url("open", group.inc, group.pumps), {"shown": "1"}, headers=HTMX)
    deal = Opportunity.objects.get(name="Pumps, Aurora Inc")
    assert (deal.amount, deal.currency, deal.kind) == (600, "USD", "upsell"), "1,000 spent, 400 of it ours"
    assert (deal.category, deal.opened_on, deal.phases.get().stage.name) == (group.pumps, today, "First")
    assert 'id="whitespace-board"' in response.content.decode()
    events = json.loads(response["HX-Trigger"])
    assert events["km:close"] == {"dialog": "side-dialog"}
    undone = as_(maya).post(events["km:toast"]["undo"], headers=HTMX)
    assert undone.status_code == 204
    assert not Opportunity.objects.filter(pk=deal.pk).exists()


def test_a_second_tab_opens_no_second_deal_unless_it_saw_the_first(
    maya: User, group: SimpleNamespace
) -> None:
    tab = url("open", group.inc, group.pumps)
    assert 'name="shown" value="1"' in as_(maya).get(url("cell", group.inc, group.pumps)).content.decode()
    for _ in range(2):
        response = as_(maya).post(tab, {"shown": "1"}, headers=HTMX)
    said = "Nothing was opened: “Pumps, Aurora Inc” is open here meanwhile. Look at it first."
    toast = json.loads(response["HX-Trigger"])["km:toast"]
    assert toast["text"] == said and not toast.get("undo")
    assert Opportunity.objects.filter(name="Pumps, Aurora Inc").count() == 1
    assert 'name="shown" value="2"' in as_(maya).get(url("cell", group.inc, group.pumps)).content.decode()
    as_(maya).post(tab, {"shown": "2"}, headers=HTMX)
    assert Opportunity.objects.filter(name="Pumps, Aurora Inc").count() == 2


def test_a_deal_that_somebody_works_on_is_not_taken_back(maya: User, group: SimpleNamespace) -> None:
    response = as_(maya).post(url("open", group.foods, group.valves), headers=HTMX)
    deal = Opportunity.objects.get(name="Valves, Aurora Foods")
    assert (deal.kind, deal.amount) == ("upsell", 2000)
    make_touch(group.foods, maya, opportunity=deal)
    undo = json.loads(response["HX-Trigger"])["km:toast"]["undo"]
    assert "too late" in as_(maya).post(undo, headers=HTMX)["HX-Trigger"]
    assert Opportunity.objects.filter(pk=deal.pk).exists()


def test_without_an_estimate_the_deal_has_no_amount(maya: User, group: SimpleNamespace) -> None:
    as_(maya).post(url("open", group.inc, group.valves))
    deal = Opportunity.objects.get(name="Valves, Aurora Inc")
    assert (deal.amount, deal.kind) == (None, "cross_sell")


def test_an_unknown_cell_is_noted_with_author_and_day(
    maya: User, group: SimpleNamespace, today: datetime.date
) -> None:
    sent = {**ALREADY, "yearly_spend": "1500", "currency": "usd", "next_step": "ask for volumes", "seen": ""}
    response = as_(maya).post(url("edit", group.inc, group.valves), sent)
    assert response.status_code == 302
    row = WhitespaceCell.objects.get(account=group.inc, category=group.valves)
    assert (row.holder, row.yearly_spend, row.currency) == ("competitor", 1500, "USD")
    assert (row.author, row.noted_on, row.version) == (maya, today, 1)


def test_what_is_not_needed_costs_nothing(maya: User, group: SimpleNamespace) -> None:
    sent = {"holder": "not_needed", "yearly_spend": "5", "basis": "assumed", "currency": "EUR", "seen": ""}
    response = as_(maya).post(url("edit", group.inc, group.valves), sent)
    assert response.status_code == 422
    assert "What is not needed costs nothing" in response.content.decode()


@pytest.mark.parametrize(("headers", "status"), [({}, 409), (HTMX, 422)])
def test_whoever_saves_second_sees_both_versions_and_nothing_is_lost(
    maya: User, lena: User, group: SimpleNamespace, headers: dict[str, str], status: int
) -> None:
    address = url("edit", group.foods, group.valves)
    seen = as_(maya).get(address).context["form"]["seen"].value()
    first = {**ALREADY, "yearly_spend": "2500", "seen": seen}
    assert as_(lena).post(address, first).status_code == 302
    second = as_(maya).post(address, {**first, "holder_name": "Kessler"}, headers=headers)
    assert second.status_code == status
    assert ("Name", "Hexatron", "Kessler") in second.context["theirs"]
    assert WhitespaceCell.objects.get(account=group.foods, category=group.valves).holder_name == "Hexatron"
    again = {**first, "holder_name": "Kessler", "seen": second.context["form"]["seen"].value()}
    assert as_(maya).post(address, again).status_code == 302
    row = WhitespaceCell.objects.get(account=group.foods, category=group.valves)
    assert (row.holder_name, row.version) == ("Kessler", 3)


def test_two_who_note_the_same_empty_cell_do_not_overwrite_each_other(
    maya: User, group: SimpleNamespace
) -> None:
    address = url("edit", group.inc, group.valves)
    assert as_(maya).post(address, {**ALREADY, "seen": ""}).status_code == 302
    late = as_(maya).post(address, {**ALREADY, "holder_name": "Kessler", "seen": ""})
    assert late.status_code == 409
    assert WhitespaceCell.objects.get(account=group.inc, category=group.valves).holder_name == "Hexatron"


def test_filling_walks_from_one_unknown_cell_to_the_next(maya: User, group: SimpleNamespace) -> None:
    WhitespaceCell.objects.filter(category=group.valves).delete()
    client = as_(maya)
    address = reverse("plans:whitespace_fill", kwargs={"account": group.foods.pk})
    seen = []
    for _ in range(3):
        response = client.get(address)
        seen.append(response.context["cell"].unit.name)
        response = client.post(address, {**ALREADY, "seen": ""})
        address = response["Location"]
    assert seen == ["Aurora Group", "Aurora Foods", "Aurora Inc"]
    assert "Nothing is unknown" in client.get(address).content.decode()


def test_the_workbook_holds_the_numbers_of_the_page(maya: User, group: SimpleNamespace) -> None:
    WhitespaceCell.objects.filter(account=group.foods, category=group.valves).update(holder_name="=1+1")
    address = reverse("plans:whitespace_export", kwargs={"account": group.foods.pk})
    book = openpyxl.load_workbook(io.BytesIO(as_(maya).get(address).content))
    matrix = [[each.value for each in row] for row in book["Matrix"].iter_rows(min_row=3)]
    assert matrix[0] == ["Unit", "Pumps", "Valves", "Total", "Open", "Potential", "Share of wallet %"]
    assert matrix[1] == ["Aurora Group", 1200, "=1+1", 1200, 50, 5300, 18.5]
    assert book["Matrix"]["C4"].data_type == "s", "a text is no formula"
    rows = {(row[0].value, row[1].value): row for row in book["Cells"].iter_rows(min_row=2)}
    assert [each.value for each in rows["Aurora Inc", "Pumps"]][5:12] == [200, 400, "USD", 1, 50, 500, 300]
    assert "Aurora Hidden" not in {row[0] for row in rows}


def test_the_number_of_statements_is_the_same_for_3_and_for_53_companies(
    maya: User, group: SimpleNamespace
) -> None:
    def statements() -> int:
        client = as_(maya)
        with CaptureQueriesContext(connection) as queries:
            assert (
                client.get(reverse("plans:whitespace", kwargs={"account": group.foods.pk})).status_code == 200
            )
        return len(queries)

    before = statements()
    for number in range(50):
        unit = make_account(f"Unit {number}", owner=maya, parent=group.top)
        cell(unit, group.pumps, holder="competitor", yearly_spend=5)
    assert statements() == before
