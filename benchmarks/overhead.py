"""What watching costs a request: microseconds of CPU on the request's own thread, over a bare FastAPI application.

Every variant is an application of its own in one process, called as an ASGI server calls it (GET with five headers). A round
calls each variant the same number of times, in a shuffled order; a variant's cost is the median over rounds of its time
minus the bare application's of the same round, so that a busy machine slows all alike. "bare again" is the control: what
it says is noise. `calls` has the Python functions that a request of ours calls more than a bare one: that has no noise.
Export goes to a transport that takes everything: its thread's work is in `process_us`, not in the value.

    python benchmarks/overhead.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from stacks import peers  # type: ignore[import-not-found] # the folder beside this script
from stacks.shop import (  # type: ignore[import-not-found] # as above
    FEW,
    HEADERS,
    MANY,
    SAMPLED,
    UNSAMPLED,
    scope,
    shop,
)

from fournines.instrumentation.config.config import read_config
from fournines.instrumentation.export.transport import Attempt, Outcome
from fournines.instrumentation.telemetry import Telemetry

GOAL_MICROSECONDS: Final = 35.0
GOAL_UNSAMPLED: Final = 15.0
OURS: Final = "fournines"
ROUNDS: Final = 80
TIMES: Final = 250
QUICK_ROUNDS: Final = 20
QUICK_TIMES: Final = 40
COUNTED: Final = 20


class TakesAll:
    """A transport to a collector that acknowledges everything at once."""

    def send(self, body: bytes, timeout: float, now: float) -> Attempt:
        """Takes it."""
        del body, timeout, now
        return Attempt(Outcome.ACCEPTED)

    def close(self) -> None:
        """Nothing to let go of."""

    def abandon(self) -> None:
        """Nothing to forget."""


class Variant(NamedTuple):
    """One application under measurement, the variant it is compared with, and the headers it is called with."""

    name: str
    app: Any
    beside: str
    headers: list[tuple[bytes, bytes]]


class Cost(NamedTuple):
    """Microseconds per request: on the request's thread, in the whole process with what its export costs, and waited."""

    thread: float
    process: float
    wall: float


def ours(routes: int = FEW, **environ: str) -> Telemetry:
    """An application instrumented as `instrument()` does it, with a transport that takes everything."""
    config = read_config("shop", environ=environ)
    return Telemetry(shop(routes), config, make_transport=lambda target: TakesAll())


def our_variants() -> tuple[list[Variant], list[Telemetry]]:
    """Ours, traced to the full, not sampled, counted only; and the handles to shut down."""
    told: list[tuple[str, Telemetry, str, list[tuple[bytes, bytes]]]] = [
        (OURS, ours(), "bare", HEADERS),
        (f"{OURS}, traceparent", ours(), "bare", [*HEADERS, SAMPLED]),
        (f"{OURS}, unsampled", ours(OTEL_TRACES_SAMPLER="always_off"), "bare", HEADERS),
        (f"{OURS}, unsampled by the caller", ours(), "bare", [*HEADERS, UNSAMPLED]),
        (f"{OURS}, metrics only", ours(OTEL_TRACES_EXPORTER="none"), "bare", HEADERS),
        (f"{OURS}, 100 routes", ours(MANY), "bare, 100 routes", HEADERS),
    ]
    return [Variant(name, handle.app, beside, headers) for name, handle, beside, headers in told], [t[1] for t in told]


def variants() -> tuple[list[Variant], list[Telemetry]]:
    """All that is measured, and the handles to shut down."""
    mine, handles = our_variants()
    made = [
        Variant("bare", shop(), "bare", HEADERS),
        Variant("bare again", shop(), "bare", HEADERS),
        Variant("bare, 100 routes", shop(MANY), "bare, 100 routes", HEADERS),
        *mine,
    ]
    makers = peers.makers()
    made += [Variant(name, make(FEW), "bare", HEADERS) for name, make in makers.items()]
    for name in ("contrib + meter", "FastAPI's own, one span + metrics", "instrumentator"):
        if name in makers:
            made.append(Variant(f"{name}, 100 routes", makers[name](MANY), "bare, 100 routes", HEADERS))
    return made, handles


async def _receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(message: Any) -> None:
    del message


async def requests(variant: Variant, times: int) -> Cost:
    """Calls one variant; its cost per request."""
    thread, process, wall = time.thread_time(), time.process_time(), time.perf_counter()
    for _ in range(times):
        await variant.app(scope(variant.headers), _receive, _send)
    thread, wall = time.thread_time() - thread, time.perf_counter() - wall
    await asyncio.sleep(0.002)  # what the export threads have been given to do
    return Cost(*(spent / times * 1e6 for spent in (thread, time.process_time() - process, wall)))


async def called(variant: Variant) -> float:
    """Python functions called by one request."""
    seen = 0

    def note(frame: Any, event: str, argument: Any) -> None:
        nonlocal seen
        del frame, argument
        seen += event == "call"

    sys.setprofile(note)
    for _ in range(COUNTED):
        await variant.app(scope(variant.headers), _receive, _send)
    sys.setprofile(None)
    return seen / COUNTED


