"""Requests of metrics by chance, full of corner cases; and what a decoder makes of one, in a form that can be compared."""

from __future__ import annotations

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from fournines.collector.errors import BadRequest

NAMES = ("requests", "duration", "up", "", "unwanted", "ä")
WANTED_NAMES = frozenset(NAMES) - {"unwanted"}
TIMES = (0, 1, 2, 1_790_000_000_000_000_000, 2**63 - 1, 2**63, 2**64 - 1)
COUNTS = (0, 1, 2, 3, 2**53, 2**53 + 1, 2**63, 2**64 - 1)
NUMBERS = (0.0, -0.0, 1.0, 7.9, -0.5, 2.0**53, 2.0**53 + 2, float("nan"), float("inf"), -float("inf"), 5e-324)
BOUNDS = ((), (0.1, 0.25), (0.1, 0.25, 0.5), (5.0,), (0.25, 0.1), (float("nan"),), (-0.0, 0.0), (0.1, float("inf")))
SCALES = (0, 3, 20, -10, 2**31 - 1, -(2**31))


def metrics(random, attributes):
    """A request of metrics; `attributes` makes some by a generator of random numbers."""
    request = ExportMetricsServiceRequest()
    for _ in range(random.randrange(1, 3)):
        resource = request.resource_metrics.add(schema_url=random.choice(("", "https://schema")))
        if random.random() < 0.8:
            resource.resource.attributes.extend(attributes(random))
        for _ in range(random.choice((0, 1, 1, 2))):
            scope = resource.scope_metrics.add()
            if random.random() < 0.5:
                scope.scope.name = random.choice(NAMES)
            for _ in range(random.randrange(5)):
                _fill(scope.metrics.add(), random, attributes)
    return request.SerializeToString()


def _fill(metric, random, attributes):
    metric.name, metric.unit = random.choice(NAMES), random.choice(("", "s", "ms", "1"))
    if random.random() < 0.1:
        metric.description = "what it is"
        metric.metadata.extend(attributes(random))
    kind = random.choice(("gauge", "sum", "sum", "histogram", "histogram", "exponential_histogram", "summary", ""))
    if not kind:
        return
    data = getattr(metric, kind)
    data.SetInParent()
    if kind in ("sum", "histogram", "exponential_histogram"):
        data.aggregation_temporality = random.choice((0, 1, 2, 1, 2, 7, -1))
    if kind == "sum":
        data.is_monotonic = random.random() < 0.8
    for _ in range(random.randrange(4)):
        point = data.data_points.add(time_unix_nano=random.choice(TIMES), start_time_unix_nano=random.choice(TIMES))
        point.attributes.extend(attributes(random))
        point.flags = random.choice((0, 0, 0, 0, 1, 2, 3))
        _POINTS[kind](point, random)
        if kind != "summary" and random.random() < 0.1:
            point.exemplars.add(as_int=1, span_id=b"x", filtered_attributes=attributes(random))


def _number(point, random):
    match random.randrange(5):
        case 0 | 1:
            point.as_int = random.choice((0, 1, 7, -1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)))
        case 2 | 3:
            point.as_double = random.choice(NUMBERS)


def _histogram(point, random):
    bounds = random.choice(BOUNDS)
    point.explicit_bounds.extend(bounds)
    point.bucket_counts.extend(_counts(random, len(bounds) + 1))
    point.count = sum(point.bucket_counts) % 2**64 if random.random() < 0.8 else random.choice(COUNTS)
    point.sum, point.min = random.choice(NUMBERS), random.choice(NUMBERS)


def _exponential(point, random):
    point.scale, point.zero_count = random.choice(SCALES), random.choice((0, 1, *COUNTS))
    point.zero_threshold = random.choice((0.0, 0.0, *NUMBERS))
    for buckets in (point.positive, point.negative):
        if random.random() < 0.7:
            buckets.offset = random.choice((0, -3, 5, 2**31 - 1, -(2**31)))
            buckets.bucket_counts.extend(_counts(random, random.randrange(5)))
    counted = point.zero_count + sum(point.positive.bucket_counts) + sum(point.negative.bucket_counts)
    point.count = counted % 2**64 if random.random() < 0.8 else random.choice(COUNTS)


def _counts(random, size):
    few = random.random() < 0.8
    counts = [random.randrange(4) if few else random.choice(COUNTS) for _ in range(size)]
    return counts[: random.choice((size, size, size, size, 1))]


def _summary(point, random):
    point.count = random.choice(COUNTS)
    point.quantile_values.add(quantile=0.5, value=1.0)


_POINTS = {
    "gauge": _number,
    "sum": _number,
    "histogram": _histogram,
    "exponential_histogram": _exponential,
    "summary": _summary,
}


def is_canonical(body):
    """Whether the library would write a body that it reads as this one: then values that are messages have one way to be written."""
    return ExportMetricsServiceRequest.FromString(body).SerializeToString() == body


def told(decode, body, wanted, *, streams=True):
    """What a decoder makes of a body; `None` where it refuses it."""
    try:
        points = decode(body, wanted)
    except BadRequest:
        return None
    resources, labels = ([_typed(each) for each in sets] for sets in (points.resources, points.labels))
    assert len(set(resources)) == len(resources)
    assert len(set(labels)) == len(labels)
    assert points.buckets.dtype == points.offset.dtype == points.stream.dtype == "int64"
    rows = [
        (
            resources[points.resource[row]],
            labels[points.label[row]],
            points.names[points.name[row]],
            tuple(repr(each + 0.0) for each in points.bounds[points.bound[row]]),
            points.buckets[points.offset[row] : points.offset[row + 1]].tolist(),
            *(int(column[row]) for column in (points.kind, points.temporality, points.monotonic)),
            *(int(column[row]) for column in (points.start, points.end, points.count, points.no_recorded_value)),
            repr(float(points.value[row])),
            int(points.stream[row]) if streams else 0,
        )
        for row in range(len(points.kind))
    ]
    return set(resources), points.skipped, points.implausible, len(points.offset), rows


def _typed(mapping):
    return frozenset((key, type(value), value) for key, value in mapping.items())
