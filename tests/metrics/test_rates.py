"""Where an exchange rate is missing there is no number, for those made of single rows as for all others."""

from decimal import Decimal

import pytest

from accounts.models import CampaignTouch, Forecast, ProductCategory, WhitespaceCell
from metrics.models import Scope
from tests.factories import (
    make_account,
    make_campaign,
    make_opportunity,
    make_order,
    make_product,
    make_quota,
    make_spend,
    make_stage,
    make_user,
)
from tests.metrics.engine import day, period, report_in, result, run

pytestmark = pytest.mark.django_db

YEAR = period("2025-01-01", "2026-01-01")
OF_MONEY = (
    "account_revenue",
    "median_deal_size",
    "revenue_concentration",
    "quota_attainment",
    "pipeline_coverage",
    "roi",
    "forecast_wape",
    "forecast_bias",
)


def sell(currency: str) -> tuple[int, int]:
    """A person and an account of theirs with a deal won, one open, an order, a quota, a forecast and a campaign."""
    seller = make_user()
    account = make_account(owner=seller, since="2024-01-01")
    campaign = make_campaign(first="2025-01-01")
    half = make_stage("Half", probability="0.5")
    money = {"currency": currency}
    CampaignTouch.objects.create(campaign=campaign, account=account, on=day("2025-03-01"))
    make_spend(date="2025-03-01", amount=50, campaign=campaign)
    make_opportunity(account, "2025-02-01", 100, outcome="won", closed_on="2025-04-01", **money)
    make_opportunity(account, "2025-11-01", 400, phases=[(half, "2025-11-01", None)], **money)
    make_order(account, "2025-11-03", 80, **money)
    make_quota(seller, "2025-10-01", 200)
    for user in (seller, None):
        Forecast.objects.get_or_create(
            user=user,
            measure="won",
            starts_on=day("2025-04-01"),
            ends_on=day("2025-07-01"),
            defaults={"frozen_on": day("2025-04-01"), "amount": Decimal(150)},
        )
    return seller.pk, account.pk


def test_a_number_made_of_single_rows_has_no_value_where_a_rate_is_missing() -> None:
    report_in("EUR")
    (known, familiar), (unknown, account) = sell("EUR"), sell("GBP")
    for _ in range(4):
        make_order(make_account(), "2025-06-01", 10)
    run("2025-12-31")

    of_company = {kpi: result(kpi, YEAR) for kpi in OF_MONEY}
    assert {kpi: (each.value, each.reason) for kpi, each in of_company.items()} == dict.fromkeys(
        OF_MONEY, (None, "no_rate")
    )
    for kpi in ("median_deal_size", "quota_attainment", "pipeline_coverage", "forecast_wape"):
        assert result(kpi, YEAR, Scope.OWNER, unknown).reason == "no_rate"
    assert result("rfm", YEAR, Scope.ACCOUNT, account).reason == "no_rate"
    assert result("rfm", YEAR, Scope.ACCOUNT, familiar).value is not None
    values = [
        result(kpi, YEAR, Scope.OWNER, known).value
        for kpi in ("median_deal_size", "quota_attainment", "pipeline_coverage", "forecast_wape")
    ]
    # 80 of 200 booked; half of 400 against the 120 that are missing; 150 expected, 100 won.
    assert values == [100, 40, pytest.approx(Decimal(200) / 120), 50]


def test_a_quota_without_a_rate_has_no_attainment_and_no_coverage() -> None:
    report_in("EUR")
    seller, other = make_user(), make_user()
    make_order(make_account(owner=seller, since="2024-01-01"), "2025-11-03", 80)
    make_quota(seller, "2025-10-01", 200)
    make_quota(other, "2025-10-01", 100, currency="GBP")
    run("2025-12-31")

    for kpi in ("quota_attainment", "pipeline_coverage"):
        assert result(kpi, YEAR).reason == result(kpi, YEAR, Scope.OWNER, other.pk).reason == "no_rate"
    assert result("quota_attainment", YEAR, Scope.OWNER, seller.pk).value == 40


def test_what_customers_buy_of_their_wallet_is_unknown_where_a_rate_is_missing() -> None:
    report_in("EUR")
    drives = ProductCategory.objects.create(name="Drives")
    known, unknown = make_account(), make_account()
    for account in (known, unknown):
        lines = [{"amount": 30, "product": make_product(category=drives)}]
        make_order(account, "2025-06-01", lines=lines)
        WhitespaceCell.objects.create(
            account=account, category=drives, yearly_spend=Decimal(100), noted_on=day("2025-09-01")
        )
    make_order(unknown, "2025-07-01", lines=lines, currency="GBP")
    run("2025-12-31")

    assert result("share_of_wallet", YEAR, Scope.ACCOUNT, known.pk).value == 30
    for place in ((Scope.ACCOUNT, unknown.pk), (Scope.COMPANY, None)):
        assert result("share_of_wallet", YEAR, *place).reason == "no_rate"
