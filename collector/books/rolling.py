"""Windows as running sums: what leaves a window is read from the ledger, what is committed is added; nothing is counted again.

The law: at every moment a window's sum equals a recount of the booked events over `window.interval(now)`, however late, early or
seldom it is asked. Asking costs the buckets that left since, and a copy of the sums.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...slo import BUCKET, HOUR, Interval, TimeWindow
from ..ledger.buckets import Buckets, segments, sums_by_slo
from ..ledger.days import Shelf, sums

UNASKED: Final = 1_000
"""Times others are asked for until a window that nobody asks for any more is forgotten."""


@dataclass(slots=True)
class _Column:
    """The sums of one window, one row an SLO: good, total, estimated."""

    interval: Interval
    sums: NDArray[np.int64]
    unasked: int = 0


class Rolling:
    """Sums of all SLOs in all windows that are asked for. A part of the books that follows the buckets and writes nothing itself.

    Whoever asks holds `Ledger.visible` throughout, and closes the connection.
    """

    changed = False

    def __init__(self, connection: sqlite3.Connection, buckets: Buckets) -> None:
        self._connection = connection
        self._buckets = buckets
        self._shelf = Shelf(connection)
        self._columns: dict[TimeWindow, _Column] = {}
        self._rows = 64

    def write(self, connection: sqlite3.Connection) -> None:
        """Nothing: it follows what the buckets write."""

    def forget(self) -> None:
        """Nothing was added yet."""

    def keep(self) -> None:
        """Adds what was just committed to every window that holds it: most hold all of it, and need each SLO's sum alone."""
        committed, by_slo = self._buckets.written, self._buckets.by_slo
        if not len(committed):
            return
        self._reserve(int(by_slo[:, 0].max()))
        first, last = int(committed[:, 1].min()), int(committed[:, 1].max())
        for column in self._columns.values():
            self._fit(column)
            start, end = column.interval
            rows = by_slo
            if first < start or last >= end:
                rows = sums_by_slo(committed[(committed[:, 1] >= start) & (committed[:, 1] < end)])
            column.sums[rows[:, 0]] += rows[:, 1:]

    def at(self, slos: NDArray[np.intp], windows: Sequence[TimeWindow], now: float) -> NDArray[np.int64]:
        """(slo, window, (good, total, estimated)) at `now`."""
        self._reserve(int(slos.max(initial=0)))
        answer = np.empty((len(slos), len(windows), 3), np.int64)
        for index, window in enumerate(windows):
            column = self._brought(window, now)
            self._fit(column)
            answer[:, index] = column.sums[slos]
        self._forget_unasked(windows)
        return answer

    def _reserve(self, highest: int) -> None:
        while self._rows <= highest:
            self._rows *= 2

    def _fit(self, column: _Column) -> None:
        missing = self._rows - len(column.sums)
        if missing:
            column.sums = np.concatenate([column.sums, np.zeros((missing, 3), np.int64)])

    def _brought(self, window: TimeWindow, now: float) -> _Column:
        """One window at `now`: brought forward by what leaves and enters; backward, or far, by a recount."""
        interval = window.interval(now)
        column = self._columns.get(window)
        if column is None or not 0 <= interval.end - column.interval.end <= HOUR:
            column = self._columns[window] = self._recount(window, interval)
        else:
            self._apply(column, BUCKET, Interval(column.interval.end, interval.end), np.add)
            self._apply(column, window.width, Interval(column.interval.start, interval.start), np.subtract)
            column.interval = interval
        column.unasked = 0
        return column

    def _recount(self, window: TimeWindow, interval: Interval) -> _Column:
        column = _Column(interval, np.zeros((self._rows, 3), np.int64))
        for width, part in segments(interval, window.width):
            self._apply(column, width, part, np.add)
        return column

    def _apply(self, column: _Column, width: int, part: Interval, operation: np.ufunc) -> None:
        if part.seconds:
            found = sums(self._connection, width, part, self._shelf)
            self._reserve(int(found[:, 0].max(initial=0)))
            self._fit(column)
            operation.at(column.sums, found[:, 0], found[:, 1:])

    def _forget_unasked(self, asked: Sequence[TimeWindow]) -> None:
        for window in set(self._columns) - set(asked):
            self._columns[window].unasked += 1
            if self._columns[window].unasked > UNASKED:
                del self._columns[window]
