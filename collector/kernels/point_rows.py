"""The kernels of metric points: what is read of each becomes a row.

Two passes. The first reads the metrics, walks whatever yields no row, and so tells how many points the second one has to read.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import types

from ..columns import PointKind, Temporality
from .compiled import BODY, FLOATS, HASHES, INTS, TABLE, Bytes, Floats, Hashes, Ints, helper, int64, kernel
from .faults import MALFORMED, TOO_MANY_BUCKETS
from .interning import ENTRIES, NUMBER, Table, number_of
from .keys import KEYS, Keys
from .labels import label_of
from .metric import (
    DATA,
    FIRST,
    MILLISECONDS,
    MONOTONIC,
    NAME,
    TEMPORALITY,
    next_part,
    read_metric,
    walk_data,
)
from .point import (
    AS_INT,
    BELOW_ZERO,
    BOUNDS,
    BUCKETS,
    COUNT,
    EXPONENTIAL,
    FLAGS,
    GAUGE,
    HISTOGRAM,
    OFFSET,
    PIECES,
    PLACE,
    SCALE,
    SIZE,
    START,
    SUM,
    SUMMARY,
    TIME,
    VALUE,
    ZERO_COUNT,
    ZERO_THRESHOLD,
    read_point,
)
from .text import mixed
from .wire import CONTENT, DEPTH, content, skip, tag

LATEST: Final = 2**63 - 1
"""The last nanosecond a column can hold, in the year 2262; the wire's unsigned times beyond it are taken as this one."""

MOST_EVENTS: Final = 2**53
"""The highest count taken for one of events: up to it a double is exact too."""

MOST_BUCKETS: Final = 1000
"""An exponential histogram's with more above zero are not kept (the SDKs make at most 160)."""

RESOURCE: Final = 0
LABEL: Final = 1
NAMED: Final = 2
KIND_OF: Final = 3
TEMPORAL: Final = 4
RISES: Final = 5
STARTED: Final = 6
ENDED: Final = 7
EVENTS: Final = 8
BOUND: Final = 9
MISSING: Final = 10
STREAM: Final = 11
COLUMNS: Final = 12
"""Columns of rows, as `Points` has them. BOUND is 0 without buckets, n + 1 with boundaries n."""

IN_PIECES: Final = 2
OF_SCALE: Final = 4
CONTINUED: Final = 1 << 32
LAST: Final = 1 << 33
"""Labels of boundaries, each 1 more where they are in milliseconds: none of these where they are packed doubles, as usual; the whole
point where they came in several pieces; scale and offset of exponential ones; and then CONTINUED + number, how many there are, and
LAST + number, the zero threshold's bits, where `number` is that of the entry before."""

ROWS: Final = 0
USED: Final = 1
IMPLAUSIBLE: Final = 2
"""What is tallied: rows, buckets, and points that claim an absurd count."""

_KINDS: Final = np.zeros(SUMMARY, np.int64)
_KINDS[[GAUGE, SUM, HISTOGRAM, EXPONENTIAL]] = list(PointKind)

_CUMULATIVE: Final = Temporality.CUMULATIVE.value
_VALUELESS: Final = -1
_ABSURD: Final = -2
_EACH: Final = 1 << 3 | CONTENT


class Rows(NamedTuple):
    """What the second pass fills. `bits` are the same numbers as `values`; buckets of row i end at `offset[i + 1]`."""

    columns: Ints
    values: Floats
    bits: Ints
    offset: Ints
    buckets: Ints
    tally: Ints


class Scratch(NamedTuple):
    """One point's: what it says, what was found of its attributes, their set."""

    point: Ints
    found: Ints
    set: Ints


ROWS_TYPE: Final = types.NamedTuple((TABLE, FLOATS, INTS, INTS, INTS, INTS), Rows)  # type: ignore[no-untyped-call]
SCRATCH_TYPE: Final = types.NamedTuple((INTS, TABLE, INTS), Scratch)  # type: ignore[no-untyped-call]


@helper
def _count(point: Ints, data: int, rising: int, values: Floats, bits: Ints, row: int) -> int:
    """The events of a point, whose number goes to `values` if it is one; or why it is none."""
    bits[row] = 0
    if point[FLAGS] & 1:
        return 0
    if data >= HISTOGRAM:
        return point[COUNT] if 0 <= point[COUNT] <= MOST_EVENTS else _ABSURD
    if point[VALUE] == 0:
        return _VALUELESS
    if point[VALUE] == AS_INT:
        values[row] = np.float64(point[AS_INT])
        if not rising:
            return 0
        return point[AS_INT] if 0 <= point[AS_INT] <= MOST_EVENTS else _ABSURD
    bits[row] = point[COUNT]  # as_double has count's number
    if not rising:
        return 0
    value = values[row]
    return int64(value) if 0 <= value <= MOST_EVENTS else _ABSURD


@helper
def _bound(
    buf: Bytes, at: int, end: int, metric: Ints, point: Ints, buckets: Ints, tally: Ints, bounds: Table, seed: np.uint64
) -> int:
    """The number of a histogram's boundaries, as BOUND says, whose buckets are kept then; 0 where they can't be; or a fault."""
    used, size = tally[USED], point[BUCKETS]
    label = metric[MILLISECONDS]
    if metric[DATA] == EXPONENTIAL:
        size += 2
        if point[BUCKETS] > MOST_BUCKETS or not 0 <= point[ZERO_COUNT] <= MOST_EVENTS:
            return 0
        if used + size > len(buckets):
            return TOO_MANY_BUCKETS
        buckets[used] = point[ZERO_COUNT] + point[BELOW_ZERO]
        buckets[used + size - 1] = 0
    elif size != point[BOUNDS] + 1:
        return 0
    if not _adds_up(buckets, used, size, point[COUNT]):
        return 0
    if metric[DATA] == EXPONENTIAL:
        number = _layout(buf, point, label, bounds, seed)
    elif point[PIECES] > 1:  # boundaries in several pieces are read again from the whole point
        number = number_of(buf, bounds, seed, label + IN_PIECES, at, end - at)
    else:
        number = number_of(buf, bounds, seed, label, point[PLACE], point[SIZE])
    if number >= 0:
        tally[USED] = used + size
        number += 1
    return number


