"""BG/NBD: how often a customer who orders without a contract will order again, and whether they still will.

Fader, Hardie & Lee 2005, Marketing Science 24(2), doi 10.1287/mksc.1040.0098. While alive a customer orders at a
rate that differs between customers as a gamma (r, alpha); after each order they leave for good with a chance that
differs as a beta (a, b). Of a customer three figures matter: `x` orders after the first, the time `t_x` of the last
one and the time `t` watched, both since the first order and in one unit (weeks here).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, gammaln, hyp2f1

from metrics.prediction.search import is_inside, search

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class BgNbd:
    """The fitted rates of a whole customer base; times in the unit of the data."""

    r: float
    alpha: float
    a: float
    b: float

    def log_likelihoods(self, x: Numbers, t_x: Numbers, t: Numbers) -> Numbers:
        """ln L of each customer."""
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        orders = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        staying = betaln(a, b + x) - betaln(a, b)
        alive = staying - (r + x) * np.log(alpha + t)
        # Who never ordered again cannot have left: leaving follows an order.
        leaving = np.where(x > 0, betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b), -np.inf)
        return np.asarray(orders + np.logaddexp(alive, leaving - (r + x) * np.log(alpha + t_x)))

    def alive(self, x: Numbers, t_x: Numbers, t: Numbers) -> Numbers:
        """The chance that each customer has not left."""
        odds = self.a / (self.b + np.maximum(x, 1) - 1)
        quiet = np.exp((self.r + x) * (np.log(self.alpha + t) - np.log(self.alpha + t_x)))
        return np.asarray(1 / (1 + np.where(x > 0, odds * quiet, 0.0)))

    def expected_orders(self, within: float, x: Numbers, t_x: Numbers, t: Numbers) -> Numbers:
        """Orders to be expected of each customer in the time `within` that follows."""
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        z = within / (alpha + t + within)
        left = ((alpha + t) / (alpha + t + within)) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, z)
        return np.asarray((a + b + x - 1) / (a - 1) * (1 - left) * self.alive(x, t_x, t))

    def expected_of_new(self, within: Numbers) -> Numbers:
        """Orders after the first that a customer whom nobody knows yet makes in the time `within`."""
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        z = within / (alpha + within)
        left = (alpha / (alpha + within)) ** r * hyp2f1(r, b, a + b - 1, z)
        return np.asarray((a + b - 1) / (a - 1) * (1 - left))


@dataclass(frozen=True)
class Fit:
    """The best rates found, the log-likelihood they reach, and whether the search ended by itself."""

    model: BgNbd
    log_likelihood: float
    converged: bool


def fit(x: Numbers, t_x: Numbers, t: Numbers) -> Fit:
    """Maximum likelihood over `ln` of the four rates, from several starts; times are scaled to about ten first."""
    scale = 10 / float(np.max(t))
    # Many customers share their three figures: each combination is worked out once.
    alike, counts = np.unique(np.column_stack([x, t_x * scale, t * scale]), axis=0, return_counts=True)
    columns = alike.T

    def loss(logs: Numbers) -> float:
        values = BgNbd(*np.exp(logs)).log_likelihoods(*columns)
        total = -float(np.sum(counts * values)) / len(x)
        return total if np.isfinite(total) else 1e10

    starts = ([0.0, 0.0, 0.0, 0.0], [-1.0, 0.0, -0.5, 1.0], [0.5, 1.0, -1.0, 0.5])
    best = search(loss, starts)
    r, alpha, a, b = np.exp(best.x)
    model = BgNbd(float(r), float(alpha / scale), float(a), float(b))
    total = float(np.sum(model.log_likelihoods(x, t_x, t)))
    return Fit(model, total, bool(best.success) and is_inside(best))
