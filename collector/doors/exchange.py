"""One request on its way in: its body, piece by piece, and then the whole of it to the intake."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future

from ..columns import Signal
from ..receipt import Receipt
from .body import Body

Decided = Callable[[Future[Receipt]], None]
"""Told, on the loop's thread, what became of a request."""

HandOn = Callable[[Signal, bytes, Decided], None]
"""Has a request kept."""


class Exchange(ABC):
    """See the module. Each protocol has its own; `_body` is there from when it is known how long it is."""

    def __init__(self, hand_on: HandOn, signal: Signal) -> None:
        self._keep = hand_on
        self._signal = signal
        self._body: Body | None = None

    @abstractmethod
    def feed(self, data: bytes) -> None:
        """Takes the next bytes of it; raises CollectorError."""

    @abstractmethod
    def finish(self) -> None:
        """It is whole; the answer comes by the connection's `answer`. Raises CollectorError."""

    def abandon(self) -> None:
        """It will not become whole, or is no longer held here: gives its room back."""
        if self._body is not None:
            self._body.abandon()

    def _hand_on(self, body: bytes) -> None:
        # The intake takes room of its own for it. What finds none, because others were quicker, is refused as any other.
        self.abandon()
        self._keep(self._signal, body, self._decided)

    @abstractmethod
    def _decided(self, future: Future[Receipt]) -> None:
        """Answers it."""
