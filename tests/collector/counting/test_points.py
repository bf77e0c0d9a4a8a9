"""Laws of decoding metric points."""

from __future__ import annotations

import contextlib
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    ExponentialHistogram,
    ExponentialHistogramDataPoint,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
    Summary,
    SummaryDataPoint,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from fournines.collector.columns import PointKind, Temporality, Wanted
from fournines.collector.errors import BadRequest

WANTED = frozenset({"http.route", "error.type"})
NO_RECORDED_VALUE = 1
MOST_EVENTS = 2**53
pytestmark = pytest.mark.usefixtures("decoders")
Buckets = ExponentialHistogramDataPoint.Buckets
NAMES = frozenset({"a", "b", "h", "e", "s", "nothing", "requests", "duration", "up", "old"})


def text(key, value):
    return KeyValue(key=key, value=AnyValue(string_value=value))


def decode_points(body, wanted):
    """By the kernels, which the fixture `decoders` has compiled."""
    from fournines.collector.kernels.points import decode_points as decode

    return decode(body, wanted)


def body_of(*metrics):
    """A request of one resource with these metrics."""
    resource = Resource(attributes=[text("service.name", "payments")])
    return ExportMetricsServiceRequest(
        resource_metrics=[ResourceMetrics(resource=resource, scope_metrics=[ScopeMetrics(metrics=metrics)])]
    ).SerializeToString()


def decoded(*metrics):
    return decode_points(body_of(*metrics), Wanted(WANTED, NAMES))


def counter(*points, temporality=Temporality.DELTA, monotonic=True):
    data = Sum(data_points=points, aggregation_temporality=int(temporality), is_monotonic=monotonic)
    return Metric(name="requests", sum=data)


def histogram(*points):
    return Metric(name="duration", histogram=Histogram(data_points=points, aggregation_temporality=1))


def exponential(*points):
    data = ExponentialHistogram(data_points=points, aggregation_temporality=2)
    return Metric(name="duration", exponential_histogram=data)


def row(points, number=0):
    """One row, with what its indices stand for."""
    return {
        "kind": PointKind(points.kind[number]),
        "count": int(points.count[number]),
        "value": float(points.value[number]),
        "bounds": points.bounds[points.bound[number]],
        "buckets": points.buckets[points.offset[number] : points.offset[number + 1]].tolist(),
    }


labels = st.lists(
    st.builds(text, st.sampled_from(("http.route", "error.type", "user.id")), st.text(max_size=3)),
    max_size=3,
    unique_by=lambda attribute: attribute.key,
)
times = st.sampled_from((0, 1, 10, 20, 2**63 - 1, 2**64 - 1))
common = {
    "attributes": labels,
    "start_time_unix_nano": times,
    "time_unix_nano": times,
    "flags": st.sampled_from((0, 0, 0, 1, 2, 3)),
}
counts = st.one_of(st.integers(0, 5), st.sampled_from((2**53, 2**53 + 1, 2**64 - 1)))
numbers = st.one_of(
    st.builds(NumberDataPoint, **common),
    st.builds(NumberDataPoint, as_int=st.integers(-(2**63), 2**63 - 1), **common),
    st.builds(NumberDataPoint, as_double=st.floats(), **common),
)
histograms = st.builds(
    HistogramDataPoint,
    count=counts,
    explicit_bounds=st.lists(st.floats(), max_size=3),
    bucket_counts=st.lists(counts, max_size=4),
    **common,
)
buckets = st.builds(Buckets, offset=st.integers(-(2**31), 2**31 - 1), bucket_counts=st.lists(counts, max_size=4))
exponentials = st.builds(
    ExponentialHistogramDataPoint,
    count=counts,
    scale=st.integers(-(2**31), 2**31 - 1),
    zero_count=counts,
    zero_threshold=st.floats(),
    positive=buckets,
    negative=buckets,
    **common,
)
temporalities = st.sampled_from((0, 1, 2, 3))


def data(kind, points, **fields):
    return st.builds(kind, data_points=st.lists(points, max_size=4), **fields)


