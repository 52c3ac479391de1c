"""The people of an account: looked at in three ways, and changed one fact at a time."""

import dataclasses
import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.people.models import Organisation, User
from accounts.portfolio.frame import account_frame, crumbs_to
from accounts.portfolio.views import say, with_toast
from accounts.stakeholders import actions
from accounts.stakeholders.actions import Overtaken
from accounts.stakeholders.forms import (
    FACT_LABELS,
    ContactForm,
    FactForm,
    LeftForm,
    NewContactForm,
    RelationForm,
    TieForm,
)
from accounts.stakeholders.models import Contact, DecisionRole, Relationship, Tie
from accounts.stakeholders.page import (
    Cell,
    View,
    fact_list,
    frame_circle,
    page_context,
    panel_context,
)
from accounts.stakeholders.people import Colleague
from accounts.way_back import TOO_LATE
from kamplan.form_page import CONFLICT, form_page, may_save
from kamplan.permissions import EDITS_ACCOUNTS, Secret, allowed, may_see, signed_in, visible_or_404


@require_GET
def people_map(request: HttpRequest, account: int) -> HttpResponse:
    user = signed_in(request)
    if request.htmx:  # type: ignore[attr-defined]
        # A touch was logged in the box: freshness is drawn anew, whatever is open on the page.
        context = page_context(user, account, View.behind(request, account))
        return render(request, "stakeholders/_people.html", context)
    view = View.of(account, request.GET.dict())
    return render(request, "stakeholders/map.html", page_context(user, account, view))


@require_GET
def panel(request: HttpRequest, pk: int) -> HttpResponse:
    """One person, for the side of the page."""
    user, contact = signed_in(request), seen(request, pk)
    frame = account_frame(user, contact.account_id, "people")
    circle = frame_circle(user, frame, everybody=True)
    view = dataclasses.replace(View.behind(request, contact.account_id), contact=pk)
    context = panel_context(user, circle, circle.by_id[pk], frame["may_edit"])
    return render(request, "stakeholders/_panel.html", {**frame, **context, "circle": circle, "view": view})


def seen(request: HttpRequest, pk: int) -> Contact:
    """The contact, if its account may be seen; a stranger learns not even that it exists."""
    rows = Contact.objects.visible_to(signed_in(request)).select_related("account", "reports_to")
    found: Contact = get_object_or_404(rows, pk=pk)
    return found


def today() -> datetime.date:
    return Organisation.current().today()


def answer(
    request: HttpRequest,
    account: int,
    text: str,
    undo: str = "",
    contact: int | None = None,
    status: int = 200,
) -> HttpResponse:
    """The people after a write, with what happened; without scripts the whole page."""
    way = reverse("stakeholders:undo", kwargs={"token": undo}) if undo else ""
    if not request.htmx:  # type: ignore[attr-defined]
        if status < 400:
            say(request, text, way)
        else:
            messages.error(request, text)
        return redirect(View(account, contact=contact).url())
    view = View.behind(request, account)
    if contact is not None:
        view = dataclasses.replace(view, contact=contact)
    context = page_context(signed_in(request), account, view)
    response = render(request, "stakeholders/_people.html", context, status=status)
    return with_toast(response, text, way)


# --- who somebody is


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def add_person(request: HttpRequest, account: int) -> HttpResponse:
    user = signed_in(request)
    frame = account_frame(user, account, "people")
    circle, day = frame_circle(user, frame), frame["today"]
    contact = Contact(account=frame["account"], since=day)
    first = {"reports_to": request.GET.get("under"), "is_placeholder": "place" in request.GET}
    form = NewContactForm(request.POST or None, instance=contact, circle=circle, today=day, initial=first)
    if request.method == "POST" and form.is_valid():
        actions.add(form.instance, form.facts(), user, day)
        messages.success(request, f"{contact.name} is on the map.", f"contact-{account}-new")
        return redirect(View(account, contact=contact.pk).url())
    return person_form(request, form, "Add a person", f"contact-{account}-new")


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def edit_person(request: HttpRequest, pk: int) -> HttpResponse:
    user, contact = signed_in(request), seen(request, pk)
    frame = account_frame(user, contact.account_id, "people")
    circle = frame_circle(user, frame)
    first = {"is_placeholder": False, "name": "", "title": contact.title or contact.name}
    form = ContactForm(
        request.POST or None,
        instance=contact,
        circle=circle,
        today=frame["today"],
        initial=first if contact.is_placeholder and "known" in request.GET else None,
    )
    name = contact.name
    kept = f"contact-{pk}"
    if may_save(request, form):
        try:
            actions.edit(form.instance, form.instance.version)
        except Overtaken:
            return redirect(request.path)
        messages.success(request, f"{contact.name} is saved.", kept)
        return redirect(View(contact.account_id, contact=pk).url())
    return person_form(request, form, f"Edit {name}", kept)


def person_form(request: HttpRequest, form: ContactForm, title: str, kept: str) -> HttpResponse:
    contact, account = form.instance, form.instance.account
    crumbs = crumbs_to(account, View(account.pk).url())
    back = View(account.pk, contact=contact.pk).url()
    return form_page(request, form, title, back, crumbs=crumbs, of=account.name, kept=kept)


