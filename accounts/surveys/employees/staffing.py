"""Attrition: those who left in a year against the people there were on average. No names, the company only."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from accounts.people.headcount import Headcount, Leaver
from accounts.people.models import User
from accounts.periods import add_months


@dataclass(frozen=True)
class Attrition:
    leavers: int
    average: Decimal
    first: datetime.date
    until: datetime.date

    @property
    def percent(self) -> Decimal | None:
        return 100 * self.leavers / self.average if self.average else None


def attrition_for(user: User, today: datetime.date) -> Attrition | None:
    """Of the 12 months to yesterday; nothing for whom it is not, or where nobody counted heads."""
    first = min(add_months(today, -12).replace(day=1), today)
    first = first + datetime.timedelta(days=min(today.day, 28) - 1)
    counted = Headcount.objects.visible_to(user).filter(on__lt=today).order_by("team_id", "on")
    average = average_headcount(counted.values_list("team_id", "on", "number"), first, today)
    if not average:
        return None
    left = Leaver.objects.visible_to(user).filter(left_on__gte=first, left_on__lt=today)
    left = left.exclude(reason=Leaver.Reason.MOVED)
    return Attrition(left.count(), average, first, today)


def average_headcount(
    counted: Iterable[tuple[int, datetime.date, Decimal]], first: datetime.date, until: datetime.date
) -> Decimal:
    """The mean over the days `[first, until)`; each team keeps a number until its next one."""
    by_team: defaultdict[int, list[tuple[datetime.date, Decimal]]] = defaultdict(list)
    for team, on, number in counted:
        by_team[team].append((on, number))
    person_days = Decimal(0)
    for numbers in by_team.values():
        ends = [on for on, _ in numbers[1:]] + [until]
        for (begins, number), ends_on in zip(numbers, ends, strict=True):
            days = (min(ends_on, until) - max(begins, first)).days
            person_days += number * max(days, 0)
    days = (until - first).days
    return person_days / days if days else Decimal(0)
