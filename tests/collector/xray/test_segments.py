"""Segments become OTLP spans: identity, kind, status and attributes."""

from __future__ import annotations

import json
import random

import pytest

from fournines.collector.xray.document import read_segment
from fournines.collector.xray.drop import Dropped
from fournines.slo import SPAN_STATUS, Verdict, availability

SERVER, CLIENT, INTERNAL = 2, 3, 1
ERROR = 2


def verdict(attributes: dict, span) -> Verdict:
    """What the one table of events makes of a span."""
    return availability(attributes | ({SPAN_STATUS: "ERROR"} if span.status.code == ERROR else {}))


def test_a_segment_is_a_server_span_of_its_service(bench, segment, now):
    """Ids, name, times to the microsecond and the service come out as they went in."""
    ((resource, span),) = bench.take(
        segment(
            trace_id="1-5f29ab21-d4ebf299219a65bd5c31d6da",
            id="88ad1df59cd7a7be",
            parent_id="0123456789ABCDEF",
            start_time=now - 0.125001,
            service={"version": "1.2.3"},
            origin="AWS::ECS::Container",
            aws={"ecs": {"container": "web-1"}, "xray": {"sdk": "X-Ray for Go"}},
        )
    )

    assert (span.trace_id.hex(), span.span_id.hex()) == ("5f29ab21d4ebf299219a65bd5c31d6da", "88ad1df59cd7a7be")
    assert (span.parent_span_id.hex(), span.name, span.kind) == ("0123456789abcdef", "payments", SERVER)
    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (1_789_999_999_874_999_000, 1_790_000_000 * 10**9)
    assert resource == {
        "service.name": "payments",
        "service.version": "1.2.3",
        "cloud.provider": "aws",
        "aws.xray.origin": "AWS::ECS::Container",
        "container.name": "web-1",
        "telemetry.sdk.name": "X-Ray for Go",
    }


@pytest.mark.parametrize(
    ("namespace", "kind"), [("remote", CLIENT), ("aws", CLIENT), ("local", INTERNAL), (None, INTERNAL), (7, INTERNAL)]
)
def test_a_subsegment_s_namespace_says_its_kind(bench, segment, subsegment, namespace, kind):
    """Calls that leave the process are CLIENT spans, all else is INTERNAL."""
    _, (_, span) = bench.take(segment(subsegments=[subsegment(namespace=namespace)]))

    assert span.kind == kind


def test_nested_subsegments_are_flattened(bench, segment, subsegment):
    """However deep a subsegment lies, it becomes a span of the segment's trace and service, under what it lay within."""
    inner = subsegment(name="inner")
    outer = subsegment(name="outer", subsegments=[inner])
    root = segment(subsegments=[outer])

    spans = bench.take(root)

    assert [span.name for _, span in spans] == ["payments", "outer", "inner"]
    assert [span.parent_span_id.hex() for _, span in spans] == ["", root["id"], outer["id"]]
    assert len({span.trace_id for _, span in spans}) == 1
    assert {resource["service.name"] for resource, _ in spans} == {"payments"}
    assert bench.readings == {"taken/segment": 1, "taken/subsegment": 2}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, Verdict.GOOD),
        ({"http": {"response": {"status": 200}}}, Verdict.GOOD),
        ({"http": {"response": {"status": "404"}}, "error": True}, Verdict.GOOD),
        ({"error": True, "cause": {"exceptions": [{"type": "NotFound"}]}}, Verdict.GOOD),
        ({"http": {"response": {"status": 503}}}, Verdict.BAD),
        ({"fault": True}, Verdict.BAD),
        ({"fault": True, "cause": {"exceptions": [{"type": "Boom", "message": "no"}]}}, Verdict.BAD),
        ({"fault": True, "throttle": True}, Verdict.BAD),
        ({"throttle": True, "error": True}, Verdict.IGNORED),
        ({"http": {"response": {"status": 429}}, "throttle": True, "error": True}, Verdict.IGNORED),
        ({"fault": "yes"}, Verdict.GOOD),
    ],
)
def test_flags_mean_what_the_table_of_events_says(bench, segment, attributes, fields, expected):
    """A fault is bad, a refusal is good, a throttled request is no event."""
    ((_, span),) = bench.take(segment(**fields))

    assert verdict(attributes(span.attributes), span) is expected