@require_POST
@allowed(*EDITS_ACCOUNTS)
def move_person(request: HttpRequest, pk: int) -> HttpResponse:
    """Another superior, by dropping a card or choosing a name; whoever comes second is told."""
    contact = seen(request, pk)
    others = Contact.objects.visible_to(signed_in(request)).filter(account=contact.account_id)
    wanted = request.POST.get("reports_to", "")
    above = get_object_or_404(others, pk=int(wanted)) if wanted.isdecimal() else None
    try:
        undo = actions.move(contact, above, version_seen(request))
    except Overtaken:
        who, under = actions.last_change(contact)
        text = f"{who} changed {contact.name} meanwhile: reports to {under} now. Nothing was overwritten."
        return answer(request, contact.account_id, text, status=CONFLICT)
    except ValidationError as refusal:
        return answer(request, contact.account_id, " ".join(refusal.messages), status=422)
    text = f"{contact.name} reports to {above.name if above else 'nobody'}."
    return answer(request, contact.account_id, text, undo)


def version_seen(request: HttpRequest) -> int:
    sent = request.POST.get("seen", "")
    return int(sent) if sent.isdecimal() and len(sent) < 10 else 0


@require_POST
@allowed(*EDITS_ACCOUNTS)
def remove_person(request: HttpRequest, pk: int) -> HttpResponse:
    contact = seen(request, pk)
    undo = actions.remove(signed_in(request), contact)
    view = dataclasses.replace(View.behind(request, contact.account_id), contact=None)
    if not request.htmx:  # type: ignore[attr-defined]
        return answer(request, contact.account_id, f"{contact.name} is removed.")
    context = page_context(signed_in(request), contact.account_id, view)
    response = render(request, "stakeholders/_people.html", context)
    way = reverse("stakeholders:undo", kwargs={"token": undo})
    return with_toast(response, f"{contact.name} is removed.", way)


# --- somebody leaves


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def person_left(request: HttpRequest, pk: int) -> HttpResponse:
    """Since when, who follows, what to do about it; and what hangs on the person."""
    user, contact = signed_in(request), seen(request, pk)
    if contact.is_placeholder:
        raise Http404
    frame = account_frame(user, contact.account_id, "people")
    circle = frame_circle(user, frame)
    form = LeftForm(request.POST or None, circle=circle, contact=contact)
    offered = offered_tasks(circle.by_id[pk].role, contact, frame["today"])
    if request.method == "POST" and form.is_valid():
        chosen = [task for task in offered if task[0] in request.POST.getlist("task")]
        return leave(request, form, contact, [(text, due) for _, text, due in chosen])
    context = {
        **frame,
        **panel_context(user, circle, circle.by_id[pk], True),
        "view": View.behind(request, contact.account_id),
        "form": form,
        "offered": offered,
    }
    return form_again(request, "stakeholders/_left.html", "stakeholders/left.html", context, "#panel")


def leave(
    request: HttpRequest, form: LeftForm, contact: Contact, tasks: list[tuple[str, datetime.date]]
) -> HttpResponse:
    user, given = signed_in(request), form.cleaned_data
    day = today()
    try:
        successor, undo = actions.mark_left(
            contact, given["seen"], given["left_on"], form.follow(), tasks, user, day
        )
    except Overtaken:
        text = f"Somebody changed {contact.name} meanwhile. Nothing was written; look again."
        return answer(request, contact.account_id, text, contact=contact.pk, status=CONFLICT)
    except ValidationError as refusal:
        text = " ".join(refusal.messages)
        return answer(request, contact.account_id, text, contact=contact.pk, status=422)
    text = f"{contact.name} has left."
    if successor:
        text = f"{contact.name} has left; {successor.name} follows."
    if tasks:
        text += f" {len(tasks)} task{'s' if len(tasks) > 1 else ''} added."
    return answer(request, contact.account_id, text, undo, contact.pk)


def offered_tasks(role: str, contact: Contact, day: datetime.date) -> list[tuple[str, str, datetime.date]]:
    """Key, text and due date of what should follow when somebody leaves."""
    found = [
        (
            "introduce",
            f"Introduce ourselves to the successor of {contact.name}",
            day + datetime.timedelta(days=14),
        ),
        (
            "ask",
            f"Ask {contact.name} where they go and whom to talk to now",
            day + datetime.timedelta(days=7),
        ),
    ]
    words = {
        DecisionRole.CHAMPION: "Find a new champion",
        DecisionRole.SPONSOR: "Find a new sponsor",
        DecisionRole.DECISION_MAKER: "Find out who decides now",
    }
    if role in words:
        found.insert(1, ("replace", words[DecisionRole(role)], day + datetime.timedelta(days=30)))
    return found


