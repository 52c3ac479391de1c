"""What people do about a warning: take it up, put it off with a reason, take that back."""

import datetime

from django.db import transaction

from accounts.models import User
from metrics.alerts.models import Alert


@transaction.atomic
def acknowledge(alert: Alert, user: User, today: datetime.date) -> Alert:
    """Somebody has taken it up; the first time counts."""
    alert = Alert.objects.select_for_update().get(pk=alert.pk)
    alert.acknowledged_by, alert.acknowledged_on = user, today
    alert.snoozed_until, alert.snoozed_by, alert.snooze_reason = None, None, ""
    alert.acted_on = alert.acted_on or today
    alert.save()
    return alert


@transaction.atomic
def snooze(alert: Alert, user: User, until: datetime.date, reason: str, today: datetime.date) -> Alert:
    """It can wait until this day; a decision with a reason is an action, too."""
    alert = Alert.objects.select_for_update().get(pk=alert.pk)
    alert.snoozed_until, alert.snoozed_by, alert.snooze_reason = until, user, reason
    alert.acted_on = alert.acted_on or today
    alert.save()
    return alert


@transaction.atomic
def reopen(alert: Alert, today: datetime.date) -> Alert:
    """Taken back: it waits again, and what was done about it today never counted."""
    alert = Alert.objects.select_for_update().get(pk=alert.pk)
    alert.acknowledged_by, alert.acknowledged_on = None, None
    alert.snoozed_until, alert.snoozed_by, alert.snooze_reason = None, None, ""
    if alert.acted_on == today:
        alert.acted_on = None
    alert.save()
    return alert
