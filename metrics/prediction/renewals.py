"""Contracts: how often they were renewed so far, and how many more renewals that lets expect."""

from dataclasses import dataclass

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from accounts.periods import Day
from metrics.prediction import sbg
from metrics.prediction.sbg import Renewals

Numbers = NDArray[np.float64]

FEWEST = 100
FEWEST_RENEWALS = 4
DISCOUNT = 0.10
"""A year; what is earned later counts for less."""

# A contract's terms bear one number: the decided ones are its renewals, in order. Lost is what nobody renewed.
TERMS = """
    WITH term AS (
        SELECT account_id, number, LOWER(during) AS first, UPPER(during) AS until, outcome,
               COUNT(*) FILTER (WHERE outcome <> 'open') OVER w AS decided,
               LAST_VALUE(outcome) OVER w AS last_outcome
          FROM accounts_contract
         WHERE LOWER(during) <= %(as_of)s
        WINDOW w AS (PARTITION BY account_id, number ORDER BY LOWER(during)
                     ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)),
    past AS (
        SELECT account_id, number,
               COUNT(*) FILTER (WHERE outcome <> 'open' AND until <= %(as_of)s::date + 1) AS decided,
               bool_or(outcome IN ('lost', 'lapsed') AND until <= %(as_of)s::date + 1) AS is_lost
          FROM term GROUP BY 1, 2)
    SELECT decided, is_lost, COUNT(*) FROM past WHERE decided > 0 GROUP BY 1, 2 ORDER BY 1, 2"""

LIVE = """
    SELECT c.account_id, c.id, c.number,
           (SELECT COUNT(*) FROM accounts_contract p
             WHERE p.account_id = c.account_id AND p.number = c.number AND p.outcome = 'renewed'
               AND UPPER(p.during) <= LOWER(c.during)) AS renewed,
           c.annual_value * CASE WHEN c.currency = org.reporting_currency THEN 1 ELSE r.rate END AS value
      FROM accounts_contract c
     CROSS JOIN accounts_organisation org
      LEFT JOIN metrics_dailyrate r ON r.currency = c.currency AND r.day = %(as_of)s
     WHERE c.during @> %(as_of)s::date AND UPPER(c.during) IS NOT NULL
     ORDER BY c.account_id, c.number"""


def read_renewals(as_of: Day) -> Renewals:
    with connection.cursor() as cursor:
        cursor.execute(TERMS, {"as_of": as_of})
        rows = cursor.fetchall()
    longest = max((row[0] for row in rows), default=0)
    lost, waiting = np.zeros(longest), np.zeros(longest)
    for decided, is_lost, count in rows:
        (lost if is_lost else waiting)[decided - 1] += count
    return Renewals(np.arange(1.0, longest + 1), lost, waiting)


def why_not(renewals: Renewals) -> str:
    if renewals.size < FEWEST:
        return f"only {int(renewals.size)} contracts came to a renewal so far, and {FEWEST} are needed"
    if len(renewals.t) < FEWEST_RENEWALS:
        return f"no contract has been renewed {FEWEST_RENEWALS} times yet"
    if renewals.lost.sum() == 0:
        return "no contract was ever lost"
    return ""


def fit(renewals: Renewals) -> tuple[sbg.Fit | None, str]:
    refused = why_not(renewals)
    if refused:
        return None, refused
    found = sbg.fit(renewals)
    if not found.converged:
        return None, "the search for the rates did not end; the data do not follow the model"
    return found, ""


@dataclass(frozen=True)
class Contract:
    """A live contract with what is expected of it."""

    account: int
    number: str
    renewed: int
    annual_value: float
    chance: float
    renewals: float

    @property
    def value(self) -> float:
        """What its renewals to come are worth today."""
        return self.annual_value * self.renewals

    def bound(self, model: sbg.Sbg, share: float) -> float:
        """The value of the renewals that come before the share `share` of such contracts is lost."""
        lasting = model.survival(np.arange(self.renewed, self.renewed + 60.0))
        still = lasting / lasting[0]
        reached = int(np.sum(still[1:] >= 1 - share))
        return self.annual_value * float(np.sum((1 + DISCOUNT) ** -np.arange(reached, dtype=float)))


def live_contracts(found: sbg.Fit, as_of: Day) -> list[Contract]:
    """Contracts without a rate for their currency are left out."""
    with connection.cursor() as cursor:
        cursor.execute(LIVE, {"as_of": as_of})
        rows = [row for row in cursor.fetchall() if row[4] is not None]
    model = found.model
    return [
        Contract(
            account,
            number,
            renewed,
            float(value),
            float(model.retention(np.array([renewed + 1.0]))[0]),
            model.residual_lifetime(renewed, DISCOUNT),
        )
        for account, _, number, renewed, value in rows
    ]
