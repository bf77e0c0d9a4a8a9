"""What else a service may be watched with, each as a maker of an application that serves the same shop.

Every peer gets providers of its own and an exporter that takes everything, as ours does. What is not installed is left out.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import socket
import time
from bisect import bisect_left
from collections.abc import Callable
from typing import Any, Final

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from .shop import shop

Maker = Callable[[int], Any]
"""Number of routes -> an application."""

ONE_PERCENT: Final = 0.01
OPT_IN: Final = "OTEL_SEMCONV_STABILITY_OPT_IN"


class TakesSpans(SpanExporter):
    """An exporter that acknowledges everything; with `encode`, after having written it as OTLP."""

    def __init__(self, *, encode: bool = False) -> None:
        self._encode = encode

    def export(self, spans: Any) -> SpanExportResult:
        """Takes them."""
        if self._encode:
            from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

            encode_spans(spans).SerializeToString()
        return SpanExportResult.SUCCESS


def tracers(ratio: float = 1.0, *, encode: bool = False) -> TracerProvider:
    """A provider with a batch processor, as in production."""
    sampler = ParentBased(TraceIdRatioBased(ratio)) if ratio < 1 else None
    provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(TakesSpans(encode=encode)))
    return provider


def meters() -> MeterProvider:
    """A provider with a reader that nobody reads."""
    return MeterProvider([InMemoryMetricReader()], shutdown_on_exit=False)


def contrib(
    ratio: float = 1.0, mode: str = "", *, metrics: bool = False, children: bool = True, encode: bool = False
) -> Maker:
    """opentelemetry-instrumentation-fastapi: with a sampling ratio, a mode of conventions, a meter, its ASGI spans."""

    def make(routes: int) -> Any:
        from opentelemetry.instrumentation._semconv import _OpenTelemetrySemanticConventionStability as Conventions
        from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
        from opentelemetry.metrics import NoOpMeterProvider

        os.environ[OPT_IN] = mode
        Conventions._initialized = False  # noqa: SLF001 - read once per process, and here several times
        app = shop(routes)
        FastAPIInstrumentor.instrument_app(
            app,
            tracer_provider=tracers(ratio, encode=encode),
            meter_provider=meters() if metrics else NoOpMeterProvider(),
            exclude_spans=None if children else ["receive", "send"],
        )
        app.middleware_stack = app.build_middleware_stack()  # now, while the conventions are the ones asked for
        return app

    return make


def native(ratio: float = 1.0, *, operations: bool = False, traces: bool = True, metrics: bool = True) -> Maker:
    """FastAPI's own telemetry."""

    def make(routes: int) -> Any:
        return shop(
            routes,
            telemetry={
                "tracer_provider": tracers(ratio) if traces else None, "meter_provider": meters() if metrics else None,
                "tracing": traces, "metrics": metrics, "logs": False, "operation_spans": operations,
            },
        )  # fmt: skip

    return make


def starlettes(ratio: float = 1.0) -> Maker:
    """Starlette's own middleware: spans only."""

    def make(routes: int) -> Any:
        from starlette.middleware.opentelemetry import OpenTelemetryMiddleware

        return OpenTelemetryMiddleware(shop(routes), tracer_provider=tracers(ratio))

    return make


def instrumentator(around: Maker | None = None) -> Maker:
    """prometheus-fastapi-instrumentator, alone or on top of another."""

    def make(routes: int) -> Any:
        from prometheus_client import CollectorRegistry
        from prometheus_fastapi_instrumentator import Instrumentator, metrics

        app = around(routes) if around else shop(routes)
        registry = CollectorRegistry()
        app.middleware_stack = None
        Instrumentator(registry=registry).add(metrics.default(registry=registry)).instrument(app)
        app.middleware_stack = app.build_middleware_stack()
        return app

    return make


def logfires(ratio: float = 1.0, *, metrics: bool = False) -> Maker:
    """logfire.instrument_fastapi, sending nowhere."""

    def make(routes: int) -> Any:
        import logfire

        made = logfire.configure(
            local=True, send_to_logfire=False, console=False, inspect_arguments=False,
            additional_span_processors=[BatchSpanProcessor(TakesSpans())],
            sampling=logfire.SamplingOptions(head=ratio),
            metrics=logfire.MetricsOptions(additional_readers=[InMemoryMetricReader()]) if metrics else False,
        )  # fmt: skip
        app = shop(routes)
        made.instrument_fastapi(app)
        return app

    return make


def xrays(around: Maker = shop, ratio: float = 1.0) -> Maker:
    """aws-xray-sdk's recorder around the application, by hand: it has no ASGI middleware."""

    def make(routes: int) -> Any:
        from aws_xray_sdk.core import AWSXRayRecorder
        from aws_xray_sdk.core.async_context import AsyncContext
        from aws_xray_sdk.core.models import http
        from aws_xray_sdk.core.sampling.local.sampler import LocalSampler

        app, recorder = around(routes), AWSXRayRecorder()
        rules = {"version": 2, "rules": [], "default": {"fixed_target": 0, "rate": ratio}}  # asked here, not of AWS
        ready = False

        def prepare() -> None:
            nonlocal ready
            # It asks for the running loop, and keeps its segments in the task.
            context = AsyncContext(loop=asyncio.get_running_loop(), use_task_factory=False)
            recorder.configure(
                service="shop", context=context, sampler=LocalSampler(rules), daemon_address=f"127.0.0.1:{_deaf_port()}"
            )
            task: Any = asyncio.current_task()
            task.context = {}
            ready = True

        async def measured(scope: Any, receive: Any, send: Any) -> None:
            if not ready:
                prepare()
            segment = recorder.begin_segment("shop")
            segment.put_http_meta(http.URL, scope["path"])
            segment.put_http_meta(http.METHOD, scope["method"])

            async def sending(message: Any) -> None:
                if message["type"] == "http.response.start":
                    segment.put_http_meta(http.STATUS, message["status"])
                await send(message)

            try:
                await app(scope, receive, sending)
            finally:
                recorder.end_segment()

        return measured

    return make


