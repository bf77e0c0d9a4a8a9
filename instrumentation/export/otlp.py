"""Sealed counts and ended spans as OTLP bytes. What is written here once is sent as it is until it is acknowledged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from google.protobuf.message import DecodeError
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1 import metrics_pb2 as pb

from ... import __version__
from .. import names
from ..clock import NANOS
from ..counts.point import Attribute, Gained, Point, attributes
from ..counts.work import Measured
from ..identity import Resource

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan


@dataclass(frozen=True)
class Interval:
    """[start, end) in epoch nanoseconds; `end` is never before `start`, and the next interval's start."""

    start: int
    end: int


@dataclass(frozen=True)
class Sealed:
    """All that one metrics export says. `began`: epoch nanoseconds at which this process began to count."""

    interval: Interval
    began: int
    up: bool
    points: Sequence[Point]
    active: Mapping[tuple[str, str], int]
    boundaries: Sequence[float]
    declared: Sequence[Mapping[str, str]] = ()
    work: Sequence[Measured] = ()

    @property
    def events(self) -> int:
        """Requests, operations and messages in it."""
        of_work = sum(point.requests for measured in self.work for point in measured.points)
        return sum(point.requests for point in self.points) + of_work


def metrics_request(resource: Resource, sealed: Sealed) -> bytes:
    """One `ExportMetricsServiceRequest`: the heartbeat always, the rest where there is something to say."""
    request = ExportMetricsServiceRequest()
    of_resource = request.resource_metrics.add()
    of_resource.resource.attributes.extend(_attributes(resource))
    of_scope = of_resource.scope_metrics.add(schema_url=names.SCHEMA_URL)
    of_scope.scope.name, of_scope.scope.version = names.SCOPE, __version__
    of_scope.metrics.append(_heartbeat(sealed))
    if sealed.points:
        of_scope.metrics.append(_durations(sealed))
    for measured in sealed.work:
        of_scope.metrics.append(_of_work(measured, sealed.interval))
    if sealed.active:
        of_scope.metrics.append(_active(sealed))
    if sealed.declared:
        of_scope.metrics.append(_declared(sealed))
    return request.SerializeToString(deterministic=True)


def traces_request(resource: Resource, spans: Iterable[ReadableSpan]) -> bytes:
    """One `ExportTraceServiceRequest`; every span speaks for this process, also one whose provider began before a fork."""
    request = encode_spans(cast("Sequence[ReadableSpan]", spans))  # it goes through them once
    for of_resource in request.resource_spans:
        of_resource.resource.Clear()
        of_resource.resource.attributes.extend(_attributes(resource))
    return request.SerializeToString()


def rejected(signal: str, content: bytes) -> int:
    """Data points, spans or log records that a `partial_success` says were rejected; 0 when the body is none we know."""
    try:
        if signal == "traces":
            return ExportTraceServiceResponse.FromString(content).partial_success.rejected_spans
        if signal == "logs":
            return ExportLogsServiceResponse.FromString(content).partial_success.rejected_log_records
        return ExportMetricsServiceResponse.FromString(content).partial_success.rejected_data_points
    except DecodeError:
        return 0


def _attributes(pairs: Mapping[str, Attribute]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_value(value)) for key, value in pairs.items()]


def _value(value: Attribute) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    return AnyValue(int_value=value) if isinstance(value, int) else AnyValue(string_value=value)


def _heartbeat(sealed: Sealed) -> pb.Metric:
    point = pb.NumberDataPoint(time_unix_nano=sealed.interval.end, as_int=int(sealed.up))
    return pb.Metric(name=names.SERVICE_UP, unit="1", gauge=pb.Gauge(data_points=[point]))


def _declared(sealed: Sealed) -> pb.Metric:
    points = [
        pb.NumberDataPoint(
            attributes=_attributes(point),
            start_time_unix_nano=sealed.began,
            time_unix_nano=sealed.interval.end,
            as_int=1,
        )
        for point in sealed.declared
    ]
    return pb.Metric(name=names.SLO_DECLARED, unit="1", gauge=pb.Gauge(data_points=points))


def _durations(sealed: Sealed) -> pb.Metric:
    points = [
        _histogram_point(attributes(point.key), point, sealed.interval, sealed.boundaries) for point in sealed.points
    ]
    return _histogram(names.REQUEST_DURATION, points)


def _of_work(measured: Measured, interval: Interval) -> pb.Metric:
    points = [_histogram_point(dict(point.key), point, interval, measured.boundaries) for point in measured.points]
    return _histogram(measured.metric.name, points)


def _histogram(name: str, points: Sequence[pb.HistogramDataPoint]) -> pb.Metric:
    histogram = pb.Histogram(aggregation_temporality=pb.AGGREGATION_TEMPORALITY_DELTA, data_points=points)
    return pb.Metric(name=name, unit="s", histogram=histogram)


def _histogram_point(
    told: Mapping[str, Attribute], point: Gained[Any], interval: Interval, boundaries: Sequence[float]
) -> pb.HistogramDataPoint:
    return pb.HistogramDataPoint(
        attributes=_attributes(told),
        start_time_unix_nano=interval.start,
        time_unix_nano=interval.end,
        count=point.requests,
        sum=max(0.0, point.seconds),
        bucket_counts=point.counts,
        explicit_bounds=boundaries,
        exemplars=[
            pb.Exemplar(
                time_unix_nano=int(one.at * NANOS),
                as_double=one.seconds,
                trace_id=one.trace_id.to_bytes(16, "big"),
                span_id=one.span_id.to_bytes(8, "big"),
            )
            for one in point.exemplars
        ],
    )


def _active(sealed: Sealed) -> pb.Metric:
    points = [
        pb.NumberDataPoint(
            attributes=_attributes({names.METHOD: method, names.URL_SCHEME: scheme}),
            start_time_unix_nano=sealed.began,
            time_unix_nano=sealed.interval.end,
            as_int=count,
        )
        for (method, scheme), count in sealed.active.items()
    ]
    # An up-down counter stays cumulative also where deltas are preferred: specification, "Metrics Exporter - OTLP".
    total = pb.Sum(
        aggregation_temporality=pb.AGGREGATION_TEMPORALITY_CUMULATIVE, is_monotonic=False, data_points=points
    )
    return pb.Metric(name=names.ACTIVE_REQUESTS, unit="{request}", sum=total)
