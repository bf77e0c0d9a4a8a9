"""What an OTLP/HTTP server must do: the specification's "OTLP/HTTP" as a table, asked of ours on loopback."""

from __future__ import annotations

import gzip
import json

import httpx
import pytest
import zstandard
from google.rpc.error_details_pb2 import BadRequest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from fournines.collector import Access, HttpDoor, Receipt, Signal, Terms
from fournines.collector.errors import TooLarge, Unavailable

PROTOBUF, JSON = "application/x-protobuf", "application/json"
SPAN = Span(trace_id=b"t" * 16, span_id=b"s" * 8, kind=Span.SPAN_KIND_SERVER, name="GET /")


def request_of(*spans):
    return ExportTraceServiceRequest(
        resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=spans)])]
    ).SerializeToString()


def json_of(**fields):
    span = {"traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "EEE19B7EC3C1B174", "kind": 2, **fields}
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()


@pytest.fixture
def ledger(keeper):
    """What keeps the requests of one test."""
    return keeper()


@pytest.fixture
def post(ledger, serving):
    """Sends one request; header names have their dashes written as `_`."""

    def send(body=b"", content_type=PROTOBUF, path="/v1/traces", *, method="POST", limit=2**20, access=None, **headers):
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if content_type is not None:
            sent["content-type"] = content_type
        terms = Terms(ledger.accept, lambda: 1_790_000_000.0, limit=limit, access=access or Access())
        running = serving(lambda: HttpDoor(terms, "127.0.0.1", 0, option="--otlp-http-port"))
        # No proxies and no certificates are looked for: both take longer than the request.
        with running as door, httpx.Client(trust_env=False, verify=False) as client:
            return client.request(method, f"http://127.0.0.1:{door.port}{path}", content=body, headers=sent)

    return send


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
    "protobuf, zstd": (200, PROTOBUF, {"body": zstandard.compress(GOOD), "content_encoding": "zstd"}),
    "JSON, zstd": (
        200,
        JSON,
        {"body": zstandard.compress(json_of()), "content_type": JSON, "content_encoding": "zstd"},
    ),
    "a path with a query": (200, PROTOBUF, {"body": GOOD, "path": "/v1/traces?a=b"}),
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
    "corrupt gzip": (400, PROTOBUF, {"body": b"no gzip", "content_encoding": "gzip"}),
    "plain bytes said to be zstd": (400, PROTOBUF, {"body": GOOD, "content_encoding": "zstd"}),
    "zstd cut off": (400, PROTOBUF, {"body": zstandard.compress(GOOD)[:-4], "content_encoding": "zstd"}),
    "gzip cut off": (400, PROTOBUF, {"body": gzip.compress(GOOD)[:-4], "content_encoding": "gzip"}),
    "no JSON": (400, JSON, {"body": b"{", "content_type": JSON}),
    "JSON, an enum's name": (400, JSON, {"body": json_of(kind="SPAN_KIND_SERVER"), "content_type": JSON}),
    "JSON, an id in base64": (400, JSON, {"body": json_of(traceId="W47/95gDgQPSabYzgT/GDA=="), "content_type": JSON}),
    "JSON, a short trace id": (400, JSON, {"body": json_of(traceId="5B8E"), "content_type": JSON}),
    "another path": (404, PROTOBUF, {"body": GOOD, "path": "/v1/spans"}),
    "the root": (404, JSON, {"method": "GET", "path": "/", "content_type": None}),
    "GET": (405, JSON, {"method": "GET", "content_type": None}),
    "OPTIONS": (405, JSON, {"method": "OPTIONS", "content_type": None}),
    "PUT": (405, PROTOBUF, {"method": "PUT", "body": GOOD}),
    "a body over the limit": (413, PROTOBUF, {"body": GOOD * 50, "limit": 1000}),
    "a body over the limit once inflated": (
        413,
        PROTOBUF,
        {"body": gzip.compress(bytes(2**21)), "content_encoding": "gzip"},
    ),
    "no Content-Type": (415, JSON, {"body": GOOD, "content_type": None}),
    "plain text": (415, JSON, {"body": GOOD, "content_type": "text/plain"}),
    "an encoding that is not understood": (415, PROTOBUF, {"body": GOOD, "content_encoding": "br"}),
}


@pytest.mark.parametrize("case", CONFORMANCE)
def test_conformance(case, post, ledger):
    """Each request has the specified status, in its own encoding; 200 if and only if it was kept, a Status for all that was not."""
    expected, encoding, asked = CONFORMANCE[case]
    answer = post(**{"body": b"", **asked})

    assert (expected, encoding) == (answer.status_code, answer.headers["content-type"])
    assert len(ledger.kept) == (expected == 200)
    if expected == 200:
        assert answer.content == (b"" if encoding == PROTOBUF else b"{}")
    else:
        status = status_of(answer)
        assert status.code
        assert status.message


def test_a_body_arrives_as_it_was_sent(post, ledger):
    """What is kept is the request byte for byte, inflated: repeats are recognised by their bytes."""
    post(GOOD)
    post(gzip.compress(GOOD), content_encoding="gzip")

    assert [(Signal.TRACES, GOOD)] * 2 == ledger.kept


def test_json_is_kept_as_the_same_protobuf_each_time(post, ledger):
    """Equal JSON gives equal bytes, so that its repeats are recognised too, and they are the bytes of the protobuf request."""
    for _ in range(2):
        post(json_of(), JSON)

    first, second = (body for _, body in ledger.kept)
    span = ExportTraceServiceRequest.FromString(first).resource_spans[0].scope_spans[0].spans[0]
    assert first == second
    assert (b"\xee\xe1\x9b\x7e\xc3\xc1\xb1\x74", 2) == (span.span_id, span.kind)


