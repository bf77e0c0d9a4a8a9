"""Committed requests that wait to be looked through: bounded in bytes, and taken several at a time."""

from __future__ import annotations

import queue
import threading
from typing import Final, NamedTuple

from ..books.taps import Arrival
from ..columns import Logs, Spans
from ..registry.catalogue import Catalogue
from .ring import size_of

MOST_WAITING: Final = 24 * 2**20
LARGEST_WAITING: Final = 96 * 2**20
"""Bytes of bodies and columns that may wait to be looked at, and how large one may be that waits alone."""

AT_ONCE: Final = 64
PATIENCE: Final = 0.02
"""Requests that are looked through in one go, and seconds that one more is waited for: looking costs the same for many."""


class BacklogItem(NamedTuple):
    """A request, and the SLOs in force with it."""

    arrival: Arrival
    columns: Spans | Logs
    catalogue: Catalogue

    @property
    def size(self) -> int:
        """Bytes it holds in memory, about."""
        return size_of(self.arrival.body, self.columns)


class Backlog:
    """What one thread puts and another one takes. Room is taken before a request is put, and given back once it was looked through."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[BacklogItem | threading.Event | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self.size = 0

    def finds_room(self, work: BacklogItem) -> bool:
        """Takes room for a request, if there is any."""
        size = work.size
        with self._lock:
            fits = size <= LARGEST_WAITING if not self.size else self.size + size <= MOST_WAITING
            self.size += size if fits else 0
        return fits

    def leave(self, group: list[BacklogItem]) -> None:
        """Gives the room of requests back."""
        with self._lock:
            self.size -= sum(work.size for work in group)

    def put(self, work: BacklogItem) -> None:
        """Has a request looked through."""
        self._queue.put(work)

    def settle(self, timeout: float) -> bool:
        """Waits until all that was put before was looked through; says whether it was."""
        done = threading.Event()
        self._queue.put(done)
        return done.wait(timeout)

    def close(self) -> None:
        """Nothing more comes."""
        self._queue.put(None)

    def gather(self) -> tuple[list[BacklogItem], threading.Event | None, bool]:
        """What is to be looked through in one go, what is to be set then, and whether there will be more."""
        group: list[BacklogItem] = []
        item = self._queue.get()
        while isinstance(item, BacklogItem):
            group.append(item)
            if len(group) == AT_ONCE or self.size > MOST_WAITING // 2:
                return group, None, True
            try:
                item = self._queue.get(timeout=PATIENCE)
            except queue.Empty:
                return group, None, True
        return group, item, item is not None
