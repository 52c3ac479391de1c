"""Timeline, promises and requests of an account: in order, filtered, taken back, and never a statement a row."""

import datetime
import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.engagement.limits import answer_limit
from accounts.models import Account, Action, Department, InternalRequest, Organisation, Request, Tier, User
from tests.clients import HTMX, as_
from tests.engagement.test_log import toast
from tests.factories import (
    make_action,
    make_assignment,
    make_classification,
    make_contact,
    make_grant,
    make_opportunity,
    make_request,
    make_signal,
    make_touch,
    moment,
)

pytestmark = pytest.mark.django_db
NOON = datetime.datetime(2026, 10, 1, 12, tzinfo=datetime.UTC)


def ago(days: int) -> datetime.datetime:
    return moment(-days)


def words(user: User, account: Account, query: str = "") -> list[str]:
    page = as_(user).get(reverse("engagement:activity", args=[account.pk]) + query)
    assert page.status_code == 200
    return [entry.words for entry in page.context["entries"]]


@pytest.fixture
def lively(maya: User, omar: User, maya_account: Account) -> Account:
    ingrid = make_contact(maya_account, "Ingrid Haugen")
    make_contact(maya_account, "Sofie Dahl", left_on=ago(4).date())
    make_touch(maya_account, maya, ago(1), contacts=[ingrid], note="new")
    make_touch(maya_account, omar, ago(200), channel="mail", direction="outbound")
    make_request(
        maya_account,
        opened_at=ago(10),
        first_answer_at=ago(9),
        resolved_at=ago(3),
        number="4471",
        contact=ingrid,
    )
    make_opportunity(maya_account, ago(20).date(), name="Pumps")
    for hour in range(3):
        make_signal(maya_account, "site_visit", at=NOON + datetime.timedelta(hours=hour), contact=ingrid)
    make_signal(maya_account, "download", at=NOON)
    return maya_account


def test_everything_stands_in_one_order(maya: User, lively: Account) -> None:
    found = words(maya, lively)
    assert found[:6] == [
        "Ingrid Haugen",
        "Request 4471 resolved",
        "Sofie Dahl left",
        "Request 4471 came in",
        "Deal opened",
        "4 digital signals that week",
    ]
    assert found[6:] == ["Mail", "New owner"]


def test_filters_stand_in_the_address(maya: User, omar: User, lively: Account) -> None:
    ingrid = lively.contacts.get(name="Ingrid Haugen")
    assert words(maya, lively, "?show=touches") == ["Ingrid Haugen", "Mail"]
    assert [each.endswith(", 3 times") for each in words(maya, lively, "?show=signals")] == [True, False]
    assert words(maya, lively, f"?person={ingrid.pk}&show=requests") == [
        "Request 4471 resolved",
        "Request 4471 came in",
    ]
    assert words(maya, lively, f"?colleague={omar.pk}") == ["Mail"]
    assert words(maya, lively, "?show=touches&days=30") == ["Ingrid Haugen"]
    assert len(words(maya, lively, "?show=%27&person=x&before=%00&days=9")) == 8


