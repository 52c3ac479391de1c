"""Reviews: one structure of figures behind page and files, kept when held; notes become actions."""

import datetime
import io
import re
import zipfile
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pptx import Presentation
from pypdf import PdfReader

from accounts.models import Account, Action, Organisation, Review, User
from metrics.models import Run, Scope, Target
from tests.clients import as_
from tests.factories import (
    make_action,
    make_contact,
    make_fact,
    make_opportunity,
    make_order,
    make_plan,
    make_product,
    make_review,
    make_touch,
)
from tests.metrics import engine

DAY = datetime.timedelta(days=1)
QUARTER = {"period_start": datetime.date(2026, 7, 1), "period_end": datetime.date(2026, 10, 1)}
FORMULA = '=HYPERLINK("http://elsewhere.example")'


@pytest.fixture
def today(db: None) -> datetime.date:
    return Organisation.current().today()


@pytest.fixture
def customer(maya: User, maya_account: Account) -> Account:
    """1,500 in the third quarter of 2026 against 1,200 a year before; a deal won; a plan with a risk."""
    pump = make_product("Pump", category="Pumps")
    for date, amount in (("2025-08-10", 1200), ("2026-07-10", 1000), ("2026-09-10", 500)):
        make_order(maya_account, date, lines=[{"product": pump, "amount": amount}])
    make_opportunity(maya_account, "2026-06-01", 4000, name="Seals", outcome="won", closed_on="2026-08-01")
    plan = make_plan(maya_account)
    plan.risk_set.create(text=FORMULA, severity=3, answer="Talk early")
    ingrid = make_contact(maya_account, "Ingrid Haugen", title="COO")
    make_fact(ingrid, "role", "sponsor")
    make_fact(ingrid, "note", "Cannot stand the new price model")
    make_touch(maya_account, maya, "2026-08-05T10:00+00:00", contacts=[ingrid])
    return maya_account


@pytest.fixture
def published(customer: Account) -> Run:
    Target.objects.create(
        kpi="account_revenue",
        scope=Scope.ACCOUNT,
        key=customer.pk,
        period_kind="quarter",
        starts=datetime.date(2026, 1, 1),
        value=Decimal(1400),
    )
    return engine.run("2026-11-22", "full")


@pytest.fixture
def review(customer: Account) -> Review:
    return make_review(
        customer,
        "2026-12-01",
        summary="All is well.",
        next_steps="Agree on volumes.\nShow the plant.",
        **QUARTER,
    )


def url(name: str, review: Review, **more: Any) -> str:
    return reverse(f"plans:{name}", kwargs={"pk": review.pk, **more})


def file_of(user: User, review: Review, kind: str) -> bytes:
    answer = as_(user).get(url("review_file", review, kind=kind))
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith(
        f'attachment; filename="Review-Aurora-Foods-2026-12-01.{kind}"'
    )
    content: bytes = answer.content
    return content


def pdf_text(content: bytes) -> str:
    return " ".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())


def slide_texts(content: bytes) -> list[str]:
    """The paragraphs of all slides, read from the file's XML: not by the library that wrote it."""
    drawing = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
    with zipfile.ZipFile(io.BytesIO(content)) as deck:
        slides = [name for name in deck.namelist() if re.fullmatch(r"ppt/slides/slide\d+\.xml", name)]
        found = [
            "".join(run.text or "" for run in paragraph.iter(f"{drawing}t"))
            for name in sorted(slides)
            for paragraph in ElementTree.fromstring(deck.read(name)).iter(f"{drawing}p")
        ]
    assert len(slides) >= 4
    return found


def test_the_page_and_all_three_files_hold_the_same_numbers(
    maya: User, published: Run, review: Review
) -> None:
    page = as_(maya).get(url("review", review)).content.decode()
    assert "€1,500" in page and "target €1,400" in page and "on target" in page
    assert "Q3 2026" in page

    pdf = file_of(maya, review, "pdf")
    assert "€1,500" in pdf_text(pdf) and "target €1,400" in pdf_text(pdf)

    texts = slide_texts(file_of(maya, review, "pptx"))
    assert "€1,500" in texts and "on target, target €1,400" in texts

    book = openpyxl.load_workbook(io.BytesIO(file_of(maya, review, "xlsx")))
    rows = {row[0].value: [cell.value for cell in row] for row in book["Figures"].iter_rows(min_row=2)}
    # Name, unit, value, low, high, n, target, status, period before.
    assert rows["Revenue"][2] == 1500 and rows["Revenue"][6] == 1400
    assert rows["Revenue growth"][2] == 25


