"""The way into the ledger: recognised by its bytes, decoded aside, counted and committed by the writer, and only then acknowledged."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from .books import Books
from .columns import Points, Signal, Spans
from .count_points import count_points
from .count_spans import count_spans
from .counters import Counters
from .errors import BadRequest, Unavailable
from .origin import digest_of_request
from .recent import Receipt
from .rejections import Outcome
from .writer import RETRY_AFTER, Writer

MOST_QUEUED_BYTES: Final = 256 * 2**20
MOST_QUEUED_REQUESTS: Final = 8_192
DECODE_THREADS: Final = 2


@dataclass(frozen=True, slots=True)
class Decoders:
    """How bodies become columns. Only attributes in the set given are wanted; both raise BadRequest."""

    spans: Callable[[bytes, frozenset[str]], Spans]
    points: Callable[[bytes, frozenset[str]], Points]

    def decode(self, signal: Signal, body: bytes, wanted: frozenset[str]) -> Spans | Points:
        """The columns of a body."""
        return self.spans(body, wanted) if signal is Signal.TRACES else self.points(body, wanted)


class Intake:
    """Takes requests in, within bounds of memory: what finds no room is refused at once, to be sent again."""

    def __init__(
        self,
        books: Books,
        writer: Writer,
        decoders: Decoders,
        most_bytes: int = MOST_QUEUED_BYTES,
        most_requests: int = MOST_QUEUED_REQUESTS,
    ) -> None:
        self._books = books
        self._writer = writer
        self._decoders = decoders
        self._room = _Room(books.counters, most_bytes, most_requests)
        self._pool = ThreadPoolExecutor(DECODE_THREADS, "fournines-decode")
        self._lock = threading.Lock()
        self._closed = False

    def accept(self, signal: Signal, body: bytes, received: float) -> Future[Receipt]:
        """Takes one request in, received at epoch second `received`. Its future holds the receipt once it is durable.

        The future raises BadRequest for what can't be read, and Unavailable for what can't be kept now.
        """
        digest = digest_of_request(signal, body, self._books.ledger.secret)
        request = _Request(signal, body, digest, received, self._decoders, self._room)
        known = self._books.digests.committed(digest)
        if known is not None:
            request.repeat(known)
        else:
            self._admit(request)
        return request.future

    def close(self) -> None:
        """Takes no more in, and returns once everything taken in is decoded and with the writer."""
        with self._lock:
            self._closed = True
        self._pool.shutdown(wait=True)

    def _admit(self, request: _Request) -> None:
        with self._lock:
            refusal = "the collector is closing" if self._closed else self._room.take(len(request.body))
            if not refusal:
                self._pool.submit(self._decode, request)
        if refusal:
            request.refuse(refusal)

    def _decode(self, request: _Request) -> None:
        try:
            request.decode(self._books.registry.wanted)
        except Exception as error:  # noqa: BLE001 - the sender must get its answer whatever a decoder does
            request.failed(error)
        else:
            self._writer.submit(request)


class _Room:
    """The bounds of what is taken in and not yet answered."""

    def __init__(self, counters: Counters, most_bytes: int, most_requests: int) -> None:
        self.counters = counters
        self._most_bytes = most_bytes
        self._most_requests = most_requests
        self._lock = threading.Lock()
        self._bytes = 0
        self._requests = 0

    def take(self, size: int) -> str:
        """Takes room for a body; says why when there is none. An empty room takes any body."""
        with self._lock:
            full = self._bytes + size > self._most_bytes or self._requests >= self._most_requests
            if full and self._requests:
                return f"{self._requests} requests of {self._bytes} bytes wait to be counted; there is no room for more"
            self._move(size, 1)
        return ""

    def give_back(self, size: int) -> None:
        """Gives the room of a body back."""
        with self._lock:
            self._move(-size, -1)

    def _move(self, size: int, requests: int) -> None:
        self._bytes += size
        self._requests += requests
        self.counters.queue_bytes.set(self._bytes)
        self.counters.queue_requests.set(self._requests)


class _Request:
    """One body on its way, and the future that says what became of it."""

    def __init__(
        self, signal: Signal, body: bytes, digest: bytes, received: float, decoders: Decoders, room: _Room
    ) -> None:
        self.signal = signal
        self.body = body
        self.future: Future[Receipt] = Future()
        # A sender that goes away does not take back what it sent.
        self.future.set_running_or_notify_cancel()
        self._digest = digest
        self._received = received
        self._decoders = decoders
        self._room = room
        self._wanted: frozenset[str] = frozenset()
        self._columns: Spans | Points | None = None
        self._outcome: Outcome | None = None
        self._known: Receipt | None = None

    def decode(self, wanted: frozenset[str]) -> None:
        """Decodes the body; raises BadRequest."""
        self._columns = self._decoders.decode(self.signal, self.body, wanted)
        self._wanted = wanted

    def stage(self, books: Books) -> None:
        """Stages what it holds, unless it was counted while it waited."""
        self._outcome, self._known = None, books.digests.get(self._digest)
        if self._known is not None:
            return
        if not books.registry.wanted <= self._wanted:
            self.decode(books.registry.wanted)
        if isinstance(self._columns, Spans):
            self._outcome = count_spans(books, self._columns, self._received)
        else:
            assert self._columns is not None, "decoded before it is submitted"
            self._outcome = count_points(books, self._columns, self._received)
        books.digests.put(self._digest, self._outcome.receipt, self._received)

    def done(self) -> None:
        """Gives the sender its receipt."""
        self._room.give_back(len(self.body))
        if self._outcome is not None:
            self._outcome.count(self._room.counters)
            self._count("accepted")
            self.future.set_result(self._outcome.receipt)
        elif self._known is not None:
            self.repeat(self._known)

    def failed(self, error: Exception) -> None:
        """Tells the sender why it is not kept."""
        self._room.give_back(len(self.body))
        self._count("unreadable" if isinstance(error, BadRequest) else "refused")
        self.future.set_exception(error)

    def refuse(self, reason: str) -> None:
        """Tells the sender that there is no room."""
        self._count("refused")
        self.future.set_exception(Unavailable(reason, RETRY_AFTER))

    def repeat(self, receipt: Receipt) -> None:
        """Acknowledges a repeat like the first."""
        self._count("repeated")
        self.future.set_result(receipt._replace(repeated=True))

    def _count(self, result: str) -> None:
        self._room.counters.requests.labels(self.signal.name.lower(), result).inc()
