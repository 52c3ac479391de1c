"""Who gets the credit: every row of kpis.md §1a computed by hand, and the sums over persons and teams."""

from decimal import Decimal

import pytest

from accounts.models import Account, Team, Tier, User
from accounts.periods import Period, month, quarter, trailing_year, year
from metrics.kpi import Credit, Kpi
from metrics.kpis import KPIS
from metrics.leaves import over_scope
from metrics.levels import LEVELS, definitions_for
from metrics.models import Scope, ScopeFigures, View
from tests.factories import (
    make_account,
    make_assignment,
    make_classification,
    make_contract,
    make_membership,
    make_opportunity,
    make_order,
    make_product,
    make_team,
    make_user,
)
from tests.metrics.engine import by_key, day, period, report_in, result, run
from tests.metrics.portfolio import make_portfolio

pytestmark = pytest.mark.django_db

YEAR = period("2025-01-01", "2026-01-01")
AS_OF = "2025-12-31"


@pytest.fixture
def ann(db: None) -> User:
    return make_user("Ann")


@pytest.fixture
def bob(db: None) -> User:
    return make_user("Bob")


def handed_over(ann: User, bob: User, on: str = "2025-02-15") -> Account:
    """Ann's since before the year, Bob's from this day on."""
    account = make_account()
    make_assignment(account, ann, "2023-01-01", on)
    make_assignment(account, bob, on)
    return account


def values(
    kpi: str, when: Period = YEAR, scope: str = Scope.OWNER, view: str = View.AS_WAS
) -> dict[object, object]:
    """Key to value, where there is one other than 0."""
    return {key: each.value for key, each in by_key(kpi, when, scope, view).items() if each.value}


def numerators(kpi: str, when: Period = YEAR, scope: str = Scope.OWNER) -> dict[object, object]:
    return {key: each.numerator for key, each in by_key(kpi, when, scope).items() if each.numerator}


def denominators(kpi: str, when: Period = YEAR, scope: str = Scope.OWNER) -> dict[object, object]:
    return {key: each.denominator for key, each in by_key(kpi, when, scope).items() if each.denominator}


# ---------------------------------------------------------------------------------- rows with a date


def test_an_order_counts_for_the_owner_of_its_day(ann: User, bob: User) -> None:
    account = handed_over(ann, bob)
    make_order(account, "2025-02-14", 10)
    make_order(account, "2025-02-15", 200)
    run(AS_OF)

    assert values("account_revenue") == {ann.pk: 10, bob.pk: 200}
    assert values("account_revenue", period("2025-02-01", "2025-03-01")) == {ann.pk: 10, bob.pk: 200}


def test_a_handover_never_moves_past_credit(ann: User, bob: User) -> None:
    account = make_account(owner=ann, since="2024-01-01")
    make_order(account, "2025-02-14", 10)
    run(AS_OF)
    account.assignments.all().delete()
    make_assignment(account, ann, "2024-01-01", "2025-06-01")
    make_assignment(account, bob, "2025-06-01")
    run(AS_OF)

    assert values("account_revenue") == {ann.pk: 10}
    assert values("account_revenue", view=View.CURRENT_BOOK) == {bob.pk: 10}


def test_the_seller_of_an_order_wins_over_the_owner(ann: User, bob: User) -> None:
    account = make_account(owner=ann, since="2024-01-01")
    make_order(account, "2025-03-01", 100, seller=bob)
    make_order(account, "2025-03-01", 7)
    run(AS_OF)

    assert values("account_revenue") == {ann.pk: 7, bob.pk: 100}
    assert values("avg_order_value") == {ann.pk: 7, bob.pk: 100}


def test_a_split_of_a_deal_wins_over_the_owner_of_the_closing_day(ann: User, bob: User) -> None:
    account = make_account(owner=ann, since="2024-01-01")
    cecil = make_user("Cecil")
    deal = {"outcome": "won", "closed_on": "2025-04-01"}
    make_opportunity(account, "2025-03-01", 1000, splits={bob: "0.75", cecil: "0.25"}, **deal)
    make_opportunity(account, "2025-03-01", 600, **deal)
    make_opportunity(account, "2025-03-01", 50, outcome="lost", closed_on="2025-04-01")
    run(AS_OF)

    assert numerators("avg_deal_size") == {ann.pk: 600, bob.pk: 750, cecil.pk: 250}
    assert denominators("avg_deal_size") == {ann.pk: 1, bob.pk: Decimal("0.75"), cecil.pk: Decimal("0.25")}
    assert values("avg_deal_size") == {ann.pk: 600, bob.pk: 1000, cecil.pk: 1000}
    assert values("win_rate") == {ann.pk: 50, bob.pk: 100, cecil.pk: 100}
    company = result("avg_deal_size", YEAR)
    assert (company.value, company.denominator) == (800, 2)


