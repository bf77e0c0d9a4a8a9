"""Logs and embedded metrics of an instrumented application, from the request to whoever reads them."""

from __future__ import annotations

import contextlib
import io
import json
import logging
from collections import Counter

import pytest
from fastapi import FastAPI

from fournines.instrumentation import InstrumentationError, JsonFormatter, instrument, names

CARD = "4111 1111 1111 1111"
log = logging.getLogger("shop.orders")


@pytest.fixture
def shop():
    """An application that logs."""
    app = FastAPI()

    @app.get("/order/{number}")
    def order(number: int):
        log.warning("order %d, card %s", number, CARD)
        return {}

    return app


def test_a_request_s_log_has_the_ids_of_its_span(watch, call, receiver, shop):
    """What an endpoint logs, also in its thread, arrives at the collector beside the span, under the same ids and resource."""
    telemetry = watch(shop, receiver, OTEL_LOGS_EXPORTER="otlp")
    call(telemetry.app, "/order/17")

    assert telemetry.flush() is True
    ((resource, scope, record),) = receiver.logs()
    (span,) = receiver.spans()
    assert (record.trace_id, record.span_id) == (span.trace_id, span.span_id)
    assert (scope.name, record.body.string_value) == ("shop.orders", "order 17, card REDACTED")
    assert {pair.key for pair in resource.attributes} >= {
        names.SERVICE_NAME,
        names.SERVICE_INSTANCE_ID,
        names.PROCESS_PID,
    }


def test_logs_leave_by_themselves(watch, call, http_receiver, shop):
    """One delay later, with no request after it, and the metrics none the less."""
    telemetry = watch(shop, http_receiver, OTEL_LOGS_EXPORTER="otlp", OTEL_BLRP_SCHEDULE_DELAY="50")
    call(telemetry.app, "/order/17")

    http_receiver.wait_for(lambda receiver: receiver.acknowledged["logs"])


def test_logs_wait_while_the_collector_is_away_and_arrive_once(watch, call, http_receiver, shop):
    """What waits for the counts' receiver is not dropped, and the thread does not spin meanwhile."""
    http_receiver.script = [("503", {}), ("503", {})]
    telemetry = watch(shop, http_receiver, OTEL_LOGS_EXPORTER="otlp")
    call(telemetry.app, "/order/17")
    while not telemetry.flush():
        pass

    assert len(http_receiver.logs()) == 1


def test_the_good_bye_takes_what_was_logged_last(watch, call, http_receiver, shop):
    """And after it nothing is taken any more."""
    telemetry = watch(shop, http_receiver, OTEL_LOGS_EXPORTER="otlp")
    call(telemetry.app, "/order/17")
    log.error("the last word")
    assert telemetry.shutdown() is True
    log.error("too late")

    assert [record.body.string_value for _, _, record in http_receiver.logs()] == [
        "order 17, card REDACTED",
        "the last word",
    ]


def test_dropped_records_are_on_the_metrics_page(watch, call, shop):
    """As are the lines of embedded metrics that were given up."""
    telemetry = watch(
        shop,
        None,
        OTEL_LOGS_EXPORTER="otlp",
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1",
        OTEL_BLRP_MAX_QUEUE_SIZE="1",
        runs=False,
    )
    log.error("one")
    log.error("two")
    page = call(telemetry.app, "/metrics").body.decode()

    assert "fournines_dropped_logs_total 1.0" in page
    assert "fournines_dropped_emf_events_total 0.0" in page


def test_a_switch_turns_consoles_to_json_and_back(watch, call, shop):
    """`telemetry.logs("json")`: one line an event, with the request's ids; `off` puts back what was there."""
    telemetry = watch(shop, None)
    root, out = logging.getLogger(), io.StringIO()
    handlers, root.handlers[:] = root.handlers[:], []
    try:
        with contextlib.redirect_stdout(out):
            telemetry.logs("json")
            call(telemetry.app, "/order/17")
            telemetry.logs("off")
            assert root.handlers == []
    finally:
        root.handlers[:] = handlers
    (said,) = map(json.loads, out.getvalue().splitlines())

    assert (said["message"], said["service.name"]) == ("order 17, card REDACTED", "shop")
    assert len(said["trace_id"]) == 32
    with pytest.raises(InstrumentationError):
        telemetry.logs("xml")


