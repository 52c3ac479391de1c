"""Deals that ended count for what their account was when each was opened, in every group and however they are read."""

from decimal import Decimal

import pytest

from accounts.fields import days
from accounts.models import Account, Classification, Industry, Opportunity, Organisation, Region, Tier, User
from accounts.periods import Period
from metrics.kpi import Kpi
from metrics.kpis import KPI
from metrics.levels import BY_OPENING
from metrics.models import AccountMonth, Run, Scope
from metrics.pages.choice import read_choice
from metrics.pages.comparison_figures import Groups
from metrics.pages.places import Place
from metrics.pages.rows import find_rows, row_sets
from tests.clients import as_
from tests.factories import make_account, make_classification, make_opportunity, make_touch, make_user
from tests.metrics.engine import by_key, day, facts, period, result, run, stored

pytestmark = pytest.mark.django_db

YEAR = period("2025-01-01", "2026-01-01")
# Stored by no run: from February to July.
ODD = period("2025-02-01", "2025-08-01")


class Deals:
    """Two accounts whose class changed while their deals were open, one without any, and a deal of nobody's."""

    def __init__(self) -> None:
        self.risen, self.steady, self.unknown = (
            make_account(name) for name in ("Risen", "Steady", "Unknown")
        )
        low = {"tier": "B", "industry": "Chemistry", "region": "North", "is_target": False}
        high = {"tier": "A", "industry": "Food", "region": "South", "is_target": True}
        make_classification(self.risen, "2024-01-01", "2025-02-01", **low)
        self.promotion = make_classification(self.risen, "2025-02-01", **high)
        # For ten days it was something else: no first day of a month ever saw that.
        make_classification(self.steady, "2024-01-01", "2025-01-15", **high)
        make_classification(self.steady, "2025-01-15", "2025-01-25", **low)
        make_classification(self.steady, "2025-01-25", **high)
        self.old = won(self.risen, "2024-11-10", "2025-04-10", 100, origin="referral")
        lost(self.risen, "2025-03-01", "2025-05-01")
        won(self.risen, "2025-03-01", "2025-06-09", 300)
        missed = lost(self.steady, "2025-01-20", "2025-06-15")
        won(self.steady, "2025-02-10", "2025-07-01", 500)
        won(self.unknown, "2025-01-05", "2025-03-06", 70)
        lost(None, "2025-01-10", "2025-02-10")
        for deal, many in ((self.old, 3), (missed, 2)):
            for number in range(many):
                assert deal.account
                make_touch(deal.account, at=f"2025-03-{number + 1:02}T10:00:00Z", opportunity=deal)

    def key(self, scope: str, name: str) -> int | None:
        """A is the tier of the upper class, B that of the lower; the others follow it."""
        if not name:
            return None
        names = {"tier": name, "industry": {"A": "Food", "B": "Chemistry"}[name]}
        names["region"] = {"A": "South", "B": "North"}[name]
        model = {"tier": Tier, "industry": Industry, "region": Region}.get(scope)
        return model._default_manager.get(name=names[scope]).pk if model else int(name == "A")


def won(account: Account, opened: str, closed: str, amount: int, **more: str) -> Opportunity:
    return make_opportunity(account, opened, amount, outcome="won", closed_on=closed, **more)


def lost(account: Account | None, opened: str, closed: str) -> Opportunity:
    return make_opportunity(account, opened, 999, outcome="lost", closed_on=closed)


SCOPES = (Scope.TIER, Scope.INDUSTRY, Scope.REGION, Scope.TARGET)

# Of A two deals were won (300 in 100 days, 500 in 141) and one lost, of B one won (100 in 151 days, three touches) and
# one lost (two touches); of an account that nobody classified one won (70 in 60 days), and one of no account was lost.
EXPECTED: dict[str, dict[str, Decimal | int | None]] = {
    "win_rate": {"A": Decimal(200) / 3, "B": 50, "": 50},
    "avg_deal_size": {"A": 400, "B": 100, "": 70},
    "median_deal_size": {"A": 400, "B": 100, "": 70},
    "sales_cycle_length": {"A": Decimal("120.5"), "B": 151, "": 60},
    "sales_cycle_median": {"A": Decimal("120.5"), "B": 151, "": 60},
    "sales_via_references": {"A": 0, "B": 100, "": 0},
    "touches_to_closure": {"A": 0, "B": 3, "": 0},
    "touches_to_closure_median": {"A": 0, "B": 3, "": 0},
    "touches_per_win": {"A": 0, "B": 5, "": 0},
}


