"""The request durations on the page: by far the most of its lines, so they are written here and not sample by sample.

A page of 100 routes has 2,000 of them, and a library that is told each with all its labels takes ten times as long. The
bytes are the same; a test compares them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from opentelemetry.trace import format_span_id, format_trace_id
from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Exemplar as PrometheusExemplar
from prometheus_client.utils import floatToGoString

from .. import names
from ..counts.point import Exemplar, Held, Total, attributes

NAME: Final = names.PROM_REQUEST_DURATION
TEXT: Final = "Duration of HTTP server requests."
UNIT: Final = "seconds"
INFINITY: Final = float("inf")
number: Callable[[float], str] = floatToGoString
"""A number as Go writes it."""
ESCAPED: Final = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def label(attribute: str) -> str:
    """An attribute's name as Prometheus writes it."""
    return attribute.replace(".", "_")


def durations(boundaries: tuple[float, ...], totals: Iterable[Total]) -> Metric:
    """As prometheus-client's family, for who reads the registry."""
    return histogram(NAME, TEXT, boundaries, ((attributes(total.key), total) for total in totals))


def histogram(
    name: str, text: str, boundaries: tuple[float, ...], totals: Iterable[tuple[Mapping[str, Any], Held[Any]]]
) -> Metric:
    """Durations as prometheus-client's family: each series with its attributes."""
    family = Metric(name, text, "histogram", UNIT)
    bounds = [_le(bound) for bound in (*boundaries, INFINITY)]
    for told, total in totals:
        labels = _labels(told)
        counted = 0
        for bound, count, exemplar in zip(bounds, total.counts, total.exemplars, strict=True):
            counted += count
            family.add_sample(f"{name}_bucket", {**labels, "le": bound}, counted, exemplar=_exemplar(exemplar))
        family.add_sample(f"{name}_count", labels, counted)
        family.add_sample(f"{name}_sum", labels, total.seconds)
    return family


def written(boundaries: tuple[float, ...], totals: Iterable[Total], *, openmetrics: bool) -> str:
    """As lines of the page; exemplars in OpenMetrics only."""
    bounds = [_le(bound) for bound in (*boundaries, INFINITY)]
    lines = [f"# HELP {NAME} {TEXT}", f"# TYPE {NAME} histogram"]
    if openmetrics:
        lines.append(f"# UNIT {NAME} {UNIT}")
    for total in totals:
        lines += _lines(total, bounds, openmetrics=openmetrics)
    return "\n".join([*lines, ""])


def _lines(total: Total, bounds: list[str], *, openmetrics: bool) -> Iterator[str]:
    pairs = sorted(f'{name}="{value.translate(ESCAPED)}"' for name, value in _labels(attributes(total.key)).items())
    before = "".join(f"{pair}," for pair in pairs if pair < "le=")
    after = "".join(f",{pair}" for pair in pairs if pair > "le=")
    counted = 0
    for bound, count, exemplar in zip(bounds, total.counts, total.exemplars, strict=True):
        counted += count
        line = f'{NAME}_bucket{{{before}le="{bound}"{after}}} {number(counted)}'
        yield line if exemplar is None or not openmetrics else f"{line} # {_noted(exemplar)}"
    labels = ",".join(pairs)
    yield f"{NAME}_count{{{labels}}} {number(counted)}"
    yield f"{NAME}_sum{{{labels}}} {number(total.seconds)}"


def _noted(one: Exemplar) -> str:
    ids = f'span_id="{format_span_id(one.span_id)}",trace_id="{format_trace_id(one.trace_id)}"'
    return f"{{{ids}}} {number(one.seconds)} {one.at}"


def _exemplar(one: Exemplar | None) -> PrometheusExemplar | None:
    if one is None:
        return None
    ids = {"trace_id": format_trace_id(one.trace_id), "span_id": format_span_id(one.span_id)}
    return PrometheusExemplar(ids, one.seconds, one.at)


def _labels(told: Mapping[str, Any]) -> dict[str, str]:
    return {label(name): "true" if value is True else str(value) for name, value in told.items()}


def _le(bound: float) -> str:
    return "+Inf" if bound == INFINITY else str(bound)
