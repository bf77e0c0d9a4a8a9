"""Laws of OTLP/JSON: the specification's section "JSON Protobuf Encoding"."""

from __future__ import annotations

import base64
import contextlib
import json
import math

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    ExponentialHistogram,
    ExponentialHistogramDataPoint,
    Gauge,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
)
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from fournines.collector.doors.http.otlp_json import json_to_wire
from fournines.collector.errors import BadRequest

IDS = ("traceId", "spanId", "parentSpanId")


def span_of(**fields):
    """The span that a request with one span of these JSON fields is read as."""
    document = {"resourceSpans": [{"scopeSpans": [{"spans": [fields]}]}]}
    wire = json_to_wire(json.dumps(document).encode(), ExportTraceServiceRequest)
    return ExportTraceServiceRequest.FromString(wire).resource_spans[0].scope_spans[0].spans[0]


def point_of(**fields):
    """The gauge point that a request with one of these JSON fields is read as."""
    document = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"gauge": {"dataPoints": [fields]}}]}]}]}
    wire = json_to_wire(json.dumps(document).encode(), ExportMetricsServiceRequest)
    return (
        ExportMetricsServiceRequest.FromString(wire)
        .resource_metrics[0]
        .scope_metrics[0]
        .metrics[0]
        .gauge.data_points[0]
    )


def otlp_json(message):
    """A message as OTLP/JSON, by way of protobuf's own mapping."""
    return hex_ids(MessageToDict(message, use_integers_for_enums=True))


def hex_ids(value):
    if isinstance(value, dict):
        return {key: base64.b64decode(item).hex() if key in IDS else hex_ids(item) for key, item in value.items()}
    return [hex_ids(item) for item in value] if isinstance(value, list) else value


any_values = st.one_of(
    st.builds(lambda value: AnyValue(string_value=value), st.text(max_size=5)),
    st.builds(lambda value: AnyValue(bool_value=value), st.booleans()),
    st.builds(lambda value: AnyValue(int_value=value), st.integers(-(2**63), 2**63 - 1)),
    st.builds(lambda value: AnyValue(double_value=value), st.floats(allow_nan=False)),
    st.builds(lambda value: AnyValue(bytes_value=value), st.binary(max_size=5)),
)
attribute_lists = st.lists(st.builds(KeyValue, key=st.text(max_size=5), value=any_values), max_size=3)
unsigned = st.integers(0, 2**64 - 1)
spans = st.builds(
    Span,
    trace_id=st.one_of(st.just(b""), st.binary(min_size=16, max_size=16)),
    span_id=st.binary(min_size=8, max_size=8),
    name=st.text(max_size=5),
    kind=st.integers(0, 6),
    start_time_unix_nano=unsigned,
    attributes=attribute_lists,
    flags=st.integers(0, 2**32 - 1),
    status=st.builds(Status, code=st.integers(0, 2), message=st.text(max_size=5)),
    links=st.lists(st.builds(Span.Link, trace_id=st.binary(min_size=16, max_size=16)), max_size=2),
)
traces = st.builds(
    ExportTraceServiceRequest,
    resource_spans=st.lists(
        st.builds(
            ResourceSpans, scope_spans=st.lists(st.builds(ScopeSpans, spans=st.lists(spans, max_size=3)), max_size=2)
        ),
        max_size=2,
    ),
)
points = st.builds(
    ExponentialHistogramDataPoint,
    count=unsigned,
    sum=st.floats(allow_nan=False),
    scale=st.integers(-(2**31), 2**31 - 1),
    positive=st.builds(
        ExponentialHistogramDataPoint.Buckets,
        offset=st.integers(-(2**31), 2**31 - 1),
        bucket_counts=st.lists(unsigned, max_size=3),
    ),
    attributes=attribute_lists,
)


@settings(max_examples=100, deadline=None)
@given(traces)
def test_what_was_a_message_is_that_message_again(message):
    """JSON made of any message is read as that message."""
    wire = json_to_wire(json.dumps(otlp_json(message)).encode(), ExportTraceServiceRequest)

    assert message == ExportTraceServiceRequest.FromString(wire)


@settings(max_examples=100, deadline=None)
@given(st.lists(points, max_size=3), st.lists(st.builds(NumberDataPoint, as_int=st.integers(-(2**63), 2**63 - 1))))
def test_what_were_points_are_those_points_again(exponential, numbers):
    """The same for metrics: 64-bit integers as strings, doubles that are not finite as words."""
    some = [
        Metric(name="e", exponential_histogram=ExponentialHistogram(data_points=exponential)),
        Metric(name="g", gauge=Gauge(data_points=numbers)),
    ]
    message = ExportMetricsServiceRequest(
        resource_metrics=[ResourceMetrics(scope_metrics=[ScopeMetrics(metrics=some)])]
    )
    wire = json_to_wire(json.dumps(otlp_json(message)).encode(), ExportMetricsServiceRequest)

    assert message == ExportMetricsServiceRequest.FromString(wire)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=5), inner, max_size=2)),
    max_leaves=5,
)
span_fields = st.sampled_from(
    ("traceId", "spanId", "name", "kind", "startTimeUnixNano", "attributes", "flags", "status", "droppedEventsCount")
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(span_fields, json_values, max_size=4))
def test_any_value_anywhere_is_read_or_a_bad_request(fields):
    """Whatever value stands in a field, it is read or refused as BadRequest, and nothing else."""
    with contextlib.suppress(BadRequest):
        span_of(**fields)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=50), json_values.map(lambda value: json.dumps(value).encode())))
