"""What members told as `Points` columns: made row by row, and several makings joined."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final

import numpy as np

from ..columns import IntColumn, PointKind, Points, Temporality
from .native import Distribution
from .rows import Row, distribution_of
from .translation import SeriesKind, TranslatedSeries

MILLISECOND: Final = 1_000_000
"""Nanoseconds."""

_AS_THEY_ARE: Final = (
    *("kind", "temporality", "monotonic", "start", "end", "count", "value"),
    *("buckets", "no_recorded_value", "stream"),
)
"""Columns that mean the same beside those of others."""


@dataclass(slots=True)
class Numbers:
    """Numbers values, attribute sets among them, by the order they are first seen in."""

    values: list[Any] = field(default_factory=list)
    known: dict[Hashable, int] = field(default_factory=dict)

    def of(self, value: Any) -> int:
        """The number of a value."""
        key = frozenset(value.items()) if isinstance(value, dict) else value
        number = self.known.get(key)
        if number is None:
            number = self.known[key] = len(self.values)
            self.values.append(value)
        return number

    def column(self, values: Iterable[Any]) -> IntColumn:
        """The numbers of many."""
        return np.array([self.of(value) for value in values], np.int64)


class PointTable:
    """Columns while they grow."""

    def __init__(self) -> None:
        self.skipped = 0
        self._resources, self._labels, self._names, self._bounds = Numbers(), Numbers(), Numbers(), Numbers()
        self._rows: list[tuple[int, ...]] = []
        self._values: list[float] = []
        self._buckets: list[int] = []
        self._offsets = [0]

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: Row) -> None:
        """Adds a member's events; what is no number of events is skipped."""
        found = distribution_of(row.parts)
        if found is None:
            self.skipped += 1
            return
        series, start = row.parts[0].series, min((part.start for part in row.parts), default=0)
        plain = series.kind is SeriesKind.COUNTER
        kind = PointKind.SUM if plain else PointKind.HISTOGRAM
        self._add(series, kind, row.time, found, float(found.events), start if 0 < start < row.time else 0)

    def add_heartbeat(self, series: TranslatedSeries, time: int, *, up: bool = True) -> None:
        """Adds that a target lives, or bids good-bye."""
        self._add(series, PointKind.GAUGE, time, Distribution(0), float(up), 0)

    def _add(
        self, series: TranslatedSeries, kind: PointKind, time: int, found: Distribution, value: float, start: int
    ) -> None:
        self._rows.append(
            (
                self._resources.of(series.resource),
                self._labels.of(series.attributes),
                self._names.of(series.name),
                kind,
                Temporality.UNSPECIFIED if kind is PointKind.GAUGE else Temporality.CUMULATIVE,
                kind is PointKind.SUM,
                start * MILLISECOND,
                time * MILLISECOND,
                found.events,
                self._bounds.of(found.bounds),
                series.stream,
            )
        )
        self._values.append(value)
        self._buckets.extend(found.buckets)
        self._offsets.append(len(self._buckets))

    def points(self) -> Points:
        """The columns."""
        columns = np.array(self._rows, np.int64).reshape(-1, 11).T.copy()
        resource, label, name, kind, temporality, monotonic, start, end, count, bound, stream = columns
        return Points(
            resources=tuple(self._resources.values),
            labels=tuple(self._labels.values),
            names=tuple(self._names.values),
            bounds=tuple(self._bounds.values),
            resource=resource,
            label=label,
            name=name,
            kind=kind,
            temporality=temporality,
            monotonic=monotonic.astype(np.bool_),
            start=start,
            end=end,
            count=count,
            value=np.array(self._values, np.float64),
            bound=bound,
            buckets=np.array(self._buckets, np.int64),
            offset=np.array(self._offsets, np.int64),
            no_recorded_value=np.zeros(len(self._rows), np.bool_),
            skipped=self.skipped,
            stream=stream,
        )


def points_of(rows: Iterable[Row], hearts: Mapping[TranslatedSeries, int]) -> Points:
    """Rows and heartbeats as columns; the heartbeats' times are milliseconds."""
    table = PointTable()
    for series, time in hearts.items():
        table.add_heartbeat(series, time)
    for row in rows:
        table.add(row)
    return table.points()


def joined(parts: Sequence[Points]) -> Points:
    """Points of several makings as one. Resources, names and boundaries that are alike become one; each point has a stream."""
    if len(parts) == 1:
        return parts[0]
    resources, names, bounds = Numbers(), Numbers(), Numbers()
    labels = accumulate((len(part.labels) for part in parts), initial=0)
    buckets = accumulate((len(part.buckets) for part in parts), initial=0)
    pieces: dict[str, Any] = {
        "resource": [resources.column(part.resources)[part.resource] for part in parts],
        "name": [names.column(part.names)[part.name] for part in parts],
        "bound": [bounds.column(part.bounds)[part.bound] for part in parts],
        "label": [part.label + first for part, first in zip(parts, labels, strict=False)],
        "offset": [[0], *(part.offset[1:] + first for part, first in zip(parts, buckets, strict=False))],
    }
    pieces |= {column: [getattr(part, column) for part in parts] for column in _AS_THEY_ARE}
    columns: dict[str, Any] = {column: np.concatenate(found) for column, found in pieces.items()}
    return Points(
        resources=tuple(resources.values),
        labels=tuple(one for part in parts for one in part.labels),
        names=tuple(names.values),
        bounds=tuple(bounds.values),
        skipped=sum(part.skipped for part in parts),
        **columns,
    )
