"""The lines of a plan as its page shows them, read in a constant number of statements."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch

from accounts.models import (
    Action,
    Goal,
    Milestone,
    MilestoneCheck,
    Objective,
    Organisation,
    Outcome,
    Plan,
    Risk,
    SwotEntry,
    User,
)
from accounts.plans.items import SERVED, Kind, actions_of
from kamplan.permissions import EDITS_ACCOUNTS
from metrics.models import Run
from metrics.pages.plan_figures import Stand, stands
from metrics.reading import newest_run

QUADRANTS = [(each.value, each.label.capitalize()) for each in SwotEntry.Quadrant]
PLURALS = {
    "strength": "Strengths",
    "weakness": "Weaknesses",
    "opportunity": "Opportunities",
    "threat": "Threats",
}
OLD_DAYS = 90
"""What nobody verified for so long is shown as old."""


@dataclass(frozen=True)
class Quadrant:
    value: str
    title: str
    entries: Sequence[SwotEntry]


@dataclass
class Lines:
    """Everything that stands in one plan; `hang` gives each line what follows from it."""

    goals: list[Any]
    objectives: list[Any]
    actions: list[Any]
    swots: list[Any]
    risks: list[Any]

    @property
    def quadrants(self) -> list[Quadrant]:
        return [
            Quadrant(value, PLURALS[value], [each for each in self.swots if each.quadrant == value])
            for value, _ in QUADRANTS
        ]

    @property
    def verified_on(self) -> datetime.date | None:
        """The newest day on which somebody said of a line that it still holds."""
        lines = [*self.goals, *self.objectives, *self.swots, *self.risks]
        return max((each.verified_on for each in lines if each.verified_on), default=None)

    @property
    def open_actions(self) -> list[Action]:
        return [each for each in self.actions if each.status == Action.Status.OPEN]

    @property
    def closed_actions(self) -> list[Action]:
        return [each for each in self.actions if each.status != Action.Status.OPEN]

    @property
    def open_risks(self) -> list[Risk]:
        return [each for each in self.risks if each.closed_on is None]

    def find(self, kind: Kind, pk: int) -> Any:
        if kind.word in {"milestone", "outcome"}:
            rows = [
                each
                for goal in self.goals
                for each in (goal.steps if kind.word == "milestone" else goal.measures)
            ]
        else:
            rows = getattr(self, kind.section)
        return next(each for each in rows if each.pk == pk)


def lines_of(plan: Plan, today: datetime.date) -> Lines:
    checks = MilestoneCheck.objects.select_related("author")
    steps = Milestone.objects.prefetch_related(Prefetch("checks", checks, to_attr="looks"))
    goals = Goal.objects.filter(plan=plan).select_related("contact", "verified_by")
    goals = goals.prefetch_related(
        Prefetch("milestones", steps, to_attr="steps"),
        Prefetch("outcomes", Outcome.objects.all(), to_attr="measures"),
    )
    objectives = Objective.objects.filter(plan=plan).select_related(
        "contact", "goal", "judged_by", "verified_by"
    )
    actions = actions_of(plan).select_related("owner", "contact", "objective", "swot_entry", "risk")
    entries = SwotEntry.objects.filter(plan=plan).select_related("verified_by")
    risks = Risk.objects.filter(plan=plan).select_related("owner", "verified_by")
    lines = Lines(list(goals), list(objectives), list(actions), list(entries), list(risks))
    hang(lines, today)
    return lines


def hang(lines: Lines, today: datetime.date) -> None:
    """Tell every line what follows from it."""
    acts: dict[tuple[str, int], list[Action]] = {}
    for action in lines.actions:
        action.focus_key = f"action-{action.pk}"
        action.is_late = action.status == Action.Status.OPEN and bool(action.due_on and action.due_on < today)
        for word, name in SERVED.items():
            pk = getattr(action, f"{name}_id")
            if pk:
                acts.setdefault((word, pk), []).append(action)
                action.served_key = f"{word}-{pk}"
                action.served = getattr(action, name)
    old = today - datetime.timedelta(days=OLD_DAYS)
    for word, rows in (
        ("goal", lines.goals),
        ("objective", lines.objectives),
        ("swot", lines.swots),
        ("risk", lines.risks),
    ):
        for row in rows:
            own = acts.get((word, row.pk), [])
            row.acts = own
            row.focus_key = f"{word}-{row.pk}"
            row.acts_open = sum(each.status == Action.Status.OPEN for each in own)
            row.acts_done = sum(each.status == Action.Status.DONE for each in own)
            row.is_old = row.verified_on is None or row.verified_on < old
    for goal in lines.goals:
        goal.served_by = [each for each in lines.objectives if each.goal_id == goal.pk]
        for step in goal.steps:
            step.focus_key = f"milestone-{step.pk}"
            step.look = step.looks[0] if step.looks else None
            step.is_late = step.reached_on is None and step.due_on < today
        for measure in goal.measures:
            measure.focus_key = f"outcome-{measure.pk}"
            for name in ("baseline", "target", "actual"):
                setattr(measure, f"{name}_text", unpadded(getattr(measure, name)))
            measure.is_late = measure.met is None and measure.due_on < today


def unpadded(amount: Decimal | None) -> str:
    """Without the zeros that the database keeps."""
    return "" if amount is None else f"{amount.normalize():f}"


@dataclass
class Shown:
    """One plan for one person on one day, with its figures of one run."""

    plan: Plan
    user: User
    today: datetime.date
    run: Run | None
    lines: Lines
    found: dict[int, Stand]
    run_asked: int | None = None

    @classmethod
    def of(cls, plan: Plan, user: User, asked: str = "") -> "Shown":
        """Figures of the newest run, or of an earlier one that was asked for."""
        organisation = Organisation.current()
        today = organisation.today()
        run = newest_run()
        earlier = (
            Run.objects.filter(pk=int(asked), is_kept=True).first()
            if asked.isdecimal() and len(asked) < 12
            else None
        )
        lines = lines_of(plan, today)
        found = stands(plan, lines.objectives, earlier or run, organisation, user, newest=run)
        for objective in lines.objectives:
            objective.stand = found[objective.pk]
        past = earlier is not None and run is not None and earlier.pk != run.pk
        return cls(plan, user, today, earlier or run, lines, found, earlier.pk if past and earlier else None)

    @property
    def may_edit(self) -> bool:
        return self.user.role in EDITS_ACCOUNTS and self.plan.is_open

    def context(self) -> dict[str, Any]:
        return {
            "plan": self.plan,
            "account": self.plan.account,
            "lines": self.lines,
            "run": self.run,
            "is_past_run": self.run_asked is not None,
            "today": self.today,
            "may_edit": self.may_edit,
            "most": Objective.MOST,
        }


def key_of(kind: Kind, pk: int) -> str:
    """The id of a line's element on the page."""
    return f"{kind.word}-{pk}"
