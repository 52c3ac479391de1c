"""Gamma-Gamma: what one order of a customer is worth on average, drawn towards everybody's where few were seen.

Fader, Hardie & Lee 2005, JMR 42(4), and Hardie's note 025. Only of customers who ordered again (`x` > 0); how often
somebody orders must have next to nothing to do with how much.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from metrics.prediction.search import is_inside, search

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class GammaGamma:
    """`p` and `q` are shapes, `gamma` is the scale in the money of the data."""

    p: float
    q: float
    gamma: float

    def log_likelihoods(self, x: Numbers, mean: Numbers) -> Numbers:
        p, q, gamma = self.p, self.q, self.gamma
        return np.asarray(
            gammaln(p * x + q)
            - gammaln(p * x)
            - gammaln(q)
            + q * np.log(gamma)
            + (p * x - 1) * np.log(mean)
            + p * x * np.log(x)
            - (p * x + q) * np.log(gamma + mean * x)
        )

    def expected_value(self, x: Numbers, mean: Numbers) -> Numbers:
        """The mean order to be expected of each customer; `x` 0 gives everybody's."""
        return np.asarray(self.p * (self.gamma + mean * x) / (self.p * x + self.q - 1))


@dataclass(frozen=True)
class Fit:
    model: GammaGamma
    log_likelihood: float
    converged: bool
    correlation: float
    """Of how often and how much; the model asks for next to none."""


def fit(x: Numbers, mean: Numbers) -> Fit:
    """Maximum likelihood over the customers with repeat orders and a positive mean."""
    scale = float(np.mean(mean))

    def loss(logs: Numbers) -> float:
        total = -float(np.mean(GammaGamma(*np.exp(logs)).log_likelihoods(x, mean / scale)))
        return total if np.isfinite(total) else 1e10

    starts = ([1.0, 1.0, 0.0], [0.0, 0.7, 0.5], [2.0, 1.5, -0.5])
    best = search(loss, starts)
    p, q, gamma = np.exp(best.x)
    model = GammaGamma(float(p), float(q), float(gamma * scale))
    total = float(np.sum(model.log_likelihoods(x, mean)))
    # Without a shape above 1 the population has no mean order.
    sound = bool(best.success and is_inside(best) and q > 1)
    differ = np.ptp(x) > 0 and np.ptp(mean) > 0
    return Fit(model, total, sound, float(np.corrcoef(x, mean)[0, 1]) if differ else 0.0)