def test_a_deal_without_a_split_counts_for_the_owner_of_the_closing_day(ann: User, bob: User) -> None:
    account = handed_over(ann, bob)
    for closed in ("2025-02-14", "2025-02-15"):
        make_opportunity(account, "2025-01-10", 100, outcome="won", closed_on=closed)
    run(AS_OF)

    assert numerators("win_rate") == {ann.pk: 1, bob.pk: 1}


def test_a_split_deal_is_one_deal_of_its_whole_size_in_the_median(ann: User, bob: User) -> None:
    account = make_account(owner=ann, since="2024-01-01")
    deal = {"outcome": "won", "closed_on": "2025-04-01"}
    make_opportunity(account, "2025-03-02", 1000, splits={ann: "0.5", bob: "0.5"}, **deal)
    make_opportunity(account, "2025-03-22", 100, **deal)
    run(AS_OF)

    company = result("median_deal_size", YEAR)
    assert (company.value, company.n) == (550, 2)
    assert values("median_deal_size") == {ann.pk: 550, bob.pk: 1000}
    assert result("sales_cycle_median", YEAR).value == 20
    assert result("sales_cycle_median", YEAR).n == 2


def test_a_split_deal_is_counted_once_where_deals_are_counted(ann: User, bob: User) -> None:
    deal = {"outcome": "won", "closed_on": "2025-04-01", "splits": {ann: "0.5", bob: "0.5"}}
    make_opportunity(make_account(), "2025-03-02", 1000, **deal)
    make_opportunity(make_account(), "2025-03-02", 1000, **deal, first_contact_on=day("2025-05-01"))
    run(AS_OF)

    assert result("pipeline_contribution", YEAR).n == 2
    assert result("win_rate", YEAR).n == 2
    assert result("avg_deal_size", YEAR).n == 2
    cycle = result("sales_cycle_length", YEAR)
    assert (cycle.n, cycle.value, cycle.beside["length_errors"]) == (1, 30, 1)


def test_rows_without_an_owner_are_unassigned_and_never_dropped(ann: User) -> None:
    account = make_account()
    make_assignment(account, ann, "2025-03-01", "2025-06-01")
    for date, amount in (("2025-02-28", 1), ("2025-03-01", 20), ("2025-06-01", 300)):
        make_order(account, date, amount)
    make_order(None, "2025-03-01", 4000, currency="EUR")
    run(AS_OF)

    assert values("account_revenue") == {ann.pk: 20, None: 4301}
    assert result("account_revenue", YEAR).value == 4321


# --------------------------------------------------------------------------------- stock and cohort


def test_the_whole_account_counts_for_its_owner_at_the_start(ann: User, bob: User) -> None:
    account = handed_over(ann, bob)
    make_order(account, "2024-06-01", 100)
    make_order(account, "2025-02-20", 130)
    run(AS_OF)

    for kpi, expected in (("nrr", 130), ("grr", 100), ("retention_logo", 100), ("revenue_growth", 30)):
        assert values(kpi) == {ann.pk: expected}, kpi
    assert by_key("nrr", YEAR, Scope.OWNER)[ann.pk].numerator == 130
    assert values("account_revenue") == {bob.pk: 130}


def test_an_account_that_began_later_counts_for_its_first_owner(ann: User, bob: User) -> None:
    account = make_account()
    make_assignment(account, ann, "2025-03-10", "2025-04-01")
    make_assignment(account, bob, "2025-04-01")
    make_order(account, "2025-03-15", 10)
    make_order(account, "2025-09-15", 10)
    run(AS_OF)

    assert denominators("repeat_customer_rate") == {ann.pk: 1}
    assert values("repeat_customer_rate") == {ann.pk: 100}
    assert by_key("churn_logo", YEAR, Scope.OWNER)[ann.pk].beside["new"] == 1


def test_an_account_nobody_owns_at_the_start_is_unassigned(ann: User) -> None:
    account = make_account()
    make_order(account, "2024-06-01", 100)
    make_order(account, "2025-06-01", 50)
    make_assignment(account, ann, "2025-01-02")
    run(AS_OF)

    assert values("nrr") == {None: 50}


