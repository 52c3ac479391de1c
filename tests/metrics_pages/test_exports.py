"""Numbers that leave as files: the same as on the page, for who may see the page, and nothing a spreadsheet runs."""

import csv
import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account, Team, User
from kamplan.sheets import Shown, Table, lines, write_workbook
from metrics.models import Run
from tests.clients import ask
from tests.factories import make_account, make_answer, make_contact, make_grant, make_order
from tests.metrics.engine import report_in, run
from tests.metrics_pages.conftest import T12

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
SIGNS = st.sampled_from("=+-@ \t\r\n\0a1é,\"'")
cells = st.lists(SIGNS, max_size=5).map("".join)
relaxed = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(st.lists(st.lists(cells, min_size=2, max_size=2), max_size=4))
def test_no_text_of_an_exported_file_is_run_as_a_formula(rows: list[list[str]]) -> None:
    text = "".join(lines(["a", "b"], rows)).removeprefix("\ufeff")
    for row in csv.reader(io.StringIO(text, newline="")):
        assert not any(cell.lstrip(" ").startswith(DANGEROUS) for cell in row)


@relaxed
@given(st.lists(cells, min_size=1, max_size=4))
def test_no_cell_of_a_workbook_is_a_formula(row: list[str]) -> None:
    target = io.BytesIO()
    write_workbook(target, [Table("=Rows/1", ["=a"] * len(row), [row])], "x")
    page = openpyxl.load_workbook(target).worksheets[0]
    for each in page.iter_rows():
        for cell in each:
            assert cell.data_type in {"s", "n", "inlineStr"}
            assert not (isinstance(cell.value, str) and cell.value.lstrip(" ").startswith(DANGEROUS))


def test_numbers_stay_numbers_also_below_zero() -> None:
    assert list(lines(["n"], [[Decimal("-12.5")], [-3]]))[1:] == ["-12.5\r\n", "-3\r\n"]


def test_numbers_are_written_without_an_exponent_and_needless_noughts() -> None:
    rows = [[Decimal("0E-24")], [Decimal("2000.000000")], [Decimal("-646678.9559109000000000")]]
    assert list(lines(["n"], rows))[1:] == ["0\r\n", "2000\r\n", "-646678.9559109\r\n"]


def test_what_a_page_shows_stands_in_a_workbook_as_it_is() -> None:
    target = io.BytesIO()
    write_workbook(target, [Table("Rows", ["as shown", "typed"], [[Shown("+31 points"), "+31 points"]])], "x")
    shown, by_somebody = openpyxl.load_workbook(target).worksheets[0]["A2:B2"][0]
    assert (shown.value, shown.data_type, by_somebody.value) == ("+31 points", "s", "'+31 points")


def csv_of(user: User, url: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(ask(user, url).getvalue().decode("utf-8-sig"))))


def xlsx_of(user: User, url: str) -> list[dict[str, Any]]:
    page = openpyxl.load_workbook(io.BytesIO(ask(user, url).getvalue())).worksheets[0]
    heads, *rows = page.iter_rows(values_only=True)
    return [dict(zip(heads, row, strict=True)) for row in rows]


@pytest.mark.django_db
def test_a_scorecard_as_workbook_holds_what_its_csv_holds(published: Run, hana: User) -> None:
    url = f"/scorecards/company/all/{T12}&all=1&export="
    texts, typed = csv_of(hana, f"{url}csv"), xlsx_of(hana, f"{url}xlsx")
    assert len(texts) == len(typed) > 20
    for text, cell in zip(texts, typed, strict=True):
        assert text["number"] == cell["number"]
        for name in ("value", "low", "high", "n"):
            assert (float(text[name]) if text[name] else None) == pytest.approx(cell[name])
    revenue = next(row for row in typed if row["number"] == "account_revenue")
    # 900 + 600 of Aurora, 400 + 100 of Borealis in 2025.
    assert (revenue["value"], revenue["unit"], revenue["currency"]) == (2000, "money", "EUR")


