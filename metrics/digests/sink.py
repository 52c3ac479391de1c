"""Reads the Maildir in which the demonstration's mail server keeps what it took."""

import base64
import email
import email.policy
import mailbox
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from django.conf import settings

SHOWN = ("From", "To", "Reply-To", "Date", "Message-ID", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
         "Auto-Submitted", "X-MailFrom", "X-RcptTo")  # fmt: skip


@dataclass(frozen=True)
class Mail:
    key: str
    mail: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.mail["Subject"] or "(no subject)")

    @property
    def to(self) -> str:
        return str(self.mail["To"] or "")

    @property
    def at(self) -> Any:
        return parsedate_to_datetime(str(self.mail["Date"])) if self.mail["Date"] else None

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [(name, str(self.mail[name])) for name in SHOWN if self.mail[name]]

    @property
    def text(self) -> str:
        part = self.mail.get_body(("plain",))
        return str(part.get_content()) if part is not None else ""

    @property
    def html(self) -> str:
        """With its inline pictures inside it."""
        part = self.mail.get_body(("html",))
        html = str(part.get_content()) if part is not None else ""
        for each in self.mail.walk():
            name = str(each["Content-ID"] or "").strip("<>")
            if name and each.get_content_type() == "image/png":
                data = base64.b64encode(each.get_payload(decode=True) or b"").decode()  # type: ignore[arg-type]
                html = html.replace(f"cid:{name}", f"data:image/png;base64,{data}")
        return html


def box() -> mailbox.Maildir | None:
    folder = Path(settings.MAIL_SINK) if settings.MAIL_SINK else None
    return mailbox.Maildir(str(folder), create=False) if folder is not None and folder.is_dir() else None


def keys() -> list[str]:
    """The newest first: names of files in a Maildir begin with their second."""
    found = box()
    return sorted(found.keys(), reverse=True) if found is not None else []


def read(key: str) -> Mail | None:
    found = box()
    try:
        raw = found.get_bytes(key) if found is not None else None
    except KeyError:
        return None
    if raw is None:
        return None
    return Mail(key, email.message_from_bytes(raw, policy=email.policy.default))
