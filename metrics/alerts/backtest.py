"""Did health foretell losses? Looked at on this installation's own history, and said with its uncertainty.

A customer with a health at the end of a month is followed for six months: lost, if a contract was live and none is
then; without a contract, if there was no order in 12 months. Months half a year apart are taken, so that no loss is
counted twice.
"""

from dataclasses import dataclass
from math import sqrt

from django.db import connection

from accounts.periods import Day, add_months, first_of_month

AHEAD = 6
LEAST_LOSSES = 10

FOLLOWED = """
    WITH taken AS (SELECT m::date AS month FROM generate_series(%(first)s::date, %(last)s::date, '6 months') m),
    stood AS (
        SELECT t.month, f.account_id,
               SUM(f.health_points) FILTER (WHERE f.month = t.month) AS points,
               SUM(f.health_accounts) FILTER (WHERE f.month = t.month) AS known,
               COALESCE(SUM(f.contracts) FILTER (WHERE f.month = t.month), 0) AS contracts,
               COALESCE(SUM(f.contracts) FILTER (WHERE f.month = t.month + INTERVAL '6 months'), 0) AS contracts_after,
               COALESCE(SUM(f.orders) FILTER (WHERE f.month <= t.month
                              AND f.month > t.month - INTERVAL '12 months'), 0) AS orders,
               COALESCE(SUM(f.orders) FILTER (WHERE f.month > t.month - INTERVAL '6 months'), 0) AS orders_after
          FROM taken t
          JOIN metrics_accountmonth f ON f.month > t.month - INTERVAL '12 months'
           AND f.month <= t.month + INTERVAL '6 months' AND f.account_id IS NOT NULL
         GROUP BY t.month, f.account_id),
    followed AS (SELECT points / known AS health,
                        CASE WHEN contracts > 0 THEN contracts_after <= 0 ELSE orders_after <= 0 END AS is_lost
                   FROM stood WHERE known > 0 AND contracts + orders > 0),
    ranked AS (SELECT health, is_lost, RANK() OVER (ORDER BY health)
                      + (COUNT(*) OVER (PARTITION BY health) - 1) / 2.0 AS place,
                      NTILE(5) OVER (ORDER BY health) AS fifth FROM followed)
    SELECT COUNT(*), COUNT(*) FILTER (WHERE is_lost), COALESCE(SUM(place) FILTER (WHERE is_lost), 0),
           COUNT(*) FILTER (WHERE fifth = 1), COUNT(*) FILTER (WHERE fifth = 1 AND is_lost)
      FROM ranked"""


@dataclass(frozen=True)
class Backtest:
    """How often, of a lost customer and a kept one, the lost one had the lower health."""

    followed: int
    lost: int
    area: float | None = None
    low: float | None = None
    high: float | None = None
    worst: int = 0
    worst_lost: int = 0

    @property
    def is_enough(self) -> bool:
        return self.area is not None

    @property
    def least(self) -> int:
        return LEAST_LOSSES

    @property
    def area_percent(self) -> int:
        return round(100 * (self.area or 0))

    @property
    def low_percent(self) -> int:
        return round(100 * (self.low or 0))

    @property
    def high_percent(self) -> int:
        return round(100 * (self.high or 0))

    @property
    def says_nothing(self) -> bool:
        """The range holds one half: no better than tossing a coin."""
        return self.low is not None and self.low <= 0.5


def backtest(as_of: Day, first_month: Day) -> Backtest:
    """Over all half years whose outcome is known by the last complete month."""
    last = add_months(first_of_month(as_of), -1 - AHEAD)
    halves = max((last.year - first_month.year) * 12 + last.month - first_month.month, 0) // AHEAD
    with connection.cursor() as cursor:
        cursor.execute(FOLLOWED, {"first": add_months(last, -AHEAD * halves), "last": last})
        followed, lost, places, worst, worst_lost = cursor.fetchone()
    kept = followed - lost
    if lost < LEAST_LOSSES or kept < LEAST_LOSSES:
        return Backtest(followed, lost)
    area = 1 - (float(places) - lost * (lost + 1) / 2) / (lost * kept)
    spread = 1.959964 * standard_error(area, lost, kept)
    return Backtest(followed, lost, area, max(area - spread, 0.0), min(area + spread, 1.0), worst, worst_lost)


def standard_error(area: float, lost: int, kept: int) -> float:
    """Hanley and McNeil 1982."""
    one, two = area / (2 - area), 2 * area * area / (1 + area)
    variance = area * (1 - area) + (lost - 1) * (one - area**2) + (kept - 1) * (two - area**2)
    return sqrt(max(variance, 0.0) / (lost * kept))
