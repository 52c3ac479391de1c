"""The way back after a line of a plan was deleted."""

from typing import Any

from django.apps import apps
from django.core import serializers
from django.core.serializers.base import DeserializationError
from django.db import IntegrityError, models, transaction
from django.http import Http404

from accounts import way_back
from accounts.engagement.models import Action
from accounts.people.models import User
from accounts.plans.actions import locked_plan, place_for
from accounts.plans.items import KINDS, Kind, plan_id_of, visible_plan
from accounts.plans.models import Goal, Milestone, MilestoneCheck, Objective, Outcome, Plan

AREA = "plan-line"
TOO_LATE = "It is too late to take this back, or the plan is closed meanwhile."
LINKS: dict[str, tuple[tuple[type[models.Model], str], ...]] = {
    "goal": ((Objective, "goal"),),
    "objective": ((Action, "objective"),),
    "swot": ((Action, "swot_entry"),),
    "risk": ((Action, "risk"),),
}
"""What points to a line and only loses its link when the line goes."""


@transaction.atomic
def delete_line(kind: Kind, row: Any, user: User) -> str:
    """Gone, with a token that brings it back; actions stay and only lose what they followed from."""
    plan = plan_id_of(row)
    rows = [row]
    if isinstance(row, Goal):
        rows += [*Milestone.objects.filter(goal=row), *Outcome.objects.filter(goal=row)]
    steps = [each.pk for each in rows if isinstance(each, Milestone)]
    rows += MilestoneCheck.objects.filter(milestone__in=steps)
    links = [
        [model._meta.label_lower, field, list(pointing(model, field, row).values_list("pk", flat=True))]
        for model, field in LINKS.get(kind.word, ())
    ]
    data = serializers.serialize("python", rows)
    word, pk = kind.word, row.pk
    row.delete()
    return way_back.keep(user, AREA, plan=plan, word=word, pk=pk, data=data, links=links)


def pointing(model: type[models.Model], field: str, row: models.Model) -> "models.QuerySet[Any]":
    found: models.QuerySet[Any] = model._default_manager.filter(**{field: row.pk})
    return found


def restore_line(user: User, token: str) -> Plan | None:
    """The plan whose line came back; nothing where it is too late."""
    kept = way_back.take(user, AREA, token)
    if kept is None:
        return None
    kind = KINDS[kept["word"]]
    try:
        with transaction.atomic():
            plan = visible_plan(user, kept["plan"], locked=True)
            if not plan.is_open or kind.model.objects.filter(pk=kept["pk"]).exists():
                return None
            put_back(kind, locked_plan(plan.pk), kept["data"], kept["links"])
    # What it hung on was deleted meanwhile, a sixth objective came, or the account went to somebody else.
    except (IntegrityError, DeserializationError, Http404):
        return None
    return plan


def put_back(kind: Kind, plan: Plan, data: list[dict[str, Any]], links: list[Any]) -> None:
    for found in serializers.deserialize("python", data):
        row: Any = found.object
        if isinstance(row, Objective) and Objective.objects.filter(plan=plan, position=row.position).exists():
            row.position = place_or_conflict(kind, plan)
        row.save(force_insert=True)
    pk = data[0]["pk"]
    for label, field, numbers in links:
        rows = apps.get_model(label)._default_manager.filter(pk__in=numbers, **{f"{field}__isnull": True})
        rows.update(**{field: pk})


def place_or_conflict(kind: Kind, plan: Plan) -> int:
    from django.core.exceptions import ValidationError

    try:
        return place_for(kind, plan)
    except ValidationError as full:
        raise IntegrityError(str(full)) from full
