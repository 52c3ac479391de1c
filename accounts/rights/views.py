"""What persons may ask of us: everything that is kept about them, and that it be erased."""

import json
from typing import Any

from allauth.core.internal.ratelimit import consume, respond_429
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from accounts.people.models import User
from accounts.people.proof import proves_identity
from accounts.rights import documents
from accounts.rights.erase import erase, hindrances, redact_notes
from accounts.rights.export import Section, as_file, as_read, everything, in_file
from accounts.rights.forms import EraseForm, ExportForm, FindForm, RedactForm, WordsForm
from accounts.rights.models import PersonAct
from accounts.rights.notes import Hit, find
from accounts.rights.persons import Person, person_of
from accounts.rights.words import plain
from accounts.stakeholders.models import Contact
from kamplan.permissions import CONFIGURES, KEEPS_PERSONS, allowed, signed_in

PAGE, SHOWN, NOTES_SHOWN = 50, 10, 200
NOT_YOU = "This is neither your password nor a valid code."


@require_GET
@allowed(*KEEPS_PERSONS)
def person_list(request: HttpRequest) -> HttpResponse:
    """Find somebody; below, what was done at persons' wishes."""
    user = signed_in(request)
    form = FindForm(request.GET)
    wanted = form.cleaned_data["q"].strip() if form.is_valid() else ""
    context = {
        "form": form,
        "wanted": wanted,
        "found": named_like(user, wanted) if wanted else [],
        "sees_contacts": not user.is_staff or user.is_elevated,
        "acts": Paginator(PersonAct.objects.select_related("by"), PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "rights/list.html", context)


def named_like(user: User, wanted: str) -> list[Person]:
    """Up to 50 of each kind whom this user may look after."""
    like = Q(name__icontains=wanted) | Q(email__icontains=wanted)
    contacts = Contact.objects.visible_to(user).known().filter(like, erased_on=None).select_related("account")
    found = [Person(PersonAct.Kind.CONTACT, row) for row in contacts[:PAGE]]
    if user.role in CONFIGURES:
        colleagues = User.objects.filter(like, erased_on=None)[:PAGE]
        found += [Person(PersonAct.Kind.USER, row) for row in colleagues]
    return found


@require_GET
@allowed(*KEEPS_PERSONS)
def person(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Everything that is kept about somebody; the longest lists cut, the files have all of it."""
    found = asked(request, kind, pk)
    sections = everything(found)
    shown = [
        (each, [map(as_read, row) for row in each.rows[:SHOWN]], max(len(each.rows) - SHOWN, 0))
        for each in sections
    ]
    context = {"person": found, "sections": shown, "total": sum(len(each.rows) for each in sections)}
    return render(request, "rights/person.html", context)


def asked(request: HttpRequest, kind: str, pk: int) -> Person:
    if kind not in (PersonAct.Kind.CONTACT, PersonAct.Kind.USER):
        raise Http404
    return person_of(signed_in(request), kind, pk)


@sensitive_post_parameters("proof")
@require_http_methods(["GET", "POST"])
@allowed(*KEEPS_PERSONS)
def export(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """The same as a file, for who proves who they are; that it was made, and by whom, is kept."""
    user, found = signed_in(request), asked(request, kind, pk)
    form = ExportForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if not consume(request, app="allauth.account", action="reauthenticate", user=user):
            return respond_429(request)  # type: ignore[no-any-return]
        if proves_identity(user, form.cleaned_data["proof"]):
            return exported(found, user, is_pdf=request.POST.get("as") == "pdf")
        form.add_error("proof", NOT_YOU)
    context = {"person": found, "form": form}
    return render(request, "rights/export.html", context, status=422 if form.is_bound else 200)


def exported(found: Person, user: User, is_pdf: bool) -> HttpResponse:
    sections = everything(found)
    counts = {"rows": sum(len(each.rows) for each in sections)}
    PersonAct.objects.create(
        act=PersonAct.Act.EXPORT, kind=found.kind, number=found.pk, by=user, counts=counts
    )
    if is_pdf:
        content, ending, media = documents.person_document(found, sections, user), "pdf", "application/pdf"
    else:
        content, ending, media = as_json(found, sections, user), "json", "application/json"
    response = HttpResponse(content, content_type=media)
    name = f"{slugify(found.name) or 'person'}-{timezone.localdate():%Y-%m-%d}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def as_json(found: Person, sections: list[Section], user: User) -> bytes:
    content = as_file(found, sections, user, timezone.now())
    return json.dumps(content, ensure_ascii=False, indent=2, default=in_file).encode()


@sensitive_post_parameters("proof")
@require_http_methods(["GET", "POST"])
@allowed(*KEEPS_PERSONS)
def erase_person(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """What goes and what stays, the notes that name the person, and then: the name, typed."""
    user, found = signed_in(request), asked(request, kind, pk)
    if found.is_erased:
        raise Http404
    refuse_oneself(user, found)
    hits = [hit for hit in find(found.spellings) if not hit.is_copy]
    form = EraseForm(request.POST if request.method == "POST" else None, person=found)
    stopped = hindrances(found)
    undecided = undecided_about(request, hits)
    if request.method == "POST" and form.is_valid() and not stopped and not undecided:
        if not consume(request, app="allauth.account", action="reauthenticate", user=user):
            return respond_429(request)  # type: ignore[no-any-return]
        if proves_identity(user, form.cleaned_data["proof"]):
            act = erase(found, user, chosen(request, hits))
            messages.success(request, f"{found.placeholder}: erased. {told(act)}")
            return redirect("rights:list")
        form.add_error("proof", NOT_YOU)
    context = {"person": found, "form": form, "stopped": stopped, "notes_error": undecided}
    context |= listed(request, hits)
    return render(request, "rights/erase.html", context, status=422 if form.is_bound else 200)


def refuse_oneself(user: User, found: Person) -> None:
    if not found.is_contact and found.pk == user.pk:
        raise PermissionDenied("You cannot erase yourself.")


def undecided_about(request: HttpRequest, hits: list[Hit]) -> str:
    """Texts may name somebody else of that name, so that nothing is taken out by default."""
    said = request.POST.get("notes", "")
    if request.method != "POST" or not hits or said in {"all", "none"}:
        return ""
    if said != "some":
        return "Say what becomes of these texts."
    return "" if request.POST.getlist("note") else "Tick the texts, or choose all of them."


def chosen(request: HttpRequest, hits: list[Hit]) -> list[Hit]:
    """All of them, or those ticked; a tick counts only for a text that names the person now."""
    if request.POST.get("notes") == "all":
        return hits
    ticked = set(request.POST.getlist("note")) if request.POST.get("notes") == "some" else set()
    return [hit for hit in hits if hit.key in ticked]


def listed(request: HttpRequest, hits: list[Hit]) -> dict[str, Any]:
    user = signed_in(request)
    return {
        # Of account content an administrator learns the place, and the words during an elevation only.
        "hides_words": user.is_staff and not user.is_elevated,
        "hits": hits[:NOTES_SHOWN],
        "hit_count": len(hits),
        "more_hits": max(len(hits) - NOTES_SHOWN, 0),
        "which": request.POST.get("notes", ""),
        "ticked": request.POST.getlist("note"),
    }


def told(act: PersonAct) -> str:
    words = [f"{what}: {number}" for what, number in act.counts.items()]
    return f"{', '.join(words)}." if words else "Nothing else led to this person."


@sensitive_post_parameters("proof")
@require_http_methods(["GET", "POST"])
@allowed(*KEEPS_PERSONS)
def note_list(request: HttpRequest) -> HttpResponse:
    """Texts in which some words stand, to be taken out one by one or all: for names that no row knows any more."""
    user = signed_in(request)
    if user.is_staff and not user.is_elevated:
        raise PermissionDenied("Account content is read during an elevation only.")
    look = WordsForm(request.GET or None)
    words = plain(look.cleaned_data["words"]) if look.is_valid() else ""
    hits = find([words]) if words else []
    form = RedactForm(request.POST if request.method == "POST" else None)
    undecided = undecided_about(request, hits)
    if request.method == "POST" and form.is_valid() and hits and not undecided:
        if not consume(request, app="allauth.account", action="reauthenticate", user=user):
            return respond_429(request)  # type: ignore[no-any-return]
        if proves_identity(user, form.cleaned_data["proof"]):
            messages.success(request, told(redact_notes([words], chosen(request, hits), user)))
            return redirect("rights:list")
        form.add_error("proof", NOT_YOU)
    context = {"look": look, "words": words, "form": form, "notes_error": undecided}
    context |= listed(request, hits)
    return render(request, "rights/notes.html", context, status=422 if form.is_bound else 200)
