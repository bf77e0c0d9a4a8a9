"""`telemetry.operation`: one span and one count of each piece of work, whatever it is written as and however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import logging
import threading

import pytest
from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from fournines.instrumentation import InstrumentationError, NotAnApplication, instrument
from fournines.instrumentation.logs.ids import ids_here
from fournines.instrumentation.telemetry import Telemetry

OPERATION = "fournines.operation.duration"


def test_every_form_is_one_span_and_one_count(worker, spans, counted):
    """A function, a coroutine, a block and an asynchronous block are measured alike."""
    telemetry = worker()

    @telemetry.operation("settle")
    def settle(amount):
        return amount

    @telemetry.operation("settle")
    async def settle_later(amount):
        return amount

    async def later():
        assert await settle_later(2) == 2
        async with telemetry.operation("settle"):
            pass

    assert settle(1) == 1
    asyncio.run(later())
    with telemetry.operation("settle"):
        pass

    assert counted(telemetry) == {(OPERATION, "settle"): 4}
    assert [(one.name, one.kind, one.parent) for one in spans(telemetry)] == [("settle", SpanKind.INTERNAL, None)] * 4


def test_a_decorated_function_looks_as_before(worker):
    """Name, documentation, signature and kind stay, so that frameworks which ask for them get them."""
    telemetry = worker()

    async def settle(amount: int) -> int:
        """Settles."""
        return amount

    measured = telemetry.operation("settle")(settle)

    assert (measured.__name__, measured.__doc__) == ("settle", "Settles.")
    assert inspect.signature(measured) == inspect.signature(settle)
    assert inspect.iscoroutinefunction(measured)


@pytest.mark.parametrize(
    "raised", [ValueError("no"), KeyboardInterrupt(), SystemExit(3), ExceptionGroup("g", [OSError()])]
)
def test_a_failure_is_counted_by_its_class_and_passed_on(worker, spans, counted, raised):
    """The very exception comes out; the span has its class as `error.type` and the status ERROR."""
    telemetry = worker()

    @telemetry.operation("settle")
    def settle():
        raise raised

    with pytest.raises(type(raised)) as caught:
        settle()

    assert caught.value is raised
    assert counted(telemetry) == {(OPERATION, "settle", type(raised).__name__): 1}
    (span,) = spans(telemetry)
    assert span.attributes["error.type"] == type(raised).__name__
    assert (span.status.status_code, span.status.description, span.events) == (StatusCode.ERROR, None, ())


@pytest.mark.parametrize("code", [None, 0])
def test_a_process_that_ends_well_has_done_its_work(worker, counted, code):
    """`sys.exit()` and `sys.exit(0)` are no failures."""
    telemetry = worker()

    with pytest.raises(SystemExit), telemetry.operation("nightly"):
        raise SystemExit(code)

    assert counted(telemetry) == {(OPERATION, "nightly"): 1}


def test_what_was_cancelled_is_no_event(worker, spans, counted):
    """A cancelled task is counted neither as good nor as bad; its span says that it was cancelled."""
    telemetry = worker()

    @telemetry.operation("settle")
    async def settle():
        await asyncio.sleep(30)

    async def cancelled():
        task = asyncio.create_task(settle())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())

    assert counted(telemetry) == {}
    (span,) = spans(telemetry)
    assert span.attributes["fournines.cancelled"] is True
    assert span.status.status_code is StatusCode.UNSET


def test_a_timeout_inside_is_a_failure(worker, counted):
    """A time limit within the work raises TimeoutError there, and is counted as it."""
    telemetry = worker()

    @telemetry.operation("settle")
    async def settle():
        async with asyncio.timeout(0.001):
            await asyncio.sleep(30)

    with pytest.raises(TimeoutError):
        asyncio.run(settle())

    assert counted(telemetry) == {(OPERATION, "settle", "TimeoutError"): 1}


def test_a_failure_may_be_said_without_an_exception(worker, spans, counted):
    """The span's status ERROR, set by user code, counts as a failure, under its `error.type` if it has one."""
    telemetry = worker()

    with telemetry.operation("settle") as span:
        span.set_status(StatusCode.ERROR, "declined")
    with telemetry.operation("settle") as span:
        span.set_attribute("error.type", "declined")
        span.set_status(StatusCode.ERROR)

    assert counted(telemetry) == {(OPERATION, "settle", "_OTHER"): 1, (OPERATION, "settle", "declined"): 1}
    assert [one.attributes["error.type"] for one in spans(telemetry)] == ["_OTHER", "declined"]


