"""Days relative to the day on which the demonstration company is made."""

import datetime
from random import Random
from typing import NamedTuple

from accounts.periods import add_months, last_day_of_month

HISTORY_YEARS = 3


def weekday(day: datetime.date) -> datetime.date:
    """The day itself, or the Friday before it."""
    return day - datetime.timedelta(days=max(0, day.weekday() - 4))


class Calendar(NamedTuple):
    today: datetime.date

    @property
    def start(self) -> datetime.date:
        """The first day that has facts: three whole calendar years before this one."""
        return datetime.date(self.today.year - HISTORY_YEARS, 1, 1)

    @property
    def months(self) -> range:
        """Every month with facts, counted from the current one, which is 0."""
        return range(1 - HISTORY_YEARS * 12 - self.today.month, 1)

    @property
    def years(self) -> float:
        return (self.today - self.start).days / 365.25

    def month(self, offset: int) -> datetime.date:
        return add_months(self.today, offset)

    def month_end(self, offset: int) -> datetime.date:
        return last_day_of_month(self.month(offset))

    def offset(self, day: datetime.date) -> int:
        return (day.year - self.today.year) * 12 + day.month - self.today.month

    def in_days(self, days: int) -> datetime.date:
        return self.today + datetime.timedelta(days=days)

    def working_days(self, offset: int) -> list[datetime.date]:
        """Mondays to Fridays of a month, up to today."""
        first, last = self.month(offset), min(self.month_end(offset), self.today)
        every = (first + datetime.timedelta(days=n) for n in range((last - first).days + 1))
        return [day for day in every if day.weekday() < 5]

    def elapsed(self, offset: int) -> float:
        """Which share of the month has passed; 1 for every month before the current one."""
        return 1.0 if offset else self.today.day / self.month_end(0).day


def dice(*subject: object, draw: str = "") -> Random:
    """Random numbers of one subject, so that a change to one account leaves the others as they were."""
    return Random(f"{draw}halden/" + "/".join(str(part) for part in subject))
