"""What deciding costs: 10,000 SLOs over 8 windows, from counts to states and met rules, in milliseconds.

The counts come from a source that holds them as arrays, so that only the domain is measured. One SLO in a thousand lies exactly
at a threshold, which floats can't decide and fractions must.

Beside it, for 10, 100 and 1,000 SLOs and how each grows: one evaluation from a real ledger that holds two days of counts (`observe`,
and the arrays), and one of the generated rules by a real Prometheus that holds a day of the same events; both in milliseconds of CPU,
so that a busy machine changes neither. Ours is done every 10 seconds, Prometheus' rules every 30 or 120. `make servers` fetches it.

    python benchmarks/evaluate.py [--quick] [--json] [--only PART]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import ledger  # type: ignore[import-not-found] # the benchmark beside this one
import numpy as np
from ingest import binary  # type: ignore[import-not-found] # as above
from ruler import ruler  # type: ignore[import-not-found] # as above

from fournines.slo import (
    SLI,
    SLO,
    Evaluator,
    HistoryPoint,
    Interval,
    Objective,
    Observation,
    SLIKind,
    TimeWindow,
)

GOAL_MILLISECONDS = 50.0
SLOS = 10_000
SIZES = (10, 100, 1_000)
TARGETS = ("0.99", "0.999", "0.9995", "0.9999", "0.99995")
NOW = 1_800_000_000.0


class Counts:
    """A source whose counts are made beforehand: traffic of all sizes, most of it good, some at its very threshold."""

    def __init__(self, rows: int, columns: int) -> None:
        random = np.random.default_rng(9)
        total = random.integers(0, 10**8, (rows, columns))
        bad = (total * random.choice([0.0, 1e-6, 1e-4, 1e-2], (rows, columns))).astype(np.int64)
        total[::1000], bad[::1000] = 10**9, 10**5 * 144 // 10
        self.seen = Observation(
            good=total - bad,
            total=total,
            estimated=np.zeros_like(total),
            since=np.where(random.random(rows) < 0.1, int(NOW) - 600, 0),
            heard=np.full(rows, NOW - 2),
            silent=np.zeros(rows, dtype=np.bool_),
        )

    def observe(self, names: Sequence[str], windows: Sequence[TimeWindow], now: float) -> Observation:
        """The same arrays every time."""
        return self.seen

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


def memory_of(made: Sequence[SLO]) -> dict[str, float]:
    """Kilobytes an SLO that an evaluator keeps, and that one evaluation's arrays take on top."""
    tracemalloc.start()
    evaluator = Evaluator(made)
    source = Counts(len(made), len(evaluator.layout.windows))
    evaluation = evaluator.at(source, NOW)
    kept, _ = tracemalloc.get_traced_memory()
    del evaluation
    prepared, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    counts = sum(array.nbytes for array in (source.seen.good, source.seen.total, source.seen.estimated))
    return {
        "kB_an_slo_prepared": round((prepared - counts) / len(made) / 1000, 2),
        "kB_an_slo_evaluation": round((kept - prepared + counts) / len(made) / 1000, 2),
    }


def arrays(rounds: int) -> dict[str, Any]:
    """The array pass alone: median, spread, preparation and memory."""
    made = slos()
    began = time.perf_counter()
    evaluator = Evaluator(made)
    source = Counts(len(evaluator.layout.slos), len(evaluator.layout.windows))
    evaluator.at(source, NOW)
    prepared = (time.perf_counter() - began) * 1e3
    milliseconds(evaluator, source, 2)
    figures = milliseconds(evaluator, source, rounds)
    return {
        "median": round(statistics.median(figures), 2),
        "fastest": round(min(figures), 2),
        "slowest": round(max(figures), 2),
        "prepare_once": round(prepared, 1),
        "windows": len(evaluator.layout.windows),
        "rounds": rounds,
        **memory_of(made),
    }


def from_ledger(count: int, ticks: int) -> dict[str, float]:
    """One evaluation every 10 seconds from a ledger of two days: milliseconds, and of CPU, at the median; and what the first took."""
    with tempfile.TemporaryDirectory() as folder:
        promises = ledger.slos(count, max(1, count // 10))
        ledger.filled(Path(folder), promises, 1)
        collector = ledger.collector_on(Path(folder), promises, ledger.NOW)
        evaluator = Evaluator(collector.slos)
        took = []
        for tick in range(ticks + 1):
            wall, used = time.perf_counter(), time.thread_time()
            evaluator.at(collector, ledger.NOW + 10 * tick)
            took.append((time.perf_counter() - wall, time.thread_time() - used))
        collector.close()
    (first, _), *later = took
    wall_times, cpu_times = zip(*later, strict=True)
    return {
        "ms": round(1000 * statistics.median(wall_times), 2),
        "cpu_ms": round(1000 * statistics.median(cpu_times), 2),
        "first_ms": round(1000 * first, 1),
    }


def prometheus(count: int, *, quick: bool) -> dict[str, float]:
    """One evaluation of their rules; every group once a minute where there are many, so that it can keep up."""
    interval = 60 if count > 100 else 10
    with ruler(ledger.slos(count, max(1, count // 10)), interval) as server:
        figures: dict[str, float] = server.measured(15 if quick else 2 * interval)
        return figures


def measure(*, quick: bool, only: str) -> dict[str, Any]:
    """The benchmark's one object: the array pass, and how ours and Prometheus grow."""
    rounds, ticks = (20, 10) if quick else (200, 60)
    details: dict[str, Any] = {"slos": SLOS}
    value = None
    peers = {}
    if only in ("", "arrays"):
        details |= arrays(rounds)
        value = details.pop("median")
    if only in ("", "ledger"):
        details["from_ledger"] = {count: from_ledger(count, ticks) for count in SIZES}
    if only in ("", "prometheus") and binary("prometheus"):
        details["prometheus"] = {count: prometheus(count, quick=quick) for count in SIZES}
        peers["prometheus"] = details["prometheus"][SIZES[-1]]["cpu_ms"]
    if {"from_ledger", "prometheus"} <= details.keys():
        ours = details["from_ledger"][SIZES[-1]]["cpu_ms"]
        details["times_less_cpu_than_prometheus_at_1000"] = round(peers["prometheus"] / ours)
    return {
        "name": "evaluate",
        "value": value,
        "unit": "ms",
        "goal": GOAL_MILLISECONDS,
        "peers": peers,
        "details": details,
    }


def main() -> None:
    """Prints the figures; with --json one JSON object, last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--json", action="store_true", help="only the JSON object")
    parser.add_argument("--only", choices=("arrays", "ledger", "prometheus"), default="", help="one part")
    arguments = parser.parse_args()
    result = measure(quick=arguments.quick, only=arguments.only)
    if not arguments.json:
        _print(result)
    print(json.dumps(result))


def _print(result: dict[str, Any]) -> None:
    details = dict(result["details"])
    grown = {name: details.pop(name) for name in ("from_ledger", "prometheus") if name in details}
    if result["value"] is not None:
        print(f"{SLOS:,} SLOs: {result['value']} ms (goal {GOAL_MILLISECONDS:g}); {details}")
    for name, sizes in grown.items():
        for count, figures in sizes.items():
            print(f"{name:12} {count:5,} SLOs: {figures['cpu_ms']:9,.1f} ms of CPU, {figures['ms']:9,.1f} ms")


if __name__ == "__main__":
    main()
