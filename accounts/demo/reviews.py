"""Reviews held and planned, hand-overs, talks of leads, and what somebody put off: all made up."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from django.db import models

from accounts.demo import cast
from accounts.demo.calendar import Calendar, dice, weekday
from accounts.demo.people import People
from accounts.demo.portfolio import Portfolio
from accounts.engagement.models import Action, Snooze
from accounts.people.models import User
from accounts.periods import add_months, quarter
from accounts.plans.models import HandOver, OneOnOne, Review
from accounts.portfolio.models import Account
from accounts.stakeholders.models import Contact

Day = datetime.date
Rows = Sequence[models.Model]

REVIEWED = {"A": (-96, -8, 82), "B": (-118, 61), "C": (-170,)}
"""Days from today on which accounts of a tier are reviewed; the last ones lie ahead."""
SOON = {
    "Nordlys Marine Systems AS": 2,
    "Fabrikwerk Süd GmbH & Co. KG": 9,
    "Helvion Präzision AG": 5,
    "Tatra Metal Group a.s.": 12,
    "Skarvik Energi AB": 6,
    "Castellane Industries SA": 11,
    "Vandermeer Groep NV": 4,
}
"""Planned for the next days, so that there is one to prepare."""

SUMMARIES = (
    "Deliveries were on time in eleven of twelve weeks. The service contract works as agreed.",
    "A quiet quarter: fewer orders than planned, no open complaint, one new contact in purchasing.",
    "The pilot on the second line is running. Operators were trained, the first report is due.",
    "Prices were the main subject. Both sides want a framework instead of single orders.",
)
WINS = (
    "Response times under four hours in every case.",
    "The retrofit was finished a week early.",
    "Two more sites joined the monitoring.",
)
TROUBLES = (
    "Spare parts for the older units took three weeks twice.",
    "Two invoices had to be corrected.",
    "The portal was not reachable on a weekend in the peak season.",
)
NEXT = (
    "Agree on volumes for next year before Christmas.\nShow the reference plant.",
    "Send the maintenance calendar.\nName one person on each side for complaints.",
    "Decide on the third line together with production.",
)
PROMISES = (
    "Send the price list for next year",
    "Show the reference plant to their production manager",
    "Name one person for complaints on each side",
    "Send the figures of the pilot",
    "Offer training for the night shift",
    "Check the delivery times of older spare parts",
    "Prepare a framework for three years",
    "Send the maintenance calendar",
)
NOTES = (
    "They want fewer contacts and faster answers.",
    "Budget talks begin in the new year.",
    "The new head of purchasing was there for the first time and asked for references.",
    "They praised the technicians by name.",
)
HANDED = (
    "The frame is agreed in principle, the signature was promised for the spring. Purchasing wants to be asked "
    "first, production decides.",
    "Nothing is open but the invoice of the retrofit. They like short mails and no calls before nine.",
    "The sponsor is new and wants to see the figures of both sites every month.",
)
TALKS = (
    "Asked for help with the price talks at Nordlys. Come back to the second line and to holidays in December.",
    "Wants to give two small accounts away to have time for the large ones. Look at coverage in both.",
    "Proud of the retrofit. Next time: plan for the accounts that have none yet.",
    "Talked about the lost deal; the reason was the delivery time, not the price.",
)
WAITING = (("Waiting for their answer", 9), ("They asked for time until the new year", 30))


@dataclass
class Reviews:
    calendar: Calendar
    portfolio: Portfolio
    people: People
    reviews: list[Review] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    present: list[tuple[Review, Contact]] = field(default_factory=list)
    ours: list[tuple[Review, User]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for firm in cast.FIRMS:
            self._reviews(firm)

    def batches(self) -> Iterator[Rows]:
        yield self.reviews
        yield [Review.contacts.through(review=each, contact=who) for each, who in self.present]
        yield [Review.colleagues.through(review=each, user=who) for each, who in self.ours]
        yield self.actions
        yield list(self._hand_overs())
        yield list(self._talks())
        # Numbers of rows are known only now.
        yield list(self._snoozes())

    # ------------------------------------------------------------------------------------------ reviews

    def _reviews(self, firm: cast.Firm) -> None:
        random = dice("reviews", firm.name)
        offsets = list(REVIEWED[firm.tier])
        if firm.name in SOON:
            offsets[-1] = SOON[firm.name]
        elif firm.level < 300:
            offsets = offsets[:1]
        account = self.portfolio.accounts[firm.name]
        for offset in offsets:
            on = weekday(self.calendar.in_days(offset + random.randint(-6, 6) * (firm.name not in SOON)))
            if on > self.calendar.today or offset > 0:
                on = max(on, self.calendar.in_days(1))
            owner = self._owner(firm, on)
            if owner is not None:
                self._review(account, owner, firm, on, random)

    def _review(self, account: Account, owner: User, firm: cast.Firm, on: Day, random: Random) -> None:
        is_held = on < self.calendar.today
        looked_at = quarter(add_months(quarter(on).start, -1))
        review = Review(
            account=account,
            on=on,
            title="Quarterly review" if firm.tier != "C" else "Yearly review",
            status=Review.Status.HELD if is_held else Review.Status.PLANNED,
            period_start=looked_at.start,
            period_end=looked_at.end,
            created_by=owner,
        )
        if is_held:
            review.summary, review.wins = random.choice(SUMMARIES), random.choice(WINS)
            review.troubles, review.next_steps = random.choice(TROUBLES), random.choice(NEXT)
            review.rating = random.choice((3, 3, 4, 4, 5))
        self.reviews.append(review)
        if is_held:
            self._after(review, owner, firm, random)

    def _after(self, review: Review, owner: User, firm: cast.Firm, random: Random) -> None:
        """Who was there, what was noted, and what was promised."""
        there = [
            each
            for each in self.people.of.get(firm.name, [])
            if not each.is_placeholder
            and each.since <= review.on
            and (each.left_on or review.on) >= review.on
        ]
        self.present += [(review, each) for each in random.sample(there, min(len(there), 3))]
        self.ours.append((review, owner))
        promised = random.sample(PROMISES, 3 if firm.tier == "A" else 2)
        review.notes = "\n".join([random.choice(NOTES), *promised])
        for place, text in enumerate(promised):
            self.actions.append(self._promise(review, owner, text, place, random))

    def _promise(self, review: Review, owner: User, text: str, place: int, random: Random) -> Action:
        due_on = review.on + datetime.timedelta(days=14 + 10 * place)
        closed_on = weekday(due_on + datetime.timedelta(days=random.choice((-5, -3, -1, 4, 9))))
        is_done = closed_on < self.calendar.today
        return Action(
            account=review.account,
            review=review,
            text=text,
            owner=owner,
            due_on=due_on,
            first_due_on=due_on,
            status=Action.Status.DONE if is_done else Action.Status.OPEN,
            closed_on=max(closed_on, review.on) if is_done else None,
            closed_by=owner if is_done else None,
            created_by=owner,
        )

    def _owner(self, firm: cast.Firm, on: Day) -> User | None:
        for first, until, name in self.portfolio.owners[firm.name]:
            if first <= min(on, self.calendar.today) and (
                until is None or min(on, self.calendar.today) < until
            ):
                return self.portfolio.staff.users[name]
        return None

    # ------------------------------------------------------------------------------- hand-overs, talks

    def _hand_overs(self) -> Iterator[HandOver]:
        """Wherever one owner followed another."""
        users = self.portfolio.staff.users
        head = users[cast.HEAD]
        for name, owners in self.portfolio.owners.items():
            for (_, until, before), (first, _, after) in zip(owners, owners[1:], strict=False):
                if until is not None and before != after and first <= self.calendar.today:
                    yield HandOver(
                        account=self.portfolio.accounts[name],
                        from_user=users[before],
                        to_user=users[after],
                        on=first,
                        note=dice("handed", name).choice(HANDED),
                        made_by=head,
                    )

    def _talks(self) -> Iterator[OneOnOne]:
        """Each lead with the people of the own team, some weeks ago."""
        users = self.portfolio.staff.users
        leads = {team: lead or cast.TEAMS[above][0] for team, (lead, above) in cast.TEAMS.items()}
        for person in cast.PEOPLE:
            if person.role != cast.MANAGER or person.name == cast.LEAVER:
                continue
            random = dice("talks", person.name)
            for back in (24, 55):
                yield OneOnOne(
                    lead=users[leads[person.team]],
                    manager=users[person.name],
                    held_on=weekday(self.calendar.in_days(-back - random.randint(0, 5))),
                    note=random.choice(TALKS),
                )

    def _snoozes(self) -> Iterator[Snooze]:
        """Two things that can wait, for the first manager."""
        user = self.portfolio.staff.users[cast.JANA]
        for name, (reason, until) in zip(("Brauhaus Altmühl KG", "Lumen"), WAITING, strict=True):
            account = self.portfolio.accounts[name]
            yield Snooze(
                user=user, item=f"fell:{account.pk}", until=self.calendar.in_days(until), reason=reason
            )
