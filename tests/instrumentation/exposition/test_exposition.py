"""The metrics page."""

from __future__ import annotations

import gzip
import json
import pickle
import threading

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


def test_gzip_where_it_is_accepted(watch, call):
    """A body is compressed for who accepts it, and said to be; its content is the page."""
    telemetry = watch(shop())
    page = call(telemetry.app, "/metrics", headers=[(b"accept-encoding", b"gzip, deflate")])
    assert page.headers[b"content-encoding"] == b"gzip"
    assert page.headers[b"content-length"] == b"%d" % len(page.body)
    assert b"fournines_service_up 1.0" in gzip.decompress(page.body)

    assert b"content-encoding" not in call(telemetry.app, "/metrics").headers


def test_head_is_get_without_a_body(watch, call):
    """HEAD has the headers of GET, and no body."""
    telemetry = watch(shop())
    head, get = (call(telemetry.app, "/metrics", method=method) for method in ("HEAD", "GET"))

    assert head.headers.keys() == get.headers.keys()
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers[b"content-length"]) > 1000


@pytest.mark.parametrize("authorization", [
    None, b"", b"Bearer", b"Bearer ", b"Bearer wrong", b"Bearer s3cret2", b"Basic s3cret", b"s3cret", b"bearer\xff", b"Bearer s3crex",
])  # fmt: skip
def test_who_does_not_show_the_token_sees_nothing(watch, call, authorization):
    """Without the token the answer is 401, what is asked for is said, and the refusal is counted; the page is not shown."""
    telemetry = watch(shop(), FOURNINES_METRICS_TOKEN="s3cret")
    headers = [] if authorization is None else [(b"authorization", authorization)]
    refused = call(telemetry.app, "/metrics", headers=headers)

    assert (refused.status, refused.headers[b"www-authenticate"]) == (401, b'Bearer realm="metrics"')
    assert b"fournines" not in refused.body
    assert telemetry._health.count("fournines_scrapes_refused", "token") == 1


def test_who_shows_the_token_sees_the_page_and_nobody_sees_the_token(watch, call):
    """With the token the page is shown; no configuration that is printed shows the token."""
    telemetry = watch(shop(), FOURNINES_METRICS_TOKEN="s3cret")
    page = call(telemetry.app, "/metrics", headers=[(b"authorization", b"bearer s3cret")])

    assert page.status == 200
    assert b"s3cret" not in page.body
    assert "s3cret" not in repr(telemetry._config)
    assert b"s3cret" not in pickle.dumps(telemetry._config.page)


def test_a_collector_that_fails_costs_only_its_own_lines(watch, call):
    """What is registered with the page may raise: the rest is shown, the fault counted and said once."""

    class Broken:
        def collect(self):
            raise RuntimeError("no database")

    telemetry = watch(shop())
    telemetry.registry.register(Broken())
    found = {(s.name, *s.labels.values()): s.value for s in samples(call(telemetry.app, "/metrics"), text)}
    found = {(s.name, *s.labels.values()): s.value for s in samples(call(telemetry.app, "/metrics"), text)}

    assert found["fournines_service_up",] == 1
    assert found["fournines_instrumentation_errors_total", "collector"] >= 1


def test_a_page_that_can_t_be_made_is_answered(watch, call):
    """A metric that no format can tell makes a 500, counted, and no exception in the server."""
    telemetry = watch(shop())
    Counter("shop_orders", "Orders.", ["shop"], registry=telemetry.registry).labels("\ud800").inc()

    assert call(telemetry.app, "/metrics").status == 500
    assert telemetry._health.count("fournines_instrumentation_errors", "page") == 1


@pytest.mark.parametrize("shared", [False, True])
def test_names_of_ours_stand_once(watch, call, tmp_path, shared):
    """A metric registered under a name of the page's own hurts nobody: ours is shown, once, and the page stays one."""
    telemetry = watch(shop(), **({"FOURNINES_METRICS_DIR": str(tmp_path)} if shared else {}))
    Counter("fournines_dropped_events", "Mine.", registry=telemetry.registry).inc(7)
    Counter("http_server_request_duration_seconds", "Mine.", registry=telemetry.registry).inc(7)
    call(telemetry.app, "/x/1")
    page = call(telemetry.app, "/metrics", headers=[OPENMETRICS])
    found = [s for s in samples(page, openmetrics) if s.name in ("fournines_dropped_events_total", f"{NAME}_total")]

    assert [0] == [sample.value for sample in found]


def test_too_many_scrapes_at_once_are_told_to_come_back(watch, call):
    """Pages in the making are few, whoever asks: one more is a 503, counted, and the service goes on."""
    telemetry = watch(shop())
    held, go = threading.Semaphore(0), threading.Event()

    class Slow:
        def collect(self):
            held.release()
            go.wait(20)
            return []

    slow = Slow()
    telemetry.registry.register(slow)
    threads = [threading.Thread(target=call, args=(telemetry.app, "/metrics")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert held.acquire(timeout=20)
    refused = call(telemetry.app, "/metrics")
    go.set()
    for thread in threads:
        thread.join()

    assert (refused.status, refused.headers[b"retry-after"]) == (503, b"5")
    assert call(telemetry.app, "/metrics").status == 200
    assert telemetry._health.count("fournines_scrapes_refused", "busy") == 1


def test_series_are_bounded(watch, recorded):
    """Beyond the limit a series loses its route: counts stay whole, memory stays bounded."""
    from fournines.instrumentation.counts.red import Red

    red = Red((0.1,), limit=10)
    for number in range(100):
        red.record(("GET", "http", f"/{number}", 200, None, "1.1"), 0.05)

    assert sum(sum(total.counts) for total in red.totals()) == 100
    assert len(red.totals()) == 11
    assert red.overflowed == 90
