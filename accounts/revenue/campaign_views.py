"""Campaigns with what they cost and who came of them: listed, added, edited; bookings added and removed."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import way_back
from accounts.people.models import Organisation, User
from accounts.portfolio.views import say, with_toast
from accounts.revenue import marketing_undo as way
from accounts.revenue.marketing import Campaign, Lead, LeadChannel, Spend
from accounts.revenue.marketing_actions import add_spend, delete
from accounts.revenue.marketing_forms import CampaignForm, SpendForm
from kamplan.components import Choice
from kamplan.form_page import edit_page, form_page, may_save
from kamplan.permissions import EDITS_CAMPAIGNS, allowed, signed_in, visible_or_404

CAMPAIGNS_A_PAGE = 30
LEADS_SHOWN = 10
BOOKINGS_SHOWN = 60
STATES = {"": "All", "running": "Running", "planned": "Planned", "ended": "Ended"}
MARKS = {"running": "running", "planned": "waiting", "ended": "no_target"}
NOBODY = Decimal(0)


@dataclass(frozen=True)
class Row:
    """A campaign with its sums; `unconverted` bookings have no exchange rate and are in no sum."""

    campaign: Any
    spent: Decimal
    unconverted: int
    leads: int
    qualified: int
    customers: int

    @property
    def mark(self) -> str:
        return MARKS[self.campaign.state]


def rows_of(campaigns: list[Any], user: User) -> list[Row]:
    """Each sum from its own table: joined, spend would count once for each lead."""
    spend = Spend.objects.visible_to(user).filter(campaign__in=campaigns).converted().order_by()
    spent = {
        row["campaign"]: row
        for row in spend.values("campaign").annotate(
            sum=Sum("reported"), missing=Count("pk", filter=Q(reported__isnull=True))
        )
    }
    leads = Lead.objects.visible_to(user).filter(campaign__in=campaigns).order_by()
    counted = {
        row["campaign"]: row
        for row in leads.values("campaign").annotate(
            leads=Count("pk"), qualified=Count("sql_on"), customers=Count("customer_on")
        )
    }
    return [
        Row(
            each,
            (spent.get(each.pk) or {}).get("sum") or NOBODY,
            (spent.get(each.pk) or {}).get("missing", 0),
            *((counted.get(each.pk) or {}).get(name, 0) for name in ("leads", "qualified", "customers")),
        )
        for each in campaigns
    ]


@require_GET
@allowed(*EDITS_CAMPAIGNS)
def campaign_list(request: HttpRequest) -> HttpResponse:
    user, organisation = signed_in(request), Organisation.current()
    visible = Campaign.objects.visible_to(user).with_state(organisation.today())
    wanted = {name: request.GET.get(name, "").strip()[:100] for name in ("state", "channel", "target", "q")}
    found = narrowed(visible, wanted)
    page = Paginator(found.order_by("-during", "name"), CAMPAIGNS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": rows_of(list(page), user),
        "currency": organisation.reporting_currency,
        "wanted": wanted,
        "states": [
            Choice(words, query(wanted, state=value), value == wanted["state"])
            for value, words in STATES.items()
        ],
        "channels": [("none", "unknown"), *LeadChannel.choices[1:]],
        "is_narrowed": any(wanted.values()),
        "must_elevate": not may_write(user),
    }
    template = "revenue/campaign_list.html" + ("#rows" if request.htmx else "")  # type: ignore[attr-defined]
    return render(request, template, context)


def narrowed(campaigns: Any, wanted: dict[str, str]) -> Any:
    if wanted["q"]:
        campaigns = campaigns.filter(name__icontains=wanted["q"])
    if wanted["state"] in MARKS:
        campaigns = campaigns.filter(state=wanted["state"])
    if wanted["channel"]:
        campaigns = campaigns.filter(channel=wanted["channel"].replace("none", ""))
    if wanted["target"]:
        campaigns = campaigns.filter(is_target={"yes": True, "no": False}.get(wanted["target"]))
    return campaigns


def query(wanted: dict[str, str], **changes: str) -> str:
    """The address of the same list with something changed."""
    return "?" + urlencode({name: value for name, value in {**wanted, **changes}.items() if value})


def may_write(user: User) -> bool:
    """An administrator touches the business only while elevated."""
    return not user.is_staff or bool(getattr(user, "is_elevated", False))


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_CAMPAIGNS)
def campaign_add(request: HttpRequest) -> HttpResponse:
    user, organisation = signed_in(request), Organisation.current()
    if not may_write(user):
        raise PermissionDenied
    campaign = Campaign(currency=organisation.reporting_currency)
    form = CampaignForm(request.POST or None, instance=campaign)
    page = around(form)
    if may_save(request, form):
        form.save()
        messages.success(request, f"The campaign “{campaign.name}” is added.", page["kept"])
        return redirect("revenue:campaign", pk=campaign.pk)
    return form_page(request, form, "Add a campaign", reverse("revenue:campaign_list"), **page)


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_CAMPAIGNS)
def campaign_edit(request: HttpRequest, pk: int) -> HttpResponse:
    with transaction.atomic():
        campaign = row_for(request, Campaign, pk)
        form = CampaignForm(request.POST or None, instance=campaign)
        back = reverse("revenue:campaign", kwargs={"pk": pk})
        return edited(request, form, f"Edit {form.stored['name']}", back)


def row_for(request: HttpRequest, model: Any, pk: int) -> Any:
    """The row, held against other writers while this one decides."""
    found = visible_or_404(model, signed_in(request), pk=pk)
    return model.objects.select_for_update().get(pk=found.pk) if request.method == "POST" else found


def edited(request: HttpRequest, form: Any, title: str, back: str) -> HttpResponse:
    return edit_page(request, form, title, back, **around(form))


def around(form: Any) -> dict[str, Any]:
    """What stands around a form of a campaign or of a lead; what was typed outlives a reload."""
    row = form.instance
    words, route = ("Campaigns", "campaign_list") if isinstance(row, Campaign) else ("Leads", "lead_list")
    return {
        "crumbs": [Choice(words, reverse(f"revenue:{route}"))],
        "kept": f"{row._meta.model_name}-{row.pk or 'new'}",
        "template": "revenue/marketing_form.html",
    }


@require_GET
@allowed(*EDITS_CAMPAIGNS)
def campaign_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    return render(request, "revenue/campaign.html", detail(user, pk))


def detail(user: User, pk: int, form: SpendForm | None = None) -> dict[str, Any]:
    organisation = Organisation.current()
    today = organisation.today()
    visible_or_404(Campaign, user, pk=pk)
    campaign: Any = Campaign.objects.visible_to(user).with_state(today).get(pk=pk)
    leads = Lead.objects.visible_to(user).filter(campaign=campaign)
    return {
        "campaign": campaign,
        "row": rows_of([campaign], user)[0],
        "currency": organisation.reporting_currency,
        "bookings": Spend.objects.visible_to(user).filter(campaign=campaign)[:BOOKINGS_SHOWN],
        "bookings_shown": BOOKINGS_SHOWN,
        "leads": leads.select_related("owner")[:LEADS_SHOWN],
        "spend_form": form or SpendForm(initial=first_booking(campaign, today), today=today),
    }


def first_booking(campaign: Campaign, today: datetime.date) -> dict[str, Any]:
    last = campaign.last_day
    return {"date": min(today, last) if last else today, "currency": campaign.currency}


def spend_again(
    request: HttpRequest, pk: int, text: str, undo: str = "", form: SpendForm | None = None
) -> HttpResponse:
    """The bookings after a change, with what happened; without scripts the whole page."""
    status = 422 if form is not None else 200
    if not request.htmx:  # type: ignore[attr-defined]
        if form is not None:
            context = detail(signed_in(request), pk, form)
            return render(request, "revenue/campaign.html", context, status=status)
        say(request, text, undo)
        return redirect("revenue:campaign", pk=pk)
    context = detail(signed_in(request), pk, form)
    response = render(request, "revenue/_spend.html", context, status=status)
    return with_toast(response, text, undo) if text else response


@require_POST
@allowed(*EDITS_CAMPAIGNS)
def spend_add(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    campaign = visible_or_404(Campaign, user, pk=pk)
    today = Organisation.current().today()
    form = SpendForm(request.POST, instance=Spend(campaign=campaign), today=today)
    if not form.is_valid():
        return spend_again(request, pk, "", form=form)
    with transaction.atomic():
        undo = add_spend(user, form.instance)
    return spend_again(request, pk, "The booking is added.", undo)


@require_POST
@allowed(*EDITS_CAMPAIGNS)
def spend_delete(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    spend = visible_or_404(Spend, user, pk=pk)
    undo = delete(user, spend)
    if spend.campaign_id is None:
        return redirect("revenue:campaign_list")
    return spend_again(request, spend.campaign_id, "The booking is removed.", undo)


@require_POST
@allowed(*EDITS_CAMPAIGNS)
def marketing_undo(request: HttpRequest, token: str) -> HttpResponse:
    taken_back = way.take_back(signed_in(request), token)
    text = "Taken back." if taken_back else way_back.TOO_LATE
    if not request.htmx:  # type: ignore[attr-defined]
        messages.info(request, text)
        return redirect("revenue:lead_list")
    if not taken_back:
        return with_toast(HttpResponse(status=204), text)
    return HttpResponse(status=204, headers={"HX-Refresh": "true"})
