"""Targets of the demonstration company, as its head and leads would have set them."""

import datetime
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from accounts.models import (
    Account,
    Classification,
    Membership,
    OrderLine,
    Organisation,
    Quota,
    Role,
    Team,
    User,
)
from accounts.periods import PeriodKind
from metrics.models import Scope, Target

YEARS_OF_TARGETS = 3
# In the unit of the number: shares in %, days, hours, points, money in EUR; last year's, and this year's.
COMPANY = {
    "revenue_growth": (4, 5),
    "nrr": (96, 98),
    "grr": (91, 92),
    "retention_logo": (90, 92),
    "win_rate": (42, 45),
    "avg_deal_size": (85_000, 95_000),
    "renewal_rate_count": (85, 88),
    "quota_attainment": (100, 100),
    "sales_cycle_length": (125, 115),
    "cross_sell_rate": (15, 20),
    "upsell_rate_accounts": (25, 30),
    "renewal_rate_value": (86, 88),
    "sales_via_references": (15, 20),
    "penetration_rate": (35, 40),
    "interaction_gap": (40, 35),
    "first_response_time": (10, 8),
    "nps": (22, 25),
    "csat": (75, 80),
    "outcome_achievement": (70, 75),
}
ONLY_THE_COMPANYS = {
    "revenue_growth_gap": (2, 4),
    "at_risk_revenue": (4_000_000, 4_000_000),
    "expansion_pipeline": (4_500_000, 5_000_000),
    "employee_satisfaction": (65, 70),
}
# What was agreed for each account of the first tier this year; its revenue is to grow by so much.
OF_ACCOUNTS = {"revenue_growth": 5, "nrr": 100, "grr": 95, "win_rate": 45}
ACCOUNT_TIER, ACCOUNT_GROWTH, ACCOUNT_ROUND_TO = "A", Decimal("1.06"), -3
NOT_FOR_ONE_PERSON = {"avg_deal_size"}
PER_YEAR = (PeriodKind.T12, PeriodKind.YEAR, PeriodKind.FISCAL_YEAR)
PER_QUARTER = {"quota_attainment"}
ROUND_TO = -4


def add_targets(today: datetime.date) -> int:
    """Targets of last years and of this one; none where some exist. Returns how many."""
    if Target.objects.exists():
        return 0
    with transaction.atomic():
        return len(Target.objects.bulk_create(list(_targets(today))))


def _targets(today: datetime.date) -> Iterator[Target]:
    head = User.objects.filter(role=Role.HEAD).first()
    this_year = datetime.date(today.year, 1, 1)
    since = {0: datetime.date(today.year - YEARS_OF_TARGETS, 1, 1), 1: this_year}
    for scope, key, set_by in _scopes(today, head):
        only = ONLY_THE_COMPANYS if scope == Scope.COMPANY else {}
        for kpi, values in {**COMPANY, **only}.items():
            if not (scope == Scope.OWNER and kpi in NOT_FOR_ONE_PERSON):
                kinds = (*PER_YEAR, PeriodKind.QUARTER) if kpi in PER_QUARTER else PER_YEAR
                for place, starts in since.items():
                    yield from _rows(kpi, scope, key, kinds, starts, Decimal(values[place]), set_by)
    for year in range(today.year - YEARS_OF_TARGETS, today.year + 1):
        yield from _revenue(datetime.date(year, 1, 1), today, head)
    yield from _of_accounts(this_year, today, head)


def _scopes(today: datetime.date, head: User | None) -> Iterator[tuple[str, int | None, User | None]]:
    yield Scope.COMPANY, None, head
    for team in Team.objects.all():
        yield Scope.TEAM, team.pk, head
    for user, _team, lead in _managers(today):
        yield Scope.OWNER, user, lead or head


def _managers(today: datetime.date) -> Iterator[tuple[int, Team, User | None]]:
    members = Membership.objects.filter(user__role=Role.MANAGER, user__is_active=True, during__contains=today)
    for each in members.select_related("team__lead", "team__parent__lead"):
        above = each.team.parent
        yield each.user_id, each.team, each.team.lead or (above.lead if above else None)


def _revenue(year: datetime.date, today: datetime.date, head: User | None) -> Iterator[Target]:
    """A person's is the sum of the year's quotas; a team's and the company's is the sum of theirs."""
    after = datetime.date(year.year + 1, 1, 1)
    quarters = Quota.objects.filter(starts_on__gte=year, starts_on__lt=after, amount__gt=0).order_by()
    quotas = dict(quarters.values_list("user").annotate(Sum("amount")))
    count = quarters.values("starts_on").distinct().count() or 1
    teams: dict[int, Decimal] = defaultdict(Decimal)
    company = Decimal(0)
    for user, team, lead in _managers(today):
        yearly = Decimal(quotas.get(user, 0)) * 4 / min(count, 4)
        yield from _money(Scope.OWNER, user, year, yearly, lead or head)
        for held in filter(None, (team, team.parent)):
            teams[held.pk] += yearly
        company += yearly
    for key, yearly in teams.items():
        yield from _money(Scope.TEAM, key, year, yearly, head)
    yield from _money(Scope.COMPANY, None, year, company, head)


def _of_accounts(year: datetime.date, today: datetime.date, head: User | None) -> Iterator[Target]:
    first = Classification.objects.on(today).filter(tier__name=ACCOUNT_TIER).values("account")
    bought = OrderLine.objects.filter(
        order__account__in=first, order__date__year=year.year - 1, order__currency="EUR"
    )
    revenue = dict(bought.order_by().values_list("order__account").annotate(Sum("amount")))
    for account in Account.objects.filter(pk__in=first).order_by("pk"):
        for kpi, value in OF_ACCOUNTS.items():
            kinds = (*PER_YEAR, PeriodKind.QUARTER)
            yield from _rows(kpi, Scope.ACCOUNT, account.pk, kinds, year, Decimal(value), head)
        wanted = round(revenue.get(account.pk, Decimal(0)) * ACCOUNT_GROWTH, ACCOUNT_ROUND_TO)
        if wanted > 0:
            yield from _money(Scope.ACCOUNT, account.pk, year, wanted, head)


def _money(
    scope: str, key: int | None, starts: datetime.date, yearly: Decimal, by: User | None
) -> Iterator[Target]:
    amount = yearly if scope == Scope.ACCOUNT else round(yearly, ROUND_TO)
    yield from _rows("account_revenue", scope, key, PER_YEAR, starts, amount, by)
    yield from _rows("account_revenue", scope, key, (PeriodKind.QUARTER,), starts, amount / 4, by)


def _rows(
    kpi: str,
    scope: str,
    key: int | None,
    kinds: tuple[PeriodKind, ...],
    starts: datetime.date,
    value: Decimal,
    by: User | None,
) -> Iterator[Target]:
    for kind in kinds:
        yield Target(kpi=kpi, scope=scope, key=key, period_kind=kind, starts=starts, value=value, set_by=by)


def is_demonstration() -> bool:
    return Organisation.objects.filter(made_up=True).exists()