@helper
def _layout(buf: Bytes, point: Ints, label: int, bounds: Table, seed: np.uint64) -> int:
    """The number of an exponential histogram's boundaries: three entries, of which each names the one before in its label."""
    place = (point[SCALE] << int64(32)) | (point[OFFSET] & 0xFFFFFFFF)
    number = number_of(buf, bounds, seed, label + OF_SCALE, place, NUMBER)
    if number >= 0:
        number = number_of(buf, bounds, seed, CONTINUED + number, point[BUCKETS], NUMBER)
    if number >= 0:
        number = number_of(buf, bounds, seed, LAST + number, point[ZERO_THRESHOLD], NUMBER)
    return number


@helper
def _adds_up(buckets: Ints, first: int, size: int, count: int) -> bool:
    """Whether buckets hold `count` events, without ever adding more than that."""
    left = count
    for place in range(first, first + size):
        if buckets[place] < 0 or buckets[place] > left:
            return False
        left -= buckets[place]
    return left == 0


@helper
def _write(
    columns: Ints, row: int, metric: Ints, point: Ints, resource: int, label: int, count: int, bound: int
) -> None:
    finished = point[TIME] if point[TIME] >= 0 else LATEST
    columns[RESOURCE, row] = resource
    columns[LABEL, row] = label
    columns[NAMED, row] = metric[NAME]
    columns[KIND_OF, row] = _KINDS[metric[DATA]]
    columns[TEMPORAL, row] = metric[TEMPORALITY] if 0 < metric[TEMPORALITY] <= _CUMULATIVE else 0
    columns[RISES, row] = metric[MONOTONIC]
    columns[STARTED, row] = point[START] if point[START] >= 0 else LATEST
    columns[ENDED, row] = finished
    columns[EVENTS, row] = count
    columns[BOUND, row] = bound
    columns[MISSING, row] = point[FLAGS] & 1


@kernel(types.int64(BODY, TABLE, KEYS, TABLE))
def read_metrics(buf: Bytes, places: Ints, keys: Keys, metrics: Ints) -> int:
    """Reads each metric into its row of `metrics`, by the wanted names in `keys`; gives 0, or a fault.

    What is not wanted, and summaries, are walked to their last byte, and hold nothing for the second pass: DATA is 0 then.
    """
    for number in range(len(places)):
        begin = places[number, 0]
        end = begin + places[number, 1]
        metric = metrics[number]
        if read_metric(buf, begin, end, keys, metric) < 0:
            return MALFORMED
        if metric[DATA] != 0 and (metric[NAME] < 0 or metric[DATA] == SUMMARY):
            if not walk_data(buf, metric[FIRST], end, metric[DATA]):
                return MALFORMED
            metric[DATA] = 0
    return 0


@kernel(
    types.int64(
        BODY, TABLE, TABLE, INTS, HASHES, KEYS, ROWS_TYPE, SCRATCH_TYPE, ENTRIES, ENTRIES, ENTRIES, types.uint64
    )
)
def read_points(
    buf: Bytes,
    places: Ints,
    metrics: Ints,
    resource: Ints,
    scopes: Hashes,
    keys: Keys,
    rows: Rows,
    scratch: Scratch,
    values: Table,
    sets: Table,
    bounds: Table,
    seed: np.uint64,
) -> int:
    """Fills `rows` with the points of all metrics that were read and hold any; gives 0, or a fault.

    `resource` and `scopes` are a metric's resource, by number, and its scope, by hash. `values` and `sets` are the tables of labels,
    `bounds` is that of boundaries, and `seed` is their secret.
    """
    tally, point = rows.tally, scratch.point
    for number in range(len(places)):
        metric = metrics[number]
        at, end = metric[FIRST], places[number, 0] + places[number, 1]
        while metric[DATA] != 0 and at < end:
            at, stop = next_part(buf, at, end, metric[DATA])
            while at < stop:
                field, at = tag(buf, at, stop)
                if field != _EACH:
                    at = skip(buf, at, stop, field, DEPTH)
                    continue
                begin, at = content(buf, at, stop)
                row = tally[ROWS]
                stopped, hashes = read_point(
                    buf, begin, at, metric[DATA], keys, point, scratch.found, rows.buckets, tally[USED]
                )
                if stopped < 0:
                    return stopped
                count = _count(point, metric[DATA], metric[MONOTONIC], rows.values, rows.bits, row)
                if count < 0:
                    tally[IMPLAUSIBLE] += count == _ABSURD
                    continue
                label = label_of(buf, scratch.found, scratch.set, values, sets, seed)
                bound = int64(0)
                if metric[DATA] >= HISTOGRAM and not point[FLAGS] & 1:
                    bound = _bound(buf, begin, at, metric, point, rows.buckets, tally, bounds, seed)
                if label < 0:
                    return label
                if bound < 0:
                    return bound
                _write(rows.columns, row, metric, point, resource[number], label, count, bound)
                rows.columns[STREAM, row] = int64(mixed(scopes[number], int64(hashes)))
                rows.offset[row + 1] = tally[USED]
                tally[ROWS] = row + 1
    return 0
