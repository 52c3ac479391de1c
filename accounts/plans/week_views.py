"""An item of the week is put off, done, handed on; each answer offers the way back."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.engagement.models import Action, Snooze
from accounts.people.models import Organisation
from accounts.plans import week
from accounts.plans.week_forms import REASONS, HandOnForm, SnoozeForm
from accounts.portfolio.views import say, with_toast
from accounts.way_back import TOO_LATE
from kamplan.formats import day
from kamplan.permissions import EDITS_ACCOUNTS, allowed, signed_in


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def week_snooze(request: HttpRequest, item: str) -> HttpResponse:
    user = signed_in(request)
    what = week.subject(user, item)
    form = SnoozeForm(request.POST or None, today=Organisation.current().today())
    if request.method == "POST" and form.is_valid():
        until = form.cleaned_data["until"]
        undo = week.put_off(user, what, until, form.cleaned_data["reason"])
        return gone(request, f"Put off until {day(until)}.", undo)
    context = {"form": form, "what": what, "title": "Put it off", "save": "Put off", "reasons": REASONS}
    return form_answer(request, context)


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def week_hand_on(request: HttpRequest, item: str) -> HttpResponse:
    user = signed_in(request)
    what = week.subject(user, item)
    today = Organisation.current().today()
    asked = request.GET.get("text", "")
    is_action = isinstance(what.row, Action)
    form = HandOnForm(
        request.POST or None, user=user, account=what.account, today=today, text=asked or str(what.row)
    )
    if is_action:
        # The promise itself moves: it keeps its words and its day.
        for name in ("text", "due_on"):
            del form.fields[name]
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        undo = week.hand_on(user, what, said["to"], said.get("text", ""), said.get("due_on", today), today)
        return gone(request, f"{said['to']} has it now.", undo)
    return form_answer(
        request,
        {"form": form, "what": what, "title": "Hand it on", "save": "Hand on", "is_action": is_action},
    )


@require_POST
@allowed(*EDITS_ACCOUNTS)
def week_done(request: HttpRequest, item: str) -> HttpResponse:
    user = signed_in(request)
    what = week.subject(user, item)
    undo = week.done(user, what, Organisation.current().today())
    text = "Done." if what.kind == "action" else "Done. It comes back in a week if its cause is still there."
    return gone(request, text, undo)


@require_POST
@allowed(*EDITS_ACCOUNTS)
def week_undo(request: HttpRequest, token: str) -> HttpResponse:
    was_undone = week.take_back(signed_in(request), token)
    if request.htmx:  # type: ignore[attr-defined]
        if was_undone:
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return with_toast(HttpResponse(status=204), TOO_LATE)
    if not was_undone:
        messages.error(request, TOO_LATE)
    return redirect("home")


@require_GET
@allowed(*EDITS_ACCOUNTS)
def week_snoozed(request: HttpRequest) -> HttpResponse:
    """What is put off, until when and why; it can be taken up again before."""
    user = signed_in(request)
    today = Organisation.current().today()
    rows = week.snoozed(user, today)
    return render(request, "plans/week_snoozed.html", {"rows": rows, "today": today})


@require_POST
@allowed(*EDITS_ACCOUNTS)
def week_wake(request: HttpRequest, pk: int) -> HttpResponse:
    Snooze.objects.visible_to(signed_in(request)).filter(pk=pk).delete()
    messages.success(request, "It is back in your week, if its cause is still there.")
    return redirect("plans:week_snoozed")


def gone(request: HttpRequest, text: str, undo: str) -> HttpResponse:
    """The item stays where it is, grey, with the way back; without scripts the week again."""
    if not request.htmx:  # type: ignore[attr-defined]
        say(request, text, undo)
        return redirect("home")
    return with_toast(render(request, "plans/_week_gone.html", {"text": text, "undo": undo}), text)


def form_answer(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    is_fragment = bool(request.htmx)  # type: ignore[attr-defined]
    template = "plans/_week_form.html" if is_fragment else "plans/week_form.html"
    status = 422 if context["form"].is_bound else 200
    return render(request, template, {**context, "is_fragment": is_fragment}, status=status)
