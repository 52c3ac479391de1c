"""Sends what stands in the outbox (`Message`): at most once, unless a kind asks for one more try.

A request writes a row and never waits for SMTP. The sender commits `sending` before it speaks to the
server and `sent` after it; whoever dies in between leaves a row that the sweep calls `unknown`: perhaps sent.
What comes back later is read by `accounts.bounces`.
"""

import datetime
import logging
import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.mime.image import MIMEImage
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.people.bounces import Bounce
from accounts.people.models import Message, User
from kamplan.waking import wake

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 8
# Longer than any task may run: whoever claimed a row before that is dead.
DEAD_AFTER = datetime.timedelta(minutes=5)
FIRST_PAUSE = datetime.timedelta(minutes=1)


@dataclass(frozen=True)
class Letter:
    """A finished mail."""

    subject: str
    text: str
    html: str = ""
    reply_to: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    images: dict[str, bytes] = field(default_factory=dict)
    """PNG files that the HTML shows, by the name after `cid:`."""


class InlineMail(EmailMultiAlternatives):
    """Its files belong to the HTML; as `mixed` some mail programs would list them as attachments."""

    mixed_subtype = "related"


class Outdated(Exception):
    """There is no reason any more to send this message."""


class NothingToSay(Exception):
    """The message would be empty: it goes without a trace, for nobody ever waited for it."""


Told = Callable[[Message], None]


@dataclass(frozen=True)
class Kind:
    """Writes the letter when it is sent; `resend`: one more try when the first one perhaps arrived.

    `settled` is told when the mail server took a message, or refused it for good; `came_back` when one that was
    taken was returned. A `bulk` mail waits until all others are sent, and goes to no address that returns mails."""

    write: Callable[[Message], Letter]
    resend: bool = False
    bulk: bool = False
    settled: Told | None = None
    came_back: Told | None = None


KINDS: dict[str, Kind] = {}


def kind(
    name: str,
    *,
    resend: bool = False,
    bulk: bool = False,
    settled: Told | None = None,
    came_back: Told | None = None,
) -> Callable[[Callable[[Message], Letter]], Callable[[Message], Letter]]:
    """Declare the function that writes the letters of this kind."""

    def declare(write: Callable[[Message], Letter]) -> Callable[[Message], Letter]:
        KINDS[name] = Kind(write, resend, bulk, settled, came_back)
        return write

    return declare


def put(kind_name: str, recipient: User, dedup_key: str, **payload: Any) -> None:
    """Put one message into the outbox, in the caller's transaction; the same key again changes nothing."""
    put_all([Message(kind=kind_name, recipient=recipient, dedup_key=dedup_key, payload=payload)])


def put_all(messages: list[Message]) -> None:
    """The same for many, also for people at customers."""
    Message.objects.bulk_create(messages, ignore_conflicts=True, batch_size=1000)
    transaction.on_commit(lambda: wake("accounts.tasks.send_outbox"))


def send_waiting(seconds: float = 60) -> int:
    """Sweep, then send what is due until nothing is left or the time is up; returns how many were sent."""
    sweep()
    connection = get_connection()
    deadline = time.monotonic() + seconds
    sent = 0
    try:
        while time.monotonic() < deadline and (message := claim()) is not None:
            sent += send(message, connection)
    finally:
        connection.close()
    return sent


def sweep() -> None:
    """Sort out what a dead sender left behind."""
    dead = timezone.now() - DEAD_AFTER
    Message.objects.filter(state=Message.State.SENDING, claimed_at__lt=dead).update(
        state=Message.State.UNKNOWN
    )
    again = [name for name, one in KINDS.items() if one.resend]
    Message.objects.filter(state=Message.State.UNKNOWN, kind__in=again, resent=False).update(
        state=Message.State.NEW, resent=True
    )


def claim() -> Message | None:
    """Take the oldest due message; nobody else gets it, and the claim outlives this process."""
    bulk = Q(kind__in=[name for name, one in KINDS.items() if one.bulk])
    with transaction.atomic():
        due = Message.objects.filter(state=Message.State.NEW, due_at__lte=timezone.now()).order_by(
            ExpressionWrapper(bulk, BooleanField()), "due_at", "pk"
        )
        message = due.select_for_update(skip_locked=True, of=("self",)).first()
        if message is None:
            return None
        message.state = Message.State.SENDING
        message.attempts += 1
        message.claimed_at = timezone.now()
        message.message_id = message_id(message)
        message.save(update_fields=["state", "attempts", "claimed_at", "message_id"])
    return message


