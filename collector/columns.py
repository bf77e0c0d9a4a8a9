"""What decoding yields: columns, one row a span or point, and the few distinct attribute sets they share.

The seam between the wire and the counting. A row names its resource and its labels by index, so that matching costs once a
distinct set and counting is array work; no row is an object. Times are nanoseconds since the epoch, as on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..slo import Attributes
from ..slo.sli import NANOSECONDS

IntColumn = NDArray[np.int64]
FloatColumn = NDArray[np.float64]
IdColumns = NDArray[np.uint64]
RowNumbers = NDArray[np.intp]


def nanoseconds(seconds: float) -> int:
    """Epoch seconds as the wire counts them; the whole seconds exactly."""
    whole = int(seconds)
    return whole * NANOSECONDS + int((seconds - whole) * NANOSECONDS)


class Signal(IntEnum):
    """OTLP's signals that are taken in."""

    TRACES = 0
    METRICS = 1
    LOGS = 2


class Source(Enum):
    """How something came in."""

    OTLP = "otlp"
    XRAY = "xray"
    PROBE = "probe"
    REMOTE_WRITE = "remote_write"


class Wanted(NamedTuple):
    """What decoding keeps: the attributes that decide about events, and the metrics whose points can count or tell a life sign."""

    attributes: frozenset[str]
    metrics: frozenset[str]

    def covers(self, other: Wanted) -> bool:
        """Whether columns decoded for this hold all that `other` asks for."""
        return other.attributes <= self.attributes and other.metrics <= self.metrics


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
    """One row a span, of whatever kind.

    `labels` holds only the wanted attributes (see `decode_spans`), the span's status as `otel.status_code` (`ERROR`) where it is one,
    and an `http.route` made of `url.path` where no route is set and the path is an operational one.

    `threshold` is the 56-bit rejection threshold of the tracestate's `ot=th:`, 0 where every span was kept; a span stands for
    2**56 / (2**56 - threshold). `ids` has four columns: the trace id's high and low half, the span's id and its parent's, as
    big-endian numbers, 0 where there is none. `place` has two: where the span's message begins in the body, and its size in bytes.
    """

    resources: tuple[Attributes, ...]
    labels: tuple[Attributes, ...]
    resource: IntColumn
    label: IntColumn
    kind: IntColumn
    start: IntColumn
    end: IntColumn
    threshold: IntColumn
    ids: IdColumns
    place: IntColumn
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Logs:
    """One row a log record.

    `severity` is OTLP's `SeverityNumber`; `time` when it happened, or was observed where that is not said. `ids` has three columns:
    the trace id's high and low half and the span id; `place` is as in `Spans`.
    """

    resources: tuple[Attributes, ...]
    resource: IntColumn
    severity: IntColumn
    time: IntColumn
    ids: IdColumns
    place: IntColumn
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Points:
    """One row a point of a wanted metric that counts or measures; all other points are counted in `skipped`.

    `count` is the events of a histogram or the whole value of a monotonic sum (0 for others); `value` a gauge's or a sum's number.
    `bounds[bound[i]]` are the explicit boundaries of row i (`()` where it has none) and `buckets[offset[i] : offset[i + 1]]` its
    bucket counts. For an exponential histogram the bounds are the upper bounds of its positive buckets, with the zero bucket first.

    `implausible` is how many of the skipped ones claim a count that is negative, not finite or above 2**53.

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
    implausible: int = 0


Columns = Spans | Points | Logs
"""What a body of any signal becomes."""
