"""Cumulative streams: what each said last, so that what it says next is an increase, across restarts of either side.

A stream is known by its identity and its start time, as OTLP's data model has it: a restarted process brings a new start and begins
anew, and two processes that share an identity by mistake do not disturb each other. Seen for the first time, a stream's whole value
counts where it can't have been counted before; otherwise its value is the line increases are drawn from.

Points are taken as columns, and streams kept as rows of numbers, on one shelf of pages for each width of histograms.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from enum import Enum
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..slo import DAY
from .boundaries import Boundaries
from .buckets import NANOSECONDS, nanoseconds
from .columns import IntColumn
from .families import KEY_SIZE as FAMILY_KEY_SIZE
from .families import Families
from .growth import UNKNOWN, Bounds, Growth, Levels
from .pages import Pages
from .staged import Staged

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
WIDEST: Final = 1024
"""Buckets of a cumulative histogram that are remembered at most; one with more counts, and says nothing about latency."""

KEY_SIZE: Final = FAMILY_KEY_SIZE + 8
TIME, COUNT, SEEN, BOUND, LEAD = range(5)
"""Columns of a row: its time in ns, its count, the second behind its reception, its boundaries' number; behind them its buckets."""


class Seen(Enum):
    """What a point turned out to be."""

    INCREASE = "counted"
    RESET = "reset"
    BASELINE = "baseline"
    OLD = "not newer than the last"
    NO_ROOM = "no room"


@dataclass(frozen=True, slots=True)
class Points:
    """Points of cumulative streams, in the order sent. `identity` is 128 bits of resource and metric, `stream` 64 of the rest.

    `rows` say where they stand in their request, `since` is the nanosecond their metric is tracked from. `bound` numbers their
    boundaries in `table`; `buckets` are filled up with zeroes to a width that few others are beside.
    """

    table: Bounds
    rows: IntColumn
    identity: NDArray[np.uint64]
    stream: IntColumn
    start: IntColumn
    time: IntColumn
    count: IntColumn
    since: IntColumn
    bound: IntColumn
    buckets: IntColumn

    def __len__(self) -> int:
        return len(self.rows)

    def keys(self) -> list[bytes]:
        """The keys of the streams."""
        words = np.empty((len(self), 4), "<u8")
        words[:, :2], words[:, 2] = self.identity, self.start.view(np.uint64)
        words[:, 3] = self.stream.view(np.uint64)
        found: list[bytes] = words.reshape(-1).view(f"V{KEY_SIZE}").tolist()
        return found

    def families(self) -> tuple[list[bytes], IntColumn]:
        """The keys of their families, and which of them each has; neighbours of one family share a key."""
        words = np.empty((len(self), 3), "<u8")
        words[:, :2], words[:, 2] = self.identity, self.start.view(np.uint64)
        begins = np.ones(len(self), np.bool_)
        begins[1:] = (words[1:] != words[:-1]).any(axis=1)
        found: list[bytes] = words[begins].reshape(-1).view(f"V{FAMILY_KEY_SIZE}").tolist()
        return found, np.cumsum(begins) - 1

    def only(self, chosen: NDArray[np.intp]) -> Points:
        """Some of the points."""
        return Points(self.table, *(getattr(self, field.name)[chosen] for field in fields(self)[1:]))


class Taken(NamedTuple):
    """What became of points: those that added events, and how many turned out to be what."""

    growth: Growth
    seen: dict[Seen, int]


class _Undone(Protocol):
    """What is staged and then kept or forgotten."""

    def keep(self) -> None: ...

    def forget(self) -> None: ...


