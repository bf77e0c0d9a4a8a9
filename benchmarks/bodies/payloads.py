"""What the benchmarks send: OTLP and remote-write bodies as services make them, each different from the one before.

Spans carry eleven attributes and are about 425 bytes; a histogram point has fifteen buckets. No two bodies are alike, because a
collector may answer a repeated one without counting it.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

import cramjam
import numpy as np
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Metric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

SERVICE = "payments"
ROUTES = tuple(f"/v1/accounts/{{id}}/part-{number}" for number in range(50))
STATUS = (200, 200, 200, 200, 200, 200, 200, 201, 404, 503)
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
DURATION = "http.server.request.duration"
COUNTER = "payments.orders"
NANOSECONDS = 1_000_000_000


def attribute(key: str, value: str | int) -> KeyValue:
    """One attribute."""
    found = KeyValue(key=key)
    if isinstance(value, int):
        found.value.int_value = value
    else:
        found.value.string_value = value
    return found


def resource(instance: str) -> Resource:
    """A sender of the service."""
    said = {
        "service.name": SERVICE,
        "service.instance.id": instance,
        "service.version": "1.4.2",
        "host.name": "ip-10-0-0-1",
    }
    return Resource(attributes=[attribute(key, value) for key, value in said.items()])


def span_bodies(spans: int, now: float, count: int) -> Iterator[bytes]:
    """`count` requests of `spans` SERVER spans each, which end at `now`; every span of a trace of its own."""
    request = ExportTraceServiceRequest()
    of_resource = request.resource_spans.add(resource=resource("i-1"))
    scope = of_resource.scope_spans.add()
    scope.scope.name = "opentelemetry.instrumentation.fastapi"
    chance = random.Random(9)
    marks = [chance.randbytes(16) for _ in range(spans)]
    for number, mark in enumerate(marks):
        _fill(scope.spans.add(), number, mark, now, chance)
    template = np.frombuffer(bytearray(request.SerializeToString()), np.uint8)
    body = template.tobytes()
    places = np.array([body.index(mark) for mark in marks])[:, np.newaxis] + np.arange(16)
    ids = np.random.default_rng(9)
    for _ in range(count):
        template[places] = ids.integers(0, 256, places.shape, np.uint8)
        yield template.tobytes()


def _fill(span: Span, number: int, trace: bytes, now: float, chance: random.Random) -> None:
    route, status = ROUTES[number % len(ROUTES)], STATUS[number % len(STATUS)]
    span.trace_id, span.span_id, span.parent_span_id = trace, chance.randbytes(8), chance.randbytes(8)
    span.name = f"GET {route}"
    span.kind = Span.SPAN_KIND_SERVER
    span.end_time_unix_nano = int(now * NANOSECONDS) - number
    span.start_time_unix_nano = span.end_time_unix_nano - chance.randrange(1_000_000, 400_000_000)
    said: dict[str, str | int] = {
        "http.request.method": "GET",
        "url.scheme": "http",
        "url.path": f"/v1/accounts/{chance.randrange(10**6)}/part-{number % len(ROUTES)}",
        "http.route": route,
        "http.response.status_code": status,
        "network.protocol.version": "1.1",
        "server.address": "payments.internal",
        "server.port": 8080,
        "client.address": "10.0.12.7",
        "user_agent.original": "python-httpx/0.28",
        "thread.id": number,
    }
    span.attributes.extend(attribute(key, value) for key, value in said.items())
    if status >= 500:
        span.status.code = Status.STATUS_CODE_ERROR


def sum_bodies(points: int, began: float, count: int, temporality: int, sender: str = "i-1") -> Iterator[bytes]:
    """`count` requests of one sender with `points` monotonic sums each, one second apart; `began` is when the streams did."""
    for metric, index in _rounds(points, began, count, temporality, sender, "sum"):
        yield _finished(metric, index)


def histogram_bodies(points: int, began: float, count: int, temporality: int, sender: str = "i-1") -> Iterator[bytes]:
    """As `sum_bodies`, of histograms of the request duration."""
    for metric, index in _rounds(points, began, count, temporality, sender, "histogram"):
        yield _finished(metric, index)


def _rounds(
    points: int, began: float, count: int, temporality: int, sender: str, kind: str
) -> Iterator[tuple[ExportMetricsServiceRequest, int]]:
    request = ExportMetricsServiceRequest()
    of_resource = request.resource_metrics.add(resource=resource(sender))
    scope = of_resource.scope_metrics.add()
    scope.scope.name = "meter"
    metric = scope.metrics.add(name=COUNTER if kind == "sum" else DURATION, unit="1" if kind == "sum" else "s")
    data = _data(metric, kind)
    data.aggregation_temporality = temporality
    for number in range(points):
        point = data.data_points.add()
        point.attributes.extend(_labels(number))
        if kind == "histogram":
            point.explicit_bounds.extend(BOUNDS)
            point.bucket_counts.extend([0] * (len(BOUNDS) + 1))
    for index in range(count):
        _advance(data, kind, began, index, temporality)
        yield request, index


def _data(metric: Metric, kind: str):  # type: ignore[no-untyped-def] # noqa: ANN202 - one of two generated classes
    if kind == "sum":
        metric.sum.is_monotonic = True
        return metric.sum
    return metric.histogram


def _labels(number: int) -> list[KeyValue]:
    return [
        attribute("http.request.method", "GET"),
        attribute("http.route", ROUTES[number % len(ROUTES)]),
        attribute("http.response.status_code", STATUS[number % len(STATUS)]),
        attribute("tenant", f"tenant-{number}"),
    ]


def _advance(data, kind: str, began: float, index: int, temporality: int) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 - as above
    delta = temporality == AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
    start = int((began + (index if delta else 0)) * NANOSECONDS)
    end = int((began + index + 1) * NANOSECONDS)
    grown = 7 if delta else 7 * (index + 1)
    for point in data.data_points:
        point.start_time_unix_nano, point.time_unix_nano = start, end
        if kind == "sum":
            point.as_int = grown
        else:
            point.count, point.sum = grown, grown * 0.01
            point.bucket_counts[3] = grown


def _finished(request: ExportMetricsServiceRequest, _index: int) -> bytes:
    return request.SerializeToString()


def remote_write_bodies(series: int, began: float, count: int, sender: str = "i-1") -> Iterator[bytes]:
    """`count` remote-write 1.0 requests of `series` samples each, one second apart, compressed as the protocol asks."""
    fixed = [_series_labels(number, sender) for number in range(series)]
    for index in range(count):
        milliseconds = int((began + index + 1) * 1000)
        sample = _field(2, b"\x09" + _double(7.0 * (index + 1)) + b"\x10" + _varint(milliseconds))
        body = b"".join(_field(1, labels + sample) for labels in fixed)
        yield bytes(cramjam.snappy.compress_raw(body))


def _series_labels(number: int, sender: str) -> bytes:
    said = {
        "__name__": "payments_orders_total",
        "http_request_method": "GET",
        "http_response_status_code": str(STATUS[number % len(STATUS)]),
        "http_route": ROUTES[number % len(ROUTES)],
        "instance": sender,
        "job": SERVICE,
        "tenant": f"tenant-{number}",
    }
    return b"".join(_field(1, _field(1, key.encode()) + _field(2, value.encode())) for key, value in said.items())


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _double(value: float) -> bytes:
    return struct.pack("<d", value)
