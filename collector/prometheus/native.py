"""Native histograms: from spans and deltas to boundaries and counts.

Source: Prometheus, "Native histograms"; schemas -4 to 8 are base-2 exponential, -53 has boundaries of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, Final, NamedTuple

CUSTOM: Final = -53
SCHEMAS: Final = range(-4, 9)
MOST_BUCKETS: Final = 4_096
MOST_EVENTS: Final = 2.0**53


class Distribution(NamedTuple):
    """A histogram's events: `buckets[i]` of `count` lie above `bounds[i - 1]` and at or below `bounds[i]`, the last above all.

    Without buckets only the count is known.
    """

    events: int
    bounds: tuple[float, ...] = ()
    buckets: tuple[int, ...] = ()


def of_write(histogram: Any) -> Distribution | None:
    """What a remote write `Histogram` says; None where it is a gauge's, or says no sound number of events."""
    if histogram.reset_hint == 3:
        return None
    return _distribution(
        histogram.count_int or histogram.count_float,
        histogram.schema,
        (histogram.zero_threshold, histogram.zero_count_int or histogram.zero_count_float),
        (histogram.positive_spans, histogram.positive_deltas, histogram.positive_counts),
        (histogram.negative_spans, histogram.negative_deltas, histogram.negative_counts),
        tuple(histogram.custom_values),
    )


def of_metric(histogram: Any) -> Distribution | None:
    """What the native part of an exposed histogram says."""
    return _distribution(
        histogram.sample_count_float or histogram.sample_count,
        histogram.schema,
        (histogram.zero_threshold, histogram.zero_count_float or histogram.zero_count),
        (histogram.positive_span, histogram.positive_delta, histogram.positive_count),
        (histogram.negative_span, histogram.negative_delta, histogram.negative_count),
        (),
    )


def is_native(histogram: Any) -> bool:
    """Whether an exposed histogram has a native part."""
    return bool(histogram.zero_threshold or histogram.zero_count or histogram.positive_span or histogram.negative_span)


_Side = tuple[Iterable[Any], Iterable[int], Iterable[float]]


def _distribution(
    count: float, schema: int, zero: tuple[float, float], positive: _Side, negative: _Side, custom: tuple[float, ...]
) -> Distribution | None:
    if not 0 <= count <= MOST_EVENTS:
        return None
    indexed = _indexed(*positive)
    below = _indexed(*negative)
    if indexed is None or below is None:
        return Distribution(int(count))
    if schema == CUSTOM:
        return _custom(int(count), dict(indexed), custom)
    if schema not in SCHEMAS:
        return Distribution(int(count))
    return _sound(int(count), zero[0], int(zero[1]) + sum(events for _, events in below), schema, indexed)


def _sound(count: int, threshold: float, zero: int, schema: int, indexed: list[tuple[int, int]]) -> Distribution:
    """The zero bucket first, then each bucket with the one gap there may be before it, then what is above all: nothing."""
    bounds, buckets = [threshold], [zero]
    try:
        for index, events in indexed:
            low, high = (2.0 ** (edge * 2.0**-schema) for edge in (index - 1, index))
            if low > bounds[-1]:
                bounds.append(low)
                buckets.append(0)
            bounds.append(high)
            buckets.append(events)
    except OverflowError:
        return Distribution(count)
    return _checked(count, tuple(bounds), (*buckets, 0))


def _custom(count: int, events: dict[int, int], custom: tuple[float, ...]) -> Distribution:
    if any(not 0 <= index <= len(custom) for index in events) or len(custom) > MOST_BUCKETS:
        return Distribution(count)
    return _checked(count, custom, tuple(events.get(index, 0) for index in range(len(custom) + 1)))


def _checked(count: int, bounds: tuple[float, ...], buckets: tuple[int, ...]) -> Distribution:
    rises = all(low < high for low, high in pairwise(bounds)) and all(map(math.isfinite, bounds))
    if rises and sum(buckets) == count and min(buckets) >= 0:
        return Distribution(count, bounds, buckets)
    return Distribution(count)


def _indexed(spans: Iterable[Any], deltas: Iterable[int], counts: Iterable[float]) -> list[tuple[int, int]] | None:
    """Each bucket's index and events; None where spans and counts do not fit, or are too many to look at."""
    events = list(_summed(deltas)) or [int(count) if 0 <= count <= MOST_EVENTS else -1 for count in counts]
    if len(events) > MOST_BUCKETS or sum(span.length for span in spans) != len(events):
        return None
    found: list[tuple[int, int]] = []
    index = 0
    for span in spans:
        index += span.offset
        for _ in range(span.length):
            found.append((index, events[len(found)]))
            index += 1
    return found


def _summed(deltas: Iterable[int]) -> Iterator[int]:
    total = 0
    for delta in deltas:
        total += delta
        yield total
