"""Spans into the books: judged once a distinct attribute set, counted as arrays, booked by when they ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...slo import (
    BUCKET,
    HOUR,
    PROBE,
    SPANS,
    XRAY,
    Attributes,
    SpanKind,
)
from ...slo.classify import ROUTE_KEYS
from ..books.books import LONGEST, Books
from ..books.fractions import (
    BITS,
    HALF,
    HEAVIEST,
    weight,
)
from ..books.taps import Piece
from ..books.tracks import Sender, Track
from ..columns import (
    IntColumn,
    Signal,
    Source,
    Spans,
)
from ..ledger.buckets import (
    FUTURE,
    NANOSECONDS,
    OLDEST,
    Booked,
    kept_from,
    nanoseconds,
)
from ..rejections import IMPLAUSIBLE, Outcome, Rejections
from ..senders.origin import Origin
from ..senders.senders import SignOfLife

_SERVER: Final = SpanKind.SERVER.value
_CLIENT: Final = SpanKind.CLIENT.value
_CONSUMER: Final = SpanKind.CONSUMER.value
_SIDES: Final = (_SERVER, _CLIENT, _CONSUMER)
"""The kinds that count, by their number among themselves."""
_FEW: Final = 8
"""Buckets that spans are counted in at once, the newest ones; those of older ones are booked a group at a time."""

Rows = NDArray[np.intp]


def count_spans(books: Books, spans: Spans, pieces: Sequence[Piece], source: Source = Source.OTLP) -> list[Outcome]:
    """Stages the events of the spans of some requests, and their signs of life; says what became of each request.

    Segments of X-Ray count as spans too while their service sends no spans. A probe's results are nobody's signs of life.
    """
    origins = [books.origins.of(resource) for resource in spans.resources]
    received = max(piece.received for piece in pieces)
    counting = _Counting(books, spans, origins, received, source, bool(spans.threshold.any()))
    countable = _countable(spans, pieces)
    if source is not Source.PROBE:
        counting.hear(countable.rows)
    counting.count(countable.rows, countable.booked)
    return countable.outcomes


class _Countable(NamedTuple):
    """The rows that can count, when each is booked, and what became of each request."""

    rows: Rows
    booked: IntColumn
    outcomes: list[Outcome]


def _countable(spans: Spans, pieces: Sequence[Piece]) -> _Countable:
    """The rows served, asked for or consumed, at a time that is kept, of a weight that can be; and when each is booked."""
    counts = (spans.kind == _SERVER) | (spans.kind == _CLIENT) | (spans.kind == _CONSUMER)
    items = [piece.items for piece in pieces]
    received = np.repeat([nanoseconds(piece.received) for piece in pieces], items)[: len(counts)]
    booked = np.minimum(spans.end, received)
    if _is_sound(spans, booked, pieces):
        outcomes = [Rejections(Signal.TRACES).outcome(count) for count in items]
    else:
        ends = np.cumsum(items).tolist()
        outcomes = [
            _sorted_out(spans, booked, counts, slice(end - piece.items, end), piece)
            for piece, end in zip(pieces, ends, strict=True)
        ]
    rows = np.flatnonzero(counts)
    return _Countable(rows, booked if len(rows) == len(booked) else booked[rows], outcomes)


def _is_sound(spans: Spans, booked: IntColumn, pieces: Sequence[Piece]) -> bool:
    """Whether no row at all is to be refused: almost always, and found out at once."""
    latest = nanoseconds(min(piece.received for piece in pieces) + FUTURE)
    oldest = kept_from(OLDEST, max(piece.received for piece in pieces)) * NANOSECONDS
    return bool(
        spans.end.max(initial=0) <= latest
        and booked.min(initial=oldest) >= oldest
        and spans.threshold.max(initial=0) <= HEAVIEST
    )


def _sorted_out(spans: Spans, booked: IntColumn, counts: NDArray[np.bool_], part: slice, piece: Piece) -> Outcome:
    """What became of one request: those of its rows that are refused don't count any more."""
    rejections = Rejections(Signal.TRACES)
    rows = np.flatnonzero(counts[part]) + part.start
    taken = rejections.by_time(spans.end[rows], booked[rows], piece.received)
    heavy = spans.threshold[rows] > HEAVIEST
    rejections.add(IMPLAUSIBLE, int(np.count_nonzero(heavy & taken)))
    counts[rows] = taken & ~heavy
    return rejections.outcome(piece.items)


