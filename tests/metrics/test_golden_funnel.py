"""Worked examples of leads, stages, forecasts, costs, worth and fit: rows in the database, a run, its results."""

import datetime
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from accounts.fields import days
from accounts.models import (
    Account,
    CampaignTouch,
    CostToServe,
    Fit,
    Forecast,
    FunnelPhase,
    FunnelStage,
    IcpCriterion,
    IcpWeight,
    Industry,
    Lead,
    ProductCategory,
    Spend,
    WhitespaceCell,
)
from accounts.revenue.marketing_actions import qualified_days
from metrics.models import Assumption, Scope
from tests.factories import (
    make_account,
    make_campaign,
    make_classification,
    make_lead,
    make_opportunity,
    make_order,
    make_product,
    make_spend,
    make_stage,
)
from tests.metrics.engine import by_key, day, period, result, run
from tests.metrics.test_golden import close_to, plain, shape

pytestmark = pytest.mark.django_db

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("golden_funnel.json").read_text())
YEAR = period("2025-01-01", "2026-01-01")
BEFORE, WITHIN, AS_OF = "2024-06-01", "2025-06-01", "2025-12-31"
ONE_DAY = datetime.timedelta(days=1)
Inputs = dict[str, Any]
RECIPES: dict[tuple[str, frozenset[str]], Callable[[Inputs], Any]] = {}


def recipe(kpi: str, *names: str) -> Callable[[Callable[[Inputs], Any]], Callable[[Inputs], Any]]:
    def keep(function: Callable[[Inputs], Any]) -> Callable[[Inputs], Any]:
        RECIPES[kpi, frozenset(names)] = function
        return function

    return keep


def answer(kpi: str, as_of: str = AS_OF) -> Any:
    run(as_of)
    return result(kpi, YEAR).value


# ------------------------------------------------------------------------------------------- leads


def cohort(many: int, reached: int, since: str, until: str) -> None:
    """Leads since a day in the year, of which some reached the next step in time, and one a day too late."""
    account = make_account()
    start = day("2025-03-01")
    for number in range(many):
        late = 1 if number == reached else 0
        step = start + (90 + late) * ONE_DAY if number <= reached else None
        fields: dict[str, Any] = {since: start, until: step}
        if "sql_on" in fields and fields["sql_on"]:
            fields |= {"mql_on": fields.get("mql_on", start)}
            fields |= dict.fromkeys(("budget", "authority", "need", "timeline"), True)
        if fields.get("customer_on"):
            fields |= {"account": account, "converted_on": start}
        created = fields.pop("created_on", start)
        make_lead(created_on=created, **fields)


@recipe("leads_created", "leads")
def created(given: Inputs) -> Any:
    make_lead(created_on="2024-12-31")
    make_lead(created_on="2026-01-01")
    return answer("leads_created", "2026-01-31")


@recipe("mql_count", "first_mql", "start", "end")
def mqls(given: Inputs) -> Any:
    for name, first in given["first_mql"].items():
        make_lead(name, created_on="2025-01-02", mql_on=first)
    run("2025-12-31")
    return result("mql_count", period(given["start"], given["end"])).value


@recipe("sql_count", "budget", "authority", "need", "timeline")
def sales_qualified(given: Inputs) -> Any:
    lead = make_lead(created_on="2025-02-01", **given)
    Lead.objects.filter(pk=lead.pk).update(**qualified_days(lead, day("2025-02-10")))
    return bool(answer("sql_count"))


@recipe("lead_conversion", "num", "den")
def conversion(given: Inputs) -> Any:
    cohort(given["den"], given["num"], "created_on", "customer_on")
    return answer("lead_conversion")


@recipe("mql_to_sql", "num", "den")
def to_sql(given: Inputs) -> Any:
    cohort(given["den"], given["num"], "mql_on", "sql_on")
    return answer("mql_to_sql")


@recipe("sql_to_won", "num", "den")
def to_won(given: Inputs) -> Any:
    cohort(given["den"], given["num"], "sql_on", "customer_on")
    for lead in Lead.objects.filter(sql_on=None):
        lead.delete()
    return answer("sql_to_won")


@recipe("cohort_maturity", "created", "window", "as_of")
def maturity(given: Inputs) -> Any:
    for each in given["created"]:
        make_lead(created_on=each)
    run(given["as_of"])
    found = result("lead_conversion", YEAR)
    return {"mature": result("cohort_maturity", YEAR).value, "status": found.reason}