def test_attributes_are_the_span_s_alone_and_bounded(worker, spans, counted):
    """Given ones, and what user code sets, stand on the span; no metric has them, and no more than 128 are taken."""
    telemetry = worker()

    with telemetry.operation("settle", attributes={f"key.{n}": n for n in range(500)}) as span:
        span.set_attribute("currency", "EUR")

    (span,) = spans(telemetry)
    assert span.attributes["currency"] == "EUR"
    assert span.attributes["fournines.operation.name"] == "settle"
    assert len(span.attributes) == 128
    assert counted(telemetry) == {(OPERATION, "settle"): 1}


def test_attributes_that_say_much_are_weighed_with_what_spans_say(worker, spans, counted):
    """Spans that wait hold a bounded amount of text, also of what was given at their beginning; the counts stay whole."""
    telemetry = worker()

    for _ in range(50):
        with telemetry.operation("settle", attributes={"body": "x" * 1_000_000, "a": 1}):
            pass

    told = spans(telemetry)
    assert 5 < len(told) < 20
    assert (told[0].attributes["a"], len(told[0].attributes["body"])) == (1, 1_000_000)
    assert counted(telemetry) == {(OPERATION, "settle"): 50}


def test_what_is_no_mapping_is_no_attributes(worker, counted):
    """Attributes that can't be read are left out; the work goes on."""
    telemetry = worker()

    class Hostile(dict):
        def __iter__(self):
            raise RuntimeError("no")

    for attributes in (7, "text", Hostile(a=1)):
        with telemetry.operation("settle", attributes=attributes):
            pass

    assert counted(telemetry) == {(OPERATION, "settle"): 3}


def test_operations_inside_are_children(worker, spans):
    """What is under way is the parent: of operations, and of the spans of libraries."""
    telemetry = worker()

    with telemetry.operation("outer") as outer, telemetry.operation("inner") as inner:
        with telemetry._instruments.tracer.start_as_current_span("library") as library:
            assert library.parent.span_id == inner.get_span_context().span_id
        assert trace.get_current_span() is inner

    assert not trace.get_current_span().get_span_context().is_valid
    told = {one.name: one for one in spans(telemetry)}
    assert told["inner"].parent.span_id == outer.get_span_context().span_id
    assert {one.context.trace_id for one in told.values()} == {outer.get_span_context().trace_id}


def test_an_operation_in_a_request_is_its_child_and_goes_with_it(watch, call, spans):
    """Within a request it has the request's trace; a request that is not kept takes it along, unless it failed itself."""
    app = FastAPI()
    telemetry = watch(
        app, OTEL_TRACES_EXPORTER="otlp", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", FOURNINES_TRACES_KEPT="0"
    )
    telemetry._instruments.on_request = lambda: None

    @app.get("/pay")
    async def pay(bad: bool = False, ill: bool = False):
        with telemetry.operation("settle"):
            pass
        with contextlib.suppress(OSError), telemetry.operation("notify"):
            if ill:
                raise OSError("no")
        if bad:
            raise ValueError("no")

    call(app, "/pay")
    assert spans(telemetry) == []
    call(app, "/pay?ill=true")
    assert [one.name for one in spans(telemetry)] == ["notify"]
    call(app, "/pay?bad=true")
    told = spans(telemetry)
    assert sorted(one.name for one in told) == ["GET /pay", "notify", "settle"]
    (request,) = [one for one in told if one.name == "GET /pay"]
    assert {one.parent.span_id for one in told if one is not request} == {request.context.span_id}


def test_of_good_and_fast_work_the_share_is_kept_and_says_so(worker, spans):
    """By the end of the local root: failed and slow ones stay; those of the share carry its threshold."""
    telemetry = worker(FOURNINES_TRACES_KEPT="0.5", FOURNINES_TRACES_SLOW="30")

    for _ in range(200):
        with telemetry.operation("outer"), telemetry.operation("inner"):
            pass
    told = spans(telemetry)
    assert 100 < len(told) < 300
    assert len(told) % 2 == 0
    assert {one.context.trace_state.get("ot") for one in told} == {"th:8"}

    with pytest.raises(ValueError, match="no"), telemetry.operation("outer"), telemetry.operation("inner"):
        raise ValueError("no")
    assert [one.context.trace_state.get("ot") for one in spans(telemetry)] == [None, None]


