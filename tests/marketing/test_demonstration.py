"""The demonstration company's marketing: nothing ahead of the day, and worth looking at."""

import datetime
from collections import Counter
from decimal import Decimal

from accounts.revenue.marketing import BANT
from tests.test_demo import TODAY, company

STEPS = ("mql_on", "sql_on", "converted_on", "customer_on", "dropped_on")


def test_no_lead_booking_or_state_lies_ahead_or_out_of_order() -> None:
    made_up = company()
    for lead in made_up.marketing.leads:
        days = [getattr(lead, step) for step in STEPS if getattr(lead, step)]
        assert all(lead.created_on <= day <= TODAY for day in days)
        assert not lead.sql_on or (lead.mql_on <= lead.sql_on and all(getattr(lead, item) for item in BANT))
        assert not (lead.customer_on and lead.dropped_on)
    dated = [
        row.date for row in (*made_up.marketing.spend, *made_up.standing.costs, *made_up.standing.states)
    ]
    noted = [row.noted_on for row in made_up.standing.fits] + [row.on for row in made_up.marketing.touches]
    assert max(dated + noted) <= TODAY


def test_leads_narrow_down_from_many_to_a_few_customers() -> None:
    leads = company().marketing.leads
    counts = [len(leads), *(sum(bool(getattr(lead, step)) for lead in leads) for step in STEPS[:2])]
    customers = sum(bool(lead.customer_on) for lead in leads)
    assert counts[0] > 2 * counts[1] > 2 * counts[2] > 2 * customers > 20
    assert len(Counter(lead.channel for lead in leads)) >= 8


def test_a_year_of_spend_is_what_such_a_company_spends() -> None:
    year = [row for row in company().marketing.spend if row.date > TODAY - datetime.timedelta(days=365)]
    assert Decimal(700_000) < sum(row.amount for row in year if row.currency == "EUR") < Decimal(1_600_000)
    assert {row.is_target for row in year} == {True, False, None}


def test_every_lost_customer_is_noted_and_not_all_were_asked() -> None:
    losses = company().standing.losses
    asked = sum(row.interviewed_on is not None for row in losses)
    assert 0 < asked < len(losses)
