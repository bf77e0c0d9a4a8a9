"""The one place of this folder that asks what time it is; tests put their own clock here."""

from __future__ import annotations

import time
from typing import Final, Protocol

NANOS: Final = 1_000_000_000
"""Nanoseconds of a second."""


class Clock(Protocol):
    """Two questions about time."""

    def wall(self) -> float:
        """Epoch seconds: what is written into exports."""

    def steady(self) -> float:
        """Seconds that only ever grow: what ages, back-offs and deadlines are measured with."""


class SystemClock:
    """The machine's own clocks."""

    def wall(self) -> float:
        """Epoch seconds of the system."""
        return time.time()

    def steady(self) -> float:
        """The monotonic clock."""
        return time.monotonic()


class FakeClock:
    """Both clocks in one, which only a test moves."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def wall(self) -> float:
        """What the test says."""
        return self.now

    def steady(self) -> float:
        """The same."""
        return self.now
