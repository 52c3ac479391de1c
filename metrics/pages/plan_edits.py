"""Writes to single lines of a plan, each in its place on the page: the answer is the line or its section."""

import datetime
import re
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from accounts.engagement.actions import close_action
from accounts.models import Action, Milestone, Organisation, Plan, User
from accounts.plans.actions import (
    add_line,
    check_milestone,
    move_line,
    place_for,
    reach_milestone,
    save_line,
    verify_line,
)
from accounts.plans.forms import LineForm, line_form
from accounts.plans.items import SERVED, VERIFIED, Kind, kind_or_404, last_writer, visible_item, visible_plan
from accounts.plans.models import Goal
from accounts.plans.undo import TOO_LATE, delete_line, restore_line
from accounts.portfolio.views import with_toast
from kamplan.permissions import EDITS_ACCOUNTS, allowed, signed_in
from metrics.pages.plan import CONFLICT, refuse_closed
from metrics.pages.plan_figures import KPI_CHOICES
from metrics.pages.plan_lines import Shown, key_of

PREFILLED = ("quadrant", "serves", "goal", "text", "title")
"""What a link that opens an empty form may fill in."""
NEAR = re.compile(r"(?:objective|swot|risk)-[0-9]{1,18}")
"""The line beside which a form for a new action may open."""
A_FORTNIGHT = datetime.timedelta(days=14)


def is_htmx(request: HttpRequest) -> bool:
    return bool(request.htmx)  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def item_add(request: HttpRequest, plan: int, kind: str) -> HttpResponse:
    user = signed_in(request)
    found = kind_or_404(kind)
    owner = visible_plan(user, plan)
    refuse_closed(owner)
    row = new_row(request, found, owner)
    form = bound_form(request, found, row, owner)
    try:
        if found.word in VERIFIED:
            row.position = place_for(found, owner)
        if request.method == "GET" or not form.is_valid():
            return form_answer(request, found, owner, form, status=422 if form.is_bound else 200)
        row = add_line(found, owner, form.instance, user, Organisation.current().today())
    except ValidationError as full:
        return form_answer(request, found, owner, form, status=422, refusal=" ".join(full.messages))
    if not is_htmx(request):
        return redirect(at_line(owner, found, row.pk))
    response = section_answer(request, owner, found, focus=key_of(found, row.pk))
    at = request.GET.get("at", "")
    if NEAR.fullmatch(at):
        # The form stood beside what the action follows from; it has done its work.
        response.content += format_html('<div id="{}-add" hx-swap-oob="innerHTML"></div>', at).encode()
    return with_toast(response, f"The {found.noun} is added.")


def new_row(request: HttpRequest, kind: Kind, plan: Plan) -> Any:
    """An empty line of the plan, hanging on its goal where it needs one."""
    if kind.word == "action":
        return Action(account=plan.account)
    if kind.word in {"milestone", "outcome"}:
        asked = request.POST.get("of") or request.GET.get("of", "")
        goals = Goal.objects.visible_to(signed_in(request)).filter(plan=plan)
        goal = goals.filter(pk=int(asked) if asked.isdecimal() and len(asked) < 12 else 0).first()
        if goal is None:
            raise Http404
        return kind.model(goal=goal)
    return kind.model(plan=plan)


