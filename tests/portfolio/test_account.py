"""The page of one account: its header, figures, group, timeline, and facts edited in their place."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.engagement.states import AccountState
from accounts.models import Account, Organisation, User
from accounts.periods import add_months, first_of_month
from tests.clients import HTMX, as_
from tests.factories import (
    make_account,
    make_answer,
    make_assignment,
    make_classification,
    make_contact,
    make_contract,
    make_grant,
    make_objective,
    make_opportunity,
    make_order,
    make_plan,
    make_product,
    make_stage,
    make_touch,
    moment,
)
from tests.metrics import engine


@pytest.fixture
def today(db: None) -> datetime.date:
    Organisation.objects.get_or_create(pk=1)
    return Organisation.current().today()


def months_ago(today: datetime.date, back: int) -> datetime.date:
    """Counted from the month that is not over; on a month's last day that is the next one."""
    return add_months(first_of_month(today + datetime.timedelta(days=1)), -back) + datetime.timedelta(days=9)


def page(user: User, account: Account, query: str = "", tab: str = "account") -> Any:
    return as_(user).get(reverse(f"portfolio:{tab}", kwargs={"pk": account.pk}) + query)


def test_the_header_says_who_looks_after_the_account(
    maya: User, omar: User, lena: User, today: datetime.date
) -> None:
    account = make_account("Aurora Foods", owner=maya, since="2024-03-01", city="Oslo", country="Norway")
    make_assignment(account, omar, role="deputy")
    make_assignment(account, lena, role="sponsor")
    make_classification(account, tier="A", industry="Food")
    text = " ".join(page(maya, account).content.decode().split())
    assert "Owner <b>Maya Marin</b> since Mar 2024, with Omar Okoye" in text
    assert "Sponsor Lena Lindqvist" in text
    assert "Tier A" in text and "Oslo, Norway" in text


def test_an_account_that_nobody_owns_says_so(hana: User, today: datetime.date) -> None:
    assert "nobody owns this account today" in page(hana, make_account("Lonely")).content.decode()


def test_the_four_figures_are_those_of_the_run(
    maya: User, maya_account: Account, today: datetime.date
) -> None:
    make_order(maya_account, months_ago(today, 2), 1000)
    make_order(maya_account, months_ago(today, 14), 800)
    stage = make_stage("Offer", probability="0.25")
    opened = months_ago(today, 3)
    make_opportunity(maya_account, opened, 400, phases=[(stage, opened, None)])
    known = [
        make_contact(maya_account, name, since=months_ago(today, 9), key_during=(months_ago(today, 9), None))
        for name in ("Ann", "Ben")
    ]
    make_touch(
        maya_account, at=moment((months_ago(today, 1) - today).days), direction="two_way", contacts=known[:1]
    )
    engine.run(today, "full")
    figures = page(maya, maya_account).context["figures"]
    assert [(each.label, each.value_text.replace("\u00a0", " "), each.note) for each in figures] == [
        ("Revenue, 12 months", "€1,000", "1 order"),
        ("Net revenue retention", "125.0 %", "of €800 at the start"),
        ("Key contacts engaged", "50.0 %", "1 of 2 in 3 months"),
        ("Open pipeline", "€400", "1 deal, weighted €100"),
    ]
    assert all(len(each.points) == 18 for each in figures)
    assert figures[2].status == "too_few"
    assert all(each.url for each in figures), "each number opens its explanation"


def state(account: Account, kind: str, level: str, on: datetime.date) -> None:
    AccountState.objects.create(account=account, kind=kind, level=level, date=on)


def test_the_health_says_what_moved_it_since_the_last_whole_month(
    maya: User, maya_account: Account, today: datetime.date
) -> None:
    ended = first_of_month(today) - datetime.timedelta(days=1)
    for kind in ("usage", "support", "payment"):
        state(maya_account, kind, "good", ended - datetime.timedelta(days=20))
    state(maya_account, "support", "fair", today)
    make_touch(maya_account, at=moment((ended - today).days - 3), direction="two_way")
    engine.run(today, "full")
    health = page(maya, maya_account).context["health"]
    # Weights 25, 15, 10 and 20: (2500 + 15 x 50 + 1000 + 2000) / 70, and 100 before.
    assert round(health.value, 2) == Decimal("89.29") and round(health.change, 2) == Decimal("-10.71")
    assert (health.state, health.direction, health.since) == ("well", "down", ended)
    assert health.cause == "Support fell from 100 to 50. Usage, talks with us and payment are as before."
    # The owner is the one of twelve facts that is known.
    assert (health.filled, health.required, health.complete) == (1, 12, 8)


