"""The board page: six to eight numbers of the company on one sheet, the same as on every other page."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import Organisation, User
from accounts.periods import Period, PeriodKind, add_months, latest_complete
from kamplan import formats
from kamplan.components import Choice as Link
from kamplan.permissions import CHOOSES_BOARD, allowed, signed_in
from metrics.access import seen_or_refused, visible_kpis
from metrics.board import FEWEST, MOST, BoardRemark, choose, chosen_numbers, remark_on
from metrics.kpi import Definition, Group
from metrics.kpis import KPI
from metrics.models import Run, Scope
from metrics.names import the_run
from metrics.pages.board_document import board_pdf, board_workbook, key_of
from metrics.pages.board_figures import Sheet, board_choice, sheet_of
from metrics.pages.choice import Choice
from metrics.pages.places import COMPANY
from metrics.pages.scorecards import GROUPS
from metrics.reading import reading
from metrics.urls_for import scorecard_url


@require_GET
def board(request: HttpRequest) -> HttpResponseBase:
    user = signed_in(request)
    with reading():
        organisation = Organisation.current()
        seen_or_refused(user, Scope.COMPANY, None, organisation.today())
        choice = board_choice(request.GET.dict(), organisation, user)
        if choice is None:
            return render(request, "metrics/no_run.html", {"place": COMPANY, "crumbs": []})
        sheet = sheet_of(user, choice)
        if request.GET.get("export") == "pdf":
            return board_pdf(sheet)
        if request.GET.get("export") == "xlsx":
            return board_workbook(sheet)
        return render(request, "metrics/board.html", page_context(user, sheet))


def page_context(user: User, sheet: Sheet) -> dict[str, Any]:
    choice = sheet.choice
    return {
        "sheet": sheet,
        "items": sheet.items,
        "choice": choice,
        "organisation": choice.organisation,
        "remark": sheet.remark,
        "ends": end_options(choice),
        "run_options": run_options(choice),
        "restated": sheet.card.restated[:50],
        "restated_count": len(sheet.card.restated),
        "compared": choice.compared,
        "key_words": key_of(sheet),
        "may_choose": user.role in CHOOSES_BOARD,
        "choose_url": reverse("metrics:board_choose") + choice.query(),
        "scorecard_url": scorecard_url(Scope.COMPANY, None, choice.period),
        "crumbs": [],
    }


def end_options(choice: Choice) -> list[tuple[str, str, bool]]:
    """The last days of the last 18 complete months, for the select: value, words, whether it is shown."""
    last = latest_complete(PeriodKind.T12, choice.newest.as_of)
    periods = [last.moved(-step) for step in range(18)]
    first = choice.newest.first_month
    shown = [each for each in periods if first is None or each.end > add_months(first, 1)]
    if choice.period.end not in {each.end for each in shown}:
        shown.insert(0, choice.period)
    return [
        (
            f"{each.last_day:%Y-%m}",
            f"As of {formats.day(each.last_day, year=True)}",
            each.end == choice.period.end,
        )
        for each in shown
    ]


def run_options(choice: Choice) -> list[tuple[str, str, bool]]:
    """As known now, or as an earlier run published it: of each month the last one."""
    found: list[Run] = []
    for run in choice.runs[1:]:
        if not found or (found[-1].as_of.year, found[-1].as_of.month) != (run.as_of.year, run.as_of.month):
            found.append(run)
    now = ("", "as known now", not choice.is_past_run)
    return [
        now,
        *((str(run.pk), f"as of {the_run(run)}", run == choice.run) for run in found[:24]),
    ]


# --------------------------------------------------------------------------------------- what stands on it


class NumbersForm(forms.Form):
    """Six to eight different numbers, in their order."""

    def __init__(self, data: Any = None, chosen: Sequence[Definition] = (), user: User | None = None) -> None:
        super().__init__(data)
        choices = [("", "–"), *grouped(visible_kpis(user) if user else ())]
        for place in range(1, MOST + 1):
            first = chosen[place - 1].id if place <= len(chosen) else ""
            self.fields[f"place_{place}"] = forms.ChoiceField(
                label=f"Place {place}", choices=choices, required=place <= FEWEST, initial=first
            )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        seen: set[str] = set()
        for name, kpi in list(cleaned.items()):
            if kpi and kpi in seen:
                self.add_error(name, f"“{KPI[kpi].name}” stands on the page already.")
            seen.add(kpi)
        return cleaned

    @property
    def kpis(self) -> list[str]:
        return [kpi for kpi in self.cleaned_data.values() if kpi]


def grouped(kpis: Sequence[Definition]) -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (GROUPS[group][0], [(kpi.id, kpi.name) for kpi in kpis if kpi.group == group])
        for group in Group
        if group in GROUPS
    ]


class RemarkForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = BoardRemark
        fields = ["text"]
        labels = {"text": "What you say about it"}
        help_texts = {
            "text": "One or two sentences above the numbers, with your name and today's date. "
            "Earlier ones are kept."
        }
        widgets = {"text": forms.Textarea(attrs={"rows": 3})}


@require_http_methods(["GET", "POST"])
@allowed(*CHOOSES_BOARD)
def board_choose(request: HttpRequest) -> HttpResponse:
    """What the board page shows, and the sentence about its period; each has a form and a button of its own."""
    user = signed_in(request)
    organisation = Organisation.current()
    choice = board_choice(request.GET.dict(), organisation, user)
    says = request.method == "POST" and "text" in request.POST
    chooses = request.method == "POST" and not says
    numbers = NumbersForm(request.POST if chooses else None, chosen_numbers(), user)
    remark = RemarkForm(request.POST if says else None)
    back = reverse("metrics:board") + (choice.query(compare="") if choice else "")
    if chooses and numbers.is_valid():
        choose(numbers.kpis)
        messages.success(request, "The board page shows these numbers now.")
        return redirect(back)
    if says and choice is not None and remark.is_valid():
        write_remark(remark, user, choice.period)
        messages.success(request, "Your sentence stands on the board page.")
        return redirect(back)
    context = {
        "numbers": numbers,
        "remark": remark,
        "choice": choice,
        "back": back,
        "crumbs": [Link("Board page", back)],
        "held": remark_on(choice.period.last_day) if choice else None,
    }
    return render(
        request, "metrics/board_choose.html", context, status=422 if request.method == "POST" else 200
    )


@transaction.atomic
def write_remark(form: RemarkForm, user: User, period: Period) -> None:
    form.instance.author = user
    form.instance.ends = period.last_day
    form.save()
