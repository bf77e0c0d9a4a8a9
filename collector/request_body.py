"""Reading an HTTP request's body to its end, within its limits of size and patience."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from starlette.types import Receive

from .errors import TooLarge, Unavailable
from .inflate import Inflater

LINGER: Final = 256 * 1024 * 1024
"""Bytes that are still read, and dropped, after a refusal: a sender that is busy writing sees the answer, not a reset connection."""


class Disconnected(Exception):
    """The sender has gone; nobody waits for an answer."""


class Sink(Protocol):
    """Takes a body piece by piece and holds no more of it than its limit."""

    def feed(self, data: bytes) -> None:
        """Takes the next bytes; raises TooLarge or BadRequest."""

    def finish(self) -> bytes:
        """The whole body; raises BadRequest where its end is missing."""


class Plain:
    """A body that is sent as it is; holds at most `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._parts: list[bytes] = []

    def feed(self, data: bytes) -> None:
        """Takes the next bytes; raises TooLarge where they go beyond the limit."""
        self._size += len(data)
        if self._size > self._limit:
            raise TooLarge(f"the body has more than {self._limit} bytes")
        self._parts.append(data)

    def finish(self) -> bytes:
        """The whole body."""
        return b"".join(self._parts)


def sink_for(content_encoding: str, limit: int) -> Sink | None:
    """What takes a body of that Content-Encoding; None for one that is not understood."""
    match content_encoding.strip().lower():
        case "" | "identity":
            return Plain(limit)
        case "gzip" | "x-gzip":
            return Inflater(limit)
        case _:
            return None


class RequestBody:
    """One request's body on its way in. A sender may be silent within it for `patience` seconds."""

    def __init__(self, receive: Receive, patience: float) -> None:
        self._receive = receive
        self._patience = patience
        self._more = True

    async def read(self, sink: Sink) -> bytes:
        """The whole body; raises Disconnected, Unavailable after too long a silence, and what the sink raises."""
        while self._more:
            sink.feed(await self._next())
        return sink.finish()

    async def linger(self) -> None:
        """Reads and drops what is still to come, until its end, LINGER bytes or too long a silence."""
        left = LINGER
        try:
            while self._more and left > 0:
                left -= len(await self._next())
        except (Disconnected, Unavailable):
            pass  # the answer is out already

    async def _next(self) -> bytes:
        try:
            async with asyncio.timeout(self._patience):
                message = await self._receive()
        except TimeoutError as error:
            raise Unavailable(f"nothing more of the body came for {self._patience:g} seconds; send it again") from error
        if message["type"] == "http.disconnect":
            raise Disconnected
        self._more = message.get("more_body", False)
        data: bytes = message.get("body", b"")
        return data
