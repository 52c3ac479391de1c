"""Forecasts are frozen once, from open deals by their likelihood and what was won so far."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Account, Forecast, Organisation, User
from accounts.revenue.forecasts import FROZEN, freeze, freeze_due
from tests.factories import day, make_assignment, make_opportunity, make_rate, make_stage

pytestmark = pytest.mark.django_db

START, END = day("2026-04-01"), day("2026-07-01")


def amounts(**of: object) -> dict[str | None, Decimal]:
    found = Forecast.objects.filter(**of).select_related("user")
    return {row.user.name if row.user else None: row.amount for row in found}


def test_a_forecast_weighs_open_deals_and_adds_what_was_won(
    maya: User, omar: User, maya_account: Account, omar_account: Account
) -> None:
    half, most = make_stage("Offer", probability="0.5"), make_stage("Talks", probability="0.8")
    opened = day("2026-02-01")
    make_opportunity(
        maya_account, opened, 1000, phases=[(half, opened, "2026-03-15"), (most, "2026-03-15", None)]
    )
    make_opportunity(
        maya_account, opened, 400, phases=[(half, opened, None)], splits={maya: "0.25", omar: "0.75"}
    )
    make_opportunity(omar_account, opened, 90, outcome="won", closed_on="2026-04-10")
    make_opportunity(omar_account, opened, 70, outcome="won", closed_on="2026-03-31")
    make_opportunity(omar_account, opened, 80, outcome="lost", closed_on="2026-04-10")
    make_opportunity(None, opened, 60, phases=[(half, opened, None)])

    assert freeze(START, END, day("2026-04-20")) == 3
    # 0.8 x 1000 + 0.5 x 400 x 0.25; 0.5 x 400 x 0.75 + 90; the company has the deal without an account, too
    assert amounts() == {"Maya Marin": Decimal(850), "Omar Okoye": Decimal(240), None: Decimal(1120)}


def test_a_deal_that_was_open_then_counts_although_it_is_closed_now(maya_account: Account) -> None:
    stage = make_stage("Offer", probability="0.5")
    make_opportunity(
        maya_account,
        "2026-02-01",
        100,
        outcome="lost",
        closed_on="2026-05-01",
        phases=[(stage, "2026-02-01", "2026-05-01")],
    )
    freeze(START, END, START)
    assert amounts() == {"Maya Marin": Decimal(50), None: Decimal(50)}


def test_a_won_deal_belongs_to_the_owner_of_its_day(maya: User, omar: User) -> None:
    from tests.factories import make_account

    account = make_account("Handed over")
    make_assignment(account, maya, "2026-01-01", "2026-04-15")
    make_assignment(account, omar, "2026-04-15")
    make_opportunity(account, "2026-02-01", 100, outcome="won", closed_on="2026-04-10")
    freeze(START, END, day("2026-05-01"))
    assert amounts() == {"Maya Marin": Decimal(100), None: Decimal(100)}


def test_what_is_not_known_is_left_out_and_counted(maya_account: Account) -> None:
    stage = make_stage("Offer", probability="0.5")
    make_rate("CHF", "1.1", "2026-03-01")
    for amount, currency, phases in (
        (100, "CHF", [(stage, "2026-02-01", None)]),
        (100, "SEK", [(stage, "2026-02-01", None)]),
        (None, "EUR", [(stage, "2026-02-01", None)]),
        (100, "EUR", []),
    ):
        make_opportunity(maya_account, "2026-02-01", amount, currency=currency, phases=phases)
    freeze(START, END, START)
    company = Forecast.objects.get(user=None)
    assert (company.amount, company.left_out) == (Decimal(55), 3)


def test_a_period_is_frozen_once_and_stays_as_it_was(maya_account: Account) -> None:
    Organisation.objects.get_or_create(pk=1)
    stage = make_stage("Offer", probability="0.5")
    make_opportunity(maya_account, "2026-02-01", 100, phases=[(stage, "2026-02-01", None)])
    assert freeze_due(START) == 6
    make_opportunity(maya_account, "2026-04-02", 900, phases=[(stage, "2026-04-02", None)])
    assert freeze_due(day("2026-04-02")) == 0
    assert freeze(START, END, START) == 0
    assert amounts(ends_on=END) == {"Maya Marin": Decimal(50), None: Decimal(50)}
    # In the middle of April the month is frozen once more, on the 16th or in the week from it on; in May it is new.
    assert [freeze_due(day(f"2026-04-{number}")) for number in (15, 17, 18)] == [0, 2, 0]
    assert freeze_due(day("2026-05-01")) == 2
    # From the 16th of May on it is the middle of the month and of the quarter, in June of neither.
    assert [freeze_due(day(each)) for each in ("2026-05-16", "2026-05-17", "2026-06-01", "2026-06-23")] == [
        4, 0, 2, 0,
    ]  # fmt: skip
    assert set(Forecast.objects.values_list("source", flat=True)) == {FROZEN}


def test_the_first_snapshot_counts_if_it_was_made_by_then(maya: User) -> None:
    for frozen, amount in (("2026-04-01", 100), ("2026-05-01", 60)):
        Forecast.objects.create(
            user=maya, starts_on=START, ends_on=END, frozen_on=day(frozen), amount=amount, source="crm"
        )
    assert Forecast.objects.all().frozen_by(day("2026-03-31")).count() == 0
    assert Forecast.objects.all().frozen_by(day("2026-06-01")).get().amount == 100


@pytest.mark.parametrize(
    ("starts", "ends", "frozen", "amount"),
    [
        ("2026-07-01", "2026-04-01", "2026-04-01", 1),
        ("2026-04-02", "2026-07-01", "2026-04-02", 1),
        ("2026-04-01", "2026-07-01", "2026-07-01", 1),
        ("2026-04-01", "2026-07-01", "2026-04-01", -1),
    ],
)
def test_the_database_refuses_what_is_no_forecast(starts: str, ends: str, frozen: str, amount: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Forecast.objects.create(
            starts_on=day(starts), ends_on=day(ends), frozen_on=day(frozen), amount=amount
        )


def test_a_forecast_is_seen_by_the_person_the_lead_and_the_head(
    maya: User, omar: User, lena: User, hana: User, mira: User, vic: User, adam: User
) -> None:
    for who in (maya, omar, None):
        Forecast.objects.create(user=who, starts_on=START, ends_on=END, frozen_on=START, amount=1)
    seen = {
        who.name.split()[0]: Forecast.objects.visible_to(who).count()
        for who in (maya, lena, hana, mira, vic, adam)
    }
    assert seen == {"Maya": 1, "Lena": 1, "Hana": 3, "Mira": 0, "Vic": 0, "Adam": 0}
