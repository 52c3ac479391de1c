"""A person's saved views of the portfolio, and the way back after one was removed."""

from typing import Any

from django.core import signing

from accounts.people.models import User
from accounts.portfolio.models import SavedFilter
from accounts.way_back import UNDO_SECONDS

SALT = "kamplan.saved-filter"


def saved_context(user: User, query: str) -> dict[str, Any]:
    """The strip of saved views, and which of them is on the page."""
    saved = list(SavedFilter.objects.filter(user=user))
    return {
        "saved": saved,
        "current": next((each for each in saved if each.query == query), None),
        "query_now": query,
    }


def way_back(saved: SavedFilter) -> str:
    return signing.dumps([saved.user_id, saved.name, saved.query], salt=SALT)


def restore(user: User, token: str) -> bool:
    """Put a removed view back; a stale or foreign token changes nothing."""
    try:
        owner, name, query = signing.loads(token, salt=SALT, max_age=UNDO_SECONDS)
    except signing.BadSignature:
        return False
    if owner != user.pk:
        return False
    SavedFilter.objects.get_or_create(user=user, name=name, defaults={"query": query})
    return True