def test_pages_follow_each_other_without_gap_or_repetition(maya: User, maya_account: Account) -> None:
    for number in range(60):
        make_touch(maya_account, maya, NOON - datetime.timedelta(hours=number // 2), note=str(number))
    seen: list[str] = []
    query = "?show=touches"
    while query:
        page = as_(maya).get(reverse("engagement:activity", args=[maya_account.pk]) + query)
        seen += [entry.touch.note for entry in page.context["entries"]]
        query = page.context["older"]
    assert sorted(seen, key=int) == [str(number) for number in range(60)]


def test_a_meeting_to_come_is_planned_and_no_touch_yet(maya: User, maya_account: Account) -> None:
    make_touch(maya_account, maya, moment(3), channel="meeting", subject="Review")
    page = as_(maya).get(reverse("engagement:activity", args=[maya_account.pk]))
    assert [each.subject for each in page.context["planned"]] == ["Review"]
    assert [each.words for each in page.context["entries"]] == ["New owner"]


def counted(user: User, url: str) -> int:
    client = as_(user)
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


@pytest.mark.parametrize("which", ["activity", "request_list", "overview"])
def test_more_rows_need_no_more_statements(maya: User, lively: Account, which: str) -> None:
    url = {
        "activity": reverse("engagement:activity", args=[lively.pk]),
        "request_list": reverse("engagement:request_list"),
        "overview": reverse("portfolio:account", args=[lively.pk]),
    }[which]
    make_request(lively)
    make_action(lively, owner=maya, contact=lively.contacts.first())
    before = counted(maya, url)
    for _ in range(8):
        contact = make_contact(lively)
        touch = make_touch(lively, maya, contacts=[contact])
        make_action(lively, owner=maya, contact=contact, touch=touch)
        make_request(lively, contact=contact, owner=maya)
        make_signal(lively, contact=contact)
    assert counted(maya, url) <= before


# ------------------------------------------------------------------------------------------------ promises


def post(user: User, name: str, pk: int, **data: Any) -> Any:
    return as_(user).post(reverse(f"engagement:{name}", args=[pk]), data, headers=HTMX)


def test_done_and_taken_back(maya: User, maya_account: Account) -> None:
    action = make_action(maya_account, owner=maya, due_on="2026-11-01")
    response = post(maya, "action_done", action.pk)
    action.refresh_from_db()
    assert action.status == "done" and action.closed_by == maya and action.closed_on is not None
    assert b"Send the price list" not in response.content
    as_(maya).post(toast(response)["undo"], headers=HTMX)
    action.refresh_from_db()
    assert (action.status, action.closed_on, action.closed_by) == ("open", None, None)
    post(maya, "action_drop", action.pk)
    assert "already" in toast(post(maya, "action_drop", action.pk))["text"]


def test_a_moved_promise_keeps_the_day_that_was_promised_first(maya: User, maya_account: Account) -> None:
    action = make_action(maya_account, owner=maya, due_on="2030-01-04")
    post(maya, "action_move", action.pk, days="7")
    post(maya, "action_move", action.pk, due_on="2030-03-01")
    action.refresh_from_db()
    assert str(action.due_on) == "2030-03-01" and str(action.first_due_on) == "2030-01-04"
    assert toast(post(maya, "action_move", action.pk, due_on="soon"))["text"] == "That is not a day."


def test_a_promise_is_handed_on_only_to_who_works_on_the_account(
    maya: User, omar: User, lena: User, hana: User, maya_account: Account
) -> None:
    action = make_action(maya_account, owner=maya)
    assert "Choose somebody" in toast(post(maya, "action_hand_on", action.pk, owner=omar.pk))["text"]
    make_assignment(maya_account, omar, role="deputy")
    for colleague in (omar, lena, hana):
        post(maya, "action_hand_on", action.pk, owner=colleague.pk)
        action.refresh_from_db()
        assert action.owner == colleague


def test_promises_are_added_and_edited_in_their_place(maya: User, lena: User, maya_account: Account) -> None:
    add = reverse("engagement:action_add", args=[maya_account.pk])
    assert b"<h1" not in as_(maya).get(add, headers=HTMX).content
    form = {"text": "List of yards", "side": "them", "owner": maya.pk, "due_on": "2026-12-01"}
    response = as_(maya).post(add, form, headers=HTMX)
    assert (
        response.headers["HX-Retarget"] == "#next-list" and b"They owe us: List of yards" in response.content
    )
    action = Action.objects.get()
    assert str(action.first_due_on) == "2026-12-01" and action.created_by == maya
    url = reverse("engagement:action_edit", args=[action.pk])
    as_(lena).post(url, {**form, "text": "List of all yards", "seen": "1"}, headers=HTMX)
    response = as_(maya).post(url, {**form, "text": "Their yards", "seen": "1"}, headers=HTMX)
    assert response.status_code == 422 and "List of all yards" in response.content.decode()
    action.refresh_from_db()
    assert action.text == "List of all yards"
    assert as_(maya).post(add, {"text": ""}, headers=HTMX).status_code == 422


# ------------------------------------------------------------------------------------------------ requests


def test_the_clock_of_a_request(maya: User, maya_account: Account) -> None:
    asked = make_request(maya_account, opened_at=ago(2), answer_due_at=ago(1), owner=maya)
    client, listed = as_(maya), reverse("engagement:request_list")
    assert [each.pk for each, _ in client.get(listed, {"state": "overdue"}).context["rows"]] == [asked.pk]
    assert "no answer for 2 days, limit 24 h" in client.get(listed).content.decode()
    post(maya, "request_answer", asked.pk)
    asked.refresh_from_db()
    first = asked.first_answer_at
    post(maya, "request_answer", asked.pk)
    post(maya, "request_resolve", asked.pk, resolution="Rolled back")
    undo = toast(post(maya, "request_reopen", asked.pk))["undo"]
    asked.refresh_from_db()
    assert asked.reopened == 1 and asked.resolved_at is None and asked.first_answer_at == first
    client.post(undo, headers=HTMX)
    asked.refresh_from_db()
    assert asked.reopened == 0 and asked.resolved_at is not None and asked.resolution == "Rolled back"
    assert client.get(listed).context["rows"] == []
    assert len(client.get(listed, {"state": "resolved"}).context["rows"]) == 1


def test_mine_are_those_that_i_answer(
    maya: User, lena: User, maya_account: Account, omar_account: Account
) -> None:
    make_request(maya_account, "Hers", owner=maya)
    make_request(maya_account, "Nobody's")
    make_request(omar_account, "Strange")
    rows = as_(maya).get(reverse("engagement:request_list"), {"whose": "mine"}).context["rows"]
    assert [each.subject for each, _ in rows] == ["Hers"]
    assert len(as_(lena).get(reverse("engagement:request_list")).context["rows"]) == 2


def test_a_department_is_asked_and_answers(maya: User, maya_account: Account) -> None:
    asked = make_request(maya_account)
    department = Department.objects.create(name="Engineering")
    form = {"department": department.pk, "subject": "Drawings", "due_on": "2020-01-01"}
    refused = post(maya, "internal_add", asked.pk, **form)
    assert refused.status_code == 422 and b"not due before" in refused.content
    assert post(maya, "internal_add", asked.pk, **{**form, "due_on": ""}).status_code == 200
    row = InternalRequest.objects.get()
    assert row.asked_by == maya and row.account == maya_account
    post(maya, "internal_done", row.pk)
    row.refresh_from_db()
    assert row.done_on is not None


def test_a_request_is_added_with_who_answers(maya: User, maya_account: Account) -> None:
    url = reverse("engagement:request_add", args=[maya_account.pk])
    form = {"subject": "Certificate", "channel": "mail", "opened_at": "2026-11-20T10:00", "owner": maya.pk}
    assert as_(maya).post(url, {**form, "opened_at": "2100-01-01T10:00"}).status_code == 422
    assert as_(maya).post(url, form).status_code == 302
    assert Request.objects.get().owner == maya


def test_a_request_from_the_list_belongs_to_an_account_that_one_sees(
    maya: User, maya_account: Account, omar_account: Account
) -> None:
    url = reverse("engagement:request_new")
    form = {"subject": "Certificate", "channel": "mail", "opened_at": "2026-11-20T10:00", "owner": maya.pk}
    stranger = make_contact(omar_account, "Strange Person")
    for wrong in ("", "x", "9" * 30, str(omar_account.pk)):
        refused = as_(maya).post(url, {**form, "account": wrong})
        assert refused.status_code == 422 and refused.context["form"].errors["account"], wrong
        assert "Strange Person" not in as_(maya).get(url, {"account": wrong}).content.decode()
    refused = as_(maya).post(url, {**form, "account": maya_account.pk, "contact": stranger.pk})
    assert refused.status_code == 422 and not Request.objects.exists()
    assert as_(maya).post(url, {**form, "account": maya_account.pk}).status_code == 302
    assert Request.objects.get().account == maya_account


def test_a_viewer_reads_requests_and_promises_but_changes_nothing(vic: User, maya_account: Account) -> None:
    make_grant(vic, account=maya_account)
    asked, action = make_request(maya_account), make_action(maya_account)
    html = as_(vic).get(reverse("engagement:request", args=[asked.pk])).content
    assert b"Answered just now" not in html
    html = as_(vic).get(reverse("engagement:activity", args=[maya_account.pk])).content
    assert action.text.encode() in html and b"data-km-log" not in html
    assert post(vic, "action_done", action.pk).status_code == 403


def test_a_write_tells_the_panels_of_the_page(maya: User, maya_account: Account) -> None:
    touch = make_touch(maya_account, maya)
    events = json.loads(post(maya, "touch_delete", touch.pk).headers["HX-Trigger"])
    assert events["km:logged"] == {"account": maya_account.pk}


# ------------------------------------------------------------------------------------------- limits


def test_a_request_is_to_be_answered_within_the_limit_of_the_tier_or_else_of_the_organisation(
    maya_account: Account,
) -> None:
    today = Organisation.current().today()
    Organisation.objects.update_or_create(pk=1, defaults={"answer_hours": 12})
    assert answer_limit(maya_account, today) == datetime.timedelta(hours=12)
    make_classification(maya_account, tier="Gold")
    assert answer_limit(maya_account, today) == datetime.timedelta(hours=12)
    Tier.objects.filter(name="Gold").update(answer_hours=2)
    assert answer_limit(maya_account, today) == datetime.timedelta(hours=2)


def test_without_scripts_the_next_page_offers_the_way_back(maya: User, maya_account: Account) -> None:
    action = make_action(maya_account, "Send it", owner=maya)
    client = as_(maya)
    page = client.post(reverse("engagement:action_done", args=[action.pk]), follow=True).content.decode()
    undo = re.search(r'<form method="post" action="(/engagement/undo/[^"]+)">', page)
    assert undo
    client.post(undo[1])
    action.refresh_from_db()
    assert action.status == Action.Status.OPEN
