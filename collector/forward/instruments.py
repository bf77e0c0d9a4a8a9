"""What fan-out tells of itself."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from .. import names


class Instruments:
    """Counters and gauges of all destinations, in the collector's registry. Items are spans, points and log records."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.sent = Counter(
            names.FORWARD_SENT, "Items a destination took", ("destination", "signal"), registry=registry
        )
        self.dropped = Counter(
            names.FORWARD_DROPPED,
            "Items that will never reach a destination; those of a damaged queue as far as they are known",
            ("destination", "reason"),
            registry=registry,
        )
        self.dropped_requests = Counter(
            names.FORWARD_DROPPED_REQUESTS,
            "Requests of which nothing, or not everything, will ever reach a destination",
            ("destination", "reason"),
            registry=registry,
        )
        self.retries = Counter(
            names.FORWARD_RETRIES, "Attempts that are made again", ("destination",), registry=registry
        )
        self.requests = Gauge(
            names.FORWARD_QUEUE_REQUESTS, "Requests that wait for a destination", ("destination",), registry=registry
        )
        self.bytes = Gauge(
            names.FORWARD_QUEUE_BYTES, "Bytes of a destination's queue on disk", ("destination",), registry=registry
        )
        self.lag = Gauge(
            names.FORWARD_LAG,
            "Age of the oldest request that waits for a destination",
            ("destination",),
            registry=registry,
        )

    def lose(self, destination: str, reason: str, requests: int, items: int) -> None:
        """Counts what is lost."""
        self.dropped.labels(destination, reason).inc(items)
        self.dropped_requests.labels(destination, reason).inc(requests)
