"""One request on its way into the books, and the future that says what became of it.

Requests of a group are staged together. Those that hold spans are decoded and counted as if they were one, which an OTLP message after
another is: what a request costs beside its spans is then shared by all that wait for the same commit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import accumulate, groupby
from operator import attrgetter
from typing import Final, NamedTuple

import numpy as np

from .books.books import Books
from .books.taps import Arrival, Piece
from .books.writer import RETRY_AFTER
from .columns import Columns, Logs, Points, Signal, Source, Spans, Wanted
from .counters import Counters
from .counting.logs import count_logs
from .counting.points import count_points
from .counting.spans import count_spans
from .decoders import Decoders
from .errors import BadRequest, Unavailable
from .receipt import Receipt
from .rejections import RequestOutcome
from .room import Room

LARGE: Final = 2**20
"""Bytes from which a request is decoded by itself: it shares little, and its bytes would have to be copied."""


@dataclass(frozen=True, slots=True)
class Means:
    """What all requests share."""

    decoders: Decoders
    room: Room
    counters: Counters


class RequestKind(NamedTuple):
    """Requests of one kind may be decoded together."""

    signal: Signal
    source: Source


class Request:
    """The bytes of an OTLP message, with the digest that tells one which comes twice."""

    def __init__(self, kind: RequestKind, received: float, means: Means, body: bytes, digest: bytes) -> None:
        self.kind = kind
        self.received = received
        self.means = means
        self.body = body
        self.digest = digest
        self.size = len(body)
        self.future: Future[Receipt] = Future()
        # A sender that goes away does not take back what it sent.
        self.future.set_running_or_notify_cancel()
        self._became: RequestOutcome | Receipt | BadRequest | None = None

    @classmethod
    def stage_all(cls, books: Books, items: Sequence[Request]) -> None:
        """Stages what they hold, but for what is counted already and what can't be read."""
        for kind, alike in _alike(items):
            waiting = alike
            while waiting:
                fresh, waiting = _told_apart(books, waiting)
                for batch in _batches(kind, fresh):
                    batch.stage(books)

    def decided(self, became: RequestOutcome | Receipt | BadRequest | None) -> None:
        """What became of it, should all of its group be committed: counted, counted before, or unreadable."""
        self._became = became

    def settled(self, error: Exception | None) -> None:
        """Gives the sender its receipt, or says why there is none."""
        self._leave()
        if error is None:
            self._answer()
        else:
            self._tell("refused")
            self.future.set_exception(error)

    def _answer(self) -> None:
        match self._became:
            case RequestOutcome() as outcome:
                outcome.count(self.means.counters)
                self._tell("accepted")
                self.future.set_result(outcome.receipt)
            case BadRequest() as fault:
                self._tell("unreadable")
                self.future.set_exception(fault)
            case Receipt() as receipt:
                self.repeat(receipt)
            case None:
                raise AssertionError("decided when it was staged")

    def refuse(self, reason: str) -> None:
        """Tells the sender that there is no room."""
        self._tell("refused")
        self.future.set_exception(Unavailable(reason, RETRY_AFTER))

    def repeat(self, receipt: Receipt) -> None:
        """Acknowledges a repeat like the first."""
        self._tell("repeated")
        self.future.set_result(receipt._replace(repeated=True))

    def _leave(self) -> None:
        """What it took is free again."""
        self.body = b""
        self.means.room.give_back(self.size, 1)

    def _tell(self, result: str) -> None:
        counters = self.means.counters
        counters.child(counters.requests, self.kind.signal.name.lower(), result).inc()


def _alike(items: Sequence[Request]) -> Iterator[tuple[RequestKind, list[Request]]]:
    """Requests of one kind that came within one second may be taken for one.

    Those of a signal stay in the order they came, whatever the clock did meanwhile: what came first may decide about what follows.
    """
    for _, together in groupby(items, key=lambda request: int(request.received)):
        for kind, alike in groupby(sorted(together, key=_signal), key=attrgetter("kind")):
            yield kind, list(alike)


def _signal(request: Request) -> Signal:
    return request.kind.signal


def _told_apart(books: Books, requests: Sequence[Request]) -> tuple[list[Request], list[Request]]:
    """Those that are not counted yet, and those that wait for one of these because it is of the same bytes."""
    fresh: list[Request] = []
    same: list[Request] = []
    seen: set[bytes] = set()
    for request in requests:
        known = books.digests.get(request.digest)
        request.decided(known)
        if known is None:
            (same if request.digest in seen else fresh).append(request)
            seen.add(request.digest)
    return fresh, same


def _batches(kind: RequestKind, requests: list[Request]) -> Iterator[_Batch]:
    """Spans of several requests are decoded and counted together; points and log records by themselves."""
    for joins, some in groupby(requests, key=_joins):
        if joins:
            yield _Batch(kind, list(some))
        else:
            for request in some:
                yield _Batch(kind, [request])


def _joins(request: Request) -> bool:
    return request.kind.signal is Signal.TRACES and request.size < LARGE


@dataclass(frozen=True, slots=True)
class _Batch:
    """Requests that are decoded and counted together."""

    kind: RequestKind
    requests: list[Request]

    def stage(self, books: Books) -> None:
        """Stages what they hold. Where one of them can't be read, each half is read by itself: a bad one soon stands alone."""
        try:
            arrival = self._decoded(books.wanted)
        except BadRequest as fault:
            middle = len(self.requests) // 2
            if not middle:
                self.requests[0].decided(fault)
                return
            for half in (self.requests[:middle], self.requests[middle:]):
                _Batch(self.kind, half).stage(books)
        else:
            self._count(books, arrival)

    def _decoded(self, wanted: Wanted) -> Arrival:
        first, received = self.requests[0], [request.received for request in self.requests]
        body = first.body if len(self.requests) == 1 else b"".join([request.body for request in self.requests])
        ends = tuple(accumulate(request.size for request in self.requests))
        columns = first.means.decoders.decode(self.kind.signal, body, wanted, ends)
        items = _items(columns, ends)
        pieces = tuple(map(Piece, ends, items, received))
        return Arrival(self.kind.signal, self.kind.source, body, columns, max(received), pieces)

    def _count(self, books: Books, arrival: Arrival) -> None:
        for request, outcome in zip(self.requests, _counted(books, arrival), strict=True):
            request.decided(outcome)
            books.digests.put(request.digest, outcome.receipt, request.received)
        for tap in books.taps:
            tap.stage(arrival, books.registry)


def _items(columns: Columns, ends: Sequence[int]) -> list[int]:
    """How many items each request holds."""
    if len(ends) == 1:
        return [len(columns.resource) + columns.skipped]
    assert isinstance(columns, Spans), "only spans of several requests are decoded together"
    # An empty span that ends its request begins where that ends: of the next one nothing begins there.
    until = np.searchsorted(columns.place[:, 0], ends, side="right")
    items: list[int] = np.diff(until, prepend=0).tolist()
    return items


def _counted(books: Books, arrival: Arrival) -> list[RequestOutcome]:
    match arrival.columns:
        case Spans() as spans:
            return count_spans(books, spans, arrival.pieces, arrival.source)
        case Points() as points:
            return [count_points(books, points, arrival.received)]
        case Logs() as logs:
            return [count_logs(books, logs, arrival.received)]
