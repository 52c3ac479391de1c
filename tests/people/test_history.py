"""The audit history is written by the database, whoever changes a row and however."""

from collections.abc import Callable

import pghistory
import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.fields import days
from accounts.models import Account, Assignment, Contract, Opportunity, User
from accounts.people import history
from kamplan.panel import ContentHistory
from tests.factories import (
    LONG_AGO,
    make_account,
    make_assignment,
    make_campaign,
    make_contract,
    make_opportunity,
)
from tests.people.conftest import BACKEND

Elevate = Callable[[Client], None]


def make(model: type, account: Account, user: User) -> object:
    if model is Account:
        return account
    if model is Assignment:
        return make_assignment(account, user, role="deputy")
    return make_opportunity(account) if model is Opportunity else make_contract(account)


FIELD: dict[type, str] = {Account: "city", Opportunity: "loss_reason", Contract: "name"}


@pytest.mark.parametrize("model", [Account, Opportunity, Contract])
def test_saving_bulk_updates_and_raw_sql_are_all_recorded(model: type, maya: User) -> None:
    row = make(model, make_account(), maya)
    field = FIELD[model]
    events = model.pgh_event_model.objects.filter(pgh_obj_id=row.pk)  # type: ignore[attr-defined]
    setattr(row, field, "by save")
    row.save()  # type: ignore[attr-defined]
    model._default_manager.filter(pk=row.pk).update(**{field: "by update"})  # type: ignore[attr-defined]
    setattr(row, field, "by bulk update")
    model._default_manager.bulk_update([row], [field])  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        cursor.execute(f'UPDATE "{model._meta.db_table}" SET {field} = %s WHERE id = %s', ["by SQL", row.pk])  # type: ignore[attr-defined]
    values = list(events.order_by("pgh_id").values_list(field, flat=True))
    assert values[1:] == ["by save", "by update", "by bulk update", "by SQL"]


def test_assignments_are_recorded_from_beginning_to_removal(maya: User, omar: User) -> None:
    assignment = make_assignment(make_account(), maya)
    Assignment.objects.filter(pk=assignment.pk).update(during=days(LONG_AGO, LONG_AGO.replace(month=6)))
    Assignment.objects.filter(pk=assignment.pk).update(user=omar)
    Assignment.objects.filter(pk=assignment.pk).delete()
    events = Assignment.pgh_event_model.objects.filter(pgh_obj_id=assignment.pk).order_by("pgh_id")  # type: ignore[attr-defined]
    assert list(events.values_list("pgh_label", flat=True)) == ["insert", "update", "update", "delete"]


def test_a_change_of_role_is_recorded_with_who_did_it(in_panel: Client, adam: User, maya: User) -> None:
    data = {
        "email": maya.email,
        "name": maya.name,
        "role": "head",
        "is_active": "on",
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
    }
    response = in_panel.post(reverse("admin:accounts_user_change", args=[maya.pk]), data)
    assert response.status_code == 302
    event = User.pgh_event_model.objects.filter(pgh_obj_id=maya.pk).order_by("-pgh_id").first()  # type: ignore[attr-defined]
    assert event.role == "head"
    assert event.pgh_context.metadata["user"] == adam.pk


def test_a_login_alone_writes_no_history(maya: User) -> None:
    before = User.pgh_event_model.objects.count()  # type: ignore[attr-defined]
    User.objects.filter(pk=maya.pk).update(last_login="2026-11-22T00:00Z")
    assert User.pgh_event_model.objects.count() == before  # type: ignore[attr-defined]


def test_the_page_says_who_changed_what_from_what_to_what(
    client: Client, adam: User, hana: User, maya_account: Account, elevate: Elevate
) -> None:
    with pghistory.context(user=hana.pk):
        maya_account.city = "Lisbon"
        maya_account.save()
        maya_account.city = "Porto"
        maya_account.save()
    client.force_login(adam, backend=BACKEND)
    hidden = client.get("/people/audit/?model=account").content.decode()
    assert "Porto" not in hidden
    assert "Aurora Foods" not in hidden
    assert "Hana Horvat" in hidden
    elevate(client)
    page = client.get("/people/audit/?model=account").content.decode()
    assert "city: Lisbon → Porto" in page
    assert "Aurora Foods" in page


def test_what_the_panel_keeps_for_an_elevation_the_history_does_as_well(
    client: Client, adam: User, elevate: Elevate
) -> None:
    panels = {
        event: admin.site._registry[event]
        for event in history.event_models()
        if event in admin.site._registry
    }
    assert len(panels) > 30
    for event, panel in panels.items():
        assert history.is_content(history.tracked(event)) == isinstance(panel, ContentHistory), event
    make_campaign("Takeover of Borealis", budget=70000)
    client.force_login(adam, backend=BACKEND)
    assert "Borealis" not in client.get("/people/audit/?model=campaign").content.decode()
    elevate(client)
    assert "Takeover of Borealis" in client.get("/people/audit/?model=campaign").content.decode()


def test_pages_of_the_history_follow_each_other_without_gap_or_repetition(
    maya: User, omar: User, maya_account: Account
) -> None:
    for number in range(12):
        make_account(f"A{number}", owner=[maya, omar][number % 2])
        Account.objects.update(city=f"c{number}")
    whole = history.newest(with_content=True, size=1000).entries
    parts, before = [], ""
    while True:
        page = history.newest(with_content=True, size=7, before=before)
        parts += page.entries
        before = page.before
        if not before:
            break
    assert parts == whole
    assert len(whole) > 90


def test_the_history_is_filtered_by_model_and_day(maya: User, maya_account: Account) -> None:
    import datetime

    today = datetime.date.today()
    entries = history.newest(model="assignment").entries
    assert {entry.model for entry in entries} == {"assignment"}
    assert history.newest(since=today + datetime.timedelta(days=2)).entries == []
    assert history.newest(until=today - datetime.timedelta(days=2)).entries == []
    assert history.newest(since=today - datetime.timedelta(days=1)).entries != []


def test_the_number_of_statements_does_not_grow_with_the_history(
    maya: User, django_assert_max_num_queries: Callable[..., object]
) -> None:
    make_account(owner=maya)
    models = len(history.event_models())
    with django_assert_max_num_queries(4 * models + 5):  # type: ignore[attr-defined]
        history.newest(with_content=True)
    for _ in range(30):
        make_account(owner=maya)
    with django_assert_max_num_queries(4 * models + 5):  # type: ignore[attr-defined]
        history.newest(with_content=True)


@pytest.mark.parametrize("bad", ["x", "x~y~z", "2026-01-01T00:00:00+00:00~account~x", "~~"])
def test_a_bad_mark_begins_at_the_newest(client: Client, adam: User, bad: str) -> None:
    client.force_login(adam, backend=BACKEND)
    assert client.get("/people/audit/", {"before": bad}).status_code == 200
