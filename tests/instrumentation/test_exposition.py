"""The metrics page."""

from __future__ import annotations

import json

import pytest
from fastapi import APIRouter, FastAPI
from prometheus_client import Counter
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as text

OPENMETRICS = (b"accept", b"application/openmetrics-text; version=1.0.0, text/plain;q=0.5")
NAME = "http_server_request_duration_seconds"


def shop():
    app = FastAPI()
    app.add_api_route("/x/{y}", lambda y: y)
    app.add_api_route("/healthz", lambda: 1)
    return app


def samples(page, parser):
    return [sample for family in parser(page.body.decode()) for sample in family.samples]


def test_counts_are_those_that_were_recorded(watch, call):
    """The page shows the count of each series, cumulative buckets and the sum, under Prometheus' names."""
    telemetry = watch(shop())
    for _ in range(3):
        call(telemetry.app, "/x/1")

    found = {
        (s.name, s.labels.get("le")): s
        for s in samples(call(telemetry.app, "/metrics"), text)
        if s.name.startswith(NAME)
    }
    assert found[f"{NAME}_count", None].value == 3
    assert found[f"{NAME}_bucket", "+Inf"].value == 3
    assert found[f"{NAME}_count", None].labels == {
        "http_request_method": "GET", "http_route": "/x/{y}", "http_response_status_code": "200", "url_scheme": "http",
        "network_protocol_version": "1.1",
    }  # fmt: skip


def test_exemplars_stand_in_openmetrics_only(watch, call):
    """OpenMetrics names a trace in the bucket it fell into; the text format can't, and stays valid."""
    telemetry = watch(shop(), OTEL_TRACES_EXPORTER="otlp", make=lambda target: None)
    call(telemetry.app, "/x/1")
    (span,) = telemetry._spans.take(9)

    page = call(telemetry.app, "/metrics", headers=[OPENMETRICS])
    assert page.headers[b"content-type"].startswith(b"application/openmetrics-text")
    (exemplar,) = [s.exemplar for s in samples(page, openmetrics) if s.exemplar]
    assert exemplar.labels == {"trace_id": f"{span.context.trace_id:032x}", "span_id": f"{span.context.span_id:016x}"}

    plain = call(telemetry.app, "/metrics")
    assert plain.headers[b"content-type"].startswith(b"text/plain")
    assert b"trace_id" not in plain.body


def test_unsampled_requests_and_health_checks_leave_no_exemplar(watch, call):
    """An exemplar leads to a trace; where none is kept, there is none."""
    telemetry = watch(shop(), OTEL_TRACES_EXPORTER="otlp", make=lambda target: None)
    call(telemetry.app, "/x/1", headers=[(b"traceparent", b"00-65a1b2c3d4e5f60718293a4b5c6d7e8f-00f067aa0ba902b7-00")])
    call(telemetry.app, "/healthz")

    page = call(telemetry.app, "/metrics", headers=[OPENMETRICS])
    assert [s.exemplar for s in samples(page, openmetrics) if s.exemplar] == []


def test_the_page_itself_is_not_measured(watch, call, recorded):
    """A scrape is no request of the service."""
    telemetry = watch(shop())
    call(telemetry.app, "/metrics")
    assert call(telemetry.app, "/metrics", method="HEAD").body == b""

    assert recorded(telemetry) == {}


def test_process_self_and_own_metrics_are_there(watch, call):
    """Process metrics, the instrumentation's own counters, and whatever else is registered stand on the page."""
    telemetry = watch(shop())
    Counter("shop_orders", "Orders.", registry=telemetry.registry).inc(4)
    found = {s.name: s.value for s in samples(call(telemetry.app, "/metrics"), text)}

    assert found["shop_orders_total"] == 4
    assert found["fournines_service_up"] == 1
    assert found["fournines_dropped_events_total"] == 0
    assert found["fournines_dropped_spans_total"] == 0
    assert found["fournines_batches_waiting"] == 0
    assert "process_resident_memory_bytes" in found
    assert "target_info" in found


def test_active_requests_and_failures_are_shown(watch, call):
    """Requests in flight and failed exports are on the page."""
    app = shop()

    @app.get("/page")
    def page():
        return telemetry._exposition.page("")[0].decode()

    telemetry = watch(app)
    telemetry._health.add("fournines_export_failures", "metrics", 3)
    seen = json.loads(call(telemetry.app, "/page").body)
    found = {s.name: s for family in text(seen) for s in family.samples}

    assert found["http_server_active_requests"].value == 1
    assert found["fournines_export_failures_total"].labels == {"signal": "metrics"}
    assert found["fournines_export_failures_total"].value == 3


@pytest.mark.parametrize(("path", "asked", "status"), [
    ("/internal/metrics", "/internal/metrics", 200), ("/internal/metrics", "/metrics", 404), (None, "/metrics", 404),
])  # fmt: skip
def test_path_by_argument(watch, call, path, asked, status):
    """The page stands where the argument says; None is nowhere."""
    telemetry = watch(shop(), metrics_path=path)

    assert call(telemetry.app, asked).status == status


def test_a_page_of_the_application_s_own_is_left_alone(watch, call, recorded):
    """An application that has a route of that path keeps it."""
    app = shop()
    telemetry = watch(app)
    app.add_api_route("/metrics", lambda: "mine")

    assert call(app, "/metrics").body == b'"mine"'
    assert recorded(telemetry) == {("GET", "/metrics", 200, None): 1}


@pytest.mark.parametrize(("route", "own"), [("/metrics", True), ("/{page}", False)])
def test_a_page_of_an_included_router_is_left_alone(watch, call, route, own):
    """A router's page is the application's own too; a route that takes any path is not."""
    app, router = FastAPI(), APIRouter()
    router.add_api_route(route, lambda: "mine")
    app.include_router(router)
    watch(app)

    assert (call(app, "/metrics").body == b'"mine"') is own


def test_page_behind_a_root_path(watch, call):
    """Behind a proxy's prefix, which servers put in front of the path, the page is still found."""
    telemetry = watch(shop())

    assert call(telemetry.app, "/api/metrics", root_path="/api").status == 200


def test_series_are_bounded(watch, recorded):
    """Beyond the limit a series loses its route: counts stay whole, memory stays bounded."""
    from fournines.instrumentation.red import Red

    red = Red((0.1,), limit=10)
    for number in range(100):
        red.record(("GET", "http", f"/{number}", 200, None, "1.1"), 0.05)

    assert sum(sum(total.counts) for total in red.totals()) == 100
    assert len(red.totals()) == 11
    assert red.overflowed == 90
