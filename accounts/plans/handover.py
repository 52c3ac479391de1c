"""What somebody must know who takes over an account: facts, promises, dates, and the note of who had it."""

import datetime
from typing import Any

from django.db.models import DateField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.engagement.models import Action, Request, Touch
from accounts.people.models import Organisation, User
from accounts.plans.models import Goal, HandOver, Objective, Plan, Risk
from accounts.portfolio.models import Account
from accounts.revenue.deals import open_deals
from accounts.revenue.models import Contract
from accounts.stakeholders.models import Contact, DecisionRole, SoftFact
from kamplan import formats
from kamplan.permissions import Secret, may_see

TOUCHES_SHOWN = 10
CONTACTS_SHOWN = 60
ACTIONS_SHOWN = 60


def pack(user: User, account: Account, today: datetime.date, with_opinions: bool = False) -> dict[str, Any]:
    """Every part as plain texts, for the page and the document; a constant number of statements."""
    opinions = with_opinions and may_see(user, Secret.OPINION)
    return {
        "note": newest(user, account),
        "people": people(user, account, today, opinions),
        "actions": actions(user, account, today),
        "requests": requests(user, account),
        "plan": plan(user, account, today),
        "deals": deals(account, today),
        "contracts": contracts(account, today),
        "touches": touches(user, account),
        "opinions": opinions,
    }


def newest(user: User, account: Account) -> dict[str, str] | None:
    row = (
        HandOver.objects.visible_to(user)
        .filter(account=account)
        .select_related("from_user", "to_user")
        .first()
    )
    if row is None:
        return None
    return {
        "from": str(row.from_user or "nobody"),
        "to": str(row.to_user),
        "on": formats.day(row.on, year=True),
        "text": row.note,
    }


def people(user: User, account: Account, today: datetime.date, opinions: bool) -> list[dict[str, str]]:
    rows = (
        Contact.objects.visible_to(user).filter(account=account).present(today).select_related("reports_to")
    )
    if opinions:
        rows = rows.with_opinions()
    roles, support = dict(DecisionRole.choices), SoftFact.SUPPORT_WORDS
    return [
        {
            "name": each.name,
            "title": "nobody known yet"
            if each.is_placeholder
            else ", ".join(part for part in (each.title, each.department) if part),
            "reach": " · ".join(part for part in (each.email, each.phone) if part),
            "above": str(each.reports_to or ""),
            "is_key": "key" if each.key_during and today in Span(each.key_during) else "",
            "opinion": ", ".join(
                str(part)
                for part in (roles.get(each.decision_role, ""), support.get(each.support or "", ""))
                if part
            )
            if opinions
            else "",
        }
        for each in rows.order_by("name", "pk")[:CONTACTS_SHOWN]
    ]


class Span:
    """Whether a day lies in a range of days, which may be open at both ends."""

    def __init__(self, during: Any) -> None:
        self.during = during

    def __contains__(self, day: datetime.date) -> bool:
        lower, upper = self.during.lower, self.during.upper
        return (lower is None or lower <= day) and (upper is None or day < upper)


def actions(user: User, account: Account, today: datetime.date) -> list[dict[str, str]]:
    rows = Action.objects.visible_to(user).open().filter(account=account).select_related("owner", "contact")
    return [
        {
            "text": each.text,
            "who": str(each.owner or "nobody")
            if each.side == Action.Side.US
            else str(each.contact or "they"),
            "due": formats.day(each.due_on) if each.due_on else "no date",
            "state": "overdue" if each.due_on and each.due_on < today else "running",
        }
        for each in rows[:ACTIONS_SHOWN]
    ]


def requests(user: User, account: Account) -> list[dict[str, str]]:
    rows = Request.objects.visible_to(user).open().filter(account=account).select_related("contact")
    return [
        {
            "text": " ".join(part for part in (each.number, each.subject) if part),
            "who": str(each.contact or ""),
            "asked": formats.day(each.opened_at.astimezone(zone()).date()),
            "state": "answered" if each.first_answer_at else "not answered",
        }
        for each in rows[:ACTIONS_SHOWN]
    ]


def zone() -> Any:
    return Organisation.current().zone


def plan(user: User, account: Account, today: datetime.date) -> dict[str, Any] | None:
    found = Plan.objects.visible_to(user).current(today).filter(account=account).first()
    if found is None:
        return None
    risks = Risk.objects.visible_to(user).filter(plan=found, closed_on__isnull=True)
    return {
        "name": found.name,
        "status": str(found.get_status_display()),
        "summary": found.summary,
        "goals": [each.title for each in Goal.objects.visible_to(user).filter(plan=found)],
        "objectives": [
            {
                "title": each.title,
                "due": formats.day(each.due_on, year=True),
                "status": str(each.get_status_display()),
            }
            for each in Objective.objects.visible_to(user).filter(plan=found)
        ],
        "risks": [
            {"text": each.text, "severity": str(each.get_severity_display()), "answer": each.answer}
            for each in risks
        ],
    }


def deals(account: Account, today: datetime.date) -> list[dict[str, str]]:
    return [
        {
            "name": each.deal.name,
            "stage": each.stage or "no stage",
            "amount": formats.money(each.deal.amount, each.deal.currency),
            "age": f"{each.age} days",
        }
        for each in open_deals(account, today).deals
    ]


def contracts(account: Account, today: datetime.date) -> list[dict[str, str]]:
    """Undecided ones, by the date of notice."""
    last_day = ExpressionWrapper(F("during__endswith") - Value(1), output_field=DateField())
    rows = (
        Contract.objects.filter(account=account, outcome=Contract.Outcome.OPEN)
        .filter(Q(during__endswith__gte=today) | Q(during__upper_inf=True))
        .annotate(deadline=Coalesce("notice_date", last_day))
        .order_by(F("deadline").asc(nulls_last=True), "pk")
    )
    return [
        {
            "number": " ".join(part for part in (each.number, each.name) if part),
            "value": formats.money(each.annual_value, each.currency),
            "notice": formats.day(each.notice_date, year=True) if each.notice_date else "not known",
            "until": formats.day(each.last_day, year=True) if each.last_day else "no end",
        }
        for each in rows
    ]


def touches(user: User, account: Account) -> list[dict[str, str]]:
    rows = (
        Touch.objects.visible_to(user)
        .filter(account=account)
        .past(timezone.now())
        .select_related("actor")
        .prefetch_related("contacts")[:TOUCHES_SHOWN]
    )
    return [
        {
            "on": formats.day(each.at.astimezone(zone()).date(), year=True),
            "channel": str(each.get_channel_display()),
            "who": ", ".join(str(contact) for contact in each.contacts.all()),
            "us": str(each.actor or ""),
            "text": " – ".join(part for part in (each.subject, each.note) if part),
        }
        for each in rows
    ]
