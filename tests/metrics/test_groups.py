"""What belongs to no account all the same has target accounts and others, by what its rows say; or it says why not."""

from decimal import Decimal

import pytest

from accounts.fields import days
from accounts.models import Account, Campaign, CampaignTouch, Organisation
from metrics.kpis import KPI, KPIS
from metrics.models import Assumption, Scope
from metrics.pages.choice import read_choice
from metrics.pages.comparison_figures import SPLITS, splits_of
from metrics.pages.places import Place
from metrics.pages.rows import find_rows, row_sets
from tests.factories import (
    make_account,
    make_campaign,
    make_classification,
    make_lead,
    make_opportunity,
    make_order,
    make_spend,
    make_touch,
    make_user,
)
from tests.metrics.engine import day, period, result, run

pytestmark = pytest.mark.django_db

YEAR = period("2025-01-01", "2026-01-01")
TARGETS, OTHERS = 1, 0


def customer(is_target: bool, *dates: str) -> Account:
    """An account that buys for 400 on each of these days."""
    account = make_account()
    make_classification(account, is_target=is_target)
    for date in dates:
        make_order(account, date, 400)
    return account


def of(kpi: str, group: int | None) -> Decimal | None:
    return result(kpi, YEAR, Scope.TARGET, group).value


def test_what_a_customer_costs_is_told_for_target_accounts_and_for_others() -> None:
    for name, value in (("margin", 50), ("discount", 10), ("horizon", 1)):
        Assumption.objects.create(name=name, value=value, during=days(day("2020-01-01"), None))
    for is_target, new in ((True, 2), (False, 3)):
        customer(is_target, "2024-06-01", "2025-06-01")
        for _ in range(new):
            customer(is_target, "2025-06-01")
    for amount, flag in ((300, True), (90, False), (60, None)):
        make_spend(date="2025-03-01", amount=amount, is_target=flag)
    run("2025-12-31")

    # 300 for 2 new target accounts, 90 for 3 others; what was spent for nobody knows whom stays with the company.
    assert (of("cac", TARGETS), of("cac", OTHERS), result("cac", YEAR).value) == (150, 30, 90)
    unknown = result("cac", YEAR, Scope.TARGET, None)
    assert (unknown.value, unknown.reason) == (None, "not_said")
    # A customer of either kind orders once for 400 and leaves half of it: 200 in the one year that counts.
    assert [of("clv_margin", group) for group in (TARGETS, OTHERS)] == [200, 200]
    assert of("clv_to_cac", TARGETS) == Decimal(200) / 150
    assert of("clv_to_cac", OTHERS) == Decimal(200) / 30
    assert round(of("cac_payback", TARGETS) or 0, 6) == 9
    assert result("cac", YEAR, Scope.TIER, 1).reason == "not_defined"


def test_deals_are_those_of_target_accounts_by_what_these_were_when_each_was_opened() -> None:
    for first, amounts in ((True, (100, 300)), (False, (10, 20, 60))):
        for amount in amounts:
            account = make_account()
            # The other way round on the period's first day: in February a new class began.
            make_classification(account, "2024-01-01", "2025-02-01", is_target=not first)
            make_classification(account, "2025-02-01", is_target=first)
            make_opportunity(account, "2025-03-01", amount, outcome="won", closed_on="2025-06-01")
    make_opportunity(make_account(), "2025-03-01", 5, outcome="won", closed_on="2025-06-01")
    run("2025-12-31")

    assert [of("avg_deal_size", group) for group in (TARGETS, OTHERS)] == [200, 30]
    assert [result(f"avg_deal_size_{whose}", YEAR).value for whose in ("target", "other")] == [200, 30]
    # Nobody ever said of one account whether it is a target: its deal is of no group, and of the company.
    assert of("avg_deal_size", None) == 5
    assert result("avg_deal_size", YEAR).value == Decimal(495) / 6


def totals_of_rows(kpi: str, scope: str, key: int | None) -> list[Decimal]:
    """What the rows behind a number add up to, kind by kind."""
    choice = read_choice({"period": "year", "end": "2025-12"}, Organisation.current(), None)
    assert choice is not None
    hana, place = make_user("Hana", "head"), Place(scope, key, "")
    return [find_rows(hana, each, place, choice, 1).total for each in row_sets(KPI[kpi])]


def touched(campaign: Campaign, account: Account) -> None:
    CampaignTouch.objects.create(campaign=campaign, account=account, on=day("2025-02-01"))


