"""Exchange rates as a calm random walk, and conversions at them."""

import datetime
from bisect import bisect_right
from decimal import Decimal

from accounts.demo.calendar import Calendar, dice
from accounts.revenue.models import ExchangeRate

REPORTING = "EUR"
WORTH = {"USD": 0.92, "CHF": 1.05, "GBP": 1.17, "SEK": 0.088}
WEEKLY_CHANGE, PULL_TO_MEAN = 0.007, 0.03
WEEKS_BEFORE_START = 6


class Rates:
    """What the currencies were worth in EUR, from each Monday until the next."""

    def __init__(self, calendar: Calendar) -> None:
        self.mondays = self._mondays(calendar)
        self.worth = {currency: self._walk(currency, worth) for currency, worth in WORTH.items()}

    def _mondays(self, calendar: Calendar) -> list[datetime.date]:
        monday = calendar.today - datetime.timedelta(days=calendar.today.weekday())
        first = calendar.start - datetime.timedelta(weeks=WEEKS_BEFORE_START)
        return [monday - datetime.timedelta(weeks=n) for n in range((monday - first).days // 7, -1, -1)]

    def _walk(self, currency: str, today: float) -> list[Decimal]:
        """Walks from today backwards, so that today's rate is what `WORTH` says."""
        random, worth, found = dice("rate", currency), today, []
        for _ in self.mondays:
            found.append(Decimal(f"{worth:.6f}"))
            worth *= 1 + random.gauss(0, WEEKLY_CHANGE) + PULL_TO_MEAN * (today / worth - 1)
        return found[::-1]

    def of(self, currency: str, day: datetime.date) -> Decimal:
        if currency == REPORTING:
            return Decimal(1)
        return self.worth[currency][max(0, bisect_right(self.mondays, day) - 1)]

    def in_currency(self, euros: float, currency: str, day: datetime.date, step: str = "0.01") -> Decimal:
        return to_step(Decimal(euros) / self.of(currency, day), step)

    def in_euros(self, amount: Decimal, currency: str, day: datetime.date) -> float:
        return float(amount * self.of(currency, day))

    def rows(self) -> list[ExchangeRate]:
        return [
            ExchangeRate(currency=currency, quote=REPORTING, date=monday, rate=rate)
            for currency, rates in self.worth.items()
            for monday, rate in zip(self.mondays, rates, strict=True)
        ]


def to_step(amount: Decimal, step: str) -> Decimal:
    """The nearest multiple of `step`, as a price would be rounded."""
    return (amount / Decimal(step)).quantize(Decimal(1)) * Decimal(step)
