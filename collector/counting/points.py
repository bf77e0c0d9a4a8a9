"""Metric points into the books: each interval of a delta stream once, each cumulative stream by what it grew.

Histograms count requests and how quick they were, monotonic sums count events. Gauges count nothing; one of them is the heartbeat.
All of it is work on columns: what is decided is decided once a stream, and what is booked is summed up before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...slo import BUCKET, HOUR, HTTP_SERVER_DURATION
from ..books.books import LONGEST, Books
from ..books.groups import Groups
from ..columns import (
    IntColumn,
    PointKind,
    Points,
    Signal,
    Temporality,
)
from ..ledger.buckets import NANOSECONDS, Booked, nanoseconds
from ..names import HEARTBEAT
from ..registry.automatic import WORK
from ..rejections import (
    IMPLAUSIBLE,
    NO_TEMPORALITY,
    Outcome,
    Rejections,
)
from ..senders.origin import Origin, digest_of, identity_of
from ..senders.senders import SignOfLife
from ..streams.growth import (
    NO_BOUNDS,
    Growth,
    Levels,
    distinct,
)
from ..streams.increases import Seen
from ..streams.intervals import KEY_SIZE
from ..streams.points import WIDEST
from ..streams.points import Points as Cumulative

MOST_EVENTS: Final = 10**12
"""Events one point can claim. Sums of counts stay whole numbers of 64 bits then, whoever sends."""

COUNTED_BEFORE: Final = "counted before"
NARROWEST: Final = 8


def count_points(books: Books, points: Points, received: float) -> Outcome:
    """Stages the events of a request's points, and its signs of life."""
    origins = [books.origins.of(resource) for resource in points.resources]
    books.declaring.stage(points, origins, received)
    counts = (points.kind != PointKind.GAUGE) & ~points.no_recorded_value
    books.clocks.read(origins, points.resource[counts], points.end[counts], received)
    measuring = _measuring(points, HTTP_SERVER_DURATION)
    for signal in WORK:
        for index in _measuring(points, signal):
            books.registry.hear_work(origins[index].service, signal, received)
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
        beating = _named(points, heartbeats) & (points.kind == PointKind.GAUGE)
        for row in np.flatnonzero(beating).tolist():
            sender = origins[int(points.resource[row])].sender
            yield SignOfLife(sender, bool(points.value[row] > 0), int(points.end[row]))
    for origin in origins:
        yield SignOfLife(origin.sender)


def _measuring(points: Points, signal: str) -> set[int]:
    """The resources that send a metric which automatic SLOs may be of."""
    named = [index for index, name in enumerate(points.names) if name == signal]
    if not named:
        return set()
    return set(distinct(points.resource[_named(points, named) & (points.kind >= PointKind.HISTOGRAM)]))


def _named(points: Points, names: list[int]) -> NDArray[np.bool_]:
    """The rows whose metric is one of these."""
    chosen = np.zeros(len(points.names), np.bool_)
    chosen[names] = True
    return chosen[points.name]


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
            counts &= _named(points, tracked)
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
        sums = _Sums.of(self.points, growth, self.booked[growth.rows] // (BUCKET * NANOSECONDS))
        numbers = self._feeds(growth.rows[sums.kinds.first()]).tolist()
        alike: dict[tuple[int, int], list[_Sum]] = {}
        for one in sums.each():
            alike.setdefault((numbers[one.kind], one.t), []).append(one)
        for (number, t), ones in alike.items():
            feeds = self.books.series.numbered(number)
            start = min([one.start for one in ones])
            self.books.book_plain(feeds, t, sum([one.events for one in ones]), start, self.received)
            for one in ones if feeds.bad else ():
                self._blame(feeds.bad, one, one.events)
            for threshold, slos in feeds.timed:
                self._book_timed(slos, t, start, threshold.seconds, sums, ones)

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
        self, slos: tuple[int, ...], t: int, start: int, threshold: float, sums: _Sums, ones: list[_Sum]
    ) -> None:
        quick, told = sums.within(threshold)
        events = Booked(sum([quick[one.number] for one in ones]), sum([told[one.number] for one in ones]))
        if any(one.histogram for one in ones):
            self._note_boundary(slos, sums.boundaries(ones, threshold), threshold)
        self.books.book(slos, t, events, start, self.received)
        if events.good < events.total:
            for one in ones:
                self._blame(slos, one, told[one.number] - quick[one.number])

    def _note_boundary(self, slos: tuple[int, ...], used: list[float | None], threshold: float) -> None:
        """Remembers where a threshold is none of the boundaries that come."""
        off = [boundary for boundary in used if boundary != threshold]
        for slo in slos:
            if off:
                self.books.off_boundary[slo] = off[0]
            else:
                self.books.off_boundary.pop(slo, None)

    def _blame(self, slos: tuple[int, ...], one: _Sum, bad: int) -> None:
        """Tells what bad events have in common."""
        if bad:
            points = self.points
            resource, name = int(points.resource[one.row]), points.names[points.name[one.row]]
            service, labels = self.origins[resource].service, points.labels[points.label[one.row]]
            labels = self.books.series.named(service, (name,), 0, labels)
            self.books.contributors.blame(slos, one.t, bad, labels, points.resources[resource], self.received)


