"""The plan of an account on one page, its way from draft to closed, its versions, and the next period's plan."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Account, Organisation, Plan, PlanComment, PlanVersion, User
from accounts.plans.forms import NewPlanForm, PlanForm, new_account_plan
from accounts.plans.items import current_plan, last_writer, visible_plan
from accounts.plans.starting import begin_plan, carry_over, decide, open_lines
from accounts.plans.steps import WAYS, steps_for, take_step
from accounts.plans.versions import changes_between, content_of
from accounts.portfolio.frame import account_frame
from kamplan.permissions import EDITS_ACCOUNTS, READS_WORK, allowed, signed_in, visible_or_404
from metrics.pages.plan_figures import period_words
from metrics.pages.plan_lines import Shown
from metrics.reading import reading

CONFLICT = 409


@require_GET
@allowed(*READS_WORK)
def plan_of(request: HttpRequest, account: int) -> HttpResponse:
    """Today's plan of an account, or the way to its first one."""
    user = signed_in(request)
    owner = visible_or_404(Account, user, pk=account)
    plan = current_plan(user, owner.pk, Organisation.current().today())
    if plan is not None:
        return page(request, plan)
    older = Plan.objects.visible_to(user).filter(account=owner).order_by("-during").first()
    context = {**account_frame(user, owner.pk, "plan"), "older": older}
    return render(request, "plans/plan_none.html", context)


@require_GET
@allowed(*READS_WORK)
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    return page(request, visible_plan(signed_in(request), pk))


def page(request: HttpRequest, plan: Plan) -> HttpResponse:
    user = signed_in(request)
    with reading():
        frame = account_frame(user, plan.account_id, "plan")
        shown = Shown.of(plan, user, request.GET.get("run", ""))
        context = {**frame, **shown.context(), **way_context(user, plan, frame["today"])}
        context["others"] = others(user, plan)
    return render(request, "plans/plan.html", {**context, "account": frame["account"]})


def way_context(user: User, plan: Plan, today: Any) -> dict[str, Any]:
    """The plan's state, what was said about it, and which steps this person may take."""
    steps = steps_for(user, plan, today)
    comments = list(PlanComment.objects.visible_to(user).filter(plan=plan).select_related("author"))
    versions = (
        PlanVersion.objects.visible_to(user).filter(plan=plan).select_related("made_by").defer("content")
    )
    return {
        "steps": steps,
        "main_step": next((way for way in steps if way.step in {"submitted", "approved"}), None),
        "may_delete": bool(steps) and is_unwanted_draft(plan, comments),
        "waits_for_approval": plan.status == Plan.Status.SUBMITTED,
        "comments": comments,
        "version": versions.order_by("-number").first(),
        "period_words": period_words(plan),
    }


def is_unwanted_draft(plan: Plan, comments: list[PlanComment]) -> bool:
    """What `may_be_deleted` asks, of comments that are read already."""
    approved = any(each.step == PlanComment.Step.APPROVED for each in comments)
    return plan.status == Plan.Status.DRAFT and not approved


