"""The explanation of a number: its parts, accounts and rows add up to it, for whoever looks."""

import csv
import datetime
import io
import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from accounts.models import Account, Opportunity, Team, User
from metrics.kpis import KPIS
from metrics.models import Run, RunAttempt, Target
from tests.clients import as_, ask
from tests.factories import make_order
from tests.metrics.engine import run
from tests.metrics_pages.conftest import T12

pytestmark = pytest.mark.django_db


def send(user: User, url: str, data: dict[str, str]) -> Any:
    return as_(user).post(url, data)


def text_of(response: Any) -> str:
    return response.content.decode().replace("\xa0", " ")


def rows_of(user: User, url: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(ask(user, f"{url}&part=csv").getvalue().decode("utf-8-sig"))))


def test_the_rows_of_a_number_credited_by_row_add_up_to_it(published: Run, maya: User) -> None:
    url = f"/scorecards/owner/{maya.pk}/account_revenue/{T12}"
    assert ask(maya, url).context["result"].value == 1900
    rows = rows_of(maya, url)
    assert sum(Decimal(row["counted"]) for row in rows) == 1900
    # Borealis is Omar's today: its row is one line without a name.
    assert [row["row"] for row in rows] == ["AUR-2", "AUR-1", ""]
    assert rows[-1]["account"] == "1 row in accounts you may not see"


def test_the_rows_of_a_number_credited_by_account_are_those_of_its_accounts(
    published: Run, maya: User
) -> None:
    # Growth: both accounts were Maya's on 1 January, with what Omar sold later; 2,000 now, 2,000 before.
    url = f"/scorecards/owner/{maya.pk}/revenue_growth/{T12}"
    response = ask(maya, url)
    assert response.context["result"].value == 0
    now, before = (rows_of(maya, f"{url}&set={number}") for number in (0, 1))
    assert sum(Decimal(row["counted"]) for row in now) == 2000
    assert sum(Decimal(row["counted"]) for row in before) == 2000


def test_the_accounts_add_up_to_the_number_and_strangers_stay_unnamed(published: Run, maya: User) -> None:
    response = ask(maya, f"/scorecards/owner/{maya.pk}/account_revenue/{T12}")
    table = response.context["accounts"]
    assert [(line.name, line.cells) for line in table.lines] == [
        ("Aurora Foods", ["1,500"]),
        ("1 account you may not see", ["400"]),
    ]
    assert table.foot.cells == ["1,900"]
    assert "Borealis" not in text_of(response)


def test_hidden_rows_are_one_line_with_count_and_sum(published: Run, maya: User) -> None:
    text = text_of(ask(maya, f"/scorecards/owner/{maya.pk}/account_revenue/{T12}&part=rows"))
    assert "1 row, sum 400, in accounts you may not see" in text
    assert "BOR-1" not in text


def test_a_head_sees_every_row_by_name(published: Run, hana: User) -> None:
    text = text_of(ask(hana, f"/scorecards/company/all/account_revenue/{T12}&part=rows"))
    assert all(name in text for name in ("AUR-1", "AUR-2", "BOR-1", "BOR-2", "Borealis Steel"))
    assert "may not see" not in text


def test_every_number_explains_itself_in_every_scope(
    published: Run, hana: User, maya: User, north: Team, aurora: Account
) -> None:
    client = as_(hana)
    for place in (f"owner/{maya.pk}", f"team/{north.pk}", "company/all", "target/1", f"account/{aurora.pk}"):
        for kpi in KPIS:
            # What only another number says of target accounts leads there.
            response = client.get(f"/scorecards/{place}/{kpi.id}/{T12}&rows=1&full=1", follow=True)
            assert response.status_code == 200, (place, kpi.id)
            table = response.context["accounts"]
            if table is not None:
                shown = sum((line.points for line in table.lines), Decimal(0))
                assert shown == pytest.approx(table.foot.points), (place, kpi.id)


