"""Values are cut after they are redacted: of a card number that a limit cuts through nothing is left that tells it."""

from __future__ import annotations

import re

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, TraceFlags

from fournines.instrumentation.config.config import read_config
from fournines.instrumentation.redaction.cutting import cut_span
from fournines.instrumentation.redaction.lengths import Lengths
from fournines.instrumentation.redaction.redactor import Redactor
from fournines.instrumentation.redaction.spans import cleaned_span

CARD = "4111 1111 1111 1111"
DIGITS = re.compile(r"(?:\d\s?){7}")
REDACTOR = Redactor()


def span_of(value, dropped=0):
    """A span that says a value everywhere it can."""
    context = SpanContext(1, 2, is_remote=False, trace_flags=TraceFlags(1))
    attributes = BoundedAttributes(attributes={"note": value, "list": [value, "short"], "number": 7})
    attributes.dropped += dropped
    return ReadableSpan(
        "GET /", context, attributes=attributes, events=[Event("said", attributes)], links=[Link(context, attributes)]
    )


def texts_of(span):
    """All values of a span, its events and links."""
    places = [span.attributes, *(each.attributes for each in (*span.events, *span.links))]
    return [
        text
        for place in places
        for value in place.values()
        for text in ([value] if isinstance(value, str) else list(value) if isinstance(value, tuple) else [])
    ]


@given(st.text(max_size=30), st.text(max_size=10), st.integers(0, 80))
def test_no_limit_keeps_a_part_of_a_card(before, after, limit):
    """Seven digits of it or more, wherever the limit falls."""
    text = f"{re.sub(r'[0-9]', '', before)} {CARD} {re.sub(r'[0-9]', '', after)}"
    cut = cut_span(cleaned_span(span_of(text), REDACTOR), Lengths(limit, limit))

    assert not any(DIGITS.search(one) for one in texts_of(cut))
    assert all(len(one) <= limit for one in texts_of(cut))


def test_what_is_short_stays_the_very_same_object():
    """And counts of what was dropped stay, where something is cut."""
    short, long = span_of("abc"), span_of("abcdef", dropped=3)
    cut = cut_span(long, Lengths(5, None))

    assert short is cut_span(short, Lengths(5, 5))
    assert long is cut_span(long, Lengths())
    assert ("abcde", 3) == (cut.attributes["note"], cut.dropped_attributes)
    assert ["abcdef"] * 2 == [each.attributes["note"] for each in (*cut.events, *cut.links)]


@pytest.mark.parametrize("limit", [9, 14, 17])
def test_spans_of_requests_and_of_libraries_leave_cut_and_clean(rx, watch, http_receiver, call, monkeypatch, limit):
    """Ours and the SDK's, their events too; so does what other processors on our provider are shown."""
    monkeypatch.setenv("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", str(limit))
    app, exported = FastAPI(), InMemorySpanExporter()
    telemetry = watch(app, http_receiver, OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT=str(limit))
    telemetry._instruments.provider.add_span_processor(SimpleSpanProcessor(exported))

    @app.get("/pay")
    def pay():
        span = trace.get_current_span()
        span.set_attribute("note", f"with {CARD}")
        span.add_event("paid", {"note": f"with {CARD}"})
        with telemetry._instruments.tracer.start_as_current_span("child") as child:
            child.set_attribute("note", f"with {CARD}")
        return "paid"

    call(app, "/pay")
    assert telemetry.flush(5)
    notes = [rx.labels(each)["note"] for span in http_receiver.spans() for each in (span, *span.events)]

    assert ["with REDACTED"[:limit]] * 3 == notes
    assert all(len(span.attributes["note"]) <= limit for span in exported.get_finished_spans())


def test_the_spans_own_limit_stands_above_the_general_one():
    """As the specification says; the others keep to the general one."""
    env = {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "10", "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT": "20"}

    assert Lengths(20, 10) == read_config(environ=env).lengths
    assert Lengths(10, 10) == read_config(environ={"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "10"}).lengths
    assert Lengths() == read_config(environ={}).lengths