async def more_calls(measured: list[Variant]) -> dict[str, float]:
    """By variant of ours, the functions that its request calls more than the bare one."""
    mine = [variant for variant in measured if variant.name.startswith((OURS, "bare"))]
    calls = {variant.name: await called(variant) for variant in mine}
    return {variant.name: round(calls[variant.name] - calls[variant.beside], 1) for variant in mine}


async def measure(measured: list[Variant], rounds: int, times: int) -> dict[str, list[Cost]]:
    """Cost per variant and round."""
    costs: dict[str, list[Cost]] = {variant.name: [] for variant in measured}
    for variant in measured:
        await requests(variant, times)
    gc.collect()
    gc.freeze()  # thirty applications' worth of objects are nobody's request
    for _ in range(rounds):
        for variant in random.sample(measured, len(measured)):
            costs[variant.name].append(await requests(variant, times))
    return costs


def differences(costs: dict[str, list[Cost]], variant: Variant, of: Callable[[Cost], float]) -> list[float]:
    """By round, what a variant costs more than the one beside it."""
    pairs = zip(costs[variant.name], costs[variant.beside], strict=True)
    return [of(mine) - of(bare) for mine, bare in pairs]


def added(costs: dict[str, list[Cost]], variant: Variant, of: Callable[[Cost], float]) -> float:
    """The median over rounds of what a variant costs more than the one beside it."""
    return round(statistics.median(differences(costs, variant, of)), 1)


def of_thread(cost: Cost) -> float:
    """CPU of the request's own thread."""
    return cost.thread


def row(costs: dict[str, list[Cost]], variant: Variant) -> dict[str, float]:
    """All that is said of one variant."""
    low, middle, high = statistics.quantiles(differences(costs, variant, of_thread), n=4)
    beside = statistics.median(cost.thread for cost in costs[variant.beside])
    return {
        "thread_us": round(middle, 1),
        "q1": round(low, 1),
        "q3": round(high, 1),
        "times_bare": round(1 + middle / beside, 2),
        "process_us": added(costs, variant, lambda cost: cost.process),
        "wall_us": added(costs, variant, lambda cost: cost.wall),
    }


def report(measured: list[Variant], costs: dict[str, list[Cost]], calls: dict[str, float]) -> dict[str, object]:
    """The benchmark's one object."""
    rows = {v.name: row(costs, v) for v in measured if v.name != v.beside}
    more = {name: told["thread_us"] for name, told in rows.items()}
    value = more[OURS]
    naive = more.get("naive stack")
    return {
        "name": "request_overhead",
        "value": value,
        "unit": "us",
        "goal": GOAL_MICROSECONDS,
        "peers": {name: cost for name, cost in more.items() if not name.startswith((OURS, "bare"))},
        "details": {
            "bare_us": round(statistics.median(cost.thread for cost in costs["bare"]), 1),
            "noise_us": more["bare again"],
            "unsampled_us": more[f"{OURS}, unsampled"],
            "unsampled_goal": GOAL_UNSAMPLED,
            "hundred_routes_us": more[f"{OURS}, 100 routes"],
            "times_cheaper_than_naive": None if naive is None else round(naive / max(value, 0.1), 1),
            "calls": calls,
            "rounds": len(costs["bare"]),
            "variants": rows,
        },
    }


def table(measured: list[Variant], costs: dict[str, list[Cost]]) -> None:
    """The rows for people."""
    print(f"{'variant':44} {'CPU us':>8} {'added':>8} {'q1..q3':>16} {'x bare':>7} {'process':>8} {'wall':>8}")
    for variant in measured:
        own = statistics.median(cost.thread for cost in costs[variant.name])
        told = row(costs, variant)
        span = f"{told['q1']:.0f}..{told['q3']:.0f}"
        print(
            f"{variant.name:44} {own:8.1f} {told['thread_us']:+8.1f} {span:>16} {told['times_bare']:7.2f}"
            f" {told['process_us']:+8.1f} {told['wall_us']:+8.1f}"
        )


def main() -> None:
    """Measures and prints; with --json only the object."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} rounds of {QUICK_TIMES}: under a minute")
    options.add_argument("--json", action="store_true", help="print nothing but one JSON object")
    options.add_argument("--only", default="", help="only variants whose name contains this, and the bare ones")
    chosen = options.parse_args()

    measured, handles = variants()
    if chosen.only:
        measured = [v for v in measured if v.name.startswith(("bare", OURS)) or chosen.only in v.name]
    size = (QUICK_ROUNDS, QUICK_TIMES) if chosen.quick else (ROUNDS, TIMES)
    costs = asyncio.run(measure(measured, *size))
    calls = asyncio.run(more_calls(measured))
    for handle in handles:
        handle.shutdown()
    if not chosen.json:
        table(measured, costs)
    print(json.dumps(report(measured, costs, calls)))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
