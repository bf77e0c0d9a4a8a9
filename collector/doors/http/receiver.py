"""The OTLP/HTTP receiver: three routes, on the event loop, with no framework between the socket and the intake.

A sender's 200 means that what it sent is kept: it is given only once `accept`'s future holds a receipt. Every refusal is a
`google.rpc.Status` in the request's own encoding. Source: the OTLP specification, section "OTLP/HTTP".
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import Final

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ...columns import Signal
from ...errors import Unauthenticated
from ...otlp_json import json_to_wire
from ...receipt import Receipt
from ..body import sink_for
from ..door import Door
from ..room import Held
from ..status import refusal, response
from .answer import Answer, refused, taken
from .connection import HttpConnection, Turn
from .head import Encoding, Head, Refused

REQUESTS: Final[dict[Signal, type[Message]]] = {
    Signal.TRACES: ExportTraceServiceRequest,
    Signal.METRICS: ExportMetricsServiceRequest,
    Signal.LOGS: ExportLogsServiceRequest,
}
_LARGE_JSON: Final = 64 * 1024
"""JSON beyond this is converted in a thread, so that other senders are served meanwhile; one at a time, because it takes memory."""


class HttpDoor(Door):
    """OTLP/HTTP on an address of its own, or on a unix socket besides."""

    name = "http"
    protocol = "http/1.1"

    def connection(self) -> HttpConnection:
        """A connection that is about to be made."""
        return HttpConnection(self)

    def begin(self, connection: HttpConnection, turn: Turn, head: Head) -> _Exchange:
        """A request begins; raises Refused, Unauthenticated, TooLarge, or Unavailable where there is no room for it."""
        signal = head.signal(self.terms.access, connection.peer, self.terms.limit)
        return _Exchange(self, connection, turn, head, signal)

    def refuse(self, error: Exception, head: Head | None) -> Answer:
        """The answer that a refusal means, which is counted."""
        encoding = (head.encoding if head is not None else None) or Encoding.JSON
        if isinstance(error, Refused):
            self.terms.receiving.refused.labels(self.name, error.reason).inc()
            return refused(error.refusal, encoding, head, error.headers)
        self.count_refused(error)
        headers = ((b"www-authenticate", b"Bearer"),) if isinstance(error, Unauthenticated) else ()
        return refused(refusal(error), encoding, head, headers)


class _Exchange:
    """One request on its way to the intake."""

    def __init__(self, door: HttpDoor, connection: HttpConnection, turn: Turn, head: Head, signal: Signal) -> None:
        self._door = door
        self._connection = connection
        self._turn = turn
        self._head = head
        self._signal = signal
        self._encoding = head.encoding or Encoding.PROTOBUF
        self._held = Held(door.terms.room, head.length or 0)
        sink = sink_for(head.text(b"content-encoding"), door.terms.limit, self._held.hold)
        assert sink is not None, "a coding that is not understood is refused with the head"
        self._sink = sink

    def feed(self, data: bytes) -> None:
        """Takes the body's next bytes."""
        self._sink.feed(data)

    def finish(self) -> None:
        """Hands the body on."""
        try:
            body = self._sink.finish()
        except BaseException:
            self.abandon()
            raise
        if self._encoding is Encoding.PROTOBUF:
            self._hand_on(body)
        elif len(body) > _LARGE_JSON:
            converting = self._door.aside(json_to_wire, body, REQUESTS[self._signal])
            converting.add_done_callback(self._converted)
        else:
            self._hand_on(self._convert(body))

    def abandon(self) -> None:
        """Gives the room back."""
        self._held.give_back()

    def _convert(self, body: bytes) -> bytes:
        try:
            return json_to_wire(body, REQUESTS[self._signal])
        except BaseException:
            self.abandon()
            raise

    def _converted(self, converting: asyncio.Future[bytes]) -> None:
        if converting.cancelled():
            self.abandon()
        elif (error := converting.exception()) is not None:
            self.abandon()
            self._connection.answer(self._turn, self._door.refuse(_as_exception(error), self._head))
        else:
            self._hand_on(converting.result())

    def _hand_on(self, body: bytes) -> None:
        # From here on the intake holds the room.
        self._held.give_back()
        self._door.hand_on(self._signal, body, self._answer)

    def _answer(self, future: Future[Receipt]) -> None:
        error = future.exception()
        if error is not None:
            self._connection.answer(self._turn, refused(refusal(error), self._encoding, self._head))
            return
        receipt = future.result()
        message = response(self._signal, receipt) if receipt.rejected or receipt.reason else None
        self._connection.answer(self._turn, taken(self._encoding, message, self._head))


def _as_exception(error: BaseException) -> Exception:
    return error if isinstance(error, Exception) else RuntimeError(repr(error))
