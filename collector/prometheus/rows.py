"""What a target told in one scrape, member by member."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from .native import MOST_EVENTS, Distribution
from .translation import SeriesKind, TranslatedSeries

Value = float | Distribution
"""A sample: a number, or a native histogram."""


class PartSample(NamedTuple):
    """One sample of one part of a member. Times are milliseconds; `start` is 0 where the sender does not say."""

    series: TranslatedSeries
    value: Value
    start: int = 0


class Row(NamedTuple):
    """All parts of one member at one time."""

    time: int
    parts: Sequence[PartSample]


def distribution_of(parts: Sequence[PartSample]) -> Distribution | None:
    """What the parts say together; None where that is no number of events.

    Buckets of a classic histogram hold what is at or below their boundary, so each says how much it has beyond the one before. Buckets
    that fall are none; then, as without `+Inf`, nothing is known but the highest.
    """
    first = parts[0]
    if isinstance(first.value, Distribution):
        return first.value._replace(bounds=first.series.in_seconds(first.value.bounds))
    if first.series.kind is not SeriesKind.BUCKET:
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
    return Distribution(sums[-1], first.series.in_seconds(bounds[:-1]), buckets)
