"""Writes the mail of a digest when it is sent, and the record that it was."""

import functools
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import css_inline
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts import outbox
from accounts.models import Message, Organisation, User
from accounts.outbox import Letter, NothingToSay, Outdated
from accounts.people.letters import absolute
from metrics.digests.changes import Changes, changes_for
from metrics.digests.drawing import HEIGHT, WIDTH, sparkline
from metrics.digests.due import KIND
from metrics.digests.models import Digest, DigestKind, DigestSettings, Rhythm, wants
from metrics.digests.stopping import stop_url

TEST = "digest_test"
PICTURE = "trend"


@outbox.kind(KIND, bulk=True)
def digest(message: Message) -> Letter:
    """As the person may see things now. What was sent and then lost on the way is never sent again."""
    user, now = message.user, timezone.now()
    chosen = DigestSettings.of(user)
    if not wants(user) or chosen.rhythm == Rhythm.OFF:
        raise Outdated("wants no digests any more")
    period = message.payload["period"]
    changes = changes_for(user, chosen, now, period)
    if changes.is_empty:
        Digest.objects.filter(user=user, period=period).delete()
        raise NothingToSay
    Digest.objects.update_or_create(
        user=user,
        period=period,
        defaults={
            "since": changes.since,
            "until": now,
            "run": changes.run.pk if changes.run else None,
            "lines": changes.keys,
            "message": message,
        },
    )
    return letter(changes, chosen)


@outbox.kind(TEST)
def test(message: Message) -> Letter:
    """An administrator asked for it. It goes to the person themselves, is no record, and also says when it is empty."""
    user = message.user
    chosen = DigestSettings.of(user)
    asked_by = User.objects.filter(pk=message.payload["by"]).first()
    return letter(
        changes_for(user, chosen, timezone.now()), chosen, test_of=str(asked_by or "an administrator")
    )


def put_test(whom: User, by: User) -> None:
    """One a minute, however often it is asked for."""
    minute = int(timezone.now().timestamp()) // 60
    outbox.put(TEST, whom, f"digest_test:{whom.pk}:{minute}", by=by.pk)


# ------------------------------------------------------------------------------------------ the mail itself


@dataclass(frozen=True)
class Part:
    """A section as the templates show it, with the address at which this kind is left out from now on."""

    title: str
    section: Any
    stop: str


def letter(changes: Changes, chosen: DigestSettings, test_of: str = "") -> Letter:
    context = context_of(changes, chosen, test_of)
    stop = context["stop_all"]
    images = {PICTURE: sparkline(changes.headline.points)} if changes.headline else {}
    return Letter(
        subject=context["subject"],
        text=render_to_string("emails/digest.txt", context),
        html=inliner().inline(render_to_string("emails/digest.html", context)),
        headers={
            "List-Id": f"Digests of kamplan <digests.{urlsplit(settings.SITE_URL).hostname or 'localhost'}>",
            "List-Unsubscribe": f"<{stop}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        images=images,
    )


def context_of(changes: Changes, chosen: DigestSettings, test_of: str = "") -> dict[str, Any]:
    return {
        "subject": subject_of(changes, test_of),
        "changes": changes,
        "person": changes.user,
        "organisation": Organisation.current(),
        "zone": chosen.zone,
        "since": changes.since.astimezone(chosen.zone),
        "parts": [
            Part(DigestKind(each.kind).label, each, stop_url(changes.user, each.kind))
            for each in changes.sections
        ],
        "test_of": test_of,
        "rhythm": Rhythm(chosen.rhythm).label,
        "picture": PICTURE,
        "width": WIDTH,
        "height": HEIGHT,
        "site": settings.SITE_URL,
        "choose_url": absolute(reverse("metrics:digest_settings")),
        "stop_all": stop_url(changes.user, ""),
    }


def subject_of(changes: Changes, test_of: str = "") -> str:
    """Counts only: subjects stand on locked screens."""
    first = changes.sections[0] if changes.sections else None
    words = (
        "nothing changed" if first is None else f"{changes.count} change{'' if changes.count == 1 else 's'}"
    )
    if first is not None:
        words += f", first {DigestKind(first.kind).label.lower()}"
    return f"{'Test: ' if test_of else ''}Your accounts: {words}"


@functools.cache
def inliner() -> Any:
    """Puts the style sheet into the elements, and keeps what only a sheet can say: dark colours, the phone."""
    return css_inline.CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False)
