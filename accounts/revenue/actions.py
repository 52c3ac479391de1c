"""Writes that span a deal and its stages, or a contract and its next term."""

import datetime
from decimal import Decimal

from django.core import signing
from django.db import transaction

from accounts.fields import days, digest
from accounts.people.models import User
from accounts.revenue.deals import visible_deal
from accounts.revenue.models import Contract, Opportunity, OpportunityPhase, OpportunityStage
from accounts.way_back import UNDO_SECONDS

SALT = "kamplan.closed-deal"
ONE_DAY = datetime.timedelta(days=1)


@transaction.atomic
def open_deal(deal: Opportunity, stage: OpportunityStage | None) -> None:
    """Save a new deal, standing in its first stage since the day it was opened."""
    deal.save()
    if stage is not None:
        OpportunityPhase.objects.create(opportunity=deal, stage=stage, during=days(deal.opened_on))


def standing_phase(deal: Opportunity) -> OpportunityPhase | None:
    return deal.phases.filter(during__upper_inf=True).first()


@transaction.atomic
def move_deal(deal: Opportunity, stage: OpportunityStage, today: datetime.date) -> bool:
    """The deal stands in this stage from today on; a second move on one day corrects the first."""
    phase = standing_phase(deal)
    if phase is not None and phase.stage_id == stage.pk:
        return False
    if phase is not None and phase.during.lower >= today:
        phase.stage = stage
        phase.save(update_fields=["stage"])
        return True
    if phase is not None:
        phase.during = days(phase.during.lower, today)
        phase.save(update_fields=["during"])
    since = max(today, deal.opened_on)
    OpportunityPhase.objects.create(opportunity=deal, stage=stage, during=days(since))
    return True


@transaction.atomic
def close_deal(deal: Opportunity, outcome: str, closed_on: datetime.date, reason: str = "") -> None:
    """Won or lost; the last stage ends with the deal."""
    deal.outcome = outcome
    deal.closed_on = closed_on
    deal.loss_reason = reason if outcome == Opportunity.Outcome.LOST else ""
    deal.full_clean()
    deal.save(update_fields=["outcome", "closed_on", "loss_reason"])
    phase = standing_phase(deal)
    if phase is not None:
        phase.during = days(phase.during.lower, max(closed_on, phase.during.lower + ONE_DAY))
        phase.save(update_fields=["during"])


CLOSING = ("outcome", "closed_on", "loss_reason")


def way_back(deal: Opportunity) -> str:
    return signing.dumps([deal.pk, digest(deal, CLOSING)], salt=SALT)


def reopen_deal(user: User, token: str) -> Opportunity | None:
    """Take a closing back; nothing where it is too late, or somebody changed the deal meanwhile."""
    try:
        pk, closed_as = signing.loads(token, salt=SALT, max_age=UNDO_SECONDS)
    except signing.BadSignature:
        return None
    with transaction.atomic():
        deal = visible_deal(user, pk, locked=True)
        if digest(deal, CLOSING) != closed_as:
            return None
        deal.outcome, deal.closed_on, deal.loss_reason = Opportunity.Outcome.OPEN, None, ""
        deal.save(update_fields=list(CLOSING))
        last = deal.phases.order_by("-during").first()
        if last is not None:
            last.during = days(last.during.lower)
            last.save(update_fields=["during"])
    return deal


@transaction.atomic
def decide_contract(
    contract: Contract,
    outcome: str,
    value: Decimal | None,
    until: datetime.date | None,
    notice: datetime.date | None,
) -> Contract | None:
    """What became of a term; a renewed one is followed by its next term, unless that is there already."""
    contract.outcome = outcome
    contract.renewed_value = value if outcome == Contract.Outcome.RENEWED else None
    contract.full_clean()
    contract.save(update_fields=["outcome", "renewed_value"])
    if outcome != Contract.Outcome.RENEWED or value is None or contract.during.upper is None:
        return None
    later = Contract.objects.filter(
        account=contract.account, number=contract.number, during__startswith__gte=contract.during.upper
    )
    if later.exists():
        return None
    following = Contract(
        account=contract.account,
        number=contract.number,
        name=contract.name,
        annual_value=value,
        currency=contract.currency,
        during=days(contract.during.upper, until + ONE_DAY if until else None),
        notice_date=notice,
    )
    following.full_clean()
    following.save()
    return following
