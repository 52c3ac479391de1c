"""What the kinds of a digest share: who reads it over which time, and how a line is made."""

import datetime
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from accounts.models import Account, Organisation, Role, User
from accounts.periods import Day
from metrics.models import Run


@dataclass(frozen=True)
class Line:
    """One thing that changed, in a sentence, with the page that says more."""

    key: str
    text: str
    url: str
    account: str = ""
    mark: str = ""
    note: str = ""


@dataclass
class Reader:
    """Somebody and the time their digest covers; days are the organisation's."""

    user: User
    organisation: Organisation
    since: datetime.datetime
    until: datetime.datetime
    run: Run | None

    @property
    def today(self) -> Day:
        return self.until.astimezone(self.organisation.zone).date()

    @property
    def first_day(self) -> Day:
        return self.since.astimezone(self.organisation.zone).date()

    @property
    def is_manager(self) -> bool:
        return self.user.role == Role.MANAGER

    @cached_property
    def accounts(self) -> Any:
        """Those that a manager owns; a lead's teams', a head's all. Asks nothing by itself."""
        rows = Account.objects.visible_to(self.user, self.today).active()
        if self.is_manager:
            held = self.user.assignments.filter(role="owner", during__contains=self.today)
            rows = rows.filter(pk__in=held.values("account"))
        return rows.order_by().values("pk")
