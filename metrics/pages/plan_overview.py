"""The plan's part of an account's overview: the customer's first goal, and how the objectives stand."""

from typing import Any

from accounts.models import Objective, Organisation, User
from accounts.plans.items import current_plan
from kamplan.permissions import READS_WORK
from metrics.models import Run
from metrics.pages.plan_figures import stands


def plan_section(user: User, account: int, run: Run | None, organisation: Organisation) -> dict[str, Any]:
    """Empty for who reads no plans; `plan` is None where the account has none."""
    if user.role not in READS_WORK:
        return {}
    plan = current_plan(user, account, organisation.today())
    if plan is None:
        return {"plan": None, "shows_plan": True}
    objectives = list(Objective.objects.filter(plan=plan).select_related("judged_by", "contact"))
    found = stands(plan, objectives, run, organisation, user, newest=run)
    for each in objectives:
        each.stand = found[each.pk]
    return {
        "plan": plan,
        "shows_plan": True,
        "objectives": objectives,
        "plan_verified": max((e.verified_on for e in objectives if e.verified_on), default=None),
        "most": Objective.MOST,
    }
