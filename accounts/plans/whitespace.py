"""Writes of whitespace: what somebody knows about a cell, and the deal that becomes of one."""

import datetime
from decimal import Decimal
from typing import Any

from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from accounts.fields import digest
from accounts.models import Account, Opportunity, OpportunityStage, ProductCategory, User, WhitespaceCell
from accounts.revenue.actions import open_deal
from accounts.revenue.deals import visible_deal
from accounts.way_back import UNDO_SECONDS

SALT = "kamplan.whitespace-deal"
MADE = ("name", "amount", "currency", "kind", "category_id", "opened_on", "outcome")


def save_cell(cell: WhitespaceCell, values: dict[str, Any], author: User, today: datetime.date) -> bool:
    """Write what the form says, unless somebody else wrote this cell since it was shown."""
    noted = {**values, "author": author, "noted_on": today}
    if cell.pk:
        seen = WhitespaceCell.objects.visible_to(author).filter(pk=cell.pk, version=cell.version)
        return bool(seen.update(**noted, version=F("version") + 1))
    try:
        with transaction.atomic():
            WhitespaceCell.objects.create(account=cell.account, category=cell.category, **noted)
    except IntegrityError:
        return False
    return True


class Overtaken(Exception):
    """Somebody else, or another tab, opened a deal here since the cell was shown."""

    def __init__(self, deal: Opportunity) -> None:
        self.deal = deal
        super().__init__(deal.name)


def open_deals(account: int, category: int) -> QuerySet[Opportunity]:
    """The open deals of one cell, the newest last."""
    deals = Opportunity.objects.filter(account=account, category=category, outcome=Opportunity.Outcome.OPEN)
    return deals.order_by("opened_on", "pk")


@transaction.atomic
def open_from_cell(
    account: Account,
    category: ProductCategory,
    kind: str,
    amount: Decimal | None,
    today: datetime.date,
    shown: int = 0,
) -> Opportunity:
    """A deal over what this cell still holds, standing in the first stage from today on.

    `shown` is how many open deals the person saw in the cell: a further one is opened only by who knew of them all.
    """
    # Two tabs wait for each other here; the second then finds what the first has opened.
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    known = list(open_deals(account.pk, category.pk))
    if len(known) > shown:
        raise Overtaken(known[-1])
    deal = Opportunity(
        account=account,
        name=f"{category.name}, {account.name}"[:200],
        kind=kind,
        origin=Opportunity.Origin.EXISTING,
        category=category,
        amount=amount,
        currency=account.currency,
        opened_on=today,
    )
    deal.full_clean()
    open_deal(deal, OpportunityStage.objects.first())
    return deal


def way_back(deal: Opportunity) -> str:
    return signing.dumps([deal.pk, digest(deal, MADE)], salt=SALT)


def take_back(user: User, token: str) -> bool:
    """Remove the deal again, as long as nobody has worked on it."""
    try:
        pk, made_as = signing.loads(token, salt=SALT, max_age=UNDO_SECONDS)
    except signing.BadSignature:
        return False
    with transaction.atomic():
        deal = visible_deal(user, pk, locked=True)
        if digest(deal, MADE) != made_as or deal.phases.count() > 1 or deal.touches.exists():
            return False
        deal.delete()
    return True