def test_a_campaign_returns_to_those_it_was_made_for() -> None:
    campaigns = {flag: make_campaign(first="2025-01-01", is_target=flag) for flag in (True, False)}
    for flag, campaign in campaigns.items():
        make_spend(campaign, "2025-01-15", 100)
        account = customer(flag)
        touched(campaign, account)
        make_opportunity(account, "2025-01-10", 250 if flag else 50, outcome="won", closed_on="2025-03-01")
    both = customer(True)
    for campaign in campaigns.values():
        touched(campaign, both)
    make_opportunity(both, "2025-01-10", 100, outcome="won", closed_on="2025-03-01")
    run("2025-12-31")

    # The deal that both touched counts in each of them, and once in the whole: 350, 150 and 400 for 100, 100 and 200.
    assert (of("roi", TARGETS), of("roi", OTHERS), result("roi", YEAR).value) == (250, 50, 100)
    assert totals_of_rows("roi", Scope.TARGET, TARGETS) == [100, 350]
    assert totals_of_rows("roi", Scope.TARGET, OTHERS) == [100, 150]
    assert totals_of_rows("roi", Scope.COMPANY, None) == [200, 400]


def test_leads_are_grouped_as_the_campaign_that_brought_them() -> None:
    account = make_account()
    for flag, many, won in ((True, 4, 3), (False, 5, 1), (None, 2, 0)):
        campaign = make_campaign(is_target=flag) if flag is not None else None
        for number in range(many):
            is_won = number < won
            make_lead(
                created_on=day("2025-03-01"),
                campaign=campaign,
                account=account if is_won else None,
                converted_on=day("2025-04-01") if is_won else None,
                customer_on=day("2025-04-01") if is_won else None,
            )
    run("2025-12-31")

    assert [of("lead_conversion", group) for group in (TARGETS, OTHERS, None)] == [75, 20, 0]
    assert [result("lead_conversion", YEAR, Scope.TARGET, key).n for key in (1, 0, None)] == [4, 5, 2]
    assert [totals_of_rows("lead_conversion", Scope.TARGET, key) for key in (1, 0, None)] == [
        [3, 4],
        [1, 5],
        [0, 2],
    ]
    assert of("cohort_maturity", TARGETS) == 100
    assert result("leads_created", YEAR).value == 11

    # The next night sees that a campaign was made for others after all: 4 of 9.
    Campaign.objects.filter(is_target=True).update(is_target=False)
    run("2025-12-31")
    assert (of("lead_conversion", TARGETS), of("lead_conversion", OTHERS)) == (
        None,
        pytest.approx(Decimal(400) / 9),
    )


def decided(account: Account, channel: str, touches: int, outcome: str) -> None:
    """A deal that began through this channel and went on by call."""
    deal = make_opportunity(account, "2025-02-01", 100, outcome=outcome, closed_on="2025-04-01")
    for number in range(touches):
        make_touch(
            account,
            at=f"2025-03-{number + 1:02}T10:00:00Z",
            channel="call" if number else channel,
            opportunity=deal,
        )


def test_touches_worth_their_while_are_told_by_the_channel_of_the_first() -> None:
    account = make_account()
    # By call half are won at the first touch, and nobody goes on. By mail 10 of 40 are won at it, 9 of 30 at the
    # second, 2 of 21 at the third, which is under half of the first.
    ended = [("call", 1, 10, 10), ("mail", 1, 10, 0), ("mail", 2, 9, 0), ("mail", 3, 2, 19)]
    for channel, touches, won, lost in ended:
        for number in range(won + lost):
            decided(account, channel, touches, "won" if number < won else "lost")
    run("2025-12-31")

    found = result("ideal_touches", YEAR)
    assert (found.value, found.n) == (2, 60)
    assert [(each.name, each.value, each.n) for each in found.channels] == [("mail", 2, 40), ("call", 1, 20)]


def test_a_number_that_lacks_a_grouping_says_why_and_no_other_does() -> None:
    lacking = {kpi.id for kpi in KPIS if splits_of(kpi) != list(SPLITS)}

    assert {kpi.id for kpi in KPIS if kpi.why_ungrouped} == lacking


def test_the_rows_behind_worthwhile_touches_are_the_deals_first_touched_in_two_years() -> None:
    account = make_account()
    for opened, closed, touched_on in (
        ("2023-12-01", "2025-02-01", ("2023-12-30", "2025-01-10")),
        ("2024-01-01", "2024-06-01", ("2024-01-02", "2024-05-03")),
        ("2025-12-01", "2026-01-02", ("2025-12-10",)),
    ):
        deal = make_opportunity(account, opened, 100, outcome="won", closed_on=closed)
        for on in touched_on:
            make_touch(account, at=f"{on}T10:00:00Z", opportunity=deal)
    run("2026-01-15")

    # Of the first the first touch lies before 2024; the last was not decided in 2025.
    assert totals_of_rows("ideal_touches", Scope.COMPANY, None) == [2]
    assert row_sets(KPI["ideal_touches"])[0].words.endswith("first touched in the 24 months to the end")
