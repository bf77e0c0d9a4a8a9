"""What remote write and scraping tell of themselves."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from .. import names
from .targets import Target

OK: Final = "ok"


class WriteInstruments:
    """Those of the remote write receiver."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            names.REMOTE_WRITE_REQUESTS,
            "Remote write requests by what they were answered",
            ("code",),
            registry=registry,
        )
        self.samples = Counter(
            names.REMOTE_WRITE_SAMPLES, "Samples received by what they turned out to be", ("seen",), registry=registry
        )
        self.pending = Gauge(
            names.REMOTE_WRITE_PENDING, "Samples that wait for the rest of their scrape", registry=registry
        )
        self.incomplete = Gauge(
            names.REMOTE_WRITE_INCOMPLETE, "Histograms left to their next scrape since the start", registry=registry
        )
        self.forgotten = Gauge(
            names.REMOTE_WRITE_FORGOTTEN,
            "Histograms and counters there was no room to remember since the start",
            registry=registry,
        )


class ScrapeInstruments:
    """Those of the scraper; a target is said by the job and the instance it is scraped as."""

    def __init__(self, registry: CollectorRegistry) -> None:
        of = ("job", "instance")
        self.up = Gauge(names.SCRAPE_UP, "1 while a target's last scrape succeeded", of, registry=registry)
        self.duration = Gauge(names.SCRAPE_DURATION, "Seconds a target's last scrape took", of, registry=registry)
        self.samples = Gauge(names.SCRAPE_SAMPLES, "Samples of a target's last scrape", of, registry=registry)
        self.scrapes = Counter(names.SCRAPES, "Scrapes by what came of them", ("job", "result"), registry=registry)
        self.files = Counter(
            names.SCRAPE_FILES_FAILED, "Times a file of targets could not be read", ("file",), registry=registry
        )

    def tell(self, target: Target, result: str, seconds: float, samples: int) -> None:
        """Notes one scrape."""
        self.up.labels(target.name, target.instance).set(result == OK)
        self.duration.labels(target.name, target.instance).set(seconds)
        self.samples.labels(target.name, target.instance).set(samples)
        self.scrapes.labels(target.name, result).inc()

    def drop(self, target: Target) -> None:
        """Forgets a target that is scraped no more."""
        for gauge in (self.up, self.duration, self.samples):
            gauge.remove_by_labels({"job": target.name, "instance": target.instance})


def snapshot_results(registry: CollectorRegistry) -> Counter:
    """What all publishers of a collector count together."""
    return Counter(
        names.REMOTE_WRITE_SNAPSHOTS, "Snapshots for remote write by what came of them", ("result",), registry=registry
    )
