"""Metric points by way of protobuf objects: slow, plain, and what the kernels are compared with."""

from __future__ import annotations

import hashlib
import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from fournines.collector.attributes import scalars
from fournines.collector.columns import PointKind, Points
from fournines.collector.errors import BadRequest
from fournines.collector.exponential import upper_bounds

LATEST = 2**63 - 1
MOST_EVENTS = 2**53
MOST_BUCKETS = 1000
NO_RECORDED_VALUE = 1
MASK = 2**64 - 1
SEED = 0x7463A1C2E8B15D39
WEYL = 0x9E3779B97F4A7C15
KINDS = {
    "gauge": PointKind.GAUGE,
    "sum": PointKind.SUM,
    "histogram": PointKind.HISTOGRAM,
    "exponential_histogram": PointKind.EXPONENTIAL_HISTOGRAM,
}
ABSURD = object()
NOTHING = object()


class Said(NamedTuple):
    """What a point says, whatever its kind."""

    events: int = 0
    value: float = 0.0
    bounds: tuple[float, ...] = ()
    buckets: tuple[int, ...] = ()


def decode_points(body, wanted):
    """All points of wanted metrics, in the order sent."""
    try:
        request = ExportMetricsServiceRequest.FromString(body)
    except DecodeError as error:
        raise BadRequest("the body can't be read as an OTLP ExportMetricsServiceRequest") from error
    resources, labels, names, bounds = {}, {}, {}, {(): 0}
    rows, values, buckets, offsets, skipped, implausible = [], [], [], [0], 0, 0
    for of_resource in request.resource_metrics:
        resource = numbered(resources, scalars(of_resource.resource.attributes))
        for of_scope in of_resource.scope_metrics:
            scope = int.from_bytes(hashlib.blake2b(of_scope.scope.SerializeToString(), digest_size=8).digest())
            for metric in of_scope.metrics:
                kind = metric.WhichOneof("data")
                for point in getattr(metric, kind).data_points if kind else ():
                    said = NOTHING
                    if metric.name in wanted.metrics and kind in KINDS:
                        said = Said() if point.flags & NO_RECORDED_VALUE else READ[kind](metric, point)
                    if not isinstance(said, Said):
                        skipped, implausible = skipped + 1, implausible + (said is ABSURD)
                        continue
                    data = getattr(metric, kind)
                    temporality = getattr(data, "aggregation_temporality", 0)
                    end = min(point.time_unix_nano, LATEST)
                    rows.append(
                        (
                            resource,
                            numbered(labels, scalars(point.attributes, wanted.attributes)),
                            names.setdefault(metric.name, len(names)),
                            KINDS[kind],
                            temporality if temporality in (1, 2) else 0,
                            getattr(data, "is_monotonic", False),
                            min(point.start_time_unix_nano, LATEST),
                            end,
                            said.events,
                            bounds.setdefault(said.bounds, len(bounds)),
                            point.flags & NO_RECORDED_VALUE,
                            stream_of(scope, point.attributes),
                        )
                    )
                    values.append(said.value)
                    buckets.extend(said.buckets)
                    offsets.append(len(buckets))
    of, label, name, kind, temporal, rises, start, end, count, bound, missing, stream = (
        np.array(rows, np.int64).reshape(-1, 12).T.copy()
    )
    return Points(
        resources=distinct(resources),
        labels=distinct(labels),
        names=tuple(names),
        bounds=tuple(bounds),
        resource=of,
        label=label,
        name=name,
        kind=kind,
        temporality=temporal,
        monotonic=rises.astype(np.bool_),
        start=start,
        end=end,
        count=count,
        value=np.array(values, np.float64),
        bound=bound,
        buckets=np.array(buckets, np.int64),
        offset=np.array(offsets, np.int64),
        no_recorded_value=missing.astype(np.bool_),
        skipped=skipped,
        stream=stream,
        implausible=implausible,
    )


