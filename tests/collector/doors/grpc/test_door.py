"""What an OTLP/gRPC server must do: the specification's "OTLP/gRPC", asked of ours on loopback."""

from __future__ import annotations

import contextlib
import time

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from fournines.collector import (
    Access,
    BadRequest,
    CollectorError,
    GrpcDoor,
    Receipt,
    Room,
    Signal,
    Terms,
    TooLarge,
    Unavailable,
)
from fournines.collector.doors.pace import PACE

TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
METRICS = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
GOOD = ExportTraceServiceRequest(
    resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=[Span(kind=Span.SPAN_KIND_SERVER)])])]
).SerializeToString()


@pytest.fixture
def ledger(keeper):
    """What keeps the requests of one test."""
    return keeper()


@pytest.fixture
def running(ledger, serving):
    """Runs a receiver on a free port, and gives a channel to it."""

    @contextlib.contextmanager
    def run(**options):
        terms = Terms(ledger.accept, time.time, **options)
        unlimited = [("grpc.max_send_message_length", -1)]
        with (
            serving(lambda: GrpcDoor(terms, "127.0.0.1", 0, option="--otlp-grpc-port")) as door,
            grpc.insecure_channel(f"127.0.0.1:{door.port}", options=unlimited) as channel,
        ):
            yield channel

    return run


@pytest.fixture
def export(running):
    """Makes one call and gives the response's bytes."""

    def call(body, method=TRACES, compression=None, metadata=None, **options):
        with running(**options) as channel:
            return channel.unary_unary(method)(body, compression=compression, metadata=metadata, timeout=30)

    return call


@pytest.fixture
def refused(export):
    """Makes one call, and gives the code, the message and the details of its refusal."""

    def call(*args, **options):
        with pytest.raises(grpc.RpcError) as caught:
            export(*args, **options)
        metadata = dict(caught.value.trailing_metadata() or ())
        details = Status.FromString(metadata.get("grpc-status-details-bin", b""))
        return caught.value.code(), caught.value.details(), details

    return call


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_a_request_arrives_as_it_was_sent(compression, export, ledger):
    """With and without gzip: kept byte for byte, answered with a response whose partial_success is unset."""
    assert b"" == export(GOOD, compression=compression)
    assert [(Signal.TRACES, GOOD)] == ledger.kept


@pytest.mark.parametrize(
    ("method", "signal"), [(TRACES, Signal.TRACES), (METRICS, Signal.METRICS), (LOGS, Signal.LOGS)]
)
def test_an_empty_request_is_a_success(method, signal, export, ledger):
    """Nothing sent is taken."""
    assert b"" == export(b"", method)
    assert [(signal, b"")] == ledger.kept


def test_what_was_rejected_is_said_in_partial_success(export, ledger):
    """Where a part was rejected the answer is OK with how much and why."""
    ledger.receipt = Receipt(0, 3, "older than 3 days")
    spans = ExportTraceServiceResponse.FromString(export(GOOD)).partial_success
    points = ExportMetricsServiceResponse.FromString(export(b"", METRICS)).partial_success

    assert (3, "older than 3 days") == (spans.rejected_spans, spans.error_message)
    assert (3, "older than 3 days") == (points.rejected_data_points, points.error_message)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadRequest("not so"), grpc.StatusCode.INVALID_ARGUMENT),
        (TooLarge("too much"), grpc.StatusCode.RESOURCE_EXHAUSTED),
    ],
)
def test_what_can_never_be_kept_is_refused_for_good(error, code, refused, ledger):
    """Codes that no sender sends again, without RetryInfo; the details hold the same Status."""
    ledger.error = error
    got, message, status = refused(GOOD)

    assert (code, str(error)) == (got, message)
    assert (code.value[0], str(error)) == (status.code, status.message)
    assert not any(detail.Is(RetryInfo.DESCRIPTOR) for detail in status.details)


def test_no_protobuf_is_an_invalid_argument(refused):
    """A body that can't be decoded is INVALID_ARGUMENT."""
    assert grpc.StatusCode.INVALID_ARGUMENT is refused(b"\xff\xff\xff")[0]


def test_what_cannot_be_kept_now_is_asked_for_again(refused, ledger):
    """Unavailable is UNAVAILABLE with RetryInfo: the sender keeps what it has, and knows how long to wait."""
    ledger.error = Unavailable("the disk is full", retry_after=7)
    code, message, status = refused(GOOD)
    retry = RetryInfo()

    assert (grpc.StatusCode.UNAVAILABLE, "the disk is full") == (code, message)
    assert status.details[0].Unpack(retry)
    assert 7 == retry.retry_delay.seconds


