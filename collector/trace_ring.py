"""The last requests' spans and log records: when a trace turns out to be worth keeping, what came before of it is still there."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .columns import IdColumns, Logs, Spans
from .taps import Arrival

RING_BYTES: Final = 32 * 2**20
RING_SECONDS: Final = 60.0
A_ROW: Final = 64
"""Bytes of columns that a row costs beside its body, about."""

_MIX: Final = np.uint64(0x9E37_79B9_7F4A_7C15)

Keys = NDArray[np.uint64]


def keys_of(ids: IdColumns) -> Keys:
    """One number for each trace id, 0 where there is none; two traces that share one are kept together, once in 2**64."""
    high, low = ids[:, 0], ids[:, 1]
    keys: Keys = (high * _MIX) ^ low
    keys[(high | low) == 0] = 0
    return keys


def rows_of(keys: Keys, wanted: Keys) -> NDArray[np.intp]:
    """The rows whose keys are among those wanted, which are sorted."""
    if not len(wanted):
        return np.empty(0, np.intp)
    place = np.searchsorted(wanted, keys)
    place[place == len(wanted)] = 0
    return np.flatnonzero((wanted[place] == keys) & (keys != 0))


class Passed(NamedTuple):
    """A request that went by, and the keys of its rows."""

    arrival: Arrival
    columns: Spans | Logs
    keys: Keys

    @property
    def size(self) -> int:
        """Bytes it holds in memory, about."""
        return len(self.arrival.body) + A_ROW * len(self.keys)


class Ring:
    """The newest requests, bounded in bytes and age."""

    def __init__(self, most_bytes: int = RING_BYTES) -> None:
        self._most_bytes = most_bytes
        self._passed: deque[Passed] = deque()
        self._bytes = 0

    def add(self, passed: Passed) -> None:
        """Takes a request in; the oldest make room."""
        if passed.size > self._most_bytes:
            return
        self._passed.append(passed)
        self._bytes += passed.size
        now = passed.arrival.received
        while self._bytes > self._most_bytes or abs(now - self._passed[0].arrival.received) > RING_SECONDS:
            self._bytes -= self._passed.popleft().size

    def find(self, wanted: Keys) -> Iterator[tuple[Passed, NDArray[np.intp]]]:
        """The requests that hold rows of these traces, and which."""
        for passed in self._passed:
            rows = rows_of(passed.keys, wanted)
            if len(rows):
                yield passed, rows
