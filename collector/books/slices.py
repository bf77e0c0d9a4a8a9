"""Slices of one SLO, judged as their events come: which of them lost something, and which had events at all.

Most slices are good, and are not kept: of a method that counts bad slices only the bad ones are; of one that counts shares also the
number of each slice that had events (4 bytes a slice: 173 kB an SLO for 30 days of minutes).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...slo import DAY, HOUR, PARTS, Interval
from ...slo.slices import bad_slices, slice_parts
from ..columns import IntColumn
from .slicing import Slicing

EventsIn = Callable[[sqlite3.Connection, Interval], IntColumn]
"""(t, good, total) of the buckets that start in an interval, corrected time left out, as a connection sees them."""

_NONE: Final = np.empty(0, np.int64)
_NO_NUMBERS: Final = np.empty(0, np.int32)


class Judged(NamedTuple):
    """What whole slices of an interval lost: `lost` of slice number `bad`, and the numbers of those that had events."""

    within: Interval
    bad: IntColumn
    lost: IntColumn
    busy: IntColumn


class Slices:
    """The slices of one row under one slicing, from second `first` on; those that were `touched` are judged anew when asked for.

    Judging those of weeks takes long, so who asks does not wait for it: while there is something `unread` answers mean nothing, and are
    to be asked for again once that was `judged`, at any time, and `taken`.
    """

    def __init__(self, slicing: Slicing, connection: sqlite3.Connection, read: EventsIn) -> None:
        self.unread: Interval | None = None
        self._slicing = slicing
        self._connection = connection
        self._read = read
        self._first: int | None = None
        self._touched: set[int] = set()
        self._lost: dict[int, int] = {}
        self._starts: IntColumn = _NONE
        self._sums: IntColumn = _NONE
        self._busy: NDArray[np.int32] = _NO_NUMBERS

    def touch(self, seconds: Iterable[int]) -> None:
        """Something was booked in the slices of those seconds."""
        length = self._slicing.length
        self._touched.update(second // length * length for second in seconds)

    def bad(self, within: Interval) -> IntColumn:
        """The starts of the bad slices that begin within an interval."""
        self._bring(within)
        first, last = np.searchsorted(self._starts, within)
        return self._starts[first:last]

    def parts(self, within: Interval) -> tuple[int, int]:
        """(good, total) parts of the slices that begin within an interval and had events."""
        self._bring(within)
        first, last = np.searchsorted(self._starts, within)
        lost = int(self._sums[last - 1] - (self._sums[first - 1] if first else 0)) if last > first else 0
        length = self._slicing.length
        begun, ended = np.searchsorted(self._busy, [-(-second // length) for second in within])
        total = int(ended - begun) * PARTS
        return total - lost, total

    def judged(self, connection: sqlite3.Connection, within: Interval) -> Judged:
        """Judges whole slices from their events; changes nothing. What is booked meanwhile will have been touched."""
        length = self._slicing.length
        rows = self._read(connection, within)
        good, total = np.zeros((2, within.seconds // length), np.int64)
        of_row = rows[:, 0] // length - within.start // length
        np.add.at(good, of_row, rows[:, 1])
        np.add.at(total, of_row, rows[:, 2])
        lost, first = self._lost_by(good, total), within.start // length
        bad = np.flatnonzero(lost)
        return Judged(within, bad + first, lost[bad], np.flatnonzero(total) + first)

    def take(self, judged: Judged) -> None:
        """Takes in what was unread, unless somebody else did meanwhile."""
        if judged.within == self.unread:
            self._put(judged)
            self._first, self.unread = judged.within.start, None

    def _bring(self, within: Interval) -> None:
        """Judges what was touched; what is asked for and was never read is unread from now on."""
        length = self._slicing.length
        start = within.start // length * length
        if self._first is None or start < self._first:
            # Who is asked first knows of nothing that was booked ahead of time: it was not there to be touched.
            end = within.end + HOUR if self._first is None else self._first
            if self.unread is None or start < self.unread.start:
                self.unread = Interval(start, -(-end // length) * length)
        if self.unread is None:
            for touched in sorted(self._touched):
                if self._first is not None and touched >= self._first:
                    self._put(self.judged(self._connection, Interval(touched, touched + length)))
            self._touched.clear()
            self._forget(within.end - self._slicing.longest - DAY)

    def _put(self, judged: Judged) -> None:
        """In place of what was known of its interval."""
        within, length = judged.within, self._slicing.length
        for start in [start for start in self._lost if within.start <= start < within.end]:
            del self._lost[start]
        self._lost.update(zip((judged.bad * length).tolist(), judged.lost.tolist(), strict=True))
        self._sort()
        if self._slicing.target is None:
            first, last = np.searchsorted(self._busy, [second // length for second in within])
            self._busy = np.concatenate([self._busy[:first], judged.busy.astype(np.int32), self._busy[last:]])

    def _lost_by(self, good: IntColumn, total: IntColumn) -> IntColumn:
        target = self._slicing.target
        if target is None:
            return np.where(total > 0, PARTS - slice_parts(good, total), 0)
        return bad_slices(good, total, target).astype(np.int64)

    def _sort(self) -> None:
        self._starts = np.array(sorted(self._lost), np.int64)
        self._sums = np.cumsum([self._lost[start] for start in self._starts.tolist()], dtype=np.int64)

    def _forget(self, before: int) -> None:
        """Lets go of what no window asks for any more, a day's at a time."""
        assert self._first is not None, "something was judged"
        if before - self._first > DAY:
            length = self._slicing.length
            self._first = before // length * length
            self._lost = {start: lost for start, lost in self._lost.items() if start >= self._first}
            self._sort()
            self._busy = self._busy[np.searchsorted(self._busy, self._first // length) :]
