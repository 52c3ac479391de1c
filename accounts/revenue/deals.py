"""Open deals with the stage they stand in: what lists of deals show."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, FilteredRelation, Q, QuerySet
from django.db.models.functions import JSONObject
from django.http import Http404

from accounts.people.models import User
from accounts.portfolio.models import Account
from accounts.revenue.models import Contract, Opportunity, OpportunityStage


@dataclass(frozen=True)
class Deal:
    """An open deal, its stage, and how long it has stood there."""

    deal: Opportunity
    stage_id: int | None
    stage: str
    probability: Decimal | None
    days: int
    age: int

    @property
    def weighted(self) -> Decimal | None:
        if self.deal.amount is None or self.probability is None:
            return None
        weighted: Decimal = self.deal.amount * self.probability
        return weighted


@dataclass(frozen=True)
class DealList:
    """The open deals of an account; sums only where all are in one currency."""

    deals: list[Deal]
    stages: list[dict[str, Any]]
    """Where a deal can be moved to."""

    def __len__(self) -> int:
        return len(self.deals)

    @property
    def currency(self) -> str:
        found = {each.deal.currency for each in self.deals}
        return found.pop() if len(found) == 1 else ""

    @property
    def amount(self) -> Decimal:
        return sum((each.deal.amount or Decimal(0) for each in self.deals), Decimal(0))

    @property
    def weighted(self) -> Decimal:
        return sum((each.weighted or Decimal(0) for each in self.deals), Decimal(0))


def open_deals(account: Account, today: datetime.date) -> DealList:
    """Open deals, the likeliest first."""
    found = Opportunity.objects.filter(account=account, outcome=Opportunity.Outcome.OPEN)
    return deal_list(in_order(with_stage(found)), today)


def every_deal(
    account: Account, today: datetime.date, at_most: int | None
) -> tuple[DealList, list[Opportunity]]:
    """Open deals, and those decided last, in one statement."""
    found = in_order(with_stage(Opportunity.objects.filter(account=account)))[:at_most]
    is_open = Opportunity.Outcome.OPEN
    opened = [each for each in found if each.outcome == is_open]
    return deal_list(opened, today), [each for each in found if each.outcome != is_open]


def in_order(deals: QuerySet[Opportunity]) -> QuerySet[Opportunity]:
    """Open ones by how likely they are, then the others, the newest first."""
    return deals.order_by(
        F("closed_on").desc(nulls_first=True), F("probability").desc(nulls_last=True), "opened_on", "pk"
    )


def deal_list(deals: Iterable[Any], today: datetime.date) -> DealList:
    found = list(deals)
    return DealList([deal_of(each, today) for each in found], found[0].stages if found else [])


def with_stage(deals: QuerySet[Opportunity]) -> QuerySet[Opportunity]:
    """The phase without an end is where a deal stands; every stage comes with it, to move it there."""
    stages = OpportunityStage.objects.order_by("position", "name")
    standing = FilteredRelation("phases", condition=Q(phases__during__upper_inf=True))
    return (
        deals.select_related("category")
        .annotate(standing=standing)
        .annotate(
            stage_id=F("standing__stage"),
            stage_name=F("standing__stage__name"),
            probability=F("standing__stage__probability"),
            stage_since=F("standing__during__startswith"),
            stages=ArraySubquery(stages.values(one=JSONObject(pk="pk", name="name"))),
        )
    )


def deal_of(deal: Any, today: datetime.date) -> Deal:
    since = deal.stage_since or deal.opened_on
    began = deal.first_contact_on or deal.opened_on
    return Deal(
        deal,
        deal.stage_id,
        deal.stage_name or "",
        deal.probability,
        max((today - since).days, 0),
        max((today - began).days, 0),
    )


def visible_deal(user: User, pk: int, *, locked: bool = False) -> Opportunity:
    """The deal, if its account may be seen; a stranger learns not even that it exists."""
    deals = Opportunity.objects.filter(account__in=Account.objects.visible_to(user))
    return _one(deals, pk, locked)  # type: ignore[no-any-return]


def visible_contract(user: User, pk: int, *, locked: bool = False) -> Contract:
    contracts = Contract.objects.filter(account__in=Account.objects.visible_to(user))
    return _one(contracts, pk, locked)  # type: ignore[no-any-return]


def _one(rows: Any, pk: int, locked: bool) -> Any:
    rows = rows.select_related("account")
    found = (rows.select_for_update(of=("self",)) if locked else rows).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
