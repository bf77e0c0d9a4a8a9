"""Cumulative streams: what each said last, so that what it says next is an increase, across restarts of either side.

A stream is known by its identity and its start time, as OTLP's data model has it: a restarted process brings a new start and begins
anew, and two processes that share an identity by mistake do not disturb each other. Seen for the first time, a stream's whole value
counts where it can't have been counted before; otherwise its value is the line increases are drawn from.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...slo import DAY
from ...slo.sli import NANOSECONDS
from ..columns import IntColumn, nanoseconds
from ..ledger.pages import Pages
from ..ledger.part import Undoable
from ..ledger.staged import Staged
from .boundaries import Boundaries
from .families import KEY_SIZE as FAMILY_KEY_SIZE
from .families import Families
from .growth import Growth, Levels
from .increases import Increases, PointOutcome, increases
from .points import CumulativePoints
from .shelves import BOUND, COUNT, LEAD, SEEN, TIME, Last, Shelves

IDLE: Final = 7.0 * DAY
"""Seconds a stream is remembered after its last point."""

MOST_STREAMS: Final = 200_000
ROOM: Final = 250_000
"""Streams beyond which new ones find no room until the next tick forgot the surplus over `MOST_STREAMS`."""

MOST_NUMBERS: Final = 8_000_000
ROOM_NUMBERS: Final = 10_000_000
"""The same for the numbers that streams are kept as: a histogram of 160 buckets takes 260, one of 15 takes 20."""

FRESH: Final = 300
"""Seconds before the collector's own beginning in which a stream may have begun and still counts whole."""

HORIZON: Final = "horizon"


class Taken(NamedTuple):
    """What became of points: those that added events, and how many turned out to be what."""

    growth: Growth
    seen: dict[PointOutcome, int]


