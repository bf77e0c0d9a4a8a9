"""How many failures there may be where so many were seen: the exact range of a Poisson mean (F. Garwood, Biometrika 28, 1936)."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

_MANY: Final = 10_000
"""Beyond, the quantiles' approximation by Wilson and Hilferty alone is off by less than one part in a million."""

_PRECISION: Final = 1e-12
_TINY: Final = 1e-300


def poisson_range(seen: float, confidence: float) -> tuple[float, float]:
    """The least and the greatest mean under which `seen` events are not unlikely: it holds the true one with `confidence` at least.

    Whole or not, as parts of slices are; 0 events have a least mean of 0 and a greatest of 3 at 90 %. Costs a millisecond at most.
    """
    beyond = (1 - confidence) / 2
    return gamma_quantile(seen, beyond) if seen else 0.0, gamma_quantile(seen + 1, 1 - beyond)


def gamma_quantile(shape: float, share: float) -> float:
    """The value below which a gamma distribution of that shape, and of scale 1, has `share` of its weight."""
    value = _wilson_hilferty(shape, share)
    if shape > _MANY:
        return value
    for _ in range(100):
        step = (_gamma_share(shape, value) - share) / _density(shape, value)
        following = max(value / 2, value - step)
        if abs(following - value) <= _PRECISION * value:
            return following
        value = following
    return value


def _wilson_hilferty(shape: float, share: float) -> float:
    """Where Newton's steps begin: the cube root of a gamma variable is nearly normal."""
    spread = 1 / (9 * shape)
    root = 1 - spread + NormalDist().inv_cdf(share) * math.sqrt(spread)
    return shape * max(root, 0.05) ** 3


def _density(shape: float, value: float) -> float:
    return math.exp((shape - 1) * math.log(value) - value - math.lgamma(shape))


def _gamma_share(shape: float, value: float) -> float:
    """The weight below `value`: by its series left of the mean, by its continued fraction right of it (Abramowitz and Stegun, 6.5)."""
    if value < shape + 1:
        return value * _density(shape, value) * _series(shape, value)
    return 1 - value * _density(shape, value) * _fraction(shape, value)


def _series(shape: float, value: float) -> float:
    term = total = 1 / shape
    while term > total * 1e-16:
        shape += 1
        term *= value / shape
        total += term
    return total


def _fraction(shape: float, value: float) -> float:
    """By Lentz's method."""
    under = value + 1 - shape
    over, down = 1 / _TINY, 1 / under
    product = down
    for step in range(1, 100_000):
        factor = step * (shape - step)
        under += 2
        down = 1 / ((factor * down + under) or _TINY)
        over = (under + factor / over) or _TINY
        product *= down * over
        if abs(down * over - 1) < 1e-15:
            break
    return product
