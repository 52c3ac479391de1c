"""How an account stands: states and costs to serve, noted, removed and taken back."""

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.engagement.standing import standing_of
from accounts.engagement.standing_actions import Row, note, remove, take_back
from accounts.engagement.standing_forms import CostForm, StandingForm, StateForm
from accounts.engagement.states import AccountState
from accounts.people.models import Organisation
from accounts.portfolio.frame import account_frame
from accounts.portfolio.models import Account
from accounts.portfolio.views import say, with_toast
from accounts.revenue.costs import CostToServe
from accounts.way_back import TOO_LATE
from kamplan.permissions import EDITS_ACCOUNTS, READS_WORK, allowed, signed_in, visible_or_404

FASTER = "Somebody else noted this at the same moment: look at what is there now."


@require_GET
@allowed(*READS_WORK)
def standing(request: HttpRequest, account: int) -> HttpResponse:
    return shown(request, account)


def shown(
    request: HttpRequest, account: int, part: bool = False, failed: StandingForm | None = None
) -> HttpResponse:
    """The page, or what stands below the account's header."""
    user = signed_in(request)
    frame = account_frame(user, account, "standing")
    context = {**frame, **standing_of(user, frame["account"], request.GET, failed)}
    template = "engagement/_standing.html" if part else "engagement/standing.html"
    return render(request, template, context, status=422 if failed else 200)


def again(request: HttpRequest, account: int, text: str, undo: str) -> HttpResponse:
    """The page after a change, with what happened and the way back."""
    if request.htmx:  # type: ignore[attr-defined]
        return with_toast(shown(request, account, part=True), text, undo)
    say(request, text, undo)
    return redirect("engagement:standing", account=account)


def added(request: HttpRequest, account: int, form_class: type[StandingForm], text: str) -> HttpResponse:
    user = signed_in(request)
    owner = visible_or_404(Account, user, pk=account)
    form = form_class(request.POST, owner, Organisation.current().today())
    if form.is_valid():
        try:
            with transaction.atomic():
                undo = note(user, form.instance)
            return again(request, account, text, undo)
        except IntegrityError:
            form.add_error(None, FASTER)
    return shown(request, account, part=bool(request.htmx), failed=form)  # type: ignore[attr-defined]


@require_POST
@allowed(*EDITS_ACCOUNTS)
def state_note(request: HttpRequest, account: int) -> HttpResponse:
    return added(request, account, StateForm, "The state is noted.")


@require_POST
@allowed(*EDITS_ACCOUNTS)
def cost_book(request: HttpRequest, account: int) -> HttpResponse:
    return added(request, account, CostForm, "The cost is booked.")


def removed(request: HttpRequest, row: Row, text: str) -> HttpResponse:
    account = row.account_id
    return again(request, account, text, remove(signed_in(request), row))


@require_POST
@allowed(*EDITS_ACCOUNTS)
def state_remove(request: HttpRequest, pk: int) -> HttpResponse:
    return removed(request, visible_or_404(AccountState, signed_in(request), pk=pk), "The state is removed.")


@require_POST
@allowed(*EDITS_ACCOUNTS)
def cost_remove(request: HttpRequest, pk: int) -> HttpResponse:
    return removed(request, visible_or_404(CostToServe, signed_in(request), pk=pk), "The cost is removed.")


@require_POST
@allowed(*EDITS_ACCOUNTS)
def standing_undo(request: HttpRequest, token: str) -> HttpResponse:
    account = take_back(signed_in(request), token)
    text = TOO_LATE if account is None else "Taken back."
    if request.htmx:  # type: ignore[attr-defined]
        if account is None:
            return with_toast(HttpResponse(status=204), text)
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    messages.info(request, text)
    return redirect("home") if account is None else redirect("engagement:standing", account=account)
