"""A fault of ours never reaches a request: one is planted in every function that requests pass."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from opentelemetry import trace

from fournines.instrumentation import names

PARENT = (b"traceparent", b"00-65a1b2c3d4e5f60718293a4b5c6d7e8f-00f067aa0ba902b7-00")
BAGGAGE = (b"baggage", b"tenant=acme")
XRAY = (b"x-amzn-trace-id", b"Root=1-65a1b2c3-d4e5f60718293a4b5c6d7e8f")

CARRIERS = {
    # These carry the call to the application and its messages to the server. Each calls everything of ours under a guard.
    "Outermost.__call__", "Outermost._over", "Request.send", "Request.receive", "put_outermost.<locals>.inner",
    # These are called by user code or by the SDK inside of it. Each reads one attribute, or calls the rest under a guard.
    "RequestSpan.get_span_context", "RequestSpan.is_recording", "RequestSpan.set_attribute", "RequestSpan.set_attributes",
    "RequestSpan.add_event", "RequestSpan.add_link", "RequestSpan.update_name", "RequestSpan.set_status",
    "RequestSpan.record_exception", "RequestSpan.end", "RequestSpan._hear", "KeepAtEnd.on_end", "SpanProcessor._on_ending",
    # A random number and a context variable; the SDK asks for them where user code begins a span.
    "XRayIds.generate_span_id", "XRayIds.generate_trace_id", "XRayIds.is_trace_id_random",
    # Two shifts and a mask, of numbers that are there; as above.
    "Unwanted.get_span_context", "ids_of",
    # Three comparisons; as above.
    "RecordAlways.should_sample", "RecordAlways.get_description",
    # What faults are counted with.
    "Health.add", "Current.failed", "SpanForm.note",
}  # fmt: skip


def shop():
    app = FastAPI()

    @app.get("/items/{item_id}")
    async def item(item_id: int):
        with trace.get_tracer("library").start_as_current_span("inside"):
            pass
        return item_id

    @app.get("/says")
    async def says():
        span = trace.get_current_span()
        span.set_attribute("a", 1)
        span.set_attributes({"b": [1, 2]})
        span.add_event("sold", {"c": 3})
        span.add_link(span.get_span_context())
        span.record_exception(ValueError("no"))
        span.set_status(trace.StatusCode.ERROR, "no")
        span.update_name("settle")
        return 1

    @app.get("/fail")
    def fail():
        raise ValueError

    return app


REQUESTS = [
    ("/items/5", (), 200, b"5"),
    ("/items/5", (PARENT, BAGGAGE), 200, b"5"),
    ("/items/5", (XRAY,), 200, b"5"),
    ("/says", (), 200, b"1"),
    ("/fail", (PARENT,), 500, b"Internal Server Error"),
    ("/nowhere", (), 404, b'{"detail":"Not Found"}'),
]


@pytest.fixture(params=["deferred", "eager", "head sampled"])
def telemetry(request, watch, monkeypatch):
    """An instrumented application, its spans made one way or the other."""
    if request.param == "eager":
        from opentelemetry.sdk.trace import TracerProvider

        from fournines.instrumentation import providers

        foreign = TracerProvider(shutdown_on_exit=False)
        monkeypatch.setattr(providers, "global_provider", lambda: foreign)
    environ = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio"} if request.param == "head sampled" else {}
    return watch(shop(), OTEL_TRACES_EXPORTER="otlp", make=lambda target: None, **environ)


def test_a_fault_planted_in_any_function_reaches_no_request(telemetry, call, plant, monkeypatch):
    """Status and body are what they would be without us, whichever function raises; and it is counted somewhere."""
    app = telemetry.app

    def answers():
        telemetry._exporter._failed_at = None
        told = [call(app, path, headers=headers) for path, headers, *_ in REQUESTS]
        return [(answer.status, answer.body) for answer in told]

    telemetry._life._stopped = True  # no thread: what it runs is no request's to pass
    assert answers() == [(status, body) for *_, status, body in REQUESTS]
    walk = plant(answers, lambda function: function.__qualname__ in CARRIERS, {names.PROM_ERRORS}, monkeypatch)

    assert walk.hurt == []
    assert walk.silent == []
    assert len(walk.walked) > 25
