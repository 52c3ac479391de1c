"""What is done when a warning appears: everybody may read it, heads change it."""

from typing import Any

from django.contrib import messages
from django.forms import inlineformset_factory
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.engagement.playbooks import Playbook, PlaybookStep, WarningKind
from accounts.people.models import Role
from kamplan.components import Choice
from kamplan.permissions import READS_WORK, allowed, signed_in

EDITS_PLAYBOOKS = frozenset({Role.HEAD})
MOST_STEPS = 12

StepForms = inlineformset_factory(
    Playbook,
    PlaybookStep,
    fields=("text", "who", "due_days"),
    extra=3,
    max_num=MOST_STEPS,
    validate_max=True,
    can_delete=True,
)


@require_GET
@allowed(*READS_WORK)
def playbook_list(request: HttpRequest) -> HttpResponse:
    """Every kind of warning with the tasks that it begins."""
    user = signed_in(request)
    books = {book.kind: book for book in Playbook.objects.visible_to(user).prefetch_related("steps")}
    rows = [(kind, books.get(kind.value)) for kind in WarningKind]
    context = {"rows": rows, "may_edit": user.role in EDITS_PLAYBOOKS}
    return render(request, "engagement/playbooks.html", context)


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_PLAYBOOKS)
def playbook_edit(request: HttpRequest, kind: str) -> HttpResponse:
    """The name, whether it is used, and its tasks in their order; those under way keep what they were."""
    if kind not in WarningKind.values:
        raise Http404
    label = WarningKind(kind).label
    book = Playbook.objects.filter(kind=kind).first() or Playbook(kind=kind, name=label.capitalize())
    forms = StepForms(request.POST or None, instance=book)
    if request.method == "POST" and forms.is_valid():
        save(book, forms, is_active="is_active" in request.POST)
        messages.success(request, "Saved.")
        return redirect("engagement:playbook_list")
    context = {
        "book": book,
        "kind": label,
        "forms": forms,
        "crumbs": [Choice("Playbooks", reverse("engagement:playbook_list"))],
    }
    return render(
        request, "engagement/playbook_form.html", context, status=422 if request.method == "POST" else 200
    )


def save(book: Playbook, forms: Any, is_active: bool) -> None:
    """The steps are counted anew, in the order in which they stand."""
    from django.db import transaction

    with transaction.atomic():
        book.is_active = is_active
        book.save()
        forms.save()
        for position, step in enumerate(book.steps.order_by("position", "pk"), 1):
            PlaybookStep.objects.filter(pk=step.pk).exclude(position=position).update(position=position)
