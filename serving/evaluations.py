"""All SLOs as they are now, for whoever asks: alerts, pages, API, /metrics."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from prometheus_client import Histogram

from ..collector import Collector
from ..slo import Evaluation, Evaluator, EventSource

BOUNDARIES: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Evaluations:
    """Evaluates the SLOs of a collector, counted by `counts`. `now` gives epoch seconds. Of use from any thread."""

    def __init__(self, collector: Collector, counts: EventSource, now: Callable[[], float]) -> None:
        self._collector = collector
        self._counts = counts
        self._now = now
        self._prepared: tuple[int, Evaluator] | None = None
        self._evaluating = threading.Lock()
        self._seconds = Histogram(
            "fournines_evaluation_seconds",
            "Seconds an evaluation of all SLOs took",
            registry=collector.counters.registry,
            buckets=BOUNDARIES,
        )

    def evaluation(self) -> Evaluation:
        """All SLOs as they are now."""
        # One after the other, each with a later `now`: a window that had to go back would be counted anew, over all its days.
        with self._evaluating, self._seconds.time():
            return self._evaluator().at(self._counts, self._now())

    def _evaluator(self) -> Evaluator:
        """Prepared anew when the SLOs change."""
        catalogue = self._collector.catalogue
        if self._prepared is None or self._prepared[0] != catalogue.version:
            self._prepared = catalogue.version, Evaluator(catalogue.slos)
        return self._prepared[1]