def test_a_loss_belongs_to_the_owner_at_the_start_and_a_gain_before_it_does_not_count(
    ann: User, bob: User
) -> None:
    lost, won = handed_over(ann, bob), handed_over(ann, bob)
    make_order(lost, "2024-06-01", 100)
    make_order(won, "2025-06-01", 100)
    run(AS_OF)

    found = by_key("churn_logo", YEAR, Scope.OWNER)
    assert (found[ann.pk].value, found[ann.pk].numerator, found[ann.pk].denominator) == (100, 1, 1)
    assert found[ann.pk].beside["new"] == 1
    assert bob.pk not in found or not found[bob.pk].denominator


def test_won_and_lost_in_the_same_period_is_an_early_loss_and_not_in_the_base(ann: User) -> None:
    make_contract(make_account(owner=ann, since="2024-01-01"), "2024-01-01", None)
    early = make_account(owner=ann, since="2024-01-01")
    make_contract(early, "2025-02-01", "2025-08-01", outcome="lost")
    run(AS_OF)

    found = result("churn_logo", YEAR)
    assert (found.value, found.denominator) == (0, 1)
    assert (found.beside["new"], found.beside["early_loss"]) == (1, 1)


def test_back_within_90_days_is_returned_and_the_months_of_the_loss_keep_it() -> None:
    account = make_account()
    # Lost when twelve months without an order are over: on 2025-03-10 or before, seen at the end of March.
    make_order(account, "2024-03-10", 100)
    make_order(account, "2025-05-20", 100)
    run(AS_OF)

    march = period("2025-03-01", "2025-04-01")
    assert result("churn_logo", march).value == 100
    may = result("churn_logo", period("2025-05-01", "2025-06-01"))
    assert (may.value, may.reason) == (None, "no_base")
    assert {name: may.beside[name] for name in ("new", "returned", "reactivated")} == {
        "new": 0,
        "returned": 1,
        "reactivated": 0,
    }


def test_back_after_90_days_is_reactivated() -> None:
    account = make_account()
    make_order(account, "2023-03-10", 100)
    make_order(account, "2025-05-20", 100)
    run(AS_OF)

    found = result("churn_logo", YEAR)
    assert {name: found.beside[name] for name in ("new", "returned", "reactivated")} == {
        "new": 0,
        "returned": 0,
        "reactivated": 1,
    }


def test_a_new_contract_within_90_days_of_the_last_is_a_return_and_later_a_reactivation() -> None:
    report_in("EUR", grace_days=14)
    # Without a contract from 1 March, or from 15 March where the end was left open for its days of grace.
    for outcome, again in (("lost", "2025-05-30"), ("lost", "2025-05-31"), ("lapsed", "2025-06-13")):
        account = make_account()
        make_contract(account, "2024-03-01", "2025-03-01", outcome=outcome)
        make_contract(account, again)
    run(AS_OF)

    def back(first: str, until: str) -> list[Decimal]:
        beside = result("churn_logo", period(first, until)).beside
        return [beside[name] for name in ("new", "returned", "reactivated")]

    assert result("churn_logo", period("2025-03-01", "2025-04-01")).value == 100
    assert back("2025-05-01", "2025-06-01") == [0, 1, 1]
    assert back("2025-06-01", "2025-07-01") == [0, 1, 0]


def test_a_contract_that_begins_later_this_month_is_neither_new_yet_nor_lost_again() -> None:
    make_contract(make_account(), "2025-11-20")
    november = period("2025-11-01", "2025-12-01")

    def found() -> list[Decimal]:
        beside = result("churn_logo", november).beside
        return [beside[name] for name in ("new", "early_loss", "active_end")]

    run("2025-11-19")
    assert found() == [0, 0, 0]
    run("2025-11-20")
    assert found() == [1, 0, 1]


def test_a_contract_in_its_days_of_grace_is_no_loss() -> None:
    report_in("EUR", grace_days=30)
    make_contract(make_account(), "2024-01-01", "2025-06-16", outcome="lapsed")
    run(AS_OF)

    assert result("churn_logo", period("2025-06-01", "2025-07-01")).value == 0
    assert result("churn_logo", period("2025-07-01", "2025-08-01")).value == 100


