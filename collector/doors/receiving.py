"""What the doors tell of themselves: connections, bytes, and requests refused before they could be counted."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from .. import names


class Receiving:
    """The instruments of both doors."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.connections = Gauge(names.CONNECTIONS, "Open connections of senders", ("door",), registry=registry)
        self.bytes = Counter(names.RECEIVED_BYTES, "Bytes received, as they were sent", ("door",), registry=registry)
        self.refused = Counter(
            names.REFUSED_REQUESTS,
            "Requests refused before they were decoded",
            ("door", "reason"),
            registry=registry,
        )
