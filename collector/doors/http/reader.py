"""What reads the requests of one connection of HTTP/1.1: from bytes that are cut anywhere to heads and pieces of bodies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import httptools

from ...errors import BadRequest
from .head import Head

MOST_HEAD: Final = 64 * 1024
"""Bytes a head may have, and whatever else is no body in a row: trailers, say, or a chunk's extensions."""

TOO_MUCH: Final = f"the request's head, or what stands between or behind its body, has more than {MOST_HEAD} bytes"


class RequestBegun(NamedTuple):
    """A request begins."""


class RequestHeaded(NamedTuple):
    """Its head is whole; `keep` says whether another request may follow, `too_large` that what was beyond is not known."""

    head: Head
    keep: bool
    too_large: bool


class BodyPiece(NamedTuple):
    """A piece of its body."""

    piece: bytes


class RequestEnded(NamedTuple):
    """It is whole."""


RequestEvent = RequestBegun | RequestHeaded | BodyPiece | RequestEnded


class RequestReader:
    """See the module."""

    def __init__(self) -> None:
        self._events: list[RequestEvent] = []
        self._parser: Any = httptools.HttpRequestParser(self)
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._heading = False
        """Whether a head is read."""
        self._head_bytes = 0
        self._bare_bytes = 0
        """Bytes since there was a body's last one, or a request's first."""
        self._passing_over = False

    def read(self, data: bytes | memoryview) -> Iterator[RequestEvent]:
        """What the next bytes say, one after the other; raises BadRequest behind it where they are no HTTP/1.1."""
        fault = self._parsed(data)
        events, self._events = self._events, []
        yield from events
        if fault is not None:
            raise BadRequest(f"this is no HTTP/1.1: {fault}") from fault

    @property
    def rambles(self) -> bool:
        """Whether too much came in a row that is no body."""
        return self._bare_bytes > MOST_HEAD

    # The parser's events.

    def on_message_begin(self) -> None:
        """A request begins."""
        if self._passing_over:
            return
        # The bytes it begins in may hold requests before it: they are counted from the next ones on.
        self._url, self._headers, self._head_bytes, self._bare_bytes = b"", {}, 0, 0
        self._heading = True
        self._events.append(RequestBegun())

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        if self._heading:
            self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, whole; one behind the body says nothing that is asked here."""
        self._head_bytes += len(name) + len(value)
        if not self._heading or self._head_bytes > MOST_HEAD:
            return
        name = name.lower()
        known = self._headers.get(name)
        self._headers[name] = value if known is None else known + b", " + value

    def on_headers_complete(self) -> None:
        """The head is whole."""
        if self._heading:
            self._heading = False
            head = Head(self._parser.get_method(), self._url, self._headers)
            self._events.append(RequestHeaded(head, self._parser.should_keep_alive(), self._head_bytes > MOST_HEAD))

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        self._bare_bytes = 0
        self._events.append(BodyPiece(data))

    def on_message_complete(self) -> None:
        """The body is whole, unless the parser stops at an offer: it says so there too."""
        if not self._parser.should_upgrade():
            self._events.append(RequestEnded())

    # Inside.

    def _parsed(self, data: bytes | memoryview) -> Exception | None:
        """Has all of it read; why it can't be."""
        self._bare_bytes += len(data)
        try:
            while data:
                data = self._fed(data)
        except httptools.HttpParserCallbackError:
            raise
        except httptools.HttpParserError as error:
            fault: Exception = error
            return fault
        return None

    def _fed(self, data: bytes | memoryview) -> bytes | memoryview:
        """Has the parser read; gives what it left, because it stopped at an offer."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._pass_over_offer()
            return data[upgrade.args[0] :]
        return b""

    def _pass_over_offer(self) -> None:
        """Goes on in HTTP/1.1 where a sender offers h2c with its request, as some do with their first.

        The parser stops before such a request's body; another one reads on, from a head that offers nothing.
        """
        self._parser = httptools.HttpRequestParser(self)
        framing = [
            name + b": " + value + b"\r\n"
            for name, value in self._headers.items()
            if name in (b"content-length", b"transfer-encoding")
        ]
        self._passing_over = True
        self._parser.feed_data(b"POST / HTTP/1.1\r\n" + b"".join(framing) + b"\r\n")
        self._passing_over = False
