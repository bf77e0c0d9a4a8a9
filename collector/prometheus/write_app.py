"""Remote write over HTTP: `POST` of a snappy block, answered as both versions of the specification have it.

    what came                                            answer
    all of it taken                                      204
    some samples refused, the others taken               400, with the counts in words
    not readable, not snappy, no remote write            400
    tokens are configured, and none of them was shown    401
    another Content-Type or Content-Encoding             415
    more bytes than the limit, before or after inflating 413
    can't be kept now                                    503 with Retry-After

Every answer carries the `X-Prometheus-Remote-Write-*-Written` headers of 2.0, which senders of 1.0 do not read.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final, NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from ..doors.access import Access, Peer
from ..errors import BadRequest, TooLarge, Unavailable
from .remote_write import RemoteWrite, Written
from .write_request import Version

PATIENCE: Final = 30.0
"""Seconds a sender may be silent within its body."""

_MEDIA_TYPE: Final = "application/x-protobuf"
_NOTHING: Final = Written(0, 0, 0)
_LOG: Final = logging.getLogger("fournines.collector")


class _Answer(NamedTuple):
    status: int
    text: str = ""
    written: Written = _NOTHING
    headers: tuple[tuple[bytes, bytes], ...] = ()


class _Gone(Exception):
    """The sender has gone; nobody waits for an answer."""


def remote_write_app(writer: RemoteWrite, access: Access | None = None, *, patience: float = PATIENCE) -> ASGIApp:
    """The ASGI application, to be put at `/api/v1/write`; it looks at no path itself. `access` None lets everybody write."""
    access = access or Access()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", "lifespan and WebSockets are not for this application"
        try:
            answer = await _answer(writer, access, scope, receive, patience)
        except _Gone:
            return
        writer.instruments.requests.labels(str(answer.status)).inc()
        await _send(send, answer)

    return app


async def _answer(writer: RemoteWrite, access: Access, scope: Scope, receive: Receive, patience: float) -> _Answer:
    if not access.allows(_header(scope, b"authorization"), _peer(scope)):
        return _Answer(
            401, "no token that may write: Authorization: Bearer TOKEN", headers=((b"www-authenticate", b"Bearer"),)
        )
    if scope["method"] != "POST":
        return _Answer(405, "remote write is sent by POST", headers=((b"allow", b"POST"),))
    version = version_of(_header(scope, b"content-type"))
    if version is None:
        return _Answer(
            415, f"the Content-Type of remote write is {_MEDIA_TYPE}, with proto={Version.TWO.value} for 2.0"
        )
    if _header(scope, b"content-encoding").strip().lower() != "snappy":
        return _Answer(
            415, "the Content-Encoding of remote write is snappy", headers=((b"accept-encoding", b"snappy"),)
        )
    try:
        body = await _read(receive, writer, patience)
        written = await writer.receive(body, version)
    except TooLarge as error:
        return _Answer(413, str(error))
    except BadRequest as error:
        return _Answer(400, str(error))
    except Unavailable as error:
        return _Answer(503, str(error), headers=((b"retry-after", b"%d" % error.retry_after),))
    except _Gone:
        raise
    except Exception:  # noqa: BLE001 - whatever it is, the sender is to have its answer
        _LOG.exception("a remote write request was not counted: a fault of the collector's own")
        return _Answer(500, "internal error; the collector's log says more")
    return _Answer(400 if written.refused else 204, written.refused, written)


def version_of(content_type: str) -> Version | None:
    """The version a Content-Type means: 1.0 where it names no message; None for what is no remote write."""
    media_type, *parameters = (part.strip() for part in content_type.split(";"))
    if media_type.lower() != _MEDIA_TYPE:
        return None
    named = dict(part.partition("=")[::2] for part in parameters if part)
    message = next((value.strip().strip('"') for name, value in named.items() if name.strip().lower() == "proto"), "")
    return next((version for version in Version if version.value == (message or Version.ONE.value)), None)


async def _read(receive: Receive, writer: RemoteWrite, patience: float) -> bytes:
    """The whole body; it takes room as it comes, so that however many are read at once, memory is bounded."""
    body, held, more = bytearray(), 0, True
    try:
        while more:
            piece, more = await _piece(receive, patience)
            if len(body) + len(piece) > writer.most_bytes:
                raise TooLarge(f"the body has more than {writer.most_bytes} bytes")
            writer.hold(len(piece))
            held += len(piece)
            body += piece
    finally:
        writer.release(held)
    return bytes(body)


async def _piece(receive: Receive, patience: float) -> tuple[bytes, bool]:
    """What came next, and whether there is more."""
    try:
        async with asyncio.timeout(patience):
            message = await receive()
    except TimeoutError as error:
        raise Unavailable(f"nothing more of the body came for {patience:g} seconds; send it again") from error
    if message["type"] == "http.disconnect":
        raise _Gone
    return message.get("body", b""), message.get("more_body", False)


def _peer(scope: Scope) -> Peer:
    client = scope.get("client")
    return Peer(client[0]) if client else Peer()


def _header(scope: Scope, name: bytes) -> str:
    return ", ".join(value.decode("latin-1") for key, value in scope["headers"] if key == name)


async def _send(send: Send, answer: _Answer) -> None:
    body = answer.text.encode("utf-8", "replace")
    headers = [
        *answer.headers,
        (b"x-prometheus-remote-write-samples-written", b"%d" % answer.written.samples),
        (b"x-prometheus-remote-write-histograms-written", b"%d" % answer.written.histograms),
        (b"x-prometheus-remote-write-exemplars-written", b"%d" % answer.written.exemplars),
    ]
    if body:
        headers += [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
