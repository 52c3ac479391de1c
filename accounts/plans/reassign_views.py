"""Accounts are given to another owner: chosen, previewed, written."""

import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import F, FilteredRelation, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.forms import day_input
from accounts.models import Account, Organisation, User
from accounts.plans import reassign as moving
from accounts.portfolio.frame import with_kind
from kamplan.formats import day
from kamplan.permissions import ASSIGNS, allowed, signed_in

LONGEST = datetime.timedelta(days=730)
CONFLICT = 409
OVERTAKEN = (
    "Somebody assigned one of these accounts meanwhile. Nothing was written; this is how it stands now."
)


class ReassignForm(forms.Form):
    """Which accounts, to whom, from which day on."""

    account = forms.ModelMultipleChoiceField(
        Account.objects.none(), error_messages={"required": "Choose at least one account."}
    )
    to = forms.ModelChoiceField(User.objects.none(), label="New owner", empty_label="choose a person")
    on = forms.DateField(
        label="From",
        widget=day_input(),
        help_text="The first day of the new owner.",
    )
    note = forms.CharField(
        label="Note for the new owner",
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Stands in each hand-over pack.",
    )
    with_work = forms.BooleanField(
        label="Open actions and requests of the old owner go along", required=False, initial=True
    )

    def __init__(self, *args: Any, user: User, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["account"].queryset = moving.movable(user, today)
        fields["to"].queryset = moving.receivers(user, today)
        fields["on"].initial = today
        self.today = today

    def clean_on(self) -> datetime.date:
        on: datetime.date = self.cleaned_data["on"]
        if not self.today - LONGEST <= on <= self.today + LONGEST:
            raise forms.ValidationError("Choose a day within two years.")
        return on


@require_http_methods(["GET", "POST"])
@allowed(*ASSIGNS)
def reassign(request: HttpRequest) -> HttpResponse:
    """GET chooses; POST previews, and with `apply` writes what was previewed."""
    user = signed_in(request)
    today = Organisation.current().today()
    form = ReassignForm(request.POST or None, user=user, today=today)
    if request.method == "GET":
        return choose(request, user, form, today)
    if not form.is_valid():
        return choose(request, user, form, today, status=422)
    said = form.cleaned_data
    accounts = [each.pk for each in said["account"]]
    if "apply" in request.POST:
        try:
            done = moving.reassign(
                user,
                accounts,
                said["to"],
                said["on"],
                today,
                request.POST.get("seen", ""),
                said["note"],
                said["with_work"],
            )
        except moving.Overtaken:
            return preview(request, user, form, accounts, today, OVERTAKEN, CONFLICT)
        count = len(done)
        text = f"{count} account{'' if count == 1 else 's'} of {said['to']} from {day(said['on'])} on."
        messages.success(request, f"{text} Each has an action to hand it over.")
        return redirect(f"{reverse('plans:reassign')}?from={said['to'].pk}")
    return preview(request, user, form, accounts, today)


def choose(
    request: HttpRequest, user: User, form: ReassignForm, today: datetime.date, status: int = 200
) -> HttpResponse:
    """The accounts that may be given away, narrowed by owner and name."""
    visible = moving.movable(user, today)
    owning = FilteredRelation(
        "assignments", condition=Q(assignments__role="owner", assignments__during__contains=today)
    )
    rows = with_kind(visible, today).annotate(
        owning=owning, owner_id=F("owning__user"), owner=F("owning__user__name")
    )
    asked = request.GET or request.POST
    wanted, named = asked.get("from", ""), asked.get("q", "").strip()[:100]
    if wanted == "nobody":
        rows = rows.filter(owner_id__isnull=True)
    elif wanted.isdecimal() and len(wanted) < 18:
        rows = rows.filter(owner_id=int(wanted))
    if named:
        rows = rows.named_like(named)
    has_filter = bool(wanted or named)
    chosen = set(request.POST.getlist("account")) | set(request.GET.getlist("account"))
    held = visible.filter(assignments__role="owner", assignments__during__contains=today)
    context = {
        "form": form,
        "rows": rows.order_by("name", "pk")[: moving.AT_MOST]
        if has_filter or chosen
        else rows.order_by("name")[:100],
        "owners": User.objects.filter(
            assignments__role="owner", assignments__during__contains=today, assignments__account__in=held
        )
        .distinct()
        .order_by("name"),
        "wanted": wanted,
        "named": named,
        "chosen": chosen,
        "today": today,
        "must_elevate": user.is_staff and not user.is_elevated,
    }
    return render(request, "plans/reassign.html", context, status=status)


def preview(
    request: HttpRequest,
    user: User,
    form: ReassignForm,
    accounts: list[int],
    today: datetime.date,
    message: str = "",
    status: int = 200,
) -> HttpResponse:
    said = form.cleaned_data
    found = moving.moves(user, accounts, said["to"], said["on"])
    kept = [each for each in found if not each.refusal]
    context = {
        "form": form,
        "said": said,
        "moves": found,
        "kept": kept,
        "refused": len(found) - len(kept),
        "seen": moving.digest(kept),
        "is_past": said["on"] < today,
        "is_future": said["on"] > today,
        "message": message,
        "today": today,
    }
    return render(request, "plans/reassign_preview.html", context, status=status)