def wrong(made: Deals, when: Period = YEAR, at: Run | None = None) -> list[object]:
    """What is not as expected, in every scope."""
    told = []
    for kpi, expected in EXPECTED.items():
        for scope in SCOPES:
            found = by_key(kpi, when, scope, run=at)
            for name, value in expected.items():
                key = made.key(scope, name)
                if key not in found or found[key].value != pytest.approx(value):
                    told.append((kpi, scope, name, found.get(key) and found[key].value, value))
    return told


@pytest.fixture
def made(db: None) -> Deals:
    return Deals()


def test_deals_count_in_the_group_that_their_account_was_in_when_each_was_opened(made: Deals) -> None:
    run("2025-12-31")

    assert not wrong(made)
    # The same, summed when a page asks: every deal of the year but that of nobody's ended before August.
    assert not wrong(made, ODD)
    # Velocity of the whole year would go by A's 400, its two thirds and its 120.5 days.
    by_tier = result("pipeline_velocity", YEAR, Scope.TIER, made.key(Scope.TIER, "A"))
    assert [each.value for each in by_tier.inputs[1:]] == [400, Decimal(200) / 3, Decimal("120.5")]


def test_groups_of_deals_and_those_without_one_add_up_to_the_company(made: Deals) -> None:
    run("2025-12-31")

    by_opening = [kpi for kpi in KPI.values() if isinstance(kpi, Kpi) and kpi.goes_by_opening]
    assert {kpi.id for kpi in by_opening} == {
        *(kpi for kpi in EXPECTED if isinstance(KPI[kpi], Kpi)),
        "avg_deal_size_target",
        "avg_deal_size_other",
    }
    for when in (YEAR, ODD):
        for kpi in by_opening:
            whole = result(kpi.id, when)
            for scope in SCOPES:
                groups = by_key(kpi.id, when, scope).values()
                for name, value in whole.parts.items():
                    assert sum(each.parts[name] for each in groups) == value, (kpi.id, scope, name)


def test_a_later_class_moves_no_deal_and_a_corrected_one_does(made: Deals) -> None:
    first = run("2025-12-31")
    # Later than any of its deals was opened.
    Classification.objects.filter(pk=made.promotion.pk).update(
        during=days(day("2025-02-01"), day("2025-03-15"))
    )
    make_classification(made.risen, "2025-03-15", tier="C", industry="Paper", region="West", is_target=False)
    run("2025-12-31")
    assert not wrong(made)

    # The promotion is said to have come before the oldest deal: that one is of A, too.
    Classification.objects.filter(account=made.risen, tier__name="B").update(
        during=days(day("2024-01-01"), day("2024-11-01"))
    )
    Classification.objects.filter(pk=made.promotion.pk).update(
        during=days(day("2024-11-01"), day("2025-03-15"))
    )
    run("2025-12-31")
    for scope in SCOPES:
        values = {
            name: result("win_rate", YEAR, scope, made.key(scope, name)).value for name in ("A", "B", "")
        }
        assert values == {"A": 75, "B": 0, "": 50}, scope
        assert result("avg_deal_size", YEAR, scope, made.key(scope, "A")).value == 300
        assert result("avg_deal_size", YEAR, scope, made.key(scope, "B")).reason == "no_base"
    # Whoever looks at the first run sees what it said, in a period that it did not store as well.
    of_sums = {kpi for kpi in EXPECTED if isinstance(KPI[kpi], Kpi)}
    assert not wrong(made, YEAR, first)
    assert not [each for each in wrong(made, ODD, first) if each[0] in of_sums]  # type: ignore[index]


