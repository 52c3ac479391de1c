"""The list of plans: every visible account, with a plan or without, in statements that do not grow."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.fields import days
from accounts.models import Account, Assignment, Objective, Organisation, Plan, Risk, User
from tests.clients import as_
from tests.factories import make_account, make_action, make_objective, make_order, make_plan
from tests.metrics import engine

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
TODAY = datetime.date(2026, 7, 2)


@pytest.fixture(autouse=True)
def july(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setattr(Organisation, "today", lambda self: TODAY)
    engine.report_in("EUR")


def rows(user: User, query: str = "") -> dict[str, Any]:
    client = as_(user)
    response = client.get(reverse("plans:list") + query)
    assert response.status_code == 200
    return {row.account.name: row for row in response.context["rows"]}


@pytest.fixture
def accounts(maya: User, omar: User, north: Any) -> dict[str, Account]:
    names = ("Approved", "Draft", "Without", "Last year")
    found = {name: make_account(name, owner=maya) for name in names}
    found["Omar's"] = make_account("Omar's", owner=omar)
    approved = make_plan(found["Approved"], status="approved")
    make_objective(approved, kpi="account_revenue", target=1000, verified_on="2026-06-20")
    risk = Risk.objects.create(plan=approved, text="Budget", verified_on="2026-02-01")
    make_action(found["Approved"], due_on="2026-07-01", risk=risk)
    make_action(found["Approved"], due_on="2026-07-02", risk=risk)
    draft = make_plan(found["Draft"])
    make_objective(draft, verified_on="2026-01-05")
    make_plan(found["Last year"], "2025-01-01", "2026-01-01", status="approved")
    make_order(found["Approved"], "2026-03-10", 700)
    return found


def test_each_account_stands_there_with_its_plan_or_without(maya: User, accounts: dict[str, Account]) -> None:
    engine.run(TODAY)
    found = rows(maya)
    assert set(found) == {"Approved", "Draft", "Without", "Last year"}
    row = found["Approved"]
    assert (row.objectives, row.tally["good"], row.actions_open, row.actions_late) == (1, 1, 2, 1)
    assert (row.verified_on, row.is_old) == (datetime.date(2026, 6, 20), False)
    assert found["Draft"].is_old
    assert found["Without"].plan is None and found["Last year"].plan is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?state=none", {"Without", "Last year"}),
        ("?state=approved", {"Approved"}),
        ("?needs=late", {"Approved"}),
        ("?needs=old", {"Draft"}),
        ("?q=draf", {"Draft"}),
        ("?state=nonsense&needs=x&owner=;&page=99", {"Approved", "Draft", "Without", "Last year"}),
    ],
)
def test_filters_stand_in_the_address(
    maya: User, accounts: dict[str, Account], query: str, expected: set[str]
) -> None:
    assert set(rows(maya, query)) == expected


def test_a_lead_filters_by_owner_and_a_head_sees_everybody(
    lena: User, hana: User, omar: User, accounts: dict[str, Account]
) -> None:
    assert "Omar's" not in rows(lena)
    assert set(rows(hana, f"?owner={omar.pk}")) == {"Omar's"}


def test_the_list_takes_no_more_statements_for_500_accounts_than_for_50(hana: User, maya: User) -> None:
    def fill(count: int) -> None:
        made = Account.objects.bulk_create(Account(name=f"Account {n:04}") for n in range(count))
        Assignment.objects.bulk_create(
            Assignment(account=each, user=maya, role="owner", during=days(datetime.date(2020, 1, 1)))
            for each in made
        )
        year = days(datetime.date(2026, 1, 1), datetime.date(2027, 1, 1))
        plans = Plan.objects.bulk_create(
            Plan(account=each, name="Plan", during=year) for each in made[: count - 5]
        )
        Objective.objects.bulk_create(
            Objective(
                plan=each,
                title="Grow",
                kpi=kpi,
                target=1 if kpi else None,
                position=place,
                due_on=TODAY,
                first_due_on=TODAY,
            )
            for each in plans
            for place, kpi in enumerate(("account_revenue", "win_rate", ""), 1)
        )

    def count() -> int:
        client = as_(hana)
        client.get(reverse("plans:list"))
        with CaptureQueriesContext(connection) as caught:
            assert client.get(reverse("plans:list")).status_code == 200
        return len(caught)

    fill(50)
    engine.run(TODAY)
    small = count()
    fill(450)
    assert count() == small
