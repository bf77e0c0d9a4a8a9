"""Cumulative streams: what each said last, so that what it says next is an increase, across restarts of either side.

A stream is known by its identity and its start time, as OTLP's data model has it: a restarted process brings a new start and begins
anew, and two processes that share an identity by mistake do not disturb each other. Seen for the first time, a stream's whole value
counts where it can't have been counted before; otherwise its value is the line increases are drawn from.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..slo import DAY
from .buckets import NANOSECONDS
from .staged import Staged

IDLE: Final = 7.0 * DAY
"""Seconds a stream is remembered after its last point."""

MOST_STREAMS: Final = 200_000
FRESH: Final = 300
"""Seconds before the collector's own beginning in which a stream may have begun and still counts whole."""

HORIZON: Final = "horizon"


class StreamKey(NamedTuple):
    """A stream's identity and start, in nanoseconds; 0 where the sender does not say."""

    stream: bytes
    start: int


class Seen(Enum):
    """What a point turned out to be."""

    INCREASE = "increase"
    RESET = "reset"
    BASELINE = "baseline"
    OLD = "not newer than the last"


@dataclass(frozen=True, slots=True)
class Level:
    """What a stream said: its count and its buckets (none for a sum), at `time` in nanoseconds."""

    time: int
    count: int
    bounds: tuple[float, ...] = ()
    buckets: tuple[int, ...] = ()

    def within(self, threshold: float) -> int:
        """Events in buckets wholly at or below `threshold` seconds."""
        return sum(self.buckets[: bisect_right(self.bounds, threshold)])

    def boundary(self, threshold: float) -> float | None:
        """The highest boundary at or below `threshold`."""
        index = bisect_right(self.bounds, threshold)
        return self.bounds[index - 1] if index else None


@dataclass(frozen=True, slots=True)
class Increase:
    """What happened from `start` on: `after` less `before`, or all of `after`."""

    seen: Seen
    after: Level
    before: Level | None = None
    start: int = 0

    @property
    def count(self) -> int:
        """Events."""
        return (
            0
            if self.seen in (Seen.BASELINE, Seen.OLD)
            else self.after.count - (self.before.count if self.before else 0)
        )

    def within(self, threshold: float) -> int | None:
        """Events no longer than `threshold` seconds, by the boundaries there are; None where histograms have no buckets to tell.

        Where boundaries changed in between (an exponential histogram that rescaled), never more than there were events.
        """
        if not self.after.buckets or (self.before is not None and not self.before.buckets):
            return None
        before = self.before.within(threshold) if self.before else 0
        return min(max(0, self.after.within(threshold) - before), self.count)


class _Known(NamedTuple):
    level: Level
    seen: float


class _Family(NamedTuple):
    """All streams of one metric of one sender that began together: when it was heard first and last, and its last two exports' times."""

    first: float
    received: float
    time: int
    before: int = 0


