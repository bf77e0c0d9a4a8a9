"""Metric points into the books: who sent them, what their streams added, and what that means for SLOs.

Histograms count requests and how quick they were, monotonic sums count events. Gauges count nothing; one of them is the heartbeat.
All of it is work on columns: what is decided is decided once a stream, and what is booked is summed up before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...slo import HTTP_SERVER_DURATION
from ..books.books import Books
from ..books.version_durations import Binned
from ..columns import IntColumn, PointKind, Points, RowNumbers
from ..ledger.buckets import Booked
from ..names import HEARTBEAT
from ..registry.automatic import WORK
from ..registry.series import Feeds, Threshold
from ..rejections import RequestOutcome
from ..senders.senders import SignOfLife
from ..senders.service_version import ServiceVersion
from ..streams.growth import Growth, distinct
from .export import Export
from .growths import Growths
from .sums import Sum, Sums


def count_points(books: Books, points: Points, received: float) -> RequestOutcome:
    """Stages the events of a request's points, and its signs of life."""
    export = Export(points, [books.origins.of(resource) for resource in points.resources], received)
    _introduce(books, export)
    books.series.trim()
    growths, booking = Growths(books, export), _Booking(books, export)
    for growth in growths:
        if len(growth.rows):
            booking.book(growth)
    return growths.outcome


def _introduce(books: Books, export: Export) -> None:
    """Stages who sent, what they declare, how far their clocks are off, and what of theirs automatic SLOs may be of."""
    points, origins, received = export.points, export.origins, export.received
    books.declaring.stage(points, origins, received)
    counts = (points.kind != PointKind.GAUGE) & ~points.no_recorded_value
    books.clocks.read(origins, points.resource[counts], points.end[counts], received)
    for signal in WORK:
        for index in _measuring(export, signal):
            books.registry.hear_work(origins[index].service, signal, received)
    measuring = _measuring(export, HTTP_SERVER_DURATION)
    for index, origin in enumerate(origins):
        books.introduce(origin.service, received, metrics=index in measuring, spans=False)
    books.hear(_signs(export), received)


def _signs(export: Export) -> Iterator[SignOfLife]:
    """A sign of life of each resource, and what its heartbeat says."""
    points, origins = export.points, export.origins
    heartbeats = [index for index, name in enumerate(points.names) if name == HEARTBEAT]
    if heartbeats:
        beating = export.named(heartbeats) & (points.kind == PointKind.GAUGE)
        for row in np.flatnonzero(beating).tolist():
            sender = origins[int(points.resource[row])].sender
            yield SignOfLife(sender, bool(points.value[row] > 0), int(points.end[row]))
    for origin in origins:
        yield SignOfLife(origin.sender)


def _measuring(export: Export, signal: str) -> set[int]:
    """The resources that send a metric which automatic SLOs may be of."""
    points = export.points
    named = [index for index, name in enumerate(points.names) if name == signal]
    if not named:
        return set()
    return set(distinct(points.resource[export.named(named) & (points.kind >= PointKind.HISTOGRAM)]))


@dataclass(frozen=True, slots=True)
class _Booking:
    """What the points of an export added, on its way into the books."""

    books: Books
    export: Export

    def book(self, growth: Growth) -> None:
        """Books what points added, summed up by what it counts for and when."""
        sums = Sums.of(self.export, growth)
        numbers = self._feeds(growth.rows[sums.kinds.first()]).tolist()
        alike: dict[tuple[int, int, ServiceVersion], list[Sum]] = {}
        for one in sums.each():
            alike.setdefault((numbers[one.kind], one.t, self._version(one)), []).append(one)
        for (number, *_), ones in alike.items():
            self._book_alike(self.books.series.numbered(number), sums, ones)

    def _version(self, one: Sum) -> ServiceVersion:
        """Whose events they are."""
        return self.export.origins[int(self.export.points.resource[one.row])].version

    def _feeds(self, rows: RowNumbers) -> IntColumn:
        """The number of the feeds of each row."""
        points, origins, series = self.export.points, self.export.origins, self.books.series
        pairs, of = self.export.pairs(rows)
        found = np.zeros(len(rows), np.int64)
        for index, (resource, name) in enumerate(pairs):
            mine = np.flatnonzero(of == index)
            labels = points.label[rows[mine]]
            found[mine] = series.of_streams(
                origins[resource].service,
                points.names[name],
                origins[resource].digest,
                self.export.streams[rows[mine]],
                lambda at, labels=labels: points.labels[labels[at]],  # type: ignore[misc]
            )
        return found

    def _book_alike(self, feeds: Feeds, sums: Sums, ones: list[Sum]) -> None:
        """Books sums of one version that count alike in one bucket, and tells what their bad events have in common."""

        def parted(threshold: Threshold) -> tuple[list[int], list[int]]:
            quick, told = sums.within(threshold.seconds)
            return [quick[one.number] for one in ones], [told[one.number] - quick[one.number] for one in ones]

        since, t, version = min([one.since for one in ones]), ones[0].t, self._version(ones[0])
        for slos, good, bad in feeds.judged([one.events for one in ones], [0] * len(ones), parted):
            right, wrong = sum(good), sum(bad)
            self.books.book(slos, t, Booked(right, right + wrong), since, self.export.received, version)
            if wrong:
                self._blame(slos, ones, bad)
        if any(one.histogram for one in ones):
            self._time(feeds, sums, ones)
            for threshold, slos in feeds.timed:
                self._note_boundary(slos, sums.boundaries(ones, threshold.seconds), threshold.seconds)

    def _time(self, feeds: Feeds, sums: Sums, ones: list[Sum]) -> None:
        """Tells how long they took, for SLOs whose versions are compared by that."""
        slos = tuple(slo for _, rows in feeds.timed for slo in rows)
        if slos:
            fixed = all(self.export.points.kind[one.row] != PointKind.EXPONENTIAL_HISTOGRAM for one in ones)
            which, t = self._version(ones[0]), ones[0].t
            for bounds, counts in sums.binned(ones):
                binned = Binned.of(bounds, counts, fixed=fixed)
                self.books.by_version.time(slos, which, t, binned, self.export.received)

    def _blame(self, slos: tuple[int, ...], ones: list[Sum], bad: list[int]) -> None:
        """Tells what bad events have in common."""
        points, export = self.export.points, self.export
        for one, count in zip(ones, bad, strict=True):
            if count:
                resource, name = int(points.resource[one.row]), points.names[points.name[one.row]]
                labels = points.labels[points.label[one.row]]
                told = self.books.series.named(export.origins[resource].service, (name,), 0, labels)
                self.books.contributors.blame(slos, one.t, count, told, points.resources[resource], export.received)

    def _note_boundary(self, slos: tuple[int, ...], used: list[float | None], threshold: float) -> None:
        """Remembers where a threshold is none of the boundaries that come."""
        off = [boundary for boundary in used if boundary != threshold]
        for slo in slos:
            if off:
                self.books.off_boundary[slo] = off[0]
            else:
                self.books.off_boundary.pop(slo, None)
