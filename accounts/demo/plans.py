"""Account plans of the demonstration company: what its customers want, and what it wants with them. All made up."""

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

from django.db import models
from django.utils import timezone

from accounts.demo import cast, plot
from accounts.demo.calendar import Calendar, dice
from accounts.demo.cast import Firm
from accounts.demo.money import Rates
from accounts.demo.people import People
from accounts.demo.portfolio import Portfolio
from accounts.engagement.models import Action
from accounts.fields import days
from accounts.people.models import User
from accounts.plans.models import (
    Goal,
    Milestone,
    MilestoneCheck,
    Objective,
    Outcome,
    Plan,
    PlanComment,
    PlanVersion,
    Risk,
    SwotEntry,
)
from accounts.plans.versions import content_from
from accounts.revenue.models import OrderLine
from accounts.stakeholders.models import Contact

Day = datetime.date
RICH = (cast.JANA, cast.TOMASZ)
NORDLYS = "Nordlys Marine Systems AS"
HIGH, MEDIUM, LOW, CRITICAL = (
    Risk.Severity.HIGH,
    Risk.Severity.MEDIUM,
    Risk.Severity.LOW,
    Risk.Severity.CRITICAL,
)


class Wish(NamedTuple):
    """A customer's goal: in their words, the figure they judge it by, and the steps on the way."""

    title: str
    measure: str
    unit: str
    begin: str
    target: str
    steps: tuple[str, ...]


