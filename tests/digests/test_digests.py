"""What stands in a digest: changes only, for whom, and nothing they may not see."""

import datetime
import email
import email.policy
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import outbox
from accounts.models import Account, Assignment, EmployeeResult, Message, Organisation, Team, User
from accounts.people.bounces import Bounce
from accounts.surveys.employees import release
from metrics.digests.changes import Changes, changes_for
from metrics.digests.drawing import sparkline
from metrics.digests.models import DigestKind
from metrics.models import Digest, DigestSettings, Run
from tests.alerts.making import make_alert
from tests.factories import (
    make_account,
    make_action,
    make_answer,
    make_classification,
    make_contact,
    make_contract,
    make_fact,
    make_order,
    make_touch,
)
from tests.metrics.engine import report_in, run
from tests.surveys_employees.waves import answered_wave

pytestmark = pytest.mark.django_db


def today() -> datetime.date:
    return Organisation.current().today()


def ahead(number: int) -> datetime.date:
    return today() + datetime.timedelta(days=number)


def changes(user: User, **fields: Any) -> Changes:
    return changes_for(user, DigestSettings(user=user, **fields), timezone.now())


def lines(user: User, kind: str = "", **fields: Any) -> list[str]:
    found = changes(user, **fields).sections
    return [line.text for each in found if not kind or each.kind == kind for line in each.lines]


def put(user: User, period: str = "2026-W49") -> Message:
    outbox.put("digest", user, f"digest:{user.pk}:{period}", period=period, rhythm="weekly")
    return Message.objects.get(dedup_key=f"digest:{user.pk}:{period}")


def sent() -> list[Any]:
    """The mails as their bytes say."""
    return [
        email.message_from_bytes(each.message().as_bytes(), policy=email.policy.default)
        for each in mail.outbox
    ]


def bodies(found: Any) -> tuple[str, str]:
    return found.get_body(("plain",)).get_content(), found.get_body(("html",)).get_content()


@pytest.fixture
def busy(maya: User, maya_account: Account) -> Account:
    """One change of each kind of fact at maya's account."""
    account = maya_account
    make_classification(account, "2020-01-01", tier="A")
    account.classifications.get().tier.__class__.objects.update(cadence_days=30)
    make_contract(account, ahead(-300), ahead(120), number="K-7", notice_date=ahead(28))
    make_action(account, "Send the price list", owner=maya, due_on=ahead(-2))
    nora = make_contact(account, "Nora Hahn", key_during=(ahead(-400), None))
    make_fact(nora, "role", "champion")
    make_fact(nora, "support", "-2")
    make_touch(
        account, maya, timezone.now() - datetime.timedelta(days=33), direction="two_way", contacts=[nora]
    )
    make_answer(account, nora, nps=3, comment="Your invoices are a riddle.")
    make_alert(account, "health_fall", facts={"before": 71, "now": 52})
    make_alert(account, "revenue_down", facts={"percent": 30}, opened_on=ahead(-40), resolved_on=ahead(-1))
    return account


def test_each_kind_says_what_changed(busy: Account, maya: User) -> None:
    found = {each.kind.value: [line.text for line in each.lines] for each in changes(maya).sections}
    assert found == {
        "dates": [found["dates"][0]],
        "actions": ["You promised: Send the price list."],
        "voice": ["Nora Hahn gave us 3 of 10."],
        "people": ["Nora Hahn has not answered for 33 days; the rhythm is 30 days."],
        "warnings": [
            "Health fell from 71 to 52 in 30 days.",
            "Resolved: Revenue of three months fell by 30 % against the three before.",
        ],
    }
    assert "in 28 days: contract K-7 is not decided." in found["dates"][0]


def test_no_opinion_about_a_person_and_no_words_of_an_answer_stand_in_a_mail(
    busy: Account, maya: User
) -> None:
    put(maya)
    outbox.send_waiting()
    whole = "".join(bodies(sent()[0])).lower()
    assert "nora hahn" in whole
    for word in ("champion", "sponsor", "against us", "riddle", "influence"):
        assert word not in whole


