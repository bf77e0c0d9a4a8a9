"""What a target told in one scrape, member by member, and the `Points` columns that many of them make."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np

from ..columns import PointKind, Points, Temporality
from .native import MOST_EVENTS, Distribution
from .translation import Kind, Series

Value = float | Distribution
"""A sample: a number, or a native histogram."""

MILLISECOND: Final = 1_000_000
"""Nanoseconds."""

_THOUSAND: Final = 1000.0


class Told(NamedTuple):
    """One sample of one part of a member. Times are milliseconds; `start` is 0 where the sender does not say."""

    series: Series
    value: Value
    start: int = 0


class Row(NamedTuple):
    """All parts of one member at one time."""

    time: int
    parts: Sequence[Told]


def distribution_of(parts: Sequence[Told]) -> Distribution | None:
    """What the parts say together; None where that is no number of events.

    Buckets of a classic histogram hold what is at or below their boundary, so each says how much it has beyond the one before. Buckets
    that fall are none; then, as without `+Inf`, nothing is known but the highest.
    """
    first = parts[0]
    if isinstance(first.value, Distribution):
        return _in_seconds(first.series, first.value)
    if first.series.kind is not Kind.BUCKET:
        return Distribution(int(first.value)) if 0 <= first.value <= MOST_EVENTS else None
    steps = sorted((part.series.boundary, part.value) for part in parts if isinstance(part.value, float))
    if not all(0 <= value <= MOST_EVENTS for _, value in steps):
        return None
    bounds, sums = tuple(bound for bound, _ in steps), [int(value) for _, value in steps]
    buckets = tuple(after - before for before, after in zip([0, *sums], sums, strict=False))
    if bounds[-1] != math.inf:
        return None
    if min(buckets) < 0:
        return Distribution(sums[-1])
    return _in_seconds(first.series, Distribution(sums[-1], bounds[:-1], buckets))


def _in_seconds(series: Series, found: Distribution) -> Distribution:
    if not series.milliseconds:
        return found
    return found._replace(bounds=tuple(bound / _THOUSAND for bound in found.bounds))


@dataclass(slots=True)
class Numbers:
    """Numbers values by the order they are first seen in."""

    values: list[Any] = field(default_factory=list)
    known: dict[Hashable, int] = field(default_factory=dict)

    def of(self, key: Hashable, value: Any) -> int:
        """The number of a value, by what tells values apart."""
        number = self.known.get(key)
        if number is None:
            number = self.known[key] = len(self.values)
            self.values.append(value)
        return number


class Table:
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
        plain = series.kind is Kind.COUNTER
        kind = PointKind.SUM if plain else PointKind.HISTOGRAM
        self._add(series, kind, row.time, found, float(found.events), start if 0 < start < row.time else 0)

    def add_heartbeat(self, series: Series, time: int, *, up: bool = True) -> None:
        """Adds that a target lives, or bids good-bye."""
        self._add(series, PointKind.GAUGE, time, Distribution(0), float(up), 0)

    def _add(self, series: Series, kind: PointKind, time: int, found: Distribution, value: float, start: int) -> None:
        self._rows.append(
            (
                self._resources.of(frozenset(series.resource.items()), series.resource),
                self._labels.of(frozenset(series.attributes.items()), series.attributes),
                self._names.of(series.name, series.name),
                kind,
                Temporality.UNSPECIFIED if kind is PointKind.GAUGE else Temporality.CUMULATIVE,
                kind is PointKind.SUM,
                start * MILLISECOND,
                time * MILLISECOND,
                found.events,
                self._bounds.of(found.bounds, found.bounds),
                int.from_bytes(series.member[:8], signed=True),
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


def points_of(rows: Iterable[Row], hearts: Mapping[Series, int]) -> Points:
    """Rows and heartbeats as columns; the heartbeats' times are milliseconds."""
    table = Table()
    for series, time in hearts.items():
        table.add_heartbeat(series, time)
    for row in rows:
        table.add(row)
    return table.points()
