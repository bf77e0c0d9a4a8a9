"""The one place of this folder that asks what time it is.

What waits, ages or is retried is given a `Clock`, where tests put their own. What every request asks, and what only waits for the
system, takes the system's own functions, by the names they have here.
"""

from __future__ import annotations

import time
from typing import Final, Protocol

NANOS: Final = 1_000_000_000
"""Nanoseconds of a second."""

wall: Final = time.time
"""Epoch seconds."""
wall_nanos: Final = time.time_ns
"""Epoch nanoseconds: when a span began."""
steady: Final = time.monotonic
"""Seconds that only ever grow: for deadlines."""
stopwatch: Final = time.perf_counter
"""The same, and finer: what durations are measured with."""
own_work: Final = time.thread_time
"""Seconds that this thread has kept a processor busy."""
sleep: Final = time.sleep
"""Lets that many seconds go by; at 0, others have their turn."""


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
        return wall()

    def steady(self) -> float:
        """The monotonic clock."""
        return steady()


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
