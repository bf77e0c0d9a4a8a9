"""What the first screen costs: milliseconds of CPU and bytes, with 1,000 SLOs of which some burn, in the order of the page.

Rendered as the server does it, from an evaluation to HTML, with what fails and what changed beside the worst; and each further page.
No peer is beside it: they draw in the browser, from many requests. `--quick` renders fewer times.

    python benchmarks/page.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from collections.abc import Callable
from typing import Any

from fournines.alerts.messages.context import Cause, Context, Rollout
from fournines.dashboards import Asked, Beside, History, Overview, leading, render_overview
from fournines.slo import (
    HOUR,
    SLI,
    SLO,
    Evaluation,
    Evaluator,
    EventCount,
    FakeEventSource,
    HistoryPoint,
    Interval,
    Objective,
    SLIKind,
)

GOAL_MILLISECONDS = 100.0
GOAL_BYTES = 100_000
SLOS = 1_000
NOW = 1_800_000_000.0


def evaluation() -> Evaluation:
    """1,000 SLOs of 250 services; one in twenty burns."""
    slos = [
        SLO(
            f"service-{n:04d}-availability",
            SLI(SLIKind.AVAILABILITY, f"service-{n // 4:03d}"),
            Objective.parse("0.9999"),
        )
        for n in range(SLOS)
    ]
    burning = {slo.name for slo in slos[::20]}
    source = FakeEventSource(
        count=lambda name, window: EventCount(9_990_000 if name in burning else 10_000_000, 10_000_000),
        since={slo.name: int(NOW) - 40 * 86_400 for slo in slos},
        heard={slo.name: NOW - 3.0 for slo in slos},
    )
    return Evaluator(slos).at(source, NOW)


def beside() -> Beside:
    """Five causes, four deployments, three hours of failures."""
    interval = Interval(int(NOW) - 3 * HOUR, int(NOW))
    points = [HistoryPoint(t, 900, 1_000) for t in range(interval.start, interval.end, 120)]
    causes = tuple(Cause(f"POST /route-{n}", "500", "TimeoutError", "1.4.2", 100 - n) for n in range(5))
    rollouts = [
        ("service-000", Rollout(f"1.4.{n}", NOW - 600 * n, NOW - 600 * n + 60, None, "ann")) for n in range(1, 5)
    ]
    return Beside(Context(interval, causes, {"pod-1": 490}, 490), rollouts, History(points, interval, 120))


def milliseconds(work: Callable[[], Any], times: int) -> float:
    """The median of what it takes of a processor."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        work()
        taken.append((time.process_time() - began) * 1_000)
    return statistics.median(taken)


def measured(page: Callable[[Asked], str], asked: Asked, times: int) -> dict[str, float]:
    """What one page of the list costs."""
    return {"milliseconds": round(milliseconds(lambda: page(asked), times), 2), "bytes": len(page(asked).encode())}


def main() -> None:
    """Renders, measures, says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    seen, around, times = evaluation(), beside(), 5 if arguments.quick else 30

    def page(asked: Asked) -> str:
        first = leading(seen, asked, NOW)
        return render_overview(Overview(seen, NOW, asked=asked, beside=Beside() if first is None else around))

    page(Asked())
    views = {
        "first": Asked(),
        "second": Asked(page=2),
        "last": Asked(page=math.ceil(SLOS / 50)),
        "by name": Asked(order="name"),
    }
    details = {name: measured(page, asked, times) for name, asked in views.items()}
    first = details["first"]
    met = first["milliseconds"] <= GOAL_MILLISECONDS and first["bytes"] <= GOAL_BYTES
    for name, each in details.items():
        print(f"{name:8} {each['milliseconds']:8.1f} ms of CPU {each['bytes']:8,} bytes")
    print(
        f"first screen of {SLOS:,} SLOs: goal {GOAL_MILLISECONDS:g} ms and {GOAL_BYTES:,} bytes, {'met' if met else 'missed'}"
    )
    if arguments.json:
        said = {
            "name": "page",
            "value": first["milliseconds"],
            "unit": "ms",
            "goal": GOAL_MILLISECONDS,
            "peers": {},
            "details": {**details, "bytes_goal": GOAL_BYTES, "slos": SLOS},
        }
        print(json.dumps(said))


if __name__ == "__main__":
    main()
