"""Spans that have everything in common that matters, counted by number while requests come, and put down as events once a commit.

A track is one resource, one kind and one attribute set, with the SLOs they feed. A request adds arrays to the counts of its tracks; what
that means for SLOs and for who had a part in failures is worked out per commit, however many requests it holds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from ...slo import HOUR, Attributes
from ..columns import IntColumn
from ..ledger.buckets import Buckets
from ..ledger.tallies import Tallies
from ..registry.judges import Judge
from ..registry.series import Feeds, Series
from ..senders.origin import SenderOrigin
from ..senders.service_version import ServiceVersion
from .cells import Cells, Pairs
from .contributors import Contributors
from .lanes import Lanes, add_binned
from .version_counts import VersionCounts
from .version_durations import OURS, Binned

MOST_TRACKS: Final = 10_000
MOST_BLOCKS: Final = 64
"""Tracks remembered, and buckets being counted, at most: beyond, what was counted is put down before its commit."""

_UNSEEN: Final = 2**62
"""In place of a second: no event was counted yet."""


class Track(NamedTuple):
    """What the spans of a track count in, and what is told of those that failed."""

    feeds: Feeds
    told: Attributes
    resource: Attributes
    version: ServiceVersion


class TrackOwner(NamedTuple):
    """Whose spans, as what and of which kind."""

    origin: SenderOrigin
    resource: Attributes
    signals: tuple[str, ...]
    kind: int


@dataclass(slots=True)
class _Table:
    """The tracks of one sender by the identity of their attribute sets, as long as the same judges decide.

    It holds the resource and the sets that it knows by identity: no other object is then at their place.
    """

    resource: Attributes
    judges: tuple[Judge, ...]
    numbers: dict[int, tuple[Attributes, int]] = field(default_factory=dict)


@dataclass(slots=True)
class _Block:
    """One bucket's counts by track (events, the second the first began, how many were no longer than a threshold), and bins by lane."""

    received: float
    counts: IntColumn = field(default_factory=lambda: np.zeros(64, np.int64))
    since: IntColumn = field(default_factory=lambda: np.full(64, _UNSEEN, np.int64))
    quick: dict[int, IntColumn] = field(default_factory=dict)
    bins: dict[int, IntColumn] = field(default_factory=dict)

    def reserve(self, tracks: int) -> None:
        """Makes room for so many tracks."""
        missing = tracks - len(self.counts)
        if missing > 0:
            more = max(missing, len(self.counts))
            self.counts = _longer(self.counts, more, 0)
            self.since = _longer(self.since, more, _UNSEEN)
            self.quick = {threshold: _longer(column, more, 0) for threshold, column in self.quick.items()}

    def quick_within(self, threshold: int) -> IntColumn:
        """The counts of those no longer than a threshold."""
        found = self.quick.get(threshold)
        if found is None:
            found = self.quick[threshold] = np.zeros(len(self.counts), np.int64)
        return found


class _Feeds:
    """What all tracks feed, by what an event of theirs is there: good, bad, or good within a threshold; as pairs of track and cell."""

    def __init__(self) -> None:
        self.cells = Cells()
        self.lanes = Lanes()
        self.good = Pairs()
        self.bad = Pairs()
        self.timed: dict[int, Pairs] = {}

    def add(self, number: int, track: Track) -> None:
        """A track began."""
        feeds = track.feeds
        self.lanes.add(tuple(slo for _, slos in feeds.timed for slo in slos), track.version)
        timed = [(self.timed.setdefault(it.nanoseconds, Pairs()), slos) for it, slos in feeds.timed]
        for pairs, slos in ((self.good, feeds.good), (self.bad, feeds.bad), *timed):
            for slo in slos:
                pairs.add(number, self.cells.of(slo, track.version))


@dataclass(slots=True)
class _Sums:
    """Events by the number of what they are of, and the second it is observed from."""

    good: IntColumn
    total: IntColumn
    since: IntColumn

    @classmethod
    def of(cls, size: int) -> _Sums:
        """None yet."""
        return cls(np.zeros(size, np.int64), np.zeros(size, np.int64), np.full(size, _UNSEEN, np.int64))

    def add(self, numbers: IntColumn, good: IntColumn, total: IntColumn, since: IntColumn) -> None:
        """Adds events of these numbers."""
        np.add.at(self.good, numbers, good)
        np.add.at(self.total, numbers, total)
        np.minimum.at(self.since, numbers, since)


def _longer(column: IntColumn, more: int, value: int) -> IntColumn:
    return np.concatenate([column, np.full(more, value, np.int64)])


