"""Whether a version is slower: a rank test on binned durations, asked at few moments that are known beforehand.

Within each bucket's time durations are ranked together, ties with their mean rank, and the sums of all times are added with the weights
of P. van Elteren (1960): whatever makes everybody slower for a while, or a share of the traffic that changes, is no evidence. It is the
Wilcoxon-Mann-Whitney test where there is one bucket. The times it is asked at are those at which each side has 100 durations, twice, four
times as many; the chance to be misled is halved from each to the next, so that all together are no more than allowed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..arithmetic import FloatArray, IntArray
from .evidence import Durations

FIRST_LOOK: Final = 100
"""As many durations of each side before the sum is as good as normally distributed, so far out as it is asked about."""

MATTERS: Final = 0.64
"""Slower by less is let pass: the share of pairs in which the canary's request is the slower one, at a medium effect (A. Vargha and
H. D. Delaney, A critique and improvement of the CL common language effect size statistics, 2000)."""


@dataclass(frozen=True, slots=True)
class Slowness:
    """Whether a version is slower than its baseline, beyond chance and by so much that it matters.

    `chance` is how likely so much was at any look so far, were it no slower, and `superiority` the share of pairs in which its request is
    the slower one, as of the last look; 1 and a half before the first; `canary` and `baseline` how many durations each side has.
    """

    canary: int
    baseline: int
    chance: float
    superiority: float
    slower: bool

    @classmethod
    def of(cls, durations: Durations, limit: float) -> Slowness:
        """Of settled durations; `limit` is how likely chance may be at most to stop it."""
        seen = looks(durations)
        return cls(
            canary=int(durations.canary.sum()),
            baseline=int(durations.baseline.sum()),
            chance=min((look.chance for look in seen), default=1.0),
            superiority=seen[-1].superiority if seen else 0.5,
            slower=any(look.chance <= limit and look.superiority >= MATTERS for look in seen),
        )


@dataclass(frozen=True, slots=True)
class Look:
    """What durations said at one moment: the chance of so much, as it counts among all looks (1: none), and the share of slower pairs."""

    chance: float
    superiority: float


def looks(durations: Durations) -> list[Look]:
    """Every look that there was enough for, first one first; a look stays what it was whatever comes after it."""
    sizes = np.minimum(durations.canary.sum(axis=1).cumsum(), durations.baseline.sum(axis=1).cumsum())
    sums = np.cumsum(_strata(durations.canary, durations.baseline), axis=0)
    return [_look(sums[row], number) for number, row in enumerate(_rows(sizes))]


def _rows(sizes: IntArray) -> list[int]:
    """The rows at which the smaller side first has 100, 200, 400, ... durations."""
    largest = int(sizes[-1]) if len(sizes) else 0
    doublings = range((largest // FIRST_LOOK).bit_length())
    return [int(np.searchsorted(sizes, FIRST_LOOK << number)) for number in doublings]


def _look(sums: FloatArray, number: int) -> Look:
    above, spread, wins, pairs = sums.tolist()
    chance = math.erfc(above / math.sqrt(2 * spread)) / 2 if spread > 0 else 1.0
    return Look(min(1.0, chance * 2 ** (number + 1)), wins / pairs if pairs else 0.5)


def _strata(canary: IntArray, baseline: IntArray) -> FloatArray:
    """Of each bucket, weighed: pairs won by the slower canary above their expectation, that number's variance, pairs won, and pairs."""
    ours, theirs = canary.sum(axis=1).astype(float), baseline.sum(axis=1).astype(float)
    everyone = ours + theirs
    pairs = ours * theirs
    below = np.cumsum(baseline, axis=1) - baseline / 2
    wins = (canary * below).sum(axis=1)
    tied = (canary + baseline).astype(float)
    ties = (tied**3 - tied).sum(axis=1)
    variance = pairs / 12 * (everyone + 1 - ties / np.maximum(everyone * (everyone - 1), 1))
    weight = 1 / (everyone + 1)
    return np.stack([weight * (wins - pairs / 2), weight**2 * variance, weight * wins, weight * pairs], axis=1)
