"""Comments on a number, on the page that explains it: read by whoever sees it, written by whom it belongs to."""

import datetime
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.models import Organisation, User
from accounts.plans.answers import told
from kamplan import formats
from kamplan.permissions import signed_in
from metrics.access import may_see_kpi, seen_or_refused
from metrics.comments import Comment, comment, may_comment, take_back, way_back
from metrics.kpi import Definition
from metrics.kpis import KPI
from metrics.pages.choice import Choice, read_choice
from metrics.pages.places import Place, find_place, read_key
from metrics.urls_for import explain_url, key_text, state

SHOWN = 20


class CommentForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Comment
        fields = ["text"]
        labels = {"text": "Your comment"}
        help_texts = {
            "text": "With your name and today's date, for everybody who sees this number. "
            "It is not changed later; add another one instead."
        }
        widgets = {"text": forms.Textarea(attrs={"rows": 3, "id": "comment-text"})}


@dataclass(frozen=True)
class Said:
    """A comment, and of which period if of another one."""

    comment: Comment
    period: str


def comments_context(user: User, kpi: Definition, place: Place, choice: Choice) -> dict[str, Any]:
    """Those on the period shown first, then what was said about others; one statement."""
    found = Comment.objects.about(kpi.id, place.scope, place.key).select_related("author")[: SHOWN * 2]
    here = (choice.period.start, choice.period.end)
    path = reverse("metrics:comment", args=[str(place.scope), key_text(place.scope, place.key), kpi.id])
    return {
        "comments": [each for each in found if (each.starts, each.ends) == here][:SHOWN],
        "other_comments": [
            Said(each, formats.month_range(each.starts, last_day(each)))
            for each in found
            if (each.starts, each.ends) != here
        ][:SHOWN],
        "may_comment": may_comment(user, place.scope, place.key, choice.organisation.today()),
        "comment_form": CommentForm(),
        "comment_url": path + state(choice.period, choice.view, run=choice.asked.get("run", "")),
    }


def last_day(each: Comment) -> datetime.date:
    return each.ends - datetime.timedelta(days=1)


@require_POST
def comment_add(request: HttpRequest, scope: str, key: str, kpi: str) -> HttpResponse:
    user = signed_in(request)
    definition = KPI.get(kpi)
    if definition is None:
        raise Http404
    today = Organisation.current().today()
    found = read_key(scope, key)
    seen_or_refused(user, scope, found, today)
    choice = read_choice(request.GET.dict(), Organisation.current(), user)
    allowed = may_see_kpi(user, definition, scope) and may_comment(user, scope, found, today)
    if choice is None or not allowed:
        raise PermissionDenied("Comments are written by whom the number belongs to.")
    if choice.period.start > choice.newest.as_of:
        raise PermissionDenied("Nothing can be said yet about a period that has not begun.")
    place = find_place(scope, found, today)
    form = CommentForm(request.POST)
    if not form.is_valid():
        return section(request, user, definition, place, choice, form)
    written = comment(user, kpi, scope, found, choice.period, form.cleaned_data["text"])
    undo = reverse("metrics:comment_undo", args=[way_back(written)])
    if not getattr(request, "htmx", False):
        messages.success(request, "Your comment stands beside the number.")
        return redirect(explain_url(kpi, scope, found, choice.period, choice.view) + "#comments")
    return told(section(request, user, definition, place, choice, None), "Your comment stands there.", undo)


def section(
    request: HttpRequest,
    user: User,
    kpi: Definition,
    place: Place,
    choice: Choice,
    form: CommentForm | None,
) -> HttpResponse:
    context = comments_context(user, kpi, place, choice)
    if form is not None:
        context["comment_form"] = form
    is_part = getattr(request, "htmx", False)
    template = "metrics/_comments.html" if is_part else "metrics/comment.html"
    # Whoever wrote it by the keyboard goes on where the form was, or in the field that is refused.
    if form is not None:
        form.fields["text"].widget.attrs["autofocus"] = True
    more = {"kpi": kpi, "place": place, "choice": choice, "is_answer": is_part}
    return render(request, template, {**context, **more}, status=422 if form is not None else 200)


@require_POST
def comment_undo(request: HttpRequest, token: str) -> HttpResponse:
    """Only its author, and only a moment after."""
    if not take_back(signed_in(request), token):
        return HttpResponse("It is too late to take this back.", status=409, content_type="text/plain")
    response = HttpResponse(status=204)
    response.headers["HX-Refresh"] = "true"
    return response
