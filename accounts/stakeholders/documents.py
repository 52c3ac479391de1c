"""The people of an account on paper and in a workbook."""

import datetime
import io
import json
from collections.abc import Sequence

import typst
import xlsxwriter

from accounts.stakeholders.people import Circle, Person
from kamplan.formats import day

FONTS = '("Inter", "Noto Sans", "DejaVu Sans", "Liberation Sans")'
SOURCE = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title)
#set text(font: %(fonts)s, size: 9pt, fill: rgb("#16191d"), lang: "en", fallback: true)
#set page(
  paper: "a4", flipped: data.wide, margin: 14mm,
  footer: context [
    #set text(8pt, fill: rgb("#616973"))
    #data.foot #h(1fr) #counter(page).display("1 / 1", both: true)
  ],
)
#show heading.where(level: 1): it => block(below: 6pt, text(15pt, weight: "semibold", it.body))
= #data.title
#text(fill: rgb("#616973"), data.sub)
#v(4pt)
#let map = image(bytes(sys.inputs.map), format: "svg", alt: data.alt, fit: "contain")
#align(center, box(width: 100%%, height: data.height * 1pt, map))
#pagebreak(weak: true)
#show heading.where(level: 2): it => text(11pt, weight: "semibold", it.body)
== People
#table(
  columns: data.widths.map(w => w * 1fr), stroke: (x, y) => (bottom: .5pt + rgb("#e5e8eb")), inset: (x: 0pt, y: 4pt),
  column-gutter: 8pt,
  table.header(..data.heads.map(h => text(fill: rgb("#616973"), size: 8pt, h))),
  ..data.rows.flatten().map(cell => [#cell]),
)
"""


def map_document(circle: Circle, picture: bytes, today: datetime.date) -> bytes:
    """The map on one page, then its rows as a table that a screen reader can follow."""
    heads, rows = table(circle, circle.persons, with_touches=False)
    data = {
        "title": f"{circle.account.name}: people",
        "sub": f"{len(circle.known)} mapped, as of {day(today, year=True)}",
        "foot": f"{circle.account.name}, people, {day(today, year=True)}",
        "alt": f"Who reports to whom at {circle.account.name}; the table below has the same people.",
        "wide": True,
        "height": 440,
        "widths": [3 if place in {0, 1} else 2 for place in range(len(heads))],
        "heads": heads,
        "rows": [[str(cell or "") for cell in row] for row in rows],
    }
    inputs = {"data": json.dumps(data), "map": picture.decode()}
    source = (SOURCE % {"fonts": FONTS}).encode()
    return typst.compile(source, format="pdf", sys_inputs=inputs, pdf_standards="ua-1")


def table(
    circle: Circle, persons: Sequence[Person], *, with_touches: bool
) -> tuple[list[str], list[list[str | int | None]]]:
    """The same columns on paper and in the workbook; opinions only if they were loaded."""
    heads = ["Name", "Job title", "Reports to", "Left"]
    if circle.sees_opinions:
        heads += ["Role", "How sure", "Influence of 3", "Support"]
    if with_touches:
        heads += ["Days since last talk"]
    rows: list[list[str | int | None]] = []
    for person in persons:
        contact = person.contact
        above = circle.by_id.get(contact.reports_to_id or 0)
        row: list[str | int | None] = [
            contact.name,
            "not known yet" if person.is_placeholder else contact.title,
            above.contact.name if above else "",
            day(contact.left_on, year=True) if contact.left_on else "",
        ]
        if circle.sees_opinions:
            sure = ("assumed" if person.role_is_assumed else "confirmed") if person.role else ""
            support = person.support_words if person.support else ""
            row += [person.role_words, sure, person.influence or None, support]
        if with_touches:
            row.append(person.days)
        rows.append(row)
    return heads, rows


ADDRESSES = ("Department", "City", "E-mail", "Phone")


def workbook(circle: Circle, persons: Sequence[Person], with_touches: bool) -> bytes:
    """One sheet; text stays text, whatever it begins with."""
    heads, rows = table(circle, persons, with_touches=with_touches)
    target = io.BytesIO()
    book = xlsxwriter.Workbook(
        target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet("People")
    sheet.write_row(0, 0, [*heads, *ADDRESSES], book.add_format({"bold": True}))
    for number, (person, row) in enumerate(zip(persons, rows, strict=True), 1):
        contact = person.contact
        sheet.write_row(number, 0, [*row, contact.department, contact.city, contact.email, contact.phone])
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(len(rows), 1), len(heads) + len(ADDRESSES) - 1)
    sheet.set_column(0, 1, 28)
    sheet.set_column(2, len(heads) + len(ADDRESSES) - 1, 18)
    book.set_properties({"title": f"{circle.account.name}: people"})
    book.close()
    return target.getvalue()
