"""The links that end digests, or one kind of them: signed, without a login, without an end of their validity.

Whoever has the mail can do with them what its reader could do anyway: get less mail."""

from django.core import signing
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.people.letters import absolute
from metrics.digests.models import DigestKind, DigestSettings, Rhythm

SALT = "kamplan.digests.stop"
Stop = tuple[User, str]


def stop_url(user: User, kind: str) -> str:
    """`kind` empty: no digests at all."""
    token = signing.dumps([user.pk, str(kind)], salt=SALT)
    return absolute(reverse("digest_stop", args=[token]))


def read_stop(token: str) -> Stop | None:
    """Whose mails the link ends, and of which kind; nothing where it is not one of ours."""
    try:
        pk, kind = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    user = User.objects.filter(pk=pk).first()
    return (user, kind) if user is not None and kind in {"", *DigestKind.values} else None


@transaction.atomic
def stop(user: User, kind: str) -> None:
    """Twice is the same as once."""
    DigestSettings.objects.get_or_create(user=user)
    found = DigestSettings.objects.select_for_update().get(user=user)
    if not kind:
        found.rhythm = Rhythm.OFF
    elif kind not in found.left_out:
        found.left_out = [*found.left_out, kind]
    found.save(update_fields=["rhythm", "left_out"])
