"""Of a period that is only partly over, every page, file, answer and line of the command says so, and of no other."""

import csv
import io
import json
import re
from typing import Any

import openpyxl
import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from metrics.api.tokens import ApiScope, make
from metrics.models import Run
from tests.clients import ask
from tests.metrics.engine import run

pytestmark = pytest.mark.django_db
SPANS = {
    # As of 10 January 2026: what is asked, first day, first day after it, and whether days of it are still to come.
    "period=month&end=2025-12": ("2025-12-01", "2026-01-01", False),
    "period=month&end=2026-01": ("2026-01-01", "2026-02-01", True),
    "period=t12&end=2025-12": ("2025-01-01", "2026-01-01", False),
    "period=t12&end=2026-01": ("2025-02-01", "2026-02-01", True),
}
PAGES = (
    "/scorecards/company/all/?",
    "/scorecards/company/all/?by=owner&",
    "/scorecards/company/all/moved/?",
    "/scorecards/company/all/account_revenue/?",
    "/scorecards/company/all/account_revenue/moved/?",
    "/board/?",
    "/compare/?by=tier&",
    "/compare/account_revenue/?by=tier&",
    "/funnel/?",
)


def command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("kpi", "account_revenue", *arguments, stdout=out)
    return out.getvalue()


def answer_of(token: str, path: str) -> Any:
    return Client().get(f"/api/v1/results/{path}", headers={"Authorization": f"Bearer {token}"}).json()


@pytest.mark.parametrize("query", SPANS)
def test_pages_answers_and_command_agree_on_what_is_partly_over(
    published: Run, hana: User, query: str
) -> None:
    first, after, is_partial = SPANS[query]
    for page in PAGES:
        text = re.sub(r"<[^>]+>", "", ask(hana, page + query).content.decode()).replace("\xa0", " ")
        assert ("so far up to 10 Jan" in text) == is_partial, page
    token = make(hana, "a test", [ApiScope.NUMBERS.value], 30)[1]
    one = answer_of(token, f"company/all/account_revenue?{query}")
    card = answer_of(token, f"company/all?{query}")
    explained = answer_of(token, f"company/all/account_revenue/explanation?{query}")["result"]
    said = {(each["partial"], each["as_of"], each["since"], each["to"]) for each in (one, explained, *card)}
    assert said == {(is_partial, "2026-01-10", first, after)}
    span = ("--from", first, "--to", after)
    line = json.loads(command(*span, "--json"))
    assert (line.get("partial", False), line.get("as_of")) == (
        is_partial,
        "2026-01-10" if is_partial else None,
    )
    assert ("so far up to 2026-01-10" in command(*span)) == is_partial


@pytest.mark.parametrize("query", SPANS)
def test_what_leaves_a_page_says_it_too(published: Run, hana: User, query: str) -> None:
    *_, is_partial = SPANS[query]
    day = "2026-01-10" if is_partial else ""
    file = ask(hana, f"/scorecards/company/all/?{query}&export=csv").getvalue().decode("utf-8-sig")
    assert {row["so far up to"] for row in csv.DictReader(io.StringIO(file))} == {day}
    book = openpyxl.load_workbook(io.BytesIO(ask(hana, f"/board/?{query}&export=xlsx").getvalue()))
    notes = " ".join(str(cell) for row in book["Board"].iter_rows(values_only=True) for cell in row)
    assert ("so far up to 10\xa0Jan" in notes) == is_partial


def test_of_a_period_that_an_earlier_run_did_not_reach_just_that_is_said(published: Run, hana: User) -> None:
    run("2026-02-03")
    for page in PAGES[:2]:
        shown = ask(hana, f"{page}period=month&end=2026-02&run={published.pk}").content.decode()
        assert "month to 28 Feb 2026, not begun on 10 Jan" in re.sub(r"<[^>]+>", "", shown).replace(
            "\xa0", " "
        ), page
    said = command("--from", "2026-02-01", "--to", "2026-03-01", "--as-of", str(published.pk))
    assert "not begun on 2026-01-10" in said and "so far" not in said


def test_the_schema_says_what_partial_means(hana: User) -> None:
    schema = ask(hana, "/api/v1/openapi.json").json()["components"]["schemas"]["ResultOut"]["properties"]
    assert schema["partial"]["type"] == "boolean"
    assert "as_of" in schema["partial"]["description"]
