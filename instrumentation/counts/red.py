"""Rate, errors, duration: one recording of every request, with two outlets.

Each series keeps cumulative bucket counts, which `/metrics` shows as they are; `seal()` takes what was added since the
last seal, which leaves as an OTLP delta. Both come from the same integers, so they can't disagree.

Cost of one record: a dictionary look-up, a bisection and a lock nobody else holds, about 1 us in a loop, and three in the middle
of a request, which is why requests leave it to `settle`.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from .. import names

Attribute = str | int
Key = tuple[str, str, str | None, int, str | None, str | None]
"""(method, scheme, route, status, error type, protocol version): all that tells one series from another."""

SERIES_LIMIT: Final = 2000
"""Series per metric, the SDK's usual limit; beyond it a new one loses what may vary, so counts stay whole and memory bounded."""

NANOS: Final = 1_000_000_000

K = TypeVar("K", bound=Hashable)
"""What tells one series of a metric from another."""


class Exemplar(NamedTuple):
    """One request that fell into a bucket: its ids, its seconds and when (epoch seconds)."""

    trace_id: int
    span_id: int
    seconds: float
    at: float


class Gained(NamedTuple, Generic[K]):
    """What one series gained since the last seal. `counts` has one entry per bucket, the last for +Inf."""

    key: K
    counts: tuple[int, ...]
    seconds: float
    exemplars: tuple[Exemplar, ...]

    @property
    def requests(self) -> int:
        """Requests, or whatever was timed, in this point."""
        return sum(self.counts)


class Held(NamedTuple, Generic[K]):
    """What one series holds since the process began; one exemplar, or None, per bucket."""

    key: K
    counts: tuple[int, ...]
    seconds: float
    exemplars: tuple[Exemplar | None, ...]


Point = Gained[Key]
Total = Held[Key]
"""The same of requests."""


def attributes(key: Key) -> dict[str, Attribute]:
    """The key under the names of the semantic conventions; what is None is left out."""
    method, scheme, route, status, error_type, version = key
    pairs: dict[str, Attribute | None] = {
        names.METHOD: method,
        names.URL_SCHEME: scheme,
        names.STATUS_CODE: status,
        names.ROUTE: route,
        names.ERROR_TYPE: error_type,
        names.PROTOCOL_VERSION: version,
    }
    return {name: value for name, value in pairs.items() if value is not None}


class _Series(Generic[K]):
    __slots__ = (
        "boundaries",
        "counts",
        "exemplars",
        "fresh",
        "key",
        "lock",
        "sealed_counts",
        "sealed_seconds",
        "seconds",
    )

    def __init__(self, key: K, boundaries: tuple[float, ...]) -> None:
        self.key = key
        self.lock = threading.Lock()
        self.boundaries = boundaries
        buckets = len(boundaries) + 1
        self.counts = [0] * buckets
        self.seconds = 0.0
        self.exemplars: list[Exemplar | None] = [None] * buckets
        self.fresh = False
        self.sealed_counts = (0,) * buckets
        self.sealed_seconds = 0.0

    def total(self) -> Held[K]:
        with self.lock:
            return Held(self.key, tuple(self.counts), self.seconds, tuple(self.exemplars))

    def take(self, since: float) -> Gained[K] | None:
        with self.lock:
            if not self.fresh:
                return None
            self.fresh = False
            counts, seconds, exemplars = tuple(self.counts), self.seconds, tuple(self.exemplars)
        gained = tuple(now - before for now, before in zip(counts, self.sealed_counts, strict=True))
        point = Gained(
            self.key,
            gained,
            seconds - self.sealed_seconds,
            tuple(one for one in exemplars if one is not None and one.at >= since),
        )
        self.sealed_counts, self.sealed_seconds = counts, seconds
        return point

    def divide(self, boundaries: tuple[float, ...], slot: int) -> None:
        """Splits the bucket of that number in two. What is in it may be longer than the new boundary, and so counts as longer."""
        with self.lock:
            self.boundaries = boundaries
            self.counts.insert(slot, 0)
            self.exemplars.insert(slot, None)
            self.sealed_counts = (*self.sealed_counts[:slot], 0, *self.sealed_counts[slot:])


