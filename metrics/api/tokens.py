"""Tokens of the API: made by a person for a program, kept as a hash, with the rights of that person.

A request costs one statement: it finds the token and its person, counts the request, and says whether it was one
too many. The person's rights are read anew each time, so a role that changed holds from the next request on."""

import datetime
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User

__all__ = ["ApiToken"]

MARK = "kam_"
"""So that tools that look for secrets in files know one."""
PREFIX_LENGTH = len(MARK) + 8
A_MINUTE = 120
"""So many requests a minute and token."""
AT_ONCE = 20
"""So many working tokens has nobody more than."""


class ApiScope(models.TextChoices):
    ACCOUNTS = "accounts", "accounts and who looks after them"
    NUMBERS = "numbers", "definitions and results"
    ROWS = "rows", "the rows behind a result"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(user=user)

    def working(self) -> Self:
        return self.filter(revoked_at__isnull=True, expires_at__gt=timezone.now(), user__is_active=True)


class ApiToken(models.Model):
    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField("what for", max_length=100, help_text="As: the sheet of the controllers.")
    prefix = models.CharField(max_length=20, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=10, choices=ApiScope))
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField("last used", null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    minute_began = models.DateTimeField(null=True, editable=False)
    minute_count = models.PositiveIntegerField(default=0, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-pk"]
        verbose_name = "API token"
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("made_at"))
                & Q(expires_at__lte=F("made_at") + datetime.timedelta(days=366)),
                name="api_token_expires",
                violation_error_message="A token works for a year at most.",
            ),
            models.CheckConstraint(
                condition=Q(scopes__len__gt=0),
                name="api_token_may_something",
                violation_error_message="Choose what it may read.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def state(self) -> str:
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at <= timezone.now() else "works"


@dataclass(frozen=True)
class Caller:
    """Who asks, by which token."""

    user: User
    token: int
    scopes: frozenset[str]
    count: int
    """Requests in this minute, this one included."""
    seconds: int
    """Until the next minute begins."""

    @property
    def is_too_fast(self) -> bool:
        return self.count > A_MINUTE


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def make(user: User, name: str, scopes: Sequence[str], days: int) -> tuple[ApiToken, str]:
    """The row, and the token itself, which is given back once and stored nowhere."""
    secret = MARK + secrets.token_urlsafe(32)
    now = timezone.now()
    row = ApiToken(
        user=user, name=name, scopes=list(scopes), prefix=secret[:PREFIX_LENGTH], token_hash=hashed(secret),
        made_at=now, expires_at=now + datetime.timedelta(days=days),
    )  # fmt: skip
    row.full_clean()
    row.save()
    return row, secret


def has_enough(user: User) -> bool:
    return ApiToken.objects.visible_to(user).working().count() >= AT_ONCE


def revoke(user: User, pk: int) -> bool:
    mine = ApiToken.objects.visible_to(user).filter(pk=pk, revoked_at__isnull=True)
    return bool(mine.update(revoked_at=timezone.now()))


def caller_of(token: str) -> Caller | None:
    """Wrong, expired and revoked tokens, and those of people who left, take the same way: no row."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE metrics_apitoken t
               SET used_at = %(now)s,
                   minute_count = CASE WHEN minute_began > %(ago)s THEN minute_count + 1 ELSE 1 END,
                   minute_began = CASE WHEN minute_began > %(ago)s THEN minute_began ELSE %(now)s END
              FROM accounts_user u
             WHERE t.token_hash = %(hash)s AND t.revoked_at IS NULL AND t.expires_at > %(now)s
               AND u.id = t.user_id AND u.is_active
            RETURNING t.id, t.user_id, t.scopes, t.minute_count, t.minute_began""",
            {"now": now, "ago": now - datetime.timedelta(minutes=1), "hash": hashed(token)},
        )
        found = cursor.fetchone()
    if found is None:
        return None
    pk, user, scopes, count, began = found
    seconds = max(1, 60 - int((now - began).total_seconds()))
    return Caller(User.objects.get(pk=user), pk, frozenset(scopes), count, seconds)
