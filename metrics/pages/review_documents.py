"""A review as PDF, slides and spreadsheet: the same structure of figures as the page, in three shapes."""

import io
from collections.abc import Callable
from typing import Any

import xlsxwriter
from pptx import Presentation
from pptx.chart import data as chart_data
from pptx.dml import color
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION
from pptx.enum.text import PP_ALIGN
from pptx.util import Inches, Pt

from accounts.models import Review
from kamplan import formats
from metrics.pages.documents import pdf

RGBColor: Any = color.RGBColor
CategoryChartData: Any = chart_data.CategoryChartData

INK, MUTED = RGBColor(0x16, 0x19, 0x1D), RGBColor(0x61, 0x69, 0x73)
DATA, SOFT, HAIR = RGBColor(0x5A, 0x6A, 0x7E), RGBColor(0xC3, 0xCC, 0xD7), RGBColor(0xE5, 0xE8, 0xEB)
TONES = {
    "done": RGBColor(0x0B, 0x70, 0x50),
    "on_target": RGBColor(0x0B, 0x70, 0x50),
    "within_limit": RGBColor(0x0B, 0x70, 0x50),
    "overdue": RGBColor(0xB3, 0x32, 0x1B),
    "short": RGBColor(0xB3, 0x32, 0x1B),
    "over": RGBColor(0xB3, 0x32, 0x1B),
    "watch": RGBColor(0x83, 0x52, 0x00),
}
ROWS_A_SLIDE = 9
LINES_A_SLIDE = 12
TEXTS = (
    ("summary", "In short"),
    ("wins", "What went well"),
    ("troubles", "What did not"),
    ("next_steps", "What comes next"),
)

Figures = dict[str, Any]
Cells = list[tuple[str, str]]
"""Texts of one row, each with the state that colours it."""


def people_words(review: Review) -> str:
    if review.status != Review.Status.HELD:
        return ""
    names = [str(each) for each in [*review.contacts.all(), *review.colleagues.all()]]
    return f"Present: {', '.join(names)}" if names else ""


def foot(figures: Figures) -> str:
    return (
        f"Figures of {figures['as_of_words']}, run {figures['run']}" if figures["run"] else "No figures yet"
    )


def as_pdf(review: Review, figures: Figures) -> bytes:
    data = {
        "title": review.title,
        "account": review.account.name,
        "on": formats.day(review.on, year=True),
        "foot": f"{review.account.name} · {foot(figures)}",
        "people_words": people_words(review),
        "months_words": months_words(figures),
        "figures": figures,
        **{name: getattr(review, name).strip() for name, _ in TEXTS},
    }
    return pdf("review", data)


def months_words(figures: Figures) -> str:
    """The drawing in words, for who cannot see it."""
    currency = figures["currency"]
    each = (
        f"{row['label']} {formats.money(formats.exact(row['amount']), currency)}" for row in figures["months"]
    )
    return "Revenue by month: " + ", ".join(each)


# ---------------------------------------------------------------------------------------------- tables


def kpi_cells(figures: Figures) -> list[Cells]:
    return [
        [
            (each["name"], ""),
            (each["text"] if each["value"] is not None else "no data", ""),
            (each["range"], ""),
            (", ".join(part for part in (each["status_words"], each["target_text"]) if part), each["status"]),
            (each["before_text"], ""),
        ]
        for each in figures["kpis"]
    ]


def promise_cells(figures: Figures) -> list[Cells]:
    return [
        [(each["text"], ""), (each["who"], ""), (each["due_text"], ""), (each["state_words"], each["state"])]
        for each in figures["promises"]
    ]


def deal_cells(figures: Figures) -> list[Cells]:
    return [
        [(each["name"], ""), (each["category"], ""), (each["on_text"], ""), (each["text"], "")]
        for each in figures["deals"]
    ]


def move_cells(figures: Figures) -> list[Cells]:
    return [
        [(each["category"], ""), (each["from"], ""), (" ".join([each["to"], each["name"]]).strip(), "")]
        for each in figures["whitespace"]
    ]


def risk_cells(figures: Figures) -> list[Cells]:
    return [
        [(each["text"], ""), (each["severity_words"], ""), (each["answer"], "")] for each in figures["risks"]
    ]


