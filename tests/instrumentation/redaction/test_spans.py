"""Spans without card numbers and secrets, as objects of the SDK and on the wire."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from opentelemetry import baggage, trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from fournines.instrumentation import names
from fournines.instrumentation.config.config import read_config
from fournines.instrumentation.export import spans
from fournines.instrumentation.health import Health
from fournines.instrumentation.redaction.redactor import Redactor
from fournines.instrumentation.redaction.rules import Rules
from fournines.instrumentation.redaction.spans import cleaned_span

CARD = "4111111111111111"
SPACED = "4111 1111 1111 1111"
LINKED = SpanContext(
    5, 6, is_remote=True, trace_flags=TraceFlags(1), trace_state=TraceState([("ok", "1"), ("pan", CARD)])
)


@pytest.fixture
def made():
    """Makes a span of the real SDK and gives it as it was when it ended."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(
        resource=Resource({"service.name": "shop"}),
        span_limits=SpanLimits(max_attributes=6, max_events=3, max_event_attributes=3),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    def make(fill, name="GET /", **more):
        with provider.get_tracer("scope", "1").start_as_current_span(name, kind=SpanKind.SERVER, **more) as span:
            fill(span)
        return exporter.get_finished_spans()[-1]

    yield make
    provider.shutdown()


def harmless(span):
    span.set_attributes({"a": 1, "b": ("x",), "user": "u"})
    span.add_event("done", {"n": 1})
    span.set_status(Status(StatusCode.ERROR, "it failed"))


def full(span):
    """Puts a card number into every place of a span."""
    span.set_attributes({f"dropped{n}": n for n in range(4)})
    span.set_attributes({"card": CARD, "n": int(CARD), "many": [SPACED, "x"], CARD: 1, "password": "hunter2"})
    for number in range(5):
        span.add_event(f"event {CARD}", {"a": 1, "b": 2, "c": 3, "pan": SPACED, "number": number})
    span.add_link(LINKED, {"card": SPACED})
    span.set_status(Status(StatusCode.ERROR, f"declined {SPACED}"))


def test_a_clean_span_is_handed_on_as_it_is(made):
    """Where there is nothing to take out, the very same span comes back."""
    span = made(harmless)

    assert span is cleaned_span(span, Redactor())


def test_a_card_number_is_nowhere_in_a_cleaned_span(made):
    """Name, keys, values, events, links, trace states and status are cleaned; the span itself is not touched."""
    span = made(full, name=f"pay {CARD}")
    before = encode_spans([span]).SerializeToString()
    cleaned = encode_spans([cleaned_span(span, Redactor())]).SerializeToString()

    for secret in (CARD, SPACED, "1111", "hunter2"):
        assert secret.encode() not in cleaned
    assert before == encode_spans([span]).SerializeToString()


def test_all_else_of_a_cleaned_span_stays(made):
    """Ids, times, kind, resource, scope, status code, order, and how many attributes, events and links were dropped."""
    span = made(full, name=f"pay {CARD}")
    cleaned = cleaned_span(span, Redactor())

    assert span.get_span_context() == cleaned.get_span_context()
    for name in ("start_time", "end_time", "kind", "parent", "resource", "instrumentation_scope"):
        assert getattr(span, name) is getattr(cleaned, name)
    for name in ("dropped_attributes", "dropped_events", "dropped_links"):
        assert getattr(span, name) == getattr(cleaned, name)
    assert (3, 2) == (span.dropped_attributes, span.dropped_events)
    assert [event.timestamp for event in span.events] == [event.timestamp for event in cleaned.events]
    assert [event.dropped_attributes for event in span.events] == [event.dropped_attributes for event in cleaned.events]
    assert [("ok", "1")] == list(cleaned.links[0].context.trace_state.items())
    assert (5, 6) == (cleaned.links[0].context.trace_id, cleaned.links[0].context.span_id)
    assert (StatusCode.ERROR, "declined REDACTED") == (cleaned.status.status_code, cleaned.status.description)


@pytest.mark.parametrize(
    "place", ["name", "key", "value", "event", "event attribute", "link", "link state", "status", "state"]
)
def test_there_is_no_place_to_hide_in(made, place):
    """A card number in any one place of a span is taken out, and counted."""
    health = Health()
    fills = {
        "key": lambda span: span.set_attribute(CARD, 1),
        "value": lambda span: span.set_attribute("a", (1.0, 5105105105105100.0)),
        "event": lambda span: span.add_event(CARD),
        "event attribute": lambda span: span.add_event("e", {"a": [SPACED]}),
        "link": lambda span: span.add_link(SpanContext(1, 2, is_remote=True), {"a": SPACED}),
        "link state": lambda span: span.add_link(LINKED),
        "status": lambda span: span.set_status(Status(StatusCode.ERROR, SPACED)),
    }
    context = trace.set_span_in_context(trace.NonRecordingSpan(LINKED)) if place == "state" else None
    span = made(fills.get(place, harmless), name=SPACED if place == "name" else "GET /", context=context)
    cleaned = cleaned_span(span, Redactor(health=health))
    body = encode_spans([cleaned]).SerializeToString()

    assert span is not cleaned
    assert CARD.encode() not in body
    assert SPACED.encode() not in body
    assert 1 <= health.count(names.PROM_REDACTED, "card")


