"""It never hurts: with the collector gone, hanging or senseless, requests go on, what waits is bounded, and what is lost is counted."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import threading
import weakref

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from fournines.instrumentation import names, providers
from fournines.instrumentation.counts.red import MOST
from fournines.instrumentation.export.transport import Attempt, Outcome
from fournines.instrumentation.tracing.requestspan import RequestSpan
from fournines.instrumentation.tracing.spanqueue import BREATH, LIGHT, MOST_BYTES
from fournines.instrumentation.tracing.unwanted import Unwanted

PARENT = (b"traceparent", b"00-65a1b2c3d4e5f60718293a4b5c6d7e8f-00f067aa0ba902b7-00")
SPANS = {"OTEL_TRACES_EXPORTER": "otlp"}


def shop(say=lambda request: None):
    def ok(request):
        say(request)
        return PlainTextResponse("ok")

    async def soon(request):
        say(request)
        return PlainTextResponse("ok")

    return Starlette(routes=[Route("/ok", ok), Route("/soon", soon)])


class Hangs:
    """A transport whose every attempt lasts until it is let go."""

    def __init__(self):
        self.reached, self.release = threading.Event(), threading.Event()

    def send(self, body, timeout, now):
        self.reached.set()
        self.release.wait(60)
        return Attempt(Outcome.ACCEPTED)

    def close(self):
        pass

    def abandon(self):
        pass


def requests(async_call, app, number, path="/soon", **kwargs):
    """So many requests, one after the other, on one loop."""

    async def ask():
        return [(await async_call(app, path, **kwargs)).status for _ in range(number)]

    return asyncio.run(ask())


def total(telemetry):
    return sum(sum(series.counts) for series in telemetry._red.totals())


def shown(call, telemetry, name):
    """A counter's value on the metrics page."""
    lines = call(telemetry.app, "/metrics").body.decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


def test_requests_are_answered_and_counted_while_an_export_hangs(watch, async_call):
    """With the export thread stuck in the network nobody waits, nothing is left uncounted, and what waits for it is bounded."""
    hangs = Hangs()
    telemetry = watch(shop(), make=lambda target: hangs, OTEL_METRICS_EXPORTER="otlp", **SPANS)
    telemetry.start()
    assert hangs.reached.wait(20)

    assert requests(async_call, telemetry.app, MOST + 200) == [200] * (MOST + 200)
    assert len(telemetry._red.ended) <= MOST
    assert total(telemetry) == MOST + 200
    assert telemetry.shutdown(0.1) is False
    hangs.release.set()
    telemetry._worker._ended.join(20)


def test_requests_count_themselves_where_no_thread_does(watch, async_call):
    """Without an export thread (none may be had) the requests that wait to be counted stay a bounded number, and none is lost."""
    telemetry = watch(shop(), runs=False)
    requests(async_call, telemetry.app, MOST + 100)

    assert len(telemetry._red.ended) <= MOST
    assert total(telemetry) == MOST + 100


def test_counts_are_exact_whoever_counts(watch, async_call):
    """Requests of several threads, and readers that count what is over at the same time: nothing is lost or counted twice."""
    telemetry, sums, done = watch(shop()), [], threading.Event()

    def read():
        while not done.is_set():
            sums.append(total(telemetry))
            telemetry._red.seal(0.0)

    threads = [threading.Thread(target=requests, args=(async_call, telemetry.app, 300)) for _ in range(4)]
    readers = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads + readers:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()

    assert total(telemetry) == 1200
    assert telemetry._red.active() == {("GET", "http"): 0}
    assert max(sums) <= 1200


