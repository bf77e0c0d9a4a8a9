"""Counts read back: from rows where a day is open, from packed days where it is closed, and from what came late into those.

    second:   ...  packed               open                    now
    read from      day + late | bucket + late |  bucket

Which form a count has never matters to who asks: sums are exact in every one of them, and while one turns into another.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import OrderedDict
from collections.abc import Generator, Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...slo import BUCKET, DAY, TIERS, HistoryPoint, Interval
from ..columns import IntColumn
from .buckets import Booked, kept_from, segments
from .packed import seconds_of, unpack


class Progress(NamedTuple):
    """How far a width is packed; all in epoch seconds but `next`, what is packed next, and `folded`, a count."""

    packed: int
    open: int
    next: int
    folded: int
    complete: int


def progress(connection: sqlite3.Connection, width: int) -> Progress:
    """How far buckets of `width` are packed."""
    row = connection.execute(
        "SELECT packed, open, next, folded, complete FROM tier WHERE width = ?", (width,)
    ).fetchone()
    return Progress(*row)


MOST_SHELVED: Final = 3
"""Parts of days kept unpacked for what leaves the windows: 7 kB an SLO and part, or twice that where counts are large."""


class Shelf:
    """Parts of packed days, of all SLOs, that are being read bucket by bucket: unpacked once, not once a bucket."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._parts: OrderedDict[tuple[int, int, int], tuple[int, NDArray[np.signedinteger]]] = OrderedDict()

    def rows(self, width: int, day: int, number: int, folded: int) -> NDArray[np.signedinteger]:
        """Rows of (slo, index in the day, good, total, estimated) of one part, by index; `folded` is the width's."""
        key = (width, day, number)
        found = self._parts.get(key)
        if found is None or found[0] != folded:
            found = self._parts[key] = (folded, self._read(width, day, number))
        self._parts.move_to_end(key)
        while len(self._parts) > MOST_SHELVED:
            self._parts.popitem(last=False)
        return found[1]

    def _read(self, width: int, day: int, number: int) -> NDArray[np.signedinteger]:
        parts = [np.empty((0, 5), np.int64)]
        for slo, blob in self._connection.execute(
            "SELECT slo, buckets FROM day WHERE width = ? AND day = ?", (width, day)
        ):
            rows = unpack(blob, number, number)
            parts.append(np.insert(rows, 0, slo, axis=1))
        whole = np.concatenate(parts)
        whole = whole[np.argsort(whole[:, 1], kind="stable")]
        return whole.astype(np.int32) if int(whole.max(initial=0)) < 2**31 else whole


def sums(connection: sqlite3.Connection, width: int, interval: Interval, shelf: Shelf) -> IntColumn:
    """(slo, good, total, estimated) of the buckets of `width` that start in `interval`; an SLO may have several rows, to be added."""
    at = progress(connection, width)
    old = Interval(interval.start, min(interval.end, at.packed))
    young = Interval(max(interval.start, at.packed), interval.end)
    late_sums, young_sums = (
        _selected(connection, _SUM_ROWS.format(table, "t"), (width, *part))
        for table, part in (("late", interval), ("bucket", young))
    )
    return np.concatenate([late_sums, *_packed_sums(connection, width, old, at.folded, shelf), young_sums])


_SUM_ROWS: Final = (
    "SELECT slo, sum(good), sum(total), sum(estimated) FROM {0} WHERE width = ? AND {1} >= ? AND {1} < ? GROUP BY slo"
)


