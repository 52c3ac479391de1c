"""The health of one account as its page tells it: the value, what moved it, and how complete the profile is."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.engagement.health import HealthWeight
from accounts.periods import Day
from kamplan import formats
from metrics.result import Result
from metrics.sources.health import LEAST_KNOWN, PARTS, WEIGHTS
from metrics.urls_for import explain_url

HEALTHY, POORLY = 70, 50
"""From here on an account is well, and below that it is at risk; between them it is watched."""
ANSWERS = HealthWeight.Part.SATISFACTION.label
NOTED = 1
"""Points that a part has to move to be named."""

# Every part on both days, known or not.
PARTS_OF_ACCOUNT = f"""
    WITH days AS (SELECT UNNEST(%(days)s::date[]) AS day)
    SELECT u.part, d.day, COALESCE(w.weight, u.weight) AS weight, p.points
      FROM (VALUES {WEIGHTS}) u (part, weight)
     CROSS JOIN days d
      LEFT JOIN accounts_healthweight w ON w.part = u.part AND w.during @> d.day
      LEFT JOIN ({PARTS.format(among="o.account_id = %(account)s", days="days")}) p
             ON p.part = u.part AND p.day = d.day"""


@dataclass(frozen=True)
class Part:
    """A part of health, from 0 to 100, now and on the day compared with; None where it is not known."""

    name: str
    weight: Decimal
    now: Decimal | None
    before: Decimal | None

    @property
    def move(self) -> Decimal:
        return Decimal(0) if self.now is None or self.before is None else self.now - self.before


@dataclass(frozen=True)
class Health:
    value: Decimal | None
    change: Decimal | None
    since: Day
    parts: tuple[Part, ...]
    url: str
    filled: int
    required: int
    stale: int
    sees_answers: bool = True
    """What the account's few people answered is one of the parts, and not for everyone."""

    @property
    def state(self) -> str:
        return state_of(self.value)

    @property
    def tone(self) -> str:
        return TONES[self.state]

    @property
    def moved(self) -> bool:
        return self.change is not None and abs(self.change) >= NOTED

    @property
    def direction(self) -> str:
        return "down" if (self.change or 0) < 0 else "up"

    @property
    def cause(self) -> str:
        if self.value is None:
            return UNKNOWN
        if self.sees_answers:
            return cause(self.parts)
        return cause([each for each in self.parts if each.name != ANSWERS], "the parts that this role sees")

    @property
    def complete(self) -> int | None:
        return round(self.filled * 100 / self.required) if self.required else None


UNKNOWN = f"Less than {Decimal(LEAST_KNOWN) * 100:.0f} % of what makes a health is known of this account."
TONES = {"well": "pos", "watch": "caution", "risk": "neg", "no_data": "data"}


def state_of(value: Decimal | None) -> str:
    if value is None:
        return "no_data"
    return "well" if value >= HEALTHY else "watch" if value >= POORLY else "risk"


def health_of(
    now: Result, before: Result, completeness: Result, days: Sequence[Day], *, sees_answers: bool
) -> Health:
    """`days`: the one shown and the one compared with; the parts are those of today's rows."""
    value, earlier = now.value, before.value
    known = completeness.parts
    return Health(
        value=value,
        change=value - earlier if value is not None and earlier is not None else None,
        since=days[1],
        parts=parts_of(int(now.key or 0), days) if value is not None else (),
        url=explain_url(now.kpi.id, now.scope, now.key, now.period),
        filled=int(known.get("known_fields", 0)),
        required=int(known.get("wanted_fields", 0)),
        stale=int(known.get("stale_facts", 0)),
        sees_answers=sees_answers,
    )


def parts_of(account: int, days: Sequence[Day]) -> tuple[Part, ...]:
    with connection.cursor() as cursor:
        cursor.execute(PARTS_OF_ACCOUNT, {"account": account, "days": list(days)})
        rows: list[Any] = cursor.fetchall()
    points = {(part, day): value for part, day, _, value in rows}
    weights = {part: weight for part, day, weight, _ in rows if day == days[0]}
    return tuple(
        Part(part.label, weights[part.value], points[part.value, days[0]], points[part.value, days[1]])
        for part in HealthWeight.Part
    )


def cause(parts: Sequence[Part], among: str = "its parts") -> str:
    """Which parts moved, the heaviest move first; or which one is lowest."""
    known = [part for part in parts if part.now is not None]
    moved = sorted(
        (part for part in known if part.before is not None and abs(part.move) >= NOTED),
        key=lambda part: -abs(part.move * part.weight),
    )
    said = [
        f"{part.name} {'fell' if part.move < 0 else 'rose'}"
        f" from {formats.number(part.before)} to {formats.number(part.now)}"
        for part in moved[:2]
    ]
    said += [f"{part.name} is new" for part in known if part.before is None]
    said += [
        f"{part.name} is not known any more" for part in parts if part.now is None and part.before is not None
    ]
    if not said:
        lowest = min(known, key=lambda part: (part.now or 0, part.name), default=None)
        return f"Lowest of {among}: {lowest.name}, {formats.number(lowest.now)} of 100." if lowest else ""
    same = [part.name for part in known if part.before is not None and abs(part.move) < NOTED]
    text = sentence(", ".join(said))
    return f"{text} {sentence(listed(same))[:-1]} as before." if same else text


def listed(names: Sequence[str]) -> str:
    if not names:
        return ""
    verb = "is" if len(names) == 1 else "are"
    return f"{' and '.join(filter(None, [', '.join(names[:-1]), names[-1]]))} {verb}"


def sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
