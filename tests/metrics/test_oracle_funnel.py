"""Leads, stages, costs, margins and fit against plain loops over the rows; every scope, one run."""

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from math import isclose
from random import Random
from typing import Any

import pytest

from accounts.demo.marketing import Channel
from accounts.fields import days
from accounts.models import (
    CampaignTouch,
    CostToServe,
    Fit,
    Forecast,
    FunnelPhase,
    FunnelStage,
    IcpCriterion,
    IcpWeight,
    Lead,
    OpportunityPhase,
    OrderLine,
    Spend,
    WhitespaceCell,
)
from accounts.periods import Period, quarter, trailing_year
from accounts.revenue.marketing import BANT
from metrics.access import may_see_kpi
from metrics.kpis import KPI
from metrics.models import Run, Scope, View
from metrics.recompute.due import tick
from tests.factories import make_campaign, make_lead, make_user
from tests.metrics.engine import all_keys, day, result, run, stored
from tests.metrics.loops_of_rows import RowLoops, add_more
from tests.metrics.portfolio import Portfolio, make_portfolio
from tests.metrics.test_oracle import SEGMENTS, Key, Oracle, Row, World, lower, read_world, upper

pytestmark = pytest.mark.django_db

ONE_DAY = datetime.timedelta(days=1)
Sums = dict[tuple[str, Key], list[float]]
SEEN = (
    "leads_created",
    "lead_conversion",
    "progression_rate",
    "account_profitability",
    "contribution_margin",
    "icp_fit",
    "cac",
    "cac_target",
    "cac_other",
    "mql_to_sql",
    "sql_to_won",
    "deal_velocity",
    "forecast_wape",
    "forecast_bias",
    "roi",
    "roi_margin",
    "share_of_wallet",
    "whitespace_share",
    "rfm",
)


def add_rows(made: Portfolio) -> None:
    random = made.random
    stages = [FunnelStage.objects.create(name=f"Stage {n}", position=n) for n in range(3)]
    criteria = [IcpCriterion.objects.create(name=f"Criterion {n}") for n in range(3)]
    for weight, criterion in zip((50, 30, 20), criteria, strict=True):
        IcpWeight.objects.create(criterion=criterion, weight=weight, during=days(day("2020-01-01"), None))
    for line in OrderLine.objects.all():
        if random.random() < 0.6:
            OrderLine.objects.filter(pk=line.pk).update(cost=line.amount * random.randint(30, 90) / 100)
    for order in made.accounts:
        for bought in order.orders.all()[:3]:
            CostToServe.objects.create(
                account=order, date=bought.date, amount=made.amount(500), currency="USD"
            )
            Spend.objects.create(account=order, date=bought.date, amount=made.amount(900))
        since = max([bought.date for bought in order.orders.all()], default=None)
        if since:
            half = since + 60 * ONE_DAY
            FunnelPhase.objects.create(account=order, stage=random.choice(stages), during=days(since, half))
            FunnelPhase.objects.create(account=order, stage=random.choice(stages), during=days(half, None))
            for criterion in criteria:
                match = random.choice((None, Decimal(1), Decimal("0.5"), Decimal(0)))
                Fit.objects.create(account=order, criterion=criterion, match=match, noted_on=since)
    campaigns = [make_campaign(is_target=flag) for flag in (True, False, None)]
    for _ in range(60):
        created = made.some_day()
        customer = created + random.randint(1, 150) * ONE_DAY
        is_won = random.random() < 0.5 and customer <= made.as_of
        make_lead(
            created_on=created,
            owner=random.choice((None, *made.users)),
            channel=random.choice((Channel.MAIL, Channel.UNKNOWN)),
            campaign=random.choice((None, *campaigns)),
            **steps_of(random, created, customer if is_won else made.as_of),
            customer_on=customer if is_won else None,
            account=made.accounts[0] if is_won else None,
            converted_on=created if is_won else None,
        )
    for flag, date in ((True, "2024-05-03"), (False, "2024-08-09"), (None, "2024-11-11")):
        Spend.objects.create(date=day(date), amount=1000, is_target=flag, currency="GBP")
    for user in (None, *made.users[:3]):
        for first, until in (("2024-04-01", "2024-07-01"), ("2024-07-01", "2024-10-01")):
            Forecast.objects.create(
                user=user, starts_on=day(first), ends_on=day(until), frozen_on=day(first), amount=3000
            )


def steps_of(random: Random, created: datetime.date, until: datetime.date) -> dict[str, Any]:
    """The days on which a lead became more than that, up to the day on which it bought."""
    mql = min(created + random.randint(0, 40) * ONE_DAY, until) if random.random() < 0.7 else None
    sql = min(mql + random.randint(0, 120) * ONE_DAY, until) if mql and random.random() < 0.6 else None
    return {"mql_on": mql, "sql_on": sql, **dict.fromkeys(BANT, True if sql else None)}


