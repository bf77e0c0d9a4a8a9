"""What one request leaves as a trace."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

PARENT = "00-65a1b2c3d4e5f60718293a4b5c6d7e8f-00f067aa0ba902b7-01"
XRAY = "Root=1-65a1b2c3-d4e5f60718293a4b5c6d7e8f"
OTHER = b"Root=1-00000001-000000000000000000000001"
TRACE_ID = 0x65A1B2C3D4E5F60718293A4B5C6D7E8F


def shop():
    app = FastAPI()

    @app.get("/items/{item_id}")
    async def item(item_id: int):
        trace.get_current_span().set_attribute("shop.item", item_id)
        with trace.get_tracer("library").start_as_current_span("inside"):
            pass
        return item_id

    @app.get("/plain/{item_id}")
    def plain(item_id: int):
        trace.get_current_span().set_attribute("shop.item", item_id)
        return item_id

    @app.get("/fail")
    async def fail():
        raise ValueError

    @app.get("/healthz")
    async def healthz():
        with trace.get_tracer("library").start_as_current_span("ping"):
            pass

    @app.get("/readyz")
    async def readyz():
        raise ValueError

    return app


@pytest.fixture
def traced(watch, call):
    """Calls an instrumented shop and gives the spans that would be exported."""

    def run(path, *headers, app=None, **more):
        telemetry = watch(app or shop(), OTEL_TRACES_EXPORTER="otlp", make=lambda target: None)
        call(telemetry.app, path, headers=headers, **more)
        return telemetry._spans.take(99)

    return run


def test_span_says_what_the_conventions_ask_for(traced):
    """Name, kind, status and attributes are those of the conventions; secret query keys are redacted."""
    inside, span = traced("/items/7?page=2&X-Amz-Signature=abc&sig=x", (b"user-agent", b"probe/1"))

    assert span.name == "GET /items/{item_id}"
    assert span.kind is SpanKind.SERVER
    assert span.status.status_code is StatusCode.UNSET
    assert span.parent is None
    assert dict(span.attributes) == {
        "http.request.method": "GET", "http.route": "/items/{item_id}", "http.response.status_code": 200,
        "url.path": "/items/7", "url.query": "page=2&X-Amz-Signature=REDACTED&sig=REDACTED", "url.scheme": "http",
        "network.protocol.version": "1.1", "server.address": "shop.example", "server.port": 8080,
        "client.address": "192.0.2.1", "user_agent.original": "probe/1", "shop.item": 7,
    }  # fmt: skip
    assert inside.parent.span_id == span.context.span_id
    assert span.resource.attributes["service.name"] == "shop"


def test_endpoints_in_threads_see_their_own_span(traced):
    """A `def` endpoint runs in a thread, and finds the span of its request there."""
    (span,) = traced("/plain/3")

    assert span.attributes["shop.item"] == 3


def test_trace_ids_begin_with_the_time(traced):
    """X-Ray takes ids whose first 32 bits are epoch seconds; the flags sent on are sampled and random."""
    *_, span = traced("/items/7")

    assert abs((span.context.trace_id >> 96) - span.start_time / 1e9) < 2
    assert span.context.trace_flags == 3


def test_unknown_method(traced):
    """A method nobody knows is `_OTHER`, its span is named HTTP, and the word itself stays on the span."""
    (span,) = traced("/items/7", method="BREW")

    assert span.name == "HTTP /items/{item_id}"
    assert span.attributes["http.request.method"] == "_OTHER"
    assert span.attributes["http.request.method_original"] == "BREW"


def test_no_route_no_path_in_the_name(traced):
    """An unmatched request is named by its method alone."""
    (span,) = traced("/nowhere/4111")

    assert span.name == "GET"
    assert "http.route" not in span.attributes


def test_failure(traced):
    """An unhandled exception is an error with the exception's class."""
    (span,) = traced("/fail")

    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes["error.type"] == "ValueError"
    assert span.attributes["http.response.status_code"] == 500


def test_client_gone_is_no_error(traced):
    """A client that went away leaves 499, no error type and no status."""

    async def app(scope, receive, send):
        await receive()
        raise BrokenPipeError

    (span,) = traced("/", app=app, disconnect=True)

    assert span.status.status_code is StatusCode.UNSET
    assert span.attributes["http.response.status_code"] == 499
    assert "error.type" not in span.attributes


def test_health_checks_leave_spans_only_when_they_fail(traced):
    """A health check, and what is done inside it, is traced only when it fails."""
    assert traced("/healthz") == []

    (span,) = traced("/readyz")
    assert span.name == "GET /readyz"
    assert span.attributes["error.type"] == "ValueError"


@pytest.mark.parametrize(
    ("headers", "trace_id", "parent"),
    [
        ([(b"traceparent", PARENT.encode())], TRACE_ID, 0x00F067AA0BA902B7),
        ([(b"x-amzn-trace-id", f"{XRAY};Parent=53995c3f42cd8ad8;Sampled=1".encode())], TRACE_ID, 0x53995C3F42CD8AD8),
        ([(b"x-amzn-trace-id", f"Self=1-2-3;Sampled=?;Parent=53995c3f42cd8ad8;a=b=c;{XRAY}".encode())], TRACE_ID, 0x53995C3F42CD8AD8),
        ([(b"x-amzn-trace-id", XRAY.encode())], TRACE_ID, None),
        ([(b"x-amzn-trace-id", f"Self=1-65a1b2c3-0000000000000000000000aa;{XRAY}".encode())], TRACE_ID, None),
        ([(b"traceparent", PARENT.encode()), (b"x-amzn-trace-id", OTHER)], TRACE_ID, 0x00F067AA0BA902B7),
        ([(b"x-amzn-trace-id", OTHER), (b"traceparent", PARENT.encode())], TRACE_ID, 0x00F067AA0BA902B7),
    ],
)  # fmt: skip
def test_parents(traced, headers, trace_id, parent):
    """W3C and X-Ray headers are taken up, W3C first; a root without a parent, as a load balancer sends it, is continued."""
    *_, span = traced("/items/7", *headers)

    assert span.context.trace_id == trace_id
    assert (span.parent.span_id if span.parent else None) == parent