metrics = st.one_of(
    st.builds(Metric, name=st.sampled_from(("a", "b")), gauge=data(Gauge, numbers)),
    st.builds(
        Metric,
        name=st.sampled_from(("a", "b")),
        sum=data(Sum, numbers, is_monotonic=st.booleans(), aggregation_temporality=temporalities),
    ),
    st.builds(Metric, name=st.just("h"), histogram=data(Histogram, histograms, aggregation_temporality=temporalities)),
    st.builds(
        Metric,
        name=st.just("e"),
        exponential_histogram=data(ExponentialHistogram, exponentials, aggregation_temporality=temporalities),
    ),
    st.builds(Metric, name=st.just("s"), summary=data(Summary, st.builds(SummaryDataPoint))),
    st.builds(Metric, name=st.just("nothing")),
)
requests = st.builds(
    ExportMetricsServiceRequest,
    resource_metrics=st.lists(
        st.builds(
            ResourceMetrics, scope_metrics=st.lists(st.builds(ScopeMetrics, metrics=st.lists(metrics, max_size=3)))
        ),
        max_size=2,
    ),
)


def sent_points(request):
    for of_resource in request.resource_metrics:
        for scope in of_resource.scope_metrics:
            for metric in scope.metrics:
                kind = metric.WhichOneof("data")
                for point in getattr(metric, kind).data_points if kind else ():
                    yield metric, kind, point


def is_skipped(metric, kind, point):
    """A plain reading of which points yield no row."""
    if kind == "summary":
        return True
    if point.flags & NO_RECORDED_VALUE:
        return False
    if kind in ("histogram", "exponential_histogram"):
        return point.count > MOST_EVENTS
    if point.WhichOneof("value") is None:
        return True
    number = point.as_int if point.HasField("as_int") else point.as_double
    return kind == "sum" and metric.sum.is_monotonic and not 0 <= number <= MOST_EVENTS


@settings(max_examples=40, deadline=None)
@given(requests)
def test_decoding_equals_a_plain_reading(request_message):
    """Whatever is sent, names, labels, times, kinds and counts are those of a plain reading, row by row; the rest is skipped."""
    points = decode_points(request_message.SerializeToString(), Wanted(WANTED, NAMES))

    expected = [
        (
            metric.name,
            {each.key: each.value.string_value for each in point.attributes if each.key in WANTED},
            {"gauge": 0, "sum": 1, "histogram": 2, "exponential_histogram": 3}[kind],
            min(point.time_unix_nano, 2**63 - 1),
            bool(point.flags & NO_RECORDED_VALUE),
        )
        for metric, kind, point in sent_points(request_message)
        if not is_skipped(metric, kind, point)
    ]
    got = [
        (points.names[name], points.labels[label], kind, end, gone)
        for name, label, kind, end, gone in zip(
            points.name.tolist(),
            points.label.tolist(),
            points.kind.tolist(),
            points.end.tolist(),
            points.no_recorded_value.tolist(),
            strict=True,
        )
    ]
    assert expected == got
    assert len(list(sent_points(request_message))) == len(got) + points.skipped


@settings(max_examples=40, deadline=None)
@given(requests)
def test_what_a_row_holds_is_sound(request_message):
    """In every row: no count and no time is negative, buckets add up to the count and are one more than rising bounds."""
    points = decode_points(request_message.SerializeToString(), Wanted(WANTED, NAMES))

    assert (points.count >= 0).all()
    assert (points.start >= 0).all()
    assert (points.end >= 0).all()
    assert len(points.count) + 1 == len(points.offset)
    assert len(points.buckets) == points.offset[-1]
    for number in range(len(points.count)):
        what = row(points, number)
        assert sorted(what["bounds"]) == list(what["bounds"])
        if what["buckets"]:
            assert what["count"] == sum(what["buckets"])
            assert len(what["buckets"]) == len(what["bounds"]) + 1
        else:
            assert what["bounds"] == ()


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_are_a_bad_request_or_read(body):
    """Random bytes are read or refused as BadRequest, and nothing else."""
    with contextlib.suppress(BadRequest):
        decode_points(body, Wanted(WANTED, NAMES))