class Cumulatives:
    """All cumulative streams of the metrics that are tracked. A metric is tracked from the moment an SLO first named it."""

    def __init__(self, connection: sqlite3.Connection, birth: int) -> None:
        self._streams: Staged[StreamKey, _Known] = Staged(
            (StreamKey(stream, start), _Known(Level(time, count, _floats(bounds), _integers(buckets)), seen))
            for stream, start, time, seen, count, bounds, buckets in connection.execute("SELECT * FROM cumulative")
        )
        self._tracked: Staged[str, float] = Staged(connection.execute("SELECT name, since FROM tracked"))
        self._families: Staged[bytes, _Family] = Staged(
            (digest, _Family(first, received, time))
            for digest, first, received, time in connection.execute("SELECT * FROM family")
        )
        row = connection.execute("SELECT value FROM meta WHERE key = ?", (HORIZON,)).fetchone()
        self._horizon: Staged[str, float] = Staged([(HORIZON, float(row[0]) if row else float(birth - FRESH))])
        self._staged: tuple[Staged[Any, Any], ...] = (self._streams, self._families, self._tracked, self._horizon)

    def track(self, names: Iterable[str], now: float) -> None:
        """Stages that metrics are tracked from `now` on, unless they are already."""
        for name in names:
            if self._tracked.get(name) is None:
                self._tracked.put(name, now)

    @property
    def names(self) -> frozenset[str]:
        """The metrics that are tracked, as the open transaction sees it."""
        return frozenset(name for name, _ in self._tracked.items())

    def tracks(self, name: str) -> bool:
        """Whether a metric is tracked."""
        return self._tracked.get(name) is not None

    def take(self, key: StreamKey, family: bytes, name: str, level: Level, received: float) -> Increase:
        """Stages a point of a stream of metric `name`, and says what it adds. `family` is the same for all that began with it."""
        known = self._streams.get(key)
        if known is not None and level.time <= known.level.time:
            return Increase(Seen.OLD, level)
        heard = self._hear(family, level.time, received)
        self._streams.put(key, _Known(level, received))
        if known is None:
            return self._first(key, heard, name, level)
        return _increase(known.level, level)

    def _hear(self, family: bytes, time: int, received: float) -> _Family:
        """Stages an export of a family; points of one request are one export."""
        old = self._families.get(family)
        if old is None:
            heard = _Family(received, received, time)
        elif old.received == received:
            heard = old._replace(time=max(time, old.time))
        elif time > old.time:
            heard = _Family(old.first, received, time, old.time)
        else:  # an export that comes late: what it has and a later one had not can't be told
            return old._replace(before=0)
        self._families.put(family, heard)
        return heard

    def _first(self, key: StreamKey, heard: _Family, name: str, level: Level) -> Increase:
        """The whole value counts if everything before the stream began was certainly seen or never sent."""
        since = self._tracked.get(name)
        forgotten = self._horizon.get(HORIZON) or 0.0
        horizon = max(forgotten, -float("inf") if since is None else since - FRESH)
        if 0 < key.start < level.time and key.start >= horizon * NANOSECONDS:
            return Increase(Seen.INCREASE, level, None, key.start)
        if heard.before and key.start < level.time and heard.first > forgotten:
            return Increase(Seen.INCREASE, level, None, heard.before)
        return Increase(Seen.BASELINE, level)

    def expire(self, now: float) -> None:
        """Stages the forgetting of idle streams. Whatever began before the last point of a forgotten one never counts whole again."""
        by_age = sorted((known.seen, key) for key, known in self._streams.kept.items())
        surplus = len(by_age) - MOST_STREAMS
        for index, (seen, key) in enumerate(by_age):
            if index >= surplus and seen >= now - IDLE:
                break
            self._streams.remove(key)
            self._horizon.put(HORIZON, max(seen, self._horizon.get(HORIZON) or 0.0))
        self._expire_families(now)

    def _expire_families(self, now: float) -> None:
        by_age = sorted((family.received, digest) for digest, family in self._families.kept.items())
        surplus = len(by_age) - MOST_STREAMS
        for index, (received, digest) in enumerate(by_age):
            if index >= surplus and received >= now - IDLE:
                break
            self._families.remove(digest)

    def __len__(self) -> int:
        return len(self._streams.kept)

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        return any(staged.changes for staged in self._staged)

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes what streams said last."""
        changes = self._streams.changes
        connection.executemany(
            'DELETE FROM cumulative WHERE stream = ? AND "start" = ?',
            [key for key, known in changes.items() if not known],
        )
        connection.executemany(
            "INSERT OR REPLACE INTO cumulative VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(*key, *_row(known)) for key, known in changes.items() if known is not None],
        )
        families = self._families.changes
        connection.executemany(
            "DELETE FROM family WHERE digest = ?", [(key,) for key, f in families.items() if f is None]
        )
        connection.executemany(
            "INSERT OR REPLACE INTO family VALUES (?, ?, ?, ?)",
            [(key, f.first, f.received, f.time) for key, f in families.items() if f is not None],
        )
        connection.executemany("INSERT OR IGNORE INTO tracked VALUES (?, ?)", list(self._tracked.changes.items()))
        connection.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)",
            [(key, int(value) + 1) for key, value in self._horizon.changes.items() if value is not None],
        )

    def keep(self) -> None:
        """What was staged is true now."""
        for staged in self._staged:
            staged.keep()

    def forget(self) -> None:
        """What was staged never was."""
        for staged in self._staged:
            staged.forget()


def _increase(old: Level, new: Level) -> Increase:
    alike = old.bounds == new.bounds and len(old.buckets) == len(new.buckets)
    shrunk = alike and any(b < a for a, b in zip(old.buckets, new.buckets, strict=True))
    if shrunk or new.count < old.count:
        return Increase(Seen.RESET, new, None, old.time)
    return Increase(Seen.INCREASE, new, old, old.time)


def _row(known: _Known) -> tuple[int, float, int, bytes, bytes]:
    level = known.level
    bounds, buckets = np.array(level.bounds, "<f8"), np.array(level.buckets, "<i8")
    return level.time, known.seen, level.count, bounds.tobytes(), buckets.tobytes()


def _floats(blob: bytes) -> tuple[float, ...]:
    numbers: NDArray[np.float64] = np.frombuffer(blob, "<f8")
    return tuple(numbers.tolist())


def _integers(blob: bytes) -> tuple[int, ...]:
    numbers: NDArray[np.int64] = np.frombuffer(blob, "<i8")
    return tuple(numbers.tolist())
