"""How the series of one family make histograms and counters, worked out once: then a whole scrape of them becomes points as arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..columns import IntColumn, PointKind, Points, Temporality
from .native import MOST_EVENTS
from .points import MILLISECOND, Numbers
from .translation import SeriesKind, TranslatedSeries

Values = NDArray[np.float64]


class _Alike(NamedTuple):
    """Members of the same boundaries: the places of each one's series, by rising boundary, and the first series of each."""

    kind: PointKind
    bounds: tuple[float, ...]
    places: IntColumn
    members: tuple[TranslatedSeries, ...]


class _Told(NamedTuple):
    """What members of the same boundaries say: which of them say a number of events, that, and their buckets; none where they fall."""

    sound: NDArray[np.bool_]
    events: IntColumn
    buckets: IntColumn
    falls: NDArray[np.bool_]


class ScrapeLayout:
    """The series of one family in the order they were sent, all of which a whole scrape has."""

    def __init__(self, series: Sequence[TranslatedSeries], groups: Sequence[_Alike]) -> None:
        self.series = tuple(series)
        self.members = frozenset(one.member for one in self.series)
        self.groups = tuple(groups)
        self.identity = np.array([id(one) for one in self.series], np.int64)
        self._order = np.argsort(self.identity)
        self._sorted = self.identity[self._order]
        members, labels = [one for group in self.groups for one in group.members], Numbers()
        self._label = labels.column(one.attributes for one in members)
        self._labels = tuple(labels.values)
        self._streams = np.array([one.stream for one in members], np.int64)

    @classmethod
    def of(cls, series: Sequence[TranslatedSeries]) -> ScrapeLayout | None:
        """The layout of a family's series; None where they are no plain histograms and counters, or not all there."""
        members: dict[bytes, list[int]] = {}
        for place, one in enumerate(series):
            members.setdefault(one.member, []).append(place)
        groups: dict[tuple[float, ...], list[list[int]]] = {}
        for places in members.values():
            places.sort(key=lambda place: series[place].boundary)
            kinds = {series[place].kind for place in places}
            bounds = tuple(series[place].boundary for place in places)
            if kinds == {SeriesKind.BUCKET} and bounds[-1] == math.inf and len(set(bounds)) == len(bounds):
                groups.setdefault(bounds, []).append(places)
            elif kinds == {SeriesKind.COUNTER} and len(places) == 1:
                groups.setdefault((), []).append(places)
            else:
                return None
        return cls(series, [_alike(series, bounds, places) for bounds, places in groups.items()])

    def arranged(self, identity: IntColumn) -> IntColumn | slice | None:
        """Where series stand that came in another order: `values[arranged]` is in the layout's; None where they are not the same ones."""
        if len(identity) != len(self.series):
            return None
        if (identity == self.identity).all():
            return slice(None)
        order = np.argsort(identity)
        if not (identity[order] == self._sorted).all():
            return None
        found = np.empty(len(order), np.int64)
        found[self._order] = order
        return found

    def points(self, time: int, values: Values, starts: IntColumn) -> Points:
        """What one scrape says, its time and its series' starts in milliseconds."""
        told = [_told(group, values[group.places]) for group in self.groups]
        sound = np.concatenate([one.sound for one in told])
        kept = np.flatnonzero(sound)
        start = np.concatenate([starts[group.places].min(axis=1) for group in self.groups])[kept]
        sizes = np.concatenate([np.where(one.falls, 0, one.buckets.shape[1]) for one in told])[kept]
        bound = np.concatenate([np.where(one.falls, 0, number) for number, one in enumerate(told, 1)])[kept]
        kinds = np.concatenate(
            [np.full(len(one.sound), group.kind) for group, one in zip(self.groups, told, strict=True)]
        )
        kind, events = kinds[kept], np.concatenate([one.events for one in told])[kept]
        nothing = np.zeros(len(kept), np.int64)
        return Points(
            resources=(self.series[0].resource,),
            labels=self._labels,
            names=(self.series[0].name,),
            bounds=((), *(group.bounds for group in self.groups)),
            resource=nothing,
            label=self._label[kept],
            name=nothing,
            kind=kind,
            temporality=np.full(len(kept), Temporality.CUMULATIVE, np.int64),
            monotonic=kind == PointKind.SUM,
            start=np.where((start > 0) & (start < time), start, 0) * MILLISECOND,
            end=np.full(len(kept), time * MILLISECOND),
            count=events,
            value=events.astype(np.float64),
            bound=bound,
            buckets=np.concatenate([one.buckets[one.sound & ~one.falls].reshape(-1) for one in told]),
            offset=np.concatenate([[0], np.cumsum(sizes)]),
            no_recorded_value=np.zeros(len(kept), np.bool_),
            skipped=len(sound) - len(kept),
            stream=self._streams[kept],
        )


def _alike(series: Sequence[TranslatedSeries], bounds: tuple[float, ...], places: list[list[int]]) -> _Alike:
    members = tuple(series[one[0]] for one in places)
    kind = PointKind.HISTOGRAM if bounds else PointKind.SUM
    return _Alike(kind, members[0].in_seconds(bounds[:-1]), np.array(places, np.int64), members)


def _told(group: _Alike, values: Values) -> _Told:
    """Buckets hold what is at or below their boundary, so each says how much it has beyond the one before."""
    sound = np.asarray(((values >= 0) & (values <= MOST_EVENTS)).all(axis=1))
    sums = np.where(sound[:, np.newaxis], values, 0).astype(np.int64)
    events = sums[:, -1]
    if group.kind is PointKind.SUM:
        nothing = np.zeros((len(values), 0), np.int64)
        return _Told(sound, events, nothing, np.ones(len(values), np.bool_))
    buckets = np.diff(sums, axis=1, prepend=0)
    return _Told(sound, events, buckets, np.asarray((buckets < 0).any(axis=1)))
