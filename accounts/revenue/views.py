"""Deals and contracts of an account: added, edited, moved, decided."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import SeenForm
from accounts.models import Account, Contract, Opportunity, OpportunityStage, Organisation
from accounts.portfolio.frame import crumbs_to
from accounts.portfolio.views import say, with_toast
from accounts.revenue.actions import close_deal, decide_contract, move_deal, open_deal, reopen_deal, way_back
from accounts.revenue.deals import open_deals, visible_contract, visible_deal
from accounts.revenue.forms import CloseForm, ContractForm, DecisionForm, OpportunityForm
from kamplan.form_page import CONFLICT, edit_page, form_page
from kamplan.permissions import EDITS_ACCOUNTS, allowed, signed_in, visible_or_404


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def opportunity_add(request: HttpRequest, account: int) -> HttpResponse:
    owner = visible_or_404(Account, signed_in(request), pk=account)
    today = Organisation.current().today()
    deal = Opportunity(account=owner, currency=owner.currency)
    form = OpportunityForm(request.POST or None, instance=deal, today=today)
    if request.method == "POST" and form.is_valid():
        open_deal(form.instance, form.cleaned_data["stage"])
        messages.success(request, f"The deal “{form.instance.name}” is added.", kept_as(deal, new=True))
        return redirect(tab(owner, "deals"))
    return form_page(request, form, "Add a deal", tab(owner, "deals"), **around(form, owner))


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def opportunity_edit(request: HttpRequest, pk: int) -> HttpResponse:
    with transaction.atomic():
        deal = visible_deal(signed_in(request), pk, locked=request.method == "POST")
        owner = account_of(deal)
        form = OpportunityForm(request.POST or None, instance=deal, today=Organisation.current().today())
        return edited(request, form, owner, f"Edit {form.stored['name']}", "deals")


@require_POST
@allowed(*EDITS_ACCOUNTS)
def opportunity_move(request: HttpRequest, pk: int) -> HttpResponse:
    """The deal stands in another stage from today on."""
    today = Organisation.current().today()
    stage_id = request.POST.get("stage", "")
    with transaction.atomic():
        deal = visible_deal(signed_in(request), pk, locked=True)
        stage = OpportunityStage.objects.filter(pk=int(stage_id) if stage_id.isdecimal() else 0).first()
        if stage is None:
            return deals_again(request, account_of(deal), "Choose a stage.", status=422)
        is_open = deal.outcome == Opportunity.Outcome.OPEN
        moved = is_open and move_deal(deal, stage, today)
    text = f"{deal.name}: {stage.name} from today on." if moved else ""
    return deals_again(request, account_of(deal), text if is_open else "This deal is decided already.")


@require_POST
@allowed(*EDITS_ACCOUNTS)
def opportunity_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Won or lost today; for a while it can be taken back."""
    today = Organisation.current().today()
    form = CloseForm(request.POST)
    with transaction.atomic():
        deal = visible_deal(signed_in(request), pk, locked=True)
        owner = account_of(deal)
        if not form.is_valid():
            return deals_again(request, owner, "Say whether it is won or lost.", status=422)
        if deal.outcome != Opportunity.Outcome.OPEN:
            return deals_again(request, owner, "This deal is decided already.")
        try:
            close_deal(deal, form.cleaned_data["outcome"], today, form.cleaned_data["loss_reason"])
        except ValidationError as refusal:
            return deals_again(request, owner, " ".join(refusal.messages), status=422)
    undo = reverse("revenue:opportunity_reopen", kwargs={"token": way_back(deal)})
    return deals_again(request, owner, f"{deal.name} is {deal.outcome}.", undo=undo)


