"""The case of one SLO against a version: what its evidence comes to, as far as that is settled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..arithmetic import IntArray
from ..window import BUCKET, MINUTE
from .comparison import Comparison
from .evidence import Durations, Evidence, SLOEvidence
from .ranks import Slowness

WATCHED: Final = MINUTE
"""So long a version is watched before it passes; and what starts up is slow: durations count from then on."""

_TELLING: Final = BUCKET
"""Senders tell of failures after 1 s, of all else within 5 s: a bucket is judged once both are told, so that it stays what it was."""


@dataclass(frozen=True, slots=True)
class Case:
    """One SLO and the version it is asked about.

    `watched` is for how many seconds requests to the version are known. `compared` is None where no version is asked about or the SLO is
    not counted by version, `slowness` where there are no durations.
    """

    evidence: Evidence
    slo: SLOEvidence
    watched: float
    compared: Comparison | None
    slowness: Slowness | None

    @classmethod
    def of(cls, evidence: Evidence, slo: SLOEvidence, limit: float) -> Case:
        """`limit` is how likely chance may be at most to stop a version, in each of the comparisons."""
        settled = evidence.now - _TELLING
        counted = None if slo.counts is None else slo.counts[slo.counts[:, 0] + BUCKET <= settled]
        began = evidence.now if counted is None else _first_heard(evidence, counted)
        compared = None if counted is None else Comparison.of(counted[:, 1:], slo.allowed, limit)
        timed = None if slo.durations is None else _between(slo.durations, began + WATCHED, settled)
        slowness = None if timed is None else Slowness.of(timed, limit)
        return cls(evidence, slo, evidence.now - began, compared, slowness)


def _first_heard(evidence: Evidence, counts: IntArray) -> float:
    """When the version's requests began: not when its deployment did, which may take its time."""
    heard = counts[np.flatnonzero(counts[:, 2]), 0]
    return max(evidence.since or 0.0, float(heard[0])) if len(heard) else evidence.now


def _between(durations: Durations, start: float, end: float) -> Durations:
    kept = (durations.starts >= start) & (durations.starts + durations.width <= end)
    return Durations(durations.starts[kept], durations.canary[kept], durations.baseline[kept], durations.width)