def test_the_current_book_gives_every_account_whole_to_its_owner_of_today(ann: User, bob: User) -> None:
    account = handed_over(ann, bob, "2025-09-01")
    make_order(account, "2024-06-01", 100)
    make_order(account, "2025-02-20", 130, seller=ann)
    run(AS_OF)

    assert values("account_revenue") == {ann.pk: 130}
    assert values("account_revenue", view=View.CURRENT_BOOK) == {bob.pk: 130}
    assert values("nrr") == {ann.pk: 130}
    assert values("nrr", view=View.CURRENT_BOOK) == {bob.pk: 130}


# --------------------------------------------------------------------------------- teams and segments


def test_a_team_counts_what_its_members_and_its_sub_teams_did_while_they_were_in_it(
    ann: User, bob: User
) -> None:
    above, other = make_team("Above"), make_team("Other")
    inside = make_team("Inside", parent=above)
    make_membership(ann, inside, "2023-01-01", "2025-07-01")
    make_membership(ann, other, "2025-07-01")
    make_membership(bob, above, "2023-01-01")
    anns, bobs = make_account(owner=ann, since="2023-01-01"), make_account(owner=bob, since="2023-01-01")
    make_order(make_account(), "2025-01-10", 9)
    for account, before, first, second in ((anns, 100, 10, 200), (bobs, 1000, 3000, 0)):
        make_order(account, "2024-02-01", before)
        make_order(account, "2025-06-30", first)
        if second:
            make_order(account, "2025-07-01", second)
    run(AS_OF)

    revenue = values("account_revenue", scope=Scope.TEAM)
    assert revenue == {inside.pk: 10, above.pk: 3010, other.pk: 200, None: 9}
    # The whole account counts for the team its owner was in on the first day.
    assert values("nrr", scope=Scope.TEAM) == {inside.pk: 210, above.pk: Decimal(321000) / 1100}


def test_promoting_a_growing_account_does_not_make_its_new_tier_grow() -> None:
    growing, steady = make_account(), make_account()
    make_classification(growing, "2023-01-01", "2025-03-01", tier="Two")
    make_classification(growing, "2025-03-01", tier="One")
    make_classification(steady, "2023-01-01", tier="One")
    for account, before, after in ((growing, 100, 300), (steady, 100, 100)):
        make_order(account, "2024-06-01", before)
        make_order(account, "2025-06-01", after)
    run(AS_OF)

    tiers = {tier.name: tier.pk for tier in Tier.objects.all()}
    growth = {key: each.value for key, each in by_key("revenue_growth", YEAR, Scope.TIER).items()}
    assert growth[tiers["One"]] == 0
    assert growth[tiers["Two"]] == 200
    revenue = {key: each.value for key, each in by_key("account_revenue", YEAR, Scope.TIER).items()}
    assert (revenue[tiers["One"]], revenue[tiers["Two"]]) == (100, 300)


def test_a_new_category_counts_once_and_only_for_customers_of_the_start() -> None:
    bikes, parts = make_product(category="Bikes"), make_product(category="Parts")
    old, new = make_account(), make_account()
    make_order(old, "2024-05-01", lines=[{"amount": 1, "product": bikes}])
    make_order(old, "2025-05-01", lines=[{"amount": 1, "product": bikes}, {"amount": 1, "product": parts}])
    make_order(new, "2025-05-01", lines=[{"amount": 1, "product": parts}])
    run(AS_OF)

    found = result("cross_sell_rate", YEAR)
    assert (found.numerator, found.denominator, found.value) == (1, 1, 100)


# ------------------------------------------------------------------------------------ of every number


ROW_CREDIT = {
    "account_revenue",
    "avg_order_value",
    "avg_deal_size",
    "avg_deal_size_target",
    "avg_deal_size_other",
    "win_rate",
    "sales_cycle_length",
    "open_pipeline",
    "open_qualified_deals",
    "pipeline_contribution",
    "sales_via_references",
    "upsell_rate_revenue",
    "renewal_rate_count",
    "renewal_rate_value",
    "expansion_pipeline",
    "account_profitability",
    "contribution_margin",
    "share_of_wallet",
    "leads_created",
    "mql_count",
    "sql_count",
    "referred_leads",
    "icp_fit",
    "engagement_score",
    "penetration_rate",
    "engagement_score_decayed",
    "touches_inbound",
    "touches_outbound",
    "inbound_share",
    "time_with_customer",
    "touches_to_closure",
    "touches_per_win",
    "web_visits",
    "social_interactions",
    "email_open_rate",
    "email_response_rate",
    "event_participation_rate",
    "effort",
    "effort_share",
    "nps",
    "nps_mean",
    "csat",
    "csat_mean",
    "response_rate",
    "advocacy_actions",
    "outcome_achievement",
    "outcome_leading",
    "health_score",
    "data_completeness",
    "early_warning",
    "warning_to_action",
}
ACCOUNT_CREDIT = {
    "nps_by_account",
    "revenue_growth",
    "revenue_growth_target",
    "revenue_growth_other",
    "growth_contribution",
    "purchase_frequency",
    "repeat_customer_rate",
    "new_to_repeat_ratio",
    "upsell_rate_accounts",
    "cross_sell_rate",
    "churn_logo",
    "retention_logo",
    "nrr",
    "grr",
    "revenue_churn",
    "cac",
    "cac_target",
    "cac_other",
    "growth_potential",
    "engagement_band",
    "interaction_gap",
    "account_coverage",
    "interaction_gap_longest",
    "outreach_reach",
    "potential_share",
    "referenceable_clients",
    "exit_interview_rate",
    "at_risk_revenue",
}


