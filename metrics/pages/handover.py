"""The hand-over pack of an account, on a page and as a file."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import HandOver
from accounts.plans import handover
from accounts.portfolio.frame import account_frame
from kamplan import formats
from kamplan.permissions import ASSIGNS, EDITS_ACCOUNTS, READS_WORK, allowed, signed_in
from metrics.pages.documents import file_name, pdf
from metrics.reading import reading


class NoteForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = HandOver
        fields = ["note"]
        labels = {"note": "Note for the new owner"}
        widgets = {"note": forms.Textarea(attrs={"rows": 6})}


@require_http_methods(["GET", "POST"])
@allowed(*READS_WORK)
def hand_over(request: HttpRequest, account: int) -> HttpResponse:
    """The pack as it would be printed; a change of owner that has a note can have it completed here."""
    user = signed_in(request)
    context = account_frame(user, account, "handover")
    rows = HandOver.objects.visible_to(user).filter(account=account).select_related("from_user", "to_user")
    newest = rows.first()
    form = None
    if newest is not None and user.role in EDITS_ACCOUNTS:
        form = NoteForm(request.POST or None, instance=newest)
        if request.method == "POST" and form.is_valid():
            rows.filter(pk=newest.pk).update(note=form.cleaned_data["note"])
            messages.success(request, "The note is saved.", f"handover-{newest.pk}")
            return redirect("plans:hand_over", account=account)
    if request.method == "POST" and form is None:
        return redirect("plans:hand_over", account=account)
    with reading():
        pack = handover.pack(user, context["account"], context["today"])
    return render(
        request,
        "plans/hand_over.html",
        {
            **context,
            "pack": pack,
            "rows": list(rows),
            "form": form,
            "newest": newest,
            "may_assign": user.role in ASSIGNS,
        },
        status=422 if form is not None and form.is_bound else 200,
    )


@require_GET
@allowed(*READS_WORK)
def hand_over_pdf(request: HttpRequest, account: int) -> HttpResponse:
    """Opinions about people only when asked for, by those who may see them."""
    user = signed_in(request)
    with reading():
        context = account_frame(user, account, "handover")
        pack = handover.pack(user, context["account"], context["today"], request.GET.get("opinions") == "yes")
    name = context["account"].name
    content = pdf(
        "handover",
        {
            "account": name,
            "facts": facts_words(context),
            "foot": f"{name} · as of {formats.day(context['today'], year=True)}",
            "pack": pack,
        },
    )
    file = file_name("Hand-over", name, context["today"].isoformat())
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{file}.pdf"'},
    )


def facts_words(context: dict[str, Any]) -> str:
    account, kind, people = context["account"], context["kind"], context["people"]
    owner = people.owner
    parts = [
        f"Tier {kind.tier}" if kind and kind.tier else "",
        str(kind.industry) if kind and kind.industry else "",
        ", ".join(part for part in (account.city, account.country) if part),
        f"pays in {account.currency}",
        f"owner {owner.user}" if owner else "nobody owns it today",
        *(f"deputy {each}" for each in people.deputies),
        account.website,
    ]
    return " · ".join(part for part in parts if part)
