"""Writes of whitespace and renewals that need no figure."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.plans import renewals, whitespace
from accounts.portfolio.views import with_toast
from kamplan.permissions import EDITS_ACCOUNTS, allowed, signed_in


@require_POST
@allowed(*EDITS_ACCOUNTS)
def whitespace_take_back(request: HttpRequest, token: str) -> HttpResponse:
    """Undo of a deal that was opened from a cell."""
    done = whitespace.take_back(signed_in(request), token)
    refusal = "It is too late to take this back, or somebody works on the deal already."
    return taken_back(request, done, refusal, "portfolio:list")


@require_POST
@allowed(*EDITS_ACCOUNTS)
def renewal_call_take_back(request: HttpRequest, token: str) -> HttpResponse:
    """Undo of a call that one has just made."""
    done = renewals.take_back(signed_in(request), token)
    return taken_back(request, done, "It is too late to take this back.", "plans:renewals")


def taken_back(request: HttpRequest, done: bool, refusal: str, page: str) -> HttpResponse:
    is_htmx = request.htmx  # type: ignore[attr-defined]
    if done:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"}) if is_htmx else redirect(page)
    if is_htmx:
        return with_toast(HttpResponse(status=204), refusal)
    messages.error(request, refusal)
    return redirect(page)