def test_the_credit_of_every_number_is_what_the_specification_says() -> None:
    found = {kpi.id: kpi.credit for kpi in KPIS if isinstance(kpi, Kpi)}

    assert {name for name, credit in found.items() if credit == Credit.ROW} == ROW_CREDIT
    assert {name for name, credit in found.items() if credit == Credit.ACCOUNT} == ACCOUNT_CREDIT


# Second moments of intervals, whose names hold a colon, are no sums over persons.
ADDITIVE = {name for name in over_scope(KPIS) if ":" not in name}


def sums(
    when: Period, scope: str, kind: str, view: str = View.AS_WAS
) -> dict[int | None, dict[str, Decimal]]:
    rows = ScopeFigures.objects.filter(
        starts=when.start, ends=when.end, scope=scope, kind=kind, view=view, valid_to=None
    )
    return {row.key: row.figures for row in rows}


OF_DEALS = {name for name in over_scope(definitions_for(LEVELS["row classes"])) if ":" not in name} - {
    "accounts"
}


def added(figures: list[dict[str, Decimal]]) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    for each in figures:
        for name in ADDITIVE & set(each):
            total[name] = total.get(name, Decimal(0)) + each[name]
    return {name: value for name, value in total.items() if value}


def test_persons_and_unassigned_and_top_teams_and_no_team_add_up_to_the_company() -> None:
    portfolio = make_portfolio(1)
    run(portfolio.as_of)
    top = {team.pk for team in Team.objects.filter(parent=None)} | {None}
    as_of = portfolio.as_of
    row_parts = {
        part.name
        for kpi in KPIS
        if isinstance(kpi, Kpi) and kpi.credit == Credit.ROW
        for part in (term.part for term in (*kpi.numerator, *kpi.denominator))
    }
    for when in (
        month(as_of),
        month(day("2024-03-05")),
        quarter(as_of),
        year(day("2024-01-01")),
        trailing_year(as_of),
    ):
        (company,) = sums(when, Scope.COMPANY, "accounts").values()
        expected = {name: value for name, value in company.items() if name in ADDITIVE and value}
        assert len(expected) > 20
        for view in View.values:
            people = sums(when, Scope.OWNER, "accounts", view)
            teams = sums(when, Scope.TEAM, "accounts", view)
            assert added(list(people.values())) == expected
            assert added([each for key, each in teams.items() if key in top]) == expected
        of_rows = {name: value for name, value in expected.items() if name in row_parts}
        for scope, keys in ((Scope.OWNER, None), (Scope.TEAM, top)):
            found = sums(when, scope, "rows")
            total = added([each for key, each in found.items() if keys is None or key in keys])
            assert {name: value for name, value in total.items() if name in row_parts} == of_rows


def test_segments_add_up_to_the_company() -> None:
    portfolio = make_portfolio(2, accounts=15)
    run(portfolio.as_of)
    for when in (quarter(portfolio.as_of), year(day("2024-01-01"))):
        (company,) = sums(when, Scope.COMPANY, "accounts").values()
        expected = {name: value for name, value in company.items() if name in ADDITIVE and value}
        for scope in (Scope.TIER, Scope.INDUSTRY, Scope.REGION, Scope.TARGET):
            assert added(list(sums(when, scope, "accounts").values())) == expected
            of_deals = added(list(sums(when, scope, "rows").values()))
            of_deals.pop("accounts", None)
            assert of_deals == {name: value for name, value in expected.items() if name in OF_DEALS}
