"""Touches, requests and signals from files: moments, people, and lines without a key of their own."""

import datetime
import zoneinfo

import pytest

from accounts.exchange.values import Moment, Reading, Refused, Whole
from accounts.models import Signal, SignalKind, Touch
from tests.exchange.helpers import counts, imported, reasons
from tests.factories import make_account, make_contact

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-10-02 14:30", "2026-10-02T14:30:00+02:00"),
        ("2026-10-02T14:30:05Z", "2026-10-02T14:30:05+00:00"),
        ("02.10.2026 9:05", "2026-10-02T09:05:00+02:00"),
        ("2026-12-02", "2026-12-02T12:00:00+01:00"),
        (datetime.datetime(2026, 12, 2, 8), "2026-12-02T08:00:00+01:00"),
        ("2026-10-02 25:30", ""),
        ("yesterday at noon", ""),
        ("3026-10-02 10:00", ""),
    ],
)
def test_a_moment_is_read_on_the_organisations_clock(text: str, told: str) -> None:
    parse = Moment().parser(Reading(zone=zoneinfo.ZoneInfo("Europe/Berlin")))
    if told:
        assert parse(text).isoformat() == told
    else:
        with pytest.raises(Refused):
            parse(text)


@pytest.mark.parametrize("text", ["-1", "1.5", "40000", "many"])
def test_a_whole_number_is_whole(text: str) -> None:
    with pytest.raises(Refused):
        Whole().parser(Reading())(text)


def test_lines_without_a_key_are_known_again_by_what_they_say() -> None:
    account = make_account("Alfa")
    make_contact(account, "Eva Elm", email="eva@alfa.example")
    SignalKind.objects.get_or_create(code="email_open", defaults={"name": "E-mail opened"})
    file = "account,kind,when,contact\nAlfa,email_open,2026-10-02 07:41,EVA@alfa.example\n"
    assert imported("signals", file).written
    longer = file + "Alfa,email_open,2026-10-02 07:42,eva@alfa.example\n"
    assert counts(imported("signals", longer), "signals") == (1, 0, 1)
    assert Signal.objects.filter(contact__name="Eva Elm").count() == 2


def test_a_later_file_corrects_who_was_there() -> None:
    account = make_account("Alfa")
    for name in ("Eva Elm", "Uwe Ulm", "Ida Imm"):
        make_contact(account, name)
    file = "external_id,account,when,channel,contacts\n7,Alfa,2026-10-02 10:00,meeting,{}\n"
    imported("touches", file.format("Eva Elm; Uwe Ulm; eva elm"))
    touch = Touch.objects.get()
    assert {each.name for each in touch.contacts.all()} == {"Eva Elm", "Uwe Ulm"}
    imported("touches", file.format("Uwe Ulm;Ida Imm"))
    assert {each.name for each in touch.contacts.all()} == {"Uwe Ulm", "Ida Imm"}
    refused = imported("touches", file.format("Eva Elm;Nobody"))
    assert reasons(refused)[0][:2] == (2, "contacts")
