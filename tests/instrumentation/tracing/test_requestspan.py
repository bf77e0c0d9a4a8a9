"""The request's span against the SDK's own: what user code says to it comes out the same."""

from __future__ import annotations

import logging

import pytest
from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

ELSEWHERE = SpanContext(1, 2, is_remote=True, trace_flags=TraceFlags(1))


class Odd:
    """A value that is none for an attribute."""

    def __str__(self):
        return "odd"


def said_attributes(span):
    span.set_attribute("text", "x" * 50)
    span.set_attribute("number", 7)
    span.set_attribute("list", ["a", "b"])
    span.set_attribute("", "no key")
    span.set_attribute("odd", Odd())
    span.set_attributes({"flag": True, "ratio": 0.5, "nested": {"a": [1, 2]}})


def changed_later(span):
    values = ["a"]
    span.set_attribute("list", values)
    values.append("b")


def said_events(span):
    for number in range(5):
        span.add_event(f"event {number}", {"a": "x" * 50, "b": number}, timestamp=number + 1)


def raised(span):
    try:
        {}["lost"]
    except LookupError as e:
        span.record_exception(e, {"more": 1}, timestamp=5, escaped=True)


def said_links(span):
    span.add_link(ELSEWHERE, {"a": 1})
    span.add_link(trace.INVALID_SPAN_CONTEXT)
    span.add_link(trace.INVALID_SPAN_CONTEXT, {"a": 1})


def said_status(span):
    span.set_status(StatusCode.UNSET)
    span.set_status(StatusCode.ERROR, "first")
    span.set_status(Status(StatusCode.ERROR, "second"))


def said_ok(span):
    span.set_status(StatusCode.OK)
    span.set_status(StatusCode.ERROR, "too late")


def many(span):
    for number in range(200):
        span.set_attribute(f"key {number}", number)


def named(span):
    span.update_name("settle")


def ended(span):
    span.set_attribute("before", 1)
    span.end()
    span.set_attribute("after", 1)


SAYINGS = [said_attributes, changed_later, said_events, raised, said_links, said_status, said_ok, many, named, ended]
LIMITS = {
    "none": {},
    "short": {"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT": "10", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "8"},
    "few": {
        "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "12", "OTEL_SPAN_EVENT_COUNT_LIMIT": "2", "OTEL_SPAN_LINK_COUNT_LIMIT": "1",
        "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT": "1",
    },
}  # fmt: skip


def view(span):
    """What is to be the same: all but ids, times and resource."""
    return {
        "name": span.name,
        "kind": span.kind,
        "attributes": list(span.attributes.items()),
        "status": (span.status.status_code, span.status.description),
        "events": [(e.name, dict(e.attributes), e.timestamp if e.timestamp < 10 else "now") for e in span.events],
        "links": [(link.context, dict(link.attributes)) for link in span.links],
        "dropped": (span.dropped_attributes, span.dropped_events, span.dropped_links),
    }


def shop(say):
    app = FastAPI()

    @app.get("/says")
    async def says():
        say(trace.get_current_span())

    return app


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("say", SAYINGS, ids=lambda say: say.__name__)
def test_what_user_code_says_is_what_the_sdk_s_span_would_say(watch, call, monkeypatch, caplog, say, limits):
    """Attributes, events, links, status and name, cleaned, cut and counted within `OTEL_*_LIMIT` as the SDK does."""
    from fournines.instrumentation import providers
    from fournines.instrumentation.redaction.cutting import cut_span

    caplog.set_level(logging.CRITICAL)
    for name, value in LIMITS[limits].items():
        monkeypatch.setenv(name, value)
    mine = watch(shop(say), OTEL_TRACES_EXPORTER="otlp", make=lambda target: None, **LIMITS[limits])
    memory, foreign = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    foreign.add_span_processor(SimpleSpanProcessor(memory))
    monkeypatch.setattr(providers, "global_provider", lambda: foreign)
    theirs = watch(shop(say), OTEL_TRACES_EXPORTER="otlp", make=lambda target: None)
    call(mine.app, "/says")
    call(theirs.app, "/says")

    (span,), (oracle,) = mine._spans.take(9), memory.get_finished_spans()
    expected, found = (
        view(oracle),
        view(cut_span(span, mine._config.lengths)),
    )  # as the exporter does, once it is redacted
    if say is raised:
        for told in (expected, found):
            told["events"][0][1].pop("exception.stacktrace", None)  # names different lines of the same files
    if say is ended:  # the SDK's span is over then, and never learns how the request ended: ours does
        assert found["attributes"][: len(expected["attributes"])] == expected["attributes"] or limits == "few"
        assert "after" not in dict(found["attributes"])
        return
    assert found == expected
    foreign.shutdown()


