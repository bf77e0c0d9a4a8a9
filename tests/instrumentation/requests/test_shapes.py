"""Every shape of request, told by ours and by two oracles: the same name, kind, attributes, status and parent.

The oracles are opentelemetry-instrumentation-fastapi with the stable conventions and FastAPI's own telemetry. Where they
differ the difference stands here with its reason; a difference that is not listed, or no longer there, is a red test.
"""

# ruff: noqa: E501 - a table is read by its rows

from __future__ import annotations

import asyncio
import importlib.util
import sys
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

SILENT = {"tracing": False, "metrics": False, "logs": False}


def _shapes():
    name = "fournines_instrumentation_tests_shapes"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / "shapes.py")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


shapes = _shapes()
BROKEN = f"{shapes.__name__}.Broken"

# What an oracle says of every request, or never, and why that is no fault of ours.
ALWAYS = {
    "contrib": {
        "client.port": "opt-in by the conventions",
        "server.address": "it names the socket it listens on, not what the client asked for",
        "server.port": "as server.address",
    },
    "native": {
        "client.address": "it leaves out a recommended attribute",
        "user_agent.original": "it leaves out a recommended attribute",
    },
}

MOUNTED = "contrib ends a route at its mount"
EXCEPTION = "contrib names the status, where the conventions ask for the exception's class"
LEFT = "a client that went away is 499 and nobody's failure here; the oracle counts against the service"
UNDONE = "an answer that never came, or came in half, is a failure, and contrib sees none"
WEBSOCKET = "the conventions have no WebSockets; ours adds the handshake"

