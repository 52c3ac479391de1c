"""Sessions that know whose they are, so that a person can look at their own and end them.

`SESSION_ENGINE` names this module.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from accounts.people.models import Session, User

BROWSERS = (
    ("Edge", r"Edg(e|A|iOS)?/"),
    ("Opera", r"OPR/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrom(e|ium)/|CriOS/"),
    ("Safari", r"Safari/"),
)
SYSTEMS = (
    ("iPad", r"iPad"),
    ("iPhone", r"iPhone"),
    ("Android", r"Android"),
    ("Windows", r"Windows"),
    ("macOS", r"Mac OS X|Macintosh"),
    ("ChromeOS", r"CrOS"),
    ("Linux", r"Linux"),
)


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        made: Session = super().create_model_instance(data)  # type: ignore[assignment]
        made.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        return made


@dataclass(frozen=True)
class Login:
    """What a person is told of one of their sessions; its key stays with the browser that holds it."""

    handle: str
    browser: str
    since: datetime | None
    seen: datetime | None
    is_this: bool


def described(user_agent: str) -> str:
    """“Firefox on Linux”: enough to know one's own device again, and all that is kept of it."""
    browser = _first(BROWSERS, user_agent) or "A browser"
    system = _first(SYSTEMS, user_agent)
    return f"{browser} on {system}" if system else browser


def _first(names: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for name, pattern in names if re.search(pattern, text)), "")


def handle_of(session: Session) -> str:
    return hashlib.sha256(session.session_key.encode()).hexdigest()[:16]


def logins(user: User, this: str | None) -> list[Login]:
    """The sessions in which this person is logged in, this one first, then by their last request."""
    found = [_login(session, this) for session in Session.objects.of(user)]
    return sorted(found, key=lambda one: (not one.is_this, -(one.seen.timestamp() if one.seen else 0)))


def _login(session: Session, this: str | None) -> Login:
    data = session.get_decoded()
    return Login(
        handle_of(session),
        data.get("browser", ""),
        _moment(data.get("began")),
        _moment(data.get("seen")),
        session.session_key == this,
    )


def _moment(seconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def end(user: User, this: str | None, handle: str = "") -> int:
    """End one session of this person, or every other one; the one that asks is ended by logging out."""
    others = Session.objects.of(user).exclude(session_key=this)
    keys = [one.session_key for one in others if not handle or handle_of(one) == handle]
    Session.objects.filter(session_key__in=keys).delete()
    return len(keys)
