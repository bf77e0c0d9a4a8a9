"""The kernels of metric points: what is read of each becomes a row.

Two passes. The first reads the metrics, walks whatever yields no row, and so tells how many points the second one has to read.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import types

from ..columns import Temporality
from .compiled import BODY, FLOATS, HASHES, INTS, TABLE, Bytes, Floats, Hashes, Ints, helper, inlined, int64, kernel
from .faults import MALFORMED, TOO_MANY_BUCKETS
from .interning import ENTRIES, Table, number_of, number_of_row
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
    HISTOGRAM,
    OFFSET,
    PIECES,
    PLACE,
    SCALE,
    SIZE,
    START,
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
"""Columns of rows, as `Points` has them. BOUND is 0 without buckets, 2n + 1 with boundaries n, 2n + 2 with an exponential layout n."""

ROWS: Final = 0
USED: Final = 1
SKIPPED: Final = 2
IMPLAUSIBLE: Final = 3
"""What is tallied: rows, buckets, points that yield no row, and of these the ones that claim an absurd count."""

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


class Tables(NamedTuple):
    """What is distinct: values of wanted attributes, sets of these, boundaries, and layouts of exponential histograms."""

    values: Table
    sets: Table
    bounds: Table
    layouts: Table


class Scratch(NamedTuple):
    """One point's: what it says, what was found of its attributes, its set, its layout."""

    point: Ints
    found: Ints
    set: Ints
    layout: Ints


ROWS_TYPE: Final = types.NamedTuple((TABLE, FLOATS, INTS, INTS, INTS, INTS), Rows)  # type: ignore[no-untyped-call]
TABLES_TYPE: Final = types.NamedUniTuple(ENTRIES, 4, Tables)  # type: ignore[no-untyped-call]
SCRATCH_TYPE: Final = types.NamedTuple((INTS, TABLE, INTS, INTS), Scratch)  # type: ignore[no-untyped-call]


@helper
def _point(
    buf: Bytes,
    at: int,
    end: int,
    metric: Ints,
    keys: Keys,
    rows: Rows,
    tables: Tables,
    scratch: Scratch,
    seed: np.uint64,
    scope: np.uint64,
) -> int:
    """Reads one point: 1 where it became a row, 0 where it is skipped, or a fault."""
    point, data = scratch.point, metric[DATA]
    row, used = rows.tally[ROWS], rows.tally[USED]
    stopped, hashes = read_point(buf, at, end, data, keys, point, scratch.found, rows.buckets, used)
    if stopped < 0:
        return stopped
    missing = point[FLAGS] & 1
    rows.bits[row] = 0
    count = int64(0) if missing else _count(point, data, metric[MONOTONIC], rows, row)
    if count < 0:
        rows.tally[SKIPPED] += 1
        rows.tally[IMPLAUSIBLE] += count == _ABSURD
        return 0
    label = label_of(buf, scratch.found, scratch.set, tables.values, tables.sets, seed)
    bound = int64(0)
    if data >= HISTOGRAM and not missing:
        bound = _bound(buf, at, end, metric, rows, tables, scratch, seed)
    if label < 0:
        return label
    if bound < 0:
        return bound
    columns = rows.columns
    finished = point[TIME] if point[TIME] >= 0 else LATEST
    columns[LABEL, row], columns[NAMED, row], columns[BOUND, row] = label, metric[NAME], bound
    columns[KIND_OF, row], columns[RISES, row] = _kind(data), metric[MONOTONIC]
    columns[TEMPORAL, row] = metric[TEMPORALITY] if 0 < metric[TEMPORALITY] <= _CUMULATIVE else 0
    columns[STARTED, row] = min(point[START] if point[START] >= 0 else LATEST, finished)
    columns[ENDED, row], columns[EVENTS, row], columns[MISSING, row] = finished, count, missing
    columns[STREAM, row] = int64(mixed(scope, int64(hashes)))
    rows.offset[row + 1] = rows.tally[USED]
    rows.tally[ROWS] = row + 1
    return 1


