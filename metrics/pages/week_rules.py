"""What is worth a manager's attention this week, and in which order: pure rules over facts already read.

Each rule gives at most one item for one fact: a cause in a sentence, what is at stake a year, and how soon.
An item's place is value times urgency; nothing else.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from statistics import pstdev

from accounts.plans.renewals import call_due_since
from kamplan.formats import day, money, plural

AT_MOST = 10
A_SINGLE_ACCOUNT = 2
"""So many items of one account at most, so that one customer does not fill the page."""
ACTION_DAYS = 7
NOTICE_DAYS = 180
REVIEW_DAYS = 14
LEFT_DAYS = 120
USUAL_MONTHS = 11
NOISE_WIDTH = 3
LEAST_FALL = Decimal("0.03")
"""A fall under 3 % of the year's revenue is not worth a sentence, however quiet the account was before."""

PROMISE_PART, REQUEST_PART = Decimal("0.6"), Decimal("0.8")
"""A late promise or answer puts less at stake than a contract that can be ended."""

Day = datetime.date
ZERO = Decimal(0)


@dataclass(frozen=True)
class Stake:
    """What an account is worth a year in the reporting currency, and of which kind the amount is."""

    value: Decimal | None = None
    is_contract: bool = False

    @property
    def words(self) -> str:
        if self.value is None:
            return "no revenue yet"
        return "a year" if self.is_contract else "in 12 months"


@dataclass(frozen=True)
class Item:
    """One line of somebody's week."""

    kind: str
    pk: int
    account: int
    cause: str
    state: str
    words: str
    deed: str
    url: str = ""
    urgency: Decimal = Decimal(1)
    stake: Stake = Stake()
    stake_url: str = ""
    name: str = ""
    tier: str = ""
    action_text: str = ""
    """What a colleague would be asked to do, if it is handed on."""

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.pk}"

    @property
    def weight(self) -> tuple[Decimal, Decimal]:
        """Value times urgency; without a value only the urgency counts, behind all that has one."""
        return (self.stake.value or ZERO) * self.urgency, self.urgency


def urgency(days_left: int, horizon: int) -> Decimal:
    """1 on the day itself, towards 0.1 at the horizon; up to 2 a month after it."""
    if days_left < 0:
        return (Decimal(1) + Decimal(min(-days_left, 30)) / 30).quantize(Decimal("0.01"))
    part = Decimal(min(days_left, horizon)) / max(horizon, 1)
    return (1 - part * Decimal("0.9")).quantize(Decimal("0.01"))


def part_of(whole: Decimal, part: Decimal) -> Decimal:
    return (whole * part).quantize(Decimal("0.01"))


def due_words(days_left: int) -> tuple[str, str]:
    """State and words of a due day."""
    if days_left < 0:
        return "overdue", f"{plural(-days_left, 'day')} overdue"
    if days_left == 0:
        return "overdue", "due today"
    return "watch", f"due in {plural(days_left, 'day')}"


def sentence(text: str) -> str:
    """With a full stop, unless the text brings an end of its own."""
    text = text.strip()
    return text if text[-1:] in {".", "!", "?", "…", "”"} else f"{text}."


# ------------------------------------------------------------------------------------------------ the rules


@dataclass(frozen=True)
class Promise:
    pk: int
    account: int
    text: str
    due_on: Day
    is_theirs: bool = False


def action(fact: Promise, today: Day) -> Item | None:
    left = (fact.due_on - today).days
    if left > ACTION_DAYS:
        return None
    state, words = due_words(left)
    who = "They promised" if fact.is_theirs else "You promised"
    return Item(
        "action",
        fact.pk,
        fact.account,
        sentence(f"{who}: {fact.text}"),
        state,
        words,
        "Done",
        urgency=part_of(urgency(left, ACTION_DAYS * 2), PROMISE_PART),
        action_text=fact.text,
    )


@dataclass(frozen=True)
class KeyPerson:
    """A key person with the last day on which both sides talked; `since` where they never did."""

    pk: int
    account: int
    name: str
    role: str
    last_talk: Day | None
    since: Day
    cadence: int | None


def cold(fact: KeyPerson, notice_in: int | None, today: Day) -> Item | None:
    """Silent for longer than the rhythm of the account's tier; a near notice date makes it worse."""
    if fact.cadence is None:
        return None
    silent = (today - (fact.last_talk or fact.since)).days
    if silent <= fact.cadence:
        return None
    who = f"{fact.name}, {fact.role}," if fact.role else fact.name
    cause = f"{who} has not answered for {plural(silent, 'day')}"
    if fact.last_talk is None:
        cause = f"Nobody of us has talked with {who} yet"
    pressing = notice_in is not None and 0 <= notice_in <= NOTICE_DAYS
    if pressing and notice_in is not None:
        cause += (
            f" and notice is due in {plural(notice_in, 'day')}" if notice_in else " and notice is due today"
        )
    late = Decimal(min(silent - fact.cadence, fact.cadence)) / fact.cadence
    near = urgency(notice_in, NOTICE_DAYS) if pressing and notice_in is not None else Decimal("0.3")
    return Item(
        "cold",
        fact.pk,
        fact.account,
        f"{cause}.",
        "watch",
        f"rhythm {plural(fact.cadence, 'day')}",
        f"Call {fact.name}",
        urgency=(near + late / 2).quantize(Decimal("0.01")),
        action_text=f"Talk to {fact.name}",
    )