class Tracks:
    """Counts spans by track. A part of the books, written before those it tells: the buckets, the tallies, who is to blame, versions."""

    def __init__(
        self,
        series: Series,
        buckets: Buckets,
        tallies: Tallies,
        contributors: Contributors,
        by_version: VersionCounts,
    ) -> None:
        self._series = series
        self._buckets = buckets
        self._tallies = tallies
        self._contributors = contributors
        self._by_version = by_version
        self._tables: dict[tuple[str, tuple[str, ...], int, int], _Table] = {}
        self._tracks: list[Track] = []
        self._feeds = _Feeds()
        self._blocks: dict[tuple[int, int], _Block] = {}
        self._sweeps = series.sweeps

    def make_room(self) -> None:
        """To be called before a request is counted: numbers hold until it is called again."""
        if len(self._blocks) >= MOST_BLOCKS:
            self._put_down()
        if len(self._tracks) >= MOST_TRACKS or self._sweeps != self._series.sweeps:
            self._put_down()
            self._sweeps = self._series.sweeps
            self._tables.clear()
            self._tracks.clear()
            self._feeds = _Feeds()

    def numbers(self, sender: TrackOwner, judges: tuple[Judge, ...], labels: Sequence[Attributes]) -> list[int]:
        """The numbers of the tracks of one sender's attribute sets."""
        place = (sender.origin.service, sender.signals, sender.kind, id(sender.resource))
        table = self._tables.get(place)
        if table is None or table.judges is not judges:
            table = self._tables[place] = _Table(sender.resource, judges)
        known = table.numbers
        numbers = []
        for one in labels:
            found = known.get(id(one))
            numbers.append(self._begin(table, sender, one) if found is None else found[1])
        return numbers

    def track(self, number: int) -> Track:
        """The track with a number."""
        return self._tracks[number]

    def add(
        self, t: int, received: float, numbers: IntColumn, of_row: IntColumn, durations: IntColumn, since: IntColumn
    ) -> None:
        """Stages spans of bucket `t`: row i is of the track `numbers[of_row[i]]`; `since` is the second each shows its SLOs observed."""
        key = t, int(received) // HOUR
        block = self._blocks.get(key)
        if block is None:
            block = self._blocks[key] = _Block(received)
        block.reserve(len(self._tracks))
        np.add.at(block.counts, numbers, np.bincount(of_row, minlength=len(numbers)))
        np.minimum.at(block.since, numbers[of_row], since)
        add_binned(block.bins, self._feeds.lanes.of(numbers), of_row, durations)
        for threshold in {it.nanoseconds for n in numbers.tolist() for it, _ in self._tracks[n].feeds.timed}:
            quick = np.bincount(of_row[durations <= threshold], minlength=len(numbers))
            np.add.at(block.quick_within(threshold), numbers, quick)

    @property
    def changed(self) -> bool:
        """Whether anything is counted and not put down."""
        return bool(self._blocks)

    def write(self, connection: sqlite3.Connection) -> None:
        """Tells those that write."""
        self._put_down()

    def keep(self) -> None:
        """What was staged is true now."""

    def forget(self) -> None:
        """What was staged never was."""
        self._blocks.clear()

    def _begin(self, table: _Table, sender: TrackOwner, labels: Attributes) -> int:
        service, signals, kind = sender.origin.service, sender.signals, sender.kind
        feeds = self._series.feeds(service, signals, kind, labels)
        told = self._series.named(service, signals, kind, labels)
        number = len(self._tracks)
        track = Track(feeds, told, sender.resource, sender.origin.version)
        self._tracks.append(track)
        self._feeds.add(number, track)
        # A set there is no room for is decided anew each time; a service there is none for has nothing to decide.
        if told is labels or not table.judges:
            table.numbers[id(labels)] = labels, number
        return number

    def _put_down(self) -> None:
        # Each goes before the next one grows: a request of very many tracks makes all of them long.
        while self._blocks:
            t, hour = next(iter(self._blocks))
            block = self._blocks.pop((t, hour))
            block.reserve(len(self._tracks))
            sums = self._sums(block)
            cells = np.flatnonzero(sums.total)
            if len(cells):
                self._book(t, block.received, cells, sums)
                self._blame(t, block)
            lanes = self._feeds.lanes.all
            for lane, bins in block.bins.items():
                self._by_version.time(*lanes[lane], t, Binned(OURS, bins), block.received)

    def _book(self, t: int, received: float, cells: IntColumn, by_cell: _Sums) -> None:
        """Books what cells have: by version, and for each SLO what all of its versions have."""
        slo, version = self._feeds.cells.columns[:, cells]
        good, total, since = by_cell.good[cells], by_cell.total[cells], by_cell.since[cells]
        self._by_version.book_all(t, slo, self._feeds.cells.versions, version, (good, total), received)
        slos, of = np.unique(slo, return_inverse=True)
        sums = _Sums.of(len(slos))
        sums.add(of, good, total, since)
        self._buckets.book_all(t, slos, sums.good, sums.total, received)
        self._tallies.all_observed(slos, sums.since)

    def _sums(self, block: _Block) -> _Sums:
        """What a block's tracks add up to in each cell."""
        sums = _Sums.of(len(self._feeds.cells))
        nothing = np.zeros(len(block.counts), np.int64)
        parts = [(self._feeds.good, block.counts), (self._feeds.bad, nothing)]
        parts += [(feeding, block.quick.get(threshold, nothing)) for threshold, feeding in self._feeds.timed.items()]
        for feeding, good in parts:
            tracks, cells = feeding.columns
            sums.add(cells, good[tracks], block.counts[tracks], block.since[tracks])
        return sums

    def _blame(self, t: int, block: _Block) -> None:
        """Tells what bad events have in common, by track."""
        bad = np.unique(self._feeds.bad.columns[0])
        for number, count in _positive(bad, block.counts[bad]):
            self._blame_track(number, self._tracks[number].feeds.bad, t, count, block.received)
        for threshold, feeding in self._feeds.timed.items():
            timed = np.unique(feeding.columns[0])
            slow = block.counts[timed] - block.quick_within(threshold)[timed]
            for number, count in _positive(timed, slow):
                for it, slos in self._tracks[number].feeds.timed:
                    if it.nanoseconds == threshold:
                        self._blame_track(number, slos, t, count, block.received)

    def _blame_track(self, number: int, slos: tuple[int, ...], t: int, bad: int, received: float) -> None:
        track = self._tracks[number]
        self._contributors.blame(slos, t, bad, track.told, track.resource, received)


def _positive(numbers: IntColumn, counts: IntColumn) -> Iterator[tuple[int, int]]:
    """The numbers that have a count, with it."""
    there = counts > 0
    return zip(numbers[there].tolist(), counts[there].tolist(), strict=True)
