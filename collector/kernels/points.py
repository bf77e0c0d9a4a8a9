"""Metric points from the wire to columns: OTLP's `ExportMetricsServiceRequest`, without an object a point."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

import numpy as np

from ...slo import Attributes
from ..columns import IntColumn, Points, Wanted
from .compiled import Bytes, Hashes, Ints
from .faults import FULL, MOST_BUCKETS, MOST_ITEMS, TOO_MANY_ITEMS, check
from .interning import SECRET, WIDTH, Table, table_of
from .keys import Keys, keys_of
from .labels import labels_of
from .metric import DATA, NAME, POINTS
from .metric import FACTS as METRIC_FACTS
from .outline import Outline, outline_of, slice_of
from .point import EXPONENTIAL, HISTOGRAM
from .point import FACTS as POINT_FACTS
from .point_bounds import Bounds, bounds_of
from .point_rows import (
    BOUND,
    COLUMNS,
    ENDED,
    EVENTS,
    IMPLAUSIBLE,
    KIND_OF,
    LABEL,
    MISSING,
    NAMED,
    RESOURCE,
    RISES,
    ROWS,
    STARTED,
    STREAM,
    TEMPORAL,
    USED,
    Rows,
    Scratch,
    read_metrics,
    read_points,
)
from .resources import resources_of

_REQUEST: Final = "ExportMetricsServiceRequest"
_ROOM: Final = 64


def decode_points(body: bytes, wanted: Wanted) -> Points:
    """The points of an `ExportMetricsServiceRequest`, in the order sent; raises BadRequest where it is none.

    Of a point's attributes those `wanted` are kept, of a resource's all, strings, booleans and finite numbers only.

    A monotonic sum counts its whole part. A histogram keeps its buckets if they are one more than its boundaries, the boundaries
    rise, and the buckets add up to the count; otherwise it has none, and its count still counts. An exponential histogram's last
    bucket is an empty one above its last boundary, and what it counted below zero lies in its zero bucket. Boundaries in
    milliseconds (unit `ms`) become seconds.

    Skipped are: points of metrics that are not wanted, summaries, points without a value, and counts that are negative, not finite
    or above 2**53, which are `implausible` too. More than a million points, or 16 million buckets, are a BadRequest.
    """
    buf = np.frombuffer(body, np.uint8)
    outline = outline_of(buf, _REQUEST)
    names = sorted(wanted.metrics)
    metrics = np.zeros((len(outline.place), METRIC_FACTS), np.int64)
    check(read_metrics(buf, outline.place, _keys(tuple(names)), metrics), _REQUEST)
    sent = int(metrics[:, POINTS].sum())
    check(TOO_MANY_ITEMS if sent > MOST_ITEMS else 0, _REQUEST)
    read = metrics[:, DATA] != 0
    used, metrics[read, NAME] = np.unique(metrics[read, NAME], return_inverse=True)
    resources, resource = resources_of(body, outline)
    kept = tuple(sorted(wanted.attributes))
    rows, values, sets, bounds = _read(buf, outline, metrics, resource, _scopes(body, outline), kept)
    return _columns(
        rows,
        bounds_of(body, bounds.filled),
        resources=resources,
        labels=labels_of(body, kept, values, sets),
        names=tuple(names[number] for number in used.tolist()),
        skipped=sent - int(rows.tally[ROWS]),
    )


@lru_cache(16)
def _keys(names: tuple[str, ...]) -> Keys:
    return keys_of(names)


def _scopes(body: bytes, outline: Outline) -> Hashes:
    """Of each metric a hash of its scope: part of its points' `stream`, so the same in every process and version."""
    digests = [
        int.from_bytes(hashlib.blake2b(slice_of(body, outline.scopes, entry), digest_size=8).digest())
        for entry in range(len(outline.scopes))
    ]
    return np.array(digests, np.uint64)[outline.scope]


def _read(
    buf: Bytes, outline: Outline, metrics: Ints, resource: IntColumn, scopes: Hashes, kept: tuple[str, ...]
) -> tuple[Rows, Table, Table, Table]:
    """All rows, and the tables of values, sets and boundaries, which are made larger where points differ more than usual."""
    size = int(metrics[metrics[:, DATA] != 0, POINTS].sum())
    room, status = _ROOM, FULL
    while status == FULL:
        many = max(room, 1 << size.bit_length())
        rows = _rows(size, _most_buckets(outline, metrics))
        tables = table_of(WIDTH, max(many, 8 * room)), table_of(len(kept), many), table_of(WIDTH, room)
        frame = (outline.place, metrics, resource, scopes, _keys(kept))
        status = read_points(buf, *frame, rows, _scratch(len(kept)), *tables, SECRET)
        room *= 8
    check(status, _REQUEST)
    return rows, *tables


def _most_buckets(outline: Outline, metrics: Ints) -> int:
    """More buckets than the histograms can have: an explicit one's take eight bytes, an exponential one's one, and it gets two more."""
    size, data = outline.place[:, 1], metrics[:, DATA]
    exponential = data == EXPONENTIAL
    most = (size[data == HISTOGRAM] >> 3).sum() + size[exponential].sum() + 2 * metrics[exponential, POINTS].sum()
    return min(int(most), MOST_BUCKETS)


def _rows(size: int, buckets: int) -> Rows:
    values = np.empty(size + 1, np.float64)
    return Rows(
        np.empty((COLUMNS, size), np.int64),
        values,
        values.view(np.int64),
        np.zeros(size + 1, np.int64),
        np.empty(buckets, np.int64),
        np.zeros(3, np.int64),
    )


def _scratch(kept: int) -> Scratch:
    return Scratch(
        np.zeros(POINT_FACTS, np.int64),
        np.zeros((max(kept, 1), 3), np.int64),
        np.zeros(kept, np.int64),
    )


def _columns(
    rows: Rows,
    bounds: Bounds,
    *,
    resources: tuple[Attributes, ...],
    labels: tuple[Attributes, ...],
    names: tuple[str, ...],
    skipped: int,
) -> Points:
    count = int(rows.tally[ROWS])
    columns = rows.columns[:, :count]
    bound, buckets, offset = _sound(bounds, columns[BOUND], rows.buckets[: rows.tally[USED]], rows.offset[: count + 1])
    return Points(
        resources=resources,
        labels=labels,
        names=names,
        bounds=bounds.spelled,
        resource=columns[RESOURCE],
        label=columns[LABEL],
        name=columns[NAMED],
        kind=columns[KIND_OF],
        temporality=columns[TEMPORAL],
        monotonic=columns[RISES].astype(np.bool_),
        start=columns[STARTED],
        end=columns[ENDED],
        count=columns[EVENTS],
        value=rows.values[:count],
        bound=bound,
        buckets=buckets,
        offset=offset,
        no_recorded_value=columns[MISSING].astype(np.bool_),
        skipped=skipped,
        implausible=int(rows.tally[IMPLAUSIBLE]),
        stream=columns[STREAM],
    )


def _sound(
    bounds: Bounds, bound: IntColumn, buckets: IntColumn, offset: IntColumn
) -> tuple[IntColumn, IntColumn, IntColumn]:
    """Boundaries, buckets and offsets of the rows, without those whose boundaries do not rise."""
    if all(bounds.sound):
        return bound, buckets.copy(), offset
    keep, sizes = np.array(bounds.sound)[bound], np.diff(offset)
    kept = np.concatenate(([0], np.cumsum(np.where(keep, sizes, 0))))
    return np.where(keep, bound, 0), buckets[np.repeat(keep, sizes)], kept
