"""A fault of ours never reaches work: one is planted in every function that operations and messages pass."""

from __future__ import annotations

import asyncio
import inspect

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from fournines.instrumentation import names

PARENT = "00-65a1b2c3d4e5f60718293a4b5c6d7e8f-00f067aa0ba902b7-01"
MESSAGE = {
    "MessageId": "1",
    "ReceiptHandle": "r",
    "Body": '{"traceparent": "x"}',
    "Attributes": {"AWSTraceHeader": "Root=1-65a1b2c3-d4e5f60718293a4b5c6d7e8f"},
    "MessageAttributes": {name: {"StringValue": PARENT} for name in ("baggage", "tracestate")},
}
CARRIERS = {
    # These are what user code calls, or calls instead of its own. Each calls everything of ours under a guard.
    "Telemetry.operation", "Telemetry.consumer", "Operation.__init__", "Consumer.__init__", "Operation.__call__", "Operation._begun",
    "Operation.__call__.<locals>.called", "Operation.__call__.<locals>.awaited", "Operation.__enter__", "Operation.__exit__",
    "Operation.__aenter__", "Operation.__aexit__", "Run.over", "_over", "_check", "_first_of", "_argument",
    # Said to a span by user code: as in the faults of requests.
    "RequestSpan.get_span_context", "RequestSpan.is_recording", "RequestSpan.set_attribute", "RequestSpan._hear", "KeepAtEnd.on_end",
    "SpanProcessor._on_ending", "XRayIds.generate_span_id", "XRayIds.generate_trace_id", "XRayIds.is_trace_id_random",
    "RecordAlways.should_sample", "RecordAlways.get_description",
    # What faults are counted with.
    "Health.add", "Crew.failed", "SpanForm.note",
}  # fmt: skip


@pytest.fixture(params=["deferred", "eager", "head sampled"])
def telemetry(request, watch, monkeypatch):
    """A handle whose spans are made one way or the other."""
    if request.param == "eager":
        foreign = TracerProvider(shutdown_on_exit=False)
        monkeypatch.setattr("fournines.instrumentation.providers.global_provider", lambda: foreign)
    environ = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio"} if request.param == "head sampled" else {}
    return watch(None, OTEL_TRACES_EXPORTER="otlp", make=lambda target: None, clients=False, **environ)


def test_a_fault_planted_in_any_function_reaches_no_work(telemetry, plant, monkeypatch):
    """What work returns and raises is what it would be without us, whichever function raises; and it is counted somewhere."""

    def outcomes():
        telemetry._exporter._failed_at = None
        handle = telemetry.consumer("orders")(lambda message: ("handled", message["MessageId"]))
        fail = telemetry.operation("fail", attributes={"a": 1})(lambda: 1 / 0)

        @telemetry.operation("later")
        async def later():
            async with telemetry.operation("inside") as span:
                span.set_attribute("a", 1)
                return trace.get_current_span() is not None

        def failed():
            with telemetry.operation("outer"), telemetry.consumer("orders", batch=[MESSAGE, {"traceparent": PARENT}]):
                fail()

        found = [handle(MESSAGE), asyncio.run(later())]
        try:
            failed()
        except ZeroDivisionError as e:
            found.append(type(e))
        telemetry._crew._plans.clear()
        return found

    def spared(function):
        return function.__qualname__ in CARRIERS or inspect.iscoroutinefunction(function)

    telemetry._life._stopped = True  # no thread: what it runs is no work's to pass
    assert outcomes() == [("handled", "1"), True, ZeroDivisionError]
    walk = plant(outcomes, spared, {names.PROM_ERRORS, names.PROM_REFUSED_HEADERS}, monkeypatch)

    assert walk.hurt == []
    assert walk.silent == []
    assert len(walk.walked) > 25
