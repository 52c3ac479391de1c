"""Writes of whitespace and renewals that need no figure."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.plans.whitespace import take_back
from accounts.portfolio.views import with_toast
from kamplan.permissions import EDITS_ACCOUNTS, allowed, signed_in


@require_POST
@allowed(*EDITS_ACCOUNTS)
def whitespace_take_back(request: HttpRequest, token: str) -> HttpResponse:
    """Undo of a deal that was opened from a cell."""
    is_htmx = request.htmx  # type: ignore[attr-defined]
    if not take_back(signed_in(request), token):
        text = "It is too late to take this back, or somebody works on the deal already."
        messages.error(request, text)
        return with_toast(HttpResponse(status=204), text) if is_htmx else redirect("portfolio:list")
    return HttpResponse(status=204, headers={"HX-Refresh": "true"}) if is_htmx else redirect("portfolio:list")
