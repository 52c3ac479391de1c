"""Many accounts go to another owner on one day: shown first, then written all together or not at all."""

import datetime
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q, QuerySet

from accounts.engagement.models import Action, Request
from accounts.fields import days
from accounts.people.models import Organisation, Role, Team, User
from accounts.plans.models import HandOver
from accounts.portfolio.models import Account, AccountQuerySet, Assignment
from kamplan.formats import day

AT_MOST = 500
HAND_OVER_DAYS = 7


class Overtaken(Exception):
    """Somebody assigned one of these accounts after the preview was shown."""


@dataclass(frozen=True)
class Move:
    """What would happen to one account."""

    account: Account
    held: Assignment | None
    to: User
    on: datetime.date
    later: Assignment | None
    """Who takes over afterwards, as it was planned before."""

    @property
    def from_user(self) -> User | None:
        return self.held.user if self.held else None

    @property
    def until(self) -> datetime.date | None:
        """The first day on which the new owner is not the owner any more."""
        if self.held is not None and self.held.during.upper is not None:
            end: datetime.date = self.held.during.upper
            return end
        return self.later.during.lower if self.later else None

    @property
    def begins_that_day(self) -> bool:
        return self.held is not None and self.held.during.lower == self.on

    @property
    def refusal(self) -> str:
        if self.held is not None and self.held.user_id == self.to.pk:
            return f"{self.to} owns it on this day already"
        return ""

    @property
    def remark(self) -> str:
        """What one should know before."""
        if self.until is None:
            return ""
        follows = self.later is not None and self.later.during.lower == self.until
        after = self.later.user if self.later is not None and follows else "nobody"
        return f"until {day(self.until - datetime.timedelta(days=1), year=True)}; then {after}, as planned"


def movable(user: User, today: datetime.date) -> AccountQuerySet:
    """What a person may give away: a lead the accounts that the own teams, or they themselves, own."""
    visible = Account.objects.visible_to(user, today).active()
    if user.role != Role.LEAD:
        return visible
    owners = Assignment.objects.owners().on(today)
    theirs = Assignment.objects.owned_by_teams(Team.objects.led_by(user), today)
    return visible.filter(
        Q(pk__in=theirs.values("account")) | Q(pk__in=owners.filter(user=user).values("account"))
    )


def may_receive(user: User, today: datetime.date) -> Q:
    """A lead gives to the own teams, a head and an administrator to every manager and lead."""
    working = Q(is_active=True, role__in=[Role.MANAGER, Role.LEAD])
    if user.role == Role.LEAD:
        teams = Team.objects.led_by(user)
        return working & (
            Q(
                pk__in=User.objects.filter(
                    memberships__team__in=teams, memberships__during__contains=today
                ).values("pk")
            )
            | Q(pk=user.pk)
        )
    return working


def receivers(user: User, today: datetime.date) -> QuerySet[User]:
    found: QuerySet[User] = User.objects.filter(may_receive(user, today)).order_by("name", "pk")
    return found


def moves(user: User, accounts: Iterable[int], to: User, on: datetime.date) -> list[Move]:
    """What a reassignment would do, in two statements."""
    today = Organisation.current().today()
    chosen = list(movable(user, today).filter(pk__in=list(accounts))[:AT_MOST])
    return with_holders(chosen, to, on)


def with_holders(chosen: Sequence[Account], to: User, on: datetime.date) -> list[Move]:
    owners = (
        Assignment.objects.owners()
        .filter(account__in=chosen)
        .filter(Q(during__endswith__gt=on) | Q(during__upper_inf=True))
        .select_related("user")
        .order_by("during")
    )
    held: dict[int, Assignment] = {}
    later: dict[int, Assignment] = {}
    for each in owners:
        if each.during.lower <= on:
            held[each.account_id] = each
        else:
            later.setdefault(each.account_id, each)
    return [Move(each, held.get(each.pk), to, on, later.get(each.pk)) for each in chosen]