class Flight:
    """Requests in flight of one method and scheme. Adding is safe from any thread."""

    __slots__ = ("_lock", "count", "method", "scheme")

    def __init__(self, method: str, scheme: str) -> None:
        self.method, self.scheme = method, scheme
        self.count = 0
        self._lock = threading.Lock()

    def add(self, change: int) -> None:
        """One more, or one less; never fewer than none, as a forked child would count its parent's."""
        with self._lock:
            self.count = max(0, self.count + change)


class Durations(Generic[K]):
    """All series of one metric. Recording is safe from any thread; `seal` is for one exporter only.

    `beyond` says which series is counted in where there is no room for another: one of few.
    """

    def __init__(self, boundaries: tuple[float, ...], beyond: Callable[[K], K], limit: int = SERIES_LIMIT) -> None:
        self.boundaries = boundaries
        self._beyond = beyond
        self.overflowed = 0
        self._limit = limit
        self._series: dict[K, _Series[K]] = {}
        self._lock = threading.Lock()
        self._layout = threading.Lock()
        self._asked: list[float] = []

    def record(self, key: K, seconds: float, exemplar: Exemplar | None = None) -> None:
        """Counts what took so long. A duration equal to a boundary falls into that boundary's bucket."""
        series = self._series.get(key) or self._new(key)
        with series.lock:
            slot = bisect_left(series.boundaries, seconds)
            series.counts[slot] += 1
            series.seconds += seconds
            series.fresh = True
            if exemplar is not None:
                series.exemplars[slot] = exemplar

    def seal(self, since: float) -> list[Gained[K]]:
        """What every series gained since the last seal; exemplars only from `since` (epoch seconds) on."""
        while self._asked:
            self._divide(self._asked.pop())
        return [point for series in self._all() if (point := series.take(since)) is not None]

    def totals(self) -> list[Held[K]]:
        """Every series as it stands, for exposition."""
        return [series.total() for series in self._all()]

    def divide(self, boundary: float) -> None:
        """Has durations told apart at `boundary` seconds too: at once where nothing is counted yet, else from the next seal on.

        Then what one exporter sealed and `boundaries` fit together.
        """
        if self._series:
            self._asked.append(boundary)
        else:
            self._divide(boundary)

    def shown(self) -> tuple[tuple[float, ...], list[Held[K]]]:
        """The boundaries, and every series as it stands between them: for who is not the exporter."""
        with self._layout:
            return self.boundaries, self.totals()

    def forget(self) -> None:
        """Begins anew: a forked child must not report its parent's counts. Locks too: one may have been held."""
        self._lock, self._layout = threading.Lock(), threading.Lock()
        self._series, self.overflowed = {}, 0

    def _all(self) -> list[_Series[K]]:
        with self._lock:
            return list(self._series.values())

    def _divide(self, boundary: float) -> None:
        with self._layout, self._lock:
            slot = bisect_left(self.boundaries, boundary)
            if self.boundaries[slot : slot + 1] == (boundary,):
                return
            self.boundaries = (*self.boundaries[:slot], boundary, *self.boundaries[slot:])
            for series in self._series.values():
                series.divide(self.boundaries, slot)

    def _new(self, key: K) -> _Series[K]:
        with self._lock:
            if key not in self._series and len(self._series) >= self._limit:
                self.overflowed += 1
                key = self._beyond(key)
            return self._series.setdefault(key, _Series(key, self.boundaries))


ENOUGH: Final = 512
"""Requests that wait to be counted and wake the export thread."""
MOST: Final = 1024
"""As many wait at most; beyond, each request counts `A_FEW`."""
A_FEW: Final = 16


class Spoken(Protocol):
    """The span of a sampled request, as an exemplar names it. `began` in epoch nanoseconds."""

    trace_id: int
    span_id: int
    began: int


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
            exemplar = None
            if span is not None:
                exemplar = Exemplar(span.trace_id, span.span_id, seconds, span.began / NANOS + seconds)
            self.record(key, seconds, exemplar)
            if later:
                self.hand_on(span, key[2], key[3], key[4])
        except Exception:  # noqa: BLE001 - the outer guard
            self.failed()

    def _all(self) -> list[_Series[Key]]:
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