@dataclass(frozen=True)
class Fall:
    """A month that fell out of an account's usual ups and downs."""

    amount: Decimal
    usual: Decimal
    month: Day


def find_fall(month: Day, changes: Sequence[Decimal], year: Decimal) -> Fall | None:
    """The newest month's change of the 12-month revenue, if it is a fall beyond what the months before vary.

    `changes` are the changes from month to month, the newest last; without enough of them nothing is judged."""
    *before, newest = changes or [ZERO]
    if len(before) < USUAL_MONTHS or newest >= 0:
        return None
    usual = Decimal(repr(pstdev([float(each) for each in before]))) * NOISE_WIDTH
    if -newest <= usual or -newest < year * LEAST_FALL:
        return None
    return Fall(-newest, usual, month)


def fell(account: int, fall: Fall, currency: str) -> Item:
    amount = money(fall.amount, currency)
    return Item(
        "fell",
        account,
        account,
        f"Revenue of 12 months fell by {amount} in {fall.month:%B}, "
        f"more than its usual {money(fall.usual, currency)} either way.",
        "watch",
        f"since {day(fall.month)}",
        "See why",
        urgency=Decimal("0.5"),
        action_text=f"Find out why revenue fell by {amount} in {fall.month:%B}",
    )


def shrank(account: int, before: Decimal, now: Decimal, month: Day, currency: str) -> Item | None:
    """The yearly value of the contracts went down at the month's end: that is no noise."""
    if before <= 0 or now >= before:
        return None
    lost = money(before - now, currency)
    return Item(
        "fell",
        account,
        account,
        f"Contracts are worth {lost} a year less than a month before.",
        "watch",
        f"since {day(month)}",
        "See why",
        urgency=Decimal("0.5"),
        action_text=f"Find out what became of {lost} a year",
    )


@dataclass(frozen=True)
class Ending:
    """An undecided contract with its date of notice (or last day) and the newest call about it."""

    pk: int
    account: int
    number: str
    deadline: Day
    has_notice: bool
    call: str = ""
    call_words: str = ""
    called_on: Day | None = None


def call_is_due(fact: Ending, today: Day) -> bool:
    """At 180, 90 and 30 days a call is made anew; nearer than 90 days "don't know" is none."""
    return call_due_since(fact.deadline, today, fact.call, fact.called_on) is not None


def notice(fact: Ending, today: Day) -> Item | None:
    left = (fact.deadline - today).days
    if not call_is_due(fact, today) and left > REVIEW_DAYS:
        return None
    what = "Notice by" if fact.has_notice else "Ends on"
    said = f"your call still says “{fact.call_words}”" if fact.call else "no call is made yet"
    deed = "Make the call"
    if not call_is_due(fact, today):
        said, deed = f"contract {fact.number} is not decided", "Decide"
    state = "overdue" if left <= REVIEW_DAYS else "watch"
    words = "today" if left == 0 else f"{plural(left, 'day')} left"
    if left < 0:
        what, words = "Notice was due" if fact.has_notice else "It ended on", f"{plural(-left, 'day')} ago"
        said, deed = f"contract {fact.number} is not decided", "Decide"
    return Item(
        "notice",
        fact.pk,
        fact.account,
        f"{what} {day(fact.deadline)}; {said}.",
        state,
        words,
        deed,
        urgency=urgency(left, NOTICE_DAYS),
        action_text=f"Clear the renewal of contract {fact.number}",
    )


@dataclass(frozen=True)
class Warned:
    """The gravest open warning of an account that no other rule of the week speaks of, and how many more there are."""

    account: int
    sentence: str
    next_step: str
    is_red: bool
    since: Day
    more: int = 0


def warned(fact: Warned, today: Day) -> Item:
    others = f" {plural(fact.more, 'more warning')}." if fact.more else ""
    return Item(
        "warned",
        fact.account,
        fact.account,
        f"{sentence(fact.sentence)}{others}",
        "overdue" if fact.is_red else "watch",
        f"warned since {day(fact.since)}",
        "See the warning",
        urgency=Decimal("0.8") if fact.is_red else Decimal("0.4"),
        action_text=fact.next_step,
    )


def warmer(fact: Warned, today: Day) -> Item:
    """Good news: interest fades, so it is worth a place behind what is at risk."""
    return Item(
        "warmer",
        fact.account,
        fact.account,
        sentence(fact.sentence),
        "higher",
        f"since {day(fact.since)}",
        "See what they did",
        urgency=Decimal("0.3"),
        action_text=fact.next_step,
    )