# (oracle, shape) -> attribute -> (ours, the oracle's); the reason.
DIFFERENT = {
    ("contrib", "secret query"): ({"url.query": ("a=b&sig=REDACTED&X-Amz-Signature=REDACTED", "a=b&sig=x&X-Amz-Signature=abc")}, "contrib sends secrets on"),
    ("native", "blank query"): ({"url.query": ("a&b=", "a=&b=")}, "the oracle writes the query anew"),
    ("contrib", "escaped"): ({"name": ("GET /text/{rest}", "GET /text/{rest:path}"), "http.route": ("/text/{rest}", "/text/{rest:path}")}, "a convertor is no part of the template"),
    ("contrib", "path parameter"): ({"name": ("GET /text/{rest}", "GET /text/{rest:path}"), "http.route": ("/text/{rest}", "/text/{rest:path}")}, "as before"),
    ("contrib", "lower case method"): ({"name": ("HTTP /items/{item_id}", "GET /items/{item_id}"), "http.request.method": ("_OTHER", "GET")}, "methods are case-sensitive"),
    ("native", "slash redirect"): ({"name": ("GET", "GET /any"), "http.route": (None, "/any")}, "no route answered: the router redirected"),
    ("contrib", "not allowed by a mount"): ({"name": ("DELETE /sub/users/{user_id}", "DELETE /sub"), "http.route": ("/sub/users/{user_id}", "/sub")}, MOUNTED),
    ("contrib", "mounted"): ({"name": ("GET /sub/users/{user_id}", "GET /sub"), "http.route": ("/sub/users/{user_id}", "/sub")}, MOUNTED),
    ("contrib", "mounted, not found"): ({"name": ("GET /sub/{path}", "GET /sub"), "http.route": ("/sub/{path}", "/sub")}, MOUNTED),
    ("contrib", "mounted, broken"): ({"name": ("GET /sub/broken", "GET /sub"), "http.route": ("/sub/broken", "/sub"), "error.type": (BROKEN, "500")}, MOUNTED),
    ("contrib", "starlette mount"): ({"name": ("GET /star/{b}/leaf/{leaf}", "GET /star"), "http.route": ("/star/{b}/leaf/{leaf}", "/star")}, MOUNTED),
    ("native", "starlette mount"): ({"name": ("GET /star/{b}/leaf/{leaf}", "GET /star/{path}"), "http.route": ("/star/{b}/leaf/{leaf}", "/star/{path}")}, "the oracle does not see into Starlette's own mounts"),
    ("contrib", "bare mount"): ({"name": ("GET /asgi/{path}", "GET /asgi"), "http.route": ("/asgi/{path}", "/asgi")}, MOUNTED),
    ("contrib", "trailers"): ({"name": ("GET /asgi/{path}", "GET /asgi"), "http.route": ("/asgi/{path}", "/asgi")}, MOUNTED),
    ("contrib", "path sent by a mount"): ({"name": ("GET /asgi/{path}", "GET /asgi"), "http.route": ("/asgi/{path}", "/asgi")}, MOUNTED),
    ("contrib", "root path"): ({"name": ("GET /proxied/items/{item_id}", "GET /items/{item_id}"), "http.route": ("/proxied/items/{item_id}", "/items/{item_id}")}, "the conventions include the application root"),
    ("contrib", "parent failed"): ({"error.type": (BROKEN, "500")}, EXCEPTION),
    ("contrib", "exception"): ({"error.type": (BROKEN, "500")}, EXCEPTION),
    ("contrib", "exception in a thread"): ({"error.type": ("ValueError", "500")}, EXCEPTION),
    ("contrib", "exception after the start"): ({"error.type": ("ValueError", None)}, EXCEPTION),
    ("contrib", "cancelled"): ({"http.response.status_code": (499, None)}, LEFT),
    ("native", "cancelled"): ({"status": ("UNSET", "ERROR"), "http.response.status_code": (499, None), "error.type": (None, "asyncio.exceptions.CancelledError")}, LEFT),
    ("contrib", "client gone while reading"): ({"status": ("UNSET", "ERROR"), "http.response.status_code": (499, 500), "error.type": (None, "500")}, LEFT),
    ("native", "client gone while reading"): ({"status": ("UNSET", "ERROR"), "http.response.status_code": (499, 500), "error.type": (None, "starlette.requests.ClientDisconnect")}, LEFT),
    ("contrib", "client gone, and answered"): ({"http.response.status_code": (499, 200)}, LEFT),
    ("native", "client gone, and answered"): ({"http.response.status_code": (499, 200)}, LEFT),
    ("contrib", "server refuses to send"): ({"status": ("UNSET", "ERROR"), "http.response.status_code": (499, 200)}, LEFT),
    ("native", "server refuses to send"): ({"status": ("UNSET", "ERROR"), "http.response.status_code": (499, 200), "error.type": (None, "BrokenPipeError")}, LEFT),
    ("contrib", "half an answer"): ({"name": ("GET /asgi/{path}", "GET /asgi"), "http.route": ("/asgi/{path}", "/asgi"), "status": ("ERROR", "UNSET"), "error.type": ("_OTHER", None)}, UNDONE),
    ("native", "half an answer"): ({"error.type": ("_OTHER", "RuntimeError")}, "no such exception was raised"),
    ("contrib", "no answer"): ({"name": ("GET /asgi/{path}", "GET /asgi"), "http.route": ("/asgi/{path}", "/asgi"), "status": ("ERROR", "UNSET"), "http.response.status_code": (500, None), "error.type": ("_OTHER", None)}, UNDONE),
    ("native", "no answer"): ({"http.response.status_code": (500, None), "error.type": ("_OTHER", "RuntimeError")}, "500 is what servers send then"),
    **{
        ("native", shape): ({"http.request.method": ("GET", None), "url.path": (path, None), "http.response.status_code": (status, None)}, WEBSOCKET)
        for shape, path, status in (
            ("websocket", "/ws/blue", 101), ("websocket, broken", "/ws-broken", 101), ("websocket, left", "/ws-left", 101),
            ("websocket, not found", "/ws-nowhere", 403),
        )
    },
    **{
        ("contrib", shape): (
            {
                "name": (f"WS {route}".strip(), f"HTTP {route}".strip()), "http.request.method": ("GET", None), "network.protocol.name": ("websocket", None),
                "http.response.status_code": (status, None), "network.protocol.version": (None, "1.1"), **more,
            },
            WEBSOCKET,
        )
        for shape, route, status, more in (
            ("websocket", "/ws/{room}", 101, {}), ("websocket, broken", "/ws-broken", 101, {"error.type": ("ValueError", None)}),
            ("websocket, left", "/ws-left", 101, {"status": ("UNSET", "ERROR")}), ("websocket, not found", "", 403, {}),
        )
    },
}  # fmt: skip


