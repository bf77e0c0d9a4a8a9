"""What stands on the metrics page, family by family: ours, and what else is registered with the page."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar as PrometheusExemplar
from prometheus_client.samples import Sample as PrometheusSample

from .. import names
from ..counts.point import Total
from ..counts.red import Red
from ..counts.work import WorkCounts
from ..health import Health
from ..identity import Resource
from ..multiprocess.snapshot import (
    LASTING,
    Family,
    Number,
    Sample,
    Snapshot,
    of_totals,
)
from ..tracing.spanqueue import SpanQueue
from .durations import durations, histogram, label

COUNTERS: Final = {
    names.PROM_EXPORTS: ("Batches a collector acknowledged.", "signal"),
    names.PROM_EXPORT_FAILURES: ("Attempts to export that failed.", "signal"),
    names.PROM_DROPPED_BATCHES: ("Batches given up: refused, or not acknowledged for 10 minutes.", "signal"),
    names.PROM_REJECTED: ("Data points or spans of accepted batches that a collector rejected.", "signal"),
    names.PROM_ERRORS: ("Faults of the instrumentation itself; no request was hurt by them.", "where"),
    names.PROM_DROPPED_EVENTS: ("Requests whose counts were in batches given up.", ""),
    names.PROM_DROPPED_SPANS: ("Spans dropped: the queue was full, or their batch was given up.", ""),
    names.PROM_DROPPED_LOGS: ("Log records dropped: the queue was full, or their batch was given up.", ""),
    names.PROM_DROPPED_EMF: (
        "Lines of embedded metrics dropped: their receiver was away for too long, or takes none so long.",
        "",
    ),
    names.PROM_REFUSED_HEADERS: ("Trace headers, or parts of them, that could not be used.", "header"),
    names.PROM_REDACTED: ("Values that redaction took out, by what they were.", "kind"),
    names.PROM_SCRAPES_REFUSED: ("Scrapes of this page that were not answered.", "reason"),
}
"""Counter -> what it says, and the name of its label, if it has one."""

OF_ONE_PROCESS: Final = frozenset({"service_instance_id", "process_pid"})
"""Labels of the target that a page of several workers can't have."""
RULES: Final = {
    names.PROM_SERVICE_UP: "max",
    "process_start_time_seconds": "min",
    "process_max_fds": "max",
    "python_info": "max",
}
"""How gauges that are no sum become one over workers; a user's own says it by its `multiprocess_mode`."""
PID: Final = "pid"

_log = logging.getLogger("fournines.instrumentation")


class Registry(CollectorRegistry):
    """A registry that knows what was registered with it."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[Collector, None] = {}

    def register(self, collector: Collector) -> None:
        """As prometheus-client's: raises `ValueError` for a name that is there already."""
        super().register(collector)
        self._kept = {**self._kept, collector: None}

    def unregister(self, collector: Collector) -> None:
        """As prometheus-client's."""
        super().unregister(collector)
        self._kept = {one: None for one in self._kept if one is not collector}

    def registered(self) -> list[Collector]:
        """Everything that is registered, in that order."""
        return list(self._kept)


