"""The way into the ledger: recognised by its bytes, decoded, counted and committed by the writer, and only then acknowledged."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from .books.books import Books
from .books.writer import Writer
from .columns import Signal, Source
from .decoders import Decoders
from .receipt import Receipt
from .request import Means, Request, RequestKind
from .room import Room
from .senders.origin import digest_of_request

Accept = Callable[[Signal, bytes, float, Source], Future[Receipt]]
"""Takes one OTLP request in; see `Intake.accept`."""


class Intake:
    """Takes requests in, within the bounds of `room`, which the doors take of while they read: what finds none is refused at once."""

    def __init__(self, books: Books, writer: Writer, decoders: Decoders, room: Room) -> None:
        self._books = books
        self._writer = writer
        self._room = room
        self._means = Means(decoders, room, books.counters)
        books.counters.queue_bytes.set_function(lambda: room.bytes)
        books.counters.queue_requests.set_function(lambda: room.requests)
        self._lock = threading.Lock()
        self._closed = False

    def accept(self, signal: Signal, body: bytes, received: float, source: Source = Source.OTLP) -> Future[Receipt]:
        """Takes the bytes of one OTLP request in, received at epoch second `received`. Its future holds the receipt once it is durable.

        The future raises BadRequest for what can't be read, and Unavailable for what can't be kept now.
        """
        digest = digest_of_request(signal, body, self._books.ledger.secret)
        request = Request(RequestKind(signal, source), received, self._means, body, digest)
        known = self._books.digests.committed(digest)
        if known is not None:
            request.repeat(known)
        else:
            self._admit(request)
        return request.future

    def close(self) -> None:
        """Takes no more in; what was taken in is with the writer."""
        with self._lock:
            self._closed = True

    def _admit(self, request: Request) -> None:
        with self._lock:
            refusal = "the collector is closing" if self._closed else self._room.take(request.size, 1)
            if not refusal:
                self._writer.submit(request, request.size)
        if refusal:
            request.refuse(refusal)