@pytest.fixture
def bank():
    """An application that says card numbers wherever a service can."""
    app = FastAPI()
    tracer = trace.get_tracer("bank")

    @app.get("/cards/{pan}")
    async def pay(pan: str):
        span = trace.get_current_span()
        span.set_attributes(
            {"card": pan, "amount": 12, "card.number": int(CARD), "http.request.header.authorization": ["Bearer x"]}
        )
        span.add_event(f"charged {pan}", {"pan": SPACED})
        with tracer.start_as_current_span(f"charge {pan}"):
            raise ValueError(f"card {SPACED} declined for password=hunter2")

    return app


def test_no_card_number_leaves_a_service_over_otlp(bank, watch, http_receiver, call):
    """A card number in path, query, attribute, event, span name and exception is on no byte that arrives, while the span is; and it is
    counted on the metrics page.
    """
    telemetry = watch(bank, http_receiver, OTEL_METRIC_EXPORT_INTERVAL="50")
    call(bank, f"/cards/{CARD}?card=4111-1111-1111-1111&X-Amz-Signature=abc&next=%2Fx")
    assert telemetry.flush()
    http_receiver.wait_for(lambda rx: rx.spans())
    bodies = b"".join(http_receiver.acknowledged["traces"] + http_receiver.acknowledged["metrics"])
    said = {pair.key: pair.value.string_value for pair in http_receiver.spans()[-1].attributes}

    for secret in (CARD, SPACED, "4111-1111", "1111", "hunter2", "Bearer", "=abc"):
        assert secret.encode() not in bodies, secret
    assert "/cards/REDACTED" == said["url.path"]
    assert "card=REDACTED&X-Amz-Signature=REDACTED&next=%2Fx" == said["url.query"]
    assert "/cards/{pan}" == said["http.route"]
    assert b'fournines_redacted_total{kind="card"}' in call(bank, "/metrics").body


def test_others_on_our_provider_see_what_may_leave(bank, watch, http_receiver, call):
    """A batch processor that an application put on our provider is shown its requests' spans without card numbers."""
    telemetry = watch(bank, http_receiver)
    exporter = InMemorySpanExporter()
    provider = telemetry._instruments.provider
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    call(bank, f"/cards/{CARD}")
    assert telemetry.flush()
    urls = [span.attributes["url.path"] for span in exporter.get_finished_spans() if "url.path" in span.attributes]

    assert ["/cards/REDACTED"] == urls


def test_outgoing_baggage_says_no_card_number(watch):
    """Baggage goes on to every service after this one: values that are card numbers or secrets go out as REDACTED."""
    telemetry = watch(FastAPI())
    context = baggage.set_baggage(
        "pan", SPACED, baggage.set_baggage("token", "abc", baggage.set_baggage("tenant", "acme"))
    )
    carrier = {}
    telemetry._instruments.propagators.inject(carrier, context)

    assert {"tenant=acme", "token=REDACTED", "pan=REDACTED"} == set(carrier["baggage"].split(","))


@pytest.mark.parametrize("name", ["FOURNINES_REDACT_KEYS", "FOURNINES_REDACT_PATTERNS", "FOURNINES_REDACT_ALLOWED"])
def test_own_rules_come_from_the_environment(name, caplog):
    """Keys and allowed keys are separated by commas, patterns by blanks; a pattern that is none is logged and left out."""
    rules = read_config("shop", environ={name: r"iban,DE\d{20} ( x{2,3}"}).redaction
    expected = {
        "FOURNINES_REDACT_KEYS": Rules(keys=("iban", r"DE\d{20} ( x{2", "3}")),
        "FOURNINES_REDACT_PATTERNS": Rules(patterns=(r"iban,DE\d{20}", "x{2,3}")),
        "FOURNINES_REDACT_ALLOWED": Rules(allowed=frozenset({"iban", r"DE\d{20} ( x{2", "3}"})),
    }

    assert expected[name] == rules
    assert (name in caplog.text) is (name == "FOURNINES_REDACT_PATTERNS")


def test_a_span_that_cannot_be_looked_through_stays_here(bank, watch, http_receiver, call, monkeypatch):
    """Where redaction fails for a span it is not sent, and that is counted; the counts of requests leave all the same."""
    telemetry = watch(bank, http_receiver)
    monkeypatch.setattr(spans, "cleaned_span", lambda span, redactor: 1 / 0)
    call(bank, f"/cards/{CARD}")
    assert telemetry.flush()
    http_receiver.wait_for(lambda rx: rx.count() == 1)

    assert [] == http_receiver.spans()
    assert (
        1 <= telemetry._health.count(names.PROM_ERRORS, "redact") == telemetry._health.count(names.PROM_DROPPED_SPANS)
    )
