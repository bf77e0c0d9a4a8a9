"""How long to wait before a request is sent again.

Source: OTLP specification, sections "OTLP/HTTP Throttling" and "Failures": exponential back-off with jitter, and what the server says.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from .forwarder import Retry

FIRST: Final = 1.0
FACTOR: Final = 2.0
MOST: Final = 30.0
MOST_ASKED: Final = 300.0
"""Seconds a server can ask to be left alone; longer, and it is asked again."""

_RANDOM: Final = secrets.SystemRandom()


class Backoff:
    """The waits of one request: doubling to half a minute, each somewhere in its upper half. `chance` gives numbers from 0 to 1."""

    def __init__(self, chance: Callable[[], float] = _RANDOM.random) -> None:
        self._chance = chance
        self._next = FIRST

    def after(self, retry: Retry) -> float:
        """Seconds to wait now: what the server asked for, if it did."""
        wait = self._next * (0.5 + 0.5 * self._chance())
        self._next = min(MOST, self._next * FACTOR)
        return wait if retry.after is None else min(max(retry.after, wait), MOST_ASKED)
