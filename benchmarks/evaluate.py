"""What deciding costs: 10,000 SLOs over 8 windows, from counts to states and met rules, in milliseconds.

The counts come from a source that holds them as arrays, so that only the domain is measured. One SLO in a thousand lies exactly
at a threshold, which floats can't decide and fractions must.

    python benchmarks/evaluate.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from fournines.slo import (
    SLI,
    SLO,
    Evaluator,
    HistoryPoint,
    Interval,
    Objective,
    Observation,
    SLIKind,
    Window,
)

GOAL_MILLISECONDS = 50.0
SLOS = 10_000
TARGETS = ("0.99", "0.999", "0.9995", "0.9999", "0.99995")
NOW = 1_800_000_000.0


class Counts:
    """A source whose counts are made beforehand: traffic of all sizes, most of it good, some at its very threshold."""

    def __init__(self, rows: int, columns: int) -> None:
        random = np.random.default_rng(9)
        total = random.integers(0, 10**8, (rows, columns))
        bad = (total * random.choice([0.0, 1e-6, 1e-4, 1e-2], (rows, columns))).astype(np.int64)
        total[::1000], bad[::1000] = 10**9, 10**5 * 144 // 10
        self._seen = Observation(
            good=total - bad,
            total=total,
            estimated=np.zeros_like(total),
            since=np.where(random.random(rows) < 0.1, int(NOW) - 600, 0),
            heard=np.full(rows, NOW - 2),
            silent=np.zeros(rows, dtype=np.bool_),
        )

    def observe(self, names: Sequence[str], windows: Sequence[Window], now: float) -> Observation:
        """The same arrays every time."""
        return self._seen

    def history(self, name: str, interval: Interval, step: int) -> Sequence[HistoryPoint]:
        """Nothing: evaluation asks for none."""
        return ()


def slos() -> list[SLO]:
    """Availability SLOs of many services, with the workbook's rules: eight windows in all."""
    return [
        SLO(
            f"service-{row}-availability",
            SLI(SLIKind.AVAILABILITY, f"service-{row}"),
            Objective(Decimal(TARGETS[row % len(TARGETS)])),
        )
        for row in range(SLOS)
    ]


def milliseconds(evaluator: Evaluator, source: Counts, rounds: int) -> list[float]:
    """One figure a round."""
    figures = []
    for _ in range(rounds):
        began = time.perf_counter()
        evaluator.at(source, NOW)
        figures.append((time.perf_counter() - began) * 1e3)
    return figures


def measure(rounds: int) -> dict[str, object]:
    """The benchmark's one object: the median, with preparation and spread as details."""
    made = slos()
    began = time.perf_counter()
    evaluator = Evaluator(made)
    prepared = (time.perf_counter() - began) * 1e3
    source = Counts(len(evaluator.layout.slos), len(evaluator.layout.windows))
    milliseconds(evaluator, source, 2)
    figures = milliseconds(evaluator, source, rounds)
    return {
        "name": "evaluate",
        "value": round(statistics.median(figures), 2),
        "unit": "ms",
        "goal": GOAL_MILLISECONDS,
        "peers": {},
        "details": {
            "slos": len(evaluator.layout.slos),
            "windows": len(evaluator.layout.windows),
            "rounds": rounds,
            "fastest": round(min(figures), 2),
            "slowest": round(max(figures), 2),
            "prepare_once": round(prepared, 1),
        },
    }


def main() -> None:
    """Prints the figures; with --json one JSON object, last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--json", action="store_true", help="only the JSON object")
    arguments = parser.parse_args()
    result = measure(20 if arguments.quick else 200)
    if not arguments.json:
        print(f"{SLOS:,} SLOs: {result['value']} ms (goal {GOAL_MILLISECONDS:g}); {result['details']}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