@dataclass(frozen=True)
class Asked:
    """A customer's request that is not solved."""

    pk: int
    account: int
    number: str
    subject: str
    hours_open: int
    is_answered: bool
    answer_late: int | None = None
    """Hours past the limit of the first answer; negative before it."""
    answer_limit: int | None = None
    due_on: Day | None = None


def request(fact: Asked, today: Day) -> Item | None:
    name = f"Request {fact.number}" if fact.number else f"“{fact.subject}”"
    if not fact.is_answered:
        late = fact.answer_late is not None and fact.answer_late > 0
        limit = f", limit {span_words(fact.answer_limit)}" if fact.answer_limit is not None else ""
        days = fact.hours_open // 24
        return Item(
            "request",
            fact.pk,
            fact.account,
            f"{name} waits for its first answer.",
            "overdue" if late or days >= 2 else "watch",
            f"{span_words(fact.hours_open)}{limit}",
            "Answer",
            urgency=part_of(urgency(-max(days, 1) if late else 0, 1), REQUEST_PART),
            action_text=f"Answer {name}",
        )
    if fact.due_on is None or (fact.due_on - today).days > 2:
        return None
    left = (fact.due_on - today).days
    state, words = due_words(left)
    return Item(
        "request",
        fact.pk,
        fact.account,
        f"{name} is to be solved by {day(fact.due_on)}.",
        state,
        words,
        "Solve it",
        urgency=part_of(urgency(left, ACTION_DAYS), REQUEST_PART),
        action_text=f"Solve {name}",
    )


def span_words(hours: int | None) -> str:
    if hours is None:
        return ""
    return f"{hours} h" if hours < 72 else plural(hours // 24, "day")


@dataclass(frozen=True)
class Gone:
    """Somebody who left and has no successor."""

    pk: int
    account: int
    name: str
    role: str
    left_on: Day
    was_key: bool
    objectives: int = 0
    actions: int = 0


def left(fact: Gone, today: Day) -> Item | None:
    """Worth a line where the person counted: a key person, or something hung on them."""
    if not (fact.was_key or fact.objectives or fact.actions):
        return None
    hangs = []
    if fact.objectives:
        hangs.append(plural(fact.objectives, "objective"))
    if fact.actions:
        hangs.append(plural(fact.actions, "promise"))
    who = f"{fact.name}, {fact.role}, left" if fact.role else f"{fact.name} left"
    one = fact.objectives + fact.actions == 1
    rest = (
        f"; {' and '.join(hangs)} {'has' if one else 'have'} nobody now" if hangs else " and has no successor"
    )
    return Item(
        "left",
        fact.pk,
        fact.account,
        f"{who}{rest}.",
        "watch",
        f"since {day(fact.left_on)}",
        "Name a successor",
        urgency=Decimal("0.8"),
        action_text=f"Find a successor for {fact.name}",
    )


@dataclass(frozen=True)
class Meeting:
    """A planned review."""

    pk: int
    account: int
    title: str
    on: Day
    is_prepared: bool


def review(fact: Meeting, today: Day) -> Item | None:
    ahead = (fact.on - today).days
    if ahead < 0:
        cause, deed = f"The review of {day(fact.on)} has no notes yet.", "Say how it went"
    elif ahead <= REVIEW_DAYS and not fact.is_prepared:
        cause, deed = f"The review on {day(fact.on)} is not prepared.", "Prepare it"
    else:
        return None
    state, words = due_words(ahead)
    if ahead >= 0:
        words = "today" if ahead == 0 else f"in {plural(ahead, 'day')}"
    return Item(
        "review",
        fact.pk,
        fact.account,
        cause,
        state,
        words,
        deed,
        urgency=urgency(max(ahead, -15), REVIEW_DAYS * 2),
        action_text=f"Prepare {fact.title}",
    )


# ------------------------------------------------------------------------------------------------ the order


def with_stakes(items: Iterable[Item], stakes: Mapping[int, Stake]) -> list[Item]:
    """Each item with what its account is worth; one that knows its own value keeps it."""
    return [
        each if each.stake.value is not None else replace(each, stake=stakes.get(each.account, Stake()))
        for each in items
    ]


def ranked(items: Iterable[Item], at_most: int = AT_MOST) -> list[Item]:
    """By value times urgency; no account more than twice nor with two silent people, no more than ten."""
    found: list[Item] = []
    for each in sorted(items, key=lambda item: (-item.weight[0], -item.weight[1], item.key)):
        same = [other for other in found if other.account == each.account]
        is_second_silence = each.kind == "cold" and any(other.kind == "cold" for other in same)
        if len(same) < A_SINGLE_ACCOUNT and not is_second_silence:
            found.append(each)
    return found[:at_most]
