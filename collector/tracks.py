"""Spans that have everything in common that matters, counted by number while requests come, and put down as events once a commit.

A track is one resource, one kind and one attribute set, with the SLOs they feed. A request adds arrays to the counts of its tracks; what
that means for SLOs and for who had a part in failures is worked out per commit, however many requests it holds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..slo import HOUR, Attributes
from .buckets import Booked, Buckets
from .columns import IntColumn
from .contributors import Contributors
from .origin import Origin
from .registry import Judge
from .series import Feeds, Series
from .tallies import Tallies

MOST_TRACKS: Final = 10_000
MOST_BLOCKS: Final = 64
"""Tracks remembered, and buckets being counted, at most: beyond, what was counted is put down before its commit."""

NEVER: Final = 2**62


class Track(NamedTuple):
    """What the spans of a track count in, and what is told of those that failed."""

    feeds: Feeds
    told: Attributes
    resource: Attributes


class Sender(NamedTuple):
    """Whose spans, as what and of which kind."""

    origin: Origin
    resource: Attributes
    signals: tuple[str, ...]
    kind: int


@dataclass(slots=True)
class _Table:
    """The tracks of one sender by the identity of their attribute sets, as long as the same judges decide."""

    resource: Attributes
    judges: tuple[Judge, ...]
    numbers: dict[int, tuple[Attributes, int]] = field(default_factory=dict)


@dataclass(slots=True)
class _Block:
    """One bucket's counts by track: events, the second the first began, and how many were no longer than a threshold."""

    received: float
    counts: IntColumn = field(default_factory=lambda: np.zeros(64, np.int64))
    since: IntColumn = field(default_factory=lambda: np.full(64, NEVER, np.int64))
    quick: dict[int, IntColumn] = field(default_factory=dict)

    def reserve(self, tracks: int) -> None:
        """Makes room for so many tracks."""
        missing = tracks - len(self.counts)
        if missing > 0:
            more = max(missing, len(self.counts))
            self.counts = _longer(self.counts, more, 0)
            self.since = _longer(self.since, more, NEVER)
            self.quick = {threshold: _longer(column, more, 0) for threshold, column in self.quick.items()}

    def quick_within(self, threshold: int) -> IntColumn:
        """The counts of those no longer than a threshold."""
        found = self.quick.get(threshold)
        if found is None:
            found = self.quick[threshold] = np.zeros(len(self.counts), np.int64)
        return found


def _longer(column: IntColumn, more: int, value: int) -> IntColumn:
    return np.concatenate([column, np.full(more, value, np.int64)])


class Tracks:
    """Counts spans by track. A part of the books, written before those it tells: the buckets, the tallies, the contributors."""

    def __init__(self, series: Series, buckets: Buckets, tallies: Tallies, contributors: Contributors) -> None:
        self._series = series
        self._buckets = buckets
        self._tallies = tallies
        self._contributors = contributors
        self._tables: dict[tuple[str, tuple[str, ...], int, int], _Table] = {}
        self._tracks: list[Track] = []
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

    def numbers(self, sender: Sender, judges: tuple[Judge, ...], labels: Sequence[Attributes]) -> list[int]:
        """The numbers of the tracks of one sender's attribute sets."""
        place = (sender.origin.service, sender.signals, sender.kind, id(sender.resource))
        table = self._tables.get(place)
        if table is None or table.resource is not sender.resource or table.judges is not judges:
            table = self._tables[place] = _Table(sender.resource, judges)
        known = table.numbers
        numbers = []
        for one in labels:
            found = known.get(id(one))
            if found is None or found[0] is not one:
                numbers.append(self._begin(table, sender, one))
            else:
                numbers.append(found[1])
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

    def _begin(self, table: _Table, sender: Sender, labels: Attributes) -> int:
        service, signals, kind = sender.origin.service, sender.signals, sender.kind
        feeds = self._series.feeds(service, signals, kind, labels)
        told = self._series.named(service, signals, kind, labels)
        number = len(self._tracks)
        self._tracks.append(Track(feeds, told, sender.resource))
        if told is labels:  # a set there is no room for is decided anew each time
            table.numbers[id(labels)] = labels, number
        return number

    def _put_down(self) -> None:
        for (t, _), block in self._blocks.items():
            counted: NDArray[np.intp] = np.flatnonzero(block.counts)
            quick = {threshold: column[counted].tolist() for threshold, column in block.quick.items()}
            rows = zip(counted.tolist(), block.counts[counted].tolist(), block.since[counted].tolist(), strict=True)
            for index, (number, count, since) in enumerate(rows):
                track = self._tracks[number]
                self._book(track, track.feeds.good, t, Booked(count, count), since, block.received)
                self._book(track, track.feeds.bad, t, Booked(0, count), since, block.received)
                for threshold, slos in track.feeds.timed:
                    good = quick[threshold.nanoseconds][index]
                    self._book(track, slos, t, Booked(good, count), since, block.received)
        self._blocks.clear()

    def _book(self, track: Track, slos: tuple[int, ...], t: int, events: Booked, since: int, received: float) -> None:
        if slos:
            self._buckets.book(slos, t, events, received)
            self._tallies.observed(slos, since)
            if events.good < events.total:
                bad = events.total - events.good
                self._contributors.blame(slos, t, bad, track.told, track.resource, received)
