"""Spans into the books: judged once a distinct attribute set, counted as arrays, booked by when they ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from ...slo import BUCKET, PROBE, SPANS, XRAY, Attributes
from ...slo.classify import ROUTE_KEYS
from ...slo.sli import NANOSECONDS
from ..books.books import Books
from ..books.fractions import BITS, HALF, weight
from ..books.taps import Piece
from ..books.tracks import Track, TrackOwner
from ..columns import IntColumn, RowNumbers, Source, Spans
from ..ledger.buckets import Booked, bucket_of
from ..ledger.tallies import observed_from
from ..registry.series import NOTHING, Threshold
from ..rejections import RequestOutcome
from ..senders.origin import SenderOrigin
from ..senders.senders import SignOfLife
from .countable import CLIENT, CONSUMER, KINDS, SERVER, Countable
from .groups import Groups

_NEWEST: Final = 8 * BUCKET
"""Seconds of buckets that spans are counted in at once, the newest ones; those of older ones are booked a group at a time."""


def count_spans(
    books: Books, spans: Spans, pieces: Sequence[Piece], source: Source = Source.OTLP
) -> list[RequestOutcome]:
    """Stages the events of the spans of some requests, and their signs of life; says what became of each request.

    Segments of X-Ray count as spans too while their service sends no spans. A probe's results are nobody's signs of life.
    """
    origins = [books.origins.of(resource) for resource in spans.resources]
    received = max(piece.received for piece in pieces)
    counting = _Counting(books, spans, origins, received, source, bool(spans.threshold.any()))
    countable = Countable.of(spans, pieces)
    if source is not Source.PROBE:
        counting.hear(countable.rows)
    counting.count(countable.rows, countable.booked)
    return countable.outcomes


class _Group(NamedTuple):
    """Rows of one track in one bucket."""

    track: Track
    t: int
    rows: RowNumbers


@dataclass(frozen=True, slots=True)
class _Counting:
    """Spans on their way into the books."""

    books: Books
    spans: Spans
    origins: list[SenderOrigin]
    received: float
    source: Source
    sampled: bool

    def hear(self, rows: RowNumbers) -> None:
        """Stages who sent, and what of it counts."""
        spans, books = self.spans, self.books
        books.clocks.read(self.origins, spans.resource, spans.end, self.received)
        serving = set(spans.resource[rows[spans.kind[rows] == SERVER]].tolist())
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

    def count(self, rows: RowNumbers, booked: IntColumn) -> None:
        """Stages the rows: by track those of the newest buckets, and group by group the late ones and those that are weighed."""
        if not len(rows):
            return
        numbers, of_row = self._tracked(rows)
        buckets = bucket_of(booked)
        apart = buckets <= int(buckets.max()) - _NEWEST
        if self.sampled:
            apart |= self.spans.threshold[rows] != 0
        if apart.any():
            for group in self._groups(rows[apart], numbers[of_row[apart]], buckets[apart]):
                self._book_group(group)
            rows, of_row, buckets = rows[~apart], of_row[~apart], buckets[~apart]
        self._count(rows, numbers, of_row, buckets)

    def _count(self, rows: RowNumbers, numbers: IntColumn, of_row: IntColumn, buckets: IntColumn) -> None:
        """Stages rows of a few buckets."""
        if not len(rows):
            return
        first, last = int(buckets.min()), int(buckets.max())
        if first == last:
            self._add(first, rows, numbers, of_row)
            return
        for t in range(first, last + 1, BUCKET):
            inside = np.flatnonzero(buckets == t)
            if len(inside):
                self._add(t, rows[inside], numbers, of_row[inside])

    def _add(self, t: int, rows: RowNumbers, numbers: IntColumn, of_row: IntColumn) -> None:
        """Stages rows of the bucket of second `t`."""
        spans = self.spans
        if len(rows) == len(spans.kind):
            started, ended = spans.start, spans.end
        else:
            started, ended = spans.start[rows], spans.end[rows]
        since = observed_from(started // NANOSECONDS, t)
        self.books.tracks.add(t, self.received, numbers, of_row, ended - started, since)

    def _tracked(self, rows: RowNumbers) -> tuple[IntColumn, IntColumn]:
        """The distinct tracks' numbers, and which of them each row has."""
        spans, tracks = self.spans, self.books.tracks
        tracks.make_room()
        kinds = spans.kind[rows]
        side = (kinds == CLIENT) + 2 * (kinds == CONSUMER)
        codes = (side * len(spans.resources) + spans.resource[rows]) * len(spans.labels) + spans.label[rows]
        groups = Groups.by(codes, len(KINDS) * len(spans.resources) * len(spans.labels))
        labels = [self._labels(label) for label in (groups.codes % len(spans.labels)).tolist()]
        senders = groups.codes // len(spans.labels)
        numbers: list[int] = []
        # Codes are in order, so those of one sender lie together.
        starts = [0, *(np.flatnonzero(np.diff(senders)) + 1).tolist(), len(senders)]
        for start, end in pairwise(starts):
            of_side, resource = divmod(int(senders[start]), len(spans.resources))
            numbers += self._numbers(resource, KINDS[of_side], labels[start:end])
        return np.array(numbers, np.int64), groups.of

    def _numbers(self, resource: int, kind: int, labels: list[Attributes]) -> list[int]:
        origin = self.origins[resource]
        sender = TrackOwner(origin, self.spans.resources[resource], self._signals(origin.service), kind)
        return self.books.tracks.numbers(sender, self.books.registry.judges(origin.service), labels)

    def _groups(self, rows: RowNumbers, tracks: IntColumn, buckets: IntColumn) -> Iterator[_Group]:
        """The rows in groups of one track and one bucket."""
        order = np.lexsort((buckets, tracks))
        track, bucket = tracks[order], buckets[order]
        fresh = (np.diff(track, prepend=-1) != 0) | (np.diff(bucket, prepend=-1) != 0)
        starts = np.flatnonzero(fresh).tolist()
        for start, end in pairwise([*starts, len(rows)]):
            yield _Group(self.books.tracks.track(int(track[start])), int(bucket[start]), rows[order[start:end]])

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
        """Books one group, and tells what its bad events have in common. What a service asks of others feeds nothing, mostly."""
        feeds, rows = group.track.feeds, group.rows
        if feeds == NOTHING:
            return
        began = self.spans.start[rows]
        since = int(observed_from(began // NANOSECONDS, group.t).min())

        def parted(threshold: Threshold) -> tuple[RowNumbers, RowNumbers]:
            quick = self.spans.end[rows] - began <= threshold.nanoseconds
            return rows[quick], rows[~quick]

        for slos, good, bad in feeds.judged(rows, rows[:0], parted):
            self._book(group, slos, since, good, bad)

    def _book(self, group: _Group, slos: tuple[int, ...], since: int, good: RowNumbers, bad: RowNumbers) -> None:
        """Books some SLOs' events; sampled ones are told by their rounded weight."""
        failed = len(bad)
        thresholds, version = self.spans.threshold, group.track.version
        if self.sampled and (thresholds[good].any() or thresholds[bad].any()):
            weights = weight(thresholds[good]), weight(thresholds[bad])
            failed = (weights[1] + HALF) >> BITS
            for slo in slos:
                right, wrong = self.books.fractions.whole(slo, *weights)
                self.books.book((slo,), group.t, Booked(right, right + wrong), since, self.received, version)
        else:
            self.books.book(slos, group.t, Booked(len(good), len(good) + failed), since, self.received, version)
        if failed:
            track = group.track
            self.books.contributors.blame(slos, group.t, failed, track.told, track.resource, self.received)