def test_a_sampler_named_by_the_environment_decides_alone(worker, spans, counted):
    """`always_off` keeps nothing, and everything is counted all the same."""
    telemetry = worker(OTEL_TRACES_SAMPLER="always_off")

    with telemetry.operation("settle") as span:
        assert not span.is_recording()
        assert not span.get_span_context().trace_flags.sampled

    assert spans(telemetry) == []
    assert counted(telemetry) == {(OPERATION, "settle"): 1}


def test_logs_inside_carry_its_ids(worker):
    """What is logged in an operation is its own."""
    telemetry = worker()

    with telemetry.operation("settle") as span:
        ids = ids_here()

    assert (ids.trace, ids.span) == (span.get_span_context().trace_id, span.get_span_context().span_id)
    assert ids_here() is None


def test_one_handle_may_be_entered_by_many_at_once(worker, spans, counted):
    """An operation that is kept in a variable serves threads and tasks at the same time: each end ends its own span."""
    telemetry = worker()
    operation = telemetry.operation("settle")

    async def enter(depth):
        async with operation as span:
            await asyncio.sleep(0.001 * (depth % 3))
            if depth:
                await asyncio.gather(enter(depth - 1), enter(depth - 1))
            assert trace.get_current_span() is span

    threads = [threading.Thread(target=lambda: asyncio.run(enter(3))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert counted(telemetry) == {(OPERATION, "settle"): 60}
    told = spans(telemetry)
    assert len({one.context.span_id for one in told}) == 60
    assert sum(one.parent is None for one in told) == 4


@pytest.mark.parametrize("what", ["class", "generator", "asynchronous generator", "number"])
def test_what_is_no_call_can_t_be_decorated(worker, what):
    """A class, a generator and a number are refused where they are decorated, with a word on what to do."""

    def generator():
        yield 1

    async def asynchronous():
        yield 1

    things = {"class": dict, "generator": generator, "asynchronous generator": asynchronous, "number": 7}
    with pytest.raises(InstrumentationError, match="with telemetry.operation" if "generator" in what else "function"):
        worker().operation("settle")(things[what])


def test_names_are_bounded_and_cleaned(worker, counted, spans):
    """A name is a text of at most 200 characters without card numbers; nothing at all is `_OTHER`."""
    telemetry = worker()

    for name in ("x" * 10_000, "", None, "pay 4111 1111 1111 1111", "\ud800"):
        with telemetry.operation(name):
            pass

    names = [key[1] for key in counted(telemetry)]
    assert names[:3] == ["x" * 200, "_OTHER", "None"]
    assert "4111" not in names[3]
    assert names[4] == "?"
    telemetry._exposition.page("text/plain")
    assert [one.name for one in spans(telemetry)] == names


def test_a_flood_of_names_is_counted_whole_within_bounds(worker, counted):
    """Beyond 2,000 series new names share `otel.metric.overflow`; what failed still counts as failed."""
    telemetry = worker()
    before = len(telemetry._crew._plans)

    for n in range(2100):
        with telemetry.operation(f"settle-{n}"):
            pass
    with pytest.raises(ValueError, match="no"), telemetry.operation("settle-9999"):
        raise ValueError("no")

    found = counted(telemetry)
    assert found[OPERATION, True] == 100
    assert found[OPERATION, True, "_OTHER"] == 1
    assert sum(found.values()) == 2101
    assert len(telemetry._crew._plans) - before <= 1000
    page, _ = telemetry._exposition.page("text/plain")
    assert b'fournines_operation_duration_seconds_count{otel_metric_overflow="true"} 100.0' in page
    assert b"fournines_series_overflow_total 101.0" in page


class _Watching(SpanProcessor):
    def on_start(self, span, parent_context=None):
        pass


@pytest.mark.parametrize("kind", ["watched", "foreign"])
def test_with_the_sdk_s_spans_it_is_the_same(worker, counted, monkeypatch, kind):
    """Where somebody has to see spans begin, or the provider is another's, the spans are the SDK's, and say the same."""
    exporter = InMemorySpanExporter()
    if kind == "foreign":
        foreign = TracerProvider()
        foreign.add_span_processor(SimpleSpanProcessor(exporter))
        monkeypatch.setattr("fournines.instrumentation.providers.global_provider", lambda: foreign)
    telemetry = worker()
    if kind == "watched":
        telemetry._instruments.provider.add_span_processor(_Watching())
        telemetry._instruments.provider.add_span_processor(SimpleSpanProcessor(exporter))

    @telemetry.operation("outer", attributes={"a": 1})
    def outer_work():
        with telemetry.operation("inner"):
            pass
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        outer_work()
    with telemetry.operation("told") as span:
        span.set_status(StatusCode.ERROR)

    inner, outer, told = exporter.get_finished_spans()
    assert inner.parent.span_id == outer.context.span_id
    assert dict(outer.attributes) == {"a": 1, "fournines.operation.name": "outer", "error.type": "ValueError"}
    assert (outer.kind, outer.status.status_code) == (SpanKind.INTERNAL, StatusCode.ERROR)
    assert told.attributes["error.type"] == "_OTHER"
    assert counted(telemetry) == {
        (OPERATION, "inner"): 1, (OPERATION, "outer", "ValueError"): 1, (OPERATION, "told", "_OTHER"): 1,
    }  # fmt: skip


def test_the_counts_leave_as_deltas_and_stand_on_the_page(worker, http_receiver, rx):
    """One recording, two outlets: an OTLP delta histogram with an exemplar, and a family of the page; the good-bye says 0."""
    telemetry = worker(http_receiver)

    @telemetry.operation("settle")
    def settle():
        pass

    settle()
    assert telemetry.flush()
    settle()
    settle()
    page = telemetry._exposition.page("application/openmetrics-text; version=1.0.0")[0].decode()
    assert telemetry.shutdown()

    metrics = [m for request in http_receiver.metrics() for m in rx.metrics_named(request, OPERATION)]
    points = [point for metric in metrics for point in metric.histogram.data_points]
    assert [point.count for point in points] == [1, 2]
    assert {metric.unit for metric in metrics} == {"s"}
    assert rx.labels(points[0]) == {"fournines.operation.name": "settle"}
    assert points[0].exemplars[0].span_id in {span.span_id for span in http_receiver.spans()}
    assert 'fournines_operation_duration_seconds_count{fournines_operation_name="settle"} 3.0' in page
    assert 'le="0.005"} 3.0 # {' in page
    assert http_receiver.ups()[-1] == 0
    assert http_receiver.ups()[0] == 1


def test_a_failure_hurries_the_next_export(worker, http_receiver):
    """A failed piece of work leaves within about a second, not with the next interval."""
    telemetry = worker(http_receiver, runs=False, OTEL_METRIC_EXPORT_INTERVAL="600000")
    with telemetry.operation("settle"):
        pass
    telemetry._exporter.tick()
    assert telemetry._exporter._due() - telemetry._exporter._clock.steady() > 500

    with pytest.raises(ValueError, match="no"), telemetry.operation("settle"):
        raise ValueError("no")

    assert telemetry._exporter._due() - telemetry._exporter._clock.steady() <= 1.0


def test_a_handle_without_an_application(caplog):
    """`instrument(service=...)` is one handle a service, whoever asks; it is no application, and says so."""
    telemetry = instrument(service="settler-alone", clients=False)
    assert instrument(service="settler-alone") is telemetry
    assert telemetry.service == "settler-alone"
    assert instrument(telemetry) is telemetry
    with pytest.raises(NotAnApplication, match="not given an application"):
        _ = telemetry.app
    with pytest.raises(NotAnApplication, match="not given an application"):
        asyncio.run(telemetry({"type": "http"}, None, None))
    with pytest.raises(NotAnApplication):
        instrument(None)


def test_switched_off_it_does_nothing(monkeypatch):
    """With `OTEL_SDK_DISABLED` the work runs as it is, and its span is none."""
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    telemetry = instrument(service="settler-off")

    def settle():
        return 1

    assert telemetry.operation("settle")(settle) is settle
    with telemetry.operation("settle") as span, telemetry.consumer("orders") as other:
        assert not span.is_recording()
        assert not other.is_recording()
    with pytest.raises(NotAnApplication):
        _ = telemetry.app
    assert telemetry.shutdown()


def test_the_thread_starts_with_the_first_work_and_ends(worker, http_receiver):
    """Nothing runs before; the first operation starts the export thread, and a shutdown ends it."""
    telemetry = worker(http_receiver)
    assert telemetry._worker.thread is None
    with telemetry.operation("settle"):
        assert telemetry._worker.thread is not None
    assert telemetry.shutdown()
    assert telemetry._worker.thread is None


def test_a_forked_child_counts_its_own(worker, counted):
    """What the parent counted is the parent's to say."""
    telemetry = worker()
    with telemetry.operation("settle"):
        pass
    telemetry._exporter.forget()
    telemetry._crew.forget()
    assert counted(telemetry) == {}
    with telemetry.operation("settle"):
        pass
    assert counted(telemetry) == {(OPERATION, "settle"): 1}


def test_methods_are_measured_too(worker, counted):
    """A method may be decorated in its class, a bound one where it is used, and an object that can be called."""
    telemetry = worker()

    class Bank:
        @telemetry.operation("settle")
        def settle(self, amount):
            return amount

        async def __call__(self, amount):
            return amount

    assert Bank().settle(3) == 3
    assert telemetry.operation("bound")(Bank().settle)(4) == 4
    assert asyncio.run(telemetry.operation("called")(Bank())(5)) == 5
    assert counted(telemetry) == {(OPERATION, "settle"): 2, (OPERATION, "bound"): 1, (OPERATION, "called"): 1}


def test_nothing_is_logged_of_good_work(worker, caplog):
    """Balanced contexts: no word from OpenTelemetry about contexts that can't be detached."""
    telemetry = worker()
    with caplog.at_level(logging.DEBUG):
        with telemetry.operation("settle"), telemetry.consumer("orders"):
            pass
        assert isinstance(telemetry, Telemetry)
    assert [one for one in caplog.records if "context" in one.message.lower()] == []


def test_a_kept_one_is_counted_also_where_it_is_left_in_another_context(worker, spans, counted, caplog):
    """Frameworks enter generators in one context and leave them in another, several at once: each counts, nothing is logged."""
    telemetry = worker()
    kept = telemetry.operation("settle")

    @contextlib.contextmanager
    def settling():
        with kept:
            yield

    open_ones = [settling() for _ in range(3)]
    for one in open_ones:
        contextvars.Context().run(one.__enter__)
    contextvars.Context().run(open_ones[0].__exit__, ValueError, ValueError(), None)
    for one in open_ones[1:]:
        contextvars.Context().run(one.__exit__, None, None, None)

    assert counted(telemetry) == {(OPERATION, "settle"): 2, (OPERATION, "settle", "ValueError"): 1}
    assert len({span.context.span_id for span in spans(telemetry)}) == 3
    assert caplog.records == []


def test_attributes_that_a_span_refuses_leave_nothing_behind(worker, counted, monkeypatch):
    """Somebody else's span that raises when it is told much costs the attributes, and neither the count nor the context."""
    telemetry = worker()
    monkeypatch.setattr("fournines.instrumentation.tracing.requestspan.RequestSpan.set_attributes", lambda *_: 1 / 0)

    with telemetry.operation("settle", attributes={"much": "x" * 10_000}):
        pass

    assert not trace.get_current_span().get_span_context().is_valid
    assert counted(telemetry) == {(OPERATION, "settle"): 1}
    assert telemetry._health.count("fournines_instrumentation_errors", "attributes") == 1


def test_what_is_judged_and_let_go_is_not_written_down(worker, spans, monkeypatch):
    """Whether work inside of work failed or was slow is known without its attributes: where little is kept, little is done."""
    telemetry, written = worker(FOURNINES_TRACES_KEPT="0"), []
    monkeypatch.setattr("fournines.instrumentation.work.span.WorkForm.readable", lambda _, span: written.append(span))

    with telemetry.operation("settle"), telemetry.operation("book"):
        pass

    assert spans(telemetry) == []
    assert written == []
