"""The board page as PDF and as a workbook, made of the very items of the page."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.utils import timezone

from kamplan import charts, formats
from kamplan.sheets import Cell, Shown, Table, xlsx_answer
from kamplan.templatetags.kam import STATES
from metrics.pages.board_figures import Item, Sheet
from metrics.pages.choice import period_words
from metrics.pages.documents import file_name, pdf
from metrics.pages.exports import SCORECARD, result_row
from metrics.pages.places import COMPANY
from metrics.targets import Targets

WIDTH, HEIGHT = 260, 64


def board_pdf(sheet: Sheet) -> HttpResponseBase:
    response = HttpResponse(pdf("board", document_of(sheet)), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name_of(sheet)}.pdf"'
    return response


def name_of(sheet: Sheet) -> str:
    return file_name("board", f"{sheet.choice.period.last_day:%Y-%m-%d}")


def document_of(sheet: Sheet) -> dict[str, Any]:
    choice = sheet.choice
    return {
        "title": "Key accounts, board page",
        "company": choice.organisation.name,
        "sub": f"{sub_of(sheet)} · the same numbers as on every other page",
        "remark": sheet.remark.text if sheet.remark else "",
        "author": author_of(sheet),
        "items": [drawn(item) for item in sheet.items],
        "foot": f"{key_of(sheet)} {restated_words(sheet)}".strip(),
    }


def sub_of(sheet: Sheet) -> str:
    choice = sheet.choice
    return f"{choice.words_so_far} · run of {formats.moment(choice.run.published_at)}"


def key_of(sheet: Sheet) -> str:
    """How to read it, the same under the page and its document."""
    verb = "is" if sheet.hidden == 1 else "are"
    count = formats.plural(sheet.hidden, "chosen number")
    hidden = f" {count} {verb} not shown to your role." if sheet.hidden else ""
    lines = "Shaded: likely range (95 %). Dashed: target. Vertical line: changed definition."
    return f"{lines} {compared_of(sheet)}{hidden}"


def compared_of(sheet: Sheet) -> str:
    return f"Compared with {sheet.choice.compared.words}."


def author_of(sheet: Sheet) -> str:
    if sheet.remark is None:
        return ""
    role = sheet.remark.author.get_role_display()
    written_on = timezone.localtime(sheet.remark.written_at, sheet.choice.organisation.zone).date()
    return f"{sheet.remark.author}, {role}, {formats.day(written_on, year=True)}"


def restated_words(sheet: Sheet) -> str:
    count, compared = len(sheet.card.restated), sheet.choice.compared
    if not compared.by_run or not count:
        return ""
    one = "past value was" if count == 1 else "past values were"
    return f"{count} {one} restated since {compared.the_words}."


def drawn(item: Item) -> dict[str, Any]:
    symbol, tone, usual = STATES[item.status]
    return {
        "name": item.kpi.name,
        "value": item.value_text,
        "unit": item.value_unit,
        "target": item.target_text,
        "symbol": symbol,
        "tone": tone,
        "state": usual,
        "notes": " · ".join([*item.notes, *([change_of(item)] if item.change_text else [])]),
        "reason": item.reason,
        "trend": picture(item),
        "label": item.drawing_label,
    }


def change_of(item: Item) -> str:
    sign = {"up": "up", "down": "down"}.get(item.change_direction, "")
    return f"{sign} {item.change_text}".strip()


def picture(item: Item) -> str:
    """The trend as on the page; nothing where no point is known."""
    line = charts.line(
        item.points, item.target, item.marks, width=WIDTH, height=HEIGHT, low=item.low, high=item.high
    )
    if line.last is None:
        return ""
    context = {"line": line, "width": WIDTH, "height": HEIGHT}
    return render_to_string("metrics/board_trend.svg", context)


# --------------------------------------------------------------------------------------------- a workbook


def board_workbook(sheet: Sheet) -> HttpResponseBase:
    return xlsx_answer([numbers_table(sheet), trend_table(sheet)], name_of(sheet), "Key accounts, board page")


def numbers_table(sheet: Sheet) -> Table:
    choice = sheet.choice
    targets = Targets.of([("company", None)], [item.kpi.id for item in sheet.items])
    heads = (*SCORECARD, "as shown", "change")
    rows = [
        [
            *result_row(item.result, COMPANY, choice, targets),
            Shown(f"{item.value_text} {item.value_unit}".strip()),
            Shown(change_of(item)),
        ]
        for item in sheet.items
    ]
    notes: list[Sequence[Cell]] = [["Key accounts, board page"], [sub_of(sheet)], [compared_of(sheet)]]
    if sheet.remark:
        notes.append([f"“{sheet.remark.text}” {author_of(sheet)}"])
    return Table("Board", heads, rows, notes)


def trend_table(sheet: Sheet) -> Table:
    heads = ("period", *(item.kpi.name for item in sheet.items))
    rows = [
        [period_words(period), *(item.points[place] for item in sheet.items)]
        for place, period in enumerate(sheet.choice.trend)
    ]
    return Table("Trend", heads, rows)
