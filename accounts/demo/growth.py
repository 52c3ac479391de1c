"""What the made-up customers do not buy from us yet, and what their account managers expect of renewals."""

import datetime
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

from accounts.demo import cast
from accounts.demo.calendar import Calendar, dice, weekday
from accounts.demo.cast import Firm
from accounts.demo.money import Rates
from accounts.demo.people import FEATURED, People
from accounts.demo.portfolio import Portfolio
from accounts.engagement.models import Channel, Direction, Mood, Touch
from accounts.fields import SoftBasis
from accounts.people.models import User
from accounts.plans.models import RenewalCall, WhitespaceCell
from accounts.revenue.models import Contract, Order, OrderLine, ProductCategory
from accounts.stakeholders.models import Contact, DecisionRole, SoftFact

Day = datetime.date
Holder = WhitespaceCell.Holder
Call = RenewalCall.Call

COLUMNS = {
    "Remote diagnostics": ("Remote diagnostics",),
    "Sensors": ("Vibration sensors", "Pressure sensors"),
    "Fleet analytics": ("Fleet analytics",),
    "Service": ("Service contract", "Emergency call-out", "Inspection on site", "Calibration"),
    "Training": ("Operator training",),
    "Spare parts": ("Bearing set", "Seal kit", "Gear unit", "Filter cartridge", "Pump head"),
    "Retrofit kits": ("Retrofit kit, small", "Retrofit kit, large", "Frequency drive", "Control cabinet"),
    "Modernisation": ("Line modernisation", "Energy recovery unit"),
}
COLUMN_OF = {product: column for column, products in COLUMNS.items() for product in products}
FAMILY_OF = {product: family for family, products in cast.CATALOGUE.items() for product in products}


def categories() -> dict[str, ProductCategory]:
    return {
        name: ProductCategory(name=name, whitespace_position=place) for place, name in enumerate(COLUMNS, 1)
    }


def usual(firm: Firm, product: str) -> str:
    """What this customer buys instead: of each family only some products, so that others stay to be sold."""
    family = FAMILY_OF[product]
    if family == "Spare parts":
        return product
    choices = [name for name in sorted(cast.CATALOGUE[family]) if name != "Service contract"]
    random = dice("range", firm.name, family)
    kept = random.sample(choices, random.choice((1, 2, 2, 3)))
    return product if product in kept else kept[choices.index(product) % len(kept)]


# ---------------------------------------------------------------------------------------------- whitespace

RIVALS = ("Hexatron", "Brandt & Söhne", "Kessler Industrie", "Norvane", "Hexatron")
OWN_STAFF = ("own staff", "own workshop", "maintenance team")
STEPS = (
    "show the reference plant",
    "ask for last year’s volumes",
    "offer a trial on one line",
    "meet the head of maintenance",
    "wait for the budget round",
)
NOTED = {cast.JANA: 0.8, cast.TOMASZ: 0.7}
USUALLY_NOTED = 0.45
YEAR = datetime.timedelta(days=365)


def cells(
    calendar: Calendar,
    portfolio: Portfolio,
    rates: Rates,
    columns: dict[str, ProductCategory],
    lines: list[OrderLine],
) -> list[WhitespaceCell]:
    won = yearly(calendar, lines)
    found = []
    for firm in cast.FIRMS:
        for name, category in columns.items():
            random = dice("whitespace", firm.name, name)
            if random.random() < NOTED.get(firm.owner, USUALLY_NOTED):
                bought = won.get((firm.name, name), Decimal(0))
                found.append(cell(random, calendar, portfolio, rates, firm, category, bought))
    return found


def yearly(calendar: Calendar, lines: list[OrderLine]) -> dict[tuple[str, str], Decimal]:
    """What each customer bought of each column within a year, in the customer's currency."""
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in lines:
        order: Order = line.order
        if order.account and line.product and order.date > calendar.today - YEAR:
            found[order.account.name, COLUMN_OF[line.product.name]] += line.amount
    return found


def cell(
    random: Random,
    calendar: Calendar,
    portfolio: Portfolio,
    rates: Rates,
    firm: Firm,
    category: ProductCategory,
    bought: Decimal,
) -> WhitespaceCell:
    noted_on = calendar.in_days(-random.choice((6, 19, 40, 75, 110, 160, 230, 300, 430)))
    holder = Holder.US if bought > 0 else random.choices(*OTHERS)[0]
    asked = random.random() < SPEND_KNOWN[holder]
    guess = max(firm.level, 150) * 1000 * random.uniform(0.02, 0.12)
    spend = bought * Decimal(str(round(random.choice((1.0, 1.15, 1.3, 1.6, 2.1)), 2)))
    until = calendar.in_days(random.randint(120, 900)).replace(day=1)
    author = portfolio.staff.users[portfolio.owner_on(firm, noted_on) or firm.owner]
    return WhitespaceCell(
        account=portfolio.accounts[firm.name],
        category=category,
        holder=holder,
        holder_name=random.choice(NAMES.get(holder, ("",))),
        held_until=until if holder == Holder.COMPETITOR and random.random() < 0.5 else None,
        yearly_spend=(
            rounded(spend)
            if bought > 0 and asked
            else rates.in_currency(guess, firm.currency, noted_on, "1000")
            if asked
            else None
        ),
        currency=firm.currency,
        next_step=random.choice(STEPS) if holder != Holder.NOT_NEEDED and random.random() < 0.2 else "",
        basis=SoftBasis.CONFIRMED if random.random() < 0.35 else SoftBasis.ASSUMED,
        author=author,
        noted_on=noted_on,
    )


OTHERS = (
    [Holder.COMPETITOR, Holder.IN_HOUSE, Holder.NOT_NEEDED, Holder.UNKNOWN],
    [46, 18, 18, 18],
)
SPEND_KNOWN = {
    Holder.US: 0.7,
    Holder.COMPETITOR: 0.75,
    Holder.IN_HOUSE: 0.4,
    Holder.NOT_NEEDED: 0.0,
    Holder.UNKNOWN: 0.8,
}
NAMES = {Holder.COMPETITOR: RIVALS, Holder.IN_HOUSE: OWN_STAFF}


def rounded(amount: Decimal) -> Decimal:
    return (amount / 1000).quantize(Decimal(1)) * 1000


# ------------------------------------------------------------------------------------------------ renewals

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
