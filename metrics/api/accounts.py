"""Accounts as the API gives them: what they are today."""

import datetime
from typing import Any

from django.db.models import OuterRef, Subquery

from accounts.models import Assignment, Classification
from accounts.portfolio.models import AccountQuerySet
from metrics.api.answers import AccountOut


def account_rows(
    accounts: AccountQuerySet, visible: AccountQuerySet, today: datetime.date, limit: int
) -> list[AccountOut]:
    """One statement, however many accounts; a group that is not `visible` has no number."""
    owner = Assignment.objects.filter(account=OuterRef("pk"), role="owner", during__contains=today)
    kind = Classification.objects.filter(account=OuterRef("pk"), during__contains=today)

    def of_kind(name: str) -> Subquery:
        return Subquery(kind.values(name)[:1])

    found = (
        accounts.order_by("pk")
        .annotate(
            owner_name=Subquery(owner.values("user__name")[:1]),
            tier_name=of_kind("tier__name"),
            industry_name=of_kind("industry__name"),
            region_name=of_kind("region__name"),
            target=of_kind("is_target"),
            group=Subquery(visible.filter(pk=OuterRef("parent_id")).values("pk")),
        )
        .values(
            "pk", "external_id", "name", "city", "country", "currency", "group", "archived_at",
            "owner_name", "tier_name", "industry_name", "region_name", "target",
        )
    )  # fmt: skip
    return [account_out(dict(row)) for row in found[:limit]]


def account_out(row: dict[str, Any]) -> AccountOut:
    return AccountOut(
        id=row["pk"],
        external_id=row["external_id"] or None,
        name=row["name"],
        city=row["city"],
        country=row["country"],
        currency=row["currency"],
        part_of=row["group"],
        owner=row["owner_name"],
        tier=row["tier_name"],
        industry=row["industry_name"],
        region=row["region_name"],
        is_target=row["target"],
        is_archived=row["archived_at"] is not None,
    )
