"""Metric points into the books: each interval of a delta stream once, each cumulative stream by what it grew.

Histograms count requests and how quick they were, monotonic sums count events. Gauges count nothing; one of them is the heartbeat.
All of it is work on columns: what is decided is decided once a stream, and what is booked is summed up before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..slo import BUCKET, HOUR, HTTP_SERVER_DURATION
from .books import LONGEST, Books
from .buckets import NANOSECONDS, Booked, nanoseconds
from .columns import IntColumn, PointKind, Points, Signal, Temporality
from .growth import NO_BOUNDS, Growth, Levels, distinct
from .intervals import KEY_SIZE
from .names import HEARTBEAT
from .origin import Origin, digest_of, identity_of
from .rejections import IMPLAUSIBLE, NO_TEMPORALITY, Outcome, Rejections
from .senders import SignOfLife
from .series import Feeds
from .stream_increases import Seen
from .stream_points import WIDEST
from .stream_points import Points as Cumulative

MOST_EVENTS: Final = 10**12
"""Events one point can claim. Sums of counts stay whole numbers of 64 bits then, whoever sends."""

COUNTED_BEFORE: Final = "counted before"
NARROWEST: Final = 8


def count_points(books: Books, points: Points, received: float) -> Outcome:
    """Stages the events of a request's points, and its signs of life."""
    origins = [books.origins.of(resource) for resource in points.resources]
    counts = (points.kind != PointKind.GAUGE) & ~points.no_recorded_value
    books.clocks.read(origins, points.resource[counts], points.end[counts], received)
    measuring = _measuring(points)
    for index, origin in enumerate(origins):
        books.introduce(origin.service, received, metrics=index in measuring, spans=False)
    books.hear(_signs(points, origins), received)
    books.series.trim()
    counting = _Counting(books, points, origins, received)
    counting.rejections.add(IMPLAUSIBLE, points.implausible)
    for growth in counting.growths():
        if len(growth.rows):
            counting.book(growth)
    return counting.rejections.outcome(len(points.kind) + points.skipped, counting.seen)


def _signs(points: Points, origins: list[Origin]) -> Iterator[SignOfLife]:
    """A sign of life of each resource, and what its heartbeat says."""
    heartbeats = [index for index, name in enumerate(points.names) if name == HEARTBEAT]
    if heartbeats:
        beating = np.isin(points.name, heartbeats) & (points.kind == PointKind.GAUGE)
        for row in np.flatnonzero(beating).tolist():
            sender = origins[int(points.resource[row])].sender
            yield SignOfLife(sender, bool(points.value[row] > 0), int(points.end[row]))
    for origin in origins:
        yield SignOfLife(origin.sender)


def _measuring(points: Points) -> set[int]:
    """The resources that send the metric automatic SLOs prefer."""
    preferred = [index for index, name in enumerate(points.names) if name == HTTP_SERVER_DURATION]
    if not preferred:
        return set()
    return set(distinct(points.resource[np.isin(points.name, preferred) & (points.kind >= PointKind.HISTOGRAM)]))