def test_the_pdf_is_tagged_has_a_title_and_a_language(maya: User, review: Review) -> None:
    found = PdfReader(io.BytesIO(file_of(maya, review, "pdf")))
    root: Any = found.trailer["/Root"]
    assert root["/Lang"] == "en" and "/StructTreeRoot" in root and root["/MarkInfo"]["/Marked"]
    assert found.metadata is not None and found.metadata.title == "Quarterly review, Aurora Foods"
    assert b"pdfuaid" in found.xmp_metadata.stream.get_data()  # type: ignore[union-attr]


def test_slides_carry_a_native_chart_with_the_months_of_the_page(
    maya: User, published: Run, review: Review
) -> None:
    content = file_of(maya, review, "pptx")
    deck = Presentation(io.BytesIO(content))
    (chart,) = [shape.chart for slide in deck.slides for shape in slide.shapes if shape.has_chart]
    months = dict(zip(chart.plots[0].categories, chart.plots[0].series[1].values, strict=True))
    assert months["Jul\u00a02026"] == 1000 and months["Sep\u00a02026"] == 500
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        (inside,) = [name for name in parts.namelist() if name.startswith("ppt/embeddings/")]
        sheet = openpyxl.load_workbook(io.BytesIO(parts.read(inside))).active
    assert sheet is not None
    rows = {row[0]: row[-1] for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert rows["Jul\u00a02026"] == 1000 and rows["Sep\u00a02026"] == 500
    assert deck.core_properties.title == "Quarterly review, Aurora Foods"


def test_nothing_typed_becomes_a_formula_or_markup(maya: User, review: Review) -> None:
    Review.objects.update(summary="#panic() *not bold* =1+1")
    book = openpyxl.load_workbook(io.BytesIO(file_of(maya, review, "xlsx")))
    cells = [cell for row in book["Risks"].iter_rows() for cell in row if cell.value == FORMULA]
    assert [cell.data_type for cell in cells] == ["s"]
    assert "#panic() *not bold* =1+1" in pdf_text(file_of(maya, review, "pdf"))


def test_no_file_holds_an_opinion_about_a_person(maya: User, review: Review) -> None:
    page = as_(maya).get(url("review", review)).content.decode()
    assert "Ingrid Haugen" in page and "Sponsor" in page
    files = [pdf_text(file_of(maya, review, "pdf")), " ".join(slide_texts(file_of(maya, review, "pptx")))]
    book = openpyxl.load_workbook(io.BytesIO(file_of(maya, review, "xlsx")))
    files.append(" ".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row))
    for text in files:
        assert "sponsor" not in text.lower() and "price model" not in text
    assert "Ingrid Haugen" in files[0]


def test_promises_are_kept_by_the_day_promised_at_first(
    maya: User, customer: Account, review: Review
) -> None:
    last = make_review(customer, "2026-09-01", status="held", **QUARTER)
    due, first = datetime.date(2026, 10, 10), datetime.date(2026, 10, 1)
    for text, closed_on in (("In time", "2026-10-01"), ("Moved", "2026-10-05")):
        make_action(
            customer, text, review=last, status="done", closed_on=closed_on, due_on=due, first_due_on=first
        )
    text = as_(maya).get(url("review", review)).content.decode()
    assert "2 promised, 1 kept in time, 1 late" in text
    assert "4 days late" in text


def test_two_writers_lose_nothing(maya: User, lena: User, review: Review) -> None:
    said = {"seen": 1, "summary": "Mine", "wins": "", "troubles": "", "next_steps": ""}
    assert as_(maya).post(url("review_edit", review), said).status_code == 302
    late = as_(lena).post(url("review_edit", review), {**said, "summary": "Hers"})
    assert late.status_code == 409
    text = late.content.decode()
    assert "Somebody saved this after you had opened it." in text and "Mine" in text and "Hers" in text
    review.refresh_from_db()
    assert (review.summary, review.version) == ("Mine", 2)
    assert 'name="seen" value="2"' in text
    assert (
        as_(lena).post(url("review_edit", review), {**said, "seen": 2, "summary": "Hers"}).status_code == 302
    )


