"""What the collector's tests share: OTLP bodies made of plain numbers, SLOs, and collectors that surely close."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import uvloop
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from fournines.collector import BadRequest, Collector, Decoders, Ledger, Receipt, Signal
from fournines.slo import SLI, SLO, Objective, SLIKind, SpanKind

NOW = 1_790_000_000.0
"""A multiple of an hour's buckets it is not: 1,790,000,000 = 497,222 x 3,600 + 800."""

METRIC = "http.server.request.duration"
BOUNDS = (0.1, 0.25, 0.5)


class Span(NamedTuple):
    """One span: seconds, and what was answered."""

    end: float
    seconds: float = 0.01
    status: int = 200
    route: str = "/pay"
    kind: int = 2


class Histogram(NamedTuple):
    """One point of the duration metric. `quick` of `count` requests took less than 0.1 s, the others more than 0.5 s."""

    start: float
    end: float
    count: int
    quick: int | None = None
    status: int = 200
    route: str = "/pay"
    method: str = "GET"


def _attributes(target: Any, values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        attribute = KeyValue(key=key)
        if isinstance(value, bool):
            attribute.value.bool_value = value
        elif isinstance(value, int):
            attribute.value.int_value = value
        else:
            attribute.value.string_value = str(value)
        target.append(attribute)


def _resource(target: Any, service: str, instance: str, version: str = "") -> None:
    said = {"service.name": service, "service.instance.id": instance, "service.version": version}
    _attributes(target, {key: value for key, value in said.items() if value})


class Otlp:
    """Makes OTLP bodies."""

    def __init__(self) -> None:
        self._ids = 0

    def spans(self, *spans: Span, service: str = "payments", instance: str = "a", version: str = "") -> bytes:
        """An export of spans; each has an id of its own, so that no two bodies are alike."""
        request = ExportTraceServiceRequest()
        resource = request.resource_spans.add()
        _resource(resource.resource.attributes, service, instance, version)
        scope = resource.scope_spans.add()
        for one in spans:
            self._ids += 1
            end = round(one.end * 1e9)
            span = scope.spans.add(kind=one.kind, end_time_unix_nano=end)
            span.start_time_unix_nano = end - round(one.seconds * 1e9)
            span.span_id = self._ids.to_bytes(8, "big")
            _attributes(span.attributes, {"http.route": one.route, "http.response.status_code": one.status})
        return request.SerializeToString()

    def points(
        self,
        *points: Histogram,
        service: str = "payments",
        instance: str = "a",
        cumulative: bool = False,
        up: bool | None = None,
        at: float = NOW,
        name: str = METRIC,
        version: str = "",
    ) -> bytes:
        """An export of histogram points, with a heartbeat when `up` is given."""
        request = ExportMetricsServiceRequest()
        resource = request.resource_metrics.add()
        _resource(resource.resource.attributes, service, instance, version)
        scope = resource.scope_metrics.add()
        if points:
            metric = scope.metrics.add(name=name, unit="s")
            metric.histogram.aggregation_temporality = 2 if cumulative else 1
            for one in points:
                quick = one.count if one.quick is None else one.quick
                point = metric.histogram.data_points.add(
                    start_time_unix_nano=round(one.start * 1e9), time_unix_nano=round(one.end * 1e9), count=one.count
                )
                point.explicit_bounds.extend(BOUNDS)
                point.bucket_counts.extend([quick, 0, 0, one.count - quick])
                known = {"http.route": one.route, "http.response.status_code": one.status}
                _attributes(point.attributes, known | {"http.request.method": one.method})
        if up is not None:
            gauge = scope.metrics.add(name="fournines.service.up").gauge.data_points.add(time_unix_nano=round(at * 1e9))
            gauge.as_int = int(up)
        return request.SerializeToString()

    def sums(
        self,
        *points: tuple[float, float, int],
        name: str = "orders",
        service: str = "payments",
        cumulative: bool = False,
    ) -> bytes:
        """An export of a monotonic sum: (start, end, value) a point."""
        request = ExportMetricsServiceRequest()
        resource = request.resource_metrics.add()
        _resource(resource.resource.attributes, service, "a")
        data = resource.scope_metrics.add().metrics.add(name=name).sum
        data.is_monotonic, data.aggregation_temporality = True, 2 if cumulative else 1
        for start, end, value in points:
            point = data.data_points.add(start_time_unix_nano=round(start * 1e9), time_unix_nano=round(end * 1e9))
            point.as_int = value
        return request.SerializeToString()


def make_slo(name: str, service: str = "payments", threshold: str | None = None, **more: Any) -> SLO:
    """An SLO of a file, of spans unless told otherwise."""
    sli = SLI(
        SLIKind.AVAILABILITY if threshold is None else SLIKind.LATENCY,
        service,
        more.pop("signal", "spans"),
        span_kind=more.pop("span_kind", SpanKind.SERVER),
        threshold=None if threshold is None else Decimal(threshold),
        where=more.pop("where", ()),
    )
    return SLO(name, sli, Objective(Decimal(more.pop("target", "0.99"))), **more)


@pytest.fixture(scope="session", autouse=True)
def _read_and_not_compiled(decoders: Decoders) -> None:
    """Whoever meets a kernel first, by whatever way, finds it compiled: else numba takes half a minute of that test."""


@pytest.fixture(scope="session")
def otlp() -> Otlp:
    """Makes OTLP bodies."""
    return Otlp()


@pytest.fixture(scope="session")
def span() -> type[Span]:
    """One span."""
    return Span


@pytest.fixture(scope="session")
def histogram() -> type[Histogram]:
    """One point of the duration metric."""
    return Histogram


@pytest.fixture(scope="session")
def slo() -> Callable[..., SLO]:
    """Makes an SLO."""
    return make_slo


@pytest.fixture(scope="session")
def now() -> float:
    """The moment most tests begin at."""
    return NOW


@pytest.fixture
def opened(tmp_path: Path, decoders: Decoders) -> Iterator[Callable[..., Collector]]:
    """Opens collectors on one folder; whatever is still open at the end of the test is closed."""
    with ExitStack() as stack:

        def open_one(
            slos: Sequence[SLO] = (), now: float = NOW, *, replace_damaged: bool = False, **more: Any
        ) -> Collector:
            ledger = Ledger(tmp_path / "data", now, replace_damaged=replace_damaged)
            collector = Collector(ledger, slos, now, **{"decoders": decoders} | more)
            stack.callback(collector.close)
            return collector

        yield open_one


REQUESTS = {
    Signal.TRACES: ExportTraceServiceRequest,
    Signal.METRICS: ExportMetricsServiceRequest,
    Signal.LOGS: ExportLogsServiceRequest,
}


@dataclass
class Keeper:
    """Stands for what keeps the requests: reads them, remembers them, and answers or fails as it is told; `silent`, it never answers."""

    receipt: Receipt = field(default_factory=lambda: Receipt(1))
    error: BaseException | None = None
    silent: bool = False
    kept: list[tuple[Signal, bytes]] = field(default_factory=list)
    waiting: list[Future[Receipt]] = field(default_factory=list)

    def accept(self, signal: Signal, body: bytes, received: float) -> Future[Receipt]:
        """Keeps a request."""
        del received
        future: Future[Receipt] = Future()
        try:
            REQUESTS[signal].FromString(body)
        except DecodeError as fault:
            future.set_exception(BadRequest(f"no protobuf: {fault}"))
            return future
        if self.error is not None:
            future.set_exception(self.error)
            return future
        self.kept.append((signal, body))
        if self.silent:
            self.waiting.append(future)
        else:
            future.set_result(self.receipt)
        return future


@pytest.fixture(scope="session")
def keeper() -> type[Keeper]:
    """What keeps requests."""
    return Keeper


@contextmanager
def _serving(make: Callable[[], Any]) -> Iterator[Any]:
    made: list[Any] = []
    ready, over = threading.Event(), threading.Event()

    async def serve() -> None:
        try:
            made.append(make())
            await made[0].start()
        finally:
            ready.set()
        await asyncio.to_thread(over.wait)
        await made[0].stop(2)

    # As `serve` does: the loop of the standard library may leave a connection half-made that comes as a door closes.
    thread = threading.Thread(target=uvloop.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(30)
        yield made[0]
    finally:
        over.set()
        thread.join()


@pytest.fixture(scope="session")
def serving() -> Callable[[Callable[[], Any]], AbstractContextManager[Any]]:
    """Runs what has `start()` and `stop(grace)` on a loop in a thread of its own, for as long as the block lasts."""
    return _serving
