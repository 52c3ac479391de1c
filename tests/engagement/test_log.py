"""The quick box: one request makes a touch with what was promised in it, once, and can be taken back."""

import datetime
import json
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Action, Touch, User
from tests.clients import HTMX, as_
from tests.factories import make_account, make_contact, make_grant, make_touch

pytestmark = pytest.mark.django_db


def send(user: User, **data: Any) -> Any:
    return as_(user).post(reverse("engagement:log"), {"channel": "call", **data}, headers=HTMX)


def toast(response: Any) -> dict[str, str]:
    found: dict[str, str] = json.loads(response.headers["HX-Trigger"])["km:toast"]
    return found


def test_one_request_saves_the_touch_and_its_actions(maya: User, maya_account: Account) -> None:
    ingrid = make_contact(maya_account, "Ingrid Haugen")
    response = send(
        maya,
        contact=ingrid.pk,
        note="Wants the 2027 price before Christmas.",
        mood=2,
        minutes=15,
        action_text=["Send the dry-dock figures", "Ask Marte about the budget"],
        action_due=["2026-11-24", ""],
    )
    assert response.status_code == 200
    touch = Touch.objects.get()
    assert touch.account == maya_account and touch.actor == maya and touch.mood == 2 and touch.minutes == 15
    assert [each.name for each in touch.contacts.all()] == ["Ingrid Haugen"]
    first, second = Action.objects.order_by("pk")
    assert (first.text, first.due_on, first.first_due_on) == (
        "Send the dry-dock figures",
        datetime.date(2026, 11, 24),
        datetime.date(2026, 11, 24),
    )
    assert first.contact == ingrid and first.owner == maya and first.touch == touch
    assert second.due_on is None
    assert abs(touch.at - timezone.now()) < datetime.timedelta(minutes=1)
    assert json.loads(response.headers["HX-Trigger"])["km:logged"] == {"account": maya_account.pk}


def test_the_same_form_sent_twice_makes_one_touch(maya: User, maya_account: Account) -> None:
    once = "11111111-2222-4333-8444-555555555555"
    data = {"account": maya_account.pk, "note": "x", "once": once, "action_text": "Call", "action_due": ""}
    assert [send(maya, **data).status_code for _ in range(2)] == [200, 200]
    assert Touch.objects.count() == 1 and Action.objects.count() == 1


def test_the_account_follows_from_the_person(maya: User, maya_account: Account, omar: User) -> None:
    other = make_account("Aurora Cold", owner=maya)
    here, there = make_contact(maya_account), make_contact(other)
    response = send(maya, contact=[here.pk, there.pk])
    assert response.status_code == 422 and b"one touch for each account" in response.content
    response = send(maya, note="hm")
    assert (
        response.status_code == 422
        and b"With whom" in response.content
        and b">hm</textarea>" in response.content
    )
    assert not Touch.objects.exists()


def test_nobody_logs_with_an_account_of_others(maya: User, omar_account: Account) -> None:
    stranger = make_contact(omar_account)
    assert send(maya, contact=stranger.pk).status_code == 422
    assert send(maya, account=omar_account.pk).status_code == 422
    assert not Touch.objects.exists()


def test_what_was_logged_is_taken_back_with_its_actions(
    maya: User, omar: User, maya_account: Account
) -> None:
    undo = toast(send(maya, account=maya_account.pk, action_text="Call", action_due=""))["undo"]
    assert as_(omar).post(undo, headers=HTMX).status_code == 204
    assert Touch.objects.exists()
    assert toast(as_(maya).post(undo, headers=HTMX))["text"] == "Taken back."
    assert not Touch.objects.exists() and not Action.objects.exists()


def test_what_somebody_changed_since_is_not_taken_back(maya: User, maya_account: Account) -> None:
    undo = toast(send(maya, account=maya_account.pk, action_text="Call", action_due=""))["undo"]
    as_(maya).post(reverse("engagement:action_done", args=[Action.objects.get().pk]), headers=HTMX)
    assert "too late" in toast(as_(maya).post(undo, headers=HTMX))["text"]
    assert Touch.objects.exists()


