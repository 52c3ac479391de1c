"""Digital signals before the last twelve months: times of interest and times of silence, account by account."""

import datetime
from collections import defaultdict
from collections.abc import Iterator, Sequence
from random import Random

from accounts.demo import cast
from accounts.demo.calendar import Calendar, dice
from accounts.demo.cast import Firm
from accounts.demo.portfolio import began, buys
from accounts.demo.work import DAYS, SUBJECTS, Work
from accounts.engagement.models import Signal
from accounts.revenue.models import Opportunity

Day = datetime.date
GREW = {Opportunity.Kind.UPSELL, Opportunity.Kind.CROSS_SELL}
# What somebody does in a month who is interested, and in one of silence.
LIVELY = {
    "email_delivered": 3,
    "email_open": 5,
    "site_visit": 5,
    "email_reply": 1,
    "download": 1,
    "event_attended": 1,
}
SILENT = {"email_delivered": 6, "email_open": 1}
INTERESTED, BEFORE_A_PURCHASE = 0.28, 0.62
MONTHS_BEFORE = 6


def earlier_signals(calendar: Calendar, work: Work, deals: Sequence[Opportunity]) -> Iterator[Signal]:
    """Interest comes and goes for months; it comes more often where a purchase follows, but not only there."""
    grew: dict[int, list[Day]] = defaultdict(list)
    for deal in deals:
        if deal.outcome == Opportunity.Outcome.WON and deal.kind in GREW and deal.closed_on:
            grew[id(deal.account)].append(deal.closed_on)
    for firm in cast.FIRMS:
        random = dice("interest", firm.name)
        purchases = grew[id(work.portfolio.accounts[firm.name])]
        for offset, lively in phases(calendar, random, purchases):
            if calendar.month(offset) >= began(firm, calendar) and buys(firm, offset):
                yield from signals_of(calendar, work, firm, random, offset, lively)


def phases(calendar: Calendar, random: Random, purchases: Sequence[Day]) -> Iterator[tuple[int, bool]]:
    """Month by month, whether the customer is interested: for some months now and then, and before many purchases."""
    soon: set[int] = set()
    for day in purchases:
        if random.random() < BEFORE_A_PURCHASE:
            soon.update(calendar.offset(day) - before for before in range(MONTHS_BEFORE + 1))
    left, lively = 0, False
    for offset in range(calendar.months[0], -DAYS // 30 + 1):
        if not left:
            left, lively = random.randint(3, 6), random.random() < INTERESTED
        left -= 1
        yield offset, lively or offset in soon


def signals_of(
    calendar: Calendar, work: Work, firm: Firm, random: Random, offset: int, lively: bool
) -> Iterator[Signal]:
    by_code = {kind.code: kind for kind in work.kinds}
    first, last = calendar.month(offset), min(calendar.month_end(offset), calendar.in_days(-DAYS - 1))
    for code, most in (LIVELY if lively else SILENT).items():
        for _ in range(random.randint(most // 2, most)):
            day = first + datetime.timedelta(days=random.randrange(31))
            if day > last:
                continue
            known = work.known(firm, day)
            named = code != "site_visit" or random.random() < 0.4
            yield Signal(
                account=work.portfolio.accounts[firm.name],
                contact=random.choice(known) if known and named else None,
                kind=by_code[code],
                at=work.moment(day, random),
                subject=random.choice(SUBJECTS.get(code, ("Newsletter", "Prices of next year"))),
            )
