"""One company, one period: whatever page, file or answer shows a number shows what `manage.py kpi` prints."""

import csv
import io
import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import openpyxl
import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from accounts.periods import Period, latest_complete, trailing_year
from kamplan.formats import format_value
from metrics.api.tokens import ApiScope, make
from metrics.kpis import KPI, KPIS
from metrics.management.commands.kpi import as_line
from metrics.models import Run, Scope
from metrics.names import key_names
from metrics.results import every_key
from tests.clients import ask
from tests.metrics.engine import day, run
from tests.metrics.portfolio import Portfolio, make_portfolio
from tests.metrics.test_oracle_engagement import add_engagement
from tests.metrics.test_oracle_funnel import add_rows

pytestmark = pytest.mark.django_db

YEAR = trailing_year(day("2025-05-31"))
T12 = "?period=t12&end=2025-05"
Lines = dict[str, dict[str | None, dict[str, Any]]]


def lines_by(scope: str, period: Period = YEAR) -> Lines:
    """What the command prints of every number: KPI, then name of the key."""
    found = every_key(KPIS, period, scope)
    names = key_names(scope, [key for _, _, key in found])
    made: Lines = {kpi.id: {} for kpi in KPIS}
    for (kpi, _, key), result in found.items():
        made[kpi][names[key]] = as_line(result, names[key])
    return made


def text_of(line: dict[str, Any] | None) -> str:
    """As a page shows the value of a printed line."""
    if line is None or line["value"] is None:
        return "–"
    return format_value(Decimal(str(line["value"])), line["unit"], line.get("currency") or "EUR")


def csv_of(user: User, url: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(ask(user, url).getvalue().decode("utf-8-sig"))))


def number_of(value: Any) -> float | None:
    return None if value in (None, "") else float(value)


def same(shown: Any, printed: dict[str, Any] | None) -> bool:
    """A scope without any row prints nothing; a page shows a real 0 for sums, and no value for ratios."""
    expected = None if printed is None else number_of(printed["value"])
    found = number_of(shown)
    if expected is None or found is None:
        return not expected and not found
    return found == pytest.approx(expected, rel=1e-9, abs=1e-4)


def test_every_page_file_and_answer_shows_what_the_command_prints(hana: User) -> None:
    made = make_portfolio(6, accounts=9, first="2024-01-01", as_of="2025-06-17")
    add_engagement(made)
    add_rows(made)
    published = run(made.as_of)
    company, owners, tiers, accounts = (
        lines_by(scope) for scope in (Scope.COMPANY, Scope.OWNER, Scope.TIER, Scope.ACCOUNT)
    )
    assert (
        sum(line["value"] not in (None, 0, "0") for each in company.values() for line in each.values()) > 60
    )
    the_command_prints(company)
    wrong = [
        *on_scorecards(hana, made, company, owners),
        *in_the_api(hana, made, company, accounts),
        *on_the_board(hana, company),
        *side_by_side(hana, tiers),
        *on_account_pages(hana, made, published, accounts),
        *in_the_portfolio(hana, accounts),
        *explained(hana, made, accounts),
        *in_the_library(hana, published),
    ]
    assert wrong == [], "\n".join(map(str, wrong))


def the_command_prints(company: Lines) -> None:
    for kpi in ("account_revenue", "resolution_time", "roi_margin"):
        out = io.StringIO()
        span = ("--from", str(YEAR.start), "--to", str(YEAR.end))
        call_command("kpi", kpi, *span, "--json", stdout=out)
        assert json.loads(out.getvalue()) == json.loads(json.dumps(company[kpi][None]))


def on_scorecards(hana: User, made: Portfolio, company: Lines, owners: Lines) -> list[Any]:
    person = made.users[0]
    wrong = []
    for place, name, lines in (("company/all", None, company), (f"owner/{person.pk}", person.name, owners)):
        for kind in ("csv", "xlsx"):
            url = f"/scorecards/{place}/{T12}&all=1&export={kind}"
            rows = csv_of(hana, url) if kind == "csv" else sheet_of(hana, url)
            assert len(rows) > 60
            wrong += [
                (place, kind, row["number"], row["value"])
                for row in rows
                if not same(row["value"], lines[row["number"]].get(name))
            ]
    return wrong


def sheet_of(hana: User, url: str) -> list[dict[str, Any]]:
    page = openpyxl.load_workbook(io.BytesIO(ask(hana, url).getvalue())).worksheets[0]
    heads, *rows = page.iter_rows(values_only=True)
    return [dict(zip(heads, row, strict=True)) for row in rows]


