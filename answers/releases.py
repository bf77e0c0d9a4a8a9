"""Releases: what went out and what it did, and whether one may go on."""

from __future__ import annotations

from typing import Final, Literal

from typing_extensions import TypedDict

VerdictName = Literal["pass", "fail", "wait"]
"""What the gate says; `wait` is too little evidence to say."""


class Burnt(TypedDict):
    """What a version's events took of an SLO's budget."""

    slo: str
    bad: float
    total: float
    share: float | None


class DeploymentSaid(TypedDict):
    """All that is known of a deployment."""

    id: int
    service: str
    version: str
    author: str
    commit: str
    started: str | None
    finished: str | None
    rolled_back: str | None
    seconds: float | None
    failures: list[str]
    seconds_to_restore: float | None
    budget_burnt: list[Burnt]


class ReleaseFigures(TypedDict):
    """How often there is a release, how quickly, how often badly, and for how long then."""

    deployments: int
    per_day: float | None
    seconds_to_deploy: float | None
    failed: int
    change_failure_rate: float | None
    seconds_to_restore: float | None


Deployments = TypedDict(
    "Deployments",
    {"from": int, "to": int, "figures": ReleaseFigures, "deployments": list[DeploymentSaid], "next": str | None},
)
"""What went out in a time, the newest first, and the figures of all of it."""


class Counted(TypedDict):
    """Events of one side."""

    good: int
    total: int


class Compared(TypedDict):
    """A version's events held against others."""

    canary: Counted
    baseline: Counted
    against_baseline: float
    against_objective: float
    worse: bool
    breaks: bool
    needed: int
    missing: int


class Slowness(TypedDict):
    """A version's durations held against others."""

    canary: int
    baseline: int
    chance: float
    superiority: float
    slower: bool


class SloVerdict(TypedDict):
    """What one SLO says of a release."""

    slo: str
    verdict: VerdictName
    reasons: list[str]
    budget_remaining: float
    burn: float | None
    canary_burn: float | None
    limit: float
    compared: Compared | None
    slowness: Slowness | None


class Evidence(TypedDict):
    """The verdict of the evidence alone."""

    verdict: VerdictName
    slos: list[SloVerdict]


class OverrideInForce(TypedDict):
    """Who lets a version pass, why, and until when."""

    author: str
    reason: str
    until: str


class GateVerdict(TypedDict):
    """Whether a release may go on."""

    verdict: VerdictName
    reasons: list[str]
    evidence: Evidence
    override: OverrideInForce | None


class OverrideMade(TypedDict):
    """An override as it is kept."""

    service: str
    version: str
    author: str
    reason: str
    at: str
    until: str


DEPLOYMENT: Final[DeploymentSaid] = {
    "id": 41,
    "service": "payments",
    "version": "7",
    "author": "ana",
    "commit": "f7ba625",
    "started": "2026-11-22T03:08:00Z",
    "finished": "2026-11-22T03:11:00Z",
    "rolled_back": None,
    "seconds": 180.0,
    "failures": ["paged for payments-availability"],
    "seconds_to_restore": None,
    "budget_burnt": [{"slo": "payments-availability", "bad": 117, "total": 2400, "share": 9.75}],
}
DEPLOYMENTS: Final[Deployments] = {
    "from": 1_792_725_180,
    "to": 1_795_317_180,
    "figures": {
        "deployments": 1,
        "per_day": 0.033,
        "seconds_to_deploy": 180.0,
        "failed": 1,
        "change_failure_rate": 1.0,
        "seconds_to_restore": None,
    },
    "deployments": [DEPLOYMENT],
    "next": None,
}
GATE: Final[GateVerdict] = {
    "verdict": "fail",
    "reasons": ["payments-availability: 7 fails more often than the others"],
    "evidence": {
        "verdict": "fail",
        "slos": [
            {
                "slo": "payments-availability",
                "verdict": "fail",
                "reasons": ["7 fails more often than the others"],
                "budget_remaining": -9.0,
                "burn": 21.0,
                "canary_burn": 487.5,
                "limit": 0.005,
                "compared": {
                    "canary": {"good": 2283, "total": 2400},
                    "baseline": {"good": 2399, "total": 2400},
                    "against_baseline": 1e-33,
                    "against_objective": 1e-180,
                    "worse": True,
                    "breaks": True,
                    "needed": 1000,
                    "missing": 0,
                },
                "slowness": None,
            }
        ],
    },
    "override": None,
}
OVERRIDE: Final[OverrideMade] = {
    "service": "payments",
    "version": "7",
    "author": "ana",
    "reason": "it mends the outage",
    "at": "2026-11-22T03:20:00Z",
    "until": "2026-11-22T07:20:00Z",
}
