"""The page of a talk: the scorecard's own rows, plans, coverage; a note that only its author reads."""

import datetime
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, OneOnOne, Organisation, User
from tests.clients import as_
from tests.factories import (
    make_account,
    make_action,
    make_contact,
    make_fact,
    make_objective,
    make_order,
    make_plan,
)
from tests.metrics import engine

DAY = datetime.timedelta(days=1)


@pytest.fixture
def today(db: None) -> datetime.date:
    return Organisation.current().today()


def page(manager: User) -> str:
    return reverse("metrics:one_on_one", args=[manager.pk])


def test_what_moved_since_the_last_talk_is_told_by_the_run_of_that_talk(
    lena: User, maya: User, maya_account: Account, today: datetime.date
) -> None:
    last_month = today.replace(day=1) - DAY
    make_order(maya_account, last_month - 500 * DAY, 400)
    make_order(maya_account, last_month - 200 * DAY, 1000)
    first = engine.run(today - 20 * DAY, "full")
    OneOnOne.objects.create(
        lead=lena, manager=maya, held_on=today - 20 * DAY, note="Come back to prices", run=first.pk
    )
    make_order(maya_account, last_month - 100 * DAY, 500)
    engine.run(today, "full")
    text = as_(lena).get(page(maya)).content.decode()
    assert "Come back to prices" in text
    assert "since the talk of" in text
    assert "€500" in text.split("What changed")[1].split("</section>")[0]
    order = [text.index(title) for title in (">Retention<", ">Growth<")]
    assert order == sorted(order)
    for rank in ("rank", "Rank", "place of", "league"):
        assert rank not in text
    # A talk before the first run that is kept: the year before says more than the run of last night.
    OneOnOne.objects.update(held_on=today - 30 * DAY, run=None)
    text = as_(lena).get(page(maya)).content.decode().split("What changed")[1].split("</section>")[0]
    assert "no run of the last talk is kept" in text
    assert "€1,100" in text


def test_a_note_is_its_authors_alone(
    lena: User, hana: User, maya: User, adam: User, today: datetime.date
) -> None:
    assert as_(lena).post(page(maya), {"note": "Wants fewer accounts"})["Location"] == page(maya)
    as_(lena).post(page(maya), {"note": "Wants fewer small accounts"})
    kept = OneOnOne.objects.get()
    assert (kept.lead, kept.held_on, kept.note) == (lena, today, "Wants fewer small accounts")
    assert "fewer" not in as_(hana).get(page(maya)).content.decode()
    for user in (maya, adam):
        assert as_(user).get(page(maya)).status_code == 403


def test_a_lead_talks_with_the_own_teams_only(lena: User, hana: User, maya: User, omar: User) -> None:
    assert as_(lena).get(page(omar)).status_code == 404
    assert as_(hana).get(page(omar)).status_code == 200
    assert as_(lena).get(page(lena)).status_code == 404


def test_plans_coverage_and_overdue_promises_are_those_of_the_accounts_held_today(
    lena: User, maya: User, omar: User, maya_account: Account, omar_account: Account, today: datetime.date
) -> None:
    make_plan(maya_account, f"{today.year}-01-01", f"{today.year + 1}-01-01")
    bare = make_account("Bare Metals", owner=maya)
    for role in ("sponsor", "decision_maker", "champion"):
        make_fact(make_contact(maya_account, role.title()), "role", role)
    make_action(maya_account, "Send it", owner=maya, due_on=today - DAY)
    make_action(omar_account, "Not hers", owner=omar, due_on=today - DAY)
    text = as_(lena).get(page(maya)).content.decode()
    assert "1 of 2 accounts have sponsor, decision maker and champion" in text
    assert (
        "sponsor, decision maker, champion missing" in text and "Without a plan" in text and str(bare) in text
    )
    assert "Send it" in text and "Not hers" not in text


def test_a_plan_is_as_far_as_the_list_of_plans_says(
    lena: User, maya: User, maya_account: Account, today: datetime.date
) -> None:
    plan = make_plan(maya_account, f"{today.year}-01-01", f"{today.year + 1}-01-01")
    aim = make_objective(plan, status="reached")
    make_action(maya_account, "Of the plan", owner=maya, objective=aim, due_on=today - DAY)
    make_action(maya_account, "Of no plan", owner=maya, due_on=today - DAY)
    said = []
    for url in (page(maya), reverse("plans:list")):
        text = as_(lena).get(url).content.decode()
        cells = re.search(
            r'<td data-label="Objectives">.*?</td>\s*<td[^>]*"Open actions">.*?</td>', text, re.S
        )
        assert cells
        said.append(" ".join(re.sub(r"<[^>]+>", " ", cells[0]).split()))
    assert said == ["1 on plan 1 1 overdue"] * 2


def test_statements_do_not_grow_with_accounts(
    lena: User, maya: User, maya_account: Account, today: datetime.date
) -> None:
    make_order(maya_account, today - 40 * DAY, 100)
    make_objective(make_plan(maya_account, f"{today.year}-01-01", f"{today.year + 1}-01-01"), kpi="nrr")
    make_action(maya_account, "Late", owner=maya, due_on=today - DAY)
    engine.run(today, "full")
    client = as_(lena)
    client.get(page(maya))
    with CaptureQueriesContext(connection) as few:
        client.get(page(maya))
    for number in range(5):
        account = make_account(f"Account {number}", owner=maya)
        plan = make_plan(account, f"{today.year}-01-01", f"{today.year + 1}-01-01")
        make_objective(plan, kpi="nrr")
        make_contact(account, key_during=(today - 400 * DAY, None))
        make_action(account, "Late", owner=maya, due_on=today - DAY)
    with CaptureQueriesContext(connection) as many:
        client.get(page(maya))
    assert len(many) == len(few)


def test_home_of_a_lead_leads_to_the_talks(
    lena: User, maya: User, maya_account: Account, today: datetime.date
) -> None:
    make_order(maya_account, today - 40 * DAY, 100)
    engine.run(today, "full")
    assert page(maya) in as_(lena).get("/").content.decode()