def test_the_sql_that_is_shown_runs_and_gives_the_number(published: Run, hana: User, maya: User) -> None:
    for kpi in (
        "account_revenue",
        "nrr",
        "win_rate",
        "retention_logo",
        "quota_attainment",
        "median_deal_size",
    ):
        response = ask(hana, f"/scorecards/owner/{maya.pk}/{kpi}/{T12}")
        with connection.cursor() as cursor:
            cursor.execute(response.context["sql"])
            row = cursor.fetchone()
        if kpi not in {"quota_attainment", "median_deal_size"}:
            assert row[0] == response.context["result"].numerator, (kpi, response.context["sql"])


def test_what_moved_adds_up_to_the_difference(published: Run, hana: User, aurora: Account) -> None:
    make_order(aurora, "2025-05-05", 300)
    run("2026-01-11")
    response = ask(hana, f"/scorecards/company/all/revenue_growth/{T12}&compare={published.pk}&full=1")
    rows = response.context["waterfall"]
    # 2,500 in 2024; 2,000 and then 2,300 in 2025: -20 % and -8 %.
    assert [round(float(rows[0].end), 6), round(float(rows[-1].end), 6)] == [-20, -8]
    assert sum(float(row.end) - float(row.start) for row in rows[1:-1]) == pytest.approx(12)


def test_a_restated_value_says_what_it_was(published: Run, hana: User, aurora: Account) -> None:
    make_order(aurora, "2025-05-05", 300)
    run("2026-01-11")
    text = text_of(ask(hana, f"/scorecards/company/all/account_revenue/{T12}"))
    assert "This value was restated." in text
    assert "It read €2,000 in the run of 10 Jan and reads €2,300 now." in text


def test_rows_that_changed_since_an_earlier_run_are_said_to_differ(
    published: Run, hana: User, aurora: Account
) -> None:
    Opportunity.objects.filter(name="Deal of Aurora 0").update(amount=1500)
    make_order(aurora, "2025-05-05", 300)
    run("2026-01-11")
    revenue = text_of(
        ask(hana, f"/scorecards/company/all/account_revenue/{T12}&run={published.pk}&part=rows")
    )
    assert "Figure then 2,000, sum of the rows now 2,300, difference +300." in revenue
    deals = text_of(ask(hana, f"/scorecards/company/all/avg_deal_size/{T12}&run={published.pk}&part=rows"))
    assert "Figure then 2,000, sum of the rows now 2,500, difference +500." in deals


def test_a_spreadsheet_takes_no_cell_for_a_formula(published: Run, hana: User, aurora: Account) -> None:
    make_order(aurora, "2025-06-01", 10, number="=1+1")
    aurora.name = "@SUM(A1)"
    aurora.save()
    run("2026-01-11")
    rows = rows_of(hana, f"/scorecards/company/all/account_revenue/{T12}")
    assert "'=1+1" in {row["row"] for row in rows}
    assert "'@SUM(A1)" in {row["account"] for row in rows}


def test_rows_come_fifty_at_a_time(published: Run, hana: User, aurora: Account) -> None:
    for number in range(60):
        make_order(aurora, datetime.date(2025, 4, 1) + datetime.timedelta(days=number), 1)
    run("2026-01-11")
    url = f"/scorecards/company/all/account_revenue/{T12}&part=rows"
    first, second = ask(hana, url), ask(hana, f"{url}&page=2")
    assert [len(response.context["row_lines"]) for response in (first, second)] == [50, 14]


# ----------------------------------------------------------------------------------------------- targets


def test_a_lead_sets_a_target_and_the_page_judges_by_it(published: Run, lena: User, maya: User) -> None:
    url = f"/scorecards/owner/{maya.pk}/account_revenue/{T12}"
    assert "no target" in text_of(ask(maya, url))
    answer = send(lena, url, {"value": "1800", "starts": "2025-01-01"})
    assert answer.status_code == 302
    assert "on target €1,800" in text_of(ask(maya, url))
    target = Target.objects.get()
    assert (target.kpi, target.scope, target.key, target.set_by) == (
        "account_revenue",
        "owner",
        maya.pk,
        lena,
    )


