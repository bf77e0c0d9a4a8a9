"""What scrapers and stores are told: the SLOs' families and the collector's own telemetry."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import Gauge, Metric

from ..alerts import Paging
from ..collector import Collector, expose, slo_families
from ..slo import SloFiles
from .evaluations import Evaluations
from .scorecard import Scorecard


class Exposition:
    """Everything as it is when asked."""

    def __init__(self, collector: Collector, evaluations: Evaluations, paging: Paging, files: SloFiles) -> None:
        self._collector = collector
        self._evaluations = evaluations
        self._paging = paging
        self._files = files
        self._scorecard = Scorecard(collector.ledger, collector.counters.registry)
        self._valid = Gauge(
            "fournines_slo_files_valid",
            "1 while the SLO files hold no fault",
            registry=collector.counters.registry,
        )

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The text of /metrics and its content type, as the `Accept` header wants it."""
        self._valid.set(not self._files.fault)
        self._paging.measure()
        evaluation = self._evaluations.evaluation()
        self._scorecard.measure(evaluation.now)
        return expose(self._collector, evaluation, self._paging.firing(), accept)

    def slo_families(self) -> Iterator[Metric]:
        """The SLOs' own families alone, for stores that they are written to."""
        return slo_families(self._collector, self._evaluations.evaluation(), self._paging.firing())