def test_the_health_tells_marketing_and_viewers_nothing_of_what_single_people_answered(
    maya: User, mira: User, vic: User, maya_account: Account, today: datetime.date
) -> None:
    make_grant(vic, account=maya_account)
    ended = first_of_month(today) - datetime.timedelta(days=1)
    for kind in ("usage", "support", "payment"):
        state(maya_account, kind, "good", ended - datetime.timedelta(days=20))
    make_touch(maya_account, at=moment((ended - today).days - 3), direction="two_way")
    for answered, mark in ((ended - datetime.timedelta(days=9), 10), (today, 2)):
        make_answer(maya_account, make_contact(maya_account), f"{answered}T00:30+00:00", nps=mark)
    engine.run(today, "full")
    # One person gave 10, and another 2 since: 60 of 100 in the middle.
    assert "Satisfaction (surveys) fell from 100 to 60" in page(maya, maya_account).context["health"].cause
    for reader in (mira, vic):
        health = page(reader, maya_account).context["health"]
        assert health.value is not None and "atisfaction" not in health.cause


def test_without_enough_known_parts_there_is_no_health_and_the_page_says_why(
    maya: User, maya_account: Account, today: datetime.date
) -> None:
    state(maya_account, "usage", "good", today)
    engine.run(today, "full")
    response = page(maya, maya_account)
    assert response.context["health"].value is None
    assert "Less than 60 % of what makes a health is known of this account." in response.content.decode()


def test_without_a_run_the_page_says_that_there_are_no_figures_yet(maya: User, maya_account: Account) -> None:
    assert "No figures have been computed yet." in page(maya, maya_account).content.decode()


def test_the_group_lists_only_companies_that_may_be_seen(
    maya: User, hana: User, omar: User, today: datetime.date
) -> None:
    top = make_account("Group ASA", owner=omar)
    mine = make_account("Group Marine", owner=maya, parent=top)
    make_account("Group Offshore", owner=maya, parent=mine)
    text = page(maya, mine).content.decode()
    assert "1 of 2 companies" in text and "Group Offshore" in text
    assert "Group ASA" in text, "the group's name belongs to the account"
    assert f"/portfolio/{top.pk}/" not in text
    assert "1 of 3 companies" in page(hana, mine).content.decode()


@pytest.mark.parametrize(
    ("kpis", "asked"),
    [
        ([], 1),
        (["account_revenue", "nrr", "win_rate"], 1),
        # Contribution to growth is a share of what the company bought.
        (["account_revenue", "growth_contribution"], 2),
    ],
)
def test_what_a_plan_looks_at_is_read_with_the_figures(
    maya: User, maya_account: Account, today: datetime.date, kpis: list[str], asked: int
) -> None:
    make_order(maya_account, today.replace(day=1), 700)
    plan = make_plan(
        maya_account, today.replace(month=1, day=1), today.replace(year=today.year + 1, month=1, day=1)
    )
    for kpi in kpis:
        make_objective(plan, f"By {kpi}", kpi=kpi, target=1000)
    engine.run(today, "full")
    client = as_(maya)
    with CaptureQueriesContext(connection) as caught:
        shown = client.get(reverse("portfolio:account", kwargs={"pk": maya_account.pk})).context
    assert sum("WITH period (" in each["sql"] for each in caught) == asked
    values = {each.kpi: each.stand.result.value for each in shown["objectives"]}
    assert set(values) == set(kpis) and values.get("account_revenue", 700) == 700


def test_the_next_renewal_is_the_one_with_the_earliest_notice_date(
    maya: User, maya_account: Account, today: datetime.date
) -> None:
    def later(days: int) -> datetime.date:
        return today + datetime.timedelta(days=days)

    make_contract(maya_account, "2020-01-01", later(300), notice_date=later(200), number="LATE")
    make_contract(maya_account, "2020-01-01", later(400), notice_date=later(40), number="SOON")
    make_contract(maya_account, "2020-01-01", later(50), number="DONE", outcome="lost")
    make_contract(maya_account, "2020-01-01", None, number="ENDLESS")
    renewal = page(maya, maya_account).context["renewal"]
    assert (renewal.contract.number, renewal.contract.days, renewal.state, renewal.more) == (
        "SOON",
        40,
        "watch",
        1,
    )


def test_the_timeline_tells_what_happened_newest_first(maya: User, omar: User, today: datetime.date) -> None:
    account = make_account("Aurora Foods", owner=omar, since="2020-01-01")
    make_classification(account, "2020-01-01", "2022-01-01", tier="B")
    make_classification(account, "2022-01-01", tier="A")
    make_contract(account, "2021-01-01", "2023-01-01", 10, number="K", outcome="renewed", renewed_value=12)
    make_contract(account, "2023-01-01", None, 12, number="K")
    make_opportunity(
        account, "2022-05-01", 5, name="Pumps", outcome="lost", closed_on="2023-06-01", loss_reason="price"
    )
    make_assignment(account, maya, "2024-01-01", role="deputy")
    entries = page(omar, account).context["recent"]["entries"]
    assert [(str(each.day), each.words, each.title) for each in entries] == [
        ("2024-01-01", "New deputy", "Maya Marin"),
        ("2023-06-01", "Deal lost", "Pumps"),
        ("2022-12-31", "Contract renewed", "K"),
        ("2022-05-01", "Deal opened", "Pumps"),
        ("2022-01-01", "Tier changed", "A"),
        ("2021-01-01", "Contract begun", "K"),
        ("2020-01-01", "New owner", "Omar Okoye"),
    ]
    deals = page(omar, account, "?show=deals").context["recent"]["entries"]
    assert {each.words for each in deals} == {"Deal lost", "Deal opened"}
    assert page(omar, account, "?show=%27;&before=x").status_code == 200


