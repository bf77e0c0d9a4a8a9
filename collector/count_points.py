"""Metric points into the books: each interval of a delta stream once, each cumulative stream by what it grew.

Histograms count requests and how quick they were, monotonic sums count events. Gauges count nothing; one of them is the heartbeat.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from ..slo import BUCKET, HTTP_SERVER_DURATION, Attributes
from .books import Books
from .buckets import NANOSECONDS, Booked, nanoseconds
from .columns import PointKind, Points, Signal, Temporality
from .names import HEARTBEAT
from .origin import Origin, digest_of, family_of, origin_of, stream_of
from .recent import DeltaKey
from .rejections import IMPLAUSIBLE, NO_TEMPORALITY, Outcome, Rejections
from .senders import SignOfLife
from .series import Feeds
from .streams import Increase, Level, Seen, StreamKey

MOST_EVENTS: Final = 10**12
"""Events one point can claim. Sums of counts stay whole numbers of 64 bits then, whoever sends."""

COUNTED: Final = "counted"
COUNTED_BEFORE: Final = "counted before"


class Point(NamedTuple):
    """One row, out of its columns. Times are nanoseconds."""

    origin: Origin
    name: str
    labels: Attributes
    stream: bytes
    kind: int
    temporality: int
    start: int
    end: int
    level: Level


def count_points(books: Books, points: Points, received: float) -> Outcome:
    """Stages the events of a request's points, and its signs of life."""
    origins = [origin_of(resource) for resource in points.resources]
    counts = (points.kind != PointKind.GAUGE) & ~points.no_recorded_value
    books.clocks.read(origins, points.resource[counts], points.end[counts], received)
    measuring = _measuring(points)
    for index, origin in enumerate(origins):
        books.introduce(origin.service, received, metrics=index in measuring, spans=False)
    books.hear(_signs(points, origins), received)
    counting = _Counting(books, received)
    for point in _rows(books, points, origins, counting):
        counting.count(point)
    return counting.rejections.outcome(len(points.kind) + points.skipped, counting.seen)


def _signs(points: Points, origins: list[Origin]) -> Iterator[SignOfLife]:
    """A sign of life of each resource, and what its heartbeat says."""
    heartbeats = [index for index, name in enumerate(points.names) if name == HEARTBEAT]
    beating = np.isin(points.name, heartbeats) & (points.kind == PointKind.GAUGE)
    for row in np.flatnonzero(beating).tolist():
        sender = origins[int(points.resource[row])].sender
        yield SignOfLife(sender, bool(points.value[row] > 0), int(points.end[row]))
    for origin in origins:
        yield SignOfLife(origin.sender)


def _measuring(points: Points) -> set[int]:
    """The resources that send the metric automatic SLOs prefer."""
    preferred = [index for index, name in enumerate(points.names) if name == HTTP_SERVER_DURATION]
    return set(points.resource[np.isin(points.name, preferred) & (points.kind >= PointKind.HISTOGRAM)].tolist())


def _rows(books: Books, points: Points, origins: list[Origin], counting: _Counting) -> Iterator[Point]:
    """The rows that can count: of a tracked metric, counting something, at a time that can be booked."""
    tracked = [index for index, name in enumerate(points.names) if books.cumulatives.tracks(name)]
    histogram = points.kind >= PointKind.HISTOGRAM
    rows = np.isin(points.name, tracked) & (histogram | ((points.kind == PointKind.SUM) & points.monotonic))
    chosen = np.flatnonzero(rows & ~points.no_recorded_value)
    booked = np.minimum(points.end[chosen], nanoseconds(counting.received))
    chosen = chosen[counting.rejections.by_time(points.end[chosen], booked, counting.received)]
    streams = points.label if points.stream is None else points.stream
    digests = None if points.stream is not None else [digest_of(labels) for labels in points.labels]
    shape = (points.resource, points.label, points.name, points.bound, streams, points.offset[:-1], points.offset[1:])
    facts = (points.kind, points.temporality, points.start, points.end, points.count)
    buckets = points.buckets.tolist()
    # Columns become lists at once: a number out of an array costs more than all else that is done with it.
    for number, label, name, bound, stream, first, last, kind, temporality, start, end, count in zip(
        *(column[chosen].tolist() for column in (*shape, *facts)), strict=True
    ):
        origin, text, bounds = origins[number], points.names[name], points.bounds[bound]
        told = stream.to_bytes(8, "little", signed=True) if digests is None else digests[label]
        known = stream_of(origin, text, told)
        level = Level(end, count, bounds, tuple(buckets[first:last]) if bounds else ())
        yield Point(origin, text, points.labels[label], known, kind, temporality, start, end, level)


@dataclass(slots=True)
class _Counting:
    """One request's points on their way into the books."""

    books: Books
    received: float
    rejections: Rejections = field(default_factory=lambda: Rejections(Signal.METRICS))
    seen: Counter[str] = field(default_factory=Counter)

    def count(self, point: Point) -> None:
        if not 0 <= point.level.count <= MOST_EVENTS:
            self.rejections.add(IMPLAUSIBLE)
        elif point.temporality == Temporality.DELTA:
            self._delta(point)
        elif point.temporality == Temporality.CUMULATIVE:
            self._cumulative(point)
        else:
            self.rejections.add(NO_TEMPORALITY)

    def _delta(self, point: Point) -> None:
        key = DeltaKey(point.stream, point.start, point.end)
        if point.level.count == 0:
            return
        if self.books.deltas.get(key):
            self.seen[COUNTED_BEFORE] += 1
            return
        self.books.deltas.put(key, True, self.received)  # noqa: FBT003 - a value of this dictionary
        self.seen[COUNTED] += 1
        self._book(point, Increase(Seen.INCREASE, point.level, None, point.start))

    def _cumulative(self, point: Point) -> None:
        key = StreamKey(point.stream, point.start)
        family = family_of(point.origin, point.name, point.start)
        increase = self.books.cumulatives.take(key, family, point.name, point.level, self.received)
        self.seen[COUNTED if increase.seen is Seen.INCREASE else increase.seen.value] += 1
        if increase.count:
            self._book(point, increase)

    def _book(self, point: Point, increase: Increase) -> None:
        feeds = self.books.series.feeds(point.origin.service, point.name, 0, point.labels)
        booked = min(point.end, nanoseconds(self.received)) // NANOSECONDS
        t, start = booked // BUCKET * BUCKET, increase.start // NANOSECONDS
        self.books.book_plain(feeds, t, increase.count, start, self.received)
        if point.kind != PointKind.SUM and feeds.timed:
            self._book_timed(point, feeds, increase, t, start)

    def _book_timed(self, point: Point, feeds: Feeds, increase: Increase, t: int, start: int) -> None:
        for threshold, slos in feeds.timed:
            self._note_boundary(slos, point.level, threshold.seconds)
            quick = increase.within(threshold.seconds)
            if quick is not None:
                self.books.book(slos, t, Booked(quick, increase.count), start, self.received)

    def _note_boundary(self, slos: Sequence[int], level: Level, threshold: float) -> None:
        used = level.boundary(threshold)
        for slo in slos:
            if used == threshold:
                self.books.off_boundary.pop(slo, None)
            else:
                self.books.off_boundary[slo] = used
