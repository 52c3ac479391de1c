"""Whitespace: the companies of a customer's group against what we sell."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Account, Organisation, ProductCategory, User, WhitespaceCell
from accounts.plans.answers import page_behind, told
from accounts.plans.whitespace import Overtaken, open_deals, open_from_cell, save_cell, way_back
from accounts.plans.whitespace_forms import CellForm, FillForm
from accounts.portfolio.frame import account_frame
from kamplan.components import Choice
from kamplan.permissions import EDITS_ACCOUNTS, READS_WORK, allowed, signed_in
from metrics.pages.whitespace_board import Rates, board_of
from metrics.pages.whitespace_rows import Board, Cell, Line, Unit
from metrics.pages.whitespace_sheet import sheet
from metrics.pages.whitespace_words import LEGEND, Shown, shown, shown_sum
from metrics.reading import newest_run, reading

SUGGESTED_SHOWN = 5
CONFLICT = 409


@dataclass(frozen=True)
class Filter:
    """One chip: which cells it asks for."""

    key: str
    words: str
    property: str

    def takes(self, cell: Cell) -> bool:
        return not self.property or bool(getattr(cell, self.property))


FILTERS = (
    Filter("", "All units", ""),
    Filter("others", "Held by others", "is_held_by_others"),
    Filter("unknown", "Unknown", "is_unknown"),
    Filter("old", "Estimate older than a year", "is_old"),
    Filter("suggested", "Usual elsewhere", "is_suggested"),
)


@dataclass(frozen=True)
class Row:
    """A line of the board, ready to be drawn."""

    line: Line
    cells: list[Shown]
    total: Shown
    wallet: Decimal | None
    is_here: bool

    @property
    def indent(self) -> int:
        return min(self.line.depth, 3)


@require_GET
@allowed(*READS_WORK)
def whitespace(request: HttpRequest, account: int) -> HttpResponse:
    user = signed_in(request)
    with reading():
        board = read_board(user, account)
        context = board_context(request.GET, account, board)
        context |= account_frame(user, account, "whitespace")
    return render(request, "plans/whitespace.html", context)


def read_board(user: User, account: int) -> Board:
    organisation = Organisation.current()
    today = organisation.today()
    visible = Account.objects.visible_to(user, today)
    found = get_object_or_404(visible, pk=account)
    return board_of(found, visible, newest_run(), today, organisation.reporting_currency)


def may_edit(user: User) -> bool:
    return user.role in EDITS_ACCOUNTS


def board_context(query: QueryDict, account: int, board: Board) -> dict[str, Any]:
    wanted = next((each for each in FILTERS if each.key == query.get("show", "")), FILTERS[0])
    here = unit_shown(query, account, board)
    return {
        "board": board,
        "page_account": account,
        "rows": rows_of(board, account, wanted),
        "chips": chips(query, board, wanted),
        "is_filtered": bool(wanted.key),
        "unit": here,
        "unit_cells": [shown(cell) for cell in here.cells if wanted.takes(cell)] if here else [],
        "legend": LEGEND,
        "suggested": [shown(cell) for cell in board.suggested[:SUGGESTED_SHOWN]],
        "more_suggested": max(len(board.suggested) - SUGGESTED_SHOWN, 0),
    }


def unit_shown(query: QueryDict, account: int, board: Board) -> Unit | None:
    """The one company that a narrow screen shows."""
    asked = query.get("unit", "")
    pk = int(asked) if asked.isdecimal() else account
    return next((u for u in board.units if u.id == pk), board.units[0] if board.units else None)


def rows_of(board: Board, account: int, wanted: Filter) -> list[Row]:
    """Under a filter companies without such a cell go, and their other cells fade."""
    rows = []
    for line in board.lines:
        if line.is_sum:
            cells = [shown_sum(total) for total in line.sums]
        else:
            kept = [wanted.takes(cell) for cell in line.units[0].cells]
            if wanted.key and not any(kept):
                continue
            cells = [shown(c, faded=not k) for c, k in zip(line.units[0].cells, kept, strict=True)]
        total, here = line.total, not line.is_sum and line.units[0].id == account
        if wanted.key and line.is_sum:
            continue
        rows.append(Row(line, cells, shown_sum(total), total.wallet, here))
    return rows


def chips(query: QueryDict, board: Board, wanted: Filter) -> list[Choice]:
    found = []
    for each in FILTERS:
        parameters = query.copy()
        parameters.pop("show", None)
        if each.key:
            parameters["show"] = each.key
        count = sum(each.takes(cell) for cell in board.cells) if each.key else 0
        if count or not each.key or each is wanted:
            found.append(
                Choice(
                    each.words, f"?{parameters.urlencode()}", each is wanted, str(count) if each.key else ""
                )
            )
    return found


# ------------------------------------------------------------------------------------------------- a cell


@require_http_methods(["GET"])
@allowed(*READS_WORK)
def whitespace_cell(request: HttpRequest, account: int, category: int) -> HttpResponse:
    """What is known about one cell; in a dialog, or on a page of its own."""
    user = signed_in(request)
    with reading():
        cell = read_cell(user, account, category)
        context = cell_context(user, cell)
    return cell_page(request, "plans/_whitespace_cell.html", context)


def read_cell(user: User, account: int, category: int) -> Cell:
    cell = read_board(user, account).cell(account, category)
    if cell is None:
        raise Http404
    return cell


def cell_context(user: User, cell: Cell) -> dict[str, Any]:
    account = cell.unit.id
    return {
        "cell": cell,
        "shown": shown(cell),
        "deals": list(open_deals(account, cell.column.id)),
        "may_edit": may_edit(user),
        "currency": cell.currency,
    }


def cell_page(request: HttpRequest, part: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        response = render(request, part, context, status=status)
        if status != 200:
            response.headers["HX-Retarget"] = "#side-dialog-body"
            response.headers["HX-Reswap"] = "innerHTML"
        return response
    return render(request, "plans/whitespace_cell.html", {**context, "part": part}, status=status)


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def whitespace_edit(request: HttpRequest, account: int, category: int) -> HttpResponse:
    user = signed_in(request)
    cell = read_cell(user, account, category)
    form = CellForm(request.POST or None, instance=instance_of(cell))
    part = "plans/_whitespace_form.html"
    context = {"cell": cell, "form": form, "may_edit": True}
    if request.method == "GET":
        return cell_page(request, part, context)
    today = Organisation.current().today()
    if not form.was_overtaken and form.is_valid() and save_cell(form.instance, form.values, user, today):
        return board_again(request, user, cell, f"{cell.column.name} at {cell.unit.name} is noted.")
    if form.is_bound and form.errors and not form.was_overtaken:
        return cell_page(request, part, context, status=422)
    # Somebody else wrote it meanwhile: both versions, what was typed stays.
    fresh = CellForm(request.POST, instance=instance_of(read_cell(user, account, category)))
    theirs = fresh.theirs()
    fresh.show_both()
    context |= {"form": fresh, "theirs": theirs, "overtaken": True}
    return cell_page(request, part, context, status=422 if request.htmx else CONFLICT)  # type: ignore[attr-defined]


def instance_of(cell: Cell) -> WhitespaceCell:
    if cell.row is not None:
        return cell.row
    holder = WhitespaceCell.Holder.US if cell.won > 0 else WhitespaceCell.Holder.UNKNOWN
    return WhitespaceCell(
        account_id=cell.unit.id,
        category_id=cell.column.id,
        holder=holder,
        currency=cell.unit.currency,
        noted_on=Organisation.current().today(),
    )


@require_POST
@allowed(*EDITS_ACCOUNTS)
def whitespace_open(request: HttpRequest, account: int, category: int) -> HttpResponse:
    """One click: the cell becomes an open deal over what is still to be sold there."""
    user = signed_in(request)
    cell = read_cell(user, account, category)
    today = Organisation.current().today()
    owner = Account.objects.visible_to(user, today).get(pk=account)
    amount = potential_own(cell)
    sold = ProductCategory.objects.get(pk=category)
    try:
        deal = open_from_cell(owner, sold, cell.kind, amount, today, whole_number(request.POST.get("shown")))
    except Overtaken as first:
        text = f"Nothing was opened: “{first.deal.name}” is open here meanwhile. Look at it first."
        return board_again(request, user, cell, text)
    undo = reverse("plans:whitespace_take_back", kwargs={"token": way_back(deal)})
    return board_again(request, user, cell, f"“{deal.name}” is open.", undo)


def whole_number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 6 else 0


def potential_own(cell: Cell) -> Decimal | None:
    """What is left to be sold, in the currency in which the company pays; nothing where nobody estimated."""
    if cell.row is None or cell.row.yearly_spend is None or not cell.potential:
        return None
    if cell.row.currency == cell.unit.currency:
        left: Decimal = cell.row.yearly_spend - cell.won_own
        return max(left, Decimal(0)) or None
    run = newest_run()
    day = run.as_of if run else Organisation.current().today()
    return Rates(cell.currency, day).own(cell.potential, cell.unit.currency)


def board_again(request: HttpRequest, user: User, cell: Cell, text: str, undo: str = "") -> HttpResponse:
    """The board after a write, as it stood in the browser; without scripts the whole page."""
    if not request.htmx:  # type: ignore[attr-defined]
        messages.success(request, text)
        return redirect("plans:whitespace", account=cell.unit.id)
    account, query = board_behind(request, cell.unit.id)
    with reading():
        board = read_board(user, account)
    context = {**board_context(query, account, board), "may_edit": True}
    response = render(request, "plans/_whitespace_board.html", context)
    return told(response, text, undo, closes="side-dialog")


def board_behind(request: HttpRequest, usual: int) -> tuple[int, QueryDict]:
    """The board that the browser shows: its account and its filters."""
    match, query = page_behind(request)
    if match is None or match.view_name != "plans:whitespace":
        return usual, QueryDict()
    return int(match.kwargs["account"]), query


# --------------------------------------------------------------------------------------- filling unknowns


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def whitespace_fill(request: HttpRequest, account: int) -> HttpResponse:
    """The unknown cells of the group one after the other, by keyboard if one likes."""
    user = signed_in(request)
    today = Organisation.current().today()
    board = read_board(user, account)
    cell = cell_asked(board, request.GET.get("at", ""))
    if cell is None:
        return render(request, "plans/whitespace_filled.html", {**frame_of(user, account), "board": board})
    form = FillForm(request.POST or None, instance=instance_of(cell))
    following = next_unknown(board, cell)
    if request.method == "POST" and not form.was_overtaken and form.is_valid():
        if save_cell(form.instance, form.values, user, today):
            messages.success(request, f"{cell.column.name} at {cell.unit.name} is noted.")
            return redirect(fill_url(account, following))
        messages.error(request, "Somebody else noted this meanwhile; look at it again.")
        return redirect(fill_url(account, cell))
    context = {
        **frame_of(user, account),
        "cell": cell,
        "form": form,
        "skip": fill_url(account, following),
        "left": len(board.unknown),
        "place": board.unknown.index(cell) + 1 if cell in board.unknown else 1,
        "overtaken": form.is_bound and form.was_overtaken,
    }
    return render(request, "plans/whitespace_fill.html", context, status=422 if form.is_bound else 200)


def frame_of(user: User, account: int) -> dict[str, Any]:
    return account_frame(user, account, "whitespace")


def cell_asked(board: Board, text: str) -> Cell | None:
    """`12-3` is category 3 at company 12; without it the first unknown."""
    unit, _, category = text.partition("-")
    if text == "end":
        return None
    if unit.isdecimal() and category.isdecimal():
        return board.cell(int(unit), int(category))
    return board.unknown[0] if board.unknown else None


def next_unknown(board: Board, cell: Cell) -> Cell | None:
    order = board.cells
    later = order[order.index(cell) + 1 :]
    return next((each for each in later if each.is_unknown), None)


def fill_url(account: int, cell: Cell | None) -> str:
    address = reverse("plans:whitespace_fill", kwargs={"account": account})
    return f"{address}?at={cell.unit.id}-{cell.column.id}" if cell else f"{address}?at=end"


@require_GET
@allowed(*READS_WORK)
def whitespace_export(request: HttpRequest, account: int) -> HttpResponse:
    user = signed_in(request)
    with reading():
        board = read_board(user, account)
        response = HttpResponse(
            sheet(board), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        )
    name = f"whitespace-{account}-{Organisation.current().today():%Y-%m-%d}.xlsx"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
