"""Laws of decoding spans."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from fournines.collector.columns import Spans, Wanted
from fournines.collector.errors import BadRequest
from fournines.collector.wire import LATEST, decode_spans
from fournines.slo import CLASSIFYING_KEYS, OPERATIONAL_ROUTES, availability
from fournines.slo.classify import Verdict

WANTED = CLASSIFYING_KEYS | {"http.request.method"}
SERVER, CLIENT, INTERNAL = Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CLIENT, Span.SPAN_KIND_INTERNAL
SCALARS = ("string_value", "bool_value", "int_value", "double_value")


def attributes(**values):
    """Attributes whose names have their dots written as `__`."""
    kinds = {str: "string_value", bool: "bool_value", int: "int_value", float: "double_value"}
    return [
        KeyValue(key=key.replace("__", "."), value=AnyValue(**{kinds[type(value)]: value}))
        for key, value in values.items()
    ]


def body_of(*spans, resource=()):
    """A request of one resource with these spans."""
    scope = ScopeSpans(scope=InstrumentationScope(name="any"), spans=spans)
    resource_spans = ResourceSpans(resource=Resource(attributes=resource), scope_spans=[scope])
    return ExportTraceServiceRequest(resource_spans=[resource_spans]).SerializeToString()


def labels_of(span):
    """What decoding keeps of one span."""
    spans = decode_spans(body_of(span), Wanted(WANTED, frozenset()))
    return spans.labels[spans.label[0]]


def rows(spans: Spans):
    """The columns as plain rows, each value beside its type, since 1 == True."""
    return [
        (typed(spans.resources[resource]), typed(spans.labels[label]), kind, start, end)
        for resource, label, kind, start, end in zip(
            spans.resource.tolist(),
            spans.label.tolist(),
            spans.kind.tolist(),
            spans.start.tolist(),
            spans.end.tolist(),
            strict=True,
        )
    ]


def typed(mapping):
    return {key: (type(value), value) for key, value in mapping.items()}


values = st.one_of(
    st.builds(lambda value: AnyValue(string_value=value), st.text(max_size=8)),
    st.builds(lambda value: AnyValue(bool_value=value), st.booleans()),
    st.builds(lambda value: AnyValue(int_value=value), st.sampled_from((0, 1, 200, 503, -1, 2**63 - 1))),
    st.builds(lambda value: AnyValue(double_value=value), st.floats()),
    st.builds(
        lambda value: AnyValue(array_value=ArrayValue(values=[AnyValue(string_value=value)])), st.text(max_size=3)
    ),
    st.builds(AnyValue),
)
keys = st.sampled_from(("http.route", "http.response.status_code", "error.type", "http.request.method", "user.id", ""))
attribute_lists = st.lists(
    st.builds(KeyValue, key=keys, value=values), max_size=6, unique_by=lambda attribute: attribute.key
)
times = st.one_of(st.integers(0, 10), st.integers(2**63 - 2, 2**63 + 2), st.just(2**64 - 1))
some_spans = st.builds(
    Span,
    trace_id=st.sampled_from((b"", b"t" * 16)),
    span_id=st.sampled_from((b"", b"s" * 8)),
    kind=st.sampled_from((0, 1, 2, 3, 4, 5, 17)),
    attributes=attribute_lists,
    start_time_unix_nano=times,
    end_time_unix_nano=times,
    status=st.builds(Status, code=st.sampled_from((0, 1, 2, 9))),
)
requests = st.builds(
    ExportTraceServiceRequest,
    resource_spans=st.lists(
        st.builds(
            ResourceSpans,
            resource=st.builds(Resource, attributes=attribute_lists),
            scope_spans=st.lists(st.builds(ScopeSpans, spans=st.lists(some_spans, max_size=4)), max_size=2),
        ),
        max_size=3,
    ),
)


def plain(attributes, wanted=None):
    """A plain reading of an attribute list."""
    read = {}
    for attribute in attributes:
        for scalar in SCALARS:
            if attribute.value.HasField(scalar) and (wanted is None or attribute.key in wanted):
                value = getattr(attribute.value, scalar)
                if value == value and value not in (float("inf"), float("-inf")):
                    read[attribute.key] = value
    return read


def plain_rows(request):
    for resource_spans in request.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                labels = plain(span.attributes, WANTED)
                if span.status.code == Status.STATUS_CODE_ERROR:
                    labels["otel.status_code"] = "ERROR"
                start = min(span.start_time_unix_nano, LATEST)
                end = max(start, min(span.end_time_unix_nano, LATEST))
                resource = plain(resource_spans.resource.attributes)
                yield typed(resource), typed(labels), span.kind, start, end


@settings(max_examples=100, deadline=None)
@given(requests)
def test_decoding_equals_a_plain_reading(request_message):
    """Whatever is sent, the columns hold what a plain reading of the message gives, row by row, and count the rest."""
    spans = decode_spans(request_message.SerializeToString(), Wanted(WANTED, frozenset()))

    assert list(plain_rows(request_message)) == rows(spans)
    sent = [span for a in request_message.resource_spans for b in a.scope_spans for span in b.spans]
    assert len(sent) == len(spans.kind) + spans.skipped


@settings(max_examples=100, deadline=None)
@given(requests)
def test_attribute_sets_are_distinct(request_message):
    """No attribute set stands twice, so that matching costs once a set."""
    spans = decode_spans(request_message.SerializeToString(), Wanted(WANTED, frozenset()))

    for sets in (spans.resources, spans.labels):
        assert len(sets) == len({frozenset(typed(each).items()) for each in sets})


@settings(max_examples=1500, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_are_a_bad_request_or_read(body):
    """Random bytes are read or refused as BadRequest, and nothing else."""
    with contextlib.suppress(BadRequest):
        decode_spans(body, Wanted(WANTED, frozenset()))


@settings(max_examples=500, deadline=None)
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
        decode_spans(bytes(body), Wanted(WANTED, frozenset()))


def test_an_empty_body_is_an_empty_request():
    """No bytes are a request of nothing: columns without rows."""
    spans = decode_spans(b"", Wanted(WANTED, frozenset()))

    assert [] == rows(spans)
    assert (np.int64, (0,)) == (spans.start.dtype, spans.start.shape)


def test_equal_numbers_of_different_types_are_different_attributes():
    """1, 1.0 and True are three labels, though Python finds them equal."""
    sent = [Span(kind=SERVER, attributes=attributes(error__type=value)) for value in (1, 1.0, True, 1)]
    spans = decode_spans(body_of(*sent), Wanted(WANTED, frozenset()))

    assert [0, 1, 2, 0] == spans.label.tolist()


def test_the_order_of_attributes_does_not_matter():
    """The same attributes in another order are the same set."""
    some = attributes(http__route="/x", http__request__method="GET")
    spans = decode_spans(
        body_of(Span(kind=SERVER, attributes=some), Span(kind=SERVER, attributes=some[::-1])),
        Wanted(WANTED, frozenset()),
    )

    assert [0, 0] == spans.label.tolist()


def test_all_of_a_resource_is_kept_and_only_the_wanted_of_a_span():
    """A resource keeps its scalar attributes, a span the wanted ones."""
    body = body_of(
        Span(kind=SERVER, attributes=attributes(http__request__method="GET", user__id="4711")),
        resource=attributes(service__name="payments", service__version="7"),
    )
    spans = decode_spans(body, Wanted(WANTED, frozenset()))

    assert ({"service.name": "payments", "service.version": "7"},) == spans.resources
    assert ({"http.request.method": "GET"},) == spans.labels


@pytest.mark.parametrize(
    ("said", "route"),
    [
        ({"url__path": "/healthz"}, "/healthz"),
        ({"url__path": "/healthz/"}, "/healthz"),
        ({"http__target": "/metrics?format=text"}, "/metrics"),
        ({"http__url": "http://10.0.0.7:8000/readyz?full=1"}, "/readyz"),
        ({"url__full": "http://10.0.0.7:8000/readyz"}, "/readyz"),
        ({"url__path": "/payments/17"}, None),
        ({"url__path": "/"}, None),
        ({"url__path": 7}, None),
        ({"http__url": "http://[::1/healthz"}, None),
        ({"url__path": "/healthz", "http__route": "/{anything}"}, "/{anything}"),
        ({"url__path": "/payments/17", "http__target": "/healthz"}, None),
    ],
)
def test_an_operational_path_stands_in_for_a_missing_route(said, route):
    """Without a route, the path asked for becomes one if it is operational, and no path ever becomes a label otherwise."""
    labels = labels_of(Span(kind=SERVER, attributes=attributes(**said)))

    assert ({} if route is None else {"http.route": route}) == labels


@pytest.mark.parametrize("path", sorted(OPERATIONAL_ROUTES))
def test_a_call_of_an_operational_path_is_no_event(path):
    """Every operational route, asked for by path alone, is no event even when it fails."""
    span = Span(
        kind=SERVER,
        attributes=attributes(url__path=path, http__response__status_code=503),
        status=Status(code=Status.STATUS_CODE_ERROR),
    )

    assert Verdict.IGNORED is availability(labels_of(span))


def test_the_status_error_is_a_label():
    """A span's status ERROR is `otel.status_code`; UNSET and OK are none."""
    codes = (Status.STATUS_CODE_UNSET, Status.STATUS_CODE_OK, Status.STATUS_CODE_ERROR)

    assert [{}, {}, {"otel.status_code": "ERROR"}] == [
        labels_of(Span(kind=SERVER, status=Status(code=code))) for code in codes
    ]


