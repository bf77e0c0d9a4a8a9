"""What a target shows, in any of the three forms: protobuf, OpenMetrics text, Prometheus text.

Sources: OpenMetrics 1.0; Prometheus, "Exposition formats". The text forms are read by prometheus_client's own parsers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any, Final, NamedTuple

from google.protobuf.message import DecodeError
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text
from prometheus_client.samples import Sample as ClientSample

from ..errors import BadRequest
from .labels import BOUNDARY, NAME
from .messages import MetricFamily
from .native import Distribution, is_native, of_metric
from .rows import Value

PROTOBUF: Final = "application/vnd.google.protobuf"
OPENMETRICS: Final = "application/openmetrics-text"
ACCEPT: Final = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,"
    "application/openmetrics-text;version=1.0.0;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=0.0.4;q=0.4,*/*;q=0.1"
)
"""What is asked for: protobuf first, the only form with native histograms."""

LATEST: Final = 2**63 // 10**6 - 1
"""Milliseconds that nanoseconds of 64 bits reach to: what is beyond is in the future like that."""

_SUFFIXES: Final = ("_total", "_bucket", "_count")
_CREATED: Final = "_created"
_GAUGES: Final = frozenset({"gauge", "gaugehistogram", "info", "stateset"})


class Exposed(NamedTuple):
    """One sample. `time` and `start` are milliseconds, 0 where they are not said; `gauge` where it counts nothing."""

    labels: dict[str, str]
    value: Value
    time: int = 0
    start: int = 0
    gauge: bool = False


def exposed(body: bytes, content_type: str) -> Iterator[Exposed]:
    """The samples of an exposition, by its Content-Type; what none is given for is Prometheus text. Raises BadRequest."""
    media_type = media_type_of(content_type)
    try:
        if media_type == PROTOBUF:
            yield from _protobuf(body)
        else:
            yield from _text(body.decode(), read_openmetrics if media_type == OPENMETRICS else read_text)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, DecodeError) as error:
        # The parsers are not careful which of these a malformed line becomes.
        raise BadRequest(f"the exposition can't be read: {error!r:.200}") from error


def media_type_of(content_type: str) -> str:
    """The form of an exposition, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def _text(text: str, read: Callable[[str], Iterable[Metric]]) -> Iterator[Exposed]:
    samples = [(family, sample) for family in read(text) for sample in family.samples]
    counted = {_base(sample.name) for _, sample in samples if sample.name.endswith(_SUFFIXES)}
    created = {
        _key(sample.name.removesuffix(_CREATED), sample.labels): _milliseconds(sample.value)
        for family, sample in samples
        if _is_creation(family, sample, counted)
    }
    for family, sample in samples:
        if not _is_creation(family, sample, counted):
            start = created.get(_key(_base(sample.name), sample.labels), 0)
            yield _exposed(sample, start, gauge=family.type in _GAUGES)


def _is_creation(family: Metric, sample: ClientSample, counted: AbstractSet[str]) -> bool:
    """Whether a sample says when others began. A counter of its own may be called so as well, `orders_created`."""
    name = sample.name
    return name.endswith(_CREATED) and (family.name != name or name.removesuffix(_CREATED) in counted)


def _exposed(sample: ClientSample, start: int, *, gauge: bool) -> Exposed:
    time = 0 if sample.timestamp is None else _time(float(sample.timestamp) * 1000)
    return Exposed({NAME: sample.name, **sample.labels}, float(sample.value), time, start, gauge)


def _key(name: str, labels: dict[str, str]) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset((label, value) for label, value in labels.items() if label != BOUNDARY)


def _base(name: str) -> str:
    return next((name.removesuffix(suffix) for suffix in _SUFFIXES if name.endswith(suffix)), name)


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000) if math.isfinite(seconds) else 0


def _time(milliseconds: float) -> int:
    """A time that was said, also where no clock shows it: that of 1970, or one beyond all that is counted. Raises ValueError."""
    if not math.isfinite(milliseconds):
        raise ValueError(f"{milliseconds} is no time")
    return min(max(round(milliseconds), 1), LATEST)


def _protobuf(body: bytes) -> Iterator[Exposed]:
    at = 0
    while at < len(body):
        size, at = _varint(body, at)
        if at + size > len(body):
            raise BadRequest("the exposition ends in the middle")
        yield from _family(MetricFamily.FromString(body[at : at + size]))
        at += size


def _varint(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _family(family: Any) -> Iterator[Exposed]:
    for metric in family.metric:
        labels = {label.name: label.value for label in metric.label}
        time = _time(metric.timestamp_ms) if metric.timestamp_ms else 0
        if metric.HasField("histogram"):
            yield from _histogram(family.name, labels, metric.histogram, time)
        elif metric.HasField("summary"):
            start = _start(metric.summary)
            yield Exposed({NAME: f"{family.name}_count", **labels}, float(metric.summary.sample_count), time, start)
        else:
            kind = next((kind for kind in ("counter", "gauge", "untyped") if metric.HasField(kind)), "")
            if kind:
                number = getattr(metric, kind)
                yield Exposed({NAME: family.name, **labels}, number.value, time, _start(number), kind == "gauge")


def _histogram(name: str, labels: dict[str, str], histogram: Any, time: int) -> Iterator[Exposed]:
    start = _start(histogram)
    count = float(histogram.sample_count_float or histogram.sample_count)
    for bucket in histogram.bucket:
        reached = float(bucket.cumulative_count_float or bucket.cumulative_count)
        if bucket.upper_bound != math.inf:
            yield Exposed({NAME: f"{name}_bucket", **labels, BOUNDARY: repr(bucket.upper_bound)}, reached, time, start)
    if histogram.bucket or not is_native(histogram):
        yield Exposed({NAME: f"{name}_bucket", **labels, BOUNDARY: "+Inf"}, count, time, start)
    else:
        found: Distribution | None = of_metric(histogram)
        if found is not None:
            yield Exposed({NAME: name, **labels}, found, time, start)
    yield Exposed({NAME: f"{name}_count", **labels}, count, time, start)


def _start(message: Any) -> int:
    if not message.HasField("created_timestamp"):
        return 0
    created = message.created_timestamp
    return int(created.seconds * 1000 + created.nanos // 1_000_000)
