"""Laws of decoding spans."""

from __future__ import annotations

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
from fournines.slo import CLASSIFYING_KEYS, OPERATIONAL_ROUTES, availability
from fournines.slo.classify import Verdict

LATEST = 2**63 - 1
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


@pytest.fixture(scope="session")
def decode(decoders):
    """Reads a body's spans."""
    return lambda body: decoders.spans(body, Wanted(WANTED, frozenset()))


@pytest.fixture(scope="session")
def labels_of(decode):
    """What decoding keeps of one span."""

    def read(span):
        spans = decode(body_of(span))
        return spans.labels[spans.label[0]]

    return read


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


@settings(max_examples=30, deadline=None)
@given(requests)
def test_decoding_equals_a_plain_reading(decode, request_message):
    """Whatever is sent, the columns hold what a plain reading of the message gives, row by row, and count the rest."""
    spans = decode(request_message.SerializeToString())

    assert list(plain_rows(request_message)) == rows(spans)
    sent = [span for a in request_message.resource_spans for b in a.scope_spans for span in b.spans]
    assert len(sent) == len(spans.kind) + spans.skipped


@settings(max_examples=30, deadline=None)
@given(requests)
def test_attribute_sets_are_distinct(decode, request_message):
    """No attribute set stands twice, so that matching costs once a set."""
    spans = decode(request_message.SerializeToString())

    for sets in (spans.resources, spans.labels):
        assert len(sets) == len({frozenset(typed(each).items()) for each in sets})


def test_an_empty_body_is_an_empty_request(decode):
    """No bytes are a request of nothing: columns without rows."""
    spans = decode(b"")

    assert [] == rows(spans)
    assert (np.int64, (0,)) == (spans.start.dtype, spans.start.shape)


def test_equal_numbers_of_different_types_are_different_attributes(decode):
    """1, 1.0 and True are three labels, though Python finds them equal."""
    sent = [Span(kind=SERVER, attributes=attributes(error__type=value)) for value in (1, 1.0, True, 1)]
    spans = decode(body_of(*sent))

    assert [0, 1, 2, 0] == spans.label.tolist()


def test_the_order_of_attributes_does_not_matter(decode):
    """The same attributes in another order are the same set."""
    some = attributes(http__route="/x", http__request__method="GET")
    spans = decode(body_of(Span(kind=SERVER, attributes=some), Span(kind=SERVER, attributes=some[::-1])))

    assert [0, 0] == spans.label.tolist()


def test_all_of_a_resource_is_kept_and_only_the_wanted_of_a_span(decode):
    """A resource keeps its scalar attributes, a span the wanted ones."""
    body = body_of(
        Span(kind=SERVER, attributes=attributes(http__request__method="GET", user__id="4711")),
        resource=attributes(service__name="payments", service__version="7"),
    )
    spans = decode(body)

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
        ({"http__url": "http://[::1/healthz"}, "/healthz"),
        ({"url__path": "/healthz", "http__route": "/{anything}"}, "/{anything}"),
        ({"url__path": "/payments/17", "http__target": "/healthz"}, None),
    ],
)
def test_an_operational_path_stands_in_for_a_missing_route(labels_of, said, route):
    """Without a route, the path asked for becomes one if it is operational, and no path ever becomes a label otherwise."""
    labels = labels_of(Span(kind=SERVER, attributes=attributes(**said)))

    assert ({} if route is None else {"http.route": route}) == labels


@pytest.mark.parametrize("path", sorted(OPERATIONAL_ROUTES))
def test_a_call_of_an_operational_path_is_no_event(labels_of, path):
    """Every operational route, asked for by path alone, is no event even when it fails."""
    span = Span(
        kind=SERVER,
        attributes=attributes(url__path=path, http__response__status_code=503),
        status=Status(code=Status.STATUS_CODE_ERROR),
    )

    assert Verdict.IGNORED is availability(labels_of(span))


def test_the_status_error_is_a_label(labels_of):
    """A span's status ERROR is `otel.status_code`; UNSET and OK are none."""
    codes = (Status.STATUS_CODE_UNSET, Status.STATUS_CODE_OK, Status.STATUS_CODE_ERROR)

    assert [{}, {}, {"otel.status_code": "ERROR"}] == [
        labels_of(Span(kind=SERVER, status=Status(code=code))) for code in codes
    ]


def test_times_beyond_the_column_are_its_last(decode):
    """A time past the year 2262 is the last one a column holds, which is far in the future still."""
    spans = decode(body_of(Span(kind=SERVER, start_time_unix_nano=5, end_time_unix_nano=2**64 - 1)))

    assert (5, LATEST) == (spans.start[0], spans.end[0])


def test_a_span_that_ends_before_it_starts_takes_no_time(decode):
    """A clock that was set back, or an end that is missing, gives a duration of nothing, at the start."""
    spans = decode(body_of(Span(kind=CLIENT, start_time_unix_nano=50, end_time_unix_nano=9)))

    assert (50, 50) == (spans.start[0], spans.end[0])


@pytest.mark.parametrize(("trace_id", "span_id"), [(b"2b", b""), (b"t" * 17, b"s" * 8), (b"t" * 16, b"s" * 7)])
@pytest.mark.parametrize("kind", [SERVER, INTERNAL])
def test_an_id_of_another_length_is_a_bad_request(decode, trace_id, span_id, kind):
    """Ids are 16 and 8 bytes or absent: anything else is a sender that encodes them wrongly."""
    with pytest.raises(BadRequest, match="trace id"):
        decode(body_of(Span(kind=kind, trace_id=trace_id, span_id=span_id)))


