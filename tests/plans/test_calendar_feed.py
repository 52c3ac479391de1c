"""The calendar feed: what it holds, for whom, and how little one learns without its token."""

import datetime
import logging
from typing import Any

import icalendar
import pytest
from django.test import Client
from django.urls import reverse

from accounts.exchange import feeds
from accounts.models import Account, CalendarFeed, Organisation, User
from tests.clients import as_
from tests.factories import PASSWORD, make_account, make_action, make_contract, make_review

DAY = datetime.timedelta(days=1)


@pytest.fixture
def today(db: None) -> datetime.date:
    Organisation.objects.get_or_create(pk=1)
    return Organisation.current().today()


def read(token: str) -> Any:
    return Client().get(reverse("exchange:calendar", kwargs={"token": token}))


def events(content: bytes) -> list[tuple[datetime.date, str]]:
    calendar = icalendar.Calendar.from_ical(content)
    found = [(event["dtstart"].dt, str(event["summary"])) for event in calendar.walk("VEVENT")]
    return sorted(found)


def test_it_holds_notice_dates_reviews_and_own_promises_within_visible_accounts(
    maya: User, omar: User, maya_account: Account, omar_account: Account, today: datetime.date
) -> None:
    make_contract(maya_account, "2020-01-01", today + 99 * DAY, number="K-1", notice_date=today + 9 * DAY)
    make_contract(maya_account, "2020-01-01", today + 21 * DAY, number="K-2")
    make_contract(maya_account, "2020-01-01", today + 22 * DAY, number="K-3", outcome="lost")
    make_contract(maya_account, "2020-01-01", today + 900 * DAY, number="K-4")
    make_contract(omar_account, "2020-01-01", today + 22 * DAY, number="K-5")
    make_review(maya_account, today + 5 * DAY, title="Autumn review")
    make_review(maya_account, today + 6 * DAY, title="Called off", status="cancelled")
    make_action(maya_account, "Send figures", owner=maya, due_on=today - 400 * DAY)
    make_action(maya_account, "His task", owner=omar, due_on=today)
    make_action(omar_account, "Not mine any more", owner=maya, due_on=today)
    make_action(maya_account, "Done", owner=maya, due_on=today, status="done", closed_on=today)
    response = read(feeds.make(maya))
    assert response.status_code == 200
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert events(response.content) == [
        (today - 400 * DAY, "Due: Send figures (Aurora Foods)"),
        (today + 5 * DAY, "Autumn review: Aurora Foods"),
        (today + 9 * DAY, "Notice date: Aurora Foods, K-1"),
        (today + 20 * DAY, "Last day: Aurora Foods, K-2"),
    ]


def test_no_amount_stands_in_it(maya: User, maya_account: Account, today: datetime.date) -> None:
    make_contract(maya_account, "2020-01-01", today + 99 * DAY, 123456, notice_date=today)
    assert b"123456" not in read(feeds.make(maya)).content


def test_only_the_hash_is_kept_and_the_address_is_shown_once(maya: User) -> None:
    client = as_(maya)
    page = client.post(reverse("exchange:calendar_make")).content.decode()
    feed = CalendarFeed.objects.get(user=maya)
    token = page.split("/exchange/calendar/")[1].split(".ics")[0]
    assert feed.token_hash == feeds.hashed(token) and token not in feed.token_hash
    assert read(token).status_code == 200
    again = client.get(reverse("exchange:calendar_feed")).content.decode()
    assert token not in again and "An address works" in again


def test_a_new_address_ends_the_one_before_and_a_revoked_one_is_like_a_wrong_one(maya: User) -> None:
    first = feeds.make(maya)
    second = feeds.make(maya)
    assert [read(first).status_code, read(second).status_code] == [404, 200]
    as_(maya).post(reverse("exchange:calendar_revoke"))
    revoked, wrong = read(second), read("x" * len(second))
    assert (revoked.status_code, wrong.status_code) == (404, 404)
    assert revoked.content == wrong.content


def test_whoever_may_no_longer_log_in_or_see_work_has_no_feed(maya: User, mira: User) -> None:
    token = feeds.make(maya)
    User.objects.filter(pk=maya.pk).update(is_active=False)
    assert read(token).status_code == 404
    assert read(feeds.make(mira)).status_code == 404


def test_an_administrator_sees_no_account_in_it(adam: User, today: datetime.date) -> None:
    make_contract(make_account("Secret"), "2020-01-01", today + 9 * DAY)
    assert events(read(feeds.make(adam)).content) == []


def test_the_token_stands_in_no_log(
    maya: User, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    token = feeds.make(maya)
    read(token)
    read(f"{token}x")
    logged = caplog.text + "".join(capsys.readouterr())
    assert "exchange/calendar/<str:token>.ics" in logged
    assert token not in logged


def test_when_it_was_read_is_noted_at_most_once_an_hour(maya: User) -> None:
    token = feeds.make(maya)
    read(token)
    first = CalendarFeed.objects.get().read_at
    read(token)
    assert first is not None
    assert CalendarFeed.objects.get().read_at == first


def test_whoever_looks_through_ones_eyes_gets_no_address(adam: User, maya: User) -> None:
    client = as_(adam)
    client.post(reverse("people:elevation"), {"reason": "a support case", "proof": PASSWORD})
    client.post(reverse("people:view_as", kwargs={"pk": maya.pk}))
    assert client.get(reverse("plans:renewals")).context["request"].user == maya
    assert client.get(reverse("exchange:calendar_feed")).status_code == 403
    assert client.post(reverse("exchange:calendar_make")).status_code == 403
    assert not CalendarFeed.objects.exists()
