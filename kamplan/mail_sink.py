"""The demonstration's own mail server: speaks SMTP on this machine, delivers nothing, and keeps every mail.

Mails to `gone@…` or `gone.somebody@…` are taken and returned as undeliverable, so that one can see what then happens.
"""

import asyncio
import mailbox
import signal
import sys
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path
from typing import Any

from aiosmtpd.handlers import Message as Handler
from aiosmtpd.smtp import SMTP

from kamplan.services import LOOPBACK

KEPT = 500


class Keep(Handler):
    """One Maildir for what came, another one for what is returned."""

    def __init__(self, taken: Path, returned: Path) -> None:
        super().__init__()
        self.taken, self.returned = (
            mailbox.Maildir(str(folder), create=True) for folder in (taken, returned)
        )

    def handle_message(self, message: Message) -> None:
        self.taken.add(message)
        for key in sorted(self.taken.keys())[:-KEPT]:
            self.taken.discard(key)
        for recipient in str(message["X-RcptTo"]).split(", "):
            if recipient.partition("@")[0].partition(".")[0].lower() == "gone":
                self.returned.add(report_on(message, recipient))


def report_on(message: Message, recipient: str) -> MIMEMultipart:
    """That a mail did not arrive, as mail servers say it (RFC 3464)."""
    report = MIMEMultipart("report", report_type="delivery-status")
    report["From"], report["To"] = "Mail server <MAILER-DAEMON@localhost>", str(message["X-MailFrom"])
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report.attach(MIMEText(f"Your mail to {recipient} could not be delivered: there is no such mailbox.\n"))
    status = MIMEBase("message", "delivery-status")
    whole, one = Message(), Message()
    whole["Reporting-MTA"] = "dns; localhost"
    one["Final-Recipient"], one["Action"] = f"rfc822; {recipient}", "failed"
    one["Status"], one["Diagnostic-Code"] = "5.1.1", "smtp; 550 5.1.1 no such mailbox"
    status.set_payload([whole, one])
    report.attach(status)
    headers = MIMEText("".join(f"{name}: {value}\n" for name, value in message.items()), "rfc822-headers")
    report.attach(headers)
    return report


async def serve(port: int, handler: Any) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    server = await loop.create_server(lambda: SMTP(handler, enable_SMTPUTF8=True), LOOPBACK, port)
    async with server:
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Keep(Path(sys.argv[2]), Path(sys.argv[3]))))
