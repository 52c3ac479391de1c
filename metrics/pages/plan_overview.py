"""The plan's part of an account's overview: the customer's first goal, and how the objectives stand."""

import datetime
from collections.abc import Sequence
from typing import Any

from accounts.models import Objective, Organisation, User
from accounts.plans.items import current_plan
from kamplan.permissions import READS_WORK
from metrics.models import Run
from metrics.pages.plan_figures import Found, Planned, stands_from


def plans_of(user: User, account: int, today: datetime.date) -> list[Planned]:
    """The account's plan with its objectives; none where there is none, or for who reads no plans."""
    plan = current_plan(user, account, today) if user.role in READS_WORK else None
    if plan is None:
        return []
    return [(plan, list(Objective.objects.filter(plan=plan).select_related("judged_by", "contact")))]


def plan_section(
    user: User, plans: Sequence[Planned], found: Found, run: Run | None, organisation: Organisation
) -> dict[str, Any]:
    """Empty for who reads no plans; `plan` is None where the account has none."""
    if user.role not in READS_WORK:
        return {}
    if not plans:
        return {"plan": None, "shows_plan": True}
    stands = stands_from(found, plans, run, organisation)
    ((plan, objectives),) = plans
    each: Any
    for each in objectives:
        each.stand = stands[each.pk]
    return {
        "plan": plan,
        "shows_plan": True,
        "objectives": objectives,
        "plan_verified": max((e.verified_on for e in objectives if e.verified_on), default=None),
        "most": Objective.MOST,
    }
