"""What kept traces tell of themselves."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from .. import names


class Instruments:
    """How much is kept, and what was dropped for which reason."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.kept = Counter(names.TRACES_KEPT, "Traces that were chosen to be kept", ("state",), registry=registry)
        self.dropped = Counter(
            names.TRACES_DROPPED,
            "Spans and log records of kept traces, or requests not looked at, that were dropped",
            ("reason",),
            registry=registry,
        )
        self.traces = Gauge(names.TRACES, "Traces kept", registry=registry)
        self.bytes = Gauge(names.TRACES_BYTES, "Bytes of spans and log records kept", registry=registry)
