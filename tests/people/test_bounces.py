"""Mails that come back: what mail servers say about them, and what then no longer goes there."""

import datetime
import imaplib
import mailbox
import os
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import outbox
from accounts.bounces import LARGEST, read_mailbox, report_in
from accounts.models import Account, Message, SurveyInvitation, User
from accounts.people.bounces import Bounce
from accounts.surveys.audience import audience_of
from accounts.surveys.sending import open_wave
from kamplan.env import BadEnvironment, mailbox_url
from tests.clients import as_
from tests.factories import make_contact, make_survey_invitation, make_wave, moment
from tests.people.imap_server import FOLDER, PASSWORD, USER, imap_server
from tests.surveys_employees.waves import make_employee

pytestmark = pytest.mark.django_db

# As Postfix 3.7 writes it; only names and the Message-ID are filled in.
POSTFIX = """\
Return-Path: <>
Received: by mx.kamplan.example (Postfix)\tid 4F2A11C0B2; Mon, 30 Nov 2026 07:02:11 +0100 (CET)
Date: Mon, 30 Nov 2026 07:02:11 +0100 (CET)
From: MAILER-DAEMON@mx.kamplan.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: bounces@kamplan.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="9A3D41C0AF.1796018531/mx.kamplan.example"
Message-Id: <20261130060211.4F2A11C0B2@mx.kamplan.example>

This is a MIME-encapsulated message.

--9A3D41C0AF.1796018531/mx.kamplan.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.kamplan.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

--9A3D41C0AF.1796018531/mx.kamplan.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.kamplan.example
X-Postfix-Queue-ID: 9A3D41C0AF
X-Postfix-Sender: rfc822; bounces@kamplan.example
Arrival-Date: Mon, 30 Nov 2026 07:02:09 +0100 (CET)

Final-Recipient: rfc822; nora@aurora.example
Original-Recipient: rfc822;nora@aurora.example
Action: {action}
Status: {status}
Remote-MTA: dns; mail.aurora.example
Diagnostic-Code: smtp; 550 5.1.1 <nora@aurora.example>: Recipient address
    rejected: User unknown in virtual mailbox table

--9A3D41C0AF.1796018531/mx.kamplan.example
Content-Description: Undelivered Message Headers
Content-Type: {original}

Return-Path: <bounces@kamplan.example>
Subject: Your opinion
From: kamplan <kamplan@kamplan.example>
To: nora@aurora.example
Message-ID:
 {message_id}

--9A3D41C0AF.1796018531/mx.kamplan.example--
"""


def report(message_id: str, **fields: str) -> bytes:
    values = {"action": "failed", "status": "5.1.1", "original": "text/rfc822-headers", **fields}
    return POSTFIX.format(message_id=message_id, **values).encode()


@pytest.fixture
def box(tmp_path: Path, settings: Any) -> mailbox.Maildir:
    settings.BOUNCE_MAILBOX = f"maildir://{tmp_path / 'returned'}"
    return mailbox.Maildir(str(tmp_path / "returned"), create=True)


@pytest.fixture
def asked(maya: User, maya_account: Account) -> SurveyInvitation:
    """Nora was asked in a wave, and her mail was taken by the mail server."""
    nora = make_contact(maya_account, "Nora Hahn", email="Nora@Aurora.example")
    wave = make_wave(maya, opened=moment())
    invitation = make_survey_invitation(wave, nora, delivered_at=None)
    outbox.put_all(
        [
            Message(
                kind="survey",
                contact=nora,
                dedup_key="s",
                payload={"invitation": invitation.pk, "reminder": 0},
            )
        ]
    )
    assert outbox.send_waiting() == 1
    invitation.refresh_from_db()
    assert invitation.delivered_at is not None
    return invitation


@pytest.mark.parametrize("original", ["text/rfc822-headers", "message/rfc822"])
def test_a_report_marks_the_mail_the_address_and_the_invitation(
    asked: SurveyInvitation, box: mailbox.Maildir, maya: User, original: str
) -> None:
    message = Message.objects.get()
    box.add(report(message.message_id, original=original))
    call_command("read_bounces")
    bounce = Bounce.objects.get()
    assert (bounce.message, bounce.address, bounce.status) == (message, "nora@aurora.example", "5.1.1")
    asked.refresh_from_db()
    assert asked.bounced_at is not None
    assert not SurveyInvitation.objects.delivered().exists()
    (left_out,) = audience_of(make_wave(maya)).left_out
    assert (left_out.contact.name, left_out.why_not) == ("Nora Hahn", "a mail to them came back")
    page = as_(maya).get(reverse("stakeholders:panel", args=[asked.contact_id])).content.decode()
    assert "mail came back" in page and "5.1.1" in page


def test_each_report_is_read_once_and_counts_once(asked: SurveyInvitation, box: mailbox.Maildir) -> None:
    for _ in range(2):
        box.add(report(Message.objects.get().message_id))
    found = read_mailbox()
    assert (found.read, found.reports, found.noted) == (2, 2, 1)
    assert read_mailbox().read == 0


def test_what_is_no_failure_of_a_mail_of_ours_is_left_alone(
    asked: SurveyInvitation, box: mailbox.Maildir
) -> None:
    ours = Message.objects.get().message_id
    box.add(report(ours, action="delayed", status="4.4.1"))
    box.add(report(ours, action="delivered", status="2.0.0"))
    box.add(report("<" + "0" * 32 + "@kamplan.example>"))
    box.add(b"Subject: Out of office\n\nBack on Monday.")
    box.add(
        b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n\xff\xfe"
    )
    found = read_mailbox()
    assert (found.read, found.noted) == (5, 0)
    assert not Bounce.objects.exists()