Table = tuple[str, tuple[str, ...], tuple[float, ...], Callable[[Figures], list[Cells]], str]
TABLES: tuple[Table, ...] = (
    (
        "What we promised each other",
        ("What", "Who", "Due", "State"),
        (6.2, 2.4, 1.4, 2.0),
        promise_cells,
        "promises",
    ),
    (
        "Figures against targets",
        ("Number", "Value", "Likely range", "Against target", "Period before"),
        (3.4, 1.7, 2.3, 2.9, 1.7),
        kpi_cells,
        "kpis",
    ),
    ("Won in the period", ("Deal", "Product", "On", "Amount"), (5.4, 3.4, 1.4, 1.8), deal_cells, "deals"),
    ("Whitespace that moved", ("Product", "Was", "Is"), (4.0, 4.0, 4.0), move_cells, "whitespace"),
    (
        "Risks",
        ("What may happen", "Severity", "What we do about it"),
        (5.2, 1.4, 5.4),
        risk_cells,
        "risks",
    ),
)


# ---------------------------------------------------------------------------------------------- slides


def as_pptx(review: Review, figures: Figures) -> bytes:
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(13.333), Inches(7.5)
    deck.core_properties.title = f"{review.title}, {review.account.name}"
    deck.core_properties.author = "kamplan"
    deck.core_properties.language = "en"
    title_slide(deck, review, figures)
    text_slide(deck, "In short", review.summary)
    for title, head, widths, cells, _ in TABLES[:2]:
        table_slides(deck, title, head, widths, cells(figures))
    chart_slide(deck, figures)
    for title, head, widths, cells, _ in TABLES[2:]:
        table_slides(deck, title, head, widths, cells(figures))
    for name, title in TEXTS[1:]:
        text_slide(deck, title, getattr(review, name))
    file = io.BytesIO()
    deck.save(file)
    return file.getvalue()


def blank(deck: Any, title: str) -> Any:
    """A slide with nothing but its title, which is also what screen readers announce."""
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    place = slide.shapes.title
    place.left, place.top, place.width, place.height = Inches(0.65), Inches(0.45), Inches(12), Inches(0.8)
    write(place.text_frame, title, 28, bold=True)
    return slide


def write(frame: Any, text: str, size: float, *, bold: bool = False, colour: Any = INK) -> None:
    frame.word_wrap = True
    frame.text = text
    for paragraph in frame.paragraphs:
        paragraph.alignment = PP_ALIGN.LEFT
        for run in paragraph.runs:
            run.font.size, run.font.bold, run.font.color.rgb = Pt(size), bold, colour


def title_slide(deck: Any, review: Review, figures: Figures) -> None:
    slide = blank(deck, review.title)
    place = slide.shapes.title
    place.top, place.height = Inches(2.4), Inches(1.2)
    write(place.text_frame, review.title, 40, bold=True)
    box = slide.shapes.add_textbox(Inches(0.65), Inches(3.7), Inches(12), Inches(1.6))
    lines = [
        f"{review.account.name} · {formats.day(review.on, year=True)}",
        f"Figures of {figures['period']['words']}",
        people_words(review),
    ]
    write(box.text_frame, "\n".join(line for line in lines if line), 18, colour=MUTED)
    footer(slide, figures)


def footer(slide: Any, figures: Figures) -> None:
    box = slide.shapes.add_textbox(Inches(0.65), Inches(6.95), Inches(12), Inches(0.35))
    write(box.text_frame, foot(figures), 10, colour=MUTED)


def text_slide(deck: Any, title: str, text: str) -> None:
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    for start in range(0, len(lines), LINES_A_SLIDE):
        slide = blank(deck, title)
        box = slide.shapes.add_textbox(Inches(0.65), Inches(1.5), Inches(12), Inches(5.3))
        write(box.text_frame, "\n".join(lines[start : start + LINES_A_SLIDE]), 18)
        for paragraph in box.text_frame.paragraphs:
            paragraph.space_after = Pt(8)


def table_slides(
    deck: Any, title: str, head: tuple[str, ...], widths: tuple[float, ...], rows: list[Cells]
) -> None:
    """A real table; a long one goes on over the next slides."""
    for start in range(0, len(rows), ROWS_A_SLIDE):
        part = rows[start : start + ROWS_A_SLIDE]
        slide = blank(deck, title if not start else f"{title} (continued)")
        frame = slide.shapes.add_table(
            len(part) + 1, len(head), Inches(0.65), Inches(1.5), Inches(12), Inches(0.5) * (len(part) + 1)
        )
        frame.name = title
        table = frame.table
        table.horz_banding = False
        for place, width in enumerate(widths):
            table.columns[place].width = Inches(width)
            fill(table.cell(0, place), head[place], 12, MUTED)
        for line, cells in enumerate(part, 1):
            for place, (text, state) in enumerate(cells):
                fill(table.cell(line, place), text, 13, TONES.get(state, INK))