def test_any_body_is_read_or_a_bad_request(body):
    """Whatever the body, it is read or refused as BadRequest, and nothing else."""
    with contextlib.suppress(BadRequest):
        json_to_wire(body, ExportTraceServiceRequest)


@pytest.mark.parametrize("body", [b"{}", b"", b" \n", b'{"resourceSpans": []}', b'{"resourceSpans": null}'])
def test_an_empty_request_is_one(body):
    """`{}` is a valid empty request; so are null and nothing."""
    assert b"" == json_to_wire(body, ExportTraceServiceRequest)


@pytest.mark.parametrize("value", [17, "17", 17.0])
def test_64_bit_integers_are_numbers_or_strings(value):
    """A 64-bit integer is read from a number or a decimal string."""
    assert 17 == span_of(startTimeUnixNano=value).start_time_unix_nano
    assert 17 == point_of(asInt=value).as_int


@pytest.mark.parametrize("value", ["", "x", "1_000", " 7", "٣", "--1", "0x10", 1.5, True, 2**64, -1, [], "9" * 30])
def test_what_is_no_64_bit_integer_is_a_bad_request(value):
    """Text that is no decimal integer, fractions, truth values and numbers out of range are refused."""
    with pytest.raises(BadRequest, match=r"\$\.resourceSpans\[0\]\.scopeSpans\[0\]\.spans\[0\]\.startTimeUnixNano"):
        span_of(startTimeUnixNano=value)


def test_ids_are_hex_in_either_case():
    """Ids are hex digits, upper or lower case."""
    span = span_of(traceId="5B8EFFF798038103D269B633813FC60C", spanId="eee19b7ec3c1b174", parentSpanId="")

    assert (bytes.fromhex("5B8EFFF798038103D269B633813FC60C"), bytes.fromhex("eee19b7ec3c1b174")) == (
        span.trace_id,
        span.span_id,
    )


@pytest.mark.parametrize(
    "value", ["5B8E", "W47/95gDgQPSabYzgT/GDA==", "z" * 32, " " * 32, "ab " * 10 + "ab", 7, None.__class__.__name__]
)
def test_an_id_that_is_no_hex_is_a_bad_request(value):
    """Ids in base64, short ids and other text are refused."""
    with pytest.raises(BadRequest, match="32 hex digits"):
        span_of(traceId=value)


def test_keys_that_are_not_known_are_ignored():
    """Unknown keys are ignored, and snake_case keys are unknown ones."""
    span = span_of(name="x", newField={"deep": [1]}, start_time_unix_nano="17", trace_id=7)

    assert Span(name="x") == span


@pytest.mark.parametrize("value", ["SPAN_KIND_SERVER", "2", 2.0, True, 2**40])
def test_enums_are_integers_only(value):
    """Names of enum values, and numbers in strings, are refused."""
    with pytest.raises(BadRequest, match="number of an enum"):
        span_of(kind=value)


def test_later_enum_values_are_read():
    """An enum's number that is not known yet is kept."""
    assert 17 == span_of(kind=17).kind


@pytest.mark.parametrize(
    ("value", "number"), [("Infinity", math.inf), ("-Infinity", -math.inf), ("1.5", 1.5), (2, 2.0)]
)
def test_doubles_are_numbers_or_words(value, number):
    """A double is a number, a number in a string, or one of three words."""
    assert number == point_of(asDouble=value).as_double
    assert math.isnan(point_of(asDouble="NaN").as_double)


@pytest.mark.parametrize("value", ["inf", "nan", "x", True, [], 10**400, "1e999"])
def test_what_is_no_double_is_a_bad_request(value):
    """Other words, and numbers that a double can't hold, are refused."""
    with pytest.raises(BadRequest, match="a number"):
        point_of(asDouble=value)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": 7},
        {"name": "\ud800"},
        {"status": []},
        {"attributes": {}},
        {"attributes": [{"value": {"boolValue": 1}}]},
    ],
)
def test_a_value_of_another_type_is_a_bad_request(fields):
    """Where a string, an object, an array or a truth value is expected, nothing else is taken."""
    with pytest.raises(BadRequest):
        span_of(**fields)


@pytest.mark.parametrize("text", ["+/8=", "-_8", "+/8"])
def test_bytes_are_base64_of_either_alphabet(text):
    """Bytes that are no ids are base64, standard or URL-safe, padded or not."""
    span = span_of(attributes=[{"key": "k", "value": {"bytesValue": text}}])

    assert b"\xfb\xff" == span.attributes[0].value.bytes_value


