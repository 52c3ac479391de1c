"""Groups of accounts compared: the rest, the range of a difference, and who may look."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, User
from metrics.intervals import of_difference, wilson
from metrics.kpis import KPI, KPIS
from metrics.models import Run, Scope
from metrics.pages.comparison_channels import channels
from metrics.pages.comparison_figures import difference, splits_of
from metrics.pages.explain_words import classified_words
from metrics.result import Result, Slice
from metrics.results import bounds
from tests.clients import ask
from tests.factories import (
    make_account,
    make_classification,
    make_grant,
    make_opportunity,
    make_order,
    make_spend,
)
from tests.metrics.engine import period, run
from tests.metrics_pages.conftest import T12

pytestmark = pytest.mark.django_db


def row(response: Any, name: str) -> Any:
    return next(each for each in response.context["rows"] if each.name == name)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17, table II, method 10.
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 10), 0.6075, 1),
    ],
)
def test_the_range_between_two_shares_is_newcombes(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    one, other = wilson(*first), wilson(*second)
    assert one is not None and other is not None
    found = of_difference(first[0] / first[1], one, second[0] / second[1], other)
    assert found == (pytest.approx(low, abs=0.0001), pytest.approx(high, abs=0.0001))


def test_between_symmetric_ranges_it_is_the_root_of_the_summed_squares() -> None:
    low, high = of_difference(10, (7, 13), 4, (0, 8))
    assert (low, high) == (pytest.approx(6 - 5), pytest.approx(6 + 5))


def test_a_channel_is_held_against_all_others_together() -> None:
    parts = tuple(
        Slice(name, Decimal(hits) * 100 / n, Decimal(hits), Decimal(n))
        for name, hits, n in (("web", 5, 50), ("event", 10, 20), ("other", 1, 30))
    )
    whole = Result(
        KPI["lead_conversion"], "company", None, period("2025-01-01", "2026-01-01"), "as-was",
        value=Decimal(16), n=Decimal(100), slices=parts,
    )  # fmt: skip
    web, event, _ = channels(whole)
    assert (web[1].value, web[1].n, web[2] and web[2].value, web[2] and web[2].n) == (10, 50, 22, 50)
    found = difference(event[1], event[2])
    # 10 of 20 against 6 of 80.
    assert (found.amount, found.direction) == (Decimal("42.5"), "up")


@pytest.mark.parametrize(
    ("one", "other", "state"),
    # Likely 74.2 to 99.0 and 26.7 to 81.1: the difference of 38.9 is likely 6.3 to 68.1, but the ranges overlap.
    [((17, 18), (5, 9), "overlap"), ((34, 36), (20, 36), "named"), ((17, 18), (2, 9), "named")],
)
def test_of_fewer_than_30_a_difference_is_named_only_where_the_ranges_part(
    one: tuple[int, int], other: tuple[int, int], state: str
) -> None:
    def kept(hits: int, n: int) -> Result:
        low, high = (Decimal(bound) * 100 for bound in wilson(hits, n) or ())
        share = Decimal(hits) * 100 / n
        return Result(
            KPI["renewal_rate_count"], "target", 1, period("2025-01-01", "2026-01-01"), "as-was",
            value=share, n=Decimal(n), low=low, high=high,
        )  # fmt: skip

    found = difference(kept(*one), kept(*other))
    assert found.low is not None and found.low > 0
    assert (found.state, found.direction) == (state, "up" if state == "named" else "")


@pytest.fixture
def many_deals(published: Run, aurora: Account, borealis: Account) -> Run:
    """Target accounts win 20 of 22 deals in 2025, the others 2 of 20, accounts of neither kind nothing."""
    deals = ((aurora, "won", 18), (aurora, "lost", 1), (borealis, "won", 2), (borealis, "lost", 18))
    for account, outcome, count in deals:
        for _ in range(count):
            make_opportunity(account, "2025-01-10", 100, outcome=outcome, closed_on="2025-05-05")
    return run("2026-01-10")


def test_a_group_is_held_against_everything_outside_it(many_deals: Run, hana: User) -> None:
    found = row(ask(hana, f"/compare/win_rate/{T12}&by=tier"), "A")
    # Aurora: 20 of 22. All others: Borealis' 2 of 20.
    assert found.value.replace("\xa0", " ") == "90.9 %"
    assert found.gap.replace("\xa0", " ") == "+80.9 points"
    assert found.direction == "up" and found.gap_note.startswith("better")


def test_target_accounts_are_held_against_the_other_accounts(many_deals: Run, hana: User) -> None:
    response = ask(hana, f"/compare/win_rate/{T12}")
    assert [each.name for each in response.context["rows"]][:2] == ["Target accounts", "Other accounts"]
    assert response.context["base"] == "Other accounts"
    assert row(response, "Other accounts").is_base
    assert row(response, "Target accounts").url.startswith("/scorecards/target/1/win_rate/")


def test_few_deals_are_grey_and_get_no_arrow(published: Run, hana: User) -> None:
    found = row(ask(hana, f"/compare/win_rate/{T12}&by=tier"), "A")
    assert found.muted and found.note == "too few to judge"
    assert (found.gap, found.direction) == ("not compared", "")


def test_there_is_no_arrow_inside_the_noise(
    published: Run, aurora: Account, borealis: Account, hana: User
) -> None:
    for account, won in ((aurora, 5), (borealis, 4)):
        for place in range(8):
            outcome = "won" if place < won else "lost"
            make_opportunity(account, "2025-01-10", 100, outcome=outcome, closed_on="2025-05-05")
    run("2026-01-10")
    found = row(ask(hana, f"/compare/win_rate/{T12}&by=tier"), "A")
    assert (found.gap, found.direction) == ("within noise", "")


def test_a_sum_has_parts_of_the_whole(published: Run, hana: User) -> None:
    response = ask(hana, f"/compare/account_revenue/{T12}&by=tier")
    assert [(each.name, each.gap.replace("\xa0", " ")) for each in response.context["rows"]] == [
        ("A", "75.0 %"),
        ("B", "25.0 %"),
    ]


def test_every_number_of_a_group_stands_against_the_others(many_deals: Run, hana: User) -> None:
    response = ask(hana, f"/compare/{T12}")
    lines = {line.name: line for _, some in response.context["sections"] for line in some}
    assert lines["Win rate"].here[0].replace("\xa0", " ") == "90.9 %"
    assert lines["Win rate"].there[0].replace("\xa0", " ") == "10.0 %"
    assert lines["Win rate"].direction == "up"


def test_a_viewer_compares_once_the_company_is_granted(published: Run, vic: User, lena: User) -> None:
    assert ask(vic, "/compare/").status_code == 404
    make_grant(vic)
    assert ask(vic, "/compare/").status_code == 200
    assert ask(lena, "/compare/win_rate/").status_code == 404


def test_marketing_gets_no_amounts_of_contracts(published: Run, mira: User) -> None:
    assert ask(mira, "/compare/win_rate/").status_code == 200
    assert ask(mira, "/compare/nrr/").status_code == 403


def test_numbers_that_sort_by_their_own_rows_are_named_with_what_they_go_by(
    many_deals: Run, hana: User
) -> None:
    page = ask(hana, f"/compare/{T12}&by=target")
    usual = page.context["classified"]
    otherwise = {name: words for names, words in page.context["otherwise"] for name in names}
    assert otherwise["Average deal size"] == classified_words(KPI["avg_deal_size"], Scope.TARGET) != usual
    assert "Net revenue retention" not in otherwise
    assert "unless the foot says otherwise" in page.content.decode()


def test_what_tells_target_accounts_apart_is_not_grouped_by_them(published: Run, hana: User) -> None:
    apart = {kpi.id for kpi in KPIS if kpi.is_about_targets}
    assert {"account_coverage", "pipeline_contribution", "revenue_growth_gap", "avg_deal_size_ratio"} < apart
    assert all(Scope.TARGET not in splits_of(kpi) for kpi in KPIS if kpi.id in apart)
    # Of the company's average it is shown, for each deal says it itself.
    assert Scope.TARGET in splits_of(KPI["avg_deal_size"])
    page = ask(hana, f"/compare/pipeline_contribution/{T12}&by=target")
    assert (page.status_code, page.context["by"]) == (200, "tier")


def test_what_lasts_has_no_range_below_0() -> None:
    # Two accounts, talked with 20 days ago and today: a mean of 10 whose symmetric range would begin far below 0.
    squares = {
        f"interaction_gap:{name}": Decimal(value) for name, value in (("yy", 400), ("xy", 20), ("xx", 2))
    }
    low, high = bounds(
        KPI["interaction_gap"], {**squares, "interaction_gap:m": Decimal(2)}, Decimal(20), Decimal(2), 1
    )
    assert low == 0 and high is not None and high > 20


def test_a_number_that_does_not_exist_is_not_compared(published: Run, hana: User) -> None:
    assert ask(hana, "/compare/nonsense/").status_code == 404


def test_no_more_statements_for_more_accounts_and_groups(published: Run, omar: User, hana: User) -> None:
    def statements(url: str) -> int:
        ask(hana, url)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert ask(hana, url).status_code == 200
        return len(caught)

    urls = (f"/compare/{T12}&by=industry", f"/compare/win_rate/{T12}&by=industry")
    before = [statements(url) for url in urls]
    for place in range(12):
        account = make_account(owner=omar, since="2023-01-01")
        make_classification(account, "2023-01-01", industry=f"Industry {place}")
        make_order(account, "2025-03-03", Decimal(100))
        make_opportunity(account, "2025-01-10", 100, outcome="won", closed_on="2025-05-05")
    run("2026-01-10")
    assert [statements(url) for url in urls] == before


def test_what_is_spent_is_compared_for_target_accounts_only_and_the_page_says_why(
    published: Run, aurora: Account, hana: User
) -> None:
    make_spend(date="2025-03-01", amount=300, is_target=True)
    newcomer = make_account()
    make_classification(newcomer, is_target=True)
    make_order(newcomer, "2025-04-01", 10)
    run("2026-01-10")

    response = ask(hana, f"/compare/cac/{T12}&by=tier")
    group = row(response, "Target accounts")
    assert group.value.replace("\xa0", " ").startswith("€")
    assert "Most spend is booked for no single account" in response.content.decode()
    # The group is explained by the number that counts only what was spent for target accounts.
    explained = ask(hana, group.url)
    assert explained.status_code == 302 and explained.url.startswith("/scorecards/company/all/cac_target/")
    assert ask(hana, explained.url).context["value_text"] in group.value
