"""Counts in buckets: booked into every tier in one transaction, so that a coarser bucket is the exact sum of its finer ones.

A tier keeps at least what `TIERS` promises and lets go by whole hours, so that no coarse bucket is ever left with some of its finer
ones. An event too late for a tier goes into the coarser ones that are still kept.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

import numpy as np

from ..slo import BUCKET, HOUR, TIERS, Interval, Tier
from .columns import IntColumn

SPARE: Final = HOUR
"""Seconds a tier keeps beyond its promise: what leaves a window is read after it has left."""

OLDEST: Final = TIERS[-1]
FUTURE: Final = 300
"""Seconds an event may end after it was received, for clocks that differ; beyond, it is rejected."""

NANOSECONDS: Final = 1_000_000_000

_UPSERT: Final = """
INSERT INTO {} VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
good = good + excluded.good, total = total + excluded.total, estimated = estimated + excluded.estimated
"""
_OPEN: Final = _UPSERT.format("bucket")
_LATE: Final = _UPSERT.format("late")


class Booked(NamedTuple):
    """Events of some SLOs alike, in one bucket. `estimated` ones are bad and in `total` too."""

    good: int = 0
    total: int = 0
    estimated: int = 0


def nanoseconds(seconds: float) -> int:
    """Epoch seconds as the wire counts them; the whole seconds exactly."""
    whole = int(seconds)
    return whole * NANOSECONDS + int((seconds - whole) * NANOSECONDS)


def kept_from(tier: Tier, now: float) -> int:
    """The start of the oldest bucket of `tier` that is kept at `now`: a full hour, the same for all widths."""
    return (int(now) - tier.kept) // HOUR * HOUR - SPARE


def tier_of(t: int, now: float) -> int | None:
    """The index of the finest tier that keeps second `t` at `now`; None when none does."""
    return next((index for index, tier in enumerate(TIERS) if t >= kept_from(tier, now)), None)


class Buckets:
    """Books events. `written` holds what the last transaction wrote: (slo, t, good, total, estimated) a row."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._staged: dict[tuple[int, int, tuple[int, ...]], Booked] = {}
        self.written: IntColumn = np.empty((0, 5), np.int64)
        self._skipped: dict[int, int] = {}
        newest = connection.execute("SELECT max(t) FROM bucket WHERE width = ?", (OLDEST.width,)).fetchone()[0]
        self.newest: int = newest or 0

    @property
    def changed(self) -> bool:
        """Whether events are staged."""
        return bool(self._staged)

    def book(self, slos: tuple[int, ...], t: int, events: Booked, received: float) -> None:
        """Stages `events` of each of `slos` in the bucket of second `t`, which must still be kept at `received`."""
        tier = tier_of(t, received)
        if tier is None:
            raise ValueError(f"second {t} is kept no more")
        width = TIERS[tier].width
        for finer in TIERS[:tier]:
            self._skipped[finer.width] = max(self._skipped.get(finer.width, 0), kept_from(finer, received))
        key = (tier, t // width * width, slos)
        old = self._staged.get(key, _NOTHING)
        self._staged[key] = Booked(old.good + events.good, old.total + events.total, old.estimated + events.estimated)

    def write(self, connection: sqlite3.Connection) -> None:
        """Adds what is staged to every tier that keeps it: to the rows of an open day, or late to a closed one."""
        connection.executemany(
            "UPDATE tier SET complete = max(complete, ?2) WHERE width = ?1 AND complete < ?2", self._skipped.items()
        )
        per_slo: dict[tuple[int, int, int], list[int]] = {}
        for (tier, t, slos), events in self._staged.items():
            for slo in slos:
                _add(per_slo, (tier, t, slo), events)
        self.written = np.array([(slo, t, *events) for (_, t, slo), events in per_slo.items()], np.int64).reshape(-1, 5)
        closed = dict(connection.execute("SELECT width, open FROM tier"))
        for index, (width, _) in enumerate(TIERS):
            rows = _rows(width, index, per_slo)
            late = bisect_left(rows, closed[width], key=itemgetter(1))
            connection.executemany(_LATE, rows[:late])
            connection.executemany(_OPEN, rows[late:])

    def keep(self) -> None:
        """What was staged is true now."""
        self.newest = max(self.newest, int(self.written[:, 1].max(initial=0)))
        self._skipped.clear()
        self._staged.clear()

    def forget(self) -> None:
        """What was staged never was."""
        self._skipped.clear()
        self._staged.clear()


_NOTHING: Final = Booked()


def _add(counts: dict[tuple[int, int, int], list[int]], key: tuple[int, int, int], events: Sequence[int]) -> None:
    row = counts.get(key)
    if row is None:
        counts[key] = list(events)
    else:
        for column, number in enumerate(events):
            row[column] += number


def _rows(width: int, tier: int, per_slo: dict[tuple[int, int, int], list[int]]) -> list[tuple[int, ...]]:
    """The rows of one tier, in key order: neighbours are then written together."""
    coarse: dict[tuple[int, int, int], list[int]] = {}
    for (finest, t, slo), events in per_slo.items():
        if finest <= tier:
            _add(coarse, (width, t // width * width, slo), events)
    return [(*key, *events) for key, events in sorted(coarse.items())]


def segments(interval: Interval, finest: int, coarsest: int = TIERS[-1].width) -> Iterator[tuple[int, Interval]]:
    """Splits an interval into buckets: wide ones inside, finer ones at its edges, none finer than `finest` at its start.

    Few rows then make the sum of a long interval. Bounds are multiples of the finest widths in use.
    """
    start, end = interval
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
