"""Rate, errors, duration of one service's requests: one recording of each.

Cost of one record: a dictionary look-up, a bisection and a lock nobody else holds, about 1 us in a loop, and three in the middle
of a request, which is why requests leave it to `settle`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol

from .durations import SERIES_LIMIT, Durations
from .flight import Flight
from .point import Exemplar, Key
from .series import Series

ENOUGH: Final = 512
"""Requests that wait to be counted and wake the export thread."""
MOST: Final = 1024
"""As many wait at most; beyond, each request counts `A_FEW`."""
A_FEW: Final = 16


class Spoken(Protocol):
    """The span of a sampled request."""

    def exemplar(self, seconds: float) -> Exemplar:
        """As an exemplar names it: of a duration that it took."""


Ended = tuple[Key, float, Spoken | None, bool]
"""A request that is over: its series, its seconds, its span where that is sampled, and whether that is still to be handed on."""


class Running(Protocol):
    """A request in flight."""

    @property
    def method(self) -> str:
        """One of those that are known, or `_OTHER`."""

    @property
    def scheme(self) -> str:
        """`http` or `https`."""


class Red(Durations[Key]):
    """All series of one service's requests, and those in flight.

    `running` has the requests that are; they come and go by themselves, on any thread, since adding to a set and taking out of
    it is one step. Who has no request to put there counts with `flight`.

    `ended` has those that are over and not yet counted. A request's last act is one append; it is counted by who looks next,
    many at a time, on a thread of its own, which costs a third of what it costs in the middle of a request. `hand_on` is told
    of those spans that are still to be handed on, with route, status and error; `failed` is called where that went wrong.
    """

    def __init__(self, boundaries: tuple[float, ...], limit: int = SERIES_LIMIT) -> None:
        super().__init__(boundaries, _without_route, limit)
        self._flights: dict[tuple[str, str], Flight] = {}
        self.running: set[Running] = set()
        self.ended: deque[Ended] = deque()
        self.hand_on: Callable[[Any, str | None, int, str | None], None] = _kept_here
        self.failed: Callable[[], None] = _uncounted
        self._settling = threading.RLock()  # the collector of garbage may call in the middle

    def settle(self, most: int = -1) -> None:
        """Counts what is over: all of it, and then nothing waits that the caller could know of; or so many, if nobody else is at it.

        What can't be counted is no reason to raise: whoever asks for counts gets the others.
        """
        settling = self._settling
        if not settling.acquire(blocking=most < 0):
            return
        try:
            while most and self.ended:
                most -= 1
                self._count(*self.ended.popleft())
        except IndexError:  # forgotten meanwhile, by a fork
            pass
        finally:
            settling.release()

    def _count(self, key: Key, seconds: float, span: Spoken | None, later: bool) -> None:  # noqa: FBT001 - a tuple's field
        try:
            self.record(key, seconds, None if span is None else span.exemplar(seconds))
            if later:
                self.hand_on(span, key[2], key[3], key[4])
        except Exception:  # noqa: BLE001 - the outer guard
            self.failed()

    def _all(self) -> list[Series[Key]]:
        self.settle()
        return super()._all()

    def flight(self, method: str, scheme: str) -> Flight:
        """Where requests of a method and scheme are counted while they run."""
        found = self._flights.get((method, scheme))
        if found is None:
            with self._lock:
                found = self._flights.setdefault((method, scheme), Flight(method, scheme))
        return found

    def active(self) -> dict[tuple[str, str], int]:
        """Requests in flight by (method, scheme)."""
        self.settle()
        with self._lock:
            counts = {key: flight.count for key, flight in self._flights.items()}
            known = list(self._series)
        for method, scheme, *_ in known:
            counts.setdefault((method, scheme), 0)
        for one in tuple(self.running):
            pair = one.method, one.scheme
            counts[pair] = counts.get(pair, 0) + 1
        return counts

    def forget(self) -> None:
        """As of all durations; nothing is in flight in a child."""
        super().forget()
        self._flights, self.running = {}, set()
        self.ended, self._settling = deque(), threading.RLock()


def _uncounted() -> None:
    """Where nobody counts faults."""


def _kept_here(span: Any, route: str | None, status: int, error: str | None) -> None:
    """Where nobody wants spans."""


def _without_route(key: Key) -> Key:
    method, scheme, _, status, error_type, version = key
    return method, scheme, None, status, error_type, version
