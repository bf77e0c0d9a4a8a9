"""What an OTLP/gRPC server must do: the specification's "OTLP/gRPC", asked of ours on loopback."""

from __future__ import annotations

import contextlib
from concurrent.futures import Future
from dataclasses import dataclass, field

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

import fournines.collector.grpc as receiver_module
from fournines.collector.columns import Signal, Wanted
from fournines.collector.errors import BadRequest, CollectorError, TooLarge, Unavailable
from fournines.collector.grpc import GrpcReceiver
from fournines.collector.points import decode_points
from fournines.collector.wire import decode_spans

TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
METRICS = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
GOOD = ExportTraceServiceRequest(
    resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=[Span(kind=Span.SPAN_KIND_SERVER)])])]
).SerializeToString()


@dataclass
class Receipt:
    rejected: int = 0
    reason: str = ""


@dataclass
class Ledger:
    """Stands for what keeps the requests: decodes them, remembers them, and answers or fails as it is told."""

    receipt: Receipt = field(default_factory=Receipt)
    error: Exception | None = None
    silent: bool = False
    kept: list = field(default_factory=list)

    def accept(self, signal, body):
        future = Future()
        error = self.error
        try:
            (decode_spans if signal is Signal.TRACES else decode_points)(body, Wanted(frozenset(), frozenset()))
        except BadRequest as fault:
            error = fault
        if error is not None:
            future.set_exception(error)
            return future
        self.kept.append((signal, body))
        if not self.silent:
            future.set_result(self.receipt)
        return future


@contextlib.contextmanager
def running(ledger, **options):
    """A receiver on a free port, and a channel to it."""
    receiver = GrpcReceiver(ledger.accept, "127.0.0.1", 0, **options)
    receiver.start()
    unlimited = [("grpc.max_send_message_length", -1)]
    try:
        with grpc.insecure_channel(f"127.0.0.1:{receiver.port}", options=unlimited) as channel:
            yield channel
    finally:
        receiver.stop(0)


def export(ledger, body, method=TRACES, compression=None, **options):
    """The response's bytes."""
    with running(ledger, **options) as channel:
        return channel.unary_unary(method)(body, compression=compression, timeout=30)


def refused(ledger, body, method=TRACES, compression=None, **options):
    """The code, the message and the details of a refusal."""
    with pytest.raises(grpc.RpcError) as caught:
        export(ledger, body, method, compression, **options)
    metadata = dict(caught.value.trailing_metadata() or ())
    details = Status.FromString(metadata.get("grpc-status-details-bin", b""))
    return caught.value.code(), caught.value.details(), details


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_a_request_arrives_as_it_was_sent(compression):
    """With and without gzip: kept byte for byte, answered with a response whose partial_success is unset."""
    ledger = Ledger()

    assert b"" == export(ledger, GOOD, compression=compression)
    assert [(Signal.TRACES, GOOD)] == ledger.kept


@pytest.mark.parametrize(("method", "signal"), [(TRACES, Signal.TRACES), (METRICS, Signal.METRICS)])
def test_an_empty_request_is_a_success(method, signal):
    """Nothing sent is taken."""
    ledger = Ledger()

    assert b"" == export(ledger, b"", method)
    assert [(signal, b"")] == ledger.kept


def test_logs_are_taken_and_dropped():
    """Logs succeed, and nothing is kept."""
    ledger = Ledger()

    assert b"" == export(ledger, b"anything", LOGS)
    assert [] == ledger.kept


def test_what_was_rejected_is_said_in_partial_success():
    """Where a part was rejected the answer is OK with how much and why."""
    ledger = Ledger(Receipt(3, "older than 3 days"))
    spans = ExportTraceServiceResponse.FromString(export(ledger, GOOD)).partial_success
    points = ExportMetricsServiceResponse.FromString(export(ledger, b"", METRICS)).partial_success

    assert (3, "older than 3 days") == (spans.rejected_spans, spans.error_message)
    assert (3, "older than 3 days") == (points.rejected_data_points, points.error_message)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadRequest("not so"), grpc.StatusCode.INVALID_ARGUMENT),
        (TooLarge("too much"), grpc.StatusCode.RESOURCE_EXHAUSTED),
    ],
)
def test_what_can_never_be_kept_is_refused_for_good(error, code):
    """Codes that no sender sends again, without RetryInfo; the details hold the same Status."""
    got, message, status = refused(Ledger(error=error), GOOD)

    assert (code, str(error)) == (got, message)
    assert (code.value[0], str(error)) == (status.code, status.message)
    assert not any(detail.Is(RetryInfo.DESCRIPTOR) for detail in status.details)


def test_no_protobuf_is_an_invalid_argument():
    """A body that can't be decoded is INVALID_ARGUMENT."""
    assert grpc.StatusCode.INVALID_ARGUMENT is refused(Ledger(), b"\xff\xff\xff")[0]


def test_what_cannot_be_kept_now_is_asked_for_again():
    """Unavailable is UNAVAILABLE with RetryInfo: the sender keeps what it has, and knows how long to wait."""
    code, message, status = refused(Ledger(error=Unavailable("the disk is full", retry_after=7)), GOOD)
    retry = RetryInfo()

    assert (grpc.StatusCode.UNAVAILABLE, "the disk is full") == (code, message)
    assert status.details[0].Unpack(retry)
    assert 7 == retry.retry_delay.seconds


def test_a_commit_that_takes_too_long_is_asked_for_again(monkeypatch):
    """A sender never waits for ever, and is never told OK before the commit."""
    monkeypatch.setattr(receiver_module, "PATIENCE", 0.01)

    assert grpc.StatusCode.UNAVAILABLE is refused(Ledger(silent=True), GOOD)[0]


def test_a_fault_of_our_own_is_logged_and_kept_from_the_sender(caplog):
    """What is none of our errors is INTERNAL and says nothing of the inside; the log says it."""
    code, message, _ = refused(Ledger(error=RuntimeError("secret")), GOOD)

    assert grpc.StatusCode.INTERNAL is code
    assert "secret" not in message
    assert "secret" in caplog.text


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_a_message_over_the_limit_is_resource_exhausted(compression):
    """The limit holds before and after inflating."""
    assert (
        grpc.StatusCode.RESOURCE_EXHAUSTED is refused(Ledger(), bytes(2**22), compression=compression, limit=2**20)[0]
    )


@pytest.mark.parametrize(
    "method", ["/opentelemetry.proto.collector.trace.v1.TraceService/Import", "/other.Service/Export"]
)
def test_a_method_that_is_not_ours_is_unimplemented(method):
    """Other methods and services are UNIMPLEMENTED."""
    assert grpc.StatusCode.UNIMPLEMENTED is refused(Ledger(), b"", method)[0]


def test_a_port_in_use_is_said_with_the_way_out():
    """A second receiver on the same port is refused, and told so with the option that chooses another."""
    first = GrpcReceiver(Ledger().accept, "127.0.0.1", 0)
    try:
        with pytest.raises(
            CollectorError,
            match=rf"127\.0\.0\.1 port {first.port}: the port is in use by another process; .* --otlp-grpc-port",
        ):
            GrpcReceiver(Ledger().accept, "127.0.0.1", first.port)
    finally:
        first.stop(0)
