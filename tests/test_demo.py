"""The demonstration company: the same every time, as told, and never beside anybody's own data."""

import datetime
import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import models

from accounts.demo import plot
from accounts.demo.agreements import FIRMS
from accounts.demo.calendar import Calendar
from accounts.demo.company import Company
from accounts.demo.organisation import holds_on
from accounts.models import (
    Account,
    Assignment,
    Classification,
    Contract,
    Grant,
    Membership,
    Opportunity,
    OpportunityPhase,
    OpportunitySplit,
    Order,
    OrderLine,
    Organisation,
    Quota,
    Role,
    Team,
    User,
)
from tests.factories import make_account

TODAY = datetime.date(2026, 11, 22)
YEAR_AGO = datetime.date(2025, 11, 22)
TABLES = [
    User,
    Team,
    Membership,
    Grant,
    Account,
    Assignment,
    Classification,
    Contract,
    Opportunity,
    OpportunityPhase,
    OpportunitySplit,
    Order,
    OrderLine,
    Quota,
]


@cache
def company(today: datetime.date = TODAY) -> Company:
    return Company(today)


def seed(*options: str, today: datetime.date = TODAY) -> str:
    out = StringIO()
    call_command("seed_demo", *options, f"--today={today}", stdout=out)
    return out.getvalue()


def as_text(value: Any) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def row_text(row: models.Model) -> str:
    """What a row says, in words of its own; no ids, nothing that is different at each writing."""
    skipped = {"id", "password", "granted_at"}
    names = [field.name for field in row._meta.concrete_fields if field.name not in skipped]
    return "|".join([type(row).__name__, *(as_text(getattr(row, name)) for name in names)])


def checksum(rows: Iterable[models.Model]) -> str:
    return hashlib.sha256("\n".join(sorted(row_text(row) for row in rows)).encode()).hexdigest()


@cache
def made(today: datetime.date = TODAY) -> str:
    return checksum(row for rows in company(today).batches() for row in rows if type(row) in TABLES)


def stored() -> str:
    rows: list[models.Model] = []
    for model in TABLES:
        keys = [field.name for field in model._meta.concrete_fields if field.is_relation]
        rows += model._default_manager.select_related(*keys)
    return checksum(rows)


def accounts_of(rows: Iterable[Any]) -> set[str]:
    return {row.account.name for row in rows if row.account}


def euros(person: str | None, first: datetime.date, until: datetime.date) -> float:
    """Revenue credited to a person: that of named sellers, and of the owner on the order's date."""
    made_up = company()
    total = 0.0
    for line in made_up.orders.lines:
        order = line.order
        if first <= order.date < until:
            owner = made_up.portfolio.owner_on(FIRMS[order.account.name], order.date) if order.account else ""
            if person is None or (order.seller.name if order.seller else owner) == person:
                total += made_up.rates.in_euros(line.amount, order.currency, order.date)
    return total


# --- the same every time


def test_the_same_day_gives_the_same_rows_in_another_process() -> None:
    code = (
        "import django, datetime; django.setup(); from tests import test_demo;"
        f"print(test_demo.made(datetime.date({TODAY:%Y, %-m, %-d})))"
    )
    others = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parent.parent,
            env={**os.environ, "PYTHONHASHSEED": seed, "DJANGO_SETTINGS_MODULE": "kamplan.settings"},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    here = made()

    assert [other.communicate()[0].strip() for other in others] == [here, here]


def test_another_day_gives_other_rows() -> None:
    assert made(datetime.date(2027, 2, 3)) != made()


@pytest.mark.parametrize(
    "today", [datetime.date(2027, 1, 1), datetime.date(2028, 2, 29), datetime.date(2027, 6, 30)]
)
def test_nothing_has_happened_after_the_day_it_is_dated_relative_to(today: datetime.date) -> None:
    made_up = company(today)

    assert max(order.date for order in made_up.orders.orders) <= today
    assert today - max(order.date for order in made_up.orders.orders) < datetime.timedelta(days=7)
    assert min(order.date for order in made_up.orders.orders).year == today.year - 3
    assert all(deal.opened_on <= today for deal in made_up.deals.opportunities)
    assert all(deal.closed_on <= today for deal in made_up.deals.opportunities if deal.closed_on)
    assert all(row.during.lower <= today for row in made_up.portfolio.assignments)


# --- who works there


