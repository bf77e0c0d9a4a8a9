"""Ended spans on their way to the export thread: a bounded queue between the request and the network.

Requests' spans are put as they are and written down (`readable.py`) when the export thread takes them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from . import names
from .health import Health
from .requestspan import RequestSpan

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan


class SpanQueue:
    """Holds at most `limit` spans; one more is dropped and counted. Safe from any thread, never waits.

    A limit of 0 stands for "spans are not exported": then nothing is kept, and nothing is missed.
    """

    def __init__(self, limit: int, batch: int, health: Health, wake: Callable[[], None] = lambda: None) -> None:
        self._limit, self._batch, self._health = limit, batch, health
        self._spans: deque[ReadableSpan | RequestSpan] = deque()
        self.wake = wake
        self.settle: Callable[[], None] = _nothing
        """Puts here what is over and not yet put."""
        self.written: Callable[[RequestSpan], ReadableSpan] = _as_it_is

    def __len__(self) -> int:
        self.settle()
        return len(self._spans)

    @property
    def exported(self) -> bool:
        """Whether spans put here go anywhere."""
        return self._limit > 0

    def put(self, span: ReadableSpan | RequestSpan) -> None:
        """Takes an ended span; a full batch wakes the export thread."""
        waiting = len(self._spans)
        if waiting >= self._limit:
            if self._limit:
                self.drop()
            return
        self._spans.append(span)
        if waiting + 1 == self._batch:
            self.wake()

    def drop(self) -> None:
        """Counts a span that found no place."""
        if self._limit:
            self._health.add(names.PROM_DROPPED_SPANS)

    def take(self, most: int) -> list[ReadableSpan]:
        """Up to `most` spans, oldest first, written down; one that can't be is dropped and counted."""
        self.settle()
        taken: list[ReadableSpan] = []
        while self._spans and len(taken) < most:
            span = self._spans.popleft()
            if isinstance(span, RequestSpan):
                try:
                    taken.append(self.written(span))
                except Exception:  # noqa: BLE001 - user code may have said whatever it likes
                    self._health.add(names.PROM_ERRORS, "write")
                    self.drop()
            else:
                taken.append(span)
        return taken

    def forget(self) -> None:
        """Drops everything uncounted: in a forked child these are the parent's spans."""
        self._spans.clear()


def _nothing() -> None:
    """Nothing waits elsewhere."""


def _as_it_is(span: RequestSpan) -> ReadableSpan:
    return span.form.readable(span)
