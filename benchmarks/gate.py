"""How often the gate is wrong, and how long it takes to be right, over releases of a random model.

Requests come at random (Poisson), fail independently, and take log-normal times (median 60 ms); the others run beside the canary for an
hour. Judged are what a service has without an SLO file: 99.99 % succeed, 99 % are answered within 250 ms. `value` is the median of the
seconds from the first request of a canary that gets 50 requests a second and fails 5 % of them until it is stopped, asked every 10 s.
The details say how many of those that are no worse are stopped within an hour, and what becomes of worse ones.

    python benchmarks/gate.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass, replace
from decimal import Decimal
from math import erf, log, sqrt
from statistics import median, quantiles

import numpy as np

from fournines.slo import (
    HTTP_BOUNDARIES,
    SLI,
    SLO,
    EventCount,
    FakeEventSource,
    Objective,
    SLIKind,
    Status,
    evaluate,
)
from fournines.slo.arithmetic import FloatArray, IntArray
from fournines.slo.gate.evidence import Durations, Evidence, SLOEvidence
from fournines.slo.gate.judge import ALPHA, judge
from fournines.slo.gate.judgement import GateVerdict

GOAL_SECONDS = 60.0
HOUR = 3_600
BEGAN = 1_795_400_000
THRESHOLD = Decimal("0.25")
BOUNDARIES = [float(boundary) for boundary in HTTP_BOUNDARIES]
QUICK_BINS = BOUNDARIES.index(float(THRESHOLD)) + 1
MEDIAN_SECONDS, SPREAD = 0.06, 0.5


@dataclass(frozen=True)
class Rollout:
    """A canary beside others: requests a second, the shares that fail, and how many times as long the canary's take."""

    canary: float
    others: float
    failing: float = 0.0001
    others_failing: float = 0.0001
    slower: float = 1.0

    def __str__(self) -> str:
        slower = "" if self.slower == 1 else f", {self.slower:g} x as long"
        traffic = f"{self.canary:g}/s of {self.canary + self.others:g}/s"
        return f"{traffic}, {self.failing:.3%} fail, of the others {self.others_failing:.3%}{slower}"