def test_a_night_that_hears_of_a_class_of_a_few_days_is_a_rebuild(made: Deals) -> None:
    run("2025-12-31")
    # Only the ten days in January become another tier: no stamp of any month is another.
    Classification.objects.filter(account=made.steady, tier__name="B").update(
        tier=Tier.objects.get(name="A"), is_target=None
    )
    run("2025-12-31")
    found = {
        name: result("win_rate", YEAR, Scope.TIER, made.key(Scope.TIER, name)).value for name in ("A", "B")
    }
    assert found == {"A": 50, "B": 100}
    assert result("win_rate", YEAR, Scope.TARGET, None).value == pytest.approx(Decimal(100) / 3)
    kept = (facts(), stored(), sorted(AccountMonth.objects.values_list("opened_as", flat=True)))
    rebuilt = run("2025-12-31", Run.Cause.FULL)
    assert (rebuilt.rows_inserted, rebuilt.rows_replaced, rebuilt.figures) == (0, 0, 0)
    assert (facts(), stored(), sorted(AccountMonth.objects.values_list("opened_as", flat=True))) == kept


def totals_of_rows(kpi: str, scope: str, key: int | None, hana: User) -> list[Decimal]:
    choice = read_choice({"period": "year", "end": "2025-12"}, Organisation.current(), None)
    assert choice is not None
    return [find_rows(hana, each, Place(scope, key, ""), choice, 1).total for each in row_sets(KPI[kpi])]


def test_a_group_is_explained_down_to_the_rows_that_were_opened_in_it(made: Deals) -> None:
    run("2025-12-31")
    hana = make_user("Hana", "head")
    for scope in SCOPES:
        a, b, nobody = (made.key(scope, name) for name in ("A", "B", ""))
        for kpi, expected in (
            ("win_rate", ([2, 3], [1, 2], [1, 2])),
            ("avg_deal_size", ([800, 2], [100, 1], [70, 1])),
            ("median_deal_size", ([800], [100], [70])),
            ("sales_cycle_length", ([241, 2], [151, 1], [60, 1])),
            ("touches_per_win", ([0, 2], [5, 1], [0, 1])),
        ):
            found = [totals_of_rows(kpi, scope, key, hana) for key in (a, b, nobody)]
            assert found == [list(map(Decimal, each)) for each in expected], (kpi, scope)

    client = as_(hana)
    tier = made.key(Scope.TIER, "B")
    page = client.get(f"/scorecards/tier/{tier}/win_rate/?period=year&end=2025-12&full=1").content.decode()
    assert "every deal as its account was classified on the day the deal was opened" in page
    # One deal of each of two accounts that are both of A by now; the one that was lost adds nothing to the share.
    assert "Risen" in page
    assert "2 accounts" in page
    grouped = client.get("/compare/win_rate/?by=tier&period=year&end=2025-12")
    assert (
        "every deal as its account was classified on the day the deal was opened" in grouped.content.decode()
    )


def test_what_lies_outside_a_group_is_made_of_the_deals_of_the_others(made: Deals) -> None:
    run("2025-12-31")
    choice = read_choice({"period": "year", "end": "2025-12"}, Organisation.current(), None)
    assert choice is not None
    kpi = KPI["avg_deal_size"]
    groups = Groups(choice, Scope.TIER, [kpi], [])
    rests = {name: groups.rest(kpi, made.key(Scope.TIER, name)) for name in ("A", "B", "")}
    # Outside A 100 and 70 were won; outside B 300, 500 and 70; by accounts that were classified 100, 300 and 500.
    assert {name: rest and rest.value for name, rest in rests.items()} == {"A": 85, "B": 290, "": 300}


def test_a_run_of_an_older_version_is_read_as_it_was_published(made: Deals) -> None:
    old = run("2025-12-31")
    Run.objects.update(settings={name: value for name, value in old.settings.items() if name != BY_OPENING})
    old.refresh_from_db()

    # By the class of the first of January: one account of B with two of three, one of A with one of two.
    for when in (YEAR, period("2025-01-01", "2025-08-01")):
        found = {
            name: result("win_rate", when, Scope.TIER, made.key(Scope.TIER, name)).value
            for name in ("A", "B")
        }
        assert found == {"A": 50, "B": pytest.approx(Decimal(200) / 3)}
    hana = make_user("Hana", "head")
    assert totals_of_rows("win_rate", Scope.TIER, made.key(Scope.TIER, "B"), hana) == [2, 3]
