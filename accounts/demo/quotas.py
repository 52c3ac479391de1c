"""Quotas by quarter, set on the quarter's first day from what the accounts then held should bring."""

from collections.abc import Iterator
from decimal import Decimal

from accounts.demo import cast
from accounts.demo.calendar import Calendar, dice
from accounts.demo.money import to_step
from accounts.demo.orders import expected
from accounts.demo.portfolio import Portfolio
from accounts.people.models import Role
from accounts.revenue.models import Quota

STRETCH = (0.92, 1.12)
SMALLEST = 50_000


def quotas(calendar: Calendar, portfolio: Portfolio) -> Iterator[Quota]:
    starts = [offset for offset in calendar.months if calendar.month(offset).month % 3 == 1]
    for person in cast.PEOPLE:
        if person.role == Role.MANAGER:
            for offset in starts:
                if person.name != cast.LEAVER or calendar.month(offset) < portfolio.staff.leaving_day():
                    yield _quota(calendar, portfolio, person.name, offset)
    # Nothing is expected of him any more; without this row his last quota would run on.
    leaver = portfolio.staff.users[cast.LEAVER]
    yield Quota(user=leaver, starts_on=portfolio.staff.leaving_day(), amount=Decimal(0), currency="EUR")


def _quota(calendar: Calendar, portfolio: Portfolio, name: str, offset: int) -> Quota:
    day = calendar.month(offset)
    held = [firm for firm in cast.FIRMS if portfolio.owner_on(firm, day) == name]
    likely = sum(
        expected(firm, month, whole(calendar)) for firm in held for month in range(offset, offset + 3)
    )
    stretch = dice("quota", name, offset).uniform(*STRETCH)
    amount = to_step(Decimal(max(SMALLEST, likely * stretch)), "10000")
    return Quota(user=portfolio.staff.users[name], starts_on=day, amount=amount, currency="EUR")


def whole(calendar: Calendar) -> Calendar:
    """The same calendar on the current month's last day: a quota is set for whole months."""
    return Calendar(calendar.month_end(0))
