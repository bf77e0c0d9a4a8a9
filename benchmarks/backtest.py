"""What asking about the past costs: 35 days of 100 SLOs, every policy, from counts to verdicts, in seconds of one processor.

Counts are those of the random model of `fournines backtest --simulate` at 10 requests a second and 99.99 %, made beforehand, so that only
reading, replaying and judging are measured. `value` is at steps of a minute, which is how 35 days are kept; the details say what
steps of 10 s cost, and ours alone.

    python benchmarks/backtest.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence

import numpy as np

from fournines.alerts.backtest.backtest import Backtest
from fournines.alerts.backtest.history import Span
from fournines.alerts.backtest.policies import POLICIES
from fournines.alerts.backtest.policy import Policy
from fournines.alerts.backtest.simulation import Simulation
from fournines.slo import SLO, Interval, Objective
from fournines.slo.arithmetic import IntArray

GOAL_SECONDS = 10.0
SLOS = 100
DAYS = 35


class Made:
    """Counts that are there already: a few services', under the names of many."""

    def __init__(self, services: int, step: int) -> None:
        simulation = Simulation(10.0, Objective.parse("0.9999"), services=services, days=DAYS, seed=9)
        self.slos = simulation.slos
        self.span = Span.of(simulation.span.interval, step)
        self._rows = {slo.name: simulation.history(slo.name, Interval(0, 2**40), step) for slo in self.slos}

    def history(self, name: str, interval: Interval, step: int) -> IntArray:
        """The rows of the interval; they are of `step` already."""
        rows = self._rows[name]
        first, end = np.searchsorted(rows[:, 0], interval)
        return rows[first:end]


def seconds(made: Made, policies: Sequence[Policy], rounds: int) -> float:
    """For `SLOS` of them, measured over `rounds`."""
    slos: list[SLO] = [made.slos[number % len(made.slos)] for number in range(rounds)]
    began = time.process_time()
    for slo in slos:
        Backtest(made, made.span).run([slo], policies)
    return (time.process_time() - began) * SLOS / rounds


def measure(rounds: int) -> dict[str, object]:
    """The benchmark's one object."""
    minutes, finest = Made(4, 60), Made(2, 10)
    return {
        "name": "backtest",
        "value": round(seconds(minutes, POLICIES, rounds), 2),
        "unit": "CPU s",
        "goal": GOAL_SECONDS,
        "peers": {},
        "details": {
            "slos": SLOS,
            "days": DAYS,
            "policies": len(POLICIES),
            "measured_slos": rounds,
            "ours_alone": round(seconds(minutes, POLICIES[:1], rounds), 2),
            "steps_of_10s": round(seconds(finest, POLICIES, rounds), 2),
            "steps_of_10s_ours_alone": round(seconds(finest, POLICIES[:1], rounds), 2),
        },
    }


def main() -> None:
    """Prints the figures; with --json one JSON object, last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer SLOs, scaled up")
    parser.add_argument("--json", action="store_true", help="only the JSON object")
    arguments = parser.parse_args()
    result = measure(8 if arguments.quick else SLOS)
    if not arguments.json:
        print(f"{SLOS} SLOs, {DAYS} days: {result['value']} CPU s (goal {GOAL_SECONDS:g}); {result['details']}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
