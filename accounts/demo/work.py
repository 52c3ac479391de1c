"""The daily work of the demonstration company: touches, promises, requests, digital signals. All made up."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from accounts.demo import cast, plot
from accounts.demo.calendar import Calendar, dice, weekday
from accounts.demo.cast import Firm
from accounts.demo.people import FEATURED, RICH, People
from accounts.demo.portfolio import Portfolio, began, buys
from accounts.engagement.models import (
    Action,
    Channel,
    Department,
    Direction,
    InternalRequest,
    Mood,
    Request,
    Signal,
    SignalKind,
    SignalWeight,
    Touch,
)
from accounts.engagement.reference import signal_rows
from accounts.people.models import User
from accounts.stakeholders.models import Contact

Day = datetime.date
DAYS = 365
# Touches in twelve months, by tier, beside the talks in its rhythm.
A_YEAR = {"A": 16, "B": 13, "C": 6}
REQUESTS = {"A": 7, "B": 4, "C": 2}
SIGNALS = {"A": 260, "B": 160, "C": 90}
CHANNELS = {Channel.CALL: 34, Channel.MEETING: 17, Channel.VIDEO: 20, Channel.MAIL: 24, Channel.MESSAGE: 5}
MINUTES = {Channel.CALL: (10, 15, 20, 30), Channel.MEETING: (60, 90, 120), Channel.VIDEO: (30, 45, 60)}

TALKS = (
    "Went through the open points of the last review; {topic} is what they care about now.",
    "Asked how {topic} went. Better than expected, but the plant manager still wants figures.",
    "Budget for next year is being written now. {topic} stands in it, without an amount yet.",
    "They compare us with two others on {topic}. Price is not the point, delivery time is.",
    "Complained about the delivery of last month; wants one person to call when something is late.",
    "Happy with the service team. Would give a reference once {topic} runs for half a year.",
    "Talked about {topic}. Decision has to go through procurement, who asked for three references.",
    "The new plant manager wants everything explained again. Offered a visit on site.",
    "Short call before their board meeting: needs one page on {topic} that a board can read.",
    "Pilot of {topic} is delayed by two weeks, their IT has no time before the audit.",
    "Asked for the prices of next year. Said that they come after our own round in December.",
    "Discussed who else should know us: wants to introduce us to the head of maintenance.",
)
LETTERS = (
    "Sent the figures on {topic} and asked for a date. No answer yet.",
    "Sent the minutes with who does what until when.",
    "Asked whether the order of {topic} can still be changed.",
    "Forwarded the invitation to the customer day; they come with three people.",
    "Sent the draft of the framework agreement, legal reads.",
)
INCOMING = (
    "Asked for a new delivery date.",
    "Wants an offer for {topic} by the end of the month.",
    "Wrote that the audit found nothing; thanks to the service team.",
    "Asked who replaces our technician in the holidays.",
)
TOPICS = {
    cast.SHIPS: ("remote diagnostics", "dry-dock days", "spare parts on board"),
    cast.MACHINES: ("predictive maintenance", "the second line", "energy per piece"),
    cast.TRANSPORT: ("availability of the fleet", "the depot", "passenger counting"),
    cast.FOOD: ("hygiene audits", "the cold line", "changeover times"),
    cast.INSTRUMENTS: ("calibration", "the clean room", "batch records"),
    cast.LOGISTICS: ("crane availability", "the night shift", "yard planning"),
    cast.ENERGY: ("maintenance windows", "the substation", "ice on the blades"),
    cast.FINANCE: ("the data centre", "emergency power", "audit trails"),
}
PROMISES = (
    "Send the figures on {topic}",
    "Name one contact for late deliveries",
    "Offer for {topic}",
    "Bring a reference from the same industry",
    "Introduce the new service lead",
    "Send the price list of next year",
    "Check with engineering whether {topic} can start in spring",
    "Invite them to the customer day",
)
OWED = (
    "List of plants for next year",
    "Signed minutes of the last review",
    "Name of the new head of IT",
    "Figures of the last quarter on {topic}",
    "Date with their procurement",
)
ASKED = (
    (
        "Firmware rollback at one site",
        "After the update two controllers restart at night.",
        "Rolled back, cause found",
    ),
    ("Spare part not on the list", "The pump seal of 2019 is not in the catalogue.", "Part found and sent"),
    ("Invoice with the wrong cost centre", "Please write it to the new cost centre.", "New invoice sent"),
    ("Certificate for the audit", "The auditor wants the certificate of the materials.", "Certificate sent"),
    ("Access for a new colleague", "Needs an account for the portal.", "Account opened"),
    ("Delivery later than promised", "Two pallets are missing since Monday.", "Delivered, carrier changed"),
    ("Question on the warranty", "Does it also hold for the used unit?", "Confirmed in writing"),
    ("Training for the night shift", "Twelve people, German and English.", "Two dates agreed"),
)
# Open on every day: account, asked and answered so many days and hours ago, to be solved in so many days, what
# (a place in ASKED), and what which department was asked for until when.
WAITING: tuple[tuple[str, int, int | None, int, int, tuple[str, str, int] | None], ...] = (
    ("Aalto Instruments Oy", 1, None, 4, 3, None),
    ("Nordlys Offshore AS", 6, 3, -1, 0, ("Engineering", "Cause and plan", -2)),
    ("Tessellate Robotics Ltd", 2, 1, 3, 5, ("Logistics", "Date that holds", 1)),
    ("Bertolani Pompe Srl", 1, None, 5, 7, None),
)
DEPARTMENTS = ("Service", "Engineering", "Logistics", "Finance", "Legal")
VISITS = ("Product page", "Prices", "References", "Maintenance guide", "Careers")
KIND_SHARES = {
    "email_delivered": 120,
    "email_open": 36,
    "email_reply": 6,
    "site_visit": 26,
    "download": 6,
    "demo_request": 1,
    "event_invited": 8,
    "event_attended": 3,
    "social": 4,
}
SUBJECTS = {
    "site_visit": VISITS,
    "download": ("White paper: maintenance by condition", "Data sheet", "Reference story"),
    "event_invited": ("Customer day", "Trade fair"),
    "event_attended": ("Customer day", "Trade fair"),
}


@dataclass
class Work:
    calendar: Calendar
    portfolio: Portfolio
    people: People
    touches: list[Touch] = field(default_factory=list)
    links: list[Any] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    internal: list[InternalRequest] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.kinds, self.weights = signal_rows(SignalKind, SignalWeight)
        self.departments = [Department(name=name, position=n) for n, name in enumerate(DEPARTMENTS, 1)]
        for firm in cast.FIRMS:
            random = dice("work", firm.name)
            self._touches(firm, random)
            self._promises(firm, random)
            self._requests(firm, random)
            self._signals(firm, random)
        self._waiting()
        self._featured()

    def batches(self) -> Iterator[Sequence[Any]]:
        yield self.kinds
        yield self.weights
        yield self.departments
        yield self.touches
        yield self.links
        yield self.actions
        yield self.requests
        yield self.internal
        yield self.signals

    # --- people and moments

    def _user(self, firm: Firm, day: Day) -> User | None:
        return self.portfolio.staff.users.get(self.portfolio.owner_on(firm, day))

    def moment(self, day: Day, random: Random) -> datetime.datetime:
        hour, minute = random.randint(7, 15), random.choice((0, 10, 15, 30, 40, 45))
        return datetime.datetime.combine(day, datetime.time(hour, minute), tzinfo=datetime.UTC)

    def known(self, firm: Firm, day: Day) -> list[Contact]:
        account = self.portfolio.accounts[firm.name]
        return (
            [
                each
                for each in self.people.contacts
                if each.account is account
                and not each.is_placeholder
                and each.since <= day
                and (each.left_on is None or day < each.left_on)
            ]
            if firm.name == FEATURED
            else [each for each in self.people.of[firm.name] if each.since <= day]
        )

    def _topic(self, firm: Firm, random: Random, text: str) -> str:
        said = text.format(topic=random.choice(TOPICS[firm.industry]))
        return said[0].upper() + said[1:]

    # --- touches

    def _touches(self, firm: Firm, random: Random) -> None:
        number = A_YEAR[firm.tier] if firm.owner in RICH else A_YEAR[firm.tier] * 2 // 3
        if firm.name in plot.LOST:
            number //= 3
        silent = 12 if firm.name == FEATURED else plot.GONE_QUIET.get(firm.name, 0)
        for ago in sorted((random.randint(silent + 1, DAYS) for _ in range(number)), reverse=True):
            day = weekday(self.calendar.in_days(-ago))
            if day >= began(firm, self.calendar):
                self._touch(firm, random, day)
        self._rhythm(firm, dice("rhythm", firm.name), silent)
        if firm.owner in RICH and firm.name not in plot.LOST and random.random() < 0.5:
            day = weekday(self.calendar.in_days(random.randint(4, 16)))
            if day > self.calendar.today:
                self._touch(firm, random, day, planned=True)

    def _rhythm(self, firm: Firm, random: Random, silent: int) -> None:
        """Calls within the rhythm of the tier, as long as they are a customer; they stopped where it went quiet."""
        if firm.name in plot.LOST:
            return
        ago = silent or random.randint(1, cast.TIERS[firm.tier] // 2)
        while ago < DAYS:
            day = weekday(self.calendar.in_days(-ago))
            if day >= began(firm, self.calendar):
                self._touch(firm, random, day, channel=random.choice((Channel.CALL, Channel.VIDEO)))
            ago += max(round(cast.TIERS[firm.tier] * random.uniform(0.5, 0.9)), 1)

    def _touch(
        self, firm: Firm, random: Random, day: Day, planned: bool = False, channel: Channel | None = None
    ) -> None:
        usual = Channel.MEETING if planned else random.choices(list(CHANNELS), list(CHANNELS.values()))[0]
        channel = channel or usual
        talk = channel in MINUTES
        inbound = not planned and random.random() < (0.25 if talk else 0.4)
        direction = Direction.TWO_WAY if talk else Direction.INBOUND if inbound else Direction.OUTBOUND
        text = random.choice(TALKS if talk else INCOMING if inbound else LETTERS)
        known = self.known(firm, day)
        weights = [1 / (place + 1) for place in range(len(known))]
        random.shuffle(known)
        met = random.choices(known, weights, k=2 if channel == Channel.MEETING else 1) if known else []
        keen = random.choices(list(Mood), (4, 14, 30, 36, 16))[0]
        if firm.name in plot.LOST:
            keen = Mood(max(1, keen - 1))
        self._write(
            firm,
            self.moment(day, random),
            channel,
            direction,
            "Agenda: open points, prices of next year, who does what."
            if planned
            else self._topic(firm, random, text),
            list({id(each): each for each in met}.values()),
            minutes=random.choice(MINUTES[channel]) if talk and random.random() < 0.9 else None,
            mood=keen if talk and not planned and random.random() < 0.65 else None,
            subject="Quarterly meeting" if planned else "",
        )

    def _write(
        self,
        firm: Firm,
        at: datetime.datetime,
        channel: str,
        direction: str,
        note: str,
        met: list[Contact],
        **fields: Any,
    ) -> Touch:
        actor = self._user(firm, min(at.date(), self.calendar.today))
        touch = Touch(
            account=self.portfolio.accounts[firm.name],
            actor=actor,
            logged_by=actor,
            logged_at=at,
            at=at,
            channel=channel,
            direction=direction,
            note=note,
            **fields,
        )
        self.touches.append(touch)
        through = Touch.contacts.through
        self.links.extend(through(touch=touch, contact=each) for each in met)
        return touch

    # --- promises

    def _promises(self, firm: Firm, random: Random) -> None:
        kept = random.randint(3, 8)
        for _ in range(kept):
            made = weekday(self.calendar.in_days(-random.randint(40, 300)))
            due = weekday(made + datetime.timedelta(days=random.randint(7, 40)))
            if made >= began(firm, self.calendar):
                late = random.choice((-3, -1, 0, 0, 1, 6, 12))
                self._promise(
                    firm, random, made, due, min(due + datetime.timedelta(days=late), self.calendar.today)
                )
        for _ in range(
            random.randint(1, 4)
            if firm.owner in RICH and firm.name != FEATURED
            else random.randint(0, 1) * (firm.name != FEATURED)
        ):
            made = weekday(self.calendar.in_days(-random.randint(3, 35)))
            due = weekday(self.calendar.in_days(random.choice((-12, -5, -2, 1, 3, 8, 15, 30))))
            self._promise(firm, random, made, max(due, made), None)

    def _promise(self, firm: Firm, random: Random, made: Day, due: Day, done: Day | None) -> None:
        theirs = random.random() < 0.25
        known = self.known(firm, made)
        moved = random.random() < 0.2
        owner = self._user(firm, self.calendar.today) or self._user(firm, made)
        self._action(
            firm,
            self._topic(firm, random, random.choice(OWED if theirs else PROMISES)),
            made,
            due,
            side=Action.Side.THEM if theirs else Action.Side.US,
            contact=random.choice(known) if known else None,
            owner=owner,
            first_due_on=max(made, due - datetime.timedelta(days=14)) if moved else due,
            closed_on=None if done is None else max(done, made),
        )

    def _action(self, firm: Firm, text: str, made: Day, due: Day | None, **fields: Any) -> None:
        closed = fields.get("closed_on")
        fields.setdefault("first_due_on", due)
        self.actions.append(
            Action(
                account=self.portfolio.accounts[firm.name],
                text=text,
                due_on=due,
                status=Action.Status.OPEN if closed is None else Action.Status.DONE,
                closed_by=fields.get("owner") if closed else None,
                created_by=fields.get("owner"),
                created_at=datetime.datetime.combine(made, datetime.time(9), tzinfo=datetime.UTC),
                **fields,
            )
        )

    # --- requests

    def _requests(self, firm: Firm, random: Random) -> None:
        number = REQUESTS[firm.tier] + (2 if firm.owner in RICH else 0)
        for place in range(number):
            newest = place == 0 and random.random() < 0.6
            ago = random.randint(1, 9) if newest else random.randint(10, DAYS)
            day = weekday(self.calendar.in_days(-ago))
            still = buys(firm, self.calendar.offset(day)) or firm.name in plot.PROSPECTS
            if still and day >= began(firm, self.calendar) and day < self.calendar.today:
                self._request(firm, random, day, newest)

    def _request(self, firm: Firm, random: Random, day: Day, newest: bool) -> None:
        subject, text, solved = random.choice(ASKED)
        opened = self.moment(day, random)
        owner = self._user(firm, day)
        known = self.known(firm, day)
        # What is older than two days is solved, but for a few that wait for somebody.
        waits = newest and ((self.calendar.today - day).days <= 2 or random.random() < 0.15)
        answered = None
        if not waits or random.random() < 0.5:
            answered = opened + datetime.timedelta(minutes=random.choice((20, 50, 90, 180, 400, 900, 1600)))
        slow = random.choice((0.3, 1, 2, 3, 5, 9))
        resolved = None
        if answered and not waits:
            resolved = min(
                answered + datetime.timedelta(days=slow), self.moment(self.calendar.in_days(-1), random)
            )
            resolved = max(resolved, answered)
        again = 1 if resolved and random.random() < 0.08 else 0
        request = Request(
            account=self.portfolio.accounts[firm.name],
            contact=random.choice(known) if known else None,
            owner=owner,
            number=str(4000 + len(self.requests)),
            subject=subject,
            text=text,
            channel=random.choice((Channel.MAIL, Channel.MAIL, Channel.CALL, Channel.MESSAGE)),
            opened_at=opened,
            answer_due_at=opened + datetime.timedelta(hours=8),
            due_on=weekday(day + datetime.timedelta(days=random.choice((3, 5, 7)))),
            first_answer_at=answered,
            first_answer_by=owner if answered else None,
            resolved_at=resolved,
            resolution=f"{solved}." if resolved else "",
            reopened=again,
        )
        self.requests.append(request)
        if random.random() < 0.35:
            self._internal(request, random, day, owner, resolved)

    def _internal(
        self,
        request: Request,
        random: Random,
        day: Day,
        owner: User | None,
        resolved: datetime.datetime | None,
    ) -> None:
        self.internal.append(
            InternalRequest(
                account=request.account,
                request=request,
                department=random.choice(self.departments),
                asked_by=owner,
                subject=random.choice(
                    ("Cause and plan", "Part and price", "Date that holds", "Statement in writing")
                ),
                asked_on=day,
                due_on=max(weekday(day + datetime.timedelta(days=random.choice((3, 4, 7)))), day),
                done_on=max(resolved.date(), day) if resolved else None,
            )
        )

    def _waiting(self) -> None:
        firms = {each.name: each for each in cast.FIRMS}
        soon = self.calendar.in_days
        for name, ago, hours, days, what, needs in WAITING:
            day = weekday(soon(-ago))
            opened, owner = self.moment(day, dice("waits", name)), self._user(firms[name], day)
            subject, text, _ = ASKED[what]
            known = self.known(firms[name], day)
            request = Request(
                account=self.portfolio.accounts[name],
                contact=known[0] if known else None,
                owner=owner,
                number=str(4000 + len(self.requests)),
                subject=subject,
                text=text,
                channel=Channel.MAIL,
                opened_at=opened,
                answer_due_at=opened + datetime.timedelta(hours=8),
                due_on=soon(days),
                first_answer_at=opened + datetime.timedelta(hours=hours) if hours else None,
                first_answer_by=owner if hours else None,
            )
            self.requests.append(request)
            if needs:
                department, subject, until = needs
                self.internal.append(
                    InternalRequest(
                        account=request.account,
                        request=request,
                        department=self.departments[DEPARTMENTS.index(department)],
                        asked_by=owner,
                        subject=subject,
                        asked_on=day,
                        due_on=max(soon(until), day),
                    )
                )

    # --- signals

    def _signals(self, firm: Firm, random: Random) -> None:
        account, first = self.portfolio.accounts[firm.name], began(firm, self.calendar)
        by_code = {kind.code: kind for kind in self.kinds}
        number = SIGNALS[firm.tier] // (3 if firm.name in plot.LOST else 1)
        for code in random.choices(list(KIND_SHARES), list(KIND_SHARES.values()), k=number):
            ago = random.randint(1, DAYS)
            day = self.calendar.in_days(-ago)
            if day < first or (firm.name in plot.LOOKS_AWAY and ago < 85 and random.random() < 0.85):
                continue
            known = self.known(firm, day)
            named = code != "site_visit" or random.random() < 0.4
            self.signals.append(
                Signal(
                    account=account,
                    contact=random.choice(known) if known and named else None,
                    kind=by_code[code],
                    at=self.moment(day, random),
                    subject=random.choice(SUBJECTS.get(code, ("Newsletter", "Prices of next year"))),
                )
            )

    # --- the account of the documentation's pictures

    def _featured(self) -> None:
        firm = next(each for each in cast.FIRMS if each.name == FEATURED)
        named = {each.name: each for each in self.people.contacts if each.account.name == FEATURED}
        buyer, sponsor = named["Bjørn-Erik Kristoffersen-Lund"], named["Ingrid Haugen"]
        owner = self._user(firm, self.calendar.today)
        # The sponsor has not been spoken to for long: older touches with her stay, newer ones go.
        cold = self.moment(self.calendar.in_days(-41), dice("cold"))
        fresh = {id(each) for each in self.touches if each.account.name == FEATURED and each.at > cold}
        self.links = [
            each for each in self.links if id(each.touch) not in fresh or each.contact is not sponsor
        ]
        at = self.moment(self.calendar.in_days(-6), dice("call"))
        call = self._write(
            firm,
            at,
            Channel.CALL,
            Direction.TWO_WAY,
            "Wants the 2027 price before Christmas. Promised the dry-dock figures. Budget talk is with Marte.",
            [buyer],
            minutes=20,
            mood=Mood.COOL,
        )
        self._write(
            firm,
            cold,
            Channel.MAIL,
            Direction.OUTBOUND,
            "Asked for a date in November. No answer.",
            [sponsor],
        )
        soon = self.calendar.in_days
        self._action(
            firm,
            "Call Ingrid Haugen before the price round",
            soon(-20),
            soon(-5),
            contact=sponsor,
            owner=owner,
        )
        self._action(
            firm,
            "Send the dry-dock figures we promised",
            soon(-6),
            soon(2),
            contact=buyer,
            owner=owner,
            touch=call,
        )
        self._action(
            firm,
            "List of yards for next year",
            soon(-13),
            None,
            side=Action.Side.THEM,
            contact=buyer,
            owner=owner,
        )
        self._action(firm, "Introduce the new service lead", soon(-30), None, owner=owner)
