"""Staffing: how many people each team has and since when, and who left; no names, for head and administrator."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, F, Window
from django.db.models.functions import Lag
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import way_back
from accounts.people import staffing_actions as actions
from accounts.people.headcount import Headcount, Leaver
from accounts.people.models import Organisation, Team, User
from accounts.people.staffing_forms import HeadcountForm, LeaverForm
from accounts.periods import add_months
from accounts.portfolio.views import say
from kamplan.components import Choice
from kamplan.form_page import form_page, may_save
from kamplan.permissions import KEEPS_STAFFING, allowed, signed_in, visible_or_404

PAGE = 30
FORMS: dict[str, Any] = {"headcount": HeadcountForm, "leaver": LeaverForm}
WORDS = {"headcount": "number of people", "leaver": "leaver"}


@dataclass(frozen=True)
class Row:
    """A team with its newest number, and how far that is from the one before."""

    team: Team
    now: Any | None
    change: Decimal | None
    left: int


@require_GET
@allowed(*KEEPS_STAFFING)
def staffing(request: HttpRequest) -> HttpResponse:
    """All teams and all who left, or with `team` one of them with every number it had."""
    user, today = signed_in(request), Organisation.current().today()
    asked = request.GET.get("team", "")
    team = (
        visible_or_404(Team, user, pk=asked if asked.isdecimal() and len(asked) < 10 else 0)
        if asked
        else None
    )
    rows = rows_of(user, today)
    leavers = Leaver.objects.visible_to(user).select_related("team")
    numbers = Headcount.objects.visible_to(user)
    if team:
        leavers, numbers = leavers.filter(team=team), numbers.filter(team=team)
    context = {
        "team": team,
        "rows": rows,
        "row": next((row for row in rows if row.team == team), None),
        "people": sum((row.now.number for row in rows if row.now), Decimal(0)),
        "left": sum(row.left for row in rows),
        "is_counted": any(row.now for row in rows),
        "numbers": numbers.order_by("-on", "-pk") if team else [],
        "page": Paginator(leavers, PAGE).get_page(request.GET.get("page")),
        "today": today,
        "crumbs": [Choice("Teams", reverse("people:team_list"))] + ([crumb()] if team else []),
        "sees_figures": not user.is_staff or user.is_elevated,
    }
    return render(request, "people/staffing.html", context)


def rows_of(user: User, today: datetime.date) -> list[Row]:
    newest = (
        Headcount.objects.visible_to(user)
        .filter(on__lte=today)
        .annotate(before=Window(Lag("number"), partition_by=F("team_id"), order_by="on"))
        .order_by("team_id", "-on")
        .distinct("team_id")
    )
    now = {row.team_id: row for row in newest}
    gone = Leaver.objects.visible_to(user).filter(left_on__gt=year_before(today), left_on__lte=today)
    left = dict(gone.order_by().values_list("team_id").annotate(Count("pk")))
    return [
        Row(
            team,
            row,
            row.number - row.before if row and row.before is not None else None,
            left.get(team.pk, 0),
        )
        for team in Team.objects.visible_to(user).order_by("name")
        for row in [now.get(team.pk)]
    ]


def year_before(day: datetime.date) -> datetime.date:
    """The same day a year ago; of a leap day the one before."""
    return add_months(day, -12) + datetime.timedelta(days=min(day.day, 28) - 1)


def crumb() -> Choice:
    return Choice("Staffing", reverse("people:staffing"))


@require_http_methods(["GET", "POST"])
@allowed(*KEEPS_STAFFING)
def staffing_add(request: HttpRequest, kind: str) -> HttpResponse:
    today = Organisation.current().today()
    given = {"team": request.GET.get("team", ""), "on": today, "left_on": today}
    form = form_of(kind)(request.POST or None, initial=given, today=today)
    title = "Note a number of people" if kind == "headcount" else "Note a leaver"
    return written(request, kind, form, title)


@require_http_methods(["GET", "POST"])
@allowed(*KEEPS_STAFFING)
def staffing_edit(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    with transaction.atomic():
        form_class, today = form_of(kind), Organisation.current().today()
        row = visible_or_404(actions.MODELS[kind], signed_in(request), pk=pk)
        row.refuse_if_imported()
        if request.method == "POST":
            # Held against other writers while this one decides.
            row = actions.MODELS[kind].objects.select_for_update().get(pk=row.pk)
        before = actions.fields_of(row)
        form = form_class(request.POST or None, instance=row, today=today)
        return written(request, kind, form, f"Edit a {WORDS[kind]}", before)


def form_of(kind: str) -> Any:
    if kind not in FORMS:
        raise Http404
    return FORMS[kind]


def written(
    request: HttpRequest, kind: str, form: Any, title: str, before: dict[str, Any] | None = None
) -> HttpResponse:
    """Save what was typed and go back to the page; else the form, with what is wrong."""
    if may_save(request, form):
        undo = actions.save(signed_in(request), form.save(commit=False), before)
        say(request, "Saved." if before else f"The {WORDS[kind]} is noted.", undo)
        return redirect("people:staffing")
    crumbs = [Choice("Teams", reverse("people:team_list")), crumb()]
    return form_page(request, form, title, reverse("people:staffing"), crumbs=crumbs)


@require_POST
@allowed(*KEEPS_STAFFING)
def staffing_remove(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    form_of(kind)
    user = signed_in(request)
    undo = actions.remove(user, visible_or_404(actions.MODELS[kind], user, pk=pk))
    say(request, f"The {WORDS[kind]} is removed.", undo)
    return redirect("people:staffing")


@require_POST
@allowed(*KEEPS_STAFFING)
def staffing_undo(request: HttpRequest, token: str) -> HttpResponse:
    taken_back = actions.take_back(signed_in(request), token)
    messages.info(request, "Taken back." if taken_back else way_back.TOO_LATE)
    return redirect("people:staffing")
