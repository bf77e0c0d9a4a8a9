"""Brings requests to the intake, and keeps those it has no room for until it has: nobody else would send them again."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Final, NamedTuple

from ..columns import Signal, Source
from ..errors import BadRequest, Unavailable
from ..intake import Accept
from ..receipt import Receipt
from .drop import DropReason
from .instruments import Instruments

MOST_BYTES: Final = 16 * 2**20
"""Bytes of requests under way or waiting at most; what comes beyond is dropped, and counted."""

_LOG: Final = logging.getLogger("fournines.collector")


class _Parcel(NamedTuple):
    body: bytes
    items: int
    received: float
    reason: DropReason


class Courier:
    """Hands requests over. `stopwatch` gives seconds that never go back."""

    def __init__(self, accept: Accept, stopwatch: Callable[[], float], instruments: Instruments) -> None:
        self._accept = accept
        self._stopwatch = stopwatch
        self._instruments = instruments
        self._lock = threading.Condition()
        self._bytes = 0
        self._again: deque[tuple[float, _Parcel]] = deque()

    def bring(self, body: bytes, items: int, received: float, unreadable: DropReason) -> None:
        """Brings one request of `items` documents; `unreadable` is the reason should it turn out to be no OTLP request."""
        with self._lock:
            full = self._bytes and self._bytes + len(body) > MOST_BYTES
            if not full:
                self._move(len(body))
        if full:
            self._instruments.dropped(DropReason.SPILLOVER, items)
        else:
            self._hand_over(_Parcel(body, items, received, unreadable))

    def retry(self) -> None:
        """Brings again what was refused for now and is due."""
        now = self._stopwatch()
        while True:
            with self._lock:
                if not self._again or self._again[0][0] > now:
                    return
                _, parcel = self._again.popleft()
            self._hand_over(parcel)

    def finish(self, seconds: float) -> None:
        """Waits until everything is answered, for so long at most; what was refused for now is dropped then, and counted."""
        with self._lock:
            self._lock.wait_for(lambda: self._bytes == sum(len(parcel.body) for _, parcel in self._again), seconds)
            left = [parcel for _, parcel in self._again]
            self._again.clear()
        for parcel in left:
            self._give_up(parcel, DropReason.REFUSED)

    def _hand_over(self, parcel: _Parcel) -> None:
        future = self._accept(Signal.TRACES, parcel.body, parcel.received, Source.XRAY)
        future.add_done_callback(partial(self._answered, parcel))

    def _answered(self, parcel: _Parcel, future: Future[Receipt]) -> None:
        error = future.exception()
        if isinstance(error, Unavailable):
            with self._lock:
                self._again.append((self._stopwatch() + error.retry_after, parcel))
                self._lock.notify_all()
        elif isinstance(error, BadRequest):
            self._give_up(parcel, parcel.reason)
        elif error is not None:
            _LOG.error("%d documents from X-Ray senders could not be counted", parcel.items, exc_info=error)
            self._give_up(parcel, DropReason.REFUSED)
        else:
            self._settle(parcel)

    def _give_up(self, parcel: _Parcel, reason: DropReason) -> None:
        self._instruments.dropped(reason, parcel.items)
        self._settle(parcel)

    def _settle(self, parcel: _Parcel) -> None:
        with self._lock:
            self._move(-len(parcel.body))
            self._lock.notify_all()

    def _move(self, size: int) -> None:
        self._bytes += size
        self._instruments.waiting.set(self._bytes)