def in_the_api(hana: User, made: Portfolio, company: Lines, accounts: Lines) -> list[Any]:
    token = make(hana, "a test", [ApiScope.NUMBERS.value], 30)[1]
    account = made.accounts[0]
    wrong = []
    for place, name, lines in (
        ("company/all", None, company),
        (f"account/{account.pk}", account.name, accounts),
    ):
        answer = (
            Client().get(f"/api/v1/results/{place}{T12}", headers={"Authorization": f"Bearer {token}"}).json()
        )
        assert len(answer) == len(KPIS)
        wrong += [
            ("api", place, each["kpi"], each["value"])
            for each in answer
            if not same(each["value"], lines[each["kpi"]].get(name))
        ]
    return wrong


def on_the_board(hana: User, company: Lines) -> list[Any]:
    items = ask(hana, f"/board/{T12}").context["items"]
    book = openpyxl.load_workbook(io.BytesIO(ask(hana, f"/board/{T12}&export=xlsx").getvalue()))["Board"]
    cells = {row[0]: row[7] for row in book.iter_rows(values_only=True)}
    return [
        ("board", item.kpi.id, item.result.value, cells[item.kpi.id])
        for item in items
        if not same(item.result.value, company[item.kpi.id][None])
        or not same(cells[item.kpi.id], company[item.kpi.id][None])
    ]


def side_by_side(hana: User, tiers: Lines) -> list[Any]:
    """Of every group the whole list, and some numbers in all groups."""
    wrong = []
    ids = {kpi.name: kpi.id for kpi in KPIS}
    first = ask(hana, f"/compare/{T12}&by=tier")
    for member in first.context["members"]:
        page = ask(hana, f"/compare/{member.url}" if member.url.startswith("?") else member.url)
        for _, some in page.context["sections"]:
            for line in some:
                printed = tiers[ids[line.name]].get(member.label)
                if member.label.startswith("Tier") and line.here[0] != text_of(printed):
                    wrong.append(("compare", member.label, line.name, line.here[0], text_of(printed)))
    for kpi in ("account_revenue", "win_rate", "median_deal_size", "resolution_time", "progression_rate"):
        for row in ask(hana, f"/compare/{kpi}/{T12}&by=tier").context["rows"]:
            if row.name.startswith("Tier") and row.value != text_of(tiers[kpi].get(row.name)):
                wrong.append(("compare", kpi, row.name, row.value))
    return wrong


def on_account_pages(hana: User, made: Portfolio, published: Run, accounts: Lines) -> list[Any]:
    wrong = []
    now = lines_by(Scope.ACCOUNT, trailing_year(published.as_of))
    for account in made.accounts[:3]:
        for figure in ask(hana, f"/portfolio/{account.pk}/").context["figures"]:
            kpi = urlsplit(figure.url).path.rstrip("/").split("/")[-1]
            lines = now if kpi == "open_pipeline" else accounts
            if figure.value_text != text_of(lines[kpi].get(account.name)):
                wrong.append(("account page", account.name, kpi, figure.value_text))
    for line in ask(hana, "/portfolio/quadrant/").context["lines"]:
        stand, name = line.point.now, line.point.name
        for kpi, shown in (
            ("account_revenue", stand.revenue),
            ("effort", stand.minutes),
            ("growth_potential", stand.potential),
        ):
            if not same(shown, accounts[kpi].get(name)):
                wrong.append(("quadrant", name, kpi, shown))
    return wrong


def in_the_portfolio(hana: User, accounts: Lines) -> list[Any]:
    columns = {"account_revenue": "revenue, 12 months", "nrr": "net retention, %"}
    return [
        ("portfolio", row["account"], kpi, row[column])
        for row in csv_of(hana, "/portfolio/?export=csv&sort=name")
        for kpi, column in columns.items()
        if not same(row[column], accounts[kpi].get(row["account"]))
    ]


def explained(hana: User, made: Portfolio, accounts: Lines) -> list[Any]:
    wrong = []
    for account, kpi in zip(made.accounts * 2, ("rfm", "nrr", "penetration_rate", "clv_margin", "win_rate",
                                                "resolution_time", "deal_velocity"), strict=False):  # fmt: skip
        value = ask(hana, f"/scorecards/account/{account.pk}/{kpi}/{T12}").context["result"].value
        if not same(value, accounts[kpi].get(account.name)):
            wrong.append(("explained", account.name, kpi, value))
    return wrong


def in_the_library(hana: User, published: Run) -> list[Any]:
    wrong = []
    kinds = dict.fromkeys(kpi.usual for kpi in KPIS)
    lines = {kind: lines_by(Scope.COMPANY, latest_complete(kind, published.as_of)) for kind in kinds}
    for _, _, entries in ask(hana, "/kpis/").context["groups"]:
        for entry in entries:
            printed = lines[KPI[entry.kpi.id].usual][entry.kpi.id].get(None)
            if entry.now and entry.now != text_of(printed):
                wrong.append(("library", entry.kpi.id, entry.now, text_of(printed)))
    return wrong