@pytest.mark.parametrize("text", ["!", "A", 7])
def test_what_is_no_base64_is_a_bad_request(text):
    """Other text is refused."""
    with pytest.raises(BadRequest, match="base64"):
        span_of(attributes=[{"key": "k", "value": {"bytesValue": text}}])


def test_values_nested_too_deeply_are_a_bad_request():
    """Nesting that no reader can follow is refused, as JSON or as values."""
    deep = {"stringValue": "x"}
    for _ in range(250):
        deep = {"arrayValue": {"values": [deep]}}
    for body in (
        b"[" * 100_000,
        json.dumps({"resourceSpans": [{"resource": {"attributes": [{"value": deep}]}}]}).encode(),
    ):
        with pytest.raises(BadRequest):
            json_to_wire(body, ExportTraceServiceRequest)


@pytest.mark.parametrize(
    "body",
    [
        b'{"resourceSpans": []} x',
        b'{"resourceSpans": []}{}',
        b'{"x": NaN}',
        b'{"x": -Infinity}',
        b"{'x': 1}",
        b'{"x": 1,}',
        b'{"x": "\xff"}',
        b'{"x": "\xed\xa0\x80"}',
        '{"x": 1}'.encode("utf-16"),
        '{"x": 1}'.encode("utf-32"),
        b'{"x": ' + b"9" * 5000 + b"}",
        b'{"x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    ],
)
def test_what_is_no_json_in_utf_8_is_a_bad_request(body):
    """Garbage behind the document, words for numbers, other encodings, broken text, endless numbers and endless depth are refused."""
    with pytest.raises(BadRequest):
        json_to_wire(body, ExportTraceServiceRequest)


def test_a_byte_order_mark_is_ignored():
    """A byte order mark, which some senders write, is no part of the document (RFC 8259, section 8.1)."""
    assert b"" == json_to_wire(b"\xef\xbb\xbf{}", ExportTraceServiceRequest)
    assert b"" == json_to_wire(b"\xef\xbb\xbf", ExportTraceServiceRequest)


def test_the_last_of_doubled_keys_counts():
    """RFC 8259 leaves open what a key that stands twice means: the last one counts, of a oneof's members the last one too."""
    body = b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "a", "name": "b"}]}]}]}'
    wire = json_to_wire(body, ExportTraceServiceRequest)

    assert "b" == ExportTraceServiceRequest.FromString(wire).resource_spans[0].scope_spans[0].spans[0].name
    assert ("as_double", 2.0) == (
        point_of(asInt=1, asDouble=2).WhichOneof("value"),
        point_of(asInt=1, asDouble=2).as_double,
    )


def test_unknown_keys_are_ignored_at_any_depth():
    """Whatever stands under a key that is not known, at any level, is ignored."""
    anything = {"deep": [{"traceId": 7, "values": [None, [], {}]}]}
    document = {
        "x": anything,
        "resourceSpans": [{"x": anything, "scopeSpans": [{"x": anything, "spans": [{"x": anything, "name": "a"}]}]}],
    }
    wire = json_to_wire(json.dumps(document).encode(), ExportTraceServiceRequest)

    assert "a" == ExportTraceServiceRequest.FromString(wire).resource_spans[0].scope_spans[0].spans[0].name


def test_log_records_are_read_alike():
    """Logs follow the same rules: ids in hex, times as strings or numbers, severities as integers, bodies of any value."""
    record = {
        "timeUnixNano": "17",
        "observedTimeUnixNano": 18,
        "severityNumber": 17,
        "severityText": "ERROR",
        "body": {"kvlistValue": {"values": [{"key": "k", "value": {"intValue": "5"}}]}},
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": "EEE19B7EC3C1B174",
        "eventName": "paid",
    }
    document = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    wire = json_to_wire(json.dumps(document).encode(), ExportLogsServiceRequest)

    read = ExportLogsServiceRequest.FromString(wire).resource_logs[0].scope_logs[0].log_records[0]
    assert (17, 18, 17, 5) == (
        read.time_unix_nano,
        read.observed_time_unix_nano,
        read.severity_number,
        read.body.kvlist_value.values[0].value.int_value,
    )
    assert ("5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174") == (read.trace_id.hex(), read.span_id.hex())


def test_more_values_than_a_body_may_hold_are_a_bad_request():
    """A body of millions of empty values is refused before memory is taken for them; as much text is not."""
    with pytest.raises(BadRequest, match="2,000,000 values"):
        json_to_wire(b'{"x": [' + b"[]," * 1_000_001 + b"[]]}", ExportTraceServiceRequest)

    assert b"" == json_to_wire(b'{"x": "' + b"a" * 3_000_000 + b'"}', ExportTraceServiceRequest)


def test_a_fault_says_where_it_stands():
    """The message names the place, what is expected there, and what was sent, in short."""
    with pytest.raises(BadRequest) as caught:
        span_of(name=["x"])

    assert "$.resourceSpans[0].scopeSpans[0].spans[0].name is a string, not list" == str(caught.value)
