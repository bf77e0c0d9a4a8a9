"""The intervals of delta streams that were counted, remembered for a while, so that none is counted twice in other bytes.

What one export says shares its interval: of each metric of a sender and each interval the streams are kept as one sorted column.
"""

from __future__ import annotations

import sqlite3
import struct
from collections import deque
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...slo import DAY, Interval
from ..columns import IntColumn
from ..receipt import REMEMBERED
from .orders import Learned

MOST: Final = 8_000_000
"""Streams' intervals remembered at most; what is sent again beyond is then counted again, and that is counted."""

COST: Final = 64
"""What remembering another interval costs beside its streams, in streams."""

KEY_SIZE: Final = 32
IDENTITY_SIZE: Final = 16
_HEAD: Final = struct.Struct(f"<{KEY_SIZE}sq")

Streams = NDArray[np.int64]


class _Order(NamedTuple):
    """Streams as they came, the distinct ones sorted, and where each is first."""

    streams: Streams
    ordered: Streams
    first: NDArray[np.intp]


class _Group:
    """The streams that said something about one interval, in sorted columns of falling length: few are looked at, none moved often."""

    __slots__ = ("columns", "seen")

    def __init__(self) -> None:
        self.columns: list[Streams] = []
        self.seen = 0.0

    def add(self, streams: Streams, seen: float) -> None:
        self.seen = max(seen, self.seen)
        while self.columns and len(self.columns[-1]) <= 2 * len(streams):
            streams = np.union1d(self.columns.pop(), streams)
        self.columns.append(streams)

    def __len__(self) -> int:
        return sum(map(len, self.columns))


class Intervals:
    """Intervals seen in the last `REMEMBERED` seconds, in memory and in the ledger's table `interval`, one row a commit.

    `size` is about how much is remembered, and `dropped` counts what found no room.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._groups: dict[bytes, _Group] = {}
        self._orders: Learned[_Order] = Learned()
        self._order: deque[tuple[float, list[bytes]]] = deque()
        self._staged: dict[bytes, list[Streams]] = {}
        self._seen = 0.0
        self._kept: Interval | None = None
        self._number = 0
        self.size = 0
        self.dropped = 0
        for seen, number, packed in connection.execute("SELECT seen, number, intervals FROM interval ORDER BY seen"):
            self._number = max(number, self._number)
            self._remember(seen, _unpacked(packed))

    def take(self, key: bytes, streams: IntColumn, seen: float) -> NDArray[np.bool_]:
        """Stages that streams said something about an interval, and says of which it was not known.

        `key` is identity, start and end: `KEY_SIZE` bytes. A stream that comes twice is known the second time.
        """
        ordered, first = self._sorted(key, streams)
        new = np.ones(len(ordered), np.bool_)
        group = self._groups.get(key)
        for column in (*(group.columns if group else ()), *self._staged.get(key, ())):
            at = np.minimum(np.searchsorted(column, ordered), len(column) - 1)
            new &= column[at] != ordered
        found = np.zeros(len(streams), np.bool_)
        found[first[new]] = True
        if new.any():
            self._put(key, ordered[new], seen)
        return found

    def _sorted(self, key: bytes, streams: Streams) -> tuple[Streams, NDArray[np.intp]]:
        """The distinct streams in order, and where each is first; known where they come as in the export before."""
        identity = key[:IDENTITY_SIZE]
        known = self._orders.get(identity)
        if known is not None and np.array_equal(known.streams, streams):
            return known.ordered, known.first
        order = _Order(streams, *np.unique(streams, return_index=True))
        self._orders.put(identity, order, len(streams))
        return order.ordered, order.first

    def _put(self, key: bytes, streams: Streams, seen: float) -> None:
        if self.size + len(streams) + COST > MOST:
            self.dropped += len(streams)
            return
        self.size += len(streams) + COST
        self._staged.setdefault(key, []).append(streams)
        self._seen = max(self._seen, seen)

    def expire(self, now: float) -> None:
        """Stages the forgetting of what is old enough, and of what a clock that jumped dated far ahead."""
        kept = Interval(int(now - REMEMBERED), int(now) + DAY)
        if self._order and not kept.start <= self._order[0][0] < kept.end:
            self._kept = kept

    def __len__(self) -> int:
        return len(self._groups)

    @property
    def changed(self) -> bool:
        """Whether intervals come or go."""
        return bool(self._staged or self._kept)

    def write(self, connection: sqlite3.Connection) -> None:
        """Appends the new intervals and cuts off the old ones."""
        if self._kept:
            connection.execute("DELETE FROM interval WHERE seen < ? OR seen >= ?", self._kept)
        if self._staged:
            row = (self._seen, self._number + 1, _packed(self._staged))
            connection.execute("INSERT INTO interval VALUES (?, ?, ?)", row)

    def keep(self) -> None:
        """What was staged is true now."""
        if self._staged:
            self._number += 1
            self.size -= sum(len(column) + COST for columns in self._staged.values() for column in columns)
            self._remember(self._seen, self._staged)
        while self._kept and self._order and not self._kept.start <= self._order[0][0] < self._kept.end:
            self._let_go(*self._order.popleft())
        self._clean()

    def forget(self) -> None:
        """What was staged never was."""
        self.size -= sum(len(column) + COST for columns in self._staged.values() for column in columns)
        self._clean()

    def _clean(self) -> None:
        self._staged, self._seen, self._kept = {}, 0.0, None

    def _remember(self, seen: float, intervals: dict[bytes, list[Streams]]) -> None:
        for key, columns in intervals.items():
            group = self._groups.get(key)
            if group is None:
                group = self._groups[key] = _Group()
                self.size += COST
            for column in columns:
                self.size -= len(group)
                group.add(column, seen)
                self.size += len(group)
        self._order.append((seen, list(intervals)))

    def _let_go(self, seen: float, keys: list[bytes]) -> None:
        """Forgets intervals, but for those that were heard of again since."""
        for key in keys:
            group = self._groups.get(key)
            if group is not None and group.seen <= seen:
                del self._groups[key]
                self.size -= len(group) + COST


def _packed(intervals: dict[bytes, list[Streams]]) -> bytes:
    parts: list[bytes] = []
    for key, columns in intervals.items():
        for column in columns:
            parts += (_HEAD.pack(key, len(column)), column.astype("<i8").tobytes())
    return b"".join(parts)


def _unpacked(packed: bytes) -> dict[bytes, list[Streams]]:
    found: dict[bytes, list[Streams]] = {}
    at = 0
    while at < len(packed):
        key, count = _HEAD.unpack_from(packed, at)
        at += _HEAD.size
        column = np.frombuffer(packed, "<i8", count, at).astype(np.int64)
        found.setdefault(key, []).append(column)
        at += 8 * count
    return found
