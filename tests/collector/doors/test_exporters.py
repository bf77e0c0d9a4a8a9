"""The real OpenTelemetry SDK as the sender: what its exporters send over each protocol arrives and is read."""

from __future__ import annotations

import contextlib
import time

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode

from fournines.collector import Doors, Terms
from fournines.collector.columns import PointKind, Signal, Temporality, Wanted
from fournines.slo import CLASSIFYING_KEYS

WANTED = Wanted(CLASSIFYING_KEYS, frozenset({"fine", "plain", "requests"}))

RESOURCE = Resource({"service.name": "payments", "service.instance.id": "1"})


@pytest.fixture
def exporters(serving, keeper):
    """Makes a span exporter and a metric exporter towards receivers of that protocol, which keep in `kept` what comes."""

    @contextlib.contextmanager
    def make(protocol, compressed, kept):
        terms = Terms(keeper(kept=kept).accept, time.time)
        with serving(lambda: Doors(terms, "127.0.0.1", 0, 0)) as doors:
            if protocol == "http":
                url = f"http://127.0.0.1:{doors.http_port}/v1"
                compression = Compression.Gzip if compressed else Compression.NoCompression
                yield (
                    HttpSpans(f"{url}/traces", compression=compression),
                    HttpMetrics(f"{url}/metrics", compression=compression),
                )
            else:
                address = f"127.0.0.1:{doors.grpc_port}"
                compression = grpc.Compression.Gzip if compressed else grpc.Compression.NoCompression
                yield (
                    GrpcSpans(address, insecure=True, compression=compression),
                    GrpcMetrics(address, insecure=True, compression=compression),
                )

    return make


each_way = pytest.mark.parametrize(
    ("protocol", "compressed"), [("http", False), ("http", True), ("grpc", False), ("grpc", True)]
)


@each_way
def test_spans_of_the_sdk_arrive(exporters, decoders, protocol, compressed):
    """A SERVER span with its route, its code and its failure arrives; an INTERNAL one as what it is."""
    kept = []
    with exporters(protocol, compressed, kept) as (span_exporter, metric_exporter):
        provider = TracerProvider(resource=RESOURCE)
        provider.add_span_processor(SimpleSpanProcessor(span_exporter))
        tracer = provider.get_tracer("test")
        with tracer.start_as_current_span("GET /pay", kind=SpanKind.SERVER) as span:
            span.set_attributes({"http.route": "/pay", "http.response.status_code": 503, "user.id": "1"})
            span.set_status(StatusCode.ERROR)
        with tracer.start_as_current_span("inner"):
            pass
        provider.shutdown()
        metric_exporter.shutdown()

    first, second = (decoders.spans(body, WANTED) for signal, body in kept if signal is Signal.TRACES)
    assert "payments" == first.resources[0]["service.name"]
    assert ({"http.route": "/pay", "http.response.status_code": 503, "otel.status_code": "ERROR"},) == first.labels
    assert first.start[0] < first.end[0]
    assert [SpanKind.INTERNAL.value + 1] == second.kind.tolist()


@each_way
def test_metrics_of_the_sdk_arrive(exporters, decoders, protocol, compressed):
    """A counter, a histogram and an exponential histogram arrive with their counts, and every bucket in its place."""
    kept = []
    with exporters(protocol, compressed, kept) as (span_exporter, metric_exporter):
        exponential = View(instrument_name="fine", aggregation=ExponentialBucketHistogramAggregation())
        reader = PeriodicExportingMetricReader(metric_exporter, export_interval_millis=3_600_000)
        provider = MeterProvider([reader], resource=RESOURCE, views=[exponential])
        meter = provider.get_meter("test")
        meter.create_counter("requests").add(7, {"http.route": "/pay"})
        plain = meter.create_histogram("plain", explicit_bucket_boundaries_advisory=[0.1, 0.25])
        fine = meter.create_histogram("fine")
        for seconds in (0.0, 0.1, 0.2, 0.9):
            plain.record(seconds)
            fine.record(seconds)
        provider.force_flush()
        provider.shutdown()
        span_exporter.shutdown()

    points = decoders.points(next(body for signal, body in kept if signal is Signal.METRICS), WANTED)
    by_name = {points.names[name]: row for row, name in enumerate(points.name.tolist())}
    assert {"requests", "plain", "fine"} == by_name.keys()
    assert [7, 4, 4] == [int(points.count[by_name[name]]) for name in ("requests", "plain", "fine")]
    assert {Temporality.CUMULATIVE} == set(points.temporality.tolist())
    assert ({"http.route": "/pay"}, True) == (
        points.labels[points.label[by_name["requests"]]],
        bool(points.monotonic[by_name["requests"]]),
    )
    assert ((0.1, 0.25), [2, 1, 1]) == of(points, by_name["plain"])
    bounds, buckets = of(points, by_name["fine"])
    assert PointKind.EXPONENTIAL_HISTOGRAM == points.kind[by_name["fine"]]
    assert [at_most(bounds, buckets, limit) for limit in (0.0, 0.15, 0.25, 1.0)] == [1, 2, 3, 4]


def of(points, row):
    """A row's bounds and buckets."""
    start, end = points.offset[row], points.offset[row + 1]
    return points.bounds[points.bound[row]], points.buckets[start:end].tolist()


def at_most(bounds, buckets, limit):
    """How many lie in buckets wholly at or below the limit."""
    return sum(count for bound, count in zip(bounds, buckets, strict=False) if bound <= limit)