@pytest.mark.django_db
def test_the_rows_of_a_number_leave_in_both_forms_and_strangers_stay_one_line(
    published: Run, maya: User
) -> None:
    url = f"/scorecards/owner/{maya.pk}/account_revenue/{T12}&part="
    texts, typed = csv_of(maya, f"{url}csv"), xlsx_of(maya, f"{url}xlsx")
    assert [Decimal(row["counted"]) for row in texts] == [600, 900, 400]
    assert [row["counted"] for row in typed] == [600, 900, 400]
    assert typed[-1]["account"] == "1 row in accounts you may not see"
    assert not any("Borealis" in str(row) for row in (*texts, *typed))


@pytest.mark.django_db
def test_no_file_of_rows_tells_viewers_and_marketing_who_thinks_what(
    north: Team, aurora: Account, maya: User, hana: User, mira: User, vic: User
) -> None:
    make_grant(vic)
    # Of fewer than five nobody of them is told anything.
    for account in (aurora, *(make_account(f"Small {number}", owner=maya) for number in range(4))):
        make_answer(account, make_contact(account), "2025-11-02T10:00+00:00", nps=10, csat5=5)
    report_in("EUR")
    run("2026-01-10")
    for kpi, words in (("nps", "promoter"), ("nps_by_account", "promoter"), ("csat", "satisfied")):
        own = f"/scorecards/account/{aurora.pk}/{kpi}/{T12}&part="
        assert words in csv_of(hana, f"{own}csv")[0]["detail"]
        url = f"/scorecards/company/all/{kpi}/{T12}&part="
        for reader, is_told in ((hana, True), (mira, False), (vic, False)):
            page = ask(reader, f"{url}accounts").content.decode()
            unnamed = "5 accounts whose own number is not for this role"
            assert (aurora.name in page, unnamed in page) == (is_told, not is_told)
        for reader in (mira, vic):
            # Of an account there are so few answers that the number tells it, too.
            assert {ask(reader, f"{own}{kind}").status_code for kind in ("csv", "xlsx")} == {403}
            for rows in (csv_of(reader, f"{url}csv"), xlsx_of(reader, f"{url}xlsx")):
                assert [(row["account"], row["detail"] or "") for row in rows] == [
                    ("5 rows that are not for this role one by one", "")
                ], (reader, kpi)
    # The mean of an account of which one person answered is what that person said.
    mean = f"/scorecards/account/{aurora.pk}/nps_mean/{T12}"
    assert [ask(reader, mean).status_code for reader in (hana, mira, vic)] == [200, 403, 403]
    # Whether an account has a champion is what we think of its people.
    url = f"/scorecards/account/{aurora.pk}/data_completeness/{T12}&part="
    assert "champion" in csv_of(hana, f"{url}csv")[0]["detail"]
    for reader in (mira, vic):
        assert "champion" not in str(csv_of(reader, f"{url}csv"))
        assert "champion" not in ask(reader, f"{url}rows").content.decode()


@pytest.mark.django_db
def test_the_portfolio_leaves_with_every_account_of_the_filter_and_no_other(
    published: Run, maya: User, omar: User, aurora: Account
) -> None:
    for number in range(60):
        make_account(f"Small {number:02}", owner=maya)
    rows = csv_of(maya, "/portfolio/?export=csv&sort=name")
    assert [row["account"] for row in rows][:2] == ["Aurora Foods", "Small 00"]
    assert len(rows) == 61
    assert float(rows[0]["net retention, %"] or 0) == 100
    assert [row["account"] for row in csv_of(maya, "/portfolio/?export=csv&q=aurora")] == ["Aurora Foods"]
    assert len(xlsx_of(maya, "/portfolio/?export=xlsx")) == 61


@pytest.mark.django_db
def test_marketing_gets_no_column_of_contract_values(published: Run, mira: User) -> None:
    assert "net retention, %" not in csv_of(mira, "/portfolio/?export=csv")[0]


@pytest.mark.django_db
def test_many_rows_are_sent_while_they_are_read(published: Run, hana: User, aurora: Account) -> None:
    make_order(aurora, "2025-05-05", lines=[{"amount": 1}] * 3000)
    run("2026-01-11")
    answer = ask(hana, f"/scorecards/company/all/account_revenue/{T12}&part=csv")
    assert answer.streaming
    assert len(list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))) == 3005