def test_held_it_keeps_its_figures_and_plans_the_next_one(
    maya: User, customer: Account, published: Run, review: Review
) -> None:
    contact = customer.contacts.get()
    said = {
        "seen": 1,
        "contacts": [contact.pk],
        "colleagues": [maya.pk],
        "rating": 4,
        "notes": "- Send the plan\n- Call Ingrid\nThey were pleased",
        "next_on": "2027-03-01",
    }
    assert as_(maya).post(url("review_hold", review), said).status_code == 302
    review.refresh_from_db()
    assert (review.status, review.run, review.rating) == ("held", published.pk, 4)
    following = Review.objects.get(status="planned")
    assert (following.on, following.period_start) == (datetime.date(2027, 3, 1), datetime.date(2026, 10, 1))
    make_order(customer, "2026-08-20", 9000)
    engine.run("2026-11-23", "full")
    text = as_(maya).get(url("review", review)).content.decode()
    assert "kept as they were shown" in text and "€1,500" in text and "€10,500" not in text
    assert "€1,500" in pdf_text(file_of(maya, review, "pdf"))
    assert as_(maya).post(url("review_hold", review), said).status_code == 422


def test_ticked_lines_of_the_notes_become_actions_once(maya: User, customer: Account, review: Review) -> None:
    Review.objects.update(status="held", notes="- Send the plan\n- Call Ingrid\nThey were pleased")
    said = {"step-TOTAL_FORMS": 3, "step-INITIAL_FORMS": 3}
    for number, text in enumerate(("Send the plan", "Call Ingrid", "They were pleased")):
        said |= {
            f"step-{number}-text": text,
            f"step-{number}-owner": maya.pk,
            f"step-{number}-due_on": "2026-12-10",
        }  # type: ignore[dict-item]
    for number in (0, 1):
        said[f"step-{number}-chosen"] = "on"  # type: ignore[assignment]
    for _ in range(2):
        assert as_(maya).post(url("review_actions", review), said).status_code == 302
    made = Action.objects.filter(review=review)
    assert sorted(made.values_list("text", flat=True)) == ["Call Ingrid", "Send the plan"]
    assert {each.owner for each in made} == {maya}
    text = as_(maya).get(url("review", review)).content.decode()
    assert (
        "They were pleased" in text and 'name="step-0-chosen"' in text and 'name="step-1-chosen"' not in text
    )


def test_a_review_is_taken_off_and_brought_back(maya: User, omar: User, review: Review) -> None:
    answer = as_(maya).post(url("review_cancel", review), headers={"HX-Request": "true"})
    review.refresh_from_db()
    assert review.status == "cancelled"
    undo = answer.headers["HX-Trigger"].split('"undo": "')[1].split('"')[0]
    as_(omar).post(undo)
    review.refresh_from_db()
    assert review.status == "cancelled"
    as_(maya).post(undo)
    review.refresh_from_db()
    assert review.status == "planned"


def test_prepare_opens_the_review_that_is_planned_already(
    maya: User, customer: Account, today: datetime.date
) -> None:
    address = reverse("plans:review_add", kwargs={"account": customer.pk})
    assert as_(maya).get(address).status_code == 200
    said = {"title": "Quarterly review", "on": (today + DAY).isoformat(), "span": "2026-07-01/2026-10-01"}
    as_(maya).post(address, said)
    made = Review.objects.get()
    assert made.period_end == datetime.date(2026, 10, 1)
    assert as_(maya).get(address)["Location"] == url("review", made)
    assert as_(maya).post(address, {**said, "span": "2026-07-02/2026-10-01"}).status_code == 422


def test_statements_of_a_review_do_not_grow(
    maya: User, customer: Account, published: Run, review: Review
) -> None:
    client = as_(maya)
    client.get(url("review", review))
    with CaptureQueriesContext(connection) as few:
        client.get(url("review", review))
    for number in range(8):
        person = make_contact(customer, f"Person {number}")
        make_touch(customer, maya, "2026-08-06T10:00+00:00", contacts=[person])
        make_action(customer, f"Promise {number}", owner=maya, due_on="2026-12-01")
        make_opportunity(customer, "2026-06-01", 10, outcome="won", closed_on="2026-08-02")
    with CaptureQueriesContext(connection) as many:
        client.get(url("review", review))
    assert len(many) == len(few)
