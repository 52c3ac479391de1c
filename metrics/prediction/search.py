"""The search for the rates of a model, over their logarithms, so that they stay positive."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize

Numbers = NDArray[np.float64]
FURTHEST = 7.0
"""A rate beyond e^7 says that customers do not differ at all: then the data are not what the model describes."""
PRECISE = {"ftol": 1e-13, "gtol": 1e-8}


def search(loss: Callable[[Numbers], float], starts: Sequence[Sequence[float]]) -> OptimizeResult:
    """The first start that leads to a minimum inside the bounds; if none does, the best of them."""
    found, bounds = [], [(-FURTHEST, FURTHEST)] * len(starts[0])
    for start in starts:
        result = minimize(loss, start, method="L-BFGS-B", bounds=bounds, options=PRECISE)
        if result.success and is_inside(result):
            return result
        found.append(result)
    return min(found, key=lambda result: result.fun)


def is_inside(result: OptimizeResult) -> bool:
    """A rate at a bound was cut off by it, not found."""
    return bool(np.all(np.abs(result.x) < FURTHEST - 0.1))
