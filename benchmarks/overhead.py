"""What watching costs a request: microseconds of CPU on the request's own thread, over a bare FastAPI application.

Every variant is an application of its own in one process, called as an ASGI server calls it (GET with five headers). A round
calls each variant the same number of times, in a shuffled order; a variant's cost is the median over rounds of its time
minus the bare application's of the same round, so that a busy machine slows all alike. "bare again" is the control: what
it says is noise. Export goes to a transport that takes everything: its thread's work is in `process_us`, not in the value.

    python benchmarks/overhead.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import random
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from fastapi import FastAPI
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from fournines.instrumentation.config import read_config
from fournines.instrumentation.telemetry import Telemetry
from fournines.instrumentation.transport import Answer, Verdict

GOAL_MICROSECONDS = 35.0
OURS = "fournines"
SILENT = {"tracing": False, "metrics": False, "logs": False}
UNSAMPLED = (b"traceparent", b"00-65a1b2c3d4e5f60718293a4b5c6d7e8f-00f067aa0ba902b7-00")
HEADERS = [
    (b"host", b"shop.example"),
    (b"user-agent", b"benchmark/1"),
    (b"accept", b"*/*"),
    (b"accept-encoding", b"gzip"),
    (b"connection", b"keep-alive"),
]
FEW, MANY = 1, 100


class TakesAll:
    """A transport to a collector that acknowledges everything at once."""

    def send(self, body: bytes, timeout: float, now: float) -> Answer:
        """Takes it."""
        del body, timeout, now
        return Answer(Verdict.ACCEPTED)

    def close(self) -> None:
        """Nothing to let go of."""

    def abandon(self) -> None:
        """Nothing to forget."""


class TakesSpans(SpanExporter):
    """The same for the peers' processors."""

    def export(self, spans: Any) -> SpanExportResult:
        """Takes them."""
        del spans
        return SpanExportResult.SUCCESS


class Variant(NamedTuple):
    """One application under measurement, the variant it is compared with, and the headers it is called with."""

    name: str
    app: Any
    beside: str
    headers: list[tuple[bytes, bytes]]


class Cost(NamedTuple):
    """Microseconds per request: on the request's thread and in the whole process."""

    thread: float
    process: float


def shop(routes: int = FEW, telemetry: Any = SILENT) -> FastAPI:
    """A FastAPI application whose last route is the one that is called. FastAPI's own telemetry is off unless asked for."""
    app = FastAPI(telemetry=telemetry)
    for number in range(routes - 1):
        app.add_api_route(f"/other{number}/{{x}}", _item)
    app.add_api_route("/items/{x}", _item)
    return app


async def _item(x: int) -> dict[str, int]:
    return {"x": x}


def ours(app: FastAPI) -> Telemetry:
    """An application instrumented as `instrument()` does it, with a transport that takes everything."""
    return Telemetry(app, read_config("shop", environ={}), make_transport=lambda target: TakesAll())


def providers() -> tuple[TracerProvider, MeterProvider]:
    """What the peers are given: a batch processor and a meter, as in production."""
    tracers = TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(BatchSpanProcessor(TakesSpans()))
    return tracers, MeterProvider([InMemoryMetricReader()], shutdown_on_exit=False)


def contrib() -> FastAPI:
    """opentelemetry-instrumentation-fastapi with all of its spans, and a meter."""
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

    app = shop()
    tracers, meters = providers()
    FastAPIInstrumentor.instrument_app(app, tracer_provider=tracers, meter_provider=meters)
    return app


def native() -> FastAPI:
    """FastAPI's own telemetry, as it comes."""
    tracers, meters = providers()
    return shop(telemetry={"tracer_provider": tracers, "meter_provider": meters})


