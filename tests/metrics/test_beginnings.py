"""An account's history begins with its first row, of whichever kind: no fact of it lies before."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db.models import F

from accounts.fields import days
from accounts.models import Account, Fit, IcpCriterion, IcpWeight, Outcome, ProductCategory, WhitespaceCell
from metrics.alerts.models import Alert
from metrics.models import AccountMonth, Run
from tests.factories import (
    make_account,
    make_assignment,
    make_classification,
    make_contact,
    make_goal,
    make_order,
    make_plan,
    make_touch,
    make_user,
)
from tests.metrics.engine import day, run

pytestmark = pytest.mark.django_db

FIRST = "2024-08-10"


def estimate(account: Account) -> None:
    WhitespaceCell.objects.create(
        account=account,
        category=ProductCategory.objects.create(name="Pumps"),
        yearly_spend=Decimal(5000),
        currency="EUR",
        noted_on=day(FIRST),
        basis="confirmed",
    )


def fit(account: Account) -> None:
    criterion = IcpCriterion.objects.create(name="Size")
    # Nothing is known of the usual criteria: less than 60 % of the weights would be no fit.
    IcpWeight.objects.all().delete()
    IcpWeight.objects.create(criterion=criterion, weight=10, during=days(day("2020-01-01")))
    Fit.objects.create(account=account, criterion=criterion, match=1, noted_on=day(FIRST), basis="confirmed")


def key_contact(account: Account) -> None:
    make_contact(account, since=day("2024-03-01"), key_during=days(day(FIRST)))


def outcome_due(account: Account) -> None:
    """Before the plan that names it, which begins with the year."""
    goal = make_goal(make_plan(account, "2025-01-01", "2026-01-01"))
    Outcome.objects.create(goal=goal, title="Availability", due_on=day(FIRST), first_due_on=day(FIRST))


def warning(account: Account) -> None:
    Alert.objects.create(
        account=account, kind="detractor", cause="1", is_red=True, opened_on=day(FIRST), seen_on=day(FIRST)
    )


@pytest.mark.parametrize("make", [estimate, fit, key_contact, outcome_due, warning])
def test_an_account_begins_with_its_first_row_of_any_kind(make: Callable[[Account], None]) -> None:
    make_touch(make_account("Older"), at="2024-05-05T10:00:00Z")
    account = make_account("Late")
    make_assignment(account, make_user(), "2025-01-01")
    make(account)
    run("2025-06-15")
    of_it = AccountMonth.objects.filter(account_id=account.pk)
    assert set(of_it.values_list("began", flat=True)) == {day("2024-08-01")}
    assert of_it.order_by("month").values_list("month", flat=True).first() == day("2024-08-01")
    assert not AccountMonth.objects.filter(month__lt=F("began")).exists()


def test_a_night_after_the_change_of_an_account_that_began_with_a_fit_is_a_rebuild() -> None:
    """It always was what another account was that began with a touch: both are summed as one group."""
    early, late = make_account("Early"), make_account("Late")
    # Of a few accounts the differences are added, of many all is summed again.
    for number in range(4):
        make_order(make_account(), "2025-02-10", number + 1)
    make_touch(early, at=f"{FIRST}T10:00:00Z")
    fit(late)
    for account in (early, late):
        make_classification(account, "2025-01-01", tier="A", region="North")
        make_order(account, "2025-02-10", 100)
    run("2025-06-15", Run.Cause.FULL)
    make_order(late, "2025-02-11", 50)
    assert not run("2025-06-15").is_full
    rebuilt = run("2025-06-15", Run.Cause.FULL)
    assert (rebuilt.rows_inserted, rebuilt.rows_replaced, rebuilt.figures) == (0, 0, 0)