def message_id(message: Message) -> str:
    """The same at every attempt, so that a mail server can tell a second copy; and nobody can guess it, since a
    report that a mail came back is believed by it."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip("> ") or "localhost"
    secret = salted_hmac("accounts.outbox", message.dedup_key, algorithm="sha256").hexdigest()
    return f"<{secret[:32]}@{domain}>"


def send(message: Message, connection: BaseEmailBackend) -> bool:
    """Send one claimed message and note how it went."""
    try:
        mail = _mail(message, connection)
    except NothingToSay:
        message.delete()
        return False
    except Outdated as reason:
        return _note(message, Message.State.FAILED, str(reason), tell=False)
    except Exception as fault:  # a letter that cannot be written must not stop the others
        logger.exception("message %s could not be written", message.pk)
        words = f"could not be written: {type(fault).__name__}"
        return _note(message, Message.State.FAILED, words, tell=False)
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as fault:
        return _later(message, fault)
    try:
        connection.send_messages([mail])
    except smtplib.SMTPServerDisconnected as fault:
        connection.close()
        return _note(message, Message.State.UNKNOWN, _words(fault))
    except smtplib.SMTPException as fault:
        # The server answered, so it has not taken the mail.
        connection.close()
        return _later(message, fault)
    except OSError as fault:
        connection.close()
        return _note(message, Message.State.UNKNOWN, _words(fault))
    message.sent_at = timezone.now()
    _note(message, Message.State.SENT)
    return True


def _mail(message: Message, connection: BaseEmailBackend) -> EmailMultiAlternatives:
    recipient = message.recipient
    if recipient is not None and not recipient.is_active and message.kind != "invitation":
        raise Outdated("the recipient may not log in any more")
    one = KINDS[message.kind]
    if one.bulk and Bounce.objects.current().of(message.address).exists():
        raise Outdated("mails to this address came back")
    letter = one.write(message)
    mail = InlineMail(
        subject=" ".join(letter.subject.split()),
        body=letter.text,
        # The envelope's sender, to which mail servers return what they cannot deliver.
        from_email=settings.BOUNCE_ADDRESS or settings.DEFAULT_FROM_EMAIL,
        to=[message.address],
        reply_to=[letter.reply_to] if letter.reply_to else None,
        headers={
            **letter.headers,
            "From": settings.DEFAULT_FROM_EMAIL,
            "Message-ID": message.message_id,
            "Auto-Submitted": "auto-generated",
        },
        connection=connection,
    )
    if letter.html:
        mail.attach_alternative(letter.html, "text/html")
    for name, png in letter.images.items():
        image = MIMEImage(png, "png")
        image["Content-ID"] = f"<{name}>"
        image["Content-Disposition"] = f'inline; filename="{name}.png"'
        mail.attach(image)
    return mail


def _later(message: Message, fault: Exception) -> bool:
    """Certainly not sent: try again after a pause, unless the server said never or it was too often."""
    final = isinstance(fault, smtplib.SMTPResponseException) and fault.smtp_code >= 500
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        final = all(code >= 500 for code, _ in fault.recipients.values())
        if final:
            code = next(iter(fault.recipients.values()))[0]
            Bounce.note(message, f"{code}", is_final=True)
    if final or message.attempts >= MOST_ATTEMPTS:
        return _note(message, Message.State.FAILED, _words(fault))
    message.due_at = timezone.now() + FIRST_PAUSE * 2 ** (message.attempts - 1)
    return _note(message, Message.State.NEW, _words(fault))


def _note(message: Message, state: str, error: str = "", *, tell: bool = True) -> bool:
    message.state = state
    message.error = error[:300]
    message.save(update_fields=["state", "error", "due_at", "sent_at"])
    settled = KINDS[message.kind].settled if message.kind in KINDS else None
    if tell and settled is not None and state in {Message.State.SENT, Message.State.FAILED}:
        settled(message)
    return False


def _words(fault: Exception) -> str:
    # The class and the code; a server's own words may repeat the address.
    code = getattr(fault, "smtp_code", "")
    return f"{type(fault).__name__} {code}".strip()