def test_large_json_is_read_too(post, ledger):
    """JSON too large to be converted between two other requests is converted all the same."""
    answer = post(json_of(name="x" * 100_000), JSON)

    assert (200, 1) == (answer.status_code, len(ledger.kept))


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
@pytest.mark.parametrize(
    ("path", "answers", "counter"),
    [
        ("/v1/traces", ExportTraceServiceResponse, "rejected_spans"),
        ("/v1/metrics", ExportMetricsServiceResponse, "rejected_data_points"),
        ("/v1/logs", ExportLogsServiceResponse, "rejected_log_records"),
    ],
)
def test_what_was_rejected_is_said_in_partial_success(content_type, path, answers, counter, post, ledger):
    """Where a part was rejected the answer is 200 with how much and why, which tells the sender not to send it again."""
    ledger.receipt = Receipt(0, 3, "older than 3 days")
    answer = post(b"" if content_type == PROTOBUF else b"{}", content_type, path)

    assert 200 == answer.status_code
    if content_type == PROTOBUF:
        partial = answers.FromString(answer.content).partial_success
        assert (3, "older than 3 days") == (getattr(partial, counter), partial.error_message)
    else:
        head, *tail = counter.split("_")
        name = head + "".join(word.capitalize() for word in tail)
        assert {"partialSuccess": {name: "3", "errorMessage": "older than 3 days"}} == answer.json()


def test_what_cannot_be_kept_now_is_asked_for_again(post, ledger):
    """Unavailable is 503 with Retry-After: the one refusal after which a sender keeps what it has."""
    ledger.error = Unavailable("the disk is full", retry_after=7)
    answer = post(GOOD)

    assert (503, "7") == (answer.status_code, answer.headers["retry-after"])
    assert (14, "the disk is full") == (status_of(answer).code, status_of(answer).message)


def test_too_large_can_be_found_late(post, ledger):
    """A TooLarge from within is 413 as well."""
    ledger.error = TooLarge("too many spans")

    assert 413 == post(GOOD).status_code


def test_a_fault_of_our_own_is_logged_and_kept_from_the_sender(caplog, post, ledger):
    """What is none of our errors is a 500 that says nothing of the inside; the log says it."""
    ledger.error = RuntimeError("secret")
    answer = post(GOOD)

    assert 500 == answer.status_code
    assert b"secret" not in answer.content
    assert "secret" in caplog.text


def test_405_says_what_is_allowed_and_415_what_is_understood(post):
    """The answers name the way out: the method, or the encodings."""
    assert "POST" == post(method="GET").headers["allow"]
    assert "gzip, zstd" == post(content_encoding="br").headers["accept-encoding"]
    assert PROTOBUF in status_of(post(content_type="text/plain")).message


def test_head_is_answered_without_a_body(post):
    """HEAD has the head of a refusal, its length too, and no body (RFC 9110, section 9.3.2)."""
    answer = post(method="HEAD", content_type=None)

    assert (405, b"") == (answer.status_code, answer.content)
    assert int(answer.headers["content-length"]) > 0


def test_every_answer_is_dated(post):
    """A server with a clock dates its answers (RFC 9110, section 6.6.1)."""
    assert "Mon, 21 Sep 2026 14:13:20 GMT" == post(GOOD).headers["date"]


def test_400_names_the_fault_as_bad_request_details(post):
    """What can never be read says so in the Status's details, which hold no RetryInfo."""
    (detail,) = status_of(post(b"\xff\xff\xff")).details
    fault = BadRequest()

    assert detail.Unpack(fault)
    assert "protobuf" in fault.field_violations[0].description


@pytest.mark.parametrize(
    ("asked", "packed"),
    [("gzip, deflate", True), ("br;q=1.0, gzip;q=0.5", True), ("gzip;q=0", False), ("identity", False)],
)
def test_an_answer_is_compressed_only_for_who_asks(post, ledger, asked, packed):
    """A long answer is gzip if and only if the sender says that it takes it."""
    ledger.receipt = Receipt(0, 3, "x" * 2000)
    answer = post(GOOD, accept_encoding=asked)
    partial = ExportTraceServiceResponse.FromString(answer.content).partial_success

    assert ("gzip" if packed else None) == answer.headers.get("content-encoding")
    assert "x" * 2000 == partial.error_message


def test_a_warning_without_a_rejection_is_said(post, ledger):
    """Nothing rejected and a reason all the same is a partial_success with a count of 0."""
    ledger.receipt = Receipt(1, 0, "the sender's clock is an hour ahead")
    partial = ExportTraceServiceResponse.FromString(post(GOOD).content).partial_success

    assert (0, "the sender's clock is an hour ahead") == (partial.rejected_spans, partial.error_message)


@pytest.mark.parametrize("said", [None, "Bearer wrong", "Bearer", "Basic right", "right", "bearer right\xff"])
def test_without_a_token_that_may_send_the_answer_is_401(post, ledger, said):
    """Tokens that are not known, or shown in another way, are refused with the way that is asked for, and nothing is kept."""
    headers = {} if said is None else {"authorization": said.encode("latin-1")}
    answer = post(GOOD, access=Access(["right", "other"]), **headers)

    assert (401, "Bearer", 16) == (answer.status_code, answer.headers["www-authenticate"], status_of(answer).code)
    assert [] == ledger.kept


@pytest.mark.parametrize("said", ["Bearer right", "bearer other"])
def test_any_of_the_tokens_may_send(post, said):
    """Each of the tokens lets in; the scheme's letters may be large or small."""
    assert 200 == post(GOOD, access=Access(["right", "other"]), authorization=said).status_code
