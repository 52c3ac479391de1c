"""Customers who order without a contract: what their orders so far let expect of the next 12 months."""

from dataclasses import dataclass

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from accounts.periods import Day
from metrics.prediction import bgnbd, gamma_gamma
from metrics.prediction.bgnbd import BgNbd
from metrics.prediction.gamma_gamma import GammaGamma

Numbers = NDArray[np.float64]

YEAR = 52.1775
"""Weeks, the unit of all times here."""
FEWEST = 100
SHORTEST = 52
MOST_CORRELATION = 0.5
DRAWS = 400
SEED = 20050401

NOT_LIKE_IT = (
    "the model describes customers who differ and order at random, and these do not: "
    "they order too much alike or too regularly"
)

# Orders of one day are one purchase: two invoices of a delivery are not two decisions. A credit note lowers
# what the purchases were worth and is none itself. Amounts without a rate leave the account out.
HISTORY = """
    WITH bought AS (
        SELECT o.account_id, o.date, bool_or(o.kind = 'order') AS is_purchase,
               SUM(l.amount * CASE WHEN o.currency = org.reporting_currency THEN 1 ELSE r.rate END) AS amount,
               bool_or(o.currency <> org.reporting_currency AND r.rate IS NULL) AS lacks_rate
          FROM accounts_order o
          JOIN accounts_orderline l ON l.order_id = o.id
         CROSS JOIN accounts_organisation org
          LEFT JOIN metrics_dailyrate r ON r.currency = o.currency AND r.day = o.date
         WHERE o.account_id IS NOT NULL AND o.date <= %(as_of)s
           AND NOT EXISTS (SELECT 1 FROM accounts_contract c
                            WHERE c.account_id = o.account_id AND c.during @> %(as_of)s::date)
         GROUP BY 1, 2)
    SELECT account_id, COUNT(*) FILTER (WHERE is_purchase) AS purchases,
           MIN(date) FILTER (WHERE is_purchase) AS first, MAX(date) FILTER (WHERE is_purchase) AS last,
           SUM(amount) AS amount
      FROM bought GROUP BY 1
    HAVING COUNT(*) FILTER (WHERE is_purchase) > 0 AND NOT bool_or(lacks_rate)
     ORDER BY 1"""


@dataclass(frozen=True)
class History:
    """Of each account: repeat purchases, weeks from the first to the last one and to today, mean purchase."""

    accounts: list[int]
    x: Numbers
    t_x: Numbers
    t: Numbers
    mean: Numbers

    def __len__(self) -> int:
        return len(self.accounts)

    @property
    def has_value(self) -> NDArray[np.bool_]:
        return (self.x > 0) & (self.mean > 0)


def read_history(as_of: Day) -> History:
    with connection.cursor() as cursor:
        cursor.execute(HISTORY, {"as_of": as_of})
        rows = cursor.fetchall()
    purchases = np.array([row[1] for row in rows], dtype=float)
    return History(
        [row[0] for row in rows],
        purchases - 1,
        np.array([(row[3] - row[2]).days / 7 for row in rows]),
        np.array([(as_of - row[2]).days / 7 for row in rows]),
        np.array([float(row[4]) for row in rows]) / np.maximum(purchases, 1),
    )


@dataclass(frozen=True)
class Fit:
    orders: bgnbd.Fit
    values: gamma_gamma.Fit


def why_not(history: History) -> str:
    """What the data lack, or nothing."""
    if len(history) < FEWEST:
        return f"only {len(history)} customers order without a contract, and {FEWEST} are needed"
    if float(history.t.max()) < SHORTEST:
        return "their orders reach back less than a year"
    if int(history.has_value.sum()) < FEWEST:
        return f"fewer than {FEWEST} of them have ordered twice"
    return ""


def fit(history: History) -> tuple[Fit | None, str]:
    """The two models, or the reason why there are none."""
    refused = why_not(history)
    if refused:
        return None, refused
    orders = bgnbd.fit(history.x, history.t_x, history.t)
    valued = history.has_value
    values = gamma_gamma.fit(history.x[valued], history.mean[valued])
    if not (orders.converged and values.converged):
        return None, NOT_LIKE_IT
    if abs(values.correlation) > MOST_CORRELATION:
        return None, "how often customers order goes with how much, which the model does not allow for"
    return Fit(orders, values), ""


@dataclass(frozen=True)
class Expected:
    """Of each account, in the order of the history; `low` and `high` hold 80 % of the draws."""

    chance: Numbers
    orders: Numbers
    value: Numbers
    low: Numbers
    high: Numbers

    @property
    def is_sound(self) -> bool:
        columns = (self.chance, self.orders, self.value, self.low, self.high)
        return all(bool(np.isfinite(column).all()) for column in columns)


def expect(found: Fit, history: History, within: float = YEAR) -> Expected:
    model, values = found.orders.model, found.values.model
    seen = (history.x, history.t_x, history.t)
    x = np.where(history.mean > 0, history.x, 0.0)
    worth = values.expected_value(x, np.where(x > 0, history.mean, 0.0))
    orders = model.expected_orders(within, *seen)
    chance = model.alive(*seen)
    low, high = spread(model, values, history, chance, within)
    return Expected(chance, orders, orders * worth, low, high)


def spread(
    model: BgNbd, values: GammaGamma, history: History, chance: Numbers, within: float
) -> tuple[Numbers, Numbers]:
    """The 10th and 90th of 100 outcomes: rates drawn from what is known of each customer, then orders."""
    random = np.random.default_rng(SEED)
    size = (DRAWS, len(history))
    rate = random.gamma(model.r + history.x, 1 / (model.alpha + history.t), size)
    leaving = random.beta(model.a, model.b + history.x, size)
    made = random.poisson(rate * within).astype(float)
    # After each order the customer may be gone: the first order after which they are cuts the rest off.
    stays = random.geometric(np.clip(leaving, 1e-12, 1.0)).astype(float)
    orders = np.where(random.random(size) < chance, np.minimum(made, stays), 0.0)
    x = np.where(history.mean > 0, history.x, 0.0)
    scale = values.gamma + np.where(x > 0, history.mean * x, 0.0)
    nu = random.gamma(values.p * x + values.q, 1 / scale, size)
    money = np.where(orders > 0, random.gamma(np.maximum(values.p * orders, 1e-9)) / nu, 0.0)
    low, high = np.quantile(money, [0.1, 0.9], axis=0)
    return low, high
