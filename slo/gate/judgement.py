"""What the gate says: pass, fail or wait, why, and by which numbers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from .comparison import Comparison
from .ranks import Slowness


class GateVerdict(Enum):
    """Worst first; of several SLOs the worst counts."""

    FAIL = "fail"
    WAIT = "wait"
    PASS = "pass"  # noqa: S105 - a verdict, no password


@dataclass(frozen=True, slots=True)
class SLOJudgement:
    """What one SLO says of the version, and the numbers behind it.

    `burn` is that of its shortest window, `canary_burn` how fast the version alone would burn the budget; `limit` is how likely chance may
    be at most to stop a version, in each comparison. `compared` is None where no version is asked about or the SLO is not counted by
    version, `slowness` where there are no durations.
    """

    slo: str
    verdict: GateVerdict
    reasons: tuple[str, ...]
    budget_remaining: Fraction
    burn: Fraction | None
    canary_burn: Fraction | None
    limit: float
    compared: Comparison | None
    slowness: Slowness | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The gate's answer about a version: the worst of its SLOs', with each one's reasons in words, the worst first."""

    verdict: GateVerdict
    reasons: tuple[str, ...]
    slos: tuple[SLOJudgement, ...]
