"""Spans into the books: judged once a distinct attribute set, counted as arrays, booked by when they ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..slo import BUCKET, PROBE, SPANS, XRAY, Attributes, SpanKind
from ..slo.classify import ROUTE_KEYS
from .books import Books
from .buckets import NANOSECONDS, Booked, nanoseconds
from .columns import IntColumn, Signal, Source, Spans
from .fractions import BITS, HALF, HEAVIEST, weight
from .origin import Origin
from .rejections import IMPLAUSIBLE, Outcome, Rejections
from .senders import SignOfLife
from .series import Feeds

_KINDS: Final = 8  # OTLP's span kinds are 0 to 5
_SERVER: Final = SpanKind.SERVER.value
_CLIENT: Final = SpanKind.CLIENT.value

Rows = NDArray[np.intp]


def count_spans(books: Books, spans: Spans, received: float, source: Source = Source.OTLP) -> Outcome:
    """Stages the events of a request's spans, and its signs of life.

    Segments of X-Ray count as spans too while their service sends no spans. A probe's results are nobody's signs of life.
    """
    rejections = Rejections(Signal.TRACES)
    origins = [books.origins.of(resource) for resource in spans.resources]
    counting = _Counting(books, spans, origins, received, source, bool(spans.threshold.any()))
    rows, booked = counting.countable(rejections)
    if source is not Source.PROBE:
        counting.hear(rows)
    for group in counting.groups(rows, booked):
        counting.book(group)
    return rejections.outcome(len(spans.kind) + spans.skipped)


class _Group(NamedTuple):
    """Rows that count alike in one bucket."""

    feeds: Feeds
    t: int
    rows: Rows


@dataclass(frozen=True, slots=True)
class _Counting:
    """One request's spans on their way into the books."""

    books: Books
    spans: Spans
    origins: list[Origin]
    received: float
    source: Source
    sampled: bool

    def countable(self, rejections: Rejections) -> tuple[Rows, IntColumn]:
        """The rows that can count, and when each is booked: served or asked for, at a time that is kept, of a weight that can be."""
        spans = self.spans
        rows = np.flatnonzero((spans.kind == _SERVER) | (spans.kind == _CLIENT))
        end = spans.end if len(rows) == len(spans.end) else spans.end[rows]
        booked = np.minimum(end, nanoseconds(self.received))
        taken = rejections.by_time(end, booked, self.received)
        heavy = spans.threshold[rows] > HEAVIEST
        if heavy.any():
            rejections.add(IMPLAUSIBLE, int(np.count_nonzero(heavy & taken)))
            taken &= ~heavy
        return (rows, booked) if taken.all() else (rows[taken], booked[taken])

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

    def groups(self, rows: Rows, booked: IntColumn) -> Iterator[_Group]:
        """The rows in groups that count alike in one bucket."""
        if not len(rows):
            return
        feeds, of_row = self._judged(rows)
        buckets = booked // (BUCKET * NANOSECONDS)
        first = int(buckets.min())
        width = int(buckets.max()) - first + 1
        if width == 1 and len(feeds) == 1:
            yield _Group(feeds[0], first * BUCKET, rows)
            return
        codes = of_row * width + (buckets - first)
        order = np.argsort(codes, kind="stable")
        ordered = codes[order]
        starts = np.flatnonzero(np.diff(ordered, prepend=-1))
        ends = [*starts[1:].tolist(), len(rows)]
        for code, start, end in zip(ordered[starts].tolist(), starts.tolist(), ends, strict=True):
            yield _Group(feeds[code // width], (first + code % width) * BUCKET, rows[order[start:end]])

    def _judged(self, rows: Rows) -> tuple[list[Feeds], NDArray[np.int64]]:
        """The distinct feeds, and which of them each row has."""
        spans, series = self.spans, self.books.series
        codes = (spans.resource[rows] * len(spans.labels) + spans.label[rows]) * _KINDS + spans.kind[rows]
        distinct, inverse = np.unique(codes, return_inverse=True)
        numbers: dict[int, int] = {}
        feeds: list[Feeds] = []
        of_code = np.empty(len(distinct), np.int64)
        signals = [self._signals(origin.service) for origin in self.origins]
        for index, code in enumerate(distinct.tolist()):
            pair, kind = divmod(code, _KINDS)
            resource, label = divmod(pair, len(spans.labels))
            found = series.feeds(self.origins[resource].service, signals[resource], kind, self._labels(label))
            number = numbers.get(id(found))
            if number is None:
                number = numbers[id(found)] = len(feeds)
                feeds.append(found)
            of_code[index] = number
        return feeds, of_code[inverse]

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

    def book(self, group: _Group) -> None:
        """Books one group, and tells what its bad events have in common."""
        feeds, t, rows = group
        if not (feeds.good or feeds.bad or feeds.timed):
            return
        start = int(self.spans.start[rows].min()) // NANOSECONDS
        everything, nothing = rows, rows[:0]
        self._book(feeds.good, t, start, everything, nothing)
        self._book(feeds.bad, t, start, nothing, everything)
        if feeds.timed:
            durations = self.spans.end[rows] - self.spans.start[rows]
            for threshold, slos in feeds.timed:
                quick = durations <= threshold.nanoseconds
                if quick.all():
                    self._book(slos, t, start, everything, nothing)
                else:
                    self._book(slos, t, start, rows[quick], rows[~quick])

    def _book(self, slos: tuple[int, ...], t: int, start: int, good: Rows, bad: Rows) -> None:
        if not slos:
            return
        thresholds = self.spans.threshold
        if self.sampled and (thresholds[good].any() or thresholds[bad].any()):
            weights = weight(thresholds[good]), weight(thresholds[bad])
            for slo in slos:
                right, wrong = self.books.fractions.whole(slo, *weights)
                self.books.book((slo,), t, Booked(right, right + wrong), start, self.received)
        else:
            self.books.book(slos, t, Booked(len(good), len(good) + len(bad)), start, self.received)
        if len(bad):
            self._blame(slos, t, bad)

    def _blame(self, slos: tuple[int, ...], t: int, bad: Rows) -> None:
        """Says who had a part in bad events, once for what is alike; sampled ones by their rounded weight."""
        spans = self.spans
        codes = (spans.resource[bad] * len(spans.labels) + spans.label[bad]) * _KINDS + spans.kind[bad]
        for code, count in zip(*self._weighed(codes, bad), strict=True):
            pair, kind = divmod(code, _KINDS)
            resource, label = divmod(pair, len(spans.labels))
            service = self.origins[resource].service
            labels = self.books.series.named(service, self._signals(service), kind, self._labels(label))
            self.books.contributors.blame(slos, t, count, labels, spans.resources[resource], self.received)

    def _weighed(self, codes: IntColumn, rows: Rows) -> tuple[list[int], list[int]]:
        """The distinct codes, and how many events each stands for, rounded."""
        distinct, of, counts = np.unique(codes, return_inverse=True, return_counts=True)
        if not self.sampled:
            return distinct.tolist(), counts.tolist()
        thresholds = self.spans.threshold[rows]
        weights = [weight(thresholds[of == index]) for index in range(len(distinct))]
        return distinct.tolist(), [(found + HALF) >> BITS for found in weights]
