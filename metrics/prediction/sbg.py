"""Shifted-beta-geometric: for how long contracts go on being renewed.

Fader & Hardie 2007, Journal of Interactive Marketing 21(1), doi 10.1002/dir.20074. At each renewal a contract is
lost with a chance that differs between customers as a beta (alpha, beta); who stays has stayed for a reason, so
retention rises with tenure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, hyp2f1

from metrics.prediction.search import is_inside, search

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Sbg:
    alpha: float
    beta: float

    def survival(self, t: Numbers) -> Numbers:
        """The share that is still there after `t` renewals."""
        return np.asarray(np.exp(betaln(self.alpha, self.beta + t) - betaln(self.alpha, self.beta)))

    def retention(self, t: Numbers) -> Numbers:
        """The chance that the `t`-th renewal succeeds, for who came so far."""
        return np.asarray((self.beta + t - 1) / (self.alpha + self.beta + t - 1))

    def residual_lifetime(self, renewed: int, discount: float) -> float:
        """Renewals still to come of who has renewed so often, each discounted by the year (DERL, 2010)."""
        a, b, n = self.alpha, self.beta, renewed
        return float((b + n) / (a + b + n) * hyp2f1(1, b + n + 1, a + b + n + 1, 1 / (1 + discount)))

    def log_likelihood(self, renewals: "Renewals") -> float:
        dying = betaln(self.alpha + 1, self.beta + renewals.t - 1) - betaln(self.alpha, self.beta)
        staying = np.log(self.survival(renewals.t))
        return float(np.sum(renewals.lost * dying) + np.sum(renewals.waiting * staying))


@dataclass(frozen=True)
class Renewals:
    """How many were lost at their `t`-th renewal, and how many have renewed `t` times and go on."""

    t: Numbers
    lost: Numbers
    waiting: Numbers

    @property
    def size(self) -> float:
        return float(np.sum(self.lost) + np.sum(self.waiting))

    @classmethod
    def of_cohorts(cls, cohorts: Sequence[Sequence[int]]) -> "Renewals":
        """Of survivors: how many began together, and how many of them were left after each renewal."""
        longest = max(len(survivors) for survivors in cohorts)
        lost, waiting = np.zeros(longest), np.zeros(longest)
        for survivors in cohorts:
            lost[1 : len(survivors)] -= np.diff(np.asarray(survivors, dtype=float))
            waiting[len(survivors) - 1] += survivors[-1]
        # Who has no renewal behind them tells nothing.
        return cls(np.arange(1.0, longest), lost[1:], waiting[1:])


@dataclass(frozen=True)
class Fit:
    model: Sbg
    log_likelihood: float
    converged: bool


def fit(renewals: Renewals) -> Fit:
    """Maximum likelihood, from two starts."""

    def loss(logs: Numbers) -> float:
        total = -Sbg(*np.exp(logs)).log_likelihood(renewals) / renewals.size
        return total if np.isfinite(total) else 1e10

    best = search(loss, ([0.0, 0.0], [0.5, 2.0]))
    model = Sbg(*(float(each) for each in np.exp(best.x)))
    return Fit(model, model.log_likelihood(renewals), bool(best.success) and is_inside(best))
