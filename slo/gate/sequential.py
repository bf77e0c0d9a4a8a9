"""How much counts say against a version at each moment, so that whoever asks at every moment is not misled more often.

Each bucket multiplies a ratio of likelihoods: of failing so many times more often, to failing as often as it may. Where it fails no more
often than it may, the product is expected to stay 1 whatever happened before, so it ever reaches x with a chance of 1/x at most (J. Ville,
1939; A. Ramdas and others, Game-theoretic statistics and safe anytime-valid inference, 2023, https://arxiv.org/abs/2210.01948).

That chance is exact, with few requests and without failures too. Of a bucket's failures, given their number, so many fall on
the canary as of a draw without replacement; the binomial ratio bounds that one's, being convex (W. Hoeffding, Probability inequalities for
sums of bounded random variables, 1963, theorem 4). So it may fail as often as it likes, differently in each bucket: only the difference
to what others had in the same 10 s is held against a version. Where it has nearly all of the traffic there are no others, and its
objective is what it is held against.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from ..arithmetic import BoolArray, FloatArray, IntArray

HARM: Final = 14.4
"""What a version must be shown not to do before it passes: fail at so many times the odds its objective allows. With all traffic on it
that burns 2 % of a budget of 30 d in an hour, which pages (https://sre.google/workbook/alerting-on-slos/)."""

MISS: Final = 0.05
"""How often a version that does as much harm passes, at most; of what does more, fewer pass."""

_NEARLY_ALL: Final = 9
_MINUTE: Final = 6
"""Buckets over which it is asked who has the traffic: at a request a second chance would often leave one side without any."""

_ODDS: Final = np.array([2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0])
"""How many times the odds may be raised, each as likely: the loss against knowing it is a factor of seven at most."""


def beyond_share(hits: IntArray, trials: IntArray, share: FloatArray) -> FloatArray:
    """For each bucket, the natural logarithm of the evidence up to it that a trial hits with more than that bucket's `share`.

    It ever reaches ln(x) with a chance of 1/x at most where no trial does.
    """
    ratios = hits[:, np.newaxis] * np.log(_ODDS) - trials[:, np.newaxis] * np.log1p(share[:, np.newaxis] * (_ODDS - 1))
    evidence: FloatArray = np.logaddexp.reduce(np.cumsum(ratios, axis=0), axis=1) - math.log(len(_ODDS))
    return evidence


def against_baseline(counts: IntArray) -> FloatArray:
    """The evidence that the canary fails more often than the baseline: of the failures of both, more fell on it than its share of requests.

    `counts` are rows of canary bad and total, baseline bad and total. A bucket that only one side has says nothing.
    """
    bad, total, other_bad, other_total = counts.T
    return beyond_share(bad, bad + other_bad, total / np.maximum(total + other_total, 1))


def against_objective(counts: IntArray, allowed: float) -> FloatArray:
    """The evidence that the canary fails more often than its objective allows, in buckets that leave it without a baseline.

    Elsewhere it is for the baseline to say whether the canary does worse, or everybody.
    """
    bad, total = np.where(_alone(counts), counts[:, :2].T, 0)
    return beyond_share(bad, total, np.full(len(counts), allowed))


def _alone(counts: IntArray) -> BoolArray:
    """In which buckets, with the five before, the canary has nine requests or more to each of the baseline."""
    sums = np.pad(counts[:, (1, 3)].cumsum(axis=0), ((_MINUTE, 0), (0, 0)))
    ours, theirs = (sums[_MINUTE:] - sums[:-_MINUTE]).T
    alone: BoolArray = ours >= _NEARLY_ALL * theirs
    return alone


def requests_needed(bad: int, allowed: float) -> int:
    """How many requests, `bad` of them failed, it takes to exclude harm.

    From so many on, failing at the odds allowed is 1 / `MISS` times as likely as failing at `HARM` times these: the ratio that a
    version which does harm ever reaches with a chance of `MISS` at most.
    """
    return math.ceil((bad * math.log(HARM) - math.log(MISS)) / math.log1p(allowed * (HARM - 1)))