def fill(cell: Any, text: str, size: float, colour: Any) -> None:
    cell.fill.solid()
    cell.fill.fore_color.rgb = RGBColor(0xFF, 0xFF, 0xFF)
    write(cell.text_frame, text, size, colour=colour)


def chart_slide(deck: Any, figures: Figures) -> None:
    """A chart that PowerPoint itself can edit, over the amounts of the page."""
    rows = figures["months"]
    if not any(float(row["amount"]) or float(row["before"]) for row in rows):
        return
    slide = blank(deck, f"Revenue by month, {figures['currency']}")
    data = CategoryChartData(number_format="#,##0")
    data.categories = [row["label"] for row in rows]
    data.add_series("A year before", [float(row["before"]) for row in rows])
    data.add_series("12 months", [float(row["amount"]) for row in rows])
    frame = slide.shapes.add_chart(
        XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(0.65), Inches(1.5), Inches(12), Inches(5.2), data
    )
    frame.name = months_words(figures)
    chart = frame.chart
    chart.has_legend, chart.has_title = True, False
    chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    chart.font.size = Pt(12)
    chart.value_axis.major_gridlines.format.line.color.rgb = HAIR
    for series, colour in zip(chart.plots[0].series, (SOFT, DATA), strict=True):
        series.format.fill.solid()
        series.format.fill.fore_color.rgb = colour
    chart.plots[0].gap_width = 60


# ----------------------------------------------------------------------------------------- spreadsheet


def as_xlsx(review: Review, figures: Figures) -> bytes:
    """One sheet for each table; amounts are numbers, texts never become formulas."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(
        file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"title": f"{review.title}, {review.account.name}", "author": "kamplan"})
    styles = {
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
        "number": book.add_format({"num_format": "#,##0.00", "valign": "top"}),
    }
    sheet_of(book, styles, "Review", ("", ""), about(review, figures), (24, 90))
    sheet_of(
        book,
        styles,
        "Figures",
        ("Number", "Unit", "Value", "Low", "High", "n", "Target", "Status", "Period before"),
        [
            (
                each["name"],
                each["unit"],
                *(as_number(each[name]) for name in ("value", "low", "high", "n", "target")),
                each["status_words"],
                as_number(each["before"]),
            )
            for each in figures["kpis"]
        ],
        (32, 12, 16, 14, 14, 10, 14, 20, 16),
    )
    sheet_of(
        book,
        styles,
        "Revenue",
        ("Month", figures["currency"], "A year before"),
        [(row["label"], as_number(row["amount"]), as_number(row["before"])) for row in figures["months"]],
        (14, 16, 16),
    )
    sheet_of(
        book,
        styles,
        "Products",
        ("Category", figures["currency"], "A year before"),
        [(row["name"], as_number(row["now"]), as_number(row["before"])) for row in figures["categories"]],
        (32, 16, 16),
    )
    for title, head, _, cells, name in TABLES:
        if name in {"kpis", "deals"}:
            continue
        rows = [tuple(text for text, _ in row) for row in cells(figures)]
        sheet_of(book, styles, name.capitalize(), head, rows, (60, 24, 30, 20), title)
    sheet_of(
        book,
        styles,
        "Deals",
        ("Deal", "Product", "On", "Amount", "Currency"),
        [
            (row["name"], row["category"], row["on"], as_number(row["amount"]), row["currency"])
            for row in figures["deals"]
        ],
        (48, 28, 12, 16, 10),
    )
    book.close()
    return file.getvalue()


def about(review: Review, figures: Figures) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = [
        ("Review", review.title),
        ("Account", review.account.name),
        ("On", review.on.isoformat()),
        ("Figures of", figures["period"]["words"]),
        ("As of", figures["as_of"]),
        ("Run", figures["run"] or ""),
        ("Currency", figures["currency"]),
    ]
    return rows + [(title, getattr(review, name)) for name, title in TEXTS]


def as_number(text: str | None) -> float | None:
    return None if text is None else float(text)


def sheet_of(
    book: Any,
    styles: dict[str, Any],
    name: str,
    head: tuple[str, ...],
    rows: list[tuple[Any, ...]],
    widths: tuple[float, ...],
    title: str = "",
) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for place, width in enumerate(widths[: len(head)]):
        sheet.set_column(place, place, width)
    for place, text in enumerate(head):
        sheet.write_string(0, place, text, styles["head"])
    for line, row in enumerate(rows, 1):
        for place, value in enumerate(row):
            if isinstance(value, int | float):
                sheet.write_number(line, place, value, styles["number"])
            elif value is not None:
                sheet.write_string(line, place, str(value), styles["text"])
    if title:
        sheet.set_header(f"&L{title}")
