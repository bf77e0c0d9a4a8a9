"""Fixtures of this folder: a handle without an application, and what it says."""

from __future__ import annotations

import pytest

from fournines.instrumentation.telemetry import Telemetry

PARENT = "00-65a1b2c3d4e5f60718293a4b5c6d7e8f-00f067aa0ba902b7-01"


@pytest.fixture
def traceparent():
    """A sender's span, as it travels."""
    return PARENT


@pytest.fixture
def worker(watch):
    """Makes a handle without an application; its spans stay in the queue unless a receiver is named."""

    def made(to=None, service="settler", runs=True, **env) -> Telemetry:
        if to is None:
            # A queue of spans is kept, and nobody listens.
            env = {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", **env}
        return watch(None, to, service=service, clients=False, runs=runs and to is not None, **env)

    return made


@pytest.fixture
def spans():
    """The ended spans of a handle, taken out of its queue."""
    return lambda telemetry: telemetry._spans.take(1000)


@pytest.fixture
def counted():
    """The counts of a handle's work, as {attributes but the operation's fixed ones: count}."""

    def read(telemetry):
        found = {}
        for metric, _, totals in telemetry._exporter.work.shown():
            for total in totals:
                found[(metric.name, *(value for _, value in total.key))] = sum(total.counts)
        return found

    return read