class Release:
    """One hour of a rollout, drawn beforehand: its evidence at any time."""

    def __init__(self, rollout: Rollout, rng: np.random.Generator) -> None:
        self.since = BEGAN + 10 * rng.random()
        starts = BEGAN + 10 * np.arange(HOUR // 10, dtype=np.int64)
        running = np.clip((starts + 10 - self.since) / 10, 0, 1)
        ours = _side(rng, rollout.canary * running, rollout.failing, rollout.slower)
        theirs = _side(rng, np.full(len(starts), rollout.others), rollout.others_failing, 1.0)
        self._failures = np.stack([starts, *_judged(ours), *_judged(theirs)], axis=1)
        self._slow = np.stack([starts, *_late(ours), *_late(theirs)], axis=1)
        self._durations = Durations(starts, ours[1], theirs[1])

    def evidence(self, seconds: float) -> Evidence:
        """What is known so many seconds after the first request."""
        now = self.since + seconds
        availability = SLOEvidence(_AVAILABILITY, self._failures)
        latency = SLOEvidence(_LATENCY, self._slow, self._durations)
        return Evidence("payments", "2.0", "", now, self.since, (availability, latency))

    def outcome(self) -> tuple[GateVerdict, int]:
        """The first verdict that is not to wait, asked every 10 s, and when it came; to wait where the hour brought none."""
        for seconds in range(10, HOUR + 1, 10):
            verdict = judge(self.evidence(seconds)).verdict
            if verdict is not GateVerdict.WAIT:
                return verdict, seconds
        return GateVerdict.WAIT, HOUR


def _side(rng: np.random.Generator, rate: FloatArray, failing: float, slower: float) -> tuple[IntArray, IntArray]:
    """Each bucket's failures, and the durations of what did not fail in bins."""
    total = rng.poisson(10 * rate)
    failed = rng.binomial(total, failing)
    below = [_below(boundary / slower) for boundary in BOUNDARIES]
    return failed, rng.multinomial(total - failed, np.diff(below, prepend=0, append=1))


def _below(seconds: float) -> float:
    return (1 + erf(log(seconds / MEDIAN_SECONDS) / SPREAD / sqrt(2))) / 2


def _judged(side: tuple[IntArray, IntArray]) -> tuple[IntArray, IntArray]:
    return side[0], side[0] + side[1].sum(axis=1)


def _late(side: tuple[IntArray, IntArray]) -> tuple[IntArray, IntArray]:
    return side[1][:, QUICK_BINS:].sum(axis=1), side[1].sum(axis=1)


def _healthy(name: str, kind: SLIKind, target: str, threshold: Decimal | None = None) -> Status:
    slo = SLO(name, SLI(kind, "payments", threshold=threshold), Objective(Decimal(target)))
    source = FakeEventSource(lambda *_: EventCount(1_000_000, 1_000_000))
    return evaluate([slo], source, BEGAN).status(0)


_AVAILABILITY = _healthy("payments-availability", SLIKind.AVAILABILITY, "0.9999")
_LATENCY = _healthy("payments-latency", SLIKind.LATENCY, "0.99", THRESHOLD)

CANARY = Rollout(50, 450, failing=0.05)
"""The canary that is to be stopped within a minute."""

EQUALS = (
    Rollout(50, 450),
    Rollout(50, 50),
    Rollout(5, 500),
    Rollout(1, 1),
    Rollout(1, 1, failing=0.2, others_failing=0.2),
    Rollout(50, 0),
    Rollout(50, 450, failing=0.01, others_failing=0.01),
)
"""No worse than the others. Where these fail too, or are none, it is no worse than its objective."""

WORSE = (
    CANARY,
    Rollout(50, 50, failing=0.05),
    Rollout(50, 0, failing=0.05),
    Rollout(5, 495, failing=0.05),
    Rollout(50, 450, failing=0.01),
    Rollout(50, 450, failing=0.003),
    Rollout(50, 450, failing=0.00144),
    Rollout(50, 450, slower=1.25),
    Rollout(50, 450, slower=1.5),
    Rollout(50, 450, slower=2.0),
    replace(EQUALS[0]),
)
"""Worse in one way each; the last one is not."""


def stopped_share(rollout: Rollout, releases: int, rng: np.random.Generator) -> float:
    """How many are stopped, asked every 10 s for an hour: who was ever stopped still is when asked once, at its end."""
    stopped = (judge(Release(rollout, rng).evidence(HOUR)).verdict is GateVerdict.FAIL for _ in range(releases))
    return sum(stopped) / releases


def outcomes(rollout: Rollout, releases: int, rng: np.random.Generator) -> dict[str, float]:
    """What becomes of them, asked every 10 s until there is a verdict."""
    found = [Release(rollout, rng).outcome() for _ in range(releases)]
    seconds = sorted(seconds for verdict, seconds in found if verdict is GateVerdict.FAIL)
    passed = sum(verdict is GateVerdict.PASS for verdict, _ in found)
    times = {"median_s": median(seconds), "p95_s": quantiles(seconds, n=20)[-1]} if len(seconds) > 1 else {}
    return {"stopped": len(seconds) / releases, "passed": passed / releases, **times}


def measure(releases: int) -> dict[str, object]:
    """The benchmark's one object."""
    rng = np.random.default_rng(9)
    began = time.process_time()
    alarms = {str(rollout): stopped_share(rollout, releases, rng) for rollout in EQUALS}
    each = (time.process_time() - began) / releases / len(EQUALS)
    found = {str(rollout): outcomes(rollout, releases // 10, rng) for rollout in WORSE}
    return {
        "name": "gate",
        "value": found[str(CANARY)]["median_s"],
        "unit": "s",
        "goal": GOAL_SECONDS,
        "peers": {},
        "details": {
            "releases": releases,
            "allowed_false_alarms": ALPHA,
            "false_alarms": alarms,
            "outcomes": found,
            "milliseconds_an_hour": round(each * 1_000, 1),
        },
    }


def main() -> None:
    """Prints the figures; with --json one JSON object, last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer releases")
    parser.add_argument("--json", action="store_true", help="only the JSON object")
    arguments = parser.parse_args()
    result = measure(200 if arguments.quick else 5_000)
    if not arguments.json:
        details = result["details"]
        assert isinstance(details, dict)
        for part in ("false_alarms", "outcomes"):
            print(f"{part}:", *(f"\n  {rollout}: {said}" for rollout, said in details[part].items()))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