def _streams(points: Points) -> IntColumn:
    """What tells the streams of a metric apart: the decoder's number, or a digest of the labels where there is none."""
    if points.stream is not None:
        return points.stream
    digests = [int.from_bytes(digest_of(labels)[:8], "little", signed=True) for labels in points.labels]
    return np.array(digests, np.int64)[points.label]


class _Sum(NamedTuple):
    """Events of one resource, metric, kind and attribute set (all of which `kind` numbers, and `row` has) that are booked at one time `t`.

    `start` is the second the first of them began.
    """

    number: int
    kind: int
    t: int
    row: int
    events: int
    start: int
    histogram: bool


@dataclass(slots=True)
class _Sums:
    """What points added, summed up over what is alike."""

    kinds: Groups
    _growth: Growth
    _groups: Groups
    _columns: tuple[list[int], ...]
    _histogram: NDArray[np.bool_]
    _within: dict[float, tuple[list[int], list[int]]] = field(default_factory=dict)
    _boundaries: dict[float, list[float | None]] = field(default_factory=dict)

    @classmethod
    def of(cls, points: Points, growth: Growth, bucket: IntColumn) -> _Sums:
        kinds = _kinds(points, growth.rows)
        buckets = np.array(distinct(bucket), np.int64)
        if len(buckets) == 1:
            groups = kinds
        else:
            codes = kinds.of * len(buckets) + np.searchsorted(buckets, bucket)
            groups = Groups.by(codes, len(kinds) * len(buckets))
        first = groups.first()
        row, t = growth.rows[first], bucket[first] * BUCKET
        start = _begun(growth.start, bucket, groups, t)
        columns = kinds.of[first], t, row, groups.sums(growth.count), start
        histogram = points.kind[row] != PointKind.SUM
        return cls(kinds, growth, groups, tuple(column.tolist() for column in columns), histogram)

    def each(self) -> Iterator[_Sum]:
        """All of them."""
        numbers = range(len(self._groups))
        return map(_Sum, numbers, *self._columns, self._histogram.tolist())

    def within(self, threshold: float) -> tuple[list[int], list[int]]:
        """Events no longer than `threshold` seconds, and those of which it can be told; only histograms tell."""
        found = self._within.get(threshold)
        if found is None:
            quick, told = self._growth.within(threshold)
            told &= self._histogram[self._groups.of]
            count = self._growth.count
            if not told.all():
                quick, count = np.where(told, quick, 0), np.where(told, count, 0)
            found = self._groups.sums(quick).tolist(), self._groups.sums(count).tolist()
            self._within[threshold] = found
        return found

    def boundaries(self, ones: list[_Sum], threshold: float) -> list[float | None]:
        """The highest boundary at or below `threshold` of every distinct set that some have, histograms among them."""
        levels = self._growth.after
        found = self._boundaries.get(threshold)
        if found is None and len(distinct(levels.bound)) == 1:
            found = self._boundaries[threshold] = levels.boundaries(slice(None), threshold)
        if found is None:
            chosen = np.zeros(len(self._groups), np.bool_)
            chosen[[one.number for one in ones if one.histogram]] = True
            found = levels.boundaries(np.flatnonzero(chosen[self._groups.of]), threshold)
        return found


def _kinds(points: Points, rows: IntColumn) -> Groups:
    """Rows by resource, metric, kind and attribute set."""
    names, labels = len(points.names), len(points.labels)
    codes = (points.resource[rows] * names + points.name[rows]) * (2 * labels)
    codes += points.label[rows] * 2 + (points.kind[rows] != PointKind.SUM)
    return Groups.by(codes, len(points.resources) * names * labels * 2)


def _begun(start: IntColumn, bucket: IntColumn, groups: Groups, t: IntColumn) -> IntColumn:
    """The second at which the first events of groups began: their bucket's where they do not say, or can't be believed."""
    told = (start >= NANOSECONDS) & (start < (bucket * BUCKET + (HOUR + 1)) * NANOSECONDS)
    if not told.all():
        start = np.where(told, start, bucket * (BUCKET * NANOSECONDS))
    return np.maximum(groups.least(start) // NANOSECONDS, t - LONGEST)
