"""Ended spans on their way to the export thread: a bounded queue between the request and the network."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from . import names
from .health import Health

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan


class SpanQueue:
    """Holds at most `limit` spans; one more is dropped and counted. Safe from any thread, never waits.

    A limit of 0 stands for "spans are not exported": then nothing is kept, and nothing is missed.
    """

    def __init__(self, limit: int, batch: int, health: Health, wake: Callable[[], None] = lambda: None) -> None:
        self._limit, self._batch, self._health = limit, batch, health
        self._spans: deque[ReadableSpan] = deque()
        self.wake = wake

    def __len__(self) -> int:
        return len(self._spans)

    def put(self, span: ReadableSpan) -> None:
        """Takes an ended span; a full batch wakes the export thread."""
        waiting = len(self._spans)
        if waiting >= self._limit:
            if not self._limit:
                return
            self._health.add(names.PROM_DROPPED_SPANS)
            return
        self._spans.append(span)
        if waiting + 1 == self._batch:
            self.wake()

    def take(self, most: int) -> list[ReadableSpan]:
        """Up to `most` spans, oldest first."""
        taken: list[ReadableSpan] = []
        while self._spans and len(taken) < most:
            taken.append(self._spans.popleft())
        return taken

    def forget(self) -> None:
        """Drops everything uncounted: in a forked child these are the parent's spans."""
        self._spans.clear()
