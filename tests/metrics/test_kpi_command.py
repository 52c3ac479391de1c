"""`manage.py kpi`: what scripts may rely on."""

import io
import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from metrics.kpis import KPIS
from tests.factories import (
    make_account,
    make_assignment,
    make_classification,
    make_membership,
    make_opportunity,
    make_order,
    make_quota,
    make_team,
    make_user,
)
from tests.metrics.engine import report_in, run

pytestmark = pytest.mark.django_db

NAMES = [
    "kpi",
    "scope",
    "key",
    "from",
    "to",
    "view",
    "value",
    "numerator",
    "denominator",
    "n",
    "interval",
    "unit",
    "reason",
    "run",
]
YEAR = ("--from", "2025-01-01", "--to", "2026-01-01")


def printed(*arguments: str) -> str:
    out = io.StringIO()
    call_command("kpi", *arguments, stdout=out)
    return out.getvalue()


def lines(kpi: str, *options: str, when: tuple[str, ...] = YEAR) -> list[dict[str, Any]]:
    return [
        json.loads(line, parse_float=str) for line in printed(kpi, *when, "--json", *options).splitlines()
    ]


def by_key(kpi: str, *options: str) -> dict[str | None, Any]:
    return {
        line["key"]: line["value"] for line in lines(kpi, *options) if line["value"] not in (None, 0, "0")
    }


@pytest.fixture
def ann() -> User:
    """One account of hers bought 200 and then 250, and one third was won of three deals."""
    report_in("USD")
    ann = make_user("Ann", source="crm", external_id="E-1")
    make_membership(ann, make_team("North", source="crm", external_id="T-1"), "2023-01-01")
    account = make_account("Aurora", currency="USD", source="crm", external_id="A-1")
    make_assignment(account, ann, "2024-01-01")
    make_classification(account, "2024-01-01", tier="One", is_target=True, region="Nordics", industry="Food")
    make_order(account, "2024-05-01", "200")
    make_order(account, "2025-05-01", "250.25")
    for outcome in ("won", "lost", "lost"):
        make_opportunity(account, "2025-02-01", 100, outcome=outcome, closed_on="2025-03-01")
    run("2025-12-31")
    return ann


def test_a_line_has_exactly_the_agreed_names(ann: User) -> None:
    (share,) = lines("win_rate")
    (money,) = lines("account_revenue")

    assert [name for name in share if name != "beside"] == NAMES
    assert [name for name in money if name != "beside"] == [*NAMES, "currency"]


def test_money_is_a_decimal_string_with_its_currency(ann: User) -> None:
    (line,) = lines("account_revenue")

    assert isinstance(line["value"], str) and Decimal(line["value"]) == Decimal("250.25")
    assert isinstance(line["numerator"], str) and Decimal(line["numerator"]) == Decimal("250.25")
    assert (line["currency"], line["unit"], line["denominator"]) == ("USD", "money", None)


def test_sums_of_money_in_a_share_are_decimal_strings_too(ann: User) -> None:
    make_quota(ann, "2025-01-01", 1000, currency="USD")
    run("2025-12-31")
    (line,) = lines("quota_attainment")

    sums = (line["numerator"], line["denominator"])
    assert all(isinstance(each, str) for each in sums)
    assert [Decimal(each) for each in sums] == [Decimal("250.25"), 1000]
    assert (Decimal(line["value"]), line["currency"]) == (Decimal("25.025"), "USD")


def test_shares_are_unrounded_per_cents(ann: User) -> None:
    line = json.loads(printed("win_rate", *YEAR, "--json"))

    assert line["value"] == pytest.approx(100 / 3, abs=1e-12)
    assert (line["numerator"], line["denominator"], line["n"], line["unit"]) == (1, 3, 3, "share")
    low, high = line["interval"]
    assert (low, high) == (pytest.approx(6.14920, abs=1e-5), pytest.approx(79.2340, abs=1e-4))
    assert line["reason"] is None
    assert "currency" not in line


def test_a_period_that_has_not_begun_has_no_sums_either(ann: User) -> None:
    make_opportunity(None, "2025-11-01", 100, currency="USD")
    run("2025-12-31")
    for kpi in ("account_revenue", "open_pipeline", "leads_created", "win_rate", "first_response_time"):
        (line,) = lines(kpi, when=("--from", "2026-01-01", "--to", "2026-02-01"))
        assert (line["value"], line["numerator"], line["reason"]) == (None, None, "not_begun")
    # One that has begun has sums, up to the day of the run.
    (line,) = lines("open_pipeline", when=("--from", "2025-12-01", "--to", "2026-06-01"))
    assert (Decimal(line["value"]), line["reason"]) == (100, None)
    (line,) = lines("account_revenue", when=("--from", "2025-12-01", "--to", "2026-06-01"))
    assert (Decimal(line["value"]), line["reason"]) == (0, None)


