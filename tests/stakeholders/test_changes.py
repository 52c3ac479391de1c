"""Changing the map: who reports to whom, who left, what we think; refused loops, conflicts, and ways back."""

import datetime
import json
import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.fields import days
from accounts.models import Account, Action, Contact, Organisation, Relationship, SoftFact, Tie, User
from accounts.stakeholders import actions
from tests.clients import HTMX, as_
from tests.factories import make_action, make_contact, make_fact, make_tie, make_touch


@pytest.fixture
def today(db: None) -> datetime.date:
    Organisation.objects.get_or_create(pk=1)
    return Organisation.current().today()


@pytest.fixture
def mayas(maya: User, today: datetime.date) -> Client:
    return as_(maya)


def post(client: Client, name: str, pk: int, data: dict[str, Any] | None = None, **more: Any) -> Any:
    url = reverse(f"stakeholders:{name}", kwargs={"pk": pk, **more})
    return client.post(url, data or {}, headers=HTMX)


def said(response: Any) -> str:
    text: str = json.loads(response.headers["HX-Trigger"])["km:toast"]["text"]
    return text


def undo(client: Client, response: Any) -> Any:
    way = json.loads(response.headers["HX-Trigger"])["km:toast"]["undo"]
    return client.post(way, headers=HTMX)


# --- reporting lines


def test_a_card_is_moved_and_moved_back(mayas: Client, maya_account: Account) -> None:
    chief, buyer = make_contact(maya_account, "Ada Chief"), make_contact(maya_account, "Bo Buyer")
    response = post(mayas, "move", buyer.pk, {"reports_to": chief.pk, "seen": 1})
    assert response.status_code == 200
    assert said(response) == "Bo Buyer reports to Ada Chief."
    assert b'id="people"' in response.content
    buyer.refresh_from_db()
    assert (buyer.reports_to, buyer.version) == (chief, 2)
    assert undo(mayas, response).status_code == 204
    buyer.refresh_from_db()
    assert (buyer.reports_to, buyer.version) == (None, 3)


def test_the_second_of_two_movers_learns_who_was_first_and_to_what(
    mayas: Client, lena: User, maya_account: Account
) -> None:
    chief, head = make_contact(maya_account, "Ada Chief"), make_contact(maya_account, "Hal Head")
    buyer = make_contact(maya_account, "Bo Buyer")
    assert post(as_(lena), "move", buyer.pk, {"reports_to": chief.pk, "seen": 1}).status_code == 200
    response = post(mayas, "move", buyer.pk, {"reports_to": head.pk, "seen": 1})
    assert response.status_code == 409
    assert "Lena Lindqvist changed Bo Buyer meanwhile: reports to Ada Chief now" in said(response)
    buyer.refresh_from_db()
    assert buyer.reports_to == chief


def test_a_move_that_was_followed_by_another_is_not_taken_back(
    mayas: Client, lena: User, maya_account: Account
) -> None:
    chief, head = make_contact(maya_account, "Ada Chief"), make_contact(maya_account, "Hal Head")
    buyer = make_contact(maya_account, "Bo Buyer")
    first = post(mayas, "move", buyer.pk, {"reports_to": chief.pk, "seen": 1})
    post(as_(lena), "move", buyer.pk, {"reports_to": head.pk, "seen": 2})
    assert "too late" in said(undo(mayas, first))
    buyer.refresh_from_db()
    assert buyer.reports_to == head


def test_nobody_reports_to_themselves_by_way_of_another(mayas: Client, maya_account: Account) -> None:
    chief = make_contact(maya_account, "Ada Chief")
    buyer = make_contact(maya_account, "Bo Buyer", reports_to=chief)
    clerk = make_contact(maya_account, "Cy Clerk", reports_to=buyer)
    response = post(mayas, "move", chief.pk, {"reports_to": clerk.pk, "seen": 1})
    assert response.status_code == 422
    assert said(response) == "Ada Chief would report to themselves, by way of Cy Clerk."
    chief.refresh_from_db()
    assert chief.reports_to is None
    with pytest.raises(IntegrityError), transaction.atomic():
        Contact.objects.filter(pk=chief.pk).update(reports_to=clerk)


def test_nobody_reports_to_somebody_of_another_account(
    mayas: Client, maya: User, maya_account: Account, omar_account: Account
) -> None:
    omar_account.assignments.create(user=maya, role="deputy", during=days(datetime.date(2020, 1, 1)))
    buyer, stranger = make_contact(maya_account), make_contact(omar_account)
    assert post(mayas, "move", buyer.pk, {"reports_to": stranger.pk, "seen": 1}).status_code == 404
    with pytest.raises(ValidationError):
        actions.move(buyer, stranger, 1)


