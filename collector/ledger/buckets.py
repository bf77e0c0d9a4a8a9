"""Counts in buckets: booked into every tier in one transaction, so that a coarser bucket is the exact sum of its finer ones.

A tier keeps at least what `TIERS` promises and lets go by whole hours, so that no coarse bucket is ever left with some of its finer
ones. An event too late for a tier goes into the coarser ones that are still kept.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from ...slo import BUCKET, DAY, HOUR, TIERS, Interval, Tier
from ...slo.sli import NANOSECONDS
from ..columns import IntColumn, nanoseconds
from .bulk import write_rows

SPARE: Final = HOUR
"""Seconds a tier keeps beyond its promise: what leaves a window is read after it has left."""

OLDEST: Final = TIERS[-1]
FUTURE: Final = 300
"""Seconds an event may end after it was received, for clocks that differ; beyond, it is rejected."""

_UPSERT: Final = """
INSERT INTO {} VALUES {{}} ON CONFLICT DO UPDATE SET
good = good + excluded.good, total = total + excluded.total, estimated = estimated + excluded.estimated
"""
_OPEN: Final = _UPSERT.format("bucket")
_LATE: Final = _UPSERT.format("late")


class Booked(NamedTuple):
    """Events of some SLOs alike, in one bucket. `estimated` ones are bad and in `total` too."""

    good: int = 0
    total: int = 0
    estimated: int = 0


def kept_from(tier: Tier, now: float) -> int:
    """The start of the oldest bucket of `tier` that is kept at `now`: a full hour, the same for all widths."""
    return (int(now) - tier.kept) // HOUR * HOUR - SPARE


def tier_of(t: int, now: float) -> int | None:
    """The index of the finest tier that keeps second `t` at `now`; None when none does."""
    return next((index for index, tier in enumerate(TIERS) if t >= kept_from(tier, now)), None)


def oldest_booked(received: float) -> int:
    """The first nanosecond that an event received then can be booked at: what is older is kept no more."""
    return kept_from(OLDEST, received) * NANOSECONDS


def latest_end(received: float) -> int:
    """The last nanosecond that an event received then can end at."""
    return nanoseconds(received + FUTURE)


def bucket_of(booked: IntColumn) -> IntColumn:
    """The start, in seconds, of the finest bucket of each time in nanoseconds."""
    return booked // (BUCKET * NANOSECONDS) * BUCKET


class Buckets:
    """Books events. `written` holds what the last transaction wrote: (slo, t, good, total, estimated) a row.

    `by_slo` is its sum over time: (slo, good, total, estimated) a row, each SLO once.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._staged: dict[tuple[int, int, tuple[int, ...]], Booked] = {}
        self._tables: list[IntColumn] = []
        self.written: IntColumn = np.empty((0, 5), np.int64)
        self.by_slo: IntColumn = np.empty((0, 4), np.int64)
        self._skipped: dict[int, int] = {}
        newest = connection.execute("SELECT max(t) FROM bucket WHERE width = ?", (OLDEST.width,)).fetchone()[0]
        self.newest: int = newest or 0

    def passed(self, now: float) -> float:
        """The time up to which events may be forgotten as old: a clock that jumped ahead passes only as far as events came."""
        return min(now, self.newest + DAY)

    @property
    def changed(self) -> bool:
        """Whether events are staged."""
        return bool(self._staged or self._tables)

    def book(self, slos: tuple[int, ...], t: int, events: Booked, received: float) -> None:
        """Stages `events` of each of `slos` in the bucket of second `t`, which must still be kept at `received`."""
        tier, start = self._place(t, received)
        key = (tier, start, slos)
        old = self._staged.get(key, _NOTHING)
        self._staged[key] = Booked(old.good + events.good, old.total + events.total, old.estimated + events.estimated)

    def book_all(self, t: int, slos: IntColumn, good: IntColumn, total: IntColumn, received: float) -> None:
        """As `book`, for SLOs that have events of their own each."""
        tier, start = self._place(t, received)
        rows = np.zeros((len(slos), 6), np.int64)
        rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3], rows[:, 4] = tier, start, slos, good, total
        self._tables.append(rows)

    def _place(self, t: int, received: float) -> tuple[int, int]:
        """The finest tier that keeps second `t`, and the start of its bucket there."""
        tier = tier_of(t, received)
        if tier is None:
            raise ValueError(f"second {t} is kept no more")
        for finer in TIERS[:tier]:
            self._skipped[finer.width] = max(self._skipped.get(finer.width, 0), kept_from(finer, received))
        return tier, t // TIERS[tier].width * TIERS[tier].width

    def write(self, connection: sqlite3.Connection) -> None:
        """Adds what is staged to every tier that keeps it: to the rows of an open day, or late to a closed one."""
        connection.executemany(
            "UPDATE tier SET complete = max(complete, ?2) WHERE width = ?1 AND complete < ?2", self._skipped.items()
        )
        rows = self._rows()
        self.written = rows[:, [_SLO, _T, *_COUNTS]]
        self.by_slo = sums_by_slo(self.written)
        closed = dict(connection.execute("SELECT width, open FROM tier"))
        for index, (width, _) in enumerate(TIERS):
            coarse = rows[rows[:, _TIER] <= index]
            coarse[:, _TIER] = width
            coarse[:, _T] -= coarse[:, _T] % width
            coarse = _summed(coarse)
            late = int(np.searchsorted(coarse[:, _T], closed[width]))
            write_rows(connection, _LATE, coarse.shape[1], coarse[:late].ravel().tolist())
            write_rows(connection, _OPEN, coarse.shape[1], coarse[late:].ravel().tolist())

    def _rows(self) -> IntColumn:
        """All that is staged, a row a bucket of an SLO."""
        alike = [(tier, t, slo, *events) for (tier, t, slos), events in self._staged.items() for slo in slos]
        return _summed(np.concatenate([np.array(alike, np.int64).reshape(-1, 6), *self._tables]))

    def keep(self) -> None:
        """What was staged is true now."""
        self.newest = max(self.newest, int(self.written[:, 1].max(initial=0)))
        self._clear()

    def forget(self) -> None:
        """What was staged never was."""
        self._clear()

    def _clear(self) -> None:
        self._skipped.clear()
        self._staged.clear()
        self._tables.clear()


