"""Ended spans on their way to the export thread: a bounded queue between the request and the network.

Requests' spans are put as they are and written down (`readable.py`) when the export thread takes them.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .. import names
from ..clock import sleep
from ..health import Health
from .requestspan import RequestSpan

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

LIGHT: Final = 4096
"""Bytes of text that a span may have been told and is not weighed: so many are bounded by their number."""
MOST_BYTES: Final = 16 * 1024 * 1024
"""What the heavier ones may have been told together."""
NUMBER: Final = 8
BREATH: Final = 4
"""Spans that are worked on in one go: a few hundred microseconds."""
T = TypeVar("T")
DEEPEST: Final = 4
"""As deep as attributes are looked into for their weight."""


class SpanQueue:
    """Holds at most `limit` spans, and of those that say much at most `MOST_BYTES`; one more is dropped and counted.

    Safe from any thread, never waits. Where spans are not `wanted`, nothing is kept, and nothing is missed, until somebody
    opens it.
    """

    def __init__(
        self, limit: int, batch: int, health: Health, wake: Callable[[], None] = lambda: None, *, wanted: bool = True
    ) -> None:
        self._room, self._limit = limit, limit if wanted else 0
        self._batch, self._health = batch, health
        self._spans: deque[ReadableSpan | RequestSpan] = deque()
        self._heavy: dict[int, int] = {}
        self._weighing = threading.Lock()
        self.wake = wake
        self.settle: Callable[[], None] = _nothing
        """Puts here what is over and not yet put."""
        self.written: Callable[[RequestSpan], ReadableSpan] = _as_it_is

    def __len__(self) -> int:
        self.settle()
        return len(self._spans)

    def open(self) -> None:
        """Somebody wants the spans: who takes them, takes them from now on."""
        self._limit = self._room

    def put(self, span: ReadableSpan | RequestSpan) -> None:
        """Takes an ended span; a full batch wakes the export thread."""
        waiting = len(self._spans)
        if waiting >= self._limit:
            if self._limit:
                self.drop()
            return
        if not isinstance(span, RequestSpan):
            said: Any = span
        elif (said := span.said) is None and waiting >= self._batch:
            span.shorten()
        if said is not None and (weight := text_of(said)) > LIGHT and not self._admits(span, weight):
            self.drop()
            return
        self._spans.append(span)
        if waiting + 1 == self._batch:
            self.wake()

    def put_ended(self, span: RequestSpan, route: str | None, status: int, error: str | None) -> None:
        """Takes a span that is kept whatever came of its request, and says on it what did."""
        span.route, span.status_code, span.error, span.kept = route, status, error, True
        self.put(span)

    def drop(self) -> None:
        """Counts a span that found no place."""
        if self._limit:
            self._health.add(names.PROM_DROPPED_SPANS)

    def take(self, most: int) -> list[ReadableSpan]:
        """Up to `most` spans, oldest first, written down; one that can't be is dropped and counted."""
        self.settle()
        taken: list[ReadableSpan] = []
        for _ in breathing(range(most)):
            if not self._spans:
                break
            span = self._spans.popleft()
            if self._heavy:
                with self._weighing:
                    self._heavy.pop(id(span), None)
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
        self._heavy, self._weighing = {}, threading.Lock()

    def _admits(self, span: ReadableSpan | RequestSpan, weight: int) -> bool:
        """Whether there is room for a heavy span; then it is noted until it is taken."""
        with self._weighing:
            if sum(self._heavy.values()) + weight > MOST_BYTES:
                return False
            self._heavy[id(span)] = weight
            return True


def breathing(items: Iterable[T]) -> Iterator[T]:
    """The items, the interpreter let go of after every few.

    A request that waits for it while a batch is written waits half a millisecond then, and not the 5 ms after which a thread is
    asked to let go (measured: 0.2 ms instead of 7.7).
    """
    for number, item in enumerate(items):
        if number % BREATH == 0:
            sleep(0)
        yield item


def text_of(said: Any) -> int:
    """Roughly how many bytes of text a span was told: in its name, its attributes and its events."""
    told = [said.name, said.attributes, *(event.attributes for event in said.events)]
    return sum(_size(each, DEEPEST) for each in told)


def _size(value: object, depth: int) -> int:
    if isinstance(value, str | bytes):
        return len(value)
    if depth and isinstance(value, Mapping):
        return sum(len(key) + _size(each, depth - 1) for key, each in value.items())
    if depth and isinstance(value, Sequence):
        return sum(_size(each, depth - 1) for each in value)
    return NUMBER


def _nothing() -> None:
    """Nothing waits elsewhere."""


def _as_it_is(span: RequestSpan) -> ReadableSpan:
    return span.form.readable(span)
