"""Events of stretches of time: read once, and remembered until something late is booked in them."""

from __future__ import annotations

import sqlite3
from typing import Final

from ...slo import Interval
from ..columns import IntColumn
from ..ledger.buckets import Booked, Buckets
from ..ledger.days import counted

MOST_REMEMBERED: Final = 100_000


class Stretches:
    """Events of rows in stretches of whole buckets. Follows what the buckets write; whoever asks holds `Ledger.visible`."""

    def __init__(self, connection: sqlite3.Connection, buckets: Buckets) -> None:
        self._connection = connection
        self._buckets = buckets
        self._known: dict[int, dict[tuple[int, Interval], Booked]] = {}
        self._ends: dict[int, int] = {}
        self._size = 0

    def keep(self) -> None:
        """Forgets the rows that have a stretch in which something was just booked, or before it."""
        if not self._known:
            return
        for row, first in _first_seconds(self._buckets.written).items():
            if first < self._ends.get(row, first):
                del self._ends[row]
                self._size -= len(self._known.pop(row))

    def events(self, row: int, stretch: Interval, finest: int) -> Booked:
        """What is booked in a stretch that will be asked for again."""
        known = self._known.setdefault(row, {})
        found = known.get((finest, stretch))
        if found is None:
            if self._size >= MOST_REMEMBERED:
                self._known, self._ends, self._size = {row: (known := {})}, {}, 0
            found = known[finest, stretch] = self.read(row, stretch, finest)
            self._ends[row] = max(stretch.end, self._ends.get(row, stretch.end))
            self._size += 1
        return found

    def read(self, row: int, stretch: Interval, finest: int) -> Booked:
        """What is booked in a stretch, from buckets of `finest` seconds and wider ones."""
        return counted(self._connection, row, stretch, finest)


def _first_seconds(written: IntColumn) -> dict[int, int]:
    """The first second written of each row."""
    first: dict[int, int] = {}
    for row, t in written[:, :2].tolist():
        first[row] = min(t, first.get(row, t))
    return first
