"""Spans sent on to X-Ray: as segment documents that mean the same, through the real client to a stand-in of the service."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client import CollectorRegistry

from fournines.collector import CollectorError, Signal
from fournines.collector.columns import Source
from fournines.collector.forward import Drop, QueuedRequest, Retry
from fournines.collector.xray import Unprocessed, XrayForwarder
from fournines.collector.xray.assembly import SegmentAssembly
from fournines.collector.xray.document import read_segment
from fournines.collector.xray.instruments import Instruments
from fournines.collector.xray.request_builder import RequestBuilder
from fournines.collector.xray.segments import LARGEST, segments_of

pytestmark = pytest.mark.usefixtures("aws_credentials")


class Service(ThreadingHTTPServer):
    """Answers every call with what stands next in `answers`: (status, headers, JSON)."""

    daemon_threads = True

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict, dict]] = []
        self.calls: list[list[dict]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.calls.append([json.loads(document) for document in body["TraceSegmentDocuments"]])
        status, headers, answer = self.server.answers.pop(0) if self.server.answers else (200, {}, {})
        content = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"content-length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format, *arguments) -> None:  # noqa: A002 - the signature of the class above
        pass


@pytest.fixture
def service():
    """A service that answers as told."""
    with Service() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.02,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def deliver(url: str, body: bytes, signal: Signal = Signal.TRACES, timeout: float = 5.0) -> CollectorRegistry:
    """Sends one body through a sender of its own."""
    registry = CollectorRegistry()
    sender = XrayForwarder("eu-west-1", lambda: 0.0, Unprocessed(registry), url, timeout)

    async def send() -> None:
        try:
            await sender.send(QueuedRequest(signal, Source.OTLP, 0.0, 1, body))
        finally:
            await sender.close()

    try:
        asyncio.run(send())
    except (Retry, Drop) as told:
        told.registry = registry
        raise
    return registry


def to_otlp(*documents: dict) -> bytes:
    """Segments as the receiver makes them."""
    assembly, batch = SegmentAssembly(Instruments(CollectorRegistry())), RequestBuilder()
    for document in documents:
        for placed in assembly.take(read_segment(document), 0.0):
            batch.add(placed)
    return batch.body()


def test_segments_arrive_at_the_service(moto, segment, subsegment):
    """Through boto3 and moto's server: what is sent can be read back as a trace of that id."""
    document = segment(subsegments=[subsegment()])
    deliver(moto, to_otlp(document))

    client = boto3.session.Session().client("xray", region_name="eu-west-1", endpoint_url=moto)
    (trace,) = client.batch_get_traces(TraceIds=[document["trace_id"]])["Traces"]
    client.close()

    assert len(trace["Segments"]) == 2
    assert {one["Id"] for one in trace["Segments"]} == {document["id"], document["subsegments"][0]["id"]}


def test_a_document_goes_through_and_comes_out_the_same(segment, subsegment):
    """X-Ray to OTLP and back: identity, times, http, flags, annotations, metadata, aws, sql and links survive."""
    call = subsegment(
        http={"request": {"method": "GET", "url": "https://orders.example/o/1"}, "response": {"status": 404}},
        error=True,
        aws={"operation": "GetItem", "region": "eu-west-1", "table_name": "orders"},
        namespace="aws",
    )
    query = subsegment(name="db", sql={"database_type": "postgres", "sanitized_query": "select 1"})
    document = segment(
        parent_id="0123456789abcdef",
        http={"request": {"method": "POST", "url": "https://a/pay?x=1"}, "response": {"status": 500}},
        fault=True,
        annotations={"tenant": "a", "amount": 12},
        metadata={"default": {"cart": [1, {"sku": "x"}]}},
        origin="AWS::ECS::Container",
        service={"version": "1.2"},
        aws={"xray": {"sdk": "X-Ray for Python"}, "ecs": {"container": "web"}},
        user="u-1",
        cause="3e9e11e3ab3fba60",
        links=[{"trace_id": "1-5f29ab21-d4ebf299219a65bd5c31d6da", "id": "88ad1df59cd7a7be", "attributes": {}}],
        subsegments=[call, query],
    )

    root, *calls = (json.loads(text) for text in segments_of(to_otlp(document)))

    del document["subsegments"]
    assert root == document
    expected = [
        one | {"type": "subsegment", "trace_id": root["trace_id"], "parent_id": root["id"]} for one in (call, query)
    ]
    assert sorted(calls, key=lambda one: one["id"]) == sorted(expected, key=lambda one: one["id"])


