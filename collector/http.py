"""The OTLP/HTTP receiver: three routes as a plain ASGI application.

A sender's 200 means that what it sent is kept: it is given only after `accept` has returned. Every refusal is a `google.rpc.Status` in the
request's own encoding. Source: the OTLP specification, section "OTLP/HTTP".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.types import ASGIApp, Receive, Scope, Send

from .columns import Signal
from .errors import CollectorError, Unavailable
from .otlp_json import json_to_wire
from .otlp_status import MAX_BODY, Refusal, refusal, response
from .recent import Receipt
from .request_body import Disconnected, RequestBody
from .request_head import Encoding, Head, Header, Refused, encoding_of, read_head

Accept = Callable[[Signal, bytes], Awaitable[Receipt]]
"""Keeps one request, given as the bytes of its protobuf message, and says what became of it; raises BadRequest or Unavailable."""

_REQUESTS: Final[dict[Signal, type[Message]]] = {
    Signal.TRACES: ExportTraceServiceRequest,
    Signal.METRICS: ExportMetricsServiceRequest,
}
_LARGE_JSON: Final = 64 * 1024
"""JSON beyond this is converted in a thread, so that other senders are served meanwhile."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: tuple[Header, ...]
    body: bytes


def otlp_app(accept: Accept, *, limit: int = MAX_BODY, patience: float = 30.0) -> ASGIApp:
    """The ASGI application for OTLP/HTTP's port.

    `limit` bounds a body's bytes, before and after inflating; a sender may be silent within its body for `patience` seconds.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", "lifespan and WebSockets are not for this application"
        body = RequestBody(receive, patience)
        try:
            head = read_head(scope, limit)
            content = await body.read(head.sink)
        except Disconnected:
            return
        except (Refused, CollectorError) as error:
            await _refuse_early(send, body, error, encoding_of(scope) or Encoding.JSON)
        else:
            await _send(send, await _outcome(accept, head, content))

    return app


async def _outcome(accept: Accept, head: Head, content: bytes) -> _Answer:
    if head.signal is None:
        return _answer(200, head.encoding, ExportLogsServiceResponse())
    try:
        if head.encoding is Encoding.JSON:
            content = await _from_json(content, head.signal)
        receipt = await accept(head.signal, content)
    except asyncio.CancelledError:
        return _refusal(refusal(Unavailable("the collector is stopping; send it again")), head.encoding)
    except Exception as error:  # noqa: BLE001 - whatever it is, the sender is to have its answer
        return _refusal(refusal(error), head.encoding)
    return _answer(200, head.encoding, response(head.signal, receipt))


async def _from_json(content: bytes, signal: Signal) -> bytes:
    if len(content) > _LARGE_JSON:
        return await asyncio.to_thread(json_to_wire, content, _REQUESTS[signal])
    return json_to_wire(content, _REQUESTS[signal])


async def _refuse_early(send: Send, body: RequestBody, error: Refused | CollectorError, encoding: Encoding) -> None:
    """Answers at once, then lets the sender finish: closing on unread bytes would reset the connection under its answer."""
    headers = error.headers if isinstance(error, Refused) else ()
    refused = error.refusal if isinstance(error, Refused) else refusal(error)
    await _send(send, _refusal(refused, encoding, *headers, (b"connection", b"close")), more_body=True)
    await body.linger()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _refusal(refused: Refusal, encoding: Encoding, *headers: Header) -> _Answer:
    if refused.retry_after is not None:
        headers = (*headers, (b"retry-after", b"%d" % refused.retry_after))
    return _answer(refused.http, encoding, refused.status(), *headers)


def _answer(status: int, encoding: Encoding, message: Message, *headers: Header) -> _Answer:
    return _Answer(status, ((b"content-type", encoding.value.encode()), *headers), encoding.encode(message))


async def _send(send: Send, answer: _Answer, *, more_body: bool = False) -> None:
    headers = [*answer.headers, (b"content-length", b"%d" % len(answer.body))]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": more_body})
