"""What a version is judged by: counts of its own and of the baseline's requests, by 10 s, and how each SLO of its service stands."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ..arithmetic import IntArray
from ..status import Status
from ..window import BUCKET


@dataclass(frozen=True, slots=True, eq=False)
class Durations:
    """Durations in the bins of one histogram, of the same times in each array.

    `starts` are the starts (epoch seconds, ascending) of buckets of `width` seconds; `canary` and `baseline` counts, a row a bucket and a
    column a bin, quickest bin first.
    """

    starts: IntArray
    canary: IntArray
    baseline: IntArray
    width: int = BUCKET


@dataclass(frozen=True, slots=True, eq=False)
class SLOEvidence:
    """One SLO of the service: how it stands, and what it counted of the version.

    `counts` is None where the SLO is not counted by version (composites, answers to queries), else an int64 array of a row a 10 s bucket
    with events of either side: its start (epoch seconds, ascending), canary bad, canary total, baseline bad, baseline total. `durations`
    is None where there are none.
    """

    status: Status
    counts: IntArray | None
    durations: Durations | None = None

    @property
    def allowed(self) -> Fraction:
        """The share of a version's events that may be bad; where slices are good or bad as a whole, the share that may be in a good one.

        Where a good one may have none, it is the share of slices that may be bad: each has a bad event or more.
        """
        slo = self.status.slo
        in_a_slice = None if slo.slices is None or slo.slices.target is None else 1 - Fraction(slo.slices.target)
        return in_a_slice or slo.objective.allowed


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a version (the canary) at `now`, and of what it is held against.

    `version` is empty where none is out yet, and the question is whether one may start: budgets alone are judged. `baseline` is the other
    version's name, empty for all others together. `since` is when the version was first heard, or its deployment
    began where that was said (epoch seconds); None for a version that nobody heard of. Counts from before `since` are none of it.
    """

    service: str
    version: str
    baseline: str
    now: float
    since: float | None
    slos: tuple[SLOEvidence, ...]
