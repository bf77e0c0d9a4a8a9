"""What all connections of one door share: its time, a buffer, its places, and what is counted of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from email.utils import formatdate
from typing import Final, Generic, TypeVar

from .pace import Pace
from .receiving import Receiving

C = TypeVar("C")

MOST_AT_ONCE: Final = 256 * 1024
"""Bytes that are read at a time, at most."""


class Desk(Generic[C]):
    """Of at most `most` connections. `now` is the loop's time and `date` that of answers, as of the last look.

    All of them read to `buffer`, each taking what it read before the next one reads. `on_fault` counts faults of the collector's own.
    """

    def __init__(self, door: str, most: int, pace: Pace, receiving: Receiving, on_fault: Callable[[], None]) -> None:
        self.pace, self.on_fault = pace, on_fault
        self.time: Callable[[], float] = float
        """The loop's clock, once there is a loop."""
        self.now, self.date = 0.0, b""
        self.buffer = memoryview(bytearray(MOST_AT_ONCE))
        self.connections: set[C] = set()
        self.shaking: dict[C, asyncio.Task[None]] = {}
        """TLS handshakes under way, the oldest first: they count as connections."""
        self.empty = asyncio.Event()
        self.empty.set()
        self._door, self._most = door, most
        self._refused = receiving.refused
        self._open = receiving.connections.labels(door)
        self._bytes = receiving.bytes.labels(door)

    def look(self, epoch: float) -> None:
        """Takes up what time it is, by the loop's clock and by everybody's."""
        self.now, self.date = self.time(), formatdate(epoch, usegmt=True).encode()
        self._count()

    def opened(self, connection: C) -> str:
        """A connection came; why it can't stay, empty where it can."""
        self.connections.add(connection)
        self.empty.clear()
        self.shaking.pop(connection, None)
        self._count()
        return f"{self._most} connections are open; send it again" if self.places() < 0 else ""

    def closed(self, connection: C) -> None:
        """A connection went."""
        self.connections.discard(connection)
        if not self.connections:
            self.empty.set()
        self._count()

    def places(self) -> int:
        """How many connections more there may be."""
        return self._most - len(self.connections) - len(self.shaking)

    def refused(self, reason: str) -> None:
        """Counts a request, or somebody who got no connection."""
        self._refused.labels(self._door, reason).inc()
        self._count()

    def received(self, size: int) -> None:
        """Bytes came."""
        self._bytes.inc(size)
        self.now = self.time()

    def _count(self) -> None:
        self._open.set(len(self.connections) + len(self.shaking))