class Loops:
    """The answers for one period and scope: name and key to numerator and denominator."""

    def __init__(self, world: World, when: Period, scope: str) -> None:
        self.world, self.when, self.scope = world, when, scope
        self.oracle = Oracle(world, when)
        self.sums: Sums = defaultdict(lambda: [0.0, 0.0])

    def by_row(self, account: Key, date: datetime.date, person: Key) -> Iterable[Key]:
        if self.scope in (Scope.OWNER, Scope.TEAM):
            return self.oracle.keys_of_row(self.scope, Row("", account, date, person, 0))
        return self.oracle.keys_of_account(self.scope, account, View.AS_WAS)

    def add(self, name: str, keys: Iterable[Key], top: float, bottom: float) -> None:
        for key in keys:
            self.sums[name, key][0] += top
            self.sums[name, key][1] += bottom

    def leads(self) -> None:
        """A lead belongs to no account: it counts for people and for the company, its cohorts as its campaign was."""
        if self.scope not in (Scope.COMPANY, Scope.OWNER, Scope.TEAM, Scope.TARGET):
            return
        for lead in Lead.objects.select_related("campaign"):
            if lead.created_on in self.when and self.scope != Scope.TARGET:
                self.add("leads_created", self.by_row(None, lead.created_on, lead.owner_id), 1, 0)
            for name, since, until in (
                ("lead_conversion", lead.created_on, lead.customer_on),
                ("mql_to_sql", lead.mql_on, lead.sql_on),
                ("sql_to_won", lead.sql_on, lead.customer_on),
            ):
                if since and since in self.when and since + 90 * ONE_DAY <= self.world.as_of:
                    in_time = until is not None and (until - since).days <= 90
                    made_for = [lead.campaign and lead.campaign.is_target]
                    keys = made_for if self.scope == Scope.TARGET else self.by_row(None, since, lead.owner_id)
                    self.add(name, keys, in_time, 1)

    def money(self) -> None:
        for line in OrderLine.objects.select_related("order"):
            order = line.order
            if order.date not in self.when:
                continue
            keys = list(self.by_row(order.account_id, order.date, self.person(order)))
            amount = self.money_of(line.amount, order)
            self.add("account_profitability", keys, amount, amount)
            if line.cost is not None:
                self.add("contribution_margin", keys, amount - self.money_of(line.cost, order), amount)
        for cost in CostToServe.objects.all():
            if cost.date in self.when:
                keys = self.by_row(cost.account_id, cost.date, self.world.owner(cost.account_id, cost.date))
                self.add("account_profitability", list(keys), -self.money_of(cost.amount, cost), 0)

    def money_of(self, amount: Any, row: Any) -> float:
        return self.world.money(amount, row.currency, row.account_id, row.date)[0]

    def person(self, order: Any) -> Key:
        return order.seller_id or self.world.owner(order.account_id, order.date)

    def progression(self) -> None:
        if self.scope == Scope.ACCOUNT:
            return
        before = self.when.start - ONE_DAY
        last = min(self.when.last_day, self.world.as_of)
        phases = list(FunnelPhase.objects.select_related("stage"))
        for phase in phases:
            held = lower(phase) <= before and (phase.during.upper is None or before < phase.during.upper)
            if held and phase.stage.position < 2:
                moved = any(
                    each.account_id == phase.account_id
                    and each.stage.position > phase.stage.position
                    and self.when.start <= lower(each) <= last
                    for each in phases
                )
                keys = self.oracle.keys_of_account(self.scope, phase.account_id, View.AS_WAS)
                self.add("progression_rate", keys, moved, 1)

    def fit(self) -> None:
        last = min(self.when.last_day, self.world.as_of)
        known: dict[int, dict[str, Any]] = defaultdict(dict)
        for fit in Fit.objects.filter(noted_on__lte=last).select_related("criterion"):
            known[fit.account_id][fit.criterion.name] = fit.match
        for account, words in known.items():
            weights = {"Criterion 0": 50, "Criterion 1": 30, "Criterion 2": 20}
            heard = {name: float(match) for name, match in words.items() if match is not None}
            weight = sum(weights[name] for name in heard)
            if weight >= 60:
                met = sum(weights[name] * match for name, match in heard.items())
                self.add(
                    "icp_fit",
                    self.by_row(account, last, self.world.owner(account, last)),
                    100 * met / weight,
                    1,
                )

    def acquisition(self) -> None:
        if self.scope not in (Scope.COMPANY, Scope.TARGET):
            return
        for spend in Spend.objects.select_related("campaign"):
            if spend.date not in self.when:
                continue
            flag = spend.is_target
            if flag is None and spend.campaign:
                flag = spend.campaign.is_target
            if flag is None and spend.account_id:
                kinds = self.world.kinds.get(spend.account_id, [])
                flag = next((k.is_target for k in kinds if lower(k) <= spend.date < upper(k)), None)
            self.cost_of_customers(flag, self.money_of(spend.amount, spend), 0)
        for row in self.world.flows:
            if row.name == "joined" and row.date in self.when:
                flag = self.world.segment(row.account, self.when, "is_target")
                self.cost_of_customers(flag, 0, 1)  # type: ignore[arg-type]

    def cost_of_customers(self, flag: bool | None, cost: float, customers: int) -> None:
        """Of the company, and of the two groups where it is known to whom of them it belongs."""
        if self.scope == Scope.COMPANY:
            for name in ("cac", *{True: ["cac_target"], False: ["cac_other"]}.get(flag, [])):  # type: ignore[call-overload]
                self.add(name, [None], cost, customers)
        elif flag is not None:
            self.add("cac", [int(flag)], cost, customers)

    def values(self) -> dict[tuple[str, Key], float | None]:
        each: Callable[[], None]
        for each in (
            self.leads, self.money, self.progression, self.fit, self.acquisition,
        ):  # fmt: skip
            each()
        found: dict[tuple[str, Key], float | None] = {}
        for (name, key), (top, bottom) in self.sums.items():
            scale = 100 if KPI[name].unit == "share" else 1
            is_count = name == "leads_created"
            found[name, key] = top if is_count else top / bottom * scale if bottom > 1e-9 else None
        return found


