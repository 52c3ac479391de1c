"""One's own digests, the links that end them, and what administrators see of mails."""

import datetime
import mailbox
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import outbox
from accounts.models import Account, Elevation, Message, User
from accounts.people.bounces import Bounce
from accounts.people.looking import ELEVATION_KEY
from kamplan.mail_sink import Keep
from metrics.digests.stopping import stop_url
from metrics.models import Digest, DigestSettings, DigestTrial
from tests.alerts.making import make_alert
from tests.clients import as_
from tests.factories import make_contact

pytestmark = pytest.mark.django_db
CHOICE = {"rhythm": "daily", "weekday": "3", "time_zone": "Asia/Tokyo", "kinds": ["dates", "voice"]}
HEALTH = {"kind": "health_fall", "facts": {"before": 71, "now": 52}}


def path(url: str) -> str:
    return url.partition("//")[2].partition("/")[1] + url.partition("//")[2].partition("/")[2]


def elevated(client: Client, user: User) -> Client:
    now = timezone.now()
    elevation = Elevation.objects.create(user=user, reason="A test", since=now, until=now + Elevation.LENGTH)
    session = client.session
    session[ELEVATION_KEY] = elevation.pk
    session.save()
    return client


def test_somebody_chooses_rhythm_kinds_and_clock(maya: User) -> None:
    client = as_(maya)
    assert "once a week" in client.get(reverse("metrics:digest_settings")).content.decode()
    assert client.post(reverse("metrics:digest_settings"), CHOICE).status_code == 302
    chosen = DigestSettings.objects.get(user=maya)
    assert (chosen.rhythm, chosen.weekday, chosen.time_zone) == ("daily", 3, "Asia/Tokyo")
    assert [kind.value for kind in chosen.kinds] == ["dates", "voice"]
    wrong = client.post(reverse("metrics:digest_settings"), {**CHOICE, "time_zone": "Mars/Olympus"})
    assert wrong.status_code == 422


def test_a_morning_before_the_choice_is_not_made_up_for(maya: User) -> None:
    long_ago = timezone.now() - datetime.timedelta(days=20)
    DigestSettings.objects.create(user=maya, rhythm="off", asked_at=long_ago)
    as_(maya).post(reverse("metrics:digest_settings"), CHOICE)
    assert DigestSettings.objects.get(user=maya).asked_at > timezone.now() - datetime.timedelta(minutes=1)


def test_a_look_at_the_next_digest_changes_nothing(maya: User, maya_account: Account) -> None:
    make_alert(maya_account, **HEALTH)
    client = as_(maya)
    for _ in range(2):
        page = client.get(reverse("metrics:digest_preview")).content.decode()
        assert "Health fell from 71 to 52 in 30 days." in page
    assert not Digest.objects.exists() and not Message.objects.exists()
    shown = client.get(reverse("metrics:digest_as_mail"))
    policy = shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy and "script-src" not in policy
    assert "Health fell" in shown.content.decode() and "cid:" not in shown.content.decode()


