"""With which provider spans are made: ours, or one that was there before; and what is on it."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from fournines.instrumentation import providers

XRAY = "Root=1-65a1b2c3-d4e5f60718293a4b5c6d7e8f"
TRACE_ID = 0x65A1B2C3D4E5F60718293A4B5C6D7E8F


def shop():
    app = FastAPI()

    @app.get("/items/{item_id}")
    async def item(item_id: int):
        with trace.get_tracer("library").start_as_current_span("inside"):
            return item_id

    @app.get("/plain/{item_id}")
    async def plain(item_id: int):
        return item_id

    @app.get("/readyz")
    async def readyz():
        raise ValueError

    return app


@pytest.fixture
def theirs(monkeypatch):
    """A provider that was there before us, and the spans that it has seen end."""
    memory, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    monkeypatch.setattr(providers, "global_provider", lambda: provider)
    yield memory.get_finished_spans
    provider.shutdown()


def test_a_provider_that_is_there_is_used(watch, call, theirs):
    """Somebody's global provider gets our spans, and stays what it is; a load balancer's trace is continued there too."""
    telemetry = watch(shop(), OTEL_TRACES_EXPORTER="otlp", make=lambda target: None)
    call(telemetry.app, "/plain/7")
    call(telemetry.app, "/plain/7", headers=[(b"x-amzn-trace-id", XRAY.encode())])

    first, second = (span for span in theirs() if span.end_time)
    assert first.name == "GET /plain/{item_id}"
    assert second.context.trace_id == TRACE_ID
    assert telemetry._spans.take(9) == []


def test_a_failed_health_check_stays_in_its_caller_s_trace_with_any_provider(watch, call, theirs):
    """Its span is made at its end by a provider that was there before us, in the trace that a load balancer began."""
    telemetry = watch(shop(), OTEL_TRACES_EXPORTER="otlp", make=lambda target: None)
    call(telemetry.app, "/readyz", headers=[(b"x-amzn-trace-id", XRAY.encode())])

    (span,) = theirs()
    assert (span.name, span.context.trace_id) == ("GET /readyz", TRACE_ID)


def test_our_provider_is_the_process_s_provider(watch):
    """Where nobody set a provider ours is set, so that libraries' spans are exported too; meters are left alone."""
    watch(shop())

    assert isinstance(trace.get_tracer_provider(), TracerProvider)
    assert not isinstance(metrics.get_meter_provider(), MeterProvider)


def test_two_services_in_one_process_keep_their_spans_apart(watch, call):
    """A library's span belongs to the service whose request it was made for, whoever set the global provider."""
    first, second = (
        watch(shop(), service=name, OTEL_TRACES_EXPORTER="otlp", make=lambda target: None) for name in ("one", "two")
    )
    call(second.app, "/items/1")

    assert [span.name for span in second._spans.take(9)] == ["inside", "GET /items/{item_id}"]
    assert first._spans.take(9) == []


@pytest.mark.parametrize("where", ["on_start", "on_end"])
def test_a_foreign_span_processor_that_raises_costs_no_count(watch, call, recorded, monkeypatch, where):
    """Where somebody else's span processor raises there is no span, but the request is counted and answered."""

    def broken(*args, **kwargs):
        raise RuntimeError("no disk")

    foreign = TracerProvider(shutdown_on_exit=False)
    foreign.add_span_processor(type("Broken", (SpanProcessor,), {where: broken})())
    monkeypatch.setattr(providers, "global_provider", lambda: foreign)
    telemetry = watch(shop())

    assert call(telemetry.app, "/items/5").status == 200
    assert recorded(telemetry) == {("GET", "/items/{item_id}", 200, None): 1}


@pytest.mark.parametrize("where", ["on_start", "on_end"])
def test_a_foreign_span_processor_that_raises_never_reaches_a_call(watch, monkeypatch, where):
    """Where somebody else's span processor raises, an outgoing call is made all the same."""
    import httpx

    from fournines.instrumentation.outgoing import httpx_calls

    def broken(*args, **kwargs):
        raise RuntimeError("no disk")

    foreign = TracerProvider(shutdown_on_exit=False)
    foreign.add_span_processor(type("Broken", (SpanProcessor,), {where: broken})())
    telemetry = watch(shop())
    telemetry._instruments.tracer = foreign.get_tracer("foreign")
    send = httpx_calls._wrapped(lambda transport, request: httpx.Response(204))

    assert send(None, httpx.Request("GET", "http://far.example/")).status_code == 204
    assert telemetry._health.count("fournines_instrumentation_errors", "client") == 1