def variants() -> tuple[list[Variant], list[Telemetry]]:
    """All that is measured, and the handles to shut down."""
    handles = [ours(shop()), ours(shop()), ours(shop(MANY))]
    made = [
        Variant("bare", shop(), "bare", HEADERS),
        Variant("bare again", shop(), "bare", HEADERS),
        Variant(OURS, handles[0].app, "bare", HEADERS),
        Variant(f"{OURS}, unsampled", handles[1].app, "bare", [*HEADERS, UNSAMPLED]),
        Variant("bare, 100 routes", shop(MANY), "bare, 100 routes", HEADERS),
        Variant(f"{OURS}, 100 routes", handles[2].app, "bare, 100 routes", HEADERS),
        Variant("FastAPI's own", native(), "bare", HEADERS),
    ]
    if importlib.util.find_spec("opentelemetry.instrumentation.fastapi"):
        made.append(Variant("contrib + meter", contrib(), "bare", HEADERS))
    return made, handles


async def _receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(message: Any) -> None:
    del message


async def requests(variant: Variant, times: int) -> Cost:
    """Calls one variant; its cost per request."""
    thread, process = time.thread_time(), time.process_time()
    for _ in range(times):
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": "/items/42", "raw_path": b"/items/42", "query_string": b"", "root_path": "",
            "headers": variant.headers, "client": ("192.0.2.1", 4711), "server": ("127.0.0.1", 8000),
        }  # fmt: skip
        await variant.app(scope, _receive, _send)
    return Cost((time.thread_time() - thread) / times * 1e6, (time.process_time() - process) / times * 1e6)


async def measure(measured: list[Variant], rounds: int, times: int) -> dict[str, list[Cost]]:
    """Cost per variant and round."""
    costs: dict[str, list[Cost]] = {variant.name: [] for variant in measured}
    for variant in measured:
        await requests(variant, times)
    for _ in range(rounds):
        for variant in random.sample(measured, len(measured)):
            costs[variant.name].append(await requests(variant, times))
    return costs


def added(costs: dict[str, list[Cost]], variant: Variant, of: Callable[[Cost], float]) -> float:
    """The median over rounds of what a variant costs more than the one beside it."""
    pairs = zip(costs[variant.name], costs[variant.beside], strict=True)
    return round(statistics.median(of(mine) - of(bare) for mine, bare in pairs), 1)


def report(measured: list[Variant], costs: dict[str, list[Cost]]) -> dict[str, object]:
    """The benchmark's one object."""
    more = {v.name: added(costs, v, lambda cost: cost.thread) for v in measured if v.name != v.beside}
    whole = {v.name: added(costs, v, lambda cost: cost.process) for v in measured if v.name != v.beside}
    bare = statistics.median(cost.thread for cost in costs["bare"])
    return {
        "name": "request_overhead",
        "value": more[OURS],
        "unit": "us",
        "goal": GOAL_MICROSECONDS,
        "peers": {name: cost for name, cost in more.items() if not name.startswith((OURS, "bare"))},
        "details": {
            "bare_us": round(bare, 1),
            "times_bare": round(1 + more[OURS] / bare, 2),
            "noise_us": more["bare again"],
            "unsampled_us": more[f"{OURS}, unsampled"],
            "hundred_routes_us": more[f"{OURS}, 100 routes"],
            "process_us": whole,
            "rounds": len(costs["bare"]),
        },
    }


def main() -> None:
    """Measures and prints; with --json only the object."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--quick", action="store_true", help="20 rounds of 60 instead of 80 of 250")
    options.add_argument("--json", action="store_true", help="print nothing but one JSON object")
    chosen = options.parse_args()

    measured, handles = variants()
    costs = asyncio.run(measure(measured, *((20, 60) if chosen.quick else (80, 250))))
    for handle in handles:
        handle.shutdown()
    if not chosen.json:
        for variant in measured:
            own = statistics.median(cost.thread for cost in costs[variant.name])
            print(f"{variant.name:24} {own:8.1f} us  +{added(costs, variant, lambda cost: cost.thread):.1f}")
    print(json.dumps(report(measured, costs)))


if __name__ == "__main__":
    main()
