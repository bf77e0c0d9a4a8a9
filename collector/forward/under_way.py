"""What was taken from a queue and is not done: several at a time, done in any order, passed in the order taken."""

from __future__ import annotations

from typing import NamedTuple

from .cursor import Position
from .forwarder import QueuedRequest


class QueueEntry(NamedTuple):
    """A request under way, from one place of the queue to another."""

    request: QueuedRequest
    start: Position
    end: Position


class UnderWay:
    """Entries from the first that is not done on."""

    def __init__(self) -> None:
        self._entries: dict[Position, QueueEntry] = {}
        self._done: set[Position] = set()

    def __bool__(self) -> bool:
        return bool(self._entries)

    def add(self, entry: QueueEntry) -> None:
        """One that is taken."""
        self._entries[entry.start] = entry

    def finish(self, entry: QueueEntry) -> Position | None:
        """One that is done: the place all before which is done now, where that moved."""
        self._done.add(entry.start)
        passed = None
        while self._entries and (first := next(iter(self._entries))) in self._done:
            self._done.remove(first)
            passed = self._entries.pop(first).end
        return passed

    def of(self, segment: int) -> list[QueueEntry]:
        """What of a segment is not done: its forwarder holds it, wherever the file goes."""
        entries = self._entries.values()
        return [entry for entry in entries if entry.start.segment == segment and entry.start not in self._done]
