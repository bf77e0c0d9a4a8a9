"""One SLO as the API gives it: what the domain says of it, and what only the collector and the alerts know."""

from __future__ import annotations

from typing import Any

from ..alerts import Paging
from ..collector import Collector
from ..slo import Status, explain, foresee, summarise, timestamp
from .chances import Chances


class Summaries:
    """Summarises SLOs of a collector and of its alerts."""

    def __init__(self, collector: Collector, paging: Paging, chances: Chances) -> None:
        self._collector = collector
        self._paging = paging
        self._chances = chances

    def summary(self, status: Status) -> dict[str, Any]:
        """The JSON object of one SLO."""
        since = self._paging.since(status.slo.name, status.state)
        alerts = [alert.as_json() for alert in self._paging.alerts().of(status.slo)]
        summary = summarise(status, status.now if since is None else since, alerts)
        return summary | self._counted(status) | self._declared(status.slo.name)

    def detail(self, status: Status) -> dict[str, Any]:
        """The JSON object of one SLO, with what is to come of it and how its numbers came about."""
        chance, since = self._chances.of(status), self._paging.since(status.slo.name, status.state)
        found = {"forecast": foresee(status, chance), "explanation": explain(status, since, chance)}
        return self.summary(status) | found

    def _counted(self, status: Status) -> dict[str, Any]:
        """How its events are told apart: by which threshold, and whether each stands for others that were not sent."""
        name, threshold = status.slo.name, status.slo.sli.threshold
        promised = None if threshold is None else float(threshold)
        return {
            "threshold_seconds": promised,
            "threshold_used_seconds": self._collector.off_boundary.get(name, promised),
            "sampled": name in self._collector.sampled,
        }

    def _declared(self, name: str) -> dict[str, Any]:
        """Since when the service declares an SLO of that name as it does, and which of its versions did so first."""
        found = self._collector.declared(name)
        return {
            "declared_since": None if found is None else timestamp(found.since),
            "declared_version": None if found is None else found.version,
        }
