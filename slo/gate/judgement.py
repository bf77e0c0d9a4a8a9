"""What the gate says: pass, fail or wait, why, and by which numbers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from ..events import EventCount


class GateVerdict(Enum):
    """Worst first; of several SLOs the worst counts."""

    FAIL = "fail"
    WAIT = "wait"
    PASS = "pass"  # noqa: S105 - a verdict, no password


@dataclass(frozen=True, slots=True)
class SLOJudgement:
    """What one SLO says of the version, and the numbers behind it.

    `canary` and `baseline` are the events judged, in settled buckets since the version began; None where the SLO is not counted by
    version. `needed` are the canary's requests it takes to pass if none fails. `against_baseline`, `against_objective` and `slower`
    are how likely so much, or more, were at any time of the asking if the canary was no worse (at most; 1: nothing speaks against
    it), and `limit` what each is held against; `superiority` is the share of pairs of requests in which the canary's is slower. None:
    there was nothing to compare. `canary_burn` is the canary's own burn rate, `burn` that of the SLO in its shortest window.
    """

    slo: str
    verdict: GateVerdict
    reasons: tuple[str, ...]
    budget_remaining: Fraction
    burn: Fraction | None
    canary: EventCount | None
    baseline: EventCount | None
    canary_burn: Fraction | None
    needed: int
    limit: float
    against_baseline: float | None
    against_objective: float | None
    slower: float | None
    superiority: float | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The gate's answer about a version: the worst of its SLOs', with each one's reasons in words, the worst first."""

    verdict: GateVerdict
    reasons: tuple[str, ...]
    slos: tuple[SLOJudgement, ...]