def test_times_beyond_the_column_are_its_last():
    """A time past the year 2262 is the last one a column holds, which is far in the future still."""
    spans = decode_spans(
        body_of(Span(kind=SERVER, start_time_unix_nano=5, end_time_unix_nano=2**64 - 1)), Wanted(WANTED, frozenset())
    )

    assert (5, LATEST) == (spans.start[0], spans.end[0])


def test_a_span_that_ends_before_it_starts_takes_no_time():
    """A clock that was set back, or an end that is missing, gives a duration of nothing, at the start."""
    spans = decode_spans(
        body_of(Span(kind=CLIENT, start_time_unix_nano=50, end_time_unix_nano=9)), Wanted(WANTED, frozenset())
    )

    assert (50, 50) == (spans.start[0], spans.end[0])


@pytest.mark.parametrize(("trace_id", "span_id"), [(b"2b", b""), (b"t" * 17, b"s" * 8), (b"t" * 16, b"s" * 7)])
@pytest.mark.parametrize("kind", [SERVER, INTERNAL])
def test_an_id_of_another_length_is_a_bad_request(trace_id, span_id, kind):
    """Ids are 16 and 8 bytes or absent: anything else is a sender that encodes them wrongly."""
    with pytest.raises(BadRequest, match="trace id"):
        decode_spans(body_of(Span(kind=kind, trace_id=trace_id, span_id=span_id)), Wanted(WANTED, frozenset()))
