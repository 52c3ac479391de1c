"""Touches: the quick box on every page, the account's activity, edit, delete and the way back."""

import json
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Case, F, Max, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.engagement import undo as way
from accounts.engagement.actions import delete_touch, log_touch
from accounts.engagement.forms import Box, LogForm, TouchForm
from accounts.engagement.models import Action, Touch
from accounts.engagement.timeline import page_of, recent_of
from accounts.people.models import Organisation, User
from accounts.portfolio.frame import account_frame, crumbs_to
from accounts.portfolio.models import Account
from accounts.portfolio.views import say, with_toast
from accounts.revenue.models import Opportunity
from accounts.stakeholders.models import Contact
from accounts.way_back import TOO_LATE
from kamplan.form_page import edit_page
from kamplan.permissions import (
    EDITS_ACCOUNTS,
    READS_WORK,
    Secret,
    allowed,
    may_see,
    signed_in,
    visible_or_404,
)

FOUND = 7


def logged(response: HttpResponse, text: str, account: int, undo: str = "") -> HttpResponse:
    """Say it, and tell the panels of the page that something of this account is new."""
    with_toast(response, text, undo)
    events = json.loads(response.headers["HX-Trigger"])
    response.headers["HX-Trigger"] = json.dumps({**events, "km:logged": {"account": account}})
    return response


# ---------------------------------------------------------------------------------------------- quick box


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def log(request: HttpRequest) -> HttpResponse:
    """One request saves a touch and its actions; without scripts it is a page of its own."""
    user = signed_in(request)
    if request.method == "GET":
        return render(
            request, "engagement/log.html", log_page(request, user, Box(**asked_for(request, user)))
        )
    form = LogForm(request.POST, user=user)
    is_htmx = request.htmx  # type: ignore[attr-defined]
    if not form.is_valid():
        box = Box(form)
        if is_htmx:
            return render(request, "_components/log_form.html", {"log_box": box}, status=422)
        return render(request, "engagement/log.html", log_page(request, user, box), status=422)
    data = form.cleaned_data
    once = str(data["once"] or "")
    touch, made, is_new = log_touch(user, form.touch(), data["contact"], data["promises"], once)
    rows = [("touch", touch.pk), *(("action", each.pk) for each in made)]
    text = said(touch, made)
    if not is_htmx:
        messages.success(request, text, "log")
        return redirect(reverse("portfolio:account", kwargs={"pk": touch.account_id}))
    response = render(request, "_components/log_form.html", {"log_box": Box()})
    return logged(response, text, touch.account_id, way.address(user, "created", rows) if is_new else "")


def said(touch: Touch, made: list[Action]) -> str:
    count = {0: "", 1: " with 1 action"}.get(len(made), f" with {len(made)} actions")
    return f"{touch.get_channel_display().capitalize()} with {touch.account} logged{count}."


def asked_for(request: HttpRequest, user: User) -> dict[str, Any]:
    """The account, person or deal that the address names, as far as the person may see it."""
    sent = {key: request.GET.get(key, "") for key in ("contact", "account", "opportunity")}
    wanted = {key: value for key, value in sent.items() if value.isdecimal() and len(value) < 18}
    found: dict[str, Any] = {}
    if "contact" in wanted:
        contact = visible_or_404(Contact, user, pk=wanted["contact"])
        found = {"account": contact.account, "contacts": [contact]}
    if "account" in wanted:
        found.setdefault("account", visible_or_404(Account, user, pk=wanted["account"]))
    if "opportunity" in wanted:
        visible = Opportunity.objects.filter(account__in=Account.objects.visible_to(user))
        found["deal"] = get_object_or_404(visible.select_related("account"), pk=wanted["opportunity"])
        found.setdefault("account", found["deal"].account)
    return found


def log_page(request: HttpRequest, user: User, box: Box) -> dict[str, Any]:
    """People of the account to tick, or accounts and people by name."""
    words = request.GET.get("q", "").strip()[:100]
    people: list[Contact] = []
    if box.account:
        today = Organisation.current().today()
        visible = Contact.objects.visible_to(user).filter(account=box.account).known()
        people = list(visible.present(today)[:200])
    return {"log_box": box, "people": people, "words": words, **(named(user, words) if words else {})}


