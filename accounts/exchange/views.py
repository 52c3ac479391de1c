"""Imports in the browser, for administrators: upload, columns, dry run, apply."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.exchange import actions, csvs
from accounts.exchange.changes import SHOWN
from accounts.exchange.forms import OURS, MappingForm, UploadForm
from accounts.exchange.kinds import KINDS
from accounts.exchange.loading import STEPS as STEPS_OF_A_RUN
from accounts.exchange.lookups import without_hint
from accounts.exchange.models import Import, ImportChange, ImportRefusal, State
from accounts.exchange.values import Refused
from accounts.people import history
from accounts.people.models import User
from kamplan import formats
from kamplan.permissions import CONFIGURES, allowed, signed_in, visible_or_404

PAGE = 50


def own_or_404(user: User, pk: int) -> Import:
    """An import whose file's content this person may see and act on."""
    visible_or_404(Import, user, pk=pk)
    found = Import.objects.content_visible_to(user).filter(pk=pk)
    return visible_or_404(Import, user, pk__in=found.values("pk"))


def kind_label(found: Import) -> str:
    return KINDS[found.kind].label if found.kind in KINDS else found.kind


@require_GET
@allowed(*CONFIGURES)
def import_list(request: HttpRequest) -> HttpResponse:
    found = Import.objects.visible_to(signed_in(request)).select_related("uploaded_by")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    imports = [(one, kind_label(one)) for one in page]
    return render(request, "exchange/import_list.html", {"page": page, "imports": imports})


@require_http_methods(["GET", "POST"])
@allowed(*CONFIGURES)
def import_start(request: HttpRequest) -> HttpResponse:
    chosen = request.GET.get("kind")
    form = UploadForm(
        request.POST or None, request.FILES or None, initial={"kind": chosen} if chosen else None
    )
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        kind, source = form.cleaned_data["kind"], form.cleaned_data["source"]
        try:
            found = actions.upload(signed_in(request), kind, source, file.name or "", file.read())
        except Refused as problem:
            form.add_error("file", str(problem))
        else:
            return redirect("exchange:import_mapping", found.pk)
    status = 422 if form.is_bound else 200
    return render(
        request, "exchange/import_start.html", {"form": form, "kinds": KINDS.values()}, status=status
    )


@require_http_methods(["GET", "POST"])
@allowed(*CONFIGURES)
def import_mapping(request: HttpRequest, pk: int) -> HttpResponse:
    found = own_or_404(signed_in(request), pk)
    if not found.is_in_hand:
        return redirect("exchange:import_detail", pk)
    form = MappingForm(request.POST or None, found=found)
    if request.method == "POST" and form.is_valid():
        try:
            actions.choose_columns(found, form.mapping(), form.cleaned_data["create_missing"])
        except Refused as problem:
            form.add_error(None, str(problem))
        except actions.NotNow:
            return redirect("exchange:import_detail", pk)
        else:
            return redirect("exchange:import_detail", pk)
    context = {"form": form, "rows": form.rows(), "import": found, "kind": KINDS[found.kind]}
    return render(request, "exchange/import_mapping.html", context, status=422 if form.errors else 200)


@require_GET
@allowed(*CONFIGURES)
def import_samples(request: HttpRequest, pk: int) -> HttpResponse:
    """The first values of a column of the file, for the mapping page."""
    found = own_or_404(signed_in(request), pk)
    name = next((value for key, value in request.GET.items() if key.startswith(OURS)), "")
    return render(request, "exchange/_samples.html", {"samples": found.samples.get(name, [])})


@require_GET
@allowed(*CONFIGURES)
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    found = visible_or_404(Import, user, pk=pk)
    sees_content = Import.objects.content_visible_to(user).filter(pk=pk).exists()
    tabs = _tabs(found, request.GET.get("show", ""))
    show = next((tab.key for tab in tabs if tab.active), "")
    context = {
        "import": found,
        "kind": kind_label(found),
        "sees_content": sees_content,
        "sees_old": user.is_elevated or not _is_content(found),
        "tabs": tabs,
        "show": show,
        "shown": SHOWN,
        **(_rows_of(user, found, show, request.GET.get("page")) if sees_content else {}),
        "changes": sum(int(c[s]) for c in found.counts for s in ("created", "changed", "removed")),
        "percent": _percent(found),
    }
    part = (
        "exchange/import_detail.html#state"
        if request.headers.get("HX-Request")
        else "exchange/import_detail.html"
    )
    response = render(request, part, context)
    response["Vary"] = "HX-Request"
    return response