def test_what_is_old_or_was_said_before_is_not_said_again(busy: Account, maya: User) -> None:
    make_action(busy, "Long overdue", owner=maya, due_on=ahead(-60))
    make_alert(busy, "nps_drop", facts={"before": 40, "now": 10}, opened_on=ahead(-20))
    assert not [each for each in lines(maya) if "Long overdue" in each or "NPS" in each]
    put(maya)
    assert outbox.send_waiting() == 1
    assert lines(maya) == []
    make_alert(busy, "engagement_halved", facts={"before": 40, "now": 10})
    assert lines(maya) == ["Digital engagement fell from 40 to 10 points."]


def test_nothing_is_sent_and_nothing_stays_when_nothing_changed(maya: User, maya_account: Account) -> None:
    put(maya)
    assert outbox.send_waiting() == 0
    assert (mail.outbox, Message.objects.count(), Digest.objects.count()) == ([], 0, 0)


def test_a_digest_that_never_left_is_no_record_of_what_was_said(busy: Account, maya: User) -> None:
    message = put(maya)
    outbox.send_waiting()
    Message.objects.filter(pk=message.pk).update(state="failed")
    assert len(lines(maya)) == 6
    Message.objects.filter(pk=message.pk).update(state="unknown")
    assert lines(maya) == []


def test_the_record_holds_keys_and_no_name(busy: Account, maya: User) -> None:
    put(maya)
    outbox.send_waiting()
    record = Digest.objects.get()
    assert dict(record.counts)["Warnings opened and resolved"] == 2
    assert "Nora" not in str(record.lines) and "Aurora" not in str(record.lines)
    assert record.message is not None and record.message.state == "sent"


def test_a_right_that_ended_after_the_message_was_put_counts(busy: Account, maya: User) -> None:
    put(maya)
    Assignment.objects.filter(user=maya).delete()
    assert outbox.send_waiting() == 0
    assert mail.outbox == []


def test_kinds_that_somebody_leaves_out_are_not_looked_for(busy: Account, maya: User) -> None:
    left_out = [kind.value for kind in DigestKind if kind != DigestKind.VOICE]
    assert lines(maya, left_out=left_out) == ["Nora Hahn gave us 3 of 10."]


def test_others_hear_of_their_own_accounts_only(
    busy: Account, maya: User, omar: User, lena: User, hana: User
) -> None:
    assert lines(omar) == []
    for leader in (lena, hana):
        said = lines(leader)
        assert "Nora Hahn gave us 3 of 10." in said and "Health fell from 71 to 52 in 30 days." in said
        # A promise of somebody else is theirs.
        assert not [each for each in said if "price list" in each]
    make_alert(busy)
    assert "No talk for 40 days; the rhythm is 30." in lines(lena, "people")
    assert "No talk for 40 days; the rhythm is 30." not in lines(maya)


@pytest.mark.parametrize("who", ["mira", "vic", "adam"])
def test_roles_without_accounts_of_their_own_get_none(
    busy: Account, who: str, request: pytest.FixtureRequest
) -> None:
    put(request.getfixturevalue(who))
    assert outbox.send_waiting() == 0
    assert Message.objects.get().error == "wants no digests any more"


def test_the_mail_has_the_headers_that_mail_programs_look_for(
    busy: Account, maya: User, settings: Any
) -> None:
    settings.SITE_URL = "https://kamplan.example"
    put(maya)
    outbox.send_waiting()
    found = sent()[0]
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["List-Id"] == "Digests of kamplan <digests.kamplan.example>"
    assert str(found["List-Unsubscribe"]).strip().startswith("<https://kamplan.example/u/")
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert found["Message-ID"] == Message.objects.get().message_id
    html = bodies(found)[1]
    assert "prefers-color-scheme: dark" in html and 'style="' in html and "<script" not in html
    for part in bodies(found):
        assert "https://kamplan.example/warnings/" in part or "https://kamplan.example/portfolio/" in part


def test_figures_that_moved_beyond_noise_are_named_with_their_trend(
    aurora_ran: Run, maya: User, maya_account: Account
) -> None:
    made = changes(maya)
    assert [line.text for each in made.sections if each.kind == "figures" for line in each.lines][
        0
    ].startswith("Revenue, 12\xa0months: €1,200 → €2,100, better.")
    assert made.headline is not None and made.headline.value == "€2,100"
    put(maya)
    outbox.send_waiting()
    found = sent()[0]
    assert found.get_content_type() == "multipart/related"
    picture = next(part for part in found.walk() if part.get_content_type() == "image/png")
    assert picture["Content-ID"] == "<trend>" and picture.get_content_disposition() == "inline"
    assert picture.get_content()[:8] == b"\x89PNG\r\n\x1a\n"
    assert (
        "cid:trend" in bodies(found)[1] and 'alt="Revenue of your accounts, 12 months: ' in bodies(found)[1]
    )