def request_of(**fields) -> tuple[ExportTraceServiceRequest, object]:
    """A request with one span of service `shop`."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "shop"
    usual = {"name": "GET /", "trace_id": b"t" * 16, "span_id": b"s" * 8, "start_time_unix_nano": 10**18}
    return request, resource.scope_spans.add().spans.add(**(usual | fields))


def only(request: ExportTraceServiceRequest) -> dict:
    (text,) = segments_of(request.SerializeToString())
    return json.loads(text)


@pytest.mark.parametrize(
    ("code", "status", "flags"),
    [
        (200, 0, {}),
        (404, 0, {"error": True}),
        (429, 0, {"throttle": True, "error": True}),
        (503, 0, {"fault": True}),
        (200, 2, {"fault": True}),
        (None, 2, {"fault": True}),
    ],
)
def test_flags_follow_the_table_of_events(code, status, flags):
    """A span that is bad is a fault, an answered refusal an error, a 429 throttled."""
    request, span = request_of(kind=2)
    span.status.code = status
    if code is not None:
        span.attributes.add(key="http.response.status_code").value.int_value = code

    found = only(request)

    assert {key: found[key] for key in ("fault", "error", "throttle") if key in found} == flags


def test_spans_of_opentelemetry_become_segments(now):
    """A server's span is a segment of its service; a call is a remote subsegment named after whom it called; the rest is metadata."""
    request, span = request_of(kind=2)
    for key, value in {
        "url.scheme": "https",
        "server.address": "shop.example",
        "url.path": "/a",
        "http.route": "/a",
    }.items():
        span.attributes.add(key=key).value.string_value = value
    event = span.events.add(name="exception")
    event.attributes.add(key="exception.type").value.string_value = "Boom"
    event.attributes.add(key="exception.stacktrace").value.string_value = "at x"
    server = only(request)
    request, span = request_of(kind=3, parent_span_id=b"p" * 8, name="GET")
    span.attributes.add(key="server.address").value.string_value = "orders.example"
    call = only(request)

    assert (server["name"], server["http"]["request"]["url"]) == ("shop", "https://shop.example/a")
    assert server["metadata"] == {"otel": {"http.route": "/a"}, "exception": {"stacktrace_0": "at x"}}
    assert server["cause"]["exceptions"][0]["type"] == "Boom"
    assert (call["type"], call["namespace"], call["name"]) == ("subsegment", "remote", "orders.example")
    assert call["trace_id"] == "1-74747474-747474747474747474747474"


def test_documents_fit_the_service_s_limit():
    """What is too large loses metadata first, then the ends of its texts; it always stays a document of 64 kB or less."""
    for key, size in (("note", 100_000), ("http.request.method", 100_000)):
        request, span = request_of(kind=2)
        span.attributes.add(key=key).value.string_value = "x" * size
        (text,) = segments_of(request.SerializeToString())
        assert len(text) < LARGEST
        assert json.loads(text)["name"] == "shop"


def test_spans_without_ids_are_dropped_and_told(service):
    """X-Ray takes no span without ids: the others are sent, and how many were not is told."""
    request, _ = request_of()
    request.resource_spans[0].scope_spans[0].spans.add(name="nobody")

    with pytest.raises(Drop) as told:
        deliver(service.url, request.SerializeToString())

    assert (told.value.reason, told.value.items) == ("not_a_segment", 1)
    assert [len(call) for call in service.calls] == [1]


