"""Points of cumulative streams as columns, by the keys of their streams and families."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..columns import IntColumn
from ..ledger.pages import Words
from .families import KEY_SIZE as FAMILY_KEY_SIZE
from .growth import BoundsTable

KEY_SIZE: Final = FAMILY_KEY_SIZE + 8
"""Bytes of a stream's key, which begins with its family's."""

WIDEST: Final = 1024
"""Buckets of a cumulative histogram that are remembered at most; one with more counts, and says nothing about latency."""


@dataclass(frozen=True, slots=True)
class CumulativePoints:
    """In the order sent. `identity` is 128 bits of resource and metric, `stream` 64 of the rest.

    `rows` say where they stand in their request, `since` is the nanosecond their metric is tracked from. `bound` numbers their
    boundaries in `table`; `buckets` are filled up with zeroes to a width that few others are beside.
    """

    table: BoundsTable
    rows: IntColumn
    identity: NDArray[np.uint64]
    stream: IntColumn
    start: IntColumn
    time: IntColumn
    count: IntColumn
    since: IntColumn
    bound: IntColumn
    buckets: IntColumn

    def __len__(self) -> int:
        return len(self.rows)

    def words(self) -> Words:
        """The keys of the streams, as words."""
        found = np.empty((len(self), KEY_SIZE // 8), "<u8")
        found[:, :2], found[:, 2] = self.identity, self.start.view(np.uint64)
        found[:, 3] = self.stream.view(np.uint64)
        return found

    def keys(self) -> list[bytes]:
        """The keys of the streams."""
        found: list[bytes] = self.words().reshape(-1).view(f"V{KEY_SIZE}").tolist()
        return found

    def families(self) -> tuple[list[bytes], IntColumn]:
        """The keys of their families, and which of them each has; neighbours of one family share a key."""
        begins = np.zeros(len(self), np.bool_)
        begins[:1] = True
        for column in (self.identity[:, 0], self.identity[:, 1], self.start):
            begins[1:] |= column[1:] != column[:-1]
        first = np.flatnonzero(begins)
        words = np.empty((len(first), FAMILY_KEY_SIZE // 8), "<u8")
        words[:, :2], words[:, 2] = self.identity[first], self.start[first].view(np.uint64)
        found: list[bytes] = words.reshape(-1).view(f"V{FAMILY_KEY_SIZE}").tolist()
        return found, np.cumsum(begins) - 1 if len(first) > 1 else np.zeros(len(self), np.int64)

    def only(self, chosen: NDArray[np.intp]) -> CumulativePoints:
        """Some of the points."""
        return CumulativePoints(self.table, *(getattr(self, field.name)[chosen] for field in fields(self)[1:]))

    def rounds(self) -> Iterator[tuple[CumulativePoints, list[bytes]]]:
        """The points and the keys of their streams in parts, none of which has two of one stream."""
        keys = self.keys()
        if len(set(keys)) == len(keys):
            yield self, keys
            return
        counts: Counter[bytes] = Counter()
        turn = np.empty(len(keys), np.int64)
        for row, key in enumerate(keys):
            turn[row] = counts[key]
            counts[key] += 1
        for number in range(int(turn.max()) + 1):
            rows = np.flatnonzero(turn == number)
            yield self.only(rows), [keys[row] for row in rows]
