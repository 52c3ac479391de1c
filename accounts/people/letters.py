"""The mails about people themselves: invitations, forgotten passwords, and notices of what changed."""

from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from accounts import outbox
from accounts.outbox import Letter, Outdated
from accounts.people import invitations
from accounts.people.models import Invitation, Message, Organisation, User

# What allauth calls its notices, in words for the person concerned.
NOTICES = {
    "account/email/password_changed": "Your password was changed",
    "account/email/password_reset": "Your password was set anew",
    "account/email/password_set": "A password was set",
    "mfa/email/totp_activated": "An authenticator app was set up",
    "mfa/email/totp_deactivated": "The authenticator app was removed",
    "mfa/email/recovery_codes_generated": "New recovery codes were made",
}


def absolute(path: str) -> str:
    return urljoin(settings.SITE_URL, path)


def render(template: str, subject: str, message: Message, **context: Any) -> Letter:
    context = {
        "subject": subject,
        "person": message.recipient,
        "organisation": Organisation.current(),
        "site_url": absolute("/"),
        **context,
    }
    return Letter(
        subject=subject,
        text=render_to_string(f"emails/{template}.txt", context),
        html=render_to_string(f"emails/{template}.html", context),
    )


@outbox.kind("invitation", resend=True)
def invitation(message: Message) -> Letter:
    found = Invitation.objects.select_related("invited_by").filter(pk=message.payload["invitation"]).first()
    if found is None or not invitations.is_open(found):
        raise Outdated("the invitation was used, replaced or has run out")
    return render(
        "invitation",
        f"Your invitation to {Organisation.current().name}",
        message,
        invitation=found,
        link=absolute(reverse("people:invitation", args=[invitations.token_to_send(found)])),
    )


@outbox.kind("password_reset", resend=True)
def password_reset(message: Message) -> Letter:
    user = message.user
    path = reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)},
    )
    return render("password_reset", "A new password", message, link=absolute(path))


@outbox.kind("notice")
def notice(message: Message) -> Letter:
    return render(
        "notice",
        NOTICES.get(message.payload["event"], "Your login was changed"),
        message,
        at=datetime.fromisoformat(message.payload["at"]).astimezone(Organisation.current().zone),
        link=absolute(reverse("account_reset_password")),
    )


def put_password_reset(user: User) -> None:
    """One mail per person and five minutes, however often it is asked for."""
    now = invitations.now()
    outbox.put("password_reset", user, f"password_reset:{user.pk}:{int(now.timestamp()) // 300}")


def put_notice(user: User, event: str) -> None:
    now = invitations.now()
    outbox.put("notice", user, f"notice:{user.pk}:{event}:{now.timestamp()}", event=event, at=now.isoformat())