def compare(world: World, when: Period, scope: str) -> list[Any]:
    expected = Loops(world, when, scope).values() | RowLoops(world, when, scope).everything()
    found = all_keys(SEEN, when, scope)
    wrong = []
    for each in sorted(set(expected) | set(found), key=str):
        value = found[each].value if each in found else None
        wanted = expected.get(each)
        if each in found and found[each].reason == "immature":
            continue
        same = (
            (not value and not wanted)
            if value is None or wanted is None
            else isclose(value, wanted, rel_tol=1e-6, abs_tol=1e-4)
        )
        if not same:
            wrong.append((str(when), scope, *each, value, wanted))
    return wrong


def test_funnel_and_value_are_what_plain_loops_give_and_a_night_is_a_rebuild() -> None:
    made = make_portfolio(11, accounts=14)
    add_rows(made)
    add_more(made)
    run(made.as_of)
    world = read_world(made.as_of)

    scopes = (Scope.COMPANY, Scope.OWNER, Scope.TEAM, *SEGMENTS, Scope.ACCOUNT)
    for when in (trailing_year(day("2024-12-31")), quarter(day("2024-07-01"))):
        wrong = [each for scope in scopes for each in compare(world, when, scope)]
        assert wrong == []

    Lead.objects.filter(customer_on=None).update(channel="event")
    Lead.objects.first().delete()  # type: ignore[union-attr]
    Spend.objects.filter(account=None).update(amount=55)
    Fit.objects.filter(match=None).update(match=1)
    CostToServe.objects.filter(pk=CostToServe.objects.first().pk).delete()  # type: ignore[union-attr]
    Forecast.objects.filter(user=made.users[0], measure="revenue").update(amount=1_234)
    Forecast.objects.filter(user=made.users[1], measure="revenue").delete()
    CampaignTouch.objects.filter(pk__in=CampaignTouch.objects.values("pk")[2:9]).delete()
    Spend.objects.exclude(campaign=None).latest("pk").delete()
    WhitespaceCell.objects.filter(yearly_spend__gt=0)[0].delete()
    WhitespaceCell.objects.filter(yearly_spend=None).update(yearly_spend=4_000)
    for phase in OpportunityPhase.objects.filter(during__endswith=None)[:3]:
        phase.during = days(phase.during.lower - 30 * ONE_DAY, None)
        OpportunityPhase.objects.filter(opportunity=phase.opportunity_id).exclude(pk=phase.pk).delete()
        phase.save()
    run(made.as_of)
    night = stored()
    run(made.as_of, Run.Cause.FULL)
    assert stored() == night


def test_a_cost_is_hidden_from_marketing_and_a_count_of_leads_is_not() -> None:
    mira, hana = make_user("Mira", "marketing"), make_user("Hana", "head")

    hidden = {"account_profitability", "clv_margin", "roi_margin", "share_of_wallet", "forecast_bias"}
    assert {kpi for kpi in hidden if may_see_kpi(mira, KPI[kpi])} == set()
    assert all(may_see_kpi(hana, KPI[kpi]) for kpi in hidden)
    assert may_see_kpi(mira, KPI["leads_created"]) and may_see_kpi(mira, KPI["roi"])


def test_the_clock_freezes_what_is_expected_of_the_running_periods_once() -> None:
    tick()
    first = Forecast.objects.count()
    tick()

    assert first >= 3
    assert Forecast.objects.count() == first


def test_a_number_of_the_company_has_no_value_for_a_person() -> None:
    user = make_user()
    run("2025-12-31")

    assert result("cac", quarter(day("2025-01-01")), Scope.OWNER, user.pk).reason == "not_defined"
