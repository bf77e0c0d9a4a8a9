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
from ..body import CODINGS, Body, is_understood
from ..door import Door
from ..exchange import Exchange
from ..status import Refusal, RequestRefused, outcome
from .answer import GrpcAnswer, answer, plain
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


class _NoCall(RequestRefused):
    """What is no gRPC is answered by HTTP's status alone."""


class GrpcDoor(Door):
    """OTLP/gRPC on an address of its own."""

    name = "grpc"
    protocol = "h2"

    def connection(self) -> GrpcConnection:
        """A connection that is about to be made."""
        return GrpcConnection(self.desk, self)

    def begin(self, connection: GrpcConnection, stream: Stream, headers: Headers) -> _Call:
        """A call begins; raises RequestRefused or Unauthenticated."""
        signal = _signal(headers)
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        if not self.terms.access.allows(authorization, connection.peer):
            raise Unauthenticated("no token that may send: authorization: Bearer TOKEN")
        coding = headers.get(b"grpc-encoding", b"identity").decode("latin-1")
        if not is_understood(coding):
            known = " and ".join(CODINGS)
            raise _unimplemented("content_encoding", f"the encodings understood are {known}, or identity")
        return _Call(self, connection, stream, signal, coding)

    def refuse(self, error: Exception) -> GrpcAnswer:
        """The answer that a refusal means, which is counted."""
        refusal = self.refused(error)
        return plain(refusal.http) if isinstance(error, _NoCall) else answer(refusal)


def _signal(headers: Headers) -> Signal:
    if headers.get(b":method") != b"POST":
        raise _NoCall(Refusal("method", 405, code_pb2.UNIMPLEMENTED, "gRPC is sent by POST"))
    if not headers.get(b"content-type", b"").startswith(b"application/grpc"):
        raise _NoCall(Refusal("content_type", 415, code_pb2.INVALID_ARGUMENT, "this is no gRPC"))
    path = headers.get(b":path", b"")
    signal = METHODS.get(path)
    if signal is None:
        raise _unimplemented("path", f"there is no method {path[:100].decode('latin-1')}")
    return signal


def _unimplemented(reason: str, text: str) -> RequestRefused:
    return RequestRefused(Refusal(reason, 501, code_pb2.UNIMPLEMENTED, text))


class _Call(Exchange):
    """One call on its way to the intake: exactly one message."""

    def __init__(self, door: GrpcDoor, connection: GrpcConnection, stream: Stream, signal: Signal, coding: str) -> None:
        super().__init__(door.hand_on, signal)
        self._terms = door.terms
        self._connection = connection
        self._stream = stream
        self._coding = coding
        self._prefix = b""
        self._left = 0

    def feed(self, data: bytes) -> None:
        """Takes the next bytes."""
        if self._body is None:
            missing = _PREFIX - len(self._prefix)
            self._prefix += data[:missing]
            if len(self._prefix) < _PREFIX:
                return
            self._body = self._begin()
            data = data[missing:]
        self._left -= len(data)
        if self._left < 0:
            raise BadRequest("a call brings one message and nothing behind it")
        if data:
            self._body.feed(data)

    def _begin(self) -> Body:
        compressed, size = self._prefix[0], int.from_bytes(self._prefix[1:], "big")
        limit = self._terms.limit
        if size > limit:
            raise TooLarge(f"the message has {size} bytes, and {limit} are the limit")
        if compressed > 1 or (compressed and self._coding == "identity"):
            raise BadRequest("the message is said to be compressed, and not how")
        self._left = size
        return Body(self._coding if compressed else "identity", limit, self._terms.room, size)

    def finish(self) -> None:
        """Hands the message on."""
        if self._body is None or self._left:
            raise BadRequest("the call ends before its message does")
        self._hand_on(self._body.finish())

    def _decided(self, future: Future[Receipt]) -> None:
        self._connection.answer(self._stream, answer(outcome(self._signal, future)))