def test_there_are_twelve_managers_in_three_teams_and_a_sub_team() -> None:
    staff = company().staff
    roles = Counter(user.role for user in staff.users.values())
    sub_teams = [team for team in staff.teams.values() if team.parent]

    assert roles == {
        Role.MANAGER: 12,
        Role.LEAD: 3,
        Role.HEAD: 1,
        Role.MARKETING: 1,
        Role.VIEWER: 1,
        Role.ADMINISTRATOR: 1,
    }
    assert [team.parent.name for team in sub_teams if team.parent] == ["Key Accounts South"]
    assert len(staff.teams) - len(sub_teams) == 3
    assert all(team.lead for team in staff.teams.values() if not team.parent)


def test_one_manager_left_and_others_took_the_accounts() -> None:
    made_up = company()
    left = made_up.staff.users["Stefan Baumann"]
    his = [row for row in made_up.portfolio.assignments if row.user is left]

    assert not left.is_active
    assert len(his) == 7  # one of them was handed on long before
    assert all(row.during.upper is not None for row in his)
    assert not any(holds_on(row, TODAY) for row in made_up.staff.memberships if row.user is left)


# --- customers


def test_there_are_62_accounts_in_14_groups() -> None:
    accounts = company().portfolio.accounts.values()
    groups = {account.parent.name for account in accounts if account.parent}

    assert len(accounts) == 62
    assert len(groups) == 14
    assert not any(account.parent and account.parent.parent for account in accounts)
    assert (
        sum(1 for account in accounts if account.parent and account.parent.name == "Nordlys Group ASA") == 5
    )
    assert {account.currency for account in accounts} == {"EUR", "USD", "CHF", "GBP", "SEK"}
    assert len({account.website for account in accounts}) == 62


def test_jana_holds_fourteen_accounts_of_known_tiers_worth_about_four_million() -> None:
    made_up = company()
    hers = {
        row.account.name
        for row in made_up.portfolio.assignments
        if row.user.name == "Jana Brandt" and row.role == "owner" and holds_on(row, TODAY)
    }
    classes = made_up.portfolio.classifications()
    tiers = Counter(row.tier.name for row in classes if row.account.name in hers and holds_on(row, TODAY))

    assert len(hers) == 14
    assert tiers == {"A": 3, "B": 6, "C": 5}
    assert (
        3_900_000 < euros("Jana Brandt", datetime.date(2025, 11, 1), datetime.date(2026, 11, 1)) < 4_500_000
    )


def test_accounts_were_handed_over_lost_returned_and_reactivated() -> None:
    made_up = company()
    owners = Counter(row.account.name for row in made_up.portfolio.assignments if row.role == "owner")
    last_order = {name: max(o.date for o in orders) for name, orders in orders_of(made_up).items()}
    silent = {name for name, day in last_order.items() if day < TODAY - datetime.timedelta(days=50)}
    lost = {
        "Meridian Bank plc",
        "Tessellate Robotics Ltd",
        "Prairie Gate Rail Inc.",
        "Rügen Fährdienst GmbH",
        "Brynmor Castings Ltd",
        "Vandermeer Cold Chain BV",
    }

    assert sum(owners.values()) - len(owners) == 21
    assert lost <= silent
    assert all(
        day > TODAY - datetime.timedelta(days=150) for name, day in last_order.items() if name not in lost
    )
    for name in plot.LATE_RETURNS:
        assert 14 < days_without_contract(made_up, name) <= 90
    assert days_without_contract(made_up, "Castellane Énergie SAS") > 90
    assert longest_silence(orders_of(made_up)["Storebro Maskin A/S"]) > 365 + 90


def orders_of(made_up: Company) -> dict[str, list[Order]]:
    found: dict[str, list[Order]] = {}
    for order in made_up.orders.orders:
        if order.account:
            found.setdefault(order.account.name, []).append(order)
    return found


def longest_silence(orders: list[Order]) -> int:
    dates = sorted(order.date for order in orders)
    return max((after - before).days for before, after in zip(dates, dates[1:], strict=False))


def days_without_contract(made_up: Company, name: str) -> int:
    terms = sorted(
        (row.during for row in made_up.contracts if row.account.name == name), key=lambda d: d.lower
    )
    return max((after.lower - before.upper).days for before, after in zip(terms, terms[1:], strict=False))


def test_an_account_had_no_owner_for_some_weeks() -> None:
    periods = company().portfolio.owners["Officine Bertolani SpA"]

    assert [name for _, _, name in periods] == ["Stefan Baumann", "Katharina Hofer"]
    assert (periods[1][0] - periods[0][1]).days == 37  # type: ignore[operator]