def test_a_commit_that_takes_too_long_is_asked_for_again(refused, ledger):
    """A sender never waits for ever, and is never told OK before the commit."""
    ledger.silent = True

    assert grpc.StatusCode.UNAVAILABLE is refused(GOOD, pace=PACE._replace(request=0.02, commit=0.02))[0]


def test_a_fault_of_our_own_is_logged_and_kept_from_the_sender(caplog, refused, ledger):
    """What is none of our errors is INTERNAL and says nothing of the inside; the log says it."""
    ledger.error = RuntimeError("secret")
    code, message, _ = refused(GOOD)

    assert grpc.StatusCode.INTERNAL is code
    assert "secret" not in message
    assert "secret" in caplog.text


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_a_message_over_the_limit_is_resource_exhausted(compression, refused):
    """The limit holds before and after inflating."""
    assert grpc.StatusCode.RESOURCE_EXHAUSTED is refused(bytes(2**22), compression=compression, limit=2**20)[0]


@pytest.mark.parametrize(
    "method", ["/opentelemetry.proto.collector.trace.v1.TraceService/Import", "/other.Service/Export"]
)
def test_a_method_that_is_not_ours_is_unimplemented(method, refused):
    """Other methods and services are UNIMPLEMENTED."""
    assert grpc.StatusCode.UNIMPLEMENTED is refused(b"", method)[0]


def test_a_port_in_use_is_said_with_the_way_out(ledger, serving):
    """A second receiver on the same port is refused, and told so with the option that chooses another."""
    terms = Terms(ledger.accept, time.time)
    with serving(lambda: GrpcDoor(terms, "127.0.0.1", 0, option="--otlp-grpc-port")) as first:
        said = rf"127\.0\.0\.1 port {first.port}: the port is in use by another process; .* --otlp-grpc-port"
        with pytest.raises(CollectorError, match=said):
            GrpcDoor(terms, "127.0.0.1", first.port, option="--otlp-grpc-port")


def test_without_a_token_that_may_send_the_code_is_unauthenticated(refused, export, ledger):
    """A call without a known token is UNAUTHENTICATED and leaves nothing; with one it is taken."""
    access = Access(["right"])

    assert grpc.StatusCode.UNAUTHENTICATED is refused(GOOD, access=access)[0]
    assert grpc.StatusCode.UNAUTHENTICATED is refused(GOOD, access=access, metadata=[("authorization", "Bearer x")])[0]
    assert [] == ledger.kept
    assert b"" == export(GOOD, access=access, metadata=[("authorization", "Bearer right")])


def test_what_finds_no_room_is_asked_for_again(refused, ledger):
    """A call that there is no room for is UNAVAILABLE with RetryInfo, before its message is sent whole."""
    room = Room(2**20)
    room.take(2**20)
    code, message, status = refused(bytes(2**22), room=room)

    assert (grpc.StatusCode.UNAVAILABLE, True) == (code, "no room" in message)
    assert status.details[0].Is(RetryInfo.DESCRIPTOR)
    assert (2**20, []) == (room.bytes, ledger.kept)


@pytest.mark.parametrize("size", [0, 1, 16_384, 65_535, 2**20, 9 * 2**20, 40 * 2**20])
def test_messages_of_any_size_arrive(export, ledger, size):
    """However large beside the windows and frames of HTTP/2, a message within the limit arrives as it was sent."""
    body = ExportTraceServiceRequest(resource_spans=[ResourceSpans(schema_url="x" * size)]).SerializeToString()

    assert b"" == export(body)
    assert body == ledger.kept[0][1]


def test_one_connection_carries_many_calls_at_once(running, ledger):
    """Calls beyond those that may be under way at once wait for their turn at the sender, and every one is answered."""
    with running() as channel:
        call = channel.unary_unary(TRACES)
        answers = [call.future(GOOD, timeout=30) for _ in range(1000)]

        assert {b""} == {answer.result() for answer in answers}
    assert 1000 == len(ledger.kept)


def test_a_long_reason_arrives_whole(export, ledger):
    """An answer larger than a frame and than the sender's window is sent as the window opens."""
    ledger.receipt = Receipt(0, 1, "x" * 200_000)

    assert 200_000 == len(ExportTraceServiceResponse.FromString(export(GOOD)).partial_success.error_message)


def test_a_call_that_is_given_up_gives_its_room_back(running, ledger):
    """A sender that cancels, or whose deadline passes, leaves no room taken, and its connection goes on."""
    room = Room()
    ledger.silent = True
    with running(room=room) as channel:
        call = channel.unary_unary(TRACES)
        for _ in range(20):
            with pytest.raises(grpc.RpcError):
                call(GOOD, timeout=0.005)
        ledger.silent = False

        assert b"" == call(GOOD, timeout=30)
    assert (0, 0) == (room.bytes, room.requests)
