"""Metric points from the wire to columns: OTLP's `ExportMetricsServiceRequest`, by way of protobuf objects."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    DataPointFlags,
    ExponentialHistogramDataPoint,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
)

from .attributes import Interner, fingerprint, scalars
from .columns import PointKind, Points, Temporality, Wanted
from .errors import BadRequest
from .exponential import MOST_BUCKETS, upper_bounds
from .wire import LATEST

MOST_EVENTS: Final = 2**53
"""The highest count taken for one of events: up to it a double is exact too. A point that says more is skipped."""

MILLISECONDS: Final = "ms"
"""The unit, in UCUM's words, of boundaries that are brought to seconds."""

NO_BUCKETS: Final[tuple[float, ...]] = ()


class _Value(NamedTuple):
    """What a point says, whatever its kind."""

    events: int = 0
    value: float = 0.0
    bounds: tuple[float, ...] = NO_BUCKETS
    buckets: Sequence[int] = ()


_NOTHING: Final = _Value()


def decode_points(body: bytes, wanted: Wanted) -> Points:
    """The points of an `ExportMetricsServiceRequest`, in the order sent; raises BadRequest where it is none.

    Of a point's attributes those `wanted` are kept, of a resource's all, strings, booleans and finite numbers only.

    A monotonic sum counts its whole part. A histogram keeps its buckets if they are one more than its boundaries, the boundaries
    rise, and the buckets add up to the count; otherwise it has none, and its count still counts. An exponential histogram's last
    bucket is an empty one above its last boundary, and what it counted below zero lies in its zero bucket. Boundaries in
    milliseconds (unit `ms`) become seconds.

    Skipped are: points of metrics that are not wanted, summaries, points without a value, and counts that are negative, not finite
    or above 2**53.
    """
    table = _Table(wanted.attributes)
    for of_resource in _parsed(body).resource_metrics:
        resource = table.resources.number(scalars(of_resource.resource.attributes))
        for of_scope in of_resource.scope_metrics:
            scope = of_scope.scope.SerializeToString()
            for metric in of_scope.metrics:
                kind = metric.WhichOneof("data") or ""
                read = _READ.get(kind, _skip) if metric.name in wanted.metrics else _skip
                read(table, resource, scope, metric)
    return table.points()


def _parsed(body: bytes) -> ExportMetricsServiceRequest:
    try:
        return ExportMetricsServiceRequest.FromString(body)
    except DecodeError as error:
        raise BadRequest("the body can't be read as an OTLP ExportMetricsServiceRequest") from error


class _Stream(NamedTuple):
    """What all points of a metric share."""

    resource: int
    scope: bytes
    name: str
    kind: PointKind
    temporality: Temporality = Temporality.UNSPECIFIED
    monotonic: bool = False


class _Table:
    """The columns while they grow."""

    def __init__(self, wanted: frozenset[str]) -> None:
        self.resources = Interner()
        self.skipped = 0
        self.implausible = 0
        self._wanted = wanted
        self._labels = Interner()
        self._names: dict[str, int] = {}
        self._bounds: dict[tuple[float, ...], int] = {}
        self._rows: list[tuple[int, ...]] = []
        self._values: list[float] = []
        self._buckets: list[int] = []
        self._offsets = [0]

    def extend(self, stream: _Stream, points: Iterable[Any], read: Callable[[Any], _Value | None]) -> None:
        """Adds a metric's points; those that `read` makes nothing of are skipped."""
        for point in points:
            missing = bool(point.flags & DataPointFlags.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK)
            value = _NOTHING if missing else read(point)
            if value is None:
                self.skipped += 1
                self.implausible += not (isinstance(point, NumberDataPoint) and point.WhichOneof("value") is None)
            else:
                self._add(stream, point, value, missing)

    def _add(self, stream: _Stream, point: Any, value: _Value, missing: bool) -> None:  # noqa: FBT001 - a column's value
        end = min(point.time_unix_nano, LATEST)
        self._rows.append(
            (
                stream.resource,
                self._labels.number(scalars(point.attributes, self._wanted)),
                self._names.setdefault(stream.name, len(self._names)),
                stream.kind,
                stream.temporality,
                stream.monotonic,
                min(point.start_time_unix_nano, end),
                end,
                value.events,
                self._bounds.setdefault(value.bounds, len(self._bounds)),
                missing,
                fingerprint(stream.scope, point.attributes),
            )
        )
        self._values.append(value.value)
        self._buckets.extend(value.buckets)
        self._offsets.append(len(self._buckets))

    def points(self) -> Points:
        columns = np.array(self._rows, np.int64).reshape(-1, 12).T.copy()
        resource, label, name, kind, temporality, monotonic, start, end, count, bound, missing, stream = columns
        return Points(
            resources=self.resources.distinct,
            labels=self._labels.distinct,
            names=tuple(self._names),
            bounds=tuple(self._bounds),
            resource=resource,
            label=label,
            name=name,
            kind=kind,
            temporality=temporality,
            monotonic=monotonic.astype(np.bool_),
            start=start,
            end=end,
            count=count,
            value=np.array(self._values, np.float64),
            bound=bound,
            buckets=np.array(self._buckets, np.int64),
            offset=np.array(self._offsets, np.int64),
            no_recorded_value=missing.astype(np.bool_),
            skipped=self.skipped,
            stream=stream,
            implausible=self.implausible,
        )


