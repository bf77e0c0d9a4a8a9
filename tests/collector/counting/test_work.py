"""Work that is no request, from the function that does it to the SLO that promises it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from fournines.collector import Signal
from fournines.instrumentation.config.config import read_config
from fournines.instrumentation.export.transport import Attempt, Outcome
from fournines.instrumentation.telemetry import Telemetry
from fournines.slo import HTTP_SERVER_DURATION, MESSAGE_DURATION, OPERATION_DURATION, SpanKind, load_slos

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
  objectives: [{op: lte, value: 0.25, target: 0.99}]
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
        return Attempt(Outcome.ACCEPTED)

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
        time.sleep(0.26)
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


def signals(collector):
    """The signal of each SLO."""
    return {slo.name: slo.sli.signal for slo in collector.slos}


def test_a_service_without_requests_gets_its_automatic_slo_from_its_work(opened, worker):
    """Zero configuration: 99.99 % of its messages, or of its operations where it has none; no latency, which nobody knows for jobs."""
    telemetry, bodies = worker
    collector = opened(now=time.time())
    with telemetry.operation("settle"):
        pass
    fail(telemetry.operation("settle"))
    assert telemetry.flush()
    counted(collector, bodies, "")

    assert signals(collector) == {"settler-availability": OPERATION_DURATION}
    later = time.time() + 61
    collector.tick(later)
    assert signals(collector) == {"settler-availability": OPERATION_DURATION}
    assert collector.totals() == {"settler-availability": (1, 2, 0)}

    with telemetry.operation("settle"), telemetry.consumer("orders"):
        pass
    assert telemetry.flush()
    assert counted(collector, bodies, "settler-availability") == (2, 3)


def test_messages_stand_above_operations_until_one_is_pinned(opened, worker):
    """Operations inside of messages are no events of their own: a service that has both is judged by its messages."""
    telemetry, bodies = worker
    collector = opened(now=time.time())
    with telemetry.consumer("orders"), telemetry.operation("settle"):
        pass
    assert telemetry.flush()
    counted(collector, bodies, "")

    assert signals(collector) == {"settler-availability": MESSAGE_DURATION}
    collector.tick(time.time() + 61)
    assert collector.totals() == {"settler-availability": (1, 1, 0)}


@pytest.mark.parametrize("pinned", [False, True])
def test_who_serves_requests_is_judged_by_them(opened, otlp, histogram, now, pinned):
    """Operations of a service that serves requests are no events of its automatic SLOs, whichever came first."""
    collector = opened()
    work = otlp.points(histogram(now - 5, now, 3), name=OPERATION_DURATION)
    collector.accept(Signal.METRICS, work, now).result()
    assert signals(collector) == {"payments-availability": OPERATION_DURATION}
    if pinned:
        collector.tick(now + 61)
        assert collector.totals() == {"payments-availability": (3, 3, 0)}

    collector.accept(Signal.METRICS, otlp.points(histogram(now + 60, now + 65, 4)), now + 65).result()
    collector.tick(now + 130)
    more = otlp.points(histogram(now + 125, now + 130, 9), name=OPERATION_DURATION)
    collector.accept(Signal.METRICS, more, now + 130).result()
    collector.accept(Signal.METRICS, otlp.points(histogram(now + 125, now + 130, 5)), now + 130).result()

    assert set(signals(collector).values()) == {HTTP_SERVER_DURATION}
    kept = 3 if pinned else 0  # what was shown stays counted: a total never falls
    assert collector.totals()["payments-availability"] == (9 + kept, 9 + kept, 0)
    assert collector.totals()["payments-latency"] == (9, 9, 0)


def test_work_is_remembered_over_a_restart(opened, otlp, histogram, now):
    """A collector that is started anew within the minute goes on with the same signal and the same count."""
    collector = opened()
    collector.accept(Signal.METRICS, otlp.points(histogram(now - 5, now, 3), name=MESSAGE_DURATION), now).result()
    collector.close()
    collector = opened(now=now + 10)
    collector.accept(Signal.METRICS, otlp.points(histogram(now, now + 5, 4), name=MESSAGE_DURATION), now + 10).result()
    collector.tick(now + 61)
    collector.close()
    collector = opened(now=now + 70)

    assert signals(collector) == {"payments-availability": MESSAGE_DURATION}
    assert collector.totals() == {"payments-availability": (7, 7, 0)}


def test_a_file_s_slo_takes_over_what_work_began(opened, otlp, histogram, slo, now):
    """An SLO of a file by the automatic one's name goes on with its count."""
    collector = opened()
    collector.accept(Signal.METRICS, otlp.points(histogram(now - 5, now, 3), name=OPERATION_DURATION), now).result()
    collector.declare([slo("payments-availability", signal=OPERATION_DURATION)], now + 1)
    collector.accept(Signal.METRICS, otlp.points(histogram(now, now + 5, 4), name=OPERATION_DURATION), now + 5).result()

    assert collector.totals() == {"payments-availability": (7, 7, 0)}