@dataclass(slots=True)
class _Counting:
    """One request's points on their way into the books."""

    books: Books
    points: Points
    origins: list[Origin]
    received: float
    rejections: Rejections = field(default_factory=lambda: Rejections(Signal.METRICS))
    seen: Counter[str] = field(default_factory=Counter)
    booked: IntColumn = field(init=False)
    streams: IntColumn = field(init=False)

    def growths(self) -> Iterator[Growth]:
        """The points that add events, in parts that are alike."""
        points = self.points
        self.booked = np.minimum(points.end, nanoseconds(self.received))
        rows = self._countable()
        self.streams = _streams(points)
        plausible = (points.count[rows] >= 0) & (points.count[rows] <= MOST_EVENTS)
        self.rejections.add(IMPLAUSIBLE, len(rows) - int(np.count_nonzero(plausible)))
        rows = rows[plausible]
        delta = points.temporality[rows] == Temporality.DELTA
        cumulative = points.temporality[rows] == Temporality.CUMULATIVE
        self.rejections.add(NO_TEMPORALITY, int(np.count_nonzero(~(delta | cumulative))))
        for width, part in self._by_width(rows[delta & (points.count[rows] > 0)]):
            yield from self._deltas(part, width)
        for width, part in self._by_width(rows[cumulative]):
            yield from self._cumulatives(part, width)

    def _countable(self) -> NDArray[np.intp]:
        """The rows that can count: of a tracked metric, counting something, at a time that can be booked."""
        points = self.points
        tracked = [i for i, name in enumerate(points.names) if self.books.cumulatives.since(name) is not None]
        histogram = points.kind >= PointKind.HISTOGRAM
        counts = (histogram | ((points.kind == PointKind.SUM) & points.monotonic)) & ~points.no_recorded_value
        if len(tracked) < len(points.names):
            counts &= np.isin(points.name, tracked)
        rows = np.flatnonzero(counts)
        return rows[self.rejections.by_time(points.end[rows], self.booked[rows], self.received)]

    def _by_width(self, rows: NDArray[np.intp]) -> Iterator[tuple[int, NDArray[np.intp]]]:
        """The rows in parts whose buckets make a matrix that is filled by half at least."""
        sizes = self.points.offset[rows + 1] - self.points.offset[rows]
        widths = np.zeros(len(rows), np.int64)
        for size in distinct(sizes):
            widths[sizes == size] = max(NARROWEST, 1 << (size - 1).bit_length()) if size else 0
        for width in distinct(widths):
            yield width, rows[widths == width]

    def _levels(self, rows: NDArray[np.intp], width: int) -> Levels:
        points = self.points
        first, last = points.offset[rows], points.offset[rows + 1]
        buckets = np.zeros((len(rows), width), np.int64)
        for size in distinct(last - first):
            of_size = np.flatnonzero(last - first == size)
            buckets[of_size, :size] = points.buckets[first[of_size, None] + np.arange(size)]
        return Levels(points.bounds, points.bound[rows], buckets)

    def _deltas(self, rows: NDArray[np.intp], width: int) -> Iterator[Growth]:
        new = np.zeros(len(rows), np.bool_)
        for key, group in self._intervals(rows):
            new[group] = self.books.intervals.take(key, self.streams[rows[group]], self.received)
        self.seen[Seen.INCREASE.value] += int(np.count_nonzero(new))
        self.seen[COUNTED_BEFORE] += int(np.count_nonzero(~new))
        rows = rows[new]
        yield Growth(rows, self.points.count[rows], self.points.start[rows], self._levels(rows, width))

    def _intervals(self, rows: NDArray[np.intp]) -> Iterator[tuple[bytes, NDArray[np.intp]]]:
        """The rows in groups of one metric of one sender and one interval, each with its key."""
        words = np.empty((len(rows), KEY_SIZE // 8), "<u8")
        words[:, :2] = self._identities(rows)
        words[:, 2] = self.points.start[rows].view(np.uint64)
        words[:, 3] = self.points.end[rows].view(np.uint64)
        if (words == words[:1]).all():
            yield words[0].tobytes(), np.arange(len(rows))
            return
        groups: dict[bytes, list[int]] = {}
        for index, key in enumerate(words.reshape(-1).view(f"V{KEY_SIZE}").tolist()):
            groups.setdefault(key, []).append(index)
        for key, group in groups.items():
            yield key, np.array(group)

    def _identities(self, rows: NDArray[np.intp]) -> NDArray[np.uint64]:
        """128 bits of resource and metric, as two numbers."""
        numbers, of = self._pairs(rows)
        found = np.empty((len(numbers), 2), "<u8")
        for index, number in enumerate(numbers):
            resource, name = divmod(number, len(self.points.names))
            identity = identity_of(self.origins[resource].digest, self.points.names[name])
            found[index] = np.frombuffer(identity, "<u8")
        return found[of]

    def _pairs(self, rows: NDArray[np.intp]) -> tuple[list[int], NDArray[np.int64]]:
        """The distinct pairs of resource and metric, as numbers, and which of them each row has."""
        codes = self.points.resource[rows] * len(self.points.names) + self.points.name[rows]
        if len(codes) and (codes == codes[0]).all():
            return [int(codes[0])], np.zeros(len(codes), np.int64)
        numbers, of = np.unique(codes, return_inverse=True)
        return numbers.tolist(), of

    def _cumulatives(self, rows: NDArray[np.intp], width: int) -> Iterator[Growth]:
        points, cumulatives = self.points, self.books.cumulatives
        since = np.array([cumulatives.since(name) or 0 for name in points.names], np.int64)
        levels = self._levels(rows, width)
        if width > WIDEST:
            levels = Levels(points.bounds, np.full(len(rows), NO_BOUNDS), np.zeros((len(rows), 0), np.int64))
        batch = Cumulative(
            levels.table,
            rows,
            self._identities(rows),
            self.streams[rows],
            points.start[rows],
            points.end[rows],
            points.count[rows],
            since[points.name[rows]],
            levels.bound,
            levels.buckets,
        )
        for taken in cumulatives.take(batch, self.received):
            self.seen.update({seen.value: count for seen, count in taken.seen.items()})
            yield taken.growth

    def book(self, growth: Growth) -> None:
        """Books what points added, summed up by what it counts for and when."""
        numbers = self._feeds(growth.rows)
        t = self.booked[growth.rows] // (BUCKET * NANOSECONDS) * BUCKET
        start = growth.start // NANOSECONDS
        begun = np.where((start > 0) & (start <= t + HOUR), np.maximum(start, t - LONGEST), t)
        groups = _Groups.of(numbers, t)
        counts, starts = groups.sums(growth.count), groups.least(begun)
        quick = _Quick(growth, self.points.kind[growth.rows] != PointKind.SUM)
        for index, (number, second) in enumerate(groups.codes):
            feeds = self.books.series.numbered(number)
            self.books.book_plain(feeds, second, int(counts[index]), int(starts[index]), self.received)
            if feeds.bad:
                rows = groups.rows(index)
                self._blame(feeds.bad, second, growth.rows[rows], growth.count[rows])
            if feeds.timed:
                self._book_timed(feeds, second, int(starts[index]), growth, groups.rows(index), quick)

    def _feeds(self, rows: NDArray[np.intp]) -> IntColumn:
        """The number of the feeds of each row."""
        points, series = self.points, self.books.series
        pairs, of = self._pairs(rows)
        found = np.zeros(len(rows), np.int64)
        for index, pair in enumerate(pairs):
            resource, name = divmod(pair, len(points.names))
            mine = np.flatnonzero(of == index)
            labels = points.label[rows[mine]]
            found[mine] = series.of_streams(
                self.origins[resource].service,
                points.names[name],
                self.origins[resource].digest,
                self.streams[rows[mine]],
                lambda at, labels=labels: points.labels[labels[at]],  # type: ignore[misc]
            )
        return found

    def _book_timed(
        self, feeds: Feeds, t: int, start: int, growth: Growth, rows: NDArray[np.intp], quick: _Quick
    ) -> None:
        for threshold, slos in feeds.timed:
            within, told = quick.within(threshold.seconds)
            chosen = rows[told[rows]]
            if len(chosen) or quick.histograms[rows].any():
                self._note_boundary(slos, growth.after, rows[quick.histograms[rows]], threshold.seconds)
            if len(chosen):
                events = Booked(int(within[chosen].sum()), int(growth.count[chosen].sum()))
                self.books.book(slos, t, events, start, self.received)
                if events.good < events.total:
                    self._blame(slos, t, growth.rows[chosen], growth.count[chosen] - within[chosen])

    def _note_boundary(self, slos: tuple[int, ...], levels: Levels, rows: NDArray[np.intp], threshold: float) -> None:
        """Remembers where a threshold is none of the boundaries that come."""
        off = [used for used in levels.boundaries(rows, threshold) if used != threshold]
        for slo in slos:
            if off:
                self.books.off_boundary[slo] = off[0]
            else:
                self.books.off_boundary.pop(slo, None)

    def _blame(self, slos: tuple[int, ...], t: int, rows: NDArray[np.intp], bad: IntColumn) -> None:
        """Tells what the bad events have in common, once for what is alike."""
        points = self.points
        codes = points.resource[rows] * len(points.labels) + points.label[rows]
        blamed: dict[int, int] = {}
        for code, name, count in zip(codes.tolist(), points.name[rows].tolist(), bad.tolist(), strict=True):
            if count:
                key = code * len(points.names) + name
                blamed[key] = blamed.get(key, 0) + count
        for key, count in blamed.items():
            code, name = divmod(key, len(points.names))
            resource, label = divmod(code, len(points.labels))
            service = self.origins[resource].service
            labels = self.books.series.named(service, (points.names[name],), 0, points.labels[label])
            self.books.contributors.blame(slos, t, count, labels, points.resources[resource], self.received)


def _streams(points: Points) -> IntColumn:
    """What tells the streams of a metric apart: the decoder's number, or a digest of the labels where there is none."""
    if points.stream is not None:
        return points.stream
    digests = [int.from_bytes(digest_of(labels)[:8], "little", signed=True) for labels in points.labels]
    return np.array(digests, np.int64)[points.label]


@dataclass(frozen=True, slots=True)
class _Groups:
    """Rows in groups by two numbers."""

    codes: list[tuple[int, int]]
    order: NDArray[np.intp]
    starts: NDArray[np.intp]

    @classmethod
    def of(cls, first: IntColumn, second: IntColumn) -> _Groups:
        if (first == first[0]).all() and (second == second[0]).all():
            return cls([(int(first[0]), int(second[0]))], np.arange(len(first)), np.zeros(1, np.intp))
        order = np.lexsort((second, first))
        one, two = first[order], second[order]
        starts = np.flatnonzero(np.concatenate([[True], (one[1:] != one[:-1]) | (two[1:] != two[:-1])]))
        return cls(list(zip(one[starts].tolist(), two[starts].tolist(), strict=True)), order, starts)

    def sums(self, column: IntColumn) -> IntColumn:
        return np.asarray(np.add.reduceat(column[self.order], self.starts))

    def least(self, column: IntColumn) -> IntColumn:
        return np.asarray(np.minimum.reduceat(column[self.order], self.starts))

    def rows(self, index: int) -> NDArray[np.intp]:
        last = self.starts[index + 1] if index + 1 < len(self.starts) else None
        return self.order[self.starts[index] : last]


class _Quick:
    """Events within thresholds, worked out once a threshold; only histograms tell."""

    def __init__(self, growth: Growth, histograms: NDArray[np.bool_]) -> None:
        self.histograms = histograms
        self._growth = growth
        self._found: dict[float, tuple[IntColumn, NDArray[np.bool_]]] = {}

    def within(self, threshold: float) -> tuple[IntColumn, NDArray[np.bool_]]:
        found = self._found.get(threshold)
        if found is None:
            quick, told = self._growth.within(threshold)
            found = self._found[threshold] = (quick, told & self.histograms)
        return found