@helper
def _count(point: Ints, data: int, rising: int, rows: Rows, row: int) -> int:
    """The events of a point, whose number goes to `values` if it is one; or why it is none."""
    if data >= HISTOGRAM:
        return point[COUNT] if 0 <= point[COUNT] <= MOST_EVENTS else _ABSURD
    if point[VALUE] == 0:
        return _VALUELESS
    if point[VALUE] == AS_INT:
        rows.values[row] = np.float64(point[AS_INT])
        if not rising:
            return 0
        return point[AS_INT] if 0 <= point[AS_INT] <= MOST_EVENTS else _ABSURD
    rows.bits[row] = point[COUNT]  # as_double has count's number
    if not rising:
        return 0
    value = rows.values[row]
    return int64(value) if 0 <= value <= MOST_EVENTS else _ABSURD


@inlined
def _kind(data: int) -> int:
    """`PointKind`, of what a metric holds."""
    return (data + 1) // 2 - 3 if data != EXPONENTIAL else int64(3)


@helper
def _bound(
    buf: Bytes, at: int, end: int, metric: Ints, rows: Rows, tables: Tables, scratch: Scratch, seed: np.uint64
) -> int:
    """The number of a histogram's boundaries, as BOUND says, whose buckets are kept then; 0 where they can't be; or a fault."""
    point, used = scratch.point, rows.tally[USED]
    if metric[DATA] == HISTOGRAM:
        buckets = point[BUCKETS]
        if buckets != point[BOUNDS] + 1 or not _adds_up(rows.buckets, used, buckets, point[COUNT]):
            return 0
        label = metric[MILLISECONDS]
        if point[PIECES] > 1:  # boundaries in several pieces are read again from the whole point
            number = number_of(buf, tables.bounds, seed, label + 2, at, end - at)
        else:
            number = number_of(buf, tables.bounds, seed, label, point[PLACE], point[SIZE])
        number = 2 * number + 1 if number >= 0 else number
    else:
        buckets = point[BUCKETS] + 2
        if point[BUCKETS] > MOST_BUCKETS:
            return 0
        if used + buckets > len(rows.buckets):
            return TOO_MANY_BUCKETS
        if not 0 <= point[ZERO_COUNT] <= MOST_EVENTS or point[BELOW_ZERO] > MOST_EVENTS:
            return 0
        rows.buckets[used] = point[ZERO_COUNT] + point[BELOW_ZERO]
        rows.buckets[used + buckets - 1] = 0
        if not _adds_up(rows.buckets, used, buckets, point[COUNT]):
            return 0
        number = _layout(metric, tables, scratch, seed)
    if number >= 0:
        rows.tally[USED] = used + buckets
    return number


@helper
def _layout(metric: Ints, tables: Tables, scratch: Scratch, seed: np.uint64) -> int:
    point, layout = scratch.point, scratch.layout
    layout[0], layout[1], layout[2] = point[SCALE], point[OFFSET], point[BUCKETS]
    layout[3], layout[4] = point[ZERO_THRESHOLD], metric[MILLISECONDS]
    number = number_of_row(layout, tables.layouts, seed)
    return 2 * number + 2 if number >= 0 else number


@helper
def _adds_up(buckets: Ints, first: int, size: int, count: int) -> bool:
    """Whether buckets hold `count` events, without ever adding more than that."""
    left = count
    for place in range(first, first + size):
        if buckets[place] < 0 or buckets[place] > left:
            return False
        left -= buckets[place]
    return left == 0


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


@kernel(types.int64(BODY, TABLE, TABLE, INTS, HASHES, KEYS, ROWS_TYPE, TABLES_TYPE, SCRATCH_TYPE, types.uint64))
def read_points(
    buf: Bytes,
    places: Ints,
    metrics: Ints,
    resource: Ints,
    scopes: Hashes,
    keys: Keys,
    rows: Rows,
    tables: Tables,
    scratch: Scratch,
    seed: np.uint64,
) -> int:
    """Fills `rows` with the points of all metrics that were read and hold any; gives 0, or a fault.

    `resource` and `scopes` are a metric's resource, by number, and its scope, by hash. `seed` is the secret of the tables.
    """
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
                status = _point(buf, begin, at, metric, keys, rows, tables, scratch, seed, scopes[number])
                if status < 0:
                    return status
                if status > 0:
                    rows.columns[RESOURCE, rows.tally[ROWS] - 1] = resource[number]
    return 0
