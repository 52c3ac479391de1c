"""Erasure: afterwards the person stands in no column of the database, and every number is what it was."""

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import (
    Account,
    Answer,
    AnswerItem,
    Contact,
    Message,
    OneOnOne,
    Organisation,
    PersonAct,
    ReferenceConsent,
    SoftFact,
    Team,
    Touch,
    User,
)
from accounts.rights.erase import erase, redact_notes
from accounts.rights.notes import find
from accounts.rights.persons import Person
from accounts.rights.replay import replay, stock
from accounts.rights.words import from_text, hashed, judge_of, judge_of_hashes, spellings
from accounts.surveys.audience import audience_of
from tests.exchange.helpers import imported, reasons
from tests.factories import make_account, make_classification, make_contact, make_order, make_wave
from tests.metrics.engine import run
from tests.rights.world import CANARY, EMAIL, NAME, make_ingrid, tables_with

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def erasures(settings: Any, tmp_path: Path) -> Path:
    """The file outside the database."""
    settings.ERASURE_LOG = str(tmp_path / "kept" / "erasures.jsonl")
    return Path(settings.ERASURE_LOG)


@pytest.fixture
def ingrid(maya_account: Account, maya: User, lena: User) -> Contact:
    Organisation.objects.get_or_create(pk=1)
    return make_ingrid(maya_account, maya, lena)


def erased(contact: Contact, by: User | None = None) -> PersonAct:
    """With the name taken out of every note that has it."""
    person = Person("contacts", contact)
    return erase(person, by, [hit for hit in find(person.spellings) if not hit.is_copy])


def test_an_erased_person_stands_in_no_column_of_the_database(ingrid: Contact, hana: User) -> None:
    before = tables_with(CANARY)
    # Else the test would prove nothing: facts, history, notes, copies, and what a program keeps about itself.
    assert len(before) > 30, before
    assert {"accounts_contactevent.title", "metrics_alert.facts", "accounts_oneonone.note"} <= set(before)
    erased(ingrid, hana)
    assert tables_with(CANARY) == {}
    assert tables_with("+47 22 33 44 55") == {}
    assert tables_with("K-1") == {"accounts_importchange.name": 1}


def test_no_figure_changes_with_an_erasure(maya: User, lena: User) -> None:
    Organisation.objects.get_or_create(pk=1)
    account = make_account("Polaris", owner=maya, since="2025-07-01")
    make_classification(account, "2025-07-01", tier="A")
    ingrid = make_ingrid(account, maya, lena)
    make_order(account, "2026-01-15", 1200)
    today = Organisation.current().today()
    run(today, "full")
    before = stock()
    assert before.rows["metrics_scopefigures"] > 100
    erased(ingrid)
    run(today, "full")
    after = stock()
    assert after.run != before.run
    assert (after.figures, after.rows["metrics_accountmonth"]) == (
        before.figures,
        before.rows["metrics_accountmonth"],
    )


def test_lines_marks_and_codes_stay_with_a_placeholder(ingrid: Contact, maya_account: Account) -> None:
    today = Organisation.current().today()
    erased(ingrid)
    left = Contact.objects.get(pk=ingrid.pk)
    assert (left.name, left.email, left.erased_on) == (f"Erased person {ingrid.pk}", "", today)
    assert left.reports_to is not None and left.reports_to.name == "Olav Berg"
    assert left.reports.get().name == "Per Lie"
    assert Answer.objects.get(contact=left).items.filter(kind="nps").get().score == 3
    assert AnswerItem.objects.get(kind="text").text == "[erased]"
    assert left.touches.get().note == "Talked to [erased] about pumps; mail to [erased]."
    facts = SoftFact.objects.filter(contact=left)
    tomorrow = today + datetime.timedelta(days=1)
    assert sorted(facts.values_list("kind", "value", "noted_on")) == [
        ("influence", "", tomorrow),
        ("influence", "3", datetime.date(2026, 1, 5)),
        ("role", "", tomorrow),
        ("role", "champion", datetime.date(2026, 1, 5)),
        ("support", "", tomorrow),
        ("support", "2", datetime.date(2026, 1, 5)),
    ]
    assert left.key_during.upper == tomorrow
    assert not ReferenceConsent.objects.valid_on(tomorrow).filter(contact=left).exists()


def test_an_erased_person_gets_no_mail_and_is_not_asked_again(ingrid: Contact, maya: User) -> None:
    erased(ingrid)
    assert set(Message.objects.filter(contact=ingrid).values_list("state", flat=True)) == {"failed"}
    assert ingrid.pk not in [each.contact.pk for each in audience_of(make_wave(maya)).asked]


def test_the_database_refuses_to_fill_a_placeholder_again(ingrid: Contact) -> None:
    erased(ingrid)
    for values in ({"name": NAME}, {"email": EMAIL}, {"title": "CFO"}, {"external_id": "K-1"}):
        with pytest.raises(IntegrityError, match="contact_erased_stays_so"), transaction.atomic():
            Contact.objects.filter(pk=ingrid.pk).update(**values)
    with pytest.raises(ValidationError, match="erased before"):
        erased(Contact.objects.get(pk=ingrid.pk))


