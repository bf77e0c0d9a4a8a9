"""The last requests' spans and log records: when a trace turns out to be worth keeping, what came before of it is still there."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..books.taps import Arrival
from ..columns import Logs, Spans
from .keys import TraceKeys, TraceNumbers

RING_BYTES: Final = 32 * 2**20
RING_SECONDS: Final = 60.0
A_ROW: Final = 104
"""Bytes of columns that a row costs beside its body."""

A_SET: Final = 400
"""Bytes that a distinct attribute set costs beside its texts, about."""


def size_of(body: bytes, columns: Spans | Logs) -> int:
    """Bytes that requests hold in memory, about: of many small items the columns are much more than the body."""
    sets = len(columns.resources) + (len(columns.labels) if isinstance(columns, Spans) else 0)
    return len(body) + A_ROW * len(columns.place) + A_SET * sets


def _bare(columns: Spans | Logs) -> Spans | Logs:
    """Only what tells where an item is, and whose: labels and times are asked for once, when a request comes."""
    none = np.empty(0, np.int64)
    if isinstance(columns, Logs):
        return replace(columns, severity=none, time=none)
    return replace(columns, labels=(), label=none, kind=none, start=none, end=none, threshold=none)


class Passed(NamedTuple):
    """A request that went by, and the keys of its rows."""

    arrival: Arrival
    columns: Spans | Logs
    keys: TraceNumbers

    @property
    def size(self) -> int:
        """Bytes it holds in memory, about."""
        return size_of(self.arrival.body, self.columns)


class Ring:
    """The newest requests, bounded in bytes and age."""

    def __init__(self, most_bytes: int = RING_BYTES) -> None:
        self._most_bytes = most_bytes
        self._passed: deque[Passed] = deque()
        self._bytes = 0

    def add(self, passed: Passed) -> None:
        """Takes a request in; the oldest make room."""
        columns = _bare(passed.columns)
        passed = passed._replace(arrival=passed.arrival._replace(columns=columns), columns=columns)
        if passed.size > self._most_bytes:
            return
        self._passed.append(passed)
        self._bytes += passed.size
        now = passed.arrival.received
        while self._bytes > self._most_bytes or abs(now - self._passed[0].arrival.received) > RING_SECONDS:
            self._bytes -= self._passed.popleft().size

    def find(self, wanted: TraceKeys) -> Iterator[tuple[Passed, NDArray[np.intp]]]:
        """The requests that hold rows of these traces, and which."""
        for passed in self._passed:
            rows = wanted.rows(passed.keys)
            if len(rows):
                yield passed, rows