class Families(Collector):
    """A page's families, as prometheus-client's encoders want them."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families: dict[str, Metric] = {}
        for family in families:
            self._families.setdefault(family.name, family)

    def collect(self) -> Iterable[Metric]:
        """The families, each name once: the first one counts."""
        return self._families.values()


class Own(Collector):
    """What the instrumentation itself says. `waiting`: batches, of all signals, that are not acknowledged."""

    def __init__(
        self,
        red: Red,
        work: WorkCounts,
        spans: SpanQueue,
        health: Health,
        resource: Callable[[], Resource],
        waiting: Callable[[], int],
    ) -> None:
        self._red, self._work, self._spans, self._health = red, work, spans, health
        self._resource, self._waiting = resource, waiting

    def collect(self) -> Iterator[Metric]:
        """Everything of ours, of this process."""
        yield info(self.target())
        yield durations(*self.durations())
        yield from self.others()

    def durations(self) -> tuple[tuple[float, ...], list[Total]]:
        """The request durations: boundaries and series."""
        return self._red.shown()

    def target(self) -> dict[str, str]:
        """Who speaks, as labels."""
        return {label(name): str(value) for name, value in self._resource().items()}

    def snapshot(self, others: Iterable[Family]) -> Snapshot:
        """Everything of ours, and others, as it is added up over workers."""
        target = {name: value for name, value in self.target().items() if name not in OF_ONE_PROCESS}
        families: dict[str, Family] = {}
        for family in (*(family_of(metric, "sum") for metric in self.others()), *others):
            families.setdefault(family.name, family)
        boundaries, totals = self._red.shown()
        return Snapshot(target, boundaries, of_totals(totals), families)

    def others(self) -> Iterator[Metric]:
        """What is neither the target nor a duration."""
        yield _gauge(names.PROM_SERVICE_UP, "1 while the process serves.", 1)
        yield self._active()
        for metric, boundaries, totals in self._work.shown():
            series = [(dict(total.key), total) for total in totals]
            yield histogram(metric.prometheus, metric.text, boundaries, series)
        yield from self._counters()
        yield _gauge(names.PROM_BATCHES_WAITING, "Batches not yet acknowledged.", self._waiting())
        yield _gauge(names.PROM_SPANS_WAITING, "Spans not yet sent.", len(self._spans))

    def _active(self) -> Metric:
        labels = [label(names.METHOD), label(names.URL_SCHEME)]
        family = GaugeMetricFamily(names.PROM_ACTIVE_REQUESTS, "HTTP requests in flight.", labels=labels)
        for key, count in self._red.active().items():
            family.add_metric(key, count)
        return family

    def _counters(self) -> Iterator[Metric]:
        for name, (text, by) in COUNTERS.items():
            family = CounterMetricFamily(name, text, labels=[by] if by else [])
            counts = self._health.counts(name)
            for value, count in counts.items() if by else (("", sum(counts.values())),):
                family.add_metric([value] if by else [], count)
            yield family
        overflow = CounterMetricFamily(
            names.PROM_SERIES_OVERFLOW, "Series that lost what told them apart: there are too many.", labels=[]
        )
        overflow.add_metric([], self._red.overflowed + self._work.overflowed)
        yield overflow


def collected(collector: Collector, health: Health) -> list[Metric]:
    """What a registered collector says; nothing, and an error counted, where it fails: the rest of the page stays."""
    try:
        return list(collector.collect())
    except Exception:  # noqa: BLE001 - a collector of the application's own may raise anything
        health.add(names.PROM_ERRORS, "collector")
        if health.count(names.PROM_ERRORS, "collector") == 1:
            _log.warning("a collector of the metrics page failed; its metrics are missing", exc_info=True)
        return []


def shared_families(collectors: Iterable[Collector], health: Health, *, prometheus_shares: bool) -> Iterator[Family]:
    """What registered collectors say, as it is added up over workers.

    `prometheus_shares`: what is made with prometheus-client's own classes is shared by its own multi-process mode, and
    would be counted twice here.
    """
    for collector in collectors:
        if prometheus_shares and isinstance(collector, MetricWrapperBase):
            continue
        for metric in collected(collector, health):
            yield family_of(metric, _rule(collector))


def family_of(metric: Metric, gauges: str) -> Family:
    """As plain values; gauges that have no rule of their own follow the one given."""
    lasts = metric.type in LASTING
    others = "max" if metric.type in ("info", "stateset") else gauges
    rule = "sum" if lasts or metric.type == "gaugehistogram" else RULES.get(metric.name, others)
    family = Family(metric.name, metric.type, metric.documentation, metric.unit, rule)
    for one in metric.samples:
        labels = {PID: str(os.getpid()), **one.labels} if rule == "each" else one.labels
        if one.value is not None:  # a native histogram: it has no place in either format
            family.samples[one.name, tuple(labels.items())] = Sample(float(one.value), _note(one))
    return family


def metric_of(family: Family) -> Metric:
    """Back from plain values."""
    metric = Metric(family.name, family.text, family.kind, family.unit)
    for (name, labels), sample in family.samples.items():
        exemplar = None
        if sample.note is not None:
            noted, value, at = sample.note
            exemplar = PrometheusExemplar(dict(noted), value, at)
        metric.add_sample(name, dict(labels), _float(sample.value), exemplar=exemplar)
    return metric


def info(target: dict[str, str]) -> Metric:
    """The service and the process, as `target_info`."""
    return InfoMetricFamily(names.PROM_TARGET, "The service and process these metrics speak of.", value=target)


def _rule(collector: Collector) -> str:
    if not isinstance(collector, Gauge):
        # What the process collectors say of one process is said of all by its sum; a foreign collector's gauges aren't.
        return "sum" if type(collector).__module__.startswith("prometheus_client.") else "each"
    mode = str(getattr(collector, "_multiprocess_mode", "all")).removeprefix("live")
    return mode if mode in ("sum", "min", "max") else "each"


def _note(sample: PrometheusSample) -> tuple[tuple[tuple[str, str], ...], float, float | None] | None:
    found = sample.exemplar
    if found is None:
        return None
    return tuple(found.labels.items()), found.value, None if found.timestamp is None else float(found.timestamp)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _float(value: Number) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf")
