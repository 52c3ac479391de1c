"""A form on a page of its own, and both versions on it when somebody else saved first."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from kamplan.components import Choice

CONFLICT = 409


def form_page(
    request: HttpRequest,
    form: Any,
    title: str,
    back: str,
    *,
    crumbs: Sequence[Choice] = (),
    of: str = "",
    kept: str = "",
    template: str = "_components/form_page.html",
) -> HttpResponse:
    """The form to be filled, or filled again: with its errors, or beside what somebody else saved meanwhile.

    `of` names what it belongs to in the page's title; `kept` is the name under which the browser keeps what is
    typed, and `back` where Back leads. A template of its own extends the usual one."""
    context = {"form": form, "title": title, "back": back, "crumbs": crumbs, "of": of, "kept": kept}
    both = both_versions(request, form)
    status = CONFLICT if both else 422 if form.is_bound else 200
    return render(request, template, {**context, **both}, status=status)


def both_versions(request: HttpRequest, form: Any) -> dict[str, Any]:
    """What somebody else saved meanwhile beside what was typed; empty where nobody did. Saving once more is meant."""
    if not was_overtaken(request, form):
        return {}
    theirs = form.theirs()
    form.show_both()
    return {"overtaken": True, "theirs": theirs}


def was_overtaken(request: HttpRequest, form: Any) -> bool:
    return request.method == "POST" and bool(getattr(form, "was_overtaken", False))


def may_save(request: HttpRequest, form: Any) -> bool:
    """Sent, valid, and nobody else saved the row after it was shown."""
    return request.method == "POST" and not was_overtaken(request, form) and bool(form.is_valid())


def edit_page(request: HttpRequest, form: Any, title: str, back: str, **more: Any) -> HttpResponse:
    """Save an edit and go back, unless somebody else saved meanwhile: then show both and write nothing."""
    if may_save(request, form):
        form.save()
        messages.success(request, "Saved.", more.get("kept", ""))
        return redirect(back)
    return form_page(request, form, title, back, **more)
