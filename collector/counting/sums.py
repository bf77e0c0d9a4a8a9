"""What points added, summed up over what is alike: one resource, metric, kind and attribute set, at one time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...slo.sli import NANOSECONDS
from ..columns import IntColumn, PointKind, Points
from ..ledger.tallies import observed_from
from ..streams.growth import Growth, distinct
from .export import Export
from .groups import Groups


class Sum(NamedTuple):
    """Events of one resource, metric, kind and attribute set (all of which `kind` numbers, and `row` has) in the bucket of second `t`.

    `since` is the second from which they show their SLOs observed.
    """

    number: int
    kind: int
    t: int
    row: int
    events: int
    since: int
    histogram: bool


@dataclass(slots=True)
class Sums:
    """All sums of a growth."""

    kinds: Groups
    _growth: Growth
    _groups: Groups
    _columns: tuple[list[int], ...]
    _histogram: NDArray[np.bool_]
    _within: dict[float, tuple[list[int], list[int]]] = field(default_factory=dict)
    _boundaries: dict[float, list[float | None]] = field(default_factory=dict)
    _buckets: list[tuple[slice | NDArray[np.intp], tuple[float, ...], IntColumn]] = field(default_factory=list)

    @classmethod
    def of(cls, export: Export, growth: Growth) -> Sums:
        """Sums up what was added."""
        kinds, bucket = _kinds(export.points, growth.rows), export.buckets(growth.rows)
        groups = _at_one_time(kinds, bucket)
        first = groups.first()
        row = growth.rows[first]
        since = groups.least(observed_from(growth.start // NANOSECONDS, bucket))
        columns = kinds.of[first], bucket[first], row, groups.sums(growth.count), since
        histogram = export.points.kind[row] != PointKind.SUM
        return cls(kinds, growth, groups, tuple(column.tolist() for column in columns), histogram)

    def each(self) -> Iterator[Sum]:
        """All of them."""
        numbers = range(len(self._groups))
        return map(Sum, numbers, *self._columns, self._histogram.tolist())

    def within(self, threshold: float) -> tuple[list[int], list[int]]:
        """Events no longer than `threshold` seconds, and those of which it can be told; only histograms tell."""
        found = self._within.get(threshold)
        if found is None:
            quick, told = self._growth.within(threshold)
            told &= self._histogram[self._groups.of]
            count = self._growth.count
            if not told.all():
                quick, count = np.where(told, quick, 0), np.where(told, count, 0)
            found = self._groups.sums(quick).tolist(), self._groups.sums(count).tolist()
            self._within[threshold] = found
        return found

    def binned(self, ones: list[Sum]) -> Iterator[tuple[tuple[float, ...], IntColumn]]:
        """The events of some sums of histograms by bucket, for each set of boundaries that any of them has."""
        if not self._buckets:
            self._buckets += self._growth.buckets()
        chosen = np.zeros(len(self._groups), np.bool_)
        chosen[[one.number for one in ones if one.histogram]] = True
        for rows, bounds, counts in self._buckets:
            mine = chosen[self._groups.of[rows]]
            if mine.any():
                yield bounds, counts[mine].sum(axis=0)

    def boundaries(self, ones: list[Sum], threshold: float) -> list[float | None]:
        """The highest boundary at or below `threshold` of every distinct set that some have, histograms among them."""
        levels = self._growth.after
        found = self._boundaries.get(threshold)
        if found is None and len(distinct(levels.bound)) == 1:
            found = self._boundaries[threshold] = levels.boundaries(slice(None), threshold)
        if found is None:
            chosen = np.zeros(len(self._groups), np.bool_)
            chosen[[one.number for one in ones if one.histogram]] = True
            found = levels.boundaries(np.flatnonzero(chosen[self._groups.of]), threshold)
        return found


def _kinds(points: Points, rows: IntColumn) -> Groups:
    """Rows by resource, metric, kind and attribute set."""
    names, labels = len(points.names), len(points.labels)
    codes = (points.resource[rows] * names + points.name[rows]) * (2 * labels)
    codes += points.label[rows] * 2 + (points.kind[rows] != PointKind.SUM)
    return Groups.by(codes, len(points.resources) * names * labels * 2)


def _at_one_time(kinds: Groups, bucket: IntColumn) -> Groups:
    """The same rows by bucket too."""
    buckets = np.array(distinct(bucket), np.int64)
    if len(buckets) == 1:
        return kinds
    codes = kinds.of * len(buckets) + np.searchsorted(buckets, bucket)
    return Groups.by(codes, len(kinds) * len(buckets))
