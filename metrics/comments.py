"""Comments on a number by whom it belongs to: dated, added to, never changed."""

from collections.abc import Iterable
from typing import Self

import pgtrigger
from django.core import signing
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Account, Assignment, Role, Team, User
from accounts.periods import Day, Period
from accounts.way_back import UNDO_SECONDS
from metrics.access import sees_everything
from metrics.models import Scope

__all__ = ["Comment"]

SALT = "kamplan.comment"


class CommentQuerySet(models.QuerySet["Comment"]):
    def about(self, kpi: str, scope: str, key: int | None) -> Self:
        """Those on one number of one scope, of every period."""
        return self.filter(kpi=kpi, scope=scope, key=key)

    def during(self, period: Period) -> Self:
        return self.filter(starts=period.start, ends=period.end)


class Comment(models.Model):
    """What the owner of a score says about one result of it.

    Whoever may see the number may read it: a page asks for that right before it asks for comments."""

    kpi = models.CharField("number", max_length=50)
    scope = models.CharField(max_length=10, choices=Scope)
    key = models.BigIntegerField(null=True, blank=True)
    starts = models.DateField()
    ends = models.DateField(help_text="First day after the period.")
    text = models.CharField(max_length=1000)
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    written_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ["-written_at", "-pk"]
        indexes = [models.Index(fields=["scope", "key", "kpi", "-ends"], name="comment_of_number")]
        constraints = [
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="comment_period"),
            models.CheckConstraint(condition=~Q(text=""), name="comment_says_something"),
        ]
        triggers = [pgtrigger.Protect(name="comment_never_changes", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return self.text


def may_comment(user: User, scope: str, key: int | None, today: Day) -> bool:
    """A person on their own numbers, a lead on those of the teams they lead, an account's owner on its own, a
    head on everything that belongs to none of them."""
    if scope == Scope.OWNER and key is not None:
        return key == user.pk and user.role in {Role.MANAGER, Role.LEAD, Role.HEAD}
    if scope == Scope.TEAM and key is not None:
        return user.role == Role.LEAD and Team.objects.filter(pk=key, lead=user).exists()
    if scope == Scope.ACCOUNT and key is not None:
        owned = Assignment.objects.filter(account=key, user=user, role="owner", during__contains=today)
        return Account.objects.visible_to(user, today).filter(pk__in=owned.values("account")).exists()
    return user.role == Role.HEAD and sees_everything(user)


@transaction.atomic
def comment(user: User, kpi: str, scope: str, key: int | None, period: Period, text: str) -> Comment:
    written = Comment(
        kpi=kpi,
        scope=scope,
        key=key,
        starts=period.start,
        ends=period.end,
        text=text,
        author=user,
    )
    written.full_clean()
    written.save()
    return written


def way_back(written: Comment) -> str:
    return signing.dumps([written.pk, written.author_id], salt=SALT)


def take_back(user: User, token: str) -> bool:
    """The author may withdraw what was written a moment ago; later it stays."""
    try:
        pk, author = signing.loads(token, salt=SALT, max_age=UNDO_SECONDS)
    except signing.BadSignature:
        return False
    return author == user.pk and bool(Comment.objects.filter(pk=pk, author=user).delete()[0])


def counts(scope: str, key: int | None, period: Period, kpis: Iterable[str]) -> dict[str, int]:
    """How many comments each of these numbers has, by one statement."""
    found = Comment.objects.filter(scope=scope, key=key, kpi__in=list(kpis)).during(period)
    return dict(found.order_by().values_list("kpi").annotate(models.Count("pk")))
