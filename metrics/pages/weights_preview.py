"""What a changed weight would do to every account, before anybody changes it: from what to what, and who.

As if the new value had held on all days looked at, so that the preview shows where things will settle.
"""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Sum

from accounts.models import Organisation
from accounts.periods import Day, add_months, first_of_month
from kamplan import formats
from metrics.bands import COLD, ORDER, Limits, band, limits_on, tiers_on
from metrics.models import AccountMonth
from metrics.sources.health import LEAST_KNOWN, PARTS, WHOLE
from metrics.weights import Weight

LOOKED_BACK = 3
"""So many whole months make an account's engagement."""

POINTS = """
    SELECT b.account_id, SUM(LEAST(b.number, COALESCE(k.daily_cap, b.number)) * w.weight),
           SUM(LEAST(b.number, COALESCE(k.daily_cap, b.number))
               * CASE WHEN b.kind_id = %(kind)s THEN %(value)s::numeric ELSE w.weight END)
      FROM (SELECT s.account_id, s.kind_id, (s.at AT TIME ZONE %(zone)s)::date AS on_day, COUNT(*) AS number
              FROM accounts_signal s
             WHERE s.at >= (%(first)s::timestamp AT TIME ZONE %(zone)s)
               AND s.at < (%(until)s::timestamp AT TIME ZONE %(zone)s)
             GROUP BY 1, 2, 3) b
      JOIN accounts_signalkind k ON k.id = b.kind_id
      JOIN accounts_signalweight w ON w.kind_id = b.kind_id AND w.during @> b.on_day
     GROUP BY b.account_id"""

FIT = """
    SELECT known.account_id, {now}, {then}
      FROM (SELECT DISTINCT ON (f.account_id, f.criterion_id) f.account_id, f.criterion_id, f.match
              FROM accounts_fit f WHERE f.account_id IS NOT NULL AND f.noted_on <= %(day)s
             ORDER BY f.account_id, f.criterion_id, f.noted_on DESC, f.id DESC) known
      JOIN (SELECT criterion_id, weight AS old,
                   CASE WHEN criterion_id = %(key)s THEN %(value)s::numeric ELSE weight END AS new
              FROM accounts_icpweight WHERE during @> %(day)s::date) w USING (criterion_id)
     CROSS JOIN (SELECT SUM(weight) AS old,
                        SUM(CASE WHEN criterion_id = %(key)s THEN %(value)s::numeric ELSE weight END) AS new
                   FROM accounts_icpweight WHERE during @> %(day)s::date) whole
     WHERE known.match IS NOT NULL
     GROUP BY known.account_id, whole.old, whole.new"""
FIT_OF = (
    "CASE WHEN SUM(w.{of}) >= 0.6 * whole.{of} AND SUM(w.{of}) > 0"
    " THEN 100 * SUM(w.{of} * known.match) / SUM(w.{of}) END"
)

HEALTH = f"""
    WITH parts AS ({PARTS}),
    newer AS (SELECT *, CASE WHEN part = %(key)s THEN %(value)s::numeric ELSE weight END AS new FROM parts)
    SELECT x.account_id,
           CASE WHEN x.old >= {LEAST_KNOWN} * whole.weight AND x.old > 0 THEN x.health_old END,
           CASE WHEN x.new >= {LEAST_KNOWN} * (whole.weight - %(held)s::numeric + %(value)s::numeric) AND x.new > 0
                THEN x.health_new END
      FROM (SELECT account_id, day, SUM(weight) AS old, SUM(new) AS new,
                   SUM(weight * points) / NULLIF(SUM(weight), 0) AS health_old,
                   SUM(new * points) / NULLIF(SUM(new), 0) AS health_new
              FROM newer GROUP BY account_id, day) x
      JOIN ({WHOLE}) whole USING (day)"""


@dataclass(frozen=True)
class Shift:
    """One account: its value now and then, and the groups these fall into."""

    account: int
    before: Decimal | None
    after: Decimal | None
    was: str = ""
    becomes: str = ""

    @property
    def is_changed(self) -> bool:
        return self.before != self.after or self.was != self.becomes

    @property
    def distance(self) -> Decimal:
        return abs((self.after or Decimal(0)) - (self.before or Decimal(0)))

    @property
    def group(self) -> str:
        """As in `warm → hot`, or which way it went."""
        if self.was != self.becomes:
            return f"{self.was} → {self.becomes}"
        if self.before is None or self.after is None:
            return "no longer known" if self.after is None else "becomes known"
        way = "rises" if self.after > self.before else "falls"
        return f"{way}, stays {self.was}" if self.was else way


