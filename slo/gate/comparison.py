"""What settled counts say of a version: how likely its failures are by chance, and whether harm is excluded."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from ..arithmetic import BoolArray, FloatArray, IntArray, exceeds
from ..events import EventCount
from ..slo import MIN_BAD_EVENTS
from .sequential import against_baseline, against_objective, requests_needed

FEWEST: Final = 100
"""As many requests to pass, however little harm is to be excluded."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The canary's events beside the baseline's.

    `against_baseline` and `against_objective` are how likely so much, or more, was at any moment so far, were the canary no worse.
    `worse` is whether it ever failed more often than the baseline, and `breaks` than its objective allows while it had nearly all of the
    traffic: beyond chance, in three requests or more, and in more than its objective allows altogether. `needed` is how many of its
    requests it takes to exclude harm, as many having failed as have.
    """

    canary: EventCount
    baseline: EventCount
    against_baseline: float
    against_objective: float
    worse: bool
    breaks: bool
    needed: int

    @property
    def missing(self) -> int:
        """How many more requests it takes to exclude harm, if none of them fails; 0 where it is excluded."""
        return max(0, self.needed - self.canary.total)

    @classmethod
    def of(cls, counts: IntArray, allowed: Fraction, limit: float) -> Comparison:
        """Of a row a bucket: canary bad and total, baseline bad and total. `limit` is how likely chance may be at most to stop it."""
        enough_failed = _more_than_allowed(counts, allowed)
        uneven, breaking = against_baseline(counts), against_objective(counts, float(allowed))
        enough = -math.log(limit)
        bad, total, other_bad, other_total = (int(each) for each in counts.sum(axis=0))
        return cls(
            canary=EventCount(total - bad, total),
            baseline=EventCount(other_total - other_bad, other_total),
            against_baseline=_chance(uneven),
            against_objective=_chance(breaking),
            worse=bool((enough_failed & (uneven >= enough)).any()),
            breaks=bool((enough_failed & (breaking >= enough)).any()),
            needed=max(FEWEST, requests_needed(bad, float(allowed))),
        )


def _more_than_allowed(counts: IntArray, allowed: Fraction) -> BoolArray:
    """At which buckets three requests or more have failed, and more than the objective allows."""
    bad, total = counts[:, :2].cumsum(axis=0).T
    found: BoolArray = exceeds(bad, total, allowed) & (bad >= MIN_BAD_EVENTS)
    return found


def _chance(evidence: FloatArray) -> float:
    return math.exp(-float(evidence.max(initial=0.0)))
