"""Elevation and “view as”: whose eyes a request of an administrator has. Timed and logged, both of them."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.people.models import Elevation, Role, User, ViewAs, ViewedPage

ELEVATION_KEY = "elevation"
VIEW_AS_KEY = "view_as"


def settle(request: HttpRequest) -> None:
    """Read both from the session; set `request.user`, `real_user`, `elevation` and `view_as`."""
    asked: Any = request.session
    if ELEVATION_KEY not in asked and VIEW_AS_KEY not in asked:
        return
    user = request.user
    if not isinstance(user, User) or not user.is_staff:
        return
    elevation = Elevation.objects.current().filter(pk=asked.get(ELEVATION_KEY), user=user).first()
    request.elevation = elevation  # type: ignore[attr-defined]
    user.is_elevated = elevation is not None
    if elevation is None:
        asked.pop(ELEVATION_KEY, None)
    if VIEW_AS_KEY in asked:
        _put_in_place(request, user, elevation)


def _put_in_place(request: HttpRequest, user: User, elevation: Elevation | None) -> None:
    found = ViewAs.objects.current().filter(pk=request.session[VIEW_AS_KEY], by=user)
    view_as = found.select_related("whom").first()
    if elevation is None or view_as is None or not may_be_viewed_as(view_as.whom):
        found.update(ended_at=timezone.now())
        del request.session[VIEW_AS_KEY]
        return
    request.view_as = view_as  # type: ignore[attr-defined]
    request.real_user = user  # type: ignore[attr-defined]
    request.user = view_as.whom


def may_be_viewed_as(whom: User) -> bool:
    return whom.is_active and whom.role != Role.ADMINISTRATOR


def log_page(request: HttpRequest) -> None:
    # The path only: a query string may hold a search for a person.
    ViewedPage.objects.create(view_as=request.view_as, path=request.path[:500])  # type: ignore[attr-defined]


@transaction.atomic
def begin_elevation(request: HttpRequest, user: User, reason: str) -> Elevation:
    now = timezone.now()
    Elevation.objects.current().filter(user=user).update(ended_at=now)
    elevation = Elevation.objects.create(user=user, reason=reason, since=now, until=now + Elevation.LENGTH)
    request.session[ELEVATION_KEY] = elevation.pk
    return elevation


def end_elevation(request: HttpRequest, user: User) -> None:
    Elevation.objects.current().filter(user=user).update(ended_at=timezone.now())
    request.session.pop(ELEVATION_KEY, None)


@transaction.atomic
def begin_view_as(request: HttpRequest, by: User, elevation: Elevation, whom: User) -> ViewAs:
    now = timezone.now()
    ViewAs.objects.current().filter(by=by).update(ended_at=now)
    until = min(now + ViewAs.LENGTH, elevation.until)
    view_as = ViewAs.objects.create(by=by, whom=whom, since=now, until=until)
    request.session[VIEW_AS_KEY] = view_as.pk
    return view_as


def end_view_as(request: HttpRequest) -> None:
    view_as = ViewAs.objects.filter(pk=request.session.pop(VIEW_AS_KEY, None))
    view_as.current().update(ended_at=timezone.now())
