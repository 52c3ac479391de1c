"""What a run predicts, from rows to the page."""

import datetime
from decimal import Decimal

import numpy as np
import pytest
from django.test import Client

from accounts.models import Account, Contract, Order, OrderLine, Organisation, User
from metrics.models import FittedModel, Prediction
from metrics.prediction import orders as prediction
from metrics.prediction import renewals
from tests.factories import make_account, make_contract, make_order, span
from tests.metrics.engine import day, run

pytestmark = pytest.mark.django_db

AS_OF = day("2026-01-31")


def make_buyers(count: int, seed: int = 3) -> None:
    """Accounts that order for two years at rates of their own; some leave."""
    random = np.random.default_rng(seed)
    accounts = Account.objects.bulk_create([Account(name=f"Buyer {n}") for n in range(count)])
    made = []
    for account in accounts:
        when, rate, leaves = 0.0, random.gamma(1.2, 0.12), random.beta(0.8, 3.0)
        first = day("2024-01-01") + datetime.timedelta(days=int(random.integers(0, 200)))
        while True:
            on = first + datetime.timedelta(weeks=when)
            if on > AS_OF:
                break
            made.append(Order(account=account, number=f"{account.pk}-{len(made)}", date=on))
            if random.random() < leaves and when:
                break
            when += random.exponential(1 / rate)
    Order.objects.bulk_create(made)
    OrderLine.objects.bulk_create(
        [OrderLine(order=order, amount=Decimal(round(random.gamma(6, 200), 2))) for order in made]
    )


def test_few_customers_give_a_reason_and_what_has_been(maya: User, client: Client) -> None:
    make_buyers(20)
    account = make_account("Few", owner=maya)
    make_order(account, "2025-06-02", 400)
    make_order(account, "2025-01-31", 900)  # the day before the 12 months
    run(AS_OF)

    fitted = FittedModel.objects.get(name=FittedModel.Name.ORDERS)
    assert "only 21 customers" in fitted.refused
    assert fitted.rates == {} and not Prediction.objects.exists()
    assert "only 0 contracts" in FittedModel.objects.get(name=FittedModel.Name.RENEWALS).refused
    client.force_login(maya)
    page = client.get(f"/portfolio/{account.pk}/expected/").content.decode()
    assert "it bought for €400 in the last 12 months." in page


def test_the_company_s_rate_of_renewals_stands_in_for_a_refused_model_only_for_whom_it_is(
    maya: User, lena: User, hana: User, client: Client
) -> None:
    account = make_account("Bound", owner=maya)
    for number, outcome in enumerate(("renewed", "lost")):
        Contract.objects.create(
            account=account,
            number=f"C-{number}",
            during=span("2024-06-01", "2025-06-01"),
            annual_value=100,
            outcome=outcome,
            renewed_value=100 if outcome == "renewed" else None,
        )
    run(AS_OF)

    told = {}
    for person in (maya, lena, hana):
        client.force_login(person)
        page = client.get(f"/portfolio/{account.pk}/expected/").content.decode()
        told[person.name] = "50.0 % were renewed (1 of 2 due)" in page.replace("\xa0", " ")
    assert told == {maya.name: False, lena.name: False, hana.name: True}