@dataclass(frozen=True)
class Preview:
    """What is previewed, and every account that has a value on either side."""

    noun: str
    shifts: Sequence[Shift]
    days: str = ""
    """Which days are looked at, where these are others than today."""

    @property
    def changed(self) -> list[Shift]:
        """Those that change group first, then by how far they move."""
        return sorted(
            (each for each in self.shifts if each.is_changed),
            key=lambda each: (each.was == each.becomes, -each.distance, each.account),
        )

    @property
    def groups(self) -> list[tuple[str, int]]:
        counted: dict[str, int] = {}
        for each in self.changed:
            counted[each.group] = counted.get(each.group, 0) + 1
        return sorted(counted.items(), key=lambda each: ("→" not in each[0], -each[1], each[0]))


def preview(weight: Weight, value: Decimal | None, day: Day) -> Preview | None:
    """None where no account is sorted by it. Without a value a tier follows everyone again."""
    made = PREVIEWS.get(weight.family.name)
    return made(weight, value, day) if made else None


def of_signals(weight: Weight, value: Decimal | None, day: Day) -> Preview:
    limits = limits_on(day)
    rows = points(day, int(weight.key), value)
    return Preview("points of engagement", banded(rows, limits, limits, day), days_words(day))


def of_bands(weight: Weight, value: Decimal | None, day: Day) -> Preview:
    now = limits_on(day)
    which = weight.family.which(weight.key)
    then = now.changed(which["tier_id"], which["name"], value)
    shifts = banded(points(day, 0, Decimal(0)), now, then, day)
    return Preview("band of engagement", shifts, days_words(day))


def of_fit(weight: Weight, value: Decimal | None, day: Day) -> Preview:
    sql = FIT.format(now=FIT_OF.format(of="old"), then=FIT_OF.format(of="new"))
    rows = fetch(sql, {"day": day, "key": int(weight.key), "value": value})
    return Preview("fit with the ideal customer", [Shift(*rounded(row)) for row in rows])


def of_health(weight: Weight, value: Decimal | None, day: Day) -> Preview:
    sql = HEALTH.replace("{among}", "TRUE").replace("{days}", "(SELECT %(day)s::date AS day)")
    params = {"day": day, "key": weight.key, "value": value, "held": weight.on(day) or 0}
    return Preview("health", [Shift(*rounded(row)) for row in fetch(sql, params)])


PREVIEWS: dict[str, Callable[[Weight, Decimal | None, Day], Preview]] = {
    "signals": of_signals,
    "bands": of_bands,
    "fit": of_fit,
    "health": of_health,
}


def points(day: Day, kind: int, value: Decimal | None) -> list[tuple[int, Decimal, Decimal]]:
    """Of the last three whole months: account, points now, points with another weight."""
    months = {"first": add_months(day, -LOOKED_BACK), "until": first_of_month(day)}
    zone = Organisation.current().time_zone
    found = fetch(POINTS, {**months, "zone": zone, "kind": kind, "value": value})
    return [rounded(row) for row in found]


def banded(rows: Sequence[tuple[int, Decimal, Decimal]], now: Limits, then: Limits, day: Day) -> list[Shift]:
    """Each account in the band of its tier's limits, before and after."""
    accounts = [account for account, _, _ in rows]
    tiers, stood = tiers_on(day, accounts), bands_before(day, accounts)
    found = []
    for account, before, after in rows:
        tier = tiers.get(account)
        was = band(before, now.of(tier), stood.get(account, COLD))
        found.append(Shift(account, before, after, was, band(after, then.of(tier), was)))
    return found


def days_words(day: Day) -> str:
    last = first_of_month(day) - datetime.timedelta(days=1)
    return f"the three whole months to {formats.day(last, year=True)}"


def bands_before(day: Day, accounts: Sequence[int]) -> dict[int, str]:
    """The band that each was in at the end of the last whole month: below its limit it may stay in it."""
    month = add_months(day, -1)
    rows = AccountMonth.objects.filter(month=month, account_id__in=accounts).values("account_id")
    levels = rows.annotate(level=Sum("band_level")).values_list("account_id", "level")
    return {account: ORDER[int(level or 0)] for account, level in levels if account is not None}


def fetch(sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def rounded(row: Sequence[Any]) -> tuple[Any, Any, Any]:
    """One decimal is what the pages show; what does not change there did not change."""
    account, before, after = row
    return account, tenth(before), tenth(after)


def tenth(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value).quantize(Decimal("0.1"))
