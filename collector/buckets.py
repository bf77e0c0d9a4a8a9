"""Counts in buckets: booked into every tier in one transaction, so that a coarser bucket is the exact sum of its finer ones.

A tier keeps at least what `TIERS` promises and lets go by whole hours, so that no coarse bucket is ever left with some of its finer
ones. An event too late for a tier goes into the coarser ones that are still kept.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from ..slo import BUCKET, HOUR, TIERS, HistoryPoint, Interval, Tier
from .columns import IntColumn

SPARE: Final = HOUR
"""Seconds a tier keeps beyond its promise: what leaves a window is read after it has left."""

OLDEST: Final = TIERS[-1]
FUTURE: Final = 300
"""Seconds an event may end after it was received, for clocks that differ; beyond, it is rejected."""

AT_ONCE: Final = 6
"""Bucket starts whose rows are deleted at one time."""

NANOSECONDS: Final = 1_000_000_000

_UPSERT: Final = """
INSERT INTO bucket VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
good = good + excluded.good, total = total + excluded.total, estimated = estimated + excluded.estimated
"""


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
        self._expiry: float | None = None
        newest = connection.execute("SELECT max(t) FROM bucket WHERE width = ?", (OLDEST.width,)).fetchone()[0]
        self.newest: int = newest or 0

    @property
    def changed(self) -> bool:
        """Whether events are staged."""
        return bool(self._staged) or self._expiry is not None

    def book(self, slos: tuple[int, ...], t: int, events: Booked, received: float) -> None:
        """Stages `events` of each of `slos` in the bucket of second `t`, which must still be kept at `received`."""
        tier = tier_of(t, received)
        if tier is None:
            raise ValueError(f"second {t} is kept no more")
        width = TIERS[tier].width
        key = (tier, t // width * width, slos)
        old = self._staged.get(key, _NOTHING)
        self._staged[key] = Booked(old.good + events.good, old.total + events.total, old.estimated + events.estimated)

    def expire(self, now: float) -> None:
        """Stages the forgetting of a little of what is kept no more; called every second, it keeps up and never takes long."""
        if any(_surplus(self._connection, tier, now) for tier in TIERS):
            self._expiry = now

    def write(self, connection: sqlite3.Connection) -> None:
        """Adds what is staged to every tier that keeps it."""
        if self._expiry is not None:
            _expire(connection, self._expiry)
        per_slo: dict[tuple[int, int, int], list[int]] = {}
        for (tier, t, slos), events in self._staged.items():
            for slo in slos:
                _add(per_slo, (tier, t, slo), events)
        self.written = np.array([(slo, t, *events) for (_, t, slo), events in per_slo.items()], np.int64).reshape(-1, 5)
        for index, (width, _) in enumerate(TIERS):
            connection.executemany(_UPSERT, _rows(width, index, per_slo))

    def keep(self) -> None:
        """What was staged is true now."""
        self.newest = max(self.newest, int(self.written[:, 1].max(initial=0)))
        self._expiry = None
        self._staged.clear()

    def forget(self) -> None:
        """What was staged never was."""
        self._expiry = None
        self._staged.clear()


_NOTHING: Final = Booked()


def _add(counts: dict[tuple[int, int, int], list[int]], key: tuple[int, int, int], events: Sequence[int]) -> None:
    row = counts.get(key)
    if row is None:
        counts[key] = list(events)
    else:
        for column, number in enumerate(events):
            row[column] += number


def _rows(width: int, tier: int, per_slo: dict[tuple[int, int, int], list[int]]) -> Iterator[tuple[int, ...]]:
    """The rows of one tier, in key order: neighbours are then written together."""
    coarse: dict[tuple[int, int, int], list[int]] = {}
    for (finest, t, slo), events in per_slo.items():
        if finest <= tier:
            _add(coarse, (width, t // width * width, slo), events)
    return ((*key, *events) for key, events in sorted(coarse.items()))


def _surplus(connection: sqlite3.Connection, tier: Tier, now: float) -> int | None:
    """The start of the oldest bucket of a tier, if it is kept no more."""
    oldest: int | None = connection.execute("SELECT min(t) FROM bucket WHERE width = ?", (tier.width,)).fetchone()[0]
    return oldest if oldest is not None and oldest < kept_from(tier, now) else None


def _expire(connection: sqlite3.Connection, now: float) -> None:
    for tier in TIERS:
        oldest = _surplus(connection, tier, now)
        if oldest is not None:
            until = min(kept_from(tier, now), oldest + AT_ONCE * tier.width)
            connection.execute("DELETE FROM bucket WHERE width = ? AND t < ?", (tier.width, until))


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


def sums(connection: sqlite3.Connection, width: int, interval: Interval) -> IntColumn:
    """(slo, good, total, estimated) of every SLO with events in the buckets of `width` that start in `interval`."""
    found = connection.execute(
        "SELECT slo, sum(good), sum(total), sum(estimated) FROM bucket WHERE width = ? AND t >= ? AND t < ? GROUP BY slo",
        (width, interval.start, interval.end),
    )
    return np.array(found.fetchall(), np.int64).reshape(-1, 4)


_SERIES: Final = """
WITH RECURSIVE step(t) AS (SELECT ?1 UNION ALL SELECT t + ?2 FROM step WHERE t + ?2 < ?3)
SELECT b.t, b.good, b.total, b.estimated FROM step CROSS JOIN bucket b ON b.width = ?2 AND b.t = step.t AND b.slo = ?4
"""
# One look-up a bucket: the key starts with the time, so that a range would be one of all SLOs.


def events_of(connection: sqlite3.Connection, slo: int, interval: Interval) -> Booked:
    """One SLO's events in an interval of 10 s buckets."""
    events = Booked()
    if interval.seconds:
        for _, good, total, estimated in connection.execute(_SERIES, (interval.start, BUCKET, interval.end, slo)):
            events = Booked(events.good + good, events.total + total, events.estimated + estimated)
    return events


def history(connection: sqlite3.Connection, slo: int, interval: Interval, step: int, now: float) -> list[HistoryPoint]:
    """Counts of one SLO in steps from `interval.start`, from the finest buckets kept at that age or coarser ones that fit the steps."""
    fitting = max((t.width for t in TIERS if step % t.width == 0 and interval.start % t.width == 0), default=BUCKET)
    points: dict[int, list[int]] = {}
    for width, part in _by_age(interval, fitting, now):
        for t, good, total, _ in connection.execute(_SERIES, (part.start, width, part.end, slo)):
            point = points.setdefault(interval.start + (t - interval.start) // step * step, [0, 0])
            point[0] += good
            point[1] += total
    return [HistoryPoint(t, good, total) for t, (good, total) in sorted(points.items()) if total]


def _by_age(interval: Interval, fitting: int, now: float) -> Iterator[tuple[int, Interval]]:
    """The interval in parts, each with the width to read it in."""
    until = interval.end
    for tier in TIERS:
        start = max(interval.start, kept_from(tier, now))
        if start < until:
            whole = Interval(_up(start, tier.width), _up(until, tier.width))
            yield from segments(whole, tier.width, max(fitting, tier.width))
            until = start