def _read_gauge(table: _Table, resource: int, scope: bytes, metric: Metric) -> None:
    table.extend(_Stream(resource, scope, metric.name, PointKind.GAUGE), metric.gauge.data_points, _number)


def _read_sum(table: _Table, resource: int, scope: bytes, metric: Metric) -> None:
    data = metric.sum
    stream = _Stream(
        resource, scope, metric.name, PointKind.SUM, _temporality(data.aggregation_temporality), data.is_monotonic
    )
    table.extend(stream, data.data_points, _counted if data.is_monotonic else _number)


def _read_histogram(table: _Table, resource: int, scope: bytes, metric: Metric) -> None:
    data = metric.histogram
    stream = _Stream(resource, scope, metric.name, PointKind.HISTOGRAM, _temporality(data.aggregation_temporality))
    table.extend(stream, data.data_points, _in_seconds(metric, _histogram))


def _read_exponential(table: _Table, resource: int, scope: bytes, metric: Metric) -> None:
    data = metric.exponential_histogram
    stream = _Stream(
        resource, scope, metric.name, PointKind.EXPONENTIAL_HISTOGRAM, _temporality(data.aggregation_temporality)
    )
    table.extend(stream, data.data_points, _in_seconds(metric, _exponential))


def _skip(table: _Table, _resource: int, _scope: bytes, metric: Metric) -> None:
    kind = metric.WhichOneof("data")
    table.skipped += len(getattr(metric, kind).data_points) if kind else 0


_READ: Final[dict[str, Callable[[_Table, int, bytes, Metric], None]]] = {
    "gauge": _read_gauge,
    "sum": _read_sum,
    "histogram": _read_histogram,
    "exponential_histogram": _read_exponential,
}


def _temporality(number: int) -> Temporality:
    return Temporality(number) if number in (Temporality.DELTA, Temporality.CUMULATIVE) else Temporality.UNSPECIFIED


def _number(point: NumberDataPoint) -> _Value | None:
    kind = point.WhichOneof("value")
    return None if kind is None else _Value(value=float(getattr(point, kind)))


def _counted(point: NumberDataPoint) -> _Value | None:
    kind = point.WhichOneof("value")
    number = math.nan if kind is None else getattr(point, kind)
    return _Value(events=int(number), value=float(number)) if 0 <= number <= MOST_EVENTS else None


def _histogram(point: HistogramDataPoint) -> _Value | None:
    if point.count > MOST_EVENTS:
        return None
    return _bucketed(point.count, tuple(point.explicit_bounds), point.bucket_counts)


def _exponential(point: ExponentialHistogramDataPoint) -> _Value | None:
    if point.count > MOST_EVENTS:
        return None
    positive = point.positive.bucket_counts
    if len(positive) > MOST_BUCKETS:
        return _Value(point.count)
    zero = point.zero_count + sum(point.negative.bucket_counts)
    bounds = (point.zero_threshold, *upper_bounds(point.scale, point.positive.offset, len(positive)))
    return _bucketed(point.count, bounds, (zero, *positive, 0))


def _in_seconds(metric: Metric, read: Callable[[Any], _Value | None]) -> Callable[[Any], _Value | None]:
    """Reads boundaries as seconds where the metric says that they are milliseconds, as HTTP durations were before they became stable."""
    if metric.unit != MILLISECONDS:
        return read

    def scaled(point: Any) -> _Value | None:
        value = read(point)
        return value and value._replace(bounds=tuple(bound / 1000 for bound in value.bounds))

    return scaled


def _bucketed(count: int, bounds: tuple[float, ...], buckets: Sequence[int]) -> _Value:
    sound = len(buckets) == len(bounds) + 1 and sum(buckets) == count and _rises(bounds)
    return _Value(count, 0.0, bounds, buckets) if sound else _Value(count)


def _rises(bounds: tuple[float, ...]) -> bool:
    """Whether no boundary is below the one before it, and none is no number."""
    return all(low <= high for low, high in pairwise((-math.inf, *bounds)))