def test_no_import_brings_an_erased_person_back(ingrid: Contact, maya_account: Account) -> None:
    header = "external_id,account,name,since\n"
    erased(ingrid)
    back = f"{header}K-1,{maya_account.name},{NAME},2025-07-01\n"
    outcome = imported("contacts", back)
    assert [(row, column) for row, column, _ in reasons(outcome)] == [(2, "external_id")]
    assert "erased at their wish" in reasons(outcome)[0][2]
    assert not Contact.objects.filter(name=NAME).exists()
    # The same key of another system, and another key of the same, are somebody else.
    assert not reasons(imported("contacts", back.replace(NAME, "Liv Dahl"), source="erp"))
    assert not reasons(imported("contacts", f"{header}K-2,{maya_account.name},Liv Lund,2025-07-01\n"))


def test_notes_stay_as_they_are_unless_they_are_chosen(ingrid: Contact) -> None:
    person = Person("contacts", ingrid)
    one = [hit for hit in find(person.spellings) if hit.label == "accounts.Touch"]
    act = erase(person, None, one)
    assert Touch.objects.get().note.startswith("Talked to [erased]")
    assert OneOnOne.objects.get().note == f"{NAME} is difficult"
    # What only looks like a name is left for a person to find, and the words are then taken out everywhere.
    left = find(spellings(NAME, EMAIL))
    assert left and not any(hit.is_copy for hit in left)
    redact_notes(spellings(NAME, EMAIL), left, None)
    assert tables_with(CANARY) == {}
    assert act.counts["texts without the name"] >= 7


def test_the_file_of_erasures_holds_numbers_and_hashes_only(
    ingrid: Contact, hana: User, erasures: Path
) -> None:
    act = erased(ingrid, hana)
    text = erasures.read_text()
    assert CANARY.lower() not in text.lower() and "K-1" not in text
    line = json.loads(text)
    assert (line["kind"], line["number"], line["by"]) == ("contacts", ingrid.pk, hana.pk)
    assert [2, hashed(act.salt, f"ingrid {CANARY.lower()}")] in line["words"]
    assert erasures.stat().st_mode & 0o077 == 0


def test_nothing_is_erased_that_cannot_be_written_down_outside(ingrid: Contact, settings: Any) -> None:
    settings.ERASURE_LOG = "/proc/nowhere/erasures.jsonl"
    with pytest.raises(OSError, match="nowhere"), transaction.atomic():
        erased(ingrid)
    assert Contact.objects.get(pk=ingrid.pk).name == NAME
    assert not PersonAct.objects.exists()


def test_erasures_are_done_once_more_after_a_restore(
    maya_account: Account, maya: User, lena: User, erasures: Path
) -> None:
    Organisation.objects.get_or_create(pk=1)
    before = transaction.savepoint()
    ingrid = make_ingrid(maya_account, maya, lena)
    restored_to = transaction.savepoint()
    erased(ingrid)
    transaction.savepoint_rollback(restored_to)
    assert Contact.objects.get(pk=ingrid.pk).name == NAME
    first, second = replay(erasures), replay(erasures)
    assert [len(first.done), len(first.held), len(first.others)] == [1, 0, 0]
    assert [len(second.done), len(second.held)] == [0, 1]
    assert tables_with(CANARY) == {}
    assert PersonAct.objects.count() == 1
    # Restored to a day on which she was not there, and her number was given to somebody else since.
    transaction.savepoint_rollback(before)
    make_contact(maya_account, "Somebody Else", pk=ingrid.pk)
    assert len(replay(erasures).others) == 1
    assert Contact.objects.get(pk=ingrid.pk).name == "Somebody Else"


def test_one_of_us_is_erased_after_handing_over(
    maya: User, maya_account: Account, lena: User, adam: User, north: Team
) -> None:
    make_order(maya_account, "2026-01-15", 1200, seller=maya)
    OneOnOne.objects.create(lead=lena, manager=maya, held_on="2026-01-12", note="Maya Marin wants to leave")
    with pytest.raises(ValidationError) as refusal:
        erase(Person("users", maya), adam)
    assert refusal.value.messages == [
        "The login is still open: close it first.",
        "1 account is assigned today: hand over first.",
    ]
    maya.is_active = False
    maya.save()
    today = Organisation.current().today()
    maya.assignments.update(during=(datetime.date(2020, 1, 1), today))
    erase(Person("users", maya), adam)
    maya.refresh_from_db()
    assert (maya.name, maya.email) == (f"Former colleague {maya.pk}", f"former-{maya.pk}@erased.invalid")
    assert not maya.check_password("a long and boring sentence")
    assert tables_with("Marin") == {} and tables_with("maya@kamplan.example") == {}
    # The credit stays: her order, and who held the account.
    assert maya_account.orders.get().seller == maya
    assert maya.assignments.get().account == maya_account and maya.memberships.get().team == north


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ingrid Haugen said", "[erased] said"),
        ("INGRID  HAUGEN, Haugen, Ingrid.", "[erased], [erased]."),
        ("write to ingrid@x.example!", "write to [erased]!"),
        ("Ingrid Haugensen and Mary Ingrid", "Ingrid Haugensen and Mary Ingrid"),
        ("call +47 22 33 44 55 now", "call +[erased] now"),
    ],
)
def test_a_name_is_taken_out_as_whole_words(text: str, left: str) -> None:
    found = spellings("Ingrid Haugen", "ingrid@x.example", "+47 22 33 44 55")
    assert from_text(text, *judge_of(found)) == left
    # The same where only hashes are left.
    words = [(len(each.split()), hashed("salt", each)) for each in found]
    assert from_text(text, *judge_of_hashes("salt", words)) == left