@settings(max_examples=100, deadline=None)
@given(requests, st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6), st.booleans())
def test_a_mutated_body_is_a_bad_request_or_read(request_message, changes, cut):
    """A body with some bytes changed, and perhaps its end cut off, is read or refused as BadRequest, and nothing else."""
    body = bytearray(request_message.SerializeToString())
    for place, byte in changes:
        if body:
            body[place % len(body)] = byte
    if cut:
        del body[changes[0][0] % (len(body) + 1) :]

    with contextlib.suppress(BadRequest):
        decode_points(bytes(body), Wanted(WANTED, NAMES))


def test_an_empty_body_is_an_empty_request():
    """No bytes are a request of nothing: columns without rows, and one offset."""
    points = decode_points(b"", Wanted(WANTED, NAMES))

    assert ([], [0]) == (points.count.tolist(), points.offset.tolist())
    assert (np.bool_, np.float64) == (points.monotonic.dtype, points.value.dtype)


def test_a_histogram_keeps_its_buckets():
    """A sound histogram keeps count, bounds and buckets, and rows with equal bounds share them."""
    point = HistogramDataPoint(count=6, explicit_bounds=[0.1, 0.25], bucket_counts=[1, 2, 3])
    points = decoded(histogram(point, point))

    expected = {"kind": PointKind.HISTOGRAM, "count": 6, "value": 0.0, "bounds": (0.1, 0.25), "buckets": [1, 2, 3]}
    assert [expected, expected] == [row(points, 0), row(points, 1)]
    assert points.bound[0] == points.bound[1]
    assert [Temporality.DELTA, Temporality.DELTA] == points.temporality.tolist()


@pytest.mark.parametrize(
    ("bounds", "bucket_counts"),
    [
        ([], []),
        ([0.1, 0.25], [1, 5]),
        ([0.1, 0.25], [1, 2, 3, 0]),
        ([0.1, 0.25], [1, 2, 4]),
        ([0.25, 0.1], [1, 2, 3]),
        ([math.nan], [1, 5]),
    ],
)
def test_a_histogram_that_contradicts_itself_still_counts(bounds, bucket_counts):
    """Buckets that are none or can't be trusted are left out; the count is kept, for availability needs no more."""
    points = decoded(histogram(HistogramDataPoint(count=6, explicit_bounds=bounds, bucket_counts=bucket_counts)))

    assert {"kind": PointKind.HISTOGRAM, "count": 6, "value": 0.0, "bounds": (), "buckets": []} == row(points)


def test_an_exponential_histogram_has_its_zero_bucket_first():
    """The zero bucket comes first with its threshold as bound and what is below zero; then the positive ones; above the last is none."""
    point = ExponentialHistogramDataPoint(
        count=10,
        scale=0,
        zero_count=2,
        zero_threshold=0.125,
        positive=Buckets(offset=-3, bucket_counts=[3, 0, 4]),
        negative=Buckets(bucket_counts=[1]),
    )
    points = decoded(exponential(point))

    assert {
        "kind": PointKind.EXPONENTIAL_HISTOGRAM,
        "count": 10,
        "value": 0.0,
        "bounds": (0.125, 0.25, 0.5, 1.0),
        "buckets": [3, 3, 0, 4, 0],
    } == row(points)


def test_more_buckets_than_allowed_are_left_out():
    """An exponential histogram of very many buckets keeps its count alone."""
    point = ExponentialHistogramDataPoint(count=1001, positive=Buckets(bucket_counts=[1] * 1001))

    assert (1001, []) == (row(decoded(exponential(point)))["count"], row(decoded(exponential(point)))["buckets"])


@pytest.mark.parametrize(
    ("point", "count"),
    [
        (NumberDataPoint(as_int=7), 7),
        (NumberDataPoint(as_double=7.0), 7),
        (NumberDataPoint(as_double=7.9), 7),
        (NumberDataPoint(as_int=MOST_EVENTS), MOST_EVENTS),
    ],
)
def test_a_monotonic_sum_counts_its_whole_part(point, count):
    """A counter counts whole events, whichever type it is sent as, and keeps its number beside."""
    what = row(decoded(counter(point)))

    assert (count, float(point.as_int or point.as_double)) == (what["count"], what["value"])