# --- adding, editing, removing


def test_a_new_person_comes_with_what_is_thought_of_them(
    mayas: Client, maya: User, maya_account: Account, today: datetime.date
) -> None:
    url = reverse("stakeholders:add", kwargs={"account": maya_account.pk})
    form = {"name": "Ada Chief", "role": "sponsor", "influence": "3", "basis": "confirmed", "is_key": "on"}
    response = mayas.post(url, form)
    contact = Contact.objects.get(name="Ada Chief")
    assert response.headers["Location"].endswith(f"contact={contact.pk}")
    assert (contact.since, contact.account, contact.key_during.lower) == (today, maya_account, today)
    facts = {
        (fact.kind, fact.value, fact.basis, fact.author, fact.noted_on) for fact in contact.soft_facts.all()
    }
    assert facts == {
        ("role", "sponsor", "confirmed", maya, today),
        ("influence", "3", "confirmed", maya, today),
    }


def test_an_edit_that_was_overtaken_shows_both_versions_and_writes_nothing(
    mayas: Client, maya_account: Account
) -> None:
    contact = make_contact(maya_account, "Ada Chief", title="Chief")
    url = reverse("stakeholders:edit", kwargs={"pk": contact.pk})
    Contact.objects.filter(pk=contact.pk).update(title="Chairwoman", version=2)
    response = mayas.post(url, {"name": "Ada Chief", "title": "President", "seen": "1"})
    text = response.content.decode()
    assert response.status_code == 409
    assert "<td>Chairwoman</td><td>President</td>" in text
    contact.refresh_from_db()
    assert contact.title == "Chairwoman"
    seen = re.search(r'name="seen" value="(\d+)"', text)
    assert seen
    assert mayas.post(url, {"name": "Ada Chief", "title": "President", "seen": seen[1]}).status_code == 302
    contact.refresh_from_db()
    assert (contact.title, contact.version) == ("President", 3)


def test_a_place_becomes_a_person_once_somebody_knows_who_it_is(mayas: Client, maya_account: Account) -> None:
    place = make_contact(maya_account, "Head of IT", is_placeholder=True)
    url = reverse("stakeholders:edit", kwargs={"pk": place.pk})
    text = mayas.get(f"{url}?known=1").content.decode()
    assert 'value="Head of IT"' in text  # now a job title
    form = {"name": "Ida Tech", "title": "Head of IT", "email": "ida@aurora.example", "seen": "1"}
    assert mayas.post(url, form).status_code == 302
    place.refresh_from_db()
    assert (place.name, place.title, place.is_placeholder) == ("Ida Tech", "Head of IT", False)


def test_a_removed_person_comes_back_with_everything_that_hung_on_them(
    mayas: Client, maya: User, maya_account: Account, today: datetime.date
) -> None:
    chief = make_contact(maya_account, "Ada Chief", key_during=days(today))
    buyer = make_contact(maya_account, "Bo Buyer", reports_to=chief)
    make_fact(chief, "role", "sponsor", author=maya)
    tie = make_tie(maya_account, chief, buyer)
    Relationship.objects.create(contact=chief, colleague=maya, level=2, desired=3, noted_on=today)
    touch, action = make_touch(maya_account, maya, contacts=[chief]), make_action(maya_account, contact=chief)

    response = post(mayas, "remove", chief.pk)
    assert not Contact.objects.filter(pk=chief.pk).exists()
    assert not Tie.objects.exists() and not SoftFact.objects.exists()
    assert undo(mayas, response).status_code == 204

    back = Contact.objects.get(pk=chief.pk)
    buyer.refresh_from_db()
    action.refresh_from_db()
    assert (back.name, back.key_during) == ("Ada Chief", days(today))
    assert (buyer.reports_to, action.contact) == (back, back)
    assert list(touch.contacts.all()) == [back]
    assert [row.pk for row in Tie.objects.all()] == [tie.pk]
    assert (SoftFact.objects.get().value, Relationship.objects.get().level) == ("sponsor", 2)
    assert "too late" in said(undo(mayas, response))


# --- somebody leaves


@pytest.fixture
def champion(maya_account: Account, maya: User) -> Contact:
    chief = make_contact(maya_account, "Ada Chief")
    found = make_contact(
        maya_account,
        "Cy Champion",
        title="Fleet",
        reports_to=chief,
        key_during=days(datetime.date(2020, 1, 1)),
    )
    make_contact(maya_account, "Di Deputy", reports_to=found)
    make_contact(maya_account, "Ed Engineer", reports_to=found)
    make_fact(found, "role", "champion", author=maya)
    return found


