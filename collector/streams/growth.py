"""What points add: how many events since when, and how many of them were quick, as columns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..columns import IntColumn

UNKNOWN: Final = -1
"""In place of boundaries: nothing was said before."""

NO_BOUNDS: Final = -2
"""In place of boundaries that are more than can be kept."""


class BoundsTable(Protocol):
    """Boundaries by number; `()` for none."""

    def __getitem__(self, number: int, /) -> tuple[float, ...]:
        """The boundaries of this number."""
        ...


class Levels(NamedTuple):
    """What histograms said: the number of each row's boundaries in `table`, and its buckets, filled up with zeroes."""

    table: BoundsTable
    bound: IntColumn
    buckets: IntColumn

    def within(self, rows: slice | NDArray[np.intp], number: int, edge: float | None) -> IntColumn:
        """Events in buckets wholly at or below `edge` seconds, of rows that have the boundaries of this number."""
        width = 0 if edge is None or number < 0 else bisect_right(self.table[number], edge)
        return np.asarray(self.buckets[rows, :width].sum(axis=1))

    def told(self) -> NDArray[np.bool_]:
        """Which rows have buckets to tell by, or said nothing that would need them."""
        found = np.ones(len(self.bound), np.bool_)
        for number in distinct(self.bound):
            if number != UNKNOWN and not (number >= 0 and self.table[number]):
                found &= self.bound != number
        return found

    def boundaries(self, rows: slice | NDArray[np.intp], threshold: float) -> list[float | None]:
        """The highest boundary at or below `threshold` of every distinct set; None where there is none."""
        found: list[float | None] = []
        for number in distinct(self.bound[rows]):
            bounds = self.table[number] if number >= 0 else ()
            index = bisect_right(bounds, threshold)
            found.append(bounds[index - 1] if index else None)
        return found


@dataclass(frozen=True, slots=True)
class Growth:
    """Points that added events: their `rows` in the request, `count` events of each since `start`, what they say and what was said before.

    Without `before`, or where it is UNKNOWN, all of what is said is new.
    """

    rows: IntColumn
    count: IntColumn
    start: IntColumn
    after: Levels
    before: Levels | None = None

    def within(self, threshold: float) -> tuple[IntColumn, NDArray[np.bool_]]:
        """Events no longer than `threshold` seconds, and of which rows there are boundaries to tell.

        Where boundaries changed in between (an exponential histogram that rescaled) the highest counts that both have.
        """
        quick, told = np.zeros(len(self.rows), np.int64), self.after.told()
        if self.before is None:
            for rows, (number,) in _alike(self.after.bound):
                quick[rows] = self.after.within(rows, number, threshold)
            return quick, told
        for rows, (now, then) in _alike(self.after.bound, self.before.bound):
            edge = self._edge(now, then, threshold)
            quick[rows] = self.after.within(rows, now, edge) - self.before.within(rows, then, edge)
        return np.clip(quick, 0, self.count), told & self.before.told()

    def buckets(self) -> Iterator[tuple[slice | NDArray[np.intp], tuple[float, ...], IntColumn]]:
        """What was added in each bucket, of rows that have the same boundaries, now as before; others are left out."""
        before = np.full(len(self.rows), UNKNOWN) if self.before is None else self.before.bound
        for rows, (now, then) in _alike(self.after.bound, before):
            bounds = self.after.table[now] if now >= 0 else ()
            new = self.after.buckets[rows, : len(bounds) + 1]
            if bounds and then == UNKNOWN:
                yield rows, bounds, new
            elif bounds and self.before is not None and then >= 0 and self.before.table[then] == bounds:
                yield rows, bounds, np.maximum(new - self.before.buckets[rows, : len(bounds) + 1], 0)

    def _edge(self, now: int, then: int, threshold: float) -> float | None:
        """What both boundaries have that is highest at or below the threshold; the threshold itself where they are the same."""
        assert self.before is not None, "there is nothing to compare with"
        if then == UNKNOWN:
            return threshold
        new, old = self.after.table[now], self.before.table[then]
        if new == old:
            return threshold
        return max((bound for bound in set(new).intersection(old) if bound <= threshold), default=None)


def _alike(*columns: IntColumn) -> Iterator[tuple[slice | NDArray[np.intp], tuple[int, ...]]]:
    """The rows in groups that have the same numbers."""
    if not len(columns[0]):
        return
    if all((column == column[0]).all() for column in columns):
        yield slice(None), tuple(int(column[0]) for column in columns)
        return
    numbers, of = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
    for index, found in enumerate(numbers.tolist()):
        yield np.flatnonzero(of.reshape(-1) == index), tuple(found)


def distinct(numbers: IntColumn) -> Sequence[int]:
    """The distinct numbers; quick where there is one."""
    if not len(numbers):
        return ()
    first = int(numbers[0])
    return (first,) if (numbers == first).all() else np.unique(numbers).tolist()