def test_documents_go_in_calls_of_fifty(service, segment):
    """A large request is sent in several calls, every document once."""
    documents = [segment() for _ in range(120)]
    deliver(service.url, to_otlp(*documents))

    assert [len(call) for call in service.calls] == [50, 50, 20]
    assert {one["id"] for call in service.calls for one in call} == {one["id"] for one in documents}


def unprocessed(*codes: str) -> tuple[int, dict, dict]:
    return 200, {}, {"UnprocessedTraceSegments": [{"Id": "1", "ErrorCode": code, "Message": "no"} for code in codes]}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            (429, {"x-amzn-ErrorType": "ThrottledException", "Retry-After": "7"}, {"Message": "slow"}),
            ("throttled", 7.0),
        ),
        ((400, {"x-amzn-ErrorType": "ThrottlingException"}, {}), ("throttled", None)),
        ((500, {}, {}), ("http_500", None)),
        ((503, {}, {}), ("http_503", None)),
        ((403, {"x-amzn-ErrorType": "ExpiredTokenException"}, {}), ("not_allowed", None)),
        (unprocessed("ThrottledException"), ("throttled", None)),
        (unprocessed("InvalidSegment", "InternalFailure"), ("throttled", None)),
    ],
)
def test_what_may_pass_is_asked_again(service, segment, answer, expected):
    """Throttling, the service's own faults and refused credentials keep the request in the queue, for as long as the service says."""
    service.answers.append(answer)

    with pytest.raises(Retry) as told:
        deliver(service.url, to_otlp(segment()))

    assert (told.value.reason, told.value.after) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((400, {"x-amzn-ErrorType": "InvalidRequestException"}, {}), ("http_400", None)),
        ((413, {}, {}), ("http_413", None)),
        (unprocessed("MissingId", "MissingId"), ("unprocessed", 2)),
    ],
)
def test_what_is_refused_for_good_is_dropped_with_a_count(service, segment, answer, expected):
    """A bad request, or segments the service does not take, are not sent again."""
    service.answers.append(answer)

    with pytest.raises(Drop) as told:
        deliver(service.url, to_otlp(segment()))

    assert (told.value.reason, told.value.items) == expected
    if told.value.items:
        counted = told.value.registry.get_sample_value("fournines_xray_unprocessed_total", {"code": "MissingId"})
        assert counted == told.value.items


def test_error_codes_are_a_bounded_set(service, segment):
    """However many codes a service makes up, the metric has room for twenty, and the others are one."""
    service.answers.append(unprocessed(*(f"code-{number}" for number in range(50))))

    with pytest.raises(Drop) as told:
        deliver(service.url, to_otlp(segment()))

    assert told.value.registry.get_sample_value("fournines_xray_unprocessed_total", {"code": "other"}) == 30


def test_no_connection_and_no_credentials_are_asked_again(segment, monkeypatch, service):
    """While nobody listens, or credentials are missing, the request stays in the queue."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(Retry, match="EndpointConnectionError"):
        deliver(nobody, to_otlp(segment()))

    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(Retry, match="NoCredentialsError"):
        deliver(service.url, to_otlp(segment()))


def test_what_is_no_trace_is_dropped(service):
    """Metrics and broken bodies are refused with a reason, and nothing is sent."""
    with pytest.raises(Drop, match="traces only"):
        deliver(service.url, b"", Signal.METRICS)
    with pytest.raises(Drop) as told:
        deliver(service.url, b"\xff\xff")

    assert told.value.reason == "body"
    assert service.calls == []


def test_a_missing_region_is_told_at_the_start(monkeypatch):
    """Without a region there is nowhere to send to: that is said when the sender is made, not with the first span."""
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.delenv("AWS_REGION", raising=False)
    with pytest.raises(CollectorError, match="region"):
        XrayForwarder(None, lambda: 0.0, Unprocessed(CollectorRegistry()))
