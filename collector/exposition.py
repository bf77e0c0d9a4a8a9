"""What `/metrics` says: the SLOs' counts, budgets and burn rates, and the collector's own telemetry.

Source of the form: OpenMetrics 1.0. `slo_events_total` counts since the ledger's birth and survives restarts, so that a scraper sees no
reset; an automatic SLO that may still change its signal is left out until it can't.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector as Source

from ..slo import STATES, Evaluation, Severity, metric_names
from ..slo.group import value_labels
from . import names
from .collector import Collector

FiringAlerts = Collection[tuple[str, Severity]]
"""The alerts that fire: name of the SLO, and severity."""


def expose(collector: Collector, evaluation: Evaluation, firing: FiringAlerts, accept: str) -> tuple[bytes, str]:
    """The exposition and its content type, in the form the `Accept` header asks for."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Everything(collector, evaluation, firing))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def slo_families(collector: Collector, evaluation: Evaluation, firing: FiringAlerts) -> Iterator[Metric]:
    """The SLOs' own families alone: what is written to others."""
    yield from _Everything(collector, evaluation, firing).of_slos()


class _Everything(Source):
    """All metric families at one moment."""

    def __init__(self, collector: Collector, evaluation: Evaluation, firing: FiringAlerts) -> None:
        self._collector = collector
        self._evaluation = evaluation
        self._firing = frozenset(firing)

    def collect(self) -> Iterator[Metric]:
        yield from self.of_slos()
        for name, (text, size) in self._collector.sizes().items():
            yield GaugeMetricFamily(name, text, value=size)
        yield from self._overflows()
        yield CounterMetricFamily(
            names.INTERVALS_DROPPED,
            "Intervals of delta streams there was no room for; sent again they would count again",
            value=self._collector.intervals_dropped,
        )
        yield from self._collector.counters.registry.collect()

    def _overflows(self) -> Iterator[Metric]:
        sets = "Look-ups of attribute sets there was no room for"
        yield _counted(names.SERIES_OVERFLOW, sets, "service", self._collector.series_overflows)
        values = "Look-ups of values there was no room for among the groups of an SLO"
        yield _counted(names.SLO_GROUPS_OVERFLOW, values, "slo", self._collector.group_overflows)

    def of_slos(self) -> Iterator[Metric]:
        yield self._events()
        yield self._objectives()
        yield self._budgets()
        yield self._burn_rates()
        yield self._alerts()
        yield self._states()
        yield self._groups()

    def _events(self) -> Metric:
        family = CounterMetricFamily(
            metric_names.EVENTS, "Events of an SLO since its counting began", labels=("slo", "service", "result")
        )
        totals = self._collector.totals()
        for slo in self._evaluation.slos:
            if slo.name in totals and slo.sli.promql is None:  # an engine has those itself
                good, total, _ = totals[slo.name]
                family.add_metric((slo.name, slo.service, "good"), good)
                family.add_metric((slo.name, slo.service, "bad"), total - good)
        return family

    def _objectives(self) -> Metric:
        family = GaugeMetricFamily(metric_names.OBJECTIVE, "Share of events promised good", labels=("slo", "service"))
        for slo in self._evaluation.slos:
            family.add_metric((slo.name, slo.service), float(slo.objective.target))
        return family

    def _budgets(self) -> Metric:
        family = GaugeMetricFamily(
            metric_names.BUDGET_REMAINING,
            "Share of the error budget left; negative when over-spent",
            labels=("slo", "service"),
        )
        for slo, remaining in zip(self._evaluation.slos, self._evaluation.remaining_ratios.tolist(), strict=True):
            family.add_metric((slo.name, slo.service), remaining)
        return family

    def _burn_rates(self) -> Metric:
        family = GaugeMetricFamily(
            metric_names.BURN_RATE,
            "How many times faster than allowed the budget goes",
            labels=("slo", "service", "window"),
        )
        burn, columns = self._evaluation.burn_rates, self._evaluation.layout.columns
        for row, slo in enumerate(self._evaluation.slos):
            for window in sorted(slo.windows):
                rate = burn[row, columns[window]]
                if not np.isnan(rate):
                    family.add_metric((slo.name, slo.service, str(window)), float(rate))
        return family

    def _alerts(self) -> Metric:
        family = GaugeMetricFamily(
            metric_names.ALERT_FIRING, "1 while an alert of this severity fires", labels=("slo", "service", "severity")
        )
        for slo in self._evaluation.slos:
            for severity in Severity:
                family.add_metric((slo.name, slo.service, severity.value), float((slo.name, severity) in self._firing))
        return family

    def _states(self) -> Metric:
        family = GaugeMetricFamily(
            metric_names.STATE, "1 for the state that an SLO is in", labels=("slo", "service", "state")
        )
        for slo, state in zip(self._evaluation.slos, self._evaluation.states.tolist(), strict=True):
            for index, each in enumerate(STATES):
                family.add_metric((slo.name, slo.service, each.value), float(index == state))
        return family

    def _groups(self) -> Metric:
        """Rules join on it: they are written before any group is known."""
        family = GaugeMetricFamily(metric_names.GROUP_INFO, "1 for each group of an SLO, with the values it is of")
        by = {slo.name: value_labels(slo.group_by) for slo in self._evaluation.slos if slo.group_by}
        for slo in self._evaluation.slos:
            if slo.group_of in by:
                values = {label: slo.labels[key] for key, label in by[slo.group_of].items() if key in slo.labels}
                named = {"slo": slo.name, "service": slo.service, metric_names.GROUP_OF: slo.group_of}
                family.add_sample(metric_names.GROUP_INFO, {**named, **values}, 1.0)
        return family


def _counted(name: str, text: str, label: str, counts: Mapping[str, int]) -> Metric:
    """Counts by the value of one label."""
    family = CounterMetricFamily(name, text, labels=(label,))
    for value, count in counts.items():
        family.add_metric((value,), count)
    return family
