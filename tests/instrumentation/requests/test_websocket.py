"""WebSockets: a span of their own, and nothing in the requests' count."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from fastapi import FastAPI, WebSocket
from opentelemetry import trace


def chat():
    app = FastAPI()

    @app.websocket("/rooms/{room}")
    async def room(socket: WebSocket, room: str):
        await socket.accept()
        with trace.get_tracer("library").start_as_current_span("inside"):
            pass
        await socket.receive_text()

    return app


def connect(app, path="/rooms/blue", **more):
    """One connection whose client leaves at its first message."""
    messages = iter([{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1001}])

    async def receive():
        return next(messages)

    async def send(message):
        pass

    scope = {
        "type": "websocket",
        "path": path,
        "headers": [],
        "query_string": b"",
        "scheme": "ws",
        "root_path": "",
        **more,
    }
    with contextlib.suppress(Exception):
        asyncio.run(app(scope, receive, send))


@pytest.fixture
def chatting(watch):
    """An instrumented application with a WebSocket."""
    return watch(chat(), OTEL_TRACES_EXPORTER="otlp", make=lambda target: None)


def test_a_connection_is_one_span_and_no_request(chatting, recorded):
    """From handshake to close one span, with what was done inside below it; no count, no metric, nothing in flight."""
    connect(chatting.app)

    inside, span = chatting._spans.take(9)
    assert span.name == "WS /rooms/{room}"
    assert span.attributes["http.response.status_code"] == 101
    assert inside.parent.span_id == span.context.span_id
    assert recorded(chatting) == {}
    assert chatting._red.active() == {}


def test_long_connections_are_not_slow(chatting, monkeypatch):
    """A client that decided against tracing is followed, however long it stays: open is not slow."""
    now = [0.0]
    monkeypatch.setattr(
        "fournines.instrumentation.requests.websocket.stopwatch", lambda: now.append(0) or len(now) * 60.0
    )
    connect(chatting.app, headers=[(b"traceparent", b"00-65a1b2c3d4e5f60718293a4b5c6d7e8f-00f067aa0ba902b7-00")])

    assert chatting._spans.take(9) == []


def test_a_fault_of_ours_never_reaches_a_connection(watch, monkeypatch):
    """Where ours fails the connection is served all the same, and the fault counted."""
    from fournines.instrumentation import names
    from fournines.instrumentation.tracing import tracing

    served = []

    async def app(scope, receive, send):
        served.append(scope["path"])

    chatting = watch(app, OTEL_TRACES_EXPORTER="otlp", make=lambda target: None)
    for part in ("begin", "end"):
        with monkeypatch.context() as patch:
            patch.setattr(tracing.Deferred, part, None)
            connect(chatting, path=part)

    assert served == ["begin", "end"]
    assert sum(chatting._health.counts(names.PROM_ERRORS).values()) == 2


def test_connections_of_a_nested_application_are_told_once(watch):
    """A mounted application that is instrumented too leaves the connection to the outer one."""
    sub = chat()
    inner = watch(sub, OTEL_TRACES_EXPORTER="otlp", make=lambda target: None)
    app = FastAPI()
    app.mount("/sub", sub)
    outer = watch(app, OTEL_TRACES_EXPORTER="otlp", make=lambda target: None)
    connect(app, "/sub/rooms/blue")

    assert inner._spans.take(9) == []
    assert [span.name for span in outer._spans.take(9)] == ["inside", "WS /sub/rooms/{room}"]