@pytest.mark.parametrize("how", ["refused", "garbage", "503", "lost"])
def test_an_outage_is_one_warning_and_a_number_on_the_page(watch, call, rx, caplog, how):
    """Whatever a collector does wrong, it is said once a signal at most; failures and drops stand at /metrics."""
    caplog.set_level(logging.INFO, "fournines.instrumentation")
    made, settings = None, {}
    if how == "refused":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{free.getsockname()[1]}"
    elif how == "garbage":
        made = _Garbage()
        settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = made.endpoint
    else:
        made = rx.HttpReceiver()
        made.script = [(503 if how == "503" else "drop", {})] * 500
        settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = made.endpoint
    telemetry = watch(shop(), OTEL_METRICS_EXPORTER="otlp", OTEL_BSP_MAX_QUEUE_SIZE="20", **SPANS, **settings)
    for _ in range(3):
        for _ in range(20):
            assert call(telemetry.app, "/ok").status == 200
        telemetry.flush(2)

    assert shown(call, telemetry, "fournines_export_failures_total") >= 3
    assert shown(call, telemetry, "fournines_dropped_spans_total") == 40
    told = [record.getMessage() for record in caplog.records if record.name == "fournines.instrumentation"]
    assert len(told) == 1, told
    assert told[0].startswith(
        f"fournines can't send metrics now ({settings['OTEL_EXPORTER_OTLP_ENDPOINT']}/v1/metrics: "
    )
    assert "`fournines serve` starts a collector, OTEL_EXPORTER_OTLP_ENDPOINT says where one is" in told[0]
    telemetry.shutdown(0.2)
    telemetry._worker._ended.join(20)
    if made is not None:
        made.close()


class _Garbage:
    """A server that answers everything with bytes that are no HTTP."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                taken, _ = self._socket.accept()
            except OSError:
                return
            with taken:
                taken.recv(65536)
                taken.sendall(b"\x00\xff\x16\x03garbage\r\n\r\n" * 10)

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(20)


def test_what_spans_were_told_is_bounded(watch, async_call):
    """Spans with a megabyte of attributes each wait until their bytes are enough; the rest is dropped and counted; taking makes room."""
    size = 1024 * 1024
    telemetry = watch(
        shop(lambda request: trace.get_current_span().set_attribute("body", "x" * size)),
        make=lambda target: None,
        **SPANS,
    )
    requests(async_call, telemetry.app, 20)

    held = len(telemetry._spans)
    assert held == MOST_BYTES // size - 1
    assert telemetry._health.count(names.PROM_DROPPED_SPANS) == 20 - held
    assert total(telemetry) == 20
    telemetry._spans.take(held)
    requests(async_call, telemetry.app, 3)
    assert len(telemetry._spans) == 3


@pytest.mark.parametrize("value", [["x" * 9, "y" * 9] * 300, {"a": {"b": "x" * 5000}}])
def test_a_span_s_weight_is_what_it_was_told_however_nested(watch, call, value):
    """Lists and maps, of the request's span, of its events and of its children, are weighed by what is in them."""

    def say(request):
        with trace.get_tracer("library").start_as_current_span("inside") as child:
            child.add_event("said", {"v": value})
        trace.get_current_span().add_event("said", {"v": value})

    telemetry = watch(shop(say), make=lambda target: None, **SPANS)
    call(telemetry.app, "/ok")

    assert [weight > LIGHT for weight in telemetry._spans._heavy.values()] == [True] * len(telemetry._spans)


def test_spans_that_wait_hold_nothing_of_the_application_s(watch, call):
    """The request's state (of any size) is not kept until the export; of many that wait, the headers are not either."""

    class Big:
        pass

    held = []

    def say(request):
        request.state.big = Big()
        held.append(weakref.ref(request.state.big))

    telemetry = watch(shop(say), make=lambda target: None, OTEL_BSP_MAX_EXPORT_BATCH_SIZE="2", **SPANS)
    for _ in range(4):
        call(telemetry.app, "/ok", headers=[(b"x-big", b"x" * 1000), (b"user-agent", b"me")], state={})
    gc.collect()

    assert [one() for one in held] == [None] * 4
    assert len(telemetry._spans) == 4
    waiting = [dict(span.scope["headers"]) for span in telemetry._spans._spans]
    assert [b"x-big" in headers for headers in waiting] == [True, True, False, False]
    assert {span.attributes["user_agent.original"] for span in telemetry._spans.take(9)} == {"me"}


def test_an_application_nobody_holds_goes_with_what_waits(watch, call):
    """Requests that wait to be counted hold no application."""
    telemetry = watch(shop(), runs=False)
    call(telemetry.app, "/soon")
    assert len(telemetry._red.ended) == 1
    for entry in telemetry._red.ended:
        assert not any(found is telemetry._instruments for found in gc.get_referents(entry, *entry))


