"""Counts on their way to a collector: every one arrives once, or is dropped and counted."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from fournines.instrumentation import names
from fournines.instrumentation.clock import FakeClock
from fournines.instrumentation.export.transport import Attempt, FakeTransport, Outcome

SHORT = {"OTEL_METRIC_EXPORT_INTERVAL": "50"}


def shop():
    def fail(request):
        raise ValueError

    return Starlette(routes=[Route("/ok", lambda request: PlainTextResponse("ok")), Route("/fail", fail)])


RETRY = Attempt(Outcome.RETRY, "HTTP 503")
REFUSED = Attempt(Outcome.REFUSED, "HTTP 400")


@pytest.fixture
def bench(watch):
    """An instrumented shop whose export thread never runs: the test is the thread, and owns the time."""
    clock = FakeClock()
    transports = {}

    def make(target):
        return transports.setdefault(target.signal, FakeTransport())

    telemetry = watch(
        shop(), clock=clock, make=make, runs=False, OTEL_METRICS_EXPORTER="otlp", OTEL_TRACES_EXPORTER="otlp",
    )  # fmt: skip
    telemetry.clock, telemetry.metrics, telemetry.traces = clock, transports["metrics"], transports["traces"]
    return telemetry


@pytest.fixture
def requests(bench, async_call):
    """So many requests, one after the other; `then` is done after each."""

    async def made(number, then):
        for _ in range(number):
            await async_call(bench.app, "/ok")
            then()

    return lambda number, then=lambda: None: asyncio.run(made(number, then))


@pytest.fixture
def each_second(bench, requests):
    """For so many seconds a request in each, and a look of the export thread's."""

    def passes():
        bench._exporter.tick()
        bench.clock.now += 1

    return lambda seconds: requests(seconds, passes)


def counted(rx, bodies):
    """What a collector counts that knows a repeat by its bytes."""
    return sum(p.count for body in dict.fromkeys(bodies) for p in rx.duration_points(rx.decoded_metrics(body)))


def test_every_request_is_counted_once(watch, call, receiver):
    """Requests made = requests counted, with the attributes of the conventions, over both protocols."""
    telemetry = watch(shop(), receiver, **SHORT)
    for _ in range(7):
        call(telemetry.app, "/ok")
    call(telemetry.app, "/fail")

    assert telemetry.flush() is True
    assert receiver.count() == 8
    assert telemetry.shutdown() is True


def test_point_says_what_the_conventions_ask_for(watch, call, http_receiver, rx):
    """Unit, temporality, boundaries and attributes are those of the semantic conventions."""
    telemetry = watch(shop(), http_receiver, FOURNINES_LATENCY_THRESHOLDS="0.12,3")
    call(telemetry.app, "/ok")
    telemetry.flush()

    (metric,) = [m for r in http_receiver.metrics() for m in rx.metrics_named(r, rx.DURATION)]
    (point,) = metric.histogram.data_points
    assert metric.unit == "s"
    assert metric.histogram.aggregation_temporality == 1
    assert list(point.explicit_bounds) == [
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 3.0, 5.0, 7.5, 10.0,
    ]  # fmt: skip
    assert len(point.bucket_counts) == len(point.explicit_bounds) + 1
    assert rx.labels(point) == {
        "http.request.method": "GET", "http.route": "/ok", "http.response.status_code": 200, "url.scheme": "http",
        "network.protocol.version": "1.1",
    }  # fmt: skip
    assert point.start_time_unix_nano < point.time_unix_nano
    assert len(point.exemplars) == 1
    assert len(point.exemplars[0].trace_id) == 16


def test_503s_and_lost_answers_neither_lose_nor_double(watch, call, receiver):
    """Through refusals and answers that got lost the same bytes come again, and all is counted once."""
    receiver.script = [("503", {}), ("drop", {}), ("drop", {}), ("503", {})]
    telemetry = watch(shop(), receiver)
    for _ in range(20):
        call(telemetry.app, "/ok")
    while not telemetry.flush():
        pass
    call(telemetry.app, "/ok")

    assert telemetry.shutdown(10) is True
    assert receiver.count() == 21
    first = receiver.bodies["metrics"][0]
    assert receiver.bodies["metrics"][:5] == [first] * 5
    assert receiver.ups()[-1] == 0


