"""The OTLP/HTTP receiver: three routes, on the event loop, with no framework between the socket and the intake.

A sender's 200 means that what it sent is kept: it is given only once `accept`'s future holds a receipt. Every refusal is a
`google.rpc.Status` in the request's own encoding. Source: the OTLP specification, section "OTLP/HTTP".
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ...columns import Signal
from ...receipt import Receipt
from ..body import Body
from ..door import Door, Terms
from ..exchange import Exchange
from ..status import outcome
from .answer import Answer, answer
from .connection import HttpConnection
from .head import Encoding, Head
from .otlp_json import json_to_wire
from .turn import Turn

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

    def __init__(self, terms: Terms, host: str, port: int, *, option: str, path: Path | None = None) -> None:
        super().__init__(terms, host, port, option=option, path=path)
        self._converting = ThreadPoolExecutor(1, "http-json")

    def connection(self) -> HttpConnection:
        """A connection that is about to be made."""
        return HttpConnection(self.desk, self)

    def begin(self, connection: HttpConnection, turn: Turn, head: Head) -> _Exchange:
        """A request begins; raises RequestRefused, Unauthenticated, TooLarge, or Unavailable where there is no room for it."""
        signal = head.signal(self.terms.access, connection.peer, self.terms.limit)
        return _Exchange(self, connection, turn, head, signal)

    def refuse(self, error: Exception, head: Head | None) -> Answer:
        """The answer that a refusal means, which is counted."""
        encoding = (head.encoding if head is not None else None) or Encoding.JSON
        return answer(self.refused(error), encoding, head)

    def convert(self, body: bytes, signal: Signal) -> asyncio.Future[bytes]:
        """JSON in protobuf, made in a thread."""
        return asyncio.get_running_loop().run_in_executor(self._converting, json_to_wire, body, REQUESTS[signal])

    async def stop(self, grace: float) -> None:
        """As every door; what is still converted then is answered to nobody."""
        await super().stop(grace)
        self._converting.shutdown(wait=False, cancel_futures=True)


class _Exchange(Exchange):
    """One request on its way to the intake."""

    def __init__(self, door: HttpDoor, connection: HttpConnection, turn: Turn, head: Head, signal: Signal) -> None:
        super().__init__(door.hand_on, signal)
        self._door = door
        self._connection = connection
        self._turn = turn
        self._head = head
        self._encoding = head.encoding or Encoding.PROTOBUF
        terms = door.terms
        self._whole = self._body = Body(head.text(b"content-encoding"), terms.limit, terms.room, head.length or 0)

    def feed(self, data: bytes) -> None:
        """Takes the body's next bytes."""
        self._whole.feed(data)

    def finish(self) -> None:
        """Hands the body on."""
        body = self._whole.finish()
        if self._encoding is Encoding.PROTOBUF:
            self._hand_on(body)
        elif len(body) <= _LARGE_JSON:
            self._hand_on(json_to_wire(body, REQUESTS[self._signal]))
        else:
            self._door.convert(body, self._signal).add_done_callback(self._converted)

    def _converted(self, converting: asyncio.Future[bytes]) -> None:
        try:
            self._hand_on(converting.result())
        except asyncio.CancelledError:
            self.abandon()
        except Exception as error:  # noqa: BLE001 - whatever it is, the sender is to have its answer
            self.abandon()
            self._connection.answer(self._turn, self._door.refuse(error, self._head))

    def _decided(self, future: Future[Receipt]) -> None:
        self._connection.answer(self._turn, answer(outcome(self._signal, future), self._encoding, self._head))