@recipe("referred_leads", "num", "den")
def recommended(given: Inputs) -> Any:
    for number in range(100):
        heard = "referral" if number < given["num"] else "press" if number < given["den"] else ""
        make_lead(created_on=WITHIN, heard_through=heard)
    return answer("referred_leads")


# ------------------------------------------------------------------------------------------ stages


@recipe("progression_rate", "num", "den")
def progression(given: Inputs) -> Any:
    stages = [FunnelStage.objects.create(name=name, position=n) for n, name in enumerate("ABC")]
    for number in range(given["den"] + 2):
        account = make_account()
        moves = number < given["num"]
        # One enters on the first day and moves on: an entrant, not somebody who stood there.
        first = day("2025-01-01") if number == given["den"] else day(BEFORE)
        moves = moves or number == given["den"]
        last = number == given["den"] + 1
        stay = days(first, day(WITHIN) if moves else None)
        FunnelPhase.objects.create(account=account, stage=stages[2 if last else 0], during=stay)
        if moves:
            FunnelPhase.objects.create(account=account, stage=stages[2], during=days(day(WITHIN), None))
    run(AS_OF)
    found = result("progression_rate", YEAR)
    assert [(each.name, each.value, each.n) for each in found.slices] == [("A", 25, 20)]
    return found.value


@recipe("deal_velocity", "days")
def velocity(given: Inputs) -> Any:
    stage = make_stage("Offer")
    for length in given["days"]:
        until = day(WITHIN) + length * ONE_DAY
        make_opportunity(
            make_account(), WITHIN, outcome="won", closed_on=until, phases=[(stage, WITHIN, until)]
        )
    run(AS_OF)
    found = result("deal_velocity", YEAR)
    assert [(each.name, plain(each.value)) for each in found.slices] == [("Offer", 7.5)]
    return found.value


def forecasts(given: Inputs) -> None:
    account = make_account()
    for number, (expected, actual) in enumerate(zip(given["forecast"], given["actual"], strict=True)):
        first, until = day(f"2025-{1 + 3 * number:02}-01"), day(f"2025-{4 + 3 * number:02}-01")
        for frozen, amount in ((first, expected), (first + 5 * ONE_DAY, 999)):
            Forecast.objects.create(starts_on=first, ends_on=until, frozen_on=frozen, amount=Decimal(amount))
        make_opportunity(account, first, actual, outcome="won", closed_on=first + 40 * ONE_DAY)


for _kpi in ("forecast_wape", "forecast_bias"):

    @recipe(_kpi, "forecast", "actual")
    def forecast(given: Inputs, kpi: str = _kpi) -> Any:
        forecasts(given)
        return answer(kpi)


def test_what_was_expected_in_mid_period_stands_beside_what_was_at_the_start() -> None:
    forecasts({"forecast": [100, 200, 300], "actual": [110, 150, 340]})
    # The middles are 15 February, 16 May and 16 August; a day earlier or a week later is neither start nor middle.
    for first, until, middle, amount in (
        ("2025-01-01", "2025-04-01", "2025-02-15", 110),
        ("2025-04-01", "2025-07-01", "2025-05-16", 160),
        ("2025-07-01", "2025-10-01", "2025-08-16", 320),
    ):
        for after, expected in ((-1, 5000), (0, amount), (3, 7000), (7, 9000)):
            frozen = day(middle) + after * ONE_DAY
            Forecast.objects.create(
                starts_on=day(first), ends_on=day(until), frozen_on=frozen, amount=Decimal(expected)
            )
    run("2025-12-31")

    # 0, 10 and 20 apart of 600; 590 expected.
    error, bias = (
        result(kpi, period("2025-01-01", "2026-01-01")) for kpi in ("forecast_wape", "forecast_bias")
    )
    assert (round(error.value or 0, 4), error.beside["mid"], error.beside["mid_n"]) == (
        Decimal("16.6667"),
        Decimal("0.05"),
        3,
    )
    assert (bias.value, round(bias.beside["mid"], 4)) == (0, Decimal("-0.0167"))


