"""Reads the reports of mail servers about mails that came back (RFC 3464), and writes them down.

The reports lie in one mailbox, which `BOUNCE_MAILBOX` names: a Maildir or an IMAP folder. Only unread mails are
looked at, and each is marked as read once what it says is stored. A report is believed if it quotes the Message-ID of
a mail of ours: that is made with our key, so that only whoever had the mail can know it.
"""

import contextlib
import email
import email.policy
import imaplib
import logging
import mailbox
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message as Mail
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import transaction

from accounts.outbox import KINDS
from accounts.people.bounces import Bounce
from accounts.people.models import Message

logger = logging.getLogger(__name__)

AT_ONCE = 200
LARGEST = 2_000_000
"""Bytes; a longer mail is no report."""
TIMEOUT = 10


@dataclass(frozen=True)
class Report:
    """That one mail did not arrive: the server's code, and for good if it says 5."""

    message_id: str
    status: str

    @property
    def is_final(self) -> bool:
        return self.status.startswith("5")


@dataclass
class Found:
    read: int = 0
    reports: int = 0
    noted: int = 0


def read_mailbox(url: str = "") -> Found:
    """Everything unread in the mailbox, at most 200 mails; nothing where none is named."""
    url = url or settings.BOUNCE_MAILBOX
    found = Found()
    if not url:
        return found
    for raw in unread(url):
        found.read += 1
        report = report_in(raw)
        if report is not None:
            found.reports += 1
            found.noted += note(report)
    return found


def note(report: Report) -> bool:
    """Mark the mail and its address, and tell the mail's kind; a second report of it changes nothing."""
    with transaction.atomic():
        message = Message.objects.filter(message_id=report.message_id).first()
        if message is None or not Bounce.note(message, report.status, is_final=report.is_final):
            return False
        one = KINDS.get(message.kind)
        if one is not None and one.came_back is not None:
            one.came_back(message)
    return True


# ------------------------------------------------------------------------------------------ what a report says


def report_in(raw: bytes) -> Report | None:
    """The failure that a mail reports; nothing if it is any other mail, or reports a delay or a success."""
    if len(raw) > LARGEST:
        return None
    try:
        mail = email.message_from_bytes(raw, policy=email.policy.compat32)
        if mail.get_content_type() != "multipart/report" or not mail.is_multipart():
            return None
        status, message_id = "", ""
        for part in mail.walk():
            if part.get_content_type() == "message/delivery-status":
                status = status or failure_in(part)
            elif part.get_content_type() in {"message/rfc822", "text/rfc822-headers"}:
                message_id = message_id or original_id(part)
    except Exception as fault:  # anybody can send anything to this mailbox
        logger.warning("a returned mail could not be read (%s)", type(fault).__name__)
        return None
    return Report(message_id, status) if status and message_id else None


def failure_in(part: Mail) -> str:
    """The code of the first recipient whom the mail did not reach."""
    payload = part.get_payload()
    for block in payload if isinstance(payload, list) else []:
        if isinstance(block, Mail) and str(block.get("Action", "")).strip().lower() == "failed":
            status = str(block.get("Status", "")).strip().split(" ")[0]
            return status or "5.0.0"
    return ""


def original_id(part: Mail) -> str:
    payload = part.get_payload()
    first = payload[0] if isinstance(payload, list) else None
    headers = first if isinstance(first, Mail) else email.message_from_string(str(payload))
    return str(headers.get("Message-ID", "")).strip()


# ------------------------------------------------------------------------------------------ where they lie


def unread(url: str) -> Iterator[bytes]:
    """Mails that nobody has read; each is marked when the next one is asked for."""
    parts = urlsplit(url)
    if parts.scheme == "maildir":
        yield from in_maildir(unquote(parts.path))
    else:
        yield from in_imap(url)


def in_maildir(folder: str) -> Iterator[bytes]:
    box = mailbox.Maildir(folder, create=False)
    waiting = (key for key in box.iterkeys() if "S" not in box.get_message(key).get_flags())
    for _, key in zip(range(AT_ONCE), list(waiting), strict=False):
        yield box.get_bytes(key)
        mail = box.get_message(key)
        mail.set_subdir("cur")
        mail.add_flag("S")
        with contextlib.suppress(KeyError):
            box[key] = mail


def in_imap(url: str) -> Iterator[bytes]:
    """`imaps://user:password@host:993/INBOX`; imap:// speaks in the clear, for a server on this machine."""
    parts = urlsplit(url)
    with connected(parts.scheme, parts.hostname or "", parts.port) as server:
        server.login(unquote(parts.username or ""), unquote(parts.password or ""))
        folder = unquote(parts.path.strip("/")) or "INBOX"
        said, _ = server.select(f'"{folder}"')
        if said != "OK":
            raise LookupError("the folder of BOUNCE_MAILBOX does not exist")
        _, numbers = server.search(None, "UNSEEN")
        for number in (numbers[0] or b"").split()[:AT_ONCE]:
            # A byte more than is read tells that it is too long.
            _, fetched = server.fetch(number.decode(), f"(BODY.PEEK[]<0.{LARGEST + 1}>)")
            first = fetched[0] if fetched else None
            if isinstance(first, tuple):
                yield first[1]
            server.store(number.decode(), "+FLAGS", "\\Seen")


def connected(scheme: str, host: str, port: int | None) -> imaplib.IMAP4:
    if scheme != "imaps":
        return imaplib.IMAP4(host, port or 143, timeout=TIMEOUT)
    # Without a context of its own imaplib would give the password to any server that answers.
    return imaplib.IMAP4_SSL(host, port or 993, ssl_context=ssl.create_default_context(), timeout=TIMEOUT)