@pytest.mark.parametrize(
    "point",
    [
        NumberDataPoint(as_int=-1),
        NumberDataPoint(as_double=-0.5),
        NumberDataPoint(as_double=math.nan),
        NumberDataPoint(as_double=math.inf),
        NumberDataPoint(as_int=MOST_EVENTS + 1),
        NumberDataPoint(),
    ],
)
def test_a_monotonic_sum_that_counts_nothing_is_skipped(point):
    """A count that is negative, not finite, absurd or absent is skipped: a 0 in its place would read as a restart of the counter."""
    points = decoded(counter(point))

    assert (0, 1) == (len(points.count), points.skipped)


@pytest.mark.parametrize(
    ("metric", "implausible"),
    [
        (
            counter(NumberDataPoint(as_int=-1), NumberDataPoint(as_double=math.nan), NumberDataPoint(as_int=2**53 + 1)),
            3,
        ),
        (histogram(HistogramDataPoint(count=2**53 + 1), HistogramDataPoint(count=2**63)), 2),
        (exponential(ExponentialHistogramDataPoint(count=2**64 - 1)), 1),
        (counter(NumberDataPoint()), 0),
        (counter(NumberDataPoint(as_int=-1), monotonic=False), 0),
        (Metric(name="unwanted", sum=Sum(data_points=[NumberDataPoint(as_int=-1)], is_monotonic=True)), 0),
    ],
)
def test_what_claims_an_absurd_count_is_counted_apart(metric, implausible):
    """Of the points that are skipped, the ones whose count nobody can believe are told, so that their sender can be."""
    points = decoded(metric)

    assert implausible == points.implausible
    assert points.skipped >= implausible


def test_points_of_other_metrics_are_walked_and_skipped():
    """A metric that is not wanted yields no row, but its points are counted, and refused where they are broken."""
    point = NumberDataPoint(as_int=1, attributes=[text("http.route", "/pay")])
    body = body_of(Metric(name="unwanted", sum=Sum(data_points=[point, point])))

    points = decode_points(body, Wanted(WANTED, NAMES))
    assert (0, 2, ()) == (len(points.count), points.skipped, points.names)
    with pytest.raises(BadRequest):
        decode_points(body.replace(b"/pay", b"/p\xff\xff"), Wanted(WANTED, NAMES))


def test_fields_may_stand_in_any_order_and_parts():
    """What stands behind the points counts for them; a metric in two parts is one; the last kind of data sent is the one it has."""
    one, two = (Sum(data_points=[NumberDataPoint(as_int=each)]).SerializeToString() for each in (1, 2))
    rises = Sum(aggregation_temporality=2, is_monotonic=True).SerializeToString()
    gauge = Gauge(data_points=[NumberDataPoint(as_int=3)]).SerializeToString()

    def metric(*parts):
        content = b"".join(bytes([number << 3 | 2, len(part)]) + part for number, part in parts)
        body = ExportMetricsServiceRequest(resource_metrics=[ResourceMetrics(scope_metrics=[ScopeMetrics()])])
        inner = b"\x12" + bytes([len(content)]) + content
        outer = b"\x12" + bytes([len(inner)]) + inner
        assert b"\x0a\x02\x12\x00" == body.SerializeToString()
        return decode_points(b"\x0a" + bytes([len(outer)]) + outer, Wanted(WANTED, NAMES))

    merged = metric((7, one), (7, two), (1, b"requests"), (7, rises))
    assert ([1, 2], [2, 2]) == (merged.count.tolist(), merged.temporality.tolist())
    replaced = metric((7, one), (5, gauge), (1, b"up"))
    assert ([PointKind.GAUGE], [3.0], 0) == (replaced.kind.tolist(), replaced.value.tolist(), replaced.skipped)


def test_more_points_than_a_request_may_hold_are_a_bad_request():
    """A body of a million and one empty points is refused in words, before memory is taken for them."""
    points = b"\x0a\x00" * 1_000_001
    body = points
    for field in (b"\x3a", b"\x12", b"\x12", b"\x0a"):
        body = field + _varint(len(body)) + body

    with pytest.raises(BadRequest, match="1,000,000"):
        decode_points(body, Wanted(WANTED, NAMES | {""}))