@recipe("expansion_pipeline", "owned", "sold_to_segment")
def whitespace(given: Inputs) -> Any:
    industry = Industry.objects.create(name="Mills")
    lacks, other = make_account(), make_account()
    stranger = make_account()
    for number in range(given["sold_to_segment"]):
        product = make_product(category=f"Category {number}")
        make_order(other, BEFORE, lines=[{"amount": Decimal(10), "product": product}])
        if number < given["owned"]:
            make_order(lacks, WITHIN, lines=[{"amount": Decimal(10), "product": product}])
    alien = make_product(category="Sold to others")
    make_order(stranger, BEFORE, lines=[{"amount": Decimal(10), "product": alien}])
    for account in (lacks, other):
        make_classification(account, "2024-01-01", industry=industry)
    make_opportunity(lacks, WITHIN, 700, kind="cross_sell")
    make_opportunity(lacks, WITHIN, 900, kind="new")
    run(AS_OF)
    assert result("expansion_pipeline", YEAR).value == 700
    return result("whitespace_share", YEAR, Scope.ACCOUNT, lacks.pk).value


# ----------------------------------------------------------------------------- costs and what they won


def spent(amount: object, **fields: Any) -> Spend:
    return make_spend(date=WITHIN, amount=amount, **fields)  # type: ignore[arg-type]


def newcomers(many: int) -> None:
    for _ in range(many):
        make_order(make_account(), "2025-02-01", 10)
    make_order(known := make_account(), BEFORE, 10)
    make_order(known, WITHIN, 10)


@recipe("cac", "num", "den")
def cost_of_customer(given: Inputs) -> Any:
    spent(given["num"] - 1)
    spent(1, kind=Spend.Kind.SALES)
    newcomers(given["den"])
    return answer("cac")


def worth(yearly: int, churn: int, discount: int, horizon: int, margin: int = 100) -> None:
    """Customers that buy for `yearly` in the year, of whom `churn` per cent are lost in it."""
    for name, value in (("discount", discount), ("horizon", horizon), ("margin", margin)):
        Assumption.objects.create(name=name, value=value, during=days(day("2020-01-01"), None))
    for number in range(20):
        account = make_account()
        make_order(account, BEFORE, 1)
        if number >= churn / 5:
            make_order(account, WITHIN, yearly)


