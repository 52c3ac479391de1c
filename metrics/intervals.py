"""Intervals of 95 %: Wilson for shares, linearised for ratios of sums with accounts as clusters."""

from decimal import Decimal
from math import sqrt

Z = 1.959963984540054

Bounds = tuple[float, float]


def wilson(successes: float, trials: float) -> Bounds | None:
    """Wilson 1927, as shares between 0 and 1."""
    if trials <= 0:
        return None
    share = successes / trials
    centre = share + Z * Z / (2 * trials)
    spread = Z * sqrt(max(share * (1 - share), 0) / trials + Z * Z / (4 * trials * trials))
    scale = 1 + Z * Z / trials
    low, high = (centre - spread) / scale, (centre + spread) / scale
    return (0.0 if successes <= 0 else max(low, 0.0), 1.0 if successes >= trials else min(high, 1.0))


def net_share(promoters: float, detractors: float, answers: float) -> Bounds | None:
    """Of promoters less detractors: adjusted Wald with 3 answers added, three quarters to either (Rocks 2016)."""
    if answers <= 0:
        return None
    n = answers + 3
    plus, minus = (promoters + 0.75) / n, (detractors + 0.75) / n
    spread = Z * sqrt(max(plus + minus - (plus - minus) ** 2, 0) / n)
    return max(plus - minus - spread, -1.0), min(plus - minus + spread, 1.0)


def linearised(y: Decimal, x: Decimal, yy: Decimal, xy: Decimal, xx: Decimal, clusters: int) -> Bounds | None:
    """Of the ratio y / x of two sums over clusters (accounts), from their second moments."""
    if clusters < 2 or x == 0:
        return None
    ratio = y / x
    residuals = yy - 2 * ratio * xy + ratio * ratio * xx
    variance = max(float(residuals), 0.0) * clusters / (clusters - 1) / float(x) ** 2
    spread = Z * sqrt(variance)
    return float(ratio) - spread, float(ratio) + spread


def of_difference(first: float, of_first: Bounds, second: float, of_second: Bounds) -> Bounds:
    """Of first - second, two independent values with their own 95 % ranges (low, high).

    low  = first - second - sqrt((first - low of first)^2 + (high of second - second)^2)
    high = first - second + sqrt((high of first - first)^2 + (second - low of second)^2)

    Between two Wilson ranges this is the hybrid score interval of Newcombe 1998 (Statistics in Medicine 17,
    pages 873-890, method 10). Where both ranges are symmetric it is the root of the summed squared half-widths;
    Zou and Donner 2008 (Statistics in Medicine 27, pages 1693-1702) show that it holds for other ranges alike.
    """
    apart = first - second
    down = sqrt((first - of_first[0]) ** 2 + (of_second[1] - second) ** 2)
    up = sqrt((of_first[1] - first) ** 2 + (second - of_second[0]) ** 2)
    return apart - down, apart + up
