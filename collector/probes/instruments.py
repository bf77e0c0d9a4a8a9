"""What probing says about itself."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from .. import names
from .check import Checked
from .probe import Probe


class Instruments:
    """Instruments of all probes, each by its service and what it asks."""

    def __init__(self, registry: CollectorRegistry) -> None:
        of = ("service", "probe")
        self._results = Counter(names.PROBES, "Probes by what came of them", (*of, "result"), registry=registry)
        self._up = Gauge(names.PROBE_UP, "1 while the last probe was answered as expected", of, registry=registry)
        self._duration = Gauge(names.PROBE_DURATION, "Seconds the last probe took", of, registry=registry)
        self._expiry = Gauge(
            names.PROBE_TLS_EXPIRY,
            "Epoch second at which the certificate that was shown expires",
            of,
            registry=registry,
        )

    def tell(self, probe: Probe, checked: Checked) -> None:
        """Notes one result."""
        self._results.labels(probe.service, probe.shown, checked.result).inc()
        if not checked.own:
            self._up.labels(probe.service, probe.shown).set(not checked.error)
            self._duration.labels(probe.service, probe.shown).set(checked.ended - checked.began)
        if checked.expires is not None:
            self._expiry.labels(probe.service, probe.shown).set(checked.expires)

    def lost(self, probe: Probe) -> None:
        """Notes a result that could not be kept."""
        self._results.labels(probe.service, probe.shown, "lost").inc()