@pytest.mark.parametrize("bad", [
    b"00-65a1b2c3d4e5f60718293a4b5c6d7e8f-0000000000000000-01", b"nonsense", PARENT.encode() + b",", b"",
])  # fmt: skip
def test_broken_parents_begin_a_new_trace(traced, bad):
    """A header that can't be read is as if it had not been sent."""
    *_, span = traced("/items/7", (b"traceparent", bad))

    assert span.parent is None
    assert span.context.trace_id != TRACE_ID


def test_a_caller_who_decided_against_is_followed_unless_it_fails(traced):
    """Sampled=0 from above: nothing is kept of a good request, the span of a failed one is."""
    unwanted = (b"traceparent", PARENT[:-1].encode() + b"0")

    assert traced("/items/7", unwanted) == []
    (span,) = traced("/fail", unwanted)
    assert span.parent.span_id == 0x00F067AA0BA902B7
    assert span.context.trace_flags == 0


def test_a_given_sampler_decides(watch, call):
    """OTEL_TRACES_SAMPLER means what the specification says: off is off."""
    import os

    os.environ["OTEL_TRACES_SAMPLER"] = "always_off"
    try:
        telemetry = watch(
            shop(), OTEL_TRACES_EXPORTER="otlp", OTEL_TRACES_SAMPLER="always_off", make=lambda target: None
        )
    finally:
        del os.environ["OTEL_TRACES_SAMPLER"]
    call(telemetry.app, "/fail")

    assert telemetry._spans.take(9) == []


def test_propagators_are_chosen_by_the_environment(watch, call):
    """OTEL_PROPAGATORS: only what is named is read; unknown names are logged and left out."""
    telemetry = watch(
        shop(), OTEL_TRACES_EXPORTER="otlp", make=lambda target: None, OTEL_PROPAGATORS="tracecontext,nosuch"
    )
    call(telemetry.app, "/plain/7", headers=[(b"x-amzn-trace-id", XRAY.encode())])
    call(telemetry.app, "/plain/7", headers=[(b"traceparent", PARENT.encode())])

    without, with_parent = telemetry._spans.take(9)
    assert without.context.trace_id != TRACE_ID
    assert with_parent.context.trace_id == TRACE_ID


@pytest.fixture
def native(monkeypatch):
    """FastAPI's own telemetry, with providers of its own that remember."""
    memory, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracers, meters = TracerProvider(shutdown_on_exit=False), MeterProvider([reader], shutdown_on_exit=False)
    tracers.add_span_processor(SimpleSpanProcessor(memory))
    yield FastAPI(telemetry={"tracer_provider": tracers, "meter_provider": meters}), memory, reader
    meters.shutdown()
    tracers.shutdown()


def test_fastapi_does_not_report_the_same_request_again(native, watch, call, recorded):
    """FastAPI's own telemetry (since 0.142) reports a request, but not one that is reported already: also in mounts."""
    app, memory, reader = native
    app.add_api_route("/x", lambda: 1)
    app.mount("/sub", shop())
    call(app, "/x")
    assert memory.get_finished_spans()
    memory.clear()
    reader.get_metrics_data()

    telemetry = watch(app, OTEL_TRACES_EXPORTER="otlp", make=lambda target: None)
    before = reader.get_metrics_data().to_json()
    call(app, "/x")
    call(app, "/sub/plain/3")

    assert memory.get_finished_spans() == ()
    assert reader.get_metrics_data().to_json().count('"count": 1') == before.count('"count": 1')
    servers = [span for span in telemetry._spans.take(9) if span.kind is SpanKind.SERVER]
    assert sorted(span.name for span in servers) == ["GET /sub/plain/{item_id}", "GET /x"]
    assert sum(recorded(telemetry).values()) == 2


def test_spans_leave_under_the_service_s_resource(watch, call, http_receiver, rx):
    """Exported spans carry the same resource as the counts."""
    telemetry = watch(shop(), http_receiver)
    call(telemetry.app, "/items/1")
    assert telemetry.shutdown() is True

    assert {span.name for span in http_receiver.spans()} == {"inside", "GET /items/{item_id}"}


@pytest.mark.parametrize("part", ["template", "on_request"])
def test_a_fault_of_ours_costs_no_count(watch, call, recorded, monkeypatch, part):
    """A route that can't be read, or a thread that can't be asked for, leaves the count whole."""

    def broken(*args, **kwargs):
        raise RuntimeError

    telemetry = watch(shop())
    owner = telemetry._instruments.routes if part == "template" else telemetry._instruments
    monkeypatch.setattr(owner, part, broken)

    assert call(telemetry.app, "/items/5").status == 200
    assert sum(recorded(telemetry).values()) == 1