@recipe("clv_margin", "clv_revenue", "margin")
def undiscounted(given: Inputs) -> Any:
    worth(given["clv_revenue"] // 5, churn=20, discount=0, horizon=0, margin=round(100 * given["margin"]))
    run(AS_OF)
    assert result("clv_revenue", YEAR).value == given["clv_revenue"]
    return result("clv_margin", YEAR).value


@recipe("clv_margin", "m", "r", "d")
def constant(given: Inputs) -> Any:
    """The same inputs twice: for a new customer and for a present one."""
    worth(given["m"], round(100 - 100 * given["r"]), round(100 * given["d"]), 0)
    run(AS_OF)
    return {plain(result(kpi, YEAR).value) for kpi in ("clv_margin", "clv_margin_existing")}


@recipe("clv_to_cac", "num", "den")
def worth_to_cost(given: Inputs) -> Any:
    worth(given["num"] // 5 * 100 // 40, churn=20, discount=0, horizon=0, margin=40)
    newcomer = make_account()
    make_order(newcomer, WITHIN, given["num"] // 5 * 100 // 40)
    spent(given["den"])
    return answer("clv_to_cac")


@recipe("cac_payback", "num", "den")
def payback(given: Inputs) -> Any:
    worth(given["den"] * 12 * 2, churn=20, discount=10, horizon=5, margin=50)
    make_order(make_account(), WITHIN, given["den"] * 12 * 2)
    spent(given["num"])
    return answer("cac_payback")


def campaign_won(gain: int, cost: int) -> None:
    account = make_account()
    campaign = make_campaign(first="2025-01-01")
    if cost:
        spent(cost, campaign=campaign)
    touch = {"campaign": campaign, "account": account}
    CampaignTouch.objects.create(on=day("2025-02-01"), **touch)
    CampaignTouch.objects.create(on=day("2025-04-01"), **touch)
    # 180 days after the first touch, and a day later.
    for closed, amount in (("2025-07-31", gain), ("2025-08-01", 999)):
        make_opportunity(account, BEFORE, amount, outcome="won", closed_on=closed)


@recipe("roi", "gain", "cost")
def return_on_campaigns(given: Inputs) -> Any:
    campaign_won(given["gain"], given["cost"])
    return answer("roi")


@recipe("roi_margin", "revenue", "margin", "cost")
def return_on_margin(given: Inputs) -> Any:
    campaign_won(given["revenue"], given["cost"])
    cost = Decimal(100 - round(100 * given["margin"]))
    make_order(
        make_account(), WITHIN, lines=[{"amount": Decimal(100), "cost": cost}, {"amount": Decimal(70)}]
    )
    return answer("roi_margin")


@recipe("account_profitability", "revenue", "cost")
def profitability(given: Inputs) -> Any:
    account = make_account()
    if given["revenue"]:
        make_order(account, WITHIN, given["revenue"])
    CostToServe.objects.create(account=account, date=day(WITHIN), amount=Decimal(given["cost"]))
    return answer("account_profitability")


# --------------------------------------------------------------------------------- potential and fit


def estimated(spend: int, ours: int) -> Account:
    account = make_account()
    category = ProductCategory.objects.create(name="Drives")
    product = make_product(category=category)
    make_order(account, WITHIN, lines=[{"amount": Decimal(ours), "product": product}])
    make_order(account, BEFORE, lines=[{"amount": Decimal(77), "product": product}])
    make_order(account, WITHIN, lines=[{"amount": Decimal(88), "product": make_product(category="Others")}])
    WhitespaceCell.objects.create(
        account=account, category=category, yearly_spend=Decimal(spend), noted_on=day("2025-09-01")
    )
    return account


def fits(match: dict[int, object], who: dict[str, Any], on: str = "2025-03-01") -> None:
    """Weights, and how far each criterion is met; criteria of the same weight are made once."""
    for number, (weight, met) in enumerate(match.items()):
        criterion, made = IcpCriterion.objects.get_or_create(name=f"Criterion {number} {weight}")
        if made:
            since = days(day("2020-01-01"), None)
            IcpWeight.objects.create(criterion=criterion, weight=weight, during=since)
        Fit.objects.create(criterion=criterion, match=Decimal(str(met)), noted_on=day(on), **who)


@recipe("share_of_wallet", "num", "den")
def wallet(given: Inputs) -> Any:
    estimated(given["den"], given["num"])
    return answer("share_of_wallet")


@recipe("growth_potential", "spend", "ours", "fit")
def potential(given: Inputs) -> Any:
    fits({given["fit"]: 1, 100 - given["fit"]: 0}, {"account": estimated(given["spend"], given["ours"])})
    unknown = make_account()
    make_order(unknown, WITHIN, 5)
    run(AS_OF)
    assert result("growth_potential", YEAR, Scope.ACCOUNT, unknown.pk).reason == "no_base"
    return result("growth_potential", YEAR).value


@recipe("icp_fit", "weights", "scores")
def fit(given: Inputs) -> Any:
    account = make_account(owner=None)
    make_order(account, WITHIN, 5)
    fits(dict(zip(given["weights"], given["scores"], strict=True)), {"account": account})
    return answer("icp_fit")


@recipe("new_account_fit", "num", "den")
def new_fit(given: Inputs) -> Any:
    for number in range(given["den"]):
        good = number < given["num"]
        lead = make_lead(created_on="2025-03-01")
        fits({70: 1 if good else 0.9, 30: 0}, {"lead": lead})
    make_lead(created_on="2025-03-01")
    return answer("new_account_fit")


@recipe("rfm", "values")
def scores(given: Inputs) -> Any:
    accounts = [make_account() for _ in given["values"]]
    for account, value in zip(accounts, given["values"], strict=True):
        make_order(account, WITHIN, value)
    run(AS_OF)
    found = by_key("rfm", YEAR, Scope.ACCOUNT)
    assert {found[each.pk].beside["recency_score"] for each in accounts} == {1}
    return [found[each.pk].beside["monetary_score"] for each in accounts]


# -------------------------------------------------------------------------------------------- tests


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['kpi']}: {case['case']}")
def test_a_worked_example_of_the_funnel_comes_out_of_the_engine(case: dict[str, Any]) -> None:
    found = RECIPES[shape(case)](case["inputs"])

    if isinstance(found, set):
        assert any(each == close_to(case["expected"]) for each in found)
    else:
        assert plain(found) == close_to(case["expected"])


def test_every_example_of_the_funnel_is_used() -> None:
    assert {shape(case) for case in CASES} == set(RECIPES)
