"""What else leaves by the export thread waits for the counts only where it goes the same way."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette

from fournines.instrumentation.clock import FakeClock
from fournines.instrumentation.export.outlet import FakeOutlet, Ways
from fournines.instrumentation.export.transport import Attempt, FakeTransport, Outcome


@pytest.fixture
def made(watch):
    """An exporter that only the test runs, the way of its counts, an outlet behind them, and one beside."""
    transport, clock = FakeTransport(), FakeClock()
    telemetry = watch(
        Starlette(), clock=clock, make=lambda target: transport, runs=False, OTEL_METRICS_EXPORTER="otlp",
        OTEL_TRACES_EXPORTER="none",
    )  # fmt: skip
    exporter, behind, beside = telemetry._exporter, FakeOutlet(), FakeOutlet(due=clock.now + 2, waiting=3)
    exporter._ways = Ways(behind=[behind], beside=[beside])
    return exporter, transport, behind, beside


def test_while_the_counts_can_not_go_what_goes_the_same_way_is_not_asked(made):
    """What goes elsewhere is; and both are as soon as the counts have gone."""
    exporter, transport, behind, beside = made
    transport.answer = Attempt(Outcome.RETRY, "HTTP 503")
    exporter.tick()
    assert (0, 1) == (len(behind.pushed), len(beside.pushed))

    transport.answer = Attempt(Outcome.ACCEPTED)
    assert exporter.flush(exporter._clock.steady() + 5) is False, "three batches still wait"
    assert (1, 2) == (len(behind.pushed), len(beside.pushed))


def test_the_export_thread_comes_back_when_the_first_of_all_is_due(made):
    """An outlet that is due before the next batch is sealed has its way."""
    exporter, _, _, beside = made

    assert exporter.tick() == beside.due


def test_all_that_waits_is_told(made):
    """Batches of counts and whatever else waits, in one sum."""
    exporter, transport, _, beside = made
    transport.answer = Attempt(Outcome.RETRY, "HTTP 503")
    exporter.tick()

    assert exporter.waiting == 1 + beside.waiting
