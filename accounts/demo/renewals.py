"""What the made-up account managers expect of renewals, and that they talk about them."""

import datetime
from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

from accounts.demo import cast
from accounts.demo.calendar import Calendar, dice, weekday
from accounts.demo.people import FEATURED, People
from accounts.demo.portfolio import Portfolio
from accounts.demo.whitespace import rounded
from accounts.engagement.models import Channel, Direction, Mood, Touch
from accounts.people.models import User
from accounts.plans.models import RenewalCall
from accounts.revenue.models import Contract
from accounts.stakeholders.models import Contact, DecisionRole, SoftFact

Day = datetime.date
Call = RenewalCall.Call

REASONS = {
    Call.RENEWS: ("the new terms are agreed in principle", "they are satisfied with the response times", ""),
    Call.SMALLER: ("two sites are closing", "they want to do the inspections themselves"),
    Call.LOST: ("Hexatron has offered a lower price",),
    Call.UNKNOWN: ("the budget talks have not begun", "the new head of purchasing wants to compare"),
}
STAGES = (180, 90, 30)
FORGOTTEN = 0.22
FIRST_CALLS = ([Call.RENEWS, Call.UNKNOWN, Call.SMALLER, Call.LOST], [48, 34, 12, 6])
LATER_CALLS = ([Call.RENEWS, Call.SMALLER, Call.LOST], [70, 20, 10])


def calls(calendar: Calendar, portfolio: Portfolio, contracts: list[Contract]) -> Iterator[RenewalCall]:
    """What was said when a renewal came within 180, 90 and 30 days; now and then nobody said anything."""
    firms = {firm.name: firm for firm in cast.FIRMS}
    for contract in contracts:
        deadline = contract.notice_date or contract.last_day
        if contract.outcome != Contract.Outcome.OPEN or deadline is None:
            continue
        random = dice("renewal calls", contract.account.name, contract.number)
        if contract.account.name == FEATURED:
            yield from featured_calls(calendar, contract, portfolio.staff.users[cast.JANA])
            continue
        for stage in STAGES:
            made_on = deadline - datetime.timedelta(days=stage - random.randint(1, 12))
            forgotten = random.random() < FORGOTTEN
            choices = FIRST_CALLS if stage == 180 else LATER_CALLS
            call = random.choices(*choices)[0]
            if made_on <= calendar.today and not forgotten:
                owner = portfolio.owner_on(firms[contract.account.name], made_on)
                yield renewal_call(random, contract, call, made_on, portfolio.staff.users[owner or cast.HEAD])


def featured_calls(calendar: Calendar, contract: Contract, author: User) -> Iterator[RenewalCall]:
    """Hopeful, and against what the rows say: nobody has written down why."""
    for days_ago, call, reason in (
        (101, Call.UNKNOWN, "their budget for next year is not written yet"),
        (10, Call.RENEWS, ""),
    ):
        made_on = calendar.in_days(-days_ago)
        yield RenewalCall(contract=contract, call=call, reason=reason, author=author, made_on=made_on)


def renewal_call(random: Random, contract: Contract, call: Call, made_on: Day, author: User) -> RenewalCall:
    smaller = rounded(contract.annual_value * Decimal("0.7")) if call == Call.SMALLER else None
    return RenewalCall(
        contract=contract,
        call=call,
        expected_value=smaller,
        reason=random.choice(REASONS[call]),
        author=author,
        made_on=made_on,
    )


# ------------------------------------------------------------------------------------------ talks about them

TALKED = 0.75
TALK_DAYS = 16
SAID = (
    "Talked about the renewal: they want the response times in writing.",
    "Lunch after the plant visit. Wants the new terms before the budget is closed.",
    "Went through the contract line by line; two sites more, one inspection less.",
    "Sees no reason to change, but procurement has to compare.",
)


class Talks:
    """Most managers have lately spoken with the sponsor of what comes up for renewal."""

    def __init__(
        self, calendar: Calendar, portfolio: Portfolio, people: People, contracts: list[Contract]
    ) -> None:
        self.touches: list[Touch] = []
        self.links: list[Any] = []
        sponsors = sponsors_of(people)
        for contract in contracts:
            name = contract.account.name
            random = dice("renewal talk", name, contract.number)
            waiting = contract.outcome == Contract.Outcome.OPEN and name != FEATURED
            if waiting and name in sponsors and random.random() < TALKED:
                day = weekday(calendar.in_days(-random.randint(2, TALK_DAYS)))
                self._talk(random, day, portfolio, sponsors[name])

    def _talk(self, random: Random, day: Day, portfolio: Portfolio, sponsor: Contact) -> None:
        at = datetime.datetime.combine(day, datetime.time(random.randint(8, 15), 30), tzinfo=datetime.UTC)
        firm = next(firm for firm in cast.FIRMS if firm.name == sponsor.account.name)
        actor = portfolio.staff.users.get(portfolio.owner_on(firm, day))
        touch = Touch(
            account=sponsor.account,
            actor=actor,
            logged_by=actor,
            logged_at=at,
            at=at,
            channel=random.choice((Channel.MEETING, Channel.VIDEO, Channel.CALL)),
            direction=Direction.TWO_WAY,
            minutes=random.choice((30, 45, 60)),
            mood=random.choice((Mood.NEUTRAL, Mood.WARM, Mood.KEEN)),
            note=random.choice(SAID),
        )
        self.touches.append(touch)
        self.links.append(Touch.contacts.through(touch=touch, contact=sponsor))


def sponsors_of(people: People) -> dict[str, Contact]:
    """The sponsor of each account that has one today."""
    found = {}
    for fact in people.facts:
        if (
            fact.kind == SoftFact.Kind.ROLE
            and fact.value == DecisionRole.SPONSOR
            and not fact.contact.left_on
        ):
            found[fact.contact.account.name] = fact.contact
    return found
