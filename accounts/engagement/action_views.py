"""Promises both ways: added, done, dropped, moved, handed on; each can be taken back."""

import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.engagement import undo as way
from accounts.engagement.actions import change, close_action, colleagues_of, move_action
from accounts.engagement.forms import ActionForm
from accounts.engagement.models import Action
from accounts.engagement.promises import SHOWN, next_of
from accounts.engagement.views import around, back_to, locked
from accounts.people.models import Organisation, User
from accounts.portfolio.models import Account
from accounts.portfolio.views import say, with_toast
from kamplan.form_page import both_versions, form_page, may_save
from kamplan.permissions import EDITS_ACCOUNTS, READS_WORK, allowed, signed_in, visible_or_404


@require_GET
@allowed(*READS_WORK)
def following(request: HttpRequest, account: int) -> HttpResponse:
    """The open promises of an account, as a part of a page."""
    user = signed_in(request)
    owner = visible_or_404(Account, user, pk=account)
    return render(request, "engagement/_next.html", listed(user, owner.pk, "all" in request.GET))


def listed(user: User, account: int, everything: bool) -> dict[str, Any]:
    today = Organisation.current().today()
    return {
        "next": next_of(user, account, today, 0 if everything else SHOWN),
        "next_all": everything,
        "may_edit": user.role in EDITS_ACCOUNTS,
    }


def again(request: HttpRequest, action: Action, text: str, undo: str = "") -> HttpResponse:
    """The list after a change, with what happened; without scripts the page it stands on."""
    user = signed_in(request)
    if not request.htmx:  # type: ignore[attr-defined]
        say(request, text, undo)
        return redirect(back_to(request, action.account))
    context = listed(user, action.account_id, "all" in request.POST)
    response = with_toast(render(request, "engagement/_next.html", context), text, undo)
    response.headers["HX-Retarget"] = "#next-list"
    response.headers["HX-Reswap"] = "outerHTML"
    return response


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def action_add(request: HttpRequest, account: int) -> HttpResponse:
    user = signed_in(request)
    owner = visible_or_404(Account, user, pk=account)
    today = Organisation.current().today()
    action = Action(account=owner, owner=user, created_by=user)
    form = ActionForm(request.POST or None, instance=action, today=today)
    if request.method == "POST" and form.is_valid():
        form.save()
        return again(
            request, action, "The action is added.", way.address(user, "created", [("action", action.pk)])
        )
    return action_form(request, form, owner, "Add an action", request.get_full_path())


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def action_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """What, until when, from or to whom, and which colleague looks after it."""
    user = signed_in(request)
    with transaction.atomic():
        action = locked(Action, user, pk, request.method == "POST")
        before = {
            name: getattr(action, name) for name in ("text", "due_on", "side", "owner_id", "contact_id")
        }
        form = ActionForm(request.POST or None, instance=action, today=Organisation.current().today())
        if may_save(request, form):
            form.save()
            return again(request, action, "The action is saved.", way.way_back(user, action, before))
    return action_form(request, form, action.account, "Edit an action", request.path)


def action_form(
    request: HttpRequest, form: ActionForm, account: Account, title: str, url: str
) -> HttpResponse:
    """In its place in the list, or on a page of its own."""
    back = back_to(request, account)
    if not request.htmx:  # type: ignore[attr-defined]
        return form_page(request, form, title, back, **around(form, account))
    context = {"form": form, "account": account, "url": url, "back": back}
    context |= both_versions(request, form)
    context["next_all"] = "all" in request.GET or "all" in request.POST
    status = 422 if form.is_bound else 200
    return render(request, "engagement/_action_form.html", context, status=status)


@require_POST
@allowed(*EDITS_ACCOUNTS)
def action_done(request: HttpRequest, pk: int) -> HttpResponse:
    return closed(request, pk, Action.Status.DONE, "Done")


@require_POST
@allowed(*EDITS_ACCOUNTS)
def action_drop(request: HttpRequest, pk: int) -> HttpResponse:
    return closed(request, pk, Action.Status.DROPPED, "Dropped")


def closed(request: HttpRequest, pk: int, status: str, word: str) -> HttpResponse:
    user = signed_in(request)
    with transaction.atomic():
        action = locked(Action, user, pk, True)
        if action.status != Action.Status.OPEN:
            return again(request, action, f"It was {action.get_status_display()} already.")
        back = close_action(user, action, status, Organisation.current().today())
    return again(request, action, f"{word}: {action.text}", back)


@require_POST
@allowed(*EDITS_ACCOUNTS)
def action_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Another due day: given, or some days later than today or the present one, whichever is later."""
    user = signed_in(request)
    today = Organisation.current().today()
    with transaction.atomic():
        action = locked(Action, user, pk, True)
        try:
            due = wanted_day(request.POST, max(action.due_on or today, today))
        except ValueError:
            return again(request, action, "That is not a day.")
        back = move_action(user, action, due)
    return again(request, action, f"Due {due:%a} {due.day} {due:%b} now: {action.text}", back)


def wanted_day(data: QueryDict, start: datetime.date) -> datetime.date:
    days = data.get("days", "")
    if days:
        return start + datetime.timedelta(days=min(int(days), 3650))
    return datetime.date.fromisoformat(data.get("due_on", ""))


@require_POST
@allowed(*EDITS_ACCOUNTS)
def action_hand_on(request: HttpRequest, pk: int) -> HttpResponse:
    """A colleague who works on the account looks after it from now on."""
    user = signed_in(request)
    with transaction.atomic():
        action = locked(Action, user, pk, True)
        to = request.POST.get("owner", "")
        colleagues = colleagues_of(action.account, Organisation.current().today())
        colleague = colleagues.filter(pk=int(to) if to.isdecimal() else 0).first()
        if colleague is None:
            return again(request, action, "Choose somebody who works on this account.")
        back = change(user, action, owner=colleague)
    return again(request, action, f"Handed on to {colleague}: {action.text}", back)