def test_the_scope_period_view_and_run_are_told(ann: User) -> None:
    (line,) = lines("nrr")

    assert (line["kpi"], line["scope"], line["key"]) == ("nrr", "company", None)
    assert (line["from"], line["to"], line["view"]) == ("2025-01-01", "2026-01-01", "as-was")
    assert isinstance(line["run"], int)
    assert Decimal(line["value"]) == Decimal("125.125")
    assert line["currency"] == "USD"


@pytest.mark.parametrize(
    ("scope", "key"),
    [
        ("owner", "E-1"),
        ("team", "T-1"),
        ("account", "A-1"),
        ("tier", "One"),
        ("region", "Nordics"),
        ("industry", "Food"),
        ("target", "target"),
    ],
)
def test_keys_are_external_ids_or_names(ann: User, scope: str, key: str) -> None:
    found = by_key("account_revenue", "--by", scope)

    assert {name: Decimal(value) for name, value in found.items()} == {key: Decimal("250.25")}


def test_nobody_is_called_unassigned_and_no_team(ann: User) -> None:
    make_order(make_account(currency="USD"), "2025-06-01", 7)
    run("2025-12-31")

    assert Decimal(by_key("account_revenue", "--by", "owner")["unassigned"]) == 7
    assert Decimal(by_key("account_revenue", "--by", "team")["no team"]) == 7
    assert Decimal(by_key("account_revenue", "--by", "tier")["unknown"]) == 7


def test_no_value_comes_with_a_reason(ann: User) -> None:
    (line,) = lines("renewal_rate_count")

    assert (line["value"], line["reason"], line["interval"]) == (None, "no_base", None)


def test_the_current_book_is_the_other_view(ann: User) -> None:
    bob = make_user("Bob", source="crm", external_id="E-2")
    ann.assignments.update(during="[2024-01-01,2025-11-01)")
    make_assignment(ann.assignments.get().account, bob, "2025-11-01")
    run("2025-12-31")

    assert set(by_key("account_revenue", "--by", "owner")) == {"E-1"}
    assert set(by_key("account_revenue", "--by", "owner", "--view", "current-book")) == {"E-2"}
    (line,) = [each for each in lines("nrr", "--by", "owner", "--view", "current-book") if each["value"]]
    assert (line["view"], line["key"]) == ("current-book", "E-2")


def test_an_earlier_run_can_be_read(ann: User) -> None:
    (before,) = lines("account_revenue")
    make_order(make_account(currency="USD"), "2025-06-01", 7)
    run("2025-12-31")

    (now,) = lines("account_revenue")
    (then,) = lines("account_revenue", "--as-of", str(before["run"]))
    assert Decimal(now["value"]) == Decimal("257.25")
    assert then == before


def test_every_number_prints_for_every_scope(ann: User) -> None:
    for kpi in [kpi.id for kpi in KPIS]:
        for scope in ("company", "owner", "account"):
            for line in lines(kpi, "--by", scope):
                assert line["kpi"] == kpi
                assert (line["value"] is None) == (line["reason"] is not None), kpi


def test_the_text_for_people_names_value_unit_and_reason(ann: User) -> None:
    assert "250.25" in printed("account_revenue", *YEAR)
    assert "no_base" in printed("renewal_rate_count", *YEAR)
    assert "win_rate" in printed("--list")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nonsense", *YEAR), "There is no KPI"),
        (("nrr",), "--from and --to"),
        (("nrr", "--from", "2025-01-02", "--to", "2026-01-01"), "first of a month"),
        (("nrr", "--from", "2026-01-01", "--to", "2025-01-01"), "begin before"),
        (("nrr", *YEAR, "--as-of", "999999"), "There is no run"),
    ],
)
def test_what_cannot_be_answered_is_said_in_words(ann: User, arguments: tuple[str, ...], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        printed(*arguments)


def test_without_a_run_there_is_nothing_to_print() -> None:
    with pytest.raises(CommandError, match="No figures have been computed"):
        printed("nrr", *YEAR)


def test_a_company_without_an_account_has_a_line_too() -> None:
    run("2025-12-31")
    (line,) = lines("account_revenue")
    assert (line["key"], line["value"], line["n"]) == (None, "0", 0)
    (line,) = lines("nrr")
    assert (line["value"], line["reason"]) == (None, "no_base")
