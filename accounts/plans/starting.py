"""How a plan begins: from a template's lines, or item by item from the plan before it."""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.engagement.models import Action
from accounts.people.models import User
from accounts.plans.actions import FULL, MOST_OBJECTIVES
from accounts.plans.items import SERVED, actions_of
from accounts.plans.models import (
    Goal,
    Milestone,
    Objective,
    Outcome,
    Plan,
    PlanComment,
    PlanTemplate,
    PlanTemplateItem,
    Risk,
    SwotEntry,
)
from accounts.plans.versions import keep_version

TAKE, LEAVE, REWORD = "take", "leave", "reword"


def due_in(plan: Plan, days: int | None) -> datetime.date:
    """A template's day counted from the plan's first, but never after its last."""
    assert plan.first_day is not None and plan.last_day is not None
    if days is None:
        return plan.last_day
    return min(plan.first_day + datetime.timedelta(days=days), plan.last_day)


@transaction.atomic
def begin_plan(plan: Plan, template: PlanTemplate | None, user: User) -> Plan:
    """Save a new plan, with the template's lines where one is chosen."""
    plan.created_by = user
    plan.situation = template.situation if template else plan.situation
    plan.save(force_insert=True)
    if template is not None:
        fill_from(plan, list(template.items.all()), user)
    return plan


def fill_from(plan: Plan, lines: list[PlanTemplateItem], user: User) -> None:
    """Nothing of it is verified yet: it is what plans like this one usually hold."""
    kinds = PlanTemplateItem.Kind
    of: dict[str, list[PlanTemplateItem]] = {kind: [] for kind in kinds}
    for line in lines:
        of[line.kind].append(line)
    for place, line in enumerate(of[kinds.GOAL], 1):
        Goal.objects.create(plan=plan, position=place, title=line.text)
    objectives = [
        new_objective(plan, place, line)
        for place, line in enumerate(of[kinds.OBJECTIVE][:MOST_OBJECTIVES], 1)
    ]
    for quadrant in SwotEntry.Quadrant:
        for place, line in enumerate(of[quadrant], 1):
            SwotEntry.objects.create(plan=plan, position=place, quadrant=quadrant, text=line.text)
    for place, line in enumerate(of[kinds.RISK], 1):
        Risk.objects.create(plan=plan, position=place, text=line.text)
    for line in of[kinds.ACTION]:
        due = due_in(plan, line.due_after_days)
        Action.objects.create(
            account=plan.account,
            text=line.text,
            owner=user,
            due_on=due,
            first_due_on=due,
            objective=objectives[0] if objectives else None,
            created_by=user,
        )


def new_objective(plan: Plan, place: int, line: PlanTemplateItem) -> Objective:
    due = due_in(plan, line.due_after_days)
    made: Objective = Objective.objects.create(
        plan=plan, position=place, title=line.text, kpi=line.kpi, due_on=due, first_due_on=due
    )
    return made


# ------------------------------------------------------------------------------------------- carrying over


@dataclass
class Carried:
    """One open line of the old plan, and what somebody decided about it."""

    word: str
    row: Any
    text: str
    note: str = ""
    depends_on: str = ""
    decision: str = ""
    wording: str = ""
    error: str = ""

    @property
    def key(self) -> str:
        return f"{self.word}-{self.row.pk}"


@dataclass(frozen=True)
class Section:
    title: str
    lines: list[Carried]


def open_lines(plan: Plan) -> list[Section]:
    """What is not settled: every line of it has to be decided about."""
    steps: dict[int, list[Carried]] = {}
    for milestone in Milestone.objects.filter(goal__plan=plan, reached_on__isnull=True):
        steps.setdefault(milestone.goal_id, []).append(
            Carried("milestone", milestone, milestone.title, "step", f"goal-{milestone.goal_id}")
        )
    for outcome in Outcome.objects.filter(goal__plan=plan, met__isnull=True):
        steps.setdefault(outcome.goal_id, []).append(
            Carried("outcome", outcome, outcome.title, "measure", f"goal-{outcome.goal_id}")
        )
    goals: list[Carried] = []
    for goal in Goal.objects.filter(plan=plan):
        goals += [Carried("goal", goal, goal.title), *steps.get(goal.pk, [])]
    objectives = Objective.objects.filter(plan=plan, status=Objective.Status.OPEN)
    entries = SwotEntry.objects.filter(plan=plan).order_by("quadrant", "position")
    risks = Risk.objects.filter(plan=plan, closed_on__isnull=True)
    actions = actions_of(plan).open().select_related("owner")
    return [
        Section("The customer's goals", goals),
        Section("Objectives", [Carried("objective", each, each.title) for each in objectives]),
        Section("SWOT", [Carried("swot", e, e.text, e.get_quadrant_display()) for e in entries]),
        Section("Risks", [Carried("risk", r, r.text, r.get_severity_display()) for r in risks]),
        Section("Open actions", [carried_action(each) for each in actions]),
    ]


def carried_action(action: Action) -> Carried:
    parent = next(
        f"{word}-{getattr(action, f'{name}_id')}"
        for word, name in SERVED.items()
        if getattr(action, f"{name}_id")
    )
    return Carried("action", action, action.text, str(action.owner or ""), parent)