def test_more_boundaries_than_a_request_may_hold_are_a_bad_request():
    """Layouts of exponential histograms are cheap to send and dear to spell out: so many different ones are refused in words."""
    points = (
        ExponentialHistogramDataPoint(count=900, positive=Buckets(offset=number, bucket_counts=[1] * 900))
        for number in range(4_500)
    )
    body = body_of(exponential(*points))

    with pytest.raises(BadRequest, match="4,000,000"):
        decode_points(body, Wanted(WANTED, NAMES))


def _varint(number):
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + _varint(number >> 7)


def test_other_numbers_do_not_count():
    """Gauges and sums that may fall have a value and count no events."""
    gauge = Metric(name="up", gauge=Gauge(data_points=[NumberDataPoint(as_int=1)]))
    points = decoded(gauge, counter(NumberDataPoint(as_double=-2.5), monotonic=False))

    assert [0, 0] == points.count.tolist()
    assert [1.0, -2.5] == points.value.tolist()
    assert [PointKind.GAUGE, PointKind.SUM] == points.kind.tolist()
    assert [False, False] == points.monotonic.tolist()


def test_a_point_without_a_recorded_value_is_marked():
    """The flag NO_RECORDED_VALUE yields a row that says so and holds nothing else."""
    points = decoded(counter(NumberDataPoint(flags=NO_RECORDED_VALUE, as_int=7)))

    assert ([True], [0]) == (points.no_recorded_value.tolist(), points.count.tolist())


def test_summaries_are_skipped():
    """Summaries hold quantiles, which can't be counted with: they are skipped, each point."""
    points = decoded(Metric(name="old", summary=Summary(data_points=[SummaryDataPoint(), SummaryDataPoint()])))

    assert (0, 2) == (len(points.count), points.skipped)


@pytest.mark.parametrize(("sent", "kept"), [(0, 0), (1, 1), (2, 2), (7, 0)])
def test_a_temporality_that_is_not_known_is_unspecified(sent, kept):
    """Temporalities of later versions of the protocol are UNSPECIFIED."""
    data = Sum(data_points=[NumberDataPoint(as_int=1)], aggregation_temporality=sent, is_monotonic=True)

    assert [kept] == decoded(Metric(name="requests", sum=data)).temporality.tolist()


def test_a_point_keeps_the_start_it_says():
    """Also where that is after its end: by its start a stream is known."""
    points = decoded(counter(NumberDataPoint(as_int=1, start_time_unix_nano=9, time_unix_nano=5)))

    assert (9, 5) == (points.start[0], points.end[0])


def stream_of(*attributes, scope="http"):
    """The stream of one point in a request of its own."""
    metric = counter(NumberDataPoint(as_int=1, attributes=attributes))
    scopes = [ScopeMetrics(scope=InstrumentationScope(name=scope), metrics=[metric])]
    message = ExportMetricsServiceRequest(resource_metrics=[ResourceMetrics(scope_metrics=scopes)])
    return int(decode_points(message.SerializeToString(), Wanted(WANTED, NAMES)).stream[0])


def test_a_stream_is_told_by_every_attribute_and_the_scope():
    """Points that differ in an unwanted attribute, in a value that is no scalar, or in their scope are different streams."""
    route = text("http.route", "/pay")
    some = AnyValue(array_value=ArrayValue(values=[AnyValue(int_value=1)]))
    streams = [
        stream_of(),
        stream_of(route),
        stream_of(route, text("server.port", "1")),
        stream_of(route, text("server.port", "2")),
        stream_of(route, KeyValue(key="server.port", value=some)),
        stream_of(route, scope="other"),
    ]

    assert len(streams) == len(set(streams))


def test_a_stream_is_the_same_whatever_the_order_and_the_process():
    """The order of the attributes does not matter, and the number is kept in ledgers, so that it may never change."""
    a, b = text("http.route", "/pay"), text("server.port", "1")

    assert stream_of(a, b) == stream_of(b, a)
    assert -2766533696563800247 == stream_of(a, b)
