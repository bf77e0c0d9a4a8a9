"""How long the events of each version took, in bins, for each latency SLO: what the versions of its service are compared by.

Versions are compared in bins alone that both have. A histogram's own boundaries make its bins; spans and exponential histograms,
whose boundaries move, are put into bins a quarter of an octave wide, from half a millisecond to half a minute.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from functools import lru_cache
from struct import Struct
from typing import Final, NamedTuple

import numpy as np
import xxhash

from ...slo import BUCKET, HOUR, MINUTE, Interval
from ...slo.sli import NANOSECONDS
from ..columns import IntColumn

BINS: Final = 64
"""Bins of durations whose boundaries are ours."""

OURS: Final = 1
"""What their boundaries are known by."""

MOST_BOUNDS: Final = 4
"""Different sets of boundaries that an SLO keeps durations in within an hour."""

_FINE: Final = 50
"""Bits of a double below the two highest ones of its mantissa: what is left of it tells quarters of octaves apart."""

_FIRST: Final = (1023 + 19) << 2
"""The number of the bin that begins at 2**19 ns."""


_LONGEST: Final = 2**40
"""Nanoseconds that are in the last bin of ours, as all beyond."""


class _Place(NamedTuple):
    """The durations of one version of one SLO in a bucket of 10 s, in bins of these boundaries."""

    t: int
    slo: int
    version: int
    bounds: int


def bins_of(durations: IntColumn) -> IntColumn:
    """The bin of ours that each duration of so many nanoseconds is in."""
    found: IntColumn = (durations.astype(np.float64).view(np.int64) >> _FINE) - _FIRST
    return np.clip(found, 0, BINS - 1, out=found)


class Binned(NamedTuple):
    """Durations in bins: what their boundaries are known by, and how many are in each."""

    bounds: int
    counts: IntColumn

    @classmethod
    def of(cls, bounds: tuple[float, ...], counts: IntColumn, *, fixed: bool) -> Binned:
        """Of a histogram's buckets; `fixed` says that its boundaries stay what they are."""
        if fixed and len(bounds) < BINS:
            return cls(_known_by(bounds), counts[: len(bounds) + 1])
        found = np.zeros(BINS, np.int64)
        np.add.at(found, _ours(bounds), counts[: len(bounds) + 1])
        return cls(OURS, found)


@lru_cache(1_000)
def _known_by(bounds: tuple[float, ...]) -> int:
    return OURS + 1 + (xxhash.xxh3_64_intdigest(repr(bounds).encode()) >> 2)


@lru_cache(1_000)
def _ours(bounds: tuple[float, ...]) -> IntColumn:
    """The bins of ours that the upper bounds of buckets are in; the last bucket has none."""
    ends = np.clip(np.array([*bounds, np.inf]) * NANOSECONDS, 0, _LONGEST)
    return bins_of(np.nextafter(ends, 0).astype(np.int64))


class VersionDurations:
    """Books durations by version. `VersionCounts` writes, keeps and forgets them with its own."""

    def __init__(self) -> None:
        self._staged: dict[_Place, IntColumn] = {}
        self._written: dict[_Place, IntColumn] = {}
        # What was written in the last minute: what comes next is added to it.
        self._open: dict[_Place, IntColumn] = {}
        self._bounds: dict[tuple[int, int], set[int]] = {}

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        return bool(self._staged)

    def book(self, slos: tuple[int, ...], t: int, version: int, binned: Binned) -> None:
        """Stages durations of a version, by its number, in the bucket of second `t`, for each of `slos` alike."""
        for slo in slos:
            place = _Place(t, slo, version, binned.bounds)
            old = self._staged.get(place)
            if old is not None:
                self._staged[place] = old + binned.counts
            elif self._has_room(place):
                self._staged[place] = binned.counts

    def write(self, connection: sqlite3.Connection, oldest: int) -> None:
        """Adds what is staged of buckets from `oldest` on to what is kept."""
        for place in sorted(place for place in self._staged if place.t >= oldest):
            before = self._open.get(place)
            if before is None:
                before = _read(connection, place)
            self._written[place] = self._staged[place] if before is None else before + self._staged[place]
        rows = [(*place, _packed(counts)) for place, counts in self._written.items()]
        connection.executemany("INSERT OR REPLACE INTO version_duration VALUES (?, ?, ?, ?, ?)", rows)

    def keep(self) -> None:
        """What was staged is true now."""
        self._open |= self._written
        newest = max((place.t for place in self._written), default=0)
        if any(place.t <= newest - MINUTE for place in self._open):
            self._open = {place: counts for place, counts in self._open.items() if place.t > newest - MINUTE}
            self._bounds = {
                key: bounds for key, bounds in self._bounds.items() if key[1] >= newest // HOUR * HOUR - HOUR
            }
        self._clear()

    def forget(self) -> None:
        """What was staged never was."""
        self._clear()

    def _clear(self) -> None:
        self._staged.clear()
        self._written.clear()

    def _has_room(self, place: _Place) -> bool:
        known = self._bounds.setdefault((place.slo, place.t // HOUR * HOUR), set())
        if place.bounds in known or len(known) < MOST_BOUNDS:
            known.add(place.bounds)
            return True
        return False


class VersionDuration(NamedTuple):
    """Durations of a version, by its number, in the bucket of second `t`."""

    t: int
    version: int
    binned: Binned


def version_durations(connection: sqlite3.Connection, slo: int, within: Interval) -> Iterator[VersionDuration]:
    """What is kept of an SLO, by the start of each bucket."""
    oldest, newest = (connection.execute(each).fetchone()[0] or 0 for each in (_OLDEST, _NEWEST))
    start = max(oldest, -(-within.start // BUCKET) * BUCKET)
    for t, version, bounds, bins in connection.execute(_KEPT, (BUCKET, start, min(within.end, newest + 1), slo)):
        yield VersionDuration(t, version, Binned(bounds, _unpacked(bins)))


def _read(connection: sqlite3.Connection, place: _Place) -> IntColumn | None:
    row = connection.execute(_ONE, place).fetchone()
    return None if row is None else _unpacked(row[0])


def _packed(counts: IntColumn) -> bytes:
    """The number of bins, that of the first which has any, and the counts from there to the last that has any."""
    there = counts.nonzero()[0]
    first, last = (int(there[0]), int(there[-1])) if len(there) else (0, 0)
    return _HEAD.pack(len(counts), first) + counts[first : last + 1].astype("<i8", copy=False).tobytes()


def _unpacked(packed: bytes) -> IntColumn:
    size, first, *counts = np.frombuffer(packed, "<i8").tolist()
    found = np.zeros(size, np.int64)
    found[first : first + len(counts)] = counts
    return found


_HEAD: Final = Struct("<2q")
_ONE: Final = "SELECT bins FROM version_duration WHERE t = ? AND slo = ? AND version = ? AND bounds = ?"
_OLDEST: Final = "SELECT min(t) FROM version_duration"
_NEWEST: Final = "SELECT max(t) FROM version_duration"
# As for counts: each bucket is looked up, or all SLOs of that time would be read.
_KEPT: Final = """
WITH RECURSIVE bucket (start) AS (SELECT ?2 WHERE ?2 < ?3 UNION ALL SELECT start + ?1 FROM bucket WHERE start + ?1 < ?3)
SELECT t, version, bounds, bins FROM bucket CROSS JOIN version_duration ON t = start AND slo = ?4 ORDER BY t, version
"""
