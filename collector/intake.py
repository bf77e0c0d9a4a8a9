"""The way into the ledger: recognised by its bytes, decoded aside, counted and committed by the writer, and only then acknowledged."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
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
from .room import Room
from .taps import Arrival
from .writer import RETRY_AFTER, Writer

DECODE_THREADS: Final = 2
SMALL: Final = 64 * 1024
"""Bytes of a body that is decoded at once by the thread that received it: to hand it to another costs as much."""

MOST_DECODED: Final = 128 * 2**20
"""Bytes of columns that may wait for the writer before decoding waits for it."""

_ROW: Final = 160
"""Bytes of a row of columns, about."""


class Intake:
    """Takes requests in, within bounds of memory: what finds no room is refused at once, to be sent again."""

    def __init__(
        self,
        books: Books,
        writer: Writer,
        decoders: Decoders,
        room: Room | None = None,
    ) -> None:
        self.room = room or Room()
        """What bounds everything that is received and not yet answered; the doors take of it while they read."""
        self._books = books
        self._writer = writer
        self._means = _Means(decoders, self.room, _Pile(MOST_DECODED), books.counters)
        books.counters.queue_bytes.set_function(lambda: self.room.bytes)
        books.counters.queue_requests.set_function(lambda: self.room.requests)
        self._pool = ThreadPoolExecutor(DECODE_THREADS, "fournines-decode")
        self._lock = threading.Lock()
        self._closed = False

    def accept(self, signal: Signal, body: bytes, received: float, source: Source = Source.OTLP) -> Future[Receipt]:
        """Takes the bytes of one OTLP request in, received at epoch second `received`. Its future holds the receipt once it is durable.

        The future raises BadRequest for what can't be read, and Unavailable for what can't be kept now.
        """
        digest = digest_of_request(signal, body, self._books.ledger.secret)
        request = _Request(Arrival(signal, source, body, None, received), digest, self._means)
        known = self._books.digests.committed(digest)
        if known is not None:
            request.repeat(known)
        else:
            self._admit(request)
        return request.future

    def take(self, signal: Signal, columns: Columns, received: float, source: Source) -> Future[Receipt]:
        """Takes columns in that a source made itself; as `accept`, but nothing tells one that comes twice."""
        request = _Request(Arrival(signal, source, b"", columns, received), b"", self._means)
        self._admit(request)
        return request.future

    def close(self) -> None:
        """Takes no more in, and returns once everything taken in is decoded and with the writer."""
        with self._lock:
            self._closed = True
        self._pool.shutdown(wait=True)

    def _admit(self, request: _Request) -> None:
        aside = request.size > SMALL or self._means.pile.high
        with self._lock:
            refusal = "the collector is closing" if self._closed else self.room.take(request.size, 1)
            if aside and not refusal:
                self._pool.submit(self._decode_aside, request)
        if refusal:
            request.refuse(refusal)
        elif not aside:
            self._decode(request)

    def _decode_aside(self, request: _Request) -> None:
        self._means.pile.wait()
        self._decode(request)

    def _decode(self, request: _Request) -> None:
        try:
            request.decode(self._books.wanted)
        except Exception as error:  # noqa: BLE001 - the sender must get its answer whatever a decoder does
            request.failed(error)
        else:
            self._writer.submit(request)


@dataclass(frozen=True, slots=True)
class _Means:
    """What all requests share."""

    decoders: Decoders
    room: Room
    pile: _Pile
    counters: Counters


class _Pile:
    """Columns that are decoded and not committed: decoding waits while there are too many, so that they do not pile up."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._condition = threading.Condition()
        self._bytes = 0

    @property
    def high(self) -> bool:
        """Whether there are too many."""
        return self._bytes > self._most

    def wait(self) -> None:
        """Returns once there are few enough."""
        with self._condition:
            self._condition.wait_for(lambda: not self.high)

    def add(self, size: int) -> None:
        """Columns were decoded."""
        with self._condition:
            self._bytes += size

    def take(self, size: int) -> None:
        """They are not needed any more."""
        with self._condition:
            self._bytes -= size
            self._condition.notify_all()


class _Request:
    """One body on its way, and the future that says what became of it."""

    def __init__(self, arrival: Arrival, digest: bytes, means: _Means) -> None:
        self.size = len(arrival.body)
        self.future: Future[Receipt] = Future()
        # A sender that goes away does not take back what it sent.
        self.future.set_running_or_notify_cancel()
        self._arrival = arrival
        self._digest = digest
        self._means = means
        self._piled = 0
        self._wanted: Wanted | None = None
        self._outcome: Outcome | None = None
        self._known: Receipt | None = None

    def decode(self, wanted: Wanted) -> None:
        """Decodes the body, unless it came as columns; raises BadRequest."""
        if self._digest:
            columns = self._means.decoders.decode(self._arrival.signal, self._arrival.body, wanted)
            self._arrival = self._arrival._replace(columns=columns)
            self._pile(_weight(columns))
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
        self._leave()
        if self._outcome is not None:
            self._outcome.count(self._means.counters)
            self._count("accepted")
            self.future.set_result(self._outcome.receipt)
        elif self._known is not None:
            self.repeat(self._known)

    def failed(self, error: Exception) -> None:
        """Tells the sender why it is not kept."""
        self._leave()
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

    def _pile(self, size: int) -> None:
        self._means.pile.add(size - self._piled)
        self._piled = size

    def _leave(self) -> None:
        """What it took is free again."""
        self._arrival = self._arrival._replace(body=b"", columns=None)
        self._means.pile.take(self._piled)
        self._means.room.give_back(self.size, 1)

    def _count(self, result: str) -> None:
        self._means.counters.requests.labels(self._arrival.signal.name.lower(), result).inc()


def _weight(columns: Columns) -> int:
    """Bytes of columns, about."""
    buckets = columns.buckets.nbytes if isinstance(columns, Points) else 0
    return _ROW * len(columns.resource) + buckets


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
