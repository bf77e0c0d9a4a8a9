"""Good and total events of each SLO by version of its service, booked in the transaction that counts them for the SLO itself.

Two widths: 10 s for as long as a release is compared with others, whole hours for as long as one asks what it cost. What an SLO counts
of all versions together is what it counts; only what is estimated for silence is no version's. An event that comes hours late counts in
its hour alone. Hours in which an SLO had one version only keep no 10 s: there is nothing to compare.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

import numpy as np

from ...slo import BUCKET, DAY, HOUR, Interval
from ..columns import IntColumn
from ..ledger.buckets import Booked
from ..ledger.bulk import write_rows
from ..senders.service_version import ServiceVersion
from .version_durations import Binned, VersionDurations
from .versions import Versions

KEPT: Final = {BUCKET: 3 * DAY, HOUR: 35 * DAY}
"""Seconds that rows of each width are kept, and at most an hour longer."""

OPEN: Final = 2 * HOUR
"""Seconds after which events come too late for the 10 s they belong to."""

STRIDE: Final = 600
"""Seconds of 10 s buckets that are looked through, or forgotten, at once: nobody else writes meanwhile."""


class VersionCounts:
    """Books events by version. A part of the books, written after the tracks."""

    def __init__(self, connection: sqlite3.Connection, versions: Versions) -> None:
        self._connection = connection
        self._versions = versions
        self._durations = VersionDurations()
        self._staged: dict[tuple[int, int, int], Booked] = {}
        self._tables: list[IntColumn] = []
        self._closed = 0
        self._received = 0.0
        self._tidy: float | None = None

    def book(self, slos: tuple[int, ...], t: int, events: Booked, which: ServiceVersion, received: float) -> None:
        """Stages events of a version in the bucket of second `t`, for each of `slos` alike."""
        self._received = max(self._received, received)
        number = self._versions.number(which, t)
        for slo in slos:
            old = self._staged.get((t, slo, number), Booked())
            self._staged[t, slo, number] = Booked(old.good + events.good, old.total + events.total)

    def book_all(
        self,
        t: int,
        slos: IntColumn,
        which: Sequence[ServiceVersion],
        of: IntColumn,
        counts: tuple[IntColumn, IntColumn],
        received: float,
    ) -> None:
        """As `book`, for rows of an SLO, a version each (`which[of[i]]`), and their good and total events."""
        self._received = max(self._received, received)
        numbers = np.zeros(len(which), np.int64)
        for index in np.unique(of).tolist():
            numbers[index] = self._versions.number(which[index], t)
        self._tables.append(np.stack([np.full(len(slos), t), slos, numbers[of], *counts], axis=1))

    def time(self, slos: tuple[int, ...], which: ServiceVersion, t: int, binned: Binned, received: float) -> None:
        """Stages how long events of a version took, in the bucket of second `t`, for each of `slos` alike."""
        self._received = max(self._received, received)
        self._durations.book(slos, t, self._versions.number(which, t), binned)

    def expire(self, now: float) -> None:
        """Stages the forgetting of a little of what is kept no more; to be called every second."""
        self._versions.expire(now)
        oldest = {width: _oldest(self._connection, width) for width in KEPT}
        closed = open_from(now)
        self._closed = max(self._closed, min(oldest[BUCKET] or closed, closed) // STRIDE * STRIDE)
        surplus = any(t is not None and t < _kept_from(width, now) for width, t in oldest.items())
        if surplus or self._closed < closed:
            self._tidy = now

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        staged = self._staged or self._tables or self._durations.changed or self._versions.changed
        return bool(staged) or self._tidy is not None

    def write(self, connection: sqlite3.Connection) -> None:
        """Adds what is staged to both widths, where they keep it."""
        self._versions.write(connection)
        if self._staged or self._tables:
            staged = [(*place, events.good, events.total) for place, events in self._staged.items()]
            rows = np.concatenate([np.array(staged, np.int64).reshape(-1, 5), *self._tables])
            _add(connection, BUCKET, rows[rows[:, 0] >= open_from(self._received)])
            _add(connection, HOUR, rows[rows[:, 0] >= _kept_from(HOUR, self._received)])
        self._durations.write(connection, open_from(self._received))
        if self._tidy is not None:
            self._clear_away(connection, self._tidy)

    def keep(self) -> None:
        """What was staged is true now."""
        self._versions.keep()
        self._durations.keep()
        if self._tidy is not None:
            self._closed = self._closing(self._tidy)
        self._clear()

    def forget(self) -> None:
        """What was staged never was."""
        self._versions.forget()
        self._durations.forget()
        self._clear()

    def _clear(self) -> None:
        self._staged.clear()
        self._tables.clear()
        self._received = 0.0
        self._tidy = None

    def _closing(self, now: float) -> int:
        """Up to where 10 s buckets are looked through after this step; never over the end of an hour, nor further than is closed."""
        end = (self._closed // HOUR + 1) * HOUR
        return max(self._closed, min(self._closed + STRIDE, end, open_from(now)))

    def _clear_away(self, connection: sqlite3.Connection, now: float) -> None:
        for width in KEPT:
            oldest, until = _oldest(connection, width), _kept_from(width, now)
            if oldest is not None and oldest < until:
                step = max(width, STRIDE)
                end = min(until, oldest // step * step + step)
                connection.execute(_FORGET, (width, end))
                if width == BUCKET:
                    connection.execute("DELETE FROM version_duration WHERE t < ?", (end,))
        hour = self._closed // HOUR * HOUR
        connection.execute(_DURATIONS_ALONE, (self._closed, self._closing(now), HOUR, hour))
        connection.execute(_ALONE, (BUCKET, self._closed, self._closing(now), HOUR, hour))


def open_from(now: float) -> int:
    """The start of the oldest hour whose 10 s buckets still take events in."""
    return (int(now) - OPEN) // HOUR * HOUR


def version_counts(connection: sqlite3.Connection, slo: int, interval: Interval, width: int) -> IntColumn:
    """What an SLO counted by version, from buckets of `width` that begin in an interval: (start, version's number, good, total) a row."""
    oldest, newest = (connection.execute(each, (width,)).fetchone()[0] or 0 for each in (_OLDEST, _NEWEST))
    start = max(oldest, -(-interval.start // width) * width)
    found = connection.execute(_COUNTS, (width, start, min(interval.end, newest + 1), slo)).fetchall()
    return np.array(found, np.int64).reshape(-1, 4)


def _kept_from(width: int, now: float) -> int:
    return int(now - KEPT[width]) // HOUR * HOUR


def _oldest(connection: sqlite3.Connection, width: int) -> int | None:
    oldest: int | None = connection.execute(_OLDEST, (width,)).fetchone()[0]
    return oldest


def _add(connection: sqlite3.Connection, width: int, rows: IntColumn) -> None:
    """Adds rows of (second, SLO, version, good, total); in key order, so that neighbours are written together."""
    if not len(rows):
        return
    keys = rows[:, :3].copy()
    keys[:, 0] -= keys[:, 0] % width
    order = np.lexsort((keys[:, 2], keys[:, 1], keys[:, 0]))
    keys, counts = keys[order], rows[order, 3:]
    first = np.flatnonzero(np.append(True, (keys[1:] != keys[:-1]).any(axis=1)))
    summed = np.column_stack([np.full(len(first), width), keys[first], np.add.reduceat(counts, first)])
    write_rows(connection, _UPSERT, 6, summed.ravel().tolist())


_UPSERT: Final = """
INSERT INTO version_count VALUES {} ON CONFLICT DO UPDATE SET good = good + excluded.good, total = total + excluded.total
"""
_OLDEST: Final = "SELECT min(t) FROM version_count WHERE width = ?"
_NEWEST: Final = "SELECT max(t) FROM version_count WHERE width = ?"
_FORGET: Final = "DELETE FROM version_count WHERE width = ? AND t < ?"
_ALONE: Final = """
DELETE FROM version_count WHERE width = ?1 AND t >= ?2 AND t < ?3
AND slo IN (SELECT slo FROM version_count WHERE width = ?4 AND t = ?5 GROUP BY slo HAVING count(*) = 1)
"""
_DURATIONS_ALONE: Final = """
DELETE FROM version_duration WHERE t >= ?1 AND t < ?2
AND slo IN (SELECT slo FROM version_count WHERE width = ?3 AND t = ?4 GROUP BY slo HAVING count(*) = 1)
"""
# The key begins with the time: each bucket is looked up, or all SLOs of that time would be read.
_COUNTS: Final = """
WITH RECURSIVE bucket (start) AS (SELECT ?2 WHERE ?2 < ?3 UNION ALL SELECT start + ?1 FROM bucket WHERE start + ?1 < ?3)
SELECT t, version, good, total FROM bucket CROSS JOIN version_count ON width = ?1 AND t = start AND slo = ?4 ORDER BY t, version
"""
