"""The collector's own telemetry: everything taken, refused or seen twice is counted somewhere."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from . import names

COMMIT_BOUNDARIES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Counters:
    """Instruments in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._children: dict[tuple[Counter, tuple[str, ...]], Counter] = {}
        self.requests = self._counter(names.REQUESTS, "Requests by signal and what became of them", "signal", "result")
        self.accepted = self._counter(names.ITEMS_ACCEPTED, "Spans and points taken", "signal")
        self.rejected = self._counter(names.ITEMS_REJECTED, "Spans and points refused for good", "signal", "reason")
        self.points = self._counter(names.POINTS_SEEN, "Points that count, by what they turned out to be", "seen")
        self.commit_failures = self._counter(names.COMMIT_FAILURES, "Commits that failed; nothing of them was kept")
        self.services_overflow = self._counter(names.SERVICES_OVERFLOW, "Exports of services there was no room for")
        self.internal_errors = self._counter(
            names.INTERNAL_ERRORS, "Requests refused because of a fault of the collector"
        )
        self.commit_seconds = Histogram(
            names.COMMIT_SECONDS, "Seconds a commit took", registry=self.registry, buckets=COMMIT_BOUNDARIES
        )
        self.healthy = self._gauge(names.LEDGER_HEALTHY, "1 while the ledger can be written")
        self.healthy.set(1)
        self.queue_requests = self._gauge(names.QUEUE_REQUESTS, "Requests taken in and not yet committed")
        self.queue_bytes = self._gauge(names.QUEUE_BYTES, "Bytes of requests taken in and not yet committed")
        self.skew = Gauge(
            names.CLOCK_SKEW,
            "Seconds from the newest end in a sender's export to its reception",
            ("service", "instance"),
            registry=self.registry,
        )

    def child(self, counter: Counter, *labels: str) -> Counter:
        """A counter of these labels, looked up once: finding it costs more than counting. Labels are of few values."""
        key = counter, labels
        found = self._children.get(key)
        if found is None:
            found = self._children[key] = counter.labels(*labels)
        return found

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(name, text, registry=self.registry)