class _Group(NamedTuple):
    """Rows of one track in one bucket."""

    track: Track
    t: int
    rows: Rows


@dataclass(frozen=True, slots=True)
class _Counting:
    """Spans on their way into the books."""

    books: Books
    spans: Spans
    origins: list[Origin]
    received: float
    source: Source
    sampled: bool

    def hear(self, rows: Rows) -> None:
        """Stages who sent, and what of it counts."""
        spans, books = self.spans, self.books
        books.clocks.read(self.origins, spans.resource, spans.end, self.received)
        serving = set(spans.resource[rows[spans.kind[rows] == _SERVER]].tolist())
        segments = self.source is Source.XRAY
        for index, origin in enumerate(self.origins):
            serves = index in serving
            books.introduce(
                origin.service,
                self.received,
                metrics=False,
                spans=serves and not segments,
                segments=serves and segments,
            )
        books.hear((SignOfLife(origin.sender) for origin in self.origins), self.received)

    def count(self, rows: Rows, booked: IntColumn) -> None:
        """Stages the rows: by track those of the newest buckets, and group by group the late ones and those that are weighed."""
        if not len(rows):
            return
        numbers, of_row = self._tracked(rows)
        buckets = booked // (BUCKET * NANOSECONDS)
        newest = int(buckets.max())
        apart = buckets <= newest - _FEW
        if self.sampled:
            apart |= self.spans.threshold[rows] != 0
        if apart.any():
            for group in self._groups(rows[apart], numbers[of_row[apart]], buckets[apart]):
                self._book_group(group)
            rows, of_row, buckets = rows[~apart], of_row[~apart], buckets[~apart]
        self._count(rows, numbers, of_row, buckets)

    def _count(self, rows: Rows, numbers: IntColumn, of_row: IntColumn, buckets: IntColumn) -> None:
        """Stages rows of a few buckets."""
        if not len(rows):
            return
        first, last = int(buckets.min()), int(buckets.max())
        if first == last:
            self._add(first, rows, numbers, of_row)
            return
        for bucket in range(first, last + 1):
            inside = np.flatnonzero(buckets == bucket)
            if len(inside):
                self._add(bucket, rows[inside], numbers, of_row[inside])

    def _add(self, bucket: int, rows: Rows, numbers: IntColumn, of_row: IntColumn) -> None:
        """Stages rows of one bucket."""
        spans, t = self.spans, bucket * BUCKET
        if len(rows) == len(spans.kind):
            started, ended = spans.start, spans.end
        else:
            started, ended = spans.start[rows], spans.end[rows]
        began = started // NANOSECONDS
        since = np.where((began > 0) & (began <= t + HOUR), np.maximum(began, t - LONGEST), t)
        self.books.tracks.add(t, self.received, numbers, of_row, ended - started, since)

    def _tracked(self, rows: Rows) -> tuple[IntColumn, IntColumn]:
        """The distinct tracks' numbers, and which of them each row has."""
        spans, tracks = self.spans, self.books.tracks
        tracks.make_room()
        kinds = spans.kind[rows]
        side = (kinds == _CLIENT) + 2 * (kinds == _CONSUMER)
        codes = side * len(spans.resources) + spans.resource[rows]
        distinct, of_row = _distinct(
            codes * len(spans.labels) + spans.label[rows], len(_SIDES) * len(spans.resources) * len(spans.labels)
        )
        labels = [self._labels(label) for label in (distinct % len(spans.labels)).tolist()]
        senders = distinct // len(spans.labels)
        numbers: list[int] = []
        # Codes are in order, so those of one sender lie together.
        starts = [0, *(np.flatnonzero(np.diff(senders)) + 1).tolist(), len(senders)]
        for start, end in pairwise(starts):
            of_side, resource = divmod(int(senders[start]), len(spans.resources))
            numbers += self._numbers(resource, _SIDES[of_side], labels[start:end])
        return np.array(numbers, np.int64), of_row

    def _numbers(self, resource: int, kind: int, labels: list[Attributes]) -> list[int]:
        origin = self.origins[resource]
        sender = Sender(origin, self.spans.resources[resource], self._signals(origin.service), kind)
        return self.books.tracks.numbers(sender, self.books.registry.judges(origin.service), labels)

    def _groups(self, rows: Rows, tracks: IntColumn, buckets: IntColumn) -> Iterator[_Group]:
        """The rows in groups of one track and one bucket."""
        order = np.lexsort((buckets, tracks))
        track, bucket = tracks[order], buckets[order]
        fresh = (np.diff(track, prepend=-1) != 0) | (np.diff(bucket, prepend=-1) != 0)
        starts = np.flatnonzero(fresh).tolist()
        for start, end in pairwise([*starts, len(rows)]):
            yield _Group(
                self.books.tracks.track(int(track[start])), int(bucket[start]) * BUCKET, rows[order[start:end]]
            )

    def _labels(self, label: int) -> Attributes:
        """What decides about a row. The page a probe asks for is no reason to let its result not count."""
        labels = self.spans.labels[label]
        if self.source is Source.PROBE:
            return {key: value for key, value in labels.items() if key not in ROUTE_KEYS}
        return labels

    def _signals(self, service: str) -> tuple[str, ...]:
        """What a service's rows count as."""
        if self.source is Source.PROBE:
            return (PROBE,)
        if self.source is not Source.XRAY:
            return (SPANS,)
        return (XRAY,) if self.books.registry.sends_spans(service) else (XRAY, SPANS)

    def _book_group(self, group: _Group) -> None:
        """Books one group, and tells what its bad events have in common."""
        feeds, rows = group.track.feeds, group.rows
        if not (feeds.good or feeds.bad or feeds.timed):
            return
        start = int(self.spans.start[rows].min()) // NANOSECONDS
        everything, nothing = rows, rows[:0]
        self._book(group, feeds.good, start, everything, nothing)
        self._book(group, feeds.bad, start, nothing, everything)
        if feeds.timed:
            durations = self.spans.end[rows] - self.spans.start[rows]
            for threshold, slos in feeds.timed:
                quick = durations <= threshold.nanoseconds
                self._book(group, slos, start, rows[quick], rows[~quick])

    def _book(self, group: _Group, slos: tuple[int, ...], start: int, good: Rows, bad: Rows) -> None:
        """Books some SLOs' events; sampled ones are told by their rounded weight."""
        if not slos:
            return
        failed = len(bad)
        thresholds = self.spans.threshold
        if self.sampled and (thresholds[good].any() or thresholds[bad].any()):
            weights = weight(thresholds[good]), weight(thresholds[bad])
            failed = (weights[1] + HALF) >> BITS
            for slo in slos:
                right, wrong = self.books.fractions.whole(slo, *weights)
                self.books.book((slo,), group.t, Booked(right, right + wrong), start, self.received)
        else:
            self.books.book(slos, group.t, Booked(len(good), len(good) + failed), start, self.received)
        if failed:
            track = group.track
            self.books.contributors.blame(slos, group.t, failed, track.told, track.resource, self.received)


def _distinct(codes: IntColumn, most: int) -> tuple[IntColumn, IntColumn]:
    """The distinct codes in order, and which of them each row has. `most` is what all codes are below."""
    if most > 4 * len(codes) + 4096:
        distinct, of_row = np.unique(codes, return_inverse=True)
        return distinct, of_row
    seen = np.zeros(most, np.bool_)
    seen[codes] = True
    distinct = np.flatnonzero(seen)
    of_code = np.empty(most, np.int64)
    of_code[distinct] = np.arange(len(distinct))
    return distinct, of_code[codes]