def _packed_sums(
    connection: sqlite3.Connection, width: int, interval: Interval, folded: int, shelf: Shelf
) -> Iterator[IntColumn]:
    """Whole days by their sums; the hours at the edges bucket by bucket."""
    whole = Interval(-(-interval.start // DAY) * DAY, interval.end // DAY * DAY)
    if not whole.seconds:
        yield from _edge_sums(width, interval, folded, shelf)
        return
    yield from _edge_sums(width, Interval(interval.start, whole.start), folded, shelf)
    yield _selected(connection, _SUM_ROWS.format("day", "day"), (width, *whole))
    yield from _edge_sums(width, Interval(whole.end, interval.end), folded, shelf)


def _edge_sums(width: int, interval: Interval, folded: int, shelf: Shelf) -> Iterator[IntColumn]:
    span = seconds_of(width)
    for start in range(interval.start // span * span, interval.end, span):
        day = start // DAY * DAY
        rows = shelf.rows(width, day, (start - day) // span, folded)
        first, last = np.searchsorted(rows[:, 1], [-(-(second - day) // width) for second in interval])
        yield rows[first:last, [0, 2, 3, 4]].astype(np.int64)


def _selected(connection: sqlite3.Connection, query: str, values: tuple[int, ...]) -> IntColumn:
    return np.array(connection.execute(query, values).fetchall(), np.int64).reshape(-1, 4)


_SERIES: Final = """
WITH RECURSIVE step(t) AS (SELECT ?1 WHERE ?1 < ?3 UNION ALL SELECT t + ?2 FROM step WHERE t + ?2 < ?3)
SELECT b.t, b.good, b.total, b.estimated FROM step CROSS JOIN {} b ON b.width = ?2 AND b.t = step.t AND b.slo = ?4
"""
# One look-up a bucket: the key starts with the time, so that a range would be one of all SLOs.

_DAYS: Final = """
WITH RECURSIVE step(t) AS (SELECT ?1 WHERE ?1 < ?2 UNION ALL SELECT t + 86400 FROM step WHERE t + 86400 < ?2)
SELECT d.day, d.buckets FROM step CROSS JOIN day d ON d.width = ?3 AND d.day = step.t AND d.slo = ?4
"""


def series(connection: sqlite3.Connection, width: int, slo: int, interval: Interval) -> IntColumn:
    """(t, good, total, estimated) of one SLO's buckets that start in `interval`; a time may come twice, to be added."""
    at = progress(connection, width)
    old = Interval(interval.start, min(interval.end, at.packed))
    young = Interval(max(interval.start, at.packed), interval.end)
    found = [*_packed_series(connection, width, slo, old), _steps(connection, "bucket", width, slo, young)]
    if connection.execute("SELECT 1 FROM late WHERE width = ? LIMIT 1", (width,)).fetchone():
        found.append(_steps(connection, "late", width, slo, Interval(interval.start, min(interval.end, at.open))))
    return np.concatenate(found)


def _steps(connection: sqlite3.Connection, table: str, width: int, slo: int, interval: Interval) -> IntColumn:
    return _selected(connection, _SERIES.format(table), (interval.start, width, interval.end, slo))


def _packed_series(connection: sqlite3.Connection, width: int, slo: int, interval: Interval) -> Iterator[IntColumn]:
    span = seconds_of(width)
    days = connection.execute(_DAYS, (interval.start // DAY * DAY, interval.end, width, slo))
    for day, blob in days.fetchall():
        start, end = max(interval.start, day), min(interval.end, day + DAY)
        rows = unpack(blob, (start - day) // span, (end - 1 - day) // span)
        rows[:, 0] = rows[:, 0] * width + day
        yield rows[(rows[:, 0] >= start) & (rows[:, 0] < end)]


def events_of(connection: sqlite3.Connection, slo: int, interval: Interval) -> Booked:
    """One SLO's events in an interval of 10 s buckets."""
    return Booked(*series(connection, BUCKET, slo, interval)[:, 1:].sum(axis=0).tolist())


def counted(connection: sqlite3.Connection, slo: int, interval: Interval, finest: int) -> Booked:
    """One SLO's events in an interval, from buckets as wide as fit and, at its start, of `finest` seconds or more."""
    parts = [series(connection, width, slo, part)[:, 1:].sum(axis=0) for width, part in segments(interval, finest)]
    return Booked(*np.sum(parts, axis=0).tolist()) if parts else Booked()


def history(connection: sqlite3.Connection, slo: int, interval: Interval, step: int, now: float) -> list[HistoryPoint]:
    """Counts of one SLO in steps from `interval.start`, added up from what `fitting` gives; steps without events are left out."""
    points: dict[int, list[int]] = {}
    for t, good, total in fitting(connection, slo, interval, step, now).tolist():
        # plain numbers: ends and steps may be asked for beyond 64 bits
        point = points.setdefault(interval.start + (t - interval.start) // step * step, [0, 0])
        point[0] += good
        point[1] += total
    return [HistoryPoint(t, good, total) for t, (good, total) in sorted(points.items()) if total]


@contextlib.contextmanager
def one_moment(connection: sqlite3.Connection) -> Generator[None]:
    """What is read meanwhile is all of one moment, whatever is committed."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")


def fitting(connection: sqlite3.Connection, slo: int, interval: Interval, step: int, now: float) -> IntColumn:
    """(t, good, total) of one SLO, from the finest buckets kept at that age or coarser ones that fit steps from `interval.start`.

    A time may come twice, to be added.
    """
    widest = max((t.width for t in TIERS if step % t.width == 0 and interval.start % t.width == 0), default=BUCKET)
    found = [series(connection, width, slo, part) for width, part in _by_age(interval, widest, now)]
    rows: IntColumn = np.concatenate([np.empty((0, 4), np.int64), *found])
    return rows[:, :3]


def _by_age(interval: Interval, fitting: int, now: float) -> Iterator[tuple[int, Interval]]:
    """The interval in parts, each with the width to read it in."""
    until = interval.end
    for tier in TIERS:
        start = max(interval.start, kept_from(tier, now))
        whole = Interval(-(-start // tier.width) * tier.width, -(-until // tier.width) * tier.width)
        yield from segments(whole, tier.width, max(fitting, tier.width))
        until = min(until, start)
