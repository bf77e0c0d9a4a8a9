"""The second engine: OpenTelemetry's own instrumentation on our exporters."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from opentelemetry.trace import SpanKind
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from fournines.instrumentation import NoSuchEngine, instrument


@pytest.fixture(autouse=True)
def conventions(monkeypatch):
    """The choice of conventions is read once per process, and another test may have been first."""
    from opentelemetry.instrumentation._semconv import _OpenTelemetrySemanticConventionStability as Conventions

    monkeypatch.delenv("OTEL_SEMCONV_STABILITY_OPT_IN", raising=False)
    monkeypatch.setattr(Conventions, "_initialized", False)


def shop():
    app = FastAPI()

    @app.get("/items/{item_id}")
    async def item(item_id: int):
        return item_id

    @app.get("/fail")
    async def fail():
        raise ValueError

    return app


def bare():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    return app


def starlette():
    return Starlette(routes=[Route("/items/{item_id}", lambda request: PlainTextResponse("1"))])


def test_one_span_and_one_count_a_request_on_the_same_exporters(watch, call, http_receiver):
    """Spans and durations leave as ours do: one of each, under the stable conventions, without spans of ASGI messages."""
    telemetry = watch(shop(), http_receiver, engine="opentelemetry")
    call(telemetry.app, "/items/7")
    call(telemetry.app, "/fail")
    assert telemetry.shutdown() is True

    spans = http_receiver.spans()
    assert sorted(span.name for span in spans) == ["GET /fail", "GET /items/{item_id}"]
    assert {span.kind for span in spans} == {2}
    assert http_receiver.count() == 2


def test_it_counts_as_ours_does(watch, call, recorded):
    """The same series, and `/metrics` shows them; the metrics page itself is no request."""
    telemetry = watch(shop(), OTEL_TRACES_EXPORTER="otlp", make=lambda target: None, engine="opentelemetry")
    call(telemetry.app, "/items/7")
    call(telemetry.app, "/items/x")
    call(telemetry.app, "/fail")
    page = call(telemetry.app, "/metrics")

    assert recorded(telemetry) == {
        ("GET", "/items/{item_id}", 200, None): 1,
        ("GET", "/items/{item_id}", 422, None): 1,
        ("GET", "/fail", 500, "500"): 1,
    }
    assert b'http_route="/items/{item_id}"' in page.body
    assert telemetry._red.active() == {("GET", "http"): 0}


@pytest.mark.parametrize("make", [bare, starlette])
def test_any_asgi_application_can_have_it(watch, call, recorded, make):
    """What is no FastAPI gets the ASGI middleware of the same family."""
    telemetry = watch(make(), OTEL_TRACES_EXPORTER="otlp", make=lambda target: None, engine="opentelemetry")
    call(telemetry.app, "/items/7")

    (span,) = telemetry._spans.take(9)
    assert span.kind is SpanKind.SERVER
    assert sum(recorded(telemetry).values()) == 1


def test_an_engine_that_does_not_exist_is_said_at_once():
    """A wrong word is an error of the call, and names what there is."""
    with pytest.raises(NoSuchEngine, match="fournines, opentelemetry"):
        instrument(shop(), "shop", engine="logfire")


def test_an_engine_that_is_not_installed_is_said_at_once(monkeypatch):
    """So is one whose package is missing."""
    import sys

    monkeypatch.setitem(sys.modules, "opentelemetry.instrumentation.fastapi", None)
    monkeypatch.setenv("OTEL_METRICS_EXPORTER", "none")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    with pytest.raises(NoSuchEngine, match="needs opentelemetry-instrumentation-fastapi"):
        instrument(shop(), "shop", engine="opentelemetry")