def test_nothing_is_lost_while_the_collector_is_away(bench, each_second, rx):
    """Nine minutes of absence: every batch waits, and all arrive, in order, each under its own interval."""
    bench.metrics.answer = RETRY
    each_second(540)
    waiting = bench._exporter.waiting
    bench.metrics.sent.clear()
    bench.metrics.answer = Attempt(Outcome.ACCEPTED)
    for _ in range(6):
        bench._exporter.tick()
        bench.clock.now += 1

    assert 40 <= waiting <= 60
    assert counted(rx, bench.metrics.sent) == 540
    points = [p for body in bench.metrics.sent for p in rx.duration_points(rx.decoded_metrics(body))]
    assert all(a.time_unix_nano <= b.start_time_unix_nano for a, b in itertools.pairwise(points))
    assert max(p.time_unix_nano - p.start_time_unix_nano for p in points) <= 11e9
    assert bench._health.count(names.PROM_DROPPED_EVENTS) == 0


def test_what_is_ten_minutes_old_is_dropped_and_counted(bench, each_second, rx):
    """Made = counted + dropped, and only batches sealed 10 minutes ago are dropped."""
    bench.metrics.answer = RETRY
    each_second(900)
    bench.metrics.sent.clear()
    bench.metrics.answer = Attempt(Outcome.ACCEPTED)
    bench.clock.now += 10
    bench._exporter.tick()

    dropped = bench._health.count(names.PROM_DROPPED_EVENTS)
    assert 290 <= dropped <= 315
    assert counted(rx, bench.metrics.sent) + dropped == 900


def test_a_batch_dies_at_ten_minutes_and_not_before(bench, call):
    """One second before its tenth minute a batch is still sent; at it, it is given up."""
    bench.metrics.answer = RETRY
    call(bench.app, "/ok")
    bench._exporter.tick()
    bench.clock.now += 599
    bench._exporter._outbox.push(bench.clock.now + 1)
    assert bench._health.count(names.PROM_DROPPED_EVENTS) == 0

    bench.clock.now += 1
    bench._exporter._outbox.push(bench.clock.now + 1)
    assert bench._health.count(names.PROM_DROPPED_EVENTS) == 1


def test_a_refused_batch_is_dropped_and_counted(bench, call):
    """400 says that sending it again helps nobody: dropped, counted, and the next one goes out."""
    bench.metrics.answer = [REFUSED, Attempt(Outcome.ACCEPTED)]
    call(bench.app, "/ok")
    bench._exporter.tick()
    call(bench.app, "/ok")
    bench.clock.now += 5
    bench._exporter.tick()

    assert bench._health.count(names.PROM_DROPPED_EVENTS) == 1
    assert bench._health.count(names.PROM_DROPPED_BATCHES, "metrics") == 1
    assert bench._health.count(names.PROM_EXPORTS, "metrics") == 1


@pytest.mark.parametrize(("status", "outcome"), [
    ("400", Outcome.REFUSED), ("404", Outcome.REFUSED), ("413", Outcome.REFUSED), ("301", Outcome.REFUSED),
    ("408", Outcome.RETRY), ("429", Outcome.RETRY), ("500", Outcome.RETRY), ("503", Outcome.RETRY),
    ("200", Outcome.ACCEPTED), ("drop", Outcome.RETRY),
])  # fmt: skip
def test_which_http_answers_are_tried_again(http_receiver, status, outcome):
    """5xx, 408, 429 and broken connections are tried again; other answers but 2xx are not."""
    from fournines.instrumentation.config.target import Target
    from fournines.instrumentation.export.transport import transport

    http_receiver.script = [(status, {"Retry-After": "7"})]
    way = transport(Target("metrics", "http/protobuf", http_receiver.endpoint + "/v1/metrics"))
    answer = way.send(b"", 5, 0.0)
    way.close()

    assert answer.outcome is outcome
    assert answer.retry_after == (7.0 if status in ("408", "429", "500", "503") else 0.0)


def test_back_off_grows_to_five_seconds_and_honours_retry_after(bench, call):
    """1, 2, 4, 5, 5 s; a longer Retry-After counts, but a minute at most."""
    bench.metrics.answer = RETRY
    box = bench._exporter._outbox
    bench._exporter.tick()
    waits = []
    for _ in range(5):
        waits.append(box.next_attempt - bench.clock.now)
        bench.clock.now = box.next_attempt
        box.push(bench.clock.now + 1)
    assert waits == [1.0, 2.0, 4.0, 5.0, 5.0]

    for said, waited in ((9.0, 9.0), (3600.0, 60.0)):
        bench.metrics.answer = Attempt(Outcome.RETRY, "HTTP 503", retry_after=said)
        bench.clock.now = box.next_attempt
        box.push(bench.clock.now + 1)
        assert box.next_attempt - bench.clock.now == waited


