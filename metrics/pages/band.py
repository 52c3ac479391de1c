"""The engagement band of one account: its name, since when it holds, and what would change it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import Tier
from accounts.periods import Day, add_months, first_of_month, month
from kamplan import formats
from metrics.bands import BAND_NAMES, ORDER, limits_on
from metrics.models import Run, Scope, Threshold
from metrics.pages.account_facts import Recorded
from metrics.urls_for import explain_url

ZERO = Decimal(0)


@dataclass(frozen=True)
class Band:
    name: str
    since: str
    points: str
    url: str
    rule: str


def band_of(account: int, tier: Tier | None, recorded: Mapping[Day, Recorded], run: Run) -> Band | None:
    """As of the run: bands are looked at month by month, so a month is when one began."""
    last = first_of_month(run.as_of)
    levels = {each: found.band_level for each, found in recorded.items()}
    points = {each: found.points for each, found in recorded.items()}
    if last not in levels or not any(points.values()):
        return None
    level = levels[last]
    score = sum((points.get(add_months(last, -back), ZERO) for back in range(3)), ZERO)
    begun = last
    while levels.get(add_months(begun, -1)) == level:
        begun = add_months(begun, -1)
    limits, own = limits_on(run.as_of), tier.pk if tier else None
    words = rule(level, score, limits.of(own))
    return Band(
        ORDER[level],
        since_words(begun, first=min(levels)),
        formats.number(score),
        explain_url("engagement_score", Scope.ACCOUNT, account, month(run.as_of)),
        f"{words} (limits of tier {tier})" if limits.has_own(own) else words,
    )


def since_words(begun: Day, first: Day) -> str:
    words = formats.month(begun)
    return f"{words} or longer" if begun == first else words


def rule(level: int, score: Decimal, limits: dict[str, Decimal]) -> str:
    """What lifts it and what lets it fall; a band is left only well under its limit."""
    said = []
    if level < len(BAND_NAMES):
        said.append(
            f"rises to {ORDER[level + 1]} from {formats.number(limits[list(BAND_NAMES)[level]])} points on"
        )
    if level:
        limit = limits[list(BAND_NAMES)[level - 1]]
        least = formats.number(limit * (1 - limits[Threshold.Name.STAY] / 100))
        stays = f"still {ORDER[level]} below {formats.number(limit)}, " if score < limit else ""
        said.append(f"{stays}falls to {ORDER[level - 1]} only under {least}")
    return "; ".join(said)
