"""Counts of logs: by service and severity, once each, and of no more services than there is room for."""

from __future__ import annotations

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from fournines.collector import Logs, Signal, Source
from fournines.collector.books.taps import Arrival, Piece
from fournines.collector.logs import MOST_SERVICES, LogCounts


def arrival(*records):
    """A request of log records: (service, severity) each."""
    services = sorted({service for service, _ in records})
    rows = len(records)
    logs = Logs(
        tuple({"service.name": service} for service in services),
        np.array([services.index(service) for service, _ in records], np.int64),
        np.array([severity for _, severity in records], np.int64),
        np.zeros(rows, np.int64),
        np.zeros((rows, 3), np.uint64),
        np.zeros((rows, 2), np.int64),
    )
    return Arrival(Signal.LOGS, Source.OTLP, b"", logs, 0.0, (Piece(0, len(logs.severity), 0.0),))


@pytest.fixture
def registry():
    """One of its own."""
    return CollectorRegistry()


@pytest.fixture
def counts(registry):
    """Nothing counted yet."""
    return LogCounts(registry)


def total(registry, service, severity):
    """What /metrics says."""
    return registry.get_sample_value("fournines_logs_total", {"service": service, "severity": severity})


def test_records_are_counted_by_service_and_severity(counts, registry):
    """Every severity number falls into its range; none and unknown ones are unspecified."""
    severities = [*range(-1, 27), 2**31 - 1]
    counts.stage(arrival(*(("a", severity) for severity in severities), ("b", 17)), None)
    counts.keep()

    assert [4.0] * 6 == [total(registry, "a", name) for name in ("trace", "debug", "info", "warn", "error", "fatal")]
    assert 5 == total(registry, "a", "unspecified")
    assert 1 == total(registry, "b", "error")


def test_only_what_is_committed_counts(counts, registry):
    """Records of a commit that failed come again, and count then."""
    counts.stage(arrival(("a", 9)), None)
    assert counts.changed
    counts.forget()
    assert not counts.changed
    counts.stage(arrival(("a", 9)), None)
    counts.keep()

    assert 1 == total(registry, "a", "info")


def test_a_flood_of_services_finds_no_room(counts, registry):
    """Beyond a thousand services, and of names too long, records are counted as overflow; none is lost."""
    counts.stage(arrival(*((f"s{n}", 9) for n in range(MOST_SERVICES + 50)), ("x" * 300, 9)), None)
    counts.keep()

    assert 51 == total(registry, "otel.metric.overflow", "info")


def test_what_is_no_log_is_left_alone(counts):
    """Requests of other signals, and empty ones, leave nothing to commit."""
    counts.stage(arrival(), None)
    counts.stage(arrival()._replace(columns=None), None)

    assert not counts.changed
