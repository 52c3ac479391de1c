"""Worked examples from outside, each through the engine: rows in the database, a run, its results."""

import datetime
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Account, Tier, User
from accounts.periods import Period, add_months, quarter
from metrics.kpis import KPIS
from metrics.models import Scope
from tests.factories import (
    make_account,
    make_assignment,
    make_classification,
    make_contract,
    make_opportunity,
    make_order,
    make_product,
    make_quota,
    make_rate,
    make_stage,
    make_user,
)
from tests.metrics.engine import by_key, day, period, report_in, result, run

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("golden.json").read_text())
YEAR = period("2025-01-01", "2026-01-01")
BEFORE, WITHIN, AS_OF = "2024-06-01", "2025-06-01", "2025-12-31"

Inputs = dict[str, Any]
Answer = Any
RECIPES: dict[tuple[str, frozenset[str]], Callable[[Inputs], Answer]] = {}


def recipe(kpi: str, *names: str) -> Callable[[Callable[[Inputs], Answer]], Callable[[Inputs], Answer]]:
    """How the inputs of these names become rows, and what the engine answers."""

    def keep(function: Callable[[Inputs], Answer]) -> Callable[[Inputs], Answer]:
        RECIPES[kpi, frozenset(names)] = function
        return function

    return keep


def shape(case: dict[str, Any]) -> tuple[str, frozenset[str]]:
    return case["kpi"], frozenset(case["inputs"])


def is_real_data(case: dict[str, Any]) -> bool:
    """Those run on the AdventureWorks sales, in test_adventureworks."""
    return "data" in case["inputs"]


def bought(before: float = 0, within: float = 0, account: Account | None = None) -> Account:
    """An account that bought for these amounts in the year before and in the year."""
    account = account or make_account()
    if before:
        make_order(account, BEFORE, str(before))
    if within:
        make_order(account, WITHIN, str(within))
    return account


def won(account: Account | None = None, amount: object = 100, **fields: Any) -> None:
    fields.setdefault("opened_on", "2025-03-01")
    fields.setdefault("closed_on", "2025-04-01")
    make_opportunity(account or make_account(), amount=str(amount), outcome="won", **fields)


def lost(amount: object = 0, **fields: Any) -> None:
    fields.setdefault("opened_on", "2025-03-01")
    fields.setdefault("closed_on", "2025-04-01")
    make_opportunity(make_account(), amount=str(amount), outcome="lost", **fields)


def answer(kpi: str, when: Period = YEAR, as_of: str = AS_OF) -> Answer:
    run(as_of)
    return result(kpi, when).value


# ---------------------------------------------------------------------------------------- revenue


@recipe("account_revenue", "amounts")
def revenue(given: Inputs) -> Answer:
    account = make_account()
    make_order(account, "2024-03-01", 77)
    for amount in given["amounts"]:
        make_order(account, WITHIN, amount)
    return answer("account_revenue")


@recipe("avg_order_value", "net", "invoices")
def order_value(given: Inputs) -> Answer:
    account = make_account()
    for _ in range(given["invoices"]):
        make_order(account, WITHIN, 750)
    make_order(account, WITHIN, given["net"] - 750 * given["invoices"])
    return answer("avg_order_value")


@recipe("revenue_growth", "start", "end")
def growth(given: Inputs) -> Answer:
    for tier, before in given["start"].items():
        account = bought(before, given["end"][tier])
        make_classification(account, "2024-01-01", tier=tier)
    run(AS_OF)
    return by_tier_name("revenue_growth")


def by_tier_name(kpi: str) -> dict[str, Decimal | None]:
    names = dict(Tier.objects.values_list("pk", "name"))
    found = by_key(kpi, YEAR, Scope.TIER)
    return {names[key]: each.value for key, each in found.items() if key is not None}


@recipe("revenue_growth_gap", "abm", "overall")
def growth_gap(given: Inputs) -> Answer:
    target = bought(100, 100 + given["abm"])
    make_classification(target, "2024-01-01", is_target=True)
    make_classification(bought(100, 100 + 2 * given["overall"] - given["abm"]), "2024-01-01", is_target=False)
    run(AS_OF)
    assert result("revenue_growth_target", YEAR).value == given["abm"]
    assert result("revenue_growth", YEAR).value == given["overall"]
    return result("revenue_growth_gap", YEAR).value


