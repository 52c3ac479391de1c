"""The board page: the same numbers as on every other page, in every form, chosen by the head."""

import io
from typing import Any

import openpyxl
import pypdf
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from metrics.board import BoardNumber, BoardRemark, chosen_numbers, usual_numbers
from metrics.kpis import KPI
from metrics.models import Run, Target
from tests.clients import as_, ask
from tests.factories import make_account, make_order
from tests.metrics.engine import run
from tests.metrics_pages.conftest import T12
from tests.metrics_pages.test_scorecards import command

pytestmark = pytest.mark.django_db
CHOSEN = ("account_revenue", "nrr", "grr", "win_rate", "retention_logo", "avg_deal_size", "open_pipeline")


@pytest.fixture
def chosen() -> None:
    BoardNumber.objects.bulk_create(
        [BoardNumber(kpi=kpi, position=place) for place, kpi in enumerate(CHOSEN, 1)]
    )


def plain(text: str) -> str:
    return " ".join(text.replace("\xa0", " ").replace("\u202f", " ").split())


def test_page_document_workbook_and_command_say_the_same(published: Run, hana: User, chosen: None) -> None:
    Target.objects.create(kpi="account_revenue", value=1800, starts="2025-01-01")
    page = ask(hana, f"/board/{T12}")
    items = page.context["items"]
    assert [item.kpi.id for item in items] == list(CHOSEN)
    pdf = ask(hana, f"/board/{T12}&export=pdf")
    words = plain(" ".join(sheet.extract_text() for sheet in pypdf.PdfReader(io.BytesIO(pdf.content)).pages))
    book = openpyxl.load_workbook(io.BytesIO(ask(hana, f"/board/{T12}&export=xlsx").getvalue()))
    rows = {row[0]: row for row in book["Board"].iter_rows(values_only=True)}
    html = plain(page.content.decode())
    for item in items:
        (printed,) = command(item.kpi.id, "company").values()
        expected = None if printed["value"] is None else float(printed["value"])
        assert rows[item.kpi.id][7] == (None if expected is None else pytest.approx(expected))
        shown = plain(f"{item.value_text} {item.value_unit}") if expected is not None else "No data"
        assert plain(item.value_text) in html
        for word in shown.split():
            assert word in words, (item.kpi.id, word)
    # What a change is against stands wherever a change stands.
    against = "Compared with Jan 2024 – Dec 2024."
    assert all(against in each for each in (html, words)) and against in map(plain, filter(None, rows))
    # 900 + 600 of Aurora and 400 + 100 of Borealis, against a target of 1,800.
    assert "€2,000" in words and "target €1,800" in words and "on target" in words


def test_an_earlier_run_is_shown_as_it_was_published(
    published: Run, hana: User, chosen: None, aurora: Any
) -> None:
    make_order(aurora, "2025-05-05", 300)
    run("2026-01-11")
    now, then = (ask(hana, f"/board/{T12}&run={which}") for which in ("", published.pk))
    assert [page.context["items"][0].value_text for page in (now, then)] == ["€2,300", "€2,000"]


def test_what_was_published_and_reads_otherwise_now_is_listed(
    published: Run, hana: User, chosen: None, aurora: Any
) -> None:
    make_order(aurora, "2025-05-05", 300)
    run("2026-05-11")
    page = ask(hana, f"/board/{T12}")
    assert page.context["compared"].run == published
    assert ("Revenue", "€2,000", "€2,300") in [
        (row.name, plain(row.then), plain(row.now)) for row in page.context["restated"]
    ]


def test_a_head_chooses_six_to_eight_different_numbers(published: Run, hana: User) -> None:
    client = as_(hana)
    assert chosen_numbers() == usual_numbers()
    assert 6 <= len(usual_numbers()) <= 8
    data = {f"place_{place}": kpi for place, kpi in enumerate(CHOSEN, 1)}
    twice = client.post("/board/choose/", {**data, "place_2": "account_revenue"})
    assert (twice.status_code, "stands on the page already" in twice.content.decode()) == (422, True)
    assert client.post("/board/choose/", {"place_1": "nrr"}).status_code == 422
    assert client.post("/board/choose/", data).status_code == 302
    assert [kpi.id for kpi in chosen_numbers()] == list(CHOSEN)
    assert (
        client.post("/board/choose/", {**data, "place_1": "nrr", "place_2": "account_revenue"}).status_code
        == 302
    )
    assert [kpi.id for kpi in chosen_numbers()][:2] == ["nrr", "account_revenue"]


def test_a_sentence_stands_above_the_period_it_was_said_about(
    published: Run, hana: User, chosen: None
) -> None:
    client = as_(hana)
    for text in ("First thought.", "Growth carries the year."):
        assert client.post(f"/board/choose/{T12}", {"text": text}).status_code == 302
    page = client.get(f"/board/{T12}").content.decode()
    assert "Growth carries the year." in page and "Hana Horvat" in page and "First thought" not in page
    assert "Growth carries" not in client.get("/board/?period=t12&end=2025-10").content.decode()
    assert BoardRemark.objects.count() == 2


def test_marketing_sees_no_number_made_of_contract_values(published: Run, mira: User, chosen: None) -> None:
    page = ask(mira, f"/board/{T12}")
    shown = [item.kpi.id for item in page.context["items"]]
    assert "account_revenue" in shown and "nrr" not in shown and "grr" not in shown
    assert "2 chosen numbers are not shown to your role" in plain(page.content.decode())


def test_the_statements_do_not_grow_with_the_accounts(published: Run, hana: User, chosen: None) -> None:
    client = as_(hana)

    def count() -> int:
        client.get(f"/board/{T12}")
        with CaptureQueriesContext(connection) as found:
            assert client.get(f"/board/{T12}").status_code == 200
        return len(found)

    few = count()
    for number in range(20):
        make_order(make_account(f"More {number}", owner=hana), "2025-04-04", 10)
    run("2026-01-10")
    assert count() <= few + 2


def test_every_usual_number_exists() -> None:
    assert all(kpi.id in KPI for kpi in usual_numbers())