def test_http_sql_aws_annotations_and_metadata_are_attributes(bench, segment, subsegment, attributes):
    """What a document says stands under the conventions' names; annotations keep theirs, metadata is JSON."""
    request = {"method": "POST", "url": "https://bank.example/pay/42?x=1", "client_ip": "10.0.0.1", "traced": True}
    query = {"database_type": "postgres", "sanitized_query": "select 1", "user": "app"}
    spans = bench.take(
        segment(
            http={"request": request, "response": {"status": 201, "content_length": "17"}},
            annotations={"tenant": "a", "amount": 12, "share": 0.5, "vip": True},
            metadata={"default": {"cart": [1, {"sku": "x"}]}},
            user="u-1",
            subsegments=[
                subsegment(sql=query, aws={"operation": "PutItem", "retries": 2, "table_names": ["a", "b"]}),
            ],
        )
    )
    server, client = (attributes(span.attributes) for _, span in spans)

    assert server == {
        "http.request.method": "POST",
        "url.full": "https://bank.example/pay/42?x=1",
        "url.scheme": "https",
        "url.path": "/pay/42",
        "client.address": "10.0.0.1",
        "aws.xray.traced": True,
        "http.response.status_code": 201,
        "http.response.body.size": 17,
        "enduser.id": "u-1",
        "tenant": "a",
        "amount": 12,
        "share": 0.5,
        "vip": True,
        "aws.xray.annotations": ["tenant", "amount", "share", "vip"],
        "aws.xray.metadata.default": '{"cart": [1, {"sku": "x"}]}',
    }
    assert client == {
        "db.system.name": "postgres",
        "db.query.text": "select 1",
        "db.user": "app",
        "aws.operation": "PutItem",
        "aws.xray.retries": 2,
        "aws.table_names": ["a", "b"],
        "aws.xray.namespace": "remote",
    }


def test_an_annotation_never_hides_what_was_answered(bench, segment, attributes):
    """An annotation with the name of a documented field is not taken for it."""
    ((_, span),) = bench.take(
        segment(http={"response": {"status": 503}}, annotations={"http.response.status_code": 200})
    )

    assert attributes(span.attributes)["http.response.status_code"] == 503


def test_a_cause_is_an_exception_event(bench, segment, attributes, now):
    """Each exception is an event with type, message and stack; the first names a fault's error.type."""
    stack = [{"path": "app.py", "line": 7, "label": "pay"}]
    ((_, span),) = bench.take(
        segment(fault=True, cause={"exceptions": [{"type": "Boom", "message": "no money", "stack": stack}, 7]})
    )

    (event,) = span.events
    assert (event.name, event.time_unix_nano) == ("exception", int(now) * 10**9)
    assert attributes(event.attributes) == {
        "exception.type": "Boom",
        "exception.message": "no money",
        "exception.stacktrace": "  at pay (app.py:7)",
    }
    assert attributes(span.attributes)["error.type"] == "Boom"
    assert (span.status.code, span.status.message) == (ERROR, "no money")


def test_a_cause_may_be_an_id_and_links_lead_on(bench, segment, attributes):
    """A cause told elsewhere is kept as its id; links become links, those that lead nowhere are left out."""
    link = {"trace_id": "1-5f29ab21-d4ebf299219a65bd5c31d6da", "id": "88ad1df59cd7a7be", "attributes": {"a": 1}}
    ((_, span),) = bench.take(segment(fault=True, cause="3e9e11e3ab3fba60", links=[link, {"id": "x"}, None]))

    assert attributes(span.attributes)["aws.xray.cause"] == "3e9e11e3ab3fba60"
    (found,) = span.links
    assert (found.trace_id.hex(), found.span_id.hex()) == ("5f29ab21d4ebf299219a65bd5c31d6da", "88ad1df59cd7a7be")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"name": 7}, "name"),
        ({"id": None}, "id"),
        ({"id": "88ad1df59cd7a7be0"}, "id"),
        ({"id": "88ad1df59cd7a7bx"}, "id"),
        ({"id": "0" * 16}, "id"),
        ({"id": "8" * 60_000}, "id"),
        ({"trace_id": None}, "trace_id"),
        ({"trace_id": "1-5f29ab21-d4ebf299219a65bd5c31d6da0"}, "trace_id"),
        ({"trace_id": "5f29ab21d4ebf299219a65bd5c31d6da"}, "trace_id"),
        ({"trace_id": "1-5f29ab21-" + "d" * 50_000}, "trace_id"),
        ({"parent_id": "nobody"}, "parent_id"),
        ({"type": "subsegment"}, "parent_id"),
        ({"start_time": None}, "time"),
        ({"start_time": float("nan")}, "time"),
        ({"start_time": "1596566305.5"}, "time"),
        ({"start_time": True}, "time"),
        ({"start_time": -1}, "time"),
        ({"end_time": None}, "time"),
        ({"end_time": float("inf")}, "time"),
        ({"end_time": 10**400}, "time"),
        ({"end_time": 1e300}, "time"),
    ],
)
def test_what_has_no_identity_is_dropped_and_counted(bench, segment, fields, reason):
    """Without name, ids or times a document can't be placed: it is counted under the first thing it lacks."""
    assert bench.take(segment(**fields)) == []
    assert bench.readings == {f"dropped/{reason}": 1}