def decide(sections: list[Section], data: Mapping[str, str]) -> bool:
    """Read what was decided; true if every line has a decision that can be followed."""
    lines = [line for section in sections for line in section.lines]
    taken = set()
    for line in lines:
        line.decision = data.get(line.key, "")
        line.wording = data.get(f"{line.key}-text", "").strip()
        if line.decision in {TAKE, REWORD}:
            taken.add(line.key)
    for line in lines:
        line.error = error_of(line, taken)
    return not any(line.error for line in lines)


def error_of(line: Carried, taken: set[str]) -> str:
    if line.decision not in {TAKE, LEAVE, REWORD}:
        return "Decide about this line."
    if line.decision == REWORD and not line.wording:
        return "Say how it reads now."
    if line.key in taken and line.depends_on and line.depends_on not in taken:
        return "What it belongs to is not taken over: leave this one, too, or take both."
    return ""


@transaction.atomic
def carry_over(old: Plan, new: Plan, sections: list[Section], user: User) -> None:
    """Take what was decided into the new plan; the old one is kept as it stood."""
    lines = [line for section in sections for line in section.lines if line.decision in {TAKE, REWORD}]
    if new.pk is None:
        new.created_by, new.carried_from = user, old
        new.save(force_insert=True)
    made: dict[str, Any] = {}
    refuse_too_many(new, lines)
    keep_version(old, user, PlanComment.Step.CARRIED)
    PlanComment.objects.create(plan=old, step=PlanComment.Step.CARRIED, author=user, text=f"Into {new.name}.")
    for line in lines:
        MAKERS[line.word](line, new, made)


def refuse_too_many(new: Plan, lines: list[Carried]) -> None:
    there = Objective.objects.filter(plan=new).count()
    if there + sum(line.word == "objective" for line in lines) > MOST_OBJECTIVES:
        raise ValidationError(FULL)


def wording(line: Carried) -> str:
    return line.wording if line.decision == REWORD else line.text


def place_after(new: Plan, model: type[Any]) -> int:
    taken = set(model.objects.filter(plan=new).values_list("position", flat=True))
    return next(place for place in range(1, 1000) if place not in taken)


def take_goal(line: Carried, new: Plan, made: dict[str, Any]) -> None:
    old = line.row
    made[line.key] = Goal.objects.create(
        plan=new,
        position=place_after(new, Goal),
        title=wording(line),
        contact_id=old.contact_id,
        carried_from=old,
    )


def due_again(day: datetime.date, new: Plan) -> datetime.date:
    """A day that lies before the new plan becomes its last one: nothing begins overdue unseen."""
    assert new.first_day is not None and new.last_day is not None
    return day if day >= new.first_day else new.last_day


def take_milestone(line: Carried, new: Plan, made: dict[str, Any]) -> None:
    old: Milestone = line.row
    Milestone.objects.create(
        goal=made[line.depends_on],
        title=wording(line),
        due_on=due_again(old.due_on, new),
        first_due_on=old.first_due_on,
    )


def take_outcome(line: Carried, new: Plan, made: dict[str, Any]) -> None:
    old: Outcome = line.row
    Outcome.objects.create(
        goal=made[line.depends_on],
        title=wording(line),
        unit=old.unit,
        baseline=old.baseline,
        target=old.target,
        due_on=due_again(old.due_on, new),
        first_due_on=old.first_due_on,
    )


def take_objective(line: Carried, new: Plan, made: dict[str, Any]) -> None:
    old: Objective = line.row
    goal = made.get(f"goal-{old.goal_id}")
    made[line.key] = Objective.objects.create(
        plan=new,
        position=place_after(new, Objective),
        title=wording(line),
        goal=goal,
        contact_id=old.contact_id,
        kpi=old.kpi,
        baseline=old.baseline,
        target=old.target,
        judgement=old.judgement,
        judged_on=old.judged_on,
        judged_by_id=old.judged_by_id,
        due_on=due_again(old.due_on, new),
        first_due_on=old.first_due_on,
        carried_from=old,
    )


def take_swot(line: Carried, new: Plan, made: dict[str, Any]) -> None:
    old: SwotEntry = line.row
    made[line.key] = SwotEntry.objects.create(
        plan=new,
        position=place_after(new, SwotEntry),
        quadrant=old.quadrant,
        text=wording(line),
        carried_from=old,
    )


def take_risk(line: Carried, new: Plan, made: dict[str, Any]) -> None:
    old: Risk = line.row
    made[line.key] = Risk.objects.create(
        plan=new,
        position=place_after(new, Risk),
        text=wording(line),
        severity=old.severity,
        answer=old.answer,
        owner_id=old.owner_id,
        carried_from=old,
    )


def take_action(line: Carried, new: Plan, made: dict[str, Any]) -> None:
    """An action is one promise, not two: it follows from the new line from now on."""
    old: Action = line.row
    for word, name in SERVED.items():
        setattr(old, name, made[line.depends_on] if line.depends_on.startswith(f"{word}-") else None)
    old.text = wording(line)
    old.version += 1
    old.save(update_fields=["text", "version", *SERVED.values()])


MAKERS: dict[str, Callable[[Carried, Plan, dict[str, Any]], None]] = {
    "goal": take_goal,
    "milestone": take_milestone,
    "outcome": take_outcome,
    "objective": take_objective,
    "swot": take_swot,
    "risk": take_risk,
    "action": take_action,
}
