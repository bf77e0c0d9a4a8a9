"""Requests that are remembered for a while by the digest of their bytes, so that nothing is counted twice."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Generic, NamedTuple, TypeVar

from ..slo import DAY, Interval
from .staged import Staged

REMEMBERED: Final = 900.0
"""Seconds a request or an interval is recognised at least: senders give up after 600."""


MOST: Final = 1_000_000
"""Keys remembered at most; what is sent again beyond is then counted again."""


class Receipt(NamedTuple):
    """What became of a request: items taken and refused, why, and whether it had been counted before."""

    accepted: int
    rejected: int = 0
    reason: str = ""
    repeated: bool = False


V = TypeVar("V")


class Recent(Generic[V]):
    """Keys seen in the last `REMEMBERED` seconds, with what was found out about them, in memory and in one of the ledger's tables."""

    def __init__(self, table: str, row: Callable[[float, bytes, V], tuple[Any, ...]]) -> None:
        self._table = table
        self._row: Callable[[float, bytes, V], tuple[Any, ...]] = row
        self._entries: Staged[bytes, tuple[float, V]] = Staged()
        self._order: deque[tuple[float, bytes]] = deque()
        self._kept: Interval | None = None

    def load(self, entries: list[tuple[float, bytes, V]]) -> None:
        """Takes up what the table holds, oldest first."""
        for seen, key, value in entries:
            self._entries.kept[key] = (seen, value)
            self._order.append((seen, key))

    def get(self, key: bytes) -> V | None:
        """What is remembered of `key`; None when nothing is."""
        found = self._entries.get(key)
        return found[1] if found else None

    def committed(self, key: bytes) -> V | None:
        """As `get`, for other threads: only what is committed."""
        found = self._entries.kept.get(key)
        return found[1] if found else None

    def put(self, key: bytes, value: V, seen: float) -> None:
        """Stages a key. With `MOST` remembered there is no room, until some are forgotten."""
        if len(self._entries.kept) < MOST:
            self._entries.put(key, (seen, value))

    def expire(self, now: float) -> None:
        """Stages the forgetting of what is old enough, and of what a clock that jumped dated far ahead."""
        kept = Interval(int(now - REMEMBERED), int(now) + DAY)
        if self._order and not kept.start <= self._order[0][0] < kept.end:
            self._kept = kept

    def __len__(self) -> int:
        return len(self._entries.kept)

    @property
    def changed(self) -> bool:
        """Whether keys come or go."""
        return bool(self._entries.changes or self._kept)

    def write(self, connection: sqlite3.Connection) -> None:
        """Appends the new keys and cuts off the old ones."""
        if self._kept:
            connection.execute(f"DELETE FROM {self._table} WHERE seen < ? OR seen >= ?", self._kept)  # noqa: S608 - our own name
        rows = [self._row(entry[0], key, entry[1]) for key, entry in self._entries.changes.items() if entry]
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO {self._table} VALUES ({marks})", rows)  # noqa: S608 - our own name

    def keep(self) -> None:
        """What was staged is true now."""
        for key, entry in self._entries.changes.items():
            if entry:
                self._order.append((entry[0], key))
        self._entries.keep()
        while self._kept and self._order and not self._kept.start <= self._order[0][0] < self._kept.end:
            self._entries.kept.pop(self._order.popleft()[1], None)
        self._kept = None

    def forget(self) -> None:
        """What was staged never was."""
        self._entries.forget()
        self._kept = None


def digests(connection: sqlite3.Connection) -> Recent[Receipt]:
    """Requests by the digest of their bytes, with the receipt they got."""
    recent: Recent[Receipt] = Recent(
        "digest", lambda seen, key, receipt: (seen, key, receipt.accepted, receipt.rejected, receipt.reason)
    )
    rows = connection.execute("SELECT seen, digest, accepted, rejected, reason FROM digest ORDER BY seen")
    recent.load([(seen, key, Receipt(accepted, rejected, reason)) for seen, key, accepted, rejected, reason in rows])
    return recent
