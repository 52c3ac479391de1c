"""How long a customer may wait for a first answer."""

import datetime

from accounts.people.models import Organisation
from accounts.portfolio.models import Account, Classification


def answer_limit(account: Account, today: datetime.date) -> datetime.timedelta:
    """The limit of the account's tier; without one the organisation's."""
    tiers = Classification.objects.on(today).filter(account=account, tier__answer_hours__isnull=False)
    hours = tiers.values_list("tier__answer_hours", flat=True).first()
    return datetime.timedelta(hours=hours or Organisation.current().answer_hours)
