"""My week over the database: what stands on it, what is done with an item, and who never sees it."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, Action, Organisation, Snooze, User
from tests.clients import HTMX, as_
from tests.factories import (
    make_account,
    make_action,
    make_assignment,
    make_classification,
    make_contact,
    make_contract,
    make_fact,
    make_order,
    make_request,
    make_review,
    make_touch,
    moment,
)
from tests.metrics import engine

DAY = datetime.timedelta(days=1)


@pytest.fixture
def today(db: None) -> datetime.date:
    return Organisation.current().today()


def full(account: Account, today: datetime.date) -> None:
    """One fact for each rule."""
    person = make_contact(account, f"Ingrid of {account}", key_during=(today - 400 * DAY, None))
    make_fact(person, "role", "sponsor")
    make_touch(account, None, moment(-100), contacts=[person])
    gone = make_contact(
        account, f"Lars of {account}", left_on=today - 3 * DAY, key_during=(today - 400 * DAY, None)
    )
    make_action(account, f"Promise to {account}", owner=None, contact=gone, due_on=today - DAY)
    make_contract(
        account, "2020-01-01", today + 100 * DAY, 5000, number=f"K-{account.pk}", notice_date=today + 40 * DAY
    )
    make_request(account, f"Question of {account}")
    make_review(account, today + 5 * DAY)


@pytest.fixture
def customer(maya: User, today: datetime.date) -> Account:
    account = make_account("Aurora Foods", owner=maya)
    make_classification(account, tier="A")
    account.classifications.get().tier.__class__.objects.update(cadence_days=30)
    full(account, today)
    return account


def test_every_rule_speaks_for_ones_own_account_and_to_nobody_else(
    maya: User, omar: User, lena: User, customer: Account
) -> None:
    text = as_(maya).get("/").content.decode()
    for cause in (
        "Promise to Aurora Foods",
        "and notice is due in 40 days",
        "no call is made yet",
    ):
        assert cause in text or "more wait behind" in text
    # Two at most of one account: the rest is counted.
    assert text.count('class="km-week__item"') == 2
    assert "more wait behind these" in text
    assert "Aurora Foods" not in as_(omar).get("/").content.decode()
    assert 'class="km-week__item"' not in as_(lena).get("/").content.decode()


def test_statements_do_not_grow_with_accounts(maya: User, customer: Account, today: datetime.date) -> None:
    make_order(customer, today - 40 * DAY, 800)
    engine.run(today, "full")
    client = as_(maya)
    client.get("/")
    with CaptureQueriesContext(connection) as few:
        assert client.get("/").status_code == 200
    for number in range(4):
        account = make_account(f"Another {number}", owner=maya)
        make_classification(account, tier="A")
        full(account, today)
    # The figure beside the navigation has changed and is kept once.
    client.get("/")
    with CaptureQueriesContext(connection) as many:
        assert client.get("/").status_code == 200
    assert len(many) == len(few)


def address(name: str, item: str) -> str:
    return reverse(f"plans:{name}", kwargs={"item": item})


def test_done_closes_an_action_and_undo_opens_it_again(maya: User, customer: Account) -> None:
    action = Action.objects.get()
    Action.objects.update(owner=maya)
    client = as_(maya)
    answer = client.post(address("week_done", f"action:{action.pk}"), headers=HTMX)
    assert answer.status_code == 200
    action.refresh_from_db()
    assert action.status == "done"
    undo = answer.content.decode().split('hx-post="')[1].split('"')[0]
    assert client.post(undo, headers=HTMX).headers["HX-Refresh"] == "true"
    action.refresh_from_db()
    assert action.status == "open"
    assert client.post(address("week_done", "action:999999"), headers=HTMX).status_code == 404


def test_what_leaves_no_trace_rests_for_a_week(maya: User, customer: Account, today: datetime.date) -> None:
    review = customer.reviews.get()
    as_(maya).post(address("week_done", f"review:{review.pk}"))
    snooze = Snooze.objects.get()
    assert (snooze.user, snooze.item, snooze.until) == (maya, f"review:{review.pk}", today + 7 * DAY)


def test_a_snooze_needs_a_reason_and_a_later_day(maya: User, customer: Account, today: datetime.date) -> None:
    client, url = as_(maya), address("week_snooze", f"fell:{customer.pk}")
    assert client.post(url, {"until": today.isoformat(), "reason": "Later"}).status_code == 422
    assert client.post(url, {"until": (today + DAY).isoformat(), "reason": ""}).status_code == 422
    assert not Snooze.objects.exists()
    said = {"until": (today + 3 * DAY).isoformat(), "reason": "Waiting for their answer"}
    assert client.post(url, said)["Location"] == "/"
    assert "Waiting for their answer" in client.get(reverse("plans:week_snoozed")).content.decode()
    assert "Put off 1" in client.get("/").content.decode()
    client.post(reverse("plans:week_wake", args=[Snooze.objects.get().pk]))
    assert not Snooze.objects.exists()


def test_nobody_wakes_what_somebody_else_put_off(
    maya: User, omar: User, customer: Account, today: datetime.date
) -> None:
    kept = Snooze.objects.create(user=maya, item=f"fell:{customer.pk}", until=today + DAY, reason="x")
    as_(omar).post(reverse("plans:week_wake", args=[kept.pk]))
    assert Snooze.objects.filter(pk=kept.pk).exists()


def test_handing_on_gives_a_colleague_an_action_and_undo_takes_it_back(
    maya: User, omar: User, lena: User, customer: Account, today: datetime.date
) -> None:
    make_assignment(customer, omar, role="deputy")
    request = customer.requests.get()
    url = address("week_hand_on", f"request:{request.pk}")
    said = {"to": omar.pk, "text": "Answer them", "due_on": (today + DAY).isoformat()}
    answer = as_(maya).post(url, said, headers=HTMX)
    made = Action.objects.get(text="Answer them")
    assert (made.owner, made.created_by, made.due_on) == (omar, maya, today + DAY)
    assert Snooze.objects.get(user=maya).reason == "Handed on to Omar Okoye"
    undo = answer.content.decode().split('hx-post="')[1].split('"')[0]
    assert as_(omar).post(undo, headers=HTMX).headers.get("HX-Refresh") is None
    assert as_(maya).post(undo, headers=HTMX).headers["HX-Refresh"] == "true"
    assert not Action.objects.filter(text="Answer them").exists()
    assert not Snooze.objects.exists()


def test_a_promise_that_is_handed_on_changes_its_owner_and_keeps_its_words(
    maya: User, omar: User, customer: Account
) -> None:
    make_assignment(customer, omar, role="deputy")
    Action.objects.update(owner=maya)
    action = Action.objects.get()
    as_(maya).post(address("week_hand_on", f"action:{action.pk}"), {"to": omar.pk})
    action.refresh_from_db()
    assert (action.owner, action.text) == (omar, "Promise to Aurora Foods")


def test_a_stranger_cannot_touch_an_item_nor_choose_a_stranger(
    maya: User, omar: User, customer: Account, today: datetime.date
) -> None:
    review = customer.reviews.get()
    for name in ("week_done", "week_snooze", "week_hand_on"):
        assert as_(omar).post(address(name, f"review:{review.pk}")).status_code == 404
    said = {"to": omar.pk, "text": "Do it", "due_on": today.isoformat()}
    assert as_(maya).post(address("week_hand_on", f"review:{review.pk}"), said).status_code == 422
    for nonsense in ("review:x", "nothing:1", "review", "review:99999999999999999999"):
        assert as_(maya).post(address("week_done", nonsense)).status_code == 404


def test_a_planned_meeting_tells_the_last_touch_and_what_we_owe(
    maya: User, customer: Account, today: datetime.date
) -> None:
    person = make_contact(customer, "Kristian Aune")
    make_touch(customer, maya, moment(2), contacts=[person], channel="meeting", subject="Budget")
    text = as_(maya).get("/").content.decode()
    assert "Kristian Aune, Aurora Foods" in text
    assert "last touch 100 days ago" in text and "we owe: Promise to Aurora Foods" in text


def test_the_navigation_counts_what_waits_and_the_items_of_the_week(maya: User, customer: Account) -> None:
    # A request without an owner waits for whoever owns the account.
    client = as_(maya)
    before = client.get(reverse("portfolio:list")).content.decode()
    assert (
        '1<span class="km-hide"> without a call</span>' in before
        and '1<span class="km-hide"> without an answer</span>' in before
    )
    assert "to do" not in before
    assert '2<span class="km-hide"> to do</span>' in client.get("/").content.decode()
    assert '2<span class="km-hide"> to do</span>' in client.get(reverse("portfolio:list")).content.decode()


def test_the_week_asks_again_once_something_is_logged(maya: User, customer: Account) -> None:
    text = as_(maya).get("/").content.decode()
    assert 'id="my-week" hx-get="/" hx-trigger="km:logged from:body"' in text


def test_the_palette_finds_a_customers_person_for_who_may_see_them(
    maya: User, omar: User, mira: User, customer: Account
) -> None:
    def found(user: User) -> Any:
        return as_(user).get("/find?q=Ingrid").content.decode()

    assert "Ingrid of Aurora Foods" in found(maya) and "Ingrid of Aurora Foods" in found(mira)
    assert "Ingrid" not in found(omar)
