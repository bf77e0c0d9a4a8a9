"""A real collector in a process of its own, and senders that speak OTLP to it."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from fournines.collector import Collector as Counts
from fournines.collector import Ledger
from fournines.slo import SLI, SLO, Objective, SLIKind

SECOND = 1_000_000_000


def _attribute(target, key, value):
    attribute = target.add(key=key)
    if isinstance(value, int):
        attribute.value.int_value = value
    else:
        attribute.value.string_value = value


def spans(service: str, statuses: list[int], end: float | None = None, milliseconds: int = 5) -> bytes:
    """One export of SERVER spans, one for each status, all ending at `end` (epoch seconds; now unless given)."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    _attribute(resource.resource.attributes, "service.name", service)
    scope = resource.scope_spans.add()
    ended = int((time.time() if end is None else end) * SECOND)
    for number, status in enumerate(statuses):
        span = scope.spans.add(
            name="GET /",
            kind=Span.SPAN_KIND_SERVER,
            trace_id=bytes(15) + b"\1",
            span_id=ended.to_bytes(8, "big")[:7] + bytes([number % 256]),
        )
        span.end_time_unix_nano = ended
        span.start_time_unix_nano = ended - milliseconds * 1_000_000
        _attribute(span.attributes, "http.response.status_code", status)
        _attribute(span.attributes, "http.route", "/things/{thing}")
    return request.SerializeToString()


def histogram(
    service: str,
    counts: dict[int, int],
    start: float,
    end: float,
    up: int | None = None,
    version: str = "1",
    bucket: int = 1,
) -> bytes:
    """One export of a delta `http.server.request.duration`, all in a bucket: (0.1, 0.25]; with `up` the heartbeat too."""
    request = ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    _attribute(resource.resource.attributes, "service.name", service)
    _attribute(resource.resource.attributes, "service.instance.id", f"{service}-{version}")
    _attribute(resource.resource.attributes, "service.version", version)
    scope = resource.scope_metrics.add()
    metric = scope.metrics.add(name="http.server.request.duration", unit="s")
    metric.histogram.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
    for status, count in counts.items():
        point = metric.histogram.data_points.add(
            start_time_unix_nano=int(start * SECOND),
            time_unix_nano=int(end * SECOND),
            count=count,
            sum=0.2 * count,
            explicit_bounds=[0.1, 0.25, 0.5],
            bucket_counts=[count if number == bucket else 0 for number in range(4)],
        )
        _attribute(point.attributes, "http.response.status_code", status)
        _attribute(point.attributes, "http.route", "/things/{thing}")
    if up is not None:
        gauge = scope.metrics.add(name="fournines.service.up")
        gauge.gauge.data_points.add(time_unix_nano=int(end * SECOND), as_int=up)
    return request.SerializeToString()


HTTP = httpx.Client(verify=False, trust_env=False, timeout=30)


@pytest.fixture(scope="session", autouse=True)
def _closed():
    yield
    HTTP.close()


@dataclass
class Collector:
    """How to reach one running collector."""

    data: Path
    port: int
    http_port: int
    grpc_port: int
    arguments: list[str] = field(default_factory=list)
    server: object = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def otlp(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def command(self) -> list[str]:
        ports = [
            "--port",
            self.port,
            "--otlp-http-port",
            self.http_port,
            "--otlp-grpc-port",
            self.grpc_port,
            "--xray-port",
            0,
        ]
        return [sys.executable, "-m", "fournines", "serve", "--data", str(self.data), *map(str, ports), *self.arguments]

    def post(self, signal: str, body: bytes, **headers: str) -> httpx.Response:
        kind = {"Content-Type": "application/x-protobuf", **headers}
        return HTTP.post(f"{self.otlp}/v1/{signal}", content=body, headers=kind)

    def get(self, path: str) -> dict:
        return HTTP.get(self.url + path).raise_for_status().json()

    def events(self, name: str) -> tuple[int, int]:
        """Good and total of one SLO; nothing where it is not known yet."""
        answer = HTTP.get(f"{self.url}/api/v1/slos/{name}")
        if answer.status_code == 404:
            return (0, 0)
        events = answer.raise_for_status().json()["events"]
        return events["good"], events["total"]


@pytest.fixture
def collector(tmp_path, free_port) -> Collector:
    """A collector's addresses and folder; `running(collector)` starts it."""
    return Collector(tmp_path / "data", free_port(), free_port(), free_port())


@pytest.fixture(scope="session")
def running(run_server):
    """Starts the collector, by another command where one is given, and ends it when the block is left."""

    @contextlib.contextmanager
    def run(collector: Collector, command: list[str] | None = None, **options: object) -> Iterator[Collector]:
        with run_server(command or collector.command, collector.url + "/readyz", **options) as server:
            collector.server = server
            yield collector

    return run


@pytest.fixture(scope="module")
def shared(running, tmp_path_factory, free_port, measured) -> Iterator[Collector]:
    """One collector that runs for all tests of a file which ask for it, each with a service of its own; coverage sees it."""
    data = tmp_path_factory.mktemp("shared") / "data"
    with running(Collector(data, free_port(), free_port(), free_port()), env=measured) as collector:
        yield collector


@pytest.fixture
def make_spans():
    """Builds OTLP trace bodies."""
    return spans


@pytest.fixture
def make_histogram():
    """Builds OTLP metrics bodies."""
    return histogram


@pytest.fixture(scope="session")
def make_spans_of_module():
    """What a fixture of a wider scope builds a collector with: its class, and a body to count."""
    return Collector, spans("shop", [200, 500])


@pytest.fixture
def slo() -> Callable[..., SLO]:
    """Makes an availability SLO."""

    def make(name: str, service: str = "shop", **more: object) -> SLO:
        return SLO(name, SLI(SLIKind.AVAILABILITY, service), Objective(Decimal("0.9999")), **more)

    return make


@pytest.fixture
def opened(tmp_path, decoders) -> Iterator[Callable[..., Counts]]:
    """Opens the collector itself, with the SLOs of files; it is closed when the test ends."""
    with contextlib.ExitStack() as stack:

        def opened(*slos: SLO) -> Counts:
            ledger = Ledger(tmp_path / "ledger", 1_790_000_000.0)
            collector = Counts(ledger, slos, 1_790_000_000.0, decoders)
            stack.callback(collector.close)
            return collector

        yield opened