def test_revenue_by_category_adds_up_in_both_years(
    maya: User, maya_account: Account, today: datetime.date
) -> None:
    pump, seal = make_product("Pump", "Machines"), make_product("Seal", "Parts")
    lines = [{"product": pump, "amount": 70}, {"product": seal, "amount": 20}, {"amount": 10}]
    make_order(maya_account, months_ago(today, 2), lines=lines)
    make_order(maya_account, months_ago(today, 15), lines=[{"product": seal, "amount": 40}])
    engine.run(today, "full")
    found = page(maya, maya_account, tab="account_revenue").context
    assert [(each.name, each.now, each.before) for each in found["categories"]] == [
        ("Machines", 70, 0),
        ("Parts", 20, 40),
        ("Without a category", 10, 0),
    ]
    assert found["category_totals"] == (100, 40, 60)


# ------------------------------------------------------------------------------------------ inline edit


def edit(account: Account, field: str) -> str:
    return reverse("portfolio:account_edit", kwargs={"pk": account.pk, "field": field})


def test_a_fact_is_edited_in_its_place(maya: User, maya_account: Account) -> None:
    client = as_(maya)
    assert b"<html" not in client.get(edit(maya_account, "city"), headers=HTMX).content
    response = client.post(edit(maya_account, "city"), {"city": "Bergen"}, headers=HTMX)
    assert response.status_code == 200 and b"Bergen" in response.content
    assert "City saved." in response["HX-Trigger"]
    maya_account.refresh_from_db()
    assert maya_account.city == "Bergen"


def test_an_invalid_fact_keeps_what_was_typed_with_a_message_tied_to_the_field(
    maya: User, maya_account: Account
) -> None:
    response = as_(maya).post(edit(maya_account, "website"), {"website": "not a site"}, headers=HTMX)
    text = response.content.decode()
    assert response.status_code == 422
    assert 'value="not a site"' in text and 'aria-invalid="true"' in text
    assert 'aria-describedby="id_website_error"' in text and 'id="id_website_error"' in text
    maya_account.refresh_from_db()
    assert maya_account.website == ""


def test_a_cancelled_edit_shows_the_stored_fact_again(maya: User, maya_account: Account) -> None:
    response = as_(maya).get(edit(maya_account, "name") + "?cancel=1", headers=HTMX)
    assert b"Aurora Foods" in response.content and b"<form" not in response.content


@pytest.mark.parametrize("field", ["parent", "archived_at", "currency", "pk", "nonsense"])
def test_only_the_named_facts_are_edited_so(maya: User, maya_account: Account, field: str) -> None:
    assert as_(maya).get(edit(maya_account, field)).status_code == 404


def test_without_scripts_the_fact_has_a_page_of_its_own(maya: User, maya_account: Account) -> None:
    client = as_(maya)
    assert b"<html" in client.get(edit(maya_account, "city")).content
    assert client.post(edit(maya_account, "city"), {"city": "Bergen"}).status_code == 302


# ------------------------------------------------------------------------------------------ home


def test_home_is_made_for_each_role(
    maya: User,
    lena: User,
    hana: User,
    mira: User,
    vic: User,
    adam: User,
    maya_account: Account,
    today: datetime.date,
) -> None:
    make_contract(
        maya_account,
        "2020-01-01",
        today + datetime.timedelta(days=80),
        number="K-9",
        notice_date=today + datetime.timedelta(days=8),
    )
    make_order(maya_account, months_ago(today, 14), 800)
    engine.run(today, "full")
    for user in (lena, hana):
        text = as_(user).get("/").content.decode()
        assert "contract K-9 is not decided" in text and "8 days left" in text
    mine = as_(maya).get("/").content.decode()
    assert "no call is made yet." in mine and "8 days left" in mine
    assert "No revenue in 12 months; €800 in the 12 before." in as_(maya).get("/").content.decode()
    assert "Maya Marin" in as_(lena).get("/").content.decode()
    for user in (mira, vic):
        assert as_(user).get("/")["Location"] == "/portfolio/"
    assert "Last run" in as_(adam).get("/").content.decode()
    assert "K-9" not in as_(adam).get("/").content.decode()


def test_a_home_without_anything_near_says_so(
    maya: User, omar: User, hana: User, omar_account: Account
) -> None:
    assert "No account is assigned to you today." in as_(maya).get("/").content.decode()
    text = as_(omar).get("/").content.decode()
    assert "Nothing presses this week" in text
    assert "No figures have been computed yet." in text
    assert "No figures have been computed yet." in as_(hana).get("/").content.decode()
