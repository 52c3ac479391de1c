"""The portfolio's filters: what stands in the address is what is shown, and nothing else decides."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Self
from urllib.parse import urlencode

from django.db.models import Q

from accounts.people.models import Team
from accounts.portfolio.models import AccountQuerySet, Assignment, Classification

NONE = "none"
"""Stands in the address for accounts without this thing."""

SORTS = ("change", "name", "tier", "owner", "revenue", "nrr", "health", "renewal", "pipeline")
FIRST_DESCENDING = frozenset({"revenue", "nrr", "pipeline"})
DEFAULT_SORT = "change"
CLASSIFIED = {"tier": "tier", "region": "region", "industry": "industry"}


@dataclass(frozen=True)
class PortfolioFilter:
    """One view of the portfolio, as its query string says it."""

    q: str = ""
    tier: str = ""
    owner: str = ""
    team: str = ""
    region: str = ""
    industry: str = ""
    target: str = ""
    archived: str = ""
    by: str = ""
    sort: str = DEFAULT_SORT

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Self:
        values = {field.name: str(query.get(field.name, "")).strip()[:100] for field in fields(cls)}
        if values["sort"].removeprefix("-") not in SORTS:
            values["sort"] = DEFAULT_SORT
        values["by"] = "group" if values["by"] == "group" else ""
        return cls(**values)

    @property
    def query(self) -> str:
        """The shortest query string that means this view; equal views have equal strings."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        if given["sort"] == DEFAULT_SORT:
            given["sort"] = ""
        return urlencode({name: value for name, value in given.items() if value})

    @property
    def is_narrowed(self) -> bool:
        """Whether it leaves accounts out; sorting and grouping do not."""
        return bool(replace(self, sort=DEFAULT_SORT, by="").query)

    @property
    def cleared(self) -> str:
        return PortfolioFilter(by=self.by, sort=self.sort).query

    @property
    def column(self) -> str:
        return self.sort.removeprefix("-")

    @property
    def is_descending(self) -> bool:
        return self.sort.startswith("-") != (self.column in FIRST_DESCENDING)

    def sorted_by(self, column: str) -> str:
        """The query string after a click on this column's head: its first order, then the other one."""
        return replace(self, sort=f"-{column}" if self.sort == column else column).query

    def without(self, name: str) -> str:
        return replace(self, **{name: ""}).query

    def narrow(self, accounts: AccountQuerySet, today: datetime.date) -> AccountQuerySet:
        """The accounts of this view, out of those the person may see."""
        accounts = accounts.filter(archived_at__isnull=self.archived != "yes")
        if self.q:
            accounts = accounts.filter(Q(name__icontains=self.q) | Q(city__icontains=self.q))
        for name, column in CLASSIFIED.items():
            if wanted := getattr(self, name):
                accounts = _classified(accounts, column, wanted, today)
        if self.target:
            wanted = {"yes": True, "no": False}.get(self.target)
            matching = Classification.objects.on(today).filter(is_target=wanted)
            accounts = accounts.filter(pk__in=matching.values("account"))
        if self.owner:
            accounts = _owned(accounts, self.owner, today)
        if self.team:
            accounts = _owned_by_team(accounts, self.team, today)
        return accounts


def _classified(accounts: AccountQuerySet, column: str, wanted: str, today: datetime.date) -> AccountQuerySet:
    on = Classification.objects.on(today)
    if wanted == NONE:
        return accounts.exclude(pk__in=on.filter(**{f"{column}__isnull": False}).values("account"))
    if not wanted.isdecimal():
        return accounts.none()
    return accounts.filter(pk__in=on.filter(**{column: int(wanted)}).values("account"))


def _owned(accounts: AccountQuerySet, wanted: str, today: datetime.date) -> AccountQuerySet:
    owners = Assignment.objects.owners().on(today)
    if wanted == NONE:
        return accounts.exclude(pk__in=owners.values("account"))
    if not wanted.isdecimal():
        return accounts.none()
    return accounts.filter(pk__in=owners.filter(user=int(wanted)).values("account"))


def _owned_by_team(accounts: AccountQuerySet, wanted: str, today: datetime.date) -> AccountQuerySet:
    if not wanted.isdecimal():
        return accounts.none()
    teams = Team.objects.filter(pk=int(wanted)).with_sub_teams()
    return accounts.filter(pk__in=Assignment.objects.owned_by_teams(teams, today).values("account"))