@recipe("growth_contribution", "delta", "total")
def contribution(given: Inputs) -> Answer:
    large, small, rest = 50_000, 1_000, given["total"] - 51_000
    first, second = (
        bought(before, before + delta) for before, delta in zip((large, small), given["delta"], strict=True)
    )
    bought(rest, rest)
    run(AS_OF)
    return [result("growth_contribution", YEAR, Scope.ACCOUNT, each.pk).value for each in (first, second)]


@recipe("purchase_frequency", "num", "den")
def frequency(given: Inputs) -> Answer:
    for _ in range(given["den"]):
        account = make_account()
        for number in range(given["num"] // given["den"]):
            make_order(account, add_months(day("2025-01-01"), 2 * number))
    return answer("purchase_frequency")


@recipe("repeat_customer_rate", "orders")
def repeat_customers(given: Inputs) -> Answer:
    for number in given["orders"]:
        account = make_account()
        for index in range(number):
            make_order(account, add_months(day("2025-01-01"), index))
    return answer("repeat_customer_rate")


@recipe("new_to_repeat_ratio", "num", "den")
def new_to_repeat(given: Inputs) -> Answer:
    bought(0, given["num"])
    bought(5, given["den"])
    return answer("new_to_repeat_ratio")


@recipe("revenue_concentration", "rev")
def concentration(given: Inputs) -> Answer:
    for amount in given["rev"]:
        bought(0, amount)
    run(AS_OF)
    found = result("revenue_concentration", YEAR)
    # The largest tenth of five accounts is one account.
    return {"top1": found.value, "hhi": found.beside["hhi"]}


@recipe("upsell_rate_accounts", "num", "den")
def upsell_accounts(given: Inputs) -> Answer:
    for number in range(given["den"]):
        account = bought(10, 10)
        if number < given["num"]:
            won(account, kind="upsell")
            won(account, kind="upsell")
    won(bought(0, 10), kind="upsell")
    return answer("upsell_rate_accounts")


@recipe("upsell_rate_revenue", "num", "den")
def upsell_revenue(given: Inputs) -> Answer:
    won(bought(0, given["den"]), given["num"], kind="upsell")
    won(None, 999, kind="cross_sell")
    return answer("upsell_rate_revenue")


@recipe("cross_sell_rate", "num", "den")
def cross_sell(given: Inputs) -> Answer:
    known, new = make_product(category="Known"), make_product(category="New")
    for number in range(given["den"]):
        account = make_account()
        for date in (BEFORE, WITHIN):
            make_order(account, date, lines=[{"amount": 10, "product": known}])
        if number < given["num"]:
            make_order(account, WITHIN, lines=[{"amount": 10, "product": new}])
    make_order(make_account(), WITHIN, lines=[{"amount": 10, "product": new}])
    return answer("cross_sell_rate")


@recipe("clv_revenue", "customer_value_per_year", "lifespan_years")
def lifetime_revenue(given: Inputs) -> Answer:
    return lifetime_of(given["customer_value_per_year"], 1, given["lifespan_years"])


@recipe("clv_revenue", "avg_purchase_value", "purchases_per_year", "lifespan_years")
def lifetime_revenue_of_purchases(given: Inputs) -> Answer:
    return lifetime_of(given["avg_purchase_value"], given["purchases_per_year"], given["lifespan_years"])


@recipe("clv_revenue", "avg_sale_price", "sales_per_year", "lifespan_years")
def lifetime_revenue_of_sales(given: Inputs) -> Answer:
    return lifetime_of(given["avg_sale_price"], given["sales_per_year"], given["lifespan_years"])


def lifetime_of(amount: int, orders: int, years: int) -> Answer:
    """One of so many customers is lost in a year, which makes the lifespan."""
    for number in range(years):
        account = bought(10)
        for index in range(orders if number else 0):
            make_order(account, add_months(day("2025-01-01"), index), amount)
    return answer("clv_revenue")


@recipe("lifespan", "churn")
def lifespan(given: Inputs) -> Answer:
    for number in range(4):
        bought(10, 0 if number < 4 * given["churn"] else 10)
    run(AS_OF)
    found = result("lifespan", YEAR)
    assert (found.reason == "no_loss") == (given["churn"] == 0)
    return found.value


# -------------------------------------------------------------------------------------- retention


@recipe("retention_logo", "start", "end", "new")
def retention_by_counts(given: Inputs) -> Answer:
    kept = given["end"] - given["new"]
    for number in range(given["start"]):
        bought(10, 10 if number < kept else 0)
    for _ in range(given["new"]):
        bought(0, 10)
    run(AS_OF)
    found = result("retention_logo", YEAR)
    assert found.beside["new"] == given["new"]
    assert found.beside["active_end"] == given["end"]
    return found.value


@recipe("churn_logo", "start", "lost_of_start", "new", "lost_of_new")
def churn(given: Inputs) -> Answer:
    for number in range(given["start"]):
        is_lost = number < given["lost_of_start"]
        make_contract(
            make_account(),
            "2024-01-01",
            "2025-07-01" if is_lost else None,
            outcome="lost" if is_lost else "open",
        )
    for number in range(given["new"]):
        is_lost = number < given["lost_of_new"]
        make_contract(
            make_account(),
            "2025-02-01",
            "2025-08-01" if is_lost else None,
            outcome="lost" if is_lost else "open",
        )
    run(AS_OF)
    found = result("churn_logo", YEAR)
    assert (found.beside["new"], found.beside["early_loss"]) == (given["new"], given["lost_of_new"])
    return found.value


@recipe("churn_logo", "contract_end_inclusive")
def churn_quarter(given: Inputs) -> Answer:
    end = day(given["contract_end_inclusive"]) + datetime.timedelta(days=1)
    make_contract(make_account(), "2025-01-01", end, outcome="lost")
    run(AS_OF)
    quarters = [quarter(add_months(day("2025-01-01"), 3 * number)) for number in range(4)]
    (found,) = [each for each in quarters if result("churn_logo", each).numerator]
    assert result("churn_logo", found).value == 100
    return f"{found.start.year}-Q{(found.start.month + 2) // 3}"


def retention_of(kpi: str, given: Inputs) -> Answer:
    for name in {**given["start"], **given["end"]}:
        bought(given["start"].get(name, 0), given["end"].get(name, 0))
    return answer(kpi)


def retention_of_sums(kpi: str, given: Inputs) -> Answer:
    """Three accounts: one that grows, one that shrinks, one that leaves."""
    grows = given["start"] - 3 - given["churn"]
    for before, after in (
        (grows, grows + given["expansion"]),
        (3, 3 - given["contraction"]),
        (given["churn"], 0),
    ):
        bought(round(before * 1_000_000), round(after * 1_000_000))
    return answer(kpi)


for _kpi in ("nrr", "grr", "retention_logo"):
    recipe(_kpi, "start", "end")(lambda given, kpi=_kpi: retention_of(kpi, given))  # type: ignore[misc]
for _kpi in ("nrr", "grr"):
    recipe(_kpi, "start", "expansion", "contraction", "churn")(
        lambda given, kpi=_kpi: retention_of_sums(kpi, given)  # type: ignore[misc]
    )


@recipe("nrr", "start_eur", "end_eur", "fx0", "fx1")
def retention_in_two_currencies(given: Inputs) -> Answer:
    report_in("USD")
    make_rate("EUR", str(given["fx0"]), "2024-01-01", quote="USD")
    make_rate("EUR", str(given["fx1"]), "2025-02-01", quote="USD")
    bought(given["start_eur"], given["end_eur"], make_account(currency="EUR"))
    run(AS_OF)
    naive = result("account_revenue", YEAR).value / result("account_revenue", YEAR.moved(-12)).value
    assert naive == Decimal("1.1")
    return result("nrr", YEAR).value


@recipe("revenue_churn", "grr")
def revenue_churn(given: Inputs) -> Answer:
    bought(100, given["grr"])
    return answer("revenue_churn")


def due(value: int, renewed: int) -> None:
    terms = {"outcome": "renewed", "renewed_value": renewed} if renewed else {"outcome": "lost"}
    make_contract(make_account(), "2024-07-01", "2025-07-01", value, **terms)


@recipe("renewal_rate_count", "num", "den")
def renewals(given: Inputs) -> Answer:
    for number in range(given["den"]):
        due(100, 100 if number < given["num"] else 0)
    return answer("renewal_rate_count")


@recipe("renewal_rate_value", "due", "renewed")
def renewed_value(given: Inputs) -> Answer:
    for value, renewed in zip(given["due"], given["renewed"], strict=True):
        due(value, renewed)
    return answer("renewal_rate_value")


# --------------------------------------------------------------------------------------- pipeline


@recipe("avg_deal_size", "num", "den")
def deal_size(given: Inputs) -> Answer:
    for _ in range(given["den"]):
        won(amount=given["num"] / given["den"])
    lost(0)
    return answer("avg_deal_size")


@recipe("avg_deal_size", "abm", "non")
def deal_size_of_targets(given: Inputs) -> Answer:
    for is_target, amounts in ((True, given["abm"]), (False, given["non"])):
        for amount in amounts:
            account = make_account()
            # What the account becomes after the deal was opened does not matter.
            make_classification(account, "2025-01-01", "2025-03-15", is_target=is_target)
            make_classification(account, "2025-03-15", is_target=not is_target)
            won(account, amount)
    run(AS_OF)
    return {
        "abm": result("avg_deal_size_target", YEAR).value,
        "non_abm": result("avg_deal_size_other", YEAR).value,
        "ratio": result("avg_deal_size_ratio", YEAR).value,
    }


@recipe("win_rate", "won", "lost", "open")
def win_rate(given: Inputs) -> Answer:
    for _ in range(given["won"]):
        won()
    for _ in range(given["lost"]):
        lost()
    for _ in range(given["open"]):
        make_opportunity(make_account(), "2025-03-01")
    return answer("win_rate")


@recipe("win_rate_interval", "k", "n")
def win_rate_interval(given: Inputs) -> Answer:
    for number in range(given["n"]):
        won() if number < given["k"] else lost()
    run(AS_OF)
    return result("win_rate", YEAR).interval


@recipe("sales_cycle_length", "deals")
def cycle_by_dates(given: Inputs) -> Answer:
    for contact, closed in given["deals"]:
        won(opened_on=closed, first_contact_on=day(contact), closed_on=closed)
    lost(opened_on="2025-01-01", closed_on="2025-12-01")
    return answer("sales_cycle_length")


@recipe("sales_cycle_length", "days")
def cycle_by_days(given: Inputs) -> Answer:
    for number in given["days"]:
        won(opened_on=day("2025-09-01") - datetime.timedelta(days=number), closed_on="2025-09-01")
    lost()
    return answer("sales_cycle_length")


@recipe("pipeline_velocity", "n", "avg_deal", "win_rate", "cycle_days")
def velocity(given: Inputs) -> Answer:
    qualified, early = make_stage("Qualified"), make_stage("Early", qualified=False)
    for _ in range(given["n"]):
        make_opportunity(make_account(), "2025-03-01", phases=[(qualified, "2025-03-01", None)])
    make_opportunity(make_account(), "2025-03-01", phases=[(early, "2025-03-01", None)])
    opened = day("2025-09-01") - datetime.timedelta(days=given["cycle_days"])
    won(amount=given["avg_deal"], opened_on=opened, closed_on="2025-09-01")
    for _ in range(round(1 / given["win_rate"]) - 1):
        lost()
    return answer("pipeline_velocity")


@recipe("pipeline_coverage", "num", "den")
def coverage(given: Inputs) -> Answer:
    seller = make_user()
    account = make_account(owner=seller, since="2025-01-01")
    stage = make_stage("Half", probability="0.5")
    make_opportunity(account, "2025-03-01", 2 * given["num"], phases=[(stage, "2025-03-01", None)])
    make_quota(seller, "2025-01-01", given["den"] + 200_000)
    make_order(account, WITHIN, 200_000)
    run(AS_OF)
    found = result("pipeline_coverage", YEAR)
    assert (found.reason == "met") == (given["den"] == 0)
    return found.value


@recipe("pipeline_contribution", "num", "den")
def pipeline_contribution(given: Inputs) -> Answer:
    for is_target, amount in ((True, given["num"]), (False, given["den"] - given["num"])):
        account = make_account()
        make_classification(account, "2025-01-01", is_target=is_target)
        make_opportunity(account, "2025-03-01", amount)
    return answer("pipeline_contribution")


@recipe("sales_via_references", "num", "den")
def references(given: Inputs) -> Answer:
    won(amount=given["num"], origin="referral")
    won(amount=given["den"] - given["num"] - 1)
    won(amount=1, origin="event")
    return answer("sales_via_references")


@recipe("quota_attainment", "orders", "quota", "start", "end")
def quota(given: Inputs) -> Answer:
    seller = make_user()
    account = make_account(owner=seller, since=given["start"])
    for date, amount in given["orders"]:
        make_order(account, date, amount)
    make_quota(seller, given["start"], given["quota"])
    make_quota(seller, given["end"], 1)
    return answer("quota_attainment", quarter(day(given["start"])), as_of="2011-04-30")


# -------------------------------------------------------------------------------- credit and days


@recipe("attribution", "assignments", "on")
def attribution(given: Inputs) -> Answer:
    people: dict[str, User] = {}
    account = make_account()
    for each in given["assignments"]:
        user = people.setdefault(each["manager"], make_user(each["manager"]))
        make_assignment(account, user, each["valid_from"], each["valid_to"])
    won(account, opened_on="2024-12-01", closed_on=given["on"])
    run(AS_OF)
    start = day(given["on"]).replace(day=1)
    found = by_key("avg_deal_size", Period(start, add_months(start, 1)), Scope.OWNER)
    (key,) = [key for key, each in found.items() if each.denominator]
    return next((name for name, user in people.items() if user.pk == key), None)


@recipe("period", "on", "start", "end")
def membership(given: Inputs) -> Answer:
    make_order(make_account(), given["on"], 10)
    found = answer("account_revenue", period(given["start"], given["end"]))
    assert found in (0, 10)
    return found == 10


# ------------------------------------------------------------------------------------------ tests


def close_to(expected: Any) -> Any:
    """Equal to the last digit that the example gives."""
    if expected is None or isinstance(expected, (str, bool)):
        return expected
    if isinstance(expected, dict):
        return {name: close_to(value) for name, value in expected.items()}
    if isinstance(expected, list):
        return [close_to(value) for value in expected]
    digits = -Decimal(str(expected)).normalize().as_tuple().exponent
    return pytest.approx(expected, rel=0, abs=0.5 * 10**-digits if digits > 2 else 1e-9)


def plain(found: Any) -> Any:
    if isinstance(found, Decimal):
        return float(found)
    if isinstance(found, dict):
        return {name: plain(value) for name, value in found.items()}
    if isinstance(found, (list, tuple)):
        return [plain(value) for value in found]
    return found


@pytest.mark.django_db
@pytest.mark.parametrize(
    "case",
    [case for case in CASES if not is_real_data(case)],
    ids=lambda case: f"{case['kpi']}: {case['case']}",
)
def test_a_worked_example_comes_out_of_the_engine(case: dict[str, Any]) -> None:
    found = RECIPES[shape(case)](case["inputs"])

    assert plain(found) == close_to(case["expected"])


def test_every_worked_example_is_used_and_every_recipe_has_one() -> None:
    assert {shape(case) for case in CASES if not is_real_data(case)} == set(RECIPES)


HAND_MADE = {
    "csat_mean": "the example of csat asserts it",
    # Figures that no outside example covers; each is compared with plain loops in test_oracle.
    "revenue_growth_target": "the gap's example asserts it",
    "revenue_growth_other": "test_oracle",
    "avg_deal_size_target": "the example of avg_deal_size asserts it",
    "avg_deal_size_other": "the example of avg_deal_size asserts it",
    "avg_deal_size_ratio": "the example of avg_deal_size asserts it",
    "median_deal_size": "test_oracle",
    "sales_cycle_median": "test_oracle",
    "open_pipeline": "test_oracle",
    "open_qualified_deals": "the example of pipeline_velocity counts them",
    "contribution_margin": "the examples of clv_margin and roi_margin are made of it; test_oracle_funnel",
    "clv_margin_existing": "an example of clv_margin asserts it",
    "cac_target": "test_oracle_funnel",
    "cac_other": "test_oracle_funnel",
    "whitespace_share": "the example of expansion_pipeline asserts it",
    "interaction_gap_longest": "the example of interaction_gap asserts it",
    "touches_to_closure_median": "the example of touches_to_closure asserts it",
    "effort_share": "the example of impact_effort_index is made of it",
    "potential_share": "the example of impact_effort_index is made of it",
}


def test_every_definition_has_an_example() -> None:
    files = Path(__file__).parent.glob("golden*.json")
    covered = {case["kpi"] for file in files for case in json.loads(file.read_text())} | set(HAND_MADE)

    assert {kpi.id for kpi in KPIS} - covered == set()