def test_a_deleted_touch_comes_back_as_it_was(maya: User, maya_account: Account) -> None:
    ingrid = make_contact(maya_account)
    send(maya, contact=ingrid.pk, note="long " * 500, mood=4, action_text="Call", action_due="")
    before = Touch.objects.values().get()
    response = as_(maya).post(reverse("engagement:touch_delete", args=[before["id"]]), headers=HTMX)
    assert not Touch.objects.exists() and Action.objects.get().touch is None
    undo = toast(response)["undo"]
    assert len(undo) < 1000
    as_(maya).post(undo, headers=HTMX)
    assert Touch.objects.values().get() == before
    assert list(Touch.objects.get().contacts.all()) == [ingrid]
    assert Action.objects.get().touch_id == before["id"]


def test_whoever_saves_a_touch_second_sees_both_versions(
    maya: User, lena: User, maya_account: Account
) -> None:
    touch = make_touch(maya_account, maya, note="first")
    url = reverse("engagement:touch_edit", args=[touch.pk])
    form = {"channel": "call", "direction": "two_way", "at": "2026-11-20T10:00", "seen": "1"}
    assert as_(lena).post(url, {**form, "note": "hers"}).status_code == 302
    response = as_(maya).post(url, {**form, "note": "mine"})
    assert response.status_code == 409
    assert b"<td>hers</td><td>mine</td>" in response.content
    touch.refresh_from_db()
    assert touch.note == "hers" and touch.version == 2


def test_the_box_stands_on_the_pages_of_who_edits_accounts(
    maya: User, mira: User, vic: User, adam: User, maya_account: Account
) -> None:
    make_grant(vic, account=maya_account)
    assert b'id="km-log"' in as_(maya).get(reverse("portfolio:list")).content
    for other in (mira, vic):
        assert b'id="km-log"' not in as_(other).get(reverse("portfolio:list")).content
    assert b'id="km-log"' not in as_(adam).get(reverse("people:profile")).content


def test_people_are_found_by_name_and_those_of_the_account_without_one(
    maya: User, maya_account: Account, omar_account: Account
) -> None:
    met, unmet = make_contact(maya_account, "Zoe Met"), make_contact(maya_account, "Anna Unmet")
    make_contact(maya_account, "Anna Gone", left_on=datetime.date(2026, 1, 1))
    make_contact(omar_account, "Anna Stranger")
    make_touch(maya_account, maya, contacts=[met])
    url = reverse("engagement:whom")
    html = as_(maya).get(url, {"q": "anna"}).content.decode()
    assert "Anna Unmet" in html and "Stranger" not in html and "Gone" not in html
    html = as_(maya).get(url, {"account": maya_account.pk}).content.decode()
    assert html.index("Zoe Met") < html.index("Anna Unmet")
    assert as_(maya).get(url, {"account": omar_account.pk}).content.strip() == b""
    assert str(unmet.pk) in html


def test_without_scripts_the_log_is_a_page(maya: User, maya_account: Account, omar_account: Account) -> None:
    ingrid = make_contact(maya_account, "Ingrid Haugen")
    client, url = as_(maya), reverse("engagement:log")
    assert b"Ingrid Haugen" in client.get(url, {"q": "haug"}).content
    page = client.get(url, {"contact": ingrid.pk})
    assert b"checked" in page.content and b'id="km-log"' not in page.content
    assert client.get(url, {"account": omar_account.pk}).status_code == 404
    response = client.post(url, {"channel": "mail", "contact": ingrid.pk, "note": "Sent"})
    assert response.status_code == 302
    assert Touch.objects.get().channel == "mail"


def test_a_viewer_reads_touches_without_the_mood(vic: User, hana: User, maya_account: Account) -> None:
    make_grant(vic, account=maya_account)
    make_touch(maya_account, note="They were short with us", mood=1)
    url = reverse("engagement:activity", args=[maya_account.pk])
    assert b"Mood: cold" in as_(hana).get(url).content
    seen = as_(vic).get(url).content
    assert b"They were short" in seen and b"Mood" not in seen and b"Delete" not in seen


def test_marketing_sees_no_touch_anywhere(mira: User, maya_account: Account) -> None:
    make_touch(maya_account, note="secret talk")
    client = as_(mira)
    assert client.get(reverse("engagement:activity", args=[maya_account.pk])).status_code == 403
    assert b"secret talk" not in client.get(reverse("portfolio:account", args=[maya_account.pk])).content