def test_a_batch_on_its_way_lets_requests_in_between(watch, async_call, monkeypatch):
    """Writing, redacting and encoding spans each let go of the interpreter every few spans: requests need not ask for it back."""
    taken = []
    telemetry = watch(shop(), make=lambda target: Hangs(), runs=False, **SPANS)
    requests(async_call, telemetry.app, 64)
    monkeypatch.setattr("fournines.instrumentation.tracing.spanqueue.sleep", taken.append)
    (export,) = telemetry._exporter._ways.beside
    body, told = export._encoded({}, export._redacted(telemetry._spans.take(64)))
    assert body
    assert told == 64

    assert taken == [0] * (3 * 64 // BREATH)


def test_what_can_not_be_counted_is_told_and_hides_no_others(watch, call):
    """A request of which a server says what no count can be kept of is an error of ours on the page, beside the others' counts."""
    telemetry = watch(shop())
    call(telemetry.app, "/ok")
    assert call(telemetry.app, "/ok", http_version=["1.1"]).status == 200
    call(telemetry.app, "/ok")

    assert total(telemetry) == 2
    assert telemetry._health.count(names.PROM_ERRORS, "report") == 1
    assert shown(call, telemetry, "http_server_request_duration_seconds_count") == 2


def test_a_child_leaves_to_its_parent_what_waits(watch, call):
    """What was over and not yet counted at a fork is the parent's to count."""
    telemetry = watch(shop(), runs=False)
    call(telemetry.app, "/ok")
    assert telemetry._red.ended
    telemetry._exporter.forget()

    assert total(telemetry) == 0
    call(telemetry.app, "/ok")
    assert total(telemetry) == 1


@pytest.mark.parametrize(
    ("settings", "headers", "parent"),
    [
        ({"OTEL_TRACES_SAMPLER": "always_off"}, (), 0),
        ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"}, (), 0),
        ({"OTEL_TRACES_SAMPLER": "parentbased_always_on"}, (PARENT,), 0x65A1B2C3D4E5F60718293A4B5C6D7E8F),
    ],
)
def test_of_what_a_sampler_refused_nothing_is_built(watch, call, recorded, monkeypatch, settings, headers, parent):
    """No recording span, nothing for the export thread; ids for those below, the same whenever they are asked for; and the count."""
    seen, made = [], []
    begun = RequestSpan.__init__
    monkeypatch.setattr(RequestSpan, "__init__", lambda *args: (made.append(1), begun(*args))[1])

    def say(request):
        span = trace.get_current_span()
        span.set_attribute("a", 1)
        span.record_exception(ValueError())
        span.end()
        seen.append((span, span.get_span_context()))

    telemetry = watch(shop(say), make=lambda target: None, **SPANS, **settings)
    call(telemetry.app, "/ok", headers=headers)

    (span, context), *_ = seen
    assert isinstance(span, Unwanted)
    assert context.is_valid
    assert context == span.get_span_context()
    assert f"{context.span_id:#018x}" in repr(span) or str(context.span_id) in repr(span)
    assert not span.is_recording()
    assert not context.trace_flags.sampled
    assert not parent or context.trace_id == parent
    assert made == []
    assert len(telemetry._spans) == 0
    assert recorded(telemetry) == {("GET", "/ok", 200, None): 1}


def test_a_processor_of_others_sees_requests_also_where_nothing_is_exported(watch, call, monkeypatch):
    """`OTEL_TRACES_EXPORTER=none` with a processor of one's own on our provider: it is shown every request, and nothing piles up."""
    monkeypatch.setattr(providers, "global_provider", lambda: None)
    monkeypatch.setattr(trace, "set_tracer_provider", lambda provider: None)
    telemetry, memory = watch(shop(), clients=False), InMemorySpanExporter()
    call(telemetry.app, "/ok")
    assert len(telemetry._spans) == 0

    telemetry._instruments.provider.add_span_processor(SimpleSpanProcessor(memory))
    call(telemetry.app, "/ok")
    call(telemetry.app, "/soon")
    assert telemetry.flush()

    assert sorted(span.name for span in memory.get_finished_spans()) == ["GET /ok", "GET /soon"]
    assert len(telemetry._spans) == 0
    assert telemetry._health.count(names.PROM_DROPPED_SPANS) == 0