def test_many_customers_get_a_chance_orders_and_a_value_with_a_range(maya: User, client: Client) -> None:
    make_buyers(260)
    quiet, busy = make_account("Quiet", owner=maya), make_account("Busy", owner=maya)
    for week in range(10):
        make_order(quiet, day("2024-01-01") + datetime.timedelta(weeks=week), 500)
        make_order(busy, day("2025-11-20") + datetime.timedelta(weeks=week), 500)
    run(AS_OF)

    fitted = FittedModel.objects.get(name=FittedModel.Name.ORDERS)
    assert (fitted.refused, fitted.n) == ("", 262)
    of = {each.account_id: each for each in Prediction.objects.filter(name=FittedModel.Name.ORDERS)}
    assert of[quiet.pk].inputs == {
        "x": 9,
        "t_x": 9,
        "t": pytest.approx((AS_OF - day("2024-01-01")).days / 7),
        "mean": 500,
    }
    # Ten orders in ten weeks and then silence for two years: gone. The same ten until last week: there.
    assert of[quiet.pk].chance < 0.05 < 0.8 < of[busy.pk].chance
    assert of[busy.pk].value > of[quiet.pk].value
    assert all(each.low <= each.high for each in of.values())
    assert of[busy.pk].low < of[busy.pk].value < of[busy.pk].high

    client.force_login(maya)
    page = client.get(f"/portfolio/{busy.pk}/expected/").content.decode()
    assert "BG/NBD" in page and "likely to order again" in page


def test_the_expected_orders_equal_many_imagined_futures() -> None:
    """An oracle that plays the future of one customer 20,000 times, order by order."""
    make_buyers(260)
    run(AS_OF)
    history = prediction.read_history(AS_OF)
    fit, _ = prediction.fit(history)
    assert fit is not None
    one = int(np.argmax(history.x))
    model, random = fit.orders.model, np.random.default_rng(1)
    expected = prediction.expect(fit, history)
    played = []
    for _ in range(20_000):
        count = 0
        if random.random() < expected.chance[one]:
            rate = random.gamma(model.r + history.x[one], 1 / (model.alpha + history.t[one]))
            leaving = random.beta(model.a, model.b + history.x[one])
            when = random.exponential(1 / rate)
            while when <= prediction.YEAR:
                count += 1
                if random.random() < leaving:
                    break
                when += random.exponential(1 / rate)
        played.append(count)
    assert expected.orders[one] == pytest.approx(np.mean(played), rel=0.03)


def test_an_account_with_a_contract_is_no_customer_without_one(maya: User) -> None:
    Organisation.objects.get_or_create(pk=1)
    free, bound = make_account("Free", owner=maya), make_account("Bound", owner=maya)
    for account in (free, bound):
        make_order(account, "2025-03-01", 100)
    make_contract(bound, "2025-06-01", "2026-06-01")

    assert prediction.read_history(AS_OF).accounts == [free.pk]


def test_renewals_are_counted_by_how_often_a_contract_came_so_far(maya: User) -> None:
    account = make_account("Loyal", owner=maya)

    def term(number: str, year: int, outcome: str) -> None:
        Contract.objects.create(
            account=account,
            number=number,
            during=span(f"{year}-01-01", f"{year + 1}-01-01"),
            annual_value=100,
            outcome=outcome,
            renewed_value=100 if outcome == "renewed" else None,
        )

    for year in (2022, 2023, 2024, 2025):
        term("A", year, "renewed")
    term("A", 2026, "open")
    term("B", 2024, "renewed")
    term("B", 2025, "lost")
    term("C", 2025, "lapsed")
    found = renewals.read_renewals(AS_OF)

    # A renewed four times and goes on; B renewed once and was lost at its second; C was lost at its first.
    assert list(found.t) == [1, 2, 3, 4]
    assert list(found.lost) == [1, 1, 0, 0]
    assert list(found.waiting) == [0, 0, 0, 1]


def test_what_renewals_are_worth_lies_within_its_range() -> None:
    model = renewals.sbg.Sbg(0.668, 3.806)
    contract = renewals.Contract(1, "A", 7, 1000.0, 0.9, model.residual_lifetime(7, 0.1))
    assert contract.bound(model, 0.1) < contract.value < contract.bound(model, 0.9)
    # Of 1,000 contracts with 7 renewals, 10 % are lost within so many renewals as the low bound counts.
    still = model.survival(np.arange(7.0, 12.0)) / model.survival(np.array([7.0]))
    reached = int(np.sum(still[1:] >= 0.9))
    assert contract.bound(model, 0.1) == pytest.approx(1000 * sum(1.1**-k for k in range(reached)))