def test_a_span_of_every_kind_is_a_row_with_its_ids_and_its_place(decode):
    """A row says what the span is called by others, and where in the body its message lies."""
    sent = [
        Span(kind=kind, name=f"span {kind}", trace_id=bytes(range(16)), span_id=b"\xff" * 8, parent_span_id=b"\x01" * 8)
        for kind in range(6)
    ]
    body = body_of(*sent)
    spans = decode(body)

    assert list(range(6)) == spans.kind.tolist()
    assert sent == [Span.FromString(body[at : at + size]) for at, size in spans.place.tolist()]
    assert [0x0001020304050607, 0x08090A0B0C0D0E0F, 2**64 - 1, 0x0101010101010101] == spans.ids[0].tolist()


@pytest.mark.parametrize(
    ("state", "threshold"),
    [
        ("", 0),
        ("ot=th:8", 2**55),
        ("congo=t61,ot=rv:1;th:c", 3 * 2**54),
        ("ot=th:0", 0),
        ("ot=th:ffffffffffffff", 2**56 - 1),
        ("ot=th:123456789abcdef", 0),
        ("ot=th:xyz", 0),
        ("ot=th:C", 0),
    ],
)
def test_the_threshold_is_read_from_the_tracestate(state, threshold, decode):
    """One to fourteen hex digits, zeros to the right left out; what is none of these means that every span was kept."""
    assert [threshold] == decode(body_of(Span(trace_state=state))).threshold.tolist()


def test_a_message_in_parts_is_one(decode):
    """A resource, a span's status or an attribute's value that is sent in parts is merged, as protobuf says."""
    parts = [Resource(attributes=attributes(service__name=name)).SerializeToString() for name in ("first", "last")]
    wire = b"".join(b"\x0a" + bytes([len(part)]) + part for part in parts)
    span = Span(status=Status(code=2)).SerializeToString() + Span(status=Status(message="why")).SerializeToString()
    scope = b"\x12" + bytes([len(span)]) + span
    wire += b"\x12" + bytes([len(scope)]) + scope
    spans = decode(b"\x0a" + bytes([len(wire)]) + wire)

    assert ({"service.name": "last"},) == spans.resources
    assert ({"otel.status_code": "ERROR"},) == spans.labels


@pytest.mark.parametrize(("levels", "reads"), [(93, True), (94, False)])
def test_values_are_nested_as_deep_as_the_library_lets_them(levels, reads, decode, oracle):
    """A hundred levels in all, whatever lies in whatever: one more is refused, without a stack that could overflow."""
    value = b""
    for level in range(levels):
        value = (b"\x0a" if level % 2 else b"\x2a") + varint(len(value)) + value
    attribute = b"\x12" + varint(len(value)) + value
    span = b"\x4a" + varint(len(attribute)) + attribute
    body = b"\x12" + varint(len(span)) + span
    body = b"\x12" + varint(len(body)) + body
    body = b"\x0a" + varint(len(body)) + body

    for read in (decode, lambda body: oracle.decode_spans(body, Wanted(WANTED, frozenset()))):
        if reads:
            assert 1 == len(read(body).kind)
        else:
            with pytest.raises(BadRequest):
                read(body)


@pytest.mark.parametrize(("levels", "reads"), [(97, True), (98, False)])
def test_groups_are_skipped_as_deep_as_the_library_skips_them(levels, reads, decode, oracle):
    """A group is an unknown field like any other, if it is closed where it was opened."""
    span = b"\xa3\x06" * levels + b"\xa4\x06" * levels
    body = b"\x12" + varint(len(span)) + span
    body = b"\x12" + varint(len(body)) + body
    body = b"\x0a" + varint(len(body)) + body

    for read in (decode, lambda body: oracle.decode_spans(body, Wanted(WANTED, frozenset()))):
        if reads:
            assert 1 == len(read(body).kind)
        else:
            with pytest.raises(BadRequest):
                read(body)


def test_more_than_a_million_spans_are_refused_in_words(decode):
    """A body of empty spans, two bytes each, costs no more memory than a million rows."""
    spans = b"\x12\x00" * 1_000_001
    body = b"\x12" + varint(len(spans)) + spans

    with pytest.raises(BadRequest, match="more than 1,000,000 items"):
        decode(b"\x0a" + varint(len(body)) + body)


def test_more_resources_than_anybody_has_are_refused_in_words(decode):
    """So are more than 65,536 different resources, with or without spans."""
    each = [Resource(dropped_attributes_count=number + 1).SerializeToString() for number in range(65_537)]
    parts = [b"\x0a" + varint(len(resource)) + resource for resource in each]

    with pytest.raises(BadRequest, match="more than 65,536 different resources"):
        decode(b"".join(b"\x0a" + varint(len(part)) + part for part in parts))


def test_more_attribute_sets_than_memory_is_spent_on_are_refused_in_words(decode, monkeypatch):
    """A million spans may share 262,144 sets of attributes; what makes each span one of its own costs an object a span."""
    monkeypatch.setattr("fournines.collector.kernels.spans.MOST_SETS", 256)
    monkeypatch.setattr("fournines.collector.kernels.spans.MOST_VALUES", 1024)
    each = [Span(attributes=attributes(error__type=number)) for number in range(257)]

    assert 256 == len(decode(body_of(*each[:-1])).labels)
    with pytest.raises(BadRequest, match="different sets of attributes"):
        decode(body_of(*each))


def varint(number):
    """A varint."""
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + varint(number >> 7)
