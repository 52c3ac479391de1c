"""The frame around every page of one account: its header, its group's name, its tabs."""

import contextlib
import datetime
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import Exists, FilteredRelation, OuterRef, Q
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, reverse

from accounts.people.models import Organisation, User
from accounts.portfolio.models import Account, AccountQuerySet, Assignment
from kamplan.components import Choice
from kamplan.permissions import EDITS_ACCOUNTS, READS_WORK, Secret, may_see

TABS = (
    ("overview", "Overview", "portfolio:account", "pk"),
    ("people", "People", "stakeholders:map", "account"),
    ("plan", "Plan", "plans:plan_of", "account"),
    ("whitespace", "Whitespace", "plans:whitespace", "account"),
    ("revenue", "Revenue", "portfolio:account_revenue", "pk"),
    ("activity", "Activity", "engagement:activity", "account"),
    ("surveys", "Surveys", "surveys:of_account", "account"),
)
"""Key, words, route and the route's argument."""
WORK_TABS = frozenset({"plan", "whitespace", "activity"})
OPINION_TABS = frozenset({"surveys"})


@dataclass(frozen=True)
class Group:
    """The group of companies that the account belongs to, as far as the person may see it."""

    root_id: int
    root_name: str
    companies: int
    sees_root: bool

    @property
    def has_several(self) -> bool:
        return self.companies > 1


@dataclass(frozen=True)
class People:
    """Who looks after the account today."""

    owner: Assignment | None
    deputies: list[str]
    sponsors: list[str]


def account_frame(user: User, pk: int, tab: str) -> dict[str, Any]:
    """The context of `portfolio/_account_frame.html`; 404 for an account that the person may not see."""
    today = Organisation.current().today()
    visible = Account.objects.visible_to(user, today)
    account = shown_account(visible, pk, today)
    return {
        **header(user, account, tab, today),
        "family": group_of(account, visible) if account.is_in_group else None,
    }


def crumbs_to(account: Account, url: str) -> list[Choice]:
    """The way to a page of the account that stands outside its frame."""
    return [Choice("Accounts", reverse("portfolio:list")), Choice(account.name, url)]


def header(user: User, account: Any, tab: str, today: datetime.date) -> dict[str, Any]:
    return {
        "account": account,
        "today": today,
        # Joined in without a row where nobody owns the account today, or it is not classified.
        "people": People(getattr(account, "owner", None), account.deputies, account.sponsors),
        "kind": getattr(account, "kind", None),
        "may_edit": user.role in EDITS_ACCOUNTS,
        "reads_work": user.role in READS_WORK,
        "sees_values": may_see(user, Secret.CONTRACT_VALUE),
        "sees_opinions": may_see(user, Secret.OPINION),
        "tabs": tabs(user, account, tab),
    }


def tabs(user: User, account: Account, tab: str) -> list[Choice]:
    found = []
    for key, words, route, argument in TABS:
        if key in WORK_TABS and user.role not in READS_WORK:
            continue
        if key in OPINION_TABS and not may_see(user, Secret.OPINION):
            continue
        with contextlib.suppress(NoReverseMatch):
            found.append(Choice(words, reverse(route, kwargs={argument: account.pk}), key == tab))
    return found


def with_kind(accounts: AccountQuerySet, today: datetime.date) -> AccountQuerySet:
    """Accounts with what kind they are today (`kind`), and the company they are part of."""
    classified = FilteredRelation("classifications", condition=Q(classifications__during__contains=today))
    related = ("kind__tier", "kind__industry", "kind__region")
    return accounts.annotate(kind=classified).select_related(*related)


def with_people(accounts: AccountQuerySet, today: datetime.date) -> AccountQuerySet:
    """Accounts with today's `owner`, and the names of their `deputies` and `sponsors`."""
    roles = Assignment.AccountRole
    owning = Q(assignments__role=roles.OWNER, assignments__during__contains=today)
    others = Assignment.objects.on(today).filter(account=OuterRef("pk")).order_by("user__name")

    def names(role: str) -> ArraySubquery:
        return ArraySubquery(others.filter(role=role).values("user__name"))

    related = ("owner__user",)
    return accounts.annotate(
        owner=FilteredRelation("assignments", condition=owning),
        deputies=names(roles.DEPUTY),
        sponsors=names(roles.SPONSOR),
    ).select_related(*related)


def shown_account(visible: AccountQuerySet, pk: int, today: datetime.date) -> Any:
    """The account of a page, if it may be seen; a group is looked for only where there is one."""
    in_group = Q(parent__isnull=False) | Exists(visible.model.objects.filter(parent=OuterRef("pk")))
    accounts = with_people(with_kind(visible, today), today).annotate(is_in_group=in_group)
    return get_object_or_404(accounts, pk=pk)


FAMILY = """
    WITH RECURSIVE up AS (
        SELECT id, parent_id, name FROM accounts_account WHERE id = %s
         UNION ALL
        SELECT a.id, a.parent_id, a.name FROM accounts_account a JOIN up ON a.id = up.parent_id
    ), down AS (
        SELECT id, id AS root_id, name AS root_name FROM up WHERE parent_id IS NULL
         UNION ALL
        SELECT a.id, down.root_id, down.root_name FROM accounts_account a JOIN down ON a.parent_id = down.id
    )
    SELECT id, root_id, root_name FROM down"""


def family_ids(account: Account) -> tuple[int, str, list[int]]:
    """The topmost company's number and name, and every company below it; nothing is filtered yet."""
    with connection.cursor() as cursor:
        cursor.execute(FAMILY, [account.pk])
        found = cursor.fetchall()
    return found[0][1], found[0][2], [row[0] for row in found]


def group_of(account: Account, visible: AccountQuerySet) -> Group:
    root, name, members = family_ids(account)
    seen = set(visible.filter(pk__in=members).order_by().values_list("pk", flat=True))
    return Group(root, name, len(seen), root in seen)