def test_one_click_ends_one_kind_or_all_without_a_login(maya: User, client: Client) -> None:
    one, everything = path(stop_url(maya, "warnings")), path(stop_url(maya, ""))
    for url in (one, everything):
        assert client.get(url).status_code == client.head(url).status_code == 200
    assert not DigestSettings.objects.exists()
    strict = Client(enforce_csrf_checks=True)
    for _ in range(2):
        answer = strict.post(one, {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200 and "Location" not in answer.headers
    chosen = DigestSettings.objects.get(user=maya)
    assert (chosen.left_out, chosen.rhythm) == (["warnings"], "weekly")
    strict.post(everything, {"List-Unsubscribe": "One-Click"})
    assert DigestSettings.objects.get(user=maya).rhythm == "off"


def test_a_link_that_is_not_ours_ends_nothing(maya: User, client: Client) -> None:
    # Its key with one letter changed, whatever the letter was.
    words, signature = path(stop_url(maya, "")).rsplit(":", 1)
    forged = ("B" if signature[0] == "A" else "A") + signature[1:]
    assert client.post(f"{words}:{forged}").status_code == 410
    assert not DigestSettings.objects.exists()


def test_a_stop_after_the_message_was_put_counts(maya: User, maya_account: Account, client: Client) -> None:
    make_alert(maya_account, **HEALTH)
    outbox.put("digest", maya, "d", period="2026-W49", rhythm="weekly")
    client.post(path(stop_url(maya, "")))
    assert outbox.send_waiting() == 0


def test_an_administrator_looks_only_while_elevated_and_sends_tests_to_the_person_alone(
    adam: User, maya: User, maya_account: Account
) -> None:
    make_alert(maya_account, **HEALTH)
    client = as_(adam)
    look = reverse("metrics:mail_digest_of", args=[maya.pk])
    assert client.get(look).status_code == 403
    client.post(reverse("metrics:mail_digest_test", args=[maya.pk]))
    assert outbox.send_waiting() == 1
    found = mail.outbox[0]
    assert (
        found.to == [maya.email] and found.subject.startswith("Test: ") and "Health fell" in str(found.body)
    )
    assert f"A test that {adam} asked for" in str(found.body)
    assert not Digest.objects.exists()
    assert "Health fell" in elevated(client, adam).get(look).content.decode()
    assert [(each.by, each.whom, each.what) for each in DigestTrial.objects.all()] == [
        (adam, maya, "preview"),
        (adam, maya, "mail"),
    ]
    assert "looked at" in client.get(reverse("metrics:mail_digest")).content.decode()


def test_a_test_arrives_also_when_nothing_changed(adam: User, maya: User) -> None:
    as_(adam).post(reverse("metrics:mail_digest_test", args=[maya.pk]))
    assert outbox.send_waiting() == 1
    assert "Nothing changed since then" in str(mail.outbox[0].body)


def test_the_list_of_mails_says_what_became_of_them(
    adam: User, maya: User, maya_account: Account, django_assert_max_num_queries: Any
) -> None:
    nora = make_contact(maya_account, "Nora Hahn", email="nora@aurora.example")
    sent = Message.objects.create(kind="survey", contact=nora, dedup_key="s", state="sent")
    Message.objects.create(kind="digest", recipient=maya, dedup_key="d", state="unknown")
    Bounce.note(sent, "5.1.1", is_final=True)
    client = as_(adam)
    page = client.get(reverse("metrics:mail_list")).content.decode()
    assert "came back" in page and "perhaps sent" in page and "5.1.1, for good" in page
    assert "somebody at a customer" in page and "Nora" not in page and "aurora.example" not in page
    assert "Maya" not in client.get(reverse("metrics:mail_list"), {"state": "returned"}).content.decode()
    assert "Nora Hahn" in elevated(client, adam).get(reverse("metrics:mail_list")).content.decode()
    bounce = Bounce.objects.get()
    client.post(reverse("metrics:mail_address_works", args=[bounce.pk]))
    assert not Bounce.objects.current().exists()


def test_the_demonstration_shows_what_its_mail_server_took(
    adam: User, settings: Any, tmp_path: Path, maya: User, maya_account: Account
) -> None:
    make_alert(maya_account, **HEALTH)
    as_(adam).post(reverse("metrics:mail_digest_test", args=[maya.pk]))
    outbox.send_waiting()
    keep = Keep(tmp_path / "taken", tmp_path / "returned")
    taken = message_from_bytes(mail.outbox[0].message().as_bytes())
    taken["X-RcptTo"], taken["X-MailFrom"] = maya.email, "bounces@kamplan.example"
    keep.handle_message(taken)
    settings.MAIL_SINK = str(tmp_path / "taken")
    client = as_(adam)
    page = client.get(reverse("metrics:mail_sink")).content.decode()
    assert "Test: Your accounts" in page
    (key,) = mailbox.Maildir(str(tmp_path / "taken")).keys()
    assert (
        "List-Unsubscribe-Post" in client.get(reverse("metrics:mail_sink_mail", args=[key])).content.decode()
    )
    html = client.get(reverse("metrics:mail_sink_html", args=[key]))
    assert "sandbox" in html.headers["Content-Security-Policy"] and "Health fell" in html.content.decode()
    assert client.get(reverse("metrics:mail_sink_html", args=["nothing"])).status_code == 404