def numbered(known, attributes):
    """The number of a set of attributes, equal ones alike; a value's type is part of it."""
    return known.setdefault(frozenset(attributes.items()), len(known))


def distinct(known):
    """The sets by their number."""
    return tuple({name: value for name, (_, value) in each} for each in known)


def number(metric, point):
    """A gauge or a sum: a monotonic one counts its whole part."""
    kind = point.WhichOneof("value")
    if kind is None:
        return NOTHING
    said = getattr(point, kind)
    if not metric.sum.is_monotonic:
        return Said(value=float(said))
    return Said(int(said), float(said)) if 0 <= said <= MOST_EVENTS else ABSURD


def histogram(metric, point):
    """A histogram."""
    if point.count > MOST_EVENTS:
        return ABSURD
    return bucketed(metric, point.count, tuple(point.explicit_bounds), tuple(point.bucket_counts))


def exponential(metric, point):
    """An exponential histogram: the zero bucket, with what is below it, the positive ones, and none above."""
    if point.count > MOST_EVENTS:
        return ABSURD
    above = tuple(point.positive.bucket_counts)
    if len(above) > MOST_BUCKETS:
        return Said(point.count)
    zero = point.zero_count + sum(point.negative.bucket_counts)
    bounds = (point.zero_threshold, *upper_bounds(point.scale, point.positive.offset, len(above)))
    return bucketed(metric, point.count, bounds, (zero, *above, 0))


READ = {"gauge": number, "sum": number, "histogram": histogram, "exponential_histogram": exponential}


def bucketed(metric, count, bounds, buckets):
    """Buckets that add up and lie between rising boundaries; otherwise the count alone."""
    rise = all(low <= high for low, high in pairwise((-math.inf, *bounds)))
    if len(buckets) != len(bounds) + 1 or sum(buckets) != count or not rise:
        return Said(count)
    return Said(count, 0.0, tuple(each / 1000 for each in bounds) if metric.unit == "ms" else bounds, buckets)


def stream_of(scope, attributes):
    """The number of a stream: a hash of its scope and, whatever their order, of its attributes."""
    stream = mixed(scope, sum(attribute_of(attribute) for attribute in attributes) & MASK)
    return stream - 2**64 if stream >> 63 else stream


def attribute_of(attribute):
    """The hash of a key and its value: a string, an array, a list or bytes as they stand in the body, anything else as a number."""
    kind = attribute.value.WhichOneof("value")
    number = attribute.value.DESCRIPTOR.fields_by_name[kind].number if kind else 0
    value = getattr(attribute.value, kind) if kind else 0
    hashed = mixed(hash_of(attribute.key.encode(), SEED), number)
    match value:
        case str():
            return hash_of(value.encode(), hashed)
        case bytes():
            return hash_of(value, hashed)
        case float():
            return mixed(hashed, int(np.float64(value).view(np.int64)) if value else 0)
        case int():
            return mixed(hashed, int(value))
        case _:
            return hash_of(value.SerializeToString(), hashed)


def hash_of(content, seed):
    """Eight bytes at a time, the last ones overlapping; fewer than eight by their first ones and their last ones."""
    found = mixed(seed, len(content))
    if len(content) < 4:
        middle = len(content) // 2
        few = bytes((content[0], content[middle], content[-1])) if content else b""
        return mixed(found, int.from_bytes(few, "little"))
    if len(content) < 8:
        return mixed(found, int.from_bytes(content[:4] + content[-4:], "little"))
    for at in range(0, len(content) - 8, 8):
        found = mixed(found, int.from_bytes(content[at : at + 8], "little"))
    return mixed(found, int.from_bytes(content[-8:], "little"))


def mixed(seed, word):
    """The two halves of a product of 128 bits, folded."""
    product = (seed ^ (word & MASK)) * ((seed + WEYL) & MASK)
    return (product & MASK) ^ (product >> 64)