@require_POST
@allowed(*EDITS_ACCOUNTS)
def opportunity_reopen(request: HttpRequest, token: str) -> HttpResponse:
    deal = reopen_deal(signed_in(request), token)
    is_htmx = request.htmx  # type: ignore[attr-defined]
    if deal is None:
        text = "It is too late to take this back, or somebody changed the deal meanwhile."
        messages.error(request, text)
        return with_toast(HttpResponse(status=204), text) if is_htmx else redirect("portfolio:list")
    if is_htmx:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect(tab(account_of(deal), "deals"))


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def contract_add(request: HttpRequest, account: int) -> HttpResponse:
    owner = visible_or_404(Account, signed_in(request), pk=account)
    form = ContractForm(request.POST or None, instance=Contract(account=owner, currency=owner.currency))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(
            request, f"The contract {form.instance.number} is added.", kept_as(form.instance, new=True)
        )
        return redirect(tab(owner, "contracts"))
    return form_page(request, form, "Add a contract", tab(owner, "contracts"), **around(form, owner))


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def contract_edit(request: HttpRequest, pk: int) -> HttpResponse:
    with transaction.atomic():
        contract = visible_contract(signed_in(request), pk, locked=request.method == "POST")
        owner = contract.account
        form = ContractForm(request.POST or None, instance=contract)
        return edited(request, form, owner, f"Edit contract {form.stored['number']}", "contracts")


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def contract_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Renewed, and worth how much; or ended by the customer."""
    with transaction.atomic():
        contract = visible_contract(signed_in(request), pk, locked=request.method == "POST")
        owner = contract.account
        form = DecisionForm(request.POST or None, contract=contract)
        context = {"form": form, "contract": contract, "account": owner}
        if request.method == "GET":
            return render(request, "revenue/decide.html", context)
        if form.was_overtaken:
            fresh = DecisionForm(
                contract=contract, initial={k: v for k, v in request.POST.items() if k != "seen"}
            )
            return render(
                request, "revenue/decide.html", {**context, "form": fresh, "overtaken": True}, status=CONFLICT
            )
        if form.is_valid():
            wanted = form.cleaned_data
            try:
                with transaction.atomic():
                    decide_contract(
                        contract, wanted["outcome"], wanted["value"], wanted["until"], wanted["notice"]
                    )
            except ValidationError as refusal:
                form.add_error(None, refusal.messages)
            else:
                messages.success(request, f"Contract {contract.number}: {contract.get_outcome_display()}.")
                return redirect(tab(owner, "contracts"))
        return render(request, "revenue/decide.html", context, status=422)


def edited(request: HttpRequest, form: SeenForm, owner: Account, title: str, part: str) -> HttpResponse:
    return edit_page(request, form, title, tab(owner, part), **around(form, owner))


def around(form: SeenForm, owner: Account) -> dict[str, Any]:
    """What stands around a form of this account; what was typed outlives a reload."""
    url = reverse("portfolio:account_revenue", kwargs={"pk": owner.pk})
    return {"crumbs": crumbs_to(owner, url), "of": owner.name, "kept": kept_as(form.instance)}


def kept_as(row: Opportunity | Contract, *, new: bool = False) -> str:
    """Under which name the browser keeps what is typed; the message after saving tells it to forget."""
    return f"{row._meta.model_name}-{row.account_id}-{'new' if new or not row.pk else row.pk}"


def deals_again(
    request: HttpRequest, owner: Account, text: str, undo: str = "", status: int = 200
) -> HttpResponse:
    """The list of open deals after a change, with what happened; without scripts the whole page."""
    if not request.htmx:  # type: ignore[attr-defined]
        if text:
            say(request, text, undo)
        return redirect(tab(owner, "deals"))
    context = {"deals": open_deals(owner, Organisation.current().today()), "account": owner, "may_edit": True}
    response = render(request, "revenue/_deals.html", context, status=status)
    return with_toast(response, text, undo) if text else response


def account_of(deal: Opportunity) -> Account:
    """A visible deal has an account: it was found through it."""
    assert deal.account is not None
    return deal.account


def tab(account: Account, part: str) -> str:
    return f"{reverse('portfolio:account_revenue', kwargs={'pk': account.pk})}#{part}"