def test_a_bad_subsegment_does_not_take_the_others_down(bench, segment, subsegment):
    """A nested document that can't be read is dropped alone; what lies within it hangs on its parent."""
    grandchild = subsegment(name="grandchild")
    root = segment(subsegments=[subsegment(id="x", subsegments=[grandchild]), 7, subsegment(name="good")])

    spans = bench.take(root)

    assert {span.name: span.parent_span_id.hex() for _, span in spans} == {
        "payments": "",
        "good": root["id"],
        "grandchild": root["id"],
    }
    assert bench.readings == {"taken/segment": 1, "taken/subsegment": 2, "dropped/id": 1, "dropped/json": 1}


def test_a_segment_that_ends_before_it_starts_takes_no_time(bench, segment, now):
    """A clock put back within a request makes no negative duration."""
    ((_, span),) = bench.take(segment(start_time=now, end_time=now - 5))

    assert span.start_time_unix_nano == span.end_time_unix_nano == int(now) * 10**9


def test_halves_of_surrogate_pairs_are_replaced(bench, segment, attributes, datagram):
    """A text cut within an emoji is taken with a question mark, since protobuf can't hold the half."""
    text = json.dumps(segment(name="PLACE", annotations={"note": "PLACE"})).replace("PLACE", "a\\ud83d").encode()

    ((resource, span),) = bench.take(text)

    assert (resource["service.name"], span.name, attributes(span.attributes)["note"]) == ("a?", "a?", "a?")


DOCUMENTED = (
    "http", "aws", "sql", "cause", "annotations", "metadata", "links", "service", "origin", "user", "namespace", "subsegments", "type",
    "precursor_ids", "fault", "throttle", "in_progress", "parent_id",
)  # fmt: skip
WITHIN = (
    "request",
    "response",
    "status",
    "url",
    "exceptions",
    "stack",
    "message",
    "xray",
    "ecs",
    "id",
    "trace_id",
    "default",
    "version",
)
ATOMS = (
    None,
    True,
    False,
    0,
    -1,
    2**63,
    2**70,
    1.5,
    1e300,
    float("inf"),
    float("nan"),
    "",
    "x",
    "http://[",
    "429",
    "\0",
    "é",
    [],
    {},
)


def anything(chance: random.Random, depth: int = 0) -> object:
    """Some JSON, with names that mean something where it stands."""
    kind = chance.random() if depth < 4 else 1.0
    if kind < 0.35:
        return {chance.choice(WITHIN): anything(chance, depth + 1) for _ in range(chance.randrange(4))}
    if kind < 0.55:
        return [anything(chance, depth + 1) for _ in range(chance.randrange(3))]
    return chance.choice(ATOMS)


@pytest.mark.parametrize("seed", range(10))
def test_no_shape_of_a_field_breaks_the_reading(bench, segment, seed):
    """Whatever stands in a documented field, the document is taken or dropped for a reason; nothing else is raised."""
    chance = random.Random(seed)
    for number in range(1, 101):
        bench.take(segment(**{key: anything(chance) for key in chance.sample(DOCUMENTED, 6)}))
        assert sum(bench.readings.values()) + len(bench.assembly._orphans) >= number


@pytest.mark.parametrize("seed", range(10))
def test_no_damage_to_a_document_breaks_the_reading(bench, segment, subsegment, seed):
    """A document with bytes changed, cut or doubled is taken or dropped for a reason; nothing else is raised."""
    chance = random.Random(seed)
    for _ in range(100):
        text = bytearray(json.dumps(segment(annotations={"a": 1}, subsegments=[subsegment()])).encode())
        for _ in range(chance.randrange(1, 4)):
            place = chance.randrange(len(text))
            text[place : place + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        bench.take(bytes(text))

    assert sum(bench.readings.values()) >= 100


def test_deep_nesting_is_taken_or_told(bench, segment, subsegment):
    """Subsegments are walked without recursion; what JSON itself can't nest is dropped for that reason."""
    deep = subsegment(name="leaf")
    for _ in range(300):
        deep = subsegment(subsegments=[deep])
    assert len(bench.take(segment(subsegments=[deep]))) == 302

    bench.take(b"[" * 60_000)
    assert bench.readings["dropped/too_deep"] == 1


def test_identity_alone_decides_whether_a_document_is_read(segment):
    """`read_segment` raises for what has no identity, and for nothing else."""
    assert read_segment(segment()).name == "payments"
    with pytest.raises(Dropped):
        read_segment({})
