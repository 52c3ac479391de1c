"""The warnings that the demonstration company had in its last year, and what its people did about them."""

import datetime
from collections.abc import Iterator
from random import Random

from django.db import connection, transaction

from accounts.demo.calendar import dice
from accounts.models import Action, Assignment, PlayTask, User
from accounts.periods import last_day_of_month
from metrics.alerts import actions
from metrics.alerts.find import look_for_warnings
from metrics.models import Alert
from metrics.recompute.rates import refresh_daily_rates

# How many days ago somebody looked; the nights between would find the same a few days earlier.
NIGHTS = (*range(364, 28, -28), 42, 28, 14, 7, 3)
REASONS = ("They are closed until next month", "Waits for their new head of purchasing")
KEPT_WAITING = 2


def add_warnings(today: datetime.date) -> int:
    """One look after the other, as the nights would have had them; none where there are warnings already."""
    if Alert.objects.exists():
        return 0
    for ago in NIGHTS:
        night(today - datetime.timedelta(days=ago))
    with transaction.atomic():
        take_up(today)
        do_tasks(today)
    return Alert.objects.count()


@transaction.atomic
def night(day: datetime.date) -> None:
    refresh_daily_rates(None, last_day_of_month(day))
    look_for_warnings(None, day)
    # A run's transaction ends with it; these may all be part of a larger one.
    with connection.cursor() as cursor:
        cursor.execute("DISCARD TEMP")


def take_up(today: datetime.date) -> None:
    """Most warnings were taken up within days; a few were put off, and what is new waits."""
    put_off = 0
    for alert, owner, random in cases():
        day = alert.opened_on + datetime.timedelta(days=random.choice((0, 0, 1, 1, 2, 3, 5, 9)))
        if day > (alert.resolved_on or today - datetime.timedelta(days=7)) or random.random() < 0.25:
            continue
        if alert.resolved_on is None and not alert.is_red and put_off < KEPT_WAITING:
            until = today + datetime.timedelta(days=9 + put_off)
            actions.snooze(alert, owner, until, REASONS[put_off], day)
            put_off += 1
        else:
            actions.acknowledge(alert, owner, day)


def cases() -> Iterator[tuple[Alert, User, Random]]:
    """Each with whoever looked after the account on its day."""
    for alert in Alert.objects.select_related("account").order_by("opened_on", "kind", "account__name"):
        held = Assignment.objects.on(alert.opened_on).owners().filter(account=alert.account_id)
        found = held.select_related("user").first()
        if found is not None:
            yield alert, found.user, dice("warning", alert.account, alert.kind, alert.opened_on)


def do_tasks(today: datetime.date) -> None:
    """Tasks that playbooks began were done on their day, but for the last one of what is still open."""
    waiting = set(Alert.objects.open().values_list("account", "cause"))
    last: dict[int, int] = {}
    tasks = list(PlayTask.objects.select_related("play", "action").order_by("play", "position"))
    for task in tasks:
        last[task.play_id] = task.position
    for task in tasks:
        action, play = task.action, task.play
        action.created_at = datetime.datetime.combine(play.begun_on, datetime.time(2), datetime.UTC)
        is_left = (play.account_id, play.cause) in waiting and task.position == last[play.pk]
        if action.due_on is not None and action.due_on < today and not is_left:
            action.status, action.closed_on, action.closed_by_id = "done", action.due_on, action.owner_id
    Action.objects.bulk_update(
        [task.action for task in tasks], ["created_at", "status", "closed_on", "closed_by"]
    )