class Cumulatives:
    """All cumulative streams of the metrics that are tracked. A metric is tracked from the moment an SLO first named it."""

    def __init__(self, connection: sqlite3.Connection, birth: int) -> None:
        self._connection = connection
        self._boundaries = Boundaries(connection)
        self._families = Families(connection)
        self._shelves: dict[int, Pages] = {}
        for (shelf,) in connection.execute("SELECT DISTINCT id >> 32 FROM page_keys WHERE id >= 1 << 32"):
            self._shelf(shelf - 1)
        self._tracked: Staged[str, float] = Staged(connection.execute("SELECT name, since FROM tracked"))
        row = connection.execute("SELECT value FROM meta WHERE key = ?", (HORIZON,)).fetchone()
        self._horizon: Staged[str, float] = Staged([(HORIZON, float(row[0]) if row else float(birth - FRESH))])

    def track(self, names: Iterable[str], now: float) -> None:
        """Stages that metrics are tracked from `now` on, unless they are already."""
        for name in names:
            if self._tracked.get(name) is None:
                self._tracked.put(name, now)

    @property
    def names(self) -> frozenset[str]:
        """The metrics that are tracked, as the open transaction sees it."""
        return frozenset(name for name, _ in self._tracked.items())

    def since(self, name: str) -> int | None:
        """The nanosecond from which on a stream of a metric may begin and count whole; None for a metric that is not tracked."""
        since = self._tracked.get(name)
        return None if since is None else nanoseconds(since - FRESH)

    def hear(self, identity: bytes, time: int, received: float, start: int = 0) -> None:
        """Stages that an export of `time` had room for streams of this identity and start, whether it brought any or not."""
        keys, of = [identity + start.to_bytes(8, "little")], np.zeros(1, np.int64)
        self._families.hear(keys, of, np.array([time], np.int64), nanoseconds(received), nanoseconds(self._forgotten))

    def take(self, points: Points, received: float) -> Iterator[Taken]:
        """Stages points, and says what they add; those that a request has of one stream one after the other."""
        for part, keys in _rounds(points):
            yield self._take(part, keys, received)

    def _take(self, points: Points, keys: list[bytes], received: float) -> Taken:
        shelf, slots, before = self._last(keys, points.buckets.shape[1])
        known = before[:, BOUND] != UNKNOWN
        live = ~known | (points.time > before[:, TIME])
        seen = {Seen.OLD: len(points) - int(np.count_nonzero(live))}
        if not known.all() and self._is_full(len(points), LEAD + points.buckets.shape[1]):
            seen[Seen.NO_ROOM] = len(points) - int(np.count_nonzero(known))
            live &= known
        if not live.all():
            chosen = np.flatnonzero(live)
            points, slots, before, known = points.only(chosen), slots[chosen], before[chosen], known[chosen]
            keys = [keys[row] for row in chosen]
        rows = self._rows(points, received)
        heard = self._families.hear(
            *points.families(), points.time, nanoseconds(received), nanoseconds(self._forgotten)
        )
        count, start, kinds = _increases(points, rows, before, known)
        self._first(~known, points, heard, count, start, kinds)
        self._keep(shelf, slots, keys, rows, before, known)
        for number, kind in enumerate(_KINDS):
            seen[kind] = seen.get(kind, 0) + int(np.count_nonzero(kinds == number))
        return Taken(self._grown(points, count, start, kinds, before), seen)

    def _last(self, keys: list[bytes], width: int) -> tuple[Pages, IntColumn, IntColumn]:
        """The shelf of this width, the slots of the streams it has, and what each stream said last, on whatever shelf."""
        shelf = self._shelf(width)
        slots = shelf.find(keys)
        if len(slots) and slots.min() >= 0:
            return shelf, slots, shelf.cells[slots]
        before = np.zeros((len(keys), LEAD + max(width, *self._shelves)), np.int64)
        before[:, BOUND] = UNKNOWN
        here = slots >= 0
        before[here, : LEAD + width] = shelf.cells[slots[here]]
        missing = np.flatnonzero(~here)
        for other, pages in self._shelves.items():
            if other != width and len(missing) and len(pages):
                found = pages.find([keys[row] for row in missing])
                there = missing[found >= 0]
                before[there, : LEAD + other] = pages.cells[found[found >= 0]]
                missing = missing[found < 0]
        return shelf, slots, before

    def _rows(self, points: Points, received: float) -> IntColumn:
        rows = np.empty((len(points), LEAD + points.buckets.shape[1]), np.int64)
        rows[:, TIME], rows[:, COUNT], rows[:, SEEN] = points.time, points.count, int(received) + 1
        numbers, of = np.unique(points.bound, return_inverse=True)
        known = [self._boundaries.number(points.table[n] if n >= 0 else ()) for n in numbers.tolist()]
        rows[:, BOUND] = np.array(known, np.int64)[of]
        rows[:, LEAD:] = points.buckets
        return rows

    def _first(
        self,
        new: NDArray[np.bool_],
        points: Points,
        heard: tuple[IntColumn, IntColumn, IntColumn],
        count: IntColumn,
        start: IntColumn,
        kinds: IntColumn,
    ) -> None:
        """The whole value of a new stream counts if everything before it began was certainly seen or never sent."""
        if not new.any():
            return
        before, first, horizon = (column[new] for column in heard)
        began, time = points.start[new], points.time[new]
        young = (began > 0) & (began < time) & (began >= np.maximum(horizon, points.since[new]))
        lacked = (before > 0) & (began < time) & (first > horizon)
        whole = young | lacked
        count[new] = np.where(whole, points.count[new], 0)
        start[new] = np.where(young, began, before)
        kinds[new] = np.where(whole, _INCREASE, _BASELINE)

    def _keep(
        self,
        shelf: Pages,
        slots: IntColumn,
        keys: list[bytes],
        rows: IntColumn,
        before: IntColumn,
        known: NDArray[np.bool_],
    ) -> None:
        """Stages what streams said; those that change their width change the shelf."""
        here = slots >= 0
        if here.all():
            shelf.put(slots, rows, before[:, : rows.shape[1]])
            return
        if here.any():
            shelf.put(slots[here], rows[here], before[here, : rows.shape[1]])
        for pages in self._shelves.values():
            moved = [keys[row] for row in np.flatnonzero(known & ~here)]
            if pages is not shelf and moved:
                found = pages.find(moved)
                pages.remove(found[found >= 0])
        away = np.flatnonzero(~here)
        shelf.add([keys[row] for row in away], rows[away])

    def _grown(self, points: Points, count: IntColumn, start: IntColumn, kinds: IntColumn, before: IntColumn) -> Growth:
        """The points that added events. What began anew has nothing before it."""
        bound = np.where(kinds == _RESET, UNKNOWN, before[:, BOUND])
        more = np.flatnonzero(count > 0)
        if len(more) < len(points):
            points, count, start, bound, before = points.only(more), count[more], start[more], bound[more], before[more]
        after = Levels(points.table, points.bound, points.buckets)
        return Growth(points.rows, count, start, after, Levels(self._boundaries, bound, before[:, LEAD:]))

    def _shelf(self, width: int) -> Pages:
        found = self._shelves.get(width)
        if found is None:
            found = self._shelves[width] = Pages(self._connection, width + 1, KEY_SIZE, LEAD + width, 1)
        return found

    @property
    def _forgotten(self) -> float:
        return self._horizon.get(HORIZON) or 0.0

    def expire(self, now: float) -> None:
        """Stages the forgetting of idle streams, and of a surplus.

        Whatever began before the last point of a forgotten stream of its family never counts whole again. Of a surplus go the
        longest unheard of the largest families, so that a flood of streams pushes out its own.
        """
        used = [(pages, *pages.used()) for pages in self._shelves.values()]
        keys = [key for _, _, found in used for key in found]
        if keys:
            self._expire_streams(used, keys, now)
        living = {key[:FAMILY_KEY_SIZE] for pages in self._shelves.values() for key in pages.used()[1]}
        until = self._families.expire(living, nanoseconds(now - IDLE), MOST_STREAMS)
        if until:
            self._horizon.put(HORIZON, max(self._forgotten, float(-(-until // NANOSECONDS))))
        self._boundaries.retain(self._bounds_in_use())

    def _expire_streams(self, used: list[tuple[Pages, IntColumn, list[bytes]]], keys: list[bytes], now: float) -> None:
        seen = np.concatenate([pages.cells[slots, SEEN] for pages, slots, _ in used])
        numbers: dict[bytes, int] = {}
        family = np.array([numbers.setdefault(key[:FAMILY_KEY_SIZE], len(numbers)) for key in keys], np.int64)
        gone = seen <= int(now - IDLE)
        if self.is_crowded:
            sizes = np.concatenate([np.full(len(slots), pages.cells.shape[1]) for pages, slots, _ in used])
            gone |= _surplus(family, seen, sizes)
        if not gone.any():
            return
        lost = np.flatnonzero(gone)
        self._families.doubt([keys[row][:FAMILY_KEY_SIZE] for row in lost], seen[lost] * NANOSECONDS)
        first = 0
        for pages, slots, _ in used:
            part = gone[first : first + len(slots)]
            first += len(slots)
            if part.any():
                pages.remove(slots[part])

    def _bounds_in_use(self) -> set[int]:
        found: set[int] = set()
        for width, pages in self._shelves.items():
            if width:
                found.update(np.unique(pages.cells[pages.used()[0], BOUND]).tolist())
        return found

    def __len__(self) -> int:
        return sum(len(pages) for pages in self._shelves.values())

    @property
    def is_crowded(self) -> bool:
        """Whether there is a surplus, for `expire` to forget."""
        return len(self) > MOST_STREAMS or self._numbers > MOST_NUMBERS

    @property
    def _numbers(self) -> int:
        return sum(len(pages) * pages.cells.shape[1] for pages in self._shelves.values())

    def _is_full(self, more: int, width: int) -> bool:
        return len(self) + more > ROOM or self._numbers + more * width > ROOM_NUMBERS

    @property
    def _parts(self) -> tuple[_Undone, ...]:
        return (self._boundaries, self._families.pages, *self._shelves.values(), self._tracked, self._horizon)

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        pages = (self._families.pages, *self._shelves.values())
        return bool(self._tracked.changes or self._horizon.changes or any(part.changed for part in pages))

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes what streams said last."""
        self._boundaries.write(connection)
        for pages in (self._families.pages, *self._shelves.values()):
            pages.write(connection)
        connection.executemany("INSERT OR IGNORE INTO tracked VALUES (?, ?)", list(self._tracked.changes.items()))
        connection.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)",
            [(key, int(value) + 1) for key, value in self._horizon.changes.items() if value is not None],
        )

    def keep(self) -> None:
        """What was staged is true now."""
        for part in self._parts:
            part.keep()

    def forget(self) -> None:
        """What was staged never was."""
        for part in self._parts:
            part.forget()


_KINDS: Final = (Seen.INCREASE, Seen.RESET, Seen.BASELINE)
_INCREASE, _RESET, _BASELINE = range(3)


def _increases(
    points: Points, rows: IntColumn, before: IntColumn, known: NDArray[np.bool_]
) -> tuple[IntColumn, IntColumn, IntColumn]:
    """Of streams that are known: events since what was said before, since when, and whether that began anew."""
    width = rows.shape[1]
    fell = rows[:, COUNT] < before[:, COUNT]
    if width > LEAD:
        alike = rows[:, BOUND] == before[:, BOUND]
        fell |= alike & (rows[:, LEAD:] < before[:, LEAD:width]).any(axis=1)
    fell &= known
    count = np.where(fell | ~known, rows[:, COUNT], rows[:, COUNT] - before[:, COUNT])
    return count, before[:, TIME].copy(), np.where(fell, _RESET, _INCREASE)


def _rounds(points: Points) -> Iterator[tuple[Points, list[bytes]]]:
    """The points and their keys in parts, none of which has two of one stream."""
    keys = points.keys()
    if len(set(keys)) == len(keys):
        yield points, keys
        return
    counts: Counter[bytes] = Counter()
    turn = np.empty(len(keys), np.int64)
    for row, key in enumerate(keys):
        turn[row] = counts[key]
        counts[key] += 1
    for number in range(int(turn.max()) + 1):
        rows = np.flatnonzero(turn == number)
        yield points.only(rows), [keys[row] for row in rows]


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
