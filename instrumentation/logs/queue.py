"""What was logged on its way to the export thread: a bounded queue between the application and the network."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from .. import names
from ..health import Health
from .entry import LogEntry


class LogQueue:
    """Holds at most `limit` entries; one more is dropped and counted. Safe from any thread, never waits."""

    def __init__(self, limit: int, batch: int, health: Health, wake: Callable[[], None] = lambda: None) -> None:
        self._limit, self._batch, self._health = limit, batch, health
        self.wake = wake
        self._entries: deque[LogEntry] = deque()

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, entry: LogEntry) -> None:
        """Takes an entry; a full batch wakes the export thread."""
        waiting = len(self._entries)
        if waiting >= self._limit:
            self._health.add(names.PROM_DROPPED_LOGS)
            return
        self._entries.append(entry)
        if waiting + 1 == self._batch:
            self.wake()

    def take(self, most: int) -> list[LogEntry]:
        """Up to `most` entries, oldest first."""
        taken: list[LogEntry] = []
        while self._entries and len(taken) < most:
            taken.append(self._entries.popleft())
        return taken

    def forget(self) -> None:
        """Drops everything uncounted: in a forked child these are the parent's."""
        self._entries.clear()