def test_exports_every_five_seconds_and_one_second_after_a_failure(bench, call):
    """5 s apart when all is well; 1 s after the first failure."""
    start = bench.clock.now
    assert bench._exporter.tick() == start + 5

    call(bench.app, "/ok")
    assert bench._exporter.tick() == start + 5

    bench.clock.now += 2
    call(bench.app, "/fail")
    call(bench.app, "/fail")
    assert bench._exporter.tick() == start + 3
    assert len(bench.metrics.sent) == 1

    bench.clock.now += 1
    assert bench._exporter.tick() == start + 8
    assert len(bench.metrics.sent) == 2


def test_heartbeat_without_traffic(bench, rx):
    """Nobody calls: still an export every 5 s, saying that the service is up."""
    for _ in range(4):
        bench._exporter.tick()
        bench.clock.now += 5

    requests = [rx.decoded_metrics(body) for body in bench.metrics.sent]
    assert [rx.heartbeat(request) for request in requests] == [1, 1, 1, 1]
    assert all(not rx.duration_points(request) for request in requests)


def test_a_clock_set_back_makes_no_overlap(bench, call, rx, monkeypatch):
    """Intervals never overlap, also when the machine's wall clock jumps back."""
    wall = [1_000_000.0]
    monkeypatch.setattr(bench.clock, "wall", lambda: wall[0])
    for jump in (5, -60, 5, 70):
        call(bench.app, "/ok")
        bench._exporter.tick()
        bench.clock.now += 5
        wall[0] += jump

    points = [p for body in bench.metrics.sent for p in rx.duration_points(rx.decoded_metrics(body))]
    assert len(points) == 4
    assert all(p.start_time_unix_nano < p.time_unix_nano for p in points)
    assert all(a.time_unix_nano <= b.start_time_unix_nano for a, b in itertools.pairwise(points))


