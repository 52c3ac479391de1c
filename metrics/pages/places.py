"""Scorecards as places: what they are called, what lies above them, and their address."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.http import Http404
from django.urls import NoReverseMatch, reverse

from accounts.models import Account, Industry, Region, Team, Tier, User
from accounts.periods import Day
from kamplan.components import Choice as Link
from metrics.access import sees_everything
from metrics.models import Scope
from metrics.urls_for import ALL, NOBODY, scorecard_url

SCOPE_WORDS = {
    Scope.COMPANY: "Company",
    Scope.OWNER: "Person",
    Scope.TEAM: "Team",
    Scope.TIER: "Tier",
    Scope.INDUSTRY: "Industry",
    Scope.REGION: "Region",
    Scope.TARGET: "Target accounts",
    Scope.ACCOUNT: "Account",
}
SIDE_WORDS = {
    Scope.TEAM: "Teams",
    Scope.OWNER: "People",
    Scope.TIER: "Tiers",
    Scope.INDUSTRY: "Industries",
    Scope.REGION: "Regions",
    Scope.TARGET: "Target accounts",
}
SEGMENT_MODELS = {Scope.TIER: Tier, Scope.INDUSTRY: Industry, Scope.REGION: Region}
NAMES_OF_NONE = {
    Scope.COMPANY: "Company",
    Scope.OWNER: "Accounts of nobody",
    Scope.TEAM: "Accounts of no team",
    Scope.TIER: "No tier",
    Scope.INDUSTRY: "Industry unknown",
    Scope.REGION: "Region unknown",
    Scope.TARGET: "Target or not: unknown",
}
TARGET_NAMES = {1: "Target accounts", 0: "Other accounts"}


@dataclass(frozen=True)
class Place:
    """One scope and key with its name; `team` is the team a person belongs to."""

    scope: str
    key: int | None
    name: str
    team: "Place | None" = None
    is_gone: bool = False

    @property
    def wider(self) -> "list[Place]":
        """The team and the company, whose values stand beside a person's."""
        if self.scope == Scope.COMPANY:
            return []
        return [place for place in (self.team, COMPANY) if place is not None]

    @property
    def title(self) -> str:
        """What stands above its page: the name of a tier may be a letter, which alone says nothing."""
        return titled(self.scope, self.key, self.name)

    @property
    def kind(self) -> str:
        return SCOPE_WORDS[Scope(self.scope)]


def titled(scope: str, key: int | None, name: str) -> str:
    is_bare = scope == Scope.TIER and key is not None and not name.lower().startswith("tier")
    return f"Tier {name}" if is_bare else name


COMPANY = Place(Scope.COMPANY, None, "Company")


def read_key(scope: str, text: str) -> int | None:
    """The key of an address; 404 for what cannot be one."""
    if scope not in Scope.values:
        raise Http404
    if text == (ALL if scope == Scope.COMPANY else NOBODY):
        return None
    if scope == Scope.COMPANY or not text.isdecimal() or len(text) > 18 or not text.isascii():
        raise Http404
    return int(text)


def find_place(scope: str, key: int | None, today: Day) -> Place:
    """The place with its name, in one statement; 404 where nothing has this key."""
    if key is None:
        return Place(scope, None, NAMES_OF_NONE[Scope(scope)])
    if scope == Scope.TARGET:
        if key not in TARGET_NAMES:
            raise Http404
        return Place(scope, key, TARGET_NAMES[key])
    if scope == Scope.OWNER:
        return person(key, today)
    model: Any = {**SEGMENT_MODELS, Scope.TEAM: Team, Scope.ACCOUNT: Account}[Scope(scope)]
    # Whether the reader may see it was asked before; here only the name is missing.
    name = model._default_manager.filter(pk=key).values_list("name", flat=True).first()
    if name is None:
        raise Http404
    return Place(scope, key, name)


def place_or_what_was(scope: str, key: int | None, today: Day) -> Place:
    """What was kept about a place outlives it: a team or a tier that was deleted keeps its number."""
    try:
        return find_place(scope, key, today)
    except Http404:
        return Place(scope, key, f"{SCOPE_WORDS[Scope(scope)]} number {key}, deleted", is_gone=True)


PERSON = """
    SELECT u.name, t.id, t.name FROM accounts_user u
      LEFT JOIN accounts_membership m ON m.user_id = u.id AND m.during @> %s::date
      LEFT JOIN accounts_team t ON t.id = m.team_id
     WHERE u.id = %s"""


def person(key: int, today: Day) -> Place:
    with connection.cursor() as cursor:
        cursor.execute(PERSON, [today, key])
        found = cursor.fetchone()
    if found is None:
        raise Http404
    name, team_id, team_name = found
    return Place(Scope.OWNER, key, name, Place(Scope.TEAM, team_id, team_name) if team_id else None)


def labels_of(scope: str, keys: Iterable[int | None]) -> dict[int | None, str]:
    """The names of these keys; one whose row is gone keeps its number."""
    keys = set(keys)
    known: dict[int, str] = {}
    if scope == Scope.TARGET:
        known = TARGET_NAMES
    elif scope != Scope.COMPANY:
        model: Any = {**SEGMENT_MODELS, Scope.TEAM: Team, Scope.OWNER: User, Scope.ACCOUNT: Account}[
            Scope(scope)
        ]
        wanted = [key for key in keys if key is not None]
        known = dict(model._default_manager.filter(pk__in=wanted).values_list("pk", "name"))
    return {
        key: NAMES_OF_NONE[Scope(scope)] if key is None else known.get(key, f"number {key}") for key in keys
    }


def crumbs(user: User, place: Place, choice_state: dict[str, Any], *, with_self: bool = False) -> list[Link]:
    """Where one is; a wider scorecard is a link only for those who may open it."""
    found = [Link("Scorecards", reverse("metrics:scorecard"))]
    wide = [place.team] if place.team else []
    if place.scope not in {Scope.COMPANY, Scope.OWNER, Scope.TEAM, Scope.ACCOUNT}:
        found.append(Link(place.kind, ""))
    for each in wide:
        opens = sees_everything(user) or user.role == "lead"
        found.append(Link(each.name, scorecard_url(each.scope, each.key, **choice_state) if opens else ""))
    if with_self:
        url = account_url(place) if place.scope == Scope.ACCOUNT else ""
        url = url or (
            "" if place.scope == Scope.ACCOUNT else scorecard_url(place.scope, place.key, **choice_state)
        )
        found.append(Link(place.name, url))
    return found


def account_url(place: Place) -> str:
    try:
        return reverse("portfolio:account", args=[place.key])
    except NoReverseMatch:
        return ""


def side_by_side_scopes(user: User, place: Place) -> list[str]:
    """By what a wide scorecard may be split for this person."""
    if place.scope == Scope.TEAM:
        return [Scope.OWNER] if user.role != "viewer" else []
    if place.scope != Scope.COMPANY:
        return []
    segments: list[str] = [Scope.TIER, Scope.REGION, Scope.INDUSTRY, Scope.TARGET]
    if user.role == "marketing":
        return segments
    if user.role == "viewer":
        return [Scope.TEAM, *segments]
    return [Scope.TEAM, Scope.OWNER, *segments]