def test_the_span_can_be_read_as_the_sdk_s(watch, call):
    """Hooks and processors that read the current span find name, kind, ids, attributes, status and resource on it."""
    seen = {}

    def read(span):
        span.set_attribute("a", 1)
        span.add_link(ELSEWHERE)
        span.add_event("sold")
        seen.update(
            name=span.name, kind=span.kind, attributes=dict(span.attributes), status=span.status, end=span.end_time,
            service=span.resource.attributes["service.name"], links=span.links, events=[e.name for e in span.events],
            scope=span.instrumentation_scope.name, recording=span.is_recording(), same=span.context is span.get_span_context(),
            started=span.start_time,
        )  # fmt: skip
        seen["span"] = span

    telemetry = watch(shop(read), OTEL_TRACES_EXPORTER="otlp", make=lambda target: None)
    call(telemetry.app, "/says")

    assert seen["name"] == "GET"  # its route is known when it is over
    assert (seen["kind"], seen["end"], seen["recording"]) == (SpanKind.SERVER, None, True)
    assert seen["attributes"]["a"] == 1
    assert seen["attributes"]["url.path"] == "/says"
    assert (seen["service"], seen["scope"], seen["same"]) == ("shop", "fournines.instrumentation", True)
    assert (seen["links"], seen["events"]) == ((Link(ELSEWHERE, {}),), ["sold"]) or seen["links"][
        0
    ].context == ELSEWHERE
    assert not seen["span"].is_recording()
    assert seen["span"].end_time > seen["started"]
    assert seen["span"].status.status_code is StatusCode.UNSET


def test_a_word_to_a_span_that_is_over_is_logged_and_nothing_else(watch, call, caplog):
    """As with the SDK's: after its end a span hears nothing."""
    kept = []
    telemetry = watch(shop(kept.append), OTEL_TRACES_EXPORTER="otlp", make=lambda target: None)
    call(telemetry.app, "/says")
    kept[0].set_attribute("late", 1)
    kept[0].add_event("late")
    kept[0].end()

    assert "late" not in telemetry._spans.take(9)[0].attributes
    assert caplog.text.count("on an ended span") == 2


def test_a_word_that_can_t_be_heard_is_counted(watch, call):
    """What user code says wrongly costs it nothing: no exception, one count."""
    telemetry = watch(shop(lambda span: span.set_attributes(5)), OTEL_TRACES_EXPORTER="otlp", make=lambda target: None)

    assert call(telemetry.app, "/says").status == 200
    assert telemetry._health.count("fournines_instrumentation_errors", "span") == 1


@pytest.fixture
def ours_global(watch, monkeypatch):
    """An application whose own provider is the process's, whatever tests there were before."""
    from fournines.instrumentation import providers

    def made(app, **env):
        monkeypatch.setattr(providers, "global_provider", lambda: None)
        monkeypatch.setattr(trace, "set_tracer_provider", lambda provider: None)
        return watch(app, OTEL_TRACES_EXPORTER="otlp", make=lambda target: None, **env)

    return made


def test_a_batch_processor_on_our_provider_is_shown_requests_by_the_export_thread(ours_global, call):
    """A standard processor and exporter of somebody else's get the request's span, written as the SDK would."""
    memory = InMemorySpanExporter()
    telemetry = ours_global(shop(named))
    telemetry._instruments.provider.add_span_processor(SimpleSpanProcessor(memory))
    call(telemetry.app, "/says")

    assert memory.get_finished_spans() == ()
    (span,) = telemetry._spans.take(9)
    assert memory.get_finished_spans() == (span,)


def test_a_processor_that_has_to_see_spans_begin_does(ours_global, call):
    """One with an `on_start` of its own makes requests' spans the SDK's, from the next one on."""
    began = []
    telemetry = ours_global(shop(named))
    on_start = lambda self, span, parent_context=None: began.append(span.name)  # noqa: E731 - a method
    telemetry._instruments.provider.add_span_processor(type("Sees", (SpanProcessor,), {"on_start": on_start})())
    call(telemetry.app, "/says")

    assert began == ["GET"]
    assert [span.name for span in telemetry._spans.take(9)] == ["settle"]


def test_a_processor_that_raises_costs_no_span(ours_global, call):
    """What somebody else's processor raises is counted; the span leaves all the same."""

    def broken(self, span):
        raise OSError("no disk")

    telemetry = ours_global(shop(named))
    telemetry._instruments.provider.add_span_processor(type("Broken", (SpanProcessor,), {"on_end": broken})())
    call(telemetry.app, "/says")

    assert len(telemetry._spans.take(9)) == 1
    assert telemetry._health.count("fournines_instrumentation_errors", "processor") == 1
