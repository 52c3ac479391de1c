"""Weights and limits with their days and reasons; changing one: first what it would do, then from when and why."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms import MoneyInput, day_input
from accounts.models import Account, Organisation, User
from accounts.periods import Day
from accounts.way_back import UNDO_SECONDS
from kamplan import formats
from kamplan.components import Choice as Link
from kamplan.permissions import SETS_WEIGHTS, allowed, signed_in
from kamplan.sheets import Table, xlsx_answer
from metrics import weights
from metrics.kpis import KPI
from metrics.models import WeightChange
from metrics.pages.weights_preview import Preview, Shift, preview
from metrics.reading import reading
from metrics.weights import FAMILIES, Held, Weight, weights_of

PAGE = 50
LATE = "It is too late to take this back, or it was changed again meanwhile."


class FollowForm(forms.Form):
    """From when on a tier follows the value of everyone again, and why."""

    starts = forms.DateField(
        label="From", widget=day_input(), help_text="The days before keep the value they had."
    )
    reason = forms.CharField(
        label="Why", max_length=200, help_text="Stands beside the line that the trends will show."
    )


class ChangeForm(FollowForm):
    """The new value alone gives a preview; the day and the reason are needed to apply it."""

    value = forms.DecimalField(
        label="New value", min_value=0, max_digits=6, decimal_places=2, widget=MoneyInput
    )
    field_order = ("value", "starts", "reason")


class PreviewForm(forms.Form):
    value = forms.DecimalField(min_value=0, max_digits=6, decimal_places=2)


@dataclass(frozen=True)
class Row:
    """One weight in the list."""

    label: str
    value: str
    since: str
    reason: str
    later: str
    url: str


@require_GET
@allowed(*SETS_WEIGHTS)
def weight_list(request: HttpRequest) -> HttpResponse:
    today = Organisation.current().today()
    with reading():
        families = [(family, *listed(weights_of(family), today)) for family in FAMILIES.values()]
        changes = list(WeightChange.objects.select_related("changed_by")[:PAGE])
    context = {
        "families": families,
        "changes": [(each, weights.words_of(each)) for each in changes],
    }
    return render(request, "metrics/weights.html", context)


def listed(found: Sequence[Weight], today: Day) -> tuple[list[Row], list[Row], int]:
    """Those of everyone, those of single tiers, and how many of these hold a value of their own today."""
    tiers = [each for each in found if each.everyones]
    everyones = [row_of(each, today) for each in found if not each.everyones]
    own = sum(each.own_on(today) is not None for each in tiers)
    return everyones, [row_of(each, today) for each in tiers], own


def row_of(weight: Weight, today: Day) -> Row:
    held = weight.own_on(today)
    later = weight.later(today)
    return Row(
        weight.label,
        text(weight.on(today)),
        "as for everyone" if weight.everyones and not held else since(held),
        held.reason if held else "",
        ", ".join(f"{text(each.value)} {since(each)}" for each in reversed(later)),
        reverse("metrics:weight", args=[weight.family.name, weight.key]),
    )


def text(value: Decimal | None) -> str:
    if value is None:
        return formats.UNKNOWN
    places = next(places for places in range(3) if places == 2 or value == round(value, places))
    return formats.number(value, places)


def since(held: Held | None) -> str:
    if held is None or held.during is None or held.during.lower is None or held.during.lower.year <= 2000:
        return "from the beginning" if held else "usual value"
    return f"from {formats.day(held.during.lower, year=True)}"


# ---------------------------------------------------------------------------------------------- one weight


def find_weight(family: str, key: str) -> Weight:
    found = weights_of(FAMILIES[family], key) if family in FAMILIES else []
    if not found:
        raise Http404
    return found[0]


@require_http_methods(["GET", "POST"])
@allowed(*SETS_WEIGHTS)
def weight(request: HttpRequest, family: str, key: str) -> HttpResponseBase:
    """Its history, a preview of another value, and applying it."""
    user = signed_in(request)
    found = find_weight(family, key)
    today = Organisation.current().today()
    if request.method == "POST":
        return apply(request, user, found, today)
    asked = PreviewForm(request.GET) if "value" in request.GET else None
    value = asked.cleaned_data["value"] if asked is not None and asked.is_valid() else None
    follows = is_to_follow(found, request.GET)
    if (value is not None or follows) and request.GET.get("export") == "xlsx":
        return sheet(user, found, value, today)
    form = FollowForm if follows else ChangeForm
    return page(request, user, found, form(initial={"value": value, "starts": today}), asked, value, today)


def is_to_follow(found: Weight, sent: QueryDict) -> bool:
    return found.everyones is not None and "follow" in sent


def apply(request: HttpRequest, user: User, found: Weight, today: Day) -> HttpResponse:
    form = FollowForm(request.POST) if is_to_follow(found, request.POST) else ChangeForm(request.POST)
    if form.is_valid():
        try:
            made = weights.change(found, **{"value": None, **form.cleaned_data}, by=user)
        except ValidationError as error:
            for name, problems in getattr(error, "error_dict", {"__all__": error}).items():
                form.add_error(name if name in form.fields else None, problems)
        else:
            cache.set(undo_key(made.pk), user.pk, UNDO_SECONDS)
            messages.success(request, "The change is kept. The next run recomputes every account.")
            return redirect(
                f"{reverse('metrics:weight', args=[found.family.name, found.key])}?undo={made.pk}"
            )
    value = form.cleaned_data.get("value")
    response: HttpResponse = page(request, user, found, form, None, value, today)
    response.status_code = 422
    return response


def page(
    request: HttpRequest,
    user: User,
    found: Weight,
    form: FollowForm,
    asked: forms.Form | None,
    value: Decimal | None,
    today: Day,
) -> HttpResponse:
    follows = not isinstance(form, ChangeForm)
    then = found.everyones.on(today) if follows and found.everyones else value
    with reading():
        made = preview(found, value, today) if then is not None else None
        shown = shown_rows(user, made, today, request.GET.get("page")) if made else {}
    undo = request.GET.get("undo", "")
    mine = undo.isdecimal() and len(undo) < 18 and cache.get(undo_key(int(undo))) == user.pk
    context = {
        "weight": found,
        "value": text(found.on(today)),
        "new": text(then) if then is not None else "",
        "follows": follows,
        "may_follow": found.everyones and found.own_on(today),
        "held": [(text(each.value), days_text(each), each.reason, each.by) for each in found.held],
        "form": form,
        "asked": asked,
        "asked_value": request.GET.get("value", ""),
        "preview": made,
        "kpis": [
            KPI[each] for each in sorted(weights.concerned(found.family.tables(found.key))) if each in KPI
        ],
        "undo_url": reverse("metrics:weight_undo", args=[undo]) if mine else "",
        "crumbs": [Link("Weights and limits", reverse("metrics:weight_list"))],
        **shown,
    }
    return render(request, "metrics/weight.html", context)


def days_text(held: Held) -> str:
    if held.during is None:
        return ""
    last = held.during.upper - datetime.timedelta(days=1) if held.during.upper else None
    until = f", to {formats.day(last, year=True)}" if last else ""
    return f"{since(held)}{until}"


# ------------------------------------------------------------------------------------------------- preview


@dataclass(frozen=True)
class Line:
    name: str
    url: str
    shift: Shift
    before: str
    after: str


def shown_rows(user: User, made: Preview, today: Day, number: str | None) -> dict[str, Any]:
    """A page of the accounts that change, those of strangers only counted."""
    changed = made.changed
    names = names_of(user, changed, today)
    mine = [each for each in changed if each.account in names]
    pages = Paginator(mine, PAGE).get_page(number)
    return {
        "page": pages,
        "lines": [
            Line(
                names[each.account],
                reverse("portfolio:account", args=[each.account]),
                each,
                text(each.before),
                text(each.after),
            )
            for each in pages
        ],
        "groups": made.groups,
        "changed": len(changed),
        "unchanged": len(made.shifts) - len(changed),
        "hidden": len(changed) - len(mine),
    }


def names_of(user: User, changed: list[Shift], today: Day) -> dict[int, str]:
    seen = Account.objects.visible_to(user, today).filter(pk__in=[each.account for each in changed])
    return dict(seen.values_list("pk", "name"))


def sheet(user: User, found: Weight, value: Decimal | None, today: Day) -> HttpResponseBase:
    """The same accounts as a workbook."""
    then = found.everyones.on(today) if value is None and found.everyones else value
    with reading():
        made = preview(found, value, today)
        if made is None:
            raise Http404
        changed = made.changed
        names = names_of(user, changed, today)
    hidden = len(changed) - len(names)
    table = Table(
        "Changes",
        ["Account", "Now", "Then", "Band now", "Band then", "Change"],
        [
            [names[each.account], each.before, each.after, each.was, each.becomes, each.group]
            for each in changed
            if each.account in names
        ],
        [
            [f"{found.family.title}, {found.label}: {text(found.on(today))} → {text(then)}"],
            [f"{hidden} accounts you may not see are left out."] if hidden else ["All accounts that change."],
        ],
    )
    return xlsx_answer([table], f"preview-{found.family.name}-{today:%Y-%m-%d}")


@require_POST
@allowed(*SETS_WEIGHTS)
def weight_undo(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    made = WeightChange.objects.filter(pk=pk).first()
    if made is not None and cache.get(undo_key(pk)) == user.pk and weights.take_back(made):
        cache.delete(undo_key(pk))
        messages.success(request, "Taken back.")
    else:
        messages.warning(request, LATE)
    return redirect("metrics:weight_list")


def undo_key(pk: int) -> str:
    return f"weight-undo:{pk}"
