"""What the database refuses, what first days mean, and who sees which of these facts."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.fields import days
from accounts.models import (
    Account,
    AccountState,
    AdvocacyAction,
    Campaign,
    CampaignTouch,
    CostToServe,
    Fit,
    Headcount,
    IcpCriterion,
    IcpWeight,
    Lead,
    Leaver,
    LossInterview,
    ReferenceConsent,
    Spend,
    Team,
    User,
)
from accounts.portfolio.fit import Fit as FitModel
from tests.factories import day, make_account, make_campaign, make_lead, make_rate, make_spend

pytestmark = pytest.mark.django_db

YES = {"budget": True, "authority": True, "need": True, "timeline": True}


def refused(make: Any) -> bool:
    """The database itself says no, whatever forms do."""
    try:
        with transaction.atomic():
            make()
    except IntegrityError:
        return True
    return False


@pytest.mark.parametrize(
    "fields",
    [
        {"mql_on": "2026-01-09"},
        {"mql_on": "2026-01-20", "sql_on": "2026-01-15", **YES},
        {"sql_on": "2026-01-15", **YES},
        {"mql_on": "2026-01-12", "sql_on": "2026-01-15", **YES, "need": None},
        {"converted_on": "2026-01-15"},
        {"dropped_on": "2026-01-01"},
        {"drop_reason": "no budget"},
    ],
    ids=lambda fields: "+".join(fields),
)
def test_the_days_of_a_lead_come_in_order(fields: dict[str, Any]) -> None:
    assert refused(lambda: make_lead(created_on="2026-01-10", **fields))


def test_a_customer_is_an_account_and_was_not_given_up() -> None:
    aurora = make_account("Aurora")
    linked = {"account": aurora, "converted_on": "2026-02-01"}
    assert refused(lambda: make_lead(customer_on="2026-03-01"))
    assert refused(lambda: make_lead(**linked, customer_on="2026-03-01", dropped_on="2026-03-02"))
    assert refused(lambda: make_lead(**linked, customer_on="2026-01-01"))
    assert not refused(lambda: make_lead(**linked, customer_on="2026-03-01"))


def test_an_answer_that_turns_to_no_leaves_the_day_of_four_yes() -> None:
    lead = make_lead(mql_on="2026-01-12", sql_on="2026-01-15", **YES)
    Lead.objects.filter(pk=lead.pk).update(timeline=False)
    lead.refresh_from_db()
    assert lead.sql_on == day("2026-01-15") and not lead.is_sales_ready


def test_three_yes_and_one_unknown_are_three_of_four_known() -> None:
    lead = make_lead(**{**YES, "timeline": None})
    assert (lead.bant_known, lead.is_sales_ready) == (3, False)


def test_leads_stand_in_exactly_one_state() -> None:
    aurora = make_account("Aurora")
    new = make_lead()
    mql = make_lead(mql_on="2026-01-12")
    sql = make_lead(mql_on="2026-01-12", sql_on="2026-01-15", **YES)
    won = make_lead(account=aurora, converted_on="2026-01-15", customer_on="2026-02-01")
    lost = make_lead(mql_on="2026-01-12", dropped_on="2026-02-01")
    names = ("new", "mql", "sql", "customer", "dropped")
    states = [Lead.objects.all().in_state(name) for name in names]
    assert [list(found) for found in states] == [[new], [mql], [sql], [won], [lost]]
    assert set(Lead.objects.all().in_state("open")) == {new, mql, sql}


def test_spend_is_converted_at_the_rate_of_its_day_and_never_without_one() -> None:
    make_rate("CHF", "1.05", "2026-01-01")
    make_rate("CHF", "1.10", "2026-02-01")
    campaign = make_campaign()
    make_spend(campaign, "2026-01-31", 100, currency="CHF")
    make_spend(campaign, "2026-02-01", 100, currency="CHF")
    make_spend(campaign, "2026-02-01", 100)
    make_spend(campaign, "2026-02-01", 100, currency="SEK")
    found = Spend.objects.all().converted().order_by("pk").values_list("reported", flat=True)
    assert list(found) == [Decimal(105), Decimal(110), Decimal(100), None]


def test_a_campaign_is_planned_running_or_ended() -> None:
    make_campaign("A", "2026-03-01", "2026-03-02")
    today = day("2026-03-01")
    states = {
        when: Campaign.objects.all().with_state(when).get().state
        for when in (today - datetime.timedelta(days=1), today, today + datetime.timedelta(days=1))
    }
    assert list(states.values()) == ["planned", "running", "ended"]


def test_a_campaign_touches_an_account_or_a_lead() -> None:
    fair = make_campaign("Fair")
    assert refused(lambda: CampaignTouch.objects.create(campaign=fair, on=day("2026-02-01")))


def test_a_state_is_a_number_or_a_level() -> None:
    aurora = make_account("Aurora")
    common = {"account": aurora, "kind": "usage"}
    assert refused(lambda: AccountState.objects.create(**common, date=day("2026-01-01")))
    assert refused(
        lambda: AccountState.objects.create(**common, date=day("2026-01-01"), value=50, level="good")
    )


def test_a_consent_holds_until_it_expires_or_is_taken_back() -> None:
    """golden.json, referenceable_clients: agreed, and consent has not expired."""
    aurora = make_account("Aurora")
    span = days(day("2026-01-01"), day("2027-01-01"))
    ReferenceConsent.objects.create(account=aurora, during=span, revoked_on=day("2026-06-01"))
    valid = [
        ReferenceConsent.objects.all().valid_on(day(when)).count()
        for when in ("2025-12-31", "2026-01-01", "2026-05-31", "2026-06-01")
    ]
    assert valid == [0, 1, 1, 0]
    assert refused(
        lambda: ReferenceConsent.objects.create(account=aurora, during=span, revoked_on=day("2025-12-31"))
    )


def test_only_what_others_hear_can_speak_against_us() -> None:
    aurora = make_account("Aurora")
    for kind, no in (("mention", False), ("review", False), ("referral", True), ("case_study", True)):
        assert no == refused(
            lambda kind=kind: AdvocacyAction.objects.create(
                account=aurora, on=day("2026-01-01"), kind=kind, is_positive=False
            )
        )


def test_a_loss_is_noted_once_and_may_stay_without_an_interview() -> None:
    aurora = make_account("Aurora")
    LossInterview.objects.create(account=aurora, lost_on=day("2026-01-01"))
    assert refused(lambda: LossInterview.objects.create(account=aurora, lost_on=day("2026-01-01")))
    assert LossInterview.objects.all().held().count() == 0


def test_a_fit_is_of_one_and_its_word_of_a_day_is_said_once() -> None:
    aurora, lead = make_account("Aurora"), make_lead()
    size = IcpCriterion.objects.create(name="Size")
    common = {"criterion": size, "noted_on": day("2026-01-01")}
    assert refused(lambda: Fit.objects.create(**common, match=1))
    assert refused(lambda: Fit.objects.create(**common, account=aurora, lead=lead, match=1))
    assert refused(lambda: Fit.objects.create(**common, account=aurora, match=Decimal("1.1")))
    Fit.objects.create(**common, account=aurora, match=1)
    assert refused(lambda: Fit.objects.create(**common, account=aurora, match=0))


def test_a_criterion_has_one_weight_a_day() -> None:
    size = IcpCriterion.objects.create(name="Size")
    IcpWeight.objects.create(criterion=size, during=days(day("2026-01-01")), weight=40)
    later = IcpWeight(criterion=size, during=days(day("2026-06-01")), weight=30)
    with pytest.raises(ValidationError, match="another weight on some of these days"):
        later.full_clean()


def test_a_headcount_is_one_a_team_and_day(north: Team) -> None:
    Headcount.objects.create(team=north, on=day("2026-04-01"), number=5)
    assert refused(lambda: Headcount.objects.create(team=north, on=day("2026-04-01"), number=6))


def test_a_cost_of_nothing_is_no_cost() -> None:
    with pytest.raises(ValidationError, match="no cost"):
        CostToServe(account=make_account("Aurora"), date=day("2026-01-01"), amount=0).full_clean()


def test_who_sees_what_of_it(
    maya: User, lena: User, hana: User, mira: User, vic: User, adam: User, maya_account: Account, north: Team
) -> None:
    """One row of each, all of maya's account; design §7."""
    own, size = make_lead(owner=maya), IcpCriterion.objects.create(name="Size")
    make_lead("Strangers")
    on = day("2026-01-01")
    make_spend(make_campaign(), account=maya_account)
    CostToServe.objects.create(account=maya_account, date=on, amount=5)
    AccountState.objects.create(account=maya_account, date=on, kind="usage", value=5)
    ReferenceConsent.objects.create(account=maya_account, during=days(on))
    LossInterview.objects.create(account=maya_account, lost_on=on)
    Fit.objects.create(account=maya_account, criterion=size, match=1, noted_on=on)
    Leaver.objects.create(team=north, left_on=on)
    Headcount.objects.create(team=north, on=on, number=3)
    models = (
        Campaign,
        Spend,
        Lead,
        CostToServe,
        AccountState,
        ReferenceConsent,
        LossInterview,
        FitModel,
        Leaver,
        Headcount,
    )
    seen = {
        who.name.split()[0]: [model._default_manager.visible_to(who).count() for model in models]  # type: ignore[attr-defined]
        for who in (maya, lena, hana, mira, vic, adam)
    }
    assert seen == {
        #       campaign, spend, lead, cost, state, consent, loss, fit, leaver, headcount
        "Maya": [0, 0, 1, 1, 1, 1, 1, 1, 0, 0],
        "Lena": [0, 0, 0, 1, 1, 1, 1, 1, 0, 0],
        "Hana": [1, 1, 2, 1, 1, 1, 1, 1, 1, 1],
        "Mira": [1, 1, 2, 0, 0, 1, 0, 1, 0, 0],
        "Vic": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        "Adam": [0, 0, 0, 0, 0, 0, 0, 0, 1, 1],
    }
    adam.is_elevated = True
    assert [model._default_manager.visible_to(adam).count() for model in models] == seen["Hana"]  # type: ignore[attr-defined]
    assert list(Lead.objects.visible_to(maya)) == [own]
