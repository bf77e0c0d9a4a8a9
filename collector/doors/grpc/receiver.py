"""The OTLP/gRPC receiver: its three services, on the event loop, with no object made of a message before it is decoded into columns.

An OK means, as over HTTP, that what was sent is kept. Source: the OTLP specification, section "OTLP/gRPC"; "gRPC over HTTP2".
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Final

from google.rpc import code_pb2

from ...columns import Signal
from ...errors import BadRequest, TooLarge, Unauthenticated
from ...receipt import Receipt
from ..body import CODINGS, Sink, sink_for
from ..door import Door
from ..room import Held
from ..status import Refusal, refusal, response
from .answer import (
    GrpcAnswer,
    plain,
    refused,
    taken,
)
from .connection import GrpcConnection
from .heads import Headers
from .stream import Stream

_PACKAGE: Final = "/opentelemetry.proto.collector"
METHODS: Final[Mapping[bytes, Signal]] = {
    f"{_PACKAGE}.trace.v1.TraceService/Export".encode(): Signal.TRACES,
    f"{_PACKAGE}.metrics.v1.MetricsService/Export".encode(): Signal.METRICS,
    f"{_PACKAGE}.logs.v1.LogsService/Export".encode(): Signal.LOGS,
}
_PREFIX: Final = 5
"""Bytes before a message: whether it is compressed, and its length."""


class RefusedCall(Exception):
    """A call is refused for its head, which is counted under `reason`."""

    def __init__(self, reason: str, answer: GrpcAnswer) -> None:
        super().__init__(reason)
        self.reason = reason
        self.answer = answer


class GrpcDoor(Door):
    """OTLP/gRPC on an address of its own."""

    name = "grpc"
    protocol = "h2"

    def connection(self) -> GrpcConnection:
        """A connection that is about to be made."""
        return GrpcConnection(self)

    def begin(self, connection: GrpcConnection, stream: Stream, headers: Headers) -> _Call:
        """A call begins; raises RefusedCall or Unauthenticated."""
        signal = _signal(headers)
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        if not self.terms.access.allows(authorization, connection.peer):
            raise Unauthenticated("no token that may send: authorization: Bearer TOKEN")
        coding = headers.get(b"grpc-encoding", b"identity").decode("latin-1")
        if sink_for(coding, 0) is None:
            known = " and ".join(CODINGS)
            raise _unimplemented("content_encoding", f"the encodings understood are {known}, or identity")
        return _Call(self, connection, stream, signal, coding)

    def refuse(self, error: Exception) -> GrpcAnswer:
        """The answer that a refusal means, which is counted."""
        if isinstance(error, RefusedCall):
            self.terms.receiving.refused.labels(self.name, error.reason).inc()
            return error.answer
        self.count_refused(error)
        return refused(refusal(error))


def _signal(headers: Headers) -> Signal:
    if headers.get(b":method") != b"POST":
        raise RefusedCall("method", plain(405))
    if not headers.get(b"content-type", b"").startswith(b"application/grpc"):
        raise RefusedCall("content_type", plain(415))
    path = headers.get(b":path", b"")
    signal = METHODS.get(path)
    if signal is None:
        raise _unimplemented("path", f"there is no method {path[:100].decode('latin-1')}")
    return signal


def _unimplemented(reason: str, text: str) -> RefusedCall:
    return RefusedCall(reason, refused(Refusal(501, code_pb2.UNIMPLEMENTED, text)))


class _Call:
    """One call on its way to the intake: exactly one message."""

    def __init__(self, door: GrpcDoor, connection: GrpcConnection, stream: Stream, signal: Signal, coding: str) -> None:
        self._door = door
        self._connection = connection
        self._stream = stream
        self._signal = signal
        self._coding = coding
        self._prefix = b""
        self._left = 0
        self._held: Held | None = None
        self._sink: Sink | None = None

    def feed(self, data: bytes) -> None:
        """Takes the next bytes."""
        if self._sink is None:
            missing = _PREFIX - len(self._prefix)
            self._prefix += data[:missing]
            if len(self._prefix) < _PREFIX:
                return
            self._sink = self._begin()
            data = data[missing:]
        self._left -= len(data)
        if self._left < 0:
            raise BadRequest("a call brings one message and nothing behind it")
        if data:
            self._sink.feed(data)

    def _begin(self) -> Sink:
        compressed, size = self._prefix[0], int.from_bytes(self._prefix[1:], "big")
        limit = self._door.terms.limit
        if size > limit:
            raise TooLarge(f"the message has {size} bytes, and {limit} are the limit")
        if compressed > 1 or (compressed and self._coding == "identity"):
            raise BadRequest("the message is said to be compressed, and not how")
        self._left = size
        self._held = Held(self._door.terms.room, size)
        sink = sink_for(self._coding if compressed else "identity", limit, self._held.hold)
        assert sink is not None, "an encoding that is not understood is refused with the head"
        return sink

    def finish(self) -> None:
        """Hands the message on."""
        try:
            if self._sink is None or self._left:
                raise BadRequest("the call ends before its message does")
            body = self._sink.finish()
        finally:
            # From here on the intake holds the room.
            self.abandon()
        self._door.hand_on(self._signal, body, self._answer)

    def abandon(self) -> None:
        """Gives the room back."""
        if self._held is not None:
            self._held.give_back()

    def _answer(self, future: Future[Receipt]) -> None:
        error = future.exception()
        if error is not None:
            self._connection.answer(self._stream, refused(refusal(error)))
            return
        receipt = future.result()
        message = response(self._signal, receipt) if receipt.rejected or receipt.reason else None
        self._connection.answer(self._stream, taken(message))
