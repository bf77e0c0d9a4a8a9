"""Which points add events, and how many: each interval of a delta stream once, each cumulative stream by what it grew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

import numpy as np

from ..books.books import Books
from ..columns import PointKind, RowNumbers, Signal, Temporality
from ..rejections import IMPLAUSIBLE, NO_TEMPORALITY, Rejections, RequestOutcome
from ..streams.growth import NO_BOUNDS, Growth, Levels, distinct
from ..streams.increases import PointOutcome
from ..streams.intervals import KEY_SIZE
from ..streams.points import WIDEST, CumulativePoints
from .export import Export

MOST_EVENTS: Final = 10**12
"""Events one point can claim. Sums of counts stay whole numbers of 64 bits then, whoever sends."""

COUNTED_BEFORE: Final = "counted before"
_NARROWEST: Final = 8


class Growths:
    """Stages what the streams of an export said, and says by how much they grew."""

    def __init__(self, books: Books, export: Export) -> None:
        self._books = books
        self._export = export
        self._points = export.points
        self._rejections = Rejections(Signal.METRICS)
        self._rejections.add(IMPLAUSIBLE, export.points.implausible)
        self._seen: Counter[str] = Counter()

    @property
    def outcome(self) -> RequestOutcome:
        """What became of the export, once all of it was asked for."""
        return self._rejections.outcome(len(self._points.kind) + self._points.skipped, self._seen)

    def __iter__(self) -> Iterator[Growth]:
        """The points that add events, in parts that are alike."""
        points, rows = self._points, self._countable()
        delta = points.temporality[rows] == Temporality.DELTA
        cumulative = points.temporality[rows] == Temporality.CUMULATIVE
        self._rejections.add(NO_TEMPORALITY, int(np.count_nonzero(~(delta | cumulative))))
        for width, part in self._by_width(rows[delta & (points.count[rows] > 0)]):
            yield self._deltas(part, width)
        for width, part in self._by_width(rows[cumulative]):
            yield from self._cumulatives(part, width)

    def _countable(self) -> RowNumbers:
        """The rows that can count: of a tracked metric, counting something plausible, at a time that can be booked."""
        points, export = self._points, self._export
        tracked = [i for i, name in enumerate(points.names) if self._books.cumulatives.since(name) is not None]
        histogram = points.kind >= PointKind.HISTOGRAM
        counts = (histogram | ((points.kind == PointKind.SUM) & points.monotonic)) & ~points.no_recorded_value
        if len(tracked) < len(points.names):
            counts &= export.named(tracked)
        rows = np.flatnonzero(counts)
        rows = rows[self._rejections.by_time(points.end[rows], export.booked[rows], export.received)]
        plausible = (points.count[rows] >= 0) & (points.count[rows] <= MOST_EVENTS)
        self._rejections.add(IMPLAUSIBLE, len(rows) - int(np.count_nonzero(plausible)))
        return rows[plausible]

    def _by_width(self, rows: RowNumbers) -> Iterator[tuple[int, RowNumbers]]:
        """The rows in parts whose buckets make a matrix that is filled by half at least."""
        sizes = self._points.offset[rows + 1] - self._points.offset[rows]
        widths = np.zeros(len(rows), np.int64)
        for size in distinct(sizes):
            widths[sizes == size] = max(_NARROWEST, 1 << (size - 1).bit_length()) if size else 0
        for width in distinct(widths):
            yield width, rows[widths == width]

    def _levels(self, rows: RowNumbers, width: int) -> Levels:
        points = self._points
        first, last = points.offset[rows], points.offset[rows + 1]
        buckets = np.zeros((len(rows), width), np.int64)
        for size in distinct(last - first):
            of_size = np.flatnonzero(last - first == size)
            buckets[of_size, :size] = points.buckets[first[of_size, None] + np.arange(size)]
        return Levels(points.bounds, points.bound[rows], buckets)

    def _deltas(self, rows: RowNumbers, width: int) -> Growth:
        points, export = self._points, self._export
        new = np.zeros(len(rows), np.bool_)
        for key, group in self._intervals(rows):
            new[group] = self._books.intervals.take(key, export.streams[rows[group]], export.received)
        self._seen[PointOutcome.INCREASE.value] += int(np.count_nonzero(new))
        self._seen[COUNTED_BEFORE] += int(np.count_nonzero(~new))
        rows = rows[new]
        return Growth(rows, points.count[rows], points.start[rows], self._levels(rows, width))

    def _intervals(self, rows: RowNumbers) -> Iterator[tuple[bytes, RowNumbers]]:
        """The rows in groups of one metric of one sender and one interval, each with its key."""
        words = np.empty((len(rows), KEY_SIZE // 8), "<u8")
        words[:, :2] = self._export.identities(rows)
        words[:, 2] = self._points.start[rows].view(np.uint64)
        words[:, 3] = self._points.end[rows].view(np.uint64)
        if (words == words[:1]).all():
            yield words[0].tobytes(), np.arange(len(rows))
            return
        groups: dict[bytes, list[int]] = {}
        for index, key in enumerate(words.reshape(-1).view(f"V{KEY_SIZE}").tolist()):
            groups.setdefault(key, []).append(index)
        for key, group in groups.items():
            yield key, np.array(group)

    def _cumulatives(self, rows: RowNumbers, width: int) -> Iterator[Growth]:
        points, cumulatives = self._points, self._books.cumulatives
        since = np.array([cumulatives.since(name) or 0 for name in points.names], np.int64)
        levels = self._levels(rows, width)
        if width > WIDEST:
            levels = Levels(points.bounds, np.full(len(rows), NO_BOUNDS), np.zeros((len(rows), 0), np.int64))
        batch = CumulativePoints(
            levels.table,
            rows,
            self._export.identities(rows),
            self._export.streams[rows],
            points.start[rows],
            points.end[rows],
            points.count[rows],
            since[points.name[rows]],
            levels.bound,
            levels.buckets,
        )
        for taken in cumulatives.take(batch, self._export.received):
            self._seen.update({seen.value: count for seen, count in taken.seen.items()})
            yield taken.growth