def test_a_mail_that_failed_for_now_came_back_but_its_address_may_work(
    asked: SurveyInvitation, box: mailbox.Maildir, maya: User
) -> None:
    box.add(report(Message.objects.get().message_id, status="4.2.2"))
    read_mailbox()
    assert Bounce.objects.count() == 1 and not Bounce.objects.current().exists()


def test_a_corrected_address_and_one_that_works_again_begin_anew(asked: SurveyInvitation) -> None:
    message = Message.objects.get()
    Bounce.note(message, "5.1.1", is_final=True)
    assert Bounce.objects.current().of("nora@aurora.example").exists()
    assert not Bounce.objects.current().of("nora.hahn@aurora.example").exists()
    Bounce.objects.update(cleared_at=timezone.now())
    assert not Bounce.objects.current().exists()


def test_an_invitation_to_a_dead_address_is_not_sent_and_is_no_delivery(
    maya: User, maya_account: Account
) -> None:
    nora = make_contact(maya_account, "Nora Hahn", email="nora@aurora.example")
    earlier = Message.objects.create(kind="notice", contact=nora, dedup_key="n", state="sent")
    wave = make_wave(maya, state="scheduled", opens_at=moment(-1), closes_at=moment(20))
    open_wave(wave.pk, timezone.now())
    Bounce.note(earlier, "5.1.1", is_final=True)
    assert outbox.send_waiting() == 0
    invitation = SurveyInvitation.objects.get()
    assert invitation.bounced_at is not None and invitation.delivered_at is None


def test_a_mailbox_behind_imap_is_read_once_and_mails_are_marked(
    asked: SurveyInvitation, settings: Any
) -> None:
    ours = report(Message.objects.get().message_id)
    long = b"Subject: Long\r\n\r\n" + b"x" * (LARGEST + 50)
    with imap_server([ours, b"Subject: Out of office\r\n\r\nBack on Monday.", long]) as box:
        user, password, folder = (quote(each, safe="") for each in (USER, PASSWORD, FOLDER))
        settings.BOUNCE_MAILBOX = f"imap://{user}:{password}@127.0.0.1:{box.port}/{folder}"
        found = read_mailbox()
        assert (found.read, found.reports, found.noted) == (3, 1, 1)
        assert box.seen == {1, 2, 3} and box.heard[-1] == "LOGOUT"
        assert read_mailbox().read == 0
        box.mails.append(report(Message.objects.get().message_id))
        assert (read_mailbox().noted, box.seen) == (0, {1, 2, 3, 4})
        with pytest.raises(LookupError, match="does not exist"):
            read_mailbox(f"imap://{user}:{password}@127.0.0.1:{box.port}/Nowhere")
        with pytest.raises(imaplib.IMAP4.error, match="not let in"):
            read_mailbox(f"imap://{user}:wrong@127.0.0.1:{box.port}/{folder}")
    assert Bounce.objects.get().address == "nora@aurora.example"


def test_the_password_of_the_mailbox_goes_to_a_server_with_a_trusted_certificate_only(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = tmp_path / "server.pem"
    certificate.write_bytes(certificate_for_localhost())
    secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secured.load_cert_chain(certificate)
    with imap_server([b"Subject: Hello\r\n\r\nHello"], secured) as box:
        url = (
            f"imaps://{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@localhost:{box.port}/{quote(FOLDER)}"
        )
        monkeypatch.setenv("SSL_CERT_FILE", os.devnull)
        with pytest.raises(ssl.SSLCertVerificationError):
            read_mailbox(url)
        assert box.heard == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert read_mailbox(url).read == 1 and box.seen == {1}


def certificate_for_localhost() -> bytes:
    """A key and a certificate that it signed itself, good for an hour."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = timezone.now()
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    as_pem = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return as_pem + made.public_bytes(pem)


def test_whom_an_employee_survey_reaches_leaves_no_trace(box: mailbox.Maildir) -> None:
    employee = make_employee()
    message = Message.objects.create(
        kind="employee_reminder",
        employee=employee,
        dedup_key="e",
        state="sent",
        message_id="<e@kamplan.example>",
    )
    box.add(report(message.message_id))
    assert read_mailbox().noted == 0
    assert not Bounce.objects.exists()


def test_nobody_can_guess_the_id_by_which_a_report_is_believed(maya: User, settings: Any) -> None:
    message = Message(kind="notice", recipient=maya, dedup_key="survey:1:0")
    first = outbox.message_id(message)
    assert outbox.message_id(message) == first
    settings.SECRET_KEY = "another installation"
    assert outbox.message_id(message) != first


def test_a_mailbox_that_cannot_be_named_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("imaps://bounces:secret@mail.example/INBOX", "maildir:///var/mail/bounces", ""):
        monkeypatch.setenv("BOUNCE_MAILBOX", url)
        assert mailbox_url("BOUNCE_MAILBOX") == url
    monkeypatch.setenv("BOUNCE_MAILBOX", "/var/mail/bounces")
    with pytest.raises(BadEnvironment, match="BOUNCE_MAILBOX"):
        mailbox_url("BOUNCE_MAILBOX")


def test_the_report_of_the_demonstrations_server_is_understood(client: Client) -> None:
    from email.message import EmailMessage

    from kamplan.mail_sink import report_on

    mail = EmailMessage()
    mail["Message-ID"], mail["X-MailFrom"] = "<one@kamplan.example>", "bounces@kamplan.example"
    found = report_in(report_on(mail, "gone@aurora.example").as_bytes())
    assert found is not None and (found.message_id, found.status) == ("<one@kamplan.example>", "5.1.1")