class Cumulatives:
    """All cumulative streams of the metrics that are tracked. A metric is tracked from the moment an SLO first named it."""

    def __init__(self, connection: sqlite3.Connection, birth: int) -> None:
        self._boundaries = Boundaries(connection)
        self._families = Families(connection)
        self._shelves = Shelves(connection)
        self._tracked: Staged[str, float] = Staged(connection.execute("SELECT name, since FROM tracked"))
        self.names = frozenset(self._tracked.kept)
        """The metrics that are tracked, as the open transaction sees it; another object whenever they change, for threads that read."""
        row = connection.execute("SELECT value FROM meta WHERE key = ?", (HORIZON,)).fetchone()
        self._horizon: Staged[str, float] = Staged([(HORIZON, float(row[0]) if row else float(birth - FRESH))])

    def track(self, names: Iterable[str], now: float) -> None:
        """Stages that metrics are tracked from `now` on, unless they are already."""
        fresh = frozenset(names) - self.names
        for name in fresh:
            self._tracked.put(name, now)
        if fresh:
            self.names |= fresh

    def since(self, name: str) -> int | None:
        """The nanosecond from which on a stream of a metric may begin and count whole; None for a metric that is not tracked."""
        since = self._tracked.get(name)
        return None if since is None else nanoseconds(since - FRESH)

    def hear(self, identity: bytes, time: int, received: float, start: int = 0) -> None:
        """Stages that an export of `time` had room for streams of this identity and start, whether it brought any or not."""
        keys, of = [identity + start.to_bytes(8, "little")], np.zeros(1, np.int64)
        self._families.hear(keys, of, np.array([time], np.int64), nanoseconds(received), nanoseconds(self._forgotten))

    def take(self, points: CumulativePoints, received: float) -> Iterator[Taken]:
        """Stages points, and says what they add; those that a request has of one stream one after the other."""
        words, width = points.words(), points.buckets.shape[1]
        recalled = self._shelves.recalled(words, width)
        if recalled is not None:
            yield self._take(points, (), recalled, received)
            return
        for part, keys in points.rounds():
            last = self._shelves.last(keys, width)
            if part is points:
                self._shelves.note(words, last)
            yield self._take(part, keys, last, received)

    def _take(self, points: CumulativePoints, keys: Sequence[bytes], last: Last, received: float) -> Taken:
        """Stages points of which no two are of one stream; `keys` only where some are not known."""
        live, refused = self._live(points, last)
        if not live.all():
            chosen = np.flatnonzero(live)
            points, last, keys = (
                points.only(chosen),
                last.only(chosen),
                [keys[row] for row in chosen.tolist()] if keys else (),
            )
        rows = self._rows(points, received)
        heard = self._families.hear(
            *points.families(), points.time, nanoseconds(received), nanoseconds(self._forgotten)
        )
        found = increases(points, rows, last, heard)
        self._shelves.put(keys, rows, last)
        return Taken(self._grown(points, found, last.rows), refused | found.seen())

    def _live(self, points: CumulativePoints, last: Last) -> tuple[NDArray[np.bool_], dict[PointOutcome, int]]:
        """The points that are newer than the last and find room, and how many are not for what reason."""
        known = last.known()
        live = ~known | (points.time > last.rows[:, TIME])
        refused = {PointOutcome.OLD: len(points) - int(np.count_nonzero(live))}
        if not known.all() and self._is_full(len(points), LEAD + points.buckets.shape[1]):
            refused[PointOutcome.NO_ROOM] = len(points) - int(np.count_nonzero(known))
            live &= known
        return live, refused

    def _rows(self, points: CumulativePoints, received: float) -> IntColumn:
        rows = np.empty((len(points), LEAD + points.buckets.shape[1]), np.int64)
        rows[:, TIME], rows[:, COUNT], rows[:, SEEN] = points.time, points.count, int(received) + 1
        numbers, of = np.unique(points.bound, return_inverse=True)
        known = [self._boundaries.number(points.table[n] if n >= 0 else ()) for n in numbers.tolist()]
        rows[:, BOUND] = np.array(known, np.int64)[of]
        rows[:, LEAD:] = points.buckets
        return rows

    def _grown(self, points: CumulativePoints, found: Increases, before: IntColumn) -> Growth:
        """The points that added events."""
        more = np.flatnonzero(found.events > 0)
        if len(more) < len(points):
            points, found, before = points.only(more), found.only(more), before[more]
        after = Levels(points.table, points.bound, points.buckets)
        return Growth(
            points.rows, found.events, found.start, after, Levels(self._boundaries, found.before, before[:, LEAD:])
        )

    @property
    def _forgotten(self) -> float:
        return self._horizon.get(HORIZON) or 0.0

    def expire(self, now: float) -> None:
        """Stages the forgetting of idle streams, and of a surplus.

        Whatever began before the last point of a forgotten stream of its family never counts whole again. Of a surplus go the
        longest unheard of the largest families, so that a flood of streams pushes out its own.
        """
        self._expire_streams(now)
        living = {key[:FAMILY_KEY_SIZE] for pages in self._shelves.pages for key in pages.used()[1]}
        until = self._families.expire(living, nanoseconds(now - IDLE), MOST_STREAMS)
        if until:
            self._horizon.put(HORIZON, max(self._forgotten, float(-(-until // NANOSECONDS))))
        self._boundaries.retain(self._shelves.bounds_in_use())

    def _expire_streams(self, now: float) -> None:
        streams = self._shelves.everyone()
        numbers: dict[bytes, int] = {}
        family = np.array([numbers.setdefault(key[:FAMILY_KEY_SIZE], len(numbers)) for key in streams.keys], np.int64)
        gone = streams.seen <= int(now - IDLE)
        if self.is_crowded:
            gone |= _surplus(family, streams.seen, streams.sizes)
        if gone.any():
            lost = np.flatnonzero(gone)
            self._families.doubt(
                [streams.keys[row][:FAMILY_KEY_SIZE] for row in lost], streams.seen[lost] * NANOSECONDS
            )
            streams.remove(gone)

    def __len__(self) -> int:
        return len(self._shelves)

    @property
    def is_crowded(self) -> bool:
        """Whether there is a surplus, for `expire` to forget."""
        return len(self) > MOST_STREAMS or self._shelves.numbers > MOST_NUMBERS

    def _is_full(self, more: int, width: int) -> bool:
        return len(self) + more > ROOM or self._shelves.numbers + more * width > ROOM_NUMBERS

    @property
    def _pages(self) -> tuple[Pages, ...]:
        return (self._families.pages, *self._shelves.pages)

    @property
    def _parts(self) -> tuple[Undoable, ...]:
        return (self._boundaries, *self._pages, self._tracked, self._horizon)

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        return bool(self._tracked.changes or self._horizon.changes or any(pages.changed for pages in self._pages))

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes what streams said last."""
        self._boundaries.write(connection)
        for pages in self._pages:
            pages.write(connection)
        connection.executemany("INSERT OR IGNORE INTO tracked VALUES (?, ?)", list(self._tracked.changes.items()))
        connection.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)",
            [(key, int(value)) for key, value in self._horizon.changes.items() if value is not None],
        )

    def keep(self) -> None:
        """What was staged is true now."""
        for part in self._parts:
            part.keep()

    def forget(self) -> None:
        """What was staged never was."""
        for part in self._parts:
            part.forget()
        if self.names != self._tracked.kept.keys():
            self.names = frozenset(self._tracked.kept)


def _surplus(family: IntColumn, seen: IntColumn, sizes: IntColumn) -> NDArray[np.bool_]:
    """The streams beyond what is kept of them: those that stand furthest back in their family, the newest heard first."""
    order = np.lexsort((-seen, family))
    starts = np.flatnonzero(np.diff(family[order], prepend=-1))
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))
    gone = np.zeros(len(order), np.bool_)
    order = order[np.argsort(rank, kind="stable")]
    gone[order[MOST_STREAMS:]] = True
    gone[order[np.cumsum(sizes[order]) > MOST_NUMBERS]] = True
    return gone