# --- what we think of somebody


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def fact(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """One soft fact in its place: GET gives the field (or, with `cancel`, the fact again), POST adds a word."""
    user, contact = signed_in(request), seen(request, pk)
    if kind not in FACT_LABELS or not may_see(user, Secret.OPINION):
        raise Http404
    now = next(each for each in fact_list(user, contact) if each.kind == kind)
    view = View.behind(request, contact.account_id)
    context = {"contact": contact, "fact": now, "may_edit": True, "kind": kind, "view": view}
    if request.method == "GET" and "cancel" in request.GET:
        return render(request, "stakeholders/_fact.html", {**context, "focus": True})
    first = {"value": now.now.value, "basis": now.now.basis} if now.now else {}
    form = FactForm(request.POST or None, kind=kind, initial=first, prefix=None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        undo = actions.note(contact, kind, given["value"], given["basis"], user, today())
        return answer(request, contact.account_id, f"{now.label} of {contact.name} is noted.", undo, pk)
    context["form"] = form
    return form_again(
        request, "stakeholders/_fact_form.html", "stakeholders/fact.html", context, "closest dd"
    )


def form_again(
    request: HttpRequest, fragment: str, page: str, context: dict[str, Any], place: str
) -> HttpResponse:
    """A form in its place, also where a good answer would have replaced more than that."""
    status = 422 if context["form"].is_bound else 200
    if not request.htmx:  # type: ignore[attr-defined]
        return render(request, page, context, status=status)
    response = render(request, fragment, {**context, "in_place": True}, status=status)
    if status == 422:
        response.headers["HX-Retarget"] = place
    return response


@require_POST
@allowed(*EDITS_ACCOUNTS)
def add_tie(request: HttpRequest, pk: int) -> HttpResponse:
    user, contact = signed_in(request), seen(request, pk)
    frame = account_frame(user, contact.account_id, "people")
    form = TieForm(request.POST, circle=frame_circle(user, frame), of=contact)
    if not form.is_valid():
        return answer(request, contact.account_id, "Choose whom the line leads to.", contact=pk, status=422)
    given = form.cleaned_data
    try:
        undo = actions.tie(
            contact, given["other"], given["kind"], given["about"], given["basis"], user, frame["today"]
        )
    except ValidationError as refusal:
        return answer(request, contact.account_id, " ".join(refusal.messages), contact=pk, status=422)
    words = dict(Tie.Kind.choices)[given["kind"]]
    text = f"{contact.name} {'is ' if given['kind'] == 'conflicts' else ''}{words} {given['other'].name}."
    return answer(request, contact.account_id, text, undo, pk)


@require_POST
@allowed(*EDITS_ACCOUNTS)
def end_a_tie(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_or_404(Tie, signed_in(request), pk=pk)
    undo = actions.end_tie(found, today())
    return answer(request, found.contact.account_id, "The line is taken off the map.", undo)


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def relationship(request: HttpRequest, pk: int, colleague: int) -> HttpResponse:
    """How well one of us knows a person, in the cell of the matrix."""
    user, contact = signed_in(request), seen(request, pk)
    other = get_object_or_404(User, pk=colleague)
    rows = Relationship.objects.visible_to(user).filter(contact=contact, colleague=other)
    found = rows.select_related("author").first()
    frame = account_frame(user, contact.account_id, "people")
    if request.method == "GET" and "cancel" in request.GET:
        cell = Cell(frame_circle(user, frame).by_id[pk], Colleague(other, ""), found)
        return render(request, "stakeholders/_cell.html", {"cell": cell, "may_edit": True, "focus": True})
    first = {"level": found.level, "desired": found.desired, "basis": found.basis} if found else {}
    form = RelationForm(
        request.POST or None, initial={**first, "seen": found.version if found else 0}, auto_id="relation-%s"
    )
    if request.method == "POST" and form.is_valid():
        return related(request, contact, other, form)
    context = {**frame, "contact": contact, "colleague": other, "form": form, "found": found}
    fragment = "stakeholders/_relation_form.html"
    return form_again(request, fragment, "stakeholders/relation.html", context, "closest form")


def related(request: HttpRequest, contact: Contact, other: User, form: RelationForm) -> HttpResponse:
    given = form.cleaned_data
    levels = given["level"], given["desired"]
    try:
        undo = actions.relate(
            contact, other, levels, given["basis"], given["seen"] or 0, signed_in(request), today()
        )
    except Overtaken:
        text = (
            f"Somebody noted {other.name} and {contact.name} meanwhile. Nothing was overwritten; look again."
        )
        return answer(request, contact.account_id, text, status=CONFLICT)
    return answer(request, contact.account_id, f"{other.name} and {contact.name} are noted.", undo)


# --- the way back


@require_POST
@allowed(*EDITS_ACCOUNTS)
def take_back(request: HttpRequest, token: str) -> HttpResponse:
    user = signed_in(request)
    account, _ = actions.undo(user, token)
    htmx = request.htmx  # type: ignore[attr-defined]
    if account is None:
        messages.error(request, TOO_LATE) if not htmx else None
        return with_toast(HttpResponse(status=204), TOO_LATE) if htmx else redirect("portfolio:list")
    if htmx:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect(View(account.pk).url())
