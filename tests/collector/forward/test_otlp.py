"""OTLP out: the specification's table of answers, over HTTP and gRPC, against real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import gzip

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from fournines.collector import Signal, Source
from fournines.collector.forward import Drop, OtlpGrpcForwarder, OtlpHttpForwarder, QueuedRequest, Retry

NOW = 1_790_000_000.0
PATHS = {Signal.TRACES: "/v1/traces", Signal.METRICS: "/v1/metrics", Signal.LOGS: "/v1/logs"}


def queued(signal=Signal.TRACES, body=b"body" * 1_000, items=9):
    """One of nine."""
    return QueuedRequest(signal, Source.OTLP, NOW, items, body)


def partial(signal, rejected, message="too old"):
    """An answer that says what was rejected."""
    if signal is Signal.TRACES:
        answer = ExportTraceServiceResponse()
        answer.partial_success.rejected_spans = rejected
    elif signal is Signal.METRICS:
        answer = ExportMetricsServiceResponse()
        answer.partial_success.rejected_data_points = rejected
    else:
        answer = ExportLogsServiceResponse()
        answer.partial_success.rejected_log_records = rejected
    answer.partial_success.error_message = message
    return answer.SerializeToString()


class Peer:
    """An HTTP server that answers all alike, and remembers what it got."""

    def __init__(self, status=200, body=b"", headers=(), hang=False):
        self.answer = b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n%b\r\n%b" % (
            status,
            len(body),
            b"".join(b"%b: %b\r\n" % pair for pair in headers),
            body,
        )
        self.hang = hang
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.connections: list[asyncio.Task] = []

    async def serve(self, reader, writer):
        """Requests of one connection."""
        self.connections.append(asyncio.current_task())
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.got.append((head[0].split()[1], headers, body))
                if self.hang:
                    await asyncio.sleep(60)
                writer.write(self.answer)
                await writer.drain()
        writer.transport.abort()

    @contextlib.asynccontextmanager
    async def open(self):
        """Its URL, while it listens."""
        self.connections.clear()
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for connection in self.connections:
                connection.cancel()
            await asyncio.gather(*self.connections)
            await asyncio.sleep(0)


def sent(peer, *items, headers=None, timeout=5.0, **more):
    """Sends items, one after the other; returns what the last raised."""

    async def story():
        async with peer.open() as url:
            sender = OtlpHttpForwarder(url + "/", lambda: NOW, headers, timeout=timeout, **more)
            try:
                for one in items:
                    await sender.send(one)
            finally:
                await sender.close()

    try:
        asyncio.run(story())
    except (Retry, Drop) as answer:
        return answer
    return None


@pytest.mark.parametrize("signal", list(Signal))
def test_the_very_bytes_arrive_at_the_signal_s_path(signal):
    """Compressed, with the headers configured; inflated, they are what came in."""
    peer = Peer()

    assert sent(peer, queued(signal), headers={"Authorization": "Bearer x"}) is None
    ((path, headers, body),) = peer.got
    assert PATHS[signal] == path
    assert queued().body == gzip.decompress(body)
    assert ("gzip", "application/x-protobuf") == (headers["content-encoding"], headers["content-type"])
    assert "bearer x" == headers["authorization"]


def test_small_bodies_and_those_told_so_are_not_compressed():
    """Compressing a few bytes costs more than it saves."""
    peer = Peer()
    sent(peer, queued(body=b"tiny"))
    sent(peer, queued(), compress=False)

    assert [b"tiny", queued().body] == [body for _, _, body in peer.got]
    assert not any("content-encoding" in headers for _, headers, _ in peer.got)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_may_be_tried_again_is(status):
    """The specification's retryable codes."""
    answer = sent(Peer(status), queued())

    assert (Retry, None) == (type(answer), answer.after)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 405, 408, 413, 415, 500, 501, 505])
def test_everything_else_is_for_good(status):
    """Other refusals are dropped under their code; redirects are not followed."""
    peer = Peer(status, b"no", headers=((b"location", b"http://127.0.0.1:9/"),))
    answer = sent(peer, queued())

    assert (Drop, f"http_{status}", None) == (type(answer), answer.reason, answer.items)
    assert 1 == len(peer.got)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(b"7", 7.0), (b"0", 0.0), (b"Mon, 21 Sep 2026 14:14:00 GMT", 40.0), (b"Mon, 21 Sep 2020 14:14:00 GMT", 0.0), (b"soon", None),
     (b"-3", None), (b"9" * 400, 999_999_999.0)],
)  # fmt: skip
def test_a_server_can_say_when(value, seconds):
    """Retry-After in seconds or as a date; nonsense says nothing."""
    answer = sent(Peer(503, headers=((b"retry-after", value),)), queued())

    assert isinstance(answer, Retry)
    assert seconds == answer.after