def others(user: User, plan: Plan) -> list[Plan]:
    """The account's plans of other periods."""
    found = Plan.objects.visible_to(user).filter(account=plan.account_id).exclude(pk=plan.pk)
    return list(found.order_by("-during"))


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def plan_new(request: HttpRequest, account: int) -> HttpResponse:
    user = signed_in(request)
    owner = visible_or_404(Account, user, pk=account)
    last = Plan.objects.visible_to(user).filter(account=owner).order_by("-during").first()
    initial = new_account_plan(owner, Organisation.current().today(), last)
    form = NewPlanForm(request.POST or None, instance=Plan(account=owner), initial=initial)
    if request.method == "POST" and form.is_valid():
        made = begin_plan(form.instance, form.cleaned_data["template"], user)
        messages.success(
            request, "The plan is begun. It is a draft until it is approved.", f"plan-new-{owner.pk}"
        )
        return redirect("plans:plan", pk=made.pk)
    context = {
        "form": form,
        "account": owner,
        "title": "New plan",
        "last": last,
        "kept": f"plan-new-{owner.pk}",
    }
    return render(request, "plans/plan_form.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def plan_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan's own words and period; what both changed is shown twice."""
    user = signed_in(request)
    with transaction.atomic():
        plan = visible_plan(user, pk, locked=request.method == "POST")
        refuse_closed(plan)
        form = PlanForm(request.POST or None, instance=plan)
        kept = f"plan-{plan.pk}"
        context = {
            "form": form,
            "account": plan.account,
            "plan": plan,
            "title": f"Edit {plan.name}",
            "kept": kept,
        }
        if request.method == "GET":
            return render(request, "plans/plan_form.html", context)
        if form.settle():
            context["overtaken_by"] = last_writer(plan)
            return render(request, "plans/plan_form.html", context, status=CONFLICT)
        if not form.is_valid():
            return render(request, "plans/plan_form.html", context, status=422)
        form.instance.version += 1
        form.instance.save(update_fields=[*form.written, "version"])
    messages.success(request, "Saved.", kept)
    return redirect("plans:plan", pk=plan.pk)


@require_POST
@allowed(*EDITS_ACCOUNTS)
def plan_step(request: HttpRequest, pk: int) -> HttpResponse:
    """Submit, approve, give back, close, open again, or say something."""
    user = signed_in(request)
    today = Organisation.current().today()
    way = WAYS.get(request.POST.get("step", ""))
    text = request.POST.get("text", "").strip()
    with transaction.atomic():
        plan = visible_plan(user, pk, locked=True)
        if way is None:
            raise Http404
        if way not in steps_for(user, plan, today):
            messages.error(request, refusal(plan, way.approver))
            return redirect("plans:plan", pk=pk)
        try:
            take_step(plan, way, user, text)
        except ValidationError as refused:
            messages.error(request, " ".join(refused.messages))
            return redirect(f"{reverse('plans:plan', kwargs={'pk': pk})}#way")
    messages.success(request, f"{plan.name} {way.said}.", f"plan-way-{plan.pk}")
    return redirect("plans:plan", pk=pk)


def refusal(plan: Plan, needs_approver: bool) -> str:
    if needs_approver and plan.status == Plan.Status.SUBMITTED:
        return "A plan is approved by the lead of the account's owner, or by a head of key accounts."
    return f"This plan is {plan.get_status_display()}: that step is not open."


def refuse_closed(plan: Plan) -> None:
    if not plan.is_open:
        raise Http404("A closed plan is read only.")


@require_GET
@allowed(*READS_WORK)
def plan_versions(request: HttpRequest, pk: int) -> HttpResponse:
    """Every version, and what changed from one to another or to now."""
    user = signed_in(request)
    plan = visible_plan(user, pk)
    versions = list(
        PlanVersion.objects.visible_to(user).filter(plan=plan).select_related("made_by").order_by("-number")
    )
    before = chosen(versions, request.GET.get("from", "")) or (versions[0] if versions else None)
    after = chosen(versions, request.GET.get("to", ""))
    changes = []
    if before is not None:
        changes = changes_between(before.content, after.content if after else content_of(plan))
    context = {
        **account_frame(user, plan.account_id, "plan"),
        "plan": plan,
        "versions": versions,
        "before": before,
        "after": after,
        "changes": changes,
    }
    return render(request, "plans/plan_versions.html", context)


def chosen(versions: list[PlanVersion], number: str) -> PlanVersion | None:
    return next((each for each in versions if str(each.number) == number), None)


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def plan_carry_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Line by line: take it into the next period's plan, reword it, or leave it."""
    user = signed_in(request)
    with transaction.atomic():
        old = visible_plan(user, pk, locked=request.method == "POST")
        target = following(user, old)
        sections = open_lines(old)
        form = carry_form(request, old, target)
        context = {"plan": old, "account": old.account, "sections": sections, "form": form, "target": target}
        if request.method == "GET":
            return render(request, "plans/plan_carry_over.html", context)
        decided = decide(sections, request.POST.dict())
        if (form is None or form.is_valid()) and decided:
            new = target or form.instance  # type: ignore[union-attr]
            try:
                with transaction.atomic():
                    carry_over(old, new, sections, user)
            except ValidationError as refused:
                context["refusal"] = " ".join(refused.messages)
            else:
                messages.success(request, "Carried over. Nothing in it is verified yet.", f"carry-{old.pk}")
                return redirect("plans:plan", pk=new.pk)
        context["undecided"] = not decided
        return render(request, "plans/plan_carry_over.html", context, status=422)


def following(user: User, old: Plan) -> Plan | None:
    """The open plan of a later period that is there already."""
    later = Plan.objects.visible_to(user).filter(
        account=old.account_id, during__startswith__gte=old.during.upper
    )
    found: Plan | None = later.exclude(status=Plan.Status.CLOSED).order_by("during").first()
    return found


def carry_form(request: HttpRequest, old: Plan, target: Plan | None) -> PlanForm | None:
    """Name and period of the new plan, unless there is one."""
    if target is not None:
        return None
    initial = new_account_plan(old.account, Organisation.current().today(), old)
    new = Plan(account=old.account, situation=old.situation)
    form = PlanForm(request.POST or None, instance=new, initial=initial)
    del form.fields["summary"], form.fields["situation"]
    return form
