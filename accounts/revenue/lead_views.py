"""Leads: listed, added, edited; the four questions answered; made an account, a customer, or given up."""

from typing import Any

from django.contrib import messages
from django.contrib.postgres.search import TrigramSimilarity
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.people.models import Organisation, User
from accounts.portfolio.models import Account
from accounts.portfolio.views import say, with_toast
from accounts.revenue import marketing_undo as way
from accounts.revenue.campaign_views import around, edited, may_write, row_for
from accounts.revenue.lead_list import LeadFilter, answers_of, selects, standing_of
from accounts.revenue.marketing import Lead
from accounts.revenue.marketing_actions import Overtaken, answer, change, convert, delete
from accounts.revenue.marketing_forms import ConvertForm, DropForm, LeadForm
from kamplan.form_page import form_page, may_save
from kamplan.permissions import EDITS_CAMPAIGNS, allowed, signed_in, visible_or_404

LEADS_A_PAGE = 40
SIMILAR = 4
ALIKE = 0.25
"""Names less alike than this are another company; a trial with made-up names."""


@require_GET
@allowed(*EDITS_CAMPAIGNS)
def lead_list(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    view = LeadFilter.from_query(request.GET.dict())
    among = view.among(Lead.objects.visible_to(user))
    found = view.in_state(among).select_related("campaign", "owner", "account")
    page = Paginator(found, LEADS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(each, answers_of(each), standing_of(each)) for each in page],
        "view": view,
        "states": view.states(among),
        "selects": selects(view, user),
        "must_elevate": not may_write(user),
        "deleted": way.waiting(user, request.GET.get("undo", "")),
    }
    template = "revenue/lead_list.html" + ("#rows" if request.htmx else "")  # type: ignore[attr-defined]
    return render(request, template, context)


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_CAMPAIGNS)
def lead_add(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    if not may_write(user):
        raise PermissionDenied
    lead = Lead()
    form = LeadForm(request.POST or None, instance=lead, today=Organisation.current().today())
    page = around(form)
    if may_save(request, form):
        form.save()
        messages.success(request, f"The lead “{lead.company}” is added.", page["kept"])
        return redirect("revenue:lead", pk=lead.pk)
    return form_page(request, form, "Add a lead", reverse("revenue:lead_list"), **page)


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_CAMPAIGNS)
def lead_edit(request: HttpRequest, pk: int) -> HttpResponse:
    with transaction.atomic():
        lead = row_for(request, Lead, pk)
        form = LeadForm(request.POST or None, instance=lead, today=Organisation.current().today())
        back = reverse("revenue:lead", kwargs={"pk": pk})
        return edited(request, form, f"Edit {form.stored['company']}", back)


@require_GET
@allowed(*EDITS_CAMPAIGNS)
def lead_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    return render(request, "revenue/lead.html", detail(user, visible_lead(user, pk)))


def visible_lead(user: User, pk: int) -> Lead:
    related = ("campaign", "owner", "account")
    found: Lead = get_object_or_404(Lead.objects.visible_to(user).select_related(*related), pk=pk)
    return found


def detail(user: User, lead: Lead, **forms: Any) -> dict[str, Any]:
    open_still = lead.customer_on is None and lead.dropped_on is None
    return {
        "lead": lead,
        "answers": answers_of(lead),
        "standing": standing_of(lead),
        "is_open": open_still,
        "convert_form": forms.get("convert_form") or ConvertForm(user=user),
        "similar": similar(user, lead.company) if open_still and lead.account_id is None else [],
        "drop_form": DropForm(),
    }


def similar(user: User, name: str) -> list[Account]:
    """Accounts whose name is nearly the lead's: perhaps it is one of them."""
    alike = Account.objects.visible_to(user).annotate(alike=TrigramSimilarity("name", name))
    return list(alike.filter(alike__gte=ALIKE).order_by("-alike", "name")[:SIMILAR])