def test_tiers_were_changed_and_about_half_are_target_accounts() -> None:
    rows = company().portfolio.classifications()
    tiers: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda row: row.during.lower):
        assert row.tier
        tiers.setdefault(row.account.name, []).append(row.tier.name)
    changed = {name: (found[0], found[-1]) for name, found in tiers.items() if found[0] != found[-1]}
    targets = [row for row in rows if holds_on(row, TODAY) and row.is_target]

    assert (
        sum(before > after for before, after in changed.values()) == 6
    )  # promoted: from B to A, from C to B
    assert sum(before < after for before, after in changed.values()) == 2
    assert 28 <= len(targets) <= 42
    assert [row.account.name for row in rows if row.is_target is None] == ["Nordlys Digital AS"]


# --- money


def test_revenue_is_believable() -> None:
    first, until = datetime.date(2025, 11, 1), datetime.date(2026, 11, 1)
    year = euros(None, first, until)
    largest = max(
        sum(
            company().rates.in_euros(line.amount, line.order.currency, line.order.date)
            for line in company().orders.lines
            if line.order.account and line.order.account.name == name and first <= line.order.date < until
        )
        for name in ("Skarvik Energi AB", "Prairie Gate Corporation")
    )

    assert 45_000_000 < year < 50_000_000
    assert 0.07 < largest / year < 0.09
    assert 0 < year / euros(None, datetime.date(2024, 11, 1), first) - 1 < 0.12


def test_orders_have_credit_notes_other_sellers_and_some_have_no_account() -> None:
    made_up = company()
    orders = made_up.orders.orders
    credits = [order for order in orders if order.kind == Order.Kind.CREDIT_NOTE]

    assert 0.01 < len(credits) / len(orders) < 0.03
    assert 0.02 < sum(order.seller is not None for order in orders) / len(orders) < 0.06
    assert sum(order.account is None for order in orders) == 8
    assert len({order.number for order in orders}) == len(orders)
    assert all((line.amount < 0) == (line.order.kind == "credit_note") for line in made_up.orders.lines)


def test_rates_are_weekly_and_calm() -> None:
    rates = company().rates.rows()
    dollars = [row for row in rates if row.currency == "USD"]
    steps = [abs(b.rate / a.rate - 1) for a, b in zip(dollars, dollars[1:], strict=False)]

    assert {row.currency for row in rates} == {"USD", "CHF", "GBP", "SEK"}
    assert len(dollars) > 3 * 52
    assert min(row.date for row in rates) < Calendar(TODAY).start
    assert max(steps) < Decimal("0.04")


# --- deals and contracts


def test_deals_are_opened_at_the_planned_pace_and_about_half_are_won() -> None:
    deals = company().deals.opportunities
    last_year = [deal for deal in deals if deal.opened_on > YEAR_AGO]
    outcomes = Counter(deal.outcome for deal in deals)
    origins = Counter(deal.origin for deal in deals)

    assert 95 <= len(last_year) <= 145  # about 40 in each of three teams
    assert 0.40 < outcomes["won"] / (outcomes["won"] + outcomes["lost"]) < 0.52
    assert 20 <= outcomes["open"] <= 70
    assert 0.08 < origins["referral"] / len(deals) < 0.16
    assert 0.05 < origins[""] / len(deals) < 0.11
    assert all(deal.loss_reason for deal in deals if deal.outcome == "lost")
    assert sum(bool(deal.amount) for deal in deals if deal.outcome == "lost") > outcomes["lost"] / 2
    assert {deal.kind for deal in deals} == set(Opportunity.Kind)
    assert sum(1 for deal in deals if deal.account is None) == 3


def test_three_deals_have_their_first_contact_after_the_close() -> None:
    odd = [
        deal
        for deal in company().deals.opportunities
        if deal.closed_on and deal.first_contact_on and deal.first_contact_on > deal.closed_on
    ]

    assert len(odd) == 3
    assert {deal.outcome for deal in odd} == {"won"}


def test_every_deal_has_stages_without_gaps_and_only_open_ones_an_open_stage() -> None:
    deals = company().deals
    phases: dict[int, list[OpportunityPhase]] = {}
    for phase in deals.phases:
        phases.setdefault(id(phase.opportunity), []).append(phase)

    for deal in deals.opportunities:
        ranges = [phase.during for phase in phases[id(deal)]]
        assert ranges[0].lower == deal.opened_on
        assert ranges[-1].upper == deal.closed_on
        assert all(a.upper == b.lower for a, b in zip(ranges, ranges[1:], strict=False))