def test_a_newer_target_leaves_the_older_periods_alone(published: Run, hana: User) -> None:
    for value, starts in (("1000", "2024-01-01"), ("9000", "2025-06-01")):
        send(hana, f"/scorecards/company/all/account_revenue/{T12}", {"value": value, "starts": starts})
    assert "short of target €9,000" in text_of(ask(hana, f"/scorecards/company/all/account_revenue/{T12}"))
    earlier = ask(hana, "/scorecards/company/all/account_revenue/?period=t12&end=2025-05")
    assert "on target €1,000" in text_of(earlier)


def test_a_target_of_a_year_is_not_taken_for_a_months(published: Run, hana: User) -> None:
    send(hana, f"/scorecards/company/all/account_revenue/{T12}", {"value": "1000", "starts": "2024-01-01"})
    month = text_of(ask(hana, "/scorecards/company/all/account_revenue/?period=month&end=2025-09"))
    assert "no target" in month


def test_a_target_that_is_no_number_keeps_what_was_typed(published: Run, hana: User) -> None:
    answer = send(
        hana, f"/scorecards/company/all/account_revenue/{T12}", {"value": "much", "starts": "2025-01-01"}
    )
    assert answer.status_code == 422
    assert 'value="much"' in answer.content.decode()


def test_nobody_sets_targets_who_only_looks(
    published: Run, maya: User, omar: User, lena: User, mira: User, adam: User
) -> None:
    data = {"value": "1", "starts": "2025-01-01"}
    own = f"/scorecards/owner/{maya.pk}/account_revenue/"
    assert send(maya, own, data).status_code == 403
    assert send(omar, own, data).status_code == 404
    assert send(adam, own, data).status_code == 403
    assert send(mira, "/scorecards/company/all/account_revenue/", data).status_code == 403
    assert send(lena, f"/scorecards/owner/{lena.pk}/account_revenue/", data).status_code in {302, 403}
    assert not Target.objects.filter(key=maya.pk).exists()


# ------------------------------------------------------------------------------------- library, runs, line


def test_the_library_names_every_number_and_its_formula(hana: User) -> None:
    text = text_of(ask(hana, "/kpis/"))
    for kpi in KPIS:
        assert kpi.name.replace("'", "&#x27;") in text


def test_a_definition_shows_the_companys_own_figures_only_to_those_who_may_see_them(
    published: Run, hana: User, maya: User
) -> None:
    assert "€2,000" in text_of(ask(hana, "/kpis/account_revenue/"))
    mine = text_of(ask(maya, "/kpis/account_revenue/"))
    assert "€2,000" not in mine and "Worked example" in mine and "Maya Marin" in mine


def test_a_run_lists_what_it_restated(published: Run, hana: User, adam: User, aurora: Account) -> None:
    make_order(aurora, "2025-05-05", 300)
    again = run("2026-01-11")
    found = ask(hana, f"/runs/{again.pk}/").context["restated"]
    assert ("Aurora Foods", datetime.date(2025, 5, 1), "Revenue", "0", "300") in [
        (row.account, row.month, row.measure, row.old, row.new) for row in found.rows
    ]
    # An administrator who is not elevated reads no account's name.
    text = text_of(ask(adam, f"/runs/{again.pk}/"))
    assert "Aurora" not in text
    assert re.search(r"\d+ figures? in accounts you may not see", text)


def test_an_administrator_asks_for_a_run_once(published: Run, adam: User, hana: User) -> None:
    for _ in range(2):
        assert send(adam, "/runs/start/", {"cause": "full"}).status_code == 302
    waiting = RunAttempt.objects.get()
    assert (waiting.cause, waiting.state, waiting.asked_by) == ("full", "waiting", adam)
    assert send(hana, "/runs/start/", {"cause": "full"}).status_code == 403
    assert "every 1s" in text_of(ask(hana, "/runs/?part=progress"))


def test_everyone_is_told_when_the_numbers_failed(published: Run, maya: User) -> None:
    url = f"/scorecards/owner/{maya.pk}/"
    assert "failed three times" not in text_of(ask(maya, url))
    RunAttempt.objects.create(cause="scheduled", due="2026-01-11", state="failed", tries=3)
    assert "The last recompute failed three times." in text_of(ask(maya, url))
