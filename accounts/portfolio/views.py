"""Writes of the portfolio: facts of an account edited in their place, and saved views."""

import json

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Account, SavedFilter
from accounts.portfolio.filters import PortfolioFilter
from accounts.portfolio.forms import INLINE, SavedFilterForm, inline_form
from accounts.portfolio.saved import restore, saved_context, way_back
from kamplan.components import UNDO
from kamplan.permissions import EDITS_ACCOUNTS, allowed, signed_in, visible_or_404


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def account_edit(request: HttpRequest, pk: int, field: str) -> HttpResponse:
    """One fact, in its place: GET gives the field (or, with `cancel`, the fact again), POST saves it."""
    account = visible_or_404(Account, signed_in(request), pk=pk)
    if field not in INLINE:
        raise Http404
    context = {"account": account, "field_name": field, "label": INLINE[field], "may_edit": True}
    if request.method == "GET" and "cancel" in request.GET:
        return render(
            request, "portfolio/_fact.html", {**context, "text": getattr(account, field), "focus": True}
        )
    form = inline_form(field, account, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.instance.save(update_fields=[field])
        if not request.htmx:  # type: ignore[attr-defined]
            return redirect("portfolio:account", pk=pk)
        response = render(
            request, "portfolio/_fact.html", {**context, "text": form.cleaned_data[field], "focus": True}
        )
        return with_toast(response, f"{INLINE[field]} saved.")
    status = 422 if form.is_bound else 200
    template = "portfolio/_fact_form.html" if request.htmx else "portfolio/fact.html"  # type: ignore[attr-defined]
    return render(request, template, {**context, "form": form, "field": form[field]}, status=status)


@require_POST
def saved_filter_save(request: HttpRequest) -> HttpResponse:
    """Keep the view on the page under a name of one's own."""
    user = signed_in(request)
    query = PortfolioFilter.from_query(_parameters(request.POST.get("query", ""))).query
    form = SavedFilterForm(request.POST, user=user, query=query)
    if not form.is_valid():
        return render(request, "portfolio/saved_filter.html", {"form": form, "query": query}, status=422)
    form.save()
    return redirect(_portfolio(query))


@require_http_methods(["GET", "POST"])
def saved_filter_rename(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    saved = get_object_or_404(SavedFilter, user=user, pk=pk)
    form = SavedFilterForm(request.POST or None, instance=saved, user=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect(_portfolio(saved.query))
    context = {"form": form, "saved_filter": saved, "query": saved.query}
    return render(request, "portfolio/saved_filter.html", context, status=422 if form.is_bound else 200)


@require_POST
def saved_filter_delete(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    saved = get_object_or_404(SavedFilter, user=user, pk=pk)
    undo = reverse("portfolio:saved_filter_restore", kwargs={"token": way_back(saved)})
    query, name = saved.query, saved.name
    saved.delete()
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(_portfolio(query))
    view = PortfolioFilter.from_query(_parameters(query))
    context = {**saved_context(user, query), "view": view}
    response = render(request, "portfolio/_saved.html", context)
    return with_toast(response, f"The filter “{name}” is removed.", undo)


@require_POST
def saved_filter_restore(request: HttpRequest, token: str) -> HttpResponse:
    restored = restore(signed_in(request), token)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("portfolio:list")
    if not restored:
        return with_toast(HttpResponse(status=204), "It is too late to take this back.")
    return HttpResponse(status=204, headers={"HX-Refresh": "true"})


def with_toast(response: HttpResponse, text: str, undo: str = "") -> HttpResponse:
    """Say it in the page's one status region, if the page is still there to say it."""
    detail = {"text": text, "undo": undo} if undo else {"text": text}
    response.headers["HX-Trigger"] = json.dumps({"km:toast": detail})
    return response


def say(request: HttpRequest, text: str, undo: str = "") -> None:
    """The same without scripts: on the next page, with a button for the way back."""
    messages.success(request, text, f"{UNDO}{undo}" if undo else "")


def _parameters(query: str) -> dict[str, str]:
    from django.http import QueryDict

    return QueryDict(query[:1000]).dict()


def _portfolio(query: str) -> str:
    address = reverse("portfolio:list")
    return f"{address}?{query}" if query else address