def left_form(champion: Contact, today: datetime.date, **more: Any) -> dict[str, Any]:
    return {"left_on": today.isoformat(), "follows": "nobody", "takes_reports": "on", "seen": 1, **more}


def test_who_leaves_without_a_successor_leaves_a_gap_and_the_chosen_tasks(
    mayas: Client, maya: User, maya_account: Account, champion: Contact, today: datetime.date
) -> None:
    make_action(maya_account, "Send the offer", contact=champion)
    asked = mayas.get(reverse("stakeholders:left", kwargs={"pk": champion.pk}), headers=HTMX).content.decode()
    assert "Open promise: Send the offer" in asked and "Find a new champion" in asked
    assert "2 reports to Cy Champion" in asked or "Di Deputy" in asked

    response = post(mayas, "left", champion.pk, left_form(champion, today, task=["introduce", "replace"]))
    text = response.content.decode()
    assert said(response) == "Cy Champion has left. 2 tasks added."
    assert "Cy Champion left, nobody yet" in " ".join(re.sub(r"<[^>]+>", " ", text).split())
    champion.refresh_from_db()
    assert (champion.left_on, champion.key_during.upper) == (today, today)
    tasks = Action.objects.filter(owner=maya, status="open").exclude(text="Send the offer")
    assert {task.text for task in tasks} == {
        "Introduce ourselves to the successor of Cy Champion",
        "Find a new champion",
    }
    assert all(task.due_on and task.due_on > today for task in tasks)


def test_a_successor_takes_the_reports_and_all_of_it_can_be_taken_back(
    mayas: Client, maya_account: Account, champion: Contact, today: datetime.date
) -> None:
    deputy, engineer = Contact.objects.get(name="Di Deputy"), Contact.objects.get(name="Ed Engineer")
    form = left_form(champion, today, follows="somebody", successor=deputy.pk, task=["introduce"])
    response = post(mayas, "left", champion.pk, form)
    for row in (champion, deputy, engineer):
        row.refresh_from_db()
    assert champion.successor == deputy
    assert engineer.reports_to == deputy
    assert deputy.reports_to and deputy.reports_to.name == "Ada Chief"
    assert Action.objects.get().contact == deputy

    assert undo(mayas, response).status_code == 204
    for row in (champion, deputy, engineer):
        row.refresh_from_db()
    assert (champion.left_on, champion.successor) == (None, None)
    assert champion.key_during == days(datetime.date(2020, 1, 1))
    assert (deputy.reports_to, engineer.reports_to) == (champion, champion)
    assert not Action.objects.exists()


def test_the_successor_may_be_new_or_a_place_that_nobody_is_known_for(
    mayas: Client, maya_account: Account, champion: Contact, today: datetime.date
) -> None:
    form = left_form(champion, today, follows="place", name="Head of fleet")
    response = post(mayas, "left", champion.pk, form)
    place = Contact.objects.get(name="Head of fleet")
    assert place.is_placeholder and place.reports_to and place.reports_to.name == "Ada Chief"
    assert {row.name for row in place.reports.all()} == {"Di Deputy", "Ed Engineer"}
    undo(mayas, response)
    assert not Contact.objects.filter(name="Head of fleet").exists()
    assert champion.reports.count() == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"left_on": "2001-01-01"}, "We know them since"),
        ({"follows": "somebody"}, "Choose who follows"),
        ({"follows": "new", "name": ""}, "a name"),
    ],
)
def test_a_faulty_leaving_says_what_is_missing_and_keeps_the_rest(
    mayas: Client, champion: Contact, today: datetime.date, change: dict[str, Any], words: str
) -> None:
    response = post(mayas, "left", champion.pk, {**left_form(champion, today), **change})
    assert response.status_code == 422
    assert response.headers["HX-Retarget"] == "#panel"
    assert words in response.content.decode()
    champion.refresh_from_db()
    assert champion.left_on is None


# --- opinions, lines, relations


