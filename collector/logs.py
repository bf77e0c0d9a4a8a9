"""Log records counted by service and severity: a tap that only counts, once what it counts is true."""

from __future__ import annotations

import sqlite3
from collections import Counter as Tally
from typing import Final

import numpy as np
from prometheus_client import CollectorRegistry, Counter

from . import names
from .books.taps import Arrival
from .columns import Logs
from .registry.registry import Registry
from .remembered import Remembered
from .senders.origin import MOST_KNOWN, origin_of
from .senders.senders import OVERFLOW

MOST_SERVICES: Final = 1_000
LONGEST: Final = 200

SEVERITIES: Final = ("unspecified", "trace", "debug", "info", "warn", "error", "fatal")
"""The names of OTLP's ranges of `SeverityNumber`, four numbers each; 0 and what is beyond 24 is unspecified."""


class LogCounts:
    """Counts log records by the service that sent them and how grave they are, in the collector's registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counter = Counter(
            names.LOGS, "Log records taken, by service and severity", ("service", "severity"), registry=registry
        )
        self._origins = Remembered(origin_of, MOST_KNOWN)
        self._services: set[str] = set()
        self._staged: Tally[tuple[str, str]] = Tally()

    def stage(self, arrival: Arrival, registry: Registry) -> None:
        """Takes a request's log records."""
        logs = arrival.columns
        if not isinstance(logs, Logs) or not len(logs.severity):
            return
        grave = np.where((logs.severity >= 1) & (logs.severity <= 24), (logs.severity + 3) // 4, 0)
        codes, counts = np.unique(logs.resource * len(SEVERITIES) + grave, return_counts=True)
        for code, count in zip(codes.tolist(), counts.tolist(), strict=True):
            resource, severity = divmod(code, len(SEVERITIES))
            service = self._service(self._origins.of(logs.resources[resource]).service)
            self._staged[service, SEVERITIES[severity]] += count

    def _service(self, service: str) -> str:
        if service not in self._services:
            if len(self._services) >= MOST_SERVICES or len(service) > LONGEST:
                return OVERFLOW
            self._services.add(service)
        return service

    @property
    def changed(self) -> bool:
        """Whether anything waits for the commit."""
        return bool(self._staged)

    def write(self, connection: sqlite3.Connection) -> None:
        """Nothing of it goes into the ledger."""

    def keep(self) -> None:
        """What was staged is true now."""
        for labels, count in self._staged.items():
            self._counter.labels(*labels).inc(count)
        self._staged.clear()

    def forget(self) -> None:
        """What was staged never was."""
        self._staged.clear()
