"""The pages: who may, what they hold, and that nothing is erased without the name typed and a proof."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, Contact, OneOnOne, Organisation, PersonAct, Touch, User
from accounts.rights.export import everything
from accounts.rights.persons import Person
from tests.factories import (
    PASSWORD,
    make_contact,
    make_fact,
    make_lead,
    make_request,
    make_touch,
)
from tests.rights.world import CANARY, EMAIL, NAME, make_ingrid, tables_with

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
PROOF = {"proof": PASSWORD}


@pytest.fixture(autouse=True)
def erasures(settings: Any, tmp_path: Path) -> None:
    settings.ERASURE_LOG = str(tmp_path / "erasures.jsonl")


@pytest.fixture
def ingrid(maya_account: Account, maya: User, lena: User) -> Contact:
    Organisation.objects.get_or_create(pk=1)
    cache.clear()
    return make_ingrid(maya_account, maya, lena)


@pytest.fixture
def hanas(client: Client, hana: User) -> Client:
    client.force_login(hana, backend=BACKEND)
    return client


def address(name: str, person: Contact | User) -> str:
    kind = "contacts" if isinstance(person, Contact) else "users"
    return reverse(f"rights:{name}", args=[kind, person.pk])


def test_an_export_holds_everything_with_authors_and_dates(hanas: Client, ingrid: Contact) -> None:
    response = hanas.post(address("export", ingrid), {"as": "json", **PROOF})
    assert response["Content-Disposition"].startswith('attachment; filename="ingrid-zyxwvut-')
    found = json.loads(response.content)
    assert (found["about"], found["made_by"]) == (NAME, "Hana Horvat")
    kept = found["kept"]
    assert kept["Who it is"][0]["e-mail"] == EMAIL
    assert {
        "basis": "confirmed",
        "author": "Maya Marin",
        "noted on": "2026-01-05",
        "kind": "role",
        "value": "champion",
    } in kept["What we think of this person"]
    thought = {each["kind"]: each["value"] for each in kept["What we think of this person"]}
    assert (thought["influence"], thought["support"]) == ("much", "strongly for us")
    words = [each.get("text") or each.get("score") for each in kept["What was answered"]]
    assert sorted(map(str, words)) == ["3", f"{CANARY} says it is slow"]
    for title in (
        *("touches", "actions", "requests", "goals", "leads", "survey invitations", "answers", "signals"),
        *("reviews", "campaign touches", "Influence and conflict", "Who of us knows this person"),
        *("Texts that name this person", "Mails to this person", "Audit history"),
    ):
        assert kept[title], title
    changes = [each["Change"] for each in kept["Audit history"]]
    assert any(f"job title: {CANARY} officer → {CANARY} chief" in each for each in changes)
    # Written for one reader only: that it is there, not what it says; and no key of a link.
    assert "is difficult" not in response.content.decode()
    assert "a private note" in [each["Text"] for each in kept["Texts that name this person"]]
    assert "token" not in response.content.decode()


def test_an_export_is_written_down_and_also_a_document(hanas: Client, ingrid: Contact, hana: User) -> None:
    response = hanas.post(address("export", ingrid), {"as": "pdf", **PROOF})
    assert response.content.startswith(b"%PDF") and response["Content-Type"] == "application/pdf"
    act = PersonAct.objects.get()
    assert (act.act, act.kind, act.number, act.by) == ("export", "contacts", ingrid.pk, hana)


def test_days_are_written_on_the_page_as_on_every_other(hanas: Client, ingrid: Contact) -> None:
    page = hanas.get(address("person", ingrid)).content.decode()
    assert "<td>5\u00a0Jan\u00a02026</td>" in page and "<td>1\u00a0Jul\u00a02025" in page
    assert re.findall(r"<td>\d{4}-\d\d-\d\d", page) == []


def test_nothing_is_exported_without_a_proof(hanas: Client, ingrid: Contact) -> None:
    url = address("export", ingrid)
    page = hanas.get(url).content.decode()
    assert "Your password" in page and EMAIL not in page
    for data in ({}, {"proof": "wrong"}):
        refused = hanas.post(url, {"as": "json", **data})
        assert refused.status_code == 422 and EMAIL not in refused.content.decode()
    assert not PersonAct.objects.exists()


def test_an_export_asks_as_much_for_many_rows_as_for_few(ingrid: Contact, maya: User) -> None:
    person = Person("contacts", ingrid)
    with CaptureQueriesContext(connection) as few:
        everything(person)
    for number in range(40):
        make_touch(ingrid.account, maya, contacts=[ingrid], note=f"Note {number} on {NAME}")
        make_request(ingrid.account, f"Request {number}", contact=ingrid, owner=maya)
        make_fact(ingrid, "note", f"Word {number}", author=maya)
    with CaptureQueriesContext(connection) as many:
        everything(person)
    assert len(many) == len(few) < 75


def test_nothing_is_erased_without_the_name_typed_and_a_proof(hanas: Client, ingrid: Contact) -> None:
    url = address("erase", ingrid)
    page = hanas.get(url).content.decode()
    assert "a private note, not shown" in page and "is difficult" not in page
    for data in (
        {},
        {"name": NAME, "proof": "wrong"},
        {"name": "Ingrid", **PROOF},
        {"name": NAME.lower(), **PROOF},
        {"name": NAME, "notes": "", **PROOF},
        {"name": NAME, "notes": "some", **PROOF},
    ):
        response = hanas.post(url, {"notes": "all", **data})
        assert response.status_code == 422, data
    assert Contact.objects.get(pk=ingrid.pk).name == NAME


def test_a_head_erases_a_person_with_the_notes_that_name_them(hanas: Client, ingrid: Contact) -> None:
    response = hanas.post(
        address("erase", ingrid), {"name": f" {NAME} ", "notes": "all", **PROOF}, follow=True
    )
    assert f"Erased person {ingrid.pk}: erased." in response.content.decode()
    assert tables_with(CANARY) == {}
    assert hanas.get(address("erase", ingrid)).status_code == 404
    page = hanas.get(address("person", ingrid)).content.decode()
    assert f"Erased person {ingrid.pk}" in page and "what is left has no name" in page


def test_notes_are_taken_one_by_one(hanas: Client, ingrid: Contact) -> None:
    touch = Touch.objects.get()
    ticked = {"notes": "some", "note": [f"accounts.Touch:{touch.pk}:note", "accounts.User:1:password", "x"]}
    hanas.post(address("erase", ingrid), {"name": NAME, **ticked, **PROOF})
    touch.refresh_from_db()
    assert "[erased]" in touch.note and touch.version == 2
    assert OneOnOne.objects.get().note == f"{NAME} is difficult"
    url = f"{reverse('rights:notes')}?words={NAME}"
    assert hanas.post(url, {"notes": "some", **PROOF}).status_code == 422
    assert hanas.post(url, {"notes": "all", "proof": "wrong"}).status_code == 422
    assert hanas.post(url, {"notes": "all", **PROOF}).status_code == 302
    assert OneOnOne.objects.get().note == "[erased] is difficult"
    assert "No text has these words" in hanas.get(url).content.decode()


def test_who_is_only_a_lead_is_found_by_name_and_erased(hanas: Client, hana: User) -> None:
    lead = make_lead("Fjord AS", person="Siv Moe", email="siv.moe@fjord.example", note="Siv Moe called")
    for words in ("Siv Moe", "siv.moe@fjord.example"):
        hanas.post(f"{reverse('rights:notes')}?words={words}", {"notes": "all", **PROOF})
    lead.refresh_from_db()
    assert (lead.company, lead.person, lead.email, lead.note) == (
        "Fjord AS", "[erased]", "", "[erased] called",
    )  # fmt: skip
    assert tables_with("Siv") == {}


def test_who_may_see_and_erase_whom(
    ingrid: Contact, maya: User, lena: User, adam: User, hana: User, client: Client
) -> None:
    for user in (maya, lena):
        client.force_login(user, backend=BACKEND)
        assert client.get(address("person", ingrid)).status_code == 403
    client.force_login(adam, backend=BACKEND)
    assert client.get(address("person", ingrid)).status_code == 403
    assert NAME not in client.get(f"{reverse('rights:list')}?q=ingrid").content.decode()
    assert client.get(address("person", maya)).status_code == 200
    assert client.get(address("erase", adam)).status_code == 403
    client.post("/people/elevation/", {"reason": "a request by letter", **PROOF})
    assert NAME in client.get(f"{reverse('rights:list')}?q=ingrid").content.decode()
    assert client.get(address("person", ingrid)).status_code == 200
    client.force_login(hana, backend=BACKEND)
    assert client.get(address("person", maya)).status_code == 403
    assert client.get(reverse("rights:person", args=["contacts", ingrid.pk + 1000])).status_code == 404
    assert client.get(reverse("rights:person", args=["teams", 1])).status_code == 404


def test_an_administrator_exports_and_erases_one_of_us(
    ingrid: Contact, maya: User, adam: User, client: Client
) -> None:
    client.force_login(adam, backend=BACKEND)
    found = client.post(address("export", maya), {"as": "json", **PROOF}).content.decode()
    assert "maya@kamplan.example" in found
    # Words about customers are not data of hers; the password and its kin are nobody's to read.
    assert "about pumps" not in found and "pbkdf2" not in found and "argon2" not in found
    # Without an elevation nothing of an account: neither whom her rows are about nor what they say.
    for word in (CANARY, "Aurora", "champion", "Pumps"):
        assert word not in found, word
    make_touch(ingrid.account, maya, note="Maya Marin promised a rebate")
    page = client.get(address("erase", maya)).content.decode()
    assert "close it first" in page and "hand over first" in page
    assert client.post(address("erase", maya), {"name": maya.name, **PROOF}).status_code == 422
    User.objects.filter(pk=maya.pk).update(is_active=False)
    maya.assignments.all().delete()
    page = client.get(address("erase", maya)).content.decode()
    assert "shown during an elevation" in page and "rebate" not in page
    client.post(address("erase", maya), {"name": maya.name, "notes": "all", **PROOF})
    maya.refresh_from_db()
    assert maya.name == f"Former colleague {maya.pk}"
    assert {touch.actor for touch in Touch.objects.all()} == {maya}
    assert Touch.objects.filter(note="[erased] promised a rebate").exists()


def test_a_contact_without_anything_has_a_page_too(hanas: Client, maya_account: Account) -> None:
    long = "Wolfeschlegelsteinhausenbergerdorff " * 5
    contact = make_contact(maya_account, long.strip())
    page = hanas.get(address("person", contact)).content.decode()
    assert "1 row leads" in page or "2 rows lead" in page
    assert "None." in hanas.get(address("erase", contact)).content.decode()
