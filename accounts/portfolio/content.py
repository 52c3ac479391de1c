"""What belongs to an account is seen by those who see the account."""

import datetime
from typing import Any, ClassVar, Self

from django.db import models

from accounts.people.models import Role, User
from accounts.portfolio.models import Account


class ContentQuerySet(models.QuerySet[Any]):
    """Rows that lead to one account by `account_path`; `hidden_from` names roles that see none of them."""

    account_path: ClassVar[str] = "account"
    hidden_from: ClassVar[frozenset[str]] = frozenset({Role.MARKETING})

    def visible_to(self, user: User, today: datetime.date | None = None) -> Self:
        if user.role in self.hidden_from:
            return self.none()
        accounts = Account.objects.visible_to(user, today)
        return self.filter(**{f"{self.account_path}__in": accounts.order_by().values("pk")})

    def of_account(self, user: User, account: int) -> Self:
        """What this person's role may read of one account, which `visible_to` has found before."""
        if user.role in self.hidden_from:
            return self.none()
        return self.filter(**{self.account_path: account})


class DatedContentQuerySet(ContentQuerySet):
    """The same for facts that hold for some days."""

    def on(self, day: Any) -> Self:
        """The rows that hold on this day (a date or an expression)."""
        return self.filter(during__contains=day)
