"""What `import fournines.instrumentation` costs a service at its start: milliseconds, megabytes, modules.

Each figure is the median of fresh interpreters that import one thing and measure themselves, ours and the peers' in turn,
so that a busy machine slows all alike. The bounds below are what tests/test_import_cost.py holds us to.

    python benchmarks/import_cost.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from typing import NamedTuple

GOAL_MILLISECONDS = 150.0
GOAL_MEGABYTES = 15.0
GOAL_MODULES = 200

OURS = "fournines.instrumentation"
NAIVE_STACK = ", ".join(
    (
        "opentelemetry.instrumentation.fastapi",
        "opentelemetry.sdk.trace.export",
        "opentelemetry.sdk.metrics.export",
        "opentelemetry.exporter.otlp.proto.http.trace_exporter",
        "opentelemetry.exporter.otlp.proto.http.metric_exporter",
        "prometheus_client",
    )
)
MEASURE = """
import json, sys, time

def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * {page} / 1e6

megabytes, modules, start = resident(), len(sys.modules), time.perf_counter()
import {what}
milliseconds = (time.perf_counter() - start) * 1e3
print(json.dumps([milliseconds, resident() - megabytes, len(sys.modules) - modules]))
"""


class Cost(NamedTuple):
    """What one import added to its interpreter."""

    milliseconds: float
    megabytes: float
    modules: float


def import_once(what: str) -> Cost:
    """Imports `what` in a fresh interpreter that nothing else measures. Raises CalledProcessError when it can't."""
    program = MEASURE.format(what=what, page=os.sysconf("SC_PAGE_SIZE"))
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_PROCESS")}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=env)
    return Cost(*json.loads(done.stdout))


def median_costs(imports: dict[str, str], rounds: int) -> dict[str, Cost]:
    """Each import's median cost. One round more is run first and thrown away: it fills the byte-code caches."""
    seen: dict[str, list[Cost]] = {name: [] for name in imports}
    for turn in range(rounds + 1):
        for name, what in imports.items():
            cost = import_once(what)
            if turn:
                seen[name].append(cost)
    return {
        name: Cost(*(statistics.median(column) for column in zip(*costs, strict=True))) for name, costs in seen.items()
    }


def report(costs: dict[str, Cost]) -> dict[str, object]:
    """The benchmark's one object; `details` hold the bounds beside what was measured."""
    ours = costs[OURS]
    return {
        "name": "import_cost",
        "value": round(ours.milliseconds, 1),
        "unit": "ms",
        "goal": GOAL_MILLISECONDS,
        "peers": {name: round(cost.milliseconds, 1) for name, cost in costs.items() if name != OURS},
        "details": {
            "megabytes": round(ours.megabytes, 1),
            "megabytes_goal": GOAL_MEGABYTES,
            "modules": int(ours.modules),
            "modules_goal": GOAL_MODULES,
            "peers_megabytes": {name: round(cost.megabytes, 1) for name, cost in costs.items() if name != OURS},
        },
    }


def main() -> None:
    """Measures and prints; with --json only the object."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--quick", action="store_true", help="three rounds instead of fifteen")
    options.add_argument("--json", action="store_true", help="print nothing but one JSON object")
    chosen = options.parse_args()

    imports = {OURS: OURS, "naive stack": NAIVE_STACK, "prometheus_client": "prometheus_client", "fastapi": "fastapi"}
    costs = median_costs(imports, rounds=3 if chosen.quick else 15)
    if not chosen.json:
        for name, cost in costs.items():
            print(f"{name:28} {cost.milliseconds:7.1f} ms {cost.megabytes:6.1f} MB {cost.modules:5.0f} modules")
    print(json.dumps(report(costs)))


if __name__ == "__main__":
    main()