def provider():
    """A provider, and where its spans end up."""
    memory, made = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    made.add_span_processor(SimpleSpanProcessor(memory))
    return made, memory


@pytest.fixture
def oracle(request, monkeypatch):
    """The shop as an oracle watches it, and the spans it made."""
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", "http")
    made, memory = provider()
    if request.param == "native":
        settings = {"tracer_provider": made, "metrics": False, "logs": False, "operation_spans": False}
        yield request.param, shapes.shop(telemetry=settings), memory
    else:
        from opentelemetry.instrumentation._semconv import _OpenTelemetrySemanticConventionStability as Conventions
        from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
        from opentelemetry.metrics import NoOpMeterProvider

        monkeypatch.setattr(Conventions, "_initialized", False)
        app = shapes.shop(telemetry=SILENT)
        FastAPIInstrumentor.instrument_app(
            app, tracer_provider=made, meter_provider=NoOpMeterProvider(), exclude_spans=["receive", "send"]
        )
        yield request.param, app, memory
    made.shutdown()


def told(spans):
    """The one SERVER span, as plain values."""
    (span,) = [span for span in spans if span.kind is SpanKind.SERVER]
    return {
        "name": span.name,
        "status": span.status.status_code.name,
        "description": span.status.description,
        "parent": span.parent and (span.parent.trace_id, span.parent.span_id),
        "events": [event.name for event in span.events if event.name != "exception"],
        **span.attributes,
    }


def differences(mine, theirs, ignored):
    """Attribute -> (ours, theirs), where they differ and nobody said that they may."""
    keys = (mine.keys() | theirs.keys()) - ignored - {"description"}
    return {key: (mine.get(key), theirs.get(key)) for key in keys if mine.get(key) != theirs.get(key)}


def asked(app, shape):
    return asyncio.run(shapes.ask(app, shape))


def kinds(messages):
    return [message["type"] for message in messages]


@pytest.mark.filterwarnings("ignore")  # what applications do when a client leaves is theirs
@pytest.mark.parametrize("oracle", ["contrib", "native"], indirect=True)
@pytest.mark.parametrize("way", ["deferred", "eager"])
def test_ours_and_an_oracle_tell_the_same(oracle, watch, monkeypatch, way):
    """Name, kind, status, parent and every attribute of every shape are the oracle's, or the difference is listed."""
    name, theirs, memory = oracle
    mine_memory = None
    if way == "eager":
        from fournines.instrumentation import providers

        foreign, mine_memory = provider()
        monkeypatch.setattr(providers, "global_provider", lambda: foreign)
    mine = shapes.shop()
    telemetry = watch(mine, OTEL_TRACES_EXPORTER="otlp", make=lambda target: None)
    found = {}
    for shape in shapes.SHAPES:
        sent = asked(mine, shape)
        if way == "eager":
            spans = mine_memory.get_finished_spans()
            mine_memory.clear()
        else:
            spans = telemetry._spans.take(9)
        memory.clear()
        assert kinds(asked(theirs, shape)) == kinds(sent), shape.name
        if shape.name == "health check":  # ours leaves a span of it only when it fails
            assert spans in ((), [])
            continue
        found[name, shape.name] = differences(told(spans), told(memory.get_finished_spans()), ALWAYS[name].keys())

    expected = {key: difference for key, (difference, _) in DIFFERENT.items() if key[0] == name}
    assert {key: value for key, value in found.items() if value} == expected


def test_there_are_shapes_enough():
    """At least sixty, each with a name of its own, and every listed difference is of one of them."""
    names = [shape.name for shape in shapes.SHAPES]

    assert len(names) == len(set(names)) >= 60
    assert {shape for _, shape in DIFFERENT} <= set(names)


def test_the_application_s_answers_are_what_they_are_without_us(watch):
    """Status, headers and body of every shape are those of the bare application."""
    bare, mine = shapes.shop(telemetry=SILENT), shapes.shop()
    watch(mine)
    for shape in shapes.SHAPES:
        if shape.name not in ("file", "file by path"):
            assert asked(mine, shape) == asked(bare, shape), shape.name
