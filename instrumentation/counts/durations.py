"""Durations of one metric, a series a key, with two outlets.

Each series keeps cumulative bucket counts, which `/metrics` shows as they are; `seal()` takes what was added since the
last seal, which leaves as an OTLP delta. Both come from the same integers, so they can't disagree.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable
from typing import Final, Generic

from .point import Exemplar, Gained, Held, K
from .series import Series

SERIES_LIMIT: Final = 2000
"""Series per metric, the SDK's usual limit; beyond it a new one loses what may vary, so counts stay whole and memory bounded."""


class Durations(Generic[K]):
    """All series of one metric. Recording is safe from any thread; `seal` is for one exporter only.

    `beyond` says which series is counted in where there is no room for another: one of few.
    """

    def __init__(self, boundaries: tuple[float, ...], beyond: Callable[[K], K], limit: int = SERIES_LIMIT) -> None:
        self.boundaries = boundaries
        self._beyond = beyond
        self.overflowed = 0
        self._limit = limit
        self._series: dict[K, Series[K]] = {}
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

    def _all(self) -> list[Series[K]]:
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

    def _new(self, key: K) -> Series[K]:
        with self._lock:
            if key not in self._series and len(self._series) >= self._limit:
                self.overflowed += 1
                key = self._beyond(key)
            return self._series.setdefault(key, Series(key, self.boundaries))
