"""The kinds of lines that a plan is made of, and how one of them is found for a person."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Model, OuterRef, Q, QuerySet, Subquery, When
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.engagement.models import Action
from accounts.people.models import User
from accounts.plans.models import Goal, Milestone, Objective, Outcome, Plan, Risk, SwotEntry


@dataclass(frozen=True)
class Kind:
    """One kind of line: its word in addresses, its table, the section of the page and how it hangs on the plan."""

    word: str
    model: type[Any]
    section: str
    noun: str
    path: str
    compared: tuple[str, ...]
    """The fields that a version keeps, in the order in which changes are told."""


KINDS = {
    kind.word: kind
    for kind in (
        Kind("goal", Goal, "goals", "goal", "plan", ("title", "contact")),
        Kind("milestone", Milestone, "goals", "step", "goal__plan", ("title", "due_on", "reached_on")),
        Kind(
            "outcome",
            Outcome,
            "goals",
            "measure",
            "goal__plan",
            ("title", "unit", "baseline", "target", "due_on", "actual", "measured_on", "met"),
        ),
        Kind(
            "objective",
            Objective,
            "objectives",
            "objective",
            "plan",
            ("title", "goal", "contact", "kpi", "baseline", "target", "due_on", "judgement", "status"),
        ),
        Kind("swot", SwotEntry, "swots", "SWOT entry", "plan", ("quadrant", "text")),
        Kind("risk", Risk, "risks", "risk", "plan", ("text", "severity", "answer", "owner", "closed_on")),
        Kind(
            "action",
            Action,
            "actions",
            "action",
            "",
            ("text", "side", "owner", "contact", "due_on", "status", "objective", "swot_entry", "risk"),
        ),
    )
}
VERIFIED = frozenset({"goal", "objective", "swot", "risk"})
"""Lines of which somebody says on a day that they still hold; they have a place among their like, too."""
SERVED = {"objective": "objective", "swot": "swot_entry", "risk": "risk"}
"""What an action of a plan follows from, and the action's field that says so."""


def kind_or_404(word: str) -> Kind:
    if word not in KINDS:
        raise Http404
    return KINDS[word]


def actions_of(plan: Plan) -> Any:
    """The actions that follow from something in the plan."""
    return Action.objects.filter(follows_from(plan))


def follows_from(plan: Plan) -> Q:
    return Q(objective__plan=plan) | Q(swot_entry__plan=plan) | Q(risk__plan=plan)


def rows_of(kind: Kind, plan: Plan) -> QuerySet[Any]:
    found: QuerySet[Any]
    if kind.word == "action":
        found = actions_of(plan)
        return found
    found = kind.model.objects.filter(**{kind.path: plan})
    return found


def visible_plan(user: User, pk: int, *, locked: bool = False) -> Plan:
    plans = Plan.objects.visible_to(user).select_related("account")
    found: Plan = get_object_or_404(plans.select_for_update(of=("self",)) if locked else plans, pk=pk)
    return found


def visible_item(user: User, kind: Kind, pk: int, *, locked: bool = False) -> Any:
    """The line and, as `line.in_plan`, its plan; 404 for a stranger and for an action of no plan."""
    rows = kind.model.objects.visible_to(user)
    item = get_object_or_404(rows.select_for_update(of=("self",)) if locked else rows, pk=pk)
    item.in_plan = visible_plan(user, plan_id_of(item))
    return item


def plan_id_of(item: Model) -> int:
    """The number of the plan that a line belongs to; 0 for an action that follows from none."""
    if isinstance(item, Action):
        for name in SERVED.values():
            served = getattr(item, name)
            if served is not None:
                return int(served.plan_id)
        return 0
    holder = item.goal if isinstance(item, Milestone | Outcome) else item
    return int(holder.plan_id)  # type: ignore[attr-defined]


def current_plan(user: User, account: int, today: datetime.date) -> Plan | None:
    """Today's plan of an account that the person may see; else the newest one, if it is not closed.

    With it comes the title of its `first_goal`."""
    goals = Goal.objects.filter(plan=OuterRef("pk")).order_by("position", "pk")
    plans = Plan.objects.of_account(user, account).exclude(status=Plan.Status.CLOSED)
    is_current = Case(When(during__contains=today, then=True), default=False)
    plans = plans.annotate(first_goal=Subquery(goals.values("title")[:1])).select_related("account")
    found: Plan | None = plans.order_by(is_current.desc(), "-during").first()
    return found


def last_writer(row: Any) -> str:
    """Who saved the row last, as its history says."""
    events = type(row).pgh_event_model.objects.filter(pgh_obj_id=row.pk).select_related("pgh_context")
    newest = events.order_by("-pgh_id").first()
    context = newest.pgh_context.metadata if newest is not None and newest.pgh_context else {}
    user = User.objects.filter(pk=context.get("user")).first() if context.get("user") else None
    return user.name if user is not None else "Somebody"