@pytest.fixture
def aurora_ran(maya: User, maya_account: Account) -> Run:
    """Published eight days ago with 1,200 of revenue, and today with 900 more."""
    report_in("EUR")
    month = today().replace(day=1)
    make_order(maya_account, (month - datetime.timedelta(days=200)).replace(day=3), 1200)
    first = run(today())
    Run.objects.filter(pk=first.pk).update(published_at=timezone.now() - datetime.timedelta(days=8))
    make_order(maya_account, (month - datetime.timedelta(days=20)).replace(day=3), 900)
    return run(today())


def test_the_picture_has_gaps_and_stays_small() -> None:
    png = sparkline([Decimal(1), Decimal(3), None, Decimal(2), Decimal(5)])
    assert png[16:24] == (480).to_bytes(4) + (96).to_bytes(4)
    assert len(png) < 3000


def test_employee_figures_in_a_mail_are_the_released_rows(
    north: Team, south: Team, maya: User, omar: User, hana: User
) -> None:
    wave = answered_wave({north: [5, 4, 4, 3, 2, 5, 4, 4], south: [5, 1, 4, 4, 2, 3]}, silent=1)
    assert lines(maya, "team") == lines(hana, "team") == []
    release.release(wave, today())
    wave.refresh_from_db()
    for user, label in ((maya, "North"), (omar, "South"), (hana, "")):
        rows = {row.item: row for row in EmployeeResult.objects.filter(wave=wave, label=label)}
        put(user)
        outbox.send_waiting()
        for text in bodies(sent()[-1]):
            part, satisfied, enps = (rows[item] for item in ("participation", "satisfaction", "enps"))
            assert f"{part.n} of {part.asked} took part" in text
            assert f"({satisfied.favourable} of {satisfied.n})" in text
            points = round(100 * (enps.favourable - enps.unfavourable) / enps.n)
            shown = f"{points:+}".replace("-", "−") if points else "0"
            assert f"Employee NPS: {shown} points ({enps.n} answers)" in text
    others = "".join(bodies(sent()[0]))
    assert "South" not in others


def test_the_letter_takes_as_many_statements_for_many_accounts(busy: Account, maya: User) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert changes(maya).sections
        return len(captured)

    few = statements()
    for number in range(12):
        account = make_account(f"More {number}", owner=maya)
        make_alert(account, "health_fall", facts={"before": 71, "now": 52})
        make_contract(account, ahead(-300), ahead(120), notice_date=ahead(28))
        make_answer(account, make_contact(account), nps=2)
    assert statements() == few


def test_one_screen_holds_the_first_of_every_kind(busy: Account, maya: User) -> None:
    for number in range(30):
        make_action(busy, f"Promise {number}", owner=maya, due_on=ahead(-1))
        make_alert(busy, "health_fall", facts={"before": 71, "now": 52})
    found = changes(maya).sections
    assert sum(len(each.shown) for each in found) == 9
    assert all(each.shown for each in found)
    assert {each.kind.value: each.more for each in found}["actions"] == 31 - 3


def test_a_mail_to_an_address_that_returns_them_is_not_sent(busy: Account, maya: User) -> None:
    notice = Message.objects.create(kind="notice", recipient=maya, dedup_key="n", state="sent")
    Bounce.note(notice, "5.1.1", is_final=True)
    put(maya)
    assert outbox.send_waiting() == 0
    assert Message.objects.get(kind="digest").error == "mails to this address came back"
    Bounce.objects.update(cleared_at=timezone.now())
    put(maya, "2026-W50")
    assert outbox.send_waiting() == 1


def test_other_mails_go_first(busy: Account, maya: User, omar: User) -> None:
    put(maya)
    outbox.put("notice", omar, "n", event="account/email/password_set", at=timezone.now().isoformat())
    outbox.send_waiting()
    assert [each.to for each in mail.outbox] == [[omar.email], [maya.email]]