def by_hand(*, cached: bool) -> Maker:
    """A histogram and a counter of prometheus-client in an ASGI middleware, its children looked up or kept."""

    def make(routes: int) -> Any:
        from prometheus_client import CollectorRegistry, Counter, Histogram

        app, registry = shop(routes), CollectorRegistry()
        labels = ("method", "route", "status")
        durations = Histogram("http_request_duration_seconds", "Durations.", labels, registry=registry)
        requests = Counter("http_requests_total", "Requests.", labels, registry=registry)
        kept: dict[Any, tuple[Any, Any]] = {}

        def children(key: tuple[str, str, str]) -> tuple[Any, Any]:
            if not cached:
                return durations.labels(*key), requests.labels(*key)
            found = kept.get(key)
            if found is None:
                found = kept[key] = durations.labels(*key), requests.labels(*key)
            return found

        async def measured(scope: Any, receive: Any, send: Any) -> None:
            status, began = 0, time.perf_counter()

            async def sending(message: Any) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            await app(scope, receive, sending)
            route = getattr(scope.get("route"), "path_format", "")
            duration, count = children((scope["method"], route, str(status)))
            duration.observe(time.perf_counter() - began)
            count.inc()

        return measured

    return make


def counted_by_hand() -> Maker:
    """A histogram and a counter in plain dictionaries: the least that measuring costs."""

    def make(routes: int) -> Any:
        app, bounds = shop(routes), (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
        kept: dict[Any, list[int]] = {}

        async def measured(scope: Any, receive: Any, send: Any) -> None:
            status, began = 0, time.perf_counter()

            async def sending(message: Any) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            await app(scope, receive, sending)
            key = scope["method"], getattr(scope.get("route"), "path_format", ""), status
            counts = kept.setdefault(key, [0] * (len(bounds) + 2))
            counts[bisect_left(bounds, time.perf_counter() - began)] += 1
            counts[-1] += 1

        return measured

    return make


def naive() -> Maker:
    """What a team gets by adding one package for each wish: contrib, a meter, the instrumentator, the X-Ray SDK."""
    return xrays(instrumentator(contrib(metrics=True)))


def makers() -> dict[str, Maker]:
    """Name -> maker, of all that is installed here."""
    made: dict[str, Maker] = {
        "counts by hand, without a library": counted_by_hand(),
        "prometheus by hand, labels()": by_hand(cached=False),
        "prometheus by hand, cached children": by_hand(cached=True),
    }
    if _there("opentelemetry.instrumentation.fastapi"):
        made |= {
            "contrib": contrib(),
            "contrib 1 %": contrib(ONE_PERCENT),
            "contrib, excluded spans": contrib(children=False),
            "contrib 1 %, excluded spans": contrib(ONE_PERCENT, children=False),
            "contrib, http": contrib(mode="http"),
            "contrib, http/dup": contrib(mode="http/dup"),
            "contrib + meter": contrib(metrics=True),
            "contrib, excluded spans + meter": contrib(metrics=True, children=False),
            "contrib 1 %, excluded spans + meter": contrib(ONE_PERCENT, metrics=True, children=False),
            "contrib, excluded spans + meter, http/dup": contrib(mode="http/dup", metrics=True, children=False),
            "contrib, OTLP encoded": contrib(encode=True),
            "contrib, excluded spans, OTLP encoded": contrib(children=False, encode=True),
        }
    made |= {
        "FastAPI's own, all": native(operations=True),
        "FastAPI's own, one span + metrics": native(),
        "FastAPI's own 1 %, one span + metrics": native(ONE_PERCENT),
        "FastAPI's own, one span": native(metrics=False),
        "FastAPI's own, metrics only": native(traces=False),
        "Starlette's own": starlettes(),
        "Starlette's own 1 %": starlettes(ONE_PERCENT),
    }
    if _there("prometheus_fastapi_instrumentator"):
        made["instrumentator"] = instrumentator()
        if "contrib" in made:
            made["contrib + meter + instrumentator"] = instrumentator(contrib(metrics=True))
    if _there("logfire"):
        made |= {
            "logfire": logfires(),
            "logfire + metrics": logfires(metrics=True),
            "logfire 1 %": logfires(ONE_PERCENT),
        }
    if _there("aws_xray_sdk"):
        made |= {"X-Ray SDK": xrays(), "X-Ray SDK 1 %": xrays(ratio=ONE_PERCENT)}
        if "contrib + meter + instrumentator" in made:
            made["naive stack"] = naive()
    return made


_taken: list[socket.socket] = []


def _deaf_port() -> int:
    """A UDP port that takes datagrams and reads none."""
    if not _taken:
        _taken.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        _taken[0].bind(("127.0.0.1", 0))
    return int(_taken[0].getsockname()[1])


def _there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
