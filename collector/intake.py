"""The way into the ledger: recognised by its bytes, decoded aside, counted and committed by the writer, and only then acknowledged."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from .books import Books
from .columns import Columns, Logs, Points, Signal, Source, Spans, Wanted
from .count_logs import count_logs
from .count_points import count_points
from .count_spans import count_spans
from .counters import Counters
from .decoders import Decoders
from .errors import BadRequest, Unavailable
from .origin import digest_of_request
from .recent import Receipt
from .rejections import Outcome
from .taps import Arrival
from .writer import RETRY_AFTER, Writer

MOST_QUEUED_BYTES: Final = 256 * 2**20
MOST_QUEUED_REQUESTS: Final = 8_192
DECODE_THREADS: Final = 2


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

    def accept(self, signal: Signal, body: bytes, received: float, source: Source = Source.OTLP) -> Future[Receipt]:
        """Takes the bytes of one OTLP request in, received at epoch second `received`. Its future holds the receipt once it is durable.

        The future raises BadRequest for what can't be read, and Unavailable for what can't be kept now.
        """
        digest = digest_of_request(signal, body, self._books.ledger.secret)
        request = _Request(Arrival(signal, source, body, None, received), digest, self._decoders, self._room)
        known = self._books.digests.committed(digest)
        if known is not None:
            request.repeat(known)
        else:
            self._admit(request)
        return request.future

    def take(self, signal: Signal, columns: Columns, received: float, source: Source) -> Future[Receipt]:
        """Takes columns in that a source made itself; as `accept`, but nothing tells one that comes twice."""
        request = _Request(Arrival(signal, source, b"", columns, received), b"", self._decoders, self._room)
        self._admit(request)
        return request.future

    def close(self) -> None:
        """Takes no more in, and returns once everything taken in is decoded and with the writer."""
        with self._lock:
            self._closed = True
        self._pool.shutdown(wait=True)

    def _admit(self, request: _Request) -> None:
        with self._lock:
            refusal = "the collector is closing" if self._closed else self._room.take(request.size)
            if not refusal:
                self._pool.submit(self._decode, request)
        if refusal:
            request.refuse(refusal)

    def _decode(self, request: _Request) -> None:
        try:
            request.decode(self._books.wanted)
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

    def __init__(self, arrival: Arrival, digest: bytes, decoders: Decoders, room: _Room) -> None:
        self.size = len(arrival.body)
        self.future: Future[Receipt] = Future()
        # A sender that goes away does not take back what it sent.
        self.future.set_running_or_notify_cancel()
        self._arrival = arrival
        self._digest = digest
        self._decoders = decoders
        self._room = room
        self._wanted: Wanted | None = None
        self._outcome: Outcome | None = None
        self._known: Receipt | None = None

    def decode(self, wanted: Wanted) -> None:
        """Decodes the body, unless it came as columns; raises BadRequest."""
        if self._digest:
            columns = self._decoders.decode(self._arrival.signal, self._arrival.body, wanted)
            self._arrival = self._arrival._replace(columns=columns)
        self._wanted = wanted

    def stage(self, books: Books) -> None:
        """Stages what it holds, unless it was counted while it waited."""
        self._outcome, self._known = None, books.digests.get(self._digest) if self._digest else None
        if self._known is not None:
            return
        if self._wanted is None or not self._wanted.covers(books.wanted):
            self.decode(books.wanted)
        self._outcome = _count(books, self._arrival)
        for tap in books.taps:
            tap.stage(self._arrival, books.registry)
        if self._digest:
            books.digests.put(self._digest, self._outcome.receipt, self._arrival.received)

    def done(self) -> None:
        """Gives the sender its receipt."""
        self._room.give_back(self.size)
        if self._outcome is not None:
            self._outcome.count(self._room.counters)
            self._count("accepted")
            self.future.set_result(self._outcome.receipt)
        elif self._known is not None:
            self.repeat(self._known)

    def failed(self, error: Exception) -> None:
        """Tells the sender why it is not kept."""
        self._room.give_back(self.size)
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
        self._room.counters.requests.labels(self._arrival.signal.name.lower(), result).inc()


def _count(books: Books, arrival: Arrival) -> Outcome:
    match arrival.columns:
        case Spans():
            return count_spans(books, arrival.columns, arrival.received, arrival.source)
        case Points():
            return count_points(books, arrival.columns, arrival.received)
        case Logs():
            return count_logs(books, arrival.columns, arrival.received)
        case None:
            raise AssertionError("decoded before it is submitted")