def digest(found: Sequence[Move]) -> str:
    """What the preview saw: sent back with the order to write."""
    seen = [
        f"{each.account.pk}:{each.held.pk if each.held else 0}:{each.held.user_id if each.held else 0}:{each.until}"
        for each in sorted(found, key=lambda move: move.account.pk)
    ]
    return hashlib.sha256("|".join(seen).encode()).hexdigest()[:16]


def reassign(
    user: User,
    accounts: Iterable[int],
    to: User,
    on: datetime.date,
    today: datetime.date,
    seen: str,
    note: str = "",
    with_work: bool = False,
) -> list[Move]:
    """All of it or nothing; a constant number of statements."""
    try:
        with transaction.atomic():
            visible = movable(user, today).filter(pk__in=list(accounts)).order_by().values("pk")
            # In one order, so that two who reassign the same accounts wait for each other and do not block.
            locked = Account.objects.filter(pk__in=visible).select_for_update().order_by("pk")[:AT_MOST]
            found = with_holders(list(locked), to, on)
            if not found or digest(found) != seen or any(each.refusal for each in found):
                raise Overtaken
            write(user, found, note, with_work)
            hand_on_due_work(today)
            ask_for_hand_over(user, found, today)
    except IntegrityError:
        # The exclusion constraint: somebody wrote an assignment without asking for the lock.
        raise Overtaken from None
    return found


def write(user: User, found: Sequence[Move], note: str, with_work: bool) -> None:
    on, to = found[0].on, found[0].to
    shortened = [each.held.pk for each in found if each.held is not None and not each.begins_that_day]
    replaced = [each.held.pk for each in found if each.held is not None and each.begins_that_day]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_assignment SET during = daterange(LOWER(during), %s) WHERE id = ANY(%s)",
            [on, shortened],
        )
    Assignment.objects.filter(pk__in=replaced).update(user=to)
    Assignment.objects.bulk_create(
        Assignment(account=each.account, user=to, during=days(on, each.until))
        for each in found
        if not each.begins_that_day
    )
    HandOver.objects.bulk_create(
        HandOver(
            account=each.account,
            from_user=each.from_user,
            to_user=to,
            on=on,
            note=note,
            with_work=with_work,
            made_by=user,
        )
        for each in found
    )


@transaction.atomic
def hand_on_due_work(today: datetime.date) -> int:
    """Open actions and requests of the old owners go along on the day of their accounts; how many hand-overs that were.

    Where the plan was changed meanwhile and the account is somebody else's on that day, the work stays."""
    waiting = list(HandOver.objects.waiting(today).select_for_update(skip_locked=True).order_by("on", "pk"))
    owners = Assignment.objects.owners().on(today).filter(account__in=[each.account_id for each in waiting])
    owner_of = dict(owners.values_list("account", "user"))
    theirs: dict[int, Q] = {}
    for each in waiting:
        if each.from_user_id is not None and owner_of.get(each.account_id) == each.to_user_id:
            work = Q(account=each.account_id, owner=each.from_user_id)
            theirs[each.to_user_id] = theirs.get(each.to_user_id, Q()) | work
    for to, work in theirs.items():
        Action.objects.open().filter(work).update(owner=to, version=F("version") + 1)
        Request.objects.open().filter(work).update(owner=to, version=F("version") + 1)
    return HandOver.objects.filter(pk__in=[each.pk for each in waiting]).update(work_went_on=today)


def ask_for_hand_over(user: User, found: Sequence[Move], today: datetime.date) -> None:
    """One action for each account: for the old owner, or the new one where the old one is gone."""
    due_on = max(found[0].on, today + datetime.timedelta(days=HAND_OVER_DAYS))
    Action.objects.bulk_create(
        Action(
            account=each.account,
            text=words(each)[:300],
            owner=each.from_user if each.from_user and each.from_user.is_active else each.to,
            due_on=due_on,
            first_due_on=due_on,
            created_by=user,
        )
        for each in found
    )


def words(move: Move) -> str:
    if move.from_user is not None and move.from_user.is_active:
        return f"Hand over {move.account} to {move.to}"
    return f"Take over {move.account}" + (f" from {move.from_user}" if move.from_user else "")
