"""What X-Ray's place tells of itself."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from .. import names
from .drop import DropReason

MOST_CODES: Final = 20


class Instruments:
    """Those of one receiver, every label there from the start, so that a first drop shows as an increase."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.datagrams = Counter(names.XRAY_DATAGRAMS, "Datagrams received on the X-Ray port", registry=registry)
        self._taken = Counter(
            names.XRAY_TAKEN,
            "Documents taken from X-Ray senders: nested subsegments too, those in progress when first seen; otlp counts requests",
            ("kind",),
            registry=registry,
        )
        self._dropped = Counter(
            names.XRAY_DROPPED,
            "Datagrams and documents from X-Ray senders that are not counted",
            ("reason",),
            registry=registry,
        )
        self.waiting = Gauge(
            names.XRAY_WAITING, "Bytes of X-Ray documents received and not yet committed", registry=registry
        )
        self.unfinished = Counter(
            names.XRAY_UNFINISHED,
            "Segments in progress that were never completed; they are not counted as requests",
            registry=registry,
        )
        self.polls = Counter(
            names.XRAY_POLLS,
            "Requests of X-Ray SDKs for sampling rules and targets",
            ("path", "result"),
            registry=registry,
        )
        self.segments = self._taken.labels("segment")
        self.subsegments = self._taken.labels("subsegment")
        self.in_progress = self._taken.labels("in_progress")
        self.otlp = self._taken.labels("otlp")
        self._reasons = {reason: self._dropped.labels(reason.value) for reason in DropReason}

    def dropped(self, reason: DropReason, count: int = 1) -> None:
        """Counts what was lost."""
        self._reasons[reason].inc(count)


class Unprocessed:
    """Counts the segments X-Ray did not take by its error code, for all destinations together."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counter = Counter(
            names.XRAY_UNPROCESSED, "Segments X-Ray did not take, by its error code", ("code",), registry=registry
        )
        self._codes: set[str] = set()

    def count(self, code: str) -> None:
        """Counts one. There is room for twenty codes, more than X-Ray has; any further one is `other`."""
        if len(self._codes) < MOST_CODES:
            self._codes.add(code)
        self._counter.labels(code if code in self._codes else "other").inc()
