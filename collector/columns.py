"""What decoding yields: columns, one row a span or point, and the few distinct attribute sets they share.

The seam between the wire and the counting. A row names its resource and its labels by index, so that matching costs once a
distinct set and counting is array work; no row is an object. Times are nanoseconds since the epoch, as on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ..slo import Attributes

IntColumn = NDArray[np.int64]
FloatColumn = NDArray[np.float64]


class Signal(IntEnum):
    """OTLP's signals that are counted."""

    TRACES = 0
    METRICS = 1


class Temporality(IntEnum):
    """OTLP's `AggregationTemporality`; gauges are UNSPECIFIED."""

    UNSPECIFIED = 0
    DELTA = 1
    CUMULATIVE = 2


class PointKind(IntEnum):
    """What a row of `Points` is. Summaries are counted as skipped by the decoder and yield no row."""

    GAUGE = 0
    SUM = 1
    HISTOGRAM = 2
    EXPONENTIAL_HISTOGRAM = 3


@dataclass(frozen=True, slots=True)
class Spans:
    """One row a span of kind SERVER or CLIENT; all other spans are counted in `skipped`.

    `labels` holds only the wanted attributes (see `decode_spans`), the span's status as `otel.status_code` (`ERROR`) where it is one,
    and an `http.route` made of `url.path` where no route is set and the path is an operational one.
    """

    resources: tuple[Attributes, ...]
    labels: tuple[Attributes, ...]
    resource: IntColumn
    label: IntColumn
    kind: IntColumn
    start: IntColumn
    end: IntColumn
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Points:
    """One row a metric point that counts or measures.

    `count` is the events of a histogram or the whole value of a monotonic sum (0 for others); `value` a gauge's or a sum's number.
    `bounds[bound[i]]` are the explicit boundaries of row i (`()` where it has none) and `buckets[offset[i] : offset[i + 1]]` its
    bucket counts. For an exponential histogram the bounds are the upper bounds of its positive buckets, with the zero bucket first.

    `stream` is a hash of all of the point's attributes and of its scope, the unwanted ones too: with resource and name it identifies
    the stream. Without it, points of one body that differ in unwanted attributes alone could not be told apart.
    """

    resources: tuple[Attributes, ...]
    labels: tuple[Attributes, ...]
    names: tuple[str, ...]
    bounds: tuple[tuple[float, ...], ...]
    resource: IntColumn
    label: IntColumn
    name: IntColumn
    kind: IntColumn
    temporality: IntColumn
    monotonic: NDArray[np.bool_]
    start: IntColumn
    end: IntColumn
    count: IntColumn
    value: FloatColumn
    bound: IntColumn
    buckets: IntColumn
    offset: IntColumn
    no_recorded_value: NDArray[np.bool_]
    skipped: int = 0
    stream: IntColumn | None = None