def bound_form(request: HttpRequest, kind: Kind, row: Any, plan: Plan) -> LineForm:
    today = Organisation.current().today()
    initial: dict[str, Any] = {}
    if not row.pk:
        initial = {name: request.GET[name] for name in PREFILLED if name in request.GET}
        if kind.word == "action":
            initial["due_on"] = today + A_FORTNIGHT
    return line_form(
        kind,
        request.POST or None,
        instance=row,
        initial=initial,
        plan=plan,
        user=signed_in(request),
        today=today,
        kpis=KPI_CHOICES,
        auto_id=f"id_{kind.word}_{row.pk or 'new'}_%s",
    )


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def item_edit(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """GET gives the form (or, with `cancel`, the line again), POST saves it or shows both versions."""
    user = signed_in(request)
    found = kind_or_404(kind)
    with transaction.atomic():
        row = visible_item(user, found, pk, locked=request.method == "POST")
        plan: Plan = row.in_plan
        refuse_closed(plan)
        if request.method == "GET" and "cancel" in request.GET:
            return line_answer(request, plan, found, pk)
        form = bound_form(request, found, row, plan)
        if request.method == "GET":
            return form_answer(request, found, plan, form)
        merged = form.was_overtaken
        if form.settle():
            return form_answer(request, found, plan, form, status=422 if is_htmx(request) else CONFLICT)
        if not form.is_valid():
            return form_answer(request, found, plan, form, status=422)
        moved = places_changed(form)
        save_line(form.instance, form.written, user, Organisation.current().today())
    if not is_htmx(request):
        messages.success(request, "Saved.", kept_as(found, plan, pk))
        return redirect(at_line(plan, found, pk))
    text = "Saved, and what somebody else changed meanwhile is kept, too." if merged else "Saved."
    if moved:
        response = section_answer(request, plan, found, focus=key_of(found, pk))
    else:
        response = line_answer(request, plan, found, pk)
    return with_toast(response, text)


def places_changed(form: LineForm) -> bool:
    """Whether the line now stands elsewhere in its section."""
    return bool({"quadrant", "severity", "due_on", "serves", "goal", "closed_on"} & set(form.changed_data))


@require_POST
@allowed(*EDITS_ACCOUNTS)
def item_delete(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    user = signed_in(request)
    found = kind_or_404(kind)
    with transaction.atomic():
        row = visible_item(user, found, pk, locked=True)
        plan: Plan = row.in_plan
        refuse_closed(plan)
        token = delete_line(found, row, user)
    text = f"The {found.noun} is deleted."
    if not is_htmx(request):
        messages.success(request, text)
        return redirect(at_section(plan, found))
    response = section_answer(request, plan, found, also=("actions",) if found.word in SERVED else ())
    return with_toast(response, text, reverse("plans:item_restore", kwargs={"token": token}))


@require_POST
@allowed(*EDITS_ACCOUNTS)
def item_restore(request: HttpRequest, token: str) -> HttpResponse:
    plan = restore_line(signed_in(request), token)
    if plan is None:
        messages.error(request, TOO_LATE)
        if is_htmx(request):
            return with_toast(HttpResponse(status=204), TOO_LATE)
        return redirect("plans:list")
    if is_htmx(request):
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect("plans:plan", pk=plan.pk)


@require_POST
@allowed(*EDITS_ACCOUNTS)
def item_verify(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """It still holds, as of today."""
    found, row, plan = for_write(request, kind, pk)
    if found.word not in VERIFIED:
        raise Http404
    verify_line(row, signed_in(request), Organisation.current().today())
    return line_or_page(request, plan, found, pk, "Verified today.")


@require_POST
@allowed(*EDITS_ACCOUNTS)
def item_move(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    found, row, plan = for_write(request, kind, pk)
    if found.word not in VERIFIED:
        raise Http404
    up = request.POST.get("to") == "up"
    moved = move_line(row, up)
    text = f"Moved {'up' if up else 'down'}." if moved else f"It is the {'first' if up else 'last'} already."
    if not is_htmx(request):
        return redirect(at_line(plan, found, pk))
    return with_toast(section_answer(request, plan, found, focus=key_of(found, pk)), text)


@require_POST
@allowed(*EDITS_ACCOUNTS)
@transaction.atomic
def milestone_check(request: HttpRequest, pk: int) -> HttpResponse:
    """On track, off track, reached, or not reached after all."""
    found, row, plan = for_write(request, "milestone", pk, locked=True)
    said = request.POST.get("said", "")
    text = milestone_said(row, said, signed_in(request), request.POST.get("note", "").strip())
    if text is None:
        raise Http404
    return line_or_page(request, plan, found, pk, text)


def milestone_said(row: Milestone, said: str, user: User, note: str) -> str | None:
    today = Organisation.current().today()
    if said in {"on", "off"}:
        check_milestone(row, said == "on", user, today, note)
        return f"{'On' if said == 'on' else 'Off'} track, as of today."
    if said in {"reached", "open"}:
        reach_milestone(row, today if said == "reached" else None)
        return "Reached." if said == "reached" else "Open again."
    return None


@require_POST
@allowed(*EDITS_ACCOUNTS)
def action_done(request: HttpRequest, pk: int) -> HttpResponse:
    """Done, or open again."""
    user, today = signed_in(request), Organisation.current().today()
    with transaction.atomic():
        row = visible_item(user, kind_or_404("action"), pk, locked=True)
        plan: Plan = row.in_plan
        refuse_closed(plan)
        is_open = row.status == Action.Status.OPEN
        status = Action.Status.DONE if is_open else Action.Status.OPEN
        undo = close_action(user, row, status, today)
    if not is_htmx(request):
        return redirect(at_line(plan, kind_or_404("action"), pk))
    response = section_answer(request, plan, kind_or_404("action"), focus=f"action-{pk}")
    return with_toast(response, "Done." if is_open else "Open again.", undo if is_open else "")


def for_write(request: HttpRequest, word: str, pk: int, *, locked: bool = False) -> tuple[Kind, Any, Plan]:
    kind = kind_or_404(word)
    row = visible_item(signed_in(request), kind, pk, locked=locked)
    plan: Plan = row.in_plan
    refuse_closed(plan)
    return kind, row, plan


# ------------------------------------------------------------------------------------------------ answers


def form_answer(
    request: HttpRequest, kind: Kind, plan: Plan, form: LineForm, status: int = 200, refusal: str = ""
) -> HttpResponse:
    row = form.instance
    context = {
        "form": form,
        "refusal": refusal,
        "overtaken_by": last_writer(row) if form.clashes else "",
        "kind": kind.word,
        "noun": kind.noun,
        "plan": plan,
        "account": plan.account,
        "item": row,
        "is_new": not row.pk,
        "of": getattr(row, "goal_id", None) if kind.word in {"milestone", "outcome"} else None,
        "action": request.get_full_path() if not row.pk else request.path,
        "kept": kept_as(kind, plan, row.pk),
        "place": place_of(kind, row, request.GET.get("at", "")),
    }
    template = "plans/_plan_line_form.html" if is_htmx(request) else "plans/plan_line.html"
    return render(request, template, context, status=status)


def place_of(kind: Kind, row: Any, at: str = "") -> str:
    """The element that the form stands in."""
    if row.pk:
        return key_of(kind, row.pk)
    if NEAR.fullmatch(at):
        return f"{at}-add"
    if kind.word in {"milestone", "outcome"}:
        return f"goal-{row.goal_id}-add"
    return f"{kind.section}-add"


def kept_as(kind: Kind, plan: Plan, pk: int | None) -> str:
    return f"plan-{plan.pk}-{kind.word}-{pk or 'new'}"


def line_or_page(request: HttpRequest, plan: Plan, kind: Kind, pk: int, text: str) -> HttpResponse:
    if not is_htmx(request):
        messages.success(request, text)
        return redirect(at_line(plan, kind, pk))
    return with_toast(line_answer(request, plan, kind, pk), text)


def line_answer(request: HttpRequest, plan: Plan, kind: Kind, pk: int) -> HttpResponse:
    """The line as it stands now, alone."""
    if not is_htmx(request):
        return redirect(at_line(plan, kind, pk))
    shown = Shown.of(plan, signed_in(request))
    context = {**shown.context(), "item": shown.lines.find(kind, pk), "focus": key_of(kind, pk)}
    return render(request, f"plans/_plan_{kind.word}.html", context)


def section_answer(
    request: HttpRequest, plan: Plan, kind: Kind, focus: str = "", also: tuple[str, ...] = ()
) -> HttpResponse:
    """The whole section in its place; what an action follows from says so in its own place."""
    shown = Shown.of(plan, signed_in(request))
    context = {**shown.context(), "focus": focus}
    parts = [render_to_string(f"plans/_plan_{kind.section}.html", context, request)]
    parts += [
        render_to_string(f"plans/_plan_{name}.html", {**context, "oob": True}, request) for name in also
    ]
    if kind.word == "action":
        parts.append(render_to_string("plans/_plan_acts.html", {**context, "oob": True}, request))
    response = HttpResponse("".join(parts))
    response.headers["HX-Retarget"] = f"#plan-{kind.section}"
    response.headers["HX-Reswap"] = "outerHTML"
    return response


def at_line(plan: Plan, kind: Kind, pk: int) -> str:
    return f"{reverse('plans:plan', kwargs={'pk': plan.pk})}#{key_of(kind, pk)}"


def at_section(plan: Plan, kind: Kind) -> str:
    return f"{reverse('plans:plan', kwargs={'pk': plan.pk})}#plan-{kind.section}"