@pytest.mark.parametrize("signal", list(Signal))
def test_a_partial_success_is_not_sent_again(signal):
    """What the server rejected is dropped, with its words; a warning that rejects nothing is a success."""
    answer = sent(Peer(body=partial(signal, 4)), queued(signal))

    assert (Drop, "partial_success", 4, "too old") == (type(answer), answer.reason, answer.items, str(answer))
    assert sent(Peer(body=partial(signal, 0)), queued(signal)) is None
    assert 9 == sent(Peer(body=partial(signal, 10**6)), queued(signal)).items


@pytest.mark.parametrize("body", [b"\xff\xff", b"<html>", b"x" * 1_000_000, b""])
def test_an_odd_answer_to_what_was_taken_is_a_success(body):
    """200 means taken, whatever else is said; and no more of it is read than is needed."""
    assert sent(Peer(body=body), queued()) is None


def test_whoever_does_not_answer_is_asked_again():
    """No connection, one that closes, and one that hangs are retried."""

    async def nobody():
        sender = OtlpHttpForwarder("http://127.0.0.1:1", lambda: NOW)
        try:
            await sender.send(queued())
        finally:
            await sender.close()

    with pytest.raises(Retry, match="no connection"):
        asyncio.run(nobody())
    assert "no answer within" in sent(Peer(hang=True), queued(), timeout=0.2).reason


def test_neither_headers_nor_paths_are_shown():
    """What is logged of a sender is its origin."""
    shown = repr(OtlpHttpForwarder("https://key:pw@host:4318/secret", lambda: NOW, {"x-token": "hidden"}))

    assert "OtlpHttpForwarder(https://host:4318)" == shown


def called(answer, *items, compress=True, headers=None):
    """Calls a gRPC server whose services do `answer(context, request)`; returns what was raised, and what it got."""
    got: list[tuple[str, bytes, dict]] = []

    class Everything(grpc.GenericRpcHandler):
        def service(self, details):
            async def export(request, context):
                got.append((details.method, request, dict(details.invocation_metadata)))
                return await answer(context)

            return grpc.unary_unary_rpc_method_handler(export)

    async def story():
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((Everything(),))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        sender = OtlpGrpcForwarder(f"127.0.0.1:{port}", headers, tls=False, compress=compress, timeout=5.0)
        try:
            for one in items:
                await sender.send(one)
        finally:
            await sender.close()
            await server.stop(None)

    try:
        asyncio.run(story())
    except (Retry, Drop) as raised:
        return raised, got
    return None, got


async def fine(_context):
    """An empty response."""
    return b""


def test_grpc_calls_the_signal_s_service_with_the_very_bytes():
    """One connection, three services, the headers configured."""
    raised, got = called(fine, *map(queued, Signal), headers={"X-Token": "t"})

    assert raised is None
    assert [queued().body] * 3 == [body for _, body, _ in got]
    assert ["trace", "metrics", "logs"] == [method.split(".")[3] for method, _, _ in got]
    assert {"t"} == {metadata["x-token"] for _, _, metadata in got}


@pytest.mark.parametrize("code", list(grpc.StatusCode))
def test_grpc_codes_are_retried_or_dropped_as_the_specification_says(code):
    """CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE and DATA_LOSS come again; no other does."""
    if code is grpc.StatusCode.OK:
        return

    async def refuse(context):
        await context.abort(code, "no")

    raised, _ = called(refuse, queued())
    again = {"CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"}

    assert (Retry if code.name in again else Drop) is type(raised)
    if isinstance(raised, Drop):
        assert f"grpc_{code.name.lower()}" == raised.reason


@pytest.mark.parametrize("code", [grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE])
def test_grpc_waits_as_retry_info_says(code):
    """RESOURCE_EXHAUSTED is retried only so."""
    detail = AnyMessage()
    detail.Pack(RetryInfo(retry_delay=Duration(seconds=3, nanos=500_000_000)))
    status = Status(code=code.value[0], message="busy", details=[detail])

    async def refuse(context):
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        await context.abort(code, "busy")

    raised, _ = called(refuse, queued())

    assert (Retry, 3.5) == (type(raised), raised.after)


def test_grpc_partial_success_is_not_sent_again():
    """As over HTTP."""

    async def some(_context):
        return partial(Signal.METRICS, 2)

    raised, _ = called(some, queued(Signal.METRICS))

    assert (Drop, 2) == (type(raised), raised.items)
