"""A draft is thrown away: the one write to a plan that cannot be taken back, so its name is typed."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.plans.actions import delete_plan, may_be_deleted
from accounts.plans.items import visible_plan
from accounts.plans.models import Plan
from accounts.portfolio.frame import crumbs_to
from kamplan.form_page import form_page, may_save
from kamplan.permissions import EDITS_ACCOUNTS, allowed, signed_in


class DeleteForm(forms.Form):
    name = forms.CharField(
        label="Its name", max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, plan: Plan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plan = plan
        self.fields["name"].help_text = f"Type “{plan.name}”. This cannot be taken back."

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if " ".join(name.split()) != " ".join(self.plan.name.split()):
            raise forms.ValidationError("That is not the name of this plan.")
        return name


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def plan_delete(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    with transaction.atomic():
        plan = visible_plan(user, pk, locked=request.method == "POST")
        if not may_be_deleted(plan):
            raise Http404("Only a draft that was never approved is deleted.")
        form, account = DeleteForm(request.POST or None, plan=plan), plan.account
        if may_save(request, form):
            delete_plan(plan)
            messages.success(
                request, f"The draft “{plan.name}” is deleted. Its actions stay with the account."
            )
            return redirect("plans:plan_of", account=account.pk)
    back = reverse("plans:plan", kwargs={"pk": pk})
    crumbs = crumbs_to(account, reverse("plans:plan_of", kwargs={"account": account.pk}))
    title = f"Delete {plan.name}"
    return form_page(
        request, form, title, back, crumbs=crumbs, of=account.name, template="plans/plan_delete.html"
    )
