"""What the keys of a scope are called."""

from collections.abc import Iterable
from typing import Any

from accounts.models import Account, Industry, Region, Team, Tier, User
from metrics.models import Scope

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