def test_a_clock_that_was_an_hour_ahead_leaves_no_counts_in_the_future(bench, call, rx, monkeypatch):
    """Once a wrong clock is put right, intervals end now: what lay an hour ahead no collector would count."""
    wall = [1_000_000.0]
    monkeypatch.setattr(bench.clock, "wall", lambda: wall[0])
    for jump in (5, -3600, 5, 5):
        call(bench.app, "/ok")
        bench._exporter.tick()
        bench.clock.now += 5
        wall[0] += jump

    points = [p for body in bench.metrics.sent for p in rx.duration_points(rx.decoded_metrics(body))]
    assert [p.time_unix_nano // 10**9 for p in points] == [1_000_000, 1_000_005, 996_405, 996_410]
    assert [p.count for p in points] == [1, 1, 1, 1]
    assert points[2].time_unix_nano - points[2].start_time_unix_nano == 5 * 10**9
    assert points[3].start_time_unix_nano == points[2].time_unix_nano


def test_good_bye_is_the_last_word(watch, call, receiver):
    """The heartbeat is 1 until the end, 0 once, and shutting down again says nothing more."""
    telemetry = watch(shop(), receiver)
    call(telemetry.app, "/ok")

    assert telemetry.shutdown() is True
    assert telemetry.shutdown() is True
    assert receiver.ups()[-1] == 0
    assert set(receiver.ups()[:-1]) <= {1}
    assert receiver.count() == 1

    call(telemetry.app, "/ok")
    assert telemetry._worker.thread is None


def test_a_hanging_collector_costs_requests_nothing_and_shutdown_its_deadline(watch, call, http_receiver):
    """Requests are answered while an export hangs, and the end of the service waits no longer than told."""
    http_receiver.script = [("hang", {})] * 3
    telemetry = watch(shop(), http_receiver, **SHORT)
    call(telemetry.app, "/ok")
    http_receiver.wait_for(lambda r: len(r.bodies["metrics"]) == 1)
    for _ in range(50):
        assert call(telemetry.app, "/ok").status == 200

    assert telemetry.shutdown(0.2) is False
    http_receiver.release.set()
    telemetry._worker._ended.join(20)
    assert not telemetry._worker._ended.is_alive()


def test_resource_names_the_process(watch, http_receiver, rx):
    """Service, instance, process and distribution are said with every export; the argument beats the environment."""
    env = {
        "OTEL_SERVICE_NAME": "other",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=prod%20eu,service.name=third",
    }
    telemetry = watch(shop(), http_receiver, service="shop", **env)
    telemetry.flush()

    said = rx.labels(http_receiver.metrics()[0].resource_metrics[0].resource)
    assert said["service.name"] == "shop"
    assert said["deployment.environment.name"] == "prod eu"
    assert said["telemetry.distro.name"] == "fournines"
    assert said["telemetry.sdk.language"] == "python"
    assert len(said["service.instance.id"]) == 36
    assert said["process.pid"] > 0
    assert said["host.name"]


def test_headers_and_compression(watch, http_receiver, rx):
    """OTEL_EXPORTER_OTLP_HEADERS and _COMPRESSION do what the specification says, and a resent body stays the same."""
    http_receiver.script = [("503", {})]
    env = {"OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b,x=y", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}
    telemetry = watch(shop(), http_receiver, **env, **SHORT)
    telemetry.start()
    http_receiver.wait_for(lambda r: r.count() == 0 and len(r.bodies["metrics"]) >= 2)

    bodies = http_receiver.bodies["metrics"]
    assert bodies[0] == bodies[1]
    assert bodies[0][:2] == b"\x1f\x8b"
    assert http_receiver.headers[0]["api-key"] == "a b"
    assert http_receiver.headers[0]["Content-Encoding"] == "gzip"
    assert http_receiver.headers[0]["Content-Type"] == "application/x-protobuf"


def test_trouble_is_logged_once(bench, call, caplog):
    """A collector that is away for ten minutes is one warning, not six hundred; its return is told."""
    bench.metrics.answer = RETRY
    caplog.set_level("INFO", "fournines.instrumentation")
    for _ in range(300):
        bench._exporter.tick()
        bench.clock.now += 1
    assert len(caplog.records) == 1

    bench.metrics.answer = Attempt(Outcome.ACCEPTED)
    bench.clock.now += 10
    bench._exporter.tick()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_spans_wait_behind_the_counts(bench, requests):
    """Where the counts can't go no time is spent on spans; a full queue drops and counts."""
    bench.metrics.answer = RETRY
    requests(2100)
    bench._exporter.tick()

    assert bench.traces.sent == []
    assert bench._health.count(names.PROM_DROPPED_SPANS) == 52

    bench.metrics.answer = Attempt(Outcome.ACCEPTED)
    bench.clock.now += 10
    bench._exporter.tick()
    assert len(bench.traces.sent) == 4
    assert bench._exporter.waiting == 0
    assert len(bench._spans) == 0


def test_spans_that_have_no_way_out_wait_in_batches(watch, call):
    """Where the transport's package is not there, what waits is told as all that waits is: nine spans of four a batch are three."""
    telemetry = watch(
        shop(), make=lambda target: None, runs=False, OTEL_TRACES_EXPORTER="otlp", OTEL_BSP_MAX_EXPORT_BATCH_SIZE="4"
    )
    for _ in range(9):
        call(telemetry.app, "/ok")
    telemetry._exporter.tick()

    assert len(telemetry._spans) == 9
    assert telemetry._exporter.waiting == 3


def test_partial_success_is_counted(bench, call):
    """What an accepting collector rejected is counted as rejected, and not sent again."""
    bench.metrics.answer = Attempt(Outcome.ACCEPTED, rejected=3)
    bench._exporter.tick()

    assert bench._health.count(names.PROM_REJECTED, "metrics") == 3
    assert bench._exporter.waiting == 0


def test_lost_thread_of_ours_never_ends_the_exports(bench, call, caplog):
    """A fault of ours in one export is counted, and the next export happens."""
    from fournines.instrumentation.export.worker import Worker

    def broken():
        raise RuntimeError

    worker = Worker(bench.clock, bench._health)
    assert worker._guarded(broken, default=7) == 7
    assert bench._health.count(names.PROM_ERRORS, "export") == 1


def test_grpc_without_its_package_is_one_clear_line(monkeypatch, caplog):
    """Without grpcio the log names the extra that brings it, and the service runs on."""
    import sys

    from fournines.instrumentation.config.target import Target
    from fournines.instrumentation.export.transport import transport

    monkeypatch.setitem(sys.modules, "grpc", None)

    assert transport(Target("metrics", "grpc", "http://localhost:4317")) is None
    assert "fournines[grpc]" in caplog.text


def test_a_span_that_can_t_be_encoded_goes_alone(watch, call, http_receiver):
    """Text that is no UTF-8 in one span costs that span, and is counted; the others arrive."""
    from opentelemetry import trace

    app = FastAPI()

    @app.get("/{text}")
    async def note(text: str):
        trace.get_current_span().set_status(trace.StatusCode.ERROR, "\ud800" if text == "bad" else text)

    telemetry = watch(app, http_receiver)
    for text in ("good", "bad", "fine"):
        call(app, f"/{text}")

    assert telemetry.flush()
    assert len(http_receiver.spans()) == 2
    assert telemetry._health.count("fournines_dropped_spans") == 1