_NOTHING: Final = Booked()


_TIER: Final = 0
_T: Final = 1
_SLO: Final = 2
_COUNTS: Final = (3, 4, 5)
"""The columns of staged rows: the finest tier, the bucket's start, the SLO, and its good, total and estimated events."""


def _summed(rows: IntColumn) -> IntColumn:
    """One row for those of the same tier, bucket and SLO, in this order: neighbours are then written together."""
    if len(rows) < 2 or _is_one_bucket(rows):
        return rows
    rows = rows[np.lexsort((rows[:, _SLO], rows[:, _T], rows[:, _TIER]))]
    fresh = np.ones(len(rows), np.bool_)
    fresh[1:] = (rows[1:, : _SLO + 1] != rows[:-1, : _SLO + 1]).any(axis=1)
    if fresh.all():
        return rows
    first = np.flatnonzero(fresh)
    summed = rows[first]
    summed[:, _COUNTS] = np.add.reduceat(rows[:, _COUNTS], first)
    return summed


def _is_one_bucket(rows: IntColumn) -> bool:
    """Whether they are of one bucket, each SLO once and in order: most commits are, and small ones cost half as much for it."""
    alike = (rows[:, :_SLO] == rows[0, :_SLO]).all()
    return bool(alike and (rows[1:, _SLO] > rows[:-1, _SLO]).all())


def sums_by_slo(written: IntColumn) -> IntColumn:
    """(slo, good, total, estimated) of rows of (slo, t, good, total, estimated), each SLO once."""
    if not len(written):
        return np.empty((0, 4), np.int64)
    if (written[1:, 0] > written[:-1, 0]).all():
        return written[:, [0, 2, 3, 4]]
    slos, number = np.unique(written[:, 0], return_inverse=True)
    sums = np.zeros((len(slos), 4), np.int64)
    sums[:, 0] = slos
    for column in (1, 2, 3):
        np.add.at(sums[:, column], number, written[:, column + 1])
    return sums


def segments(interval: Interval, finest: int, coarsest: int = TIERS[-1].width) -> Iterator[tuple[int, Interval]]:
    """Splits an interval into buckets: wide ones inside, finer ones at its edges, none finer than `finest` at its start.

    Few rows then make the sum of a long interval. Bounds are multiples of the finest widths in use, but the end of what ends now: if
    that is shorter than `finest` it is young, and kept in every width.
    """
    start, end = interval
    finest = finest if end - start >= finest else BUCKET
    widths = [tier.width for tier in TIERS if tier.width <= coarsest]
    for width in reversed(widths):
        inner = Interval(_up(start, width), end // width * width)
        if inner.seconds and width >= finest:
            yield from segments(Interval(start, inner.start), finest, width - 1)
            yield width, inner
            yield from segments(Interval(inner.end, end), BUCKET, width - 1)
            return


def _up(second: int, width: int) -> int:
    return -(-second // width) * width