@dataclass(frozen=True)
class Tab:
    """One of the lists of a dry run."""

    key: str
    label: str
    url: str
    count: str
    active: bool


def _tabs(found: Import, wanted: str) -> list[Tab]:
    """Refused, changed, created ...: what there is any of; what must be looked at comes first."""
    if found.is_busy or not found.is_in_hand:
        return []
    counts = {"refused": found.refused} | {
        state.value: sum(int(count[state.value]) for count in found.counts) for state in ImportChange.State
    }
    there = [key for key, count in counts.items() if count]
    chosen = wanted if wanted in there else next(iter(there), "")
    labels = {"refused": "Refused"} | {s.value: s.label.capitalize() for s in ImportChange.State}
    return [
        Tab(key, labels[key], f"?show={key}#rows", formats.number(counts[key]), key == chosen)
        for key in there
    ]


def _rows_of(user: User, found: Import, show: str, number: str | None) -> dict[str, object]:
    """A page of one of the lists."""
    if show == "refused":
        columns = found.mapping.get("columns", {})
        page = Paginator(found.refusals.all(), PAGE).get_page(number)
        rows = [(one, columns.get(one.column, one.column), reason_for(user, found, one)) for one in page]
        return {"page": page, "refusals": rows}
    page = Paginator(found.changes.filter(state=show), PAGE).get_page(number)  # type: ignore[assignment]
    return {"page": page}


def reason_for(user: User, found: Import, refusal: ImportRefusal) -> str:
    """Why a row is refused; which account, person or plan comes nearest is named during an elevation only."""
    model = KINDS[found.kind].lookups.get(refusal.column) if found.kind in KINDS else None
    if user.is_elevated or model is None or not history.is_content(model):
        return refusal.reason
    return without_hint(refusal.reason)


def _is_content(found: Import) -> bool:
    """Whether the rows that are there already are account content, which administrators do not see."""
    return found.kind not in KINDS or any(history.is_content(part.model) for part in KINDS[found.kind].parts)


def _percent(found: Import) -> int:
    begun = STEPS_OF_A_RUN.get(found.step, 0)
    if begun or not found.total:
        return begun
    return round(STEPS_OF_A_RUN["Looking up names"] * found.done / found.total)


@require_GET
@allowed(*CONFIGURES)
def import_refusals(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The refused rows as a CSV that no spreadsheet takes for formulas."""
    user = signed_in(request)
    found = own_or_404(user, pk)
    columns = found.mapping.get("columns", {})
    rows = (
        (one.row, columns.get(one.column, one.column), one.value, reason_for(user, found, one))
        for one in found.refusals.iterator(chunk_size=2_000)
    )
    response = StreamingHttpResponse(
        csvs.lines(["row", "column", "value", "reason"], rows), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="refused-{found.kind}-{found.pk}.csv"'
    return response


@require_POST
@allowed(*CONFIGURES)
def import_apply(request: HttpRequest, pk: int) -> HttpResponse:
    found = own_or_404(signed_in(request), pk)
    try:
        actions.apply(found)
    except actions.NotNow:
        found.refresh_from_db(fields=["state"])
        messages.error(request, f"This import cannot be applied: it is {State(found.state).label} by now.")
    return redirect("exchange:import_detail", pk)


@require_POST
@allowed(*CONFIGURES)
def import_discard(request: HttpRequest, pk: int) -> HttpResponse:
    found = own_or_404(signed_in(request), pk)
    try:
        actions.discard(found)
    except actions.NotNow:
        messages.error(request, "This import cannot be discarded any more.")
        return redirect("exchange:import_detail", pk)
    messages.success(request, f"{found.file_name} is discarded; its content is deleted.")
    return redirect("exchange:import_list")
