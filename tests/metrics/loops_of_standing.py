"""Plain loops for how accounts stand: their health, the steps to customers' goals, and what came of them."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from accounts.engagement.reference import add_signal_kinds
from accounts.fields import days
from accounts.models import (
    AccountState,
    Answer,
    HealthWeight,
    Milestone,
    MilestoneCheck,
    Outcome,
    Signal,
    SignalKind,
    SignalWeight,
    Tier,
    Touch,
)
from accounts.periods import Period, add_months
from metrics.models import Scope, View
from tests.factories import make_goal, make_plan, make_signal, make_touch
from tests.metrics.engine import day
from tests.metrics.portfolio import Portfolio
from tests.metrics.test_oracle import Key, Oracle, Row, World, lower, upper

Day = datetime.date
ONE_DAY = datetime.timedelta(days=1)
STANDING = ("nps_by_account", "health_score", "outcome_leading", "outcome_achievement", "outcome_discrepancy")
WEIGHTS = {
    "usage": 25,
    "satisfaction": 20,
    "support": 15,
    "interaction": 20,
    "payment": 10,
    "engagement": 10,
}


# ------------------------------------------------------------------------------------------ rows


def noon(on: Day) -> datetime.datetime:
    return datetime.datetime.combine(on, datetime.time(12), datetime.UTC)


def add_health(made: Portfolio) -> None:
    """States, talks and signals of some accounts; from a day on usage counts more, and a tier has a rhythm."""
    random = made.random
    if not SignalWeight.objects.exists():
        SignalKind.objects.all().delete()
        add_signal_kinds(SignalKind, SignalWeight)
    HealthWeight.objects.create(part="usage", weight=40, during=days(day("2025-02-01"), None))
    Tier.objects.filter(name="Tier one").update(cadence_days=30)
    for account in made.accounts:
        for kind in ("usage", "payment", "support"):
            for on in sorted({made.some_day() for _ in range(random.choice((0, 3, 6)))}):
                level = random.choice(("good", "fair", "poor", ""))
                value = None if level else random.randint(0, 100)
                AccountState.objects.create(account=account, kind=kind, date=on, level=level, value=value)
        for _ in range(random.randint(0, 8)):
            direction = random.choice(("inbound", "outbound", "two_way"))
            make_touch(account, random.choice(made.users), noon(made.some_day()), direction=direction)
        for _ in range(random.choice((0, 5, 30))):
            make_signal(account, random.choice(("demo_request", "site_visit")), at=noon(made.some_day()))


def add_goals(made: Portfolio) -> None:
    """Of most accounts a plan a year with goals, their steps and results; some judged late or not at all."""
    random = made.random
    for account in made.accounts[:-2]:
        for year in (2024, 2025):
            plan = make_plan(account, Day(year, 1, 1), Day(year + 1, 1, 1))
            for _ in range(random.randint(0, 3)):
                goal = make_goal(plan)
                for _ in range(random.randint(0, 3)):
                    due = made.some_day(day("2024-03-01"))
                    step = Milestone.objects.create(
                        goal=goal,
                        title="Step",
                        due_on=due,
                        first_due_on=due,
                        reached_on=random.choice((None, due, made.some_day())),
                    )
                    for on in sorted({made.some_day(day("2024-01-01")) for _ in range(random.randint(0, 3))}):
                        MilestoneCheck.objects.create(milestone=step, on=on, on_track=random.random() < 0.6)
                for _ in range(random.randint(1, 2)):
                    due = made.some_day(day("2024-06-01"))
                    met = random.choice((None, True, False))
                    measured = due + random.choice((-5, 0, 9)) * ONE_DAY if met is not None else None
                    Outcome.objects.create(
                        goal=goal, title="Result", due_on=due, first_due_on=due, met=met, measured_on=measured
                    )


def change_standing() -> None:
    """Some of each is edited or taken back."""
    states = list(AccountState.objects.order_by("date"))
    states[0].delete()
    states[1].date += 40 * ONE_DAY
    states[1].save()
    HealthWeight.objects.filter(part="usage").update(weight=30)
    Touch.objects.exclude(direction="outbound").order_by("at")[0].delete()
    steps = list(Milestone.objects.filter(reached_on=None))
    steps[0].reached_on = steps[0].due_on
    steps[0].save()
    steps[1].delete()
    MilestoneCheck.objects.order_by("on")[0].delete()
    check = MilestoneCheck.objects.filter(on_track=False).order_by("on")[0]
    MilestoneCheck.objects.filter(pk=check.pk).update(on_track=True)
    judged = list(Outcome.objects.exclude(met=None))
    judged[0].delete()
    judged[1].met = not judged[1].met
    judged[1].save()
    for outcome in Outcome.objects.filter(met=None)[:2]:
        outcome.met, outcome.measured_on = True, outcome.due_on
        outcome.due_on += 70 * ONE_DAY
        outcome.save()


# ----------------------------------------------------------------------------------------- loops


class StandingLoops:
    """The answers for one period and scope."""

    def __init__(self, world: World, when: Period, scope: str) -> None:
        self.world, self.when, self.scope = world, when, scope
        self.oracle = Oracle(world, when)
        self.last = world.stock_day(when)
        self.sums: dict[tuple[str, Key], list[float]] = defaultdict(lambda: [0.0, 0.0])

    def everything(self) -> dict[tuple[str, Key], float | None]:
        for account in self.world.began:
            if account is not None and (health := self.health(account)) is not None:
                self.add("health_score", account, self.last, health, 1)
        self.goals()
        found: dict[tuple[str, Key], float | None] = {
            (name, key): top / bottom * (1 if name == "health_score" else 100)
            for (name, key), (top, bottom) in self.sums.items()
        }
        return found | self.discrepancy() | self.recommending()

    def add(self, name: str, account: int, on: Day, top: float, bottom: float) -> None:
        """To the owner of this day and their teams, else to the account's own group."""
        keys: Iterable[Key] = self.oracle.keys_of_account(self.scope, account, View.AS_WAS)
        if self.scope in (Scope.OWNER, Scope.TEAM):
            keys = self.oracle.keys_of_row(self.scope, Row("", account, on, self.world.owner(account, on), 0))
        for key in keys:
            self.sums[name, key][0] += top
            self.sums[name, key][1] += bottom

    # ---- health

    def health(self, account: int) -> float | None:
        weights: dict[str, float] = dict(WEIGHTS)
        for each in HealthWeight.objects.all():
            if lower(each) <= self.last < upper(each):
                weights[each.part] = float(each.weight)
        parts = {**self.states(account), **self.satisfaction(account), **self.talks(account)}
        parts |= self.signals(account)
        known = sum(weights[part] for part in parts)
        if not known or known < 0.6 * sum(weights.values()):
            return None
        return sum(weights[part] * points for part, points in parts.items()) / known

    def states(self, account: int) -> dict[str, float]:
        found = {}
        for state in AccountState.objects.filter(account=account, date__lte=self.last).order_by("date"):
            points = {"good": 100, "fair": 50, "poor": 0}.get(state.level, state.value)
            is_fresh = (self.last - state.date).days < 180
            found[state.kind] = float(points) if is_fresh else None  # type: ignore[arg-type]
        return {kind: points for kind, points in found.items() if points is not None}

    def satisfaction(self, account: int) -> dict[str, float]:
        said: dict[Any, float] = {}
        after = self.last + ONE_DAY
        since = after.replace(year=after.year - 1)
        for answer in Answer.objects.filter(account=account).order_by("answered_at", "pk"):
            if since <= answer.answered_at.date() <= self.last:
                for item in answer.items.filter(kind__in=("nps", "csat5", "csat10")):
                    worst, best = {"nps": (0, 10), "csat5": (1, 5), "csat10": (1, 10)}[item.kind]
                    who = answer.contact_id or -answer.pk
                    said[who, item.kind] = 100 * (item.score - worst) / (best - worst)
        return {"satisfaction": sum(said.values()) / len(said)} if said else {}

    def talks(self, account: int) -> dict[str, float]:
        heard = [
            touch.at.date()
            for touch in Touch.objects.filter(account=account).exclude(direction="outbound")
            if touch.at.date() <= self.last
        ]
        if not heard:
            return {}
        kind = next((k for k in self.world.kinds.get(account, []) if lower(k) <= self.last < upper(k)), None)
        rhythm = (kind.tier.cadence_days if kind and kind.tier else None) or 60
        late = (self.last - max(heard)).days - rhythm
        return {"interaction": max(0.0, min(100.0, 100 - 50 * late / rhythm))}

    def signals(self, account: int) -> dict[str, float]:
        month = self.last.replace(day=1)
        counted: dict[tuple[int, Day], int] = defaultdict(int)
        for signal in Signal.objects.filter(account=account):
            if add_months(month, -5) <= signal.at.date() <= self.last:
                counted[signal.kind_id, signal.at.date()] += 1
        if not counted:
            return {}
        points = 0.0
        for (kind, on), number in counted.items():
            if on >= add_months(month, -2):
                cap = SignalKind.objects.get(pk=kind).daily_cap
                weight = next(w.weight for w in SignalWeight.objects.filter(kind=kind) if on in w.during)
                points += min(number, cap or number) * float(weight)
        return {"engagement": min(100.0, points * 100 / 50)}

    # ---- recommendation

    def recommending(self) -> dict[tuple[str, Key], float | None]:
        """Accounts by the mean of their people's newest marks; whole accounts, to whose they were at the start."""
        since = (self.last + ONE_DAY).replace(year=(self.last + ONE_DAY).year - 1)
        newest: dict[int, dict[int, int]] = defaultdict(dict)
        for answer in Answer.objects.order_by("answered_at", "pk").prefetch_related("items"):
            for item in answer.items.all():
                if item.kind == "nps" and since <= answer.answered_at.date() <= self.last:
                    newest[answer.account_id][answer.contact_id or -answer.pk] = item.score
        judged: dict[Key, list[int]] = defaultdict(list)
        for account, marks in newest.items():
            mean = Fraction(sum(marks.values()), len(marks))
            for key in self.oracle.keys_of_account(self.scope, account, View.AS_WAS):
                judged[key].append((mean >= 9) - (mean < 7))
        return {("nps_by_account", key): 100 * sum(found) / len(found) for key, found in judged.items()}

    # ---- goals

    def goals(self) -> None:
        for step in Milestone.objects.select_related("goal__plan").all():
            plan = step.goal.plan
            on_track = self.on_track(step, self.last)
            if self.last in plan.during and on_track is not None:
                self.add("outcome_leading", plan.account_id, self.last, on_track, 1)
        for outcome in self.judged():
            self.add("outcome_achievement", account_of(outcome), outcome.due_on, is_met(outcome), 1)

    def judged(self) -> list[Outcome]:
        rows = Outcome.objects.exclude(met=None).select_related("goal__plan")
        return [outcome for outcome in rows if outcome.due_on in self.when]

    @staticmethod
    def on_track(step: Milestone, on: Day) -> bool | None:
        """Nothing where it is reached already, or where nobody looked at it yet."""
        if step.reached_on and step.reached_on <= on:
            return None
        if step.due_on < on:
            return False
        checks = sorted((check for check in step.checks.all() if check.on <= on), key=lambda check: check.on)
        return checks[-1].on_track if checks else None

    def discrepancy(self) -> dict[tuple[str, Key], float | None]:
        """For the goals due in the period: steps on track on the day before it, less results met in it."""
        before = self.when.start - ONE_DAY
        lead: dict[Key, list[bool]] = defaultdict(list)
        lag: dict[Key, list[bool]] = defaultdict(list)
        seen: set[int] = set()
        for outcome in self.judged():
            keys = list(self.oracle.keys_of_account(self.scope, account_of(outcome), View.AS_WAS))
            for key in keys:
                lag[key].append(is_met(outcome))
            if outcome.goal_id not in seen:
                seen.add(outcome.goal_id)
                for step in Milestone.objects.filter(goal=outcome.goal_id):
                    on_track = self.on_track(step, before)
                    for key in keys if on_track is not None else ():
                        lead[key].append(bool(on_track))
        return {
            ("outcome_discrepancy", key): 100 * (mean(lead[key]) - mean(met)) if lead[key] else None
            for key, met in lag.items()
        }


def account_of(outcome: Outcome) -> int:
    return outcome.goal.plan.account_id


def is_met(outcome: Outcome) -> bool:
    assert outcome.measured_on
    return bool(outcome.met) and outcome.measured_on <= outcome.due_on


def mean(some: list[bool]) -> float:
    return sum(some) / len(some)