WISHES: dict[str, tuple[Wish, ...]] = {
    cast.SHIPS: (
        Wish(
            "Cut unplanned dry-dock days by a third before the {next} season.",
            "unplanned dry-dock days a season",
            "days",
            "46",
            "30",
            ("Diagnostics on the first three yards", "Alarm limits agreed with operations", "All yards live"),
        ),
        Wish(
            "One service partner on every yard, with the same answer everywhere.",
            "yards with our service contract",
            "yards",
            "5",
            "9",
            ("Service levels agreed for all yards", "Offshore yard signed"),
        ),
    ),
    cast.MACHINES: (
        Wish(
            "Bring the second line back to 92 % availability.",
            "availability of line 2",
            "%",
            "84",
            "92",
            ("Causes of the ten longest stops known", "Drives of line 2 replaced", "Four weeks above 90 %"),
        ),
    ),
    cast.TRANSPORT: (
        Wish(
            "No vehicle out of service for a part that could have been seen coming.",
            "departures cancelled for technical reasons a month",
            "departures",
            "38",
            "20",
            ("Sensors in the first twenty vehicles", "Workshop plans by condition", "Winter without a gap"),
        ),
    ),
    cast.FOOD: (
        Wish(
            "Less than 2 % waste at the filling lines.",
            "waste at the filling lines",
            "%",
            "3.4",
            "2",
            (
                "Dosing measured on every line",
                "Pump heads changed by wear, not by date",
                "A quarter below 2.5 %",
            ),
        ),
    ),
    cast.INSTRUMENTS: (
        Wish(
            "Deliver every order in the week we promised.",
            "orders delivered in the promised week",
            "%",
            "81",
            "95",
            ("Calibration in three working days", "Spare instruments on site", "Two months above 90 %"),
        ),
    ),
    cast.LOGISTICS: (
        Wish(
            "Cranes and conveyors run through the peak season without a stop.",
            "hours of standstill in the peak season",
            "h",
            "61",
            "25",
            (
                "Weak points of last season listed together",
                "Gear units on stock at the port",
                "Peak test in September",
            ),
        ),
    ),
    cast.ENERGY: (
        Wish(
            "Half as many trips to the remote stations.",
            "trips to remote stations a month",
            "trips",
            "24",
            "12",
            ("Six stations send their data", "Operators decide by remote picture", "All stations connected"),
        ),
    ),
    cast.FINANCE: (
        Wish(
            "Cooling that passes the audit at the first go.",
            "findings in the yearly audit",
            "findings",
            "7",
            "0",
            ("Redundancy tested under load", "Documents complete"),
        ),
    ),
}
SWOT: dict[str, tuple[tuple[str, str], ...]] = {
    "strength": (
        ("Our service answers within a working day, and they say so in every meeting.", ""),
        ("The maintenance team trusts our technicians by name.", ""),
        (
            "Our figures stand in their board report.",
            "Ask for the report as a reference for their other units",
        ),
    ),
    "weakness": (
        ("Only one of us knows the plant.", "Introduce the new service lead on site"),
        ("Offers take us two weeks, they expect one.", "Agree a price list for the fifty most ordered parts"),
        ("Nobody of us speaks with their finance.", ""),
    ),
    "opportunity": (
        (
            "A competitor's service contract for two sites ends next spring.",
            "Offer a pilot for the two sites",
        ),
        ("They build a new hall and decide about drives this year.", "Meet the planner of the new hall"),
        ("Their sustainability report needs energy figures that we can deliver.", ""),
    ),
    "threat": (
        ("Procurement compares prices with Hexatron.", "Write down the value of the last twelve months"),
        ("The group wants one supplier for all countries.", ""),
        ("Their budget is under review.", ""),
    ),
}
RISKS = (
    ("The price talk begins before the value is written down.", HIGH, "Value report to the sponsor first"),
    ("Our sponsor moves to another division.", HIGH, "Build a second line to the plant manager"),
    ("The firmware problem comes back in the peak season.", MEDIUM, "Weekly check with the service desk"),
    ("The pilot has no owner on their side.", MEDIUM, "Ask for a name before it begins"),
    ("Exchange rates make us dearer than last year.", LOW, ""),
    (
        "They stop all projects until the new management is there.",
        CRITICAL,
        "Meeting with the new management",
    ),
)
# In how many days, and what: each plan takes the next sentence of a line.
ACTIONS = (
    (
        -5,
        (
            "Send the figures we promised",
            "Answer their question about delivery times",
            "Confirm the date of the factory tour",
            "Send the minutes of the last review",
            "Return the framework draft with our remarks",
            "Name the engineer for their new line",
            "Send the samples for the trial run",
        ),
    ),
    (
        9,
        (
            "Meet the sponsor before the budget round",
            "Call purchasing about next year's volume",
            "Have lunch with the plant manager",
            "Introduce our service lead to their maintenance",
            "Agree the agenda of the next review",
        ),
    ),
    (
        21,
        (
            "Offer for the two sites that buy elsewhere",
            "Price for the retrofit of their oldest line",
            "Work out what an hour of standstill costs them",
            "Offer for spare parts kept at their site",
        ),
    ),
    (
        34,
        (
            "Show the value of the last twelve months",
            "Present the results of the pilot",
            "Compare this year's deliveries with what we promised",
        ),
    ),
    (
        48,
        (
            "Visit the site that nobody of us knows",
            "Invite their planners to our test field",
            "Meet the finance director",
        ),
    ),
)
QUALITATIVE = (
    ("Become the reference for the classification society", "Draft agreed, legal reads"),
    ("The sponsor speaks for us in the group", "Said so in the last review, not yet in front of others"),
    ("Their operations ask us before they plan", "Asked once, for the new hall"),
    ("A champion in the second plant", "Two candidates, none convinced yet"),
)
SUMMARIES = {
    "launch": "A new customer: the first deliveries went well, few people know us yet.",
    "expand": "Satisfied with what they have from us; two units buy elsewhere.",
    "retain": "The contract comes up. The people in the plant want us, procurement compares.",
    "recover": "They buy less than they did. We know the cause and have not told them the date yet.",
}
SAID = {
    "submitted": "",
    "approved": "Good plan. The second objective hangs on one person: find a second one by spring.",
    "returned": "Which of their goals does the pipeline objective serve? And say who cares on their side.",
}


