"""Writes to campaigns, spend and leads; each gives the address that takes it back."""

import datetime
from typing import Any

from django.core import serializers
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F

from accounts.people.models import Organisation, User
from accounts.portfolio.fit import Fit
from accounts.portfolio.models import Account
from accounts.revenue import marketing_undo as way
from accounts.revenue.marketing import BANT, CampaignTouch, Lead, Spend

ANSWERS = {"yes": True, "no": False, "unknown": None}


class Overtaken(Exception):
    """Somebody else wrote to the row since it was read."""


def change(user: User, lead: Lead, **fields: Any) -> str:
    """Write these fields if nobody else wrote meanwhile; says how to take it back."""
    before = {name: lead.serializable_value(name) for name in fields}
    for name, value in fields.items():
        setattr(lead, name, value)
    lead.full_clean()
    write(lead, fields)
    names = {Lead._meta.get_field(name).attname: value for name, value in before.items()}  # type: ignore[union-attr]
    return way.address(user, "changed", name="lead", pk=lead.pk, version=lead.version, before=names)


def write(lead: Lead, fields: dict[str, Any]) -> None:
    found = Lead.objects.filter(pk=lead.pk, version=lead.version)
    if not found.update(**fields, version=F("version") + 1):
        raise Overtaken
    lead.version += 1


def qualified_days(lead: Lead, today: datetime.date) -> dict[str, Any]:
    """The days that four yes answers give a lead for the first time; they stay when an answer changes later."""
    if lead.sql_on is not None or not lead.is_sales_ready:
        return {}
    return {"mql_on": lead.mql_on or today, "sql_on": today}


@transaction.atomic
def answer(user: User, lead: Lead, item: str, said: str, today: datetime.date) -> str:
    """One of the four questions; with the fourth yes the lead is sales-qualified from today on."""
    if item not in BANT or said not in ANSWERS:
        raise ValidationError("Answer with yes, no or unknown.")
    after = Lead(**{each: getattr(lead, each) for each in (*BANT, "mql_on", "sql_on")})
    setattr(after, item, ANSWERS[said])
    return change(user, lead, **{item: ANSWERS[said]}, **qualified_days(after, today))


@transaction.atomic
def convert(user: User, lead: Lead, account: Account | None, today: datetime.date) -> str:
    """The lead is this account from today on, or a new one of its name that nobody looks after yet."""
    if lead.account_id is not None:
        raise ValidationError("This lead is an account already.")
    if account is not None:
        return change(user, lead, account=account, converted_on=today)
    fresh = Account(
        name=lead.company, country=lead.country, currency=Organisation.current().reporting_currency
    )
    fresh.full_clean()
    fresh.save()
    change(user, lead, account=fresh, converted_on=today)
    before = {"account_id": None, "converted_on": None}
    return way.address(user, "converted", pk=lead.pk, version=lead.version, before=before, account=fresh.pk)


def delete(user: User, row: models.Model) -> str:
    """Gone, with what hung on it; for a minute it can be put back as it was."""
    if isinstance(row, (Spend, Lead)):
        row.refuse_if_imported()
    kept: list[models.Model] = [row]
    if isinstance(row, Lead):
        kept += [*CampaignTouch.objects.filter(lead=row), *Fit.objects.filter(lead=row)]
    data = serializers.serialize("python", kept)
    with transaction.atomic():
        row.delete()
    return way.address(user, "deleted", rows=data)


def add_spend(user: User, spend: Spend) -> str:
    spend.save()
    return way.address(user, "created", name="spend", pk=spend.pk)