def test_the_shares_of_a_split_deal_add_up() -> None:
    shares: dict[int, Decimal] = {}
    for split in company().deals.splits:
        shares[id(split.opportunity)] = shares.get(id(split.opportunity), Decimal(0)) + split.share

    assert len(shares) >= 10
    assert set(shares.values()) == {Decimal(1)}


def test_contracts_come_up_for_renewal_soon_and_two_within_a_month() -> None:
    contracts = company().contracts
    notices = [
        (row.notice_date - TODAY).days for row in contracts if row.outcome == "open" and row.notice_date
    ]
    decided = Counter(row.outcome for row in contracts)
    values = [company().rates.in_euros(row.annual_value, row.currency, TODAY) for row in contracts]

    assert sum(0 <= days <= 30 for days in notices) == 2
    assert sum(0 <= days <= 180 for days in notices) >= 12
    assert 28 <= len(accounts_of(contracts)) <= 38
    assert decided["renewed"] > 60
    assert decided["lost"] >= 5
    assert decided["lapsed"] == 2
    assert min(values) > 20_000
    assert max(values) < 905_000


def test_renewals_went_up_down_late_and_early() -> None:
    contracts = company().contracts
    renewed = [row for row in contracts if row.outcome == "renewed"]
    pending = [
        row
        for row in contracts
        if row.outcome == "open" and row.during.upper <= TODAY <= row.during.upper + two_weeks()
    ]
    gaps = [
        (after.during.lower - before.during.upper).days
        for before in renewed
        for after in contracts
        if after.number == before.number and after.during.lower >= before.during.upper
    ]

    assert any(row.renewed_value > row.annual_value for row in renewed)  # type: ignore[operator]
    assert sum(row.renewed_value < row.annual_value for row in renewed) == 5  # type: ignore[operator]
    assert [row.account.name for row in pending] == ["Brynmor Rail Ltd"]
    assert 9 in gaps
    assert [row.account.name for row in renewed if row.during.upper > TODAY] == ["Castellane Industries SA"]


def two_weeks() -> datetime.timedelta:
    return datetime.timedelta(days=14)


def test_every_manager_has_a_quota_a_quarter_and_the_leaver_none_any_more() -> None:
    quotas = company().quotas
    jana = [row for row in quotas if row.user.name == "Jana Brandt"]
    stefan = sorted(
        (row for row in quotas if row.user.name == "Stefan Baumann"), key=lambda row: row.starts_on
    )

    assert len(jana) == 16  # 2023 to 2026
    assert stefan[-1].amount == 0
    assert all(row.amount > 0 for row in stefan[:-1])
    assert len({row.user.name for row in quotas}) == 12


# --- the command


@pytest.mark.django_db
@pytest.mark.parametrize("options", [[], ["--reset"]])
def test_it_is_refused_beside_data_that_is_not_made_up(options: list[str]) -> None:
    account = make_account("Real Customer GmbH")

    with pytest.raises(CommandError, match="not a demonstration"):
        seed(*options)

    assert list(Account.objects.all()) == [account]
    assert not User.objects.filter(email__endswith="@halden.example").exists()


@pytest.mark.django_db
def test_it_is_refused_where_somebody_has_named_the_organisation() -> None:
    Organisation.objects.update_or_create(pk=1, defaults={"name": "Real Company AG"})

    with pytest.raises(CommandError):
        seed()


@pytest.mark.django_db
def test_targets_are_refused_where_there_is_no_demonstration() -> None:
    with pytest.raises(CommandError):
        call_command("seed_demo_targets")


# --- signals


def test_signals_were_followed_for_three_years_through_times_of_interest_and_of_silence() -> None:
    worth = {
        "email_open": 1,
        "site_visit": 1,
        "social": 1,
        "email_reply": 3,
        "download": 3,
        "event_attended": 5,
    }
    points: Counter[str] = Counter()
    for signal in company().work.signals:
        if datetime.date(2025, 3, 1) <= signal.at.date() < datetime.date(2025, 6, 1):
            points[signal.account.name] += worth.get(signal.kind.code, 0)
    bands = Counter(
        "hot" if points[name] >= 25 else "cold" if points[name] < 10 else "warm" for name in FIRMS
    )

    assert min(signal.at.year for signal in company().work.signals) == 2023
    assert bands["hot"] >= 10 and bands["cold"] >= 10
