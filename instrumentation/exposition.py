"""`/metrics`: the same counts that leave as deltas, cumulative, as Prometheus text or OpenMetrics.

Exemplars stand in OpenMetrics only, because the text format has no place for them; Prometheus asks for OpenMetrics and
keeps them with `--enable-feature=exemplar-storage`. https://prometheus.io/docs/specs/om/open_metrics_spec/
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any, Final

from opentelemetry.trace import format_span_id, format_trace_id
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar as PrometheusExemplar

from . import names
from .export import Exporter
from .health import Health
from .red import Exemplar, Red, Total, attributes
from .spanqueue import SpanQueue

COUNTERS: Final = {
    names.PROM_EXPORTS: ("Batches a collector acknowledged.", "signal"),
    names.PROM_EXPORT_FAILURES: ("Attempts to export that failed.", "signal"),
    names.PROM_DROPPED_BATCHES: ("Batches given up: refused, or not acknowledged for 10 minutes.", "signal"),
    names.PROM_REJECTED: ("Data points or spans of accepted batches that a collector rejected.", "signal"),
    names.PROM_ERRORS: ("Faults of the instrumentation itself; no request was hurt by them.", "where"),
    names.PROM_DROPPED_EVENTS: ("Requests whose counts were in batches given up.", ""),
    names.PROM_DROPPED_SPANS: ("Spans dropped: the queue was full, or their batch was given up.", ""),
}
"""Counter -> what it says, and the name of its label, if it has one."""

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Exposition:
    """The metrics page of one application, on a registry of its own."""

    def __init__(self, red: Red, spans: SpanQueue, health: Health, exporter: Exporter) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_Ours(red, spans, health, exporter))
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def page(self, accept: str) -> tuple[bytes, str]:
        """(body, content type) in the format that the `Accept` header asks for."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

    async def respond(self, scope: Mapping[str, Any], send: Send) -> None:
        """Answers one scrape."""
        accept = ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"accept")
        body, content_type = self.page(accept)
        headers = [
            (b"content-type", content_type.encode("latin-1")),
            (b"content-length", str(len(body)).encode("latin-1")),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


class _Ours(Collector):
    def __init__(self, red: Red, spans: SpanQueue, health: Health, exporter: Exporter) -> None:
        self._red, self._spans, self._health, self._exporter = red, spans, health, exporter

    def collect(self) -> Iterator[Metric]:
        labels = {_label(name): str(value) for name, value in self._exporter.resource.items()}
        yield InfoMetricFamily(names.PROM_TARGET, "The service and process these metrics speak of.", value=labels)
        yield _gauge(names.PROM_SERVICE_UP, "1 while the process serves.", 1)
        yield self._durations()
        yield self._active()
        yield from self._counters()
        yield _gauge(names.PROM_BATCHES_WAITING, "Batches not yet acknowledged.", self._exporter.waiting_batches)
        yield _gauge(names.PROM_SPANS_WAITING, "Spans not yet sent.", len(self._spans))

    def describe(self) -> Iterable[Metric]:
        return ()

    def _durations(self) -> Metric:
        family = Metric(names.PROM_REQUEST_DURATION, "Duration of HTTP server requests.", "histogram", "seconds")
        bounds = [_le(bound) for bound in (*self._red.boundaries, float("inf"))]
        for total in self._red.totals():
            _add_series(family, total, bounds)
        return family

    def _active(self) -> Metric:
        labels = [_label(names.METHOD), _label(names.URL_SCHEME)]
        family = GaugeMetricFamily(names.PROM_ACTIVE_REQUESTS, "HTTP requests in flight.", labels=labels)
        for key, count in self._red.active().items():
            family.add_metric(key, count)
        return family

    def _counters(self) -> Iterator[Metric]:
        for name, (text, label) in COUNTERS.items():
            family = CounterMetricFamily(name, text, labels=[label] if label else [])
            counts = self._health.counts(name) or ({} if label else {"": 0})
            for value, count in counts.items():
                family.add_metric([value] if label else [], count)
            yield family
        overflow = CounterMetricFamily(
            names.PROM_SERIES_OVERFLOW, "Series that lost their route: there are too many.", labels=[]
        )
        overflow.add_metric([], self._red.overflowed)
        yield overflow


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _le(bound: float) -> str:
    return "+Inf" if bound == float("inf") else str(bound)


def _label(attribute: str) -> str:
    return attribute.replace(".", "_")


def _add_series(family: Metric, total: Total, bounds: list[str]) -> None:
    labels = {_label(name): str(value) for name, value in attributes(total.key).items()}
    counted = 0
    for bound, count, exemplar in zip(bounds, total.counts, total.exemplars, strict=True):
        counted += count
        family.add_sample(f"{family.name}_bucket", {**labels, "le": bound}, counted, exemplar=_exemplar(exemplar))
    family.add_sample(f"{family.name}_count", labels, counted)
    family.add_sample(f"{family.name}_sum", labels, total.seconds)


def _exemplar(one: Exemplar | None) -> PrometheusExemplar | None:
    if one is None:
        return None
    ids = {"trace_id": format_trace_id(one.trace_id), "span_id": format_span_id(one.span_id)}
    return PrometheusExemplar(ids, one.seconds, one.at)