def test_the_one_line_may_say_it_too(call, shop, monkeypatch):
    """`instrument(app, logs="json")`; a word that is none of the three is told at once."""
    monkeypatch.setenv("OTEL_METRICS_EXPORTER", "none")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    with pytest.raises(InstrumentationError, match="jsn"):
        instrument(shop, logs="jsn")
    out, root = io.StringIO(), logging.getLogger()
    handlers, root.handlers[:] = root.handlers[:], []
    try:
        with contextlib.redirect_stdout(out):
            telemetry = instrument(shop, service="shop", logs="json")
            call(telemetry.app, "/order/17")
            telemetry.logs("off")
    finally:
        root.handlers[:] = handlers
        telemetry.shutdown(2)

    assert json.loads(out.getvalue())["logger"] == "shop.orders"


def test_a_formatter_of_one_s_own_is_public(shop):
    """Without any switch: for `dictConfig`, by its public name."""
    assert "severity" in json.loads(JsonFormatter().format(logging.makeLogRecord({"msg": "x"})))


def test_an_application_that_is_gone_leaves_no_handler_behind(watch, http_receiver):
    """Tests make many applications; none of them may go on hearing the root logger."""
    before = logging.getLogger().handlers[:]
    telemetry = watch(FastAPI(), http_receiver, OTEL_LOGS_EXPORTER="otlp")
    mine = set(logging.getLogger().handlers).difference(before)
    assert len(mine) == 1
    telemetry.start()
    telemetry.shutdown(2)

    assert mine.isdisjoint(logging.getLogger().handlers)


def test_embedded_metrics_say_what_was_counted(watch, call, shop, tmp_path):
    """The same requests that leave by OTLP, or alone where that is off; one line a flush and attribute set."""
    path = tmp_path / "emf.log"
    telemetry = watch(shop, None, FOURNINES_EMF=str(path))
    for _ in range(3):
        call(telemetry.app, "/order/17")
    call(telemetry.app, "/order/none")
    telemetry.flush()
    telemetry.flush()
    said = [json.loads(line) for line in path.read_text().splitlines()]

    counted = Counter[str]()
    for line in said:  # the first flush may come between two requests
        counted[line["http.response.status_code"]] += line["http.server.requests"]

    assert counted == {"200": 3, "422": 1}
    assert {line["http.route"] for line in said} == {"/order/{number}"}
    assert sum(line["http.server.request.duration"]["Count"] for line in said) == 4


def test_counts_leave_by_both_ways(watch, call, http_receiver, shop, tmp_path):
    """Embedded metrics take nothing from the counts that OTLP carries."""
    path = tmp_path / "emf.log"
    telemetry = watch(shop, http_receiver, FOURNINES_EMF=f"file://{path}")
    for _ in range(3):
        call(telemetry.app, "/order/17")
    telemetry.flush()

    assert http_receiver.count() == 3
    assert sum(json.loads(line)["http.server.requests"] for line in path.read_text().splitlines()) == 3


def test_the_export_s_own_http_is_not_logged_back(watch, http_receiver, shop):
    """With everything at DEBUG: what urllib3 says while the export thread sends is not exported in its turn."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.DEBUG)
    try:
        telemetry = watch(shop, http_receiver, OTEL_LOGS_EXPORTER="otlp")
        for _ in range(3):
            assert telemetry.flush() is True
    finally:
        root.setLevel(level)

    assert [
        record.body.string_value for _, _, record in http_receiver.logs() if "/v1/" in record.body.string_value
    ] == []
