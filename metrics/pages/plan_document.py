"""A plan as PDF: the texts and figures of the page, on paper."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from accounts.models import Action
from accounts.plans.items import visible_plan
from kamplan import formats
from kamplan.permissions import READS_WORK, allowed, signed_in
from kamplan.templatetags.kam import STATES
from metrics.pages.documents import file_name, pdf
from metrics.pages.plan_figures import Stand, period_words
from metrics.pages.plan_lines import Lines, Shown
from metrics.reading import reading

WORDS = {"done": "reached", "failed": "missed", "hidden": "dropped"}


@require_GET
@allowed(*READS_WORK)
def plan_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    plan = visible_plan(user, pk)
    with reading():
        shown = Shown.of(plan, user, request.GET.get("run", ""))
    response = HttpResponse(pdf("plan", document_of(shown)), content_type="application/pdf")
    name = file_name(plan.account.name, plan.name)
    response.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


def document_of(shown: Shown) -> dict[str, Any]:
    plan, lines = shown.plan, shown.lines
    return {
        "title": plan.name,
        "account": plan.account.name,
        "period": period_words(plan),
        "state": plan.get_status_display(),
        "summary": plan.summary,
        "foot": foot(shown),
        "goals": [goal_of(each) for each in lines.goals],
        "objectives": [objective_of(each, each.stand) for each in lines.objectives],
        "actions": [action_of(each) for each in lines.actions],
        "swot": [[each.title, [entry_of(entry) for entry in each.entries]] for each in lines.quadrants],
        "risks": risks_of(lines),
    }


def foot(shown: Shown) -> str:
    printed = f"Printed {formats.day(shown.today, year=True)}"
    if shown.run is None:
        return f"{printed}, no figures yet"
    return f"{printed}, figures of run {shown.run.pk} as of {formats.day(shown.run.as_of, year=True)}"


def verified(row: Any) -> str:
    return f"verified {formats.day(row.verified_on, year=True)}" if row.verified_on else "not verified"


def due(row: Any) -> str:
    moved = row.first_due_on and row.first_due_on != row.due_on
    first = f" (first {formats.day(row.first_due_on)})" if moved else ""
    return f"due {formats.day(row.due_on, year=True)}{first}" if row.due_on else "no date"


def goal_of(goal: Any) -> dict[str, Any]:
    return {
        "title": goal.title,
        "who": f"{goal.contact} cares" if goal.contact else "nobody named who cares",
        "verified": verified(goal),
        "steps": [[step.title, due(step), step_state(step)] for step in goal.steps],
        "measures": [[each.title, due(each), measure_state(each)] for each in goal.measures],
    }


def step_state(step: Any) -> str:
    if step.reached_on:
        return f"reached {formats.day(step.reached_on)}"
    if step.look is None:
        return "overdue" if step.is_late else "not checked"
    return f"{'on' if step.look.on_track else 'off'} track on {formats.day(step.look.on)}"


def measure_state(row: Any) -> str:
    way = f"{row.baseline_text or formats.UNKNOWN} to {row.target_text or formats.UNKNOWN} {row.unit}".strip()
    if row.met is None:
        return way
    return f"{way}; measured {row.actual_text or formats.UNKNOWN}: {'met' if row.met else 'missed'}"


def objective_of(row: Any, stand: Stand) -> dict[str, Any]:
    return {
        "title": row.title,
        "kpi": stand.kpi.name if stand.kpi else "qualitative",
        "value": stand.value_text or (f"“{row.judgement}”" if row.judgement else ""),
        "baseline": stand.baseline_text,
        "target": stand.target_text,
        "tone": {"ahead": "done", "behind": "overdue", "failed": "short"}.get(stand.state, stand.state),
        "state": WORDS.get(stand.state) or (STATES[stand.state][2] if stand.kpi else "no number"),
        "share": stand.share,
        "expected": stand.expected,
        "due": due(row),
        "verified": verified(row),
    }


def action_of(row: Any) -> list[str]:
    done = row.status != Action.Status.OPEN
    state = row.get_status_display() if done else "overdue" if row.is_late else "open"
    return [row.text, str(row.owner or "nobody"), due(row), state, str(row.served)]


def entry_of(row: Any) -> list[str]:
    count = len(row.acts)
    led = f"{count} action{'' if count == 1 else 's'}" if count else "leads to nothing yet"
    return [row.text, led]


def risks_of(lines: Lines) -> list[list[str]]:
    return [
        [row.get_severity_display(), row.text, row.answer, str(row.owner or "nobody")]
        for row in lines.open_risks
    ]
