"""Calendar feeds: a secret address per person, of which only the hash is kept."""

import datetime
import hashlib
import secrets
from collections.abc import Iterator

import icalendar
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from accounts.engagement.models import Action
from accounts.exchange.models import CalendarFeed
from accounts.people.models import Organisation, User
from accounts.plans.models import Review
from accounts.portfolio.models import Account
from accounts.revenue.models import Contract
from kamplan.permissions import READS_WORK

TOKEN_BYTES = 32
PAST_DAYS, COMING_DAYS = 30, 400
"""What is long over, or further away, a calendar need not hold."""
READ_AGAIN = datetime.timedelta(hours=1)
Day = datetime.date


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def make(user: User) -> str:
    """A new address; the one before stops working. Its token is given back once and never stored."""
    User.objects.select_for_update().get(pk=user.pk)
    revoke(user)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    CalendarFeed.objects.create(user=user, token_hash=hashed(token))
    return token


def revoke(user: User) -> bool:
    working = CalendarFeed.objects.visible_to(user).filter(revoked_at__isnull=True)
    return bool(working.update(revoked_at=timezone.now()))


def reader_of(token: str) -> User | None:
    """Whose feed this is. Wrong and revoked tokens take the same way: one look-up by hash, and nothing."""
    found = CalendarFeed.objects.working().select_related("user").filter(token_hash=hashed(token)).first()
    if found is None or found.user.role not in READS_WORK:
        return None
    now = timezone.now()
    stale = Q(read_at__isnull=True) | Q(read_at__lt=now - READ_AGAIN)
    CalendarFeed.objects.working().filter(stale, pk=found.pk).update(read_at=now)
    return found.user


def calendar_of(user: User, today: Day) -> bytes:
    """Notice dates, reviews, and what the person has promised, in accounts that they may see today."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//kamplan//calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"{Organisation.current().name}: key accounts")
    calendar.add("refresh-interval", datetime.timedelta(hours=4), parameters={"VALUE": "DURATION"})
    first, last = today - datetime.timedelta(days=PAST_DAYS), today + datetime.timedelta(days=COMING_DAYS)
    for event in (*notice_dates(user, today, first, last), *reviews(user, first, last), *actions(user, last)):
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def notice_dates(user: User, today: Day, first: Day, last: Day) -> Iterator[icalendar.Event]:
    visible = Account.objects.visible_to(user, today).active()
    found = Contract.objects.filter(account__in=visible, outcome=Contract.Outcome.OPEN)
    found = found.annotate(deadline=Coalesce("notice_date", "during__endswith"))
    for contract in found.filter(deadline__range=(first, last)).select_related("account").order_by("pk"):
        if contract.notice_date:
            words, on = "Notice date", contract.notice_date
        else:
            words, on = "Last day", contract.last_day or last
        path = reverse("portfolio:account", kwargs={"pk": contract.account_id})
        title = f"{words}: {contract.account}, {contract.number}"
        yield all_day(f"contract-{contract.pk}", on, title, path)


def reviews(user: User, first: Day, last: Day) -> Iterator[icalendar.Event]:
    found = Review.objects.visible_to(user).planned().filter(on__range=(first, last))
    for review in found.select_related("account").order_by("pk"):
        path = reverse("portfolio:account", kwargs={"pk": review.account_id})
        yield all_day(f"review-{review.pk}", review.on, f"{review.title}: {review.account}", path)


def actions(user: User, last: Day) -> Iterator[icalendar.Event]:
    """Overdue ones stay until they are done."""
    found = Action.objects.visible_to(user).open().filter(owner=user, due_on__lte=last)
    for action in found.select_related("account").order_by("pk"):
        path = reverse("portfolio:account", kwargs={"pk": action.account_id})
        yield all_day(f"action-{action.pk}", action.due_on, f"Due: {action.text} ({action.account})", path)


def all_day(name: str, on: Day, title: str, path: str) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", f"{name}@kamplan")
    event.add("dtstamp", timezone.now())
    event.add("dtstart", on)
    event.add("dtend", on + datetime.timedelta(days=1))
    event.add("summary", title)
    event.add("url", f"{settings.SITE_URL}{path}")
    event.add("transp", "TRANSPARENT")
    return event
