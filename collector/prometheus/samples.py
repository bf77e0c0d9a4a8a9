"""Samples of one request as columns: those of series that matter, each known by a number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..columns import IntColumn
from .rows import PartSample
from .translation import TranslatedSeries


class Sample(NamedTuple):
    """One sample of a series that matters, at `time` in milliseconds; without `told` it says that the series went stale."""

    series: TranslatedSeries
    time: int
    told: PartSample | None


class Samples(NamedTuple):
    """Samples in the order sent, none of which is a stale marker: `number` is a series' in `known`, `identity` is that object's `id`.

    `family` numbers the series' families. Times are milliseconds; `start` is 0 where the sender does not say.
    """

    known: Sequence[TranslatedSeries | None]
    number: IntColumn
    identity: IntColumn
    family: IntColumn
    time: IntColumn
    start: IntColumn
    value: NDArray[np.float64]

    def by_family(self) -> Iterator[Samples]:
        """Those of each family, in the order sent."""
        if not len(self.family):
            return
        falls = (self.family[1:] < self.family[:-1]).any()
        ordered = self.only(np.argsort(self.family, kind="stable")) if falls else self
        family = ordered.family
        edges = [0, *(np.flatnonzero(family[1:] != family[:-1]) + 1).tolist(), len(family)]
        for first, last in pairwise(edges):
            yield ordered.only(slice(first, last))

    def only(self, chosen: NDArray[np.bool_] | NDArray[np.intp] | slice) -> Samples:
        """Some of them."""
        return Samples(
            self.known,
            self.number[chosen],
            self.identity[chosen],
            self.family[chosen],
            self.time[chosen],
            self.start[chosen],
            self.value[chosen],
        )

    @property
    def first(self) -> TranslatedSeries:
        """The first one's series."""
        found = self.known[int(self.number[0])]
        assert found is not None, "only what matters is here"
        return found

    def series(self) -> list[TranslatedSeries]:
        """The series of each sample."""
        return [series for number in self.number.tolist() if (series := self.known[number]) is not None]

    def each(self) -> Iterator[Sample]:
        """All samples, one by one."""
        columns = self.time.tolist(), self.value.tolist(), self.start.tolist()
        for series, time, value, start in zip(self.series(), *columns, strict=True):
            yield Sample(series, time, PartSample(series, value, start))
