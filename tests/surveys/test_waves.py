"""A wave goes to the right people once, reminds them, and ends."""

import datetime
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Account, Contact, SurveyInvitation, User, Wave
from accounts.outbox import send_waiting
from accounts.surveys.audience import audience_of
from accounts.surveys.sending import tick
from tests.factories import (
    make_account,
    make_answer,
    make_classification,
    make_contact,
    make_fact,
    make_survey_invitation,
    make_wave,
    moment,
)

EVA = "eva@aurora.example"


@pytest.fixture
def eva(maya_account: Account) -> Contact:
    return make_contact(maya_account, "Eva Elm", email=EVA)


def left_out(wave: Wave) -> dict[str, str]:
    return {each.contact.name: each.why_not for each in audience_of(wave).left_out}


def asked(wave: Wave) -> set[str]:
    return {each.contact.name for each in audience_of(wave).asked}


def due(user: User, **fields: Any) -> Wave:
    """A wave that was to open a minute ago."""
    at = timezone.now() - datetime.timedelta(minutes=1)
    return make_wave(user, state="scheduled", opens_at=at, closes_at=moment(21), **fields)


def test_everybody_left_out_has_a_reason(maya: User, maya_account: Account, eva: Contact) -> None:
    make_contact(maya_account, "No Address")
    make_contact(maya_account, "Same Address", email=EVA.upper())
    make_contact(maya_account, "Wants Peace", email="peace@aurora.example", no_surveys_since="2026-01-01")
    make_contact(maya_account, "Is Gone", email="gone@aurora.example", left_on="2026-01-01")
    make_contact(maya_account, "A Place", is_placeholder=True)
    back = make_contact(maya_account, "Came Back", email="back@aurora.example")
    rested = make_contact(maya_account, "Was Asked", email="asked@aurora.example")
    before = make_wave(maya, opened=moment(-40))
    make_survey_invitation(before, back, bounced_at=moment(-40))
    make_survey_invitation(before, rested)
    wave = make_wave(maya)
    assert asked(wave) == {"Eva Elm"}
    assert left_out(wave) == {
        "No Address": "no e-mail address",
        "Same Address": "has the same address as Eva Elm",
        "Wants Peace": "asked for no surveys",
        "Came Back": "a mail to them came back",
        "Was Asked": "asked 40 days ago",
    }
    wave.rest_days = 40
    assert "Was Asked" in asked(wave)


def test_a_wave_asks_at_accounts_that_its_sender_sees(
    maya: User, hana: User, eva: Contact, omar_account: Account
) -> None:
    make_contact(omar_account, "Otto Oak", email="otto@borealis.example")
    assert asked(make_wave(maya)) == {"Eva Elm"}
    assert asked(make_wave(hana)) == {"Eva Elm", "Otto Oak"}
    chosen = make_wave(hana)
    chosen.accounts.set([omar_account])
    assert asked(chosen) == {"Otto Oak"}


def test_rules_name_tiers_roles_and_key_persons(maya: User, maya_account: Account, eva: Contact) -> None:
    other = make_account("Cirrus Glass", owner=maya)
    gold = make_classification(maya_account, tier="Gold").tier
    sponsor = make_contact(other, "Sam Sponsor", email="sam@cirrus.example", key_during=("2026-01-01", None))
    make_fact(sponsor, "role", "sponsor")
    by_tier = make_wave(maya)
    by_tier.tiers.set([gold])
    assert asked(by_tier) == {"Eva Elm"}
    assert asked(make_wave(maya, roles=["sponsor", "champion"])) == {"Sam Sponsor"}
    assert asked(make_wave(maya, key_only=True)) == {"Sam Sponsor"}


def test_a_due_wave_opens_once_and_each_person_gets_one_mail(
    maya: User, eva: Contact, mailoutbox: list[Any]
) -> None:
    wave = due(maya)
    tick()
    tick()
    wave.refresh_from_db()
    assert wave.state == "open"
    assert send_waiting() == 1
    assert mailoutbox[0].to == [EVA]
    assert SurveyInvitation.objects.get().delivered_at is not None


def test_a_sender_who_may_not_log_in_any_more_asks_nobody(maya: User, eva: Contact) -> None:
    due(maya)
    maya.is_active = False
    maya.save()
    tick()
    assert SurveyInvitation.objects.count() == 0


def test_each_reads_their_own_language(maya: User, maya_account: Account, eva: Contact) -> None:
    make_contact(maya_account, "Uwe Ulm", email="uwe@aurora.example", language="de-CH")
    make_contact(maya_account, "Jorma", email="jorma@aurora.example", language="fi")
    due(maya)
    tick()
    languages = SurveyInvitation.objects.values_list("contact__name", "language")
    assert dict(languages) == {"Eva Elm": "en", "Uwe Ulm": "de", "Jorma": "en"}


def test_only_who_has_not_answered_is_reminded_and_never_twice_at_once(
    maya: User, maya_account: Account, eva: Contact, mailoutbox: list[Any]
) -> None:
    answered = make_contact(maya_account, "Did Answer", email="did@aurora.example")
    refused = make_contact(
        maya_account, "Wants Peace", email="peace@aurora.example", no_surveys_since="2026-01-01"
    )
    wave = make_wave(maya, opened=moment(-15), remind_after=[7, 14])
    make_answer(maya_account, answered, invitation=make_survey_invitation(wave, answered), nps=9)
    make_survey_invitation(wave, refused)
    make_survey_invitation(wave, eva)
    tick()
    tick()
    assert send_waiting() == 1
    assert [mail.to for mail in mailoutbox] == [[EVA]]
    assert SurveyInvitation.objects.get(contact=eva).reminders == 2


def test_a_wave_closes_on_its_day(maya: User) -> None:
    wave = make_wave(maya, opened=moment(-22))
    tick()
    wave.refresh_from_db()
    assert wave.state == "closed" and wave.closed_at is not None
