"""Work that is no request, from the function that does it to the SLO that promises it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from fournines.collector import Signal
from fournines.instrumentation.config import read_config
from fournines.instrumentation.telemetry import Telemetry
from fournines.instrumentation.transport import Answer, Verdict
from fournines.slo import SpanKind, load_slos

SLOS = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: settled}
spec:
  service: settler
  indicator:
    metadata: {name: settling}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: fournines, spec: {signal: fournines.operation.duration}}}
        total: {metricSource: {type: fournines, spec: {signal: fournines.operation.duration, where: ["fournines.operation.name==settle"]}}}
  budgetingMethod: Occurrences
  objectives: [{target: 0.999}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: settled-in-time}
spec:
  service: settler
  indicator:
    metadata: {name: settlement-times}
    spec:
      thresholdMetric: {metricSource: {type: fournines, spec: {signal: fournines.operation.duration}}}
  budgetingMethod: Occurrences
  objectives: [{op: lte, value: 0.025, target: 0.99}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: orders-processed}
spec:
  service: settler
  indicator:
    metadata: {name: orders}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: fournines, spec: {signal: messaging.process.duration, conditions: ["error.type == ValueError"]}}}
        total: {metricSource: {type: fournines, spec: {signal: messaging.process.duration, where: ["messaging.destination.name==orders"]}}}
  budgetingMethod: Occurrences
  objectives: [{target: 0.999}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: orders-seen}
spec:
  service: settler
  indicator:
    metadata: {name: order-spans}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: fournines, spec: {signal: spans}}}
        total: {metricSource: {type: fournines, spec: {signal: spans, kind: consumer, where: ["messaging.destination.name==orders"]}}}
  budgetingMethod: Occurrences
  objectives: [{target: 0.999}]
"""


class Keeps:
    """A way to a collector that keeps what is sent."""

    def __init__(self, signal, bodies):
        self._signal, self._bodies = signal, bodies

    def send(self, body, timeout, now):
        self._bodies.append((self._signal, body))
        return Answer(Verdict.ACCEPTED)

    def close(self):
        pass

    abandon = close


@pytest.fixture
def worker():
    """A service without requests, and what it sends."""
    bodies = []
    signals = {"metrics": Signal.METRICS, "traces": Signal.TRACES}
    config = read_config("settler", environ={})
    telemetry = Telemetry(
        None, config, clients=False, make_transport=lambda target: Keeps(signals[target.signal], bodies)
    )
    yield telemetry, bodies
    telemetry.shutdown(2)


def counted(collector, bodies, name):
    """(good, total) of an SLO, once everything sent is counted."""
    now = time.time()
    for signal, body in bodies:
        collector.accept(signal, body, now).result(10)
    bodies.clear()
    totals = collector.totals()
    return totals[name][:2] if name in totals else None


def fail(measured):
    with pytest.raises(ValueError, match="no"), measured:
        raise ValueError("no")


def test_slo_files_count_operations_and_messages(opened, worker, tmp_path: Path):
    """Availability by `error.type` and by conditions, latency by boundaries, consumer spans: each its own events."""
    (tmp_path / "slos.yaml").write_text(SLOS)
    telemetry, bodies = worker
    collector = opened(load_slos([tmp_path / "slos.yaml"]), now=time.time())

    for _ in range(5):
        with telemetry.operation("settle"):
            pass
    with telemetry.operation("settle"):
        time.sleep(0.03)
    with telemetry.operation("other"):
        pass
    fail(telemetry.operation("settle"))
    for destination in ("orders", "orders", "refunds"):
        with telemetry.consumer(destination):
            pass
    fail(telemetry.consumer("orders"))
    with pytest.raises(GeneratorExit), telemetry.consumer("orders"):
        raise GeneratorExit
    assert telemetry.flush()

    counted(collector, bodies, "")
    totals = {name: total[:2] for name, total in collector.totals().items()}
    assert totals["settled"] == (6, 7)
    assert totals["settled-in-time"] == (6, 7)
    assert totals["orders-processed"] == (2, 3)
    assert totals["orders-seen"] == (2, 3)


def test_spans_of_consumers_count_only_for_slos_that_name_them(opened, otlp, span, slo, now):
    """Kind server, client and consumer are three views, each counted for itself."""
    served, called = slo("served"), slo("called", span_kind=SpanKind.CLIENT)
    consumed = slo("consumed", span_kind=SpanKind.CONSUMER)
    collector = opened([served, called, consumed])
    spans = [span(now, kind=kind) for kind in (1, 2, 3, 3, 4, 5, 5, 5)]

    collector.accept(Signal.TRACES, otlp.spans(*spans), now).result(10)

    totals = collector.totals()
    assert [totals[name][1] for name in ("served", "called", "consumed")] == [1, 2, 3]