def test_a_newer_opinion_keeps_the_older_one_with_its_author(
    mayas: Client, maya: User, lena: User, maya_account: Account, today: datetime.date
) -> None:
    contact = make_contact(maya_account)
    make_fact(contact, "support", "-1", author=lena)
    response = post(mayas, "fact", contact.pk, {"value": "2", "basis": "confirmed"}, kind="support")
    assert response.status_code == 200
    rows = contact.soft_facts.order_by("pk").values_list("value", "author__name", "basis")
    assert list(rows) == [("-1", "Lena Lindqvist", "confirmed"), ("2", "Maya Marin", "confirmed")]
    assert contact.soft_facts.last() is not None
    undo(mayas, response)
    assert [fact.value for fact in contact.soft_facts.all()] == ["-1"]


def test_an_opinion_that_does_not_exist_is_refused(mayas: Client, maya_account: Account) -> None:
    contact = make_contact(maya_account)
    response = post(mayas, "fact", contact.pk, {"value": "9", "basis": "confirmed"}, kind="support")
    assert response.status_code == 422
    assert not contact.soft_facts.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        make_fact(contact, "support", "9")


def test_a_line_is_added_once_ended_and_put_back(mayas: Client, maya_account: Account) -> None:
    ada, bo = make_contact(maya_account, "Ada"), make_contact(maya_account, "Bo")
    form = {"kind": "conflicts", "other": bo.pk, "about": "the budget", "basis": "assumed"}
    response = post(mayas, "tie", ada.pk, form)
    assert said(response) == "Ada is in conflict with Bo."
    again = post(mayas, "tie", bo.pk, {**form, "other": ada.pk})
    assert (again.status_code, said(again)) == (422, "This conflict is on the map already.")
    tie = Tie.objects.get()
    ended = post(mayas, "tie_end", tie.pk)
    tie.refresh_from_db()
    assert tie.ended_on is not None
    assert "over the budget" not in ended.content.decode()
    undo(mayas, ended)
    tie.refresh_from_db()
    assert tie.ended_on is None


def test_a_relation_is_noted_in_its_cell_and_a_second_writer_is_told(
    mayas: Client, maya: User, lena: User, maya_account: Account
) -> None:
    contact = make_contact(maya_account, "Ada")
    form = {"level": 1, "desired": 3, "basis": "confirmed", "seen": 0}
    response = post(mayas, "relationship", contact.pk, form, colleague=maya.pk)
    row = Relationship.objects.get()
    assert (row.level, row.desired, row.author, row.version) == (1, 3, maya, 1)
    second = post(as_(lena), "relationship", contact.pk, {**form, "level": 2}, colleague=maya.pk)
    assert second.status_code == 409
    change = post(mayas, "relationship", contact.pk, {**form, "level": 2, "seen": 1}, colleague=maya.pk)
    assert Relationship.objects.get().level == 2
    undo(mayas, change)
    assert Relationship.objects.get().level == 1
    assert "too late" in said(undo(mayas, response))


def test_a_viewer_and_marketing_change_nothing(
    mira: User, maya_account: Account, champion: Contact, today: datetime.date
) -> None:
    client = as_(mira)
    assert post(client, "move", champion.pk, {"reports_to": "", "seen": 1}).status_code == 403
    assert post(client, "left", champion.pk, left_form(champion, today)).status_code == 403
    assert (
        post(client, "fact", champion.pk, {"value": "", "basis": "assumed"}, kind="role").status_code == 403
    )


def test_every_form_works_without_scripts_too(
    mayas: Client, maya: User, maya_account: Account, champion: Contact, today: datetime.date
) -> None:
    there = f"{reverse('stakeholders:map', kwargs={'account': maya_account.pk})}"
    forms: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("fact", {"kind": "note"}, {"value": "Likes mornings", "basis": "confirmed"}),
        ("relationship", {"colleague": maya.pk}, {"level": 1, "desired": 2, "basis": "assumed", "seen": 0}),
        ("left", {}, left_form(champion, today)),
    ]
    for name, more, data in forms:
        url = reverse(f"stakeholders:{name}", kwargs={"pk": champion.pk, **more})
        page = mayas.get(url).content.decode()
        assert "hx-post" not in page.partition("<main")[2].partition("</main>")[0]
        assert mayas.post(url, data).headers["Location"].startswith(there)
    champion.refresh_from_db()
    assert champion.left_on == today
    assert champion.soft_facts.filter(kind="note", value="Likes mornings").exists()
    moved = Contact.objects.get(name="Ed Engineer")
    response = mayas.post(
        reverse("stakeholders:move", kwargs={"pk": moved.pk}), {"reports_to": "", "seen": 1}
    )
    assert response.headers["Location"].startswith(there)
    assert mayas.post(reverse("stakeholders:remove", kwargs={"pk": moved.pk})).headers["Location"] == there
