"""Whom a wave asks, and who is left out of it and why."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, Max, OuterRef, QuerySet, Subquery

from accounts.people.bounces import came_back
from accounts.people.models import Organisation
from accounts.portfolio.models import Account, Classification
from accounts.stakeholders.models import Contact
from accounts.surveys.models import SurveyInvitation, Wave


@dataclass(frozen=True)
class Candidate:
    """A person whom the rules of a wave name; `why_not` is empty for who is asked."""

    contact: Any
    why_not: str = ""


@dataclass(frozen=True)
class Audience:
    asked: list[Candidate]
    left_out: list[Candidate]

    @property
    def accounts(self) -> int:
        return len({each.contact.account_id for each in self.asked})


def audience_of(wave: Wave, today: datetime.date | None = None) -> Audience:
    """As it would be if the wave opened now: who is decided on that day, not when it was written down."""
    today = today or Organisation.current().today()
    asked: list[Candidate] = []
    left_out: list[Candidate] = []
    names: dict[str, str] = {}
    for contact in _named_by(wave, today):
        reason = _why_not(contact, wave, today)
        address = contact.email.lower()
        if not reason and address in names:
            reason = f"has the same address as {names[address]}"
        if not reason:
            names[address] = contact.name
        (left_out if reason else asked).append(Candidate(contact, reason))
    return Audience(asked, left_out)


def _named_by(wave: Wave, today: datetime.date) -> QuerySet[Any]:
    """The people at the accounts that the sender sees on this day, as far as the wave's rules name them."""
    accounts = accounts_of(wave, today)
    found: Any = Contact.objects.visible_to(wave.created_by, today).known().present(today)
    found = found.filter(account__in=accounts.order_by().values("pk"))
    if wave.key_only:
        found = found.key(today)
    if wave.roles:
        found = found.with_opinions().filter(decision_role__in=wave.roles)
    earlier = SurveyInvitation.objects.filter(contact=OuterRef("pk")).exclude(wave=wave.pk).order_by()
    last = earlier.values("contact").annotate(last=Max("invited_at")).values("last")
    found = found.annotate(
        last_asked=Subquery(last),
        came_back=came_back() | Exists(earlier.filter(bounced_at__isnull=False)),
    )
    named: QuerySet[Any] = found.select_related("account").order_by("account__name", "name", "pk")
    return named


def accounts_of(wave: Wave, today: datetime.date) -> QuerySet[Account]:
    accounts = Account.objects.visible_to(wave.created_by, today).active()
    chosen = wave.accounts.order_by().values("pk")
    if chosen:
        accounts = accounts.filter(pk__in=chosen)
    tiers = wave.tiers.order_by().values("pk")
    if tiers:
        of_tier = Classification.objects.on(today).filter(account=OuterRef("pk"), tier__in=tiers)
        accounts = accounts.filter(Exists(of_tier))
    return accounts


def _why_not(contact: Any, wave: Wave, today: datetime.date) -> str:
    if contact.no_surveys_since is not None:
        return "asked for no surveys"
    if not contact.email:
        return "no e-mail address"
    if contact.came_back:
        return "a mail to them came back"
    if wave.rest_days and contact.last_asked is not None:
        days = (today - contact.last_asked.astimezone(Organisation.current().zone).date()).days
        if days < wave.rest_days:
            return f"asked {days} days ago" if days > 1 else "asked yesterday" if days else "asked today"
    return ""
