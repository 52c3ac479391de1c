"""Contracts with their terms, chained backwards from the newest one, and what was invoiced for them."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from accounts.demo import cast, plot
from accounts.demo.calendar import Calendar, weekday
from accounts.demo.money import Rates, to_step
from accounts.demo.plot import Agreement
from accounts.demo.portfolio import Portfolio
from accounts.fields import days
from accounts.periods import add_months
from accounts.revenue.models import Contract

Day = datetime.date
NOTICE_DAYS = 90
SHORTEST_TERM = datetime.timedelta(days=150)
DAYS_PENDING = 6
FIRMS = {firm.name: firm for firm in cast.FIRMS}


@dataclass
class Agreements:
    calendar: Calendar
    portfolio: Portfolio
    rates: Rates

    def contracts(self) -> list[Contract]:
        return [row for n, each in enumerate(plot.AGREEMENTS, 1) for row in self._terms(each, n)]

    def _terms(self, each: Agreement, number: int) -> list[Contract]:
        spans = list(self._spans(each))
        values = self._values(each, len(spans))
        first_year = spans[-1][0].year
        return [
            Contract(
                account=self.portfolio.accounts[each.account],
                number=f"{FIRMS[each.account].initials}-{first_year}-{number:02}",
                name=each.title,
                annual_value=values[place],
                currency=FIRMS[each.account].currency,
                notice_date=self._notice(each, place, last),
                outcome=Contract.Outcome.RENEWED if place else each.outcome,
                renewed_value=values[place - 1] if place else None,
                during=days(first, last + datetime.timedelta(days=1)),
            )
            for place, (first, last) in reversed(list(enumerate(spans)))
        ]

    def _notice(self, each: Agreement, place: int, last: Day) -> Day:
        if each.notice_in is not None and place == int(each.renewed_early):
            return self.calendar.in_days(each.notice_in)
        return last - datetime.timedelta(days=NOTICE_DAYS)

    def _spans(self, each: Agreement) -> Iterator[tuple[Day, Day]]:
        """First and last day of every term, the newest first."""
        calendar = self.calendar
        first, last = self._newest(each)
        if each.renewed_early:
            after = calendar.offset(last) + 1
            yield calendar.month(after), calendar.month_end(after + each.months - 1)
        yield first, last
        if each.first_month is not None:
            return
        while True:
            last = calendar.month_end(calendar.offset(first) - 1)
            first = max(calendar.start, calendar.month(calendar.offset(first) - each.months))
            if last - first < SHORTEST_TERM:
                return
            yield first, last

    def _newest(self, each: Agreement) -> tuple[Day, Day]:
        calendar = self.calendar
        if each.first_month is not None:
            return calendar.month(each.first_month), calendar.month_end(each.first_month + each.months - 1)
        if each.ended is not None:
            last = calendar.month_end(each.ended)
        elif each.pending:
            last = calendar.in_days(-DAYS_PENDING)
        else:
            assert each.notice_in is not None
            last = calendar.month_end(calendar.offset(calendar.in_days(each.notice_in + NOTICE_DAYS)))
        first = max(calendar.start, calendar.month(calendar.offset(last) - each.months + 1))
        return first + datetime.timedelta(days=each.days_late), last

    def _values(self, each: Agreement, count: int) -> list[Decimal]:
        """Yearly values in the customer's currency, the newest first."""
        currency = FIRMS[each.account].currency
        step = "1000" if currency == "SEK" else "100"
        found = [self.rates.in_currency(each.value * 1000, currency, self.calendar.today, step)]
        for place in range(1, count):
            ratio = each.cut if place == 1 and each.cut != 1 else 1 + each.uplift
            found.append(to_step(found[-1] / Decimal(str(ratio)), step))
        return found


def invoice_days(contract: Contract, today: Day) -> Iterator[Day]:
    """A quarter is invoiced in advance, on the first working days of the term's quarters."""
    day = contract.during.lower
    while day < contract.during.upper and day <= today:
        due = day + datetime.timedelta(days=(7 - day.weekday()) % 7 if day.weekday() > 4 else 0)
        yield due if due <= today else weekday(today)
        day = add_months(day, 3)