@require_GET
@allowed(*EDITS_ACCOUNTS)
def whom(request: HttpRequest) -> HttpResponse:
    """People and accounts by name; without words the people of the account, who was met last first."""
    user = signed_in(request)
    words = request.GET.get("q", "").strip()[:100]
    account = request.GET.get("account", "")
    return render(
        request, "engagement/_whom.html", named(user, words, account if account.isdecimal() else "")
    )


def named(user: User, words: str, account: str = "") -> dict[str, Any]:
    today = Organisation.current().today()
    people = Contact.objects.visible_to(user, today).known().present(today).select_related("account")
    if words:
        # Names that begin with the words come before those that only hold them.
        near = Case(When(name__istartswith=words, then=Value(0)), default=Value(1))
        accounts = Account.objects.visible_to(user, today).active().named_like(words).order_by(near, "name")
        return {
            "people_found": list(people.named_like(words).order_by(near, "name", "pk")[:FOUND]),
            "accounts_found": list(accounts[:FOUND]),
        }
    if not account:
        return {}
    met = people.filter(account=account).annotate(met=Max("touches__at"))
    return {"people_found": list(met.order_by(F("met").desc(nulls_last=True), "name")[:FOUND])}


@require_POST
@allowed(*EDITS_ACCOUNTS)
def undo(request: HttpRequest, token: str) -> HttpResponse:
    done = way.undo(signed_in(request), token)
    text = "Taken back." if done else TOO_LATE
    if not request.htmx:  # type: ignore[attr-defined]
        messages.info(request, text)
        return redirect("home")
    return logged(HttpResponse(status=204), text, 0) if done else with_toast(HttpResponse(status=204), text)


# ------------------------------------------------------------------------------------------------- touches


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def touch_edit(request: HttpRequest, pk: int) -> HttpResponse:
    with transaction.atomic():
        touch = locked(Touch, signed_in(request), pk, request.method == "POST")
        form = TouchForm(request.POST or None, instance=touch)
        return edited(request, form, touch.account, "Edit a touch", back_to(request, touch.account))


@require_POST
@allowed(*EDITS_ACCOUNTS)
def touch_delete(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    with transaction.atomic():
        touch = locked(Touch, user, pk, True)
        account, text = (
            touch.account,
            f"{touch.get_channel_display().capitalize()} with {touch.account} deleted.",
        )
        back = delete_touch(user, touch)
    if request.htmx:  # type: ignore[attr-defined]
        return logged(HttpResponse(), text, account.pk, back)
    say(request, text, back)
    return redirect("engagement:activity", account=account.pk)


def locked(model: Any, user: User, pk: int, lock: bool) -> Any:
    """The row if the person may see it; a stranger learns not even that it exists."""
    rows = model.objects.visible_to(user).select_related("account")
    return get_object_or_404(rows.select_for_update(of=("self",)) if lock else rows, pk=pk)


def edited(request: HttpRequest, form: Any, account: Account, title: str, back: str) -> HttpResponse:
    return edit_page(request, form, title, back, **around(form, account))


def around(form: Any, account: Account) -> dict[str, Any]:
    """What stands around a form of this account; what was typed outlives a reload."""
    url = reverse("engagement:activity", kwargs={"account": account.pk})
    return {"crumbs": crumbs_to(account, url), "of": account.name, "kept": kept_as(form.instance)}


def kept_as(row: Any) -> str:
    """Under which name the browser keeps what is typed; the message after saving tells it to forget."""
    return f"{row._meta.model_name}-{row.account_id}-{row.pk or 'new'}"


def back_to(request: HttpRequest, account: Account) -> str:
    """The page that the person came from, if it is one of ours."""
    wanted = request.GET.get("back", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return reverse("engagement:activity", kwargs={"account": account.pk})


@require_GET
@allowed(*READS_WORK)
def recent(request: HttpRequest, account: int) -> HttpResponse:
    """The last entries of the timeline, as a part of a page."""
    user = signed_in(request)
    owner = visible_or_404(Account, user, pk=account)
    found = recent_of(request, user, owner.pk, Organisation.current().today())
    opinions = may_see(user, Secret.OPINION)
    context = {"recent": found, "account": owner, "sees_opinions": opinions, "sees_values": True}
    return render(request, "engagement/_recent.html", context)


@require_GET
@allowed(*READS_WORK)
def activity(request: HttpRequest, account: int) -> HttpResponse:
    """What happened with an account, newest first, and what comes next."""
    user = signed_in(request)
    frame = account_frame(user, account, "activity")
    context = {**frame, **page_of(request, user, frame)}
    return render(request, "engagement/activity.html", context)
