"""What an OTLP/HTTP server must do: the specification's "OTLP/HTTP" as a table, asked of ours in process."""

from __future__ import annotations

import asyncio
import gzip
import json
from dataclasses import dataclass, field

import httpx
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from fournines.collector.columns import Signal, Wanted
from fournines.collector.errors import TooLarge, Unavailable
from fournines.collector.http import otlp_app
from fournines.collector.points import decode_points
from fournines.collector.wire import decode_spans

PROTOBUF, JSON = "application/x-protobuf", "application/json"
SPAN = Span(trace_id=b"t" * 16, span_id=b"s" * 8, kind=Span.SPAN_KIND_SERVER, name="GET /")


def request_of(*spans):
    return ExportTraceServiceRequest(
        resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=spans)])]
    ).SerializeToString()


def json_of(**fields):
    span = {"traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "EEE19B7EC3C1B174", "kind": 2, **fields}
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()


@dataclass
class Receipt:
    rejected: int = 0
    reason: str = ""


@dataclass
class Ledger:
    """Stands for what keeps the requests: decodes them, remembers them, and answers or fails as it is told."""

    receipt: Receipt = field(default_factory=Receipt)
    error: BaseException | None = None
    kept: list = field(default_factory=list)

    async def accept(self, signal, body):
        (decode_spans if signal is Signal.TRACES else decode_points)(body, Wanted(frozenset(), frozenset()))
        if self.error is not None:
            raise self.error
        self.kept.append((signal, body))
        return self.receipt


def post(body=b"", content_type=PROTOBUF, path="/v1/traces", *, method="POST", ledger=None, limit=2**20, **headers):
    """One request to the application; header names have their dashes written as `_`."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if content_type is not None:
        sent["content-type"] = content_type
    app = otlp_app((ledger or Ledger()).accept, limit=limit)

    async def send():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://collector") as client:
            return await client.request(method, path, content=body, headers=sent)

    return asyncio.run(send())


def status_of(answer):
    """The `google.rpc.Status` that every 4xx and 5xx carries, in the answer's own encoding."""
    if answer.headers["content-type"] == PROTOBUF:
        return Status.FromString(answer.content)
    document = answer.json()
    return Status(code=document["code"], message=document["message"])


GOOD = request_of(SPAN)
CONFORMANCE = {
    "protobuf": (200, PROTOBUF, {"body": GOOD}),
    "protobuf, gzip": (200, PROTOBUF, {"body": gzip.compress(GOOD), "content_encoding": "gzip"}),
    "protobuf, gzip in capitals": (200, PROTOBUF, {"body": gzip.compress(GOOD), "content_encoding": "GZIP"}),
    "protobuf, identity": (200, PROTOBUF, {"body": GOOD, "content_encoding": "identity"}),
    "empty protobuf": (200, PROTOBUF, {}),
    "empty metrics": (200, PROTOBUF, {"path": "/v1/metrics"}),
    "empty logs": (200, PROTOBUF, {"path": "/v1/logs"}),
    "ids of zeros": (200, PROTOBUF, {"body": request_of(Span(trace_id=bytes(16), span_id=bytes(8)))}),
    "protobuf with a parameter": (200, PROTOBUF, {"body": GOOD, "content_type": f"{PROTOBUF}; charset=utf-8"}),
    "JSON": (200, JSON, {"body": json_of(), "content_type": JSON}),
    "JSON, gzip": (
        200,
        JSON,
        {"body": gzip.compress(json_of()), "content_type": JSON, "content_encoding": "gzip"},
    ),
    "JSON with a charset": (200, JSON, {"body": json_of(), "content_type": "Application/JSON; charset=utf-8"}),
    "empty JSON object": (200, JSON, {"body": b"{}", "content_type": JSON}),
    "JSON, a key that is not known": (200, JSON, {"body": json_of(later={"a": 1}), "content_type": JSON}),
    "JSON, snake_case is not known": (200, JSON, {"body": json_of(trace_id="?"), "content_type": JSON}),
    "JSON, 64-bit integer as number": (200, JSON, {"body": json_of(startTimeUnixNano=17), "content_type": JSON}),
    "JSON, 64-bit integer as string": (200, JSON, {"body": json_of(startTimeUnixNano="17"), "content_type": JSON}),
    "JSON logs": (200, JSON, {"body": b'{"resourceLogs":[]}', "content_type": JSON, "path": "/v1/logs"}),
    "no protobuf": (400, PROTOBUF, {"body": b"\xff\xff\xff"}),
    "a body cut off": (400, PROTOBUF, {"body": GOOD[:-1]}),
    "a short trace id": (400, PROTOBUF, {"body": request_of(Span(trace_id=b"\x5b\x8e"))}),
    "corrupt gzip": (400, PROTOBUF, {"body": b"no gzip", "content_encoding": "gzip"}),
    "gzip cut off": (400, PROTOBUF, {"body": gzip.compress(GOOD)[:-4], "content_encoding": "gzip"}),
    "no JSON": (400, JSON, {"body": b"{", "content_type": JSON}),
    "JSON, an enum's name": (400, JSON, {"body": json_of(kind="SPAN_KIND_SERVER"), "content_type": JSON}),
    "JSON, an id in base64": (400, JSON, {"body": json_of(traceId="W47/95gDgQPSabYzgT/GDA=="), "content_type": JSON}),
    "JSON, a short trace id": (400, JSON, {"body": json_of(traceId="5B8E"), "content_type": JSON}),
    "another path": (404, PROTOBUF, {"body": GOOD, "path": "/v1/spans"}),
    "the root": (404, JSON, {"method": "GET", "path": "/", "content_type": None}),
    "GET": (405, JSON, {"method": "GET", "content_type": None}),
    "PUT": (405, PROTOBUF, {"method": "PUT", "body": GOOD}),
    "a body over the limit": (413, PROTOBUF, {"body": GOOD * 50, "limit": 1000}),
    "a body over the limit once inflated": (
        413,
        PROTOBUF,
        {"body": gzip.compress(bytes(2**21)), "content_encoding": "gzip"},
    ),
    "no Content-Type": (415, JSON, {"body": GOOD, "content_type": None}),
    "plain text": (415, JSON, {"body": GOOD, "content_type": "text/plain"}),
    "zstd": (415, PROTOBUF, {"body": GOOD, "content_encoding": "zstd"}),
}


@pytest.mark.parametrize("case", CONFORMANCE)
def test_conformance(case):
    """Each request has the specified status, in its own encoding; 200 if and only if it was kept, a Status for all that was not."""
    expected, encoding, asked = CONFORMANCE[case]
    ledger = Ledger()
    answer = post(**{"body": b"", **asked}, ledger=ledger)

    assert (expected, encoding) == (answer.status_code, answer.headers["content-type"])
    kept_nothing = expected != 200 or asked.get("path") == "/v1/logs"
    assert len(ledger.kept) == (0 if kept_nothing else 1)
    if expected == 200:
        assert answer.content == (b"" if encoding == PROTOBUF else b"{}")
    else:
        status = status_of(answer)
        assert status.code
        assert status.message


def test_a_body_arrives_as_it_was_sent():
    """What is kept is the request byte for byte, inflated: repeats are recognised by their bytes."""
    ledger = Ledger()
    post(GOOD, ledger=ledger)
    post(gzip.compress(GOOD), ledger=ledger, content_encoding="gzip")

    assert [(Signal.TRACES, GOOD)] * 2 == ledger.kept


def test_json_is_kept_as_the_same_protobuf_each_time():
    """Equal JSON gives equal bytes, so that its repeats are recognised too, and they are the bytes of the protobuf request."""
    ledger = Ledger()
    for _ in range(2):
        post(json_of(), JSON, ledger=ledger)

    first, second = (body for _, body in ledger.kept)
    span = ExportTraceServiceRequest.FromString(first).resource_spans[0].scope_spans[0].spans[0]
    assert first == second
    assert (b"\xee\xe1\x9b\x7e\xc3\xc1\xb1\x74", 2) == (span.span_id, span.kind)


def test_large_json_is_read_too():
    """JSON too large to be converted between two other requests is converted all the same."""
    ledger = Ledger()
    answer = post(json_of(name="x" * 100_000), JSON, ledger=ledger)

    assert (200, 1) == (answer.status_code, len(ledger.kept))


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
@pytest.mark.parametrize(
    ("path", "answers", "counter"),
    [
        ("/v1/traces", ExportTraceServiceResponse, "rejected_spans"),
        ("/v1/metrics", ExportMetricsServiceResponse, "rejected_data_points"),
    ],
)
def test_what_was_rejected_is_said_in_partial_success(content_type, path, answers, counter):
    """Where a part was rejected the answer is 200 with how much and why, which tells the sender not to send it again."""
    ledger = Ledger(Receipt(3, "older than 3 days"))
    answer = post(b"" if content_type == PROTOBUF else b"{}", content_type, path, ledger=ledger)

    assert 200 == answer.status_code
    if content_type == PROTOBUF:
        partial = answers.FromString(answer.content).partial_success
        assert (3, "older than 3 days") == (getattr(partial, counter), partial.error_message)
    else:
        name = "rejectedSpans" if path == "/v1/traces" else "rejectedDataPoints"
        assert {"partialSuccess": {name: "3", "errorMessage": "older than 3 days"}} == answer.json()


def test_what_cannot_be_kept_now_is_asked_for_again():
    """Unavailable is 503 with Retry-After: the one refusal after which a sender keeps what it has."""
    answer = post(GOOD, ledger=Ledger(error=Unavailable("the disk is full", retry_after=7)))

    assert (503, "7") == (answer.status_code, answer.headers["retry-after"])
    assert (14, "the disk is full") == (status_of(answer).code, status_of(answer).message)


def test_a_stopping_collector_asks_for_it_again():
    """A request cut off by the collector's own end is 503, never a success."""
    answer = post(GOOD, ledger=Ledger(error=asyncio.CancelledError()))

    assert (503, "1") == (answer.status_code, answer.headers["retry-after"])


def test_too_large_can_be_found_late():
    """A TooLarge from within is 413 as well."""
    assert 413 == post(GOOD, ledger=Ledger(error=TooLarge("too many spans"))).status_code


def test_a_fault_of_our_own_is_logged_and_kept_from_the_sender(caplog):
    """What is none of our errors is a 500 that says nothing of the inside; the log says it."""
    answer = post(GOOD, ledger=Ledger(error=RuntimeError("secret")))

    assert 500 == answer.status_code
    assert b"secret" not in answer.content
    assert "secret" in caplog.text


def test_405_says_what_is_allowed_and_415_what_is_understood():
    """The answers name the way out: the method, or the encodings."""
    assert "POST" == post(method="GET").headers["allow"]
    assert "gzip" == post(content_encoding="br").headers["accept-encoding"]
    assert PROTOBUF in status_of(post(content_type="text/plain")).message
