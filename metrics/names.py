"""What the keys of a scope are called."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from accounts.models import Account, Industry, Region, Team, Tier, User
from kamplan import formats
from metrics.models import Run, Scope

MODELS: dict[Scope, Any] = {
    Scope.OWNER: User,
    Scope.TEAM: Team,
    Scope.TIER: Tier,
    Scope.INDUSTRY: Industry,
    Scope.REGION: Region,
    Scope.ACCOUNT: Account,
}
UNKNOWN = {Scope.OWNER: "unassigned", Scope.TEAM: "no team"}


def key_names(scope: str, keys: Iterable[int | None]) -> dict[int | None, str | None]:
    """External id, or else name, of every key; `unassigned` or `unknown` for none."""
    wanted = [key for key in keys if key is not None]
    names: dict[int | None, str | None] = {
        None: None if scope == Scope.COMPANY else UNKNOWN.get(Scope(scope), "unknown")
    }
    if scope == Scope.TARGET:
        return {**names, 1: "target", 0: "other"}
    model = MODELS.get(Scope(scope))
    if model is not None:
        for pk, external_id, name in model.objects.filter(pk__in=wanted).values_list(
            "pk", "external_id", "name"
        ):
            names[pk] = external_id or name
    return {**{key: f"#{key}" for key in wanted}, **names}


def run_words(run: Run, zone: datetime.tzinfo | None = None) -> str:
    """A run by its last day; where a day has several, by its number, and by its time if it is of that very day.

    A page is read by the organisation's clock; what is written elsewhere names the `zone`."""
    day = formats.day(run.as_of)
    if not run.shares_its_day:
        return f"run of {day}"
    published = timezone.localtime(run.published_at, zone)
    time = f", {published:%H:%M}" if published.date() == run.as_of else ""
    return f"run {run.pk} of {day}{time}"


def the_run(run: Run) -> str:
    """Within a sentence: a number needs no article."""
    return run_words(run) if run.shares_its_day else f"the {run_words(run)}"


def since_run(run: Run, zone: datetime.tzinfo | None = None) -> str:
    return f"since {run_words(run, zone) if run.shares_its_day else formats.day(run.as_of)}"