def again(
    request: HttpRequest, pk: int, text: str, undo: str = "", status: int = 200, **forms: Any
) -> HttpResponse:
    """The lead after a change, with what happened; without scripts the whole page."""
    user = signed_in(request)
    if not request.htmx:  # type: ignore[attr-defined]
        if forms:
            context = detail(user, visible_lead(user, pk), **forms)
            return render(request, "revenue/lead.html", context, status=status)
        say(request, text, undo)
        return redirect("revenue:lead", pk=pk)
    context = detail(user, visible_lead(user, pk), **forms)
    response = render(request, "revenue/_lead.html", context, status=status)
    return with_toast(response, text, undo) if text else response


def changed(request: HttpRequest, pk: int, text: str, write: Any) -> HttpResponse:
    """Do the write and say it; say why not where the database's rules, or somebody else, were in the way."""
    lead = visible_or_404(Lead, signed_in(request), pk=pk)
    try:
        undo = write(lead)
    except ValidationError as refusal:
        return again(request, pk, " ".join(refusal.messages), status=422)
    except Overtaken:
        return again(request, pk, "Somebody else changed this lead just now: this is how it stands.")
    return again(request, pk, text, undo)


@require_POST
@allowed(*EDITS_CAMPAIGNS)
def lead_answer(request: HttpRequest, pk: int, item: str) -> HttpResponse:
    user, today = signed_in(request), Organisation.current().today()
    said = request.POST.get("said", "")
    return changed(
        request, pk, f"{item.capitalize()}: {said}.", lambda lead: answer(user, lead, item, said, today)
    )


@require_POST
@allowed(*EDITS_CAMPAIGNS)
def lead_qualify(request: HttpRequest, pk: int) -> HttpResponse:
    user, today = signed_in(request), Organisation.current().today()
    return changed(
        request, pk, "Marketing-qualified from today on.", lambda lead: change(user, lead, mql_on=today)
    )


@require_POST
@allowed(*EDITS_CAMPAIGNS)
def lead_convert(request: HttpRequest, pk: int) -> HttpResponse:
    user, today = signed_in(request), Organisation.current().today()
    visible_or_404(Lead, user, pk=pk)
    form = ConvertForm(request.POST, user=user)
    if not form.is_valid():
        return again(request, pk, "", status=422, convert_form=form)
    found = form.cleaned_data["found"]
    text = f"Linked to {found}." if found else "A new account; a team lead assigns who looks after it."
    return changed(request, pk, text, lambda lead: convert(user, lead, found, today))


@require_POST
@allowed(*EDITS_CAMPAIGNS)
def lead_won(request: HttpRequest, pk: int) -> HttpResponse:
    user, today = signed_in(request), Organisation.current().today()
    return changed(
        request, pk, "A customer from today on.", lambda lead: change(user, lead, customer_on=today)
    )


@require_POST
@allowed(*EDITS_CAMPAIGNS)
def lead_drop(request: HttpRequest, pk: int) -> HttpResponse:
    user, today = signed_in(request), Organisation.current().today()
    form = DropForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    return changed(
        request, pk, "Given up.", lambda lead: change(user, lead, dropped_on=today, drop_reason=reason)
    )


@require_POST
@allowed(*EDITS_CAMPAIGNS)
def lead_resume(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    return changed(
        request, pk, "Open again.", lambda lead: change(user, lead, dropped_on=None, drop_reason="")
    )


@require_POST
@allowed(*EDITS_CAMPAIGNS)
def lead_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """For what was never a lead; it leaves the figures. The list says so, and offers the way back."""
    user = signed_in(request)
    lead = visible_or_404(Lead, user, pk=pk)
    if lead.account_id is not None:
        return again(request, pk, "It became an account, and stays in the figures.")
    undo = delete(user, lead)
    address = f"{reverse('revenue:lead_list')}?undo={way.token_of(undo)}"
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)