@dataclass
class Plans:
    """Every row of the plans, in lists that can be written one after the other."""

    calendar: Calendar
    portfolio: Portfolio
    people: People
    rates: Rates
    order_lines: Sequence[OrderLine]
    older: list[Plan] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    milestones: list[Milestone] = field(default_factory=list)
    checks: list[MilestoneCheck] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    objectives: list[Objective] = field(default_factory=list)
    entries: list[SwotEntry] = field(default_factory=list)
    risks: list[Risk] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    comments: list[PlanComment] = field(default_factory=list)
    kept: list[tuple[Plan, str, User, datetime.datetime]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.year = self.calendar.today.year
        self.revenue, self.orders = self._last_year()
        for firm in cast.FIRMS:
            status = self._status(firm)
            if status:
                self._plan(firm, status)

    def batches(self) -> Iterator[Sequence[models.Model]]:
        yield self.older
        yield self.plans
        yield self.goals
        yield self.milestones
        yield self.checks
        yield self.outcomes
        yield self.objectives
        yield self.entries
        yield self.risks
        yield self.actions
        yield self.comments
        # Versions hold the numbers of rows, which have some by now.
        yield list(self.versions())

    # --- what is decided about a customer's plan

    def _last_year(self) -> tuple[Counter[str], Counter[str]]:
        """Revenue in EUR and orders of last year, by account."""
        revenue: Counter[str] = Counter()
        orders: dict[str, set[int]] = {}
        for line in self.order_lines:
            order = line.order
            if order.account and order.date.year == self.year - 1:
                name = order.account.name
                revenue[name] += self.rates.in_euros(line.amount, order.currency, order.date)  # type: ignore[assignment]
                orders.setdefault(name, set()).add(id(order))
        return revenue, Counter({name: len(found) for name, found in orders.items()})

    def _status(self, firm: Firm) -> str:
        """Nearly every account of two managers has an approved plan; elsewhere some are drafts, some missing."""
        if firm.name in plot.LOST and firm.name != "Tessellate Robotics Ltd":
            return ""
        luck = 0.0 if firm.name == NORDLYS else dice("plan", firm.name).random()
        if firm.owner in RICH:
            return (
                "approved" if luck < 0.62 else "submitted" if luck < 0.8 else "draft" if luck < 0.92 else ""
            )
        return "approved" if luck < 0.2 else "submitted" if luck < 0.34 else "draft" if luck < 0.68 else ""

    def situation(self, firm: Firm) -> str:
        if firm.name in plot.PROSPECTS or plot.NEW.get(firm.name, -99) > -12:
            return "launch"
        if firm.name in plot.LOST or firm.growth <= -0.2 or firm.name in plot.BREAKS:
            return "recover"
        due = [each.notice_in for each in plot.AGREEMENTS if each.account == firm.name and each.notice_in]
        return "retain" if due and min(due) < 150 else "expand"

    def _plan(self, firm: Firm, status: str) -> None:
        random = dice("plan rows", firm.name)
        first = Day(self.year, 1, 1)
        situation = self.situation(firm)
        owner = self.portfolio.staff.users[self.portfolio.owner_on(firm, self.calendar.today) or firm.owner]
        plan = Plan(
            account=self.portfolio.accounts[firm.name],
            name=f"Plan {self.year}",
            situation=situation,
            summary=SUMMARIES[situation],
            status=status,
            during=days(first, Day(self.year + 1, 1, 1)),
            created_by=owner,
            created_at=self._moment(first),
        )
        if firm.owner in RICH and status == "approved" and firm.name not in plot.NEW:
            plan.carried_from = self._last_plan(firm, plan, owner)
        self.plans.append(plan)
        self._lines(plan, firm, owner, random, full=firm.owner in RICH or random.random() < 0.4)
        self._way(plan, firm, owner, status)

    def _lines(self, plan: Plan, firm: Firm, owner: User, random: Random, full: bool) -> None:
        people = self.people.of.get(firm.name, [])
        goals = [
            self._goal(plan, place, wish, people, random)
            for place, wish in enumerate(WISHES[firm.industry][: 2 if full else 1], 1)
        ]
        objectives = list(self._objectives(plan, firm, goals, people, owner, random))
        kept = objectives if full else objectives[:2]
        self.objectives += kept
        entries = self._swot(plan, owner, random, full)
        risks = self._risks(plan, owner, random, full)
        self._actions(plan, owner, random, kept, entries, risks, full)

    def _last_plan(self, firm: Firm, plan: Plan, owner: User) -> Plan:
        """Last year's plan, closed: what became of it, and the goal that was carried over."""
        year = self.year - 1
        old = Plan(
            account=plan.account,
            name=f"Plan {year}",
            situation=plan.situation,
            summary="Closed with the year; what was open went into the next plan.",
            status="closed",
            during=days(Day(year, 1, 1), Day(year + 1, 1, 1)),
            created_by=owner,
            created_at=self._moment(Day(year, 1, 8)),
        )
        self.older.append(old)
        people = self.people.of.get(firm.name, [])
        wish = WISHES[firm.industry][0]
        seen: dict[str, Any] = {"verified_on": Day(year, 11, 20), "verified_by": owner}
        title = wish.title.format(next=self.year)
        goal = Goal(plan=old, title=title, contact=people[0] if people else None, **seen)
        self.goals.append(goal)
        self._came_of(goal, wish, year, owner, dice("what came of it", firm.name))
        due: dict[str, Any] = {"due_on": Day(year, 12, 31), "first_due_on": Day(year, 12, 31)}
        went = dice("last plan", firm.name).random() < 0.5
        revenue = Decimal(round(self.revenue[firm.name], -4))
        target = revenue * (Decimal("0.95") if went else Decimal("1.08"))
        states = Objective.Status
        for place, (words, kpi, wanted, status, said) in enumerate(
            (
                (
                    "Grow the revenue with them",
                    "account_revenue",
                    target,
                    states.REACHED if went else states.MISSED,
                    "",
                ),
                ("A second contact in the plant", "", None, states.REACHED, "Two of them know us by name"),
            ),
            1,
        ):
            self.objectives.append(
                Objective(
                    plan=old,
                    position=place,
                    title=words,
                    goal=goal,
                    kpi=kpi,
                    target=wanted,
                    status=status,
                    judgement=said,
                    judged_on=Day(year, 12, 10) if said else None,
                    judged_by=owner if said else None,
                    **due,
                    **seen,
                )
            )
        lead = self._lead(owner)
        for step, author, day in (
            ("submitted", owner, Day(year, 1, 15)),
            ("approved", lead, Day(year, 1, 22)),
            ("carried", owner, Day(year, 12, 11)),
            ("closed", owner, Day(year, 12, 18)),
        ):
            at, text = self._moment(day), f"Into {plan.name}." if step == "carried" else ""
            self.comments.append(PlanComment(plan=old, step=step, author=author, at=at, text=text))
            self.kept.append((old, step, author, at))
        return old

    # --- lines

    def _moment(self, day: Day) -> datetime.datetime:
        return timezone.make_aware(datetime.datetime.combine(day, datetime.time(9, 30)))

    def _verified(self, random: Random, owner: User) -> dict[str, Any]:
        """Most lines were looked at in the last weeks, a few a long time ago, some never."""
        ago = random.choice([4, 11, 19, 19, 26, 40, 63, 120, None])
        if ago is None:
            return {}
        # Nobody has looked into some plans for months.
        ago += dice("looked at", owner.name, self.plans[-1].account.name).choice([0, 2, 5, 9, 30, 110])
        day = max(self.calendar.in_days(-ago), Day(self.year, 1, 1))
        return {"verified_on": day, "verified_by": owner}

    def _came_of(self, goal: Goal, wish: Wish, year: int, owner: User, random: Random) -> None:
        """Last year's steps, how they looked in October, and whether the customer got the result."""
        met = random.random() < 0.6
        day = Day(year, 12, 15)
        for number, title in enumerate(wish.steps[:2]):
            step = Milestone(
                goal=goal,
                title=title,
                due_on=day,
                first_due_on=day,
                reached_on=Day(year, 12, 1 + number) if met or not number else None,
            )
            self.milestones.append(step)
            well = random.random() < (0.9 if met else 0.6)
            self.checks.append(
                MilestoneCheck(milestone=step, on=Day(year, 10, 10), on_track=well, author=owner)
            )
        self._judged(goal, wish, day, met)

    def _judged(self, goal: Goal, wish: Wish, day: Day, met: bool) -> None:
        begin, target = Decimal(wish.begin), Decimal(wish.target)
        self.outcomes.append(
            Outcome(
                goal=goal,
                title=wish.measure,
                unit=wish.unit,
                baseline=begin,
                target=target,
                actual=target if met else ((begin + target) / 2).quantize(Decimal("0.1")),
                measured_on=day,
                met=met,
                due_on=day,
                first_due_on=day,
            )
        )

    def _due(self, random: Random, first: Day) -> dict[str, Day]:
        moved = random.random() < 0.25
        return {"due_on": first, "first_due_on": first - datetime.timedelta(days=61) if moved else first}

    def _goal(self, plan: Plan, place: int, wish: Wish, people: Sequence[Contact], random: Random) -> Goal:
        owner: User = plan.created_by  # type: ignore[assignment]
        goal = Goal(
            plan=plan,
            position=place,
            title=wish.title.format(next=self.year + 1),
            contact=people[(place - 1) % len(people)] if people else None,
            **self._verified(random, owner),
        )
        self.goals.append(goal)
        for number, step in enumerate(wish.steps):
            self._step(goal, step, self.calendar.in_days(-150 + 120 * number), random, owner)
        due = self.calendar.in_days(150 + 30 * place)
        self.outcomes.append(
            Outcome(
                goal=goal,
                title=wish.measure,
                unit=wish.unit,
                baseline=Decimal(wish.begin),
                target=Decimal(wish.target),
                **self._due(random, due),
            )
        )
        return goal

    def _step(self, goal: Goal, title: str, due: Day, random: Random, owner: User) -> None:
        reached = due < self.calendar.today and random.random() < 0.75
        step = Milestone(
            goal=goal,
            title=title,
            reached_on=due - datetime.timedelta(days=random.randint(0, 9)) if reached else None,
            **self._due(random, due),
        )
        self.milestones.append(step)
        if not reached and random.random() < 0.8:
            well = random.random() < 0.6
            note = (
                ""
                if well
                else random.choice(("waits for their approval", "parts come late", "no time on site"))
            )
            day = self.calendar.in_days(-random.randint(3, 30))
            self.checks.append(MilestoneCheck(milestone=step, on=day, on_track=well, note=note, author=owner))
            before = dice("looked before", goal.plan.account.name, title)
            day = self.calendar.in_days(-before.randint(60, 95))
            if day >= goal.plan.during.lower:
                well = well or before.random() < 0.5
                self.checks.append(MilestoneCheck(milestone=step, on=day, on_track=well, author=owner))

    def _objectives(
        self,
        plan: Plan,
        firm: Firm,
        goals: Sequence[Goal],
        people: Sequence[Contact],
        owner: User,
        random: Random,
    ) -> Iterator[Objective]:
        for place, (title, kpi, baseline, target) in enumerate(self._wanted(firm, plan, random), 1):
            qualitative = not kpi
            judged = self.calendar.in_days(-random.randint(5, 40))
            said = next((words for name, words in QUALITATIVE if name == title), "")
            yield Objective(
                plan=plan,
                position=place,
                title=title,
                goal=random.choice([*goals, None]) if place > 1 else (goals[0] if goals else None),
                contact=random.choice(people) if qualitative and people else None,
                kpi=kpi,
                baseline=None if baseline is None else Decimal(str(baseline)),
                target=None if target is None else Decimal(str(target)),
                judgement=said if qualitative else "",
                judged_on=judged if qualitative else None,
                judged_by=owner if qualitative else None,
                **self._due(random, Day(self.year, 12, 31)),
                **self._verified(random, owner),
            )

    def _wanted(
        self, firm: Firm, plan: Plan, random: Random
    ) -> list[tuple[str, str, float | None, float | None]]:
        """Title, KPI, where it began and where it shall be."""
        revenue = round(float(self.revenue[firm.name]), -3)
        orders = float(self.orders[firm.name])
        growth = 1 + max(firm.growth, 0.0) * 1.4 + 0.04
        qualitative = random.choice(QUALITATIVE)[0]
        if firm.name == NORDLYS:
            qualitative = QUALITATIVE[0][0]
        money = ("Grow the revenue with them", "account_revenue", revenue, round(revenue * growth, -4))
        hold = ("Stop the loss of revenue", "account_revenue", revenue, round(revenue * 0.95, -4))
        again = (
            "Order little and often instead of seldom and much",
            "purchase_frequency",
            orders,
            round(orders * 1.15),
        )
        deals = (
            "Enough open deals for next year",
            "open_pipeline",
            round(revenue * 0.05, -3),
            round(revenue * 0.2, -3),
        )
        keep = ("Keep what they have from us", "grr", None, 95.0)
        renew = ("Renew what is due this year", "renewal_rate_value", None, 100.0)
        win = ("Win every second deal we offer", "win_rate", None, 50.0)
        soft = (qualitative, "", None, None)
        found: dict[str, list[tuple[str, str, float | None, float | None]]] = {
            "launch": [
                ("The first year as agreed", "account_revenue", None, round(firm.level * 1000.0, -4)),
                soft,
            ],
            "expand": [money, again, deals, win, soft],
            "retain": [money, keep, renew, soft],
            "recover": [hold, again, soft],
        }
        if firm.name == NORDLYS:
            found["retain"] = [money, again, keep, soft]
        return [each for each in found[plan.situation] if not each[1] or (each[3] or 0) > 0]

    def _swot(self, plan: Plan, owner: User, random: Random, full: bool) -> list[tuple[SwotEntry, str]]:
        found = []
        for quadrant, pool in SWOT.items():
            chosen = random.sample(pool, 2 if full else 1)
            for place, (text, action) in enumerate(chosen, 1):
                entry = SwotEntry(
                    plan=plan,
                    position=place,
                    quadrant=quadrant,
                    text=text,
                    **self._verified(random, owner),
                )
                found.append((entry, action))
        self.entries += [entry for entry, _ in found]
        return found

    def _risks(self, plan: Plan, owner: User, random: Random, full: bool) -> list[Risk]:
        chosen = random.sample(RISKS, 3 if full else 1)
        found = [
            Risk(
                plan=plan,
                position=place,
                text=text,
                severity=severity,
                answer=answer,
                owner=owner,
                **self._verified(random, owner),
            )
            for place, (text, severity, answer) in enumerate(chosen, 1)
        ]
        self.risks += found
        return found

    def _actions(
        self,
        plan: Plan,
        owner: User,
        random: Random,
        objectives: Sequence[Objective],
        entries: Iterable[tuple[SwotEntry, str]],
        risks: Sequence[Risk],
        full: bool,
    ) -> None:
        for number, (in_days, texts) in enumerate(ACTIONS[: 5 if full else 2]):
            if objectives:
                aim = objectives[number % len(objectives)]
                text = texts[len(self.plans) % len(texts)]
                self._action(plan, owner, random, text, in_days, objective=aim)
        for entry, text in entries:
            if text and full:
                self._action(plan, owner, random, text, random.randint(5, 60), swot_entry=entry)
        if risks and full:
            text = risks[0].answer or "Agree a date for the next talk about it"
            self._action(plan, owner, random, text, 16, risk=risks[0])

    def _action(
        self, plan: Plan, owner: User, random: Random, text: str, in_days: int, **follows: models.Model
    ) -> None:
        due = self.calendar.in_days(in_days + random.randint(-3, 6))
        done = random.random() < 0.25
        closed = self.calendar.in_days(-random.randint(2, 40)) if done else None
        self.actions.append(
            Action(
                account=plan.account,
                text=text,
                owner=owner,
                due_on=due,
                first_due_on=due,
                status=Action.Status.DONE if done else Action.Status.OPEN,
                closed_on=closed,
                closed_by=owner if done else None,
                created_by=owner,
                created_at=self._moment(self.calendar.in_days(-70)),
                **follows,
            )
        )

    # --- approval and versions

    def _way(self, plan: Plan, firm: Firm, owner: User, status: str) -> None:
        lead = self._lead(owner)
        steps: list[tuple[str, User, int]] = []
        if status == "draft" and dice("returned", firm.name).random() < 0.3:
            steps = [("submitted", owner, -30), ("returned", lead, -24)]
        if status == "submitted":
            steps = [("submitted", owner, -6)]
        if status == "approved":
            steps = [("submitted", owner, -70), ("approved", lead, -61)]
        for step, author, ago in steps:
            at = self._moment(self.calendar.in_days(ago))
            self.comments.append(PlanComment(plan=plan, step=step, author=author, at=at, text=SAID[step]))
            self.kept.append((plan, step, author, at))

    def _lead(self, owner: User) -> User:
        """The lead of the owner's team, or of the one above it."""
        staff = self.portfolio.staff
        team = staff.teams.get(staff.team_of(owner.name, self.calendar.today))
        while team is not None and team.lead is None:
            team = team.parent
        head = staff.users[cast.HEAD]
        lead = team.lead if team is not None and team.lead is not None else head
        return head if lead == owner else lead

    def versions(self) -> Iterator[PlanVersion]:
        """As the plan stood then: without what was found out since."""
        numbers: Counter[int] = Counter()
        rows = self._rows_by_plan()
        for plan, step, author, at in self.kept:
            numbers[id(plan)] += 1
            content = content_from(plan, rows[id(plan)])
            for risk in content["risk"][:1]:
                risk["severity"] = max(1, risk["severity"] - 1)
            for objective in content["objective"][:1]:
                objective["due_on"] = f"{plan.during.lower.year}-10-31"
            content["action"] = content["action"][:-1]
            yield PlanVersion(
                plan=plan, number=numbers[id(plan)], cause=step, content=content, made_by=author, made_at=at
            )

    def _rows_by_plan(self) -> dict[int, dict[str, list[Any]]]:
        found: dict[int, dict[str, list[Any]]] = {}

        def put(plan: Plan, word: str, row: Any) -> None:
            found.setdefault(id(plan), {}).setdefault(word, []).append(row)

        of_plan: dict[str, Sequence[Any]] = {
            "goal": self.goals,
            "objective": self.objectives,
            "swot": self.entries,
            "risk": self.risks,
        }
        of_goal: dict[str, Sequence[Any]] = {"milestone": self.milestones, "outcome": self.outcomes}
        for word, rows in of_plan.items():
            for row in rows:
                put(row.plan, word, row)
        for word, rows in of_goal.items():
            for row in rows:
                put(row.goal.plan, word, row)
        for action in self.actions:
            served: Any = action.objective or action.swot_entry or action.risk
            put(served.plan, "action", action)
        return found
